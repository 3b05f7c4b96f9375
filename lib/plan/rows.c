/* Which rows of a node, and in which order. */
#include "config.h"

#include "plan/planner.h"

#include "base/buf.h"

swm_plan_field
swm_plan_field_of(swm_planner *p, const swm_plan_node *node, const swm_field *field)
{
	swm_plan_field f = { .name = field->name, .path = field->path };

	f.column = node->relation == NULL ? NULL : swm_relation_column(node->relation, field->name);
	p->runs_functions |= f.column == NULL;
	f.to_jsonb = f.path != NULL && !(f.column != NULL && f.column->type->base_oid == SWM_OID_JSONB);
	return f;
}

/* rel=is.null and rel=not.is.null ask whether anything is embedded; nothing else can be asked of it. */
static int
check_embed_operator(swm_planner *p, const swm_condition *asked)
{
	bool may = asked->op == SWM_AST_IS && (asked->is == SWM_IS_NULL || asked->is == SWM_IS_NOT_NULL) &&
	           asked->field.path == NULL;

	if (may)
		return SWM_OK;
	int rc = swm_fail(p->err, SWM_ERR_EMBED_OPERATOR, asked->field.name);
	swm_error_set_details(p->err, SWM_STR("Only is null or not is null filters are allowed on embedded resources"));
	return rc;
}

const swm_type *
swm_plan_type_of(const swm_plan_node *node, const swm_plan_field *f)
{
	const swm_function *computed;

	if (f->path != NULL || f->is_row)
		return NULL;
	if (f->column != NULL || node->relation == NULL)
		return f->column == NULL ? NULL : f->column->type;
	computed = swm_relation_computed(node->relation, f->name);
	return computed == NULL ? NULL : computed->returns;
}

/* Full text is searched for in a tsvector; what is none becomes one. */
static bool
is_tsvector(const swm_type *type)
{
	return type != NULL && type->is_tsvector;
}

/* Patterns, words that are searched for, and what IS asks are no values of the column's type. */
static bool
takes_value(enum swm_ast_operator op)
{
	enum swm_operand operand = swm_operator_of(op)->operand;

	return operand == SWM_OPERAND_LIST || (operand == SWM_OPERAND_VALUE && op != SWM_AST_MATCH && op != SWM_AST_IMATCH);
}

static const swm_routine *
parser_of(const swm_type *type, enum swm_ast_operator op)
{
	bool parsed = type != NULL && type->casts != NULL && type->casts->from_text.name.len > 0 && takes_value(op);

	return parsed ? &type->casts->from_text : NULL;
}

static const swm_plan_node *
child_named(const swm_plan_node *node, swm_str name)
{
	const swm_plan_node *c = node->children;

	while (c != NULL && !swm_str_eq(c->name, name))
		c = c->next;
	return c;
}

static int
plan_filter(swm_planner *p, const swm_plan_node *node, swm_plan_condition *c)
{
	const swm_condition *asked = c->asked;

	if (++p->filter_count > SWM_MOST_FILTERS)
		return swm_plan_fail_too_many(p, "filter", SWM_MOST_FILTERS, "filters");
	c->embed = child_named(node, asked->field.name);
	if (c->embed != NULL)
		return check_embed_operator(p, asked);
	c->field = swm_plan_field_of(p, node, &asked->field);
	const swm_type *type = swm_plan_type_of(node, &c->field);
	c->to_tsvector = swm_operator_of(asked->op)->operand == SWM_OPERAND_SEARCH && !is_tsvector(type);
	c->parse = parser_of(type, asked->op);
	return SWM_OK;
}

/* A group in which nothing is. Only queries that were built by calls have any. */
static bool
is_empty(const swm_condition *c)
{
	if (c->kind == SWM_CONDITION_FILTER)
		return false;
	for (const swm_condition *child = c->children; child != NULL; child = child->next)
		if (!is_empty(child))
			return false;
	return true;
}

