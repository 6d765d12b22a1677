/* container_points.c - which mounts a container has: worked out once, at its creation.
 *
 * Four fields ask for them, by Docker's order of precedence: VolumesFrom (another
 * container's), then Binds (-v) and Mounts (--mount), which replace those of the same
 * place but not each other, then Volumes (the image's VOLUME) for places still free.
 * A point is kept as Docker's inspect shows it, "Type" to "Propagation", with fields
 * of our own beside them in lower case:
 *
 *	anonymous  made for this container; `docker rm -v` takes it away
 *	nocopy     what the image has there is not copied into a new volume
 *	flat       what is mounted below the source stays behind
 *	strict     the source must be there; -v makes a missing one
 *	options    of a tmpfs, or of the volume's driver
 *	labels     of a volume that has still to be made
 *	subpath    a directory in the volume
 *	hidden     --tmpfs, which inspect doesn't list
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/mount_options.h"
#include "core/random.h"
#include "runtime/container_internal.h"

/* The list that is being made. */
struct points { cJSON *list; struct containers *all; };

/* -- places ------------------------------------------------------------------------ */

/* "." and ".." worked out by the text alone, as Docker does. */
static int clean_target(const char *type, const char *text, char **out, struct err *e)
{
	autofree char *copy = str_dup(text);
	struct str path = { 0 };
	char *save;
	if (!*text)
		return err_set(e, EINVAL, "invalid mount config for type \"%s\": field Target must not be"
			       " empty", type);
	if (text[0] != '/')
		return err_set(e, EINVAL, "invalid mount config for type \"%s\": invalid mount path: '%s'"
			       " mount path must be absolute", type, text);
	str_add(&path, "");
	for (char *w = strtok_r(copy, "/", &save); w; w = strtok_r(NULL, "/", &save)) {
		char *slash = strrchr(path.s, '/');
		if (!strcmp(w, ".."))
			path.len = slash ? (size_t)(slash - path.s) : 0;
		if (strcmp(w, ".") && strcmp(w, ".."))
			str_addf(&path, "/%s", w);
		path.s[path.len] = '\0';
	}
	if (!path.len) {
		str_free(&path);
		return err_set(e, EINVAL, "invalid mount config for type \"%s\": invalid specification:"
			       " destination can't be '/'", type);
	}
	*out = str_take(&path);
	return 0;
}

static cJSON *point_at(const cJSON *points, const char *target)
{
	cJSON *p;
	cJSON_ArrayForEach(p, points)
		if (str_eq(json_str(p, "Destination"), target))
			return p;
	return NULL;
}

/* Takes p.  A place asked for twice is a mistake, unless it came from another container. */
static int add_point(struct points *to, cJSON *p, struct err *e)
{
	const char *target = json_str_or(p, "Destination", "");
	cJSON *old = point_at(to->list, target);
	if (old && !json_bool(old, "from")) {
		err_set(e, EINVAL, "Duplicate mount point: %s", target);
		cJSON_Delete(p);
		return -EINVAL;
	}
	if (old)
		cJSON_Delete(cJSON_DetachItemViaPointer(to->list, old));
	cJSON_AddItemToArray(to->list, p);
	return 0;
}

/* volume: its name, or NULL. */
static cJSON *new_point(const char *type, const char *volume, const char *source,
			const char *target)
{
	cJSON *p = cJSON_CreateObject();
	json_put_str(p, "Type", type);
	if (volume)
		json_put_str(p, "Name", volume);
	json_put_str(p, "Source", source);
	json_put_str(p, "Destination", target);
	if (volume)
		json_put_str(p, "Driver", "local");
	json_put_str(p, "Mode", "");
	json_put_bool(p, "RW", true);
	json_put_str(p, "Propagation", str_eq(type, "bind") ? "rprivate" : "");
	return p;
}

/* A volume without a name gets one that nobody can meet twice. */
static cJSON *new_volume_point(const struct points *to, const char *name, const char *target)
{
	char id[65];
	if (!*name)
		random_id(id);
	autofree char *dir = volume_path(to->all->volumes, *name ? name : id);
	cJSON *p = new_point("volume", *name ? name : id, dir, target);
	json_put_bool(p, "anonymous", !*name);
	return p;
}

