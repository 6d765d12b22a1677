/* engine_main_file.c - daemon.json, and what it and the flags say for containers.
 *
 * dockerd's rules: a key that nobody knows, or one that a flag has set, too, ends the
 * start, so that no line of the file is without effect.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/engine_main.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "core/size.h"
#include "core/str.h"
#include "runtime/container_config.h"
#include "runtime/container_limits.h"
#include "runtime/container_log.h"

/* dockerd's that are not ours: known, and refused by name. */
static const char elsewhere[] =
	" allow-nondistributable-artifacts api-cors-header authorization-plugins "
	"bridge-accept-fwmark builder cdi-spec-dirs cluster-advertise cluster-store containerd "
	"containerd-namespace containerd-plugin-namespace cpu-rt-period cpu-rt-runtime "
	"default-gateway default-gateway-v6 firewall-backend metrics-addr "
	"network-control-plane-mtu node-generic-resources oom-score-adjust "
	"rootless storage-opts swarm-default-advertise-addr userland-proxy-path ";

static const struct option_row *row_of(const char *key)
{
	for (size_t i = 0; i < n_option_rows; i++)
		if (option_rows[i].key && str_eq(option_rows[i].key, key))
			return &option_rows[i];
	return NULL;
}

/* -- values ------------------------------------------------------------------------ */

/* {"base": "10.0.0.0/8", "size": 24} as the flag says it: "base=10.0.0.0/8,size=24";
 * a limit, {"Name": "nofile", "Soft": 1, "Hard": 2}, as "nofile=1:2". */
static char *object_text(const cJSON *o)
{
	struct str text = { 0 };
	const cJSON *v;
	if (json_str(o, "Name"))
		return str_printf("%s=%lld:%lld", json_str(o, "Name"), (long long)json_int(o, "Soft", 0),
				  (long long)json_int(o, "Hard", 0));
	cJSON_ArrayForEach(v, o) {
		autofree char *number = cJSON_IsString(v) ? NULL : json_line(v);
		str_addf(&text, "%s%s=%s", text.len ? "," : "", v->string,
			 number ? number : v->valuestring);
	}
	return str_take(&text);
}

static char *value_text(const cJSON *v)
{
	return cJSON_IsString(v) ? str_dup(v->valuestring) : cJSON_IsObject(v) ? object_text(v)
								      : json_line(v);
}

/* {"bridge": {"mtu": "1400"}} as "bridge=mtu=1400". */
static void add_nested(struct settings *s, const struct option_row *r, const cJSON *object)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, object) {
		autofree char *value = value_text(v);
		autofree char *text = str_printf("%s=%s=%s", object->string, v->string, value);
		option_set(s, r, text);
	}
}

/* Of an object whose keys are the user's, each is "key=value", unless it is a limit. */
static void add_items(struct settings *s, const struct option_row *r, const cJSON *list)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, list) {
		autofree char *value = value_text(item);
		autofree char *pair = str_printf("%s=%s", item->string ? item->string : "", value);
		bool named = cJSON_IsObject(list) && !json_str(item, "Name");
		if (named && cJSON_IsObject(item) && cJSON_GetArraySize(item))
			add_nested(s, r, item);
		else
			option_set(s, r, named ? pair : value);
	}
}

static int set_key(struct settings *s, const struct option_row *r, const cJSON *v, struct err *e)
{
	bool list = cJSON_IsArray(v) || cJSON_IsObject(v);
	autofree char *value = value_text(v);
	static const char *const wanted[] = { [TEXT] = "string", [LIST] = "[]string",
					      [FLAG] = "bool", [OFF] = "bool" };
	bool right = r->kind == LIST ? list : r->kind == TEXT ? cJSON_IsString(v) || cJSON_IsNumber(v)
							      : cJSON_IsBool(v);
	if (!right)
		return err_set(e, EINVAL, "invalid JSON: wrong type for %s: it is a %s", r->key,
			       wanted[r->kind]);
	if (r->kind == LIST)
		add_items(s, r, v);
	else
		option_set(s, r, value);
	return 0;
}

/* {"proxies": {"http-proxy": URL}}: the keys within count as if they stood outside. */
static void lift_proxies(cJSON *o)
{
	autojson cJSON *proxies = cJSON_DetachItemFromObjectCaseSensitive(o, "proxies");
	cJSON *v;
	while (proxies && (v = cJSON_DetachItemViaPointer(proxies, proxies->child)))
		json_put(o, v->string, v);
}

/* -- the whole file ---------------------------------------------------------------- */

static int unknown(const cJSON *o, struct err *e)
{
	autostr struct str names = { 0 };
	const cJSON *v;
	cJSON_ArrayForEach(v, o) {
		autofree char *word = str_printf(" %s ", v->string);
		if (row_of(v->string))
			continue;
		if (strstr(elsewhere, word))
			return err_set(e, EINVAL, "the directive %s is not supported by this engine",
				       v->string);
		str_addf(&names, "%s%s", names.len ? ", " : "", v->string);
	}
	return names.len ? err_set(e, EINVAL, "the following directives don't match any configuration"
				   " option: %s", names.s) : 0;
}

/* As Go prints them: [a b]. */
static void add_list(struct str *out, char *const *v)
{
	for (size_t i = 0; v[i]; i++)
		str_addf(out, "%s%s", i ? " " : "[", v[i]);
	str_add(out, v[0] ? "]" : "[]");
}

