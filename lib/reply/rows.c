/* The typed result of a query, row by row. */
#include "config.h"

#include "read.h"
#include "refresh.h"
#include "session.h"

#include "plan/call.h"
#include "query/query.h"

#include <libpq-fe.h>
#include <locale.h>
#include <stdlib.h>
#include <swm/rows.h>

struct column {
	swm_str name; /* the alias, where there is one */
	uint32_t type_oid;
};

struct swm_rows {
	swm_arena *arena;       /* of plan, SQL and columns */
	swm_snapshot *snapshot;
	swm_read read;
	struct column *columns;
	size_t column_count;
	const PGresult *current;/* has the row that is read from; NULL when there is none */
	int row;
	bool ended;
	PGresult *whole;        /* all rows, in whole mode */
	char *bytes;            /* of the last swm_rows_bytes() */
};

/* Each argument has a text, as in a query string. */
static int
plan_call(swm_read_request *request, swm_rows *r, const swm_session *session,
          const swm_query *query, swm_error *err)
{
	const swm_call_request asked = { .schema = request->schema,
		                         .name = query->relation,
		                         .role = session->identity.role,
		                         .pairs = query->arguments,
		                         .pair_count = query->argument_count };
	int rc = swm_plan_call_of(&request->call, r->arena, r->snapshot, &asked, err);

	if (rc == SWM_OK)
		request->function = request->call->function;
	return rc;
}

static int
make_plan(swm_read_plan **out, swm_rows *r, swm_session *session, const swm_query *query,
          swm_read_context *context, swm_error *err)
{
	const swm_settings *settings = session->engine->settings;
	swm_read_request request = { .relation = query->relation,
		                     .role = session->identity.role,
		                     .ast = query->ast };
	int rc = swm_plan_schema(&request.schema, settings, query->schema, err);
	if (rc != SWM_OK)
		swm_plan_hint_schemas(settings, r->snapshot, request.role, err);

	context->schema = request.schema;
	if (rc == SWM_OK && query->is_call)
		rc = plan_call(&request, r, session, query, err);
	if (rc == SWM_OK)
		rc = swm_plan_read(out, r->arena, r->snapshot, settings, &request, err);
	if (rc != SWM_OK)
		return rc;
	/* there is no answer that a function could set a header of */
	(*out)->settings_columns = false;
	context->function = request.function;
	context->changes = request.function != NULL && request.function->volatility == 'v';
	return SWM_OK;
}

/* The query may be gone before the result is. */
static int
keep_names(swm_rows *r, const swm_read_plan *plan, swm_error *err)
{
	r->columns = swm_arena_array(r->arena, plan->root->output_count, sizeof *r->columns);
	if (r->columns == NULL)
		return swm_fail_memory(err);
	for (size_t i = 0; i < plan->root->output_count; i++) {
		bool is_value = plan->root->relation == NULL; /* it is called as its function is */
		r->columns[i].name = swm_arena_str(r->arena, is_value ? plan->root->alias
		                                                      : plan->root->outputs[i].key);
		if (r->columns[i].name.ptr == NULL)
			return swm_fail_memory(err);
	}
	r->column_count = plan->root->output_count;
	return SWM_OK;
}

static void
keep_types(swm_rows *r, const PGresult *result)
{
	for (size_t i = 0; i < r->column_count && i < (size_t)PQnfields(result); i++)
		r->columns[i].type_oid = PQftype(result, (int)i);
}

/* To the next rows: 1, with current; 0 at the end. */
static int
advance(swm_rows *r, swm_error *err)
{
	swm_event event;
	enum swm_read_step kind;
	int rc;

	r->current = NULL;
	while ((rc = swm_read_next(&r->read, &event, &kind, err)) == 1) {
		if (kind != SWM_READ_ROWS)
			continue;
		keep_types(r, event.result);
		if (PQntuples(event.result) == 0) /* the end of the rows */
			continue;
		r->current = event.result;
		r->row = 0;
		return 1;
	}
	return rc;
}

