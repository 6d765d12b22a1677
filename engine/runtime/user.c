#include "runtime/user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"

#define MAX_FILE (1 << 20)	/* bytes of a passwd or group file that are read */
#define MAX_ID   0x7fffffffl

void user_free(struct user *u)
{
	free(u->groups);
	free(u->home);
	*u = (struct user){ 0 };
}

/* Splits one line "a:b:c" in place into up to `max` fields; missing ones are "". */
static void split(char *line, char **field, size_t max)
{
	for (size_t i = 0; i < max; i++) {
		field[i] = line;
		line += strcspn(line, ":");
		if (*line)
			*line++ = '\0';
	}
}

static int parse_id(const char *s, long *out)
{
	char *end;
	if (!*s || strspn(s, "0123456789") != strlen(s))
		return -EINVAL;
	errno = 0;
	*out = strtol(s, &end, 10);
	return errno || *out > MAX_ID ? -ERANGE : 0;
}

/* Calls fn with the fields of each line until it returns non-zero; that is returned. */
static int each_line(const struct layers *l, const char *path, size_t fields,
		     int (*fn)(void *arg, char **field), void *arg)
{
	autostr struct str text = { 0 };
	char *field[7];
	if (layers_read_path(l, path, MAX_FILE, &text) < 0)
		return 0;
	for (char *line = text.s, *end; *line; line = end) {
		end = strchrnul(line, '\n');
		if (*end)
			*end++ = '\0';
		split(line, field, fields);
		if (*field[0] == '#' || !*field[0])
			continue;
		int r = fn(arg, field);
		if (r)
			return r;
	}
	return 0;
}

struct wanted {
	const char *text;	/* a name, or a number: then id, and numeric */
	long id;
	bool numeric;
	struct user *u;
	char *name;		/* of the entry that fits; owned */
};

/* passwd(5): name:password:UID:GID:GECOS:directory:shell */
static int match_user(void *arg, char **f)
{
	struct wanted *w = arg;
	long uid, gid;
	if (parse_id(f[2], &uid) < 0 || parse_id(f[3], &gid) < 0)
		return 0;
	if (strcmp(f[0], w->text) && !(w->numeric && uid == w->id))
		return 0;
	w->u->uid = (uid_t)uid;
	w->u->gid = (gid_t)gid;
	free(w->u->home);
	w->u->home = str_dup(*f[5] ? f[5] : "/");
	free(w->name);
	w->name = str_dup(f[0]);
	return 1;
}

static void add_group(struct user *u, gid_t gid)
{
	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return;
	u->groups = mem_grow(u->groups, (u->n_groups + 1) * sizeof(*u->groups));
	u->groups[u->n_groups++] = gid;
}

static void own_group_first(struct user *u)
{
	add_group(u, u->gid);
	for (size_t i = u->n_groups - 1; i > 0 && u->groups[i] == u->gid; i--) {
		u->groups[i] = u->groups[i - 1];
		u->groups[i - 1] = u->gid;
	}
}

/* group(5): name:password:GID:members */
static int match_group(void *arg, char **f)
{
	struct wanted *w = arg;
	long gid;
	if (parse_id(f[2], &gid) < 0 || (strcmp(f[0], w->text) && !(w->numeric && gid == w->id)))
		return 0;
	w->id = gid;
	return 1;
}

static int match_member(void *arg, char **f)
{
	struct wanted *w = arg;
	long gid;
	char *save, *s = strtok_r(f[3], ",", &save);
	if (parse_id(f[2], &gid) < 0)
		return 0;
	for (; s; s = strtok_r(NULL, ",", &save))
		if (!strcmp(s, w->name))
			add_group(w->u, (gid_t)gid);
	return 0;
}

static int find_group(const struct layers *l, const char *text, gid_t *out, struct err *e)
{
	struct wanted w = { .text = text };
	w.numeric = parse_id(text, &w.id) == 0;
	if (!each_line(l, "/etc/group", 4, match_group, &w) && !w.numeric)
		return err_http(e, 400, EINVAL,
				"unable to find group %s: no matching entries in group file", text);
	*out = (gid_t)w.id;
	return 0;
}

static int find_user(const struct layers *l, const char *text, struct user *u, struct err *e)
{
	struct wanted w = { .text = text, .u = u };
	w.numeric = parse_id(text, &w.id) == 0;
	if (!each_line(l, "/etc/passwd", 7, match_user, &w)) {
		if (!w.numeric)
			return err_http(e, 400, EINVAL,
					"unable to find user %s: no matching entries in passwd file",
					text);
		u->uid = (uid_t)w.id;
	}
	if (w.name)
		each_line(l, "/etc/group", 4, match_member, &w);
	free(w.name);
	return 0;
}

int user_resolve(const struct layers *l, const char *text, char *const *extra, struct user *out,
		 struct err *e)
{
	struct user u = { .home = str_dup("/") };
	const char *colon = strchr(text, ':');
	autofree char *name = strndup(text, strcspn(text, ":"));
	int r = find_user(l, *name ? name : "0", &u, e);

	if (r == 0 && colon && colon[1]) {
		free(u.groups);	/* an explicit group replaces those of the files */
		u.groups = NULL;
		u.n_groups = 0;
		r = find_group(l, colon + 1, &u.gid, e);
	}
	if (r == 0)	/* first of the groups is one's own: a file of that group opens to it */
		own_group_first(&u);
	for (size_t i = 0; r == 0 && extra && extra[i]; i++) {
		gid_t gid = 0;
		if ((r = find_group(l, extra[i], &gid, e)) == 0)
			add_group(&u, gid);
	}
	if (r < 0) {
		user_free(&u);
		return r;
	}
	*out = u;
	return 0;
}
