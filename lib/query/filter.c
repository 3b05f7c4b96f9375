#include "config.h"

#include "query/parse.h"

/* (any) or (all); both begin with the same letter, and PostgREST looks for any first. */
static bool
scan_quantifier(swm_scanner *s, enum swm_quantifier *out)
{
	*out = SWM_QUANTIFIER_ANY;
	if (!swm_scan_word(s, "any")) {
		*out = SWM_QUANTIFIER_ALL;
		if (!swm_scan_decided_word(s, "all"))
			return false;
	}
	return true;
}

/* (language): one of blanks alone is none to us. */
static bool
scan_language(swm_scanner *s, swm_str *out)
{
	if (!swm_scan_identifier(s, out))
		return false;
	if (out->len == 0)
		swm_scan_refuse(s, s->at, "operator (eq, gt, ...)");
	return true;
}

/* A quantifier or language in parentheses; nothing is taken when there is none. */
static void
scan_modifier(swm_scanner *s, const swm_operator_entry *op, swm_condition *out)
{
	swm_mark begin;
	bool search = op->operand == SWM_OPERAND_SEARCH;

	swm_scan_mark(s, &begin);
	if ((!search && !op->quantified) ||
	    (swm_scan_word(s, "(") &&
	     (search ? scan_language(s, &out->language) : scan_quantifier(s, &out->quantifier)) &&
	     swm_scan_word(s, ")")))
		return;
	out->quantifier = SWM_QUANTIFIER_NONE;
	out->language = (swm_str){ NULL, 0 };
	swm_scan_back(s, &begin);
}

/* An operator with its modifier, and the dot. */
static bool
scan_operator(swm_scanner *s, swm_condition *out)
{
	swm_mark begin;
	swm_expected further;

	swm_scan_begin_label(s, &begin);
	further.known = false;
	for (int i = 0; i < SWM_OPERATORS; i++) {
		out->op = swm_operator_nth(i);
		const swm_operator_entry *op = swm_operator_of(out->op);
		if (!swm_scan_word_called(s, op->url.ptr, NULL))
			continue;
		scan_modifier(s, op, out);
		if (swm_scan_delimiter(s))
			return true;
		swm_expected_merge(&further, &s->expected);
		s->at = begin.at;
	}
	swm_expected_merge(&s->expected, &further);
	swm_scan_end_label(s, &begin, "operator (eq, gt, ...)");
	return false;
}

static bool
scan_not(swm_scanner *s)
{
	swm_mark begin;

	swm_scan_mark(s, &begin);
	return (swm_scan_word(s, "not") && swm_scan_delimiter(s)) || swm_scan_back(s, &begin);
}

bool
swm_query_is_operation(swm_str text)
{
	swm_condition c = { .kind = SWM_CONDITION_FILTER };
	swm_scanner s;

	swm_scan_begin(&s, "filter", text, NULL, NULL);
	s.silent = true;
	return scan_not(&s) || (scan_operator(&s, &c) && s.refusal.expecting == NULL);
}

static bool
scan_elements(swm_scanner *s, swm_value **first)
{
	swm_value **tail = first;

	do {
		swm_value *v = swm_arena_alloc(s->arena, sizeof *v);
		if (v == NULL)
			return swm_scan_fail_memory(s);
		swm_scan_element(s, &v->text);
		if (tail != first)
			swm_scan_end_round(s);
		*tail = v;
		tail = &v->next;
	} while (swm_scan_word(s, ","));
	swm_scan_blanks(s);
	return swm_scan_word(s, ")");
}

/* in.() has no element and matches nothing. */
static bool
scan_list(swm_scanner *s, swm_value **out)
{
	swm_scan_blanks(s);
	if (!swm_scan_word(s, "("))
		return false;
	swm_scan_blanks(s);
	bool empty = swm_scan_peek(s) == ')' && swm_scan_word(s, ")");
	if (!empty && !scan_elements(s, out))
		return false;
	swm_scan_blanks(s);
	return true;
}

bool
swm_is_type_name(swm_str name)
{
	bool inside = false; /* an identifier */

	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		bool first = letter || c == '_' || c >= 0x80;
		if (!first && c != ' ' && !(inside && (c == '$' || (c >= '0' && c <= '9'))))
			return false;
		inside = c != ' ';
	}
	return name.len > 0;
}

