/* The vocabulary is looked up in fact.def itself, which the assembler copies into
 * the program: one file is the contract, and there is no second list to forget. */
#include "trace/fact.h"

#include <string.h>

__asm__(".pushsection .rodata\n"
	".global drydock_fact_def\n"
	"drydock_fact_def:\n"
	".incbin \"trace/fact.def\"\n"
	".byte 0\n"
	".popsection\n");
extern const char drydock_fact_def[] __attribute__((visibility("hidden")));

/* True if the n bytes at s are `word`, not counting spaces at both ends. */
static bool is_word(const char *s, size_t n, const char *word)
{
	for (; n && *s == ' '; s++)
		n--;
	while (n && s[n - 1] == ' ')
		n--;
	return n == strlen(word) && memcmp(s, word, n) == 0;
}

bool journal_type(const char *type, bool *learner)
{
	const char *line = drydock_fact_def, *end;
	for (; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		const char *bar = memchr(line, '|', (size_t)(end - line));
		if (*line == '#' || !bar || !is_word(line, (size_t)(bar - line), type))
			continue;
		const char *who = memchr(bar + 1, '|', (size_t)(end - bar - 1));
		const char *stop = who ? memchr(who + 1, '|', (size_t)(end - who - 1)) : NULL;
		*learner = stop && is_word(who + 1, (size_t)(stop - who - 1), "learner");
		return true;
	}
	return false;
}
