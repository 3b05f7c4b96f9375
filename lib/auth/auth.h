/* Token -> identity. */
#ifndef SWM_AUTH_AUTH_H
#define SWM_AUTH_AUTH_H

#include "base/arena.h"
#include "config/settings.h"
#include "error/error.h"

/*
 * The keys and rules of a configuration, and a cache of verified tokens. Threads: shared by many.
 */
typedef struct swm_auth swm_auth;

/* The identity that a request runs as. The views live as long as the arena they were made in. */
typedef struct swm_identity {
	swm_str role;       /* NUL-terminated */
	/* JSON object, NUL-terminated: the token's own bytes, "role" added if it had none */
	swm_str claims;
	bool authenticated; /* a token was given, or the program vouches for the role */
	bool anonymous;     /* the role is db-anon-role, with a token or without */
} swm_identity;

/* SWM_ECONFIG: the secret or the claim path cannot be used. The settings are referenced. */
int swm_auth_new(swm_auth **out, const swm_settings *settings, swm_error *err);
void swm_auth_free(swm_auth *auth);

/*
 * The token of an Authorization field: true when its scheme is Bearer, in any case; *token may
 * then be empty (nginx strips the blank after a bare "Bearer"). False for another scheme, which
 * counts as no token.
 */
bool swm_auth_bearer(swm_str authorization, swm_str *token);

/*
 * Verifies a token at a time (seconds since 1970). SWM_EAUTH: NO_SECRET, TOKEN,
 * CLAIMS of errors.def. SWM_ENOMEM.
 */
int swm_auth_token(swm_auth *auth, swm_arena *arena, swm_str token, int64_t now,
                   swm_identity *out, swm_error *err);

/* Without a token. SWM_EAUTH: TOKEN_REQUIRED. */
int swm_auth_anonymous(swm_auth *auth, swm_arena *arena, swm_identity *out, swm_error *err);

/* For a role that the program vouches for. SWM_EAUTH: empty or "none". */
int swm_auth_role(swm_auth *auth, swm_arena *arena, swm_str role, swm_identity *out,
                  swm_error *err);

#endif
