/* seccomp.c - the profile's rows become a tree over system call numbers.
 *
 * 1. Every number gets an *answer*: allow, EPERM, ENOSYS, tell the supervisor, "done"
 *    without doing it, or look at the first argument (a condition's index).
 * 2. Neighbours with the same answer become one range.
 * 3. The ranges become a balanced tree of "number >= middle?" comparisons; each
 *    leaf is its answer.  About 75 ranges make 150 instructions, of which a call
 *    passes 7.
 *
 * Two trees: one for this architecture, one for its 32-bit programs (on x86).
 * Numbers of the x32 kind (bit 30) are refused, as nothing uses them.
 */
#include "runtime/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/rights.h"
#include "core/str.h"
#include "runtime/seccomp_profile.h"

#define NUMBERS 1024		/* system call numbers end below 600 today */

enum answer { REFUSE, ABSENT, ALLOW, WATCH, PRETEND, CONDITION };	/* CONDITION + index */

struct range { uint32_t from; int answer; };

struct code { struct sock_filter insn[2048]; size_t n; };

static void emit(struct code *c, uint16_t op, uint32_t k, size_t jt, size_t jf)
{
	if (c->n < ARRAY_SIZE(c->insn))
		c->insn[c->n] = (struct sock_filter){ op, (uint8_t)jt, (uint8_t)jf, k };
	c->n++;
}

static void emit_return(struct code *c, uint32_t action)
{
	emit(c, BPF_RET | BPF_K, action, 0, 0);
}

/* ---- what happens to each number ---- */

/* What a program is made of; where there is one user only, PROFILE_OWNERS as well. */
enum part { PART_NONE = 0, PART_WATCH = 1, PART_PROFILE = 2 };

struct table { int answer[NUMBERS]; uint32_t arch; int newest; };

static void set_names(struct table *t, const char *names, int answer)
{
	autofree char *copy = str_dup(names);
	char *save = NULL;

	for (char *n = strtok_r(copy, " ", &save); n; n = strtok_r(NULL, " ", &save)) {
		int nr = seccomp_syscall_resolve_name_arch(t->arch, n);
		if (nr < 0 || nr >= NUMBERS)
			continue;
		t->answer[nr] = answer;
		if (nr > t->newest)
			t->newest = nr;
	}
}

static bool has_cap(uint64_t caps, int cap)
{
	return cap != ALWAYS && caps >> cap & 1;
}

static void fill_profile(struct table *t, uint64_t caps)
{
	set_names(t, PROFILE_ABSENT, ABSENT);
	for (size_t i = 0; i < ARRAY_SIZE(profile_conditions); i++)
		set_names(t, profile_conditions[i].name, CONDITION + (int)i);
	for (size_t i = 0; i < ARRAY_SIZE(profile_rows); i++)
		if (profile_rows[i].cap == ALWAYS || has_cap(caps, profile_rows[i].cap))
			set_names(t, profile_rows[i].names, ALLOW);
	/* Newer than the profile: "not there" rather than "not allowed". */
	for (int nr = t->newest + 1; nr < NUMBERS; nr++)
		t->answer[nr] = ABSENT;
}

static size_t make_ranges(const struct table *t, struct range *r)
{
	size_t n = 0;

	for (uint32_t nr = 0; nr < NUMBERS; nr++)
		if (nr == 0 || t->answer[nr] != t->answer[nr - 1])
			r[n++] = (struct range){ nr, t->answer[nr] };
	return n;
}

/* ---- the tree ---- */

/* "Is the argument one of…": each comparison may end the search; what is left
 * gets the other verdict. */
static void emit_condition(struct code *c, const struct profile_condition *t)
{
	uint32_t eperm = SECCOMP_RET_ERRNO | EPERM;
	uint16_t test = t->test == ARG_HAS_NO_BIT_OF ? BPF_JSET : BPF_JEQ;
	bool found_is_good = t->test == ARG_IS_ONE_OF;

	emit(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]), 0, 0);
	for (int i = 0; i < t->n_values; i++)
		emit(c, BPF_JMP | test | BPF_K, t->value[i], (size_t)(t->n_values - i), 0);
	emit_return(c, found_is_good ? eperm : SECCOMP_RET_ALLOW);
	emit_return(c, found_is_good ? SECCOMP_RET_ALLOW : eperm);
}

static void emit_answer(struct code *c, int answer)
{
	static const uint32_t action[] = {
		[REFUSE] = SECCOMP_RET_ERRNO | EPERM,
		[ABSENT] = SECCOMP_RET_ERRNO | ENOSYS,
		[ALLOW] = SECCOMP_RET_ALLOW,
		[WATCH] = SECCOMP_RET_USER_NOTIF,
		[PRETEND] = SECCOMP_RET_ERRNO | 0,
	};

	if (answer >= CONDITION)
		emit_condition(c, &profile_conditions[answer - CONDITION]);
	else
		emit_return(c, action[answer]);
}

