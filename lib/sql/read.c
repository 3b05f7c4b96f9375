/*
 * A read as one statement. Each embedded relation is a lateral join, whose alias is
 * "_" and the node's number:
 *
 *	to-one    LATERAL (SELECT row_to_json("r".*) AS "value" FROM (rows) AS "r")
 *	to-many   LATERAL (SELECT json_agg("r".*) AS "value" FROM (rows) AS "r")
 *	spread    LATERAL (SELECT column AS "c1", ...), or json_agg() of each column
 *
 * Where a name of the answer is longer than PostgreSQL's names are, a row's columns are "c1", "c2",
 * ... and its document is put together of them and the names (put_named_document()).
 *
 * A column by which the parent is ordered is "o1", "o2", ... beside them.
 *
 * Names of ours that users' names stand beside begin with "_". No user's does: a relation of such a
 * name is given another (swm_plan_root_alias()), and what is embedded ends in "_" and its depth.
 * Other
 * names of ours ("r", "d", "x", "g") are of a FROM's only items, where no user's name is looked up.
 *
 * A to-many relation that nothing but the select list needs is a subquery there, as
 * PostgreSQL then makes the arrays of just the rows that an order and a limit leave. A
 * to-one relation stays a join, of which the planner can make a hash join.
 */
#include "config.h"

#include "sql/read.h"

#include "json/escape.h"
#include "sql/call.h"

#include <stdio.h>

#define ALL_RANGES SIZE_MAX

enum rows_for { FOR_ANSWER, FOR_JSON, FOR_SPREAD, FOR_ORDER };

/*
 * Names
 */

static void
put_node_name(swm_writer *w, const swm_plan_node *node)
{
	if (node->alias.len > 0)
		swm_put_identifier(w, node->alias);
	else
		swm_put_qualified(w, node->relation->schema, node->relation->name);
}

static void
put_column(swm_writer *w, const swm_plan_node *node, const swm_relation *relation, uint16_t column)
{
	put_node_name(w, node);
	swm_put(w, ".");
	swm_put_identifier(w, relation->columns[column].name);
}

/* "_1", or with a column's letter and number "_1"."c1" */
static void
put_lateral(swm_writer *w, const swm_plan_node *node)
{
	swm_put(w, "\"_");
	swm_buf_int(&w->text, node->number);
	swm_put(w, "\"");
}

static void
put_numbered(swm_writer *w, char letter, size_t index)
{
	swm_buf_printf(&w->text, "\"%c%zu\"", letter, index + 1);
}

static void
put_lateral_column(swm_writer *w, const swm_plan_node *node, char letter, size_t index)
{
	put_lateral(w, node);
	swm_put(w, ".");
	put_numbered(w, letter, index);
}

static void put_document(swm_writer *w, const swm_plan_node *node);

/*
 * Values
 */

/* ->key and ->index; the key is a parameter like any other value. */
static void
put_path(swm_writer *w, const swm_path_step *step)
{
	for (; step != NULL; step = step->next) {
		swm_put(w, step->as_text ? "->>" : "->");
		swm_put_path_key(w, step->key, step->is_index);
	}
}

void
swm_put_field(swm_writer *w, const swm_plan_node *node, const swm_plan_field *field)
{
	if (field->is_row) {
		swm_put(w, "TRUE");
		return;
	}
	if (field->path != NULL)
		swm_put(w, field->to_jsonb ? "(pg_catalog.to_jsonb(" : "(");
	put_node_name(w, node);
	swm_put(w, ".");
	swm_put_identifier(w, field->name);
	if (field->path == NULL)
		return;
	if (field->to_jsonb)
		swm_put(w, ")");
	put_path(w, field->path);
	swm_put(w, field->as_jsonb ? ")::jsonb" : ")");
}

/* True if the node is a subquery in the select list, and not a join. */
static bool
is_subquery(const swm_plan_node *node)
{
	return !node->is_to_one && !node->is_spread && !node->is_inner && node->extras == NULL &&
	       !node->parent->has_aggregates;
}

