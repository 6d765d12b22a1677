#include "core/rights.h"

#include <unistd.h>

static int chosen = -1;

void rights_set(enum rights r)
{
	chosen = (int)r;
}

enum rights rights_now(void)
{
	if (chosen >= 0)
		return (enum rights)chosen;
	return geteuid() == 0 ? RIGHTS_ROOT : RIGHTS_ONE;
}

bool rights_rootless(void)
{
	return rights_now() != RIGHTS_ROOT;
}

bool rights_owners(void)
{
	return rights_now() != RIGHTS_ONE;
}
