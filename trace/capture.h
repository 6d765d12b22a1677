/* capture.h - copies what a call's pointers point to into its event.
 *
 * Text goes into event.text in order of arguments, each piece NUL-terminated.
 * A structure becomes a short text of numbers; decode.c gives them names:
 *
 *	k_spawn       "flags"  with CLONE_VM|CLONE_VFORK where they are used
 *	k_exit        "pid code signal"
 *	k_caps        "effective permitted inheritable"
 *	k_filter      "len"
 *	k_gids        "gid gid …" (as many as the argument before says)
 *	k_rlimit      "soft hard"
 *	k_mount_attr  "set clear propagation userns_fd"
 *	k_buf         the text's beginning, then \x1f if there is more; or "#bytes" if it
 *	              isn't printable
 *	k_tty         "master slave"
 *	k_nlmsg       "len type:flags type:flags …"
 *	k_notify      "pid nr"
 *	sockaddr      "inet a.b.c.d port" / "unix path" / "family n"
 */
#ifndef DRYDOCK_TRACE_CAPTURE_H
#define DRYDOCK_TRACE_CAPTURE_H

#include "kernel/kernel.h"
#include "trace/event.h"

/* Fills in arg[], text and truncated.  No allocation; call after the call, so
 * that what the kernel wrote is there. */
void trace_capture(struct trace_event *ev, const struct k_call *call);

#endif
