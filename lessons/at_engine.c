#include "lessons/at_engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/http.h"
#include "client/http_connect.h"
#include "core/cleanup.h"
#include "core/lang.h"
#include "labs/shell/engine.h"

static int answers(const char *host, struct err *e)
{
	struct http *h = NULL;
	struct http_answer a = { 0 };
	int r = http_open(host, &h, e);
	if (r == 0)
		r = http_call(h, "GET", "/_ping", NULL, &a, e);
	http_answer_free(&a);
	http_close(h);
	return r;
}

int at_engine_begin(struct at_engine *a, const char *host, const struct screen *s, struct err *e)
{
	bool named = host || getenv("DOCKER_HOST");
	autofree char *where = host ? str_dup(host) : http_default_host();
	int r = answers(where, e);
	if (r < 0 && !named) {
		screen_say(s, TONE_DIM, "", _("No engine is running; starting one for this ..."));
		fflush(stdout);
		r = engine_start(NULL, false, &a->own, e);
	}
	setenv("DOCKER_HOST", where, 1);
	return r;
}

void at_engine_end(struct at_engine *a)
{
	if (a->own)
		engine_stop(a->own);
}
