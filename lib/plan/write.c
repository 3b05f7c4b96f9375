#include "config.h"

#include "plan/write.h"

#include "plan/conflict.h"
#include "plan/planner.h"

static int
fail_no_column(swm_planner *p, const swm_relation *relation, swm_str name)
{
	return swm_fail(p->err, SWM_ERR_COLUMN_NOT_FOUND, name, relation->name);
}

static int
make_columns(swm_planner *p, swm_columns *out, size_t count)
{
	out->items = swm_arena_array(p->arena, count, sizeof(const swm_column *));
	return out->items == NULL ? swm_fail_memory(p->err) : SWM_OK;
}

static bool
has_column(const swm_columns *columns, const swm_column *column)
{
	for (size_t i = 0; i < columns->count; i++)
		if (columns->items[i] == column)
			return true;
	return false;
}

/* Adds the column of a name, once. */
static int
add_named(swm_planner *p, const swm_relation *relation, swm_str name, swm_columns *to)
{
	const swm_column *column = swm_relation_column(relation, name);

	if (column == NULL)
		return fail_no_column(p, relation, name);
	if (!has_column(to, column))
		to->items[to->count++] = column;
	return SWM_OK;
}

static size_t
count_names(const swm_value *names)
{
	size_t n = 0;

	for (; names != NULL; names = names->next)
		n++;
	return n;
}

static int
plan_names(swm_planner *p, const swm_relation *relation, const swm_value *names, swm_columns *out)
{
	int rc = make_columns(p, out, count_names(names));

	for (; names != NULL && rc == SWM_OK; names = names->next)
		rc = add_named(p, relation, names->text, out);
	return rc;
}

/* ?columns= says what is written, else the keys of the body do. */
static int
plan_columns(swm_planner *p, const swm_write_request *request, swm_write_plan *plan)
{
	const swm_relation *relation = plan->target->relation;

	if (request->kind == SWM_WRITE_DELETE)
		return SWM_OK;
	if (request->read.ast->has_columns)
		return plan_names(p, relation, request->read.ast->columns, &plan->columns);
	int rc = make_columns(p, &plan->columns, request->key_count);
	for (size_t i = 0; i < request->key_count && rc == SWM_OK; i++)
		rc = add_named(p, relation, request->keys[i], &plan->columns);
	return rc;
}

static int
plan_key(swm_planner *p, const swm_relation *relation, swm_columns *out)
{
	int rc = make_columns(p, out, relation->primary_key_count);

	for (size_t i = 0; i < relation->primary_key_count && rc == SWM_OK; i++)
		out->items[out->count++] = &relation->columns[relation->primary_key[i]];
	return rc;
}

/* Without a key there is no conflict resolution. */
static int
plan_resolution(swm_planner *p, const swm_write_request *request, swm_write_plan *plan)
{
	const swm_ast *ast = request->read.ast;
	int rc;

	plan->resolution = request->kind == SWM_WRITE_PUT ? SWM_RESOLUTION_MERGE
	                                                  : request->resolution;
	if (plan->resolution == SWM_RESOLUTION_NONE)
		return SWM_OK;
	if (ast->has_on_conflict && request->kind == SWM_WRITE_INSERT)
		rc = swm_plan_conflict(p, ast->on_conflict, plan);
	else
		rc = plan_key(p, plan->target->relation, &plan->conflict);
	if (plan->conflict.count == 0)
		plan->resolution = SWM_RESOLUTION_NONE;
	plan->counts_updates = plan->resolution == SWM_RESOLUTION_MERGE && plan->columns.count > 0;
	return rc;
}

/* PUT writes one row: its filters are `eq` on every column of the primary key and nothing else. */
static int
check_put(swm_planner *p, const swm_write_request *request, const swm_relation *relation)
{
	const swm_query_node *root = &request->read.ast->root;
	size_t found = 0;

	if (root->has_limit || root->offset > 0) /* all rows from the first one on are no range */
		return swm_fail(p->err, SWM_ERR_PUT_LIMIT);
	for (const swm_condition *c = root->conditions; c != NULL; c = c->next) {
		const swm_column *column = swm_relation_column(relation, c->field.name);
		bool is_key = false;
		for (size_t i = 0; i < relation->primary_key_count && column != NULL; i++)
			is_key |= &relation->columns[relation->primary_key[i]] == column;
		if (c->kind != SWM_CONDITION_FILTER || c->negated || c->op != SWM_OP_EQ ||
		    c->field.path != NULL || c->quantifier != SWM_QUANTIFIER_NONE || !is_key)
			return swm_fail(p->err, SWM_ERR_PUT_FILTERS);
		found++;
	}
	return found == relation->primary_key_count && found > 0
	               ? SWM_OK
	               : swm_fail(p->err, SWM_ERR_PUT_FILTERS);
}

/* Protects against a forgotten filter. */
static int
check_filter(swm_planner *p, const swm_write_request *request, const swm_relation *relation)
{
	bool is_update = request->kind == SWM_WRITE_UPDATE;

	if (!p->settings->db_require_filter || request->read.ast->root.conditions != NULL ||
	    (!is_update && request->kind != SWM_WRITE_DELETE))
		return SWM_OK;
	int rc = swm_fail(p->err, SWM_ERR_FILTER_REQUIRED,
	                  is_update ? SWM_STR("PATCH") : SWM_STR("DELETE"), relation->name);
	swm_error_set_hint(
		p->err, SWM_STR("Add a filter to the query, like ?id=eq.1. If every row is meant, "
	                        "give one that each row meets, like ?id=not.is.null"));
	return rc;
}