int
swm_plan_conditions(swm_planner *p, const swm_plan_node *node, const swm_condition *asked, swm_plan_condition **out)
{
	int rc = SWM_OK;

	for (; asked != NULL && rc == SWM_OK; asked = asked->next) {
		if (is_empty(asked))
			continue;
		swm_plan_condition *c = swm_arena_alloc(p->arena, sizeof *c);
		if (c == NULL)
			return swm_fail_memory(p->err);
		*out = c;
		out = &c->next;
		c->kind = asked->kind;
		c->negated = asked->negated;
		c->asked = asked;
		rc = asked->kind == SWM_CONDITION_FILTER
		             ? plan_filter(p, node, c)
		             : swm_plan_conditions(p, node, asked->children, &c->children); /* as deep as SWM_DEEPEST */
	}
	return rc;
}

static int
fail_not_to_one(swm_planner *p, const swm_plan_node *node, const swm_plan_node *child)
{
	swm_buf details = SWM_BUF_INIT;
	swm_str origin = node->relation->name;
	int rc = swm_fail(p->err, SWM_ERR_ORDER_NOT_TO_ONE, origin, child->name);

	swm_buf_char(&details, '\'');
	swm_buf_str(&details, origin);
	swm_buf_cstr(&details, "' and '");
	swm_buf_str(&details, child->name);
	swm_buf_cstr(&details, "' do not form a many-to-one or one-to-one relationship");
	swm_error_set_details(p->err, swm_buf_view(&details));
	swm_buf_dispose(&details);
	return rc;
}

static bool
same_field(const swm_plan_output *o, const swm_plan_field *field)
{
	const swm_path_step *a = o->field.path, *b = field->path;

	if (o->kind != SWM_OUTPUT_FIELD || o->aggregate != SWM_AGGREGATE_NONE || o->cast.len > 0)
		return false;
	for (; a != NULL && b != NULL; a = a->next, b = b->next)
		if (!swm_str_eq(a->key, b->key) || a->is_index != b->is_index || a->as_text != b->as_text)
			return false;
	return a == NULL && b == NULL && swm_str_eq(o->field.name, field->name);
}

/* Whether a field of the child is among what groups of the node are grouped by. */
static bool
is_key(const swm_plan_node *node, const swm_plan_node *child, const swm_plan_field *field)
{
	for (size_t i = 0; i < node->output_count; i++) {
		const swm_plan_output *o = &node->outputs[i];
		if (o->embed != child || o->aggregate != SWM_AGGREGATE_NONE)
			continue;
		if (o->kind == SWM_OUTPUT_SPREAD && same_field(&child->outputs[o->embed_output], field))
			return true;
		for (size_t k = 0; o->kind == SWM_OUTPUT_EMBED && k < child->output_count; k++)
			if (same_field(&child->outputs[k], field))
				return true;
	}
	return false;
}

/* The related column becomes one that the embedded node gives its parent. */
static int
plan_related_order(swm_planner *p, swm_plan_node *node, const swm_order_term *asked, swm_plan_order *o)
{
	swm_plan_node *child = swm_plan_child(node, asked->relation);

	if (child == NULL)
		return swm_plan_fail_not_embedded(p, asked->relation);
	if (!child->is_to_one)
		return fail_not_to_one(p, node, child);
	swm_plan_extra *extra = swm_arena_alloc(p->arena, sizeof *extra);
	if (extra == NULL)
		return swm_fail_memory(p->err);
	extra->field = swm_plan_field_of(p, child, &asked->field);
	swm_plan_extra **tail = &child->extras;
	for (; *tail != NULL; tail = &(*tail)->next)
		o->embed_extra++;
	*tail = extra;
	o->embed = child;
	o->is_key = is_key(node, child, &extra->field);
	return SWM_OK;
}

int
swm_plan_order_of(swm_planner *p, swm_plan_node *node, const swm_order_term *asked, swm_plan_order **out)
{
	for (int n = 1; asked != NULL; asked = asked->next, n++) {
		if (n > SWM_MOST_COLUMNS)
			return swm_plan_fail_too_many(p, "order", SWM_MOST_COLUMNS, "columns");
		swm_plan_order *o = swm_arena_alloc(p->arena, sizeof *o);
		if (o == NULL)
			return swm_fail_memory(p->err);
		*o = (swm_plan_order){ .direction = asked->direction, .nulls = asked->nulls };
		if (asked->relation.len > 0) {
			int rc = plan_related_order(p, node, asked, o);
			if (rc != SWM_OK)
				return rc;
		} else {
			o->field = swm_plan_field_of(p, node, &asked->field);
		}
		*out = o;
		out = &o->next;
	}
	return SWM_OK;
}
