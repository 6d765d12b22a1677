/* networks.c - see networks.h: the table of networks, making and removing them. */
#include "runtime/networks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "runtime/container_internal.h"
#include "runtime/networks_bridge.h"
#include "runtime/networks_check.h"

static const struct { const char *name, *driver; } builtin[] = {
	{ "bridge", "bridge" }, { "host", "host" }, { "none", "null" },
};

bool net_is_user(const struct net *n) { return !n->builtin; }
bool net_is_own_subnet(const struct net *n, bool six)
{
	return json_bool(n->doc, six ? "own6" : "own");
}

void net_put(struct net *n)
{
	if (__atomic_sub_fetch(&n->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	cJSON_Delete(n->doc);
	free(n->name);
	free(n);
}

static struct net *hold(struct net *n)
{
	__atomic_add_fetch(&n->refs, 1, __ATOMIC_RELAXED);
	return n;
}

/* ---- finding ---- */

/* A full id or a name before a prefix.  nets_lock held. */
static struct net *find(struct containers *cs, const char *ref, int *matches)
{
	struct net *found = NULL;
	size_t len = strlen(ref);

	*matches = 0;
	for (size_t i = 0; i < cs->n_nets; i++)
		if (str_eq(cs->nets[i]->id, ref) || str_eq(cs->nets[i]->name, ref))
			return cs->nets[i];
	for (size_t i = 0; i < cs->n_nets && len; i++) {
		if (strncmp(cs->nets[i]->id, ref, len))
			continue;
		found = cs->nets[i];
		++*matches;
	}
	return found;
}

int networks_get(struct containers *cs, const char *ref, struct net **out, struct err *e)
{
	int matches;

	pthread_mutex_lock(&cs->nets_lock);
	struct net *n = find(cs, str_eq(ref, "default") ? "bridge" : ref, &matches);
	if (n && matches <= 1)
		*out = hold(n);
	pthread_mutex_unlock(&cs->nets_lock);
	if (matches > 1)
		return err_set(e, EINVAL, "network %s is ambiguous (%d matches found based on ID prefix)",
			       ref, matches);
	if (n)
		return 0;
	err_http(e, 404, ENOENT, "network %s not found", ref);
	return err_hint(e, "`docker network ls` lists all networks");
}

struct net **networks_list(struct containers *cs, size_t *n)
{
	pthread_mutex_lock(&cs->nets_lock);
	struct net **v = mem_alloc((cs->n_nets + 1) * sizeof(*v));
	*n = cs->n_nets;
	for (size_t i = 0; i < cs->n_nets; i++)
		v[i] = hold(cs->nets[i]);
	pthread_mutex_unlock(&cs->nets_lock);
	return v;
}

void networks_list_free(struct net **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		net_put(v[i]);
	free(v);
}

static void add(struct containers *cs, struct net *n)
{
	cs->nets = mem_grow(cs->nets, (cs->n_nets + 1) * sizeof(*cs->nets));
	cs->nets[cs->n_nets++] = n;
}

static void take_out(struct containers *cs, struct net *n)
{
	size_t i = 0;

	while (i < cs->n_nets && cs->nets[i] != n)
		i++;
	if (i == cs->n_nets)
		return;
	memmove(cs->nets + i, cs->nets + i + 1, (cs->n_nets - i - 1) * sizeof(*cs->nets));
	cs->n_nets--;
	net_put(n);
}

/* ---- documents ---- */

static cJSON *object_or_empty(const cJSON *body, const char *key)
{
	const cJSON *v = json_obj(body, key);

	return cJSON_IsObject(v) ? cJSON_Duplicate(v, true) : cJSON_CreateObject();
}

/* IPAM as it is shown: given ones as they came, or none (filled in once known). */
static cJSON *ipam_of(const cJSON *body)
{
	const cJSON *given = json_obj(body, "IPAM"), *options = json_obj(given, "Options");
	const cJSON *config[] = { network_config_of(body, false), network_config_of(body, true) };
	cJSON *ipam = cJSON_CreateObject(), *list = cJSON_CreateArray();

	for (int six = 0; six <= network_wants_ipv6(body); six++)
		if (config[six])
			cJSON_AddItemToArray(list, cJSON_Duplicate(config[six], true));
	json_put_str(ipam, "Driver", "default");
	json_put(ipam, "Options", cJSON_IsObject(options) ? cJSON_Duplicate(options, true) :
				  body ? cJSON_CreateObject() : cJSON_CreateNull());
	json_put(ipam, "Config", list);
	return ipam;
}

static struct net *new_net(const char *name, const char *driver, const cJSON *body)
{
	struct net *n = mem_alloc(sizeof(*n));
	bool six = network_wants_ipv6(body);

	n->refs = 1;
	n->name = str_dup(name);
	n->driver = driver;
	n->created_ns = clock_wall_ns();
	n->doc = cJSON_CreateObject();
	json_put(n->doc, "IPAM", ipam_of(body));
	json_put_bool(n->doc, "own", network_config_of(body, false) != NULL);
	json_put_bool(n->doc, "own6", six && network_config_of(body, true));
	json_put_bool(n->doc, "Internal", json_bool(body, "Internal"));
	json_put_bool(n->doc, "Attachable", json_bool(body, "Attachable"));
	json_put_bool(n->doc, "EnableIPv6", six);
	json_put(n->doc, "Options", object_or_empty(body, "Options"));
	json_put(n->doc, "Labels", object_or_empty(body, "Labels"));
	return n;
}

/* --default-network-opt bridge=KEY=VALUE, where the request doesn't say. */
static void add_default_options(const struct containers *cs, struct net *n)
{
	cJSON *options = json_obj(n->doc, "Options");

	for (char *const *v = cs->network_opts; v && *v; v++) {
		const char *key = strchr(*v, '=') + 1, *value = strchr(key, '=') + 1;
		autofree char *name = strndup(key, (size_t)(value - 1 - key));

		if (!json_obj(options, name))
			json_put_str(options, name, value);
	}
}

static int save(struct containers *cs, const struct net *n, struct err *e)
{
	autojson cJSON *o = cJSON_CreateObject();
	autofree char *created = str_printf("%llu", (unsigned long long)n->created_ns);

	json_put_str(o, "name", n->name);
	json_put_str(o, "created", created);
	json_put(o, "doc", cJSON_Duplicate(n->doc, true));
	return state_put(cs->state, "network", n->id, o, e);
}

/* ---- creating ---- */

static void tell(struct containers *cs, const struct origin *by, const struct net *n,
		 const char *type, const char *action)
{
	cJSON *d = cJSON_CreateObject(), *attributes = cJSON_CreateObject();

	json_put_str(attributes, "name", n->name);
	json_put_str(attributes, "type", n->driver);
	event_add("network", action, n->id, attributes);
	json_put_str(d, "name", n->name);
	json_put_str(d, "driver", n->driver);
	json_put_str(d, "subnet", n->bridge ? network_subnet(n->bridge) : "");
	json_put_bool(d, "internal", json_bool(n->doc, "Internal"));
	if (cs->journal)
		journal_add(cs->journal, by, type, NULL, NULL, d, NULL);
	else
		cJSON_Delete(d);
}

/* The document comes first and goes last: whatever a killed daemon leaves of a bridge
 * then has one, and is found by the next. */
static int create_locked(struct containers *cs, struct net *n, struct err *e)
{
	for (size_t i = 0; i < cs->n_nets; i++)
		if (str_eq(cs->nets[i]->name, n->name))
			return err_http(e, 409, EEXIST, "network with name %s already exists", n->name);
	random_id(n->id);
	int r = save(cs, n, e);
	if (r < 0)
		return r;
	if ((r = network_make_bridge(cs, n, false, e)) < 0 || (r = save(cs, n, e)) < 0) {
		if (n->bridge)
			network_drop(steal_ptr(n->bridge), true);
		state_delete(cs->state, "network", n->id, NULL);
		return r;
	}
	add(cs, hold(n));
	return 0;
}

int networks_create(struct containers *cs, const struct origin *by, const cJSON *body,
		    struct net **out, struct err *e)
{
	int r = network_check(body, e);

	if (r < 0)
		return r;
	struct net *n = new_net(json_str_or(body, "Name", ""), "bridge", body);
	add_default_options(cs, n);
	pthread_mutex_lock(&cs->nets_lock);
	r = create_locked(cs, n, e);
	pthread_mutex_unlock(&cs->nets_lock);
	if (r < 0) {
		net_put(n);
		return r;
	}
	tell(cs, by, n, "net.create", "create");
	*out = n;
	return 0;
}

/* ---- removing ---- */

/* "name:"web" id:"0123456789ab"" for each running container in the network. */
static char *active(struct containers *cs, const struct net *n)
{
	struct str text = { 0 };
	size_t count;
	struct container **v = containers_list(cs, &count);

	for (size_t i = 0; i < count; i++) {
		container_lock(v[i]);
		const struct place *p = place_in(v[i], n->id);
		if (p && *p->endpoint_id)
			str_addf(&text, "%sname:\"%s\" id:\"%.12s\"", text.len ? ", " : "", v[i]->name,
				 p->endpoint_id);
		container_unlock(v[i]);
	}
	containers_list_free(v, count);
	return str_take(&text);
}

bool networks_in_use(struct containers *cs, const struct net *n)
{
	autofree char *text = active(cs, n);

	return *text != '\0';
}

int networks_use(struct containers *cs, struct net *n)
{
	pthread_mutex_lock(&cs->nets_lock);
	int r = n->gone ? -ENOENT : 0;
	n->users += r == 0;
	pthread_mutex_unlock(&cs->nets_lock);
	return r;
}

void networks_unuse(struct containers *cs, struct net *n)
{
	pthread_mutex_lock(&cs->nets_lock);
	n->users--;
	pthread_mutex_unlock(&cs->nets_lock);
}

static int in_use(const struct net *n, const char *users, struct err *e)
{
	err_http(e, 403, EBUSY, "error while removing network: network %s has active endpoints (%s)",
		 n->name, users);
	return err_hint(e, "disconnect or stop these containers first");
}

static int remove_unlocked(struct containers *cs, const struct origin *by, struct net *n,
			   struct err *e)
{
	if (n->gone)
		return err_http(e, 404, ENOENT, "network %s not found", n->name);
	if (n->users)	/* it came in this moment */
		return in_use(n, "", e);
	n->gone = true;
	tell(cs, by, n, "net.rm", "destroy");
	if (n->bridge)
		network_drop(steal_ptr(n->bridge), true);
	int r = state_delete(cs->state, "network", n->id, e);
	take_out(cs, n);
	return r;
}

int networks_remove(struct containers *cs, const struct origin *by, struct net *n, struct err *e)
{
	if (n->builtin)
		return err_http(e, 403, EPERM, "%s is a pre-defined network and cannot be removed",
				n->name);
	autofree char *users = active(cs, n);
	if (*users)
		return in_use(n, users, e);
	pthread_mutex_lock(&cs->nets_lock);
	int r = remove_unlocked(cs, by, n, e);
	pthread_mutex_unlock(&cs->nets_lock);
	return r;
}

/* ---- opening ---- */

static int load_one(void *arg, const char *id, const cJSON *doc)
{
	struct containers *cs = arg;
	struct net *n = new_net(json_str_or(doc, "name", id), "bridge", NULL);
	struct err e = { 0 };

	snprintf(n->id, sizeof(n->id), "%s", id);
	n->created_ns = strtoull(json_str_or(doc, "created", "0"), NULL, 10);
	cJSON_Delete(n->doc);
	n->doc = cJSON_Duplicate(json_obj(doc, "doc"), true);
	if (cs->network && network_make_bridge(cs, n, true, &e) < 0)
		err_print(&e);	/* the network stays known; containers can't join it */
	add(cs, n);
	return 0;
}

int networks_open(struct containers *cs, struct err *e)
{
	pthread_mutex_init(&cs->nets_lock, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++) {
		struct net *n = new_net(builtin[i].name, builtin[i].driver, NULL);
		autofree char *text = str_printf("network %s of %s", n->name, cs->data_root);
		sha256_hex(text, strlen(text), n->id);
		n->builtin = true;
		if (i == 0 && cs->network) {
			n->bridge = cs->network;
			json_put_bool(n->doc, "EnableIPv6", network_six(n->bridge));
			network_note_subnets(n);
			cJSON *options = json_obj(n->doc, "Options");
			autofree char *mtu = str_printf("%d", cs->bridge.mtu ? cs->bridge.mtu : 1500);
			json_put_str(options, "com.docker.network.bridge.default_bridge", "true");
			json_put_str(options, OPTION_ICC, cs->bridge.isolated ? "false" : "true");
			json_put_str(options, OPTION_MASQ, cs->bridge.bare ? "false" : "true");
			json_put_str(options, OPTION_HOST, cs->host_ip ? cs->host_ip : "0.0.0.0");
			json_put_str(options, OPTION_BRIDGE, network_bridge(cs->network));
			json_put_str(options, OPTION_MTU, mtu);
		}
		add(cs, n);
	}
	return state_each(cs->state, "network", load_one, cs, e);
}

void networks_close(struct containers *cs)
{
	for (size_t i = 0; i < cs->n_nets; i++)
		net_put(cs->nets[i]);
	free(cs->nets);
	pthread_mutex_destroy(&cs->nets_lock);
}