/* The relation, and the conditions on the rows that are written. */
static int
plan_target(swm_planner *p, const swm_write_request *request, swm_write_plan *plan)
{
	swm_plan_node *node = swm_arena_alloc(p->arena, sizeof *node);
	swm_plan_condition *where = NULL;

	if (node == NULL)
		return swm_fail_memory(p->err);
	plan->target = node;
	int rc = swm_plan_relation(&node->relation, p->snapshot, request->read.schema,
	                           request->read.role, request->read.relation, p->err);
	if (rc == SWM_OK)
		rc = swm_plan_root_alias(p, node);
	if (rc == SWM_OK && request->kind == SWM_WRITE_PUT)
		rc = check_put(p, request, node->relation);
	if (rc == SWM_OK)
		rc = check_filter(p, request, node->relation);
	if (rc == SWM_OK && request->kind != SWM_WRITE_INSERT)
		rc = swm_plan_conditions(p, node, request->read.ast->root.conditions, &where);
	node->where = where;
	return rc;
}

static int
add_returning(swm_planner *p, swm_write_plan *plan, swm_str name)
{
	swm_returning **tail = &plan->returning;

	for (; *tail != NULL; tail = &(*tail)->next)
		if (swm_str_eq((*tail)->name, name))
			return SWM_OK;
	*tail = swm_arena_alloc(p->arena, sizeof **tail);
	if (*tail == NULL)
		return swm_fail_memory(p->err);
	**tail = (swm_returning){ .name = name };
	return SWM_OK;
}

/*
 * Returns the columns that an embedded relation is joined by. A computed relationship takes the
 * whole row.
 */
static int
add_join_columns(swm_planner *p, swm_write_plan *plan, const swm_relationship *r)
{
	const uint16_t *columns = r->junction == NULL ? r->origin_columns
	                                              : r->junction_origin->target_columns;
	size_t count = r->junction == NULL ? r->count : r->junction_origin->count;
	int rc = SWM_OK;

	plan->returns_row |= r->computed != NULL;
	for (size_t i = 0; i < count && rc == SWM_OK; i++)
		rc = add_returning(p, plan, r->origin->columns[columns[i]].name);
	return rc;
}

/* No more than is needed: the role must be allowed to read what RETURNING names. */
static int
plan_representation(swm_planner *p, swm_write_plan *plan)
{
	const swm_plan_node *root = plan->read->root;
	int rc = SWM_OK;

	plan->returns_row |= plan->read->made == SWM_MADE_HANDLED &&
	                     plan->read->handler->relation_oid != 0;
	for (size_t i = 0; i < root->output_count && rc == SWM_OK; i++)
		if (root->outputs[i].kind == SWM_OUTPUT_FIELD && !root->outputs[i].field.is_row)
			rc = add_returning(p, plan, root->outputs[i].field.name);
	for (const swm_plan_order *o = root->order; o != NULL && rc == SWM_OK; o = o->next)
		if (o->embed == NULL)
			rc = add_returning(p, plan, o->field.name);
	for (const swm_plan_node *c = root->children; c != NULL && rc == SWM_OK; c = c->next)
		rc = add_join_columns(p, plan, c->relationship);
	return rc;
}

static int
plan_returned(swm_planner *p, const swm_write_request *request, swm_write_plan *plan)
{
	int rc = SWM_OK;

	if (request->returned == SWM_RETURN_REPRESENTATION)
		return plan_representation(p, plan);
	plan->read = NULL;
	if (request->returned != SWM_RETURN_HEADERS || request->kind != SWM_WRITE_INSERT)
		return SWM_OK;
	rc = plan_key(p, plan->target->relation, &plan->location);
	for (size_t i = 0; i < plan->location.count && rc == SWM_OK; i++)
		rc = add_returning(p, plan, plan->location.items[i]->name);
	return rc;
}

int
swm_plan_write(swm_write_plan **out, swm_arena *arena, const swm_snapshot *snapshot,
               const swm_settings *settings, const swm_write_request *request, swm_error *err)
{
	swm_planner p = { .arena = arena,
		          .snapshot = snapshot,
		          .settings = settings,
		          .request = &request->read,
		          .err = err };
	swm_write_plan *plan = swm_arena_alloc(arena, sizeof *plan);

	if (plan == NULL)
		return swm_fail_memory(err);
	*plan = (swm_write_plan){ .kind = request->kind, .body_is_array = request->body_is_array,
		.body_is_text = request->body_is_text, .fill_defaults = request->fill_defaults };
	int rc = plan_target(&p, request, plan);
	/* what is wrong with select is told even when nothing is returned */
	if (rc == SWM_OK)
		rc = swm_plan_read(&plan->read, arena, snapshot, settings, &request->read, err);
	if (rc == SWM_OK)
		rc = plan_columns(&p, request, plan);
	if (rc == SWM_OK)
		rc = plan_resolution(&p, request, plan);
	if (rc == SWM_OK) {
		plan->unknown_names = p.unknown_names || plan->read->unknown_names;
		plan->runs_user_code = p.runs_user_code || plan->read->runs_user_code ||
		                       plan->target->relation->write_runs_user_code;
	}
	if (rc == SWM_OK)
		rc = plan_returned(&p, request, plan);
	*out = plan;
	return rc;
}
