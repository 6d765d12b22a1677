/* text.c - see text.h. */
#include "build/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool text_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *text_skip_space(const char *s)
{
	while (text_is_space(*s))
		s++;
	return s;
}

void text_trim_end(struct str *s)
{
	while (s->len && text_is_space(s->s[s->len - 1]))
		s->s[--s->len] = '\0';
}

char *text_trimmed(const char *s)
{
	struct str out = { 0 };
	str_add(&out, text_skip_space(s));
	text_trim_end(&out);
	return str_take(&out);
}

/* The length of the UTF-8 sequence at s, 0 if there is none. */
static int rune_length(const unsigned char *s)
{
	int n = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;
	for (int i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

void text_quote(const char *s, struct str *out)
{
	static const char named[] = "\a\b\t\n\v\f\r\"\\", names[] = "abtnvfr\"\\";
	str_add(out, "\"");
	for (const unsigned char *p = (const unsigned char *)s; *p; ) {
		const char *at = strchr(named, *p);
		int n = rune_length(p);
		if (p[0] == 0xc0 && p[1] == 0x80) {	/* a NUL, as we keep it */
			str_add(out, "\\x00");
			n = 2;
		} else if (at)
			str_addf(out, "\\%c", names[at - named]);
		else if (n == 0 || *p < ' ' || *p == 0x7f)
			str_addf(out, "\\x%02x", *p);
		else
			str_addn(out, p, (size_t)n);
		p += n ? n : 1;
	}
	str_add(out, "\"");
}

char *text_upper(const char *s)
{
	char *up = str_dup(s);
	for (char *c = up; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return up;
}

char *text_lower(const char *s)
{
	char *low = str_dup(s);
	for (char *c = low; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return low;
}

bool text_same_word(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}
