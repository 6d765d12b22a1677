/* network_test.c - engine/network on the real kernel: who reaches whom.
 * timeout: 120
 * Each test is a process in a network namespace of its own, which plays the host. */
#include "network/network.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
#include "tests/helpers/unit.h"
#include "tests/root/network_world.h"

#define CID "c0ffee0000000000000000000000000000000000000000000000000000000001"
#define CID2 "c0ffee0000000000000000000000000000000000000000000000000000000002"
#define PAGE "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"
/* sha256sum of "hello\n" */
#define HELLO "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

static struct endpoint *attach(struct network *n, const char *cid)
{
	struct endpoint *ep = NULL;
	struct err e = { 0 };

	if (network_attach(n, cid, &ep, &e) < 0)
		ck_abort_msg("%s", e.what);
	return ep;
}

static uint16_t publish(struct network *n, struct endpoint *ep, const char *ip, uint16_t host)
{
	struct port p = { .host = host, .ctr = 80, .proto = "tcp" };
	struct err e = { 0 };
	char holder[128];

	strcpy(p.host_ip, ip);
	if (network_publish(n, ep, &p, holder, sizeof(holder), &e) < 0)
		ck_abort_msg("%s (%s)", e.what, e.hint);
	return p.host;
}

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

static int count_dir(const char *path)
{
	autodir DIR *d = opendir(path);
	int n = 0;

	while (d && readdir(d))
		n++;
	return n;
}

/* ---- the bridge ---- */

START_TEST(first_container_gets_the_lectures_address)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID), *b = attach(n, CID2);

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
	struct endpoint *a = attach(n, CID), *b = attach(n, CID2);
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
	struct endpoint *a = attach(n, CID);
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
	struct endpoint *a = attach(n, CID);
	int outside = world_place();

	world_cable(outside);
	tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80);
	ck_assert_int_eq(tcp_connect(outside, "172.17.0.2", 80), -EINPROGRESS);	/* no answer in 2 s */
	network_close(n, true);
}
END_TEST

START_TEST(route_of_the_host_is_not_hidden)
{
	ck_assert_int_eq(sh("ip link add dummy9 type veth peer name dummy8 && "
			    "ip addr add 172.17.5.1/24 dev dummy9 && ip link set dummy9 up"), 0);
	struct network *n = world_network();

	ck_assert_str_eq(network_subnet(n), "172.18.0.0/16");
	ck_assert_str_eq(endpoint_address(attach(n, CID)), "172.18.0.2");
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
		ep[i] = attach(n, CID);
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

	attach(n, CID);
	ck_assert_int_eq(network_attach(n, CID2, &ep, &e), -EADDRNOTAVAIL);
	ck_assert_ptr_nonnull(strstr(e.what, "every address of 10.200.0.0/30 is taken"));
	network_close(n, true);
}
END_TEST

/* ---- published ports ---- */

START_TEST(a_visit_is_told)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);

	serve_page(tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80), PAGE);
	publish(n, a, "", 8080);
	autofree char *got = http_get(HERE, "127.0.0.1", 8080, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_str_eq(got, PAGE);
	ck_assert(wait_for_visits(1));
	struct net_visit v = last_visit();
	ck_assert_str_eq(v.cid, CID);
	ck_assert_uint_eq(v.host_port, 8080);
	ck_assert_uint_eq(v.ctr_port, 80);
	ck_assert_int_eq(v.http_status, 200);
	ck_assert_str_eq(v.request, "GET / HTTP/1.1");
	ck_assert_str_eq(v.body_sha256, HELLO);
	ck_assert_uint_eq(v.bytes_in, 27);
	ck_assert_uint_eq(v.bytes_out, strlen(PAGE));
	ck_assert(!v.same_netns && v.src_netns != endpoint_netns_inode(a));
	ck_assert(str_starts(v.peer, "127.0.0.1:"));
	network_close(n, true);
}
END_TEST

START_TEST(visitors_from_containers_are_known)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID), *b = attach(n, CID2);

	serve_page(tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80), PAGE);
	publish(n, a, "", 8080);
	free(http_get(endpoint_netns_fd(b), "172.17.0.1", 8080, "GET / HTTP/1.0\r\n\r\n"));
	ck_assert(wait_for_visits(1));
	ck_assert_uint_eq(last_visit().src_netns, endpoint_netns_inode(b));
	ck_assert(!last_visit().same_netns);
	free(http_get(endpoint_netns_fd(a), "172.17.0.1", 8080, "GET / HTTP/1.0\r\n\r\n"));
	ck_assert(wait_for_visits(2));
	ck_assert(last_visit().same_netns);
	network_close(n, true);
}
END_TEST

