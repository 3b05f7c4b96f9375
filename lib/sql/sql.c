#include "config.h"

#include "sql/sql.h"

#include "base/buf.h"

/* A statement being written. */
struct writer {
	swm_buf text;
	swm_arena *arena;
	const char **params;
	int count, room;
	bool failed;
	const swm_relation *relation;
};

void
swm_sql_quote_identifier(swm_buf *to, swm_str name)
{
	swm_buf_char(to, '"');
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '"')
			swm_buf_char(to, '"');
		swm_buf_char(to, name.ptr[i]);
	}
	swm_buf_char(to, '"');
}

static void
put(struct writer *w, const char *text)
{
	swm_buf_cstr(&w->text, text);
}

/* Adds a parameter and writes its $n. The value is copied for its terminating NUL. */
static void
put_param(struct writer *w, swm_str value)
{
	swm_str kept = swm_arena_str(w->arena, value);

	if (w->count == w->room) {
		int room = w->room == 0 ? 8 : w->room * 2;
		const char **more = swm_arena_array(w->arena, (size_t)room, sizeof *more);
		if (more == NULL) {
			w->failed = true;
			return;
		}
		if (w->count > 0)
			memcpy(more, w->params, (size_t)w->count * sizeof *more);
		w->params = more;
		w->room = room;
	}
	w->failed |= kept.ptr == NULL;
	w->params[w->count++] = kept.ptr;
	swm_buf_char(&w->text, '$');
	swm_buf_int(&w->text, w->count);
}

static void
put_relation(struct writer *w)
{
	swm_sql_quote_identifier(&w->text, w->relation->schema);
	swm_buf_char(&w->text, '.');
	swm_sql_quote_identifier(&w->text, w->relation->name);
}

/* ->key and ->index; the key is a parameter like any other value. */
static void
put_path(struct writer *w, const swm_path_step *step)
{
	for (; step != NULL; step = step->next) {
		put(w, step->as_text ? "->>" : "->");
		put_param(w, step->key);
		put(w, step->is_index ? "::int" : "::text");
	}
}

static void
put_field(struct writer *w, const swm_plan_field *field)
{
	if (field->path != NULL)
		put(w, field->to_jsonb ? "(to_jsonb(" : "(");
	put_relation(w);
	swm_buf_char(&w->text, '.');
	swm_sql_quote_identifier(&w->text, field->name);
	if (field->path == NULL)
		return;
	if (field->to_jsonb)
		put(w, ")");
	put_path(w, field->path);
	put(w, ")");
}

static void
put_output(struct writer *w, const swm_plan_output *o, bool strip_nulls)
{
	bool server = o->form == SWM_FORM_SERVER;

	if (server)
		put(w, strip_nulls ? "json_strip_nulls(to_json(" : "to_json(");
	if (o->cast.len > 0)
		put(w, "CAST(");
	put_field(w, &o->field);
	if (o->cast.len > 0) {
		put(w, " AS ");
		swm_buf_str(&w->text, o->cast); /* identifier characters and blanks only */
		put(w, ")");
	}
	if (server)
		put(w, strip_nulls ? "))" : ")");
}

/* {"a","b"}: an array literal of any element type, as one parameter. */
static void
put_list(struct writer *w, const swm_value *list)
{
	swm_buf literal = SWM_BUF_INIT;

	swm_buf_char(&literal, '{');
	for (const swm_value *v = list; v != NULL; v = v->next) {
		swm_buf_cstr(&literal, v == list ? "\"" : ",\"");
		for (size_t i = 0; i < v->text.len; i++) {
			if (v->text.ptr[i] == '"' || v->text.ptr[i] == '\\')
				swm_buf_char(&literal, '\\');
			swm_buf_char(&literal, v->text.ptr[i]);
		}
		swm_buf_char(&literal, '"');
	}
	swm_buf_char(&literal, '}');
	put_param(w, swm_buf_view(&literal));
	w->failed |= literal.failed;
	swm_buf_dispose(&literal);
}

static void
put_pattern(struct writer *w, swm_str pattern)
{
	char *p = swm_arena_alloc(w->arena, pattern.len + 1);

	if (p == NULL) {
		w->failed = true;
		return;
	}
	for (size_t i = 0; i < pattern.len; i++)
		p[i] = pattern.ptr[i] == '*' ? '%' : pattern.ptr[i];
	put_param(w, (swm_str){ p, pattern.len });
}

/* column @@ to_tsquery('language', value), the column made a tsvector where it is none */
static void
put_search(struct writer *w, const swm_plan_condition *c, const swm_operator_entry *op)
{
	swm_str language = c->asked->language;

	if (c->to_tsvector) {
		put(w, "to_tsvector(");
		if (language.len > 0) {
			put_param(w, language);
			put(w, ", ");
		}
	}
	put_field(w, &c->field);
	put(w, c->to_tsvector ? ") @@ " : " @@ ");
	swm_buf_str(&w->text, op->sql);
	put(w, "(");
	if (language.len > 0) {
		put_param(w, language);
		put(w, ", ");
	}
	put_param(w, c->asked->value);
	put(w, ")");
}

