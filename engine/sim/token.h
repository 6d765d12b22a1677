/* token.h - real descriptors that stand for simulated things.
 *
 * A pidfd is polled, a terminal is read and written, a namespace is handed on over a
 * socket: such descriptors leave the waist, so they are real ones.  Each is one end of a
 * pipe or socketpair of its own; its inode, which copies of it share, says what it means.
 */
#ifndef DRYDOCK_SIM_TOKEN_H
#define DRYDOCK_SIM_TOKEN_H

#include "sim/task.h"

enum token_kind { TOKEN_TASK, TOKEN_NS, TOKEN_TTY, TOKEN_SOCKET, TOKEN_WATCH };

struct token {
	struct token *next;
	enum token_kind kind;
	uint64_t inode;
	void *object;
};

/* The descriptor fd means `object` from now on. */
void token_add(struct sim *s, int fd, enum token_kind kind, void *object);
void *token_find(struct sim *s, int fd, enum token_kind kind);	/* NULL: it doesn't */
uint64_t token_inode(int fd);		/* 0: no real descriptor */
void token_remove(struct sim *s, uint64_t inode, const void *object);
void token_free_all(struct sim *s);

/* Another descriptor of the process; readable once it has ended. */
long token_pidfd(struct task *of);
void token_process_over(struct task *t);	/* it is reaped */
bool token_was_process(int fd);
/* A real descriptor of a namespace, which keeps it alive. */
long token_ns(struct ns *n);

#endif
