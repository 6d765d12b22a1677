/* system.c - version and info. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "client/docker.h"
#include "client/human.h"
#include "client/rows.h"
#include "client/template.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/json.h"

#define LABEL_WIDTH 20	/* docker's column of values in `version` */

static int get(struct command *c, const char *path, struct http_answer *a, struct err *e)
{
	struct http *h;
	int r = command_http(c, &h, e);

	return r ? r : http_call(h, "GET", path, NULL, a, e);
}

static const char *architecture(void)
{
	static struct utsname u;

	if (uname(&u))
		return "unknown";
	return str_eq(u.machine, "x86_64") ? "amd64" : str_eq(u.machine, "aarch64") ? "arm64"
		: u.machine;
}

static void line(const char *indent, const char *label, const char *value)
{
	int width = LABEL_WIDTH - (int)strlen(indent);

	printf("%s%-*s%s\n", indent, width, label, value);
}

static void print_client(void)
{
	autofree char *platform = str_printf("linux/%s", architecture());

	printf("Client: Drydock\n");
	line(" ", "Version:", DRYDOCK_VERSION);
	line(" ", "API version:", DOCKER_API);
	line(" ", "Like docker:", DOCKER_SPEAKS);
	line(" ", "OS/Arch:", platform);
	line(" ", "Context:", "default");
}

/* The engine's details that `version` shows, in docker's order. */
static void print_engine(const cJSON *d, const char *version)
{
	static const struct { const char *label, *key; } rows[] = {
		{ "Go version:", "GoVersion" }, { "Git commit:", "GitCommit" },
		{ "Built:", "BuildTime" },
	};
	autofree char *api = str_printf("%s (minimum version %s)", json_str_or(d, "ApiVersion", ""),
					json_str_or(d, "MinAPIVersion", ""));
	autofree char *platform = str_printf("%s/%s", json_str_or(d, "Os", ""),
					     json_str_or(d, "Arch", ""));

	line("  ", "Version:", version);
	line("  ", "API version:", api);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (json_str(d, rows[i].key))
			line("  ", rows[i].label, json_str(d, rows[i].key));
	line("  ", "OS/Arch:", platform);
	line("  ", "Experimental:", json_str_or(d, "Experimental", "false"));
}

static void print_component(const cJSON *part)
{
	const cJSON *details = json_obj(part, "Details"), *d;

	printf(" %s:\n", json_str_or(part, "Name", ""));
	if (str_eq(json_str(part, "Name"), "Engine")) {
		print_engine(details, json_str_or(part, "Version", ""));
		return;
	}
	line("  ", "Version:", json_str_or(part, "Version", ""));
	cJSON_ArrayForEach(d, details) {
		autofree char *label = str_printf("%s:", d->string);
		line("  ", label, cJSON_IsString(d) ? d->valuestring : "");
	}
}

static void print_server(const cJSON *v)
{
	const char *name = json_str_or(json_obj(v, "Platform"), "Name", "");
	const cJSON *part;

	printf("\nServer:%s%s\n", *name ? " " : "", name);
	cJSON_ArrayForEach(part, json_obj(v, "Components"))
		print_component(part);
}

static cJSON *client_json(void)
{
	cJSON *o = cJSON_CreateObject();

	json_put_str(o, "Version", DRYDOCK_VERSION);
	json_put_str(o, "ApiVersion", DOCKER_API);
	json_put_str(o, "DefaultAPIVersion", DOCKER_API);
	json_put_str(o, "Os", "linux");
	json_put_str(o, "Arch", architecture());
	json_put_str(o, "Context", "default");
	return o;
}

/* value, which Go calls type, through --format, as one line; the exit code. */
static int print_one(const char *format, const cJSON *value, const char *type)
{
	autostr struct str out = { 0 };
	struct template *t = NULL;
	struct err e = { 0 };

	if (str_eq(format, "json")) {
		go_json(value, &out);
		puts(out.s);
		return 0;
	}
	if (template_parse(format, &t, &e)) {
		fprintf(stderr, "template parsing error: %s\n", e.what);
		return 64;
	}
	int r = template_run(t, value, type, &out, &e);
	template_free(t);
	puts(out.s);
	fflush(stdout);
	if (r)
		fprintf(stderr, "%s\n", e.what);
	return r ? 1 : 0;
}

static int version_format(const char *format, cJSON *server)
{
	autojson cJSON *all = cJSON_CreateObject();

	json_put(all, "Client", client_json());
	json_put(all, "Server", server ? server : cJSON_CreateNull());
	return print_one(format, all, "system.versionInfo");
}

