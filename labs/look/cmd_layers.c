/* `drydock layers`: a stack, and what each of its layers adds, changes and deletes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/human.h"
#include "client/url.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/look/look.h"

#define SOME_FILES 12	/* of a layer, where not all are asked for */

static const struct option table[] = {
	{ .name = "files", .type = &opt_flag, .help = N_("List the files of every layer") },
	LOOK_OPTIONS,
};

static const char head[] =
	N_("Usage:  drydock layers CONTAINER | IMAGE [IMAGE] [OPTIONS]\n\n"
	   "The layers of a container or an image, the top one first: what each added (A), changed "
	   "(C) and deleted (D). With two: what they share.\n");

static int fetch(struct look *l, const char *name, cJSON **out)
{
	autostr struct str path = { 0 };
	url_path(&path, "/drydock/layers/", name, "");
	url_flag(&path, "files", opt_on(&l->o, "files"));
	return look_get(l, path.s, out);
}

static const char *size_text(int64_t bytes, char buf[32])
{
	return human_size(buf, 32, (double)bytes, 3);
}

static void say_files(struct look *l, const cJSON *layer)
{
	const cJSON *file, *files = json_obj(layer, "files");
	int n = 0;
	char buf[32];
	cJSON_ArrayForEach(file, files) {
		const char *op = json_str_or(file, "op", ""), *kind = json_str_or(file, "kind", "");
		if (++n > SOME_FILES && !opt_on(&l->o, "files"))
			continue;
		printf("          %c %s%s", op[0] == 'm' ? 'C' : op[0] == 'd' ? 'D' : 'A',
		       json_str_or(file, "path", ""), str_eq(kind, "dir") ? "/" : "");
		if (str_eq(kind, "file"))
			printf("  %s", size_text(json_int(file, "size", 0), buf));
		putchar('\n');
	}
	if (n > SOME_FILES && !opt_on(&l->o, "files"))
		printf(_("          and %d more (--files lists all)\n"), n - SOME_FILES);
}

static void add_names(struct str *out, const cJSON *names)
{
	const cJSON *name;
	cJSON_ArrayForEach(name, names)
		str_addf(out, "%s%s", name == names->child ? "" : ", ", name->valuestring);
}

static void say_layer(struct look *l, const cJSON *layer, size_t number)
{
	autofree char *name = look_layer_name(layer);
	autofree char *label = number ? str_printf("%3zu  ", number) : str_dup("  -  ");
	autostr struct str shared = { 0 };
	char buf[32];
	screen_sayf(&l->screen, str_eq(json_str(layer, "kind"), "writable") ? TONE_GOOD : TONE_HEAD,
		    label, "%s", name);
	screen_sayf(&l->screen, TONE_TEXT, "     ", _("%s; %lld added, %lld changed, %lld deleted"),
		    size_text(json_int(layer, "bytes", 0), buf),
		    (long long)json_int(layer, "added", 0),
		    (long long)json_int(layer, "changed", 0),
		    (long long)json_int(layer, "deleted", 0));
	add_names(&shared, json_obj(layer, "shared"));
	if (shared.len)
		screen_sayf(&l->screen, TONE_DIM, "     ", _("shared with %s"), shared.s);
	say_files(l, layer);
}

static int say_stack(struct look *l, const cJSON *stack)
{
	const cJSON *layer, *layers = json_obj(stack, "layers");
	size_t number = 0;
	bool container = str_eq(json_str(stack, "kind"), "container");
	cJSON_ArrayForEach(layer, layers)
		number += str_eq(json_str(layer, "kind"), "image");
	screen_sayf(&l->screen, TONE_HEAD, "",
		    container ? _("container %s, made from %s, the top layer first")
			      : _("image %s, the top layer first"),
		    json_str_or(stack, "name", ""), json_str_or(stack, "image", ""));
	cJSON_ArrayForEach(layer, layers) {
		bool image = str_eq(json_str(layer, "kind"), "image");
		say_layer(l, layer, image ? number : 0);
		number -= image;
	}
	return 0;
}

/* ---- two of them ------------------------------------------------------------------- */

static const cJSON *same_layer(const cJSON *stack, const char *diff_id)
{
	const cJSON *layer;
	cJSON_ArrayForEach(layer, json_obj(stack, "layers"))
		if (diff_id && str_eq(json_str(layer, "diff_id"), diff_id))
			return layer;
	return NULL;
}

/* Bytes of a's layers that are (shared) or are not in b; names each on the screen. */
static int64_t say_part(struct look *l, const cJSON *a, const cJSON *b, bool shared)
{
	const cJSON *layer;
	int64_t bytes = 0;
	char buf[32];
	cJSON_ArrayForEach(layer, json_obj(a, "layers")) {
		if ((same_layer(b, json_str(layer, "diff_id")) != NULL) != shared)
			continue;
		autofree char *name = look_layer_name(layer);
		bytes += json_int(layer, "bytes", 0);
		screen_sayf(&l->screen, TONE_TEXT, "  - ", "%s (%s)", name,
			    size_text(json_int(layer, "bytes", 0), buf));
	}
	return bytes;
}

static void say_only(struct look *l, const cJSON *a, const cJSON *b, int64_t *sum)
{
	screen_sayf(&l->screen, TONE_HEAD, "", _("only %s has:"), json_str_or(a, "name", ""));
	*sum += say_part(l, a, b, false);
}

static int say_two(struct look *l, const cJSON *a, const cJSON *b)
{
	char buf[32], buf2[32];
	screen_say(&l->screen, TONE_HEAD, "", _("both have:"));
	int64_t common = say_part(l, a, b, true), sum = common;
	say_only(l, a, b, &sum);
	say_only(l, b, a, &sum);
	screen_sayf(&l->screen, TONE_TEXT, "",
		    _("Together they take %s of the disk; %s of it serves both."),
		    size_text(sum, buf), size_text(common, buf2));
	return 0;
}

static int print_both(const cJSON *a, const cJSON *b)
{
	autojson cJSON *all = cJSON_CreateArray();
	cJSON_AddItemToArray(all, cJSON_Duplicate(a, true));
	cJSON_AddItemToArray(all, cJSON_Duplicate(b, true));
	return look_print_json(all);
}

static int run(struct look *l)
{
	autojson cJSON *a = NULL, *b = NULL;
	if (l->o.n_args < 1 || l->o.n_args > 2)
		return err_set(&l->e, EINVAL, _("say whose layers: drydock layers "
						"CONTAINER|IMAGE"));
	int r = fetch(l, l->o.args[0], &a);
	if (r == 0 && l->o.n_args == 2)
		r = fetch(l, l->o.args[1], &b);
	if (r < 0)
		return r;
	if (l->json)
		return b ? print_both(a, b) : look_print_json(a);
	return b ? say_two(l, a, b) : say_stack(l, a);
}

int cmd_layers(int argc, char **argv) { return look_run(argc, argv, head, table, run); }
