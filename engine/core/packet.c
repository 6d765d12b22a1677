#include "core/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int packet_send(int sock, const void *data, size_t len, const struct packet_fds *fds, int flags)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int) * PACKET_FDS)]; } space;
	struct iovec iov = { (void *)data, len };
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

static void take_fds(struct msghdr *h, struct packet_fds *fds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		fds->n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds->fd, CMSG_DATA(c), sizeof(int) * (size_t)fds->n);
	}
}

ssize_t packet_recv(int sock, void *data, size_t cap, struct packet_fds *fds, int flags)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int) * PACKET_FDS)]; } space;
	struct iovec iov = { data, cap };
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
	return n;
}
