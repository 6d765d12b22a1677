/* http.c - one request, one answer, one connection. */
#include "sim/userland/services/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

bool url_parse(struct prog *p, const char *text, struct url *u)
{
	const char *scheme = strstr(text, "://");
	size_t n;

	u->scheme = scheme ? arena_dupn(p->a, text, (size_t)(scheme - text)) : "http";
	text = scheme ? scheme + 3 : text;
	n = strcspn(text, ":/?");
	u->host = arena_dupn(p->a, text, n);
	u->port = !strcmp(u->scheme, "https") ? 443 : 80;
	text += n;
	if (*text == ':')
		u->port = (int)strtol(text + 1, (char **)&text, 10);
	u->path = *text == '/' ? arena_dup(p->a, text) : arena_printf(p->a, "/%s", text);
	return n && u->port > 0 && u->port < 65536 && !strcmp(u->scheme, "http");
}

char *http_header(struct prog *p, const char *head, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = strchr(head, '\n'); s; s = strchr(s + 1, '\n'))
		if (!strncasecmp(s + 1, name, n) && s[1 + n] == ':') {
			s += n + 2;
			s += strspn(s, " ");
			return arena_dupn(p->a, s, strcspn(s, "\r\n"));
		}
	return NULL;
}

static long connect_to(struct prog *p, struct url *u)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)u->port) };
	long fd, rc;

	if (inet_pton(AF_INET, u->host, &u->address) != 1 && sys_resolve(p->t, u->host, &u->address) < 0)
		return -ENOENT;
	a.sin_addr.s_addr = u->address;
	fd = sys_socket(p->t, AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return fd;
	rc = sys_connect(p->t, (int)fd, (struct sockaddr *)&a, sizeof(a));
	if (rc >= 0)
		return fd;
	sys_close(p->t, (int)fd);
	return rc == -ENOENT ? -EHOSTUNREACH : rc;
}

/* Chunks joined into one body. */
static void unchunk(struct reply *r)
{
	char *from = r->body, *to = r->body, *end = r->body + r->body_n;

	while (from < end) {
		size_t n = strtoul(from, &from, 16);

		from = memchr(from, '\n', (size_t)(end - from));
		if (!n || !from || n > (size_t)(end - from - 1))
			break;
		memmove(to, from + 1, n);
		to += n;
		from += 1 + n + 2;
	}
	r->body_n = (size_t)(to - r->body);
}

static bool complete(struct prog *p, const struct text *t, bool head_only)
{
	char *body = t->n ? strstr(t->s, "\r\n\r\n") : NULL, *length;

	if (!body)
		return false;
	length = http_header(p, arena_dupn(p->a, t->s, (size_t)(body - t->s)), "Content-Length");
	return head_only || (length && t->n - (size_t)(body + 4 - t->s) >= strtoul(length, NULL, 10));
}

long http_fetch(struct prog *p, struct url *u, const char *method, const char *agent, const char *headers,
		struct reply *r)
{
	char *request, *buf = arena_alloc(p->a, 4096), *body, *coding;
	struct text t = { .a = p->a };
	long fd = connect_to(p, u), n = 0;

	if (fd < 0)
		return fd;
	request = arena_printf(p->a,
			       u->port == 80 ? "%s %s HTTP/1.1\r\nHost: %s\r\n"
					     : "%s %s HTTP/1.1\r\nHost: %s:%d\r\n",
			       method, u->path, u->host, u->port);
	request = arena_printf(p->a, "%sUser-Agent: %s\r\nAccept: */*\r\n%s\r\n", request, agent, headers);
	put_all(p->t, (int)fd, request, strlen(request));
	while (!complete(p, &t, !strcmp(method, "HEAD")) && (n = sys_read(p->t, (int)fd, buf, 4096)) > 0)
		text_addn(&t, buf, (size_t)n);
	sys_close(p->t, (int)fd);
	body = strstr(text_str(&t), "\r\n\r\n");
	if (!body || strncmp(t.s, "HTTP/", 5))
		return n < 0 ? n : -EPROTO;
	r->head = arena_dupn(p->a, t.s, (size_t)(body + 2 - t.s));
	r->status = atoi(t.s + strcspn(t.s, " "));
	r->body = body + 4;
	r->body_n = t.n - (size_t)(body + 4 - t.s);
	coding = http_header(p, r->head, "Transfer-Encoding");
	if (coding && !strcasecmp(coding, "chunked"))
		unchunk(r);
	return 0;
}
