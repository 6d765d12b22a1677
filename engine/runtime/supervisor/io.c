/* io.c - streams between a program and those who watch it.
 *
 * Each stream has one buffer.  What is read goes to the log (by lines) and to
 * every client; only when all clients have it, the next bytes are read.  So a
 * slow client slows the program down, as a slow terminal would, and nothing is
 * lost or grows.  A client that joins later gets what comes from then on.
 *
 * Without a terminal, docker's clients expect frames: a header {stream, 0, 0, 0,
 * length as 4 bytes, big-endian} before each piece.  A frame once begun is
 * finished before the other stream's begins.
 *
 * Half close: a client that ends its sending side still gets all output.
 *
 * Input goes through one buffer, filled only when it is empty: from what a client
 * sent ahead of its attach, then from its socket.  So what a program doesn't read
 * waits where it is, in the end in the client, and two who type at once take turns.
 *
 * The program's end: a pipe or terminal holds so many bytes at most, so that what
 * it wrote is among the first so many that come; a child that it left behind and
 * that writes on can't keep us busy.  What a client hasn't taken by then goes to
 * its socket at once, however much the kernel would let it queue otherwise: nobody
 * waits for a slow reader, and the reader loses nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "super.h"

#define TTY_HOLDS (1 << 20)	/* the kernel lets a terminal hold 640 KiB */
#define LAST_WORDS (4 << 20)	/* a full pipe of the largest size, and frames */

void io_init(struct io *io)
{
	io->in = -1;
	io->in_eof = false;
	io->in_len = io->in_off = 0;
	io->rows = io->cols = 0;
	for (int i = 0; i < 2; i++) {
		struct stream *st = &io->out[i];
		st->fd = -1;
		st->len = st->logged = st->fresh = st->last = 0;
	}
	for (int i = 0; i < MAX_CLIENTS; i++)
		io->client[i].fd = io->client[i].early = -1;
}

static void say_detached(struct super *s, enum detach_how how)
{
	struct msg m = { .type = MSG_DETACHED, .how = how };
	control_say(s, &m, NULL);
}

static void write_input(struct io *io);

static void client_drop(struct super *s, struct io *io, struct client *c, enum detach_how how)
{
	if (c->fd < 0)
		return;
	close_fd(&c->fd);
	close_fd(&c->early);
	if (c->want.in && c->in_open && io->stdin_once && how == DETACH_HANGUP) {
		io->in_eof = true;
		write_input(io);
	}
	say_detached(s, how);
}

/* ---- output ---- */

static bool wants(const struct client *c, int number)
{
	return c->fd >= 0 && (number ? c->want.err : c->want.out);
}

static size_t frame_size(const struct client *c, const struct stream *st)
{
	return st->len - st->fresh + (c->want.framed ? 8 : 0);
}

static bool owes(const struct client *c, const struct io *io, int number)
{
	const struct stream *st = &io->out[number];
	return wants(c, number) && st->fresh < st->len && c->sent[number] < frame_size(c, st);
}

