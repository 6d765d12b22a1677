/* apt.c - apt-get update and install from the package sources that the image names.
 *
 * Only file: sources: the course's images carry their packages with them.  Lists go to
 * /var/lib/apt/lists, as apt's do, and install knows what update has put there; what is
 * installed stands in /var/lib/dpkg/status.  Maintainer scripts are not run.
 */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/userland/match.h"
#include "sim/userland/services/apt.h"

#define LISTS "/var/lib/apt/lists"

struct source { char *path, *suite; };	/* file:PATH SUITE */
struct apt { struct prog *p; char *status, *lists; struct list wanted, names; bool yes; int got; };

static _Noreturn void fail(struct prog *p, const char *fmt, const char *what)
{
	flush(p);
	errorf(p, "E: ");
	errorf(p, "%s", arena_printf(p->a, "%s%s\n", fmt, what));
	leave(p, 100);
}

/* ---- sources ---- */

/* deb [options] URI SUITE [component]...; the next one, or false. */
static bool next_source(struct apt *x, const char **s, struct source *out_)
{
	while (**s) {
		size_t n = strcspn(*s, "\n");
		char *line = arena_dupn(x->p->a, *s, n), *options, *save, *uri;

		*s += n + ((*s)[n] == '\n');
		if (strncmp(line, "deb ", 4))
			continue;
		if ((options = strchr(line, '[')) && strchr(options, ']'))
			memset(options, ' ', (size_t)(strchr(options, ']') + 1 - options));
		uri = strtok_r(line + 4, " \t", &save);
		out_->suite = strtok_r(NULL, " \t", &save);
		if (!uri || !out_->suite)
			fail(x->p, "Malformed entry in sources.list: ", line);
		if (strncmp(uri, "file:", 5))
			fail(x->p,
			     "the simulator has no network outside: only file: sources can be "
			     "read, not ",
			     uri);
		out_->path = uri + 5;
		return true;
	}
	return false;
}

static char *sources_text(struct apt *x)
{
	struct list names = { .a = x->p->a };
	struct text t = { .a = x->p->a };
	size_t n;
	long rc;
	char *s = read_whole(x->p, "/etc/apt/sources.list", &n, &rc);

	text_add(&t, s ? s : "");
	read_names(x->p, "/etc/apt/sources.list.d", &names);
	for (size_t i = 0; i < names.n; i++)
		if (glob_match("*.list", names.v[i])) {
			s = read_whole(x->p,
				       path_join(x->p->a, "/etc/apt/sources.list.d", names.v[i]),
				       &n, &rc);
			text_addf(&t, "\n%s", s ? s : "");
		}
	return text_str(&t);
}

/* A list's file name: the address with _ for /. */
static char *list_name(struct apt *x, const struct source *src)
{
	char *name = arena_printf(x->p->a, "%s/%s/Packages", src->path, src->suite);

	for (char *s = name; *s; s++)
		if (*s == '/')
			*s = '_';
	return path_join(x->p->a, LISTS, name);
}

static char *bytes_text(struct apt *x, unsigned long long n)
{
	struct arena *a = x->p->a;

	if (n < 10000)
		return arena_printf(a, "%llu B", n);
	if (n < 10000000)
		return arena_printf(a, n < 100000 ? "%llu.%llu kB" : "%llu kB", n / 1000, n % 1000 / 100);
	return arena_printf(a, "%llu.%llu MB", n / 1000000, n % 1000000 / 100000);
}

static char *fetch(struct apt *x, const struct source *src, const char *file, size_t *n)
{
	long rc;
	char *s = read_whole(x->p, arena_printf(x->p->a, "%s/%s/%s", src->path, src->suite, file), n, &rc);

	outf(x->p, s ? "Get:%d file:%s %s %s [%s]\n" : "Ign:%d file:%s %s %s\n", ++x->got,
	     src->path, src->suite, file, s ? bytes_text(x, *n) : "");
	return s;
}

static int write_text(struct prog *p, const char *path, const char *s, size_t n, int flags)
{
	long fd = sys_open(p->t, path, O_WRONLY | O_CREAT | flags, 0644);

	if (fd < 0)
		return (int)fd;
	fd = put_all(p->t, (int)fd, s, n) < 0 ? -EIO : sys_close(p->t, (int)fd);
	return (int)fd;
}

static int update(struct apt *x)
{
	const char *sources = sources_text(x);
	struct source src;
	size_t n;
	int rc;

	sys_mkdir(x->p->t, "/var/lib/apt", 0755);
	sys_mkdir(x->p->t, LISTS, 0755);
	while (next_source(x, &sources, &src)) {
		char *packages;

		fetch(x, &src, "InRelease", &n);
		if (!fetch(x, &src, "Release", &n))
			fail(x->p, "The repository does not have a Release file: file:", src.path);
		packages = fetch(x, &src, "Packages", &n);
		if (!packages)
			fail(x->p, "Failed to fetch Packages from file:", src.path);
		rc = write_text(x->p, list_name(x, &src), packages, n, O_TRUNC);
		if (rc < 0)
			fail(x->p, "Could not open lock file " LISTS "/lock: ", strerror(-rc));
	}
	out(x->p, "Reading package lists... Done\n");
	return 0;
}

