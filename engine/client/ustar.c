#include "client/ustar.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"

#define MAX_SIZE 077777777777ll	/* bytes: eleven octal digits */

size_t ustar_padding(int64_t size)
{
	return (size_t)((USTAR_BLOCK - size % USTAR_BLOCK) % USTAR_BLOCK);
}

static void add_header(struct str *out, const struct ustar_entry *e, const char *name, char type,
		       int64_t size, const char *link)
{
	const struct stat *st = e->st;
	struct ustar h = { .typeflag = type };
	unsigned sum = 0;
	memcpy(h.name, name, strnlen(name, sizeof(h.name)));	/* no NUL where it is full */
	memcpy(h.linkname, link, strnlen(link, sizeof(h.linkname)));
	snprintf(h.mode, sizeof(h.mode), "%07o", st->st_mode & 07777);
	snprintf(h.uid, sizeof(h.uid), "%07o", e->owners ? st->st_uid & 07777777 : 0);
	snprintf(h.gid, sizeof(h.gid), "%07o", e->owners ? st->st_gid & 07777777 : 0);
	snprintf(h.size, sizeof(h.size), "%011llo", (long long)size);
	snprintf(h.mtime, sizeof(h.mtime), "%011llo",
		 (long long)(st->st_mtime < 0 ? 0 : st->st_mtime));
	snprintf(h.devmajor, sizeof(h.devmajor), "%07o", major(st->st_rdev));
	snprintf(h.devminor, sizeof(h.devminor), "%07o", minor(st->st_rdev));
	memcpy(h.magic, "ustar", 6);
	memcpy(h.version, "00", 2);
	memset(h.chksum, ' ', sizeof(h.chksum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += ((const unsigned char *)&h)[i];
	snprintf(h.chksum, sizeof(h.chksum), "%06o", sum);
	str_addn(out, &h, sizeof(h));
}

/* "27 path=…\n": the length counts itself. */
static void add_record(struct str *out, const char *key, const char *value)
{
	size_t n = strlen(key) + strlen(value) + 3, digits = 1;
	for (size_t all = n + 1; all >= 10; all /= 10)
		digits++;
	for (size_t all = n + digits, d = 0; ; all = n + digits) {
		d = (size_t)snprintf(NULL, 0, "%zu", all);
		if (d == digits)
			break;
		digits = d;
	}
	str_addf(out, "%zu %s=%s\n", n + digits, key, value);
}

static void add_zeroes(struct str *s, size_t n)
{
	static const char zero[USTAR_BLOCK];
	str_addn(s, zero, n);
}

void ustar_add(struct str *out, const struct ustar_entry *e)
{
	autostr struct str records = { 0 };
	const struct stat plain = { .st_mode = 0644, .st_mtime = e->st->st_mtime };
	const struct ustar_entry pax = { .st = &plain };
	int64_t size = e->type == '0' ? (int64_t)e->st->st_size : 0;
	if (strlen(e->name) > 100)
		add_record(&records, "path", e->name);
	if (strlen(e->link) > 100)
		add_record(&records, "linkpath", e->link);
	if (size > MAX_SIZE) {
		autofree char *text = str_printf("%lld", (long long)size);
		add_record(&records, "size", text);
	}
	if (records.len) {
		add_header(out, &pax, "PaxHeaders/entry", 'x', (int64_t)records.len, "");
		str_addn(out, records.s, records.len);
		add_zeroes(out, ustar_padding((int64_t)records.len));
	}
	add_header(out, e, e->name, e->type, size > MAX_SIZE ? 0 : size, e->link);
}
