/* manifest_store.c - see manifest_store.h. */
#include "client/manifest_store.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/config.h"
#include "client/template.h"
#include "core/base64.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"

/* "docker.io/library/x:1" to "docker.io_library_x-1". */
static char *safe_name(const char *name)
{
	char *out = str_dup(name);

	for (char *p = out; *p; p++)
		*p = *p == ':' ? '-' : *p == '/' ? '_' : *p;
	return out;
}

static char *list_path(const char *list)
{
	autofree char *config = config_path(), *safe = safe_name(list);

	return str_printf("%.*s/manifests/%s", (int)(strrchr(config, '/') - config), config, safe);
}

static int load_file(const char *path, const char *name, cJSON **out, struct err *e)
{
	autostr struct str text = { 0 };
	struct err why = { 0 };

	if (file_read(path, &text, &why) == -ENOENT)
		return err_set(e, ENOENT, "No such manifest: %s", name);
	if (why.code || json_parse(text.s ? text.s : "", text.len, out, &why))
		return err_set(e, why.code, "%s: %s", path, why.what);
	return 0;
}

int manifest_load(const char *list, const char *name, cJSON **out, struct err *e)
{
	autofree char *folder = list_path(list), *safe = safe_name(name);
	autofree char *path = str_printf("%s/%s", folder, safe);

	return load_file(path, name, out, e);
}

static int no_dots(const struct dirent *d) { return d->d_name[0] != '.'; }

int manifest_load_all(const char *list, cJSON **out, struct err *e)
{
	autofree char *folder = list_path(list);
	autofree struct dirent **names = NULL;
	autojson cJSON *all = cJSON_CreateArray();
	int n = scandir(folder, &names, no_dots, alphasort), r = 0;

	if (n < 0)
		return err_set(e, ENOENT, "No such manifest: %s", list);
	for (int i = 0; i < n; i++) {
		autofree struct dirent *ent = names[i];
		autofree char *path = str_printf("%s/%s", folder, ent->d_name);
		cJSON *entry;

		if (r == 0 && (r = load_file(path, ent->d_name, &entry, e)) == 0)
			cJSON_AddItemToArray(all, entry);
	}
	if (r == 0)
		*out = steal_ptr(all);
	return r;
}

int manifest_save(const char *list, const char *name, const cJSON *entry, struct err *e)
{
	autofree char *folder = list_path(list), *safe = safe_name(name);
	autofree char *path = str_printf("%s/%s", folder, safe);
	autostr struct str text = { 0 };
	int r = manifest_whole(entry, &text, e);

	r = r ? r : dir_make(folder, 0755, e);
	return r ? r : file_write_atomic(path, text.s, text.len, 0644, e);
}

int manifest_remove(const char *list, struct err *e)
{
	autofree char *folder = list_path(list);

	return dir_remove(folder, e);
}

int manifest_text(const cJSON *entry, struct str *out, struct err *e)
{
	const char *raw = json_str_or(entry, "Raw", "");

	if (!*raw || base64_decode(raw, out))
		return err_set(e, EINVAL, "%s has no payload", json_str_or(entry, "Ref", "the manifest"));
	return 0;
}

int manifest_whole(const cJSON *entry, struct str *out, struct err *e)
{
	const char *type = json_str_or(json_obj(entry, "Descriptor"), "mediaType", "");
	autofree char *descriptor = json_line(json_obj(entry, "Descriptor"));
	autostr struct str text = { 0 }, ref = { 0 };
	int r = manifest_text(entry, &text, e);

	if (r)
		return r;
	go_json(json_obj(entry, "Ref"), &ref);
	str_addf(out, "{\"Ref\":%s,\"Descriptor\":%s,\"Raw\":\"%s\",\"%s\":%s}", ref.s, descriptor,
		 json_str_or(entry, "Raw", ""),
		 strstr(type, "vnd.oci.") ? "OCIManifest" : "SchemaV2Manifest", text.s);
	return 0;
}
