/* Loading a snapshot: declarations shared by the steps. For the load*.c files only. */
#ifndef SWM_SCHEMA_LOAD_H
#define SWM_SCHEMA_LOAD_H

#include "base/buf.h"
#include "schema/snapshot.h"
#include "schema/view_columns.h"

#include <libpq-fe.h>

/* The parameters of queries.def, as text. */
enum swm_load_param {
	SWM_PARAM_NONE,
	SWM_PARAM_EXPOSED_NAMES, /* text[] of db-schemas */
	SWM_PARAM_EXTRA_NAMES,   /* text[] of db-extra-search-path */
	SWM_PARAM_NAMED, /* text[] of objects that other settings name: see the query NAMED */
	SWM_PARAM_EXPOSED,       /* oid[] of the same that exist */
	SWM_PARAM_EXTRA,
	SWM_PARAM_HOISTED,       /* text[] of db-hoisted-tx-settings */
	SWM_PARAM_ENUMS,         /* oid[] of enum types */
	SWM_PARAM_ROWS,          /* oid[] of the row types that functions return */
	SWM_PARAM_COLUMN_GRANTS, /* oid[] of relations whose columns have access control lists */
	SWM_PARAM_MEMBERSHIP,    /* the privilege for pg_has_role() */
	SWM_PARAM_GRANTEES,      /* oid[] of roles in access control lists */
	SWM_PARAM_COUNT
};

/* A name that many things have, stored once. */
struct swm_load_schema {
	struct swm_load_schema *next;
	swm_str name;
};

/* A primary key or unique constraint of a table of any schema. */
struct swm_load_key {
	uint32_t table_oid;
	bool is_primary;
	const uint16_t *columns; /* numbers (attnum), in the key's order */
	size_t count;
};

/* A unique index, without a constraint, of a table of any schema. */
struct swm_load_index {
	uint32_t table_oid;
	/* numbers (attnum): of its keys, and of its predicate too; ascending */
	const uint16_t *key, *used;
	size_t key_count, used_count;
	swm_str names;              /* names of the used columns */
	swm_str expressions, predicate;
};

/* A view of any schema, and the table columns that its columns come from. */
struct swm_load_view {
	struct swm_load_view *next;
	uint32_t oid;
	swm_view_column *columns;
	size_t count;
};

/* Columns of relations as they stand in memory, and the number of each (attnum). */
struct swm_load_columns {
	swm_column *columns;
	uint16_t *numbers;
	size_t count;
};

enum { SWM_LOAD_RELATIONS, SWM_LOAD_ROWS, SWM_LOAD_COLUMNS };

/* Returns the result of a query of queries.def by its name; NULL when memory ran out. */
typedef PGresult *swm_load_source(void *user, const char *query);

struct swm_load {
	swm_snapshot *snapshot;
	swm_arena *arena;   /* the snapshot's */
	swm_arena *scratch; /* until the load is over */
	const swm_settings *settings;
	swm_buf params[SWM_PARAM_COUNT];
	struct swm_load_schema *schemas;
	bool no_memory; /* asked after each step */

	struct swm_load_columns columns[SWM_LOAD_COLUMNS];
	/* for each relation: true for a view whose rows are those of one table, each once */
	bool *of_one_table;

	/* until swm_load_relationships() has put them together; keys by table */
	struct swm_load_key *keys;
	size_t key_count;
	struct swm_load_index *indexes;
	size_t index_count;
	swm_constraint *constraints;
	size_t constraint_count;
	struct swm_load_view *views, **view_list;
	size_t view_count;
	swm_index views_by_oid; /* index of view_list */

	uint32_t *role_oids; /* one for each role, sorted */
};

/*
 * As swm_snapshot_load(), but with rows from a source instead of a database: tests without a
 * database make their snapshots by the same steps.
 */
int swm_snapshot_load_from(swm_snapshot **out, swm_load_source *source, void *user,
                           const swm_settings *settings, swm_error *err);

/*
 * Each takes the rows of a query of queries.def. SWM_ENOMEM is reported by no_memory or by the
 * result.
 */
