/* Completion: lab verbs, docker's verbs and names, and file names otherwise. */
#include <stdlib.h>
#include <string.h>

#include <readline/readline.h>

#include "client/complete.h"
#include "core/str.h"
#include "labs/shell/shell.h"
#include "labs/shell/words.h"

static char **candidates;	/* of the completion under way */

static char *each_candidate(const char *text, int state)
{
	static size_t i;
	if (!state)
		i = 0;
	while (candidates && candidates[i]) {
		const char *c = candidates[i++];
		if (str_starts(c, text))
			return str_dup(c);
	}
	return NULL;
}

/* The line up to the cursor as words; the last is the one being typed. */
static char **typed_words(int end)
{
	struct str line = { 0 };
	str_addn(&line, rl_line_buffer, (size_t)end);
	char **words = words_split(line.s ? line.s : "");
	if (words && (!line.len || line.s[line.len - 1] == ' '))
		strv_add(&words, "");
	str_free(&line);
	return words;
}

static void add_verbs(char ***list)
{
	strv_add(list, "docker");
	for (size_t i = 0; verb_name(i); i++)
		strv_add(list, verb_name(i));
}

char **complete_line(const char *text, int start, int end)
{
	char **words = typed_words(end);
	size_t n = strv_len(words);
	bool files = n > 1;
	candidates = NULL;
	if (n == 1) {
		candidates = mem_alloc(sizeof(*candidates));
		add_verbs(&candidates);
	} else if (n > 1 && str_eq(words[0], "docker")) {
		candidates = docker_complete((int)n - 1, words + 1, &files);
	} else if (n == 2 && str_eq(words[0], "trace")) {
		candidates = strv_dup((char *const *)live_levels);
		files = false;
	}
	char **found = candidates ? rl_completion_matches(text, each_candidate) : NULL;
	rl_attempted_completion_over = !files;
	strv_free(candidates);
	strv_free(words);
	return found;
}
