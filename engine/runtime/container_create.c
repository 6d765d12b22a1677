/* container_create.c - a container comes to be: on paper, and as a directory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "runtime/container_config.h"
#include "runtime/container_internal.h"

/* Where the image's layers are: the same for as long as the container lives. */
static void take_layers(struct container *c, const struct image *img)
{
	c->n_layers = img->n_layers;
	c->lower = mem_alloc((img->n_layers + 1) * sizeof(char *));
	c->diff_ids = mem_alloc((img->n_layers + 1) * sizeof(char *));
	for (size_t i = 0; i < img->n_layers; i++) {
		c->lower[i] = str_dup(img->layer_dirs[i]);
		c->diff_ids[i] = str_dup(img->diff_ids[i]);
	}
	c->upper = container_path(c, "upper");
}

/* As Docker does: the first 12 digits of the id, unless one is given or the host's is shared. */
static void set_hostname(struct container *c)
{
	if (*json_str_or(c->config, "Hostname", "") || str_eq(host_text(c, "NetworkMode"), "host"))
		return;
	autofree char *name = str_printf("%.12s", c->id);
	cJSON_ReplaceItemInObjectCaseSensitive(c->config, "Hostname", cJSON_CreateString(name));
}

static int find_image(struct container *c, const cJSON *body, struct image **img, struct err *e)
{
	const char *ref = json_str_or(body, "Image", "");
	int r = config_check(body, e);
	if (r < 0)
		return r;
	if (!*ref)
		return err_set(e, EINVAL, "no image specified");
	if ((r = image_get(c->all->images, ref, img, e)) < 0)
		return r;
	c->image_id = str_dup((*img)->id);
	c->image_ref = str_dup(ref);
	take_layers(c, *img);
	return 0;
}

/* The parts of a container that a body and its image determine.  Nothing is on disk yet. */
static int fill_in(struct container *c, const cJSON *body, const struct image *img, char ***warnings,
		   struct err *e)
{
	autojson cJSON *with = NULL;
	int r;
	c->config = config_merge(body, json_obj(img->config, "config"));
	with = defaults_body(c->all->defaults, body);
	if ((r = config_host(with, &c->host, warnings, e)) < 0 || (r = places_build(c, body, e)) < 0 ||
	    (r = links_check(c, e)) < 0 || (r = share_check(c, e)) < 0 || (r = net_check_ports(c, e)) < 0)
		return r;
	set_hostname(c);
	if ((r = points_build(c, e)) < 0)
		return r;
	char **argv = config_argv(c->config);
	bool empty = !argv[0];
	strv_free(argv);
	return empty ? err_set(e, EINVAL, "no command specified") : 0;
}

/* Checks everything a start will need, as far as it can be known now. */
static int try_spec(struct container *c, char ***warnings, struct err *e)
{
	struct spec s = { .netns_fd = -1 };
	int r = spec_build(c, &s, false, e);
	if (r == 0)
		r = launch_refuse(c->all->launcher, &s, e);
	if (r == 0)
		launch_clamp(c->all->launcher, &s, warnings);
	spec_free(&s);
	return r;
}

