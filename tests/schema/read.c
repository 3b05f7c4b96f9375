/* SQL to model. Only what schema texts of tests use; the rest of a statement is passed over. */
#include "config.h"

#include "model.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_QUOTED, TOKEN_STRING, TOKEN_SYMBOL };

struct token {
	enum token_kind kind;
	swm_str text;
	const char *begin, *end; /* in the text that is read */
};

/* One statement at a time: its tokens, of which the last is END. */
struct reader {
	struct model *m;
	swm_str rest;
	struct token *tokens;
	size_t count, room, at;
};

void
model_fail(const char *what, swm_str where)
{
	fprintf(stderr, "schema text: %s: %.*s\n", what, (int)(where.len < 60 ? where.len : 60), where.ptr);
	exit(2);
}

/*
 * Tokens
 */

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}

static swm_str
lower(struct model *m, swm_str s)
{
	char *to = swm_arena_alloc(m->arena, s.len + 1);

	for (size_t i = 0; i < s.len; i++)
		to[i] = (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] | 0x20 : s.ptr[i]);
	return (swm_str){ to, s.len };
}

/* Between two quotes; a doubled one stands for itself. */
static swm_str
quoted(struct reader *r, char quote)
{
	char *to = swm_arena_alloc(r->m->arena, r->rest.len + 1);
	size_t i = 1, n = 0;

	for (; i < r->rest.len; i++) {
		if (r->rest.ptr[i] == quote && !(i + 1 < r->rest.len && r->rest.ptr[i + 1] == quote))
			break;
		i += r->rest.ptr[i] == quote;
		to[n++] = r->rest.ptr[i];
	}
	r->rest = swm_str_from(r->rest, i + 1);
	return (swm_str){ to, n };
}

static void
skip_blanks(struct reader *r)
{
	for (;;) {
		while (r->rest.len > 0 && strchr(" \t\r\n", r->rest.ptr[0]) != NULL)
			r->rest = swm_str_from(r->rest, 1);
		if (!swm_str_starts(r->rest, SWM_STR("--")))
			return;
		r->rest = swm_str_from(r->rest, swm_str_find(r->rest, '\n'));
	}
}

static struct token
dollar_string(struct reader *r)
{
	swm_str text = swm_str_from(r->rest, 2);
	size_t n = 0;

	while (n < text.len && !swm_str_starts(swm_str_from(text, n), SWM_STR("$$")))
		n++;
	r->rest = swm_str_from(text, n + 2);
	return (struct token){ .kind = TOKEN_STRING, .text = { text.ptr, n } };
}

static struct token
next_token(struct reader *r)
{
	size_t n = 0;

	skip_blanks(r);
	if (r->rest.len == 0)
		return (struct token){ .kind = TOKEN_END, .text = r->rest };
	if (r->rest.ptr[0] == '"')
		return (struct token){ .kind = TOKEN_QUOTED, .text = quoted(r, '"') };
	if (r->rest.ptr[0] == '\'')
		return (struct token){ .kind = TOKEN_STRING, .text = quoted(r, '\'') };
	if (swm_str_starts(r->rest, SWM_STR("$$")))
		return dollar_string(r);
	while (n < r->rest.len && is_word_char(r->rest.ptr[n]))
		n++;
	enum token_kind kind = n > 0 ? TOKEN_WORD : TOKEN_SYMBOL;
	n = n > 0 ? n : swm_str_starts(r->rest, SWM_STR("::")) ? 2 : 1;
	swm_str text = { r->rest.ptr, n };
	r->rest = swm_str_from(r->rest, n);
	return (struct token){ .kind = kind, .text = kind == TOKEN_WORD ? lower(r->m, text) : text };
}

/* False at the end of the text. */
static bool
next_statement(struct reader *r)
{
	struct token t;

	r->at = r->count = 0;
	do {
		skip_blanks(r);
		const char *begin = r->rest.ptr;
		t = next_token(r);
		t.begin = begin;
		t.end = r->rest.ptr;
		if (r->count == r->room) {
			r->room = r->room == 0 ? 256 : r->room * 2;
			r->tokens = realloc(r->tokens, r->room * sizeof *r->tokens);
			if (r->tokens == NULL)
				model_fail("out of memory", t.text);
		}
		if (t.kind == TOKEN_END && r->count == 0)
			return false;
		if (t.kind == TOKEN_SYMBOL && t.text.ptr[0] == ';')
			t.kind = TOKEN_END;
		r->tokens[r->count++] = t;
	} while (t.kind != TOKEN_END);
	return true;
}

