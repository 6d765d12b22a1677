/* machine_files.h - what files a machine has when it starts. */
#ifndef DRYDOCK_SIM_MACHINE_FILES_H
#define DRYDOCK_SIM_MACHINE_FILES_H

#include "sim/task.h"

struct vfs *machine_files_new(struct sim *s);
void machine_files_free(struct sim *s);

#endif
