/* serve.c - `drydock registry …`: the embedded registry on its own. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "registry/client.h"
#include "registry/serve.h"
#include "registry/server.h"
#include "registry/storage.h"

enum { USAGE = 2 };	/* exit status for a wrong command line */

/* What the command line says; the texts are argv's. */
struct words {
	char *root, *address, *port, *tls_cert, *tls_key, *htpasswd, *older;
	bool read_only;
};

enum { SERVE = 1, COLLECT = 2 };	/* which command takes it */

static const struct row {
	int commands;
	const char *name, *value, *what;
	size_t text;	/* where the value goes; of a flag: where true goes */
} rows[] = {
	{ SERVE | COLLECT, "root", "DIR", "where the images are (default: the course registry's folder)",
	  offsetof(struct words, root) },
	{ SERVE, "address", "A", "the address to listen on (default: 127.0.0.1; 0.0.0.0: all)",
	  offsetof(struct words, address) },
	{ SERVE, "port", "N", "the port, 0 for any free one (default: 5000)",
	  offsetof(struct words, port) },
	{ SERVE, "tls-cert", "FILE", "serve HTTPS with this certificate, PEM, and those that sign it",
	  offsetof(struct words, tls_cert) },
	{ SERVE, "tls-key", "FILE", "... and this private key, PEM", offsetof(struct words, tls_key) },
	{ SERVE, "htpasswd", "FILE", "let in only whom this file names (`htpasswd -B`)",
	  offsetof(struct words, htpasswd) },
	{ SERVE, "read-only", NULL, "refuse pushes and deletions", offsetof(struct words, read_only) },
	{ COLLECT, "older-than", "SECONDS", "leave what was sent or asked for since (default: 3600)",
	  offsetof(struct words, older) },
};

static int serve(const struct words *w);
static int collect(const struct words *w);

static const struct command {
	int bit;
	const char *name, *what, *more;
	int (*run)(const struct words *w);
} commands[] = {
	{ SERVE, "serve",
	  "Serve a folder of images as a registry (OCI distribution 1.1) over HTTP.",
	  "A registry that others can reach wants --tls-cert, --tls-key and --htpasswd; without\n"
	  "TLS, each of their daemons needs --insecure-registry HOST:PORT.\n", serve },
	{ COLLECT, "garbage-collect",
	  "Remove what no manifest lists any more.",
	  "A server does this by itself when it starts; it may be running.\n", collect },
};

/* ---- the command line ------------------------------------------------------------- */

static void help_all(FILE *to)
{
	fputs("Usage: drydock registry COMMAND [OPTIONS]\n\nKeep and share images.\n\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-16s %s\n", commands[i].name, commands[i].what);
	fputs("\n`drydock registry COMMAND --help` shows its options.\n", to);
}

static void help(FILE *to, const struct command *c)
{
	fprintf(to, "Usage: drydock registry %s [OPTIONS]\n\n%s\n\n", c->name, c->what);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autofree char *name = str_printf("--%s%s%s", rows[i].name, rows[i].value ? " " : "",
						 rows[i].value ? rows[i].value : "");
		if (rows[i].commands & c->bit)
			fprintf(to, "  %-22s %s\n", name, rows[i].what);
	}
	fprintf(to, "  %-22s %s\n\n%s", "--help", "this text", c->more);
}

static void set(struct words *w, const struct row *r, char *value)
{
	if (r->value)
		*(char **)((char *)w + r->text) = value;
	else
		*(bool *)((char *)w + r->text) = true;
}

/* 0: go on; 1: help was asked for; -EINVAL, said by getopt already or by the caller. */
static int parse_options(const struct command *cmd, int argc, char **argv, struct words *w)
{
	struct option known[ARRAY_SIZE(rows) + 2] = { { 0 } };
	size_t n = 0;
	int c;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].commands & cmd->bit)
			known[n++] = (struct option){ rows[i].name, rows[i].value ? required_argument
						      : no_argument, NULL, 256 + (int)i };
	known[n] = (struct option){ "help", no_argument, NULL, 'h' };
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		if (c == 'h')
			return 1;
		if (c < 256)
			return -EINVAL;
		set(w, &rows[c - 256], optarg);
	}
	return optind == argc ? 0 : -EINVAL;
}

