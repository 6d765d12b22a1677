/* front.h - Markdown files with YAML in front, read strictly.
 *
 *	---
 *	key: value
 *	---
 *	Markdown text
 *
 * Every complaint names file and line.  Strings belong to the front and live
 * until front_close().  In another language than English the texts are those of
 * the translation beside it, where there is one: lab.de.md (front_lang.c).
 */
#ifndef DRYDOCK_LABS_FRONT_H
#define DRYDOCK_LABS_FRONT_H

#include <stddef.h>
#include <yaml.h>

#include "core/error.h"
#include "labs/proof.h"

struct front {
	char *file, *text, *folded;
	const char *body;		/* the Markdown part, inside text or folded */
	int body_line;
	yaml_document_t doc;
	yaml_node_t *root;		/* a mapping */
	struct front *translation;	/* NULL: none */
};

int front_open(const char *path, struct front *f, struct err *e);
void front_close(struct front *f);
/* Parts of front_open(): reading one file, and taking over its translation's texts. */
int front_read(const char *path, struct front *f, struct err *e);
int front_translate(struct front *f, struct err *e);

/* NULL where the key is absent. */
yaml_node_t *front_get(const struct front *f, const yaml_node_t *map, const char *key);
/* The text of a key that must be there. */
int front_need(const struct front *f, const yaml_node_t *map, const char *key, const char **out,
	       struct err *e);
const char *front_text(const yaml_node_t *scalar);	/* NULL: no scalar */
/* n-th child of a list; for a mapping the n-th value, *key set. */
yaml_node_t *front_item(const struct front *f, const yaml_node_t *node, size_t n, const char **key);
size_t front_size(const yaml_node_t *node);		/* 0 for NULL and scalars */
/* EINVAL if the mapping has a key that is not in the blank-separated list. */
int front_only(const struct front *f, const yaml_node_t *map, const char *keys, struct err *e);
int front_wrong(const struct front *f, const yaml_node_t *at, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Where the scalar's text begins, for formula_parse(). */
struct place front_place(const struct front *f, const yaml_node_t *scalar);

#endif
