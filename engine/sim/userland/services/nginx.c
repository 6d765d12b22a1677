/* nginx.c - a web server: a master that holds the port and its log files, and one worker
 * that answers.
 *
 * It reads the image's own configuration as far as it has a say here: listen, root,
 * index, access_log, error_log, user, daemon, include (nginx_conf.c).  One worker polls
 * all its connections; each request is answered from the file system in one go.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/cleanup.h"
#include "sim/userland/services/nginx.h"
#include "sim/userland/services/services.h"

enum { MOST_CONNECTIONS = 64, LARGEST_REQUEST = 8192 };

struct connection { int fd; char client[INET_ADDRSTRLEN]; struct text request; unsigned number; };
struct nginx {
	struct prog *p;
	struct nginx_conf *conf;
	int listener, access_fd, error_fd;
	pid_t worker;
	volatile int stop;		/* the signal that said so */
	struct connection c[MOST_CONNECTIONS];
	int n;
	unsigned accepted;
};

static int64_t now(struct prog *p) { return (int64_t)(sys_clock(p->t, CLOCK_REALTIME) / 1000000000); }

/* ---- logs ---- */

static void error_log(struct nginx *x, const char *level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void error_log(struct nginx *x, const char *level, const char *fmt, ...)
{
	struct text t = { .a = x->p->a };
	int pid = (int)sys_getpid(x->p->t);
	va_list ap;

	text_addf(&t, "%s [%s] %d#%d: ", time_text(x->p->a, "%Y/%m/%d %H:%M:%S", now(x->p)), level,
		  pid, pid);
	va_start(ap, fmt);
	text_vaddf(&t, fmt, ap);
	va_end(ap);
	text_addc(&t, '\n');
	put_all(x->p->t, x->error_fd, t.s, t.n);
}

static const char *or_dash(const char *s) { return s && *s ? s : "-"; }

static void access_log(struct nginx *x, const struct connection *c, const char *line, int status,
		       size_t bytes)
{
	struct prog *p = x->p;
	char *text = arena_printf(p->a, "%s - - [%s +0000] \"%s\" %d %zu \"%s\" \"%s\"\n", c->client,
				  time_text(p->a, "%d/%b/%Y:%H:%M:%S", now(p)), line, status, bytes,
				  or_dash(http_header(p, c->request.s, "Referer")),
				  or_dash(http_header(p, c->request.s, "User-Agent")));

	if (x->access_fd >= 0)
		put_all(p->t, x->access_fd, text, strlen(text));
}

/* ---- answers ---- */

struct answer { int status; const char *type, *body, *extra; size_t n; };

static const struct { int status; const char *text; } texts[] = {
	{200, "OK"},
	{301, "Moved Permanently"},
	{400, "Bad Request"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Not Allowed"},
	{414, "Request-URI Too Large"},
	{500, "Internal Server Error"},
};

static const char *status_text(int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "";
}

static struct answer error_page(struct nginx *x, int status)
{
	const char *text = status_text(status), *server = x->conf->server_name;
	char *body = arena_printf(
		x->p->a,
		"<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n"
		"<center><h1>%d "
		"%s</h1></center>\r\n<hr><center>%s</center>\r\n</body>\r\n</html>\r\n",
		status, text, status, text, server);

	return (struct answer){.status = status,
			       .type = "text/html",
			       .body = body,
			       .n = strlen(body),
			       .extra = ""};
}

/* /a%20b/../c?x as a path below the root; NULL: it leads out of it. */
static char *clean_uri(struct prog *p, const char *uri)
{
	struct text t = { .a = p->a };

	for (; *uri && *uri != '?' && *uri != '#'; uri++) {
		char hex[3] = { uri[0] == '%' ? uri[1] : 0, uri[0] == '%' && uri[1] ? uri[2] : 0, 0 };

		if (hex[0] && hex[1]) {
			text_addc(&t, (char)strtol(hex, NULL, 16));
			uri += 2;
		} else {
			text_addc(&t, *uri);
		}
	}
	if (*text_str(&t) != '/' || strstr(t.s, "/../") || (t.n >= 3 && !strcmp(t.s + t.n - 3, "/..")))
		return NULL;
	return t.s;
}

static struct answer file_answer(struct nginx *x, const char *path, const struct stat *st)
{
	struct answer a = { .status = 200, .type = nginx_type(x->p, x->conf, path) };
	long rc;

	a.body = read_whole(x->p, path, &a.n, &rc);
	if (!a.body)
		return error_page(x, rc == -EACCES ? 403 : 500);
	a.extra = arena_printf(
		x->p->a, "Last-Modified: %s\r\nETag: \"%llx-%zx\"\r\nAccept-Ranges: bytes\r\n",
		time_text(x->p->a, "%a, %d %b %Y %H:%M:%S GMT", st->st_mtim.tv_sec),
		(unsigned long long)st->st_mtim.tv_sec, a.n);
	return a;
}

/* The file a path of an address stands for, through the index of a directory. */
static struct answer look_up(struct nginx *x, const struct connection *c, const char *uri, const char *line)
{
	struct prog *p = x->p;
	char *clean = clean_uri(p, uri), *path, *index;
	struct stat st;
	long rc;

	if (!clean)
		return error_page(x, 400);
	path = arena_printf(p->a, "%s%s", x->conf->root, clean);
	rc = sys_stat(p->t, path, &st);
	if (rc == 0 && S_ISDIR(st.st_mode) && clean[strlen(clean) - 1] != '/') {
		struct answer a = error_page(x, 301);

		a.extra = arena_printf(p->a, "Location: http://%s%s/\r\n",
				       or_dash(http_header(p, c->request.s, "Host")), clean);
		return a;
	}
	for (size_t i = 0; rc == 0 && S_ISDIR(st.st_mode) && i < x->conf->index.n; i++) {
		index = path_join(p->a, path, x->conf->index.v[i]);
		if (sys_stat(p->t, index, &st) == 0)
			return file_answer(x, index, &st);
	}
	if (rc == 0 && S_ISREG(st.st_mode))
		return file_answer(x, path, &st);
	if (rc == 0) {
		error_log(x, "error",
			  "*%u directory index of \"%s\" is forbidden, client: %s, server: %s, "
			  "request: \"%s\"",
			  c->number, path, c->client, x->conf->name, line);
		return error_page(x, 403);
	}
	error_log(x, "error",
		  "*%u open() \"%s\" failed (%d: %s), client: %s, server: %s, request: \"%s\", "
		  "host: \"%s\"",
		  c->number, path, (int)-rc, strerror((int)-rc), c->client, x->conf->name, line,
		  or_dash(http_header(p, c->request.s, "Host")));
	return error_page(x, rc == -EACCES ? 403 : 404);
}

static void send_answer(struct nginx *x, struct connection *c, const struct answer *a,
			bool head_only, bool keep)
{
	struct prog *p = x->p;
	struct text t = { .a = p->a };

	text_addf(&t, "HTTP/1.1 %d %s\r\nServer: %s\r\nDate: %s\r\n", a->status,
		  a->status == 301 ? "Moved Permanently" : status_text(a->status), x->conf->server_name,
		  time_text(p->a, "%a, %d %b %Y %H:%M:%S GMT", now(p)));
	text_addf(&t, "Content-Type: %s\r\nContent-Length: %zu\r\n%sConnection: %s\r\n\r\n", a->type, a->n,
		  a->status == 200 || a->status == 301 ? a->extra : "", keep ? "keep-alive" : "close");
	if (!head_only)
		text_addn(&t, a->body, a->n);
	put_all(p->t, c->fd, t.s, t.n);
}

/* True: the connection stays. */
static bool answer_request(struct nginx *x, struct connection *c)
{
	struct prog *p = x->p;
	char *line = arena_dupn(p->a, c->request.s, strcspn(c->request.s, "\r\n"));
	char *method = arena_dupn(p->a, line, strcspn(line, " ")), *uri = line + strcspn(line, " ");
	char *wish = http_header(p, c->request.s, "Connection"), *version = strrchr(line, ' ');
	bool keep = version && !strcmp(version, " HTTP/1.1") && !(wish && !strcasecmp(wish, "close"));
	bool head = !strcmp(method, "HEAD");
	struct answer a;

	uri += *uri == ' ';
	uri = arena_dupn(p->a, uri, strcspn(uri, " "));
	if (*uri != '/' || !version || strncmp(version, " HTTP/", 6))
		a = error_page(x, 400), keep = false;
	else if (!head && strcmp(method, "GET"))
		a = error_page(x, 405);
	else
		a = look_up(x, c, uri, line);
	send_answer(x, c, &a, head, keep);
	access_log(x, c, line, a.status, head ? 0 : a.n);
	return keep;
}

/* ---- connections ---- */

static void drop(struct nginx *x, int i)
{
	sys_close(x->p->t, x->c[i].fd);
	x->c[i] = x->c[--x->n];
}

static void take_connection(struct nginx *x)
{
	struct sockaddr_in a = { 0 };
	socklen_t len = sizeof(a);
	long fd = sys_accept(x->p->t, x->listener, (struct sockaddr *)&a, &len);
	struct connection *c = &x->c[x->n];

	if (fd < 0)
		return;
	*c = (struct connection){ .fd = (int)fd, .number = ++x->accepted };
	inet_ntop(AF_INET, &a.sin_addr, c->client, sizeof(c->client));
	x->n++;
}

/* Memory of a connection lives in an arena that its last request gives back. */
static void read_connection(struct nginx *x, int i)
{
	struct connection *c = &x->c[i];
	char buf[1024];
	long n = sys_read(x->p->t, c->fd, buf, sizeof(buf));

	if (n <= 0) {
		drop(x, i);
		return;
	}
	if (!c->request.a)
		c->request.a = x->p->a;
	text_addn(&c->request, buf, (size_t)n);
	if (strstr(c->request.s, "\r\n\r\n")) {
		bool keep = answer_request(x, c);

		c->request = (struct text){ 0 };
		if (!keep)
			drop(x, i);
	} else if (c->request.n > LARGEST_REQUEST) {
		struct answer a = error_page(x, 414);

		send_answer(x, c, &a, false, false);
		drop(x, i);
	}
}

static bool all_idle(const struct nginx *x)
{
	for (int i = 0; i < x->n; i++)
		if (x->c[i].request.n)
			return false;
	return true;
}

static _Noreturn void worker_loop(struct nginx *x)
{
	struct pollfd *ends = arena_alloc(x->p->a, (MOST_CONNECTIONS + 1) * sizeof(*ends));
	struct arena_mark mark = arena_mark(x->p->a);

	for (;;) {
		int n = x->n;

		for (int i = 0; i < n; i++)
			ends[i] = (struct pollfd){ .fd = x->c[i].fd, .events = POLLIN };
		ends[n] = (struct pollfd){.fd = n < MOST_CONNECTIONS ? x->listener : -1,
					  .events = POLLIN};
		if (sys_poll(x->p->t, ends, (size_t)n + 1, -1) <= 0)
			continue;
		for (int i = n - 1; i >= 0; i--)
			if (ends[i].revents)
				read_connection(x, i);
		if (ends[n].revents && x->n < MOST_CONNECTIONS)
			take_connection(x);
		if (all_idle(x))
			arena_rewind(x->p->a, mark);
	}
}

static int worker_main(struct task *t, void *arg)
{
	const struct nginx *master = arg;
	struct nginx *x;
	struct arena a;
	struct prog p;
	char *argv[] = { "nginx", NULL };

	prog_init(&p, t, &a, 1, argv);
	x = arena_alloc(&a, sizeof(*x));
	*x = *master;
	x->p = &p;
	for (int sig = 0; sig < 3; sig++)
		sys_signal(t, (int[]){ SIGTERM, SIGQUIT, SIGINT }[sig], SIM_DFL);
	x->conf = nginx_conf_copy(&a, master->conf);
	if (sys_getuid(t) == 0 && x->conf->gid >= 0) {
		sys_setgid(t, (gid_t)x->conf->gid);
		sys_setuid(t, (uid_t)x->conf->uid);
	}
	worker_loop(x);
}

/* ---- the master ---- */

static void on_signal(struct task *t, int sig)
{
	struct nginx *x = sim_local(t);

	if (x)
		x->stop = sig;
}

static int open_log(struct nginx *x, const char *path)
{
	long fd;

	if (!path || !strcmp(path, "off"))
		return -1;
	if (!strcmp(path, "stderr"))
		return 2;
	fd = sys_open(x->p->t, path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (fd < 0)
		die(x->p, 1, "[emerg] open() \"%s\" failed (%d: %s)", path, (int)-fd, strerror((int)-fd));
	return (int)fd;
}

static void listen_on(struct nginx *x)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)x->conf->port) };
	long fd = sys_socket(x->p->t, AF_INET, SOCK_STREAM, 0), rc;

	rc = fd < 0 ? fd : sys_bind(x->p->t, (int)fd, (struct sockaddr *)&a, sizeof(a));
	if (rc < 0) {
		error_log(x, "emerg", "bind() to 0.0.0.0:%d failed (%d: %s)", x->conf->port,
			  (int)-rc, strerror((int)-rc));
		die(x->p, 1, "[emerg] bind() to 0.0.0.0:%d failed (%d: %s)", x->conf->port,
		    (int)-rc, strerror((int)-rc));
	}
	sys_listen(x->p->t, (int)fd, 511);
	x->listener = (int)fd;
}

