/* reference.c - the grammar of image names, read by hand from left to right.
 *
 *	reference  = [domain "/"] path [":" tag] ["@" digest]
 *	domain     = host [":" port]          only if it has a "." or ":", or is "localhost"
 *	path       = part *("/" part)         part = [a-z0-9]+ joined by  .  _  __  -…
 *	tag        = [A-Za-z0-9_] *127[A-Za-z0-9_.-]
 *	digest     = "sha256:" 64 hex digits
 *
 * (github.com/distribution/reference, which docker uses.)  Each scan_*() takes
 * the longest prefix of its kind and returns where it ends, NULL if there is none.
 */
#include "image/reference.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "image/digest.h"

#define NAME_MAX_LEN 255	/* of the whole name, domain included */
#define TAG_MAX_LEN 128

static bool lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/* One "." or "_", two "_", or any number of "-". */
static const char *scan_separator(const char *s)
{
	if (*s == '.')
		return s + 1;
	if (*s == '_')
		return s[1] == '_' ? s + 2 : s + 1;
	return *s == '-' ? s + strspn(s, "-") : NULL;
}

static const char *scan_part(const char *s)
{
	if (!lower_alnum(*s))
		return NULL;
	for (;;) {
		while (lower_alnum(*s))
			s++;
		const char *after = scan_separator(s);
		if (!after || !lower_alnum(*after))
			return s;
		s = after;
	}
}

static const char *scan_path(const char *s)
{
	const char *end = scan_part(s);
	while (end && *end == '/') {
		const char *next = scan_part(end + 1);
		if (!next)
			return NULL;
		end = next;
	}
	return end;
}

static const char *scan_host_part(const char *s)
{
	const char *end = s;
	while (isalnum((unsigned char)*end) || *end == '-')
		end++;
	return end == s || *s == '-' || end[-1] == '-' ? NULL : end;
}

/* "[::1]" as a whole, or labels joined by dots. */
static const char *scan_host(const char *s)
{
	if (*s == '[') {
		size_t n = strspn(s + 1, "0123456789abcdefABCDEF:");
		return n && s[1 + n] == ']' ? s + n + 2 : NULL;
	}
	const char *end = scan_host_part(s);
	while (end && *end == '.')
		end = scan_host_part(end + 1);
	return end;
}

static bool is_domain(const char *s)
{
	const char *end = scan_host(s);
	if (end && *end == ':') {
		size_t digits = strspn(end + 1, "0123456789");
		end = digits ? end + 1 + digits : NULL;
	}
	return end && !*end;
}

static const char *scan_tag(const char *s)
{
	const char *end = s;
	while (isalnum((unsigned char)*end) || *end == '_' ||
	       (end > s && (*end == '.' || *end == '-')))
		end++;
	return end == s || end - s > TAG_MAX_LEN ? NULL : end;
}

bool reference_path_ok(const char *path)
{
	const char *end = scan_path(path);
	return end && !*end && strlen(path) <= NAME_MAX_LEN;
}

bool reference_tag_ok(const char *tag)
{
	const char *end = scan_tag(tag);
	return end && !*end;
}

/* Takes "domain/" off the front where there is one, as docker tells it from
 * the first part of a path.  The rest is what *s points to. */
static char *split_domain(const char **s)
{
	const char *slash = strchr(*s, '/');
	if (!slash)
		return str_dup("docker.io");
	char *first = strndup(*s, (size_t)(slash - *s));
	bool upper = false;
	for (const char *p = first; *p; p++)
		upper |= isupper((unsigned char)*p) != 0;
	if (!strpbrk(first, ".:") && !str_eq(first, "localhost") && !upper) {
		free(first);
		return str_dup("docker.io");
	}
	*s = slash + 1;
	if (!str_eq(first, "index.docker.io"))
		return first;
	free(first);
	return str_dup("docker.io");
}

static int bad_format(struct err *e)
{
	err_http(e, 400, EINVAL, "invalid reference format");
	return err_hint(e, "a name looks like python:3.9-slim, user/app:v1 or host:5000/app@sha256:…");
}

/* Docker names the two mistakes people make most. */
static int check_common_mistakes(const char *text, const char *rest, struct err *e)
{
	if (strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64)
		return err_http(e, 400, EINVAL, "invalid repository name (%s), cannot specify "
				"64-byte hexadecimal strings", text);
	int n = (int)strcspn(rest, ":");
	for (int i = 0; i < n; i++)
		if (isupper((unsigned char)rest[i]))
			return err_http(e, 400, EINVAL, "invalid reference format: repository "
					"name (%.*s) must be lowercase", n, rest);
	return 0;
}

static int parse_tail(const char *s, struct reference *r, struct err *e)
{
	if (*s == ':') {
		const char *end = scan_tag(s + 1);
		if (!end)
			return bad_format(e);
		r->tag = strndup(s + 1, (size_t)(end - s - 1));
		s = end;
	}
	if (*s == '@') {
		if (!digest_ok(s + 1))
			return bad_format(e);
		r->digest = str_dup(s + 1);
		return 0;
	}
	if (*s)
		return bad_format(e);
	if (!r->tag)
		r->tag = str_dup("latest");
	return 0;
}

static int parse(const char *text, struct reference *r, struct err *e)
{
	const char *rest = text;
	r->domain = split_domain(&rest);
	int err = check_common_mistakes(text, rest, e);
	if (err < 0)
		return err;
	const char *end = scan_path(rest);
	if (!end || !is_domain(r->domain))
		return bad_format(e);
	r->path = strndup(rest, (size_t)(end - rest));
	if (str_eq(r->domain, "docker.io") && !strchr(r->path, '/')) {
		char *full = str_printf("library/%s", r->path);
		free(r->path);
		r->path = full;
	}
	if (strlen(r->domain) + 1 + strlen(r->path) > NAME_MAX_LEN)
		return err_http(e, 400, EINVAL,
				"repository name must not be more than %d characters",
				NAME_MAX_LEN);
	return parse_tail(end, r, e);
}

int reference_parse(const char *text, struct reference *out, struct err *e)
{
	struct reference r = { 0 };
	int err = parse(text, &r, e);
	if (err < 0)
		reference_free(&r);
	else
		*out = r;
	return err;
}

void reference_free(struct reference *r)
{
	free(r->domain);
	free(r->path);
	free(r->tag);
	free(r->digest);
	*r = (struct reference){ 0 };
}

char *reference_name(const struct reference *r)
{
	return str_printf("%s/%s", r->domain, r->path);
}

char *reference_familiar_name(const struct reference *r)
{
	const char *path = r->path;
	if (!str_eq(r->domain, "docker.io"))
		return reference_name(r);
	if (str_starts(path, "library/") && !strchr(path + 8, '/'))
		path += 8;
	return str_dup(path);
}

char *reference_familiar(const struct reference *r)
{
	autofree char *name = reference_familiar_name(r);
	const char *tag = r->tag ? r->tag : "", *digest = r->digest ? r->digest : "";
	return str_printf("%s%s%s%s%s", name, *tag ? ":" : "", tag, *digest ? "@" : "", digest);
}
