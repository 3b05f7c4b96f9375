/* Which pairs of a call's query string are arguments. */
#ifndef SWM_QUERY_ARGUMENTS_H
#define SWM_QUERY_ARGUMENTS_H

#include "query/ast.h"

/*
 * Moves the arguments behind the other pairs, each in the order in which they came, and
 * returns how many pairs are none. An argument has a value that does not begin with an
 * operator (such a pair is a filter of what the function returns), and a name that is no
 * parameter of the dialect and has no dot, as those of embedded relations have. SWM_ENOMEM.
 */
int swm_query_part_arguments(swm_pair *pairs, size_t count, size_t *others, swm_arena *arena, swm_error *err);

#endif
