#include "kernel/hook.h"

#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

long kernel_hook(struct kernel *self, struct k_call *call)
{
	const struct k_hook *hook = self->priv;
	long result = hook->before ? hook->before(self, call) : 0;
	uint64_t start = hook->after ? now_ns() : 0;

	if (result == 0)
		result = hook->backend ? hook->backend(self, call) : k_invoke(self->next, call);
	if (hook->after)
		hook->after(self, call, result, start, now_ns());
	return result;
}
