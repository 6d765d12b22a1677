/* try_programs.c - programs beside ours, and what the session around us is like. */
#include "doctor/try.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/idmap.h"
#include "core/str.h"
#include "rootless/rootless.h"
#include "runtime/launch.h"

#define OPEN_FILES 1024		/* each container takes some ten of the daemon's */

int try_supervisor(struct trial *t)
{
	autofree char *program = launcher_program();

	if (access(program, X_OK) == 0)
		return 0;
	says(t, "%s: %s", program, strerror(errno));
	return -ENOENT;
}

static int installed(struct trial *t, const char *name)
{
	char path[256];

	if (!run_there(name, path))
		return -ENOENT;
	says(t, "%s", path);
	return 0;
}

/* Rights of the file: without them it is of no use. */
int try_newuidmap(struct trial *t)
{
	static const char *const both[] = { "newuidmap", "newgidmap" };
	char path[256], rights[64];
	struct k_buf b = { rights, sizeof(rights), 0 };
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		if (!run_there(both[i], path) || stat(path, &st) < 0) {
			says(t, "%s is not installed", both[i]);
			return -ENOENT;
		}
		if (!(st.st_mode & S_ISUID) && k_getxattr(t->k, path, "security.capability", &b) < 0) {
			says(t, "%s isn't set-uid root", path);
			mends(t, "# chmod u+s %s", path);
			return -EPERM;
		}
	}
	return 0;
}

int try_ranges(struct trial *t)
{
	autofree char *who = str_printf("%u:%u", getuid(), getgid());
	struct err e = { 0 };
	int r = idmap_choose(who, "/etc", &e);

	if (getuid() == 0) {
		says(t, "not asked: you are root");
		return TRY_UNCLEAR;
	}
	if (r == 0)
		return 0;
	const struct passwd *p = getpwuid(getuid());
	says(t, p ? "user %u has none" : "user %u has none, and no name", getuid());
	if (p)
		mends(t, "# usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s",
		      p->pw_name);
	return r;
}

int try_docker(struct trial *t) { return installed(t, "docker"); }
int try_curl(struct trial *t) { return installed(t, "curl"); }

int try_terminal(struct trial *t)
{
	const char *term = getenv("TERM");
	struct winsize w = { 0 };

	if (!term || !*term || str_eq(term, "dumb")) {
		says(t, "TERM is %s", term && *term ? term : "not set");
		return -ENOTTY;
	}
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	if (!w.ws_col) {
		says(t, "%s", term);
		return 0;
	}
	says(t, "%s, %u columns, %u rows", term, w.ws_col, w.ws_row);
	return w.ws_col < 80 || w.ws_row < 24 ? -ENOTTY : 0;
}

/* Before this program was made it can't be. */
int try_clock(struct trial *t)
{
	time_t now = time(NULL);
	struct stat st;
	struct tm tm;
	char text[32] = "";

	if (stat("/proc/self/exe", &st) < 0 || !localtime_r(&now, &tm))
		return TRY_UNCLEAR;
	strftime(text, sizeof(text), "%F %R", &tm);
	says(t, "%s", text);
	return now < st.st_mtime - 86400 ? -ETIME : 0;
}

int try_open_files(struct trial *t)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return TRY_UNCLEAR;
	says(t, "%llu", (unsigned long long)l.rlim_cur);
	return l.rlim_cur < OPEN_FILES ? -EMFILE : 0;
}

/* hidepid= of proc(5) hides those of others. */
int try_own_processes(struct trial *t)
{
	if (access("/proc/1/status", R_OK) == 0)
		return 0;
	says(t, "those of other users are hidden: hidepid");
	return -EPERM;
}