static int master_loop(struct nginx *x)
{
	int status;

	sim_set_local(x->p->t, x);
	for (int sig = 0; sig < 3; sig++)
		sys_signal(x->p->t, (int[]){ SIGTERM, SIGQUIT, SIGINT }[sig], on_signal);
	while (!x->stop) {
		x->worker = (pid_t)sys_fork(x->p->t, worker_main, x);
		if (x->worker < 0)
			return 1;
		while (!x->stop && sys_wait(x->p->t, x->worker, &status, 0) == -EINTR)
			;
	}
	sys_kill(x->p->t, x->worker, SIGTERM);
	while (sys_wait(x->p->t, x->worker, &status, 0) == -EINTR)
		;
	return 0;
}

static int master_child(struct task *t, void *arg)
{
	struct nginx *x = arg;
	struct nginx mine = *x;
	struct arena a;
	struct prog p;
	char *argv[] = { "nginx", NULL };

	prog_init(&p, t, &a, 1, argv);
	mine.p = &p;
	mine.conf = nginx_conf_copy(&a, x->conf);
	sys_setsid(t);
	return master_loop(&mine);
}

int tool_nginx(struct prog *p)
{
	struct nginx *x = arena_alloc(p->a, sizeof(*x));
	struct opts o;

	parse_options(p, "g:c:vVtqs:", NULL, &o);
	x->p = p;
	x->error_fd = 2;
	x->conf = nginx_conf_read(p, o.arg['c'] ? o.arg['c'] : "/etc/nginx/nginx.conf", o.arg['g']);
	if (o.has['v']) {
		errorf(p, "nginx version: %s\n", x->conf->server_name);
		return 0;
	}
	if (o.has['t']) {
		errorf(p, "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
		       "nginx: configuration file /etc/nginx/nginx.conf test is successful\n");
		return 0;
	}
	x->error_fd = open_log(x, x->conf->error_log);
	x->access_fd = open_log(x, x->conf->access_log);
	listen_on(x);
	if (x->conf->foreground)
		return master_loop(x);
	return sys_fork(p->t, master_child, x) < 0;
}