static const struct token *
peek(const struct reader *r)
{
	return &r->tokens[r->at];
}

static bool
is(const struct token *t, const char *text)
{
	return (t->kind == TOKEN_WORD || t->kind == TOKEN_SYMBOL) && swm_str_eq(t->text, swm_cstr(text));
}

static bool
accept(struct reader *r, const char *text)
{
	if (!is(peek(r), text))
		return false;
	r->at++;
	return true;
}

static void
expect(struct reader *r, const char *text)
{
	if (!accept(r, text))
		model_fail(text, peek(r)->text);
}

static swm_str
identifier(struct reader *r)
{
	const struct token *t = peek(r);

	if (t->kind != TOKEN_WORD && t->kind != TOKEN_QUOTED)
		model_fail("a name was expected", t->text);
	r->at++;
	return t->text;
}

static void
qualified(struct reader *r, swm_str *schema, swm_str *name)
{
	*schema = SWM_STR("");
	*name = identifier(r);
	if (accept(r, ".")) {
		*schema = *name;
		*name = identifier(r);
	}
}

/* Up to a `,` or `)` of this depth, or one of two words. */
static void
skip_expression(struct reader *r, const char *word, const char *other)
{
	int depth = 0;

	for (; peek(r)->kind != TOKEN_END; r->at++) {
		const struct token *t = peek(r);
		if (depth == 0 && (is(t, ",") || is(t, ")") || is(t, word) || is(t, other)))
			return;
		depth += is(t, "(") || is(t, "[");
		depth -= is(t, ")") || is(t, "]");
	}
}

/*
 * Types
 */

/* pg_type.dat */
static const struct {
	uint32_t oid, array_oid;
	const char *name, *typname, *alias;
} builtin[] = {
	{ 16, 1000, "boolean", "bool", NULL }, { 17, 1001, "bytea", "bytea", NULL }, { 20, 1016, "bigint", "int8", NULL },
	{ 21, 1005, "smallint", "int2", NULL }, { 23, 1007, "integer", "int4", "int" }, { 25, 1009, "text", "text", NULL },
	{ 114, 199, "json", "json", NULL }, { 142, 143, "xml", "xml", NULL }, { 600, 1017, "point", "point", NULL }, { 700, 1021, "real", "float4", NULL },
	{ 701, 1022, "double precision", "float8", "double" }, { 1042, 1014, "character", "bpchar", "char" },
	{ 1043, 1015, "character varying", "varchar", NULL }, { 1082, 1182, "date", "date", NULL },
	{ 1083, 1183, "time without time zone", "time", NULL },
	{ 1114, 1115, "timestamp without time zone", "timestamp", NULL },
	{ 1184, 1185, "timestamp with time zone", "timestamptz", NULL }, { 1186, 1187, "interval", "interval", NULL },
	{ 1560, 1561, "bit", "bit", NULL }, { 1700, 1231, "numeric", "numeric", "decimal" }, { 2249, 2287, "record", "record", NULL },
	{ 2278, 0, "void", "void", NULL }, { 2950, 2951, "uuid", "uuid", NULL },
	{ 3614, 3643, "tsvector", "tsvector", NULL }, { 3802, 3807, "jsonb", "jsonb", NULL },
	{ 3904, 3905, "int4range", "int4range", NULL },
};

static swm_str
joined(struct model *m, swm_str a, const char *between, swm_str b)
{
	swm_buf text = SWM_BUF_INIT;

	swm_buf_str(&text, a);
	swm_buf_cstr(&text, between);
	swm_buf_str(&text, b);
	swm_str s = swm_arena_str(m->arena, swm_buf_view(&text));
	swm_buf_dispose(&text);
	return s;
}

static struct type *
add_type(struct model *m, uint32_t oid, swm_str schema, swm_str name, swm_str typname, char kind)
{
	if (m->type_count + 2 > MOST_TYPES)
		model_fail("too many types", name);
	struct type *t = &m->types[m->type_count++];
	*t = (struct type){ .oid = oid, .schema = schema, .name = name, .typname = typname, .kind = kind };
	return t;
}

/* With the type of its arrays. */
static struct type *
add_types(struct model *m, uint32_t oid, uint32_t array_oid, swm_str schema, swm_str name, swm_str typname, char kind)
{
	struct type *t = add_type(m, oid, schema, name, typname, kind);

	t->array_oid = array_oid;
	if (array_oid != 0) {
		struct type *array = add_type(m, array_oid, schema, joined(m, name, "", SWM_STR("[]")),
		                              joined(m, SWM_STR("_"), "", typname), 'b');
		array->is_array = true;
		array->element = oid;
	}
	return t;
}

