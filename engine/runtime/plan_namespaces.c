/* plan_namespaces.c - a process with its own view of the machine.
 *
 * All new namespaces come with the clone call.  Three exceptions: a network
 * with its cable takes a millisecond to make and is prepared ahead, so the
 * child enters it; a namespace of another container is entered, too; and with
 * cgroup v1 the cgroup namespace can only be made after joining the groups,
 * since its root is wherever the process stands at that moment.
 */
#include "runtime/plan_parts.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ull
#endif

static uint64_t new_namespaces(const struct plan_input *in, bool into_cgroup)
{
	const struct spec *s = in->spec;
	uint64_t flags = CLONE_NEWNS;

	if (s->pid_mode == NS_PRIVATE)
		flags |= CLONE_NEWPID;
	if (s->ipc_mode == NS_PRIVATE)
		flags |= CLONE_NEWIPC;
	if (s->uts_mode == NS_PRIVATE)
		flags |= CLONE_NEWUTS;
	if (s->net == NET_NONE)
		flags |= CLONE_NEWNET;
	if (into_cgroup)
		flags |= CLONE_INTO_CGROUP;
	if (into_cgroup && s->cgroup_mode == NS_PRIVATE)
		flags |= CLONE_NEWCGROUP;
	return flags;
}

static void add_spawn(struct plan_builder *p, uint64_t flags, bool userns, int why)
{
	plan_add(p, K_SPAWN, why, INT(flags), { ARG_SLOT, p->cgroup, NULL });
	if (!p->cgroup)
		p->step[p->last].kind[1] = ARG_INT;
	plan_into(p, SLOT_CHILD);
	if (userns) {
		p->step[p->last].kind[2] = ARG_SLOT;
		p->step[p->last].arg[2] = SLOT_NS_USER;
	}
	if (p->cgroup)
		plan_add(p, K_CLOSE, WHY_TABLE, SLOT(p->cgroup));
}

void plan_spawn(struct plan_builder *p, const struct plan_input *in)
{
	plan_cgroup_open(p, in);
	plan_cgroup_devices(p, in);
	if (in->spec->pid_mode == NS_JOIN)
		plan_add(p, K_SETNS, WHY_NS_JOIN, SLOT(SLOT_NS_PID), INT(CLONE_NEWPID));
	add_spawn(p, new_namespaces(in, p->cgroup), plan_in_userns(in),
		  plan_in_userns(in) ? WHY_NS_SPAWN_USER : WHY_NS_SPAWN);
}

/* The supervisor itself enters the pid namespace "for children": the program is
 * then its own child, whose end it is told of, and still lives inside. */
void plan_spawn_exec(struct plan_builder *p, const struct plan_input *in)
{
	plan_cgroup_open(p, in);
	if (in->spec->pid_mode != NS_HOST)
		plan_add(p, K_SETNS, WHY_NS_JOIN, SLOT(SLOT_INIT), INT(CLONE_NEWPID));
	add_spawn(p, p->cgroup ? CLONE_INTO_CGROUP : 0, false, WHY_TABLE);
}

/* The loopback interface is there in every new namespace, but switched off. */
static void add_loopback(struct plan_builder *p)
{
	struct { struct nlmsghdr h; struct ifinfomsg link; } up = {
		.h = { .nlmsg_len = sizeof(up), .nlmsg_type = RTM_NEWLINK,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK, .nlmsg_seq = 1 },
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = 1, .ifi_flags = IFF_UP,
			  .ifi_change = IFF_UP },
	};
	struct { uint64_t data, len; } request = { plan_data(p, &up, sizeof(up)), sizeof(up) };
	uint32_t at = plan_data(p, &request, sizeof(request));
	int sock = plan_slot(p, "rtnetlink");

	plan_reloc(p, at);
	plan_add(p, K_SOCKET, WHY_NET_UP, INT(AF_NETLINK), INT(SOCK_RAW | SOCK_CLOEXEC),
		 INT(NETLINK_ROUTE));
	plan_into(p, sock);
	plan_add(p, K_RTNETLINK, WHY_NET_UP, SLOT(sock), HEAP(at));
	plan_add(p, K_CLOSE, WHY_TABLE, SLOT(sock));
}

static void add_names(struct plan_builder *p, const struct spec *s)
{
	if (s->hostname)
		plan_add(p, K_SETHOSTNAME, WHY_NS_HOSTNAME, TEXT(s->hostname));
	if (s->domainname && s->domainname[0])
		plan_add(p, K_SETDOMAINNAME, WHY_NS_HOSTNAME, TEXT(s->domainname));
}

void plan_namespaces(struct plan_builder *p, const struct plan_input *in)
{
	const struct spec *s = in->spec;

	plan_add(p, K_PRCTL, WHY_EXEC_PARENT, INT(PR_SET_PDEATHSIG), INT(SIGKILL), INT(0));
	if (s->net == NET_NEW || s->net == NET_JOIN)
		plan_add(p, K_SETNS, WHY_NS_NET, SLOT(SLOT_NS_NET), INT(CLONE_NEWNET));
	if (s->ipc_mode == NS_JOIN)
		plan_add(p, K_SETNS, WHY_NS_JOIN, SLOT(SLOT_NS_IPC), INT(CLONE_NEWIPC));
	if (s->uts_mode == NS_JOIN)
		plan_add(p, K_SETNS, WHY_NS_JOIN, SLOT(SLOT_NS_UTS), INT(CLONE_NEWUTS));
	if (!in->host->cgroup_v2 && s->cgroup_mode == NS_PRIVATE)
		plan_add(p, K_UNSHARE, WHY_NS_CGROUP, INT(CLONE_NEWCGROUP));
	if (s->uts_mode == NS_PRIVATE)
		add_names(p, s);
	if (s->net == NET_NONE)
		add_loopback(p);
}

void plan_private(struct plan_builder *p)
{
	plan_add(p, K_MOUNT, WHY_NS_PRIVATE, NOTEXT, TEXT("/"), NOTEXT,
		 INT(MS_REC | MS_PRIVATE), NOTEXT);
}

/* Whoever is in the pid namespace already could trace a process that enters it, and
 * take what it still holds of the host's.  Only the kernel's /proc/PID files change
 * owner by this; execve makes it as it was. */
void plan_close_to_others(struct plan_builder *p)
{
	plan_add(p, K_PRCTL, WHY_EXEC_CLOSED, INT(PR_SET_DUMPABLE), INT(0), INT(0));
}

/* docker exec: one call enters them all, by PID 1's pidfd. */
void plan_enter(struct plan_builder *p, const struct plan_input *in)
{
	const struct spec *s = in->spec;
	int flags = CLONE_NEWNS | (plan_in_userns(in) ? CLONE_NEWUSER : 0);

	if (s->ipc_mode != NS_HOST)
		flags |= CLONE_NEWIPC;
	if (s->uts_mode != NS_HOST)
		flags |= CLONE_NEWUTS;
	if (s->net != NET_HOST)
		flags |= CLONE_NEWNET;
	if (s->cgroup_mode == NS_PRIVATE)
		flags |= CLONE_NEWCGROUP;
	plan_add(p, K_SETNS, WHY_NS_JOIN, SLOT(SLOT_INIT), INT(flags));
}
