/* engine_main_options.c - the daemon's settings: one table for flags and daemon.json. */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/engine_main.h"
#include "core/cleanup.h"
#include "core/file.h"
#include "core/json.h"
#include "core/str.h"

enum kind { TEXT, LIST, FLAG };

/* flag and key: NULL where there is none.  A key of dockerd's that only tunes what we
 * don't have has no place (offset 0 of kind NONE would be a lie: it is refused). */
static const struct option_row {
	const char *flag, *key;
	char letter;
	enum kind kind;
	size_t at;
	const char *value, *what;
} rows[] = {
#define AT(member) offsetof(struct settings, member)
	{ "host", "hosts", 'H', LIST, AT(hosts), "URL",
	  "listen there: unix:///PATH or tcp://127.0.0.1:PORT (may be repeated)" },
	{ "data-root", "data-root", 0, TEXT, AT(data_root), "DIR",
	  "images, containers and state (default /var/lib/drydock)" },
	{ "exec-root", "exec-root", 0, TEXT, AT(exec_root), "DIR",
	  "sockets and what must not survive a reboot (default /run/drydock)" },
	{ "pidfile", "pidfile", 'p', TEXT, AT(pidfile), "FILE",
	  "write the daemon's process number there" },
	{ "config-file", NULL, 0, TEXT, AT(config_file), "FILE",
	  "daemon.json (default /etc/drydock/daemon.json)" },
	{ "backend", "backend", 0, TEXT, AT(backend), "NAME",
	  "auto, linux" },
	{ "trace", "trace", 0, TEXT, AT(trace), "on|off",
	  "keep the trace of kernel calls (default on)" },
	{ "registry-port", "registry-port", 0, TEXT, AT(registry_port), "PORT",
	  "port of the course registry (default 10740, or any free one; 0: none)" },
	{ "bridge", "bridge", 'b', TEXT, AT(bridge), "NAME",
	  "name of the bridge (default drydock0)" },
	{ "bip", "bip", 0, TEXT, AT(bip), "CIDR",
	  "the bridge's address (default 172.17.0.1/16)" },
	{ "default-address-pool", "default-address-pools", 0, LIST, AT(pools), "POOL",
	  "subnets of networks: base=10.10.0.0/16,size=24 (may be repeated)" },
	{ "log-level", "log-level", 'l', TEXT, AT(log_level), "LEVEL",
	  "debug, info, warn, error, fatal" },
	{ "registry-mirror", "registry-mirrors", 0, LIST, AT(mirrors), "URL",
	  "ask this registry first for names of Docker Hub (may be repeated)" },
	{ "insecure-registry", "insecure-registries", 0, LIST, AT(insecure), "HOST",
	  "a registry without TLS (may be repeated)" },
	{ "live-restore", "live-restore", 0, FLAG, AT(live_restore), NULL,
	  "leave containers running when the daemon is stopped" },
	{ "ready-fd", NULL, 0, TEXT, AT(ready_fd), "FD",
	  "write a byte to this descriptor when serving" },
#undef AT
};

static void *at(struct settings *s, const struct option_row *r) { return (char *)s + r->at; }
static char **text_at(struct settings *s, const struct option_row *r) { return at(s, r); }
static char ***list_at(struct settings *s, const struct option_row *r) { return at(s, r); }
static bool *flag_at(struct settings *s, const struct option_row *r) { return at(s, r); }

void settings_free(struct settings *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].kind == TEXT)
			free(*text_at(s, &rows[i]));
		else if (rows[i].kind == LIST)
			strv_free(*list_at(s, &rows[i]));
	*s = (struct settings){ 0 };
}

static int help(void)
{
	puts("Usage: drydock daemon [OPTIONS]\n\n"
	     "Serve the Docker Engine API and run containers.\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autofree char *name = str_printf("--%s%s%s", rows[i].flag, rows[i].value ? " " : "",
						 rows[i].value ? rows[i].value : "");
		if (rows[i].letter)
			printf("  -%c, %-26s %s\n", rows[i].letter, name, rows[i].what);
		else
			printf("      %-26s %s\n", name, rows[i].what);
	}
	puts("\nDRYDOCK_ROOT=DIR moves both roots: DIR/lib and DIR/run.");
	return 1;
}

static void set(struct settings *s, const struct option_row *r, const char *value)
{
	if (r->kind == LIST) {
		strv_add(list_at(s, r), value);
	} else if (r->kind == FLAG) {
		*flag_at(s, r) = !value || !str_eq(value, "false");
	} else {
		free(*text_at(s, r));
		*text_at(s, r) = str_dup(value);
	}
}

