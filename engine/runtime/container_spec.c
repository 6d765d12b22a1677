/* container_spec.c - from Docker's documents to a spec with every question answered. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/container_config.h"
#include "runtime/container_internal.h"
#include "runtime/host.h"
#include "runtime/container_log.h"
#include "runtime/seccomp.h"
#include "runtime/user.h"

#define PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

bool host_flag(const struct container *c, const char *key) { return json_bool(c->host, key); }

const char *host_text(const struct container *c, const char *key)
{
	return json_str_or(c->host, key, "");
}

static bool env_has(char *const *env, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; env[i]; i++)
		if (!strncmp(env[i], name, n) && env[i][n] == '=')
			return true;
	return false;
}

/* Docker's order: PATH, HOSTNAME, TERM, the configured ones, HOME. */
static char **build_env(const struct container *c, const char *home)
{
	char **own = json_strv(json_obj(c->config, "Env")), **env = mem_alloc(sizeof(*env));
	autofree char *hostname = str_printf("HOSTNAME=%s", json_str_or(c->config, "Hostname", ""));
	autofree char *home_var = str_printf("HOME=%s", home);

	if (!env_has(own, "PATH"))
		strv_add(&env, PATH_DEFAULT);
	if (!env_has(own, "HOSTNAME"))
		strv_add(&env, hostname);
	if (json_bool(c->config, "Tty") && !env_has(own, "TERM"))
		strv_add(&env, "TERM=xterm");
	for (size_t i = 0; own[i]; i++)
		strv_add(&env, own[i]);
	if (!env_has(own, "HOME"))
		strv_add(&env, home_var);
	strv_free(own);
	return env;
}

static int build_user(struct container *c, struct spec *s, char **home, struct err *e)
{
	struct layers l;
	struct user u;
	char **extra = json_strv(json_obj(c->host, "GroupAdd"));
	int r = container_layers(c, &l, e);
	if (r == 0)
		r = user_resolve(&l, json_str_or(c->config, "User", ""), extra, &u, e);
	strv_free(extra);
	if (r < 0)
		return r;
	s->uid = u.uid;
	s->gid = u.gid;
	s->groups = u.groups;
	s->n_groups = u.n_groups;
	*home = u.home;
	return 0;
}

/* An image may have the same layer twice, the overlay takes it once: what the upper one
 * says of its names hides whatever the lower one says of the same. */
static bool comes_again(const struct container *c, size_t i)
{
	for (size_t j = i + 1; j < c->n_layers; j++)
		if (str_eq(c->lower[i], c->lower[j]))
			return true;
	return false;
}

static void build_log(struct container *c, struct spec *s)
{
	const cJSON *log = json_obj(c->host, "LogConfig");
	autojson cJSON *attrs = log_attrs(log, c->config, c->id, c->name);
	struct log_limits limits;
	if (!log_is_kept(log))
		return;
	log_limits(log, &limits);
	s->log_path = container_log_path(c);
	s->log_max_size = limits.max_size;
	s->log_max_file = limits.max_file;
	s->log_attrs = attrs ? json_line(attrs) : NULL;
	if (s->log_attrs && strlen(s->log_attrs) > LOG_ATTRS_MAX)	/* no half of a line */
		free(steal_ptr(s->log_attrs));
}

static void build_root(struct container *c, struct spec *s)
{
	char **lower = mem_alloc(sizeof(*lower));
	for (size_t i = 0; i < c->n_layers; i++)
		if (!comes_again(c, i))
			strv_add(&lower, c->lower[i]);
	strv_add(&lower, c->all->init_layer);
	s->lower = lower;
	s->upper = str_dup(c->upper);
	s->work = container_path(c, "work");
	s->merged = container_path(c, "merged");
	s->hosts = container_path(c, "hosts");
	s->hostname_file = container_path(c, "hostname");
	s->resolv_conf = container_path(c, "resolv.conf");
	s->run_dir = str_printf("%s/containers/%s", c->all->exec_root, c->id);
	build_log(c, s);
}

static int security_seccomp(const char *value, struct spec *s, struct err *e)
{
	struct seccomp_program p = { .insn = NULL };
	free(s->seccomp_profile);	/* the last one counts */
	s->seccomp_profile = NULL;
	s->seccomp_default = str_eq(value, "builtin") && !s->privileged;
	if (str_eq(value, "builtin"))
		return 0;
	if (str_eq(value, "unconfined"))
		return 0;
	int r = seccomp_file(value, s->caps, &p, e);	/* said now rather than at the start */
	free(p.insn);
	if (r == 0 && !s->privileged) {
		free(s->seccomp_profile);
		s->seccomp_profile = str_dup(value);
	}
	return r;
}

/* --security-opt KEY=VALUE, or as it was once KEY:VALUE.  What names a profile of AppArmor
 * or a label of SELinux was warned of already (container_check.c). */
static int security_option(const char *opt, struct spec *s, struct err *e)
{
	size_t n = strcspn(opt, "=:");
	const char *value = opt[n] ? opt + n + 1 : NULL;
	autofree char *key = strndup(opt, n);
	if (str_eq(key, "no-new-privileges")) {
		bool on = !value || str_eq(value, "true") || str_eq(value, "1");
		if (!on && !str_eq(value, "false") && !str_eq(value, "0"))
			return err_set(e, EINVAL, "invalid --security-opt 2: \"%s\"", opt);
		s->no_new_privs = on;
		return 0;
	}
	if (!value)
		return err_set(e, EINVAL, "invalid --security-opt 1: \"%s\"", opt);
	if (str_eq(key, "seccomp"))
		return security_seccomp(value, s, e);
	if (!str_eq(key, "label") && !str_eq(key, "apparmor"))
		return err_set(e, EINVAL, "invalid --security-opt 2: \"%s\"", opt);
	return 0;
}

