/*
 * The tree of a query string. Syntax only: no name here is known to exist. Everything lives in the
 * arena it was parsed into.
 */
#ifndef SWM_QUERY_AST_H
#define SWM_QUERY_AST_H

#include "base/arena.h"
#include "error/error.h"
#include "http/url.h"

#include <swm/query.h>

/* The number of operators; they are numbered from 0. */
enum {
#define SWM_OPERATOR(name, number, url, sql, use, quantified) SWM_ORDINAL_OP_##name,
#include "query/operators.def"
#undef SWM_OPERATOR
	SWM_OPERATORS
};

/* The number of aggregates; they are numbered from 1. */
enum {
#define SWM_AGGREGATE(name, number, word) SWM_ORDINAL_AGGREGATE_##name,
#include "query/aggregates.def"
#undef SWM_AGGREGATE
	SWM_AGGREGATES
};

enum swm_operand {
	SWM_OPERAND_VALUE,
	SWM_OPERAND_PATTERN, /* `*` stands for `%` */
	SWM_OPERAND_REGEX,
	SWM_OPERAND_IS,
	SWM_OPERAND_SEARCH,  /* full-text search */
	SWM_OPERAND_LIST,
};

typedef struct swm_operator_entry {
	swm_str url, sql;
	enum swm_operand operand;
	bool quantified; /* op(any) and op(all) */
} swm_operator_entry;

const swm_operator_entry *swm_operator_of(enum swm_operator op);

/* The operators and aggregates in the order in which they are looked for, from 0. */
enum swm_operator swm_operator_nth(int n);
enum swm_aggregate swm_aggregate_nth(int n);

/* True when no other aggregate begins with the same letter. */
bool swm_aggregate_is_decided(enum swm_aggregate aggregate);

/* An aggregate in the URL, in SQL and as a key; empty for SWM_AGGREGATE_NONE. */
swm_str swm_aggregate_word(enum swm_aggregate aggregate);

/* One step of a JSON path: ->key, ->>key, ->0 */
typedef struct swm_path_step {
	struct swm_path_step *next;
	swm_str key;    /* or the digits of an index, with their sign */
	bool is_index;
	bool as_text;   /* ->> */
} swm_path_step;

typedef struct swm_field {
	swm_str name;
	swm_path_step *path; /* NULL when there is none */
	swm_str path_text;   /* as it was written */
} swm_field;

enum swm_is_value {
#define SWM_IS_WORD(name, url, sql) SWM_IS_##name,
#include "query/is_words.def"
#undef SWM_IS_WORD
	SWM_IS_WORDS
};

typedef struct swm_query_value {
	struct swm_query_value *next;
	swm_str text;
	bool is_null; /* only for a function's argument */
} swm_value;

typedef struct swm_query_condition {
	struct swm_query_condition *next; /* its sibling */
	enum swm_condition_kind kind;
	bool negated;
	unsigned depth;                       /* number of a group, from 1 */
	const swm_arena *arena;               /* of groups: the query's */
	/* for AND and OR; an empty group has no effect */
	struct swm_query_condition *children, *last_child;
	/* for FILTER: */
	swm_field field;
	enum swm_operator op;
	enum swm_quantifier quantifier;
	swm_str value;
	swm_value *list;         /* IN */
	enum swm_is_value is;    /* IS */
	swm_str language;        /* full text; empty when there is none */
} swm_condition;

typedef struct swm_query_term {
	struct swm_query_term *next;
	swm_str relation;        /* relation(column); empty for an own column */
	swm_field field;
	enum swm_direction direction;
	enum swm_nulls nulls;
} swm_order_term;

enum swm_select_kind { SWM_SELECT_FIELD, SWM_SELECT_ALL, SWM_SELECT_RELATION, SWM_SELECT_SPREAD };

typedef struct swm_query_item swm_select_item;

/*
 * The query of one level: the root, or an embedded relation. last_... are where the search for the
 * end of a list begins, NULL for its start.
 */
struct swm_query_node {
	swm_arena *arena;
	swm_select_item *select, *last_item; /* none, with has_select: no column at all */
	bool has_select;
	swm_condition *conditions, *last_condition; /* all must hold */
	swm_order_term *order, *last_term;          /* the first order= counts */
	bool has_order, has_limit, has_offset;
	int64_t limit, offset;
};

struct swm_query_item {
	struct swm_query_item *next;
	enum swm_select_kind kind;
	swm_str alias;           /* empty when there is none */
	swm_field field;         /* FIELD; count() alone has the name "*" */
	swm_str cast;
	enum swm_aggregate aggregate;
	swm_str aggregate_cast;
	swm_str relation, hint;  /* RELATION, SPREAD */
	enum swm_join join;
	bool called_by_relation; /* a path names its relation, although it has an alias */
	swm_query_node node;
};

/* The values of one row, one for each term of an order (keyset pagination). */
typedef struct swm_position {
	struct swm_position *next;
	swm_str value;
	bool is_null;
} swm_position;

typedef struct swm_ast {
	swm_query_node root;
	/* keyset: the root's rows begin after this one; NULL: with the first */
	swm_position *after;
	bool has_columns, has_on_conflict;
	swm_value *columns;      /* columns=: the columns that a write sets */
	swm_value *on_conflict;  /* on_conflict=: the key of an upsert */
	/* the first name of a path without an embedded relation; ptr is NULL when there is none */
	swm_str not_embedded;
} swm_ast;

/* An empty query: all columns, no condition. NULL when memory ran out. */
swm_ast *swm_ast_new(swm_arena *arena);

/* Appends a condition to a group, or to the node when group is NULL. */
void swm_ast_add_condition(swm_query_node *node, swm_condition *group, swm_condition *condition);
void swm_ast_add_item(swm_query_node *node, swm_select_item *item);
void swm_ast_add_term(swm_query_node *node, swm_order_term *term);

/*
 * Finds a relation in a node: by its alias or name first, then by its name. NULL when there is
 * none.
 */
swm_select_item *swm_ast_embedded(const swm_query_node *node, swm_str name);

/*
 * The first embedded relation, at any depth, that is referred to by its relation's name. NULL when
 * there is none.
 */
const swm_select_item *swm_ast_called_by_relation(const swm_query_node *node);

/*
 * Parses the decoded pairs of a query string. QUERY_SYNTAX (SWM_EPARSE) says in
 * which text and column, and details say what was expected there; RANGE for a
 * negative limit; SWM_ENOMEM.
 */
int swm_query_parse_pairs(swm_ast **out, swm_arena *arena, const swm_pair *pairs, size_t count,
                          swm_error *err);

/*
 * True when a text may stand as a type's name in SQL: identifiers of letters, digits, `_` and, not
 * in front, `$` (which could open a quoted text), and blanks.
 */
bool swm_is_type_name(swm_str name);

/* The operands of `is`, in the URL and in SQL. */
swm_str swm_is_word(enum swm_is_value value);
swm_str swm_is_word_sql(enum swm_is_value value);

/* The value of `is`, in any case; false when it is none. */
bool swm_is_value_of(enum swm_is_value *out, swm_str text);

#endif
