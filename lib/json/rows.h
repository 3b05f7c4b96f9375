/* Converts bodies that are not JSON to the equivalent JSON, for writes of moderate size. */
#ifndef SWM_JSON_ROWS_H
#define SWM_JSON_ROWS_H

#include "base/buf.h"
#include "http/url.h"
#include "json/scan.h"

/*
 * text/csv (RFC 4180) with a header line, read as many rows are (json/feed.h): an array of
 * objects of strings. NULL stands for null; an empty field is the empty string. As
 * swm_feed_next(); BODY_TOO_LARGE when more than longest bytes would be written.
 */
int swm_json_from_csv(swm_buf *to, size_t longest, swm_json_facts *facts, swm_arena *arena,
                      swm_str csv, swm_error *err);

/*
 * Decoded pairs of application/x-www-form-urlencoded: an object of strings; of one name the last
 * counts.
 */
int swm_json_from_pairs(swm_buf *to, swm_json_facts *facts, swm_arena *arena, const swm_pair *pairs,
                        size_t count, swm_error *err);

/*
 * The line, from 1, in which a row of an array of objects begins; rows count from 0. 0: there is no
 * such row, or memory ran out.
 */
int64_t swm_json_line_of_row(swm_str array, int64_t row);

/*
 * The error of the first row of an array of objects that would be rejected (json/feed.h), with its
 * place. exact: each row must have the first one's names. As swm_feed_next(); SWM_OK: no row would
 * be.
 */
int swm_json_check_rows(swm_str array, bool exact, swm_error *err);

#endif
