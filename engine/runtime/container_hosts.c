/* container_hosts.c - /etc/hosts while containers run.
 *
 * Written whole at the start (container_net.c), it is edited from then on, so that what
 * the container itself has written stays: a network that is connected live adds a line
 * and takes it out again, and a container that starts at a new address corrects the line
 * of those that are linked to it.  The latter edits another container's file, whose lock
 * is not ours to take: hence a lock of its own for all edits, which are short and rare.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "core/file.h"
#include "runtime/container_internal.h"

static pthread_mutex_t editing = PTHREAD_MUTEX_INITIALIZER;

/* fn() gets each line without its end and adds to `out` what stands there from now on. */
static int edit(struct container *c, void (*fn)(struct str *out, const char *line, const char *arg),
		const char *arg, const char *more, struct err *e)
{
	autofree char *path = container_path(c, "hosts");
	autostr struct str old = { 0 }, text = { 0 };

	pthread_mutex_lock(&editing);
	int r = file_read(path, &old, e);
	for (char *at = old.s, *line; r == 0 && (line = strsep(&at, "\n")); )
		if (at || *line)	/* behind the last end of a line is no line */
			fn(&text, line, arg);
	str_add(&text, more);
	if (r == 0)
		r = net_write_file(c, "hosts", &text, e);
	pthread_mutex_unlock(&editing);
	return r;
}

static void keep(struct str *out, const char *line, const char *arg)
{
	str_addf(out, "%s\n", line);
}

/* Is `line` one of these? */
static bool among(const char *lines, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = lines; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, line, len) && at[len] == '\n')
			return true;
	}
	return false;
}

static void keep_others(struct str *out, const char *line, const char *gone)
{
	if (!among(gone, line))
		keep(out, line, NULL);
}

/* The same names with another address. */
static void replace(struct str *out, const char *line, const char *now)
{
	const char *names = strchr(line, '\t'), *ours = strchr(now, '\t');

	keep(out, names && str_eq(names, ours) ? now : line, NULL);
}

char *hosts_lines(const struct container *c, const struct place *p)
{
	const char *name = json_str_or(c->config, "Hostname", "");
	const char *domain = json_str_or(c->config, "Domainname", "");
	const char *const address[] = { p->address, p->address6 };
	struct str text = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(address) && *name; i++)
		if (*address[i] && *domain)
			str_addf(&text, "%s\t%s.%s %s\n", address[i], name, domain, name);
		else if (*address[i])
			str_addf(&text, "%s\t%s\n", address[i], name);
	return str_take(&text);
}

void hosts_connected(struct container *c, const struct place *p)
{
	autofree char *lines = hosts_lines(c, p);
	struct err e = { 0 };

	if (*lines && edit(c, keep, NULL, lines, &e) < 0)
		err_print(&e);
}

void hosts_disconnected(struct container *c, const char *lines)
{
	struct err e = { 0 };

	if (*lines && edit(c, keep_others, lines, "", &e) < 0)
		err_print(&e);
}

void hosts_follow(struct container *c)
{
	size_t n;

	if (!str_eq(net_mode_name(host_text(c, "NetworkMode")), "bridge"))
		return;
	struct container **all = containers_list(c->all, &n);
	for (size_t i = 0; i < n; i++) {
		struct err e = { 0 };
		autofree char *line = all[i] != c && all[i]->pid ? links_line_to(all[i], c) : NULL;
		if (line && edit(all[i], replace, line, "", &e) < 0)
			err_print(&e);
	}
	containers_list_free(all, n);
}
