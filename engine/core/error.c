#include "core/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int fill(struct err *e, int status, int code, const char *fmt, va_list ap)
{
	if (!e)
		return -code;
	e->code = code;
	e->status = status;
	e->hint[0] = '\0';
	vsnprintf(e->what, sizeof(e->what), fmt, ap);
	return -code;
}

/* ": more", cut where the room ends: an error about an error helps nobody. */
static void append(struct err *e, const char *more)
{
	size_t n = strlen(e->what), room = sizeof(e->what) - n - 1, len = strlen(more);

	if (room < 3)
		return;
	if (len > room - 2)
		len = room - 2;
	memcpy(e->what + n, ": ", 2);
	memcpy(e->what + n + 2, more, len);
	e->what[n + 2 + len] = '\0';
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int r = fill(e, 0, code, fmt, ap);
	va_end(ap);
	return r;
}

int err_sys(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int r = fill(e, 0, code, fmt, ap);
	va_end(ap);
	if (e)
		append(e, strerror(code));
	return r;
}

int err_http(struct err *e, int status, int code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int r = fill(e, status, code, fmt, ap);
	va_end(ap);
	return r;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->what)];
	va_list ap;

	if (!e)
		return -EIO;
	memcpy(old, e->what, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(e->what, sizeof(e->what), fmt, ap);
	va_end(ap);
	append(e, old);
	return -e->code;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	if (!e)
		return -EIO;
	if (!e->hint[0]) {
		va_list ap;
		va_start(ap, fmt);
		vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
		va_end(ap);
	}
	return -e->code;
}

void err_clear(struct err *e)
{
	if (e)
		memset(e, 0, sizeof(*e));
}

int err_status(const struct err *e)
{
	static const struct { int code, status; } map[] = {
		{ ENOENT, 404 }, { EEXIST, 409 }, { EBUSY, 409 }, { EINVAL, 400 },
		{ EBADMSG, 400 }, { EACCES, 403 }, { EPERM, 403 }, { E2BIG, 413 },
		{ ENOSYS, 501 },
	};
	if (e->status)
		return e->status;
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].code == e->code)
			return map[i].status;
	return 500;
}

void err_print(const struct err *e)
{
	fprintf(stderr, "drydock: %s\n", e->what);
	if (e->hint[0])
		fprintf(stderr, "hint: %s\n", e->hint);
}
