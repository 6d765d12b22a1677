/* complete.c - see complete.h. */
#include "client/complete.h"

#include <stdlib.h>
#include <string.h>

#include "client/verb.h"
#include "core/cleanup.h"
#include "core/json.h"

#define PATIENCE_MS 500	/* a line editor must not hang on its daemon */

struct found { char **list; const char *prefix; };

static void offer(struct found *f, const char *text, size_t len)
{
	size_t n = strlen(f->prefix);
	autofree char *word = strndup(text, len);

	if (len < n || strncmp(text, f->prefix, n) != 0)
		return;
	for (char **have = f->list; have && *have; have++)
		if (str_eq(*have, word))
			return;
	strv_add(&f->list, word);
}

static void offer_text(struct found *f, const char *text)
{
	offer(f, text, strlen(text));
}

/* Verbs of a group ("container "; "" is the top). */
static void offer_verbs(struct found *f, const char *group)
{
	for (const struct verb *const *t = verb_tables; *t; t++)
		for (const struct verb *v = *t; v->paths; v++) {
			size_t len, skip = strlen(group);
			const char *path = verb_path_in(v, group, &len);

			if (path && !v->hidden)
				offer(f, path + skip, len - skip);
		}
}

static void offer_options(struct found *f, const struct option *table)
{
	for (; table && table->name; table++) {
		if (table->hidden || table->since)
			continue;
		autofree char *name = str_printf("--%s", table->name);
		char letter[3] = { '-', table->letter, '\0' };

		offer_text(f, name);
		if (table->letter && strlen(f->prefix) < 2)
			offer_text(f, letter);
	}
	offer_text(f, "--help");
}

/* An element's names: Names (a list, '/' in front), RepoTags, or Name. */
static void offer_names(struct found *f, const cJSON *item)
{
	static const char *const lists[] = { "Names", "RepoTags" };
	const cJSON *n;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		cJSON_ArrayForEach(n, json_obj(item, lists[i]))
			if (cJSON_IsString(n))
				offer_text(f, n->valuestring + (*n->valuestring == '/'));
	if (json_str(item, "Name"))
		offer_text(f, json_str(item, "Name"));
}

static void ask(struct found *f, const char *path, const char *field)
{
	struct http_answer a = { 0 };
	struct http *h;
	const cJSON *item;

	if (http_open(NULL, &h, NULL))
		return;
	http_header(h, "X-Drydock-Actor", "engine");
	http_patience(h, PATIENCE_MS);
	if (http_call(h, "GET", path, NULL, &a, NULL) == 0) {
		const cJSON *list = field ? json_obj(a.json, field) : a.json;

		cJSON_ArrayForEach(item, list)
			offer_names(f, item);
	}
	http_answer_free(&a);
	http_close(h);
}

static const struct { enum complete_kind kind; const char *path, *field; } questions[] = {
	{ COMPLETE_CONTAINER, "/containers/json?all=1", NULL },
	{ COMPLETE_RUNNING, "/containers/json", NULL },
	{ COMPLETE_STOPPED,
	  "/containers/json?all=1&filters=%7B%22status%22:%5B%22exited%22,%22created%22%5D%7D", NULL },
	{ COMPLETE_IMAGE, "/images/json", NULL },
	{ COMPLETE_NETWORK, "/networks", NULL },
	{ COMPLETE_VOLUME, "/volumes", "Volumes" },
	{ COMPLETE_OBJECT, "/containers/json?all=1", NULL },
	{ COMPLETE_OBJECT, "/images/json", NULL },
	{ COMPLETE_OBJECT, "/networks", NULL },
	{ COMPLETE_OBJECT, "/volumes", "Volumes" },
};

static void offer_kind(struct found *f, enum complete_kind kind, bool *files)
{
	static const char *const signals[] = { "HUP", "INT", "KILL", "QUIT", "STOP", "CONT", "TERM",
					       "USR1", "USR2" };
	static const char *const caps[] = { "ALL", "CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL",
					    "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW",
					    "SETGID", "SETUID", "SYS_ADMIN", "SYS_CHROOT",
					    "SYS_PTRACE", "SYS_TIME" };

	*files = kind == COMPLETE_FILE;
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		if (questions[i].kind == kind)
			ask(f, questions[i].path, questions[i].field);
	for (size_t i = 0; kind == COMPLETE_SIGNAL && i < ARRAY_SIZE(signals); i++)
		offer_text(f, signals[i]);
	for (size_t i = 0; kind == COMPLETE_CAPABILITY && i < ARRAY_SIZE(caps); i++)
		offer_text(f, caps[i]);
}

/* The option whose value the last word is, if the word before it is one. */
static const struct option *value_of(const struct option *table, const char *before)
{
	size_t n = strlen(before);

	for (; table && table->name; table++) {
		if (table->type->flag)
			continue;
		if (str_starts(before, "--") && str_eq(before + 2, table->name))
			return table;
		if (before[0] == '-' && before[1] != '-' && n > 1 && before[n - 1] == table->letter)
			return table;
	}
	return NULL;
}

/* How many of the words are arguments, options and their values left out. */
static int arguments(const struct verb *v, int n, char *const *words)
{
	int args = 0;

	for (int i = 0; i < n; i++) {
		if (words[i][0] != '-')
			args++;
		else if (value_of(v->options, words[i]))
			i++;
	}
	return args;
}

static void complete_verb(struct found *f, const struct verb *v, int n, char *const *words,
			  bool *files)
{
	const struct option *o = n > 1 ? value_of(v->options, words[n - 2]) : NULL;
	int args = arguments(v, n - 1, words);
	bool inside = v->stop_early && args > 0;	/* the container's own words */

	if (inside)
		*files = true;
	else if (o)
		offer_kind(f, o->complete, files);
	else if (*f->prefix == '-')
		offer_options(f, v->options);
	else if (v->max_args < 0 || args < v->max_args)
		offer_kind(f, v->complete, files);
}

static void complete_top(struct found *f, int n, char *const *words)
{
	bool group = n == 2 && help_group_about(words[0], strlen(words[0]));

	if (group) {
		autofree char *prefix = str_printf("%s ", words[0]);
		offer_verbs(f, prefix);
		return;
	}
	if (n != 1)
		return;
	if (*f->prefix == '-') {
		offer_options(f, global_options);
		return;
	}
	offer_verbs(f, "");
	for (size_t i = 0; help_group_name(i); i++)
		offer_text(f, help_group_name(i));
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* How many words are options before the verb, and their values; the last one typed is
 * no such word, unless it is a value. */
static int global_words(int n, char *const *words)
{
	int i = 0;

	while (i < n - 1 && words[i][0] == '-')
		i += 1 + (value_of(global_options, words[i]) != NULL);
	return i;
}

char **docker_complete(int n, char *const *words, bool *files)
{
	int skip = global_words(n, words);
	const struct option *global = skip == n ? value_of(global_options, words[n - 2]) : NULL;
	struct found f = { .prefix = n ? words[n - 1] : "" };
	int used = 0;
	const struct verb *v = NULL;

	n -= skip;
	words += skip;
	if (n > 1)
		v = verb_find(n - 1, words, &used);
	*files = false;
	if (global)
		offer_kind(&f, global->complete, files);
	else if (v)
		complete_verb(&f, v, n - used, words + used, files);
	else
		complete_top(&f, n, words);
	if (!f.list)
		return mem_alloc(sizeof(char *));
	qsort(f.list, strv_len(f.list), sizeof(char *), by_text);
	return f.list;
}
