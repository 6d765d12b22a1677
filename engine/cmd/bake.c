/* bake.c - `drydock bake`: makes the course images once, and knows when not to.
 *
 * A run first asks of every image whether registry, record and recipe agree,
 * which takes a few milliseconds, and leaves when all is well.  Only then does
 * it need root (mounts), the machine's package mirror, and time.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

#include "bake.h"
#include "cmd/engine_main.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "rootless/rootless.h"

static const char usage[] =
	"Usage: drydock bake [OPTIONS]\n"
	"\n"
	"Makes the images of the course from this machine's packages, once.\n"
	"\n"
	"  --root DIR      the daemon's data root (default: /var/lib/drydock, or ~/.local/share/drydock)\n"
	"  --recipes DIR   where the recipes are\n"
	"  --only NAME     this folder, image or group (course, test); may be given again\n"
	"  --check         read every byte of what is there; bake again what is damaged\n"
	"  --force         bake again whatever is there\n"
	"  --list          say what is there and what isn't; bake nothing\n"
	"  -v, --verbose   show all that the tools say\n"
	"  -h, --help      this text\n";

struct options {
	char *root, *recipes, **only;
	int check, force, list, verbose, help;
};

static void options_free(struct options *o)
{
	free(o->root);
	free(o->recipes);
	strv_free(o->only);
}

static int options_read(struct options *o, int argc, char **argv)
{
	const struct option known[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "recipes", required_argument, NULL, 'R' },
		{ "only", required_argument, NULL, 'o' },
		{ "check", no_argument, &o->check, 1 },
		{ "force", no_argument, &o->force, 1 },
		{ "list", no_argument, &o->list, 1 },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	optind = 1;
	for (int c; (c = getopt_long(argc, argv, "vh", known, NULL)) != -1;) {
		if (c == 'r')
			o->root = str_dup(optarg);
		else if (c == 'R')
			o->recipes = str_dup(optarg);
		else if (c == 'o')
			strv_add(&o->only, optarg);
		else if (c == 'v')
			o->verbose = 1;
		else if (c == 'h')
			o->help = 1;
		else if (c != 0)
			return -EINVAL;
	}
	return optind == argc ? 0 : -EINVAL;
}

/* ---- where things are ------------------------------------------------------------------ */

/* Takes path; its absolute form is the caller's: a step runs in its recipe's folder. */
static char *absolute(char *path)
{
	autofree char *given = path, *here = getcwd(NULL, 0);
	return *given == '/' || !here ? steal_ptr(given) : str_printf("%s/%s", here, given);
}

/* Beside the build, or where `make install` puts them. */
char *bake_recipes(void)
{
	static const char *const places[] = { "../labs/images", "../../labs/images",
					      "../../share/drydock/labs/images" };
	if (getenv("DRYDOCK_LABS"))
		return str_printf("%s/images", getenv("DRYDOCK_LABS"));
	autofree char *exe = file_own_folder();
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		autofree char *dir = str_printf("%s/%s", exe, places[i]);
		char *real = realpath(dir, NULL);
		if (real)
			return real;
	}
	return str_dup("labs/images");
}

/* ---- what is wanted, and what of it is missing -------------------------------------------- */

/* The groups: what tests need is made without a network, and is no course image. */
static bool in_group(const struct recipe *r, const char *group)
{
	bool test = str_starts(r->folder, "test-");
	if (str_eq(group, "course"))
		return !test;
	return str_eq(group, "test") && (test || str_eq(r->folder, "hello-world"));
}

static bool wanted(const struct options *o, const struct recipe *r)
{
	if (!o->only)
		return in_group(r, "course");
	for (size_t i = 0; o->only[i]; i++) {
		const char *name = o->only[i];
		if (str_eq(name, r->folder) || str_eq(name, r->name) || in_group(r, name))
			return true;
		if (str_starts(r->name, "library/") && str_eq(name, r->name + strlen("library/")))
			return true;
	}
	return false;
}

static const char *const state_words[] = {
	[COURSE_GOOD] = "ready", [COURSE_MISSING] = "not baked yet",
	[COURSE_CHANGED] = "its recipe changed", [COURSE_DAMAGED] = "damaged",
};

/* One flag a recipe: to be baked.  A base that must be baked is wanted, too.
 * tell: what is damaged; --list: everything. */
static size_t find_work(const struct options *o, const struct recipes *rs, const char *registry,
			bool tell, bool *due)
{
	size_t n = 0;
	for (size_t i = rs->n; i-- > 0;) {
		const struct recipe *r = &rs->all[i];
		struct err e = { 0 };
		enum course_state state = course_check(registry, r, o->check, &e);
		due[i] = (due[i] || wanted(o, r)) && (state != COURSE_GOOD || o->force);
		if ((o->list && wanted(o, r)) || (tell && due[i] && state == COURSE_DAMAGED))
			printf("%-26s %s%s%s\n", r->name, state_words[state], *e.what ? ": " : "",
			       e.what);
		if (due[i] && r->from)
			due[recipes_find(rs, r->from) - rs->all] = true;
		n += due[i];
	}
	return n;
}

