/* body.c - options into create's body.
 *
 * Only what was said is sent: the daemon knows the defaults, and the body stays
 * as readable as the command line.
 */
#include "client/body.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "client/specs.h"
#include "client/values.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"

/* The object that holds field's last part ("HostConfig.LogConfig.Type"), made as
 * needed; *leaf points at that part. */
static cJSON *holder(cJSON *body, const char *field, const char **leaf)
{
	const char *dot;

	while ((dot = strchr(field, '.'))) {
		autofree char *key = strndup(field, (size_t)(dot - field));
		cJSON *o = json_obj(body, key);

		body = o ? o : cJSON_AddObjectToObject(body, key);
		field = dot + 1;
	}
	*leaf = field;
	return body;
}

static void place(cJSON *body, const char *field, cJSON *value)
{
	const char *leaf;
	cJSON *o = holder(body, field, &leaf);

	cJSON_DeleteItemFromObjectCaseSensitive(o, leaf);
	cJSON_AddItemToObject(o, leaf, value);
}

/* The array or object at field, made if missing. */
static cJSON *container_at(cJSON *body, const char *field, bool array)
{
	const char *leaf;
	cJSON *o = holder(body, field, &leaf), *c = json_obj(o, leaf);

	if (!c) {
		c = array ? cJSON_CreateArray() : cJSON_CreateObject();
		cJSON_AddItemToObject(o, leaf, c);
	}
	return c;
}

PUT(text)
{
	place(body, field, cJSON_CreateString(values[0]));
	return 0;
}

PUT(flag)
{
	bool on = false;

	value_bool(values[0], &on, NULL);
	if (on)
		place(body, field, cJSON_CreateTrue());
	return 0;
}

/* Where false says something that the default does not. */
PUT(bool)
{
	bool on = false;

	value_bool(values[0], &on, NULL);
	place(body, field, cJSON_CreateBool(on));
	return 0;
}

/* A number as text: exact where a double is not (64-bit limits). */
static int put_number(cJSON *body, const char *field, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)v);
	place(body, field, cJSON_CreateRaw(text));
	return 0;
}

#define PUT_NUMBER(name)							\
	PUT(name)								\
	{									\
		int64_t v;							\
		int r = value_##name(values[0], &v, e);				\
										\
		return r ? r : put_number(body, field, v);			\
	}
PUT_NUMBER(int)
PUT_NUMBER(bytes)
PUT_NUMBER(duration)
PUT_NUMBER(nano)

PUT(list)
{
	cJSON *list = container_at(body, field, true);

	for (; *values; values++)
		cJSON_AddItemToArray(list, cJSON_CreateString(*values));
	return 0;
}

/* "net_admin" is CAP_NET_ADMIN; ALL stays. */
PUT(caps)
{
	cJSON *list = container_at(body, field, true);

	for (; *values; values++) {
		bool bare = strncasecmp(*values, "CAP_", 4) != 0 && strcasecmp(*values, "ALL") != 0;
		autofree char *name = str_printf("%s%s", bare ? "CAP_" : "", *values);

		for (char *c = name; *c; c++)
			*c = (char)toupper((unsigned char)*c);
		cJSON_AddItemToArray(list, cJSON_CreateString(name));
	}
	return 0;
}

/* One text that the API wants as a list (--entrypoint). */
PUT(one_list)
{
	cJSON *list = container_at(body, field, true);

	cJSON_AddItemToArray(list, cJSON_CreateString(values[0]));
	return 0;
}

PUT(map)
{
	cJSON *map = container_at(body, field, false);

	for (; *values; values++) {
		const char *eq = strchr(*values, '=');
		autofree char *key = eq ? strndup(*values, (size_t)(eq - *values))
					: str_dup(*values);

		cJSON_DeleteItemFromObjectCaseSensitive(map, key);
		json_put_str(map, key, eq ? eq + 1 : "");
	}
	return 0;
}

/* "A" takes its value from our environment, if it has one there. */
static char *env_pair(const char *text)
{
	const char *value = strchr(text, '=') ? NULL : getenv(text);

	return value ? str_printf("%s=%s", text, value) : str_dup(text);
}

PUT(env)
{
	cJSON *list = container_at(body, field, true);

	for (; *values; values++) {
		autofree char *pair = env_pair(*values);

		cJSON_AddItemToArray(list, cJSON_CreateString(pair));
	}
	return 0;
}

/* The lines of an --env-file or --label-file, without comments. */
static int read_lines(const char *path, char ***out, struct err *e)
{
	autostr struct str text = { 0 };
	struct err why = { 0 };
	char *rest, *line;

	if (file_read(path, &text, &why))
		return err_set(e, why.code, "open %s: %s", path,
			       why.code == ENOENT ? "no such file or directory"
						  : strerror(why.code));
	rest = text.s;
	while (rest && (line = strsep(&rest, "\n"))) {
		line += strspn(line, " \t");
		line[strcspn(line, "\r")] = '\0';
		if (!*line || *line == '#')
			continue;
		size_t name = strcspn(line, "=");
		if (memchr(line, ' ', name))
			return err_set(e, EINVAL, "invalid env file (%s): variable '%.*s' contains "
				       "whitespaces", path, (int)name, line);
		strv_add(out, line);
	}
	return 0;
}

