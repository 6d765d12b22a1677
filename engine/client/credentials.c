#include "client/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/config.h"
#include "core/base64.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "core/str.h"

#define TOKEN_USER "<token>"	/* a helper's user name beside an identity token */
#define NOT_FOUND "credentials not found in native keychain"	/* all helpers' words */

extern char **environ;

static void forget(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

void credentials_free(struct credentials *c)
{
	free(c->server);
	free(c->user);
	forget(&c->password);
	forget(&c->identity);
	*c = (struct credentials){ 0 };
}

char *credentials_key(const char *server)
{
	const char *host = server ? strstr(server, "://") : NULL;

	host = host ? host + 3 : server ? server : "";
	autofree char *name = strndup(host, strcspn(host, "/"));
	bool hub = !*name || str_eq(name, "docker.io") || str_eq(name, "index.docker.io") ||
		   str_eq(name, "registry-1.docker.io");
	return hub ? str_dup(HUB_KEY) : steal_ptr(name);
}

/* ---- helpers ------------------------------------------------------------------------- */

static const char *helper_for(const cJSON *config, const char *key)
{
	const char *own = json_str(json_obj(config, "credHelpers"), key);

	return own ? own : json_str_or(config, "credsStore", "");
}

static void read_all(int fd, struct str *out)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		str_addn(out, buf, n > 0 ? (size_t)n : 0);
	str_add(out, "");
}

/* Its input is far smaller than a pipe: written before anybody reads. */
static int start(char *const *argv, const char *input, pid_t *pid, int *from)
{
	posix_spawn_file_actions_t acts;
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return -errno;
	}
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_adddup2(&acts, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&acts, out[1], STDOUT_FILENO);
	int r = posix_spawnp(pid, argv[0], &acts, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&acts);
	if (r == 0)
		write_all(in[1], input, strlen(input));
	close(in[0]);
	close(in[1]);
	close(out[1]);
	if (r)
		close(out[0]);
	else
		*from = out[0];
	return -r;
}

/* `docker-credential-NAME verb`; doing: "storing", for the message. */
static int run_helper(const char *name, const char *verb, const char *doing, const char *input,
		      struct str *out, struct err *e)
{
	autofree char *program = str_printf("docker-credential-%s", name);
	char *argv[] = { program, (char *)(uintptr_t)verb, NULL };
	int status = 0, from = -1;
	pid_t pid;
	int r = start(argv, input, &pid, &from);

	if (r == -ENOENT)
		return err_set(e, ENOENT, "error %s credentials - err: exec: \"%s\": executable file not "
			       "found in $PATH, out: ``", doing, program);
	if (r)
		return err_set(e, -r, "error %s credentials - err: %s: %s, out: ``", doing, program,
			       strerror(-r));
	read_all(from, out);
	close(from);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status == 0)
		return 0;
	out->s[strcspn(out->s, "\n")] = '\0';
	return err_set(e, EIO, "error %s credentials - err: exit status %d, out: `%s`", doing,
		       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out->s);
}

static int helper_get(const char *name, struct credentials *out, struct err *e)
{
	autostr struct str said = { 0 };
	autojson cJSON *j = NULL;
	int r = run_helper(name, "get", "getting", out->server, &said, e);

	if (r < 0 && said.s && strstr(said.s, NOT_FOUND))
		return 0;
	if (!r)
		r = json_parse(said.s, said.len, &j, e);
	if (!r) {
		const char *user = json_str_or(j, "Username", "");
		bool token = str_eq(user, TOKEN_USER);

		out->user = str_dup(token ? "" : user);
		*(token ? &out->identity : &out->password) = str_dup(json_str_or(j, "Secret", ""));
	}
	if (said.s)
		explicit_bzero(said.s, said.cap);
	return r;
}

static int helper_store(const char *name, const struct credentials *c, struct err *e)
{
	autojson cJSON *j = cJSON_CreateObject();
	autostr struct str said = { 0 };

	json_put_str(j, "ServerURL", c->server);
	json_put_str(j, "Username", *c->identity ? TOKEN_USER : c->user);
	json_put_str(j, "Secret", *c->identity ? c->identity : c->password);
	autofree char *text = json_line(j);
	int r = run_helper(name, "store", "storing", text, &said, e);
	explicit_bzero(text, strlen(text));
	return r;
}

/* ---- config.json's own ----------------------------------------------------------------- */

/* The entry under the key, or under a URL of the same host, as older clients wrote it. */
static cJSON *find_entry(const cJSON *auths, const char *key)
{
	cJSON *item = json_obj(auths, key);

	if (item)
		return item;
	cJSON_ArrayForEach(item, auths) {
		autofree char *other = credentials_key(item->string);

		if (str_eq(other, key))
			return item;
	}
	return NULL;
}

