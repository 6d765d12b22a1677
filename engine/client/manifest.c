/* manifest.c - docker manifest: looking at a registry's manifests, and putting several
 * under one name, a manifest list.
 *
 * Docker's client talks to the registry itself.  Ours would have to carry a whole registry
 * client for that, so the daemon's asks for it (GET and POST /drydock/manifest/NAME), with
 * the user's credentials.  What is being put together lies with the client, as docker's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/credentials.h"
#include "client/image_name.h"
#include "client/manifest_store.h"
#include "client/template.h"
#include "client/url.h"
#include "client/verb.h"
#include "core/base64.h"
#include "core/cleanup.h"
#include "core/json.h"

#define TYPE_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define TYPE_INDEX "application/vnd.oci.image.index.v1+json"
#define TYPE_OCI "application/vnd.oci.image.manifest.v1+json"

/* "x" to "docker.io/library/x:latest"; caller frees. */
static int normal_name(const char *text, char **out, struct err *e)
{
	struct image_name n;
	int r = image_name_parse(text, &n, e);

	if (r)
		return r;
	*out = image_name_show(&n, true);
	image_name_free(&n);
	return 0;
}

/* The repository's part of a full name: all but tag and digest. */
static char *repository(const char *full)
{
	size_t n = strcspn(full, "@");
	const char *slash = strrchr(full, '/'), *colon = slash ? strchr(slash, ':') : NULL;

	if (colon && (size_t)(colon - full) < n)
		n = (size_t)(colon - full);
	return strndup(full, n);
}

/* ---- the registry -------------------------------------------------------------------- */

static int call(struct command *c, const char *method, const char *full, const cJSON *body,
		struct http_answer *a, struct err *e)
{
	autofree char *repo = repository(full);
	autostr struct str path = { 0 };
	struct http *h;
	int r = command_http(c, &h, e);

	if (r)
		return r;
	url_path(&path, "/drydock/manifest/", full, "");
	url_flag(&path, "insecure", opt_on(&c->opt, "insecure"));
	credentials_introduce(h, repo);
	return http_call(h, method, path.s, body, a, e);
}

static bool is_list(const cJSON *answer)
{
	const char *type = json_str_or(json_obj(answer, "Descriptor"), "mediaType", "");

	return str_eq(type, TYPE_LIST) || str_eq(type, TYPE_INDEX);
}

static int ask(struct command *c, const char *full, struct http_answer *a, struct err *e)
{
	int r = call(c, "GET", full, NULL, a, e);

	if (r && e->status == 404) {
		err_clear(e);
		return err_set(e, ENOENT, "no such manifest: %s", full);
	}
	return r;
}

/* A copy with these fields alone, in docker's order. */
static cJSON *in_order(const cJSON *from, const char *const *fields)
{
	cJSON *out = cJSON_CreateObject();

	for (; *fields; fields++)
		if (json_obj(from, *fields))
			json_put(out, *fields, cJSON_Duplicate(json_obj(from, *fields), true));
	return out;
}

static void order_platform(cJSON *descriptor)
{
	static const char *const fields[] = { "architecture", "os", "os.version", "os.features",
					      "variant", NULL };
	autojson cJSON *old = cJSON_DetachItemFromObjectCaseSensitive(descriptor, "platform");

	if (old)
		json_put(descriptor, "platform", in_order(old, fields));
}

/* platform: borrowed. */
static cJSON *entry_new(const char *full, const cJSON *answer, const cJSON *platform)
{
	const char *raw = json_str_or(answer, "Raw", "");
	autofree char *encoded = base64_encode(raw, strlen(raw), false);
	cJSON *entry = cJSON_CreateObject();
	cJSON *descriptor = cJSON_Duplicate(json_obj(answer, "Descriptor"), true);

	json_put_str(entry, "Ref", full);
	if (platform)
		json_put(descriptor, "platform", cJSON_Duplicate(platform, true));
	order_platform(descriptor);
	json_put(entry, "Descriptor", descriptor);
	json_put_str(entry, "Raw", encoded);
	return entry;
}

static int fetch(struct command *c, const char *full, cJSON **out, struct err *e)
{
	struct http_answer a = { 0 };
	int r = ask(c, full, &a, e);

	if (r == 0 && is_list(a.json))
		r = err_set(e, EINVAL, "%s is a manifest list", full);
	if (r == 0)
		*out = entry_new(full, a.json, cJSON_GetArrayItem(json_obj(a.json, "Platforms"), 0));
	http_answer_free(&a);
	return r;
}

