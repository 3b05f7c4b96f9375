/*
 * From what was asked to what will be done: names and types resolved against the
 * snapshot. Pure: no I/O, no SQL text. A plan lives in the arena of its request
 * and points into the snapshot.
 *
 * A column that the snapshot does not know is no error here: it may be a computed
 * field, or newer than the snapshot, and PostgreSQL's own error names it best.
 */
#ifndef SWM_PLAN_PLAN_H
#define SWM_PLAN_PLAN_H

#include "http/header.h"
#include "query/ast.h"
#include "schema/schema.h"

/* How many bytes PostgreSQL keeps of a name (NAMEDATALEN - 1). */
enum { SWM_LONGEST_NAME = 63 };

/* Something of a row that SQL can name. */
typedef struct swm_plan_field {
	swm_str name;
	const swm_column *column;  /* NULL when the snapshot does not know it */
	const swm_path_step *path;
	bool to_jsonb;             /* the path begins at something that is neither json nor jsonb */
	bool as_jsonb;             /* it ends in json, which lacks jsonb's operators and casts */
	bool is_row;               /* that there is a row, as count() counts it */
} swm_plan_field;

typedef struct swm_plan_node swm_plan_node;

enum swm_output_kind {
	SWM_OUTPUT_FIELD,
	SWM_OUTPUT_EMBED,  /* an embedded relation: an object or an array */
	SWM_OUTPUT_SPREAD, /* a column of an embedded relation, lifted */
};

/* One column of a node's rows. */
typedef struct swm_plan_output {
	swm_str key;
	enum swm_output_kind kind;
	swm_plan_field field;      /* FIELD */
	const swm_plan_node *embed; /* EMBED, SPREAD */
	size_t embed_output;       /* SPREAD: which of the embedded node's outputs */
	swm_str cast;              /* a type's name of identifier characters, or empty */
	enum swm_aggregate aggregate;
	swm_str aggregate_cast;
	/* FIELD: what a domain looks like in JSON; NULL for what it is */
	const swm_routine *format;
	bool as_jsonb;             /* a group's key that is json, which has no equality */
	/* of the root: how its values are written; SERVER: by to_json() in the SQL */
	enum swm_json_form form;
	uint32_t type_oid;         /* what the database must answer; 0 when that is not known */
} swm_plan_output;

typedef struct swm_plan_condition {
	struct swm_plan_condition *next;
	enum swm_condition_kind kind;
	bool negated;
	struct swm_plan_condition *children;
	swm_plan_field field;
	bool to_tsvector;          /* full text over something that is no tsvector */
	/* the value is what a domain looks like, of which this makes the domain; or NULL */
	const swm_routine *parse;
	const swm_plan_node *embed; /* whether it has rows, instead of a field: IS (NOT) NULL */
	const swm_condition *asked; /* operator, value, ... */
} swm_plan_condition;

typedef struct swm_plan_order {
	struct swm_plan_order *next;
	swm_plan_field field;
	const swm_plan_node *embed; /* the field is of this to-one relation; NULL for an own one */
	size_t embed_extra;        /* which of its extras */
	/* groups can be ordered by it: what they are grouped by decides it */
	bool is_key;
	enum swm_direction direction;
	enum swm_nulls nulls;
} swm_plan_order;

/* A column that an embedded relation must give its parent beside its outputs. */
typedef struct swm_plan_extra {
	struct swm_plan_extra *next;
	swm_plan_field field;
	const swm_plan_output *output; /* one of its outputs, in place of the field; or NULL */
} swm_plan_extra;

/* Where a node's rows come from. */
enum swm_source {
	SWM_SOURCE_RELATION,
	SWM_SOURCE_COMPUTED,  /* a computed relationship's function of the parent's row */
	SWM_SOURCE_CALL,      /* a function that was called: of the root alone */
	SWM_SOURCE_WRITTEN,   /* the rows that a write touched: of the root alone */
};

/* One level of a read: the root, or an embedded relation. */
struct swm_plan_node {
	const swm_query_node *asked;
	enum swm_source source;
	const swm_relation *relation; /* its columns; NULL for a function that returns a value */
	const struct swm_plan_call *call; /* SOURCE_CALL */
	swm_str alias;             /* its name in SQL; empty: the relation's own */
	const swm_plan_output *outputs;
	size_t output_count;
	bool has_aggregates;       /* its rows are groups */
	const swm_plan_condition *where;
	const swm_plan_order *order;
	/* of the root: its rows begin after this one, a value for each term of order */
	const swm_position *after;
	bool has_limit;
	int64_t limit, offset;

	/* of an embedded one: */
	const swm_plan_node *parent;
	const swm_relationship *relationship;
	unsigned number;           /* within the statement, from 1 */
	swm_str target;            /* what the select list names: a relation, a function, a key */
	swm_str name;              /* what the answer calls it: the alias, or the target */
	bool is_spread, is_inner, is_to_one;
	bool is_selected;          /* something of it is in the answer */
	swm_plan_extra *extras;

	swm_plan_node *children, *next; /* embedded in this one, in the order of the select list */
	unsigned depth;            /* 0 for the root */
};

/* How the rows of the root become an answer. */
enum swm_shape {
	SWM_SHAPE_ROWS,   /* an array of objects */
	SWM_SHAPE_OBJECT, /* a function's one row: an object */
	SWM_SHAPE_VALUES, /* a set of values: an array of the first column */
	SWM_SHAPE_VALUE,  /* one value: the first column of the only row */
	SWM_SHAPE_NONE,   /* a function that returns void */
};

/*
 * How the last row of a page tells where the next one begins: for each term of the
 * root's order, which column of the result has its value. Columns from the number of
 * outputs on are no part of the answer.
 */
