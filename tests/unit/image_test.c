/* The store: names, removal, what a kill leaves behind. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/db.h"
#include "core/file.h"
#include "core/json.h"
#include "image/digest.h"
#include "image/manifest.h"
#include "image/store.h"
#include "image_aid.h"
#include "tests/helpers/unit.h"

static struct err e;
static char *root;
static struct image_store *s;
static struct image_removed removed;

static void setup(void)
{
	root = aid_dir();
	s = aid_store(root);
}

static void teardown(void)
{
	if (s)
		image_store_close(s);
	image_removed_free(&removed);
}

static void reopen(void)
{
	image_store_close(s);
	s = NULL;
	s = aid_store(root);
}

static char *names_in(const char *folder)
{
	autofree char *path = str_printf("%s/image/%s", root, folder);
	return aid_names(path);
}

static size_t count_in(const char *folder)
{
	autofree char *names = names_in(folder);
	size_t n = *names ? 1 : 0;
	for (const char *p = names; *p; p++)
		n += *p == ' ';
	return n;
}

static struct image *get(const char *ref)
{
	struct image *img = NULL;
	ck_assert_msg(image_get(s, ref, &img, &e) == 0, "%s: %s", ref, e.what);
	return img;
}

static void absent(const char *ref)
{
	struct image *img = NULL;
	ck_assert_int_eq(image_get(s, ref, &img, &e), -ENOENT);
	ck_assert_int_eq(err_status(&e), 404);
}

/* ---- names ----------------------------------------------------------------------- */

START_TEST(finds_by_name_and_id)
{
	autoimage struct image *made = aid_image(s, "python:3.9-slim", 2, 100);
	autoimage struct image *by_name = get("python:3.9-slim"), *full = get(made->id);
	autofree char *prefix = strndup(digest_hex(made->id), 12);
	autoimage struct image *by_prefix = get(prefix);
	autoimage struct image *long_name = get("docker.io/library/python:3.9-slim");
	ck_assert_str_eq(by_name->id, made->id);
	ck_assert_str_eq(by_prefix->id, made->id);
	ck_assert_str_eq(full->id, long_name->id);
	ck_assert_uint_eq(made->n_layers, 2);
	ck_assert_int_eq(made->size, 200);
	ck_assert_str_eq(made->tags[0], "python:3.9-slim");
	ck_assert_int_eq(made->created_ns, 1714557600000000000);
	autofree char *text = aid_read(made->layer_dirs[1], "layer1");
	ck_assert_uint_eq(strlen(text), 100);
}
END_TEST

