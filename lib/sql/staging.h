/*
 * Many rows on their way into a relation: they are copied into a temporary table first and
 * inserted from there, so that whatever a write means is the same for many rows as for few.
 * Pure.
 *
 * A value that PostgreSQL's json_to_record() would give to its type's input function as text
 * stands in a column of that type, and COPY gives it to the same function. Types that take
 * JSON apart, and those that are not PostgreSQL's own (the login role, who makes the table,
 * need not be allowed to use them), stand together in a json column "rest", and
 * json_to_record() itself reads them.
 */
#ifndef SWM_SQL_STAGING_H
#define SWM_SQL_STAGING_H

#include "base/buf.h"
#include "json/feed.h"
#include "sql/sql.h"

#define SWM_STAGING_TABLE "pg_temp.swm_ingest"

enum { SWM_STAGING_NUMBER = 24 }; /* room for a number and its NUL */

typedef struct swm_staging {
	const swm_write_plan *plan;
	const bool *direct;     /* of each column of the plan: it is staged as c0, c1, ... */
	bool has_rest;
	bool has_line;          /* rows are looked for when their insertion has failed */
	bool of_array;          /* the caller sets it: errors name elements by their number, too */
	bool has_present;       /* a bit for each column: the row names it */
	/* each row is numbered, and JSON as a whole: ranges of them can be inserted alone */
	bool by_range;
	/*
	 * the range that the next statement inserts, or in first the line or place that it looks
	 * for
	 */
	char first[SWM_STAGING_NUMBER], last[SWM_STAGING_NUMBER];
	swm_statement create, grant; /* before the role is taken */
	const char *copy;
} swm_staging;

/*
 * The plan's columns are those of the cells; the plan is to be given the staging. SWM_ENOMEM.
 */
int swm_staging_new(swm_staging **out, swm_arena *arena, const swm_write_plan *plan, bool by_range,
                    swm_error *err);

/*
 * Appends a row as a line of COPY's text format. Its number, and the line that it came from, stay
 * only by range.
 */
void swm_staging_put_row(swm_buf *to, const swm_staging *staging, const swm_cell *cells,
                         int64_t number, int64_t line);

/*
 * The values that json_to_record() makes, of all rows in the order in which they were copied, or of
 * one column in the row of the line `first`: to find the one that it cannot make. And the line of
 * the row that follows `first` others. SWM_ENOMEM.
 */
#define SWM_STAGING_ALL SIZE_MAX
int swm_sql_staged_values(swm_statement *out, swm_arena *arena, const swm_staging *staging,
                          size_t only, swm_error *err);
int swm_sql_staged_line(swm_statement *out, swm_arena *arena, const swm_staging *staging,
                        swm_error *err);

/* Sets the range for the statement that swm_sql_write() has made. */
void swm_staging_set_range(swm_staging *staging, int64_t first, int64_t last);

#endif
