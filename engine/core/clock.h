/* clock.h - the two clocks everything is stamped with. */
#ifndef DRYDOCK_CORE_CLOCK_H
#define DRYDOCK_CORE_CLOCK_H

#include <pthread.h>
#include <stdint.h>

uint64_t clock_mono_ns(void);		/* CLOCK_MONOTONIC */
uint64_t clock_wall_ns(void);	/* CLOCK_REALTIME; DRYDOCK_CLOCK=ns overrides, for tests */
/* RFC 3339 with nanoseconds, UTC ("2026-01-31T09:00:00.123456789Z"); buf >= 36. */
char *clock_rfc3339(uint64_t wall_ns, char *buf);
/* 0 or -EINVAL; accepts RFC 3339 with or without fraction, or Unix seconds[.fraction]. */
int clock_parse(const char *text, uint64_t *wall_ns);
/* 0 or -EINVAL; a length of time as Go writes it: "1h30m", "250ms", "-1.5s", "0". */
int clock_duration(const char *text, int64_t *ns);

/* The same way round; buf >= 40. */
char *clock_duration_text(int64_t ns, char *buf);

/* Waits on c for at most ms, by the monotonic clock: setting the time moves nothing. */
void clock_wait_ms(pthread_cond_t *c, pthread_mutex_t *m, unsigned ms);

#endif