static void replace_str(cJSON *p, const char *key, const char *value)
{
	cJSON_ReplaceItemInObjectCaseSensitive(p, key, cJSON_CreateString(value));
}

static void read_only(cJSON *p)
{
	cJSON_ReplaceItemInObjectCaseSensitive(p, "RW", cJSON_CreateFalse());
}

/* -- -v ---------------------------------------------------------------------------- */

/* What the third part of -v may say.  One of each kind may be given. */
enum kind { KIND_RW = 1, KIND_LABEL = 2, KIND_COPY = 4, KIND_PROPAGATION = 8, KIND_CACHE = 16 };
static const struct { const char *word; enum kind kind; bool bind, volume; } mode_words[] = {
	{ "ro", KIND_RW, true, true }, { "rw", KIND_RW, true, true },
	{ "z", KIND_LABEL, true, true }, { "Z", KIND_LABEL, true, true },
	{ "nocopy", KIND_COPY, false, true },
	{ "private", KIND_PROPAGATION, true, false }, { "rprivate", KIND_PROPAGATION, true, false },
	{ "slave", KIND_PROPAGATION, true, false }, { "rslave", KIND_PROPAGATION, true, false },
	{ "shared", KIND_PROPAGATION, true, false }, { "rshared", KIND_PROPAGATION, true, false },
	{ "consistent", KIND_CACHE, true, true }, { "cached", KIND_CACHE, true, true },
	{ "delegated", KIND_CACHE, true, true },
};

static bool take_mode(cJSON *p, const char *word, unsigned *seen)
{
	bool bind = str_eq(json_str(p, "Type"), "bind");
	for (size_t i = 0; i < ARRAY_SIZE(mode_words); i++) {
		if (!str_eq(mode_words[i].word, word))
			continue;
		if (!(bind ? mode_words[i].bind : mode_words[i].volume) || (*seen & mode_words[i].kind))
			return false;
		*seen |= mode_words[i].kind;
		if (str_eq(word, "ro"))
			read_only(p);
		if (mode_words[i].kind == KIND_COPY)
			json_put_bool(p, "nocopy", true);
		if (mode_words[i].kind == KIND_PROPAGATION)
			replace_str(p, "Propagation", word);
		return true;
	}
	return !*word;
}

static int set_mode(cJSON *p, const char *mode, struct err *e)
{
	autofree char *copy = str_dup(mode);
	unsigned seen = 0;
	char *save;
	replace_str(p, "Mode", mode);
	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (!take_mode(p, w, &seen))
			return err_set(e, EINVAL, "invalid mode: %s", mode);
	return 0;
}

/* SELinux' word stands in inspect's answer for every volume, as with Docker. */
static void default_mode(cJSON *p)
{
	if (str_eq(json_str(p, "Type"), "volume") && str_eq(json_str(p, "Mode"), ""))
		replace_str(p, "Mode", "z");
}

/* "/host:/ctr[:ro,…]", "name:/ctr[:…]", "/ctr" */
static int add_bind(struct points *to, const cJSON *v, struct err *e)
{
	const char *text = cJSON_IsString(v) ? v->valuestring : "";
	autofree char *copy = str_dup(text), *target = NULL;
	char *rest = copy, *part[3];
	for (size_t i = 0; i < ARRAY_SIZE(part); i++)
		part[i] = strsep(&rest, ":");
	const char *source = part[1] ? part[0] : "", *place = part[1] ? part[1] : part[0];
	bool bind = source[0] == '/';
	int r;

	if (rest || !*place || (part[1] && !*source))
		return err_set(e, EINVAL, "invalid volume specification: '%s'", text);
	if ((r = clean_target(bind ? "bind" : "volume", place, &target, e)) < 0)
		return err_wrap(e, "invalid volume specification: '%s'", text);
	if (!bind && *source && (r = volume_check_name(source, e)) < 0)
		return r;
	cJSON *p = bind ? new_point("bind", NULL, source, target)
			: new_volume_point(to, source, target);
	if ((r = set_mode(p, part[2] ? part[2] : "", e)) < 0) {
		cJSON_Delete(p);
		return r;
	}
	default_mode(p);
	return add_point(to, p, e);
}

