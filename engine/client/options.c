/* options.c - one parser for all tables. */
#include "client/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/specs.h"
#include "client/values.h"
#include "core/cleanup.h"

static int check_bool(const char *text, struct err *e)
{
	bool v;

	return value_bool(text, &v, e);
}

static int check_int(const char *text, struct err *e)
{
	int64_t v;

	return value_int(text, &v, e);
}

static int check_uint16(const char *text, struct err *e)
{
	char *end;
	errno = 0;
	unsigned long v = strtoul(text, &end, 10);

	if (strspn(text, "0123456789") != strlen(text) || !*text)
		return err_set(e, EINVAL, "strconv.ParseUint: parsing \"%s\": invalid syntax", text);
	if (errno || v > UINT16_MAX)
		return err_set(e, EINVAL, "strconv.ParseUint: parsing \"%s\": value out of range",
			       text);
	return 0;
}

static int check_bytes(const char *text, struct err *e)
{
	int64_t v;

	return value_bytes(text, &v, e);
}

static int check_duration(const char *text, struct err *e)
{
	int64_t v;

	return value_duration(text, &v, e);
}

static int check_nano(const char *text, struct err *e)
{
	int64_t v;

	return value_nano(text, &v, e);
}

static int check_filter(const char *text, struct err *e)
{
	if (strchr(text, '='))
		return 0;
	return err_set(e, EINVAL, "bad format of filter (expected name=value)");
}

static int check_env(const char *text, struct err *e)
{
	if (*text && *text != '=')
		return 0;
	return err_set(e, EINVAL, "invalid environment variable: %s", text);
}

static int check_stream(const char *text, struct err *e)
{
	if (strcasecmp(text, "stdin") == 0 || strcasecmp(text, "stdout") == 0 ||
	    strcasecmp(text, "stderr") == 0)
		return 0;
	return err_set(e, EINVAL, "valid streams are STDIN, STDOUT and STDERR");
}

const struct option_type opt_flag = { "", true, false, false, check_bool };
const struct option_type opt_string = { "string", false, false, false, NULL };
const struct option_type opt_int = { "int", false, false, false, check_int };
const struct option_type opt_bytes = { "bytes", false, false, false, check_bytes };
const struct option_type opt_duration = { "duration", false, false, false, check_duration };
const struct option_type opt_decimal = { "decimal", false, false, false, check_nano };
const struct option_type opt_list = { "list", false, true, false, NULL };
const struct option_type opt_map = { "map", false, true, false, NULL };
const struct option_type opt_filter = { "filter", false, true, false, check_filter };
const struct option_type opt_ulimit = { "ulimit", false, true, false, spec_check_ulimit };
const struct option_type opt_mount = { "mount", false, true, false, spec_check_mount };
const struct option_type opt_env = { "list", false, true, false, check_env };
const struct option_type opt_stream = { "list", false, true, false, check_stream };
const struct option_type opt_strings = { "strings", false, true, true, NULL };
const struct option_type opt_uint16 = { "uint16", false, false, false, check_uint16 };
const struct option_type opt_weight = { "list", false, true, false, spec_check_weight };
const struct option_type opt_network = { "network", false, true, false, NULL };
const struct option_type opt_host = { "list", false, true, false, spec_check_host };

static const struct option *by_name(const struct option *t, const char *name, size_t len)
{
	for (; t->name; t++)
		if (strncmp(t->name, name, len) == 0 && !t->name[len])
			return t;
	return NULL;
}

static const struct option *by_letter(const struct option *t, char letter)
{
	for (; t->name; t++)
		if (t->letter && t->letter == letter)
			return t;
	return NULL;
}

static int store(struct options *o, const struct option *row, const char *value, struct err *e)
{
	char ***slot = &o->values[row - o->table];
	struct err why = { 0 };

	if (row->type->check && row->type->check(value, &why)) {
		if (row->letter)
			return err_set(e, EINVAL, "invalid argument \"%s\" for \"-%c, --%s\" flag: %s",
				       value, row->letter, row->name, why.what);
		return err_set(e, EINVAL, "invalid argument \"%s\" for \"--%s\" flag: %s", value,
			       row->name, why.what);
	}
	if (!row->type->many && *slot) {
		strv_free(*slot);
		*slot = NULL;
	}
	if (!row->type->commas) {
		strv_add(slot, value);
		return 0;
	}
	autofree char *copy = str_dup(value);
	char *at = copy, *part;
	while ((part = strsep(&at, ",")))
		strv_add(slot, part);
	return 0;
}

