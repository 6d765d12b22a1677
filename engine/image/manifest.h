/* manifest.h - the documents between a name and its layers (OCI image-spec
 * manifest.md and image-index.md; Docker's schema 2 differs in its media types only). */
#ifndef DRYDOCK_IMAGE_MANIFEST_H
#define DRYDOCK_IMAGE_MANIFEST_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "image/digest.h"

#define TYPE_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define TYPE_OCI_INDEX       "application/vnd.oci.image.index.v1+json"
#define TYPE_OCI_CONFIG      "application/vnd.oci.image.config.v1+json"
#define TYPE_OCI_LAYER_GZIP  "application/vnd.oci.image.layer.v1.tar+gzip"
#define TYPE_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define TYPE_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define TYPE_DOCKER_CONFIG   "application/vnd.docker.container.image.v1+json"
#define TYPE_DOCKER_LAYER    "application/vnd.docker.image.rootfs.diff.tar.gzip"

struct descriptor { char digest[DIGEST_TEXT]; int64_t size; };

struct manifest {
	struct descriptor config;
	struct descriptor *layers;	/* base first; owned */
	size_t n_layers;
};

/* Is it a list of manifests for several platforms?  By its type, or its fields. */
bool manifest_is_index(const char *type, const cJSON *doc);
/* EBADMSG, and what is wrong, for a document that is no schema 2 manifest. */
int manifest_parse(const cJSON *doc, struct manifest *out, struct err *e);
void manifest_free(struct manifest *m);
#define automanifest __attribute__((cleanup(manifest_free)))

/* The entry for a platform ("linux/arm64/v8"; NULL: this machine's).  ENOEXEC with
 * docker's words. */
int index_choose(const cJSON *index, const char *platform, struct descriptor *out, struct err *e);
/* Does what {"os","architecture","variant"} describes fit "linux/arm64/v8", or a part of
 * it?  A variant that is not asked for, or not named, doesn't matter. */
bool platform_suits(const cJSON *described, const char *want);
const char *platform_here(void);	/* "linux/amd64" */

/* {"mediaType","size","digest"}; owned by the caller. */
cJSON *descriptor_json(const struct descriptor *d, const char *type);
/* A schema 2 manifest of these blobs as text; the caller frees. */
char *manifest_write(const struct manifest *m);

#endif
