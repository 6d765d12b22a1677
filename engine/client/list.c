/* list.c - docker ps. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/human.h"
#include "client/listing.h"
#include "client/url.h"
#include "client/rows.h"
#include "client/show.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/json.h"

#define COMMAND_WIDTH 20	/* characters, as docker cuts them */
#define MOUNT_WIDTH 15

static const struct column ps_columns[] = {
	{ "ID", "CONTAINER ID" }, { "Image", "IMAGE" }, { "Command", "COMMAND" },
	{ "CreatedAt", "CREATED AT" }, { "RunningFor", "CREATED" }, { "Ports", "PORTS" },
	{ "State", "STATE" }, { "Status", "STATUS" }, { "Size", "SIZE" }, { "Names", "NAMES" },
	{ "Labels", "LABELS" }, { "Mounts", "MOUNTS" }, { "LocalVolumes", "LOCAL VOLUMES" },
	{ "Networks", "NETWORKS" }, { "Platform", "PLATFORM" }, { 0 },
};

#define PS_TABLE "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"

static const struct listing ps_listing = { "*formatter.ContainerContext", PS_TABLE, ps_columns };
static const struct listing ps_sizes = { "*formatter.ContainerContext", PS_TABLE "\t{{.Size}}",
					 ps_columns };

static void append(struct str *s, const char *text)
{
	str_addf(s, "%s%s", s->len ? "," : "", text);
}

/* Names without '/', those that are links of others left out. */
static char *names(const cJSON *c, bool whole)
{
	struct str s = { 0 };
	const cJSON *n;

	cJSON_ArrayForEach(n, json_obj(c, "Names")) {
		const char *name = cJSON_IsString(n) ? n->valuestring : "";

		name += *name == '/';
		if (whole || !strchr(name, '/'))
			append(&s, name);
	}
	return str_take(&s);
}

static char *image(const cJSON *c, bool whole)
{
	const char *name = json_str_or(c, "Image", "");
	autofree char *id = show_id(json_str_or(c, "ImageID", ""), false);
	autofree char *short_name = show_id(name, false);

	if (!*name)
		return str_dup("<no image>");
	if (!whole && (str_eq(id, short_name) || str_starts(name, "sha256:")))
		return steal_ptr(short_name);
	return whole ? str_dup(name) : strndup(name, strcspn(name, "@"));
}

static char *mounts(const cJSON *c, bool whole, int *local)
{
	struct str s = { 0 };
	const cJSON *m;

	*local = 0;
	cJSON_ArrayForEach(m, json_obj(c, "Mounts")) {
		const char *name = json_str_or(m, "Name", "");
		autofree char *shown = show_ellipsis(*name ? name : json_str_or(m, "Source", ""),
						     whole ? 4096 : MOUNT_WIDTH);

		*local += str_eq(json_str(m, "Driver"), "local");
		append(&s, shown);
	}
	return str_take(&s);
}

static char *networks(const cJSON *c)
{
	struct str s = { 0 };
	const cJSON *n;

	cJSON_ArrayForEach(n, json_obj(json_obj(c, "NetworkSettings"), "Networks"))
		append(&s, n->string);
	return str_take(&s);
}

static char *size(const cJSON *c)
{
	char own[32], all[32];
	int64_t root = json_int(c, "SizeRootFs", 0);

	human_size(own, sizeof(own), (double)json_int(c, "SizeRw", 0), 3);
	if (root <= 0)
		return str_dup(own);
	return str_printf("%s (virtual %s)", own, human_size(all, sizeof(all), (double)root, 3));
}

/* Puts an owned text and frees it. */
static void put(cJSON *row, const char *field, char *text)
{
	json_put_str(row, field, text);
	free(text);
}

cJSON *row_container(const cJSON *c, bool whole)
{
	cJSON *row = cJSON_CreateObject();
	int64_t created = json_int(c, "Created", 0);
	autofree char *command = show_ellipsis(json_str_or(c, "Command", ""),
					       whole ? 65536 : COMMAND_WIDTH);
	char buf[64];
	int local;

	put(row, "ID", show_id(json_str_or(c, "Id", ""), whole));
	put(row, "Image", image(c, whole));
	put(row, "Command", show_quoted(command));
	json_put_str(row, "CreatedAt", human_time(buf, sizeof(buf), created));
	json_put_str(row, "RunningFor", human_ago(buf, sizeof(buf), created));
	put(row, "Ports", show_ports(json_obj(c, "Ports")));
	json_put_str(row, "State", json_str_or(c, "State", ""));
	json_put_str(row, "Status", json_str_or(c, "Status", ""));
	put(row, "Size", size(c));
	put(row, "Names", names(c, whole));
	show_put_labels(row, json_obj(c, "Labels"));
	put(row, "Mounts", mounts(c, whole, &local));
	put(row, "LocalVolumes", str_printf("%d", local));
	put(row, "Networks", networks(c));
	json_put_str(row, "Platform", NULL);
	return row;
}

static void list_path(const struct options *o, struct str *path)
{
	int64_t last = opt_number(o, "last");
	const char *format = opt_text(o, "format");

	if (opt_on(o, "latest") && last < 0)
		last = 1;
	url_path(path, "/containers/json", NULL, "");
	url_flag(path, "all", opt_on(o, "all"));
	url_filters(path, opt_all(o, "filter"));
	if (last > 0)
		url_int(path, "limit", last);
	url_flag(path, "size", opt_on(o, "size") || (format && strstr(format, ".Size")));
}

static void ps_rows(const cJSON *answer, const struct options *o, cJSON *rows)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, answer)
		cJSON_AddItemToArray(rows, row_container(item, opt_on(o, "no-trunc")));
}

static int ps_verb(struct command *c)
{
	autostr struct str path = { 0 };

	list_path(&c->opt, &path);
	return listing_verb(c, path.s, opt_on(&c->opt, "size") ? &ps_sizes : &ps_listing, "ID",
			    ps_rows);
}

static const struct option ps_options[] = {
	{ "all", 'a', &opt_flag, "Show all containers, not only running ones" },
	{ "filter", 'f', &opt_filter, "Show only those that fit (name=value)" },
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "last", 'n', &opt_int, "Show the n newest, in any state", "-1" },
	{ "latest", 'l', &opt_flag, "Show the newest, in any state" },
	{ "no-trunc", 0, &opt_flag, "Show everything in full" },
	{ "quiet", 'q', &opt_flag, "Show only ids" },
	{ "size", 's', &opt_flag, "Show what they take on disk" },
	{ 0 },
};

const struct verb verbs_list[] = {
	{ .paths = "container ls|container list|container ps|ps", .usage = "[OPTIONS]",
	  .about = "List containers", .options = ps_options, .common = 3, .run = ps_verb },
	{ 0 },
};
