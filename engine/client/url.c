/* url.c - see url.h. */
#include "client/url.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"

static void escape(struct str *out, const char *text, const char *also)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~", c) || strchr(also, c))
			str_addn(out, text, 1);
		else
			str_addf(out, "%%%02X", c);
	}
}

void url_path(struct str *out, const char *before, const char *name, const char *after)
{
	str_clear(out);
	str_add(out, before);
	if (name)
		escape(out, name, "/:@");
	str_add(out, after);
}

int url_call(struct http *h, const char *method, const char *before, const char *name,
	     const char *after, const cJSON *body, struct http_answer *a, struct err *e)
{
	autostr struct str path = { 0 };

	url_path(&path, before, name, after);
	return http_call(h, method, path.s, body, a, e);
}

void url_add(struct str *out, const char *key, const char *value)
{
	if (!value)
		return;
	str_addf(out, "%c%s=", strchr(out->s, '?') ? '&' : '?', key);
	escape(out, value, "");
}

void url_flag(struct str *out, const char *key, bool on)
{
	url_add(out, key, on ? "1" : NULL);
}

void url_int(struct str *out, const char *key, long long value)
{
	autofree char *text = str_printf("%lld", value);

	url_add(out, key, text);
}

void url_filters(struct str *out, char *const *filters)
{
	autojson cJSON *all = cJSON_CreateObject();

	if (!*filters)
		return;
	for (; *filters; filters++) {
		size_t n = strcspn(*filters, "=");
		autofree char *key = strndup(*filters, n);
		cJSON *set = json_obj(all, key);

		if (!set)
			set = cJSON_AddObjectToObject(all, key);
		json_put_bool(set, *filters + n + ((*filters)[n] == '='), true);
	}
	autofree char *text = json_line(all);
	url_add(out, "filters", text);
}
