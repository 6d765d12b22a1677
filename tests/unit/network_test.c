/* network_test.c - addresses, sniffing, holders: the parts that need no kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "network/address.h"
#include "network/holder.h"
#include "network/sniff.h"
#include "tests/helpers/unit.h"

/* sha256sum of "hello\n" */
#define HELLO "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
#define NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* ---- addresses ---- */

START_TEST(subnets_are_read)
{
	struct subnet s;

	ck_assert_int_eq(subnet_parse("172.17.0.1/16", &s, NULL), 0);
	ck_assert_uint_eq(s.own, 0xac110001);
	ck_assert_int_eq(s.prefix, 16);
	ck_assert_uint_eq(subnet_mask(&s), 0xffff0000);
}
END_TEST

START_TEST(subnets_that_are_none_are_refused)
{
	static const char *const bad[] = {
		"", "172.17.0.1", "172.17.0.1/", "172.17.0.1/x", "172.17.0.1/16x", "172.17.0.1/31",
		"172.17.0.1/7", "300.1.1.1/16", "/16", "172.17.0.0/16", "172.17.255.255/16",
		"a-name-that-is-far-too-long/16", "fd00::1/64", NULL,
	};
	struct err e = { 0 };
	struct subnet s;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(subnet_parse(bad[i], &s, &e) == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(overlap_is_symmetric)
{
	static const struct { const char *a, *b; bool overlap; } rows[] = {
		{ "172.17.0.1/16", "172.17.5.1/24", true },
		{ "172.17.0.1/16", "172.18.0.1/16", false },
		{ "172.16.0.1/12", "172.31.0.1/16", true },
		{ "10.0.0.1/8", "192.168.0.1/16", false },
	};
	struct subnet a, b;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		ck_assert_int_eq(subnet_parse(rows[i].a, &a, NULL), 0);
		ck_assert_int_eq(subnet_parse(rows[i].b, &b, NULL), 0);
		ck_assert(subnet_overlaps(&a, &b) == rows[i].overlap);
		ck_assert(subnet_overlaps(&b, &a) == rows[i].overlap);
	}
}
END_TEST

START_TEST(spare_subnets_end)
{
	struct subnet s, before = { 0 };
	unsigned int n = 0;

	for (; subnet_spare(NULL, 0, n, &s); n++) {
		ck_assert(!n || !subnet_overlaps(&s, &before));
		before = s;
	}
	ck_assert_uint_eq(n, 31);
	ck_assert_uint_eq(before.own, 0xc0a8f001);	/* 192.168.240.1 */
}
END_TEST

START_TEST(pools_are_read)
{
	static const char *const bad[] = { "", "base=10.0.0.0/8", "base=10.0.0.0/16,size=8", "size=24",
		"base=x/8,size=24", "base=10.0.0.0/16,size=31", "base=10.0.0.0/16,size=24 " };
	struct subnet_pool p;
	struct subnet s;

	ck_assert_int_eq(subnet_pool_read("base=10.10.0.0/16,size=24", &p, NULL), 0);
	ck_assert(subnet_spare(&p, 1, 255, &s));
	ck_assert_uint_eq(s.own, 0x0a0aff01);
	ck_assert_int_eq(s.prefix, 24);
	ck_assert(!subnet_spare(&p, 1, 256, &s));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(subnet_pool_read(bad[i], &p, NULL), -EINVAL);
}
END_TEST

START_TEST(addresses_are_given_lowest_first)
{
	static struct addresses a;
	struct subnet s;
	uint32_t one, two, three;

	subnet_parse("172.17.0.1/16", &s, NULL);
	addresses_init(&a, &s);
	ck_assert_int_eq(addresses_take(&a, &one), 0);
	ck_assert_int_eq(addresses_take(&a, &two), 0);
	ck_assert_uint_eq(one, 0xac110002);
	ck_assert_uint_eq(two, 0xac110003);
	addresses_give(&a, one);
	ck_assert_int_eq(addresses_take(&a, &three), 0);
	ck_assert_uint_eq(three, one);
	addresses_reserve(&a, 0xac110004);
	addresses_reserve(&a, 0x0a000001);	/* elsewhere: nothing to reserve */
	ck_assert_int_eq(addresses_take(&a, &three), 0);
	ck_assert_uint_eq(three, 0xac110005);
}
END_TEST

START_TEST(a_subnet_runs_out)
{
	static struct addresses a;
	uint32_t address, n = 0;
	struct subnet s;

	subnet_parse("10.0.0.5/29", &s, NULL);
	addresses_init(&a, &s);
	while (addresses_take(&a, &address) == 0) {
		ck_assert(address != s.own && subnet_contains(&s, address));
		n++;
	}
	ck_assert_uint_eq(n, 5);	/* 8, less network, broadcast and the bridge */
	ck_assert_int_eq(addresses_take(&a, &address), -EADDRNOTAVAIL);
}
END_TEST

START_TEST(addresses_have_names)
{
	char text[ADDRESS_TEXT];
	uint8_t mac[6];

	ck_assert_str_eq(address_text(0xffffffff, text), "255.255.255.255");
	address_mac(0xac110002, mac);
	ck_assert_mem_eq(mac, "\x02\x42\xac\x11\x00\x02", 6);
}
END_TEST

/* ---- sniffing ---- */

struct spoken {
	const char *request, *response;
	bool ends;			/* the container closes after it */
	int status;
	const char *line, *sha256;
};

static const struct spoken talks[] = {
	{ "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", false,
	  200, "GET / HTTP/1.1", HELLO },
	{ "GET / HTTP/1.1\r\n\r\n",
	  "HTTP/1.1 200 OK\r\nTRANSFER-encoding: gzip, chunked\r\n\r\n2\r\nhe\r\n"
	  "4;x=y\r\nllo\n\r\n0\r\n"
	  "Trailer: x\r\n\r\n", false, 200, "GET / HTTP/1.1", HELLO },
	{ "GET / HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nhello\n", true,
	  200, "GET / HTTP/1.0", HELLO },
	{ "GET / HTTP/1.0\n\n", "HTTP/1.0 200 OK\n\nhello\n", true, 200, "GET / HTTP/1.0", HELLO },
	{ "HEAD / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", false,
	  200, "HEAD / HTTP/1.1", NOTHING },
	{ "GET /x HTTP/1.1\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n", false,
	  304, "GET /x HTTP/1.1", NOTHING },
	{ "POST /x HTTP/1.1\r\nExpect: 100-continue\r\n\r\n",
	  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", false,
	  404, "POST /x HTTP/1.1", NOTHING },
	{ "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\nhello\n", true,
	  200, "GET / HTTP/1.1", "" },	/* cut off: no digest of half a page */
	{ "\x16\x03\x01\x02", "\x16\x03\x03\x02", true, 0, "", "" },
	{ "GARBAGE\n", "HTTP/1.1 200 OK\r\n\r\n", true, 0, "", "" },
	{ "GET / HTTP/1.1\r\n\r\n", "220 mail.example\r\n", true, 0, "GET / HTTP/1.1", "" },
	{ "", "", true, 0, "", "" },
};

static void hear(const struct spoken *t, size_t piece, struct sniff *s)
{
	sniff_begin(s);
	for (size_t at = 0, n = strlen(t->request); at < n; at += piece)
		sniff_request(s, t->request + at, n - at < piece ? n - at : piece);
	for (size_t at = 0, n = strlen(t->response); at < n; at += piece)
		sniff_response(s, t->response + at, n - at < piece ? n - at : piece);
	ck_assert(sniff_complete(s) || t->ends || !t->sha256[0]);
	if (t->ends)
		sniff_end(s);
}

START_TEST(http_is_understood_however_it_is_cut)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 4096 };
	struct sniff s;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		hear(&talks[_i], pieces[i], &s);
		ck_assert_int_eq(s.status, talks[_i].status);
		ck_assert_str_eq(s.request, talks[_i].line);
		ck_assert_str_eq(s.body_sha256, talks[_i].sha256);
		sniff_free(&s);
	}
}
END_TEST

