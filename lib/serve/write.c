/* Answers of writes. Nothing is sent before the transaction has been committed. */
#include "config.h"

#include "serve/serving.h"

#include "http/url.h"
#include "read.h"

/* The outcome of the write. */
struct outcome {
	int64_t affected; /* rows */
	int64_t updated;  /* of an upsert: those that were there already */
	swm_buf location;
	int judged;       /* SWM_OK, or the error for which it is taken back */
};

/* True if the answer has a body: the returned rows or, whatever is returned, the plan. */
static bool
has_content(const struct serving *s)
{
	return s->decided->plan != NULL || s->decided->explain;
}

/* The key of the only row that was written: /films?id=eq.11 */
static void
take_location(struct serving *s, const swm_result *result, struct outcome *o)
{
	const swm_columns *key = &s->decided->write_plan->location;

	swm_put_path(s, &o->location);
	for (size_t i = 0; i < key->count; i++) {
		int column = (int)i;
		swm_buf_char(&o->location, i == 0 ? '?' : '&');
		swm_url_encode(&o->location, key->items[i]->name);
		swm_buf_cstr(&o->location,
		             swm_result_is_null(result, 0, column) ? "=is.null" : "=eq.");
		swm_url_encode(&o->location, swm_result_cell(result, 0, column));
	}
	s->reply.failed |= o->location.failed;
}

/* One row, or the end of them. */
static void
take_row(struct serving *s, const swm_event *event, struct outcome *o)
{
	const swm_result *result = event->result;
	bool has_row = swm_result_rows(result) > 0;
	bool handled = s->decided->plan != NULL && s->decided->plan->made == SWM_MADE_HANDLED &&
	               !s->decided->explain;

	if (event->end_of_step && !handled)
		(void)swm_result_affected(&o->affected, result);
	if (has_row && handled) /* of how many rows the one was made */
		(void)swm_result_int64(&o->affected, result, 0, 1);
	if (has_row && s->decided->write_plan->location.count > 0 && s->progress.rows == 0 &&
	    !s->decided->explain)
		take_location(s, result, o);
	if (has_row && has_content(s) && !(s->progress.encoder.single && s->progress.rows > 0))
		s->progress.encoder.row(&s->progress.encoder, &s->reply.body, result, 0,
		                        s->progress.rows);
	s->progress.rows += has_row;
}

/* A client that accepts a single object means one row, whether it is returned or not. */
static bool
must_be_one(const struct serving *s)
{
	enum swm_media media = s->decided->writing.media;

	return s->decided->writing.made == SWM_MADE_ROWS &&
	       (media == SWM_MEDIA_OBJECT || media == SWM_MEDIA_OBJECT_STRIPPED);
}

/* Checks that cause a successful write to be rolled back. */
static int
judge(struct serving *s, const struct outcome *o)
{
	if (s->decided->explain)
		return SWM_OK;
	if (s->asked->write == SWM_WRITES_PUT)
		return o->affected == 1 ? SWM_OK : swm_fail(s->err, SWM_ERR_PUT_MISMATCH);
	if (must_be_one(s) && o->affected != 1)
		return swm_fail_not_singular(s, o->affected);
	if (s->asked->write != SWM_WRITES_INSERT && s->decided->max_affected >= 0 &&
	    o->affected > s->decided->max_affected)
		return swm_fail_max_affected(s, o->affected);
	return SWM_OK;
}

bool
swm_write_has_judgement(const struct serving *s)
{
	return s->asked->write == SWM_WRITES_PUT || s->decided->max_affected >= 0 || must_be_one(s);
}

bool
swm_write_is_judged(const struct serving *s)
{
	return !s->decided->explain && swm_write_has_judgement(s);
}

static void
set_status(struct serving *s, const struct outcome *o)
{
	bool upsert = s->asked->write == SWM_WRITES_PUT ||
	              s->asked->prefer.resolution == SWM_RESOLUTION_MERGE;
	bool inserted = !upsert || o->affected > o->updated;

	if (s->sql_set_status)
		return;
	if (s->asked->write == SWM_WRITES_INSERT ||
	    (s->asked->write == SWM_WRITES_PUT && s->decided->plan != NULL))
		s->reply.status = inserted ? 201 : 200;
	else
		s->reply.status = s->decided->plan != NULL ? 200 : 204;
}

