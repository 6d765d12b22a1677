/* Pulls that go wrong: cut, spoilt, refused, cancelled, killed, without room. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/file.h"
#include "image/whiteout.h"
#include "kernel/fault.h"
#include "registry/import.h"
#include "registry/storage.h"
#include "registry_aid.h"
#include "tests/helpers/unit.h"

/* ---- a bad line ------------------------------------------------------------------ */

START_TEST(unknown_names)
{
	autofree char *repo = str_printf("127.0.0.1:%u/nosuch", registry_port(server));
	autofree char *tag = str_printf("127.0.0.1:%u/library/app:no", registry_port(server));
	ck_assert_int_eq(pull(repo), -EACCES);
	ck_assert_int_eq(err_status(&e), 404);
	ck_assert_msg(strstr(e.what, "/nosuch not found: name unknown: repository name not known to "
			     "registry"), "%s", e.what);
	ck_assert_int_eq(pull(tag), -ENOENT);
	ck_assert_msg(strstr(e.what, "library/app:no not found: manifest unknown"), "%s", e.what);
	ck_assert_int_eq(pull("127.0.0.1:1/library/app"), -EHOSTUNREACH);
	ck_assert_msg(strstr(e.what, "connect: Connection refused"), "%s", e.what);
	ck_assert_int_eq(err_status(&e), 500);
	ck_assert_int_eq(pull("no-such-host.invalid/app"), -EHOSTUNREACH);
	ck_assert_msg(strstr(e.what, "no-such-host.invalid"), "%s", e.what);
	nothing_left();
}
END_TEST

static const struct trouble {
	int how;
	const char *only;
	size_t at;
	int result;
	const char *words;
} troubles[] = {
	{ TAMPER_HANG_UP, NULL, 100, -ECONNRESET, "EOF" },
	{ TAMPER_NONSENSE, NULL, 100, -EPROTO, "HTTP" },
	{ TAMPER_HTML, "/manifests/", 100, -EBADMSG, "invalid manifest" },
	{ TAMPER_HTML, "/blobs/", 100, -EBADMSG, "verification failed for digest" },
	{ TAMPER_ERROR, NULL, 100, -EPROTO, "received unexpected HTTP status: 500" },
	{ TAMPER_ERROR, "/blobs/", 100, -EPROTO, "received unexpected HTTP status: 500" },
	{ TAMPER_LIMIT, "/manifests/", 100, -EAGAIN, "toomanyrequests: You have reached." },
	{ TAMPER_CUT, "/blobs/", 0, -ECONNRESET, "unexpected EOF" },
	{ TAMPER_CUT, "/manifests/", 0, -ECONNRESET, "unexpected EOF" },
	{ TAMPER_STALL, "/blobs/", 0, -ETIMEDOUT, "net/http: request canceled" },
	{ TAMPER_STALL, "/manifests/", 0, -ETIMEDOUT, "net/http: request canceled" },
	{ TAMPER_FLIP, "/blobs/", 100, -EBADMSG, "verification failed for digest" },
};

START_TEST(trouble_leaves_nothing)
{
	const struct trouble *t = &troubles[_i];
	line.how = t->how;
	line.only = t->only;
	line.at = t->at;
	int r = pull(bad);
	ck_assert_msg(r == t->result, "%d: %s", r, e.what);
	ck_assert_msg(strstr(e.what, t->words), "%s", e.what);
	nothing_left();
	line.how = TAMPER_NOT;
	ck_assert_msg(pull(bad) == 0, "%s", e.what);
	is_whole(bad);
}
END_TEST

START_TEST(cut_lines_are_taken_up_again)
{
	line.how = TAMPER_CUT;
	line.only = "/blobs/";
	line.at = 500;
	line.times = 3;
	ck_assert_msg(pull(bad) == 0, "%s", e.what);
	is_whole(bad);
}
END_TEST

/* Cut or damaged anywhere: either the pull fails and leaves nothing, or it is right. */
START_TEST(random_damage)
{
	srandom((unsigned)_i);
	line.only = "/blobs/";
	for (int i = 0; i < 12; i++) {
		line.how = i % 2 ? TAMPER_CUT : TAMPER_FLIP;
		line.at = (size_t)random() % 40000;
		line.times = random() % 2 ? -1 : 1;
		if (pull(bad) == 0) {
			is_whole(bad);
			struct image_removed gone;
			ck_assert_int_eq(image_remove(s, bad, REMOVE_FORCE, NULL, NULL, &gone, &e), 0);
			image_removed_free(&gone);
		}
		nothing_left();
	}
}
END_TEST

static void *cancel_soon(void *flag)
{
	usleep(300000);
	*(_Atomic bool *)flag = true;
	return NULL;
}

START_TEST(cancelled_pulls_stop)
{
	_Atomic bool cancel = false;
	struct image *img = NULL;
	struct pull_options o = { .ref = bad, .cancel = &cancel };
	setenv("DRYDOCK_STALL_SECONDS", "30", 1);
	line.how = TAMPER_STALL;
	line.only = "/blobs/";
	line.at = 1000;
	pthread_t user;
	pthread_create(&user, NULL, cancel_soon, (void *)&cancel);
	uint64_t begun = clock_mono_ns();
	ck_assert_int_eq(image_pull(s, &o, &img, &e), -ECANCELED);
	ck_assert_uint_lt(clock_mono_ns() - begun, 3000000000u);
	ck_assert_str_eq(e.what, "context canceled");
	pthread_join(user, NULL);
	nothing_left();
}
END_TEST

