/* Go templates, as --format takes them, run over a container. */
#include "client/template.h"
#include "tests/fuzz/fuzz.h"

static const char row[] =
	"{\"ID\":\"0123456789ab\",\"Names\":\"web\",\"Size\":12.5,\"Up\":true,\"None\":null,"
	"\"Labels\":{\"a\":\"1\",\"b\":\"\"},\"Ports\":[\"80/tcp\",\"443/tcp\"],"
	"\"State\":{\"Pid\":7,\"Status\":\"running\"},\"Mounts\":[{\"Type\":\"bind\"}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = fuzz_text(data, size);
	autojson cJSON *value = cJSON_Parse(row);
	autostr struct str out = { 0 };
	struct template *t;
	struct err e = { 0 };

	if (template_parse(text, &t, &e) < 0) {
		MUST(e.what[0]);
		return 0;
	}
	template_run(t, value, "*formatter.ContainerContext", &out, &e);
	str_clear(&out);
	template_head(t, value, &out);
	template_free(t);
	return 0;
}
