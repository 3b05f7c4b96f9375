/* Rows that a program inserts: as lib/serve/ingest.c, but the rows come from function calls. */
#include "config.h"

#include "copied.h"
#include "read.h"
#include "refresh.h"
#include "session.h"

#include "json/grammar.h"
#include "plan/write.h"
#include "query/ast.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <swm/insert.h>

struct swm_insert {
	swm_session *session;
	swm_arena *arena;
	swm_snapshot *snapshot;
	swm_write_plan *plan;
	swm_staging *staging;
	swm_transaction transaction;
	swm_read read;
	swm_copied copied;
	size_t *cell_of;   /* of each of the caller's columns; the plan has each once */
	size_t column_count;
	swm_cell *cells;   /* of the plan's columns; text is set when the row ends */
	size_t *offsets;   /* where a cell's text begins in values */
	swm_buf values;    /* of the row */
	int64_t rows;
	int broken;        /* the error after which nothing helps */
	swm_error *cause;  /* what it was */
};

/*
 * Beginning
 */

static int
add_names(swm_value **out, swm_arena *arena, const char *const *names, size_t count)
{
	swm_value **tail = out;

	for (size_t i = 0; i < count; i++, tail = &(*tail)->next) {
		*tail = swm_arena_alloc(arena, sizeof **tail);
		if (*tail == NULL)
			return SWM_ENOMEM;
		**tail = (swm_value){ .text = swm_arena_str(arena, swm_cstr(names[i])) };
		if ((*tail)->text.ptr == NULL)
			return SWM_ENOMEM;
	}
	return SWM_OK;
}

static int
make_plan(swm_insert *i, const char *relation, const char *const *columns, size_t count,
          const swm_insert_options *options, swm_error *err)
{
	const swm_settings *settings = i->session->engine->settings;
	static const enum swm_resolution resolutions[] = { SWM_RESOLUTION_NONE,
		                                           SWM_RESOLUTION_MERGE,
		                                           SWM_RESOLUTION_IGNORE };
	swm_ast *ast = swm_ast_new(i->arena);
	swm_write_request request = { .kind = SWM_WRITE_INSERT,
		                      .body_is_array = true,
		                      .returned = SWM_RETURN_MINIMAL,
		                      .fill_defaults = options->fill_defaults != 0,
		                      .resolution = resolutions[options->conflict] };

	request.read = (swm_read_request){ .relation = swm_arena_str(i->arena, swm_cstr(relation)),
		.role = i->session->identity.role, .ast = ast, .written = true };
	if (ast == NULL || request.read.relation.ptr == NULL ||
	    add_names(&ast->columns, i->arena, columns, count) != SWM_OK ||
	    add_names(&ast->on_conflict, i->arena, options->key, options->key_columns) != SWM_OK)
		return swm_fail_memory(err);
	ast->has_columns = true;
	ast->has_on_conflict = options->key_columns > 0;
	int rc = swm_plan_schema(&request.read.schema, settings, swm_cstr(options->schema), err);
	if (rc != SWM_OK)
		swm_plan_hint_schemas(settings, i->snapshot, request.read.role, err);
	return rc != SWM_OK
	               ? rc
	               : swm_plan_write(&i->plan, i->arena, i->snapshot, settings, &request, err);
}

static int
make_cells(swm_insert *i, const char *const *columns, size_t count, swm_error *err)
{
	const swm_columns *planned = &i->plan->columns;

	i->column_count = count;
	i->cell_of = swm_arena_array(i->arena, count, sizeof *i->cell_of);
	i->cells = swm_arena_array(i->arena, planned->count, sizeof *i->cells); /* zeros: missing */
	i->offsets = swm_arena_array(i->arena, planned->count, sizeof *i->offsets);
	if (i->cell_of == NULL || i->cells == NULL || i->offsets == NULL)
		return swm_fail_memory(err);
	for (size_t c = 0; c < count; c++)
		while (!swm_str_eq(planned->items[i->cell_of[c]]->name, swm_cstr(columns[c])))
			i->cell_of[c]++;
	return swm_staging_new(&i->staging, i->arena, i->plan, false, err);
}

