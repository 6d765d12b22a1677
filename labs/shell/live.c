#include "labs/shell/live.h"
#include "labs/wrap.h"

#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"

/* A line that goes on is set in under the words of the one before. */
#define HANG_STORY 28	/* after show's milliseconds and phase */
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

void live_line(struct live *l, const struct screen *s, const char *line, size_t n)
{
	autostr struct str text = { 0 };
	/* What the engine does for itself (spare parts, tidying up) is nobody's run. */
	if (!l->on || has(line, n, "\"container\":\"\""))
		return;
	if (has(line, n, "\"kind\":\"close\"") && has(line, n, "\"region\":\"exec\""))
		l->started = true;
	if (show_line(&l->show, line, n, &text) == 0 && text.len)
		add_marked(l, s, text.s);
}

void live_flush(struct live *l)
{
	l->started = false;
	if (!l->pending.len)
		return;
	fwrite(l->pending.s, 1, l->pending.len, stdout);
	fflush(stdout);
	str_clear(&l->pending);
}
