/* hello.c - a static program that only prints what it holds: the longest text in it. */
#include "sim/userland/tools/tools.h"

static bool is_text(char c) { return c == '\n' || c == '\t' || (c >= ' ' && c <= '~'); }

int tool_hello(struct prog *p)
{
	size_t n, at = 0, best = 0, length = 0;
	long rc;
	char *s = read_whole(p, p->exe, &n, &rc);

	if (!s)
		return complain_of(p, rc, "reading the program");
	while (at < n) {
		size_t end = at;
		bool lines = false;

		while (end < n && is_text(s[end]))
			lines |= s[end++] == '\n';
		if (lines && end - at > length) {
			best = at;
			length = end - at;
		}
		at = end + 1;
	}
	outn(p, s + best, length);
	return 0;
}
