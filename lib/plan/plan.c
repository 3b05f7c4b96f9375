#include "config.h"

#include "plan/plan.h"

#include "base/buf.h"

/* Of a result (MaxTupleAttributeNumber; https://www.postgresql.org/docs/15/limits.html). */
enum { MOST_COLUMNS = 1664 };

struct planner {
	swm_arena *arena;
	const swm_snapshot *snapshot;
	const swm_settings *settings;
	const swm_read_request *request;
	const swm_relation *relation;
	bool runs_functions;
	swm_error *err;
};

int
swm_plan_schema(swm_str *out, const swm_settings *settings, swm_str name, swm_error *err)
{
	const swm_list *schemas = &settings->db_schemas;
	swm_buf hint = SWM_BUF_INIT;

	for (size_t i = 0; i < schemas->count; i++) {
		if (name.len == 0 || swm_str_eq(schemas->items[i], name)) {
			*out = schemas->items[i];
			return SWM_OK;
		}
	}
	int rc = swm_fail(err, SWM_ERR_SCHEMA_NOT_EXPOSED, name);
	swm_buf_cstr(&hint, "Only the following schemas are exposed: ");
	for (size_t i = 0; i < schemas->count; i++) {
		if (i > 0)
			swm_buf_cstr(&hint, ", ");
		swm_buf_str(&hint, schemas->items[i]);
	}
	swm_error_set_hint(err, swm_buf_view(&hint));
	swm_buf_dispose(&hint);
	return rc;
}

int
swm_plan_relation(const swm_relation **out, const swm_snapshot *snapshot, swm_str schema, swm_str name,
                  swm_error *err)
{
	*out = swm_snapshot_relation(snapshot, schema, name);
	if (*out != NULL)
		return SWM_OK;
	int rc = swm_fail(err, SWM_ERR_TABLE_NOT_FOUND, schema, name);
	swm_str near = swm_snapshot_nearest_relation(snapshot, schema, name);
	if (near.len > 0) {
		swm_buf hint = SWM_BUF_INIT;
		swm_buf_cstr(&hint, "Perhaps you meant the table '");
		swm_buf_str(&hint, schema);
		swm_buf_char(&hint, '.');
		swm_buf_str(&hint, near);
		swm_buf_char(&hint, '\'');
		swm_error_set_hint(err, swm_buf_view(&hint));
		swm_buf_dispose(&hint);
	}
	return rc;
}

static int
fail_not_embedded(struct planner *p, swm_str path)
{
	swm_buf hint = SWM_BUF_INIT;
	swm_str name = { path.ptr, swm_str_find(path, '.') };
	int rc = swm_fail(p->err, SWM_ERR_NOT_EMBEDDED, name);

	swm_buf_cstr(&hint, "Verify that '");
	swm_buf_str(&hint, name);
	swm_buf_cstr(&hint, "' is included in the 'select' query parameter.");
	swm_error_set_hint(p->err, swm_buf_view(&hint));
	swm_buf_dispose(&hint);
	return rc;
}

static int
fail_not_implemented(struct planner *p, const char *details)
{
	int rc = swm_fail(p->err, SWM_ERR_NOT_IMPLEMENTED);
	swm_error_set_details(p->err, swm_cstr(details));
	return rc;
}

static swm_plan_field
plan_field(struct planner *p, const swm_field *field)
{
	swm_plan_field f = { .name = field->name, .path = field->path };

	f.column = swm_relation_column(p->relation, field->name);
	p->runs_functions |= f.column == NULL;
	f.to_jsonb = f.path != NULL && !(f.column != NULL && f.column->type->is_json);
	return f;
}

/* The key of an answer's column: the alias, else the last key of the path, else the name. */
static swm_str
key_of(const swm_select_item *item)
{
	swm_str key = item->field.name;

	if (item->alias.len > 0)
		return item->alias;
	for (const swm_path_step *s = item->field.path; s != NULL; s = s->next)
		if (!s->is_index)
			key = s->key;
	return key;
}