/* Writes the value of an embedded node. */
static void
put_embedded(swm_writer *w, const swm_plan_output *o)
{
	bool many = !o->embed->is_to_one;

	if (is_subquery(o->embed)) {
		swm_put(w, "(");
		put_document(w, o->embed);
		swm_put(w, ")");
		return;
	}
	if (many)
		swm_put(w, "COALESCE(");
	if (o->kind == SWM_OUTPUT_EMBED) {
		put_lateral(w, o->embed);
		swm_put(w, ".\"value\"");
	} else {
		put_lateral_column(w, o->embed, 'c', o->embed_output);
	}
	if (many)
		swm_put(w, ", '[]')");
}

static void
put_source_value(swm_writer *w, const swm_plan_node *node, const swm_plan_output *o)
{
	if (o->cast.len > 0)
		swm_put(w, "CAST(");
	if (o->format != NULL)
		swm_put_routine(w, o->format);
	if (o->kind == SWM_OUTPUT_FIELD)
		swm_put_field(w, node, &o->field);
	else
		put_embedded(w, o);
	if (o->format != NULL)
		swm_put(w, ")");
	if (o->as_jsonb)
		swm_put(w, "::jsonb");
	if (o->cast.len > 0) {
		swm_put(w, " AS ");
		swm_buf_str(&w->text, o->cast); /* identifier characters and blanks only */
		swm_put(w, ")");
	}
}

/*
 * count() counts rows; every other aggregate, and count() of a spread relation's rows, has an
 * argument.
 */
static void
put_value(swm_writer *w, const swm_plan_node *node, const swm_plan_output *o)
{
	if (o->aggregate == SWM_AGGREGATE_NONE) {
		put_source_value(w, node, o);
		return;
	}
	if (o->aggregate_cast.len > 0)
		swm_put(w, "CAST(");
	swm_buf_str(&w->text, swm_aggregate_word(o->aggregate));
	swm_put(w, "(");
	if (o->kind == SWM_OUTPUT_FIELD && o->field.is_row)
		swm_put(w, "*");
	else
		put_source_value(w, node, o);
	swm_put(w, ")");
	if (o->aggregate_cast.len > 0) {
		swm_put(w, " AS ");
		swm_buf_str(&w->text, o->aggregate_cast);
		swm_put(w, ")");
	}
}

/* A column of the answer itself: what C does not encode, to_json() does. */
static void
put_answer_value(swm_writer *w, const swm_plan_node *node, const swm_plan_output *o,
                 bool strip_nulls)
{
	bool server = o->form == SWM_FORM_SERVER;

	if (server)
		swm_put(w, strip_nulls ? "pg_catalog.json_strip_nulls(pg_catalog.to_json("
		                       : "pg_catalog.to_json(");
	put_value(w, node, o);
	if (server)
		swm_put(w, strip_nulls ? "))" : ")");
}

/*
 * Rows
 */

/* The written row is a column beside those of the relation, which may be called so. */
void
swm_put_row_name(swm_writer *w, const swm_relation *relation)
{
	char name[SWM_LONGEST_NAME];
	int length = snprintf(name, sizeof name, "_row");

	for (unsigned n = 1;
	     swm_relation_column(relation, (swm_str){ name, (size_t)length }) != NULL; n++)
		length = snprintf(name, sizeof name, "_row%u", n);
	swm_put_identifier(w, (swm_str){ name, (size_t)length });
}

/* The rows that a write returns have no named type: the row is given as a column. */
static void
put_whole_row(swm_writer *w, const swm_plan_node *node)
{
	put_node_name(w, node);
	swm_put(w, ".");
	if (node->source == SWM_SOURCE_WRITTEN)
		swm_put_row_name(w, node->relation);
	else
		swm_put(w, "*");
}

