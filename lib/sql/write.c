/*
 * A write as one statement: rows from the JSON body, which is one parameter, and, when
 * they are returned, what is selected of them, which reads the rows that the write gives.
 */
#include "config.h"

#include "sql/read.h"
#include "sql/staging.h"

/* No relation has such a name in a statement: swm_plan_root_alias() gives it another. */
static const char body_rows[] = "\"pgrst_body\"", elements[] = "\"_e\"";

static void
put_qualified_target(swm_writer *w, const swm_write_plan *plan)
{
	swm_put_qualified(w, plan->target->relation->schema, plan->target->relation->name);
}

/* The relation as what is written to. */
static void
put_target(swm_writer *w, const swm_write_plan *plan)
{
	put_qualified_target(w, plan);
	if (plan->target->alias.len == 0)
		return;
	swm_put(w, " AS ");
	swm_put_identifier(w, plan->target->alias);
}

/* The name that the target's columns are qualified with. */
static void
put_target_name(swm_writer *w, const swm_write_plan *plan)
{
	if (plan->target->alias.len > 0)
		swm_put_identifier(w, plan->target->alias);
	else
		put_qualified_target(w, plan);
}

static void
put_column_list(swm_writer *w, const swm_columns *columns, const char *prefix, const char *between)
{
	for (size_t i = 0; i < columns->count; i++) {
		swm_put(w, i == 0 ? "" : between);
		swm_put(w, prefix);
		swm_put_identifier(w, columns->items[i]->name);
	}
}

/*
 * The function that makes a domain's value of its JSON representation; NULL if PostgreSQL reads it
 * itself.
 */
static const swm_routine *
parser_of(const swm_column *column)
{
	const swm_domain_casts *casts = column->type->casts;

	return casts != NULL && casts->from_json.name.len > 0 ? &casts->from_json : NULL;
}

/*
 * A JSON string would stay one in a column of JSON; text that is cast is read as JSON, as COPY
 * reads it.
 */
static bool
is_json_text(const swm_write_plan *plan, const swm_column *column)
{
	return plan->body_is_text && column->type->is_json;
}

/* True for types whose modifier only rounds the value. */
static bool
is_rounded(const swm_column *column)
{
	static const char *const names[] = { "numeric", "timestamp", "timestamptz", "time",
		                             "timetz" };
	const swm_type *t = column->type;
	bool found = false;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		found |= swm_str_eq(t->typname, swm_cstr(names[i]));
	return found && swm_str_eq(t->schema, SWM_STR("pg_catalog"));
}

/*
 * "id" integer: how a member becomes a value. rounded: to what the snapshot says. Else it is left
 * to the column, whose type may have got another modifier meanwhile.
 */
static void
put_body_column(swm_writer *w, const swm_write_plan *plan, const swm_column *column, bool rounded)
{
	swm_put_identifier(w, column->name);
	swm_put(w, " ");
	if (is_json_text(plan, column))
		swm_put(w, "text");
	else if (parser_of(column) != NULL)
		swm_put(w, "json");
	else if (!rounded && is_rounded(column))
		swm_buf_str(&w->text, column->type->name);
	else
		swm_buf_str(&w->text, column->type_name); /* PostgreSQL's own spelling of it */
}

static void
put_body_columns(swm_writer *w, const swm_write_plan *plan, bool rounded)
{
	const swm_columns *columns = &plan->columns;

	swm_put(w, " AS ");
	swm_put(w, body_rows);
	swm_put(w, "(");
	for (size_t i = 0; i < columns->count; i++) {
		swm_put(w, i == 0 ? "" : ", ");
		put_body_column(w, plan, columns->items[i], rounded);
	}
	swm_put(w, ")");
}

/* After a value that put_body_column() called text: the type that it is cast to. */
static void
put_json_cast(swm_writer *w, const swm_write_plan *plan, const swm_column *column)
{
	if (!is_json_text(plan, column))
		return;
	swm_put(w, "::");
	swm_buf_str(&w->text, parser_of(column) != NULL ? SWM_STR("json") : column->type_name);
}

