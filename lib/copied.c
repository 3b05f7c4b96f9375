#include "config.h"

#include "copied.h"

#include "json/fault.h"
#include "read.h"

#include <stdlib.h>

/* Bytes of COPY's text: of a piece, and of a COPY. */
enum { PIECE = 64 * 1024, WHOLE = 2 * 1024 * 1024, KEPT = 1024 * 1024 };

void
swm_copied_dispose(swm_copied *copied)
{
	swm_buf_dispose(&copied->lines);
	free(copied->runs);
	*copied = (swm_copied){ .rows = 0 };
}

void
swm_copied_begin(swm_copied *copied)
{
	copied->bytes = 0;
	copied->before += copied->rows;
	copied->rows = 0;
	copied->run_count = 0;
}

void
swm_copied_begin_piece(swm_copied *copied)
{
	if (copied->lines.cap > KEPT) /* after a huge row */
		swm_buf_dispose(&copied->lines);
	swm_buf_clear(&copied->lines);
}

bool
swm_copied_has_room(const swm_copied *copied)
{
	return copied->lines.len < PIECE && copied->bytes + copied->lines.len < WHOLE;
}

static void
add_run(swm_copied *c, int64_t line)
{
	if (c->run_count == c->run_room) {
		size_t room = c->run_room == 0 ? 64 : c->run_room * 2;
		swm_copied_run *more = realloc(c->runs, room * sizeof *more);
		if (more == NULL) {
			c->failed = true;
			return;
		}
		c->runs = more;
		c->run_room = room;
	}
	c->runs[c->run_count++] = (swm_copied_run){ c->rows, line, 0 };
}

void
swm_copied_add_line(swm_copied *c, int64_t line)
{
	swm_copied_run *run = c->run_count == 0 ? NULL : &c->runs[c->run_count - 1];

	c->rows++;
	if (run != NULL && c->rows == run->row + 1)
		run->lines = line - run->line;
	if (run == NULL || run->line + (c->rows - run->row) * run->lines != line)
		add_run(c, line);
}

int
swm_copied_take_piece(swm_copied *c, swm_str *piece, swm_error *err)
{
	if (c->failed || c->lines.failed)
		return swm_fail_memory(err);
	*piece = swm_buf_view(&c->lines);
	c->bytes += piece->len;
	return piece->len > 0;
}

static int64_t
line_of(const swm_copied *c, int64_t row)
{
	for (size_t i = c->run_count; i > 0; i--) {
		const swm_copied_run *run = &c->runs[i - 1];
		if (run->row <= row)
			return run->line + (row - run->row) * run->lines;
	}
	return 0;
}

/* Reads a number from *text, skipping anything before its digits; negative when there is none. */
static int64_t
cut_number(swm_str *text)
{
	int64_t n = 0;
	size_t at = 0, begin;

	while (at < text->len && (text->ptr[at] < '0' || text->ptr[at] > '9'))
		at++;
	for (begin = at;
	     at < text->len && text->ptr[at] >= '0' && text->ptr[at] <= '9' && at - begin < 18;
	     at++)
		n = n * 10 + (text->ptr[at] - '0');
	*text = swm_str_from(*text, at);
	return at > begin ? n : -1;
}

/*
 * The column of the plan that "column c3" names, whatever the server's language calls it; or NULL.
 */
static const swm_column *
cut_column(swm_str *text, const swm_staging *staging)
{
	swm_str rest = *text;
	size_t space = swm_str_find(rest, ' ');

	while (space + 2 < rest.len) {
		rest = swm_str_from(rest, space + 1);
		if (rest.ptr[0] == ':' || rest.ptr[0] == '"')
			return NULL;
		space = swm_str_find(rest, ' ');
		if (rest.ptr[0] != 'c' || rest.ptr[1] < '0' || rest.ptr[1] > '9')
			continue;
		int64_t n = cut_number(&rest);
		if (n < 0 || (size_t)n >= staging->plan->columns.count ||
		    (rest.len > 0 && rest.ptr[0] != ':' && rest.ptr[0] != ','))
			return NULL;
		*text = rest;
		return staging->plan->columns.items[n];
	}
	return NULL;
}

void
swm_tell_place(swm_error *err, bool of_array, const swm_row_place *place, const swm_column *column)
{
	swm_buf details = SWM_BUF_INIT;

	swm_put_row_place(&details, of_array, place->row, place->line);
	if (column != NULL) {
		swm_buf_cstr(&details, ", column \"");
		swm_buf_str(&details, column->name);
		swm_buf_char(&details, '"');
	}
	if (swm_error_details(err).len > 0) {
		swm_buf_cstr(&details, ": ");
		swm_buf_str(&details, swm_error_details(err));
	}
	if (!details.failed)
		swm_error_set_details(err, swm_buf_view(&details));
	swm_buf_dispose(&details);
}

/*
 * The place that COPY names in its context, after the table's name in any language. The lines
 * before it come from json's input function.
 */
static swm_str
place_of(const swm_result *failed)
{
	const char *context = swm_result_context(failed).ptr;
	const char *table = strchr(SWM_STAGING_TABLE, '.') + 1;

	return swm_cstr(context == NULL ? NULL : strstr(context, table));
}

bool
swm_copied_explain(const swm_copied *c, const swm_staging *staging, const swm_result *failed,
                   swm_error *err)
{
	swm_str context = place_of(failed);
	int64_t row = cut_number(&context);
	const swm_column *column = row > 0 ? cut_column(&context, staging) : NULL;

	const swm_row_place place = { c->before + row - 1, line_of(c, row) };
	if (row > 0)
		swm_tell_place(err, staging->of_array, &place, column);
	return column != NULL && swm_str_eq(context, SWM_STR(": \"\""));
}

