#include "config.h"

#include "schema/load.h"

#include <stdio.h>

/* Columns of the query PARAMETERS. */
enum { PARAMETER_OF, PARAMETER_NAME, TYPE, MODE, REQUIRED };

static bool
is_input(const PGresult *rows, int row)
{
	char mode = swm_load_char(rows, row, MODE);
	return mode == 'i' || mode == 'b' || mode == 'v';
}

static bool
is_output(const PGresult *rows, int row)
{
	char mode = swm_load_char(rows, row, MODE);
	return mode == 'o' || mode == 'b' || mode == 't';
}

static void
take_parameter(struct swm_load *load, const PGresult *rows, int row, swm_parameter *p)
{
	p->name = swm_load_text(load, rows, row, PARAMETER_NAME);
	p->type = swm_snapshot_type(load->snapshot, swm_load_oid(rows, row, TYPE));
	p->type_name = p->type == NULL ? SWM_STR("") : p->type->cast_name;
	p->required = swm_load_bool(rows, row, REQUIRED);
	p->variadic = swm_load_char(rows, row, MODE) == 'v';
}

/* PostgreSQL calls those without a name column1 and so on, or the only one as the function. */
static swm_str
output_name(struct swm_load *load, const swm_function *f, size_t place, size_t count)
{
	char name[32];

	if (count == 1)
		return f->name;
	int len = snprintf(name, sizeof name, "column%zu", place + 1);
	swm_str s = swm_arena_str(load->arena, (swm_str){ name, (size_t)len });
	load->no_memory |= s.ptr == NULL;
	return s;
}

/* A row that has the output parameters as columns. A single one of a composite type is the row itself. */
static void
make_output_row(struct swm_load *load, swm_function *f, const swm_column *columns, size_t count)
{
	if (count == 1 && columns->type->is_composite)
		return;
	swm_relation *r = swm_load_array(load, 1, sizeof *r);
	if (r != NULL)
		*r = (swm_relation){ .schema = f->schema, .name = f->name, .comment = SWM_STR(""), .kind = 'c',
			.columns = columns, .column_count = count };
	f->row = r;
}

static void
take_outputs(struct swm_load *load, const PGresult *rows, int row, int end, swm_function *f)
{
	size_t count = 0, taken = 0;

	for (int i = row; i < end; i++)
		count += is_output(rows, i);
	swm_column *columns = count == 0 ? NULL : swm_load_array(load, count, sizeof *columns);
	for (int i = row; i < end && columns != NULL; i++) {
		if (!is_output(rows, i))
			continue;
		swm_column *c = &columns[taken];
		c->type = swm_snapshot_type(load->snapshot, swm_load_oid(rows, i, TYPE));
		if (c->type == NULL) /* dropped while we read */
			return;
		c->type_name = c->type->name;
		c->nullable = true;
		c->name = swm_load_text(load, rows, i, PARAMETER_NAME);
		if (c->name.len == 0)
			c->name = output_name(load, f, taken, count);
		c->default_sql = c->comment = SWM_STR("");
		taken++;
	}
	if (columns != NULL)
		make_output_row(load, f, columns, count);
}

static void
take_inputs(struct swm_load *load, const PGresult *rows, int row, int end, swm_function *f)
{
	size_t count = 0;

	for (int i = row; i < end; i++)
		count += is_input(rows, i);
	swm_parameter *parameters = count == 0 ? NULL : swm_load_array(load, count, sizeof *parameters);
	if (parameters == NULL)
		return;
	f->parameters = parameters;
	f->parameter_count = count;
	for (int i = row; i < end; i++)
		if (is_input(rows, i))
			take_parameter(load, rows, i, parameters++);
}

int
swm_load_parameters(struct swm_load *load, const PGresult *rows)
{
	size_t next = 0;

	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		swm_function *f = swm_load_function_of(load, rows, row, &next);
		if (f == NULL)
			continue;
		take_inputs(load, rows, row, end, f);
		take_outputs(load, rows, row, end, f);
	}
	return SWM_OK;
}
