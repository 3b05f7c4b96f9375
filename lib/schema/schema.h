/*
 * The schema snapshot: the database's objects as one immutable, reference-counted object. Every
 * view in it lives as long as a reference is held. Threads: shared by many.
 */
#ifndef SWM_SCHEMA_SCHEMA_H
#define SWM_SCHEMA_SCHEMA_H

#include "base/arena.h"
#include "config/settings.h"
#include "error/error.h"

/* Objects that initdb made have smaller oids (FirstNormalObjectId of access/transam.h). */
#define SWM_FIRST_NORMAL_OID 16384

/* The way to_json() writes a type (json_categorize_type in PostgreSQL's json.c). */
enum swm_json_form {
	SWM_FORM_STRING,      /* its text, quoted: most types */
	SWM_FORM_BOOL,
	SWM_FORM_NUMBER,      /* as it is, quoted if it is no JSON number (NaN, Infinity) */
	SWM_FORM_JSON,        /* json, jsonb: as it is */
	SWM_FORM_DATE,
	SWM_FORM_TIMESTAMP,
	SWM_FORM_TIMESTAMPTZ,
	SWM_FORM_SERVER, /* arrays, composites, types with a cast to json: to_json() in the SQL */
};

/* A function by its name; both empty for none. */
typedef struct swm_routine {
	swm_str schema, name;
} swm_routine;

/*
 * The representation of a domain outside the database, by implicit casts with functions
 * (https://docs.postgrest.org/en/latest/references/api/domain_representations.html).
 */
typedef struct swm_domain_casts {
	swm_routine to_json, to_text;     /* for answers */
	swm_routine from_json, from_text; /* for bodies; for filters */
} swm_domain_casts;

typedef struct swm_type {
	uint32_t oid;
	uint32_t base_oid;  /* base type of a domain; its own oid otherwise */
	/* element type of an array, also of domains over it; 0 for others and for pseudo-types */
	uint32_t element_oid;
	/* maximum length (in bits for bit strings) by a domain's type modifier; 0 for none */
	uint32_t max_length;
	swm_str name;       /* as format_type() writes it */
	swm_str cast_name; /* to be cast to: bpchar, where name is character and takes one letter */
	swm_str schema, typname;
	char kind;          /* pg_type.typtype of the type itself: b c d e m p r */
	enum swm_json_form form;
	bool is_json;       /* json or jsonb, also through domains */
	bool is_composite;  /* also through domains */
	bool is_array;      /* also through domains */
	bool is_tsvector;
	uint32_t relation_oid; /* of a row type or composite type, also through domains; else 0 */
	const swm_domain_casts *casts; /* NULL for none */
	const swm_str *enum_labels;
	size_t enum_count;
} swm_type;

typedef struct swm_column {
	swm_str name;
	swm_str type_name;      /* with its modifier: character varying(20) */
	const swm_type *type;
	int32_t modifier;       /* pg_attribute.atttypmod: -1 for none */
	bool nullable, has_default, is_identity, is_generated, is_updatable;
	swm_str default_sql;    /* empty when there is none */
	swm_str comment;
} swm_column;

/*
 * A foreign key, seen from the relation that has it. Views have those of their base tables whose
 * columns they show, and are targets as their base tables are
 * (https://docs.postgrest.org/en/latest/references/api/resource_embedding.html#foreign-key-joins-on-views);
 * a view that shows a column of the key twice has it twice. Lives as the relationship that it is
 * of.
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

/* A unique index without a constraint. Its SQL is PostgreSQL's own, with qualified names. */
typedef struct swm_unique_index {
	/* indexes: what it is an index of, or what its expressions are of */
	const uint16_t *columns;
	size_t count;
	/* a list of all its keys; empty when these are the columns themselves */
	swm_str expressions;
	swm_str predicate;       /* the predicate of a partial index; empty for all rows */
} swm_unique_index;

struct swm_function;

typedef struct swm_relation {
	uint32_t oid;
	swm_str schema, name, comment;
	char kind;               /* pg_class.relkind: r p v m f; c for a function's row */
	bool insertable, updatable, deletable; /* also by INSTEAD OF triggers */
	bool runs_user_code;     /* reading it may: by a view, a policy, a type of a column */
	/* writing it may: by a trigger, a default, or as reading it does */
	bool write_runs_user_code;
	const swm_column *columns;
	size_t column_count;
	/*
	 * Indexes of columns, in the key's order. Of a view: those of all tables whose key it
	 * shows, one table after the other.
	 */
	const uint16_t *primary_key;
	size_t primary_key_count;
	/*
	 * of tables, and of views that are updatable since they have each row of one table once or
	 * not at all
	 */
	const swm_unique_key *unique_keys;
	size_t unique_key_count;
	const swm_unique_index *unique_indexes; /* for the same relations */
	size_t unique_index_count;
	/* functions of one argument of this row type: computed fields and relationships */
	const struct swm_function *const *computed;
	size_t computed_count;
} swm_relation;

