/* The body of a request for a container: checked, completed, merged with an image's. */
#include "runtime/container_config.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char image[] = "{\"Cmd\":[\"sh\"],\"Env\":[\"A=1\"],\"Volumes\":{\"/v\":{}},"
				    "\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"a\":\"b\"}}";
	autojson cJSON *body = NULL, *base = cJSON_Parse(image), *config = NULL, *host = NULL;
	char **warnings = mem_alloc(sizeof(*warnings));
	struct err e = { 0 };

	if (json_parse((const char *)data, size, &body, &e) == 0 && config_check(body, &e) == 0) {
		config = config_merge(body, base);
		if (config_host(body, &host, &warnings, &e) == 0)
			strv_free(config_argv(config));
	}
	strv_free(warnings);
	return 0;
}
