/* The grammar of RFC 8259, to the letter. */
#ifndef SWM_JSON_GRAMMAR_H
#define SWM_JSON_GRAMMAR_H

#include <swm/types.h>

/* The maximum nesting depth of arrays and objects. */
enum { SWM_JSON_DEPTH = 256 };

/*
 * Checks that the text is one JSON value in well-formed UTF-8 with nothing but blanks around it,
 * no deeper than SWM_JSON_DEPTH and without the character NUL, not even as \u0000 (PostgreSQL's
 * text cannot hold it either).
 */
bool swm_json_valid(swm_str text);

#endif
