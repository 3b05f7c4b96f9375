/* A JSONPath query as a tree. For jsonpath*.c only; names are those of RFC 9535. */
#ifndef SWM_AUTH_JSONPATH_TREE_H
#define SWM_AUTH_JSONPATH_TREE_H

#include "auth/jsonpath.h"

#include "base/str.h"

struct jsonpath_logical;

struct jsonpath_selector {
	enum { SELECT_NAME, SELECT_WILDCARD, SELECT_INDEX, SELECT_SLICE, SELECT_FILTER } kind;
	swm_str name;
	int64_t start, end, step; /* SELECT_INDEX: start */
	bool has_start, has_end;
	const struct jsonpath_logical *filter;
	struct jsonpath_selector *next;
};

struct jsonpath_segment {
	bool descendant;
	struct jsonpath_selector *selectors;
	struct jsonpath_segment *next;
};

struct jsonpath_query {
	bool relative; /* from @, not from $ */
	bool singular; /* it selects one node at most */
	struct jsonpath_segment *segments;
};

/* An operand of a comparison, or an argument of a function. */
struct jsonpath_operand {
	enum { OPERAND_LITERAL, OPERAND_QUERY, OPERAND_FUNCTION } kind;
	enum swm_json_type type; /* for OPERAND_LITERAL */
	swm_str text;
	double number;
	bool truth;
	const struct jsonpath_query *query;
	const struct jsonpath_call *call;
};

enum jsonpath_function {
	FUNCTION_LENGTH,
	FUNCTION_COUNT,
	FUNCTION_VALUE,
	FUNCTION_MATCH,
	FUNCTION_SEARCH,
	FUNCTION_NONE
};

struct jsonpath_call {
	enum jsonpath_function function;
	struct jsonpath_operand arguments[2];
};

enum jsonpath_comparison {
	COMPARE_EQUAL,
	COMPARE_UNEQUAL,
	COMPARE_LESS_EQUAL,
	COMPARE_GREATER_EQUAL,
	COMPARE_LESS,
	COMPARE_GREATER,
	COMPARE_NONE
};

struct jsonpath_logical {
	enum { LOGICAL_OR, LOGICAL_AND, LOGICAL_NOT, LOGICAL_COMPARISON, LOGICAL_TEST } kind;
	const struct jsonpath_logical *left, *right; /* LOGICAL_NOT: left */
	enum jsonpath_comparison comparison;
	struct jsonpath_operand a, b; /* LOGICAL_TEST: a, a query or a function */
};

struct swm_jsonpath {
	struct jsonpath_query query;
};

/* True when a text is a valid regular expression, for match() and search() alike. */
bool swm_jsonpath_is_regex(swm_str text);

#endif
