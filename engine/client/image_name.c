/* image_name.c - the part of the reference grammar that a client needs: which
 * registry, which tag, and is it a name at all.  The daemon checks the rest. */
#include "client/image_name.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"

#define TAG_MAX 128	/* characters, by the grammar */

static bool is_domain(const char *s, size_t n)
{
	return memchr(s, '.', n) || memchr(s, ':', n) || (n == 9 && memcmp(s, "localhost", 9) == 0);
}

static bool path_chars(const char *s)
{
	if (!isalnum((unsigned char)*s) || !isalnum((unsigned char)s[strlen(s) - 1]))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-/", *s))
			return false;
		else if (*s == '/' && !isalnum((unsigned char)s[1]))
			return false;
	return true;
}

static bool tag_chars(const char *s)
{
	if (!*s || strlen(s) > TAG_MAX || *s == '.' || *s == '-')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
	return true;
}

static bool digest_chars(const char *s)
{
	return str_starts(s, "sha256:") && strlen(s) == 71 &&
	       strspn(s + 7, "0123456789abcdef") == 64;
}

/* Cuts the tag or digest off name. */
static int cut_tag(char *name, struct image_name *out, struct err *e)
{
	char *at = strchr(name, '@'), *slash, *colon;

	if (at)
		*at = '\0';
	slash = strrchr(name, '/');
	colon = strrchr(slash ? slash : name, ':');
	if (colon)
		*colon = '\0';
	out->digest = at != NULL;
	out->implied = !at && !colon;
	if ((at && !digest_chars(at + 1)) || (colon && !tag_chars(colon + 1)))
		return err_set(e, EINVAL, "invalid reference format");
	out->tag = str_dup(at ? at + 1 : colon ? colon + 1 : "latest");
	out->beside = at && colon ? str_dup(colon + 1) : NULL;
	return 0;
}

static int check_path(const char *path, struct err *e)
{
	for (const char *p = path; *p; p++)
		if (isupper((unsigned char)*p))
			return err_set(e, EINVAL, "invalid reference format: repository name (%s) "
				       "must be lowercase", path);
	if (!path_chars(path))
		return err_set(e, EINVAL, "invalid reference format");
	return 0;
}

int image_name_parse(const char *text, struct image_name *out, struct err *e)
{
	struct image_name n = { 0 };
	autofree char *name = str_dup(text);
	const char *slash, *domain = "docker.io", *path;
	int r = *text ? cut_tag(name, &n, e) : err_set(e, EINVAL, "invalid reference format");

	slash = strchr(name, '/');
	path = name;
	if (slash && is_domain(name, (size_t)(slash - name))) {
		name[slash - name] = '\0';
		domain = name;
		path = slash + 1;
	}
	if (str_eq(domain, "index.docker.io"))
		domain = "docker.io";
	bool hub = str_eq(domain, "docker.io");
	if (hub && str_starts(path, "library/"))
		path += 8;
	autofree char *whole = str_printf("%s%s", hub && !strchr(path, '/') ? "library/" : "", path);
	r = r ? r : *path ? check_path(whole, e) : err_set(e, EINVAL, "invalid reference format");
	if (r) {
		image_name_free(&n);
		return r;
	}
	n.full = str_printf("%s/%s", domain, whole);
	n.familiar = hub ? str_dup(path) : str_printf("%s/%s", domain, path);
	*out = n;
	return 0;
}

void image_name_free(struct image_name *n)
{
	free(n->full);
	free(n->familiar);
	free(n->tag);
	free(n->beside);
	*n = (struct image_name){ 0 };
}

char *image_name_show(const struct image_name *n, bool full)
{
	return str_printf("%s%s%s%c%s", full ? n->full : n->familiar, n->beside ? ":" : "",
			  n->beside ? n->beside : "", n->digest ? '@' : ':', n->tag);
}
