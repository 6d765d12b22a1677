/* endpoint.c - see endpoint.h. */
#include "client/endpoint.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "client/config.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "core/str.h"

static char *chosen;	/* --context */

void endpoint_choose(const char *name)
{
	free(chosen);
	chosen = str_dup(name);
}

char *endpoint_current(void)
{
	const char *host = getenv("DOCKER_HOST"), *set = getenv("DOCKER_CONTEXT");

	if (chosen && *chosen)
		return str_dup(chosen);
	if (host && *host)
		return str_dup(ENDPOINT_DEFAULT);
	if (set && *set)
		return str_dup(set);
	autojson cJSON *config = config_load();
	const char *kept = json_str_or(config, "currentContext", "");
	return str_dup(*kept ? kept : ENDPOINT_DEFAULT);
}

char *endpoint_folder(void)
{
	autofree char *config = config_path();

	return str_printf("%.*s/contexts/meta", (int)(strrchr(config, '/') - config), config);
}

char *endpoint_path(const char *name)
{
	unsigned char sum[SHA256_DIGEST_LENGTH];
	autofree char *folder = endpoint_folder();
	struct str path = { 0 };

	SHA256((const unsigned char *)name, strlen(name), sum);
	str_addf(&path, "%s/", folder);
	for (size_t i = 0; i < sizeof(sum); i++)
		str_addf(&path, "%02x", sum[i]);
	return str_take(&path);
}

char *endpoint_tls_path(const char *name)
{
	autofree char *folder = endpoint_path(name);
	const char *hash = strrchr(folder, '/');

	return str_printf("%.*s/tls%s", (int)(hash - strlen("/meta") - folder), folder, hash);
}

int endpoint_load(const char *name, cJSON **out, struct err *e)
{
	autofree char *folder = endpoint_path(name);
	autofree char *path = str_printf("%s/meta.json", folder);
	autostr struct str text = { 0 };
	struct err why = { 0 };

	if (file_read(path, &text, &why))
		return err_set(e, why.code, "context \"%s\": context not found: open %s: %s", name,
			       path, why.code == ENOENT ? "no such file or directory"
							: strerror(why.code));
	if (json_parse(text.s ? text.s : "", text.len, out, &why))
		return err_set(e, EINVAL, "context \"%s\": %s: %s", name, path, why.what);
	return 0;
}

int endpoint_save(const char *name, const cJSON *meta, struct err *e)
{
	autofree char *folder = endpoint_path(name);
	autofree char *path = str_printf("%s/meta.json", folder), *text = json_line(meta);
	int r = dir_make(folder, 0755, e);

	return r ? r : file_write_atomic(path, text, strlen(text), 0644, e);
}

static bool good_name(const char *name)
{
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";

	return strlen(name) > 1 && !strchr("_.+-", name[0]) && strspn(name, more) == strlen(name);
}

int endpoint_name_check(const char *name, struct err *e)
{
	if (str_eq(name, ENDPOINT_DEFAULT))
		return err_set(e, EINVAL, "\"default\" is a reserved context name");
	if (!good_name(name))
		return err_set(e, EINVAL, "context name \"%s\" is invalid, names are validated against "
			       "regexp \"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$\"", name);
	return 0;
}

int endpoint_name_free(const char *name, struct err *e)
{
	autojson cJSON *there = NULL;
	struct err ignored = { 0 };
	int r = endpoint_name_check(name, e);

	if (!r && endpoint_load(name, &there, &ignored) == 0)
		r = err_set(e, EEXIST, "context \"%s\" already exists", name);
	return r;
}

const char *endpoint_host(const cJSON *meta)
{
	return json_str_or(json_obj(json_obj(meta, "Endpoints"), "docker"), "Host", "");
}

int endpoint_resolve(char **host, struct err *e)
{
	autofree char *name = endpoint_current();
	autojson cJSON *meta = NULL;

	*host = NULL;
	if (str_eq(name, ENDPOINT_DEFAULT))
		return 0;
	if (endpoint_load(name, &meta, e)) {
		err_wrap(e, "Failed to initialize: unable to resolve docker endpoint");
		return err_hint(e, "`--context default`, or DOCKER_CONTEXT=default, is this machine's "
				"daemon");
	}
	*host = str_dup(endpoint_host(meta));
	return 0;
}
