/* Unpacking and packing layers, hostile ones above all; each test of the writer
 * runs twice, with openat2(2) and without (_i == 1). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <zstd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "image/deflate.h"
#include "image/pack.h"
#include "image/resolve.h"
#include "image/unpack.h"
#include "image/whiteout.h"
#include "image_aid.h"
#include "tests/helpers/unit.h"

#define by_both_writers(t, fn) tcase_add_loop_test(t, fn, 0, 2)

static struct err e;
static char *outside, *root;	/* …/secret, …/layer beside it */
static struct str tar;

static void setup(void)
{
	char *base = aid_dir();
	outside = aid_path(base, "outside");
	root = aid_path(base, "layer");
	mkdir(outside, 0755);
	mkdir(root, 0755);
	aid_write(outside, "secret", "untouched");
}

static void teardown(void)
{
	autofree char *names = aid_names(outside);
	autofree char *text = aid_read(outside, "secret");
	ck_assert_str_eq(names, "secret");
	ck_assert_str_eq(text, "untouched");
	str_free(&tar);
}

static int unpack(int without_openat2)
{
	struct memory_stream m;
	int64_t bytes;
	if (without_openat2)
		setenv("DRYDOCK_NO_OPENAT2", "1", 1);
	memory_stream(&m, tar.s, tar.len, 0);
	return layer_unpack(kernel_linux(), &m.s, root, &bytes, &e);
}

#define UNPACKS() ck_assert_msg(unpack(_i) == 0, "%s", e.what)
#define IS(name, text) do { autofree char *t_ = aid_read(root, name); \
	ck_assert_msg(t_ && strcmp(t_, text) == 0, "%s is %s", name, t_ ? t_ : "absent"); } while (0)

static struct stat look(const char *name)
{
	struct stat st = { 0 };
	autofree char *path = str_printf("%s/%s", root, name);
	ck_assert_msg(lstat(path, &st) == 0, "%s is absent", name);
	return st;
}

/* ---- what layers contain --------------------------------------------------------- */

START_TEST(keeps_content_mode_owner_time)
{
	AID_TAR(&tar, { "./", '5', NULL, 0711 }, { "./bin/", '5', NULL, 01777 },
		{ "bin/tool", '0', "#!", 04755, 7 }, { "no/parent/was/named", '0', "x" },
		{ "bin/link", '2', "tool" }, { "bin/same", '1', "bin/tool" });
	UNPACKS();
	IS("bin/tool", "#!");
	IS("no/parent/was/named", "x");
	struct stat tool = look("bin/tool"), dir = look("bin");
	ck_assert_uint_eq(tool.st_mode, S_IFREG | 04755);
	ck_assert_uint_eq(tool.st_uid, aid_is_root() ? 7 : geteuid());
	ck_assert_uint_eq(tool.st_mtime, 1000000000);
	ck_assert_uint_eq(dir.st_mode, S_IFDIR | 01777);
	ck_assert_uint_eq(dir.st_mtime, 1000000000);
	ck_assert_uint_eq(look("").st_mode, S_IFDIR | 0711);
	ck_assert_uint_eq(look("bin/same").st_ino, tool.st_ino);
	ck_assert(S_ISLNK(look("bin/link").st_mode));
}
END_TEST

START_TEST(follows_the_layers_own_links)
{
	AID_TAR(&tar, { "usr/lib/", '5' }, { "lib", '2', "usr/lib" }, { "lib/libc.so", '0', "elf" },
		{ "run/", '5' }, { "var/run", '2', "/run" }, { "var/run/app.pid", '0', "1" },
		{ "a/b/", '5' }, { "a/b/up", '2', "../../usr" }, { "a/b/up/lib/x", '0', "y" });
	UNPACKS();
	ck_assert(S_ISLNK(look("lib").st_mode));
	IS("usr/lib/libc.so", "elf");
	IS("run/app.pid", "1");
	IS("usr/lib/x", "y");
}
END_TEST

