/* Writing errors: rooms name an entry of errors.def; the first error wins. */
#ifndef SWM_ERROR_ERROR_H
#define SWM_ERROR_ERROR_H

#include "base/str.h"

#include <swm/error.h>

enum swm_error_id {
#define SWM_ERROR(name, code, status, result, message) SWM_ERR_##name,
#include "error/errors.def"
#undef SWM_ERROR
	SWM_ERR_COUNT
};

/*
 * Fills err (NULL is allowed) with an entry; count arguments replace %1 and so
 * on. Does nothing when err already holds an error. Returns the entry's result,
 * so that a failing function can end with `return swm_fail(err, ...)`.
 */
int swm_fail_args(swm_error *err, enum swm_error_id id, const swm_str *args, size_t count);

/* As swm_fail(), with a number as its argument. */
int swm_fail_number(swm_error *err, enum swm_error_id id, int64_t number);

/*
 * As swm_fail(), with an argument formatted as by printf(). SWM_ENOMEM when memory runs out for
 * it.
 */
int swm_fail_format(swm_error *err, enum swm_error_id id, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define swm_fail(err, id, ...)                                                 \
	swm_fail_args((err), (id), (const swm_str[]){ { NULL, 0 }, __VA_ARGS__ } + 1, \
	              sizeof((const swm_str[]){ { NULL, 0 }, __VA_ARGS__ }) / sizeof(swm_str) - 1)

/* An entry without an error object, which needs no memory. */
struct swm_error_entry {
	const char *code;
	int status;
	int result;
	const char *message; /* with its %1, if it has any */
};
const struct swm_error_entry *swm_error_entry(enum swm_error_id id);

/* Out of memory. */
int swm_fail_memory(swm_error *err);

/* SWM_ERR_SYSTEM for an errno value: what failed, then the system's words. */
int swm_fail_errno(swm_error *err, swm_str what, int number);

/*
 * An error reported by PostgreSQL. Status and result follow from the SQLSTATE
 * (lib/error/sqlstate.c).
 */
struct swm_sql_error {
	swm_str sqlstate, message, details, hint;
	bool has_details, has_hint;
	bool anonymous;     /* the role was db-anon-role: 42501 is then 401, otherwise 403 */
	int status;         /* 0: it follows from the SQLSTATE */
	bool of_statement;  /* it is in the text of our own statement, and not in what that runs */
	swm_str constraint; /* that our own statement violates; empty for none */
	swm_str context;    /* PostgreSQL's: the code that was running; never shown to clients */
};
int swm_fail_sql(swm_error *err, const struct swm_sql_error *from);

/* Adds to the error just written; the views are copied. */
void swm_error_set_details(swm_error *err, swm_str details);
void swm_error_set_hint(swm_error *err, swm_str hint);
/* written as by printf() */
void swm_error_format_details(swm_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void swm_error_format_hint(swm_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* details that are JSON already (an array or object), for the web answer */
void swm_error_set_details_json(swm_error *err, swm_str json);

/* Puts a text before the message. */
void swm_error_prefix(swm_error *err, swm_str prefix);

/* Adds another error to the details, a line for its message and each of its details. */
void swm_error_append(swm_error *err, const swm_error *other);

/* Removes details and hint. */
void swm_error_drop_advice(swm_error *err);

/* Adds a header field for the answer; the views have no NUL and are copied. */
void swm_error_add_header(swm_error *err, swm_str name, swm_str value);

/* The next of them, NUL-terminated; *cursor begins at 0. False when there is no more. */
bool swm_error_next_header(const swm_error *err, size_t *cursor, swm_str *name, swm_str *value);

bool swm_error_has_details(const swm_error *err);
bool swm_error_has_hint(const swm_error *err);
bool swm_error_details_are_json(const swm_error *err);

/*
 * The result of a call, kept consistent with its error: rc, or the result of an earlier error.
 * SWM_OK clears err; SWM_ENOMEM, SWM_ESINK, SWM_ECANCELED and SWM_EUNKNOWN replace any other.
 */
int swm_error_settle(swm_error *err, int rc);

/* True when the error is this entry of errors.def. */
bool swm_error_is(const swm_error *err, enum swm_error_id id);

/* True when PostgreSQL rejected the text of one of our own statements. */
bool swm_error_is_of_statement(const swm_error *err);

/* The constraint that a statement of ours violates; empty for none. */
swm_str swm_error_constraint(const swm_error *err);

/* Replaces the message, and removes details and hint. */
void swm_error_reword(swm_error *err, swm_str message);

/* True when both are the same PostgreSQL error, raised by the same statement. */
bool swm_error_is_same(const swm_error *a, const swm_error *b);

/* Copies another error to err (NULL is allowed), replacing its content. */
void swm_error_copy(swm_error *err, const swm_error *from);

/*
 * Turns err into the error that the outcome of a write is unknown. why becomes the details, or
 * without it the message that err held. SWM_EUNKNOWN.
 */
int swm_fail_unknown(swm_error *err, swm_str why);

/* Seconds for Retry-After, 0 for none: 1 with every 503 but OUTCOME_UNKNOWN, unless it is set. */
void swm_error_set_retry_after(swm_error *err, int seconds);
int swm_error_retry_after(const swm_error *err);

/* The HTTP status that a SQLSTATE has in the web dialect (PostgREST's errors page). */
int swm_sqlstate_status(swm_str sqlstate, swm_str message, bool anonymous);

/* SWM_EUNAVAILABLE for temporary trouble of the database, else SWM_EDATABASE. */
int swm_sqlstate_result(swm_str sqlstate);

/* The same for an error whose status was set by SQL. */
int swm_raised_result(int status);

#endif
