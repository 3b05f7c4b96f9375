/* Rows of a plan as the body of an answer. */
#include "config.h"

#include "serve/serving.h"

#include "read.h"

#include "json/json.h"

static int
fail_past_the_end(struct serving *s)
{
	swm_buf details = SWM_BUF_INIT;
	int rc = swm_fail(s->err, SWM_ERR_RANGE);

	swm_buf_printf(&details, "An offset of %lld was requested, but there are only %lld rows.",
	               (long long)s->plan->root->offset, (long long)s->total);
	swm_error_set_details(s->err, swm_buf_view(&details));
	swm_buf_dispose(&details);
	return rc;
}

/*
 * The answer outgrows the buffer: its head must go before its last row is known, with
 * what a function has set for it until now.
 */
static int
send_page(struct serving *s, const PGresult *result)
{
	const swm_plan_node *root = s->plan->root;

	if (!s->reply.begun) {
		int64_t end = root->offset + root->limit, seen = root->offset + s->rows;
		if (s->is_estimate && s->total <= seen)
			s->total = seen + 1;
		if (s->total >= 0) /* then the last row is known all the same */
			swm_set_content_range(s, (root->has_limit && end < s->total ? end : s->total) - 1);
		int rc = s->plan->settings_columns ? swm_apply_response_settings(s, result, (int)root->output_count) : SWM_OK;
		if (rc != SWM_OK)
			return rc;
	}
	return swm_reply_flush(&s->reply, s->err);
}

/* What changes something is told when that is certain, and what is counted here when all is counted. */
static bool
is_held(const struct serving *s)
{
	return s->changes || s->plan->uncut || s->encoder.bare || s->prefer.max_affected >= 0;
}

/* Whether the row is of the page, where PostgreSQL did not see to that. */
static bool
is_in_page(const struct serving *s, int64_t number)
{
	const swm_plan_node *root = s->plan->root;

	return !s->plan->uncut ||
	       (number >= root->offset && (!root->has_limit || number - root->offset < root->limit));
}

/* Whether the row is written: a single object has but one, and what is no answer is only counted. */
static int
take_row(struct serving *s, const PGresult *result, int row)
{
	bool wanted = !s->reply.no_body || s->if_none_match.len > 0; /* for its tag, where not for itself */
	bool write = wanted && !(s->encoder.bare && s->rows > 0) && s->plan->shape != SWM_SHAPE_NONE;

	if (!is_in_page(s, s->seen++))
		return SWM_OK;
	if (write)
		s->encoder.row(&s->encoder, &s->reply.body, result, row, s->rows);
	s->rows++;
	if (s->plan->place != NULL && s->rows == s->plan->root->limit) {
		int rc = swm_keep_position(s, result, row);
		if (rc != SWM_OK)
			return rc;
		if (!s->reply.begun)
			swm_set_next_link(s); /* the body may go at once */
	}
	return swm_reply_is_full(&s->reply) && !is_held(s) ? send_page(s, result) : SWM_OK;
}

/* "Plan Rows" of the topmost node of an EXPLAIN (FORMAT JSON); -1 when it is not there. */
static int64_t
rows_of_explain(swm_str text)
{
	swm_json *doc = swm_json_parse(text);
	const swm_json *plan = swm_json_get(swm_json_first(doc), SWM_STR("Plan"));
	const swm_json *rows = swm_json_get(plan, SWM_STR("Plan Rows"));
	double n = swm_json_type_of(rows) == SWM_JSON_NUMBER ? swm_json_number(rows) : -1;

	swm_json_free(doc);
	return n < 9e18 ? (int64_t)n : INT64_MAX - 1;
}

/* Whether more rows were counted than count=estimated counts: how many there are is not known. */
static bool
is_beyond_count(const struct serving *s)
{
	int64_t most = s->engine->settings->db_max_rows;
	return s->prefer.count == SWM_COUNT_ESTIMATED && most >= 0 && s->total > most;
}

static int
take_count(struct serving *s, const PGresult *result)
{
	if (!swm_str_int64(swm_cstr(PQgetvalue(result, 0, 0)), &s->total))
		return swm_fail(s->err, SWM_ERR_INTERNAL, SWM_STR("the count is no number"));
	return s->plan->root->offset > s->total && !is_beyond_count(s) ? fail_past_the_end(s) : SWM_OK;
}

/* The planner's word counts alone, or beyond what was counted. */
static int
take_estimate(struct serving *s, const PGresult *result)
{
	int64_t rows = rows_of_explain(swm_cstr(PQgetvalue(result, 0, 0)));

	if (rows < 0)
		return swm_fail(s->err, SWM_ERR_INTERNAL, SWM_STR("the estimate is not in the plan"));
	if (s->total >= 0 && !is_beyond_count(s))
		return SWM_OK;
	s->total = rows > s->total ? rows : s->total;
	s->is_estimate = true;
	return SWM_OK;
}

/* Internal: the snapshot is older than the tables. Never leaves this file. */
enum { STALE = -1000 };

static int
take_rows(struct serving *s, const PGresult *result)
{
	if (s->seen == 0 && !swm_encoder_fits(&s->encoder, result))
		return STALE;
	for (int row = 0; row < PQntuples(result); row++) {
		int rc = take_row(s, result, row);
		if (rc != SWM_OK)
			return rc;
	}
	return SWM_OK;
}

