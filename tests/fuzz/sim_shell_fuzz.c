/* The modelled shell's parser: lines become trees, trees can be copied, patterns end. */
#include "sim/userland/match.h"
#include "sim/userland/shell/ast.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct arena a = { 0 }, b = { 0 };
	struct parser p;

	glob_match(text, "a name of some length.txt");
	parser_init(&p, &a, text);
	do {
		struct node *n = parse_line(&p);

		MUST(!p.error || !n);
		MUST(!n || node_copy(&b, n)->kind == n->kind);
	} while (!p.error && !parser_done(&p));
	arena_free(&a);
	arena_free(&b);
	free(text);
	return 0;
}
