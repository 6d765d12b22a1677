/* bundle.c - writes a container as a bundle.
 *
 *	DIR/config.json		how to run it (bundle_config.c)
 *	DIR/rootfs/		its layers as one tree, copied
 *	DIR/hosts, hostname, resolv.conf	bound over those in /etc
 *
 * The layers are merged read only and without the container's own mounts: what lies in
 * its volumes stays there, and config.json binds them.
 */
#include "runtime/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "image/merged.h"
#include "image/tree.h"
#include "runtime/container_internal.h"

static const char *const own_files[] = { "hosts", "hostname", "resolv.conf" };

/* -- the directory ----------------------------------------------------------------- */

static int open_dir(const char *dir, int *fd, struct err *e)
{
	char **names = NULL;
	int r = dir[0] == '/' ? dir_make(dir, 0755, e) :
		err_set(e, EINVAL, "the bundle's directory must be an absolute path: %s", dir);
	if (r == 0)
		r = tree_names(dir, &names, e);
	if (r == 0 && names[0])
		r = err_set(e, ENOTEMPTY, "export bundle: %s is not empty", dir);
	strv_free(names);
	if (r < 0)
		return r;
	*fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? err_sys(e, errno, "open %s", dir) : 0;
}

/* The directory itself was perhaps the user's: only what is in it goes. */
static void forget(const char *dir)
{
	static const char *const made[] = { "rootfs", "config.json", "hosts", "hostname",
					    "resolv.conf" };
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		autofree char *path = str_printf("%s/%s", dir, made[i]);
		if (unlink(path) < 0 && errno == EISDIR)
			dir_remove(path, NULL);
	}
}

/* -- what is in it ----------------------------------------------------------------- */

static int copy_root(struct container *c, int dir, struct err *e)
{
	const struct tree_copy all = { .k = c->all->kernel, .keep_owner = true, .mode = -1 };
	autofree char *at = str_printf("%s/bundle-%s", c->all->exec_root, c->id);
	struct layers l;
	int r = container_layers(c, &l, e);
	if (r < 0 || (r = dir_make(at, 0700, e)) < 0)
		return r;
	const struct merged m = { .dir = l.dir, .n = l.n };
	autofd int root = merged_open(c->all->kernel, &m, at, e);
	rmdir(at);
	if (root < 0)
		return root;
	autofree char *from = str_printf("/proc/self/fd/%d/.", root);
	return tree_copy(&all, from, dir, "rootfs", e);
}

/* One that never ran has none of these files yet. */
static int copy_files(struct container *c, const char *dir, struct err *e)
{
	autofree char *first = container_path(c, own_files[0]);
	int r = access(first, F_OK) == 0 ? 0 : net_files(c, e);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(own_files); i++) {
		autostr struct str text = { 0 };
		autofree char *from = container_path(c, own_files[i]);
		autofree char *to = str_printf("%s/%s", dir, own_files[i]);
		if ((r = file_read(from, &text, e)) == 0)
			r = file_write_atomic(to, text.s ? text.s : "", text.len, 0644, e);
	}
	return r;
}

/* Where the three files are: beside config.json, which relative sources start from. */
static void move_files(struct spec *s)
{
	char **at[] = { &s->hosts, &s->hostname_file, &s->resolv_conf };
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		free(*at[i]);
		*at[i] = str_dup(own_files[i]);
	}
}

static int write_config(const struct spec *s, int net_pid, const char *dir, struct err *e)
{
	autojson cJSON *config = bundle_config(s, net_pid);
	autofree char *text = cJSON_Print(config);
	autofree char *path = str_printf("%s/config.json", dir);
	return file_write_atomic(path, text, strlen(text), 0644, e);
}

static void warn(const struct spec *s, char ***warnings)
{
	if (s->init)
		strv_add(warnings, "A bundle has no init process of its own: --init is not part "
			 "of it.");
	if (s->net == NET_NEW)
		strv_add(warnings, "A bundle's network has a loopback interface and nothing else: "
			 "networks and published ports are not part of it.");
}

static int write_all_of_it(struct container *c, const char *dir, int fd, char ***warnings,
			   struct err *e)
{
	struct spec s = { .netns_fd = -1 };
	char **said = mem_alloc(sizeof(*said));		/* at its creation already */
	int net_pid = 0;
	int r = spec_build(c, &s, true, e);
	if (r == 0)
		r = links_env(c, &s.envp, e);
	if (r == 0)
		r = share_namespaces(c, &s, e);
	if (r == 0 && s.net == NET_JOIN)
		r = share_join(c, "NetworkMode", "network", &net_pid, e);
	if (r == 0 && (r = copy_files(c, dir, e)) == 0) {
		move_files(&s);
		launch_clamp(c->all->launcher, &s, &said);
		warn(&s, warnings);
		r = write_config(&s, net_pid, dir, e);
	}
	strv_free(said);
	spec_free(&s);
	return r < 0 ? r : copy_root(c, fd, e);
}

int container_bundle(struct container *c, const char *dir, char ***warnings, struct err *e)
{
	autofd int fd = -1;
	int r = open_dir(dir, &fd, e);
	if (r < 0)
		return r;
	container_lock(c);
	r = c->gone || c->status == CTR_REMOVING || c->status == CTR_DEAD ?
	    err_http(e, 409, EBUSY, "container %s is being removed", c->id) :
	    write_all_of_it(c, dir, fd, warnings, e);
	container_unlock(c);
	if (r < 0)
		forget(dir);
	return r;
}
