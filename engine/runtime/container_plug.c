/* container_plug.c - connecting a container's places to their networks: at its start,
 * and live.
 *
 * The first cable of a container on the default bridge comes ready with its
 * namespace out of the pool; every other one is made when it is needed.  Of several
 * networks one has the default route: that of the highest gw-priority (a field of API 1.48
 * that Docker's client 28 sends all the same), then the first by name, as Docker 28 has it;
 * internal ones never.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "runtime/container_internal.h"
#include "runtime/networks_check.h"

/* ---- which is which ---- */

/* A namespace of ours, borrowed; -1: none yet. */
static int own_netns(const struct container *c)
{
	for (size_t i = 0; i < c->n_places; i++)
		if (c->places[i]->ep)
			return endpoint_netns_fd(c->places[i]->ep);
	return -1;
}

static bool leads_before(const struct place *a, const struct place *b)
{
	int64_t p = json_int(a->asked, "GwPriority", 0), q = json_int(b->asked, "GwPriority", 0);

	return p != q ? p > q : strcmp(a->net_name, b->net_name) < 0;
}

/* six: only one with IPv6 can have its default route. */
static struct place *leader(const struct container *c, bool six)
{
	struct place *best = NULL;

	for (size_t i = 0; i < c->n_places; i++) {
		struct place *p = c->places[i];
		if (p->ep && !network_internal(p->net->bridge) && (!six || *p->address6) &&
		    (!best || leads_before(p, best)))
			best = p;
	}
	return best;
}

struct place *plug_leader(const struct container *c) { return leader(c, false); }

static bool name_is_taken(const struct container *c, const char *name)
{
	for (size_t i = 0; i < c->n_places; i++)
		if (str_eq(c->places[i]->inside, name))
			return true;
	return false;
}

static const char *name_prefix(const struct net *n)
{
	return network_option(n->doc, OPTION_PREFIX, "eth");
}

/* The one asked for, or the lowest that is free of "eth0", "eth1" … */
static int inside_name(const struct container *c, const struct place *p, char out[IF_NAMESIZE],
		       struct err *e)
{
	const char *own = driver_opts_name(p);

	if (own && name_is_taken(c, own))
		return err_set(e, EINVAL, "interface %s is already in use in container %s", own, c->name);
	if (own) {
		snprintf(out, IF_NAMESIZE, "%s", own);
		return 0;
	}
	for (int n = 0; n == 0 || name_is_taken(c, out); n++)
		snprintf(out, IF_NAMESIZE, "%s%d", name_prefix(p->net), n);
	return 0;
}

/* ---- names ---- */

static char **name_servers(struct container *c)
{
	char **v = json_strv(json_obj(c->host, "Dns"));
	autostr struct str host = { 0 };
	char *save;

	if (v[0] || file_read("/etc/resolv.conf", &host, NULL) < 0 || !host.s)
		return v;
	for (char *l = strtok_r(host.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!str_starts(l, "nameserver"))
			continue;
		l += strlen("nameserver");
		l += strspn(l, " \t");
		l[strcspn(l, " \t#")] = '\0';
		strv_add(&v, l);
	}
	return v;
}

/* "db:postgres" in a user's network: the name postgres stands for db. */
static void add_links(const struct place *p, char ***links)
{
	const cJSON *link;

	cJSON_ArrayForEach(link, json_obj(p->asked, "Links")) {
		const char *text = cJSON_IsString(link) ? link->valuestring : "";
		const char *alias = strchr(text, ':');
		autofree char *pair = alias ? str_printf("%s=%.*s", alias + 1, (int)(alias - text), text)
					    : str_printf("%s=%s", text, text);
		strv_add(links, pair);
	}
}

bool plug_has_names(const struct container *c)
{
	for (size_t i = 0; i < c->n_places; i++)
		if (c->places[i]->ep && net_is_user(c->places[i]->net))
			return true;
	return false;
}

