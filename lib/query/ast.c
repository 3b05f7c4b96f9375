#include "config.h"

#include "query/ast.h"

swm_ast *
swm_ast_new(swm_arena *arena)
{
	swm_ast *ast = swm_arena_alloc(arena, sizeof *ast);

	if (ast != NULL)
		ast->root.arena = arena;
	return ast;
}

void
swm_ast_add_condition(swm_query_node *node, swm_condition *group, swm_condition *condition)
{
	swm_condition **head = group != NULL ? &group->children : &node->conditions;
	swm_condition **last = group != NULL ? &group->last_child : &node->last_condition;
	swm_condition **tail = *last != NULL ? &(*last)->next : head;

	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = *last = condition;
}

void
swm_ast_add_item(swm_query_node *node, swm_select_item *item)
{
	swm_select_item **tail = node->last_item != NULL ? &node->last_item->next : &node->select;

	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = node->last_item = item;
	node->has_select = true;
}

void
swm_ast_add_term(swm_query_node *node, swm_order_term *term)
{
	swm_order_term **tail = node->last_term != NULL ? &node->last_term->next : &node->order;

	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = node->last_term = term;
	node->has_order = true;
}

static bool
is_called(const swm_select_item *item, swm_str name, bool by_alias)
{
	if (item->kind != SWM_SELECT_RELATION && item->kind != SWM_SELECT_SPREAD)
		return false;
	return swm_str_eq(by_alias && item->alias.len > 0 ? item->alias : item->relation, name);
}

swm_select_item *
swm_ast_embedded(const swm_query_node *node, swm_str name)
{
	for (swm_select_item *i = node->select; i != NULL; i = i->next)
		if (is_called(i, name, true))
			return i;
	for (swm_select_item *i = node->select; i != NULL; i = i->next)
		if (is_called(i, name, false))
			return i;
	return NULL;
}

const swm_select_item *
swm_ast_called_by_relation(const swm_query_node *node)
{
	const swm_select_item *found = NULL;

	for (const swm_select_item *i = node->select; i != NULL && found == NULL; i = i->next)
		/* as deep as SWM_DEEPEST */
		found = i->called_by_relation ? i : swm_ast_called_by_relation(&i->node);
	return found;
}
