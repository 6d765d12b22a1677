/* swarm.c - swarms, plugins and BuildKit, answered as a Docker daemon does that is in no
 * swarm and has none of the others.  What would change that is refused: one host is
 * all this engine is for. */
#include <errno.h>

#include "api/routes.h"

int no_swarm(struct request *r, struct err *e)
{
	return err_http(e, 503, ENOSYS, "This node is not a swarm manager. Use \"docker swarm init\" or"
			" \"docker swarm join\" to connect this node to swarm and try again.");
}

int no_swarm_left(struct request *r, struct err *e)
{
	return err_http(e, 503, ENOSYS, "This node is not part of a swarm");
}

int no_swarm_made(struct request *r, struct err *e)
{
	err_http(e, 501, ENOSYS, "swarm mode is not supported by this engine");
	return err_hint(e, "it runs containers on one host; `docker run` and networks work without");
}

int no_cluster_volume(struct request *r, struct err *e)
{
	return err_http(e, 503, ENOSYS,
			"volume update only valid for cluster volumes, but swarm is unavailable");
}

/* Any path: dockerd lets browsers ask, and says nothing. */
int system_options(struct request *r, struct err *e) { return reply_empty(r, 200); }

/* -- plugins ----------------------------------------------------------------------- */

int plugins_list(struct request *r, struct err *e)
{
	static const char *const known[] = { "enabled", "capability", NULL };
	autojson cJSON *filters = NULL;
	int n = query_filters(r, &filters, e);
	if (n < 0 || (n = filter_check(filters, known, e)) < 0)
		return n;
	return reply_json(r, 200, cJSON_CreateArray());
}

int no_such_plugin(struct request *r, struct err *e)
{
	return err_http(e, 404, ENOENT, "plugin \"%s\" not found", r->arg[0]);
}

int no_plugins(struct request *r, struct err *e)
{
	err_http(e, 501, ENOSYS, "plugins are not supported by this engine");
	return err_hint(e, "networks, volumes and logs are the engine's own");
}

/* -- BuildKit ---------------------------------------------------------------------- */

int no_buildkit(struct request *r, struct err *e)
{
	err_http(e, 501, ENOSYS, "BuildKit is not supported by this engine");
	return err_hint(e, "its builder is the classic one: set DOCKER_BUILDKIT=0");
}
