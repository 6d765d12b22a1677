/* netlink.h - writing rtnetlink requests, and reading what came of them.
 *
 * A request is one or more messages back to back in a buffer of the caller's;
 * a message is a nlmsghdr, a fixed structure, then attributes (type, length,
 * value), which may nest.  All messages of a buffer travel in one send:
 *
 *	struct nl nl;
 *	nl_init(&nl, buf, sizeof(buf));
 *	nl_begin(&nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi));
 *	nl_attr_str(&nl, IFLA_IFNAME, "drydock0");
 *	size_t info = nl_nest(&nl, IFLA_LINKINFO);
 *	nl_attr_str(&nl, IFLA_INFO_KIND, "bridge");
 *	nl_nest_end(&nl, info);
 *	r = nl_send(k, fd, &nl, NULL);
 *
 * Every message asks for an acknowledgement and every one is read: one left in
 * the socket would be taken for that of the next request.  The kernel carries
 * messages out in order; it doesn't stop at one that fails.  rtnetlink(7),
 * netlink(7).  No allocation: it may be used between clone and exec.
 */
#ifndef DRYDOCK_KERNEL_NETLINK_H
#define DRYDOCK_KERNEL_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "kernel/kernel.h"

struct nl {
	char *buf;		/* borrowed, aligned to 4 */
	size_t cap, len;
	size_t msg;		/* where the current message begins */
	uint32_t seq;
	bool full;		/* something didn't fit: nl_send() gives EMSGSIZE */
};

void nl_init(struct nl *nl, void *buf, size_t cap);
/* flags are added to NLM_F_REQUEST|NLM_F_ACK (a dump has no NLM_F_ACK). */
void nl_begin(struct nl *nl, uint16_t type, uint16_t flags, const void *head, size_t len);
void nl_attr_put(struct nl *nl, uint16_t type, const void *value, size_t len);
void nl_attr_str(struct nl *nl, uint16_t type, const char *value);	/* with its NUL */
void nl_attr_u32(struct nl *nl, uint16_t type, uint32_t value);
/* Everything until nl_nest_end() is inside; the returned mark belongs to it. */
size_t nl_nest(struct nl *nl, uint16_t type);
/* Inside a nest, as VETH_INFO_PEER needs it: a bare structure without attribute header. */
void nl_raw(struct nl *nl, const void *value, size_t len);
void nl_nest_end(struct nl *nl, size_t mark);

/* A socket for k_rtnetlink() in this network namespace; close it with k_close(). */
int nl_open(struct kernel *k);

/* Sends all messages and reads all answers: 0, or the first error.  *which (may be
 * NULL) is the number of the message that failed, from 0. */
int nl_send(struct kernel *k, int fd, struct nl *nl, int *which);
/* One request with an answer (a dump, or a get): the answer's messages are in
 * reply->data, reply->len bytes, to be walked with NLMSG_OK/NLMSG_NEXT. */
int nl_ask(struct kernel *k, int fd, struct nl *nl, struct k_buf *reply);

#endif
