/* engine_main_daemon.c - the daemon: the one place that stacks it all.
 *
 *	kernel	linux, fault on top (DRYDOCK_FAULT), trace on top of that
 *	store	images, journal, containers with launcher and network
 *	served	the course registry; the API on each socket
 *
 * Opened in this order, closed in reverse.  One daemon a data root and one an
 * exec root: both are locked (flock(2)), and the locks go with the process.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/api.h"
#include "cmd/engine_main.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/idmap.h"
#include "core/memory.h"
#include "core/rights.h"
#include "doctor/doctor.h"
#include "image/image.h"
#include "kernel/fault.h"
#include "kernel/nft.h"
#include "registry/server.h"
#include "rootless/rootless.h"

#define NET_POOL      4
#define REGISTRY_PORT 10740	/* not 5000: that one is wanted for containers (Flask, MLflow) */
#define MAX_SERVERS   8

struct daemon {
	struct settings s;
	int argc;
	char **argv;
	enum trace_backend backend;
	struct reloaded { struct settings s; struct reloaded *next; } *reloaded;	/* by SIGHUP */
	cJSON *defaults;	/* of containers */
	struct str seccomp;	/* their profile, where it isn't the built-in one */
	int data_lock, exec_lock;
	struct fault fault;
	struct kernel *kernel;
	struct collector *trace;
	struct journal *journal;
	struct image_store *images;
	struct containers *containers;
	struct registry_server *registry;
	struct api api;
	struct server *server[MAX_SERVERS];
	size_t n_servers;
	char *shelf;		/* of the course registry */
	char *socket;		/* the first unix socket: removed at the end */
	bool pidfile_ours;	/* written by us, so to be removed by us */
};

static bool quiet(const struct daemon *d)
{
	return str_eq(d->s.log_level, "error") || str_eq(d->s.log_level, "fatal");
}

/* -- roots ------------------------------------------------------------------------- */

/* The shell of a session that was killed leaves a daemon that still stops its
 * containers, which takes ten seconds at most: the next session's waits for it. */
#define PREDECESSOR_MS 14000

static int lock_file(int fd, bool patient)
{
	int r;
	for (int ms = 0; (r = flock(fd, LOCK_EX | LOCK_NB)) < 0 && patient && ms < PREDECESSOR_MS;
	     ms += 50)
		usleep(50000);
	return r;
}

/* A directory that is there already gets the mode, too. */
static int lock_root(const char *root, mode_t mode, bool patient, int *fd, struct err *e)
{
	int r = dir_make(root, mode, e);
	if (r < 0)
		return r;
	if (chmod(root, mode) < 0)
		return err_sys(e, errno, "protect %s", root);
	autofree char *path = str_printf("%s/lock", root);
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*fd < 0)
		return err_sys(e, errno, "open %s", path);
	if (lock_file(*fd, patient) == 0)
		return 0;
	err_set(e, EBUSY, "another daemon uses %s", root);
	return err_hint(e, "stop that one, or give this one roots of its own: DRYDOCK_ROOT=DIR");
}

/* As with Docker, each mapping has all of its own below the data root: what lies there
 * belongs to its numbers.  Only the course images are one for all. */
static int choose_users(struct daemon *d, struct err *e)
{
	d->shelf = str_printf("%s/registry", d->s.data_root);
	int r = idmap_choose(d->s.userns_remap, "/etc", e);
	if (r < 0 || !idmap_active())
		return r;
	if ((r = dir_make(d->s.data_root, 0700, e)) < 0)
		return r;
	if (chmod(d->s.data_root, 0700) < 0)
		return err_sys(e, errno, "protect %s", d->s.data_root);
	char *own = str_printf("%s/%u.%u", d->s.data_root, idmap_uid_out(0), idmap_gid_out(0));
	free(d->s.data_root);
	d->s.data_root = own;
	return 0;
}

/* What one daemon unpacked for a range of users, another that has only one can't remove
 * or even read, and the other way round its files all seem to be root's. */
