#include "config.h"

#include "sql/staging.h"

#include "json/escape.h"
#include "json/raw.h"
#include "sql/writer.h"

#include <stdio.h>

/*
 * True if COPY can read the type directly. Domains and composites are made from JSON later, and so
 * are arrays unless the body is text.
 */
static bool
is_direct(const swm_column *column, bool is_text)
{
	const swm_type *t = column->type;

	return t != NULL && swm_str_eq(t->schema, SWM_STR("pg_catalog")) && t->kind != 'd' &&
	       t->kind != 'p' && !t->is_composite && (is_text || !t->is_array);
}

static void
put_column(swm_writer *w, const char *name, size_t number, const char *between)
{
	swm_buf_printf(&w->text, "%s\"%s%zu\" ", between, name, number);
}

static void
put_create(swm_writer *w, const swm_staging *s)
{
	const char *between = "";

	swm_put(w, "CREATE TEMPORARY TABLE " SWM_STAGING_TABLE " (");
	if (s->by_range) {
		swm_put(w,
		        "\"n\" bigint PRIMARY KEY, \"line\" bigint, \"row\" json) ON COMMIT DROP");
		return;
	}
	for (size_t i = 0; i < s->plan->columns.count; i++) {
		if (!s->direct[i])
			continue;
		put_column(w, "c", i, between);
		swm_buf_str(&w->text, s->plan->columns.items[i]->type_name);
		between = ", ";
	}
	if (s->has_line) {
		swm_put(w, between);
		swm_put(w, "\"line\" bigint");
		between = ", ";
	}
	if (s->has_rest) {
		swm_put(w, between);
		swm_put(w, "\"rest\" json");
		between = ", ";
	}
	if (s->has_present) {
		swm_put(w, between);
		swm_put(w, "\"present\" varbit");
	}
	swm_put(w, ") ON COMMIT DROP");
}

static int
make_statements(swm_staging *s, swm_arena *arena, swm_error *err)
{
	swm_writer create = { .arena = arena }, grant = { .arena = arena };

	put_create(&create, s);
	/* whoever a pre-request function makes of it; no other session can reach it */
	swm_put(&grant, "GRANT INSERT, SELECT ON " SWM_STAGING_TABLE " TO PUBLIC");
	s->copy = "COPY " SWM_STAGING_TABLE " FROM STDIN";
	int rc = swm_writer_finish(&create, &s->create, err),
	    granted = swm_writer_finish(&grant, &s->grant, err);
	return rc != SWM_OK ? rc : granted;
}

int
swm_staging_new(swm_staging **out, swm_arena *arena, const swm_write_plan *plan, bool by_range,
                swm_error *err)
{
	swm_staging *s = swm_arena_alloc(arena, sizeof *s);
	bool *direct = swm_arena_array(arena, plan->columns.count, sizeof *direct);

	if (s == NULL || direct == NULL)
		return swm_fail_memory(err);
	*s = (swm_staging){ .plan = plan,
		            .direct = direct,
		            .by_range = by_range,
		            .has_present = plan->fill_defaults };
	for (size_t i = 0; i < plan->columns.count; i++) {
		direct[i] = is_direct(plan->columns.items[i], plan->body_is_text);
		s->has_rest |= !direct[i];
	}
	s->has_rest |= plan->columns.count == 0; /* a table has a column */
	s->has_line = s->has_rest || plan->counts_updates;
	*out = s;
	return make_statements(s, arena, err);
}

void
swm_staging_set_range(swm_staging *staging, int64_t first, int64_t last)
{
	snprintf(staging->first, sizeof staging->first, "%lld", (long long)first);
	snprintf(staging->last, sizeof staging->last, "%lld", (long long)last);
}

int
swm_sql_staged_line(swm_statement *out, swm_arena *arena, const swm_staging *staging,
                    swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "SELECT \"line\" FROM " SWM_STAGING_TABLE " OFFSET ");
	swm_put_body_param(&w, (swm_str){ staging->first, 0 });
	swm_put(&w, "::bigint LIMIT 1");
	return swm_writer_finish(&w, out, err);
}

/*
 * COPY's text format: https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.2
 */

static char
copy_escape(char c)
{
	switch (c) {
	case '\\':
		return '\\';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return '\0';
	}
}

