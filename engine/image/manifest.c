#include "image/manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"

#define MAX_LAYERS 127	/* docker's limit, which is the overlay's */

bool manifest_is_index(const char *type, const cJSON *doc)
{
	return str_eq(type, TYPE_OCI_INDEX) || str_eq(type, TYPE_DOCKER_LIST) ||
	       (cJSON_IsArray(json_obj(doc, "manifests")) && !json_obj(doc, "layers"));
}

static int read_descriptor(const cJSON *d, struct descriptor *out, struct err *e)
{
	const char *digest = json_str(d, "digest");
	int64_t size = json_int(d, "size", -1);
	if (!digest_ok(digest))
		return err_set(e, EBADMSG, "invalid manifest: unsupported digest \"%s\"",
			       digest ? digest : "");
	if (size < 0)
		return err_set(e, EBADMSG, "invalid manifest: %s has no size", digest);
	memcpy(out->digest, digest, DIGEST_TEXT);
	out->size = size;
	return 0;
}

int manifest_parse(const cJSON *doc, struct manifest *out, struct err *e)
{
	automanifest struct manifest m = { 0 };
	const cJSON *layers = json_obj(doc, "layers"), *layer;
	if (json_int(doc, "schemaVersion", 0) == 1) {
		err_set(e, EBADMSG, "invalid manifest: schema 1 images are no longer supported");
		return err_hint(e, "whoever made this image has to push it again with a newer docker");
	}
	if (!cJSON_IsArray(layers) || !cJSON_IsObject(json_obj(doc, "config")))
		return err_set(e, EBADMSG, "invalid manifest: it lists no config and layers");
	int r = read_descriptor(json_obj(doc, "config"), &m.config, e);
	if (r < 0)
		return r;
	int n = cJSON_GetArraySize(layers);
	if (n > MAX_LAYERS)
		return err_set(e, EBADMSG, "invalid manifest: more than %d layers", MAX_LAYERS);
	m.layers = mem_alloc((size_t)n * sizeof(*m.layers));
	cJSON_ArrayForEach(layer, layers) {
		r = read_descriptor(layer, &m.layers[m.n_layers++], e);
		if (r < 0)
			return r;
	}
	*out = m;
	m.layers = NULL;
	return 0;
}

void manifest_free(struct manifest *m)
{
	free(m->layers);
	*m = (struct manifest){ 0 };
}

/* ---- platforms ------------------------------------------------------------------- */

/* uname's machine -> Go's architecture and variant, which images are marked with. */
static const char *const machines[][2] = {
	{ "x86_64", "linux/amd64" }, { "aarch64", "linux/arm64" }, { "armv7l", "linux/arm/v7" },
	{ "i686", "linux/386" }, { "ppc64le", "linux/ppc64le" }, { "s390x", "linux/s390x" },
	{ "riscv64", "linux/riscv64" },
};

const char *platform_here(void)
{
	struct utsname u;
	uname(&u);
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (str_eq(machines[i][0], u.machine))
			return machines[i][1];
	return "linux/unknown";
}

bool platform_suits(const cJSON *p, const char *want)
{
	char os[32] = "", arch[32] = "", variant[32] = "";
	if (!strchr(want, '/'))
		return str_eq(json_str(p, "architecture"), want) || str_eq(json_str(p, "os"), want);
	sscanf(want, "%31[^/]/%31[^/]/%31s", os, arch, variant);
	const char *has = json_str_or(p, "variant", "");
	return str_eq(json_str(p, "os"), os) && str_eq(json_str(p, "architecture"), arch) &&
	       (!*variant || !*has || str_eq(has, variant));
}

int index_choose(const cJSON *index, const char *platform, struct descriptor *out, struct err *e)
{
	const char *want = platform && *platform ? platform : platform_here();
	const cJSON *m;
	cJSON_ArrayForEach(m, json_obj(index, "manifests"))
		if (platform_suits(json_obj(m, "platform"), want))
			return read_descriptor(m, out, e);
	err_http(e, 404, ENOEXEC, "no matching manifest for %s in the manifest list entries", want);
	return err_hint(e, "the image exists, but not for this kind of machine");
}

/* ---- writing --------------------------------------------------------------------- */

cJSON *descriptor_json(const struct descriptor *d, const char *type)
{
	cJSON *j = cJSON_CreateObject();
	json_put_str(j, "mediaType", type);
	json_put_int(j, "size", d->size);
	json_put_str(j, "digest", d->digest);
	return j;
}

char *manifest_write(const struct manifest *m)
{
	autojson cJSON *j = cJSON_CreateObject();
	cJSON *layers = cJSON_CreateArray();
	json_put_int(j, "schemaVersion", 2);
	json_put_str(j, "mediaType", TYPE_DOCKER_MANIFEST);
	json_put(j, "config", descriptor_json(&m->config, TYPE_DOCKER_CONFIG));
	for (size_t i = 0; i < m->n_layers; i++)
		cJSON_AddItemToArray(layers, descriptor_json(&m->layers[i], TYPE_DOCKER_LAYER));
	json_put(j, "layers", layers);
	return cJSON_Print(j);
}
