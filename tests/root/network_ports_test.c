/* network_ports_test.c - published ports on the real kernel, in a namespace that
 * plays the host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "tests/root/network_world.h"

static int listen_80(const struct endpoint *ep)
{
	return tcp_listen(endpoint_netns_fd(ep), "0.0.0.0", 80);
}

/* A network with one container, whose page is at the host's port 8080. */
static struct network *page_on_8080(struct endpoint **ep)
{
	struct network *n = world_network();

	*ep = world_attach(n, CID);
	serve_page(listen_80(*ep), PAGE);
	world_publish(n, *ep, "", 8080);
	return n;
}

START_TEST(a_visit_is_told)
{
	struct endpoint *a;
	struct network *n = page_on_8080(&a);

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
	struct endpoint *a;
	struct network *n = page_on_8080(&a);
	struct endpoint *b = world_attach(n, CID2);

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
	struct endpoint *a = world_attach(n, CID);
	int outside = world_place();

	world_cable(outside);
	serve_page(listen_80(a), PAGE);
	world_publish(n, a, "", 8080);
	world_publish(n, a, "127.0.0.1", 8081);
	autofree char *got = http_get(outside, "10.9.0.1", 8080, "GET / HTTP/1.0\r\n\r\n");
	ck_assert_str_eq(got, PAGE);
	ck_assert_int_eq(tcp_connect(outside, "10.9.0.1", 8081), -ECONNREFUSED);
	network_close(n, true);
}
END_TEST

START_TEST(ipv6_loopback_is_published_too)
{
	struct endpoint *a;
	struct network *n = page_on_8080(&a);

	if (network_ipv6(n))
		ck_assert_int_eq(sh("curl -gs -m 3 http://[::1]:8080/ | grep -q hello"), 0);
	network_close(n, true);
}
END_TEST

START_TEST(loopback_listener_inside_stays_private)
{
	struct network *n = world_network();
	struct endpoint *a = world_attach(n, CID);

	serve_page(tcp_listen(endpoint_netns_fd(a), "127.0.0.1", 80), PAGE);
	world_publish(n, a, "", 8080);
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
	struct endpoint *a = world_attach(n, CID), *b = world_attach(n, CID2);
	struct port p = { .host = 8080, .ctr = 80, .proto = "tcp" };
	struct err e = { 0 };
	char holder[128];

	world_publish(n, a, "", 8080);
	ck_assert_int_eq(network_publish(n, b, &p, holder, sizeof(holder), &e), -EADDRINUSE);
	ck_assert_str_eq(e.what, "Bind for 0.0.0.0:8080 failed: port is already allocated");
	ck_assert_str_eq(holder, CID);
	ck_assert_ptr_nonnull(strstr(e.hint, "-p 8081:80"));
	network_detach(n, a);
	world_publish(n, b, "", 8080);	/* free again at once */
	network_close(n, true);
}
END_TEST

START_TEST(port_of_a_stranger_is_named)
{
	struct network *n = world_network();
	struct port p = { .host = 8080, .ctr = 80, .proto = "tcp" };
	struct endpoint *a = world_attach(n, CID);
	struct err e = { 0 };
	char holder[128], want[64];

	ck_assert_int_ge(tcp_listen(HERE, "127.0.0.1", 8080), 0);
	ck_assert_int_eq(network_publish(n, a, &p, holder, sizeof(holder), &e), -EADDRINUSE);
	ck_assert_str_eq(e.what,
			 "failed to bind host port 0.0.0.0:8080/tcp: address already in use");
	snprintf(want, sizeof(want), "pid %d (network_ports_t)", getpid());
	ck_assert_str_eq(holder, want);
	network_close(n, true);
}
END_TEST

START_TEST(free_ports_are_found)
{
	struct network *n = world_network();
	struct endpoint *a = world_attach(n, CID);

	ck_assert_uint_eq(world_publish(n, a, "", 0), 32768);
	ck_assert_int_ge(tcp_listen(HERE, "0.0.0.0", 32769), 0);
	ck_assert_uint_eq(world_publish(n, a, "", 0), 32770);
	network_close(n, true);
}
END_TEST

START_TEST(other_requests_are_refused)
{
	struct network *n = world_network();
	struct endpoint *a = world_attach(n, CID);
	struct port bad = { .host_ip = "300.1.1.1", .host = 8080, .ctr = 80, .proto = "tcp" };
	struct port gone = { .host_ip = "10.77.0.1", .host = 8080, .ctr = 80, .proto = "tcp" };
	struct port sctp = { .host = 8080, .ctr = 80, .proto = "sctp" };
	struct err e = { 0 };
	char holder[64];

	ck_assert_int_eq(network_publish(n, a, &bad, holder, sizeof(holder), &e), -EINVAL);
	ck_assert_int_eq(network_publish(n, a, &gone, holder, sizeof(holder), &e), -EADDRNOTAVAIL);
	ck_assert_int_eq(network_publish(n, a, &sctp, holder, sizeof(holder), &e), -EPROTONOSUPPORT);
	network_close(n, true);
}
END_TEST

START_TEST(half_close_lets_the_answer_through)
{
	struct network *n = world_network();
	struct endpoint *a = world_attach(n, CID);
	char buf[64] = "";

	serve_echo(listen_80(a));
	world_publish(n, a, "", 8080);
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

/* 256 MiB there and back, more than all buffers of the kernel on the way; the
 * reader begins only when the writer is stuck. */
START_TEST(a_slow_reader_slows_the_sender)
{
	enum { TOTAL = 256 << 20, PIECE = 1 << 16 };
	struct network *n = world_network();
	struct endpoint *a = world_attach(n, CID);
	autofree char *piece = mem_alloc(PIECE);
	size_t sent = 0, got = 0;
	ssize_t r;

	serve_echo(listen_80(a));
	world_publish(n, a, "", 8080);
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
	struct endpoint *a = world_attach(n, CID);
	int fd[MANY];
	char c;

	serve_echo(listen_80(a));
	world_publish(n, a, "", 8080);
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
	struct endpoint *a = world_attach(n, CID);
	char c;

	serve_echo(listen_80(a));
	world_publish(n, a, "", 8080);
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
	struct endpoint *a;
	struct network *n = page_on_8080(&a);

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

int main(void)
{
	const TTest *const ports_tests[] = {
		a_visit_is_told,
		visitors_from_containers_are_known,
		outside_reaches_a_published_port,
		ipv6_loopback_is_published_too,
		loopback_listener_inside_stays_private,
		port_of_ours_is_named,
		port_of_a_stranger_is_named,
		free_ports_are_found,
		other_requests_are_refused,
		half_close_lets_the_answer_through,
		a_slow_reader_slows_the_sender,
		a_thousand_at_once,
		detaching_hangs_up_and_frees_the_port,
		visitors_that_hang_up_cost_nothing,
		NULL,
	};
	const struct network_case cases[] = {
		{ "ports", ports_tests },
	};

	return network_main(cases, ARRAY_SIZE(cases));
}
