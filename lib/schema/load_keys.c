#include "config.h"

#include "schema/load.h"

const uint16_t *
swm_load_numbers(struct swm_load *load, swm_str numbers, size_t *count)
{
	uint16_t *list = swm_arena_array(load->scratch, numbers.len / 2 + 1, sizeof *list);
	swm_str word;
	int64_t n;

	*count = 0;
	if (list == NULL)
		load->no_memory = true;
	else
		while (swm_str_cut(&numbers, ' ', &word))
			list[(*count)++] = (uint16_t)(swm_str_int64(word, &n) ? n : 0);
	return list;
}

int
swm_load_unique_keys(struct swm_load *load, const PGresult *rows)
{
	size_t count = (size_t)PQntuples(rows);

	load->keys = swm_arena_array(load->scratch, count, sizeof *load->keys);
	if (load->keys == NULL)
		return SWM_ENOMEM;
	load->key_count = count;
	for (size_t i = 0; i < count; i++) {
		struct swm_load_key *key = &load->keys[i];
		key->table_oid = swm_load_oid(rows, (int)i, 0);
		key->is_primary = swm_load_bool(rows, (int)i, 1);
		key->columns = swm_load_numbers(load, swm_load_cell(rows, (int)i, 2), &key->count);
	}
	return SWM_OK;
}

const struct swm_load_key *
swm_load_keys_of(const struct swm_load *load, uint32_t table_oid, size_t *count)
{
	size_t low = 0, high = load->key_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (load->keys[middle].table_oid < table_oid)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < load->key_count && load->keys[low + *count].table_oid == table_oid)
		++*count;
	return load->keys + low;
}

static bool
has_column(const uint16_t *columns, size_t count, uint16_t column)
{
	for (size_t i = 0; i < count; i++)
		if (columns[i] == column)
			return true;
	return false;
}

/* True when the columns are those of a key of the table, in any order. */
static bool
is_unique(const struct swm_load *load, uint32_t table_oid, const uint16_t *columns, size_t count)
{
	size_t key_count;
	const struct swm_load_key *key = swm_load_keys_of(load, table_oid, &key_count);

	for (; key_count > 0; key++, key_count--) {
		size_t found = 0;
		while (found < key->count && has_column(columns, count, key->columns[found]))
			found++;
		if (key->count == count && found == count)
			return true;
	}
	return false;
}

int
swm_load_foreign_keys(struct swm_load *load, const PGresult *rows)
{
	enum { TABLE, TARGET, NAME, COLUMNS, TARGET_COLUMNS };
	size_t count = (size_t)PQntuples(rows), target_count;

	load->constraints = swm_arena_array(load->scratch, count, sizeof *load->constraints);
	if (load->constraints == NULL)
		return SWM_ENOMEM;
	for (int row = 0; row < (int)count; row++) {
		swm_constraint *k = &load->constraints[load->constraint_count];
		k->table_oid = swm_load_oid(rows, row, TABLE);
		k->target_oid = swm_load_oid(rows, row, TARGET);
		k->name = swm_arena_str(load->scratch, swm_load_cell(rows, row, NAME));
		k->columns = swm_load_numbers(load, swm_load_cell(rows, row, COLUMNS), &k->count);
		k->target_columns = swm_load_numbers(load, swm_load_cell(rows, row, TARGET_COLUMNS),
		                                     &target_count);
		if (load->no_memory || k->name.ptr == NULL)
			return SWM_ENOMEM;
		k->is_unique = is_unique(load, k->table_oid, k->columns, k->count);
		load->constraint_count += k->count == target_count; /* as it always is */
	}
	return SWM_OK;
}
