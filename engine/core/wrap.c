#include "core/wrap.h"

#include <string.h>

int wrap_columns(const char *s, size_t n)
{
	int c = 0;
	bool escape = false;
	for (size_t i = 0; i < n; i++) {
		escape = escape || s[i] == '\033';
		c += !escape && ((unsigned char)s[i] & 0xc0) != 0x80 && s[i] != '\001' && s[i] != '\002';
		escape = escape && s[i] != 'm';
	}
	return c;
}

char *wrap_pad(const char *text, int columns)
{
	int missing = columns - wrap_columns(text, strlen(text));
	return str_printf("%s%*s", text, missing > 0 ? missing : 0, "");
}

void wrap_text(struct str *out, const char *text, int width, int first, int hang)
{
	int at = first;
	bool fresh = true;	/* nothing on this line yet */
	while (*text) {
		size_t blanks = strspn(text, " "), n = strcspn(text + blanks, " \n");
		int cols = wrap_columns(text + blanks, n);
		if (n && !fresh && at + (int)blanks + cols > width) {
			str_addf(out, "\n%*s", hang, "");
			at = hang;
			blanks = 0;
			text += strspn(text, " ");
		}
		str_addn(out, text, blanks + n);
		at += (int)blanks + cols;
		fresh = fresh && !n;
		text += blanks + n;
		if (*text == '\n') {
			str_add(out, "\n");
			if (*++text)
				str_addf(out, "%*s", hang, "");
			at = hang;
			fresh = true;
		}
	}
}
