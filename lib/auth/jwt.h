/* JSON Web Tokens in the compact serialization of RFC 7515, 3.1. */
#ifndef SWM_AUTH_JWT_H
#define SWM_AUTH_JWT_H

#include "auth/keys.h"
#include "base/buf.h"

/*
 * Longer tokens are refused, which bounds the work of hashing; web servers limit headers to less.
 */
enum { SWM_JWT_LONGEST = 64 * 1024 };

/*
 * Takes a token apart and checks its signature; *payload is then its middle part,
 * decoded, in the arena. SWM_EAUTH (TOKEN of errors.def), SWM_ENOMEM.
 */
int swm_jwt_verify(swm_str *payload, swm_arena *arena, const swm_keys *keys, swm_str token,
                   swm_error *err);

/*
 * Appends a token for a payload, with a symmetric key that fits. False when it could not be
 * signed.
 */
bool swm_jwt_sign(swm_buf *to, const swm_key *key, const swm_algorithm *algorithm, swm_str payload);

#endif
