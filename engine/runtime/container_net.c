/* container_net.c - a container's place in the network, and the three files about it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/idmap.h"
#include "runtime/container_internal.h"
#include "runtime/networks_check.h"

/* -- published ports --------------------------------------------------------------- */

/* "80/tcp" -> 80 and "tcp"; -EINVAL. */
static int parse_ctr_port(const char *text, uint16_t *port, char proto[5])
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	if (end == text || n < 1 || n > 65535 || (*end && *end != '/'))
		return -EINVAL;
	snprintf(proto, 5, "%s", *end ? end + 1 : "tcp");
	*port = (uint16_t)n;
	return 0;
}

/* "", "8080", "8000-8010" */
static bool parse_host_port(const char *text, struct port *p)
{
	char *end;
	unsigned long first = strtoul(text, &end, 10), last = first;

	if (*end == '-')
		last = strtoul(end + 1, &end, 10);
	p->host = (uint16_t)first;
	p->last = (uint16_t)last;
	return !*end && *text != '-' && first <= last && last <= 65535;
}

static int add_port(struct container *c, const char *ctr, const char *ip, const char *host,
		    struct err *e)
{
	struct port p = { .host = 0 };
	int number = (int)strcspn(ctr, "/");
	const char *proto = ctr[number] ? ctr + number + 1 : "tcp";
	if (parse_ctr_port(ctr, &p.ctr, p.proto) < 0)
		return err_set(e, EINVAL, "invalid port specification: \"%.*s\"", number, ctr);
	if (!str_eq(proto, "tcp") && !str_eq(proto, "udp") && !str_eq(proto, "sctp"))
		return err_set(e, EINVAL, "invalid proto: %s", proto);
	if (!parse_host_port(host, &p))
		return err_set(e, EINVAL, "invalid port specification: \"%s\"", host);
	snprintf(p.host_ip, sizeof(p.host_ip), "%s", ip);
	c->ports = mem_grow(c->ports, (c->n_ports + 1) * sizeof(*c->ports));
	c->ports[c->n_ports++] = p;
	return 0;
}

static bool is_bound(const struct container *c, const char *ctr)
{
	return cJSON_GetArraySize(json_obj(json_obj(c->host, "PortBindings"), ctr)) > 0;
}

/* The address that ports of no address of their own are bound to; "": all. */
static const char *default_host_ip(const struct container *c)
{
	const struct place *p = c->n_places ? c->places[0] : NULL;
	const char *ip = p && p->net ? network_option(p->net->doc, OPTION_HOST, "") : "";

	return str_eq(ip, "0.0.0.0") ? "" : ip;
}

/* HostConfig.PortBindings, and with -P the image's exposed ports. */
static int wanted_ports(struct container *c, struct err *e)
{
	const char *dflt = default_host_ip(c);
	const cJSON *key, *b;
	int r;
	c->n_ports = 0;
	cJSON_ArrayForEach(key, json_obj(c->host, "PortBindings"))
		cJSON_ArrayForEach(b, key) {
			const char *ip = json_str_or(b, "HostIp", "");
			r = add_port(c, key->string, *ip ? ip : dflt, json_str_or(b, "HostPort", ""), e);
			if (r < 0)
				return r;
		}
	if (!host_flag(c, "PublishAllPorts"))
		return 0;
	cJSON_ArrayForEach(key, json_obj(c->config, "ExposedPorts"))
		if (!is_bound(c, key->string) && (r = add_port(c, key->string, dflt, "", e)) < 0)
			return r;
	return 0;
}

/* Said at creation rather than at the start. */
int net_check_ports(struct container *c, struct err *e)
{
	int r = wanted_ports(c, e);
	c->n_ports = 0;
	return r;
}

cJSON *net_ports_fact(const struct container *c)
{
	const cJSON *key, *b;
	cJSON *a = cJSON_CreateArray();
	cJSON_ArrayForEach(key, json_obj(c->host, "PortBindings"))
		cJSON_ArrayForEach(b, key) {
			uint16_t ctr = 0;
			char proto[5] = "tcp";
			cJSON *p = cJSON_CreateObject();
			parse_ctr_port(key->string, &ctr, proto);
			json_put_int(p, "host", atoi(json_str_or(b, "HostPort", "0")));
			json_put_int(p, "ctr", ctr);
			json_put_str(p, "proto", proto);
			cJSON_AddItemToArray(a, p);
		}
	return a;
}

