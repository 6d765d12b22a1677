#include "kernel/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void nl_init(struct nl *nl, void *buf, size_t cap)
{
	*nl = (struct nl){ .buf = buf, .cap = cap };
}

/* Room for len bytes, zeroed up to the next multiple of four. */
static void *reserve(struct nl *nl, size_t len)
{
	size_t padded = NLMSG_ALIGN(len);
	char *at = nl->buf + nl->len;

	if (nl->full || padded > nl->cap - nl->len) {
		nl->full = true;
		return NULL;
	}
	memset(at, 0, padded);
	nl->len += padded;
	return at;
}

static struct nlmsghdr *message(struct nl *nl) { return (void *)(nl->buf + nl->msg); }

void nl_raw(struct nl *nl, const void *value, size_t len)
{
	void *at = reserve(nl, len);

	if (!at)
		return;
	if (len)
		memcpy(at, value, len);
	message(nl)->nlmsg_len = (uint32_t)(nl->len - nl->msg);
}

void nl_begin(struct nl *nl, uint16_t type, uint16_t flags, const void *head, size_t len)
{
	size_t start = nl->len;
	struct nlmsghdr *m = reserve(nl, sizeof(*m));

	if (!m)
		return;
	nl->msg = start;
	m->nlmsg_type = type;
	m->nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST |
				    ((flags & NLM_F_DUMP) == NLM_F_DUMP ? 0 : NLM_F_ACK));
	m->nlmsg_seq = ++nl->seq;
	nl_raw(nl, head, len);
}

void nl_attr_put(struct nl *nl, uint16_t type, const void *value, size_t len)
{
	struct nlattr *a = reserve(nl, sizeof(*a));

	if (!a)
		return;
	a->nla_type = type;
	a->nla_len = (uint16_t)(sizeof(*a) + len);
	nl_raw(nl, value, len);
}

void nl_attr_str(struct nl *nl, uint16_t type, const char *value)
{
	nl_attr_put(nl, type, value, strlen(value) + 1);
}

void nl_attr_u32(struct nl *nl, uint16_t type, uint32_t value)
{
	nl_attr_put(nl, type, &value, sizeof(value));
}

size_t nl_nest(struct nl *nl, uint16_t type)
{
	size_t mark = nl->len;

	nl_attr_put(nl, type, NULL, 0);
	return mark;
}

void nl_nest_end(struct nl *nl, size_t mark)
{
	if (!nl->full)
		((struct nlattr *)(void *)(nl->buf + mark))->nla_len = (uint16_t)(nl->len - mark);
}

int nl_open(struct kernel *k)
{
	return (int)k_socket(k, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/* The number, from 0, of the first message that was refused; -1 if none was. */
static int first_refused(const struct k_buf *reply)
{
	size_t left = reply->len;
	int n = 0;

	for (const struct nlmsghdr *m = (void *)reply->data; NLMSG_OK(m, left);
	     m = NLMSG_NEXT(m, left)) {
		if (m->nlmsg_type != NLMSG_ERROR)
			continue;
		if (((const struct nlmsgerr *)NLMSG_DATA(m))->error)
			return n;
		n++;
	}
	return -1;
}

int nl_send(struct kernel *k, int fd, struct nl *nl, int *which)
{
	/* An acknowledgement carries the whole request back if it failed. */
	char room[8192] __attribute__((aligned(8)));
	struct k_buf reply = { .data = room, .cap = sizeof(room) };
	int r = nl_ask(k, fd, nl, &reply);

	if (r < 0 && which)
		*which = first_refused(&reply);
	return r;
}

int nl_ask(struct kernel *k, int fd, struct nl *nl, struct k_buf *reply)
{
	struct k_nlmsg request = { .data = nl->buf, .len = nl->len };
	long r = nl->full ? -EMSGSIZE : k_rtnetlink(k, fd, &request, reply);

	return r < 0 ? (int)r : 0;
}
