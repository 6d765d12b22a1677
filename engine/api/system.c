/* system.c - who is there: ping, version, info. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "api/routes.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/idmap.h"
#include "runtime/container_files.h"
#include "runtime/host.h"

#define NOTE_WIDTH 72	/* columns: a line of docker info that fits any terminal */

static void info_fact(struct request *r, const char *what)
{
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "what", what);
	request_fact(r, "info.read", NULL, NULL, d);
}

/* What a client learns before its first request; builder 1 is the classic one. */
int system_ping(struct request *r, struct err *e)
{
	reply_header(r, "Builder-Version", "1");
	reply_header(r, "Swarm", "inactive");
	reply_header(r, "Cache-Control", "no-cache, no-store, must-revalidate");
	reply_header(r, "Pragma", "no-cache");
	return reply_text(r, 200, "text/plain; charset=utf-8", r->head ? "" : "OK");
}

/* Docker names machines as Go does. */
static const char *architecture(const struct utsname *u)
{
	static const struct { const char *machine, *name; } names[] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" }, { "armv7l", "arm" }, { "i686", "386" } };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(names[i].machine, u->machine))
			return names[i].name;
	return u->machine;
}

int system_version(struct request *r, struct err *e)
{
	struct utsname u = { 0 };
	cJSON *o = cJSON_CreateObject(), *platform = cJSON_CreateObject();
	cJSON *parts = cJSON_CreateArray(), *engine = cJSON_CreateObject(), *d = cJSON_CreateObject();

	uname(&u);
	const struct { const char *key, *value; } fields[] = {
		{ "Version", DRYDOCK_VERSION }, { "ApiVersion", API_VERSION },
		{ "MinAPIVersion", API_MIN_VERSION }, { "GitCommit", "" },
		{ "GoVersion", "none: written in C" }, { "Os", "linux" }, { "Arch", architecture(&u) },
		{ "KernelVersion", u.release }, { "BuildTime", "" },
	};
	json_put_str(platform, "Name", "Drydock, a container engine for learning");
	json_put(o, "Platform", platform);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		json_put_str(o, fields[i].key, fields[i].value);
		if (i)
			json_put_str(d, fields[i].key, fields[i].value);
	}
	json_put_str(d, "Experimental", "false");
	json_put_str(engine, "Name", "Engine");
	json_put_str(engine, "Version", DRYDOCK_VERSION);
	json_put(engine, "Details", d);
	cJSON_AddItemToArray(parts, engine);
	json_put(o, "Components", parts);
	info_fact(r, "version");
	return reply_json(r, 200, o);
}

/* -- info -------------------------------------------------------------------------- */

