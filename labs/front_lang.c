/* The texts of a file in another language: lab.de.md beside lab.md.
 *
 * The translation has the same keys and nothing but text below them, and the file that
 * it translates remains the only one with proofs, answers and scripts.  Its texts take
 * the places of the English ones before anybody reads those; what it leaves out stays
 * English.  What is not in the English file is ignored: an older translation must not
 * keep anybody from a lab (tests/lab/translation_test.py tells translators).
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/lang.h"
#include "labs/front.h"

static void overlay(struct front *f, yaml_node_t *to, yaml_node_t *from);

/* Each document frees what it holds in the end. */
static void swap_text(yaml_node_t *a, yaml_node_t *b)
{
	yaml_char_t *value = a->data.scalar.value;
	size_t length = a->data.scalar.length;
	a->data.scalar.value = b->data.scalar.value;
	a->data.scalar.length = b->data.scalar.length;
	b->data.scalar.value = value;
	b->data.scalar.length = length;
}

/* What ties an item to its place: "s3.p1", "published", a quotation; NULL: its number does. */
static const char *tie_of(const struct front *f, const yaml_node_t *item)
{
	static const char *const keys[] = { "id", "goal", "quote" };
	const char *tie = NULL;
	for (size_t i = 0; !tie && i < ARRAY_SIZE(keys); i++)
		tie = front_text(front_get(f, item, keys[i]));
	return tie;
}

static yaml_node_t *item_like(const struct front *f, const yaml_node_t *list, const char *tie,
			      size_t number)
{
	for (size_t i = 0; tie && i < front_size(list); i++) {
		yaml_node_t *item = front_item(f, list, i, NULL);
		if (str_eq(tie_of(f, item), tie))
			return item;
	}
	return !tie && number < front_size(list) ? front_item(f, list, number, NULL) : NULL;
}

static void overlay_list(struct front *f, yaml_node_t *to, yaml_node_t *from)
{
	for (size_t i = 0; i < front_size(from); i++) {
		yaml_node_t *item = front_item(f->translation, from, i, NULL);
		const char *tie = item->type == YAML_MAPPING_NODE ? tie_of(f->translation, item)
								  : NULL;
		overlay(f, item_like(f, to, tie, i), item);
	}
}

static void overlay_map(struct front *f, yaml_node_t *to, yaml_node_t *from)
{
	for (size_t i = 0; i < front_size(from); i++) {
		const char *key = NULL;
		yaml_node_t *value = front_item(f->translation, from, i, &key);
		if (key)
			overlay(f, front_get(f, to, key), value);
	}
}

static void overlay(struct front *f, yaml_node_t *to, yaml_node_t *from)
{
	if (!to)
		return;
	/* "b: text" may stand for "b: { text: ..., tag: ... }". */
	if (from->type == YAML_SCALAR_NODE && to->type == YAML_MAPPING_NODE)
		to = front_get(f, to, "text");
	if (!to || to->type != from->type)
		return;
	if (to->type == YAML_SCALAR_NODE && from->data.scalar.length)
		swap_text(to, from);
	else if (to->type == YAML_SEQUENCE_NODE)
		overlay_list(f, to, from);
	else if (to->type == YAML_MAPPING_NODE)
		overlay_map(f, to, from);
}

int front_translate(struct front *f, struct err *e)
{
	const char *lang = lang_name();
	if (!lang || !str_ends(f->file, ".md"))
		return 0;
	autofree char *path = str_printf("%.*s.%s.md", (int)strlen(f->file) - 3, f->file, lang);
	if (access(path, F_OK) < 0)
		return 0;
	f->translation = mem_alloc(sizeof(*f->translation));
	int r = front_read(path, f->translation, e);
	if (r < 0)
		return r;
	overlay(f, f->root, f->translation->root);
	if (f->translation->body[strspn(f->translation->body, " \n")])
		f->body = f->translation->body;
	return 0;
}