static int check_owner(const char *root, struct err *e)
{
	static const char *const kinds[] = {
		[RIGHTS_ROOT] = "root", [RIGHTS_MANY] = "a range of users", [RIGHTS_ONE] = "one user",
	};
	autofree char *path = str_printf("%s/owners", root);
	autostr struct str had = { 0 };
	const char *have = kinds[rights_now()];
	if (file_read(path, &had, NULL) < 0)
		return file_write_atomic(path, have, strlen(have), 0600, e);
	if (str_eq(had.s, have))
		return 0;
	err_set(e, EPERM, "%s was made by a daemon for %s, this one has %s", root, had.s, have);
	return err_hint(e, "give this one a folder of its own: --data-root DIR, or DRYDOCK_ROOT=DIR");
}

/* -- the kernel -------------------------------------------------------------------- */

static int stack_kernel(struct daemon *d, struct err *e)
{
	const char *bad, *fault = getenv("DRYDOCK_FAULT");
	autofree char *dir = str_printf("%s/trace", d->s.data_root);
	int r;
	d->kernel = kernel_linux();
	kernel_nft_enable();
	if (fault && *fault) {
		d->kernel = fault_init(&d->fault, d->kernel, fault, "daemon", &bad);
		if (!d->kernel)
			return err_set(e, EINVAL, "DRYDOCK_FAULT: can't read \"%s\"", bad);
	}
	if (str_eq(d->s.trace, "off"))
		return 0;
	if ((r = dir_make(dir, 0700, e)) < 0 || (r = collector_open(dir, &d->trace, e)) < 0)
		return r;
	d->kernel = collector_kernel(d->trace, d->kernel, d->backend);
	return 0;
}

/* -- the course registry ----------------------------------------------------------- */

static void course_first(const struct daemon *d, struct settings *s)
{
	if (!d->registry)
		return;
	autofree char *mirror = str_printf("http://127.0.0.1:%u", registry_port(d->registry));
	char **mirrors = mem_alloc(sizeof(*mirrors));
	strv_add(&mirrors, mirror);
	for (size_t i = 0; s->mirrors[i]; i++)
		strv_add(&mirrors, s->mirrors[i]);
	strv_free(s->mirrors);
	s->mirrors = mirrors;
}

/* Serves DATA_ROOT/registry, if the course images were baked, as the first mirror. */
static int start_registry(struct daemon *d, struct err *e)
{
	const char *root = d->shelf;
	struct stat st;
	int port = d->s.registry_port ? atoi(d->s.registry_port) : REGISTRY_PORT;
	if (stat(root, &st) < 0 || (d->s.registry_port && port == 0))
		return 0;
	/* Read only: whoever could push here could choose what root runs. */
	struct registry_options o = { .root = root, .address = "127.0.0.1",
				      .port = (uint16_t)port, .read_only = true };
	int r = registry_start(&o, &d->registry, e);
	if (r == -EADDRINUSE && !d->s.registry_port) {
		o.port = 0;
		r = registry_start(&o, &d->registry, e);
	}
	if (r < 0)
		return r;
	course_first(d, &d->s);
	return 0;
}

/* -- sockets ----------------------------------------------------------------------- */

/* What an earlier daemon left there is taken away; what somebody else listens on, or
 * what is no socket, is not ours to remove. */
static int clear_socket(const struct sockaddr_un *sun, struct err *e)
{
	struct stat st;
	if (lstat(sun->sun_path, &st) < 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, EEXIST, "listen on %s: there is a file of that name that is no socket",
			       sun->sun_path);
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* EAGAIN: somebody listens there, too busy to answer now. */
	if (fd < 0 || connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 || errno == EAGAIN) {
		err_set(e, EADDRINUSE, "listen on %s: another daemon answers there", sun->sun_path);
		return err_hint(e, "stop that one, or choose another socket: -H unix:///PATH");
	}
	unlink(sun->sun_path);
	return 0;
}

/* --group: its members may connect. */
static int give_to_group(const struct daemon *d, const char *path, struct err *e)
{
	char buf[4096];
	struct group g, *found = NULL;
	if (!d->s.group || !*d->s.group)
		return 0;
	if (getgrnam_r(d->s.group, &g, buf, sizeof(buf), &found) || !found)
		return err_set(e, ENOENT, "group %s not found", d->s.group);
	return chown(path, (uid_t)-1, g.gr_gid) < 0 ? err_sys(e, errno, "give %s to %s", path, d->s.group)
						    : 0;
}