/* A function may have written, and its transaction been committed after its rows were sent. */
static int
fail_copy(const swm_rows *r, swm_error *err)
{
	int rc = swm_fail_memory(err);

	return swm_read_may_have_committed(&r->read) ? swm_fail_unknown(err, SWM_STR("")) : rc;
}

/* All rows as one result, which is then read like a streamed one. */
static int
read_whole(swm_rows *r, swm_error *err)
{
	int rc;

	for (size_t i = 0; i < r->read.step_count; i++)
		r->read.steps[i].stream = false;
	while ((rc = advance(r, err)) == 1) {
		PQclear(r->whole);
		r->whole = PQcopyResult(r->current, PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
		if (r->whole == NULL)
			return fail_copy(r, err);
	}
	r->current = r->whole;
	swm_read_finish(&r->read);
	return rc;
}

/* Plans the query and begins to read. *doubt: of the snapshot, when it is refused. */
static int
try_to_open(swm_rows *r, swm_session *session, const swm_query *query, enum swm_rows_mode mode,
            enum swm_doubt *doubt, swm_error *err)
{
	swm_read_plan *plan;
	swm_read_context context = { .identity = &session->identity, .borrower.abort_fd = -1 };
	int rc = swm_engine_snapshot(&r->snapshot, session->engine, -1, err);

	if (rc == SWM_OK)
		rc = make_plan(&plan, r, session, query, &context, err);
	if (rc == SWM_OK)
		rc = keep_names(r, plan, err);
	if (rc == SWM_OK)
		rc = swm_read_prepare(&r->read, session->engine, r->arena, r->snapshot, plan,
		                      &context, err);
	if (rc != SWM_OK)
		return rc;
	rc = mode == SWM_ROWS_WHOLE ? read_whole(r, err)
	                            : advance(r, err); /* errors and columns are known at once */
	if (rc == SWM_EDATABASE)
		swm_plan_hide_unseen(plan->root, r->snapshot, session->identity.role, err);
	r->row = -1;
	r->ended = r->current == NULL;
	if (rc < 0)
		*doubt = swm_doubt_of(err, plan->unknown_names);
	return rc < 0 ? rc : SWM_OK;
}

static void
forget_try(swm_rows *r)
{
	swm_read_finish(&r->read);
	PQclear(r->whole);
	r->whole = NULL;
	r->column_count = 0;
	swm_snapshot_unref(r->snapshot);
	r->snapshot = NULL;
}

static int
open_rows(swm_rows *r, swm_session *session, const swm_query *query, enum swm_rows_mode mode,
          swm_error *err)
{
	for (int tries = 0;; tries++) {
		enum swm_doubt doubt = SWM_DOUBT_NONE;
		int rc = try_to_open(r, session, query, mode, &doubt, err);
		if (doubt == SWM_DOUBT_NONE)
			return rc;
		swm_read_finish(&r->read); /* which holds a connection */
		if (!swm_refresh(session->engine, r->snapshot, doubt, tries))
			return rc;
		forget_try(r);
		swm_error_clear(err);
	}
}

int
swm_session_query(swm_rows **out, swm_session *session, const swm_query *query,
                  enum swm_rows_mode mode, swm_error *err)
{
	swm_error_clear(err);
	swm_rows *r = calloc(1, sizeof *r);
	if (r == NULL || (r->arena = swm_arena_new()) == NULL) {
		free(r);
		return swm_fail_memory(err);
	}
	/* what is wrong decides on another try */
	swm_error *own = err == NULL ? swm_error_new() : NULL;
	int rc = open_rows(r, session, query, mode, err == NULL ? own : err);
	swm_error_free(own);
	if (rc == SWM_OK)
		*out = r;
	else
		swm_rows_close(r);
	return swm_error_settle(err, rc);
}

int
swm_rows_next(swm_rows *rows, swm_error *err)
{
	swm_error_clear(err);
	if (rows->ended)
		return 0;
	if (rows->row + 1 < (rows->current == NULL ? 0 : PQntuples(rows->current))) {
		rows->row++;
		return 1;
	}
	int rc = rows->read.exec == NULL ? 0 : advance(rows, err);
	if (rc != 1) {
		rows->ended = true;
		rows->current = NULL;
		swm_read_finish(&rows->read);
	}
	return rc == 1 ? rc : swm_error_settle(err, rc);
}

void
swm_rows_close(swm_rows *rows)
{
	if (rows == NULL)
		return;
	swm_read_finish(&rows->read);
	PQclear(rows->whole);
	free(rows->bytes);
	swm_snapshot_unref(rows->snapshot);
	swm_arena_free(rows->arena);
	free(rows);
}

size_t
swm_rows_columns(const swm_rows *rows)
{
	return rows->column_count;
}

swm_str
swm_rows_name(const swm_rows *rows, size_t column)
{
	return column < rows->column_count ? rows->columns[column].name : (swm_str){ "", 0 };
}

uint32_t
swm_rows_type_oid(const swm_rows *rows, size_t column)
{
	return column < rows->column_count ? rows->columns[column].type_oid : 0;
}

enum swm_kind
swm_rows_kind(const swm_rows *rows, size_t column)
{
	/* object identifiers of pg_type.dat, which never change */
	switch (swm_rows_type_oid(rows, column)) {
	case 16:
		return SWM_KIND_BOOL;
	case 17:
		return SWM_KIND_BYTES;
	case 20:
	case 21:
	case 23:
		return SWM_KIND_INT64;
	case 700:
	case 701:
		return SWM_KIND_DOUBLE;
	default:
		return SWM_KIND_TEXT;
	}
}

bool
swm_rows_is_null(const swm_rows *rows, size_t column)
{
	return rows->current == NULL || rows->row < 0 ||
	       column >= (size_t)PQnfields(rows->current) ||
	       PQgetisnull(rows->current, rows->row, (int)column);
}

int
swm_rows_text(const swm_rows *rows, size_t column, swm_str *out)
{
	if (swm_rows_is_null(rows, column))
		return SWM_EINVAL;
	*out = (swm_str){ PQgetvalue(rows->current, rows->row, (int)column),
	                  (size_t)PQgetlength(rows->current, rows->row, (int)column) };
	return SWM_OK;
}

int
swm_rows_int64(const swm_rows *rows, size_t column, int64_t *out)
{
	swm_str text;
	return swm_rows_text(rows, column, &text) == SWM_OK && swm_str_int64(text, out)
	               ? SWM_OK
	               : SWM_EINVAL;
}

int
swm_rows_bool(const swm_rows *rows, size_t column, bool *out)
{
	swm_str text;
	if (swm_rows_text(rows, column, &text) != SWM_OK ||
	    swm_rows_kind(rows, column) != SWM_KIND_BOOL)
		return SWM_EINVAL;
	*out = text.len > 0 && text.ptr[0] == 't';
	return SWM_OK;
}

/* strtod() reads the locale's decimal point; a program may have chosen one that is no dot. */
static locale_t
c_locale(void)
{
	return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

int
swm_rows_double(const swm_rows *rows, size_t column, double *out)
{
	swm_str text;
	char *end;

	if (swm_rows_text(rows, column, &text) != SWM_OK || text.len == 0)
		return SWM_EINVAL;
	locale_t c = c_locale();
	if (c == (locale_t)0)
		return SWM_EINVAL;
	*out = strtod_l(text.ptr, &end, c); /* the text ends with a NUL */
	freelocale(c);
	return end == text.ptr + text.len ? SWM_OK : SWM_EINVAL;
}

int
swm_rows_bytes(swm_rows *rows, size_t column, swm_str *out)
{
	swm_str text;
	size_t n = 0;

	if (swm_rows_text(rows, column, &text) != SWM_OK ||
	    swm_rows_kind(rows, column) != SWM_KIND_BYTES)
		return SWM_EINVAL;
	unsigned char *bytes = PQunescapeBytea((const unsigned char *)text.ptr, &n);
	char *copy = bytes == NULL ? NULL : realloc(rows->bytes, n + 1);
	if (copy != NULL) {
		memcpy(copy, bytes, n);
		rows->bytes = copy;
		*out = (swm_str){ copy, n };
	}
	PQfreemem(bytes);
	return copy == NULL ? SWM_ENOMEM : SWM_OK;
}
