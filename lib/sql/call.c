#include "config.h"

#include "sql/call.h"

/* TEMPORARY-STUB until calls lands */
void
swm_put_call(swm_writer *w, const struct swm_plan_call *call)
{
	(void)call;
	w->failed = true;
}
