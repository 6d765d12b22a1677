/* image.c - images, history, tag, rmi. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/human.h"
#include "client/image_name.h"
#include "client/image_tree.h"
#include "client/listing.h"
#include "client/url.h"
#include "client/rows.h"
#include "client/show.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"

#define CREATED_BY_WIDTH 45	/* characters, as docker cuts them */

static const struct column image_columns[] = {
	{ "Repository", "REPOSITORY" }, { "Tag", "TAG" }, { "Digest", "DIGEST" },
	{ "ID", "IMAGE ID" }, { "CreatedSince", "CREATED" }, { "CreatedAt", "CREATED AT" },
	{ "Size", "SIZE" }, { "VirtualSize", "SIZE" }, { "SharedSize", "SHARED SIZE" },
	{ "UniqueSize", "UNIQUE SIZE" }, { "Containers", "CONTAINERS" }, { 0 },
};

static const struct listing images_listing = {
	"*formatter.imageContext",
	"{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}", image_columns,
};
static const struct listing digests_listing = {
	"*formatter.imageContext",
	"{{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
	image_columns,
};

/* The digest under which the image is known by this repository. */
static const char *digest_of(const cJSON *image, const char *repository, size_t len)
{
	const cJSON *d;

	cJSON_ArrayForEach(d, json_obj(image, "RepoDigests"))
		if (cJSON_IsString(d) && strncmp(d->valuestring, repository, len) == 0 &&
		    d->valuestring[len] == '@')
			return d->valuestring + len + 1;
	return "<none>";
}

static void put_name(cJSON *row, const cJSON *image, const char *tag, bool digests)
{
	const cJSON *first = cJSON_GetArrayItem(json_obj(image, "RepoDigests"), 0);
	const char *whole = tag ? tag : cJSON_IsString(first) ? first->valuestring : "<none>";
	const char *colon = tag ? strrchr(tag, ':') : NULL;
	size_t len = colon ? (size_t)(colon - tag) : strcspn(whole, "@");
	autofree char *repository = strndup(whole, len);

	json_put_str(row, "Repository", repository);
	json_put_str(row, "Tag", colon ? colon + 1 : "<none>");
	json_put_str(row, "Digest", digests ? digest_of(image, whole, len) : "<none>");
}

/* -1 is the API's word for "not counted". */
static void put_counted(cJSON *row, const char *field, int64_t v)
{
	if (v < 0)
		json_put_str(row, field, "N/A");
	else
		show_put_size(row, field, (double)v, 4);
}

cJSON *row_image(const cJSON *image, const char *tag, bool whole, bool digests)
{
	cJSON *row = cJSON_CreateObject();
	int64_t created = json_int(image, "Created", 0), size = json_int(image, "Size", 0);
	int64_t shared = json_int(image, "SharedSize", -1), used = json_int(image, "Containers", -1);
	autofree char *id = show_id(json_str_or(image, "Id", ""), whole);
	autofree char *count = used < 0 ? str_dup("N/A") : str_printf("%lld", (long long)used);
	char buf[64];

	put_name(row, image, tag, digests);
	json_put_str(row, "ID", id);
	json_put_str(row, "CreatedSince",
		     created ? human_ago(buf, sizeof(buf), created) : "N/A");
	json_put_str(row, "CreatedAt", human_time(buf, sizeof(buf), created));
	show_put_size(row, "Size", (double)size, 3);
	show_put_size(row, "VirtualSize", (double)size, 4);
	put_counted(row, "SharedSize", shared);
	put_counted(row, "UniqueSize", shared < 0 ? -1 : size - shared);
	json_put_str(row, "Containers", count);
	return row;
}

static void image_rows(const cJSON *images, const struct options *o, cJSON *rows)
{
	const char *format = opt_text(o, "format");
	bool whole = opt_on(o, "no-trunc");
	bool digests = opt_on(o, "digests") || (format && strstr(format, ".Digest"));
	const cJSON *i, *t;

	cJSON_ArrayForEach(i, images) {
		const cJSON *tags = json_obj(i, "RepoTags");

		if (!cJSON_GetArraySize(tags))
			cJSON_AddItemToArray(rows, row_image(i, NULL, whole, digests));
		cJSON_ArrayForEach(t, tags)
			if (cJSON_IsString(t))
				cJSON_AddItemToArray(rows, row_image(i, t->valuestring, whole,
								     digests));
	}
}

