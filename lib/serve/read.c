/* Rows of a plan as the body of an answer. */
#include "config.h"

#include "serve/serving.h"

#include "read.h"

/* A function that returns void has no body. */
static bool
has_content(const struct serving *s)
{
	return s->decided->plan->shape != SWM_SHAPE_NONE || s->decided->explain;
}

/*
 * Rows
 */

/* The range of an answer whose last row is yet to come: known all the same, as rows are counted. */
static void
set_early_range(struct serving *s)
{
	const swm_plan_node *root = s->decided->plan->root;
	int64_t end = root->offset + root->limit, seen = root->offset + s->progress.rows;

	if (s->progress.is_estimate && s->progress.total <= seen)
		s->progress.total = seen + 1;
	swm_set_content_range(
		s, (root->has_limit && end < s->progress.total ? end : s->progress.total) - 1);
}

/* The column of response.headers, after the columns of the rows. */
static int
settings_column(const swm_read_plan *plan)
{
	return plan->made == SWM_MADE_FEATURES ? 1 : (int)plan->root->output_count;
}

/*
 * The answer outgrows the buffer: its head must go before its last row is known, with
 * what a function has set for it until now.
 */
static int
send_page(struct serving *s, const swm_result *result)
{
	int rc = SWM_OK;

	if (!s->reply.begun && s->progress.total >= 0)
		set_early_range(s);
	if (!s->reply.begun && s->decided->plan->settings_columns && !s->decided->explain)
		rc = swm_apply_response_settings(s, result, settings_column(s->decided->plan));
	if (!s->reply.begun)
		swm_set_server_timing(s);
	return rc != SWM_OK ? rc : swm_reply_flush(&s->reply, s->err);
}

/*
 * Hold the body until COMMIT if the transaction changes something, and until the last row if rows
 * are counted here.
 */
static bool
is_held(const struct serving *s)
{
	return s->decided->changes || s->decided->plan->uncut || s->progress.encoder.bare ||
	       s->decided->max_affected >= 0;
}

/* True if the row is within the page, for queries that PostgreSQL does not limit. */
static bool
is_in_page(const struct serving *s, int64_t number)
{
	const swm_plan_node *root = s->decided->plan->root;

	return !s->decided->plan->uncut ||
	       (number >= root->offset &&
	        (!root->has_limit || number - root->offset < root->limit));
}

/* A media type's handler makes one row of many; their number is a second column. */
static int64_t
rows_in(const struct serving *s, const swm_result *result)
{
	int64_t rows = 1;

	if (s->decided->plan->made == SWM_MADE_HANDLED && !s->decided->explain)
		(void)swm_result_int64(&rows, result, 0, 1);
	return rows;
}

/*
 * Writes the row if it is part of the answer: a single object has only one, and other rows are only
 * counted.
 */
static int
take_row(struct serving *s, const swm_result *result, int row)
{
	/* for its tag, where not for itself */
	bool wanted = !s->reply.no_body || s->progress.if_none_match.len > 0;
	bool write = wanted && !(s->progress.encoder.bare && s->progress.rows > 0) &&
	             has_content(s);

	if (!is_in_page(s, s->progress.seen++))
		return SWM_OK;
	if (write)
		s->progress.encoder.row(&s->progress.encoder, &s->reply.body, result, row,
		                        s->progress.rows);
	s->progress.rows += rows_in(s, result);
	int held = swm_check_held(s);
	if (held != SWM_OK)
		return held;
	if (s->decided->plan->place != NULL && s->progress.rows == s->decided->plan->root->limit) {
		int rc = swm_keep_position(s, result, row);
		if (rc != SWM_OK)
			return rc;
		if (!s->reply.begun)
			swm_set_next_link(s); /* the body may go at once */
	}
	return swm_reply_is_full(&s->reply) && !is_held(s) ? send_page(s, result) : SWM_OK;
}

static int
take_rows(struct serving *s, const swm_result *result)
{
	if (s->progress.seen == 0 && !swm_encoder_fits(&s->progress.encoder, result)) {
		s->retry.types_changed = true;
		return swm_fail(s->err, SWM_ERR_INTERNAL,
		                SWM_STR("the table changes while it is read"));
	}
	for (int row = 0; row < swm_result_rows(result); row++) {
		int rc = take_row(s, result, row);
		if (rc != SWM_OK)
			return rc;
	}
	return SWM_OK;
}

/*
 * Checks of the whole result
 */

int
swm_fail_not_singular(struct serving *s, int64_t rows)
{
	int rc = swm_fail(s->err, SWM_ERR_NOT_SINGULAR);

	swm_error_format_details(s->err, "The result contains %lld rows", (long long)rows);
	return rc;
}

int
swm_fail_max_affected(struct serving *s, int64_t rows)
{
	int rc = swm_fail(s->err, SWM_ERR_MAX_AFFECTED);

	swm_error_format_details(s->err, "The query affects %lld rows", (long long)rows);
	return rc;
}