static struct type *
new_type(struct model *m, swm_str schema, swm_str name, char kind)
{
	uint32_t oid = m->next_oid++;

	return add_types(m, oid, m->next_oid++, schema, joined(m, schema, ".", name), name, kind);
}

static const struct type *
type_by_oid(const struct model *m, uint32_t oid)
{
	for (unsigned i = 0; i < m->type_count; i++)
		if (m->types[i].oid == oid)
			return &m->types[i];
	return NULL;
}

static const struct type *
type_by_name(const struct model *m, swm_str schema, swm_str name)
{
	for (size_t i = 0; schema.len == 0 && i < sizeof builtin / sizeof builtin[0]; i++)
		if (swm_str_eq(name, swm_cstr(builtin[i].typname)) || swm_str_eq(name, swm_cstr(builtin[i].name)) ||
		    (builtin[i].alias != NULL && swm_str_eq(name, swm_cstr(builtin[i].alias))))
			return type_by_oid(m, builtin[i].oid);
	for (unsigned i = 0; i < m->type_count; i++)
		if (swm_str_eq(m->types[i].schema, schema) && swm_str_eq(m->types[i].typname, name))
			return &m->types[i];
	model_fail("there is no such type", name);
}

static const struct type *
read_type(struct reader *r)
{
	swm_str schema, name;

	qualified(r, &schema, &name);
	accept(r, "precision");
	if (accept(r, "varying"))
		name = SWM_STR("varchar");
	if (accept(r, "("))
		while (!accept(r, ")"))
			r->at++;
	if (accept(r, "with"))
		name = SWM_STR("timestamptz");
	while (is(peek(r), "without") || is(peek(r), "time") || is(peek(r), "zone"))
		r->at++;
	const struct type *t = type_by_name(r->m, schema, name);
	if (accept(r, "[")) {
		expect(r, "]");
		t = type_by_oid(r->m, t->array_oid);
	}
	return t;
}

/*
 * Tables
 */

struct relation *
model_relation(struct model *m, uint32_t oid)
{
	for (unsigned i = 0; i < m->relation_count; i++)
		if (m->relations[i].oid == oid)
			return &m->relations[i];
	return NULL;
}

static struct relation *
relation_by_name(struct model *m, swm_str schema, swm_str name)
{
	for (unsigned i = 0; i < m->relation_count; i++)
		if (swm_str_eq(m->relations[i].schema, schema) && swm_str_eq(m->relations[i].name, name))
			return &m->relations[i];
	model_fail("there is no such relation", name);
}

static struct relation *
add_relation(struct reader *r, char kind)
{
	struct model *m = r->m;
	swm_str schema, name;

	qualified(r, &schema, &name);
	if (m->relation_count == MOST_RELATIONS)
		model_fail("too many relations", name);
	struct relation *rel = &m->relations[m->relation_count++];
	*rel = (struct relation){ .oid = m->next_oid++, .schema = schema, .name = name, .kind = kind };
	struct type *t = new_type(m, schema, name, 'c');
	t->relation_oid = rel->oid;
	rel->type = t;
	return rel;
}

static struct column *
add_column(struct relation *rel, swm_str name)
{
	if (rel->column_count == MOST_COLUMNS)
		model_fail("too many columns", name);
	struct column *c = &rel->columns[rel->column_count++];
	*c = (struct column){ .name = name };
	return c;
}

/* The number of a column, from 1; 0 when there is none. */
static unsigned
column_number(const struct relation *rel, swm_str name)
{
	for (unsigned i = 0; i < rel->column_count; i++)
		if (swm_str_eq(rel->columns[i].name, name))
			return i + 1;
	return 0;
}

static struct key *
add_key(struct model *m, char kind, const struct relation *rel, swm_str name)
{
	if (m->key_count == MOST_KEYS)
		model_fail("too many keys", name);
	struct key *k = &m->keys[m->key_count++];
	*k = (struct key){ .kind = kind, .name = name, .relation = rel->oid };
	return k;
}

static unsigned
read_column_list(struct reader *r, const struct relation *rel, unsigned *columns)
{
	unsigned count = 0;

	expect(r, "(");
	do {
		swm_str name = identifier(r);
		columns[count] = column_number(rel, name);
		if (columns[count++] == 0 || count == MOST_KEY_COLUMNS)
			model_fail("there is no such column", name);
	} while (accept(r, ","));
	expect(r, ")");
	return count;
}

