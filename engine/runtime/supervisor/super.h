/* super.h - the supervisor's own structures, shared by its files only.
 *
 * One process a container, single-threaded, around one poll(2).  Everything is
 * in static memory of fixed size: nothing is allocated after start, so that an
 * idle supervisor stays small and can't fail for lack of memory.  Buffers that
 * were never used cost nothing (their pages don't exist).
 *
 * Files: loop.c the loop, main.c the program, os.h what it stands on · control.c what
 * the daemon asks · start.c and exec.c programs · child.c what runs in the child · io.c
 * streams and clients · log.c · watch.c the exec watch · spool.c what nobody hears ·
 * end.c the exit record and the way out.
 */
#ifndef DRYDOCK_SUPERVISOR_SUPER_H
#define DRYDOCK_SUPERVISOR_SUPER_H

#include <poll.h>

#include "kernel/fault.h"
#include "kernel/kernel.h"
#include "runtime/plan.h"
#include "runtime/protocol.h"
#include "trace/decorator.h"
#include "sha256.h"

#define MAX_EXECS 32
#define MAX_CLIENTS 8
#define MAX_WATCHES 400		/* well within the 1024 descriptors a process may have */
#define MAX_LIVE 256
#define MAX_POLL 512
#define CHUNK 16384		/* docker's line limit in the log, too */
#define IN_CHUNK 4096
#define PATH_CAP 512
#define IN_PENDING (-2)		/* the terminal will come; keep what is typed till then */

struct super;

struct client {
	int fd;			/* -1: free */
	struct msg_attach want;
	bool in_open;		/* its sending side may still have something */
	bool deaf;		/* it has hung up: what it sent before is still read */
	int early;		/* what it sent ahead of its attach, or -1: a file, … */
	off_t early_off;	/* … and how far it is read */
	uint8_t matched;	/* detach keys seen so far */
	int frame;		/* stream whose frame is half sent, or -1 */
	size_t sent[2];		/* of each stream's present chunk, header included */
};

struct stream {
	int fd;			/* -1: at its end */
	size_t len, logged;	/* bytes in buf; of these, in the log already */
	size_t fresh;		/* start of the bytes the clients haven't all got */
	size_t last;		/* its program has ended: so much of what comes may be its */
	char buf[CHUNK];
};

struct io {
	bool tty, stdin_once, keep_log;
	int in;			/* where input goes: a pipe or the pty; -1: closed; or IN_PENDING */
	bool in_eof;		/* close it once in_buf is empty */
	int rows, cols;		/* a size asked for before the terminal was there */
	size_t in_len, in_off;
	char in_buf[IN_CHUNK];
	struct stream out[2];	/* stdout, stderr */
	struct client client[MAX_CLIENTS];
};

/* A program in the container, watched from its execve to its end. */
struct live {
	int pid, pidfd;		/* pid 0: free */
	int32_t nspid;
	uint8_t tty, from_exec;
};

enum process_state { P_FREE, P_SETTING_UP, P_RUNNING, P_ENDED };

/* A program in our care: PID 1, or one of docker exec's. */
struct process {
	struct super *super;	/* whose it is; set before it is started */
	enum process_state state;
	bool is_exec;
	int32_t tag;		/* of the EXEC request */
	char id[65];		/* exec id; "" for PID 1 */
	int pid, pidfd;
	int channel, child_end;	/* socket to the child while it sets itself up */
	struct plan plan;
	struct plan_run run;
	void *plan_map;
	size_t plan_size;
	struct k_exit end;
	struct io io;
};

typedef void on_ready(struct super *s, void *obj, int fd, short events);

struct super {
	struct kernel *base;	/* the backend: linux, or sim */
	enum trace_backend backend;
	struct kernel *k;	/* trace(fault(base)), stage supervisor */
	struct kernel *child_k;	/* the same with the child's ring */
	struct tracer tracer, child_tracer;
	struct fault fault, child_fault;
	int ring_fd[2];
	int link, listener;	/* daemon's connection (-1: none); control socket */
	bool private_pids, gone;	/* gone: everything is said and done */
	char id[65], run_dir[PATH_CAP], log_path[PATH_CAP], oom_path[PATH_CAP];
	char log_attrs[1024];	/* JSON object, or "" */
	int64_t log_max_size, log_size;
	int log_files;
	char faults[256];	/* DRYDOCK_FAULT: failures on purpose, for tests */
	int log;
	int mnt_ns;		/* held so that the last exit doesn't wait for its teardown */
	uint64_t exec_ns, ns_inode[MSG_NAMESPACES], own_ns[MSG_NAMESPACES];
	bool created, going;	/* CREATED is said; GO was heard */
	struct sha256 sha;	/* of PID 1's stdout */
	int64_t stdout_bytes;
	struct plan_kept undo;	/* what PID 1's plan left for the end */
	struct process main, exec[MAX_EXECS];
	int watches, n_watches;	/* epoll of listeners and pidfds; how many listeners */
	struct live live[MAX_LIVE];
	int spool, lost;	/* records nobody took: a file (-1: none yet), and how many */
	size_t spooled;		/* … weren't kept; bytes in the file */
	bool holding;		/* scratch.held */
	struct pollfd polled[MAX_POLL];
	struct { on_ready *fn; void *obj; } ready[MAX_POLL];
	nfds_t n_polled;
};

