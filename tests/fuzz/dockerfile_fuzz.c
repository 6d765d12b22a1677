/* Dockerfiles: parsed, printed as a tree, and their variables expanded. */
#include "build/node.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dockerfile d = { 0 };
	struct err e = { 0 };
	autostr struct str text = { 0 };

	if (dockerfile_parse((const char *)data, size, &d, &e) < 0) {
		MUST(e.what[0]);
		return 0;
	}
	MUST(d.root && d.root->n_child);
	for (size_t i = 0; i < d.root->n_child; i++) {
		MUST(d.root->child[i]->line >= 1);
		MUST(d.root->child[i]->end_line >= d.root->child[i]->line);
		node_dump(d.root->child[i], &text);
	}
	dockerfile_free(&d);
	return 0;
}
