/* engine_main_options.c - the daemon's settings: flags over daemon.json over defaults. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/engine_main.h"
#include "core/cleanup.h"
#include "core/json.h"
#include "core/rights.h"
#include "core/str.h"
#include "network/address.h"
#include "network/address6.h"

#define MAX_ROWS 96

void settings_free(struct settings *s)
{
	for (size_t i = 0; i < n_option_rows; i++)
		if (option_rows[i].kind == TEXT)
			free(*text_at(s, &option_rows[i]));
		else if (option_rows[i].kind == LIST)
			strv_free(*list_at(s, &option_rows[i]));
	*s = (struct settings){ 0 };
}

static int help(void)
{
	puts("Usage: drydock daemon [OPTIONS]\n\n"
	     "Serve the Docker Engine API and run containers.\n");
	for (size_t i = 0; i < n_option_rows; i++) {
		const struct option_row *r = &option_rows[i];
		autofree char *name = str_printf("--%s%s%s", r->flag, r->value ? " " : "",
						 r->value ? r->value : "");
		if (r->letter)
			printf("  -%c, %-26s %s\n", r->letter, name, r->what);
		else
			printf("      %-26s %s\n", name, r->what);
	}
	puts("\nDRYDOCK_ROOT=DIR moves both roots: DIR/lib and DIR/run.");
	return 1;
}

static int read_flags(int argc, char **argv, struct settings *s, bool *given,
		      struct err *e)
{
	struct option longs[MAX_ROWS + 2] = { { 0 } };
	struct str shorts = { 0 };
	int c, r = 0;
	for (size_t i = 0; i < n_option_rows; i++) {
		int arg = option_rows[i].kind >= FLAG ? optional_argument : required_argument;
		longs[i] = (struct option){ option_rows[i].flag, arg, NULL, 256 + (int)i };
		if (option_rows[i].letter)
			str_addf(&shorts, "%c%s", option_rows[i].letter,
				 option_rows[i].kind >= FLAG ? "" : ":");
	}
	longs[n_option_rows] = (struct option){ "help", no_argument, NULL, 'h' };
	str_add(&shorts, "h");
	optind = 0;	/* from the start: SIGHUP reads them again */
	while (r == 0 && (c = getopt_long(argc, argv, shorts.s, longs, NULL)) != -1) {
		size_t i = 0;
		while (i < n_option_rows && c != 256 + (int)i && c != option_rows[i].letter)
			i++;
		if (c == 'h')
			r = help();
		else if (i == n_option_rows)
			r = err_set(e, EINVAL, "daemon: see `drydock daemon --help`");
		else
			option_set(s, &option_rows[i], optarg);
		if (i < n_option_rows)
			given[i] = true;
	}
	str_free(&shorts);
	if (r == 0 && optind < argc)
		return err_set(e, EINVAL, "daemon takes no argument: \"%s\"", argv[optind]);
	return r;
}

/* Where there is but one value, any other is refused rather than forgotten. */
static int check_value(const struct option_row *r, const char *value, struct err *e)
{
	autofree char *all = str_dup(r->only);
	char *save = all, *one;
	while ((one = strsep(&save, "|")))
		if (str_eq(one, value))
			return 0;
	return err_set(e, EINVAL, r->wrong, value);
}

static int check_values(struct settings *s, struct err *e)
{
	int n = 0;
	for (size_t i = 0; i < n_option_rows && n == 0; i++) {
		const struct option_row *r = &option_rows[i];
		if (r->only && r->kind == TEXT && *text_at(s, r))
			n = check_value(r, *text_at(s, r), e);
		if (r->only && r->kind >= FLAG)
			n = check_value(r, *flag_at(s, r) == (r->kind == FLAG) ? "true" : "false", e);
		for (char **v = r->only && r->kind == LIST ? *list_at(s, r) : NULL; v && *v && n == 0; v++)
			n = check_value(r, *v, e);
	}
	return n;
}

