/* rights.h - with whose rights this process works.
 *
 * The daemon of an ordinary user is root only in a user namespace of its own
 * (engine/rootless).  Most of the engine needn't know; what the kernel refuses there
 * all the same - device nodes, attributes named trusted.*, owners that the namespace
 * has no numbers for - asks here.  Chosen once, before anything is opened.
 */
#ifndef DRYDOCK_CORE_RIGHTS_H
#define DRYDOCK_CORE_RIGHTS_H

#include <stdbool.h>

enum rights {
	RIGHTS_ROOT,		/* the machine's root */
	RIGHTS_MANY,		/* root of a user namespace with a range of users */
	RIGHTS_ONE,		/* the same with a single one, or no root at all */
};

void rights_set(enum rights r, unsigned user);
enum rights rights_now(void);	/* not set: by the effective user */
bool rights_rootless(void);	/* anything but RIGHTS_ROOT */
unsigned rights_user(void);	/* the user outside; where there is no inside, ourselves */
bool rights_owners(void);	/* files can be given to other users */

#endif
