/* RFC 9535, 2: the grammar of JSONPath queries, and their validity. */
#include "config.h"

#include "auth/jsonpath_tree.h"

#include "base/buf.h"

#include <stdlib.h>

/* Deeper nesting would only cost stack. */
enum { MOST_SEGMENTS = 100, DEEPEST = 20 };

/* Each function removes what it reads from the rest, and returns false when it does not find it. */
struct reader {
	swm_str rest;
	swm_arena *arena;
	unsigned depth; /* filters and parentheses in each other */
	bool no_memory;
};

static bool read_logical(struct reader *r, const struct jsonpath_logical **out);
static bool read_query(struct reader *r, struct jsonpath_query *query);

static void *
make(struct reader *r, size_t size)
{
	void *made = swm_arena_alloc(r->arena, size);

	r->no_memory |= made == NULL;
	return made;
}

static char
peek(const struct reader *r)
{
	return r->rest.len > 0 ? r->rest.ptr[0] : '\0';
}

static bool
skip_text(struct reader *r, const char *text)
{
	if (!swm_str_starts(r->rest, swm_cstr(text)))
		return false;
	r->rest = swm_str_from(r->rest, strlen(text));
	return true;
}

static void
skip_blanks(struct reader *r)
{
	while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' || peek(r) == '\r')
		r->rest = swm_str_from(r->rest, 1);
}

static bool
skip_after_blanks(struct reader *r, const char *text)
{
	swm_str before = r->rest;

	skip_blanks(r);
	if (skip_text(r, text))
		return true;
	r->rest = before;
	return false;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ---- names and strings ---- */

static bool
begins_name(char c)
{
	return (swm_is_alnum(c) && !is_digit(c)) || c == '_' || (unsigned char)c >= 0x80;
}

static bool
read_shorthand(struct reader *r, swm_str *name)
{
	size_t len = 0;

	if (!begins_name(peek(r)))
		return false;
	while (len < r->rest.len && (begins_name(r->rest.ptr[len]) || is_digit(r->rest.ptr[len])))
		len++;
	*name = (swm_str){ r->rest.ptr, len };
	r->rest = swm_str_from(r->rest, len);
	return true;
}

static bool
read_hex4(struct reader *r, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		char c = peek(r);
		const char *at = c == '\0'
		                     ? NULL
		                     : strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c);
		if (at == NULL)
			return false;
		*out = *out * 16 + (uint32_t)(at - digits);
		r->rest = swm_str_from(r->rest, 1);
	}
	return true;
}

static void
add_utf8(swm_buf *to, uint32_t c)
{
	static const unsigned char first[] = { 0, 0xc0, 0xe0, 0xf0 };
	int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

	swm_buf_char(to, (char)(first[more] | c >> 6 * more));
	while (more-- > 0)
		swm_buf_char(to, (char)(0x80 | (c >> 6 * more & 0x3f)));
}

