/* container_table.c - the containers there are: finding, naming, keeping them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "runtime/container_internal.h"

const char *const ctr_status_names[] = {
	[CTR_CREATED] = "created", [CTR_RUNNING] = "running", [CTR_PAUSED] = "paused",
	[CTR_RESTARTING] = "restarting", [CTR_REMOVING] = "removing", [CTR_EXITED] = "exited",
	[CTR_DEAD] = "dead",
};

struct launcher *containers_launcher(struct containers *cs) { return cs->launcher; }
struct network *containers_network(struct containers *cs) { return cs->network; }
struct volumes *containers_volumes(struct containers *cs) { return cs->volumes; }
struct journal *containers_journal(struct containers *cs) { return cs->journal; }

void container_lock(struct container *c) { pthread_mutex_lock(&c->mutex); }
void container_unlock(struct container *c) { pthread_mutex_unlock(&c->mutex); }

bool container_is_up(const struct container *c)
{
	return c->status == CTR_RUNNING || c->status == CTR_PAUSED;
}

/* -- names ------------------------------------------------------------------------- */

static struct container *find_name(struct containers *cs, const char *name)
{
	for (size_t i = 0; i < cs->n; i++)
		if (str_eq(cs->v[i]->name, name))
			return cs->v[i];
	return NULL;
}

/* Also one that is still being created has its name for itself. */
static struct container *name_holder(struct containers *cs, const char *name)
{
	struct container *c = find_name(cs, name);
	for (struct container *p = cs->coming; p && !c; p = p->next_coming)
		if (str_eq(p->name, name))
			c = p;
	return c;
}

/* Two words, as users of Docker expect of a container nobody named. */
static char *free_name(struct containers *cs)
{
	static const char *const how[] = { "amber", "brisk", "calm", "deep", "eager", "fair", "gentle",
		"hardy", "keen", "lively", "mellow", "nimble", "patient", "quiet", "ready", "steady",
		"tidy", "upright", "vivid", "wise" };
	static const char *const what[] = { "anchor", "barge", "beacon", "buoy", "clipper", "compass",
		"crane", "ferry", "harbour", "keel", "lagoon", "mast", "oar", "pier", "quay", "rudder",
		"sextant", "tiller", "tug", "winch" };
	for (int try = 0; ; try++) {
		unsigned r[3];
		if (getrandom(r, sizeof(r), 0) != sizeof(r))
			abort();
		const char *a = how[r[0] % ARRAY_SIZE(how)], *b = what[r[1] % ARRAY_SIZE(what)];
		char *name = try < 4 ? str_printf("%s_%s", a, b) :
				       str_printf("%s_%s%u", a, b, r[2] % 100000);
		if (!name_holder(cs, name))
			return name;
		free(name);
	}
}

int check_name(const char *name, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	if (strlen(name) >= 2 && strchr(letters, name[0]) && strspn(name, more) == strlen(name))
		return 0;
	return err_set(e, EINVAL,
		       "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed", name);
}

static int name_conflict(const char *name, const struct container *holder, struct err *e)
{
	err_http(e, 409, EEXIST,
		 "Conflict. The container name \"/%s\" is already in use by container \"%s\"."
		 " You have to remove (or rename) that container to be able to reuse that name.",
		 name, holder->id);
	return err_hint(e, "`docker rm %s` frees the name; `docker start %s` runs that container again",
			name, name);
}

/* -- the table --------------------------------------------------------------------- */

struct container *container_new(struct containers *cs)
{
	struct container *c = mem_alloc(sizeof(*c));
	c->all = cs;
	c->refs = 1;
	c->error = str_dup("");
	pthread_mutex_init(&c->mutex, NULL);
	pthread_cond_init(&c->changed, NULL);
	return c;
}

static void container_free(struct container *c)
{
	attach_drop(c);
	changes_free(c->changes);
	health_free(c->health);
	cJSON_Delete(c->config);
	cJSON_Delete(c->host);
	cJSON_Delete(c->points);
	strv_free(c->init_argv);
	strv_free(c->lower);
	strv_free(c->diff_ids);
	origin_free(&c->by);
	places_free(c);
	char *const text[] = { c->name, c->image_id, c->image_ref, c->error, c->init_exe, c->upper,
			       (char *)c->ports };
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		free(text[i]);
	pthread_mutex_destroy(&c->mutex);
	pthread_cond_destroy(&c->changed);
	free(c);
}

static void hold(struct container *c) { __atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED); }

void container_put(struct container *c)
{
	if (__atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL) == 0)
		container_free(c);
}

int table_claim(struct container *c, const char *name, struct err *e)
{
	struct containers *cs = c->all;
	int r = 0;
	pthread_mutex_lock(&cs->lock);
	c->name = name ? str_dup(name) : free_name(cs);
	struct container *holder = name_holder(cs, c->name);
	if (holder) {
		r = name_conflict(c->name, holder, e);
	} else {
		c->next_coming = cs->coming;
		cs->coming = c;
	}
	pthread_mutex_unlock(&cs->lock);
	return r;
}