/* As PostgreSQL names a foreign key that has no name: table_column_fkey */
static swm_str
default_name(struct model *m, const struct relation *rel, const struct key *k)
{
	swm_str name = rel->name;

	for (unsigned i = 0; i < k->count; i++)
		name = joined(m, name, "_", rel->columns[k->columns[i] - 1].name);
	return joined(m, name, "_", SWM_STR("fkey"));
}

/* Behind REFERENCES; without a list of columns it is the primary key. */
static void
read_target(struct reader *r, struct key *k, const struct relation *rel)
{
	swm_str schema, name;

	qualified(r, &schema, &name);
	const struct relation *target = relation_by_name(r->m, schema, name);
	k->target = target->oid;
	if (is(peek(r), "(")) {
		read_column_list(r, target, k->target_columns);
	} else {
		for (unsigned i = 0; i < r->m->key_count; i++)
			if (r->m->keys[i].relation == target->oid && r->m->keys[i].kind == 'p')
				memcpy(k->target_columns, r->m->keys[i].columns, sizeof k->target_columns);
	}
	if (k->name.len == 0)
		k->name = default_name(r->m, rel, k);
}

static void
column_key(struct reader *r, char kind, const struct relation *rel, swm_str name)
{
	struct key *k = add_key(r->m, kind, rel, name);

	k->columns[0] = rel->column_count;
	k->count = 1;
	if (kind == 'f')
		read_target(r, k, rel);
}

/* What follows a column's type. */
static void
read_column_constraints(struct reader *r, struct relation *rel, struct column *c)
{
	swm_str name = SWM_STR("");

	while (!is(peek(r), ",") && !is(peek(r), ")")) {
		if (accept(r, "constraint")) {
			name = identifier(r);
		} else if (accept(r, "primary")) {
			expect(r, "key");
			c->not_null = true;
			column_key(r, 'p', rel, name);
		} else if (accept(r, "unique")) {
			column_key(r, 'u', rel, name);
		} else if (accept(r, "references")) {
			column_key(r, 'f', rel, name);
		} else if (accept(r, "not")) {
			expect(r, "null");
			c->not_null = true;
		} else if (accept(r, "generated")) {
			skip_expression(r, "identity", "stored");
			c->identity = accept(r, "identity");
			c->generated = !c->identity;
			c->not_null |= c->identity;
			accept(r, "stored");
		} else if (accept(r, "default")) {
			c->has_default = true;
			skip_expression(r, "not", "references");
		} else {
			model_fail("cannot be read", peek(r)->text);
		}
	}
}

static bool
read_table_constraint(struct reader *r, struct relation *rel)
{
	swm_str name = SWM_STR("");
	char kind;

	if (accept(r, "constraint"))
		name = identifier(r);
	if (accept(r, "primary"))
		kind = 'p';
	else if (accept(r, "unique"))
		kind = 'u';
	else if (accept(r, "foreign"))
		kind = 'f';
	else
		return false;
	accept(r, "key");
	struct key *k = add_key(r->m, kind, rel, name);
	k->count = read_column_list(r, rel, k->columns);
	for (unsigned i = 0; kind == 'p' && i < k->count; i++)
		rel->columns[k->columns[i] - 1].not_null = true;
	if (kind == 'f') {
		expect(r, "references");
		read_target(r, k, rel);
	}
	return true;
}

static void
read_columns(struct reader *r, struct relation *rel)
{
	expect(r, "(");
	do {
		if (is(peek(r), ")") || read_table_constraint(r, rel))
			continue;
		struct column *c = add_column(rel, identifier(r));
		c->type = read_type(r);
		read_column_constraints(r, rel, c);
	} while (accept(r, ","));
	expect(r, ")");
}

static void
read_table(struct reader *r)
{
	struct relation *rel = add_relation(r, 'r');

	if (is(peek(r), "partition")) { /* PARTITION OF: not a relation of the web's, but its name is */
		r->m->relation_count--;
		return;
	}
	read_columns(r, rel);
	if (is(peek(r), "partition"))
		rel->kind = 'p';
}

/*
 * Unique indexes: their SQL is taken as it is written, which must be as PostgreSQL would write it
 */

