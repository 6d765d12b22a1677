/* config_change.c - one function for each kind of field, one row for each word. */
#include "image/config_change.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/str.h"
#include "image/manifest.h"

#define PORT_MAX 65535

struct change {
	const struct config_change *c;
	const struct word *word;
	cJSON *config;
	bool *cmd_set;
};

struct word {
	const char *word, *key;
	int min_args, max_args;		/* -1: no limit */
	int (*apply)(struct change *ch, struct err *e);
};

/* ---- pieces ---------------------------------------------------------------------- */

static void set(cJSON *o, const char *key, cJSON *value)
{
	cJSON_DeleteItemFromObjectCaseSensitive(o, key);
	json_put(o, key, value);
}

static cJSON *child(cJSON *o, const char *key, cJSON *(*make)(void))
{
	cJSON *c = json_obj(o, key);
	if (c && !cJSON_IsNull(c))
		return c;
	c = make();
	set(o, key, c);
	return c;
}

static cJSON *list_of(char *const *v)
{
	cJSON *a = cJSON_CreateArray();
	for (; *v; v++)
		cJSON_AddItemToArray(a, cJSON_CreateString(*v));
	return a;
}

char **image_config_shell(const cJSON *config, const char *text)
{
	char **argv = json_strv(json_obj(config, "Shell"));
	if (!argv[0]) {
		strv_add(&argv, "/bin/sh");
		strv_add(&argv, "-c");
	}
	if (text)
		strv_add(&argv, text);
	return argv;
}

/* The command of CMD and ENTRYPOINT: JSON as it is, else through the shell. */
static cJSON *command(struct change *ch)
{
	if (ch->c->json)
		return list_of(ch->c->args);
	char **argv = image_config_shell(ch->config, ch->c->args[0]);
	cJSON *list = list_of(argv);
	strv_free(argv);
	return list;
}

/* ---- commands -------------------------------------------------------------------- */

static int apply_cmd(struct change *ch, struct err *e)
{
	set(ch->config, "Cmd", command(ch));
	*ch->cmd_set = true;
	return 0;
}

static int apply_entrypoint(struct change *ch, struct err *e)
{
	bool none = !ch->c->args[0];
	set(ch->config, "Entrypoint", none ? cJSON_CreateNull() : command(ch));
	if (!*ch->cmd_set)
		set(ch->config, "Cmd", cJSON_CreateNull());
	return 0;
}

static int apply_shell(struct change *ch, struct err *e)
{
	if (!ch->c->json)
		return err_set(e, EINVAL, "SHELL requires the arguments to be in JSON form");
	set(ch->config, "Shell", list_of(ch->c->args));
	return 0;
}

/* ---- names with values ----------------------------------------------------------- */

static cJSON *env_row(const cJSON *env, const char *name)
{
	size_t n = strlen(name);
	cJSON *row;
	cJSON_ArrayForEach(row, env) {
		const char *text = cJSON_GetStringValue(row);
		if (text && strncmp(text, name, n) == 0 && text[n] == '=')
			return row;
	}
	return NULL;
}

char *image_config_env(const cJSON *config, const char *name)
{
	const cJSON *row = env_row(json_obj(config, "Env"), name);
	return row ? str_dup(row->valuestring + strlen(name) + 1) : NULL;
}

static void put_env(struct change *ch, const char *name, const char *value)
{
	cJSON *env = child(ch->config, ch->word->key, cJSON_CreateArray);
	cJSON *row = env_row(env, name);
	autofree char *text = str_printf("%s=%s", name, value);
	if (row)
		cJSON_SetValuestring(row, text);
	else
		cJSON_AddItemToArray(env, cJSON_CreateString(text));
}

static void put_label(struct change *ch, const char *name, const char *value)
{
	set(child(ch->config, ch->word->key, cJSON_CreateObject), name,
	    cJSON_CreateString(value));
}

static int each_pair(struct change *ch, void (*put)(struct change *, const char *, const char *),
		     struct err *e)
{
	for (char *const *a = ch->c->args; a[0] && a[1]; a += 2) {
		if (!*a[0])
			return err_set(e, EINVAL, "%s names can not be blank", ch->word->word);
		put(ch, a[0], a[1]);
	}
	return 0;
}

static int apply_env(struct change *ch, struct err *e) { return each_pair(ch, put_env, e); }
static int apply_label(struct change *ch, struct err *e) { return each_pair(ch, put_label, e); }

/* ---- one text -------------------------------------------------------------------- */

static int apply_text(struct change *ch, struct err *e)
{
	set(ch->config, ch->word->key, cJSON_CreateString(ch->c->args[0]));
	return 0;
}

