/* base64url without padding, as JOSE has it (RFC 7515, section 2 and appendix C). */
#ifndef SWM_AUTH_BASE64_H
#define SWM_AUTH_BASE64_H

#include "base/arena.h"
#include "base/buf.h"

/*
 * Decodes into the arena, NUL-terminated. SWM_EPARSE: another character, padding, an impossible
 * length, or leftover bits that are not zero (two texts must not mean the same bytes). SWM_ENOMEM.
 */
int swm_base64url_decode(swm_str *out, swm_arena *arena, swm_str text);

/*
 * As above, but lenient for secrets in configurations: either alphabet, with or without padding,
 * `.` for `=`.
 */
int swm_base64_decode_lenient(swm_str *out, swm_arena *arena, swm_str text);

void swm_base64url_encode(swm_buf *to, swm_str bytes);

#endif