/* ---- the list --------------------------------------------------------------------------- */

static cJSON *list_item(const cJSON *descriptor)
{
	static const char *const fields[] = { "mediaType", "size", "digest", "platform", NULL };

	return in_order(descriptor, fields);
}

/* items: an array that goes into it.  Three spaces, as docker has it: the digest is of
 * these very bytes. */
static const char *list_text(cJSON *items, struct str *out)
{
	const cJSON *first = cJSON_GetArrayItem(items, 0);
	const char *type = str_eq(json_str_or(first, "mediaType", ""), TYPE_OCI) ? TYPE_INDEX : TYPE_LIST;
	autojson cJSON *list = cJSON_CreateObject();

	json_put_int(list, "schemaVersion", 2);
	json_put_str(list, "mediaType", type);
	json_put(list, "manifests", items);
	autofree char *line = json_line(list);
	json_indent(line, strlen(line), "   ", out);
	return type;
}

static int host_length(const char *full) { return (int)strcspn(full, "/"); }

/* Docker lists only what the same registry has. */
static int list_items(const char *target, const cJSON *entries, cJSON **out, struct err *e)
{
	autojson cJSON *items = cJSON_CreateArray();
	const cJSON *m;
	int n = host_length(target);

	cJSON_ArrayForEach(m, entries) {
		const char *ref = json_str_or(m, "Ref", "");

		if (host_length(ref) != n || strncmp(ref, target, (size_t)n) != 0)
			return err_set(e, EINVAL, "cannot use source images from a different registry than "
				       "the target image: %.*s != %.*s", host_length(ref), ref, n, target);
		cJSON_AddItemToArray(items, list_item(json_obj(m, "Descriptor")));
	}
	*out = steal_ptr(items);
	return 0;
}

/* ---- inspect ----------------------------------------------------------------------------- */

static void print_laid(const char *text, size_t n)
{
	autostr struct str laid = { 0 };

	json_indent(text, n, "\t", &laid);
	puts(laid.s ? laid.s : "");
}

static int print_one(struct command *c, const cJSON *entry, struct err *e)
{
	autostr struct str text = { 0 };
	int r = opt_on(&c->opt, "verbose") ? manifest_whole(entry, &text, e)
					   : manifest_text(entry, &text, e);

	if (r == 0)
		print_laid(text.s, text.len);
	return r;
}

static int print_many(struct command *c, const char *name, const cJSON *entries, struct err *e)
{
	autostr struct str text = { 0 };
	cJSON *items;
	const cJSON *m;
	int r = 0;

	if (!opt_on(&c->opt, "verbose")) {
		r = list_items(name, entries, &items, e);
		if (r == 0) {
			list_text(items, &text);
			puts(text.s);
		}
		return r;
	}
	str_add(&text, "[");
	cJSON_ArrayForEach(m, entries) {
		str_add(&text, m == entries->child ? "" : ",");
		r = r ? r : manifest_whole(m, &text, e);
	}
	str_add(&text, "]");
	if (r == 0)
		print_laid(text.s, text.len);
	return r;
}

/* The manifests of a registry's list, each as if it had been asked for alone. */
static int fetch_listed(struct command *c, const char *full, const cJSON *answer, cJSON **out,
			struct err *e)
{
	const char *raw = json_str_or(answer, "Raw", "");
	autojson cJSON *list = NULL, *entries = cJSON_CreateArray();
	const cJSON *m;
	int r = json_parse(raw, strlen(raw), &list, e);

	cJSON_ArrayForEach(m, json_obj(list, "manifests")) {
		autofree char *name = str_printf("%.*s@%s", (int)strcspn(full, "@"), full,
						 json_str_or(m, "digest", ""));
		struct http_answer a = { 0 };

		if (r == 0 && (r = ask(c, name, &a, e)) == 0)
			cJSON_AddItemToArray(entries, entry_new(name, a.json, json_obj(m, "platform")));
		http_answer_free(&a);
	}
	if (r == 0)
		*out = steal_ptr(entries);
	return r;
}