/* What to_json() of PostgreSQL must do, because it is not known here or not done here. */
static void
set_form(const struct planner *p, swm_plan_output *o)
{
	const swm_column *column = o->field.column;
	const swm_path_step *last = o->field.path;

	while (last != NULL && last->next != NULL)
		last = last->next;
	if (!p->request->json)
		o->form = SWM_FORM_STRING;
	else if (o->cast.len > 0 || (last == NULL && column == NULL))
		o->form = SWM_FORM_SERVER;
	else if (last != NULL)
		o->form = last->as_text ? SWM_FORM_STRING : SWM_FORM_JSON;
	else
		o->form = column->type->form;

	bool is_date = o->form == SWM_FORM_DATE || o->form == SWM_FORM_TIMESTAMP || o->form == SWM_FORM_TIMESTAMPTZ;
	if (is_date && !p->request->iso_dates)
		o->form = SWM_FORM_SERVER;
	if (p->request->strip_nulls && o->form == SWM_FORM_JSON)
		o->form = SWM_FORM_SERVER;
	if (last == NULL && o->cast.len == 0 && column != NULL && o->form != SWM_FORM_SERVER)
		o->type_oid = column->type->base_oid;
}

static size_t
count_outputs(const struct planner *p, const swm_ast *ast)
{
	size_t n = 0;

	if (!ast->has_select)
		return p->relation->column_count;
	for (const swm_select_item *i = ast->select; i != NULL; i = i->next)
		n += i->kind == SWM_SELECT_ALL ? p->relation->column_count : 1;
	return n;
}

static size_t
add_all_columns(const struct planner *p, swm_plan_output *to)
{
	for (size_t i = 0; i < p->relation->column_count; i++) {
		const swm_column *c = &p->relation->columns[i];
		to[i] = (swm_plan_output){ .key = c->name, .field = { .name = c->name, .column = c } };
		set_form(p, &to[i]);
	}
	return p->relation->column_count;
}

static int
check_item(struct planner *p, const swm_select_item *item)
{
	if (item->kind == SWM_SELECT_RELATION || item->kind == SWM_SELECT_SPREAD)
		return fail_not_implemented(p, "Embedding of related resources is not there yet");
	if (item->aggregate == SWM_AGGREGATE_NONE)
		return SWM_OK;
	if (!p->settings->db_aggregates_enabled)
		return swm_fail(p->err, SWM_ERR_AGGREGATES_OFF);
	return fail_not_implemented(p, "Aggregate functions are not there yet");
}

static int
plan_outputs(struct planner *p, swm_read_plan *plan)
{
	const swm_ast *ast = p->request->ast;
	size_t count = count_outputs(p, ast);

	if (count > MOST_COLUMNS)
		return swm_fail(p->err, SWM_ERR_TOO_MANY_COLUMNS, SWM_STR("1664"));
	swm_plan_output *outputs = swm_arena_array(p->arena, count, sizeof *outputs);
	if (outputs == NULL)
		return swm_fail_memory(p->err);
	plan->outputs = outputs;
	if (!ast->has_select) {
		plan->output_count = add_all_columns(p, outputs);
		return SWM_OK;
	}
	for (const swm_select_item *i = ast->select; i != NULL; i = i->next) {
		swm_plan_output *o = &outputs[plan->output_count];
		int rc = check_item(p, i);
		if (rc != SWM_OK)
			return rc;
		if (i->kind == SWM_SELECT_ALL) {
			plan->output_count += add_all_columns(p, o);
			continue;
		}
		*o = (swm_plan_output){ .key = key_of(i), .field = plan_field(p, &i->field), .cast = i->cast };
		set_form(p, o);
		plan->output_count++;
	}
	return SWM_OK;
}

