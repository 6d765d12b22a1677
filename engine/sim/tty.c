/* tty.c - the line discipline: what makes a terminal of two byte streams.
 *
 *	typed bytes ─► signals (^C ^\ ^Z) ─► echo ─► line editing ─► read by programs
 *	written by programs ─► "\n" becomes "\r\n" ─► shown
 *
 * N_TTY as termios(3) describes it, with the special characters that every terminal
 * starts with.  In canonical mode a read gets a line, whatever it asked for.
 */
#include "sim/tty.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/host_file.h"
#include "sim/token.h"

#define LINE 4096	/* as much as an edited line may hold */
#define SHOWN 65536	/* waits for the screen at most */
enum {
	KEY_INTR = 3, KEY_EOF = 4, KEY_BS = 8, KEY_KILL = 21, KEY_WERASE = 23, KEY_SUSP = 26,
	KEY_QUIT = 28, KEY_ERASE = 127,
};

struct tty {
	struct sim *sim;
	int index, fd;			/* fd: our end of the socket; -1: hung up */
	uint64_t master_inode;		/* the other end's */
	struct host_source source;
	unsigned refs, users;		/* users: files of the programs' end */
	int mode;
	struct sim_winsize size;
	struct pid *session, *group;	/* NULL: nobody's */
	char line[LINE];		/* being edited */
	size_t len;
	struct str typed;		/* ready to be read */
	size_t ends;			/* bytes of `typed` that are whole lines */
	size_t eofs;			/* ^D on an empty line, not yet read */
	struct str shown;		/* written, and not yet taken */
	struct sim_queue change;
};

/* ---- output ---- */

static void push(struct tty *tty)
{
	while (tty->fd >= 0 && tty->shown.len) {
		ssize_t n = send(tty->fd, tty->shown.s, tty->shown.len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n <= 0)
			return;
		memmove(tty->shown.s, tty->shown.s + n, tty->shown.len - (size_t)n);
		tty->shown.len -= (size_t)n;
	}
}

static void show(struct tty *tty, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (data[i] == '\n' && tty->mode & SIM_TTY_OPOST)
			str_addn(&tty->shown, "\r", 1);
		str_addn(&tty->shown, data + i, 1);
	}
	push(tty);
}

/* ---- input ---- */

static void echo(struct tty *tty, unsigned char c)
{
	char text[2] = { '^', (char)(c ^ 0x40) };

	if (!(tty->mode & SIM_TTY_ECHO) || tty->shown.len > SHOWN)
		return;
	if ((c < 32 && c != '\n' && c != '\t') || c == 127)
		show(tty, text, 2);
	else
		show(tty, (char *)&c, 1);
}

static size_t cells(const struct tty *tty)	/* of the last character on the screen */
{
	unsigned char c = (unsigned char)tty->line[tty->len - 1];
	return c < 32 ? 2 : 1;
}

static void erase(struct tty *tty)
{
	size_t n = cells(tty);

	/* A character of UTF-8 goes as a whole. */
	while (tty->len > 1 && (tty->line[tty->len - 1] & 0xc0) == 0x80)
		tty->len--;
	tty->len--;
	while (n-- && tty->mode & SIM_TTY_ECHO)
		show(tty, "\b \b", 3);
}

static void erase_word(struct tty *tty)
{
	while (tty->len && tty->line[tty->len - 1] == ' ')
		erase(tty);
	while (tty->len && tty->line[tty->len - 1] != ' ')
		erase(tty);
}

static void line_done(struct tty *tty)
{
	str_addn(&tty->typed, tty->line, tty->len);
	tty->ends = tty->typed.len;
	tty->len = 0;
	queue_wake(&tty->change);
}

static bool edit_key(struct tty *tty, unsigned char c)
{
	switch (c) {
	case KEY_ERASE:
	case KEY_BS:
		if (tty->len)
			erase(tty);
		return true;
	case KEY_KILL:
		while (tty->len)
			erase(tty);
		return true;
	case KEY_WERASE:
		erase_word(tty);
		return true;
	case KEY_EOF:
		tty->eofs += tty->len == 0;
		line_done(tty);
		return true;
	}
	return false;
}

static bool signal_key(struct tty *tty, unsigned char c)
{
	int sig = c == KEY_INTR ? SIGINT : c == KEY_QUIT ? SIGQUIT : c == KEY_SUSP ? SIGTSTP : 0;

	if (!sig)
		return false;
	tty->len = 0;
	echo(tty, c);
	if (tty->group)
		signal_group(tty->sim, tty->group, sig, NULL);
	return true;
}