/* The columns that are staged as JSON: all of them, or only one. */
static void
put_rest_columns(swm_writer *w, const swm_staging *staging, size_t only)
{
	const swm_columns *columns = &staging->plan->columns;
	const char *between = " AS \"_rest\"(";

	for (size_t i = 0; i < columns->count; i++) {
		if (staging->direct[i] || (only != SWM_STAGING_ALL && only != i))
			continue;
		swm_put(w, between);
		put_body_column(w, staging->plan, columns->items[i], true);
		between = ", ";
	}
	swm_put(w, ")");
}

/* A range of rows that are JSON, as the elements of an array would be. */
static void
put_staged_elements(swm_writer *w, const swm_write_plan *plan)
{
	swm_put(w, "(SELECT \"row\" FROM " SWM_STAGING_TABLE " WHERE \"n\" BETWEEN ");
	swm_put_body_param(w, (swm_str){ plan->staging->first, 0 });
	swm_put(w, "::bigint AND ");
	swm_put_body_param(w, (swm_str){ plan->staging->last, 0 });
	swm_put(w, "::bigint ORDER BY \"n\") AS ");
	swm_put(w, elements);
	swm_put(w, "(\"value\")");
}

/* "rows": each staged column by the name of the one that it is for. */
static void
put_staged_columns(swm_writer *w, const swm_write_plan *plan)
{
	const swm_columns *columns = &plan->columns;

	swm_put(w, ", LATERAL (SELECT ");
	for (size_t i = 0; i < columns->count; i++) {
		swm_put(w, i == 0 ? "" : ", ");
		if (plan->staging->direct[i]) {
			swm_buf_printf(&w->text, "%s.\"c%zu\"", elements, i);
		} else {
			swm_put(w, "\"_rest\".");
			swm_put_identifier(w, columns->items[i]->name);
		}
		swm_put(w, " AS ");
		swm_put_identifier(w, columns->items[i]->name);
	}
	swm_put(w, ") AS ");
	swm_put(w, body_rows);
}

/* The rows that were copied, as those of a body. */
static void
put_staged_rows(swm_writer *w, const swm_write_plan *plan)
{
	swm_put(w, SWM_STAGING_TABLE " AS ");
	swm_put(w, elements);
	if (plan->columns.count == 0)
		return;
	if (plan->staging->has_rest) {
		swm_put(w, ", json_to_record(");
		swm_put(w, "\"_e\".\"rest\"");
		swm_put(w, ")");
		put_rest_columns(w, plan->staging, SWM_STAGING_ALL);
	}
	put_staged_columns(w, plan);
}

static void
put_body(swm_writer *w, const char *body)
{
	swm_put_body_param(w, swm_cstr(body));
	swm_put(w, "::json");
}

/* Each row as the JSON that it is. */
static void
put_elements(swm_writer *w, const swm_write_plan *plan, const char *body, bool one)
{
	if (plan->staging != NULL) {
		put_staged_elements(w, plan);
		return;
	}
	swm_put(w, plan->body_is_array && !one ? "json_array_elements(" : "(SELECT ");
	put_body(w, body);
	swm_put(w, plan->body_is_array && one ? "->0" : "");
	swm_put(w, ") AS ");
	swm_put(w, elements);
	swm_put(w, "(\"value\")");
}

/*
 * The body as rows "body". With defaults each element is at hand as "e"."value" too,
 * to see which members it has. one: no more than its first element.
 */
static void
put_rows_of_body(swm_writer *w, const swm_write_plan *plan, const char *body, bool one)
{
	bool many = plan->body_is_array && !one;

	if (plan->staging != NULL && !plan->staging->by_range) {
		put_staged_rows(w, plan);
		return;
	}
	if (plan->fill_defaults || plan->staging != NULL) {
		put_elements(w, plan, body, one);
		swm_put(w, ", json_to_record(");
		swm_put(w, "\"_e\".\"value\"");
		swm_put(w, ")");
	} else {
		swm_put(w, many ? "json_to_recordset(" : "json_to_record(");
		put_body(w, body);
		swm_put(w, plan->body_is_array && one ? "->0)" : ")");
	}
	/* PUT's condition is on the key as it will be stored */
	put_body_columns(w, plan, plan->kind == SWM_WRITE_PUT);
}

/*
 * The value of a column that the row does not give: the next of a sequence, the default, or null.
 */
