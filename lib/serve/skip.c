/*
 * Prefer: errors=skip. The rows are staged as JSON, each with its number, and inserted in
 * ranges under a savepoint; a range that fails is halved until the bad row is alone, which
 * is left out and told.
 */
#include "config.h"

#include "serve/ingest.h"

#include "json/escape.h"
#include "read.h"
#include "sql/staging.h"

#include <stdio.h>

/*
 * Rows that are inserted in one go; how many bad ones are borne with, for each costs round trips;
 * and the bytes that are told of a text, for it may quote a value.
 */
enum { RANGE = 1000, MOST_BAD = 1000, LONGEST = 1024 };

struct swm_skips {
	swm_error *err;       /* of the row, or the range, that failed last */
	bool failed;          /* the transaction is to go back to the savepoint */
	bool by_policy;       /* it failed for a policy */
	swm_statement insert;
	int64_t affected, skipped;
	bool of_array;
	int64_t first_row, first_line; /* of the first of them */
	swm_buf told;
};

static const swm_statement savepoint = { "SAVEPOINT swm_range", NULL, 0 };
static const swm_statement release = { "RELEASE swm_range", NULL, 0 };
static const swm_statement back = { "ROLLBACK TO swm_range", NULL, 0 };

struct swm_skips *
swm_skips_new(struct serving *s, bool of_array)
{
	struct swm_skips *k = swm_arena_alloc(s->arena, sizeof *k);

	if (k == NULL)
		return NULL;
	*k = (struct swm_skips){ .err = swm_error_new(), .of_array = of_array };
	return k->err == NULL ? NULL : k;
}

void
swm_skips_dispose(struct swm_skips *k)
{
	if (k == NULL)
		return;
	swm_error_free(k->err);
	swm_buf_dispose(&k->told);
}

swm_error *
swm_skips_error(struct swm_skips *k)
{
	return k->err;
}

