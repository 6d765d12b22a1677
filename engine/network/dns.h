/* dns.h - the few pieces of DNS that an answerer of names needs (RFC 1035).
 *
 * A message is a header of 12 bytes - id, flags, four counts - and then questions
 * and records.  We read the one question of a query and write replies to it; what
 * isn't ours to answer travels on as it came.  No allocation, no calls: whatever
 * bytes come in, nothing outside of them is touched.
 */
#ifndef DRYDOCK_NETWORK_DNS_H
#define DRYDOCK_NETWORK_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network/address6.h"

#define DNS_HEADER 12
#define DNS_NAME_MAX 256	/* 255 bytes and the NUL */
#define DNS_REPLY_MAX 1232	/* fits into every path's packets: DNS Flag Day 2020 */

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_AAAA = 28 };
enum dns_code { DNS_OK = 0, DNS_FAILED = 2, DNS_NO_NAME = 3, DNS_REFUSED = 5 };

struct dns_question {
	char name[DNS_NAME_MAX];	/* lower case, no dot at its end */
	uint16_t type;
	size_t end;			/* of the question, in the message */
};

/* False for what is no query with one question of class IN in it. */
bool dns_read_question(const void *message, size_t len, struct dns_question *out);
/* "2.0.18.172.in-addr.arpa": 172.18.0.2, host order. */
bool dns_reverse_name(const char *name, uint32_t *address);
/* "2.0. … .d.f.ip6.arpa", a nibble a label (RFC 3596): fd… */
bool dns_reverse_name6(const char *name, address6 *address);
/* The code of a reply. */
enum dns_code dns_code_of(const void *message);

/* A reply to `query` is begun with its header and question, given records, and is
 * then `len` bytes.  Records that don't fit are left out. */
struct dns_reply { uint8_t data[DNS_REPLY_MAX]; size_t len; };
void dns_begin(struct dns_reply *r, const void *query, const struct dns_question *q,
	       enum dns_code code);
void dns_add_address(struct dns_reply *r, uint32_t address);
void dns_add_address6(struct dns_reply *r, address6 address);
void dns_add_name(struct dns_reply *r, const char *name);

#endif
