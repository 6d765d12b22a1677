/* go_value.c - JSON values as a Go program would print them. */
#include <stdlib.h>
#include <string.h>

#include "client/template.h"
#include "core/cleanup.h"
#include "core/str.h"

static bool hidden(const cJSON *field)
{
	return field->string && field->string[0] == FIELD_HIDDEN;
}

static void number(const cJSON *v, struct str *out)
{
	double d = v->valuedouble;

	if (d < 1e18 && d > -1e18 && (double)(long long)d == d)
		str_addf(out, "%lld", (long long)d);
	else
		str_addf(out, "%.17g", d);
}

bool go_is_map(const cJSON *v)
{
	static const char *const names[] = {
		"Labels", "Ports", "PortBindings", "ExposedPorts", "Volumes", "Networks", "Sysctls",
		"Annotations", "Options", "DriverOpts", "Tmpfs", "Attributes",
		"Data", "Containers", "StorageOpt",
	};

	for (size_t i = 0; v->string && i < ARRAY_SIZE(names); i++)
		if (str_eq(v->string, names[i]))
			return true;
	return false;
}

static void null(const cJSON *v, struct str *out)
{
	str_add(out, v && v->string && go_is_map(v) ? "map[]" :
		v && v->string && !str_eq(v->string, "Health") ? "[]" : "<nil>");
}

/* Go sorts a map's keys; a struct's fields stay in their order. */
static int by_key(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

static void print_map(const cJSON *v, struct str *out)
{
	size_t n = (size_t)cJSON_GetArraySize(v), i = 0;
	autofree const cJSON **items = mem_alloc((n + 1) * sizeof(*items));
	const cJSON *c;

	cJSON_ArrayForEach(c, v)
		items[i++] = c;
	qsort(items, n, sizeof(*items), by_key);
	str_add(out, "map[");
	for (i = 0; i < n; i++) {
		str_addf(out, "%s%s:", i ? " " : "", items[i]->string);
		go_print(items[i], out);
	}
	str_add(out, "]");
}

static void print_items(const cJSON *v, char open, char close, struct str *out)
{
	const cJSON *c;

	bool first = true;

	str_addf(out, "%c", open);
	cJSON_ArrayForEach(c, v) {
		if (hidden(c))
			continue;
		if (!first)
			str_add(out, " ");
		first = false;
		go_print(c, out);
	}
	str_addf(out, "%c", close);
}

void go_print(const cJSON *v, struct str *out)
{
	if (!v || cJSON_IsNull(v))
		null(v, out);
	else if (cJSON_IsString(v) || cJSON_IsRaw(v))
		str_add(out, v->valuestring);
	else if (cJSON_IsNumber(v))
		number(v, out);
	else if (cJSON_IsBool(v))
		str_add(out, cJSON_IsTrue(v) ? "true" : "false");
	else if (cJSON_IsArray(v))
		print_items(v, '[', ']', out);
	else if (go_is_map(v))
		print_map(v, out);
	else
		print_items(v, '{', '}', out);
}

/* encoding/json also escapes what would end a <script>. */
static void quote(const char *s, struct str *out)
{
	str_add(out, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else if (c == '\n')
			str_add(out, "\\n");
		else if (c == '\t')
			str_add(out, "\\t");
		else if (c == '\r')
			str_add(out, "\\r");
		else if (c < 32 || c == '<' || c == '>' || c == '&')
			str_addf(out, "\\u%04x", c);
		else
			str_addn(out, s, 1);
	}
	str_add(out, "\"");
}

static void json_items(const cJSON *v, const char *brackets, struct str *out)
{
	const cJSON *c;

	bool first = true;

	str_addn(out, brackets, 1);
	cJSON_ArrayForEach(c, v) {
		if (hidden(c))
			continue;
		if (!first)
			str_add(out, ",");
		first = false;
		if (*brackets == '{') {
			quote(c->string, out);
			str_add(out, ":");
		}
		go_json(c, out);
	}
	str_addn(out, brackets + 1, 1);
}

void go_json(const cJSON *v, struct str *out)
{
	if (!v || cJSON_IsNull(v))
		str_add(out, "null");
	else if (cJSON_IsString(v))
		quote(v->valuestring, out);
	else if (cJSON_IsArray(v))
		json_items(v, "[]", out);
	else if (cJSON_IsObject(v))
		json_items(v, "{}", out);
	else
		go_print(v, out);
}

static void new_line(struct str *out, const char *unit, int depth)
{
	str_add(out, "\n");
	while (depth-- > 0)
		str_add(out, unit);
}

/* A quoted string whole; returns the position behind it. */
static size_t copy_string(const char *text, size_t i, size_t n, struct str *out)
{
	size_t from = i++;

	while (i < n && text[i] != '"')
		i += text[i] == '\\' ? 2 : 1;
	i = i < n ? i + 1 : n;
	str_addn(out, text + from, i - from);
	return i;
}

static size_t next_solid(const char *text, size_t i, size_t n)
{
	while (i < n && strchr(" \t\r\n", text[i]) && text[i])
		i++;
	return i;
}

void json_indent(const char *text, size_t n, const char *unit, struct str *out)
{
	int depth = 0;

	for (size_t i = next_solid(text, 0, n); i < n; i = next_solid(text, i, n)) {
		char c = text[i];
		size_t after = next_solid(text, i + 1, n);

		if (c == '"') {
			i = copy_string(text, i, n, out);
			continue;
		}
		if (c == '}' || c == ']')
			new_line(out, unit, --depth);
		str_addn(out, &text[i++], 1);
		if ((c == '{' || c == '[') && after < n && text[after] == c + 2) {
			str_addn(out, &text[after], 1);	/* empty: {} or [] */
			i = after + 1;
		} else if (c == '{' || c == '[') {
			new_line(out, unit, ++depth);
		} else if (c == ',') {
			new_line(out, unit, depth);
		} else if (c == ':') {
			str_add(out, " ");
		}
	}
}
