/* distribution.c - questions to a registry: docker login, docker manifest inspect. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "api/routes.h"
#include "image/digest.h"
#include "image/image.h"
#include "image/reference.h"
#include "registry/client.h"

/* "https://index.docker.io/v1/" and nothing at all mean Docker Hub; else the host. */
static char *registry_domain(const char *address)
{
	const char *host = strstr(address, "://");
	host = host ? host + 3 : address;
	size_t n = strcspn(host, "/");
	bool hub = n == 0 || (n == 15 && strncmp(host, "index.docker.io", n) == 0);
	return hub ? str_dup("docker.io") : strndup(host, n);
}

/* What `docker login` sends is what X-Registry-Auth carries in base64. */
static char *encode(const cJSON *o)
{
	autofree char *text = json_line(o);
	size_t n = strlen(text);
	char *out = mem_alloc(n * 4 / 3 + 8);
	EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text, (int)n);
	return out;
}

int system_auth(struct request *r, struct err *e)
{
	const char *address = "", *user = "", *password = "", *identity = "";
	bool maybe_tls;
	int n;
	if (!r->json)
		return err_set(e, EINVAL, "invalid JSON: got EOF while reading request body");
	if ((n = json_want_str(r->json, "serveraddress", &address, e)) < 0 ||
	    (n = json_want_str(r->json, "username", &user, e)) < 0 ||
	    (n = json_want_str(r->json, "password", &password, e)) < 0 ||
	    (n = json_want_str(r->json, "identitytoken", &identity, e)) < 0)
		return n;
	autofree char *domain = registry_domain(address), *auth = encode(r->json);
	autofree char *url = registry_url(domain, r->api->insecure, &maybe_tls);
	struct registry_target t = { .url = url, .repository = "", .auth = auth,
				     .maybe_tls = maybe_tls };
	autofree char *given = NULL;
	if ((n = registry_login(&t, &given, e)) < 0)
		return n;
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "Status", "Login Succeeded");
	json_put_str(o, "IdentityToken", given ? given : "");
	return reply_json(r, 200, o);
}

/* What the registry of the name says. */
static int inspect(struct request *r, cJSON **out, struct err *e)
{
	autoreference struct reference ref = { 0 };
	char **insecure = strv_dup(r->api->insecure);
	struct pull_options want = {
		.ref = r->arg[0], .mirrors = r->api->mirrors,
		.auth = MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, "X-Registry-Auth"),
	};
	int n = reference_parse(r->arg[0], &ref, e);
	if (n == 0 && query_bool(r, "insecure"))
		strv_add(&insecure, ref.domain);
	want.insecure = insecure;
	n = n < 0 ? n : image_inspect_remote(r->api->images, &want, out, e);
	strv_free(insecure);
	return n;
}

int distribution_inspect(struct request *r, struct err *e)
{
	cJSON *o;
	int n = inspect(r, &o, e);
	if (n < 0)
		return n;
	cJSON_DeleteItemFromObjectCaseSensitive(o, "Raw");
	return reply_json(r, 200, o);
}

/* -- docker manifest: the client's side of it needs no registry client of its own ----- */

int drydock_manifest(struct request *r, struct err *e)
{
	cJSON *o;
	int n = inspect(r, &o, e);
	return n < 0 ? n : reply_json(r, 200, o);
}

/* [{"digest","from"}]: blobs that the manifest names, and where the registry has them. */
static int mount_blobs(struct registry *to, const cJSON *blobs, const char *target, struct err *e)
{
	const cJSON *b;
	int n = 0;
	cJSON_ArrayForEach(b, blobs) {
		const char *digest = json_str_or(b, "digest", ""), *from = json_str_or(b, "from", "");
		if (!digest_ok(digest) || !reference_path_ok(from))
			return err_set(e, EINVAL, "invalid blob \"%s\" of \"%s\"", digest, from);
		if ((n = registry_blob_has(to, digest, e)) == 0 &&
		    (n = registry_blob_mount(to, digest, from, e)) == 0)
			return err_set(e, ENODATA, "error mounting %s@%s to %s", from, digest, target);
		if (n < 0)
			return n;
	}
	return 0;
}

static int put_manifest(struct request *r, const struct reference *ref, const char *text,
			struct err *e)
{
	autoregistry struct registry *to = NULL;
	char **insecure = strv_dup(r->api->insecure);
	struct registry_target t = {
		.repository = ref->path, .push = true,
		.auth = MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, "X-Registry-Auth"),
	};
	if (query_bool(r, "insecure"))
		strv_add(&insecure, ref->domain);
	autofree char *url = registry_url(ref->domain, insecure, &t.maybe_tls);
	t.url = url;
	strv_free(insecure);
	int n = registry_open(&t, &to, e);
	n = n < 0 ? n : mount_blobs(to, json_obj(r->json, "blobs"), r->arg[0], e);
	return n < 0 ? n : registry_manifest_put(to, ref->digest ? ref->digest : ref->tag,
						 json_str_or(r->json, "mediaType", ""), text, e);
}

/* {"mediaType","manifest":"TEXT","blobs":[…]} under the name. */
int drydock_push_manifest(struct request *r, struct err *e)
{
	autoreference struct reference ref = { 0 };
	const char *text = json_str_or(r->json, "manifest", "");
	char digest[DIGEST_TEXT];
	int n = reference_parse(r->arg[0], &ref, e);
	if (n == 0 && (!*text || !json_str(r->json, "mediaType")))
		n = err_set(e, EINVAL, "a manifest and its mediaType are needed");
	digest_of(text, strlen(text), digest);
	if (n == 0 && ref.digest && !str_eq(ref.digest, digest))
		n = err_set(e, EINVAL, "the manifest's digest is %s, not %s", digest, ref.digest);
	n = n < 0 ? n : put_manifest(r, &ref, text, e);
	if (n < 0)
		return n;
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "Digest", digest);
	return reply_json(r, 201, o);
}
