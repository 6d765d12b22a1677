/* prog.h - a modelled program: its arguments, its output, its complaints.
 *
 * What every tool has in common, above the simulated system calls (sim/sys.h).  Output
 * is gathered and written as stdio would: whole at the end or at 4 KiB, by lines to a
 * terminal; what goes to stderr goes at once.
 */
#ifndef DRYDOCK_SIM_USERLAND_PROG_H
#define DRYDOCK_SIM_USERLAND_PROG_H

#include <errno.h>
#include <strings.h>
#include <time.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/sys.h"
#include "sim/userland/arena.h"

/* Whose program it is: the same names, other words. */
enum maker { MADE_BY_BUSYBOX, MADE_BY_GNU };

struct shell;

struct prog {
	struct task *t;
	const char *name;		/* as its messages begin */
	int argc;
	char **argv;
	enum maker maker;
	struct arena *a;
	struct text out;
	bool by_line;
	int status;
	const char *exe;		/* its own file, links followed */
	const char *message_name;	/* a builtin's messages begin with the shell's name */
	struct shell *shell;		/* of a builtin; else NULL */
};

void prog_init(struct prog *p, struct task *t, struct arena *a, int argc, char **argv);
void arena_of_task(struct arena *a, struct task *t);
static inline bool is_gnu(const struct prog *p) { return p->maker == MADE_BY_GNU; }

void out(struct prog *p, const char *s);
void outn(struct prog *p, const char *s, size_t n);
void outf(struct prog *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* 0, or -errno of the write. */
int flush(struct prog *p);
void errorf(struct prog *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "name: ...\n" to stderr; the exit status becomes 1, which is also the result. */
int complain(struct prog *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same with ": No such file or directory" for -rc behind it. */
int complain_of(struct prog *p, long rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
_Noreturn void die(struct prog *p, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Exits, all output written. */
_Noreturn void leave(struct prog *p, int status);
long put_all(struct task *t, int fd, const char *s, size_t n);

const char *env_get(struct prog *p, const char *name);
/* Becomes the program argv[0], looked for along $PATH; returns only with -errno. */
long exec_by_path(struct prog *p, char **argv, char **environ);

/* ---- options ---- */

struct long_option { const char *name; char letter; };
struct opts {
	unsigned char has[128];		/* how often */
	const char *arg[128];		/* the last one's */
	char **rest;			/* what is no option; NULL-terminated */
	int n;
};
/* letters: "ab:c", and a + in front where the first word that is no option ends them.
 * Exits with the program's usage where an option isn't known. */
void parse_options(struct prog *p, const char *letters, const struct long_option *longs, struct opts *o);
/* A tool that needs more words than it got. */
_Noreturn void missing_operand(struct prog *p, const char *after);

/* ---- files ---- */

/* All of it; NULL and *rc = -errno.  A NUL byte follows. */
char *read_whole(struct prog *p, const char *path, size_t *n, long *rc);
char *read_fd(struct prog *p, int fd, size_t *n, long *rc);
/* "-" is stdin. */
long open_input(struct prog *p, const char *path);
/* Names in a directory, "." and ".." left out, in order of bytes; -errno. */
long read_names(struct prog *p, const char *path, struct list *out);
char *path_join(struct arena *a, const char *dir, const char *name);
char *path_base(struct arena *a, const char *path);	/* as basename(1) */
char *path_dir(struct arena *a, const char *path);
char *read_link(struct prog *p, const char *path);	/* NULL: it is none */
/* Lines of a file, one after the other. */
struct lines {
	struct prog *p;
	int fd;
	char *buf;
	size_t at, n, cap;
	bool end;
	long rc;
}; /* rc: of the last read */
/* The next one with its newline (where it has one); NULL at the end. */
char *next_line(struct lines *l, size_t *n);

/* ---- people ---- */
/* A name by number or the other way round, from /etc/passwd or /etc/group; NULL, -1. */
const char *user_name(struct prog *p, uid_t uid);
const char *group_name(struct prog *p, gid_t gid);
long user_id(struct prog *p, const char *name, gid_t *gid, const char **home);
long group_id(struct prog *p, const char *name);
size_t groups_of(struct prog *p, const char *user, gid_t *out, size_t cap);	/* of /etc/group */

/* ---- times and modes ---- */
struct tm *utc_time(int64_t seconds, struct tm *out);	/* containers know no other */
char *time_text(struct arena *a, const char *format, int64_t seconds);
void mode_text(mode_t mode, char out[11]);		/* drwxr-xr-x */
/* 755 or u+x,go=r: what becomes of `old`; -1: no mode at all. */
long mode_change(const char *text, mode_t old, mode_t umask);
char *size_text(struct arena *a, uint64_t bytes);

/* ---- signals ---- */
int signal_by_name(const char *name);		/* TERM, SIGTERM or 15; -1 */
const char *signal_name(int sig);		/* "TERM"; 0 is EXIT */

/* ---- the register ---- */
typedef int tool_fn(struct prog *p);
struct tool { const char *name; tool_fn *run; };
const struct tool *tool_named(const char *name);

#endif
