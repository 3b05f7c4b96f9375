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

/* Something of a row that SQL can name. */
typedef struct swm_plan_field {
	swm_str name;
	const swm_column *column;  /* NULL when the snapshot does not know it */
	const swm_path_step *path;
	bool to_jsonb;             /* the path goes through something that is no JSON */
} swm_plan_field;

/* One column of the answer. */
typedef struct swm_plan_output {
	swm_str key;
	swm_plan_field field;
	swm_str cast;              /* a type's name of identifier characters, or empty */
	enum swm_json_form form;   /* how its values are written; SERVER: by to_json() in the SQL */
	uint32_t type_oid;         /* what the database must answer; 0 when that is not known */
} swm_plan_output;

typedef struct swm_plan_condition {
	struct swm_plan_condition *next;
	enum swm_condition_kind kind;
	bool negated;
	struct swm_plan_condition *children;
	swm_plan_field field;
	bool to_tsvector;          /* full text over something that is no tsvector */
	const swm_condition *asked; /* operator, value, ... */
} swm_plan_condition;

typedef struct swm_plan_order {
	struct swm_plan_order *next;
	swm_plan_field field;
	enum swm_direction direction;
	enum swm_nulls nulls;
} swm_plan_order;

typedef struct swm_read_plan {
	const swm_relation *relation;
	const swm_plan_output *outputs;
	size_t output_count;
	const swm_plan_condition *where;
	const swm_plan_order *order;
	bool has_limit;
	int64_t limit, offset;
	bool strip_nulls;          /* within documents; of rows the encoder does it */
	bool runs_functions;       /* a view or a computed field may call what leaves settings behind */
} swm_read_plan;

/* What a read is asked for, besides its query. */
typedef struct swm_read_request {
	swm_str schema, relation;
	const swm_ast *ast;
	const swm_range *range;    /* of a Range field; NULL for none */
	bool json;                 /* the answer is JSON: what C cannot write, the SQL does */
	bool strip_nulls;
	bool iso_dates;            /* dates come in ISO form */
} swm_read_request;

/*
 * TABLE_NOT_FOUND (SWM_ENOTFOUND) with the nearest name as hint; NOT_EMBEDDED;
 * RANGE; AGGREGATES_OFF; NOT_IMPLEMENTED (SWM_EREFUSED); SWM_ENOMEM.
 */
int swm_plan_read(swm_read_plan **out, swm_arena *arena, const swm_snapshot *snapshot,
                  const swm_settings *settings, const swm_read_request *request, swm_error *err);

/*
 * The relationship of an origin with a target of a select list, in the same schema:
 * the target is a relation's name, a computed relationship's, or a foreign key's name
 * or column; the hint a foreign key's name or column or a junction. NO_RELATIONSHIP
 * (SWM_ENOTFOUND) with the nearest name as hint; AMBIGUOUS_RELATIONSHIP (SWM_EREFUSED)
 * with the candidates; SWM_ENOMEM.
 */
int swm_plan_relationship(const swm_relationship **out, swm_arena *arena, const swm_snapshot *snapshot,
                          swm_str schema, const swm_relation *origin, swm_str target, swm_str hint,
                          swm_error *err);

/* The relation of a name. TABLE_NOT_FOUND (SWM_ENOTFOUND) with the nearest name as hint. */
int swm_plan_relation(const swm_relation **out, const swm_snapshot *snapshot, swm_str schema, swm_str name,
                      swm_error *err);

/* The exposed schema of a name (empty: the first). SCHEMA_NOT_EXPOSED (SWM_ENOTFOUND). */
int swm_plan_schema(swm_str *out, const swm_settings *settings, swm_str name, swm_error *err);

#endif
