#include "labs/shell/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/cleanup.h"

#define WIDEST 100	/* longer lines are hard to read */
#define NARROWEST 40

void screen_measure(struct screen *s)
{
	struct winsize w;
	const char *env = getenv("COLUMNS");
	s->width = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col)
		s->width = w.ws_col;
	else if (env && atoi(env) > 0)
		s->width = atoi(env);
	if (s->width < NARROWEST)
		s->width = NARROWEST;
}

static bool is_set(const char *name)
{
	const char *v = getenv(name);
	return v && *v;
}

void screen_init(struct screen *s, bool plain)
{
	const char *term = getenv("TERM");
	s->tty = isatty(STDOUT_FILENO);
	s->plain = plain || !s->tty || is_set("NO_COLOR") || is_set("ACCESSIBLE") ||
		   !term || str_eq(term, "dumb");
	screen_measure(s);
}

const char *screen_on(const struct screen *s, enum tone t)
{
	static const char *const codes[] = {
		[TONE_TEXT] = "", [TONE_HEAD] = "\033[1m", [TONE_GOOD] = "\033[32m",
		[TONE_WARN] = "\033[33m", [TONE_DIM] = "\033[2m",
	};
	return s->plain ? "" : codes[t];
}

const char *screen_off(const struct screen *s) { return s->plain ? "" : "\033[0m"; }

/* Columns of n bytes of UTF-8, taking each character as one column wide and
 * colours (ESC [ … m) as none. */
static int columns(const char *s, size_t n)
{
	int c = 0;
	bool escape = false;
	for (size_t i = 0; i < n; i++) {
		escape = escape || s[i] == '\033';
		c += !escape && ((unsigned char)s[i] & 0xc0) != 0x80;
		escape = escape && s[i] != 'm';
	}
	return c;
}

void screen_wrap(struct str *out, const char *text, int width, int first, int hang)
{
	int at = first;
	bool fresh = true;	/* nothing on this line yet */
	while (*text) {
		size_t blanks = strspn(text, " "), n = strcspn(text + blanks, " \n");
		int cols = columns(text + blanks, n);
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

void screen_say(const struct screen *s, enum tone t, const char *label, const char *text)
{
	autostr struct str out = { 0 };
	int width = s->width - 1 < WIDEST ? s->width - 1 : WIDEST;
	int hang = columns(label, strlen(label));
	screen_wrap(&out, text, width, hang, hang < width / 3 ? hang : 2);
	while (out.len && out.s[out.len - 1] == '\n')
		out.s[--out.len] = '\0';
	printf("%s%s%s%s\n", screen_on(s, t), label, screen_off(s), out.s ? out.s : "");
}

void screen_sayf(const struct screen *s, enum tone t, const char *label, const char *fmt, ...)
{
	char *text;
	va_list ap;
	va_start(ap, fmt);
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	screen_say(s, t, label, text);
	free(text);
}

void screen_gap(void) { putchar('\n'); }