/* A relative path goes on from the one before; "." and ".." are worked out. */
static int apply_workdir(struct change *ch, struct err *e)
{
	const char *to = ch->c->args[0], *from = json_str_or(ch->config, "WorkingDir", "");
	autofree char *joined = *to == '/' ? str_dup(to) : str_printf("%s/%s", from, to);
	autofree char *clean = str_clean_path(joined);
	autofree char *path = str_printf("/%s", clean);
	if (!*to)
		return err_set(e, EINVAL, "cannot normalize nothing");
	set(ch->config, "WorkingDir", cJSON_CreateString(path));
	return 0;
}

/* ---- sets ------------------------------------------------------------------------ */

static int apply_volume(struct change *ch, struct err *e)
{
	cJSON *volumes = child(ch->config, ch->word->key, cJSON_CreateObject);
	for (char *const *a = ch->c->args; *a; a++) {
		const char *from = *a + strspn(*a, " \t");
		autofree char *path = str_dup(from);
		for (size_t n = strlen(path); n && isspace((unsigned char)path[n - 1]); )
			path[--n] = '\0';
		if (!*path)
			return err_set(e, EINVAL, "VOLUME specified can not be an empty string");
		set(volumes, path, cJSON_CreateObject());
	}
	return 0;
}

/* The number at *s, which moves on; -1 for none, or none that is a port. */
static long port_at(const char **s)
{
	char *end;
	long n = isdigit((unsigned char)**s) ? strtol(*s, &end, 10) : -1;
	if (n >= 0)
		*s = end;
	return n > PORT_MAX ? -1 : n;
}

/* "80", "80/udp", "8000-8002/tcp". */
static int put_ports(cJSON *ports, const char *spec, struct err *e)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp" };
	const char *s = spec, *proto = strchr(spec, '/');
	long first = port_at(&s), last = first;
	bool known = !proto;
	proto = proto ? proto + 1 : "tcp";
	if (*spec == '/')
		return err_set(e, EINVAL, "no port specified: %s<empty>", spec);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		known |= strcasecmp(protocols[i], proto) == 0;
	if (!known)
		return err_set(e, EINVAL, "invalid proto: %s", proto);
	if (*s == '-') {
		s++;
		last = port_at(&s);
	}
	if (first < 0 || last < first || (*s && *s != '/'))
		return err_set(e, EINVAL, "invalid containerPort: %.*s", (int)strcspn(spec, "/"), spec);
	for (long n = first; n <= last; n++) {
		autofree char *port = str_printf("%ld/%s", n, proto);
		for (char *p = port; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		set(ports, port, cJSON_CreateObject());
	}
	return 0;
}

static int apply_expose(struct change *ch, struct err *e)
{
	cJSON *ports = child(ch->config, ch->word->key, cJSON_CreateObject);
	int r = 0;
	for (char *const *a = ch->c->args; *a && r == 0; a++)
		r = put_ports(ports, *a, e);
	return r;
}

/* ---- triggers and health --------------------------------------------------------- */

