/* network.c - docker network, docker volume: lists and single objects. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/body.h"
#include "client/inspect.h"
#include "client/listing.h"
#include "client/url.h"
#include "client/rows.h"
#include "client/show.h"
#include "core/cleanup.h"
#include "core/json.h"

static const struct column network_columns[] = {
	{ "ID", "NETWORK ID" }, { "Name", "NAME" }, { "Driver", "DRIVER" }, { "Scope", "SCOPE" },
	{ "IPv4", "IPV4" }, { "IPv6", "IPV6" }, { "Internal", "INTERNAL" }, { "Labels", "LABELS" },
	{ "CreatedAt", "CREATED AT" }, { 0 },
};
static const struct listing network_listing = {
	"*network.networkContext", "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}", network_columns,
};

static const char *yes_no(const cJSON *o, const char *key)
{
	return json_bool(o, key) ? "true" : "false";
}

/* "2026-01-31T09:00:00.5Z" as Go prints a time: "2026-01-31 09:00:00.5 +0000 UTC". */
static char *go_time(const char *rfc3339)
{
	size_t n = strcspn(rfc3339, "Z");
	const char *dot = memchr(rfc3339, '.', n);

	while (dot && rfc3339[n - 1] == '0')
		n--;
	if (dot == rfc3339 + n - 1)
		n--;
	char *text = str_printf("%.*s +0000 UTC", (int)n, rfc3339);
	char *t = strchr(text, 'T');
	if (t)
		*t = ' ';
	return text;
}

static cJSON *network_row(const cJSON *n, bool whole)
{
	cJSON *row = cJSON_CreateObject();
	autofree char *id = show_id(json_str_or(n, "Id", ""), whole);
	autofree char *created = go_time(json_str_or(n, "Created", ""));

	json_put_str(row, "ID", id);
	json_put_str(row, "Name", json_str_or(n, "Name", ""));
	json_put_str(row, "Driver", json_str_or(n, "Driver", ""));
	json_put_str(row, "Scope", json_str_or(n, "Scope", ""));
	json_put_str(row, "IPv4", yes_no(n, "EnableIPv4"));
	json_put_str(row, "IPv6", yes_no(n, "EnableIPv6"));
	json_put_str(row, "Internal", yes_no(n, "Internal"));
	json_put_str(row, "CreatedAt", created);
	show_put_labels(row, json_obj(n, "Labels"));
	return row;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(json_str_or(*(const cJSON *const *)a, "Name", ""),
		      json_str_or(*(const cJSON *const *)b, "Name", ""));
}

/* The array's elements, by name; the caller's to free (not the elements). */
static const cJSON **sorted(const cJSON *array, size_t *n)
{
	const cJSON **list = mem_alloc(((size_t)cJSON_GetArraySize(array) + 1) * sizeof(*list));
	const cJSON *i;

	*n = 0;
	cJSON_ArrayForEach(i, array)
		list[(*n)++] = i;
	qsort(list, *n, sizeof(*list), by_name);
	return list;
}

static void network_rows(const cJSON *answer, const struct options *o, cJSON *rows)
{
	size_t n;
	autofree const cJSON **list = sorted(answer, &n);

	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(rows, network_row(list[i], opt_on(o, "no-trunc")));
}

static int list_route(struct command *c, const char *route, const struct listing *l,
		      const char *quiet,
		      void (*add)(const cJSON *, const struct options *, cJSON *))
{
	autostr struct str path = { 0 };

	url_path(&path, route, NULL, "");
	url_filters(&path, opt_all(&c->opt, "filter"));
	return listing_verb(c, path.s, l, quiet, add);
}

static int network_ls(struct command *c)
{
	return list_route(c, "/networks", &network_listing, "ID", network_rows);
}

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
	autofree const cJSON **list = sorted(json_obj(answer, "Volumes"), &n);

	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(rows, row_volume(list[i]));
}

static int volume_ls(struct command *c)
{
	return list_route(c, "/volumes", &volume_listing, "Name", volume_rows);
}

static int network_inspect(struct command *c)
{
	return inspect_kind(c, "network");
}

static int volume_inspect(struct command *c)
{
	return inspect_kind(c, "volume");
}

static const struct option network_ls_options[] = {
	{ "filter", 'f', &opt_filter, "Show only those that fit (name=value)" },
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "no-trunc", 0, &opt_flag, "Show everything in full" },
	{ "quiet", 'q', &opt_flag, "Show only ids" },
	{ 0 },
};

static const struct option volume_ls_options[] = {
	{ "filter", 'f', &opt_filter, "Show only those that fit (name=value)" },
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "quiet", 'q', &opt_flag, "Show only names" },
	{ 0 },
};

const struct verb verbs_network[] = {
	{ .paths = "network ls|network list", .usage = "[OPTIONS]", .about = "List networks",
	  .options = network_ls_options, .run = network_ls },
	{ .paths = "network inspect", .usage = "[OPTIONS] NETWORK [NETWORK...]",
	  .about = "Show everything about networks", .options = inspect_one_options,
	  .min_args = 1, .max_args = -1, .complete = COMPLETE_NETWORK, .run = network_inspect },
	{ 0 },
};

const struct verb verbs_volume[] = {
	{ .paths = "volume ls|volume list", .usage = "[OPTIONS]", .about = "List volumes",
	  .options = volume_ls_options, .run = volume_ls },
	{ .paths = "volume inspect", .usage = "[OPTIONS] VOLUME [VOLUME...]",
	  .about = "Show everything about volumes", .options = inspect_one_options,
	  .min_args = 1, .max_args = -1, .complete = COMPLETE_VOLUME, .run = volume_inspect },
	{ 0 },
};
