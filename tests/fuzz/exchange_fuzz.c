/* Questions of other programs: GIFT and Aiken. */
#include "quiz/exchange.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct drafts *d)
{
	for (size_t i = 0; i < d->n; i++) {
		MUST(d->v[i].ask);
		MUST(d->v[i].n_options >= 2 && d->v[i].n_options <= DRAFT_OPTIONS);
		MUST(d->v[i].right < d->v[i].n_options);
		for (size_t k = 0; k < d->v[i].n_options; k++)
			MUST(d->v[i].option[k].text);
	}
}

static void read_as(int (*import)(const char *, const char *, struct drafts *, struct err *),
		    const char *text)
{
	struct drafts d = { 0 };
	struct err e = { 0 };
	if (import(text, "fuzz", &d, &e) < 0)
		MUST(e.what[0]);
	else
		check(&d);
	drafts_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = fuzz_text(data, size);
	read_as(import_gift, text);
	read_as(import_aiken, text);
	return 0;
}