void table_unclaim(struct container *c)
{
	struct containers *cs = c->all;
	pthread_mutex_lock(&cs->lock);
	for (struct container **p = &cs->coming; *p; p = &(*p)->next_coming)
		if (*p == c) {
			*p = c->next_coming;
			break;
		}
	pthread_mutex_unlock(&cs->lock);
}

int table_add(struct containers *cs, struct container *c, struct err *e)
{
	int r = 0;
	pthread_mutex_lock(&cs->lock);
	struct container *holder = name_holder(cs, c->name);
	if (holder && holder != c) {
		r = name_conflict(c->name, holder, e);
	} else {
		cs->v = mem_grow(cs->v, (cs->n + 1) * sizeof(*cs->v));
		cs->v[cs->n++] = c;
		hold(c);
	}
	pthread_mutex_unlock(&cs->lock);
	return r;
}

void table_remove(struct container *c)
{
	struct containers *cs = c->all;
	bool found = false;
	pthread_mutex_lock(&cs->lock);
	for (size_t i = 0; i < cs->n; i++) {
		if (found)
			cs->v[i - 1] = cs->v[i];
		found |= cs->v[i] == c;
	}
	cs->n -= found;
	pthread_mutex_unlock(&cs->lock);
	if (found)
		container_put(c);
}

struct container *table_find_id(struct containers *cs, const char *id)
{
	struct container *c = NULL;
	pthread_mutex_lock(&cs->lock);
	for (size_t i = 0; i < cs->n && !c; i++)
		if (str_eq(cs->v[i]->id, id))
			c = cs->v[i];
	if (c)
		hold(c);
	pthread_mutex_unlock(&cs->lock);
	return c;
}

char *table_name(struct containers *cs, const char *id)
{
	char *name = NULL;
	pthread_mutex_lock(&cs->lock);
	for (size_t i = 0; i < cs->n && !name; i++)
		if (str_eq(cs->v[i]->id, id))
			name = str_dup(cs->v[i]->name);
	pthread_mutex_unlock(&cs->lock);
	return name;
}

/* A full id or a name before a prefix; NULL with *many if a prefix fits several. */
static struct container *find(struct containers *cs, const char *ref, bool *many)
{
	struct container *c;
	size_t len = strlen(ref);
	for (size_t i = 0; i < cs->n; i++)
		if (str_eq(cs->v[i]->id, ref))
			return cs->v[i];
	if ((c = find_name(cs, ref + (*ref == '/'))))
		return c;
	for (size_t i = 0; i < cs->n && len; i++) {
		if (strncmp(cs->v[i]->id, ref, len))
			continue;
		*many = c != NULL;
		if (*many)
			return NULL;
		c = cs->v[i];
	}
	return c;
}

static int no_such(const char *ref, struct err *e)
{
	err_http(e, 404, ENOENT, "No such container: %s", ref);
	return err_hint(e, "`docker ps -a` lists all containers, also those that have ended");
}

int containers_get(struct containers *cs, const char *ref, struct container **out, struct err *e)
{
	bool many = false;
	pthread_mutex_lock(&cs->lock);
	struct container *c = find(cs, ref, &many);
	if (c)
		hold(c);
	pthread_mutex_unlock(&cs->lock);
	if (many)
		return err_http(e, 400, EINVAL, "multiple IDs found with provided prefix: %s", ref);
	if (!c)
		return no_such(ref, e);
	*out = c;
	return 0;
}

struct container **containers_list(struct containers *cs, size_t *n)
{
	pthread_mutex_lock(&cs->lock);
	struct container **v = mem_alloc((cs->n + 1) * sizeof(*v));
	*n = cs->n;
	for (size_t i = 0; i < cs->n; i++) {
		v[i] = cs->v[cs->n - 1 - i];
		hold(v[i]);
	}
	pthread_mutex_unlock(&cs->lock);
	return v;
}

void containers_list_free(struct container **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		container_put(v[i]);
	free(v);
}

int container_rename(struct container *c, const char *name, struct err *e)
{
	struct containers *cs = c->all;
	name += *name == '/';
	int r = check_name(name, e);
	if (r < 0)
		return r;
	container_lock(c);
	pthread_mutex_lock(&cs->lock);
	struct container *holder = name_holder(cs, name);
	autofree char *old = str_dup(c->name);
	if (c->gone)
		r = no_such(c->id, e);
	else if (holder == c)
		r = err_set(e, EINVAL, "Renaming a container with the same name as its current name");
	else if (holder)
		r = name_conflict(name, holder, e);
	if (r == 0) {
		free(c->name);
		c->name = str_dup(name);
	}
	pthread_mutex_unlock(&cs->lock);
	plug_tell_names(c);
	if (r == 0 && (r = container_save(c, e)) == 0) {
		cJSON *more = cJSON_CreateObject();
		json_put_str(more, "oldName", old);
		container_event(c, "rename", more);
	}
	container_unlock(c);
	return r;
}

/* -- keeping ----------------------------------------------------------------------- */

char *container_path(const struct container *c, const char *name)
{
	return str_printf("%s/containers/%s/%s", c->all->data_root, c->id, name);
}

