/* launch_talk.c - talking to a running container. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "runtime/launch_internal.h"
#include "runtime/plan_parts.h"

/* ---- detach keys ---- */

/* "ctrl-x" or one character, as its byte; -1 if it is neither. */
static int key_byte(const char *key, size_t n)
{
	static const char others[] = "@[\\]^_";
	static const unsigned char codes[] = { 0, 27, 28, 29, 30, 31 };

	if (n == 1)
		return (unsigned char)*key;
	if (n != 6 || strncmp(key, "ctrl-", 5))
		return -1;
	if (key[5] >= 'a' && key[5] <= 'z')
		return key[5] - 'a' + 1;
	const char *at = strchr(others, key[5]);
	return at ? codes[at - others] : -1;
}

static int parse_keys(const char *text, struct msg_attach *a, struct err *e)
{
	a->n_keys = 0;
	for (const char *key = text; *key;) {
		size_t n = strcspn(key, ",");
		int byte = key_byte(key, n);
		if (byte < 0 || a->n_keys == MSG_KEYS)
			return err_http(e, 400, EINVAL, "Invalid detach keys (%s) provided", text);
		a->keys[a->n_keys++] = (unsigned char)byte;
		key += n + (key[n] == ',');
	}
	return 0;
}

static int fill_attach(struct msg_attach *a, const struct attach_options *o, bool tty,
		       struct err *e)
{
	*a = (struct msg_attach){ .in = o->in, .out = o->out, .err = o->err,
				  .framed = o->framed };
	if (!tty)
		return 0;
	return parse_keys(o->detach_keys ? o->detach_keys : "ctrl-p,ctrl-q", a, e);
}

/* ---- requests without an answer ---- */

static int say(struct running *r, const struct msg *m, const struct packet_fds *fds,
	       const char *doing, struct err *e)
{
	int err = msg_send(r->link, m, fds, 0);
	return err < 0 ? err_sys(e, -err, "%s: the container's supervisor is gone", doing) : 0;
}

/* The client's socket, and what it sent before that is handed over: as much as it
 * likes, so that goes in a file (*early, the caller's to close). */
static int add_client(struct packet_fds *fds, const struct attach_options *o, int *early,
		      struct err *e)
{
	if (o->fd < 0)
		return 0;
	fds->fd[fds->n++] = o->fd;
	if (!o->early_len)
		return 0;
	*early = launch_memfd(o->early, o->early_len, "hand over what was typed", e);
	if (*early < 0)
		return *early;
	fds->fd[fds->n++] = *early;
	return 0;
}

int launch_attach(struct running *r, const struct attach_options *o, struct err *e)
{
	struct msg m = { .type = MSG_ATTACH };
	struct packet_fds fds = { .n = 0 };
	autofd int fd = o->fd, early = -1;

	int err = fill_attach(&m.attach, o, r->saved.tty, e);
	if (err < 0)
		return err;
	err = add_client(&fds, o, &early, e);
	return err < 0 ? err : say(r, &m, &fds, "attach", e);
}

int launch_resize(struct running *r, const char *exec_id, int rows, int cols, struct err *e)
{
	struct msg m = { .type = MSG_RESIZE, .resize = { rows, cols } };

	msg_add_text(&m, exec_id ? exec_id : "");
	return say(r, &m, NULL, "resize the terminal", e);
}

int launch_kill(struct running *r, int sig, struct err *e)
{
	const char *was = trace_subject(r->l->k, r->id);
	trace_region(r->l->k, REGION_EXIT);
	trace_why(r->l->k, WHY_END_SIGNAL);
	long err = k_kill(r->l->k, r->pidfd, sig);
	trace_why(r->l->k, WHY_TABLE);
	trace_region(r->l->k, REGION_NONE);
	trace_subject(r->l->k, was);
	return err < 0 ? err_sys(e, (int)-err, "send signal %d", sig) : 0;
}

