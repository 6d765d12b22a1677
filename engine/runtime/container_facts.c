/* container_facts.c - what the engine saw of a container, put into the journal.
 *
 * Facts come from the engine's own hands and eyes: what it told the kernel (the
 * mount, the limits), what the supervisor's watch reported (programs), what the
 * proxy carried (visits).  Nothing is taken from what a program prints.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "runtime/container_config.h"
#include "runtime/container_internal.h"

#define READ_MAX (1 << 20)	/* a file named as an argument is hashed up to this size */
#define MAX_READS 8		/* arguments looked at: more are a program's list, not a person's */

void container_fact(struct container *c, const struct origin *by, const char *type, cJSON *data)
{
	if (c->all->journal)
		journal_add(c->all->journal, by, type, c->id, c->image_id, data, NULL);
	else
		cJSON_Delete(data);
}

void container_event(struct container *c, const char *action, cJSON *more)
{
	cJSON *a = more ? more : cJSON_CreateObject();
	const cJSON *label;
	json_put_str(a, "image", c->image_ref);
	json_put_str(a, "name", c->name);
	cJSON_ArrayForEach(label, json_obj(c->config, "Labels"))
		if (cJSON_IsString(label) && !json_obj(a, label->string))
			json_put_str(a, label->string, label->valuestring);
	event_add("container", action, c->id, a);
}

/* -- a start ----------------------------------------------------------------------- */

static void namespace_facts(struct container *c, const struct launch_info *info)
{
	for (size_t i = 0; launch_ns_names[i]; i++) {
		if (!info->ns_inode[i])
			continue;
		cJSON *d = cJSON_CreateObject();
		json_put_str(d, "kind", launch_ns_names[i]);
		json_put_int(d, "inode", (int64_t)info->ns_inode[i]);
		container_fact(c, &c->by, "ns.new", d);
	}
}

static void root_facts(struct container *c, const struct spec *s)
{
	cJSON *d = cJSON_CreateObject(), *p = cJSON_CreateObject();
	json_put_strv(d, "lower", s->lower);
	json_put_strv(d, "layers", c->diff_ids);
	json_put_str(d, "upper", s->upper);
	json_put_str(d, "work", s->work);
	container_fact(c, &c->by, "ovl.mount", d);
	json_put_str(p, "root", s->merged);
	container_fact(c, &c->by, "root.pivot", p);
}

/* The controllers that hold this process in a group of its own: /proc/PID/cgroup has
 * a line "N:name,name:PATH" for each hierarchy ("0::PATH" on v2). */
static cJSON *controllers(const struct container *c)
{
	autofree char *path = str_printf("/proc/%d/cgroup", c->pid);
	autostr struct str text = { 0 };
	cJSON *list = cJSON_CreateArray();
	char *save;
	if (file_read(path, &text, NULL) < 0)
		return list;
	for (char *l = strtok_r(text.s, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(l, ':'), *where = names ? strchr(names + 1, ':') : NULL;
		if (!where || !strstr(where, c->id))
			continue;
		*where = '\0';
		cJSON_AddItemToArray(list, cJSON_CreateString(names[1] ? names + 1 : "unified"));
	}
	return list;
}

static void limit_fact(struct container *c, const char *file, int64_t value)
{
	if (value <= 0)
		return;
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "file", file);
	json_put_int(d, "value", value);
	container_fact(c, &c->by, "cg.limit", d);
}

static void cgroup_facts(struct container *c, const struct spec *s)
{
	cJSON *d = cJSON_CreateObject(), *a = cJSON_CreateObject();
	json_put(d, "controllers", controllers(c));
	container_fact(c, &c->by, "cg.new", d);
	json_put_int(a, "pid", c->pid);
	container_fact(c, &c->by, "cg.attach", a);
	limit_fact(c, "memory", s->memory);
	limit_fact(c, "memory.swap", s->memory_swap);
	limit_fact(c, "cpu.quota", s->cpu_quota);
	limit_fact(c, "cpu.shares", s->cpu_shares);
	limit_fact(c, "pids", s->pids);
}

