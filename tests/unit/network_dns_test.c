/* network_dns_test.c - DNS messages: ours are read by the C library's parser, which we
 * didn't write; theirs are cut and changed at every byte. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#include "network/address.h"
#include "network/dns.h"
#include "tests/helpers/unit.h"

/* A query as the C library writes it. */
static size_t query(const char *name, int type, unsigned char out[512])
{
	struct __res_state state = { 0 };

	ck_assert_int_eq(res_ninit(&state), 0);
	int n = res_nmkquery(&state, ns_o_query, name, ns_c_in, type, NULL, 0, NULL, out, 512);
	res_nclose(&state);
	ck_assert_int_gt(n, 0);
	return (size_t)n;
}

START_TEST(a_question_is_read)
{
	unsigned char m[512];
	struct dns_question q;
	size_t n = query("Web.Back", ns_t_a, m);

	ck_assert(dns_read_question(m, n, &q));
	ck_assert_str_eq(q.name, "web.back");
	ck_assert_uint_eq(q.type, DNS_A);
	ck_assert_uint_eq(q.end, n);
	n = query(".", ns_t_aaaa, m);
	ck_assert(dns_read_question(m, n, &q));
	ck_assert_str_eq(q.name, "");
	ck_assert_uint_eq(q.type, DNS_AAAA);
}
END_TEST

START_TEST(bad_questions_are_refused)
{
	unsigned char m[512], bad[512];
	struct dns_question q;
	size_t n = query("web.back", ns_t_a, m);

	for (size_t cut = 0; cut < n; cut++) {	/* in memory of its own, for the sanitizer */
		unsigned char *part = malloc(cut ? cut : 1);
		memcpy(part, m, cut);
		ck_assert(!dns_read_question(part, cut, &q));
		free(part);
	}
	for (size_t i = 0; i < n; i++)
		for (int v = 0; v < 256; v++) {
			memcpy(bad, m, n);
			bad[i] = (unsigned char)v;
			if (dns_read_question(bad, n, &q))
				ck_assert_uint_le(q.end, n);
		}
	memcpy(bad, m, n);
	bad[2] |= 0x80;		/* an answer */
	ck_assert(!dns_read_question(bad, n, &q));
	memcpy(bad, m, n);
	bad[DNS_HEADER] = 0xc0;	/* points back at something */
	ck_assert(!dns_read_question(bad, n, &q));
	memcpy(bad, m, n);
	bad[DNS_HEADER + 1] = '.';	/* "w.b" in one label isn't w in b */
	ck_assert(dns_read_question(bad, n, &q));
	ck_assert_ptr_null(memchr(q.name, '.', 3));
}
END_TEST

START_TEST(answers_are_understood)
{
	unsigned char m[512];
	struct dns_question q;
	struct dns_reply r;
	ns_msg msg;
	ns_rr rr;

	size_t n = query("web", ns_t_a, m);
	ck_assert(dns_read_question(m, n, &q));
	dns_begin(&r, m, &q, DNS_OK);
	dns_add_address(&r, 0xac120002);
	dns_add_address(&r, 0xac120003);
	ck_assert_int_eq(ns_initparse(r.data, (int)r.len, &msg), 0);
	ck_assert_int_eq(ns_msg_id(msg), m[0] << 8 | m[1]);
	ck_assert_int_eq(ns_msg_getflag(msg, ns_f_qr), 1);
	ck_assert_int_eq(ns_msg_getflag(msg, ns_f_rcode), ns_r_noerror);
	ck_assert_int_eq(ns_msg_count(msg, ns_s_an), 2);
	ck_assert_int_eq(ns_parserr(&msg, ns_s_an, 1, &rr), 0);
	ck_assert_str_eq(ns_rr_name(rr), "web");
	ck_assert_int_eq(ns_rr_type(rr), ns_t_a);
	ck_assert_int_eq(ns_rr_ttl(rr), 600);
	ck_assert_mem_eq(ns_rr_rdata(rr), "\xac\x12\x00\x03", 4);
}
END_TEST

START_TEST(names_are_found_from_addresses)
{
	unsigned char m[512];
	char name[NS_MAXDNAME];
	struct dns_question q;
	struct dns_reply r;
	uint32_t address;
	ns_msg msg;
	ns_rr rr;

	size_t n = query("2.0.18.172.in-addr.arpa", ns_t_ptr, m);
	ck_assert(dns_read_question(m, n, &q));
	ck_assert(dns_reverse_name(q.name, &address));
	ck_assert_uint_eq(address, 0xac120002);
	ck_assert(!dns_reverse_name("2.0.18.in-addr.arpa", &address));
	ck_assert(!dns_reverse_name("2.0.18.999.in-addr.arpa", &address));
	ck_assert(!dns_reverse_name("2.0.18.172.in-addr.arpa.x", &address));
	dns_begin(&r, m, &q, DNS_OK);
	dns_add_name(&r, "web.back");
	ck_assert_int_eq(ns_initparse(r.data, (int)r.len, &msg), 0);
	ck_assert_int_eq(ns_parserr(&msg, ns_s_an, 0, &rr), 0);
	ck_assert_int_gt(ns_name_uncompress(ns_msg_base(msg), ns_msg_end(msg), ns_rr_rdata(rr),
					    name, sizeof(name)), 0);
	ck_assert_str_eq(name, "web.back");
}
END_TEST

