#include "client/endpoint.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/config.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "core/str.h"

static char *chosen_context(const char *asked)
{
	const char *host = getenv("DOCKER_HOST"), *set = getenv("DOCKER_CONTEXT");

	if (asked)
		return str_dup(asked);
	if (host && *host)
		return str_dup("default");
	if (set && *set)
		return str_dup(set);
	autojson cJSON *config = config_load();
	return str_dup(json_str_or(config, "currentContext", "default"));
}

/* The address in a context's file, if it is the one of that name. */
static char *host_in(const char *file, const char *name)
{
	autostr struct str text = { 0 };
	autojson cJSON *meta = NULL;

	if (file_read(file, &text, NULL) || json_parse(text.s, text.len, &meta, NULL) ||
	    strcmp(json_str_or(meta, "Name", ""), name) != 0)
		return NULL;
	return str_dup(json_str(json_obj(json_obj(meta, "Endpoints"), "docker"), "Host"));
}

/* Folders are named by the digest of the name; to read them all is as good. */
static char *host_of(const char *name)
{
	autofree char *config = config_path();
	autofree char *folder = str_printf("%.*s/contexts/meta",
					   (int)(strrchr(config, '/') - config), config);
	autodir DIR *d = opendir(folder);
	struct dirent *de;
	char *host = NULL;

	while (d && !host && (de = readdir(d))) {
		autofree char *file = str_printf("%s/%s/meta.json", folder, de->d_name);
		host = host_in(file, name);
	}
	return host;
}

int endpoint_find(const char *host, const char *context, char **out, struct err *e)
{
	if (host && context)
		return err_set(e, EINVAL, "conflicting options: cannot specify both --host and "
			       "--context");
	autofree char *name = host ? str_dup("default") : chosen_context(context);
	if (!*name || str_eq(name, "default")) {
		*out = str_dup(host);
		return 0;
	}
	*out = host_of(name);
	if (*out)
		return 0;
	err_set(e, ENOENT, "Failed to initialize: unable to resolve docker endpoint: context \"%s\": "
		"context not found", name);
	return err_hint(e, "`--context default`, or DOCKER_CONTEXT=default, is this machine's daemon");
}
