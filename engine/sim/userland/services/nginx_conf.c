/* nginx_conf.c - directives: words up to a ; or a { . */
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/userland/match.h"
#include "sim/userland/services/nginx.h"
#include "sim/userland/services/services.h"

enum { DEEPEST_INCLUDE = 8 };

static void read_file(struct prog *p, struct nginx_conf *c, const char *path);

/* The next word; "" for ; { } which *end then is. */
static char *next_word(struct prog *p, const char **s, char *end)
{
	struct text t = { .a = p->a };
	char quote = 0;

	*end = 0;
	for (;;) {
		*s += strspn(*s, " \t\r\n");
		if (**s != '#')
			break;
		*s += strcspn(*s, "\n");
	}
	if (!**s || strchr(";{}", **s)) {
		*end = **s;
		*s += **s != 0;
		return NULL;
	}
	if (**s == '"' || **s == '\'')
		quote = *(*s)++;
	while (**s && (quote ? **s != quote : !strchr(" \t\r\n;{}", **s)))
		text_addc(&t, *(*s)++);
	*s += quote && **s;
	return text_str(&t);
}

static void set_listen(struct prog *p, struct nginx_conf *c, const struct list *w)
{
	const char *colon = strrchr(w->v[1], ':');

	c->port = atoi(colon ? colon + 1 : w->v[1]);
}

static void set_user(struct prog *p, struct nginx_conf *c, const struct list *w)
{
	gid_t gid;

	c->uid = user_id(p, w->v[1], &gid, NULL);
	c->gid = c->uid < 0 ? -1 : (long)gid;
}

static void set_index(struct prog *p, struct nginx_conf *c, const struct list *w)
{
	c->index.n = 0;
	for (size_t i = 1; i < w->n; i++)
		list_add(&c->index, w->v[i]);
}

static void set_root(struct prog *p, struct nginx_conf *c, const struct list *w) { c->root = w->v[1]; }
static void set_name(struct prog *p, struct nginx_conf *c, const struct list *w) { c->name = w->v[1]; }
static void set_access(struct prog *p, struct nginx_conf *c, const struct list *w)
{
	c->access_log = w->v[1];
}
static void set_error(struct prog *p, struct nginx_conf *c, const struct list *w)
{
	c->error_log = w->v[1];
}
static void set_daemon(struct prog *p, struct nginx_conf *c, const struct list *w)
{
	c->foreground = !strcmp(w->v[1], "off");
}

/* Modules and such are no text; a missing one is an error only without a pattern. */
static void set_include(struct prog *p, struct nginx_conf *c, const struct list *w)
{
	char *path = *w->v[1] == '/' ? w->v[1] : path_join(p->a, "/etc/nginx", w->v[1]);
	char *dir = path_dir(p->a, path), *pattern = path_base(p->a, path);
	struct list names = { .a = p->a };

	read_names(p, dir, &names);
	for (size_t i = 0; i < names.n; i++)
		if (glob_match(pattern, names.v[i]))
			read_file(p, c, path_join(p->a, dir, names.v[i]));
}

static const struct {
	const char *name;
	void (*set)(struct prog *p, struct nginx_conf *c, const struct list *w);
} directives[] = {
	{"listen", set_listen},    {"root", set_root},         {"index", set_index},
	{"server_name", set_name}, {"access_log", set_access}, {"error_log", set_error},
	{"user", set_user},        {"daemon", set_daemon},     {"include", set_include},
};

static void directive(struct prog *p, struct nginx_conf *c, const struct list *w, bool in_types)
{
	if (w->n < 2)
		return;
	for (size_t i = 1; in_types && i < w->n; i++) {
		list_add(&c->types, w->v[i]);
		list_add(&c->types, w->v[0]);
	}
	for (size_t i = 0; !in_types && i < ARRAY_SIZE(directives); i++)
		if (!strcmp(directives[i].name, w->v[0]))
			directives[i].set(p, c, w);
}

static void read_text(struct prog *p, struct nginx_conf *c, const char *s)
{
	struct list words = { .a = p->a };
	bool in_types = false;

	while (*s) {
		char end, *word = next_word(p, &s, &end);

		if (word) {
			list_add(&words, word);
			continue;
		}
		if (end == '{')
			in_types = words.n && !strcmp(words.v[0], "types");
		else if (end == '}')
			in_types = false;
		else
			directive(p, c, &words, in_types);
		words = (struct list){ .a = p->a };
	}
}

static void read_file(struct prog *p, struct nginx_conf *c, const char *path)
{
	size_t n;
	long rc;
	char *s = read_whole(p, path, &n, &rc);

	if (!s)
		die(p, 1, "[emerg] open() \"%s\" failed (%d: %s)", path, (int)-rc, strerror((int)-rc));
	if (c->depth >= DEEPEST_INCLUDE)
		die(p, 1, "[emerg] %s: files include one another", path);
	c->depth++;
	read_text(p, c, s);
	c->depth--;
}

/* nginx/1.18.0 from the package 1.18.0-6.1+deb11u3. */
static const char *own_version(struct prog *p)
{
	static const char *const packages[] = { "nginx-light", "nginx", "nginx-core", "nginx-full" };
	size_t n;
	long rc;
	char *status = read_whole(p, "/var/lib/dpkg/status", &n, &rc);

	for (size_t i = 0; status && i < ARRAY_SIZE(packages); i++) {
		char *paragraph = control_paragraph(p, status, packages[i]);
		char *version = paragraph ? control_field(p, paragraph, "Version") : NULL;

		if (version)
			return arena_printf(p->a, "nginx/%.*s", (int)strcspn(version, "-+~"), version);
	}
	return "nginx";
}

struct nginx_conf *nginx_conf_read(struct prog *p, const char *path, const char *more)
{
	struct nginx_conf *c = arena_alloc(p->a, sizeof(*c));

	*c = (struct nginx_conf){.port = 80,
				 .root = "/usr/share/nginx/html",
				 .name = "localhost",
				 .uid = -1,
				 .gid = -1,
				 .access_log = "/var/log/nginx/access.log",
				 .error_log = "/var/log/nginx/error.log",
				 .index.a = p->a,
				 .types.a = p->a,
				 .server_name = own_version(p)};
	list_add(&c->index, "index.html");
	read_file(p, c, path);
	if (more)
		read_text(p, c, more);
	return c;
}

static void copy_list(struct arena *a, struct list *to, const struct list *from)
{
	*to = (struct list){ .a = a };
	for (size_t i = 0; i < from->n; i++)
		list_add(to, arena_dup(a, from->v[i]));
}

struct nginx_conf *nginx_conf_copy(struct arena *a, const struct nginx_conf *c)
{
	struct nginx_conf *copy = arena_alloc(a, sizeof(*copy));
	const char **texts[] = {&copy->root, &copy->name, &copy->access_log, &copy->error_log,
				&copy->server_name};

	*copy = *c;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		*texts[i] = arena_dup(a, *texts[i]);
	copy_list(a, &copy->index, &c->index);
	copy_list(a, &copy->types, &c->types);
	return copy;
}

const char *nginx_type(struct prog *p, const struct nginx_conf *c, const char *path)
{
	const char *dot = strrchr(path_base(p->a, path), '.');

	for (size_t i = 0; dot && i + 1 < c->types.n; i += 2)
		if (!strcasecmp(c->types.v[i], dot + 1))
			return c->types.v[i + 1];
	return dot && !strcmp(dot, ".html") ? "text/html" : "application/octet-stream";
}
