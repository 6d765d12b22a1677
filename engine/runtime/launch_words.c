/* launch_words.c - what went wrong, in the words docker's users know.
 *
 * docker's client decides its exit code by words in the message (127 for
 * "executable file not found", 126 for "permission denied"), so that these are
 * part of the interface.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "runtime/launch_internal.h"
#include "runtime/plan_parts.h"
#include "runtime/plan_text.h"

#define START_FAILED "failed to create task for container: failed to create shim task: " \
		     "OCI runtime create failed: runc create failed: "
#define EXEC_FAILED "OCI runtime exec failed: exec failed: "

static int program_words(const struct msg_failed *f, bool exec, const char *name, struct err *e)
{
	const char *head = exec ? EXEC_FAILED : START_FAILED;
	const char *init = exec ? "" : "error during container init: ";
	char why[384];

	if (!strchr(name, '/'))
		snprintf(why, sizeof(why), "executable file not found in $PATH");
	else if (f->error == ENOENT)
		snprintf(why, sizeof(why), "stat %s: no such file or directory", name);
	else
		snprintf(why, sizeof(why), "%s", f->error == EACCES ? "permission denied" :
			 f->error == ENOEXEC ? "exec format error" : strerror(f->error));
	err_http(e, 400, strchr(name, '/') ? f->error : ENOENT,
		 "%sunable to start container process: %sexec: \"%s\": %s: unknown", head, init,
		 name, why);
	if (f->error == ENOENT)
		return err_hint(e, "The image has no such program; `docker run -it IMAGE sh` "
				   "lets you look.");
	return -e->code;
}

static const struct { int op, error; const char *hint; } hints[] = {
	{ K_CG_MKDIR, EEXIST, "A control group of this name is left over; "
			      "the daemon sweeps it at its next start." },
	{ K_SPAWN, EAGAIN, "The machine has no room for more processes." },
	{ K_SPAWN, ENOSPC, "A limit on namespaces is reached: /proc/sys/user/max_*_namespaces." },
	{ K_SPAWN, EPERM, "The daemon may not make namespaces: is it root?" },
	{ K_OPEN_TREE, ENOENT, "The directory or file to be mounted isn't there." },
	{ K_SECCOMP, EBUSY, "This daemon runs under a watch itself: a container engine in a "
			    "container can't watch programs." },
};

static int step_words(const struct msg_failed *f, const struct plan *p, bool exec,
		      struct err *e)
{
	autostr struct str call = { 0 };
	const struct plan_step *s = &p->step[f->step];

	if (s->op == K_CHDIR) {
		const char *cwd = (const char *)(intptr_t)s->arg[0];
		if (cwd[0] != '/')
			return err_set(e, EINVAL, "%sCwd must be an absolute path: unknown",
				       exec ? EXEC_FAILED : START_FAILED);
		return err_http(e, 400, f->error, "%sunable to start container process: chdir to cwd "
				"(\"%s\") set in config.json failed: %s: unknown",
				exec ? EXEC_FAILED : START_FAILED, cwd, f->error == ENOENT ?
				"no such file or directory" : strerror(f->error));
	}
	plan_step_text(&call, p, s);
	err_http(e, 500, f->error, "%sunable to start container process: %s: %s: unknown",
		 exec ? EXEC_FAILED : START_FAILED, call.s ? call.s : "", strerror(f->error));
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (hints[i].op == s->op && hints[i].error == f->error)
			err_hint(e, "%s", hints[i].hint);
	return -f->error;
}

int launch_words(const struct msg_failed *f, const char *plan, size_t plan_size, bool exec,
		 char *const *argv, struct err *e)
{
	struct err spare = { 0 };
	struct plan p = { .n_steps = 0 };
	autofree char *copy = plan_size ? mem_alloc(plan_size) : NULL;

	if (!e)
		e = &spare;
	if (f->program)
		return program_words(f, exec, argv[0], e);
	if (copy) {
		memcpy(copy, plan, plan_size);
		plan_load(copy, plan_size, &p);
	}
	if (f->step >= 0 && f->step < p.n_steps)
		return step_words(f, &p, exec, e);
	return err_set(e, f->error ? f->error : EIO, "%sunable to start container process: %s: "
		       "unknown", exec ? EXEC_FAILED : START_FAILED,
		       strerror(f->error ? f->error : EIO));
}
