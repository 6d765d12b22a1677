/* clients.c - curl and wget (http only), and nc. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "sim/userland/services/http.h"
#include "sim/userland/services/services.h"

/* ---- curl ---- */

static int curl_trouble(struct prog *p, const struct opts *o, const struct url *u, long rc)
{
	int code = rc == -ENOENT ? 6 : rc == -EPROTO ? 52 : rc == -ECONNRESET ? 56 : 7;

	if (o->has['s'] && !o->has['S'])
		return code;
	if (code == 6)
		errorf(p, "curl: (6) Could not resolve host: %s\n", u->host);
	else if (code == 52)
		errorf(p, "curl: (52) Empty reply from server\n");
	else if (code == 56)
		errorf(p, "curl: (56) Recv failure: Connection reset by peer\n");
	else
		errorf(p, "curl: (7) Failed to connect to %s port %d: %s\n", u->host, u->port,
		       strerror((int)-rc));
	return code;
}

static int write_file(struct prog *p, const char *path, const struct reply *r)
{
	long fd = sys_open(p->t, path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0)
		return complain_of(p, fd, "%s", path);
	put_all(p->t, (int)fd, r->body, r->body_n);
	sys_close(p->t, (int)fd);
	return 0;
}

/* -w: %{http_code} and \n. */
static void curl_write_out(struct prog *p, const char *format, const struct reply *r)
{
	for (; *format; format++)
		if (!strncmp(format, "%{http_code}", 12))
			outf(p, "%03d", r->status), format += 11;
		else if (!strncmp(format, "\\n", 2))
			out(p, "\n"), format++;
		else
			outn(p, format, 1);
}

static int curl_result(struct prog *p, const struct opts *o, const struct url *u, struct reply *r)
{
	if (o->has['f'] && r->status >= 400) {
		if (!o->has['s'] || o->has['S'])
			errorf(p, "curl: (22) The requested URL returned error: %d\n", r->status);
		return 22;
	}
	if (o->has['i'] || o->has['I'])
		outf(p, "%s\r\n", r->head);
	if ((o->arg['o'] || o->has['O']) &&
	    write_file(p, o->arg['o'] ? o->arg['o'] : path_base(p->a, u->path), r))
		return 23;
	if (!o->arg['o'] && !o->has['O'] && !o->has['I'])
		outn(p, r->body, r->body_n);
	if (o->arg['w'])
		curl_write_out(p, o->arg['w'], r);
	return 0;
}

static int curl_one(struct prog *p, const struct opts *o, const char *text)
{
	struct url u;
	struct reply r;
	char *where;
	long rc;

	for (int hops = 0; hops < 10; hops++) {
		if (!url_parse(p, text, &u)) {
			errorf(p,
			       "curl: (1) Protocol \"%s\" not supported by the simulator: only "
			       "http\n",
			       u.scheme);
			return 1;
		}
		rc = http_fetch(p, &u, o->has['I'] ? "HEAD" : "GET", o->arg['A'] ? o->arg['A'] : "curl",
				o->arg['H'] ? arena_printf(p->a, "%s\r\n", o->arg['H']) : "", &r);
		if (rc < 0)
			return curl_trouble(p, o, &u, rc);
		where = http_header(p, r.head, "Location");
		if (!o->has['L'] || r.status / 100 != 3 || !where)
			break;
		text = *where == '/' ? arena_printf(p->a, "%s:%d%s", u.host, u.port, where) : where;
	}
	return curl_result(p, o, &u, &r);
}

int tool_curl(struct prog *p)
{
	static const struct long_option longs[] = {
		{"silent", 's'},  {"show-error", 'S'}, {"fail", 'f'},   {"head", 'I'},
		{"include", 'i'}, {"location", 'L'},   {"output", 'o'}, {NULL}};
	struct opts o;
	int status = 0;

	parse_options(p, "sSfo:OIiLvA:H:w:m:k", longs, &o);
	if (!o.n) {
		errorf(p, "curl: try 'curl --help' or 'curl --manual' for more information\n");
		return 2;
	}
	for (int i = 0; i < o.n; i++)
		status = curl_one(p, &o, o.rest[i]);
	return status;
}

