/* Model to rows as queries.def has them, and rows to a snapshot by the loader's own steps. */
#include "config.h"

#include "schema_text.h"

#include "model.h"
#include "schema/load.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_CELLS = 16 };

/* The answer to one query while it is written: cells from the left, a row at a time. */
struct rows {
	PGresult *result;
	int row, column;
};

static void
cell_text(struct rows *rows, swm_str text)
{
	swm_buf copy = SWM_BUF_INIT; /* libpq wants to be given bytes that it could write to */

	swm_buf_str(&copy, text);
	swm_buf_char(&copy, '\0');
	if (copy.failed || !PQsetvalue(rows->result, rows->row, rows->column++, copy.ptr, (int)text.len))
		model_fail("out of memory", text);
	swm_buf_dispose(&copy);
}

static void
cell_null(struct rows *rows)
{
	if (!PQsetvalue(rows->result, rows->row, rows->column++, NULL, -1))
		model_fail("out of memory", SWM_STR(""));
}

static void
cell_number(struct rows *rows, int64_t n)
{
	swm_buf text = SWM_BUF_INIT;

	swm_buf_int(&text, n);
	cell_text(rows, swm_buf_view(&text));
	swm_buf_dispose(&text);
}

static void
cell_bool(struct rows *rows, bool yes)
{
	cell_text(rows, yes ? SWM_STR("t") : SWM_STR("f"));
}

static void
cell_char(struct rows *rows, char c)
{
	cell_text(rows, (swm_str){ &c, 1 });
}

static void
end_row(struct rows *rows)
{
	rows->row++;
	rows->column = 0;
}

/* array_to_string(..., ' ') */
static void
cell_columns(struct rows *rows, const unsigned *columns, unsigned count)
{
	swm_buf text = SWM_BUF_INIT;

	for (unsigned i = 0; i < count; i++)
		swm_buf_printf(&text, i == 0 ? "%u" : " %u", columns[i]);
	cell_text(rows, swm_buf_view(&text));
	swm_buf_dispose(&text);
}

/*
 * The queries, by their names in queries.def; those that are not here have no rows
 */

static void
put_namespaces(struct rows *rows, const struct model *m)
{
	(void)m;
	cell_number(rows, 2200);
	cell_text(rows, SWM_STR("public"));
	cell_null(rows);
	end_row(rows);
}

/* format_type(oid, -1), which keeps "character" and "bit" from meaning one of them */
static swm_str
cast_name(const struct type *t)
{
	return t->oid == 1042 ? SWM_STR("bpchar") : t->oid == 1560 ? SWM_STR("\"bit\"") : t->name;
}

static void
put_types(struct rows *rows, const struct model *m)
{
	for (unsigned i = 0; i < m->type_count; i++) {
		const struct type *t = &m->types[i];
		cell_number(rows, t->oid);
		cell_number(rows, t->base);
		cell_text(rows, t->name);
		cell_text(rows, cast_name(t));
		cell_text(rows, t->schema);
		cell_text(rows, t->typname);
		cell_char(rows, t->kind);
		cell_number(rows, t->relation_oid);
		cell_bool(rows, t->is_array);
		cell_bool(rows, false);
		cell_number(rows, t->element);
		cell_number(rows, 0);
		end_row(rows);
	}
}

static void
put_domain_casts(struct rows *rows, const struct model *m)
{
	for (unsigned i = 0; i < m->cast_count; i++) {
		cell_number(rows, m->casts[i].domain);
		cell_bool(rows, m->casts[i].is_from);
		cell_bool(rows, m->casts[i].is_json);
		cell_text(rows, m->casts[i].schema);
		cell_text(rows, m->casts[i].function);
		end_row(rows);
	}
}

static void
put_enum_labels(struct rows *rows, const struct model *m)
{
	for (unsigned i = 0; i < m->label_count; i++) {
		cell_number(rows, m->labels[i].type);
		cell_text(rows, m->labels[i].text);
		end_row(rows);
	}
}

static bool
is_readable(const struct relation *r)
{
	return r->kind != 'c';
}

static int
compare_names(const void *a, const void *b)
{
	const struct relation *const *x = a, *const *y = b;

	return swm_str_cmp((*x)->name, (*y)->name);
}

static void
put_relations(struct rows *rows, const struct model *m)
{
	const struct relation *list[MOST_RELATIONS];

	for (unsigned i = 0; i < m->relation_count; i++)
		list[i] = &m->relations[i];
	qsort(list, m->relation_count, sizeof(const struct relation *), compare_names);
	for (unsigned i = 0; i < m->relation_count; i++) {
		const struct relation *r = list[i];
		if (!is_readable(r))
			continue;
		cell_number(rows, r->oid);
		cell_text(rows, r->schema);
		cell_text(rows, r->name);
		cell_char(rows, r->kind);
		cell_null(rows);
		cell_number(rows, r->kind == 'v' || r->kind == 'm' ? 0 : 28);
		end_row(rows);
	}
}

