/* stream.c - see stream.h.
 *
 * One loop over poll(2): our stdin, the connection, the signals, and the request
 * that waits for the end.  Input that the connection can't take yet waits in one
 * buffer; until it is gone nothing more is read, but output still flows:
 * otherwise `docker run -i … cat <big` would lock up with both sides writing.
 */
#include "client/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"

#define MAX_KEYS 16

int demux_print(void *arg, int stream, const char *data, size_t n)
{
	return write_all(stream == 2 ? STDERR_FILENO : STDOUT_FILENO, data, n);
}

static uint32_t frame_length(const unsigned char *h)
{
	return (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
}

int demux_feed(struct demux *d, const char *data, size_t n,
	       int (*out)(void *arg, int stream, const char *data, size_t n), void *arg)
{
	while (n) {
		if (d->have < sizeof(d->head)) {
			d->head[d->have++] = (unsigned char)*data++;
			n--;
			if (d->have < sizeof(d->head))
				continue;
			if (d->head[0] > 3 || d->head[1] | d->head[2] | d->head[3])
				return -EBADMSG;
			d->left = frame_length(d->head);
		}
		size_t piece = n < d->left ? n : d->left;
		int r = piece ? out(arg, d->head[0] >= 2 ? 2 : 1, data, piece) : 0;
		if (r)
			return r;
		data += piece;
		n -= piece;
		d->left -= (uint32_t)piece;
		if (!d->left)
			d->have = 0;
	}
	return 0;
}

/* "ctrl-p" is 16; "ctrl-@" is 0; a plain character is itself. */
static int one_key(const char *text, size_t len)
{
	if (len == 1)
		return (unsigned char)*text;
	if (len != 6 || strncmp(text, "ctrl-", 5) != 0)
		return -EINVAL;
	if (text[5] >= 'a' && text[5] <= 'z')
		return text[5] - 'a' + 1;
	if (text[5] >= '@' && text[5] <= '_')
		return text[5] - '@';
	return -EINVAL;
}

int stream_keys(const char *text, unsigned char *keys, size_t cap, struct err *e)
{
	size_t n = 0;

	while (text && *text) {
		size_t len = strcspn(text, ",");
		int key = one_key(text, len);

		if (key < 0 || n == cap)
			return err_set(e, EINVAL, "invalid detach keys (%s)", text);
		keys[n++] = (unsigned char)key;
		text += len + (text[len] == ',');
	}
	return (int)n;
}

/* What the loop keeps. */
struct loop {
	struct stream *s;
	struct terminal *t;
	struct demux demux;
	bool in_open, fd_open, waiting;
	char in[32768];			/* read from stdin, not yet sent: [at, end) */
	size_t at, end;
	unsigned char keys[MAX_KEYS];
	int n_keys, matched;
};

static void match_keys(struct loop *l, const char *data, size_t n)
{
	for (size_t i = 0; i < n && l->n_keys && l->matched < l->n_keys; i++) {
		unsigned char c = (unsigned char)data[i];

		if (c == l->keys[l->matched])
			l->matched++;
		else
			l->matched = c == l->keys[0];
	}
}

static void close_input(struct loop *l)
{
	l->in_open = false;
	if (l->fd_open)
		shutdown(l->s->fd, SHUT_WR);
}

static void read_input(struct loop *l)
{
	ssize_t n = read(STDIN_FILENO, l->in, sizeof(l->in));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_input(l);
		return;
	}
	l->at = 0;
	l->end = (size_t)n;
	if (l->s->tty)
		match_keys(l, l->in, (size_t)n);
}

static void send_input(struct loop *l)
{
	ssize_t n = send(l->s->fd, l->in + l->at, l->end - l->at, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		l->at += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		l->at = l->end;
		l->in_open = false;	/* the container takes no more */
	}
}

static int show(struct loop *l, const char *data, size_t n, struct err *e)
{
	int r = l->s->tty ? write_all(STDOUT_FILENO, data, n)
			  : demux_feed(&l->demux, data, n, demux_print, NULL);

	if (r == -EBADMSG)
		return err_set(e, EBADMSG, "Unrecognized input header: %d", l->demux.head[0]);
	return r ? err_sys(e, -r, "write the container's output") : 0;
}

static int read_output(struct loop *l, struct err *e)
{
	char buf[32768];
	ssize_t n = recv(l->s->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0)
		return show(l, buf, (size_t)n, e);
	l->fd_open = l->in_open = false;
	l->at = l->end;
	l->s->detached = l->n_keys && l->matched == l->n_keys;
	return 0;
}

static void take_signals(struct loop *l)
{
	int sig;

	while ((sig = terminal_signal(l->t)))
		if (!l->s->on_signal || !l->s->on_signal(l->s->arg, sig))
			l->s->signal = sig;
}

static bool over(const struct loop *l)
{
	return l->s->signal || l->s->detached || (!l->fd_open && !l->waiting);
}

enum { P_SOCKET, P_SIGNAL, P_INPUT, P_WAIT, P_COUNT };

static void arm(const struct loop *l, struct pollfd *p)
{
	bool pending = l->at < l->end;

	p[P_SOCKET] = (struct pollfd){ l->fd_open ? l->s->fd : -1,
				       (short)(POLLIN | (pending ? POLLOUT : 0)), 0 };
	p[P_SIGNAL] = (struct pollfd){ l->t->signals, POLLIN, 0 };
	p[P_INPUT] = (struct pollfd){ l->in_open && !pending ? STDIN_FILENO : -1, POLLIN, 0 };
	/* asked only after the output has ended, so that none of it is lost */
	p[P_WAIT] = (struct pollfd){ l->waiting && !l->fd_open ? http_fd(l->s->wait) : -1,
				     POLLIN, 0 };
}

static int turn(struct loop *l, struct err *e)
{
	struct pollfd p[P_COUNT];
	int r = 0;

	arm(l, p);
	bool answered = p[P_WAIT].fd >= 0 && http_ready(l->s->wait);
	if (poll(p, P_COUNT, answered ? 0 : -1) < 0 && errno != EINTR)
		return err_sys(e, errno, "poll");
	if (p[P_SIGNAL].revents)
		take_signals(l);
	if (p[P_SOCKET].revents & POLLOUT)
		send_input(l);
	if (p[P_SOCKET].revents & (POLLIN | POLLHUP | POLLERR))
		r = read_output(l, e);
	if (p[P_INPUT].revents)
		read_input(l);
	if (answered || p[P_WAIT].revents)
		l->waiting = false;
	return r;
}

int stream_run(struct stream *s, struct terminal *t, struct err *e)
{
	struct loop *l = mem_alloc(sizeof(*l));
	int r = stream_keys(s->detach_keys ? s->detach_keys : "ctrl-p,ctrl-q", l->keys, MAX_KEYS, e);

	l->s = s;
	l->t = t;
	l->n_keys = s->tty && r > 0 ? r : 0;
	l->fd_open = true;
	l->in_open = s->in;
	l->waiting = s->wait != NULL;
	if (!s->in)
		shutdown(s->fd, SHUT_WR);
	r = r < 0 ? r : s->early.len ? show(l, s->early.s, s->early.len, e) : 0;
	while (!r && !over(l))
		r = turn(l, e);
	close(s->fd);
	s->fd = -1;
	str_free(&s->early);
	free(l);
	return r;
}