/* The number of bytes of well-formed UTF-8 that a message shows: no character is cut. */
static size_t
told_length(swm_str text)
{
	size_t len = LONGEST;

	if (text.len <= LONGEST)
		return text.len;
	while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void
put_text(swm_buf *to, const char *name, swm_str text, bool there)
{
	size_t len = told_length(text);

	swm_buf_printf(to, ",\"%s\":", name);
	if (there)
		swm_json_quote(to, (swm_str){ text.ptr, len });
	else
		swm_buf_cstr(to, "null");
	if (len < text.len && !to->failed) {
		to->len--; /* the quote */
		swm_buf_cstr(to, "...\"");
	}
}

/* Replaces the row's error by the one for too many rejected rows. */
static int
fail_many(struct swm_skips *k)
{
	swm_error_clear(k->err);
	int rc = swm_fail_format(k->err, SWM_ERR_BODY, "More than %d rows are bad", MOST_BAD);
	if (k->of_array)
		swm_error_format_details(k->err, "The first of them is row %lld, in line %lld",
		                         (long long)k->first_row, (long long)k->first_line);
	else
		swm_error_format_details(k->err, "The first of them is in line %lld",
		                         (long long)k->first_line);
	return rc;
}

int
swm_skips_note(struct swm_skips *k, int64_t row, int64_t line)
{
	if (k->skipped == 0 || row < k->first_row) {
		k->first_row = row;
		k->first_line = line;
	}
	if (k->skipped == MOST_BAD)
		return fail_many(k);
	k->skipped++;
	swm_buf_printf(&k->told, "%s{\"row\":%lld,\"line\":%lld", k->told.len > 0 ? "," : "",
	               (long long)row, (long long)line);
	put_text(&k->told, "code", swm_error_code(k->err), true);
	put_text(&k->told, "message", swm_error_message(k->err), true);
	put_text(&k->told, "details", swm_error_details(k->err), swm_error_has_details(k->err));
	swm_buf_char(&k->told, '}');
	swm_error_clear(k->err);
	return SWM_OK;
}

/*
 * True if a value can cause this error: one too big for an index, or a name of regclass or regtype
 * that is not valid or does not exist.
 */
static bool
is_of_value(swm_str code)
{
	static const char *const codes[] = { "54000", "42P01", "42704", "42601",
		                             "42602", "42725", "42883" };

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (swm_str_eq(code, swm_cstr(codes[i])))
			return true;
	return false;
}

/*
 * True if the error is that of the row, and not of the whole statement or the database. Errors of
 * the statement itself showed before, when it was run without rows.
 */
static bool
row_is_to_blame(const struct swm_skips *k)
{
	static const char *const others[] = { "08", "0A", "25", "40", "42", "53",
		                              "54", "55", "57", "58", "XX" };
	swm_str code = swm_error_code(k->err);

	if (swm_error_result(k->err) != SWM_EDATABASE)
		return false;
	/* else 42501 is a privilege that every row needs: a sequence's, or within a trigger */
	if (k->by_policy)
		return true;
	if (is_of_value(code))
		return true;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (swm_str_starts(code, swm_cstr(others[i])))
			return false;
	return true;
}

static int
fail_whole(struct serving *s, struct swm_skips *k)
{
	swm_error_copy(s->err, k->err);
	return swm_error_result(k->err);
}

/*
 * Runs a round of statements; each sets *number to its first value, or to the number of rows it
 * wrote.
 */
static int
take_round(struct serving *s, struct swm_skips *k, const swm_step *steps, size_t count,
           int64_t *number)
{
	swm_event event;
	int rc = swm_transaction_try(s->transaction, steps, count, k->err);

	while (rc == SWM_OK && (rc = swm_transaction_next(s->transaction, &event, k->err)) == 1 &&
	       event.result != NULL) {
		if (swm_result_rows(event.result) > 0)
			(void)swm_result_int64(number, event.result, 0, 0);
		else
			(void)swm_result_affected(number, event.result);
		rc = SWM_OK;
	}
	if (rc != 1)
		return fail_whole(s, k);
	k->failed = event.failure != SWM_OK;
	k->by_policy = event.by_policy;
	return SWM_OK;
}

static size_t
add_step(swm_step *steps, size_t n, const swm_statement *statement)
{
	steps[n] = swm_step_of(statement, false);
	steps[n].quiet = statement->param_count == 0;
	return n + 1;
}

static size_t
add_back(swm_step *steps, const struct swm_skips *k)
{
	return k->failed ? add_step(steps, add_step(steps, 0, &back), &release) : 0;
}

static int
insert(struct serving *s, struct swm_skips *k)
{
	swm_step steps[5];
	size_t n = add_back(steps, k);
	int64_t rows = 0;

	n = add_step(steps, n, &savepoint);
	n = add_step(steps, n, &k->insert);
	steps[n - 1].fail = swm_fail_types_changed;
	n = add_step(steps, n, &release);
	int rc = take_round(s, k, steps, n, &rows);
	if (rc == SWM_OK && k->failed && !row_is_to_blame(k))
		rc = fail_whole(s, k);
	if (rc == SWM_OK && !k->failed)
		k->affected += rows;
	return rc;
}

/* Rolls back to the savepoint, and finds the line of the only row in the range. */
static int
leave_out(struct serving *s, struct swm_skips *k, const swm_staging *staging, int64_t number)
{
	const char *params[] = { staging->first };
	swm_statement ask = { "SELECT \"line\" FROM " SWM_STAGING_TABLE " WHERE \"n\" = $1::bigint",
		              params, 1 };
	swm_step steps[3];
	size_t n = add_step(steps, add_back(steps, k), &ask);
	swm_error *why = k->err;
	int64_t line = 0;

	k->err = swm_error_new();
	if (k->err == NULL) {
		k->err = why;
		return swm_fail_memory(s->err);
	}
	int rc = take_round(s, k, steps, n, &line);
	swm_error_free(k->err);
	k->err = why;
	swm_plan_hide_unseen_key(s->snapshot, s->asked->identity.role, k->err);
	if (rc == SWM_OK && swm_skips_note(k, number - 1, line) != SWM_OK)
		rc = fail_whole(s, k);
	return rc;
}

static int
insert_range(struct serving *s, struct swm_skips *k, swm_staging *staging, int64_t first,
             int64_t last)
{
	swm_staging_set_range(staging, first, last);
	int rc = insert(s, k);

	if (rc != SWM_OK || !k->failed)
		return rc;
	if (first == last)
		return leave_out(s, k, staging, first);
	swm_error_clear(k->err);
	int64_t middle = first + (last - first) / 2;
	rc = insert_range(s, k, staging, first, middle);
	return rc != SWM_OK ? rc : insert_range(s, k, staging, middle + 1, last);
}

int
swm_skips_insert(struct serving *s, struct swm_skips *k, swm_staging *staging, int64_t rows)
{
	int rc = swm_sql_write(&k->insert, s->arena, swm_ingest_plan(s), "", s->err);

	/* none at all: what is wrong with the statement itself is no row's fault */
	swm_staging_set_range(staging, 1, 0);
	if (rc == SWM_OK)
		rc = insert(s, k);
	if (rc == SWM_OK && k->failed)
		rc = fail_whole(s, k);
	for (int64_t first = 1; first <= rows && rc == SWM_OK; first += RANGE)
		rc = insert_range(s, k, staging, first,
		                  first + RANGE - 1 < rows ? first + RANGE - 1 : rows);
	return rc;
}

int64_t
swm_skips_affected(const struct swm_skips *k)
{
	return k->affected;
}

void
swm_skips_tell(struct serving *s, const struct swm_skips *k)
{
	swm_buf_printf(&s->reply.body, "{\"written\":%lld,\"skipped\":%lld,\"errors\":[",
	               (long long)k->affected, (long long)k->skipped);
	swm_buf_str(&s->reply.body, swm_buf_view(&k->told));
	swm_buf_cstr(&s->reply.body, "]}");
	s->reply.failed |= k->told.failed;
	swm_reply_set(&s->reply, "Content-Type", swm_media_content_type(SWM_MEDIA_JSON));
}
