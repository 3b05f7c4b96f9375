/* What is answered without a statement. */
#include "config.h"

#include "serve/serving.h"

static int
fail_no_function(struct serving *s)
{
	int rc = swm_fail(s->err, SWM_ERR_FUNCTION_NOT_FOUND, s->schema, s->relation);
	swm_error_set_details(s->err, SWM_STR("Calling functions is not there yet"));
	return rc;
}

int
swm_step_root(struct serving *s)
{
	if (s->is_root && !swm_serving_is(s, "OPTIONS"))
		return swm_answer_root(s);
	return s->is_function && !swm_serving_is(s, "OPTIONS") ? fail_no_function(s) : SWM_OK;
}

/* What the relation allows, not what the role does (PostgREST's options page). */
static void
set_allow(struct serving *s, const swm_relation *r)
{
	swm_buf allow = SWM_BUF_INIT;

	swm_buf_cstr(&allow, "OPTIONS,GET,HEAD");
	if (r != NULL && r->insertable)
		swm_buf_cstr(&allow, ",POST");
	if (r != NULL && r->insertable && r->updatable && r->primary_key_count > 0)
		swm_buf_cstr(&allow, ",PUT");
	if (r != NULL && r->updatable)
		swm_buf_cstr(&allow, ",PATCH");
	if (r != NULL && r->deletable)
		swm_buf_cstr(&allow, ",DELETE");
	swm_reply_set(&s->reply, "Allow", swm_buf_view(&allow));
	s->reply.failed |= allow.failed;
	swm_buf_dispose(&allow);
}

int
swm_step_options(struct serving *s)
{
	const swm_relation *r = NULL;
	int rc = SWM_OK;

	if (!swm_serving_is(s, "OPTIONS"))
		return SWM_OK;
	if (s->is_function)
		return fail_no_function(s);
	if (!s->is_root)
		rc = swm_plan_relation(&r, s->snapshot, s->schema, s->relation, s->err);
	if (rc == SWM_OK)
		set_allow(s, r);
	s->done = rc == SWM_OK;
	return rc;
}
