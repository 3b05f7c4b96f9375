/* The query string's tree, and queries built by calls. What SQL comes of it is the golden cases' matter. */
#include "config.h"

#include "base/buf.h"
#include "query/arguments.h"
#include "query/query.h"
#include "unit.h"

#include <stdio.h>

static swm_error *err;

static void
setup(void)
{
	err = swm_error_new();
}

static void
teardown(void)
{
	swm_error_free(err);
}

static swm_query *
parse(const char *text)
{
	swm_query *q = NULL;

	ck_assert_msg(swm_query_parse(&q, swm_cstr(text), err) == SWM_OK, "%s: %s", text, swm_error_message(err).ptr);
	return q;
}

static bool
is(swm_str s, const char *expected)
{
	return swm_str_eq(s, swm_cstr(expected));
}

START_TEST(select_takes_embedding_apart)
{
	swm_query *q = parse("t?select=a:b->c->>0::int,r!hint!inner(x,...s(*)),n.sum()::text,count()");
	const swm_select_item *i = q->ast->root.select;

	ck_assert(is(q->relation, "t"));
	ck_assert(is(i->alias, "a") && is(i->field.name, "b") && is(i->cast, "int"));
	ck_assert(is(i->field.path->key, "c") && !i->field.path->as_text && !i->field.path->is_index);
	ck_assert(is(i->field.path->next->key, "0") && i->field.path->next->as_text && i->field.path->next->is_index);
	i = i->next;
	ck_assert(i->kind == SWM_SELECT_RELATION && is(i->relation, "r") && is(i->hint, "hint"));
	ck_assert_int_eq(i->join, SWM_JOIN_INNER);
	ck_assert(is(i->node.select->field.name, "x"));
	ck_assert(i->node.select->next->kind == SWM_SELECT_SPREAD && is(i->node.select->next->relation, "s"));
	ck_assert_int_eq(i->node.select->next->node.select->kind, SWM_SELECT_ALL);
	i = i->next;
	ck_assert(i->aggregate == SWM_AGGREGATE_SUM && is(i->aggregate_cast, "text"));
	i = i->next;
	ck_assert(i->aggregate == SWM_AGGREGATE_COUNT && is(i->field.name, "*") && i->next == NULL);
	swm_query_free(q);
}
END_TEST

START_TEST(paths_before_a_name_are_levels)
{
	swm_query *q = parse("t?r.id=eq.1&r.s.order=x&select=id,a:r(s())&a.limit=2&r.not.or=(a.eq.1)&id=eq.2");
	const swm_query_node *root = &q->ast->root, *r = &root->select->next->node, *s = &r->select->node;

	ck_assert(is(root->conditions->field.name, "id") && root->conditions->next == NULL);
	ck_assert(r->has_limit && r->limit == 2 && is(r->conditions->value, "1"));
	ck_assert(r->conditions->next->kind == SWM_CONDITION_OR && r->conditions->next->negated);
	ck_assert(is(s->order->field.name, "x"));
	ck_assert(q->ast->not_embedded.ptr == NULL);
	swm_query_free(q);
}
END_TEST

START_TEST(a_path_may_be_quoted)
{
	swm_query *q = parse("t?select=%22a.b%22:r(s())&%22a.b%22.id=eq.1&%22a.b%22.%22s%22.order=x&r.id=eq.2");
	const swm_query_node *r = &q->ast->root.select->node;

	ck_assert(is(r->conditions->value, "1") && is(r->conditions->next->value, "2"));
	ck_assert(is(r->select->node.order->field.name, "x"));
	swm_query_free(q);
}
END_TEST

START_TEST(a_relation_with_an_alias_that_is_called_by_its_name_is_known)
{
	swm_query *q = parse("t?select=id,a:r(s())&a.id=eq.1&a.s.limit=1");

	ck_assert_ptr_null(swm_ast_called_by_relation(&q->ast->root));
	swm_query_free(q);
	q = parse("t?select=id,a:r(b:s())&a.s.limit=1");
	ck_assert(is(swm_ast_called_by_relation(&q->ast->root)->alias, "b"));
	swm_query_free(q);
	q = parse("t?select=id,a:r(b:s())&r.b.limit=1");
	ck_assert(is(swm_ast_called_by_relation(&q->ast->root)->alias, "a"));
	swm_query_free(q);
}
END_TEST

START_TEST(a_path_that_leads_nowhere_is_known)
{
	swm_query *q = parse("t?select=r(id)&r.s.id=eq.1");

	ck_assert(is(q->ast->not_embedded, "s"));
	swm_query_free(q);
	q = parse("t?select=r(id)&%22%22.id=eq.1");
	ck_assert(q->ast->not_embedded.ptr != NULL && q->ast->not_embedded.len == 0);
	swm_query_free(q);
}
END_TEST

struct told {
	const char *query, *text, *column, *details;
};

static void
check_told(const struct told *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char message[256], query[128];
		swm_query *q;
		snprintf(query, sizeof query, "t?%s", cases[i].query);
		snprintf(message, sizeof message, "\"failed to parse %s\" (line 1, column %s)",
		         cases[i].text, cases[i].column);
		swm_error_clear(err);
		ck_assert_int_eq(swm_query_parse(&q, swm_cstr(query), err), SWM_EPARSE);
		ck_assert_msg(is(swm_error_message(err), message), "%s: %.*s", query,
		              (int)swm_error_message(err).len, swm_error_message(err).ptr);
		ck_assert_msg(is(swm_error_details(err), cases[i].details), "%s: %.*s", query,
		              (int)swm_error_details(err).len, swm_error_details(err).ptr);
	}
}

