/* exec.c - becoming a program: the file is found as ever, its model by the names that
 * led to it. */
#include "sim/task.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 256	/* bytes that decide what kind of file it is, as in the kernel */
#define INTERPRETERS 4	/* one #! that leads to another */

void sim_register(struct sim *s, const struct sim_program *table)
{
	s->programs = mem_grow(s->programs, (s->n_programs + 1) * sizeof(*s->programs));
	s->programs[s->n_programs++] = table;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static const struct sim_program *find_model(const struct sim *s, const char *name, bool whole)
{
	for (size_t i = s->n_programs; i-- > 0;)
		for (const struct sim_program *p = s->programs[i]; p->name; p++)
			if ((strchr(p->name, '/') != NULL) == whole &&
			    fnmatch(p->name, name, 0) == 0)
				return p;
	return NULL;
}

static int no_model(struct task *t, int argc, char **argv)
{
	char *text = sim_printf(t, "%s: the simulator has no model of this program: it can't run"
				" here (it would with the linux backend)\n", argv[0]);

	sys_write(t, 2, text, strlen(text));
	return 127;
}

static const struct sim_program unknown = { "", no_model };

static const struct sim_program *model_of(const struct sim *s, const char *called, const char *exe)
{
	const struct sim_program *p = find_model(s, last_part(called), false);

	if (!p)
		p = find_model(s, last_part(exe), false);
	if (!p)
		p = find_model(s, exe, true);
	return p ? p : &unknown;
}

/* ---- the file ---- */

struct image {
	char *file;		/* as called; owned */
	char **argv;		/* owned */
	struct str exe;		/* where the links lead */
	char head[HEAD + 1];
};

static void image_free(struct image *im)
{
	free(im->file);
	strv_free(im->argv);
	str_free(&im->exe);
}

static long look_at_file(struct task *t, struct image *im)
{
	struct vfs_file *f;
	struct stat st;
	long r = vfs_stat(&t->view, NULL, im->file, 0, &st);

	if (r == 0 && !S_ISREG(st.st_mode))
		r = -EACCES;
	if (r == 0 && !(st.st_mode & 0111))
		r = -EACCES;
	if (r == 0)
		r = vfs_access(&t->view, NULL, im->file, 1 /* X_OK */);
	if (r == 0)
		r = vfs_open(&t->view, NULL, im->file, O_RDONLY, 0, &f);
	if (r < 0)
		return r;
	r = vfs_read(f, im->head, HEAD);
	im->head[r > 0 ? r : 0] = '\0';
	str_clear(&im->exe);
	vfs_path_text(&t->view, &f->path, &im->exe);
	vfs_file_put(f);
	return r < 0 ? r : 0;
}

/* "#!/bin/sh -e": the interpreter runs, with one argument if there is one, the file's
 * name and the arguments after the first. */
static int take_interpreter(struct image *im)
{
	char **argv = strv_dup((char *[]){ NULL }), *line = im->head + 2;

	line[strcspn(line, "\n")] = '\0';
	line += strspn(line, " \t");
	size_t n = strcspn(line, " \t");
	char *arg = line + n + strspn(line + n, " \t");
	for (size_t end = strlen(arg); end > 0 && strchr(" \t", arg[end - 1]); end--)
		arg[end - 1] = '\0';
	line[n] = '\0';
	if (!n) {
		strv_free(argv);
		return -ENOEXEC;
	}
	strv_add(&argv, line);
	if (line + n != arg && *arg)
		strv_add(&argv, arg);
	strv_add(&argv, im->file);
	for (size_t i = 1; im->argv[0] && im->argv[i]; i++)
		strv_add(&argv, im->argv[i]);
	strv_free(im->argv);
	im->argv = argv;
	free(im->file);
	im->file = str_dup(line);
	return 0;
}

static long find_image(struct task *t, struct image *im)
{
	for (int i = 0; i <= INTERPRETERS; i++) {
		long r = look_at_file(t, im);
		if (r < 0)
			return r;
		if (strncmp(im->head, "\177ELF", 4) == 0)
			return 0;
		if (strncmp(im->head, "#!", 2) != 0)
			return -ENOEXEC;
		r = take_interpreter(im);
		if (r < 0)
			return r;
	}
	return -ELOOP;
}

/* ---- becoming it ---- */

/* What root has, it has; others lose what they had but for the ambient set. */
static void exec_caps(struct task *t)
{
	struct cred *c = &t->cred;

	if (c->euid == 0 || c->uid == 0)
		c->permitted = (c->inheritable | SIM_CAPS_ALL) & c->bounding;
	else
		c->permitted = c->ambient;
	c->effective = c->euid == 0 ? c->permitted : c->ambient;
	c->keep_caps = false;
	task_cred_changed(t);
}

static void become(struct task *t, struct image *im, char *const *envp)
{
	task_set_args(t, im->argv, envp);	/* copies: they may lie in what is freed next */
	memory_free_all(t);
	t->local = NULL;
	free(t->exe);
	t->exe = str_take(&im->exe);
	snprintf(t->comm, sizeof(t->comm), "%s", last_part(im->file));
	t->program = model_of(t->sim, im->file, t->exe);
	fds_exec(t->fds);
	t->engine = false;
	t->fn = NULL;
	signal_forget(t);
	exec_caps(t);
	watch_exec(t);
}

long task_exec(struct task *t, const char *file, char *const *argv, char *const *envp)
{
	struct image im = { .file = str_dup(file), .argv = strv_dup(argv) };
	const struct sim_program *engine = t->engine ? find_model(t->sim, file, true) : NULL;
	long r = engine ? 0 : find_image(t, &im);

	if (r == 0 && engine)
		str_add(&im.exe, file);		/* of the engine's own: no file of the machine */
	if (r == 0)
		become(t, &im, envp);
	image_free(&im);
	if (r < 0)
		return r;
	sched_restart(t);
	return 0;
}

long sys_execve(struct task *t, const char *file, char *const *argv, char *const *envp)
{
	return sys_leave(t, task_exec(t, file, argv, envp));
}

char **sim_environ(struct task *t) { return t->envp; }

void task_begin(void *task)
{
	struct task *t = task;

	context_entered();
	sys_leave(t, 0);
	int code = t->fn ? t->fn(t, t->arg) : t->program->main(t, t->argc, t->argv);
	sys_exit(t, code);
}
