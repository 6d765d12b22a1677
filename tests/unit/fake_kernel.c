#include "tests/unit/fake_kernel.h"

#include <errno.h>
#include <string.h>

#include "kernel/meta.h"
#include "trace/capture.h"
#include "trace/decode.h"

static long new_fd(struct fake *f, const struct k_call *c)
{
	f->open_fds++;
	return f->next_fd++;
}

static long do_spawn(struct fake *f, const struct k_call *c)
{
	const struct k_spawn *how = c->a[0].p;

	if (how->pidfd)
		*how->pidfd = (int)new_fd(f, c);
	f->child_result = how->fn(how->arg);
	return f->next_pid++;
}

static long do_close(struct fake *f, const struct k_call *c)
{
	int64_t fd = c->a[0].i;

	if (fd >= f->next_fd || (fd > 2 && fd < K_SIM_FD_BASE))
		return -EBADF;
	f->open_fds -= fd >= K_SIM_FD_BASE;
	return 0;
}

static long do_tty_open(struct fake *f, const struct k_call *c)
{
	*(struct k_tty *)c->a[1].out = (struct k_tty){ .master = (int)new_fd(f, c),
						       .slave = (int)new_fd(f, c) };
	return 0;
}

/* The call's last argument is a buffer: nothing is put into it. */
static long do_read(struct fake *f, const struct k_call *c)
{
	struct k_buf *b = c->a[kernel_meta[c->op].n_args - 1].out;

	if (b->cap)
		b->data[0] = '\0';
	b->len = 0;
	return 0;
}

static long do_write(struct fake *f, const struct k_call *c)
{
	return (long)strlen(c->a[1].s);
}

/* What isn't here succeeds with 0. */
static long (*const answers[K_COUNT])(struct fake *f, const struct k_call *c) = {
	[K_SPAWN] = do_spawn,
	[K_OPEN] = new_fd, [K_FSOPEN] = new_fd, [K_FSMOUNT] = new_fd, [K_OPEN_TREE] = new_fd,
	[K_SOCKET] = new_fd, [K_PIDFD_OPEN] = new_fd, [K_SECCOMP] = new_fd,
	[K_CLOSE] = do_close,
	[K_TTY_OPEN] = do_tty_open,
	[K_READ_FILE] = do_read, [K_GETXATTR] = do_read, [K_RTNETLINK] = do_read,
	[K_WRITE_FILE] = do_write, [K_WRITE_FD] = do_write,
};

static long backend(struct kernel *self, const struct k_call *c)
{
	struct fake *f = self->priv;
	struct trace_event ev = { .op = (uint16_t)c->op };

	f->n_calls++;
	ev.result = answers[c->op] ? answers[c->op](f, c) : 0;
	trace_capture(&ev, c);
	decode_call(&f->calls, &ev);
	str_add(&f->calls, "\n");
	return ev.result;
}

struct kernel *fake_init(struct fake *f)
{
	*f = (struct fake){
		.hook = { .backend = backend },
		.kernel = { .ops = &kernel_hook_ops },
		.next_fd = K_SIM_FD_BASE,
		.next_pid = 1000,
	};
	f->kernel.priv = f;
	return &f->kernel;
}

void fake_free(struct fake *f) { str_free(&f->calls); }