static int answer_names(struct container *c, struct err *e)
{
	if (!plug_has_names(c))
		return 0;
	char **servers = name_servers(c), **links = mem_alloc(sizeof(*links));
	for (size_t i = 0; i < c->n_places; i++)
		add_links(c->places[i], &links);
	struct resolver_wish w = { .cid = c->id, .netns = own_netns(c), .servers = servers,
				   .links = links, .closed = !plug_leader(c) };
	int r = network_resolve(c->all->network, &w, e);
	strv_free(servers);
	strv_free(links);
	return r;
}

void plug_tell_names(struct container *c)
{
	for (size_t i = 0; i < c->n_places; i++) {
		const struct place *p = c->places[i];
		if (!p->ep || !net_is_user(p->net))
			continue;
		char **names = place_names(c, p);
		endpoint_answer_to(p->ep, names);
		strv_free(names);
	}
}

/* ---- plugging ---- */

static void say(struct container *c, const struct origin *by, const struct place *p,
		const char *type, const char *action)
{
	cJSON *d = cJSON_CreateObject(), *attributes = cJSON_CreateObject();
	const cJSON *aliases = json_obj(p->asked, "Aliases");

	json_put_str(attributes, "container", c->id);
	json_put_str(attributes, "name", p->net_name);
	json_put_str(attributes, "type", p->net->driver);
	event_add("network", action, p->net_id, attributes);
	json_put_str(d, "network", p->net_name);
	json_put_str(d, "address", p->address);
	json_put(d, "aliases", aliases ? cJSON_Duplicate(aliases, true) : cJSON_CreateArray());
	container_fact(c, by, type, d);
}

static void keep(char **field, const char *text)
{
	free(*field);
	*field = str_dup(text);
}

static void remember(struct container *c, struct place *p)
{
	memcpy(p->net_id, p->net->id, sizeof(p->net_id));
	keep(&p->net_name, p->net->name);
	if (!*p->endpoint_id)
		random_id(p->endpoint_id);
	if (!p->ep)
		return;
	keep(&p->address, endpoint_address(p->ep));
	keep(&p->address6, endpoint_address6(p->ep));
	keep(&p->mac, endpoint_mac(p->ep));
	keep(&p->inside, endpoint_inside(p->ep));
}

/* It runs, but was disconnected from everything: opened; -1 if it doesn't run. */
static int netns_of_process(const struct container *c)
{
	autofree char *path = str_printf("/proc/%d/ns/net", c->pid);

	return container_is_up(c) && c->pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
}

static int wire(struct container *c, struct place *p, struct err *e)
{
	struct net *n = p->net;
	const char *mac = json_str_or(p->asked, "MacAddress", "");
	autofd int running = own_netns(c) < 0 ? netns_of_process(c) : -1;
	int netns = running >= 0 ? running : own_netns(c);
	char inside[IF_NAMESIZE];

	if (str_eq(n->driver, "host") || str_eq(n->driver, "null"))
		return 0;
	if (!n->bridge) {
		err_set(e, ENODEV, "this host gives the engine no bridge for network %s", n->name);
		return err_hint(e, "run it with --network none or --network host");
	}
	if (n->builtin && netns < 0 && !*mac && !driver_opts_name(p))
		return network_attach(n->bridge, c->id, &p->ep, e);
	int r = inside_name(c, p, inside, e);
	if (r < 0)
		return r;
	struct network_wish w = { .cid = c->id, .netns = netns, .inside = inside,
				  .address = place_wish(p, "IPv4Address"), .mac = mac,
				  .address6 = place_wish(p, "IPv6Address"),
				  .lead = own_netns(c) < 0 };
	return network_connect(n->bridge, &w, &p->ep, e);
}

/* The network can't be removed from here on. */
static int take_net(struct container *c, struct place *p)
{
	int r = networks_get(c->all, *p->net_id ? p->net_id : p->net_name, &p->net, NULL);

	if (r == 0 && (r = networks_use(c->all, p->net)) < 0)
		place_clear(p);
	return r;
}

