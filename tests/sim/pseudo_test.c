/* pseudo_test.c - filesystems made of callbacks: a small /proc. */
#include <string.h>

#include "sim/pseudo.h"
#include "tests/helpers/unit.h"

/* Process 7 has `comm`, `root` (a place) and `self` leads to it; it may have ended. */
enum { TOP = 1, PID = 70, COMM = 71, ROOT = 72, SELF = 2 };

struct toy { bool ended; char comm[16]; struct vfs_path root; };

static int find(void *arg, uint64_t dir, const char *name, struct pseudo_node *out)
{
	static const struct { uint64_t dir; const char *name; struct pseudo_node node; } all[] = {
		{ TOP, "7", { PID, S_IFDIR | 0555 } }, { TOP, "self", { SELF, S_IFLNK | 0777 } },
		{ PID, "comm", { COMM, S_IFREG | 0644 } }, { PID, "root", { ROOT, S_IFLNK | 0777 } },
	};
	const struct toy *t = arg;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i].dir == dir && !strcmp(all[i].name, name) && !(t->ended && i != 1)) {
			*out = all[i].node;
			return 0;
		}
	return -ENOENT;
}

static int list(void *arg, uint64_t dir, pseudo_emit *emit, void *emit_arg)
{
	const struct toy *t = arg;

	if (dir == TOP)
		emit(emit_arg, "self");
	if (!t->ended)
		emit(emit_arg, dir == TOP ? "7" : "comm");
	return 0;
}

static int read_text(void *arg, const struct vfs_view *who, uint64_t file, struct str *out)
{
	str_add(out, ((struct toy *)arg)->comm);
	return 0;
}

static long write_text(void *arg, const struct vfs_view *who, uint64_t file, const char *text, size_t n)
{
	struct toy *t = arg;

	if (n >= sizeof(t->comm))
		return -EINVAL;
	strcpy(t->comm, text);
	return (long)n;
}

static int link_text(void *arg, const struct vfs_view *who, uint64_t link, struct str *out)
{
	str_add(out, link == SELF ? "7" : "/");
	return 0;
}

static int place(void *arg, const struct vfs_view *who, uint64_t link, struct vfs_path *out)
{
	if (link != ROOT)
		return -EINVAL;
	*out = ((struct toy *)arg)->root;
	vfs_path_get(out);
	return 0;
}

static const struct pseudo_ops toy_ops = {
	.type = "proc", .magic = 0x9fa0, .lookup = find, .list = list, .read = read_text,
	.write = write_text, .readlink = link_text, .follow = place,
};

static int make(const struct vfs_view *v, const char *source, const char *options, void *arg,
		struct vfs_super **out)
{
	const struct pseudo_node root = { TOP, S_IFDIR | 0555 };

	*out = pseudo_super(v->fs, &toy_ops, arg, &root, "");
	return 0;
}

static struct toy toy;
static const struct vfs_type toy_type = { "proc", make, &toy };
static const struct vfs_cred root = { .caps = ~0ull };
static struct vfs *fs;
static struct vfs_view v;

static void setup(void)
{
	toy = (struct toy){ .comm = "sh\n" };
	fs = vfs_new(NULL);
	vfs_register(fs, &toy_type);
	vfs_view_init(&v, fs, &root);
	toy.root = v.root;
	vfs_mkdir(&v, NULL, "/proc", 0755);
	vfs_mkdir(&v, NULL, "/there", 0755);
	ck_assert_int_eq(vfs_mount(&v, "proc", "/proc", "proc", 0, NULL), 0);
}

static void teardown(void)
{
	vfs_view_drop(&v);
	vfs_free(fs);
}

START_TEST(a_file_is_what_it_is_when_it_is_read)
{
	struct vfs_file *f;
	char b[8] = "";

	ck_assert_int_eq(vfs_open(&v, NULL, "/proc/self/comm", O_RDWR | O_TRUNC, 0, &f), 0);
	ck_assert_int_eq(vfs_read(f, b, sizeof(b)), 3);
	ck_assert_int_eq(vfs_write(f, "ls", 2), 2);
	ck_assert_int_eq(vfs_seek(f, 0, 0), 0);
	ck_assert_int_eq(vfs_read(f, b, sizeof(b)), 2);
	ck_assert_int_eq(vfs_write(f, "much longer than that", 21), -EINVAL);
	vfs_file_put(f);
	ck_assert_int_eq(vfs_mkdir(&v, NULL, "/proc/x", 0755), -EPERM);
	ck_assert_int_eq(vfs_open(&v, NULL, "/proc/x", O_WRONLY | O_CREAT, 0644, &f), -EACCES);
}
END_TEST

START_TEST(what_ended_is_gone)
{
	struct stat st;
	struct vfs_file *f;

	ck_assert_int_eq(vfs_stat(&v, NULL, "/proc/7/comm", 0, &st), 0);
	ck_assert_uint_eq(st.st_ino, COMM);
	ck_assert_int_eq(vfs_open(&v, NULL, "/proc/7", O_RDONLY, 0, &f), 0);
	toy.ended = true;
	ck_assert_int_eq(vfs_stat(&v, NULL, "/proc/7/comm", 0, &st), -ENOENT);
	ck_assert_int_eq(vfs_stat(&v, &f->path, "comm", 0, &st), -ENOENT);
	vfs_file_put(f);
}
END_TEST

START_TEST(a_link_may_lead_to_a_place)
{
	struct str text = { 0 };
	struct stat st;

	ck_assert_int_eq(vfs_stat(&v, NULL, "/proc/7/root/there", 0, &st), 0);
	ck_assert_int_eq(vfs_readlink(&v, NULL, "/proc/7/root", &text), 0);
	ck_assert_str_eq(text.s, "/");
	str_free(&text);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("pseudo filesystems");
	TCase *t = tcase_create("pseudo");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_file_is_what_it_is_when_it_is_read);
	tcase_add_test(t, what_ended_is_gone);
	tcase_add_test(t, a_link_may_lead_to_a_place);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(suite)
