/* redir.c - < > >> 2>&1 << and what they undo afterwards. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "sim/userland/shell/shell.h"

enum { SAFE_FD = 10 };		/* a descriptor put aside goes to this number or above */

static const struct { int fd, flags; } opens[] = {
	[R_IN] = {0, O_RDONLY},
	[R_OUT] = {1, O_WRONLY | O_CREAT | O_TRUNC},
	[R_APPEND] = {1, O_WRONLY | O_CREAT | O_APPEND},
	[R_CLOBBER] = {1, O_WRONLY | O_CREAT | O_TRUNC},
	[R_RDWR] = {0, O_RDWR | O_CREAT},
	[R_DUP_IN] = {0, 0},
	[R_DUP_OUT] = {1, 0},
	[R_BOTH] = {1, O_WRONLY | O_CREAT | O_TRUNC},
	[R_HEREDOC] = {0, 0},
	[R_HERE_TABS] = {0, 0},
};

static void note(struct shell *sh, int fd, long saved, struct undo **undo)
{
	struct undo *u = arena_alloc(&sh->work, sizeof(*u));

	*u = (struct undo){ .next = *undo, .fd = fd, .saved = (int)saved };
	*undo = u;
}

static void put_aside(struct shell *sh, int fd, struct undo **undo)
{
	if (!undo)
		return;
	for (struct undo *u = *undo; u; u = u->next)
		if (u->fd == fd)
			return;
	note(sh, fd, sys_fcntl(sh->t, fd, F_DUPFD_CLOEXEC, SAFE_FD), undo);
}

void redirect_back(struct shell *sh, struct undo *u)
{
	for (; u; u = u->next) {
		if (u->saved < 0) {
			sys_close(sh->t, u->fd);
			continue;
		}
		sys_dup2(sh->t, u->saved, u->fd);
		sys_close(sh->t, u->saved);
	}
}

/* fd becomes what `from` is; `from` is closed. */
static void becomes(struct shell *sh, int from, int fd, struct undo **undo)
{
	if (from == fd) {		/* it was closed: nothing to put aside but that */
		if (undo)
			note(sh, fd, -1, undo);
		sys_fcntl(sh->t, fd, F_SETFD, 0);
		return;
	}
	put_aside(sh, fd, undo);
	sys_dup2(sh->t, from, fd);
	sys_close(sh->t, from);
}

static int writes_heredoc(struct task *t, void *arg)
{
	const char *s = arg;

	put_all(t, 1, s, strlen(s));
	return 0;
}

/* The text comes through a pipe; a long one from a process, as a pipe holds 64 KiB. */
static int heredoc(struct shell *sh, const struct redir *r, int fd, struct undo **undo)
{
	char *text = r->quoted ? arena_dup(&sh->work, r->word->text) : expand_heredoc(sh, r->word);
	int pipe[2];

	if (sh->flow != FLOW_ON || sys_pipe(sh->t, pipe, O_CLOEXEC) < 0)
		return 1;
	if (strlen(text) <= 4096) {
		put_all(sh->t, pipe[1], text, strlen(text));
	} else {
		struct undo *mine = NULL;

		put_aside(sh, 1, &mine);
		sys_dup2(sh->t, pipe[1], 1);
		sys_fork(sh->t, writes_heredoc, text);
		redirect_back(sh, mine);
	}
	sys_close(sh->t, pipe[1]);
	becomes(sh, pipe[0], fd, undo);
	return 0;
}

static void cant_open(struct shell *sh, long rc, int flags, const char *path)
{
	const char *why = flags & O_CREAT ? sh->d->no_folder : sh->d->no_file;

	if ((rc != -ENOENT && rc != -ENOTDIR) || !why)
		why = strerror((int)-rc);
	if (sh->d->cant_open)
		shell_says(sh, sh->d->cant_open, flags & O_CREAT ? "create" : "open", path, why);
	else
		shell_says(sh, "%s: %s", path, why);
}

static int open_file(struct shell *sh, const struct redir *r, int fd, const char *path, struct undo **undo)
{
	int flags = opens[r->op].flags;
	struct stat st;
	long rc;

	if (r->op == R_OUT && sh->options['C'] && sys_stat(sh->t, path, &st) == 0 && S_ISREG(st.st_mode)) {
		shell_says(sh, "can't create %s: File exists", path);
		return 1;
	}
	rc = sys_open(sh->t, path, flags | O_CLOEXEC, 0666);
	if (rc < 0) {
		cant_open(sh, rc, flags, path);
		return 1;
	}
	becomes(sh, (int)rc, fd, undo);
	if (r->op == R_BOTH) {
		put_aside(sh, 2, undo);
		sys_dup2(sh->t, fd, 2);
	}
	return 0;
}

/* >&2, <&-; and >&file where bash has it. */
static int duplicate(struct shell *sh, const struct redir *r, int fd, const char *word, struct undo **undo)
{
	int from;

	if (!strcmp(word, "-")) {
		put_aside(sh, fd, undo);
		sys_close(sh->t, fd);
		return 0;
	}
	if (!*word || word[strspn(word, "0123456789")] || strlen(word) > 6) {
		struct redir both = { .op = R_BOTH };

		if (r->op == R_DUP_OUT && r->fd < 0)
			return open_file(sh, &both, fd, word, undo);
		shell_fails(sh, 2, "%s: Bad file descriptor", word);
		return 2;
	}
	from = atoi(word);
	if (sys_fcntl(sh->t, from, F_GETFD, 0) < 0) {
		shell_says(sh, "%s: Bad file descriptor", word);
		return 1;
	}
	if (from != fd) {
		put_aside(sh, fd, undo);
		sys_dup2(sh->t, from, fd);
	}
	return 0;
}

static int redirect_one(struct shell *sh, const struct redir *r, struct undo **undo)
{
	int fd = r->fd >= 0 ? r->fd : opens[r->op].fd;
	char *word;

	if (r->op == R_HEREDOC || r->op == R_HERE_TABS)
		return heredoc(sh, r, fd, undo);
	word = expand_string(sh, r->word);
	if (sh->flow != FLOW_ON)
		return sh->status;
	if (r->op == R_DUP_IN || r->op == R_DUP_OUT)
		return duplicate(sh, r, fd, word, undo);
	return open_file(sh, r, fd, word, undo);
}

int redirect(struct shell *sh, const struct redir *r, struct undo **undo)
{
	for (; r; r = r->next) {
		int status = redirect_one(sh, r, undo);

		if (status)
			return status;
	}
	return 0;
}
