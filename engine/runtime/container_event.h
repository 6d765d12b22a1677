/* container_event.h - what `docker events` shows.
 *
 * The last 1024 events are kept; a reader gets those since a time and then the
 * new ones.  One list for the daemon: containers, images and networks write it.
 */
#ifndef DRYDOCK_RUNTIME_CONTAINER_EVENT_H
#define DRYDOCK_RUNTIME_CONTAINER_EVENT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* type: "container", "image" …; action: "create", "die" …; attributes: consumed, NULL = {}. */
void event_add(const char *type, const char *action, const char *id, cJSON *attributes);
/* Of a volume: `attributes` and its driver. */
void event_volume(const char *action, const char *name, cJSON *attributes);

/* Calls fn with each event and its text (timeNano has more digits than a cJSON
 * number keeps) after `since_ns` (wall clock) and up to `until_ns`; then, if
 * until_ns lies ahead (UINT64_MAX: for ever), with each new one.  fn gets NULL twice a
 * second and before the first wait; non-zero from it ends the reading. */
void event_read(uint64_t since_ns, uint64_t until_ns,
		int (*fn)(void *arg, const cJSON *event, const char *line), void *arg);

#endif
