/* device_rules.c - see device_rules.h.
 *
 * The program is called with what somebody is about to do (struct bpf_cgroup_dev_ctx of
 * bpf(2)) and answers 1 or 0.  It takes that apart into registers once, and has a few
 * comparisons for each rule:
 *
 *	r2 kind (block or char)   r3 access (mknod, read, write)   r4 major   r5 minor
 *
 * Rules for the same devices are one: who may read and who may write may do both at
 * once, as with v1.
 */
#include "runtime/device_rules.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "core/str.h"

/* Nothing, but for those every container may use; 'm' is mknod, which Docker
 * allows for all of them, since making a node isn't opening it. */
const char *const device_rules_default[] = {
	"c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm", "c 1:9 rwm",
	"c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm", NULL,
};

char **device_rules_of(const struct spec *s)
{
	char **rules = mem_alloc(sizeof(*rules));

	for (int i = 0; device_rules_default[i]; i++)
		strv_add(&rules, device_rules_default[i]);
	for (size_t i = 0; i < s->n_devices; i++) {
		const struct spec_device *d = &s->devices[i];
		autofree char *rule = str_printf("%c %u:%u %s", S_ISBLK(d->mode) ? 'b' : 'c',
						 major(d->dev), minor(d->dev), d->rights);
		strv_add(&rules, rule);
	}
	for (char **rule = s->device_rules; rule && *rule; rule++)
		strv_add(&rules, *rule);
	return rules;
}

/* ---- reading ---- */

#define ANY (-1)
#define ALL_ACCESS (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

struct rule { int64_t major, minor; int kind; uint32_t access; };	/* kind ANY: both */

static bool read_number(const char *text, int64_t *out)
{
	char *end;

	if (!strcmp(text, "*")) {
		*out = ANY;
		return true;
	}
	*out = strtol(text, &end, 10);
	return end != text && !*end && *out >= 0 && *out <= INT32_MAX;
}

static bool read_rule(const char *text, struct rule *r)
{
	static const struct { char letter; uint32_t bit; } rights[] = {
		{ 'r', BPF_DEVCG_ACC_READ }, { 'w', BPF_DEVCG_ACC_WRITE },
		{ 'm', BPF_DEVCG_ACC_MKNOD },
	};
	char kind, major[24], minor[24], access[4];

	if (sscanf(text, "%c %23[0-9*]:%23[0-9*] %3[rwm]", &kind, major, minor, access) != 4 ||
	    !strchr("abc", kind) || !read_number(major, &r->major) || !read_number(minor, &r->minor))
		return false;
	r->kind = kind == 'a' ? ANY : kind == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	r->access = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if (strchr(access, rights[i].letter))
			r->access |= rights[i].bit;
	return true;
}

/* "a" is everything, whatever numbers stand beside it (cgroups-v1/devices). */
static bool is_all(const struct rule *r)
{
	return r->kind == ANY;
}

static void merge(struct rule *list, size_t *n, const struct rule *r)
{
	for (size_t i = 0; i < *n; i++) {
		struct rule *have = &list[i];
		if (have->kind != r->kind || have->major != r->major || have->minor != r->minor)
			continue;
		have->access |= r->access;
		return;
	}
	list[(*n)++] = *r;
}

/* ---- writing ---- */

static bool add(struct device_program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off,
		int32_t imm)
{
	if (p->len == DEVICE_PROGRAM_MAX)
		return false;
	p->insn[p->len++] = (struct bpf_insn){ .code = code, .dst_reg = dst, .src_reg = src,
					       .off = off, .imm = imm };
	return true;
}

static bool load_word(struct device_program *p, uint8_t reg, size_t member)
{
	return add(p, BPF_LDX | BPF_MEM | BPF_W, reg, BPF_REG_1, (int16_t)member, 0);
}

static bool add_head(struct device_program *p)
{
	const size_t type = offsetof(struct bpf_cgroup_dev_ctx, access_type);

	return load_word(p, BPF_REG_2, type) &&
	       add(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff) &&
	       load_word(p, BPF_REG_3, type) &&
	       add(p, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16) &&
	       load_word(p, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major)) &&
	       load_word(p, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

static bool add_answer(struct device_program *p, int32_t yes)
{
	return add(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, yes) &&
	       add(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static bool unless_equal(struct device_program *p, uint8_t reg, int64_t number)
{
	return number == ANY || add(p, BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, (int32_t)number);
}

/* Each comparison that fails goes on behind this rule; they learn where that is last. */
static bool add_rule(struct device_program *p, const struct rule *r)
{
	size_t first = p->len;
	bool fits = unless_equal(p, BPF_REG_2, r->kind);

	if (r->access != ALL_ACCESS)	/* all that is wanted is among what is allowed */
		fits = fits && add(p, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0) &&
		       add(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_1, 0, 0, (int32_t)r->access) &&
		       add(p, BPF_JMP | BPF_JNE | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0);
	fits = fits && unless_equal(p, BPF_REG_4, r->major) && unless_equal(p, BPF_REG_5, r->minor) &&
	       add_answer(p, 1);
	for (size_t i = first; i < p->len; i++)
		if (BPF_CLASS(p->insn[i].code) == BPF_JMP && BPF_OP(p->insn[i].code) == BPF_JNE)
			p->insn[i].off = (int16_t)(p->len - i - 1);
	return fits;
}

/* The kernel refuses a program with instructions that nothing leads to: where all is
 * allowed, that is the whole program. */
static int write_program(const struct rule *list, size_t n, bool all, struct device_program *p)
{
	p->len = 0;
	if (all)
		return add_answer(p, 1) ? 0 : -E2BIG;
	bool fits = add_head(p);
	for (size_t i = 0; i < n; i++)
		fits = fits && add_rule(p, &list[i]);
	return fits && add_answer(p, 0) ? 0 : -E2BIG;
}

int device_program(char *const *rules, struct device_program *out)
{
	autofree struct rule *list = mem_alloc((strv_len(rules) + 1) * sizeof(*list));
	struct rule r;
	size_t n = 0;
	bool all = false;

	for (size_t i = 0; rules[i]; i++) {
		if (!read_rule(rules[i], &r))
			return -EINVAL;
		all |= is_all(&r);
		merge(list, &n, &r);
	}
	return write_program(list, n, all, out);
}
