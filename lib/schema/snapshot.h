/* The parts of a snapshot; for lib/schema only. */
#ifndef SWM_SCHEMA_SNAPSHOT_H
#define SWM_SCHEMA_SNAPSHOT_H

#include "schema/index.h"
#include "schema/schema.h"

#include <stdatomic.h>

/* Privileges of a grantee on a relation or on any of its columns, on a function, or on a schema. */
enum swm_privilege {
	SWM_MAY_SELECT = 1,
	SWM_MAY_INSERT = 2,
	SWM_MAY_UPDATE = 4,
	SWM_MAY_DELETE = 8,
	SWM_MAY_EXECUTE = 16,
	SWM_MAY_USE = 32,
};

typedef struct swm_grant {
	uint32_t grantee; /* a role's oid; 0 is PUBLIC */
	uint32_t privileges;
} swm_grant;

/* The grants of one relation: its access control list and those of its columns. */
typedef struct swm_grants {
	const swm_grant *entries;
	size_t count;
} swm_grants;

/* The grantees whose grants a role uses: itself and the roles it inherits from. */
typedef struct swm_rights {
	bool is_superuser;
	uint32_t everywhere; /* by pg_read_all_data and pg_write_all_data */
	bool iso_dates;
	const uint32_t *grantees;
	size_t grantee_count;
} swm_rights;

/* A column of a table, and where a relation shows it. */
typedef struct swm_shown_column {
	uint16_t number; /* number in the table (attnum) */
	uint16_t column; /* index of the relation's */
} swm_shown_column;

/*
 * A relation that shows columns of a table with foreign keys: a table shows itself, a view what it
 * selects. Foreign keys are stored once, between tables of any schema; the relationships of
 * relations are derived from these on demand.
 */
typedef struct swm_showing {
	const swm_relation *relation;
	uint32_t table_oid;
	const swm_shown_column *columns; /* by number, then by column */
	size_t count;
} swm_showing;

/* A foreign key of a table of any schema. */
typedef struct swm_constraint {
	swm_str name;
	uint32_t table_oid, target_oid;
	const uint16_t *columns, *target_columns; /* numbers (attnum) */
	size_t count;
	bool is_unique;
} swm_constraint;

/* A comment on one of db-schemas. */
typedef struct swm_schema_comment {
	swm_str schema, comment;
} swm_schema_comment;

/* The roles with USAGE on a schema, exposed or of db-extra-search-path. */
typedef struct swm_schema_grants {
	swm_str schema;
	swm_grants grants;
} swm_schema_grants;

struct swm_snapshot {
	atomic_size_t references;
	swm_arena *arena;
	int server_version;
	bool iso_dates; /* of a session of the login role */
	bool has_user_operators; /* a user's operator may be taken for a built-in one */

	swm_schema_comment *comments; /* one for each of db-schemas that is there */
	size_t comment_count;
	swm_str *extra_schemas; /* those of db-extra-search-path that are there */
	size_t extra_schema_count;
	swm_schema_grants *schema_grants;
	size_t schema_grant_count;
	/* true when the objects of db-anon-role, db-pre-request and db-idempotency-table exist */
	bool has_anonymous_role, has_pre_request, has_idempotency_table;

	swm_type *types;
	size_t type_count;
	swm_index types_by_oid;

	swm_relation *relations;
	const swm_relation **relation_list;
	swm_grants *grants; /* one for each relation */
	size_t relation_count;
	swm_index relations_by_oid, relations_by_name;

	swm_showing *showings; /* those of one relation stand together */
	size_t showing_count;
	swm_groups showings_of_relation, showings_of_table; /* by oid */
	swm_constraint *constraints; /* between tables that something shows */
	size_t constraint_count;
	/* by oid; by hash */
	swm_groups constraints_of_table, constraints_on_table, constraints_by_name;

	/* rows of functions that are not exposed relations: see swm_function.row */
	swm_relation *rows;
	size_t row_count;

	swm_function *functions; /* computed fields too */
	/* one for each function; of privileges there is EXECUTE alone */
	swm_grants *function_grants;
	size_t function_count;
	const swm_function **callable; /* over the web; overloads stand together */
	size_t callable_count;
	swm_index callable_by_name; /* the first of each name */

	swm_media_handler *media_handlers; /* by the oid of the relation */
	size_t media_handler_count;
	swm_str geojson_schema;

	swm_role *roles;
	swm_rights *rights; /* one for each role */
	size_t role_count;
	swm_index roles_by_name;
};

/* An empty one with one reference; NULL when memory ran out. */
swm_snapshot *swm_snapshot_new(void);

/* The key of a constraint's name in constraints_by_name. */
uint32_t swm_snapshot_name_key(swm_str name);

/* True when a DateStyle has the ISO form; fallback when it names no form at all ("DMY"). */
bool swm_snapshot_datestyle_is_iso(swm_str datestyle, bool fallback);

#endif
