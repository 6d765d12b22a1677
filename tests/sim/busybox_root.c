#include "tests/sim/busybox_root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "sim/userland/userland.h"
#include "tests/sim/file_tree.h"

void busybox_file(struct sim *s, const char *path, const char *text, mode_t mode)
{
	struct task *t = sim_self(s);
	long fd = sys_open(t, path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	sys_write(t, (int)fd, text, strlen(text));
	sys_close(t, (int)fd);
	sys_chmod(t, path, mode);
}

static void link_program(struct task *t, const char *name)
{
	autofree char *path = NULL;

	while (*name == '\\')
		name++;
	path = str_printf("/bin/%s", strcmp(name, "\\[\\[") ? name : "[[");
	if (!strpbrk(name, "*\\") && strcmp(name, "busybox"))
		sys_symlink(t, "busybox", path);
}

struct sim *busybox_machine(uint64_t seed)
{
	static const char *const dirs[] = {"/bin",     "/etc",       "/root", "/tmp", "/usr",
					   "/usr/bin", "/usr/sbin",  "/sbin", "/var", "/var/www",
					   "/home",    "/home/user", "/dev",  "/w"};
	struct sim *s = sim_create(&(struct sim_options){ .seed = seed, .epoch_ns = 1700000000000000000u });
	struct task *t = sim_self(s);
	long fd = -1;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		sys_mkdir(t, dirs[i], 0755);
	sys_chmod(t, "/tmp", 01777);
	sys_mknod(t, "/dev/null", S_IFCHR | 0666, makedev(1, 3));
	busybox_file(s, "/dev/empty", "", 0444);
	if (sys_access(t, "/dev/null", W_OK) == 0 && (fd = sys_open(t, "/dev/null", O_RDONLY, 0)) < 0) {
		sys_unlink(t, "/dev/null");	/* a machine without drivers: a file does */
		busybox_file(s, "/dev/null", "", 0666);
	}
	sys_close(t, (int)fd);
	sim_register(s, userland_programs);
	busybox_file(s, "/bin/busybox", "\177ELF", 0755);
	for (const struct sim_program *p = userland_programs; p->name; p++)
		link_program(t, p->name);
	busybox_file(s, "/etc/passwd", BUSYBOX_PASSWD, 0644);
	busybox_file(s, "/etc/group", BUSYBOX_GROUP, 0644);
	busybox_file(s, "/etc/layer", "second\n", 0644);
	sys_chown(t, "/home/user", 1000, 1000, 0);
	return s;
}

struct start { const char *dir; char *const *argv; };

static int begin(struct task *t, void *arg)
{
	static char *const environ[] = { "PATH=/bin", "HOME=/root", NULL };
	struct start *x = arg;
	long out = sys_open(t, "/tmp/.out", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

	sys_dup2(t, (int)out, 1);
	sys_dup2(t, (int)out, 2);
	if (out > 2)
		sys_close(t, (int)out);
	sys_close(t, 0);
	sys_open(t, "/dev/empty", O_RDONLY, 0);
	sys_umask(t, 022);
	if (sys_chdir(t, x->dir) < 0)
		return 126;
	return (int)-sys_execve(t, x->argv[0], x->argv, environ);
}

static void read_file(struct task *t, const char *path, struct str *out)
{
	long fd = sys_open(t, path, O_RDONLY, 0), n;
	char buf[1024];

	while (fd >= 0 && (n = sys_read(t, (int)fd, buf, sizeof(buf))) > 0)
		str_addn(out, buf, (size_t)n);
	if (fd >= 0)
		sys_close(t, (int)fd);
}

int busybox_run(struct sim *s, const char *dir, char *const *argv, struct str *out)
{
	struct start x = { dir, argv };
	struct task *t = sim_self(s);
	int status = 0;
	long pid = sys_fork(t, begin, &x);

	sys_wait(t, (pid_t)pid, &status, 0);
	str_clear(out);
	str_add(out, "");
	read_file(t, "/tmp/.out", out);
	sys_unlink(t, "/tmp/.out");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int busybox_sh(struct sim *s, const char *dir, const char *script, struct str *out)
{
	return busybox_run(s, dir, (char *[]){ "/bin/sh", "-c", (char *)script, NULL }, out);
}

static int sim_lstat(void *arg, const char *path, struct stat *st) { return (int)sys_lstat(arg, path, st); }
static void sim_content(void *arg, const char *path, struct str *out) { read_file(arg, path, out); }

static char **sim_names(void *arg, const char *dir)
{
	long fd = sys_open(arg, dir, O_RDONLY | O_DIRECTORY, 0);
	char **names = strv_dup((char *[]){ NULL });
	struct sim_dirent d;

	while (fd >= 0 && sys_readdir(arg, (int)fd, &d) > 0)
		if (strcmp(d.name, ".") && strcmp(d.name, ".."))
			strv_add(&names, d.name);
	if (fd >= 0)
		sys_close(arg, (int)fd);
	return names;
}

static void sim_target(void *arg, const char *path, struct str *out)
{
	char buf[256];
	long n = sys_readlink(arg, path, buf, sizeof(buf));

	str_addn(out, buf, n > 0 ? (size_t)n : 0);
}

void busybox_tree(struct sim *s, const char *dir, struct str *out)
{
	struct files f = { sim_self(s), sim_lstat, sim_names, sim_content, sim_target };

	file_tree(&f, dir, out);
}
