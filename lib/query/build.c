/* Queries of programs: the same tree as a query string's, built by calls. */
#include "config.h"

#include "query/query.h"
#include "query/scanner.h"

/* Takes over a struct of the caller, whose header may be older or newer. */
static int
take(void *to, size_t size, const void *from, swm_error *err)
{
	size_t given;

	swm_error_clear(err);
	memcpy(&given, from, sizeof given);
	if (given < sizeof given)
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("the size of a struct is not set"));
	memset(to, 0, size);
	memcpy(to, from, given < size ? given : size);
	return SWM_OK;
}

static int
fail(swm_error *err, const char *because)
{
	return swm_fail(err, SWM_ERR_ARGUMENT, swm_cstr(because));
}

/* Copies a text that PostgreSQL can store: UTF-8 without NUL. */
static int
keep(swm_query_node *node, swm_str *text, swm_error *err)
{
	if (text->len > 0 && memchr(text->ptr, '\0', text->len) != NULL)
		return fail(err, "the text contains a NUL byte");
	if (!swm_utf8_valid(*text, NULL))
		return fail(err, "the text is not valid UTF-8");
	*text = swm_arena_str(node->arena, *text);
	return text->ptr == NULL ? swm_fail_memory(err) : SWM_OK;
}

static int
keep_type(swm_query_node *node, swm_str *type, swm_error *err)
{
	if (type->len > 0 && !swm_is_type_name(*type))
		return fail(err, "the cast is not the name of a type");
	return keep(node, type, err);
}

static int
keep_field(swm_query_node *node, swm_field *out, swm_str column, swm_str path, swm_error *err)
{
	if (column.ptr == NULL) /* one without a letter is PostgreSQL's to refuse, as in a URL */
		return fail(err, "the name of a column is missing");
	int rc = keep(node, &column, err);
	if (rc == SWM_OK)
		rc = keep(node, &path, err);
	if (rc != SWM_OK)
		return rc;
	swm_scanner s;
	swm_scan_begin(&s, "JSON path", path, node->arena, err);
	out->name = column;
	bool ok = swm_scan_path(&s, out);
	swm_scan_end(&s, "\"->>\", \"->\" or end of input");
	return swm_scan_outcome(&s, ok);
}

static int
make_value(swm_query_node *node, swm_select_item *item, swm_selection *v, swm_error *err)
{
	bool rows = v->aggregate == SWM_AGGREGATE_COUNT && v->column.ptr == NULL;

	if ((int)v->aggregate < 0 || (int)v->aggregate > SWM_AGGREGATES)
		return fail(err, "there is no such aggregate");
	if (v->aggregate == SWM_AGGREGATE_NONE && v->aggregate_cast.len > 0)
		return fail(err, "there is no aggregate to cast");
	if (rows && (v->path.len > 0 || v->cast.len > 0))
		return fail(err, "the name of a column is missing");
	int rc = rows ? SWM_OK : keep_field(node, &item->field, v->column, v->path, err);
	if (rc == SWM_OK)
		rc = keep_type(node, &v->cast, err);
	if (rc == SWM_OK)
		rc = keep_type(node, &v->aggregate_cast, err);
	if (rc == SWM_OK)
		rc = keep(node, &v->alias, err);
	if (rows)
		item->field.name = SWM_STR("*");
	item->cast = v->cast;
	item->alias = v->alias;
	item->aggregate = v->aggregate;
	item->aggregate_cast = v->aggregate_cast;
	return rc;
}

int
swm_node_select(swm_query_node *node, const swm_selection *value, swm_error *err)
{
	swm_selection v;
	int rc = take(&v, sizeof v, value, err);
	swm_select_item *item = swm_arena_alloc(node->arena, sizeof *item);

	if (rc == SWM_OK && item == NULL)
		rc = swm_fail_memory(err);
	if (rc == SWM_OK)
		rc = make_value(node, item, &v, err);
	if (rc == SWM_OK)
		swm_ast_add_item(node, item);
	return rc;
}

int
swm_node_select_all(swm_query_node *node, swm_error *err)
{
	swm_error_clear(err);
	swm_select_item *item = swm_arena_alloc(node->arena, sizeof *item);
	if (item == NULL)
		return swm_fail_memory(err);
	item->kind = SWM_SELECT_ALL;
	swm_ast_add_item(node, item);
	return SWM_OK;
}