/* A layer that is what its digest says, but not what the configuration says. */
START_TEST(wrong_diff_id)
{
	autofree char *config = storage_blob(shelf, id);
	struct str doc = { 0 };
	char digest[DIGEST_TEXT], config_digest[DIGEST_TEXT];
	autofree char *type = NULL;
	ck_assert_int_eq(file_read(config, &doc, &e), 0);
	char *first = strstr(doc.s, "sha256:");
	first[10] = first[10] == '0' ? '1' : '0';
	digest_of(doc.s, doc.len, config_digest);
	autofree char *path = storage_blob(shelf, config_digest);
	ck_assert_int_eq(file_write_atomic(path, doc.s, doc.len, 0644, &e), 0);
	str_clear(&doc);
	ck_assert_int_eq(storage_get_manifest(shelf, "library/app", "v1", &doc, &type, digest, &e), 0);
	memcpy(strstr(doc.s, id), config_digest, DIGEST_TEXT - 1);
	struct storage_put put = { "library/app", "v1", type, doc.s, doc.len };
	ck_assert_int_eq(storage_put_manifest(shelf, &put, digest, NULL, &e), 0);
	str_free(&doc);
	ck_assert_int_eq(pull(direct), -EBADMSG);
	ck_assert_msg(strstr(e.what, "layers from manifest don't match image configuration"), "%s",
		      e.what);
	nothing_left();
}
END_TEST

START_TEST(full_disk)
{
	char *small = aid_dir();
	if (!aid_is_root() || k_mount(kernel_linux(), "tmpfs", small, "tmpfs", 0, "size=300k") < 0)
		return;
	image_store_close(s);
	s = aid_store(small);
	int r = pull(direct);
	char *was = home;
	home = small;
	nothing_left();
	home = was;
	image_store_close(s);
	k_umount(kernel_linux(), small, MNT_DETACH);
	s = aid_store(was);
	ck_assert_msg(r == -ENOSPC, "%d: %s", r, e.what);
	ck_assert_msg(strstr(e.hint, "disk is full"), "%s", e.hint);
}
END_TEST

/* Whiteouts, an opaque directory and a pipe: what is made through the waist. */
static void bake_with_whiteouts(void)
{
	struct image_store *kitchen = aid_store(aid_dir());
	char *dir = aid_dir();
	mkdir(aid_path(dir, "opaque"), 0755);
	autofd int fd = open(dir, O_RDONLY | O_DIRECTORY);
	autofd int opaque = open(aid_path(dir, "opaque"), O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(whiteout_make(kernel_linux(), fd, "a"), 0);
	ck_assert_int_eq(whiteout_make(kernel_linux(), fd, "b"), 0);
	ck_assert_int_eq(whiteout_mark_opaque(kernel_linux(), opaque), 0);
	ck_assert_int_eq(mkfifo(aid_path(dir, "pipe"), 0600), 0);
	autoimage struct image *img = aid_image_of(kitchen, "x", dir);
	memcpy(id, img->id, sizeof(id));
	ck_assert_int_eq(registry_import(shelf, kitchen, img, "library/app", "v1", manifest_digest, &e),
			 0);
	image_store_close(kitchen);
}

/* Each call through the waist fails once. */
START_TEST(kernel_calls_fail)
{
	struct fault f;
	if (!aid_is_root())
		return;
	bake_with_whiteouts();
	image_store_close(s);
	for (int n = 1; ; n++) {
		autofree char *rule = str_printf("#%d=EPERM", n);
		struct kernel *k = fault_init(&f, kernel_linux(), rule, "daemon", NULL);
		ck_assert_int_eq(image_store_open(home, k, &s, &e), 0);
		if (pull(direct) == 0) {
			ck_assert_uint_eq(f.struck, 0);
			ck_assert_int_eq(n, 5);
			break;
		}
		ck_assert_msg(str_starts(e.what, "failed to register layer: ") &&
			      str_ends(e.what, ": Operation not permitted"), "%s", e.what);
		nothing_left();
		image_store_close(s);
	}
	is_whole(direct);
}
END_TEST

/* A pulling process killed at random moments; the next one finds a clean store. */
START_TEST(survives_kills)
{
	image_store_close(s);
	for (unsigned round = 0; round < 12; round++) {
		pid_t pid = fork();
		if (pid == 0) {
			s = aid_store(home);
			pull(direct);
			_exit(0);
		}
		usleep(2000 + round * 2500);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		s = aid_store(home);
		struct image *img = NULL;
		if (image_get(s, direct, &img, NULL) == 0) {
			struct image_removed gone;
			ck_assert_msg(image_check(s, img, &e) == 0, "%s", e.what);
			image_free(img);
			ck_assert_int_eq(image_remove(s, direct, REMOVE_FORCE, NULL, NULL, &gone, &e), 0);
			image_removed_free(&gone);
		}
		nothing_left();
		image_store_close(s);
	}
	s = aid_store(home);
}
END_TEST

static Suite *suite(void)
{
	Suite *su = suite_create("registry_trouble");
	TCase *t;
	t = tcase_create("trouble");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, registry_setup, registry_teardown);
	tcase_add_test(t, unknown_names);
	tcase_add_loop_test(t, trouble_leaves_nothing, 0, ARRAY_SIZE(troubles));
	tcase_add_test(t, cut_lines_are_taken_up_again);
	tcase_add_loop_test(t, random_damage, 0, 3);
	tcase_add_test(t, cancelled_pulls_stop);
	tcase_add_test(t, wrong_diff_id);
	tcase_add_test(t, full_disk);
	tcase_add_test(t, kernel_calls_fail);
	tcase_add_test(t, survives_kills);
	suite_add_tcase(su, t);
	return su;
}
UNIT_MAIN(suite)
