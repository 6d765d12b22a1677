/* Questions on a screen, answers from standard input: a line each, so that a program can
 * answer as well as a person. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/lang.h"
#include "core/wrap.h"
#include "lessons/play.h"
#include "quiz/quiz.h"

#define ANSWER 12	/* columns for what is typed behind a question */

/* The next line without blanks around it; NULL at the end of the input. */
static char *read_answer(const struct quiz *z, const char *prompt)
{
	autostr struct str text = { 0 };
	char *line = NULL;
	size_t room = 0;
	wrap_text(&text, prompt, z->screen.width - ANSWER, 0, 2);
	fputs(text.s, stdout);
	fflush(stdout);
	/* Of a pipe, no more than this line: what follows may be the lab shell's. */
	setvbuf(stdin, NULL, _IONBF, 0);
	ssize_t n = getline(&line, &room, stdin);
	if (n < 0) {
		free(line);
		putchar('\n');
		return NULL;
	}
	while (n && isspace((unsigned char)line[n - 1]))
		line[--n] = '\0';
	/* Where no terminal echoes what is typed, the answer stands there all the same. */
	if (!isatty(STDIN_FILENO))
		puts(line);
	memmove(line, line + strspn(line, " \t"), strlen(line + strspn(line, " \t")) + 1);
	return line;
}

/* "s", "sure", …; NULL: none of the words. */
static const char *confidence_of(const char *word)
{
	static const char *const words[] = { N_("sure"), N_("think"), N_("guess") };
	for (size_t i = 0; *word && i < ARRAY_SIZE(words); i++)
		if (str_starts(words[i], word))
			return words[i];
	return NULL;
}

static const char *ask_confidence(const struct quiz *z)
{
	for (;;) {
		autofree char *line = read_answer(z,
						  _("how sure are you - sure, think or guess? "));
		if (!line || !*line)
			return "";
		const char *c = confidence_of(line);
		if (c)
			return c;
	}
}

static void show(struct quiz *z, const struct item *i, size_t n, size_t of)
{
	screen_gap();
	screen_sayf(&z->screen, TONE_DIM, "", _("question %zu of %zu, about: %s"), n, of,
		    z->bank.concepts[i->concept].title);
	screen_say(&z->screen, TONE_HEAD, "", i->q.ask);
	for (size_t k = 0; k < i->q.n_options; k++) {
		autofree char *label = str_printf("  %s) ", i->q.options[k].key);
		screen_say(&z->screen, TONE_TEXT, label, i->q.options[k].text);
	}
}

/* "b", or "b sure".  False: no such option. */
static bool understand(const struct item *i, char *line, struct given *out)
{
	char *blank = strchr(line, ' ');
	if (blank)
		*blank = '\0';
	*line = (char)tolower((unsigned char)*line);
	out->choice = question_choice(&i->q, line);
	out->confidence = blank ? confidence_of(blank + 1 + strspn(blank + 1, " ")) : NULL;
	return out->choice != NULL;
}

static void write_down(struct quiz *z, const struct given *g)
{
	struct err e = { 0 };
	cJSON *data = cJSON_CreateObject();
	json_put_str(data, "question", g->item->q.id);
	json_put_str(data, "answer", g->choice->key);
	json_put_bool(data, "right", str_eq(g->choice->key, g->item->q.right));
	json_put_str(data, "confidence", g->confidence);
	json_put_str(data, "mode", z->mode);
	if (!z->course.http)
		cJSON_Delete(data);
	else if (course_post(&z->course, "quiz.answer", 0, data, &e) < 0)
		screen_say(&z->screen, TONE_WARN, _("not written down: "), e.what);
}

int quiz_ask(struct quiz *z, const struct item *i, size_t n, size_t of, struct given *out)
{
	*out = (struct given){ .item = i, .confidence = "" };
	show(z, i, n, of);
	for (;;) {
		autofree char *line = read_answer(z, _("your answer (Enter passes, q ends): "));
		if (!line || str_eq(line, "q") || str_eq(line, "quit") || str_eq(line, "exit"))
			return 0;
		if (!*line)
			return 1;
		if (understand(i, line, out))
			break;
		screen_sayf(&z->screen, TONE_WARN, "", _("\"%s\" is none of the answers."), line);
	}
	if (!out->confidence)
		out->confidence = ask_confidence(z);
	write_down(z, out);
	return 1;
}

/* ---- what an answer shows --------------------------------------------------------- */

static void say_evidence(struct quiz *z, const struct item *i)
{
	for (size_t k = 0; k < i->q.n_evidence; k++) {
		struct remark *r = &i->q.evidence[k];
		struct proof_result found;
		autostr struct str text = { 0 };
		proof_run(&r->when, 1, z->course.facts, &z->course.world, (struct span){ 0 },
			  &found);
		if (found.reached != 1)
			continue;
		proof_expand(&text, r->say, &r->scope, &found, &z->course.world);
		screen_say(&z->screen, TONE_GOOD, _("your own runs: "), text.s);
	}
}

static void say_wrong(struct quiz *z, const struct given *g)
{
	const struct question *q = &g->item->q;
	const char *belief = bank_belief(&z->bank, g->choice->tag);
	screen_sayf(&z->screen, TONE_WARN, _("not so: "),
		    "%s) %s", g->choice->key, g->choice->text);
	if (belief)
		screen_sayf(&z->screen, TONE_TEXT, _("behind it: "), _("the idea that %s"), belief);
	if (g->choice->say)
		screen_say(&z->screen, TONE_TEXT, _("but: "), g->choice->say);
	screen_sayf(&z->screen, TONE_GOOD, _("right is: "), "%s) %s", q->right,
		    question_choice(q, q->right)->text);
}

void quiz_feedback(struct quiz *z, const struct given *g)
{
	const struct question *q = &g->item->q;
	if (!g->choice)
		return;
	if (str_eq(g->choice->key, q->right))
		screen_sayf(&z->screen, TONE_GOOD, _("right: "),
			    "%s) %s", q->right, g->choice->text);
	else
		say_wrong(z, g);
	screen_say(&z->screen, TONE_TEXT, _("why: "), q->why);
	say_evidence(z, g->item);
}

int quiz_offer_proof(struct quiz *z, const struct given *g, struct err *e)
{
	const struct script *s = bank_proof(&z->bank, &g->item->q, g->choice);
	if (!g->choice || !s || !z->course.http)
		return 0;
	screen_sayf(&z->screen, TONE_HEAD, _("prove it: "), "%s.", s->title);
	autofree char *line = read_answer(z, _("p runs the experiment, Enter goes on: "));
	if (!line || !str_eq(line, "p"))
		return 0;
	int r = script_run(s, &z->screen, e);
	return r < 0 ? r : 0;
}

int quiz_play(struct quiz *z, const struct item *const *items, size_t n, struct err *e)
{
	struct given g;
	int r = 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!quiz_ask(z, items[i], i + 1, n, &g))
			break;
		quiz_feedback(z, &g);
		r = quiz_offer_proof(z, &g, e);
	}
	return r;
}
