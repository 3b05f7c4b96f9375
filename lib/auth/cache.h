/*
 * Tokens with a valid signature, so that it need not be verified again. Bounded; eviction by SIEVE
 * (https://cachemon.github.io/SIEVE-website). Expiry is not handled here: times are checked at
 * every use.
 */
#ifndef SWM_AUTH_CACHE_H
#define SWM_AUTH_CACHE_H

#include "auth/claims.h"

/* SHA-256 of the whole token, so that the tokens themselves are not kept. */
typedef struct swm_token_digest {
	unsigned char bytes[32];
} swm_token_digest;

/* Threads: shared by many. */
typedef struct swm_token_cache swm_token_cache;

/* entries is 1 or more. NULL when memory ran out. */
swm_token_cache *swm_token_cache_new(size_t entries);
void swm_token_cache_free(swm_token_cache *cache); /* NULL is allowed */

/*
 * Copies a cached token's claims into the arena; false when it is not cached, or for want of
 * memory.
 */
bool swm_token_cache_get(swm_token_cache *cache, const swm_token_digest *digest, swm_arena *arena,
                         swm_claims *out);

/* Remembers a copy; does nothing when memory ran out or the claims are very long. */
void swm_token_cache_put(swm_token_cache *cache, const swm_token_digest *digest,
                         const swm_claims *claims);

#endif
