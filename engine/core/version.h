/* version.h - what daemon and client call themselves. */
#ifndef DRYDOCK_CORE_VERSION_H
#define DRYDOCK_CORE_VERSION_H

#define DRYDOCK_VERSION "0.2.0"

#endif
