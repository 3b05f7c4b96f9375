/* Where a text is no JSON, and why: for the details of errors. */
#ifndef SWM_JSON_FAULT_H
#define SWM_JSON_FAULT_H

#include "error/error.h"

/* In a body: both count from 1, columns in characters. */
typedef struct swm_json_place {
	int64_t line, column;
} swm_json_place;

/* Moves the place behind a text. */
void swm_json_place_advance(swm_json_place *place, swm_str passed);

typedef struct swm_json_fault {
	const char *expected; /* what should have stood there; NULL: arrays and objects lie too deep in each other */
	size_t at;            /* bytes before it */
} swm_json_fault;

/* BODY (SWM_EPARSE), with the place and what was found there. begin: where the text begins in the body. */
int swm_json_fail(swm_error *err, swm_str text, swm_json_place begin, const swm_json_fault *fault);

#endif