/* As skip_expression(), and notes which columns are named. */
static swm_str
read_sql(struct reader *r, const struct relation *rel, bool *columns)
{
	const char *begin = peek(r)->begin;
	size_t from = r->at;

	skip_expression(r, "where", "where");
	for (size_t i = from; i < r->at; i++)
		columns[column_number(rel, r->tokens[i].text)] = true;
	return (swm_str){ begin, (size_t)(r->tokens[r->at - 1].end - begin) };
}

static unsigned
list_columns(const bool *named, unsigned *columns)
{
	unsigned count = 0;

	for (unsigned i = 1; i <= MOST_COLUMNS; i++)
		if (named[i])
			columns[count++] = i;
	return count;
}

/* name ON relation (key, ...) WHERE predicate */
static void
read_unique_index(struct reader *r)
{
	bool named[MOST_COLUMNS + 1] = { false };
	swm_str schema, name;

	expect(r, "index");
	identifier(r);
	expect(r, "on");
	qualified(r, &schema, &name);
	const struct relation *rel = relation_by_name(r->m, schema, name);
	if (r->m->index_count == MOST_INDEXES)
		model_fail("too many indexes", name);
	struct index *index = &r->m->indexes[r->m->index_count++];
	*index = (struct index){ .relation = rel->oid };
	expect(r, "(");
	const char *begin = peek(r)->begin;
	bool plain = true;
	do {
		plain &= column_number(rel, peek(r)->text) > 0;
		read_sql(r, rel, named);
	} while (accept(r, ","));
	if (!plain)
		index->expressions = (swm_str){ begin, (size_t)(r->tokens[r->at - 1].end - begin) };
	expect(r, ")");
	named[0] = false;
	index->key_count = list_columns(named, index->key);
	if (accept(r, "where"))
		index->predicate = read_sql(r, rel, named);
	index->used_count = list_columns(named, index->used);
}

/*
 * Views
 */

/* The relation that FROM or JOIN gives an alias. */
static struct relation *
find_alias(struct reader *r, swm_str alias)
{
	size_t began = r->at;
	struct relation *found = NULL;
	swm_str schema, name;

	while (found == NULL && peek(r)->kind != TOKEN_END) {
		if (!accept(r, "from") && !accept(r, "join")) {
			r->at++;
			continue;
		}
		qualified(r, &schema, &name);
		if (swm_str_eq(accept(r, "as") ? identifier(r) : name, alias))
			found = relation_by_name(r->m, schema, name);
	}
	r->at = began;
	if (found == NULL)
		model_fail("no table has this alias", alias);
	return found;
}

static bool
at_item_end(const struct token *t)
{
	return t->kind == TOKEN_END || is(t, ",") || is(t, "as") || is(t, "from");
}

static void
read_view_item(struct reader *r, struct relation *view)
{
	const struct token *t = peek(r);
	struct column *c = add_column(view, t[2].text);

	if (is(t + 1, ".") && at_item_end(t + 3)) {
		struct relation *from = find_alias(r, t->text);
		c->from_relation = from->oid;
		c->from_column = column_number(from, t[2].text);
		if (c->from_column == 0)
			model_fail("there is no such column", t[2].text);
		c->type = from->columns[c->from_column - 1].type;
		r->at += 3;
	} else {
		skip_expression(r, "as", "from");
		size_t end = r->at;
		while (!accept(r, "::"))
			r->at--;
		c->type = read_type(r);
		r->at = end;
	}
	if (accept(r, "as"))
		c->name = identifier(r);
}

static void
read_view(struct reader *r, char kind)
{
	struct relation *view = add_relation(r, kind);

	expect(r, "as");
	expect(r, "select");
	do {
		read_view_item(r, view);
	} while (accept(r, ","));
}

/*
 * Types and functions
 */

static void
read_enum(struct reader *r, const struct type *t)
{
	expect(r, "(");
	do {
		if (r->m->label_count == MOST_LABELS)
			model_fail("too many labels", t->name);
		r->m->labels[r->m->label_count++] = (struct label){ t->oid, peek(r)->text };
		r->at++;
	} while (accept(r, ","));
}

static void
read_type_statement(struct reader *r)
{
	swm_str schema, name;
	size_t began = r->at;

	qualified(r, &schema, &name);
	expect(r, "as");
	if (accept(r, "enum")) {
		read_enum(r, new_type(r->m, schema, name, 'e'));
		return;
	}
	r->at = began;
	struct relation *rel = add_relation(r, 'c');
	expect(r, "as");
	read_columns(r, rel);
}

