/* words.h - what a typed line is: a lab verb, a docker command, or shell. */
#ifndef DRYDOCK_LABS_SHELL_WORDS_H
#define DRYDOCK_LABS_SHELL_WORDS_H

#include <stdbool.h>

/* Splits a line as a shell would, as long as it is simple: quotes and
 * backslashes are understood.  Returns NULL if the line needs a real shell (a
 * pipe, a redirection, a variable, a pattern, an open quote).  A comment at the
 * end is dropped.  Caller frees with strv_free(). */
char **words_split(const char *line);
/* The line without blanks at both ends; caller frees. */
char *words_trim(const char *line);
/* Is the first word `word`? */
bool words_begin(const char *line, const char *word);

/* Where the typing goes while a docker command runs. */
enum words_input { INPUT_NONE, INPUT_STREAM, INPUT_TERMINAL };
/* words[0] is "docker": run/exec/create with -i or -t, attach, start -a. */
enum words_input words_input(char *const *words);

#endif
