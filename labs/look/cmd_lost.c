/* `drydock lost`: what was lost when a container was removed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/human.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/look/look.h"

static const struct option table[] = { LOOK_OPTIONS };

static const char head[] =
	N_("Usage:  drydock lost [CONTAINER] [OPTIONS]\n\n"
	   "What went with a container that was removed (the last one, where none is named): the "
	   "files of its own layer. What lay on volumes or in mounted folders is not among "
	   "them.\n");

static int add_line(void *arg, cJSON *line)
{
	struct err e;
	return facts_add(arg, cJSON_Duplicate(line, true), &e) < 0;
}

static void say_lost(struct look *l, const struct lost *w)
{
	char buf[32];
	screen_sayf(&l->screen, TONE_HEAD, "",
		    P_("with container %s (%.12s) went %zu file of its own layer; %lld bytes were "
		       "freed",
		       "with container %s (%.12s) went %zu files of its own layer; %lld bytes were "
		       "freed", w->n),
		    w->name, w->cid, w->n, (long long)w->bytes);
	for (size_t i = 0; i < w->n; i++)
		printf("  %s  %s\n", json_str_or(w->files[i]->data, "path", ""),
		       human_size(buf, sizeof(buf), (double)json_int(w->files[i]->data, "size", 0),
				  3));
	screen_say(&l->screen, TONE_TEXT, "", _("The image it was made from is as it was."));
}

static int print_lost(const struct lost *w)
{
	autojson cJSON *o = cJSON_CreateObject();
	cJSON *files = cJSON_CreateArray();
	json_put_str(o, "id", w->cid);
	json_put_str(o, "name", w->name);
	json_put_int(o, "bytes", w->bytes);
	for (size_t i = 0; i < w->n; i++) {
		cJSON *file = cJSON_CreateObject();
		json_put_str(file, "path", json_str_or(w->files[i]->data, "path", ""));
		json_put_int(file, "size", json_int(w->files[i]->data, "size", 0));
		cJSON_AddItemToArray(files, file);
	}
	json_put(o, "files", files);
	return look_print_json(o);
}

static int say(struct look *l, const struct facts *f)
{
	const char *which = l->o.n_args ? l->o.args[0] : NULL;
	struct lost w;
	lost_find(f, which, &w);
	if (!w.cid)
		return err_http(&l->e, 404, ENOENT,
				which ? _("no container \"%s\" was removed here")
				      : _("no container was removed here yet%s"),
				which ? which : "");
	if (l->json)
		print_lost(&w);
	else
		say_lost(l, &w);
	free(w.files);
	return 0;
}

static int run(struct look *l)
{
	struct facts *f = facts_new();
	int r = l->o.n_args > 1 ? err_set(&l->e, EINVAL, _("one container at a time")) : 0;
	if (r == 0)
		r = http_lines(l->http, "GET", "/drydock/facts", NULL, add_line, f, &l->e);
	if (r == 0)
		r = say(l, f);
	facts_free(f);
	return r;
}

int cmd_lost(int argc, char **argv) { return look_run(argc, argv, head, table, run); }