void facts_started(struct container *c, const struct launch_info *info, const struct spec *s)
{
	if (!c->all->journal)
		return;
	namespace_facts(c, info);
	root_facts(c, s);
	cgroup_facts(c, s);
	if (s->tty)
		container_fact(c, &c->by, "tty.alloc", NULL);
	cJSON *d = cJSON_CreateObject();
	json_put_int(d, "n", c->starts);
	json_put_int(d, "pid", c->pid);
	json_put(d, "ms", cJSON_CreateNumber((double)(info->exec_ns - info->request_ns) / 1e6));
	container_fact(c, &c->by, "ctr.start", d);
}

/* -- programs ---------------------------------------------------------------------- */

/* -v, --mount, or a volume of the image's. */
static bool on_a_volume(const struct container *c, const char *path)
{
	const char *type = mount_at(c, path);
	return type && !str_eq(type, "tmpfs");
}

/* Places that the runtime mounts over in every container: in no layer. */
static bool on_a_kernel_mount(const struct container *c, const char *path)
{
	static const char *const roots[] = { "/proc/", "/sys/", "/dev/" };
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		if (str_starts(path, roots[i]))
			return true;
	return path[0] != '/' || str_eq(mount_at(c, path), "tmpfs");
}

/* "upper", "lower:N" (N counts from the base, 0 first), "bind" or "host".  We look a
 * moment after it ran: a file that is in no layer any more was in the writable one, or
 * under what covers it there now. */
static void layer_name(struct container *c, const char *path, char *buf, size_t cap)
{
	struct layers l, below;
	struct layer_file f = { .layer = 0 };
	bool bind = on_a_volume(c, path);
	if (bind || on_a_kernel_mount(c, path) || container_layers(c, &l, NULL) < 0) {
		snprintf(buf, cap, bind ? "bind" : "host");
		return;
	}
	below = l;
	memmove(below.dir, below.dir + 1, --below.n * sizeof(below.dir[0]));
	if (layers_find(&l, path, true, &f) < 0 && layers_find(&below, path, true, &f) == 0)
		f.layer++;
	if (f.layer > 0)
		snprintf(buf, cap, "lower:%zu", l.n - 1 - f.layer);
	else
		snprintf(buf, cap, "upper");
}

static cJSON *proc_fact(struct container *c, const struct launch_proc *p)
{
	char layer[32], caps[24];
	cJSON *d = cJSON_CreateObject();
	layer_name(c, p->exe ? p->exe : "", layer, sizeof(layer));
	json_put_int(d, "pid", p->pid);
	json_put_int(d, "nspid", p->nspid);
	json_put_strv(d, "argv", p->argv);
	json_put_str(d, "exe", p->exe ? p->exe : "");
	json_put_str(d, "exe_layer", layer);
	if (p->ended) {
		json_put_int(d, "code", p->code);
		json_put_int(d, "signal", p->signal);
		return d;
	}
	snprintf(caps, sizeof(caps), "%016llx", (unsigned long long)p->caps);
	json_put_int(d, "uid", p->uid);
	json_put_str(d, "caps", caps);
	json_put_str(d, "cwd", p->cwd ? p->cwd : "");
	json_put_str(d, "initiator", p->initiator ? p->initiator : "");
	return d;
}

/* Does the argument look like the name of a file?  Absolute, or with a dot or slash. */
static bool like_a_path(const char *arg)
{
	size_t n = strlen(arg);
	if (n < 2 || n > 255 || strpbrk(arg, " \t\n*?;|&<>$'\"()="))
		return false;
	return arg[0] == '/' || (arg[0] != '-' && (strchr(arg, '.') || strchr(arg, '/')) &&
				 !strstr(arg, "://"));
}

