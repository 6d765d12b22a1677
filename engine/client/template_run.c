/* template_run.c - carrying a parsed template out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/template_ast.h"
#include "core/cleanup.h"
#include "core/json.h"

#define MAX_ARGS 16
#define MAX_VARIABLES 32

struct variable { const char *name; const cJSON *value; };

#define MAX_STEPS 200000	/* of one row; what people write takes some dozens */

struct run {
	const struct template *t;
	const char *type;
	bool head;		/* a table's head: nothing fails */
	cJSON *scrap;
	struct variable vars[MAX_VARIABLES];
	int n_vars;
	int steps;		/* pipelines so far: loops in loops must end */
	struct str *out;
	struct err *e;
};

static int line_start(const struct run *r, size_t at, size_t *start)
{
	int line = 1;

	*start = 0;
	for (size_t i = 0; i < at; i++)
		if (r->t->text[i] == '\n') {
			line++;
			*start = i + 1;
		}
	return line;
}

__attribute__((format(printf, 3, 4)))
static int fail(struct run *r, const struct t_arg *a, const char *fmt, ...)
{
	autofree char *what = NULL;
	size_t start;
	int line = line_start(r, a->at, &start);
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	return err_set(r->e, EINVAL, "template: :%d:%zu: executing \"\" at <%.*s>: %s", line,
		       a->at - start, (int)a->len, r->t->text + a->at, what ? what : "");
}

/* Go's structs and the API's JSON spell some fields differently: ID and Id, NanoCPUs
 * and NanoCpus, APIVersion and ApiVersion.  A map's keys are what they are. */
static const cJSON *field_of(const cJSON *v, const char *name)
{
	const cJSON *f = json_obj(v, name);

	return f || go_is_map(v) ? f : cJSON_GetObjectItem(v, name);
}

/* .A.B from a value. */
static int follow(struct run *r, const struct t_arg *a, const cJSON *from, const cJSON **out)
{
	for (char **f = a->fields; f && *f; f++) {
		const cJSON *next = cJSON_IsObject(from) ? field_of(from, *f) : NULL;

		if (!next && r->head) {
			from = t_keep(r->scrap, cJSON_CreateString(""));
			continue;
		}
		if (!next && cJSON_IsObject(from) && go_is_map(from)) {
			from = NULL;
			continue;
		}
		if (!next && r->type && from == r->vars[0].value)
			return fail(r, a, "can't evaluate field %s in type %s", *f, r->type);
		if (!next && from && !cJSON_IsObject(from))
			return fail(r, a, "can't evaluate field %s in type interface {}", *f);
		if (!next)
			return fail(r, a, "map has no entry for key \"%s\"", *f);
		from = next;
	}
	*out = from;
	return 0;
}

static int variable(struct run *r, const struct t_arg *a, const cJSON **out)
{
	for (int i = r->n_vars - 1; i >= 0; i--)
		if (str_eq(r->vars[i].name, a->name)) {
			*out = r->vars[i].value;
			return 0;
		}
	return fail(r, a, "undefined variable \"$%s\"", a->name);
}

static int eval_pipe(struct run *r, const struct t_pipe *p, const cJSON *dot, const cJSON **out);

static int call(struct run *r, const struct t_arg *a, const cJSON *const *args, int n,
		const cJSON **out)
{
	const struct t_function *f = t_function_find(a->name);
	struct err why = { 0 };

	if (r->head && f->shapes) {
		*out = n ? args[n - 1] : NULL;
		return 0;
	}
	if (n < f->min || (f->max >= 0 && n > f->max))
		return fail(r, a, "wrong number of args for %s: want %s%d got %d", a->name,
			    f->max < 0 ? "at least " : "", f->min, n);
	*out = f->call(r->scrap, args, n, &why);
	return why.code ? fail(r, a, "error calling %s: %s", a->name, why.what) : 0;
}

static int eval_arg(struct run *r, const struct t_arg *a, const cJSON *dot, const cJSON **out)
{
	const cJSON *v = dot;
	int rc = 0;

	switch (a->kind) {
	case T_FIELD:
		break;
	case T_VARIABLE:
		rc = variable(r, a, &v);
		break;
	case T_LITERAL:
		v = a->literal;
		break;
	case T_FUNCTION:
		rc = call(r, a, NULL, 0, &v);
		break;
	case T_PIPE:
		rc = eval_pipe(r, a->pipe, dot, &v);
		break;
	}
	return rc ? rc : follow(r, a, v, out);
}

/* .Label "key": the one method that docker's rows have.  Rows keep their labels
 * in a hidden field. */
static int method(struct run *r, const struct t_arg *a, const cJSON *dot, const cJSON *arg,
		  const cJSON **out)
{
	const char *key = cJSON_IsString(arg) ? arg->valuestring : "";

	if (a->kind != T_FIELD || !a->fields || !str_eq(a->fields[0], "Label"))
		return fail(r, a, "can't give argument to non-function");
	*out = t_keep(r->scrap, cJSON_CreateString(
		r->head ? key : json_str_or(json_obj(dot, FIELD_LABELS), key, "")));
	return 0;
}

