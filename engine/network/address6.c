/* address6.c - see address6.h. */
#include "network/address6.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"

address6 address6_from(const void *bytes)
{
	const uint8_t *p = bytes;
	address6 a = 0;

	for (int i = 0; i < 16; i++)
		a = a << 8 | p[i];
	return a;
}

void address6_bytes(address6 address, uint8_t out[16])
{
	for (int i = 15; i >= 0; i--, address >>= 8)
		out[i] = (uint8_t)address;
}

bool address6_read(const char *text, address6 *out)
{
	struct in6_addr in;

	if (!text || inet_pton(AF_INET6, text, &in) != 1)
		return false;
	*out = address6_from(&in);
	return true;
}

char *address6_text(address6 address, char *buf)
{
	uint8_t bytes[16];

	address6_bytes(address, bytes);
	inet_ntop(AF_INET6, bytes, buf, ADDRESS6_TEXT);
	return buf;
}

/* ---- subnets ---- */

address6 subnet6_mask(const struct subnet6 *s)
{
	return s->prefix ? ~(address6)0 << (128 - s->prefix) : 0;
}

bool subnet6_contains(const struct subnet6 *s, address6 address)
{
	return ((address ^ s->own) & subnet6_mask(s)) == 0;
}

bool subnet6_overlaps(const struct subnet6 *a, const struct subnet6 *b)
{
	return a->prefix <= b->prefix ? subnet6_contains(a, b->own) : subnet6_contains(b, a->own);
}

bool subnet6_read(const char *cidr, struct subnet6 *out)
{
	const char *slash = cidr ? strchr(cidr, '/') : NULL;
	char host[ADDRESS6_TEXT], *end;
	address6 own;

	if (!slash || (size_t)(slash - cidr) >= sizeof(host) || !isdigit((unsigned char)slash[1]))
		return false;
	memcpy(host, cidr, (size_t)(slash - cidr));
	host[slash - cidr] = '\0';
	long bits = strtol(slash + 1, &end, 10);
	if (!address6_read(host, &own) || *end || bits > 128)
		return false;
	*out = (struct subnet6){ own, (int)bits };
	return true;
}

char *subnet6_text(const struct subnet6 *s, char *buf)
{
	size_t n = strlen(address6_text(s->own & subnet6_mask(s), buf));

	snprintf(buf + n, SUBNET6_TEXT - n, "/%d", s->prefix);
	return buf;
}

/* ---- pools ---- */

static void divide(const struct subnet6 *base, int size, struct subnet6_pool *out)
{
	out->first = (base->own & subnet6_mask(base)) + 1;
	out->prefix = size;
	out->count = (address6)1 << (size - base->prefix);
}

int subnet6_pool_read(const char *text, struct subnet6_pool *out, struct err *e)
{
	char base[SUBNET6_TEXT];
	struct subnet6 s;
	int size, end = 0;

	if (sscanf(text, "base=%49[0-9a-fA-F:./],size=%d%n", base, &size, &end) != 2 || !end ||
	    text[end] || !subnet6_read(base, &s) || s.prefix < 1 || size < s.prefix || size > 126)
		return err_set(e, EINVAL, "invalid default address pool \"%s\": want"
			       " base=ADDRESS/BITS,size=BITS", text);
	divide(&s, size, out);
	return 0;
}

bool subnet6_spare(const struct subnet6_pool *pools, size_t n_pools, unsigned int n,
		   struct subnet6 *out)
{
	address6 left = n;

	for (size_t i = 0; i < n_pools; i++) {
		if (left < pools[i].count) {
			out->own = pools[i].first + (left << (128 - pools[i].prefix));
			out->prefix = pools[i].prefix;
			return true;
		}
		left -= pools[i].count;
	}
	return false;
}

void subnet6_local(const char *seed, struct subnet6_pool *out)
{
	struct subnet6 base = { (address6)0xfd << 120, 48 };
	uint8_t digest[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)seed, strlen(seed), digest);
	for (int i = 0; i < 5; i++)
		base.own |= (address6)digest[i] << (112 - 8 * i);
	divide(&base, 64, out);
}

/* ---- who has which ---- */

/* Where `address` is in the list, or would be. */
static size_t place(const struct addresses6 *a, address6 address)
{
	size_t low = 0, high = a->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (a->used[middle] < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_used(const struct addresses6 *a, address6 address)
{
	size_t at = place(a, address);

	return at < a->n && a->used[at] == address;
}

void addresses6_init(struct addresses6 *a, const struct subnet6 *net)
{
	*a = (struct addresses6){ .net = *net };
	addresses6_reserve(a, net->own & subnet6_mask(net));
	addresses6_reserve(a, net->own);
	addresses6_confine(a, net);
}

void addresses6_free(struct addresses6 *a)
{
	free(a->used);
	*a = (struct addresses6){ .n = 0 };
}

void addresses6_confine(struct addresses6 *a, const struct subnet6 *range)
{
	a->first = range->own & subnet6_mask(range);
	a->last = a->first | ~subnet6_mask(range);
}

int addresses6_take(struct addresses6 *a, address6 *out)
{
	address6 free_one = a->first;

	for (size_t at = place(a, free_one); at < a->n && a->used[at] == free_one; at++)
		if (free_one++ == a->last)
			return -EADDRNOTAVAIL;
	addresses6_reserve(a, free_one);
	*out = free_one;
	return 0;
}

int addresses6_claim(struct addresses6 *a, address6 address)
{
	if (!subnet6_contains(&a->net, address))
		return -ERANGE;
	if (is_used(a, address))
		return -EADDRINUSE;
	addresses6_reserve(a, address);
	return 0;
}

void addresses6_reserve(struct addresses6 *a, address6 address)
{
	size_t at = place(a, address);

	if (!subnet6_contains(&a->net, address) || is_used(a, address))
		return;
	a->used = mem_grow(a->used, (a->n + 1) * sizeof(*a->used));
	memmove(a->used + at + 1, a->used + at, (a->n++ - at) * sizeof(*a->used));
	a->used[at] = address;
}

void addresses6_give(struct addresses6 *a, address6 address)
{
	size_t at = place(a, address);

	if (!is_used(a, address))
		return;
	memmove(a->used + at, a->used + at + 1, (a->n-- - at - 1) * sizeof(*a->used));
}