/* ---- what is to be installed ---- */

static char *all_lists(struct apt *x)
{
	struct list names = { .a = x->p->a };
	struct text t = { .a = x->p->a };
	size_t n;
	long rc;

	read_names(x->p, LISTS, &names);
	for (size_t i = 0; i < names.n; i++)
		if (glob_match("*_Packages", names.v[i]))
			text_addf(&t, "%s\n",
				  read_whole(x->p, path_join(x->p->a, LISTS, names.v[i]), &n, &rc));
	return text_str(&t);
}

/* Is the name among "a (= 1), b" of a Provides field? */
static bool provides(const char *field, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = field; (s = strstr(s, name)); s += n)
		if ((s == field || s[-1] == ' ' || s[-1] == ',') && (!s[n] || strchr(" ,(", s[n])))
			return true;
	return false;
}

static const char *provider_in(struct apt *x, const char *text, const char *name)
{
	for (const char *s = text; *s; s = control_next(s)) {
		char *field = control_field(x->p, s, "Provides");

		if (field && provides(field, name))
			return control_field(x->p, s, "Package");
	}
	return NULL;
}

static bool chosen(struct apt *x, const char *name)
{
	for (size_t i = 0; i < x->names.n; i++)
		if (!strcmp(x->names.v[i], name))
			return true;
	return false;
}

static bool satisfied(struct apt *x, const char *name)
{
	const char *provider;

	if (chosen(x, name) || is_installed(x->p, x->status, name))
		return true;
	provider = provider_in(x, x->status, name);
	return provider && is_installed(x->p, x->status, provider);
}

static void choose(struct apt *x, const char *name, int depth);

/* One clause: a | b (>= 1). */
static void choose_clause(struct apt *x, char *clause, const char *by, int depth)
{
	struct list names = { .a = x->p->a };
	char *save;

	for (char *s = strtok_r(clause, "|", &save); s; s = strtok_r(NULL, "|", &save)) {
		s += strspn(s, " ");
		list_add(&names, arena_dupn(x->p->a, s, strcspn(s, " (:")));
		if (satisfied(x, names.v[names.n - 1]))
			return;
	}
	for (size_t i = 0; i < names.n; i++) {
		const char *name = control_paragraph(x->p, x->lists, names.v[i]) ? names.v[i] :
				   provider_in(x, x->lists, names.v[i]);

		if (name) {
			choose(x, name, depth);
			return;
		}
	}
	fail(x->p, "Unable to correct problems: unmet dependency of ",
	     arena_printf(x->p->a, "%s: %s", by, names.n ? names.v[0] : ""));
}

/* What a package needs comes before it. */
static void choose(struct apt *x, const char *name, int depth)
{
	static const char *const fields[] = { "Pre-Depends", "Depends" };
	char *paragraph = control_paragraph(x->p, x->lists, name), *save;

	if (chosen(x, name))
		return;
	if (!paragraph)
		fail(x->p, "Unable to locate package ", name);
	list_add(&x->names, arena_dup(x->p->a, name));
	for (size_t i = 0; depth < 40 && i < ARRAY_SIZE(fields); i++) {
		char *field = control_field(x->p, paragraph, fields[i]);

		for (char *s = field ? strtok_r(field, ",", &save) : NULL; s;
		     s = strtok_r(NULL, ",", &save))
			choose_clause(x, s, name, depth + 1);
	}
	list_add(&x->wanted, paragraph);
}

/* ---- doing it ---- */

static unsigned long long total(struct apt *x, const char *field)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < x->wanted.n; i++) {
		char *value = control_field(x->p, x->wanted.v[i], field);

		sum += value ? strtoull(value, NULL, 10) : 0;
	}
	return sum;
}

static void name_all(struct apt *x, const char *title, char **left_out)
{
	struct list names = { .a = x->p->a };
	bool any = false;

	for (size_t i = 0; i < x->names.n; i++) {
		bool skip = false;

		for (char **s = left_out; s && *s; s++)
			skip |= !strcmp(*s, x->names.v[i]);
		if (!skip)
			list_add(&names, x->names.v[i]);
	}
	list_sort(&names, list_by_name);
	for (size_t i = 0; i < names.n; i++) {
		outf(x->p, any ? " %s%s" : "%s  %s", any ? "" : title, names.v[i]);
		any = true;
	}
	if (any)
		out(x->p, "\n");
}

static bool agreed(struct apt *x)
{
	char answer[8] = "";
	long n;

	if (x->yes)
		return true;
	out(x->p, "Do you want to continue? [Y/n] ");
	flush(x->p);
	n = sys_read(x->p->t, 0, answer, sizeof(answer) - 1);
	if (n > 0 && (*answer == 'y' || *answer == 'Y' || *answer == '\n'))
		return true;
	out(x->p, "Abort.\n");
	return false;
}

