#include "config.h"

#include "rebuild.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static swm_error *err;

static void
must(int result)
{
	if (result == SWM_OK)
		return;
	fprintf(stderr, "rebuild: %d: %s\n", result, swm_error_message(err).ptr);
	exit(2);
}

static void copy_node(const swm_query_node *from, swm_query_node *to);

static void
copy_item(const swm_query_item *item, swm_query_node *to)
{
	swm_selection value = { .size = sizeof value };
	swm_embedding relation = { .size = sizeof relation };
	const swm_query_node *below;
	swm_query_node *copy;

	switch (swm_item_kind(item)) {
	case SWM_ITEM_VALUE:
		must(swm_item_value(item, &value));
		must(swm_node_select(to, &value, err));
		break;
	case SWM_ITEM_ALL:
		must(swm_node_select_all(to, err));
		break;
	case SWM_ITEM_EMBEDDED:
		must(swm_item_embedded(item, &relation, &below));
		must(swm_node_embed(&copy, to, &relation, err));
		copy_node(below, copy);
		break;
	}
}

static void
copy_filter(const swm_query_condition *condition, swm_query_node *to, swm_query_condition *group)
{
	swm_filter filter = { .size = sizeof filter };
	size_t n = 0;

	must(swm_condition_filter(condition, &filter));
	swm_str *values = calloc(filter.value_count + 1, sizeof *values);
	if (values == NULL)
		exit(2);
	for (const swm_query_value *v = NULL; (v = swm_condition_next_value(condition, v, &values[n])) != NULL;)
		n++;
	filter.values = values;
	must(n == filter.value_count ? SWM_OK : SWM_EINTERNAL);
	must(swm_node_where(to, group, &filter, err));
	free(values);
}

static void
copy_conditions(const swm_query_node *from, const swm_query_condition *from_group, swm_query_node *to,
                swm_query_condition *group)
{
	for (const swm_query_condition *c = NULL; (c = swm_node_next_condition(from, from_group, c)) != NULL;) {
		swm_query_condition *copy;
		if (swm_condition_kind(c) == SWM_CONDITION_FILTER) {
			copy_filter(c, to, group);
			continue;
		}
		must(swm_node_group(&copy, to, group, swm_condition_kind(c), swm_condition_negated(c), err));
		copy_conditions(from, c, to, copy);
	}
}

static void
copy_node(const swm_query_node *from, swm_query_node *to)
{
	swm_ordering by = { .size = sizeof by };

	if (swm_node_has_items(from))
		swm_node_select_none(to);
	for (const swm_query_item *i = NULL; (i = swm_node_next_item(from, i)) != NULL;)
		copy_item(i, to);
	copy_conditions(from, NULL, to, NULL);
	for (const swm_query_term *t = NULL; (t = swm_node_next_term(from, t, &by)) != NULL;)
		must(swm_node_order(to, &by, err));
	if (swm_node_get_limit(from) >= 0)
		must(swm_node_limit(to, swm_node_get_limit(from), err));
	if (swm_node_get_offset(from) >= 0)
		must(swm_node_offset(to, swm_node_get_offset(from), err));
}

static void
copy_position(const swm_query *from, swm_query *to)
{
	swm_str values[16];
	size_t count = 0;

	while (count < sizeof values / sizeof values[0] && swm_query_get_after(from, count, &values[count]))
		count++;
	if (count > 0)
		must(swm_query_after(to, values, count, err));
}

static void
copy_arguments(const swm_query *from, swm_query *to)
{
	swm_str name, value;

	for (size_t i = 0; swm_query_get_argument(from, i, &name, &value); i++) {
		char *copy = strndup(name.ptr, name.len);
		must(swm_query_argument(to, copy, value, err));
		free(copy);
	}
}

swm_query *
rebuild(swm_query *query)
{
	swm_str relation = swm_query_relation(query);
	char *name = strndup(relation.ptr, relation.len);
	swm_query *copy;

	err = swm_error_new();
	must(swm_query_is_call(query) ? swm_query_new_call(&copy, name, err) : swm_query_new(&copy, name, err));
	copy_arguments(query, copy);
	copy_node(swm_query_root(query), swm_query_root(copy));
	copy_position(query, copy);
	free(name);
	swm_error_free(err);
	return copy;
}
