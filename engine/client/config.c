#include "client/config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "core/str.h"

static char *chosen;	/* --config */
static bool warned;	/* of a file that can't be read: once is enough */

void config_folder(const char *folder)
{
	free(chosen);
	warned = false;
	chosen = str_dup(folder);
}

char *config_path(void)
{
	const char *set = getenv("DOCKER_CONFIG"), *home = getenv("HOME");

	if (chosen || (set && *set))
		return str_printf("%s/config.json", chosen ? chosen : set);
	return str_printf("%s/.docker/config.json", home ? home : "");
}

cJSON *config_load(void)
{
	autofree char *path = config_path();
	autostr struct str text = { 0 };
	autojson cJSON *config = NULL;
	struct err e = { 0 };
	int r = file_read(path, &text, &e);

	if (r == -ENOENT || r == -ENOTDIR)
		return cJSON_CreateObject();
	if (!r)
		r = json_parse(text.s, text.len, &config, &e);
	if (!r && cJSON_IsObject(config))
		return steal_ptr(config);
	if (!warned)
		fprintf(stderr, "WARNING: Error parsing config file (%s): %s\n", path,
			r ? e.what : "it holds no JSON object");
	warned = true;
	return cJSON_CreateObject();
}

/* As docker's client writes it: a tab a level, no tab behind the colon, "{}". */
static char *layout(const cJSON *config)
{
	autofree char *text = cJSON_Print(config);
	struct str out = { 0 };

	/* Inside of strings both characters are escaped, so these are never theirs. */
	for (const char *p = text; *p; p++) {
		const char *next = p + 1 + strspn(p + 1, "\n\t");

		str_addn(&out, p, 1);
		if (*p == ':' && p[1] == '\t') {
			str_add(&out, " ");
			p++;
		} else if (*p == '{' && *next == '}') {
			p = next - 1;
		}
	}
	return str_take(&out);
}

int config_save(const cJSON *config, struct err *e)
{
	autofree char *path = config_path(), *text = layout(config);
	autofree char *real = realpath(path, NULL);	/* a link stays one */
	autofree char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
	int r = dir_make(folder, 0700, e);

	return r ? r : file_write_atomic(real ? real : path, text, strlen(text), 0600, e);
}
