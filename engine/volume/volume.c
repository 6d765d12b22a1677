#include "volume/volume.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/db.h"
#include "core/file.h"
#include "core/json.h"
#include "core/mount_options.h"
#include "core/random.h"
#include "core/str.h"

#define SCHEMA "CREATE TABLE IF NOT EXISTS volume(name TEXT PRIMARY KEY, created_ns INTEGER," \
	       " labels TEXT, options TEXT);"
#define COLUMNS "SELECT name, created_ns, labels, options FROM volume"
#define GOING ".going-"		/* what is being removed; no volume's name begins with a dot */

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

struct volumes {
	sqlite3 *db;
	char *root;
	struct kernel *k;
	pthread_mutex_t lock;	/* held over each change: creation, removal, mounting */
};

void volume_free(struct volume *v)
{
	free(v->name);
	free(v->dir);
	cJSON_Delete(v->labels);
	cJSON_Delete(v->options);
	free(v);
}

void volume_list_free(struct volume **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		volume_free(v[i]);
	free(v);
}

char *volume_path(const struct volumes *vs, const char *name)
{
	return str_printf("%s/%s/_data", vs->root, name);
}

/* -- rows -------------------------------------------------------------------------- */

static struct volume *from_row(const struct volumes *vs, sqlite3_stmt *st)
{
	struct volume *v = mem_alloc(sizeof(*v));
	v->name = str_dup((const char *)sqlite3_column_text(st, 0));
	v->dir = volume_path(vs, v->name);
	v->created_ns = (uint64_t)sqlite3_column_int64(st, 1);
	v->labels = cJSON_Parse((const char *)sqlite3_column_text(st, 2));
	v->options = cJSON_Parse((const char *)sqlite3_column_text(st, 3));
	return v;
}

/* 1 with the volume, 0 if there is none. */
static int find(struct volumes *vs, const char *name, struct volume **out, struct err *e)
{
	autostmt sqlite3_stmt *st = NULL;
	int r = db_query(vs->db, &st, COLUMNS " WHERE name = ?", "s", e, name);
	if (r < 0)
		return r;
	if ((r = sqlite3_step(st)) == SQLITE_ROW)
		*out = from_row(vs, st);
	else if (r != SQLITE_DONE)
		return db_fail(vs->db, "look for a volume", e);
	return r == SQLITE_ROW;
}

int volume_get(struct volumes *vs, const char *name, struct volume **out, struct err *e)
{
	int r = find(vs, name, out, e);
	if (r < 0)
		return r;
	if (r == 0) {
		err_http(e, 404, ENOENT, "get %s: no such volume", name);
		return err_hint(e, "`docker volume ls` lists them");
	}
	return 0;
}

int volume_list(struct volumes *vs, struct volume ***out, size_t *n, struct err *e)
{
	autostmt sqlite3_stmt *st = NULL;
	struct volume **v = mem_alloc(sizeof(*v));
	size_t count = 0;
	int r = db_query(vs->db, &st, COLUMNS " ORDER BY name", "", e);
	while (r == 0 && (r = sqlite3_step(st)) == SQLITE_ROW) {
		v = mem_grow(v, (count + 1) * sizeof(*v));
		v[count++] = from_row(vs, st);
		r = 0;
	}
	if (r != SQLITE_DONE) {
		volume_list_free(v, count);
		return r < 0 ? r : db_fail(vs->db, "list the volumes", e);
	}
	*out = v;
	*n = count;
	return 0;
}

/* -- making ------------------------------------------------------------------------ */

int volume_check_name(const char *name, struct err *e)
{
	size_t n = strlen(name);
	bool fits = n > 1 && isalnum((unsigned char)name[0]);
	for (size_t i = 1; i < n && fits; i++)
		fits = isalnum((unsigned char)name[i]) || strchr("_.-", name[i]);
	if (n == 1)
		return err_set(e, EINVAL, "create %s: volume name is too short, names should be at"
			       " least two alphanumeric characters", name);
	if (!fits)
		return err_set(e, EINVAL, "create %s: \"%s\" includes invalid characters for a local"
			       " volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you"
			       " intended to pass a host directory, use absolute path", name, name);
	if (n > NAME_MAX - strlen(GOING))
		return err_set(e, EINVAL, "create %.40s…: a volume's name has at most %zu letters", name,
			       NAME_MAX - strlen(GOING));
	return 0;
}

