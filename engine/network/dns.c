/* dns.c - see dns.h. */
#include "network/dns.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define FLAG_REPLY  0x8000
#define FLAG_OPCODE 0x7800
#define FLAG_RECURSE 0x0100	/* asked for; copied into the reply */
#define FLAG_CAN_RECURSE 0x0080
#define CLASS_IN 1
#define LABEL_MAX 63
#define TO_QUESTION 0xc00c	/* "the name at offset 12": the question's */
#define TTL 600			/* seconds: Docker's */

static uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The labels at `at` as text; where they end, or 0.  A question's name comes first
 * in a message, so that there is nothing a compressed one could point back to. */
static size_t read_name(const uint8_t *m, size_t len, size_t at, char out[DNS_NAME_MAX])
{
	size_t n = 0;

	while (at < len && m[at]) {
		size_t label = m[at++];
		if (label > LABEL_MAX || label > len - at || n + label + 1 >= DNS_NAME_MAX)
			return 0;
		for (size_t i = 0; i < label; i++) {
			uint8_t c = m[at + i];
			/* No name of ours has these: they must not read like one. */
			out[n++] = c == '.' || !c ? '\xff' : (char)tolower(c);
		}
		out[n++] = '.';
		at += label;
	}
	out[n ? n - 1 : 0] = '\0';
	return at < len ? at + 1 : 0;
}

bool dns_read_question(const void *message, size_t len, struct dns_question *out)
{
	const uint8_t *m = message;

	if (len < DNS_HEADER || get16(m + 2) & (FLAG_REPLY | FLAG_OPCODE) || get16(m + 4) != 1)
		return false;
	size_t at = read_name(m, len, DNS_HEADER, out->name);
	if (!at || len - at < 4 || get16(m + at + 2) != CLASS_IN)
		return false;
	out->type = get16(m + at);
	out->end = at + 4;
	return true;
}

bool dns_reverse_name(const char *name, uint32_t *address)
{
	unsigned int a, b, c, d;
	int end = 0;

	if (sscanf(name, "%3u.%3u.%3u.%3u.in-addr.arpa%n", &d, &c, &b, &a, &end) != 4 || !end ||
	    name[end] || a > 255 || b > 255 || c > 255 || d > 255)
		return false;
	*address = a << 24 | b << 16 | c << 8 | d;
	return true;
}

bool dns_reverse_name6(const char *name, address6 *address)
{
	static const char digits[] = "0123456789abcdef";
	address6 a = 0;

	for (int i = 0; i < 32; i++) {	/* the last nibble comes first */
		const char *digit = name[0] ? strchr(digits, name[0]) : NULL;
		if (!digit || name[1] != '.')
			return false;
		a |= (address6)(digit - digits) << 4 * i;
		name += 2;
	}
	if (strcmp(name, "ip6.arpa"))
		return false;
	*address = a;
	return true;
}

enum dns_code dns_code_of(const void *message)
{
	return ((const uint8_t *)message)[3] & 15;
}

void dns_begin(struct dns_reply *r, const void *query, const struct dns_question *q,
	       enum dns_code code)
{
	uint16_t asked = get16((const uint8_t *)query + 2);

	memcpy(r->data, query, q->end);
	put16(r->data + 2, (uint16_t)(FLAG_REPLY | (asked & FLAG_RECURSE) | FLAG_CAN_RECURSE | code));
	memset(r->data + 6, 0, 6);	/* answers, authorities, additional ones */
	r->len = q->end;
}

static void add_record(struct dns_reply *r, uint16_t type, const void *data, size_t len)
{
	uint8_t *p = r->data + r->len;

	if (sizeof(r->data) - r->len < 12 + len)
		return;
	put16(p, TO_QUESTION);
	put16(p + 2, type);
	put16(p + 4, CLASS_IN);
	put16(p + 6, 0);
	put16(p + 8, TTL);
	put16(p + 10, (uint16_t)len);
	memcpy(p + 12, data, len);
	r->len += 12 + len;
	put16(r->data + 6, get16(r->data + 6) + 1);
}

void dns_add_address(struct dns_reply *r, uint32_t address)
{
	uint32_t be = htonl(address);

	add_record(r, DNS_A, &be, sizeof(be));
}

void dns_add_address6(struct dns_reply *r, address6 address)
{
	uint8_t bytes[16];

	address6_bytes(address, bytes);
	add_record(r, DNS_AAAA, bytes, sizeof(bytes));
}

void dns_add_name(struct dns_reply *r, const char *name)
{
	uint8_t data[DNS_NAME_MAX + 1];
	size_t n = 0;

	while (*name) {
		size_t label = strcspn(name, ".");
		if (!label || label > LABEL_MAX || n + label + 2 > sizeof(data))
			return;
		data[n++] = (uint8_t)label;
		memcpy(data + n, name, label);
		n += label;
		name += label + (name[label] == '.');
	}
	data[n++] = 0;
	add_record(r, DNS_PTR, data, n);
}