static int listen_unix(struct daemon *d, const char *path, int *out, struct err *e)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	if (snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path) >= (int)sizeof(sun.sun_path))
		return err_set(e, ENAMETOOLONG, "listen on %s: longer than %zu bytes", path,
			       sizeof(sun.sun_path) - 1);
	int r = clear_socket(&sun, e);
	if (r < 0)
		return r;
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* 0660, and never wider: bind() makes the file with the socket's own mode, less the
	 * umask, which is one for all threads and so isn't changed here. */
	if (fd < 0 || fchmod(fd, 0660) < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 ||
	    chmod(path, 0660) < 0 || listen(fd, 128) < 0)
		return err_sys(e, errno, "listen on %s", path);
	if ((r = give_to_group(d, path, e)) < 0)
		return r;
	if (!d->socket)
		d->socket = str_dup(path);
	*out = steal_fd(&fd);
	return 0;
}

static int listen_tcp(const char *text, int *out, struct err *e)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	const char *colon = strrchr(text, ':');
	autofree char *host = strndup(text, colon ? (size_t)(colon - text) : strlen(text));
	int one = 1;
	if (str_eq(host, "localhost") || !*host)
		strcpy(host = mem_grow(host, 16), "127.0.0.1");
	if (inet_pton(AF_INET, host, &in.sin_addr) != 1 ||
	    (ntohl(in.sin_addr.s_addr) >> 24) != 127) {
		err_set(e, EPERM, "listen on tcp://%s: only on loopback", text);
		return err_hint(e, "whoever reaches the API is root on this machine; use ssh -L to"
				" reach it from another");
	}
	in.sin_port = htons((uint16_t)(colon ? atoi(colon + 1) : 2375));
	autofd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0 || listen(fd, 128) < 0)
		return err_sys(e, errno, "listen on tcp://%s", text);
	*out = steal_fd(&fd);
	return 0;
}

static int serve(struct daemon *d, const char *url, struct err *e)
{
	int fd = -1, r;
	bool is_unix = str_starts(url, "unix://") || url[0] == '/';
	if (d->n_servers == MAX_SERVERS)
		return err_set(e, E2BIG, "more than %d hosts to listen on", MAX_SERVERS);
	if (is_unix)
		r = listen_unix(d, url[0] == '/' ? url : url + 7, &fd, e);
	else if (str_starts(url, "tcp://"))
		r = listen_tcp(url + 6, &fd, e);
	else
		r = err_set(e, EINVAL, "can't listen on \"%s\": unix:///PATH or "
			    "tcp://127.0.0.1:PORT", url);
	if (r == 0)
		r = server_start(&d->api, fd, is_unix, &d->server[d->n_servers], e);
	d->n_servers += r == 0;
	return r;
}

static int serve_all(struct daemon *d, struct err *e)
{
	autofree char *own = str_printf("unix://%s/drydock.sock", d->s.exec_root);
	int r = 0;
	if (!d->s.hosts[0])
		strv_add(&d->s.hosts, own);
	d->api = (struct api){
		.containers = d->containers, .images = d->images, .journal = d->journal,
		.trace = d->trace, .data_root = d->s.data_root, .exec_root = d->s.exec_root,
		.shelf = d->shelf, .socket = d->s.hosts[0],
		.backend = trace_backend_names[d->backend],
		.mirrors = d->s.mirrors, .insecure = d->s.insecure,
		.live_restore = d->s.live_restore, .debug = d->s.debug, .labels = d->s.labels,
		.log_driver = d->s.log_driver ? d->s.log_driver : "json-file",
		.registry_port = d->registry ? registry_port(d->registry) : 0,
		.started_ns = clock_wall_ns(),
	};
	pthread_mutex_init(&d->api.lock, NULL);
	for (size_t i = 0; r == 0 && d->s.hosts[i]; i++)
		r = serve(d, d->s.hosts[i], e);
	return r;
}

/* -- what others read --------------------------------------------------------------- */

/* --seccomp-profile: a word, or a file whose text is what containers get. */
static int read_profile(struct daemon *d, struct err *e)
{
	const char *profile = d->s.seccomp_profile;
	if (!profile || !*profile || str_eq(profile, "builtin") || str_eq(profile, "default"))
		return 0;
	if (str_eq(profile, "unconfined")) {
		str_add(&d->seccomp, profile);
		return 0;
	}
	int r = file_read(profile, &d->seccomp, e);
	return r < 0 ? err_wrap(e, "opening seccomp profile (%s) failed", profile) : 0;
}