static cJSON *port_fact(const struct port *p)
{
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "host_ip", *p->host_ip ? p->host_ip : "0.0.0.0");
	json_put_int(d, "host", p->host);
	json_put_int(d, "ctr", p->ctr);
	json_put_str(d, "proto", p->proto);
	return d;
}

static void refused_fact(struct container *c, const struct port *p, const char *holder, int code)
{
	cJSON *d = port_fact(p);
	autofree char *name = table_name(c->all, holder);
	json_put_int(d, "errno", code);
	json_put_str(d, "holder", holder);
	json_put_str(d, "holder_name", name ? name : "");
	container_fact(c, &c->by, "net.refused", d);
}

/* One binding of all addresses is shown as two, of IPv4 and of IPv6. */
static void show_both(struct container *c, size_t at)
{
	struct port six = c->ports[at];

	strcpy(c->ports[at].host_ip, "0.0.0.0");
	if (!six.dual)
		return;
	strcpy(six.host_ip, "::");
	c->ports = mem_grow(c->ports, (c->n_ports + 1) * sizeof(*c->ports));
	c->ports[c->n_ports++] = six;
}

static int publish(struct container *c, size_t at, struct err *e)
{
	struct port *p = &c->ports[at];
	char holder[128] = "";
	int r = network_publish(c->all->network, c->endpoint, p, holder, sizeof(holder), e);
	if (r == 0) {
		container_fact(c, &c->by, "net.publish", port_fact(p));
		if (!*p->host_ip)
			show_both(c, at);
		return 0;
	}
	refused_fact(c, p, holder, e->code);
	autofree char *other = table_name(c->all, holder);
	if (other)
		err_hint(e, "container %s has it: publish on another host port, as in -p %d:%d, or"
			 " stop that one", other, p->host + 1, p->ctr);
	else if (*holder)
		err_hint(e, "%s has it: publish on another host port, as in -p %d:%d", holder,
			 p->host + 1, p->ctr);
	autofree char *why = str_dup(e->what);
	err_http(e, 500, e->code, "failed to set up container networking: driver failed programming"
		 " external connectivity on endpoint %s (%.64s): %s", c->name, c->id, why);
	return r;
}

static int publish_all(struct container *c, struct err *e)
{
	struct place *lead = plug_leader(c);
	size_t asked = c->n_ports;
	int r = 0;

	if (!lead) {	/* an internal network is reached by nobody from outside */
		c->n_ports = 0;
		return 0;
	}
	c->endpoint = lead->ep;
	size_t done = 0;
	while (done < asked && (r = publish(c, done, e)) == 0)
		done++;
	for (size_t i = 0; r < 0 && i < done; i++)
		container_fact(c, &c->by, "net.release", port_fact(&c->ports[i]));
	return r;
}

/* A port that is lost to this run of the container: said, and no longer shown. */
static void lose_port(struct container *c, size_t i, const char *holder, const struct err *e)
{
	refused_fact(c, &c->ports[i], holder, e->code);
	fprintf(stderr, "drydock: container %s lost its port %u: %s\n", c->name, c->ports[i].host,
		e->what);
	memmove(&c->ports[i], &c->ports[i + 1], (--c->n_ports - i) * sizeof(*c->ports));
}

/* Claimed again, at c->endpoint: the host ports that nobody has taken meanwhile. */
static void republish(struct container *c)
{
	struct err e = { 0 };

	for (size_t i = 0; i < c->n_ports;) {
		char holder[128] = "";
		if (network_publish(c->all->network, c->endpoint, &c->ports[i], holder, sizeof(holder),
				    &e) < 0)
			lose_port(c, i, holder, &e);
		else
			i++;
	}
}

void net_ports_leave(struct container *c, const struct place *p)
{
	if (!c->endpoint || c->endpoint != p->ep)
		return;
	network_unpublish(c->endpoint);
	c->endpoint = NULL;
}

void net_ports_move(struct container *c)
{
	struct place *lead = plug_leader(c);

	if (c->endpoint || !lead)
		return;
	c->endpoint = lead->ep;
	republish(c);
}

