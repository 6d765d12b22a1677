#include "tamper.h"

#include <arpa/inet.h>
#include <check.h>
#include <ctype.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"

struct visit { struct tamper *t; int fd; };

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static bool read_head(int fd, struct str *head)
{
	char c;
	while (!head->s || !strstr(head->s, "\r\n\r\n")) {
		if (read(fd, &c, 1) != 1 || (!head->len && !isupper((unsigned char)c)))
			return false;	/* the first byte of TLS is no letter */
		str_addn(head, &c, 1);
	}
	return true;
}

/* True if this answer is one to be tampered with. */
static bool chosen(struct tamper *t, const char *head)
{
	autofree char *line = strndup(head, strcspn(head, "\r"));
	if (t->how == TAMPER_NOT || t->how >= TAMPER_BASIC || (t->only && !strstr(line, t->only)))
		return false;
	int left = t->times;
	while (left > 0 && !atomic_compare_exchange_weak(&t->times, &left, left - 1))
		;
	return left != 0;
}

static const char *canned(int how)
{
	switch (how) {
	case TAMPER_HANG_UP: return "";
	case TAMPER_NONSENSE: return "\x15\x03\x01 what?\r\n\r\n";
	case TAMPER_HTML: return "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 20\r\n"
		"Connection: close\r\n\r\n<html>Log in!</html>";
	case TAMPER_ERROR: return "HTTP/1.1 500 Oh no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	case TAMPER_LIMIT: return "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 69\r\n"
		"Content-Type: application/json\r\nConnection: close\r\n\r\n"
		"{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"You have reached.\"}]}";
	default: return NULL;
	}
}

#define ANSWER(status, headers, body) str_printf("HTTP/1.1 " status "\r\n" headers \
	"Content-Length: %zu\r\nConnection: close\r\n\r\n%s", sizeof(body) - 1, body)

/* What a guard at the door says; NULL: come in. */
static char *guard(const struct tamper *t, const char *head)
{
	bool known = strstr(head, "Authorization: Basic bWU6cz8+") != NULL;
	if (t->how == TAMPER_BASIC)
		return known ? NULL : ANSWER("401 No", "WWW-Authenticate: Basic realm=\"x\"\r\n", "");
	if (t->how != TAMPER_TOKEN || strstr(head, "Authorization: Bearer t0"))
		return NULL;
	if (str_starts(head, "GET /token?"))
		return known && strstr(head, "scope=repository%3Alibrary%2Fapp%3Apull")
			? ANSWER("200 OK", "", "{\"token\":\"t0\"}") : ANSWER("401 No", "", "{}");
	return str_printf("HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer realm=\"http://127.0.0.1:%u/token\""
			  ",service=\"s\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", t->port);
}

static void relay_body(struct tamper *t, int from, int to, bool bad)
{
	char buf[4096];
	size_t at = 0, mark = t->at;
	ssize_t n;
	while ((n = read(from, buf, sizeof(buf))) > 0) {
		bool here = bad && at + (size_t)n > mark;
		if (here && t->how == TAMPER_FLIP)
			buf[mark - at] ^= 0x10;
		size_t pass = here && t->how != TAMPER_FLIP ? mark - at : (size_t)n;
		if (write_all(to, buf, pass) < 0)
			return;
		if (here && t->how == TAMPER_STALL)
			sleep(20);
		if (here && t->how != TAMPER_FLIP)
			return;
		bad &= !here;
		at += (size_t)n;
	}
}

static void pass_on(struct tamper *t, int client, const struct str *request, bool bad)
{
	struct sockaddr_in to = loopback(t->to);
	autostr struct str head = { 0 };
	autofd int server = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(server, (struct sockaddr *)&to, sizeof(to)) < 0)
		return;
	static const char close_it[] = "Connection: close\r\n\r\n";
	write_all(server, request->s, request->len - 2);
	write_all(server, close_it, sizeof(close_it) - 1);
	if (!read_head(server, &head))
		return;
	write_all(client, head.s, head.len);
	relay_body(t, server, client, bad);
}

static void *serve(void *arg)
{
	struct visit v = *(struct visit *)arg;
	autostr struct str head = { 0 };
	autofd int fd = v.fd;
	free(arg);
	if (!read_head(fd, &head))
		return NULL;
	v.t->asked++;
	autofree char *no = guard(v.t, head.s);
	bool bad = chosen(v.t, head.s);
	const char *answer = no ? no : bad ? canned(v.t->how) : NULL;
	if (answer)
		write_all(fd, answer, strlen(answer));
	else
		pass_on(v.t, fd, &head, bad);
	shutdown(fd, SHUT_WR);
	return NULL;
}

static void *accept_all(void *arg)
{
	struct tamper *t = arg;
	int fd;
	while ((fd = accept(t->fd, NULL, NULL)) >= 0) {
		pthread_t thread;
		struct visit *v = mem_alloc(sizeof(*v));
		*v = (struct visit){ t, fd };
		if (pthread_create(&thread, NULL, serve, v) == 0)
			pthread_detach(thread);
	}
	return NULL;
}

void tamper_start(struct tamper *t, uint16_t to)
{
	struct sockaddr_in a = loopback(0);
	socklen_t len = sizeof(a);
	pthread_t thread;
	*t = (struct tamper){ .to = to, .times = -1 };
	t->fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(t->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(t->fd, 16), 0);
	getsockname(t->fd, (struct sockaddr *)&a, &len);
	t->port = ntohs(a.sin_port);
	pthread_create(&thread, NULL, accept_all, t);
	pthread_detach(thread);
}
