/* spec_mount.c - --mount's comma-separated fields, by a table. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/specs.h"
#include "client/values.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"

enum field_kind { FIELD_TEXT, FIELD_FLAG, FIELD_BYTES, FIELD_OCTAL, FIELD_MAP };

static const struct field {
	const char *key;
	enum field_kind kind;
	const char *group;	/* the object within the mount, NULL: itself */
	const char *name;	/* the API's */
} fields[] = {
	{ "type", FIELD_TEXT, NULL, "Type" },
	{ "source", FIELD_TEXT, NULL, "Source" },
	{ "src", FIELD_TEXT, NULL, "Source" },
	{ "target", FIELD_TEXT, NULL, "Target" },
	{ "dst", FIELD_TEXT, NULL, "Target" },
	{ "destination", FIELD_TEXT, NULL, "Target" },
	{ "readonly", FIELD_FLAG, NULL, "ReadOnly" },
	{ "ro", FIELD_FLAG, NULL, "ReadOnly" },
	{ "consistency", FIELD_TEXT, NULL, "Consistency" },
	{ "bind-propagation", FIELD_TEXT, "BindOptions", "Propagation" },
	{ "bind-nonrecursive", FIELD_FLAG, "BindOptions", "NonRecursive" },
	{ "volume-nocopy", FIELD_FLAG, "VolumeOptions", "NoCopy" },
	{ "volume-label", FIELD_MAP, "VolumeOptions", "Labels" },
	{ "volume-subpath", FIELD_TEXT, "VolumeOptions", "Subpath" },
	{ "tmpfs-size", FIELD_BYTES, "TmpfsOptions", "SizeBytes" },
	{ "tmpfs-mode", FIELD_OCTAL, "TmpfsOptions", "Mode" },
};

static const struct field *find_field(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strcmp(fields[i].key, key) == 0)
			return &fields[i];
	return NULL;
}

static cJSON *group_of(cJSON *mount, const char *group)
{
	cJSON *o = group ? cJSON_GetObjectItemCaseSensitive(mount, group) : mount;

	return o ? o : cJSON_AddObjectToObject(mount, group);
}

static int put_map(cJSON *o, const char *name, const char *value)
{
	const char *eq = strchr(value, '=');
	autofree char *key = eq ? strndup(value, (size_t)(eq - value)) : str_dup(value);
	cJSON *map = cJSON_GetObjectItemCaseSensitive(o, name);

	if (!map)
		map = cJSON_AddObjectToObject(o, name);
	json_put_str(map, key, eq ? eq + 1 : "");
	return 0;
}

static int put_number(cJSON *o, const struct field *f, const char *value, struct err *e)
{
	int64_t n;
	char *end;

	if (f->kind == FIELD_OCTAL) {
		n = strtoll(value, &end, 8);
		if (!*value || *end)
			return err_set(e, EINVAL, "invalid value for %s: %s", f->key, value);
	} else if (value_bytes(value, &n, NULL)) {
		return err_set(e, EINVAL, "invalid value for %s: %s", f->key, value);
	}
	json_put_int(o, f->name, n);
	return 0;
}

static int put_field(cJSON *mount, const struct field *f, const char *value, struct err *e)
{
	cJSON *o = group_of(mount, f->group);
	bool on = true;

	switch (f->kind) {
	case FIELD_TEXT:
		json_put_str(o, f->name, value);
		return 0;
	case FIELD_FLAG:
		if (value && value_bool(value, &on, NULL))
			return err_set(e, EINVAL, "invalid value for %s: %s", f->key, value);
		json_put_bool(o, f->name, on);
		return 0;
	case FIELD_MAP:
		return put_map(o, f->name, value);
	default:
		return put_number(o, f, value, e);
	}
}

static int one_field(cJSON *mount, char *text, struct err *e)
{
	char *eq = strchr(text, '=');

	if (eq)
		*eq = '\0';
	const struct field *f = find_field(text);
	if (!eq && (!f || f->kind != FIELD_FLAG))
		return err_set(e, EINVAL, "invalid field '%s' must be a key=value pair", text);
	if (!f)
		return err_set(e, EINVAL, "unknown option '%s' in '%s=%s'", text, text, eq + 1);
	return put_field(mount, f, eq ? eq + 1 : NULL, e);
}

int spec_mount(const char *text, cJSON **out, struct err *e)
{
	autojson cJSON *mount = cJSON_CreateObject();
	autofree char *copy = str_dup(text);
	char *rest = copy, *part;

	while ((part = strsep(&rest, ","))) {
		int r = one_field(mount, part, e);
		if (r)
			return r;
	}
	if (!json_str(mount, "Type"))
		json_put_str(mount, "Type", "volume");
	if (!*json_str_or(mount, "Target", ""))
		return err_set(e, EINVAL, "target is required");
	*out = steal_ptr(mount);
	return 0;
}

int spec_check_mount(const char *text, struct err *e)
{
	autojson cJSON *j = NULL;

	return spec_mount(text, &j, e);
}
