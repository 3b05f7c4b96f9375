/* Rows of JSON that have one key twice. */
#ifndef SWM_JSON_TWICE_H
#define SWM_JSON_TWICE_H

#include <swm/types.h>

/*
 * A row, from 0, and the line that it begins in; and those of the one before it that has the same
 * key.
 */
typedef struct swm_json_twice {
	int64_t row, line, first_row, first_line;
} swm_json_twice;

/*
 * The first row of an array of objects whose members of these names have the same text as those
 * of one before it; a number is the same as a string of it. A row in
 * which one of them is missing or null has no key. False when there is none, or memory ran out.
 */
bool swm_json_find_twice(swm_json_twice *out, swm_str array, const swm_str *names, size_t count);

#endif
