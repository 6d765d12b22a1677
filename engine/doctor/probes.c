/* probes.c - the table: what a backend needs of this machine.
 *
 * In the order in which it is shown.  `must` and `use` say which backend can't be without
 * a row and which only does worse; `breaks` and `dims` which of the lab's steps that is.
 * A row with all backends in it is tried once and shown for all of them.
 */
#include <sched.h>

#include "core/cleanup.h"
#include "doctor/try.h"
#include "rootless/switches.h"

#define ROW_NAMESPACE(kind, flag, need, loss)						\
	{ "namespace-" kind, kind " namespace", .must = need, .inside = true, .flags = flag,	\
	  .forbids = FORBIDS_OTHER_NAMESPACES, .cost = loss,					\
	  .mend = PRIVILEGED }

#define NO_CONTAINER "no container can start"
#define PRIVILEGED   "$ docker run --privileged ..."	/* the container that we are in */
#define OWN_KERNEL   "# apt-get install linux-image-amd64"

const struct probe probes[] = {
	/* ---- every backend ---- */
	{ "settings", "settings in daemon.json", .must = EVERY, .try = try_settings,
	  .cost = "the daemon doesn't start", .mend = "$ drydock daemon --validate" },
	{ "data-root", "folder for images and containers", .must = EVERY, .try = try_data_root,
	  .cost = "the daemon doesn't start", .mend = "$ export DRYDOCK_ROOT=~/drydock" },
	{ "exec-root", "folder for sockets", .must = EVERY, .try = try_exec_root,
	  .cost = "the daemon doesn't start", .mend = "$ export XDG_RUNTIME_DIR=$(mktemp -d)" },
	{ "space", "free space", .must = EVERY, .try = try_space,
	  .cost = "images and containers find no room", .mend = "$ drydock docker system prune" },
	{ "inodes", "free inodes", .must = EVERY, .try = try_inodes,
	  .cost = "images and containers can't make their files",
	  .mend = "$ drydock docker system prune" },
	{ "images", "course images", .use = EVERY, .try = try_images, .breaks = "all",
	  .cost = "the lab's images must come from Docker Hub", .mend = "$ drydock bake" },
	{ "bake-tools", "tools to bake them", .use = EVERY, .try = try_bake_tools,
	  .cost = "course images can't be made here",
	  .mend = "# apt-get install --no-install-recommends mmdebstrap dpkg-dev" },
	{ "port-8080", "port 8080, of step web", .use = EVERY, .try = try_port_8080, .breaks = "web",
	  .cost = "`-p 8080:80` is refused until it is free", .mend = "$ ss -ltnp" },
	{ "ports-8000", "ports 8000 and 8001, of step ports", .use = EVERY, .try = try_ports_8000,
	  .breaks = "ports", .cost = "`-p 8000:80` is refused until it is free", .mend = "$ ss -ltnp" },
	{ "port-registry", "port 10740, of the course registry", .use = EVERY,
	  .try = try_port_registry, .cost = "it takes another one", .mend = "$ ss -ltnp" },
	{ "curl", "curl", .use = EVERY, .try = try_curl, .dims = "web ports",
	  .cost = "visit the web server with a browser instead",
	  .mend = "# apt-get install --no-install-recommends curl" },
	{ "route", "a way to the network", .use = EVERY, .try = try_route,
	  .cost = "only the course images can be pulled", .mend = "# dhclient" },
	{ "docker", "a docker command outside of the lab", .use = EVERY, .try = try_docker,
	  .cost = "none in the lab, which brings its own; elsewhere `drydock docker`",
	  .mend = "# apt-get install --no-install-recommends docker.io" },
	{ "terminal", "terminal", .use = EVERY, .try = try_terminal,
	  .cost = "plain lines, as with --plain, or lines that break",
	  .mend = "$ export TERM=xterm-256color" },
	{ "clock", "clock", .use = EVERY, .try = try_clock,
	  .cost = "registries by https are refused, and ages are wrong",
	  .mend = "# timedatectl set-ntp true" },
	{ "open-files", "open files", .use = EVERY, .try = try_open_files,
	  .cost = "a hundred containers at once are too many", .mend = "$ ulimit -n 4096" },

	/* ---- whoever one is ---- */
	{ "root", "root", .must = LINUX, .door = LINUX, .try = try_root,
	  .cost = "this backend is root's", .mend = "$ sudo drydock" },
	{ "user-namespace", "user namespace", .must = ROOTLESS, .door = ROOTLESS,
	  .try = try_user_namespace, .forbids = FORBIDS_USER_NAMESPACES, .cost = NO_CONTAINER,
	  .mend = "# sysctl user.max_user_namespaces=10000" },
	{ "supervisor", "drydock-supervisor", .must = CONTAINERS, .try = try_supervisor,
	  .cost = NO_CONTAINER, .mend = "$ make" },
	{ "pidfd", "descriptors of processes (pidfd)", .must = CONTAINERS, .try = try_pidfd,
	  .cost = NO_CONTAINER, .mend = OWN_KERNEL },
	{ "seccomp", "filters of system calls (seccomp)", .must = CONTAINERS, .try = try_seccomp,
	  .cost = NO_CONTAINER, .mend = OWN_KERNEL },
	{ "seccomp-notify", "word of programs that start (seccomp notification)",
	  .must = CONTAINERS, .try = try_notify, .cost = NO_CONTAINER,
	  .mend = "$ docker run --security-opt seccomp=unconfined ..." },
	{ "processes", "processes of others in /proc", .use = CONTAINERS, .try = try_own_processes,
	  .dims = "root", .cost = "`ps` outside doesn't show whose containers' processes are",
	  .mend = "# mount -o remount,hidepid=0 /proc" },
	{ "data-mount", "programs on the data folder's filesystem", .use = CONTAINERS,
	  .try = try_mount_options, .cost = "programs in volumes don't start, or not set-uid",
	  .mend = "$ export DRYDOCK_ROOT=~/drydock" },
	{ "capabilities", "capabilities that containers get", .use = LINUX, .inside = true,
	  .try = try_capabilities, .dims = "shell",
	  .cost = "programs in containers may be refused what docker allows",
	  .mend = PRIVILEGED },
	{ "subuid", "range of users in /etc/subuid and /etc/subgid", .use = ROOTLESS,
	  .try = try_ranges, .dims = "root", .cost = "there is only root in containers",
	  .mend = "# usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER" },
	{ "newuidmap", "newuidmap and newgidmap", .use = ROOTLESS, .try = try_newuidmap,
	  .forbids = FORBIDS_OTHERS_RIGHTS, .dims = "root",
	  .cost = "the range is of no use: there is only root in containers",
	  .mend = "# apt-get install --no-install-recommends uidmap" },
	{ "outgoing", "slirp4netns or pasta", .use = ROOTLESS, .try = try_outgoing,
	  .cost = "containers reach no network",
	  .mend = "# apt-get install --no-install-recommends slirp4netns" },
	{ "tun", "/dev/net/tun", .use = ROOTLESS, .try = try_tun, .forbids = FORBIDS_MODULES,
	  .cost = "containers reach no network", .mend = "# modprobe tun" },
	{ "low-ports", "published ports below 1024", .use = ROOTLESS, .try = try_low_port,
	  .forbids = FORBIDS_LOW_PORTS, .cost = "`-p 80:80` is refused; the lab needs none",
	  .mend = "# sysctl net.ipv4.ip_unprivileged_port_start=80" },

	/* ---- where containers are ---- */
	ROW_NAMESPACE("mount", CLONE_NEWNS, CONTAINERS, NO_CONTAINER),
	ROW_NAMESPACE("pid", CLONE_NEWPID, CONTAINERS, NO_CONTAINER),
	ROW_NAMESPACE("network", CLONE_NEWNET, CONTAINERS, NO_CONTAINER),
	ROW_NAMESPACE("ipc", CLONE_NEWIPC, CONTAINERS, NO_CONTAINER),
	ROW_NAMESPACE("uts", CLONE_NEWUTS, CONTAINERS, NO_CONTAINER),
	{ "namespace-cgroup", "cgroup namespace", .use = CONTAINERS, .inside = true,
	  .flags = CLONE_NEWCGROUP, .forbids = FORBIDS_OTHER_NAMESPACES,
	  .cost = "containers see where their groups are on the host",
	  .mend = "# sysctl user.max_cgroup_namespaces=10000" },
	{ "propagation", "mounts that stay private", .must = CONTAINERS, .inside = true,
	  .flags = CLONE_NEWNS, .try = try_propagation, .cost = NO_CONTAINER,
	  .mend = PRIVILEGED },
	{ "overlay", "overlay: layers as one tree", .must = CONTAINERS, .inside = true,
	  .flags = CLONE_NEWNS, .try = try_overlay, .forbids = FORBIDS_MODULES,
	  .cost = NO_CONTAINER, .mend = "# modprobe overlay" },
	{ "proc", "/proc of a container's own", .must = CONTAINERS, .inside = true,
	  .flags = CLONE_NEWNS | CLONE_NEWPID, .try = try_proc, .forbids = FORBIDS_MOUNTING_PROC,
	  .cost = NO_CONTAINER, .mend = PRIVILEGED },
	{ "sysfs", "/sys of a container's own", .must = CONTAINERS, .inside = true,
	  .flags = CLONE_NEWNS, .try = try_sysfs, .cost = NO_CONTAINER,
	  .mend = "# mount -t sysfs sysfs /sys" },
	{ "tmpfs", "tmpfs", .must = CONTAINERS, .inside = true, .flags = CLONE_NEWNS,
	  .try = try_tmpfs, .cost = NO_CONTAINER, .mend = OWN_KERNEL },
	{ "devpts", "terminals (devpts)", .must = CONTAINERS, .inside = true, .flags = CLONE_NEWNS,
	  .try = try_devpts, .cost = NO_CONTAINER,
	  .mend = OWN_KERNEL },
	{ "devices", "device nodes", .must = LINUX, .inside = true, .flags = CLONE_NEWNS,
	  .try = try_device, .cost = NO_CONTAINER,
	  .mend = PRIVILEGED },
	{ "users", "files of several users", .use = CONTAINERS, .inside = true, .try = try_users,
	  .dims = "root", .cost = "all files in containers are root's",
	  .mend = "# apt-get install --no-install-recommends uidmap" },
	{ "bridge", "bridge", .must = CONTAINERS, .inside = true,
	  .try = try_bridge, .forbids = FORBIDS_MODULES, .cost = "the daemon doesn't start",
	  .mend = "# modprobe bridge" },
	{ "veth", "cables between network namespaces (veth)", .must = CONTAINERS, .inside = true,
	  .try = try_veth, .forbids = FORBIDS_MODULES,
	  .cost = "containers have no network", .mend = "# modprobe veth" },
	{ "masquerade", "masquerade (nftables)", .use = CONTAINERS, .inside = true,
	  .try = try_masquerade, .forbids = FORBIDS_MODULES,
	  .cost = "containers reach no network", .mend = "# modprobe -a nf_tables nft_masq nft_chain_nat" },
	{ "limit-memory", "limits of memory (-m)", .use = CONTAINERS, .inside = true,
	  .try = try_memory, .cost = "`docker run -m` is refused",
	  .mend = "# sed -i 's/^GRUB_CMDLINE_LINUX=\"/&cgroup_enable=memory /' /etc/default/grub"
		  " && update-grub && reboot" },
	{ "limit-pids", "limits of processes (--pids-limit)", .use = CONTAINERS, .inside = true,
	  .try = try_pids, .cost = "`docker run --pids-limit` is refused",
	  .mend = "# mount -t cgroup2 none /sys/fs/cgroup" },
	{ "limit-cpu", "limits of processor time (--cpus)", .use = CONTAINERS, .inside = true,
	  .try = try_cpu, .cost = "`docker run --cpus` is refused",
	  .mend = "# mount -t cgroup2 none /sys/fs/cgroup" },
};

const size_t n_probes = ARRAY_SIZE(probes);
