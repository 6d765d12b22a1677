/* network.c - docker network: ls, inspect, create, rm, connect, disconnect. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/body.h"
#include "client/inspect.h"
#include "client/listing.h"
#include "client/url.h"
#include "client/rows.h"
#include "client/show.h"
#include "client/specs.h"
#include "core/cleanup.h"
#include "core/json.h"

static const struct column network_columns[] = {
	{ "ID", "NETWORK ID" }, { "Name", "NAME" }, { "Driver", "DRIVER" }, { "Scope", "SCOPE" },
	{ "IPv4", "IPV4" }, { "IPv6", "IPV6" }, { "Internal", "INTERNAL" }, { "Labels", "LABELS" },
	{ "CreatedAt", "CREATED AT" }, { 0 },
};
static const struct listing network_listing = {
	"*network.networkContext", "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}", network_columns,
};

static const char *yes_no(const cJSON *o, const char *key)
{
	return json_bool(o, key) ? "true" : "false";
}

/* "2026-01-31T09:00:00.5Z" as Go prints a time: "2026-01-31 09:00:00.5 +0000 UTC". */
static char *go_time(const char *rfc3339)
{
	size_t n = strcspn(rfc3339, "Z");
	const char *dot = memchr(rfc3339, '.', n);

	while (dot && rfc3339[n - 1] == '0')
		n--;
	if (dot == rfc3339 + n - 1)
		n--;
	char *text = str_printf("%.*s +0000 UTC", (int)n, rfc3339);
	char *t = strchr(text, 'T');
	if (t)
		*t = ' ';
	return text;
}

static cJSON *network_row(const cJSON *n, bool whole)
{
	cJSON *row = cJSON_CreateObject();
	autofree char *id = show_id(json_str_or(n, "Id", ""), whole);
	autofree char *created = go_time(json_str_or(n, "Created", ""));

	json_put_str(row, "ID", id);
	json_put_str(row, "Name", json_str_or(n, "Name", ""));
	json_put_str(row, "Driver", json_str_or(n, "Driver", ""));
	json_put_str(row, "Scope", json_str_or(n, "Scope", ""));
	json_put_str(row, "IPv4", yes_no(n, "EnableIPv4"));
	json_put_str(row, "IPv6", yes_no(n, "EnableIPv6"));
	json_put_str(row, "Internal", yes_no(n, "Internal"));
	json_put_str(row, "CreatedAt", created);
	show_put_labels(row, json_obj(n, "Labels"));
	return row;
}

static void network_rows(const cJSON *answer, const struct options *o, cJSON *rows)
{
	size_t n;
	autofree const cJSON **list = listing_by_name(answer, &n);

	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(rows, network_row(list[i], opt_on(o, "no-trunc")));
}

static int network_ls(struct command *c)
{
	return listing_filtered(c, "/networks", &network_listing, "ID", network_rows);
}

/* ---- making, joining ---- */

static int network_create(struct command *c)
{
	autojson cJSON *body = cJSON_CreateObject();
	const struct ipam_words words = {
		opt_all(&c->opt, "subnet"), opt_all(&c->opt, "ip-range"), opt_all(&c->opt, "gateway"),
		opt_all(&c->opt, "aux-address"),
	};
	struct http_answer a = { 0 };
	cJSON *config = NULL, *ipam = cJSON_AddObjectToObject(body, "IPAM");
	struct err e = { 0 };
	struct http *h;

	json_put_str(body, "Name", c->opt.args[0]);
	json_put_str(body, "Driver", opt_text(&c->opt, "driver"));
	json_put_str(ipam, "Driver", opt_text(&c->opt, "ipam-driver"));
	int r = spec_ipam(&words, &config, &e);
	if (config)
		json_put(ipam, "Config", config);
	r = r ? r : body_options(body, &c->opt, &e);
	r = r ? r : command_http(c, &h, &e);
	r = r ? r : http_call(h, "POST", "/networks/create", body, &a, &e);
	if (!r)
		puts(json_str_or(a.json, "Id", ""));
	http_answer_free(&a);
	return r ? command_fail(c, &e) : 0;
}

