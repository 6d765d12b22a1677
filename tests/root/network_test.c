/* network_test.c - engine/network on the real kernel: who reaches whom, what stays.
 * Each test is a process in a network namespace of its own, which plays the host. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "tests/root/network_world.h"

static void assert_reaches(int from, const char *ip, uint16_t port, const char *seen_as,
			   int listener)
{
	char peer[64];
	int fd = tcp_connect(from, ip, port);

	ck_assert_msg(fd >= 0, "connect to %s: %s", ip, strerror(-fd));
	int served = accept(listener, NULL, NULL);
	peer_ip(served, peer, sizeof(peer));
	ck_assert_str_eq(peer, seen_as);
	close(served);
	close(fd);
}

START_TEST(first_container_gets_the_lectures_address)
{
	struct network *n = world_network();
	struct endpoint *a = world_attach(n, CID), *b = world_attach(n, CID2);

	ck_assert_str_eq(network_gateway(n), "172.17.0.1");
	ck_assert_str_eq(network_subnet(n), "172.17.0.0/16");
	ck_assert_str_eq(endpoint_address(a), "172.17.0.2");
	ck_assert_str_eq(endpoint_mac(a), "02:42:ac:11:00:02");
	ck_assert_str_eq(endpoint_address(b), "172.17.0.3");
	ck_assert(endpoint_netns_inode(a) != endpoint_netns_inode(b));
	network_detach(n, a);
	for (int i = 0; i < 300 && sh("ip link show vethac110002 >/dev/null 2>&1") == 0; i++)
		usleep(10000);
	network_close(n, true);
}
END_TEST

START_TEST(everyone_on_the_bridge_reaches_everyone)
{
	struct network *n = world_network();
	struct endpoint *a = world_attach(n, CID), *b = world_attach(n, CID2);
	int at_a = tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80);
	int at_host = tcp_listen(HERE, "0.0.0.0", 5000);

	assert_reaches(HERE, "172.17.0.2", 80, "172.17.0.1", at_a);
	assert_reaches(endpoint_netns_fd(b), "172.17.0.2", 80, "172.17.0.3", at_a);
	assert_reaches(endpoint_netns_fd(a), "172.17.0.1", 5000, "172.17.0.2", at_host);
	assert_reaches(endpoint_netns_fd(a), "127.0.0.1", 80, "127.0.0.1", at_a);
	network_close(n, true);
}
END_TEST

START_TEST(outside_sees_the_hosts_address)
{
	struct network *n = world_network();
	struct endpoint *a = world_attach(n, CID);
	int outside = world_place();

	world_cable(outside);
	int there = tcp_listen(outside, "0.0.0.0", 443);
	assert_reaches(endpoint_netns_fd(a), "10.9.0.2", 443, "10.9.0.1", there);
	network_close(n, true);
}
END_TEST

START_TEST(outside_is_not_let_in)
{
	struct network *n = world_network();
	struct endpoint *a = world_attach(n, CID);
	int outside = world_place();

	world_cable(outside);
	tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80);
	/* No answer in 2 s: */
	ck_assert_int_eq(tcp_connect(outside, "172.17.0.2", 80), -EINPROGRESS);
	network_close(n, true);
}
END_TEST

START_TEST(route_of_the_host_is_not_hidden)
{
	ck_assert_int_eq(sh("ip link add dummy9 type veth peer name dummy8 && "
			    "ip addr add 172.17.5.1/24 dev dummy9 && ip link set dummy9 up"), 0);
	struct network *n = world_network();

	ck_assert_str_eq(network_subnet(n), "172.18.0.0/16");
	ck_assert_str_eq(endpoint_address(world_attach(n, CID)), "172.18.0.2");
	network_close(n, true);
}
END_TEST

