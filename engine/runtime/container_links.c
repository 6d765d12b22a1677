/* container_links.c - --link on the default bridge, which has no names of its own.
 *
 * As Docker has it since before there were users' networks: the linked container's
 * address goes into /etc/hosts under the alias, and its exposed ports and variables
 * into the environment, prefixed with the alias.  HostConfig.Links keeps the links as
 * "/db:/web/alias".  On users' networks a link is only a further name, and
 * container_plug.c sees to it.
 *
 * Another container's lock is never taken: of it only what stays as it was created is
 * read, its name by way of the table and its address by way of the network.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "network/address.h"
#include "runtime/container_internal.h"

static bool on_default_bridge(const struct container *c)
{
	return str_eq(net_mode_name(host_text(c, "NetworkMode")), "bridge");
}

/* "db:alias", "db" or "/db:/web/alias": both parts owned. */
static void split(const char *link, char **name, char **alias)
{
	const char *colon = strchr(link, ':');
	const char *last = colon ? strrchr(colon, '/') : NULL;

	link += *link == '/';
	*name = colon ? strndup(link, (size_t)(colon - link)) : str_dup(link);
	*alias = str_dup(last ? last + 1 : colon ? colon + 1 : *name);
}

/* ---- creating ---- */

static int refuse_mode(const struct container *c, struct err *e)
{
	const char *mode = host_text(c, "NetworkMode");

	/* Who shares a container's network has been refused before (container_places.c). */
	return str_eq(mode, "host") ?
		err_set(e, EINVAL, "conflicting options: host type networking can't be used with links."
			" This would result in undefined behavior") : 0;
}

static int find(struct container *c, const char *link, struct container **out, struct err *e)
{
	autofree char *name = NULL, *alias = NULL;
	const char *colon = strchr(link, ':');

	split(link, &name, &alias);
	if (!*name || !*alias || (colon && strchr(colon + 1, ':')))
		return err_set(e, EINVAL, "bad format for links: %s", link);
	if (containers_get(c->all, name, out, NULL) < 0)
		return err_set(e, EINVAL, "could not get container for %s: No such container: %s", name,
			       name);
	return 0;
}

/* On a user's network they are names for the endpoint's answerer. */
static void hand_on(struct container *c, const cJSON *links)
{
	cJSON *asked = c->n_places ? c->places[0]->asked : NULL;

	if (asked && cJSON_GetArraySize(json_obj(asked, "Links")) <= 0) {
		cJSON_DeleteItemFromObjectCaseSensitive(asked, "Links");
		json_put(asked, "Links", cJSON_Duplicate(links, true));
	}
}

int links_check(struct container *c, struct err *e)
{
	cJSON *links = json_obj(c->host, "Links"), *v;
	cJSON *kept = cJSON_CreateArray();
	int r = cJSON_GetArraySize(links) > 0 ? refuse_mode(c, e) : 0;

	cJSON_ArrayForEach(v, links) {
		autocontainer struct container *other = NULL;
		const char *text = cJSON_IsString(v) ? v->valuestring : "";
		if (r < 0 || (r = find(c, text, &other, e)) < 0)
			break;
		autofree char *name = NULL, *alias = NULL, *real = table_name(c->all, other->id);
		split(text, &name, &alias);
		autofree char *full = str_printf("/%s:/%s/%s", real ? real : name, c->name, alias);
		cJSON_AddItemToArray(kept, cJSON_CreateString(full));
	}
	if (r == 0 && cJSON_GetArraySize(kept) > 0 && on_default_bridge(c))
		cJSON_ReplaceItemInObjectCaseSensitive(c->host, "Links", steal_ptr(kept));
	else if (r == 0 && cJSON_GetArraySize(links) > 0)
		hand_on(c, links);
	cJSON_Delete(kept);
	return r;
}

/* ---- starting ---- */

struct link { struct container *other; char *alias, address[ADDRESS_TEXT]; };

static int resolve(struct container *c, const char *text, struct link *out, struct err *e)
{
	autocontainer struct container *other = NULL;
	autofree char *name = NULL, *alias = NULL;
	int r = find(c, text, &other, e);

	if (r < 0)
		return r;
	split(text, &name, &alias);
	if (!network_address_of(c->all->network, other->id, out->address))
		return err_set(e, EINVAL, "Cannot link to a non running container: /%s AS /%s/%s", name,
			       c->name, alias);
	out->other = steal_ptr(other);
	out->alias = steal_ptr(alias);
	return 0;
}

