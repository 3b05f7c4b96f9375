/* Queries on a table or view, and calls of functions, written as text or built by calls. */
#ifndef SWM_QUERY_H
#define SWM_QUERY_H

#include <swm/error.h>
#include <swm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A read of one table or view, or of what a function returns. Names are checked when it runs,
 * against the engine's schema. A query may run many times, on any engine.
 * Threads: belongs to one thread at a time.
 */
typedef struct swm_query swm_query;

/*
 * Operators of a filter, and what they are in SQL; what each means to PostgREST: url
 * operators of its tables_views page.
 */
enum swm_operator {
	SWM_OP_EQ = 0,          /* = */
	SWM_OP_NEQ = 1,         /* <> */
	SWM_OP_GT = 2,          /* > */
	SWM_OP_GTE = 3,         /* >= */
	SWM_OP_LT = 4,          /* < */
	SWM_OP_LTE = 5,         /* <= */
	SWM_OP_LIKE = 6,        /* LIKE; `*` stands for `%` too */
	SWM_OP_ILIKE = 7,       /* ILIKE; `*` too */
	SWM_OP_MATCH = 8,       /* ~, a POSIX regular expression */
	SWM_OP_IMATCH = 9,      /* ~* */
	SWM_OP_IS = 10,         /* IS; value: null, not_null, true, false or unknown */
	SWM_OP_ISDISTINCT = 11, /* IS DISTINCT FROM */
	SWM_OP_CS = 12,         /* @> */
	SWM_OP_CD = 13,         /* <@ */
	SWM_OP_OV = 14,         /* && */
	SWM_OP_SL = 15,         /* << */
	SWM_OP_SR = 16,         /* >> */
	SWM_OP_NXR = 17,        /* &< */
	SWM_OP_NXL = 18,        /* &> */
	SWM_OP_ADJ = 19,        /* -|- */
	SWM_OP_FTS = 20,        /* @@ to_tsquery */
	SWM_OP_PLFTS = 21,      /* @@ plainto_tsquery */
	SWM_OP_PHFTS = 22,      /* @@ phraseto_tsquery */
	SWM_OP_WFTS = 23,       /* @@ websearch_to_tsquery */
	SWM_OP_IN = 24,         /* = ANY: one of several values */
};

/*
 * Reads a query in the web dialect: "devices?id=eq.15&select=id,device_name", or of a
 * function "rpc/add_them?a=1&b=2".
 * The text is percent-decoded as a URL's would be, and copied. *out is owned by
 * the caller. SWM_EPARSE: the error's details say where. SWM_ENOMEM.
 */
SWM_API int swm_query_parse(swm_query **out, swm_str text, swm_error *err) SWM_MUST_CHECK;

/* Begins a query of all columns and rows of a relation. Names are copied. SWM_ENOMEM. */
SWM_API int swm_query_new(swm_query **out, const char *relation, swm_error *err) SWM_MUST_CHECK;

/*
 * Begins a call of a function. What is asked of a relation's rows can be asked of those
 * that it returns; one that returns no rows but values gives them in a column of its
 * name, null or an empty text for void. The names of the arguments choose one of several
 * functions of the name. The name is copied. SWM_ENOMEM.
 */
SWM_API int swm_query_new_call(swm_query **out, const char *function,
                               swm_error *err) SWM_MUST_CHECK;

/*
 * Gives the function an argument, in PostgreSQL's text form; a view whose ptr is NULL
 * stands for null. Of several of one name the last counts; for a variadic parameter each
 * is one more value. Both are copied. SWM_EINVAL: the query calls no function, no name,
 * a NUL byte or no UTF-8. SWM_ENOMEM.
 */
SWM_API int swm_query_argument(swm_query *query, const char *name, swm_str value,
                               swm_error *err) SWM_MUST_CHECK;

/* Frees it; NULL is allowed. */
SWM_API void swm_query_free(swm_query *query);

/*
 * Chooses the schema, one of db-schemas; without it, the first of them.
 * SWM_ENOMEM.
 */
