#include "core/nearest.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define LONGEST 24	/* longer words are nobody's slip of a known one */

/* Levenshtein's distance: letters put in, left out or taken for another. */
static size_t distance(const char *a, const char *b)
{
	size_t row[LONGEST + 1], n = strlen(b);
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t before = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			size_t other = before + (tolower((unsigned char)a[i]) !=
						 tolower((unsigned char)b[j]));
			before = row[j + 1];
			size_t least = before < row[j] ? before + 1 : row[j] + 1;
			row[j + 1] = other < least ? other : least;
		}
	}
	return row[n];
}

const char *text_nearest(const char *word, const char *const *list)
{
	const char *best = NULL;
	size_t least = 3, len = strlen(word);
	if (len > LONGEST)
		return NULL;
	for (; *list; list++) {
		size_t d = strlen(*list) > LONGEST ? least : distance(word, *list);
		if (d < least && d * 2 <= len) {
			least = d;
			best = *list;
		}
	}
	return best;
}
