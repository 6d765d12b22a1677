/* banned.h - included before every source of engine/ and trace/ that isn't part of
 * the waist (kernel.mk says which): a call that Drydock teaches, made past it, is
 * a compile error that names the wrapper to use.
 *
 * How it works: the headers that declare these functions are included here, first;
 * each is then declared once more with the error attribute, which makes the
 * compiler stop where such a call would be generated.  Taking a function's address
 * escapes it; tests/lint/symbols_test.sh reads every object for that.
 *
 * Plain file work (open, read, write, mkdir …) isn't banned: what we teach of it -
 * devices, whiteouts, kernel files - goes through the waist by agreement.
 */
#ifndef DRYDOCK_KERNEL_BANNED_H
#define DRYDOCK_KERNEL_BANNED_H

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define BANNED(name, instead) \
	extern __typeof__(name) name \
		__attribute__((error("kernel call past the waist: use " instead)));
#include "kernel/banned.def"
#undef BANNED

#endif
