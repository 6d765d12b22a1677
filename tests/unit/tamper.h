/* tamper.h - a bad line between a client and a server.
 *
 * A proxy that passes each request on (one a connection) and does one of these
 * to the answers that are at least `from` bytes long, or to all.
 */
#ifndef DRYDOCK_TESTS_TAMPER_H
#define DRYDOCK_TESTS_TAMPER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum tamper_how {
	TAMPER_NOT, TAMPER_CUT, TAMPER_FLIP, TAMPER_STALL,
	TAMPER_HANG_UP,		/* closes without an answer */
	TAMPER_NONSENSE,	/* answers what is no HTTP */
	TAMPER_HTML,		/* answers 200 with a page, as portals in hotels do */
	TAMPER_ERROR,		/* answers 500 */
	TAMPER_LIMIT,		/* answers 429 */
	TAMPER_BASIC,		/* lets in whoever is "me" with the password "s?>" */
	TAMPER_TOKEN,		/* the same, but for a token, which /token gives */
};

struct tamper {
	uint16_t port, to;
	_Atomic int how;
	_Atomic size_t at;	/* the byte of the answer's body where it happens */
	_Atomic int times;	/* how often; then the line is good again; -1: always */
	_Atomic int asked;	/* requests seen */
	const char *only;	/* in the request's first line, "/blobs/"; NULL: any */
	int fd;
};
/* Listens on a port of its own, in threads of this process, for its lifetime. */
void tamper_start(struct tamper *t, uint16_t to);

#endif
