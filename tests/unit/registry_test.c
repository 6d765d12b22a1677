/* The registry and its client: pulls, pushes, deletions. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "image/manifest.h"
#include "image/store.h"
#include "registry/auth.h"
#include "registry/client.h"
#include "registry/fetch.h"
#include "registry/storage.h"
#include "registry_aid.h"
#include "tests/helpers/unit.h"

/* ---- pulls that go well ---------------------------------------------------------- */

struct seen { int n[8]; char first[96], last[96]; int news, exists; };

static void watch(void *arg, const struct pull_progress *p)
{
	static const char *const words[8] = { "Pulling fs layer", "Waiting", "Downloading",
		"Verifying Checksum", "Download complete", "Extracting", "Pull complete", "Already exists" };
	struct seen *w = arg;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		w->n[i] += str_eq(p->status, words[i]);
	w->news += p->is_new && p->digest;
	w->exists += !p->is_new && p->digest;
	if (!w->first[0])
		snprintf(w->first, sizeof(w->first), "%s: %s", p->id, p->status);
	snprintf(w->last, sizeof(w->last), "%s", p->status);
}

static struct seen pull_watched(const char *ref)
{
	struct seen w = { 0 };
	struct image *img = NULL;
	struct pull_options o = { .ref = ref, .progress = watch, .arg = &w };
	ck_assert_msg(image_pull(s, &o, &img, &e) == 0, "%s", e.what);
	image_free(img);
	return w;
}

START_TEST(pulls_and_tells)
{
	struct seen w = pull_watched(direct);
	ck_assert_str_eq(w.first, "v1: Pulling from library/app");
	ck_assert_int_eq(w.n[0], 4);
	ck_assert_int_eq(w.n[1], 1);
	ck_assert_int_ge(w.n[2], 4);
	ck_assert_int_eq(w.n[3], 4);
	ck_assert_int_eq(w.n[4], 4);
	ck_assert_int_eq(w.n[6], 4);
	ck_assert_int_eq(w.news, 4);
	ck_assert_msg(str_starts(w.last, "Status: Downloaded newer image for 127.0.0.1:"), "%s", w.last);
	is_whole(direct);
	w = pull_watched(direct);
	ck_assert_msg(str_starts(w.last, "Status: Image is up to date for"), "%s", w.last);
	ck_assert_int_eq(w.n[0], 0);
}
END_TEST

START_TEST(shares_layers_between_images)
{
	bake("other", "v2", 6);
	autofree char *other = str_printf("127.0.0.1:%u/other:v2", registry_port(server));
	ck_assert_int_eq(pull(direct), 0);
	struct seen w = pull_watched(other);
	ck_assert_int_eq(w.n[7], 4);
	ck_assert_int_eq(w.exists, 4);
	ck_assert_int_eq(w.n[6], 2);
	is_whole(other);
}
END_TEST

START_TEST(pulls_by_digest)
{
	autofree char *ref = str_printf("127.0.0.1:%u/library/app@%s", registry_port(server),
					manifest_digest);
	ck_assert_msg(pull(ref) == 0, "%s", e.what);
	struct image *img = NULL;
	ck_assert_int_eq(image_get(s, ref, &img, &e), 0);
	ck_assert_str_eq(img->digests[0], ref);
	ck_assert_ptr_null(img->tags[0]);
	image_free(img);
}
END_TEST