/* The first round: the staging table, role and settings. */
static int
begin(swm_insert *i, swm_error *err)
{
	swm_engine *engine = i->session->engine;
	const swm_identity *identity = &i->session->identity;
	const swm_relation *relation = i->plan->target->relation;
	swm_event event;
	enum swm_read_step kind = SWM_READ_CONTEXT;

	i->plan->staging = i->staging;
	i->transaction = (swm_transaction){ .engine = engine,
		                            .anonymous = identity->anonymous,
		                            .borrower.abort_fd = -1,
		                            .begin = swm_transaction_begin(
						    swm_snapshot_role(i->snapshot, identity->role),
						    NULL, true) };
	swm_read_context context = { .identity = identity,
		                     .schema = relation->schema,
		                     .changes = true,
		                     .checked = i->plan,
		                     .write = i->plan,
		                     .body = "",
		                     .within = &i->transaction,
		                     .borrower.abort_fd = -1 };
	int rc = swm_read_prepare(&i->read, engine, i->arena, i->snapshot, NULL, &context, err);
	while (rc == SWM_OK && kind != SWM_READ_STAGED) {
		rc = swm_read_next(&i->read, &event, &kind, err);
		rc = rc == 1 ? SWM_OK : rc;
	}
	return rc;
}

static int
try_to_begin(swm_insert *i, const char *relation, const char *const *columns, size_t count,
             const swm_insert_options *options)
{
	int rc = swm_engine_snapshot(&i->snapshot, i->session->engine, -1, i->cause);

	if (rc == SWM_OK)
		rc = make_plan(i, relation, columns, count, options, i->cause);
	if (rc == SWM_OK)
		rc = make_cells(i, columns, count, i->cause);
	return rc == SWM_OK ? begin(i, i->cause) : rc;
}

static void
leave_transaction(swm_insert *i)
{
	if (i->transaction.exec != NULL) {
		i->transaction.rollback = true;
		(void)swm_transaction_end(&i->transaction, NULL);
	}
	swm_transaction_finish(&i->transaction);
}

/* Retry with a new snapshot if the tables have changed since the old one was read. */
static int
begin_for_sure(swm_insert *i, const char *relation, const char *const *columns, size_t count,
               const swm_insert_options *options)
{
	for (int tries = 0;; tries++) {
		int rc = try_to_begin(i, relation, columns, count, options);
		enum swm_doubt doubt = rc == SWM_OK ? SWM_DOUBT_NONE
		                                    : swm_doubt_of(i->cause, false);
		if (doubt == SWM_DOUBT_NONE)
			return rc;
		leave_transaction(i); /* it holds a connection, which the load may need */
		if (!swm_refresh(i->session->engine, i->snapshot, doubt, tries))
			return rc;
		swm_snapshot_unref(i->snapshot);
		i->snapshot = NULL;
		swm_error_clear(i->cause);
	}
}

static int
check_options(swm_insert_options *out, const swm_insert_options *options, swm_error *err)
{
	*out = (swm_insert_options){ .size = sizeof *out };
	if (options == NULL)
		return SWM_OK;
	if (options->size != sizeof *options)
		return swm_fail(err, SWM_ERR_ARGUMENT,
		                SWM_STR("the options are of another version of libswm"));
	if (options->conflict > SWM_INSERT_OR_LEAVE)
		return swm_fail(err, SWM_ERR_ARGUMENT,
		                SWM_STR("there is no such way to solve a conflict"));
	*out = *options;
	return SWM_OK;
}

int
swm_insert_new(swm_insert **out, swm_session *session, const char *relation,
               const char *const *columns, size_t column_count, const swm_insert_options *options,
               swm_error *err)
{
	swm_insert_options o;

	swm_error_clear(err);
	int rc = check_options(&o, options, err);
	if (rc != SWM_OK)
		return rc;
	swm_insert *i = calloc(1, sizeof *i);
	if (i == NULL)
		return swm_fail_memory(err);
	i->session = session;
	i->arena = swm_arena_new();
	i->cause = swm_error_new();
	rc = i->arena == NULL || i->cause == NULL
	             ? swm_fail_memory(err)
	             : begin_for_sure(i, relation, columns, column_count, &o);
	if (i->cause != NULL && rc != SWM_OK)
		swm_error_copy(err, i->cause);
	if (rc == SWM_OK)
		*out = i;
	else
		swm_insert_free(i);
	return swm_error_settle(err, rc);
}