/* "schema"."function"(parent's row) */
static void
put_computed(swm_writer *w, const swm_plan_node *node)
{
	const swm_function *f = node->relationship->computed;

	swm_put_qualified(w, f->schema, f->name);
	swm_put(w, "(");
	put_whole_row(w, node->parent);
	swm_put(w, ")");
}

/* A junction's alias ends as no node's does. */
static void
put_junction_name(swm_writer *w, const swm_plan_node *node)
{
	swm_buf_printf(&w->text, "\"_%u_j\"", node->number);
}

static void
put_source(swm_writer *w, const swm_plan_node *node)
{
	const swm_relation *junction = node->relationship == NULL ? NULL
	                                                          : node->relationship->junction;

	switch (node->source) {
	case SWM_SOURCE_CALL:
		swm_put_call(w, node->call);
		break;
	case SWM_SOURCE_COMPUTED:
		put_computed(w, node);
		break;
	case SWM_SOURCE_WRITTEN:
		swm_put(w, "\"written\"");
		break;
	case SWM_SOURCE_RELATION:
		swm_put_qualified(w, node->relation->schema, node->relation->name);
		break;
	}
	if (node->alias.len > 0) {
		swm_put(w, " AS ");
		swm_put_identifier(w, node->alias);
	}
	if (junction != NULL) {
		swm_put(w, ", ");
		swm_put_qualified(w, junction->schema, junction->name);
		swm_put(w, " AS ");
		put_junction_name(w, node);
	}
}

/* The junction's columns of one key equal those of the relation that the key points to. */
static void
put_junction_key(swm_writer *w, const swm_plan_node *junction_of, const swm_plan_node *node,
                 const swm_foreign_key *key)
{
	const swm_relationship *r = junction_of->relationship;

	for (size_t i = 0; i < key->count; i++) {
		swm_put(w, i == 0 ? "" : " AND ");
		put_junction_name(w, junction_of);
		swm_put(w, ".");
		swm_put_identifier(w, r->junction->columns[key->columns[i]].name);
		swm_put(w, " = ");
		put_column(w, node, node->relation, key->target_columns[i]);
	}
}

static void
put_join(swm_writer *w, const swm_plan_node *node)
{
	const swm_relationship *r = node->relationship;

	if (r->junction != NULL) {
		put_junction_key(w, node, node, r->junction_target);
		swm_put(w, " AND ");
		put_junction_key(w, node, node->parent, r->junction_origin);
		return;
	}
	for (size_t i = 0; i < r->count; i++) {
		swm_put(w, i == 0 ? "" : " AND ");
		put_column(w, node, r->target, r->target_columns[i]);
		swm_put(w, " = ");
		put_column(w, node->parent, r->origin, r->origin_columns[i]);
	}
}

/*
 * True if more than the existence of the node's rows is needed, and not in the select list alone.
 */
static bool
is_joined(const swm_plan_node *node)
{
	return (node->is_selected || node->extras != NULL) && !is_subquery(node);
}

/*
 * As put_where(); for a keyset position, with one range of the rows after it, or with all of them.
 */
static void
put_where_range(swm_writer *w, const swm_plan_node *node, bool without_joins, size_t range)
{
	const char *before = " WHERE ";

	if (node->relationship != NULL && node->source != SWM_SOURCE_COMPUTED) {
		swm_put(w, before);
		put_join(w, node);
		before = " AND ";
	}
	if (node->where != NULL) {
		swm_put(w, before);
		swm_put_conditions(w, node, node->where, " AND ");
		before = " AND ";
	}
	for (const swm_plan_node *c = node->children; c != NULL; c = c->next) {
		if (!c->is_inner || (is_joined(c) && !without_joins))
			continue;
		swm_put(w, before);
		swm_put_exists(w, c);
		before = " AND ";
	}
	if (node->after == NULL)
		return;
	swm_put(w, before);
	if (range == ALL_RANGES)
		swm_put_behind_position(w, node);
	else
		swm_put_position_range(w, node, range);
}