static int
plan_conditions(struct planner *p, const swm_condition *asked, swm_plan_condition **out)
{
	for (; asked != NULL; asked = asked->next) {
		swm_plan_condition *c = swm_arena_alloc(p->arena, sizeof *c);
		if (c == NULL)
			return swm_fail_memory(p->err);
		*out = c;
		out = &c->next;
		c->kind = asked->kind;
		c->negated = asked->negated;
		c->asked = asked;
		if (asked->kind == SWM_CONDITION_FILTER) {
			c->field = plan_field(p, &asked->field);
			c->to_tsvector = swm_operator_of(asked->op)->operand == SWM_OPERAND_SEARCH &&
			                 !(c->field.path == NULL && c->field.column != NULL &&
			                   c->field.column->type->is_tsvector);
			continue;
		}
		int rc = plan_conditions(p, asked->children, &c->children); /* as deep as SWM_DEEPEST */
		if (rc != SWM_OK)
			return rc;
	}
	return SWM_OK;
}

static int
plan_order(struct planner *p, const swm_order_term *asked, swm_plan_order **out)
{
	for (; asked != NULL; asked = asked->next) {
		swm_plan_order *o = swm_arena_alloc(p->arena, sizeof *o);
		if (o == NULL)
			return swm_fail_memory(p->err);
		if (asked->relation.len > 0)
			return fail_not_embedded(p, asked->relation);
		*o = (swm_plan_order){ .field = plan_field(p, &asked->field),
			.direction = asked->direction, .nulls = asked->nulls };
		*out = o;
		out = &o->next;
	}
	return SWM_OK;
}

static int
fail_range(struct planner *p, const char *details)
{
	int rc = swm_fail(p->err, SWM_ERR_RANGE);
	swm_error_set_details(p->err, swm_cstr(details));
	return rc;
}

/* limit and offset, intersected with a Range field, and capped by db-max-rows. */
static int
plan_range(struct planner *p, const swm_level *root, swm_read_plan *plan)
{
	const swm_range *range = p->request->range;
	int64_t first = root->has_offset ? root->offset : 0, end = INT64_MAX; /* end: one past the last */

	if (root->has_limit && __builtin_add_overflow(first, root->limit, &end))
		end = INT64_MAX;
	if (range != NULL && range->last < range->first)
		return fail_range(p, "The lower boundary must be lower than or equal to the upper boundary in the Range header.");
	if (range != NULL && !(root->has_limit && root->limit == 0)) {
		first = range->first > first ? range->first : first;
		end = range->last < end - 1 ? range->last + 1 : end;
		if (end <= first)
			return fail_range(p, "The lower boundary must be lower than or equal to the upper boundary in the Range header.");
	}
	plan->offset = first;
	plan->has_limit = end != INT64_MAX;
	plan->limit = end - first;
	int64_t most = p->settings->db_max_rows;
	if (most >= 0 && (!plan->has_limit || plan->limit > most)) {
		plan->has_limit = true;
		plan->limit = most;
	}
	return SWM_OK;
}

int
swm_plan_read(swm_read_plan **out, swm_arena *arena, const swm_snapshot *snapshot,
              const swm_settings *settings, const swm_read_request *request, swm_error *err)
{
	struct planner p = { .arena = arena, .snapshot = snapshot, .settings = settings, .request = request, .err = err };
	const swm_level *root = request->ast->levels;
	swm_plan_condition *where = NULL;
	swm_plan_order *order = NULL;
	swm_read_plan *plan = swm_arena_alloc(arena, sizeof *plan);

	if (plan == NULL)
		return swm_fail_memory(err);
	int rc = swm_plan_relation(&p.relation, snapshot, request->schema, request->relation, err);
	if (rc != SWM_OK)
		return rc;
	plan->relation = p.relation;
	plan->strip_nulls = request->strip_nulls;
	rc = plan_range(&p, root, plan);
	if (rc == SWM_OK)
		rc = plan_outputs(&p, plan);
	if (rc == SWM_OK && root->next != NULL)
		rc = fail_not_embedded(&p, root->next->path);
	if (rc == SWM_OK)
		rc = plan_conditions(&p, root->conditions, &where);
	if (rc == SWM_OK)
		rc = plan_order(&p, root->order, &order);
	plan->where = where;
	plan->order = order;
	plan->runs_functions = p.runs_functions || p.relation->kind == 'v';
	*out = plan;
	return rc;
}
