/* verdict.h - how far a learner has come, derived from the journal alone.
 *
 * Nothing about progress is stored anywhere else: current step, opened hints,
 * predictions and answers are facts too, so a shell that was killed finds
 * everything again when it reads the journal.
 */
#ifndef DRYDOCK_LABS_VERDICT_H
#define DRYDOCK_LABS_VERDICT_H

#include "labs/facts.h"
#include "labs/lab.h"

enum verdict_kind { VERDICT_NOT_YET, VERDICT_WRONG_PATH, VERDICT_DONE, VERDICT_BY_EXAMPLE };

struct verdict {
	enum verdict_kind kind;
	struct proof_result proof;
	const struct remark *wrong;	/* WRONG_PATH */
	struct proof_result wrong_proof;	/* its bindings, for the sentence */
};

/* What the learner has done in a step besides the work itself. */
struct progress {
	int64_t since;		/* seq of the last reset of the step; 0: never */
	int64_t entered;	/* seq of its first entry since, 0: not yet */
	int hints;		/* highest rung opened since */
	int64_t closed;		/* seq of the fact that closed the step since, 0: open */
};

/* A step that was done once stays done, even if its container is removed later.
 * `answer` facts "sN.done" say when that was; the proof is run again over the
 * journal up to that moment, so that writing such a fact earns nothing. */
char *closing_question(const struct lab *l);	/* "s3.done"; caller frees */

struct progress progress_of(const struct facts *f, const struct lab *l);
/* Number of the step entered last, 0 if none. */
int progress_step(const struct facts *f);
/* The last value given to a question (predict.commit, answer) since `since`; NULL: none.
 * A skipped prediction reads "". */
const char *progress_answer(const struct facts *f, int64_t since, const char *question);

void verdict_judge(const struct lab *l, const struct facts *f, const struct world *w,
		   struct verdict *out);
const char *verdict_name(enum verdict_kind k);	/* "not yet" …; people get it through _() */
/* The sentence that says what is missing, or what went wrong; NULL-free text. */
void verdict_say(struct str *out, const struct lab *l, const struct verdict *v,
		 const struct world *w);
/* Appends note i of a step that is done, if the run that did it was of that kind. */
bool verdict_note(struct str *out, const struct lab *l, size_t i, const struct facts *f,
		  const struct world *w);
/* Has the run taken place that answers the question, since the step was entered? */
bool question_seen(const struct question *q, const struct facts *f, int64_t since);

/* The constants of the labs: $token (derived from the learner's id) and hashes. */
struct learner { char *id; char token[16]; };
void learner_set(struct learner *l, const char *id);
const char *learner_constant(void *learner, const char *name);

#endif
