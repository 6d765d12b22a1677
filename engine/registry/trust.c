#include "registry/trust.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"

static const char *const folders[] = { "/etc/docker/certs.d", "/etc/drydock/certs.d" };

void trust_free(struct trust *t)
{
	free(t->ca);
	free(t->cert);
	free(t->key);
	*t = (struct trust){ 0 };
}

/* The file beside it with another ending; EINVAL where it is missing. */
static int partner(const char *folder, const char *name, const char *ending, char **path,
		   struct err *e)
{
	int stem = (int)(strrchr(name, '.') - name);
	autofree char *other = str_printf("%s/%.*s%s", folder, stem, name, ending);
	if (access(other, R_OK) < 0) {
		err_set(e, EINVAL, "missing %s for %s in %s", strrchr(other, '/') + 1, name, folder);
		return err_hint(e, "authorities end in .crt, a client's certificate and key in .cert "
				   "and .key");
	}
	free(*path);
	*path = steal_ptr(other);
	return 0;
}

static int read_one(const char *folder, const char *name, struct str *ca, struct trust *t,
		    struct err *e)
{
	autofree char *path = str_printf("%s/%s", folder, name);
	if (str_ends(name, ".crt"))
		return file_read(path, ca, e);
	if (str_ends(name, ".key"))
		return partner(folder, name, ".cert", &t->cert, e);
	return str_ends(name, ".cert") ? partner(folder, name, ".key", &t->key, e) : 0;
}

int trust_read(const char *url, struct trust *out, struct err *e)
{
	const char *host = strstr(url, "://");
	struct trust t = { 0 };
	struct str ca = { 0 };
	int r = 0;
	for (size_t i = 0; host && i < ARRAY_SIZE(folders); i++) {
		autofree char *folder = str_printf("%s/%.*s", folders[i],
						   (int)strcspn(host + 3, "/"), host + 3);
		autodir DIR *d = opendir(folder);
		struct dirent *de;
		while (d && r == 0 && (de = readdir(d)))
			r = read_one(folder, de->d_name, &ca, &t, e);
	}
	t.ca = ca.len ? str_take(&ca) : NULL;
	str_free(&ca);
	if (r < 0)
		trust_free(&t);
	else
		*out = t;
	return r;
}

/* ---- insecure registries ------------------------------------------------------------- */

struct range { int family; unsigned char bits[16]; unsigned long len; };

static bool parse_range(const char *text, struct range *out)
{
	const char *slash = strchr(text, '/');
	char *end;
	if (!slash || !slash[1])
		return false;
	autofree char *address = strndup(text, (size_t)(slash - text));
	out->family = strchr(address, ':') ? AF_INET6 : AF_INET;
	out->len = strtoul(slash + 1, &end, 10);
	return !*end && out->len <= (out->family == AF_INET ? 32 : 128) &&
	       inet_pton(out->family, address, out->bits) == 1;
}

static bool inside(const struct range *r, const struct sockaddr *sa)
{
	const void *at = sa->sa_family == AF_INET
		? (const void *)&((const struct sockaddr_in *)sa)->sin_addr
		: &((const struct sockaddr_in6 *)sa)->sin6_addr;
	const unsigned char *bits = at;
	size_t whole = r->len / 8, rest = r->len % 8;
	if (sa->sa_family != r->family || memcmp(bits, r->bits, whole) != 0)
		return false;
	return !rest || !((bits[whole] ^ r->bits[whole]) >> (8 - rest));
}

/* "host:5000" -> "host", "[::1]:5000" -> "::1" */
static char *host_of(const char *domain)
{
	if (*domain == '[')
		return strndup(domain + 1, strcspn(domain + 1, "]"));
	return strndup(domain, strcspn(domain, ":"));
}

static bool any_inside(const char *domain, const struct range *r)
{
	struct addrinfo hint = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	autofree char *host = host_of(domain);
	bool found = false;
	if (getaddrinfo(host, NULL, &hint, &list) != 0)
		return false;
	for (struct addrinfo *a = list; a && !found; a = a->ai_next)
		found = (a->ai_family == AF_INET || a->ai_family == AF_INET6) &&
			inside(r, a->ai_addr);
	freeaddrinfo(list);
	return found;
}

bool trust_insecure(const char *domain, char *const *insecure)
{
	struct range r;
	for (size_t i = 0; insecure && insecure[i]; i++)
		if (str_eq(insecure[i], domain) ||
		    (parse_range(insecure[i], &r) && any_inside(domain, &r)))
			return true;
	return false;
}
