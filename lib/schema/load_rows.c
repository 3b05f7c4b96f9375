#include "config.h"

#include "schema/load.h"

static size_t
count_groups(const PGresult *rows)
{
	size_t groups = 0;

	for (int row = 0; row < PQntuples(rows); row = swm_load_group_end(rows, row))
		groups++;
	return groups;
}

static int
make_room(struct swm_load *load, size_t count, size_t column_count)
{
	swm_snapshot *s = load->snapshot;
	struct swm_load_columns *to = &load->columns[SWM_LOAD_ROWS];

	s->rows = swm_load_array(load, count, sizeof *s->rows);
	to->columns = swm_load_array(load, column_count, sizeof *to->columns);
	to->numbers = swm_arena_array(load->scratch, column_count, sizeof *to->numbers);
	to->count = column_count;
	return s->rows == NULL || to->columns == NULL || to->numbers == NULL ? SWM_ENOMEM : SWM_OK;
}

/* By oid, as the query has them. */
static const swm_relation *
find_row(const swm_snapshot *s, uint32_t oid)
{
	size_t low = 0, high = s->row_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->rows[middle].oid < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->row_count && s->rows[low].oid == oid ? &s->rows[low] : NULL;
}

/* Gives the functions that return a row type the relation that it is of. */
static void
share_out(const swm_snapshot *s)
{
	for (size_t i = 0; i < s->function_count; i++) {
		swm_function *f = &s->functions[i];
		if (f->row != NULL || f->returns == NULL || f->returns->relation_oid == 0)
			continue;
		f->row = swm_snapshot_relation_by_oid(s, f->returns->relation_oid);
		if (f->row == NULL)
			f->row = find_row(s, f->returns->relation_oid);
	}
}

int
swm_load_rows(struct swm_load *load, const PGresult *rows)
{
	enum { OID = 0, SCHEMA = SWM_LOAD_COLUMN_CELLS, NAME };
	swm_snapshot *s = load->snapshot;

	if (make_room(load, count_groups(rows), (size_t)PQntuples(rows)) != SWM_OK)
		return SWM_ENOMEM;
	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		for (int i = row; i < end; i++)
			swm_load_column(load, rows, i, &load->columns[SWM_LOAD_ROWS], (size_t)i);
		s->rows[s->row_count++] = (swm_relation){
			.oid = swm_load_oid(rows, row, OID),
			.kind = 'c',
			.comment = SWM_STR(""),
			.schema = swm_load_schema_name(load, swm_load_cell(rows, row, SCHEMA)),
			.name = swm_load_text(load, rows, row, NAME),
			.columns = load->columns[SWM_LOAD_ROWS].columns + row,
			.column_count = (size_t)(end - row),
		};
	}
	share_out(s);
	return SWM_OK;
}
