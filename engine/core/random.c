#include "core/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_id(char id[65])
{
	unsigned char raw[32];
	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		abort();	/* never for 32 bytes once the kernel is up (getrandom(2)) */
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(id + 2 * i, 3, "%02x", raw[i]);
}
