#include "runtime/log_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

/* Code points as UTF-8; a lone surrogate is none, as in RFC 3629. */
static void add_code(struct str *out, unsigned c)
{
	const unsigned char two[] = { (unsigned char)(0xc0 | c >> 6), (unsigned char)(0x80 | (c & 0x3f)) };
	const unsigned char three[] = { (unsigned char)(0xe0 | c >> 12),
					(unsigned char)(0x80 | (c >> 6 & 0x3f)),
					(unsigned char)(0x80 | (c & 0x3f)) };
	if (c < 0x80)
		str_addn(out, &(char){ (char)c }, 1);
	else if (c < 0x800)
		str_addn(out, two, sizeof(two));
	else
		str_addn(out, three, sizeof(three));
}

/* p is behind a backslash; returns behind the escape, or NULL. */
static const char *add_escape(const char *p, const char *end, struct str *out)
{
	static const char letters[] = "nrtbf", meant[] = "\n\r\t\b\f";
	char hex[5] = "";
	if (p == end)
		return NULL;
	const char *known = strchr(letters, *p);
	if (*p != 'u') {
		str_addn(out, known && *p ? &meant[known - letters] : p, 1);
		return p + 1;
	}
	if (end - p < 5)
		return NULL;
	memcpy(hex, p + 1, 4);
	if (strspn(hex, "0123456789abcdefABCDEF") != 4)
		return NULL;
	add_code(out, (unsigned)strtoul(hex, NULL, 16));
	return p + 5;
}

/* p is behind the first quote; returns behind the last, or NULL. */
static const char *read_text(const char *p, const char *end, struct str *out)
{
	str_clear(out);
	while (p && p < end && *p != '"') {
		const char *plain = p;
		while (p < end && *p != '"' && *p != '\\')
			p++;
		str_addn(out, plain, (size_t)(p - plain));
		if (p < end && *p == '\\')
			p = add_escape(p + 1, end, out);
	}
	return p && p < end ? p + 1 : NULL;
}

/* "attrs" is an object of texts: nothing here needs it. */
static const char *skip_object(const char *p, const char *end, struct str *scratch)
{
	while (p && p < end && *p != '}')
		p = *p == '"' ? read_text(p + 1, end, scratch) : p + 1;
	return p && p < end ? p + 1 : NULL;
}

static const char *expect(const char *p, const char *end, char c)
{
	return p && p < end && *p == c ? p + 1 : NULL;
}

int log_line_parse(const char *line, size_t len, struct log_line *out)
{
	autostr struct str key = { 0 }, value = { 0 };
	const char *end = line + len, *p = expect(line, end, '{');
	bool has_text = false;

	out->is_err = false;
	out->stamp[0] = '\0';
	while ((p = expect(p, end, '"'))) {
		p = expect(read_text(p, end, &key), end, ':');
		bool is_text = str_eq(key.s, "log");
		struct str *to = is_text ? &out->text : &value;
		p = p && p < end && *p == '{' ? skip_object(p + 1, end, &value) :
		    (p = expect(p, end, '"')) ? read_text(p, end, to) : NULL;
		if (!p)
			return -EBADMSG;
		has_text |= is_text;
		if (str_eq(key.s, "stream"))
			out->is_err = str_eq(value.s, "stderr");
		else if (str_eq(key.s, "time"))
			snprintf(out->stamp, sizeof(out->stamp), "%s", value.s);
		if (p < end && *p == ',')
			p++;
	}
	return has_text ? 0 : -EBADMSG;
}
