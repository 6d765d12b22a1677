#include <stdlib.h>
#include <string.h>

#include "labs/proof.h"

#define ID_LENGTH 64	/* of a container's id and of a SHA-256, in hex */
#define ID_SHOWN 12	/* people compare the first 12, as docker shows them */

/* The text with every full id in it cut to what people compare. */
static void add_text(struct str *out, const char *s)
{
	if (str_starts(s, "sha256:"))
		s += 7;
	while (*s) {
		size_t hex = strspn(s, "0123456789abcdef");
		size_t rest = hex ? hex : strcspn(s, "0123456789abcdef");
		str_addn(out, s, hex == ID_LENGTH ? ID_SHOWN : rest);
		s += rest;
	}
}

/* The journal counts an image's layers from the base, 0 first; people from 1. */
static bool add_layer(struct str *out, const char *s)
{
	char *end;
	if (!str_starts(s, "lower:"))
		return false;
	long n = strtol(s + 6, &end, 10);
	if (!s[6] || *end)
		return false;
	str_addf(out, "layer %ld of the image", n + 1);
	return true;
}

static void add_value(struct str *out, const struct value *v)
{
	if (v->s && add_layer(out, v->s))
		return;
	if (v->s)
		add_text(out, v->s);
	else
		str_addf(out, "%.10g", v->n);
}

static const struct value *find_var(const char *name, size_t len, const struct scope *s,
				    const struct proof_result *r)
{
	for (size_t i = 0; s && r && i < s->n_vars; i++)
		if (strlen(s->var[i]) == len && memcmp(s->var[i], name, len) == 0)
			return r->var[i].bound ? &r->var[i] : NULL;
	return NULL;
}

static const char *find_constant(const char *name, size_t len, const struct world *w)
{
	char key[64];
	if (!w || !w->constant || len >= sizeof(key))
		return NULL;
	memcpy(key, name, len);
	key[len] = '\0';
	return w->constant(w->arg, key);
}

static bool is_one(const struct value *v) { return v->s ? str_eq(v->s, "1") : v->n == 1; }

/* The value, then one of ":layer:layers", which may stand before the closing bracket. */
static void add_value_and_word(struct str *out, const struct value *v, const char *words,
			       const char *close)
{
	const char *many = words ? memchr(words + 1, ':', (size_t)(close - words - 1)) : NULL;
	add_value(out, v);
	if (!many)
		return;
	str_add(out, " ");
	if (is_one(v))
		str_addn(out, words + 1, (size_t)(many - words - 1));
	else
		str_addn(out, many + 1, (size_t)(close - many - 1));
}

void proof_expand(struct str *out, const char *text, const struct scope *s,
		  const struct proof_result *r, const struct world *w)
{
	const char *open, *close;
	while ((open = strchr(text, '{')) && (close = strchr(open, '}'))) {
		size_t len = (size_t)(close - open - 1);
		const char *colon = memchr(open, ':', len + 1);
		size_t name = colon ? (size_t)(colon - open - 1) : len;
		const struct value *v = find_var(open + 1, name, s, r);
		const char *c = v ? NULL : find_constant(open + 1, len, w);
		str_addn(out, text, (size_t)(open - text));
		if (v)
			add_value_and_word(out, v, colon, close);
		else if (c)
			str_add(out, c);
		else
			str_addn(out, open, len + 2);
		text = close + 1;
	}
	str_add(out, text);
}
