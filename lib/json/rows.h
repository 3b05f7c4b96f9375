/* Bodies that are no JSON, as the JSON that stands for them: for writes of moderate size. */
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
int swm_json_from_csv(swm_buf *to, size_t longest, swm_json_facts *facts, swm_arena *arena, swm_str csv,
                      swm_error *err);

/* Decoded pairs of application/x-www-form-urlencoded: an object of strings; of one name the last counts. */
int swm_json_from_pairs(swm_buf *to, swm_json_facts *facts, swm_arena *arena, const swm_pair *pairs, size_t count,
                        swm_error *err);

#endif
