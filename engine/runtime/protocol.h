/* protocol.h - what the daemon and a supervisor say to each other.
 *
 * A SOCK_SEQPACKET socket carries one struct msg a packet: a fixed head, then
 * `tail_len` bytes of text.  Descriptors travel beside it (SCM_RIGHTS).  Both
 * ends are of one build, so that the structures may be sent as they are.
 *
 * On a start the daemon says START, ATTACH…, GO, all without waiting; the
 * supervisor CREATED, STARTED, PROC…, EXITED.  FAILED may come in place of CREATED
 * or STARTED, with everything undone.  Nothing else is said before STARTED.
 * A daemon that comes back connects to run_dir/control and says HELLO → STATE; the
 * records of the time between are in run_dir/spool, each packet behind its size.
 */
#ifndef DRYDOCK_RUNTIME_PROTOCOL_H
#define DRYDOCK_RUNTIME_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/packet.h"

enum msg_type {
	/* daemon → supervisor */
	MSG_START = 1,	/* fds: plan, then one for each start.fd_slot; tail: texts below */
	MSG_GO,
	MSG_ATTACH,	/* fds: the client's socket; a file with what it sent early, if it did */
	MSG_EXEC,	/* fds: plan, then as for ATTACH if exec.attached; tail: exec id */
	MSG_RESIZE,	/* tail: exec id or "" */
	MSG_HELLO,
	/* supervisor → daemon */
	MSG_CREATED,	/* fd: PID 1's pidfd */
	MSG_STARTED,
	MSG_FAILED,	/* also the answer to EXEC */
	MSG_EXITED,
	MSG_EXEC_STARTED, MSG_EXEC_EXITED,	/* tail: exec id */
	MSG_PROC,	/* tail: exe, cwd, then the arguments, each NUL-terminated; nothing if
			 * a signal ended it: they went with it, and were told at its start */
	MSG_DETACHED,
	MSG_STATE,	/* fds: PID 1's pidfd, two trace rings */
	MSG_LOST,	/* so many records (PROC, DETACHED) weren't kept */
};

#define MSG_TAIL 8192
#define MSG_KEYS 8
#define MSG_NAMESPACES 7	/* launch_ns_names[] */

/* Descriptors a supervisor is born with. */
enum { SUPER_LINK_FD = 3, SUPER_RING_FD = 4, SUPER_CHILD_RING_FD = 5 };

struct msg_start {
	uint8_t tty, open_stdin, stdin_once, private_pids;
	int32_t n_fd_slots, fd_slot[5];
	int32_t log_files;	/* kept, the newest too */
	int64_t log_size;	/* bytes after which another is begun; 0: never */
	/* tail: id, log path ("" none), what stands on each of its lines, run_dir, OOM
	 * counter's path, DRYDOCK_FAULT's value; each NUL-terminated */
};
struct msg_attach {
	uint8_t in, out, err, framed, n_keys;
	unsigned char keys[MSG_KEYS];
};
struct msg_exec { uint8_t tty, attached; struct msg_attach attach; };
struct msg_resize { int32_t rows, cols; };
struct msg_state {		/* CREATED, STARTED, STATE, EXEC_STARTED */
	int32_t pid;
	uint64_t exec_ns;
	uint64_t ns_inode[MSG_NAMESPACES];
};
struct msg_failed { int32_t step, error; uint8_t program; };	/* error: positive errno */
struct msg_exited {
	int32_t code, signal;
	uint8_t oom;
	uint64_t wall_ns;
	int64_t stdout_bytes;
	char stdout_sha256[65];
};
struct msg_proc {
	uint8_t ended, tty, from_exec;
	int32_t pid, nspid;
	int32_t code, signal;	/* when ended; -1, -1: nobody could tell any more */
	uint32_t uid;
	uint64_t caps;
};
enum detach_how { DETACH_KEYS, DETACH_HANGUP, DETACH_EXIT };

struct msg {
	uint16_t type;
	uint16_t tail_len;
	int32_t tag;		/* of a request; its answer bears the same */
	union {
		struct msg_start start;
		struct msg_attach attach;
		struct msg_exec exec;
		struct msg_resize resize;
		struct msg_state state;
		struct msg_failed failed;
		struct msg_exited exited;
		struct msg_proc proc;
		int32_t how;	/* DETACHED: enum detach_how */
		int32_t lost;
	};
	char tail[MSG_TAIL];
};

/* One packet.  send: 0 or -errno, never SIGPIPE.  recv: 1, 0 at the end, or
 * -errno; descriptors in *fds are the caller's (close-on-exec). */
int msg_send(int sock, const struct msg *m, const struct packet_fds *fds, int flags);
int msg_recv(int sock, struct msg *m, struct packet_fds *fds, int flags);

/* Appends a text and its NUL to the tail; -EMSGSIZE if it doesn't fit. */
int msg_add_text(struct msg *m, const char *text);
/* The next text of the tail, or NULL; *at starts at 0. */
const char *msg_next_text(const struct msg *m, uint16_t *at);

#endif
