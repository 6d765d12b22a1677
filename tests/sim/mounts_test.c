/* mounts_test.c - mounts as a container's start uses them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/mount.h"
#include "tests/helpers/unit.h"

static struct vfs *fs;
static struct vfs_view v;
static const struct vfs_cred root = { .caps = ~0ull }, user = { .uid = 1000, .gid = 1000 };

static void setup(void)
{
	fs = vfs_new(NULL);
	vfs_view_init(&v, fs, &root);
}

static void teardown(void)
{
	vfs_view_drop(&v);
	vfs_free(fs);
}

static void dirs(const char *const *path)
{
	for (; *path; path++)
		ck_assert_int_eq(vfs_mkdir(&v, NULL, *path, 0755), 0);
}
#define DIRS(...) dirs((const char *const[]){ __VA_ARGS__, NULL })

static void touch(const char *path)
{
	struct vfs_file *f;

	ck_assert_int_eq(vfs_open(&v, NULL, path, O_WRONLY | O_CREAT, 0644, &f), 0);
	ck_assert_int_eq(vfs_write(f, path, strlen(path)), (long)strlen(path));
	vfs_file_put(f);
}

static int look(const char *path)
{
	struct stat st;

	return vfs_stat(&v, NULL, path, AT_SYMLINK_NOFOLLOW, &st);
}

static void tmpfs(const char *at)
{
	ck_assert_int_eq(vfs_mount(&v, "tmpfs", at, "tmpfs", 0, NULL), 0);
}

/* As plan_rootfs.c and plan_mounts.c do it. */
START_TEST(a_container_gets_its_root)
{
	struct vfs_file *fc, *mnt, *bind;
	const struct vfs_mount_attr ro = { .set = SIM_ATTR_RDONLY };
	struct str info = { 0 };

	DIRS("/base", "/base/data", "/top", "/up", "/work", "/merged", "/volume");
	touch("/base/hello");
	touch("/volume/file");
	ck_assert_int_eq(vfs_unshare(&v), 0);
	ck_assert_int_eq(vfs_mount(&v, NULL, "/", NULL, SIM_MS_REC | SIM_MS_PRIVATE, NULL), 0);
	ck_assert_int_eq(vfs_open_tree(&v, NULL, "/volume", SIM_OPEN_TREE_CLONE, &bind), 0);
	ck_assert_int_eq(vfs_mount_setattr(&v, &bind->path, "", AT_EMPTY_PATH, &ro), 0);

	ck_assert_int_eq(vfs_fsopen(&v, "overlay", &fc), 0);
	ck_assert_int_eq(vfs_fsconfig(&v, fc, SIM_FSCONFIG_STRING, "lowerdir+", "/top"), 0);
	ck_assert_int_eq(vfs_fsconfig(&v, fc, SIM_FSCONFIG_STRING, "lowerdir+", "/base"), 0);
	ck_assert_int_eq(vfs_fsconfig(&v, fc, SIM_FSCONFIG_STRING, "lowerdir+", "/no"), -ENOENT);
	ck_assert_int_eq(vfs_fsconfig(&v, fc, SIM_FSCONFIG_STRING, "upperdir", "/up"), 0);
	ck_assert_int_eq(vfs_fsconfig(&v, fc, SIM_FSCONFIG_STRING, "workdir", "/work"), 0);
	ck_assert_int_eq(vfs_fsmount(&v, fc, 0, &mnt), -EINVAL);
	ck_assert_int_eq(vfs_fsconfig(&v, fc, SIM_FSCONFIG_CREATE, NULL, NULL), 0);
	ck_assert_int_eq(vfs_fsmount(&v, fc, SIM_ATTR_NODEV, &mnt), 0);
	vfs_file_put(fc);
	ck_assert_int_eq(vfs_move_mount(&v, &mnt->path, "", NULL, "/merged", SIM_MOVE_F_EMPTY), 0);
	vfs_file_put(mnt);

	ck_assert_int_eq(vfs_chdir(&v, "/merged"), 0);
	ck_assert_int_eq(vfs_pivot_root(&v, ".", "."), 0);
	ck_assert_int_eq(vfs_umount(&v, ".", SIM_MNT_DETACH), 0);
	ck_assert_int_eq(vfs_chdir(&v, "/"), 0);
	ck_assert_int_eq(look("/hello"), 0);
	ck_assert_int_eq(look("/merged"), -ENOENT);
	ck_assert_int_eq(vfs_move_mount(&v, &bind->path, "", NULL, "/data",
					SIM_MOVE_F_EMPTY | SIM_MOVE_T_SYMLINKS), 0);
	vfs_file_put(bind);
	ck_assert_int_eq(look("/data/file"), 0);
	ck_assert_int_eq(vfs_mkdir(&v, NULL, "/data/x", 0755), -EROFS);
	ck_assert_int_eq(vfs_mkdir(&v, NULL, "/x", 0755), 0);
	vfs_mountinfo(&v, &info);
	ck_assert_ptr_nonnull(
		strstr(info.s, " / / rw,nodev,relatime - overlay none rw,lowerdir=/top:/base"));
	ck_assert_ptr_nonnull(strstr(info.s, " /volume /data ro,relatime - tmpfs root rw"));
	ck_assert_int_eq((int)(strchr(strchr(info.s, '\n') + 1, '\n') - info.s), (int)info.len - 1);
	str_free(&info);
}
END_TEST

