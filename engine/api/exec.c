/* exec.c - a further program in a running container. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/routes.h"

int exec_create_route(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	char id[65];
	int n = request_container_or_tell(r, "ctr.exec.refused", &c, e);
	if (n < 0)
		return n;
	if (!r->json)
		return err_set(e, EINVAL, "invalid JSON: got EOF while reading request body");
	if ((n = exec_create(c, &r->origin, r->json, id, e)) < 0)
		return n;
	cJSON *o = cJSON_CreateObject();
	json_put_str(o, "Id", id);
	return reply_json(r, 201, o);
}

struct start { struct containers *cs; char id[65]; int rows, cols; };

static void start_upgraded(void *arg, int fd, const void *early, size_t early_len)
{
	struct start *s = arg;
	struct err e = { 0 };
	exec_start(s->cs, s->id, fd, early, early_len, s->rows, s->cols, &e);
	free(s);
}

int exec_start_route(struct request *r, struct err *e)
{
	bool tty;
	struct start s = { .cs = r->api->containers };
	unsigned short size[2] = { 0 };
	int n = exec_check(s.cs, r->arg[0], &tty, e);
	if (n < 0 || (n = json_want_pair(r->json, "ConsoleSize", size, e)) < 0)
		return n;
	snprintf(s.id, sizeof(s.id), "%s", r->arg[0]);
	s.rows = size[0];
	s.cols = size[1];
	if (json_bool(r->json, "Detach")) {
		n = exec_start(s.cs, s.id, -1, NULL, 0, s.rows, s.cols, e);
		return n < 0 ? n : reply_empty(r, 200);
	}
	struct start *copy = mem_alloc(sizeof(*copy));
	*copy = s;
	return reply_upgrade(r, start_upgraded, copy, !tty);
}

int exec_resize_route(struct request *r, struct err *e)
{
	int h, w, n = query_size(r, &h, &w, e);
	if (n == 0)
		n = exec_resize(r->api->containers, r->arg[0], h, w, e);
	return n < 0 ? n : reply_empty(r, 200);
}

int exec_inspect_route(struct request *r, struct err *e)
{
	cJSON *o;
	int n = exec_inspect(r->api->containers, r->arg[0], &o, e);
	return n < 0 ? n : reply_json(r, 200, o);
}
