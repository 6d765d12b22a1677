/* edit.c - sed and dd as far as lessons and scripts use them.
 *
 * sed: s/// with g, p, i and a number; p, d, q, =; addresses N, $, /re/ and N,M.  For
 * anything else it says that it is a model and exits 1.
 */
#include <regex.h>
#include <stdlib.h>

#include "sim/userland/tools/tools.h"

struct address { enum { ADDR_NONE, ADDR_LINE, ADDR_LAST, ADDR_RE } kind; long line; const char *re; };
struct command {
	struct address from, to;
	bool inside, not;
	char name;
	const char *re, *by;
	bool global, print, fold;
	long which;
};
struct sed { struct prog *p; struct command *c; size_t n; bool quiet, extended, in_place; long line; };

static _Noreturn void not_modelled(struct prog *p, const char *s)
{
	die(p, 1, "%s: this sed is a model; it knows s, p, d, q and = with addresses", s);
}

/* Up to the delimiter; \ before it is taken off. */
static char *sed_part(struct prog *p, const char **s, char delimiter)
{
	struct text t = { .a = p->a };

	while (**s && **s != delimiter) {
		if (**s == '\\' && (*s)[1]) {
			if ((*s)[1] != delimiter)
				text_addc(&t, '\\');
			(*s)++;
		}
		text_addc(&t, *(*s)++);
	}
	if (!**s)
		die(p, 1,
		    is_gnu(p) ? "-e expression #1: unterminated `s' command" : "unterminated %c",
		    delimiter);
	(*s)++;
	return text_str(&t);
}

static struct address sed_address(struct prog *p, const char **s)
{
	struct address a = { 0 };

	if (**s >= '0' && **s <= '9') {
		a.kind = ADDR_LINE;
		a.line = strtol(*s, (char **)s, 10);
	} else if (**s == '$') {
		a.kind = ADDR_LAST;
		(*s)++;
	} else if (**s == '/') {
		a.kind = ADDR_RE;
		(*s)++;
		a.re = sed_part(p, s, '/');
	}
	return a;
}

static void sed_flags(struct prog *p, const char **s, struct command *c)
{
	for (; **s && !strchr(";\n} ", **s); (*s)++) {
		if (**s == 'g')
			c->global = true;
		else if (**s == 'p')
			c->print = true;
		else if (**s == 'i' || **s == 'I')
			c->fold = true;
		else if (**s >= '1' && **s <= '9')
			c->which = **s - '0';
		else
			not_modelled(p, *s);
	}
}

enum { MOST_COMMANDS = 32 };

static void sed_script(struct sed *sed, const char *s)
{
	while (*s && sed->n < MOST_COMMANDS) {
		struct command *c = &sed->c[sed->n];

		s += strspn(s, " \t;\n");
		if (!*s)
			break;
		c->from = sed_address(sed->p, &s);
		if (*s == ',')
			s++, c->to = sed_address(sed->p, &s);
		s += strspn(s, " ");
		if (*s == '!')
			s++, c->not = true;
		c->name = *s ? *s++ : 0;
		if (c->name == 's' && *s) {
			char delimiter = *s++;

			c->re = sed_part(sed->p, &s, delimiter);
			c->by = sed_part(sed->p, &s, delimiter);
			sed_flags(sed->p, &s, c);
		} else if (!c->name || !strchr("pdq=", c->name)) {
			not_modelled(sed->p, s - 1);
		}
		sed->n++;
	}
}

/* Compiled, used and freed between two system calls: see grep.c. */
static bool re_find(struct sed *sed, const char *re, bool fold, const char *s, int eflags, regmatch_t *m)
{
	regex_t r;
	bool found;

	if (regcomp(&r, re, (sed->extended ? REG_EXTENDED : 0) | (fold ? REG_ICASE : 0)))
		die(sed->p, 1, "bad regex '%s'", re);
	found = !regexec(&r, s, 10, m, eflags);
	regfree(&r);
	return found;
}

