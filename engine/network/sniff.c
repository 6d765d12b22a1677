/* sniff.c - see sniff.h.
 *
 * A response is read by a machine of nine states (RFC 9112): status line,
 * header lines, then a body that ends after Content-Length bytes, after the
 * last chunk, or with the connection.  States that read lines gather one in
 * `line`; states that read bytes take as many as they may.  Each state is one
 * function of the table at the end, which returns how much it took.
 */
#include "network/sniff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/str.h"

void sniff_begin(struct sniff *s)
{
	memset(s, 0, sizeof(*s));
}

void sniff_free(struct sniff *s)
{
	EVP_MD_CTX_free(s->digest);
	s->digest = NULL;
}

/* ---- the request: its first line only ---- */

static bool is_request_line(const char *line)
{
	const char *sp = strchr(line, ' ');

	return sp && sp != line && strstr(sp + 1, " HTTP/1.");
}

static void request_ends(struct sniff *s)
{
	s->request_whole = true;
	if (!is_request_line(s->request)) {
		s->request[0] = '\0';
		s->state = SNIFF_OFF;
	}
	s->bodyless = str_starts(s->request, "HEAD ");
}

void sniff_request(struct sniff *s, const void *data, size_t n)
{
	const char *p = data;

	for (size_t i = 0; i < n && !s->request_whole; i++) {
		if (p[i] == '\n') {
			if (s->request_len && s->request[s->request_len - 1] == '\r')
				s->request[s->request_len - 1] = '\0';
			request_ends(s);
		} else if (s->request_len == 0 && (p[i] < 'A' || p[i] > 'Z')) {
			request_ends(s);	/* no method begins so: TLS, a database … */
		} else if (s->request_len < sizeof(s->request) - 1) {
			s->request[s->request_len++] = p[i];
		}
	}
}

/* ---- the response ---- */

static void body_begins(struct sniff *s)
{
	s->digest = EVP_MD_CTX_new();
	if (s->digest)
		EVP_DigestInit_ex(s->digest, EVP_sha256(), NULL);
}

static void body_bytes(struct sniff *s, const char *p, size_t n)
{
	s->body_bytes += n;
	if (s->body_bytes > SNIFF_BODY_MAX)
		sniff_free(s);
	if (s->digest)
		EVP_DigestUpdate(s->digest, p, n);
}

static void body_ends(struct sniff *s)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	s->state = SNIFF_DONE;
	if (!s->digest || !EVP_DigestFinal_ex(s->digest, sum, &len))
		return;
	for (unsigned int i = 0; i < len && i < 32; i++)
		snprintf(s->body_sha256 + 2 * i, 3, "%02x", sum[i]);
	sniff_free(s);
}

static void on_status(struct sniff *s)
{
	int minor, status;

	if (sscanf(s->line, "HTTP/1.%1d %3d", &minor, &status) != 2) {
		s->state = SNIFF_OFF;
		return;
	}
	s->status = status;
	s->left = -1;
	s->chunked = false;
	s->state = SNIFF_HEADER;
}

static void head_ends(struct sniff *s)
{
	if (s->status / 100 == 1) {	/* "100 Continue": the response is still to come */
		s->state = SNIFF_STATUS;
		return;
	}
	body_begins(s);
	if (s->bodyless || s->status == 204 || s->status == 304 || (!s->chunked && s->left == 0))
		body_ends(s);
	else
		s->state = s->chunked ? SNIFF_CHUNK_SIZE : SNIFF_BODY;
}

static void on_header(struct sniff *s)
{
	if (!s->line[0])
		head_ends(s);
	else if (!strncasecmp(s->line, "Content-Length:", 15))
		s->left = strtoll(s->line + 15, NULL, 10);
	else if (!strncasecmp(s->line, "Transfer-Encoding:", 18))
		s->chunked = strcasestr(s->line + 18, "chunked") != NULL;
}

static void on_chunk_size(struct sniff *s)
{
	s->left = strtoll(s->line, NULL, 16);
	s->state = s->left > 0 ? SNIFF_CHUNK : SNIFF_TRAILER;
}

static void on_chunk_end(struct sniff *s)
{
	s->state = SNIFF_CHUNK_SIZE;
}

static void on_trailer(struct sniff *s)
{
	if (!s->line[0])
		body_ends(s);
}

/* Gathers a line; hands it on once its end is there. */
static size_t take_line(struct sniff *s, const char *p, size_t n, void (*whole)(struct sniff *))
{
	const char *nl = memchr(p, '\n', n);
	size_t part = nl ? (size_t)(nl - p) : n;
	size_t room = sizeof(s->line) - 1 - s->line_len;
	size_t keep = part < room ? part : room;

	memcpy(s->line + s->line_len, p, keep);
	s->line_len += keep;
	if (!nl)
		return n;
	if (s->line_len && s->line[s->line_len - 1] == '\r')
		s->line_len--;
	s->line[s->line_len] = '\0';
	s->line_len = 0;
	whole(s);
	return part + 1;
}

static size_t take_bytes(struct sniff *s, const char *p, size_t n)
{
	if (s->left >= 0 && (uint64_t)s->left < n)
		n = s->left;
	body_bytes(s, p, n);
	if (s->left < 0)
		return n;
	s->left -= n;
	if (s->left == 0 && s->state == SNIFF_CHUNK)
		s->state = SNIFF_CHUNK_END;
	else if (s->left == 0)
		body_ends(s);
	return n;
}

static void (*const line_states[])(struct sniff *) = {
	[SNIFF_STATUS] = on_status,
	[SNIFF_HEADER] = on_header,
	[SNIFF_CHUNK_SIZE] = on_chunk_size,
	[SNIFF_CHUNK_END] = on_chunk_end,
	[SNIFF_TRAILER] = on_trailer,
	[SNIFF_OFF] = NULL,
};

void sniff_response(struct sniff *s, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0 && s->state < SNIFF_DONE) {
		size_t took = line_states[s->state] ? take_line(s, p, n, line_states[s->state])
						    : take_bytes(s, p, n);
		p += took;
		n -= took;
	}
}

void sniff_end(struct sniff *s)
{
	if (s->state == SNIFF_BODY && s->left < 0)
		body_ends(s);
}
