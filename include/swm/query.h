/* Queries on a table or view, written as text or built by calls. */
#ifndef SWM_QUERY_H
#define SWM_QUERY_H

#include <swm/error.h>
#include <swm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A read of one table or view. Names are checked when it runs, against the
 * engine's schema. A query may run many times, on any engine.
 * Threads: belongs to one thread at a time.
 */
typedef struct swm_query swm_query;

/* Operators of a filter; what each means to PostgREST: url operators of its tables_views page. */
enum swm_operator {
	SWM_OP_EQ, SWM_OP_NEQ, SWM_OP_GT, SWM_OP_GTE, SWM_OP_LT, SWM_OP_LTE,
	SWM_OP_LIKE,       /* `*` stands for `%` too */
	SWM_OP_ILIKE,
	SWM_OP_MATCH,      /* POSIX regular expression, ~ */
	SWM_OP_IMATCH,     /* ~* */
	SWM_OP_IS,         /* value: null, not_null, true, false or unknown */
	SWM_OP_ISDISTINCT,
	SWM_OP_CS,         /* @> */
	SWM_OP_CD,         /* <@ */
	SWM_OP_OV,         /* && */
	SWM_OP_SL,         /* << */
	SWM_OP_SR,         /* >> */
	SWM_OP_NXR,        /* &< */
	SWM_OP_NXL,        /* &> */
	SWM_OP_ADJ,        /* -|- */
	SWM_OP_FTS,        /* @@ to_tsquery */
	SWM_OP_PLFTS,      /* @@ plainto_tsquery */
	SWM_OP_PHFTS,      /* @@ phraseto_tsquery */
	SWM_OP_WFTS,       /* @@ websearch_to_tsquery */
};

/*
 * Reads a query in the web dialect: "devices?id=eq.15&select=id,device_name".
 * The text is percent-decoded as a URL's would be, and copied. *out is owned by
 * the caller. SWM_EPARSE: the error's details say where. SWM_ENOMEM.
 */
SWM_API int swm_query_parse(swm_query **out, swm_str text, swm_error *err) SWM_MUST_CHECK;

/* Begins a query of all columns and rows of a relation. Names are copied. SWM_ENOMEM. */
SWM_API int swm_query_new(swm_query **out, const char *relation, swm_error *err) SWM_MUST_CHECK;

/* Frees it; NULL is allowed. */
SWM_API void swm_query_free(swm_query *query);

/*
 * Chooses the schema, one of db-schemas; without it, the first of them.
 * SWM_ENOMEM.
 */
SWM_API int swm_query_schema(swm_query *query, const char *schema, swm_error *err) SWM_MUST_CHECK;

/*
 * Adds a column to what is selected; cast (a type's name) and alias may be NULL.
 * Without any, all columns are selected. SWM_ENOMEM.
 */
SWM_API int swm_query_select(swm_query *query, const char *column, const char *cast,
                             const char *alias, swm_error *err) SWM_MUST_CHECK;

/*
 * Adds a condition; all must hold. The value is sent as a parameter and never
 * becomes part of the SQL text. SWM_EPARSE: a value that the operator cannot
 * have. SWM_EINVAL: no such operator. SWM_ENOMEM.
 */
SWM_API int swm_query_where(swm_query *query, const char *column, enum swm_operator op,
                            swm_str value, swm_error *err) SWM_MUST_CHECK;

/* As swm_query_where(): the column is one of count values. None at all matches no row. */
SWM_API int swm_query_where_in(swm_query *query, const char *column, const swm_str *values,
                               size_t count, swm_error *err) SWM_MUST_CHECK;

/* Adds a column to the order; nulls come last, or first when descending. SWM_ENOMEM. */
SWM_API int swm_query_order(swm_query *query, const char *column, bool descending,
                            swm_error *err) SWM_MUST_CHECK;

/* At most so many rows (0 or more; also capped by db-max-rows). SWM_EINVAL: negative. */
SWM_API int swm_query_limit(swm_query *query, int64_t rows, swm_error *err) SWM_MUST_CHECK;

/* Passes over so many rows first (0 or more). SWM_EINVAL: negative. */
SWM_API int swm_query_offset(swm_query *query, int64_t rows, swm_error *err) SWM_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
