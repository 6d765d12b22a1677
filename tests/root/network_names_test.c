/* network_names_test.c - the answerer of names, from inside a container's namespace. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "tests/root/network_world.h"

#define SERVER "127.0.0.11"

/* A container called "web" in a user's network, with its answerer. */
static struct endpoint *web(struct network *host)
{
	struct network_config c = { .bridge = BRIDGE "u", .cidr = "10.77.0.1/16", .name = "back",
				    .exact = true };
	struct network_wish w = { .cid = CID, .netns = -1, .inside = "eth0", .lead = true };
	struct network *n;
	struct endpoint *ep;
	struct err e = { 0 };

	if (network_add(host, &c, &n, &e) < 0 || network_connect(n, &w, &ep, &e) < 0)
		ck_abort_msg("%s", e.what);
	struct resolver_wish r = { .cid = CID, .netns = endpoint_netns_fd(ep), .closed = true };
	endpoint_answer_to(ep, (char *[]){ (char *)"web", NULL });
	if (network_resolve(host, &r, &e) < 0)
		ck_abort_msg("%s", e.what);
	return ep;
}

/* "web", class IN, type A: by TCP, with its length in front. */
static const unsigned char question[] = { 0, 21, 0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
					  3, 'w', 'e', 'b', 0, 0, 1, 0, 1 };

/* The answer's last four bytes are the address. */
static void ask_for_web(int fd)
{
	unsigned char answer[256];
	ssize_t n = 0, part = 1;

	ck_assert_int_eq(write_all(fd, question, sizeof(question)), 0);
	while (part > 0 && (n < 2 || n < answer[1] + 2)) {
		part = read(fd, answer + n, sizeof(answer) - (size_t)n);
		n += part;
	}
	ck_assert_int_gt(n, 20);
	ck_assert_mem_eq(answer + n - 4, "\x0a\x4d\x00\x02", 4);
}

/* The state ps(1) shows of a process's thread of that name: 'S' sleeps, 'R' works. */
static char thread_state(pid_t pid, const char *name)
{
	autofree char *tasks = str_printf("/proc/%d/task", pid);
	autofree char *want = str_printf("(%s) ", name);
	autodir DIR *d = opendir(tasks);
	struct dirent *f;

	while (d && (f = readdir(d))) {
		autofree char *path = str_printf("%s/%s/stat", tasks, f->d_name);
		autostr struct str text = { 0 };
		const char *at = file_read(path, &text, NULL) == 0 ? strstr(text.s, want) : NULL;
		if (at)
			return at[strlen(want)];
	}
	return '?';
}

/* How often of 30 times the proxy was found asleep; looked at by a child, which has
 * descriptors of its own. */
static int proxy_sleeps(const struct rlimit *limit)
{
	pid_t parent = getpid(), child = fork();
	int status = 0, asleep = 0;

	if (child == 0) {
		setrlimit(RLIMIT_NOFILE, limit);
		for (int i = 0; i < 30; i++, usleep(7000))
			asleep += thread_state(parent, "net-proxy") == 'S';
		_exit(asleep);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WEXITSTATUS(status);
}

START_TEST(callers_wait_where_there_are_no_descriptors)
{
	struct network *host = world_network();
	struct endpoint *ep = web(host);
	struct rlimit before, few;
	int taken[64], n = 0, fd;

	getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	few.rlim_cur = (rlim_t)(taken[n++] = dup(0)) + 24;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	while ((taken[n] = dup(0)) >= 0)
		n++;
	do {	/* the network's own threads may be quicker to take what is free */
		close(taken[--n]);
		fd = tcp_connect(endpoint_netns_fd(ep), SERVER, 53);
	} while (fd < 0 && n > 1);
	ck_assert_int_ge(fd, 0);
	while ((taken[n] = dup(0)) >= 0)
		n++;
	/* Looked at ten times a second, not for ever: a caller nobody can accept. */
	ck_assert_int_gt(proxy_sleeps(&before), 15);
	setrlimit(RLIMIT_NOFILE, &before);
	ask_for_web(fd);	/* room again: the caller is taken after all */
	while (n > 0)
		close(taken[--n]);
	close(fd);
	network_close(host, true);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { callers_wait_where_there_are_no_descriptors, NULL };
	const struct network_case cases[] = { { "names", tests } };

	return network_main(cases, ARRAY_SIZE(cases));
}
