/* Strings, results and visibility, for every other header of libswm. */
#ifndef SWM_TYPES_H
#define SWM_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SWM_API __attribute__((visibility("default")))
#define SWM_MUST_CHECK __attribute__((warn_unused_result))
#else
#define SWM_API
#define SWM_MUST_CHECK
#endif

/*
 * A view of bytes that somebody else owns: not terminated by NUL, never freed
 * through this struct. Each function says how long the bytes must stay.
 * Text is UTF-8. ptr may be NULL when len is 0.
 */
typedef struct swm_str {
	const char *ptr;
	size_t len; /* bytes */
} swm_str;

/* A view of a string literal. */
#ifdef __cplusplus
#define SWM_STR(literal) (swm_str{ "" literal, sizeof(literal) - 1 })
#else
#define SWM_STR(literal) ((swm_str){ "" literal, sizeof(literal) - 1 })
#endif

/*
 * The results of this library's functions: 0, or one of these. The numbers are
 * stable; a retired one is not used again. The swm_error that a function takes
 * last says the rest (include/swm/error.h).
 */
enum swm_result {
	SWM_OK = 0,
	/* Memory ran out. The object named first is unchanged or can only be freed. */
	SWM_ENOMEM = -1,
	/* The caller broke a rule of the function: a wrong argument or order of calls. */
	SWM_EINVAL = -2,
	/* A configuration is wrong; the error names the file, line and setting. */
	SWM_ECONFIG = -3,
	/* A query, header or body cannot be read; the error says where. */
	SWM_EPARSE = -4,
	/* A token is missing, wrong or expired, or its role may not be taken. */
	SWM_EAUTH = -5,
	/* A relation, column, function or schema is not there. */
	SWM_ENOTFOUND = -6,
	/* The request is understood and not allowed or not possible. */
	SWM_EREFUSED = -7,
	/*
	 * The database cannot be reached, went away, or lacks resources for the moment. Nothing
	 * was written. Trying later may help.
	 */
	SWM_EUNAVAILABLE = -8,
	/* No connection became free in time. Trying later may help. */
	SWM_ETIMEDOUT = -9,
	/* PostgreSQL refused the statement; the error has its SQLSTATE. */
	SWM_EDATABASE = -10,
	/* The caller or the client went away or gave up; the query was cancelled. */
	SWM_ECANCELED = -11,
	/* A sink's function returned non-zero. */
	SWM_ESINK = -12,
	/* The operating system refused something (a file, a socket, a thread). */
	SWM_ESYSTEM = -13,
	/* A fault of the library or of a protocol peer. */
	SWM_EINTERNAL = -14,
	/*
	 * Something failed after COMMIT may have reached the server: the write may or may not be
	 * in the database. Never simply try again: look first whether it is there.
	 */
	SWM_EUNKNOWN = -15,
};

#ifdef __cplusplus
}
#endif
#endif