/* without_joins: inner relations are asked for, as nothing of theirs is in what is selected. */
static void
put_where(swm_writer *w, const swm_plan_node *node, bool without_joins)
{
	put_where_range(w, node, without_joins, ALL_RANGES);
}

/* Groups are of stored values, not of what these look like, unless they are json themselves. */
static void
put_key(swm_writer *w, const swm_plan_node *node, const swm_plan_output *o)
{
	if (o->format != NULL && !o->as_jsonb)
		swm_put_field(w, node, &o->field);
	else
		put_source_value(w, node, o);
}

/*
 * Columns without an aggregate are the grouping key. Without any there is one group, which no
 * clause says, and which there is without rows too.
 */
static void
put_group(swm_writer *w, const swm_plan_node *node, bool with_rows)
{
	const char *before = " GROUP BY ";

	if (!node->has_aggregates)
		return;
	for (size_t i = 0; i < node->output_count; i++) {
		if (node->outputs[i].aggregate != SWM_AGGREGATE_NONE)
			continue;
		swm_put(w, before);
		put_key(w, node, &node->outputs[i]);
		before = ", ";
	}
	if (before[0] == ' ') {
		swm_put(w, with_rows ? " HAVING count(*) > 0" : "");
		return;
	}
	for (const swm_plan_order *o = node->order; o != NULL; o = o->next) {
		if (!o->is_key)
			continue;
		swm_put(w, ", ");
		put_lateral_column(w, o->embed, 'o', o->embed_extra);
	}
}

static void
put_direction(swm_writer *w, const swm_plan_order *o)
{
	static const char *const directions[] = { "", " ASC", " DESC" };
	static const char *const nulls[] = { "", " NULLS FIRST", " NULLS LAST" };

	swm_put(w, directions[o->direction]);
	swm_put(w, nulls[o->nulls]);
}

static void
put_order(swm_writer *w, const swm_plan_node *node)
{
	for (const swm_plan_order *o = node->order; o != NULL; o = o->next) {
		swm_put(w, o == node->order ? " ORDER BY " : ", ");
		if (o->embed != NULL)
			put_lateral_column(w, o->embed, 'o', o->embed_extra);
		else
			swm_put_field(w, node, &o->field);
		put_direction(w, o);
	}
}

static void
put_limit(swm_writer *w, const swm_plan_node *node)
{
	if (node->has_limit) {
		swm_put(w, " LIMIT ");
		swm_put_int_param(w, node->limit);
	}
	if (node->offset > 0) {
		swm_put(w, " OFFSET ");
		swm_put_int_param(w, node->offset);
	}
}

static void put_joins(swm_writer *w, const swm_plan_node *node);

/*
 * Groups need what they are grouped by only where some of them are passed over; a limit matters
 * when it is 0.
 */
void
swm_put_exists(swm_writer *w, const swm_plan_node *node)
{
	bool grouped = node->has_aggregates && node->offset > 0;

	swm_put(w, "EXISTS (SELECT 1 FROM ");
	put_source(w, node);
	if (grouped)
		put_joins(w, node);
	put_where(w, node, !grouped);
	if (grouped)
		put_group(w, node, true);
	if (node->offset > 0 || (node->has_limit && node->limit == 0))
		put_limit(w, node);
	swm_put(w, ")");
}

/*
 * Joins
 */

static void put_rows(swm_writer *w, const swm_plan_node *node, enum rows_for use);
static void put_extras(swm_writer *w, const swm_plan_node *node, const char *before);

/* True if a key of the document is longer than a column name can be. */
static bool
has_long_keys(const swm_plan_node *node)
{
	for (size_t i = 0; i < node->output_count; i++)
		if (node->outputs[i].key.len > SWM_LONGEST_NAME)
			return true;
	return false;
}