/* Sends what the socket takes of one stream's chunk; false if the client is gone. */
static bool send_some(struct client *c, struct io *io, int number)
{
	struct stream *st = &io->out[number];
	size_t size = st->len - st->fresh, head = c->want.framed ? 8 : 0, off = c->sent[number];
	unsigned char h[8] = { (unsigned char)(number + 1), 0, 0, 0,
			       (unsigned char)(size >> 24), (unsigned char)(size >> 16),
			       (unsigned char)(size >> 8), (unsigned char)size };
	size_t skip = off < head ? off : head, past = off - skip;
	struct iovec iov[2] = {
		{ h + skip, head - skip }, { st->buf + st->fresh + past, size - past },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	ssize_t n = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->sent[number] += (size_t)n;
	c->frame = owes(c, io, number) ? number : -1;
	return true;
}

static void client_push(struct super *s, struct io *io, struct client *c)
{
	int first = c->frame > 0 ? 1 : 0;

	for (int i = 0; i < 2; i++) {
		int number = i ? 1 - first : first;
		if (!owes(c, io, number) || (c->frame >= 0 && c->frame != number))
			continue;
		if (!send_some(c, io, number)) {
			client_drop(s, io, c, DETACH_HANGUP);
			return;
		}
	}
}

/* All have it: make room, keeping the beginning of a line not yet logged. */
static void stream_settle(struct io *io, int number)
{
	struct stream *st = &io->out[number];

	for (int i = 0; i < MAX_CLIENTS; i++)
		if (owes(&io->client[i], io, number))
			return;
	memmove(st->buf, st->buf + st->logged, st->len - st->logged);
	st->len -= st->logged;
	st->logged = 0;
	st->fresh = st->len;
	for (int i = 0; i < MAX_CLIENTS; i++)
		io->client[i].sent[number] = 0;
}

static void stream_end(struct super *s, struct io *io, int number)
{
	struct stream *st = &io->out[number];

	if (io->keep_log)
		log_bytes(s, st, number, true);
	st->logged = st->len;
	if (st->fd == io->in)	/* a terminal is both */
		io->in = -1;
	close_fd(&st->fd);
}

static void stream_got(struct super *s, struct io *io, int number, size_t n)
{
	struct stream *st = &io->out[number];

	if (io->keep_log && number == 0) {
		sha256_add(&s->sha, st->buf + st->len, n);
		s->stdout_bytes += (int64_t)n;
	}
	st->len += n;
	st->last -= MIN(st->last, n);
	if (io->keep_log)
		log_bytes(s, st, number, false);
	else
		st->logged = st->len;
	for (int i = 0; i < MAX_CLIENTS; i++)
		client_push(s, io, &io->client[i]);
	stream_settle(io, number);
}

/* True if something came, false at the end or when there is nothing now. */
static bool stream_read(struct super *s, struct io *io, int number)
{
	struct stream *st = &io->out[number];

	if (st->fd < 0 || st->fresh < st->len)
		return false;
	ssize_t n = read(st->fd, st->buf + st->len, sizeof(st->buf) - st->len);
	if (n > 0)
		stream_got(s, io, number, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		stream_end(s, io, number);	/* a pty says EIO when its last user left */
	return n > 0;
}

static void on_output(struct super *s, void *obj, int fd, short events)
{
	struct io *io = obj;

	for (int i = 0; i < 2; i++)
		if (io->out[i].fd == fd)
			stream_read(s, io, i);
}

/* ---- input ---- */

static void put_input(struct io *io, unsigned char byte)
{
	if (io->in_len < sizeof(io->in_buf))
		io->in_buf[io->in_len++] = (char)byte;
}

/* Passes bytes on, watching for the detach keys: bytes that may begin them are
 * held back until the next one decides.  True: the client wants to leave. */
static bool filter_keys(struct io *io, struct client *c, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = (unsigned char)data[i];
		if (c->want.n_keys && byte == c->want.keys[c->matched]) {
			if (++c->matched == c->want.n_keys)
				return true;
			continue;
		}
		for (uint8_t held = 0; held < c->matched; held++)
			put_input(io, c->want.keys[held]);
		c->matched = c->want.n_keys && byte == c->want.keys[0] ? 1 : 0;
		if (!c->matched)
			put_input(io, byte);
	}
	return false;
}

static void write_input(struct io *io)
{
	if (io->in == IN_PENDING)
		return;
	while (io->in >= 0 && io->in_off < io->in_len) {
		ssize_t n = write(io->in, io->in_buf + io->in_off, io->in_len - io->in_off);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {	/* nobody reads any more */
			if (io->in != io->out[0].fd)
				close_fd(&io->in);
			break;
		}
		io->in_off += (size_t)n;
	}
	io->in_off = io->in_len = 0;
	if (io->in_eof && io->in >= 0 && io->in != io->out[0].fd)
		close_fd(&io->in);
}

static void take_input(struct super *s, struct io *io, struct client *c, const char *data,
		       size_t n)
{
	if (!c->want.in)
		return;
	/* It fits: the buffer is empty, and n leaves room for keys held back. */
	if (filter_keys(io, c, data, n))
		client_drop(s, io, c, DETACH_KEYS);
	write_input(io);
}

static void take_early(struct super *s, struct io *io, struct client *c)
{
	char data[IN_CHUNK - MSG_KEYS];

	while (c->early >= 0 && io->in_len == 0) {
		ssize_t n = pread(c->early, data, sizeof(data), c->early_off);
		if (n <= 0) {
			close_fd(&c->early);
			return;
		}
		c->early_off += n;
		take_input(s, io, c, data, (size_t)n);
	}
}

static void client_read(struct super *s, struct io *io, struct client *c)
{
	char data[IN_CHUNK - MSG_KEYS];

	if (io->in_len > 0 || c->early >= 0)
		return;		/* another one was first */
	ssize_t n = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);
	if (n > 0) {
		take_input(s, io, c, data, (size_t)n);
	} else if (n == 0) {
		c->in_open = false;
		if (c->want.in && io->stdin_once) {
			io->in_eof = true;
			write_input(io);
		}
		if (c->deaf)
			client_drop(s, io, c, DETACH_HANGUP);
	} else if (errno != EAGAIN && errno != EINTR) {
		client_drop(s, io, c, DETACH_HANGUP);
	}
}

