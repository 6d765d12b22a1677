#include "trace/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/file.h"

#define RECORD sizeof(struct trace_record)
#define FILE_RECORDS (LOG_FILE_BYTES / RECORD)

static int open_file(struct trace_log *log, int i, const char *dir, struct err *e)
{
	autofree char *path = str_printf("%s/calls.%d", dir, i);
	uint64_t first;
	off_t size;

	log->fd[i] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (log->fd[i] < 0)
		return err_sys(e, errno, "open %s", path);
	size = lseek(log->fd[i], 0, SEEK_END);
	log->count[i] = size > 0 ? (uint64_t)size / RECORD : 0;
	if (log->count[i] && pread(log->fd[i], &first, sizeof(first), 0) == sizeof(first))
		log->first[i] = first;
	else
		log->count[i] = 0;
	if (ftruncate(log->fd[i], (off_t)(log->count[i] * RECORD)) < 0)
		return err_sys(e, errno, "repair %s", path);
	return 0;
}

int trace_log_open(struct trace_log *log, const char *dir, struct err *e)
{
	*log = (struct trace_log){ .fd = { -1, -1 } };
	int r = dir_make(dir, 0700, e);

	for (int i = 0; i < 2 && r == 0; i++)
		r = open_file(log, i, dir, e);
	if (r < 0)
		trace_log_close(log);
	log->active = log->first[1] > log->first[0];
	return r;
}

void trace_log_close(struct trace_log *log)
{
	for (int i = 0; i < 2; i++) {
		cleanup_fd(&log->fd[i]);
		log->fd[i] = -1;
	}
}

uint64_t trace_log_last(const struct trace_log *log)
{
	uint64_t n = log->count[log->active];
	return n ? log->first[log->active] + n - 1 : 0;
}

/* The other file's turn: it is emptied, and what it held is gone. */
static int turn(struct trace_log *log)
{
	int other = !log->active;

	if (ftruncate(log->fd[other], 0) < 0)
		return -errno;
	log->count[other] = 0;
	log->active = other;
	return 0;
}

/* Up to the end of the active file: how many were written, or -errno. */
static long append_some(struct trace_log *log, const struct trace_record *r, size_t n)
{
	int i = log->active;
	size_t room = FILE_RECORDS - log->count[i];

	if (n > room)
		n = room;
	ssize_t w = pwrite(log->fd[i], r, n * RECORD, (off_t)(log->count[i] * RECORD));
	if (w < 0)
		return -errno;
	if ((size_t)w < RECORD)
		return -ENOSPC;
	if (log->count[i] == 0)
		log->first[i] = r->seq;
	log->count[i] += (size_t)w / RECORD;
	return w / (long)RECORD;
}

int trace_log_append(struct trace_log *log, struct trace_record *r, size_t n)
{
	uint64_t seq = trace_log_last(log);

	for (size_t i = 0; i < n; i++)
		r[i].seq = ++seq;
	while (n) {
		if (log->count[log->active] == FILE_RECORDS) {
			int e = turn(log);
			if (e < 0)
				return e;
		}
		long done = append_some(log, r, n);
		if (done < 0)
			return (int)done;
		r += done;
		n -= (size_t)done;
	}
	return 0;
}

static size_t read_file(const struct trace_log *log, int i, uint64_t since,
			struct trace_record *out, size_t max)
{
	uint64_t end = log->first[i] + log->count[i];
	uint64_t from = since + 1 > log->first[i] ? since + 1 : log->first[i];

	if (log->count[i] == 0 || from >= end)
		return 0;
	size_t n = end - from < max ? (size_t)(end - from) : max;
	ssize_t got = pread(log->fd[i], out, n * RECORD, (off_t)((from - log->first[i]) * RECORD));
	return got > 0 ? (size_t)got / RECORD : 0;
}

size_t trace_log_read(const struct trace_log *log, uint64_t since, struct trace_record *out,
		      size_t max)
{
	size_t n = read_file(log, !log->active, since, out, max);

	return n ? n : read_file(log, log->active, since, out, max);
}