/* {"key": or ,"key": as a parameter */
static void
put_key_param(swm_writer *w, swm_str key, bool first)
{
	swm_buf text = SWM_BUF_INIT;

	swm_buf_char(&text, first ? '{' : ',');
	swm_json_quote(&text, key);
	swm_buf_char(&text, ':');
	swm_put_param(w, swm_buf_view(&text));
	swm_put(w, "::text");
	w->failed |= text.failed;
	swm_buf_dispose(&text);
}

/*
 * As row_to_json() writes it; json_build_object() takes no more than 50 members, and a chain of ||
 * would copy what comes before at each.
 */
static void
put_named_document(swm_writer *w, const swm_plan_node *node, const char *row)
{
	swm_put(w, "pg_catalog.array_to_string(ARRAY[");
	for (size_t i = 0; i < node->output_count; i++) {
		put_key_param(w, node->outputs[i].key, i == 0);
		swm_put(w, ", COALESCE(pg_catalog.to_json(");
		swm_put(w, row);
		swm_put(w, ".");
		put_numbered(w, 'c', i);
		swm_put(w, ")::text, 'null'), ");
	}
	swm_put(w, "'}'], '')::json");
}

/* An object of a row's columns. */
static void
put_row_document(swm_writer *w, const swm_plan_node *node, const char *row)
{
	if (has_long_keys(node)) {
		put_named_document(w, node, row);
		return;
	}
	swm_put(w, "pg_catalog.row_to_json(");
	swm_put(w, row);
	swm_put(w, ".*)");
}

/* Rows are separated as json_agg() separates them, which puts no newline between documents. */
static void
put_row_array(swm_writer *w, const swm_plan_node *node)
{
	if (!has_long_keys(node)) {
		swm_put(w, "pg_catalog.json_agg(\"r\".*)");
		return;
	}
	swm_put(w, "('[' || pg_catalog.string_agg(");
	put_named_document(w, node, "\"r\"");
	swm_put(w, "::text, ', ' || pg_catalog.chr(10) || ' ') || ']')::json");
}

/* The columns of a spread to-many relation, each as an array. */
static void
put_spread_arrays(swm_writer *w, const swm_plan_node *node)
{
	swm_put(w, "SELECT ");
	for (size_t i = 0; i < node->output_count; i++) {
		swm_put(w, i == 0 ? "pg_catalog.json_agg(\"r\"." : ", pg_catalog.json_agg(\"r\".");
		put_numbered(w, 'c', i);
		swm_put(w, ") AS ");
		put_numbered(w, 'c', i);
	}
	swm_put(w, " FROM (");
	put_rows(w, node, FOR_SPREAD);
	swm_put(w, ") AS \"r\"");
}

static void
put_document(swm_writer *w, const swm_plan_node *node)
{
	bool subquery = is_subquery(node);

	swm_put(w, subquery ? "SELECT COALESCE(" : "SELECT ");
	if (node->is_to_one)
		put_row_document(w, node, "\"r\"");
	else
		put_row_array(w, node);
	swm_put(w, subquery ? ", '[]') FROM (" : " AS \"value\" FROM (");
	put_rows(w, node, FOR_JSON);
	swm_put(w, ") AS \"r\"");
}

/* The columns of the order stand beside a group, not in it. */
static void
put_ordered_group(swm_writer *w, const swm_plan_node *node)
{
	swm_put(w, "SELECT \"d\".\"value\", \"x\".* FROM (");
	put_document(w, node);
	swm_put(w, ") AS \"d\" LEFT JOIN (SELECT ");
	put_extras(w, node, "");
	swm_put(w, " FROM ");
	put_source(w, node);
	put_where(w, node, true);
	put_limit(w, node);
	swm_put(w, ") AS \"x\" ON TRUE");
}

