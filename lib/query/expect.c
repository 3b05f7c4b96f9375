/*
 * PostgREST reads parameters with parser combinators (Parsec), and its messages follow from how
 * those work: an alternative that fails without having consumed anything gives way to the next
 * one, the expectations of all of them at the furthest position are merged, and a label replaces
 * the expectations of its parser. The rules below are PostgREST's grammar
 * (https://docs.postgrest.org/en/latest/references/api/url_grammar.html); run() is how they fail.
 */
#include "config.h"

#include "query/expect.h"

#include "base/str.h"

enum kind {
	CHARACTER, ONE_OF, NONE_OF, LETTER, DIGIT, ANY, END, /* of text */
	WORD, WORD_ANY_CASE,
	NOTHING,   /* takes nothing, and never fails */
	SEQUENCE, CHOICE, MANY,
	BACKTRACK, /* gives back the consumed text when it fails */
	AHEAD,     /* takes nothing of what it finds */
	NOT,       /* fails when it is there */
	LABEL,
	NO_COUNT,  /* a name that is not count */
};

/* Deeper nesting gets swm's own message: the stack of a thread is small. */
enum { MOST_PARTS = 8, DEEPEST = 16 };

struct rule {
	enum kind kind;
	const char *text;
	const struct rule *parts[MOST_PARTS];
};

/* The position and reason of a failure, or of the point where parsing could have continued. */
enum { MOST_MESSAGES = 16 };
struct failure {
	size_t at;
	bool known;                  /* anything at all */
	bool has_found;
	swm_str found;               /* a character; empty at the end of the text */
	swm_str refused; /* one that must not be there; ptr is NULL when there is none */
	/* characters, words and labels: their texts differ */
	const struct rule *expected[MOST_MESSAGES];
	size_t count;
};

struct outcome {
	bool ok, took;
	struct failure failure;
};

struct run {
	swm_str text;
	size_t at;
	int depth;
	bool given_up; /* nested too deep */
};

#define PARTS(...) { __VA_ARGS__ }
#define RULE(name, kind, text, ...) \
	static const struct rule name = { kind, text, PARTS(__VA_ARGS__) }
