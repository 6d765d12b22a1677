#include "sim/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/host_file.h"

static struct token **bucket(struct sim *s, uint64_t inode)
{
	return &s->tokens[inode % SIM_TOKENS];
}

uint64_t token_inode(int fd)
{
	struct stat st;
	return fd >= 0 && fd < K_SIM_FD_BASE && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

void token_add(struct sim *s, int fd, enum token_kind kind, void *object)
{
	struct token *t = mem_alloc(sizeof(*t));
	uint64_t inode = token_inode(fd);

	*t = (struct token){ .next = *bucket(s, inode), .kind = kind, .inode = inode,
			     .object = object };
	*bucket(s, inode) = t;
}

void *token_find(struct sim *s, int fd, enum token_kind kind)
{
	uint64_t inode = token_inode(fd);

	for (struct token *t = inode ? *bucket(s, inode) : NULL; t; t = t->next)
		if (t->inode == inode && t->kind == kind)
			return t->object;
	return NULL;
}

void token_remove(struct sim *s, uint64_t inode, const void *object)
{
	for (struct token **at = bucket(s, inode); *at; at = &(*at)->next)
		if ((*at)->object == object && (*at)->inode == inode) {
			struct token *gone = *at;
			*at = gone->next;
			free(gone);
			return;
		}
}

void token_free_all(struct sim *s)
{
	for (size_t i = 0; i < SIM_TOKENS; i++)
		for (struct token *t = s->tokens[i], *next; t; t = next) {
			next = t->next;
			free(t);
		}
}

/* ---- processes ---- */

/* A pipe nobody writes to: its end comes when the process's does. */
static long make(struct task *of)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	of->pidfd = ends[0];
	if (of->state == T_ZOMBIE)
		close(ends[1]);
	else
		of->pidfd_end = ends[1];
	token_add(of->sim, of->pidfd, TOKEN_TASK, of);
	return 0;
}

long token_pidfd(struct task *of)
{
	long r = of->pidfd < 0 ? make(of) : 0;

	if (r < 0)
		return r;
	int fd = fcntl(of->pidfd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? -errno : fd;
}

void token_process_over(struct task *t)
{
	if (t->pidfd < 0)
		return;
	token_remove(t->sim, token_inode(t->pidfd), t);
	close(t->pidfd);
	t->pidfd = -1;
}

bool token_was_process(int fd)
{
	struct stat st;
	return fd >= 0 && fd < K_SIM_FD_BASE && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* ---- namespaces ---- */

/* The other end of the pipe tells when the last copy is closed. */
struct held_ns { struct host_source source; struct ns *ns; uint64_t inode; };

static void ns_let_go(struct host_source *src)
{
	struct held_ns *h = (struct held_ns *)src;

	host_unwatch(src);
	close(src->fd);
	token_remove(src->sim, h->inode, h->ns);
	ns_put(h->ns);
	free(h);
}

long token_ns(struct ns *n)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	struct held_ns *h = mem_alloc(sizeof(*h));
	*h = (struct held_ns){ .source = { .ready = ns_let_go, .fd = ends[1] }, .ns = ns_get(n),
			       .inode = token_inode(ends[0]) };
	token_add(n->sim, ends[0], TOKEN_NS, n);
	host_watch(n->sim, &h->source, 0);	/* POLLERR needs no asking */
	return ends[0];
}