static void add_value(struct str *out, struct settings *s, const struct option_row *r)
{
	if (r->kind == LIST)
		add_list(out, *list_at(s, r));
	else if (r->kind == TEXT)
		str_add(out, *text_at(s, r));
	else
		str_add(out, *flag_at(s, r) == (r->kind == FLAG) ? "true" : "false");
}

static int conflicts(struct settings *s, const bool *given, const cJSON *o, struct err *e)
{
	autostr struct str text = { 0 };
	const cJSON *v;
	cJSON_ArrayForEach(v, o) {
		const struct option_row *r = row_of(v->string);
		struct settings file = { 0 };
		if (!r || !given[r - option_rows])
			continue;
		if (r->kind == LIST)
			*list_at(&file, r) = mem_alloc(sizeof(char *));
		str_addf(&text, "%s%s: (from flag: ", text.len ? ", " : "", v->string);
		add_value(&text, s, r);
		str_add(&text, ", from file: ");
		if (set_key(&file, r, v, NULL) == 0)
			add_value(&text, &file, r);
		str_add(&text, ")");
		settings_free(&file);
	}
	return text.len ? err_set(e, EINVAL, "the following directives are specified both as a flag and"
				  " in the configuration file: %s", text.s) : 0;
}

static int apply(struct settings *s, const bool *given, const char *path, struct err *e)
{
	autostr struct str text = { 0 };
	autojson cJSON *o = NULL;
	const cJSON *v;
	int r = file_read(path, &text, e);
	if (r == 0)
		r = json_parse(text.s ? text.s : "", text.len, &o, e);
	lift_proxies(o);
	if (r < 0 || (r = unknown(o, e)) < 0 || (r = conflicts(s, given, o, e)) < 0)
		return r;
	cJSON_ArrayForEach(v, o)
		if (r == 0)
			r = set_key(s, row_of(v->string), v, e);
	return r;
}

int settings_file(struct settings *s, const bool *given, struct err *e)
{
	const char *path = s->config_file ? s->config_file : "/etc/drydock/daemon.json";
	if (!s->config_file && access(path, F_OK) < 0)
		return 0;
	int r = apply(s, given, path, e);
	return r < 0 ? err_wrap(e, "unable to configure the Docker daemon with file %s", path) : 0;
}

/* -- what containers get ----------------------------------------------------------- */

/* "nofile=1024:2048" */
static int add_limit(cJSON *list, const char *text, struct err *e)
{
	const char *eq = strchr(text, '=');
	char *end = NULL;
	long long soft = eq ? strtoll(eq + 1, &end, 10) : 0, hard = soft;
	if (end && *end == ':')
		hard = strtoll(end + 1, &end, 10);
	autofree char *name = strndup(text, eq ? (size_t)(eq - text) : strlen(text));
	if (!eq || *end || !rlimit_known(name))
		return err_set(e, EINVAL, !eq ? "invalid ulimit argument: %s" : "invalid ulimit type: %s",
			       !eq ? text : name);
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "Name", name);
	json_put_int(o, "Soft", soft);
	json_put_int(o, "Hard", hard);
	cJSON_AddItemToArray(list, o);
	return 0;
}

static cJSON *log_config(const struct settings *s)
{
	cJSON *o = cJSON_CreateObject(), *options = cJSON_CreateObject();
	json_put_str(o, "Type", s->log_driver ? s->log_driver : "json-file");
	for (char **v = s->log_opts; *v; v++) {
		autofree char *key = strndup(*v, strcspn(*v, "="));
		json_put_str(options, key, strchr(*v, '=') ? strchr(*v, '=') + 1 : "");
	}
	json_put(o, "Config", options);
	return o;
}

int settings_defaults(const struct settings *s, cJSON **out, struct err *e)
{
	const struct { const char *key; char **v; } lists[] = {
		{ "Dns", s->dns }, { "DnsSearch", s->dns_search }, { "DnsOptions", s->dns_opts } };
	const char *parent = s->cgroup_parent ? s->cgroup_parent : "";
	parent += *parent == '/';
	const struct { const char *key, *v; } texts[] = {
		{ "CgroupParent", str_eq(parent, "drydock") ? "" : parent }, { "CgroupnsMode", s->cgroupns },
		{ "IpcMode", s->ipc },
	};
	autojson cJSON *o = cJSON_CreateObject();
	cJSON *limits = cJSON_CreateArray();
	json_put(o, "Ulimits", limits);
	for (char **v = s->ulimits; *v; v++) {
		int r = add_limit(limits, *v, e);
		if (r < 0)
			return r;
	}
	int64_t shm = s->shm_size ? size_read(s->shm_size, 1024) : 0;
	if (s->shm_size && shm <= 0)
		return err_set(e, EINVAL, "invalid size: '%s'", s->shm_size);
	if (s->shm_size)
		json_put_int(o, "ShmSize", shm);
	if (s->init)
		json_put_bool(o, "Init", true);
	if (s->log_driver || s->log_opts[0])
		json_put(o, "LogConfig", log_config(s));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (lists[i].v[0])
			json_put_strv(o, lists[i].key, lists[i].v);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].v && *texts[i].v)	/* "drydock": where they are anyhow */
			json_put_str(o, texts[i].key, texts[i].v);
	int r = config_check_parent(json_str_or(o, "CgroupParent", ""), e);
	if (r == 0)
		r = log_check(json_obj(o, "LogConfig"), e);
	if (r < 0)
		return r;
	*out = steal_ptr(o);
	return 0;
}
