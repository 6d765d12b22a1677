/* dump_ast.c - `drydock build --dump-ast FILE`: a Dockerfile as the builder sees it. */
#include <stdio.h>
#include <string.h>

#include "build/node.h"
#include "cmd/engine_main.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"

static const char usage[] =
	"Usage: drydock build --dump-ast FILE...\n"
	"\n"
	"Prints each instruction of a Dockerfile (- for standard input) as the parser\n"
	"understands it: (run \"make all\").  `drydock docker build --help` has the rest.\n";

static int dump(const char *path, struct err *e)
{
	autostr struct str text = { 0 }, out = { 0 };
	autodockerfile struct dockerfile d = { 0 };
	bool in = str_eq(path, "-");
	int r = file_read(in ? "/dev/stdin" : path, &text, e);
	if (r < 0)
		return r;
	r = dockerfile_parse(text.s ? text.s : "", text.len, &d, e);
	if (r < 0)
		return in ? r : err_wrap(e, "%s", path);
	node_dump(d.root, &out);
	fputs(out.s, stdout);
	for (size_t i = 0; d.warnings && d.warnings[i]; i++)
		fprintf(stderr, "[WARNING]: %s\n", d.warnings[i]);
	return 0;
}

int cmd_dump_ast(int argc, char **argv)
{
	struct err e = { 0 };
	bool help = argc > 1 && str_eq(argv[1], "--help");
	if (argc < 3 || !str_eq(argv[1], "--dump-ast")) {
		fputs(usage, help ? stdout : stderr);
		return help ? 0 : 2;
	}
	for (int i = 2; i < argc; i++) {
		if (dump(argv[i], &e) < 0) {
			err_print(&e);
			return 1;
		}
	}
	return 0;
}
