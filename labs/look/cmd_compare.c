/* `drydock compare`: two runs side by side, only the kernel calls that differ. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/url.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "labs/look/calls.h"
#include "labs/look/look.h"

#define MOST_CALLS 4000	/* of a run: the comparison's table grows with the square */

static const struct option table[] = { LOOK_OPTIONS };

static const char head[] =
	N_("Usage:  drydock compare RUN RUN [OPTIONS]\n\n"
	   "The kernel calls by which two containers were started and ended: only those that "
	   "differ. A RUN is a container's name or id, also of one that was removed (its id); "
	   "NAME#2 is its second start. Exit code 0: no difference, 1: some.\n");

static int add_line(void *arg, cJSON *line)
{
	cJSON_AddItemToArray(arg, cJSON_Duplicate(line, true));
	return 0;
}

/* "name#2" -> name, 2; false: no such number. */
static bool split(const char *run, char **name, int *number)
{
	const char *hash = strrchr(run, '#');
	*number = hash ? atoi(hash + 1) : 1;
	*name = hash ? str_printf("%.*s", (int)(hash - run), run) : str_dup(run);
	return *number > 0;
}

static int fetch(struct look *l, const char *run, struct calls *out)
{
	autofree char *name = NULL;
	autojson cJSON *trace = cJSON_CreateArray();
	autostr struct str path = { 0 };
	int number;
	if (!split(run, &name, &number))
		return err_set(&l->e, EINVAL, _("\"%s\": the starts of a container are #1, "
						"#2 ..."), run);
	str_add(&path, "/drydock/trace");
	url_add(&path, "container", name);
	int r = http_lines(l->http, "GET", path.s, NULL, add_line, trace, &l->e);
	if (r < 0)
		return r;
	calls_take(trace, number, out);
	if (out->n > MOST_CALLS)
		return err_set(&l->e, E2BIG, _("%s has %zu calls; more than %d are not "
					       "compared"), run,
			       out->n, MOST_CALLS);
	if (out->n)
		return 0;
	err_http(&l->e, 404, ENOENT, _("the trace has no run %s"), run);
	return err_hint(&l->e, _("`docker ps -a` lists containers; the trace keeps what happened "
				 "since the engine was started"));
}

struct differ { const char *region; size_t same, only_a, only_b; cJSON *list; };

static void tell(struct look *l, struct differ *d, const struct call *c, char sign)
{
	autofree char *label = str_printf("  %c ", sign);
	*(sign == '-' ? &d->only_a : &d->only_b) += 1;
	if (l->json) {
		cJSON *o = cJSON_CreateObject();
		json_put_str(o, "in", sign == '-' ? "first" : "second");
		json_put_str(o, "region", c->region);
		json_put_str(o, "text", c->text);
		json_put_str(o, "why", c->why);
		cJSON_AddItemToArray(d->list, o);
		return;
	}
	if (!str_eq(d->region, c->region))
		screen_say(&l->screen, TONE_HEAD, "", c->region);
	d->region = c->region;
	screen_say(&l->screen, sign == '-' ? TONE_WARN : TONE_GOOD, label, c->text);
	if (*c->why)
		screen_say(&l->screen, TONE_DIM, "      ", c->why);
}

static void walk(struct look *l, const struct calls *a, const struct calls *b, struct differ *d)
{
	autofree long *same = mem_alloc((a->n + 1) * sizeof(*same));
	size_t j = 0;
	calls_match(a, b, same);
	for (size_t i = 0; i < a->n; i++) {
		if (same[i] < 0) {
			tell(l, d, &a->v[i], '-');
			continue;
		}
		while (j < (size_t)same[i])
			tell(l, d, &b->v[j++], '+');
		j++;
		d->same++;
	}
	while (j < b->n)
		tell(l, d, &b->v[j++], '+');
}

static int say(struct look *l, const struct calls *a, const struct calls *b)
{
	autojson cJSON *o = cJSON_CreateObject();
	struct differ d = { .list = cJSON_CreateArray() };
	json_put(o, "calls", d.list);
	if (!l->json)
		screen_sayf(&l->screen, TONE_HEAD, "", _("- only in %s, + only in %s"),
			    l->o.args[0],
			    l->o.args[1]);
	walk(l, a, b, &d);
	if (l->json) {
		json_put_int(o, "same", (int64_t)d.same);
		look_print_json(o);
	} else {
		screen_sayf(&l->screen, TONE_TEXT, "",
			    _("%zu calls are the same; %zu are only in %s, %zu only in %s."),
			    d.same, d.only_a, l->o.args[0], d.only_b,
			    l->o.args[1]);
	}
	return d.only_a + d.only_b > 0;
}

static int run(struct look *l)
{
	struct calls a = { 0 }, b = { 0 };
	int r = l->o.n_args == 2 ? 0 :
		err_set(&l->e, EINVAL, _("say which two runs: drydock compare RUN RUN"));
	if (r == 0)
		r = fetch(l, l->o.args[0], &a);
	if (r == 0)
		r = fetch(l, l->o.args[1], &b);
	if (r == 0)
		r = say(l, &a, &b);
	calls_free(&a);
	calls_free(&b);
	return r;
}

int cmd_compare(int argc, char **argv) { return look_run(argc, argv, head, table, run); }