START_TEST(says_no_such_image)
{
	absent("nosuch");
	ck_assert_str_eq(e.what, "No such image: nosuch:latest");
	absent("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	absent("abcdef");
	struct image *img;
	ck_assert_int_eq(image_get(s, "Bad Name", &img, &e), -EINVAL);
	ck_assert_int_eq(err_status(&e), 400);
}
END_TEST

START_TEST(ambiguous_ids_are_no_names)
{
	for (int i = 0; i < 20; i++) {
		autofree char *name = str_printf("i%d", i);
		image_free(aid_image(s, name, 1, (size_t)i + 1));
	}
	/* 20 ids begin with 16 digits: one digit at least has two. */
	int ambiguous = 0;
	for (const char *d = "0123456789abcdef"; *d; d++) {
		char ref[2] = { *d };
		struct image *img = NULL;
		if (image_get(s, ref, &img, &e) == 0)
			image_free(img);
		else
			ambiguous += strstr(e.hint, "more than one") != NULL;
	}
	ck_assert_int_gt(ambiguous, 0);
}
END_TEST

START_TEST(tags_move)
{
	autoimage struct image *a = aid_image(s, "app:v1", 1, 10), *b = aid_image(s, "app:v2", 2, 10);
	ck_assert_int_eq(image_tag(s, a->id, "other/app", &e), 0);
	ck_assert_int_eq(image_tag(s, b->id, "app:v1", &e), 0);
	autoimage struct image *now = get("app:v1"), *other = get("other/app:latest");
	ck_assert_str_eq(now->id, b->id);
	ck_assert_str_eq(other->id, a->id);
	autofree char *by_digest = str_printf("x@%s", a->id);
	ck_assert_int_eq(image_tag(s, a->id, by_digest, &e), -EINVAL);
	ck_assert_str_eq(e.what, "refusing to create a tag with a digest reference");
}
END_TEST

START_TEST(lists_newest_first_and_tells_history)
{
	struct image **list;
	size_t n;
	autoimage struct image *a = aid_image(s, "a", 3, 50);
	autoimage struct image *b = aid_image(s, "b", 1, 50);
	ck_assert_int_eq(image_list(s, &list, &n, &e), 0);
	ck_assert_uint_eq(n, 2);
	for (size_t i = 0; i < n; i++)
		image_free(list[i]);
	free(list);
	autojson cJSON *h = image_history(s, a);
	ck_assert_int_eq(cJSON_GetArraySize(h), 3);
	const cJSON *top = cJSON_GetArrayItem(h, 0);
	ck_assert_str_eq(json_str(top, "CreatedBy"), "layer2");
	ck_assert_str_eq(json_str(top, "Id"), a->id);
	ck_assert_int_eq(json_int(top, "Size", -1), 50);
	ck_assert_int_eq(json_int(top, "Created", 0), 1714557600);
	ck_assert_str_eq(json_str(cJSON_GetArrayItem(h, 2), "Id"), "<missing>");
}
END_TEST

/* ---- removal --------------------------------------------------------------------- */

static const char *holder;	/* what in_use answers; NULL: free */
static bool in_use(void *arg, const char *id, char *who, size_t cap)
{
	if (holder)
		snprintf(who, cap, "%s", holder);
	return holder != NULL;
}

static int rmi(const char *ref, bool force)
{
	image_removed_free(&removed);
	return image_remove(s, ref, force ? REMOVE_FORCE : 0, in_use, NULL, &removed, &e);
}

START_TEST(removal_takes_only_what_nobody_else_uses)
{
	image_free(aid_image(s, "one:1", 1, 100));
	image_free(aid_image(s, "two:1", 2, 100));	/* the same first layer */
	ck_assert_uint_eq(count_in("layers"), 2);
	ck_assert_msg(rmi("two:1", false) == 0, "%s", e.what);
	ck_assert_str_eq(removed.untagged[0], "two:1");
	ck_assert_uint_eq(strv_len(removed.deleted), 2);
	ck_assert_uint_eq(count_in("layers"), 1);
	ck_assert_uint_eq(count_in("blobs/sha256"), 2);
	ck_assert_int_eq(rmi("one:1", false), 0);
	ck_assert_uint_eq(strv_len(removed.deleted), 2);
	ck_assert_int_eq(removed.bytes, 100);
	ck_assert_uint_eq(count_in("layers"), 0);
	ck_assert_uint_eq(count_in("blobs/sha256"), 0);
	ck_assert_uint_eq(count_in("tmp"), 0);
	absent("one:1");
}
END_TEST

START_TEST(a_name_more_is_only_untagged)
{
	autoimage struct image *img = aid_image(s, "app:v1", 1, 10);
	image_tag(s, img->id, "app:v2", &e);
	ck_assert_int_eq(rmi("app:v1", false), 0);
	ck_assert_uint_eq(strv_len(removed.untagged), 1);
	ck_assert_uint_eq(strv_len(removed.deleted), 0);
	image_free(get("app:v2"));
}
END_TEST

START_TEST(digests_go_with_their_last_tag)
{
	static const char d[] = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	autoimage struct image *img = aid_image(s, "app:v1", 1, 10);
	autofree char *app = str_printf("app%s", d), *other = str_printf("me/other%s", d);
	image_tag(s, img->id, "me/other:v1", &e);
	ck_assert_int_eq(name_put(s, app, "app", true, img->id, &e), 0);
	ck_assert_int_eq(name_put(s, other, "me/other", true, img->id, &e), 0);
	ck_assert_int_eq(rmi("app:v1", false), 0);
	ck_assert_str_eq(removed.untagged[1], app);
	ck_assert_uint_eq(strv_len(removed.untagged), 2);
	ck_assert_uint_eq(strv_len(removed.deleted), 0);
	ck_assert_int_eq(rmi(other, false), 0);	/* by digest: the tag stays */
	ck_assert_uint_eq(strv_len(removed.deleted), 0);
	ck_assert_int_eq(rmi("me/other:v1", false), 0);
	ck_assert_str_eq(removed.deleted[0], img->id);
}
END_TEST

START_TEST(ids_with_several_names_want_force)
{
	autoimage struct image *img = aid_image(s, "app:v1", 1, 10);
	image_tag(s, img->id, "other:v2", &e);
	ck_assert_int_eq(rmi(img->id, false), -EBUSY);
	ck_assert_int_eq(err_status(&e), 409);
	ck_assert_msg(strstr(e.what, "(must be forced) - image is referenced in multiple "
			     "repositories"), "%s", e.what);
	ck_assert_int_eq(rmi(img->id, true), 0);
	ck_assert_uint_eq(strv_len(removed.untagged), 2);
	absent("app:v1");
}
END_TEST

START_TEST(containers_hold_images)
{
	autoimage struct image *img = aid_image(s, "app", 1, 10);
	holder = "running 0123456789ab";
	ck_assert_int_eq(rmi("app", false), -EBUSY);
	ck_assert_msg(strstr(e.what, "conflict: unable to remove repository reference \"app\" "
		"(must force) - container 0123456789ab is using its referenced image"), "%s", e.what);
	ck_assert_int_eq(rmi("app", true), -EBUSY);
	ck_assert_msg(strstr(e.what, "(cannot be forced) - image is being used by running container "
			     "0123456789ab"), "%s", e.what);
	image_free(get("app"));
}
END_TEST

START_TEST(a_stopped_container_keeps_its_layers)
{
	autoimage struct image *img = aid_image(s, "app", 1, 10);
	holder = "0123456789ab";
	ck_assert_int_eq(rmi(img->id, false), -EBUSY);
	ck_assert_msg(strstr(e.what, "(must be forced) - image is being used by stopped container "
			     "0123456789ab"), "%s", e.what);
	ck_assert_int_eq(rmi(img->id, true), 0);
	absent("app");
	ck_assert_uint_eq(count_in("layers"), 1);
	image_free(get(img->id));	/* by its whole id the container finds it */
	reopen();
	ck_assert_uint_eq(count_in("layers"), 1);
	holder = NULL;
	image_removed_free(&removed);
	ck_assert_int_eq(image_prune(s, false, in_use, NULL, &removed, &e), 0);
	ck_assert_uint_eq(count_in("layers"), 0);
	absent(img->id);
}
END_TEST

START_TEST(prunes_the_nameless)
{
	autoimage struct image *a = aid_image(s, NULL, 1, 10), *b = aid_image(s, "named", 2, 20);
	ck_assert_int_eq(image_prune(s, false, in_use, NULL, &removed, &e), 0);
	ck_assert_str_eq(removed.deleted[0], a->id);
	image_free(get("named"));
	image_removed_free(&removed);
	ck_assert_int_eq(image_prune(s, true, in_use, NULL, &removed, &e), 0);
	ck_assert_str_eq(removed.untagged[0], "named:latest");
	absent("named");
	ck_assert_uint_eq(count_in("layers"), 0);
	(void)b;
}
END_TEST

/* ---- damage and kills ------------------------------------------------------------ */

START_TEST(check_finds_damage)
{
	autoimage struct image *img = aid_image(s, "app", 2, 1000);
	struct layer_record rec;
	ck_assert_msg(image_check(s, img, &e) == 0, "%s", e.what);
	aid_write(img->layer_dirs[1], "layer1", "short");
	ck_assert_int_eq(image_check(s, img, &e), -EBADMSG);
	ck_assert_msg(strstr(e.what, "app:latest is damaged") && strstr(e.what, "/layer1"), "%s",
		      e.what);
	ck_assert_int_eq(layer_find(s, img->diff_ids[0], &rec, &e), 0);
	autofree char *blob = store_blob_path(s, rec.digest);
	ck_assert_int_eq(truncate(blob, 20), 0);
	ck_assert_int_eq(image_check(s, img, &e), -EBADMSG);
	ck_assert_msg(strstr(e.what, rec.digest), "%s", e.what);
}
END_TEST

START_TEST(open_repairs)
{
	autoimage struct image *a = aid_image(s, "a", 2, 100), *b = aid_image(s, "b", 1, 300);
	autofree char *layer = store_layer_path(s, a->diff_ids[1]);
	autofree char *config = store_blob_path(s, b->id);
	autofree char *blobs = str_printf("%s/image/blobs/sha256", root);
	autofree char *layers = str_printf("%s/image/layers/%064d/fs", root, 0);
	autofree char *half = str_printf("%s/image/tmp/layer.7/fs/etc", root);
	aid_write(blobs, "0000000000000000000000000000000000000000000000000000000000000000", "x");
	ck_assert_int_eq(dir_make(layers, 0755, &e), 0);
	ck_assert_int_eq(dir_make(half, 0755, &e), 0);
	ck_assert_int_eq(dir_remove(layer, &e), 0);
	ck_assert_int_eq(unlink(config), 0);
	reopen();
	autofree char *text = aid_read(layer, "layer1");	/* restored from its blob */
	ck_assert_ptr_nonnull(text);
	autoimage struct image *again = get("a");
	ck_assert_int_eq(image_check(s, again, &e), 0);
	absent("b");
	ck_assert_uint_eq(count_in("layers"), 2);
	ck_assert_uint_eq(count_in("blobs/sha256"), 3);
	ck_assert_uint_eq(count_in("tmp"), 0);
}
END_TEST

START_TEST(one_process_at_a_time)
{
	struct image_store *other = NULL;
	pid_t pid = fork();
	if (pid == 0)
		_exit(image_store_open(root, kernel_linux(), &other, &e) == -EBUSY ? 0 : 1);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* Killed at a random moment while images come and go, twenty times. */
START_TEST(survives_kills)
{
	image_free(aid_image(s, "kept", 2, 1000));
	image_store_close(s);
	s = NULL;
	setenv("TMPDIR", aid_dir(), 1);	/* so that what the killed leave goes with us */
	for (unsigned round = 0; round < 20; round++) {
		pid_t pid = fork();
		if (pid == 0) {
			struct image_store *mine = aid_store(root);
			for (int i = 0; ; i++) {
				struct image_removed out;
				image_free(aid_image(mine, "coming", 3, (size_t)(500 + i % 7)));
				if (image_remove(mine, "coming", REMOVE_FORCE, NULL, NULL, &out, &e) == 0)
					image_removed_free(&out);
			}
		}
		usleep(5000 + round * 3137 % 40000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		s = aid_store(root);
		autoimage struct image *kept = get("kept");
		ck_assert_msg(image_check(s, kept, &e) == 0, "%s", e.what);
		ck_assert_uint_eq(count_in("tmp"), 0);
		struct image *other = NULL;
		if (image_get(s, "coming", &other, NULL) == 0) {
			ck_assert_msg(image_check(s, other, &e) == 0, "%s", e.what);
			image_free(other);
		}
		image_store_close(s);
		s = NULL;
	}
}
END_TEST

START_TEST(live_trees_are_copied)
{
	struct layer_made made;
	char *dir = aid_dir();
	aid_write(dir, "f", "data");
	ck_assert_msg(layer_from_live(s, dir, &made, &e) == 0, "%s", e.what);
	autofree char *kept = aid_read(dir, "f");
	ck_assert_str_eq(kept, "data");
	autofree char *path = store_layer_path(s, made.diff_id);
	autofree char *copy = aid_read(path, "f");
	ck_assert_str_eq(copy, "data");
}
END_TEST

/* ---- documents ------------------------------------------------------------------- */

static const struct doc { const char *text, *words; } docs[] = {
	{ "{}", "lists no config" },
	{ "{\"schemaVersion\":1}", "schema 1" },
	{ "{\"config\":{},\"layers\":[]}", "unsupported digest" },
	{ "{\"config\":{\"digest\":\"sha256:zz\",\"size\":1},\"layers\":[]}", "unsupported digest" },
	{ "{\"config\":{\"digest\":\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef"
	  "0123456789abcdef\"},\"layers\":[]}", "has no size" },
	{ "{\"config\":{\"digest\":\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef"
	  "0123456789abcdef\",\"size\":1},\"layers\":[7]}", "unsupported digest" },
	{ "{\"config\":7,\"layers\":{}}", "lists no config" },
};

START_TEST(refuses_manifests_that_are_none)
{
	struct manifest m;
	autojson cJSON *j = cJSON_Parse(docs[_i].text);
	ck_assert_int_eq(manifest_parse(j, &m, &e), -EBADMSG);
	ck_assert_msg(strstr(e.what, docs[_i].words), "%s", e.what);
}
END_TEST

START_TEST(chooses_the_platform)
{
	static const char d[] = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd";
	autofree char *text = str_printf("{\"manifests\":["
		"{\"digest\":\"%s01\",\"size\":1,\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
		"{\"digest\":\"%s02\",\"size\":2,\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\","
		"\"variant\":\"v6\"}},{\"digest\":\"%s03\",\"size\":3,\"platform\":{\"os\":\"linux\","
		"\"architecture\":\"arm\",\"variant\":\"v7\"}}]}", d, d, d);
	autojson cJSON *j = cJSON_Parse(text);
	struct descriptor out;
	ck_assert(manifest_is_index("", j));
	ck_assert_int_eq(index_choose(j, "linux/amd64", &out, &e), 0);
	ck_assert_int_eq(out.size, 1);
	ck_assert_int_eq(index_choose(j, "linux/arm/v7", &out, &e), 0);
	ck_assert_int_eq(out.size, 3);
	ck_assert_int_eq(index_choose(j, "linux/s390x", &out, &e), -ENOEXEC);
	ck_assert_str_eq(e.what, "no matching manifest for linux/s390x in the manifest list entries");
}
END_TEST

static Suite *suite(void)
{
	Suite *su = suite_create("image");
	TCase *t = tcase_create("store");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, finds_by_name_and_id);
	tcase_add_test(t, says_no_such_image);
	tcase_add_test(t, ambiguous_ids_are_no_names);
	tcase_add_test(t, tags_move);
	tcase_add_test(t, lists_newest_first_and_tells_history);
	tcase_add_test(t, removal_takes_only_what_nobody_else_uses);
	tcase_add_test(t, a_name_more_is_only_untagged);
	tcase_add_test(t, digests_go_with_their_last_tag);
	tcase_add_test(t, ids_with_several_names_want_force);
	tcase_add_test(t, containers_hold_images);
	tcase_add_test(t, a_stopped_container_keeps_its_layers);
	tcase_add_test(t, prunes_the_nameless);
	tcase_add_test(t, check_finds_damage);
	tcase_add_test(t, open_repairs);
	tcase_add_test(t, one_process_at_a_time);
	tcase_add_test(t, live_trees_are_copied);
	suite_add_tcase(su, t);
	t = tcase_create("kills");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, survives_kills);
	suite_add_tcase(su, t);
	t = tcase_create("documents");
	tcase_add_loop_test(t, refuses_manifests_that_are_none, 0, ARRAY_SIZE(docs));
	tcase_add_test(t, chooses_the_platform);
	suite_add_tcase(su, t);
	return su;
}
UNIT_MAIN(suite)
