/* lint.h - is the course sound?  For a teacher who edits it, and for our own check.
 *
 *	drydock lint [DIR]	DIR has labs/, lessons/ and quiz/; else the course's own
 *
 * Theory of operation.  What a file must have to be read at all is checked where it is
 * read (front.h, lab.h, bank.h ...): such a file is one complaint, and what needs all of
 * them is left out then.  What holds between files, and what only a run can show, is checked here,
 * each subject in a file of its own:
 *
 *	runs.c		recorded runs are judged as they should be
 *	hints.c		the first hints don't give the step away, the last one does
 *	questions.c	wrong options have their misconception; no id is there twice
 *	links.c		what a text refers to is there: files, sections, steps, {names}
 *	coverage.c	each section of the lecture has a lesson, a step or questions
 *
 * A lab's recorded runs lie beside it, in runs/: journals of runs that really happened,
 * as JSON lines (`seq`, `actor`, `step`, `type`, `cid`, `data` of each fact are enough).
 * A run's name says how it must be judged:
 *
 *	right-NAME.jsonl	done
 *	untouched-NAME.jsonl	not yet
 *	s3.w1-NAME.jsonl	the wrong path s3.w1
 *
 * The lecture's sections are listed in lessons/lecture.md.
 */
#ifndef DRYDOCK_LABS_LINT_LINT_H
#define DRYDOCK_LABS_LINT_LINT_H

#include <cjson/cJSON.h>

#include "labs/lab.h"
#include "lessons/lesson.h"
#include "quiz/bank.h"

#define LINT_WRONG_RUNS 8	/* of each step, at least */
#define LINT_RIGHT_RUNS 5

/* A section of the lecture, and what the course has about it. */
struct covered {
	const char *key;	/* as `lecture:` names it: "section 2, concept 1" */
	const char *title;
	char *lessons, *steps;	/* "1, 6"; "" where there is none */
	size_t questions;
	int line;
};

struct lint {
	char *dir[3];		/* of labs, lessons, quiz */
	struct labs labs;
	struct lessons lessons;
	struct bank bank;
	struct front lecture;
	bool whole;		/* every file could be read */
	struct covered *map;
	size_t n_map;
	cJSON *complaints;	/* [{"file": …, "line": …, "what": …}], in the order found */
	size_t n_runs;		/* that were judged */
};

/* dir NULL: the course's own.  Nothing fails: what is wrong becomes a complaint. */
void lint_open(struct lint *l, const char *dir);
void lint_close(struct lint *l);
void lint_check(struct lint *l);

void lint_say(struct lint *l, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* For text that begins with "FILE:LINE:", as readers' errors do. */
void lint_say_as_is(struct lint *l, const char *text);
/* The line of a node in its file. */
int lint_line(const yaml_node_t *node);

/* The subjects; coverage also fills the map. */
void lint_runs(struct lint *l);
void lint_hints(struct lint *l);
void lint_questions(struct lint *l);
void lint_links(struct lint *l);
void lint_coverage(struct lint *l);

/* drydock lint [DIR] [--map] [--json]; 0: sound, 1: it has complaints, 2: wrong usage. */
int cmd_lint(int argc, char **argv);

#endif
