/* memory.c - see memory.h.
 *
 * Linking some forty shared libraries reads their symbol tables and relocations,
 * and the kernel maps sixteen pages around each one that is touched: most of a
 * freshly started daemon's resident memory is pages it will never look at again.
 * They are clean copies of files.  MADV_DONTNEED drops them from our page tables;
 * the next access maps the page again.
 *
 * That holds for pages nobody wrote to.  A read-only mapping may have been
 * written to all the same - relocated, then protected ("RELRO") - and dropping
 * such a page would bring back the unrelocated file.  /proc/self/smaps tells them
 * apart: a mapping with pages of its own has "Anonymous" above 0, and is left alone.
 */
#include "core/memory.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/cleanup.h"

struct range { unsigned long from, to; };

/* "7f00-7f10 r-xp 0000 fe:00 42 /usr/lib/…": a private mapping of a file, not for writing? */
static bool is_plain_file(const char *line, struct range *at)
{
	unsigned long inode;
	char mode[8];

	return sscanf(line, "%lx-%lx %7s %*s %*s %lu", &at->from, &at->to, mode, &inode) == 4 &&
	       inode != 0 && mode[1] == '-' && mode[3] == 'p';
}

/* The ranges that may be dropped; collected first, since dropping while reading
 * smaps would change what is being read. */
static size_t collect(struct range *out, size_t max)
{
	autofile FILE *f = fopen("/proc/self/smaps", "re");
	struct range at, next;
	bool file = false;
	char line[512];
	size_t n = 0;

	while (f && n < max && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Anonymous:", 10) == 0) {
			if (file && atol(line + 10) == 0)
				out[n++] = at;
		} else if (sscanf(line, "%lx-%lx ", &next.from, &next.to) == 2) {
			file = is_plain_file(line, &at);
		}
	}
	return n;
}

void memory_give_back(void)
{
	struct range range[512];
	size_t n = collect(range, ARRAY_SIZE(range));

	for (size_t i = 0; i < n; i++)
		madvise((void *)range[i].from, range[i].to - range[i].from, MADV_DONTNEED);
	malloc_trim(0);
}
