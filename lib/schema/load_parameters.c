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

/*
 * A row that has the output parameters as columns. A single one of a composite type is the row
 * itself.
 */
static void
make_output_row(struct swm_load *load, swm_function *f, const swm_column *columns, size_t count)
{
	if (count == 1 && columns->type->is_composite)
		return;
	swm_relation *r = swm_load_array(load, 1, sizeof *r);
	if (r != NULL)
		*r = (swm_relation){ .schema = f->schema, .name = f->name, .comment = SWM_STR(""),
			.kind = 'c', .columns = columns, .column_count = count };
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
	swm_parameter *parameters = count == 0 ? NULL
	                                       : swm_load_array(load, count, sizeof *parameters);
	if (parameters == NULL)
		return;
	f->parameters = parameters;
	f->parameter_count = count;
	for (int i = row; i < end; i++)
		if (is_input(rows, i))
			take_parameter(load, rows, i, parameters++);
}

/*
 * https://docs.postgrest.org/en/latest/references/api/functions.html#functions-with-a-single-unnamed-parameter
 */
static bool
takes_body(const swm_function *f)
{
	/* pg_type.dat */
	enum { OID_BYTEA = 17, OID_TEXT = 25, OID_JSON = 114, OID_XML = 142, OID_JSONB = 3802 };

	if (f->parameter_count != 1 || f->parameters[0].name.len > 0 ||
	    f->parameters[0].type == NULL)
		return false;
	switch (f->parameters[0].type->oid) {
	case OID_BYTEA:
	case OID_TEXT:
	case OID_JSON:
	case OID_XML:
	case OID_JSONB:
		return true;
	default:
		return false;
	}
}

/* True when its arguments can be given by name: all that are required, and at least one. */
static bool
takes_names(const swm_function *f)
{
	bool any = f->parameter_count == 0;

	for (size_t i = 0; i < f->parameter_count; i++) {
		bool has_name = f->parameters[i].name.len > 0;
		if (!has_name && f->parameters[i].required)
			return false;
		any |= has_name;
	}
	return any;
}

static bool
same_name(const swm_function *a, const swm_function *b)
{
	return swm_str_eq(a->name, b->name) && swm_str_eq(a->schema, b->schema);
}

/* Runs once the parameters are known. */
static int
list_callable(struct swm_load *load)
{
	swm_snapshot *s = load->snapshot;

	s->callable = swm_load_array(load, s->function_count, sizeof(const swm_function *));
	if (s->callable == NULL ||
	    !swm_index_init(&s->callable_by_name, load->arena, s->function_count))
		return SWM_ENOMEM;
	for (size_t i = 0; i < s->function_count; i++) {
		swm_function *f = &s->functions[i];
		f->takes_body = takes_body(f);
		if (!f->is_exposed || !(f->takes_body || takes_names(f)))
			continue;
		size_t n = s->callable_count++;
		s->callable[n] = f;
		if (n == 0 || !same_name(f, s->callable[n - 1]))
			swm_index_put(&s->callable_by_name, swm_index_hash_name(f->schema, f->name),
			              n);
	}
	return SWM_OK;
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
	return list_callable(load);
}
