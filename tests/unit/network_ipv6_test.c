/* network_ipv6_test.c - subnets and addresses of IPv6: read, divided, handed out. */
#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "network/address6.h"
#include "tests/helpers/unit.h"

static address6 at(const char *text)
{
	address6 a = 0;

	ck_assert_msg(address6_read(text, &a), "%s", text);
	return a;
}

static struct subnet6 subnet(const char *text)
{
	struct subnet6 s = { 0 };

	ck_assert_msg(subnet6_read(text, &s), "%s", text);
	return s;
}

START_TEST(addresses_are_read_and_written)
{
	static const struct { const char *in, *out; } rows[] = {
		{ "fd00::2", "fd00::2" }, { "FD00:0:0:0::0002", "fd00::2" }, { "::", "::" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};
	static const char *const bad[] = { "", "fd00::2/64", "1.2.3.4", "fd00::g", "fd00:::1", "1::2::3" };
	char text[ADDRESS6_TEXT];
	uint8_t bytes[16];
	address6 a;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_str_eq(address6_text(at(rows[i].in), text), rows[i].out);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(!address6_read(bad[i], &a), "%s", bad[i]);
	address6_bytes(at("0102:304::ff"), bytes);
	ck_assert_mem_eq(bytes, "\x01\x02\x03\x04\0\0\0\0\0\0\0\0\0\0\0\xff", 16);
	ck_assert(address6_from(bytes) == at("0102:304::ff"));
}
END_TEST

START_TEST(subnets_are_read)
{
	static const char *const bad[] = { "", "fd00::1", "fd00::1/", "fd00::/129", "fd00::/x", "fd00::/6x",
		"10.0.0.0/8", "/64", "fd00::/-1", "a-name-that-is-longer-than-any-address-could-ever-be/64" };
	struct subnet6 s = subnet("fd00:1:2:3:4::5/64");
	char text[SUBNET6_TEXT];

	ck_assert_str_eq(subnet6_text(&s, text), "fd00:1:2:3::/64");
	ck_assert(subnet6_contains(&s, at("fd00:1:2:3:ffff::")));
	ck_assert(!subnet6_contains(&s, at("fd00:1:2:4::")));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(!subnet6_read(bad[i], &s), "%s", bad[i]);
	s = subnet("::/0");
	ck_assert(subnet6_contains(&s, at("ffff::")));
	s = subnet("fd00::1/128");
	ck_assert(!subnet6_contains(&s, at("fd00::")));
}
END_TEST

START_TEST(overlap_is_symmetric)
{
	static const struct { const char *a, *b; bool overlap; } rows[] = {
		{ "fd00::/48", "fd00:0:0:5::/64", true }, { "fd00::/64", "fd00:0:0:1::/64", false },
		{ "::/0", "fd00::/8", true }, { "fd00::/65", "fd00::8000:0:0:0/65", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct subnet6 a = subnet(rows[i].a), b = subnet(rows[i].b);
		ck_assert(subnet6_overlaps(&a, &b) == rows[i].overlap);
		ck_assert(subnet6_overlaps(&b, &a) == rows[i].overlap);
	}
}
END_TEST

START_TEST(pools_are_divided)
{
	static const char *const bad[] = { "", "base=fd00::/64,size=48", "base=fd00::/64,size=127",
		"base=fd00::,size=64", "base=10.0.0.0/8,size=24", "base=fd00::/48,size=64 ",
		"base=fd00::/0,size=64" };
	struct subnet6_pool p[2];
	char text[SUBNET6_TEXT];
	struct subnet6 s;

	ck_assert_int_eq(subnet6_pool_read("base=fd00::/62,size=64", &p[0], NULL), 0);
	ck_assert_int_eq(subnet6_pool_read("base=fd01::/8,size=80", &p[1], NULL), 0);
	ck_assert(subnet6_spare(p, 2, 3, &s));
	ck_assert_str_eq(subnet6_text(&s, text), "fd00:0:0:3::/64");
	ck_assert(s.own == at("fd00:0:0:3::1"));
	ck_assert(!subnet6_spare(p, 1, 4, &s));
	ck_assert(subnet6_spare(p, 2, 5, &s));	/* the second pool's second */
	ck_assert_str_eq(subnet6_text(&s, text), "fd00::1:0:0:0/80");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(subnet6_pool_read(bad[i], &p[0], NULL) == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(local_subnets_are_local_and_steady)
{
	struct subnet6_pool one, two, other;
	struct subnet6 s, local = subnet("fd00::/8");

	subnet6_local("host a", &one);
	subnet6_local("host a", &two);
	subnet6_local("host b", &other);
	ck_assert(one.first == two.first && one.first != other.first);
	ck_assert(subnet6_spare(&one, 1, 0, &s));
	ck_assert(subnet6_contains(&local, s.own));
	ck_assert_int_eq(s.prefix, 64);
	ck_assert(subnet6_spare(&one, 1, 65535, &s));
	ck_assert(!subnet6_spare(&one, 1, 65536, &s));
}
END_TEST

START_TEST(addresses_are_given_lowest_first)
{
	struct subnet6 net = subnet("fd00::1/64");
	struct addresses6 a;
	address6 one, two, three;

	addresses6_init(&a, &net);
	ck_assert_int_eq(addresses6_take(&a, &one), 0);
	ck_assert_int_eq(addresses6_take(&a, &two), 0);
	ck_assert(one == at("fd00::2") && two == at("fd00::3"));
	addresses6_give(&a, one);
	addresses6_give(&a, one);	/* nobody has it: nothing to give */
	ck_assert_int_eq(addresses6_take(&a, &three), 0);
	ck_assert(three == one);
	addresses6_reserve(&a, at("fd00::4"));
	addresses6_reserve(&a, at("fd01::4"));	/* elsewhere */
	ck_assert_int_eq(addresses6_take(&a, &three), 0);
	ck_assert(three == at("fd00::5"));
	addresses6_free(&a);
}
END_TEST

START_TEST(addresses_are_claimed)
{
	struct subnet6 net = subnet("fd00::1/64");
	struct addresses6 a;

	addresses6_init(&a, &net);
	ck_assert_int_eq(addresses6_claim(&a, at("fd00::ffff:ffff:ffff:ffff")), 0);
	ck_assert_int_eq(addresses6_claim(&a, at("fd00::ffff:ffff:ffff:ffff")), -EADDRINUSE);
	ck_assert_int_eq(addresses6_claim(&a, at("fd00::1")), -EADDRINUSE);
	ck_assert_int_eq(addresses6_claim(&a, at("fd00::")), -EADDRINUSE);
	ck_assert_int_eq(addresses6_claim(&a, at("fd01::1")), -ERANGE);
	addresses6_free(&a);
}
END_TEST

START_TEST(a_range_runs_out)
{
	struct subnet6 net = subnet("fd00::1/64"), range = subnet("fd00::ff00/126");
	struct subnet6 last = subnet("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffd/126");
	struct addresses6 a;
	address6 got;
	int n = 0;

	addresses6_init(&a, &net);
	addresses6_confine(&a, &range);
	addresses6_reserve(&a, at("fd00::ff02"));
	for (; addresses6_take(&a, &got) == 0; n++)
		ck_assert(subnet6_contains(&range, got) && got != at("fd00::ff02"));
	ck_assert_int_eq(n, 3);
	addresses6_give(&a, at("fd00::ff01"));
	ck_assert_int_eq(addresses6_take(&a, &got), 0);
	ck_assert(got == at("fd00::ff01"));
	addresses6_free(&a);
	addresses6_init(&a, &last);	/* up to the very last address there is */
	for (n = 0; addresses6_take(&a, &got) == 0; n++)
		ck_assert(subnet6_contains(&last, got));
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(addresses6_take(&a, &got), -EADDRNOTAVAIL);
	addresses6_free(&a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("network_ipv6");
	TCase *t = tcase_create("ipv6");

	tcase_add_test(t, addresses_are_read_and_written);
	tcase_add_test(t, subnets_are_read);
	tcase_add_test(t, overlap_is_symmetric);
	tcase_add_test(t, pools_are_divided);
	tcase_add_test(t, local_subnets_are_local_and_steady);
	tcase_add_test(t, addresses_are_given_lowest_first);
	tcase_add_test(t, addresses_are_claimed);
	tcase_add_test(t, a_range_runs_out);
	suite_add_tcase(s, t);
	return unit_run(s);
}
