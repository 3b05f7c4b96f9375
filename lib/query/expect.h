/*
 * PostgREST's error messages for texts that are wrong: the position, what was found and what was
 * expected there. Clients, and their tests, know these messages. The parsers in this folder decide
 * whether a text is wrong; this runs only afterwards.
 */
#ifndef SWM_QUERY_EXPECT_H
#define SWM_QUERY_EXPECT_H

#include "base/buf.h"

/*
 * Reads a text as a kind of parameter ("select parameter", "filter", ...). false when
 * PostgREST finds nothing wrong, or the kind is none of its own; else *column is where
 * (characters, from 1), and details are written.
 */
bool swm_query_expected(const char *what, swm_str text, size_t *column, swm_buf *details);

#endif