/* "auth" is base64 of user:password; older files have the two in the clear. */
static void file_get(const cJSON *config, struct credentials *out)
{
	const cJSON *entry = find_entry(json_obj(config, "auths"), out->server);
	autostr struct str pair = { 0 };
	char *colon = NULL;

	if (base64_decode(json_str_or(entry, "auth", ""), &pair) == 0 && pair.s)
		colon = strchr(pair.s, ':');
	if (colon) {
		*colon = '\0';
		out->user = str_dup(pair.s);
		out->password = str_dup(colon + 1);
	} else {
		out->user = str_dup(json_str_or(entry, "username", ""));
		out->password = str_dup(json_str_or(entry, "password", ""));
	}
	out->identity = str_dup(json_str_or(entry, "identitytoken", ""));
	if (pair.s)
		explicit_bzero(pair.s, pair.cap);
}

static int file_store(cJSON *config, const struct credentials *c, bool *plain, struct err *e)
{
	autofree char *pair = str_printf("%s:%s", c->user, *c->identity ? "" : c->password);
	autofree char *text = base64_encode(pair, strlen(pair), false);
	autojson cJSON *entry = cJSON_CreateObject();

	explicit_bzero(pair, strlen(pair));
	json_put_str(entry, "auth", text);
	if (*c->identity)
		json_put_str(entry, "identitytoken", c->identity);
	cJSON *auths = json_obj(config, "auths");
	if (!cJSON_IsObject(auths)) {
		cJSON_DeleteItemFromObjectCaseSensitive(config, "auths");
		auths = cJSON_AddObjectToObject(config, "auths");
	}
	if (cJSON_Compare(json_obj(auths, c->server), entry, true))
		return 0;
	cJSON_DeleteItemFromObjectCaseSensitive(auths, c->server);
	json_put(auths, c->server, steal_ptr(entry));
	*plain = true;
	return config_save(config, e);
}

/* ---- the whole ------------------------------------------------------------------------- */

int credentials_get(const char *key, struct credentials *out, struct err *e)
{
	autojson cJSON *config = config_load();
	autocredentials struct credentials c = { .server = str_dup(key) };
	const char *helper = helper_for(config, key);
	char **const all[] = { &c.user, &c.password, &c.identity };
	int r = 0;

	if (*helper)
		r = helper_get(helper, &c, e);
	else
		file_get(config, &c);
	if (r)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!*all[i])
			*all[i] = str_dup("");
	*out = c;
	c = (struct credentials){ 0 };
	return 0;
}

int credentials_store(const struct credentials *c, bool *plain, struct err *e)
{
	autojson cJSON *config = config_load();
	const char *helper = helper_for(config, c->server);

	*plain = false;
	return *helper ? helper_store(helper, c, e) : file_store(config, c, plain, e);
}

int credentials_erase(const char *key, struct err *e)
{
	autojson cJSON *config = config_load();
	const char *helper = helper_for(config, key);
	autostr struct str said = { 0 };
	cJSON *auths = json_obj(config, "auths"), *entry = find_entry(auths, key);
	int r = *helper ? run_helper(helper, "erase", "erasing", key, &said, e) : 0;

	if (!entry)
		return r;
	cJSON_Delete(cJSON_DetachItemViaPointer(auths, entry));
	int saved = config_save(config, r ? NULL : e);
	return r ? r : saved;
}

/* What the daemon is told about one registry; NULL: we are nobody there. */
static cJSON *introduction(const char *key)
{
	autocredentials struct credentials c = { 0 };

	if (credentials_get(key, &c, NULL) < 0 || (!*c.user && !*c.identity))
		return NULL;
	cJSON *j = cJSON_CreateObject();
	json_put_str(j, "username", c.user);
	json_put_str(j, *c.identity ? "identitytoken" : "password",
		     *c.identity ? c.identity : c.password);
	json_put_str(j, "serveraddress", c.server);
	return j;
}

static void send_once(struct http *h, const char *name, const cJSON *j)
{
	autofree char *text = json_line(j);
	char *header = base64_encode(text, strlen(text), true);

	http_header_once(h, name, header);
	explicit_bzero(text, strlen(text));
	forget(&header);
}

void credentials_introduce(struct http *h, const char *full_name)
{
	autofree char *domain = strndup(full_name, strcspn(full_name, "/"));
	autofree char *key = credentials_key(domain);
	autojson cJSON *j = introduction(key);

	if (j)
		send_once(h, "X-Registry-Auth", j);
}

void credentials_introduce_all(struct http *h)
{
	static const char *const lists[] = { "auths", "credHelpers" };
	autojson cJSON *config = config_load(), *all = cJSON_CreateObject();
	const cJSON *one;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		cJSON_ArrayForEach(one, json_obj(config, lists[i])) {
			autofree char *key = credentials_key(one->string);
			cJSON *j = json_obj(all, key) ? NULL : introduction(key);
			if (j)
				json_put(all, key, j);
		}
	}
	if (all->child)
		send_once(h, "X-Registry-Config", all);
}
