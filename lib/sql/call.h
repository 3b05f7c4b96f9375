/* SQL of function calls. For lib/sql only. */
#ifndef SWM_SQL_CALL_H
#define SWM_SQL_CALL_H

#include "sql/writer.h"

struct swm_plan_call;

/*
 * The function and its arguments, as an item of FROM; its alias follows. A value's column has the
 * function's name.
 */
void swm_put_call(swm_writer *w, const struct swm_plan_call *call);

#endif