/* The words still to be read. */
struct words { int argc; char *const *argv; int at; };

static int long_option(struct options *o, const char *text, struct words *w, struct err *e)
{
	size_t len = strcspn(text, "=");
	const struct option *row = by_name(o->table, text, len);

	if (!len)
		return err_set(e, EINVAL, "bad flag syntax: --%s", text);
	if (strcmp(text, "help") == 0) {
		o->help = true;
		return 0;
	}
	if (!row)
		return err_set(e, EINVAL, "unknown flag: --%.*s", (int)len, text);
	if (text[len] == '=')
		return store(o, row, text + len + 1, e);
	if (row->type->flag)
		return store(o, row, "true", e);
	if (w->at == w->argc)
		return err_set(e, EINVAL, "flag needs an argument: --%s", text);
	return store(o, row, w->argv[w->at++], e);
}

/* A bundle: flags, then perhaps an option with its value behind it. */
static int short_options(struct options *o, const char *bundle, struct words *w, struct err *e)
{
	for (const char *p = bundle; *p; p++) {
		const struct option *row = by_letter(o->table, *p);

		if (!row && *p == 'h') {
			o->help = true;
			continue;
		}
		if (!row)
			return err_set(e, EINVAL, "unknown shorthand flag: '%c' in -%s", *p, p);
		if (p[1] == '=')
			return store(o, row, p + 2, e);
		if (row->type->flag) {
			int r = store(o, row, "true", e);
			if (r)
				return r;
			continue;
		}
		if (p[1])
			return store(o, row, p + 1, e);
		if (w->at == w->argc)
			return err_set(e, EINVAL, "flag needs an argument: '%c' in -%s", *p, p);
		return store(o, row, w->argv[w->at++], e);
	}
	return 0;
}

static void rest(struct options *o, struct words *w)
{
	while (w->at < w->argc) {
		strv_add(&o->args, w->argv[w->at++]);
		o->n_args++;
	}
}

int options_parse(const struct option *table, bool stop_early, int argc, char *const *argv,
		  struct options *out, struct err *e)
{
	struct words w = { argc, argv, 0 };
	size_t rows = 0;

	while (table[rows].name)
		rows++;
	*out = (struct options){ .table = table, .values = mem_alloc((rows + 1) * sizeof(char **)) };
	while (w.at < w.argc) {
		const char *word = w.argv[w.at++];
		int r = 0;

		if (strcmp(word, "--") == 0) {
			rest(out, &w);
		} else if (word[0] == '-' && word[1]) {
			r = word[1] == '-' ? long_option(out, word + 2, &w, e)
					   : short_options(out, word + 1, &w, e);
		} else {
			strv_add(&out->args, word);
			out->n_args++;
			if (stop_early)
				rest(out, &w);
		}
		if (r)
			return r;
	}
	return 0;
}

void options_free(struct options *o)
{
	for (size_t i = 0; o->values && o->table[i].name; i++)
		strv_free(o->values[i]);
	free(o->values);
	strv_free(o->args);
	*o = (struct options){ 0 };
}

static size_t row_of(const struct options *o, const char *name)
{
	const struct option *row = by_name(o->table, name, strlen(name));

	if (!row)	/* a mistake in our tables, not in the user's words */
		abort();
	return (size_t)(row - o->table);
}

bool opt_given(const struct options *o, const char *name)
{
	return o->values[row_of(o, name)] != NULL;
}

const char *opt_text(const struct options *o, const char *name)
{
	size_t i = row_of(o, name);

	return o->values[i] ? o->values[i][strv_len(o->values[i]) - 1] : o->table[i].preset;
}

void opt_default(struct options *o, const char *name, const char *value)
{
	size_t i = row_of(o, name);

	if (*(opt_text(o, name) ?: ""))
		return;
	strv_free(o->values[i]);
	o->values[i] = mem_alloc(sizeof(char *));
	strv_add(&o->values[i], value);
}

bool opt_on(const struct options *o, const char *name)
{
	const char *text = opt_text(o, name);
	bool on = false;

	return text && value_bool(text, &on, NULL) == 0 && on;
}

char *const *opt_all(const struct options *o, const char *name)
{
	static char *const none[] = { NULL };
	size_t i = row_of(o, name);

	return o->values[i] ? o->values[i] : none;
}

int64_t opt_number(const struct options *o, const char *name)
{
	const char *text = opt_text(o, name);
	int64_t v = 0;

	if (text)
		value_int(text, &v, NULL);
	return v;
}
