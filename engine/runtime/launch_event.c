/* launch_event.c - what supervisors tell, by the launcher's thread. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "runtime/launch_internal.h"

/* ---- programs ---- */

static bool know(struct running *r, int pid, bool ended)
{
	for (size_t i = 0; i < r->n_known; i++) {
		if (r->known[i] != pid)
			continue;
		if (ended)
			r->known[i] = r->known[--r->n_known];
		return true;
	}
	if (!ended && r->n_known < KNOWN_MAX)
		r->known[r->n_known++] = pid;
	return r->adopted;
}

static const char *initiator(const struct msg_proc *p)
{
	if (p->nspid == 1)
		return "init";
	return p->tty ? "tty" : p->from_exec ? "exec" : "init";
}

static void on_proc(struct running *r, struct msg *m)
{
	char *argv[80] = { NULL };
	uint16_t at = 0;
	const char *exe = msg_next_text(m, &at), *cwd = msg_next_text(m, &at), *arg;
	const struct msg_proc *p = &m->proc;

	for (size_t n = 0; n + 1 < ARRAY_SIZE(argv) && (arg = msg_next_text(m, &at)); n++)
		argv[n] = (char *)arg;
	/* A shell's fork that never ran a program ends, too: not worth a word. */
	if (!know(r, p->pid, p->ended) && p->ended)
		return;
	struct launch_proc out = {
		.ended = p->ended, .pid = p->pid, .nspid = p->nspid, .code = p->code,
		.uid = p->uid, .caps = p->caps, .argv = argv, .exe = exe ? exe : "",
		.cwd = cwd ? cwd : "", .initiator = initiator(p),
	};
	if (r->l->ev.proc)
		r->l->ev.proc(r->l->ev.arg, r->id, &out);
}

/* ---- ends ---- */

static void tell_exited(struct running *r, const struct launch_exit *x)
{
	pthread_mutex_lock(&r->l->lock);
	r->exited = true;
	pthread_mutex_unlock(&r->l->lock);
	if (r->l->ev.exited)
		r->l->ev.exited(r->l->ev.arg, r->id, x);
}

static void on_exited(struct running *r, struct msg *m)
{
	const struct msg_exited *f = &m->exited;
	struct launch_exit x = {
		.code = f->signal ? 128 + f->signal : f->code, .signal = f->signal, .oom = f->oom,
		.wall_ns = f->wall_ns, .stdout_bytes = f->stdout_bytes,
	};

	memcpy(x.stdout_sha256, f->stdout_sha256, sizeof(x.stdout_sha256));
	tell_exited(r, &x);
}

static void on_exec_exited(struct running *r, struct msg *m)
{
	uint16_t at = 0;
	const char *id = msg_next_text(m, &at);
	int code = m->exited.signal ? 128 + m->exited.signal : m->exited.code;

	if (r->l->ev.exec_exited)
		r->l->ev.exec_exited(r->l->ev.arg, r->id, id ? id : "", code);
}

static void on_detached(struct running *r, struct msg *m)
{
	static const char *const how[] = {
		[DETACH_KEYS] = "keys", [DETACH_HANGUP] = "hangup", [DETACH_EXIT] = "exit",
	};

	if (r->l->ev.detached)
		r->l->ev.detached(r->l->ev.arg, r->id, how[m->how]);
}

/* ---- answers ---- */

static void on_answer(struct running *r, struct msg *m)
{
	pthread_mutex_lock(&r->l->lock);
	for (struct waiting *w = r->waiting; w; w = w->next)
		if (w->tag == m->tag && !w->done) {
			w->answer = *m;
			w->done = true;
		}
	pthread_cond_broadcast(&r->l->changed);
	pthread_mutex_unlock(&r->l->lock);
}

static void (*const handlers[])(struct running *r, struct msg *m) = {
	[MSG_PROC] = on_proc,
	[MSG_EXITED] = on_exited,
	[MSG_EXEC_EXITED] = on_exec_exited,
	[MSG_DETACHED] = on_detached,
	[MSG_EXEC_STARTED] = on_answer,
	[MSG_FAILED] = on_answer,
};

bool launch_message(struct running *r)
{
	static struct msg m;	/* one thread */
	struct msg_fds fds;
	int n = msg_recv(r->link, &m, &fds, 0);

	for (int i = 0; i < fds.n; i++)
		close(fds.fd[i]);
	if (n == 1 && m.type < ARRAY_SIZE(handlers) && handlers[m.type])
		handlers[m.type](r, &m);
	return n == 1;
}

/* It left without a word: killed.  PID 1 died with it (PR_SET_PDEATHSIG). */
static void died(struct running *r)
{
	struct launch_exit x = { .code = 128 + SIGKILL, .signal = SIGKILL,
				 .wall_ns = clock_wall_ns() };

	launch_exit_record(r->run_dir, &x, NULL);
	launch_sweep(r->l, r->id, r->run_dir, NULL);
	tell_exited(r, &x);
}

void launch_supervisor_left(struct running *r)
{
	struct launcher *l = r->l;
	struct k_exit end;

	if (r->watched && !r->exited && !l->stop)
		died(r);
	close(r->link);
	if (r->super_pid && !l->stop)
		k_wait(kernel_linux(), r->super_pid, 0, &end);
	for (int i = 0; i < 2; i++)
		if (r->ring[i])
			collector_drop(l->trace, r->ring[i]);
	pthread_mutex_lock(&l->lock);
	r->gone = true;
	for (struct waiting *w = r->waiting; w; w = w->next)
		w->done = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
}
