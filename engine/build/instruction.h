/* instruction.h - what each of Docker's instructions may look like, checked before
 * anything is carried out.
 */
#ifndef DRYDOCK_BUILD_INSTRUCTION_H
#define DRYDOCK_BUILD_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>

#include "build/node.h"
#include "core/error.h"

enum expands {
	EXPAND_NOT,		/* the text is the shell's or nobody's */
	EXPAND_WORD,		/* each argument stays one word */
	EXPAND_WORDS,		/* EXPOSE: one may become several */
};

struct instruction {
	const char *word;
	int min_args, max_args;	/* max -1: no limit */
	const char *flags;	/* "from=|link|": a name with = takes a value, "" none */
	enum expands expands;
};
const struct instruction *instruction_find(const char *word);

/* "RUN" … in capitals, as a list with NULL at its end. */
extern const char *const instruction_words[];

/* EINVAL with docker's words.  n is checked as far as it can be without values. */
int instruction_check(const struct node *n, struct err *e);

/* A flag's value, NULL if it isn't there ("" for one without value); borrowed. */
const char *instruction_flag(const struct node *n, const char *name);

/* Stages: what stands before the first FROM, then each FROM with its steps. */
struct stage {
	const struct node *from;
	const char *base;		/* as written, before expansion */
	char *name;			/* lower case; NULL: none */
	const struct node **step;
	size_t n_step;
};
struct stages {
	const struct node **meta;	/* ARGs before the first FROM */
	size_t n_meta;
	struct stage *stage;
	size_t n;
};
/* Borrows the nodes of d. */
int stages_read(const struct dockerfile *d, struct stages *out, struct err *e);
void stages_free(struct stages *s);
#define autostages __attribute__((cleanup(stages_free)))

#endif
