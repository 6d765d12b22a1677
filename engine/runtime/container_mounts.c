/* container_mounts.c - what -v, --mount and --tmpfs ask for, as mounts of the spec. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "core/file.h"
#include "runtime/container_internal.h"

/* mount(8)'s words for flags; `off` ones are the default and clear their opposite. */
static const struct { const char *word; unsigned long set, clear; } words[] = {
	{ "ro", MS_RDONLY, 0 }, { "rw", 0, MS_RDONLY },
	{ "nosuid", MS_NOSUID, 0 }, { "suid", 0, MS_NOSUID },
	{ "nodev", MS_NODEV, 0 }, { "dev", 0, MS_NODEV },
	{ "noexec", MS_NOEXEC, 0 }, { "exec", 0, MS_NOEXEC },
	{ "noatime", MS_NOATIME, 0 }, { "nodiratime", MS_NODIRATIME, 0 },
	{ "relatime", MS_RELATIME, 0 }, { "sync", MS_SYNCHRONOUS, 0 },
};

static bool flag_word(const char *word, unsigned long *flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_eq(words[i].word, word)) {
			*flags = (*flags | words[i].set) & ~words[i].clear;
			return true;
		}
	return false;
}

/* Takes all its text. */
static void add_mount(struct spec *s, const char *type, char *source, char *target,
		      unsigned long flags, char *options)
{
	s->mounts = mem_grow(s->mounts, (s->n_mounts + 1) * sizeof(*s->mounts));
	s->mounts[s->n_mounts++] = (struct spec_mount){ str_dup(type), source, target, flags, options };
}

static int named_volume(const char *name, struct err *e)
{
	err_set(e, EINVAL, "named volume \"%s\": volumes are not supported by this engine yet", name);
	return err_hint(e, "give a directory of the host instead: an absolute path before the colon");
}

/* SELinux labels and propagation words that say what is done anyway. */
static bool harmless(const char *word)
{
	static const char *const list[] = { "z", "Z", "rprivate", "private", "", "consistent", "cached",
					    "delegated", "nocopy" };
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		if (str_eq(list[i], word))
			return true;
	return false;
}

/* Where to mount, with "." and ".." worked out by the text alone, as Docker does. */
static int clean_target(const char *type, const char *text, char **out, struct err *e)
{
	autofree char *copy = str_dup(text);
	struct str path = { 0 };
	char *save;
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
		return err_set(e, EINVAL, "invalid mount config for type \"%s\": destination can't be '/'",
			       type);
	}
	*out = str_take(&path);
	return 0;
}

/* "/host:/ctr[:ro,…]" */
static int add_bind(const char *text, struct spec *s, struct err *e)
{
	autofree char *copy = str_dup(text);
	char *save, *source = strtok_r(copy, ":", &save), *target = strtok_r(NULL, ":", &save);
	char *options = strtok_r(NULL, ":", &save), *word, *at;
	unsigned long flags = MS_BIND | MS_REC;
	int r;

	if (!source || !target)
		return err_set(e, EINVAL, "invalid volume specification: '%s'", text);
	if (source[0] != '/')
		return named_volume(source, e);
	for (word = options ? strtok_r(options, ",", &save) : NULL; word; word = strtok_r(NULL, ",", &save))
		if (str_eq(word, "ro"))
			flags |= MS_RDONLY;
		else if (!str_eq(word, "rw") && !harmless(word))
			return err_set(e, EINVAL, "invalid mode: %s", word);
	if ((r = clean_target("bind", target, &at, e)) < 0)
		return err_wrap(e, "invalid volume specification: '%s'", text);
	add_mount(s, "bind", str_dup(source), at, flags, str_dup(""));
	return 0;
}

/* tmpfs: known words become flags, the rest is for the filesystem. */
static int add_tmpfs(const char *target, const char *text, struct spec *s, struct err *e)
{
	autofree char *copy = str_dup(text);
	struct str rest = { 0 };
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	char *save, *at;
	int r = clean_target("tmpfs", target, &at, e);
	if (r < 0)
		return r;
	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (!flag_word(w, &flags))
			str_addf(&rest, "%s%s", rest.len ? "," : "", w);
	add_mount(s, "tmpfs", str_dup("tmpfs"), at, flags, str_take(&rest));
	return 0;
}

static int add_tmpfs_mount(const cJSON *m, struct spec *s, struct err *e)
{
	const cJSON *o = json_obj(m, "TmpfsOptions");
	struct str text = { 0 };
	if (json_int(o, "SizeBytes", 0))
		str_addf(&text, "size=%lld", (long long)json_int(o, "SizeBytes", 0));
	if (json_int(o, "Mode", 0))
		str_addf(&text, "%smode=%llo", text.len ? "," : "",
			 (unsigned long long)json_int(o, "Mode", 0));
	int r = add_tmpfs(json_str_or(m, "Target", ""), text.s ? text.s : "", s, e);
	str_free(&text);
	return r;
}

/* --mount: an object with Type, Source, Target, ReadOnly. */
static int add_object(const cJSON *m, struct spec *s, struct err *e)
{
	const char *type = json_str_or(m, "Type", ""), *source = json_str_or(m, "Source", "");
	struct stat st;
	char *target;
	int r;

	if (str_eq(type, "tmpfs"))
		return add_tmpfs_mount(m, s, e);
	if (!str_eq(type, "bind"))
		return str_eq(type, "volume") ? named_volume(source, e) :
		       err_set(e, EINVAL, "mount type \"%s\" is not supported by this engine", type);
	if (stat(source, &st) < 0)
		return err_set(e, EINVAL, "invalid mount config for type \"bind\": bind source path does"
			       " not exist: %s", source);
	if ((r = clean_target(type, json_str_or(m, "Target", ""), &target, e)) < 0)
		return r;
	add_mount(s, "bind", str_dup(source), target,
		  MS_BIND | MS_REC | (json_bool(m, "ReadOnly") ? MS_RDONLY : 0), str_dup(""));
	return 0;
}

int mounts_build(const cJSON *host, struct spec *s, struct err *e)
{
	const cJSON *v;
	int r;
	cJSON_ArrayForEach(v, json_obj(host, "Binds"))
		if ((r = add_bind(cJSON_IsString(v) ? v->valuestring : "", s, e)) < 0)
			return r;
	cJSON_ArrayForEach(v, json_obj(host, "Mounts"))
		if ((r = add_object(v, s, e)) < 0)
			return r;
	cJSON_ArrayForEach(v, json_obj(host, "Tmpfs"))
		if ((r = add_tmpfs(v->string, cJSON_IsString(v) ? v->valuestring : "", s, e)) < 0)
			return r;
	return 0;
}