static void
put_default(swm_writer *w, const swm_write_plan *plan, const swm_column *column)
{
	if (column->is_identity) {
		swm_writer name = { .arena = w->arena };
		put_qualified_target(&name, plan);
		swm_put(w, "nextval(pg_get_serial_sequence(");
		swm_put_param(w, swm_buf_view(&name.text));
		swm_put(w, ", ");
		swm_put_param(w, column->name);
		swm_put(w, "))");
		w->failed |= name.text.failed;
		swm_buf_dispose(&name.text);
	} else if (column->default_sql.len > 0) {
		swm_buf_str(&w->text, column->default_sql); /* as pg_get_expr() wrote it */
	} else {
		swm_put(w, "NULL");
	}
}

/* A condition that is true if the row does not name the plan's nth column. */
static void
put_is_missing(swm_writer *w, const swm_write_plan *plan, size_t n)
{
	if (plan->staging != NULL && !plan->staging->by_range) {
		swm_put(w, "get_bit(");
		swm_put(w, "\"_e\".\"present\"");
		swm_buf_printf(&w->text, ", %zu) = 0", n);
		return;
	}
	swm_put(w, "\"_e\".\"value\"");
	swm_put(w, "->"); /* NULL for no such member, 'null' for one that is null */
	swm_put_param(w, plan->columns.items[n]->name);
	swm_put(w, "::text IS NULL");
}

/* The value that the body gives to the plan's nth column. */
static void
put_given_value(swm_writer *w, const swm_write_plan *plan, size_t n)
{
	const swm_column *column = plan->columns.items[n];
	const swm_routine *parser = parser_of(column);

	if (parser != NULL)
		swm_put_routine(w, parser);
	swm_put(w, body_rows);
	swm_put(w, ".");
	swm_put_identifier(w, column->name);
	put_json_cast(w, plan, column);
	swm_put(w, parser != NULL ? ")" : "");
}

static void
put_body_value(swm_writer *w, const swm_write_plan *plan, size_t n)
{

	if (plan->fill_defaults) {
		swm_put(w, "CASE WHEN ");
		put_is_missing(w, plan, n);
		swm_put(w, " THEN ");
		put_default(w, plan, plan->columns.items[n]);
		swm_put(w, " ELSE ");
	}
	put_given_value(w, plan, n);
	if (plan->fill_defaults)
		swm_put(w, " END");
}

/* PUT: the row must be the one that the URL names. */
static void
put_put_condition(swm_writer *w, const swm_write_plan *plan, const char *before)
{
	swm_plan_node body = *plan->target;

	body.alias = SWM_STR("pgrst_body");
	swm_put(w, before);
	swm_put_conditions(w, &body, plan->target->where, " AND ");
}

/* True if values are read as the type in the snapshot, which has no row types of pg_catalog. */
static bool
has_checked_type(const swm_column *column)
{
	const swm_type *t = column->type;

	bool of_system = t->is_composite && swm_str_eq(t->schema, SWM_STR("pg_catalog"));

	return parser_of(column) == NULL && !of_system;
}

/* "name"::regtype; a name of other characters than usual as a parameter. */
static void
put_type_constant(swm_writer *w, swm_str name)
{
	if (swm_str_find(name, '\'') < name.len || swm_str_find(name, '\\') < name.len) {
		swm_put_param(w, name);
	} else {
		swm_put(w, "'");
		swm_buf_str(&w->text, name);
		swm_put(w, "'");
	}
	swm_put(w, "::regtype");
}

/*
 * SQL has no RAISE: this asks for a setting that there is not. A value can be the cause of the same
 * error when it is a name of something that there is not; but names have 63 bytes.
 */
#define TYPES_CHANGED "swm: the columns are of other types than the snapshot of the tables says"
static const char fail_types[] = "current_setting('" TYPES_CHANGED "')";

bool
swm_sql_is_types_error(swm_str sqlstate, swm_str message)
{
	return swm_str_eq(sqlstate, SWM_STR("42704")) && strstr(message.ptr, TYPES_CHANGED) != NULL;
}

/*
 * The body's values are read as the snapshot's types, and would be cast, without a word, to those
 * that the columns have meanwhile: a time would lose its zone. So the statement looks first, while
 * the relation is locked and before a value is read; it reads no catalog for that. Returns what is
 * before another condition.
 */
