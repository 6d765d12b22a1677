#include "trace/flags.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *set, *name;
	uint64_t value, mask;
} table[] = {
#define FLAG(set, name, value, mask) { set, name, (uint64_t)(value), (uint64_t)(mask) },
#include "trace/flags.def"
#undef FLAG
};

#define N_FLAGS ((int)(sizeof(table) / sizeof(table[0])))

void flags_add(struct str *out, const char *set, uint64_t value)
{
	uint64_t left = value, done = 0;
	bool any = false;

	for (int i = 0; i < N_FLAGS; i++) {
		if (strcmp(table[i].set, set) != 0 || (value & table[i].mask) != table[i].value)
			continue;
		if (done & table[i].mask)
			continue;
		str_addf(out, "%s%s", any ? "|" : "", table[i].name);
		any = true;
		done |= table[i].mask;
		left &= ~table[i].mask;
	}
	if (left || !any)
		str_addf(out, "%s%#llx", any ? "|" : "", (unsigned long long)left);
}

bool flags_has(const char *set)
{
	for (int i = 0; i < N_FLAGS; i++)
		if (strcmp(table[i].set, set) == 0)
			return true;
	return false;
}

const char *flags_name(int n)
{
	return n < N_FLAGS ? table[n].name : NULL;
}
