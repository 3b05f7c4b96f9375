/*
 * Plan -> SQL text and parameters. Pure. Values are parameters always;
 * identifiers pass one quoting function.
 */
#ifndef SWM_SQL_SQL_H
#define SWM_SQL_SQL_H

#include "plan/write.h"

/* One statement; lives in the arena it was made in. */
typedef struct swm_statement {
	const char *text;
	const char *const *params; /* $1, $2, ... */
	int param_count;
} swm_statement;

/* Rows of a plan; SWM_ENOMEM. */
int swm_sql_read(swm_statement *out, swm_arena *arena, const swm_read_plan *plan, swm_error *err);

/* How many rows the plan's conditions leave, without limit and offset; SWM_ENOMEM. */
int swm_sql_count(swm_statement *out, swm_arena *arena, const swm_read_plan *plan, swm_error *err);

/* The same, but no more than `most` are counted; SWM_ENOMEM. */
int swm_sql_count_up_to(swm_statement *out, swm_arena *arena, const swm_read_plan *plan,
                        int64_t most, swm_error *err);

/*
 * EXPLAIN of the rows that swm_sql_count() counts, as JSON: the planner's estimate is in it;
 * SWM_ENOMEM.
 */
int swm_sql_estimate(swm_statement *out, swm_arena *arena, const swm_read_plan *plan,
                     swm_error *err);

/*
 * EXPLAIN of a statement with the same parameters, as text or JSON; options of enum swm_explain.
 * SWM_ENOMEM.
 */
int swm_sql_explain(swm_statement *out, swm_arena *arena, const swm_statement *of, bool json,
                    unsigned options, swm_error *err);

/*
 * The statement of a write plan, with the rows that it returns. The body is JSON as the plan
 * describes it; it is not copied. SWM_ENOMEM.
 */
int swm_sql_write(swm_statement *out, swm_arena *arena, const swm_write_plan *plan,
                  const char *body, swm_error *err);

/*
 * For before a write, under the login role, which may read the catalogs: whether the columns that
 * the body gives values to have the types, and their modifiers, that the snapshot says. When not,
 * it is an error, as it is one of the write itself, which looks at the types alone. SWM_ENOMEM.
 */
int swm_sql_check_types(swm_statement *out, swm_arena *arena, const swm_write_plan *plan,
                        swm_error *err);

/* True if PostgreSQL's error is that one. The message ends with a NUL. */
bool swm_sql_is_types_error(swm_str sqlstate, swm_str message);

/*
 * To find what is wrong with an array of rows that was refused: the values that json_to_record()
 * makes, a row for each of its rows, in their order; and those of its row `number`, from 0, a row
 * for each of the plan's columns. Where they end with an error, so many are good. rounded: also
 * what PostgreSQL says when a value is put into its column. SWM_ENOMEM.
 */
int swm_sql_body_rows(swm_statement *out, swm_arena *arena, const swm_write_plan *plan,
                      const char *body, bool rounded, swm_error *err);
int swm_sql_body_columns(swm_statement *out, swm_arena *arena, const swm_write_plan *plan,
                         const char *body, int64_t number, swm_error *err);

/*
 * Finds the first row of an array, or of the staged rows, with the same conflict key as an earlier
 * one: its number, from 0, and its line, and those of the other. The lines of an array are not
 * known: 0. SWM_ENOMEM.
 */
int swm_sql_key_twice(swm_statement *out, swm_arena *arena, const swm_write_plan *plan,
                      const char *body, swm_error *err);

/* An Idempotency-Key: whose, and which. */
typedef struct swm_kept_key {
	swm_str scope, key;
} swm_kept_key;

/* The contents of an idempotency record. */
typedef struct swm_kept_answer {
	swm_str request;  /* tells it from others */
	int status;
	swm_str headers;  /* as in response.headers */
	swm_str body;     /* in bytea's text form, NUL-terminated; not copied */
} swm_kept_answer;

/*
 * Statements on the table of kept answers, [schema.]name; SWM_ENOMEM. The first removes
 * some of those that have expired. The second has a row when the key is new, or had
 * expired, and waits for who uses it at the same time. The third gives headers, status,
 * body and request of one that was not new. The last keeps the answer.
 */
int swm_sql_kept_expire(swm_statement *out, swm_arena *arena, swm_str table, swm_error *err);
int swm_sql_kept_take(swm_statement *out, swm_arena *arena, swm_str table, const swm_kept_key *key,
                      int64_t lifetime, swm_error *err); /* seconds */
int swm_sql_kept_answer(swm_statement *out, swm_arena *arena, swm_str table,
                        const swm_kept_key *key, swm_error *err);
int swm_sql_kept_keep(swm_statement *out, swm_arena *arena, swm_str table, const swm_kept_key *key,
                      const swm_kept_answer *answer, swm_error *err);

/* A setting of the transaction. */
typedef struct swm_setting {
	swm_str name, value; /* NUL-terminated */
} swm_setting;

/* Sets them, in order, for the transaction alone; SWM_ENOMEM. */
int swm_sql_context(swm_statement *out, swm_arena *arena, const swm_setting *settings, size_t count,
                    swm_error *err);

/* Calls a function without arguments, named as in db-pre-request: [schema.]name; SWM_ENOMEM. */
int swm_sql_call(swm_statement *out, swm_arena *arena, swm_str function, swm_error *err);

/*
 * Settings for the answer that SQL has set: response.headers, response.status and swm.updated
 * (plan/write.h), in this order.
 */
extern const swm_statement swm_sql_response_settings;

/*
 * The same for what writes, where nothing can be said against them after the commit: an error
 * of PostgreSQL, which undoes the transaction, when they cannot be the answer's, or the headers
 * are longer than so many bytes. SWM_ENOMEM.
 */
int swm_sql_checked_settings(swm_statement *out, swm_arena *arena, size_t longest, swm_error *err);

/* Finds the error that an SQLSTATE of it stands for; false for any other. */
bool swm_sql_settings_error(enum swm_error_id *out, swm_str sqlstate);

/*
 * Deferred constraints and triggers are heard now
 * (https://www.postgresql.org/docs/15/sql-set-constraints.html).
 */
extern const swm_statement swm_sql_constraints;

/* The values of currval() and lastval() are forgotten. */
extern const swm_statement swm_sql_discard_sequences;

/* Closes all cursors, before the commit would fill the holdable ones. */
extern const swm_statement swm_sql_close_cursors;

/* From here on the login role runs statements, for which temporary tables come last. */
extern const swm_statement swm_sql_become_login;

/* Takes back every setting of the session but the role. */
extern const swm_statement swm_sql_reset;

/* Appends an identifier in double quotes. */
void swm_sql_quote_identifier(swm_buf *to, swm_str name);

#endif