static bool
is_word_character(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Reads letters of any case, and is undecided for so long as they agree with a word. */
static bool
scan_is_word(swm_scanner *s, swm_str word)
{
	swm_mark begin;

	swm_scan_mark(s, &begin);
	for (size_t i = 0; i < word.len; i++) {
		swm_str letter = { word.ptr + i, 1 };
		swm_str next = { s->text.ptr + s->at, swm_scan_peek(s) >= 0 };
		if (!swm_str_caseeq(next, letter)) {
			swm_scan_note(s, NULL);
			return swm_scan_back(s, &begin);
		}
		s->at++;
	}
	return true;
}

/* The value is one whole word; PostgREST is content with its beginning. */
static bool
scan_is(swm_scanner *s, enum swm_is_value *out)
{
	static const char label[] = "isVal: (null, not_null, true, false, unknown)";
	swm_mark begin;

	swm_scan_begin_label(s, &begin);
	for (int i = 0; i < SWM_IS_WORDS; i++) {
		*out = (enum swm_is_value)i;
		if (!scan_is_word(s, swm_is_word(*out)))
			continue;
		if (is_word_character(swm_scan_peek(s)))
			swm_scan_refuse(s, begin.at, label);
		s->expected.known = false;
		return true;
	}
	swm_scan_end_label(s, &begin, label);
	return false;
}

static bool scan_logic(swm_scanner *s, swm_condition **out);

/* Text after braces that close is to PostgREST no part of the value. */
static void
tolerate_more_than_array(swm_scanner *s, size_t end)
{
	swm_scanner reader = swm_scan_reader(s, end + 1);

	swm_scan_end_round(&reader);
	if (!swm_scan_comma(&reader) && !swm_scan_word(&reader, ")"))
		swm_scan_tolerate(s, reader.tolerated.known ? &reader.tolerated : &reader.expected);
}

/* A value with braces within braces ends at its first comma to PostgREST. */
static void
tolerate_nested_array(swm_scanner *s)
{
	swm_scanner reader = swm_scan_reader(s, s->at);
	swm_condition *next;
	swm_str value;

	reader.tolerated.known = true; /* one reader is enough */
	swm_scan_element(&reader, &value);
	if (swm_scan_comma(&reader) && !scan_logic(&reader, &next))
		swm_scan_tolerate(s, &reader.expected);
}

static void
tolerate_array(swm_scanner *s)
{
	size_t end = s->at + 1;

	if (s->silent || s->tolerated.known || swm_scan_peek(s) != '{')
		return;
	while (end < s->text.len && strchr("{}", s->text.ptr[end]) == NULL)
		end++;
	if (end < s->text.len && s->text.ptr[end] == '}')
		tolerate_more_than_array(s, end);
	else if (end < s->text.len)
		tolerate_nested_array(s);
}

static bool
scan_operand(swm_scanner *s, swm_condition *out, bool enclosed)
{
	switch (swm_operator_of(out->op)->operand) {
	case SWM_OPERAND_LIST:
		return scan_list(s, &out->list);
	case SWM_OPERAND_IS:
		return scan_is(s, &out->is);
	default:
		if (enclosed) {
			tolerate_array(s);
			return swm_scan_enclosed_value(s, &out->value);
		}
		out->value = (swm_str){ s->text.ptr + s->at, s->text.len - s->at };
		s->at = s->text.len;
		return true;
	}
}

/* [not.]op[(modifier)].value; enclosed: the value ends at `,` or `)` */
static bool
scan_operation(swm_scanner *s, swm_condition *out, bool enclosed)
{
	out->negated = scan_not(s);
	return scan_operator(s, out) && scan_operand(s, out, enclosed);
}

int
swm_parse_operation(swm_scanner *s, swm_condition *out)
{
	bool ok = scan_operation(s, out, false);

	if (ok)
		swm_scan_end(s, "end of input");
	return swm_scan_outcome(s, ok);
}

static bool
scan_enclosed_filter(swm_scanner *s, swm_condition *out)
{
	swm_mark begin;

	swm_scan_mark(s, &begin);
	if (swm_scan_field(s, &out->field) && swm_scan_delimiter(s) && scan_operation(s, out, true))
		return true;
	*out = (swm_condition){ .kind = SWM_CONDITION_FILTER };
	return swm_scan_back(s, &begin);
}

static bool
scan_logic_operator(swm_scanner *s, swm_condition *out)
{
	swm_mark begin;

	swm_scan_begin_label(s, &begin);
	out->negated = scan_not(s);
	swm_scan_end_label(s, &begin, "negation operator (not)");
	swm_scan_begin_label(s, &begin);
	out->kind = swm_scan_word(s, "and")         ? SWM_CONDITION_AND
	          : swm_scan_decided_word(s, "or") ? SWM_CONDITION_OR
	                                           : SWM_CONDITION_FILTER;
	swm_scan_end_label(s, &begin, "logic operator (and, or)");
	return out->kind != SWM_CONDITION_FILTER;
}

static bool
scan_branches(swm_scanner *s, swm_condition *out)
{
	swm_condition **tail = &out->children;

	swm_scan_blanks(s);
	if (!swm_scan_word(s, "(") || !swm_scan_deeper(s))
		return false;
	swm_scan_blanks(s);
	out->depth = (unsigned)s->depth;
	out->arena = s->arena;
	do {
		if (!scan_logic(s, tail))
			return false;
		if (tail != &out->children)
			swm_scan_end_round(s);
		tail = &(*tail)->next;
	} while (swm_scan_comma(s));
	s->depth--;
	swm_scan_blanks(s);
	if (!swm_scan_word(s, ")"))
		return false;
	swm_scan_blanks(s);
	return true;
}

/* A filter first: a column may be called and. */
static bool
scan_logic(swm_scanner *s, swm_condition **out)
{
	swm_condition *c = swm_arena_alloc(s->arena, sizeof *c);

	if (c == NULL)
		return swm_scan_fail_memory(s);
	*out = c;
	bool tolerated = s->tolerated.known;
	if (scan_enclosed_filter(s, c))
		return true;
	if (!scan_logic_operator(s, c))
		return false;
	s->tolerated.known = tolerated; /* what follows was no filter */
	return scan_branches(s, c);
}

int
swm_parse_logic(swm_scanner *s, swm_condition **out)
{
	bool ok = scan_logic(s, out);

	if (ok && (*out)->kind == SWM_CONDITION_FILTER)
		s->refusal = (swm_refusal){ s->skipped, "\"(\"" };
	if (ok)
		swm_scan_end(s, "end of input");
	return swm_scan_outcome(s, ok);
}