void
swm_insert_free(swm_insert *insert)
{
	if (insert == NULL)
		return;
	leave_transaction(insert);
	swm_copied_dispose(&insert->copied);
	swm_buf_dispose(&insert->values);
	swm_snapshot_unref(insert->snapshot);
	swm_arena_free(insert->arena);
	swm_error_free(insert->cause);
	free(insert);
}

/*
 * Values
 */

/* The row lacks a value now, and must never be sent, whether the caller looked at this or not. */
static int
refuse(swm_insert *i, const char *why)
{
	if (i->broken == SWM_OK)
		i->broken = swm_fail(i->cause, SWM_ERR_ARGUMENT, swm_cstr(why));
	return i->broken;
}

static int
refuse_memory(swm_insert *i)
{
	if (i->broken == SWM_OK)
		i->broken = swm_fail_memory(i->cause);
	return i->broken;
}

static int
take_value(swm_insert *i, size_t column, enum swm_cell_kind kind, swm_str text)
{
	if (i->broken != SWM_OK)
		return i->broken;
	if (column >= i->column_count)
		return refuse(i, "a value was given for a column that the insert does not have");
	size_t cell = i->cell_of[column];
	i->cells[cell] = (swm_cell){ .kind = kind, .text = { NULL, text.len },
		.escaped = kind == SWM_CELL_STRING && swm_str_find(text, '\\') < text.len };
	i->offsets[cell] = i->values.len;
	swm_buf_str(&i->values, text);
	return i->values.failed ? refuse_memory(i) : SWM_OK;
}

static const char not_json[] = "a value that must be JSON is none";

/*
 * Text for a column of JSON is the JSON itself. COPY has it read by the type, but what shares an
 * object with others, as a domain's does, must be JSON before it is put there.
 */
int
swm_insert_text(swm_insert *insert, size_t column, swm_str text)
{
	size_t cell = column < insert->column_count ? insert->cell_of[column] : 0;
	const swm_type *type = column < insert->column_count
	                               ? insert->plan->columns.items[cell]->type
	                               : NULL;

	if (type == NULL || !type->is_json || insert->staging->direct[cell])
		return take_value(insert, column, SWM_CELL_TEXT, text);
	if (!swm_json_valid(text))
		return refuse(insert, not_json);
	return take_value(insert, column, SWM_CELL_JSON, text);
}

int
swm_insert_json(swm_insert *insert, size_t column, swm_str json)
{
	if (!swm_json_valid(json))
		return refuse(insert, not_json);
	json = swm_str_trim(json);
	enum swm_cell_kind kind = json.ptr[0] == '"'   ? SWM_CELL_STRING
	                          : json.ptr[0] == 'n' ? SWM_CELL_NULL
	                                               : SWM_CELL_JSON;
	return take_value(insert, column, kind, json);
}

int
swm_insert_int64(swm_insert *insert, size_t column, int64_t value)
{
	char text[24];
	int len = snprintf(text, sizeof text, "%lld", (long long)value);

	return take_value(insert, column, SWM_CELL_JSON, (swm_str){ text, (size_t)len });
}

/*
 * The digits that it takes to tell the value from others: a numeric or text column would show more.
 */
static int
print_shortest(char *text, size_t size, double value)
{
	int len = snprintf(text, size, "%.15g", value);

	for (int digits = 16; digits <= 17 && strtod(text, NULL) != value; digits++)
		len = snprintf(text, size, "%.*g", digits, value);
	return len;
}

/* snprintf() writes the locale's decimal point; a program may have chosen one that is no dot. */
int
swm_insert_double(swm_insert *insert, size_t column, double value)
{
	const char *point = localeconv()->decimal_point;
	char text[64];

	if (!isfinite(value))
		return take_value(insert, column, SWM_CELL_TEXT,
		                  isnan(value) ? SWM_STR("NaN")
		                  : value > 0  ? SWM_STR("Infinity")
		                               : SWM_STR("-Infinity"));
	int len = print_shortest(text, sizeof text, value);
	char *at = point[0] == '.' ? NULL : strstr(text, point);
	if (at != NULL) {
		size_t width = strlen(point);
		*at = '.';
		memmove(at + 1, at + width, strlen(at + width) + 1);
		len -= (int)width - 1;
	}
	return take_value(insert, column, SWM_CELL_JSON, (swm_str){ text, (size_t)len });
}

