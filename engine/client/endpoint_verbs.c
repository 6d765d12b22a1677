/* endpoint_verbs.c - docker context. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/config.h"
#include "client/endpoint.h"
#include "client/http_connect.h"
#include "client/listing.h"
#include "client/rows.h"
#include "client/template.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"

static const struct column columns[] = {
	{ "Name", "NAME" }, { "Description", "DESCRIPTION" },
	{ "DockerEndpoint", "DOCKER ENDPOINT" }, { "Error", "ERROR" }, { 0 },
};
static const struct listing contexts = {
	"*formatter.clientContextContext",
	"{{.Name}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}", columns,
};

/* What docker shows of the default context, which lies in no file. */
static cJSON *default_meta(void)
{
	cJSON *meta = cJSON_CreateObject(), *docker;
	autofree char *host = http_default_host();

	json_put_str(meta, "Name", ENDPOINT_DEFAULT);
	cJSON_AddObjectToObject(meta, "Metadata");
	docker = cJSON_AddObjectToObject(cJSON_AddObjectToObject(meta, "Endpoints"), "docker");
	json_put_str(docker, "Host", host);
	json_put_bool(docker, "SkipTLSVerify", false);
	return meta;
}

static int load(const char *name, cJSON **out, struct err *e)
{
	if (!str_eq(name, ENDPOINT_DEFAULT))
		return endpoint_load(name, out, e);
	*out = default_meta();
	return 0;
}

static void host_overrides(const char *context)
{
	const char *host = getenv("DOCKER_HOST");

	fflush(stdout);
	if (host && *host)
		fprintf(stderr, "Warning: DOCKER_HOST environment variable overrides the active "
			"context. To use %s, either set the global --context flag, or unset "
			"DOCKER_HOST environment variable.\n", context);
}

static void add_row(cJSON *rows, const cJSON *meta, const char *current, bool mark)
{
	const char *name = json_str_or(meta, "Name", "");
	bool active = str_eq(name, current), builtin = str_eq(name, ENDPOINT_DEFAULT);
	autofree char *shown = str_printf("%s%s", name, active && mark ? " *" : "");
	cJSON *row = cJSON_CreateObject();

	json_put_str(row, "Name", shown);
	json_put_str(row, "Description", builtin ? "Current DOCKER_HOST based configuration"
		     : json_str_or(json_obj(meta, "Metadata"), "Description", ""));
	json_put_str(row, "DockerEndpoint", endpoint_host(meta));
	json_put_bool(row, "Current", active);
	json_put_str(row, "Error", "");
	cJSON_AddItemToArray(rows, row);
}

/* All of them, the default among them; the caller's. */
static cJSON *all_metas(void)
{
	cJSON *list = cJSON_CreateArray();
	autofree char *folder = endpoint_folder();
	DIR *d = opendir(folder);

	cJSON_AddItemToArray(list, default_meta());
	for (struct dirent *ent; d && (ent = readdir(d));) {
		autofree char *path = str_printf("%s/%s/meta.json", folder, ent->d_name);
		autostr struct str text = { 0 };
		cJSON *meta = NULL;

		if (ent->d_name[0] != '.' && file_read(path, &text, NULL) == 0 && text.len &&
		    json_parse(text.s, text.len, &meta, NULL) == 0)
			cJSON_AddItemToArray(list, meta);
	}
	if (d)
		closedir(d);
	return list;
}

static int ls_verb(struct command *c)
{
	autojson cJSON *rows = cJSON_CreateArray(), *metas = all_metas();
	autofree char *current = endpoint_current();
	const char *format = opt_text(&c->opt, "format");
	bool quiet = opt_on(&c->opt, "quiet");
	struct err e = { 0 };
	size_t n;
	autofree const cJSON **list = listing_by_name(metas, &n);

	for (size_t i = 0; i < n; i++)
		add_row(rows, list[i], current, !quiet && (!format || !*format || str_eq(format, "table")));
	if (listing_print(&contexts, format, quiet ? "Name" : NULL, rows, &e))
		return command_fail(c, &e);
	host_overrides("a context");
	return 0;
}

/* ---- show, inspect, use ---- */

static int show_verb(struct command *c)
{
	autofree char *current = endpoint_current();

	puts(current);
	return 0;
}

static cJSON *inspected(cJSON *meta)
{
	const char *name = json_str_or(meta, "Name", "");
	autofree char *path = endpoint_path(name);
	bool builtin = str_eq(name, ENDPOINT_DEFAULT);
	autofree char *tls = endpoint_tls_path(name);

	cJSON_AddObjectToObject(meta, "TLSMaterial");
	cJSON *storage = cJSON_AddObjectToObject(meta, "Storage");
	json_put_str(storage, "MetadataPath", builtin ? "<IN MEMORY>" : path);
	json_put_str(storage, "TLSPath", builtin ? "<IN MEMORY>" : tls);
	return meta;
}