/* One command; piped: the value of the one before it, its last argument. */
static int eval_command(struct run *r, const struct t_command *c, const cJSON *dot, bool has_piped,
			const cJSON *piped, const cJSON **out)
{
	const cJSON *args[MAX_ARGS];
	int n = 0, rc = 0;

	for (const struct t_arg *a = c->args->next; a && !rc; a = a->next) {
		if (n == MAX_ARGS - 1)
			return fail(r, a, "too many arguments");
		rc = eval_arg(r, a, dot, &args[n++]);
	}
	if (has_piped)
		args[n++] = piped;
	if (rc)
		return rc;
	if (c->args->kind == T_FUNCTION) {
		rc = call(r, c->args, args, n, out);
		return rc ? rc : follow(r, c->args, *out, out);
	}
	if (n)
		return method(r, c->args, dot, args[0], out);
	return eval_arg(r, c->args, dot, out);
}

static void set_variable(struct run *r, const char *name, const cJSON *value, bool assign)
{
	for (int i = r->n_vars - 1; assign && i >= 0; i--)
		if (str_eq(r->vars[i].name, name)) {
			r->vars[i].value = value;
			return;
		}
	if (r->n_vars < MAX_VARIABLES)
		r->vars[r->n_vars++] = (struct variable){ name, value };
}

static int eval_pipe(struct run *r, const struct t_pipe *p, const cJSON *dot, const cJSON **out)
{
	const cJSON *v = NULL;

	if (++r->steps > MAX_STEPS)
		return fail(r, p->commands->args, "too many steps");
	for (const struct t_command *c = p->commands; c; c = c->next) {
		int rc = eval_command(r, c, dot, c != p->commands, v, &v);

		if (rc)
			return rc;
	}
	*out = v;
	return 0;
}

static int run_list(struct run *r, const struct t_node *n, const cJSON *dot);

static int by_key(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static int range_items(struct run *r, const struct t_node *n, const cJSON *v)
{
	size_t count = (size_t)cJSON_GetArraySize(v), i = 0;
	autofree const cJSON **items = mem_alloc((count + 1) * sizeof(*items));
	const struct t_pipe *p = n->pipe;
	int vars = r->n_vars, rc = 0;
	const cJSON *c;

	cJSON_ArrayForEach(c, v)
		items[i++] = c;
	if (cJSON_IsObject(v))
		qsort(items, count, sizeof(*items), by_key);
	for (i = 0; i < count && !rc; i++) {
		const cJSON *key = cJSON_IsObject(v) ? cJSON_CreateString(items[i]->string)
						     : cJSON_CreateNumber((double)i);
		t_keep(r->scrap, (cJSON *)key);
		if (p->variable[1])
			set_variable(r, p->variable[0], key, false);
		if (p->variable[0])
			set_variable(r, p->variable[p->variable[1] ? 1 : 0], items[i], false);
		rc = run_list(r, n->body, items[i]);
		r->n_vars = vars;
	}
	return rc;
}

static int run_branch(struct run *r, const struct t_node *n, const cJSON *dot)
{
	const cJSON *v;
	int vars = r->n_vars, rc = eval_pipe(r, n->pipe, dot, &v);

	if (rc)
		return rc;
	if (n->kind != T_RANGE && n->pipe->variable[0])
		set_variable(r, n->pipe->variable[0], v, n->pipe->assign);
	if (!t_truth(v))
		rc = run_list(r, n->other, dot);
	else if (n->kind == T_RANGE)
		rc = cJSON_IsArray(v) || cJSON_IsObject(v)
			? range_items(r, n, v)
			: fail(r, n->pipe->commands->args, "range can't iterate over it");
	else
		rc = run_list(r, n->body, n->kind == T_WITH ? v : dot);
	r->n_vars = vars;
	return rc;
}

static int run_action(struct run *r, const struct t_node *n, const cJSON *dot)
{
	const cJSON *v;
	int rc = eval_pipe(r, n->pipe, dot, &v);

	if (rc)
		return rc;
	if (n->pipe->variable[0])
		set_variable(r, n->pipe->variable[0], v, n->pipe->assign);
	else if (v)
		go_print(v, r->out);
	else
		str_add(r->out, "<no value>");
	return 0;
}

static int run_list(struct run *r, const struct t_node *n, const cJSON *dot)
{
	int rc = 0;

	for (; n && !rc; n = n->next) {
		if (n->kind == T_TEXT)
			str_add(r->out, n->text);
		else if (n->kind == T_ACTION)
			rc = run_action(r, n, dot);
		else
			rc = run_branch(r, n, dot);
	}
	return rc;
}

static int run(const struct template *t, const cJSON *value, const char *type, bool head,
	       struct str *out, struct err *e)
{
	autojson cJSON *scrap = cJSON_CreateArray();
	struct run r = { .t = t, .type = type, .head = head, .scrap = scrap, .out = out, .e = e };

	str_add(out, "");
	r.vars[r.n_vars++] = (struct variable){ "", value };	/* $ */
	return run_list(&r, t->nodes, value);
}

int template_run(const struct template *t, const cJSON *value, const char *type, struct str *out,
		 struct err *e)
{
	return run(t, value, type, false, out, e);
}

int template_head(const struct template *t, const cJSON *heads, struct str *out)
{
	return run(t, heads, NULL, true, out, NULL);
}
