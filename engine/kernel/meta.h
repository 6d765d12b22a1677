/* meta.h - kernel_ops.def as data, for the tracer, decoders, explain and tests.
 * All text is constant and lives for ever. */
#ifndef DRYDOCK_KERNEL_META_H
#define DRYDOCK_KERNEL_META_H

#include "kernel/kernel.h"

/* The argument kinds of kernel_ops.def, in its order. */
enum k_kind {
	KIND_STR, KIND_PATH, KIND_FD, KIND_PID, KIND_INT, KIND_OCT, KIND_SIZE, KIND_UID,
	KIND_SIG, KIND_FLAGS, KIND_ENUM, KIND_STRV, KIND_ENVV, KIND_BYTES, KIND_IN, KIND_OUT,
};

struct k_arg_meta {
	enum k_kind kind;
	const char *name;
	const char *set;	/* of flags(SET), enum(SET), in(T), out(T); "" otherwise */
};

struct k_meta {
	const char *name, *category, *syscalls, *man, *lesson, *sim, *why;
	int n_args;
	struct k_arg_meta arg[6];
};

extern const struct k_meta kernel_meta[K_COUNT];	/* generated */

/* The row of that name, or -1. */
int kernel_op_by_name(const char *name);

#endif
