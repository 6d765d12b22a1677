#include "trace/ring.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RING_MAGIC 0x44524e47u	/* "DRNG" */

#define load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

static size_t ring_bytes(uint32_t slots)
{
	return sizeof(struct trace_ring) + (size_t)slots * sizeof(struct trace_event);
}

static int map(int fd, size_t bytes, struct trace_ring **out)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

int trace_ring_create(uint32_t slots, struct trace_ring **out, int *fd)
{
	int memfd = memfd_create("drydock-trace", MFD_CLOEXEC);
	int r = memfd < 0 || ftruncate(memfd, (off_t)ring_bytes(slots)) < 0 ? -errno : 0;

	if (r == 0)
		r = map(memfd, ring_bytes(slots), out);
	if (r == 0) {
		(*out)->magic = RING_MAGIC;
		(*out)->slots = slots;
	}
	if (r == 0 && fd)
		*fd = memfd;
	else if (memfd >= 0)
		close(memfd);
	return r;
}

int trace_ring_map(int fd, struct trace_ring **out)
{
	struct stat st;
	struct trace_ring *ring = NULL;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((size_t)st.st_size < sizeof(*ring))
		return -EINVAL;
	int r = map(fd, (size_t)st.st_size, &ring);
	if (r < 0)
		return r;
	if (ring->magic != RING_MAGIC || ring_bytes(ring->slots) != (size_t)st.st_size) {
		munmap(ring, (size_t)st.st_size);
		return -EINVAL;
	}
	*out = ring;
	return 0;
}

void trace_ring_unmap(struct trace_ring *r)
{
	if (r)
		munmap(r, ring_bytes(r->slots));
}

uint64_t trace_ring_room(const struct trace_ring *r)
{
	return r->slots - (r->head - load(&r->tail));
}

struct trace_event *trace_ring_claim(struct trace_ring *r)
{
	if (trace_ring_room(r) == 0) {
		store(&r->lost, r->lost + 1);
		return NULL;
	}
	struct trace_event *ev = &r->slot[r->head % r->slots];
	ev->commit = 0;
	return ev;
}

void trace_ring_pend(struct trace_ring *r)
{
	store(&r->slot[r->head % r->slots].commit, r->head + 1);
}

void trace_ring_publish(struct trace_ring *r)
{
	trace_ring_pend(r);
	store(&r->head, r->head + 1);
}

const struct trace_event *trace_ring_settle(struct trace_ring *r)
{
	struct trace_event *ev = &r->slot[r->head % r->slots];

	if (trace_ring_room(r) == 0 || load(&ev->commit) != r->head + 1)
		return NULL;
	store(&r->head, r->head + 1);
	return ev;
}

void trace_ring_rest(struct trace_ring *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = ring_bytes(r->slots);
	bool pending = load(&r->slot[r->head % r->slots].commit) == r->head + 1;

	/* The first page stays: it says where the ring stands. */
	if (load(&r->tail) == r->head && !pending && bytes > page)
		madvise((char *)r + page, bytes - page, MADV_REMOVE);
}

size_t trace_ring_read(struct trace_ring *r, struct trace_event *out, size_t max)
{
	uint64_t tail = r->tail, ready = load(&r->head) - tail;
	size_t n = 0;

	if (ready > r->slots)	/* no producer of ours: never read past the ring */
		ready = r->slots;
	for (; n < ready && n < max; n++)
		out[n] = r->slot[(tail + n) % r->slots];
	store(&r->tail, tail + n);
	return n;
}

uint64_t trace_ring_lost(struct trace_ring *r)
{
	uint64_t lost = load(&r->lost), news = lost - r->told;

	r->told = lost;
	return news;
}
