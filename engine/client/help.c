/* help.c - --help, from the same tables as everything else, in docker's layout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/verb.h"
#include "core/cleanup.h"
#include "core/lang.h"
#include "core/wrap.h"

/* Docker shows the groups for a swarm's nodes only to such. */
enum place { MANAGEMENT, SWARM, UNSEEN };

/* The unseen are the last. */
static const struct { const char *name, *about; enum place place; } groups[] = {
	{ "builder", "Manage builds" },
	{ "container", "Manage containers" },
	{ "context", "Manage contexts" },
	{ "image", "Manage images" },
	{ "manifest", "Manage manifests and manifest lists" },
	{ "network", "Manage networks" },
	{ "plugin", "Manage plugins (there are none)" },
	{ "system", "Manage Docker" },
	{ "trust", "Manage signed names (there are none)" },
	{ "volume", "Manage volumes" },
	{ "swarm", "Manage a swarm (this engine is for one host)", SWARM },
	{ "checkpoint", "Manage checkpoints", UNSEEN },
	{ "config", "Manage a swarm's configurations", UNSEEN },
	{ "node", "Manage a swarm's nodes", UNSEEN },
	{ "secret", "Manage a swarm's secrets", UNSEEN },
	{ "service", "Manage a swarm's services", UNSEEN },
	{ "stack", "Manage a swarm's stacks", UNSEEN },
};

const char *help_group_name(size_t i)
{
	return i < ARRAY_SIZE(groups) && groups[i].place != UNSEEN ? groups[i].name : NULL;
}

const char *help_group_about(const char *group, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (strlen(groups[i].name) == len && strncmp(groups[i].name, group, len) == 0)
			return groups[i].about;
	return NULL;
}

static int terminal_width(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 40)
		return w.ws_col;
	return 80;
}

static int option_width(const struct option *o)
{
	size_t label = strlen(o->type->label);

	return (int)(6 + 2 + strlen(o->name) + (label ? 1 + label : 0));
}

static void option_line(const struct option *o, int column, int width, struct str *out)
{
	size_t from = out->len;
	autofree char *text = o->preset && *o->preset
		? str_printf(o->type == &opt_string ? "%s (default \"%s\")" : "%s (default %s)",
			     _(o->help), o->preset)
		: str_dup(_(o->help));

	if (o->letter)
		str_addf(out, "  -%c, --%s", o->letter, o->name);
	else
		str_addf(out, "      --%s", o->name);
	if (*o->type->label)
		str_addf(out, " %s", o->type->label);
	str_addf(out, "%*s", column - (int)(out->len - from), "");
	wrap_text(out, text, width, column, column);
	str_add(out, "\n");
}

static int by_option_name(const void *a, const void *b)
{
	const struct option *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

void options_help(const struct option *table, int width, struct str *out)
{
	size_t n = 0;
	int column = 0;

	while (table[n].name)
		n++;
	autofree const struct option **rows = mem_alloc((n + 1) * sizeof(*rows));
	n = 0;
	for (; table->name; table++) {
		if (table->hidden || table->since)
			continue;
		rows[n++] = table;
		if (option_width(table) + 3 > column)
			column = option_width(table) + 3;
	}
	qsort(rows, n, sizeof(*rows), by_option_name);
	for (size_t i = 0; i < n; i++)
		option_line(rows[i], column, width, out);
}

static void print_aliases(const struct verb *v)
{
	const char *at = v->paths, *path;
	size_t len;
	int n = 0;

	if (!strchr(v->paths, '|'))
		return;
	printf("\nAliases:\n  ");
	while (verb_next_path(&at, &path, &len))
		printf("%sdocker %.*s", n++ ? ", " : "", (int)len, path);
	printf("\n");
}

void help_verb(const struct verb *v, const char *path)
{
	autostr struct str s = { 0 };

	printf("Usage:  docker %s%s%s\n\n%s\n", path, *v->usage ? " " : "", v->usage, v->about);
	print_aliases(v);
	if (!v->options || !v->options->name)
		return;
	options_help(v->options, terminal_width(), &s);
	printf("\nOptions:\n%s", s.s);
}

/* One line of a list of verbs. */
struct entry { const char *name; size_t len; const char *about; int order; };

static int by_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->order != y->order)
		return x->order - y->order;
	size_t n = x->len < y->len ? x->len : y->len;
	int r = strncmp(x->name, y->name, n);
	return r ? r : (int)x->len - (int)y->len;
}

/* The verbs of a group; at the top, the common ones or the others. */
static void print_verbs(FILE *to, const char *group, bool common)
{
	struct entry list[128];
	size_t n = 0;

	for (const struct verb *const *t = verb_tables; *t; t++)
		for (const struct verb *v = *t; v->paths && n < ARRAY_SIZE(list); v++) {
			size_t len;
			const char *path = verb_path_in(v, group, &len);

			if (!path || v->hidden || (!*group && (v->common > 0) != common))
				continue;
			list[n++] = (struct entry){ path + strlen(group), len - strlen(group),
						    v->about, common ? v->common : 0 };
		}
	qsort(list, n, sizeof(list[0]), by_order);
	for (size_t i = 0; i < n; i++)
		fprintf(to, "  %-*.*s%s\n", 12, (int)list[i].len, list[i].name, list[i].about);
}

void help_group(FILE *to, const char *group)
{
	autofree char *prefix = str_printf("%s ", group);

	fprintf(to, "Usage:  docker %s COMMAND\n\n%s\n\nCommands:\n", group,
		help_group_about(group, strlen(group)));
	print_verbs(to, prefix, false);
	fprintf(to, "\nRun 'docker %s COMMAND --help' for more information on a command.\n", group);
}

static void print_groups(FILE *to, const char *title, enum place place)
{
	fprintf(to, "\n%s:\n", title);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (groups[i].place == place)
			fprintf(to, "  %-12s%s\n", groups[i].name, groups[i].about);
}

void help_top(FILE *to)
{
	autostr struct str options = { 0 };

	fprintf(to, "Usage:  docker [OPTIONS] COMMAND\n\nDrydock's docker: containers you can see "
	       "through\n\nCommon Commands:\n");
	print_verbs(to, "", true);
	print_groups(to, "Management Commands", MANAGEMENT);
	print_groups(to, "Swarm Commands", SWARM);
	fprintf(to, "\nCommands:\n");
	print_verbs(to, "", false);
	options_help(global_options, terminal_width(), &options);
	fprintf(to, "\nGlobal Options:\n%s\nRun 'docker COMMAND --help' for more information on a "
	       "command.\n", options.s);
}
