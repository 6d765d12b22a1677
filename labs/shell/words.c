#include "labs/shell/words.h"

#include <ctype.h>
#include <string.h>

#include "core/str.h"

/* Outside of quotes these make a line a matter for the shell.  '#' in the
 * middle of a word, '!' and '~user' are left alone: docker sees them as they are. */
#define SHELL_SIGNS "|&;<>()$`*?[{~"

char *words_trim(const char *line)
{
	struct str s = { 0 };
	while (isspace((unsigned char)*line))
		line++;
	size_t n = strlen(line);
	while (n && isspace((unsigned char)line[n - 1]))
		n--;
	str_addn(&s, line, n);
	return str_take(&s);
}

bool words_begin(const char *line, const char *word)
{
	size_t n = strlen(word);
	while (isspace((unsigned char)*line))
		line++;
	return strncmp(line, word, n) == 0 && (!line[n] || isspace((unsigned char)line[n]));
}

/* Adds what is between the quotes at *s; false: needs a shell. */
static bool add_quoted(struct str *word, const char **s)
{
	char quote = *(*s)++;
	for (; **s != quote; (*s)++) {
		if (!**s || (quote == '"' && strchr("$`", **s)))
			return false;
		if (quote == '"' && **s == '\\' && (*s)[1] && strchr("\"\\", (*s)[1]))
			(*s)++;
		str_addn(word, *s, 1);
	}
	(*s)++;
	return true;
}

static bool add_word(struct str *word, const char **s)
{
	while (**s && !isspace((unsigned char)**s)) {
		if (**s == '\'' || **s == '"') {
			if (!add_quoted(word, s))
				return false;
			continue;
		}
		if (strchr(SHELL_SIGNS, **s) || (**s == '\\' && !(*s)[1]))
			return false;
		if (**s == '\\')
			(*s)++;
		str_addn(word, (*s)++, 1);
	}
	return true;
}

char **words_split(const char *line)
{
	char **words = mem_alloc(sizeof(*words));
	for (;;) {
		while (isspace((unsigned char)*line))
			line++;
		if (!*line || *line == '#')
			return words;
		struct str word = { 0 };
		bool simple = add_word(&word, &line);
		if (simple)
			strv_add(&words, word.s ? word.s : "");
		str_free(&word);
		if (!simple) {
			strv_free(words);
			return NULL;
		}
	}
}

/* Options of run and exec that take a value as the next word; those words are
 * not to be mistaken for flags.  Long ones with "=" carry theirs along. */
static bool takes_value(const char *w)
{
	static const char *const flags[] = {
		"--rm", "--init", "--privileged", "--detach", "--read-only", "--tty",
		"--interactive", "--publish-all", "--no-healthcheck", "--attach",
	};
	if (w[1] != '-')
		return strchr("ePpvwuhlmac", w[strlen(w) - 1]) && w[strlen(w) - 1] != 'P';
	if (strchr(w, '='))
		return false;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (str_eq(w, flags[i]))
			return false;
	return true;
}

static enum words_input of_flag(const char *w)
{
	bool longer = w[1] == '-';
	if (str_eq(w, "--tty") || (!longer && strchr(w, 't')))
		return INPUT_TERMINAL;
	if (str_eq(w, "--interactive") || str_eq(w, "--attach") || (!longer && strpbrk(w, "ia")))
		return INPUT_STREAM;
	return INPUT_NONE;
}

/* The verb's place: "docker run", "docker container run". */
static size_t verb_at(char *const *words)
{
	return words[1] && str_eq(words[1], "container") ? 2 : 1;
}

enum words_input words_input(char *const *words)
{
	size_t at = verb_at(words);
	const char *verb = words[at];
	enum words_input most = INPUT_NONE;
	if (!verb)
		return INPUT_NONE;
	if (str_eq(verb, "attach"))
		return INPUT_TERMINAL;
	if (!str_eq(verb, "run") && !str_eq(verb, "exec") && !str_eq(verb, "start"))
		return INPUT_NONE;
	for (size_t i = at + 1; words[i] && words[i][0] == '-'; i++) {
		enum words_input flag = of_flag(words[i]);
		if (words[i][1] != '-' && strchr(words[i], 'd'))
			return INPUT_NONE;
		if (flag > most)
			most = flag;
		if (!str_eq(verb, "start") && takes_value(words[i]) && words[i + 1])
			i++;
	}
	return str_eq(verb, "start") && most ? INPUT_TERMINAL : most;
}
