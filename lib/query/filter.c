#include "config.h"

#include "query/parse.h"

static const char expecting_operator[] = "\"not\" or operator (eq, gt, ...)";

/* The operator is a run of lower-case letters; `(` or `.` ends it. */
static int
scan_operator(swm_scanner *s, enum swm_operator *out)
{
	size_t begin = s->at;

	while (swm_scan_peek(s) >= 'a' && swm_scan_peek(s) <= 'z')
		s->at++;
	swm_str word = { s->text.ptr + begin, s->at - begin };
	for (int i = 0; i < SWM_OPERATORS; i++) {
		if (!swm_str_eq(swm_operator_of(i)->url, word))
			continue;
		int next = swm_scan_peek(s);
		bool modified = swm_operator_of(i)->quantified ||
		                swm_operator_of(i)->operand == SWM_OPERAND_SEARCH;
		if (next != '.' && !(next == '(' && modified))
			return swm_scan_fail(s, next == '(' ? "operator (eq, gt, ...)"
			                                    : "delimiter (.)");
		*out = (enum swm_operator)i;
		return SWM_OK;
	}
	s->at = begin;
	return swm_scan_fail(s, expecting_operator);
}

static int
scan_quantifier(swm_scanner *s, enum swm_quantifier *out)
{
	if (swm_scan_word(s, SWM_STR("(any)")))
		*out = SWM_QUANTIFIER_ANY;
	else if (swm_scan_word(s, SWM_STR("(all)")))
		*out = SWM_QUANTIFIER_ALL;
	else if (swm_scan_char(s, '('))
		return swm_scan_fail(s, "\"any\" or \"all\"");
	return SWM_OK;
}

static int
scan_language(swm_scanner *s, swm_str *out)
{
	if (!swm_scan_char(s, '('))
		return SWM_OK;
	*out = swm_scan_identifier(s);
	if (out->len == 0)
		return swm_scan_fail(s, "operator (eq, gt, ...)");
	return swm_scan_char(s, ')') ? SWM_OK : swm_scan_fail(s, "\")\"");
}

bool
swm_query_is_operation(swm_str text)
{
	swm_scanner s = { .text = text };
	enum swm_operator op;
	enum swm_quantifier quantifier;
	swm_str language;

	if (swm_scan_word(&s, SWM_STR("not.")))
		return true;
	if (scan_operator(&s, &op) != SWM_OK)
		return false;
	if (swm_operator_of(op)->quantified && scan_quantifier(&s, &quantifier) != SWM_OK)
		return false;
	if (swm_operator_of(op)->operand == SWM_OPERAND_SEARCH &&
	    scan_language(&s, &language) != SWM_OK)
		return false;
	return swm_scan_peek(&s) == '.';
}

/* An element of in.(...) is quoted only if nothing but `,` or `)` follows the quotes. */
static int
scan_element(swm_scanner *s, swm_str *out)
{
	size_t begin = s->at;

	if (swm_scan_peek(s) == '"') {
		int rc = swm_scan_quoted(s, out);
		int next = swm_scan_peek(s);
		if (rc == SWM_ENOMEM || (rc == SWM_OK && (next < 0 || next == ',' || next == ')')))
			return rc;
		swm_error_clear(s->err);
		s->at = begin;
	}
	while (swm_scan_peek(s) >= 0 && swm_scan_peek(s) != ',' && swm_scan_peek(s) != ')')
		s->at++;
	*out = (swm_str){ s->text.ptr + begin, s->at - begin };
	return SWM_OK;
}

