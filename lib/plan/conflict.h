/* ON CONFLICT: the unique key by which existing rows are found. For lib/plan/write.c. */
#ifndef SWM_PLAN_CONFLICT_H
#define SWM_PLAN_CONFLICT_H

#include "plan/planner.h"
#include "plan/write.h"

/* The names of on_conflict, and the key that they mean. COLUMN_NOT_FOUND; SWM_ENOMEM. */
int swm_plan_conflict(swm_planner *p, const swm_value *names, swm_write_plan *plan);

#endif
