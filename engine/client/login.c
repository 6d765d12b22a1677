/* login.c - docker login, logout, search. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "client/config.h"
#include "client/credentials.h"
#include "client/listing.h"
#include "client/rows.h"
#include "client/url.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/json.h"

#define INFO "\n Info -> To login with a different account, run 'docker logout' followed by " \
	     "'docker login'\n\n\n"

/* ---- asking ---------------------------------------------------------------------------- */

static int read_line(bool echo, char **out, struct err *e)
{
	struct termios was, quiet;
	size_t cap = 0;
	char *line = NULL;
	bool hidden = !echo && tcgetattr(STDIN_FILENO, &was) == 0;

	fflush(stdout);
	if (hidden) {
		quiet = was;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	ssize_t n = getline(&line, &cap, stdin);
	if (hidden) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
		puts("");
	}
	if (n < 0) {
		free(line);
		return err_set(e, errno == EINTR ? EINTR : EIO, "EOF");
	}
	line[strcspn(line, "\r\n")] = '\0';
	*out = line;
	return 0;
}

static int ask_user(const char *known, char **out, struct err *e)
{
	if (known)
		printf("Username (%s): ", known);
	else
		printf("Username: ");
	int r = read_line(true, out, e);
	if (r || **out || !known)
		return r ? r : **out ? 0 : err_set(e, EINVAL, "Error: Non-null Username Required");
	free(*out);
	*out = str_dup(known);
	return 0;
}

static int ask(struct credentials *c, const char *known, struct err *e)
{
	int r = 0;

	if (!isatty(STDIN_FILENO))
		return err_set(e, EINVAL, "Error: Cannot perform an interactive login from a non TTY device");
	if (!c->user)
		r = ask_user(known, &c->user, e);
	if (r || c->password)
		return r;
	printf("Password: ");
	r = read_line(false, &c->password, e);
	return r ? r : *c->password ? 0 : err_set(e, EINVAL, "Error: Password Required");
}

static int password_from_stdin(char **out, struct err *e)
{
	struct str text = { 0 };
	char buf[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, buf, sizeof(buf))) > 0)
		str_addn(&text, buf, (size_t)n);
	explicit_bzero(buf, sizeof(buf));
	*out = str_take(&text);
	(*out)[strcspn(*out, "\r\n")] = '\0';
	return n < 0 ? err_sys(e, errno, "read standard input") : **out ? 0
		: err_set(e, EINVAL, "password is empty");
}

/* What the options say, with NULL for what they don't. */
static int from_options(const struct options *o, struct credentials *c, struct err *e)
{
	const char *user = opt_text(o, "username"), *password = opt_text(o, "password");
	bool piped = opt_on(o, "password-stdin");

	if (user && !*user)
		return err_set(e, EINVAL, "username is empty");
	if (password && piped)
		return err_set(e, EINVAL,
			       "conflicting options: cannot specify both --password and --password-stdin");
	if (password && !*password)
		return err_set(e, EINVAL, "password is empty");
	if (piped && !user)
		return err_set(e, EINVAL, "the --password-stdin option requires --username to be set");
	if (password)
		fputs("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n", stderr);
	c->user = str_dup(user);
	c->password = str_dup(password);
	return piped ? password_from_stdin(&c->password, e) : 0;
}

static char *key_asked_for(const struct command *c)
{
	return credentials_key(c->opt.n_args ? c->opt.args[0] : NULL);
}

/* ---- login ----------------------------------------------------------------------------- */

/* Asks the daemon, which asks the registry; the token that it may give replaces the
 * password. */
static int try_login(struct command *c, struct credentials *who, char **status, struct err *e)
{
	autojson cJSON *body = cJSON_CreateObject();
	struct http_answer a = { 0 };
	struct http *h;
	int r = command_http(c, &h, e);

	if (r)
		return r;
	json_put_str(body, "username", who->user);
	if (who->identity && *who->identity)
		json_put_str(body, "identitytoken", who->identity);
	else
		json_put_str(body, "password", who->password);
	json_put_str(body, "serveraddress", who->server);
	r = http_call(h, "POST", "/auth", body, &a, e);
	if (r)
		return r;
	const char *identity = json_str_or(a.json, "IdentityToken", "");
	if (*identity || !who->identity) {
		free(who->identity);
		who->identity = str_dup(identity);
	}
	*status = str_dup(json_str_or(a.json, "Status", "Login Succeeded"));
	http_answer_free(&a);
	return 0;
}

static int keep(const struct credentials *who, struct err *e)
{
	bool plain;
	int r = credentials_store(who, &plain, e);

	if (r)
		return err_wrap(e, "Error saving credentials");
	if (plain) {
		autofree char *path = config_path();

		fprintf(stderr, "\nWARNING! Your credentials are stored unencrypted in '%s'.\n"
			"Configure a credential helper to remove this warning. See\n"
			"https://docs.docker.com/go/credential-store/\n\n", path);
	}
	return 0;
}

