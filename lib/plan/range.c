/* limit and offset of a level, and Range. */
#include "config.h"

#include "plan/planner.h"

static int
fail_range(swm_planner *p, const char *details)
{
	int rc = swm_fail(p->err, SWM_ERR_RANGE);

	swm_error_set_details(p->err, swm_cstr(details));
	return rc;
}

int
swm_plan_range(swm_planner *p, swm_plan_node *node, const swm_query_node *asked,
               const swm_range *range)
{
	/* end: one past the last */
	int64_t first = asked->has_offset ? asked->offset : 0, end = INT64_MAX;
	bool none = asked->has_limit && asked->limit == 0;

	if (first < 0)
		return fail_range(p, "Offset should be greater than or equal to zero.");
	if (asked->has_limit && __builtin_add_overflow(first, asked->limit, &end))
		end = INT64_MAX;
	if (range != NULL && range->last < range->first && !none)
		return fail_range(
			p, "The lower boundary must be lower than or equal to the upper boundary "
			   "in the Range header.");
	if (range != NULL && !none && end > 0) {
		first = range->first > first ? range->first : first;
		end = range->last < end - 1 ? range->last + 1 : end;
		if (end <= first)
			return fail_range(p, "Limit should be greater than or equal to zero.");
	}
	node->offset = first;
	node->has_limit = end != INT64_MAX;
	node->limit = end - first;
	return SWM_OK;
}
