/* Looking through a query, whether it was parsed or built. */
#include "config.h"

#include "query/query.h"

/* Fills in a struct of the caller, whose header may be older or newer: the size stays his. */
static int
give(void *to, const void *from, size_t size)
{
	size_t room;

	memcpy(&room, to, sizeof room);
	if (room < sizeof room)
		return SWM_EINVAL;
	room = room < size ? room : size;
	memcpy((char *)to + sizeof room, (const char *)from + sizeof room, room - sizeof room);
	return SWM_OK;
}

bool
swm_node_has_items(const swm_query_node *node)
{
	return node->has_select;
}

const swm_query_item *
swm_node_next_item(const swm_query_node *node, const swm_query_item *item)
{
	return item == NULL ? node->select : item->next;
}

enum swm_item_kind
swm_item_kind(const swm_query_item *item)
{
	switch (item->kind) {
	case SWM_SELECT_FIELD:
		return SWM_ITEM_VALUE;
	case SWM_SELECT_ALL:
		return SWM_ITEM_ALL;
	default:
		return SWM_ITEM_EMBEDDED;
	}
}

int
swm_item_value(const swm_query_item *item, swm_selection *out)
{
	swm_selection v = { .column = item->field.name,
		            .path = item->field.path_text,
		            .cast = item->cast,
		            .alias = item->alias,
		            .aggregate = item->aggregate,
		            .aggregate_cast = item->aggregate_cast };

	if (item->kind != SWM_SELECT_FIELD)
		return SWM_EINVAL;
	if (v.aggregate == SWM_AGGREGATE_COUNT && swm_str_eq(v.column, SWM_STR("*")))
		v.column = (swm_str){ NULL, 0 };
	return give(out, &v, sizeof v);
}

int
swm_item_embedded(const swm_query_item *item, swm_embedding *out, const swm_query_node **node)
{
	const swm_embedding e = { .relation = item->relation,
		                  .hint = item->hint,
		                  .alias = item->alias,
		                  .join = item->join,
		                  .spread = item->kind == SWM_SELECT_SPREAD };

	if (swm_item_kind(item) != SWM_ITEM_EMBEDDED)
		return SWM_EINVAL;
	if (node != NULL)
		*node = &item->node;
	return out == NULL ? SWM_OK : give(out, &e, sizeof e);
}

const swm_query_condition *
swm_node_next_condition(const swm_query_node *node, const swm_query_condition *group,
                        const swm_query_condition *condition)
{
	if (condition != NULL)
		return condition->next;
	return group != NULL ? group->children : node->conditions;
}

enum swm_condition_kind
swm_condition_kind(const swm_query_condition *condition)
{
	return condition->kind;
}

bool
swm_condition_negated(const swm_query_condition *condition)
{
	return condition->negated;
}

int
swm_condition_filter(const swm_query_condition *condition, swm_filter *out)
{
	swm_filter f = { .column = condition->field.name,
		         .path = condition->field.path_text,
		         .op = condition->op,
		         .negated = condition->negated,
		         .quantifier = condition->quantifier,
		         .language = condition->language,
		         .value = condition->value };

	if (condition->kind != SWM_CONDITION_FILTER)
		return SWM_EINVAL;
	if (f.op == SWM_OP_IS)
		f.value = swm_is_word(condition->is);
	for (const swm_value *v = condition->list; v != NULL; v = v->next)
		f.value_count++;
	return give(out, &f, sizeof f);
}

const swm_query_value *
swm_condition_next_value(const swm_query_condition *condition, const swm_query_value *value,
                         swm_str *out)
{
	const swm_value *next = value == NULL ? condition->list : value->next;

	if (next != NULL && out != NULL)
		*out = next->text;
	return next;
}

const swm_query_term *
swm_node_next_term(const swm_query_node *node, const swm_query_term *term, swm_ordering *out)
{
	const swm_order_term *next = term == NULL ? node->order : term->next;

	if (next == NULL || out == NULL)
		return next;
	const swm_ordering by = { .relation = next->relation,
		                  .column = next->field.name,
		                  .path = next->field.path_text,
		                  .direction = next->direction,
		                  .nulls = next->nulls };
	return give(out, &by, sizeof by) == SWM_OK ? next : NULL;
}

int64_t
swm_node_get_limit(const swm_query_node *node)
{
	return node->has_limit ? node->limit : -1;
}

int64_t
swm_node_get_offset(const swm_query_node *node)
{
	return node->has_offset ? node->offset : -1;
}

int
swm_query_get_after(const swm_query *query, size_t number, swm_str *out)
{
	const swm_position *p = query->ast->after;

	while (p != NULL && number-- > 0)
		p = p->next;
	if (p != NULL)
		*out = p->is_null ? (swm_str){ NULL, 0 } : p->value;
	return p != NULL;
}