START_TEST(mirrors_serve_docker_io)
{
	autofree char *dead = str_printf("http://127.0.0.1:1"), *live =
		str_printf("http://127.0.0.1:%u", registry_port(server));
	char *mirrors[] = { dead, live, NULL };
	struct image *img = NULL;
	struct pull_options o = { .ref = "app:v1", .mirrors = mirrors, .offline = true };
	ck_assert_msg(image_pull(s, &o, &img, &e) == 0, "%s", e.what);
	ck_assert_str_eq(img->tags[0], "app:v1");
	image_free(img);
	o.ref = "nosuch";
	ck_assert_int_lt(image_pull(s, &o, &img, &e), 0);
	ck_assert_str_eq(e.what, "pull access denied for nosuch, repository does not exist or may "
			 "require 'docker login': denied: requested access to the resource is denied");
	ck_assert_int_eq(err_status(&e), 404);
	ck_assert_msg(str_starts(e.hint, "check the name"), "%s", e.hint);
	o.ref = "aapp";
	ck_assert_int_lt(image_pull(s, &o, &img, &e), 0);
	ck_assert_str_eq(e.hint, "did you mean app:v1?");
	o.ref = "app:v9";
	ck_assert_int_lt(image_pull(s, &o, &img, &e), 0);
	ck_assert_str_eq(e.hint, "did you mean app:v1?");
	ck_assert_str_eq(e.what, "manifest for app:v9 not found: manifest unknown: manifest unknown");
	ck_assert_int_eq(err_status(&e), 404);
}
END_TEST

/* A typing error and a pulled plug look alike: both are said. */
START_TEST(unplugged_is_not_unknown)
{
	autofree char *live = str_printf("http://127.0.0.1:%u", registry_port(server));
	char *mirrors[] = { live, NULL };
	struct image *img = NULL;
	struct pull_options o = { .ref = "nosuch", .mirrors = mirrors };
	/* A proxy that isn't there stands for the pulled plug. */
	setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
	ck_assert_int_eq(image_pull(s, &o, &img, &e), -EHOSTUNREACH);
	ck_assert_msg(str_starts(e.what, "Get \"https://registry-1.docker.io/v2/\": ") &&
		      str_ends(e.what, "(and no mirror has nosuch:latest)"), "%s", e.what);
	ck_assert_msg(strstr(e.hint, "is not a course image"), "%s", e.hint);
	ck_assert_int_eq(err_status(&e), 404);
}
END_TEST

static void *pull_thread(void *ref) { return (void *)(intptr_t)pull(ref); }

START_TEST(two_pulls_share_the_work)
{
	pthread_t other;
	autofree char *ref = str_dup(bad);
	pthread_create(&other, NULL, pull_thread, ref);
	int mine = pull(bad);
	void *theirs;
	pthread_join(other, &theirs);
	ck_assert_msg(mine == 0 && theirs == NULL, "%s", e.what);
	is_whole(bad);
	/* Twice "who is there", manifest and configuration; each of the four layers once. */
	ck_assert_int_le(line.asked, 10);
}
END_TEST

/* Pulls and removes an image again and again; what it shares goes and comes. */
static void *come_and_go(void *ref)
{
	struct err mine = { 0 };
	for (int i = 0; i < 25; i++) {
		struct image *img = NULL;
		struct image_removed gone;
		struct pull_options o = { .ref = ref };
		if (image_pull(s, &o, &img, &mine) < 0)
			return str_dup(mine.what);
		int r = image_check(s, img, &mine);
		image_free(img);
		if (r < 0 || image_remove(s, ref, 0, NULL, NULL, &gone, &mine) < 0)
			return str_dup(mine.what);
		image_removed_free(&gone);
	}
	return NULL;
}

START_TEST(shared_layers_come_and_go)
{
	pthread_t threads[2];
	void *why;
	bake("other", "v2", 6);
	autofree char *other = str_printf("127.0.0.1:%u/other:v2", registry_port(server));
	pthread_create(&threads[0], NULL, come_and_go, direct);
	pthread_create(&threads[1], NULL, come_and_go, other);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &why);
		ck_assert_msg(!why, "%s", (char *)why);
	}
	nothing_left();
}
END_TEST

