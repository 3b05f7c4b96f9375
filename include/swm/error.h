/* Errors: one object that a caller makes once and passes as the last argument. */
#ifndef SWM_ERROR_H
#define SWM_ERROR_H

#include <swm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The last failure of a call. Every function that takes one accepts NULL
 * instead, for a caller that needs only the result. A call that fails clears what was in
 * it before and writes its own; a call that succeeds leaves it cleared.
 *
 * Threads: an error object belongs to one thread at a time.
 */
typedef struct swm_error swm_error;

/* Makes an error object, owned by the caller. NULL when memory ran out. */
SWM_API swm_error *swm_error_new(void);

/* Frees it; NULL is allowed. Views taken from it end here. */
SWM_API void swm_error_free(swm_error *err);

/* Forgets what it holds. NULL is allowed. */
SWM_API void swm_error_clear(swm_error *err);

/* The value of enum swm_result that the failed call returned; SWM_OK when clear. */
SWM_API int swm_error_result(const swm_error *err);

/*
 * The stable code: "PGRST..." (https://docs.postgrest.org/en/latest/references/errors.html)
 * or PostgreSQL's SQLSTATE. "" when clear. The views below live until the error
 * is written to, cleared or freed.
 */
SWM_API swm_str swm_error_code(const swm_error *err);

/* One line for a person. */
SWM_API swm_str swm_error_message(const swm_error *err);

/* More about it, or an empty view. */
SWM_API swm_str swm_error_details(const swm_error *err);

/* Advice on how to avoid it, or an empty view. */
SWM_API swm_str swm_error_hint(const swm_error *err);

/* The HTTP status (100..599) that the web dialect gives it; 0 when clear. */
SWM_API int swm_error_http_status(const swm_error *err);

#ifdef __cplusplus
}
#endif
#endif
