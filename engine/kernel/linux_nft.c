#include "kernel/nft.h"

#include <errno.h>
#include <nftables/libnftables.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/stat.h>
#include <unistd.h>

/* libnftables works on one context at a time; making one costs 1.5 ms, a change
 * 0.2 ms, so that one is kept.  A context acts on the network namespace it was made
 * in: the one kept is the first caller's, the daemon's own; in a container's, a
 * context is made for the one change. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct nft_ctx *context;
static ino_t context_netns;

static struct nft_ctx *new_context(void)
{
	struct nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);

	if (ctx) {
		nft_ctx_buffer_output(ctx);
		nft_ctx_buffer_error(ctx);
	}
	return ctx;
}

static ino_t own_netns(void)
{
	struct stat st;

	return stat("/proc/thread-self/ns/net", &st) == 0 ? st.st_ino : 0;
}

static long run_in(struct nft_ctx *ctx, const char *commands)
{
	if (!ctx)
		return -ENOMEM;
	errno = 0;
	if (nft_run_cmd_from_buffer(ctx, commands) == 0)
		return 0;
	int code = errno;
	nft_ctx_get_error_buffer(ctx);	/* which empties it: it would only grow */
	return code ? -code : -EINVAL;
}

struct errand {
	const char *commands;
	long result;
	sem_t done;
};

/* A thread of its own, which starts in its maker's network namespace, for two reasons.
 * libnftables ends the whole program when it finds no descriptor for its socket: here
 * the descriptors are the thread's own, and all free.  And closing a socket that has
 * changed something waits until the kernel has freed what the change left over, an RCU
 * grace period of some 10 ms, a third of a container's start: nobody waits here. */
static void *run_elsewhere(void *arg)
{
	struct errand *er = arg;

	close_range(3, ~0U, CLOSE_RANGE_UNSHARE);
	struct nft_ctx *ctx = new_context();
	er->result = run_in(ctx, er->commands);
	sem_post(&er->done);	/* er is gone from here on */
	pthread_mutex_lock(&lock);
	if (ctx)
		nft_ctx_free(ctx);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static long send_elsewhere(const char *commands)
{
	struct errand er = { .commands = commands };
	pthread_t t;

	sem_init(&er.done, 0, 0);
	int code = pthread_create(&t, NULL, run_elsewhere, &er);
	if (code == 0) {
		pthread_detach(t);
		while (sem_wait(&er.done) < 0)
			;	/* a signal */
	}
	sem_destroy(&er.done);
	return code ? -code : er.result;
}

static long run(const char *commands)
{
	ino_t here = own_netns();

	if (!context) {
		context = new_context();
		context_netns = here;
	}
	return here == context_netns ? run_in(context, commands) : send_elsewhere(commands);
}

static long locked_run(const char *commands)
{
	pthread_mutex_lock(&lock);
	long r = run(commands);
	pthread_mutex_unlock(&lock);
	return r;
}

void kernel_nft_enable(void) { kernel_nft = locked_run; }
