#include "labs/shell/screen.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/wrap.h"

#define WIDEST 100	/* longer lines are hard to read */
#define NARROWEST 40

void screen_measure(struct screen *s)
{
	struct winsize w;
	const char *env = getenv("COLUMNS");
	s->width = 80;
	s->height = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col) {
		s->width = w.ws_col;
		s->height = w.ws_row;
	} else if (env && atoi(env) > 0) {
		s->width = atoi(env);
	}
	if (s->width < NARROWEST)
		s->width = NARROWEST;
}

static bool is_set(const char *name)
{
	const char *v = getenv(name);
	return v && *v;
}

bool screen_plain(bool asked)
{
	const char *term = getenv("TERM");
	return asked || !isatty(STDOUT_FILENO) || is_set("NO_COLOR") || is_set("ACCESSIBLE") ||
	       !term || str_eq(term, "dumb");
}

void screen_init(struct screen *s, bool plain)
{
	s->tty = isatty(STDOUT_FILENO);
	s->plain = screen_plain(plain);
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

void screen_say(const struct screen *s, enum tone t, const char *label, const char *text)
{
	autostr struct str out = { 0 };
	int width = s->width - 1 < WIDEST ? s->width - 1 : WIDEST;
	int hang = wrap_columns(label, strlen(label));
	wrap_text(&out, text, width, hang, hang < width / 3 ? hang : 2);
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