static void
put_joined(swm_writer *w, const swm_plan_node *node)
{
	if (node->is_spread && node->is_to_one)
		put_rows(w, node, FOR_SPREAD);
	else if (node->is_spread)
		put_spread_arrays(w, node);
	else if (node->extras != NULL && node->has_aggregates)
		put_ordered_group(w, node);
	else if (node->extras != NULL)
		put_rows(w, node, FOR_ORDER);
	else
		put_document(w, node);
}

/* An aggregate's row is always there: a to-many relation has rows when its array is not null. */
static void
put_join_condition(swm_writer *w, const swm_plan_node *node)
{
	if (!node->is_inner || node->is_to_one) {
		swm_put(w, " ON TRUE");
		return;
	}
	swm_put(w, " ON ");
	put_lateral(w, node);
	swm_put(w, node->is_spread ? ".\"c1\" IS NOT NULL" : ".\"value\" IS NOT NULL");
}

static void
put_joins(swm_writer *w, const swm_plan_node *node)
{
	for (const swm_plan_node *c = node->children; c != NULL; c = c->next) {
		if (!is_joined(c))
			continue;
		swm_put(w, c->is_inner ? " INNER JOIN LATERAL (" : " LEFT JOIN LATERAL (");
		put_joined(w, c);
		swm_put(w, ") AS ");
		put_lateral(w, c);
		put_join_condition(w, c);
	}
}

/* Each value with the name that a document or the parent knows it by. */
static void
put_columns(swm_writer *w, const swm_plan_node *node, bool numbered)
{
	for (size_t i = 0; i < node->output_count; i++) {
		swm_put(w, i == 0 ? "" : ", ");
		put_value(w, node, &node->outputs[i]);
		swm_put(w, " AS ");
		if (numbered)
			put_numbered(w, 'c', i);
		else
			swm_put_identifier(w, node->outputs[i].key);
	}
}

static void
put_extras(swm_writer *w, const swm_plan_node *node, const char *before)
{
	size_t i = 0;

	for (const swm_plan_extra *x = node->extras; x != NULL; x = x->next, i++) {
		swm_put(w, before);
		if (x->output != NULL)
			put_value(w, node, x->output);
		else
			swm_put_field(w, node, &x->field);
		swm_put(w, " AS ");
		put_numbered(w, 'o', i);
		before = ", ";
	}
}

static void
put_rows(swm_writer *w, const swm_plan_node *node, enum rows_for use)
{
	bool document = use == FOR_ORDER && node->is_selected;
	bool numbered = use == FOR_SPREAD || has_long_keys(node);

	swm_put(w, "SELECT ");
	if (document) {
		put_row_document(w, node, "\"_f\"");
		swm_put(w, " AS \"value\"");
	} else {
		put_columns(w, node, numbered);
	}
	if (use != FOR_JSON)
		put_extras(w, node, node->is_selected ? ", " : "");
	swm_put(w, " FROM ");
	put_source(w, node);
	put_joins(w, node);
	if (document) { /* the document's columns without those of the order */
		swm_put(w, " CROSS JOIN LATERAL (SELECT ");
		put_columns(w, node, numbered);
		swm_put(w, ") AS \"_f\"");
	}
	put_where(w, node, false);
	put_group(w, node, node->is_inner);
	put_order(w, node);
	put_limit(w, node);
}

/*
 * The answer
 */

/* Adds the keyset's values after the outputs, for those that are not outputs. */
static void
put_place(swm_writer *w, const swm_read_plan *plan, bool numbered)
{
	const swm_plan_node *root = plan->root;
	const swm_plan_order *o = root->order;

	for (size_t i = 0; plan->place != NULL && i < plan->place->count; i++, o = o->next) {
		if (plan->place->columns[i] < root->output_count)
			continue;
		swm_put(w, root->output_count == 0 && i == 0 ? " " : ", ");
		if (numbered)
			put_numbered(w, 'o', i);
		else
			swm_put_field(w, root, &o->field);
	}
}

