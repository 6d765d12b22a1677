#include "labs/front.h"

#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/lang.h"

/* Splits at the line "---" that ends the front; YAML takes the first as its start. */
static size_t front_length(struct front *f)
{
	const char *end = str_starts(f->text, "---\n") ? strstr(f->text + 3, "\n---\n") : NULL;
	if (!end)
		return 0;
	f->body = end + 5;
	f->body_line = 1;
	for (const char *s = f->text; s < f->body; s++)
		f->body_line += *s == '\n';
	return (size_t)(end + 1 - f->text);
}

static int parse(struct front *f, size_t len, struct err *e)
{
	yaml_parser_t p;
	int r = 0;
	if (!yaml_parser_initialize(&p))
		return err_set(e, ENOMEM, "%s: no memory", f->file);
	yaml_parser_set_input_string(&p, (const unsigned char *)f->text, len);
	if (!yaml_parser_load(&p, &f->doc))
		r = err_set(e, EINVAL, "%s:%zu:%zu: %s %s", f->file, p.problem_mark.line + 1,
			    p.problem_mark.column + 1, p.problem ? p.problem : "not YAML",
			    p.context ? p.context : "");
	yaml_parser_delete(&p);
	return r;
}

/* In plain mode, where texts are ASCII: not before they are parsed, since a folded
 * quotation mark means something in YAML. */
static void fold(struct front *f)
{
	for (yaml_node_t *n = f->doc.nodes.start; n < f->doc.nodes.top; n++) {
		if (n->type != YAML_SCALAR_NODE)
			continue;
		char *folded = lang_fold((char *)n->data.scalar.value);
		free(n->data.scalar.value);
		n->data.scalar.value = (yaml_char_t *)folded;
		n->data.scalar.length = strlen(folded);
	}
	f->body = f->folded = lang_fold(f->body);
}

int front_read(const char *path, struct front *f, struct err *e)
{
	struct str text = { 0 };
	*f = (struct front){ 0 };
	int r = file_read(path, &text, e);
	if (r < 0) {
		str_free(&text);
		return r;
	}
	f->file = str_dup(path);
	f->text = str_take(&text);
	size_t len = front_length(f);
	if (!len)
		r = err_set(e, EINVAL, "%s:1: expected \"---\", YAML, and \"---\" before the text",
			    path);
	else
		r = parse(f, len, e);
	if (r == 0) {
		fold(f);
		f->root = yaml_document_get_root_node(&f->doc);
		if (!f->root || f->root->type != YAML_MAPPING_NODE)
			r = err_set(e, EINVAL, "%s:2: expected \"key: value\" lines", path);
	}
	if (r < 0)
		front_close(f);
	return r;
}

int front_open(const char *path, struct front *f, struct err *e)
{
	int r = front_read(path, f, e);
	if (r == 0)
		r = front_translate(f, e);
	if (r < 0)
		front_close(f);
	return r;
}

void front_close(struct front *f)
{
	if (f->translation)
		front_close(f->translation);
	free(f->translation);
	if (f->doc.nodes.start)
		yaml_document_delete(&f->doc);
	free(f->text);
	free(f->folded);
	free(f->file);
	*f = (struct front){ 0 };
}

const char *front_text(const yaml_node_t *n)
{
	return n && n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
}

static yaml_node_t *node_at(const struct front *f, int index)
{
	return yaml_document_get_node((yaml_document_t *)&f->doc, index);
}

size_t front_size(const yaml_node_t *n)
{
	if (n && n->type == YAML_SEQUENCE_NODE)
		return (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
	if (n && n->type == YAML_MAPPING_NODE)
		return (size_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start);
	return 0;
}

yaml_node_t *front_item(const struct front *f, const yaml_node_t *n, size_t i, const char **key)
{
	if (n->type == YAML_SEQUENCE_NODE)
		return node_at(f, n->data.sequence.items.start[i]);
	yaml_node_pair_t *pair = &n->data.mapping.pairs.start[i];
	if (key)
		*key = front_text(node_at(f, pair->key));
	return node_at(f, pair->value);
}

yaml_node_t *front_get(const struct front *f, const yaml_node_t *map, const char *key)
{
	for (size_t i = 0; map->type == YAML_MAPPING_NODE && i < front_size(map); i++) {
		const char *k = NULL;
		yaml_node_t *v = front_item(f, map, i, &k);
		if (k && strcmp(k, key) == 0)
			return v;
	}
	return NULL;
}

int front_wrong(const struct front *f, const yaml_node_t *at, struct err *e, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(e, EINVAL, "%s:%zu:%zu: %s", f->file, at->start_mark.line + 1,
		       at->start_mark.column + 1, text);
}

int front_need(const struct front *f, const yaml_node_t *map, const char *key, const char **out,
	       struct err *e)
{
	const char *s = front_text(front_get(f, map, key));
	if (!s)
		return front_wrong(f, map, e, "expected \"%s: text\" here", key);
	*out = s;
	return 0;
}

static bool in_words(const char *words, const char *w)
{
	size_t n = strlen(w);
	for (const char *s = words; (s = strstr(s, w)); s += n)
		if ((s == words || s[-1] == ' ') && (!s[n] || s[n] == ' '))
			return true;
	return false;
}

int front_only(const struct front *f, const yaml_node_t *map, const char *keys, struct err *e)
{
	if (map->type != YAML_MAPPING_NODE)
		return front_wrong(f, map, e, "expected \"key: value\" lines (%s)", keys);
	for (size_t i = 0; i < front_size(map); i++) {
		const char *k = NULL;
		yaml_node_t *v = front_item(f, map, i, &k);
		if (!k || !in_words(keys, k))
			return front_wrong(f, v, e, "unknown key \"%s\" (expected one of: %s)",
					   k ? k : "", keys);
	}
	return 0;
}

/* Blanks at the beginning of the file's line n (from 0). */
static int indent_of(const struct front *f, size_t n)
{
	const char *s = f->text;
	while (n-- && (s = strchr(s, '\n')))
		s++;
	return s ? (int)strspn(s, " ") : 0;
}

struct place front_place(const struct front *f, const yaml_node_t *n)
{
	struct place p = { f->file, (int)n->start_mark.line + 1, (int)n->start_mark.column + 1, 1 };
	if (n->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
	    n->data.scalar.style == YAML_FOLDED_SCALAR_STYLE) {
		p.indent = p.column = indent_of(f, n->start_mark.line + 1) + 1;
		p.line++;
	}
	return p;
}
