/* Conditions of WHERE and HAVING. */
#include "config.h"

#include "sql/read.h"

static void
put_pattern(swm_writer *w, swm_str pattern)
{
	char *p = swm_arena_alloc(w->arena, pattern.len + 1);

	if (p == NULL) {
		w->failed = true;
		return;
	}
	for (size_t i = 0; i < pattern.len; i++)
		p[i] = pattern.ptr[i] == '*' ? '%' : pattern.ptr[i];
	swm_put_param(w, (swm_str){ p, pattern.len });
}

/* column @@ to_tsquery('language', value), the column made a tsvector where it is none */
static void
put_search(swm_writer *w, const swm_plan_node *node, const swm_plan_condition *c,
           const swm_operator_entry *op)
{
	swm_str language = c->asked->language;

	if (c->to_tsvector) {
		swm_put(w, "pg_catalog.to_tsvector(");
		if (language.len > 0) {
			swm_put_param(w, language);
			swm_put(w, ", ");
		}
	}
	swm_put_field(w, node, &c->field);
	swm_put(w, c->to_tsvector ? ") @@ pg_catalog." : " @@ pg_catalog.");
	swm_buf_str(&w->text, op->sql);
	swm_put(w, "(");
	if (language.len > 0) {
		swm_put_param(w, language);
		swm_put(w, ", ");
	}
	swm_put_param(w, c->asked->value);
	swm_put(w, ")");
}

static void
put_operand(swm_writer *w, const swm_condition *asked, enum swm_operand operand)
{
	if (operand == SWM_OPERAND_IS)
		swm_buf_str(&w->text, swm_is_word_sql(asked->is));
	else if (operand == SWM_OPERAND_LIST)
		swm_put_list_param(w, asked->list);
	else if (operand == SWM_OPERAND_PATTERN)
		put_pattern(w, asked->value);
	else
		swm_put_param(w, asked->value);
}

/* Converts a domain's representation to the domain; several values become an array. */
static void
put_parsed(swm_writer *w, const swm_plan_condition *c, bool several, enum swm_operand operand)
{
	swm_put(w, several ? "ARRAY(SELECT " : "");
	swm_put_routine(w, c->parse);
	if (several)
		swm_put(w, "\"v\") FROM unnest(");
	put_operand(w, c->asked, operand);
	swm_put(w, several ? "::text[]) AS \"u\"(\"v\"))" : "::text)");
}

static void
put_filter(swm_writer *w, const swm_plan_node *node, const swm_plan_condition *c)
{
	static const char *const quantifiers[] = { "", " ANY", " ALL" };
	const swm_condition *asked = c->asked;
	const swm_operator_entry *op = swm_operator_of(asked->op);
	bool enclosed = asked->quantifier != SWM_QUANTIFIER_NONE || op->operand == SWM_OPERAND_LIST;

	if (op->operand == SWM_OPERAND_SEARCH) {
		put_search(w, node, c, op);
		return;
	}
	swm_put_field(w, node, &c->field);
	swm_put(w, " ");
	swm_buf_str(&w->text, op->sql);
	swm_put(w, quantifiers[asked->quantifier]);
	swm_put(w, enclosed ? " (" : " ");
	if (c->parse != NULL)
		put_parsed(w, c, enclosed, op->operand);
	else
		put_operand(w, asked, op->operand);
	if (enclosed)
		swm_put(w, ")");
}

/* Tests for embedded rows: not.is.null and is.not_null require some, is.null none. */
static void
put_embed_test(swm_writer *w, const swm_plan_condition *c)
{
	bool none = c->asked->is == SWM_IS_NULL;

	swm_put(w, none != c->negated ? "NOT " : "");
	swm_put_exists(w, c->embed);
}

static void
put_group(swm_writer *w, const swm_plan_node *node, const swm_plan_condition *group)
{
	swm_put(w, group->negated ? "NOT (" : "(");
	swm_put_conditions(w, node, group->children,
	                   group->kind == SWM_CONDITION_AND ? " AND " : " OR ");
	swm_put(w, ")");
}

void
swm_put_conditions(swm_writer *w, const swm_plan_node *node, const swm_plan_condition *first,
                   const char *between)
{
	for (const swm_plan_condition *c = first; c != NULL; c = c->next) {
		if (c != first)
			swm_put(w, between);
		if (c->kind != SWM_CONDITION_FILTER) {
			put_group(w, node, c);
		} else if (c->embed != NULL) {
			put_embed_test(w, c);
		} else {
			swm_put(w, c->negated ? "NOT (" : "");
			put_filter(w, node, c);
			swm_put(w, c->negated ? ")" : "");
		}
	}
}
