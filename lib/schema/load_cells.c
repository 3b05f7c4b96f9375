#include "config.h"

#include "schema/load.h"

swm_str
swm_load_cell(const PGresult *rows, int row, int column)
{
	return (swm_str){ PQgetvalue(rows, row, column), (size_t)PQgetlength(rows, row, column) };
}

int64_t
swm_load_number(const PGresult *rows, int row, int column)
{
	int64_t n;
	return swm_str_int64(swm_load_cell(rows, row, column), &n) ? n : 0;
}

uint32_t
swm_load_oid(const PGresult *rows, int row, int column)
{
	return (uint32_t)swm_load_number(rows, row, column);
}

bool
swm_load_bool(const PGresult *rows, int row, int column)
{
	return swm_load_char(rows, row, column) == 't';
}

char
swm_load_char(const PGresult *rows, int row, int column)
{
	swm_str s = swm_load_cell(rows, row, column);
	return s.len == 0 ? '\0' : s.ptr[0];
}

static swm_str
copy(struct swm_load *load, swm_str s)
{
	if (s.len == 0)
		return SWM_STR("");
	s = swm_arena_str(load->arena, s);
	if (s.ptr == NULL)
		load->no_memory = true;
	return s;
}

swm_str
swm_load_text(struct swm_load *load, const PGresult *rows, int row, int column)
{
	return copy(load, swm_load_cell(rows, row, column));
}

swm_str
swm_load_schema_name(struct swm_load *load, swm_str name)
{
	for (const struct swm_load_schema *s = load->schemas; s != NULL; s = s->next)
		if (swm_str_eq(s->name, name))
			return s->name;
	struct swm_load_schema *added = swm_arena_alloc(load->scratch, sizeof *added);
	if (added == NULL) {
		load->no_memory = true;
		return SWM_STR("");
	}
	*added = (struct swm_load_schema){ load->schemas, copy(load, name) };
	load->schemas = added;
	return added->name;
}

int
swm_load_group_end(const PGresult *rows, int row)
{
	swm_str key = swm_load_cell(rows, row, 0);
	int end = row + 1;

	while (end < PQntuples(rows) && swm_str_eq(swm_load_cell(rows, end, 0), key))
		end++;
	return end;
}

void *
swm_load_array(struct swm_load *load, size_t count, size_t size)
{
	void *array = swm_arena_array(load->arena, count, size);
	if (array == NULL)
		load->no_memory = true;
	return array;
}