static const char *
put_types_condition(swm_writer *w, const swm_write_plan *plan)
{
	bool any = false;

	for (size_t i = 0; i < plan->columns.count; i++) {
		const swm_column *column = plan->columns.items[i];
		if (!has_checked_type(column))
			continue;
		swm_put(w, any ? " AND " : " WHERE CASE WHEN ");
		swm_put(w, "pg_catalog.pg_typeof((NULL::");
		put_qualified_target(w, plan);
		swm_put(w, ").");
		swm_put_identifier(w, column->name);
		swm_put(w, ") = ");
		put_type_constant(w, column->type->name);
		any = true;
	}
	if (!any)
		return " WHERE ";
	swm_put(w, " THEN true ELSE ");
	swm_put(w, fail_types);
	swm_put(w, " = '' END");
	return " AND ";
}

/* Counts the rows that existed already, in a setting of the transaction. */
static const char count_update[] =
	" WHERE set_config('swm.updated', (coalesce(nullif(current_setting('swm.updated', true), ''), '0')::bigint + 1)::text, true) <> ''";

/*
 * The conflict target that identifies the index: the columns, or its expressions and predicate as
 * PostgreSQL wrote them.
 */
static void
put_conflict_target(swm_writer *w, const swm_write_plan *plan)
{
	const swm_unique_index *index = plan->conflict_index;

	swm_put(w, " ON CONFLICT (");
	if (index != NULL && index->expressions.len > 0)
		swm_buf_str(&w->text, index->expressions);
	else
		put_column_list(w, &plan->conflict, "", ", ");
	swm_put(w, ")");
	if (index == NULL || index->predicate.len == 0)
		return;
	swm_put(w, " WHERE ");
	swm_buf_str(&w->text, index->predicate);
}

static void
put_resolution(swm_writer *w, const swm_write_plan *plan)
{
	if (plan->resolution == SWM_RESOLUTION_NONE)
		return;
	put_conflict_target(w, plan);
	swm_put(w, " DO ");
	if (plan->resolution == SWM_RESOLUTION_IGNORE || plan->columns.count == 0) {
		swm_put(w, "NOTHING");
		return;
	}
	swm_put(w, "UPDATE SET ");
	for (size_t i = 0; i < plan->columns.count; i++) {
		swm_put(w, i == 0 ? "" : ", ");
		swm_put_identifier(w, plan->columns.items[i]->name);
		swm_put(w, " = EXCLUDED.");
		swm_put_identifier(w, plan->columns.items[i]->name);
	}
	swm_put(w, count_update);
}

/* True if a value is more than the plain column of the body's row. */
static bool
has_casts(const swm_write_plan *plan)
{
	for (size_t i = 0; i < plan->columns.count; i++)
		if (parser_of(plan->columns.items[i]) != NULL ||
		    is_json_text(plan, plan->columns.items[i]))
			return true;
	return false;
}

static void
put_body_values(swm_writer *w, const swm_write_plan *plan, bool named)
{
	for (size_t i = 0; i < plan->columns.count; i++) {
		swm_put(w, i == 0 ? "" : ", ");
		put_body_value(w, plan, i);
		if (!named)
			continue;
		swm_put(w, " AS ");
		swm_put_identifier(w, plan->columns.items[i]->name);
	}
}

/* As many rows as the body has, all of defaults. */
static void
put_rows_of_nothing(swm_writer *w, const swm_write_plan *plan, const char *body)
{
	swm_put(w, " SELECT FROM ");
	if (plan->staging == NULL) {
		swm_put(w, "json_array_elements(");
		put_body(w, body);
		swm_put(w, ")");
	} else if (plan->staging->by_range) {
		put_staged_elements(w, plan);
	} else {
		put_staged_rows(w, plan);
	}
}

/* PUT's condition is on what a cast makes of the values: then they are those of rows in between. */
static void
put_insert_rows(swm_writer *w, const swm_write_plan *plan, const char *body)
{
	if (plan->columns.count == 0) {
		if (!plan->body_is_array) {
			swm_put(w, " DEFAULT VALUES");
			return;
		}
		put_rows_of_nothing(w, plan, body);
		return;
	}
	swm_put(w, "(");
	put_column_list(w, &plan->columns, "", ", ");
	swm_put(w, ") SELECT ");
	bool inner = plan->kind == SWM_WRITE_PUT && has_casts(plan);
	if (inner) {
		put_column_list(w, &plan->columns, "", ", ");
		swm_put(w, " FROM (SELECT ");
	}
	put_body_values(w, plan, inner);
	swm_put(w, " FROM ");
	put_rows_of_body(w, plan, body, false);
	const char *before = put_types_condition(w, plan);
	if (inner) {
		swm_put(w, ") AS ");
		swm_put(w, body_rows);
		before = " WHERE ";
	}
	if (plan->kind == SWM_WRITE_PUT)
		put_put_condition(w, plan, before);
}

