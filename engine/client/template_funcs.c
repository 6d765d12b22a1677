/* template_funcs.c - the functions of Go's templates and of docker's. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/template_ast.h"
#include "core/cleanup.h"

#define FUNCTION(name) static const cJSON *f_##name(cJSON *scrap, const cJSON *const *args, int n, \
						    struct err *e)

const cJSON *t_keep(cJSON *scrap, cJSON *item)
{
	cJSON_AddItemToArray(scrap, item);
	return item;
}

static const cJSON *text(cJSON *scrap, struct str *s)
{
	const cJSON *v = t_keep(scrap, cJSON_CreateString(s->s ? s->s : ""));

	str_free(s);
	return v;
}

static const cJSON *boolean(cJSON *scrap, bool v)
{
	return t_keep(scrap, cJSON_CreateBool(v));
}

bool t_truth(const cJSON *v)
{
	if (!v || cJSON_IsNull(v) || cJSON_IsFalse(v))
		return false;
	if (cJSON_IsNumber(v))
		return v->valuedouble != 0;
	if (cJSON_IsString(v))
		return *v->valuestring != '\0';
	return cJSON_IsTrue(v) || v->child != NULL;
}

FUNCTION(and)
{
	for (int i = 0; i < n; i++)
		if (!t_truth(args[i]))
			return args[i];
	return args[n - 1];
}

FUNCTION(or)
{
	for (int i = 0; i < n; i++)
		if (t_truth(args[i]))
			return args[i];
	return args[n - 1];
}

FUNCTION(not)
{
	return boolean(scrap, !t_truth(args[0]));
}

static int compare(const cJSON *a, const cJSON *b)
{
	if (cJSON_IsNumber(a) && cJSON_IsNumber(b))
		return (a->valuedouble > b->valuedouble) - (a->valuedouble < b->valuedouble);
	autostr struct str x = { 0 }, y = { 0 };
	go_print(a, &x);
	go_print(b, &y);
	return strcmp(x.s ? x.s : "", y.s ? y.s : "");
}

FUNCTION(eq)
{
	for (int i = 1; i < n; i++)
		if (compare(args[0], args[i]) == 0)
			return boolean(scrap, true);
	return boolean(scrap, false);
}

FUNCTION(ne) { return boolean(scrap, compare(args[0], args[1]) != 0); }
FUNCTION(lt) { return boolean(scrap, compare(args[0], args[1]) < 0); }
FUNCTION(le) { return boolean(scrap, compare(args[0], args[1]) <= 0); }
FUNCTION(gt) { return boolean(scrap, compare(args[0], args[1]) > 0); }
FUNCTION(ge) { return boolean(scrap, compare(args[0], args[1]) >= 0); }

FUNCTION(len)
{
	const cJSON *v = args[0];
	double length = 0;

	if (cJSON_IsString(v))
		length = (double)strlen(v->valuestring);
	else if (v && !cJSON_IsNull(v) && !cJSON_IsArray(v) && !cJSON_IsObject(v))
		err_set(e, EINVAL, "len of type interface {}");
	else if (v)
		length = cJSON_GetArraySize(v);
	return t_keep(scrap, cJSON_CreateNumber(length));
}

FUNCTION(index)
{
	const cJSON *v = args[0];

	for (int i = 1; i < n && v; i++) {
		if (cJSON_IsObject(v) && cJSON_IsString(args[i])) {
			v = cJSON_GetObjectItemCaseSensitive(v, args[i]->valuestring);
		} else if (cJSON_IsArray(v) && cJSON_IsNumber(args[i])) {
			v = cJSON_GetArrayItem(v, args[i]->valueint);
			if (!v)
				err_set(e, EINVAL, "reflect: slice index out of range");
		} else {
			err_set(e, EINVAL, "index of untyped nil");
			return NULL;
		}
	}
	return v ? v : t_keep(scrap, cJSON_CreateString(""));
}

/* A place in a text of `len` bytes; a number that is none is told as Go tells it. */
static size_t place(const cJSON *v, size_t len, struct err *e)
{
	double at = v->valuedouble;

	if (at >= 0 && at <= (double)len)
		return (size_t)at;
	err_set(e, EINVAL, "index out of range: %.0f", at);
	return 0;
}

FUNCTION(slice)
{
	struct str s = { 0 }, part = { 0 };

	go_print(args[0], &s);
	size_t from = n > 1 && cJSON_IsNumber(args[1]) ? place(args[1], s.len, e) : 0;
	size_t to = n > 2 && cJSON_IsNumber(args[2]) ? place(args[2], s.len, e) : s.len;
	if (from > to && !e->code)
		err_set(e, EINVAL, "invalid slice index: %zu > %zu", from, to);
	if (from < to)
		str_addn(&part, s.s + from, to - from);
	str_free(&s);
	return text(scrap, &part);
}

/* Go's print puts spaces between operands that are not text, println always. */
static const cJSON *print_all(cJSON *scrap, const cJSON *const *args, int n, bool line)
{
	struct str s = { 0 };

	for (int i = 0; i < n; i++) {
		if (i && (line || (!cJSON_IsString(args[i]) && !cJSON_IsString(args[i - 1]))))
			str_add(&s, " ");
		go_print(args[i], &s);
	}
	str_add(&s, line ? "\n" : "");
	return text(scrap, &s);
}

FUNCTION(print) { return print_all(scrap, args, n, false); }
FUNCTION(println) { return print_all(scrap, args, n, true); }