/* Reads each file and hands its lines to put_env or put_map. */
static int put_files(cJSON *body, const char *field, char *const *files,
		     int (*put)(cJSON *, const char *, char *const *, struct err *), struct err *e)
{
	int r = 0;

	for (; *files && !r; files++) {
		char **lines = NULL;

		r = read_lines(*files, &lines, e);
		if (!r && lines)
			r = put(body, field, lines, e);
		strv_free(lines);
	}
	return r;
}

PUT(env_file)
{
	return put_files(body, field, values, put_env, e);
}

PUT(label_file)
{
	return put_files(body, field, values, put_map, e);
}

/* "./data:/data": the daemon has no working folder of ours. */
static char *absolute_source(const char *bind)
{
	char here[PATH_MAX];
	size_t n = strcspn(bind, ":");

	if (*bind != '.' || !(bind[1] == '/' || bind[1] == '.' || bind[1] == ':') ||
	    !getcwd(here, sizeof(here)))
		return str_dup(bind);
	autofree char *source = strndup(bind, n);
	autofree char *joined = str_printf("%s/%s", here, source);
	autofree char *real = realpath(joined, NULL);
	return str_printf("%s%s", real ? real : joined, bind + n);
}

PUT(volume)
{
	for (; *values; values++) {
		if (strchr(*values, ':')) {
			autofree char *bind = absolute_source(*values);
			cJSON_AddItemToArray(container_at(body, field, true),
					     cJSON_CreateString(bind));
		} else {
			cJSON_AddItemToObject(container_at(body, "Volumes", false), *values,
					      cJSON_CreateObject());
		}
	}
	return 0;
}

PUT(publish)
{
	cJSON *exposed = container_at(body, "ExposedPorts", false);
	cJSON *bindings = container_at(body, field, false);
	int r = 0;

	for (; *values && !r; values++)
		r = spec_port(*values, exposed, bindings, e);
	return r;
}

PUT(expose)
{
	cJSON *exposed = container_at(body, field, false);
	int r = 0;

	for (; *values && !r; values++)
		r = spec_expose(*values, exposed, e);
	return r;
}

PUT(restart)
{
	cJSON *policy;
	int r = spec_restart(values[0], &policy, e);

	if (!r)
		place(body, field, policy);
	return r;
}

/* Each value becomes an element of the array. */
static int put_each(cJSON *body, const char *field, char *const *values,
		    int (*make)(const char *, cJSON **, struct err *), struct err *e)
{
	cJSON *list = container_at(body, field, true), *item = NULL;

	for (; *values; values++) {
		int r = make(*values, &item, e);
		if (r)
			return r;
		cJSON_AddItemToArray(list, item);
	}
	return 0;
}

PUT(ulimit)
{
	return put_each(body, field, values, spec_ulimit, e);
}

PUT(device)
{
	return put_each(body, field, values, spec_device, e);
}

PUT(mount)
{
	return put_each(body, field, values, spec_mount, e);
}

PUT(tmpfs)
{
	cJSON *map = container_at(body, field, false);

	for (; *values; values++) {
		size_t n = strcspn(*values, ":");
		autofree char *path = strndup(*values, n);
		json_put_str(map, path, (*values)[n] ? *values + n + 1 : "");
	}
	return 0;
}

static int make_throttle(const char *text, cJSON **out, struct err *e)
{
	const char *colon = strrchr(text, ':');
	int64_t rate;

	if (!colon || *text != '/' || value_bytes(colon + 1, &rate, NULL) || rate < 0)
		return err_set(e, EINVAL, "bad format: %s", text);
	autofree char *path = strndup(text, (size_t)(colon - text));
	*out = cJSON_CreateObject();
	json_put_str(*out, "Path", path);
	json_put_int(*out, "Rate", rate);
	return 0;
}

PUT(throttle)
{
	return put_each(body, field, values, make_throttle, e);
}

PUT(weight)
{
	return put_each(body, field, values, spec_weight, e);
}

PUT(health)
{
	cJSON *test = container_at(body, field, true);

	cJSON_AddItemToArray(test, cJSON_CreateString("CMD-SHELL"));
	cJSON_AddItemToArray(test, cJSON_CreateString(values[0]));
	return 0;
}

PUT(no_health)
{
	bool on = false;

	value_bool(values[0], &on, NULL);
	if (on)
		cJSON_AddItemToArray(container_at(body, field, true), cJSON_CreateString("NONE"));
	return 0;
}

