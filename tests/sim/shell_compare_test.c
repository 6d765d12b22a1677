/* shell_compare_test.c - random scripts of the modelled tools in a real busybox and in the
 * simulated one: output, exit status and all files that they left are the same.
 *
 * The real one is chrooted into the files of labs/images/test-busybox, so it takes root.
 * SHELL_SCRIPTS=N runs that many scripts, SHELL_SEED=N other ones, SHELL_ONE=N one of them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "core/cleanup.h"
#include "sim/userland/userland.h"
#include "tests/helpers/unit.h"
#include "tests/sim/busybox_root.h"
#include "tests/sim/file_tree.h"
#include "tests/sim/shell_scripts.h"

static char root[] = "/tmp/shell-compare.XXXXXX";

/* ---- the real one ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	return at->level || strcmp(path, root) == 0 ? remove(path) : 0;
}

static void remove_below(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

static void real_file(const char *path, const char *text)
{
	autofree char *full = str_printf("%s%s", root, path);
	autofile FILE *f = fopen(full, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
}

static const char *busybox(void)
{
	static const char *const places[] = { "/bin/busybox", "/usr/bin/busybox" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

/* The names that the simulated root has, as links to the real program. */
static void real_root(void)
{
	static const char *const dirs[] = {"bin", "etc",  "tmp", "root", "dev",
					   "w",   "home", "usr", "sbin", "var"};
	autofree char *copy = str_printf("cp %s %s/bin/busybox", busybox(), root);
	autofree char *null = str_printf("%s/dev/null", root);

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		autofree char *path = str_printf("%s/%s", root, dirs[i]);

		mkdir(path, 0755);
	}
	ck_assert_int_eq(system(copy), 0);
	mknod(null, S_IFCHR | 0666, makedev(1, 3));
	chmod(null, 0666);
	for (const struct sim_program *p = userland_programs; p->name; p++) {
		autofree char *path = str_printf("%s/bin/%s", root, p->name);

		if (!strpbrk(p->name, "*\\") && strcmp(p->name, "busybox"))
			ck_assert_int_eq(symlink("busybox", path), 0);
	}
	real_file("/etc/passwd", BUSYBOX_PASSWD);
	real_file("/etc/group", BUSYBOX_GROUP);
}

static int real_sh(const char *script, struct str *out)
{
	autofree char *path = str_printf("%s/tmp/.out", root);
	char buf[4096];
	int status, fd;
	ssize_t n;
	pid_t pid = fork();

	if (pid == 0) {
		fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
		dup2(fd, 1);
		dup2(fd, 2);
		close(0);
		if (chroot(root) || chdir("/w") || open("/dev/null", O_RDONLY))
			_exit(126);
		close_range(3, ~0u, 0);
		umask(022);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 1 << 20, 1 << 20 });
		setrlimit(RLIMIT_CPU, &(struct rlimit){ 10, 10 });
		execve("/bin/sh", (char *[]){ "/bin/sh", "-c", (char *)script, NULL },
		       (char *[]){ "PATH=/bin", "HOME=/root", NULL });
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	fd = open(path, O_RDONLY);
	str_clear(out);
	str_add(out, "");
	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		str_addn(out, buf, (size_t)n);
	close(fd);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int real_lstat(void *arg, const char *path, struct stat *st) { return lstat(path, st); }

static char **real_names(void *arg, const char *dir)
{
	char **names = strv_dup((char *[]){ NULL });
	autodir DIR *d = opendir(dir);

	for (struct dirent *e; d && (e = readdir(d));)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			strv_add(&names, e->d_name);
	return names;
}

static void real_content(void *arg, const char *path, struct str *out)
{
	autofd int fd = open(path, O_RDONLY);
	char buf[4096];
	ssize_t n;

	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
		str_addn(out, buf, (size_t)n);
}

static void real_target(void *arg, const char *path, struct str *out)
{
	char buf[256];
	ssize_t n = readlink(path, buf, sizeof(buf));

	str_addn(out, buf, n > 0 ? (size_t)n : 0);
}

/* ---- both ---- */

struct outcome { int status; struct str out, tree; };

static void outcome_free(struct outcome *o)
{
	str_free(&o->out);
	str_free(&o->tree);
}

static void run_real(const char *script, struct outcome *o)
{
	static const struct files files = { NULL, real_lstat, real_names, real_content, real_target };
	autofree char *work = str_printf("%s/w", root);

	o->status = real_sh(script, &o->out);
	file_tree(&files, work, &o->tree);
	remove_below(work);
	mkdir(work, 0755);
	chmod(work, 0755);
}

static void run_sim(struct sim *s, const char *script, struct outcome *o)
{
	o->status = busybox_sh(s, "/w", script, &o->out);
	busybox_tree(s, "/w", &o->tree);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->status == b->status && str_eq(a->out.s, b->out.s) && str_eq(a->tree.s, b->tree.s);
}

static void compare(uint64_t number, int *different)
{
	autostr struct str script = { 0 };
	struct outcome real = { 0 }, sim = { 0 };
	struct sim *s = busybox_machine(number);

	shell_script(number, &script);
	run_real(script.s, &real);
	run_sim(s, script.s, &sim);
	sim_destroy(s);
	if (!same(&real, &sim) && ++*different <= 10)
		printf("# SHELL_ONE=%llu\n%s---- really, %d\n%s%s---- simulated, %d\n%s%s",
		       (unsigned long long)number, script.s, real.status, real.out.s, real.tree.s,
		       sim.status, sim.out.s, sim.tree.s);
	fflush(stdout);
	outcome_free(&real);
	outcome_free(&sim);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 10) : otherwise;
}

START_TEST(scripts_do_the_same_in_both)
{
	uint64_t seed = setting("SHELL_SEED", 1), n = setting("SHELL_SCRIPTS", 2000);
	int different = 0;

	if (geteuid() != 0 || !busybox())
		return;		/* another process couldn't be put into a root of its own */
	ck_assert_ptr_nonnull(mkdtemp(root));
	chmod(root, 0755);
	real_root();
	if (getenv("SHELL_ONE"))
		compare(setting("SHELL_ONE", 0), &different);
	for (uint64_t i = 0; !getenv("SHELL_ONE") && i < n; i++)
		compare(seed * 1000000 + i, &different);
	remove_below(root);
	printf("# seed %llu: %llu scripts, %d different\n", (unsigned long long)seed,
	       (unsigned long long)n, different);
	ck_assert_int_eq(different, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("shell_compare");
	TCase *t = tcase_create("busybox");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, scripts_do_the_same_in_both);
	suite_add_tcase(s, t);
	return s;
}
UNIT_MAIN(suite)
