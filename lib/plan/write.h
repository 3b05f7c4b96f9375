/*
 * From what is to be written to what will be done. Pure, as plan.h. A plan lives in
 * the arena of its request and points into the snapshot.
 */
#ifndef SWM_PLAN_WRITE_H
#define SWM_PLAN_WRITE_H

#include "plan/plan.h"

enum swm_write_kind { SWM_WRITE_INSERT, SWM_WRITE_PUT, SWM_WRITE_UPDATE, SWM_WRITE_DELETE };

/* Columns of the relation, in an order. */
typedef struct swm_columns {
	const swm_column **items;
	size_t count;
} swm_columns;

/* A name that RETURNING gives: a column, or a computed field of the relation. */
typedef struct swm_returning {
	struct swm_returning *next;
	swm_str name;
} swm_returning;

typedef struct swm_write_plan {
	enum swm_write_kind kind;
	const swm_plan_node *target;      /* the relation; its conditions choose the rows */
	swm_columns columns;              /* that the body gives values to */
	bool unknown_names;               /* as of the read plan, what is returned or not */
	bool runs_user_code;              /* likewise */
	bool body_is_array;
	bool body_is_text;                /* its values are text, of CSV or a form; else JSON */
	/* a column that a row does not name has its default, else null */
	bool fill_defaults;
	enum swm_resolution resolution;
	swm_columns conflict;             /* the key of the resolution */
	bool conflict_is_known;           /* the snapshot knows of such a key */
	/* which it is; NULL: the columns are the key of all rows */
	const swm_unique_index *conflict_index;
	/* the setting swm.updated says how many rows were there already */
	bool counts_updates;
	/* also the row as a whole: for computed relationships, and a media type's handler */
	bool returns_row;
	swm_returning *returning;   /* NULL when nothing is */
	/* of the key that Location names; none when it is not asked for */
	swm_columns location;
	/* what is made of the written rows; NULL when nothing is returned */
	swm_read_plan *read;
	/* where the rows come from in place of the body (sql/staging.h); NULL for none */
	const struct swm_staging *staging;
} swm_write_plan;

/* The parameters of a write. The body is described here and given to swm_sql_write(). */
typedef struct swm_write_request {
	enum swm_write_kind kind;
	swm_read_request read;            /* relation, query and answer */
	const swm_str *keys;              /* of the body's objects */
	size_t key_count;
	bool body_is_array, body_is_text;
	bool fill_defaults;               /* missing=default */
	enum swm_resolution resolution;
	enum swm_return returned;
} swm_write_request;

/*
 * TABLE_NOT_FOUND; COLUMN_NOT_FOUND (SWM_ENOTFOUND); PUT_LIMIT, PUT_FILTERS, FILTER_REQUIRED
 * (SWM_EREFUSED); as swm_plan_read(); SWM_ENOMEM.
 */
int swm_plan_write(swm_write_plan **out, swm_arena *arena, const swm_snapshot *snapshot,
                   const swm_settings *settings, const swm_write_request *request, swm_error *err);

/*
 * True if rows with the same values for the key always conflict; a partial index does not cover all
 * rows.
 */
bool swm_plan_key_is_of_all_rows(const swm_write_plan *plan);

/*
 * When PostgreSQL found no unique key of the columns (42P10): adds a hint that names those
 * that there are, if the role may see the relation.
 */
void swm_plan_explain_conflict(const swm_write_plan *plan, const swm_snapshot *snapshot,
                               swm_str role, swm_error *err);

#endif
