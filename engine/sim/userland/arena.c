/* arena.c - blocks of memory in a row, each twice as large as the one before. */
#include "sim/userland/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 1024, LARGEST_STEP = 256 << 10, ALIGN = 16 };

struct arena_block {
	struct arena_block *before;
	size_t size, at;
	_Alignas(ALIGN) char data[];
};

static size_t rounded(size_t n) { return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1); }

static void new_block(struct arena *a, size_t n)
{
	size_t size = a->last ? a->last->size * 2 : FIRST_BLOCK;
	struct arena_block *b;

	if (size > LARGEST_STEP)
		size = LARGEST_STEP;
	if (size < n)
		size = n;
	b = a->get ? a->get(a->owner, sizeof(*b) + size) : malloc(sizeof(*b) + size);
	if (!b)
		abort();
	b->before = a->last;
	b->size = size;
	b->at = 0;
	a->last = b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p;

	n = rounded(n ? n : 1);
	if (!a->last || a->last->size - a->last->at < n)
		new_block(a, n);
	p = a->last->data + a->last->at;
	a->last->at += n;
	return memset(p, 0, n);
}

void *arena_grow(struct arena *a, void *p, size_t old, size_t n)
{
	struct arena_block *b = a->last;
	void *q;

	if (p && b && (char *)p + rounded(old) == b->data + b->at &&
	    (size_t)((char *)p - b->data) + rounded(n) <= b->size) {
		memset((char *)p + old, 0, rounded(n) - old);
		b->at = (size_t)((char *)p - b->data) + rounded(n);
		return p;
	}
	q = arena_alloc(a, n);
	if (old)
		memcpy(q, p, old);
	return q;
}

char *arena_dupn(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n)
		memcpy(p, s, n);
	return p;
}

char *arena_dup(struct arena *a, const char *s)
{
	return arena_dupn(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	struct text t = { .a = a };
	va_list ap;

	va_start(ap, fmt);
	text_vaddf(&t, fmt, ap);
	va_end(ap);
	return text_str(&t);
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){ .block = a->last, .at = a->last ? a->last->at : 0 };
}

void arena_rewind(struct arena *a, struct arena_mark m)
{
	while (a->last != m.block) {
		struct arena_block *b = a->last;

		a->last = b->before;
		if (a->put)
			a->put(a->owner, b);
		else
			free(b);
	}
	if (a->last)
		a->last->at = m.at;
}

void arena_free(struct arena *a)
{
	arena_rewind(a, (struct arena_mark){ 0 });
}

static void text_room(struct text *t, size_t more)
{
	size_t cap = t->cap ? t->cap : 32;

	if (t->n + more + 1 <= t->cap)
		return;
	while (cap < t->n + more + 1)
		cap *= 2;
	t->s = arena_grow(t->a, t->s, t->cap, cap);
	t->cap = cap;
}

void text_addn(struct text *t, const char *s, size_t n)
{
	text_room(t, n);
	if (n)
		memcpy(t->s + t->n, s, n);
	t->n += n;
	t->s[t->n] = 0;
}

void text_add(struct text *t, const char *s) { text_addn(t, s, strlen(s)); }
void text_addc(struct text *t, char c) { text_addn(t, &c, 1); }

void text_vaddf(struct text *t, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	text_room(t, (size_t)n);
	vsnprintf(t->s + t->n, (size_t)n + 1, fmt, ap);
	t->n += (size_t)n;
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_vaddf(t, fmt, ap);
	va_end(ap);
}

char *text_str(struct text *t)
{
	text_room(t, 0);
	return t->s;
}

void list_add(struct list *l, char *s)
{
	if (l->n + 2 > l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 8;

		l->v = arena_grow(l->a, l->v, l->cap * sizeof(*l->v), cap * sizeof(*l->v));
		l->cap = cap;
	}
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void list_sort(struct list *l, int (*compare)(const void *, const void *))
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), compare);
}

int list_by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}