static void
put_insert(swm_writer *w, const swm_write_plan *plan, const char *body)
{
	swm_put(w, "INSERT INTO ");
	put_target(w, plan);
	put_insert_rows(w, plan, body);
	put_resolution(w, plan);
}

static void
put_where(swm_writer *w, const swm_write_plan *plan, const char *before)
{
	if (plan->target->where == NULL)
		return;
	swm_put(w, before);
	swm_put_conditions(w, plan->target, plan->target->where, " AND ");
}

static void
put_update(swm_writer *w, const swm_write_plan *plan, const char *body)
{
	swm_put(w, "UPDATE ");
	put_target(w, plan);
	swm_put(w, " SET ");
	for (size_t i = 0; i < plan->columns.count; i++) {
		swm_put(w, i == 0 ? "" : ", ");
		swm_put_identifier(w, plan->columns.items[i]->name);
		swm_put(w, " = ");
		put_body_value(w, plan, i);
	}
	swm_put(w, " FROM ");
	put_rows_of_body(w, plan, body, true);
	const char *before = put_types_condition(w, plan);
	put_where(w, plan, before);
}

/* Location is a filter: where filters take what a domain looks like, that stands in it. */
static const swm_routine *
filter_form_of(const swm_write_plan *plan, swm_str name)
{
	const swm_column *column = swm_relation_column(plan->target->relation, name);
	const swm_domain_casts *casts = column == NULL ? NULL : column->type->casts;

	return casts != NULL && casts->from_text.name.len > 0 && casts->to_json.name.len > 0
	               ? &casts->to_json
	               : NULL;
}

static void
put_returned_names(swm_writer *w, const swm_write_plan *plan)
{
	if (plan->returns_row) { /* the cast keeps PostgreSQL from taking it apart */
		swm_put(w, "(");
		put_target_name(w, plan);
		swm_put(w, ".*)::");
		put_qualified_target(w, plan);
		swm_put(w, " AS ");
		swm_put_row_name(w, plan->target->relation);
		swm_put(w, plan->returning == NULL ? "" : ", ");
	} else if (plan->returning == NULL) {
		swm_put(w, "1");
	}
	for (const swm_returning *r = plan->returning; r != NULL; r = r->next) {
		const swm_routine *format = plan->location.count == 0
		                                    ? NULL
		                                    : filter_form_of(plan, r->name);
		swm_put(w, r == plan->returning ? "" : ", ");
		if (format != NULL)
			swm_put_routine(w, format);
		put_target_name(w, plan);
		swm_put(w, ".");
		swm_put_identifier(w, r->name);
		swm_put(w, format != NULL ? ") #>> '{}'" : "");
	}
}

/* A body without members writes nothing; there is no UPDATE that does so. */
static void
put_no_update(swm_writer *w, const swm_write_plan *plan)
{
	swm_put(w, "SELECT ");
	put_returned_names(w, plan);
	swm_put(w, " FROM ");
	put_target(w, plan);
	swm_put(w, " WHERE false");
}

static void
put_write(swm_writer *w, const swm_write_plan *plan, const char *body)
{
	if (plan->kind == SWM_WRITE_UPDATE && plan->columns.count == 0) {
		put_no_update(w, plan);
		return;
	}
	if (plan->kind == SWM_WRITE_DELETE) {
		swm_put(w, "DELETE FROM ");
		put_target(w, plan);
		put_where(w, plan, " WHERE ");
	} else if (plan->kind == SWM_WRITE_UPDATE) {
		put_update(w, plan, body);
	} else {
		put_insert(w, plan, body);
	}
	if (plan->read != NULL || plan->location.count > 0) {
		swm_put(w, " RETURNING ");
		put_returned_names(w, plan);
	}
}

