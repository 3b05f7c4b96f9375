/*
 * What PostgREST says of a text that is wrong: where, what it found and what it
 * expected there. Its clients, and their tests, know these words. The parsers here
 * decide what is wrong; this is asked only afterwards.
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
