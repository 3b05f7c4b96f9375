/*
 * Scans a JSON body in pieces: checks that it is JSON (RFC 8259) in UTF-8, tells an object from an
 * array of them, and collects the members of the first object. It stores nothing but their names,
 * so that its memory does not grow with the body; no tree is built.
 */
#ifndef SWM_JSON_SCAN_H
#define SWM_JSON_SCAN_H

#include "base/arena.h"
#include "json/fault.h"
#include "json/grammar.h"

/*
 * Names beyond these are left out: a row of PostgreSQL has no more columns, and no
 * name of it is longer (https://www.postgresql.org/docs/15/limits.html).
 */
enum { SWM_JSON_MOST_KEYS = 1664, SWM_JSON_LONGEST_KEY = 1024 };

enum swm_json_body { SWM_JSON_BODY_OBJECT, SWM_JSON_BODY_ARRAY, SWM_JSON_BODY_SCALAR };

typedef struct swm_json_facts {
	enum swm_json_body body;
	int64_t elements;     /* number of an array's elements */
	bool rows_agree;      /* an array: all are objects, with the same names */
	/* names of the object, or the array's first: each once, in order of appearance */
	const swm_str *keys;
	size_t key_count;
	bool keys_left_out;   /* there were too many, or too long ones */
} swm_json_facts;

typedef struct swm_json_scan swm_json_scan;

/* Lives in the arena. NULL when memory ran out. */
swm_json_scan *swm_json_scan_new(swm_arena *arena);

/*
 * The next piece, cut anywhere. SWM_EPARSE: it is no JSON, no UTF-8, nests deeper than
 * SWM_JSON_DEPTH, has half a surrogate pair, or a name with the character NUL (in
 * values that is PostgreSQL's to judge, since json can hold it). SWM_ENOMEM. Both stay.
 */
int swm_json_scan_feed(swm_json_scan *scan, swm_str piece);

/* After the last piece. SWM_EPARSE: nothing, or not all, of a value has come. */
int swm_json_scan_end(swm_json_scan *scan, swm_json_facts *out);

/* After SWM_EPARSE: the position of the error, in bytes of all pieces. */
swm_json_fault swm_json_scan_fault(const swm_json_scan *scan);

/* Scans a text in memory. SWM_EPARSE: BODY, whose details say where and why. SWM_ENOMEM. */
int swm_json_inspect(swm_json_facts *out, swm_arena *arena, swm_str text, swm_error *err);

#endif
