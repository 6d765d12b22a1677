/* stream.h - a container's standard streams over a hijacked connection.
 *
 * Without a terminal the daemon frames what the container writes: 8 bytes (which
 * stream, three zeros, length big-endian), then the bytes (Docker Engine API,
 * "ContainerAttach").  With one it is a plain pipe both ways. */
#ifndef DRYDOCK_CLIENT_STREAM_H
#define DRYDOCK_CLIENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/http.h"
#include "client/terminal.h"

/* Takes frames apart, however they are cut. */
struct demux {
	unsigned char head[8];
	size_t have;		/* bytes of head */
	uint32_t left;		/* of the frame's body */
};
/* Calls out with each piece (stream 1 or 2).  -EBADMSG for what is no frame. */
int demux_feed(struct demux *d, const char *data, size_t n,
	       int (*out)(void *arg, int stream, const char *data, size_t n), void *arg);
/* Writes a piece to our stdout or stderr, past stdio. */
int demux_print(void *arg, int stream, const char *data, size_t n);

struct stream {
	int fd;			/* the hijacked connection; closed when done */
	struct str early;	/* what came with its header; freed when done */
	bool tty;		/* unframed */
	bool in;		/* send our stdin */
	const char *detach_keys;	/* NULL: ctrl-p,ctrl-q */
	struct http *wait;	/* a begun request that answers when all is over, or NULL */
	/* A signal came (WINCH included): true if it was dealt with, false: give up. */
	bool (*on_signal)(void *arg, int sig);
	void *arg;

	bool detached;		/* out: the user typed the detach keys */
	int signal;		/* out: the signal that ended it, 0 */
};
/* Copies until the container's side ends (and s->wait has answered), the user
 * detaches, or a signal ends it.  t: begun; raw mode is the caller's. */
int stream_run(struct stream *s, struct terminal *t, struct err *e);

/* The bytes that "ctrl-p,ctrl-q" means, into keys; their number, or -EINVAL. */
int stream_keys(const char *text, unsigned char *keys, size_t cap, struct err *e);

#endif
