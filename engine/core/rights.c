#include "core/rights.h"

#include <unistd.h>

static int chosen = -1;
static unsigned outside;

void rights_set(enum rights r, unsigned user)
{
	outside = user;
	chosen = (int)r;
}

enum rights rights_now(void)
{
	if (chosen >= 0)
		return (enum rights)chosen;
	return geteuid() == 0 ? RIGHTS_ROOT : RIGHTS_ONE;
}

unsigned rights_user(void)
{
	return chosen >= 0 ? outside : getuid();
}

bool rights_rootless(void)
{
	return rights_now() != RIGHTS_ROOT;
}

bool rights_owners(void)
{
	return rights_now() != RIGHTS_ONE;
}