/* -- joining ----------------------------------------------------------------------- */

static int join_other(struct container *c, struct spec *s, struct err *e)
{
	const char *ref = host_text(c, "NetworkMode") + strlen("container:");
	autocontainer struct container *other = NULL;
	int r = containers_get(c->all, ref, &other, e);
	if (r < 0)
		return r;
	int pid = other->pid;
	if (other == c)
		return err_set(e, EINVAL, "cannot join own network");
	if (!container_is_up(other) || !pid)
		return err_http(e, 409, EINVAL, "cannot join network of a non running container: %s",
				other->id);
	s->join_pid = pid;
	return 0;
}

int net_start(struct container *c, struct spec *s, struct err *e)
{
	int r = 0;

	if (s->net == NET_JOIN)
		return join_other(c, s, e);
	if (json_bool(c->config, "NetworkDisabled"))
		return 0;
	if (!c->n_places && s->net == NET_NEW)	/* disconnected from everything: it stays so */
		s->net = NET_NONE;
	if ((r = plug_all(c, e)) < 0)
		return err_wrap(e, "failed to set up container networking");
	if (c->n_places && c->places[0]->ep)
		s->netns_fd = endpoint_netns_fd(c->places[0]->ep);
	r = wanted_ports(c, e);		/* now that the network that says where is known */
	if (r == 0 && s->net == NET_NEW)
		r = publish_all(c, e);
	if (r < 0) {
		unplug_all(c);
		c->endpoint = NULL;
	}
	return r;
}

void net_stop(struct container *c)
{
	unplug_all(c);
	for (size_t i = 0; c->endpoint && i < c->n_ports; i++)
		if (!str_eq(c->ports[i].host_ip, "::") || !c->ports[i].dual)
			container_fact(c, &c->by, "net.release", port_fact(&c->ports[i]));
	c->endpoint = NULL;
}

/* After a restart of the daemon: the same addresses, the same host ports. */
void net_adopt(struct container *c)
{
	struct err e = { 0 };

	plug_adopt(c, &e);
	struct place *lead = plug_leader(c);
	if (lead) {
		c->endpoint = lead->ep;
		republish(c);
	}
	while (!lead && c->n_ports)
		lose_port(c, c->n_ports - 1, "", &e);
}

/* -- /etc/hosts, /etc/hostname, /etc/resolv.conf ----------------------------------- */

int net_write_file(struct container *c, const char *name, const struct str *text, struct err *e)
{
	autofree char *path = container_path(c, name);
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(e, errno, "write %s", path);
	int r = write_all(fd, text->s ? text->s : "", text->len);
	if (r == 0)
		r = idmap_give(fd, "");
	return r < 0 ? err_sys(e, -r, "write %s", path) : 0;
}

/* "host-gateway" is the bridge's address, of both families. */
static void gateway_host(const struct network *n, const char *name, int len, struct str *t)
{
	str_addf(t, "%s\t%.*s\n", network_gateway(n), len, name);
	if (network_six(n))
		str_addf(t, "%s\t%.*s\n", network_gateway6(n), len, name);
}

/* --add-host NAME:ADDRESS */
static void extra_hosts(struct container *c, struct str *t)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, json_obj(c->host, "ExtraHosts")) {
		const char *text = cJSON_IsString(v) ? v->valuestring : "";
		const char *sep = strpbrk(text, ":=");
		if (!sep)
			continue;
		int len = (int)(sep - text);
		size_t open = sep[1] == '[', n = strlen(sep + 1);
		if (str_eq(sep + 1, "host-gateway") && c->all->host_gateway)
			str_addf(t, "%s\t%.*s\n", c->all->host_gateway, len, text);
		else if (str_eq(sep + 1, "host-gateway") && c->all->network)
			gateway_host(c->all->network, text, len, t);
		else
			str_addf(t, "%.*s\t%.*s\n", (int)(n - 2 * open), sep + 1 + open, len, text);
	}
}

static int hosts_text(struct container *c, struct str *t, struct err *e)
{
	str_add(t, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
		   "fe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\n"
		   "ff02::2\tip6-allrouters\n");
	extra_hosts(c, t);
	int r = links_hosts(c, t, e);
	for (size_t i = 0; i < c->n_places; i++) {
		autofree char *lines = hosts_lines(c, c->places[i]);
		str_add(t, lines);
	}
	return r;
}

