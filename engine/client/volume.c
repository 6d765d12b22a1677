/* volume.c - docker volume. */
#include <errno.h>
#include <stdio.h>

#include "client/body.h"
#include "client/inspect.h"
#include "client/listing.h"
#include "client/rows.h"
#include "client/show.h"
#include "client/url.h"
#include "core/cleanup.h"
#include "core/json.h"

static const struct column volume_columns[] = {
	{ "Driver", "DRIVER" }, { "Name", "VOLUME NAME" }, { "Scope", "SCOPE" },
	{ "Mountpoint", "MOUNTPOINT" }, { "Labels", "LABELS" }, { "Links", "LINKS" },
	{ "Size", "SIZE" }, { "Availability", "AVAILABILITY" }, { "Group", "GROUP" },
	{ "Status", "STATUS" }, { 0 },
};
static const struct listing volume_listing = {
	"*formatter.volumeContext", "{{.Driver}}\t{{.Name}}", volume_columns,
};

cJSON *row_volume(const cJSON *v)
{
	static const char *const cluster[] = { "Availability", "Group", "Status" };
	cJSON *row = cJSON_CreateObject();
	const cJSON *usage = json_obj(v, "UsageData");
	int64_t size = json_int(usage, "Size", -1), links = json_int(usage, "RefCount", -1);
	autofree char *count = usage ? str_printf("%lld", (long long)links) : str_dup("N/A");

	json_put_str(row, "Name", json_str_or(v, "Name", ""));
	json_put_str(row, "Driver", json_str_or(v, "Driver", ""));
	json_put_str(row, "Scope", json_str_or(v, "Scope", ""));
	json_put_str(row, "Mountpoint", json_str_or(v, "Mountpoint", ""));
	show_put_labels(row, json_obj(v, "Labels"));
	json_put_str(row, "Links", count);
	if (size < 0)
		json_put_str(row, "Size", "N/A");
	else
		show_put_size(row, "Size", (double)size, 4);
	for (size_t i = 0; i < ARRAY_SIZE(cluster); i++)
		json_put_str(row, cluster[i], "N/A");
	return row;
}

static void volume_rows(const cJSON *answer, const struct options *o, cJSON *rows)
{
	size_t n;
	autofree const cJSON **list = listing_by_name(json_obj(answer, "Volumes"), &n);

	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(rows, row_volume(list[i]));
}

static int volume_ls(struct command *c)
{
	return listing_filtered(c, "/volumes", &volume_listing, "Name", volume_rows);
}

static int volume_inspect(struct command *c)
{
	return inspect_kind(c, "volume");
}

/* Sent only where there are any: the daemon shows an empty map and none as two things. */
static int maps(cJSON *body, const struct options *o, struct err *e)
{
	int r = opt_given(o, "opt") ? put_map(body, "DriverOpts", opt_all(o, "opt"), e) : 0;

	if (!r && opt_given(o, "label"))
		r = put_map(body, "Labels", opt_all(o, "label"), e);
	return r;
}

static int volume_create(struct command *c)
{
	autojson cJSON *body = cJSON_CreateObject();
	struct http_answer a = { 0 };
	const char *name = opt_text(&c->opt, "name");
	struct err e = { 0 };
	struct http *h;

	if (c->opt.n_args && name)
		err_set(&e, EINVAL, "conflicting options: cannot specify a volume-name through both --name "
			"and as a positional arg");
	if (c->opt.n_args)
		name = c->opt.args[0];
	json_put_str(body, "Name", name ? name : "");
	json_put_str(body, "Driver", opt_text(&c->opt, "driver"));
	int r = e.code ? -e.code : maps(body, &c->opt, &e);
	r = r ? r : command_http(c, &h, &e);
	r = r ? r : http_call(h, "POST", "/volumes/create", body, &a, &e);
	if (!r)
		puts(json_str_or(a.json, "Name", ""));
	http_answer_free(&a);
	return r ? command_fail(c, &e) : 0;
}

static int volume_rm(struct command *c, struct http *h, const char *name, struct err *e)
{
	autostr struct str path = { 0 };

	url_path(&path, "/volumes/", name, "");
	url_flag(&path, "force", opt_on(&c->opt, "force"));
	return http_call(h, "DELETE", path.s, NULL, NULL, e);
}

static const struct option volume_ls_options[] = {
	{ "filter", 'f', &opt_filter, "Show only those that fit (name=value)" },
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "quiet", 'q', &opt_flag, "Show only names" },
	{ 0 },
};

static const struct option volume_create_options[] = {
	{ "driver", 'd', &opt_string, "Driver of the volume", "local" },
	{ "label", 0, &opt_list, "Label it (key=value)" },
	{ "name", 0, &opt_string, "Its name; the argument is the newer way to give one",
	  .hidden = true },
	{ "opt", 'o', &opt_map, "Option of the driver: type=, device=, o=" },
	{ 0 },
};

static const struct option volume_rm_options[] = {
	{ "force", 'f', &opt_flag, "No error for a volume that isn't there" },
	{ 0 },
};

const struct verb verbs_volume[] = {
	{ .paths = "volume ls|volume list", .usage = "[OPTIONS]", .about = "List volumes",
	  .options = volume_ls_options, .run = volume_ls },
	{ .paths = "volume inspect", .usage = "[OPTIONS] VOLUME [VOLUME...]",
	  .about = "Show everything about volumes", .options = inspect_one_options,
	  .min_args = 1, .max_args = -1, .complete = COMPLETE_VOLUME, .run = volume_inspect },
	{ .paths = "volume create", .usage = "[OPTIONS] [VOLUME]", .about = "Create a volume",
	  .options = volume_create_options, .max_args = 1, .run = volume_create },
	{ .paths = "volume rm|volume remove", .usage = "[OPTIONS] VOLUME [VOLUME...]",
	  .about = "Remove volumes", .options = volume_rm_options, .min_args = 1, .max_args = -1,
	  .complete = COMPLETE_VOLUME, .each = volume_rm, .echo = true },
	{ 0 },
};
