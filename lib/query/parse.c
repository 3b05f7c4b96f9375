#include "config.h"

#include "query/parse.h"

swm_ast *
swm_ast_new(swm_arena *arena)
{
	swm_ast *ast = swm_arena_alloc(arena, sizeof *ast);

	return ast == NULL || swm_ast_level(ast, arena, (swm_str){ NULL, 0 }) == NULL ? NULL : ast;
}

swm_level *
swm_ast_level(swm_ast *ast, swm_arena *arena, swm_str path)
{
	swm_level **l = &ast->levels;

	while (*l != NULL && !swm_str_eq((*l)->path, path))
		l = &(*l)->next;
	if (*l == NULL) {
		*l = swm_arena_alloc(arena, sizeof **l);
		if (*l != NULL)
			**l = (swm_level){ .path = path, .tail = &(*l)->conditions };
	}
	return *l;
}

/* What is known while the pairs are read. */
struct parser {
	swm_ast *ast;
	swm_arena *arena;
	swm_error *err;
};

static swm_scanner
scanner_of(const struct parser *p, const char *what, swm_str text)
{
	return (swm_scanner){ .text = text, .what = what, .arena = p->arena, .err = p->err };
}

void
swm_level_add(swm_level *level, swm_condition *c)
{
	*level->tail = c;
	level->tail = &c->next;
}

static int
parse_select_pair(struct parser *p, swm_level *level, swm_str value)
{
	(void)level;
	if (p->ast->has_select) /* the first counts */
		return SWM_OK;
	swm_scanner s = scanner_of(p, "select parameter", value);
	p->ast->has_select = true;
	return swm_parse_select(&s, &p->ast->select);
}

static int
parse_order_pair(struct parser *p, swm_level *level, swm_str value)
{
	swm_order_term *terms = NULL;
	swm_scanner s = scanner_of(p, "order", value);
	int rc = swm_parse_order(&s, &terms);

	if (rc == SWM_OK && !level->has_order) { /* the first counts */
		level->order = terms;
		level->has_order = true;
	}
	return rc;
}

static int
parse_number(struct parser *p, const char *what, swm_str value, const char *negative, int64_t *out)
{
	swm_scanner s = scanner_of(p, what, value);

	if (!swm_str_int64(value, out))
		return swm_scan_fail_because(&s, "a whole number from 0 to 9223372036854775807 was expected");
	if (*out >= 0)
		return SWM_OK;
	int rc = swm_fail(p->err, SWM_ERR_RANGE);
	swm_error_set_details(p->err, swm_cstr(negative));
	return rc;
}

static int
parse_limit_pair(struct parser *p, swm_level *level, swm_str value)
{
	level->has_limit = true;
	return parse_number(p, "limit", value, "Limit should be greater than or equal to zero.", &level->limit);
}

static int
parse_offset_pair(struct parser *p, swm_level *level, swm_str value)
{
	level->has_offset = true;
	return parse_number(p, "offset", value, "Offset should be greater than or equal to zero.", &level->offset);
}

/* and=(...) is read as and(...), so the operator is put before what the client wrote. */
static int
parse_logic_text(struct parser *p, swm_level *level, swm_str op, swm_str value)
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
	swm_scanner s = scanner_of(p, "logic tree", text);
	s.skipped = op.len;
	if (!swm_str_starts(swm_str_trim(value), SWM_STR("("))) {
		s.at = op.len;
		return swm_scan_fail(&s, "\"(\"");
	}
	int rc = swm_parse_logic(&s, &c);
	if (rc == SWM_OK)
		rc = swm_scan_end(&s, "end of input");
	if (rc == SWM_OK)
		swm_level_add(level, c);
	return rc;
}

static int
parse_and_pair(struct parser *p, swm_level *level, swm_str value)
{
	return parse_logic_text(p, level, SWM_STR("and"), value);
}

static int
parse_or_pair(struct parser *p, swm_level *level, swm_str value)
{
	return parse_logic_text(p, level, SWM_STR("or"), value);
}

static int
parse_not_and_pair(struct parser *p, swm_level *level, swm_str value)
{
	return parse_logic_text(p, level, SWM_STR("not.and"), value);
}

