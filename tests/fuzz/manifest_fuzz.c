/* Manifests and indexes: what a registry may answer. */
#include "image/manifest.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest m = { 0 };
	struct descriptor d;
	struct err e = { 0 };
	autojson cJSON *doc = NULL;

	if (json_parse((const char *)data, size, &doc, &e) < 0)
		return 0;
	if (manifest_is_index(NULL, doc))
		index_choose(doc, "linux/arm64/v8", &d, &e);
	if (manifest_parse(doc, &m, &e) == 0) {
		autofree char *text = manifest_write(&m);
		autojson cJSON *again = cJSON_Parse(text);
		struct manifest same = { 0 };
		MUST(manifest_parse(again, &same, &e) == 0 && same.n_layers == m.n_layers);
		manifest_free(&same);
		manifest_free(&m);
	}
	return 0;
}