/*
 * Searching
 */

struct search {
	swm_transaction *transaction;
	swm_arena *arena;
	swm_staging *staging;
	const swm_error *told; /* whose place is looked for */
};

/*
 * Runs a statement at the savepoint: how many rows it has, and the last one's numbers; refused is
 * that it fails as the write did. Another row's value may be bad as well. Negative when nothing
 * more can be said.
 */
enum { MOST_NUMBERS = 4 };
static int
look(struct search *s, const swm_statement *statement, int64_t *rows, int64_t numbers[MOST_NUMBERS],
     bool *refused)
{
	const swm_step steps[] = {
		{ .sql = "ROLLBACK TO " SWM_READ_SAVEPOINT_NAME, .quiet = true },
		{ .sql = statement->text,
		  .params = statement->params,
		  .param_count = statement->param_count,
		  .stream = true },
	};
	swm_error *err = swm_error_new();
	swm_event event;
	int rc = swm_transaction_try(s->transaction, steps, 2, err);

	*rows = 0;
	while (rc == SWM_OK && (rc = swm_transaction_next(s->transaction, &event, err)) == 1 &&
	       event.result != NULL) {
		rc = SWM_OK;
		if (swm_result_rows(event.result) == 0)
			continue;
		++*rows;
		swm_result_numbers(numbers, event.result, MOST_NUMBERS);
	}
	*refused = rc == 1 && event.failure != SWM_OK && swm_error_is_same(err, s->told);
	swm_error_free(err);
	return rc == 1 ? SWM_OK : rc;
}

/*
 * The column of the row in the line `first` that cannot be made, as was told; NULL when each alone
 * can.
 */
static const swm_column *
search_column(struct search *s)
{
	const swm_columns *columns = &s->staging->plan->columns;
	swm_statement statement;
	int64_t rows, numbers[MOST_NUMBERS];
	bool refused;

	for (size_t i = 0; i < columns->count; i++) {
		if (s->staging->direct[i])
			continue;
		if (swm_sql_staged_values(&statement, s->arena, s->staging, i, NULL) != SWM_OK ||
		    look(s, &statement, &rows, numbers, &refused) != SWM_OK)
			return NULL;
		if (refused)
			return columns->items[i];
	}
	return NULL;
}

bool
swm_may_be_of_value(const swm_error *err)
{
	swm_str code = swm_error_code(err);

	return swm_str_starts(code, SWM_STR("22")) || swm_str_eq(code, SWM_STR("23502")) ||
	       swm_str_eq(code, SWM_STR("23514"));
}

/* Finds the row that cannot be converted: so many come before it. */
static void
search_value(struct search *s, swm_error *err)
{
	swm_statement statement;
	int64_t row, rows, numbers[MOST_NUMBERS] = { 0 };
	bool refused;

	int rc = swm_sql_staged_values(&statement, s->arena, s->staging, SWM_STAGING_ALL, NULL);
	if (rc != SWM_OK ||
	    look(s, &statement, &row, numbers, &refused) != SWM_OK || !refused)
		return;
	swm_staging_set_range(s->staging, row, row);
	numbers[0] = 0;
	if (swm_sql_staged_line(&statement, s->arena, s->staging, NULL) != SWM_OK ||
	    look(s, &statement, &rows, numbers, &refused) != SWM_OK || numbers[0] == 0)
		return;
	swm_staging_set_range(s->staging, numbers[0], numbers[0]);
	const swm_column *column = search_column(s);
	const swm_row_place place = { row, numbers[0] };
	swm_tell_place(err, s->staging->of_array, &place, column);
}

bool
swm_is_key_twice(const swm_error *err)
{
	return swm_str_eq(swm_error_code(err), SWM_STR("21000")) &&
	       swm_error_http_status(err) == 400;
}

void
swm_tell_key_twice(swm_error *err, bool of_array, const swm_row_place *place,
                   const swm_row_place *first)
{
	swm_buf details = SWM_BUF_INIT;

	swm_put_row_place(&details, of_array, place->row, place->line);
	swm_buf_printf(&details, ": %s %lld has the same key", of_array ? "row" : "line",
	               (long long)(of_array ? first->row : first->line));
	if (!details.failed)
		swm_error_set_details(err, swm_buf_view(&details));
	swm_buf_dispose(&details);
}

static void
search_key(struct search *s, swm_error *err)
{
	swm_statement statement;
	int64_t rows, numbers[MOST_NUMBERS] = { 0 };
	bool refused;

	if (swm_plan_key_is_of_all_rows(s->staging->plan) &&
	    swm_sql_key_twice(&statement, s->arena, s->staging->plan, "", NULL) == SWM_OK &&
	    look(s, &statement, &rows, numbers, &refused) == SWM_OK && rows == 1)
		swm_tell_key_twice(err, s->staging->of_array,
		                   &(swm_row_place){ numbers[0], numbers[1] },
		                   &(swm_row_place){ numbers[2], numbers[3] });
}

void
swm_copied_search(swm_transaction *transaction, swm_arena *arena, swm_staging *staging,
                  swm_error *err)
{
	struct search s = { transaction, arena, staging, err };

	if (swm_is_key_twice(err))
		search_key(&s, err);
	else if (swm_may_be_of_value(err) && staging->has_rest &&
	         staging->plan->columns.count > 0)
		search_value(&s, err);
}