int
swm_sql_write(swm_statement *out, swm_arena *arena, const swm_write_plan *plan, const char *body,
              swm_error *err)
{
	swm_writer w = { .arena = arena };

	if (plan->read == NULL) {
		put_write(&w, plan, body);
	} else {
		swm_put(&w, "WITH \"written\" AS (");
		put_write(&w, plan, body);
		swm_put(&w, ") ");
		swm_put_answer(&w, plan->read);
	}
	return swm_writer_finish(&w, out, err);
}

/* A user-defined type may have been renamed. */
static void
put_type_name(swm_writer *w, const swm_type *type)
{
	swm_put(w, " AND EXISTS (SELECT FROM pg_catalog.pg_type AS t"
	           " JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace"
	           " WHERE t.oid = a.atttypid AND t.typname = ");
	swm_put_param(w, type->typname);
	swm_put(w, " AND n.nspname = ");
	swm_put_param(w, type->schema);
	swm_put(w, ")");
}

/* As pg_attribute has it; of a row type of pg_catalog no more is known than its column. */
static void
put_attribute(swm_writer *w, const swm_column *column)
{
	swm_put(w, "a.attname = ");
	swm_put_param(w, column->name);
	if (column->type->oid != 0)
		swm_buf_printf(&w->text, " AND a.atttypid = %u AND a.atttypmod = %d",
		               column->type->oid, column->modifier);
	if (column->type->oid >= SWM_FIRST_NORMAL_OID)
		put_type_name(w, column->type);
}

int
swm_sql_check_types(swm_statement *out, swm_arena *arena, const swm_write_plan *plan,
                    swm_error *err)
{
	const swm_relation *relation = plan->target->relation;
	swm_writer w = { .arena = arena };

	swm_buf_printf(&w.text, "SELECT CASE WHEN count(*) <> %zu THEN ", plan->columns.count);
	swm_put(&w, fail_types);
	swm_put(&w, " END FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_attribute AS a"
	            " ON a.attrelid = c.oid AND NOT a.attisdropped");
	swm_buf_printf(&w.text, " WHERE c.oid = %u AND c.relname = ", relation->oid);
	swm_put_param(&w, relation->name);
	for (size_t i = 0; i < plan->columns.count; i++) {
		swm_put(&w, i == 0 ? " AND (" : " OR ");
		put_attribute(&w, plan->columns.items[i]);
	}
	swm_put(&w, plan->columns.count > 0 ? ")" : " AND false");
	return swm_writer_finish(&w, out, err);
}

/* The values under casts, so that errors of the casts are found too. */
static void
put_rest_casts(swm_writer *w, const swm_staging *staging, size_t only)
{
	const swm_columns *columns = &staging->plan->columns;

	for (size_t i = 0; i < columns->count; i++) {
		if (staging->direct[i] || (only != SWM_STAGING_ALL && only != i) ||
		    !is_json_text(staging->plan, columns->items[i]))
			continue;
		swm_put(w, ", ");
		swm_put(w, "\"_rest\".");
			swm_put_identifier(w, columns->items[i]->name);
		put_json_cast(w, staging->plan, columns->items[i]);
	}
}

int
swm_sql_staged_values(swm_statement *out, swm_arena *arena, const swm_staging *staging, size_t only,
                      swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "SELECT 1");
	put_rest_casts(&w, staging, only);
	swm_put(&w, " FROM " SWM_STAGING_TABLE " AS \"e\", json_to_record(\"e\".\"rest\")");
	put_rest_columns(&w, staging, only);
	if (only != SWM_STAGING_ALL) {
		swm_put(&w, " WHERE \"e\".\"line\" = ");
		swm_put_body_param(&w, (swm_str){ staging->first, 0 });
		swm_put(&w, "::bigint");
	}
	return swm_writer_finish(&w, out, err);
}

static bool
is_in(const swm_columns *columns, const swm_column *column)
{
	for (size_t i = 0; i < columns->count; i++)
		if (columns->items[i] == column)
			return true;
	return false;
}

/*
 * The values of the key that the rows give, as "k0", "k1", ..., each between the texts before and
 * behind.
 */
static void
put_key_values(swm_writer *w, const swm_write_plan *plan, const char *before, bool named,
               const char *behind)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->columns.count; i++) {
		if (!is_in(&plan->conflict, plan->columns.items[i]))
			continue;
		swm_put(w, before);
		if (named) {
			put_given_value(w, plan, i);
			swm_put(w, " AS ");
		}
		swm_buf_printf(&w->text, "\"k%zu\"", count++);
		swm_put(w, behind);
	}
}

