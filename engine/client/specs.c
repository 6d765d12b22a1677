/* specs.c - ports, ulimits, devices, hosts, restart policies. */
#include "client/specs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/values.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"

static const char *port_number(const char *p, unsigned *out)
{
	unsigned v = 0;
	int digits = 0;

	while (*p >= '0' && *p <= '9' && digits++ < 6)
		v = v * 10 + (unsigned)(*p++ - '0');
	*out = v;
	return digits && v <= 65535 ? p : NULL;
}

int spec_port_range(const char *text, unsigned *first, unsigned *last)
{
	const char *p = port_number(text, first);

	*last = *first;
	if (p && *p == '-')
		p = port_number(p + 1, last);
	return p && !*p && *last >= *first ? 0 : -EINVAL;
}

/* A port spec taken apart; the parts point into text. */
struct port_parts { char *text, *ip, *host, *ctr, *proto; };

static void split_port(const char *spec, struct port_parts *p)
{
	char *slash, *colon;

	p->text = str_dup(spec);
	p->ip = p->host = (char *)"";
	p->ctr = p->text;
	p->proto = (char *)"tcp";
	colon = strrchr(p->text, ':');
	if (colon) {
		*colon = '\0';
		p->ctr = colon + 1;
		p->host = p->text;
		colon = strrchr(p->text, ':');
		if (colon) {
			*colon = '\0';
			p->host = colon + 1;
			p->ip = p->text;
		}
	}
	slash = strchr(p->ctr, '/');
	if (slash) {
		*slash = '\0';
		p->proto = slash + 1;
	}
	for (char *c = p->proto; slash && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 32;
}

static bool known_proto(const char *proto)
{
	return str_eq(proto, "tcp") || str_eq(proto, "udp") || str_eq(proto, "sctp");
}

static int check_ip(char *ip, struct err *e)
{
	unsigned char buf[16];
	size_t n = strlen(ip);

	if (*ip == '[' && n > 1 && ip[n - 1] == ']') {
		memmove(ip, ip + 1, n - 2);
		ip[n - 2] = '\0';
	}
	if (!*ip || inet_pton(AF_INET, ip, buf) == 1 || inet_pton(AF_INET6, ip, buf) == 1)
		return 0;
	return err_set(e, EINVAL, "invalid IP address: %s", ip);
}

/* The child of o called key, made if missing. */
static cJSON *child(cJSON *o, const char *key, bool array)
{
	cJSON *c = cJSON_GetObjectItemCaseSensitive(o, key);

	if (!c) {
		c = array ? cJSON_CreateArray() : cJSON_CreateObject();
		cJSON_AddItemToObject(o, key, c);
	}
	return c;
}

static void bind_port(const struct port_parts *p, unsigned ctr, const char *host, cJSON *exposed,
		      cJSON *bindings)
{
	autofree char *key = str_printf("%u/%s", ctr, p->proto);
	cJSON *b;

	child(exposed, key, false);
	if (!bindings)
		return;
	b = cJSON_CreateObject();
	json_put_str(b, "HostIp", p->ip);
	json_put_str(b, "HostPort", host);
	cJSON_AddItemToArray(child(bindings, key, true), b);
}

static int bind_range(const struct port_parts *p, cJSON *exposed, cJSON *bindings, struct err *e)
{
	unsigned c1, c2, h1 = 0, h2 = 0;

	if (!*p->ctr)
		return err_set(e, EINVAL, "no port specified: %s<empty>", p->text);
	if (spec_port_range(p->ctr, &c1, &c2))
		return err_set(e, EINVAL, "invalid containerPort: %s", p->ctr);
	if (*p->host && spec_port_range(p->host, &h1, &h2))
		return err_set(e, EINVAL, "invalid hostPort: %s", p->host);
	if (*p->host && c2 - c1 != h2 - h1 && c1 != c2)
		return err_set(e, EINVAL, "invalid ranges specified for container and host Ports: "
			       "%s and %s", p->ctr, p->host);
	for (unsigned i = 0; i <= c2 - c1; i++) {
		autofree char *host = !*p->host ? str_dup("")
			: c1 == c2 && h1 != h2 ? str_printf("%u-%u", h1, h2)
			: str_printf("%u", h1 + i);
		bind_port(p, c1 + i, host, exposed, bindings);
	}
	return 0;
}

int spec_port(const char *text, cJSON *exposed, cJSON *bindings, struct err *e)
{
	struct port_parts p;
	int r;

	split_port(text, &p);
	if (!known_proto(p.proto))
		r = err_set(e, EINVAL, "invalid proto: %s", p.proto);
	else
		r = check_ip(p.ip, e);
	if (!r)
		r = bind_range(&p, exposed, bindings, e);
	free(p.text);
	return r;
}

int spec_expose(const char *text, cJSON *exposed, struct err *e)
{
	if (strchr(text, ':'))
		return err_set(e, EINVAL, "invalid port format for --expose: %s", text);
	if (spec_port(text, exposed, NULL, NULL) == 0)
		return 0;
	const char *dash = strchr(text, '-'), *last = dash ? dash + 1 : text;
	const char *bad = strspn(text, "0123456789") ? last : text;
	bool number = strspn(bad, "0123456789") == strcspn(bad, "/") && *bad;
	return err_set(e, EINVAL, "invalid range format for --expose: %s, error: "
		       "strconv.ParseUint: parsing \"%.*s\": %s", text, (int)strcspn(bad, "-/"), bad,
		       number ? "value out of range" : "invalid syntax");
}

/* getrlimit(2)'s names, in lower case and without RLIMIT_. */
static const char *const ulimit_names[] = {
	"core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc",
	"rss", "rtprio", "rttime", "sigpending", "stack",
};

static bool known_ulimit(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(ulimit_names); i++)
		if (strlen(ulimit_names[i]) == len && memcmp(ulimit_names[i], name, len) == 0)
			return true;
	return false;
}