static void
set_content_range(struct serving *s, const struct outcome *o)
{
	swm_buf range = SWM_BUF_INIT;

	if (s->asked->write == SWM_WRITES_PUT)
		return;
	if (s->asked->write == SWM_WRITES_UPDATE && o->affected > 0)
		swm_buf_printf(&range, "0-%lld/", (long long)o->affected - 1);
	else
		swm_buf_cstr(&range, "*/");
	if (swm_counted(s) != SWM_COUNT_NONE)
		swm_buf_int(&range, o->affected);
	else
		swm_buf_char(&range, '*');
	swm_reply_set(&s->reply, "Content-Range", swm_buf_view(&range));
	s->reply.failed |= range.failed;
	swm_buf_dispose(&range);
}

static void
set_headers(struct serving *s, const struct outcome *o)
{
	swm_set_write_headers(s);
	if (s->decided->explain)
		return;
	set_content_range(s, o);
	if (o->location.len > 0 && s->progress.rows == 1)
		swm_reply_echo(&s->reply, "Location", swm_buf_view(&o->location));
	set_status(s, o);
	if (swm_ingest_tell(s) && o->affected == 0 && !s->sql_set_status)
		s->reply.status = 200;
}

/* After the last row: headers and status that SQL has set replace ours. */
static int
take_settings(struct serving *s, const swm_result *result, struct outcome *o)
{
	if (!swm_result_int64(&o->updated, result, 0, 2))
		o->updated = 0;
	set_headers(s, o);
	return swm_apply_response_settings(s, result, 0);
}

/* The error of the checks is returned after the rollback. */
static int
take_event(struct serving *s, swm_read *read, const swm_event *event, enum swm_read_step kind,
           struct outcome *o)
{
	switch (kind) {
	case SWM_READ_STAGED:
		return swm_ingest_copy(s, &o->affected);
	case SWM_READ_FAILED:
		swm_ingest_search(s);
		return event->failure;
	case SWM_READ_SETTINGS:
		return take_settings(s, event->result, o);
	case SWM_READ_DECISION:
		o->judged = judge(s, o);
		if (o->judged != SWM_OK)
			swm_read_roll_back(read);
		return SWM_OK;
	default:
		take_row(s, event, o);
		return swm_check_held(s);
	}
}

/* Runs the write to its end, even if the answer already has an error. */
static int
run(struct serving *s, swm_read *read, struct outcome *o)
{
	swm_event event;
	enum swm_read_step kind;
	int rc, verdict = SWM_OK;

	swm_enter_stage(s, SWM_STAGE_TRANSACTION);
	while ((rc = swm_read_next(read, &event, &kind, s->err)) == 1) {
		if (verdict == SWM_OK)
			verdict = take_event(s, read, &event, kind, o);
		/* there is nothing to go on with */
		if ((kind == SWM_READ_STAGED || kind == SWM_READ_FAILED) && verdict != SWM_OK)
			return verdict;
	}
	swm_enter_stage(s, SWM_STAGE_RESPONSE);
	if (rc != SWM_OK)
		return rc;
	return verdict != SWM_OK ? verdict : o->judged;
}

static int
write_once(struct serving *s, swm_read *read, struct outcome *o)
{
	int rc = !has_content(s)
	                 ? SWM_OK
	                 : swm_encoder_init(&s->progress.encoder, s->arena, s->decided->plan,
	                                    s->decided->explain ? s->decided->explain_format
	                                                        : s->decided->writing.media,
	                                    s->err);

	s->progress.rows = 0;
	if (rc == SWM_OK && s->sent->ingest != NULL)
		rc = swm_ingest_prepare(s);
	if (rc == SWM_OK)
		rc = swm_prepare_read(s, read);
	if (rc != SWM_OK)
		return rc;
	if (has_content(s))
		s->progress.encoder.begin(&s->progress.encoder, &s->reply.body);
	rc = run(s, read, o);
	if (rc == SWM_OK && has_content(s))
		swm_encoder_end(&s->progress.encoder, &s->reply.body, s->progress.rows);
	return rc;
}

int
swm_step_write(struct serving *s)
{
	swm_read read = { 0 };
	struct outcome o = { 0 };

	if (s->asked->write == SWM_WRITES_NOTHING)
		return SWM_OK;
	s->may_have_written = true;
	int rc = write_once(s, &read, &o);
	s->may_have_committed = swm_read_may_have_committed(&read);
	swm_read_finish(&read);
	swm_buf_dispose(&o.location);
	if (rc == SWM_EDATABASE)
		rc = swm_search_body(s);
	if (rc == SWM_EDATABASE)
		swm_plan_explain_conflict(s->decided->write_plan, s->snapshot,
		                          s->asked->identity.role, s->err);
	s->done = rc == SWM_OK;
	return rc;
}
