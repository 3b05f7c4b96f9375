#include "config.h"

#include "schema/load.h"

/* Bits of pg_relation_is_updatable(). */
enum { CAN_UPDATE = 4, CAN_INSERT = 8, CAN_DELETE = 16 };

static void
take_relation(struct swm_load *load, const PGresult *rows, int row, swm_relation *r)
{
	enum { OID, SCHEMA, NAME, KIND, COMMENT, UPDATABLE };
	int64_t can = swm_load_number(rows, row, UPDATABLE);

	r->oid = swm_load_oid(rows, row, OID);
	r->schema = swm_load_schema_name(load, swm_load_cell(rows, row, SCHEMA));
	r->name = swm_load_text(load, rows, row, NAME);
	r->kind = swm_load_char(rows, row, KIND);
	r->comment = swm_load_text(load, rows, row, COMMENT);
	r->insertable = (can & CAN_INSERT) != 0;
	r->updatable = (can & CAN_UPDATE) != 0;
	r->deletable = (can & CAN_DELETE) != 0;
}

int
swm_load_relations(struct swm_load *load, const PGresult *rows)
{
	swm_snapshot *s = load->snapshot;
	size_t count = (size_t)PQntuples(rows);

	s->relations = swm_load_array(load, count, sizeof *s->relations);
	s->relation_list = swm_load_array(load, count, sizeof(const swm_relation *));
	s->grants = swm_load_array(load, count, sizeof *s->grants);
	if (load->no_memory || !swm_index_init(&s->relations_by_oid, load->arena, count) ||
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
	const swm_relation *r = swm_snapshot_relation_by_oid(load->snapshot, swm_load_oid(rows, row, 0));
	return r == NULL ? NULL : &load->snapshot->relations[r - load->snapshot->relations];
}

static void
take_column(struct swm_load *load, const PGresult *rows, int row, swm_column *c)
{
	enum { RELATION, NUMBER, NAME, TYPE, TYPE_NAME, NULLABLE, DEFAULT, IDENTITY, GENERATED, UPDATABLE, COMMENT };

	c->name = swm_load_text(load, rows, row, NAME);
	c->type = swm_snapshot_type(load->snapshot, swm_load_oid(rows, row, TYPE));
	if (c->type != NULL && PQgetisnull(rows, row, TYPE_NAME))
		c->type_name = c->type->name;
	else
		c->type_name = swm_load_text(load, rows, row, TYPE_NAME);
	c->nullable = swm_load_bool(rows, row, NULLABLE);
	c->is_identity = swm_load_bool(rows, row, IDENTITY);
	c->is_generated = swm_load_bool(rows, row, GENERATED);
	c->has_default = c->is_identity || !PQgetisnull(rows, row, DEFAULT);
	c->default_sql = swm_load_text(load, rows, row, DEFAULT);
	c->is_updatable = swm_load_bool(rows, row, UPDATABLE);
	c->comment = swm_load_text(load, rows, row, COMMENT);
}

int
swm_load_columns(struct swm_load *load, const PGresult *rows)
{
	size_t count = (size_t)PQntuples(rows);
	swm_column *columns = swm_load_array(load, count, sizeof *columns);
	uint16_t *attnums = swm_arena_array(load->scratch, count, sizeof *attnums);

	if (columns == NULL || attnums == NULL)
		return SWM_ENOMEM;
	load->columns = columns;
	load->attnums = attnums;
	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		for (int i = row; i < end; i++) {
			take_column(load, rows, i, &columns[i]);
			attnums[i] = (uint16_t)swm_load_number(rows, i, 1);
		}
		swm_relation *r = relation_of(load, rows, row);
		if (r == NULL)
			continue;
		r->columns = columns + row;
		r->column_count = (size_t)(end - row);
	}
	return SWM_OK;
}

/* Keys name columns by attnum, which has gaps where columns were dropped. */
static bool
index_of(const struct swm_load *load, const swm_relation *r, int64_t attnum, uint16_t *index)
{
	const uint16_t *attnums = load->attnums + (r->columns - load->columns);

	for (size_t i = 0; i < r->column_count; i++) {
		if (attnums[i] == attnum) {
			*index = (uint16_t)i;
			return true;
		}
	}
	return false;
}

