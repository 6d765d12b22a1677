/* session.h - being connected to a running program: what run, start -a, attach
 * and exec have in common. */
#ifndef DRYDOCK_CLIENT_SESSION_H
#define DRYDOCK_CLIENT_SESSION_H

#include "client/stream.h"
#include "client/verb.h"

struct session {
	struct command *c;
	const char *id;		/* the container, or the exec */
	bool exec;		/* id is an exec's */
	bool tty, in, out, err;
	bool sig_proxy;
	const char *detach_keys;	/* as the user gave them, or NULL */
	struct terminal terminal;
	struct stream stream;
	struct http *wait;	/* the begun wait, or NULL */
};

/* The steps, in order.  attach hijacks c's own connection (POST /attach, or
 * /exec/x/start with body); wait begins POST /wait on one of its own; run copies
 * until the end.  end closes everything, in any state. */
int session_attach(struct session *s, const cJSON *body, struct err *e);
int session_wait(struct session *s, const char *condition, struct err *e);
void session_resize(struct session *s);
/* Tells another size first, so that a program that was there before draws anew. */
void session_redraw(struct session *s);
/* After a run without error: did the user let go with the detach keys?  Then the
 * error that docker's attach and exec leave with. */
int session_ended(const struct session *s, struct err *e);
/* Says our terminal's size in a request's body, if both sides have a terminal. */
void session_console(const struct session *s, cJSON *body);
/* The exit code: the container's, 0 after a detach, 128+n after a signal;
 * negative: e says why.  For an exec the code is 0 and asked for elsewhere. */
int session_run(struct session *s, struct err *e);
void session_end(struct session *s);

#endif
