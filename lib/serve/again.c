/*
 * Planning a request once more, when its statement was refused since the snapshot is older than
 * the tables. Its transaction was rolled back then, so that nothing speaks against another try, as
 * long as the request's body is still at hand.
 */
#include "config.h"

#include "serve/serving.h"

#include "refresh.h"

static enum swm_doubt
doubt_snapshot(const struct serving *s)
{
	if (s->snapshot == NULL || s->reply.begun || (s->decided->changes && s->may_have_committed))
		return SWM_DOUBT_NONE;
	if (s->retry.types_changed)
		return s->decided->changes ? SWM_DOUBT_NONE : SWM_DOUBT_CERTAIN;
	return swm_doubt_of(s->err, s->retry.unknown_names);
}

/* The rows of a long body are not kept, so that only the client can retry. */
static void
fail_streamed(struct serving *s)
{
	swm_error_clear(s->err);
	(void)swm_fail(s->err, SWM_ERR_TABLES_CHANGED);
	swm_error_set_retry_after(s->err, 1);
}

/* Resets the request to its state before the step that takes the snapshot; the error is kept. */
static bool
forget_plan(struct serving *s, struct decided *decided)
{
	swm_error_free(s->retry.refusal);
	s->retry.refusal = swm_error_new();
	if (s->retry.refusal == NULL)
		return false;
	swm_error_copy(s->retry.refusal, s->err);
	swm_error_clear(s->err);
	swm_reply_reset(&s->reply);
	swm_set_common_headers(s);
	swm_snapshot_unref(s->snapshot);
	s->snapshot = NULL;
	decided->call = NULL;
	decided->plan = NULL;
	decided->write_plan = NULL;
	s->progress.total = -1;
	s->may_have_written = s->sql_set_status = false; /* the transaction has been rolled back */
	s->done = s->retry.planned = s->retry.types_changed = s->retry.unknown_names = false;
	s->retry.tries++;
	return true;
}

/* It holds a connection, which the load of a snapshot may need. */
static void
leave_transaction(struct serving *s)
{
	swm_drop_transaction(s);
	swm_transaction_finish(&s->own);
	if (s->transaction == &s->own)
		s->transaction = NULL;
}

bool
swm_plan_again(struct serving *s, struct decided *decided)
{
	enum swm_doubt doubt = doubt_snapshot(s);

	/* an answer from before stays what it is */
	if (doubt == SWM_DOUBT_NONE || swm_is_replayed(s))
		return false;
	leave_transaction(s);
	if (!swm_refresh(s->engine, s->snapshot, doubt, s->retry.tries))
		return false;
	if (s->sent->ingest == NULL || swm_ingest_is_whole(s))
		return forget_plan(s, decided);
	if (doubt == SWM_DOUBT_CERTAIN)
		fail_streamed(s);
	return false;
}

int
swm_tell_refusal(struct serving *s, int rc)
{
	if (rc == SWM_OK || rc == SWM_ENOMEM || rc == SWM_ECANCELED || s->retry.refusal == NULL ||
	    s->retry.planned ||
	    swm_error_is(s->retry.refusal,
	                 SWM_ERR_TABLES_CHANGED)) /* which says nothing of what is there now */
		return rc;
	swm_error_copy(s->err, s->retry.refusal);
	return swm_error_result(s->err);
}
