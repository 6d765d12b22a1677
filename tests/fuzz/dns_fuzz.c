/* DNS queries: what any program in a container may send to 127.0.0.11. */
#include "network/dns.h"
#include "tests/fuzz/fuzz.h"

/* A reply asks what the query asked, whatever is put into it, and stays in its place. */
static void reply(const uint8_t *data, const struct dns_question *q)
{
	struct dns_reply r;
	size_t last;

	dns_begin(&r, data, q, DNS_NO_NAME);
	MUST(r.len == q->end && dns_code_of(r.data) == DNS_NO_NAME);
	MUST(memcmp(r.data, data, 2) == 0);
	MUST(memcmp(r.data + DNS_HEADER, data + DNS_HEADER, q->end - DNS_HEADER) == 0);
	do {
		last = r.len;
		dns_add_address(&r, 0x7f000001);
		dns_add_address6(&r, (address6)0xfd << 120 | 1);
		dns_add_name(&r, q->name);
		MUST(r.len <= sizeof(r.data));
	} while (r.len > last);
	struct dns_question again;
	MUST(!dns_read_question(r.data, r.len, &again));	/* it is no query */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_question q;
	uint32_t address;
	address6 six;

	if (!dns_read_question(data, size, &q))
		return 0;
	MUST(q.end > DNS_HEADER && q.end <= size);
	MUST(strlen(q.name) < DNS_NAME_MAX);
	for (const char *c = q.name; *c; c++)
		MUST(*c < 'A' || *c > 'Z');
	dns_reverse_name(q.name, &address);
	dns_reverse_name6(q.name, &six);
	reply(data, &q);
	return 0;
}
