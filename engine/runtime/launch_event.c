/* launch_event.c - what supervisors tell, by the launcher's thread. */
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/file.h"
#include "runtime/launch_internal.h"

/* ---- programs ---- */

static void known_free(struct known *k)
{
	strv_free(k->argv);
	free(k->exe);
	free(k->cwd);
}

void launch_forget_known(struct running *r)
{
	while (r->n_known > 0)
		known_free(&r->known[--r->n_known]);
	free(r->known);
	r->known = NULL;
}

/* Takes it off the list; .pid 0: it wasn't there. */
static struct known known_take(struct running *r, int pid)
{
	struct known k = { .pid = 0 };

	for (size_t i = 0; i < r->n_known; i++) {
		if (r->known[i].pid != pid)
			continue;
		k = r->known[i];
		r->known[i] = r->known[--r->n_known];
		break;
	}
	return k;
}

static void known_add(struct running *r, const struct launch_proc *p)
{
	struct known former = known_take(r, p->pid);

	known_free(&former);
	if (r->n_known == r->cap_known) {
		r->cap_known = r->cap_known ? 2 * r->cap_known : 8;
		r->known = mem_grow(r->known, r->cap_known * sizeof(*r->known));
	}
	r->known[r->n_known++] = (struct known){
		p->pid, str_dup(p->exe), str_dup(p->cwd), strv_dup(p->argv),
	};
}

static const char *initiator(const struct msg_proc *p)
{
	if (p->nspid == 1)
		return "init";
	return p->tty ? "tty" : p->from_exec ? "exec" : "init";
}

static void tell_proc(struct running *r, const struct launch_proc *p)
{
	if (r->l->ev.proc)
		r->l->ev.proc(r->l->ev.arg, r->id, p);
}

static void tell_begun(struct running *r, const struct launch_proc *p)
{
	known_add(r, p);
	tell_proc(r, p);
}

/* A shell's fork that never ran a program ends, too: not worth a word. */
static void tell_ended(struct running *r, struct launch_proc *p, bool described)
{
	struct known k = known_take(r, p->pid);

	if (k.pid && !described) {
		p->argv = k.argv;
		p->exe = k.exe;
		p->cwd = k.cwd;
	}
	if (p->signal > 0)
		p->code = 128 + p->signal;
	if (k.pid || (r->adopted && described))
		tell_proc(r, p);
	known_free(&k);
}

static void on_proc(struct running *r, struct msg *m)
{
	char *argv[80] = { NULL };
	uint16_t at = 0;
	const char *exe = msg_next_text(m, &at), *cwd = msg_next_text(m, &at), *arg;
	const struct msg_proc *p = &m->proc;

	for (size_t n = 0; n + 1 < ARRAY_SIZE(argv) && (arg = msg_next_text(m, &at)); n++)
		argv[n] = (char *)arg;
	struct launch_proc out = {
		.ended = p->ended, .pid = p->pid, .nspid = p->nspid, .code = p->code,
		.signal = p->signal, .uid = p->uid, .caps = p->caps, .argv = argv,
		.exe = exe ? exe : "", .cwd = cwd ? cwd : "", .initiator = initiator(p),
	};
	if (p->ended)
		tell_ended(r, &out, exe != NULL);
	else
		tell_begun(r, &out);
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

	if (r->l->ev.detached && m->how >= 0 && m->how < (int)ARRAY_SIZE(how))
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

static void on_lost(struct running *r, struct msg *m)
{
	if (r->l->ev.lost)
		r->l->ev.lost(r->l->ev.arg, r->id, m->lost);
}

static void (*const handlers[])(struct running *r, struct msg *m) = {
	[MSG_LOST] = on_lost,
	[MSG_PROC] = on_proc,
	[MSG_EXITED] = on_exited,
	[MSG_EXEC_EXITED] = on_exec_exited,
	[MSG_DETACHED] = on_detached,
	[MSG_EXEC_STARTED] = on_answer,
	[MSG_FAILED] = on_answer,
};

static void take(struct running *r, struct msg *m)
{
	if (m->type < ARRAY_SIZE(handlers) && handlers[m->type])
		handlers[m->type](r, m);
}

/* Packets behind their sizes; a last one cut short by a full disk is none. */
static void take_spooled(struct running *r, const struct str *text)
{
	const size_t head = offsetof(struct msg, tail);
	struct msg m;
	uint32_t size;

	for (size_t at = 0; text->len - at >= sizeof(size); at += size) {
		memcpy(&size, text->s + at, sizeof(size));
		at += sizeof(size);
		if (size < head || size > sizeof(m) || size > text->len - at)
			return;
		memcpy(&m, text->s + at, size);
		if (m.tail_len == size - head && (m.type == MSG_PROC || m.type == MSG_DETACHED ||
						  m.type == MSG_LOST))
			take(r, &m);
	}
}

void launch_read_spool(struct running *r)
{
	autofree char *path = str_printf("%s/spool", r->run_dir);
	autostr struct str text = { 0 };

	if (file_read(path, &text, NULL) < 0)
		return;
	take_spooled(r, &text);
	unlink(path);
}

void launch_spooled(struct launcher *l, const char *id, const char *run_dir)
{
	struct running *r = running_new(l, id, run_dir);

	launch_read_spool(r);
	running_unref(r);
}

bool launch_message(struct running *r)
{
	static struct msg m;	/* one thread */
	struct packet_fds fds;
	int n = msg_recv(r->link, &m, &fds, 0);

	for (int i = 0; i < fds.n; i++)
		close(fds.fd[i]);
	if (n == 1)
		take(r, &m);
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
	if (r->super_pid && !l->stop) {
		const char *was = trace_subject(l->k, r->id);
		trace_why(l->k, WHY_SPARE_END);
		k_wait(l->k, r->super_pid, 0, &end);
		trace_why(l->k, WHY_TABLE);
		trace_subject(l->k, was);
	}
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