static bool address_fits(struct sed *sed, const struct address *a, const char *line, bool last)
{
	regmatch_t m[10];

	return a->kind == ADDR_LINE ? a->line == sed->line : a->kind == ADDR_LAST ? last :
	       re_find(sed, a->re, false, line, 0, m);
}

static bool command_fits(struct sed *sed, struct command *c, const char *line, bool last)
{
	if (c->from.kind == ADDR_NONE)
		return true;
	if (c->inside) {
		c->inside = c->to.kind == ADDR_LINE ? sed->line < c->to.line
						    : !address_fits(sed, &c->to, line, last);
		return c->to.kind != ADDR_LINE || sed->line <= c->to.line;
	}
	if (!address_fits(sed, &c->from, line, last))
		return false;
	c->inside = c->to.kind == ADDR_LINE ? c->to.line > sed->line : c->to.kind != ADDR_NONE;
	return true;
}

static void put_replacement(struct text *t, const char *by, const char *s, const regmatch_t *m)
{
	for (; *by; by++) {
		int group = *by == '&' ? 0 : *by == '\\' && by[1] >= '0' && by[1] <= '9' ? by[1] - '0' : -1;

		if (group >= 0 && m[group].rm_so >= 0)
			text_addn(t, s + m[group].rm_so, (size_t)(m[group].rm_eo - m[group].rm_so));
		else if (group < 0 && *by == '\\' && by[1])
			text_addc(t, by[1] == 'n' ? '\n' : by[1] == 't' ? '\t' : by[1]);
		else if (group < 0)
			text_addc(t, *by);
		by += *by == '\\' && by[1];
	}
}

static char *substitute(struct sed *sed, const struct command *c, const char *s, bool *changed)
{
	struct text t = { .a = sed->p->a };
	regmatch_t m[10];
	long count = 0;
	int eflags = 0;

	while (re_find(sed, c->re, c->fold, s, eflags, m)) {
		bool this = ++count >= (c->which ? c->which : 1) &&
			    (c->global || count == (c->which ? c->which : 1));

		text_addn(&t, s, (size_t)m[0].rm_so);
		if (this)
			put_replacement(&t, c->by, s, m), *changed = true;
		else
			text_addn(&t, s + m[0].rm_so, (size_t)(m[0].rm_eo - m[0].rm_so));
		s += m[0].rm_eo;
		eflags = REG_NOTBOL;
		if (m[0].rm_eo == m[0].rm_so) {
			if (!*s)
				break;
			text_addc(&t, *s++);
		}
		if (this && !c->global)
			break;
	}
	text_add(&t, s);
	return text_str(&t);
}

/* True: no more lines (q). */
static bool sed_line(struct sed *sed, char *line, bool last, struct text *to)
{
	bool quit = false;

	sed->line++;
	for (size_t i = 0; i < sed->n && !quit; i++) {
		struct command *c = &sed->c[i];
		bool changed = false;

		if (command_fits(sed, c, line, last) == c->not)
			continue;
		if (c->name == 'd')
			return false;
		if (c->name == 's')
			line = substitute(sed, c, line, &changed);
		if (c->name == 'p' || (changed && c->print))
			text_addf(to, "%s\n", line);
		if (c->name == '=')
			text_addf(to, "%ld\n", sed->line);
		quit = c->name == 'q';
	}
	if (!sed->quiet)
		text_addf(to, "%s\n", line);
	return quit;
}

static void sed_one(struct prog *p, int fd, const char *name, void *arg)
{
	struct sed *sed = arg;
	struct text to = { .a = p->a };
	size_t n;
	long rc;
	char *s = read_fd(p, fd, &n, &rc), *end = s ? s + n : NULL;
	bool whole = s && (!n || end[-1] == '\n');

	while (s && s < end) {
		size_t len = strcspn(s, "\n");
		char *line = arena_dupn(p->a, s, len);

		s += len + 1;
		if (sed_line(sed, line, s >= end, &to))
			break;
	}
	if (!whole && to.n)
		to.n--;
	if (sed->in_place) {
		rc = sys_open(p->t, name, O_WRONLY | O_TRUNC, 0);
		if (rc >= 0)
			put_all(p->t, (int)rc, text_str(&to), to.n);
	} else {
		outn(p, text_str(&to), to.n);
	}
}