/* One value of /etc/os-release (os-release(5)), owned; "" if it isn't there. */
static char *os_release(const char *key)
{
	autostr struct str text = { 0 };
	char *save;
	if (file_read("/etc/os-release", &text, NULL) < 0)
		return str_dup("");
	for (char *l = strtok_r(text.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		size_t n = strlen(key);
		if (strncmp(l, key, n) || l[n] != '=')
			continue;
		char *v = l + n + 1 + (l[n + 1] == '"');
		v[strcspn(v, "\"")] = '\0';
		return str_dup(v);
	}
	return str_dup("");
}

struct counts { int all, running, paused, stopped; };

static void count(struct request *r, struct counts *k)
{
	size_t n;
	struct container **v = containers_list(r->api->containers, &n);
	*k = (struct counts){ .all = (int)n };
	for (size_t i = 0; i < n; i++) {
		k->running += v[i]->status == CTR_RUNNING;
		k->paused += v[i]->status == CTR_PAUSED;
	}
	k->stopped = k->all - k->running - k->paused;
	containers_list_free(v, n);
}

/* Adds a word to a line of at most NOTE_WIDTH columns, which a full one ends. */
static void add_word(char ***lines, struct str *line, const char *word)
{
	if (line->len && line->len + strlen(word) > NOTE_WIDTH) {
		strv_add(lines, line->s);
		line->len = 0;
	}
	str_addf(line, "%s%s", line->len ? ", " : "  ", word);
}

/* Images that stand in for the lecture's real ones say so in a label. */
static void stand_ins(struct request *r, char ***warnings, int *n_images)
{
	struct image **v;
	size_t n;
	autostr struct str line = { 0 };
	bool any = false;
	*n_images = 0;
	if (image_list(r->api->images, &v, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const cJSON *labels = json_obj(json_obj(v[i]->config, "config"), "Labels");
		if (json_str(labels, "org.drydock.stand-in") && v[i]->tags && v[i]->tags[0]) {
			if (!any)
				strv_add(warnings, "NOTE: these images stand in for those of Docker Hub:");
			any = true;
			add_word(warnings, &line, v[i]->tags[0]);
		}
		image_free(v[i]);
	}
	*n_images = (int)n;
	free(v);
	if (any)
		strv_add(warnings, line.s);
}

static void put_host(cJSON *o)
{
	struct utsname u = { 0 };
	struct sysinfo si = { 0 };
	char host[256] = "";
	autofree char *os = os_release("PRETTY_NAME"), *version = os_release("VERSION_ID");

	uname(&u);
	sysinfo(&si);
	gethostname(host, sizeof(host) - 1);
	json_put_str(o, "KernelVersion", u.release);
	json_put_str(o, "OperatingSystem", os);
	json_put_str(o, "OSVersion", version);
	json_put_str(o, "OSType", "linux");
	json_put_str(o, "Architecture", u.machine);
	json_put_int(o, "NCPU", sysconf(_SC_NPROCESSORS_ONLN));
	json_put_int(o, "MemTotal", (int64_t)si.totalram * si.mem_unit);
	json_put_str(o, "Name", host);
}

static void put_runtimes(cJSON *o)
{
	cJSON *all = cJSON_CreateObject(), *one = cJSON_CreateObject(), *commit;
	static const char *const parts[] = { "ContainerdCommit", "RuncCommit", "InitCommit" };
	json_put_str(one, "path", "drydock-supervisor");
	json_put(all, "drydock", one);
	json_put(o, "Runtimes", all);
	json_put_str(o, "DefaultRuntime", "drydock");
	json_put_str(o, "InitBinary", "drydock-supervisor");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		commit = cJSON_CreateObject();
		json_put_str(commit, "ID", "");
		json_put_str(commit, "Expected", "");
		json_put(o, parts[i], commit);
	}
}

static cJSON *no_swarm_info(void)
{
	cJSON *swarm = cJSON_CreateObject();
	json_put_str(swarm, "NodeID", "");
	json_put_str(swarm, "NodeAddr", "");
	json_put_str(swarm, "LocalNodeState", "inactive");
	json_put_bool(swarm, "ControlAvailable", false);
	json_put_str(swarm, "Error", "");
	json_put(swarm, "RemoteManagers", cJSON_CreateNull());
	return swarm;
}

static void put_drivers(struct request *r, cJSON *o)
{
	static const char *const logs[] = { "json-file", "none", NULL };
	static const char *const nets[] = { "bridge", "host", "null", NULL };
	cJSON *plugins = cJSON_CreateObject(), *status = cJSON_CreateArray();
	cJSON *pair = cJSON_CreateArray();
	bool cgroup2 = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;

	json_put_str(o, "Driver", "overlay2");
	cJSON_AddItemToArray(pair, cJSON_CreateString("Backend"));
	cJSON_AddItemToArray(pair, cJSON_CreateString(r->api->backend));
	cJSON_AddItemToArray(status, pair);
	json_put(o, "DriverStatus", status);
	json_put_strv(plugins, "Volume", (char *const []){ "local", NULL });
	json_put_strv(plugins, "Network", (char *const *)nets);
	json_put(plugins, "Authorization", cJSON_CreateNull());
	json_put_strv(plugins, "Log", (char *const *)logs);
	json_put(o, "Plugins", plugins);
	json_put(o, "Swarm", no_swarm_info());
	json_put_str(o, "LoggingDriver", r->api->log_driver);
	json_put_str(o, "CgroupDriver", "cgroupfs");
	json_put_str(o, "CgroupVersion", cgroup2 ? "2" : "1");
}

static int open_files(void)
{
	autodir DIR *d = opendir("/proc/self/fd");
	int n = 0;
	while (d && readdir(d))
		n++;
	return n > 3 ? n - 3 : 0;	/* not ".", ".." and the directory itself */
}

static void put_registry(struct request *r, cJSON *o)
{
	cJSON *reg = cJSON_CreateObject(), *index = cJSON_CreateObject(), *hub = cJSON_CreateObject();
	static const char *const local[] = { "127.0.0.0/8", NULL };
	json_put_strv(reg, "InsecureRegistryCIDRs", (char *const *)local);
	json_put_str(hub, "Name", "docker.io");
	json_put_strv(hub, "Mirrors", r->api->mirrors);
	json_put_bool(hub, "Secure", true);
	json_put_bool(hub, "Official", true);
	json_put(index, "docker.io", hub);
	json_put(reg, "IndexConfigs", index);
	json_put_strv(reg, "Mirrors", r->api->mirrors);
	json_put(o, "RegistryConfig", reg);
	json_put_str(o, "IndexServerAddress", "https://index.docker.io/v1/");
}

static bool forwards(void)
{
	autostr struct str text = { 0 };
	return file_read("/proc/sys/net/ipv4/ip_forward", &text, NULL) == 0 && text.s[0] == '1';
}

static void put_flags(struct request *r, cJSON *o)
{
	static const struct { const char *key; enum cg cg; } limits[] = {
		{ "MemoryLimit", CG_MEMORY }, { "CpuCfsPeriod", CG_CPU }, { "CpuCfsQuota", CG_CPU },
		{ "CPUShares", CG_CPU }, { "CPUSet", CG_CPUSET }, { "PidsLimit", CG_PIDS } };
	static const char *const no[] = { "BridgeNfIptables", "BridgeNfIp6tables",
		"ExperimentalBuild" };
	const struct host *host = launcher_host(containers_launcher(r->api->containers));
	bool mapped = idmap_active();
	const char *const security[] = { "name=seccomp,profile=builtin", mapped ? "name=userns" :
					 "name=cgroupns", mapped ? "name=cgroupns" : NULL, NULL };
	const char *const names[] = { "seccomp", mapped ? "userns" : "cgroupns",	/* as 1.24 has it */
				      mapped ? "cgroupns" : NULL, NULL };
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		json_put_bool(o, limits[i].key, host->cgroup[limits[i].cg] != NULL);
	json_put_bool(o, "SwapLimit", host->swap_limit);
	json_put_bool(o, "OomKillDisable", !host->cgroup_v2 && host->cgroup[CG_MEMORY]);
	json_put_bool(o, "IPv4Forwarding", forwards());
	if (r->minor < 42)
		json_put_bool(o, "KernelMemory", false);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		json_put_bool(o, no[i], false);
	json_put_bool(o, "Debug", r->api->debug);
	json_put_bool(o, "LiveRestoreEnabled", r->api->live_restore);
	json_put_strv(o, "SecurityOptions", (char *const *)(r->minor < 25 ? names : security));
}

/* What the host couldn't give to the network, or that there is none. */
static void network_missing(struct request *r, char ***warnings)
{
	struct network *n = containers_network(r->api->containers);

	if (!n)
		strv_add(warnings, "WARNING: this host gives the engine no bridge network");
	for (char *const *w = n ? network_warnings(n) : NULL; w && *w; w++) {
		autofree char *text = str_printf("WARNING: %s", *w);
		strv_add(warnings, text);
	}
}

/* One for each engine: of this machine, for this data root; written as dockerd's. */
static void put_id(struct request *r, cJSON *o)
{
	autostr struct str machine = { 0 };
	char hex[65];
	file_read("/etc/machine-id", &machine, NULL);
	autofree char *text = str_printf("engine %s of %s", r->api->data_root, machine.s ? machine.s : "");
	sha256_hex(text, strlen(text), hex);
	autofree char *id = str_printf("%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
				       hex + 20);
	json_put_str(o, "ID", id);
}

/* By which libcurl, and so all that is asked of registries, goes. */
static void put_proxies(cJSON *o)
{
	static const char *const fields[][2] = { { "HttpProxy", "http_proxy" },
						 { "HttpsProxy", "https_proxy" },
						 { "NoProxy", "no_proxy" } };
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		json_put_str(o, fields[i][0], getenv(fields[i][1]) ? getenv(fields[i][1]) : "");
}

/* Fields that say there is none of it. */
static void put_nothings(cJSON *o)
{
	static const char *const empty[] = { "Isolation", "ProductLicense" };
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		json_put_str(o, empty[i], "");
	json_put(o, "GenericResources", cJSON_CreateNull());
	json_put_strv(o, "CDISpecDirs", (char *const []){ NULL });
}

int system_info(struct request *r, struct err *e)
{
	struct counts k;
	char now[40];
	int n_images;
	cJSON *o = cJSON_CreateObject();
	char **warnings = strv_dup(launcher_warnings(containers_launcher(r->api->containers)));

	count(r, &k);
	stand_ins(r, &warnings, &n_images);
	network_missing(r, &warnings);
	put_id(r, o);
	json_put_int(o, "Containers", k.all);
	json_put_int(o, "ContainersRunning", k.running);
	json_put_int(o, "ContainersPaused", k.paused);
	json_put_int(o, "ContainersStopped", k.stopped);
	json_put_int(o, "Images", n_images);
	json_put_int(o, "NFd", open_files());
	json_put_int(o, "NGoroutines", 0);
	json_put_int(o, "NEventsListener", 0);
	json_put_str(o, "SystemTime", clock_rfc3339(clock_wall_ns(), now));
	put_drivers(r, o);
	put_host(o);
	put_runtimes(o);
	put_registry(r, o);
	put_flags(r, o);
	put_nothings(o);
	put_proxies(o);
	json_put_str(o, "DockerRootDir", r->api->data_root);
	json_put_str(o, "ServerVersion", DRYDOCK_VERSION);
	json_put_strv(o, "Labels", r->api->labels);
	json_put_strv(o, "Warnings", warnings);
	strv_free(warnings);
	info_fact(r, "info");
	return reply_json(r, 200, o);
}

int build_prune(struct request *r, struct err *e)
{
	cJSON *o = cJSON_CreateObject();
	json_put(o, "CachesDeleted", cJSON_CreateNull());
	json_put_int(o, "SpaceReclaimed", 0);
	return reply_json(r, 200, o);
}
