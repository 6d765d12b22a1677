/* ustar.h - headers of tar archives as the client writes and reads them: ustar, with
 * pax headers for what is too long for it (tar(5), POSIX pax). */
#ifndef DRYDOCK_CLIENT_USTAR_H
#define DRYDOCK_CLIENT_USTAR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/str.h"

#define USTAR_BLOCK 512

struct ustar {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], chksum[8], typeflag,
	     linkname[100], magic[6], version[2], uname[32], gname[32], devmajor[8], devminor[8],
	     prefix[155], pad[12];
};

struct ustar_entry {
	const char *name, *link;	/* link: "" for none */
	char type;			/* '0' file, '2' link, '5' directory … */
	const struct stat *st;
	bool owners;			/* the file's, else root's */
};
/* The header, and a pax header before it where the fields have no room. */
void ustar_add(struct str *out, const struct ustar_entry *e);
size_t ustar_padding(int64_t size);	/* bytes to the next block */

/* Undoes a tar into a directory, fed with its bytes as they come.  Nothing is
 * written outside: names with "..", and links in the way of a name, are refused. */
struct untar;
/* Names begin with `from`, and get `to` instead ("." or "/" for either: no name of
 * its own).  owners: files go to whom the archive says. */
int untar_begin(const char *folder, const char *from, const char *to, bool owners,
		struct untar **out, struct err *e);
int untar_feed(void *untar, const char *data, size_t n);	/* 0 or -errno */
/* It may stop behind an entry, without the blocks that end an archive. */
void untar_lenient(struct untar *u);
/* The end: 0, or what went wrong; frees it. */
int untar_end(struct untar *u, struct err *e);

#endif
