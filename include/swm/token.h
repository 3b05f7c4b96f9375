/* Making JSON Web Tokens for tests and devices. */
#ifndef SWM_TOKEN_H
#define SWM_TOKEN_H

#include <swm/config.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Signs claims (a JSON object) with the secret of a configuration and an HMAC
 * algorithm: "HS256", "HS384" or "HS512" (RFC 7518, 3.2); NULL is HS256.
 * *out is a NUL-terminated token; free it with swm_token_free().
 * SWM_ECONFIG: no symmetric secret is configured. SWM_EPARSE: the claims are no
 * JSON object. SWM_EINVAL: another algorithm. SWM_ENOMEM.
 */
SWM_API int swm_token_sign(char **out, const swm_config *config, swm_str claims,
                           const char *algorithm, swm_error *err) SWM_MUST_CHECK;

/* Frees a token; NULL is allowed. */
SWM_API void swm_token_free(char *token);

#ifdef __cplusplus
}
#endif
#endif