static int each_link(struct container *c, void (*fn)(struct container *c, const struct link *l, void *arg),
		     void *arg, struct err *e)
{
	const cJSON *v;
	int r = 0;

	if (!on_default_bridge(c) || !c->all->network)
		return 0;
	cJSON_ArrayForEach(v, json_obj(c->host, "Links")) {
		struct link l = { 0 };
		if ((r = resolve(c, v->valuestring, &l, e)) < 0)
			return r;
		fn(c, &l, arg);
		container_put(l.other);
		free(l.alias);
	}
	return 0;
}

static char *host_line(struct container *c, const struct link *l)
{
	autofree char *name = table_name(c->all, l->other->id);
	bool same = !name || str_eq(name, l->alias);

	return str_printf("%s\t%s %s%s%s", l->address, l->alias,
			  json_str_or(l->other->config, "Hostname", ""), same ? "" : " ",
			  same ? "" : name);
}

static void add_host(struct container *c, const struct link *l, void *arg)
{
	autofree char *line = host_line(c, l);

	str_addf(arg, "%s\n", line);
}

char *links_line_to(struct container *c, struct container *other)
{
	autofree char *name = table_name(c->all, other->id);
	struct link l = { .other = other };
	char *line = NULL;
	const cJSON *v;

	if (!name || !on_default_bridge(c) ||
	    !network_address_of(c->all->network, other->id, l.address))
		return NULL;
	cJSON_ArrayForEach(v, json_obj(c->host, "Links")) {
		autofree char *linked = NULL;
		split(v->valuestring, &linked, &l.alias);
		if (!line && str_eq(linked, name))
			line = host_line(c, &l);
		free(l.alias);
	}
	return line;
}

int links_hosts(struct container *c, struct str *text, struct err *e)
{
	return each_link(c, add_host, text, e);
}

/* "my-db" begins variables as MY_DB. */
static char *prefix_of(const char *alias)
{
	char *p = str_dup(alias);

	for (char *s = p; *s; s++)
		*s = *s == '-' ? '_' : (char)toupper((unsigned char)*s);
	return p;
}

static void add_var(char ***env, const char *prefix, const char *name, const char *value)
{
	autofree char *text = str_printf("%s_%s=%s", prefix, name, value);

	strv_add(env, text);
}

static void add_port(char ***env, const char *prefix, const char *port, const char *address, bool first)
{
	const char *slash = strchr(port, '/'), *proto = slash ? slash + 1 : "tcp";
	autofree char *number = strndup(port, slash ? (size_t)(slash - port) : strlen(port));
	autofree char *upper = prefix_of(proto);
	autofree char *url = str_printf("%s://%s:%s", proto, address, number);
	autofree char *own = str_printf("%s_PORT_%s_%s", prefix, number, upper);
	autofree char *whole = str_printf("%s=%s", own, url);

	if (first)
		add_var(env, prefix, "PORT", url);
	strv_add(env, whole);
	add_var(env, own, "ADDR", address);
	add_var(env, own, "PORT", number);
	add_var(env, own, "PROTO", proto);
}

static void add_env(struct container *c, const struct link *l, void *arg)
{
	autofree char *prefix = prefix_of(l->alias);
	autofree char *full = str_printf("/%s/%s", c->name, l->alias);
	const cJSON *v, *ports = json_obj(l->other->config, "ExposedPorts");

	cJSON_ArrayForEach(v, ports)
		add_port(arg, prefix, v->string, l->address, v == ports->child);
	add_var(arg, prefix, "NAME", full);
	cJSON_ArrayForEach(v, json_obj(l->other->config, "Env")) {
		const char *text = cJSON_IsString(v) ? v->valuestring : "";
		if (str_starts(text, "HOME=") || str_starts(text, "PATH=") || !strchr(text, '='))
			continue;
		autofree char *var = str_printf("%s_ENV_%s", prefix, text);
		strv_add(arg, var);
	}
}

int links_env(struct container *c, char ***env, struct err *e)
{
	return each_link(c, add_env, env, e);
}