START_TEST(what_is_in_use_is_busy)
{
	struct vfs_file *f;

	DIRS("/a");
	tmpfs("/a");
	touch("/a/f");
	ck_assert_int_eq(vfs_open(&v, NULL, "/a/f", O_RDONLY, 0, &f), 0);
	ck_assert_int_eq(vfs_umount(&v, "/a", 0), -EBUSY);
	ck_assert_int_eq(vfs_unlink(&v, NULL, "/a", AT_REMOVEDIR), -EBUSY);
	ck_assert_int_eq(vfs_umount(&v, "/a", SIM_MNT_DETACH), 0);
	ck_assert_int_eq(look("/a/f"), -ENOENT);
	vfs_file_put(f);
	ck_assert_int_eq(vfs_umount(&v, "/a", 0), -EINVAL);
	ck_assert_int_eq(vfs_unlink(&v, NULL, "/a", AT_REMOVEDIR), 0);
}
END_TEST

START_TEST(shared_mounts_follow_one_another)
{
	struct vfs_view other;

	DIRS("/a", "/b");
	tmpfs("/a");
	DIRS("/a/sub");
	ck_assert_int_eq(vfs_mount(&v, NULL, "/a", NULL, SIM_MS_SHARED, NULL), 0);
	ck_assert_int_eq(vfs_mount(&v, "/a", "/b", NULL, SIM_MS_BIND, NULL), 0);
	vfs_view_copy(&other, &v);
	ck_assert_int_eq(vfs_unshare(&other), 0);
	ck_assert_int_eq(vfs_mount(&other, NULL, "/", NULL, SIM_MS_SLAVE | SIM_MS_REC, NULL), 0);
	tmpfs("/a/sub");
	touch("/a/sub/f");
	ck_assert_int_eq(look("/b/sub/f"), 0);
	ck_assert_int_eq(vfs_stat(&other, NULL, "/a/sub/f", 0, &(struct stat){ 0 }), 0);
	ck_assert_int_eq(vfs_umount(&other, "/a/sub", 0), 0);
	ck_assert_int_eq(look("/a/sub/f"), 0);
	ck_assert_int_eq(vfs_umount(&v, "/b/sub", 0), 0);
	ck_assert_int_eq(look("/a/sub/f"), -ENOENT);
	vfs_view_drop(&other);
}
END_TEST

START_TEST(a_tmpfs_is_as_large_as_it_was_made)
{
	static char page[8192];
	struct vfs_file *f;

	DIRS("/t");
	ck_assert_int_eq(vfs_mount(&v, "t", "/t", "tmpfs", 0, "size=4k,nr_inodes=3,mode=0700"), 0);
	ck_assert_int_eq(vfs_open(&v, NULL, "/t/f", O_WRONLY | O_CREAT, 0644, &f), 0);
	ck_assert_int_eq(vfs_write(f, page, 4096), 4096);
	ck_assert_int_eq(vfs_write(f, page, 1), -ENOSPC);
	ck_assert_int_eq(vfs_ftruncate(f, 0), 0);
	ck_assert_int_eq(vfs_pwrite(f, page, 1, 0), 1);
	vfs_file_put(f);
	ck_assert_int_eq(vfs_mkdir(&v, NULL, "/t/d", 0755), 0);
	ck_assert_int_eq(vfs_mkdir(&v, NULL, "/t/e", 0755), -ENOSPC);
	ck_assert_int_eq(vfs_mount(&v, "t", "/t", "tmpfs", 0, "size=x"), -EINVAL);
	ck_assert_int_eq(vfs_mount(&v, "t", "/t", "nofs", 0, ""), -ENODEV);
}
END_TEST

START_TEST(who_may_mount)
{
	struct vfs_file *f;

	DIRS("/a");
	v.cred = &user;
	ck_assert_int_eq(vfs_mount(&v, "t", "/a", "tmpfs", 0, ""), -EPERM);
	ck_assert_int_eq(vfs_mount(&v, "t", "/b", "tmpfs", 0, ""), -ENOENT);
	ck_assert_int_eq(vfs_umount(&v, "/", 0), -EPERM);
	ck_assert_int_eq(vfs_unshare(&v), -EPERM);
	ck_assert_int_eq(vfs_fsopen(&v, "tmpfs", &f), -EPERM);
	v.cred = &root;
}
END_TEST

/* Layers lie on the machine's disk; what a container changes never gets there. */
START_TEST(the_hosts_files_are_read_and_never_written)
{
	char dir[] = "/tmp/drydock-mounts-XXXXXX", path[64], text[8] = "";
	struct vfs_file *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	FILE *real = fopen(path, "w");
	fputs("real", real);
	fclose(real);
	DIRS("/h");
	ck_assert_int_eq(vfs_mount(&v, dir, "/h", "host", 0, ""), 0);
	ck_assert_int_eq(vfs_open(&v, NULL, "/h/file", O_RDWR, 0, &f), 0);
	ck_assert_int_eq(vfs_read(f, text, 7), 4);
	ck_assert_str_eq(text, "real");
	ck_assert_int_eq(vfs_pwrite(f, "sim", 3, 0), 3);
	ck_assert_int_eq(vfs_pread(f, text, 7, 0), 4);
	ck_assert_str_eq(text, "siml");
	vfs_file_put(f);
	touch("/h/new");
	ck_assert_int_eq(vfs_unlink(&v, NULL, "/h/file", 0), 0);
	ck_assert_int_eq(look("/h/file"), -ENOENT);
	ck_assert_int_eq(access(path, F_OK), 0);
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("simulated mounts");
	TCase *t = tcase_create("mounts");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_container_gets_its_root);
	tcase_add_test(t, what_is_in_use_is_busy);
	tcase_add_test(t, shared_mounts_follow_one_another);
	tcase_add_test(t, a_tmpfs_is_as_large_as_it_was_made);
	tcase_add_test(t, who_may_mount);
	tcase_add_test(t, the_hosts_files_are_read_and_never_written);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
