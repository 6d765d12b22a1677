/* bake_test.c - recipes and records of the course images. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/bake.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "image/manifest.h"
#include "registry/storage.h"
#include "tests/helpers/unit.h"

static char dir[64];
static struct err e;

static void put(const char *name, const char *text)
{
	autofree char *path = str_printf("%s/%s", dir, name);
	autofree char *folder = str_dup(path);
	*strrchr(folder, '/') = '\0';
	ck_assert_int_eq(dir_make(folder, 0755, &e), 0);
	ck_assert_int_eq(file_write_atomic(path, text, strlen(text), 0644, &e), 0);
}

static void setup(void)
{
	strcpy(dir, "/tmp/bake-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	put("step.sh", "eval \"$1\"\n");
	put("base/Recipe", "# a base\nNAME course/base:1\nFROM scratch\nRUN true\n");
	put("app/Recipe", "NAME library/app:1\nFROM base\nRUN touch x\nCMD [\"x\"]\n");
	put("notes/README", "no recipe\n");
}

static void teardown(void) { dir_remove(dir, NULL); }

static char *hash_of(const char *folder)
{
	struct recipes rs;
	ck_assert_int_eq(recipes_load(dir, &rs, &e), 0);
	char *hash = str_dup(recipes_find(&rs, folder)->hash);
	recipes_free(&rs);
	return hash;
}

START_TEST(bases_come_first)
{
	struct recipes rs;
	ck_assert_int_eq(recipes_load(dir, &rs, &e), 0);
	ck_assert_uint_eq(rs.n, 2);
	ck_assert_str_eq(rs.all[0].folder, "base");
	ck_assert_str_eq(rs.all[1].from, "base");
	ck_assert_str_eq(rs.all[1].name, "library/app:1");
	ck_assert_uint_eq(strv_len(rs.all[1].lines), 2);
	ck_assert_ptr_null(rs.all[0].from);
	recipes_free(&rs);
}
END_TEST

START_TEST(hash_follows_all_it_is_made_from)
{
	autofree char *before = hash_of("app"), *base_before = hash_of("base");
	put("base/Recipe", "NAME course/base:1\nFROM scratch\nRUN false\n");
	autofree char *after = hash_of("app"), *base_after = hash_of("base");
	ck_assert_str_ne(before, after);
	ck_assert_str_ne(base_before, base_after);
	put("step.sh", "exit 1\n");
	autofree char *last = hash_of("app");
	ck_assert_str_ne(after, last);
}
END_TEST

START_TEST(circles_and_nonsense_are_refused)
{
	struct recipes rs;
	put("one/Recipe", "NAME library/one:1\nFROM two\nRUN true\n");
	put("two/Recipe", "NAME library/two:1\nFROM one\nRUN true\n");
	ck_assert_int_eq(recipes_load(dir, &rs, &e), -ELOOP);
	put("one/Recipe", "FROM scratch\nRUN true\n");
	ck_assert_int_eq(recipes_load(dir, &rs, &e), -EINVAL);
	put("one/Recipe", "NAME library/one:1\nFROM nowhere\nRUN true\n");
	ck_assert_int_eq(recipes_load(dir, &rs, &e), -ENOENT);
}
END_TEST

/* A registry that holds one image of one layer, noted as baked from app. */
static void course(struct recipe *app, char layer[DIGEST_TEXT])
{
	struct descriptor one = { .size = 5 };
	struct manifest m = { .config = { .size = 2 }, .layers = &one, .n_layers = 1 };
	char digest[DIGEST_TEXT];
	digest_of("{}", 2, m.config.digest);
	digest_of("layer", 5, one.digest);
	memcpy(layer, one.digest, DIGEST_TEXT);
	autofree char *a = str_printf("blobs/sha256/%s", digest_hex(layer));
	autofree char *b = str_printf("blobs/sha256/%s", digest_hex(m.config.digest));
	autofree char *text = manifest_write(&m);
	put(a, "layer");
	put(b, "{}");
	ck_assert_int_eq(storage_prepare(dir, true, &e), 0);
	struct storage_put put = { "library/app", "1", TYPE_DOCKER_MANIFEST, text, strlen(text) };
	ck_assert_int_eq(storage_put_manifest(dir, &put, digest, NULL, &e), 0);
	ck_assert_int_eq(course_note(dir, app, digest, &e), 0);
}

static enum course_state check(struct recipe *app, bool deep)
{
	err_clear(&e);
	return course_check(dir, app, deep, &e);
}

START_TEST(record_is_believed_only_while_it_is_true)
{
	struct recipe app = { .name = "library/app:1", .hash = "sha256:1" };
	char layer[DIGEST_TEXT];
	ck_assert_int_eq(check(&app, true), COURSE_MISSING);
	course(&app, layer);
	ck_assert_int_eq(check(&app, true), COURSE_GOOD);

	strcpy(app.hash, "sha256:2");
	ck_assert_int_eq(check(&app, false), COURSE_CHANGED);
	strcpy(app.hash, "sha256:1");

	/* Same length, other bytes: only a look at every byte finds it. */
	autofree char *blob = str_printf("blobs/sha256/%s", digest_hex(layer));
	put(blob, "Layer");
	ck_assert_int_eq(check(&app, false), COURSE_GOOD);
	ck_assert_int_eq(check(&app, true), COURSE_DAMAGED);

	/* The damaged file is out of the way now, and the record no longer true. */
	ck_assert_int_eq(check(&app, false), COURSE_DAMAGED);
	ck_assert_ptr_nonnull(strstr(e.what, "is gone"));
}
END_TEST

START_TEST(short_file_is_damage)
{
	struct recipe app = { .name = "library/app:1", .hash = "sha256:1" };
	char layer[DIGEST_TEXT];
	course(&app, layer);
	autofree char *blob = str_printf("blobs/sha256/%s", digest_hex(layer));
	put(blob, "lay");
	ck_assert_int_eq(check(&app, false), COURSE_DAMAGED);
	ck_assert_ptr_nonnull(strstr(e.what, "has 3 bytes, not 5"));
}
END_TEST

START_TEST(name_taken_by_another_image_is_damage)
{
	struct recipe app = { .name = "library/app:1", .hash = "sha256:1" };
	char layer[DIGEST_TEXT], other[DIGEST_TEXT];
	course(&app, layer);
	digest_of("other", 5, other);
	ck_assert_int_eq(course_note(dir, &app, other, &e), 0);
	ck_assert_int_eq(check(&app, false), COURSE_DAMAGED);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bake");
	TCase *t = tcase_create("bake");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, bases_come_first);
	tcase_add_test(t, hash_follows_all_it_is_made_from);
	tcase_add_test(t, circles_and_nonsense_are_refused);
	tcase_add_test(t, record_is_believed_only_while_it_is_true);
	tcase_add_test(t, short_file_is_damage);
	tcase_add_test(t, name_taken_by_another_image_is_damage);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
