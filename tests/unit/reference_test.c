/* Names of images: what docker accepts, what it refuses and in which words. */
#include <errno.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "image/reference.h"
#include "tests/helpers/unit.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct good {
	const char *text, *domain, *path, *tag, *digest, *familiar;
} good[] = {
	{ "python", "docker.io", "library/python", "latest", NULL, "python:latest" },
	{ "python:3.9-slim", "docker.io", "library/python", "3.9-slim", NULL, "python:3.9-slim" },
	{ "myuser/app:v1", "docker.io", "myuser/app", "v1", NULL, "myuser/app:v1" },
	{ "docker.io/ubuntu", "docker.io", "library/ubuntu", "latest", NULL, "ubuntu:latest" },
	{ "index.docker.io/library/x:1", "docker.io", "library/x", "1", NULL, "x:1" },
	{ "localhost/x", "localhost", "x", "latest", NULL, "localhost/x:latest" },
	{ "localhost:5000/a/b", "localhost:5000", "a/b", "latest", NULL, "localhost:5000/a/b:latest" },
	{ "[::1]:5000/a", "[::1]:5000", "a", "latest", NULL, "[::1]:5000/a:latest" },
	{ "Reg.example/a", "Reg.example", "a", "latest", NULL, "Reg.example/a:latest" },
	{ "a__b/c-d.e--f:T", "docker.io", "a__b/c-d.e--f", "T", NULL, "a__b/c-d.e--f:T" },
	{ "x@sha256:" HEX64, "docker.io", "library/x", NULL, "sha256:" HEX64, "x@sha256:" HEX64 },
	{ "x:1@sha256:" HEX64, "docker.io", "library/x", "1", "sha256:" HEX64,
	  "x:1@sha256:" HEX64 },
};

START_TEST(accepts)
{
	const struct good *g = &good[_i];
	autoreference struct reference r = { 0 };
	struct err e = { 0 };
	ck_assert_msg(reference_parse(g->text, &r, &e) == 0, "%s: %s", g->text, e.what);
	ck_assert_str_eq(r.domain, g->domain);
	ck_assert_str_eq(r.path, g->path);
	ck_assert(str_eq(r.tag, g->tag));
	ck_assert(str_eq(r.digest, g->digest));
	autofree char *shown = reference_familiar(&r);
	ck_assert_str_eq(shown, g->familiar);
	autoreference struct reference again = { 0 };
	ck_assert_int_eq(reference_parse(shown, &again, NULL), 0);
}
END_TEST

static const struct bad { const char *text, *words; } bad[] = {
	{ "", "invalid reference format" },
	{ "Python", "invalid reference format: repository name (Python) must be lowercase" },
	{ "user/App:v1", "invalid reference format: repository name (user/App) must be lowercase" },
	{ HEX64, "invalid repository name (" HEX64 "), cannot specify 64-byte hexadecimal strings" },
	{ "a//b", "invalid reference format" },
	{ "a/", "invalid reference format" },
	{ "-a", "invalid reference format" },
	{ "a-", "invalid reference format" },
	{ "a___b", "invalid reference format" },
	{ "a..b", "invalid reference format" },
	{ "a:", "invalid reference format" },
	{ "a:.b", "invalid reference format" },
	{ "a:b:c", "invalid reference format" },
	{ "a b", "invalid reference format" },
	{ "a@sha256:12", "invalid reference format" },
	{ "a@md5:" HEX64, "invalid reference format" },
	{ "localhost:x/a", "invalid reference format" },
	{ "-.example/a", "invalid reference format" },
	{ "../a", "invalid reference format" },
	{ "a/../b", "invalid reference format" },
};

START_TEST(refuses)
{
	struct reference r = { 0 };
	struct err e = { 0 };
	ck_assert_int_eq(reference_parse(bad[_i].text, &r, &e), -EINVAL);
	ck_assert_str_eq(e.what, bad[_i].words);
	ck_assert_int_eq(err_status(&e), 400);
	ck_assert_ptr_null(r.path);
}
END_TEST

START_TEST(limits_lengths)
{
	struct reference r = { 0 };
	struct err e = { 0 };
	char name[300], tag[160];
	memset(name, 'a', sizeof(name));
	name[260] = '\0';
	ck_assert_int_eq(reference_parse(name, &r, &e), -EINVAL);
	ck_assert_str_eq(e.what, "repository name must not be more than 255 characters");
	memcpy(tag, "x:", 2);
	memset(tag + 2, 't', 129);
	tag[131] = '\0';
	ck_assert_int_eq(reference_parse(tag, &r, &e), -EINVAL);
	tag[130] = '\0';
	ck_assert_int_eq(reference_parse(tag, &r, &e), 0);
	reference_free(&r);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("reference");
	TCase *t = tcase_create("grammar");
	tcase_add_loop_test(t, accepts, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(t, refuses, 0, ARRAY_SIZE(bad));
	tcase_add_test(t, limits_lengths);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
