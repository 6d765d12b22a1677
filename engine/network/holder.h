/* holder.h - who listens on a port of this host: what `ss -lntup` answers. */
#ifndef DRYDOCK_NETWORK_HOLDER_H
#define DRYDOCK_NETWORK_HOLDER_H

#include <stddef.h>
#include <stdint.h>

/* Writes "pid 123 (nginx)" for who has `port` of proto ("tcp": listening; "udp"), or "" if none is found
 * (another user's process can't be looked into without CAP_SYS_PTRACE).
 * `proc` is "/proc" but in tests.  It walks all of /proc: for the error path. */
void holder_find(const char *proc, const char *proto, uint16_t port, char *out, size_t cap);

#endif
