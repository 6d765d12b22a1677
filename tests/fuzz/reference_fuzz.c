/* Image names: a name written out in full means the same name. */
#include "image/reference.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = fuzz_text(data, size);
	struct reference r = { 0 }, again = { 0 };
	struct err e = { 0 };

	if (reference_parse(text, &r, &e) < 0) {
		MUST(e.what[0]);
		return 0;
	}
	autofree char *name = reference_name(&r), *familiar = reference_familiar(&r);
	autofree char *full = str_printf("%s%s%s%s%s", name, r.tag ? ":" : "", r.tag ? r.tag : "",
					 r.digest ? "@" : "", r.digest ? r.digest : "");
	MUST(*familiar);
	MUST(reference_parse(full, &again, &e) == 0);
	MUST(str_eq(r.domain, again.domain) && str_eq(r.path, again.path));
	MUST(str_eq(r.tag, again.tag) && str_eq(r.digest, again.digest));
	MUST(reference_path_ok(r.path));
	reference_free(&r);
	reference_free(&again);
	return 0;
}