static int inspect_remote(struct command *c, const char *full, struct err *e)
{
	struct http_answer a = { 0 };
	autojson cJSON *entries = NULL;
	int r = ask(c, full, &a, e);

	if (r == 0 && is_list(a.json)) {
		r = fetch_listed(c, full, a.json, &entries, e);
		r = r ? r : print_many(c, full, entries, e);
	} else if (r == 0) {
		entries = entry_new(full, a.json, cJSON_GetArrayItem(json_obj(a.json, "Platforms"), 0));
		r = print_one(c, entries, e);
	}
	http_answer_free(&a);
	return r;
}

static int inspect_verb(struct command *c)
{
	const char *second = c->opt.args[1];
	autofree char *first = NULL, *name = NULL;
	autojson cJSON *found = NULL;
	struct err e = { 0 }, none = { 0 };
	int r = normal_name(c->opt.args[0], &first, &e);

	if (r == 0 && second && (r = normal_name(second, &name, &e)) == 0 &&
	    (r = manifest_load(first, name, &found, &e)) == 0)
		r = print_one(c, found, &e);
	else if (r == 0 && !second && manifest_load_all(first, &found, &none) == 0)
		r = print_many(c, first, found, &e);
	else if (r == 0 && !second)
		r = inspect_remote(c, first, &e);
	return r ? command_fail(c, &e) : 0;
}

/* ---- create, annotate, rm ---------------------------------------------------------------- */

static int add_one(struct command *c, const char *list, const char *word, struct err *e)
{
	autojson cJSON *entry = NULL;
	autofree char *name = NULL;
	struct err none = { 0 };
	int r = normal_name(word, &name, e);

	if (r == 0 && (manifest_load(list, name, &entry, &none) || !json_str(entry, "Raw"))) {
		json_free(&entry);
		r = fetch(c, name, &entry, e);
	}
	return r ? r : manifest_save(list, name, entry, e);
}

static int create_verb(struct command *c)
{
	autofree char *list = NULL;
	autojson cJSON *there = NULL;
	struct err e = { 0 }, none = { 0 };
	int r = normal_name(c->opt.args[0], &list, &e);

	if (r)
		err_wrap(&e, "error parsing name for manifest list %s", c->opt.args[0]);
	else if (manifest_load_all(list, &there, &none) == 0 && !opt_on(&c->opt, "amend"))
		r = err_set(&e, EEXIST, "refusing to amend an existing manifest list with no --amend flag");
	for (char **word = c->opt.args + 1; r == 0 && *word; word++)
		r = add_one(c, list, *word, &e);
	if (r)
		return command_fail(c, &e);
	printf("Created manifest list %s\n", list);
	return 0;
}

/* What an image may say that it is for: GOOS and GOARCH of the Go compiler. */
static bool known_platform(const char *os, const char *arch)
{
	static const char *const known[][2] = {
		{ "linux", "386 amd64 arm arm64 ppc64le mips64 mips64le riscv64 s390x" },
		{ "darwin", "386 amd64 arm arm64" }, { "windows", "386 amd64" },
		{ "freebsd", "386 amd64 arm" }, { "netbsd", "386 amd64 arm" },
		{ "openbsd", "386 amd64 arm" }, { "dragonfly", "amd64" }, { "plan9", "386 amd64" },
		{ "solaris", "amd64" },
	};
	autofree char *word = str_printf(" %s ", arch);

	for (size_t i = 0; *arch && i < ARRAY_SIZE(known); i++) {
		autofree char *all = str_printf(" %s ", known[i][1]);

		if (str_eq(os, known[i][0]) && strstr(all, word))
			return true;
	}
	return false;
}

static void add_features(cJSON *platform, char *const *words)
{
	cJSON *list = json_obj(platform, "os.features");

	if (*words && !list)
		list = cJSON_AddArrayToObject(platform, "os.features");
	for (; *words; words++) {
		const cJSON *f;
		bool there = false;

		cJSON_ArrayForEach(f, list)
			there |= cJSON_IsString(f) && str_eq(f->valuestring, *words);
		if (!there)
			cJSON_AddItemToArray(list, cJSON_CreateString(*words));
	}
}

