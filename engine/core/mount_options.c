#include "core/mount_options.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>

#include "core/cleanup.h"
#include "core/str.h"

/* A word that is the default clears its opposite. */
static const struct { const char *word; unsigned long set, clear; } words[] = {
	{ "defaults", 0, 0 },
	{ "ro", MS_RDONLY, 0 }, { "rw", 0, MS_RDONLY },
	{ "nosuid", MS_NOSUID, 0 }, { "suid", 0, MS_NOSUID },
	{ "nodev", MS_NODEV, 0 }, { "dev", 0, MS_NODEV },
	{ "noexec", MS_NOEXEC, 0 }, { "exec", 0, MS_NOEXEC },
	{ "noatime", MS_NOATIME, 0 }, { "nodiratime", MS_NODIRATIME, 0 },
	{ "relatime", MS_RELATIME, 0 }, { "strictatime", MS_STRICTATIME, 0 },
	{ "sync", MS_SYNCHRONOUS, 0 }, { "async", 0, MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC, 0 },
	{ "bind", MS_BIND, 0 }, { "rbind", MS_BIND | MS_REC, 0 },
};

static bool take_word(const char *word, unsigned long *flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_eq(words[i].word, word)) {
			*flags = (*flags | words[i].set) & ~words[i].clear;
			return true;
		}
	return false;
}

char *mount_options_take(const char *text, unsigned long *flags)
{
	autofree char *copy = str_dup(text);
	struct str rest = { 0 };
	char *save;
	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (!take_word(w, flags))
			str_addf(&rest, "%s%s", rest.len ? "," : "", w);
	return str_take(&rest);
}
