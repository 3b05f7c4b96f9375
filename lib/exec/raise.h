/* RAISE SQLSTATE 'PGRST': SQL that makes the whole error of an answer. For lib/exec/exec.c. */
#ifndef SWM_EXEC_RAISE_H
#define SWM_EXEC_RAISE_H

#include "error/error.h"

/*
 * Fills err from the message and detail of such an error, which are JSON
 * (https://docs.postgrest.org/en/latest/references/errors.html#add-http-headers-with-raise).
 * SWM_EDATABASE; RAISE_SYNTAX (SWM_EREFUSED) when they are not what they must be.
 */
int swm_exec_fail_raised(swm_error *err, const struct swm_sql_error *raised);

#endif
