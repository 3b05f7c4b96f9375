/*
 * A hash index over an array: finds positions by hash, the caller compares. Fixed size, built
 * once.
 */
#ifndef SWM_SCHEMA_INDEX_H
#define SWM_SCHEMA_INDEX_H

#include "base/arena.h"
#include "base/str.h"

typedef struct swm_index {
	uint32_t *slots; /* position + 1; 0 is free */
	size_t mask;
} swm_index;

/* Room for count entries. False when memory ran out. */
bool swm_index_init(swm_index *index, swm_arena *arena, size_t count);

/* Adds an entry; there must be room. */
void swm_index_put(swm_index *index, uint64_t hash, size_t position);

/*
 * The entries that may have this hash, one a call: *cursor starts at 0. False when there is no
 * more.
 */
bool swm_index_next(const swm_index *index, uint64_t hash, size_t *cursor, size_t *position);

/* Positions by number (an oid, a hash), of which many may have the same: sorted, built once. */
typedef struct swm_group_entry {
	uint32_t key, position;
} swm_group_entry;

typedef struct swm_groups {
	swm_group_entry *entries;
	size_t count;
} swm_groups;

/* Puts the entries in order: by key, then by position. */
void swm_groups_sort(swm_groups *groups);

/* The entries of a key, *count of them. */
const swm_group_entry *swm_groups_find(const swm_groups *groups, uint32_t key, size_t *count);

/* Hashes of the two sorts of keys that the snapshot has. */
uint64_t swm_index_hash_oid(uint32_t oid);
uint64_t swm_index_hash_name(swm_str schema, swm_str name);

#endif
