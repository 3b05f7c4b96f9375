#include "config.h"

#include "query/parse.h"

/* Parameters of a level, kept before the level is known: its path of names, and their values. */
struct level {
	struct level *next;
	swm_value *path;
	swm_query_node node;
};

/* The state while the pairs are read. */
struct parser {
	swm_ast *ast;
	struct level *levels; /* but the root */
	swm_arena *arena;
	swm_error *err;
	bool tells; /* notes what is expected, for the message of an error */
};

static void
begin_scan(const struct parser *p, swm_scanner *s, const char *what, swm_str text)
{
	swm_scan_begin(s, what, text, p->arena, p->err);
	s->silent = !p->tells;
}

static bool
same_path(const swm_value *a, const swm_value *b)
{
	while (a != NULL && b != NULL && swm_str_eq(a->text, b->text)) {
		a = a->next;
		b = b->next;
	}
	return a == NULL && b == NULL;
}

/* The level of a path, added when it is not there. NULL when memory ran out. */
static swm_query_node *
level_of(struct parser *p, swm_value *path)
{
	struct level **l = &p->levels;

	if (path == NULL)
		return &p->ast->root;
	while (*l != NULL && !same_path((*l)->path, path))
		l = &(*l)->next;
	if (*l == NULL) {
		*l = swm_arena_alloc(p->arena, sizeof **l);
		if (*l == NULL)
			return NULL;
		(*l)->path = path;
	}
	return &(*l)->node;
}

static int
parse_select_pair(struct parser *p, swm_query_node *level, swm_str value)
{
	if (level->has_select) /* the first counts */
		return SWM_OK;
	swm_scanner s;
	begin_scan(p, &s, "select parameter", value);
	int rc = swm_parse_select(&s, &level->select);
	level->has_select = level->select != NULL; /* an empty one is none: all columns */
	return rc;
}

static int
parse_order_pair(struct parser *p, swm_query_node *level, swm_str value)
{
	swm_order_term *terms = NULL;
	swm_scanner s;

	begin_scan(p, &s, "order", value);
	int rc = swm_parse_order(&s, &terms);
	if (rc == SWM_OK && !level->has_order) { /* the first counts */
		level->order = terms;
		level->has_order = true;
	}
	return rc;
}

static int
parse_number(struct parser *p, const char *what, swm_str value, const char *expected, int64_t *out)
{
	swm_scanner s;

	begin_scan(p, &s, what, value);
	return swm_scan_outcome(&s, swm_str_int64(value, out) || swm_scan_fail(&s, expected));
}

static int
parse_limit_pair(struct parser *p, swm_query_node *level, swm_str value)
{
	level->has_limit = true;
	int rc = parse_number(p, "limit", value,
	                      "a whole number from 0 to 9223372036854775807 was expected",
	                      &level->limit);
	if (rc != SWM_OK || level->limit >= 0)
		return rc;
	rc = swm_fail(p->err, SWM_ERR_RANGE);
	swm_error_set_details(p->err, SWM_STR("Limit should be greater than or equal to zero."));
	return rc;
}

/* A negative one is the planner's to refuse. */
static int
parse_offset_pair(struct parser *p, swm_query_node *level, swm_str value)
{
	level->has_offset = true;
	return parse_number(p, "offset", value,
	                    "a whole number up to 9223372036854775807 was expected",
	                    &level->offset);
}

/* and=(...) is read as and(...), so the operator is put before the client's text. */
static int
parse_logic_text(struct parser *p, swm_query_node *level, swm_str op, swm_str value)
{
	swm_buf joined = SWM_BUF_INIT;

	swm_buf_str(&joined, op);
	swm_buf_str(&joined, value);
	swm_str text = swm_arena_str(p->arena, swm_buf_view(&joined));
	bool failed = joined.failed || text.ptr == NULL;
	swm_buf_dispose(&joined);
	if (failed)
		return swm_fail_memory(p->err);

	swm_condition *c;
	swm_scanner s;
	begin_scan(p, &s, "logic tree", text);
	s.skipped = op.len;
	int rc = swm_parse_logic(&s, &c);
	if (rc == SWM_OK)
		swm_ast_add_condition(level, NULL, c);
	return rc;
}

