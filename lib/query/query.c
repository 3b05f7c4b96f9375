/* Queries of programs: the same tree as a query string's, built by calls. */
#include "config.h"

#include "query/query.h"

#include "query/arguments.h"

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
	swm_str path = { kept.ptr, mark };
	q->is_call = swm_str_starts(path, SWM_STR("rpc/"));
	size_t begin = q->is_call ? strlen("rpc/") : 0;
	int rc = swm_url_decode(&q->relation, q->arena, swm_str_from(path, begin), false, begin,
	                        err);
	if (rc == SWM_OK)
		rc = swm_url_pairs(&pairs, &count, q->arena, swm_str_from(kept, mark + 1), mark + 1,
		                   err);
	if (rc == SWM_OK && q->is_call) {
		size_t all = count;
		rc = swm_query_part_arguments(pairs, all, &count, q->arena, err);
		q->arguments = pairs + count;
		q->argument_count = all - count;
	}
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

int
swm_query_schema(swm_query *query, const char *schema, swm_error *err)
{
	swm_error_clear(err);
	swm_str kept = { NULL, 0 };
	if (schema != NULL && (kept = swm_arena_str(query->arena, swm_cstr(schema))).ptr == NULL)
		return swm_fail_memory(err);
	query->schema = kept;
	return SWM_OK;
}

swm_query_node *
swm_query_root(swm_query *query)
{
	return &query->ast->root;
}

swm_str
swm_query_relation(const swm_query *query)
{
	return query->relation;
}

/*
 * The same of the root, in the short form that most queries need
 */

int
swm_query_select(swm_query *query, const char *column, const char *cast, const char *alias,
                 swm_error *err)
{
	const swm_selection value = { .size = sizeof value,
		                      .column = swm_cstr(column),
		                      .cast = swm_cstr(cast),
		                      .alias = swm_cstr(alias) };

	if (cast != NULL && value.cast.len == 0) {
		swm_error_clear(err);
		return swm_fail(err, SWM_ERR_ARGUMENT,
		                SWM_STR("the cast is not the name of a type"));
	}
	return swm_node_select(&query->ast->root, &value, err);
}

int
swm_query_where(swm_query *query, const char *column, enum swm_operator op, swm_str value,
                swm_error *err)
{
	const swm_filter filter = {
		.size = sizeof filter, .column = swm_cstr(column), .op = op, .value = value
	};

	if (op != SWM_OP_IN)
		return swm_node_where(&query->ast->root, NULL, &filter, err);
	swm_error_clear(err);
	return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("this operator has a list of values"));
}

int
swm_query_where_in(swm_query *query, const char *column, const swm_str *values, size_t count,
                   swm_error *err)
{
	const swm_filter filter = { .size = sizeof filter,
		                    .column = swm_cstr(column),
		                    .op = SWM_OP_IN,
		                    .values = values,
		                    .value_count = count };

	return swm_node_where(&query->ast->root, NULL, &filter, err);
}

int
swm_query_order(swm_query *query, const char *column, bool descending, swm_error *err)
{
	const swm_ordering by = { .size = sizeof by, .column = swm_cstr(column),
		.direction = descending ? SWM_DESCENDING : SWM_ASCENDING };

	return swm_node_order(&query->ast->root, &by, err);
}

int
swm_query_limit(swm_query *query, int64_t rows, swm_error *err)
{
	return swm_node_limit(&query->ast->root, rows, err);
}

int
swm_query_offset(swm_query *query, int64_t rows, swm_error *err)
{
	return swm_node_offset(&query->ast->root, rows, err);
}
