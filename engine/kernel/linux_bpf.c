#include "kernel/linux.h"

#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>

long linux_bpf_load(struct kernel *k, const struct k_filter *program)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));	/* the kernel looks at all of it */
	a.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	a.insns = (uint64_t)(uintptr_t)program->prog;
	a.insn_cnt = program->len;
	a.license = (uint64_t)(uintptr_t)"MIT";
	return SYS(bpf, BPF_PROG_LOAD, &a, sizeof(a));
}

long linux_bpf_attach(struct kernel *k, int group, int program, unsigned long flags)
{
	union bpf_attr a;

	memset(&a, 0, sizeof(a));
	a.target_fd = (uint32_t)group;
	a.attach_bpf_fd = (uint32_t)program;
	a.attach_type = BPF_CGROUP_DEVICE;
	a.attach_flags = (uint32_t)flags;
	return SYS(bpf, BPF_PROG_ATTACH, &a, sizeof(a));
}
