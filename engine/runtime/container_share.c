/* container_share.c - what of the host or of another container is let in: its process
 * and IPC namespaces, and devices. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "runtime/container_internal.h"

#define MAX_DEVICES 200		/* steps of a plan; a machine has about a hundred */

/* -- namespaces -------------------------------------------------------------------- */

int share_join(struct container *c, const char *key, const char *what, int *pid, struct err *e)
{
	autocontainer struct container *other = NULL;
	int r = containers_get(c->all, host_text(c, key) + strlen("container:"), &other, e);
	if (r == 0 && (other == c || !container_is_up(other)))
		r = err_http(e, 409, EINVAL, "container %s is not running", other->id);
	/* Its documents never change these: they may be read without its lock. */
	if (r == 0 && str_eq(key, "IpcMode") && (str_eq(host_text(other, key), "private") ||
						 str_eq(host_text(other, key), "none")))
		r = err_set(e, EINVAL, "container %s: non-shareable IPC (hint: use IpcMode:shareable for"
			    " the donor container)", other->id);
	if (r < 0)
		return err_wrap(e, "failed to join %s namespace", what);
	*pid = other->pid;
	return 0;
}

int share_check(struct container *c, struct err *e)
{
	static const char *const keys[] = { "IpcMode", "PidMode" };
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *mode = host_text(c, keys[i]);
		autocontainer struct container *other = NULL;
		if (!str_starts(mode, "container:") ||
		    containers_get(c->all, mode + strlen("container:"), &other, e) == 0)
			continue;
		if (e)
			e->status = 400;	/* 404 would send the client for the image */
		return -EINVAL;
	}
	return 0;
}

int share_namespaces(struct container *c, struct spec *s, struct err *e)
{
	int r = 0;
	if (s->pid_mode == NS_JOIN)
		r = share_join(c, "PidMode", "PID", &s->pid_join, e);
	if (r == 0 && s->ipc_mode == NS_JOIN)
		r = share_join(c, "IpcMode", "IPC", &s->ipc_join, e);
	return r;
}

/* -- devices ----------------------------------------------------------------------- */

static bool is_device(const struct stat *st) { return S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode); }

static void add_device(struct spec *s, const char *source, const char *path,
		       const struct stat *st, const char *rights)
{
	if (s->n_devices == MAX_DEVICES)
		return;
	s->devices = mem_grow(s->devices, (s->n_devices + 1) * sizeof(*s->devices));
	struct spec_device *d = &s->devices[s->n_devices++];
	*d = (struct spec_device){ str_dup(source), str_dup(path), st->st_mode, st->st_rdev, "rwm" };
	if (*rights)
		snprintf(d->rights, sizeof(d->rights), "%s", rights);
}

/* All devices below a directory, under the same names below `inside`. */
static void add_tree(struct spec *s, const char *dir, const char *inside, const char *rights)
{
	/* What every container has of its own. */
	static const char *const own[] = { "pts", "shm", "mqueue", "fd", "console", "ptmx", "tty",
					   ".", "..", "null", "zero", "full", "random", "urandom" };
	autodir DIR *d = opendir(dir);
	struct dirent *ent;
	while (d && (ent = readdir(d))) {
		bool skip = false;
		struct stat st;
		for (size_t i = 0; i < ARRAY_SIZE(own); i++)
			skip |= str_eq(own[i], ent->d_name);
		autofree char *path = str_printf("%s/%s", dir, ent->d_name);
		autofree char *at = str_printf("%s/%s", inside, ent->d_name);
		if (skip || lstat(path, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			add_tree(s, path, at, rights);
		else if (is_device(&st))
			add_device(s, path, at, &st, rights);
	}
}

static int one_device(const cJSON *v, struct spec *s, struct err *e)
{
	const char *path = json_str_or(v, "PathOnHost", "");
	const char *rights = json_str_or(v, "CgroupPermissions", "");
	const char *inside = json_str_or(v, "PathInContainer", path);
	struct stat st;
	if (strspn(rights, "rwm") != strlen(rights) || strlen(rights) > 3)
		return err_set(e, EINVAL, "invalid device permissions: %s", rights);
	if (stat(path, &st) < 0)
		return err_set(e, EINVAL, "error gathering device information while adding custom device"
			       " \"%s\": no such file or directory", path);
	if (!*inside)
		inside = path;
	if (*inside != '/')
		return err_set(e, EINVAL, "%s is not an absolute path", inside);
	if (S_ISDIR(st.st_mode)) {
		add_tree(s, path, inside, rights);
		return 0;
	}
	if (!is_device(&st))
		return err_set(e, EINVAL, "error gathering device information while adding custom device"
			       " \"%s\": not a device node", path);
	add_device(s, path, inside, &st, rights);
	return 0;
}

int devices_build(const cJSON *host, struct spec *s, struct err *e)
{
	const cJSON *v;
	int r = 0;
	if (json_bool(host, "Privileged"))
		add_tree(s, "/dev", "/dev", "");
	cJSON_ArrayForEach(v, json_obj(host, "Devices"))
		if (r == 0)
			r = one_device(v, s, e);
	return r;
}