static void
put_filter(struct writer *w, const swm_plan_condition *c)
{
	static const char *const is_words[] = { "NULL", "NOT NULL", "TRUE", "FALSE", "UNKNOWN" };
	static const char *const quantifiers[] = { "", " ANY", " ALL" };
	const swm_condition *asked = c->asked;
	const swm_operator_entry *op = swm_operator_of(asked->op);

	if (op->operand == SWM_OPERAND_SEARCH) {
		put_search(w, c, op);
		return;
	}
	put_field(w, &c->field);
	put(w, " ");
	swm_buf_str(&w->text, op->sql);
	put(w, quantifiers[asked->quantifier]);
	put(w, asked->quantifier != SWM_QUANTIFIER_NONE || op->operand == SWM_OPERAND_LIST ? " (" : " ");
	if (op->operand == SWM_OPERAND_IS)
		put(w, is_words[asked->is]);
	else if (op->operand == SWM_OPERAND_LIST)
		put_list(w, asked->list);
	else if (op->operand == SWM_OPERAND_PATTERN)
		put_pattern(w, asked->value);
	else
		put_param(w, asked->value);
	if (asked->quantifier != SWM_QUANTIFIER_NONE || op->operand == SWM_OPERAND_LIST)
		put(w, ")");
}

static void
put_conditions(struct writer *w, const swm_plan_condition *first, const char *between)
{
	for (const swm_plan_condition *c = first; c != NULL; c = c->next) {
		if (c != first)
			put(w, between);
		if (c->negated)
			put(w, "NOT ");
		bool enclosed = c->negated || c->kind != SWM_CONDITION_FILTER;
		if (enclosed)
			put(w, "(");
		if (c->kind == SWM_CONDITION_FILTER)
			put_filter(w, c);
		else
			put_conditions(w, c->children, c->kind == SWM_CONDITION_AND ? " AND " : " OR ");
		if (enclosed)
			put(w, ")");
	}
}

static void
put_from_where(struct writer *w, const swm_read_plan *plan)
{
	put(w, " FROM ");
	put_relation(w);
	if (plan->where != NULL) {
		put(w, " WHERE ");
		put_conditions(w, plan->where, " AND ");
	}
}

static void
put_order(struct writer *w, const swm_plan_order *first)
{
	static const char *const directions[] = { "", " ASC", " DESC" };
	static const char *const nulls[] = { "", " NULLS FIRST", " NULLS LAST" };

	for (const swm_plan_order *o = first; o != NULL; o = o->next) {
		put(w, o == first ? " ORDER BY " : ", ");
		put_field(w, &o->field);
		put(w, directions[o->direction]);
		put(w, nulls[o->nulls]);
	}
}

static void
put_number_param(struct writer *w, int64_t n)
{
	swm_buf digits = SWM_BUF_INIT;

	swm_buf_int(&digits, n);
	put_param(w, swm_buf_view(&digits));
	w->failed |= digits.failed;
	swm_buf_dispose(&digits);
}

static int
finish(struct writer *w, swm_statement *out, swm_error *err)
{
	swm_str text = swm_arena_str(w->arena, swm_buf_view(&w->text));
	bool failed = w->failed || w->text.failed || text.ptr == NULL;

	swm_buf_dispose(&w->text);
	*out = (swm_statement){ text.ptr, w->params, w->count };
	return failed ? swm_fail_memory(err) : SWM_OK;
}

int
swm_sql_read(swm_statement *out, swm_arena *arena, const swm_read_plan *plan, swm_error *err)
{
	struct writer w = { .arena = arena, .relation = plan->relation };

	put(&w, "SELECT");
	for (size_t i = 0; i < plan->output_count; i++) {
		put(&w, i == 0 ? " " : ", ");
		put_output(&w, &plan->outputs[i], plan->strip_nulls);
	}
	put_from_where(&w, plan);
	put_order(&w, plan->order);
	if (plan->has_limit) {
		put(&w, " LIMIT ");
		put_number_param(&w, plan->limit);
	}
	if (plan->offset > 0) {
		put(&w, " OFFSET ");
		put_number_param(&w, plan->offset);
	}
	return finish(&w, out, err);
}

int
swm_sql_count(swm_statement *out, swm_arena *arena, const swm_read_plan *plan, swm_error *err)
{
	struct writer w = { .arena = arena, .relation = plan->relation };

	put(&w, "SELECT count(*)");
	put_from_where(&w, plan);
	return finish(&w, out, err);
}

int
swm_sql_context(swm_statement *out, swm_arena *arena, const swm_setting *settings, size_t count, swm_error *err)
{
	struct writer w = { .arena = arena };

	for (size_t i = 0; i < count; i++) {
		put(&w, i == 0 ? "SELECT set_config(" : ", set_config(");
		put_param(&w, settings[i].name);
		put(&w, ", ");
		put_param(&w, settings[i].value);
		put(&w, ", true)");
	}
	return finish(&w, out, err);
}

int
swm_sql_call(swm_statement *out, swm_arena *arena, swm_str function, swm_error *err)
{
	struct writer w = { .arena = arena };
	size_t dot = swm_str_find(function, '.');

	put(&w, "SELECT ");
	if (dot < function.len) {
		swm_sql_quote_identifier(&w.text, (swm_str){ function.ptr, dot });
		put(&w, ".");
		function = swm_str_from(function, dot + 1);
	}
	swm_sql_quote_identifier(&w.text, function);
	put(&w, "()");
	return finish(&w, out, err);
}

const swm_statement swm_sql_response_settings = {
	"SELECT current_setting('response.headers', true), current_setting('response.status', true)",
	NULL, 0,
};

const swm_statement swm_sql_reset = { "RESET ALL", NULL, 0 };
