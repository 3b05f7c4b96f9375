#include "config.h"

#include "schema/view_columns.h"

/* The maximum depth to which a column is followed through subqueries, joins and WITH. */
enum { DEEPEST = 32 };

/* An atom, or everything in brackets. */
struct node {
	uint32_t start, len;  /* text of an atom, or of a bracket */
	uint32_t child, next; /* 0 is none */
};

/* The text as a tree. Node 0 is the root. */
struct tree {
	swm_str text;
	struct node *nodes;
	uint32_t count;
};

/* --- from text to a tree ----------------------------------------------- */

static bool
is_bracket(char c)
{
	return c == '(' || c == ')' || c == '{' || c == '}';
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/*
 * A token, as pg_strtok() of PostgreSQL's read.c cuts them: a bracket, or bytes up to a bracket or
 * white space; a backslash escapes the next byte. Empty at the end.
 */
static swm_str
next_token(swm_str *rest)
{
	size_t i = 0, end;

	while (i < rest->len && is_space(rest->ptr[i]))
		i++;
	for (end = i; end < rest->len && !is_space(rest->ptr[end]) && !is_bracket(rest->ptr[end]);)
		end += rest->ptr[end] == '\\' && end + 1 < rest->len ? 2 : 1;
	end += end == i && end < rest->len; /* a bracket */
	swm_str token = { end > i ? rest->ptr + i : NULL, end - i };
	*rest = swm_str_from(*rest, end);
	return token;
}

static bool
opens(swm_str token)
{
	return token.len == 1 && (*token.ptr == '(' || *token.ptr == '{');
}

static bool
closes(swm_str token, swm_str opening)
{
	return token.len == 1 && *token.ptr == (*opening.ptr == '(' ? ')' : '}');
}

static swm_str
text_of(const struct tree *t, uint32_t at)
{
	return (swm_str){ t->text.ptr + t->nodes[at].start, t->nodes[at].len };
}

static size_t
count_tokens(swm_str text)
{
	size_t count = 0;

	while (next_token(&text).len > 0)
		count++;
	return count;
}

/* Adds a node after *last, or as the parent's first child when that is 0. */
static uint32_t
add_node(struct tree *t, uint32_t parent, uint32_t *last, swm_str token)
{
	uint32_t at = t->count++;

	t->nodes[at] = (struct node){ (uint32_t)(token.ptr - t->text.ptr), (uint32_t)token.len, 0,
		                      0 };
	*(*last == 0 ? &t->nodes[parent].child : &t->nodes[*last].next) = at;
	*last = at;
	return at;
}

/* parents and lasts have room for all nodes: trees are as deep as their text likes. */
static bool
build(struct tree *t, uint32_t *parents, uint32_t *lasts)
{
	swm_str rest = t->text, token;
	uint32_t depth = 0;

	t->count = 1;
	while ((token = next_token(&rest)).len > 0) {
		uint32_t parent = parents[depth];
		if (is_bracket(*token.ptr) && token.len == 1 && !opens(token)) {
			if (depth == 0 || !closes(token, text_of(t, parent)))
				return false;
			depth--;
			continue;
		}
		uint32_t at = add_node(t, parent, &lasts[depth], token);
		if (opens(token)) {
			depth++;
			parents[depth] = at;
			lasts[depth] = 0;
		}
	}
	return depth == 0;
}

static int
parse(struct tree *t, swm_str text, swm_arena *arena)
{
	size_t tokens = count_tokens(text);

	if (text.len > UINT32_MAX)
		return SWM_EPARSE;
	*t = (struct tree){ .text = text,
		                    .nodes = swm_arena_array(arena, tokens + 1, sizeof *t->nodes) };
	uint32_t *parents = swm_arena_array(arena, tokens + 1, sizeof *parents);
	uint32_t *lasts = swm_arena_array(arena, tokens + 1, sizeof *lasts);
	if (t->nodes == NULL || parents == NULL || lasts == NULL)
		return SWM_ENOMEM;
	return build(t, parents, lasts) ? SWM_OK : SWM_EPARSE;
}

/* --- finding nodes ----------------------------------------------------- */

static bool
is_text(const struct tree *t, uint32_t at, const char *text)
{
	return at != 0 && swm_str_eq(text_of(t, at), swm_cstr(text));
}

/* A "{NAME :field value ...}" of this name. */
static bool
is_node(const struct tree *t, uint32_t at, const char *name)
{
	return is_text(t, at, "{") && is_text(t, t->nodes[at].child, name);
}

/*
 * The value of a node's field; 0 when it has none. Names and values take turns: a column may be
 * called ":resno".
 */
static uint32_t
field(const struct tree *t, uint32_t node, const char *name)
{
	uint32_t at = node == 0 ? 0 : t->nodes[node].child;

	at = at == 0 ? 0 : t->nodes[at].next;
	while (at != 0 && !is_text(t, at, name)) {
		at = t->nodes[at].next;
		at = at == 0 ? 0 : t->nodes[at].next;
	}
	return at == 0 ? 0 : t->nodes[at].next;
}

/* A field's number from 0 to most; 0 for any other, as columns of the system have. */
static uint32_t
number(const struct tree *t, uint32_t node, const char *name, uint32_t most)
{
	uint32_t at = field(t, node, name);
	int64_t n;

	return at != 0 && swm_str_int64(text_of(t, at), &n) && n >= 0 && n <= most ? (uint32_t)n
	                                                                           : 0;
}

/* The element of a list, counted from 1; 0 when there is none. */
static uint32_t
element(const struct tree *t, uint32_t list, uint32_t place)
{
	uint32_t at = is_text(t, list, "(") && place > 0 ? t->nodes[list].child : 0;

	while (at != 0 && --place > 0)
		at = t->nodes[at].next;
	return at;
}

/* --- from a column of a query to one of a table ------------------------ */

/* https://www.postgresql.org/docs/current/datatype-oid.html, pg_type.dat: int8, int2, int4 */
static bool
is_integer(uint32_t type)
{
	return type == 20 || type == 21 || type == 23;
}

/*
 * The operand of an integer's cast to another size; 0 for another expression. CoercionForm: 1
 * written, 2 implied.
 */
static uint32_t
integer_behind(const struct tree *t, uint32_t call)
{
	uint32_t format = number(t, call, ":funcformat", 2);
	uint32_t argument = element(t, field(t, call, ":args"), 1);

	if (format == 0 || !is_integer(number(t, call, ":funcresulttype", UINT32_MAX)) ||
	    !is_node(t, argument, "VAR") ||
	    !is_integer(number(t, argument, ":vartype", UINT32_MAX)))
		return 0;
	return argument;
}

/* The Var inside casts that keep its value; 0 when the expression is something else. */
static uint32_t
var_behind(const struct tree *t, uint32_t expression, bool *is_cast)
{
	while (is_node(t, expression, "RELABELTYPE") || is_node(t, expression, "COERCETODOMAIN")) {
		*is_cast = true;
		expression = field(t, expression, ":arg");
	}
	if (is_node(t, expression, "FUNCEXPR")) {
		*is_cast = true;
		expression = integer_behind(t, expression);
	}
	return is_node(t, expression, "VAR") ? expression : 0;
}

/*
 * The state of the search for a column: at an entry of the innermost query's list, or at a Var in
 * it.
 */
struct place {
	uint32_t queries[DEEPEST + 1]; /* each in the one before */
	uint32_t level;
	uint32_t entry, var;
};

/* Leaves as many queries as a field says; false when there are not so many. */
static bool
go_out(const struct tree *t, struct place *p, uint32_t node, const char *levels)
{
	uint32_t at = field(t, node, levels);
	int64_t n;

	if (at == 0 || !swm_str_int64(text_of(t, at), &n) || n < 0 || n > p->level)
		return false;
	p->level -= (uint32_t)n;
	return true;
}

/*
 * The target list of a query; 0 for UNION and the like, where a column comes from several tables.
 */
static uint32_t
target_list(const struct tree *t, uint32_t query)
{
	if (!is_node(t, query, "QUERY"))
		return 0;
	uint32_t operations = field(t, query, ":setOperations");
	return operations == 0 || is_text(t, operations, "<>") ? field(t, query, ":targetList") : 0;
}

/* Goes into a query, to the entry for a column. */
static void
go_into(const struct tree *t, struct place *p, uint32_t query, uint32_t column)
{
	p->queries[++p->level] = query;
	p->entry = element(t, target_list(t, query), column);
}

/* The query of a WITH, by its name; 0 when there is none, or when it refers to itself. */
static uint32_t
with_query(const struct tree *t, uint32_t query, uint32_t name)
{
	uint32_t list = field(t, query, ":cteList"),
		 at = is_text(t, list, "(") ? t->nodes[list].child : 0;

	for (; at != 0 && name != 0; at = t->nodes[at].next) {
		uint32_t own = field(t, at, ":ctename");
		if (own != 0 && swm_str_eq(text_of(t, own), text_of(t, name)))
			return is_text(t, field(t, at, ":cterecursive"), "false")
			           ? field(t, at, ":ctequery")
			           : 0;
	}
	return 0;
}

/*
 * Follows a Var one step, by the kind of its range table entry (RTEKind). True when that is a
 * table or view.
 */
static bool
step(const struct tree *t, struct place *p, swm_view_column *c)
{
	uint32_t var = p->var, column = number(t, var, ":varattno", UINT16_MAX);

	p->var = 0;
	if (!go_out(t, p, var, ":varlevelsup"))
		return false;
	uint32_t list = field(t, p->queries[p->level], ":rtable");
	uint32_t source = element(t, list, number(t, var, ":varno", UINT16_MAX)),
		 kind = field(t, source, ":rtekind");
	if (is_text(t, kind, "0")) {
		c->relation = number(t, source, ":relid", UINT32_MAX);
		c->column = (uint16_t)column;
		return true;
	}
	if (is_text(t, kind, "1"))
		go_into(t, p, field(t, source, ":subquery"), column);
	else if (is_text(t, kind, "2")) /* a join */
		p->var = var_behind(t, element(t, field(t, source, ":joinaliasvars"), column),
		                    &c->is_cast);
	else if (is_text(t, kind, "6") && go_out(t, p, source, ":ctelevelsup"))
		go_into(t, p, with_query(t, p->queries[p->level], field(t, source, ":ctename")),
		        column);
	return false;
}

/* Follows an entry of the query's list to the column it comes from. */
static void
find_origin(const struct tree *t, uint32_t query, uint32_t entry, swm_view_column *c)
{
	struct place p = { .queries = { query }, .entry = entry };

	for (int steps = 0; steps < DEEPEST && (p.entry != 0 || p.var != 0); steps++) {
		if (p.entry != 0) {
			c->relation = number(t, p.entry, ":resorigtbl", UINT32_MAX);
			c->column = (uint16_t)number(t, p.entry, ":resorigcol", UINT16_MAX);
			if (c->relation != 0)
				return;
			p.var = var_behind(t, field(t, p.entry, ":expr"), &c->is_cast);
			p.entry = 0;
		}
		if (p.var != 0 && step(t, &p, c))
			return;
	}
}

int
swm_view_columns(swm_str text, swm_arena *arena, swm_view_column *columns, size_t room,
                 size_t *count)
{
	struct tree t;
	int rc = parse(&t, text, arena);

	*count = 0;
	if (rc != SWM_OK)
		return rc;
	uint32_t query = element(&t, t.nodes[0].child, 1);
	if (!is_node(&t, query, "QUERY"))
		return SWM_EPARSE;
	uint32_t list = target_list(&t, query);
	for (uint32_t at = is_text(&t, list, "(") ? t.nodes[list].child : 0;
	     at != 0 && *count < room; at = t.nodes[at].next) {
		swm_view_column c = { .number = (uint16_t)number(&t, at, ":resno", UINT16_MAX) };
		find_origin(&t, query, at, &c);
		if (c.relation != 0 && c.column > 0 && c.number > 0)
			columns[(*count)++] = c;
	}
	return SWM_OK;
}