static int check_numbers(const struct settings *s, struct err *e)
{
	const struct { const char *text, *what; long min; } numbers[] = {
		{ s->downloads, "max concurrent downloads", 0 },
		{ s->uploads, "max concurrent uploads", 0 },
		{ s->attempts, "max download attempts", 1 },
		{ s->shutdown_timeout, "shutdown timeout", -1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char *end = NULL;
		long n = numbers[i].text ? strtol(numbers[i].text, &end, 10) : numbers[i].min;
		if (n < numbers[i].min || n > INT_MAX || (end && (*end || end == numbers[i].text)))
			return err_set(e, EINVAL, "invalid %s: %s", numbers[i].what, numbers[i].text);
	}
	return 0;
}

/* What there is one of, or none. */
static int check_names(const struct settings *s, struct err *e)
{
	for (char **v = s->runtimes; *v; v++)
		if (!str_starts(*v, "runc="))
			return err_set(e, EINVAL, "runtime \"%.*s\": this engine starts containers itself,"
				       " under the name runc", (int)strcspn(*v, "="), *v);
	for (char **v = s->features; *v; v++)
		if (!str_ends(*v, "=false"))
			return err_set(e, EINVAL, "feature \"%s\" is not supported by this engine", *v);
	for (char **v = s->network_opts; *v; v++) {
		const char *key = strchr(*v, '=');
		if (!key || !strchr(key + 1, '='))
			return err_set(e, EINVAL, "default-network-opt \"%s\": want DRIVER=KEY=VALUE", *v);
		if (!str_starts(*v, "bridge="))
			return err_set(e, EINVAL, "default-network-opt \"%s\": the only driver with options"
				       " is bridge", *v);
	}
	return 0;
}

static int check_forms(const struct settings *s, struct err *e)
{
	struct subnet range;
	unsigned char address[16];
	for (char **v = s->labels; *v; v++)
		if (!strchr(*v, '=') || **v == '=')
			return err_set(e, EINVAL, "bad attribute format: %s", *v);
	for (char **v = s->mirrors; *v; v++)
		if (!str_starts(*v, "http://") && !str_starts(*v, "https://"))
			return err_set(e, EINVAL, "invalid mirror: no scheme specified for \"%s\": must use"
				       " either 'https://' or 'http://'", *v);
	for (char **v = s->dns; *v; v++)
		if (inet_pton(AF_INET, *v, address) != 1 && inet_pton(AF_INET6, *v, address) != 1)
			return err_set(e, EINVAL, "%s is not an ip address", *v);
	if (s->ip && inet_pton(AF_INET, s->ip, address) != 1)
		return err_set(e, EINVAL, "invalid IP address: %s", s->ip);
	if (s->host_gateway && inet_pton(AF_INET, s->host_gateway, address) != 1 &&
	    inet_pton(AF_INET6, s->host_gateway, address) != 1)
		return err_set(e, EINVAL, "%s is not an ip address", s->host_gateway);
	if (s->fixed_cidr && !subnet_read(s->fixed_cidr, &range))
		return err_set(e, EINVAL, "invalid CIDR address: %s", s->fixed_cidr);
	if (s->cidr6 && !subnet6_read(s->cidr6, &(struct subnet6){ 0 }))
		return err_set(e, EINVAL, "invalid CIDR address: %s", s->cidr6);
	if (s->no_ip6tables)
		return err_set(e, EINVAL, "ip6tables=false: this engine has no networks of IPv6 without"
			       " rules that keep them apart");
	if (s->mtu && (strspn(s->mtu, "0123456789") != strlen(s->mtu) || atol(s->mtu) > 65535))
		return err_set(e, EINVAL, "invalid default MTU size: %s", s->mtu);
	return 0;
}

/* All that can be known before anything is opened. */
static int check(struct settings *s, struct err *e)
{
	autojson cJSON *defaults = NULL;
	int r = check_values(s, e);
	if (r == 0)
		r = check_forms(s, e);
	if (r == 0)
		r = check_numbers(s, e);
	if (r == 0)
		r = check_names(s, e);
	return r < 0 ? r : settings_defaults(s, &defaults, e);
}

static void dflt(char **text, char *value)
{
	if (*text)
		free(value);
	else
		*text = value;
}

/* As root: the system's folders; otherwise XDG's; DRYDOCK_ROOT before both. */
char *default_data_root(void)
{
	const char *root = getenv("DRYDOCK_ROOT"), *home = getenv("HOME");
	const char *data = getenv("XDG_DATA_HOME");
	if (root && *root)
		return str_printf("%s/lib", root);
	if (!rights_rootless())
		return str_dup("/var/lib/drydock");
	return data && *data ? str_printf("%s/drydock", data) :
			       str_printf("%s/.local/share/drydock", home ? home : "");
}

/* Not every login gives its user a folder for what runs. */
static char *default_exec_root(void)
{
	const char *root = getenv("DRYDOCK_ROOT"), *run = getenv("XDG_RUNTIME_DIR");
	if (root && *root)
		return str_printf("%s/run", root);
	if (!rights_rootless())
		return str_dup("/run/drydock");
	return run && *run ? str_printf("%s/drydock", run) :
			     str_printf("/tmp/drydock-%u", rights_user());
}

void settings_roots(struct settings *s)
{
	dflt(&s->data_root, default_data_root());
	dflt(&s->exec_root, default_exec_root());
	dflt(&s->backend, str_dup("auto"));
	dflt(&s->trace, str_dup("on"));
	dflt(&s->bridge, str_dup("drydock0"));
	dflt(&s->bip, str_dup("172.17.0.1/16"));
	dflt(&s->log_level, str_dup("info"));
}

int settings_read(int argc, char **argv, struct settings *out, struct err *e)
{
	struct settings s = { 0 };
	bool given[MAX_ROWS] = { false };
	for (size_t i = 0; i < n_option_rows; i++)
		if (option_rows[i].kind == LIST)
			*list_at(&s, &option_rows[i]) = mem_alloc(sizeof(char *));
	int r = read_flags(argc, argv, &s, given, e);
	if (r == 0)
		r = settings_file(&s, given, e);
	if (r == 0)
		r = check(&s, e);
	if (r != 0) {
		settings_free(&s);
		return r;
	}
	settings_roots(&s);
	*out = s;
	return 0;
}