/* An array's elements, each with its number from 1, and the values in it. */
static void
put_numbered_rows(swm_writer *w, const swm_write_plan *plan, const char *body, bool rounded)
{
	swm_put(w, "json_array_elements(");
	put_body(w, body);
	swm_put(w, ") WITH ORDINALITY AS ");
	swm_put(w, elements);
	swm_put(w, "(\"value\", \"n\"), json_to_record(");
	swm_put(w, elements);
	swm_put(w, ".\"value\")");
	put_body_columns(w, plan, rounded);
}

/* The rows in which a key may come twice, with their numbers and lines. */
static void
put_rows_with_place(swm_writer *w, const swm_write_plan *plan, const char *body)
{
	bool staged = plan->staging != NULL;

	swm_put(w, staged ? "SELECT row_number() OVER (ORDER BY \"_e\".\"ctid\") AS \"n\", "
	                    "\"_e\".\"line\"" :
	                    "SELECT \"_e\".\"n\", 0 AS \"line\"");
	put_key_values(w, plan, ", ", true, "");
	swm_put(w, " FROM ");
	if (staged)
		put_staged_rows(w, plan);
	else
		put_numbered_rows(w, plan, body, true);
}

/* Rows without a value for the key do not conflict. */
int
swm_sql_key_twice(swm_statement *out, swm_arena *arena, const swm_write_plan *plan,
                  const char *body, swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "SELECT \"n\" - 1, \"line\", \"first\" - 1, \"first_line\" FROM ("
	            "SELECT \"n\", \"line\", row_number() OVER w AS \"nth\", "
	            "first_value(\"n\") OVER w AS \"first\", "
	            "first_value(\"line\") OVER w AS \"first_line\" FROM (");
	put_rows_with_place(&w, plan, body);
	swm_put(&w, ") AS \"x\" WHERE true");
	put_key_values(&w, plan, " AND ", false, " IS NOT NULL");
	swm_put(&w, " WINDOW w AS (PARTITION BY ");
	put_key_values(&w, plan, "", false, ", ");
	swm_put(&w, "true ORDER BY \"n\")) AS \"y\" WHERE \"nth\" > 1 ORDER BY \"n\" LIMIT 1");
	return swm_writer_finish(&w, out, err);
}

/* After a value of the body that is JSON text: the same value with its cast. */
static void
put_body_cast(swm_writer *w, const swm_write_plan *plan, const swm_column *column)
{
	if (!is_json_text(plan, column))
		return;
	swm_put(w, ", ");
	swm_put(w, body_rows);
	swm_put(w, ".");
	swm_put_identifier(w, column->name);
	put_json_cast(w, plan, column);
}

int
swm_sql_body_rows(swm_statement *out, swm_arena *arena, const swm_write_plan *plan,
                  const char *body, bool rounded, swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "SELECT 1");
	for (size_t i = 0; i < plan->columns.count; i++)
		put_body_cast(&w, plan, plan->columns.items[i]);
	swm_put(&w, " FROM ");
	put_numbered_rows(&w, plan, body, rounded);
	return swm_writer_finish(&w, out, err);
}

/* Each column alone, one after the other. */
int
swm_sql_body_columns(swm_statement *out, swm_arena *arena, const swm_write_plan *plan,
                     const char *body, int64_t number, swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "WITH \"row\"(\"value\") AS (SELECT ");
	put_body(&w, body);
	swm_put(&w, "->");
	swm_put_int_param(&w, number);
	swm_put(&w, "::int)");
	for (size_t i = 0; i < plan->columns.count; i++) {
		const swm_column *column = plan->columns.items[i];
		swm_put(&w, i == 0 ? " " : " UNION ALL ");
		swm_put(&w, "SELECT pg_catalog.num_nulls(NULL");
		put_body_cast(&w, plan, column);
		swm_put(&w, ") FROM \"row\", json_to_record(\"row\".\"value\") AS ");
		swm_put(&w, body_rows);
		swm_put(&w, "(");
		put_body_column(&w, plan, column, true);
		swm_put(&w, ")");
	}
	return swm_writer_finish(&w, out, err);
}
