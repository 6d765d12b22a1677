/* swarm.c - the groups of what one host has none of: swarms, plugins, checkpoints, signed
 * names.
 *
 * The daemon is asked what docker's client asks it, and its refusal is the answer, so that
 * a script that only looks whether there is a swarm learns it.  Options change nothing in
 * that and are not looked at (verb.h: any_options).  Docker shows most of these verbs only
 * to a node of a swarm, and so do we.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/listing.h"
#include "client/rows.h"
#include "client/url.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/json.h"

/* The verb's "GET /nodes/{}" with arg in it; arg may be NULL. */
static int ask_of(struct command *c, struct http *h, const char *arg, struct err *e)
{
	const char *route = c->verb->route, *space = strchr(route, ' '), *hole = strstr(route, "{}");
	autofree char *method = strndup(route, (size_t)(space - route));
	autofree char *before = hole ? strndup(space + 1, (size_t)(hole - space - 1))
				     : str_dup(space + 1);

	return url_call(h, method, before, hole ? arg : NULL, hole ? hole + 2 : "", NULL, NULL, e);
}

/* Asked once, for the first argument if the route has room for one. */
static int ask(struct command *c)
{
	struct err e = { 0 };
	struct http *h;

	if (command_http(c, &h, &e) || ask_of(c, h, c->opt.n_args ? c->opt.args[0] : "self", &e))
		return command_fail(c, &e);
	return 0;
}

/* What was found before the refusal: nothing. */
static int ask_inspect(struct command *c)
{
	puts("[]");
	return ask(c);
}

static int only_experimental(struct command *c)
{
	fprintf(stderr, "docker %s is only supported on a Docker daemon with experimental features "
		"enabled\n", c->path);
	return 1;
}

/* ---- those that docker's client answers itself ------------------------------------- */

static int unlock(struct command *c)
{
	fputs("Error: This node is not part of a swarm\n", stderr);
	return 1;
}

/* Docker says first what it was about. */
static int unlock_key(struct command *c)
{
	fputs("could not fetch unlock key: ", stderr);
	return ask(c);
}

static int join_token(struct command *c)
{
	const char *role = c->opt.args[0];

	if (str_eq(role, "worker") || str_eq(role, "manager"))
		return ask(c);
	fprintf(stderr, "unknown role %s\n", role);
	return 1;
}

/* Without a word of what to change it shows how it is used. */
static int change(struct command *c)
{
	if (c->n_words)
		return ask(c);
	help_verb(c->verb, c->path);
	return 0;
}

static int no_compose(struct command *c)
{
	fputs("this client reads no Compose files\n"
	      "Hint: stacks are for swarms; `docker run` and networks do the same on one host\n", stderr);
	return 1;
}

static int no_trust(struct command *c)
{
	fputs("this client knows no content trust\nHint: images are checked by digest here\n", stderr);
	return 1;
}

static int no_signatures(struct command *c)
{
	fflush(stdout);
	fprintf(stderr, "no signatures or cannot access %s\nHint: this client knows no content trust; "
		"images are checked by digest here\n", c->opt.args[0]);
	return 1;
}

static int trust_inspect(struct command *c)
{
	puts("[]");
	return no_signatures(c);
}

/* ---- plugins ------------------------------------------------------------------------ */

static const struct column plugin_columns[] = {
	{ "ID", "ID" }, { "Name", "NAME" }, { "Description", "DESCRIPTION" },
	{ "Enabled", "ENABLED" }, { "PluginReference", "PLUGIN REFERENCE" }, { 0 },
};
static const struct listing plugins = {
	"*formatter.pluginContext", "{{.ID}}\t{{.Name}}\t{{.Description}}\t{{.Enabled}}", plugin_columns,
};

static void add_plugins(const cJSON *answer, const struct options *o, cJSON *rows)
{
	const cJSON *p;

	cJSON_ArrayForEach(p, answer) {
		autofree char *id = strndup(json_str_or(p, "Id", ""),
					    opt_on(o, "no-trunc") ? SIZE_MAX : 12);
		cJSON *row = cJSON_CreateObject();

		json_put_str(row, "ID", id);
		json_put_str(row, "Name", json_str_or(p, "Name", ""));
		json_put_str(row, "Description",
			     json_str_or(json_obj(p, "Config"), "Description", ""));
		json_put_str(row, "Enabled", json_bool(p, "Enabled") ? "true" : "false");
		json_put_str(row, "PluginReference", json_str_or(p, "PluginReference", ""));
		cJSON_AddItemToArray(rows, row);
	}
}

static int plugin_ls(struct command *c)
{
	return listing_filtered(c, "/plugins", &plugins, "ID", add_plugins);
}

static const struct option plugin_ls_options[] = {
	{ "filter", 'f', &opt_filter, "Show only those that fit (enabled=true)" },
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "no-trunc", 0, &opt_flag, "Show everything in full" },
	{ "quiet", 'q', &opt_flag, "Show only ids" },
	{ 0 },
};

