/* proxy.c - see proxy.h: the loop and the doors. */
#include "network/proxy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"

#define ROUND 64		/* events taken from the kernel at a time */
#define VISITORS 16		/* accepted at one door before others get their turn */
#define PAUSE_MS 100		/* until a full proxy looks whether there is room again */
#define TICK_MS 250		/* between two looks at what waits for an answer */
/* Two for each relay, one for each visitor by UDP and each question, and the rest of
 * the daemon. */
#define DESCRIPTORS 16384

void source_want(struct proxy *p, struct source *s, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = s };
	int op = !events ? EPOLL_CTL_DEL : s->wanted ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (events == s->wanted)
		return;
	epoll_ctl(p->epoll, op, s->fd, &ev);
	s->wanted = events;
}

void source_close(struct proxy *p, struct source *s)
{
	if (s->fd < 0)
		return;
	/* Closing alone wouldn't do: a child being spawned may hold a copy. */
	source_want(p, s, 0);
	k_close(p->k, s->fd);
	s->fd = -1;
}

bool source_starved(int code) { return code == EMFILE || code == ENFILE || code == ENOMEM; }

/* ---- doors ---- */

static void watch_doors(struct proxy *p, struct published *port, bool yes)
{
	for (int i = 0; i < 2; i++)
		if (port->doors[i].source.fd >= 0)
			source_want(p, &port->doors[i].source, yes ? EPOLLIN : 0);
}

static void listen_all(struct proxy *p, bool yes)
{
	if (p->paused != yes)
		return;
	p->paused = !yes;
	for (struct published *port = p->open; port; port = port->next_open)
		watch_doors(p, port, yes);
	resolver_listen(p, yes);
}

void proxy_pause(struct proxy *p, bool starved)
{
	p->paused_until_ns = starved ? clock_mono_ns() + PAUSE_MS * 1000000ull : 0;
	listen_all(p, false);
}

static bool full(struct proxy *p)
{
	return p->relays >= RELAYS_MAX || visits_behind(p->visits);
}

