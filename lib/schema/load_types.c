#include "config.h"

#include "schema/load.h"

/*
 * The oids of built-in types never change:
 * https://www.postgresql.org/docs/current/datatype-oid.html, pg_type.dat
 */
enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_JSON = 114,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_DATE = 1082,
	OID_TIMESTAMP = 1114,
	OID_TIMESTAMPTZ = 1184,
	OID_NUMERIC = 1700,
	OID_RECORD = 2249,
	OID_TSVECTOR = 3614,
	OID_JSONB = 3802,
};

/* Columns of the query TYPES. */
enum {
	OID,
	BASE,
	NAME,
	CAST_NAME,
	SCHEMA,
	TYPNAME,
	KIND,
	RELATION,
	IS_ARRAY,
	HAS_JSON_CAST,
	ELEMENT,
	MAX_LENGTH
};

/* The result of json_categorize_type() for a type that is not a domain. */
static enum swm_json_form
form_of(uint32_t oid, bool by_server)
{
	switch (oid) {
	case OID_BOOL:
		return SWM_FORM_BOOL;
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
	case OID_FLOAT4:
	case OID_FLOAT8:
	case OID_NUMERIC:
		return SWM_FORM_NUMBER;
	case OID_DATE:
		return SWM_FORM_DATE;
	case OID_TIMESTAMP:
		return SWM_FORM_TIMESTAMP;
	case OID_TIMESTAMPTZ:
		return SWM_FORM_TIMESTAMPTZ;
	case OID_JSON:
	case OID_JSONB:
		return SWM_FORM_JSON;
	default:
		return by_server ? SWM_FORM_SERVER : SWM_FORM_STRING;
	}
}

/* A cell's text, which is often one that is there already. */
static swm_str
text_like(struct swm_load *load, const PGresult *rows, int row, int column, swm_str other)
{
	return swm_str_eq(swm_load_cell(rows, row, column), other)
	           ? other
	           : swm_load_text(load, rows, row, column);
}

static void
take_type(struct swm_load *load, const PGresult *rows, int row, swm_type *t)
{
	t->oid = swm_load_oid(rows, row, OID);
	t->kind = swm_load_char(rows, row, KIND);
	t->base_oid = t->kind == 'd' ? swm_load_oid(rows, row, BASE) : t->oid;
	t->name = swm_load_text(load, rows, row, NAME);
	t->cast_name = text_like(load, rows, row, CAST_NAME, t->name);
	t->schema = swm_load_schema_name(load, swm_load_cell(rows, row, SCHEMA));
	t->typname = text_like(load, rows, row, TYPNAME, t->name);
	t->relation_oid = swm_load_oid(rows, row, RELATION);
	t->is_array = swm_load_bool(rows, row, IS_ARRAY);
	t->element_oid = t->is_array ? swm_load_oid(rows, row, ELEMENT) : 0;
	t->max_length = (uint32_t)swm_load_number(rows, row, MAX_LENGTH);
	t->is_composite = t->kind == 'c' || t->oid == OID_RECORD;
	t->is_json = t->oid == OID_JSON || t->oid == OID_JSONB;
	t->is_tsvector = t->oid == OID_TSVECTOR;
	t->form = form_of(t->oid, t->is_array || t->is_composite ||
	                              swm_load_bool(rows, row, HAS_JSON_CAST));
	if (t->kind == 'e')
		swm_load_add_oid(load, SWM_PARAM_ENUMS, t->oid);
}

/* The base type of a chain of domains; NULL when it is not there. */
static const swm_type *
base_of(const swm_snapshot *snapshot, const swm_type *t)
{
	while (t != NULL && t->kind == 'd')
		t = swm_snapshot_type(snapshot, t->base_oid);
	return t;
}

/*
 * A domain is like its base type in all but its name. Domains over this one may be done already:
 * they agree.
 */
static void
resolve_domain(const swm_snapshot *snapshot, swm_type *domain)
{
	const swm_type *base = base_of(snapshot, domain);

	if (base == NULL) { /* dropped while we read; to_json() on the server is always right */
		domain->form = SWM_FORM_SERVER;
		return;
	}
	domain->base_oid = base->oid;
	domain->form = base->form;
	domain->is_array = base->is_array;
	domain->element_oid = base->element_oid;
	domain->is_composite = base->is_composite;
	domain->is_json = base->is_json;
	domain->is_tsvector = base->is_tsvector;
	domain->relation_oid = base->relation_oid;
}

int
swm_load_types(struct swm_load *load, const PGresult *rows)
{
	swm_snapshot *s = load->snapshot;
	size_t count = (size_t)PQntuples(rows);

	s->types = swm_load_array(load, count, sizeof *s->types);
	if (s->types == NULL || !swm_index_init(&s->types_by_oid, load->arena, count))
		return SWM_ENOMEM;
	s->type_count = count;
	for (size_t i = 0; i < count; i++) {
		take_type(load, rows, (int)i, &s->types[i]);
		swm_index_put(&s->types_by_oid, swm_index_hash_oid(s->types[i].oid), i);
	}
	for (size_t i = 0; i < count; i++)
		if (s->types[i].kind == 'd')
			resolve_domain(s, &s->types[i]);
	return SWM_OK;
}

/* Domains have the labels of their base types. */
static void
share_labels(const swm_snapshot *s, swm_type *t)
{
	const swm_type *base = t->kind == 'd' ? swm_snapshot_type(s, t->base_oid) : NULL;

	if (base != NULL) {
		t->enum_labels = base->enum_labels;
		t->enum_count = base->enum_count;
	}
}

int
swm_load_enum_labels(struct swm_load *load, const PGresult *rows)
{
	swm_snapshot *s = load->snapshot;
	swm_str *labels = swm_load_array(load, (size_t)PQntuples(rows), sizeof *labels);

	if (labels == NULL)
		return SWM_ENOMEM;
	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		for (int i = row; i < end; i++)
			labels[i] = swm_load_text(load, rows, i, 1);
		const swm_type *t = swm_snapshot_type(s, swm_load_oid(rows, row, 0));
		if (t == NULL)
			continue;
		s->types[t - s->types].enum_labels = labels + row;
		s->types[t - s->types].enum_count = (size_t)(end - row);
	}
	for (size_t i = 0; i < s->type_count; i++)
		share_labels(s, &s->types[i]);
	return SWM_OK;
}

int
swm_load_domain_casts(struct swm_load *load, const PGresult *rows)
{
	enum { CAST_OF, IS_FROM, IS_JSON, ROUTINE_SCHEMA, ROUTINE_NAME };
	swm_snapshot *s = load->snapshot;

	for (int row = 0, end; row < PQntuples(rows); row = end) {
		end = swm_load_group_end(rows, row);
		const swm_type *t = swm_snapshot_type(s, swm_load_oid(rows, row, CAST_OF));
		swm_domain_casts *casts = t == NULL ? NULL : swm_load_array(load, 1, sizeof *casts);
		if (casts == NULL)
			continue; /* no_memory distinguishes the two */
		for (int i = row; i < end; i++) {
			bool is_json = swm_load_bool(rows, i, IS_JSON);
			swm_routine *r = swm_load_bool(rows, i, IS_FROM)
			                     ? (is_json ? &casts->to_json : &casts->to_text)
			                 : is_json ? &casts->from_json
			                           : &casts->from_text;
			r->schema = swm_load_schema_name(load,
			                                 swm_load_cell(rows, i, ROUTINE_SCHEMA));
			r->name = swm_load_text(load, rows, i, ROUTINE_NAME);
		}
		s->types[t - s->types].casts = casts;
	}
	return SWM_OK;
}
