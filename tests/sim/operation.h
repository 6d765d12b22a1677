/* operation.h - one step of a random sequence: data that can be run on either side,
 * written down as a line of text and read again.
 *
 *	KIND USER PATH OTHER A B	"rename 0 m/a m/b/c 2 0"; OTHER "-": none
 */
#ifndef DRYDOCK_TESTS_SIM_OPERATION_H
#define DRYDOCK_TESTS_SIM_OPERATION_H

#include <stdbool.h>
#include <stdio.h>

#include "tests/sim/side.h"

struct operation {
	int kind;
	uint32_t user;
	char path[48], other[48];	/* other: a second path, a target, an attribute's name */
	int64_t a, b;
};

/* A random one on the tree `top` ("m", or "l2" while layers are filled: then only what
 * makes things). */
struct operation operation_random(uint64_t *seed, const char *top, bool filling);
/* The result, and what was read, as text: equal texts are equal outcomes. */
void operation_run(const struct side *s, const struct operation *o, struct str *outcome);
void operation_print(const struct operation *o, FILE *f);
bool operation_parse(const char *line, struct operation *o);
/* The whole tree below a path, one line a file. */
void tree_text(const struct side *s, const char *path, bool upper, struct str *out);

uint64_t random_next(uint64_t *seed);

#endif
