#include "labs/usage.h"

#include <stdlib.h>

#include "client/terminal.h"
#include "core/cleanup.h"
#include "core/lang.h"
#include "core/wrap.h"

#define NARROWEST 40

static int width_of_help(void)
{
	unsigned rows, columns;
	const char *env = getenv("COLUMNS");
	int width = terminal_size(&rows, &columns) ? (int)columns : env ? atoi(env) : 80;
	return width < NARROWEST ? 80 : width;
}

void usage_text(FILE *out, const char *text)
{
	autostr struct str lines = { 0 };
	wrap_text(&lines, text, width_of_help() - 1, 0, 0);
	fputs(lines.s ? lines.s : "", out);
}

void usage_row(FILE *out, const char *name, int column, const char *text)
{
	autostr struct str lines = { 0 };
	autofree char *label = wrap_pad(name, column - 3);
	str_addf(&lines, "  %s ", label);
	wrap_text(&lines, text, width_of_help() - 1, column, column);
	fprintf(out, "%s\n", lines.s);
}

int usage_print(const char *head, const struct option *table, const struct err *e)
{
	autostr struct str text = { 0 };
	FILE *out = e ? stderr : stdout;
	if (e)
		err_print(e);
	usage_text(out, _(head));
	options_help(table, width_of_help() - 1, &text);
	fprintf(out, "\n%s", text.s);
	return e ? EXIT_TROUBLE : 0;
}
