/* Hints: the first two open a way of thinking and must not hold what is to be typed, nor
 * a word of the proof; the last is a worked example.
 *
 * What is to be typed is taken from the lecture's own lines (typed:) and from what the
 * last hint has between backquotes.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "labs/lint/lint.h"
#include "labs/vocabulary.h"

#define SPOKEN_RUNGS 2	/* that give nothing away */
#define WORD_MARKS "./:_-=$?"

/* The next word at *s, NULL at the end; marks at its end belong to the sentence. */
static char *next_word(const char **s)
{
	struct str out = { 0 };
	const char *p = *s;
	while (*p && !isalnum((unsigned char)*p) && !strchr(WORD_MARKS, *p))
		p++;
	size_t n = 0;
	while (p[n] && (isalnum((unsigned char)p[n]) || strchr(WORD_MARKS, p[n])))
		n++;
	*s = p + n;
	while (n > 1 && strchr(".:?", p[n - 1]))
		n--;
	if (!n)
		return NULL;
	str_addn(&out, p, n);
	return str_take(&out);
}

/* Options, images, paths: what nobody writes in a sentence.  Numbers alone say nothing. */
static bool is_telling(const char *word)
{
	bool letter = false, mark = false;
	for (const char *s = word; *s; s++) {
		letter = letter || isalpha((unsigned char)*s);
		mark = mark || !isalpha((unsigned char)*s);
	}
	return word[1] && letter && mark;
}

static bool is_group(const char *word)
{
	static const char *const groups[] = { "container", "image", "system", "network", "volume" };
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (str_eq(groups[i], word))
			return true;
	return false;
}

/* The program's name and docker's verb; of the rest what is telling. */
static void add_line(char ***words, const char *line)
{
	bool command = true;
	for (char *w; (w = next_word(&line)); free(w)) {
		if ((command && !is_group(w)) || is_telling(w))
			strv_add(words, w);
		command = command && (str_eq(w, "docker") || is_group(w));
	}
}

static void add_code(char ***words, const char *text)
{
	const char *end;
	while ((text = strchr(text, '`')) && (end = strchr(text + 1, '`'))) {
		autofree char *line = str_printf("%.*s", (int)(end - text - 1), text + 1);
		add_line(words, line);
		text = end + 1;
	}
}

static char **solution(const struct lab *l)
{
	char **words = mem_alloc(sizeof(*words));
	for (size_t i = 0; i < l->n_typed; i++)
		add_line(&words, l->typed[i]);
	add_code(&words, l->hint[HINT_RUNGS - 1]);
	return words;
}

static bool in(char **words, const char *w)
{
	while (*words && !str_eq(*words, w))
		words++;
	return *words != NULL;
}

static bool is_proof_word(const char *w)
{
	return (w[0] == '?' && w[1]) || (strchr(w, '.') && vocabulary_find(w) >= 0);
}

static void check_rung(struct lint *lint, const struct lab *l, size_t rung, int line)
{
	const char *text = l->hint[rung];
	char **words = solution(l);
	if (strchr(text, '`'))
		lint_say(lint, l->front->file, line, "hint %zu has something to type: expected "
			 "that only hints 3 and 4 do", rung + 1);
	for (char *w; (w = next_word(&text)); free(w)) {
		if (is_proof_word(w))
			lint_say(lint, l->front->file, line, "hint %zu says \"%s\", a word of the "
				 "proof: expected words that a learner knows", rung + 1, w);
		else if (in(words, w))
			lint_say(lint, l->front->file, line, "hint %zu gives \"%s\" of the "
				 "solution away: expected that only hints 3 and 4 do", rung + 1, w);
	}
	strv_free(words);
}

static void check_lab(struct lint *lint, const struct lab *l)
{
	const struct front *f = l->front;
	const yaml_node_t *list = front_get(f, f->root, "hints");
	for (size_t i = 0; i < SPOKEN_RUNGS; i++)
		check_rung(lint, l, i, lint_line(front_item(f, list, i, NULL)));
	if (!strchr(l->hint[HINT_RUNGS - 1], '`'))
		lint_say(lint, f->file, lint_line(front_item(f, list, HINT_RUNGS - 1, NULL)),
			 "the last hint shows nothing to type: expected a worked example, with "
			 "each line between backquotes");
}

void lint_hints(struct lint *l)
{
	for (size_t i = 0; i < l->labs.n; i++)
		check_lab(l, &l->labs.v[i]);
}