static int
parse_and_pair(struct parser *p, swm_query_node *level, swm_str value)
{
	return parse_logic_text(p, level, SWM_STR("and"), value);
}

static int
parse_or_pair(struct parser *p, swm_query_node *level, swm_str value)
{
	return parse_logic_text(p, level, SWM_STR("or"), value);
}

static int
parse_not_and_pair(struct parser *p, swm_query_node *level, swm_str value)
{
	return parse_logic_text(p, level, SWM_STR("not.and"), value);
}

static int
parse_not_or_pair(struct parser *p, swm_query_node *level, swm_str value)
{
	return parse_logic_text(p, level, SWM_STR("not.or"), value);
}

/* To PostgREST a space is part of a name, and a tab is not. */
static void
scan_blanks_before_names(swm_scanner *s)
{
	size_t at = s->at;

	while (at < s->text.len && s->text.ptr[at] == ' ')
		at++;
	if (at == s->text.len || (s->text.ptr[at] != '\t' && s->text.ptr[at] != '"'))
		return;
	if (swm_scan_peek(s) == '\t') {
		swm_scan_note(s, swm_scan_name_label);
		swm_scan_tolerate(s, &s->expected);
	}
	swm_scan_blanks(s);
}

/* a,b,"c d" */
static bool
scan_names(swm_scanner *s, swm_value **first)
{
	swm_value **tail = first;

	scan_blanks_before_names(s);
	do {
		swm_value *name = swm_arena_alloc(s->arena, sizeof *name);
		if (name == NULL)
			return swm_scan_fail_memory(s);
		if (!swm_scan_name(s, &name->text))
			return false;
		if (tail != first)
			swm_scan_end_round(s);
		*tail = name;
		tail = &name->next;
	} while (swm_scan_comma(s));
	swm_scan_end(s, "\",\" or end of input");
	return true;
}

static int
parse_names(struct parser *p, const char *what, swm_str value, bool *has, swm_value **out)
{
	swm_scanner s;

	if (*has) /* the first counts */
		return SWM_OK;
	*has = true;
	*out = NULL;
	begin_scan(p, &s, what, value);
	return swm_scan_outcome(&s, scan_names(&s, out));
}

static int
parse_columns_pair(struct parser *p, swm_query_node *level, swm_str value)
{
	(void)level;
	return parse_names(p, "columns parameter", value, &p->ast->has_columns, &p->ast->columns);
}

static int
parse_on_conflict_pair(struct parser *p, swm_query_node *level, swm_str value)
{
	(void)level;
	return parse_names(p, "on_conflict parameter", value, &p->ast->has_on_conflict,
	                   &p->ast->on_conflict);
}

/*
 * When several parameters are wrong, PostgREST reports the first in this order, wherever it stands
 * in the URL.
 */
enum turn { ORDERS, LOGIC, COLUMNS, SELECT, FILTERS, ON_CONFLICT, PAGES, TURNS };

/* Names that are no columns. Longer ones first: not.and before and. */
static const struct reserved {
	swm_str word;
	bool embeddable; /* a path may stand before it */
	enum turn turn;
	int (*parse)(struct parser *p, swm_query_node *level, swm_str value);
} reserved[] = {
	{ { "select", 6 }, false, SELECT, parse_select_pair },
	{ { "columns", 7 }, false, COLUMNS, parse_columns_pair },
	{ { "on_conflict", 11 }, false, ON_CONFLICT, parse_on_conflict_pair },
	{ { "order", 5 }, true, ORDERS, parse_order_pair },
	{ { "limit", 5 }, true, PAGES, parse_limit_pair },
	{ { "offset", 6 }, true, PAGES, parse_offset_pair },
	{ { "not.and", 7 }, true, LOGIC, parse_not_and_pair },
	{ { "not.or", 6 }, true, LOGIC, parse_not_or_pair },
	{ { "and", 3 }, true, LOGIC, parse_and_pair },
	{ { "or", 2 }, true, LOGIC, parse_or_pair },
};

/* The entry for a name, and the path before it ("a.b" of a.b.order). */
static const struct reserved *
find_reserved(swm_str name, swm_str *path)
{
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
		const struct reserved *r = &reserved[i];
		*path = (swm_str){ NULL, 0 };
		if (swm_str_eq(name, r->word))
			return r;
		if (r->embeddable && name.len > r->word.len && swm_str_ends(name, r->word) &&
		    name.ptr[name.len - r->word.len - 1] == '.') {
			*path = (swm_str){ name.ptr, name.len - r->word.len - 1 };
			return r;
		}
	}
	return NULL;
}

