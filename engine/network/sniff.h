/* sniff.h - what a connection was about, read from a copy of its bytes.
 *
 * The proxy shows every byte that passes to a struct sniff, after it was sent
 * on.  Where the two sides speak HTTP/1 the sniff keeps the first request's
 * line, the first response's status and the SHA-256 of that response's body:
 * what the lab needs to say "somebody outside asked for / and got nginx's
 * page".  Anything else is recognised at its first bytes and left alone.
 *
 * No allocation but OpenSSL's digest context, and none of that before a body
 * begins.  A body longer than SNIFF_BODY_MAX isn't digested: at 1 GB/s of
 * SHA-256 against 0.6 GB/s of proxied bytes a large download would feel it,
 * and no welcome page is that long.
 */
#ifndef DRYDOCK_NETWORK_SNIFF_H
#define DRYDOCK_NETWORK_SNIFF_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNIFF_LINE 512			/* longer lines are cut */
#define SNIFF_BODY_MAX (4 << 20)	/* bytes */

enum sniff_state {
	SNIFF_STATUS, SNIFF_HEADER, SNIFF_BODY, SNIFF_CHUNK_SIZE, SNIFF_CHUNK, SNIFF_CHUNK_END,
	SNIFF_TRAILER, SNIFF_DONE, SNIFF_OFF,
};

struct sniff {
	char request[SNIFF_LINE];	/* "GET / HTTP/1.1", "" */
	bool request_whole;		/* its end was seen, or it is no HTTP */
	enum sniff_state state;		/* of the response */
	char line[SNIFF_LINE];		/* the response's line being read */
	size_t line_len, request_len;
	int status;			/* 0: no HTTP response seen */
	bool chunked;
	bool bodyless;			/* HEAD, 204, 304 */
	int64_t left;			/* bytes left of body or chunk; -1: until the end */
	uint64_t body_bytes;
	EVP_MD_CTX *digest;
	char body_sha256[65];		/* "", until the whole body was seen */
};

void sniff_begin(struct sniff *s);
void sniff_request(struct sniff *s, const void *data, size_t n);	/* towards the container */
void sniff_response(struct sniff *s, const void *data, size_t n);	/* from the container */
/* The container's side ended: a body without a length is complete now. */
void sniff_end(struct sniff *s);
/* Nothing more is to be learnt: the first response is whole, or it is no HTTP. */
static inline bool sniff_complete(const struct sniff *s) { return s->state == SNIFF_DONE; }
void sniff_free(struct sniff *s);

#endif
