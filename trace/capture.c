#include "trace/capture.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "kernel/meta.h"

/* Text growing in an event; what doesn't fit is cut and noted. */
struct cursor {
	char *at, *end;		/* end: the last byte, kept for a NUL */
	bool cut;
};

static void put(struct cursor *c, const char *text, size_t n)
{
	size_t room = (size_t)(c->end - c->at);

	if (n > room) {
		n = room;
		c->cut = true;
	}
	if (n)
		memcpy(c->at, text, n);
	c->at += n;
}

static void put_text(struct cursor *c, const char *text) { put(c, text, strlen(text)); }

static void put_number(struct cursor *c, uint64_t v)
{
	char digits[24], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	put(c, p, (size_t)(digits + sizeof(digits) - p));
}

static void put_numbers(struct cursor *c, const uint64_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			put(c, " ", 1);
		put_number(c, v[i]);
	}
}

#define PUT(c, ...) do { \
		const uint64_t list_[] = { __VA_ARGS__ }; \
		put_numbers((c), list_, sizeof(list_) / sizeof(list_[0])); \
	} while (0)

/* Ends the piece; if the last one was cut, there is no room for another. */
static void put_end(struct cursor *c)
{
	if (c->at < c->end)
		*c->at++ = '\0';
}

/* One function a structure; `before` is the argument to its left. */
typedef void capture_fn(struct cursor *c, const void *p, int64_t before);

static void cap_spawn(struct cursor *c, const void *p, int64_t before)
{
	const struct k_spawn *how = p;
	PUT(c, how->flags | (how->vfork ? CLONE_VM | CLONE_VFORK : 0));
}

static void cap_exit(struct cursor *c, const void *p, int64_t before)
{
	const struct k_exit *x = p;
	PUT(c, (uint64_t)x->pid, (uint64_t)x->code, (uint64_t)x->signal);
}

static void cap_caps(struct cursor *c, const void *p, int64_t before)
{
	const struct k_caps *caps = p;
	PUT(c, caps->effective, caps->permitted, caps->inheritable);
}

static void cap_filter(struct cursor *c, const void *p, int64_t before)
{
	PUT(c, ((const struct k_filter *)p)->len);
}

static void cap_gids(struct cursor *c, const void *p, int64_t before)
{
	const struct k_gids *groups = p;

	for (int64_t i = 0; i < before && i < 16; i++) {
		if (i)
			put(c, " ", 1);
		put_number(c, groups->gid[i]);
	}
}

static void cap_rlimit(struct cursor *c, const void *p, int64_t before)
{
	const struct k_rlimit *limit = p;
	PUT(c, limit->soft, limit->hard);
}

static void cap_mount_attr(struct cursor *c, const void *p, int64_t before)
{
	const struct k_mount_attr *a = p;
	PUT(c, a->set, a->clear, a->propagation, a->userns_fd);
}

#define BUF_TEXT 48	/* enough to recognise it */

static bool is_text(unsigned char c) { return c >= ' ' || c == '\n' || c == '\t'; }

static void cap_buf(struct cursor *c, const void *p, int64_t before)
{
	const struct k_buf *b = p;
	size_t n = b->data ? b->len : 0, i = 0;

	while (i < n && is_text((unsigned char)b->data[i]))
		i++;
	if (i < n) {
		put(c, "#", 1);
		put_number(c, n);
		return;
	}
	put(c, b->data, n < BUF_TEXT ? n : BUF_TEXT);
	if (n > BUF_TEXT)
		put(c, "\x1f", 1);
}

static void cap_tty(struct cursor *c, const void *p, int64_t before)
{
	const struct k_tty *tty = p;
	PUT(c, (uint64_t)tty->master, (uint64_t)tty->slave);
}

static void cap_nlmsg(struct cursor *c, const void *p, int64_t before)
{
	const struct k_nlmsg *r = p;
	size_t left = r->len;

	put_number(c, r->len);
	for (const struct nlmsghdr *m = r->data; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
		put(c, " ", 1);
		put_number(c, m->nlmsg_type);
		put(c, ":", 1);
		put_number(c, m->nlmsg_flags);
	}
}