START_TEST(outside_reaches_a_published_port)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);
	int outside = world_place();

	world_cable(outside);
	serve_page(tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80), PAGE);
	publish(n, a, "", 8080);
	publish(n, a, "127.0.0.1", 8081);
	autofree char *got = http_get(outside, "10.9.0.1", 8080, "GET / HTTP/1.0\r\n\r\n");
	ck_assert_str_eq(got, PAGE);
	ck_assert_int_eq(tcp_connect(outside, "10.9.0.1", 8081), -ECONNREFUSED);
	network_close(n, true);
}
END_TEST

START_TEST(ipv6_loopback_is_published_too)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);

	serve_page(tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80), PAGE);
	publish(n, a, "", 8080);
	if (network_ipv6(n))
		ck_assert_int_eq(sh("curl -gs -m 3 http://[::1]:8080/ | grep -q hello"), 0);
	network_close(n, true);
}
END_TEST

START_TEST(loopback_listener_inside_stays_private)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);

	serve_page(tcp_listen(endpoint_netns_fd(a), "127.0.0.1", 80), PAGE);
	publish(n, a, "", 8080);
	autofree char *got = http_get(HERE, "127.0.0.1", 8080, "GET / HTTP/1.0\r\n\r\n");
	ck_assert_ptr_null(strstr(got, "hello"));
	ck_assert(wait_for_visits(1));
	ck_assert_int_eq(last_visit().http_status, 0);
	network_close(n, true);
}
END_TEST

START_TEST(port_of_ours_is_named)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID), *b = attach(n, CID2);
	struct port p = { .host = 8080, .ctr = 80, .proto = "tcp" };
	struct err e = { 0 };
	char holder[128];

	publish(n, a, "", 8080);
	ck_assert_int_eq(network_publish(n, b, &p, holder, sizeof(holder), &e), -EADDRINUSE);
	ck_assert_str_eq(e.what, "Bind for 0.0.0.0:8080 failed: port is already allocated");
	ck_assert_str_eq(holder, CID);
	ck_assert_ptr_nonnull(strstr(e.hint, "-p 8081:80"));
	network_detach(n, a);
	publish(n, b, "", 8080);	/* free again at once */
	network_close(n, true);
}
END_TEST

START_TEST(port_of_a_stranger_is_named)
{
	struct network *n = world_network();
	struct port p = { .host = 8080, .ctr = 80, .proto = "tcp" };
	struct endpoint *a = attach(n, CID);
	struct err e = { 0 };
	char holder[128], want[64];

	ck_assert_int_ge(tcp_listen(HERE, "127.0.0.1", 8080), 0);
	ck_assert_int_eq(network_publish(n, a, &p, holder, sizeof(holder), &e), -EADDRINUSE);
	ck_assert_str_eq(e.what,
			 "failed to bind host port 0.0.0.0:8080/tcp: address already in use");
	snprintf(want, sizeof(want), "pid %d (network_test)", getpid());
	ck_assert_str_eq(holder, want);
	network_close(n, true);
}
END_TEST

START_TEST(free_ports_are_found)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);

	ck_assert_uint_eq(publish(n, a, "", 0), 32768);
	ck_assert_int_ge(tcp_listen(HERE, "0.0.0.0", 32769), 0);
	ck_assert_uint_eq(publish(n, a, "", 0), 32770);
	network_close(n, true);
}
END_TEST

START_TEST(other_requests_are_refused)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);
	struct port bad = { .host_ip = "300.1.1.1", .host = 8080, .ctr = 80, .proto = "tcp" };
	struct port gone = { .host_ip = "10.77.0.1", .host = 8080, .ctr = 80, .proto = "tcp" };
	struct port udp = { .host = 8080, .ctr = 80, .proto = "udp" };
	struct err e = { 0 };
	char holder[64];

	ck_assert_int_eq(network_publish(n, a, &bad, holder, sizeof(holder), &e), -EINVAL);
	ck_assert_int_eq(network_publish(n, a, &gone, holder, sizeof(holder), &e), -EADDRNOTAVAIL);
	ck_assert_int_eq(network_publish(n, a, &udp, holder, sizeof(holder), &e), -EPROTONOSUPPORT);
	network_close(n, true);
}
END_TEST