SWM_API int swm_query_schema(swm_query *query, const char *schema, swm_error *err) SWM_MUST_CHECK;

/*
 * Adds a column to what is selected; cast (a type's name) and alias may be NULL.
 * Without any, all columns are selected. SWM_ENOMEM.
 */
SWM_API int swm_query_select(swm_query *query, const char *column, const char *cast,
                             const char *alias, swm_error *err) SWM_MUST_CHECK;

/*
 * Adds a condition; all must hold. The value is sent as a parameter and never
 * becomes part of the SQL text. For a column of a domain with a cast from text, the
 * value is what that cast takes; in rows a domain's values are as they are stored.
 * SWM_EPARSE: a value that the operator cannot have. SWM_EINVAL: no such operator.
 * SWM_ENOMEM.
 */
SWM_API int swm_query_where(swm_query *query, const char *column, enum swm_operator op,
                            swm_str value, swm_error *err) SWM_MUST_CHECK;

/* As swm_query_where(): the column is one of count values. None at all matches no row. */
SWM_API int swm_query_where_in(swm_query *query, const char *column, const swm_str *values,
                               size_t count, swm_error *err) SWM_MUST_CHECK;

/* Adds a column to the order; nulls come last, or first when descending. SWM_ENOMEM. */
SWM_API int swm_query_order(swm_query *query, const char *column, bool descending,
                            swm_error *err) SWM_MUST_CHECK;

/* At most so many rows (0 or more; also capped by db-max-rows). SWM_EINVAL: negative. */
SWM_API int swm_query_limit(swm_query *query, int64_t rows, swm_error *err) SWM_MUST_CHECK;

/* Passes over so many rows first (0 or more). SWM_EINVAL: negative. */
SWM_API int swm_query_offset(swm_query *query, int64_t rows, swm_error *err) SWM_MUST_CHECK;

/*
 * Begins after the row that has these values of the columns of the order, one for each
 * term, as after=(...) of the web dialect (doc/DIALECT.md). A view whose ptr is
 * NULL stands for null. Values are copied; a second call takes the place of the first.
 * SWM_EINVAL: none at all, a NUL byte or no UTF-8. SWM_ENOMEM.
 */
SWM_API int swm_query_after(swm_query *query, const swm_str *values, size_t count,
                            swm_error *err) SWM_MUST_CHECK;

/*
 * The tree of a query
 *
 * A query is a tree of nodes: its root, and a node for each relation that is embedded
 * in another's rows. A query that was parsed and one that was built by calls are the
 * same tree; either can be looked through and added to. The functions above are those
 * of the root.
 *
 * Handles of nodes, items and conditions belong to the query and live as long as it.
 * Texts that are given to these functions are copied; those that they give are views that live
 * as long as the query. Each struct begins with its size, which the caller sets: to
 * sizeof(the struct), also where the function fills it in. What a shorter struct of an
 * older header does not have is taken as zero, and not filled in.
 *
 * Beside the errors that are named: SWM_EINVAL for a text that is no UTF-8 or has a
 * NUL byte, a name that is missing, a type's name that cannot be one, a number that is
 * none of its enum; SWM_ENOMEM. After an error the query is as it was.
 */
typedef struct swm_query_node swm_query_node;

/* The root. The same each time. */
SWM_API swm_query_node *swm_query_root(swm_query *query);

/* True: a function is called, of which swm_query_relation() is the name. */
SWM_API bool swm_query_is_call(const swm_query *query);

/* The relation of the root's rows. */
SWM_API swm_str swm_query_relation(const swm_query *query);

enum swm_aggregate {
	SWM_AGGREGATE_NONE = 0,
	SWM_AGGREGATE_AVG = 1,
	SWM_AGGREGATE_COUNT = 2,
	SWM_AGGREGATE_MAX = 3,
	SWM_AGGREGATE_MIN = 4,
	SWM_AGGREGATE_SUM = 5,
};

