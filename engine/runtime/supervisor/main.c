/* main.c - the supervisor as a program: a process for each container. */
#include <fcntl.h>
#include <signal.h>

#include "super.h"

static struct super the_super;

int main(void)
{
	struct super *s = &the_super;

	/* Neither a client that hangs up nor a terminal's ctrl-c may end us. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	for (int fd = SUPER_LINK_FD; fd <= SUPER_CHILD_RING_FD; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	s->base = kernel_linux();
	s->backend = BACKEND_LINUX;
	super_init(s, SUPER_LINK_FD, (int[]){ SUPER_RING_FD, SUPER_CHILD_RING_FD });
	super_loop(s);
	return 0;
}
