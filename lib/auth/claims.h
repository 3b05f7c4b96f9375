/* The claims of a verified token: times, audience, role. */
#ifndef SWM_AUTH_CLAIMS_H
#define SWM_AUTH_CLAIMS_H

#include "auth/jspath.h"
#include "base/arena.h"
#include "error/error.h"

/*
 * The claims of a payload as a configuration's rules read them. Times are stored and checked at
 * each use, since a token can become valid or expire.
 */
typedef struct swm_claims {
	swm_str text; /* as SQL gets them */
	swm_str role; /* empty when neither token nor configuration names one */
	/* seconds since 1970, which may be fractional; infinite where the token sets no bound */
	double expires, not_before, issued;
	const char *malformed; /* why the claims cannot be read; NULL when they can */
	const char *refused;   /* why they are not accepted at any time; NULL when they are */
} swm_claims;

typedef struct swm_claim_rules {
	const swm_jspath *role_path;
	swm_str audience;  /* empty: any */
	swm_str anonymous; /* the role of a token that names none; empty when there is none */
} swm_claim_rules;

/* Reads a payload; everything *out points to lives as long as the arena. SWM_OK, SWM_ENOMEM. */
int swm_claims_read(swm_claims *out, swm_arena *arena, swm_str payload,
                    const swm_claim_rules *rules);

/* Checks the claims at the given time. SWM_EAUTH: CLAIMS or TOKEN_REQUIRED of errors.def. */
int swm_claims_check(const swm_claims *claims, int64_t now, swm_error *err);

/* Why no request may run as this role, or NULL: `none` would be the login role itself. */
const char *swm_role_fault(swm_str role);

/*
 * An object's text with "role" put first; without a document, an object that has
 * nothing else. ptr is NULL when memory ran out.
 */
swm_str swm_claims_with_role(swm_arena *arena, swm_str text, const swm_json *doc, swm_str role);

#endif
