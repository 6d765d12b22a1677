/* http_wire.h - the two parsers of HTTP/1.1 (RFC 9112), apart from any socket,
 * so that they can be fed hostile bytes.  Nothing here allocates. */
#ifndef DRYDOCK_CLIENT_HTTP_WIRE_H
#define DRYDOCK_CLIENT_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_kind { WIRE_NONE, WIRE_LENGTH, WIRE_CHUNKED, WIRE_UNTIL_CLOSE };

/* What the header says about the rest. */
struct wire_head {
	int status;
	enum wire_kind kind;
	uint64_t length;	/* WIRE_LENGTH: bytes */
	bool close;		/* the connection ends after this answer */
	bool json;		/* Content-Type is application/json */
};

/* The header's length with its empty line, 0 while it is not complete. */
size_t wire_head_end(const char *s, size_t n);
/* head: n bytes, complete.  -EBADMSG for anything that is no HTTP/1.x answer. */
int wire_head_parse(const char *head, size_t n, bool head_request, struct wire_head *out);
/* A header's value, trimmed, into buf; false if absent. */
bool wire_header(const char *head, size_t n, const char *name, char *buf, size_t cap);

/* The body's decoder.  Feed it what arrived: it consumes *used bytes and points
 * *data at *len bytes of body among them (often none).  0: go on; 1: the body
 * is complete; -EBADMSG: broken framing.  The end of a WIRE_UNTIL_CLOSE body is
 * the connection's. */
struct wire_body {
	enum wire_kind kind;
	uint64_t left;		/* bytes still due of the body or of this chunk */
	int state;		/* WIRE_CHUNKED: where in the framing */
	int digits;		/* of the chunk size read so far */
	unsigned skipped;	/* bytes of extensions and trailers, limited */
};
void wire_body_start(struct wire_body *b, const struct wire_head *h);
int wire_body_feed(struct wire_body *b, const char *in, size_t n, size_t *used,
		   const char **data, size_t *len);

#endif
