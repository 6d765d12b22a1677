/* engine_main.c - drydock-engine: the daemon, the registry, the bakery.
 *
 * `drydock daemon|registry|bake` (and `build --dump-ast`) execs this program, so
 * that the command line itself needn't load the libraries these need.
 */
#include "cmd/engine_main.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "rootless/rootless.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} programs[] = {
	{ "daemon", cmd_daemon, "serve the Docker Engine API and run containers" },
	{ "registry", cmd_registry, "serve images to this class over HTTP" },
	{ "bake", cmd_bake, "prepare the course images" },
	{ "doctor", cmd_doctor, "what this machine has and lacks for each backend" },
	{ "build", cmd_dump_ast, "--dump-ast FILE: show how a Dockerfile is understood" },
};

static int usage(FILE *to, int code)
{
	fputs("Usage: drydock-engine PROGRAM [OPTIONS]\n\n", to);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		fprintf(to, "  %-10s %s\n", programs[i].name, programs[i].what);
	fputs("\n`drydock-engine PROGRAM --help` shows its options.\n", to);
	return code;
}

int main(int argc, char **argv)
{
	rootless_inside(kernel_linux());
	signal(SIGPIPE, SIG_IGN);	/* a client that leaves is an error code, not our end */
	if (argc < 2)
		return usage(stderr, 2);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return usage(stdout, 0);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (!strcmp(argv[1], programs[i].name))
			return programs[i].run(argc - 1, argv + 1);
	fprintf(stderr, "drydock-engine: no program \"%s\"\n", argv[1]);
	return usage(stderr, 2);
}
