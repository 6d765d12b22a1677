/* format.c - numbers as people read them: modes, times, sizes, signals. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "sim/userland/prog.h"

/* Seconds since 1970 as a date; containers know UTC only. */
struct tm *utc_time(int64_t seconds, struct tm *out)
{
	time_t t = (time_t)seconds;

	memset(out, 0, sizeof(*out));
	return gmtime_r(&t, out);
}

char *time_text(struct arena *a, const char *format, int64_t seconds)
{
	struct text t = { .a = a };
	struct tm tm;
	char buf[64];

	if (!utc_time(seconds, &tm))
		return text_str(&t);
	for (; *format; format++) {
		char one[4] = { '%', format[1], 0, 0 };

		if (*format != '%' || !format[1]) {
			text_addc(&t, *format);
			continue;
		}
		format++;
		if (*format == 's') {
			text_addf(&t, "%lld", (long long)seconds);
		} else if (*format == 'N') {
			text_add(&t, "000000000");
		} else {
			if (*format == '-' && format[1])
				one[1] = '-', one[2] = *++format;
			if (strftime(buf, sizeof(buf), one, &tm))
				text_add(&t, buf);
		}
	}
	return text_str(&t);
}

void mode_text(mode_t mode, char out[11])
{
	static const struct { mode_t type; char letter; } types[] = {
		{ S_IFDIR, 'd' }, { S_IFLNK, 'l' }, { S_IFCHR, 'c' }, { S_IFBLK, 'b' }, { S_IFIFO, 'p' },
		{ S_IFSOCK, 's' },
	};

	strcpy(out, "----------");
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((mode & S_IFMT) == types[i].type)
			out[0] = types[i].letter;
	for (int i = 0; i < 9; i++)
		if (mode & (0400u >> i))
			out[1 + i] = "rwx"[i % 3];
	if (mode & S_ISUID)
		out[3] = mode & S_IXUSR ? 's' : 'S';
	if (mode & S_ISGID)
		out[6] = mode & S_IXGRP ? 's' : 'S';
	if (mode & S_ISVTX)
		out[9] = mode & S_IXOTH ? 't' : 'T';
}

enum { BITS_U = 04700, BITS_G = 02070, BITS_O = 01007 };

/* [ugoa]*: whose bits. */
static mode_t mode_who(const char **s)
{
	mode_t who = 0;

	for (;; (*s)++) {
		switch (**s) {
		case 'u': who |= BITS_U; break;
		case 'g': who |= BITS_G; break;
		case 'o': who |= BITS_O; break;
		case 'a': who |= BITS_U | BITS_G | BITS_O; break;
		default: return who;
		}
	}
}

/* [rwxXst]* or [ugo]: which bits, for all three. */
static mode_t mode_what(const char **s, mode_t old)
{
	static const struct { char letter; mode_t bits; } letters[] = {
		{ 'r', 0444 }, { 'w', 0222 }, { 'x', 0111 }, { 's', 06000 }, { 't', 01000 },
	};
	mode_t what = 0;

	if (**s == 'u' || **s == 'g' || **s == 'o') {
		int shift = **s == 'u' ? 6 : **s == 'g' ? 3 : 0;

		(*s)++;
		return ((old >> shift) & 7) * 0111;
	}
	for (;; (*s)++) {
		size_t i = 0;

		while (i < ARRAY_SIZE(letters) && letters[i].letter != **s)
			i++;
		if (i < ARRAY_SIZE(letters))
			what |= letters[i].bits;
		else if (**s == 'X')
			what |= S_ISDIR(old) || (old & 0111) ? 0111 : 0;
		else
			return what;
	}
}

long mode_change(const char *s, mode_t old, mode_t umask)
{
	mode_t mode = old & 07777;

	if (*s >= '0' && *s <= '7') {
		char *end;
		unsigned long n = strtoul(s, &end, 8);

		return *end || n > 07777 ? -1 : (long)n;
	}
	for (;;) {
		mode_t who = mode_who(&s), mask = who ? who : ~umask & 07777;

		if (!*s || !strchr("+-=", *s))
			return -1;
		while (*s && strchr("+-=", *s)) {
			char op = *s++;
			mode_t what = mode_what(&s, (old & S_IFMT) | mode);

			if (op == '=')
				mode &= ~(who ? who : 07777) | (S_ISDIR(old) ? 06000 : 0);
			mode = op == '-' ? mode & ~(what & mask) : mode | (what & mask);
		}
		if (!*s)
			return (long)mode;
		if (*s++ != ',')
			return -1;
	}
}

/* 1.9M, 71.9G, 12K, as ls -h and df -h of coreutils and busybox have it. */
char *size_text(struct arena *a, uint64_t bytes)
{
	static const char units[] = " KMGTPE";
	uint64_t tenths = bytes * 10;
	int unit = 0;

	if (bytes < 1024)
		return arena_printf(a, "%llu", (unsigned long long)bytes);
	while (tenths >= 10240 && units[unit + 1]) {
		tenths = (tenths + 512) / 1024;
		unit++;
	}
	return arena_printf(a, "%llu.%llu%c", (unsigned long long)tenths / 10,
			    (unsigned long long)tenths % 10, units[unit]);
}

/* Numbers as Linux has them; a Mac's differ, the simulated kernel's do not. */
static const char *const signals[] = {
	"EXIT", "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
	"SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
	"TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "POLL", "PWR",  "SYS",
};

int signal_by_name(const char *name)
{
	if (*name >= '0' && *name <= '9') {
		int n = atoi(name);

		return name[strspn(name, "0123456789")] || n > 64 ? -1 : n;
	}
	if (!strncmp(name, "SIG", 3))
		name += 3;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (!strcasecmp(signals[i], name))
			return (int)i;
	return -1;
}

const char *signal_name(int sig)
{
	return sig >= 0 && (size_t)sig < ARRAY_SIZE(signals) ? signals[sig] : "?";
}
