#include "config.h"

#include "schema/load.h"

/* Columns of the query FUNCTIONS. */
enum {
	OID,
	SCHEMA,
	NAME,
	RETURNS,
	RETURNS_SET,
	RETURNS_TABLE,
	SINGLE_ROW,
	VOLATILITY,
	EXPOSED,
	COMPUTED_OF,
	COMMENT
};

enum { OID_VOID = 2278 }; /* pg_type.dat */

static void
take_function(struct swm_load *load, const PGresult *rows, int row, swm_function *f)
{
	f->oid = swm_load_oid(rows, row, OID);
	f->schema = swm_load_schema_name(load, swm_load_cell(rows, row, SCHEMA));
	f->name = swm_load_text(load, rows, row, NAME);
	f->comment = swm_load_text(load, rows, row, COMMENT);
	f->returns = swm_snapshot_type(load->snapshot, swm_load_oid(rows, row, RETURNS));
	f->returns_void = swm_load_oid(rows, row, RETURNS) == OID_VOID;
	f->returns_set = swm_load_bool(rows, row, RETURNS_SET);
	f->returns_table = swm_load_bool(rows, row, RETURNS_TABLE);
	f->single_row = swm_load_bool(rows, row, SINGLE_ROW);
	f->volatility = swm_load_char(rows, row, VOLATILITY);
	f->is_exposed = swm_load_bool(rows, row, EXPOSED);
	f->media_type = swm_load_media_type(load, f->returns_set ? NULL : f->returns);
}

/* Adds the function's row type to those still to be loaded, unless it is known. */
static void
note_row(struct swm_load *load, const swm_function *f)
{
	uint32_t oid = f->returns == NULL ? 0 : f->returns->relation_oid;

	if (oid != 0 && swm_snapshot_relation_by_oid(load->snapshot, oid) == NULL)
		swm_load_add_oid(load, SWM_PARAM_ROWS, oid);
}

/* The position of a schema in db-extra-search-path; its length when it is not in it. */
static size_t
extra_place(const struct swm_load *load, swm_str schema)
{
	const swm_list *extra = &load->settings->db_extra_search_path;
	size_t i = 0;

	while (i < extra->count && !swm_str_eq(extra->items[i], schema))
		i++;
	return i;
}

/*
 * The position of a computed field's function on the search path of a request: the relation's own
 * schema, then the extra ones; SIZE_MAX when it is on none of them.
 */
static size_t
search_place(const struct swm_load *load, const swm_relation *r, const swm_function *f)
{
	if (swm_str_eq(f->schema, r->schema))
		return 0;
	size_t place = extra_place(load, f->schema);
	return place == load->settings->db_extra_search_path.count ? SIZE_MAX : place + 1;
}

/* Adds f to the relation's computed fields, in the order of the search path. */
static void
insert_computed(const struct swm_load *load, swm_relation *r, const swm_function **list,
                const swm_function *f)
{
	size_t place = search_place(load, r, f), at = r->computed_count;

	if (place == SIZE_MAX)
		return;
	while (at > 0 && search_place(load, r, list[at - 1]) > place) {
		list[at] = list[at - 1];
		at--;
	}
	list[at] = f;
	r->computed_count++;
	r->computed = list;
}

static const swm_relation *
computed_relation(const struct swm_load *load, const uint32_t *computed_of, size_t function)
{
	return computed_of[function] == 0 ? NULL :
	       swm_snapshot_relation_by_oid(load->snapshot, computed_of[function]);
}

/*
 * Gives each relation the functions of its row: first how many each may have, then a place for
 * them.
 */