/* -- --mount ----------------------------------------------------------------------- */

static int object_bind(const cJSON *m, cJSON *p, struct err *e)
{
	const cJSON *o = json_obj(m, "BindOptions");
	const char *propagation = json_str_or(o, "Propagation", ""), *source = json_str_or(p, "Source", "");
	unsigned seen = ~(unsigned)KIND_PROPAGATION;	/* no other kind of word */
	struct stat st;
	if (!*source)
		return err_set(e, EINVAL, "invalid mount config for type \"bind\": field Source must not be"
			       " empty");
	if (source[0] != '/')
		return err_set(e, EINVAL, "invalid mount config for type \"bind\": invalid mount path: '%s'"
			       " mount path must be absolute", source);
	if (*propagation && !take_mode(p, propagation, &seen))
		return err_set(e, EINVAL, "invalid mount config for type \"bind\": invalid propagation"
			       " mode: %s", propagation);
	if (json_bool(o, "ReadOnlyNonRecursive") && json_bool(o, "ReadOnlyForceRecursive"))
		return err_set(e, EINVAL, "invalid mount config for type \"bind\": ReadOnlyNonRecursive and"
			       " ReadOnlyForceRecursive are mutually exclusive");
	json_put_bool(p, "flat", json_bool(o, "NonRecursive"));
	json_put_bool(p, "ro_top", json_bool(o, "ReadOnlyNonRecursive"));
	json_put_bool(p, "strict", !json_bool(o, "CreateMountpoint"));
	if (json_bool(p, "strict") && stat(source, &st) < 0)
		return err_set(e, EINVAL, "invalid mount config for type \"bind\": bind source path does"
			       " not exist: %s", source);
	return 0;
}

static int object_volume(const cJSON *m, cJSON *p, struct err *e)
{
	const cJSON *o = json_obj(m, "VolumeOptions"), *driver = json_obj(o, "DriverConfig");
	const char *subpath = json_str_or(o, "Subpath", "");
	int r = volume_check_name(json_str_or(p, "Name", ""), e);
	if (r < 0 || (r = volume_check_driver(json_str_or(driver, "Name", ""), e)) < 0)
		return r;
	if (subpath[0] == '/' || strstr(subpath, ".."))
		return err_set(e, EINVAL, "invalid mount config for type \"volume\": subpath must be a"
			       " relative path within the volume");
	json_put_bool(p, "nocopy", json_bool(o, "NoCopy"));
	json_put_str(p, "subpath", subpath);
	json_put(p, "labels", cJSON_Duplicate(json_obj(o, "Labels"), true));
	json_put(p, "options", cJSON_Duplicate(json_obj(driver, "Options"), true));
	return 0;
}

/* [["exec"], ["noexec"]]: what the API lets --mount say beside size and mode. */
static int tmpfs_words(const cJSON *options, struct str *out, struct err *e)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, options) {
		int n = cJSON_GetArraySize(v);
		const char *word = cJSON_GetStringValue(cJSON_GetArrayItem(v, 0));
		if (n < 1 || n > 2 || !word)
			return err_set(e, EINVAL, "invalid mount config for type \"tmpfs\": invalid option"
				       " array length");
		if (n != 1 || (!str_eq(word, "exec") && !str_eq(word, "noexec")))
			return err_set(e, EINVAL, "invalid mount config for type \"tmpfs\": invalid"
				       " option: %s", word);
		str_addf(out, "%s%s", out->len ? "," : "", word);
	}
	return 0;
}

