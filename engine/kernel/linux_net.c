#include "kernel/linux.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include "kernel/nft.h"

long (*kernel_nft)(const char *commands);

long linux_socket(struct kernel *k, int family, unsigned long type, long protocol)
{
	return SYS(socket, family, type, protocol);
}

long linux_bind(struct kernel *k, int sock, const struct sockaddr *address, size_t len)
{
	return SYS(bind, sock, address, len);
}

long linux_listen(struct kernel *k, int sock, long backlog)
{
	return SYS(listen, sock, backlog);
}

long linux_connect(struct kernel *k, int sock, const struct sockaddr *address, size_t len)
{
	return SYS(connect, sock, address, len);
}

/* Answers that `data` still waits for: each message that asked for an
 * acknowledgement ends with one NLMSG_ERROR, a dump with NLMSG_DONE. */
static int count_requests(const void *data, size_t len)
{
	int n = 0;

	for (const struct nlmsghdr *m = data; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len))
		n += (m->nlmsg_flags & (NLM_F_ACK | NLM_F_DUMP)) != 0;
	return n;
}

/* Answers in `data`; the first error among them goes to *error, if none is there yet. */
static int count_answers(const void *data, size_t len, int *error)
{
	int n = 0;

	for (const struct nlmsghdr *m = data; NLMSG_OK(m, len); m = NLMSG_NEXT(m, len)) {
		n += m->nlmsg_type == NLMSG_ERROR || m->nlmsg_type == NLMSG_DONE;
		if (m->nlmsg_type == NLMSG_ERROR && *error == 0)
			*error = ((const struct nlmsgerr *)NLMSG_DATA(m))->error;
	}
	return n;
}

/* Sends, then reads every answer: an acknowledgement left in the socket would
 * be taken for that of the next request. */
long linux_rtnetlink(struct kernel *k, int sock, const struct k_nlmsg *request,
		     struct k_buf *reply)
{
	long r = SYS(sendto, sock, request->data, request->len, 0, NULL, 0);
	int waiting = count_requests(request->data, request->len), error = 0;

	if (r < 0)
		return r;
	for (reply->len = 0; waiting > 0; reply->len += (size_t)r) {
		r = SYS(recvfrom, sock, reply->data + reply->len, reply->cap - reply->len,
			MSG_TRUNC, NULL, NULL);
		if (r < 0)
			return r;
		if ((size_t)r > reply->cap - reply->len)
			return -EMSGSIZE;
		waiting -= count_answers(reply->data + reply->len, (size_t)r, &error);
	}
	return error < 0 ? error : (long)reply->len;
}

long linux_nftables(struct kernel *k, const char *commands)
{
	return kernel_nft ? kernel_nft(commands) : -ENOSYS;
}