static int
scan_list(swm_scanner *s, swm_value **out)
{
	swm_value **tail = out;

	swm_scan_blanks(s);
	if (!swm_scan_char(s, '('))
		return swm_scan_fail(s, "\"(\"");
	swm_scan_blanks(s);
	if (swm_scan_char(s, ')')) { /* in.() has no element and matches nothing */
		swm_scan_blanks(s);
		return SWM_OK;
	}
	do {
		swm_value *v = swm_arena_alloc(s->arena, sizeof *v);
		if (v == NULL)
			return swm_fail_memory(s->err);
		int rc = scan_element(s, &v->text);
		if (rc != SWM_OK)
			return rc;
		*tail = v;
		tail = &v->next;
	} while (swm_scan_char(s, ','));
	if (!swm_scan_char(s, ')'))
		return swm_scan_fail(s, "\",\" or \")\"");
	swm_scan_blanks(s);
	return SWM_OK;
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
is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The value is one word; what follows it is for the caller to refuse. */
static int
scan_is(swm_scanner *s, enum swm_is_value *out)
{
	size_t begin = s->at;

	while (is_letter(swm_scan_peek(s)) || swm_scan_peek(s) == '_')
		s->at++;
	if (swm_is_value_of(out, (swm_str){ s->text.ptr + begin, s->at - begin }))
		return SWM_OK;
	s->at = begin;
	return swm_scan_fail(s, "isVal: (null, not_null, true, false, unknown)");
}

static int
scan_operand(swm_scanner *s, swm_condition *out, bool enclosed)
{
	switch (swm_operator_of(out->op)->operand) {
	case SWM_OPERAND_LIST:
		return scan_list(s, &out->list);
	case SWM_OPERAND_IS:
		return scan_is(s, &out->is);
	default:
		if (enclosed)
			return swm_scan_enclosed_value(s, &out->value);
		out->value = (swm_str){ s->text.ptr + s->at, s->text.len - s->at };
		s->at = s->text.len;
		return SWM_OK;
	}
}

int
swm_parse_operation(swm_scanner *s, swm_condition *out, bool enclosed)
{
	out->negated = swm_scan_word(s, SWM_STR("not."));
	int rc = scan_operator(s, &out->op);
	if (rc == SWM_OK && swm_operator_of(out->op)->quantified)
		rc = scan_quantifier(s, &out->quantifier);
	if (rc == SWM_OK && swm_operator_of(out->op)->operand == SWM_OPERAND_SEARCH)
		rc = scan_language(s, &out->language);
	if (rc == SWM_OK && !swm_scan_char(s, '.'))
		rc = swm_scan_fail(s, "delimiter (.)");
	if (rc == SWM_OK)
		rc = scan_operand(s, out, enclosed);
	return rc;
}

/* and( or or( with an optional not. before it; leaves the cursor after the parenthesis. */
static bool
scan_logic_operator(swm_scanner *s, swm_condition *out)
{
	size_t begin = s->at;

	out->negated = swm_scan_word(s, SWM_STR("not."));
	out->kind = swm_scan_word(s, SWM_STR("and"))  ? SWM_CONDITION_AND
	            : swm_scan_word(s, SWM_STR("or")) ? SWM_CONDITION_OR
	                                              : SWM_CONDITION_FILTER;
	swm_scan_blanks(s);
	if (out->kind != SWM_CONDITION_FILTER && swm_scan_char(s, '('))
		return true;
	*out = (swm_condition){ .kind = SWM_CONDITION_FILTER };
	s->at = begin;
	return false;
}

static int
scan_enclosed_filter(swm_scanner *s, swm_condition *out)
{
	int rc = swm_scan_field(s, &out->field);
	if (rc == SWM_OK && !swm_scan_char(s, '.'))
		rc = swm_scan_fail(s, "delimiter (.) or logic operator (and, or)");
	if (rc == SWM_OK)
		rc = swm_parse_operation(s, out, true);
	return rc;
}

static int
scan_branches(swm_scanner *s, swm_condition *out)
{
	swm_condition **tail = &out->children;
	int rc = swm_scan_deeper(s);

	out->depth = (unsigned)s->depth;
	out->arena = s->arena;
	while (rc == SWM_OK) {
		rc = swm_parse_logic(s, tail);
		if (rc != SWM_OK)
			break;
		tail = &(*tail)->next;
		if (!swm_scan_char(s, ',')) {
			s->depth--;
			if (!swm_scan_char(s, ')'))
				rc = swm_scan_fail(s, "\",\" or \")\"");
			break;
		}
	}
	return rc;
}

int
swm_parse_logic(swm_scanner *s, swm_condition **out)
{
	swm_condition *c = swm_arena_alloc(s->arena, sizeof *c);

	if (c == NULL)
		return swm_fail_memory(s->err);
	*out = c;
	swm_scan_blanks(s);
	int rc = scan_logic_operator(s, c) ? scan_branches(s, c) : scan_enclosed_filter(s, c);
	swm_scan_blanks(s);
	return rc;
}