/* Escapes the text appended after a position. Few texts have anything to escape. */
static void
escape_behind(swm_buf *to, size_t from)
{
	size_t count = 0;

	for (size_t i = from; i < to->len; i++)
		count += copy_escape(to->ptr[i]) != '\0';
	if (count == 0 || swm_buf_reserve(to, count) == NULL)
		return;
	char *write = to->ptr + to->len + count;
	*write = '\0';
	for (size_t i = to->len; i > from; i--) {
		char escape = copy_escape(to->ptr[i - 1]);
		*--write = escape != '\0' ? escape : to->ptr[i - 1];
		if (escape != '\0')
			*--write = '\\';
	}
	to->len += count;
}

/* As a JSON value. */
static void
put_json(swm_buf *to, const swm_cell *cell)
{
	if (cell->kind == SWM_CELL_TEXT)
		swm_json_quote(to, cell->text);
	else if (cell->kind == SWM_CELL_STRING || cell->kind == SWM_CELL_JSON)
		swm_buf_str(to, cell->text);
	else
		swm_buf_cstr(to, "null");
}

/* A string as json_to_record() gives it to json and jsonb: printed anew. */
static void
put_json_anew(swm_buf *to, const swm_cell *cell)
{
	swm_buf text = SWM_BUF_INIT;

	if (cell->kind != SWM_CELL_STRING || !cell->escaped) {
		put_json(to, cell);
		return;
	}
	(void)swm_json_unquote(&text, cell->text);
	swm_json_quote(to, swm_buf_view(&text));
	to->failed |= text.failed;
	swm_buf_dispose(&text);
}

static void
put_direct(swm_buf *to, const swm_column *column, const swm_cell *cell)
{
	size_t from = to->len;

	if (cell->kind == SWM_CELL_MISSING || cell->kind == SWM_CELL_NULL) {
		swm_buf_add(to, "\\N", 2);
		return;
	}
	if (column->type->is_json && cell->kind != SWM_CELL_TEXT)
		put_json_anew(to, cell);
	else if (cell->kind != SWM_CELL_STRING)
		swm_buf_str(to, cell->text);
	else if (cell->escaped)
		(void)swm_json_unquote(to, cell->text);
	else
		swm_buf_add(to, cell->text.ptr + 1, cell->text.len - 2);
	escape_behind(to, from);
}

/* An object of the members that are there: all, or those that are not direct. */
static void
put_object(swm_buf *to, const swm_staging *s, const swm_cell *cells, bool all)
{
	size_t from = to->len;
	char before = '{';

	for (size_t i = 0; i < s->plan->columns.count; i++) {
		if (cells[i].kind == SWM_CELL_MISSING || (s->direct[i] && !all))
			continue;
		swm_buf_char(to, before);
		swm_json_quote(to, s->plan->columns.items[i]->name);
		swm_buf_char(to, ':');
		put_json(to, &cells[i]);
		before = ',';
	}
	swm_buf_cstr(to, before == '{' ? "{}" : "}");
	escape_behind(to, from);
}

static void
put_present(swm_buf *to, const swm_staging *s, const swm_cell *cells)
{
	for (size_t i = 0; i < s->plan->columns.count; i++)
		swm_buf_char(to, cells[i].kind == SWM_CELL_MISSING ? '0' : '1');
}

void
swm_staging_put_row(swm_buf *to, const swm_staging *s, const swm_cell *cells, int64_t number,
                    int64_t line)
{
	if (s->by_range) {
		swm_buf_printf(to, "%lld\t%lld\t", (long long)number, (long long)line);
		put_object(to, s, cells, true);
		swm_buf_char(to, '\n');
		return;
	}
	for (size_t i = 0; i < s->plan->columns.count; i++) {
		if (!s->direct[i])
			continue;
		put_direct(to, s->plan->columns.items[i], &cells[i]);
		swm_buf_char(to, '\t');
	}
	if (s->has_line) {
		swm_buf_int(to, line);
		swm_buf_char(to, '\t');
	}
	if (s->has_rest) {
		put_object(to, s, cells, false);
		swm_buf_char(to, '\t');
	}
	if (s->has_present) {
		put_present(to, s, cells);
		swm_buf_char(to, '\t');
	}
	if (!to->failed)
		to->ptr[to->len - 1] = '\n'; /* in place of the last tab */
}
