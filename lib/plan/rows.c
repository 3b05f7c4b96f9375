/* Which rows of a node, and in which order. */
#include "config.h"

#include "plan/planner.h"

#include "base/buf.h"

/* The type of what has the name, before any path. */
static const swm_type *
root_type_of(const swm_plan_node *node, const swm_plan_field *f)
{
	const swm_function *computed;

	if (f->column != NULL)
		return f->column->type;
	computed = node->relation == NULL ? NULL : swm_relation_computed(node->relation, f->name);
	return computed == NULL ? NULL : computed->returns;
}

int
swm_plan_fail_no_column(swm_planner *p, swm_str of, swm_str name)
{
	swm_buf message = SWM_BUF_INIT;

	swm_buf_printf(&message, "column %.*s.%.*s does not exist", SWM_PRINTED(of),
	               SWM_PRINTED(name));
	const struct swm_sql_error error = {
		.sqlstate = SWM_STR("42703"), .message = swm_buf_view(&message),
	};
	int rc = message.failed ? swm_fail_memory(p->err) : swm_fail_sql(p->err, &error);
	swm_buf_dispose(&message);
	return rc;
}

/*
 * json and jsonb have the arrows themselves: an index on these serves nothing else. An unknown name
 * that is too long for PostgreSQL would be cut there, and then mean another column.
 */
int
swm_plan_field_of(swm_planner *p, const swm_plan_node *node, const swm_field *field,
                  swm_plan_field *out)
{
	swm_plan_field f = { .name = field->name, .path = field->path };

	f.column = node->relation == NULL ? NULL : swm_relation_column(node->relation, field->name);
	if (f.column == NULL && f.name.len > SWM_LONGEST_NAME)
		return swm_plan_fail_no_column(
			p, node->relation == NULL ? node->alias : swm_plan_told_name(p, node),
			f.name);
	p->runs_user_code |= f.column == NULL;
	p->unknown_names |= root_type_of(node, &f) == NULL;
	if (f.path != NULL) {
		const swm_type *type = root_type_of(node, &f);
		f.to_jsonb = type == NULL || !type->is_json;
	}
	*out = f;
	return SWM_OK;
}

bool
swm_plan_ends_in_json(const swm_plan_node *node, const swm_plan_field *f)
{
	const swm_type *type = f->is_row ? NULL : root_type_of(node, f);

	if (type == NULL || type->base_oid != SWM_OID_JSON)
		return false;
	for (const swm_path_step *s = f->path; s != NULL; s = s->next)
		if (s->as_text)
			return false;
	return true;
}

/* A field whose values are compared with others. */
static int
compared_field_of(swm_planner *p, const swm_plan_node *node, const swm_field *field,
                  swm_plan_field *out)
{
	int rc = swm_plan_field_of(p, node, field, out);

	out->as_jsonb = rc == SWM_OK && out->path != NULL && swm_plan_ends_in_json(node, out);
	return rc;
}

/*
 * rel=is.null and rel=not.is.null ask whether anything is embedded; nothing else can be asked of
 * it.
 */
static int
check_embed_operator(swm_planner *p, const swm_condition *asked)
{
	if (swm_plan_asks_for_rows(asked))
		return SWM_OK;
	int rc = swm_fail(p->err, SWM_ERR_EMBED_OPERATOR, asked->field.name);
	swm_error_set_details(
		p->err,
		SWM_STR("Only is null or not is null filters are allowed on embedded resources"));
	return rc;
}

const swm_type *
swm_plan_type_of(const swm_plan_node *node, const swm_plan_field *f)
{
	return f->path != NULL || f->is_row ? NULL : root_type_of(node, f);
}

/* Full text is searched for in a tsvector; what is none becomes one. */
static bool
is_tsvector(const swm_type *type)
{
	return type != NULL && type->is_tsvector;
}

/* Patterns, words that are searched for, and what IS asks are no values of the column's type. */
static bool
takes_value(enum swm_operator op)
{
	enum swm_operand operand = swm_operator_of(op)->operand;

	return operand == SWM_OPERAND_LIST || operand == SWM_OPERAND_VALUE;
}

static const swm_routine *
parser_of(const swm_type *type, enum swm_operator op)
{
	bool parsed = type != NULL && type->casts != NULL && type->casts->from_text.name.len > 0 &&
	              takes_value(op);

	return parsed ? &type->casts->from_text : NULL;
}

static int
plan_filter(swm_planner *p, const swm_plan_node *node, swm_plan_condition *c)
{
	const swm_condition *asked = c->asked;

	if (++p->filter_count > SWM_MOST_FILTERS)
		return swm_plan_fail_too_many(p, "filter", SWM_MOST_FILTERS, "filters");
	c->embed = swm_plan_filtered_embed(node, asked);
	if (c->embed != NULL)
		return check_embed_operator(p, asked);
	enum swm_operand operand = swm_operator_of(asked->op)->operand;
	bool compares = operand != SWM_OPERAND_SEARCH && operand != SWM_OPERAND_IS;
	int rc = compares ? compared_field_of(p, node, &asked->field, &c->field) :
	                    swm_plan_field_of(p, node, &asked->field, &c->field);
	if (rc != SWM_OK)
		return rc;
	const swm_type *type = swm_plan_type_of(node, &c->field);
	c->to_tsvector = operand == SWM_OPERAND_SEARCH && !is_tsvector(type);
	c->parse = parser_of(type, asked->op);
	return SWM_OK;
}

