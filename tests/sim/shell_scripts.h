/* shell_scripts.h - random scripts of the tools that the simulator has models of. */
#ifndef DRYDOCK_TESTS_SIM_SHELL_SCRIPTS_H
#define DRYDOCK_TESTS_SIM_SHELL_SCRIPTS_H

#include <stdint.h>

#include "core/str.h"

/* The script of this number: always the same. */
void shell_script(uint64_t seed, struct str *out);

#endif
