/* busybox_root.h - a simulated machine with the files of the image test-busybox, and
 * scripts that run in it. */
#ifndef DRYDOCK_TESTS_SIM_BUSYBOX_ROOT_H
#define DRYDOCK_TESTS_SIM_BUSYBOX_ROOT_H

#include "core/str.h"
#include "sim/sim.h"

#define BUSYBOX_PASSWD "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n" \
	"user:x:1000:1000:user:/home/user:/bin/sh\n"
#define BUSYBOX_GROUP "root:x:0:\nnogroup:x:65534:\nuser:x:1000:\nextra:x:1001:user\n"

/* A machine whose / is that of labs/images/test-busybox as far as programs see it.
 * The caller ends it with sim_destroy(). */
struct sim *busybox_machine(uint64_t seed);
/* A file with this text, made or written anew; parent directories must exist. */
void busybox_file(struct sim *s, const char *path, const char *text, mode_t mode);
/* Runs argv[0] in `dir`, stdin /dev/null, stdout and stderr together into `out`; the
 * exit status as a shell has it. */
int busybox_run(struct sim *s, const char *dir, char *const *argv, struct str *out);
/* `sh -c script`. */
int busybox_sh(struct sim *s, const char *dir, const char *script, struct str *out);
/* What lies below `dir`, a line each with mode, owner and content, in order of names. */
void busybox_tree(struct sim *s, const char *dir, struct str *out);

#endif