/* Each runs once, as the first row is made: what a function set for the answer until then. */
static void
put_settings(swm_writer *w, const char *before)
{
	swm_put(w, before);
	swm_put(w,
	        "(SELECT current_setting('response.headers', true)), (SELECT current_setting('response.status', true))");
}

/* Everything after the root's select list. */
static void
put_from(swm_writer *w, const swm_read_plan *plan)
{
	const swm_plan_node *root = plan->root;

	swm_put(w, " FROM ");
	put_source(w, root);
	put_joins(w, root);
	put_where(w, root, false);
	put_group(w, root, false);
	put_order(w, root);
	if (!plan->uncut)
		put_limit(w, root);
}

static void
put_selected(swm_writer *w, const swm_read_plan *plan)
{
	const swm_plan_node *root = plan->root;

	swm_put(w, "SELECT");
	for (size_t i = 0; i < root->output_count; i++) {
		swm_put(w, i == 0 ? " " : ", ");
		put_answer_value(w, root, &root->outputs[i], plan->strip_nulls);
	}
	put_place(w, plan, false);
	if (plan->settings_columns)
		put_settings(w, root->output_count == 0 ? " " : ", ");
	put_from(w, plan);
}

/* The rows as those of a select list, each value under its name and as it is. */
static void
put_named_rows(swm_writer *w, const swm_read_plan *plan)
{
	swm_put(w, "SELECT ");
	put_columns(w, plan->root, false);
	put_from(w, plan);
}

/*
 * A handler of a relation's rows takes them as such; one of any takes what is selected.
 * (https://docs.postgrest.org/en/latest/references/api/media_type_handlers.html)
 */
static void
put_handled(swm_writer *w, const swm_read_plan *plan)
{
	const swm_media_handler *h = plan->handler;
	const swm_relation *r = plan->root->relation;

	swm_put(w, "SELECT ");
	swm_put_qualified(w, h->schema, h->name);
	swm_put(w, h->relation_oid != 0 ? "(\"r\".\"row\"), count(*) FROM ("
	                                : "(\"r\".*), count(*) FROM (");
	if (h->relation_oid != 0) {
		swm_put(w, "SELECT ");
		put_whole_row(w, plan->root);
		swm_put(w, "::");
		swm_put_qualified(w, r->schema, r->name);
		swm_put(w, " AS \"row\"");
		put_from(w, plan);
	} else {
		put_named_rows(w, plan);
	}
	swm_put(w, ") AS \"r\"");
}

static void
put_features(swm_writer *w, const swm_read_plan *plan)
{
	swm_put(w, "SELECT ");
	swm_put_qualified(w, plan->features_schema, SWM_STR("st_asgeojson"));
	swm_put(w, "(\"r\".*)");
	if (plan->settings_columns)
		put_settings(w, ", ");
	swm_put(w, " FROM (");
	put_named_rows(w, plan);
	swm_put(w, ") AS \"r\"");
}

void
swm_put_answer(swm_writer *w, const swm_read_plan *plan)
{
	if (plan->made == SWM_MADE_HANDLED)
		put_handled(w, plan);
	else if (plan->made == SWM_MADE_FEATURES)
		put_features(w, plan);
	else
		put_selected(w, plan);
}

/* One range of the rows after the keyset position, limited to what the page can need. */
static void
put_range(swm_writer *w, const swm_read_plan *plan, size_t range)
{
	const swm_plan_node *root = plan->root;
	int64_t most;
	size_t i = 0;

	swm_put(w, range == 0 ? "(SELECT" : " UNION ALL (SELECT");
	for (; i < root->output_count; i++) {
		swm_put(w, i == 0 ? " " : ", ");
		put_answer_value(w, root, &root->outputs[i], plan->strip_nulls);
		swm_put(w, " AS ");
		put_numbered(w, 'c', i);
	}
	i = 0;
	for (const swm_plan_order *o = root->order; o != NULL; o = o->next, i++) {
		swm_put(w, root->output_count == 0 && i == 0 ? " " : ", ");
		swm_put_field(w, root, &o->field);
		swm_put(w, " AS ");
		put_numbered(w, 'o', i);
	}
	swm_put(w, " FROM ");
	put_source(w, root);
	put_joins(w, root);
	put_where_range(w, root, false, range);
	put_order(w, root);
	swm_put(w, " LIMIT ");
	swm_put_int_param(w, __builtin_add_overflow(root->limit, root->offset, &most) ? INT64_MAX
	                                                                              : most);
	swm_put(w, ")");
}