static int version_verb(struct command *c)
{
	const char *format = opt_text(&c->opt, "format");
	struct http_answer a = { 0 };
	struct err e = { 0 };
	int r = get(c, "/version", &a, &e), code = 0;

	if (format && *format) {
		code = version_format(format, steal_ptr(a.json));
	} else {
		print_client();
		if (!r)
			print_server(a.json);
	}
	http_answer_free(&a);
	return r ? command_fail(c, &e) : code;
}

/* How a field of `info` is shown. */
enum info_kind { INFO_TEXT, INFO_INT, INFO_BOOL, INFO_BYTES, INFO_MAYBE, INFO_PAIRS, INFO_LIST,
		 INFO_NAMES, INFO_PLUGINS, INFO_SECURITY, INFO_VERSION };

static const struct info_row { const char *label, *key; enum info_kind kind; } info_rows[] = {
	{ " Containers", "Containers", INFO_INT },
	{ "  Running", "ContainersRunning", INFO_INT },
	{ "  Paused", "ContainersPaused", INFO_INT },
	{ "  Stopped", "ContainersStopped", INFO_INT },
	{ " Images", "Images", INFO_INT },
	{ " Server Version", "ServerVersion", INFO_MAYBE },
	{ " Storage Driver", "Driver", INFO_TEXT },
	{ "  ", "DriverStatus", INFO_PAIRS },
	{ " Logging Driver", "LoggingDriver", INFO_TEXT },
	{ " Cgroup Driver", "CgroupDriver", INFO_TEXT },
	{ " Cgroup Version", "CgroupVersion", INFO_MAYBE },
	{ " Plugins", "Plugins", INFO_PLUGINS },
	{ " Swarm", "Swarm", INFO_VERSION },
	{ " Runtimes", "Runtimes", INFO_NAMES },
	{ " Default Runtime", "DefaultRuntime", INFO_MAYBE },
	{ " Init Binary", "InitBinary", INFO_MAYBE },
	{ " containerd version", "ContainerdCommit", INFO_VERSION },
	{ " runc version", "RuncCommit", INFO_VERSION },
	{ " init version", "InitCommit", INFO_VERSION },
	{ " Security Options", "SecurityOptions", INFO_SECURITY },
	{ " Kernel Version", "KernelVersion", INFO_MAYBE },
	{ " Operating System", "OperatingSystem", INFO_MAYBE },
	{ " OSType", "OSType", INFO_MAYBE },
	{ " Architecture", "Architecture", INFO_MAYBE },
	{ " CPUs", "NCPU", INFO_INT },
	{ " Total Memory", "MemTotal", INFO_BYTES },
	{ " Name", "Name", INFO_MAYBE },
	{ " ID", "ID", INFO_MAYBE },
	{ " Docker Root Dir", "DockerRootDir", INFO_MAYBE },
	{ " Debug Mode", "Debug", INFO_BOOL },
	{ " Labels", "Labels", INFO_LIST },
	{ " Experimental", "ExperimentalBuild", INFO_BOOL },
	{ " Insecure Registries", "RegistryConfig", INFO_LIST },
	{ " Registry Mirrors", "RegistryConfig", INFO_VERSION },
	{ " Live Restore Enabled", "LiveRestoreEnabled", INFO_BOOL },
};

static void info_pairs(const cJSON *pairs, const char *indent)
{
	const cJSON *p;

	cJSON_ArrayForEach(p, pairs) {
		const cJSON *name = cJSON_GetArrayItem(p, 0), *value = cJSON_GetArrayItem(p, 1);
		printf("%s%s: %s\n", indent, cJSON_IsString(name) ? name->valuestring : "",
		       cJSON_IsString(value) ? value->valuestring : "");
	}
}

static void info_list(const char *label, const cJSON *list)
{
	const cJSON *i;

	if (!cJSON_GetArraySize(list))
		return;
	printf("%s:\n", label);
	cJSON_ArrayForEach(i, list)
		printf("  %s\n", cJSON_IsString(i) ? i->valuestring : "");
}

static void info_names(const char *label, const cJSON *object)
{
	const cJSON *i;

	if (!object || !object->child)
		return;
	printf("%s:", label);
	cJSON_ArrayForEach(i, object)
		printf(" %s", cJSON_IsString(i) ? i->valuestring : i->string ? i->string : "");
	printf("\n");
}

/* "name=seccomp,profile=default" is a name and indented details. */
static void info_security(const cJSON *list)
{
	const cJSON *i;

	if (!cJSON_GetArraySize(list))
		return;
	printf(" Security Options:\n");
	cJSON_ArrayForEach(i, list) {
		autofree char *copy = str_dup(cJSON_IsString(i) ? i->valuestring : "");
		char *rest = copy, *part;

		while ((part = strsep(&rest, ","))) {
			char *eq = strchr(part, '=');

			if (str_starts(part, "name="))
				printf("  %s\n", part + 5);
			else if (eq)
				printf("   %c%.*s: %s\n", part[0] & ~32, (int)(eq - part - 1),
				       part + 1, eq + 1);
			else
				printf("  %s\n", part);
		}
	}
}

