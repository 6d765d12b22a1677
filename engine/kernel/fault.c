#include "kernel/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/errno.h"
#include "kernel/meta.h"

#define RULE_TEXT 64

static int before(struct kernel *self, struct k_call *call)
{
	struct fault *f = self->priv;
	unsigned int nth_of_name = ++f->seen[call->op], nth = ++f->calls;

	for (size_t i = 0; i < f->n_rules; i++) {
		const struct fault_rule *r = &f->rule[i];
		if (r->op >= 0 && r->op != call->op)
			continue;
		if (r->nth && r->nth != (r->op < 0 ? nth : nth_of_name))
			continue;
		f->struck++;
		if (r->action == FAULT_ERRNO)
			return -r->error;
		if (r->action == FAULT_KILL)
			kill(getpid(), SIGKILL);
		_exit(1);	/* PID 1 of a namespace can't kill itself */
	}
	return 0;
}

/* "2" or "*"; 0 with *nth filled in, or -1. */
static int parse_nth(const char *text, unsigned int *nth)
{
	char *end;

	*nth = 0;
	if (strcmp(text, "*") == 0)
		return 0;
	*nth = (unsigned int)strtoul(text, &end, 10);
	return *nth > 0 && *end == '\0' ? 0 : -1;
}

static int parse_who(char *who, struct fault_rule *r)
{
	char *colon = strchr(who, ':');

	r->op = -1;
	if (*who == '#')
		return parse_nth(who + 1, &r->nth);
	if (colon)
		*colon++ = '\0';
	r->op = kernel_op_by_name(who);
	return r->op < 0 ? -1 : parse_nth(colon ? colon : "1", &r->nth);
}

static int parse_what(const char *what, struct fault_rule *r)
{
	r->action = strcmp(what, "kill") == 0 ? FAULT_KILL :
		    strcmp(what, "exit") == 0 ? FAULT_EXIT : FAULT_ERRNO;
	r->error = r->action == FAULT_ERRNO ? errno_by_name(what) : 0;
	return r->error < 0 ? -1 : 0;
}

/* One rule of n bytes: 1 taken, 0 for another stage, -1 unreadable. */
static int parse_rule(const char *text, size_t n, const char *stage, struct fault_rule *r)
{
	char copy[RULE_TEXT], *who = copy, *slash, *equals;

	if (n >= sizeof(copy))
		return -1;
	memcpy(copy, text, n);
	copy[n] = '\0';
	slash = strchr(copy, '/');
	if (slash) {
		*slash = '\0';
		who = slash + 1;
	}
	equals = strchr(who, '=');
	if (!equals)
		return -1;
	*equals = '\0';
	if (parse_who(who, r) < 0 || parse_what(equals + 1, r) < 0)
		return -1;
	return !slash || strcmp(copy, stage) == 0;
}

struct kernel *fault_init(struct fault *f, struct kernel *next, const char *text,
			  const char *stage, const char **bad)
{
	*f = (struct fault){
		.hook = { .before = before },
		.kernel = { .ops = &kernel_hook_ops, .next = next },
	};
	f->kernel.priv = f;
	while (text && *text) {
		size_t n = strcspn(text, ",");
		int r = f->n_rules < FAULT_RULES ?
			parse_rule(text, n, stage, &f->rule[f->n_rules]) : -1;
		if (r < 0) {
			if (bad)
				*bad = text;
			return NULL;
		}
		f->n_rules += (size_t)r;
		text += n + (text[n] == ',');
	}
	return &f->kernel;
}