/* ---- the table ---------------------------------------------------------------------- */

#define NONE(verb_paths, verb_usage, verb_about, min, max, verb_route)			\
	.paths = verb_paths, .usage = verb_usage, .about = verb_about, .min_args = min,	\
	.max_args = max, .route = verb_route, .any_options = true

const struct verb verbs_swarm[] = {
	{ NONE("swarm init", "[OPTIONS]", "Begin a swarm", 0, 0, "POST /swarm/init"), .run = ask },
	{ NONE("swarm join", "[OPTIONS] HOST:PORT", "Enter a swarm", 1, 1, "POST /swarm/join"),
	  .run = ask },
	{ NONE("swarm ca", "[OPTIONS]", "Show the root certificate", 0, 0, "GET /swarm"),
	  .hidden = true, .run = ask },
	{ NONE("swarm join-token", "[OPTIONS] (worker|manager)", "Show what others join with", 1, 1,
	       "GET /swarm"), .hidden = true, .run = join_token },
	{ NONE("swarm leave", "[OPTIONS]", "Leave the swarm", 0, 0, "POST /swarm/leave"),
	  .hidden = true, .run = ask },
	{ NONE("swarm unlock", "", "Unlock a swarm", 0, 0, NULL), .hidden = true, .run = unlock },
	{ NONE("swarm unlock-key", "[OPTIONS]", "Show the key that unlocks", 0, 0,
	       "GET /swarm/unlockkey"), .hidden = true, .run = unlock_key },
	{ NONE("swarm update", "[OPTIONS]", "Change the swarm", 0, 0, "GET /swarm"), .hidden = true,
	  .run = change },

	{ NONE("node demote", "NODE [NODE...]", "Make managers workers", 1, -1, "GET /nodes/{}"),
	  .each = ask_of },
	{ NONE("node inspect", "[OPTIONS] self|NODE [NODE...]", "Show everything about nodes", 1, -1,
	       "GET /nodes/{}"), .run = ask_inspect },
	{ NONE("node ls|node list", "[OPTIONS]", "List nodes", 0, 0, "GET /nodes"), .run = ask },
	{ NONE("node promote", "NODE [NODE...]", "Make workers managers", 1, -1, "GET /nodes/{}"),
	  .each = ask_of },
	{ NONE("node ps", "[OPTIONS] [NODE...]", "List the tasks of nodes", 0, -1, "GET /nodes/{}"),
	  .run = ask },
	{ NONE("node rm|node remove", "[OPTIONS] NODE [NODE...]", "Remove nodes", 1, -1,
	       "DELETE /nodes/{}"), .each = ask_of },
	{ NONE("node update", "[OPTIONS] NODE", "Change a node", 1, 1, "GET /nodes/{}"), .run = ask },

	{ NONE("service create", "[OPTIONS] IMAGE [COMMAND] [ARG...]", "Make a service", 1, -1,
	       "POST /services/create"), .run = ask },
	{ NONE("service inspect", "[OPTIONS] SERVICE [SERVICE...]", "Show everything about services",
	       1, -1, "GET /services/{}"), .run = ask_inspect },
	{ NONE("service logs", "[OPTIONS] SERVICE|TASK", "Show what a service wrote", 1, 1,
	       "GET /services/{}"), .run = ask },
	{ NONE("service ls|service list", "[OPTIONS]", "List services", 0, 0, "GET /services"),
	  .run = ask },
	{ NONE("service ps", "[OPTIONS] SERVICE [SERVICE...]", "List the tasks of services", 1, -1,
	       "GET /services"), .run = ask },
	{ NONE("service rm|service remove", "SERVICE [SERVICE...]", "Remove services", 1, -1,
	       "DELETE /services/{}"), .each = ask_of },
	{ NONE("service rollback", "[OPTIONS] SERVICE", "Take a service's last change back", 1, 1,
	       "GET /services/{}"), .run = ask },
	{ NONE("service scale", "SERVICE=REPLICAS [SERVICE=REPLICAS...]",
	       "Say how many a service has", 1, -1, "GET /services"), .run = ask },
	{ NONE("service update", "[OPTIONS] SERVICE", "Change a service", 1, 1, "GET /services/{}"),
	  .run = ask },

	{ NONE("stack config", "[OPTIONS]", "Show a Compose file as it is understood", 0, 0, NULL),
	  .run = no_compose },
	{ NONE("stack deploy|stack up", "[OPTIONS] STACK", "Start a stack", 1, -1, "GET /services"),
	  .run = ask },
	{ NONE("stack ls|stack list", "[OPTIONS]", "List stacks", 0, 0, "GET /services"), .run = ask },
	{ NONE("stack ps", "[OPTIONS] STACK", "List the tasks of a stack", 1, 1, "GET /tasks"),
	  .run = ask },
	{ NONE("stack rm|stack remove|stack down", "[OPTIONS] STACK [STACK...]", "Remove stacks",
	       1, -1, "GET /services"), .run = ask },
	{ NONE("stack services", "[OPTIONS] STACK", "List the services of a stack", 1, 1,
	       "GET /services"), .run = ask },

	{ NONE("secret create", "[OPTIONS] SECRET [file|-]", "Keep a secret", 1, 2,
	       "POST /secrets/create"), .run = ask },
	{ NONE("secret inspect", "[OPTIONS] SECRET [SECRET...]", "Show everything about secrets",
	       1, -1, "GET /secrets/{}"), .run = ask_inspect },
	{ NONE("secret ls|secret list", "[OPTIONS]", "List secrets", 0, 0, "GET /secrets"),
	  .run = ask },
	{ NONE("secret rm|secret remove", "SECRET [SECRET...]", "Remove secrets", 1, -1,
	       "DELETE /secrets/{}"), .each = ask_of },
	{ NONE("config create", "[OPTIONS] CONFIG file|-", "Keep a configuration", 2, 2,
	       "POST /configs/create"), .run = ask },
	{ NONE("config inspect", "[OPTIONS] CONFIG [CONFIG...]", "Show everything about "
	       "configurations", 1, -1, "GET /configs/{}"), .run = ask_inspect },
	{ NONE("config ls|config list", "[OPTIONS]", "List configurations", 0, 0, "GET /configs"),
	  .run = ask },
	{ NONE("config rm|config remove", "CONFIG [CONFIG...]", "Remove configurations", 1, -1,
	       "DELETE /configs/{}"), .each = ask_of },

	{ NONE("plugin create", "[OPTIONS] PLUGIN PLUGIN-DATA-DIR", "Make a plugin of a folder", 2, 2,
	       "POST /plugins/create"), .run = ask },
	{ NONE("plugin disable", "[OPTIONS] PLUGIN", "Switch a plugin off", 1, 1,
	       "POST /plugins/{}/disable"), .run = ask },
	{ NONE("plugin enable", "[OPTIONS] PLUGIN", "Switch a plugin on", 1, 1,
	       "POST /plugins/{}/enable"), .run = ask },
	{ NONE("plugin inspect", "[OPTIONS] PLUGIN [PLUGIN...]", "Show everything about plugins",
	       1, -1, "GET /plugins/{}/json"), .run = ask_inspect },
	{ NONE("plugin install", "[OPTIONS] PLUGIN [KEY=VALUE...]", "Fetch and switch on a plugin",
	       1, -1, "POST /plugins/pull"), .run = ask },
	{ .paths = "plugin ls|plugin list", .usage = "[OPTIONS]", .about = "List plugins",
	  .options = plugin_ls_options, .run = plugin_ls },
	{ NONE("plugin push", "[OPTIONS] PLUGIN[:TAG]", "Upload a plugin", 1, 1,
	       "POST /plugins/{}/push"), .run = ask },
	{ NONE("plugin rm|plugin remove", "[OPTIONS] PLUGIN [PLUGIN...]", "Remove plugins", 1, -1,
	       "DELETE /plugins/{}"), .each = ask_of },
	{ NONE("plugin set", "PLUGIN KEY=VALUE [KEY=VALUE...]", "Change a plugin's settings", 2, -1,
	       "POST /plugins/{}/set"), .run = ask },
	{ NONE("plugin upgrade", "[OPTIONS] PLUGIN [REMOTE]", "Replace a plugin by a newer one", 1, 2,
	       "GET /plugins/{}/json"), .run = ask },

	{ NONE("checkpoint create", "[OPTIONS] CONTAINER CHECKPOINT", "Keep a running program's state",
	       0, -1, NULL), .hidden = true, .run = only_experimental },
	{ NONE("checkpoint ls|checkpoint list", "[OPTIONS] CONTAINER", "List kept states", 0, -1, NULL),
	  .hidden = true, .run = only_experimental },
	{ NONE("checkpoint rm|checkpoint remove", "[OPTIONS] CONTAINER CHECKPOINT",
	       "Remove a kept state", 0, -1, NULL), .hidden = true, .run = only_experimental },

	{ NONE("trust inspect", "IMAGE[:TAG] [IMAGE[:TAG]...]", "Show who signed an image", 1, -1,
	       NULL), .run = trust_inspect },
	{ NONE("trust key", "COMMAND", "Manage keys for signing", 0, -1, NULL), .run = no_trust },
	{ NONE("trust revoke", "[OPTIONS] IMAGE[:TAG]", "Take a signature back", 1, 1, NULL),
	  .run = no_signatures },
	{ NONE("trust signer", "COMMAND", "Manage who may sign", 0, -1, NULL), .run = no_trust },
	{ NONE("trust sign", "IMAGE:TAG", "Sign an image", 1, 1, NULL), .run = no_signatures },
	{ 0 },
};
