#include "kernel/meta.h"

#include <string.h>

int kernel_op_by_name(const char *name)
{
	for (int op = 0; op < K_COUNT; op++)
		if (strcmp(kernel_meta[op].name, name) == 0)
			return op;
	return -1;
}