char *container_log_path(const struct container *c)
{
	autofree char *name = str_printf("%s-json.log", c->id);
	return container_path(c, name);
}

/* Times as text: JSON numbers are exact to 2^53 only. */
static void put_time(cJSON *o, const char *key, uint64_t ns)
{
	autofree char *text = str_printf("%llu", (unsigned long long)ns);
	json_put_str(o, key, text);
}

static uint64_t get_time(const cJSON *o, const char *key)
{
	return strtoull(json_str_or(o, key, "0"), NULL, 10);
}

static cJSON *ports_json(const struct container *c)
{
	cJSON *a = cJSON_CreateArray();
	for (size_t i = 0; i < c->n_ports; i++) {
		cJSON *p = cJSON_CreateObject();
		json_put_str(p, "ip", c->ports[i].host_ip);
		json_put_int(p, "host", c->ports[i].host);
		json_put_int(p, "ctr", c->ports[i].ctr);
		json_put_str(p, "proto", c->ports[i].proto);
		cJSON_AddItemToArray(a, p);
	}
	return a;
}

int container_save(struct container *c, struct err *e)
{
	/* Removed while the caller waited: its record must not come back. */
	if (c->gone)
		return 0;
	autojson cJSON *o = cJSON_CreateObject();
	json_put_str(o, "id", c->id);
	json_put_str(o, "name", c->name);
	json_put_str(o, "image", c->image_id);
	json_put_str(o, "ref", c->image_ref);
	json_put(o, "config", cJSON_CreateObjectReference(c->config->child));
	json_put(o, "host", cJSON_CreateObjectReference(c->host->child));
	json_put(o, "points", cJSON_Duplicate(c->points, true));
	json_put_int(o, "status", c->status);
	json_put_int(o, "pid", c->pid);
	json_put_int(o, "exit_code", c->exit_code);
	json_put_bool(o, "oom", c->oom);
	json_put_str(o, "error", c->error);
	put_time(o, "created", c->created_ns);
	put_time(o, "started", c->started_ns);
	put_time(o, "finished", c->finished_ns);
	json_put_int(o, "starts", c->starts);
	json_put_int(o, "restarts", c->restarts);
	json_put_bool(o, "by_hand", c->by_hand);
	if (c->in_build)
		json_put_bool(o, "in_build", true);
	json_put(o, "places", places_json(c));
	json_put(o, "ports", ports_json(c));
	if (c->health)
		json_put(o, "health", container_health_json(c));
	json_put_str(o, "actor", actor_name(c->by.actor));
	json_put_str(o, "session", c->by.session);
	json_put_str(o, "step", c->by.step);
	return state_put(c->all->state, "container", c->id, o, e);
}

static void load_ports(struct container *c, const cJSON *ports)
{
	const cJSON *p;
	c->ports = mem_alloc((size_t)cJSON_GetArraySize(ports) * sizeof(*c->ports) + 1);
	cJSON_ArrayForEach(p, ports) {
		struct port *to = &c->ports[c->n_ports++];
		snprintf(to->host_ip, sizeof(to->host_ip), "%s", json_str_or(p, "ip", ""));
		snprintf(to->proto, sizeof(to->proto), "%s", json_str_or(p, "proto", "tcp"));
		to->host = (uint16_t)json_int(p, "host", 0);
		to->ctr = (uint16_t)json_int(p, "ctr", 0);
	}
}

struct container *container_load(struct containers *cs, const cJSON *o)
{
	struct container *c = container_new(cs);
	struct origin by = { ACTOR_STUDENT, json_str(o, "session"), json_str(o, "step") };

	snprintf(c->id, sizeof(c->id), "%s", json_str_or(o, "id", ""));
	c->name = str_dup(json_str_or(o, "name", c->id));
	c->image_id = str_dup(json_str_or(o, "image", ""));
	c->image_ref = str_dup(json_str_or(o, "ref", ""));
	c->config = cJSON_Duplicate(json_obj(o, "config"), true);
	c->host = cJSON_Duplicate(json_obj(o, "host"), true);
	c->points = cJSON_Duplicate(json_obj(o, "points"), true);
	c->status = (enum ctr_status)json_int(o, "status", CTR_EXITED);
	c->pid = (int)json_int(o, "pid", 0);
	c->exit_code = (int)json_int(o, "exit_code", 0);
	c->oom = json_bool(o, "oom");
	free(c->error);
	c->error = str_dup(json_str_or(o, "error", ""));
	c->created_ns = get_time(o, "created");
	c->started_ns = get_time(o, "started");
	c->finished_ns = get_time(o, "finished");
	c->starts = (int)json_int(o, "starts", 0);
	c->restarts = (int)json_int(o, "restarts", 0);
	c->by_hand = json_bool(o, "by_hand");
	c->in_build = json_bool(o, "in_build");
	places_load(c, json_obj(o, "places"));
	load_ports(c, json_obj(o, "ports"));
	c->health = health_load(json_obj(o, "health"));
	actor_parse(json_str_or(o, "actor", "student"), &by.actor);
	origin_keep(&c->by, &by);
	return c;
}
