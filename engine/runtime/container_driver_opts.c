/* container_driver_opts.c - what a place's DriverOpts ask of its interface.
 *
 *	com.docker.network.endpoint.ifname	its name inside
 *	com.docker.network.endpoint.sysctls	settings below /proc/sys/net of its own:
 *						net.ipv4.conf.IFNAME.log_martians=1,…
 *						(the docker client sends it in small letters)
 *
 * Others are for drivers that we don't have, and are kept and shown as docker does.
 */
#include <errno.h>
#include <string.h>

#include "runtime/container_internal.h"
#include "runtime/networks_check.h"

#define OPTION_IFNAME  "com.docker.network.endpoint.ifname"
#define OPTION_SYSCTLS "com.docker.network.endpoint.sysctls"
#define INTERFACE "IFNAME"

static const char *opt(const cJSON *settings, const char *key)
{
	const char *text = json_str(json_obj(settings, "DriverOpts"), key);

	return text && *text ? text : NULL;
}

/* net.X.Y.IFNAME.Z=V */
static bool is_interface_sysctl(const char *text)
{
	static const char *const families[] = { "net.ipv4.", "net.ipv6.", "net.mpls." };
	const char *name = strcasestr(text, "." INTERFACE "."), *value = strchr(text, '=');
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		known |= str_starts(text, families[i]);
	if (!known || !name || !value || value < name || strchr(text, '/') || strstr(text, ".."))
		return false;
	const char *kind = text + strlen("net.ipv4."), *setting = name + strlen("." INTERFACE ".");
	return strcspn(kind, ".") == (size_t)(name - kind) && strcspn(setting, ".=") > 0 &&
	       setting + strcspn(setting, ".=") == value;
}

static int check_sysctls(const char *list, struct err *e)
{
	autofree char *copy = str_dup(list);
	char *at = copy, *one;
	int r = 0;

	while (r == 0 && (one = strsep(&at, ",")))
		if (!is_interface_sysctl(one))
			r = err_set(e, EINVAL, "unrecognised network interface sysctl '%s'; represent"
				    " 'net.X.Y.ethN.Z=V' as 'net.X.Y.IFNAME.Z=V', 'X' must be 'ipv4',"
				    " 'ipv6' or 'mpls'", one);
	return r;
}

int driver_opts_check(const cJSON *settings, struct err *e)
{
	const char *name = opt(settings, OPTION_IFNAME), *sysctls = opt(settings, OPTION_SYSCTLS);

	if (name && (!network_is_link_name(name) || str_eq(name, "lo")))
		return err_set(e, EINVAL, "invalid interface name %s", name);
	return sysctls ? check_sysctls(sysctls, e) : 0;
}

const char *driver_opts_name(const struct place *p) { return opt(p->asked, OPTION_IFNAME); }

char **driver_opts_sysctls(const struct place *p)
{
	autofree char *list = str_dup(opt(p->asked, OPTION_SYSCTLS));
	char **v = mem_alloc(sizeof(*v)), *at = list, *one;

	while ((one = strsep(&at, ","))) {
		char *name = strcasestr(one, INTERFACE), *rest = name + strlen(INTERFACE);
		for (char *dot = one; *dot != '='; dot++)
			if (*dot == '.')
				*dot = '/';
		autofree char *path = str_printf("%.*s%s%s", (int)(name - one), one, p->inside, rest);
		strv_add(&v, path);
	}
	return v;
}
