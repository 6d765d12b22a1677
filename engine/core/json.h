/* json.h - the few shorthands we want on top of cJSON.
 *
 * Reading never fails: a missing key, or one of another type, gives the
 * default.  Code that must tell the two apart (API bodies) uses json_want_*().
 */
#ifndef DRYDOCK_CORE_JSON_H
#define DRYDOCK_CORE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

void json_free(cJSON **j);

const char *json_str(const cJSON *o, const char *key);	/* NULL if absent */
const char *json_str_or(const cJSON *o, const char *key, const char *dflt);
int64_t json_int(const cJSON *o, const char *key, int64_t dflt);
bool json_bool(const cJSON *o, const char *key);
cJSON *json_obj(const cJSON *o, const char *key);	/* any child, NULL if absent */
char **json_strv(const cJSON *array);			/* owned; never NULL */

/* EINVAL with the key's name and the type wanted, if present and of another type. */
int json_want_str(const cJSON *o, const char *key, const char **out, struct err *e);
int json_want_int(const cJSON *o, const char *key, int64_t *out, struct err *e);
int json_want_bool(const cJSON *o, const char *key, bool *out, struct err *e);
/* [height, width] of a terminal: two numbers that fit, or EINVAL. */
int json_want_pair(const cJSON *o, const char *key, unsigned short out[2], struct err *e);

void json_put_str(cJSON *o, const char *key, const char *value);	/* NULL: JSON null */
void json_put_int(cJSON *o, const char *key, int64_t value);	/* exact up to 2^53 */
void json_put_bool(cJSON *o, const char *key, bool value);
void json_put(cJSON *o, const char *key, cJSON *value);		/* takes value */
void json_replace(cJSON *o, const char *key, cJSON *value);	/* takes value; put if absent */
void json_put_strv(cJSON *o, const char *key, char *const *v);

/* Whole text, nothing after it; EBADMSG with the position otherwise. */
int json_parse(const char *text, size_t len, cJSON **out, struct err *e);
char *json_line(const cJSON *o);	/* compact text, caller frees */

#endif
