/* device_rules.h - which devices a container may open, and how the kernel is told.
 *
 * Rules are lines as cgroup v1's devices.allow takes them ("c 1:3 rwm"): nothing is
 * allowed but what one of them allows whole.  v2 has no such file: there the kernel asks
 * a program at each open and mknod (BPF_PROG_TYPE_CGROUP_DEVICE), made from the same lines.
 */
#ifndef DRYDOCK_RUNTIME_DEVICE_RULES_H
#define DRYDOCK_RUNTIME_DEVICE_RULES_H

#include <linux/bpf.h>
#include <stddef.h>

#include "runtime/spec.h"

/* What every container may do: ends with NULL. */
extern const char *const device_rules_default[];

/* All of a container's, those of every container first; owned (strv). */
char **device_rules_of(const struct spec *s);

#define DEVICE_PROGRAM_MAX 4096	/* instructions: what every kernel takes */
struct device_program { struct bpf_insn insn[DEVICE_PROGRAM_MAX]; size_t len; };

/* The program for a list of rules (strv): 0; -EINVAL for a line that is no rule;
 * -E2BIG for more than it has room for. */
int device_program(char *const *rules, struct device_program *out);

#endif
