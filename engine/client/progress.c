/* progress.c - what a pull says, on a terminal or off it.
 *
 * On a terminal each id (a layer) has a line of its own, which is redrawn where
 * it stands: the cursor goes up to it, the line is cleared and written, and the
 * cursor comes back (ECMA-48 CUU, EL, CUD).  Elsewhere every change of status is
 * a line, and the moving bars are left out.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/human.h"
#include "client/pull.h"
#include "client/terminal.h"
#include "core/cleanup.h"
#include "core/json.h"

#define BAR_WIDTH 50	/* characters of a full bar */
#define BAR_COLUMNS 110		/* only wider terminals get a bar, others the numbers alone */

struct progress {
	FILE *to;
	bool terminal;
	unsigned columns;
	char **ids;		/* lines in the order they came */
};

struct progress *progress_new(FILE *to)
{
	struct progress *p = mem_alloc(sizeof(*p));
	struct winsize w = { 0 };

	p->to = to;
	p->terminal = to && terminal_redraws(fileno(to));
	if (p->terminal && ioctl(fileno(to), TIOCGWINSZ, &w) == 0)
		p->columns = w.ws_col;
	return p;
}

void progress_free(struct progress *p)
{
	if (p->to)
		fflush(p->to);
	strv_free(p->ids);
	free(p);
}

/* How many lines up the id's line is; it gets one at the bottom if it is new. */
static size_t lines_up(struct progress *p, const char *id)
{
	size_t n = strv_len(p->ids);

	for (size_t i = 0; i < n; i++)
		if (str_eq(p->ids[i], id))
			return n - i;
	strv_add(&p->ids, id);
	fputc('\n', p->to);
	return 1;
}

static void bar(struct progress *p, int64_t current, int64_t total)
{
	char now[32], all[32];

	human_size(now, sizeof(now), (double)current, 4);
	if (total > 0 && p->columns > BAR_COLUMNS) {
		int full = current > total ? BAR_WIDTH : (int)(current * BAR_WIDTH / total);

		fputc('[', p->to);
		for (int i = 0; i < full; i++)
			fputc('=', p->to);
		fprintf(p->to, ">%*s] ", BAR_WIDTH - full, "");
	}
	fprintf(p->to, "%8s", now);
	if (total > 0 && current <= total)
		fprintf(p->to, "/%s", human_size(all, sizeof(all), (double)total, 4));
}

static void draw(struct progress *p, const char *id, const cJSON *line)
{
	const cJSON *detail = json_obj(line, "progressDetail");
	int64_t current = json_int(detail, "current", 0);
	size_t up = *id ? lines_up(p, id) : 0;

	if (up)
		fprintf(p->to, "\033[%zuA\033[2K\r%s: ", up, id);
	fputs(json_str_or(line, "status", ""), p->to);
	if (up && current > 0) {
		fputc(' ', p->to);
		bar(p, current, json_int(detail, "total", 0));
	}
	if (up)
		fprintf(p->to, "\r\033[%zuB", up);
	else
		fputc('\n', p->to);
	fflush(p->to);
}

/* Off a terminal: no line for a bar that only moved. */
static void print(struct progress *p, const char *id, const cJSON *line)
{
	if (json_int(json_obj(line, "progressDetail"), "current", 0) > 0)
		return;
	fprintf(p->to, "%s%s%s\n", id, *id ? ": " : "", json_str_or(line, "status", ""));
	fflush(p->to);
}

int progress_line(struct progress *p, const cJSON *line, struct err *e)
{
	const char *error = json_str(line, "error"), *text = json_str(line, "stream");
	const char *id = json_str_or(line, "id", ""), *hint = json_str(line, "hint");

	if (error) {
		err_set(e, EIO, "%s", error);
		if (hint)
			err_hint(e, "%s", hint);
		return -EIO;
	}
	if (!p->to)
		return 0;
	if (text) {
		fputs(text, p->to);
		fflush(p->to);
	} else if (json_str(line, "status")) {
		(p->terminal ? draw : print)(p, id, line);
	}
	return 0;
}
