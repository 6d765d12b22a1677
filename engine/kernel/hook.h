/* hook.h - the one function behind every entry of kernel_hook_ops. */
#ifndef DRYDOCK_KERNEL_HOOK_H
#define DRYDOCK_KERNEL_HOOK_H

#include "kernel/kernel.h"

/* before(), the call by self->next, after(); the times are taken around the
 * call alone, so that a slow hook isn't charged to the kernel. */
long kernel_hook(struct kernel *self, struct k_call *call);

#endif
