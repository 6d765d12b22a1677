/* copy.c - a command once more, in another arena. */
#include "sim/userland/shell/ast.h"

static struct word *word_copy(struct arena *a, const struct word *w)
{
	struct word *first = NULL, **tail = &first;

	for (; w; w = w->next) {
		struct word *c = *tail = arena_alloc(a, sizeof(*c));
		struct substitution **subs = &c->subs;

		c->text = arena_dup(a, w->text);
		for (const struct substitution *s = w->subs; s; s = s->next) {
			*subs = arena_alloc(a, sizeof(**subs));
			**subs = (struct substitution){
				.at = s->at, .end = s->end, .node = node_copy(a, s->node)};
			subs = &(*subs)->next;
		}
		tail = &c->next;
	}
	return first;
}

static struct redir *redir_copy(struct arena *a, const struct redir *r)
{
	struct redir *first = NULL, **tail = &first;

	for (; r; r = r->next) {
		struct redir *c = *tail = arena_alloc(a, sizeof(*c));

		*c = *r;
		c->next = NULL;
		c->word = word_copy(a, r->word);
		tail = &c->next;
	}
	return first;
}

static struct case_item *items_copy(struct arena *a, const struct case_item *i)
{
	struct case_item *first = NULL, **tail = &first;

	for (; i; i = i->next) {
		struct case_item *c = *tail = arena_alloc(a, sizeof(*c));

		c->patterns = word_copy(a, i->patterns);
		c->body = node_copy(a, i->body);
		tail = &c->next;
	}
	return first;
}

/* All of a command but what follows it in a list. */
static struct node *one_node(struct arena *a, const struct node *n)
{
	struct node *c = arena_alloc(a, sizeof(*c));

	*c = *n;
	c->name = n->name ? arena_dup(a, n->name) : NULL;
	c->a = node_copy(a, n->a);
	c->b = NULL;
	c->c = node_copy(a, n->c);
	c->next = node_copy(a, n->next);
	c->assigns = word_copy(a, n->assigns);
	c->words = word_copy(a, n->words);
	c->redirs = redir_copy(a, n->redirs);
	c->items = items_copy(a, n->items);
	return c;
}

/* Lists lean to the right (b) and may be long: a loop, where all else is recursion. */
struct node *node_copy(struct arena *a, const struct node *n)
{
	struct node *first = NULL, **tail = &first;

	for (; n; n = n->b) {
		*tail = one_node(a, n);
		tail = &(*tail)->b;
	}
	return first;
}
