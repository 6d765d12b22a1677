/* holder.c - see holder.h.
 *
 * The kernel doesn't say directly which process holds a port.  /proc/net/tcp
 * has a line for each socket with its inode number; a process that has the
 * socket open has a link "socket:[inode]" in /proc/PID/fd.  Two walks join them.
 *
 * "thread-self", since /proc/net is the main thread's namespace, and the thread
 * that asks may stand in another.
 */
#include "network/holder.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"

/* An enum in the kernel's net/tcp_states.h; UDP sockets that aren't connected are
 * shown as the latter. */
#define TCP_LISTEN_STATE 0x0a
#define TCP_CLOSE_STATE 0x07

/* The inode of a socket in that state on port in a file of /proc/net/tcp's form; 0 if none. */
static unsigned long socket_inode(const char *table, unsigned int want, uint16_t port)
{
	autofile FILE *f = fopen(table, "re");
	char line[512];
	unsigned int local, state;
	unsigned long inode;

	while (f && fgets(line, sizeof(line), f)) {
		/* sl local:port remote:port st tx:rx tr:when retrnsmt uid timeout inode */
		if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x"
				 " %*s %*s %*s %*d %*d %lu", &local, &state, &inode) == 3 &&
		    state == want && local == port)
			return inode;
	}
	return 0;
}

/* Does a process have that socket open? */
static bool has_socket(const char *proc, const char *pid, unsigned long inode)
{
	char path[PATH_MAX], link[64], want[64];

	snprintf(path, sizeof(path), "%s/%s/fd", proc, pid);
	snprintf(want, sizeof(want), "socket:[%lu]", inode);
	autodir DIR *d = opendir(path);
	struct dirent *de;
	while (d && (de = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), de->d_name, link, sizeof(link) - 1);
		if (n > 0 && (size_t)n == strlen(want) && !memcmp(link, want, n))
			return true;
	}
	return false;
}

static void describe(const char *proc, const char *pid, char *out, size_t cap)
{
	char path[PATH_MAX], comm[32] = "?";

	snprintf(path, sizeof(path), "%s/%s/comm", proc, pid);
	autofile FILE *f = fopen(path, "re");
	if (f && fgets(comm, sizeof(comm), f))
		comm[strcspn(comm, "\n")] = '\0';
	snprintf(out, cap, "pid %s (%s)", pid, comm);
}

void holder_find(const char *proc, const char *proto, uint16_t port, char *out, size_t cap)
{
	static const char *const versions[] = { "", "6" };
	unsigned int state = !strcmp(proto, "udp") ? TCP_CLOSE_STATE : TCP_LISTEN_STATE;
	unsigned long inode = 0;
	char path[PATH_MAX];
	struct dirent *de;

	out[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(versions) && !inode; i++) {
		snprintf(path, sizeof(path), "%s/thread-self/net/%s%s", proc, proto, versions[i]);
		inode = socket_inode(path, state, port);
	}
	if (!inode)
		return;
	autodir DIR *d = opendir(proc);
	while (d && (de = readdir(d))) {
		if (isdigit((unsigned char)de->d_name[0]) && has_socket(proc, de->d_name, inode)) {
			describe(proc, de->d_name, out, cap);
			return;
		}
	}
}
