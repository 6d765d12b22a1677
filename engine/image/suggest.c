/* Only mirrors are asked, for two short lists: Docker Hub's catalogue is too long,
 * and a course's mirror has what the lesson's names can have been meant to be. */
#include "image/suggest.h"

#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/nearest.h"
#include "core/str.h"
#include "registry/client.h"
#include "registry/fetch.h"

#define LIST_LIMIT (1u << 20)
#define OFFICIAL "library/"

/* The strings of one list in a registry's answer; strv_free(), NULL: none. */
static char **ask(struct registry *r, const char *path, const char *key)
{
	autofetch struct fetch *f = NULL;
	autofree char *text = NULL;
	autojson cJSON *answer = NULL;
	const struct fetch_request q = { .method = "GET" };
	const cJSON *word;
	char **list = NULL;
	size_t len = 0;

	if (registry_request(r, &q, path, &f, NULL) < 0 ||
	    stream_whole(&f->s, LIST_LIMIT, &text, &len, NULL) < 0 ||
	    json_parse(text, len, &answer, NULL) < 0)
		return NULL;
	cJSON_ArrayForEach(word, json_obj(answer, key))
		if (cJSON_IsString(word))
			strv_add(&list, word->valuestring);
	return list;
}

/* As people write them. */
static void drop_official(char **repos)
{
	for (char **r = repos; *r; r++)
		if (str_starts(*r, OFFICIAL))
			memmove(*r, *r + strlen(OFFICIAL), strlen(*r + strlen(OFFICIAL)) + 1);
}

static const char *pick(const char *word, char *const *list)
{
	for (char *const *s = list; *s; s++)
		if (str_eq(*s, word))
			return *s;
	return text_nearest(word, (const char *const *)list);
}

static char *of_repository(struct registry *r, const char *repo, const char *tag)
{
	autofree char *path = str_printf("/v2/%s%s/tags/list", strchr(repo, '/') ? "" : OFFICIAL,
					 repo);
	char **tags = ask(r, path, "tags"), *name = NULL;

	if (tags) {
		const char *best = pick(tag, tags);
		best = best ? best : tags[0];
		name = str_eq(best, "latest") ? str_dup(repo) : str_printf("%s:%s", repo, best);
	}
	strv_free(tags);
	return name;
}

static char *of_mirror(const struct reference *ref, const char *url)
{
	const struct registry_target t = {
		.url = url, .repository = ref->path, .maybe_tls = str_starts(url, "http://"),
	};
	autofree char *word = reference_familiar_name(ref);
	autoregistry struct registry *r = NULL;
	char **repos, *name = NULL;

	if (registry_open(&t, &r, NULL) < 0 || !(repos = ask(r, "/v2/_catalog", "repositories")))
		return NULL;
	drop_official(repos);
	const char *repo = pick(word, repos);
	if (repo)
		name = of_repository(r, repo, ref->tag ? ref->tag : "latest");
	strv_free(repos);
	return name;
}

char *suggest_image(const struct reference *ref, char *const *mirrors)
{
	char *name = NULL;

	for (char *const *m = mirrors; m && *m && !name; m++)
		name = of_mirror(ref, *m);
	return name;
}
