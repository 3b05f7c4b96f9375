/* Counts all rows, whatever the page. */
#include "config.h"

#include "serve/serving.h"

#include "json/json.h"

static int
fail_past_the_end(struct serving *s)
{
	int rc = swm_fail(s->err, SWM_ERR_RANGE);

	swm_error_format_details(
		s->err, "An offset of %lld was requested, but there are only %lld rows.",
		(long long)s->decided->plan->root->offset, (long long)s->progress.total);
	return rc;
}

/* "Plan Rows" of the topmost node of an EXPLAIN (FORMAT JSON). */
static int
read_plan_rows(int64_t *out, swm_str text, swm_error *err)
{
	swm_json *doc = swm_json_parse(text);
	if (doc == NULL && swm_json_why_not(text) == SWM_ENOMEM)
		return swm_fail_memory(err);
	const swm_json *plan = swm_json_get(swm_json_first(doc), SWM_STR("Plan"));
	const swm_json *rows = swm_json_get(plan, SWM_STR("Plan Rows"));
	double n = swm_json_type_of(rows) == SWM_JSON_NUMBER ? swm_json_number(rows) : -1;

	swm_json_free(doc);
	*out = n < 9e18 ? (int64_t)n : INT64_MAX - 1;
	if (n < 0)
		return swm_fail(err, SWM_ERR_INTERNAL, SWM_STR("the estimate is not in the plan"));
	return SWM_OK;
}

enum swm_count
swm_counted(const struct serving *s)
{
	enum swm_count count = s->decided->count;

	if (count == SWM_COUNT_PLANNED &&
	    (s->decided->call != NULL || s->asked->write != SWM_WRITES_NOTHING))
		return SWM_COUNT_NONE;
	return count == SWM_COUNT_ESTIMATED && s->decided->call != NULL ? SWM_COUNT_EXACT : count;
}

/*
 * True if there are more rows than count=estimated counts exactly, so that the total is not known.
 */
static bool
is_beyond_count(const struct serving *s)
{
	int64_t most = s->engine->settings->db_max_rows;
	return swm_counted(s) == SWM_COUNT_ESTIMATED && most >= 0 && s->progress.total > most;
}

int
swm_take_count(struct serving *s, const swm_result *result)
{
	if (!swm_result_int64(&s->progress.total, result, 0, 0))
		return swm_fail(s->err, SWM_ERR_INTERNAL, SWM_STR("the count is no number"));
	return s->decided->plan->root->offset > s->progress.total && !is_beyond_count(s)
	               ? fail_past_the_end(s)
	               : SWM_OK;
}

/* The planner's estimate is used with count=planned, or beyond the rows that were counted. */
int
swm_take_estimate(struct serving *s, const swm_result *result)
{
	int64_t rows = 0;
	int rc = read_plan_rows(&rows, swm_result_cell(result, 0, 0), s->err);

	if (rc != SWM_OK)
		return rc;
	if (s->progress.total >= 0 && !is_beyond_count(s))
		return SWM_OK;
	s->progress.total = rows > s->progress.total ? rows : s->progress.total;
	s->progress.is_estimate = true;
	return SWM_OK;
}

int
swm_check_total(struct serving *s)
{
	return s->decided->plan->root->offset > s->progress.total ? fail_past_the_end(s) : SWM_OK;
}
