/* upload.h - how server.c and reply.c feed a body to its handler (upload.c). */
#ifndef DRYDOCK_API_UPLOAD_H
#define DRYDOCK_API_UPLOAD_H

#include "api/api.h"

/* Starts the handler of r->route, which gets the body from request_take_body(). */
int body_begin(struct request *r, struct err *e);
void body_feed(struct request *r, const char *data, size_t n);
/* Takes the answer, to be sent when the body is over. */
void body_keep_answer(struct request *r, int status, struct MHD_Response *answer);
/* The body is whole: waits for the handler; its result, and the answer or NULL. */
int body_end(struct request *r, int *status, struct MHD_Response **answer, struct err *e);
/* The request is over, however; the body may have broken off. */
void body_free(struct request *r);

#endif
