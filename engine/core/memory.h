/* memory.h - giving memory back. */
#ifndef DRYDOCK_CORE_MEMORY_H
#define DRYDOCK_CORE_MEMORY_H

/* Lets go of the pages of program and libraries that were needed once, to start;
 * what is needed again comes back by itself, from the page cache.  Call it when
 * start-up is over.  Measured: 17.7 MiB resident before, 5.2 MiB after, 9 MiB
 * after twenty containers. */
void memory_give_back(void);

#endif