static void type(struct tty *tty, unsigned char c)
{
	if (c == '\r' && tty->mode & SIM_TTY_ICRNL)
		c = '\n';
	if (tty->mode & SIM_TTY_ISIG && signal_key(tty, c))
		return;
	if (!(tty->mode & SIM_TTY_CANON)) {
		echo(tty, c);
		str_addn(&tty->typed, &c, 1);
		tty->ends = tty->typed.len;
		queue_wake(&tty->change);
		return;
	}
	if (edit_key(tty, c) || tty->len == LINE - 1)
		return;
	echo(tty, c);
	tty->line[tty->len++] = (char)c;
	if (c == '\n')
		line_done(tty);
}

static void hang_up(struct tty *tty)
{
	host_unwatch(&tty->source);
	token_remove(tty->sim, tty->master_inode, tty);
	close(tty->fd);
	tty->fd = -1;
	if (tty->group)
		signal_group(tty->sim, tty->group, SIGHUP, NULL);
	queue_wake(&tty->change);
	tty_let_go(tty);	/* the master's share */
}

static void on_master(struct host_source *src)
{
	struct tty *tty = src->object;
	char data[1024];

	ssize_t n = recv(tty->fd, data, sizeof(data), MSG_DONTWAIT);
	for (ssize_t i = 0; i < n; i++)
		type(tty, (unsigned char)data[i]);
	push(tty);
	queue_wake(&tty->change);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		hang_up(tty);
}

/* ---- life ---- */

int tty_new(struct sim *s, int index, int *master, struct tty **out)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	struct tty *tty = mem_alloc(sizeof(*tty));
	tty->sim = s;
	tty->index = index;
	tty->fd = ends[0];
	tty->refs = 1;		/* the master's: until it hangs up */
	tty->mode = SIM_TTY_ECHO | SIM_TTY_CANON | SIM_TTY_ISIG | SIM_TTY_OPOST | SIM_TTY_ICRNL;
	tty->source = (struct host_source){ .ready = on_master, .object = tty, .fd = ends[0] };
	host_watch(s, &tty->source, POLLIN);
	token_add(s, ends[1], TOKEN_TTY, tty);
	tty->master_inode = token_inode(ends[1]);
	*master = ends[1];
	*out = tty;
	return 0;
}

void tty_keep(struct tty *tty) { tty->refs++; }

void tty_let_go(struct tty *tty)
{
	if (--tty->refs)
		return;
	pid_put(tty->sim, tty->session);
	pid_put(tty->sim, tty->group);
	str_free(&tty->typed);
	str_free(&tty->shown);
	free(tty);
}

int tty_index(const struct tty *tty) { return tty->index; }
struct sim_queue *tty_queue(struct tty *tty) { return &tty->change; }

short tty_ready(const struct tty *tty)
{
	short r = 0;

	if (tty->ends || tty->eofs)
		r |= POLLIN;
	if (tty->fd < 0)
		r |= POLLIN | POLLHUP;
	if (tty->shown.len < SHOWN)
		r |= POLLOUT;
	return r;
}

int tty_set_size(struct tty *tty, int rows, int cols)
{
	struct sim_winsize size = { (unsigned short)rows, (unsigned short)cols };

	if (memcmp(&size, &tty->size, sizeof(size)) == 0)
		return 0;
	tty->size = size;
	if (tty->group)
		signal_group(tty->sim, tty->group, SIGWINCH, NULL);
	return 0;
}

/* ---- sessions ---- */

void tty_foreground(struct tty *tty, struct pid *group)
{
	struct pid *old = tty->group;

	tty->group = group ? pid_get(group) : NULL;
	pid_put(tty->sim, old);
}

long tty_control(struct task *t, struct tty *tty)
{
	if (t->session == tty->session && t->tty == tty)
		return 0;
	if (t->session != t->pid || t->tty || tty->session)
		return -EPERM;
	tty->session = pid_get(t->session);
	t->tty = tty;
	tty_keep(tty);		/* the session's */
	tty_foreground(tty, t->group);
	return 0;
}

void tty_session_ends(struct task *t)
{
	struct tty *tty = t->tty;

	if (!tty || t->session != t->pid || tty->session != t->session)
		return;
	if (tty->group)
		signal_group(t->sim, tty->group, SIGHUP, NULL);
	for (struct task *o = t->sim->all; o; o = o->all_next)
		if (o->tty == tty)
			o->tty = NULL;
	tty_foreground(tty, NULL);
	pid_put(t->sim, tty->session);
	tty->session = NULL;
	tty_let_go(tty);
}

/* ---- the programs' end ---- */

/* In the background one may not read: the group is stopped. */
static int check_background(struct task *t, struct tty *tty)
{
	if (t->tty != tty || !tty->group || t->group == tty->group)
		return 0;
	if (t->handler[SIGTTIN] == SIM_IGN || t->blocked >> (SIGTTIN - 1) & 1)
		return -EIO;
	signal_group(t->sim, t->group, SIGTTIN, NULL);
	return -EINTR;
}

