/* files_test.c - the simulated kernel's files, without mounts: what programs rely on. */
#include "sim/vfs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/helpers/unit.h"

static struct vfs *fs;
static struct vfs_view v;
static const struct vfs_cred root = { .caps = ~0ull }, user = { .uid = 1000, .gid = 1000 };

static int64_t tick(void *arg)
{
	static int64_t now;
	return now += 1000000000;
}

static void setup(void)
{
	const struct vfs_hooks hooks = { .now = tick };

	fs = vfs_new(&hooks);
	vfs_view_init(&v, fs, &root);
	v.umask = 022;
}

static void teardown(void)
{
	vfs_view_drop(&v);
	vfs_free(fs);
}

static int put(const char *path, const char *text, int flags)
{
	struct vfs_file *f;
	int r = vfs_open(&v, NULL, path, O_WRONLY | flags, 0644, &f);

	if (r < 0)
		return r;
	r = (int)vfs_write(f, text, strlen(text));
	vfs_file_put(f);
	return r;
}

static const char *get(const char *path)
{
	static char text[64];
	struct vfs_file *f;
	int r = vfs_open(&v, NULL, path, O_RDONLY, 0, &f);

	if (r < 0)
		return strerror(-r);
	long n = vfs_read(f, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = 0;
	vfs_file_put(f);
	return text;
}

static struct stat look(const char *path)
{
	struct stat st = { 0 };

	ck_assert_int_eq(vfs_stat(&v, NULL, path, AT_SYMLINK_NOFOLLOW, &st), 0);
	return st;
}

START_TEST(a_file_keeps_what_is_written)
{
	ck_assert_int_eq(put("/a", "one", O_CREAT | O_EXCL), 3);
	ck_assert_int_eq(put("/a", "x", O_CREAT | O_EXCL), -EEXIST);
	ck_assert_int_eq(put("/a", " two", O_APPEND), 4);
	ck_assert_str_eq(get("/a"), "one two");
	ck_assert_int_eq(vfs_truncate(&v, "/a", 3), 0);
	ck_assert_str_eq(get("/a"), "one");
	ck_assert_int_eq(put("/a", "", O_TRUNC), 0);
	ck_assert_int_eq(look("/a").st_size, 0);
	ck_assert_int_eq(look("/a").st_mode, S_IFREG | 0644);
}
END_TEST

START_TEST(an_unlinked_file_lives_until_it_is_closed)
{
	struct vfs_file *f;
	char b[8] = "";

	put("/a", "text", O_CREAT);
	ck_assert_int_eq(vfs_open(&v, NULL, "/a", O_RDWR, 0, &f), 0);
	ck_assert_int_eq(vfs_unlink(&v, NULL, "/a", 0), 0);
	ck_assert_int_eq(vfs_read(f, b, sizeof(b)), 4);
	ck_assert_str_eq(get("/a"), "No such file or directory");
	vfs_file_put(f);
}
END_TEST

START_TEST(links_are_followed_forty_times)
{
	vfs_symlink(&v, "b", NULL, "/a");
	vfs_symlink(&v, "a", NULL, "/b");
	ck_assert_str_eq(get("/a"), "Too many levels of symbolic links");
	vfs_mkdir(&v, NULL, "/d", 0755);
	vfs_symlink(&v, "../file", NULL, "/d/l");
	put("/d/l", "there", O_CREAT);
	ck_assert_str_eq(get("/file"), "there");
	ck_assert_int_eq(put("/d/l/", "x", 0), -ENOTDIR);
	ck_assert_int_eq(put("/d/l", "x", O_NOFOLLOW), -ELOOP);
}
END_TEST

START_TEST(last_parts_that_are_no_names)
{
	vfs_mkdir(&v, NULL, "/d", 0755);
	ck_assert_int_eq(vfs_mkdir(&v, NULL, "/d/.", 0755), -EEXIST);
	ck_assert_int_eq(vfs_unlink(&v, NULL, "/d/.", AT_REMOVEDIR), -EINVAL);
	ck_assert_int_eq(vfs_unlink(&v, NULL, "/d/..", AT_REMOVEDIR), -ENOTEMPTY);
	ck_assert_int_eq(vfs_unlink(&v, NULL, "/", AT_REMOVEDIR), -EBUSY);
	ck_assert_int_eq(vfs_unlink(&v, NULL, "/d", 0), -EISDIR);
	ck_assert_int_eq(vfs_rename(&v, NULL, "/d", NULL, "/d/x", 0), -EINVAL);
	ck_assert_int_eq(vfs_rename(&v, NULL, "/d/..", NULL, "/e", 0), -EBUSY);
	ck_assert_int_eq(vfs_mkdir(&v, NULL, "/e/", 0755), 0);
	ck_assert_int_eq(put("/f/", "", O_CREAT), -EISDIR);
	ck_assert_int_eq(vfs_stat(&v, NULL, "", 0, &(struct stat){ 0 }), -ENOENT);
}
END_TEST

START_TEST(rights_are_the_credentials)
{
	struct stat st;

	vfs_mkdir(&v, NULL, "/tmp", 0);
	vfs_chmod(&v, NULL, "/tmp", 01777, 0);
	put("/tmp/root", "r", O_CREAT);
	v.cred = &user;
	ck_assert_int_eq(put("/tmp/root", "x", 0), -EACCES);
	ck_assert_int_eq(vfs_unlink(&v, NULL, "/tmp/root", 0), -EPERM);
	ck_assert_int_eq(vfs_chown(&v, NULL, "/tmp/root", 1000, 1000, 0), -EPERM);
	ck_assert_int_eq(put("/own", "x", O_CREAT), -EACCES);
	ck_assert_int_eq(put("/tmp/own", "x", O_CREAT), 1);
	ck_assert_int_eq(vfs_stat(&v, NULL, "/tmp/own", 0, &st), 0);
	ck_assert_uint_eq(st.st_uid, 1000);
	v.cred = &root;
	ck_assert_int_eq(vfs_mkdir(&v, NULL, "/closed", 0700), 0);
	v.cred = &user;
	ck_assert_int_eq(vfs_mkdir(&v, NULL, "/closed/x", 0700), -EACCES);
}
END_TEST

START_TEST(hard_links_share_the_file)
{
	put("/a", "1", O_CREAT);
	ck_assert_int_eq(vfs_link(&v, NULL, "/a", NULL, "/b", 0), 0);
	put("/b", "2", O_APPEND);
	ck_assert_str_eq(get("/a"), "12");
	ck_assert_uint_eq(look("/a").st_nlink, 2);
	ck_assert_int_eq(vfs_rename(&v, NULL, "/a", NULL, "/b", 0), 0);
	ck_assert_str_eq(get("/a"), "12");	/* the same file: nothing happens */
	ck_assert_int_eq(vfs_link(&v, NULL, "/", NULL, "/c", 0), -EPERM);
}
END_TEST

START_TEST(rename_moves_swaps_and_replaces)
{
	vfs_mkdir(&v, NULL, "/d", 0755);
	vfs_mkdir(&v, NULL, "/e", 0755);
	put("/d/a", "a", O_CREAT);
	put("/b", "b", O_CREAT);
	ck_assert_int_eq(vfs_rename(&v, NULL, "/d/a", NULL, "/b", RENAME_NOREPLACE), -EEXIST);
	ck_assert_int_eq(vfs_rename(&v, NULL, "/d/a", NULL, "/b", RENAME_EXCHANGE), 0);
	ck_assert_str_eq(get("/b"), "a");
	ck_assert_int_eq(vfs_rename(&v, NULL, "/b", NULL, "/d/a", 0), 0);
	ck_assert_str_eq(get("/d/a"), "a");
	ck_assert_int_eq(vfs_rename(&v, NULL, "/e", NULL, "/d", 0), -ENOTEMPTY);
	ck_assert_int_eq(vfs_rename(&v, NULL, "/d", NULL, "/e", 0), 0);
	ck_assert_str_eq(get("/e/a"), "a");
	ck_assert_uint_eq(look("/").st_nlink, 3);
}
END_TEST

START_TEST(attributes_have_their_rules)
{
	char b[64];

	put("/f", "", O_CREAT);
	vfs_symlink(&v, "f", NULL, "/l");
	ck_assert_int_eq(vfs_setxattr(&v, NULL, "/f", "user.a", "xyz", 3, 0, 0), 0);
	ck_assert_int_eq(vfs_setxattr(&v, NULL, "/f", "user.a", "z", 1, 1, 0), -EEXIST);
	ck_assert_int_eq(vfs_setxattr(&v, NULL, "/f", "user.b", "z", 1, 2, 0), -ENODATA);
	ck_assert_int_eq(vfs_setxattr(&v, NULL, "/l", "user.a", "", 0, 0, AT_SYMLINK_NOFOLLOW),
			 -EPERM);
	ck_assert_int_eq(vfs_setxattr(&v, NULL, "/f", "own.a", "z", 1, 0, 0), -EOPNOTSUPP);
	ck_assert_int_eq(vfs_setxattr(&v, NULL, "/f", "trusted.t", "t", 1, 0, 0), 0);
	ck_assert_int_eq(vfs_getxattr(&v, NULL, "/f", "user.a", b, 2, 0), -ERANGE);
	ck_assert_int_eq(vfs_getxattr(&v, NULL, "/f", "user.a", b, 0, 0), 3);
	ck_assert_int_eq(vfs_listxattr(&v, NULL, "/f", b, sizeof(b), 0), 17);
	v.cred = &user;
	ck_assert_int_eq(vfs_listxattr(&v, NULL, "/f", b, sizeof(b), 0), 7);
	ck_assert_int_eq(vfs_getxattr(&v, NULL, "/f", "trusted.t", b, sizeof(b), 0), -ENODATA);
	v.cred = &root;
	ck_assert_int_eq(vfs_removexattr(&v, NULL, "/f", "user.a", 0), 0);
	ck_assert_int_eq(vfs_removexattr(&v, NULL, "/f", "user.a", 0), -ENODATA);
}
END_TEST

static void add_name(void *arg, const char *name, uint64_t ino, uint32_t type)
{
	str_addf(arg, "%s%s ", name, S_ISDIR(type) ? "/" : "");
}

START_TEST(a_directory_lists_in_order)
{
	struct str names = { 0 };
	struct vfs_file *f;
	char name[32];

	vfs_mkdir(&v, NULL, "/d", 0755);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "/d/%d", 9 - i);
		put(name, "", O_CREAT);
	}
	ck_assert_int_eq(vfs_open(&v, NULL, "/d", O_RDONLY | O_DIRECTORY, 0, &f), 0);
	ck_assert_int_eq(vfs_readdir(f, add_name, &names), 5);
	ck_assert_str_eq(names.s, "./ ../ 9 8 7 ");
	ck_assert_int_eq(vfs_readdir(f, add_name, &names), 0);
	vfs_file_put(f);
	str_free(&names);
	vfs_chdir(&v, "/d");
	ck_assert_int_eq(vfs_getcwd(&v, &names), 0);
	ck_assert_str_eq(names.s, "/d");
	str_free(&names);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("simulated files");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_file_keeps_what_is_written);
	tcase_add_test(t, an_unlinked_file_lives_until_it_is_closed);
	tcase_add_test(t, links_are_followed_forty_times);
	tcase_add_test(t, last_parts_that_are_no_names);
	tcase_add_test(t, rights_are_the_credentials);
	tcase_add_test(t, hard_links_share_the_file);
	tcase_add_test(t, rename_moves_swaps_and_replaces);
	tcase_add_test(t, attributes_have_their_rules);
	tcase_add_test(t, a_directory_lists_in_order);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
