#ifndef DRYDOCK_SIM_HOST_SOURCE_H
#define DRYDOCK_SIM_HOST_SOURCE_H

struct sim;

/* A real descriptor that is looked at: ready() is called, with the machine's lock, on the
 * machine's thread. */
struct host_source {
	void (*ready)(struct host_source *src);
	void *object;
	struct sim *sim;
	int fd;
};

#endif