/* It takes no more output.  What it typed before it left counts. */
static void client_hangup(struct super *s, struct io *io, struct client *c)
{
	if (!c->want.in || !c->in_open) {
		client_drop(s, io, c, DETACH_HANGUP);
		return;
	}
	c->deaf = true;
	c->want.out = c->want.err = 0;
	c->frame = -1;
}

static void on_client(struct super *s, void *obj, int fd, short events)
{
	struct io *io = obj;

	for (int i = 0; i < MAX_CLIENTS; i++) {
		struct client *c = &io->client[i];
		if (c->fd != fd)
			continue;
		if (events & POLLIN)
			client_read(s, io, c);
		if (c->fd >= 0 && events & (POLLHUP | POLLERR) && !(events & POLLIN))
			client_hangup(s, io, c);
		if (c->fd >= 0 && events & POLLOUT)
			client_push(s, io, c);
	}
	stream_settle(io, 0);
	stream_settle(io, 1);
}

static void feed(struct super *s, struct io *io)
{
	for (int i = 0; i < MAX_CLIENTS && io->in_len == 0; i++)
		take_early(s, io, &io->client[i]);
}

static void on_input_room(struct super *s, void *obj, int fd, short events)
{
	write_input(obj);
	feed(s, obj);
}

/* ---- for the loop and the other files ---- */

/* A free place; if there is none, that of a client which has hung up. */
static struct client *free_client(struct super *s, struct io *io)
{
	for (int i = 0; i < MAX_CLIENTS; i++)
		if (io->client[i].fd < 0)
			return &io->client[i];
	for (int i = 0; i < MAX_CLIENTS; i++) {
		if (!io->client[i].deaf)
			continue;
		client_drop(s, io, &io->client[i], DETACH_HANGUP);
		return &io->client[i];
	}
	return NULL;
}

void io_attach(struct super *s, struct io *io, const int fd[2], const struct msg_attach *want)
{
	struct client *c = free_client(s, io), none;

	if (!c)
		c = &none;
	*c = (struct client){ .fd = fd[0], .want = *want, .in_open = true, .frame = -1,
			      .early = fd[1] };
	if (c == &none) {
		c->want.in = 0;
		client_drop(s, io, c, DETACH_HANGUP);
		return;
	}
	for (int out = 0; out < 2; out++)	/* not what is on its way to others */
		if (io->out[out].fresh < io->out[out].len)
			c->sent[out] = frame_size(c, &io->out[out]);
	feed(s, io);
}

void io_poll(struct super *s, struct io *io)
{
	for (int i = 0; i < 2; i++)
		if (io->out[i].fd >= 0 && io->out[i].fresh == io->out[i].len)
			poll_add(s, io->out[i].fd, POLLIN, on_output, io);
	if (io->in >= 0 && io->in_off < io->in_len)
		poll_add(s, io->in, POLLOUT, on_input_room, io);
	for (int i = 0; i < MAX_CLIENTS; i++) {
		struct client *c = &io->client[i];
		bool read = c->in_open && io->in_len == 0 && c->early < 0;
		short events = read ? POLLIN : 0;
		if (c->fd < 0 || (c->deaf && !read))	/* poll would tell only that it is gone */
			continue;
		if (owes(c, io, 0) || owes(c, io, 1))
			events |= POLLOUT;
		poll_add(s, c->fd, events, on_client, io);
	}
}

void io_program_ended(struct io *io)
{
	int room = LAST_WORDS;

	for (int i = 0; i < 2; i++) {
		int holds = io->out[i].fd >= 0 ? fcntl(io->out[i].fd, F_GETPIPE_SZ) : 0;
		io->out[i].last = holds < 0 ? TTY_HOLDS : (size_t)holds;
	}
	for (int i = 0; i < MAX_CLIENTS; i++)
		if (io->client[i].fd >= 0)
			setsockopt(io->client[i].fd, SOL_SOCKET, SO_SNDBUFFORCE, &room,
				   sizeof(room));
}

bool io_drained(struct super *s, struct io *io, bool wait_for_end)
{
	bool open = false;

	for (int i = 0; i < 2; i++) {
		struct stream *st = &io->out[i];
		while (st->last > 0 && stream_read(s, io, i))
			;
		open |= st->fd >= 0 && st->last > 0 && wait_for_end;
		open |= st->fresh < st->len;
	}
	return !open;
}

void io_close(struct super *s, struct io *io)
{
	for (int i = 0; i < 2; i++)
		if (io->out[i].fd >= 0)
			stream_end(s, io, i);
	close_fd(&io->in);
	for (int i = 0; i < MAX_CLIENTS; i++)
		client_drop(s, io, &io->client[i], DETACH_EXIT);
}
