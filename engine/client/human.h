/* human.h - numbers for people, exactly as docker rounds them (go-units). */
#ifndef DRYDOCK_CLIENT_HUMAN_H
#define DRYDOCK_CLIENT_HUMAN_H

#include <stddef.h>
#include <stdint.h>

/* "1.98MB": powers of 1000, so many significant digits (docker uses 3 and 4). */
char *human_size(char *buf, size_t cap, double bytes, int digits);
/* "23.54GiB": powers of 1024. */
char *human_bytes(char *buf, size_t cap, double bytes);
/* "3 hours", "About a minute", "Less than a second". */
char *human_duration(char *buf, size_t cap, int64_t seconds);
/* The same and " ago", from a Unix time to now. */
char *human_ago(char *buf, size_t cap, int64_t unix_seconds);
/* "2026-01-31 09:00:00 +0000 UTC": Go's default form, in local time. */
char *human_time(char *buf, size_t cap, int64_t unix_seconds);

#endif