int volume_check_driver(const char *driver, struct err *e)
{
	if (!*driver || str_eq(driver, "local"))
		return 0;
	return err_http(e, 404, ENOENT, "error looking up volume plugin %s: plugin \"%s\" not found",
			driver, driver);
}

static bool one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (str_eq(*list, word))
			return true;
	return false;
}

static int check_option(const char *name, const cJSON *v, struct err *e)
{
	static const char *const known[] = { "type", "device", "o", NULL };
	if (str_eq(v->string, "size"))
		return err_set(e, EINVAL, "create %s: quota size requested but no quota support", name);
	if (!one_of(v->string, known))
		return err_set(e, EINVAL, "create %s: invalid option: \"%s\"", name, v->string);
	if (!cJSON_IsString(v))
		return err_set(e, EINVAL, "create %s: option \"%s\" must be text", name, v->string);
	return 0;
}

static int check_options(const char *name, const cJSON *options, struct err *e)
{
	static const char *const needed[] = { "type", "device", NULL };
	const cJSON *v;
	int r;
	cJSON_ArrayForEach(v, options)
		if ((r = check_option(name, v, e)) < 0)
			return r;
	for (const char *const *key = needed; *key && cJSON_GetArraySize(options); key++)
		if (!*json_str_or(options, *key, ""))
			return err_set(e, EINVAL, "create %s: missing required option: \"%s\"", name,
				       *key);
	return 0;
}

/* Nobody but root lists what volumes there are; a program that has one open may pass. */
static int make_dirs(const struct volumes *vs, const struct volume *v, struct err *e)
{
	autofree char *parent = str_printf("%s/%s", vs->root, v->name);
	int r = dir_make(parent, 0701, e);
	return r < 0 ? r : dir_make_inside(v->dir, e);
}

static int add(struct volumes *vs, const char *name, const cJSON *labels, const cJSON *options,
	       struct volume **out, struct err *e)
{
	autofree char *label_text = json_line(labels), *option_text = json_line(options);
	autovolume struct volume *v = NULL;
	int r = check_options(name, options, e);
	if (r == 0)
		r = db_run(vs->db, "INSERT INTO volume VALUES(?, ?, ?, ?)", "siss", e, name,
			   (int64_t)clock_wall_ns(), label_text ? label_text : "null",
			   option_text ? option_text : "null");
	if (r < 0 || (r = find(vs, name, &v, e)) < 0)
		return r;
	if ((r = make_dirs(vs, v, e)) < 0) {
		db_run(vs->db, "DELETE FROM volume WHERE name = ?", "s", NULL, name);
		return r;
	}
	*out = steal_ptr(v);
	return 0;
}

int volume_create(struct volumes *vs, const char *name, const cJSON *labels, const cJSON *options,
		  struct volume **out, bool *made, struct err *e)
{
	char random[65];
	autojson cJSON *marked = labels ? cJSON_Duplicate(labels, true) : NULL;
	int r;

	if (!name || !*name) {
		random_id(random);
		name = random;
		marked = marked ? marked : cJSON_CreateObject();
		json_put_str(marked, VOLUME_ANONYMOUS, "");
	}
	if ((r = volume_check_name(name, e)) < 0)
		return r;
	pthread_mutex_lock(&vs->lock);
	bool known = (r = find(vs, name, out, e)) > 0;
	if (known)
		r = make_dirs(vs, *out, e);
	else if (r == 0)
		r = add(vs, name, marked, options, out, e);
	pthread_mutex_unlock(&vs->lock);
	if (made)
		*made = !known && r == 0;
	return r;
}

/* -- mounting ---------------------------------------------------------------------- */