START_TEST(half_close_lets_the_answer_through)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);
	char buf[64] = "";

	serve_echo(tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80));
	publish(n, a, "", 8080);
	int fd = tcp_connect(HERE, "127.0.0.1", 8080);
	ck_assert_int_eq(write_all(fd, "ping", 4), 0);
	shutdown(fd, SHUT_WR);
	ck_assert_int_eq(recv(fd, buf, sizeof(buf), MSG_WAITALL), 4);
	ck_assert_str_eq(buf, "ping");
	close(fd);
	ck_assert(wait_for_visits(1));
	ck_assert_uint_eq(last_visit().bytes_in, 4);
	ck_assert_uint_eq(last_visit().bytes_out, 4);
	ck_assert_str_eq(last_visit().request, "");
	network_close(n, true);
}
END_TEST

/* 32 MiB there and back; the reader begins only when the writer is stuck. */
START_TEST(a_slow_reader_slows_the_sender)
{
	enum { TOTAL = 32 << 20, PIECE = 1 << 16 };
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);
	char *piece = mem_alloc(PIECE);
	size_t sent = 0, got = 0;
	ssize_t r;

	serve_echo(tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80));
	publish(n, a, "", 8080);
	int fd = tcp_connect(HERE, "127.0.0.1", 8080);
	for (int stuck = 0; stuck < 20; stuck = r > 0 ? 0 : stuck + 1) {
		r = send(fd, piece, PIECE, MSG_DONTWAIT);
		sent += r > 0 ? r : 0;
		if (r < 0)
			usleep(10000);
	}
	ck_assert_msg(sent < TOTAL, "nothing held %zu bytes back", sent);
	pid_t writer = fork();
	if (writer == 0) {
		for (; sent < TOTAL; sent += r > 0 ? r : 0)
			r = send(fd, piece, sent + PIECE > TOTAL ? TOTAL - sent : PIECE, 0);
		shutdown(fd, SHUT_WR);
		_exit(0);
	}
	while ((r = recv(fd, piece, PIECE, 0)) > 0)
		got += r;
	ck_assert_uint_eq(got, TOTAL);
	waitpid(writer, NULL, 0);
	close(fd);
	ck_assert(wait_for_visits(1));
	ck_assert_uint_eq(last_visit().bytes_out, TOTAL);
	network_close(n, true);
}
END_TEST

START_TEST(a_thousand_at_once)
{
	enum { MANY = 1000 };
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);
	int fd[MANY];
	char c;

	serve_echo(tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80));
	publish(n, a, "", 8080);
	for (int i = 0; i < MANY; i++) {
		fd[i] = tcp_connect(HERE, "127.0.0.1", 8080);
		ck_assert_msg(fd[i] >= 0, "connection %d: %s", i, strerror(-fd[i]));
	}
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(write(fd[i], "x", 1), 1);
	for (int i = 0; i < MANY; i++) {
		ck_assert_int_eq(read(fd[i], &c, 1), 1);
		close(fd[i]);
	}
	ck_assert(wait_for_visits(MANY));
	network_close(n, true);
}
END_TEST

START_TEST(detaching_hangs_up_and_frees_the_port)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);
	char c;

	serve_echo(tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80));
	publish(n, a, "", 8080);
	int fd = tcp_connect(HERE, "127.0.0.1", 8080);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	ck_assert_int_eq(read(fd, &c, 1), 1);
	network_detach(n, a);
	ck_assert_int_le(read(fd, &c, 1), 0);
	ck_assert_int_eq(tcp_connect(HERE, "127.0.0.1", 8080), -ECONNREFUSED);
	ck_assert(wait_for_visits(1));
	network_close(n, true);
}
END_TEST

START_TEST(visitors_that_hang_up_cost_nothing)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);

	serve_page(tcp_listen(endpoint_netns_fd(a), "0.0.0.0", 80), PAGE);
	publish(n, a, "", 8080);
	free(http_get(HERE, "127.0.0.1", 8080, "GET / HTTP/1.0\r\n\r\n"));
	ck_assert(wait_for_visits(1));
	usleep(300000);	/* the pool refills, which takes descriptors */
	int before = count_dir("/proc/self/fd");
	for (int i = 0; i < 50; i++) {
		struct linger reset = { .l_onoff = 1, .l_linger = 0 };
		int fd = tcp_connect(HERE, "127.0.0.1", 8080);
		if (i % 2)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	ck_assert(wait_for_visits(51));
	usleep(100000);
	ck_assert_int_le(count_dir("/proc/self/fd"), before);
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
		struct endpoint *a = attach(n, CID);
		publish(n, a, "", 8080);
		network_close(n, true);
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
		struct endpoint *a = attach(n, CID);
		container = fork();
		if (container == 0) {
			setns(endpoint_netns_fd(a), CLONE_NEWNET);
			for (int fd = 3; fd < 256; fd++)
				close(fd);
			pause();
		}
		publish(n, a, "", 8080);
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

	if (network_adopt(n, CID, container, address, &ep, &e) < 0)
		ck_abort_msg("%s", e.what);
	network_sweep(n);
	ck_assert_str_eq(endpoint_address(ep), address);
	struct endpoint *b = attach(n, CID2);
	ck_assert_str_ne(endpoint_address(b), address);
	serve_page(tcp_listen(endpoint_netns_fd(ep), "0.0.0.0", 80), PAGE);
	publish(n, ep, "", 8080);
	autofree char *got = http_get(HERE, "127.0.0.1", 8080, "GET / HTTP/1.0\r\n\r\n");
	ck_assert_str_eq(got, PAGE);
	autofree char *direct = http_get(endpoint_netns_fd(b), address, 80, "GET / HTTP/1.0\r\n\r\n");
	ck_assert_str_eq(direct, PAGE);
	kill(container, SIGKILL);
	network_close(n, true);
}
END_TEST

