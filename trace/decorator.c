#include "trace/decorator.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "trace/capture.h"

const char *const trace_why_text[WHY_COUNT] = {
	[WHY_TABLE] = "",
#define WHY(name, text) [WHY_##name] = text,
#include "trace/why.def"
#undef WHY
};

const char *const trace_region_names[REGION_COUNT] = {
	[REGION_NONE] = "",
#define REGION(name, word, title) [REGION_##name] = word,
#include "trace/region.def"
#undef REGION
};

const char *const trace_region_titles[REGION_COUNT] = {
	[REGION_NONE] = "",
#define REGION(name, word, title) [REGION_##name] = title,
#include "trace/region.def"
#undef REGION
};

const char *const trace_stage_names[] = { "daemon", "supervisor", "child", "init", "exec" };
const char *const trace_backend_names[] = { "linux", "rootless", "sim" };

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* In a new pid namespace getpid() is 1; the host's /proc, still mounted when a
 * child makes its first call, knows the number that the host uses.  It is the
 * thread's, as strace shows it: "123/task/124". */
static int32_t host_pid(void)
{
	char text[48] = "";
	ssize_t n = readlink("/proc/thread-self", text, sizeof(text) - 1);
	const char *slash = n > 0 ? strrchr(text, '/') : NULL;

	return slash ? (int32_t)strtol(slash + 1, NULL, 10) : (int32_t)getpid();
}

/* The next slot, with what all events have in common; NULL if there is no room. */
static struct trace_event *begin(struct tracer *t, enum trace_kind kind)
{
	struct trace_event *ev = t->ring ? trace_ring_claim(t->ring) : NULL;

	if (!ev)
		return NULL;
	if (t->pid == 0)
		t->pid = host_pid();
	memset(ev, 0, offsetof(struct trace_event, text));
	ev->kind = (uint8_t)kind;
	ev->pid = t->pid;
	ev->region = t->region;
	ev->stage = t->stage;
	ev->backend = t->backend;
	return ev;
}

static struct trace_event *begin_call(struct tracer *t, const struct k_call *call, long result,
				      uint64_t start_ns, uint64_t end_ns)
{
	struct trace_event *ev = begin(t, EV_CALL);

	if (!ev)
		return NULL;
	ev->op = (uint16_t)call->op;
	ev->why = t->why;
	ev->start_ns = start_ns;
	ev->end_ns = end_ns;
	ev->result = result;
	trace_capture(ev, call);
	return ev;
}

static struct tracer *this_tracer(struct kernel *self)
{
	struct tracer *t = self->priv;
	return t->mine ? t->mine(t) : t;
}

/* execve doesn't come back when it works: its event is prepared here. */
static int before(struct kernel *self, struct k_call *call)
{
	struct tracer *t = this_tracer(self);
	uint64_t now;

	if (call->op != K_EXECVE || !t)
		return 0;
	now = now_ns();
	if (begin_call(t, call, 0, now, now))
		trace_ring_pend(t->ring);
	return 0;
}

static void after(struct kernel *self, const struct k_call *call, long result,
		  uint64_t start_ns, uint64_t end_ns)
{
	struct tracer *t = this_tracer(self);

	if (t && begin_call(t, call, result, start_ns, end_ns))
		trace_ring_publish(t->ring);
}

struct kernel *tracer_init(struct tracer *t, struct kernel *next, struct trace_ring *ring,
			   enum trace_stage stage, enum trace_backend backend)
{
	*t = (struct tracer){
		.hook = { .before = before, .after = after },
		.kernel = { .ops = &kernel_hook_ops, .next = next },
		.ring = ring,
		.stage = (uint8_t)stage,
		.backend = (uint8_t)backend,
	};
	t->kernel.priv = t;
	return &t->kernel;
}

struct tracer *tracer_of(struct kernel *k)
{
	for (; k; k = k->next)
		if (k->ops == &kernel_hook_ops && ((struct k_hook *)k->priv)->after == after)
			return this_tracer(k);
	return NULL;
}

void trace_why(struct kernel *k, enum why why)
{
	struct tracer *t = tracer_of(k);

	if (t)
		t->why = (uint16_t)why;
}

static void mark(struct tracer *t, enum trace_kind kind)
{
	struct trace_event *ev = begin(t, kind);
	uint64_t now = now_ns();

	if (t->ring && kind == EV_REGION_OPEN)
		t->ring->opened_ns = now;
	if (!ev)
		return;
	ev->start_ns = t->ring->opened_ns;
	ev->end_ns = now;
	ev->text[0] = '\0';
	trace_ring_publish(t->ring);
}

void trace_region(struct kernel *k, enum region region)
{
	struct tracer *t = tracer_of(k);

	if (!t || t->region == region)
		return;
	if (t->region != REGION_NONE)
		mark(t, EV_REGION_CLOSE);
	t->region = (uint16_t)region;
	if (region != REGION_NONE)
		mark(t, EV_REGION_OPEN);
}

/* The child that could have closed its last region is the program by now.  What
 * its tracer knew isn't here if it had a copy of our memory; its event is. */
void tracer_exec_done(struct tracer *t)
{
	const struct trace_event *exec = t->ring ? trace_ring_settle(t->ring) : NULL;

	if (!exec)
		return;
	t->pid = exec->pid;
	t->region = exec->region;
	if (t->region != REGION_NONE)
		mark(t, EV_REGION_CLOSE);
	t->region = REGION_NONE;
}

const char *trace_subject(struct kernel *k, const char *container)
{
	struct tracer *t = tracer_of(k);
	struct trace_event *ev = t ? begin(t, EV_SUBJECT) : NULL;
	const char *was = t ? t->subject : NULL;

	if (t)
		t->subject = container;
	if (!ev)
		return was;
	ev->start_ns = ev->end_ns = now_ns();
	strncpy(ev->text, container ? container : "", sizeof(ev->text) - 1);
	trace_ring_publish(t->ring);
	return was;
}
