/* SHA-256 (FIPS 180-4) of a text that comes in pieces. */
#ifndef SWM_AUTH_DIGEST_H
#define SWM_AUTH_DIGEST_H

#include "base/arena.h"

typedef struct swm_digest swm_digest;

/* NULL when memory ran out. */
swm_digest *swm_digest_new(void);
void swm_digest_free(swm_digest *digest); /* NULL is allowed */

/* The next bytes. A failure shows at the end. */
void swm_digest_add(swm_digest *digest, swm_str bytes);

/* Adds a field, preceded by its length, so that no two lists of fields give the same bytes. */
void swm_digest_field(swm_digest *digest, swm_str field);

/* 64 hexadecimal digits, NUL-terminated, once. ptr is NULL when memory ran out. */
swm_str swm_digest_end(swm_digest *digest, swm_arena *arena);

#endif
