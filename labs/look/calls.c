#include "labs/look/calls.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"

#define SHORT_ID 12

/* Arguments that are numbers of descriptors and processes: others in each run. */
static bool is_handle(const char *name)
{
	static const char *const names[] = {
		"fd", "fs", "ns", "from", "to", "from_fd", "to_fd", "dir", "pid", "listener",
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

/* The text with the container's id, in full and cut, as "ID". */
static void add_without_id(struct str *out, const char *text, const char *id)
{
	size_t full = strlen(id);
	while (*text) {
		size_t n = full && strncmp(text, id, full) == 0 ? full :
			   full > SHORT_ID && strncmp(text, id, SHORT_ID) == 0 ? SHORT_ID : 0;
		if (n)
			str_add(out, "ID");
		else
			str_addn(out, text, 1);
		text += n ? n : 1;
	}
}

static char *key_of(const cJSON *call)
{
	struct str out = { 0 };
	const cJSON *arg;
	const char *id = json_str_or(call, "container", "");
	str_addf(&out, "%s(", json_str_or(call, "call", ""));
	cJSON_ArrayForEach(arg, json_obj(call, "args")) {
		const char *value = json_str_or(arg, "value", "");
		if (is_handle(json_str(arg, "name")) && isdigit((unsigned char)value[0]))
			str_add(&out, "#");
		else if (!strstr(value, "pid="))
			add_without_id(&out, value, id);
		str_add(&out, ",");
	}
	str_addf(&out, ") %s", json_str_or(call, "errno", ""));
	return str_take(&out);
}

static void add_call(struct calls *c, const cJSON *call)
{
	struct str text = { 0 };
	add_without_id(&text, json_str_or(call, "text", ""), json_str_or(call, "container", ""));
	c->v = mem_grow(c->v, (c->n + 1) * sizeof(*c->v));
	c->v[c->n++] = (struct call){ key_of(call), str_take(&text),
				      str_dup(json_str_or(call, "why", "")),
				      str_dup(json_str_or(call, "region", "")) };
}

/* What a start begins with: its control group, or its process where it has none. */
static bool begins(const cJSON *line)
{
	const char *call = json_str_or(line, "call", "");
	return str_eq(call, "cg_mkdir") || str_eq(call, "spawn");
}

void calls_take(const cJSON *trace, int number, struct calls *out)
{
	const cJSON *line;
	int run = 0;
	bool under_way = false;
	*out = (struct calls){ 0 };
	cJSON_ArrayForEach(line, trace) {
		const char *kind = json_str_or(line, "kind", "");
		const char *region = json_str_or(line, "region", "");
		if (str_eq(kind, "close") && str_eq(region, "exit"))
			under_way = false;
		if (!str_eq(kind, "call") || !*region)
			continue;	/* the engine's own book-keeping has no region */
		if (!under_way && begins(line)) {
			run++;
			under_way = true;
		}
		if (run == number)
			add_call(out, line);
	}
}

void calls_free(struct calls *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->v[i].key);
		free(c->v[i].text);
		free(c->v[i].why);
		free(c->v[i].region);
	}
	free(c->v);
	*c = (struct calls){ 0 };
}

/* best[i][j]: how long the common part of a from i and b from j is. */
void calls_match(const struct calls *a, const struct calls *b, long *same)
{
	size_t w = b->n + 1;
	autofree unsigned *best = mem_alloc((a->n + 1) * w * sizeof(*best));
	for (size_t i = a->n; i-- > 0;)
		for (size_t j = b->n; j-- > 0;) {
			unsigned skip_a = best[(i + 1) * w + j], skip_b = best[i * w + j + 1];
			bool equal = str_eq(a->v[i].key, b->v[j].key);
			best[i * w + j] = equal ? best[(i + 1) * w + j + 1] + 1 :
					  skip_a > skip_b ? skip_a : skip_b;
		}
	for (size_t i = 0, j = 0; i < a->n; i++) {
		while (j < b->n && !str_eq(a->v[i].key, b->v[j].key) &&
		       best[i * w + j + 1] > best[(i + 1) * w + j])
			j++;
		bool equal = j < b->n && str_eq(a->v[i].key, b->v[j].key);
		same[i] = equal ? (long)j++ : -1;
	}
}