/* Where libcurl looks for them, which all requests of ours go by; `docker info` shows them. */
static void set_proxies(const struct settings *s)
{
	const struct { const char *name, *value; } all[] = {
		{ "http_proxy", s->http_proxy }, { "https_proxy", s->https_proxy },
		{ "no_proxy", s->no_proxy },
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].value && *all[i].value)
			setenv(all[i].name, all[i].value, 1);
}

/* -- the whole --------------------------------------------------------------------- */

static int open_all(struct daemon *d, struct err *e)
{
	autofree char *db = NULL;
	bool patient = d->s.ready_fd;
	int r;
	/* Containers may hold setuid programs of their own: nobody else comes near them. */
	if ((r = settings_defaults(&d->s, &d->defaults, e)) < 0 || (r = choose_users(d, e)) < 0 ||
	    (r = read_profile(d, e)) < 0 ||
	    (r = lock_root(d->s.data_root, 0700, patient, &d->data_lock, e)) < 0 ||
	    (r = check_owner(d->s.data_root, e)) < 0 ||
	    (r = lock_root(d->s.exec_root, 0711, patient, &d->exec_lock, e)) < 0 ||
	    (r = stack_kernel(d, e)) < 0)
		return r;
	db = str_printf("%s/drydock.db", d->s.data_root);
	if ((r = image_store_open(d->s.data_root, d->kernel, &d->images, e)) < 0 ||
	    (r = journal_open(db, &d->journal, e)) < 0)
		return r;
	struct containers_options o = {
		.kernel = d->kernel, .data_root = d->s.data_root, .exec_root = d->s.exec_root,
		.images = d->images, .journal = d->journal, .trace = d->trace,
		.network = { .bridge = d->s.bridge, .cidr = d->s.bip, .pool = NET_POOL,
			     .pools = d->s.pools, .isolated = d->s.no_icc,
			     .bare = d->s.no_masquerade, .mtu = d->s.mtu ? atoi(d->s.mtu) : 0,
			     .door = rights_rootless() ? rootless_socket : NULL,
			     .six = d->s.ipv6, .cidr6 = d->s.cidr6 },
		.defaults = d->defaults, .host_ip = d->s.ip, .host_gateway = d->s.host_gateway,
		.network_opts = d->s.network_opts, .no_new_privs = d->s.no_new_privs,
		.seccomp = d->seccomp.s,
	};
	o.network.range = d->s.fixed_cidr;
	o.network.no_forward = d->s.no_forward;
	set_proxies(&d->s);
	image_store_pulls(d->images, d->s.downloads ? atoi(d->s.downloads) : 0,
			  d->s.attempts ? atoi(d->s.attempts) : 0);
	if ((r = containers_open(&o, &d->containers, e)) < 0 || (r = start_registry(d, e)) < 0)
		return r;
	return serve_all(d, e);
}

static void close_all(struct daemon *d)
{
	for (size_t i = 0; i < d->n_servers; i++)
		server_stop(d->server[i]);
	if (d->containers)
		containers_close(d->containers, !d->s.live_restore);
	if (d->registry)
		registry_stop(d->registry);
	if (d->images)
		image_store_close(d->images);
	if (d->journal)
		journal_close(d->journal);
	if (d->trace)
		collector_close(d->trace);
	if (d->socket)
		unlink(d->socket);
	if (d->pidfile_ours)
		unlink(d->s.pidfile);
	free(d->socket);
	free(d->shelf);
	free(d->api.session);
	free(d->api.step);
	json_free(&d->defaults);
	str_free(&d->seccomp);
	while (d->reloaded) {
		struct reloaded *first = d->reloaded;
		d->reloaded = first->next;
		settings_free(&first->s);
		free(first);
	}
	settings_free(&d->s);
}

/* SIGHUP: what dockerd takes over without a restart.  Requests under way may still look
 * at what was there before: it is kept. */
