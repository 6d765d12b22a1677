/* proof.h - the proof language: what must have happened, said over the journal.
 *
 * A step is proved by a list of goals.  Each goal is a formula over facts
 * (trace/fact.def); all goals of a step share their variables, so that "?c" in
 * the first goal and in the last is the same container.
 *
 *	formula = term { "or" term }
 *	term    = factor { "and" factor }
 *	factor  = "not" factor | "(" formula ")" | once | never | count | now
 *	once    = "once" event { "then" event }       each later than the one before
 *	never   = "never" event [ "between" MARK "and" MARK ]
 *	count   = "count" event [ "between" MARK "and" MARK ] op NUMBER
 *	now     = "now" STATE ( ?var | NUMBER )
 *	event   = TYPE [ "(" condition { "," condition } ")" ]
 *	          { "as" MARK | "after" MARK | "before" MARK | "by" ACTOR | "ever" }
 *	condition = field op value { "|" value } | field "(" condition { "," … } ")"
 *	field   = name [ "[" N "]" | ".count" ]
 *	op      = "=" "!=" "<" "<=" ">" ">="  "^=" starts with  "$=" ends with
 *	          "*=" contains  "above" (is a parent directory of)
 *	value   = "text" | number | true | false | ?variable | $constant
 *	STATE   = created | running | exited | present | removed | free
 *
 * A variable takes the value of the field where it is first met with "=" and is
 * compared from there on; another choice is tried when the rest does not hold.
 * A field that is a list matches when one element does (for "!=": when none is
 * equal); `ports(host=?p, ctr=80)` wants one element with both.  MARK names the
 * moment of a fact; "start" and "end" are the edges of the journal.  "present"
 * is anything but removed; "free" is about a host port.
 *
 * "ever" looks at the whole journal: what was fetched stays fetched when a step is
 * begun anew.
 *
 * Only facts of the student count, unless "by any" or "by seed" … says so, and
 * what was typed is no evidence: formula_parse() refuses `typed` in a goal.
 * Facts a formula does not speak about never matter, so that every right way of
 * doing a step passes.
 */
#ifndef DRYDOCK_LABS_PROOF_H
#define DRYDOCK_LABS_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/str.h"
#include "labs/facts.h"

#define PROOF_MAX_VARS 24
#define PROOF_MAX_MARKS 16
#define PROOF_MAX_GOALS 16
#define PROOF_MAX_EVIDENCE 64

struct formula;

/* The names that formulas share.  Zero-initialise; free with scope_clear(). */
struct scope {
	char *var[PROOF_MAX_VARS];
	char *mark[PROOF_MAX_MARKS];
	size_t n_vars, n_marks;
	bool typed_allowed;	/* wrong paths may look at what was typed */
};
void scope_clear(struct scope *s);

/* Where the text stands in its file, for messages: "FILE:LINE:COLUMN: …".
 * indent is the column its further lines begin at. */
struct place { const char *file; int line, column, indent; };

/* EINVAL with file, line, column, what was expected and what was found. */
int formula_parse(struct scope *s, const char *text, struct place at,
		  struct formula **out, struct err *e);
void formula_free(struct formula *f);
/* Bit i: it speaks about variable i of its scope. */
uint64_t formula_vars(const struct formula *f);

/* What formulas cannot know from the journal. */
struct world {
	/* Is host port n free right now?  NULL: by the journal's own account. */
	bool (*port_free)(void *arg, int port);
	/* The value of $name, or NULL; text stays the world's. */
	const char *(*constant)(void *arg, const char *name);
	void *arg;
};

/* A value a variable was bound to: text, or a number when s is NULL. */
struct value { bool bound; const char *s; double n; };

struct proof_result {
	size_t reached;		/* goals shown, counted from the first: the longest such run */
	struct value var[PROOF_MAX_VARS];	/* bindings of that run */
	/* Positions of the facts that showed goal i: evidence[first[i] .. first[i + 1]). */
	uint32_t evidence[PROOF_MAX_EVIDENCE];
	size_t first[PROOF_MAX_GOALS + 1];
	int64_t last;		/* greatest position among them, -1 if none */
};

/* The part of the journal that is looked at: since < seq <= until (0: no end). */
struct span { int64_t since, until; };

/* Looks for bindings that show as many goals as possible, from the first on.
 * Newest facts are tried first.  world is not asked about ports if the span has
 * an end: then the question is about the past. */
void proof_run(struct formula *const *goals, size_t n_goals,
	       const struct facts *facts, const struct world *w, struct span span,
	       struct proof_result *out);

/* Appends text with each "{name}" replaced: a variable of the result, else a
 * constant of the world; long hex ids are cut to 12 characters as docker does.
 * "{n:layer:layers}" is the number with the word that fits it: "1 layer". */
void proof_expand(struct str *out, const char *text, const struct scope *s,
		  const struct proof_result *r, const struct world *w);

#endif
