/* The position and reason of a JSON syntax error, for the details of errors. */
#ifndef SWM_JSON_FAULT_H
#define SWM_JSON_FAULT_H

#include "base/buf.h"
#include "error/error.h"

/* In a body: both count from 1, columns in characters. */
typedef struct swm_json_place {
	int64_t line, column;
} swm_json_place;

/* Advances the position past a text. */
void swm_json_place_advance(swm_json_place *place, swm_str passed);

/*
 * The position of a row: "Line 3", or "Row 2, line 1" of an array, whose elements are counted from
 * 0; "Row 2" without a line (0).
 */
void swm_put_row_place(swm_buf *to, bool of_array, int64_t row, int64_t line);

typedef struct swm_json_fault {
	const char *expected; /* the expected token; NULL: arrays and objects are nested too deep */
	size_t at;            /* bytes before it */
} swm_json_fault;

/*
 * BODY (SWM_EPARSE), with the position and the unexpected token. begin: where the text begins in
 * the body.
 */
int swm_json_fail(swm_error *err, swm_str text, swm_json_place begin, const swm_json_fault *fault);

#endif
