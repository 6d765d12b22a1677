/* step_copy.c - COPY, ADD and WORKDIR: files come into a layer without a container.
 *
 * The layers so far and a new directory above them are merged into one tree
 * (image/merged.h), and the files are copied into that: links in the image then
 * lead where a program in it would get, and a directory of a lower layer keeps its
 * owner and mode.  What was written into the new directory is the layer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "build/job.h"
#include "build/source.h"
#include "image/tree.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/idmap.h"
#include "core/json.h"
#include "core/rights.h"
#include "core/str.h"
#include "image/config_change.h"
#include "image/merged.h"
#include "image/resolve.h"
#include "image/store.h"
#include "image/unpack.h"
#include "runtime/container_files.h"
#include "runtime/user.h"

struct copying {
	struct job *j;
	const struct step *s;
	char *dir;			/* ours, below the store's tmp/ */
	struct sources src;
	struct image *from;		/* --from; NULL: the context */
	int from_fd;			/* its layers as one tree */
	const char *to;			/* as written */
	char *target;			/* absolute */
	struct tree_copy how;
	char **cmd;			/* the step's name */
};

/* ---- where from --------------------------------------------------------------------- */

/* A stage by number or name; 0 with *id, 1: none of ours. */
static int find_stage(struct job *j, const char *name, const char **id, struct err *e)
{
	char *end;
	long n = strtol(name, &end, 10);
	for (size_t i = 0; i < j->n_done; i++)
		if (j->done[i].name && !strcasecmp(j->done[i].name, name))
			return *id = j->done[i].image, 0;
	if (!*name || *end)
		return 1;
	if (n == (long)j->n_done)
		return err_set(e, EINVAL, "refers to current build stage");
	if (n < 0 || n > (long)j->n_done)
		return err_set(e, EINVAL, "index out of bounds");
	*id = j->done[n].image;
	return 0;
}

static int open_from(struct copying *c, const char *name, struct err *e)
{
	const char *id = NULL;
	int r = find_stage(c->j, name, &id, e);
	if (r == 0)
		r = image_get(c->j->o->images, id, &c->from, e);
	else if (r == 1)
		r = job_find_image(c->j, name, NULL, &c->from, e);
	return r < 0 ? err_wrap(e, "invalid from flag value %s", name) : 0;
}

/* The image's layers (NULL: none) as one tree, by descriptor; writable: with `upper`
 * in our folder above them. */
static int open_merged(struct copying *c, const struct image *img, bool writable, struct err *e)
{
	autofree const char **dir = mem_alloc(((img ? img->n_layers : 0) + 1) * sizeof(*dir));
	autofree char *upper = str_printf("%s/upper", c->dir), *work = str_printf("%s/work", c->dir);
	autofree char *at = str_printf("%s/at", c->dir);
	const char *made[] = { at, upper, work };
	struct merged m = { dir, 0, writable ? upper : NULL, work };
	for (size_t i = img ? img->n_layers : 0; i-- > 0; )
		dir[m.n++] = img->layer_dirs[i];
	for (size_t i = 0; i < (writable ? 3 : 1); i++) {
		int r = dir_make_inside(made[i], e);
		if (r < 0)
			return r;
	}
	if (!m.n) {
		dir[m.n++] = writable ? upper : at;
		m.upper = NULL;
	}
	return merged_open(c->j->k, &m, at, e);
}

/* A path below which the descriptor's tree is. */
static char *path_of(int fd) { return str_printf("/proc/self/fd/%d", fd); }

static int find_sources(struct copying *c, struct err *e)
{
	autofree char *root = NULL;
	c->src.root = c->j->o->context;
	c->src.scratch = c->dir;
	c->src.add = str_eq(c->s->in->word, "ADD");
	if (c->from) {
		c->from_fd = open_merged(c, c->from, false, e);
		if (c->from_fd < 0)
			return c->from_fd;
		c->src.root = root = path_of(c->from_fd);
		c->src.from_image = true;
	}
	int r = sources_find(&c->src, c->j, c->s, e);
	c->src.root = NULL;
	if (r == 0 && c->src.n > 1 && !str_ends(c->to, "/"))
		r = err_set(e, EINVAL, "When using %s with more than one source file, the destination "
			    "must be a directory and end with a /", c->s->in->word);
	return r;
}

