/* prune.c - removing what nobody needs: container, image, network, volume and
 * system prune, by one table of what each asks for and how its answer reads. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/human.h"
#include "client/url.h"
#include "client/values.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/json.h"

/* One of the API's prune routes. */
struct sweep {
	const char *path;
	const char *list;	/* the field with what went */
	const char *title;	/* printed above it */
	const char *filter;	/* added to the user's, or NULL */
	bool sized;		/* takes --all and --keep-storage */
};

static const struct sweep containers = { "/containers/prune", "ContainersDeleted",
					 "Deleted Containers:", NULL };
static const struct sweep networks = { "/networks/prune", "NetworksDeleted", "Deleted Networks:",
				       NULL };
static const struct sweep volumes = { "/volumes/prune", "VolumesDeleted", "Deleted Volumes:", NULL };
static const struct sweep all_volumes = { "/volumes/prune", "VolumesDeleted", "Deleted Volumes:",
					  "all=true" };
static const struct sweep dangling = { "/images/prune", "ImagesDeleted", "Deleted Images:",
				       "dangling=true" };
static const struct sweep all_images = { "/images/prune", "ImagesDeleted", "Deleted Images:",
					 "dangling=false" };
static const struct sweep cache = { "/build/prune", "CachesDeleted",
				    "Deleted build cache objects:", NULL };
static const struct sweep builder_cache = { "/build/prune", "CachesDeleted",
					    "Deleted build cache objects:", NULL, .sized = true };

/* "y" on standard input; --force needs no answer. */
static bool confirmed_after(const struct command *c, const char *warning, char gap)
{
	char answer[16];

	if (opt_on(&c->opt, "force"))
		return true;
	printf("%s%cAre you sure you want to continue? [y/N] ", warning, gap);
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] | 32) == 'y' &&
	       (answer[1] == '\n' || !answer[1]);
}

static bool confirmed(const struct command *c, const char *warning)
{
	return confirmed_after(c, warning, '\n');
}

static void print_item(const cJSON *item)
{
	if (cJSON_IsString(item))
		puts(item->valuestring);
	else if (json_str(item, "Untagged"))
		printf("untagged: %s\n", json_str(item, "Untagged"));
	else
		printf("deleted: %s\n", json_str_or(item, "Deleted", ""));
}

static int sweep_one(struct command *c, const struct sweep *s, int64_t *bytes, struct err *e)
{
	autostr struct str path = { 0 };
	struct http_answer a = { 0 };
	char **filters = strv_dup(opt_all(&c->opt, "filter"));
	int64_t keep;
	struct http *h;
	const cJSON *list, *item;
	int r = command_http(c, &h, e);

	if (s->filter)
		strv_add(&filters, s->filter);
	url_path(&path, s->path, NULL, "");
	url_filters(&path, filters);
	strv_free(filters);
	if (s->sized) {
		url_flag(&path, "all", opt_on(&c->opt, "all"));
		if (value_bytes(opt_text(&c->opt, "keep-storage"), &keep, NULL) == 0)
			url_int(&path, "keep-storage", keep);
	}
	r = r ? r : http_call(h, "POST", path.s, NULL, &a, e);
	if (r)
		return r;
	list = json_obj(a.json, s->list);
	if (cJSON_GetArraySize(list)) {
		puts(s->title);
		cJSON_ArrayForEach(item, list)
			print_item(item);
		putchar('\n');
	}
	*bytes += json_int(a.json, "SpaceReclaimed", 0);
	http_answer_free(&a);
	return 0;
}

static int sweep_all(struct command *c, const struct sweep *const *list, bool total)
{
	struct err e = { 0 };
	int64_t bytes = 0;
	char size[32];

	for (; *list; list++)
		if (sweep_one(c, *list, &bytes, &e))
			return command_fail(c, &e);
	if (total)
		printf("Total reclaimed space: %s\n",
		       human_size(size, sizeof(size), (double)bytes, 4));
	return 0;
}

static int container_prune(struct command *c)
{
	static const struct sweep *const list[] = { &containers, NULL };

	if (!confirmed(c, "WARNING! This will remove all stopped containers."))
		return 0;
	return sweep_all(c, list, true);
}

static int image_prune(struct command *c)
{
	bool all = opt_on(&c->opt, "all");
	const struct sweep *list[] = { all ? &all_images : &dangling, NULL };

	if (!confirmed(c, all ? "WARNING! This will remove all images without at least one container "
				"associated to them."
			      : "WARNING! This will remove all dangling images."))
		return 0;
	return sweep_all(c, list, true);
}

