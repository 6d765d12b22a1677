/* http_wire.c - HTTP/1.1 answers: header and body framing (RFC 9112 section 4,
 * 6 and 7).  Everything comes from the other side and is believed only as far as
 * it is checked: sizes are limited before they are used, digits are counted. */
#include "client/http_wire.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "core/cleanup.h"

#define MAX_SKIPPED 16384u	/* chunk extensions and trailers of one answer */
#define MAX_DIGITS 15		/* of a chunk size: below 2^60 */

enum chunk_state {
	CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_SIZE_LF, CHUNK_DATA, CHUNK_DATA_CR, CHUNK_DATA_LF,
	CHUNK_TRAILER, CHUNK_TRAILER_LINE, CHUNK_TRAILER_LF, CHUNK_LAST_LF, CHUNK_DONE,
};

size_t wire_head_end(const char *s, size_t n)
{
	for (size_t i = 0; i + 3 < n; i++)
		if (s[i] == '\r' && memcmp(s + i, "\r\n\r\n", 4) == 0)
			return i + 4;
	return 0;
}

/* The next line of [*at, n), without its line end; false at the header's end. */
static bool next_line(const char *head, size_t n, size_t *at, const char **line, size_t *len)
{
	const char *from = head + *at;
	const char *lf = *at < n ? memchr(from, '\n', n - *at) : NULL;

	if (!lf)
		return false;
	*at = (size_t)(lf - head) + 1;
	*line = from;
	*len = (size_t)(lf - from);
	if (*len && from[*len - 1] == '\r')
		--*len;
	return *len > 0;
}

bool wire_header(const char *head, size_t n, const char *name, char *buf, size_t cap)
{
	size_t at = 0, len, name_len = strlen(name);
	const char *line;

	next_line(head, n, &at, &line, &len);	/* the status line */
	while (next_line(head, n, &at, &line, &len)) {
		if (len <= name_len || line[name_len] != ':' ||
		    strncasecmp(line, name, name_len) != 0)
			continue;
		const char *v = line + name_len + 1, *end = line + len;
		while (v < end && (*v == ' ' || *v == '\t'))
			v++;
		while (v < end && (end[-1] == ' ' || end[-1] == '\t'))
			end--;
		size_t take = (size_t)(end - v) < cap - 1 ? (size_t)(end - v) : cap - 1;
		memcpy(buf, v, take);
		buf[take] = '\0';
		return true;
	}
	return false;
}

static int parse_length(const char *text, uint64_t *out)
{
	uint64_t v = 0;

	if (!*text || strlen(text) > 18)
		return -EBADMSG;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EBADMSG;
		v = v * 10 + (uint64_t)(*text - '0');
	}
	*out = v;
	return 0;
}

/* How the body is framed: RFC 9112 section 6.3, in its order. */
static int body_kind(const char *head, size_t n, bool head_request, struct wire_head *out)
{
	char v[128];

	out->kind = WIRE_UNTIL_CLOSE;
	if (head_request || out->status < 200 || out->status == 204 || out->status == 304) {
		out->kind = WIRE_NONE;
		return 0;
	}
	if (wire_header(head, n, "Transfer-Encoding", v, sizeof(v))) {
		out->kind = WIRE_CHUNKED;
		return strcasecmp(v, "chunked") == 0 ? 0 : -EBADMSG;
	}
	if (wire_header(head, n, "Content-Length", v, sizeof(v))) {
		out->kind = WIRE_LENGTH;
		return parse_length(v, &out->length);
	}
	return 0;
}

int wire_head_parse(const char *head, size_t n, bool head_request, struct wire_head *out)
{
	struct wire_head h = { 0 };
	char v[128];

	if (n < 13 || memcmp(head, "HTTP/1.", 7) != 0 || head[8] != ' ')
		return -EBADMSG;
	for (int i = 9; i < 12; i++) {
		if (head[i] < '0' || head[i] > '9')
			return -EBADMSG;
		h.status = h.status * 10 + (head[i] - '0');
	}
	if (h.status < 100 || memchr(head, '\0', n))
		return -EBADMSG;
	if (body_kind(head, n, head_request, &h))
		return -EBADMSG;
	h.close = head[7] == '0' || h.kind == WIRE_UNTIL_CLOSE;
	if (wire_header(head, n, "Connection", v, sizeof(v)) && strcasecmp(v, "close") == 0)
		h.close = true;
	h.json = wire_header(head, n, "Content-Type", v, sizeof(v)) &&
		 strncasecmp(v, "application/json", 16) == 0;
	*out = h;
	return 0;
}

