/* answer.h - reading what netlink answers: attributes, and long listings.
 *
 * kernel/netlink.h writes requests; this is the other way.  An answer's messages
 * are a header, a fixed structure that depends on the type, then attributes
 * {length, type, value}, which may hold attributes themselves.
 */
#ifndef DRYDOCK_NETWORK_ANSWER_H
#define DRYDOCK_NETWORK_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/netlink.h"

/* Fills table[type] with the attributes in data (NULL where absent); types from
 * `count` up are skipped.  All point into data. */
void answer_attrs(const void *data, size_t len, const struct nlattr **table, size_t count);
/* The same for what follows a message's fixed part. */
void answer_body(const struct nlmsghdr *h, size_t fixed, const struct nlattr **table,
		 size_t count);
static inline const void *attr_data(const struct nlattr *a) { return (const char *)a + NLA_HDRLEN; }
static inline size_t attr_len(const struct nlattr *a) { return a->nla_len - NLA_HDRLEN; }
uint32_t attr_u32(const struct nlattr *a, uint32_t absent);

/* Sends a dump request of a netlink protocol on a socket of its own - so that an
 * answer that didn't fit leaves nothing unread in the way of the next request -
 * and calls fn with each message of the answer.  0 or -errno. */
int answer_dump(struct kernel *k, int protocol, struct nl *request,
		void (*fn)(void *arg, const struct nlmsghdr *h), void *arg);

#endif
