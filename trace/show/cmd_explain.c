#include <stdio.h>
#include <string.h>

#include "trace/show/explain.h"
#include "trace/show/show.h"

#define WIDTH 80

static const char usage[] =
	"Usage: drydock explain WORD...\n"
	"\n"
	"Says what a kernel call, a flag, a namespace or a cgroup\n"
	"file is and what a container uses it for. Without a word:\n"
	"everything there is an answer for.\n";

static int explain_all(int n, char **words)
{
	struct str out = { 0 };
	int unknown = 0;

	for (int i = 0; i < n; i++) {
		str_add(&out, i && out.len ? "\n" : "");
		if (!explain_word(&out, words[i], WIDTH)) {
			fprintf(stderr, "drydock explain: nothing is known about %s\n", words[i]);
			unknown = 1;
		}
	}
	if (n == 0)
		explain_list(&out, WIDTH);
	else if (unknown)
		fputs("hint: `drydock explain` alone lists what there is\n", stderr);
	fwrite(out.s ? out.s : "", 1, out.len, stdout);
	str_free(&out);
	return unknown;
}

int cmd_explain(int argc, char **argv)
{
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc > 1 && argv[1][0] == '-') {
		fprintf(stderr, "drydock explain: unknown option: %s\n%s", argv[1], usage);
		return 2;
	}
	return explain_all(argc - 1, argv + 1);
}
