/* userland.h - the modelled programs of the course images, for sim_register(). */
#ifndef DRYDOCK_SIM_USERLAND_H
#define DRYDOCK_SIM_USERLAND_H

#include "sim/sys.h"

extern const struct sim_program userland_programs[];

#endif
