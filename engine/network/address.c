/* address.c - see address.h.
 *
 * The allocator is a bitmap over the subnet's first 65,536 addresses (8 KiB,
 * all of a /16) and always gives the lowest free one: the first container gets
 * .2, as the lecture prints it, and gets it again after it was removed.
 */
#include "network/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 172.17.0.0/16 to 172.31.0.0/16, then 192.168.0.0/20 to 192.168.240.0/20: the
 * ranges Docker documents as its default address pools, so that a network
 * administrator who keeps clear of Docker keeps clear of us. */
static const struct subnet_pool dockers[] = {
	{ 0xac110001, 16, 15 },
	{ 0xc0a80001, 20, 16 },
};

uint32_t subnet_mask(const struct subnet *s)
{
	return s->prefix ? ~0u << (32 - s->prefix) : 0;
}

bool subnet_contains(const struct subnet *s, uint32_t address)
{
	return ((address ^ s->own) & subnet_mask(s)) == 0;
}

bool subnet_overlaps(const struct subnet *a, const struct subnet *b)
{
	return a->prefix <= b->prefix ? subnet_contains(a, b->own) : subnet_contains(b, a->own);
}

bool subnet_read(const char *cidr, struct subnet *out)
{
	const char *slash = cidr ? strchr(cidr, '/') : NULL;
	char host[ADDRESS_TEXT];
	struct in_addr in;
	char *end;

	if (!slash || (size_t)(slash - cidr) >= sizeof(host) || !isdigit((unsigned char)slash[1]))
		return false;
	memcpy(host, cidr, slash - cidr);
	host[slash - cidr] = '\0';
	long bits = strtol(slash + 1, &end, 10);
	if (inet_pton(AF_INET, host, &in) != 1 || *end || bits > 32)
		return false;
	*out = (struct subnet){ ntohl(in.s_addr), (int)bits };
	return true;
}

int subnet_parse(const char *cidr, struct subnet *out, struct err *e)
{
	struct subnet s;

	if (!subnet_read(cidr, &s) || s.prefix < 8 || s.prefix > 30)
		return err_set(e, EINVAL, "subnet \"%s\": want an IPv4 address and 8 to 30 bits",
			       cidr ? cidr : "");
	uint32_t host_part = s.own & ~subnet_mask(&s);
	if (host_part == 0 || host_part == ~subnet_mask(&s))
		return err_set(e, EINVAL, "subnet \"%s\": that is no address of a host", cidr);
	*out = s;
	return 0;
}

int subnet_pool_read(const char *text, struct subnet_pool *out, struct err *e)
{
	char base[ADDRESS_TEXT + 4];
	struct subnet s;
	int size, end = 0;

	if (sscanf(text, "base=%19[0-9./],size=%d%n", base, &size, &end) != 2 || !end || text[end] ||
	    !subnet_read(base, &s) || s.prefix < 8 || size < s.prefix || size > 30)
		return err_set(e, EINVAL, "invalid default address pool \"%s\": want"
			       " base=ADDRESS/BITS,size=BITS", text);
	out->first = (s.own & subnet_mask(&s)) + 1;
	out->prefix = size;
	out->count = 1u << (size - s.prefix);
	return 0;
}

bool subnet_spare(const struct subnet_pool *pools, size_t n_pools, unsigned int n,
		  struct subnet *out)
{
	if (!n_pools) {
		pools = dockers;
		n_pools = sizeof(dockers) / sizeof(dockers[0]);
	}
	for (size_t i = 0; i < n_pools; i++) {
		if (n < pools[i].count) {
			out->own = pools[i].first + (n << (32 - pools[i].prefix));
			out->prefix = pools[i].prefix;
			return true;
		}
		n -= pools[i].count;
	}
	return false;
}

char *address_text(uint32_t address, char *buf)
{
	snprintf(buf, ADDRESS_TEXT, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
		 address >> 8 & 255, address & 255);
	return buf;
}

void address_mac(uint32_t address, uint8_t mac[6])
{
	/* 02: set by software, not burnt in; 42: Docker's mark. */
	uint32_t be = htonl(address);

	mac[0] = 0x02;
	mac[1] = 0x42;
	memcpy(mac + 2, &be, 4);
}

/* How many addresses the bitmap covers, and an address's place in it. */
static uint32_t span(const struct addresses *a)
{
	uint32_t n = (a->net.own | ~subnet_mask(&a->net)) - a->base + 1;

	return n < ADDRESS_MAX && n ? n : ADDRESS_MAX;
}

static bool place(const struct addresses *a, uint32_t address, uint32_t *bit)
{
	*bit = address - a->base;
	return subnet_contains(&a->net, address) && address >= a->base && *bit < span(a);
}

static void reserve_special(struct addresses *a)
{
	addresses_reserve(a, a->net.own & subnet_mask(&a->net));
	addresses_reserve(a, a->net.own);
	addresses_reserve(a, a->net.own | ~subnet_mask(&a->net));
}

void addresses_init(struct addresses *a, const struct subnet *net)
{
	memset(a, 0, sizeof(*a));
	a->net = *net;
	a->base = a->first = net->own & subnet_mask(net);
	a->last = a->base + span(a) - 1;
	reserve_special(a);
}

void addresses_confine(struct addresses *a, const struct subnet *range)
{
	uint32_t low = range->own & subnet_mask(range), high = low | ~subnet_mask(range);

	if (high - a->base >= ADDRESS_MAX) {	/* a corner of a larger subnet */
		memset(a->used, 0, sizeof(a->used));
		a->base = low;
		reserve_special(a);
	}
	a->first = low;
	a->last = high - a->base < span(a) ? high : a->base + span(a) - 1;
}

int addresses_take(struct addresses *a, uint32_t *out)
{
	for (uint32_t i = a->first - a->base; i <= a->last - a->base; i++) {
		if (a->used[i / 64] & 1ull << i % 64)
			continue;
		a->used[i / 64] |= 1ull << i % 64;
		*out = a->base + i;
		return 0;
	}
	return -EADDRNOTAVAIL;
}

int addresses_claim(struct addresses *a, uint32_t address)
{
	uint32_t bit;

	if (!subnet_contains(&a->net, address))
		return -ERANGE;
	if (place(a, address, &bit) && a->used[bit / 64] & 1ull << bit % 64)
		return -EADDRINUSE;
	addresses_reserve(a, address);
	return 0;
}

void addresses_reserve(struct addresses *a, uint32_t address)
{
	uint32_t bit;

	if (place(a, address, &bit))
		a->used[bit / 64] |= 1ull << bit % 64;
}

void addresses_give(struct addresses *a, uint32_t address)
{
	uint32_t bit;

	if (place(a, address, &bit))
		a->used[bit / 64] &= ~(1ull << bit % 64);
}