/* The archive's path in the first source that has it. */
static char *archive_of(struct apt *x, const char *paragraph)
{
	const char *sources = sources_text(x), *file = control_field(x->p, paragraph, "Filename");
	struct source src;
	struct stat st;

	while (file && next_source(x, &sources, &src)) {
		char *path = arena_printf(x->p->a, "%s/%s", src.path, file);

		if (sys_stat(x->p->t, path, &st) == 0) {
			outf(x->p, "Get:%d file:%s %s %s %s [%s]\n", ++x->got, src.path, src.suite,
			     control_field(x->p, paragraph, "Package"),
			     control_field(x->p, paragraph, "Version"),
			     bytes_text(x, (unsigned long long)st.st_size));
			return path;
		}
	}
	fail(x->p, "Failed to fetch ", file ? file : "a package without a file");
}

/* The paragraph as dpkg keeps it: with a state, without where it came from. */
static void write_down(struct apt *x, const char *s)
{
	static const char *const left_out[] = {
		"Filename:", "Size:", "MD5sum:", "SHA1:", "SHA256:", "SHA512:", "Package:"};
	struct text t = { .a = x->p->a };

	text_addf(&t, "\nPackage: %s\nStatus: install ok installed\n", control_field(x->p, s, "Package"));
	while (*s) {
		size_t n = strcspn(s, "\n"), i = 0;

		while (i < ARRAY_SIZE(left_out) && strncmp(s, left_out[i], strlen(left_out[i])))
			i++;
		if (n && i == ARRAY_SIZE(left_out))
			text_addf(&t, "%.*s\n", (int)n, s);
		s += n + (s[n] == '\n');
	}
	if (write_text(x->p, "/var/lib/dpkg/status", t.s, t.n, O_APPEND) < 0)
		fail(x->p, "Could not write ", "/var/lib/dpkg/status");
}

static void install_all(struct apt *x)
{
	struct list archives = { .a = x->p->a };

	for (size_t i = 0; i < x->wanted.n; i++)
		list_add(&archives, archive_of(x, x->wanted.v[i]));
	for (size_t i = 0; i < x->wanted.n; i++) {
		struct arena_mark mark;
		char *name = control_field(x->p, x->wanted.v[i], "Package");
		char *version = control_field(x->p, x->wanted.v[i], "Version");

		outf(x->p, "Selecting previously unselected package %s.\nPreparing to unpack .../%s ...\n"
		     "Unpacking %s (%s) ...\n", name, path_base(x->p->a, archives.v[i]), name, version);
		flush(x->p);
		mark = arena_mark(x->p->a);
		if (deb_unpack(x->p, archives.v[i], name) < 0)
			fail(x->p, "Sub-process /usr/bin/dpkg returned an error code", " (1)");
		arena_rewind(x->p->a, mark);
		write_down(x, x->wanted.v[i]);
	}
	for (size_t i = 0; i < x->wanted.n; i++)
		outf(x->p, "Setting up %s (%s) ...\n", control_field(x->p, x->wanted.v[i], "Package"),
		     control_field(x->p, x->wanted.v[i], "Version"));
}

static int install(struct apt *x, char **packages)
{
	x->status = dpkg_status(x->p);
	x->lists = all_lists(x);
	out(x->p, "Reading package lists... Done\nBuilding dependency tree... Done\nReading state "
		  "information... Done\n");
	for (char **s = packages; *s; s++) {
		char *paragraph = control_paragraph(x->p, x->status, *s);

		if (is_installed(x->p, x->status, *s))
			outf(x->p, "%s is already the newest version (%s).\n", *s,
			     control_field(x->p, paragraph, "Version"));
		else if (!chosen(x, *s))
			choose(x, *s, 0);
	}
	name_all(x, "The following additional packages will be installed:\n", packages);
	name_all(x, "The following NEW packages will be installed:\n", NULL);
	outf(x->p, "0 upgraded, %zu newly installed, 0 to remove and 0 not upgraded.\n", x->wanted.n);
	if (!x->wanted.n)
		return 0;
	outf(x->p,
	     "Need to get 0 B/%s of archives.\nAfter this operation, %s of additional disk space "
	     "will be used.\n",
	     bytes_text(x, total(x, "Size")), bytes_text(x, total(x, "Installed-Size") * 1024));
	if (!agreed(x))
		return 1;
	install_all(x);
	return 0;
}

int tool_apt(struct prog *p)
{
	static const struct long_option longs[] = {
		{"yes", 'y'}, {"no-install-recommends", 'R'}, {"quiet", 'q'}, {NULL}};
	struct apt x = { .p = p, .wanted.a = p->a, .names.a = p->a };
	struct opts o;
	const char *verb;

	parse_options(p, "yqRo:V", longs, &o);
	verb = o.n ? o.rest[0] : "";
	x.yes = o.has['y'];
	if (sys_geteuid(p->t) != 0 && (!strcmp(verb, "update") || !strcmp(verb, "install")))
		fail(p,
		     "Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission "
		     "denied)",
		     "\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), "
		     "are you root?");
	if (!strcmp(verb, "update"))
		return update(&x);
	if (!strcmp(verb, "install"))
		return install(&x, o.rest + 1);
	if (!strcmp(verb, "clean"))
		return 0;
	fail(p, "the simulator's apt-get is a model: it knows update, install and clean, not ",
	     *verb ? verb : "nothing");
}
