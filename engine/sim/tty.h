/* tty.h - terminals: a pair, and the line discipline between its ends.
 *
 * The engine's end, the master, is a real socket (it is polled and read by the
 * supervisor as any other); the programs' end is a file of the machine. */
#ifndef DRYDOCK_SIM_TTY_H
#define DRYDOCK_SIM_TTY_H

#include "sim/task.h"

struct tty;

/* *master: a real descriptor, the caller's.  The terminal lives until its master is
 * closed and nobody has it open. */
int tty_new(struct sim *s, int index, int *master, struct tty **out);
struct vfs_file *tty_file(struct tty *tty, int flags);
struct tty *tty_of(const struct vfs_file *f);		/* NULL: no terminal */
int tty_index(const struct tty *tty);
void tty_keep(struct tty *tty);				/* a reference, of a session or a node */
void tty_let_go(struct tty *tty);

int tty_set_size(struct tty *tty, int rows, int cols);	/* SIGWINCH to the foreground */
/* TIOCSCTTY: the session's leader takes it. */
long tty_control(struct task *t, struct tty *tty);
void tty_foreground(struct tty *tty, struct pid *group);
void tty_session_ends(struct task *t);			/* if it leads one */
short tty_ready(const struct tty *tty);
struct sim_queue *tty_queue(struct tty *tty);

#endif
