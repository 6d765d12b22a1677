/* disk.c - docker system df. */
#include <stdio.h>
#include <string.h>

#include "client/human.h"
#include "client/listing.h"
#include "client/rows.h"
#include "client/show.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/json.h"

static const struct column df_columns[] = {
	{ "Type", "TYPE" }, { "TotalCount", "TOTAL" }, { "Active", "ACTIVE" }, { "Size", "SIZE" },
	{ "Reclaimable", "RECLAIMABLE" }, { 0 },
};
static const struct listing df_listing = {
	"*formatter.diskUsageContext",
	"{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}", df_columns,
};

/* What the four rows of the summary count. */
struct usage { int total, active; int64_t size, free; };

static struct usage count_images(const cJSON *df)
{
	struct usage u = { .size = json_int(df, "LayersSize", 0) };
	const cJSON *i;
	int64_t used = 0;

	cJSON_ArrayForEach(i, json_obj(df, "Images")) {
		int64_t size = json_int(i, "Size", -1), shared = json_int(i, "SharedSize", -1);

		u.total++;
		if (json_int(i, "Containers", 0) <= 0)
			continue;
		u.active++;
		if (size >= 0 && shared >= 0)
			used += size - shared;
	}
	u.free = u.size - used;
	return u;
}

static struct usage count_containers(const cJSON *df)
{
	struct usage u = { 0 };
	const cJSON *c;

	cJSON_ArrayForEach(c, json_obj(df, "Containers")) {
		const char *state = json_str_or(c, "State", "");
		int64_t size = json_int(c, "SizeRw", 0);

		u.total++;
		u.size += size;
		if (str_eq(state, "running") || str_eq(state, "paused") || str_eq(state, "restarting"))
			u.active++;
		else
			u.free += size;
	}
	return u;
}

static struct usage count_volumes(const cJSON *df)
{
	struct usage u = { 0 };
	const cJSON *v;

	cJSON_ArrayForEach(v, json_obj(df, "Volumes")) {
		const cJSON *data = json_obj(v, "UsageData");
		int64_t size = json_int(data, "Size", -1);
		bool used = json_int(data, "RefCount", 0) > 0;

		u.total++;
		u.active += used;
		if (size > 0) {
			u.size += size;
			u.free += used ? 0 : size;
		}
	}
	return u;
}

static struct usage count_cache(const cJSON *df)
{
	struct usage u = { 0 };
	const cJSON *b;

	cJSON_ArrayForEach(b, json_obj(df, "BuildCache")) {
		bool used = json_bool(b, "InUse");
		int64_t size = json_bool(b, "Shared") ? 0 : json_int(b, "Size", 0);

		u.total++;
		u.active += used;
		u.size += size;
		u.free += used ? 0 : size;
	}
	return u;
}

static cJSON *df_row(const char *type, struct usage u, bool percent)
{
	cJSON *row = cJSON_CreateObject();
	autofree char *total = str_printf("%d", u.total), *active = str_printf("%d", u.active);
	char size[32];

	human_size(size, sizeof(size), (double)u.free, 4);
	autofree char *left = percent && u.size > 0
		? str_printf("%s (%lld%%)", size, (long long)(u.free * 100 / u.size))
		: str_dup(size);
	json_put_str(row, "Type", type);
	json_put_str(row, "TotalCount", total);
	json_put_str(row, "Active", active);
	show_put_size(row, "Size", (double)u.size, 4);
	json_put_str(row, "Reclaimable", left);
	return row;
}

static int print_summary(const cJSON *df, const char *format, struct err *e)
{
	autojson cJSON *rows = cJSON_CreateArray();

	cJSON_AddItemToArray(rows, df_row("Images", count_images(df), true));
	cJSON_AddItemToArray(rows, df_row("Containers", count_containers(df), true));
	cJSON_AddItemToArray(rows, df_row("Local Volumes", count_volumes(df), true));
	cJSON_AddItemToArray(rows, df_row("Build Cache", count_cache(df), false));
	return listing_print(&df_listing, format, NULL, rows, e);
}