static void images_path(const struct options *o, struct str *path)
{
	char **filters = strv_dup(opt_all(o, "filter"));

	if (o->n_args) {
		autofree char *reference = str_printf("reference=%s", o->args[0]);
		strv_add(&filters, reference);
	}
	url_path(path, "/images/json", NULL, "");
	url_flag(path, "all", opt_on(o, "all"));
	url_filters(path, filters);
	strv_free(filters);
}

static int tree_verb(struct command *c)
{
	/* Options, and how docker calls them. */
	static const char *const not_with[][2] = {
		{ "quiet", "quiet" }, { "no-trunc", "no-trunc" }, { "digests", "show-digest" },
		{ "format", "format" },
	};
	autostr struct str path = { 0 };
	struct http_answer a = { 0 };
	struct err e = { 0 };
	struct http *h;

	for (size_t i = 0; i < ARRAY_SIZE(not_with); i++)
		if (opt_given(&c->opt, not_with[i][0])) {
			err_set(&e, EINVAL, "--%s is not yet supported with --tree", not_with[i][1]);
			return command_fail(c, &e);
		}
	images_path(&c->opt, &path);
	if (command_http(c, &h, &e) || http_call(h, "GET", path.s, NULL, &a, &e))
		return command_fail(c, &e);
	image_tree(a.json, opt_on(&c->opt, "all"));
	http_answer_free(&a);
	return 0;
}

static int images_verb(struct command *c)
{
	autostr struct str path = { 0 };

	if (opt_on(&c->opt, "tree"))
		return tree_verb(c);
	images_path(&c->opt, &path);
	return listing_verb(c, path.s,
			    opt_on(&c->opt, "digests") ? &digests_listing : &images_listing, "ID",
			    image_rows);
}

static const struct column history_columns[] = {
	{ "ID", "IMAGE" }, { "CreatedSince", "CREATED" }, { "CreatedAt", "CREATED AT" },
	{ "CreatedBy", "CREATED BY" }, { "Size", "SIZE" }, { "Comment", "COMMENT" }, { 0 },
};

static const struct listing history_listing = {
	"*formatter.historyContext",
	"{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}", history_columns,
};

static const struct listing history_raw = {
	"*formatter.historyContext",
	"{{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}", history_columns,
};

static void history_times(cJSON *row, int64_t created, bool human)
{
	time_t when = (time_t)created;
	struct tm tm;
	char at[64], ago[64];

	localtime_r(&when, &tm);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%S%z", &tm);
	if (str_ends(at, "+0000"))
		strcpy(strchr(at, '+'), "Z");
	json_put_str(row, "CreatedAt", created > 0 ? at : "");
	json_put_str(row, "CreatedSince", !human ? at : created > 0
		     ? human_ago(ago, sizeof(ago), created) : "N/A");
}

static cJSON *history_row(const cJSON *h, bool human, bool whole)
{
	cJSON *row = cJSON_CreateObject();
	autofree char *id = show_id(json_str_or(h, "Id", ""), whole);
	autofree char *by = str_dup(json_str_or(h, "CreatedBy", ""));
	autofree char *raw_size = str_printf("%lld", (long long)json_int(h, "Size", 0));

	for (char *p = by; (p = strchr(p, '\t')); )
		*p = ' ';
	autofree char *shown = show_ellipsis(by, whole ? strlen(by) + 1 : CREATED_BY_WIDTH);
	json_put_str(row, "ID", id);
	history_times(row, json_int(h, "Created", 0), human);
	json_put_str(row, "CreatedBy", shown);
	if (human)
		show_put_size(row, "Size", (double)json_int(h, "Size", 0), 3);
	else
		json_put_str(row, "Size", raw_size);
	json_put_str(row, "Comment", json_str_or(h, "Comment", ""));
	return row;
}

static void history_rows(const cJSON *history, const struct options *o, cJSON *rows)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, history)
		cJSON_AddItemToArray(rows, history_row(item, opt_on(o, "human"),
						       opt_on(o, "no-trunc")));
}

