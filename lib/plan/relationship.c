#include "config.h"

#include "plan/plan.h"

int
swm_plan_relationship(const swm_relationship **out, swm_arena *arena, const swm_snapshot *snapshot,
                      swm_str schema, const swm_relation *origin, swm_str target, swm_str hint,
                      swm_error *err)
{
	(void)out, (void)arena, (void)snapshot, (void)schema, (void)hint;
	return swm_fail(err, SWM_ERR_NO_RELATIONSHIP, origin->name, target);
}