typedef struct swm_parameter {
	swm_str name; /* empty when it has none */
	swm_str type_name; /* to be cast to: its type's cast_name */
	const swm_type *type; /* a variadic one's is an array; polymorphic ones have kind 'p' */
	bool required, variadic;
} swm_parameter;

typedef struct swm_function {
	uint32_t oid;
	swm_str schema, name, comment;
	const swm_parameter *parameters;
	size_t parameter_count;
	const swm_type *returns;
	bool returns_void;
	bool returns_set, returns_table; /* RETURNS TABLE or OUT parameters */
	/*
	 * The columns of its rows: the relation whose row type it returns, or one of kind 'c' that
	 * stands for a table or view that is not exposed, a composite type or OUT parameters. NULL
	 * for a value, and for a record with unknown columns.
	 */
	const struct swm_relation *row;
	swm_str media_type; /* of a value of a domain that is called so; as swm_media_handler's */
	bool single_row;               /* prorows is 1 */
	char volatility;               /* i s v */
	bool is_exposed;               /* in one of db-schemas */
	bool takes_body; /* its only parameter has no name, and a type that a whole body can be */
	/* its SET clauses among db-hoisted-tx-settings */
	const swm_str *setting_names, *setting_values;
	size_t setting_count;
} swm_function;

/*
 * An aggregate that writes an answer of a media type out of rows; a function that does
 * it alone has swm_function.media_type
 * (https://docs.postgrest.org/en/latest/references/api/media_type_handlers.html).
 */
#define SWM_ANY_MEDIA_TYPE "*/*"
typedef struct swm_media_handler {
	swm_str schema, name;
	swm_str media_type;    /* in lower case; SWM_ANY_MEDIA_TYPE when it writes all of them */
	const swm_type *type;  /* the domain of that name that it returns */
	uint32_t relation_oid; /* of the relation whose row it takes; 0 for rows of any */
} swm_media_handler;

enum swm_cardinality { SWM_MANY_TO_ONE, SWM_ONE_TO_MANY, SWM_ONE_TO_ONE, SWM_MANY_TO_MANY };

/*
 * The relationship of an origin's rows to those of a target. Lives in the arena it was found into.
 */
typedef struct swm_relationship {
	enum swm_cardinality cardinality;
	const swm_relation *origin, *target;
	/* the function that finds the target's rows; then no column is named here */
	const swm_function *computed;
	/* origin.origin_columns[i] = target.target_columns[i], but for many-to-many */
	const swm_foreign_key *key;    /* NULL for computed and many-to-many */
	/* the key's arrays, as they are or exchanged */
	const uint16_t *origin_columns, *target_columns;
	size_t count;
	/* many-to-many: both keys of the junction */
	const swm_relation *junction;
	const swm_foreign_key *junction_origin, *junction_target;
} swm_relationship;

/* Settings of a role (ALTER ROLE ... SET), as far as the login role may set them. */
typedef struct swm_role {
	swm_str name;
	const swm_str *setting_names, *setting_values;
	size_t setting_count;
	/* default_transaction_isolation; empty when not set; not among the settings */
	swm_str isolation;
} swm_role;

typedef struct swm_snapshot swm_snapshot;

/*
 * Reads everything over one connection. SWM_EDATABASE, SWM_EUNAVAILABLE, SWM_ENOMEM. *out has one
 * reference.
 */
struct pg_conn;
int swm_snapshot_load(swm_snapshot **out, struct pg_conn *connection, const swm_settings *settings,
                      swm_error *err);

swm_snapshot *swm_snapshot_ref(swm_snapshot *snapshot);
void swm_snapshot_unref(swm_snapshot *snapshot); /* NULL is allowed */

/* NULL when it is not there. */
const swm_relation *swm_snapshot_relation(const swm_snapshot *snapshot, swm_str schema,
                                          swm_str name);
const swm_relation *swm_snapshot_relation_by_oid(const swm_snapshot *snapshot, uint32_t oid);
const swm_type *swm_snapshot_type(const swm_snapshot *snapshot, uint32_t oid);
const swm_role *swm_snapshot_role(const swm_snapshot *snapshot, swm_str name);
const swm_column *swm_relation_column(const swm_relation *relation, swm_str name);

/*
 * A computed field of the relation: a function of its row that returns one value; NULL when none.
 */
const swm_function *swm_relation_computed(const swm_relation *relation, swm_str name);

/*
 * The functions of a name in an exposed schema (its overloads), *count of them; NULL when none.
 * Here and below: only those that can be called over the web. Arguments are given by name, so
 * neither one that requires an argument without a name, nor one whose parameters all lack a name;
 * but what takes_body can.
 */