/* "key a\nkey b\n", or on one line "key a b\n". */
static void add_words(struct str *t, const char *key, const cJSON *list, bool one_line)
{
	const cJSON *v;
	bool begun = false;
	cJSON_ArrayForEach(v, list) {
		if (!cJSON_IsString(v))
			continue;
		if (!begun || !one_line)
			str_addf(t, "%s%s", begun ? "\n" : "", key);
		str_addf(t, " %s", v->valuestring);
		begun = true;
	}
	if (begun)
		str_add(t, "\n");
}

/* A resolver on the host's own loopback can't be reached from inside. */
static bool is_loopback_server(const char *line)
{
	return str_starts(line, "nameserver 127.") || str_starts(line, "nameserver ::1");
}

/* The host's lines of the kinds that aren't given: nameserver, search (or domain), options. */
static void host_resolv(struct container *c, struct str *t, bool servers, bool search, bool options)
{
	autostr struct str host = { 0 };
	bool own_net = str_eq(host_text(c, "NetworkMode"), "host");
	char *save;
	if (file_read("/etc/resolv.conf", &host, NULL) < 0)
		return;
	for (char *l = strtok_r(host.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (str_starts(l, "nameserver") ? servers && (own_net || !is_loopback_server(l)) :
		    str_starts(l, "search") || str_starts(l, "domain") ? search :
		    str_starts(l, "options") ? options : l[0] != '#' && l[0] != ';')
			str_addf(t, "%s\n", l);
}

static void resolv_text(struct container *c, struct str *t)
{
	const cJSON *dns = json_obj(c->host, "Dns"), *search = json_obj(c->host, "DnsSearch");
	const cJSON *options = json_obj(c->host, "DnsOptions");
	bool ours = plug_has_names(c), any_search = cJSON_GetArraySize(search) > 0;
	bool any_options = cJSON_GetArraySize(options) > 0;
	const cJSON *first = cJSON_GetArrayItem(search, 0);
	if (!str_eq(cJSON_GetStringValue(first), "."))	/* that is: search nowhere */
		add_words(t, "search", search, true);
	if (ours)	/* which asks the others; a name without a dot is asked as it is */
		str_add(t, "nameserver 127.0.0.11\n");
	else
		add_words(t, "nameserver", dns, false);
	host_resolv(c, t, !ours && cJSON_GetArraySize(dns) <= 0, !any_search, !any_options);
	if (ours && !any_options)
		str_add(t, "options ndots:0\n");
	add_words(t, "options", options, true);
}

int net_resolv_file(struct container *c, struct err *e)
{
	autostr struct str resolv = { 0 };

	resolv_text(c, &resolv);
	return net_write_file(c, "resolv.conf", &resolv, e);
}

/* Who shares another's network sees its names and hosts as that one does. */
static int copy_file(struct container *c, const struct container *from, const char *name,
		     struct err *e)
{
	autofree char *path = container_path(from, name);
	autostr struct str text = { 0 };
	int r = file_read(path, &text, e);

	return r < 0 ? r : net_write_file(c, name, &text, e);
}

static int joined_files(struct container *c, const char *ref, struct err *e)
{
	autocontainer struct container *other = NULL;
	int r = containers_get(c->all, ref, &other, e);

	if (r < 0 || (r = copy_file(c, other, "hosts", e)) < 0 ||
	    (r = copy_file(c, other, "hostname", e)) < 0)
		return r;
	return copy_file(c, other, "resolv.conf", e);
}

int net_files(struct container *c, struct err *e)
{
	const char *mode = host_text(c, "NetworkMode");
	autostr struct str hosts = { 0 }, name = { 0 };

	if (str_starts(mode, "container:"))
		return joined_files(c, mode + strlen("container:"), e);
	int r = hosts_text(c, &hosts, e);

	str_addf(&name, "%s\n", json_str_or(c->config, "Hostname", ""));
	if (r < 0 || (r = net_write_file(c, "hosts", &hosts, e)) < 0 ||
	    (r = net_write_file(c, "hostname", &name, e)) < 0)
		return r;
	return net_resolv_file(c, e);
}
