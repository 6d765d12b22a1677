/* man.c - man pages of the docker verbs, from the same tables as everything else:
 * `drydock docker __man FOLDER` writes one a verb, drydock-docker-run.1 and so on.
 * Macros of man(7) only; "\-" is what keeps a hyphen one that can be searched for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/docker.h"
#include "client/verb.h"
#include "core/cleanup.h"

/* Text with roff's special characters made plain. */
static void add_text(struct str *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\\')
			str_add(out, "\\e");
		else if (text[i] == '-')
			str_add(out, "\\-");
		else if ((text[i] == '.' || text[i] == '\'') && out->len && out->s[out->len - 1] == '\n')
			str_addf(out, "\\&%c", text[i]);
		else
			str_addn(out, text + i, 1);
	}
}

static void add_line(struct str *out, const char *before, const char *text, const char *after)
{
	str_add(out, before);
	add_text(out, text, strlen(text));
	str_add(out, after);
}

static void add_option(struct str *out, const struct option *o)
{
	str_add(out, ".TP\n");
	if (o->letter)
		str_addf(out, "\\fB\\-%c\\fR, ", o->letter);
	add_line(out, "\\fB\\-\\-", o->name, "\\fR");
	if (*o->type->label)
		str_addf(out, " \\fI%s\\fR", o->type->label);
	str_add(out, "\n");
	add_line(out, "", o->help, "");
	if (o->preset && *o->preset)
		add_line(out, " (default: ", o->preset, ")");
	str_add(out, ".\n");
}

static void add_synopsis(struct str *out, const struct verb *v)
{
	const char *at = v->paths, *path;
	const char *more = strstr(v->usage, "\n\t");	/* cp: two ways to use it */
	bool first = true;
	size_t len;

	str_add(out, ".SH SYNOPSIS\n");
	while (verb_next_path(&at, &path, &len)) {
		str_add(out, first ? "" : ".br\n");
		first = false;
		str_add(out, "\\fBdrydock docker ");
		add_text(out, path, len);
		str_add(out, "\\fR ");
		add_text(out, v->usage, more ? (size_t)(more - v->usage) : strlen(v->usage));
		str_add(out, "\n");
	}
	if (more)
		add_line(out, ".br\n\\fBdrydock\\fR ", more + 2, "\n");
}

/* The shortest way to say it names the page: "ps", "image\-prune". */
static char *page_name(const struct verb *v)
{
	const char *at = v->paths, *path, *best = NULL;
	size_t len, shortest = 0;

	while (verb_next_path(&at, &path, &len))
		if (!best || (memchr(best, ' ', shortest) && !memchr(path, ' ', len))) {
			best = path;
			shortest = len;
		}
	char *name = str_printf("drydock-docker-%.*s", (int)shortest, best ? best : "");
	for (char *c = name; *c; c++)
		if (*c == ' ')
			*c = '-';
	return name;
}

static void page(const struct verb *v, const char *name, struct str *out)
{
	add_line(out, ".TH ", name, " 1 \"\" \"drydock " DRYDOCK_VERSION "\" \"Drydock\"\n.SH NAME\n");
	add_line(out, "", name, " \\- ");
	add_line(out, "", v->about, "\n");
	add_synopsis(out, v);
	str_add(out, ".SH DESCRIPTION\n");
	add_line(out, "", v->about, ".\nIt is docker's verb of that name, with docker's options, output "
		 "and exit status.\n");
	if (v->options && v->options->name)
		str_add(out, ".SH OPTIONS\n");
	for (const struct option *o = v->options; o && o->name; o++)
		if (!o->hidden && !o->since)
			add_option(out, o);
	str_add(out, ".SH EXIT STATUS\n0, or 1 where something failed; 125 for an option that there is\n"
		"not.  What runs a program in a container ends with the program's status.\n"
		".SH ENVIRONMENT\n.TP\n.B DOCKER_HOST\nThe daemon's socket, as with\n.BR \\-\\-host .\n"
		".TP\n.B DOCKER_CONFIG\nThe folder of config.json, as with\n.BR \\-\\-config .\n"
		".SH SEE ALSO\n.BR drydock (1),\n.BR drydock\\-daemon (8)\n");
}

static int write_page(const struct verb *v, const char *folder, struct err *e)
{
	autofree char *name = page_name(v);
	autofree char *path = str_printf("%s/%s.1", folder, name);
	autostr struct str text = { 0 };
	FILE *f = fopen(path, "we");

	if (!f)
		return err_sys(e, errno, "write %s", path);
	page(v, name, &text);
	fputs(text.s, f);
	return fclose(f) ? err_sys(e, errno, "write %s", path) : 0;
}

static int man_verb(struct command *c)
{
	struct err e = { 0 };

	for (const struct verb *const *t = verb_tables; *t; t++)
		for (const struct verb *v = *t; v->paths; v++)
			if (!v->hidden && write_page(v, c->opt.args[0], &e))
				return command_fail(c, &e);
	return 0;
}

const struct verb verbs_man[] = {
	{ .paths = "__man", .usage = "FOLDER", .about = "Write the verbs' man pages into a folder",
	  .min_args = 1, .max_args = 1, .hidden = true, .run = man_verb },
	{ 0 },
};