START_TEST(link_that_is_no_bridge_is_refused)
{
	struct network_config c = { .bridge = "dummy9", .cidr = "172.17.0.1/16", .pool = 4 };
	struct network *n = NULL;
	struct err e = { 0 };

	sh("ip link add dummy9 type veth peer name dummy8");
	ck_assert_int_eq(network_open(kernel_linux(), &c, NULL, NULL, &n, &e), -EEXIST);
	ck_assert_ptr_nonnull(strstr(e.what, "is no bridge"));
	ck_assert_ptr_null(n);
}
END_TEST

START_TEST(foreign_drop_policy_is_told)
{
	sh("nft add table ip foreign");
	sh("nft 'add chain ip foreign FWD { type filter hook forward priority 0; policy drop; }'");
	struct network *n = world_network();
	char *const *w = network_warnings(n);

	ck_assert_ptr_nonnull(w[0]);
	ck_assert_ptr_nonnull(strstr(w[0], "table foreign, chain FWD"));
	ck_assert_ptr_null(w[1]);
	network_close(n, true);
	ck_assert_int_eq(sh("nft list table ip foreign >/dev/null"), 0);
}
END_TEST

START_TEST(a_burst_empties_the_pool_and_goes_on)
{
	struct network *n = world_network();
	struct endpoint *ep[40];
	char want[32];

	for (int i = 0; i < 40; i++)
		ep[i] = world_attach(n, CID);
	for (int i = 0; i < 40; i++) {
		snprintf(want, sizeof(want), "172.17.0.%d", i + 2);
		ck_assert_str_eq(endpoint_address(ep[i]), want);
		network_detach(n, ep[i]);
	}
	network_close(n, true);
}
END_TEST

START_TEST(full_subnet_is_an_error)
{
	struct network *n = world_network_named(BRIDGE, "10.200.0.1/30");
	struct endpoint *ep = NULL;
	struct err e = { 0 };

	world_attach(n, CID);
	ck_assert_int_eq(network_attach(n, CID2, &ep, &e), -EADDRNOTAVAIL);
	ck_assert_ptr_nonnull(strstr(e.what, "every address of 10.200.0.0/30 is taken"));
	network_close(n, true);
}
END_TEST

/* ---- ends ---- */

START_TEST(closing_leaves_nothing)
{
	int fds = count_dir("/proc/self/fd"), links = count_dir("/proc/sys/net/ipv4/conf");
	int threads = count_dir("/proc/self/task");

	for (int i = 0; i < 3; i++) {
		struct network *n = world_network();
		struct endpoint *a = world_attach(n, CID);
		world_publish(n, a, "", 8080);
		network_close(n, true);
		/* A thread that was joined may be seen for a moment yet. */
		for (int j = 0; j < 100 && count_dir("/proc/self/task") > threads; j++)
			usleep(10000);
		ck_assert_int_eq(count_dir("/proc/self/task"), threads);
		ck_assert_int_eq(count_dir("/proc/sys/net/ipv4/conf"), links);
		/* libnftables keeps its one socket. */
		ck_assert_int_le(count_dir("/proc/self/fd"), fds + 1);
	}
	ck_assert_int_ne(sh("nft list table ip drydock_" BRIDGE " >/dev/null 2>&1"), 0);
}
END_TEST

/* A daemon that attaches one container, whose process lives on, then is killed. */
static pid_t killed_daemon(char *address)
{
	int said[2];
	pid_t container;

	ck_assert_int_eq(pipe(said), 0);
	pid_t daemon = fork();
	if (daemon == 0) {
		struct network *n = world_network();
		struct endpoint *a = world_attach(n, CID);
		container = fork();
		if (container == 0) {
			setns(endpoint_netns_fd(a), CLONE_NEWNET);
			for (int fd = 3; fd < 256; fd++)
				close(fd);
			pause();
		}
		world_publish(n, a, "", 8080);
		write_all(said[1], &container, sizeof(container));
		write_all(said[1], endpoint_address(a), 16);
		pause();
	}
	ck_assert_int_eq(read(said[0], &container, sizeof(container)), sizeof(container));
	ck_assert_int_gt(read(said[0], address, 16), 0);
	usleep(300000);	/* the container closes what it inherited; the pool refills */
	kill(daemon, SIGKILL);
	waitpid(daemon, NULL, 0);
	return container;
}

