#include "runtime/protocol.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

int msg_send(int sock, const struct msg *m, const struct msg_fds *fds, int flags)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int) * MSG_FDS)]; } space;
	struct iovec iov = { (void *)m, offsetof(struct msg, tail) + m->tail_len };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fds && fds->n > 0) {
		size_t bytes = sizeof(int) * (size_t)fds->n;
		memset(&space, 0, sizeof(space));
		h.msg_control = space.buf;
		h.msg_controllen = CMSG_SPACE(bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(bytes);
		memcpy(CMSG_DATA(c), fds->fd, bytes);
	}
	for (;;) {
		if (sendmsg(sock, &h, flags | MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

static void take_fds(struct msghdr *h, struct msg_fds *fds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		fds->n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds->fd, CMSG_DATA(c), sizeof(int) * (size_t)fds->n);
	}
}

int msg_recv(int sock, struct msg *m, struct msg_fds *fds, int flags)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int) * MSG_FDS)]; } space;
	struct iovec iov = { m, sizeof(*m) };
	struct msghdr h = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space.buf, .msg_controllen = sizeof(space.buf),
	};
	ssize_t n;

	fds->n = 0;
	do
		n = recvmsg(sock, &h, flags | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	take_fds(&h, fds);
	if (n == 0)
		return 0;
	if ((size_t)n < offsetof(struct msg, tail) ||
	    (size_t)n != offsetof(struct msg, tail) + m->tail_len)
		return -EBADMSG;
	return 1;
}

int msg_add_text(struct msg *m, const char *text)
{
	size_t n = strlen(text) + 1;

	if (m->tail_len + n > MSG_TAIL)
		return -EMSGSIZE;
	memcpy(m->tail + m->tail_len, text, n);
	m->tail_len = (uint16_t)(m->tail_len + n);
	return 0;
}

const char *msg_next_text(const struct msg *m, uint16_t *at)
{
	const char *text = m->tail + *at;
	size_t left = (size_t)(m->tail_len - *at);
	size_t n = *at < m->tail_len ? strnlen(text, left) : left;

	if (n == left)
		return NULL;
	*at = (uint16_t)(*at + n + 1);
	return text;
}
