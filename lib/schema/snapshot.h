/* What a snapshot is made of; for this room only. */
#ifndef SWM_SCHEMA_SNAPSHOT_H
#define SWM_SCHEMA_SNAPSHOT_H

#include "schema/index.h"
#include "schema/schema.h"

#include <stdatomic.h>

/* Privileges of a grantee on a relation or on any of its columns. */
enum swm_privilege {
	SWM_MAY_SELECT = 1,
	SWM_MAY_INSERT = 2,
	SWM_MAY_UPDATE = 4,
	SWM_MAY_DELETE = 8,
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

/* Whose grants a role uses, its own and those that it inherits. */
typedef struct swm_rights {
	bool is_superuser;
	uint32_t everywhere; /* by pg_read_all_data and pg_write_all_data */
	bool iso_dates;
	const uint32_t *grantees;
	size_t grantee_count;
} swm_rights;

/* A comment on one of db-schemas. */
typedef struct swm_schema_comment {
	swm_str schema, comment;
} swm_schema_comment;

struct swm_snapshot {
	atomic_size_t references;
	swm_arena *arena;
	int server_version;
	bool iso_dates; /* of a session of the login role */

	swm_schema_comment *comments;
	size_t comment_count;

	swm_type *types;
	size_t type_count;
	swm_index types_by_oid;

	swm_relation *relations;
	const swm_relation **relation_list;
	swm_grants *grants; /* one for each relation */
	size_t relation_count;
	swm_index relations_by_oid, relations_by_name;

	swm_foreign_key *foreign_keys;
	size_t foreign_key_count;

	swm_function *functions; /* overloads stand together */
	const swm_function **function_list;
	size_t function_count;
	swm_index functions_by_name; /* the first of each name */

	swm_role *roles;
	swm_rights *rights; /* one for each role */
	size_t role_count;
	swm_index roles_by_name;

	/* sorted by bytes, in one block */
	const char *timezones;
	const uint32_t *timezone_ends;
	size_t timezone_count;
};

/* An empty one with one reference; NULL when memory ran out. */
swm_snapshot *swm_snapshot_new(void);

/* Whether a DateStyle has the ISO form; fallback when it names no form at all ("DMY"). */
bool swm_snapshot_datestyle_is_iso(swm_str datestyle, bool fallback);

#endif
