/* htpasswd.h - who may use the embedded registry: Apache's file, bcrypt only.
 *
 * The file is read again whenever it changes, so that a teacher can add a student
 * while the class is at work.  Bcrypt is slow on purpose (crypt(5)); a registry
 * client sends its password with every request, so what was right a moment ago is
 * remembered, as a keyed SHA-256 in memory only.
 */
#ifndef DRYDOCK_REGISTRY_HTPASSWD_H
#define DRYDOCK_REGISTRY_HTPASSWD_H

#include <stdbool.h>

#include "core/error.h"

struct htpasswd;

/* EINVAL for a line that is not NAME:BCRYPT; errors of reading else. */
int htpasswd_open(const char *path, struct htpasswd **out, struct err *e);
void htpasswd_free(struct htpasswd *h);	/* NULL is fine */

/* Whether an Authorization header names somebody in the file.  NULL: nobody.  Takes
 * as long for an unknown name as for a wrong password.  Thread-safe. */
bool htpasswd_allows(struct htpasswd *h, const char *authorization);

#endif