int tool_sed(struct prog *p)
{
	struct opts o;
	struct sed sed = { .p = p, .c = arena_alloc(p->a, MOST_COMMANDS * sizeof(struct command)) };

	parse_options(p, "nrEie:", NULL, &o);
	sed.quiet = o.has['n'];
	sed.extended = o.has['r'] || o.has['E'];
	sed.in_place = o.has['i'];
	if (!o.arg['e'] && !o.n)
		missing_operand(p, NULL);
	sed_script(&sed, o.arg['e'] ? o.arg['e'] : o.rest[0]);
	if (!o.arg['e'])
		o.rest++, o.n--;
	return each_input(p, &o, sed_one, &sed);
}

/* ---- dd ---- */

static const char *dd_arg(struct prog *p, const char *name)
{
	size_t n = strlen(name);

	for (int i = 1; i < p->argc; i++)
		if (!strncmp(p->argv[i], name, n) && p->argv[i][n] == '=')
			return p->argv[i] + n + 1;
	return NULL;
}

static long dd_number(struct prog *p, const char *name, long otherwise)
{
	const char *s = dd_arg(p, name);

	return s ? count_of(p, s) : otherwise;
}

/* Room for one block, but no more than is read at once. */
enum { DD_MOST = 64 << 10 };

static long dd_block(struct prog *p, int in, int to, long size, char *buf, long *error)
{
	long done = 0, n = 0;

	while (done < size &&
	       (n = sys_read(p->t, in, buf,
			     size - done < DD_MOST ? (size_t)(size - done) : DD_MOST)) > 0) {
		*error = put_all(p->t, to, buf, (size_t)n);
		if (*error < 0)
			return done;
		done += n;
	}
	*error = n < 0 ? n : 0;
	return done;
}

int tool_dd(struct prog *p)
{
	const char *from = dd_arg(p, "if"), *to = dd_arg(p, "of"), *status = dd_arg(p, "status");
	long bs = dd_number(p, "bs", 512), count = dd_number(p, "count", -1),
	     skip = dd_number(p, "skip", 0);
	long seek = dd_number(p, "seek", 0), in = 0, dest = 1, full = 0, part = 0, error = 0;
	char *buf = arena_alloc(p->a, DD_MOST);
	long long bytes = 0;
	const char *conv = dd_arg(p, "conv");

	if (from && (in = sys_open(p->t, from, O_RDONLY, 0)) < 0)
		return complain_of(p, in, is_gnu(p) ? "failed to open '%s'" : "can't open '%s'", from);
	if (to &&
	    (dest = sys_open(p->t, to,
			     O_WRONLY | O_CREAT |
				     (seek || (conv && strstr(conv, "notrunc")) ? 0 : O_TRUNC),
			     0666)) < 0)
		return complain_of(p, dest, is_gnu(p) ? "failed to open '%s'" : "can't open '%s'", to);
	if (skip)
		sys_lseek(p->t, (int)in, skip * bs, SEEK_SET);
	if (seek)
		sys_lseek(p->t, (int)dest, seek * bs, SEEK_SET);
	for (long i = 0; i != count && !error; i++) {
		long n = dd_block(p, (int)in, (int)dest, bs, buf, &error);

		full += n == bs;
		part += n > 0 && n < bs;
		bytes += n;
		if (n < bs)
			break;
	}
	if (error < 0)
		complain_of(p, error, "error writing '%s'", to ? to : "standard output");
	if (!status || strcmp(status, "none"))
		errorf(p, "%ld+%ld records in\n%ld+%ld records out\n", full, part, full, part);
	return p->status;
}