static bool is_mounted(const char *dir)
{
	struct statx st;
	return statx(AT_FDCWD, dir, 0, STATX_BASIC_STATS, &st) == 0 &&
	       (st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static int mount_device(struct volumes *vs, const struct volume *v, struct err *e)
{
	unsigned long flags = 0;
	const char *type = json_str_or(v->options, "type", "");
	const char *device = json_str_or(v->options, "device", "");
	autofree char *data = mount_options_take(json_str_or(v->options, "o", ""), &flags);
	int r = k_mount(vs->k, device, v->dir, type, flags, data);
	if (r < 0)
		return err_sys(e, -r, "error while mounting volume '%s': failed to mount local volume:"
			       " mount %s:%s, data: %s", v->dir, device, v->dir, data);
	return 0;
}

int volume_mount(struct volumes *vs, const struct volume *v, struct err *e)
{
	int r = 0;
	pthread_mutex_lock(&vs->lock);
	if (cJSON_GetArraySize(v->options) && !is_mounted(v->dir))
		r = mount_device(vs, v, e);
	pthread_mutex_unlock(&vs->lock);
	return r;
}

static int unmount(struct volumes *vs, const struct volume *v, struct err *e)
{
	if (!cJSON_GetArraySize(v->options) || !is_mounted(v->dir))
		return 0;
	int r = k_umount(vs->k, v->dir, MNT_DETACH);
	return r < 0 ? err_sys(e, -r, "unmount volume %s", v->name) : 0;
}

int volume_unmount(struct volumes *vs, const struct volume *v, struct err *e)
{
	pthread_mutex_lock(&vs->lock);
	int r = unmount(vs, v, e);
	pthread_mutex_unlock(&vs->lock);
	return r;
}

int64_t volume_size(const struct volume *v)
{
	int64_t bytes = 0;
	dir_size(v->dir, &bytes, NULL);
	return bytes;
}

/* -- removing ---------------------------------------------------------------------- */

static int discard(struct volumes *vs, const struct volume *v, struct err *e)
{
	autofree char *dir = str_printf("%s/%s", vs->root, v->name);
	autofree char *going = str_printf("%s/" GOING "%s", vs->root, v->name);
	int r = unmount(vs, v, e);
	if (r < 0 || (r = dir_remove(going, e)) < 0)
		return r;
	if (rename(dir, going) < 0 && errno != ENOENT)
		return err_sys(e, errno, "remove %s", dir);
	if ((r = db_run(vs->db, "DELETE FROM volume WHERE name = ?", "s", e, v->name)) < 0)
		return r;
	return dir_remove(going, e);
}

int volume_remove(struct volumes *vs, const char *name,
		  char *(*users)(void *arg, const char *name), void *arg, struct err *e)
{
	autovolume struct volume *v = NULL;
	pthread_mutex_lock(&vs->lock);
	int r = volume_get(vs, name, &v, e);
	autofree char *who = r == 0 ? users(arg, name) : NULL;
	if (who) {
		r = err_http(e, 409, EBUSY, "remove %s: volume is in use - [%s]", name, who);
		err_hint(e, "`docker rm` those containers first");
	} else if (r == 0) {
		r = discard(vs, v, e);
	}
	pthread_mutex_unlock(&vs->lock);
	return r;
}

/* -- the store --------------------------------------------------------------------- */

/* A removal that was cut short is finished. */
static int finish_removals(struct volumes *vs, struct err *e)
{
	autodir DIR *d = opendir(vs->root);
	struct dirent *ent;
	int r = 0;
	while (d && r == 0 && (ent = readdir(d))) {
		if (!str_starts(ent->d_name, GOING))
			continue;
		autofree char *path = str_printf("%s/%s", vs->root, ent->d_name);
		r = db_run(vs->db, "DELETE FROM volume WHERE name = ?", "s", e,
			   ent->d_name + strlen(GOING));
		if (r == 0)
			r = dir_remove(path, e);
	}
	return r;
}

int volumes_open(const char *root, const char *db_path, struct kernel *k, struct volumes **out,
		 struct err *e)
{
	struct volumes *vs = mem_alloc(sizeof(*vs));
	int r;
	vs->k = k;
	vs->root = str_dup(root);
	pthread_mutex_init(&vs->lock, NULL);
	if ((r = dir_make(root, 0701, e)) < 0 || (r = db_open(db_path, SCHEMA, &vs->db, e)) < 0 ||
	    (r = finish_removals(vs, e)) < 0) {
		volumes_close(vs);
		return r;
	}
	*out = vs;
	return 0;
}

void volumes_close(struct volumes *vs)
{
	sqlite3_close(vs->db);
	pthread_mutex_destroy(&vs->lock);
	free(vs->root);
	free(vs);
}
