/* str.h - growing text.  Out of memory ends the program: nothing here fails. */
#ifndef DRYDOCK_CORE_STR_H
#define DRYDOCK_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>

struct str { char *s; size_t len, cap; };	/* s is NUL-terminated once non-NULL */

void str_add(struct str *b, const char *text);
void str_addn(struct str *b, const void *data, size_t n);
void str_addf(struct str *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_clear(struct str *b);		/* keeps the memory */
void str_free(struct str *b);
char *str_take(struct str *b);		/* caller frees; "" rather than NULL */

char *str_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *str_dup(const char *s);		/* NULL stays NULL */
void *mem_alloc(size_t n);		/* zeroed */
void *mem_grow(void *p, size_t n);

bool str_eq(const char *a, const char *b);	/* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* A path by its text alone: no "." or empty parts, ".." worked out (not above the
 * beginning), no "/" at the ends: "a/b", or "".  The caller frees. */
char *str_clean_path(const char *path);

/* NULL-terminated vectors of owned strings. */
size_t strv_len(char *const *v);
char **strv_dup(char *const *v);
void strv_add(char ***v, const char *s);
void strv_free(char **v);

#endif
