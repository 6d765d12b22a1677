/* apt.h - packages: between apt.c (what is to be done), unpack.c and control.c. */
#ifndef DRYDOCK_SIM_APT_H
#define DRYDOCK_SIM_APT_H

#include "sim/userland/services/services.h"

char *dpkg_status(struct prog *p);			/* "" where there is none */
bool is_installed(struct prog *p, const char *status, const char *package);
const char *control_next(const char *paragraph);	/* "" at the end */

/* Unpacks a .deb below /, but what dpkg's configuration leaves out, and writes down what
 * it brought.  -errno or -EBADMSG (said). */
int deb_unpack(struct prog *p, const char *path, const char *package);

#endif