START_TEST(long_lines_are_cut)
{
	char line[4 * SNIFF_LINE];
	struct sniff s;

	sniff_begin(&s);
	memset(line, 'A', sizeof(line));
	memcpy(line, "GET /", 5);
	sniff_request(&s, line, sizeof(line));
	sniff_request(&s, "\r\n", 2);
	sniff_response(&s, line, sizeof(line));
	sniff_response(&s, "\r\n", 2);
	ck_assert_int_eq(s.status, 0);
	sniff_free(&s);
}
END_TEST

START_TEST(long_bodies_are_not_digested)
{
	static const char zeros[1 << 16];
	char head[128];
	struct sniff s;

	sniff_begin(&s);
	sniff_request(&s, "GET / HTTP/1.1\r\n", 16);
	snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n",
		 SNIFF_BODY_MAX + 65536);
	sniff_response(&s, head, strlen(head));
	for (size_t sent = 0; sent < SNIFF_BODY_MAX + sizeof(zeros); sent += sizeof(zeros))
		sniff_response(&s, zeros, sizeof(zeros));
	ck_assert(sniff_complete(&s));
	ck_assert_int_eq(s.status, 200);
	ck_assert_str_eq(s.body_sha256, "");
	sniff_free(&s);
}
END_TEST

/* ---- holders ---- */