int spec_ulimit(const char *text, cJSON **out, struct err *e)
{
	const char *eq = strchr(text, '=');
	autofree char *soft_text = eq ? str_dup(eq + 1) : NULL;
	char *hard_text = soft_text ? strchr(soft_text, ':') : NULL;
	int64_t soft, hard;

	if (!eq)
		return err_set(e, EINVAL, "invalid ulimit argument: %s", text);
	if (!known_ulimit(text, (size_t)(eq - text)))
		return err_set(e, EINVAL, "invalid ulimit type: %.*s", (int)(eq - text), text);
	if (hard_text)
		*hard_text++ = '\0';
	if (value_int(soft_text, &soft, e) || value_int(hard_text ? hard_text : soft_text, &hard, e))
		return -EINVAL;
	if (hard != -1 && (soft == -1 || soft > hard))
		return err_set(e, EINVAL, "ulimit soft limit must be less than or equal to hard "
			       "limit: %lld > %lld", (long long)soft, (long long)hard);
	autofree char *name = strndup(text, (size_t)(eq - text));
	*out = cJSON_CreateObject();
	json_put_str(*out, "Name", name);
	json_put_int(*out, "Soft", soft);
	json_put_int(*out, "Hard", hard);
	return 0;
}

int spec_check_ulimit(const char *text, struct err *e)
{
	autojson cJSON *j = NULL;

	return spec_ulimit(text, &j, e);
}

int spec_check_host(const char *text, struct err *e)
{
	size_t n = strcspn(text, "=:");
	unsigned char buf[16];
	const char *ip = text[n] ? text + n + 1 : "";
	autofree char *bare = *ip == '[' ? strndup(ip + 1, strcspn(ip + 1, "]")) : str_dup(ip);

	if (!text[n] || !n)
		return err_set(e, EINVAL, "bad format for add-host: \"%s\"", text);
	if (str_eq(ip, "host-gateway") || inet_pton(AF_INET, bare, buf) == 1 ||
	    inet_pton(AF_INET6, bare, buf) == 1)
		return 0;
	return err_set(e, EINVAL, "invalid IP address in add-host: \"%s\"", ip);
}

static bool device_mode(const char *text)
{
	return *text && strspn(text, "rwm") == strlen(text);
}

int spec_device(const char *text, cJSON **out, struct err *e)
{
	autofree char *copy = str_dup(text);
	char *parts[4] = { copy, NULL, NULL, NULL };
	const char *inside, *mode = "rwm";
	int n = 1;

	for (char *c = copy; (c = strchr(c, ':')); ) {
		*c++ = '\0';
		if (n == 3)
			return err_set(e, EINVAL, "bad format for path: %s", text);
		parts[n++] = c;
	}
	inside = n > 1 && *parts[1] ? parts[1] : parts[0];
	if (n == 2 && device_mode(parts[1])) {
		mode = parts[1];
		inside = parts[0];
	}
	if (n == 3)
		mode = parts[2];
	if (*inside != '/')
		return err_set(e, EINVAL, "%s is not an absolute path", inside);
	if (!*parts[0] || !device_mode(mode))
		return err_set(e, EINVAL, "bad mode specified: %s", mode);
	*out = cJSON_CreateObject();
	json_put_str(*out, "PathOnHost", parts[0]);
	json_put_str(*out, "PathInContainer", inside);
	json_put_str(*out, "CgroupPermissions", mode);
	return 0;
}

int spec_restart(const char *text, cJSON **out, struct err *e)
{
	const char *colon = strchr(text, ':');
	autofree char *name = colon ? strndup(text, (size_t)(colon - text)) : str_dup(text);
	int64_t count = 0;

	if (colon && !*name)
		return err_set(e, EINVAL, "invalid restart policy format: no policy provided before "
			       "colon");
	if (colon && value_int(colon + 1, &count, NULL))
		return err_set(e, EINVAL, "invalid restart policy format: maximum retry count must "
			       "be an integer");
	*out = cJSON_CreateObject();
	json_put_str(*out, "Name", name);
	json_put_int(*out, "MaximumRetryCount", count);
	return 0;
}

int spec_weight(const char *text, cJSON **out, struct err *e)
{
	const char *colon = strchr(text, ':');
	int64_t weight;

	if (!colon || colon == text || strchr(colon + 1, ':'))
		return err_set(e, EINVAL, "bad format: %s", text);
	if (!str_starts(text, "/dev/"))
		return err_set(e, EINVAL, "bad format for device path: %s", text);
	if (value_int(colon + 1, &weight, NULL) || (weight && (weight < 10 || weight > 1000)))
		return err_set(e, EINVAL, "invalid weight for device: %s", text);
	autofree char *path = strndup(text, (size_t)(colon - text));
	*out = cJSON_CreateObject();
	json_put_str(*out, "Path", path);
	json_put_int(*out, "Weight", weight);
	return 0;
}

int spec_check_weight(const char *text, struct err *e)
{
	autojson cJSON *ignored = NULL;

	return spec_weight(text, &ignored, e);
}
