/* arena.h - memory of a modelled program: given back as a whole.
 *
 * A simulated process may be killed at any system call, and its stack is then simply
 * dropped: no cleanup in it ever runs.  So a program's memory is its process's: taken
 * from an arena, never freed piece by piece, and gone when the process is, as in a
 * real kernel.  What works for long (a shell's loop) marks the arena and rewinds it.
 */
#ifndef DRYDOCK_SIM_USERLAND_ARENA_H
#define DRYDOCK_SIM_USERLAND_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *last;
	/* Where blocks come from; NULL: the C library. */
	void *(*get)(void *owner, size_t n);
	void (*put)(void *owner, void *block);
	void *owner;
};
struct arena_mark { struct arena_block *block; size_t at; };

void *arena_alloc(struct arena *a, size_t n);			/* zeroed, aligned for anything */
void *arena_grow(struct arena *a, void *p, size_t old, size_t n);	/* in place where p is the newest */
char *arena_dup(struct arena *a, const char *s);
char *arena_dupn(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark m);
void arena_free(struct arena *a);

/* Growing text in an arena; s is NUL-terminated once non-NULL. */
struct text { struct arena *a; char *s; size_t n, cap; };

void text_addn(struct text *t, const char *s, size_t n);
void text_add(struct text *t, const char *s);
void text_addc(struct text *t, char c);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_vaddf(struct text *t, const char *fmt, va_list ap);
char *text_str(struct text *t);		/* "" rather than NULL */

/* A growing list of strings, NULL-terminated once non-NULL. */
struct list { struct arena *a; char **v; size_t n, cap; };

void list_add(struct list *l, char *s);
void list_sort(struct list *l, int (*compare)(const void *, const void *));
int list_by_name(const void *a, const void *b);		/* strcmp() of two char * */

#endif
