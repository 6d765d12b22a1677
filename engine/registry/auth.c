#include "registry/auth.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base64.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/str.h"

#define CLIENT_ID "drydock"
#define TOKEN_LIMIT (256u << 10)	/* tokens are a few KiB; some carry long claims */

int auth_parse(const char *header, struct auth *out, struct err *e)
{
	autostr struct str text = { 0 };
	autojson cJSON *j = NULL;
	*out = (struct auth){ 0 };
	if (!header || !*header)
		return 0;
	if (*header == '{')
		str_add(&text, header);
	else if (base64_decode(header, &text) < 0)
		return err_http(e, 400, EINVAL, "X-Registry-Auth is not base64");
	if (text.len == 0)
		return 0;
	int r = json_parse(text.s, text.len, &j, e);
	if (r < 0)
		return err_wrap(e, "X-Registry-Auth");
	const char *user = json_str_or(j, "username", ""), *id = json_str_or(j, "identitytoken", "");
	const char *token = json_str_or(j, "registrytoken", "");
	if (*user) {
		out->user = str_dup(user);
		out->password = str_dup(json_str_or(j, "password", ""));
	}
	out->identity = *id ? str_dup(id) : NULL;
	out->bearer = *token ? str_dup(token) : NULL;
	return 0;
}

int auth_parse_all(const char *header, cJSON **out, struct err *e)
{
	autostr struct str text = { 0 };
	if (header && base64_decode(header, &text) < 0)
		return err_http(e, 400, EINVAL, "X-Registry-Config is not base64");
	if (text.len)
		return json_parse(text.s, text.len, out, e);
	*out = cJSON_CreateObject();
	return 0;
}

/* Docker Hub's has a name of its own in docker's files; others may be URLs. */
char *auth_for(const cJSON *all, const char *domain)
{
	const char *wanted = str_eq(domain, "docker.io") ? "index.docker.io" : domain;
	const cJSON *one;
	cJSON_ArrayForEach(one, all) {
		const char *scheme = strstr(one->string, "://");
		const char *host = scheme ? scheme + 3 : one->string;
		size_t n = strcspn(host, "/");
		if (strlen(wanted) == n && !strncmp(host, wanted, n))
			return json_line(one);
	}
	return NULL;
}

void auth_free(struct auth *a)
{
	free(a->user);
	free(a->password);
	free(a->identity);
	free(a->bearer);
	free(a->refresh);
	*a = (struct auth){ 0 };
}

char *auth_parameter(const char *challenge, const char *name)
{
	size_t n = strlen(name);
	for (const char *s = challenge; (s = strcasestr(s, name)); s += n) {
		if ((s > challenge && !strchr(" ,", s[-1])) || s[n] != '=')
			continue;
		const char *v = s + n + 1;
		if (*v == '"')
			return strndup(v + 1, strcspn(v + 1, "\""));
		return strndup(v, strcspn(v, ", "));
	}
	return NULL;
}

static void add_query(struct str *url, const char *name, const char *value)
{
	char *safe = value ? curl_easy_escape(NULL, value, 0) : NULL;
	if (safe && *safe)
		str_addf(url, "%s%s=%s", url->s && strchr(url->s, '?') ? "&" : "?", name, safe);
	curl_free(safe);
}

void auth_outgrown(struct auth *a)
{
	if (a->bought)
		free(steal_ptr(a->bearer));
}

/* A password, or nothing, is sent with a GET: one `scope` for each. */
static int ask_by_password(struct auth *a, struct fetch_pool *p, const char *realm,
			   const char *service, char *const *scopes, struct fetch_request *q,
			   struct fetch **f, struct err *e)
{
	autostr struct str url = { 0 };
	str_add(&url, realm);
	add_query(&url, "service", service);
	for (; *scopes; scopes++)
		add_query(&url, "scope", *scopes);
	add_query(&url, "account", a->user);
	if (a->lasting) {
		add_query(&url, "client_id", CLIENT_ID);
		add_query(&url, "offline_token", "true");
	}
	q->method = "GET";
	q->url = url.s;
	q->user = a->user;
	q->password = a->password;
	return fetch_open(p, q, f, e);
}

/* A refresh token is exchanged by POST, as OAuth 2 has it (RFC 6749, section 6): the
 * scopes are one parameter there, with spaces between them. */
static int ask_by_identity(struct auth *a, struct fetch_pool *p, const char *realm,
			   const char *service, char *const *scopes, struct fetch_request *q,
			   struct fetch **f, struct err *e)
{
	autostr struct str form = { 0 }, all = { 0 };
	for (; *scopes; scopes++)
		str_addf(&all, "%s%s", all.len ? " " : "", *scopes);
	add_query(&form, "grant_type", "refresh_token");
	add_query(&form, "service", service);
	add_query(&form, "scope", all.s);
	add_query(&form, "client_id", CLIENT_ID);
	add_query(&form, "refresh_token", a->identity);
	q->method = "POST";
	q->url = realm;
	q->body = form.s + 1;	/* behind the "?" of a query */
	int r = fetch_open(p, q, f, e);
	explicit_bzero(form.s, form.len);
	return r;
}

static int ask(struct auth *a, struct fetch_pool *p, const char *realm, const char *service,
	       char *const *scopes, const struct fetch_request *like, struct fetch **f, struct err *e)
{
	struct fetch_request q = { .stop = like->stop, .arg = like->arg, .trust = like->trust };
	return (a->identity ? ask_by_identity : ask_by_password)(a, p, realm, service, scopes, &q,
								 f, e);
}

static int read_token(struct auth *a, struct fetch *f, struct err *e)
{
	autofree char *text = NULL;
	autojson cJSON *j = NULL;
	size_t len;
	if (f->status == 401 || f->status == 403)
		return err_http(e, 401, EACCES, a->user ? "unauthorized: incorrect username or password"
				: "denied: requested access to the resource is denied");
	int r = stream_whole(&f->s, TOKEN_LIMIT, &text, &len, e);
	if (r < 0)
		return r;
	if (f->status != 200 || json_parse(text, len, &j, NULL) < 0)
		return err_set(e, EPROTO, "the token server answered nonsense (HTTP %d)", f->status);
	const char *token = json_str_or(j, "token", json_str_or(j, "access_token", ""));
	if (!*token)
		return err_set(e, EPROTO, "authorization server did not include a token in the "
			       "response");
	free(a->bearer);
	a->bearer = str_dup(token);
	a->bought = true;
	if (json_str(j, "refresh_token")) {
		free(a->refresh);
		a->refresh = str_dup(json_str(j, "refresh_token"));
	}
	return 0;
}

int auth_answer(struct auth *a, struct fetch_pool *p, const char *challenge,
		char *const *scopes, const struct fetch_request *q, struct err *e)
{
	autofetch struct fetch *f = NULL;
	if (!challenge)
		return err_set(e, EACCES, "unauthorized: authentication required");
	if (strncasecmp(challenge, "Basic", 5) == 0) {
		if (!a->user || a->basic)
			return err_http(e, 401, EACCES, a->user
					? "unauthorized: incorrect username or password"
					: "no basic auth credentials");
		a->basic = true;
		return 0;
	}
	autofree char *realm = auth_parameter(challenge, "realm");
	autofree char *service = auth_parameter(challenge, "service");
	if (strncasecmp(challenge, "Bearer", 6) != 0 || !realm)
		return err_set(e, EPROTO, "unknown authentication: %s", challenge);
	int r = ask(a, p, realm, service, scopes, q, &f, e);
	return r < 0 ? r : read_token(a, f, e);
}