static void cap_notify(struct cursor *c, const void *p, int64_t before)
{
	const struct k_notify *n = p;
	PUT(c, (uint64_t)n->pid, (uint64_t)n->nr);
}

static void cap_sockaddr(struct cursor *c, const void *p, int64_t before)
{
	const struct sockaddr *a = p;

	if (a->sa_family == AF_INET) {
		const struct sockaddr_in *in = p;
		const unsigned char *b = (const unsigned char *)&in->sin_addr;
		put_text(c, "inet ");
		for (int i = 0; i < 4; i++) {
			put_number(c, b[i]);
			put(c, i < 3 ? "." : " ", 1);
		}
		put_number(c, ntohs(in->sin_port));
	} else if (a->sa_family == AF_UNIX) {
		put_text(c, "unix ");
		put_text(c, ((const struct sockaddr_un *)p)->sun_path);
	} else {
		put_text(c, "family ");
		put_number(c, a->sa_family);
	}
}

static const struct { const char *type; capture_fn *fn; } captures[] = {
	{ "k_spawn", cap_spawn }, { "k_exit", cap_exit }, { "k_caps", cap_caps },
	{ "k_filter", cap_filter }, { "k_gids", cap_gids }, { "k_rlimit", cap_rlimit },
	{ "k_mount_attr", cap_mount_attr }, { "k_buf", cap_buf }, { "k_tty", cap_tty },
	{ "k_nlmsg", cap_nlmsg }, { "k_notify", cap_notify }, { "sockaddr", cap_sockaddr },
};

static void capture_struct(struct cursor *c, const char *type, const void *p, int64_t before)
{
	for (size_t i = 0; i < sizeof(captures) / sizeof(captures[0]); i++)
		if (strcmp(captures[i].type, type) == 0) {
			captures[i].fn(c, p, before);
			return;
		}
}

/* "a\x1f" "b\x1f" …; returns how many there are. */
static int64_t capture_vector(struct cursor *c, char *const *v, bool count_only)
{
	int64_t n = 0;

	for (; v && v[n]; n++)
		if (!count_only) {
			put_text(c, v[n]);
			put(c, "\x1f", 1);
		}
	return n;
}

static bool failed_output(const struct trace_event *ev, enum k_kind kind)
{
	return kind == KIND_OUT && ev->result < 0;
}

static void capture_pointer(struct trace_event *ev, struct cursor *c, const struct k_call *call,
			    int i)
{
	const struct k_arg_meta *arg = &kernel_meta[call->op].arg[i];
	const void *p = call->a[i].p;

	ev->arg[i] = p != NULL;
	if (arg->kind == KIND_STRV || arg->kind == KIND_ENVV)
		ev->arg[i] = capture_vector(c, p, arg->kind == KIND_ENVV);
	else if (!p || failed_output(ev, arg->kind))
		ev->arg[i] = 0;		/* nothing there to show */
	else if (arg->kind == KIND_BYTES)
		put(c, p, (size_t)call->a[i + 1].i);
	else if (arg->kind == KIND_IN || arg->kind == KIND_OUT)
		capture_struct(c, arg->set, p, i ? call->a[i - 1].i : 0);
	else
		put_text(c, p);
	put_end(c);
}

static bool is_pointer(enum k_kind kind)
{
	return kind == KIND_STR || kind == KIND_PATH || kind >= KIND_STRV;
}

void trace_capture(struct trace_event *ev, const struct k_call *call)
{
	const struct k_meta *row = &kernel_meta[call->op];
	struct cursor c = { .at = ev->text, .end = ev->text + sizeof(ev->text) - 1 };

	for (int i = 0; i < row->n_args; i++)
		if (is_pointer(row->arg[i].kind))
			capture_pointer(ev, &c, call, i);
		else
			ev->arg[i] = call->a[i].i;
	*c.at = '\0';
	ev->truncated = c.cut;
}
