/* json_list.c - ["a", "b"]: whether an instruction is meant so decides how it runs,
 * so the syntax is taken as strictly as docker takes it (RFC 8259).
 *
 * A NUL (\u0000) is kept as C0 80, since our texts end at one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/parse_line.h"
#include "build/text.h"
#include "core/cleanup.h"
#include "core/json.h"

#define NOT_JSON -EBADMSG

static void add_rune(struct str *s, unsigned u)
{
	if (u == 0)
		str_addn(s, "\xc0\x80", 2);
	else if (u < 0x80)
		str_addf(s, "%c", (int)u);
	else if (u < 0x800)
		str_addf(s, "%c%c", (int)(0xc0 | u >> 6), (int)(0x80 | (u & 0x3f)));
	else if (u < 0x10000)
		str_addf(s, "%c%c%c", (int)(0xe0 | u >> 12), (int)(0x80 | (u >> 6 & 0x3f)),
			 (int)(0x80 | (u & 0x3f)));
	else
		str_addf(s, "%c%c%c%c", (int)(0xf0 | u >> 18), (int)(0x80 | (u >> 12 & 0x3f)),
			 (int)(0x80 | (u >> 6 & 0x3f)), (int)(0x80 | (u & 0x3f)));
}

/* Four hex digits; -1 if they aren't. */
static long take_hex(const char **p)
{
	char digits[5] = { 0 }, *end;
	strncpy(digits, *p, 4);
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return -1;
	*p += 4;
	return strtol(digits, &end, 16);
}

/* Behind \u; halves of a pair that stand alone become U+FFFD. */
static bool take_unicode(const char **p, struct str *out)
{
	long u = take_hex(p);
	if (u < 0)
		return false;
	if (u >= 0xd800 && u < 0xdc00 && str_starts(*p, "\\u")) {
		const char *q = *p + 2;
		long low = take_hex(&q);
		if (low >= 0xdc00 && low < 0xe000) {
			*p = q;
			add_rune(out, 0x10000 + ((unsigned)(u - 0xd800) << 10) + (unsigned)(low - 0xdc00));
			return true;
		}
	}
	add_rune(out, u >= 0xd800 && u < 0xe000 ? 0xfffd : (unsigned)u);
	return true;
}

static bool take_escape(const char **p, struct str *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c = *(*p)++;
	if (c == 'u')
		return take_unicode(p, out);
	const char *at = c ? strchr(from, c) : NULL;
	if (at)
		str_addn(out, to + (at - from), 1);
	return at != NULL;
}

static bool take_string(const char **p, struct str *out)
{
	for ((*p)++; **p != '"'; ) {
		unsigned char c = (unsigned char)**p;
		if (c < ' ')
			return false;
		(*p)++;
		if (c == '\\' ? !take_escape(p, out) : (str_addn(out, *p - 1, 1), false))
			return false;
	}
	(*p)++;
	return true;
}

/* Something other than a string stands in it: is it JSON nevertheless? */
static int other_json(const char *text, struct err *e)
{
	autojson cJSON *o = NULL;
	if (json_parse(text, strlen(text), &o, NULL) < 0 || !cJSON_IsArray(o))
		return NOT_JSON;
	return err_set(e, EINVAL, "when using JSON array syntax, arrays must be comprised of strings "
		       "only");
}

static int take_items(const char *text, struct node **list, struct err *e)
{
	const char *p = text_skip_space(text + 1);
	autostr struct str item = { 0 };
	if (*p == ']')
		return *text_skip_space(p + 1) ? NOT_JSON : 0;
	for (;; p = text_skip_space(p + 1)) {
		if (*p != '"')
			return other_json(text, e);
		str_clear(&item);
		if (!take_string(&p, &item))
			return NOT_JSON;
		*list = node_new(item.s ? item.s : "", item.len);
		list = &(*list)->next;
		p = text_skip_space(p);
		if (*p == ']')
			return *text_skip_space(p + 1) ? NOT_JSON : 0;
		if (*p != ',')
			return NOT_JSON;
	}
}

int json_list(const char *text, struct node **out, struct err *e)
{
	struct node *list = NULL;
	text = text_skip_space(text);
	int r = *text == '[' ? take_items(text, &list, e) : NOT_JSON;
	if (r < 0)
		node_free(list);
	else
		*out = list;
	return r;
}
