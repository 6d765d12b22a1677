/* seccomp.h - the filter a container runs under, as a small BPF program.
 *
 * Two things in one program: Docker's default profile (which calls are
 * refused), and the *exec watch*: execve, execveat and exit_group stop until
 * the supervisor has taken note and says "go on", which is how the journal
 * learns of programs inside containers without ptrace and without races.
 *
 * Size matters: when a filter is installed the kernel tries it on every system
 * call number, so that a list of 300 comparisons costs ten times as much as a
 * tree over the ranges of numbers (measured: 436 against 45 µs).
 */
#ifndef DRYDOCK_RUNTIME_SECCOMP_H
#define DRYDOCK_RUNTIME_SECCOMP_H

#include <cjson/cJSON.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

struct seccomp_program {
	unsigned short len;
	struct sock_filter *insn;
};

/* The profile for a container with these capabilities (some calls come with
 * some capabilities), or with profile false the watch alone.  Made at the first
 * call, then kept: the result is owned by this file and lives for ever. */
int seccomp_program(bool profile, uint64_t caps, const struct seccomp_program **out,
		    struct err *e);
/* Where there is one user only (core/rights.h), for what isn't a container: calls that
 * would make another one of us, or a file another's, answer "done".  out->insn is the
 * caller's. */
void seccomp_one_user(struct seccomp_program *out);
/* A user's own profile, in docker's JSON form, without the watch: it is installed beside
 * it.  out->insn is the caller's. */
int seccomp_file(const char *text, uint64_t caps, struct seccomp_program *out, struct err *e);

/* Whether a rule of such a profile holds on this machine, for these capabilities. */
bool seccomp_rule_counts(const cJSON *rule, uint64_t caps);
/* The filter as the OCI runtime specification says it, for other runtimes: own (a profile
 * seccomp_file() took), or else the default one if profile is set, or NULL.  Owned. */
cJSON *seccomp_oci(bool profile, const char *own, uint64_t caps);

#endif