static void on_visitor(struct proxy *p, struct source *s, uint32_t events)
{
	struct door *door = (struct door *)s;	/* its first member */
	struct sockaddr_storage peer;

	for (int i = 0; i < VISITORS && !p->paused; i++) {
		socklen_t len = sizeof(peer);
		int fd = full(p) ? -EMFILE : accept4(s->fd, (struct sockaddr *)&peer, &len,
						     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			relay_begin(p, door->port, fd, (struct sockaddr *)&peer);
		else if (fd == -EMFILE || source_starved(errno))
			proxy_pause(p, fd != -EMFILE);
		else if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

static void open_doors(struct proxy *p, struct published *port)
{
	bool udp = !strcmp(port->port.proto, "udp");

	for (int i = 0; i < 2; i++) {
		port->doors[i].port = port;
		port->doors[i].source.ready = udp ? udp_on_datagram : on_visitor;
	}
	port->next_open = p->open;
	p->open = port;
	watch_doors(p, port, !p->paused);
}

static void close_doors(struct proxy *p, struct published *port)
{
	struct published **at = &p->open;

	while (port->relays)
		relay_end(p, port->relays);
	udp_end(p, port);
	for (int i = 0; i < 2; i++)
		source_close(p, &port->doors[i].source);
	while (*at && *at != port)
		at = &(*at)->next_open;
	if (*at)
		*at = port->next_open;
}

/* ---- notes from other threads ---- */

static void on_wake(struct proxy *p, struct source *s, uint32_t events)
{
	uint64_t count;

	/* A reading that finds nothing is fine: the note is looked at anyway. */
	if (read(s->fd, &count, sizeof(count)) < 0)
		return;
}

/* Leaves a note and waits until it was acted upon. */
void proxy_do(struct proxy *p, void (*fn)(struct proxy *p, void *arg), void *arg)
{
	uint64_t one = 1;

	pthread_mutex_lock(&p->lock);
	while (p->note)
		pthread_cond_wait(&p->done, &p->lock);
	p->note = fn;
	p->note_arg = arg;
	/* Can't fail: the counter is far from its end. */
	if (write(p->wake.fd, &one, sizeof(one)) < 0)
		abort();
	while (p->note == fn && p->note_arg == arg)
		pthread_cond_wait(&p->done, &p->lock);
	pthread_cond_broadcast(&p->done);
	pthread_mutex_unlock(&p->lock);
}

/* False: the thread is to end. */
static bool act_on_note(struct proxy *p)
{
	pthread_mutex_lock(&p->lock);
	if (p->note)
		p->note(p, p->note_arg);
	p->note = NULL;
	bool go_on = !p->stop;
	pthread_cond_broadcast(&p->done);
	pthread_mutex_unlock(&p->lock);
	return go_on;
}

static void listen_note(struct proxy *p, void *port) { open_doors(p, port); }
static void unlisten_note(struct proxy *p, void *port) { close_doors(p, port); }

static void stop_note(struct proxy *p, void *arg)
{
	while (p->open)
		close_doors(p, p->open);
	resolver_end_all(p);
	p->stop = true;
}

void proxy_listen(struct proxy *p, struct published *port) { proxy_do(p, listen_note, port); }
void proxy_unlisten(struct proxy *p, struct published *port) { proxy_do(p, unlisten_note, port); }

void proxy_free_later(struct proxy *p, void *memory)
{
	p->gone = mem_grow(p->gone, (p->n_gone + 1) * sizeof(*p->gone));
	p->gone[p->n_gone++] = memory;
}

static void free_gone(struct proxy *p)
{
	for (size_t i = 0; i < p->n_gone; i++)
		free(p->gone[i]);
	p->n_gone = 0;
}

/* ---- the loop ---- */

static int patience(const struct proxy *p)
{
	return p->paused ? PAUSE_MS : p->waiting ? TICK_MS : -1;
}

static void tick(struct proxy *p)
{
	uint64_t now = clock_mono_ns();

	if (now - p->ticked_ns < TICK_MS * 1000000ull)
		return;
	p->ticked_ns = now;
	resolver_tick(p, now);
	udp_tick(p, now);
}

static void *serve(void *arg)
{
	struct epoll_event events[ROUND];
	struct proxy *p = arg;

	do {
		int n = epoll_wait(p->epoll, events, ROUND, patience(p));
		for (int i = 0; i < n; i++) {
			struct source *s = events[i].data.ptr;
			if (s->fd >= 0)
				s->ready(p, s, events[i].events);
		}
		if (p->paused && !full(p) && clock_mono_ns() >= p->paused_until_ns)
			listen_all(p, true);
		tick(p);
		free_gone(p);
	} while (act_on_note(p));
	free_gone(p);
	return NULL;
}

/* A relay needs two descriptors; the usual soft limit of 1,024 is for select(). */
static void want_descriptors(struct kernel *k)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_cur >= DESCRIPTORS)
		return;
	struct k_rlimit more = {
		.soft = now.rlim_max < DESCRIPTORS ? now.rlim_max : DESCRIPTORS,
		.hard = now.rlim_max,
	};
	k_prlimit(k, RLIMIT_NOFILE, &more);	/* refused: fewer visitors at a time */
}

static void free_proxy(struct proxy *p)
{
	if (p->epoll >= 0)
		close(p->epoll);
	if (p->wake.fd >= 0)
		close(p->wake.fd);
	if (p->visits)
		visits_close(p->visits);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->done);
	free(p->scratch);
	free(p->gone);
	free(p);
}

static int start(struct proxy *p, void (*visit)(void *arg, const struct net_visit *v), void *arg,
		 struct err *e)
{
	if (p->epoll < 0 || p->wake.fd < 0)
		return err_sys(e, errno, "make the proxy's event queue");
	source_want(p, &p->wake, EPOLLIN);
	int r = visits_open(visit, arg, &p->visits, e);
	if (r < 0)
		return r;
	r = network_thread(&p->thread, serve, p, "net-proxy");
	return r < 0 ? err_sys(e, -r, "start the proxy") : 0;
}

int proxy_open(struct network *n, void (*visit)(void *arg, const struct net_visit *v), void *arg,
	       struct proxy **out, struct err *e)
{
	struct proxy *p = mem_alloc(sizeof(*p));

	p->n = n;
	p->k = n->k;
	p->scratch = mem_alloc(SCRATCH);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->done, NULL);
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	p->wake = (struct source){ on_wake, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), 0 };
	want_descriptors(n->k);
	int r = start(p, visit, arg, e);
	if (r < 0) {
		free_proxy(p);
		return r;
	}
	*out = p;
	return 0;
}

void proxy_close(struct proxy *p)
{
	proxy_do(p, stop_note, NULL);
	pthread_join(p->thread, NULL);
	free_proxy(p);
}
