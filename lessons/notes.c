#include "lessons/notes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/cleanup.h"
#include "core/lang.h"

#define LOOKERS 8

struct notes {
	int fd, lookers[LOOKERS];
	size_t n;
	char *text;	/* what was said last */
};

static socklen_t address(struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	int n = snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1, "drydock-demo-%u",
			 (unsigned)getuid());
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

static bool is_us(int fd)
{
	struct ucred c;
	socklen_t n = sizeof(c);
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) == 0 && c.uid == getuid();
}

struct notes *notes_open(struct err *e)
{
	struct sockaddr_un a;
	socklen_t n = address(&a);
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, LOOKERS) < 0) {
		err_sys(e, errno, _("offer the speaker's notes"));
		return NULL;
	}
	struct notes *out = mem_alloc(sizeof(*out));
	out->fd = steal_fd(&fd);
	out->text = str_dup("");
	return out;
}

void notes_close(struct notes *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->n; i++)
		close(n->lookers[i]);
	close(n->fd);
	free(n->text);
	free(n);
}

int notes_fd(const struct notes *n) { return n ? n->fd : -1; }

/* Who doesn't read what is sent is not waited for. */
static bool tell(int fd, const char *text)
{
	return send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)strlen(text);
}

void notes_accept(struct notes *n)
{
	int fd;
	while (n && (fd = accept4(n->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (n->n < LOOKERS && is_us(fd) && tell(fd, n->text))
			n->lookers[n->n++] = fd;
		else
			close(fd);
	}
}

void notes_say(struct notes *n, const char *text)
{
	if (!n)
		return;
	notes_accept(n);
	free(n->text);
	n->text = str_dup(text);
	for (size_t i = 0; i < n->n;) {
		if (tell(n->lookers[i], text)) {
			i++;
			continue;
		}
		close(n->lookers[i]);
		n->lookers[i] = n->lookers[--n->n];
	}
}

static int join(struct err *e)
{
	struct sockaddr_un a;
	socklen_t n = address(&a);
	autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, n) < 0 || !is_us(fd)) {
		err_set(e, ENOENT, _("no demonstration of yours is running"));
		return err_hint(e, _("start one in another terminal: `drydock demo layers`"));
	}
	return steal_fd(&fd);
}

int notes_watch(const struct screen *s, struct err *e)
{
	char block[4096];
	ssize_t n;
	autofd int fd = join(e);
	if (fd < 0)
		return fd;
	while ((n = read(fd, block, sizeof(block))) > 0) {
		fwrite(block, 1, (size_t)n, stdout);
		fflush(stdout);
	}
	screen_say(s, TONE_DIM, "", _("The demonstration has ended."));
	return 0;
}