/* One "%-10.3s" with its argument; spec is NUL-terminated. */
static void print_verb(struct str *out, const char *spec, char verb, const cJSON *v)
{
	autostr struct str s = { 0 };
	autofree char *flags = strndup(spec, strlen(spec) - 1);
	autofree char *as_text = str_printf("%ss", flags), *as_int = str_printf("%slld", flags);
	autofree char *as_real = str_printf("%s%c", flags, verb);
	autofree char *as_hex = str_printf("%sllx", flags);

	if (strchr("dx", verb) && cJSON_IsNumber(v)) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		str_addf(out, verb == 'd' ? as_int : as_hex, (long long)v->valuedouble);
	} else if (strchr("feg", verb) && cJSON_IsNumber(v)) {
		str_addf(out, as_real, v->valuedouble);
	} else {
		(verb == 'q' ? go_json : go_print)(v, &s);
		str_addf(out, as_text, s.s ? s.s : "");
#pragma GCC diagnostic pop
	}
}

FUNCTION(printf)
{
	struct str out = { 0 };
	const char *f = cJSON_IsString(args[0]) ? args[0]->valuestring : "";
	int at = 1;

	while (*f) {
		size_t plain = strcspn(f, "%");

		str_addn(&out, f, plain);
		f += plain;
		if (!*f)
			break;
		size_t len = 1 + strspn(f + 1, "-+ 0123456789.");
		char verb = f[len];
		autofree char *spec = len < 20 ? strndup(f, len + 1) : NULL;
		f += len + (verb != '\0');
		if (verb == '%')
			str_add(&out, "%");
		else if (!spec || !verb || !strchr("vsdqxfegt", verb))
			str_addf(&out, "%%!%c(NOVERB)", verb ? verb : ' ');
		else if (at < n)
			print_verb(&out, spec, verb, args[at++]);
		else
			str_addf(&out, "%%!%c(MISSING)", verb);
	}
	return text(scrap, &out);
}

FUNCTION(json)
{
	struct str s = { 0 };

	go_json(args[0], &s);
	return text(scrap, &s);
}

FUNCTION(join)
{
	struct str s = { 0 };
	const char *between = cJSON_IsString(args[1]) ? args[1]->valuestring : "";
	const cJSON *c;

	cJSON_ArrayForEach(c, args[0]) {
		str_add(&s, c == args[0]->child ? "" : between);
		go_print(c, &s);
	}
	return text(scrap, &s);
}

FUNCTION(split)
{
	cJSON *list = cJSON_CreateArray();
	const char *s = cJSON_IsString(args[0]) ? args[0]->valuestring : "";
	const char *by = cJSON_IsString(args[1]) ? args[1]->valuestring : "", *at;

	while (*by && (at = strstr(s, by))) {
		autofree char *part = strndup(s, (size_t)(at - s));
		cJSON_AddItemToArray(list, cJSON_CreateString(part));
		s = at + strlen(by);
	}
	cJSON_AddItemToArray(list, cJSON_CreateString(s));
	return t_keep(scrap, list);
}

static const cJSON *change_case(cJSON *scrap, const cJSON *v, int (*first)(int), int (*rest)(int))
{
	struct str s = { 0 };

	go_print(v, &s);
	for (size_t i = 0; i < s.len; i++) {
		bool start = i == 0 || isspace((unsigned char)s.s[i - 1]);
		int (*change)(int) = start ? first : rest;

		if (change)
			s.s[i] = (char)change((unsigned char)s.s[i]);
	}
	return text(scrap, &s);
}

FUNCTION(lower) { return change_case(scrap, args[0], tolower, tolower); }
FUNCTION(upper) { return change_case(scrap, args[0], toupper, toupper); }
FUNCTION(title) { return change_case(scrap, args[0], toupper, NULL); }

FUNCTION(pad)
{
	struct str s = { 0 };
	int before = cJSON_IsNumber(args[1]) ? args[1]->valueint : 0;
	int after = cJSON_IsNumber(args[2]) ? args[2]->valueint : 0;

	if (!cJSON_IsString(args[0]) || !*args[0]->valuestring || before > 1000 || after > 1000)
		return args[0];
	str_addf(&s, "%*s%s%*s", before, "", args[0]->valuestring, after, "");
	return text(scrap, &s);
}

FUNCTION(truncate)
{
	struct str s = { 0 };
	size_t max = cJSON_IsNumber(args[1]) && args[1]->valueint > 0 ? (size_t)args[1]->valueint : 0;

	go_print(args[0], &s);
	if (s.len > max) {
		s.len = max;
		s.s[max] = '\0';
	}
	return text(scrap, &s);
}

static const struct t_function functions[] = {
	{ "and", 1, -1, f_and, false }, { "or", 1, -1, f_or, false }, { "not", 1, 1, f_not, false },
	{ "eq", 2, -1, f_eq, false }, { "ne", 2, 2, f_ne, false }, { "lt", 2, 2, f_lt, false },
	{ "le", 2, 2, f_le, false }, { "gt", 2, 2, f_gt, false }, { "ge", 2, 2, f_ge, false },
	{ "len", 1, 1, f_len, true }, { "index", 1, -1, f_index, true },
	{ "slice", 1, 3, f_slice, true }, { "print", 0, -1, f_print, false },
	{ "printf", 1, -1, f_printf, false }, { "println", 0, -1, f_println, false },
	{ "json", 1, 1, f_json, true }, { "join", 2, 2, f_join, true },
	{ "split", 2, 2, f_split, true }, { "lower", 1, 1, f_lower, true },
	{ "upper", 1, 1, f_upper, true }, { "title", 1, 1, f_title, true },
	{ "pad", 3, 3, f_pad, true }, { "truncate", 2, 2, f_truncate, true },
};

const struct t_function *t_function_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}
