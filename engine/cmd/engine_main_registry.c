/* engine_main_registry.c - `drydock registry serve`: the course registry by itself. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/engine_main.h"
#include "core/cleanup.h"
#include "core/str.h"
#include "registry/server.h"

static const struct option longs[] = {
	{ "root", required_argument, NULL, 'r' }, { "address", required_argument, NULL, 'a' },
	{ "port", required_argument, NULL, 'p' }, { "read-only", no_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' }, { 0 },
};

static int usage(FILE *to, int code)
{
	fputs("Usage: drydock registry serve [OPTIONS]\n\nServe images over HTTP (OCI distribution).\n\n"
	      "  --root DIR       what to serve (default /var/lib/drydock/registry)\n"
	      "  --address ADDR   listen there (default 127.0.0.1)\n"
	      "  --port PORT      0: any free one (default 5000)\n"
	      "  --read-only      take no uploads\n", to);
	return code;
}

/* Runs until it is told to stop; the port goes to stdout for whoever asked for any. */
static int run(const struct registry_options *o)
{
	struct registry_server *s;
	struct err e = { 0 };
	sigset_t ends;
	int sig;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	if (registry_start(o, &s, &e) < 0) {
		err_print(&e);
		return 1;
	}
	printf("%s:%u\n", o->address, registry_port(s));
	fflush(stdout);
	sigwait(&ends, &sig);
	registry_stop(s);
	return 0;
}

int cmd_registry(int argc, char **argv)
{
	const char *root = getenv("DRYDOCK_ROOT");
	autofree char *dflt = root ? str_printf("%s/lib/registry", root) :
				     str_dup("/var/lib/drydock/registry");
	struct registry_options o = { .root = dflt, .address = "127.0.0.1", .port = 5000 };
	int c;
	if (argc < 2 || strcmp(argv[1], "serve"))
		return argc > 1 && !strcmp(argv[1], "--help") ? usage(stdout, 0) : usage(stderr, 2);
	optind = 2;
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c == 'r')
			o.root = optarg;
		else if (c == 'a')
			o.address = optarg;
		else if (c == 'p')
			o.port = (uint16_t)atoi(optarg);
		else if (c == 'o')
			o.read_only = true;
		else
			return c == 'h' ? usage(stdout, 0) : usage(stderr, 2);
	}
	return run(&o);
}
