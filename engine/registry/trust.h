/* trust.h - whom a registry's address may belong to.
 *
 * certs.d/HOST[:PORT]/ below /etc/docker and /etc/drydock, as dockerd reads it:
 *	*.crt		authorities to trust beside the system's
 *	X.cert, X.key	who we are to a registry that asks for a certificate
 */
#ifndef DRYDOCK_REGISTRY_TRUST_H
#define DRYDOCK_REGISTRY_TRUST_H

#include <stdbool.h>

#include "core/error.h"

struct trust {
	char *ca;		/* PEM text of all *.crt, or NULL */
	char *cert, *key;	/* paths, or NULL */
	bool anybody;		/* certificates are not checked: an insecure registry */
};

/* url: its host names the folder.  EINVAL for a certificate without its key, and the
 * other way round. */
int trust_read(const char *url, struct trust *out, struct err *e);
void trust_free(struct trust *t);

/* Is the domain one of those listed: HOST, HOST:PORT, or an address range "10.0.0.0/8"
 * (then names are looked up)?  insecure may be NULL. */
bool trust_insecure(const char *domain, char *const *insecure);

#endif