#define TOKEN(name, kind, text) static const struct rule name = { kind, text, { NULL } }
#define SEQ(name, ...) RULE(name, SEQUENCE, NULL, __VA_ARGS__)
#define EITHER(name, ...) RULE(name, CHOICE, NULL, __VA_ARGS__)
#define REPEAT(name, part) RULE(name, MANY, NULL, &part)
#define TRY(name, part) RULE(name, BACKTRACK, NULL, &part)
#define LABELED(name, label, part) RULE(name, LABEL, label, &part)
#define MAYBE(name, part) RULE(name, CHOICE, NULL, &part, &nothing)
#define TRY_WORD(name, word) TOKEN(name##_word, WORD, word); TRY(name, name##_word)
#define TRY_WORD_ANY_CASE(name, word) \
	TOKEN(name##_word, WORD_ANY_CASE, word); \
	TRY(name, name##_word)
#define TRY_AHEAD(name, word) \
	TOKEN(name##_word, WORD, word); \
	RULE(name##_ahead, AHEAD, NULL, &name##_word); \
	TRY(name, name##_ahead)

TOKEN(nothing, NOTHING, NULL);
TOKEN(any, ANY, NULL);
TOKEN(letter, LETTER, "letter");
TOKEN(digit, DIGIT, "digit");
TOKEN(end, END, "end of input");
TRY(try_end, end);
TOKEN(open, CHARACTER, "(");
TOKEN(close, CHARACTER, ")");
TOKEN(comma, CHARACTER, ",");
TOKEN(quote, CHARACTER, "\"");
TOKEN(colon, CHARACTER, ":");
TOKEN(dot, CHARACTER, ".");
TOKEN(blank, ONE_OF, " \t");
REPEAT(blanks, blank);
SEQ(wide_open, &blanks, &open, &blanks);
SEQ(wide_close, &blanks, &close, &blanks);
SEQ(wide_comma, &blanks, &comma, &blanks);
LABELED(delimiter, "delimiter (.)", dot);

/* names */
TOKEN(backslash, CHARACTER, "\\");
TOKEN(no_quote, NONE_OF, "\\\"");
SEQ(escaped, &backslash, &any);
EITHER(quoted_character, &no_quote, &escaped);
REPEAT(quoted_characters, quoted_character);
SEQ(quoted, &quote, &quoted_characters, &quote);
TOKEN(other_identifier, ONE_OF, "_ $");
EITHER(identifier_character, &letter, &digit, &other_identifier);
REPEAT(identifier_rest, identifier_character);
SEQ(identifier, &identifier_character, &identifier_rest);
TOKEN(minus, CHARACTER, "-");
TOKEN(arrow_head, CHARACTER, ">");
RULE(no_arrow_head, NOT, NULL, &arrow_head);
SEQ(dash_alone, &minus, &no_arrow_head);
TRY(dash, dash_alone);
SEQ(dashed_identifier, &dash, &identifier);
REPEAT(dashed_identifiers, dashed_identifier);
SEQ(plain_name, &identifier, &dashed_identifiers);
EITHER(name_or_quoted, &quoted, &plain_name);
LABELED(name, "field name (* or [a..z0..9_$])", name_or_quoted);

/* JSON paths */
TOKEN(key_character, NONE_OF, "(-:.,>)");
REPEAT(key_rest, key_character);
SEQ(key_word, &key_character, &key_rest);
SEQ(dashed_key, &dash, &key_word);
REPEAT(dashed_keys, dashed_key);
SEQ(plain_key, &key_word, &dashed_keys);
EITHER(key_or_quoted, &quoted, &plain_key);
LABELED(key, "any non reserved character different from: .,>()", key_or_quoted);
TRY(try_key, key);
TRY_WORD(text_arrow, "->>");
TRY_WORD(json_arrow, "->");
EITHER(arrow, &text_arrow, &json_arrow);
TRY_AHEAD(before_arrow, "->");
TRY_AHEAD(before_cast, "::");
TRY_AHEAD(before_dot, ".");
TRY_AHEAD(before_comma, ",");
TRY_AHEAD(before_close, ")");
TRY_AHEAD(before_open, "(");
EITHER(index_end, &before_arrow, &before_cast, &before_dot, &before_comma, &try_end);
MAYBE(maybe_minus, minus);
REPEAT(more_digits, digit);
SEQ(index_, &maybe_minus, &digit, &more_digits, &index_end);
TRY(try_index, index_);
EITHER(operand, &try_index, &try_key);
SEQ(path_step, &arrow, &operand);
REPEAT(path, path_step);
MAYBE(maybe_path, path);
SEQ(field, &blanks, &name, &maybe_path, &blanks);
SEQ(dotted_name, &delimiter, &name);
REPEAT(dotted_names, dotted_name);
SEQ(tree_path, &name, &dotted_names, &maybe_path);

/* select */
RULE(no_colon, NOT, NULL, &colon);
SEQ(alias_and_colon, &name, &colon, &no_colon);
TRY(try_alias, alias_and_colon);
MAYBE(alias, try_alias);
TOKEN(bang, CHARACTER, "!");
TRY_WORD(left, "left");
TRY_WORD(inner, "inner");
TRY(hint, name);
EITHER(parameter, &left, &inner, &hint);
SEQ(bang_parameter, &bang, &parameter);
MAYBE(embed_parameter, bang_parameter);
RULE(relation_name, NO_COUNT, NULL, &name);
SEQ(relation, &blanks, &alias, &relation_name, &embed_parameter, &embed_parameter, &before_open,
    &blanks);
TRY(try_relation, relation);
TOKEN(dots, WORD, "...");
SEQ(spread, &blanks, &dots, &name, &embed_parameter, &embed_parameter, &before_open, &blanks);
TRY(try_spread, spread);
EITHER(item_end, &before_close, &before_comma, &try_end);
TOKEN(star, WORD, "*");
SEQ(star_item, &star, &item_end);
TRY(try_star, star_item);
TOKEN(cast_colons, WORD, "::");
SEQ(cast_type, &cast_colons, &identifier);
MAYBE(cast, cast_type);
TOKEN(count_of_rows, WORD, "count()");
SEQ(count_item, &alias, &count_of_rows, &cast, &item_end);
TRY(try_count, count_item);
TOKEN(sum, WORD, "sum");
TOKEN(avg, WORD, "avg");
TOKEN(count, WORD, "count");
TRY_WORD(max, "max");
TRY_WORD(min, "min");
EITHER(aggregate_name, &sum, &avg, &count, &max, &min);
TOKEN(parentheses, WORD, "()");
SEQ(aggregate_call, &dot, &aggregate_name, &parentheses);
TRY(try_aggregate, aggregate_call);
MAYBE(aggregate, try_aggregate);
SEQ(field_item, &alias, &field, &cast, &aggregate, &cast, &item_end);
EITHER(any_item, &try_star, &try_count, &field_item);
SEQ(wide_item, &blanks, &any_item, &blanks);
static const struct rule items; /* a relation's own select list */
SEQ(spread_tree, &try_spread, &open, &items, &close);
SEQ(relation_tree, &try_relation, &open, &items, &close);
EITHER(tree, &spread_tree, &relation_tree, &wide_item);
SEQ(another_tree, &wide_comma, &tree);
REPEAT(more_trees, another_tree);
SEQ(some_items, &tree, &more_trees);
EITHER(items, &some_items, &nothing);

/* filters: value is what follows the operator, up to the end or within parentheses */
REPEAT(value, any);
TOKEN(no_list_end, NONE_OF, ",)");
RULE(list_end, NOT, NULL, &no_list_end);
SEQ(whole_quoted, &quoted, &list_end);
TRY(try_quoted, whole_quoted);
REPEAT(plain_value, no_list_end);
EITHER(element, &try_quoted, &plain_value);
SEQ(another_element, &comma, &element);
REPEAT(more_elements, another_element);
SEQ(list, &wide_open, &element, &more_elements, &wide_close);
TOKEN(brace_open, WORD, "{");
TOKEN(brace_close, WORD, "}");
TOKEN(no_brace, NONE_OF, "{}");
REPEAT(no_braces, no_brace);
SEQ(array, &brace_open, &no_braces, &brace_close);
TRY(try_array, array);
EITHER(inner_value, &try_quoted, &try_array, &plain_value);
TOKEN(not_word, WORD, "not");
SEQ(not_dot, &not_word, &delimiter);
TRY(try_not, not_dot);
MAYBE(maybe_not, try_not);
TOKEN(in_word, WORD, "in");
SEQ(in_dot, &in_word, &delimiter);
TRY(try_in, in_dot);
SEQ(in, &try_in, &list);
TOKEN(is_word, WORD, "is");
SEQ(is_dot, &is_word, &delimiter);
TRY(try_is, is_dot);
TRY_WORD_ANY_CASE(is_null, "null");
TRY_WORD_ANY_CASE(is_not_null, "not_null");
TRY_WORD_ANY_CASE(is_true, "true");
TRY_WORD_ANY_CASE(is_false, "false");
TRY_WORD_ANY_CASE(is_unknown, "unknown");
EITHER(is_words, &is_null, &is_not_null, &is_true, &is_false, &is_unknown);
LABELED(is_value, "isVal: (null, not_null, true, false, unknown)", is_words);
SEQ(is, &try_is, &is_value);
TOKEN(distinct_word, WORD, "isdistinct");
SEQ(distinct_dot, &distinct_word, &delimiter);
TRY(try_distinct, distinct_dot);
TRY_WORD(fts, "fts");
TRY_WORD(plfts, "plfts");
TRY_WORD(phfts, "phfts");
TRY_WORD(wfts, "wfts");
EITHER(search_word, &fts, &plfts, &phfts, &wfts);
SEQ(language_in_parentheses, &open, &identifier, &close);
TRY(try_language, language_in_parentheses);
MAYBE(language, try_language);
TRY_WORD(neq, "neq");
TRY_WORD(cs, "cs");
TRY_WORD(cd, "cd");
TRY_WORD(ov, "ov");
TRY_WORD(sl, "sl");
TRY_WORD(sr, "sr");
TRY_WORD(nxr, "nxr");
TRY_WORD(nxl, "nxl");
TRY_WORD(adj, "adj");
EITHER(simple_words, &neq, &cs, &cd, &ov, &sl, &sr, &nxr, &nxl);
EITHER(all_simple_words, &simple_words, &adj);
LABELED(simple_word, "unknown single value operator", all_simple_words);
TRY_WORD(eq, "eq");
TRY_WORD(gte, "gte");
TRY_WORD(gt, "gt");
TRY_WORD(lte, "lte");
TRY_WORD(lt, "lt");
TRY_WORD(like, "like");
TRY_WORD(ilike, "ilike");
TRY_WORD(match, "match");
TRY_WORD(imatch, "imatch");
EITHER(quantified_words, &eq, &gte, &gt, &lte, &lt, &like, &ilike, &match);
EITHER(all_quantified_words, &quantified_words, &imatch);
LABELED(quantified_word, "unknown single value operator", all_quantified_words);
TRY_WORD(any_of, "any");
TOKEN(all_of, WORD, "all");
EITHER(quantifier_word, &any_of, &all_of);
SEQ(quantifier_in_parentheses, &open, &quantifier_word, &close);
TRY(try_quantifier, quantifier_in_parentheses);
MAYBE(quantifier, try_quantifier);
#define OPERATION(name, value) \
	SEQ(name##_distinct, &try_distinct, &value); \
	SEQ(name##_search, &search_word, &language, &delimiter, &value); \
	TRY(name##_try_search, name##_search); \
	SEQ(name##_simple, &simple_word, &delimiter, &value); \
	TRY(name##_try_simple, name##_simple); \
	SEQ(name##_quantified, &quantified_word, &quantifier, &delimiter, &value); \
	TRY(name##_try_quantified, name##_quantified); \
	EITHER(name##_any, &in, &is, &name##_distinct, &name##_try_search, &name##_try_simple, \
	       &name##_try_quantified); \
	LABELED(name##_labeled, "operator (eq, gt, ...)", name##_any); \
	SEQ(name, &maybe_not, &name##_labeled)
OPERATION(filter, value);
OPERATION(inner_operation, inner_value);

/* and, or */
SEQ(inner_filter, &field, &delimiter, &inner_operation);
TRY(try_inner_filter, inner_filter);
LABELED(negation, "negation operator (not)", maybe_not);
TRY_WORD(and_, "and");
TOKEN(or_, WORD, "or");
EITHER(logic_word, &and_, &or_);
LABELED(logic_operator, "logic operator (and, or)", logic_word);
static const struct rule logic_tree;
SEQ(another_branch, &wide_comma, &logic_tree);
REPEAT(more_branches, another_branch);
SEQ(branches, &negation, &logic_operator, &wide_open, &logic_tree, &more_branches, &wide_close);
EITHER(logic_tree, &try_inner_filter, &branches);

/* order */
SEQ(in_parentheses, &open, &field, &close);
TOKEN(asc_word, WORD, "asc");
TOKEN(desc_word, WORD, "desc");
TOKEN(first_word, WORD, "nullsfirst");
TOKEN(last_word, WORD, "nullslast");
SEQ(dot_asc, &delimiter, &asc_word);
SEQ(dot_desc, &delimiter, &desc_word);
SEQ(dot_first, &delimiter, &first_word);
SEQ(dot_last, &delimiter, &last_word);
TRY(try_asc, dot_asc);
TRY(try_desc, dot_desc);
TRY(try_first, dot_first);
TRY(try_last, dot_last);
EITHER(direction_word, &try_asc, &try_desc);
MAYBE(direction, direction_word);
EITHER(nulls_word, &try_first, &try_last);
MAYBE(nulls, nulls_word);
RULE(comma_ahead, AHEAD, NULL, &comma);
TRY(try_comma, comma_ahead);
EITHER(term_end, &try_comma, &try_end);
SEQ(nulls_and_end, &nulls, &term_end);
EITHER(term_tail, &nulls_and_end, &term_end);
SEQ(plain_term, &field, &direction, &term_tail);
SEQ(relation_term, &name, &in_parentheses, &direction, &term_tail);
TRY(try_relation_term, relation_term);
EITHER(term, &try_relation_term, &plain_term);
SEQ(wide_term, &blanks, &term, &blanks);
SEQ(another_term, &comma, &wide_term);
REPEAT(more_terms, another_term);
SEQ(order, &wide_term, &more_terms);

/* columns, on_conflict */
SEQ(another_name, &wide_comma, &name);
REPEAT(more_names, another_name);
SEQ(names, &name, &more_names);

static const struct {
	const char *what;
	const struct rule *rule;
} parameters[] = {
	{ "select parameter", &items },      { "filter", &filter },
	{ "tree path", &tree_path },         { "order", &order },
	{ "logic tree", &logic_tree },       { "columns parameter", &names },
	{ "on_conflict parameter", &names },
};

static bool
is_quoted(const struct rule *r)
{
	return r->kind == CHARACTER || r->kind == WORD;
}

/* The character at a place, empty at the end; what is no UTF-8 has been refused before. */
static swm_str
character_at(const struct run *p, size_t at)
{
	size_t n = at < p->text.len ? 1 : 0;

	while (n > 0 && at + n < p->text.len && ((unsigned char)p->text.ptr[at + n] & 0xc0) == 0x80)
		n++;
	return (swm_str){ p->text.ptr + at, n };
}

static void
expect(struct failure *f, const struct rule *r)
{
	f->known = true;
	for (size_t i = 0; i < f->count; i++)
		if (is_quoted(f->expected[i]) == is_quoted(r) &&
		    strcmp(f->expected[i]->text, r->text) == 0)
			return;
	if (f->count < MOST_MESSAGES)
		f->expected[f->count++] = r;
}

/* The furthest position counts; expectations at the same position are merged. */
static struct failure
merge(const struct failure *a, const struct failure *b)
{
	if (!b->known && a->known)
		return *a;
	if (!a->known || b->at > a->at)
		return *b;
	if (a->at > b->at)
		return *a;
	struct failure both = *a;
	if (!both.has_found && b->has_found) {
		both.has_found = true;
		both.found = b->found;
	}
	if (both.refused.ptr == NULL)
		both.refused = b->refused;
	for (size_t i = 0; i < b->count; i++)
		expect(&both, b->expected[i]);
	return both;
}

static struct outcome
found(size_t at, swm_str character)
{
	return (struct outcome){
		.failure = { .at = at, .known = true, .has_found = true, .found = character }
	};
}

static struct outcome
taken(struct run *p, size_t n)
{
	p->at += n;
	return (struct outcome){ .ok = true, .took = n > 0, .failure = { .at = p->at } };
}

static bool
fits(const struct rule *r, swm_str c)
{
	char first = c.len > 0 ? c.ptr[0] : '\0';
	bool listed = c.len == 1 && first != '\0' && r->text != NULL &&
	              strchr(r->text, first) != NULL;

	switch (r->kind) {
	case LETTER: /* all beyond ASCII are taken for letters */
		return c.len > 1 || (first >= 'a' && first <= 'z') ||
		       (first >= 'A' && first <= 'Z');
	case DIGIT:
		return first >= '0' && first <= '9';
	case ANY:
		return c.len > 0;
	case NONE_OF:
		return c.len > 0 && !listed;
	default:
		return listed;
	}
}

static struct outcome
run_character(struct run *p, const struct rule *r)
{
	swm_str c = character_at(p, p->at);

	if (fits(r, c))
		return taken(p, c.len);
	struct outcome o = found(p->at, c);
	if (r->kind == CHARACTER || r->kind == LETTER || r->kind == DIGIT)
		expect(&o.failure, r);
	return o;
}

/* It fails at its beginning, of the first character that differs. */
static struct outcome
run_word(struct run *p, const struct rule *r)
{
	size_t n = strlen(r->text), i = 0;
	swm_str rest = swm_str_from(p->text, p->at);

	while (i < n && i < rest.len && rest.ptr[i] == r->text[i])
		i++;
	if (i == n)
		return taken(p, n);
	struct outcome o = found(p->at, character_at(p, p->at + i));
	expect(&o.failure, r);
	o.took = i > 0;
	return o;
}

/* Character by character: it fails where it differs. Its label says what was expected. */
static struct outcome
run_word_any_case(struct run *p, const struct rule *r)
{
	for (size_t i = 0; r->text[i] != '\0'; i++) {
		swm_str c = character_at(p, p->at);
		if (!swm_str_caseeq(c, (swm_str){ r->text + i, 1 })) {
			struct outcome o = found(p->at, c);
			o.took = i > 0;
			return o;
		}
		p->at++;
	}
	return (struct outcome){ .ok = true, .took = true, .failure = { .at = p->at } };
}

static struct outcome run(struct run *p, const struct rule *r);

static struct outcome
run_sequence(struct run *p, const struct rule *r)
{
	struct outcome o = { .ok = true, .failure = { .at = p->at } };

	for (size_t i = 0; i < MOST_PARTS && r->parts[i] != NULL && o.ok; i++) {
		struct outcome next = run(p, r->parts[i]);
		if (!next.took)
			next.failure = merge(&o.failure, &next.failure);
		next.took |= o.took;
		o = next;
	}
	return o;
}

static struct outcome
run_choice(struct run *p, const struct rule *r)
{
	struct outcome o = { .failure = { .at = p->at } };

	for (size_t i = 0; i < MOST_PARTS && r->parts[i] != NULL; i++) {
		struct outcome next = run(p, r->parts[i]);
		if (!next.took)
			next.failure = merge(&o.failure, &next.failure);
		o = next;
		if (o.ok || o.took)
			break;
	}
	return o;
}

static struct outcome
run_many(struct run *p, const struct rule *r)
{
	struct outcome o;
	bool took = false;

	do {
		o = run(p, r->parts[0]);
		took |= o.took;
	} while (o.ok && o.took);
	o.ok = o.ok || !o.took;
	o.took = took;
	return o;
}

/* END and NOT: what must not be there is looked at, and nothing is taken. */
static struct outcome
run_not(struct run *p, const struct rule *r)
{
	size_t begin = p->at;
	swm_str c = character_at(p, p->at);
	struct outcome o = r->kind == END ? run_character(p, &any) : run(p, r->parts[0]);

	if (o.ok)
		o = (struct outcome){ .failure = { .at = r->kind == END ? begin : p->at,
			                           .known = true,
			                           .refused = c } };
	else
		o.ok = true;
	o.took = false;
	p->at = begin;
	if (r->kind == END) {
		o.failure.count = 0;
		expect(&o.failure, r);
	}
	return o;
}

static struct outcome
run_label(struct run *p, const struct rule *r)
{
	struct outcome o = run(p, r->parts[0]);

	if (o.took || (o.ok && !o.failure.known))
		return o;
	o.failure.count = 0;
	expect(&o.failure, r);
	return o;
}

static struct outcome
run_no_count(struct run *p, const struct rule *r)
{
	size_t begin = p->at;
	struct outcome o = run(p, r->parts[0]);

	if (o.ok && swm_str_eq(swm_str_trim((swm_str){ p->text.ptr + begin, p->at - begin }),
	                       SWM_STR("count")))
		o = (struct outcome){ .took = o.took, .failure = { .at = p->at } };
	return o;
}

static struct outcome
run_back(struct run *p, const struct rule *r)
{
	size_t begin = p->at;
	struct outcome o = run(p, r->parts[0]);

	if (r->kind == AHEAD && o.ok) {
		p->at = begin;
		return (struct outcome){ .ok = true, .failure = { .at = begin } };
	}
	if (r->kind == BACKTRACK && !o.ok) {
		p->at = begin;
		o.took = false;
	}
	return o;
}

/* The list of a relation and the branches of a tree are where it goes deeper. */
static struct outcome
run_deeper(struct run *p, const struct rule *r)
{
	struct outcome o = { .took = true };

	if (++p->depth > DEEPEST)
		p->given_up = true;
	else
		o = run_choice(p, r);
	p->depth--;
	return o;
}

static struct outcome
run(struct run *p, const struct rule *r)
{
	switch (r->kind) {
	case NOTHING:
		return taken(p, 0);
	case WORD:
		return run_word(p, r);
	case WORD_ANY_CASE:
		return run_word_any_case(p, r);
	case SEQUENCE:
		return run_sequence(p, r);
	case CHOICE:
		return r == &items || r == &logic_tree ? run_deeper(p, r) : run_choice(p, r);
	case MANY:
		return run_many(p, r);
	case END:
	case NOT:
		return run_not(p, r);
	case LABEL:
		return run_label(p, r);
	case NO_COUNT:
		return run_no_count(p, r);
	case BACKTRACK:
	case AHEAD:
		return run_back(p, r);
	default:
		return run_character(p, r);
	}
}

/* As Haskell shows a character, with the quotes around it. */
static void
write_character(swm_buf *to, swm_str c, char around)
{
	unsigned code = 0;

	swm_buf_char(to, around);
	if (c.len == 1 && (c.ptr[0] == around || c.ptr[0] == '\\')) {
		swm_buf_char(to, '\\');
		swm_buf_str(to, c);
	} else if (c.len == 1 && c.ptr[0] == '\t') {
		swm_buf_cstr(to, "\\t");
	} else if (c.len == 1 && c.ptr[0] == '\n') {
		swm_buf_cstr(to, "\\n");
	} else if (c.len == 1 && c.ptr[0] == '\r') {
		swm_buf_cstr(to, "\\r");
	} else if (c.len == 1) {
		swm_buf_str(to, c);
	} else {
		code = (unsigned char)c.ptr[0] & (0xffU >> (c.len + 1));
		for (size_t i = 1; i < c.len; i++)
			code = code << 6 | ((unsigned char)c.ptr[i] & 0x3f);
		swm_buf_printf(to, "\\%u", code);
	}
	swm_buf_char(to, around);
}

static void
write_quoted(swm_buf *to, const char *text)
{
	swm_buf_char(to, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			swm_buf_char(to, '\\');
		swm_buf_char(to, *text);
	}
	swm_buf_char(to, '"');
}

static void
write_details(swm_buf *to, const struct failure *f)
{
	if (f->refused.ptr != NULL || f->has_found)
		swm_buf_cstr(to, "unexpected ");
	if (f->refused.ptr != NULL)
		write_character(to, f->refused, '\'');
	else if (f->has_found && f->found.len == 0)
		swm_buf_cstr(to, "end of input");
	else if (f->has_found)
		write_character(to, f->found, '"');
	for (size_t i = 0; i < f->count; i++) {
		swm_buf_cstr(to, i == 0 ? (to->len > 0 ? " expecting " : "expecting ")
		                 : i + 1 == f->count ? " or "
		                 : ", ");
		if (is_quoted(f->expected[i]))
			write_quoted(to, f->expected[i]->text);
		else
			swm_buf_cstr(to, f->expected[i]->text);
	}
	if (to->len == 0)
		swm_buf_cstr(to, "unknown parse error");
}

bool
swm_query_expected(const char *what, swm_str text, size_t *column, swm_buf *details)
{
	struct run p = { .text = text };
	const struct rule *rule = NULL;

	for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
		if (strcmp(parameters[i].what, what) == 0)
			rule = parameters[i].rule;
	if (rule == NULL)
		return false;
	struct outcome o = run(&p, rule);
	if (o.ok || p.given_up)
		return false;
	*column = 1;
	for (size_t i = 0; i < o.failure.at; i++)
		*column += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
	write_details(details, &o.failure);
	return true;
}
