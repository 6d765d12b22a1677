/* registry_aid.h - a registry with one image in it, a store to pull into, and two
 * lines between them: one that is good and one that can be spoilt (tamper.h). */
#ifndef DRYDOCK_TESTS_REGISTRY_AID_H
#define DRYDOCK_TESTS_REGISTRY_AID_H

#include "image/digest.h"
#include "image_aid.h"
#include "registry/server.h"
#include "tamper.h"

#define LAYER 200000	/* bytes; compressed still several reads long */

extern struct err e;
extern char *shelf, *home;	/* the registry's folder; the pulling store's root */
extern struct registry_server *server;
extern struct image_store *s;
extern struct tamper line;
extern char id[DIGEST_TEXT], manifest_digest[DIGEST_TEXT];	/* of the image baked last */
extern char *direct, *bad;	/* library/app:v1 through each line */

void registry_setup(void);	/* checked fixtures */
void registry_teardown(void);
void bake(const char *repo, const char *tag, int layers);
int pull(const char *ref);
void nothing_left(void);	/* fails if the store holds anything at all */
void is_whole(const char *ref);	/* fails unless it is the image baked last, undamaged */

#endif