START_TEST(indexes_lead_to_this_machine)
{
	char digest[DIGEST_TEXT];
	struct image *img = NULL;
	autofree char *index = str_printf("{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":["
		"{\"digest\":\"%s\",\"size\":1,\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}}]}",
		TYPE_OCI_INDEX, manifest_digest, strchr(platform_here(), '/') + 1);
	struct storage_put put = { "library/app", "all", TYPE_OCI_INDEX, index, strlen(index) };
	ck_assert_msg(storage_put_manifest(shelf, &put, digest, NULL, &e) == 0, "%s", e.what);
	autofree char *ref = str_printf("127.0.0.1:%u/library/app:all", registry_port(server));
	ck_assert_msg(pull(ref) == 0, "%s", e.what);
	is_whole(ref);
	struct pull_options o = { .ref = ref, .platform = "linux/mips" };
	ck_assert_int_eq(image_pull(s, &o, &img, &e), -ENOEXEC);
	ck_assert_str_eq(e.what, "no matching manifest for linux/mips in the manifest list entries");
}
END_TEST

/* ---- the client's other half, and the server's answers --------------------------- */

static struct registry *connect_to(const char *repo)
{
	struct registry *r = NULL;
	autofree char *url = str_printf("http://127.0.0.1:%u", registry_port(server));
	struct registry_target t = { .url = url, .repository = repo, .push = true };
	ck_assert_int_eq(registry_open(&t, &r, &e), 0);
	return r;
}

static int put(struct registry *r, const char *digest, struct stream *data, int64_t size)
{
	autoupload struct registry_upload up = { 0 };
	int err = registry_upload_begin(r, &up, &e);
	return err < 0 ? err : registry_upload_send(r, &up, digest, data, size, &e);
}

/* What the registry has of an upload is not sent again. */
START_TEST(uploads_go_on)
{
	struct registry *r = connect_to("new/place");
	struct memory_stream m;
	char digest[DIGEST_TEXT];
	autoupload struct registry_upload up = { 0 };
	digest_of("hello world", 11, digest);
	ck_assert_int_eq(registry_upload_begin(r, &up, &e), 0);
	ck_assert_int_eq(up.at, 0);
	char patch[] = "Content-Range: 0-4";
	char *headers[] = { patch, NULL };
	struct fetch_request q = { .method = "PATCH", .headers = headers, .body = "hello" };
	struct fetch *f = NULL;
	ck_assert_msg(registry_request(r, &q, up.place, &f, &e) == 0, "%s", e.what);
	fetch_close(&f);
	ck_assert_int_eq(registry_upload_begin(r, &up, &e), 0);
	ck_assert_int_eq(up.at, 5);
	ck_assert(up.broke);
	memory_stream(&m, " world", 6, 2);
	ck_assert_msg(registry_upload_send(r, &up, digest, &m.s, 11, &e) == 0, "%s", e.what);
	ck_assert_int_eq(registry_blob_has(r, digest, &e), 1);
	/* That one is over: the next begins anew. */
	ck_assert_int_eq(registry_upload_begin(r, &up, &e), 0);
	ck_assert_int_eq(up.at, 0);
	registry_close(&r);
}
END_TEST

START_TEST(pushes)
{
	struct registry *r = connect_to("new/place");
	struct memory_stream m;
	char digest[DIGEST_TEXT], wrong[DIGEST_TEXT];
	autodoc struct registry_doc doc = { 0 }, again = { 0 };
	digest_of("hello", 5, digest);
	digest_of("other", 5, wrong);
	ck_assert_int_eq(registry_blob_has(r, digest, &e), 0);
	memory_stream(&m, "hello", 5, 2);
	ck_assert_int_eq(put(r, wrong, &m.s, 5), -EBADMSG);
	ck_assert_int_eq(registry_blob_has(r, wrong, &e), 0);
	memory_stream(&m, "hello", 5, 2);
	ck_assert_msg(put(r, digest, &m.s, 5) == 0, "%s", e.what);
	ck_assert_int_eq(registry_blob_has(r, digest, &e), 1);
	ck_assert_int_eq(registry_blob_mount(r, digest, "library/app", &e), 1);
	ck_assert_int_eq(registry_blob_mount(r, wrong, "library/app", &e), 0);
	struct registry *app = connect_to("library/app");
	ck_assert_int_eq(registry_manifest(app, "v1", &doc, &e), 0);
	ck_assert_str_eq(doc.digest, manifest_digest);
	ck_assert_msg(registry_manifest_put(r, "t", doc.type, doc.text, &e) == 0, "%s", e.what);
	ck_assert_int_eq(registry_manifest(r, "t", &again, &e), 0);
	ck_assert_str_eq(again.digest, manifest_digest);
	ck_assert_int_lt(registry_manifest_put(r, wrong, doc.type, doc.text, &e), 0);
	ck_assert_int_lt(registry_manifest_put(r, "t", doc.type, "{\"layers\":[{\"digest\":\"x\"}]}",
					       &e), 0);
	registry_close(&app);
	registry_close(&r);
	autofree char *uploads = str_printf("%s/uploads", shelf), *left = aid_names(uploads);
	ck_assert_msg(strlen(left) <= 32, "%s", left);	/* the mount that could not be */
}
END_TEST

START_TEST(pushes_images)
{
	struct seen w = { 0 };
	struct push_done done;
	struct image *img = NULL;
	autofree char *mine = str_printf("127.0.0.1:%u/me/app:v1", registry_port(server));
	autofree char *hub = str_printf("http://127.0.0.1:%u", registry_port(server));
	struct push_options o = { .ref = mine, .progress = watch, .arg = &w };
	ck_assert_int_eq(image_push(s, &o, &done, &e), -ENOENT);
	ck_assert_msg(strstr(e.what, "An image does not exist locally with the tag: 127.0.0.1:"), "%s",
		      e.what);
	image_free(aid_image(s, mine, 2, 50000));
	ck_assert_msg(image_push(s, &o, &done, &e) == 0, "%s", e.what);
	ck_assert_msg(strstr(w.last, done.digest) && str_starts(w.last, "v1: digest: "), "%s", w.last);
	ck_assert_int_eq(image_get(s, mine, &img, &e), 0);
	ck_assert_msg(strstr(img->digests[0], done.digest), "%s", img->digests[0]);
	memcpy(id, img->id, sizeof(id));
	ck_assert_int_eq(image_tag(s, img->id, "user/app:v2", &e), 0);
	image_free(img);
	o.ref = "user/app:v2";
	o.url = hub;
	ck_assert_msg(image_push(s, &o, &done, &e) == 0, "%s", e.what);
	image_store_close(s);
	home = aid_dir();
	s = aid_store(home);
	char *mirrors[] = { hub, NULL };
	struct pull_options back = { .ref = "user/app:v2", .mirrors = mirrors, .offline = true };
	ck_assert_msg(image_pull(s, &back, &img, &e) == 0, "%s", e.what);
	ck_assert_str_eq(img->id, id);
	image_free(img);
}
END_TEST

START_TEST(deletes)
{
	char **tags = NULL;
	struct str text = { 0 };
	char *type, digest[DIGEST_TEXT];
	ck_assert_int_eq(storage_tags(shelf, "library/app", &tags, &e), 0);
	ck_assert_str_eq(tags[0], "v1");
	strv_free(tags);
	ck_assert_int_eq(storage_delete(shelf, "library/app", manifest_digest, &e), 0);
	ck_assert_int_eq(storage_get_manifest(shelf, "library/app", "v1", &text, &type, digest, &e),
			 -ENOENT);
	ck_assert_int_eq(pull(direct), -ENOENT);
}
END_TEST

START_TEST(read_only_refuses)
{
	struct registry_options o = { .root = shelf, .address = "127.0.0.1", .read_only = true };
	struct registry_server *closed;
	struct registry *r = NULL;
	ck_assert_int_eq(registry_start(&o, &closed, &e), 0);
	autofree char *url = str_printf("http://127.0.0.1:%u", registry_port(closed));
	struct registry_target t = { .url = url, .repository = "x" };
	ck_assert_int_eq(registry_open(&t, &r, &e), 0);
	ck_assert_int_lt(registry_blob_mount(r, id, "library/app", &e), 0);
	ck_assert_msg(strstr(e.what, "read-only"), "%s", e.what);
	registry_close(&r);
	registry_stop(closed);
}
END_TEST

START_TEST(says_when_the_port_is_taken)
{
	struct registry_options o = { .root = shelf, .address = "127.0.0.1",
				      .port = registry_port(server) };
	struct registry_server *second;
	ck_assert_int_eq(registry_start(&o, &second, &e), -EADDRINUSE);
	ck_assert_msg(strstr(e.what, "registry: listen on 127.0.0.1:"), "%s", e.what);
}
END_TEST

/* {"username":"me","password":"s?>"} and a wrong password. */
static const char *const me = "eyJ1c2VybmFtZSI6Im1lIiwicGFzc3dvcmQiOiJzPz4ifQ==";
static const char *const not_me = "eyJ1c2VybmFtZSI6Im1lIiwicGFzc3dvcmQiOiJubyJ9";

START_TEST(shows_who_it_is)
{
	struct image *img = NULL;
	struct pull_options o = { .ref = bad };
	line.how = _i ? TAMPER_TOKEN : TAMPER_BASIC;
	ck_assert_int_eq(image_pull(s, &o, &img, &e), -EACCES);
	ck_assert_msg(strstr(e.what, "pull access denied for 127.0.0.1:") &&
		      strstr(e.what, "may require 'docker login'"), "%s", e.what);
	ck_assert_int_eq(err_status(&e), 404);
	o.auth = not_me;
	ck_assert_int_eq(image_pull(s, &o, &img, &e), -EACCES);
	ck_assert_msg(strstr(e.what, "unauthorized: incorrect username or password"), "%s", e.what);
	nothing_left();
	o.auth = me;
	ck_assert_msg(image_pull(s, &o, &img, &e) == 0, "%s", e.what);
	image_free(img);
	is_whole(bad);
}
END_TEST

START_TEST(reads_credentials)
{
	struct auth a;
	ck_assert_int_eq(auth_parse(me, &a, &e), 0);
	ck_assert_str_eq(a.user, "me");
	ck_assert_str_eq(a.password, "s?>");
	auth_free(&a);
	ck_assert_int_eq(auth_parse("eyJpZGVudGl0eXRva2VuIjoidCJ9", &a, &e), 0);
	ck_assert_str_eq(a.identity, "t");
	auth_free(&a);
	ck_assert_int_eq(auth_parse("!!", &a, &e), -EINVAL);
	ck_assert_int_eq(auth_parse("eyJ1", &a, &e), -EBADMSG);
	ck_assert_int_eq(auth_parse("", &a, &e), 0);
	autofree char *realm = auth_parameter("Bearer realm=\"https://a/t\",service=\"s\"", "realm");
	autofree char *service = auth_parameter("Bearer realm=\"https://a/t\",service=\"s\"", "service");
	ck_assert_str_eq(realm, "https://a/t");
	ck_assert_str_eq(service, "s");
	ck_assert_ptr_null(auth_parameter("Bearer xrealm=\"a\"", "realm"));
}
END_TEST

static Suite *suite(void)
{
	Suite *su = suite_create("registry");
	TCase *t;
	t = tcase_create("pull");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, registry_setup, registry_teardown);
	tcase_add_test(t, pulls_and_tells);
	tcase_add_test(t, shares_layers_between_images);
	tcase_add_test(t, pulls_by_digest);
	tcase_add_test(t, mirrors_serve_docker_io);
	tcase_add_test(t, unplugged_is_not_unknown);
	tcase_add_test(t, two_pulls_share_the_work);
	tcase_add_test(t, shared_layers_come_and_go);
	tcase_add_test(t, indexes_lead_to_this_machine);
	suite_add_tcase(su, t);
	t = tcase_create("server");
	tcase_add_checked_fixture(t, registry_setup, registry_teardown);
	tcase_add_test(t, pushes);
	tcase_add_test(t, uploads_go_on);
	tcase_add_test(t, pushes_images);
	tcase_add_test(t, deletes);
	tcase_add_test(t, read_only_refuses);
	tcase_add_test(t, says_when_the_port_is_taken);
	tcase_add_loop_test(t, shows_who_it_is, 0, 2);
	tcase_add_test(t, reads_credentials);
	suite_add_tcase(su, t);
	return su;
}
UNIT_MAIN(suite)
