/* upload.c - request bodies that are read while they come: archives, contexts.
 *
 * The handler of an UPLOAD route runs in a thread of its own from the request's
 * head on and reads the body from a descriptor; the connection's thread only
 * passes bytes to it, and waits where the handler is slow.  An answer can't be
 * sent before the body has ended (MHD's rule), so it is kept until then.  What a
 * handler leaves unread is dropped.
 *
 * The descriptor is one end of a pair of sockets, because a pipe could not tell a
 * body that is over from one whose client went away: unix(7) sockets say
 * ECONNRESET if the other end is closed with something unread in it.  So the
 * reader's end sends one byte, and only after a whole body is it read.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "api/upload.h"
#include "core/file.h"

struct upload {
	int ours, theirs;		/* theirs: -1 once the handler has taken it */
	pthread_t thread;
	bool full;			/* nobody reads any more */
	struct err e;
	int result;
	struct MHD_Response *answer;	/* kept until the body is over */
	int status;
};

static void *run(void *arg)
{
	struct request *r = arg;
	struct upload *u = r->upload;
	u->result = r->route->fn(r, &u->e);
	if (u->theirs >= 0)
		close(u->theirs);
	return NULL;
}

int body_begin(struct request *r, struct err *e)
{
	int pair[2];
	pthread_attr_t attr;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, errno, "read the request's body");
	struct upload *u = r->upload = mem_alloc(sizeof(*u));
	u->ours = pair[0];
	u->theirs = pair[1];
	int n = write_all(u->theirs, "", 1);	/* see above */
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, HANDLER_STACK);
	int failed = pthread_create(&u->thread, &attr, run, r);
	pthread_attr_destroy(&attr);
	if (!failed && n == 0)
		return 0;
	close(pair[0]);
	close(pair[1]);
	free(u);
	r->upload = NULL;
	return err_sys(e, failed ? failed : -n, "read the request's body");
}

int request_take_body(struct request *r)
{
	int fd = r->upload->theirs;
	r->upload->theirs = -1;
	return fd;
}

void body_feed(struct request *r, const char *data, size_t n)
{
	struct upload *u = r->upload;
	if (!u->full && write_all(u->ours, data, n) < 0)
		u->full = true;
}

void body_keep_answer(struct request *r, int status, struct MHD_Response *answer)
{
	r->upload->answer = answer;
	r->upload->status = status;
}

static void stop(struct upload *u, bool whole)
{
	char byte;
	if (u->ours < 0)
		return;
	if (whole && read(u->ours, &byte, 1) < 0)
		u->full = true;
	close(u->ours);
	u->ours = -1;
	pthread_join(u->thread, NULL);
}

int body_end(struct request *r, int *status, struct MHD_Response **answer, struct err *e)
{
	struct upload *u = r->upload;
	stop(u, true);
	*answer = u->answer;
	*status = u->status;
	u->answer = NULL;
	if (!*answer)
		*e = u->e;
	return u->result;
}

void body_free(struct request *r)
{
	struct upload *u = r->upload;
	if (!u)
		return;
	stop(u, false);
	if (u->answer)
		MHD_destroy_response(u->answer);
	free(u);
	r->upload = NULL;
}
