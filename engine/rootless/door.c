/* door.c - sockets of the host's network, through the one who stayed outside. */
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "rootless/internal.h"

void door_serve(struct kernel *k, int door)
{
	struct door_ask ask;
	struct door_answer answer = { 0 };
	struct packet_fds fds = { .n = 0 };

	if (packet_recv(door, &ask, sizeof(ask), &fds, MSG_DONTWAIT) != sizeof(ask))
		return;
	fds.fd[0] = (int)k_socket(k, ask.family, ask.type | SOCK_CLOEXEC, 0);
	if (fds.fd[0] < 0)
		answer.error = fds.fd[0];
	else
		fds.n = 1;
	packet_send(door, &answer, sizeof(answer), &fds, 0);
	if (fds.n)
		k_close(k, fds.fd[0]);
}

int rootless_socket(int family, int type)
{
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	const struct door_ask ask = { family, type };
	struct door_answer answer = { 0 };
	struct packet_fds fds = { .n = 0 };

	pthread_mutex_lock(&one_at_a_time);
	int r = packet_send(door_fd(), &ask, sizeof(ask), NULL, 0);
	ssize_t n = r < 0 ? r : packet_recv(door_fd(), &answer, sizeof(answer), &fds, 0);
	pthread_mutex_unlock(&one_at_a_time);
	if (n < 0)
		return (int)n;
	if (n == 0 || answer.error || !fds.n)
		return answer.error ? answer.error : -EPIPE;
	return fds.fd[0];
}
