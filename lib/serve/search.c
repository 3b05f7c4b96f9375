/*
 * Which row of an array PostgreSQL has refused, when the array is one parameter of its statement.
 * It is asked to read the rows once more, in a read-only transaction under the same role and
 * settings; what fails there must fail as the write did, or nothing is told. A write that goes
 * well costs nothing of this.
 */
#include "config.h"

#include "serve/serving.h"

#include "copied.h"
#include "json/rows.h"
#include "read.h"

enum { MOST_NUMBERS = 4 };

/* The result of a statement. */
struct found {
	int64_t rows;
	int64_t numbers[MOST_NUMBERS]; /* of the last row */
	bool refused;                  /* it failed as the write did */
};

static void
take_row(struct found *found, const swm_result *result)
{
	if (swm_result_rows(result) == 0)
		return;
	found->rows++;
	swm_result_numbers(found->numbers, result, MOST_NUMBERS);
}

/*
 * False when nothing more can be said. checked: when the values were read by other types than the
 * columns have by now, that becomes the error.
 */
static bool
look(struct serving *s, const swm_statement *statement, bool checked, struct found *found)
{
	swm_read read = { 0 };
	swm_error *err = swm_error_new();
	swm_event event;
	enum swm_read_step kind;
	int rc = err == NULL ? SWM_ENOMEM : swm_prepare_look(s, &read, statement, checked, err);

	*found = (struct found){ 0 };
	while (rc == SWM_OK && (rc = swm_read_next(&read, &event, &kind, err)) == 1) {
		take_row(found, event.result);
		rc = SWM_OK;
	}
	found->refused = rc == SWM_EDATABASE && swm_error_is_same(err, s->err);
	swm_read_finish(&read);
	if (swm_error_is(err, SWM_ERR_TABLES_CHANGED))
		swm_error_copy(s->err, err);
	swm_error_free(err);
	return rc == SWM_OK || found->refused;
}

/* No line for CSV: only the lines of the JSON converted from it are known. */
static swm_row_place
place_of(const struct serving *s, int64_t row)
{
	bool is_json = s->sent->content == SWM_CONTENT_JSON;

	return (swm_row_place){ row,
		                is_json ? swm_json_line_of_row(swm_buf_view(&s->sent->text), row)
		                        : 0 };
}

/* Finds the column that cannot be converted; NULL if each can be on its own. */
static const swm_column *
search_column(struct serving *s, int64_t row)
{
	const swm_columns *columns = &s->decided->write_plan->columns;
	const char *body = swm_buf_text(&s->sent->text);
	swm_statement statement;
	struct found found;

	if (swm_sql_body_columns(&statement, s->arena, s->decided->write_plan, body, row, NULL) !=
	            SWM_OK ||
	    !look(s, &statement, false, &found) || !found.refused ||
	    found.rows >= (int64_t)columns->count)
		return NULL;
	return columns->items[found.rows];
}

static void
search_value(struct serving *s)
{
	const char *body = swm_buf_text(&s->sent->text);
	swm_statement statement;
	struct found found;

	found.refused = false;
	for (int rounded = 0; rounded < 2 && !found.refused; rounded++)
		if (swm_sql_body_rows(&statement, s->arena, s->decided->write_plan, body,
		                      rounded != 0, NULL) != SWM_OK ||
		    !look(s, &statement, rounded == 0, &found))
			return;
	if (!found.refused)
		return;
	const swm_column *column = search_column(s, found.rows);
	const swm_row_place place = place_of(s, found.rows);
	swm_tell_place(s->err, true, &place, column);
}

/* Where json_to_recordset() fails is found by reading the rows with our own parser. */
static void
search_nul(struct serving *s)
{
	swm_error *err = swm_error_new();

	if (err != NULL &&
	    swm_json_check_rows(swm_buf_view(&s->sent->text), false, err) == SWM_EDATABASE &&
	    swm_str_eq(swm_error_message(err), swm_error_message(s->err)))
		swm_error_set_details(s->err, swm_error_details(err));
	swm_error_free(err);
}

static void
search_key(struct serving *s)
{
	const char *body = swm_buf_text(&s->sent->text);
	swm_statement statement;
	struct found found;

	if (!swm_plan_key_is_of_all_rows(s->decided->write_plan) ||
	    swm_sql_key_twice(&statement, s->arena, s->decided->write_plan, body, NULL) != SWM_OK ||
	    !look(s, &statement, false, &found) || found.rows != 1)
		return;
	const swm_row_place place = place_of(s, found.numbers[0]);
	const swm_row_place first = place_of(s, found.numbers[2]);
	swm_tell_key_twice(s->err, true, &place, &first);
}

static void
search_array(struct serving *s)
{
	if (swm_is_key_twice(s->err))
		search_key(s);
	else if (swm_str_eq(swm_error_code(s->err), SWM_STR("22P05")) &&
	         s->sent->content == SWM_CONTENT_JSON)
		search_nul(s);
	else if (swm_may_be_of_value(s->err))
		search_value(s);
}

int
swm_search_body(struct serving *s)
{
	static const swm_statement nothing = { "SELECT WHERE false", NULL, 0 };
	bool is_array = s->asked->write == SWM_WRITES_INSERT &&
	                s->sent->json.body == SWM_JSON_BODY_ARRAY;
	struct found found;

	if (s->sent->ingest != NULL || s->decided->explain ||
	    s->decided->write_plan->columns.count == 0)
		return swm_error_result(s->err);
	if (is_array)
		search_array(s);
	else if (swm_str_starts(swm_error_code(s->err), SWM_STR("22")))
		(void)look(s, &nothing, true, &found);
	return swm_error_result(s->err);
}
