#include "kernel/nft.h"

#include <errno.h>
#include <nftables/libnftables.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* libnftables works on one context at a time; making one costs 1.5 ms, a change
 * 0.2 ms, so that one is kept. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct nft_ctx *context;
static __thread char message[256];

static void keep_message(void)
{
	const char *text = nft_ctx_get_error_buffer(context);

	snprintf(message, sizeof(message), "%s", text ? text : "");
	message[strcspn(message, "\n")] = '\0';
}

static long run(const char *commands)
{
	if (!context) {
		context = nft_ctx_new(NFT_CTX_DEFAULT);
		if (!context)
			return -ENOMEM;
		nft_ctx_buffer_output(context);
		nft_ctx_buffer_error(context);
	}
	errno = 0;
	if (nft_run_cmd_from_buffer(context, commands) == 0)
		return 0;
	int code = errno;
	keep_message();
	return code ? -code : -EINVAL;
}

static long locked_run(const char *commands)
{
	pthread_mutex_lock(&lock);
	long r = run(commands);
	pthread_mutex_unlock(&lock);
	return r;
}

void kernel_nft_enable(void) { kernel_nft = locked_run; }

const char *kernel_nft_message(void) { return message; }
