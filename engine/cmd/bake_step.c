/* bake_step.c - one RUN line: an overlay, a shell, a layer.
 *
 * The step's root is an overlay of the layers so far with an empty directory on
 * top; labs/images/step.sh works on it from outside, in process and mount
 * namespaces of its own.  Whatever happens to us, the kernel then ends the
 * step's processes (it kills a namespace with its first process, and that one
 * when its parent dies) and takes its mounts away with the namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "bake.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/json.h"
#include "core/rights.h"
#include "core/rights.h"
#include "core/str.h"
#include "runtime/seccomp.h"

/* Files get the date of the archive they come from; where none is, this one
 * (2026-01-01): baked again, the same recipe gives the same bytes. */
#define DATE_WITHOUT_ARCHIVE 1767225600

/* ---- the image while it grows ------------------------------------------------------ */

static cJSON *object_in(cJSON *parent, const char *key)
{
	cJSON *o = json_obj(parent, key);
	if (!o) {
		o = cJSON_CreateObject();
		json_put(parent, key, o);
	}
	return o;
}

cJSON *cake_config(struct cake *c) { return object_in(c->config, "config"); }
cJSON *cake_object(struct cake *c, const char *key) { return object_in(cake_config(c), key); }
const char *cake_label(struct cake *c, const char *key)
{
	return json_str(cake_object(c, "Labels"), key);
}

static time_t cake_date(struct cake *c)
{
	const char *date = cake_label(c, "org.drydock.date");
	return date ? strtoll(date, NULL, 10) : DATE_WITHOUT_ARCHIVE;
}

void cake_history(struct cake *c, const char *created_by, bool empty)
{
	cJSON *row = cJSON_CreateObject();
	char when[36];
	clock_rfc3339(cake_date(c) * 1000000000ull, when);
	json_put_str(row, "created", when);
	json_put_str(row, "created_by", created_by);
	if (empty)
		json_put_bool(row, "empty_layer", true);
	cJSON_AddItemToArray(json_obj(c->config, "history"), row);
	cJSON_DeleteItemFromObjectCaseSensitive(c->config, "created");
	json_put_str(c->config, "created", when);
}

int cake_store(struct cake *c, const char *name, struct err *e)
{
	struct image *top = NULL;
	int r = image_create(c->bake->store, c->config, name, &top, e);
	if (r < 0)
		return r;
	if (c->top)
		image_free(c->top);
	c->top = top;
	return 0;
}

/* ---- where a step works -------------------------------------------------------------- */

struct step {
	struct cake *cake;
	char *dir;			/* WORK/step-N: fs, work, root, labels */
	char *fs, *root, *labels;
	const char *argv[6];
	char **envp;
	int out[2];			/* pipe: what the script says */
	struct seccomp_program owners;	/* where all users are one; else empty */
	char error[512], hint[256], last[256];	/* its own words about a failure */
};

static void step_free(struct step *s)
{
	free(s->dir);
	free(s->fs);
	free(s->root);
	free(s->labels);
	free(s->owners.insn);
	strv_free(s->envp);
	for (int i = 0; i < 2; i++)
		if (s->out[i] >= 0)
			close(s->out[i]);
}

static int step_mount(struct step *s, struct err *e)
{
	const struct image *top = s->cake->top;
	autostr struct str options = { 0 };
	long r;
	if (!top) {	/* an overlay needs something below it: the bottom layer does without */
		r = k_mount(kernel_linux(), s->fs, s->root, NULL, MS_BIND, NULL);
		return r < 0 ? err_sys(e, -r, "mount %s", s->root) : 0;
	}
	str_add(&options, rights_rootless() ? "userxattr,lowerdir=" : "lowerdir=");
	for (size_t i = top->n_layers; i > 0; i--)
		str_addf(&options, "%s%s", top->layer_dirs[i - 1], i > 1 ? ":" : "");
	str_addf(&options, ",upperdir=%s,workdir=%s/work", s->fs, s->dir);
	r = k_mount(kernel_linux(), "overlay", s->root, "overlay", 0, options.s);
	return r < 0 ? err_sys(e, -r, "mount an overlay on %s", s->root) : 0;
}

static void step_environment(struct step *s)
{
	const struct recipe *r = s->cake->recipe;
	const char *suite = cake_label(s->cake, "org.drydock.suite");
	const char *const keep[] = { "PATH", "http_proxy", "https_proxy", "no_proxy" };
	const struct { const char *name, *value; } set[] = {
		{ "ROOT", s->root }, { "LABELS", s->labels }, { "RECIPE", r->dir },
		{ "SUITE", suite },
	};
	for (size_t i = 0; i < ARRAY_SIZE(set); i++) {
		autofree char *line = str_printf("%s=%s", set[i].name,
						 set[i].value ? set[i].value : "");
		strv_add(&s->envp, line);
	}
	for (size_t i = 0; i < ARRAY_SIZE(keep); i++) {
		autofree char *line = str_printf("%s=%s", keep[i],
						 getenv(keep[i]) ? getenv(keep[i]) : "");
		if (getenv(keep[i]))
			strv_add(&s->envp, line);
	}
	autofree char *cache = str_printf("CACHE=%s/cache", s->cake->bake->work);
	strv_add(&s->envp, cache);
}