/* Behind the rows, so that Content-Range is there to be replaced; before them, of a pre-request function. */
static int
take_settings(struct serving *s, const PGresult *result)
{
	if (s->reply.begun)
		return SWM_OK;
	if (s->call != NULL)
		swm_set_page_range(s);
	return swm_apply_response_settings(s, result, 0);
}

static int
fail_not_singular(struct serving *s)
{
	swm_buf details = SWM_BUF_INIT;
	int rc = swm_fail(s->err, SWM_ERR_NOT_SINGULAR);

	swm_buf_printf(&details, "The result contains %lld rows", (long long)s->rows);
	swm_error_set_details(s->err, swm_buf_view(&details));
	swm_buf_dispose(&details);
	return rc;
}

static int
fail_max_affected(struct serving *s)
{
	swm_buf details = SWM_BUF_INIT;
	int rc = swm_fail(s->err, SWM_ERR_MAX_AFFECTED);

	swm_buf_printf(&details, "The query affects %lld rows", (long long)s->rows);
	swm_error_set_details(s->err, swm_buf_view(&details));
	swm_buf_dispose(&details);
	return rc;
}

/* What can be said against the answer once all rows have come. */
static int
judge(struct serving *s)
{
	if (s->encoder.single && s->rows != 1)
		return fail_not_singular(s);
	if (s->prefer.max_affected >= 0 && s->rows > s->prefer.max_affected)
		return fail_max_affected(s);
	return SWM_OK;
}

static int
take_event(struct serving *s, swm_read *read, const swm_event *event, enum swm_read_step kind)
{
	switch (kind) {
	case SWM_READ_SETTINGS:
		return take_settings(s, event->result);
	case SWM_READ_COUNT:
		return take_count(s, event->result);
	case SWM_READ_ESTIMATE:
		return take_estimate(s, event->result);
	case SWM_READ_DECISION:
		if (judge(s) != SWM_OK) /* said when the transaction has ended so */
			swm_read_roll_back(read);
		return SWM_OK;
	default:
		return take_rows(s, event->result);
	}
}

static int
begin_read(struct serving *s, swm_read *read)
{
	s->total = -1;
	s->is_estimate = false;
	s->rows = s->seen = 0;
	s->last = NULL;
	if (s->plan->place != NULL)
		s->reply.hold = SWM_REPLY_LARGEST_PAGE;
	/* a volatile function runs once: what it returns is counted as it comes */
	s->plan->uncut = s->call != NULL && s->call->function->volatility == 'v' && s->prefer.count == SWM_COUNT_EXACT;
	int rc = swm_encoder_init(&s->encoder, s->arena, s->plan, s->explain ? s->explain_format : s->media, s->err);
	if (rc == SWM_OK)
		rc = swm_serving_header(s, &s->if_none_match, "If-None-Match");
	if (rc == SWM_OK)
		rc = swm_prepare_read(s, read);
	if (rc != SWM_OK)
		return rc;
	swm_set_read_headers(s);
	if (s->plan->shape != SWM_SHAPE_NONE)
		s->encoder.begin(&s->encoder, &s->reply.body);
	return SWM_OK;
}

static int
end_read(struct serving *s)
{
	if (s->plan->uncut) {
		s->total = s->seen;
		if (s->plan->root->offset > s->total)
			return fail_past_the_end(s);
	}
	int rc = judge(s);
	if (rc != SWM_OK)
		return rc;
	if (s->plan->shape != SWM_SHAPE_NONE)
		s->encoder.end(&s->encoder, &s->reply.body, s->rows);
	if (s->reply.begun || s->explain)
		return SWM_OK;
	if (s->call == NULL)
		swm_set_page_range(s);
	swm_set_etag(s);
	return SWM_OK;
}

static int
run_read(struct serving *s, swm_read *read)
{
	swm_event event;
	enum swm_read_step kind;
	int rc = begin_read(s, read);

	if (rc != SWM_OK)
		return rc;
	while ((rc = swm_read_next(read, &event, &kind, s->err)) == 1) {
		rc = take_event(s, read, &event, kind);
		if (rc != SWM_OK)
			return rc;
	}
	return rc != SWM_OK ? rc : end_read(s);
}

/* After DDL: the tables are read anew, and the request is planned once more. */
static int
plan_again(struct serving *s)
{
	int rc = swm_engine_reload_schema(s->engine, s->err);

	swm_snapshot_unref(s->snapshot);
	s->snapshot = NULL;
	if (rc == SWM_OK)
		rc = swm_step_snapshot(s);
	if (rc == SWM_OK)
		rc = swm_step_call(s);
	return rc != SWM_OK ? rc : swm_step_plan(s);
}

int
swm_step_read(struct serving *s)
{
	swm_read read = { 0 };
	int rc = STALE;

	for (int tries = 0; rc == STALE && tries < 2; tries++) {
		if (tries > 0) {
			swm_reply_reset(&s->reply);
			swm_set_common_headers(s);
			rc = plan_again(s);
			if (rc != SWM_OK)
				return rc;
		}
		rc = run_read(s, &read);
		swm_read_finish(&read);
	}
	s->done = rc == SWM_OK;
	return rc == STALE ? swm_fail(s->err, SWM_ERR_INTERNAL, SWM_STR("the table changes while it is read")) : rc;
}
