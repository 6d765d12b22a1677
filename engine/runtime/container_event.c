#include "runtime/container_event.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/str.h"

#define KEEP    1024
#define POLL_MS 500

static struct { uint64_t at_ns; char *line; } ring[KEEP];
static uint64_t count;		/* events ever; the newest is ring[(count - 1) % KEEP] */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;

/* Docker repeats id, status and from of containers and images beside the actor:
 * clients before 1.22 read only those. */
static cJSON *make_event(const char *type, const char *action, const char *id, cJSON *attributes,
			 uint64_t now)
{
	cJSON *o = cJSON_CreateObject(), *actor = cJSON_CreateObject();
	const char *from = json_str(attributes, "image");

	if (str_eq(type, "container") || str_eq(type, "image")) {
		json_put_str(o, "status", action);
		json_put_str(o, "id", id);
		if (from)
			json_put_str(o, "from", from);
	}
	json_put_str(o, "Type", type);
	json_put_str(o, "Action", action);
	json_put_str(actor, "ID", id);
	json_put(actor, "Attributes", attributes);
	json_put(o, "Actor", actor);
	json_put_str(o, "scope", "local");
	json_put_int(o, "time", (int64_t)(now / 1000000000));
	autofree char *nano = str_printf("%llu", (unsigned long long)now);
	json_put(o, "timeNano", cJSON_CreateRaw(nano));
	return o;
}

void event_add(const char *type, const char *action, const char *id, cJSON *attributes)
{
	uint64_t now = clock_wall_ns();
	autojson cJSON *o = make_event(type, action, id,
				       attributes ? attributes : cJSON_CreateObject(), now);
	pthread_mutex_lock(&lock);
	size_t at = count++ % KEEP;
	free(ring[at].line);
	ring[at].line = json_line(o);
	ring[at].at_ns = now;
	pthread_cond_broadcast(&more);
	pthread_mutex_unlock(&lock);
}

void event_volume(const char *action, const char *name, cJSON *attributes)
{
	cJSON *a = attributes ? attributes : cJSON_CreateObject();
	json_put_str(a, "driver", "local");
	event_add("volume", action, name, a);
}

/* The next event after number *next that lies after since; its text is owned. */
static char *take(uint64_t *next, uint64_t since_ns, uint64_t until_ns, bool *past_end)
{
	char *line = NULL;
	if (*next + KEEP < count)
		*next = count - KEEP;
	while (!line && *next < count) {
		size_t at = (*next)++ % KEEP;
		*past_end = ring[at].at_ns > until_ns;
		if (*past_end)
			break;
		if (ring[at].at_ns > since_ns)
			line = str_dup(ring[at].line);
	}
	return line;
}

void event_read(uint64_t since_ns, uint64_t until_ns,
		int (*fn)(void *arg, const cJSON *event, const char *line), void *arg)
{
	uint64_t next = 0;
	bool past_end = false;
	int stop = 0, told = 0;

	pthread_mutex_lock(&lock);
	while (!stop && !past_end) {
		autofree char *line = take(&next, since_ns, until_ns, &past_end);
		if (!line && (past_end || clock_wall_ns() >= until_ns))
			break;
		if (!line && told)
			clock_wait_ms(&more, &lock, POLL_MS);
		told = !line;
		if (!line && next < count)
			continue;
		pthread_mutex_unlock(&lock);
		autojson cJSON *event = line ? cJSON_Parse(line) : NULL;
		stop = fn(arg, event, line);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
}