/* The ranges merged: each is read from where it begins, and only as far as the page goes. */
static void
put_ranges(swm_writer *w, const swm_read_plan *plan, size_t count)
{
	const swm_plan_node *root = plan->root;
	size_t i = 0;

	swm_put(w, "SELECT");
	for (; i < root->output_count; i++) {
		swm_put(w, i == 0 ? " " : ", ");
		put_numbered(w, 'c', i);
	}
	put_place(w, plan, true);
	swm_put(w, " FROM (");
	for (i = 0; i < count; i++)
		put_range(w, plan, i);
	swm_put(w, ") AS \"r\" ORDER BY ");
	i = 0;
	for (const swm_plan_order *o = root->order; o != NULL; o = o->next, i++) {
		swm_put(w, i == 0 ? "" : ", ");
		put_numbered(w, 'o', i);
		put_direction(w, o);
	}
	put_limit(w, root);
}

int
swm_sql_read(swm_statement *out, swm_arena *arena, const swm_read_plan *plan, swm_error *err)
{
	swm_writer w = { .arena = arena };
	const swm_plan_node *root = plan->root;
	bool in_ranges = root->after != NULL && root->has_limit && !root->has_aggregates &&
	                 root->source == SWM_SOURCE_RELATION;
	size_t ranges = in_ranges ? swm_position_ranges(root) : 0;

	if (plan->made != SWM_MADE_HANDLED && plan->made != SWM_MADE_FEATURES && ranges > 1)
		put_ranges(&w, plan, ranges);
	else
		swm_put_answer(&w, plan);
	return swm_writer_finish(&w, out, err);
}

/* Counts groups rather than the rows in them; a query of aggregates alone has one. */
static void
put_counted(swm_writer *w, const swm_plan_node *root)
{
	size_t before;

	swm_put(w, "SELECT 1 FROM ");
	put_source(w, root);
	if (root->has_aggregates)
		put_joins(w, root);
	put_where(w, root, !root->has_aggregates);
	before = w->text.len;
	put_group(w, root, false);
	if (root->has_aggregates && w->text.len == before)
		swm_put(w, " GROUP BY ()");
}

int
swm_sql_count(swm_statement *out, swm_arena *arena, const swm_read_plan *plan, swm_error *err)
{
	swm_writer w = { .arena = arena };

	if (plan->root->has_aggregates) {
		swm_put(&w, "SELECT count(*) FROM (");
		put_counted(&w, plan->root);
		swm_put(&w, ") AS \"g\"");
	} else {
		swm_put(&w, "SELECT count(*) FROM ");
		put_source(&w, plan->root);
		put_where(&w, plan->root, true);
	}
	return swm_writer_finish(&w, out, err);
}

int
swm_sql_count_up_to(swm_statement *out, swm_arena *arena, const swm_read_plan *plan, int64_t most,
                    swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "SELECT count(*) FROM (");
	put_counted(&w, plan->root);
	swm_put(&w, " LIMIT ");
	swm_put_int_param(&w, most);
	swm_put(&w, ") AS \"g\"");
	return swm_writer_finish(&w, out, err);
}

int
swm_sql_estimate(swm_statement *out, swm_arena *arena, const swm_read_plan *plan, swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "EXPLAIN (FORMAT JSON) ");
	put_counted(&w, plan->root);
	return swm_writer_finish(&w, out, err);
}