static int step_prepare(struct step *s, struct cake *c, struct err *e)
{
	s->cake = c;
	s->dir = str_printf("%s/step-%u", c->bake->work, ++c->bake->steps);
	s->fs = str_printf("%s/fs", s->dir);
	s->root = str_printf("%s/root", s->dir);
	s->labels = str_printf("%s/labels", s->dir);
	autofree char *work = str_printf("%s/work", s->dir);
	autofree char *cache = str_printf("%s/cache", c->bake->work);
	const char *dirs[] = { s->fs, s->root, work, cache };
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int r = dir_make(dirs[i], 0755, e);
		if (r < 0)
			return r;
	}
	if (pipe2(s->out, O_CLOEXEC) < 0)
		return err_sys(e, errno, "make a pipe");
	if (!rights_owners())
		seccomp_one_user(&s->owners);
	step_environment(s);
	return step_mount(s, e);
}

/* ---- the shell ------------------------------------------------------------------------- */

static int step_child(void *arg)
{
	struct step *s = arg;
	struct kernel *k = kernel_linux();
	k_prctl(k, PR_SET_PDEATHSIG, SIGKILL, 0);
	k_dup3(k, s->out[1], 1, 0);
	k_dup3(k, s->out[1], 2, 0);
	if (k_mount(k, "proc", "/proc", "proc", 0, NULL) < 0)
		return 126;
	const struct k_filter owners = { s->owners.len, s->owners.insn };
	if (owners.len && k_seccomp(k, &owners, 0) < 0)
		return 126;
	k_execve(k, "/bin/bash", (char *const *)s->argv, s->envp);
	return 127;
}

/* The script's lines: its progress goes to the terminal, its excuses to e. */
static void step_line(struct step *s, const char *line)
{
	if (str_starts(line, "bake-error: ")) {
		if (!*s->error)
			snprintf(s->error, sizeof(s->error), "%s", line + 12);
	} else if (str_starts(line, "bake-hint: ")) {
		snprintf(s->hint, sizeof(s->hint), "%s", line + 11);
	} else {
		snprintf(s->last, sizeof(s->last), "%s", line);
		if (s->cake->bake->verbose || str_starts(line, "    "))
			puts(line);
	}
}

static void step_listen(struct step *s)
{
	autofile FILE *f = fdopen(steal_fd(&s->out[0]), "r");
	autofree char *line = NULL;
	size_t cap = 0;
	while (f && getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		step_line(s, line);
		fflush(stdout);
	}
}

static int step_shell(struct step *s, const char *text, struct err *e)
{
	autofree char *script = str_printf("%s/step.sh", s->cake->bake->recipes);
	struct k_spawn how = { .flags = CLONE_NEWPID | CLONE_NEWNS, .fn = step_child, .arg = s,
			       .cgroup_fd = -1 };
	struct k_exit x = { 0 };
	const char *argv[] = { "bash", script, text, NULL };
	memcpy(s->argv, argv, sizeof(argv));
	long pid = k_spawn(kernel_linux(), &how);
	if (pid < 0)
		return err_sys(e, -pid, "start a shell");
	close(steal_fd(&s->out[1]));
	step_listen(s);
	k_wait(kernel_linux(), pid, 0, &x);
	if (x.code == 0 && x.signal == 0)
		return 0;
	err_set(e, EIO, "%s",
		*s->error ? s->error : *s->last ? s->last : "the step's shell failed");
	return *s->hint ? err_hint(e, "%s", s->hint) : -EIO;
}

/* ---- what came of it --------------------------------------------------------------------- */

static __thread time_t stamp_date;	/* nftw() passes nothing on */

static int stamp_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	struct timespec times[2] = { { .tv_sec = stamp_date }, { .tv_sec = stamp_date } };
	if (st->st_mtime > stamp_date)
		utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static int step_labels(struct step *s, struct err *e)
{
	autostr struct str text = { 0 };
	char *save = NULL;
	int r = file_read(s->labels, &text, e);
	if (r == -ENOENT)
		return err_clear(e), 0;
	for (char *l = strtok_r(text.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(l, '=');
		cJSON *labels = cake_object(s->cake, "Labels");
		if (!value)
			continue;
		*value++ = '\0';
		cJSON_DeleteItemFromObjectCaseSensitive(labels, l);
		json_put_str(labels, l, value);
	}
	return r;
}

static int step_layer(struct step *s, const char *text, struct err *e)
{
	struct cake *c = s->cake;
	struct layer_made made;
	autofree char *by = str_printf("RUN %s", text);
	int r = step_labels(s, e);
	if (r < 0)
		return r;
	stamp_date = cake_date(c);
	nftw(s->fs, stamp_one, 16, FTW_PHYS | FTW_DEPTH);
	r = layer_from_tree(c->bake->store, s->fs, &made, e);
	if (r < 0)
		return r;
	cJSON_AddItemToArray(json_obj(json_obj(c->config, "rootfs"), "diff_ids"),
			     cJSON_CreateString(made.diff_id));
	cake_history(c, by, false);
	return cake_store(c, NULL, e);
}

int bake_run(struct cake *c, const char *text, struct err *e)
{
	struct step s = { .out = { -1, -1 } };
	int r = step_prepare(&s, c, e);
	if (r == 0) {
		r = step_shell(&s, text, e);
		k_umount(kernel_linux(), s.root, MNT_DETACH);
	}
	if (r == 0)
		r = step_layer(&s, text, e);
	if (r < 0)
		err_wrap(e, "RUN %.60s", text);
	step_free(&s);
	return r;
}