static int read_flags(int argc, char **argv, struct settings *s, struct err *e)
{
	struct option longs[ARRAY_SIZE(rows) + 2] = { { 0 } };
	struct str shorts = { 0 };
	int c, r = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int arg = rows[i].kind == FLAG ? optional_argument : required_argument;
		longs[i] = (struct option){ rows[i].flag, arg, NULL, 256 + (int)i };
		if (rows[i].letter)
			str_addf(&shorts, "%c:", rows[i].letter);
	}
	longs[ARRAY_SIZE(rows)] = (struct option){ "help", no_argument, NULL, 'h' };
	str_add(&shorts, "h");
	while (r == 0 && (c = getopt_long(argc, argv, shorts.s, longs, NULL)) != -1) {
		size_t i = 0;
		while (i < ARRAY_SIZE(rows) && c != 256 + (int)i && c != rows[i].letter)
			i++;
		if (c == 'h')
			r = help();
		else if (i == ARRAY_SIZE(rows))
			r = err_set(e, EINVAL, "daemon: see `drydock daemon --help`");
		else
			set(s, &rows[i], optarg);
	}
	str_free(&shorts);
	if (r == 0 && optind < argc)
		return err_set(e, EINVAL, "daemon takes no argument: \"%s\"", argv[optind]);
	return r;
}

/* A text, or an object of texts and numbers, which as a flag is said "key=value,…". */
static void add_item(struct settings *s, const struct option_row *r, const cJSON *item)
{
	autostr struct str text = { 0 };
	const cJSON *v;

	cJSON_ArrayForEach(v, item) {
		str_addf(&text, "%s%s=", text.len ? "," : "", v->string);
		if (cJSON_IsNumber(v))
			str_addf(&text, "%d", v->valueint);
		else
			str_add(&text, cJSON_IsString(v) ? v->valuestring : "");
	}
	if (cJSON_IsString(item))
		set(s, r, item->valuestring);
	else if (text.s)
		set(s, r, text.s);
}

/* One key of daemon.json; a flag that was given wins, lists add up. */
static int read_key(struct settings *s, const cJSON *v, struct err *e)
{
	const cJSON *item;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct option_row *r = &rows[i];
		if (!r->key || !str_eq(r->key, v->string))
			continue;
		if (r->kind == FLAG)
			set(s, r, cJSON_IsTrue(v) ? "true" : *flag_at(s, r) ? "true" : "false");
		else if (r->kind == TEXT && cJSON_IsString(v) && !*text_at(s, r))
			set(s, r, v->valuestring);
		else if (r->kind == LIST)
			cJSON_ArrayForEach(item, v)
				add_item(s, r, item);
		return 0;
	}
	return err_set(e, EINVAL,
		       "the following directives don't match any configuration option: %s",
		       v->string);
}

static int read_file(struct settings *s, struct err *e)
{
	const char *path = s->config_file ? s->config_file : "/etc/drydock/daemon.json";
	autostr struct str text = { 0 };
	autojson cJSON *o = NULL;
	const cJSON *v;
	int r;
	if (!s->config_file && access(path, F_OK) < 0)
		return 0;
	if ((r = file_read(path, &text, e)) < 0)
		return r;
	if ((r = json_parse(text.s, text.len, &o, e)) < 0)
		return err_wrap(e, "%s", path);
	cJSON_ArrayForEach(v, o)
		if ((r = read_key(s, v, e)) < 0)
			return r;
	return 0;
}

static void dflt(char **text, char *value)
{
	if (*text)
		free(value);
	else
		*text = value;
}

/* As root: the system's folders; otherwise XDG's; DRYDOCK_ROOT before both. */
static void default_roots(struct settings *s)
{
	const char *root = getenv("DRYDOCK_ROOT"), *home = getenv("HOME");
	const char *data = getenv("XDG_DATA_HOME"), *run = getenv("XDG_RUNTIME_DIR");
	if (root && *root) {
		dflt(&s->data_root, str_printf("%s/lib", root));
		dflt(&s->exec_root, str_printf("%s/run", root));
	} else if (geteuid() == 0) {
		dflt(&s->data_root, str_dup("/var/lib/drydock"));
		dflt(&s->exec_root, str_dup("/run/drydock"));
	} else {
		dflt(&s->data_root, data ? str_printf("%s/drydock", data) :
					   str_printf("%s/.local/share/drydock", home ? home : ""));
		dflt(&s->exec_root, run ? str_printf("%s/drydock", run) :
					  str_printf("/tmp/drydock-%u", geteuid()));
	}
	dflt(&s->backend, str_dup("auto"));
	dflt(&s->trace, str_dup("on"));
	dflt(&s->bridge, str_dup("drydock0"));
	dflt(&s->bip, str_dup("172.17.0.1/16"));
	dflt(&s->log_level, str_dup("info"));
}

int settings_read(int argc, char **argv, struct settings *out, struct err *e)
{
	struct settings s = { 0 };
	s.hosts = mem_alloc(sizeof(*s.hosts));
	s.mirrors = mem_alloc(sizeof(*s.mirrors));
	s.insecure = mem_alloc(sizeof(*s.insecure));
	s.pools = mem_alloc(sizeof(*s.pools));
	int r = read_flags(argc, argv, &s, e);
	if (r == 0)
		r = read_file(&s, e);
	if (r != 0) {
		settings_free(&s);
		return r;
	}
	default_roots(&s);
	*out = s;
	return 0;
}
