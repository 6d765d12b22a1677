/* dial.c - docker system dial-stdio: the daemon's socket on standard input and output.
 *
 * That is how a client elsewhere reaches a daemon through `ssh HOST docker system
 * dial-stdio`.  Nothing is looked at.  The end of our input is passed on as such; what
 * the daemon still has to say is waited for.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/endpoint.h"
#include "client/http_connect.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"

static int connect_daemon(const struct command *c, struct err *e)
{
	autofree char *host = NULL;
	struct http_address address;
	int r = 0;

	if (c->host)
		host = str_dup(c->host);
	else
		r = endpoint_resolve(&host, e);
	if (r)
		return r;
	if (!host)
		host = http_default_host();
	r = http_address(host, &address, e);
	return r ? r : http_connect(&address, host, e);
}

/* One read's worth; false at the end or where nobody takes it. */
static bool pass(int from, int to)
{
	char buf[32768];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	return n > 0 && write_all(to, buf, (size_t)n) == 0;
}

static int dial_verb(struct command *c)
{
	struct err e = { 0 };
	autofd int fd = connect_daemon(c, &e);
	struct pollfd p[2] = { { STDIN_FILENO, POLLIN, 0 }, { fd, POLLIN, 0 } };
	bool over = false;

	if (fd < 0)
		return command_fail(c, &e);
	while (!over) {
		if (poll(p, 2, -1) < 0)
			return 128 + SIGINT;
		if (p[0].revents && !pass(STDIN_FILENO, fd)) {
			p[0].fd = -1;
			shutdown(fd, SHUT_WR);
		}
		over = p[1].revents && !pass(fd, STDOUT_FILENO);
	}
	return 0;
}

const struct verb verbs_dial[] = {
	{ .paths = "system dial-stdio", .usage = "", .hidden = true,
	  .about = "Pass standard input and output on to the daemon; for programs", .run = dial_verb },
	{ 0 },
};