/* ---- for whom -------------------------------------------------------------------------- */

/* Docker's words, which differ from those of `run --user`. */
static int no_such_owner(const char *both, struct err *e)
{
	bool group = strstr(e->what, "group") != NULL;
	const char *colon = strchr(both, ':'), *kind = group ? "group" : "user";
	autofree char *name = group ? str_dup(colon + 1) : strndup(both, (size_t)(colon - both));
	return err_set(e, EINVAL, "unable to convert uid/gid chown string to host mapping: can't find "
		       "%s for %s %s: no such %s: %s", group ? "gid" : "uid", kind, name, kind, name);
}

/* One name alone is user and group, as `docker build` has it. */
static int read_owner(struct copying *c, const char *root, const char *chown, struct err *e)
{
	struct layers tree = { { root }, 1 };
	struct user u = { 0 };
	autofree char *both = strchr(chown, ':') ? str_dup(chown) : str_printf("%s:%s", chown, chown);
	if (strchr(strchr(both, ':') + 1, ':'))
		return err_set(e, EINVAL, "invalid chown string format: %s", chown);
	int r = user_resolve(&tree, both, NULL, &u, e);
	if (r < 0)
		return no_such_owner(both, e);
	c->how.uid = u.uid;
	c->how.gid = u.gid;
	user_free(&u);
	return 0;
}

static int read_mode(struct copying *c, const char *chmod, struct err *e)
{
	char *end;
	c->how.mode = strtol(chmod, &end, 8);
	if (!*chmod || *end || c->how.mode < 0 || c->how.mode > 07777)
		return err_set(e, EINVAL, "invalid chmod parameter: '%s'. it should be octal string and "
			       "between 0 and 07777", chmod);
	return 0;
}

static int read_flags(struct copying *c, struct err *e)
{
	const char *chmod = instruction_flag(c->s->node, "chmod");
	autofree char *mode = NULL;
	c->how = (struct tree_copy){ .k = c->j->k, .mode = -1 };
	int r = chmod ? job_expand(c->j, chmod, false, &mode, e) : 0;
	return r == 0 && chmod ? read_mode(c, mode, e) : r;
}

/* ---- where to ---------------------------------------------------------------------------- */

static void find_target(struct copying *c)
{
	const char *work = json_str_or(c->j->config, "WorkingDir", "/");
	for (size_t i = 0; c->s->args[i]; i++)
		c->to = c->s->args[i];
	c->target = *c->to == '/' ? str_dup(c->to) : str_printf("%s/%s", work, c->to);
}

static bool wants_dir(const char *target)
{
	return str_ends(target, "/") || str_ends(target, "/.") || str_ends(target, "/..");
}

/* Splits at the last name: the folder's path in place, the name behind. */
static const char *split_name(char *path)
{
	char *slash = strrchr(path, '/');
	*slash = '\0';
	return slash + 1;
}

static int put_in(struct copying *c, const struct source *src, int root, const char *folder,
		  const char *name, struct err *e)
{
	struct tree_copy how = c->how;
	autofd int shown = tree_make_dir(&how, root, folder);
	if (shown < 0)
		return err_sys(e, -shown, "failed to copy files: %s", *folder ? folder : "/");
	if (how.mode < 0)
		how.mode = src->mode;
	return tree_copy(&how, src->path, shown, name, e);
}

/* A file: into the folder there is or that is asked for, else under the last name;
 * where a link stands there, its target is what is written. */
static int put_file(struct copying *c, const struct source *src, const char *tree, int root,
		    struct err *e)
{
	struct layers merged = { { tree }, 1 };
	autofree struct layer_file *f = mem_alloc(sizeof(*f));
	int there = layers_find(&merged, c->target, true, f);
	if (wants_dir(c->target) || (there == 0 && S_ISDIR(f->st.st_mode)))
		return put_in(c, src, root, c->target, src->name, e);
	autofree char *path = str_dup(there == 0 ? f->path : c->target);
	const char *name = split_name(path);
	return put_in(c, src, root, path, name, e);
}

