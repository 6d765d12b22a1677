/* people.c - names of users and groups, as the container's own files have them. */
#include <stdlib.h>
#include <string.h>

#include "sim/userland/prog.h"

/* Field `n` (from 0) of a line a:b:c. */
static char *field(struct arena *a, const char *line, size_t len, int n)
{
	const char *end = line + len;

	for (; n > 0 && line < end; line++)
		n -= *line == ':';
	len = 0;
	while (line + len < end && line[len] != ':' && line[len] != '\n')
		len++;
	return arena_dupn(a, line, len);
}

/* The line of `path` whose field `column` is `value`, or NULL. */
static char *lookup(struct prog *p, const char *path, int column, const char *value)
{
	size_t n;
	long rc;
	char *s = read_whole(p, path, &n, &rc);

	while (s && *s) {
		size_t len = strcspn(s, "\n");

		if (!strcmp(field(p->a, s, len, column), value))
			return arena_dupn(p->a, s, len);
		s += len + (s[len] == '\n');
	}
	return NULL;
}

static const char *name_of(struct prog *p, const char *path, unsigned id)
{
	char *line = lookup(p, path, 2, arena_printf(p->a, "%u", id));

	return line ? field(p->a, line, strlen(line), 0) : NULL;
}

const char *user_name(struct prog *p, uid_t uid) { return name_of(p, "/etc/passwd", uid); }
const char *group_name(struct prog *p, gid_t gid) { return name_of(p, "/etc/group", gid); }

long user_id(struct prog *p, const char *name, gid_t *gid, const char **home)
{
	char *line = lookup(p, "/etc/passwd", 0, name);

	if (!line)
		return -1;
	if (gid)
		*gid = (gid_t)strtoul(field(p->a, line, strlen(line), 3), NULL, 10);
	if (home)
		*home = field(p->a, line, strlen(line), 5);
	return strtol(field(p->a, line, strlen(line), 2), NULL, 10);
}

long group_id(struct prog *p, const char *name)
{
	char *line = lookup(p, "/etc/group", 0, name);

	return line ? strtol(field(p->a, line, strlen(line), 2), NULL, 10) : -1;
}

size_t groups_of(struct prog *p, const char *user, gid_t *out, size_t cap)
{
	size_t size, n = 0;
	long rc;
	char *s = read_whole(p, "/etc/group", &size, &rc);

	while (s && *s) {
		size_t len = strcspn(s, "\n");
		char *members = field(p->a, s, len, 3);

		for (char *m = strtok_r(members, ",", &members); m && n < cap;
		     m = strtok_r(NULL, ",", &members))
			if (!strcmp(m, user))
				out[n++] = (gid_t)strtoul(field(p->a, s, len, 2), NULL, 10);
		s += len + (s[len] == '\n');
	}
	return n;
}
