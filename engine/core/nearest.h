/* nearest.h - "did you mean": the known word that a mistyped one was meant to be. */
#ifndef DRYDOCK_CORE_NEAREST_H
#define DRYDOCK_CORE_NEAREST_H

/* The word of the list (NULL at its end) that `word` was meant to be, or NULL:
 * at most two letters are wrong, and not half of them. */
const char *text_nearest(const char *word, const char *const *list);

#endif
