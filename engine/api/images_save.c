/* images_save.c - docker save, load and import: images as files. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/images_show.h"
#include "api/routes.h"
#include "build/changes.h"
#include "core/clock.h"
#include "core/file.h"
#include "image/archive.h"
#include "image/manifest.h"
#include "runtime/container_event.h"

/* -- save -------------------------------------------------------------------------- */

static void produce_save(struct stream *s, void *arg)
{
	struct err e = { 0 };
	if (image_save_write(arg, stream_sink, s, &e) < 0)
		stream_break(s, &e);
}

static void free_save(void *arg) { image_save_free(arg); }

static int save(struct request *r, char *const *names, struct err *e)
{
	struct image_save *w;
	int n = image_save_begin(r->api->images, names, &w, e);
	if (n < 0)
		return n;
	for (char *const *id = image_save_ids(w); *id; id++)
		image_event("save", *id, *id);
	return reply_stream(r, "application/x-tar", produce_save, free_save, w);
}

int images_save_one(struct request *r, struct err *e)
{
	char *names[] = { r->arg[0], NULL };
	return save(r, names, e);
}

int images_save(struct request *r, struct err *e)
{
	char **names = query_all(r, "names");
	int n = save(r, names, e);
	strv_free(names);
	return n;
}

/* -- load -------------------------------------------------------------------------- */

struct load { struct api *api; struct stream *stream; int fd; bool quiet; };

static void load_progress(void *arg, const struct pull_progress *g)
{
	pull_progress_line(((struct load *)arg)->stream, g);
}

static void say(struct load *l, const char *text)
{
	autojson cJSON *o = cJSON_CreateObject();
	json_put_str(o, "stream", text);
	stream_json(l->stream, o);
}

static void load_done(void *arg, const char *id, const char *name, const char *moved)
{
	struct load *l = arg;
	autofree char *text = name ? str_printf("Loaded image: %s\n", name)
				   : str_printf("Loaded image ID: %s\n", id);
	if (moved) {
		autofree char *old = str_printf("The image %s already exists, renaming the old one with ID "
						"%s to empty string\n", name, moved);
		say(l, old);
	}
	say(l, text);
	image_event("load", id, name ? name : id);
}

static void produce_load(struct stream *s, void *arg)
{
	struct load *l = arg;
	struct err e = { 0 };
	struct load_options o = { .fd = l->fd, .progress = l->quiet ? NULL : load_progress,
				  .loaded = load_done, .arg = l };
	l->stream = s;
	l->fd = -1;
	if (image_load_archive(l->api->images, &o, &e) < 0)
		stream_fail(s, &e);
}

static void free_load(void *arg)
{
	struct load *l = arg;
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

int images_load(struct request *r, struct err *e)
{
	struct load *l = mem_alloc(sizeof(*l));
	l->api = r->api;
	l->quiet = query_bool(r, "quiet");
	l->fd = request_take_body(r);
	return reply_stream(r, "application/json", produce_load, free_load, l);
}

/* -- import ------------------------------------------------------------------------ */

struct import {
	struct api *api;
	cJSON *config;
	char *ref, *url;	/* ref: NULL for none; url: NULL where the body is the archive */
	int fd;
};

static size_t curl_to_fd(char *data, size_t size, size_t n, void *arg)
{
	return write_all(*(int *)arg, data, size * n) < 0 ? 0 : size * n;
}

/* To a file without a name: the reader needs a descriptor. */
static int fetch_url(const char *url, int *out, struct err *e)
{
	autofile FILE *f = tmpfile();
	int fd = f ? fileno(f) : -1;
	CURL *c = curl_easy_init();
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, curl_to_fd);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &fd);
	CURLcode code = fd < 0 ? CURLE_WRITE_ERROR : curl_easy_perform(c);
	curl_easy_cleanup(c);
	if (code != CURLE_OK)
		return err_set(e, EIO, "Get \"%s\": %s", url, curl_easy_strerror(code));
	if (lseek(fd, 0, SEEK_SET) < 0 || (*out = dup(fd)) < 0)
		return err_sys(e, errno, "fetch %s", url);
	return 0;
}

static void import_status(struct stream *s, const char *status)
{
	struct pull_progress g = { .status = status };
	pull_progress_line(s, &g);
}

static void produce_import(struct stream *s, void *arg)
{
	struct import *m = arg;
	struct err e = { 0 };
	autoimage struct image *img = NULL;
	int fd = m->fd, r = 0;
	m->fd = -1;
	if (m->url) {
		autofree char *text = str_printf("Downloading from %s", m->url);
		import_status(s, text);
		r = fetch_url(m->url, &fd, &e);
	}
	if (r == 0)
		r = image_import(m->api->images, fd, m->config, m->ref, &img, &e);
	if (r < 0) {
		stream_fail(s, &e);
		return;
	}
	image_event("import", img->id, m->ref ? m->ref : img->id);
	import_status(s, img->id);
}

static void free_import(void *arg)
{
	struct import *m = arg;
	if (m->fd >= 0)
		close(m->fd);
	cJSON_Delete(m->config);
	free(m->ref);
	free(m->url);
	free(m);
}

static cJSON *import_config(const char *message, const char *platform)
{
	cJSON *o = cJSON_CreateObject(), *history = cJSON_CreateArray();
	cJSON *row = cJSON_CreateObject();
	char when[36], os[32] = "linux", arch[32] = "";
	sscanf(*platform ? platform : platform_here(), "%31[^/]/%31[^/]", os, arch);
	clock_rfc3339(clock_wall_ns(), when);
	json_put_str(o, "created", when);
	json_put_str(o, "architecture", *arch ? arch : strchr(platform_here(), '/') + 1);
	json_put_str(o, "os", os);
	json_put(o, "config", cJSON_CreateObject());
	json_put_str(row, "created", when);
	json_put_str(row, "comment", message);
	cJSON_AddItemToArray(history, row);
	json_put(o, "history", history);
	return o;
}

int images_import(struct request *r, struct err *e)
{
	const char *src = query_or(r, "fromSrc", "-"), *repo = query_or(r, "repo", "");
	const char *tag = query_or(r, "tag", "");
	autofree char *message = str_printf("%s", query_or(r, "message", ""));
	if (!*message && !str_eq(src, "-")) {
		free(message);
		message = str_printf("Imported from %s", src);
	}
	struct import *m = mem_alloc(sizeof(*m));
	m->api = r->api;
	m->config = import_config(*message ? message : "Imported from -", query_or(r, "platform", ""));
	m->fd = str_eq(src, "-") ? request_take_body(r) : -1;
	if (!str_eq(src, "-"))
		m->url = str_printf("%s%s", strstr(src, "://") ? "" : "http://", src);
	if (*repo)
		m->ref = str_printf("%s%s%s", repo, *tag ? ":" : "", tag);
	char **changes = query_all(r, "changes");
	int n = changes_apply(json_obj(m->config, "config"), changes, e);
	strv_free(changes);
	if (n == 0)
		n = image_name_check(m->ref, e);
	if (n == 0)
		return reply_held_stream(r, "application/json", produce_import, free_import, m, e);
	free_import(m);
	return n;
}