static int build_security(struct container *c, struct spec *s, struct err *e)
{
	const cJSON *v;

	s->privileged = host_flag(c, "Privileged");
	s->seccomp_default = !s->privileged;
	s->masked = json_strv(json_obj(c->host, "MaskedPaths"));
	s->readonly = json_strv(json_obj(c->host, "ReadonlyPaths"));
	s->no_new_privs = c->all->no_new_privs;
	int r = caps_build(c->host, &s->caps, e);
	if (r == 0 && c->all->seccomp && !s->privileged)
		r = security_seccomp(c->all->seccomp, s, e);
	cJSON_ArrayForEach(v, json_obj(c->host, "SecurityOpt"))
		if (r == 0)
			r = security_option(cJSON_IsString(v) ? v->valuestring : "", s, e);
	return r;
}

static enum ns_mode ns_mode(const struct container *c, const char *key)
{
	return str_eq(host_text(c, key), "host") ? NS_HOST :
	       str_starts(host_text(c, key), "container:") ? NS_JOIN : NS_PRIVATE;
}

static void build_namespaces(struct container *c, struct spec *s)
{
	const char *net = host_text(c, "NetworkMode");
	s->pid_mode = ns_mode(c, "PidMode");
	s->ipc_mode = ns_mode(c, "IpcMode");
	s->no_shm = str_eq(host_text(c, "IpcMode"), "none");
	s->uts_mode = ns_mode(c, "UTSMode");
	s->cgroup_mode = ns_mode(c, "CgroupnsMode");
	s->userns_fd = str_eq(host_text(c, "UsernsMode"), "host") ? 0 : c->all->userns;
	s->netns_fd = -1;
	s->net = str_eq(net, "host") ? NET_HOST : str_eq(net, "none") ? NET_NONE :
		 str_starts(net, "container:") ? NET_JOIN : NET_NEW;
	if (json_bool(c->config, "NetworkDisabled"))
		s->net = NET_NONE;
}

static void host_hostname(char *buf, size_t cap)
{
	if (gethostname(buf, cap) < 0)
		snprintf(buf, cap, "localhost");
	buf[cap - 1] = '\0';
}

static void build_names(struct container *c, struct spec *s)
{
	char host[256];
	const char *own = json_str_or(c->config, "Hostname", "");
	if (!*own)
		host_hostname(host, sizeof(host));
	s->id = str_dup(c->id);
	s->name = str_dup(c->name);
	s->hostname = str_dup(*own ? own : host);
	s->domainname = str_dup(json_str_or(c->config, "Domainname", ""));
	s->argv = config_argv(c->config);
	const char *cwd = json_str_or(c->config, "WorkingDir", "");
	s->cwd = str_dup(*cwd ? cwd : "/");
}

/* The group of all limits, and the one of device rules where the container has some.
 * A group above it that has rules of its own is to be kept to: then below that one. */
static int build_groups(struct container *c, struct spec *s, struct err *e)
{
	const struct host *host = launcher_host(c->all->launcher);
	bool v1 = host->cgroup[CG_DEVICES];
	autofree char *copy = str_dup(host_text(c, "CgroupParent"));
	struct str path = { 0 };
	char *save = NULL;
	for (char *w = strtok_r(copy, "/", &save); w; w = strtok_r(NULL, "/", &save))
		if (!str_eq(w, "."))
			str_addf(&path, "%s/", w);
	bool parent = path.len > 0;
	str_addf(&path, "%s%s", parent ? "" : "drydock/", c->id);
	s->cgroup = str_take(&path);
	s->device_rules = json_strv(json_obj(c->host, "DeviceCgroupRules"));
	bool rules = s->device_rules[0] && !s->privileged;
	if (rules && !v1 && !host->device_program)
		return err_set(e, EINVAL, "DeviceCgroupRules need the devices controller of cgroup v1, or"
			       " a kernel that takes BPF programs for it; this machine has neither");
	if (parent)
		s->device_group = str_dup(s->cgroup);
	else if (rules || (s->n_devices && !s->privileged))
		s->device_group = str_printf(DEVICE_GROUP, c->id);
	return 0;
}

static void build_streams(struct container *c, struct spec *s)
{
	unsigned short size[2] = { 0 };
	s->tty = json_bool(c->config, "Tty");
	s->open_stdin = json_bool(c->config, "OpenStdin");
	s->stdin_once = json_bool(c->config, "StdinOnce");
	s->init = host_flag(c, "Init");
	s->readonly_root = host_flag(c, "ReadonlyRootfs");
	json_want_pair(c->host, "ConsoleSize", size, NULL);
	s->rows = size[0];
	s->cols = size[1];
}

bool config_has_env(const cJSON *config, const char *name)
{
	char **env = json_strv(json_obj(config, "Env"));
	bool has = env_has(env, name);
	strv_free(env);
	return has;
}

int spec_build(struct container *c, struct spec *s, bool resolve_user, struct err *e)
{
	autofree char *home = NULL;
	struct layers l;
	int r = container_layers(c, &l, e);
	if (r < 0)
		return r;
	build_names(c, s);
	build_streams(c, s);
	build_root(c, s);
	build_namespaces(c, s);
	if ((r = build_security(c, s, e)) < 0 || (r = limits_build(c->host, s, e)) < 0 ||
	    (r = devices_build(c->host, s, e)) < 0 || (r = build_groups(c, s, e)) < 0)
		return r;
	mounts_build(c, s);
	if (resolve_user && (r = build_user(c, s, &home, e)) < 0)
		return r;
	s->envp = build_env(c, home ? home : "/");
	return 0;
}
