/* control.c - Debian's paragraphs of "Field: value", and dpkg's questions about them. */
#include <stdlib.h>
#include <string.h>

#include "sim/userland/match.h"
#include "sim/userland/services/apt.h"

char *control_field(struct prog *p, const char *s, const char *name)
{
	size_t n = strlen(name);

	for (; s && *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL) {
		if (*s == '\n')
			return NULL;
		if (!strncasecmp(s, name, n) && s[n] == ':') {
			s += n + 1;
			s += strspn(s, " ");
			return arena_dupn(p->a, s, strcspn(s, "\n"));
		}
	}
	return NULL;
}

const char *control_next(const char *s)
{
	s = strstr(s, "\n\n");
	return s ? s + 2 + strspn(s + 2, "\n") : "";
}

/* Of several the last: a newer version is further down. */
char *control_paragraph(struct prog *p, const char *text, const char *package)
{
	const char *found = NULL;
	size_t n = strlen(package);

	for (; *text; text = control_next(text))
		if (!strncmp(text, "Package: ", 9) && !strncmp(text + 9, package, n) && text[9 + n] == '\n')
			found = text;
	return found ? arena_dupn(p->a, found,
				  strstr(found, "\n\n")
					  ? (size_t)(strstr(found, "\n\n") + 1 - found)
					  : strlen(found))
		     : NULL;
}

char *dpkg_status(struct prog *p)
{
	size_t n;
	long rc;
	char *s = read_whole(p, "/var/lib/dpkg/status", &n, &rc);

	return s ? s : arena_dup(p->a, "");
}

bool is_installed(struct prog *p, const char *status, const char *package)
{
	char *paragraph = control_paragraph(p, status, package);
	char *state = paragraph ? control_field(p, paragraph, "Status") : NULL;

	return state && glob_match("* installed", state);
}

static const char *field_or(struct prog *p, const char *s, const char *name)
{
	char *value = control_field(p, s, name);

	return value ? value : "";
}

static int dpkg_list(struct prog *p, const char *status, char **patterns)
{
	out(p, "Desired=Unknown/Install/Remove/Purge/Hold\n"
	    "| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n"
	    "|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n"
	    "||/ Name           Version      Architecture Description\n"
	    "+++-==============-============-============-=================================\n");
	for (const char *s = status; *s; s = control_next(s)) {
		const char *name = field_or(p, s, "Package");
		bool wanted = !*patterns;

		for (char **q = patterns; *q; q++)
			wanted |= glob_match(*q, name);
		if (wanted)
			outf(p, "ii  %-14s %-12s %-12s %s\n", name, field_or(p, s, "Version"),
			     field_or(p, s, "Architecture"), field_or(p, s, "Description"));
	}
	return 0;
}

static int dpkg_files(struct prog *p, const char *package)
{
	size_t n;
	long rc;
	char *s = read_whole(p, arena_printf(p->a, "/var/lib/dpkg/info/%s.list", package), &n, &rc);

	if (!s) {
		errorf(p, "dpkg-query: package '%s' is not installed\n", package);
		return 1;
	}
	outn(p, s, n);
	return 0;
}

static int dpkg_show(struct prog *p, const char *status, const char *package)
{
	char *paragraph = control_paragraph(p, status, package);

	if (!paragraph) {
		errorf(p,
		       "dpkg-query: package '%s' is not installed and no information is "
		       "available\n",
		       package);
		return 1;
	}
	out(p, paragraph);
	return 0;
}

int tool_dpkg(struct prog *p)
{
	const char *verb = p->argc > 1 ? p->argv[1] : "";
	char *status = dpkg_status(p);

	if (!strcmp(verb, "-l") || !strcmp(verb, "--list"))
		return dpkg_list(p, status, p->argv + 2);
	if ((!strcmp(verb, "-s") || !strcmp(verb, "--status")) && p->argc > 2)
		return dpkg_show(p, status, p->argv[2]);
	if ((!strcmp(verb, "-L") || !strcmp(verb, "--listfiles")) && p->argc > 2)
		return dpkg_files(p, p->argv[2]);
	if (!strcmp(verb, "-W") || !strcmp(verb, "--show")) {
		for (const char *s = status; *s; s = control_next(s))
			if (p->argc < 3 || glob_match(p->argv[2], field_or(p, s, "Package")))
				outf(p, "%s\t%s\n", field_or(p, s, "Package"), field_or(p, s, "Version"));
		return 0;
	}
	return complain(p, "the simulator's dpkg is a model: it knows -l, -s, -L and -W");
}