static int finish(struct command *c, struct credentials *who, struct err *e)
{
	autofree char *status = NULL;
	int r = try_login(c, who, &status, e);

	r = r ? r : keep(who, e);
	if (r)
		return r;
	puts(status);
	return 0;
}

/* With what was stored before; 1: that isn't enough, or not right any more. */
static int with_stored(struct command *c, struct credentials *known)
{
	struct err e = { 0 };

	if (!*known->user && !*known->identity)
		return 1;
	fprintf(stderr, "Authenticating with existing credentials...");
	if (*known->user)
		fprintf(stderr, " [Username: %s]", known->user);
	fprintf(stderr, "\n" INFO);
	if (finish(c, known, &e) == 0)
		return 0;
	fprintf(stderr, "Login did not succeed, error: %s\n", e.what);
	return 1;
}

static int login(struct command *c, struct err *e)
{
	autocredentials struct credentials who = { 0 }, known = { 0 };
	int r = from_options(&c->opt, &who, e);

	if (r)
		return r;
	who.server = key_asked_for(c);
	r = who.user ? 0 : credentials_get(who.server, &known, e);
	if (r)
		return r;
	if (!who.user && !who.password && with_stored(c, &known) == 0)
		return 0;
	if (!who.user || !who.password)
		r = ask(&who, known.user && *known.user ? known.user : NULL, e);
	return r ? r : finish(c, &who, e);
}

static int login_verb(struct command *c)
{
	struct err e = { 0 };

	return login(c, &e) ? command_fail(c, &e) : 0;
}

/* ---- logout ---------------------------------------------------------------------------- */

static int logout_verb(struct command *c)
{
	autofree char *key = key_asked_for(c);
	struct err e = { 0 };

	printf("Removing login credentials for %s\n", key);
	fflush(stdout);
	if (credentials_erase(key, &e))
		fprintf(stderr, "WARNING: could not erase credentials:\n%s: %s\n", key, e.what);
	return 0;
}

/* ---- search ---------------------------------------------------------------------------- */

static const struct column search_columns[] = {
	{ "Name", "NAME" }, { "Description", "DESCRIPTION" }, { "StarCount", "STARS" },
	{ "IsOfficial", "OFFICIAL" }, { 0 },
};
static const struct listing search_listing = {
	"*formatter.searchContext", "{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}",
	search_columns,
};

static void search_rows(const cJSON *answer, const struct options *o, cJSON *rows)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, answer) {
		cJSON *row = cJSON_CreateObject();
		autofree char *stars = str_printf("%lld", (long long)json_int(one, "star_count", 0));

		json_put_str(row, "Name", json_str_or(one, "name", ""));
		json_put_str(row, "Description", json_str_or(one, "description", ""));
		json_put_str(row, "StarCount", stars);
		json_put_str(row, "IsOfficial", json_bool(one, "is_official") ? "[OK]" : "");
		cJSON_AddItemToArray(rows, row);
	}
}

static int search_verb(struct command *c)
{
	autostr struct str path = { 0 };

	url_path(&path, "/images/search", NULL, "");
	url_add(&path, "term", c->opt.args[0]);
	if (opt_given(&c->opt, "limit"))
		url_int(&path, "limit", opt_number(&c->opt, "limit"));
	return listing_filtered(c, path.s, &search_listing, NULL, search_rows);
}

/* ---- tables ---------------------------------------------------------------------------- */

static const struct option login_options[] = {
	{ "password", 'p', &opt_string, "Password, for all to see in the list of processes" },
	{ "password-stdin", 0, &opt_flag, "Take the password from standard input" },
	{ "username", 'u', &opt_string, "User name" },
	{ 0 },
};

static const struct option search_options[] = {
	{ "filter", 'f', &opt_filter, "Show only what fits (\"is-official=true\", \"stars=3\")" },
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "limit", 0, &opt_int, "Show so many at the most" },
	{ "no-trunc", 0, &opt_flag, "Show whole descriptions" },
	{ 0 },
};

const struct verb verbs_login[] = {
	{ .paths = "login", .usage = "[OPTIONS] [SERVER]", .about = "Log in to a registry",
	  .options = login_options, .max_args = 1, .common = 8, .run = login_verb },
	{ .paths = "logout", .usage = "[SERVER]", .about = "Forget the login to a registry",
	  .max_args = 1, .common = 9, .run = logout_verb },
	{ .paths = "search", .usage = "[OPTIONS] TERM", .about = "Search Docker Hub for images",
	  .options = search_options, .min_args = 1, .max_args = 1, .common = 10,
	  .run = search_verb },
	{ 0 },
};
