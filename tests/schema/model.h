/* What a schema's text creates; between its reader and the rows that are made of it. */
#ifndef SCHEMA_MODEL_H
#define SCHEMA_MODEL_H

#include "base/arena.h"
#include "base/str.h"

enum { FIRST_OID = 16384, MOST_TYPES = 512, MOST_RELATIONS = 128, MOST_COLUMNS = 64, MOST_KEYS = 256,
	MOST_KEY_COLUMNS = 8, MOST_FUNCTIONS = 128, MOST_PARAMETERS = 16, MOST_LABELS = 128, MOST_CASTS = 32, MOST_INDEXES = 16 };

struct type {
	uint32_t oid, base, element, array_oid, relation_oid;
	swm_str schema, name, typname;
	char kind;
	bool is_array;
};

struct column {
	swm_str name;
	const struct type *type;
	bool not_null, has_default, identity, generated;
	/* of a view: what it is a column of */
	uint32_t from_relation;
	unsigned from_column;
};

struct relation {
	uint32_t oid;
	const struct type *type;
	swm_str schema, name;
	char kind;
	struct column columns[MOST_COLUMNS];
	unsigned column_count;
};

/* Primary keys, unique constraints and foreign keys; columns by number, from 1. */
struct key {
	char kind;
	swm_str name;
	uint32_t relation, target;
	unsigned columns[MOST_KEY_COLUMNS], target_columns[MOST_KEY_COLUMNS];
	unsigned count;
};

/* A unique index. */
struct index {
	uint32_t relation;
	unsigned key[MOST_COLUMNS], used[MOST_COLUMNS]; /* columns by number, ascending; used: by the predicate too */
	unsigned key_count, used_count;
	swm_str expressions, predicate; /* as they are written; empty when there is none */
};

struct parameter {
	swm_str name;
	const struct type *type;
	char mode; /* pg_proc.proargmodes */
	bool has_default;
};

struct function {
	uint32_t oid;
	swm_str schema, name;
	const struct type *returns;
	bool returns_set, returns_table, single_row;
	char volatility;
	struct parameter parameters[MOST_PARAMETERS];
	unsigned parameter_count;
};

struct label {
	uint32_t type;
	swm_str text;
};

/* A cast of a domain from or to json or text. */
struct cast {
	uint32_t domain;
	bool is_from, is_json;
	swm_str schema, function;
};

struct model {
	swm_arena *arena;
	uint32_t next_oid;
	struct type types[MOST_TYPES];
	unsigned type_count;
	struct relation relations[MOST_RELATIONS];
	unsigned relation_count;
	struct key keys[MOST_KEYS];
	unsigned key_count;
	struct index indexes[MOST_INDEXES];
	unsigned index_count;
	struct function functions[MOST_FUNCTIONS];
	unsigned function_count;
	struct label labels[MOST_LABELS];
	unsigned label_count;
	struct cast casts[MOST_CASTS];
	unsigned cast_count;
};

/* Reads a text into an empty model. */
void model_read(struct model *m, swm_str text);

/* Ends the program. */
void model_fail(const char *what, swm_str where) __attribute__((noreturn));

struct relation *model_relation(struct model *m, uint32_t oid);

#endif