/* seccomp=FILE: the profile itself travels, the daemon can't read our files. */
static int security_option(const char *text, struct str *out, struct err *e)
{
	autostr struct str profile = { 0 };
	autojson cJSON *j = NULL;

	if (!strpbrk(text, "=:") && !str_eq(text, "no-new-privileges"))
		return err_set(e, EINVAL, "Invalid --security-opt: \"%s\"", text);
	if (!str_starts(text, "seccomp=") || str_eq(text, "seccomp=unconfined") ||
	    str_eq(text, "seccomp=builtin")) {
		str_add(out, text);
		return 0;
	}
	if (file_read(text + 8, &profile, NULL))
		return err_set(e, ENOENT, "opening seccomp profile (%s) failed: open %s: no such "
			       "file or directory", text + 8, text + 8);
	if (json_parse(profile.s ? profile.s : "", profile.len, &j, NULL))
		return err_set(e, EINVAL, "compacting json for seccomp profile (%s) failed",
			       text + 8);
	autofree char *line = json_line(j);
	str_addf(out, "seccomp=%s", line);
	return 0;
}

PUT(security)
{
	for (; *values; values++) {
		autostr struct str text = { 0 };
		int r = security_option(*values, &text, e);

		if (r)
			return r;
		if (str_eq(text.s, "systempaths=unconfined")) {
			container_at(body, "HostConfig.MaskedPaths", true);
			container_at(body, "HostConfig.ReadonlyPaths", true);
			continue;
		}
		cJSON_AddItemToArray(container_at(body, field, true), cJSON_CreateString(text.s));
	}
	return 0;
}

/* name=ip is the newer way to write name:ip. */
PUT(hosts)
{
	cJSON *list = container_at(body, field, true);

	for (; *values; values++) {
		autofree char *host = str_dup(*values);

		host[strcspn(host, "=:")] = ':';
		cJSON_AddItemToArray(list, cJSON_CreateString(host));
	}
	return 0;
}

static bool built_in_network(const char *name)
{
	return str_eq(name, "default") || str_eq(name, "bridge") || str_eq(name, "host") ||
	       str_eq(name, "none") || str_starts(name, "container:");
}

/* The first network is the container's mode; users' own networks are endpoints. */
PUT(network)
{
	for (bool first = true; *values; values++, first = false) {
		autofree char *name = NULL;
		autojson cJSON *settings = NULL;
		int r = spec_network(*values, &name, &settings, e);

		if (r)
			return r;
		if (first)
			place(body, field, cJSON_CreateString(name));
		cJSON *all = container_at(body, "NetworkingConfig.EndpointsConfig", false);
		bool plain = built_in_network(name) && !settings->child;
		if (!plain && !json_obj(all, name))
			cJSON_AddItemToObject(all, name, steal_ptr(settings));
	}
	return 0;
}

/* --ip, --ip6, --network-alias … belong to the first network's endpoint. */
static void endpoint_options(cJSON *body, const struct options *o)
{
	static const struct { const char *option, *field; bool list; } rows[] = {
		{ "ip", "IPAMConfig.IPv4Address", false },
		{ "ip6", "IPAMConfig.IPv6Address", false },
		{ "link-local-ip", "IPAMConfig.LinkLocalIPs", true },
		{ "network-alias", "Aliases", true },
		{ "link", "Links", true },
		{ "mac-address", "MacAddress", false },
	};
	const char *mode = json_str_or(json_obj(body, "HostConfig"), "NetworkMode", "default");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool link = str_eq(rows[i].option, "link");

		if (!opt_given(o, rows[i].option) || (link && built_in_network(mode)))
			continue;
		cJSON *all = container_at(body, "NetworkingConfig.EndpointsConfig", false);
		cJSON *ep = json_obj(all, mode);
		if (!ep)
			ep = cJSON_AddObjectToObject(all, mode);
		(rows[i].list ? put_list : put_text)(ep, rows[i].field, opt_all(o, rows[i].option),
						     NULL);
	}
}

/* What run and create refuse before they ask the daemon. */
static int conflicts(const struct options *o, struct err *e)
{
	if (opt_on(o, "rm") && opt_given(o, "restart") && !str_eq(opt_text(o, "restart"), "no"))
		return err_set(e, EINVAL, "conflicting options: cannot specify both --restart and "
			       "--rm");
	if (opt_on(o, "no-healthcheck") && opt_given(o, "health-cmd"))
		return err_set(e, EINVAL, "--no-healthcheck conflicts with --health-* options");
	return 0;
}

int body_options(cJSON *body, const struct options *o, struct err *e)
{
	int r = 0;

	for (size_t i = 0; !r && o->table[i].name; i++)
		if (o->values[i] && o->table[i].put)
			r = o->table[i].put(body, o->table[i].field, o->values[i], e);
	return r;
}

int body_create(const struct options *o, char *const *args, cJSON **out, struct err *e)
{
	autojson cJSON *body = cJSON_CreateObject();
	int r = conflicts(o, e);

	cJSON_AddObjectToObject(body, "HostConfig");
	r = r ? r : body_options(body, o, e);
	if (r)
		return r;
	endpoint_options(body, o);
	json_put_str(body, "Image", args[0]);
	if (args[1])
		put_list(body, "Cmd", args + 1, e);
	*out = steal_ptr(body);
	return 0;
}