static int
parse_not_or_pair(struct parser *p, swm_level *level, swm_str value)
{
	return parse_logic_text(p, level, SWM_STR("not.or"), value);
}

/* Parameters of writes: without meaning in a read. */
static int
ignore_pair(struct parser *p, swm_level *level, swm_str value)
{
	(void)p, (void)level, (void)value;
	return SWM_OK;
}

/* Names that are no columns. Longer ones first: not.and before and. */
static const struct reserved {
	swm_str word;
	bool embeddable; /* a path may stand before it */
	int (*parse)(struct parser *p, swm_level *level, swm_str value);
} reserved[] = {
	{ { "select", 6 }, false, parse_select_pair },
	{ { "columns", 7 }, false, ignore_pair },
	{ { "on_conflict", 11 }, false, ignore_pair },
	{ { "order", 5 }, true, parse_order_pair },
	{ { "limit", 5 }, true, parse_limit_pair },
	{ { "offset", 6 }, true, parse_offset_pair },
	{ { "not.and", 7 }, true, parse_not_and_pair },
	{ { "not.or", 6 }, true, parse_not_or_pair },
	{ { "and", 3 }, true, parse_and_pair },
	{ { "or", 2 }, true, parse_or_pair },
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

/* a.b.column->path: the last name is the column, what stands before it the path. */
static int
scan_tree_path(swm_scanner *s, swm_str *path, swm_field *field)
{
	size_t end = 0;
	int rc;

	for (;;) {
		rc = swm_scan_name(s, &field->name);
		if (rc != SWM_OK)
			return rc;
		if (!swm_scan_char(s, '.'))
			break;
		end = s->at - 1;
	}
	*path = (swm_str){ s->text.ptr, end };
	rc = swm_scan_path(s, &field->path);
	return rc != SWM_OK ? rc : swm_scan_end(s, "\"-\", \"->>\", \"->\", delimiter (.) or end of input");
}

static int
parse_filter_pair(struct parser *p, const swm_pair *pair)
{
	swm_str path;
	swm_condition *c = swm_arena_alloc(p->arena, sizeof *c);

	if (c == NULL)
		return swm_fail_memory(p->err);
	swm_scanner name = scanner_of(p, "tree path", pair->name);
	int rc = scan_tree_path(&name, &path, &c->field);
	if (rc != SWM_OK)
		return rc;
	swm_scanner value = scanner_of(p, "filter", pair->value);
	rc = swm_parse_operation(&value, c, false);
	if (rc == SWM_OK)
		rc = swm_scan_end(&value, "end of input");
	if (rc != SWM_OK)
		return rc;
	swm_level *level = swm_ast_level(p->ast, p->arena, path);
	if (level == NULL)
		return swm_fail_memory(p->err);
	swm_level_add(level, c);
	return SWM_OK;
}

static int
parse_position_pair(struct parser *p, swm_str value)
{
	swm_position *position = NULL;
	swm_scanner s = scanner_of(p, "after", value);
	int rc = swm_parse_position(&s, &position);

	if (p->ast->after == NULL) /* the first counts */
		p->ast->after = position;
	return rc;
}

int
swm_query_parse_pairs(swm_ast **out, swm_arena *arena, const swm_pair *pairs, size_t count, swm_error *err)
{
	struct parser p = { swm_ast_new(arena), arena, err };

	if (p.ast == NULL)
		return swm_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		swm_str path;
		int rc;
		if (!pairs[i].has_value) /* a name alone says nothing */
			continue;
		const struct reserved *r = find_reserved(pairs[i].name, &path);
		if (swm_is_position(&pairs[i])) {
			rc = parse_position_pair(&p, pairs[i].value);
		} else if (r == NULL) {
			rc = parse_filter_pair(&p, &pairs[i]);
		} else {
			swm_level *level = swm_ast_level(p.ast, arena, path);
			rc = level == NULL ? swm_fail_memory(err) : r->parse(&p, level, pairs[i].value);
		}
		if (rc != SWM_OK)
			return rc;
	}
	*out = p.ast;
	return SWM_OK;
}
