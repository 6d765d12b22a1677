#include "runtime/protocol.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

int msg_send(int sock, const struct msg *m, const struct packet_fds *fds, int flags)
{
	return packet_send(sock, m, offsetof(struct msg, tail) + m->tail_len, fds, flags);
}

int msg_recv(int sock, struct msg *m, struct packet_fds *fds, int flags)
{
	ssize_t n = packet_recv(sock, m, sizeof(*m), fds, flags);

	if (n <= 0)
		return (int)n;
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
