/* docker.c - from words to a verb: global options, look-up, arguments counted,
 * the verb run, its failure told in docker's words.
 *
 * While a verb runs, SIGINT only interrupts what it waits for (the handler does
 * nothing, without SA_RESTART): every wait then ends with -EINTR, the verb winds
 * up, and the result is 130.  So the shell survives a ctrl-C at `docker pull`.
 */
#include "client/docker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/config.h"
#include "client/endpoint.h"
#include "client/preferences.h"
#include "client/verb.h"
#include "core/cleanup.h"
#include "core/json.h"

const struct option global_options[] = {
	{ "config", 0, &opt_string, "Folder of the client's settings" },
	{ "context", 'c', &opt_string, "Name of the context to use (see docker context)" },
	{ "debug", 'D', &opt_flag, "Say more about what happens" },
	{ "host", 'H', &opt_list, "Socket of the daemon to talk to" },
	{ "log-level", 'l', &opt_string, "How much to log (debug, info, warn, error, fatal)",
	  "info" },
	{ "tls", 0, &opt_flag, "Refused: this client speaks no TLS (see --host)" },
	{ "tlscacert", 0, &opt_string, "Refused, as --tls", NULL, COMPLETE_FILE },
	{ "tlscert", 0, &opt_string, "Refused, as --tls", NULL, COMPLETE_FILE },
	{ "tlskey", 0, &opt_string, "Refused, as --tls", NULL, COMPLETE_FILE },
	{ "tlsverify", 0, &opt_flag, "Refused, as --tls" },
	{ "version", 'v', &opt_flag, "Print the version and leave" },
	{ 0 },
};

const struct verb *const verb_tables[] = {
	verbs_run, verbs_container, verbs_exec, verbs_list, verbs_inspect,
	verbs_logs, verbs_image, verbs_pull, verbs_archive, verbs_cp, verbs_build, verbs_login,
	verbs_system, verbs_prune, verbs_network, verbs_volume, verbs_disk, verbs_stats, verbs_update,
	verbs_shell, verbs_man, verbs_context, verbs_swarm, verbs_dial, verbs_context_archive,
	verbs_manifest, 	NULL,
};

bool verb_next_path(const char **at, const char **path, size_t *len)
{
	if (!**at)
		return false;
	*path = *at;
	*len = strcspn(*at, "|");
	*at += *len + ((*at)[*len] == '|');
	return true;
}

const char *verb_path_in(const struct verb *v, const char *group, size_t *len)
{
	const char *at = v->paths, *path;
	size_t n = strlen(group);

	while (verb_next_path(&at, &path, len))
		if (strncmp(path, group, n) == 0 && !memchr(path + n, ' ', *len - n))
			return path;
	return NULL;
}

/* How many of the words the path uses: 0 if it is another one. */
static int path_words(const char *path, size_t len, int n, char *const *words)
{
	int used = 0;

	while (len && used < n) {
		size_t w = strlen(words[used]);

		if (w > len || strncmp(path, words[used], w) != 0)
			return 0;
		used++;
		if (w == len)
			return used;
		if (path[w] != ' ')
			return 0;
		path += w + 1;
		len -= w + 1;
	}
	return 0;
}

const struct verb *verb_find(int n, char *const *words, int *used)
{
	for (const struct verb *const *t = verb_tables; *t; t++)
		for (const struct verb *v = *t; v->paths; v++) {
			const char *at = v->paths, *path;
			size_t len;

			while (verb_next_path(&at, &path, &len))
				if ((*used = path_words(path, len, n, words)))
					return v;
		}
	return NULL;
}

static void label(struct http *h, const char *header, const char *variable)
{
	const char *value = getenv(variable);

	if (value && *value)
		http_header(h, header, value);
}

int command_http_new(struct command *c, struct http **out, struct err *e)
{
	autofree char *named = NULL;
	int r = c->host ? 0 : endpoint_resolve(&named, e);

	r = r ? r : http_open(c->host ? c->host : named, out, e);
	if (r)
		return r;
	preferences_headers(*out, c->config);
	label(*out, "X-Drydock-Actor", "DRYDOCK_ACTOR");
	label(*out, "X-Drydock-Session", "DRYDOCK_SESSION");
	label(*out, "X-Drydock-Step", "DRYDOCK_STEP");
	return 0;
}

int command_http(struct command *c, struct http **out, struct err *e)
{
	int r = c->http ? 0 : command_http_new(c, &c->http, e);

	if (!r)
		*out = c->http;
	return r;
}

static int interrupted(const struct err *e)
{
	return e->code == EINTR ? 128 + SIGINT : 0;
}

static const char *from_daemon(const struct err *e)
{
	return e->status ? "Error response from daemon: " : "";
}

static void add_failure(struct str *out, const struct err *e)
{
	str_addf(out, "%s%s\n", from_daemon(e), e->what);
	if (e->hint[0])
		str_addf(out, "Hint: %s\n", e->hint);
}