static int make_dirs(struct container *c, struct err *e)
{
	static const char *const sub[] = { "upper", "work", "merged" };
	for (size_t i = 0; i < ARRAY_SIZE(sub); i++) {
		autofree char *path = container_path(c, sub[i]);
		int r = dir_make_inside(path, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool overrides_command(const struct container *c, const struct image *img)
{
	char **own = config_argv(c->config), **theirs = config_argv(json_obj(img->config, "config"));
	size_t i = 0;
	while (own[i] && str_eq(own[i], theirs[i]))
		i++;
	bool differs = own[i] || theirs[i];
	strv_free(own);
	strv_free(theirs);
	return differs;
}

static void created_fact(struct container *c, const struct origin *by, const struct image *img)
{
	cJSON *d = cJSON_CreateObject();
	char **argv = config_argv(c->config);
	json_put_str(d, "name", c->name);
	json_put_str(d, "ref", c->image_ref);
	json_put_bool(d, "tty", json_bool(c->config, "Tty"));
	json_put_bool(d, "stdin", json_bool(c->config, "OpenStdin"));
	json_put_bool(d, "detach", !json_bool(c->config, "AttachStdout") &&
				   !json_bool(c->config, "AttachStderr"));
	json_put_str(d, "user", json_str_or(c->config, "User", ""));
	json_put(d, "ports", net_ports_fact(c));
	json_put_bool(d, "autorm", host_flag(c, "AutoRemove"));
	json_put_int(d, "binds", mounts_count(c, "bind"));
	json_put_int(d, "volumes", mounts_count(c, "volume"));
	json_put_strv(d, "argv", argv);
	json_put_bool(d, "override", overrides_command(c, img));
	json_put_bool(d, "seed", by->actor == ACTOR_SEED);
	container_fact(c, by, "ctr.create", d);
	strv_free(argv);
}

static void refused_fact(struct containers *cs, const struct origin *by, const char *name,
			 const struct err *e)
{
	cJSON *d = cJSON_CreateObject();
	int status = err_status(e);
	autocontainer struct container *holder = NULL;
	if (status == 409 && name)
		containers_get(cs, name, &holder, NULL);
	json_put_str(d, "name", name ? name : "");
	json_put_str(d, "why", status == 409 ? "name-in-use" :
			       status == 404 ? "no-such-image" : "bad-config");
	json_put_str(d, "holder", holder ? holder->id : "");
	if (cs->journal)
		journal_add(cs->journal, by, "ctr.create.refused", NULL, NULL, d, NULL);
	else
		cJSON_Delete(d);
}

/* From here on the image can't be removed; it may have been since it was looked up. */
static int enter_table(struct container *c, struct err *e)
{
	autofree char *id = NULL;
	containers_hold_images(c->all, true);
	int r = image_find(c->all->images, c->image_id, &id, NULL);
	if (r < 0)
		err_http(e, 404, ENOENT, "No such image: %s", c->image_ref);
	else
		r = table_add(c->all, c, e);
	containers_hold_images(c->all, false);
	return r;
}

static void abandon(struct container *c)
{
	autofree char *dir = container_path(c, "");
	state_delete(c->all->state, "container", c->id, NULL);
	dir_remove(dir, NULL);
	table_remove(c);
}

/* The name is ours already (so two creations can't share it).  The directory is made
 * first, then the document is kept: a crash between leaves a directory without a
 * document, which the next start takes away.  Volumes come last: the document names
 * them, so that nobody removes one that is being made. */
static int establish(struct container *c, struct err *e)
{
	int r = enter_table(c, e);
	if (r < 0)
		return r;
	if ((r = make_dirs(c, e)) < 0 || (r = container_save(c, e)) < 0 || (r = mounts_make(c, e)) < 0)
		abandon(c);
	return r;
}

static int create(struct container *c, const struct origin *by, const char *name,
		  const cJSON *body, char ***warnings, struct err *e)
{
	autoimage struct image *img = NULL;
	int r;
	name += name && *name == '/';
	if (name && *name && (r = check_name(name, e)) < 0)
		return r;
	random_id(c->id);
	c->created_ns = clock_wall_ns();
	origin_keep(&c->by, by);
	if ((r = find_image(c, body, &img, e)) < 0 ||
	    (r = table_claim(c, name && *name ? name : NULL, e)) < 0 ||
	    (r = fill_in(c, body, img, warnings, e)) < 0)
		return r;
	if ((r = try_spec(c, warnings, e)) < 0 || (r = establish(c, e)) < 0)
		return r;
	created_fact(c, by, img);
	container_event(c, "create", NULL);
	return 0;
}

int container_create(struct containers *cs, const struct origin *by, const char *name,
		     const cJSON *body, struct container **out, char ***warnings, struct err *e)
{
	struct container *c = container_new(cs);
	int r = create(c, by, name, body, warnings, e);
	table_unclaim(c);
	if (r < 0) {
		refused_fact(cs, by, name, e);
		container_put(c);
		return r;
	}
	*out = c;
	return 0;
}

int container_plan(struct containers *cs, const cJSON *body, struct str *out, struct err *e)
{
	autocontainer struct container *c = container_new(cs);
	autoimage struct image *img = NULL;
	struct origin nobody = { .actor = ACTOR_ENGINE };
	struct spec s = { .netns_fd = -1 };
	char **warnings = mem_alloc(sizeof(*warnings));

	random_id(c->id);
	c->name = str_dup("plan");
	origin_keep(&c->by, &nobody);
	int r = find_image(c, body, &img, e);
	if (r == 0)
		r = fill_in(c, body, img, &warnings, e);
	if (r == 0)
		r = spec_build(c, &s, true, e);
	if (r == 0) {
		launch_clamp(cs->launcher, &s, &warnings);
		r = launch_dry_run(cs->launcher, &s, false, out, e);
	}
	spec_free(&s);
	strv_free(warnings);
	return r;
}

int container_in_build(struct container *c, struct err *e)
{
	container_lock(c);
	c->in_build = true;
	int r = container_save(c, e);
	container_unlock(c);
	return r;
}

/* -- the layer stack --------------------------------------------------------------- */

int container_layers(struct container *c, struct layers *out, struct err *e)
{
	struct layers l = { .k = c->all->kernel };
	if (!c->lower) {
		autoimage struct image *img = NULL;
		int r = image_get(c->all->images, c->image_id, &img, e);
		if (r < 0)
			return r;
		take_layers(c, img);
	}
	if (c->n_layers + 2 > ARRAY_SIZE(l.dir))
		return err_set(e, E2BIG, "image %s has %zu layers: an overlay takes no more than 128",
			       c->image_ref, c->n_layers);
	l.dir[l.n++] = c->upper;
	l.dir[l.n++] = c->all->init_layer;
	for (size_t i = c->n_layers; i > 0; i--)
		l.dir[l.n++] = c->lower[i - 1];
	*out = l;
	return 0;
}
