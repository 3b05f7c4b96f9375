/* Keyset pagination: where a page begins, and where the next one does (doc/DIALECT.md). */
#include "config.h"

#include "plan/planner.h"

#include "base/buf.h"

static int
fail_position(swm_planner *p, const char *why)
{
	return swm_fail(p->err, SWM_ERR_POSITION, swm_cstr(why));
}

static size_t
count_terms(const swm_plan_node *root)
{
	size_t count = 0;

	for (const swm_plan_order *o = root->order; o != NULL; o = o->next)
		count++;
	return count;
}

int
swm_plan_position(swm_planner *p, swm_plan_node *root)
{
	const swm_position *value = p->request->ast->after;

	if (value == NULL)
		return SWM_OK;
	if (root->order == NULL)
		return fail_position(p, "there is no order");
	if (p->request->written)
		return fail_position(p, "what a write returns has no pages");
	if (count_terms(root) > SWM_MOST_POSITION)
		return swm_plan_fail_too_many(p, "after", SWM_MOST_POSITION, "columns of order");
	for (const swm_plan_order *o = root->order; o != NULL; o = o->next, value = value->next) {
		if (o->embed != NULL)
			return fail_position(p, "an order by a related column has no position");
		if (value == NULL)
			return fail_position(p, "fewer values than order has columns");
	}
	if (value != NULL)
		return fail_position(p, "more values than order has columns");
	root->after = p->request->ast->after;
	return SWM_OK;
}

/* A view may show a row of its table twice. */
static bool
has_rows_of_a_table(const swm_plan_node *root)
{
	return root->source == SWM_SOURCE_RELATION &&
	       (root->relation->kind == 'r' || root->relation->kind == 'p') &&
	       !root->has_aggregates;
}

int
swm_plan_key_order(swm_planner *p, swm_plan_node *root, bool *by_key)
{
	swm_plan_order *first = NULL, **tail = &first;

	if (root->order != NULL || !has_rows_of_a_table(root))
		return SWM_OK;
	for (size_t i = 0; i < root->relation->primary_key_count; i++) {
		const swm_column *column = &root->relation->columns[root->relation->primary_key[i]];
		swm_plan_order *o = swm_arena_alloc(p->arena, sizeof *o);
		if (o == NULL)
			return swm_fail_memory(p->err);
		*o = (swm_plan_order){ .field = { .name = column->name, .column = column } };
		*tail = o;
		tail = &o->next;
	}
	root->order = first;
	*by_key = first != NULL;
	return SWM_OK;
}

/* A filter that leaves one value of a column: all of the root's conditions must hold. */
static bool
is_fixed(const swm_plan_node *root, const swm_column *column)
{
	for (const swm_plan_condition *c = root->where; c != NULL; c = c->next)
		if (c->kind == SWM_CONDITION_FILTER && !c->negated && c->embed == NULL &&
		    c->field.path == NULL && c->field.column == column &&
		    c->asked->op == SWM_OP_EQ && c->asked->quantifier == SWM_QUANTIFIER_NONE)
			return true;
	return false;
}

static bool
is_ordered_by(const swm_plan_node *root, const swm_column *column)
{
	for (const swm_plan_order *o = root->order; o != NULL; o = o->next)
		if (o->embed == NULL && o->field.path == NULL && o->field.column == column)
			return true;
	return false;
}

/* Nulls are not equal to one another, so that a key may have several of them. */
static bool
covers_key(const swm_plan_node *root, const swm_unique_key *key)
{
	for (size_t i = 0; i < key->count; i++) {
		const swm_column *c = &root->relation->columns[key->columns[i]];
		if (c->nullable || !(is_ordered_by(root, c) || is_fixed(root, c)))
			return false;
	}
	return key->count > 0;
}

/* True if the order is total: it tells any two rows apart. */
static bool
is_total_order(const swm_plan_node *root)
{
	const swm_relation *r = root->relation;

	if (!has_rows_of_a_table(root))
		return false;
	for (const swm_plan_order *o = root->order; o != NULL; o = o->next)
		if (o->embed != NULL)
			return false;
	for (size_t i = 0; root->order != NULL && i < r->unique_key_count; i++)
		if (covers_key(root, &r->unique_keys[i]))
			return true;
	return false;
}

/* The output that has a field's value as PostgreSQL writes it; their number when there is none. */
static size_t
output_of(const swm_plan_node *root, const swm_plan_field *field)
{
	size_t i = 0;

	for (; i < root->output_count; i++) {
		const swm_plan_output *o = &root->outputs[i];
		if (o->kind == SWM_OUTPUT_FIELD && o->form != SWM_FORM_SERVER &&
		    o->format == NULL && o->cast.len == 0 && field->column != NULL &&
		    o->field.column == field->column && o->field.path == NULL &&
		    field->path == NULL)
			break;
	}
	return i;
}

int
swm_plan_place_of(swm_planner *p, const swm_plan_node *root, const swm_plan_place **out)
{
	swm_plan_place *place;
	size_t count = count_terms(root);

	if (!p->request->place || p->request->made != SWM_MADE_ROWS || !root->has_limit ||
	    root->limit == 0 || count > SWM_MOST_POSITION || !is_total_order(root))
		return SWM_OK;
	place = swm_arena_alloc(p->arena, sizeof *place);
	if (place == NULL ||
	    (place->columns = swm_arena_array(p->arena, count, sizeof *place->columns)) == NULL)
		return swm_fail_memory(p->err);
	for (const swm_plan_order *o = root->order; o != NULL; o = o->next) {
		size_t column = output_of(root, &o->field);
		if (column == root->output_count)
			column += place->hidden++;
		place->columns[place->count++] = column;
	}
	*out = place;
	return SWM_OK;
}
