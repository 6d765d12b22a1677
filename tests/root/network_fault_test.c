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

/* Asks the container's own name server for a name of ours and for one of nobody's. */
static void ask_names(int place)
{
	static const char web[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3web\0\0\1\0\1";
	static const char far[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3far\0\0\1\0\1";

	free(udp_ask(place, "127.0.0.11", 53, web, sizeof(web) - 1));
	free(udp_ask(place, "127.0.0.11", 53, far, sizeof(far) - 1));
}

static void use_user_network(struct network *host, struct network *n, struct endpoint *ep)
{
	char *names[] = { "web", NULL }, *servers[] = { "127.0.0.1", NULL };
	struct resolver_wish w = { .cid = CID, .netns = endpoint_netns_fd(ep), .servers = servers };
	struct port p = { .host = 5353, .ctr = 53, .proto = "udp" };
	char holder[64];
	struct err e = { 0 };

	endpoint_answer_to(ep, names);
	if (network_resolve(host, &w, &e) == 0)
		ask_names(endpoint_netns_fd(ep));
	if (network_publish(n, ep, &p, holder, sizeof(holder), &e) == 0)
		free(udp_ask(HERE, "127.0.0.1", 5353, "hello", 5));
	endpoint_lead(ep, false, NULL);
	network_unresolve(host, CID);
}

/* A user's own network: made, joined in a new namespace and in one that is there, asked
 * for names, left. */
static void user_life(struct kernel *k)
{
	struct network_config c = { .bridge = BRIDGE, .cidr = "172.17.0.1/16", .pool = 4 };
	struct network_config own = { .bridge = BRIDGE "u", .cidr = "10.77.0.1/16", .name = "back",
				      .exact = true, .isolated = true, .mtu = 1400 };
	struct network_wish wish = { .cid = CID, .netns = -1, .inside = "eth0", .lead = true };
	struct network *host, *n;
	struct endpoint *ep, *more;
	struct err e = { 0 };

	if (network_open(k, &c, no_visit, NULL, &host, &e) < 0)
		return;
	if (network_add(host, &own, &n, &e) < 0) {
		ck_assert_str_ne(e.what, "");
	} else if (network_connect(n, &wish, &ep, &e) < 0) {
		ck_assert_str_ne(e.what, "");
	} else {
		use_user_network(host, n, ep);
		wish.netns = endpoint_netns_fd(ep);
		wish.inside = "eth1";
		if (network_connect(host, &wish, &more, &e) == 0)
			network_disconnect(more);
		network_detach(n, ep);
	}
	network_close(host, true);
}

/* Call number 1, 1 + step, 1 + 2 * step … */
static void fail_each(void (*life)(struct kernel *k), int step)
{
	struct fault f;
	char rule[32];
	int links = count_dir("/proc/sys/net/ipv4/conf"), struck = 0;

	for (int i = 1; i <= CALLS_MAX; i += step) {
		snprintf(rule, sizeof(rule), "#%d=EIO", i);
		struct kernel *k = fault_init(&f, kernel_linux(), rule, "daemon", NULL);
		ck_assert_ptr_nonnull(k);
		life(k);
		if (!f.struck)
			break;
		struck++;
	}
	ck_assert_int_gt(struck, 40);
	life(kernel_linux());	/* takes away what couldn't be deleted */
	for (int i = 0; i < 300 && count_dir("/proc/sys/net/ipv4/conf") > links; i++)
		usleep(10000);
	ck_assert_int_eq(count_dir("/proc/sys/net/ipv4/conf"), links);
}

START_TEST(every_call_fails_once) { fail_each(one_life, 1); }
END_TEST

START_TEST(every_call_of_a_users_network_fails_once) { fail_each(user_life, 3); }
END_TEST

int main(void)
{
	const TTest *const tests[] = { every_call_fails_once, every_call_of_a_users_network_fails_once,
					 NULL };
	const struct network_case cases[] = { { "faults", tests } };

	return network_main(cases, ARRAY_SIZE(cases));
}