static int
share_out_computed(struct swm_load *load, const uint32_t *computed_of)
{
	swm_snapshot *s = load->snapshot;
	size_t *starts = swm_arena_array(load->scratch, s->relation_count + 1, sizeof *starts);
	const swm_function **lists;
	const swm_relation *of;

	if (starts == NULL)
		return SWM_ENOMEM;
	for (size_t i = 0; i < s->function_count; i++)
		if ((of = computed_relation(load, computed_of, i)) != NULL)
			starts[of - s->relations + 1]++;
	for (size_t i = 0; i < s->relation_count; i++)
		starts[i + 1] += starts[i];
	lists = swm_load_array(load, starts[s->relation_count], sizeof(const swm_function *));
	if (lists == NULL)
		return SWM_ENOMEM;
	for (size_t i = 0; i < s->function_count; i++)
		if ((of = computed_relation(load, computed_of, i)) != NULL)
			insert_computed(load, &s->relations[of - s->relations],
			                lists + starts[of - s->relations], &s->functions[i]);
	return SWM_OK;
}

static int
make_room(struct swm_load *load, size_t count)
{
	swm_snapshot *s = load->snapshot;

	s->functions = swm_load_array(load, count, sizeof *s->functions);
	s->function_grants = swm_load_array(load, count, sizeof *s->function_grants);
	if (load->no_memory)
		return SWM_ENOMEM;
	s->function_count = count;
	return SWM_OK;
}

int
swm_load_functions(struct swm_load *load, const PGresult *rows)
{
	swm_snapshot *s = load->snapshot;
	size_t count = (size_t)PQntuples(rows);
	uint32_t *computed_of = swm_arena_array(load->scratch, count, sizeof *computed_of);

	if (computed_of == NULL || make_room(load, count) != SWM_OK)
		return SWM_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		swm_function *f = &s->functions[i];
		take_function(load, rows, (int)i, f);
		note_row(load, f);
		computed_of[i] = swm_load_oid(rows, (int)i, COMPUTED_OF);
	}
	return share_out_computed(load, computed_of);
}

swm_function *
swm_load_function_of(const struct swm_load *load, const PGresult *rows, int row, size_t *next)
{
	uint32_t oid = swm_load_oid(rows, row, 0);

	for (size_t i = *next; i < load->snapshot->function_count; i++) {
		if (load->snapshot->functions[i].oid == oid) {
			*next = i;
			return &load->snapshot->functions[i];
		}
	}
	return NULL;
}

int
swm_load_function_settings(struct swm_load *load, const PGresult *rows)
{
	size_t count = (size_t)PQntuples(rows), next = 0;
	swm_str *names = swm_load_array(load, count, sizeof *names);
	swm_str *values = swm_load_array(load, count, sizeof *values);

	if (load->no_memory)
		return SWM_ENOMEM;
	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		for (int i = row; i < end; i++) {
			names[i] = swm_load_text(load, rows, i, 1);
			values[i] = swm_load_text(load, rows, i, 2);
		}
		swm_function *f = swm_load_function_of(load, rows, row, &next);
		if (f == NULL)
			continue;
		f->setting_names = names + row;
		f->setting_values = values + row;
		f->setting_count = (size_t)(end - row);
	}
	return SWM_OK;
}

/* If PUBLIC may execute a function, no other grant is stored. */
int
swm_load_function_grants(struct swm_load *load, const PGresult *rows)
{
	swm_grant *entries = swm_load_array(load, (size_t)PQntuples(rows), sizeof *entries);
	size_t next = 0;

	if (entries == NULL)
		return SWM_ENOMEM;
	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		swm_function *f = swm_load_function_of(load, rows, row, &next);
		if (f == NULL)
			continue;
		bool everyone = swm_load_oid(rows, row, 1) == 0; /* it comes first */
		for (int i = row; i < (everyone ? row + 1 : end); i++) {
			entries[i] = (swm_grant){ swm_load_oid(rows, i, 1), SWM_MAY_EXECUTE };
			swm_load_add_oid(load, SWM_PARAM_GRANTEES, entries[i].grantee);
		}
		load->snapshot->function_grants[f - load->snapshot->functions] =
			(swm_grants){ entries + row, everyone ? 1 : (size_t)(end - row) };
	}
	return SWM_OK;
}