START_TEST(ipv6_is_answered)
{
	static const char reverse[] = "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
				      "0.0.0.0.0.0.0.0.6.6.0.0.0.0.d.f.ip6.arpa";
	unsigned char m[512], want[16];
	char cut[sizeof(reverse)];
	struct dns_question q;
	struct dns_reply r;
	address6 address;
	ns_msg msg;
	ns_rr rr;

	ck_assert_int_eq(inet_pton(AF_INET6, "fd00:66::2", want), 1);
	size_t n = query(reverse, ns_t_ptr, m);
	ck_assert(dns_read_question(m, n, &q));
	ck_assert(dns_reverse_name6(q.name, &address));
	ck_assert(address == address6_from(want));
	for (size_t i = 0; i + 1 < sizeof(reverse); i++) {
		memcpy(cut, reverse, i);
		cut[i] = '\0';
		ck_assert_msg(!dns_reverse_name6(cut, &address), "%s", cut);
	}
	ck_assert(!dns_reverse_name6("web.back", &address));
	n = query("web", ns_t_aaaa, m);
	ck_assert(dns_read_question(m, n, &q));
	dns_begin(&r, m, &q, DNS_OK);
	dns_add_address6(&r, address6_from(want));
	ck_assert_int_eq(ns_initparse(r.data, (int)r.len, &msg), 0);
	ck_assert_int_eq(ns_parserr(&msg, ns_s_an, 0, &rr), 0);
	ck_assert_int_eq(ns_rr_type(rr), ns_t_aaaa);
	ck_assert_int_eq(ns_rr_rdlen(rr), 16);
	ck_assert_mem_eq(ns_rr_rdata(rr), want, 16);
}
END_TEST

START_TEST(a_reply_never_overflows)
{
	unsigned char m[512];
	struct dns_question q;
	struct dns_reply r;
	ns_msg msg;

	size_t n = query("web", ns_t_a, m);
	ck_assert(dns_read_question(m, n, &q));
	dns_begin(&r, m, &q, DNS_OK);
	for (uint32_t i = 0; i < 1000; i++)
		dns_add_address(&r, i);
	ck_assert_uint_le(r.len, DNS_REPLY_MAX);
	ck_assert_int_eq(ns_initparse(r.data, (int)r.len, &msg), 0);
	ck_assert_int_gt(ns_msg_count(msg, ns_s_an), 50);
}
END_TEST

START_TEST(addresses_are_claimed_and_confined)
{
	static struct addresses a;
	struct subnet s, range;
	uint32_t one;

	ck_assert(subnet_read("10.77.0.9/16", &s));
	ck_assert(subnet_read("10.77.5.0/24", &range));
	addresses_init(&a, &s);
	addresses_confine(&a, &range);
	ck_assert_int_eq(addresses_take(&a, &one), 0);
	ck_assert_uint_eq(one, 0x0a4d0500);	/* no end of the subnet: an address like others */
	ck_assert_int_eq(addresses_claim(&a, 0x0a4d0909), 0);
	ck_assert_int_eq(addresses_claim(&a, 0x0a4d0909), -EADDRINUSE);
	ck_assert_int_eq(addresses_claim(&a, 0x0a4d0009), -EADDRINUSE);	/* the gateway */
	ck_assert_int_eq(addresses_claim(&a, 0x0a4e0001), -ERANGE);
	for (int i = 0; i < 255; i++)
		ck_assert_int_eq(addresses_take(&a, &one), 0);
	ck_assert_int_eq(addresses_take(&a, &one), -EADDRNOTAVAIL);
	ck_assert(subnet_read("10.0.0.1/8", &s));	/* its range is past the first 65,536 */
	addresses_init(&a, &s);
	addresses_confine(&a, &range);
	ck_assert_int_eq(addresses_take(&a, &one), 0);
	ck_assert_uint_eq(one, 0x0a4d0500);
	addresses_give(&a, one);
	ck_assert_int_eq(addresses_claim(&a, one), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("network_dns");
	TCase *dns = tcase_create("messages"), *addresses = tcase_create("addresses");

	tcase_add_test(dns, a_question_is_read);
	tcase_add_test(dns, bad_questions_are_refused);
	tcase_add_test(dns, answers_are_understood);
	tcase_add_test(dns, names_are_found_from_addresses);
	tcase_add_test(dns, ipv6_is_answered);
	tcase_add_test(dns, a_reply_never_overflows);
	tcase_add_test(addresses, addresses_are_claimed_and_confined);
	suite_add_tcase(s, dns);
	suite_add_tcase(s, addresses);
	return s;
}

UNIT_MAIN(suite)