/* A value that is selected. */
typedef struct swm_selection {
	size_t size;
	/* or a computed field; { NULL, 0 } with SWM_AGGREGATE_COUNT alone: rows are counted */
	swm_str column;
	swm_str path;           /* into JSON, a composite or an array: "->a->0->>b"; empty for none */
	swm_str cast;           /* a type's name; empty for none */
	swm_str alias;          /* its name in the answer; empty for the one that it has by itself */
	/* applied to the value; the node's rows are then groups by all else that is selected */
	enum swm_aggregate aggregate;
	swm_str aggregate_cast; /* a cast of the aggregate's result */
} swm_selection;

enum swm_join {
	SWM_JOIN_DEFAULT, /* as SWM_JOIN_LEFT */
	SWM_JOIN_INNER,   /* only rows that something is embedded in */
	SWM_JOIN_LEFT,
};

/* A relation that is embedded. */
typedef struct swm_embedding {
	size_t size;
	swm_str relation; /* its name, a computed relationship's, or a foreign key's or its column's */
	/* a foreign key, its column, or a junction, where there are several ways; empty for none */
	swm_str hint;
	swm_str alias; /* its name in the answer; empty for the relation's; a spread one has none */
	enum swm_join join;
	bool spread; /* its columns, instead of an object or array of them */
} swm_embedding;

/*
 * Adds to what is selected of a node's rows: a value, all columns, an embedded
 * relation, whose node is then *out (NULL when it is not wanted). A node that nothing
 * is added to selects all columns; swm_node_select_none() makes it select nothing, as
 * one that is embedded only to be asked whether it has rows. What a value's path is
 * written in is the web dialect: SWM_EPARSE.
 */
SWM_API int swm_node_select(swm_query_node *node, const swm_selection *value,
                            swm_error *err) SWM_MUST_CHECK;
SWM_API int swm_node_select_all(swm_query_node *node, swm_error *err) SWM_MUST_CHECK;
SWM_API void swm_node_select_none(swm_query_node *node);
SWM_API int swm_node_embed(swm_query_node **out, swm_query_node *node,
                           const swm_embedding *relation, swm_error *err) SWM_MUST_CHECK;

enum swm_quantifier {
	SWM_QUANTIFIER_NONE,
	SWM_QUANTIFIER_ANY, /* it holds for any of the array that the value then is: {a,b} */
	SWM_QUANTIFIER_ALL,
};

/* A condition on one value of a row, or on the presence of embedded rows (their name IS null). */
typedef struct swm_filter {
	size_t size;
	swm_str column;
	swm_str path;          /* as swm_selection's */
	enum swm_operator op;
	bool negated;
	enum swm_quantifier quantifier; /* for eq, gt, gte, lt, lte, like, ilike, match, imatch */
	swm_str language;      /* for a full text search; empty for the database's */
	swm_str value;         /* for all operators but SWM_OP_IN; sent as a parameter */
	const swm_str *values; /* for SWM_OP_IN: value_count of them, maybe none */
	size_t value_count;
} swm_filter;

/* A filter, or a group of conditions. */
typedef struct swm_query_condition swm_query_condition;

enum swm_condition_kind {
	SWM_CONDITION_FILTER,
	SWM_CONDITION_AND, /* a group: all hold, or with OR any of them */
	SWM_CONDITION_OR,
};

/*
 * Adds a condition: to a group, or to those of the node, which must all hold, when
 * group is NULL. swm_node_group() gives the new group in *out; one that stays empty
 * says nothing.
 *
 * SWM_EPARSE: a value that the operator cannot have, or a path. SWM_EINVAL: a
 * quantifier or language where there can be none, a group that is none or is of
 * another query, or groups nested more than 64 deep.
 */
SWM_API int swm_node_where(swm_query_node *node, swm_query_condition *group,
                           const swm_filter *filter, swm_error *err) SWM_MUST_CHECK;
SWM_API int swm_node_group(swm_query_condition **out, swm_query_node *node,
                           swm_query_condition *group, enum swm_condition_kind kind, bool negated,
                           swm_error *err) SWM_MUST_CHECK;

enum swm_direction { SWM_DIRECTION_DEFAULT, SWM_ASCENDING, SWM_DESCENDING };
/* default: last, or first when descending */
enum swm_nulls { SWM_NULLS_DEFAULT, SWM_NULLS_FIRST, SWM_NULLS_LAST };

