#include "api/routes.h"

#include <string.h>

const struct route routes[] = {
#define ROUTE(method, pattern, fn) { method, pattern, fn, false },
#define UPLOAD(method, pattern, fn) { method, pattern, fn, true },
#include "api/routes.def"
#undef ROUTE
#undef UPLOAD
};
const size_t n_routes = ARRAY_SIZE(routes);

static void forget(char *arg[MAX_ARGS])
{
	for (size_t i = 0; i < MAX_ARGS; i++) {
		free(arg[i]);
		arg[i] = NULL;
	}
}

/* Matches the rest of a pattern; args are taken from number n on. */
static bool match(const char *pattern, const char *path, char *arg[MAX_ARGS], size_t n)
{
	while (*pattern && *pattern != '{' && *pattern == *path) {
		pattern++;
		path++;
	}
	if (*pattern != '{')
		return !*pattern && !*path;
	bool many = pattern[1] == '*';
	const char *rest = strchr(pattern, '}') + 1;
	/* The longest part that lets the rest match. */
	for (size_t len = many ? strlen(path) : strcspn(path, "/"); len > 0 && n < MAX_ARGS; len--) {
		if (!match(rest, path + len, arg, n + 1))
			continue;
		arg[n] = strndup(path, len);
		return true;
	}
	return false;
}

const struct route *route_find(const char *method, const char *path, char *arg[MAX_ARGS])
{
	for (size_t i = 0; i < n_routes; i++) {
		if (!str_eq(routes[i].method, method))
			continue;
		if (match(routes[i].pattern, path, arg, 0))
			return &routes[i];
		forget(arg);
	}
	return NULL;
}
