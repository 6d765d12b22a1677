/* containers_filter.c - which containers docker ps shows. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/containers_show.h"
#include "image/lineage.h"
#include "runtime/container_places.h"

/* -- values that must make sense ---------------------------------------------------- */

static const char *const states[] = { "created", "running", "paused", "restarting", "removing",
	"exited", "dead", NULL };
static const char *const healths[] = { "none", "starting", "healthy", "unhealthy", NULL };

static int check_words(const cJSON *filters, const char *key, const char *what,
		       const char *const *words, struct err *e)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, json_obj(filters, key)) {
		autostr struct str all = { 0 };
		bool ok = false;
		for (const char *const *w = words; *w; w++) {
			str_addf(&all, "%s%s", all.len ? " " : "", *w);
			ok |= str_eq(*w, v->valuestring);
		}
		if (!ok)
			return err_set(e, EINVAL, "invalid filter '%s=%s': invalid value for %s (%s): must "
				       "be one of [%s]", key, v->valuestring, what, v->valuestring,
				       all.s);
	}
	return 0;
}

static int check_codes(const cJSON *filters, struct err *e)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, json_obj(filters, "exited")) {
		char *end;
		strtol(v->valuestring, &end, 10);
		if (*end || end == v->valuestring)
			return err_set(e, EINVAL, "invalid filter 'exited=%s': strconv.Atoi: parsing \"%s\": "
				       "invalid syntax", v->valuestring, v->valuestring);
	}
	return 0;
}

/* "80", "80/udp", "8000-8010/tcp" */
static bool parse_ports(const char *text, unsigned *first, unsigned *last, char proto[8])
{
	char rest;
	snprintf(proto, 8, "tcp");
	int n = sscanf(text, "%5u-%5u/%7[a-z]%c", first, last, proto, &rest);
	if (n < 2) {
		n = sscanf(text, "%5u/%7[a-z]%c", first, proto, &rest);
		*last = *first;
		return (n == 1 && text[strspn(text, "0123456789")] == '\0') || n == 2;
	}
	return n <= 3 && *first <= *last;
}

static int check_ports(const cJSON *filters, const char *key, struct err *e)
{
	const cJSON *v;
	unsigned first, last;
	char proto[8];
	cJSON_ArrayForEach(v, json_obj(filters, key)) {
		if (strchr(v->valuestring, ':'))
			return err_set(e, EINVAL, "filter for '%s' should not contain ':': %s", key,
				       v->valuestring);
		if (!parse_ports(v->valuestring, &first, &last, proto) || last > 65535)
			return err_set(e, EINVAL, "error while looking up for %s %s: Invalid "
				       "containerPort: %s", key, v->valuestring, v->valuestring);
	}
	return 0;
}

/* The last container that was created before, or first after, the one named. */
static int created_of(const struct request *r, const cJSON *filters, const char *key,
		      uint64_t *out, struct err *e)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, json_obj(filters, key)) {
		autocontainer struct container *c = NULL;
		int n = containers_get(r->api->containers, v->valuestring, &c, e);
		if (n < 0)
			return n;
		*out = c->created_ns;
	}
	return 0;
}

int ps_filter_read(struct request *r, struct ps_filter *f, struct err *e)
{
	static const char *const known[] = { "status", "name", "id", "ancestor", "label", "exited",
		"before", "since", "network", "volume", "publish", "expose", "health", "is-task",
		"isolation", NULL };
	bool task = false;
	int n = query_filters(r, &f->filters, e);
	if (n < 0 || (n = filter_check(f->filters, known, e)) < 0 ||
	    (n = check_codes(f->filters, e)) < 0 ||
	    (n = check_words(f->filters, "status", "state", states, e)) < 0 ||
	    (n = check_words(f->filters, "health", "health", healths, e)) < 0 ||
	    (n = filter_bool(f->filters, "is-task", &task, e)) < 0 ||
	    (n = check_ports(f->filters, "publish", e)) < 0 ||
	    (n = check_ports(f->filters, "expose", e)) < 0 ||
	    (n = created_of(r, f->filters, "before", &f->before, e)) < 0 ||
	    (n = created_of(r, f->filters, "since", &f->since, e)) < 0)
		return n;
	f->r = r;
	f->nothing = task;	/* tasks are a swarm's */
	f->all |= json_obj(f->filters, "status") != NULL;
	return 0;
}

