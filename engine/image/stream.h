/* stream.h - bytes that are asked for, one stage behind the other.
 *
 * A layer goes through  HTTP body -> tee (digest, blob file) -> inflate -> tee
 * (DiffID) -> tar reader  in one pass.  Each stage asks the one before when it
 * needs bytes, so a slow disk slows the sender down and nothing piles up in
 * memory: one layer takes the same few buffers whatever its size.
 */
#ifndef DRYDOCK_IMAGE_STREAM_H
#define DRYDOCK_IMAGE_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/error.h"
#include "image/digest.h"

#define STREAM_BUF (256u << 10)	/* fits the second-level cache; larger gained nothing */

struct stream {
	/* Up to cap bytes; 0 at the end; -errno with e filled in. */
	ssize_t (*read)(struct stream *s, void *buf, size_t cap, struct err *e);
	void (*close)(struct stream *s);
};
static inline void stream_close(struct stream **s) { if (*s) (*s)->close(*s); *s = NULL; }
#define autostream __attribute__((cleanup(stream_close)))

int stream_file(const char *path, struct stream **out, struct err *e);
/* The same without its first bytes. */
int stream_file_from(const char *path, int64_t skip, struct stream **out, struct err *e);
/* The descriptor is the stream's from here on; `what` names it in errors. */
struct stream *stream_fd(int fd, const char *what);

/* Do these first bytes announce gzip or zstd? */
bool stream_packed(const void *head, size_t len);
/* Undoes gzip (also several members in a row) or zstd, told by the first
 * bytes; anything else passes as it is.  `in` is borrowed. */
int stream_inflate(struct stream *in, struct stream **out, struct err *e);
/* The same for bzip2, xz and lzma. */
struct stream *stream_unfilter(struct stream *in);

/* Passes bytes on, counts and sums them, and writes them to fd unless it is -1.
 * Lives in the caller's frame; both pointers are borrowed. */
struct tee {
	struct stream s;
	struct stream *in;
	struct sha256 sum;
	int fd;
	int64_t count;
	int64_t limit;		/* bytes: more is EBADMSG; 0: no limit */
	void (*moved)(void *arg, int64_t count);	/* may be NULL */
	void *arg;
};
void tee_begin(struct tee *t, struct stream *in, int fd);
/* Reads and drops what is left. */
int stream_drain(struct stream *s, struct err *e);
int stream_whole(struct stream *s, size_t limit, char **text, size_t *len, struct err *e);

#endif