START_TEST(a_killed_daemons_leftovers_are_swept)
{
	char address[16];
	pid_t container = killed_daemon(address);

	for (int i = 0; i < 300 && cables() > 1; i++)
		usleep(10000);	/* its pool dies by itself, the container's cable stays */
	ck_assert_int_eq(cables(), 1);
	struct network *n = world_network();
	network_sweep(n);	/* nobody was adopted */
	ck_assert_str_eq(endpoint_address(attach(n, CID)), "172.17.0.3");
	ck_assert_int_ne(sh("ip link show vethac110002 >/dev/null 2>&1"), 0);
	kill(container, SIGKILL);
	network_close(n, true);
}
END_TEST

START_TEST(closing_without_removal_keeps_containers_connected)
{
	struct network *n = world_network();
	struct endpoint *a = attach(n, CID);
	int place = dup(endpoint_netns_fd(a));
	int at_a = tcp_listen(place, "0.0.0.0", 80);

	network_close(n, false);
	ck_assert_int_eq(cables(), 1);
	assert_reaches(HERE, "172.17.0.2", 80, "172.17.0.1", at_a);
	network_close(world_network(), true);
}
END_TEST

static void add_bridge_tests(TCase *t)
{
	tcase_add_test(t, first_container_gets_the_lectures_address);
	tcase_add_test(t, everyone_on_the_bridge_reaches_everyone);
	tcase_add_test(t, outside_sees_the_hosts_address);
	tcase_add_test(t, outside_is_not_let_in);
	tcase_add_test(t, route_of_the_host_is_not_hidden);
	tcase_add_test(t, link_that_is_no_bridge_is_refused);
	tcase_add_test(t, foreign_drop_policy_is_told);
	tcase_add_test(t, a_burst_empties_the_pool_and_goes_on);
	tcase_add_test(t, full_subnet_is_an_error);
}

static void add_port_tests(TCase *t)
{
	tcase_add_test(t, a_visit_is_told);
	tcase_add_test(t, visitors_from_containers_are_known);
	tcase_add_test(t, outside_reaches_a_published_port);
	tcase_add_test(t, ipv6_loopback_is_published_too);
	tcase_add_test(t, loopback_listener_inside_stays_private);
	tcase_add_test(t, port_of_ours_is_named);
	tcase_add_test(t, port_of_a_stranger_is_named);
	tcase_add_test(t, free_ports_are_found);
	tcase_add_test(t, other_requests_are_refused);
	tcase_add_test(t, half_close_lets_the_answer_through);
	tcase_add_test(t, a_slow_reader_slows_the_sender);
	tcase_add_test(t, a_thousand_at_once);
	tcase_add_test(t, detaching_hangs_up_and_frees_the_port);
	tcase_add_test(t, visitors_that_hang_up_cost_nothing);
}

static void add_end_tests(TCase *t)
{
	tcase_add_test(t, closing_leaves_nothing);
	tcase_add_test(t, a_killed_daemons_container_is_adopted);
	tcase_add_test(t, a_killed_daemons_leftovers_are_swept);
	tcase_add_test(t, closing_without_removal_keeps_containers_connected);
}

static Suite *suite(void)
{
	static const struct { const char *name; void (*fill)(TCase *t); } cases[] = {
		{ "bridge", add_bridge_tests }, { "ports", add_port_tests }, { "ends", add_end_tests },
	};
	Suite *s = suite_create("network");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		TCase *t = tcase_create(cases[i].name);
		tcase_set_timeout(t, 30);
		tcase_add_checked_fixture(t, world_enter, NULL);
		cases[i].fill(t);
		suite_add_tcase(s, t);
	}
	return s;
}

int main(void)
{
	if (geteuid() != 0) {
		puts("1..0 # SKIP needs root");
		return 0;
	}
	return unit_run(suite());
}
