/* spool.c - what is to be told, and nobody listens.
 *
 * Between two daemons (or when one doesn't keep up) the records of what programs
 * did go to a file, run_dir/spool: each a size and the packet as it would have been
 * sent.  The next daemon reads it when it takes the container up again, or buries
 * it.  It is bounded; what doesn't fit any more is counted, and the count told.
 *
 * A daemon that is killed (kill -9) takes with it what lies unread in the socket, and what
 * it had read but not yet put into its journal: the records of its last milliseconds.  To
 * keep them here until they are acknowledged would not bring them back: they would have
 * to wait for the journal's own disk, and a daemon killed between that and its word would
 * write them twice.  It costs nobody a container: how one ended stands in its exit record
 * (end.c), what it is doing is asked for anew (HELLO), and the log is written by us.  What
 * is missing are facts about programs, and a proof without its fact says "not yet": the
 * learner repeats the step.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stddef.h>
#include <sys/uio.h>
#include <unistd.h>

#include "super.h"

#define SPOOL_MAX (256 << 10)

static bool put(struct super *s, const struct msg *m)
{
	uint32_t size = (uint32_t)(offsetof(struct msg, tail) + m->tail_len);
	struct iovec v[2] = { { &size, sizeof(size) }, { (void *)m, size } };
	char path[PATH_CAP + 16];

	snprintf(path, sizeof(path), "%s/spool", s->run_dir);
	if (s->spool < 0)
		s->spool = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (s->spool < 0)
		return false;
	return writev(s->spool, v, 2) == (ssize_t)(sizeof(size) + size);
}

void spool_add(struct super *s, const struct msg *m)
{
	size_t size = sizeof(uint32_t) + offsetof(struct msg, tail) + m->tail_len;

	if (s->lost || s->spooled + size > SPOOL_MAX || !put(s, m))
		s->lost++;
	else
		s->spooled += size;
}

void spool_end(struct super *s)
{
	struct msg m = { .type = MSG_LOST, .lost = s->lost };

	if (s->lost)
		put(s, &m);
	close_fd(&s->spool);
	s->lost = 0;
	s->spooled = 0;
}
