/* Plans the columns of an answer and the embedded relations. */
#include "config.h"

#include "plan/planner.h"

#include "base/buf.h"

/* A node's outputs while they are collected. */
struct outputs {
	swm_plan_output *items;
	size_t count, room;
};

static swm_plan_output *
add_output(swm_planner *p, struct outputs *to)
{
	if (to->count == to->room) {
		size_t room = to->room == 0 ? 4 : to->room * 2;
		swm_plan_output *more = swm_arena_array(p->arena, room, sizeof *more);
		if (more == NULL)
			return NULL;
		if (to->count > 0)
			memcpy(more, to->items, to->count * sizeof *more);
		to->items = more;
		to->room = room;
	}
	return &to->items[to->count++];
}

/*
 * The key of an answer's column: the alias, else the aggregate, else the last key of the path, else
 * the name.
 */
static swm_str
key_of(const swm_select_item *item)
{
	swm_str key = item->field.name;

	if (item->alias.len > 0)
		return item->alias;
	if (item->aggregate != SWM_AGGREGATE_NONE)
		return swm_aggregate_word(item->aggregate);
	for (const swm_path_step *s = item->field.path; s != NULL; s = s->next)
		if (!s->is_index)
			key = s->key;
	return key;
}

/* How the values of a field come, cast and aggregate aside. */
static enum swm_json_form
field_form(const swm_planner *p, const swm_plan_field *field)
{
	const swm_path_step *last = field->path;

	while (last != NULL && last->next != NULL)
		last = last->next;
	if (last != NULL)
		return last->as_text ? SWM_FORM_STRING : SWM_FORM_JSON;
	if (field->column == NULL)
		return SWM_FORM_SERVER;
	enum swm_json_form form = field->column->type->form;
	bool is_date = form == SWM_FORM_DATE || form == SWM_FORM_TIMESTAMP ||
	               form == SWM_FORM_TIMESTAMPTZ;
	return is_date && !p->request->iso_dates ? SWM_FORM_SERVER : form;
}

/* True if the output is of type json, without its cast and aggregate. */
static bool
is_json(const swm_plan_node *node, const swm_plan_output *o)
{
	if (o->kind == SWM_OUTPUT_FIELD)
		return swm_plan_ends_in_json(node, &o->field);
	if (o->kind == SWM_OUTPUT_EMBED || !o->embed->is_to_one)
		return true;
	const swm_plan_output *lifted = &o->embed->outputs[o->embed_output];
	if (lifted->cast.len > 0)
		return false;
	/* as deep as SWM_DEEPEST_EMBED */
	return lifted->format != NULL || is_json(o->embed, lifted);
}

/*
 * A cast of the query takes the place of that to JSON, and aggregates work on what is stored
 * (https://docs.postgrest.org/en/latest/references/api/domain_representations.html).
 */
static const swm_routine *
format_of(const swm_planner *p, const swm_plan_node *node, const swm_plan_output *o)
{
	bool in_json = p->request->json || p->request->made == SWM_MADE_FEATURES;
	const swm_type *type = swm_plan_type_of(node, &o->field);

	if (!in_json || type == NULL || type->casts == NULL || type->casts->to_json.name.len == 0)
		return NULL;
	return &type->casts->to_json;
}

/*
 * Chooses how the output is written: by to_json() in PostgreSQL if its type is not known or not
 * handled here.
 */
