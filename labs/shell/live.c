#include "labs/shell/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/lang.h"
#include "core/wrap.h"

/* A line that goes on is set in under the words of the one before. */
#define HANG_STORY 26	/* after show's milliseconds and phase */
#define HANG_CALL 9

const char *const live_levels[] = { "off", "story", "mechanism", "raw", "on", NULL };

void live_init(struct live *l, const struct screen *s)
{
	live_set(l, s, "story");
}

bool live_set(struct live *l, const struct screen *s, const char *level)
{
	int known = show_level(str_eq(level, "on") ? "story" : level);
	if (known > SHOW_RAW || (known < 0 && !str_eq(level, "off")))
		return false;
	l->on = known >= 0;
	if (l->on)
		show_init(&l->show, (enum show_level)known, !s->plain);
	return true;
}

const char *live_name(const struct live *l)
{
	return l->on ? live_levels[l->show.level + 1] : live_levels[0];
}

static bool has(const char *line, size_t n, const char *text)
{
	return memmem(line, n, text, strlen(text)) != NULL;
}

/* "| " before each line, so that nobody takes it for a command's output. */
static void add_marked(struct live *l, const struct screen *s, char *text)
{
	int hang = l->show.level == SHOW_STORY ? HANG_STORY : HANG_CALL;
	for (char *end; *text; text = end) {
		end = strchrnul(text, '\n');
		if (*end)
			*end++ = '\0';
		str_add(&l->pending, "| ");
		wrap_text(&l->pending, text, s->width - 1, 2, hang);
		str_add(&l->pending, "\n");
	}
}

/* The records begin with their number. */
static int64_t number(const char *line, size_t n)
{
	static const char key[] = "{\"seq\":";
	return n > sizeof(key) && memcmp(line, key, sizeof(key) - 1) == 0 ?
	       strtoll(line + sizeof(key) - 1, NULL, 10) : 0;
}

void live_line(struct live *l, const struct screen *s, const char *line, size_t n)
{
	autostr struct str text = { 0 };
	l->seen = number(line, n);
	/* What the engine does for itself (spare parts, tidying up) is nobody's run. */
	if (!l->on || has(line, n, "\"container\":\"\""))
		return;
	if (has(line, n, "\"kind\":\"close\"") && has(line, n, "\"region\":\"exec\""))
		l->started = true;
	if (show_line(&l->show, line, n, &text) == 0 && text.len)
		add_marked(l, s, text.s);
}

/* Bytes of so many lines from the start of the text. */
static size_t head(const char *text, int lines)
{
	const char *at = text;
	while (lines-- > 0 && *at)
		at = strchrnul(at, '\n') + 1;
	return (size_t)(at - text);
}

static int count_lines(const char *text)
{
	int n = 0;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

void live_flush(struct live *l, const struct screen *s)
{
	autostr struct str held = { 0 };
	l->started = false;
	show_flush(&l->show, &held);
	if (held.len)
		add_marked(l, s, held.s);
	if (!l->pending.len)
		return;
	int lines = count_lines(l->pending.s), room = s->height * 2 / 3;
	bool cut = s->tty && l->show.level != SHOW_STORY && lines > room;
	fwrite(l->pending.s, 1, cut ? head(l->pending.s, room) : l->pending.len, stdout);
	if (cut) {
		printf(_("| ... %d more lines: `trace all` shows every one, `trace story` is "
			 "shorter\n"),
		       lines - room);
		str_clear(&l->last);
		str_addn(&l->last, l->pending.s, l->pending.len);
	}
	fflush(stdout);
	str_clear(&l->pending);
}

void live_all(const struct live *l)
{
	fputs(l->last.len ? l->last.s : "", stdout);
}
