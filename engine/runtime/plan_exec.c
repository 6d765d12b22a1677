/* plan_exec.c - streams, terminal, and the program at last.
 *
 * A program named without a slash is looked for along PATH, here in the plan and
 * not in the C library, as the container's PATH counts and the search is part of
 * what a trace should show.
 */
#include "runtime/plan_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define CLOSE_RANGE_MARK 4	/* CLOSE_RANGE_CLOEXEC: at exec, not now */
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

static void own(struct plan_builder *p, int slot, uid_t uid)
{
	if (uid != 0)	/* so that /dev/stdout can be opened by another user, too */
		plan_add(p, K_CHOWN, WHY_EXEC_STREAM, SLOT(slot), TEXT(""), INT(uid), INT(-1),
			 INT(AT_EMPTY_PATH));
}

static void add_pipes(struct plan_builder *p, const struct plan_process *x)
{
	for (int fd = 0; fd < 3; fd++) {
		if (!x->own_streams && (fd || x->open_stdin))
			own(p, SLOT_STDIN + fd, x->uid);
		plan_add(p, K_DUP3, WHY_EXEC_STREAM, SLOT(SLOT_STDIN + fd), INT(fd), INT(0));
	}
}

static void add_console(struct plan_builder *p)
{
	plan_add(p, K_MKNOD, WHY_EXEC_TTY, INT(AT_FDCWD), TEXT("/dev/console"),
		 INT(S_IFREG | 0600), INT(0));
	plan_expect(p, EEXIST, -1);	/* a /dev that the user brought along */
	plan_add(p, K_MOUNT, WHY_EXEC_TTY, TEXT("/dev/pts/0"), TEXT("/dev/console"), NOTEXT,
		 INT(MS_BIND), NOTEXT);
}

static void add_terminal(struct plan_builder *p, const struct plan_process *x)
{
	int pts = plan_slot(p, "devpts");

	plan_add(p, K_OPEN, WHY_EXEC_TTY, INT(AT_FDCWD), TEXT("/dev/pts"),
		 INT(O_RDONLY | O_DIRECTORY | O_CLOEXEC), INT(0));
	plan_into(p, pts);
	plan_add(p, K_TTY_OPEN, WHY_EXEC_TTY, SLOT(pts), { .kind = ARG_TTY });
	if (x->rows && x->cols)
		plan_add(p, K_TTY_SIZE, WHY_TABLE, SLOT(SLOT_TTY_MASTER), INT(x->rows),
			 INT(x->cols));
	own(p, SLOT_TTY_SLAVE, x->uid);
	if (x->console)
		add_console(p);
	plan_add(p, ACT_HAND_TTY, WHY_EXEC_TTY, SLOT(SLOT_TTY_MASTER));
	plan_add(p, K_TTY_CONTROL, WHY_EXEC_CTTY, SLOT(SLOT_TTY_SLAVE));
	for (int fd = 0; fd < 3; fd++)
		plan_add(p, K_DUP3, WHY_EXEC_STREAM, SLOT(SLOT_TTY_SLAVE), INT(fd), INT(0));
}

void plan_streams(struct plan_builder *p, const struct plan_process *x)
{
	plan_add(p, K_SETSID, WHY_EXEC_SESSION);
	if (x->tty)
		add_terminal(p, x);
	else
		add_pipes(p, x);
	if (x->console && x->cwd)
		plan_make_dirs(p, x->cwd);
}

/* ---- finding and starting the program ---- */

static const char *path_of(char *const *envp)
{
	for (; envp && *envp; envp++)
		if (str_starts(*envp, "PATH="))
			return *envp + strlen("PATH=");
	return DEFAULT_PATH;
}

struct vectors { uint32_t argv, envp; };

/* The word to go is awaited with the program found, so that a missing one is
 * reported before anybody waits for the container. */
static void add_execve(struct plan_builder *p, const struct plan_process *x,
		       const char *file, struct vectors v)
{
	if (x->wait_go)
		plan_add(p, ACT_WAIT_GO, WHY_TABLE);
	plan_add(p, K_EXECVE, x->why, TEXT(file), HEAP(v.argv), HEAP(v.envp));
	plan_program(p);
}

static void add_search(struct plan_builder *p, const struct plan_process *x, struct vectors v)
{
	const char *dir = path_of(x->envp);

	for (;;) {
		const char *end = strchr(dir, ':');
		int len = end ? (int)(end - dir) : (int)strlen(dir), next = plan_label(p);
		autofree char *file = str_printf("%.*s/%s", len ? len : 1, len ? dir : ".",
						 x->argv[0]);
		plan_add(p, K_ACCESS, WHY_EXEC_FIND, INT(AT_FDCWD), TEXT(file), INT(X_OK));
		plan_program(p);
		if (end)
			plan_expect(p, PLAN_ANY_ERRNO, next);
		add_execve(p, x, file, v);
		plan_here(p, next);
		if (!end)
			return;
		dir = end + 1;
	}
}

void plan_program_start(struct plan_builder *p, const struct plan_process *x)
{
	struct vectors v = { plan_strv(p, x->argv), plan_strv(p, x->envp) };

	plan_add(p, K_CHDIR, WHY_ROOT_CWD, TEXT(x->cwd && *x->cwd ? x->cwd : "/"));
	plan_add(p, ACT_CHECK_CWD, WHY_ROOT_CWD);
	plan_add(p, K_UMASK, WHY_TABLE, INT(022));
	plan_add(p, K_CLOSE_RANGE, WHY_EXEC_CLOSE, INT(3), INT(INT_MAX), INT(CLOSE_RANGE_MARK));
	if (x->init)
		plan_add(p, ACT_INIT, WHY_TABLE);
	if (strchr(x->argv[0], '/'))
		add_execve(p, x, x->argv[0], v);
	else
		add_search(p, x, v);
}
