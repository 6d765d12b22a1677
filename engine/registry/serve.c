/* serve.c - `drydock registry serve`: the embedded registry on its own. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "registry/serve.h"
#include "registry/server.h"

static const char usage[] =
	"Usage: drydock registry serve [OPTIONS]\n"
	"\n"
	"A registry (OCI distribution) that holds images in a folder and serves them over HTTP.\n"
	"\n"
	"  --root DIR       where the images are (default: the course registry's folder)\n"
	"  --address A      the address to listen on (default: 127.0.0.1)\n"
	"  --port N         the port, 0 for any free one (default: 5000)\n"
	"  --read-only      refuse pushes and deletions\n"
	"  --help           this text\n";

enum { USAGE = 2 };	/* exit status for a wrong command line */

static char *default_root(void)
{
	const char *root = getenv("DRYDOCK_ROOT");
	return root && *root ? str_printf("%s/lib/registry", root)
			     : str_dup("/var/lib/drydock/registry");
}

static int parse_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	if (!*text || *end || n > UINT16_MAX)
		return -EINVAL;
	*port = (uint16_t)n;
	return 0;
}

/* 0: go on; 1: help was asked for; -EINVAL. */
static int parse_options(int argc, char **argv, struct registry_options *o)
{
	static const struct option known[] = {
		{ "root", required_argument, NULL, 'r' }, { "address", required_argument, NULL, 'a' },
		{ "port", required_argument, NULL, 'p' }, { "read-only", no_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' }, { 0 },
	};
	int c;
	optind = 1;
	while ((c = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		if (c == 'h')
			return 1;
		if (c == 'r')
			o->root = optarg;
		else if (c == 'a')
			o->address = optarg;
		else if (c == 'o')
			o->read_only = true;
		else if (c != 'p')
			return -EINVAL;
		else if (parse_port(optarg, &o->port) < 0) {
			fprintf(stderr, "drydock registry: --port %s is no port number\n", optarg);
			return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

static int serve_until_signal(const struct registry_options *o)
{
	struct registry_server *s = NULL;
	struct err e = { 0 };
	sigset_t set;
	int sig;
	/* Blocked before any thread starts, so that none of them takes the signal. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (registry_start(o, &s, &e) < 0) {
		err_print(&e);
		return EXIT_FAILURE;
	}
	/* The address for a script that asked for any port; the rest for people. */
	printf("%s:%u\n", o->address, registry_port(s));
	fflush(stdout);
	fprintf(stderr, "registry: serving %s\n", o->root);
	sigwait(&set, &sig);
	registry_stop(s);
	return EXIT_SUCCESS;
}

int cmd_registry(int argc, char **argv)
{
	autofree char *root = default_root();
	struct registry_options o = { .root = root, .address = "127.0.0.1", .port = 5000 };
	if (argc > 1 && (str_eq(argv[1], "--help") || str_eq(argv[1], "-h"))) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	int r = argc > 1 && str_eq(argv[1], "serve") ? parse_options(argc - 1, argv + 1, &o) : -EINVAL;
	fputs(r == 1 ? usage : "", stdout);
	fputs(r < 0 ? usage : "", stderr);
	return r < 0 ? USAGE : r == 1 ? EXIT_SUCCESS : serve_until_signal(&o);
}
