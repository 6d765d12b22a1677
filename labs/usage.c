#include "labs/usage.h"

#include <stdio.h>

#include "core/cleanup.h"
#include "core/lang.h"

int usage_print(const char *head, const struct option *table, const struct err *e)
{
	autostr struct str text = { 0 };
	FILE *out = e ? stderr : stdout;
	if (e)
		err_print(e);
	options_help(table, 80, &text);
	fprintf(out, "%s\n%s", _(head), text.s);
	return e ? EXIT_TROUBLE : 0;
}
