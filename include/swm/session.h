/* Sessions: on whose behalf queries run. */
#ifndef SWM_SESSION_H
#define SWM_SESSION_H

#include <swm/engine.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A role, and the claims it came with. Holds no connection: each query takes
 * one from the pool for its transaction alone.
 * Threads: belongs to one thread at a time.
 */
typedef struct swm_session swm_session;

/*
 * A session for a database role that the program itself vouches for; NULL is
 * the role of db-anon-role. The role is checked by the database with the first
 * query. *out is owned by the caller and must end before the engine does.
 * SWM_EAUTH: NULL was given and db-anon-role is not set, or the name is empty or
 * "none". SWM_ENOMEM.
 */
SWM_API int swm_session_new(swm_session **out, swm_engine *engine, const char *role,
                            swm_error *err) SWM_MUST_CHECK;

/*
 * A session for the bearer of a JSON Web Token (RFC 7519), verified now; its
 * times are not checked again later. SWM_EAUTH: the token is not accepted, and
 * the error says why. SWM_ENOMEM.
 */
SWM_API int swm_session_new_token(swm_session **out, swm_engine *engine, swm_str token,
                                  swm_error *err) SWM_MUST_CHECK;

/* The session's role; lives as long as the session. */
SWM_API swm_str swm_session_role(const swm_session *session);

/* Ends it; NULL is allowed. Results taken from it must have been closed. */
SWM_API void swm_session_free(swm_session *session);

#ifdef __cplusplus
}
#endif
#endif