/* The folders above a new one are root's, only itself is --chown's: docker's way. */
static int put_dir(struct copying *c, const struct source *src, int root, struct err *e)
{
	const struct tree_copy as_root = { .k = c->j->k };
	autofd int before = resolve_dir(root, c->target);
	autofd int dir = tree_make_dir(&as_root, root, c->target);
	if (dir >= 0 && before < 0 && rights_owners() &&
	    fchownat(dir, "", idmap_uid_out(c->how.uid), idmap_gid_out(c->how.gid), AT_EMPTY_PATH) < 0)
		return err_sys(e, errno, "failed to copy directory: %s", c->target);
	if (dir < 0)
		return err_sys(e, -dir, "failed to copy directory: %s", c->target);
	return tree_copy_inside(&c->how, src->path, dir, e);
}

/* ---- archives -------------------------------------------------------------------------------- */

/* A file, packed in any way or not at all; each stage reads from the one before. */
struct packed_file { struct stream *file, *inflated, *plain; };

static int packed_open(const char *path, struct packed_file *p, struct err *e)
{
	int r = stream_file(path, &p->file, e);
	if (r == 0)
		r = stream_inflate(p->file, &p->inflated, e);
	if (r == 0)
		p->plain = stream_unfilter(p->inflated);
	return r;
}

static void packed_close(struct packed_file *p)
{
	stream_close(&p->plain);
	stream_close(&p->inflated);
	stream_close(&p->file);
}
#define autopacked __attribute__((cleanup(packed_close)))

/* Its first header must be whole: anything else is a file like others. */
static bool is_archive(const char *path)
{
	autopacked struct packed_file p = { 0 };
	struct archive_entry *entry;
	struct stat st;
	if (stat(path, &st) < 0 || st.st_size == 0 || packed_open(path, &p, NULL) < 0)
		return false;
	struct tar_source in = { .in = p.plain };
	struct archive *a = tar_open(&in, NULL);
	bool yes = a && tar_next(a, &in, &entry, NULL) > 0;
	tar_close(a, &in);
	return yes;
}

