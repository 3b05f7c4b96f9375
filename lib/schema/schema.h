/*
 * The schema snapshot: what the database has, as one immutable,
 * reference-counted object. Every view in it lives as long as a reference is held.
 * Threads: shared by many.
 */
#ifndef SWM_SCHEMA_SCHEMA_H
#define SWM_SCHEMA_SCHEMA_H

#include "base/arena.h"
#include "config/settings.h"
#include "error/error.h"

/* How to_json() writes a type (json_categorize_type in PostgreSQL's json.c). */
enum swm_json_form {
	SWM_FORM_STRING,      /* its text, quoted: most types */
	SWM_FORM_BOOL,
	SWM_FORM_NUMBER,      /* as it is, quoted if it is no JSON number (NaN, Infinity) */
	SWM_FORM_JSON,        /* json, jsonb: as it is */
	SWM_FORM_DATE,
	SWM_FORM_TIMESTAMP,
	SWM_FORM_TIMESTAMPTZ,
	SWM_FORM_SERVER,      /* arrays, composites, types with a cast to json: to_json() in the SQL */
};

typedef struct swm_type {
	uint32_t oid;
	uint32_t base_oid;  /* behind domains; its own oid otherwise */
	uint32_t element_oid; /* of an array, behind domains; 0 for others and for pseudo-types */
	uint32_t max_length;  /* characters (of bit strings: bits) that a domain allows its text; 0 when it does not say */
	swm_str name;       /* as format_type() writes it */
	swm_str schema, typname;
	char kind;          /* pg_type.typtype of the type itself: b c d e m p r */
	enum swm_json_form form;
	bool is_json;       /* json or jsonb, behind domains */
	bool is_composite;  /* behind domains */
	bool is_array;      /* behind domains */
	bool is_tsvector;
	const swm_str *enum_labels;
	size_t enum_count;
} swm_type;

typedef struct swm_column {
	swm_str name;
	swm_str type_name;      /* with its modifier: character varying(20) */
	const swm_type *type;
	bool nullable, has_default, is_identity, is_generated, is_updatable;
	swm_str default_sql;    /* empty when there is none */
	swm_str comment;
} swm_column;

/*
 * A foreign key, seen from the relation that has it. Views have those of their base
 * tables whose columns they show, and are targets as their base tables are
 * (https://docs.postgrest.org/en/latest/references/api/resource_embedding.html#foreign-key-joins-on-views).
 */
typedef struct swm_foreign_key {
	swm_str name;
	uint32_t relation_oid, target_oid;
	const uint16_t *columns;        /* indexes into the relations' columns */
	const uint16_t *target_columns;
	size_t count;
	bool is_unique;                 /* the referencing columns are a key: one-to-one */
} swm_foreign_key;

typedef struct swm_unique_key {
	const uint16_t *columns; /* indexes, in the key's order */
	size_t count;
	bool is_primary;
} swm_unique_key;

struct swm_function;

typedef struct swm_relation {
	uint32_t oid;
	swm_str schema, name, comment;
	char kind;               /* pg_class.relkind: r p v m f */
	bool insertable, updatable, deletable; /* also by INSTEAD OF triggers */
	const swm_column *columns;
	size_t column_count;
	const uint16_t *primary_key; /* indexes of columns, in the key's order */
	size_t primary_key_count;
	const swm_unique_key *unique_keys;
	size_t unique_key_count;
	/* functions of one argument of this row type: computed fields and relationships */
	const struct swm_function *const *computed;
	size_t computed_count;
} swm_relation;

typedef struct swm_parameter {
	swm_str name; /* empty when it has none */
	swm_str type_name;
	const swm_type *type;
	bool required, variadic;
} swm_parameter;

typedef struct swm_function {
	uint32_t oid;
	swm_str schema, name, comment;
	const swm_parameter *parameters;
	size_t parameter_count;
	const swm_type *returns;       /* NULL for a type outside the snapshot */
	uint32_t returns_relation_oid; /* the row type's table; 0 when none */
	bool returns_set, returns_table; /* RETURNS TABLE or OUT parameters */
	/*
	 * What its rows look like: the relation whose row type it returns, or one of
	 * kind 'c' that stands for a composite type or OUT parameters; NULL for a value.
	 */
	const struct swm_relation *row;
	bool single_row;               /* prorows is 1 */
	char volatility;               /* i s v */
	bool is_exposed;               /* stands in one of db-schemas */
	/* its SET clauses among db-hoisted-tx-settings */
	const swm_str *setting_names, *setting_values;
	size_t setting_count;
} swm_function;