static int annotate(struct command *c, cJSON *entry, struct err *e)
{
	static const char *const fields[][2] = {	/* options, and what they set */
		{ "os", "os" }, { "arch", "architecture" }, { "variant", "variant" },
		{ "os-version", "os.version" },
	};
	cJSON *descriptor = json_obj(entry, "Descriptor"), *platform = json_obj(descriptor, "platform");

	if (!platform)
		platform = cJSON_AddObjectToObject(descriptor, "platform");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *value = opt_text(&c->opt, fields[i][0]);

		if (value && *value) {
			cJSON_DeleteItemFromObjectCaseSensitive(platform, fields[i][1]);
			json_put_str(platform, fields[i][1], value);
		}
	}
	add_features(platform, opt_all(&c->opt, "os-features"));
	order_platform(descriptor);
	platform = json_obj(descriptor, "platform");
	if (known_platform(json_str_or(platform, "os", ""), json_str_or(platform, "architecture", "")))
		return 0;
	return err_set(e, EINVAL, "manifest entry for image has unsupported os/arch combination: %s/%s",
		       opt_text(&c->opt, "os") ?: "", opt_text(&c->opt, "arch") ?: "");
}

static int annotate_verb(struct command *c)
{
	const char *list_word = c->opt.args[0], *word = c->opt.args[1];
	autofree char *list = NULL, *name = NULL;
	autojson cJSON *entry = NULL;
	struct err e = { 0 };
	int r = normal_name(list_word, &list, &e);

	if (r)
		err_wrap(&e, "annotate: error parsing name for manifest list %s", list_word);
	else if ((r = normal_name(word, &name, &e)))
		err_wrap(&e, "annotate: error parsing name for manifest %s", word);
	else if ((r = manifest_load(list, name, &entry, &e)) == -ENOENT)
		r = err_set(&e, ENOENT, "manifest for image %s does not exist in %s", word, list_word);
	r = r ? r : annotate(c, entry, &e);
	r = r ? r : manifest_save(list, name, entry, &e);
	return r ? command_fail(c, &e) : 0;
}

static int rm_verb(struct command *c)
{
	autostr struct str failures = { 0 };

	for (char **word = c->opt.args; *word; word++) {
		autofree char *list = NULL;
		autojson cJSON *there = NULL;
		struct err e = { 0 };

		if (normal_name(*word, &list, &e) || manifest_load_all(list, &there, &e) ||
		    manifest_remove(list, &e))
			str_addf(&failures, "%s\n", e.what);
	}
	fputs(failures.len ? failures.s : "", stderr);
	return failures.len ? 1 : 0;
}

/* ---- push -------------------------------------------------------------------------------- */

static void add_blob(cJSON *blobs, const cJSON *descriptor, const char *from)
{
	cJSON *b = cJSON_CreateObject();

	json_put_str(b, "digest", json_str_or(descriptor, "digest", ""));
	json_put_str(b, "from", from);
	cJSON_AddItemToArray(blobs, b);
}

static int put(struct command *c, const char *full, const char *type, const char *text, cJSON *blobs,
	       char **digest, struct err *e)
{
	autojson cJSON *body = cJSON_CreateObject();
	struct http_answer a = { 0 };

	json_put_str(body, "mediaType", type);
	json_put_str(body, "manifest", text);
	json_put(body, "blobs", blobs);
	int r = call(c, "POST", full, body, &a, e);
	if (r == 0)
		*digest = str_dup(json_str_or(a.json, "Digest", ""));
	http_answer_free(&a);
	return r;
}

/* A manifest of another repository goes into the list's, its blobs taken over there. */
static int bring(struct command *c, const char *repo, const cJSON *entry, struct err *e)
{
	const cJSON *descriptor = json_obj(entry, "Descriptor"), *layer;
	const char *ref = json_str_or(entry, "Ref", "");
	autofree char *source = repository(ref), *digest = NULL;
	autofree char *full = str_printf("%s@%s", repo, json_str_or(descriptor, "digest", ""));
	const char *from = source + host_length(source) + 1;
	autojson cJSON *manifest = NULL;
	autostr struct str text = { 0 };
	cJSON *blobs = cJSON_CreateArray();
	int r = manifest_text(entry, &text, e);

	r = r ? r : json_parse(text.s, text.len, &manifest, e);
	add_blob(blobs, json_obj(manifest, "config"), from);
	cJSON_ArrayForEach(layer, json_obj(manifest, "layers"))
		add_blob(blobs, layer, from);
	if (r) {
		cJSON_Delete(blobs);
		return r;
	}
	r = put(c, full, json_str_or(descriptor, "mediaType", ""), text.s, blobs, &digest, e);
	if (r == 0)
		printf("Pushed ref %s with digest: %s\n", full, digest);
	return r;
}

