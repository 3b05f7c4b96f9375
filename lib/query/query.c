/* Queries of programs: the same tree as a query string's, built by calls. */
#include "config.h"

#include "query/query.h"

#include <stdlib.h>

int
swm_query_new(swm_query **out, const char *relation, swm_error *err)
{
	swm_error_clear(err);
	swm_query *q = calloc(1, sizeof *q);
	if (q == NULL)
		return swm_fail_memory(err);
	q->arena = swm_arena_new();
	if (q->arena != NULL) {
		q->ast = swm_ast_new(q->arena);
		q->relation = swm_arena_str(q->arena, swm_cstr(relation));
	}
	if (q->ast == NULL || q->relation.ptr == NULL) {
		swm_query_free(q);
		return swm_fail_memory(err);
	}
	*out = q;
	return SWM_OK;
}

void
swm_query_free(swm_query *query)
{
	if (query == NULL)
		return;
	swm_arena_free(query->arena);
	free(query);
}

static int
parse_into(swm_query *q, swm_str text, swm_error *err)
{
	size_t mark = swm_str_find(text, '?'), count;
	swm_pair *pairs;
	swm_str kept = swm_arena_str(q->arena, text);

	if (kept.ptr == NULL)
		return swm_fail_memory(err);
	int rc = swm_url_decode(&q->relation, q->arena, (swm_str){ kept.ptr, mark }, false, 0, err);
	if (rc == SWM_OK)
		rc = swm_url_pairs(&pairs, &count, q->arena, swm_str_from(kept, mark + 1), mark + 1, err);
	if (rc == SWM_OK)
		rc = swm_query_parse_pairs(&q->ast, q->arena, pairs, count, err);
	return rc;
}

int
swm_query_parse(swm_query **out, swm_str text, swm_error *err)
{
	swm_query *q;
	int rc = swm_query_new(&q, "", err);

	if (rc != SWM_OK)
		return rc;
	rc = parse_into(q, text, err);
	if (rc == SWM_OK)
		*out = q;
	else
		swm_query_free(q);
	return rc;
}

/* Copies a name; false when memory ran out. NULL is an empty view. */
static bool
keep(swm_query *q, swm_str *out, const char *name)
{
	*out = name == NULL ? (swm_str){ NULL, 0 } : swm_arena_str(q->arena, swm_cstr(name));
	return name == NULL || out->ptr != NULL;
}

int
swm_query_schema(swm_query *query, const char *schema, swm_error *err)
{
	swm_error_clear(err);
	return keep(query, &query->schema, schema) ? SWM_OK : swm_fail_memory(err);
}

int
swm_query_select(swm_query *query, const char *column, const char *cast, const char *alias,
                 swm_error *err)
{
	swm_error_clear(err);
	if (cast != NULL && !swm_is_type_name(swm_cstr(cast)))
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("the cast is not the name of a type"));
	swm_select_item *item = swm_arena_alloc(query->arena, sizeof *item);
	if (item == NULL || !keep(query, &item->field.name, column) || !keep(query, &item->cast, cast) ||
	    !keep(query, &item->alias, alias))
		return swm_fail_memory(err);
	swm_select_item **tail = &query->ast->select;
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = item;
	query->ast->has_select = true;
	return SWM_OK;
}

static swm_condition *
add_condition(swm_query *q, const char *column, enum swm_ast_operator op)
{
	swm_condition *c = swm_arena_alloc(q->arena, sizeof *c);

	if (c == NULL || !keep(q, &c->field.name, column))
		return NULL;
	c->op = op;
	swm_level_add(q->ast->levels, c);
	return c;
}

/* What PostgreSQL's text form cannot carry. */
static int
check_value(swm_str value, swm_error *err)
{
	if (value.len > 0 && memchr(value.ptr, '\0', value.len) != NULL)
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("the value contains a NUL byte"));
	if (!swm_utf8_valid(value, NULL))
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("the value is not valid UTF-8"));
	return SWM_OK;
}

int
swm_query_where(swm_query *query, const char *column, enum swm_operator op, swm_str value,
                swm_error *err)
{
	enum swm_is_value is = SWM_IS_NULL;

	swm_error_clear(err);
	if ((int)op < 0 || (int)op >= SWM_AST_IN)
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("there is no such operator"));
	if (op == SWM_OP_IS && !swm_is_value_of(&is, value))
		return swm_fail(err, SWM_ERR_QUERY_SYNTAX, SWM_STR("filter"), value, SWM_STR("1"));
	int rc = check_value(value, err);
	if (rc != SWM_OK)
		return rc;
	swm_str kept = swm_arena_str(query->arena, value);
	swm_condition *c = kept.ptr == NULL ? NULL : add_condition(query, column, (enum swm_ast_operator)op);
	if (c == NULL)
		return swm_fail_memory(err);
	c->value = kept;
	c->is = is;
	return SWM_OK;
}

int
swm_query_where_in(swm_query *query, const char *column, const swm_str *values, size_t count,
                   swm_error *err)
{
	swm_value *list = NULL, **tail = &list;

	swm_error_clear(err);
	for (size_t i = 0; i < count; i++) {
		int rc = check_value(values[i], err);
		if (rc != SWM_OK)
			return rc;
		swm_value *v = swm_arena_alloc(query->arena, sizeof *v);
		if (v == NULL || (v->text = swm_arena_str(query->arena, values[i])).ptr == NULL)
			return swm_fail_memory(err);
		*tail = v;
		tail = &v->next;
	}
	swm_condition *c = add_condition(query, column, SWM_AST_IN);
	if (c == NULL)
		return swm_fail_memory(err);
	c->list = list;
	return SWM_OK;
}

int
swm_query_order(swm_query *query, const char *column, bool descending, swm_error *err)
{
	swm_error_clear(err);
	swm_order_term *term = swm_arena_alloc(query->arena, sizeof *term);
	if (term == NULL || !keep(query, &term->field.name, column))
		return swm_fail_memory(err);
	term->direction = descending ? SWM_DESCENDING : SWM_ASCENDING;
	swm_order_term **tail = &query->ast->levels->order;
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = term;
	query->ast->levels->has_order = true;
	return SWM_OK;
}

int
swm_query_limit(swm_query *query, int64_t rows, swm_error *err)
{
	swm_error_clear(err);
	if (rows < 0)
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("a limit cannot be negative"));
	query->ast->levels->has_limit = true;
	query->ast->levels->limit = rows;
	return SWM_OK;
}

int
swm_query_offset(swm_query *query, int64_t rows, swm_error *err)
{
	swm_error_clear(err);
	if (rows < 0)
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("an offset cannot be negative"));
	query->ast->levels->has_offset = true;
	query->ast->levels->offset = rows;
	return SWM_OK;
}
