#include "kernel/step.h"

#include <errno.h>
#include <unistd.h>

static char wait_for_answer(struct step *s, int op)
{
	struct step_ask question = { .number = s->number, .op = (uint16_t)op, .stage = s->stage };
	char answer;
	ssize_t n;

	if (write(s->ask, &question, sizeof(question)) != sizeof(question))
		return 'r';
	do
		n = read(s->answer, &answer, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? answer : 'r';
}

static int before(struct kernel *self, struct k_call *call)
{
	struct step *s = self->priv;

	s->number++;
	if (s->mode == 'g')
		s->mode = wait_for_answer(s, call->op);
	return s->mode == 'q' ? -ECANCELED : 0;
}

struct kernel *step_init(struct step *s, struct kernel *next, int ask, int answer, int stage)
{
	*s = (struct step){
		.hook = { .before = before },
		.kernel = { .ops = &kernel_hook_ops, .next = next },
		.ask = ask,
		.answer = answer,
		.stage = (uint16_t)stage,
		.mode = 'g',
	};
	s->kernel.priv = s;
	return &s->kernel;
}
