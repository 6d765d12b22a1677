/* What comes over the wire, hostile or cut anywhere: HTTP heads and chunks, a
 * container's frames, detach keys. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/http_wire.h"
#include "client/stream.h"
#include "core/cleanup.h"
#include "tests/helpers/unit.h"

static const struct { const char *head; int status; enum wire_kind kind; } heads[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, WIRE_LENGTH },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 200, WIRE_CHUNKED },
	{ "HTTP/1.1 204 No Content\r\n\r\n", 204, WIRE_NONE },
	{ "HTTP/1.0 200 OK\r\n\r\n", 200, WIRE_UNTIL_CLOSE },
	{ "HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n", 101, WIRE_NONE },
	{ "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", 0, WIRE_NONE },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", 0, WIRE_NONE },
	{ "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", 0, WIRE_NONE },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 0, WIRE_NONE },
	{ "HTTP/1.1 2x0 OK\r\n\r\n", 0, WIRE_NONE },
	{ "HTTP/2 200\r\n\r\n  ", 0, WIRE_NONE },
	{ "SSH-2.0-OpenSSH\r\n\r\n", 0, WIRE_NONE },
};

START_TEST(heads_are_checked)
{
	struct wire_head h = { 0 };
	const char *text = heads[_i].head;
	int r = wire_head_parse(text, strlen(text), false, &h);

	ck_assert_int_eq(r, heads[_i].status ? 0 : -EBADMSG);
	ck_assert_int_eq(h.status, heads[_i].status);
	if (!r)
		ck_assert_int_eq(h.kind, heads[_i].kind);
}
END_TEST

static const struct { const char *wire, *body; } chunked[] = {
	{ "0\r\n\r\n", "" },
	{ "5\r\nhello\r\n0\r\n\r\n", "hello" },
	{ "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", "abc0123456789" },
	{ "\r\n", NULL }, { "g\r\n", NULL }, { "-1\r\n", NULL }, { "5\nhello", NULL },
	{ "5\r\nhelloX", NULL }, { "5\r\nhello\rX", NULL }, { "ffffffffffffffffffff\r\n", NULL },
	{ "0\r\n\n", NULL }, { "5 \n", NULL },
};

/* Decodes wire in pieces of `step` bytes: 1 complete, 0 more is due, or -EBADMSG. */
static int decode(const char *wire, size_t step, struct str *body)
{
	struct wire_head h = { .kind = WIRE_CHUNKED };
	struct wire_body b;
	size_t n = strlen(wire), at = 0;
	int r = 0;

	wire_body_start(&b, &h);
	str_add(body, "");
	while (!r && at < n) {
		const char *data;
		size_t used, len;

		r = wire_body_feed(&b, wire + at, n - at < step ? n - at : step, &used, &data, &len);
		ck_assert(used <= n - at && (!len || (data >= wire && data + len <= wire + n)));
		str_addn(body, data, len);
		at += used;
	}
	return r;
}

START_TEST(chunks_however_they_are_cut)
{
	for (size_t step = 1; step < 40; step++) {
		autostr struct str body = { 0 };
		int r = decode(chunked[_i].wire, step, &body);

		ck_assert_int_eq(r, chunked[_i].body ? 1 : -EBADMSG);
		if (chunked[_i].body)
			ck_assert_str_eq(body.s, chunked[_i].body);
	}
}
END_TEST

/* Whatever comes, the decoder ends and stays within its input. */
START_TEST(noise_does_no_harm)
{
	static const char letters[] = "0123aF\r\n;: x";
	char wire[200];

	srand((unsigned)_i);
	for (int round = 0; round < 200; round++) {
		autostr struct str body = { 0 };
		struct wire_head h;

		for (size_t i = 0; i < sizeof(wire) - 1; i++)
			wire[i] = letters[(size_t)rand() % (sizeof(letters) - 1)];
		wire[sizeof(wire) - 1] = '\0';
		decode(wire, (size_t)rand() % 30 + 1, &body);
		wire_head_parse(wire, sizeof(wire), false, &h);
	}
}
END_TEST

struct caught { struct str out, err; };

static int catch(void *arg, int stream, const char *data, size_t n)
{
	struct caught *c = arg;

	str_addn(stream == 2 ? &c->err : &c->out, data, n);
	return 0;
}

START_TEST(frames_however_they_are_cut)
{
	static const char wire[] = "\1\0\0\0\0\0\0\3one" "\2\0\0\0\0\0\0\2er"
				   "\1\0\0\0\0\0\0\0" "\1\0\0\0\0\0\0\4 two";

	for (size_t step = 1; step < sizeof(wire); step++) {
		struct demux d = { 0 };
		struct caught c = { 0 };

		for (size_t at = 0; at < sizeof(wire) - 1; at += step) {
			size_t n = sizeof(wire) - 1 - at;
			ck_assert_int_eq(demux_feed(&d, wire + at, n < step ? n : step, catch, &c), 0);
		}
		ck_assert_str_eq(c.out.s, "one two");
		ck_assert_str_eq(c.err.s, "er");
		str_free(&c.out);
		str_free(&c.err);
	}
	struct demux d = { 0 };
	struct caught c = { 0 };
	ck_assert_int_eq(demux_feed(&d, "HTTP/1.1 200", 12, catch, &c), -EBADMSG);
}
END_TEST

START_TEST(detach_keys)
{
	unsigned char keys[4];

	ck_assert_int_eq(stream_keys("ctrl-p,ctrl-q", keys, 4, NULL), 2);
	ck_assert(keys[0] == 16 && keys[1] == 17);
	ck_assert_int_eq(stream_keys("a,ctrl-@,ctrl-[", keys, 4, NULL), 3);
	ck_assert(keys[0] == 'a' && keys[1] == 0 && keys[2] == 27);
	ck_assert_int_eq(stream_keys("", keys, 4, NULL), 0);
	ck_assert_int_eq(stream_keys("ctrl-pp", keys, 4, NULL), -EINVAL);
	ck_assert_int_eq(stream_keys("a,b,c,d,e", keys, 4, NULL), -EINVAL);
}
END_TEST

#define EACH(tcase, test, rows) tcase_add_loop_test(tcase, test, 0, (int)ARRAY_SIZE(rows))

static Suite *suite(void)
{
	Suite *s = suite_create("client wire");
	TCase *t = tcase_create("wire");

	EACH(t, heads_are_checked, heads);
	EACH(t, chunks_however_they_are_cut, chunked);
	tcase_add_loop_test(t, noise_does_no_harm, 0, 20);
	tcase_add_test(t, frames_however_they_are_cut);
	tcase_add_test(t, detach_keys);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