static void
set_form(const swm_planner *p, const swm_plan_node *node, swm_plan_output *o)
{
	const swm_plan_output *lifted = o->kind == SWM_OUTPUT_SPREAD
	                                        ? &o->embed->outputs[o->embed_output]
	                                        : NULL;
	bool plain = o->cast.len == 0 && o->aggregate == SWM_AGGREGATE_NONE;

	o->type_oid = 0;
	o->format = plain && o->kind == SWM_OUTPUT_FIELD ? format_of(p, node, o) : NULL;
	o->as_jsonb = plain && node->has_aggregates && is_json(node, o);
	if (!plain)
		o->form = SWM_FORM_SERVER;
	else if (o->kind == SWM_OUTPUT_EMBED || (lifted != NULL && !o->embed->is_to_one))
		o->form = SWM_FORM_JSON;
	else
		o->form = lifted != NULL      ? lifted->form
		          : o->format != NULL ? SWM_FORM_JSON
		                              : field_form(p, &o->field);
	if (p->request->strip_nulls && o->form == SWM_FORM_JSON)
		o->form = SWM_FORM_SERVER;
	if (p->request->once && o->kind == SWM_OUTPUT_FIELD)
		o->form = SWM_FORM_SERVER;
	if (!p->request->json)
		o->form = SWM_FORM_STRING;
	if (o->as_jsonb)
		return;
	if (o->format != NULL && o->form == SWM_FORM_JSON)
		o->type_oid = SWM_OID_JSON;
	else if (plain && o->kind == SWM_OUTPUT_FIELD && o->field.column != NULL &&
	         o->field.path == NULL && o->form != SWM_FORM_SERVER)
		o->type_oid = o->field.column->type->base_oid;
	else if (plain && lifted != NULL && o->embed->is_to_one)
		o->type_oid = lifted->type_oid;
}

static int
add_all_columns(swm_planner *p, const swm_plan_node *node, struct outputs *to)
{
	for (size_t i = 0; i < node->relation->column_count; i++) {
		const swm_column *c = &node->relation->columns[i];
		swm_plan_output *o = add_output(p, to);
		if (o == NULL)
			return swm_fail_memory(p->err);
		*o = (swm_plan_output){ .key = c->name, .field = { .name = c->name, .column = c } };
	}
	return SWM_OK;
}

/* json can be cast to text as it is; to numbers and the like only jsonb can. */
static bool
needs_jsonb(const swm_plan_node *node, const swm_plan_output *o)
{
	static const swm_str texts[] = {
		{ "text", 4 }, { "varchar", 7 }, { "character varying", 17 }, { "json", 4 },
	};

	if (o->cast.len == 0 || o->field.path == NULL || !swm_plan_ends_in_json(node, &o->field))
		return false;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (swm_str_caseeq(o->cast, texts[i]))
			return false;
	return true;
}

static int
add_field(swm_planner *p, swm_plan_node *node, const swm_select_item *item, struct outputs *to)
{
	swm_plan_output *o = add_output(p, to);

	if (item->aggregate != SWM_AGGREGATE_NONE && !p->settings->db_aggregates_enabled)
		return swm_fail(p->err, SWM_ERR_AGGREGATES_OFF);
	if (o == NULL)
		return swm_fail_memory(p->err);
	*o = (swm_plan_output){ .key = key_of(item),
		                .cast = item->cast,
		                .aggregate = item->aggregate,
		                .aggregate_cast = item->aggregate_cast };
	p->runs_user_code |= item->cast.len > 0 || item->aggregate_cast.len > 0 ||
	                     item->aggregate != SWM_AGGREGATE_NONE;
	if (item->aggregate == SWM_AGGREGATE_COUNT && swm_str_eq(item->field.name, SWM_STR("*"))) {
		o->field = (swm_plan_field){ .name = item->field.name, .is_row = true };
		return SWM_OK;
	}
	int rc = swm_plan_field_of(p, node, &item->field, &o->field);
	o->field.as_jsonb = rc == SWM_OK && needs_jsonb(node, o);
	return rc;
}

static int
check_alias(swm_planner *p, const swm_plan_node *node, const swm_plan_node *child)
{
	for (const swm_plan_node *c = node->children; c != NULL; c = c->next) {
		if (child->is_spread || c->is_spread || !swm_str_eq(c->name, child->name))
			continue;
		int rc = swm_fail(p->err, SWM_ERR_EMBEDDED_TWICE, child->name);
		swm_error_set_hint(
			p->err,
			SWM_STR("Give it an alias each time: an alias, a colon and the name."));
		return rc;
	}
	return SWM_OK;
}

/*
 * name_depth: names of nested levels differ, and a name is cut before PostgreSQL would cut it (63
 * bytes).
 */
