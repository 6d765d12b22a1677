/* log.h - traced calls on disk: the last fifty to a hundred thousand of them.
 *
 * Two files of equal records in DATA_ROOT/trace/, `calls.0` and `calls.1`.  One
 * grows to LOG_FILE_BYTES, then the other is emptied and grows in its turn; so
 * there are always between one and two files' worth of history.  Records are
 * never changed, a record's place follows from its sequence number, and readers
 * fetch them by pread: the page cache is the memory they are kept in, not the
 * daemon's.  A record cut short by a crash is dropped at the next open.
 *
 * One writer, any number of readers; the collector's lock stands around both. */
#ifndef DRYDOCK_TRACE_LOG_H
#define DRYDOCK_TRACE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "trace/event.h"

#define LOG_FILE_BYTES (16 << 20)

#define LOG_ID 72

struct trace_record {
	uint64_t seq;		/* from 1, without gaps, over restarts too */
	char container[LOG_ID];	/* id; "" for none */
	struct trace_event ev;
};

struct trace_log {
	int fd[2];
	uint64_t first[2], count[2];	/* first record's seq, and how many there are */
	int active;			/* the file that grows */
};

/* The directory is made.  Goes on where the files end. */
int trace_log_open(struct trace_log *log, const char *dir, struct err *e);
void trace_log_close(struct trace_log *log);
uint64_t trace_log_last(const struct trace_log *log);	/* 0: none yet */
/* Numbers the records and appends them.  0 or -errno. */
int trace_log_append(struct trace_log *log, struct trace_record *r, size_t n);
/* Up to max records after `since`, in order; how many.  Older ones than there
 * are any more are passed over. */
size_t trace_log_read(const struct trace_log *log, uint64_t since, struct trace_record *out,
		      size_t max);

#endif