START_TEST(replaces_what_the_layer_had_before)
{
	AID_TAR(&tar, { "d/", '5' }, { "d/deep/", '5' }, { "d/deep/f", '0', "1" }, { "d", '0', "file" },
		{ "f", '0', "old" }, { "f/", '5' }, { "f/in", '0', "new" },
		{ "e/", '5' }, { "e/x", '0', "x" }, { "e", '2', "f" }, { "e/y", '0', "y" });
	UNPACKS();
	IS("d", "file");
	IS("f/in", "new");
	IS("f/y", "y");
	ck_assert(S_ISLNK(look("e").st_mode));
}
END_TEST

START_TEST(names_are_bytes)
{
	AID_TAR(&tar, { "gr\xc3\xbc\xc3\x9f", '0', "utf-8" }, { "bad\xff", '0', "not" });
	UNPACKS();
	IS("gr\xc3\xbc\xc3\x9f", "utf-8");
	IS("bad\xff", "not");
}
END_TEST

/* ---- whiteouts ------------------------------------------------------------------- */

static bool opaque(const char *name)
{
	autofree char *path = str_printf("%s/%s", root, name);
	return whiteout_is_opaque(kernel_linux(), path);
}

START_TEST(makes_whiteouts)
{
	if (!aid_is_root())
		return;
	AID_TAR(&tar, { "etc/.wh.passwd", '0' }, { "var/.wh..wh..opq", '0' }, { ".wh..wh.plnk/", '5' },
		/* What the layer itself brings stays, whichever comes first. */
		{ "kept", '0', "k" }, { ".wh.kept", '0' },
		{ "dir/", '5' }, { "dir/f", '0', "f" }, { ".wh.dir", '0' },
		{ ".wh.late", '0' }, { "late/", '5' });
	UNPACKS();
	struct stat st = look("etc/passwd");
	ck_assert(whiteout_is_node(&st));
	ck_assert(opaque("var"));
	IS("kept", "k");
	IS("dir/f", "f");
	ck_assert(opaque("dir"));
	ck_assert(opaque("late"));
	ck_assert(!opaque("etc"));
	autofree char *names = aid_names(root);
	ck_assert_str_eq(names, "dir etc kept late var");
}
END_TEST

/* ---- attacks --------------------------------------------------------------------- */

static const struct attack { const char *what; struct tar_item items[4]; int result; } attacks[] = {
	{ "dot dot", { { "../outside/secret", '0', "evil" } }, -EBADMSG },
	{ "dot dot inside", { { "a/../../outside/secret", '0', "evil" } }, -EBADMSG },
	{ "dot dot directory", { { "..", '5' } }, -EBADMSG },
	{ "dot dot whiteout", { { ".wh...", '0' } }, -EBADMSG },
	{ "empty whiteout", { { ".wh.", '0' } }, -EBADMSG },
	{ "hard link out", { { "h", '1', "../outside/secret" } }, -EBADMSG },
	{ "hard link to nothing", { { "h", '1', "absent" } }, -ENOENT },
	{ "link, then a file behind it",
	  { { "l", '2', "../outside" }, { "l/secret", '0', "evil" } }, -ENOENT },
	{ "links in a circle", { { "a", '2', "b" }, { "b", '2', "a" }, { "a/x", '0' } }, -ELOOP },
	{ "a file as directory", { { "f", '0', "x" }, { "f/x", '0', "y" } }, -ENOTDIR },
	{ "hard link through a link",
	  { { "l", '2', "../outside" }, { "h", '1', "l/secret" } }, -ENOENT },
};

START_TEST(refuses_attacks)
{
	const struct attack *a = &attacks[_i / 2];
	size_t n = 0;
	while (n < ARRAY_SIZE(a->items) && a->items[n].path)
		n++;
	aid_tar(&tar, a->items, n);
	int r = unpack(_i % 2);
	ck_assert_msg(r == a->result, "%s: %d, %s", a->what, r, e.what);
}
END_TEST