static void disconnect_place(struct container *c, const struct origin *by, struct place *p,
			     bool live)
{
	if (!p->net)
		return;
	say(c, by, p, "net.disconnect", "disconnect");
	if (p->ep && live)
		network_disconnect(p->ep);
	else if (p->ep)
		network_detach(p->net->bridge, p->ep);
	networks_unuse(c->all, p->net);
	place_clear(p);
}

/* What its interface has beyond the network's: further addresses, settings. */
static int adorn(const struct place *p, struct err *e)
{
	char **settings = driver_opts_sysctls(p);
	const cJSON *address;
	int r = p->ep && settings[0] ? endpoint_sysctls(p->ep, settings, e) : 0;

	strv_free(settings);
	cJSON_ArrayForEach(address, json_obj(json_obj(p->asked, "IPAMConfig"), "LinkLocalIPs"))
		if (p->ep && r == 0)
			r = endpoint_add_address(p->ep, address->valuestring, e);
	return r;
}

static int connect_place(struct container *c, const struct origin *by, struct place *p,
			 struct err *e)
{
	int r = take_net(c, p);

	if (r < 0)
		return err_http(e, 404, ENOENT, "network %s not found", p->net_name);
	r = wire(c, p, e);
	if (r < 0) {
		networks_unuse(c->all, p->net);
		place_clear(p);
		return r;
	}
	remember(c, p);
	say(c, by, p, "net.connect", "connect");
	if ((r = adorn(p, e)) < 0)
		disconnect_place(c, by, p, container_is_up(c));
	return r;
}

/* After a change while it runs, or at the start: the route and the names. */
static int settle(struct container *c, bool single, struct err *e)
{
	int r = 0;

	for (int six = 0; six < 2 && r == 0; six++) {
		struct place *lead = single ? NULL : leader(c, six);
		r = lead ? endpoint_lead(lead->ep, six, e) : 0;
	}
	if (r < 0)
		return r;
	plug_tell_names(c);
	return answer_names(c, e);
}

int plug_all(struct container *c, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < c->n_places && r == 0; i++)
		r = connect_place(c, &c->by, c->places[i], e);
	if (r == 0)
		r = settle(c, c->n_places <= 1, e);
	if (r < 0)
		unplug_all(c);
	return r;
}

void unplug_all(struct container *c)
{
	if (plug_has_names(c))
		network_unresolve(c->all->network, c->id);
	for (size_t i = 0; i < c->n_places; i++)
		disconnect_place(c, &c->by, c->places[i], false);
}

/* ---- adopting ---- */

static int adopt_place(struct container *c, struct place *p, struct err *e)
{
	int r = take_net(c, p);

	if (r < 0)
		return err_http(e, 404, ENOENT, "network %s not found", p->net_name);
	struct network_was was = { c->id, c->pid, p->inside, p->address, p->address6 };
	if (p->net->bridge && *p->address)
		r = network_adopt(p->net->bridge, &was, &p->ep, e);
	if (r < 0) {
		networks_unuse(c->all, p->net);
		place_clear(p);
		return r;
	}
	remember(c, p);
	return 0;
}

void plug_adopt(struct container *c, struct err *e)
{
	struct err names = { 0 };

	for (size_t i = 0; i < c->n_places; i++)
		if (*c->places[i]->endpoint_id)
			adopt_place(c, c->places[i], e);
	plug_tell_names(c);
	if (answer_names(c, &names) < 0)
		err_print(&names);
}

/* ---- live ---- */

