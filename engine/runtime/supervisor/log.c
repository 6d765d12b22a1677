/* log.c - the container's log, in docker's json-file form:
 *
 *	{"log":"hello\n","stream":"stdout","time":"2026-01-31T09:00:00.123456789Z"}
 *
 * One entry a line of output.  A line longer than the buffer is cut into entries
 * without "\n" at the end of "log", as docker does at 16 KiB.  With a limit of size
 * another file is begun when one has reached it; names move on by one.  A full disk loses
 * entries, but never stops the container.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "super.h"

static char *const out = scratch.log;
static size_t out_len;

static void flush(struct super *s)
{
	for (size_t off = 0; off < out_len;) {
		ssize_t n = write(s->log, out + off, out_len - off);
		if (n <= 0)
			break;
		off += (size_t)n;
		s->log_size += n;
	}
	out_len = 0;
}

static void put(struct super *s, const char *text, size_t n)
{
	if (out_len + n > sizeof(scratch.log))
		flush(s);
	memcpy(out + out_len, text, n);
	out_len += n;
}

static void put_text(struct super *s, const char *text)
{
	put(s, text, strlen(text));
}

/* How many bytes of well-formed UTF-8 begin here; 0 if none. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 :
		   (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] >= 0x90) || (p[0] == 0xed && p[1] >= 0xa0))
		return 0;
	return n;
}

static bool plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

/* How many bytes begin here that stand for themselves, as nearly all do. */
static size_t plain_length(const unsigned char *p, size_t left)
{
	size_t n = 0;

	while (n < left && n < sizeof(scratch.log) / 2 && plain(p[n]))
		n++;
	return n;
}

/* One character that isn't plain; gives the bytes it took. */
static size_t put_char(struct super *s, const unsigned char *p, size_t left)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = utf8_length(p, left);

	if (n == 0) {
		put_text(s, "\\ufffd");
		return 1;
	}
	if (n > 1)
		put(s, (const char *)p, n);
	else if (*p == '\n' || *p == '\r')
		put_text(s, *p == '\n' ? "\\n" : "\\r");
	else if (*p == '"' || *p == '\\')
		put(s, (char[]){ '\\', (char)*p }, 2);
	else
		put(s, (char[]){ '\\', 'u', '0', '0', hex[*p >> 4], hex[*p & 15] }, 6);
	return n;
}

void log_open(struct super *s)
{
	struct stat st;

	s->log = open(s->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	s->log_size = s->log >= 0 && fstat(s->log, &st) == 0 ? st.st_size : 0;
}

/* A file that is full becomes NAME.1, that one NAME.2 …; the oldest goes. */
static void turn_over(struct super *s)
{
	char from[PATH_CAP + 16], to[PATH_CAP + 16];

	if (!s->log_max_size || s->log_size + (int64_t)out_len < s->log_max_size)
		return;
	flush(s);
	for (int i = s->log_files - 1; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%d", s->log_path, i);
		snprintf(from, sizeof(from), i > 1 ? "%s.%d" : "%s", s->log_path, i - 1);
		rename(from, to);
	}
	if (s->log_files <= 1)
		unlink(s->log_path);
	close_fd(&s->log);
	log_open(s);
}

static void put_entry(struct super *s, const char *line, size_t n, int number)
{
	struct timespec t;
	struct tm tm;
	char stamp[128];

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	turn_over(s);
	put_text(s, "{\"log\":\"");
	for (size_t i = 0, run; i < n; i += run) {
		const unsigned char *p = (const unsigned char *)line + i;

		run = plain_length(p, n - i);
		if (run)
			put(s, (const char *)p, run);
		else
			run = put_char(s, p, n - i);
	}
	put_text(s, number ? "\",\"stream\":\"stderr\"" : "\",\"stream\":\"stdout\"");
	if (*s->log_attrs) {
		put_text(s, ",\"attrs\":");
		put_text(s, s->log_attrs);
	}
	snprintf(stamp, sizeof(stamp),
		 ",\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ\"}\n",
		 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_hour, tm.tm_min, tm.tm_sec, t.tv_nsec);
	put_text(s, stamp);
}

void log_bytes(struct super *s, struct stream *st, int number, bool at_end)
{
	for (;;) {
		char *from = st->buf + st->logged;
		size_t left = st->len - st->logged;
		char *newline = left ? memchr(from, '\n', left) : NULL;
		size_t n = newline ? (size_t)(newline + 1 - from) : left;
		bool full = st->logged == 0 && st->len == sizeof(st->buf);
		if (n == 0 || (!newline && !at_end && !full))
			break;
		if (s->log >= 0)
			put_entry(s, from, n, number);
		st->logged += n;
	}
	flush(s);
}