enum swm_cardinality { SWM_MANY_TO_ONE, SWM_ONE_TO_MANY, SWM_ONE_TO_ONE, SWM_MANY_TO_MANY };

/* How rows of an origin are related to those of a target. Lives in the arena it was found into. */
typedef struct swm_relationship {
	enum swm_cardinality cardinality;
	const swm_relation *origin, *target;
	/* the function that finds the target's rows; then no column is named here */
	const swm_function *computed;
	/* origin.origin_columns[i] = target.target_columns[i], but for many-to-many */
	const swm_foreign_key *key;    /* NULL for computed and many-to-many */
	const uint16_t *origin_columns, *target_columns;
	size_t count;
	/* many-to-many: both keys of the junction */
	const swm_relation *junction;
	const swm_foreign_key *junction_origin, *junction_target;
} swm_relationship;

/* What a role has set for itself (ALTER ROLE ... SET), as far as the login role may set it. */
typedef struct swm_role {
	swm_str name;
	const swm_str *setting_names, *setting_values;
	size_t setting_count;
	swm_str isolation; /* default_transaction_isolation; empty when not set; not among the settings */
} swm_role;

typedef struct swm_snapshot swm_snapshot;

/* Reads everything over one connection. SWM_EDATABASE, SWM_EUNAVAILABLE, SWM_ENOMEM. *out has one reference. */
struct pg_conn;
int swm_snapshot_load(swm_snapshot **out, struct pg_conn *connection, const swm_settings *settings,
                      swm_error *err);

swm_snapshot *swm_snapshot_ref(swm_snapshot *snapshot);
void swm_snapshot_unref(swm_snapshot *snapshot); /* NULL is allowed */

/* NULL when it is not there. */
const swm_relation *swm_snapshot_relation(const swm_snapshot *snapshot, swm_str schema, swm_str name);
const swm_relation *swm_snapshot_relation_by_oid(const swm_snapshot *snapshot, uint32_t oid);
const swm_type *swm_snapshot_type(const swm_snapshot *snapshot, uint32_t oid);
const swm_role *swm_snapshot_role(const swm_snapshot *snapshot, swm_str name);
const swm_column *swm_relation_column(const swm_relation *relation, swm_str name);

/* A computed field of the relation: a function of its row that returns one value; NULL when none. */
const swm_function *swm_relation_computed(const swm_relation *relation, swm_str name);

/* The functions of a name in a schema (its overloads), *count of them; NULL when none. */
const swm_function *const *swm_snapshot_functions(const swm_snapshot *snapshot, swm_str schema,
                                                  swm_str name, size_t *count);

/* The comment on an exposed schema; empty when it has none. */
swm_str swm_snapshot_schema_comment(const swm_snapshot *snapshot, swm_str schema);

/* All functions, overloads together; some may not be exposed (is_exposed). */
const swm_function *const *swm_snapshot_all_functions(const swm_snapshot *snapshot, size_t *count);

/* All relations and foreign keys of the exposed schemas. */
const swm_relation *const *swm_snapshot_relations(const swm_snapshot *snapshot, size_t *count);
const swm_foreign_key *swm_snapshot_foreign_keys(const swm_snapshot *snapshot, size_t *count);

/*
 * All relationships of an origin (a relation of the snapshot, or the row of a function)
 * with relations of a schema, computed ones among them, in *count of *out. SWM_ENOMEM.
 */
int swm_snapshot_relationships(const swm_relationship **out, size_t *count, swm_arena *arena,
                               const swm_snapshot *snapshot, const swm_relation *origin, swm_str schema,
                               swm_error *err);

/* The exposed relation of the schema whose name is nearest (lib/base/fuzzy.h); empty when none is near. */
swm_str swm_snapshot_nearest_relation(const swm_snapshot *snapshot, swm_str schema, swm_str name);

/* Whether the role may select, insert, update or delete ('r' 'a' 'w' 'd'), on the whole or any column. */
bool swm_snapshot_may(const swm_snapshot *snapshot, swm_str role, const swm_relation *relation, char privilege);

/* Whether dates come in ISO form for the login role and this role, so that they can be encoded here. */
bool swm_snapshot_iso_dates(const swm_snapshot *snapshot, swm_str role);

/* The server's version, as server_version_num. */
int swm_snapshot_server_version(const swm_snapshot *snapshot);

/* Whether a time zone's name is in pg_timezone_names, in its exact case. */
bool swm_snapshot_has_timezone(const swm_snapshot *snapshot, swm_str name);

#endif
