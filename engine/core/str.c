#include "core/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *p)
{
	if (!p) {
		fputs("drydock: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *mem_alloc(size_t n) { return must(calloc(1, n ? n : 1)); }
void *mem_grow(void *p, size_t n) { return must(realloc(p, n ? n : 1)); }

static void reserve(struct str *b, size_t more)
{
	if (b->len + more + 1 <= b->cap)
		return;
	b->cap = (b->len + more + 1) * 3 / 2 + 32;
	b->s = mem_grow(b->s, b->cap);
}

void str_addn(struct str *b, const void *data, size_t n)
{
	reserve(b, n);
	if (n)
		memcpy(b->s + b->len, data, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void str_add(struct str *b, const char *text) { str_addn(b, text, strlen(text)); }

static void addv(struct str *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return;
	reserve(b, (size_t)n);
	vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void str_addf(struct str *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	addv(b, fmt, ap);
	va_end(ap);
}

void str_clear(struct str *b)
{
	b->len = 0;
	if (b->s)
		b->s[0] = '\0';
}

void str_free(struct str *b)
{
	free(b->s);
	*b = (struct str){ 0 };
}

char *str_take(struct str *b)
{
	reserve(b, 0);
	b->s[b->len] = '\0';
	char *s = b->s;
	*b = (struct str){ 0 };
	return s;
}

char *str_printf(const char *fmt, ...)
{
	struct str b = { 0 };
	va_list ap;
	va_start(ap, fmt);
	addv(&b, fmt, ap);
	va_end(ap);
	return str_take(&b);
}

char *str_dup(const char *s) { return s ? must(strdup(s)) : NULL; }

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t a = strlen(s), b = strlen(suffix);
	return a >= b && strcmp(s + a - b, suffix) == 0;
}

char *str_clean_path(const char *path)
{
	char *copy = str_dup(path);
	struct str out = { 0 };
	char *save;
	str_add(&out, "");
	for (char *w = strtok_r(copy, "/", &save); w; w = strtok_r(NULL, "/", &save)) {
		char *slash = strrchr(out.s, '/');
		if (str_eq(w, ".."))
			out.s[out.len = slash ? (size_t)(slash - out.s) : 0] = '\0';
		else if (!str_eq(w, "."))
			str_addf(&out, "%s%s", out.len ? "/" : "", w);
	}
	free(copy);
	return str_take(&out);
}

size_t strv_len(char *const *v)
{
	size_t n = 0;
	while (v && v[n])
		n++;
	return n;
}

void strv_add(char ***v, const char *s)
{
	size_t n = strv_len(*v);
	*v = mem_grow(*v, (n + 2) * sizeof(**v));
	(*v)[n] = str_dup(s);
	(*v)[n + 1] = NULL;
}

char **strv_dup(char *const *v)
{
	char **r = mem_alloc(sizeof(*r));
	for (size_t i = 0; v && v[i]; i++)
		strv_add(&r, v[i]);
	return r;
}

void strv_free(char **v)
{
	for (size_t i = 0; v && v[i]; i++)
		free(v[i]);
	free(v);
}
