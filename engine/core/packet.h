/* packet.h - one packet on a SOCK_SEQPACKET socket, with descriptors beside it
 * (SCM_RIGHTS, unix(7)). */
#ifndef DRYDOCK_CORE_PACKET_H
#define DRYDOCK_CORE_PACKET_H

#include <stddef.h>
#include <sys/types.h>

#define PACKET_FDS 6

struct packet_fds { int fd[PACKET_FDS]; int n; };

/* 0 or -errno, never SIGPIPE.  fds may be NULL. */
int packet_send(int sock, const void *data, size_t len, const struct packet_fds *fds, int flags);
/* Bytes, 0 at the end, or -errno; descriptors in *fds are the caller's (close-on-exec). */
ssize_t packet_recv(int sock, void *data, size_t cap, struct packet_fds *fds, int flags);

#endif
