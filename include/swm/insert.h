/* Many rows into a table or view, at the speed of COPY and in one transaction. */
#ifndef SWM_INSERT_H
#define SWM_INSERT_H

#include <swm/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Rows on their way into a relation. They are copied into a temporary table as they come
 * and inserted from it at the commit, under the session's role: rights, policies, defaults
 * and triggers are as for any other write. Nothing can be seen, and nothing is kept, before
 * the commit has succeeded. Holds a connection until then, and little memory: no more than a
 * row and a piece of the rows before it.
 * Threads: belongs to one thread at a time.
 */
typedef struct swm_insert swm_insert;

/* The effect of a row whose key is there already. */
enum swm_insert_conflict {
	SWM_INSERT_OR_FAIL = 0,   /* the whole fails */
	SWM_INSERT_OR_UPDATE = 1, /* the columns that are written get the new values */
	SWM_INSERT_OR_LEAVE = 2,  /* the row that is there stays as it is */
};

typedef struct swm_insert_options {
	size_t size;                      /* sizeof(swm_insert_options) */
	const char *schema;               /* one of db-schemas; NULL: the first of them */
	enum swm_insert_conflict conflict;
	/*
	 * Columns of a unique key, for the conflict; NULL: the primary key. Where no key has them, the
	 * only partial unique index of them is meant, or else the only one whose expressions use them.
	 */
	const char *const *key;
	size_t key_columns;
	/* not 0: a value that a row is not given is its column's default, not null */
	int fill_defaults;
} swm_insert_options;

/*
 * Begins: takes a connection, begins the transaction and makes the temporary table; the
 * login role needs the privilege TEMPORARY for that. columns are those that rows have
 * values for, and are copied, as is the relation's name. options may be NULL. *out is owned
 * by the caller, and must be freed before the session. SWM_ENOTFOUND: no such relation,
 * column or schema. SWM_EINVAL, SWM_EUNAVAILABLE, SWM_ETIMEDOUT, SWM_EDATABASE, SWM_ENOMEM.
 */
SWM_API int swm_insert_new(swm_insert **out, swm_session *session, const char *relation,
                           const char *const *columns, size_t column_count,
                           const swm_insert_options *options, swm_error *err) SWM_MUST_CHECK;

/*
 * Gives the row a value for a column, numbered from 0 in the order of swm_insert_new(); of
 * several the last counts. text is what PostgreSQL reads for the column's type ('{1,2}' for
 * an array, '{"a": 1}' for json) in UTF-8, json a JSON value, which may also be an array or
 * object for a column of such a type. null as json, and as text for a domain over json, is
 * SQL's null. A double is written with as few of 15 to 17 digits as read back as it. Values
 * are copied. SWM_EINVAL: no such column, or no JSON as json or as text for a domain over json.
 * SWM_ENOMEM. What is wrong with a value otherwise is told by swm_insert_row() or the commit.
 * After an error the row cannot be ended: swm_insert_row() and the commit return it again.
 */
SWM_API int swm_insert_text(swm_insert *insert, size_t column, swm_str text) SWM_MUST_CHECK;
SWM_API int swm_insert_json(swm_insert *insert, size_t column, swm_str json) SWM_MUST_CHECK;
SWM_API int swm_insert_int64(swm_insert *insert, size_t column, int64_t value) SWM_MUST_CHECK;
SWM_API int swm_insert_double(swm_insert *insert, size_t column, double value) SWM_MUST_CHECK;
SWM_API int swm_insert_bool(swm_insert *insert, size_t column, int value) SWM_MUST_CHECK;
/* for a bytea */
SWM_API int swm_insert_bytes(swm_insert *insert, size_t column, swm_str bytes) SWM_MUST_CHECK;
SWM_API int swm_insert_null(swm_insert *insert, size_t column) SWM_MUST_CHECK;

/*
 * Ends the row. Rows are sent when some have come together, so an error may be that of an
 * earlier one: its details say which ("Line 3" is the third row). After an error
 * nothing but swm_insert_free() helps, and each further call returns the same with the same
 * words. SWM_EDATABASE, SWM_EUNAVAILABLE, SWM_ENOMEM.
 */
SWM_API int swm_insert_row(swm_insert *insert, swm_error *err) SWM_MUST_CHECK;

/*
 * Inserts the rows and commits; a row that was begun and not ended is not among them.
 * affected (or NULL) is how many were written: those that were left as they are do not count.
 * As swm_insert_row(); whatever the error, nothing was written, but for SWM_EUNKNOWN: something
 * failed (the connection, memory, db-answer-timeout) when COMMIT may have reached the server, and
 * the rows may be there or not. Look before sending them again.
 * Once it has failed, each further call says so again; after a success it is SWM_EINVAL.
 */
SWM_API int swm_insert_commit(swm_insert *insert, int64_t *affected, swm_error *err) SWM_MUST_CHECK;

/* Frees it; without a commit before, nothing is kept. NULL is allowed. */
SWM_API void swm_insert_free(swm_insert *insert);

#ifdef __cplusplus
}
#endif
#endif