void
swm_node_select_none(swm_query_node *node)
{
	node->select = node->last_item = NULL;
	node->has_select = true;
}

static int
make_embedded(swm_query_node *node, swm_select_item *item, swm_embedding *e, swm_error *err)
{
	if (e->relation.ptr == NULL)
		return fail(err, "the name of a relation is missing");
	if ((int)e->join < 0 || e->join > SWM_JOIN_LEFT)
		return fail(err, "there is no such join");
	if (e->spread && e->alias.len > 0)
		return fail(err, "a relation that is spread has no alias");
	int rc = keep(node, &e->relation, err);
	if (rc == SWM_OK)
		rc = keep(node, &e->hint, err);
	if (rc == SWM_OK)
		rc = keep(node, &e->alias, err);
	item->kind = e->spread ? SWM_SELECT_SPREAD : SWM_SELECT_RELATION;
	item->relation = e->relation;
	item->hint = e->hint;
	item->alias = e->alias;
	item->join = e->join;
	item->node.arena = node->arena;
	return rc;
}

int
swm_node_embed(swm_query_node **out, swm_query_node *node, const swm_embedding *relation,
               swm_error *err)
{
	swm_embedding e;
	int rc = take(&e, sizeof e, relation, err);
	swm_select_item *item = swm_arena_alloc(node->arena, sizeof *item);

	if (rc == SWM_OK && item == NULL)
		rc = swm_fail_memory(err);
	if (rc == SWM_OK)
		rc = make_embedded(node, item, &e, err);
	if (rc != SWM_OK)
		return rc;
	swm_ast_add_item(node, item);
	if (out != NULL)
		*out = &item->node;
	return SWM_OK;
}

static int
check_filter(const swm_filter *f, swm_error *err)
{
	if ((int)f->op < 0 || (int)f->op >= SWM_OPERATORS)
		return fail(err, "there is no such operator");
	const swm_operator_entry *op = swm_operator_of(f->op);
	if ((int)f->quantifier < 0 || f->quantifier > SWM_QUANTIFIER_ALL ||
	    (f->quantifier != SWM_QUANTIFIER_NONE && !op->quantified))
		return fail(err, "the operator has no such quantifier");
	if (f->language.len > 0 && op->operand != SWM_OPERAND_SEARCH)
		return fail(err, "the operator has no language");
	return SWM_OK;
}

static int
keep_values(swm_query_node *node, swm_value **tail, const swm_str *values, size_t count,
            swm_error *err)
{
	for (size_t i = 0; i < count; i++) {
		swm_value *v = swm_arena_alloc(node->arena, sizeof *v);
		if (v == NULL)
			return swm_fail_memory(err);
		v->text = values[i];
		int rc = keep(node, &v->text, err);
		if (rc != SWM_OK)
			return rc;
		*tail = v;
		tail = &v->next;
	}
	return SWM_OK;
}

static int
make_filter(swm_query_node *node, swm_condition *c, swm_filter *f, swm_error *err)
{
	int rc = check_filter(f, err);

	if (rc == SWM_OK && f->op == SWM_OP_IS && !swm_is_value_of(&c->is, f->value))
		return swm_fail(err, SWM_ERR_QUERY_SYNTAX, SWM_STR("filter"), f->value,
		                SWM_STR("1"));
	if (rc == SWM_OK)
		rc = keep_field(node, &c->field, f->column, f->path, err);
	if (rc == SWM_OK)
		rc = keep(node, &f->language, err);
	if (rc == SWM_OK)
		rc = f->op == SWM_OP_IN
		         ? keep_values(node, &c->list, f->values, f->value_count, err)
		         : keep(node, &f->value, err);
	c->kind = SWM_CONDITION_FILTER;
	c->op = f->op;
	c->negated = f->negated;
	c->quantifier = f->quantifier;
	c->language = f->language;
	c->value = f->value;
	return rc;
}

static int
check_group(const swm_query_node *node, const swm_condition *group, swm_error *err)
{
	if (group == NULL)
		return SWM_OK;
	if (group->kind == SWM_CONDITION_FILTER)
		return fail(err, "a filter is no group");
	return group->arena == node->arena ? SWM_OK : fail(err, "the group is of another query");
}

