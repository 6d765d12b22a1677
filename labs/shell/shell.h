/* shell.h - the lab shell's parts; private to labs/shell.
 *
 * A line goes one of three ways (words.h): lab verbs are answered here (verbs.c),
 * `docker …` runs in a forked child that gets the terminal (foreground.c),
 * everything else goes to the user's own shell, with a `docker` on PATH that is
 * ours.  Beside the typing two streams come from the engine (follow.h): the trace
 * of kernel calls (live.c) and the journal's facts, by which the shell notices
 * what was shown, whoever typed it and wherever (progress.c).
 *
 * Everything runs in one thread; input.c has the loop.
 */
#ifndef DRYDOCK_LABS_SHELL_H
#define DRYDOCK_LABS_SHELL_H

#include "labs/course.h"
#include "labs/shell/follow.h"
#include "labs/shell/live.h"
#include "labs/shell/screen.h"

#define MAX_QUESTIONS 8

struct shell_options {
	bool plain, keep, help;
	const char *lab, *learner, *backend, *host;
};

struct shell {
	struct course course;
	struct screen screen;
	struct live live;
	struct follow trace, facts;
	const struct lab *lab;		/* where the learner is */
	size_t reached;			/* goals of it that were announced */
	bool closed;			/* its end was announced */
	int64_t warned;			/* position of a wrong path's last fact, if told */
	bool seen[MAX_QUESTIONS];	/* predictions whose outcome was announced */
	pid_t engine;			/* started by us, 0: not */
	const char *backend;		/* of an engine started by us; NULL: its choice */
	bool keep;			/* leave it running */
	bool attached;			/* a second terminal of a session that is open */
	char *path_dir;			/* made for our `docker`, removed at the end; or NULL */
	bool interactive;		/* lines come from a terminal */
	bool quit, quit_asked;
	int status;			/* of the last command */
};

/* shell.c: starts our engine again if it has ended, and says so. */
void shell_mend(struct shell *sh);

/* input.c: reads lines until the end. */
void input_loop(struct shell *sh);
/* Asks a yes/no question on the terminal; in script mode the answer is no. */
bool input_yes(struct shell *sh, const char *question);
/* "lab 7.4 step 3 host> " */
char *input_prompt(const struct shell *sh);

/* complete.c */
char **complete_line(const char *text, int start, int end);

/* line.c: carries out one line. */
void line_run(struct shell *sh, const char *line);
/* After the engine may have written facts: fetches them and says what is new. */
void line_settle(struct shell *sh);

/* foreground.c: runs a child with the terminal; returns its exit status. */
int foreground_docker(struct shell *sh, char **words, bool terminal);
int foreground_shell(struct shell *sh, const char *line);
int foreground_self(struct shell *sh, char *const *words);
/* After the command: waits for the trace's last lines, and shows them. */
void foreground_settle(struct shell *sh);

/* verbs.c: true if the line's first word is a lab verb; it has been carried out. */
bool verb_run(struct shell *sh, const char *line);
bool verb_is(const char *line);
const char *verb_name(size_t i);	/* NULL ends */

/* step.c: what a step says. */
void step_enter(struct shell *sh, const struct lab *l, bool say);
/* Takes the step up where it stands; nothing is written down. */
void step_join(struct shell *sh, const struct lab *l);
void step_text(struct shell *sh);
void step_ask(struct shell *sh, const struct question *q);
void step_outcome(struct shell *sh, const struct question *q, const char *given);
void step_goals(struct shell *sh, const struct lab *l, const struct verdict *v);
void step_verdict(struct shell *sh, const struct lab *l, const struct verdict *v);
/* After a command: says once what went wrong in it. */
void step_warn(struct shell *sh);
/* Is there anything for step_announce() to say? */
bool step_news(struct shell *sh);
/* Announces what became true since it was last called. */
void step_announce(struct shell *sh);

#endif
