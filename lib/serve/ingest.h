/* Rejected rows and their errors. For lib/serve/ingest.c. */
#ifndef SWM_SERVE_INGEST_H
#define SWM_SERVE_INGEST_H

#include "serve/serving.h"
#include "sql/staging.h"

struct swm_skips;

/* Lives in the request's arena, but for what is disposed of. NULL when memory ran out. */
struct swm_skips *swm_skips_new(struct serving *s, bool of_array);
void swm_skips_dispose(struct swm_skips *k); /* NULL is allowed */

/*
 * The error of a rejected row is written there and then noted, which empties it again. SWM_EPARSE
 * if too many rows are rejected: the error there is then that of the whole request.
 */
swm_error *swm_skips_error(struct swm_skips *k);
int swm_skips_note(struct swm_skips *k, int64_t row, int64_t line); /* the row counts from 0 */

/*
 * Inserts the staged rows, numbered from 1 to rows at most. Fails for errors that are not those
 * of a row.
 */
int swm_skips_insert(struct serving *s, struct swm_skips *k, swm_staging *staging, int64_t rows);
int64_t swm_skips_affected(const struct swm_skips *k);

/* The answer's body. */
void swm_skips_tell(struct serving *s, const struct swm_skips *k);

#endif
