/* `drydock where`: which layer a path comes from, and what deleting it would do. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/human.h"
#include "client/url.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/wrap.h"
#include "core/lang.h"
#include "labs/look/look.h"

static const struct option table[] = { LOOK_OPTIONS };

static const char head[] =
	N_("Usage:  drydock where [CONTAINER|IMAGE:]PATH [OPTIONS]\n\n"
	   "Which layer a path comes from, and what `rm` would do to it. Without a name: in the "
	   "container that was made last.\n");

/* The name of the newest container; caller frees. */
static int newest(struct look *l, char **out)
{
	autojson cJSON *list = NULL;
	int r = look_get(l, "/containers/json?all=1&limit=1", &list);
	if (r < 0)
		return r;
	const char *id = json_str(cJSON_GetArrayItem(list, 0), "Id");
	if (!id)
		return err_http(&l->e, 404, ENOENT,
				_("there is no container; say whose path: drydock where "
				  "IMAGE:PATH"));
	*out = str_dup(id);
	return 0;
}

/* "ubuntu:20.04:/etc/issue" has its path behind the last ":/". */
static int split(struct look *l, const char *arg, char **name, const char **path)
{
	const char *colon = NULL;
	for (const char *s = arg; (s = strstr(s, ":/")); s++)
		colon = s;
	if (*arg == '/') {
		*path = arg;
		return newest(l, name);
	}
	if (!colon)
		return err_set(&l->e, EINVAL, _("\"%s\" is no path: it has to begin with /"), arg);
	*name = str_printf("%.*s", (int)(colon - arg), arg);
	*path = colon + 1;
	return 0;
}

static void say_layer(struct look *l, const cJSON *layer, bool seen)
{
	const char *has = json_str_or(layer, "has", "");
	autofree char *name = look_layer_name(layer);
	char buf[32];
	autofree char *word = wrap_pad(*has ? look_word(has) : "-", 8);
	autofree char *label = str_printf("  %s %s ", seen ? ">" : " ", word);
	if (str_eq(has, "file"))
		screen_sayf(&l->screen, seen ? TONE_GOOD : TONE_TEXT, label, "%s (%s)", name,
			    human_size(buf, sizeof(buf), (double)json_int(layer, "size", 0), 3));
	else
		screen_say(&l->screen, seen ? TONE_GOOD : TONE_TEXT, label, name);
}

/* Does a layer below place `from` have it, so that a deletion needs a mark? */
static bool is_below(const cJSON *layers, int64_t from)
{
	for (int i = (int)from + 1; i < cJSON_GetArraySize(layers); i++) {
		const char *has = json_str_or(cJSON_GetArrayItem(layers, i), "has", "");
		if (str_eq(has, "deleted"))
			return false;
		if (*has)
			return true;
	}
	return false;
}

static const char *what_rm_does(const cJSON *answer, int64_t from)
{
	const cJSON *layers = json_obj(answer, "layers");
	if (str_eq(json_str(answer, "kind"), "image"))
		return _("in a container of this image, rm writes a mark (a whiteout) into the "
			 "container's own layer. The image keeps it, and takes no less room.");
	if (from > 0)
		return _("rm writes a mark (a whiteout) into the writable layer, and it is no "
			 "longer seen in this container. The layer below keeps it.");
	return is_below(layers, from)
		? _("rm takes it out of the writable layer, and leaves a mark (a whiteout) there, "
		    "since a layer below has one of that name, too.")
		: _("rm takes it out of the writable layer, and its bytes are free. No other layer "
		    "has it.");
}

static int say(struct look *l, const cJSON *answer)
{
	const cJSON *layer, *layers = json_obj(answer, "layers");
	int64_t from = json_int(answer, "from", -1), i = 0;
	bool hidden = false;	/* some layer has it, or the mark of its deletion */
	screen_sayf(&l->screen, TONE_HEAD, "", _("%s in %s %s, the top layer first"),
		    json_str_or(answer, "path", ""), look_word(json_str_or(answer, "kind", "")),
		    json_str_or(answer, "name", ""));
	cJSON_ArrayForEach(layer, layers) {
		hidden = hidden || *json_str_or(layer, "has", "");
		say_layer(l, layer, i++ == from);
	}
	if (from >= 0) {
		autofree char *name = look_layer_name(cJSON_GetArrayItem(layers, (int)from));
		screen_sayf(&l->screen, TONE_TEXT, _("seen: "), _("the one of %s"), name);
		screen_say(&l->screen, TONE_TEXT, "rm: ", what_rm_does(answer, from));
		return 0;
	}
	screen_say(&l->screen, TONE_TEXT, _("seen: "), hidden
		   ? _("nothing; a mark in a layer above, on it or on a directory that it is in, "
		       "hides what is below")
		   : _("nothing; no layer has this path"));
	return 1;
}

static int run(struct look *l)
{
	autofree char *name = NULL;
	autojson cJSON *answer = NULL;
	autostr struct str path = { 0 };
	const char *file = NULL;
	if (l->o.n_args != 1)
		return err_set(&l->e, EINVAL, _("say which path: drydock where [NAME:]PATH"));
	int r = split(l, l->o.args[0], &name, &file);
	if (r < 0)
		return r;
	url_path(&path, "/drydock/where/", name, "");
	url_add(&path, "path", file);
	r = look_get(l, path.s, &answer);
	if (r < 0)
		return r;
	if (!l->json)
		return say(l, answer);
	look_print_json(answer);
	return json_int(answer, "from", -1) < 0;
}

int cmd_where(int argc, char **argv) { return look_run(argc, argv, head, table, run); }
