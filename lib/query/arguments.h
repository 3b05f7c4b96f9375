/* Tells the arguments of a call apart from the other pairs of its query string. */
#ifndef SWM_QUERY_ARGUMENTS_H
#define SWM_QUERY_ARGUMENTS_H

#include "query/ast.h"

/*
 * Moves the arguments after the other pairs, keeping the order of both, and returns the number of
 * other pairs. An argument has a value that does not begin with an operator (such a pair filters
 * the function's result), and a name that is not a parameter of the dialect and has no dot, as
 * those of embedded relations have. SWM_ENOMEM.
 */
int swm_query_part_arguments(swm_pair *pairs, size_t count, size_t *others, swm_arena *arena,
                             swm_error *err);

#endif