/* Absolute names and links mean the layer's root. */
START_TEST(root_is_the_layers)
{
	autofree char *abs = str_printf("%s/secret", outside);
	const struct tar_item items[] = {
		{ abs, '0', "mine" }, { "up", '2', "../../../../../.." }, { "up/top", '0', "t" },
		{ "proc", '2', "/proc/self/cwd" }, { "tmp2", '2', outside }, { "tmp2/new", '0', "n" },
	};
	aid_tar(&tar, items, ARRAY_SIZE(items));
	UNPACKS();
	IS("top", "t");
	IS(abs, "mine");
	autofree char *path = str_printf("%s/new", outside);
	IS(path, "n");
}
END_TEST

START_TEST(replaces_links_not_their_targets)
{
	autofree char *abs = str_printf("%s/secret", outside);
	const struct tar_item items[] = {
		{ "s", '2', abs }, { "s", '0', "evil", 04755 }, { "d", '2', outside }, { "d/", '5', 0, 0700 },
		{ "d/in", '0', "in" }, { "w", '2', outside }, { ".wh.w", '0' },
	};
	aid_tar(&tar, items, aid_is_root() ? 7 : 5);
	UNPACKS();
	ck_assert(S_ISREG(look("s").st_mode));
	ck_assert(S_ISDIR(look("d").st_mode));
	IS("d/in", "in");
}
END_TEST

/* The two ways of resolving agree. */
START_TEST(resolvers_agree)
{
	static const char *const paths[] = {
		"", ".", "usr", "lib", "lib/..", "abs", "abs/../..", "usr/lib/./../lib", "none", "f",
		"loop", "loop/x", "out", "deep/a/b/c", "/usr", "magic", "usr//lib/",
	};
	AID_TAR(&tar, { "usr/lib/", '5' }, { "lib", '2', "usr/lib" }, { "abs", '2', "/usr/lib" },
		{ "loop", '2', "loop" }, { "out", '2', "../../.." }, { "deep/a/b", '2', "../../lib/.." },
		{ "f", '0', "x" }, { "magic", '2', "/proc/self/root" }, { "usr/lib/c/", '5' },
		{ "usr/c/", '5' });
	UNPACKS();
	autofd int dir = open(root, O_RDONLY | O_DIRECTORY);
	unsetenv("DRYDOCK_NO_OPENAT2");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		autofd int a = resolve_dir(dir, paths[i]), b = resolve_dir_walk(dir, paths[i]);
		struct stat sa = { 0 }, sb = { 0 };
		ck_assert_msg((a < 0 ? a : 0) == (b < 0 ? b : 0), "%s: %d and %d", paths[i], a, b);
		if (a >= 0 && (fstat(a, &sa) < 0 || fstat(b, &sb) < 0 || sa.st_ino != sb.st_ino))
			ck_abort_msg("%s leads to two places", paths[i]);
	}
}
END_TEST

START_TEST(ignores_overlay_marks_of_the_layer)
{
	/* A pax header with SCHILY.xattr.trusted.overlay.redirect for the next entry. */
	static const char redirect[] = "46 SCHILY.xattr.trusted.overlay.redirect=/etc\n";
	AID_TAR(&tar, { "PaxHeader/d", 'x' }, { "d/", '5' });
	ck_assert_uint_eq(strlen(redirect), 46);
	/* The header's size and sum have to be made to fit. */
	str_clear(&tar);
	struct str body = { 0 };
	aid_tar(&body, (const struct tar_item[]){ { "PaxHeader/d", '0', redirect } }, 1);
	body.s[156] = 'x';
	unsigned sum = 0;
	memset(body.s + 148, ' ', 8);
	for (int i = 0; i < 512; i++)
		sum += (unsigned char)body.s[i];
	snprintf(body.s + 148, 7, "%06o", sum);
	body.s[154] = '\0';
	str_addn(&tar, body.s, 1024);
	str_free(&body);
	AID_TAR(&tar, { "d/", '5' });
	UNPACKS();
	char value[16];
	autofree char *path = str_printf("%s/d", root);
	ck_assert_int_lt(getxattr(path, "trusted.overlay.redirect", value, sizeof(value)), 0);
}
END_TEST

