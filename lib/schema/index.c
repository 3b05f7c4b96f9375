#include "config.h"

#include "schema/index.h"

#include <stdlib.h>

bool
swm_index_init(swm_index *index, swm_arena *arena, size_t count)
{
	size_t size = 8;

	if (count > UINT32_MAX / 4)
		return false;
	while (size < count * 2) /* at most half full: short probes, and always a free entry */
		size *= 2;
	index->slots = swm_arena_array(arena, size, sizeof *index->slots);
	index->mask = size - 1;
	return index->slots != NULL;
}

void
swm_index_put(swm_index *index, uint64_t hash, size_t position)
{
	size_t at = (size_t)hash & index->mask;

	while (index->slots[at] != 0)
		at = (at + 1) & index->mask;
	index->slots[at] = (uint32_t)position + 1;
}

bool
swm_index_next(const swm_index *index, uint64_t hash, size_t *cursor, size_t *position)
{
	if (index->slots == NULL)
		return false;
	uint32_t slot = index->slots[((size_t)hash + *cursor) & index->mask];
	if (slot == 0)
		return false;
	++*cursor;
	*position = slot - 1;
	return true;
}

static int
compare_entries(const void *a, const void *b)
{
	const swm_group_entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->position > y->position) - (x->position < y->position);
}

void
swm_groups_sort(swm_groups *groups)
{
	if (groups->count > 1)
		qsort(groups->entries, groups->count, sizeof *groups->entries, compare_entries);
}

/* The first entry whose key is not less. */
static size_t
lower_bound(const swm_groups *groups, uint64_t key)
{
	size_t low = 0, high = groups->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (groups->entries[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const swm_group_entry *
swm_groups_find(const swm_groups *groups, uint32_t key, size_t *count)
{
	size_t first = lower_bound(groups, key);

	*count = lower_bound(groups, (uint64_t)key + 1) - first;
	return groups->entries + first;
}

uint64_t
swm_index_hash_oid(uint32_t oid)
{
	/* multiplicative hashing: the high bits are the mixed ones */
	return (oid * UINT64_C(0x9e3779b97f4a7c15)) >> 32;
}

uint64_t
swm_index_hash_name(swm_str schema, swm_str name)
{
	uint64_t hash = swm_str_hash(schema) * 31 + swm_str_hash(name);
	return hash ^ hash >> 32;
}