int
swm_node_where(swm_query_node *node, swm_query_condition *group, const swm_filter *filter,
               swm_error *err)
{
	swm_filter f;
	int rc = take(&f, sizeof f, filter, err);
	swm_condition *c = swm_arena_alloc(node->arena, sizeof *c);

	if (rc == SWM_OK)
		rc = check_group(node, group, err);
	if (rc == SWM_OK && c == NULL)
		rc = swm_fail_memory(err);
	if (rc == SWM_OK)
		rc = make_filter(node, c, &f, err);
	if (rc == SWM_OK)
		swm_ast_add_condition(node, group, c);
	return rc;
}

int
swm_node_group(swm_query_condition **out, swm_query_node *node, swm_query_condition *group,
               enum swm_condition_kind kind, bool negated, swm_error *err)
{
	unsigned depth = group == NULL ? 1 : group->depth + 1;

	swm_error_clear(err);
	int rc = check_group(node, group, err);
	if (rc == SWM_OK && kind != SWM_CONDITION_AND && kind != SWM_CONDITION_OR)
		rc = fail(err, "there is no such group");
	if (rc == SWM_OK && depth > SWM_DEEPEST)
		rc = fail(err, "the groups are nested too deep");
	if (rc != SWM_OK)
		return rc;
	swm_condition *c = swm_arena_alloc(node->arena, sizeof *c);
	if (c == NULL)
		return swm_fail_memory(err);
	c->kind = kind;
	c->negated = negated;
	c->depth = depth;
	c->arena = node->arena;
	swm_ast_add_condition(node, group, c);
	*out = c;
	return SWM_OK;
}

static int
make_term(swm_query_node *node, swm_order_term *term, swm_ordering *by, swm_error *err)
{
	if ((int)by->direction < 0 || by->direction > SWM_DESCENDING || (int)by->nulls < 0 ||
	    by->nulls > SWM_NULLS_LAST)
		return fail(err, "there is no such direction");
	int rc = keep_field(node, &term->field, by->column, by->path, err);
	if (rc == SWM_OK)
		rc = keep(node, &by->relation, err);
	term->relation = by->relation;
	term->direction = by->direction;
	term->nulls = by->nulls;
	return rc;
}

int
swm_node_order(swm_query_node *node, const swm_ordering *by, swm_error *err)
{
	swm_ordering taken;
	int rc = take(&taken, sizeof taken, by, err);
	swm_order_term *term = swm_arena_alloc(node->arena, sizeof *term);

	if (rc == SWM_OK && term == NULL)
		rc = swm_fail_memory(err);
	if (rc == SWM_OK)
		rc = make_term(node, term, &taken, err);
	if (rc == SWM_OK)
		swm_ast_add_term(node, term);
	return rc;
}

int
swm_node_limit(swm_query_node *node, int64_t rows, swm_error *err)
{
	swm_error_clear(err);
	if (rows < 0)
		return fail(err, "a limit cannot be negative");
	node->has_limit = true;
	node->limit = rows;
	return SWM_OK;
}

int
swm_node_offset(swm_query_node *node, int64_t rows, swm_error *err)
{
	swm_error_clear(err);
	if (rows < 0)
		return fail(err, "an offset cannot be negative");
	node->has_offset = true;
	node->offset = rows;
	return SWM_OK;
}

/* A copy of a value; null has none. */
static int
keep_position(swm_query_node *node, swm_str value, swm_position **out, swm_error *err)
{
	swm_position *p = swm_arena_alloc(node->arena, sizeof *p);

	if (p == NULL)
		return swm_fail_memory(err);
	*out = p;
	p->value = value;
	p->is_null = value.ptr == NULL;
	return p->is_null ? SWM_OK : keep(node, &p->value, err);
}

int
swm_query_after(swm_query *query, const swm_str *values, size_t count, swm_error *err)
{
	swm_position *first = NULL, **tail = &first;
	int rc = SWM_OK;

	swm_error_clear(err);
	if (count == 0)
		return fail(err, "a position has at least one value");
	for (size_t i = 0; i < count && rc == SWM_OK; i++) {
		rc = keep_position(&query->ast->root, values[i], tail, err);
		if (rc == SWM_OK)
			tail = &(*tail)->next;
	}
	if (rc == SWM_OK)
		query->ast->after = first;
	return rc;
}
