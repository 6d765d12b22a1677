/* distribution.c - questions to a registry: docker login, docker manifest inspect. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "api/routes.h"
#include "image/image.h"
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

int distribution_inspect(struct request *r, struct err *e)
{
	cJSON *o;
	struct pull_options want = {
		.ref = r->arg[0], .mirrors = r->api->mirrors, .insecure = r->api->insecure,
		.auth = MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, "X-Registry-Auth"),
	};
	int n = image_inspect_remote(r->api->images, &want, &o, e);
	return n < 0 ? n : reply_json(r, 200, o);
}
