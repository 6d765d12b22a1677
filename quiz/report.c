#include "quiz/report.h"

#include <stdio.h>

#include "core/clock.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "core/wrap.h"

#define DAY_LEN 10	/* of "2026-01-31T…" */

void report_list(const struct quiz *z, const struct item *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct answered *last = record_last(&z->record, items[i]);
		autofree char *how = wrap_pad(!last ? "" : last->right ? _("right") : _("wrong"),
					      6);
		autofree char *label = str_printf("%-14s %s ", items[i]->q.id, how);
		screen_say(&z->screen, TONE_TEXT, label, items[i]->q.ask);
	}
}

static cJSON *option_json(const struct choice *o)
{
	cJSON *j = cJSON_CreateObject();
	json_put_str(j, "key", o->key);
	json_put_str(j, "text", o->text);
	json_put_str(j, "tag", o->tag);
	json_put_str(j, "say", o->say);
	json_put_str(j, "prove", o->prove);
	return j;
}

static size_t times_asked(const struct record *r, const struct item *item)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n; i++)
		n += r->v[i].item == item;
	return n;
}

static cJSON *item_json(const struct quiz *z, const struct item *i)
{
	cJSON *j = cJSON_CreateObject(), *options = cJSON_CreateArray();
	const struct answered *last = record_last(&z->record, i);
	json_put_str(j, "id", i->q.id);
	json_put_str(j, "section", z->bank.sections[i->section].name);
	json_put_str(j, "concept", z->bank.concepts[i->concept].id);
	json_put_str(j, "ask", i->q.ask);
	for (size_t k = 0; k < i->q.n_options; k++)
		cJSON_AddItemToArray(options, option_json(&i->q.options[k]));
	json_put(j, "options", options);
	json_put_str(j, "right", i->q.right);
	json_put_str(j, "why", i->q.why);
	json_put_str(j, "prove", i->q.prove);
	json_put_int(j, "asked", (int64_t)times_asked(&z->record, i));
	json_put_str(j, "last", !last ? "" : last->right ? "right" : "wrong");
	return j;
}

static void print_json(cJSON *j)
{
	autofree char *text = cJSON_Print(j);
	puts(text);
	cJSON_Delete(j);
}

void report_list_json(const struct quiz *z, const struct item *const *items, size_t n)
{
	cJSON *all = cJSON_CreateArray();
	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(all, item_json(z, items[i]));
	print_json(all);
}

static void add_miss(const struct quiz *z, const struct answered *a, struct str *out)
{
	const struct choice *o = question_choice(&a->item->q, a->answer);
	const char *belief = o ? bank_belief(&z->bank, o->tag) : NULL;
	str_addf(out, "- **%s** (%s) %s\n", a->item->q.id,
		 *a->confidence ? _(a->confidence) : _("no word on how sure"), a->item->q.ask);
	str_addf(out, _("  - you said: %s\n"), o ? o->text : a->answer);
	if (belief)
		str_addf(out, _("  - behind it: the idea that %s\n"), belief);
	str_addf(out, _("  - right is: %s\n"),
		 question_choice(&a->item->q, a->item->q.right)->text);
	str_addf(out, "  - %s\n", a->item->q.why);
}

void report_recap(const struct quiz *z, struct str *out)
{
	static const char *const order[] = { "sure", "think", "guess", "" };
	size_t asked = 0, right = 0;
	for (size_t i = 0; i < z->bank.n_items; i++) {
		const struct answered *last = record_last(&z->record, &z->bank.items[i]);
		asked += last != NULL;
		right += last && last->right;
	}
	str_addf(out, _("## Quiz\n\n"
			"%zu of %zu questions answered, %zu of them rightly the last time.\n\n"),
		 asked, z->bank.n_items, right);
	for (size_t c = 0; c < ARRAY_SIZE(order); c++)
		for (size_t i = 0; i < z->bank.n_items; i++) {
			const struct answered *a = record_last(&z->record, &z->bank.items[i]);
			if (a && !a->right && str_eq(a->confidence, order[c]))
				add_miss(z, a, out);
		}
}

static const char *state_of(const struct due *d, uint64_t now)
{
	return !d->asked ? N_("new") : d->settled ? N_("settled") :
	       d->at <= now ? N_("due") : N_("later");
}

static void put_due(cJSON *all, const struct concept *k, const struct due *d, uint64_t now)
{
	char day[40];
	cJSON *j = cJSON_CreateObject();
	json_put_str(j, "concept", k->id);
	json_put_str(j, "title", k->title);
	json_put_str(j, "state", state_of(d, now));
	if (d->asked && !d->settled)
		json_put_str(j, "due", clock_rfc3339(d->at, day));
	cJSON_AddItemToArray(all, j);
}

static void say_due(const struct quiz *z, const struct concept *k, const struct due *d,
		    uint64_t now)
{
	char day[40] = "";
	if (d->asked && !d->settled)
		clock_rfc3339(d->at, day);
	autofree char *state = wrap_pad(_(state_of(d, now)), 8);
	autofree char *label = str_printf("%s %-10.*s  ", state, DAY_LEN, day);
	screen_say(&z->screen, TONE_TEXT, label, k->title);
}

void report_due(const struct quiz *z, const struct due *due, uint64_t now, bool json)
{
	cJSON *all = cJSON_CreateArray();
	for (size_t i = 0; i < z->bank.n_concepts; i++)
		if (json)
			put_due(all, &z->bank.concepts[i], &due[i], now);
		else
			say_due(z, &z->bank.concepts[i], &due[i], now);
	if (json)
		print_json(all);
	else
		cJSON_Delete(all);
}
