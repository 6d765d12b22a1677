#include "tests/root/network_world.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"
#include "core/str.h"
#include "kernel/nft.h"
#include "tests/helpers/unit.h"

int sh(const char *fmt, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	int status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

char *sh_text(const char *fmt, ...)
{
	struct str out = { 0 };
	char command[1024], part[512];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	FILE *f = popen(command, "r");
	while (f && (n = fread(part, 1, sizeof(part), f)) > 0)
		str_addn(&out, part, n);
	if (f)
		pclose(f);
	return str_take(&out);
}

void world_enter(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	ck_assert_int_eq(sh("ip link set lo up"), 0);
	kernel_nft_enable();
}

/* ---- errands into a place ---- */

enum what { TCP_LISTEN, TCP_CONNECT, UDP };

struct errand {
	int place;
	enum what what;
	struct sockaddr_in address;
	int result;
};

static int make_socket(struct errand *a)
{
	struct timeval patience = { .tv_sec = 2 };
	int type = a->what == UDP ? SOCK_DGRAM : SOCK_STREAM;
	int yes = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	int r = a->what == TCP_LISTEN ? bind(fd, (void *)&a->address, sizeof(a->address)) :
			    connect(fd, (void *)&a->address, sizeof(a->address));
	if (r == 0 && a->what == TCP_LISTEN)
		r = listen(fd, 4096);
	if (r == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static void *run_errand(void *arg)
{
	struct errand *a = arg;

	if (a->place != HERE && setns(a->place, CLONE_NEWNET) < 0)
		a->result = -errno;
	else
		a->result = make_socket(a);
	return NULL;
}

static int errand(int place, enum what what, const char *ip, uint16_t port)
{
	struct errand a = { .place = place, .what = what };
	pthread_t t;

	a.address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
	inet_pton(AF_INET, ip, &a.address.sin_addr);
	pthread_create(&t, NULL, run_errand, &a);
	pthread_join(t, NULL);
	return a.result;
}

int tcp_listen(int place, const char *ip, uint16_t port) { return errand(place, TCP_LISTEN, ip, port); }
int tcp_connect(int place, const char *ip, uint16_t port) { return errand(place, TCP_CONNECT, ip, port); }

char *udp_ask(int place, const char *ip, uint16_t port, const void *data, size_t len)
{
	struct timeval patience = { .tv_usec = 20000 };
	char *answer = mem_alloc(2048);
	autofd int fd = errand(place, UDP, ip, port);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (fd >= 0 && send(fd, data, len, 0) == (ssize_t)len && recv(fd, answer, 2047, 0) >= 0)
		return answer;
	free(answer);
	return NULL;
}

static void *new_place(void *arg)
{
	int *fd = arg;

	if (unshare(CLONE_NEWNET) == 0 && sh("ip link set lo up") == 0)
		*fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return NULL;
}

int world_place(void)
{
	pthread_t t;
	int fd = -1;

	pthread_create(&t, NULL, new_place, &fd);
	pthread_join(t, NULL);
	ck_assert_int_ge(fd, 0);
	return fd;
}

void world_cable(int place)
{
	autofree char *there = str_printf("/proc/%d/fd/%d", getpid(), place);

	ck_assert_int_eq(sh("ip link add out0 type veth peer name in0 && "
			    "ip link set in0 netns %1$s && "
			    "ip addr add 10.9.0.1/24 dev out0 && ip link set out0 up && "
			    "nsenter --net=%1$s ip addr add 10.9.0.2/24 dev in0 && "
			    "nsenter --net=%1$s ip link set in0 up && "
			    "nsenter --net=%1$s ip route add default via 10.9.0.1", there), 0);
}

void peer_ip(int fd, char *out, size_t cap)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	out[0] = '\0';
	if (getpeername(fd, (void *)&a, &len) == 0)
		inet_ntop(AF_INET, &a.sin_addr, out, cap);
}

/* ---- servers ---- */

struct service { int listener; const char *response; };

static void *page_server(void *arg)
{
	struct service *s = arg;
	char request[4096];
	int fd;

	while ((fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (read(fd, request, sizeof(request)) > 0)
			write_all(fd, s->response, strlen(s->response));
		close(fd);
	}
	return NULL;
}

static void *echo_one(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write_all(fd, buf, n) < 0)
			break;
	close(fd);
	return NULL;
}

static void *echo_server(void *arg)
{
	struct service *s = arg;
	pthread_attr_t small;
	pthread_t t;
	int fd;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 128 << 10);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	while ((fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		if (pthread_create(&t, &small, echo_one, (void *)(intptr_t)fd) != 0)
			close(fd);
	return NULL;
}

static void serve(int listener, const char *response, void *(*fn)(void *))
{
	struct service *s = mem_alloc(sizeof(*s));	/* lives as long as the test */
	pthread_t t;

	ck_assert_int_ge(listener, 0);
	*s = (struct service){ listener, response };
	ck_assert_int_eq(pthread_create(&t, NULL, fn, s), 0);
}

void serve_page(int listener, const char *response) { serve(listener, response, page_server); }
void serve_echo(int listener) { serve(listener, NULL, echo_server); }

char *http_get(int place, const char *ip, uint16_t port, const char *request)
{
	struct str out = { 0 };
	char part[4096];
	ssize_t n;
	int fd = tcp_connect(place, ip, port);

	if (fd < 0)
		return str_printf("connect: %s", strerror(-fd));
	write_all(fd, request, strlen(request));
	while ((n = read(fd, part, sizeof(part))) > 0)
		str_addn(&out, part, n);
	if (n < 0)
		str_addf(&out, "read: %s", strerror(errno));
	close(fd);
	return str_take(&out);
}

/* ---- the network under test ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct net_visit last;
static char texts[4][600];
static int told;

static const char *keep(int slot, const char *text)
{
	snprintf(texts[slot], sizeof(texts[slot]), "%s", text);
	return texts[slot];
}

static void on_visit(void *arg, const struct net_visit *v)
{
	pthread_mutex_lock(&lock);
	last = *v;
	last.cid = keep(0, v->cid);
	last.peer = keep(1, v->peer);
	last.request = keep(2, v->request);
	last.body_sha256 = keep(3, v->body_sha256);
	told++;
	pthread_mutex_unlock(&lock);
}

int visits_told(void)
{
	pthread_mutex_lock(&lock);
	int n = told;
	pthread_mutex_unlock(&lock);
	return n;
}

struct net_visit last_visit(void)
{
	pthread_mutex_lock(&lock);
	struct net_visit v = last;
	pthread_mutex_unlock(&lock);
	return v;
}

bool wait_for_visits(int n)
{
	for (int i = 0; i < 500 && visits_told() < n; i++)
		usleep(10000);
	return visits_told() >= n;
}

struct network *world_network_named(const char *bridge, const char *cidr)
{
	struct network_config c = { .bridge = bridge, .cidr = cidr, .pool = 4 };
	struct network *n = NULL;
	struct err e = { 0 };

	if (network_open(kernel_linux(), &c, on_visit, NULL, &n, &e) < 0)
		ck_abort_msg("%s", e.what);
	return n;
}

struct network *world_network(void) { return world_network_named(BRIDGE, "172.17.0.1/16"); }

struct endpoint *world_attach(struct network *n, const char *cid)
{
	struct endpoint *ep = NULL;
	struct err e = { 0 };

	if (network_attach(n, cid, &ep, &e) < 0)
		ck_abort_msg("%s", e.what);
	return ep;
}

uint16_t world_publish(struct network *n, struct endpoint *ep, const char *ip, uint16_t host)
{
	struct port p = { .host = host, .ctr = 80, .proto = "tcp" };
	struct err e = { 0 };
	char holder[128];

	strcpy(p.host_ip, ip);
	if (network_publish(n, ep, &p, holder, sizeof(holder), &e) < 0)
		ck_abort_msg("%s (%s)", e.what, e.hint);
	return p.host;
}

int count_dir(const char *path)
{
	autodir DIR *d = opendir(path);
	int n = 0;

	while (d && readdir(d))
		n++;
	return n;
}

int network_main(const struct network_case *cases, size_t n)
{
	Suite *s = suite_create("network");

	if (geteuid() != 0) {
		puts("1..0 # SKIP needs root");
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		TCase *t = tcase_create(cases[i].name);
		tcase_set_timeout(t, 30);
		tcase_add_checked_fixture(t, world_enter, NULL);
		for (size_t j = 0; cases[i].tests[j]; j++)
			tcase_add_test(t, cases[i].tests[j]);
		suite_add_tcase(s, t);
	}
	return unit_run(s);
}
