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

/* The answer outgrows the buffer: its head must go before its last row is known. */
static int
send_page(struct serving *s)
{
	if (!s->reply.begun && s->total >= 0) { /* then the last row is known all the same */
		int64_t end = s->plan->root->offset + s->plan->root->limit, seen = s->plan->root->offset + s->rows;
		if (s->is_estimate && s->total <= seen)
			s->total = seen + 1;
		swm_set_content_range(s, (s->plan->root->has_limit && end < s->total ? end : s->total) - 1);
	}
	return swm_reply_flush(&s->reply, s->err);
}

/* Whether the row is written: a single object has but one, and what is no answer is only counted. */
static int
take_row(struct serving *s, const PGresult *result, int row)
{
	bool wanted = !s->reply.no_body || s->if_none_match.len > 0; /* for its tag, where not for itself */
	bool write = wanted && !(s->encoder.single && s->rows > 0);

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
	return swm_reply_is_full(&s->reply) && !s->encoder.single ? send_page(s) : SWM_OK;
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
take_event(struct serving *s, const swm_event *event, enum swm_read_step kind)
{
	if (kind == SWM_READ_SETTINGS)
		return swm_apply_response_settings(s, event->result);
	if (kind == SWM_READ_COUNT)
		return take_count(s, event->result);
	if (kind == SWM_READ_ESTIMATE)
		return take_estimate(s, event->result);
	if (s->rows == 0 && !swm_encoder_fits(&s->encoder, event->result))
		return STALE;
	for (int row = 0; row < PQntuples(event->result); row++) {
		int rc = take_row(s, event->result, row);
		if (rc != SWM_OK)
			return rc;
	}
	return SWM_OK;
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
run_read(struct serving *s, swm_read *read)
{
	swm_event event;
	enum swm_read_step kind;
	int rc = swm_encoder_init(&s->encoder, s->arena, s->plan, s->explain ? s->explain_format : s->media,
	                          s->err);

	s->total = -1;
	s->is_estimate = false;
	s->rows = 0;
	s->last = NULL;
	if (s->plan->place != NULL)
		s->reply.hold = SWM_REPLY_LARGEST_PAGE;
	if (rc == SWM_OK)
		rc = swm_serving_header(s, &s->if_none_match, "If-None-Match");
	if (rc == SWM_OK)
		rc = swm_prepare_read(s, read);
	if (rc != SWM_OK)
		return rc;
	swm_set_read_headers(s);
	s->encoder.begin(&s->encoder, &s->reply.body);
	while ((rc = swm_read_next(read, &event, &kind, s->err)) == 1) {
		rc = take_event(s, &event, kind);
		if (rc != SWM_OK)
			return rc;
	}
	if (rc == SWM_OK && s->encoder.single && s->rows != 1)
		rc = fail_not_singular(s);
	if (rc != SWM_OK)
		return rc;
	s->encoder.end(&s->encoder, &s->reply.body);
	if (s->reply.begun || s->explain)
		return SWM_OK;
	swm_set_content_range(s, s->plan->root->offset + s->rows - 1);
	swm_set_etag(s);
	return SWM_OK;
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