/* ---- damaged tars ---------------------------------------------------------------- */

START_TEST(refuses_damaged_tars)
{
	AID_TAR(&tar, { "a", '0', "content" }, { "b", '0', "content" });
	memset(tar.s + 1024, 'x', 512);
	ck_assert_int_eq(unpack(_i), -EBADMSG);
	ck_assert_msg(strstr(e.what, "archive/tar"), "%s", e.what);
}
END_TEST

START_TEST(refuses_short_tars)
{
	AID_TAR(&tar, { "a", '0', "content" });
	tar.len = 515;
	ck_assert_int_lt(unpack(_i), 0);
}
END_TEST

/* ---- packing --------------------------------------------------------------------- */

static void pack(const char *dir, const char *file, struct packed *p)
{
	autofd int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0644);
	ck_assert_msg(layer_pack(kernel_linux(), dir, fd, p, &e) == 0, "%s", e.what);
}

START_TEST(packs_what_it_unpacked)
{
	struct packed first, again;
	char *file = aid_path(aid_dir(), "layer.tar.gz"), *copy = aid_dir();
	char sum[DIGEST_TEXT];
	struct stream *in = NULL, *plain = NULL;
	int64_t bytes;
	AID_TAR(&tar, { "./", '5', NULL, 0755 }, { "b/", '5', NULL, 0700 }, { "b/x", '0', "xx", 0600 },
		{ "a", '0', "aaa", 04755, 3 }, { "l", '2', "a" }, { "h", '1', "a" },
		{ "b/.wh.gone", '0' }, { "o/", '5' }, { "o/.wh..wh..opq", '0' });
	if (!aid_is_root())
		return;
	UNPACKS();
	pack(root, file, &first);
	ck_assert_int_eq(first.unpacked, 5);
	ck_assert_int_eq(digest_of_file(file, sum, &e), 0);
	ck_assert_str_eq(sum, first.digest);
	ck_assert_int_eq(stream_file(file, &in, &e), 0);
	ck_assert_int_eq(stream_inflate(in, &plain, &e), 0);
	ck_assert_msg(layer_unpack(kernel_linux(), plain, copy, &bytes, &e) == 0, "%s", e.what);
	stream_close(&plain);
	stream_close(&in);
	pack(copy, file, &again);
	ck_assert_str_eq(first.diff_id, again.diff_id);
	root = copy;
	struct stat st = look("b/gone");
	ck_assert(whiteout_is_node(&st));
	ck_assert(opaque("o"));
	ck_assert_uint_eq(look("a").st_ino, look("h").st_ino);
	ck_assert_uint_eq(look("a").st_mode, S_IFREG | 04755);
}
END_TEST