static int object_tmpfs(const cJSON *m, cJSON *p, struct err *e)
{
	const cJSON *o = json_obj(m, "TmpfsOptions");
	autostr struct str text = { 0 };
	if (*json_str_or(p, "Source", ""))
		return err_set(e, EINVAL, "invalid mount config for type \"tmpfs\": field Source must not be"
			       " specified");
	str_add(&text, "");
	int r = tmpfs_words(json_obj(o, "Options"), &text, e);
	if (r < 0)
		return r;
	if (json_int(o, "SizeBytes", 0))
		str_addf(&text, "%ssize=%lld", text.len ? "," : "", (long long)json_int(o, "SizeBytes", 0));
	if (json_int(o, "Mode", 0))
		str_addf(&text, "%smode=%llo", text.len ? "," : "",
			 (unsigned long long)json_int(o, "Mode", 0));
	json_put_str(p, "options", text.s);
	return 0;
}

/* What each type of --mount takes, and the option fields that only others have. */
static const struct mount_type {
	const char *name;
	int (*fill)(const cJSON *m, cJSON *p, struct err *e);
	const char *foreign[2];
} mount_types[] = {
	{ "bind", object_bind, { "VolumeOptions", "TmpfsOptions" } },
	{ "volume", object_volume, { "BindOptions", "TmpfsOptions" } },
	{ "tmpfs", object_tmpfs, { "BindOptions", "VolumeOptions" } },
};

static int add_typed(struct points *to, const struct mount_type *t, const cJSON *m, struct err *e)
{
	autofree char *target = NULL;
	const char *source = json_str_or(m, "Source", "");
	int r = clean_target(t->name, json_str_or(m, "Target", ""), &target, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(t->foreign); i++)
		if (cJSON_IsObject(json_obj(m, t->foreign[i])))
			return err_set(e, EINVAL, "invalid mount config for type \"%s\": field %s must not be"
				       " specified", t->name, t->foreign[i]);
	cJSON *p = str_eq(t->name, "volume") ? new_volume_point(to, source, target)
					     : new_point(t->name, NULL, source, target);
	if ((r = t->fill(m, p, e)) < 0) {
		cJSON_Delete(p);
		return r;
	}
	if (json_bool(m, "ReadOnly"))
		read_only(p);
	default_mode(p);
	return add_point(to, p, e);
}

static int add_object(struct points *to, const cJSON *m, struct err *e)
{
	const char *type = json_str_or(m, "Type", "");
	for (size_t i = 0; i < ARRAY_SIZE(mount_types); i++)
		if (str_eq(mount_types[i].name, type))
			return add_typed(to, &mount_types[i], m, e);
	return err_set(e, EINVAL, "invalid mount config for type \"%s\": mount type unknown", type);
}

/* -- --volumes-from ---------------------------------------------------------------- */

/* "container[:ro|rw]": all that it has, at the same places. */
static int add_from(struct points *to, const cJSON *v, struct err *e)
{
	const char *text = cJSON_IsString(v) ? v->valuestring : "";
	autocontainer struct container *other = NULL;
	autofree char *ref = strndup(text, strcspn(text, ":"));
	const char *colon = strchr(text, ':'), *mode = colon ? colon + 1 : "";
	const cJSON *p;
	int r;

	if (!*ref)
		return err_set(e, EINVAL, "malformed volumes-from specification: %s", text);
	if (*mode && !str_eq(mode, "ro") && !str_eq(mode, "rw") && !str_eq(mode, "z") && !str_eq(mode, "Z"))
		return err_set(e, EINVAL, "invalid mode: %s", mode);
	if ((r = containers_get(to->all, ref, &other, e)) < 0) {
		if (e)
			e->status = 400;	/* 404 would send the client for the image */
		return r;
	}
	cJSON_ArrayForEach(p, other->points) {
		cJSON *copy = cJSON_Duplicate(p, true), *old;
		if (str_eq(mode, "ro"))
			read_only(copy);
		cJSON_DeleteItemFromObject(copy, "from");
		json_put_bool(copy, "from", true);
		if ((old = point_at(to->list, json_str_or(p, "Destination", ""))))
			cJSON_Delete(cJSON_DetachItemViaPointer(to->list, old));
		cJSON_AddItemToArray(to->list, copy);
	}
	return 0;
}

/* -- all of it --------------------------------------------------------------------- */