static void info_plugins(const cJSON *plugins)
{
	printf(" Plugins:\n");
	info_names("  Volume", json_obj(plugins, "Volume"));
	info_names("  Network", json_obj(plugins, "Network"));
	info_names("  Log", json_obj(plugins, "Log"));
}

/* Rows that look inside an object. */
static void info_inside(const struct info_row *row, const cJSON *v)
{
	if (str_eq(row->key, "Swarm"))
		printf("%s: %s\n", row->label, json_str_or(v, "LocalNodeState", "inactive"));
	else if (str_eq(row->key, "RegistryConfig"))
		info_list(row->label, json_obj(v, "Mirrors"));
	else if (v)
		printf("%s: %s\n", row->label, json_str_or(v, "ID", ""));
}

static void info_simple(const struct info_row *row, const cJSON *info)
{
	char buf[32];
	const char *text = json_str_or(info, row->key, "");

	switch (row->kind) {
	case INFO_INT:
		printf("%s: %lld\n", row->label, (long long)json_int(info, row->key, 0));
		break;
	case INFO_BOOL:
		printf("%s: %s\n", row->label, json_bool(info, row->key) ? "true" : "false");
		break;
	case INFO_BYTES:
		human_bytes(buf, sizeof(buf), (double)json_int(info, row->key, 0));
		printf("%s: %s\n", row->label, buf);
		break;
	default:
		if (row->kind == INFO_TEXT || *text)
			printf("%s: %s\n", row->label, text);
	}
}

static void insecure(const struct info_row *row, const cJSON *config)
{
	printf("%s:\n", row->label);
	const cJSON *i;

	cJSON_ArrayForEach(i, json_obj(config, "IndexConfigs"))
		if (!json_bool(i, "Secure"))
			printf("  %s\n", json_str_or(i, "Name", ""));
	cJSON_ArrayForEach(i, json_obj(config, "InsecureRegistryCIDRs"))
		printf("  %s\n", cJSON_IsString(i) ? i->valuestring : "");
}

static void info_row(const struct info_row *row, const cJSON *info)
{
	const cJSON *v = json_obj(info, row->key);

	switch (row->kind) {
	case INFO_PAIRS:
		info_pairs(v, row->label);
		break;
	case INFO_LIST:
		if (str_eq(row->key, "RegistryConfig"))
			insecure(row, v);
		else
			info_list(row->label, v);
		break;
	case INFO_NAMES:
		info_names(row->label, v);
		break;
	case INFO_PLUGINS:
		info_plugins(v);
		break;
	case INFO_SECURITY:
		info_security(v);
		break;
	case INFO_VERSION:
		info_inside(row, v);
		break;
	default:
		info_simple(row, info);
	}
}

static void say_warnings(const cJSON *info)
{
	const cJSON *w;

	fflush(stdout);
	cJSON_ArrayForEach(w, json_obj(info, "Warnings"))
		if (cJSON_IsString(w))
			fprintf(stderr, "%s\n", w->valuestring);
}

static int info_verb(struct command *c)
{
	const char *format = opt_text(&c->opt, "format");
	struct http_answer a = { 0 };
	struct err e = { 0 };
	int r = get(c, "/info", &a, &e), code = 0;

	if (format && *format) {
		code = r ? 0 : print_one(format, a.json, "system.dockerInfo");
	} else {
		printf("Client:\n Version:    %s\n Context:    default\n Debug Mode: false\n\n"
		       "Server:\n", DRYDOCK_VERSION);
		for (size_t i = 0; !r && i < ARRAY_SIZE(info_rows); i++)
			info_row(&info_rows[i], a.json);
		if (!r)
			printf("\n");
	}
	if (!r && !format)
		say_warnings(a.json);
	http_answer_free(&a);
	return r ? command_fail(c, &e) : code;
}

static const struct option format_options[] = {
	{ "format", 'f', &opt_string, FORMAT_ONE_HELP },
	{ 0 },
};

const struct verb verbs_system[] = {
	{ .paths = "version", .usage = "[OPTIONS]", .about = "Show versions of client and daemon",
	  .options = format_options, .common = 11, .run = version_verb },
	{ .paths = "system info|info", .usage = "[OPTIONS]",
	  .about = "Show what the daemon says of itself", .options = format_options, .common = 12,
	  .run = info_verb },
	{ 0 },
};
