/*
 * Rows on their way into COPY: pieces of its text, and which line of the source each row
 * came from, for its errors. Several COPYs follow one another, so that an error is noticed
 * soon and what must be remembered is bounded.
 */
#ifndef SWM_LIB_COPIED_H
#define SWM_LIB_COPIED_H

#include "base/buf.h"
#include "transaction.h"
#include "sql/staging.h"

/* Rows with as many lines each, from a row of the COPY (counted from 1) on. */
typedef struct swm_copied_run {
	int64_t row, line, lines;
} swm_copied_run;

/* Zeroed to begin with. */
typedef struct swm_copied {
	swm_buf lines;      /* the next piece of COPY's text */
	size_t bytes;       /* of the COPY so far, without it */
	int64_t rows;       /* of the COPY so far */
	int64_t before;     /* of the COPYs before it */
	swm_copied_run *runs;
	size_t run_count, run_room;
	bool failed;
} swm_copied;

void swm_copied_dispose(swm_copied *copied);

/* Another COPY begins. */
void swm_copied_begin(swm_copied *copied);

/* Another piece of it begins; whether a row more may be added to it. */
void swm_copied_begin_piece(swm_copied *copied);
bool swm_copied_has_room(const swm_copied *copied);

/* Before a row is appended to the lines: where it came from. */
void swm_copied_add_line(swm_copied *copied, int64_t line);

/* As the next() of swm_copy. SWM_ENOMEM. */
int swm_copied_take_piece(swm_copied *copied, swm_str *piece, swm_error *err);

/*
 * COPY's error says in which of its lines and columns it was: err's details are to say it of the
 * source. Whether the value was the empty text.
 */
bool swm_copied_explain(const swm_copied *copied, const swm_staging *staging,
                        const swm_result *failed, swm_error *err);

/* A row of a body, from 0, and the line that it begins in, from 1; 0: that is not known. */
typedef struct swm_row_place {
	int64_t row, line;
} swm_row_place;

/* Puts it in front of err's details; column: NULL for none. */
void swm_tell_place(swm_error *err, bool of_array, const swm_row_place *place,
                    const swm_column *column);

/* True if the error can come from a type's input function or a domain's constraint. */
bool swm_may_be_of_value(const swm_error *err);

/*
 * True if the error says that an upsert has two rows with the same key; the second function fills
 * in its details, with the place of the first such row.
 */
bool swm_is_key_twice(const swm_error *err);
void swm_tell_key_twice(swm_error *err, bool of_array, const swm_row_place *place,
                        const swm_row_place *first);

/*
 * After SWM_READ_FAILED: err, which has the error of the insertion, is to say where it was, if
 * one of the values that json_to_record() makes was at fault, whose error is the same, or a key
 * that came twice. Nothing can be written afterwards.
 */
void swm_copied_search(swm_transaction *transaction, swm_arena *arena, swm_staging *staging,
                       swm_error *err);

#endif