/* What is filled anew each time it is needed: when nothing has happened for a while, its
 * pages go back to the kernel (os.c).  So they are its own: madvise(2) takes whole pages
 * only, and would empty what else lay in the last one. */
#define LARGEST_PAGE (64 << 10)		/* bytes, of any machine we run on */
extern struct __attribute__((aligned(LARGEST_PAGE))) scratch {
	struct msg request;	/* control.c */
	struct msg note;	/* watch.c */
	struct msg held;	/* … PROC of PID 1, kept until STARTED is said */
	char text[4096];	/* … */
	char log[8192];		/* log.c */
} scratch;

/* loop.c */
/* s->base and s->backend are set; the rest is zero. */
void super_init(struct super *s, int link, const int ring_fd[2]);
void super_loop(struct super *s);	/* until everything is said and done */
void poll_add(struct super *s, int fd, short events, on_ready *fn, void *obj);
void close_fd(int *fd);

/* control.c */
void control_message(struct super *s, void *obj, int fd, short events);
void control_accept(struct super *s, void *obj, int fd, short events);
int control_listen(struct super *s);
void control_unlisten(struct super *s);
void control_say(struct super *s, const struct msg *m, const struct packet_fds *fds);

/* start.c */
void start_container(struct super *s, const struct msg *m, const struct packet_fds *fds);
/* Tells the program how large its client's screen is, as far as both are known. */
void terminal_size(struct super *s, const struct process *p);
void start_look_around(struct super *s);	/* ahead of need: the host's namespaces */
void start_go(struct super *s);
void start_abandon(struct super *s);	/* the daemon died before it said GO */
void start_state(struct super *s, struct msg *m, uint16_t type);
int process_spawn(struct super *s, struct process *p, int plan_fd, bool open_stdin,
		  const struct packet_fds *fds, const int32_t *fd_slot);
void process_channel(struct super *s, void *obj, int fd, short events);
void process_ended(struct super *s, void *obj, int fd, short events);
/* The child is ended, what was done is undone, and the daemon told. */
void process_failed(struct super *s, struct process *p, int step, int error);
void process_unload(struct process *p);

/* exec.c */
void exec_start(struct super *s, const struct msg *m, struct packet_fds *fds);
void exec_started(struct super *s, struct process *p);
void exec_failed(struct super *s, struct process *p, int step, int error, bool program);
bool exec_over(struct super *s, struct process *p);	/* ended; true: told, and forgotten */
struct process *process_by_id(struct super *s, const char *id);

/* child.c */
enum child_word { CHILD_TTY, CHILD_WATCH, CHILD_READY, CHILD_FAILED };
struct child_report { int32_t word, step, error; };	/* error: positive errno */
int child_main(void *process);
int channel_send(int fd, const struct child_report *r, int with_fd);
int channel_recv(int fd, struct child_report *r, int *with_fd);

/* io.c */
void io_init(struct io *io);
void io_poll(struct super *s, struct io *io);
/* Takes the descriptors: fd[0] the client's socket, fd[1] (-1: none) a file with
 * what it sent before it was handed over. */
void io_attach(struct super *s, struct io *io, const int fd[2], const struct msg_attach *want);
/* The program has ended: what it wrote is on its way, what others write isn't its. */
void io_program_ended(struct io *io);
/* Takes what is left in the streams; true when there is no more. */
bool io_drained(struct super *s, struct io *io, bool wait_for_end);
void io_close(struct super *s, struct io *io);

/* log.c */
void log_open(struct super *s);
void log_bytes(struct super *s, struct stream *st, int number, bool at_end);

/* watch.c */
/* A watch without a listener makes every execve fail: no program is let in that
 * couldn't be watched. */
bool watch_room(const struct super *s);
void watch_add(struct super *s, int fd, bool from_exec);
void watch_poll(struct super *s);
/* A program that is our child has ended: we know how. */
void watch_ended(struct super *s, int pid, const struct k_exit *end);

/* spool.c */
void spool_add(struct super *s, const struct msg *m);
void spool_end(struct super *s);	/* the file is complete: a daemon is here, or we leave */

/* end.c */
void end_container(struct super *s);

#endif