/* Reads the digits after \u; NUL is refused, as no claim can contain it. */
static bool
read_unicode(struct reader *r, swm_buf *to)
{
	uint32_t c, low;

	if (!read_hex4(r, &c) || c == 0)
		return false;
	if (c >= 0xd800 && c <= 0xdfff) {
		if (c > 0xdbff || !skip_text(r, "\\u") || !read_hex4(r, &low) || low < 0xdc00 ||
		    low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	add_utf8(to, c);
	return true;
}

/* Reads an escape after the backslash. */
static bool
read_escape(struct reader *r, char quote, swm_buf *to)
{
	static const char letters[] = "bfnrt/\\", means[] = "\b\f\n\r\t/\\";
	char c = peek(r);
	const char *at = c == '\0' ? NULL : strchr(letters, c);

	if (at == NULL && c != quote && c != 'u')
		return false;
	r->rest = swm_str_from(r->rest, 1);
	if (c == 'u')
		return read_unicode(r, to);
	swm_buf_char(to, at != NULL ? means[at - letters] : quote);
	return true;
}

static bool
read_characters(struct reader *r, char quote, swm_buf *to)
{
	while (r->rest.len > 0) {
		char c = peek(r);
		r->rest = swm_str_from(r->rest, 1);
		if (c == quote)
			return true;
		if ((unsigned char)c < 0x20 || (c == '\\' && !read_escape(r, quote, to)))
			return false;
		if (c != '\\')
			swm_buf_char(to, c);
	}
	return false;
}

static bool
read_string(struct reader *r, swm_str *out)
{
	swm_buf text = SWM_BUF_INIT;
	char quote = peek(r);

	if (quote != '"' && quote != '\'')
		return false;
	r->rest = swm_str_from(r->rest, 1);
	bool good = read_characters(r, quote, &text);
	if (good) {
		*out = swm_arena_str(r->arena, swm_buf_view(&text));
		r->no_memory |= text.failed || out->ptr == NULL;
	}
	swm_buf_dispose(&text);
	return good;
}

/* ---- numbers ---- */

static size_t
count_digits(const struct reader *r, size_t from)
{
	size_t len = from;

	while (len < r->rest.len && is_digit(r->rest.ptr[len]))
		len++;
	return len - from;
}

/* The length of an integer without leading zeros; 0 when there is none. */
static size_t
integer_length(const struct reader *r)
{
	size_t sign = peek(r) == '-', digits = count_digits(r, sign);

	if (digits == 0 || (digits > 1 && r->rest.ptr[sign] == '0'))
		return 0;
	return sign + digits;
}

/*
 * Reads the integer of an index or a slice: no -0, and nothing that a double cannot represent (RFC
 * 7493, 2.2).
 */
static bool
read_integer(struct reader *r, int64_t *out)
{
	const int64_t largest = ((int64_t)1 << 53) - 1;
	size_t len = integer_length(r);
	swm_str text = { r->rest.ptr, len };

	if (len == 0 || swm_str_eq(text, SWM_STR("-0")) || !swm_str_int64(text, out) ||
	    *out > largest || *out < -largest)
		return false;
	r->rest = swm_str_from(r->rest, len);
	return true;
}

/* The length of a fraction or an exponent at an offset; false when there is less than one. */
static bool
number_part(const struct reader *r, const char *begins, bool sign, size_t *at)
{
	size_t len = *at;

	if (len >= r->rest.len || strchr(begins, r->rest.ptr[len]) == NULL)
		return true;
	len++;
	if (sign && len < r->rest.len && (r->rest.ptr[len] == '-' || r->rest.ptr[len] == '+'))
		len++;
	size_t digits = count_digits(r, len);
	*at = len + digits;
	return digits > 0;
}

static bool
read_number(struct reader *r, double *out)
{
	char text[64];
	size_t len = integer_length(r);

	if (len == 0 || !number_part(r, ".", false, &len) || !number_part(r, "eE", true, &len) ||
	    len >= sizeof text)
		return false;
	memcpy(text, r->rest.ptr, len);
	text[len] = '\0';
	*out = strtod(text, NULL);
	r->rest = swm_str_from(r->rest, len);
	return true;
}

/* ---- filters ---- */

static bool
read_literal(struct reader *r, struct jsonpath_operand *out)
{
	static const struct {
		const char *word;
		enum swm_json_type type;
		bool truth;
	} words[] = {
		{ "true", SWM_JSON_BOOL, true },
		{ "false", SWM_JSON_BOOL, false },
		{ "null", SWM_JSON_NULL, false },
	};

	out->kind = OPERAND_LITERAL;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (!skip_text(r, words[i].word))
			continue;
		out->type = words[i].type;
		out->truth = words[i].truth;
		return true;
	}
	out->type = peek(r) == '"' || peek(r) == '\'' ? SWM_JSON_STRING : SWM_JSON_NUMBER;
	return out->type == SWM_JSON_STRING ? read_string(r, &out->text)
	                                    : read_number(r, &out->number);
}

static const struct {
	const char *name;
	unsigned arguments;
	bool of_nodes; /* takes a query's nodes; else values */
	bool logical;  /* gives true or false; else a value */
} functions[FUNCTION_NONE] = {
	[FUNCTION_LENGTH] = { "length(", 1, false, false },
	[FUNCTION_COUNT] = { "count(", 1, true, false },
	[FUNCTION_VALUE] = { "value(", 1, true, false },
	[FUNCTION_MATCH] = { "match(", 2, false, true },
	[FUNCTION_SEARCH] = { "search(", 2, false, true },
};

static bool read_operand(struct reader *r, struct jsonpath_operand *out);

static bool
is_logical(const struct jsonpath_operand *operand)
{
	return operand->kind == OPERAND_FUNCTION && functions[operand->call->function].logical;
}

/* Reads a value: a literal, a query of one node, or a function that returns a value. */
static bool
is_value(const struct jsonpath_operand *operand)
{
	return operand->kind == OPERAND_QUERY ? operand->query->singular : !is_logical(operand);
}

static bool
fits(enum jsonpath_function function, const struct jsonpath_operand *argument)
{
	return functions[function].of_nodes ? argument->kind == OPERAND_QUERY : is_value(argument);
}

/* A regular expression that is a literal of the path is checked here, not at each use. */
static bool
has_regex(const struct jsonpath_call *call)
{
	const struct jsonpath_operand *second = &call->arguments[1];

	return !functions[call->function].logical || second->kind != OPERAND_LITERAL ||
	       second->type != SWM_JSON_STRING || swm_jsonpath_is_regex(second->text);
}

static bool
read_arguments(struct reader *r, struct jsonpath_call *call)
{
	for (unsigned i = 0; i < functions[call->function].arguments; i++) {
		if (i > 0 && !skip_after_blanks(r, ","))
			return false;
		skip_blanks(r);
		if (!read_operand(r, &call->arguments[i]) ||
		    !fits(call->function, &call->arguments[i]))
			return false;
	}
	return skip_after_blanks(r, ")") && has_regex(call);
}

static bool
read_call(struct reader *r, enum jsonpath_function function, struct jsonpath_operand *out)
{
	struct jsonpath_call *call = make(r, sizeof *call);

	if (call == NULL || r->depth >= DEEPEST)
		return false;
	call->function = function;
	out->kind = OPERAND_FUNCTION;
	out->call = call;
	r->depth++;
	bool good = read_arguments(r, call);
	r->depth--;
	return good;
}

static bool
read_operand(struct reader *r, struct jsonpath_operand *out)
{
	*out = (struct jsonpath_operand){ 0 };
	if (peek(r) == '$' || peek(r) == '@') {
		struct jsonpath_query *query = make(r, sizeof *query);
		out->kind = OPERAND_QUERY;
		out->query = query;
		return query != NULL && read_query(r, query);
	}
	for (enum jsonpath_function f = 0; f < FUNCTION_NONE; f++)
		if (skip_text(r, functions[f].name))
			return read_call(r, f, out);
	return read_literal(r, out);
}

static enum jsonpath_comparison
read_comparison(struct reader *r)
{
	static const char *const operators[COMPARE_NONE] = {
		/* a longer one before its beginning */
		[COMPARE_EQUAL] = "==",      [COMPARE_UNEQUAL] = "!=",
		[COMPARE_LESS_EQUAL] = "<=", [COMPARE_GREATER_EQUAL] = ">=",
		[COMPARE_LESS] = "<",        [COMPARE_GREATER] = ">",
	};
	enum jsonpath_comparison c = 0;

	while (c < COMPARE_NONE && !skip_after_blanks(r, operators[c]))
		c++;
	return c;
}

/* A comparison; or, when none follows, a query or a function that is asked for its truth. */
static bool
read_comparison_or_test(struct reader *r, struct jsonpath_logical *out)
{
	if (!read_operand(r, &out->a))
		return false;
	out->comparison = read_comparison(r);
	if (out->comparison == COMPARE_NONE) {
		out->kind = LOGICAL_TEST;
		return out->a.kind == OPERAND_QUERY || is_logical(&out->a);
	}
	out->kind = LOGICAL_COMPARISON;
	skip_blanks(r);
	return read_operand(r, &out->b) && is_value(&out->a) && is_value(&out->b);
}

static bool
read_parentheses(struct reader *r, const struct jsonpath_logical **out)
{
	skip_blanks(r);
	return read_logical(r, out) && skip_after_blanks(r, ")");
}

/* Reads the operand of !, which is in parentheses or a test. */
static bool
read_not(struct reader *r, struct jsonpath_logical *out)
{
	out->kind = LOGICAL_NOT;
	skip_blanks(r);
	if (skip_text(r, "("))
		return read_parentheses(r, &out->left);
	struct jsonpath_logical *test = make(r, sizeof *test);
	out->left = test;
	return test != NULL && read_comparison_or_test(r, test) && test->kind == LOGICAL_TEST;
}

static bool
read_basic(struct reader *r, const struct jsonpath_logical **out)
{
	struct jsonpath_logical *made;

	if (skip_text(r, "("))
		return read_parentheses(r, out);
	*out = made = make(r, sizeof *made);
	if (made == NULL)
		return false;
	return skip_text(r, "!") ? read_not(r, made) : read_comparison_or_test(r, made);
}

static bool
join_logical(struct reader *r, const struct jsonpath_logical **left, int kind,
             const struct jsonpath_logical *right)
{
	struct jsonpath_logical *both = make(r, sizeof *both);

	if (both == NULL)
		return false;
	both->kind = kind;
	both->left = *left;
	both->right = right;
	*left = both;
	return true;
}

static bool
read_and(struct reader *r, const struct jsonpath_logical **out)
{
	const struct jsonpath_logical *right;

	if (!read_basic(r, out))
		return false;
	while (skip_after_blanks(r, "&&")) {
		skip_blanks(r);
		if (!read_basic(r, &right) || !join_logical(r, out, LOGICAL_AND, right))
			return false;
	}
	return true;
}

static bool
read_or(struct reader *r, const struct jsonpath_logical **out)
{
	const struct jsonpath_logical *right;

	if (!read_and(r, out))
		return false;
	while (skip_after_blanks(r, "||")) {
		skip_blanks(r);
		if (!read_and(r, &right) || !join_logical(r, out, LOGICAL_OR, right))
			return false;
	}
	return true;
}

static bool
read_logical(struct reader *r, const struct jsonpath_logical **out)
{
	if (r->depth >= DEEPEST)
		return false;
	r->depth++;
	bool good = read_or(r, out);
	r->depth--;
	return good;
}

/* ---- segments ---- */

/* Reads the rest of a slice, after its start if it has one: [start]:[end][:[step]] */
static bool
read_slice(struct reader *r, struct jsonpath_selector *out)
{
	out->kind = SELECT_SLICE;
	out->step = 1;
	skip_blanks(r);
	out->has_end = peek(r) == '-' || is_digit(peek(r));
	if (out->has_end && !read_integer(r, &out->end))
		return false;
	if (!skip_after_blanks(r, ":"))
		return true;
	skip_blanks(r);
	return (peek(r) != '-' && !is_digit(peek(r))) || read_integer(r, &out->step);
}

static bool
read_index_or_slice(struct reader *r, struct jsonpath_selector *out)
{
	out->has_start = peek(r) != ':';
	if (out->has_start && !read_integer(r, &out->start))
		return false;
	if (skip_after_blanks(r, ":"))
		return read_slice(r, out);
	out->kind = SELECT_INDEX;
	return true;
}

static bool
read_selector(struct reader *r, struct jsonpath_selector *out)
{
	if (skip_text(r, "*")) {
		out->kind = SELECT_WILDCARD;
		return true;
	}
	if (skip_text(r, "?")) {
		out->kind = SELECT_FILTER;
		skip_blanks(r);
		return read_logical(r, &out->filter);
	}
	out->kind = SELECT_NAME;
	if (peek(r) == '\'' || peek(r) == '"')
		return read_string(r, &out->name);
	return read_index_or_slice(r, out);
}

/* Reads selectors after [ */
static bool
read_bracketed(struct reader *r, struct jsonpath_segment *segment)
{
	struct jsonpath_selector **last = &segment->selectors;

	do {
		*last = make(r, sizeof **last);
		skip_blanks(r);
		if (*last == NULL || !read_selector(r, *last))
			return false;
		last = &(*last)->next;
	} while (skip_after_blanks(r, ","));
	return skip_after_blanks(r, "]");
}

/* Reads a segment after one dot or two. */
static bool
read_dotted(struct reader *r, struct jsonpath_segment *segment)
{
	struct jsonpath_selector *selector = make(r, sizeof *selector);

	segment->selectors = selector;
	if (selector == NULL)
		return false;
	selector->kind = skip_text(r, "*") ? SELECT_WILDCARD : SELECT_NAME;
	return selector->kind == SELECT_WILDCARD || read_shorthand(r, &selector->name);
}

static bool
read_segment(struct reader *r, struct jsonpath_segment *segment)
{
	segment->descendant = skip_text(r, "..");
	if (segment->descendant)
		return skip_text(r, "[") ? read_bracketed(r, segment) : read_dotted(r, segment);
	return skip_text(r, ".") ? read_dotted(r, segment)
	                         : skip_text(r, "[") && read_bracketed(r, segment);
}

static bool
is_singular(const struct jsonpath_segment *segment)
{
	return !segment->descendant && segment->selectors->next == NULL &&
	       (segment->selectors->kind == SELECT_NAME ||
	        segment->selectors->kind == SELECT_INDEX);
}

static bool
segment_follows(struct reader *r)
{
	swm_str before = r->rest;

	skip_blanks(r);
	if (peek(r) == '.' || peek(r) == '[')
		return true;
	r->rest = before;
	return false;
}

static bool
read_query(struct reader *r, struct jsonpath_query *query)
{
	struct jsonpath_segment **last = &query->segments;

	query->relative = skip_text(r, "@");
	query->singular = true;
	if (!query->relative && !skip_text(r, "$"))
		return false;
	for (unsigned count = 0; segment_follows(r); last = &(*last)->next) {
		*last = make(r, sizeof **last);
		if (*last == NULL || ++count > MOST_SEGMENTS || !read_segment(r, *last))
			return false;
		query->singular &= is_singular(*last);
	}
	return true;
}

int
swm_jsonpath_parse(const swm_jsonpath **out, swm_arena *arena, swm_str text)
{
	struct reader r = { .rest = text, .arena = arena };
	swm_jsonpath *path = make(&r, sizeof *path);

	bool good = path != NULL && peek(&r) == '$' && read_query(&r, &path->query) &&
	            r.rest.len == 0;
	if (r.no_memory)
		return SWM_ENOMEM;
	if (!good)
		return SWM_ECONFIG;
	*out = path;
	return SWM_OK;
}