/* ---- the work -------------------------------------------------------------------------------- */

static int take_lock(const char *registry, struct err *e)
{
	autofree char *path = str_printf("%s/bake.lock", registry);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(e, errno, "open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		puts("Another bake is at work here; waiting for it.");
		flock(fd, LOCK_EX);
	}
	return fd;
}

/* Mounts of our own, which the kernel takes away with us whatever happens. */
static int private_mounts(struct err *e)
{
	struct kernel *k = kernel_linux();
	long r = k_unshare(k, CLONE_NEWNS);
	if (r == 0)
		r = k_mount(k, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return r < 0 ? err_sys(e, -r, "separate our mounts from the machine's") : 0;
}

static int bake_all(struct bake *b, const struct recipes *rs, const bool *due, struct err *e)
{
	int r = private_mounts(e);
	if (r == 0)
		r = dir_remove(b->work, e);	/* what a killed bake left */
	if (r == 0)
		r = dir_make(b->work, 0700, e);
	if (r == 0)
		r = image_store_open(b->work, kernel_linux(), &b->store, e);
	for (size_t i = 0; r == 0 && i < rs->n; i++) {
		const struct recipe *one = &rs->all[i];
		if (!due[i])
			continue;
		printf("  %s\n", one->name);
		fflush(stdout);
		r = bake_image(b, one, one->from ? recipes_find(rs, one->from) : NULL, e);
	}
	if (b->store)
		image_store_close(b->store);
	dir_remove(b->work, NULL);
	return r;
}

/* > 0: the exit code of the bake inside, which has said why. */
static int bake_inside(struct err *e)
{
	autostr struct str words = { 0 };
	char **argv = mem_alloc(sizeof(*argv));
	int code = 1;
	file_read("/proc/self/cmdline", &words, NULL);
	for (size_t at = 0; at < words.len; at += strlen(words.s + at) + 1)
		strv_add(&argv, words.s + at);
	int r = rootless_run(kernel_linux(), NULL, argv, &code, e);
	strv_free(argv);
	return r < 0 ? r : code;
}

static int bake(const struct options *o, const struct recipes *rs, struct err *e)
{
	autofree char *registry = str_printf("%s/registry", o->root);
	autofree char *work = str_printf("%s/.bake", registry);
	autofree bool *due = mem_alloc(rs->n * sizeof(*due) + 1);
	struct bake b = { .registry = registry, .recipes = o->recipes, .work = work,
			  .verbose = o->verbose };
	if (find_work(o, rs, registry, true, due) == 0 || o->list)
		return 0;
	if (geteuid() != 0)	/* as a user's daemon: root of a namespace */
		return bake_inside(e);
	int r = dir_make(registry, 0755, e);
	if (r < 0)
		return r;
	autofd int lock = take_lock(registry, e);
	memset(due, 0, rs->n);		/* another bake may have done it meanwhile */
	if (lock < 0 || find_work(o, rs, registry, false, due) == 0)
		return lock < 0 ? lock : 0;
	puts("Making the course images, once (about a minute):");
	return bake_all(&b, rs, due, e);
}

char **bake_missing(const char *data_root)
{
	autofree char *registry = str_printf("%s/registry", data_root), *dir = bake_recipes();
	char **missing = mem_alloc(sizeof(*missing));
	struct recipes rs = { 0 };

	if (recipes_load(dir, &rs, NULL) < 0) {
		strv_free(missing);
		return NULL;
	}
	for (size_t i = 0; i < rs.n; i++)
		if (in_group(&rs.all[i], "course") && str_starts(rs.all[i].name, "library/") &&
		    course_check(registry, &rs.all[i], false, NULL) != COURSE_GOOD)
			strv_add(&missing, rs.all[i].name);
	recipes_free(&rs);
	return missing;
}

int cmd_bake(int argc, char **argv)
{
	struct options o = { 0 };
	struct recipes rs = { 0 };
	struct err e = { 0 };
	int r = options_read(&o, argc, argv);
	if (r < 0 || o.help) {
		fputs(usage, r < 0 ? stderr : stdout);
		options_free(&o);
		return r < 0 ? 2 : 0;
	}
	o.root = absolute(o.root ? o.root : default_data_root());
	o.recipes = absolute(o.recipes ? o.recipes : bake_recipes());
	r = recipes_load(o.recipes, &rs, &e);
	if (r == 0)
		r = bake(&o, &rs, &e);
	if (r < 0)
		err_print(&e);
	recipes_free(&rs);
	options_free(&o);
	return r != 0;
}