/* Words of mount(8), or one of the filesystem's own that Docker knows, with a value. */
static int check_tmpfs(const char *text, struct err *e)
{
	static const char *const own[] = { "size", "mode", "uid", "gid", "nr_inodes", "nr_blocks",
					   "mpol" };
	unsigned long flags = 0;
	autofree char *rest = mount_options_take(text, &flags);
	char *save = NULL;
	for (char *w = strtok_r(rest, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		char *value = strchr(w, '=');
		bool known = false;
		if (value)
			*value++ = '\0';
		for (size_t i = 0; i < ARRAY_SIZE(own); i++)
			known |= value && str_eq(own[i], w);
		if (!known)
			return err_set(e, EINVAL, "invalid tmpfs option [\"%s\"%s%s%s]", w,
				       value ? " \"" : "", value ? value : "", value ? "\"" : "");
	}
	return 0;
}

/* --tmpfs: Docker doesn't list these. */
static int add_tmpfs(struct points *to, const cJSON *v, struct err *e)
{
	autofree char *target = NULL;
	int r = clean_target("tmpfs", v->string, &target, e);
	if (r < 0 || (r = check_tmpfs(cJSON_IsString(v) ? v->valuestring : "", e)) < 0)
		return r;
	cJSON *p = new_point("tmpfs", NULL, "", target);
	json_put_str(p, "options", cJSON_IsString(v) ? v->valuestring : "");
	json_put_bool(p, "hidden", true);
	return add_point(to, p, e);
}

/* The image's VOLUME: where nothing else is. */
static int add_declared(struct points *to, const cJSON *v, struct err *e)
{
	autofree char *target = NULL;
	int r = clean_target("volume", v->string, &target, e);
	if (r < 0)
		return err_wrap(e, "invalid volume specification: '%s'", v->string);
	if (point_at(to->list, target))
		return 0;
	return add_point(to, new_volume_point(to, "", target), e);
}

/* Calls add for each entry of a list. */
static int add_each(struct points *to, const cJSON *list,
		    int (*add)(struct points *to, const cJSON *v, struct err *e), struct err *e)
{
	const cJSON *v;
	int r = 0;
	cJSON_ArrayForEach(v, list)
		if ((r = add(to, v, e)) < 0)
			break;
	return r;
}

int points_build(struct container *c, struct err *e)
{
	autojson cJSON *list = cJSON_CreateArray();
	struct points to = { list, c->all };
	int n, r;
	if ((r = volume_check_driver(host_text(c, "VolumeDriver"), e)) < 0 ||
	    (r = add_each(&to, json_obj(c->host, "VolumesFrom"), add_from, e)) < 0 ||
	    (r = add_each(&to, json_obj(c->host, "Binds"), add_bind, e)) < 0 ||
	    (r = add_each(&to, json_obj(c->host, "Mounts"), add_object, e)) < 0 ||
	    (r = add_each(&to, json_obj(c->host, "Tmpfs"), add_tmpfs, e)) < 0 ||
	    (r = add_each(&to, json_obj(c->config, "Volumes"), add_declared, e)) < 0)
		return r;
	if ((n = cJSON_GetArraySize(list)) > MAX_POINTS)
		return err_set(e, E2BIG, "a container can have %d mounts, this one asks for %d",
			       MAX_POINTS, n);
	cJSON_Delete(c->points);
	c->points = steal_ptr(list);
	return 0;
}

cJSON *container_mounts(const struct container *c)
{
	static const char *const keys[] = { "Type", "Name", "Source", "Destination", "Driver", "Mode",
					    "RW", "Propagation" };
	cJSON *list = cJSON_CreateArray();
	const cJSON *p;
	cJSON_ArrayForEach(p, c->points) {
		if (json_bool(p, "hidden"))
			continue;
		cJSON *o = cJSON_CreateObject();
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
			if (json_obj(p, keys[i]))
				json_put(o, keys[i], cJSON_Duplicate(json_obj(p, keys[i]), true));
		cJSON_AddItemToArray(list, o);
	}
	return list;
}