/* The examples that PostgREST has beside its grammar, and what follows from its rules. */
START_TEST(errors_are_told_as_postgrest_does)
{
	static const struct told cases[] = {
		{ "select=id,clients(name[])", "select parameter (id,clients(name[]))", "16",
		  "unexpected '[' expecting letter, digit, \"-\", \"->>\", \"->\", \"::\", \".\", \")\", \",\" or end of input" },
		{ "select=data->>-78xy", "select parameter (data->>-78xy)", "11",
		  "unexpected 'x' expecting digit, \"->\", \"::\", \".\", \",\" or end of input" },
		{ "select=a->>--34", "select parameter (a->>--34)", "6", "unexpected \"-\" expecting digit" },
		{ "select=a->>-xy-4", "select parameter (a->>-xy-4)", "6", "unexpected \"x\" expecting digit" },
		{ "select=name!hint", "select parameter (name!hint)", "5",
		  "unexpected '!' expecting letter, digit, \"-\", \"->>\", \"->\", \"::\", \".\", \")\", \",\" or end of input" },
		{ "select=name::", "select parameter (name::)", "7", "unexpected end of input expecting letter or digit" },
		{ "select=id,,name", "select parameter (id,,name)", "4",
		  "unexpected \",\" expecting \"...\", field name (* or [a..z0..9_$]), \"*\" or \"count()\"" },
		{ "id=noop.0", "filter (noop.0)", "1", "unexpected \"o\" expecting \"not\" or operator (eq, gt, ...)" },
		{ "id=val", "filter (val)", "1", "unexpected \"v\" expecting \"not\" or operator (eq, gt, ...)" },
		{ "id=fts().value", "filter (fts().value)", "5", "unexpected \")\" expecting operator (eq, gt, ...)" },
		{ "id=eq().value", "filter (eq().value)", "4", "unexpected \")\" expecting operator (eq, gt, ...)" },
		{ "id=is().value", "filter (is().value)", "3", "unexpected \"(\" expecting operator (eq, gt, ...)" },
		{ "id=in().value", "filter (in().value)", "3", "unexpected \"(\" expecting operator (eq, gt, ...)" },
		{ "id=is.nul", "filter (is.nul)", "7",
		  "unexpected end of input expecting isVal: (null, not_null, true, false, unknown)" },
		{ "id=not.x", "filter (not.x)", "5", "unexpected \"x\" expecting operator (eq, gt, ...)" },
		{ "id=%D9%85", "filter (\xd9\x85)", "1", "unexpected \"\\1605\" expecting \"not\" or operator (eq, gt, ...)" },
		{ "order=clients(name,id)", "order (clients(name,id))", "8",
		  "unexpected '(' expecting letter, digit, \"-\", \"->>\", \"->\", delimiter (.), \",\" or end of input" },
		{ "order=id.ac", "order (id.ac)", "4",
		  "unexpected \"c\" expecting \"asc\", \"desc\", \"nullsfirst\" or \"nullslast\"" },
		{ "order=id.descc", "order (id.descc)", "8", "unexpected 'c' expecting delimiter (.), \",\" or end of input" },
		{ "order=id.nulsfist", "order (id.nulsfist)", "4",
		  "unexpected \"n\" expecting \"asc\", \"desc\", \"nullsfirst\" or \"nullslast\"" },
		{ "order=id.nullslasttt", "order (id.nullslasttt)", "13", "unexpected 't' expecting \",\" or end of input" },
		{ "order=id.asc.nlsfst", "order (id.asc.nlsfst)", "8", "unexpected \"l\" expecting \"nullsfirst\" or \"nullslast\"" },
		{ "order=", "order ()", "1", "unexpected end of input expecting field name (* or [a..z0..9_$])" },
		{ "or=()", "logic tree (())", "4", "unexpected \")\" expecting field name (* or [a..z0..9_$]), "
		  "negation operator (not) or logic operator (and, or)" },
		{ "or=(id.in.1,2,id.eq.3)", "logic tree ((id.in.1,2,id.eq.3))", "10", "unexpected \"1\" expecting \"(\"" },
		{ "or=)(", "logic tree ()()", "3", "unexpected \")\" expecting \"(\"" },
		{ "and=(ord(id.eq.1,id.eq.1),id.eq.2)", "logic tree ((ord(id.eq.1,id.eq.1),id.eq.2))", "7",
		  "unexpected \"d\" expecting \"(\"" },
		{ "or=(id.eq.1,not.xor(id.eq.2,id.eq.3))", "logic tree ((id.eq.1,not.xor(id.eq.2,id.eq.3)))", "16",
		  "unexpected \"x\" expecting logic operator (and, or)" },
		{ "columns=", "columns parameter ()", "1", "unexpected end of input expecting field name (* or [a..z0..9_$])" },
		{ "on_conflict=a,,b", "on_conflict parameter (a,,b)", "3",
		  "unexpected \",\" expecting field name (* or [a..z0..9_$])" },
		{ "select=id,...r!inner", "select parameter (id,...r!inner)", "14",
		  "unexpected end of input expecting \"!\" or \"(\"" },
		{ "select=id,...r!left!h", "select parameter (id,...r!left!h)", "15",
		  "unexpected end of input expecting letter, digit, \"-\" or \"(\"" },
		{ "select=a.mix()", "select parameter (a.mix())", "3",
		  "unexpected \"m\" expecting \"sum\", \"avg\", \"count\", \"max\" or \"min\"" },
		{ "select=a.sux()", "select parameter (a.sux())", "3",
		  "unexpected \"x\" expecting \"sum\"" },
		{ "select=a,%20* ,b:", "select parameter (a, * ,b:)", "5",
		  "unexpected ' ' expecting \")\", \",\" or end of input" },
		{ "select=r(a) ,b.", "select parameter (r(a) ,b.)", "9",
		  "unexpected end of input expecting \"sum\", \"avg\", \"count\", "
		  "\"max\" or \"min\"" },
		{ "or=(a.eq.{{1,2},{3}},b)", "logic tree ((a.eq.{{1,2},{3}},b))", "14",
		  "unexpected \"}\" expecting letter, digit, \"-\", \"->>\", "
		  "\"->\" or delimiter (.)" },
		{ "or=(a.is.nul,b.eq.1)", "logic tree ((a.is.nul,b.eq.1))", "12",
		  "unexpected \",\" expecting isVal: (null, not_null, true, false, unknown)" },
		{ "or=(a.is.null ,b)", "logic tree ((a.is.null ,b))", "16",
		  "unexpected \")\" expecting letter, digit, \"-\", \"->>\", "
		  "\"->\" or delimiter (.)" },
		{ "id=isdistinctx.1", "filter (isdistinctx.1)", "11",
		  "unexpected \"x\" expecting operator (eq, gt, ...)" },
		{ "id=like(anx).1", "filter (like(anx).1)", "6",
		  "unexpected \"n\" expecting operator (eq, gt, ...)" },
		{ "order=a%20(b", "order (a (b)", "3",
		  "unexpected '(' expecting letter, digit, \"-\", \"->>\", \"->\", "
		  "delimiter (.), \",\" or end of input" },
		{ "order=a.desc ,b.", "order (a.desc ,b.)", "7",
		  "unexpected ' ' expecting delimiter (.), \",\" or end of input" },
		{ "select=%20,a", "select parameter ( ,a)", "2",
		  "unexpected \",\" expecting \"*\", "
		  "field name (* or [a..z0..9_$]) or \"count()\"" },
		{ "select=a->-1)", "select parameter (a->-1))", "6",
		  "unexpected ')' expecting digit, \"->\", \"::\", \".\", \",\" or end of input" },
		{ "select=a,%22b%5C", "select parameter (a,\"b\\)", "6",
		  "unexpected end of input" },
		{ "a->.order=x", "tree path (a->)", "4",
		  "unexpected end of input expecting \"-\", "
		  "digit or any non reserved character different from: .,>()" },
		{ "select=a::1x,b..", "select parameter (a::1x,b..)", "9",
		  "unexpected \".\" expecting \"sum\", \"avg\", \"count\", \"max\" or \"min\"" },
	};

	check_told(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

/* A text that PostgREST takes, and we do not, is told in our words. */
START_TEST(errors_of_our_own)
{
	static const struct told cases[] = {
		{ "id=in.(1)x", "filter (in.(1)x)", "7", "unexpected \"x\" expecting end of input" },
		{ "or=(id.eq.1)x", "logic tree ((id.eq.1)x)", "12",
		  "unexpected \"x\" expecting end of input" },
		{ "select=...r", "select parameter (...r)", "5",
		  "unexpected end of input expecting \"(\"" },
		{ "id=is.nullx", "filter (is.nullx)", "4",
		  "unexpected \"n\" expecting isVal: (null, not_null, true, false, unknown)" },
		{ "id=fts(%20).x", "filter (fts( ).x)", "6",
		  "unexpected \")\" expecting operator (eq, gt, ...)" },
		{ "or=and.eq.1", "logic tree (and.eq.1)", "3",
		  "unexpected \"a\" expecting \"(\"" },
		{ "columns=%22a%22b", "columns parameter (\"a\"b)", "4",
		  "unexpected \"b\" expecting \",\" or end of input" },
	};

	check_told(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

/* As deep as a tree may be, the words are the same. */
START_TEST(errors_in_deep_nests_are_told_alike)
{
	char text[1024] = "t?or=(";
	swm_query *q;

	for (int i = 1; i < 64; i++)
		strcat(text, "and(");
	ck_assert_int_eq(swm_query_parse(&q, swm_cstr(text), err), SWM_EPARSE);
	ck_assert(is(swm_error_details(err), "unexpected end of input expecting "
	                                     "field name (* or [a..z0..9_$]), "
	                                     "negation operator (not) or logic operator (and, or)"));
}
END_TEST

START_TEST(names_may_be_anything_in_quotes)
{
	swm_query *q = parse("t?%22a.b%22=eq.1&c-d=eq.2&%20e%20f%20=eq.3&\xd9\x85=eq.4&or=(%22g,h)%22.eq.%22i,j%22)");
	const swm_condition *c = q->ast->root.conditions;

	ck_assert(is(c->field.name, "a.b"));
	ck_assert(is((c = c->next)->field.name, "c-d"));
	ck_assert(is((c = c->next)->field.name, "e f"));
	ck_assert(is((c = c->next)->field.name, "\xd9\x85"));
	c = c->next->children;
	ck_assert(is(c->field.name, "g,h)") && is(c->value, "i,j"));
	swm_query_free(q);
}
END_TEST

START_TEST(a_column_may_be_called_and)
{
	swm_query *q = parse("t?or=(and.eq.1,or.is.null)");
	const swm_condition *c = q->ast->root.conditions->children;

	ck_assert(c->kind == SWM_CONDITION_FILTER && is(c->field.name, "and"));
	ck_assert(c->next->kind == SWM_CONDITION_FILTER && is(c->next->field.name, "or"));
	swm_query_free(q);
}
END_TEST

START_TEST(deep_nests_are_refused)
{
	enum { DEPTH = 10000 };
	swm_buf text = SWM_BUF_INIT;
	swm_query *q;

	swm_buf_cstr(&text, "t?and=(");
	for (int i = 0; i < DEPTH; i++)
		swm_buf_cstr(&text, "or(");
	ck_assert_int_eq(swm_query_parse(&q, swm_buf_view(&text), err), SWM_EPARSE);
	ck_assert_str_eq(swm_error_details(err).ptr, "parentheses are nested too deep");
	swm_buf_clear(&text);
	swm_buf_cstr(&text, "t?select=");
	for (int i = 0; i < DEPTH; i++)
		swm_buf_cstr(&text, "r(");
	ck_assert_int_eq(swm_query_parse(&q, swm_buf_view(&text), err), SWM_EPARSE);
	swm_buf_dispose(&text);
}
END_TEST

/* What a query costs grows with its length, whatever it is made of. */
START_TEST(memory_grows_with_the_text_alone)
{
	static const char *const pieces[] = { "\"a\",", "\"\",", "*,", "\"a\".", "{," };
	enum { LENGTH = 60000, MOST = 200 };

	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		swm_buf text = SWM_BUF_INIT;
		swm_query *q;
		swm_buf_cstr(&text, i == 3 ? "t?" : i == 1 ? "t?a=in.(" : "t?select=");
		while (text.len < LENGTH)
			swm_buf_cstr(&text, pieces[i]);
		swm_buf_cstr(&text, i == 3 ? "b=eq.1" : i == 1 ? "x)" : "a");
		swm_error_clear(err);
		if (swm_query_parse(&q, swm_buf_view(&text), err) == SWM_OK) {
			ck_assert_uint_lt(swm_arena_used(q->arena), (size_t)LENGTH * MOST);
			swm_query_free(q);
		} else {
			ck_assert_int_eq(i, 4);
		}
		swm_buf_dispose(&text);
	}
}
END_TEST

START_TEST(columns_count_characters)
{
	swm_query *q;

	ck_assert_int_eq(swm_query_parse(&q, SWM_STR("t?select=\xc3\xa9\xc3\xa9!"), err), SWM_EPARSE);
	ck_assert_str_eq(swm_error_message(err).ptr,
	                 "\"failed to parse select parameter (\xc3\xa9\xc3\xa9!)\" (line 1, column 3)");
}
END_TEST

START_TEST(calls_build_the_same_tree)
{
	swm_query *q;
	const swm_str in[] = { { "1", 1 }, { "2", 1 } };

	ck_assert_int_eq(swm_query_new(&q, "t", err), SWM_OK);
	ck_assert_int_eq(swm_query_select(q, "id", NULL, NULL, err), SWM_OK);
	ck_assert_int_eq(swm_query_select(q, "name", "text", "n", err), SWM_OK);
	ck_assert_int_eq(swm_query_where(q, "id", SWM_OP_GTE, SWM_STR("5"), err), SWM_OK);
	ck_assert_int_eq(swm_query_where_in(q, "id", in, 2, err), SWM_OK);
	ck_assert_int_eq(swm_query_where(q, "name", SWM_OP_IS, SWM_STR("not_null"), err), SWM_OK);
	ck_assert_int_eq(swm_query_order(q, "id", true, err), SWM_OK);
	ck_assert_int_eq(swm_query_limit(q, 3, err), SWM_OK);
	ck_assert_int_eq(swm_query_offset(q, 1, err), SWM_OK);
	const swm_query_node *root = &q->ast->root;
	ck_assert(is(q->ast->root.select->next->alias, "n") && is(q->ast->root.select->next->cast, "text"));
	ck_assert(root->conditions->op == SWM_OP_GTE && root->conditions->next->op == SWM_OP_IN);
	ck_assert(is(root->conditions->next->list->next->text, "2"));
	ck_assert_int_eq(root->conditions->next->next->is, SWM_IS_NOT_NULL);
	ck_assert(root->order->direction == SWM_DESCENDING && root->limit == 3 && root->offset == 1);
	swm_query_free(q);
}
END_TEST

static const swm_query_item *
item_at(const swm_query_node *node, int n)
{
	const swm_query_item *item = NULL;

	while (n-- >= 0)
		item = swm_node_next_item(node, item);
	return item;
}

/* That what was parsed can be seen; that all of it can, the golden cases show, which build it again. */
START_TEST(a_query_can_be_looked_through)
{
	swm_query *q = parse("t?select=x:a->b->>0::int.sum()::text,*,count(),r!h!inner(...s())&r.limit=3"
	                     "&or=(a.not.in.(1,2),n.like(any).{a,b})&b=fts(german).c&order=r(z).desc.nullslast,y->k");
	const swm_query_node *root = swm_query_root(q), *r, *s;
	swm_selection v = { .size = sizeof v };
	swm_embedding e = { .size = sizeof e };
	swm_ordering o = { .size = sizeof o };
	swm_filter f = { .size = sizeof f };
	swm_str text;

	ck_assert(is(swm_query_relation(q), "t") && swm_query_root(q) == root && swm_node_has_items(root));
	ck_assert_int_eq(swm_item_value(item_at(root, 0), &v), SWM_OK);
	ck_assert(is(v.column, "a") && is(v.path, "->b->>0") && is(v.cast, "int") && is(v.alias, "x"));
	ck_assert(v.aggregate == SWM_AGGREGATE_SUM && is(v.aggregate_cast, "text") && v.size == sizeof v);
	ck_assert_int_eq(swm_item_kind(item_at(root, 1)), SWM_ITEM_ALL);
	ck_assert_int_eq(swm_item_value(item_at(root, 1), &v), SWM_EINVAL);
	ck_assert_int_eq(swm_item_value(item_at(root, 2), &v), SWM_OK);
	ck_assert(v.column.len == 0 && v.aggregate == SWM_AGGREGATE_COUNT);
	ck_assert_int_eq(swm_item_embedded(item_at(root, 2), &e, &r), SWM_EINVAL);
	ck_assert_int_eq(swm_item_embedded(item_at(root, 3), &e, &r), SWM_OK);
	ck_assert(is(e.relation, "r") && is(e.hint, "h") && e.join == SWM_JOIN_INNER && !e.spread);
	ck_assert(swm_node_get_limit(r) == 3 && swm_node_get_offset(r) == -1 && item_at(root, 4) == NULL);
	ck_assert_int_eq(swm_item_embedded(item_at(r, 0), &e, &s), SWM_OK);
	ck_assert(e.spread && is(e.relation, "s") && swm_node_has_items(s) && item_at(s, 0) == NULL);

	const swm_query_condition *c = swm_node_next_condition(root, NULL, NULL), *in = swm_node_next_condition(root, c, NULL);
	ck_assert(swm_condition_kind(c) == SWM_CONDITION_OR && !swm_condition_negated(c));
	ck_assert_int_eq(swm_condition_filter(c, &f), SWM_EINVAL);
	ck_assert_int_eq(swm_condition_filter(in, &f), SWM_OK);
	ck_assert(f.op == SWM_OP_IN && f.negated && f.value_count == 2);
	const swm_query_value *value = swm_condition_next_value(in, NULL, &text);
	ck_assert(is(text, "1") && swm_condition_next_value(in, value, &text) != NULL && is(text, "2"));
	ck_assert_int_eq(swm_condition_filter(swm_node_next_condition(root, c, in), &f), SWM_OK);
	ck_assert(f.op == SWM_OP_LIKE && f.quantifier == SWM_QUANTIFIER_ANY && is(f.value, "{a,b}"));
	c = swm_node_next_condition(root, NULL, c);
	ck_assert_int_eq(swm_condition_filter(c, &f), SWM_OK);
	ck_assert(f.op == SWM_OP_FTS && is(f.language, "german") && swm_node_next_condition(root, NULL, c) == NULL);

	const swm_query_term *t = swm_node_next_term(root, NULL, &o);
	ck_assert(is(o.relation, "r") && is(o.column, "z") && o.direction == SWM_DESCENDING && o.nulls == SWM_NULLS_LAST);
	t = swm_node_next_term(root, t, &o);
	ck_assert(is(o.column, "y") && is(o.path, "->k") && swm_node_next_term(root, t, &o) == NULL);
	swm_query_free(q);
}
END_TEST

START_TEST(a_parsed_query_can_be_added_to)
{
	swm_query *q = parse("t?select=a&or=(b.eq.1)&order=a");
	swm_query_node *root = swm_query_root(q), *r;
	const swm_embedding e = { .size = sizeof e, .relation = SWM_STR("r") };
	const swm_filter f = { .size = sizeof f, .column = SWM_STR("owner"), .op = SWM_OP_EQ, .value = SWM_STR("me") };
	const swm_ordering o = { .size = sizeof o, .column = SWM_STR("id") };

	ck_assert_int_eq(swm_node_embed(&r, root, &e, err), SWM_OK);
	ck_assert_int_eq(swm_node_where(r, NULL, &f, err), SWM_OK);
	ck_assert_int_eq(swm_node_where(root, root->conditions, &f, err), SWM_OK);
	ck_assert_int_eq(swm_node_where(root, NULL, &f, err), SWM_OK);
	ck_assert_int_eq(swm_node_order(root, &o, err), SWM_OK);
	ck_assert(is(root->select->next->relation, "r") && !root->select->next->node.has_select);
	ck_assert(is(r->conditions->field.name, "owner"));
	ck_assert(is(root->conditions->children->next->field.name, "owner") && is(root->conditions->next->value, "me"));
	ck_assert(is(root->order->next->field.name, "id") && root->order->next->next == NULL);
	swm_query_free(q);
}
END_TEST

/* A program that was built with an older or newer header. */
START_TEST(structs_may_be_of_another_size)
{
	swm_query *q = parse("t");
	struct {
		swm_selection known;
		int later;
	} newer = { { .size = sizeof newer, .column = SWM_STR("a"), .alias = SWM_STR("x") }, 5 };
	swm_selection v = { .size = offsetof(swm_selection, cast), .column = SWM_STR("b"), .alias = SWM_STR("y") };

	ck_assert_int_eq(swm_node_select(swm_query_root(q), &newer.known, err), SWM_OK);
	ck_assert_int_eq(swm_node_select(swm_query_root(q), &v, err), SWM_OK); /* its alias is none of the struct yet */
	ck_assert(is(q->ast->root.select->alias, "x") && q->ast->root.select->next->alias.len == 0);
	ck_assert_int_eq(swm_item_value(q->ast->root.select, &v), SWM_OK);
	ck_assert(is(v.column, "a") && is(v.alias, "y"));
	ck_assert_int_eq(swm_item_value(q->ast->root.select, &newer.known), SWM_OK);
	ck_assert(newer.known.size == sizeof newer && newer.later == 5);
	v.size = 0;
	ck_assert_int_eq(swm_node_select(swm_query_root(q), &v, err), SWM_EINVAL);
	ck_assert_int_eq(swm_item_value(q->ast->root.select, &v), SWM_EINVAL);
	swm_query_free(q);
}
END_TEST

static int
where(swm_query *q, swm_filter f)
{
	f.size = sizeof f;
	return swm_node_where(swm_query_root(q), NULL, &f, err);
}

static int
select_value(swm_query *q, swm_selection v)
{
	v.size = sizeof v;
	return swm_node_select(swm_query_root(q), &v, err);
}

static int
embed(swm_query *q, swm_embedding e)
{
	e.size = sizeof e;
	return swm_node_embed(NULL, swm_query_root(q), &e, err);
}

START_TEST(nodes_refuse_what_cannot_be)
{
	const swm_str a = SWM_STR("a"), values[] = { { "1", 1 }, { "\xff", 1 } };
	swm_query *q = parse("t");

	ck_assert_int_eq(where(q, (swm_filter){ .op = SWM_OP_EQ, .value = a }), SWM_EINVAL); /* no column */
	ck_assert_int_eq(where(q, (swm_filter){ .column = SWM_STR("a\0b") }), SWM_EINVAL);
	ck_assert_int_eq(where(q, (swm_filter){ .column = a, .op = (enum swm_operator)99 }), SWM_EINVAL);
	ck_assert_int_eq(where(q, (swm_filter){ .column = a, .op = SWM_OP_NEQ, .quantifier = SWM_QUANTIFIER_ANY }), SWM_EINVAL);
	ck_assert_int_eq(where(q, (swm_filter){ .column = a, .op = SWM_OP_EQ, .language = a }), SWM_EINVAL);
	ck_assert_int_eq(where(q, (swm_filter){ .column = a, .op = SWM_OP_IS, .value = a }), SWM_EPARSE);
	ck_assert_int_eq(where(q, (swm_filter){ .column = a, .path = SWM_STR("b") }), SWM_EPARSE);
	ck_assert_int_eq(where(q, (swm_filter){ .column = a, .path = SWM_STR("->b)") }), SWM_EPARSE);
	ck_assert_int_eq(where(q, (swm_filter){ .column = a, .op = SWM_OP_IN, .values = values, .value_count = 2 }), SWM_EINVAL);
	ck_assert_int_eq(select_value(q, (swm_selection){ .alias = a }), SWM_EINVAL);
	ck_assert_int_eq(select_value(q, (swm_selection){ .aggregate = SWM_AGGREGATE_SUM }), SWM_EINVAL);
	ck_assert_int_eq(select_value(q, (swm_selection){ .aggregate = SWM_AGGREGATE_COUNT, .cast = a }), SWM_EINVAL);
	ck_assert_int_eq(select_value(q, (swm_selection){ .column = a, .aggregate_cast = a }), SWM_EINVAL);
	ck_assert_int_eq(select_value(q, (swm_selection){ .column = a, .cast = SWM_STR("int)") }), SWM_EINVAL);
	ck_assert_int_eq(select_value(q, (swm_selection){ .column = a, .aggregate = (enum swm_aggregate)9 }), SWM_EINVAL);
	ck_assert_int_eq(embed(q, (swm_embedding){ .alias = a }), SWM_EINVAL);
	ck_assert_int_eq(embed(q, (swm_embedding){ .relation = a, .alias = a, .spread = true }), SWM_EINVAL);
	ck_assert_int_eq(embed(q, (swm_embedding){ .relation = a, .join = (enum swm_join)7 }), SWM_EINVAL);
	/* after an error the query is as it was */
	ck_assert(q->ast->root.conditions == NULL && q->ast->root.select == NULL && !q->ast->root.has_select);
	ck_assert_int_eq(embed(q, (swm_embedding){ .relation = a }), SWM_OK);
	swm_query_free(q);
}
END_TEST

START_TEST(groups_nest_so_deep_and_no_deeper)
{
	swm_query *q = parse("t");
	swm_query_node *root = swm_query_root(q);
	swm_query_condition *group = NULL, *next;
	const swm_filter f = { .size = sizeof f, .column = SWM_STR("a"), .value = SWM_STR("1") };

	for (int i = 0; i < 64; i++) {
		ck_assert_int_eq(swm_node_group(&next, root, group, SWM_CONDITION_OR, i % 2 == 1, err), SWM_OK);
		group = next;
	}
	ck_assert_int_eq(swm_node_group(&next, root, group, SWM_CONDITION_AND, false, err), SWM_EINVAL);
	ck_assert_int_eq(swm_node_group(&next, root, NULL, SWM_CONDITION_FILTER, false, err), SWM_EINVAL);
	ck_assert_int_eq(swm_node_where(root, group, &f, err), SWM_OK);
	ck_assert_int_eq(swm_node_where(root, group->children, &f, err), SWM_EINVAL); /* a filter is no group */
	ck_assert_int_eq(swm_node_group(&next, root, group->children, SWM_CONDITION_AND, false, err), SWM_EINVAL);
	swm_query_free(q);
}
END_TEST

/* What is in one query would point into the other, and outlive it. */
START_TEST(a_group_is_of_its_query)
{
	const swm_filter f = { .size = sizeof f, .column = SWM_STR("a"), .value = SWM_STR("1") };
	swm_query *one = parse("t?or=(a.eq.1)"), *two = parse("t?select=r(id)&r.or=(a.eq.1,and(a.eq.2))");
	swm_query_node *root = swm_query_root(one), *r = &two->ast->root.select->node;
	swm_query_condition *group, *deeper = r->conditions->children->next, *next;

	ck_assert_int_eq(swm_node_group(&group, r, NULL, SWM_CONDITION_OR, false, err), SWM_OK);
	ck_assert_int_eq(swm_node_where(root, group, &f, err), SWM_EINVAL);
	ck_assert_int_eq(swm_node_where(root, deeper, &f, err), SWM_EINVAL);
	ck_assert_int_eq(swm_node_where(r, root->conditions, &f, err), SWM_EINVAL);
	ck_assert_int_eq(swm_node_group(&next, root, group, SWM_CONDITION_AND, false, err), SWM_EINVAL);
	ck_assert(group->children == NULL && deeper->children->next == NULL && root->conditions->children->next == NULL);
	ck_assert_int_eq(swm_node_where(r, group, &f, err), SWM_OK);
	ck_assert_int_eq(swm_node_where(r, deeper, &f, err), SWM_OK);
	swm_query_free(one);
	swm_query_free(two);
}
END_TEST

START_TEST(calls_refuse_what_cannot_be)
{
	swm_query *q;

	ck_assert_int_eq(swm_query_new(&q, "t", err), SWM_OK);
	ck_assert_int_eq(swm_query_limit(q, -1, err), SWM_EINVAL);
	ck_assert_int_eq(swm_query_offset(q, -1, err), SWM_EINVAL);
	ck_assert_int_eq(swm_query_where(q, "a", (enum swm_operator)99, SWM_STR("1"), err), SWM_EINVAL);
	ck_assert_int_eq(swm_query_where(q, "a", SWM_OP_IS, SWM_STR("maybe"), err), SWM_EPARSE);
	ck_assert_int_eq(swm_query_where(q, "a", SWM_OP_EQ, SWM_STR("a\0b"), err), SWM_EINVAL);
	ck_assert_int_eq(swm_query_where(q, "a", SWM_OP_EQ, SWM_STR("\xff"), err), SWM_EINVAL);
	ck_assert_int_eq(swm_query_select(q, "a", "text) FROM x; --", NULL, err), SWM_EINVAL);
	ck_assert_int_eq(swm_query_select(q, "a", "", NULL, err), SWM_EINVAL);
	ck_assert_int_eq(swm_query_select(q, "a", "$$x", NULL, err), SWM_EINVAL);
	ck_assert_int_eq(swm_query_select(q, "a", "double precision", NULL, err), SWM_OK);
	swm_query_free(q);
	swm_query_free(NULL);
}
END_TEST

static swm_query *
parse_words(const char *before, const char *word, const char *after)
{
	char text[128];

	snprintf(text, sizeof text, "t?%s%s%s", before, word, after);
	return parse(text);
}

START_TEST(every_operator_is_read_as_itself)
{
	static const struct {
		enum swm_operator op;
		const char *url;
		enum swm_operand operand;
		bool quantified;
	} rows[] = {
#define SWM_OPERATOR(name, number, url, sql, use, quantified) \
	{ SWM_OP_##name, url, SWM_OPERAND_##use, quantified },
#include "query/operators.def"
#undef SWM_OPERATOR
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool is_list = rows[i].operand == SWM_OPERAND_LIST;
		bool is_search = rows[i].operand == SWM_OPERAND_SEARCH;
		swm_query *q = parse_words("a=", rows[i].url, is_list ? ".(1)" : ".null");
		ck_assert_int_eq(swm_query_root(q)->conditions->op, rows[i].op);
		swm_query_free(q);
		q = parse_words("or=(a.not.", rows[i].url, is_list ? ".(1),b.eq.1)" : ".null,b.eq.1)");
		ck_assert_int_eq(swm_query_root(q)->conditions->children->op, rows[i].op);
		swm_query_free(q);
		char text[64];
		snprintf(text, sizeof text, "t?a=%s(any).{1}", rows[i].url);
		int rc = swm_query_parse(&q, swm_cstr(text), err);
		ck_assert_msg((rc == SWM_OK) == (rows[i].quantified || is_search), "%s", text);
		if (rc == SWM_OK)
			swm_query_free(q);
	}
}
END_TEST

static bool
told(const char *text, const char *word)
{
	swm_query *q;

	swm_error_clear(err);
	ck_assert_int_eq(swm_query_parse(&q, swm_cstr(text), err), SWM_EPARSE);
	return strstr(swm_error_details(err).ptr, word) != NULL;
}

START_TEST(every_aggregate_is_read_and_told)
{
	static const struct {
		enum swm_aggregate aggregate;
		const char *word, *quoted;
	} rows[] = {
#define SWM_AGGREGATE(name, number, word) { SWM_AGGREGATE_##name, word, "\"" word "\"" },
#include "query/aggregates.def"
#undef SWM_AGGREGATE
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		swm_query *q = parse_words("select=a.", rows[i].word, "()");
		ck_assert_int_eq(q->ast->root.select->aggregate, rows[i].aggregate);
		swm_query_free(q);
		ck_assert_msg(told("t?select=a.x", rows[i].quoted), "%s", rows[i].word);
	}
}
END_TEST

START_TEST(every_word_of_is_is_read_and_told)
{
	static const struct {
		enum swm_is_value value;
		const char *word;
	} rows[] = {
#define SWM_IS_WORD(name, url, sql) { SWM_IS_##name, url },
#include "query/is_words.def"
#undef SWM_IS_WORD
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		swm_query *q = parse_words("a=is.", rows[i].word, "");
		swm_filter f = { .size = sizeof f };
		ck_assert_int_eq(q->ast->root.conditions->is, rows[i].value);
		ck_assert_int_eq(swm_condition_filter(q->ast->root.conditions, &f), SWM_OK);
		ck_assert(is(f.value, rows[i].word));
		swm_query_free(q);
		ck_assert_msg(told("t?a=is.x", rows[i].word), "%s", rows[i].word);
	}
}
END_TEST

/* PostgREST's page on functions: what begins with an operator filters, what the dialect has a word for is no argument. */
START_TEST(arguments_are_parted_from_filters)
{
	static const struct {
		const char *query, *arguments;
	} cases[] = {
		{ "a=1&b=2", "a=1 b=2 " },
		{ "b=2&id=gt.3&a=1&id=5", "b=2 a=1 id=5 " },
		{ "select=a&order=a&limit=1&offset=1&and=(a.eq.1)&or=(a.eq.1)&not.or=(a.eq.1)&columns=a&on_conflict=a", "" },
		{ "x.order=a&x.limit=1&x.y=eq.1&x.y=5", "" },
		{ "a=not.eq.1&b=not.like(any).{x}&c=is.null&d=in.(1)&e=fts(english).x&f=wfts.x&g=isdistinct.1", "" },
		{ "a=eq&b=in&c=is&d=not&e=not.x&f=eqx.1&g=EQ.1&h=.eq.1&i=in(1)&j=like(", "a=eq b=in c=is d=not f=eqx.1 g=EQ.1 h=.eq.1 i=in(1) j=like( " },
		{ "a=&b&c=3", "a= c=3 " },
		{ "limits=1&selects=2&android=3", "limits=1 selects=2 android=3 " },
		{ "\"a b\"=1&\"c.d\"=2&\"e\\\"f\"=3&\"limit\"=4", "a b=1 c.d=2 e\"f=3 limit=4 " },
		{ "\"a\"=eq.1&\"a\".b=1", "" },
	};

	swm_arena *arena = swm_arena_new();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_pair *pairs;
		size_t count, others;
		swm_buf text = SWM_BUF_INIT;
		ck_assert_int_eq(swm_url_pairs(&pairs, &count, arena, swm_cstr(cases[i].query), 0, err), SWM_OK);
		ck_assert_int_eq(swm_query_part_arguments(pairs, count, &others, arena, err), SWM_OK);
		for (size_t k = others; k < count; k++) {
			swm_buf_str(&text, pairs[k].name);
			swm_buf_char(&text, '=');
			swm_buf_str(&text, pairs[k].value);
			swm_buf_char(&text, ' ');
		}
		ck_assert_msg(strcmp(swm_buf_text(&text), cases[i].arguments) == 0, "%s: %s", cases[i].query, swm_buf_text(&text));
		swm_buf_dispose(&text);
	}
	swm_arena_free(arena);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("query");
	TCase *t = tcase_create("query");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, select_takes_embedding_apart);
	tcase_add_test(t, paths_before_a_name_are_levels);
	tcase_add_test(t, a_path_may_be_quoted);
	tcase_add_test(t, a_path_that_leads_nowhere_is_known);
	tcase_add_test(t, errors_are_told_as_postgrest_does);
	tcase_add_test(t, errors_of_our_own);
	tcase_add_test(t, errors_in_deep_nests_are_told_alike);
	tcase_add_test(t, a_relation_with_an_alias_that_is_called_by_its_name_is_known);
	tcase_add_test(t, names_may_be_anything_in_quotes);
	tcase_add_test(t, a_column_may_be_called_and);
	tcase_add_test(t, deep_nests_are_refused);
	tcase_add_test(t, memory_grows_with_the_text_alone);
	tcase_add_test(t, columns_count_characters);
	tcase_add_test(t, calls_build_the_same_tree);
	tcase_add_test(t, a_query_can_be_looked_through);
	tcase_add_test(t, a_parsed_query_can_be_added_to);
	tcase_add_test(t, structs_may_be_of_another_size);
	tcase_add_test(t, nodes_refuse_what_cannot_be);
	tcase_add_test(t, groups_nest_so_deep_and_no_deeper);
	tcase_add_test(t, a_group_is_of_its_query);
	tcase_add_test(t, calls_refuse_what_cannot_be);
	tcase_add_test(t, arguments_are_parted_from_filters);
	tcase_add_test(t, every_operator_is_read_as_itself);
	tcase_add_test(t, every_aggregate_is_read_and_told);
	tcase_add_test(t, every_word_of_is_is_read_and_told);
	suite_add_tcase(s, t);
	return s;
}