static int unpack(struct copying *c, const struct source *src, int root, struct err *e)
{
	autopacked struct packed_file p = { 0 };
	autofd int shown = tree_make_dir(&c->how, root, c->target);
	if (shown < 0)
		return err_sys(e, -shown, "failed to copy files: %s", c->target);
	autofd int dir = openat(shown, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct unpack_options o = { .k = c->j->k, .root = dir, .below = "" };
	int r = packed_open(src->path, &p, e);
	return r == 0 ? tar_unpack(&o, p.plain, e) : r;
}

/* ---- the step ---------------------------------------------------------------------------------- */

static int put_sources(struct copying *c, int root, struct err *e)
{
	const char *chown = instruction_flag(c->s->node, "chown");
	autofree char *owner = NULL, *tree = path_of(root);
	int r = 0;
	if (chown)
		r = job_expand(c->j, chown, false, &owner, e);
	if (r == 0 && chown)
		r = read_owner(c, tree, owner, e);
	c->how.keep_owner = c->from && !chown;
	for (size_t i = 0; r == 0 && i < c->src.n; i++) {
		const struct source *src = &c->src.v[i];
		if (src->is_dir)
			r = put_dir(c, src, root, e);
		else if (src->unpack && is_archive(src->path))
			r = unpack(c, src, root, e);
		else
			r = put_file(c, src, tree, root, e);
	}
	return r;
}

static int name_step(struct copying *c, struct err *e)
{
	const char *chown = instruction_flag(c->s->node, "chown");
	const char *chmod = instruction_flag(c->s->node, "chmod");
	autofree char *sum = sources_sum(&c->src), *owner = NULL;
	int r = chown ? job_expand(c->j, chown, false, &owner, e) : 0;
	if (r < 0)
		return r;
	autofree char *comment = str_printf("%s %s%s%s%s%s%s%s in %s ", c->s->in->word,
		chown ? "--chown=" : "", chown ? owner : "", chown ? " " : "",
		chmod ? "--chmod=" : "", chmod ? chmod : "", chmod ? " " : "", sum, c->to);
	c->cmd = job_nop(c->j, comment, false);
	return 0;
}

/* 1: all was in the cache. */
static int copy(struct copying *c, struct err *e)
{
	int r = find_sources(c, e);
	if (r == 0)
		r = name_step(c, e);
	if (r == 0)
		r = job_probe(c->j, c->cmd, e);
	if (r != 0)
		return r;
	autofd int root = open_merged(c, c->j->top, true, e);
	return root < 0 ? root : put_sources(c, root, e);
}

static void copying_end(struct copying *c)
{
	sources_free(&c->src);
	if (c->from)
		image_free(c->from);
	if (c->from_fd >= 0)
		close(c->from_fd);
	if (c->dir)
		dir_remove(c->dir, NULL);
	free(c->dir);
	free(c->target);
	strv_free(c->cmd);
}

static int keep_upper(struct copying *c, struct err *e)
{
	autofree char *upper = str_printf("%s/upper", c->dir);
	return job_commit(c->j, c->cmd, upper, e);
}

int step_copy(struct job *j, const struct step *s, struct err *e)
{
	__attribute__((cleanup(copying_end))) struct copying c = { .j = j, .s = s, .from_fd = -1 };
	const char *from = instruction_flag(s->node, "from");
	c.dir = store_tmp_path(j->o->images, "copy");
	find_target(&c);
	int r = read_flags(&c, e);
	if (r == 0 && from && *from)
		r = open_from(&c, from, e);
	if (r == 0)
		r = dir_make(c.dir, 0700, e);
	if (r == 0)
		r = copy(&c, e);
	return r < 0 ? r : r == 1 ? 0 : keep_upper(&c, e);
}

/* ---- WORKDIR --------------------------------------------------------------------------------- */

static bool is_there(const struct job *j, const char *path)
{
	autofree struct layer_file *f = mem_alloc(sizeof(*f));
	autofree struct layers *l = mem_alloc(sizeof(*l));
	for (size_t i = j->top ? j->top->n_layers : 0; i-- > 0 && l->n < ARRAY_SIZE(l->dir); )
		l->dir[l->n++] = j->top->layer_dirs[i];
	return l->n && layers_find(l, path, true, f) == 0 && S_ISDIR(f->st.st_mode);
}

static int make_dir(struct copying *c, struct err *e)
{
	autofd int root = open_merged(c, c->j->top, true, e);
	if (root < 0)
		return root;
	autofd int dir = tree_make_dir(&c->how, root, c->target);
	return dir < 0 ? err_sys(e, -dir, "Cannot mkdir: %s", c->target) : 0;
}

int step_workdir(struct job *j, const struct step *s, struct err *e)
{
	__attribute__((cleanup(copying_end))) struct copying c = { .j = j, .s = s, .from_fd = -1 };
	struct config_change change = { "WORKDIR", s->args, NULL, false };
	int r = image_config_change(j->config, &change, &j->cmd_set, e);
	if (r < 0)
		return r;
	c.target = str_dup(json_str_or(j->config, "WorkingDir", "/"));
	autofree char *comment = str_printf("WORKDIR %s", c.target);
	c.cmd = job_nop(j, comment, false);
	r = job_probe(j, c.cmd, e);
	if (r != 0 || is_there(j, c.target))
		return r < 0 ? r : r == 1 ? 0 : job_commit(j, c.cmd, NULL, e);
	c.dir = store_tmp_path(j->o->images, "workdir");
	c.how.k = j->k;
	r = dir_make(c.dir, 0700, e);
	if (r == 0)
		r = make_dir(&c, e);
	return r < 0 ? r : keep_upper(&c, e);
}
