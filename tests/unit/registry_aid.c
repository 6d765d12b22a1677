#include "registry_aid.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "registry/import.h"

struct err e;
char *shelf, *home;
struct registry_server *server;
struct image_store *s;
struct tamper line;
char id[DIGEST_TEXT], manifest_digest[DIGEST_TEXT];
char *direct, *bad;

void bake(const char *repo, const char *tag, int layers)
{
	struct image_store *kitchen = aid_store(aid_dir());
	autoimage struct image *img = aid_image(kitchen, "x", layers, LAYER);
	memcpy(id, img->id, sizeof(id));
	ck_assert_msg(registry_import(shelf, kitchen, img, repo, tag, manifest_digest, &e) == 0, "%s",
		      e.what);
	image_store_close(kitchen);
}

void registry_setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	setenv("DRYDOCK_STALL_SECONDS", "1", 1);
	shelf = aid_dir();
	home = aid_dir();
	bake("library/app", "v1", 4);
	struct registry_options o = { .root = shelf, .address = "127.0.0.1" };
	ck_assert_msg(registry_start(&o, &server, &e) == 0, "%s", e.what);
	tamper_start(&line, registry_port(server));
	line.how = TAMPER_NOT;
	direct = str_printf("127.0.0.1:%u/library/app:v1", registry_port(server));
	bad = str_printf("127.0.0.1:%u/library/app:v1", line.port);
	s = aid_store(home);
}

void registry_teardown(void)
{
	image_store_close(s);
	registry_stop(server);
	free(direct);
	free(bad);
}

int pull(const char *ref)
{
	struct image *img = NULL;
	struct pull_options o = { .ref = ref };
	err_clear(&e);
	int r = image_pull(s, &o, &img, &e);
	if (r == 0)
		image_free(img);
	return r;
}

void nothing_left(void)
{
	static const char *const folders[] = { "tmp", "layers", "blobs/sha256" };
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		autofree char *path = str_printf("%s/image/%s", home, folders[i]);
		autofree char *names = aid_names(path);
		ck_assert_msg(!*names, "%s holds %s", folders[i], names);
	}
}

void is_whole(const char *ref)
{
	struct image *img = NULL;
	ck_assert_msg(image_get(s, ref, &img, &e) == 0, "%s", e.what);
	ck_assert_str_eq(img->id, id);
	ck_assert_msg(image_check(s, img, &e) == 0, "%s", e.what);
	image_free(img);
}