static int refuse_connect(struct container *c, const struct net *n, struct err *e)
{
	const char *mode = host_text(c, "NetworkMode");

	if (c->gone || c->status == CTR_REMOVING || c->status == CTR_DEAD)
		return err_set(e, EIO, "Container %s is marked for removal and cannot be connected or"
			       " disconnected to the network", c->id);
	if (str_eq(n->driver, "host") && !str_eq(mode, "host"))
		return err_set(e, EINVAL, "cannot connect container to host network - container must be"
			       " created in host network mode");
	if (str_eq(mode, "host") || str_starts(mode, "container:"))
		return err_set(e, EINVAL, "container sharing network namespace with another container or"
			       " host cannot be connected to any other network");
	if (str_eq(n->driver, "null") || place_in(c, c->all->nets[2]->id))
		return err_set(e, EINVAL, "container cannot be connected to multiple networks with one of"
			       " the networks in private (none) mode");
	if (place_in(c, n->id) && container_is_up(c))
		return err_http(e, 403, EEXIST, "endpoint with name %s already exists in network %s",
				c->name, n->name);
	return 0;
}

/* The first network with names, or the last: resolv.conf points elsewhere from here on. */
static void names_came_or_went(struct container *c, bool had)
{
	bool has = plug_has_names(c);
	struct err e = { 0 };

	if (had == has)
		return;
	if (!has)
		network_unresolve(c->all->network, c->id);
	if (net_resolv_file(c, &e) < 0)
		err_print(&e);
}

static int connect_locked(struct container *c, const struct origin *by, struct net *n,
			  const cJSON *settings, struct err *e)
{
	struct place *p, *old;
	bool had = plug_has_names(c);
	int r = refuse_connect(c, n, e);

	if (r < 0)
		return r;
	if ((old = place_in(c, n->id)))		/* not running: the new settings replace it */
		places_remove(c, old);
	if ((r = places_add(c, n->id, settings, &p, e)) < 0)
		return r;
	if (container_is_up(c)) {
		r = connect_place(c, by, p, e);
		if (r == 0 && (r = settle(c, false, e)) < 0)
			disconnect_place(c, by, p, true);
		if (r < 0) {
			places_remove(c, p);
			return r;
		}
		net_ports_move(c);
		names_came_or_went(c, had);
		hosts_connected(c, p);
	}
	return container_save(c, e);
}

int container_connect(struct container *c, const struct origin *by, struct net *n,
		      const cJSON *settings, struct err *e)
{
	container_lock(c);
	int r = connect_locked(c, by, n, settings, e);
	container_unlock(c);
	return r;
}

static int disconnect_locked(struct container *c, const struct origin *by, struct net *n,
			     struct err *e)
{
	struct place *p = place_in(c, n->id);
	bool had = plug_has_names(c);

	if (str_eq(host_text(c, "NetworkMode"), "host") && str_eq(n->driver, "host"))
		return err_set(e, EINVAL, "cannot disconnect container from host network - container was"
			       " created in host network mode");
	if (!p)
		return err_set(e, EIO, "container %s is not connected to %snetwork %s", c->id,
			       container_is_up(c) ? "" : "the ", n->name);
	autofree char *lines = hosts_lines(c, p);
	if (container_is_up(c)) {
		net_ports_leave(c, p);
		disconnect_place(c, by, p, true);
	}
	places_remove(c, p);
	if (container_is_up(c)) {
		int r = settle(c, false, e);
		if (r < 0)
			return r;
		net_ports_move(c);
		names_came_or_went(c, had);
		hosts_disconnected(c, lines);
	}
	return container_save(c, e);
}

int container_disconnect(struct container *c, const struct origin *by, struct net *n,
			 struct err *e)
{
	container_lock(c);
	int r = disconnect_locked(c, by, n, e);
	container_unlock(c);
	return r;
}

int container_forget_network(struct container *c, const char *ref, struct err *e)
{
	struct place *p = NULL;
	int r;

	container_lock(c);
	for (size_t i = 0; i < c->n_places && !p; i++)
		if (str_eq(c->places[i]->net_name, ref) || str_eq(c->places[i]->net_id, ref))
			p = c->places[i];
	if (p && !p->net) {
		places_remove(c, p);
		r = container_save(c, e);
	} else {
		r = err_http(e, 404, ENOENT, "container %s is not connected to the network %s", c->id, ref);
	}
	container_unlock(c);
	return r;
}
