/* try.h - the tries, a small function each: 0 there, -errno not, TRY_UNCLEAR. */
#ifndef DRYDOCK_DOCTOR_TRY_H
#define DRYDOCK_DOCTOR_TRY_H

#include "doctor/probe.h"

/* try_kernel.c */
int try_root(struct trial *t);
int try_capabilities(struct trial *t);
int try_user_namespace(struct trial *t);
int try_users(struct trial *t);
int try_pidfd(struct trial *t);
int try_seccomp(struct trial *t);
int try_notify(struct trial *t);

/* try_mount.c: in a mount namespace of the try's own */
int try_propagation(struct trial *t);
int try_proc(struct trial *t);
int try_sysfs(struct trial *t);
int try_tmpfs(struct trial *t);
int try_devpts(struct trial *t);
int try_device(struct trial *t);
int try_overlay(struct trial *t);

/* try_cgroup.c */
int try_memory(struct trial *t);
int try_pids(struct trial *t);
int try_cpu(struct trial *t);

/* try_network.c */
int try_bridge(struct trial *t);
int try_veth(struct trial *t);
int try_masquerade(struct trial *t);
int try_route(struct trial *t);
int try_outgoing(struct trial *t);
int try_tun(struct trial *t);
int try_low_port(struct trial *t);
int try_port_8080(struct trial *t);
int try_ports_8000(struct trial *t);
int try_port_registry(struct trial *t);

/* try_place.c */
int try_settings(struct trial *t);
int try_data_root(struct trial *t);
int try_exec_root(struct trial *t);
int try_space(struct trial *t);
int try_inodes(struct trial *t);
int try_mount_options(struct trial *t);
int try_images(struct trial *t);
int try_bake_tools(struct trial *t);

/* try_programs.c */
int try_supervisor(struct trial *t);
int try_newuidmap(struct trial *t);
int try_ranges(struct trial *t);
int try_docker(struct trial *t);
int try_curl(struct trial *t);
int try_terminal(struct trial *t);
int try_clock(struct trial *t);
int try_open_files(struct trial *t);
int try_own_processes(struct trial *t);

#endif