static int cables(void)
{
	autofree char *text = sh_text("ip -o link show master %s | wc -l", BRIDGE);

	return atoi(text);
}

START_TEST(a_killed_daemons_container_is_adopted)
{
	struct endpoint *ep = NULL;
	struct err e = { 0 };
	char address[16];
	pid_t container = killed_daemon(address);
	struct network *n = world_network();

	struct network_was was = { CID, container, "eth0", address, "" };
	if (network_adopt(n, &was, &ep, &e) < 0)
		ck_abort_msg("%s", e.what);
	network_sweep(n);
	ck_assert_str_eq(endpoint_address(ep), address);
	struct endpoint *b = world_attach(n, CID2);
	ck_assert_str_ne(endpoint_address(b), address);
	serve_page(tcp_listen(endpoint_netns_fd(ep), "0.0.0.0", 80), PAGE);
	world_publish(n, ep, "", 8080);
	autofree char *got = http_get(HERE, "127.0.0.1", 8080, "GET / HTTP/1.0\r\n\r\n");
	ck_assert_str_eq(got, PAGE);
	autofree char *direct = http_get(endpoint_netns_fd(b), address, 80,
					 "GET / HTTP/1.0\r\n\r\n");
	ck_assert_str_eq(direct, PAGE);
	kill(container, SIGKILL);
	network_close(n, true);
}
END_TEST

START_TEST(a_killed_daemons_leftovers_are_swept)
{
	char address[16], name[IF_NAMESIZE];
	pid_t container = killed_daemon(address);

	for (int i = 0; i < 300 && cables() > 1; i++)
		usleep(10000);	/* its pool dies by itself, the container's cable stays */
	ck_assert_int_eq(cables(), 1);
	struct network *n = world_network();
	unsigned int left = if_nametoindex("vethac110002");
	ck_assert_uint_ne(left, 0);
	network_sweep(n);	/* nobody was adopted */
	ck_assert_str_eq(endpoint_address(world_attach(n, CID)), "172.17.0.3");
	ck_assert_ptr_null(if_indextoname(left, name));	/* the pool may have the name by now */
	kill(container, SIGKILL);
	network_close(n, true);
}
END_TEST

START_TEST(closing_without_removal_keeps_containers_connected)
{
	struct network *n = world_network();
	struct endpoint *a = world_attach(n, CID);
	int place = dup(endpoint_netns_fd(a));
	int at_a = tcp_listen(place, "0.0.0.0", 80);

	network_close(n, false);
	ck_assert_int_eq(cables(), 1);
	assert_reaches(HERE, "172.17.0.2", 80, "172.17.0.1", at_a);
	network_close(world_network(), true);
}
END_TEST

int main(void)
{
	const TTest *const bridge_tests[] = {
		first_container_gets_the_lectures_address,
		everyone_on_the_bridge_reaches_everyone,
		outside_sees_the_hosts_address,
		outside_is_not_let_in,
		route_of_the_host_is_not_hidden,
		link_that_is_no_bridge_is_refused,
		foreign_drop_policy_is_told,
		a_burst_empties_the_pool_and_goes_on,
		full_subnet_is_an_error,
		NULL,
	};
	const TTest *const ends_tests[] = {
		closing_leaves_nothing,
		a_killed_daemons_container_is_adopted,
		a_killed_daemons_leftovers_are_swept,
		closing_without_removal_keeps_containers_connected,
		NULL,
	};
	const struct network_case cases[] = {
		{ "bridge", bridge_tests },
		{ "ends", ends_tests },
	};

	return network_main(cases, ARRAY_SIZE(cases));
}