/* Reads attnums with blanks between them. NULL, and no columns, when one is not there or memory ran out. */
static const uint16_t *
take_key(struct swm_load *load, const swm_relation *r, swm_str attnums, size_t *count)
{
	uint16_t *key = swm_load_array(load, attnums.len / 2 + 1, sizeof *key);
	swm_str word;
	int64_t attnum;
	size_t n = 0;

	*count = 0;
	if (key == NULL || r->columns == NULL)
		return NULL;
	while (swm_str_cut(&attnums, ' ', &word))
		if (!swm_str_int64(word, &attnum) || !index_of(load, r, attnum, &key[n++]))
			return NULL;
	*count = n;
	return key;
}

static void
take_unique_key(struct swm_load *load, const PGresult *rows, int row, swm_relation *r, swm_unique_key *key)
{
	key->is_primary = swm_load_bool(rows, row, 1);
	key->columns = take_key(load, r, swm_load_cell(rows, row, 2), &key->count);
	if (key->is_primary) {
		r->primary_key = key->columns;
		r->primary_key_count = key->count;
	}
}

int
swm_load_unique_keys(struct swm_load *load, const PGresult *rows)
{
	swm_unique_key *keys = swm_load_array(load, (size_t)PQntuples(rows), sizeof *keys);

	if (keys == NULL)
		return SWM_ENOMEM;
	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		swm_relation *r = relation_of(load, rows, row);
		if (r == NULL)
			continue;
		for (int i = row; i < end; i++)
			take_unique_key(load, rows, i, r, &keys[i]);
		r->unique_keys = keys + row;
		r->unique_key_count = (size_t)(end - row);
	}
	return SWM_OK;
}

static bool
has_column(const uint16_t *columns, size_t count, uint16_t column)
{
	for (size_t i = 0; i < count; i++)
		if (columns[i] == column)
			return true;
	return false;
}

/* Whether the columns are those of a unique key, in any order. */
static bool
is_unique(const swm_relation *r, const uint16_t *columns, size_t count)
{
	for (size_t k = 0; k < r->unique_key_count; k++) {
		const swm_unique_key *key = &r->unique_keys[k];
		size_t found = 0;
		while (found < key->count && has_column(columns, count, key->columns[found]))
			found++;
		if (key->count == count && found == count)
			return true;
	}
	return false;
}

/* False when it is left out: one of the tables is not there any more. */
static bool
take_foreign_key(struct swm_load *load, const PGresult *rows, int row, swm_foreign_key *key)
{
	enum { RELATION, TARGET, NAME, COLUMNS, TARGET_COLUMNS };
	const swm_relation *r = relation_of(load, rows, row);
	const swm_relation *target = swm_snapshot_relation_by_oid(load->snapshot, swm_load_oid(rows, row, TARGET));
	size_t target_count;

	if (r == NULL || target == NULL)
		return false;
	key->name = swm_load_text(load, rows, row, NAME);
	key->relation_oid = r->oid;
	key->target_oid = target->oid;
	key->columns = take_key(load, r, swm_load_cell(rows, row, COLUMNS), &key->count);
	key->target_columns = take_key(load, target, swm_load_cell(rows, row, TARGET_COLUMNS), &target_count);
	key->is_unique = is_unique(r, key->columns, key->count);
	return key->columns != NULL && key->target_columns != NULL && key->count == target_count;
}

int
swm_load_foreign_keys(struct swm_load *load, const PGresult *rows)
{
	swm_snapshot *s = load->snapshot;

	s->foreign_keys = swm_load_array(load, (size_t)PQntuples(rows), sizeof *s->foreign_keys);
	if (s->foreign_keys == NULL)
		return SWM_ENOMEM;
	for (int row = 0; row < PQntuples(rows); row++)
		if (take_foreign_key(load, rows, row, &s->foreign_keys[s->foreign_key_count]))
			s->foreign_key_count++;
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