static int network_prune(struct command *c)
{
	static const struct sweep *const list[] = { &networks, NULL };

	if (!confirmed(c, "WARNING! This will remove all custom networks not used by at least one "
			  "container."))
		return 0;
	return sweep_all(c, list, false);
}

static int volume_prune(struct command *c)
{
	bool all = opt_on(&c->opt, "all");
	const struct sweep *list[] = { all ? &all_volumes : &volumes, NULL };

	if (!confirmed(c, all ? "WARNING! This will remove all local volumes not used by at least one "
				"container."
			      : "WARNING! This will remove anonymous local volumes not used by at least "
				"one container."))
		return 0;
	return sweep_all(c, list, true);
}

static int system_prune(struct command *c)
{
	bool all = opt_on(&c->opt, "all"), with_volumes = opt_on(&c->opt, "volumes");
	const struct sweep *list[6] = { &containers, &networks };
	int n = 2;
	autofree char *warning = str_printf(
		"WARNING! This will remove:\n"
		"  - all stopped containers\n"
		"  - all networks not used by at least one container\n"
		"%s  - all %s\n  - %s build cache\n",
		with_volumes ? "  - all anonymous volumes not used by at least one container\n" : "",
		all ? "images without at least one container associated to them" : "dangling images",
		all ? "all" : "unused");

	if (with_volumes)
		list[n++] = &volumes;
	list[n++] = all ? &all_images : &dangling;
	list[n++] = &cache;
	return confirmed(c, warning) ? sweep_all(c, list, true) : 0;
}

static int builder_prune(struct command *c)
{
	static const struct sweep *const list[] = { &builder_cache, NULL };
	bool all = opt_on(&c->opt, "all");

	if (!confirmed_after(c, all ? "WARNING! This will remove all build cache."
				    : "WARNING! This will remove all dangling build cache.", ' '))
		return 0;
	return sweep_all(c, list, true);
}

static const struct option prune_options[] = {
	{ "filter", 0, &opt_filter, "Only those that fit (until=TIME, label=NAME)" },
	{ "force", 'f', &opt_flag, "Do not ask" },
	{ 0 },
};

static const struct option prune_all_options[] = {
	{ "all", 'a', &opt_flag, "All that nothing uses, not only those without a name" },
	{ "filter", 0, &opt_filter, "Only those that fit (until=TIME, label=NAME)" },
	{ "force", 'f', &opt_flag, "Do not ask" },
	{ 0 },
};

static const struct option system_options[] = {
	{ "all", 'a', &opt_flag, "All images that nothing uses, not only those without a name" },
	{ "filter", 0, &opt_filter, "Only those that fit (until=TIME, label=NAME)" },
	{ "force", 'f', &opt_flag, "Do not ask" },
	{ "volumes", 0, &opt_flag, "Anonymous volumes too" },
	{ 0 },
};

static const struct option builder_options[] = {
	{ "all", 'a', &opt_flag, "All of it, not only what nothing refers to" },
	{ "filter", 0, &opt_filter, "Only what fits (until=TIME)" },
	{ "force", 'f', &opt_flag, "Do not ask" },
	{ "keep-storage", 0, &opt_bytes, "How much may stay", "0" },
	{ 0 },
};

const struct verb verbs_prune[] = {
	{ .paths = "builder prune", .usage = "", .about = "Remove what builds left to be used again",
	  .options = builder_options, .run = builder_prune },
	{ .paths = "container prune", .usage = "[OPTIONS]",
	  .about = "Remove all stopped containers", .options = prune_options,
	  .run = container_prune },
	{ .paths = "image prune", .usage = "[OPTIONS]", .about = "Remove images that nothing uses",
	  .options = prune_all_options, .run = image_prune },
	{ .paths = "network prune", .usage = "[OPTIONS]",
	  .about = "Remove networks that nothing uses", .options = prune_options,
	  .run = network_prune },
	{ .paths = "volume prune", .usage = "[OPTIONS]",
	  .about = "Remove volumes that nothing uses", .options = prune_all_options,
	  .run = volume_prune },
	{ .paths = "system prune", .usage = "[OPTIONS]", .about = "Remove all that nothing uses",
	  .options = system_options, .run = system_prune },
	{ 0 },
};