static void reload(struct daemon *d)
{
	struct err e = { 0 };
	struct reloaded *next = mem_alloc(sizeof(*next));
	if (settings_read(d->argc, d->argv, &next->s, &e) != 0) {
		err_print(&e);
		free(next);
		return;
	}
	course_first(d, &next->s);
	__atomic_store_n(&d->api.mirrors, next->s.mirrors, __ATOMIC_RELEASE);
	__atomic_store_n(&d->api.insecure, next->s.insecure, __ATOMIC_RELEASE);
	__atomic_store_n(&d->api.labels, next->s.labels, __ATOMIC_RELEASE);
	__atomic_store_n(&d->api.debug, next->s.debug, __ATOMIC_RELEASE);
	__atomic_store_n(&d->api.live_restore, next->s.live_restore, __ATOMIC_RELEASE);
	d->s.live_restore = next->s.live_restore;
	next->next = d->reloaded;
	d->reloaded = next;
}

/* Waits for the word to end.  Whenever the last requests are a few seconds past, what
 * they needed is given back. */
static void wait_for_end(struct daemon *d, const sigset_t *ends)
{
	const struct timespec rest = { .tv_sec = 3 };
	unsigned seen = 0, given = 0;
	for (;;) {
		int sig = sigtimedwait(ends, NULL, &rest);
		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGHUP)
			reload(d);
		unsigned now = __atomic_load_n(&d->api.requests, __ATOMIC_RELAXED);
		if (now == seen && now != given) {
			memory_give_back();
			given = now;
		}
		seen = now;
	}
}

static int announce(struct daemon *d, struct err *e)
{
	memory_give_back();
	if (d->s.pidfile) {
		autofree char *text = str_printf("%d\n", (int)getpid());
		int r = file_write_atomic(d->s.pidfile, text, strlen(text), 0644, e);
		if (r < 0)
			return r;
		d->pidfile_ours = true;
	}
	for (size_t i = 0; !quiet(d) && d->s.hosts[i]; i++)
		fprintf(stderr, "drydock: API listening on %s\n", d->s.hosts[i]);
	if (d->s.ready_fd) {
		int fd = atoi(d->s.ready_fd);
		write_all(fd, "\n", 1);
		close(fd);
	}
	return 0;
}

/* Root, and yet not of this machine: we are the one who was started anew in there. */
static bool is_inside(void) { return geteuid() == 0 && rights_rootless(); }

static int choose_backend(struct daemon *d, struct err *e)
{
	const struct doctor_ask ask = { .k = kernel_linux(), .data_root = d->s.data_root,
					.exec_root = d->s.exec_root };
	struct backend_choice choice = { .backend = BACKEND_ROOTLESS };
	int r = is_inside() ? 0 : backend_choose(&ask, d->s.backend, &choice, e);

	if (r < 0)
		return r;
	d->backend = choice.backend;
	if (*choice.why && !quiet(d))
		fprintf(stderr, "drydock: the backend is %s, since %s\n",
			trace_backend_names[choice.backend], choice.why);
	return 0;
}

static int go_inside(const struct settings *s, int argc, char **argv, struct err *e)
{
	char **again = mem_alloc(((size_t)argc + 2) * sizeof(*again));
	int code = 1;
	again[0] = (char *)"drydock-engine";
	memcpy(again + 1, argv, (size_t)argc * sizeof(*again));
	int r = rootless_run(kernel_linux(), s->exec_root, again, &code, e);
	free(again);
	if (r < 0)
		err_print(e);
	return code;
}

int cmd_daemon(int argc, char **argv)
{
	static struct daemon d;
	struct err e = { 0 };
	sigset_t ends;
	int r = settings_read(argc, argv, &d.s, &e);
	if (r > 0)
		return 0;
	if (r == 0 && d.s.validate) {
		fputs("configuration OK\n", stderr);
		settings_free(&d.s);
		return 0;
	}
	if (r == 0)
		r = choose_backend(&d, &e);
	if (r == 0 && d.backend == BACKEND_ROOTLESS && !is_inside()) {
		int code = go_inside(&d.s, argc, argv, &e);
		settings_free(&d.s);
		return code;
	}
	d.argc = argc;
	d.argv = argv;
	/* Blocked before the first thread starts, so that only sigwait() takes them. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	umask(022);
	/* A heap for each of many short-lived threads would keep pages nobody uses. */
	mallopt(M_ARENA_MAX, 2);
	if (r == 0)
		r = open_all(&d, &e);
	if (r == 0)
		r = announce(&d, &e);
	if (r < 0) {
		err_print(&e);
		close_all(&d);
		return 1;
	}
	wait_for_end(&d, &ends);
	close_all(&d);
	return 0;
}