int
swm_insert_bool(swm_insert *insert, size_t column, int value)
{
	return take_value(insert, column, SWM_CELL_JSON,
	                  value != 0 ? SWM_STR("true") : SWM_STR("false"));
}

int
swm_insert_bytes(swm_insert *insert, size_t column, swm_str bytes)
{
	swm_buf text = SWM_BUF_INIT;

	swm_buf_cstr(&text, "\\x");
	swm_buf_hex(&text, bytes.ptr, bytes.len);
	int rc = text.failed ? refuse_memory(insert)
	                     : take_value(insert, column, SWM_CELL_TEXT, swm_buf_view(&text));
	swm_buf_dispose(&text);
	return rc;
}

int
swm_insert_null(swm_insert *insert, size_t column)
{
	return take_value(insert, column, SWM_CELL_NULL, (swm_str){ NULL, 0 });
}

/*
 * Rows
 */

static int
next_piece(void *user, swm_str *piece, swm_error *err)
{
	swm_insert *i = user;
	int rc = swm_copied_take_piece(&i->copied, piece, err);

	/* what was taken stays where it is until the next call, and then is no more */
	i->copied.lines.len = 0;
	return rc;
}

/* Sends the rows collected so far. */
static int
send_rows(swm_insert *i)
{
	swm_copy copy = { .sql = i->staging->copy, .user = i, .next = next_piece };
	int rc = swm_transaction_copy(&i->transaction, &copy, i->cause);

	if (copy.failed != NULL)
		(void)swm_copied_explain(&i->copied, i->staging, copy.failed, i->cause);
	swm_copied_begin(&i->copied);
	swm_copied_begin_piece(&i->copied);
	return rc;
}

/* Keeps the first error, which every later call returns too. */
static int
keep_outcome(swm_insert *i, int rc, swm_error *err)
{
	i->broken = swm_error_settle(i->cause, rc);
	if (i->broken != SWM_OK)
		swm_error_copy(err, i->cause);
	return i->broken;
}

int
swm_insert_row(swm_insert *insert, swm_error *err)
{
	swm_error_clear(err);
	if (insert->broken != SWM_OK)
		return keep_outcome(insert, insert->broken, err);
	for (size_t c = 0; c < insert->plan->columns.count; c++)
		insert->cells[c].text.ptr = insert->values.ptr + insert->offsets[c];
	swm_copied_add_line(&insert->copied, ++insert->rows);
	swm_staging_put_row(&insert->copied.lines, insert->staging, insert->cells, insert->rows,
	                    insert->rows);
	for (size_t c = 0; c < insert->plan->columns.count; c++)
		insert->cells[c] = (swm_cell){ .kind = SWM_CELL_MISSING };
	swm_buf_clear(&insert->values);
	if (swm_copied_has_room(&insert->copied))
		return SWM_OK;
	return keep_outcome(insert, send_rows(insert), err);
}

static int
insert_and_commit(swm_insert *i, int64_t *affected)
{
	swm_event event;
	enum swm_read_step kind;
	int rc;

	while ((rc = swm_read_next(&i->read, &event, &kind, i->cause)) == 1) {
		if (kind == SWM_READ_FAILED) {
			swm_copied_search(&i->transaction, i->arena, i->staging, i->cause);
			return event.failure;
		}
		if (kind == SWM_READ_ROWS && event.end_of_step)
			(void)swm_result_affected(affected, event.result);
	}
	return rc != SWM_OK ? rc : swm_transaction_end(&i->transaction, i->cause);
}

int
swm_insert_commit(swm_insert *insert, int64_t *affected, swm_error *err)
{
	int64_t count = 0;

	swm_error_clear(err);
	if (affected != NULL)
		*affected = 0;
	if (insert->broken != SWM_OK)
		return keep_outcome(insert, insert->broken, err);
	int rc = insert->copied.rows > 0 ? send_rows(insert) : SWM_OK;
	if (rc == SWM_OK)
		rc = insert_and_commit(insert, &count);
	if (rc == SWM_EDATABASE)
		swm_plan_explain_conflict(insert->plan, insert->snapshot,
		                          insert->session->identity.role, insert->cause);
	if (rc != SWM_OK)
		return keep_outcome(insert, rc, err);
	insert->broken = swm_fail(insert->cause, SWM_ERR_ARGUMENT,
	                          SWM_STR("this insert has been committed before"));
	if (affected != NULL)
		*affected = count;
	return SWM_OK;
}