static void put(const char *root, const char *path, const char *text)
{
	autofree char *whole = str_printf("%s/%s", root, path);
	autofree char *dir = str_dup(whole);

	*strrchr(dir, '/') = '\0';
	ck_assert_int_eq(dir_make(dir, 0755, NULL), 0);
	ck_assert_int_eq(file_write_atomic(whole, text, strlen(text), 0644, NULL), 0);
}

/* A /proc with one listener on 8080 (0x1F90), held by process 42. */
static void make_proc(char *root)
{
	char link[128];

	ck_assert_ptr_nonnull(mkdtemp(root));
	put(root, "thread-self/net/tcp",
	    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
	    "   0: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0"
	    "        0 7 1 x\n"
	    "   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0"
	    "        0 4711 1 x\n");
	put(root, "41/comm", "other\n");
	put(root, "42/comm", "nginx\n");
	put(root, "42/fd/keep", "");
	snprintf(link, sizeof(link), "%s/42/fd/3", root);
	ck_assert_int_eq(symlink("socket:[4711]", link), 0);
}

START_TEST(holders_are_found)
{
	char root[] = "/tmp/drydock-proc.XXXXXX", holder[64];

	make_proc(root);
	holder_find(root, "tcp", 8080, holder, sizeof(holder));
	ck_assert_str_eq(holder, "pid 42 (nginx)");
	holder_find(root, "tcp", 8081, holder, sizeof(holder));
	ck_assert_str_eq(holder, "");
	dir_remove(root, NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("network");
	TCase *addresses = tcase_create("addresses"), *sniffing = tcase_create("sniffing");
	TCase *holders = tcase_create("holders");

	tcase_add_test(addresses, subnets_are_read);
	tcase_add_test(addresses, subnets_that_are_none_are_refused);
	tcase_add_test(addresses, overlap_is_symmetric);
	tcase_add_test(addresses, spare_subnets_end);
	tcase_add_test(addresses, pools_are_read);
	tcase_add_test(addresses, addresses_are_given_lowest_first);
	tcase_add_test(addresses, a_subnet_runs_out);
	tcase_add_test(addresses, addresses_have_names);
	tcase_add_loop_test(sniffing, http_is_understood_however_it_is_cut, 0,
			    ARRAY_SIZE(talks));
	tcase_add_test(sniffing, long_lines_are_cut);
	tcase_add_test(sniffing, long_bodies_are_not_digested);
	tcase_add_test(holders, holders_are_found);
	suite_add_tcase(s, addresses);
	suite_add_tcase(s, sniffing);
	suite_add_tcase(s, holders);
	return s;
}

UNIT_MAIN(suite)
