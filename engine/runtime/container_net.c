/* container_net.c - a container's place in the network, and the three files about it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "runtime/container_internal.h"

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

static int add_port(struct container *c, const char *ctr, const char *ip, const char *host,
		    struct err *e)
{
	struct port p = { .host = 0 };
	char *end;
	unsigned long n = strtoul(host, &end, 10);
	if (parse_ctr_port(ctr, &p.ctr, p.proto) < 0)
		return err_set(e, EINVAL, "invalid port specification: \"%s\"", ctr);
	if (*end || n > 65535)
		return err_set(e, EINVAL, "invalid port specification: \"%s\"", host);
	snprintf(p.host_ip, sizeof(p.host_ip), "%s", ip);
	p.host = (uint16_t)n;
	c->ports = mem_grow(c->ports, (c->n_ports + 1) * sizeof(*c->ports));
	c->ports[c->n_ports++] = p;
	return 0;
}

static bool is_bound(const struct container *c, const char *ctr)
{
	return cJSON_GetArraySize(json_obj(json_obj(c->host, "PortBindings"), ctr)) > 0;
}

/* HostConfig.PortBindings, and with -P the image's exposed ports. */
static int wanted_ports(struct container *c, struct err *e)
{
	const cJSON *key, *b;
	int r;
	c->n_ports = 0;
	cJSON_ArrayForEach(key, json_obj(c->host, "PortBindings"))
		cJSON_ArrayForEach(b, key) {
			const char *ip = json_str_or(b, "HostIp", "");
			r = add_port(c, key->string, *ip ? ip : "0.0.0.0",
				     json_str_or(b, "HostPort", ""), e);
			if (r < 0)
				return r;
		}
	if (!host_flag(c, "PublishAllPorts"))
		return 0;
	cJSON_ArrayForEach(key, json_obj(c->config, "ExposedPorts"))
		if (!is_bound(c, key->string) && (r = add_port(c, key->string, "0.0.0.0", "", e)) < 0)
			return r;
	return 0;
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
	json_put_str(d, "host_ip", p->host_ip);
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

static int publish(struct container *c, struct port *p, struct err *e)
{
	char holder[128] = "";
	int r = network_publish(c->all->network, c->endpoint, p, holder, sizeof(holder), e);
	if (r == 0) {
		container_fact(c, &c->by, "net.publish", port_fact(p));
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

/* -- joining ----------------------------------------------------------------------- */

static int join_other(struct container *c, struct spec *s, struct err *e)
{
	const char *ref = host_text(c, "NetworkMode") + strlen("container:");
	autocontainer struct container *other = NULL;
	int r = containers_get(c->all, ref, &other, e);
	if (r < 0)
		return r;
	int pid = other->pid;
	if (other == c || !container_is_up(other) || !pid)
		return err_http(e, 409, EINVAL, "cannot join network of a non running container: %s",
				other->id);
	s->join_pid = pid;
	return 0;
}

/* NULL: it has no place any more. */
static void remember(struct container *c, struct endpoint *ep)
{
	free(c->address);
	free(c->mac);
	c->endpoint = ep;
	c->address = ep ? str_dup(endpoint_address(ep)) : NULL;
	c->mac = ep ? str_dup(endpoint_mac(ep)) : NULL;
}

/* Takes everything back; the first n ports were published. */
static void detach(struct container *c, size_t n)
{
	network_detach(c->all->network, c->endpoint);
	remember(c, NULL);
	for (size_t i = 0; i < n; i++)
		container_fact(c, &c->by, "net.release", port_fact(&c->ports[i]));
}

int net_start(struct container *c, struct spec *s, struct err *e)
{
	const char *mode = host_text(c, "NetworkMode");
	struct endpoint *ep;
	int r = 0;

	if (s->net == NET_JOIN)
		return join_other(c, s, e);
	if (s->net != NET_NEW)
		return 0;
	if (!str_eq(mode, "default") && !str_eq(mode, "bridge"))
		return err_http(e, 404, ENOENT, "network %s not found", mode);
	if (!c->all->network) {
		err_set(e, ENODEV, "this host gives the engine no bridge network");
		return err_hint(e, "run it with --network none or --network host");
	}
	if ((r = wanted_ports(c, e)) < 0 ||
	    (r = network_attach(c->all->network, c->id, &ep, e)) < 0)
		return r;
	s->netns_fd = endpoint_netns_fd(ep);
	remember(c, ep);
	for (size_t i = 0; i < c->n_ports; i++)
		if ((r = publish(c, &c->ports[i], e)) < 0) {
			detach(c, i);
			return r;
		}
	return 0;
}

void net_stop(struct container *c)
{
	if (c->endpoint)
		detach(c, c->n_ports);
}

/* A port that is lost to this run of the container: said, and no longer shown. */
static void lose_port(struct container *c, size_t i, const char *holder, const struct err *e)
{
	refused_fact(c, &c->ports[i], holder, e->code);
	fprintf(stderr, "drydock: container %s lost its port %u while the daemon was down: %s\n",
		c->name, c->ports[i].host, e->what);
	memmove(&c->ports[i], &c->ports[i + 1], (--c->n_ports - i) * sizeof(*c->ports));
}

/* After a restart of the daemon: the same address, and the host ports that nobody has
 * taken meanwhile. */
void net_adopt(struct container *c)
{
	struct err e = { 0 };
	struct endpoint *ep;
	if (!c->address || !c->all->network)
		return;
	if (network_adopt(c->all->network, c->id, c->pid, c->address, &ep, &e) < 0) {
		remember(c, NULL);
		while (c->n_ports)
			lose_port(c, c->n_ports - 1, "", &e);
		return;
	}
	remember(c, ep);
	for (size_t i = 0; i < c->n_ports;) {
		char holder[128] = "";
		if (network_publish(c->all->network, ep, &c->ports[i], holder, sizeof(holder), &e) < 0)
			lose_port(c, i, holder, &e);
		else
			i++;
	}
}

/* -- /etc/hosts, /etc/hostname, /etc/resolv.conf ----------------------------------- */

static int write_file(struct container *c, const char *name, const struct str *text, struct err *e)
{
	autofree char *path = container_path(c, name);
	/* In place: the file may be bound into the container, by its inode. */
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(e, errno, "write %s", path);
	int r = write_all(fd, text->s ? text->s : "", text->len);
	return r < 0 ? err_sys(e, -r, "write %s", path) : 0;
}

/* --add-host NAME:ADDRESS; "host-gateway" is the bridge's address. */
static void extra_hosts(struct container *c, struct str *t)
{
	const cJSON *v;
	cJSON_ArrayForEach(v, json_obj(c->host, "ExtraHosts")) {
		const char *text = cJSON_IsString(v) ? v->valuestring : "";
		const char *sep = strpbrk(text, ":=");
		if (!sep)
			continue;
		const char *address = sep + 1;
		if (str_eq(address, "host-gateway") && c->all->network)
			address = network_gateway(c->all->network);
		str_addf(t, "%s\t%.*s\n", address, (int)(sep - text), text);
	}
}

static void hosts_text(struct container *c, struct str *t)
{
	const char *name = json_str_or(c->config, "Hostname", "");
	const char *domain = json_str_or(c->config, "Domainname", "");
	str_add(t, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
		   "fe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\n"
		   "ff02::2\tip6-allrouters\n");
	extra_hosts(c, t);
	if (c->address && *name)
		str_addf(t, "%s\t%s%s%s%s%s\n", c->address, name, *domain ? "." : "", domain,
			 *domain ? " " : "", *domain ? name : "");
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

static void host_resolv(struct container *c, struct str *t, bool servers)
{
	autostr struct str host = { 0 };
	bool own_net = str_eq(host_text(c, "NetworkMode"), "host");
	char *save;
	if (file_read("/etc/resolv.conf", &host, NULL) < 0)
		return;
	for (char *l = strtok_r(host.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (str_starts(l, "nameserver") ? servers && (own_net || !is_loopback_server(l)) :
						  l[0] != '#' && l[0] != ';')
			str_addf(t, "%s\n", l);
}

static void resolv_text(struct container *c, struct str *t)
{
	const cJSON *dns = json_obj(c->host, "Dns"), *search = json_obj(c->host, "DnsSearch");
	const cJSON *options = json_obj(c->host, "DnsOptions");
	add_words(t, "nameserver", dns, false);
	if (cJSON_GetArraySize(search) <= 0 && cJSON_GetArraySize(options) <= 0)
		host_resolv(c, t, cJSON_GetArraySize(dns) <= 0);
	add_words(t, "search", search, true);
	add_words(t, "options", options, true);
}

int net_files(struct container *c, struct err *e)
{
	autostr struct str hosts = { 0 }, name = { 0 }, resolv = { 0 };
	int r;
	hosts_text(c, &hosts);
	str_addf(&name, "%s\n", json_str_or(c->config, "Hostname", ""));
	resolv_text(c, &resolv);
	if ((r = write_file(c, "hosts", &hosts, e)) < 0 ||
	    (r = write_file(c, "hostname", &name, e)) < 0)
		return r;
	return write_file(c, "resolv.conf", &resolv, e);
}