/* Checks that can only be made after the last row. */
static int
judge(struct serving *s)
{
	int rc = s->decided->plan->uncut ? swm_check_total(s) : SWM_OK;

	if (rc != SWM_OK)
		return rc;
	if (s->progress.encoder.single && s->progress.rows != 1)
		return swm_fail_not_singular(s, s->progress.rows);
	if (s->decided->max_affected >= 0 && s->progress.rows > s->decided->max_affected)
		return swm_fail_max_affected(s, s->progress.rows);
	return SWM_OK;
}

bool
swm_read_is_judged(const struct serving *s)
{
	bool may_be_behind = s->decided->plan != NULL && s->decided->plan->uncut &&
	                     s->decided->plan->root->offset > 0;

	return s->progress.encoder.single || s->decided->max_affected >= 0 || may_be_behind;
}

static void
set_range(struct serving *s)
{
	if (s->decided->plan->uncut)
		s->progress.total = s->progress.seen;
	if (!s->decided->explain)
		swm_set_content_range(s, s->decided->plan->root->offset + s->progress.rows - 1);
}

/* True if the rows themselves may set the answer's headers. */
static bool
is_late(const struct serving *s)
{
	return s->decided->call != NULL || s->decided->plan->made == SWM_MADE_HANDLED;
}

/*
 * Settings come after a function's rows, and may replace Content-Range; those of a pre-request
 * function come before a table's rows.
 */
static int
take_settings(struct serving *s, const swm_result *result)
{
	if (s->reply.begun)
		return SWM_OK;
	if (is_late(s))
		set_range(s);
	return swm_apply_response_settings(s, result, 0);
}

static int
take_event(struct serving *s, const swm_event *event, enum swm_read_step kind)
{
	switch (kind) {
	case SWM_READ_SETTINGS:
		return take_settings(s, event->result);
	case SWM_READ_COUNT:
		return swm_take_count(s, event->result);
	case SWM_READ_ESTIMATE:
		return swm_take_estimate(s, event->result);
	case SWM_READ_DECISION:
		return judge(s);
	default:
		return take_rows(s, event->result);
	}
}

/*
 * The whole of it
 */

static int
begin_read(struct serving *s, swm_read *read)
{
	s->progress.total = -1;
	s->progress.is_estimate = false;
	s->progress.rows = s->progress.seen = 0;
	s->progress.last = NULL;
	if (s->decided->plan->place != NULL)
		s->reply.hold = SWM_REPLY_LARGEST_PAGE;
	int rc = swm_encoder_init(&s->progress.encoder, s->arena, s->decided->plan,
	                          s->decided->explain ? s->decided->explain_format
	                                              : s->decided->writing.media,
	                          s->err);
	if (rc == SWM_OK)
		rc = swm_serving_header(s, &s->progress.if_none_match, "If-None-Match");
	if (rc == SWM_OK)
		rc = swm_prepare_read(s, read);
	if (rc != SWM_OK)
		return rc;
	swm_set_read_headers(s);
	if (has_content(s))
		s->progress.encoder.begin(&s->progress.encoder, &s->reply.body);
	return SWM_OK;
}

static int
end_read(struct serving *s)
{
	swm_enter_stage(s, SWM_STAGE_RESPONSE);
	int rc = judge(s);

	if (rc != SWM_OK)
		return rc;
	if (has_content(s))
		swm_encoder_end(&s->progress.encoder, &s->reply.body, s->progress.rows);
	if (s->reply.begun)
		return SWM_OK;
	if (!is_late(s))
		set_range(s);
	if (!s->decided->explain)
		swm_set_etag(s);
	return SWM_OK;
}

/*
 * A transaction that changes something is followed to its end, whatever is wrong with the answer.
 */
static int
run_read(struct serving *s, swm_read *read)
{
	swm_event event;
	enum swm_read_step kind;
	int rc = begin_read(s, read), verdict = SWM_OK;

	if (rc != SWM_OK)
		return rc;
	swm_enter_stage(s, SWM_STAGE_TRANSACTION);
	while ((rc = swm_read_next(read, &event, &kind, s->err)) == 1) {
		if (verdict == SWM_OK)
			verdict = take_event(s, &event, kind);
		if (verdict != SWM_OK && !s->decided->changes)
			return verdict;
		if (verdict != SWM_OK && kind == SWM_READ_DECISION)
			swm_read_roll_back(read);
	}
	if (rc == SWM_OK)
		rc = verdict;
	return rc != SWM_OK ? rc : end_read(s);
}

int
swm_step_read(struct serving *s)
{
	swm_read read = { 0 };

	s->may_have_written |= s->decided->call != NULL && s->decided->changes;
	int rc = run_read(s, &read);
	s->may_have_committed = swm_read_may_have_committed(&read);
	swm_read_finish(&read);
	s->done = rc == SWM_OK;
	return rc;
}