static int network_rm(struct command *c, struct http *h, const char *name, struct err *e)
{
	autostr struct str path = { 0 };

	url_path(&path, "/networks/", name, "");
	int r = http_call(h, "DELETE", path.s, NULL, NULL, e);
	return r && e->status == 404 && opt_on(&c->opt, "force") ? 1 : r;
}

static int network_rm_all(struct command *c)
{
	int code = command_each(c);

	if (code == 1)
		fprintf(stderr, "exit status 1\n");	/* docker's way to end here */
	return code;
}

/* NETWORK CONTAINER: POST /networks/NETWORK/what with the body. */
static int post_member(struct command *c, const char *what, cJSON *body)
{
	autostr struct str path = { 0 };
	struct err e = { 0 };
	struct http *h;

	json_put_str(body, "Container", c->opt.args[1]);
	url_path(&path, "/networks/", c->opt.args[0], what);
	int r = body_options(body, &c->opt, &e);
	r = r ? r : command_http(c, &h, &e);
	r = r ? r : http_call(h, "POST", path.s, body, NULL, &e);
	return r ? command_fail(c, &e) : 0;
}

static int network_connect(struct command *c)
{
	autojson cJSON *body = cJSON_CreateObject();

	return post_member(c, "/connect", body);
}

static int network_disconnect(struct command *c)
{
	autojson cJSON *body = cJSON_CreateObject();

	return post_member(c, "/disconnect", body);
}

static int network_inspect(struct command *c)
{
	return inspect_kind(c, "network");
}

static const struct option network_ls_options[] = {
	{ "filter", 'f', &opt_filter, "Show only those that fit (name=value)" },
	{ "format", 0, &opt_string, FORMAT_HELP },
	{ "no-trunc", 0, &opt_flag, "Show everything in full" },
	{ "quiet", 'q', &opt_flag, "Show only ids" },
	{ 0 },
};

static const struct option network_create_options[] = {
#include "client/network_create.def"
	{ 0 },
};

static const struct option network_connect_options[] = {
#include "client/network_connect.def"
	{ 0 },
};

static const struct option network_disconnect_options[] = {
	{ "force", 'f', &opt_flag, "Also if the container can't be found", NULL, 0, "Force", put_flag },
	{ 0 },
};

static const struct option network_inspect_options[] = {
	{ "format", 'f', &opt_string, FORMAT_ONE_HELP },
	{ "verbose", 'v', &opt_flag, "Services of a swarm, too (there are none)" },
	{ 0 },
};

static const struct option network_rm_options[] = {
	{ "force", 'f', &opt_flag, "No error for a network that isn't there" },
	{ 0 },
};

const struct verb verbs_network[] = {
	{ .paths = "network create", .usage = "[OPTIONS] NETWORK", .about = "Create a network",
	  .options = network_create_options, .min_args = 1, .max_args = 1, .run = network_create },
	{ .paths = "network rm|network remove", .usage = "NETWORK [NETWORK...]",
	  .about = "Remove networks", .options = network_rm_options, .min_args = 1, .max_args = -1,
	  .complete = COMPLETE_NETWORK, .run = network_rm_all,
	  .each = network_rm, .echo = true },
	{ .paths = "network connect", .usage = "[OPTIONS] NETWORK CONTAINER",
	  .about = "Connect a container to a network", .options = network_connect_options,
	  .min_args = 2, .max_args = 2, .complete = COMPLETE_NETWORK, .run = network_connect },
	{ .paths = "network disconnect", .usage = "[OPTIONS] NETWORK CONTAINER",
	  .about = "Disconnect a container from a network",
	  .options = network_disconnect_options, .min_args = 2, .max_args = 2,
	  .complete = COMPLETE_NETWORK, .run = network_disconnect },
	{ .paths = "network ls|network list", .usage = "[OPTIONS]", .about = "List networks",
	  .options = network_ls_options, .run = network_ls },
	{ .paths = "network inspect", .usage = "[OPTIONS] NETWORK [NETWORK...]",
	  .about = "Show everything about networks", .options = network_inspect_options,
	  .min_args = 1, .max_args = -1, .complete = COMPLETE_NETWORK, .run = network_inspect },
	{ 0 },
};