static void read_fact(struct container *c, const struct origin *by, const struct launch_proc *p,
		      const struct layers *l, const char *arg)
{
	struct layer_file f;
	autofree char *path = arg[0] == '/' ? str_dup(arg) :
			      str_printf("%s/%s", str_eq(p->cwd, "/") ? "" : p->cwd ? p->cwd : "", arg);
	autostr struct str text = { 0 };
	int r = layers_find(l, path, true, &f);
	bool found = r == 0;
	/* What lies on a mount of its own (/proc, a bind) is in no layer. */
	if (!found && (arg[0] != '/' || on_a_kernel_mount(c, path) || on_a_volume(c, path)))
		return;
	cJSON *d = cJSON_CreateObject();
	json_put_str(d, "path", path);
	json_put_bool(d, "found", found);
	if (found && S_ISREG(f.st.st_mode) && layers_read(l, &f, READ_MAX, &text) == 0) {
		char hex[65];
		sha256_hex(text.s, text.len, hex);
		json_put_str(d, "sha256", hex);
	}
	json_put_int(d, "pid", p->pid);
	container_fact(c, by, "fs.read", d);
}

/* PID 1 is told of when it ends with what it was last. */
static void remember_init(struct container *c, const struct launch_proc *p)
{
	strv_free(c->init_argv);
	free(c->init_exe);
	c->init_argv = strv_dup(p->argv);
	c->init_exe = str_dup(p->exe);
}

void facts_proc(struct container *c, const struct launch_proc *p)
{
	struct layers l;
	struct origin by = c->by, exec_by;
	if (!c->all->journal)
		return;
	if (str_eq(p->initiator, "exec") && exec_origin(c, &exec_by))
		by = exec_by;
	if (p->ended) {
		if (p->nspid != 1)	/* facts_exit() has more of PID 1 */
			container_fact(c, &by, "proc.exit", proc_fact(c, p));
		return;
	}
	if (p->nspid == 1)
		remember_init(c, p);
	container_fact(c, &by, "proc.exec", proc_fact(c, p));
	if (container_layers(c, &l, NULL) < 0)
		return;
	for (size_t i = 1, n = 0; p->argv && p->argv[0] && p->argv[i] && n < MAX_READS; i++)
		if (like_a_path(p->argv[i]) && ++n)
			read_fact(c, &by, p, &l, p->argv[i]);
}

void facts_exit(struct container *c, const struct launch_exit *x)
{
	char **argv = c->init_argv ? strv_dup(c->init_argv) : config_argv(c->config);
	struct launch_proc p = { .ended = true, .pid = c->pid, .nspid = 1, .code = x->code,
				 .signal = x->signal, .argv = argv,
				 .exe = c->init_exe ? c->init_exe : argv[0] };
	cJSON *d = proc_fact(c, &p), *more = cJSON_CreateObject();
	autofree char *code = str_printf("%d", c->exit_code);
	autofree char *seconds = str_printf("%llu",
		(unsigned long long)((c->finished_ns - c->started_ns) / 1000000000));
	json_put_str(d, "stdout", x->stdout_sha256);
	json_put_int(d, "bytes", x->stdout_bytes);
	container_fact(c, &c->by, "proc.exit", d);
	if (x->oom)
		container_event(c, "oom", NULL);
	json_put_str(more, "execDuration", seconds);
	json_put_str(more, "exitCode", code);
	container_event(c, "die", more);
	strv_free(argv);
}

/* -- visits ------------------------------------------------------------------------ */

void facts_visit(void *arg, const struct net_visit *v)
{
	autocontainer struct container *c = table_find_id(arg, v->cid);
	if (!c)
		return;
	cJSON *d = cJSON_CreateObject();
	json_put_int(d, "src_netns", (int64_t)v->src_netns);
	json_put_bool(d, "same_netns", v->same_netns);
	json_put_str(d, "peer", v->peer);
	json_put_int(d, "host_port", v->host_port);
	json_put_int(d, "ctr_port", v->ctr_port);
	json_put_int(d, "bytes_in", (int64_t)v->bytes_in);
	json_put_int(d, "bytes_out", (int64_t)v->bytes_out);
	json_put_int(d, "http_status", v->http_status);
	json_put_str(d, "request", v->request);
	json_put_str(d, "body_sha256", v->body_sha256);
	container_lock(c);
	container_fact(c, &c->by, "net.conn", d);
	container_unlock(c);
}