static int print_inspected(const char *format, const cJSON *list, struct err *e)
{
	autostr struct str text = { 0 }, laid = { 0 };
	struct template *t = NULL;
	const cJSON *item;
	int r = 0;

	if (!format || !*format || str_eq(format, "json")) {
		go_json(list, &text);
		if (!format || !*format)
			json_indent(text.s, text.len, "    ", &laid);
		puts(laid.s ? laid.s : text.s);
		return 0;
	}
	r = template_parse(format, &t, e);
	cJSON_ArrayForEach(item, list) {
		r = r ? r : template_run(t, item, NULL, &text, e);
		str_add(&text, "\n");
	}
	template_free(t);
	if (!r)
		fputs(text.s ? text.s : "", stdout);
	return r ? err_wrap(e, "template parsing error") : 0;
}

static int inspect_verb(struct command *c)
{
	autojson cJSON *list = cJSON_CreateArray();
	autofree char *current = endpoint_current();
	char *const only[] = { current, NULL };
	char *const *names = c->opt.n_args ? c->opt.args : only;
	struct err e = { 0 }, printing = { 0 };
	cJSON *meta;

	for (; *names && load(*names, &meta, &e) == 0; names++)
		cJSON_AddItemToArray(list, inspected(meta));
	if (print_inspected(opt_text(&c->opt, "format"), list, &printing))
		return command_fail(c, &printing);
	return e.code ? command_fail(c, &e) : 0;
}

static int keep_current(const char *name, struct err *e)
{
	autojson cJSON *config = config_load();

	cJSON_DeleteItemFromObjectCaseSensitive(config, "currentContext");
	if (!str_eq(name, ENDPOINT_DEFAULT))
		json_put_str(config, "currentContext", name);
	return config_save(config, e);
}

static int use_verb(struct command *c)
{
	const char *name = c->opt.args[0];
	autofree char *quoted = str_printf("\"%s\"", name);
	autojson cJSON *meta = NULL;
	struct err e = { 0 };

	if (load(name, &meta, &e) || keep_current(name, &e))
		return command_fail(c, &e);
	puts(name);
	fflush(stdout);
	fprintf(stderr, "Current context is now \"%s\"\n", name);
	if (!str_eq(name, ENDPOINT_DEFAULT))
		host_overrides(quoted);
	return 0;
}

/* ---- create, update, rm ---- */

/* --docker's words into the endpoint. */
static int set_endpoint(cJSON *meta, char *const *words, struct err *e)
{
	cJSON *all = json_obj(meta, "Endpoints");

	for (; *words; words++) {
		autojson cJSON *other = NULL;
		size_t n = strcspn(*words, "=");
		const char *value = *words + n + 1;

		if (strncmp(*words, "from=", 5) == 0 && load(value, &other, e))
			return -e->code;
		if (other)
			value = endpoint_host(other);
		else if (strncmp(*words, "host=", 5) != 0)
			return err_set(e, EINVAL, "unable to create docker endpoint config: %.*s: this "
				       "client knows host= and from= (it speaks no TLS)", (int)n, *words);
		cJSON_DeleteItemFromObjectCaseSensitive(all, "docker");
		cJSON *docker = cJSON_AddObjectToObject(all, "docker");
		json_put_str(docker, "Host", value);
		json_put_bool(docker, "SkipTLSVerify", false);
	}
	return 0;
}

/* The options that create and update share, into meta, which is saved. */
static int change(struct command *c, cJSON *meta, const char *done, struct err *e)
{
	const char *name = c->opt.args[0], *about = opt_text(&c->opt, "description");
	cJSON *metadata = json_obj(meta, "Metadata");

	if (about) {
		cJSON_DeleteItemFromObjectCaseSensitive(metadata, "Description");
		json_put_str(metadata, "Description", about);
	}
	int r = set_endpoint(meta, opt_all(&c->opt, "docker"), e);
	r = r ? r : endpoint_save(name, meta, e);
	if (r)
		return r;
	puts(name);
	fflush(stdout);
	fprintf(stderr, "Successfully %s context \"%s\"\n", done, name);
	return 0;
}