static void
put_column(struct rows *rows, const struct relation *r, unsigned number)
{
	const struct column *c = &r->columns[number - 1];

	cell_number(rows, r->oid);
	cell_number(rows, number);
	cell_text(rows, c->name);
	cell_number(rows, c->type->oid);
	cell_null(rows);
	if (c->has_default)
		cell_text(rows, SWM_STR("DEFAULT"));
	else
		cell_null(rows);
	cell_null(rows);
	cell_number(rows, c->not_null * SWM_LOAD_NOT_NULL + c->identity * SWM_LOAD_IDENTITY +
	                  c->generated * SWM_LOAD_GENERATED + !c->generated * SWM_LOAD_UPDATABLE);
	cell_null(rows);
}

static void
put_columns(struct rows *rows, const struct model *m)
{
	for (unsigned i = 0; i < m->relation_count; i++) {
		for (unsigned n = 1; is_readable(&m->relations[i]) && n <= m->relations[i].column_count; n++) {
			put_column(rows, &m->relations[i], n);
			end_row(rows);
		}
	}
}

static bool
is_returned(const struct model *m, const struct relation *r)
{
	for (unsigned i = 0; i < m->function_count; i++)
		if (m->functions[i].returns->relation_oid == r->oid)
			return true;
	return false;
}

/* Composite types that functions return. */
static void
put_rows(struct rows *rows, const struct model *m)
{
	for (unsigned i = 0; i < m->relation_count; i++) {
		const struct relation *r = &m->relations[i];
		for (unsigned n = 1; !is_readable(r) && is_returned(m, r) && n <= r->column_count; n++) {
			put_column(rows, r, n);
			cell_text(rows, r->schema);
			cell_text(rows, r->name);
			end_row(rows);
		}
	}
}

/* By table, primary keys first. */
static void
put_unique_keys(struct rows *rows, const struct model *m)
{
	for (unsigned i = 0; i < m->relation_count; i++) {
		for (unsigned k = 0; k < 2 * m->key_count; k++) {
			const struct key *key = &m->keys[k % m->key_count];
			if (key->relation != m->relations[i].oid || key->kind != (k < m->key_count ? 'p' : 'u'))
				continue;
			cell_number(rows, key->relation);
			cell_bool(rows, key->kind == 'p');
			cell_columns(rows, key->columns, key->count);
			end_row(rows);
		}
	}
}

static void
put_names(struct rows *rows, const struct relation *r, const struct index *index)
{
	swm_buf names = SWM_BUF_INIT;

	for (unsigned i = 0; i < index->used_count; i++) {
		swm_buf_cstr(&names, i == 0 ? "" : "\1");
		swm_buf_str(&names, r->columns[index->used[i] - 1].name);
	}
	cell_text(rows, swm_buf_view(&names));
	swm_buf_dispose(&names);
}

static void
put_unique_indexes(struct rows *rows, const struct model *m)
{
	for (unsigned i = 0; i < m->relation_count; i++) {
		for (unsigned k = 0; k < m->index_count; k++) {
			const struct index *index = &m->indexes[k];
			if (index->relation != m->relations[i].oid)
				continue;
			cell_number(rows, index->relation);
			cell_columns(rows, index->key, index->key_count);
			cell_columns(rows, index->used, index->used_count);
			put_names(rows, &m->relations[i], index);
			cell_text(rows, index->expressions);
			cell_text(rows, index->predicate);
			end_row(rows);
		}
	}
}

static void
put_foreign_keys(struct rows *rows, const struct model *m)
{
	for (unsigned i = 0; i < m->key_count; i++) {
		const struct key *key = &m->keys[i];
		if (key->kind != 'f')
			continue;
		cell_number(rows, key->relation);
		cell_number(rows, key->target);
		cell_text(rows, key->name);
		cell_columns(rows, key->columns, key->count);
		cell_columns(rows, key->target_columns, key->count);
		end_row(rows);
	}
}

/* What of the tree in pg_rewrite.ev_action says where columns come from. */
static void
put_view(struct rows *rows, const struct relation *r)
{
	swm_buf tree = SWM_BUF_INIT;

	swm_buf_cstr(&tree, "({QUERY :commandType 1 :targetList (");
	for (unsigned i = 0; i < r->column_count; i++)
		swm_buf_printf(&tree, "{TARGETENTRY :expr <> :resno %u :resorigtbl %u :resorigcol %u :resjunk false}", i + 1,
		               r->columns[i].from_relation, r->columns[i].from_column);
	swm_buf_cstr(&tree, ")})");
	cell_number(rows, r->oid);
	cell_text(rows, swm_buf_view(&tree));
	end_row(rows);
	swm_buf_dispose(&tree);
}