/* Mounts root over a second layer and an upper directory; false where that isn't allowed. */
static bool mount_over(const char *lower, const char *upper, const char *work, const char *merged)
{
	struct kernel *k = kernel_linux();
	autofree char *options = str_printf("lowerdir=%s:%s,upperdir=%s,workdir=%s,redirect_dir=off,"
					    "metacopy=off", root, lower, upper, work);
	return k_unshare(k, CLONE_NEWNS) == 0 &&
	       k_mount(k, "none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       k_mount(k, "overlay", merged, "overlay", 0, options) == 0;
}

/* What the kernel makes of our whiteouts, and what we make of the kernel's. */
START_TEST(the_kernel_agrees)
{
	char *lower = aid_dir(), *upper = aid_dir(), *work = aid_dir(), *merged = aid_dir();
	struct packed p;
	struct stream *in = NULL, *plain = NULL;
	int64_t bytes;
	mkdir(aid_path(lower, "etc"), 0755);
	mkdir(aid_path(lower, "var"), 0755);
	aid_write(lower, "etc/passwd", "below");
	aid_write(lower, "etc/hosts", "below");
	aid_write(lower, "var/log", "below");
	AID_TAR(&tar, { "etc/.wh.passwd", '0' }, { "var/", '5' }, { "var/.wh..wh..opq", '0' },
		{ "var/new", '0', "n" });
	UNPACKS();
	if (!mount_over(lower, upper, work, merged))
		return;
	autofree char *etc = aid_names(aid_path(merged, "etc"));
	autofree char *var = aid_names(aid_path(merged, "var"));
	ck_assert_str_eq(etc, "hosts");
	ck_assert_str_eq(var, "new");
	ck_assert_int_eq(unlink(aid_path(merged, "etc/hosts")), 0);
	ck_assert_int_eq(dir_remove(aid_path(merged, "var"), &e), 0);
	ck_assert_int_eq(mkdir(aid_path(merged, "var"), 0755), 0);
	aid_write(merged, "var/third", "3");
	ck_assert_int_eq(k_umount(kernel_linux(), merged, 0), 0);

	char *file = aid_path(aid_dir(), "l"), *copy = aid_dir();
	pack(upper, file, &p);
	ck_assert_int_eq(stream_file(file, &in, &e), 0);
	ck_assert_int_eq(stream_inflate(in, &plain, &e), 0);
	ck_assert_msg(layer_unpack(kernel_linux(), plain, copy, &bytes, &e) == 0, "%s", e.what);
	stream_close(&plain);
	stream_close(&in);
	root = copy;
	struct stat hosts = look("etc/hosts");
	ck_assert(whiteout_is_node(&hosts));
	ck_assert(opaque("var"));
	IS("var/third", "3");
}
END_TEST

START_TEST(compares_with_the_tar)
{
	struct memory_stream m;
	AID_TAR(&tar, { "d/", '5' }, { "d/f", '0', "content" }, { "l", '2', "d" });
	UNPACKS();
	memory_stream(&m, tar.s, tar.len, 0);
	ck_assert_msg(layer_compare(&m.s, root, &e) == 0, "%s", e.what);
	aid_write(root, "d/f", "CONTENT");
	memory_stream(&m, tar.s, tar.len, 0);
	ck_assert_int_eq(layer_compare(&m.s, root, &e), -EBADMSG);
	ck_assert_str_eq(e.what, "/d/f has other content");
	unlink(aid_path(root, "l"));
	aid_write(root, "d/f", "content");
	memory_stream(&m, tar.s, tar.len, 0);
	ck_assert_int_eq(layer_compare(&m.s, root, &e), -EBADMSG);
	ck_assert_str_eq(e.what, "/l is missing");
}
END_TEST

/* ---- compression ----------------------------------------------------------------- */

static void gzip_add(struct str *out, const char *text, size_t len)
{
	char sum[DIGEST_TEXT];
	char *path = aid_path(aid_dir(), "z");
	int64_t size;
	autofd int fd = open(path, O_RDWR | O_CREAT, 0600);
	autodeflate struct deflate *d = deflate_begin(fd);
	ck_assert_int_eq(deflate_add(d, text, len, &e), 0);
	ck_assert_int_eq(deflate_end(d, sum, &size, &e), 0);
	ck_assert_int_eq(file_read(path, out, &e), 0);
}

static int inflate(const struct str *z, size_t piece, struct str *out)
{
	struct memory_stream m;
	autostream struct stream *s = NULL;
	char *text = NULL;
	size_t len;
	memory_stream(&m, z->s, z->len, piece);
	int r = stream_inflate(&m.s, &s, &e);
	if (r == 0)
		r = stream_whole(s, 1 << 30, &text, &len, &e);
	if (r == 0)
		str_addn(out, text, len);
	free(text);
	return r;
}

static char *sample(size_t len)
{
	char *s = mem_alloc(len + 1);
	for (size_t i = 0; i < len; i++)
		s[i] = (char)('a' + (i * i / 7 + i / 3) % 26);
	return s;
}

START_TEST(inflates_gzip_in_any_pieces)
{
	static const size_t pieces[] = { 0, 1, 7, 4096 };
	autostr struct str z = { 0 }, out = { 0 };
	autofree char *text = sample(300000);
	gzip_add(&z, text, 300000);
	gzip_add(&z, "second member", 13);
	ck_assert_msg(inflate(&z, pieces[_i], &out) == 0, "%s", e.what);
	ck_assert_uint_eq(out.len, 300013);
	ck_assert_int_eq(memcmp(out.s, text, 300000), 0);
	ck_assert_str_eq(out.s + 300000, "second member");
}
END_TEST

START_TEST(inflates_zstd_and_plain)
{
	autostr struct str z = { 0 }, out = { 0 };
	autofree char *text = sample(300000), *packed = mem_alloc(400000);
	size_t n = ZSTD_compress(packed, 400000, text, 300000, 3);
	str_addn(&z, packed, n);
	str_addn(&z, packed, n);
	ck_assert_msg(inflate(&z, 1000, &out) == 0, "%s", e.what);
	ck_assert_uint_eq(out.len, 600000);
	str_clear(&z);
	str_clear(&out);
	str_add(&z, "x");
	ck_assert_int_eq(inflate(&z, 0, &out), 0);
	ck_assert_str_eq(out.s, "x");
}
END_TEST

/* Cut anywhere, a stream is an error and never a shorter text. */
START_TEST(notices_every_cut)
{
	autostr struct str z = { 0 }, out = { 0 };
	autofree char *text = sample(5000), *packed = mem_alloc(8000);
	if (_i == 0)
		gzip_add(&z, text, 5000);
	else
		str_addn(&z, packed, ZSTD_compress(packed, 8000, text, 5000, 3));
	size_t whole = z.len;
	for (z.len = 4; z.len < whole; z.len++) {
		str_clear(&out);
		ck_assert_msg(inflate(&z, 0, &out) == -EBADMSG, "cut at %zu of %zu", z.len, whole);
	}
	z.len = whole;
	z.s[whole / 2] ^= 0x20;
	str_clear(&out);
	/* gzip has a checksum of its own; with zstd the blob's digest has to tell. */
	if (_i == 0)
		ck_assert_int_eq(inflate(&z, 0, &out), -EBADMSG);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("layer");
	TCase *t = tcase_create("unpack");
	tcase_add_checked_fixture(t, setup, teardown);
	by_both_writers(t, keeps_content_mode_owner_time);
	by_both_writers(t, follows_the_layers_own_links);
	by_both_writers(t, replaces_what_the_layer_had_before);
	by_both_writers(t, names_are_bytes);
	by_both_writers(t, makes_whiteouts);
	by_both_writers(t, root_is_the_layers);
	by_both_writers(t, replaces_links_not_their_targets);
	by_both_writers(t, ignores_overlay_marks_of_the_layer);
	by_both_writers(t, refuses_damaged_tars);
	by_both_writers(t, refuses_short_tars);
	tcase_add_loop_test(t, refuses_attacks, 0, 2 * ARRAY_SIZE(attacks));
	tcase_add_loop_test(t, resolvers_agree, 0, 1);
	by_both_writers(t, packs_what_it_unpacked);
	tcase_add_loop_test(t, the_kernel_agrees, 0, 1);
	tcase_add_loop_test(t, compares_with_the_tar, 0, 1);
	suite_add_tcase(s, t);
	t = tcase_create("compression");
	tcase_add_loop_test(t, inflates_gzip_in_any_pieces, 0, 4);
	tcase_add_test(t, inflates_zstd_and_plain);
	tcase_add_loop_test(t, notices_every_cut, 0, 2);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