/* What no number is, or too large a one, is said; -EINVAL. */
static int number(const char *name, const char *text, unsigned long most, unsigned long *out)
{
	char *end;
	if (!text)
		return 0;
	unsigned long n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || n > most) {
		fprintf(stderr, "drydock registry: --%s %s: not a number from 0 to %lu\n", name, text,
			most);
		return -EINVAL;
	}
	*out = n;
	return 0;
}

/* ---- serve ------------------------------------------------------------------------ */

static void announce(const struct registry_options *o, const struct registry_server *s)
{
	/* The address for a script that asked for any port; the rest for people. */
	bool six = strchr(o->address, ':') != NULL;
	printf(six ? "[%s]:%u\n" : "%s:%u\n", o->address, registry_port(s));
	fflush(stdout);
	fprintf(stderr, "registry: serving %s%s%s\n", o->root, o->tls_cert ? " over HTTPS" : "",
		o->htpasswd ? " to those it knows" : "");
	if (!registry_is_loopback(o->address) && !o->htpasswd && !o->read_only)
		fprintf(stderr, "registry: whoever reaches %s can push here: --htpasswd says who may\n",
			o->address);
	if (o->htpasswd && !o->tls_cert && !registry_is_loopback(o->address))
		fprintf(stderr, "registry: passwords travel unencrypted without --tls-cert\n");
}

static int serve_until_signal(const struct registry_options *o)
{
	struct registry_server *s = NULL;
	struct err e = { 0 };
	sigset_t ends;
	int sig;
	/* Blocked before any thread starts, so that none of them takes the signal. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (registry_start(o, &s, &e) < 0) {
		err_print(&e);
		return EXIT_FAILURE;
	}
	announce(o, s);
	sigwait(&ends, &sig);
	registry_stop(s);
	return EXIT_SUCCESS;
}

static int serve(const struct words *w)
{
	unsigned long port = 5000;
	struct registry_options o = {
		.root = w->root, .address = w->address ? w->address : "127.0.0.1",
		.read_only = w->read_only, .tls_cert = w->tls_cert, .tls_key = w->tls_key,
		.htpasswd = w->htpasswd,
	};
	if (number("port", w->port, UINT16_MAX, &port) < 0)
		return USAGE;
	if (!w->tls_cert != !w->tls_key) {
		fputs("drydock registry: --tls-cert and --tls-key go together\n", stderr);
		return USAGE;
	}
	o.port = (uint16_t)port;
	return serve_until_signal(&o);
}

/* ---- garbage-collect --------------------------------------------------------------- */

static int collect(const struct words *w)
{
	unsigned long seconds = 3600;
	struct storage_collected done;
	struct err e = { 0 };
	if (number("older-than", w->older, INT32_MAX, &seconds) < 0)
		return USAGE;
	int r = storage_prepare(w->root, false, &e);
	if (r == 0)
		r = storage_collect(w->root, (int64_t)seconds, &done, &e);
	if (r < 0) {
		err_print(&e);
		return EXIT_FAILURE;
	}
	printf("%zu blobs and %zu broken uploads removed, %lld bytes\n", done.blobs, done.uploads,
	       (long long)done.bytes);
	return EXIT_SUCCESS;
}

/* ---- the verb ---------------------------------------------------------------------- */

static char *default_root(void)
{
	const char *root = getenv("DRYDOCK_ROOT");
	return root && *root ? str_printf("%s/lib/registry", root)
			     : str_dup("/var/lib/drydock/registry");
}

int cmd_registry(int argc, char **argv)
{
	autofree char *root = default_root();
	struct words w = { .root = root };
	const struct command *c = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(commands) && argc > 1; i++)
		if (str_eq(commands[i].name, argv[1]))
			c = &commands[i];
	if (!c) {
		bool asked = argc > 1 && (str_eq(argv[1], "--help") || str_eq(argv[1], "-h"));
		help_all(asked ? stdout : stderr);
		return asked ? EXIT_SUCCESS : USAGE;
	}
	int r = parse_options(c, argc - 1, argv + 1, &w);
	if (r != 0)
		help(r == 1 ? stdout : stderr, c);
	return r == 1 ? EXIT_SUCCESS : r < 0 ? USAGE : c->run(&w);
}