static void
put_views(struct rows *rows, const struct model *m)
{
	for (unsigned i = 0; i < m->relation_count; i++)
		if (m->relations[i].kind == 'v' || m->relations[i].kind == 'm')
			put_view(rows, &m->relations[i]);
}

/* The relation whose row is the function's only argument, as computed fields have it. */
static uint32_t
computed_of(const struct function *f)
{
	unsigned inputs = 0;
	const struct type *t = NULL;

	for (unsigned i = 0; i < f->parameter_count; i++) {
		if (strchr("iv", f->parameters[i].mode) == NULL)
			continue;
		inputs++;
		t = f->parameters[i].type;
	}
	return inputs == 1 ? t->relation_oid : 0;
}

static void
put_functions(struct rows *rows, const struct model *m)
{
	for (unsigned i = 0; i < m->function_count; i++) {
		const struct function *f = &m->functions[i];
		cell_number(rows, f->oid);
		cell_text(rows, f->schema);
		cell_text(rows, f->name);
		cell_number(rows, f->returns->oid);
		cell_bool(rows, f->returns_set);
		cell_bool(rows, f->returns_table);
		cell_bool(rows, f->single_row);
		cell_char(rows, f->volatility);
		cell_bool(rows, true);
		cell_number(rows, computed_of(f));
		cell_null(rows);
		end_row(rows);
	}
}

static void
put_parameters(struct rows *rows, const struct model *m)
{
	for (unsigned i = 0; i < m->function_count; i++) {
		for (unsigned n = 0; n < m->functions[i].parameter_count; n++) {
			const struct parameter *p = &m->functions[i].parameters[n];
			cell_number(rows, m->functions[i].oid);
			cell_text(rows, p->name);
			cell_number(rows, p->type->oid);
			cell_char(rows, p->mode);
			cell_bool(rows, !p->has_default);
			end_row(rows);
		}
	}
}

/* One, which may everything. */
static void
put_roles(struct rows *rows, const struct model *m)
{
	(void)m;
	cell_number(rows, 10);
	cell_text(rows, SWM_STR("postgres"));
	cell_bool(rows, true);
	end_row(rows);
}

static const struct {
	const char *query;
	void (*put)(struct rows *rows, const struct model *m);
} queries[] = {
	{ "NAMESPACES", put_namespaces }, { "TYPES", put_types }, { "ENUM_LABELS", put_enum_labels },
	{ "DOMAIN_CASTS", put_domain_casts },
	{ "RELATIONS", put_relations }, { "COLUMNS", put_columns }, { "UNIQUE_KEYS", put_unique_keys },
	{ "UNIQUE_INDEXES", put_unique_indexes },
	{ "FOREIGN_KEYS", put_foreign_keys }, { "VIEWS", put_views }, { "FUNCTIONS", put_functions },
	{ "PARAMETERS", put_parameters }, { "ROWS", put_rows },
	{ "ROLES", put_roles },
};

static PGresult *
answer(void *user, const char *query)
{
	char no_name[] = "";
	PGresAttDesc cells[MOST_CELLS];
	struct rows rows = { .result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK) };

	memset(cells, 0, sizeof cells);
	for (int i = 0; i < MOST_CELLS; i++)
		cells[i].name = no_name;
	if (rows.result == NULL || !PQsetResultAttrs(rows.result, MOST_CELLS, cells))
		model_fail("out of memory", swm_cstr(query));
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++)
		if (strcmp(query, queries[i].query) == 0)
			queries[i].put(&rows, user);
	return rows.result;
}

/* Overloads stand together. */
static int
compare_functions(const void *a, const void *b)
{
	const struct function *x = a, *y = b;
	int order = swm_str_cmp(x->name, y->name);

	return order != 0 ? order : (x->oid > y->oid) - (x->oid < y->oid);
}

swm_snapshot *
schema_text_load(swm_str text, const swm_settings *settings)
{
	struct model *m = calloc(1, sizeof *m);
	swm_error *err = swm_error_new();
	swm_snapshot *snapshot;

	if (m == NULL || (m->arena = swm_arena_new()) == NULL)
		model_fail("out of memory", text);
	model_read(m, text);
	qsort(m->functions, m->function_count, sizeof *m->functions, compare_functions);
	if (swm_snapshot_load_from(&snapshot, answer, m, settings, err) != SWM_OK)
		model_fail(swm_error_message(err).ptr, text);
	swm_error_free(err);
	swm_arena_free(m->arena);
	free(m);
	return snapshot;
}

swm_snapshot *
schema_file_load(const char *name, const swm_settings *settings)
{
	swm_buf text = SWM_BUF_INIT;
	FILE *f = fopen(name, "r");
	char piece[4096];

	if (f == NULL)
		model_fail("the file cannot be read", swm_cstr(name));
	for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
		swm_buf_add(&text, piece, n);
	fclose(f);
	swm_snapshot *snapshot = schema_text_load(swm_buf_view(&text), settings);
	swm_buf_dispose(&text);
	return snapshot;
}
