/*
 * A transaction that lasts for a whole request: of a batch, of a write with a key, of many
 * rows that are copied. Its answer is held until it has ended.
 */
#include "config.h"

#include "serve/serving.h"

/* A request with an Idempotency-Key has an answer that can be kept. */
enum { SWM_LARGEST_KEPT = 1024 * 1024 };

int
swm_check_held(struct serving *s)
{
	size_t most = s->keyed != NULL ? SWM_LARGEST_KEPT : s->most_held;

	if (most == 0 || s->reply.body.len <= most)
		return SWM_OK;
	int rc = swm_fail_number(s->err, SWM_ERR_ANSWER_TOO_LARGE, (int64_t)most);
	swm_error_set_hint(s->err,
	                   SWM_STR("Ask for less of it: Prefer: return=minimal, or select."));
	return rc;
}

void
swm_share_transaction(struct serving *s)
{
	const swm_role *role = swm_snapshot_role(s->snapshot, s->asked->identity.role);

	if (s->transaction != NULL)
		return;
	s->own = (swm_transaction){
		.engine = s->engine,
		.anonymous = s->asked->identity.anonymous,
		.begin = swm_transaction_begin(
			role, s->decided->call == NULL ? NULL : s->decided->call->function, true),
		.borrower = swm_serving_borrower(s),
		.rollback = s->decided->rollback
	};
	s->transaction = &s->own;
}

int
swm_end_transaction(struct serving *s)
{
	bool replayed = swm_is_replayed(s), keeps = s->keyed != NULL && !replayed && s->may_have_written;

	if (s->own.exec == NULL)
		return SWM_OK;
	/* a key without a write: there is nothing to keep */
	s->own.rollback |= s->keyed != NULL && !replayed && !keeps;
	int rc = keeps ? swm_keep_answer(s) : swm_transaction_end(&s->own, s->err);
	if (rc != SWM_OK)
		swm_drop_transaction(s);
	return rc;
}

void
swm_drop_transaction(struct serving *s)
{
	if (s->own.exec == NULL)
		return;
	s->own.rollback = true;
	(void)swm_transaction_end(&s->own, NULL);
}