int launch_pause(struct running *r, bool pause, struct err *e)
{
	const struct host *h = r->l->host;
	const char *value = h->cgroup_v2 ? (pause ? "1" : "0") : (pause ? "FROZEN" : "THAWED");

	if (!h->cgroup[CG_FREEZER])
		return err_set(e, ENOTSUP, "pause: this kernel offers no freezer here");
	autofree char *path = str_printf("%s/%s/%s", h->cgroup[CG_FREEZER], r->saved.cgroup,
					 h->cgroup_v2 ? "cgroup.freeze" : "freezer.state");
	const char *was = trace_subject(r->l->k, r->id);
	long err = k_write_file(r->l->k, path, value);
	trace_subject(r->l->k, was);
	return err < 0 ? err_sys(e, (int)-err, "pause: %s", path) : 0;
}

/* ---- exec ---- */

static int make_exec_plan(struct running *r, const struct exec_spec *x, struct str *out,
			  struct err *e)
{
	struct spec spec;
	struct plan_input in = { .spec = &spec, .host = r->l->host };

	saved_to(&r->saved, &spec);
	spec.ulimits = (struct spec_ulimit *)x->ulimits;
	spec.n_ulimits = x->n_ulimits;
	spec.oom_score_adj = x->oom_score_adj;
	bool profile = spec.seccomp_default && !spec.privileged && !x->privileged;
	int err = launch_filters(&in, profile, x->privileged ? NULL : x->seccomp_profile, e);
	if (err == 0)
		err = plan_exec(&in, x, out, e);
	free(in.own.insn);
	return err;
}

static void remove_waiting(struct running *r, struct waiting *w)
{
	for (struct waiting **at = &r->waiting; *at; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			return;
		}
}

static void add_waiting(struct running *r, struct waiting *w)
{
	pthread_mutex_lock(&r->l->lock);
	w->tag = ++r->next_tag;
	w->next = r->waiting;
	r->waiting = w;
	pthread_mutex_unlock(&r->l->lock);
}

/* Waits for the answer, if the question was sent, and takes w off the list again;
 * false: there is none. */
static bool take_answer(struct running *r, struct waiting *w, bool sent)
{
	pthread_mutex_lock(&r->l->lock);
	while (sent && !w->done && !r->gone)
		pthread_cond_wait(&r->l->changed, &r->l->lock);
	remove_waiting(r, w);
	pthread_mutex_unlock(&r->l->lock);
	return w->answer.type != 0;
}

static int ask_exec(struct running *r, const struct exec_spec *x, const struct str *plan,
		    struct waiting *w, struct err *e)
{
	struct msg m = { .type = MSG_EXEC };
	autofd int early = -1, plan_fd = launch_memfd(plan->s, plan->len, "hand over the plan", e);
	struct packet_fds fds = { { plan_fd }, 1 };

	if (plan_fd < 0)
		return plan_fd;
	m.exec.tty = x->tty;
	m.exec.attached = x->attach.fd >= 0;
	int err = fill_attach(&m.exec.attach, &x->attach, x->tty, e);
	msg_add_text(&m, x->id);
	if (err == 0)
		err = add_client(&fds, &x->attach, &early, e);
	if (err == 0) {
		add_waiting(r, w);
		m.tag = w->tag;
		err = say(r, &m, &fds, "exec", e);
		if (!take_answer(r, w, err == 0) && err == 0)
			err = err_set(e, ESRCH, "exec: the container has ended");
	}
	return err;
}

int launch_exec(struct running *r, const struct exec_spec *x, int *pid, struct err *e)
{
	autostr struct str plan = { 0 };
	autofd int client = x->attach.fd;
	struct waiting *w = mem_alloc(sizeof(*w));

	int err = make_exec_plan(r, x, &plan, e);
	if (err == 0)
		err = ask_exec(r, x, &plan, w, e);
	if (err == 0 && w->answer.type == MSG_FAILED)
		err = launch_words(&w->answer.failed, plan.s, plan.len, true, x->argv, e);
	else if (err == 0 && pid)
		*pid = w->answer.state.pid;
	free(w);
	return err;
}
