/* printf.c - printf(1): the format is used again until no argument is left. */
#include <stdio.h>
#include <stdlib.h>

#include "sim/userland/tools/tools.h"

struct printing {
	struct prog *p;
	struct text t;
	char **arg;			/* the next argument; NULL at the end */
	bool stop;
};

static const char *next_arg(struct printing *x)
{
	return *x->arg ? *x->arg++ : NULL;
}

static long long number_arg(struct printing *x)
{
	const char *s = next_arg(x);
	long long n;
	char *end;

	if (!s)
		return 0;
	if ((*s == '"' || *s == '\'') && s[1])
		return (unsigned char)s[1];
	n = *s == '-' ? strtoll(s, &end, 0) : (long long)strtoull(s, &end, 0);
	if (*end || end == s) {
		if (is_gnu(x->p))
			complain(x->p,
				 end == s ? "'%s': expected a numeric value"
					  : "'%s': value not completely converted",
				 s);
		else
			complain(x->p, "invalid number '%s'", s);
		return is_gnu(x->p) ? n : 0;
	}
	return n;
}

static void put_b(struct printing *x, const char *s)
{
	while (*s && !x->stop) {
		int n = 0;

		if (*s != '\\' || !s[1]) {
			text_addc(&x->t, *s++);
			continue;
		}
		n = put_escape(&x->t, s + 1, true);
		x->stop = n < 0;
		s += n + 1;
	}
}

/* One conversion; flags, width and precision go to the C library as they are. */
static const char *convert(struct printing *x, const char *s)
{
	struct text spec = { .a = x->p->a };
	size_t n;
	const char *arg;

	text_addc(&spec, *s++);
	while ((n = strspn(s, "-+ #0123456789.*"))) {
		for (size_t i = 0; i < n; i++)
			if (s[i] == '*')
				text_addf(&spec, "%lld", number_arg(x) % 1000);
			else
				text_addc(&spec, s[i]);
		s += n;
	}
	if (strlen(text_str(&spec)) > 16)
		x->stop = true;
	else if (*s && strchr("diouxX", *s))
		text_addf(&spec, "ll%c", *s), text_addf(&x->t, text_str(&spec), number_arg(x));
	else if (*s && strchr("eEfFgG", *s))
		arg = next_arg(x), text_addc(&spec, *s),
		text_addf(&x->t, text_str(&spec), strtod(arg ? arg : "0", NULL));
	else if (*s == 's')
		arg = next_arg(x), text_addc(&spec, *s), text_addf(&x->t, text_str(&spec), arg ? arg : "");
	else if (*s == 'c')
		arg = next_arg(x), text_addn(&x->t, arg ? arg : "", arg && *arg ? 1 : 0);
	else if (*s == 'b')
		arg = next_arg(x), put_b(x, arg ? arg : "");
	else if (*s == '%')
		text_addc(&x->t, '%');
	else
		complain(x->p, "%%%c: invalid format", *s ? *s : ' '), x->stop = true;
	return *s ? s + 1 : s;
}

static void once(struct printing *x, const char *s)
{
	while (*s && !x->stop) {
		if (*s == '%') {
			s = convert(x, s);
		} else if (*s == '\\' && s[1]) {
			int n = put_escape(&x->t, s + 1, false);

			x->stop = n < 0;
			s += n + 1;
		} else {
			text_addc(&x->t, *s++);
		}
	}
}

int tool_printf(struct prog *p)
{
	struct printing x = { .p = p, .t.a = p->a };
	int i = p->argc > 1 && !strcmp(p->argv[1], "--") ? 2 : 1;
	char **before;

	if (i >= p->argc)
		missing_operand(p, NULL);
	x.arg = p->argv + i + 1;
	do {
		before = x.arg;
		once(&x, p->argv[i]);
	} while (!x.stop && *x.arg && x.arg != before);
	outn(p, text_str(&x.t), x.t.n);
	return p->status;
}
