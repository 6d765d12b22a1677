/* answer.c - see answer.h. */
#include "network/answer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/cleanup.h"
#include "core/str.h"

/* 256 KiB hold a listing of some 300 veths; a longer one is asked for again
 * with more room, up to 16 MiB. */
#define DUMP_ROOM (256u << 10)
#define DUMP_ROOM_MAX (16u << 20)

void answer_attrs(const void *data, size_t len, const struct nlattr **table, size_t count)
{
	const char *p = data, *end = p + len;

	memset(table, 0, count * sizeof(*table));
	while (end - p >= NLA_HDRLEN) {
		const struct nlattr *a = (const void *)p;
		size_t type = a->nla_type & NLA_TYPE_MASK;
		if (a->nla_len < NLA_HDRLEN || a->nla_len > end - p)
			return;
		if (type < count)
			table[type] = a;
		p += NLA_ALIGN(a->nla_len);
	}
}

void answer_body(const struct nlmsghdr *h, size_t fixed, const struct nlattr **table,
		 size_t count)
{
	size_t head = NLMSG_HDRLEN + NLMSG_ALIGN(fixed);

	answer_attrs((const char *)h + head, h->nlmsg_len > head ? h->nlmsg_len - head : 0,
		     table, count);
}

uint32_t attr_u32(const struct nlattr *a, uint32_t absent)
{
	uint32_t v = absent;

	if (a && attr_len(a) >= sizeof(v))
		memcpy(&v, attr_data(a), sizeof(v));
	return v;
}

/* One try, with whatever room `answer` has. */
static int ask_once(struct kernel *k, int protocol, struct nl *request, struct k_buf *answer)
{
	int sock = (int)k_socket(k, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (sock < 0)
		return sock;
	int r = nl_ask(k, sock, request, answer);
	k_close(k, sock);
	return r;
}

static void each_message(const struct k_buf *answer,
			 void (*fn)(void *arg, const struct nlmsghdr *h), void *arg)
{
	const struct nlmsghdr *h = (const void *)answer->data;
	size_t len = answer->len;

	for (; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len))
		if (h->nlmsg_type >= NLMSG_MIN_TYPE)
			fn(arg, h);
}

int answer_dump(struct kernel *k, int protocol, struct nl *request,
		void (*fn)(void *arg, const struct nlmsghdr *h), void *arg)
{
	int r = -EMSGSIZE;

	for (size_t room = DUMP_ROOM; r == -EMSGSIZE && room <= DUMP_ROOM_MAX; room *= 4) {
		autofree char *data = mem_alloc(room);
		struct k_buf answer = { .data = data, .cap = room };
		r = ask_once(k, protocol, request, &answer);
		if (r == 0)
			each_message(&answer, fn, arg);
	}
	return r;
}