static size_t line_length(const struct tty *tty, size_t n)
{
	const char *nl = tty->mode & SIM_TTY_CANON ? memchr(tty->typed.s, '\n', tty->ends) : NULL;
	size_t have = nl ? (size_t)(nl - tty->typed.s) + 1 : tty->ends;

	return n < have ? n : have;
}

static long take(struct tty *tty, void *buf, size_t n)
{
	size_t got = line_length(tty, n);

	memcpy(buf, tty->typed.s, got);
	memmove(tty->typed.s, tty->typed.s + got, tty->typed.len - got);
	tty->typed.len -= got;
	tty->ends -= got;
	return (long)got;
}

static long file_read(struct vfs_file *f, void *buf, size_t n)
{
	struct tty *tty = f->priv;
	struct task *t = sim_current(tty->sim);

	for (;;) {
		int r = check_background(t, tty);
		if (r < 0)
			return r;
		if (tty->ends)
			return take(tty, buf, n);
		if (tty->eofs || tty->fd < 0) {
			tty->eofs -= tty->eofs > 0;
			return 0;
		}
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		r = task_wait(t, &tty->change, SIM_NEVER);
		if (r < 0)
			return r;
	}
}

static long file_write(struct vfs_file *f, const void *buf, size_t n)
{
	struct tty *tty = f->priv;

	while (tty->fd >= 0 && tty->shown.len > SHOWN) {
		struct pollfd p = { .fd = tty->fd, .events = POLLOUT };
		int r = host_task_poll(sim_current(tty->sim), &p, 1, -1);
		if (r < 0)
			return r;
		push(tty);
	}
	if (tty->fd < 0)
		return -EIO;
	show(tty, buf, n);
	return (long)n;
}

/* The master sees the end when the last user of the other side is gone. */
static void file_release(struct vfs_file *f)
{
	struct tty *tty = f->priv;

	if (--tty->users == 0 && tty->fd >= 0) {
		push(tty);
		hang_up(tty);
	}
	tty_let_go(tty);
}

static const struct vfs_file_ops tty_ops = {
	.read = file_read, .write = file_write, .release = file_release,
};

struct vfs_file *tty_file(struct tty *tty, int flags)
{
	struct vfs_file *f = vfs_file_new(tty->sim->fs, &tty_ops, tty, flags);

	tty_keep(tty);
	tty->users++;
	return f;
}

struct tty *tty_of(const struct vfs_file *f) { return f && f->ops == &tty_ops ? f->priv : NULL; }

/* ---- calls ---- */

static struct tty *tty_at(struct task *t, int fd, long *r)
{
	struct vfs_file *f = fd_file(t, fd);
	struct tty *tty = tty_of(f);

	*r = !f ? -EBADF : !tty ? -ENOTTY : 0;
	return tty;
}

bool sys_isatty(struct task *t, int fd) { return tty_of(fd_file(t, fd)) != NULL; }

long sys_winsize(struct task *t, int fd, struct sim_winsize *out)
{
	long r;
	struct tty *tty = tty_at(t, fd, &r);

	if (tty)
		*out = tty->size;
	return sys_leave(t, r);
}

long sys_tty_mode(struct task *t, int fd)
{
	long r;
	struct tty *tty = tty_at(t, fd, &r);

	return sys_leave(t, tty ? tty->mode : r);
}

long sys_tty_set_mode(struct task *t, int fd, int bits)
{
	long r;
	struct tty *tty = tty_at(t, fd, &r);

	if (tty && !(bits & SIM_TTY_CANON) && tty->mode & SIM_TTY_CANON)
		line_done(tty);		/* what was typed so far can be read */
	if (tty)
		tty->mode = bits;
	return sys_leave(t, r);
}

static long set_group(struct task *t, struct tty *tty, pid_t group)
{
	struct task *of = task_find(t->sim, ns_of(t, NS_PID), group);

	if (t->tty != tty)
		return -ENOTTY;
	if (!of || of->session != t->session || of->group != of->pid)
		return of ? -EPERM : -ESRCH;
	tty_foreground(tty, of->group);
	return 0;
}

long sys_tcsetpgrp(struct task *t, int fd, pid_t group)
{
	long r;
	struct tty *tty = tty_at(t, fd, &r);

	return sys_leave(t, tty ? set_group(t, tty, group) : r);
}

long sys_tcgetpgrp(struct task *t, int fd)
{
	long r;
	struct tty *tty = tty_at(t, fd, &r);

	if (tty)
		r = t->tty == tty ? pid_in(tty->group, ns_of(t, NS_PID)) : -ENOTTY;
	return sys_leave(t, r);
}

long sys_ttyname(struct task *t, int fd, char *buf, size_t cap)
{
	long r;
	struct tty *tty = tty_at(t, fd, &r);

	if (tty)
		snprintf(buf, cap, "/dev/pts/%d", tty->index);
	return sys_leave(t, r);
}