static void
read_domain(struct reader *r)
{
	swm_str schema, name;

	qualified(r, &schema, &name);
	expect(r, "as");
	const struct type *base = read_type(r);
	new_type(r->m, schema, name, 'd')->base = base->oid;
}

/* (from AS to) WITH FUNCTION name(...) AS IMPLICIT; those of one domain stand together */
static void
read_cast(struct reader *r)
{
	const struct type *from, *to;

	if (r->m->cast_count == MOST_CASTS)
		model_fail("too many casts", peek(r)->text);
	struct cast *c = &r->m->casts[r->m->cast_count++];
	expect(r, "(");
	from = read_type(r);
	expect(r, "as");
	to = read_type(r);
	expect(r, ")");
	expect(r, "with");
	expect(r, "function");
	qualified(r, &c->schema, &c->function);
	c->is_from = from->kind == 'd';
	c->domain = c->is_from ? from->oid : to->oid;
	c->is_json = swm_str_eq((c->is_from ? to : from)->name, SWM_STR("json"));
}

/* A parameter of two tokens or more begins with its name, unless the second is a dot or a bracket. */
static void
read_parameter(struct reader *r, struct function *f, char mode)
{
	struct parameter *p = &f->parameters[f->parameter_count++];
	const struct token *second = peek(r) + 1;

	if (f->parameter_count == MOST_PARAMETERS)
		model_fail("too many parameters", f->name);
	*p = (struct parameter){ .mode = accept(r, "variadic") ? 'v' : accept(r, "out") ? 'o' : mode, .name = SWM_STR("") };
	second = peek(r) + 1;
	if (!is(second, ".") && !is(second, ",") && !is(second, ")") && !is(second, "[") && !is(second, "precision") &&
	    !is(second, "default"))
		p->name = identifier(r);
	p->type = read_type(r);
	p->has_default = accept(r, "default");
	skip_expression(r, ",", ")");
}

static void
read_parameters(struct reader *r, struct function *f, char mode)
{
	expect(r, "(");
	while (!accept(r, ")")) {
		read_parameter(r, f, mode);
		accept(r, ",");
	}
}

static void
read_returns(struct reader *r, struct function *f)
{
	if (accept(r, "table")) {
		read_parameters(r, f, 't');
		f->returns = type_by_name(r->m, SWM_STR(""), SWM_STR("record"));
		f->returns_set = f->returns_table = true;
		return;
	}
	f->returns_set = accept(r, "setof");
	f->returns = read_type(r);
}

static void
read_function(struct reader *r)
{
	if (r->m->function_count == MOST_FUNCTIONS)
		model_fail("too many functions", peek(r)->text);
	struct function *f = &r->m->functions[r->m->function_count++];
	*f = (struct function){ .oid = r->m->next_oid++, .volatility = 'v' };
	qualified(r, &f->schema, &f->name);
	read_parameters(r, f, 'i');
	if (accept(r, "returns"))
		read_returns(r, f);
	for (; peek(r)->kind != TOKEN_END; r->at++) {
		if (is(peek(r), "stable"))
			f->volatility = 's';
		else if (is(peek(r), "immutable"))
			f->volatility = 'i';
		else if (is(peek(r), "rows"))
			f->single_row = is(peek(r) + 1, "1");
	}
}

static void
read_statement(struct reader *r)
{
	if (!accept(r, "create"))
		return;
	if (accept(r, "or"))
		expect(r, "replace");
	if (accept(r, "table"))
		read_table(r);
	else if (accept(r, "unique"))
		read_unique_index(r);
	else if (accept(r, "materialized") && accept(r, "view"))
		read_view(r, 'm');
	else if (accept(r, "view"))
		read_view(r, 'v');
	else if (accept(r, "type"))
		read_type_statement(r);
	else if (accept(r, "domain"))
		read_domain(r);
	else if (accept(r, "cast"))
		read_cast(r);
	else if (accept(r, "function"))
		read_function(r);
}

void
model_read(struct model *m, swm_str text)
{
	struct reader r = { .m = m, .rest = text };

	m->next_oid = FIRST_OID;
	for (size_t i = 0; i < sizeof builtin / sizeof builtin[0]; i++)
		add_types(m, builtin[i].oid, builtin[i].array_oid, SWM_STR("pg_catalog"), swm_cstr(builtin[i].name),
		          swm_cstr(builtin[i].typname), builtin[i].oid == 2249 || builtin[i].oid == 2278 ? 'p' : 'b');
	while (next_statement(&r))
		read_statement(&r);
	free(r.tokens);
}
