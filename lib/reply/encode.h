/*
 * Rows -> bytes of a media type, straight from the results of statements. JSON equals
 * PostgreSQL's json_agg() byte for byte.
 */
#ifndef SWM_REPLY_ENCODE_H
#define SWM_REPLY_ENCODE_H

#include "base/buf.h"
#include "http/header.h"
#include "exec/result.h"
#include "plan/plan.h"

/* All that is known before the first row. Lives in the arena of its request. */
typedef struct swm_encoder {
	const swm_read_plan *plan;
	const swm_str *prefixes; /* JSON: `{"first":` or `,"next":` of each column */
	bool strip_nulls;
	bool single;             /* one object and no array, as the media type has it */
	/* so, or as a function's one row or value: nothing stands around it */
	bool bare;
	bool or_null;            /* such a row or value; null in JSON when it is not there */
	bool values;             /* no objects: the first column alone */
	bool structured;         /* values that json_agg() begins new lines for */
	bool explain;            /* rows of EXPLAIN */
	void (*begin)(const struct swm_encoder *e, swm_buf *to);
	void (*row)(const struct swm_encoder *e, swm_buf *to, const swm_result *result, int row,
	            int64_t number);
	void (*end)(const struct swm_encoder *e, swm_buf *to);
} swm_encoder;

/*
 * For media types that are rows of a plan. For SWM_MEDIA_PLAN_... the rows are the lines of an
 * EXPLAIN, and the plan may be NULL. SWM_ENOMEM.
 */
int swm_encoder_init(swm_encoder *out, swm_arena *arena, const swm_read_plan *plan,
                     enum swm_media media, swm_error *err);

/* Writes the end of the body, after so many rows. */
void swm_encoder_end(const swm_encoder *encoder, swm_buf *to, int64_t rows);

/*
 * True if the result has the planned columns and types; false after DDL that the snapshot has not
 * seen.
 */
bool swm_encoder_fits(const swm_encoder *encoder, const swm_result *result);

/* The encoders of the media types. */
void swm_json_begin(const swm_encoder *e, swm_buf *to);
void swm_json_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row,
                  int64_t number);
void swm_json_end(const swm_encoder *e, swm_buf *to);
void swm_csv_begin(const swm_encoder *e, swm_buf *to);
void swm_csv_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row,
                 int64_t number);
void swm_csv_end(const swm_encoder *e, swm_buf *to);

void swm_ndjson_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row,
                    int64_t number);
void swm_explain_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row,
                     int64_t number);
void swm_raw_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row,
                 int64_t number);
/* GeoJSON (RFC 7946), as json_build_object() writes it */
void swm_features_begin(const swm_encoder *e, swm_buf *to);
void swm_features_row(const swm_encoder *e, swm_buf *to, const swm_result *result, int row,
                      int64_t number);
void swm_features_end(const swm_encoder *e, swm_buf *to);
void swm_no_frame(const swm_encoder *e, swm_buf *to); /* nothing before or after the rows */

/* Appends a value as to_json() writes it (forms other than SERVER). */
void swm_json_value(swm_buf *to, enum swm_json_form form, swm_str value);

#endif