typedef struct swm_plan_place {
	size_t *columns;
	size_t count;
	size_t hidden;             /* how many of the columns stand after the outputs */
} swm_plan_place;

/* The form into which the database puts the root's rows. */
enum swm_made_of_rows {
	SWM_MADE_ROWS,     /* nothing: they are the result */
	SWM_MADE_VALUE,    /* the only value of the only row is the answer as it is */
	/* a media type's handler makes one value of them; their number comes beside it */
	SWM_MADE_HANDLED,
	SWM_MADE_FEATURES, /* each is a GeoJSON Feature */
};

typedef struct swm_read_plan {
	swm_plan_node *root;
	enum swm_made_of_rows made;
	const swm_media_handler *handler; /* HANDLED */
	swm_str features_schema;   /* FEATURES: where PostGIS is */
	bool is_bytea;             /* HANDLED, VALUE: the value's text form stands for bytes */
	/* NULL: not asked for, or the order does not cover a unique key */
	const swm_plan_place *place;
	enum swm_shape shape;
	bool strip_nulls;          /* within documents; of rows the encoder does it */
	/* it may run a function of a user's, which can leave anything in the session */
	bool runs_user_code;
	bool unknown_names;        /* the query names columns that the snapshot does not know */
	bool settings_columns;     /* after the outputs: response.headers and response.status */
	bool by_key;               /* the order is the primary key, as nobody asked for another */
	/* who reads the rows takes the root's limit and offset to them */
	bool uncut;
} swm_read_plan;

/* The parameters of a read, besides its query. */
typedef struct swm_read_request {
	swm_str schema, relation;
	swm_str role;              /* what it may not see is named in no error */
	/* called instead of a relation's rows being read; NULL for none */
	const swm_function *function;
	const struct swm_plan_call *call; /* with what */
	/* of what a write touched: conditions and limits of the root are the write's */
	bool written;
	/* it must not be run again: nothing is relied on that DDL may have changed */
	bool once;
	const swm_ast *ast;
	const swm_range *range;    /* of a Range field; NULL for none */
	enum swm_made_of_rows made;
	const swm_media_handler *handler; /* HANDLED */
	bool json;                 /* the answer is JSON: what C cannot write, the SQL does */
	bool strip_nulls;
	bool iso_dates;            /* dates come in ISO form */
	bool place;                /* the last row of a page is to tell its place, where it can */
	/* who reads the rows takes the root's limit and offset to them */
	bool uncut;
	/* rows without an order come by the primary key, where there is one */
	bool by_key;
} swm_read_request;

/*
 * TABLE_NOT_FOUND (SWM_ENOTFOUND) with the nearest name as hint; as swm_plan_relationship();
 * NOT_EMBEDDED; EMBED_OPERATOR; ORDER_NOT_TO_ONE; RANGE; AGGREGATES_OFF; TOO_MANY; EMBEDDED_TWICE;
 * POSITION (SWM_EPARSE); NOT_IMPLEMENTED (SWM_EREFUSED); SWM_ENOMEM. SWM_EDATABASE with 42703 of a
 * name that PostgreSQL would cut, and of what a value has not.
 */
int swm_plan_read(swm_read_plan **out, swm_arena *arena, const swm_snapshot *snapshot,
                  const swm_settings *settings, const swm_read_request *request, swm_error *err);

/* An embedding: origin?select=target!hint(...) */
typedef struct swm_embed_request {
	swm_str schema, role;
	const swm_relation *origin;
	/* what the request calls it, for errors to a role that may not see it */
	swm_str origin_name;
	swm_str target, hint;
} swm_embed_request;

/*
 * The relationship of an origin with a target of a select list, in the same schema:
 * the target is a relation's name, a computed relationship's, or a foreign key's name
 * or column; the hint a foreign key's name or column or a junction. NO_RELATIONSHIP
 * (SWM_ENOTFOUND) with the nearest name as hint; AMBIGUOUS_RELATIONSHIP (SWM_EREFUSED)
 * with the candidates; SWM_ENOMEM.
 */
int swm_plan_relationship(const swm_relationship **out, swm_arena *arena,
                          const swm_snapshot *snapshot, const swm_embed_request *request,
                          swm_error *err);

/*
 * The relation of a name. TABLE_NOT_FOUND (SWM_ENOTFOUND) with the nearest name, of those that the
 * role may see, as hint.
 */
int swm_plan_relation(const swm_relation **out, const swm_snapshot *snapshot, swm_str schema,
                      swm_str role, swm_str name, swm_error *err);

/* The same, but relations that the role may not see are treated as not existing. */
int swm_plan_seen_relation(const swm_relation **out, const swm_snapshot *snapshot, swm_str schema,
                           swm_str role, swm_str name, swm_error *err);

/* The exposed schema of a name (empty: the first). SCHEMA_NOT_EXPOSED (SWM_ENOTFOUND). */
int swm_plan_schema(swm_str *out, const swm_settings *settings, swm_str name, swm_error *err);

/* Adds to that error those that the role may use. */
void swm_plan_hint_schemas(const swm_settings *settings, const swm_snapshot *snapshot, swm_str role,
                           swm_error *err);

/*
 * PostgreSQL looks for similar names before it looks at privileges: when it did not find a
 * column, details and hint are taken away unless the role may see all relations of the plan.
 */
void swm_plan_hide_unseen(const swm_plan_node *root, const swm_snapshot *snapshot, swm_str role,
                          swm_error *err);

/* The same for the names of a foreign key and its tables, when a statement violates it. */
void swm_plan_hide_unseen_key(const swm_snapshot *snapshot, swm_str role, swm_error *err);

#endif
