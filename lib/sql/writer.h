/* A statement being written: text and parameters. For lib/sql only. */
#ifndef SWM_SQL_WRITER_H
#define SWM_SQL_WRITER_H

#include "base/buf.h"
#include "sql/sql.h"

enum { SWM_PATH_KEY_LISTS = 64 };

typedef struct swm_writer {
	swm_buf text;
	swm_arena *arena;
	const char **params;
	int count, room;
	struct swm_path_key *path_keys[SWM_PATH_KEY_LISTS]; /* by hash */
	bool failed;
} swm_writer;

static inline void
swm_put(swm_writer *w, const char *text)
{
	swm_buf_cstr(&w->text, text);
}

void swm_put_identifier(swm_writer *w, swm_str name);

/* "schema"."name" */
void swm_put_qualified(swm_writer *w, swm_str schema, swm_str name);

/* A name as settings have it: [schema.]name */
void swm_put_name(swm_writer *w, swm_str name);

/* "schema"."name"( of a routine, whose one argument and parenthesis follow. */
void swm_put_routine(swm_writer *w, const swm_routine *routine);

/* Writes the $n of a parameter with this value, which is copied for its terminating NUL. */
void swm_put_param(swm_writer *w, swm_str value);
void swm_put_int_param(swm_writer *w, int64_t n);

/* An array literal of any element type, {"a","b"}, as one parameter. */
void swm_put_list_param(swm_writer *w, const swm_value *list);

/* A value of any length, which ends with a NUL, outlives the statement and is not copied. */
void swm_put_body_param(swm_writer *w, swm_str value);

/*
 * A key or an index of a JSON path, as $n::text or $n::int: one that was written before
 * has its old number, so that PostgreSQL sees equal expressions, as GROUP BY needs it.
 */
void swm_put_path_key(swm_writer *w, swm_str key, bool is_index);

/* Takes over what was written. SWM_ENOMEM. */
int swm_writer_finish(swm_writer *w, swm_statement *out, swm_error *err);

#endif