static int apply_onbuild(struct change *ch, struct err *e)
{
	const char *trigger = ch->c->args[0] + strspn(ch->c->args[0], " \t");
	autofree char *word = strndup(trigger, strcspn(trigger, " \t"));
	for (char *p = word; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	if (str_eq(word, "ONBUILD"))
		return err_set(e, EINVAL, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
	if (str_eq(word, "FROM") || str_eq(word, "MAINTAINER"))
		return err_set(e, EINVAL, "%s isn't allowed as an ONBUILD trigger", word);
	cJSON_AddItemToArray(child(ch->config, ch->word->key, cJSON_CreateArray),
			     cJSON_CreateString(trigger));
	return 0;
}

static const struct { const char *flag, *key; } health_times[] = {
	{ "--interval=", "Interval" }, { "--timeout=", "Timeout" },
	{ "--start-period=", "StartPeriod" }, { "--start-interval=", "StartInterval" },
};

/* "1m30s", Go's way; 0 means the default, less than a millisecond is a mistake. */
static int health_time(cJSON *health, const char *key, const char *flag, const char *text,
		       struct err *e)
{
	int64_t ns;
	if (clock_duration(text, &ns) < 0)
		return err_set(e, EINVAL, "time: invalid duration \"%s\"", text);
	if (ns < 0 || (ns && ns < 1000000))
		return err_set(e, EINVAL, "Interval \"%.*s\" cannot be less than 1ms",
			       (int)strlen(flag) - 3, flag + 2);
	if (ns)
		json_put_int(health, key, ns);
	return 0;
}

static int health_flag(cJSON *health, const char *flag, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(health_times); i++)
		if (str_starts(flag, health_times[i].flag))
			return health_time(health, health_times[i].key, health_times[i].flag,
					   flag + strlen(health_times[i].flag), e);
	if (str_starts(flag, "--retries=")) {
		char *end;
		long n = strtol(flag + 10, &end, 10);
		if (end == flag + 10 || *end)
			return err_set(e, EINVAL, "strconv.ParseInt: parsing \"%s\": invalid syntax",
				       flag + 10);
		if (n < 0)
			return err_set(e, EINVAL, "--retries cannot be negative (%ld)", n);
		if (n)
			json_put_int(health, "Retries", n);
		return 0;
	}
	return err_set(e, EINVAL, "unknown flag: %.*s", (int)strcspn(flag, "="), flag);
}

/* args: NONE, or CMD and its command (a list if it was JSON, else one text). */
static int apply_healthcheck(struct change *ch, struct err *e)
{
	char *const *a = ch->c->args;
	autojson cJSON *health = cJSON_CreateObject();
	int r = 0;
	if (strcasecmp(a[0], "NONE") == 0) {
		char *none[] = { (char *)"NONE", NULL };
		if (a[1])
			return err_set(e, EINVAL, "HEALTHCHECK NONE takes no arguments");
		json_put(health, "Test", list_of(none));
	} else if (strcasecmp(a[0], "CMD") == 0) {
		cJSON *test = cJSON_CreateArray();
		json_put(health, "Test", test);
		cJSON_AddItemToArray(test, cJSON_CreateString(ch->c->json ? "CMD" : "CMD-SHELL"));
		for (size_t i = 1; a[i]; i++)
			cJSON_AddItemToArray(test, cJSON_CreateString(a[i]));
		if (!a[1])
			return err_set(e, EINVAL, "Missing command after HEALTHCHECK CMD");
	} else {
		return err_set(e, EINVAL, "Unknown type \"%s\" in HEALTHCHECK (try CMD)", a[0]);
	}
	for (char *const *f = ch->c->flags; f && *f && r == 0; f++)
		r = health_flag(health, *f, e);
	if (r == 0)
		set(ch->config, "Healthcheck", steal_ptr(health));
	return r;
}

/* ---- the table ------------------------------------------------------------------- */

static const struct word words[] = {
	{ "CMD",         "Cmd",          0, -1, apply_cmd },
	{ "ENTRYPOINT",  "Entrypoint",   0, -1, apply_entrypoint },
	{ "ENV",         "Env",          2, -1, apply_env },
	{ "EXPOSE",      "ExposedPorts", 1, -1, apply_expose },
	{ "HEALTHCHECK", "Healthcheck",  1, -1, apply_healthcheck },
	{ "LABEL",       "Labels",       2, -1, apply_label },
	{ "ONBUILD",     "OnBuild",      1,  1, apply_onbuild },
	{ "SHELL",       "Shell",        1, -1, apply_shell },
	{ "STOPSIGNAL",  "StopSignal",   1,  1, apply_text },
	{ "USER",        "User",         1,  1, apply_text },
	{ "VOLUME",      "Volumes",      1, -1, apply_volume },
	{ "WORKDIR",     "WorkingDir",   1,  1, apply_workdir },
};

static const struct word *find(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(words[i].word, word) == 0)
			return &words[i];
	return NULL;
}

bool image_config_knows(const char *word) { return find(word) != NULL; }

int image_config_change(cJSON *config, const struct config_change *c, bool *cmd_set,
			struct err *e)
{
	struct change ch = { c, find(c->word), config, cmd_set };
	int n = (int)strv_len(c->args);
	if (!ch.word)
		return err_set(e, EINVAL, "unknown instruction: %s", c->word);
	if (n < ch.word->min_args || (ch.word->max_args >= 0 && n > ch.word->max_args))
		return err_set(e, EINVAL, "%s requires %s argument", ch.word->word,
			       ch.word->max_args == 1 ? "exactly one" : "at least one");
	return ch.word->apply(&ch, e);
}

cJSON *image_document_empty(const char *arch)
{
	cJSON *doc = cJSON_CreateObject(), *rootfs = cJSON_CreateObject();
	const char *here = platform_here(), *slash = strchr(here, '/');
	json_put_str(doc, "architecture", arch ? arch : slash ? slash + 1 : here);
	json_put_str(doc, "os", "linux");
	json_put_str(rootfs, "type", "layers");
	json_put(rootfs, "diff_ids", cJSON_CreateArray());
	json_put(doc, "rootfs", rootfs);
	json_put(doc, "history", cJSON_CreateArray());
	return doc;
}
