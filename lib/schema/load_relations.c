#include "config.h"

#include "schema/load.h"

/* Bits of pg_relation_is_updatable(). */
enum { CAN_UPDATE = 4, CAN_INSERT = 8, CAN_DELETE = 16 };

static void
take_relation(struct swm_load *load, const PGresult *rows, int row, swm_relation *r)
{
	enum {
		OID,
		SCHEMA,
		NAME,
		KIND,
		COMMENT,
		UPDATABLE,
		OF_ONE_TABLE,
		USER_CODE,
		WRITE_USER_CODE
	};
	int64_t can = swm_load_number(rows, row, UPDATABLE);

	r->oid = swm_load_oid(rows, row, OID);
	r->schema = swm_load_schema_name(load, swm_load_cell(rows, row, SCHEMA));
	r->name = swm_load_text(load, rows, row, NAME);
	r->kind = swm_load_char(rows, row, KIND);
	r->comment = swm_load_text(load, rows, row, COMMENT);
	r->insertable = (can & CAN_INSERT) != 0;
	r->updatable = (can & CAN_UPDATE) != 0;
	r->deletable = (can & CAN_DELETE) != 0;
	r->runs_user_code = swm_load_bool(rows, row, USER_CODE);
	r->write_runs_user_code = r->runs_user_code || swm_load_bool(rows, row, WRITE_USER_CODE);
	load->of_one_table[row] = swm_load_bool(rows, row, OF_ONE_TABLE);
}

int
swm_load_relations(struct swm_load *load, const PGresult *rows)
{
	swm_snapshot *s = load->snapshot;
	size_t count = (size_t)PQntuples(rows);

	s->relations = swm_load_array(load, count, sizeof *s->relations);
	s->relation_list = swm_load_array(load, count, sizeof(const swm_relation *));
	s->grants = swm_load_array(load, count, sizeof *s->grants);
	load->of_one_table = swm_arena_array(load->scratch, count, sizeof *load->of_one_table);
	if (load->no_memory || load->of_one_table == NULL ||
	    !swm_index_init(&s->relations_by_oid, load->arena, count) ||
	    !swm_index_init(&s->relations_by_name, load->arena, count))
		return SWM_ENOMEM;
	s->relation_count = count;
	for (size_t i = 0; i < count; i++) {
		swm_relation *r = &s->relations[i];
		take_relation(load, rows, (int)i, r);
		s->relation_list[i] = r;
		swm_index_put(&s->relations_by_oid, swm_index_hash_oid(r->oid), i);
		swm_index_put(&s->relations_by_name, swm_index_hash_name(r->schema, r->name), i);
	}
	return SWM_OK;
}

/* The relation of the row's first cell, to be written to; NULL when it is not there. */
static swm_relation *
relation_of(const struct swm_load *load, const PGresult *rows, int row)
{
	const swm_relation *r = swm_snapshot_relation_by_oid(load->snapshot,
	                                                     swm_load_oid(rows, row, 0));
	return r == NULL ? NULL : &load->snapshot->relations[r - load->snapshot->relations];
}

/* The row types of pg_catalog, of which there are many and hardly ever a column, are not loaded. */
static const swm_type row_of_the_system = {
	.name = { "record", 6 },
	.cast_name = { "record", 6 },
	.schema = { "pg_catalog", 10 },
	.typname = { "record", 6 },
	.kind = 'c',
	.form = SWM_FORM_SERVER,
	.is_composite = true,
};

void
swm_load_column(struct swm_load *load, const PGresult *rows, int row,
                const struct swm_load_columns *to, size_t at)
{
	enum { RELATION, NUMBER, NAME, TYPE, TYPE_NAME, DEFAULT, COMMENT, FLAGS, MODIFIER };
	swm_column *c = &to->columns[at];
	int64_t flags = swm_load_number(rows, row, FLAGS);

	to->numbers[at] = (uint16_t)swm_load_number(rows, row, NUMBER);
	c->name = swm_load_text(load, rows, row, NAME);
	c->type = swm_snapshot_type(load->snapshot, swm_load_oid(rows, row, TYPE));
	if (c->type == NULL)
		c->type = &row_of_the_system;
	if (PQgetisnull(rows, row, TYPE_NAME))
		c->type_name = c->type->name;
	else
		c->type_name = swm_load_text(load, rows, row, TYPE_NAME);
	c->nullable = (flags & SWM_LOAD_NOT_NULL) == 0;
	c->is_identity = (flags & SWM_LOAD_IDENTITY) != 0;
	c->is_generated = (flags & SWM_LOAD_GENERATED) != 0;
	c->is_updatable = (flags & SWM_LOAD_UPDATABLE) != 0;
	c->has_default = c->is_identity || !PQgetisnull(rows, row, DEFAULT);
	c->default_sql = swm_load_text(load, rows, row, DEFAULT);
	c->comment = swm_load_text(load, rows, row, COMMENT);
	c->modifier = PQgetisnull(rows, row, MODIFIER)
	                  ? -1
	                  : (int32_t)swm_load_number(rows, row, MODIFIER);
}

/* Casts to JSON are functions; a domain or a composite type may have one of its own. */
static bool
has_user_type(const swm_column *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (columns[i].type->oid >= SWM_FIRST_NORMAL_OID && columns[i].type->kind != 'e')
			return true;
	return false;
}

/* Notes a relation whose columns have access control lists of their own. */
static void
note_grants(struct swm_load *load, const PGresult *rows, int row, int end)
{
	enum { RELATION = 0, FLAGS = 7 };

	for (int i = row; i < end; i++) {
		if ((swm_load_number(rows, i, FLAGS) & SWM_LOAD_HAS_GRANTS) != 0) {
			swm_load_add_oid(load, SWM_PARAM_COLUMN_GRANTS,
			                 swm_load_oid(rows, i, RELATION));
			return;
		}
	}
}

int
swm_load_relation_columns(struct swm_load *load, const PGresult *rows)
{
	struct swm_load_columns *to = &load->columns[SWM_LOAD_RELATIONS];

	to->count = (size_t)PQntuples(rows);
	to->columns = swm_load_array(load, to->count, sizeof *to->columns);
	to->numbers = swm_arena_array(load->scratch, to->count, sizeof *to->numbers);
	if (to->columns == NULL || to->numbers == NULL)
		return SWM_ENOMEM;
	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		for (int i = row; i < end; i++)
			swm_load_column(load, rows, i, to, (size_t)i);
		note_grants(load, rows, row, end);
		swm_relation *r = relation_of(load, rows, row);
		if (r == NULL)
			continue;
		r->columns = to->columns + row;
		r->column_count = (size_t)(end - row);
		if (has_user_type(r->columns, r->column_count))
			r->runs_user_code = r->write_runs_user_code = true;
	}
	return SWM_OK;
}

int
swm_load_grants(struct swm_load *load, const PGresult *rows)
{
	swm_grant *entries = swm_load_array(load, (size_t)PQntuples(rows), sizeof *entries);

	if (entries == NULL)
		return SWM_ENOMEM;
	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		for (int i = row; i < end; i++) {
			entries[i].grantee = swm_load_oid(rows, i, 1);
			entries[i].privileges = (uint32_t)swm_load_number(rows, i, 2);
			swm_load_add_oid(load, SWM_PARAM_GRANTEES, entries[i].grantee);
		}
		const swm_relation *r = relation_of(load, rows, row);
		if (r != NULL)
			load->snapshot->grants[r - load->snapshot->relations] =
				(swm_grants){ entries + row, (size_t)(end - row) };
	}
	return SWM_OK;
}
