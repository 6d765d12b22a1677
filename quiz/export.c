#include <string.h>

#include "quiz/exchange.h"

/* ---- GIFT --------------------------------------------------------------------------- */

/* A blank line inside of a question would end it; line breaks are written as \n. */
static void add_gift(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			str_add(out, "\\n");
		else if (strchr("\\#=~{}:", *text))
			str_addf(out, "\\%c", *text);
		else if (*text != '\r')
			str_addn(out, text, 1);
	}
}

static void add_tags(struct str *out, const struct bank *b, const struct item *i)
{
	str_addf(out, "// [id:%s] [tag:%s]", i->q.id, b->concepts[i->concept].id);
	for (size_t k = 0; k < i->q.n_options; k++)
		if (i->q.options[k].tag)
			str_addf(out, " [tag:%s]", i->q.options[k].tag);
	str_add(out, "\n");
}

static void add_gift_item(struct str *out, const struct bank *b, const struct item *i)
{
	add_tags(out, b, i);
	str_addf(out, "::");
	add_gift(out, i->q.id);
	str_add(out, "::[markdown]");
	add_gift(out, i->q.ask);
	str_add(out, " {\n");
	for (size_t k = 0; k < i->q.n_options; k++) {
		const struct choice *o = &i->q.options[k];
		str_add(out, str_eq(o->key, i->q.right) ? "\t=" : "\t~");
		add_gift(out, o->text);
		if (o->say) {
			str_add(out, "#");
			add_gift(out, o->say);
		}
		str_add(out, "\n");
	}
	if (*i->q.why) {
		str_add(out, "\t####");
		add_gift(out, i->q.why);
		str_add(out, "\n");
	}
	str_add(out, "}\n\n");
}

void export_gift(const struct bank *b, struct str *out)
{
	for (size_t s = 0; s < b->n_sections; s++) {
		str_addf(out, "$CATEGORY: lecture-7.4/%s\n\n", b->sections[s].name);
		for (size_t i = 0; i < b->n_items; i++)
			if (b->items[i].section == s)
				add_gift_item(out, b, &b->items[i]);
	}
}

/* ---- Aiken --------------------------------------------------------------------------- */

/* On one line. */
static void add_line(struct str *out, const char *text)
{
	for (; *text; text++)
		str_addn(out, strchr("\n\r\t", *text) ? " " : text, 1);
	str_add(out, "\n");
}

static void add_aiken_item(struct str *out, const struct question *q)
{
	char right = 'A';
	/* A stem that looks like an option or like the answer's line would be taken for it. */
	bool odd = (q->ask[0] && q->ask[1] && strchr(").", q->ask[1])) ||
		   str_starts(q->ask, "ANSWER:");
	str_add(out, odd ? "Question: " : "");
	add_line(out, q->ask);
	for (size_t k = 0; k < q->n_options; k++) {
		str_addf(out, "%c) ", (char)('A' + k));
		add_line(out, q->options[k].text);
		if (str_eq(q->options[k].key, q->right))
			right = (char)('A' + k);
	}
	str_addf(out, "ANSWER: %c\n\n", right);
}

void export_aiken(const struct bank *b, struct str *out)
{
	for (size_t i = 0; i < b->n_items; i++)
		add_aiken_item(out, &b->items[i].q);
}