/* The tables of -v: the heads are given here, since they differ from the lists'. */
static const struct column detail_columns[] = {
	{ "Repository", "REPOSITORY" }, { "Tag", "TAG" }, { "ID", "IMAGE ID" },
	{ "CreatedSince", "CREATED" }, { "Size", "SIZE" }, { "SharedSize", "SHARED SIZE" },
	{ "UniqueSize", "UNIQUE SIZE" }, { "Containers", "CONTAINERS" }, { "Image", "IMAGE" },
	{ "Command", "COMMAND" }, { "LocalVolumes", "LOCAL VOLUMES" }, { "RunningFor", "CREATED" },
	{ "Status", "STATUS" }, { "Names", "NAMES" }, { "Name", "VOLUME NAME" }, { "Links", "LINKS" },
	{ 0 },
};
static const struct column detail_containers[] = {
	{ "ID", "CONTAINER ID" }, { "Image", "IMAGE" }, { "Command", "COMMAND" },
	{ "LocalVolumes", "LOCAL VOLUMES" }, { "Size", "SIZE" }, { "RunningFor", "CREATED" },
	{ "Status", "STATUS" }, { "Names", "NAMES" }, { 0 },
};
static const struct listing images_detail = {
	NULL, "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t"
	"{{.UniqueSize}}\t{{.Containers}}", detail_columns,
};
static const struct listing containers_detail = {
	NULL, "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t"
	"{{.Status}}\t{{.Names}}", detail_containers,
};
static const struct listing volumes_detail = {
	NULL, "{{.Name}}\t{{.Links}}\t{{.Size}}", detail_columns,
};

static cJSON *df_container(const cJSON *c)
{
	cJSON *row = row_container(c, false);

	cJSON_DeleteItemFromObject(row, "Size");
	show_put_size(row, "Size", (double)json_int(c, "SizeRw", 0), 3);
	return row;
}

static cJSON *df_image(const cJSON *i)
{
	const cJSON *tag = cJSON_GetArrayItem(json_obj(i, "RepoTags"), 0);

	return row_image(i, cJSON_IsString(tag) ? tag->valuestring : NULL, false, false);
}

static int print_part(const char *title, const struct listing *l, const cJSON *list,
		      cJSON *(*row)(const cJSON *), struct err *e)
{
	autojson cJSON *rows = cJSON_CreateArray();
	const cJSON *i;

	printf("%s space usage:\n\n", title);
	cJSON_ArrayForEach(i, list)
		cJSON_AddItemToArray(rows, row(i));
	int r = listing_print(l, NULL, NULL, rows, e);
	putchar('\n');
	return r;
}

static int print_details(const cJSON *df, struct err *e)
{
	char size[32];
	int r = print_part("Images", &images_detail, json_obj(df, "Images"), df_image, e);

	r = r ? r : print_part("Containers", &containers_detail, json_obj(df, "Containers"),
			       df_container, e);
	r = r ? r : print_part("Local Volumes", &volumes_detail, json_obj(df, "Volumes"), row_volume,
			       e);
	if (!r)
		printf("Build cache usage: %s\n\nCACHE ID   CACHE TYPE   SIZE      CREATED   LAST USED   "
		       "USAGE     SHARED\n",
		       human_size(size, sizeof(size), (double)count_cache(df).size, 4));
	return r;
}

static int df_verb(struct command *c)
{
	struct http_answer a = { 0 };
	struct http *h;
	struct err e = { 0 };
	int r = command_http(c, &h, &e);

	r = r ? r : http_call(h, "GET", "/system/df", NULL, &a, &e);
	if (!r)
		r = opt_on(&c->opt, "verbose") ? print_details(a.json, &e)
					       : print_summary(a.json, opt_text(&c->opt, "format"), &e);
	http_answer_free(&a);
	return r ? command_fail(c, &e) : 0;
}

static const struct option df_options[] = {
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "verbose", 'v', &opt_flag, "Show each image, container and volume" },
	{ 0 },
};

const struct verb verbs_disk[] = {
	{ .paths = "system df", .usage = "[OPTIONS]", .about = "Show what is used on disk",
	  .options = df_options, .run = df_verb },
	{ 0 },
};