int
swm_plan_alias(swm_planner *p, swm_plan_node *node)
{
	enum { LONGEST = 48 };
	swm_buf alias = SWM_BUF_INIT;
	/* PostgreSQL's errors name it */
	swm_str name = node->parent == NULL ? node->relation->name : swm_plan_told_name(p, node);

	if (name.len > LONGEST) {
		name.len = LONGEST;
		while (name.len > 0 && ((unsigned char)name.ptr[name.len] & 0xc0) == 0x80)
			name.len--;
	}
	swm_buf_str(&alias, name);
	swm_buf_char(&alias, '_');
	swm_buf_int(&alias, node->depth);
	node->alias = swm_arena_str(p->arena, swm_buf_view(&alias));
	bool failed = alias.failed || node->alias.ptr == NULL;
	swm_buf_dispose(&alias);
	return failed ? swm_fail_memory(p->err) : SWM_OK;
}

/*
 * Names that begin with "_" are those of our SQL (lib/sql/read.c), and so is "pgrst_body", which
 * clients know from errors; "excluded" is PostgreSQL's for the rows of an ON CONFLICT.
 */
static bool
is_name_of_sql(swm_str name)
{
	return name.ptr[0] == '_' || swm_str_eq(name, SWM_STR("pgrst_body")) ||
	       swm_str_eq(name, SWM_STR("excluded"));
}

int
swm_plan_root_alias(swm_planner *p, swm_plan_node *root)
{
	swm_str name = root->alias.len > 0 ? root->alias : root->relation->name;

	return is_name_of_sql(name) ? swm_plan_alias(p, root) : SWM_OK;
}

static int
set_relationship(swm_planner *p, const swm_plan_node *parent, swm_plan_node *node, swm_str hint)
{
	const swm_embed_request request = { .schema = p->request->schema,
		                            .role = p->request->role,
		                            .origin = parent->relation,
		                            .origin_name = swm_plan_called(p, parent),
		                            .target = node->target,
		                            .hint = hint };
	const swm_relationship *r;
	int rc = swm_plan_relationship(&r, p->arena, p->snapshot, &request, p->err);

	if (rc != SWM_OK)
		return rc;
	node->relationship = r;
	node->relation = r->target;
	node->source = r->computed == NULL ? SWM_SOURCE_RELATION : SWM_SOURCE_COMPUTED;
	node->is_to_one = r->cardinality == SWM_MANY_TO_ONE || r->cardinality == SWM_ONE_TO_ONE;
	p->runs_user_code |= r->computed != NULL || r->target->runs_user_code ||
	                     (r->junction != NULL && r->junction->runs_user_code);
	return swm_plan_alias(p, node);
}

static int
new_child(swm_planner *p, swm_plan_node *parent, const swm_select_item *item, swm_plan_node **out)
{
	swm_plan_node **tail = &parent->children;
	swm_plan_node *c = swm_arena_alloc(p->arena, sizeof *c);

	if (c == NULL)
		return swm_fail_memory(p->err);
	if (++p->embed_count > SWM_MOST_EMBEDS)
		return swm_plan_fail_too_many(p, "select parameter", SWM_MOST_EMBEDS,
		                              "embedded resources");
	if (parent->depth == SWM_DEEPEST_EMBED)
		return swm_plan_fail_too_many(p, "select parameter", SWM_DEEPEST_EMBED,
		                              "levels of embedded resources");
	*c = (swm_plan_node){ .asked = &item->node,
		              .parent = parent,
		              .number = p->embed_count,
		              .depth = parent->depth + 1,
		              .target = item->relation,
		              .name = item->alias.len > 0 ? item->alias : item->relation,
		              .is_spread = item->kind == SWM_SELECT_SPREAD,
		              .is_inner = item->join == SWM_JOIN_INNER };
	int rc = check_alias(p, parent, c);
	if (rc == SWM_OK)
		rc = set_relationship(p, parent, c, item->hint);
	if (rc != SWM_OK)
		return rc;
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = *out = c;
	return SWM_OK;
}

/*
 * An aggregate of a spread relation is one of the node into which it is spread
 * (https://docs.postgrest.org/en/latest/references/api/aggregate_functions.html#using-columns-from-a-spreaded-resource).
 */
