/* Unique indexes without a constraint: ON CONFLICT can use them, too. */
#include "config.h"

#include "schema/load.h"

/* In queries.def, between names. */
enum { NAMES_SEPARATOR = 1 };

static bool
has_number(const struct swm_load_index *index, uint16_t number)
{
	for (size_t i = 0; i < index->key_count; i++)
		if (index->key[i] == number)
			return true;
	return false;
}

int
swm_load_unique_indexes(struct swm_load *load, const PGresult *rows)
{
	enum { TABLE, KEY, USED, NAMES, EXPRESSIONS, PREDICATE };
	size_t count = (size_t)PQntuples(rows);

	load->indexes = swm_arena_array(load->scratch, count, sizeof *load->indexes);
	if (load->indexes == NULL)
		return SWM_ENOMEM;
	load->index_count = count;
	for (size_t i = 0; i < count; i++) {
		struct swm_load_index *index = &load->indexes[i];
		index->table_oid = swm_load_oid(rows, (int)i, TABLE);
		index->key =
			swm_load_numbers(load, swm_load_cell(rows, (int)i, KEY), &index->key_count);
		index->used = swm_load_numbers(load, swm_load_cell(rows, (int)i, USED),
		                               &index->used_count);
		index->names = swm_arena_str(load->scratch, swm_load_cell(rows, (int)i, NAMES));
		index->expressions = swm_load_text(load, rows, (int)i, EXPRESSIONS);
		index->predicate = swm_load_text(load, rows, (int)i, PREDICATE);
		if (load->no_memory || index->names.ptr == NULL)
			return SWM_ENOMEM;
	}
	return SWM_OK;
}

/* The indexes of a table, *count of them. */
static const struct swm_load_index *
indexes_of(const struct swm_load *load, uint32_t table_oid, size_t *count)
{
	size_t low = 0, high = load->index_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (load->indexes[middle].table_oid < table_oid)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < load->index_count &&
	       load->indexes[low + *count].table_oid == table_oid)
		++*count;
	return load->indexes + low;
}

/*
 * False when the relation lacks a column that the index uses, or has it by another name than the
 * index's SQL, as a view may.
 */
static bool
take_columns(const struct swm_load *load, const swm_relation *r, const struct swm_load_index *from,
             swm_load_find_column *find, const void *shown, uint16_t *columns, size_t *count)
{
	bool is_plain = from->expressions.len == 0 && from->predicate.len == 0;
	swm_str names = from->names, name;
	uint16_t column;

	*count = 0;
	for (size_t i = 0; i < from->used_count; i++) {
		if (!swm_str_cut(&names, NAMES_SEPARATOR, &name) ||
		    !find(load, r, shown, from->used[i], name, &column))
			return false;
		if (!is_plain && !swm_str_eq(r->columns[column].name, name))
			return false;
		if (has_number(from, from->used[i]))
			columns[(*count)++] = column;
	}
	return *count > 0;
}

bool
swm_load_take_indexes(struct swm_load *load, swm_relation *r, uint32_t table_oid,
                      swm_load_find_column *find, const void *shown)
{
	size_t count;
	const struct swm_load_index *from = indexes_of(load, table_oid, &count);

	if (count == 0)
		return true;
	swm_unique_index *indexes = swm_load_array(load, count, sizeof *indexes);
	r->unique_indexes = indexes;
	for (size_t i = 0; i < count && indexes != NULL; i++) {
		uint16_t *columns = swm_load_array(load, from[i].used_count, sizeof *columns);
		swm_unique_index *to = &indexes[r->unique_index_count];
		*to = (swm_unique_index){ .columns = columns,
			                  .expressions = from[i].expressions,
			                  .predicate = from[i].predicate };
		if (columns != NULL &&
		    take_columns(load, r, &from[i], find, shown, columns, &to->count))
			r->unique_index_count++;
	}
	return !load->no_memory;
}