/* ---- wget ---- */

static int wget_trouble(struct prog *p, const struct url *u, long rc)
{
	char address[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &u->address, address, sizeof(address));
	if (is_gnu(p)) {
		if (rc == -ENOENT)
			errorf(p, "wget: unable to resolve host address '%s'\n", u->host);
		else
			errorf(p, "failed: %s.\n", strerror((int)-rc));
		return 4;
	}
	if (rc == -ENOENT)
		return complain(p, "bad address '%s'", u->host);
	return complain_of(p, rc, "can't connect to remote host (%s)", address);
}

int tool_wget(struct prog *p)
{
	struct opts o;
	struct url u;
	struct reply r;
	const char *file;
	long rc;

	parse_options(p, "qO:ST:t:cP:", NULL, &o);
	if (!o.n)
		missing_operand(p, NULL);
	if (!url_parse(p, o.rest[0], &u))
		return complain(p, "not an http url: %s", o.rest[0]);
	rc = http_fetch(p, &u, "GET", "Wget", "Connection: close\r\n", &r);
	if (rc < 0)
		return wget_trouble(p, &u, rc);
	if (r.status >= 400 && is_gnu(p)) {
		if (!o.has['q'])
			errorf(p, "ERROR %d\n", r.status);
		return 8;
	}
	if (r.status >= 400)
		return complain(p, "server returned error: %.*s", (int)strcspn(r.head, "\r\n"), r.head);
	file = o.arg['O'] ? o.arg['O'] : path_base(p->a, u.path);
	if (!strcmp(file, "-"))
		outn(p, r.body, r.body_n);
	else
		write_file(p, *file && strcmp(file, "/") ? file : "index.html", &r);
	return p->status;
}

/* ---- nc ---- */

/* What comes from one side goes to the other, until both have ended. */
static int relay(struct prog *p, int fd)
{
	struct pollfd ends[2] = { { .fd = 0, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
	char *buf = arena_alloc(p->a, 4096);

	while (ends[1].fd >= 0) {
		long rc = sys_poll(p->t, ends, 2, -1);

		if (rc < 0 && rc != -EINTR)
			return complain_of(p, rc, "poll");
		for (int i = 0; i < 2; i++) {
			long n;

			if (ends[i].fd < 0 || !ends[i].revents)
				continue;
			n = sys_read(p->t, ends[i].fd, buf, 4096);
			if (n > 0) {
				put_all(p->t, i ? 1 : fd, buf, (size_t)n);
				continue;
			}
			if (!i)
				sys_shutdown(p->t, fd, SHUT_WR);
			ends[i].fd = -1;
		}
	}
	return 0;
}

int tool_nc(struct prog *p)
{
	struct opts o;
	struct sockaddr_in a = { .sin_family = AF_INET };
	long fd, rc;
	const char *port;

	parse_options(p, "lp:w:n", NULL, &o);
	port = o.arg['p'] ? o.arg['p'] : o.n ? o.rest[o.n - 1] : NULL;
	if (!port || (!o.has['l'] && o.n < 2))
		missing_operand(p, NULL);
	a.sin_port = htons((uint16_t)atoi(port));
	fd = sys_socket(p->t, AF_INET, SOCK_STREAM, 0);
	if (o.has['l']) {
		if ((rc = sys_bind(p->t, (int)fd, (struct sockaddr *)&a, sizeof(a))) < 0)
			return complain_of(p, rc, "bind");
		sys_listen(p->t, (int)fd, 1);
		fd = sys_accept(p->t, (int)fd, NULL, NULL);
		return fd < 0 ? complain_of(p, fd, "accept") : relay(p, (int)fd);
	}
	if (inet_pton(AF_INET, o.rest[0], &a.sin_addr) != 1 &&
	    sys_resolve(p->t, o.rest[0], &a.sin_addr.s_addr) < 0)
		return complain(p, "bad address '%s'", o.rest[0]);
	rc = sys_connect(p->t, (int)fd, (struct sockaddr *)&a, sizeof(a));
	return rc < 0 ? complain_of(p, rc, "can't connect to remote host (%s)", o.rest[0])
		      : relay(p, (int)fd);
}
