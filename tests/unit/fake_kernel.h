/* fake_kernel.h - a kernel of a test's own: every call succeeds and is written down.
 *
 * Descriptors come from K_SIM_FD_BASE up, so that one reaching a real call fails
 * at once; spawn runs its function right here, as a call that doesn't return
 * twice can. */
#ifndef DRYDOCK_TESTS_FAKE_KERNEL_H
#define DRYDOCK_TESTS_FAKE_KERNEL_H

#include "core/str.h"
#include "kernel/kernel.h"

struct fake {
	struct k_hook hook;	/* first: its backend() answers every call */
	struct kernel kernel;	/* make calls through &fake.kernel */
	struct str calls;	/* "mount(\"proc\", …)\n" for each */
	int n_calls;
	int next_fd, next_pid;
	int open_fds;		/* given out and not yet closed */
	long child_result;	/* what the last spawn's function returned */
};

struct kernel *fake_init(struct fake *f);
void fake_free(struct fake *f);

#endif