static void say(const struct str *text)
{
	fflush(stdout);
	if (text->len)
		fputs(text->s, stderr);
}

int command_fail(struct command *c, const struct err *e)
{
	autostr struct str text = { 0 };

	if (interrupted(e))
		return interrupted(e);
	add_failure(&text, e);
	say(&text);
	return 1;
}

int command_fail_help(struct command *c, const struct err *e, int code)
{
	autostr struct str text = { 0 };

	if (interrupted(e))
		return interrupted(e);
	str_add(&text, "docker: ");
	add_failure(&text, e);
	str_addf(&text, "\nRun 'docker %s --help' for more information\n", c->path);
	say(&text);
	return code;
}

/* The verb's `each` for all arguments; failures are said at the end, as docker does. */
int command_each(struct command *c)
{
	autostr struct str failures = { 0 };
	struct err e = { 0 };
	struct http *h;

	if (command_http(c, &h, &e))
		return command_fail(c, &e);
	for (char **arg = c->opt.args; *arg; arg++) {
		err_clear(&e);
		int r = c->verb->each(c, h, *arg, &e);

		if (interrupted(&e))
			return interrupted(&e);
		if (r < 0)
			add_failure(&failures, &e);
		else if (!r && c->verb->echo)
			puts(*arg);
	}
	say(&failures);
	return failures.len ? 1 : 0;
}

static int bad_option(const struct err *e, const char *path, const char *usage)
{
	fprintf(stderr, "%s\n\nUsage:  docker%s%s %s\n\nRun 'docker%s%s --help' for more "
		"information\n", e->what, *path ? " " : "", path, usage, *path ? " " : "", path);
	return EXIT_DOCKER;
}

/* "requires at least 1 argument", as docker says it. */
static void count_words(const struct verb *v, char *buf, size_t cap)
{
	int min = v->min_args, max = v->max_args;

	if (max == 0)
		snprintf(buf, cap, "accepts no arguments");
	else if (min == max)
		snprintf(buf, cap, "requires %d argument%s", min, min == 1 ? "" : "s");
	else if (max < 0)
		snprintf(buf, cap, "requires at least %d argument%s", min, min == 1 ? "" : "s");
	else if (min == 0)
		snprintf(buf, cap, "requires at most %d argument%s", max, max == 1 ? "" : "s");
	else
		snprintf(buf, cap, "requires at least %d and at most %d arguments", min, max);
}

static int bad_count(const struct verb *v, const char *path)
{
	char words[80];

	count_words(v, words, sizeof(words));
	fprintf(stderr, "docker: 'docker %s' %s\n\nUsage:  docker %s%s%s\n\n"
		"%s 'docker %s --help' for more information\n", path, words, path,
		*v->usage ? " " : "", v->usage, v->max_args < 0 ? "See" : "Run", path);
	return 1;
}

/* Was an option given that needs a newer API? */
static bool too_new(const struct command *c)
{
	for (const struct option *o = c->verb->options; o && o->name; o++)
		if (o->since && opt_given(&c->opt, o->name)) {
			fprintf(stderr, "\"--%s\" requires API version %s, but the Docker daemon "
				"API version is %s\n", o->name, o->since, DOCKER_API);
			return true;
		}
	return false;
}

/* What isn't an option; nobody knows which of them is an option's value. */
static void words_parse(int argc, char **argv, struct options *o)
{
	for (int i = 0; i < argc; i++) {
		o->help |= str_eq(argv[i], "--help") || str_eq(argv[i], "-h");
		if (argv[i][0] == '-' && argv[i][1])
			continue;
		strv_add(&o->args, argv[i]);
		o->n_args++;
	}
}

static int parse(const struct verb *v, int argc, char **argv, struct options *o, struct err *e)
{
	static const struct option none[] = { { 0 } };

	if (!v->any_options)
		return options_parse(v->options ? v->options : none, v->stop_early, argc, argv, o, e);
	words_parse(argc, argv, o);
	return 0;
}

static bool count_fits(const struct verb *v, size_t n, int words)
{
	bool values = v->any_options && (size_t)words > n;	/* some may be options' values */

	return n >= (size_t)v->min_args && (v->max_args < 0 || values || n <= (size_t)v->max_args);
}

static int run_verb(const struct verb *v, const char *path, const char *host, int argc,
		    char **argv)
{
	autojson cJSON *config = config_load();
	struct command c = { .verb = v, .path = path, .host = host, .config = config,
			     .n_words = argc };
	struct err e = { 0 };
	int code;

	if (parse(v, argc, argv, &c.opt, &e)) {
		code = bad_option(&e, path, v->usage);
	} else if (c.opt.help) {
		help_verb(v, path);
		code = 0;
	} else if (!count_fits(v, c.opt.n_args, argc)) {
		code = bad_count(v, path);
	} else if (too_new(&c)) {
		code = 1;
	} else {
		preferences_options(&c, config);
		code = v->run ? v->run(&c) : command_each(&c);
	}
	http_close(c.http);
	options_free(&c.opt);
	return code;
}