const swm_function *const *swm_snapshot_functions(const swm_snapshot *snapshot, swm_str schema,
                                                  swm_str name, size_t *count);

/* The comment on an exposed schema; empty when it has none. */
swm_str swm_snapshot_schema_comment(const swm_snapshot *snapshot, swm_str schema);

/* All functions of the exposed schemas, overloads together. */
const swm_function *const *swm_snapshot_all_functions(const swm_snapshot *snapshot, size_t *count);

/* All relations of the exposed schemas. */
const swm_relation *const *swm_snapshot_relations(const swm_snapshot *snapshot, size_t *count);

/*
 * The handlers of rows of a relation (NULL: of any relation), *count of them; of several
 * for one media type the first counts.
 */
const swm_media_handler *swm_snapshot_media_handlers(const swm_snapshot *snapshot,
                                                     const swm_relation *relation, size_t *count);

/*
 * The handler of rows of a relation that writes a media type (of lower case, without
 * parameters): its own before those of any relation. NULL when there is none, and for
 * SWM_ANY_MEDIA_TYPE when none writes all.
 */
const swm_media_handler *swm_snapshot_media_handler(const swm_snapshot *snapshot,
                                                    const swm_relation *relation,
                                                    swm_str media_type);

/* The schema of PostGIS' st_asgeojson(record); empty where it is not installed. */
swm_str swm_snapshot_geojson_schema(const swm_snapshot *snapshot);

/* The number of foreign keys between tables that exposed relations are or show. */
size_t swm_snapshot_foreign_key_count(const swm_snapshot *snapshot);

/*
 * All relationships of an origin (a relation of the snapshot, or the row of a function)
 * with relations of a schema, in *count of *out: first the computed ones, which may lead
 * to other exposed schemas, and for which those with a relation of the function's name
 * are left out. Junctions are of the schema, or else of another exposed one. SWM_ENOMEM.
 */
int swm_snapshot_relationships(const swm_relationship **out, size_t *count, swm_arena *arena,
                               const swm_snapshot *snapshot, const swm_relation *origin,
                               swm_str schema, swm_error *err);

/*
 * The subset that a name in a select list can mean, found without looking at the others: those to
 * the relation of that name, by the function of that name (then no other), by the foreign key of
 * that name on either side, or by one that has, or refers to, just the origin's column of that
 * name.
 */
int swm_snapshot_relationships_named(const swm_relationship **out, size_t *count, swm_arena *arena,
                                     const swm_snapshot *snapshot, const swm_relation *origin,
                                     swm_str schema, swm_str name, swm_error *err);

/*
 * The relation of the exposed schema whose name is nearest (lib/base/fuzzy.h), among those
 * that the role may see, and the function among those that it may execute: a hint must
 * not name others. Empty when none is near.
 */
swm_str swm_snapshot_nearest_relation(const swm_snapshot *snapshot, swm_str schema, swm_str role,
                                      swm_str name);
swm_str swm_snapshot_nearest_function(const swm_snapshot *snapshot, swm_str schema, swm_str role,
                                      swm_str name);

/*
 * True when the role may use the objects granted to it in a schema, exposed or of
 * db-extra-search-path.
 */
bool swm_snapshot_may_use(const swm_snapshot *snapshot, swm_str role, swm_str schema);

/*
 * True when the role has one of the following privileges on the relation. An answer tells a role
 * only the names of what it may see or execute, and what the request itself has named: this holds
 * for hints and errors, for OPTIONS, and for the OpenAPI document.
 */
bool swm_snapshot_may_see(const swm_snapshot *snapshot, swm_str role, const swm_relation *relation);

/*
 * The same for the relations at both ends of a foreign key; true where none of that name is known.
 */
bool swm_snapshot_may_see_key(const swm_snapshot *snapshot, swm_str role, swm_str name);

/*
 * True when the role may select, insert, update or delete ('r' 'a' 'w' 'd'), on the whole or any
 * column.
 */
bool swm_snapshot_may(const swm_snapshot *snapshot, swm_str role, const swm_relation *relation,
                      char privilege);

/* True when the role may execute the function. */
bool swm_snapshot_may_execute(const swm_snapshot *snapshot, swm_str role,
                              const swm_function *function);

/*
 * True when dates have ISO form for the login role and this role, so that they can be encoded
 * here.
 */
bool swm_snapshot_iso_dates(const swm_snapshot *snapshot, swm_str role);

/* True when an operator in our SQL may be a user-defined one instead of the built-in one. */
bool swm_snapshot_has_user_operators(const swm_snapshot *snapshot);

/* The server's version, as server_version_num. */
int swm_snapshot_server_version(const swm_snapshot *snapshot);

#endif