typedef int swm_load_take(struct swm_load *load, const PGresult *rows);
swm_load_take swm_load_types, swm_load_enum_labels, swm_load_domain_casts;
swm_load_take swm_load_relations, swm_load_relation_columns, swm_load_unique_keys,
    swm_load_foreign_keys, swm_load_view;
swm_load_take swm_load_unique_indexes;
swm_load_take swm_load_functions, swm_load_parameters, swm_load_rows, swm_load_function_settings;
swm_load_take swm_load_function_grants, swm_load_media_handlers, swm_load_geojson;
swm_load_take swm_load_schema_grants, swm_load_grants, swm_load_roles, swm_load_role_rights,
    swm_load_role_settings;

/* Resolves keys, foreign keys and views once all have been read. SWM_ENOMEM. */
int swm_load_relationships(struct swm_load *load);

/* The keys of a table, *count of them. */
const struct swm_load_key *swm_load_keys_of(const struct swm_load *load, uint32_t table_oid,
                                            size_t *count);

/* Finds a table's column, by the table's name for it, in a relation; false when it is not shown. */
typedef bool swm_load_find_column(const struct swm_load *load, const swm_relation *r,
                                  const void *shown, uint16_t number, swm_str name,
                                  uint16_t *column);

/* Gives the relation the unique indexes of the table. False when memory ran out. */
bool swm_load_take_indexes(struct swm_load *load, swm_relation *r, uint32_t table_oid,
                           swm_load_find_column *find, const void *shown);

/*
 * Numbers with blanks between them, in the scratch memory. NULL, and no_memory, when memory ran
 * out.
 */
const uint16_t *swm_load_numbers(struct swm_load *load, swm_str numbers, size_t *count);

/* One column, by the first cells of COLUMNS or ROWS. */
enum { SWM_LOAD_COLUMN_CELLS = 9 };
enum {
	SWM_LOAD_NOT_NULL = 1,
	SWM_LOAD_IDENTITY = 2,
	SWM_LOAD_GENERATED = 4,
	SWM_LOAD_HAS_GRANTS = 8,
	SWM_LOAD_UPDATABLE = 16,
};
void swm_load_column(struct swm_load *load, const PGresult *rows, int row,
                     const struct swm_load_columns *to, size_t at);

/*
 * The function of the row's first cell, from *next on: the queries have the same order. NULL when
 * it is not there.
 */
swm_function *swm_load_function_of(const struct swm_load *load, const PGresult *rows, int row,
                                   size_t *next);

/*
 * The media type that a domain is called as, in lower case; empty when it is none. NULL is
 * allowed.
 */
swm_str swm_load_media_type(struct swm_load *load, const swm_type *type);

/*
 * Gives each view's columns the tables that they are columns of, through views on views.
 * SWM_ENOMEM.
 */
int swm_load_follow_views(struct swm_load *load);

/* NULL when it is no view. */
const struct swm_load_view *swm_load_view_of(const struct swm_load *load, uint32_t oid);

/* The number of a column of a relation of the snapshot (attnum). */
uint16_t swm_load_column_number(const struct swm_load *load, const swm_relation *r, size_t column);

/* Cells. A null is empty text, oid 0 and false. Copies live in the snapshot. */
swm_str swm_load_cell(const PGresult *rows, int row, int column);
int64_t swm_load_number(const PGresult *rows, int row, int column);
uint32_t swm_load_oid(const PGresult *rows, int row, int column);
bool swm_load_bool(const PGresult *rows, int row, int column);
char swm_load_char(const PGresult *rows, int row, int column);
swm_str swm_load_text(struct swm_load *load, const PGresult *rows, int row, int column);
swm_str swm_load_schema_name(struct swm_load *load, swm_str name);

/* The index after the last row whose first cell equals that of this row. */
int swm_load_group_end(const PGresult *rows, int row);

/* An array of the snapshot. NULL, and no_memory, when memory ran out. */
void *swm_load_array(struct swm_load *load, size_t count, size_t size);

/* Adds to a parameter that is an array of oids. */
void swm_load_add_oid(struct swm_load *load, enum swm_load_param param, uint32_t oid);

#endif
