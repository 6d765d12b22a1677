/* names.c - who is called what, and as seen from where.
 *
 * A container is known in each of a user's networks by its endpoint's names: its
 * own name, its short id and the aliases that network was told.  Names are looked
 * up through the asker's endpoints only, so that a network's names never leak into
 * another.  "web" and "web.backend" both work, backend being the network.  A link
 * ("db=postgres") is a name that only one container knows.
 *
 * The default bridge has no names: Docker's hasn't, and programs rely on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "core/str.h"
#include "network/internal.h"

void endpoint_answer_to(struct endpoint *ep, char *const *names)
{
	pthread_mutex_lock(&ep->net->lock);
	strv_free(ep->names);
	ep->names = strv_dup(names);
	pthread_mutex_unlock(&ep->net->lock);
}

/* The endpoint of a container, if it has one in this network.  n->lock held. */
static struct endpoint *endpoint_of(struct network *n, const char *cid)
{
	struct endpoint *ep = n->busy;

	while (ep && strcmp(ep->cid, cid))
		ep = ep->next;
	return ep;
}

/* "web", or "web.backend" in the network backend. */
static bool is_called(const struct endpoint *ep, const char *name)
{
	const char *net = ep->net->name;

	for (char *const *v = ep->names; v && *v; v++) {
		size_t len = strlen(*v);
		if (!strncasecmp(*v, name, len) &&
		    (!name[len] || (name[len] == '.' && !strcasecmp(name + len + 1, net))))
			return true;
	}
	return false;
}

static int find_in(struct network *n, const char *cid, const char *name, struct name_at *out,
		   int max)
{
	int found = 0;

	pthread_mutex_lock(&n->lock);
	if (endpoint_of(n, cid))
		for (struct endpoint *ep = n->busy; ep && found < max; ep = ep->next)
			if (is_called(ep, name))
				out[found++] = (struct name_at){ ep->address, ep->six };
	pthread_mutex_unlock(&n->lock);
	return found;
}

static bool take_answerer(struct network *n, const char *cid, struct name_sockets *out)
{
	pthread_mutex_lock(&n->lock);
	struct endpoint *ep = endpoint_of(n, cid);
	bool found = ep && ep->answerer.udp >= 0;
	if (found) {
		*out = ep->answerer;
		ep->answerer = (struct name_sockets){ -1, -1 };
	}
	pthread_mutex_unlock(&n->lock);
	return found;
}

bool names_take_answerer(struct network *host, const char *cid, struct name_sockets *out)
{
	bool found = false;

	pthread_mutex_lock(&host->lock);
	for (struct network *n = host->more; n && !found; n = n->more)
		found = take_answerer(n, cid, out);
	pthread_mutex_unlock(&host->lock);
	return found;
}

/* What a link's alias stands for; the name itself if it is none. */
static const char *through_link(const struct name_query *q)
{
	size_t len = strlen(q->name);

	for (char *const *l = q->links; l && *l; l++)
		if (!strncasecmp(*l, q->name, len) && (*l)[len] == '=')
			return *l + len + 1;
	return q->name;
}

int names_find(struct network *host, const struct name_query *q, struct name_at *out, int max)
{
	const char *name = through_link(q);
	int found = 0;

	pthread_mutex_lock(&host->lock);
	for (struct network *n = host->more; n && !found; n = n->more)
		found = find_in(n, q->cid, name, out, max);
	pthread_mutex_unlock(&host->lock);
	return found;
}

bool endpoint_is_at(const struct endpoint *ep, const struct name_at *at)
{
	return at->six ? ep->six == at->six : ep->address == at->four;
}

static bool reverse_in(struct network *n, const char *cid, const struct name_at *at, char *out,
		       size_t cap)
{
	bool found = false;

	pthread_mutex_lock(&n->lock);
	if (endpoint_of(n, cid))
		for (struct endpoint *ep = n->busy; ep && !found; ep = ep->next) {
			found = endpoint_is_at(ep, at) && ep->names && ep->names[0];
			if (found)
				snprintf(out, cap, "%s.%s", ep->names[0], n->name);
		}
	pthread_mutex_unlock(&n->lock);
	return found;
}

bool names_reverse(struct network *host, const char *cid, const struct name_at *at, char *out,
		   size_t cap)
{
	bool found = false;

	pthread_mutex_lock(&host->lock);
	for (struct network *n = host->more; n && !found; n = n->more)
		found = reverse_in(n, cid, at, out, cap);
	pthread_mutex_unlock(&host->lock);
	return found;
}