bool
swm_query_is_reserved(swm_str name)
{
	swm_str path;
	return find_reserved(name, &path) != NULL;
}

/* Names joined by dots, as a list; with a field, the last of them is the field's. */
static bool
scan_tree_path(swm_scanner *s, swm_value **path, swm_field *field)
{
	swm_value **first = path;
	swm_field last;
	bool more;

	do {
		if (!swm_scan_name(s, &last.name))
			return false;
		if (path != first)
			swm_scan_end_round(s);
		more = swm_scan_delimiter(s);
		if (!more && field != NULL)
			break;
		*path = swm_arena_alloc(s->arena, sizeof **path);
		if (*path == NULL)
			return swm_scan_fail_memory(s);
		(*path)->text = last.name;
		path = &(*path)->next;
	} while (more);
	size_t at = s->at;
	if (!swm_scan_path(s, &last))
		return false;
	if (field != NULL) {
		*field = last;
		swm_scan_end(s, "\"-\", \"->>\", \"->\", delimiter (.) or end of input");
	} else if (at < s->text.len) {
		swm_scan_refuse(s, at, "delimiter (.) or end of input");
	}
	return true;
}

/* True when a value begins like an operator, even an unknown one: `op.` or `op(`. */
static bool
begins_with_operator(swm_str value)
{
	size_t n = 0;

	while (n < value.len && value.ptr[n] >= 'a' && value.ptr[n] <= 'z')
		n++;
	return n > 0 && n < value.len && (value.ptr[n] == '.' || value.ptr[n] == '(');
}

/* Most other dialects would write `id=1`. */
static void
hint_at_operator(swm_error *err, const swm_pair *pair)
{
	enum { LONGEST = 100 };
	swm_buf hint = SWM_BUF_INIT;

	if (begins_with_operator(pair->value) || pair->name.len + pair->value.len > LONGEST)
		return;
	swm_buf_cstr(&hint, "An operator stands before the value: ");
	swm_buf_str(&hint, pair->name);
	swm_buf_cstr(&hint, "=eq.");
	swm_url_encode(&hint, pair->value);
	if (!hint.failed)
		swm_error_set_hint(err, swm_buf_view(&hint));
	swm_buf_dispose(&hint);
}

static int
parse_filter_pair(struct parser *p, const swm_pair *pair)
{
	swm_value *path = NULL;
	swm_condition *c = swm_arena_alloc(p->arena, sizeof *c);
	swm_scanner name, value;

	if (c == NULL)
		return swm_fail_memory(p->err);
	begin_scan(p, &name, "tree path", pair->name);
	int rc = swm_scan_outcome(&name, scan_tree_path(&name, &path, &c->field));
	if (rc != SWM_OK)
		return rc;
	begin_scan(p, &value, "filter", pair->value);
	rc = swm_parse_operation(&value, c);
	if (rc == SWM_EPARSE)
		hint_at_operator(p->err, pair);
	if (rc != SWM_OK)
		return rc;
	swm_query_node *level = level_of(p, path);
	if (level == NULL)
		return swm_fail_memory(p->err);
	swm_ast_add_condition(level, NULL, c);
	return SWM_OK;
}

static int
parse_position_pair(struct parser *p, swm_str value)
{
	swm_position *position = NULL;
	swm_scanner s;

	begin_scan(p, &s, "after", value);
	int rc = swm_parse_position(&s, &position);
	if (p->ast->after == NULL) /* the first counts */
		p->ast->after = position;
	return rc;
}

static int
parse_reserved_pair(struct parser *p, const struct reserved *r, swm_str path_text, swm_str value)
{
	swm_value *path = NULL;

	if (path_text.len > 0) {
		swm_scanner s;
		begin_scan(p, &s, "tree path", path_text);
		int rc = swm_scan_outcome(&s, scan_tree_path(&s, &path, NULL));
		if (rc != SWM_OK)
			return rc;
	}
	swm_query_node *level = level_of(p, path);
	return level == NULL ? swm_fail_memory(p->err) : r->parse(p, level, value);
}

