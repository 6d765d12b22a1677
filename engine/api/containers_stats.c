/* containers_stats.c - docker stats: the control groups' counters, once or each second. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "api/routes.h"
#include "core/clock.h"
#include "runtime/container_places.h"

static cJSON *show_cpu(const struct launch_stats *st)
{
	cJSON *cpu = cJSON_CreateObject(), *usage = cJSON_CreateObject(), *t = cJSON_CreateObject();
	json_put_int(usage, "total_usage", (int64_t)st->cpu_ns);
	json_put_int(usage, "usage_in_kernelmode", (int64_t)st->kernel_ns);
	json_put_int(usage, "usage_in_usermode", (int64_t)st->user_ns);
	json_put(cpu, "cpu_usage", usage);
	if (st->system_ns) {
		json_put_int(cpu, "system_cpu_usage", (int64_t)st->system_ns);
		json_put_int(cpu, "online_cpus", sysconf(_SC_NPROCESSORS_ONLN));
	}
	json_put_int(t, "periods", (int64_t)st->periods);
	json_put_int(t, "throttled_periods", (int64_t)st->throttled_periods);
	json_put_int(t, "throttled_time", (int64_t)st->throttled_ns);
	json_put(cpu, "throttling_data", t);
	return cpu;
}

static cJSON *show_memory(const struct launch_stats *st)
{
	cJSON *m = cJSON_CreateObject();
	if (!st->has_memory)
		return m;
	json_put_int(m, "usage", (int64_t)st->memory);
	json_put_int(m, "limit", (int64_t)st->memory_limit);
	json_put(m, "stats", cJSON_CreateObject());
	return m;
}

static cJSON *show_pids(const struct launch_stats *st)
{
	cJSON *p = cJSON_CreateObject();
	if (!st->has_pids)
		return p;
	json_put_int(p, "current", (int64_t)st->pids);
	if (st->pids_limit)
		json_put_int(p, "limit", (int64_t)st->pids_limit);
	return p;
}

static cJSON *show_blkio(const struct launch_stats *st)
{
	cJSON *b = cJSON_CreateObject(), *list = cJSON_CreateArray();
	for (int write = 0; write <= 1; write++) {
		cJSON *o = cJSON_CreateObject();
		json_put_int(o, "major", 0);
		json_put_int(o, "minor", 0);
		json_put_str(o, "op", write ? "write" : "read");
		json_put_int(o, "value", (int64_t)(write ? st->blk_write : st->blk_read));
		cJSON_AddItemToArray(list, o);
	}
	json_put(b, "io_service_bytes_recursive", list);
	return b;
}

static void put_flow(cJSON *o, const char *way, const struct launch_flow *f)
{
	const struct { const char *what; uint64_t n; } rows[] = {
		{ "bytes", f->bytes }, { "packets", f->packets }, { "errors", f->errors },
		{ "dropped", f->dropped },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autofree char *key = str_printf("%s_%s", way, rows[i].what);
		json_put_int(o, key, (int64_t)rows[i].n);
	}
}

static cJSON *show_net(const struct launch_stats *st)
{
	cJSON *all = cJSON_CreateObject();
	for (size_t i = 0; i < st->n_net; i++) {
		cJSON *o = cJSON_CreateObject();
		put_flow(o, "rx", &st->net[i].rx);
		put_flow(o, "tx", &st->net[i].tx);
		json_put(all, st->net[i].name, o);
	}
	return all;
}

static cJSON *show_stats(struct container *c, const struct launch_stats *now, uint64_t now_ns,
			 const struct launch_stats *before, uint64_t before_ns)
{
	cJSON *o = cJSON_CreateObject();
	char buf[40];
	container_lock(c);
	autofree char *name = str_printf("/%s", c->name);
	bool net = c->n_places && *c->places[0]->address;
	container_unlock(c);
	json_put_str(o, "name", name);
	json_put_str(o, "id", c->id);
	json_put_str(o, "read", clock_rfc3339(now_ns, buf));
	json_put_str(o, "preread", before_ns ? clock_rfc3339(before_ns, buf) : "0001-01-01T00:00:00Z");
	json_put_int(o, "num_procs", 0);
	json_put(o, "pids_stats", show_pids(now));
	json_put(o, "blkio_stats", show_blkio(now));
	json_put(o, "cpu_stats", show_cpu(now));
	json_put(o, "precpu_stats", show_cpu(before));
	json_put(o, "memory_stats", show_memory(now));
	json_put(o, "storage_stats", cJSON_CreateObject());
	if (net)
		json_put(o, "networks", show_net(now));
	return o;
}

struct stats { struct container *c; bool stream, one_shot; };

/* A container that doesn't run uses nothing. */
static void take(struct container *c, struct launch_stats *out)
{
	*out = (struct launch_stats){ 0 };
	container_lock(c);
	if (c->run && launch_stats(c->run, out, NULL) < 0)
		*out = (struct launch_stats){ 0 };
	container_unlock(c);
}

static bool sleep_second(struct stream *s)
{
	const struct timespec slice = { .tv_nsec = 100000000 };
	for (int i = 0; i < 10 && !stream_gone(s); i++)
		nanosleep(&slice, NULL);
	return !stream_gone(s);
}

static void produce(struct stream *s, void *arg)
{
	struct stats *st = arg;
	struct launch_stats now, before = { 0 };
	uint64_t before_ns = 0;
	bool more = true;

	if (!st->stream && !st->one_shot) {	/* two looks, so that there is a rate */
		take(st->c, &before);
		before_ns = clock_wall_ns();
		more = sleep_second(s);
	}
	while (more) {
		take(st->c, &now);
		uint64_t now_ns = clock_wall_ns();
		autojson cJSON *o = show_stats(st->c, &now, now_ns, &before, before_ns);
		more = stream_json(s, o) == 0 && st->stream && !st->c->gone && sleep_second(s);
		before = now;
		before_ns = now_ns;
	}
}

static void release(void *arg)
{
	struct stats *st = arg;
	container_put(st->c);
	free(st);
}

int containers_stats(struct request *r, struct err *e)
{
	autocontainer struct container *c = NULL;
	int n = request_container(r, &c, e);
	if (n < 0)
		return n;
	struct stats *st = mem_alloc(sizeof(*st));
	st->stream = !query(r, "stream") || query_bool(r, "stream");
	container_lock(c);
	bool up = c->status == CTR_RUNNING || c->status == CTR_PAUSED;
	container_unlock(c);
	/* Two looks at a container that doesn't run would see no more than one. */
	st->one_shot = !up || (r->minor >= 41 && query_bool(r, "one-shot"));
	st->c = steal_ptr(c);
	return reply_stream(r, "application/json", produce, release, st);
}