static char *join(int n, char *const *words)
{
	struct str s = { 0 };

	for (int i = 0; i < n; i++)
		str_addf(&s, "%s%s", i ? " " : "", words[i]);
	return str_take(&s);
}

static int unknown(int argc, char **words)
{
	bool group = help_group_about(words[0], strlen(words[0])) != NULL;

	if (group && (argc < 2 || strcmp(words[1], "--help") == 0)) {
		help_group(argc < 2 ? stderr : stdout, words[0]);	/* not asked for */
		return 0;
	}
	if (group && words[1][0] == '-') {
		fprintf(stderr, "unknown flag: %s\n\nUsage:  docker %s COMMAND\n\n"
			"Run 'docker %s --help' for more information\n", words[1], words[0],
			words[0]);
		return EXIT_DOCKER;
	}
	fprintf(stderr, "docker: unknown command: docker %s%s%s\n\n", words[0],
		group ? " " : "", group ? words[1] : "");
	if (group)
		fprintf(stderr, "Usage:  docker %s%s\n\n", words[0],
			str_eq(words[0], "volume") ? " COMMAND" : "");	/* docker's own oddity */
	fprintf(stderr, "Run 'docker%s%s --help' for more information\n", group ? " " : "",
		group ? words[0] : "");
	return 1;
}

static int help_words(int argc, char **words)
{
	int used;
	const struct verb *v = argc ? verb_find(argc, words, &used) : NULL;

	if (v) {
		autofree char *path = join(used, words);
		help_verb(v, path);
	} else if (argc && help_group_about(words[0], strlen(words[0]))) {
		help_group(stdout, words[0]);
	} else if (argc) {
		fprintf(stderr, "unknown help topic: %s\n", words[0]);
		return 1;
	} else {
		help_top(stdout);
	}
	return 0;
}

static int dispatch(const char *host, int argc, char **words)
{
	int used;

	if (!argc) {
		help_top(stderr);
		return 0;
	}
	if (str_starts(words[0], "__complete"))	/* also __completeNoDesc */
		return complete_print(argc - 1, words + 1);
	if (strcmp(words[0], "help") == 0)
		return help_words(argc - 1, words + 1);
	const struct verb *v = verb_find(argc, words, &used);
	if (!v)
		return unknown(argc, words);
	autofree char *path = join(used, words);
	return run_verb(v, path, host, argc - used, words + used);
}

static bool level_known(const char *level)
{
	static const char *const known[] = { "debug", "info", "warn", "error", "fatal" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(level, known[i]) == 0)
			return true;
	return false;
}

/* A daemon that wants TLS must not be talked to without. */
static bool wants_tls(const struct options *g)
{
	static const char *const names[] = { "tls", "tlscacert", "tlscert", "tlskey", "tlsverify" };
	const char *verify = getenv("DOCKER_TLS_VERIFY");
	bool wanted = verify && *verify;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		wanted |= opt_given(g, names[i]) && !str_eq(opt_text(g, names[i]), "false");
	if (wanted)
		fprintf(stderr, "this client speaks no TLS\nHint: reach a daemon elsewhere through ssh: "
			"ssh -L /tmp/far.sock:/run/drydock/drydock.sock HOST, then -H "
			"unix:///tmp/far.sock\n");
	return wanted;
}

static int global(const struct options *g)
{
	const char *context = opt_text(g, "context");

	config_folder(opt_text(g, "config"));
	if (g->help)
		return help_words((int)g->n_args, g->args);
	if (opt_on(g, "version")) {
		printf("Docker version %s, build drydock-%s\n", DOCKER_SPEAKS, DRYDOCK_VERSION);
		return 0;
	}
	if (!level_known(opt_text(g, "log-level"))) {
		fprintf(stderr, "Unable to parse logging level: %s\n", opt_text(g, "log-level"));
		return 1;
	}
	if (context && opt_given(g, "host")) {
		fprintf(stderr, "conflicting options: cannot specify both --host and --context\n");
		return 1;
	}
	endpoint_choose(context);
	if (wants_tls(g))
		return 1;
	return dispatch(opt_text(g, "host"), (int)g->n_args, g->args);
}

static void on_interrupt(int sig)
{
}

int docker_main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_interrupt }, old;
	struct options g = { 0 };
	struct err e = { 0 };
	int code;

	sigaction(SIGINT, NULL, &old);
	if (old.sa_handler != SIG_IGN)
		sigaction(SIGINT, &act, NULL);
	if (options_parse(global_options, true, argc - 1, argv + 1, &g, &e))
		code = bad_option(&e, "", "[OPTIONS] COMMAND [ARG...]");
	else
		code = global(&g);
	options_free(&g);
	if (fflush(stdout) && !code)
		code = 1;
	sigaction(SIGINT, &old, NULL);
	return code;
}
