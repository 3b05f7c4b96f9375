/*
 * Resolves the names of a query. Each use of a name has its own search order, all listed here
 * (doc/DIALECT.md says the same to users):
 *
 *	filter with is.null or is.not_null, without a path:
 *	        something embedded that is called so, then a column
 *	any other filter:
 *	        a column or computed field that the snapshot knows, then something embedded
 *	        (refused: PGRST120), then a column that the snapshot does not know
 *	order=name:
 *	        a column
 *	order=relation(name):
 *	        the relation by its alias (without one: its name), then by its name; in it a value
 *	        of its select list that is called so, then a column
 *	embedded.filter=, embedded.order= and the like:
 *	        something embedded by its alias, then by its name (swm_ast_embedded())
 *
 * Columns go before computed fields, since a computed field is only looked for where there is no
 * column. A column that nobody here knows is PostgreSQL's to refuse.
 */
#include "config.h"

#include "plan/planner.h"

/* True if the node's rows have a field of that name, as far as the snapshot knows. */
static bool
is_known_field(const swm_plan_node *node, swm_str name)
{
	const swm_relation *r = node->relation;

	if (r == NULL)
		return false;
	return swm_relation_column(r, name) != NULL || swm_relation_computed(r, name) != NULL;
}

static const swm_plan_node *
child_called(const swm_plan_node *node, swm_str name)
{
	const swm_plan_node *c = node->children;

	while (c != NULL && !swm_str_eq(c->name, name))
		c = c->next;
	return c;
}

bool
swm_plan_asks_for_rows(const swm_condition *filter)
{
	if (filter->op != SWM_OP_IS || filter->field.path != NULL)
		return false;
	return filter->is == SWM_IS_NULL || filter->is == SWM_IS_NOT_NULL;
}

const swm_plan_node *
swm_plan_filtered_embed(const swm_plan_node *node, const swm_condition *filter)
{
	swm_str name = filter->field.name;

	if (!swm_plan_asks_for_rows(filter) && is_known_field(node, name))
		return NULL;
	return child_called(node, name);
}

swm_plan_node *
swm_plan_ordering_embed(const swm_plan_node *node, swm_str name)
{
	for (swm_plan_node *c = node->children; c != NULL; c = c->next)
		if (swm_str_eq(c->name, name))
			return c;
	for (swm_plan_node *c = node->children; c != NULL; c = c->next)
		if (swm_str_eq(c->target, name))
			return c;
	return NULL;
}

/* An aggregate is no value of one row, and a document has no order. */
static bool
can_order(const swm_plan_node *node, const swm_plan_output *o)
{
	if (o->kind == SWM_OUTPUT_EMBED || o->aggregate != SWM_AGGREGATE_NONE)
		return false;
	return o->kind == SWM_OUTPUT_FIELD || (o->embed->is_to_one && !node->has_aggregates);
}

/* The parent of a spread relation aggregates the values of some of its outputs. */
static bool
is_aggregated_above(const swm_plan_node *node, size_t output)
{
	for (size_t i = 0; i < node->parent->output_count; i++) {
		const swm_plan_output *o = &node->parent->outputs[i];
		if (o->kind == SWM_OUTPUT_SPREAD && o->embed == node && o->embed_output == output &&
		    o->aggregate != SWM_AGGREGATE_NONE)
			return true;
	}
	return false;
}

static bool
is_column_itself(const swm_plan_output *o)
{
	return o->kind == SWM_OUTPUT_FIELD && o->field.path == NULL &&
	       swm_str_eq(o->field.name, o->key);
}

const swm_plan_output *
swm_plan_ordering_output(const swm_plan_node *node, const swm_field *field)
{
	for (size_t i = 0; i < node->output_count && field->path == NULL; i++) {
		const swm_plan_output *o = &node->outputs[i];
		if (!swm_str_eq(o->key, field->name) || is_column_itself(o) || !can_order(node, o))
			continue;
		if (!is_aggregated_above(node, i))
			return o;
	}
	return NULL;
}
