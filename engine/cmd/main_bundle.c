/* main_bundle.c - drydock export-bundle. */
#include "cmd/main.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/http.h"
#include "client/url.h"
#include "core/cleanup.h"
#include "core/json.h"

#define EXIT_USAGE 2

static int usage(FILE *to, int code)
{
	fputs("Usage: drydock export-bundle [OPTIONS] CONTAINER|IMAGE DIR\n\n"
	      "Write an OCI runtime bundle: DIR/config.json, as the container would be started,\n"
	      "and DIR/rootfs, its files without its volumes'.  `runc run -b DIR NAME` runs it.\n\n"
	      "  --host URL     the daemon's socket\n", to);
	return code;
}

/* The daemon has another working directory. */
static char *absolute(const char *dir)
{
	char here[PATH_MAX];
	if (dir[0] == '/' || !getcwd(here, sizeof(here)))
		return str_dup(dir);
	return str_printf("%s/%s", here, dir);
}

static int request(const char *host, const char *name, const char *dir, struct err *e)
{
	autostr struct str url = { 0 };
	autofree char *path = absolute(dir);
	struct http_answer a = { 0 };
	struct http *h = NULL;
	const cJSON *w;
	int r = http_open(host, &h, e);
	url_path(&url, "/drydock/bundle", NULL, "");
	url_add(&url, "name", name);
	url_add(&url, "path", path);
	if (r == 0)
		r = http_call(h, "POST", url.s, NULL, &a, e);
	cJSON_ArrayForEach(w, json_obj(a.json, "Warnings"))
		if (cJSON_IsString(w))
			fprintf(stderr, "WARNING: %s\n", w->valuestring);
	http_answer_free(&a);
	http_close(h);
	return r;
}

int export_bundle(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "host", required_argument, NULL, 'H' }, { "help", no_argument, NULL, 'h' }, { 0 },
	};
	const char *host = NULL;
	struct err e = { 0 };
	int c;
	optind = 1;
	while ((c = getopt_long(argc, argv, "H:h", longs, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout, 0);
		if (c != 'H')
			return usage(stderr, EXIT_USAGE);
		host = optarg;
	}
	if (argc - optind != 2)
		return usage(stderr, EXIT_USAGE);
	if (request(host, argv[optind], argv[optind + 1], &e) < 0) {
		err_print(&e);
		return 1;
	}
	return 0;
}