/* An empty group. Only queries built through the library's functions have any. */
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
swm_plan_conditions(swm_planner *p, const swm_plan_node *node, const swm_condition *asked,
                    swm_plan_condition **out)
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
		             : swm_plan_conditions(p, node, asked->children,
		                                   &c->children); /* as deep as SWM_DEEPEST */
	}
	return rc;
}

static int
fail_not_to_one(swm_planner *p, const swm_plan_node *node, const swm_plan_node *child)
{
	swm_str origin = swm_plan_told_name(p, node);
	int rc = swm_fail(p->err, SWM_ERR_ORDER_NOT_TO_ONE, origin, child->name);

	swm_error_format_details(
		p->err, "'%.*s' and '%.*s' do not form a many-to-one or one-to-one relationship",
		SWM_PRINTED(origin), SWM_PRINTED(child->name));
	return rc;
}

static bool
same_field(const swm_plan_output *o, const swm_plan_field *field)
{
	const swm_path_step *a = o->field.path, *b = field->path;

	if (o->kind != SWM_OUTPUT_FIELD || o->aggregate != SWM_AGGREGATE_NONE || o->cast.len > 0)
		return false;
	for (; a != NULL && b != NULL; a = a->next, b = b->next)
		if (!swm_str_eq(a->key, b->key) || a->is_index != b->is_index ||
		    a->as_text != b->as_text)
			return false;
	return a == NULL && b == NULL && swm_str_eq(o->field.name, field->name);
}

/* True if this output of the child is the value that its parent is ordered by. */
static bool
is_ordering(const swm_plan_output *o, const swm_plan_extra *extra)
{
	return extra->output != NULL ? o == extra->output : same_field(o, &extra->field);
}

/* True if the child's value for the order is one of the node's grouping keys. */
static bool
is_key(const swm_plan_node *node, const swm_plan_node *child, const swm_plan_extra *extra)
{
	for (size_t i = 0; i < node->output_count; i++) {
		const swm_plan_output *o = &node->outputs[i];
		if (o->embed != child || o->aggregate != SWM_AGGREGATE_NONE)
			continue;
		if (o->kind == SWM_OUTPUT_SPREAD &&
		    is_ordering(&child->outputs[o->embed_output], extra))
			return true;
		for (size_t k = 0; o->kind == SWM_OUTPUT_EMBED && k < child->output_count; k++)
			if (is_ordering(&child->outputs[k], extra))
				return true;
	}
	return false;
}

/* An alias of a plain value is the same as its field; domains are ordered by what is stored. */
static int
set_extra(swm_planner *p, const swm_plan_node *child, const swm_field *asked, swm_plan_extra *extra)
{
	const swm_plan_output *o = swm_plan_ordering_output(child, asked);

	if (o == NULL)
		return compared_field_of(p, child, asked, &extra->field);
	if (o->kind != SWM_OUTPUT_FIELD || o->cast.len > 0) {
		extra->output = o;
		return SWM_OK;
	}
	extra->field = o->field;
	extra->field.as_jsonb = o->field.path != NULL && swm_plan_ends_in_json(child, &o->field);
	return SWM_OK;
}

/* The related column becomes one that the embedded node gives its parent. */
static int
plan_related_order(swm_planner *p, swm_plan_node *node, const swm_order_term *asked,
                   swm_plan_order *o)
{
	swm_plan_node *child = swm_plan_ordering_embed(node, asked->relation);

	if (child == NULL)
		return swm_plan_fail_not_embedded(p, asked->relation);
	if (!child->is_to_one)
		return fail_not_to_one(p, node, child);
	swm_plan_extra *extra = swm_arena_alloc(p->arena, sizeof *extra);
	if (extra == NULL)
		return swm_fail_memory(p->err);
	int rc = set_extra(p, child, &asked->field, extra);
	if (rc != SWM_OK)
		return rc;
	swm_plan_extra **tail = &child->extras;
	for (; *tail != NULL; tail = &(*tail)->next)
		o->embed_extra++;
	*tail = extra;
	o->embed = child;
	o->is_key = is_key(node, child, extra);
	return SWM_OK;
}

int
swm_plan_order_of(swm_planner *p, swm_plan_node *node, const swm_order_term *asked,
                  swm_plan_order **out)
{
	for (int n = 1; asked != NULL; asked = asked->next, n++) {
		if (n > SWM_MOST_COLUMNS)
			return swm_plan_fail_too_many(p, "order", SWM_MOST_COLUMNS, "columns");
		swm_plan_order *o = swm_arena_alloc(p->arena, sizeof *o);
		if (o == NULL)
			return swm_fail_memory(p->err);
		*o = (swm_plan_order){ .direction = asked->direction, .nulls = asked->nulls };
		bool related = asked->relation.len > 0;
		int rc = related ? plan_related_order(p, node, asked, o) :
		                   compared_field_of(p, node, &asked->field, &o->field);
		if (rc != SWM_OK)
			return rc;
		*out = o;
		out = &o->next;
	}
	return SWM_OK;
}