void wire_body_start(struct wire_body *b, const struct wire_head *h)
{
	*b = (struct wire_body){ .kind = h->kind,
				 .left = h->kind == WIRE_LENGTH ? h->length : 0 };
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 32) >= 'a' && (c | 32) <= 'f')
		return (c | 32) - 'a' + 10;
	return -1;
}

static int size_char(struct wire_body *b, char c)
{
	int digit = hex_digit(c);

	if (digit >= 0) {
		if (++b->digits > MAX_DIGITS)
			return -EBADMSG;
		b->left = b->left * 16 + (uint64_t)digit;
		return 0;
	}
	if (!b->digits)
		return -EBADMSG;
	if (c == '\r')
		b->state = CHUNK_SIZE_LF;
	else if (c == ';' || c == ' ' || c == '\t')
		b->state = CHUNK_EXTENSION;
	else
		return -EBADMSG;
	return 0;
}

/* Skips to the end of a line, within the limit. */
static int skip_char(struct wire_body *b, char c, int then)
{
	if (++b->skipped > MAX_SKIPPED || c == '\n')
		return -EBADMSG;
	if (c == '\r')
		b->state = then;
	return 0;
}

static int expect_lf(struct wire_body *b, char c, int then)
{
	b->state = then;
	return c == '\n' ? 0 : -EBADMSG;
}

static int chunk_char(struct wire_body *b, char c)
{
	switch (b->state) {
	case CHUNK_SIZE:
		return size_char(b, c);
	case CHUNK_EXTENSION:
		return skip_char(b, c, CHUNK_SIZE_LF);
	case CHUNK_SIZE_LF:
		b->digits = 0;
		return expect_lf(b, c, b->left ? CHUNK_DATA : CHUNK_TRAILER);
	case CHUNK_DATA_CR:
		b->state = CHUNK_DATA_LF;
		return c == '\r' ? 0 : -EBADMSG;
	case CHUNK_DATA_LF:
		return expect_lf(b, c, CHUNK_SIZE);
	case CHUNK_TRAILER:
		b->state = c == '\r' ? CHUNK_LAST_LF : CHUNK_TRAILER_LINE;
		return c == '\n' ? -EBADMSG : 0;
	case CHUNK_TRAILER_LINE:
		return skip_char(b, c, CHUNK_TRAILER_LF);
	case CHUNK_TRAILER_LF:
		return expect_lf(b, c, CHUNK_TRAILER);
	default:
		return expect_lf(b, c, CHUNK_DONE);
	}
}

/* Hands out what is there of a counted run of bytes. */
static void take(struct wire_body *b, const char *in, size_t n, size_t *used, const char **data,
		 size_t *len)
{
	size_t got = n < b->left ? n : (size_t)b->left;

	*data = in;
	*len = got;
	*used += got;
	b->left -= got;
}

static int feed_chunked(struct wire_body *b, const char *in, size_t n, size_t *used,
			const char **data, size_t *len)
{
	while (*used < n && b->state != CHUNK_DONE) {
		if (b->state == CHUNK_DATA) {
			take(b, in + *used, n - *used, used, data, len);
			if (!b->left)
				b->state = CHUNK_DATA_CR;
			return 0;
		}
		if (chunk_char(b, in[(*used)++]))
			return -EBADMSG;
	}
	return b->state == CHUNK_DONE;
}

int wire_body_feed(struct wire_body *b, const char *in, size_t n, size_t *used,
		   const char **data, size_t *len)
{
	*used = *len = 0;
	*data = in;
	switch (b->kind) {
	case WIRE_NONE:
		return 1;
	case WIRE_LENGTH:
		take(b, in, n, used, data, len);
		return b->left == 0;
	case WIRE_CHUNKED:
		return feed_chunked(b, in, n, used, data, len);
	default:
		*used = *len = n;
		return 0;
	}
}