/* A value by which rows are ordered. */
typedef struct swm_ordering {
	size_t size;
	/* a relation embedded in the node, to-one, whose column it is; empty for the node's own */
	swm_str relation;
	swm_str column;
	swm_str path;     /* as swm_selection's */
	enum swm_direction direction;
	enum swm_nulls nulls;
} swm_ordering;

/* Adds to the order of a node's rows. SWM_EPARSE: a path. */
SWM_API int swm_node_order(swm_query_node *node, const swm_ordering *by,
                           swm_error *err) SWM_MUST_CHECK;

/* As swm_query_limit() and swm_query_offset(), for the rows embedded in each row above. */
SWM_API int swm_node_limit(swm_query_node *node, int64_t rows, swm_error *err) SWM_MUST_CHECK;
SWM_API int swm_node_offset(swm_query_node *node, int64_t rows, swm_error *err) SWM_MUST_CHECK;

/*
 * Looking through a query. Each ..._next_... gives what follows the one it is given, or
 * the first for NULL; NULL when there is no more.
 */

/* Something that is selected. */
typedef struct swm_query_item swm_query_item;

enum swm_item_kind { SWM_ITEM_VALUE, SWM_ITEM_ALL, SWM_ITEM_EMBEDDED };

/* True: the node says what is selected; else it is all columns. */
SWM_API bool swm_node_has_items(const swm_query_node *node);
SWM_API const swm_query_item *swm_node_next_item(const swm_query_node *node,
                                                 const swm_query_item *item);
SWM_API enum swm_item_kind swm_item_kind(const swm_query_item *item);

/* Describes an item that is a value. SWM_EINVAL: it is none. */
SWM_API int swm_item_value(const swm_query_item *item, swm_selection *out);

/*
 * Describes an item that is an embedded relation, and gives its node; either may be NULL.
 * SWM_EINVAL: it is none.
 */
SWM_API int swm_item_embedded(const swm_query_item *item, swm_embedding *out,
                              const swm_query_node **node);

/* Conditions of a group, or of the node when group is NULL. */
SWM_API const swm_query_condition *swm_node_next_condition(const swm_query_node *node,
                                                           const swm_query_condition *group,
                                                           const swm_query_condition *condition);
SWM_API enum swm_condition_kind swm_condition_kind(const swm_query_condition *condition);
SWM_API bool swm_condition_negated(const swm_query_condition *condition);

/*
 * Describes a condition that is a filter, without the values of SWM_OP_IN: these come one by
 * one. SWM_EINVAL: it is a group.
 */
SWM_API int swm_condition_filter(const swm_query_condition *condition, swm_filter *out);

/* The values of SWM_OP_IN. */
typedef struct swm_query_value swm_query_value;
SWM_API const swm_query_value *swm_condition_next_value(const swm_query_condition *condition,
                                                        const swm_query_value *value, swm_str *out);

/* The values that a node's rows are ordered by; out may be NULL. */
typedef struct swm_query_term swm_query_term;
SWM_API const swm_query_term *swm_node_next_term(const swm_query_node *node,
                                                 const swm_query_term *term, swm_ordering *out);

/* The most rows, and the number that is passed over; -1 where the query does not say. */
SWM_API int64_t swm_node_get_limit(const swm_query_node *node);
SWM_API int64_t swm_node_get_offset(const swm_query_node *node);

/*
 * The values of swm_query_after(), numbered from 0: 1 and *out (a NULL ptr for null), or 0
 * when there is none of that number.
 */
SWM_API int swm_query_get_after(const swm_query *query, size_t number, swm_str *out);

/*
 * The arguments of a call, numbered from 0: 1, with the name and the value (a NULL ptr
 * for null), either of which may be NULL when it is not wanted; or 0 when there is none
 * of that number.
 */
SWM_API int swm_query_get_argument(const swm_query *query, size_t number, swm_str *name,
                                   swm_str *value);

#ifdef __cplusplus
}
#endif
#endif
