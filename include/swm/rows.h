/* Rows: the typed result of a query. */
#ifndef SWM_ROWS_H
#define SWM_ROWS_H

#include <swm/query.h>
#include <swm/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A result. In streaming mode one row at a time is in memory, and a connection is
 * held until the last row was read or the result is closed; in whole mode all
 * rows are in memory and the connection has gone back.
 * Threads: belongs to one thread at a time.
 */
typedef struct swm_rows swm_rows;

enum swm_rows_mode {
	SWM_ROWS_STREAM = 0,
	SWM_ROWS_WHOLE = 1,
};

/* The kinds of values that swm knows. */
enum swm_kind {
	SWM_KIND_INT64,  /* smallint, integer, bigint */
	SWM_KIND_DOUBLE, /* real, double precision */
	SWM_KIND_BOOL,
	SWM_KIND_BYTES,  /* bytea */
	/* everything else, in PostgreSQL's text form; embedded rows are the text of JSON */
	SWM_KIND_TEXT,
};

/*
 * Runs a query in a read-only transaction of the session's role. *out is owned
 * by the caller: close it with swm_rows_close(), also after an error of
 * swm_rows_next(). The query may be changed or freed at once.
 *
 * A function that is VOLATILE may write. What it wrote is kept when the end of the rows
 * has been reached (in whole mode: when this returns), and may or may not be when they
 * are closed before. SWM_EUNKNOWN leaves that open too; any other error says that it is not.
 *
 * SWM_ENOTFOUND, SWM_EREFUSED: the query does not fit the schema.
 * SWM_EUNAVAILABLE, SWM_ETIMEDOUT, SWM_EDATABASE, SWM_EUNKNOWN, SWM_ENOMEM.
 */
SWM_API int swm_session_query(swm_rows **out, swm_session *session, const swm_query *query,
                              enum swm_rows_mode mode, swm_error *err) SWM_MUST_CHECK;

/*
 * Goes to the next row: 1 when there is one, 0 after the last (then the
 * transaction has been committed), or a negative result. The first call goes to
 * the first row. After 0 or an error, only the column functions and
 * swm_rows_close() may be called. SWM_EUNAVAILABLE, SWM_EDATABASE, SWM_EUNKNOWN,
 * SWM_ENOMEM.
 */
SWM_API int swm_rows_next(swm_rows *rows, swm_error *err) SWM_MUST_CHECK;

/* Ends the result; a query still running is cancelled. NULL is allowed. */
SWM_API void swm_rows_close(swm_rows *rows);

/* Columns of the result, numbered from 0 everywhere below. */
SWM_API size_t swm_rows_columns(const swm_rows *rows);

/* The name of a column; empty for a number that is not there. Lives until the close. */
SWM_API swm_str swm_rows_name(const swm_rows *rows, size_t column);

/* The kind of a column; SWM_KIND_TEXT for a number that is not there. */
SWM_API enum swm_kind swm_rows_kind(const swm_rows *rows, size_t column);

/* The object identifier of its type in pg_type; 0 for a number that is not there. */
SWM_API uint32_t swm_rows_type_oid(const swm_rows *rows, size_t column);

/* True: the value is null, or there is no such column. */
SWM_API bool swm_rows_is_null(const swm_rows *rows, size_t column);

/*
 * The value as a type. SWM_EINVAL: no row, no such column, a null, or a value
 * that the type cannot hold exactly (a double takes any number). Values of other
 * kinds are converted where PostgreSQL's text form allows it.
 */
SWM_API int swm_rows_int64(const swm_rows *rows, size_t column, int64_t *out) SWM_MUST_CHECK;
SWM_API int swm_rows_double(const swm_rows *rows, size_t column, double *out) SWM_MUST_CHECK;
SWM_API int swm_rows_bool(const swm_rows *rows, size_t column, bool *out) SWM_MUST_CHECK;

/*
 * The value in PostgreSQL's text form, of any kind; NUL-terminated after its
 * end. Lives until the next call of swm_rows_next() or the close.
 * SWM_EINVAL: no row, no such column, or a null.
 */
SWM_API int swm_rows_text(const swm_rows *rows, size_t column, swm_str *out) SWM_MUST_CHECK;

/*
 * The bytes of a bytea. Lives as a text does. SWM_EINVAL as there, or the
 * column is no bytea; SWM_ENOMEM.
 */
SWM_API int swm_rows_bytes(swm_rows *rows, size_t column, swm_str *out) SWM_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
