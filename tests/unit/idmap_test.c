/* idmap_test.c - whose numbers containers have: subuid(5), there and back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/idmap.h"
#include "tests/helpers/unit.h"

static char etc[] = "/tmp/idmap-test.XXXXXX";

static void put(const char *file, const char *text)
{
	autofree char *path = str_printf("%s/%s", etc, file);
	ck_assert_int_eq(file_write_atomic(path, text, strlen(text), 0644, NULL), 0);
}

static void set_up(void)
{
	strcpy(etc, "/tmp/idmap-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(etc));
	put("passwd", "root:x:0:0::/:/bin/sh\nann:x:1000:1000::/:/bin/sh\nbob:x:1001:1001::/:\n");
	put("group", "root:x:0:\nann:x:1000:\nbob:x:1001:\nlab:x:7:ann,bob\n");
	put("subuid", "bob:1:1\nann:100000:10\n1000:200000:5\nann:x:9\nann:300000:0\n\nann\n");
	put("subgid", "ann:400000:65536\nlab:500000:65536\n7:1:1\n");
}

static void tear_down(void)
{
	idmap_choose("", etc, NULL);
	dir_remove(etc, NULL);
}

START_TEST(without_a_mapping_numbers_are_the_same)
{
	ck_assert_int_eq(idmap_choose("", etc, NULL), 0);
	ck_assert(!idmap_active());
	ck_assert_uint_eq(idmap_uid_out(5), 5);
	ck_assert_uint_eq(idmap_gid_in(100000), 100000);
	ck_assert_int_eq(idmap_choose("root", etc, NULL), 0);
	ck_assert(!idmap_active());
}
END_TEST

START_TEST(ranges_of_name_and_number_follow_one_another)
{
	ck_assert_int_eq(idmap_choose("ann", etc, NULL), 0);
	ck_assert(idmap_active());
	autofree char *text = idmap_uid_text();
	ck_assert_str_eq(text, "0 100000 10\n10 200000 5\n");
	ck_assert_uint_eq(idmap_uid_out(9), 100009);
	ck_assert_uint_eq(idmap_uid_out(10), 200000);
	ck_assert_uint_eq(idmap_uid_in(200004), 14);
	ck_assert_uint_eq(idmap_uid_in(200005), 200005);	/* nobody's in there */
	ck_assert(idmap_has_uid(14) && !idmap_has_uid(15));
	ck_assert_uint_eq(idmap_gid_out(0), 400000);
}
END_TEST

START_TEST(the_group_may_be_another)
{
	static const char *const same[] = { "ann:lab", "1000:lab", "ann:7", "1000:7" };
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		ck_assert_int_eq(idmap_choose(same[i], etc, NULL), 0);
		ck_assert_uint_eq(idmap_uid_out(0), 100000);
		autofree char *text = idmap_gid_text();
		ck_assert_str_eq(text, "0 500000 65536\n65536 1 1\n");
	}
}
END_TEST

START_TEST(who_has_no_numbers_is_told)
{
	static const struct { const char *who, *part; } bad[] = {
		{ "carl", "Error during uid lookup for \"carl\"" }, { "5", "Uid 5 has no entry" },
		{ "ann:carl", "Error during groupname lookup for \"carl\"" },
		{ "ann:5", "Gid 5 has no entry" }, { "bob", "No subgid ranges found for group \"bob\"" },
		{ ":", "invalid user/group specification" }, { "ann:", "invalid user/group" },
		{ "default", "\"dockremap\"" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = { 0 };
		ck_assert_int_eq(idmap_choose(bad[i].who, etc, &e), -EINVAL);
		ck_assert_msg(strstr(e.what, bad[i].part), "%s: %s", bad[i].who, e.what);
		ck_assert(!idmap_active());
	}
}
END_TEST

/* What `setcap cap_net_raw+ep` writes, and what the kernel keeps of it for a user
 * namespace (seen with getfattr -e hex). */
START_TEST(file_capabilities_name_the_root_they_are_for)
{
	static const unsigned char two[] = { 1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
					     0, 0, 0, 0 };
	static const unsigned char three[] = { 1, 0, 0, 3, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
					       0, 0, 0, 0, 0xa0, 0x86, 1, 0 };
	unsigned char out[24];
	ck_assert_uint_eq(idmap_caps_out("security.capability", two, sizeof(two), out), 0);
	ck_assert_int_eq(idmap_choose("ann", etc, NULL), 0);
	ck_assert_uint_eq(idmap_caps_out("user.x", two, sizeof(two), out), 0);
	ck_assert_uint_eq(idmap_caps_out("security.capability", two, sizeof(two), out), 24);
	ck_assert_mem_eq(out, three, sizeof(three));
	ck_assert_uint_eq(idmap_caps_in("security.capability", three, sizeof(three), out), 20);
	ck_assert_mem_eq(out, two, sizeof(two));
	ck_assert_uint_eq(idmap_caps_in("security.capability", three, 19, out), 0);
}
END_TEST

static Suite *idmap_suite(void)
{
	Suite *s = suite_create("idmap");
	TCase *t = tcase_create("idmap");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, without_a_mapping_numbers_are_the_same);
	tcase_add_test(t, ranges_of_name_and_number_follow_one_another);
	tcase_add_test(t, the_group_may_be_another);
	tcase_add_test(t, who_has_no_numbers_is_told);
	tcase_add_test(t, file_capabilities_name_the_root_they_are_for);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(idmap_suite)
