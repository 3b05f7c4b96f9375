/* Answers that need no SQL statement. */
#include "config.h"

#include "serve/serving.h"

int
swm_step_root(struct serving *s, struct decided *to)
{
	return s->asked->is_root && !swm_serving_is(s, "OPTIONS") ? swm_answer_root(s, to) : SWM_OK;
}

/*
 * True if the role may execute a function of that name; *readable: one of them by GET, which
 * excludes volatile ones, as they may write (PostgREST's options page). Overloads can differ.
 */
static bool
may_execute_any(const struct serving *s, bool *readable)
{
	size_t count;
	const swm_function *const *overloads = swm_snapshot_functions(s->snapshot, s->asked->schema,
	                                                              s->asked->relation, &count);
	bool any = false;

	*readable = false;
	for (size_t i = 0; i < count; i++) {
		if (!swm_snapshot_may_execute(s->snapshot, s->asked->identity.role, overloads[i]))
			continue;
		any = true;
		*readable |= overloads[i]->volatility != 'v';
	}
	return any;
}

void
swm_set_function_allow(struct serving *s)
{
	bool readable = true;

	if (s->snapshot != NULL)
		(void)may_execute_any(s, &readable);
	swm_reply_set(&s->reply, "Allow",
	              readable ? SWM_STR("OPTIONS,GET,HEAD,POST") : SWM_STR("OPTIONS,POST"));
}

/* Whatever its arguments; of a name that is not there for the role they are in the error. */
static int
answer_function(struct serving *s)
{
	bool readable;

	if (!may_execute_any(s, &readable))
		return swm_fail_no_function(s);
	swm_set_function_allow(s);
	s->done = true;
	return SWM_OK;
}

/* As in PostgREST, any origin may read which methods are allowed if the request has no Origin. */
static void
set_open_to_all(struct serving *s)
{
	if (s->asked->origin.len == 0)
		swm_reply_set(&s->reply, "Access-Control-Allow-Origin", SWM_STR("*"));
}

/*
 * Lists the methods that the relation supports, not those that the role has privileges for
 * (PostgREST's options page). A relation that the role may not see is treated as if it did not
 * exist.
 */
void
swm_set_relation_allow(struct serving *s)
{
	const swm_relation *r = s->asked->is_root || s->snapshot == NULL
	                                ? NULL
	                                : swm_snapshot_relation(s->snapshot, s->asked->schema,
	                                                        s->asked->relation);
	swm_buf allow = SWM_BUF_INIT;

	if (r != NULL && !swm_snapshot_may_see(s->snapshot, s->asked->identity.role, r))
		r = NULL;
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
	set_open_to_all(s); /* an error begins its headers anew */
	if (s->asked->is_function)
		return answer_function(s);
	if (!s->asked->is_root)
		rc = swm_plan_seen_relation(&r, s->snapshot, s->asked->schema,
		                            s->asked->identity.role, s->asked->relation, s->err);
	if (rc == SWM_OK)
		swm_set_relation_allow(s);
	s->done = rc == SWM_OK;
	return rc;
}
