/* node.c - the tree itself, and its printed form. */
#include "build/node.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "build/text.h"

struct node *node_new(const char *value, size_t len)
{
	struct node *n = mem_alloc(sizeof(*n));
	n->value = mem_alloc(len + 1);
	memcpy(n->value, value, len);
	return n;
}

static void free_heredocs(struct node *n)
{
	for (size_t i = 0; i < n->n_heredoc; i++) {
		free(n->heredoc[i].name);
		free(n->heredoc[i].content);
	}
	free(n->heredoc);
}

void node_free(struct node *n)
{
	while (n) {
		struct node *next = n->next;
		for (size_t i = 0; i < n->n_child; i++)
			node_free(n->child[i]);
		free(n->child);
		free_heredocs(n);
		strv_free(n->flags);
		free(n->original);
		free(n->value);
		free(n);
		n = next;
	}
}

void dockerfile_free(struct dockerfile *d)
{
	node_free(d->root);
	strv_free(d->warnings);
	*d = (struct dockerfile){ 0 };
}

int line_hint(int line, const char *text, struct err *e)
{
	return err_hint(e, "line %d is: %.80s%s", line, text, strlen(text) > 80 ? "..." : "");
}

int node_hint(const struct node *n, struct err *e)
{
	return n->line ? line_hint(n->line, n->original, e) : -e->code;	/* 0: --label's */
}

char *heredoc_text(const struct heredoc *h)
{
	struct str text = { 0 };
	bool begin = true;	/* of a line, where tabs go */
	for (const char *p = h->content; *p; p++) {
		begin = begin && h->chomp && *p == '\t';
		if (!begin)
			str_addn(&text, p, 1);
		begin |= *p == '\n';
	}
	return str_take(&text);
}

size_t node_args(const struct node *n)
{
	size_t count = 0;
	while ((n = n->next))
		count++;
	return count;
}

static void dump_flags(char *const *flags, struct str *out)
{
	if (!strv_len(flags))
		return;
	str_add(out, " [");
	for (size_t i = 0; flags[i]; i++) {
		if (i)
			str_add(out, " ");
		text_quote(flags[i], out);
	}
	str_add(out, "]");
}

static void dump_one(const struct node *n, struct str *out)
{
	for (const char *c = n->value ? n->value : ""; *c; c++)
		str_addf(out, "%c", tolower((unsigned char)*c));
	dump_flags(n->flags, out);
	for (size_t i = 0; i < n->n_child; i++) {
		str_add(out, "(");
		dump_one(n->child[i], out);
		str_add(out, ")\n");
	}
	for (const struct node *a = n->next; a; a = a->next) {
		str_add(out, " ");
		if (a->n_child)
			dump_one(a, out);
		else
			text_quote(a->value ? a->value : "", out);
	}
	text_trim_end(out);
}

void node_dump(const struct node *n, struct str *out)
{
	dump_one(n, out);
	str_add(out, "\n");
}