/* Makes room for one instruction; what comes after it jumps forward only, by
 * distances, and may be moved. */
static void insert(struct code *c, size_t at)
{
	if (c->n < ARRAY_SIZE(c->insn))
		memmove(c->insn + at + 1, c->insn + at, (c->n - at) * sizeof(*c->insn));
	c->n++;
}

/* "number >= middle?": yes jumps over the left half, which follows.  Distances of
 * conditional jumps have 8 bits; a longer one goes by BPF_JA. */
static void emit_tree(struct code *c, const struct range *r, size_t n)
{
	if (n == 1) {
		emit_answer(c, r->answer);
		return;
	}
	size_t half = n / 2, at = c->n;
	emit(c, BPF_JMP | BPF_JGE | BPF_K, r[half].from, 0, 0);
	emit_tree(c, r, half);
	size_t over = c->n - (at + 1);
	if (over <= 255) {
		c->insn[at].jt = (uint8_t)over;
	} else {
		c->insn[at].jf = 1;
		insert(c, at + 1);
		c->insn[at + 1] = (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0, (uint32_t)over };
	}
	emit_tree(c, r + half, n - half);
}

static void emit_arch(struct code *c, uint32_t arch, enum part parts, uint64_t caps)
{
	struct table t = { .arch = arch };
	struct range r[NUMBERS];

	for (int i = 0; i < NUMBERS; i++)
		t.answer[i] = parts & PART_PROFILE ? REFUSE : ALLOW;
	if (parts & PART_PROFILE)
		fill_profile(&t, caps);
	if (parts & PART_WATCH)
		set_names(&t, PROFILE_WATCHED, WATCH);
	if (!rights_owners())
		set_names(&t, PROFILE_OWNERS, PRETEND);
	emit_tree(c, r, make_ranges(&t, r));
}

/* Load the architecture, jump over the first tree unless it is ours; then the
 * 32-bit sibling's; anything else is refused. */
static void emit_program(struct code *c, enum part parts, uint64_t caps)
{
	static const struct { uint32_t audit, scmp; } arch[] = {
#if defined(__x86_64__)
		{ AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64 }, { AUDIT_ARCH_I386, SCMP_ARCH_X86 },
#elif defined(__aarch64__)
		{ AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64 }, { AUDIT_ARCH_ARM, SCMP_ARCH_ARM },
#endif
	};

	for (size_t i = 0; i < ARRAY_SIZE(arch); i++) {
		emit(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, arch[i].audit, 1, 0);
		size_t skip = c->n;
		emit(c, BPF_JMP | BPF_JA, 0, 0, 0);
		emit(c, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
		emit_arch(c, arch[i].scmp, parts, caps);
		c->insn[skip].k = (uint32_t)(c->n - (skip + 1));
	}
	emit_return(c, SECCOMP_RET_ERRNO | (parts & PART_PROFILE ? EPERM : ENOSYS));
}

/* ---- made once ---- */

struct kept { struct kept *next; bool profile; uint64_t caps; struct seccomp_program program; };

static struct kept *all_kept;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

static void make_program(enum part parts, uint64_t caps, struct seccomp_program *out)
{
	autofree struct code *c = mem_alloc(sizeof(*c));

	emit_program(c, parts, caps);
	out->len = (unsigned short)c->n;
	out->insn = mem_alloc(c->n * sizeof(*c->insn));
	memcpy(out->insn, c->insn, c->n * sizeof(*c->insn));
}

static struct kept *make(bool profile, uint64_t caps)
{
	struct kept *k = mem_alloc(sizeof(*k));

	make_program(profile ? PART_WATCH | PART_PROFILE : PART_WATCH, caps, &k->program);
	k->profile = profile;
	k->caps = caps;
	return k;
}

void seccomp_one_user(struct seccomp_program *out)
{
	make_program(PART_NONE, 0, out);
}

int seccomp_program(bool profile, uint64_t caps, const struct seccomp_program **out,
		    struct err *e)
{
	struct kept *k;

	pthread_mutex_lock(&kept_lock);
	for (k = all_kept; k; k = k->next)
		if (k->profile == profile && (k->caps == caps || !profile))
			break;
	if (!k) {
		k = make(profile, caps);
		k->next = all_kept;
		all_kept = k;
	}
	pthread_mutex_unlock(&kept_lock);
	*out = &k->program;
	return 0;
}
