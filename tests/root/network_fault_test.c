/* network_fault_test.c - each call that the network makes fails once: it may refuse
 * or do without, but never hang, crash or leave something behind. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "kernel/fault.h"
#include "tests/root/network_world.h"

#define CALLS_MAX 400	/* more than one life of a network makes */

static void no_visit(void *arg, const struct net_visit *v) {}

/* Opens, connects a container, publishes a port, visits it, closes. */
static void one_life(struct kernel *k)
{
	struct network_config c = { .bridge = BRIDGE, .cidr = "172.17.0.1/16", .pool = 4 };
	struct port p = { .host = 8080, .ctr = 80, .proto = "tcp" };
	struct network *n;
	struct endpoint *ep;
	struct err e = { 0 };
	char holder[64];

	if (network_open(k, &c, no_visit, NULL, &n, &e) < 0) {
		ck_assert_str_ne(e.what, "");
		return;
	}
	if (network_attach(n, CID, &ep, &e) == 0) {
		serve_page(tcp_listen(endpoint_netns_fd(ep), "0.0.0.0", 80), PAGE);
		if (network_publish(n, ep, &p, holder, sizeof(holder), &e) == 0)
			free(http_get(HERE, "127.0.0.1", 8080, "GET / HTTP/1.0\r\n\r\n"));
		else
			ck_assert_str_ne(e.what, "");
		network_detach(n, ep);
	}
	network_close(n, true);
}

START_TEST(every_call_fails_once)
{
	struct fault f;
	char rule[32];
	int links = count_dir("/proc/sys/net/ipv4/conf"), struck = 0;

	for (int i = 1; i <= CALLS_MAX; i++) {
		snprintf(rule, sizeof(rule), "#%d=EIO", i);
		struct kernel *k = fault_init(&f, kernel_linux(), rule, "daemon", NULL);
		ck_assert_ptr_nonnull(k);
		one_life(k);
		if (!f.struck)
			break;
		struck++;
	}
	ck_assert_int_gt(struck, 40);
	one_life(kernel_linux());	/* takes away what couldn't be deleted */
	for (int i = 0; i < 300 && count_dir("/proc/sys/net/ipv4/conf") > links; i++)
		usleep(10000);
	ck_assert_int_eq(count_dir("/proc/sys/net/ipv4/conf"), links);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { every_call_fails_once, NULL };
	const struct network_case cases[] = { { "faults", tests } };

	return network_main(cases, ARRAY_SIZE(cases));
}
