/* errno.h - error numbers by name, as man pages write them. */
#ifndef DRYDOCK_KERNEL_ERRNO_H
#define DRYDOCK_KERNEL_ERRNO_H

const char *errno_name(int code);	/* "ENOENT" for 2 or -2; "" for 0; "E?" if unknown */
int errno_by_name(const char *name);	/* 2 for "ENOENT"; -1 if there is none */

#endif
