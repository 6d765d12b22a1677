/* events.c - docker events: what happened, and what happens. */
#include <errno.h>
#include <string.h>

#include "api/routes.h"
#include "core/clock.h"
#include "image/reference.h"
#include "runtime/container_event.h"

struct events { struct stream *s; cJSON *filters; uint64_t since, until; int minor; };

/* Types whose filter of the same name means the thing's id or name, or its beginning. */
static const char *const by_name[] = { "container", "daemon", "network", "volume", "plugin",
	"service", "node", "secret", "config" };

/* The actions that carry more behind a colon: "exec_create: sh". */
static const char *const long_actions[] = { "exec_create", "exec_start", "health_status" };

static bool action_fits(const cJSON *filters, const char *action)
{
	const cJSON *list = json_obj(filters, "event");
	for (size_t i = 0; list && i < ARRAY_SIZE(long_actions); i++)
		if (filter_has(filters, "event", long_actions[i]))
			return filter_prefix(filters, "event", action);
	return filter_has(filters, "event", action);
}

/* With and without the tag. */
static bool image_named(const cJSON *filters, const char *name)
{
	struct reference ref;
	if (filter_has(filters, "image", name))
		return true;
	if (reference_parse(name, &ref, NULL) < 0)
		return false;
	autofree char *bare = reference_familiar_name(&ref);
	reference_free(&ref);
	return filter_has(filters, "image", bare);
}

static bool wanted(const struct events *ev, const cJSON *event)
{
	const cJSON *actor = json_obj(event, "Actor"), *attr = json_obj(actor, "Attributes");
	const char *type = json_str_or(event, "Type", ""), *action = json_str_or(event, "Action", "");
	const char *id = json_str_or(actor, "ID", ""), *name = json_str_or(attr, "name", "");
	bool image = str_eq(type, "image"), fits = true;

	/* An image's creation is an event since 1.46. */
	if (ev->minor < 46 && image && str_eq(action, "create"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(by_name); i++)
		if (json_obj(ev->filters, by_name[i]))
			fits &= str_eq(type, by_name[i]) && (filter_prefix(ev->filters, by_name[i], id) ||
							     filter_prefix(ev->filters, by_name[i], name));
	return fits && action_fits(ev->filters, action) && filter_has(ev->filters, "type", type) &&
	       filter_has(ev->filters, "scope", json_str_or(event, "scope", "local")) &&
	       (image_named(ev->filters, id) ||
		image_named(ev->filters, image ? name : json_str_or(attr, "image", ""))) &&
	       filter_labels(ev->filters, attr);
}

static int on_event(void *arg, const cJSON *event, const char *line)
{
	struct events *ev = arg;
	if (!event)
		return stream_gone(ev->s);
	return wanted(ev, event) && stream_line(ev->s, line) < 0;
}

static void produce(struct stream *s, void *arg)
{
	struct events *ev = arg;
	ev->s = s;
	event_read(ev->since, ev->until, on_event, ev);
}

static void release(void *arg)
{
	struct events *ev = arg;
	cJSON_Delete(ev->filters);
	free(ev);
}

/* Without a time only what happens from now on is told; an end alone means everything
 * before it. */
static int read_times(struct request *r, struct events *ev, struct err *e)
{
	int n = query_time(r, "until", UINT64_MAX, &ev->until, e);
	uint64_t first = ev->until == UINT64_MAX ? clock_wall_ns() : 0;
	if (n < 0 || (n = query_time(r, "since", first, &ev->since, e)) < 0)
		return n;
	if (ev->since > ev->until)
		return err_set(e, EINVAL, "`since` time (%s) cannot be after `until` time (%s)",
			       query_or(r, "since", ""), query_or(r, "until", ""));
	if (query(r, "since") && ev->since)
		ev->since--;		/* event_read() gives what is after it */
	return 0;
}

int system_events(struct request *r, struct err *e)
{
	struct events want = { .minor = r->minor };
	int n = read_times(r, &want, e);
	if (n < 0 || (n = query_filters(r, &want.filters, e)) < 0)
		return n;
	struct events *ev = mem_alloc(sizeof(*ev));
	*ev = want;
	return reply_stream(r, "application/json", produce, release, ev);
}
