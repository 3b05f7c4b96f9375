/* Errors when no function fits, or more than one. For lib/plan/call.c. */
#ifndef SWM_PLAN_CALL_ERROR_H
#define SWM_PLAN_CALL_ERROR_H

#include "plan/call.h"

/* names: of the arguments, sorted, each once; overloads: all functions of the name. */
int swm_call_fail_not_found(const swm_snapshot *snapshot, const swm_call_request *request,
                            const swm_str *names, size_t name_count,
                            const swm_function *const *overloads, size_t overload_count,
                            swm_arena *arena, swm_error *err);

/* Sorts the candidates, and names those that the role may execute. */
int swm_call_fail_ambiguous(const swm_snapshot *snapshot, swm_str role,
                            const swm_function **candidates, size_t count, swm_error *err);

#endif