/* An alias and the relation's name may both have been used for the same level. */
static void
merge(swm_query_node *into, swm_query_node *level)
{
	if (level->conditions != NULL)
		swm_ast_add_condition(into, NULL, level->conditions);
	if (level->has_order && !into->has_order)
		into->order = level->order;
	if (level->has_limit)
		into->limit = level->limit;
	if (level->has_offset)
		into->offset = level->offset;
	into->has_order |= level->has_order;
	into->has_limit |= level->has_limit;
	into->has_offset |= level->has_offset;
}

/* When all parameters are read, each level is assigned to its relation of the select list. */
static void
place_levels(struct parser *p)
{
	for (struct level *l = p->levels; l != NULL; l = l->next) {
		swm_query_node *node = &p->ast->root;
		swm_select_item *below;
		const swm_value *name = l->path;
		while (name != NULL && (below = swm_ast_embedded(node, name->text)) != NULL) {
			below->called_by_relation |= below->alias.len > 0 &&
			                             !swm_str_eq(below->alias, name->text);
			node = &below->node;
			name = name->next;
		}
		if (name == NULL)
			merge(node, &l->node);
		else if (p->ast->not_embedded.ptr == NULL)
			p->ast->not_embedded = name->text;
	}
}

static int
parse_pair(struct parser *p, const swm_pair *pair)
{
	swm_str path;
	const struct reserved *r = find_reserved(pair->name, &path);

	return swm_is_position(pair) ? parse_position_pair(p, pair->value) :
	       r == NULL ? parse_filter_pair(p, pair) :
	                   parse_reserved_pair(p, r, path, pair->value);
}

static enum turn
turn_of(const swm_pair *pair)
{
	swm_str path;
	const struct reserved *r = find_reserved(pair->name, &path);

	return swm_is_position(pair) ? PAGES : r == NULL ? FILTERS : r->turn;
}

/* Something is wrong: read everything again in that order, to report the first error by it. */
static int
fail_in_turn(const swm_pair *pairs, size_t count, swm_arena *arena, swm_error *err)
{
	struct parser p = { swm_ast_new(arena), NULL, arena, err, true };
	int rc = SWM_OK;

	swm_error_clear(err);
	if (p.ast == NULL)
		return swm_fail_memory(err);
	for (int turn = 0; turn < TURNS; turn++)
		for (size_t i = 0; i < count && rc == SWM_OK; i++)
			if (pairs[i].has_value && (int)turn_of(&pairs[i]) == turn)
				rc = parse_pair(&p, &pairs[i]);
	return rc;
}

int
swm_query_parse_pairs(swm_ast **out, swm_arena *arena, const swm_pair *pairs, size_t count,
                      swm_error *err)
{
	struct parser p = { swm_ast_new(arena), NULL, arena, err, false };

	if (p.ast == NULL)
		return swm_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		/* a name without `=` is ignored */
		int rc = pairs[i].has_value ? parse_pair(&p, &pairs[i]) : SWM_OK;
		if (rc != SWM_OK)
			return rc == SWM_ENOMEM ? rc : fail_in_turn(pairs, count, arena, err);
	}
	place_levels(&p);
	*out = p.ast;
	return SWM_OK;
}

/* Letters, digits and the like, with single blanks and dashes within. */
static bool
needs_no_quotes(swm_str name)
{
	swm_str path;
	bool joint = true; /* the start counts as one: neither blank nor dash may stand there */

	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool joins = c == ' ' || c == '-';
		if (!joins && !swm_scan_is_identifier((unsigned char)c))
			return false;
		if (joins && joint)
			return false;
		joint = joins;
	}
	return !joint && find_reserved(name, &path) == NULL;
}

void
swm_query_write_name(swm_buf *to, swm_str column)
{
	if (needs_no_quotes(column)) {
		swm_buf_str(to, column);
		return;
	}
	swm_buf_char(to, '"');
	for (size_t i = 0; i < column.len; i++) {
		if (column.ptr[i] == '"' || column.ptr[i] == '\\')
			swm_buf_char(to, '\\');
		swm_buf_char(to, column.ptr[i]);
	}
	swm_buf_char(to, '"');
}