static void
lift_aggregate(swm_plan_output *from, swm_plan_output *to)
{
	to->aggregate = from->aggregate;
	to->aggregate_cast = from->aggregate_cast;
	from->aggregate = SWM_AGGREGATE_NONE;
	from->aggregate_cast = (swm_str){ NULL, 0 };
}

static int
fail_spread_aggregate(swm_planner *p)
{
	int rc = swm_fail(p->err, SWM_ERR_NOT_IMPLEMENTED);

	swm_error_set_details(
		p->err,
		SWM_STR("Aggregates are not implemented for one-to-many or many-to-many spreads."));
	return rc;
}

static int
add_spread(swm_planner *p, swm_plan_node *child, struct outputs *from, struct outputs *to)
{
	if (child->has_aggregates && !child->is_to_one)
		return fail_spread_aggregate(p);
	for (size_t i = 0; i < from->count; i++) {
		swm_plan_output *o = add_output(p, to);
		if (o == NULL)
			return swm_fail_memory(p->err);
		*o = (swm_plan_output){ .key = from->items[i].key,
			                .kind = SWM_OUTPUT_SPREAD,
			                .embed = child,
			                .embed_output = i };
		lift_aggregate(&from->items[i], o);
	}
	child->has_aggregates = false;
	for (size_t i = 0; i < from->count; i++) {
		set_form(p, child, &from->items[i]);
		if (to->items[to->count - from->count + i].aggregate != SWM_AGGREGATE_NONE)
			from->items[i].format = NULL; /* what is aggregated is the value itself */
	}
	return SWM_OK;
}

static int
add_embed(swm_planner *p, swm_plan_node *child, struct outputs *to)
{
	if (!child->is_selected)
		return SWM_OK;
	swm_plan_output *o = add_output(p, to);
	if (o == NULL)
		return swm_fail_memory(p->err);
	*o = (swm_plan_output){ .key = child->name, .kind = SWM_OUTPUT_EMBED, .embed = child };
	return SWM_OK;
}

static int collect(swm_planner *p, swm_plan_node *node, struct outputs *to);

static void
set_outputs(const swm_planner *p, swm_plan_node *node, struct outputs *from)
{
	node->outputs = from->items;
	node->output_count = from->count;
	node->is_selected = from->count > 0;
	for (size_t i = 0; i < from->count; i++)
		node->has_aggregates |= from->items[i].aggregate != SWM_AGGREGATE_NONE;
	for (size_t i = 0; i < from->count; i++)
		set_form(p, node, &from->items[i]);
}

static int
add_relation(swm_planner *p, swm_plan_node *node, const swm_select_item *item, struct outputs *to)
{
	struct outputs own = { 0 };
	swm_plan_node *child = NULL;
	int rc = new_child(p, node, item, &child);

	if (rc == SWM_OK)
		rc = collect(p, child, &own);
	if (rc != SWM_OK)
		return rc;
	set_outputs(p, child, &own);
	return child->is_spread ? add_spread(p, child, &own, to) : add_embed(p, child, to);
}

static int
collect(swm_planner *p, swm_plan_node *node, struct outputs *to)
{
	int rc = node->asked->has_select ? SWM_OK : add_all_columns(p, node, to);

	for (const swm_select_item *i = node->asked->select; i != NULL && rc == SWM_OK;
	     i = i->next) {
		if (i->kind == SWM_SELECT_ALL)
			rc = add_all_columns(p, node, to);
		else if (i->kind == SWM_SELECT_FIELD)
			rc = add_field(p, node, i, to);
		else
			rc = add_relation(p, node, i, to);
		if (rc == SWM_OK && to->count > SWM_MOST_COLUMNS)
			rc = swm_plan_fail_too_many(p, "select parameter", SWM_MOST_COLUMNS,
			                            "columns");
	}
	return rc;
}

int
swm_plan_outputs(swm_planner *p, swm_plan_node *node)
{
	struct outputs own = { 0 };
	int rc = collect(p, node, &own);

	if (rc == SWM_OK)
		set_outputs(p, node, &own);
	return rc;
}