static int history_verb(struct command *c)
{
	autostr struct str path = { 0 };

	url_path(&path, "/images/", c->opt.args[0], "/history");
	return listing_verb(c, path.s, opt_on(&c->opt, "human") ? &history_listing : &history_raw,
			    "ID", history_rows);
}

static int tag_verb(struct command *c)
{
	autostr struct str path = { 0 };
	struct image_name n;
	struct http *h;
	struct err e = { 0 };

	if (image_name_parse(c->opt.args[1], &n, &e)) {
		err_wrap(&e, "Error parsing reference: \"%s\" is not a valid repository/tag",
			 c->opt.args[1]);
		return command_fail(c, &e);
	}
	url_path(&path, "/images/", c->opt.args[0], "/tag");
	url_add(&path, "repo", n.full);
	url_add(&path, "tag", n.tag);
	image_name_free(&n);
	if (command_http(c, &h, &e) || http_call(h, "POST", path.s, NULL, NULL, &e))
		return command_fail(c, &e);
	return 0;
}

static int rmi_one(struct command *c, struct http *h, const char *name, struct err *e)
{
	autostr struct str path = { 0 };
	struct http_answer a = { 0 };
	const cJSON *item;
	int r;

	url_path(&path, "/images/", name, "");
	url_flag(&path, "force", opt_on(&c->opt, "force"));
	url_flag(&path, "noprune", opt_on(&c->opt, "no-prune"));
	r = http_call(h, "DELETE", path.s, NULL, &a, e);
	if (r && e->status == 404 && opt_on(&c->opt, "force")) {
		command_fail(c, e);	/* said, but no failure: it is gone */
		return 1;
	}
	cJSON_ArrayForEach(item, a.json) {
		const char *untagged = json_str(item, "Untagged");

		printf(untagged ? "Untagged: %s\n" : "Deleted: %s\n",
		       untagged ? untagged : json_str_or(item, "Deleted", ""));
	}
	http_answer_free(&a);
	return r;
}

static const struct option images_options[] = {
	{ "all", 'a', &opt_flag, "Show intermediate images too" },
	{ "digests", 0, &opt_flag, "Show digests" },
	{ "filter", 'f', &opt_filter, "Show only those that fit (name=value)" },
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "no-trunc", 0, &opt_flag, "Show everything in full" },
	{ "quiet", 'q', &opt_flag, "Show only ids" },
	{ "tree", 0, &opt_flag, "Show each image once, with all its names" },
	{ 0 },
};

static const struct option history_options[] = {
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "human", 'H', &opt_flag, "Sizes and dates for people", "true" },
	{ "no-trunc", 0, &opt_flag, "Show everything in full" },
	{ "quiet", 'q', &opt_flag, "Show only ids" },
	{ "platform", 0, &opt_string, "Only this platform (os/arch)", .since = "1.48" },
	{ 0 },
};

static const struct option rmi_options[] = {
	{ "force", 'f', &opt_flag, "Remove it though containers use it" },
	{ "no-prune", 0, &opt_flag, "Keep its parents that have no name" },
	{ "platform", 0, &opt_string, "Only this platform (os/arch)", .since = "1.50" },
	{ 0 },
};

const struct verb verbs_image[] = {
	{ .paths = "image ls|image list|images", .usage = "[OPTIONS] [REPOSITORY[:TAG]]",
	  .about = "List images", .options = images_options, .max_args = 1, .common = 7,
	  .complete = COMPLETE_IMAGE, .run = images_verb },
	{ .paths = "image history|history", .usage = "[OPTIONS] IMAGE",
	  .about = "Show an image's layers and the commands that made them",
	  .options = history_options, .min_args = 1, .max_args = 1, .complete = COMPLETE_IMAGE,
	  .run = history_verb },
	{ .paths = "image tag|tag", .usage = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
	  .about = "Give an image a further name", .min_args = 2, .max_args = 2,
	  .complete = COMPLETE_IMAGE, .run = tag_verb },
	{ .paths = "image rm|image remove|rmi", .usage = "[OPTIONS] IMAGE [IMAGE...]",
	  .about = "Remove images", .options = rmi_options, .min_args = 1, .max_args = -1,
	  .complete = COMPLETE_IMAGE, .each = rmi_one },
	{ 0 },
};