/* -- one container ------------------------------------------------------------------ */

static bool image_fits(const struct ps_filter *f, const struct container *c)
{
	const cJSON *list = json_obj(f->filters, "ancestor"), *v;
	cJSON_ArrayForEach(v, list) {
		autofree char *want = NULL;
		if (image_find(f->r->api->images, v->valuestring, &want, NULL) < 0)
			continue;
		/* Made from the image itself, or from one that was made from it. */
		autofree char *id = str_dup(c->image_id);
		while (id && *id && !str_eq(id, want)) {
			char *parent = image_parent(f->r->api->images, id);
			free(id);
			id = parent;
		}
		if (id && *id)
			return true;
	}
	return !cJSON_GetArraySize(list);
}

static bool exit_fits(const struct ps_filter *f, const struct container *c, bool up)
{
	char code[16];
	snprintf(code, sizeof(code), "%d", c->exit_code);
	if (!cJSON_GetArraySize(json_obj(f->filters, "exited")))
		return true;
	return !up && c->started_ns && filter_has(f->filters, "exited", code);
}

static bool mount_fits(const struct ps_filter *f, const struct container *c)
{
	if (!json_obj(f->filters, "volume"))
		return true;
	autojson cJSON *mounts = container_mounts(c);
	const cJSON *m;
	cJSON_ArrayForEach(m, mounts)
		if (filter_has(f->filters, "volume", json_str_or(m, "Destination", "")) ||
		    filter_has(f->filters, "volume", json_str_or(m, "Name", json_str_or(m, "Source", ""))))
			return true;
	return false;
}

static bool in_ports(const cJSON *list, unsigned port, const char *proto)
{
	const cJSON *v;
	unsigned first, last;
	char want[8];
	cJSON_ArrayForEach(v, list)
		if (parse_ports(v->valuestring, &first, &last, want) && port >= first && port <= last &&
		    str_eq(want, proto))
			return true;
	return false;
}

static bool port_fits(const struct ps_filter *f, const struct container *c)
{
	const cJSON *publish = json_obj(f->filters, "publish"), *expose = json_obj(f->filters, "expose");
	const cJSON *p;
	if (!publish && !expose)
		return true;
	autojson cJSON *ports = show_row_ports(c);
	cJSON_ArrayForEach(p, ports) {
		const char *proto = json_str_or(p, "Type", "");
		if (in_ports(publish, (unsigned)json_int(p, "PublicPort", 0), proto) ||
		    in_ports(expose, (unsigned)json_int(p, "PrivatePort", 0), proto))
			return true;
	}
	return false;
}

/* By name or the beginning of the id; container:NAME as it is. */
static bool network_fits(const struct ps_filter *f, const struct container *c)
{
	bool fits = filter_has(f->filters, "network", json_str_or(c->host, "NetworkMode", ""));
	for (size_t i = 0; i < c->n_places; i++)
		fits |= filter_has(f->filters, "network", c->places[i]->net_name) ||
			filter_prefix(f->filters, "network", c->places[i]->net_id);
	return fits;
}

bool ps_filter_fits(const struct ps_filter *f, const struct container *c)
{
	autofree char *name = str_printf("/%s", c->name);
	bool up = c->status == CTR_RUNNING || c->status == CTR_PAUSED || c->status == CTR_RESTARTING;
	if (f->nothing || (!up && !f->all))
		return false;
	return (filter_match(f->filters, "name", name) || filter_match(f->filters, "name", c->name)) &&
	       filter_match(f->filters, "id", c->id) &&
	       filter_labels(f->filters, json_obj(c->config, "Labels")) && exit_fits(f, c, up) &&
	       filter_has(f->filters, "status", ctr_status_names[c->status]) &&
	       filter_has(f->filters, "health", container_health(c)) &&
	       c->created_ns < f->before && c->created_ns > f->since &&
	       mount_fits(f, c) && image_fits(f, c) && network_fits(f, c) && port_fits(f, c);
}
