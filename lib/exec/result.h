/*
 * The result of a statement, for modules that do not use libpq: rows of cells in text form. All of
 * it lives as long as the event that brought it (exec.h).
 */
#ifndef SWM_EXEC_RESULT_H
#define SWM_EXEC_RESULT_H

#include "base/buf.h"

typedef struct pg_result swm_result; /* libpq's PGresult */

int swm_result_rows(const swm_result *result);
int swm_result_columns(const swm_result *result);

/* How many rows a statement has written; false where the result does not say so, and *out stays. */
bool swm_result_affected(int64_t *out, const swm_result *result);

/* A null is empty. */
swm_str swm_result_cell(const swm_result *result, int row, int column);
bool swm_result_is_null(const swm_result *result, int row, int column);

/* False where the cell is no number of 64 bits; *out stays. */
bool swm_result_int64(int64_t *out, const swm_result *result, int row, int column);

/* The numbers of the first row, as far as it has so many; the others stay. */
void swm_result_numbers(int64_t *out, const swm_result *result, int most);

/* Appends a cell of bytea. False when memory ran out. */
bool swm_result_put_bytes(swm_buf *to, const swm_result *result, int row, int column);

/* The context of an error (where PostgreSQL was); empty if there is none. */
swm_str swm_result_context(const swm_result *failed);

#endif