static int check_platforms(const cJSON *entries, struct err *e)
{
	const cJSON *m;

	cJSON_ArrayForEach(m, entries) {
		const cJSON *platform = json_obj(json_obj(m, "Descriptor"), "platform");

		if (!*json_str_or(platform, "os", "") || !*json_str_or(platform, "architecture", ""))
			return err_set(e, EINVAL, "manifest %s must have an OS and Architecture to be pushed "
				       "to a registry", json_str_or(m, "Ref", ""));
	}
	return 0;
}

static int push(struct command *c, const char *target, struct err *e)
{
	autojson cJSON *entries = NULL;
	autofree char *repo = repository(target), *digest = NULL;
	autostr struct str text = { 0 };
	cJSON *items;
	const cJSON *m;
	int r = manifest_load_all(target, &entries, e);

	if (r == 0 && !cJSON_GetArraySize(entries))
		r = err_set(e, ENOENT, "%s not found", target);
	r = r ? r : check_platforms(entries, e);
	r = r ? r : list_items(target, entries, &items, e);
	if (r)
		return r;
	const char *type = list_text(items, &text);
	cJSON_ArrayForEach(m, entries) {
		autofree char *source = repository(json_str_or(m, "Ref", ""));

		if (r == 0 && !str_eq(source, repo))
			r = bring(c, repo, m, e);
	}
	r = r ? r : put(c, target, type, text.s, cJSON_CreateArray(), &digest, e);
	if (r == 0)
		puts(digest);
	return r;
}

static int push_verb(struct command *c)
{
	autofree char *list = NULL;
	struct err e = { 0 };
	int r = normal_name(c->opt.args[0], &list, &e);

	r = r ? r : push(c, list, &e);
	if (r == 0 && opt_on(&c->opt, "purge"))
		r = manifest_remove(list, &e);
	return r ? command_fail(c, &e) : 0;
}

/* ---- the table --------------------------------------------------------------------------- */

#define INSECURE { "insecure", 0, &opt_flag, "The registry may speak plain HTTP" }

static const struct option annotate_options[] = {
	{ "arch", 0, &opt_string, "Architecture it is for" },
	{ "os", 0, &opt_string, "Operating system it is for" },
	{ "os-features", 0, &opt_strings, "What it needs of that system" },
	{ "os-version", 0, &opt_string, "Version of that system" },
	{ "variant", 0, &opt_string, "Variant of the architecture" },
	{ 0 },
};
static const struct option create_options[] = {
	{ "amend", 'a', &opt_flag, "Add to a list that is there" }, INSECURE, { 0 },
};
static const struct option inspect_options[] = {
	INSECURE, { "verbose", 'v', &opt_flag, "Show platform and digest too" }, { 0 },
};
static const struct option push_options[] = {
	INSECURE, { "purge", 'p', &opt_flag, "Forget the list here when it is there" }, { 0 },
};

const struct verb verbs_manifest[] = {
	{ .paths = "manifest annotate", .usage = "[OPTIONS] MANIFEST_LIST MANIFEST",
	  .about = "Say more about a manifest of a list", .options = annotate_options, .min_args = 2,
	  .max_args = 2, .run = annotate_verb },
	{ .paths = "manifest create", .usage = "MANIFEST_LIST MANIFEST [MANIFEST...]",
	  .about = "Begin a list of manifests", .options = create_options, .min_args = 2,
	  .max_args = -1, .run = create_verb },
	{ .paths = "manifest inspect", .usage = "[OPTIONS] [MANIFEST_LIST] MANIFEST",
	  .about = "Show a manifest or a list", .options = inspect_options, .min_args = 1,
	  .max_args = 2, .run = inspect_verb },
	{ .paths = "manifest push", .usage = "[OPTIONS] MANIFEST_LIST",
	  .about = "Upload a list to a registry", .options = push_options, .min_args = 1,
	  .max_args = 1, .run = push_verb },
	{ .paths = "manifest rm", .usage = "MANIFEST_LIST [MANIFEST_LIST...]",
	  .about = "Forget lists that were begun", .min_args = 1, .max_args = -1, .run = rm_verb },
	{ 0 },
};