static int create_verb(struct command *c)
{
	const char *name = c->opt.args[0], *from = opt_text(&c->opt, "from");
	autojson cJSON *source = NULL, *meta = cJSON_CreateObject();
	struct err e = { 0 };
	int r = endpoint_name_free(name, &e);

	if (!r && !from && !opt_given(&c->opt, "docker"))
		r = err_set(&e, EINVAL, "docker endpoint configuration is required");
	r = r ? r : load(from ? from : ENDPOINT_DEFAULT, &source, &e);
	if (!r) {
		json_put_str(meta, "Name", name);
		json_put(meta, "Metadata", cJSON_Duplicate(json_obj(source, "Metadata"), true));
		json_put(meta, "Endpoints", cJSON_Duplicate(json_obj(source, "Endpoints"), true));
		r = change(c, meta, "created", &e);
	}
	return r ? command_fail(c, &e) : 0;
}

static int update_verb(struct command *c)
{
	autojson cJSON *meta = NULL;
	struct err e = { 0 };
	int r = endpoint_name_check(c->opt.args[0], &e);

	r = r ? r : endpoint_load(c->opt.args[0], &meta, &e);
	r = r ? r : change(c, meta, "updated", &e);
	return r ? command_fail(c, &e) : 0;
}

static int rm_one(struct command *c, const char *name, struct err *e)
{
	bool force = opt_on(&c->opt, "force");
	autofree char *current = endpoint_current(), *folder = endpoint_path(name);
	autofree char *file = str_printf("%s/meta.json", folder), *tls = endpoint_tls_path(name);

	if (str_eq(name, ENDPOINT_DEFAULT))
		return err_set(e, EINVAL, "context \"default\" cannot be removed");
	if (access(file, F_OK) < 0)
		return force ? 0 : err_set(e, ENOENT, "context \"%s\" does not exist", name);
	if (str_eq(name, current) && !force)
		return err_set(e, EBUSY, "context \"%s\" is in use, set -f flag to force remove", name);
	if (str_eq(name, current) && keep_current(ENDPOINT_DEFAULT, e))
		return -e->code;
	if (unlink(file) < 0 || rmdir(folder) < 0)
		return err_sys(e, errno, "remove %s", folder);
	return dir_remove(tls, e);
}

static int rm_verb(struct command *c)
{
	autostr struct str failures = { 0 };

	for (char **name = c->opt.args; *name; name++) {
		struct err e = { 0 };

		if (rm_one(c, *name, &e))
			str_addf(&failures, "%s\n", e.what);
		else
			puts(*name);
	}
	fflush(stdout);
	fputs(failures.len ? failures.s : "", stderr);
	return failures.len ? 1 : 0;
}

static int check_pair(const char *text, struct err *e)
{
	if (strchr(text, '='))
		return 0;
	return err_set(e, EINVAL, "%s must be formatted as key=value", text);
}

static const struct option_type opt_pairs = { "stringToString", .many = true, .commas = true,
					      .check = check_pair };

#define SHARED_OPTIONS								\
	{ "description", 0, &opt_string, "A word about it" },			\
	{ "docker", 0, &opt_pairs, "Its daemon: host=URL, or from=CONTEXT" }

static const struct option create_options[] = {
	SHARED_OPTIONS,
	{ "from", 0, &opt_string, "Begin with a copy of this context" },
	{ 0 },
};
static const struct option update_options[] = { SHARED_OPTIONS, { 0 } };
static const struct option ls_options[] = {
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "quiet", 'q', &opt_flag, "Show only names" },
	{ 0 },
};
static const struct option inspect_options[] = {
	{ "format", 'f', &opt_string, FORMAT_ONE_HELP },
	{ 0 },
};
static const struct option rm_options[] = {
	{ "force", 'f', &opt_flag, "Also the one in use" },
	{ 0 },
};

const struct verb verbs_context[] = {
	{ .paths = "context create", .usage = "[OPTIONS] CONTEXT", .about = "Name a daemon",
	  .options = create_options, .min_args = 1, .max_args = 1, .run = create_verb },
	{ .paths = "context inspect", .usage = "[OPTIONS] [CONTEXT] [CONTEXT...]",
	  .about = "Show everything about contexts", .options = inspect_options, .max_args = -1,
	  .run = inspect_verb },
	{ .paths = "context ls|context list", .usage = "[OPTIONS]", .about = "List contexts",
	  .options = ls_options, .run = ls_verb },
	{ .paths = "context rm|context remove", .usage = "CONTEXT [CONTEXT...]",
	  .about = "Remove contexts", .options = rm_options, .min_args = 1, .max_args = -1,
	  .run = rm_verb },
	{ .paths = "context show", .about = "Print the name of the context in use",
	  .usage = "", .run = show_verb },
	{ .paths = "context update", .usage = "[OPTIONS] CONTEXT", .about = "Change a context",
	  .options = update_options, .min_args = 1, .max_args = 1, .run = update_verb },
	{ .paths = "context use", .usage = "CONTEXT", .about = "Use a context from now on",
	  .min_args = 1, .max_args = 1, .run = use_verb },
	{ 0 },
};
