/* services.h - the modelled programs that are more than a tool: see tools.def. */
#ifndef DRYDOCK_SIM_SERVICES_H
#define DRYDOCK_SIM_SERVICES_H

#include "sim/userland/prog.h"

tool_fn tool_curl, tool_wget, tool_nc, tool_nginx, tool_python, tool_pip, tool_apt, tool_dpkg;

/* A field of a Debian control paragraph ("Version: 1.2"), or NULL. */
char *control_field(struct prog *p, const char *paragraph, const char *name);
/* The paragraph of a package in a file of them (/var/lib/dpkg/status), or NULL. */
char *control_paragraph(struct prog *p, const char *text, const char *package);

#endif
