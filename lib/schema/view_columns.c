#include "config.h"

#include "schema/view_columns.h"

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
 * A token, as pg_strtok() of PostgreSQL's read.c cuts them: a bracket, or bytes up
 * to a bracket or white space; a backslash takes the meaning off what follows it.
 * Empty at the end.
 */
static swm_str
next_token(swm_str *rest)
{
	while (rest->len > 0 && is_space(*rest->ptr))
		*rest = swm_str_from(*rest, 1);
	swm_str token = { rest->ptr, 0 };
	if (rest->len > 0 && is_bracket(*rest->ptr))
		token.len = 1;
	else
		while (token.len < rest->len && !is_space(token.ptr[token.len]) && !is_bracket(token.ptr[token.len]))
			token.len += token.ptr[token.len] == '\\' && token.len + 1 < rest->len ? 2 : 1;
	*rest = swm_str_from(*rest, token.len);
	return token;
}

static bool
opens(swm_str token)
{
	return token.len == 1 && (*token.ptr == '(' || *token.ptr == '{');
}

static bool
closes(swm_str token)
{
	return token.len == 1 && (*token.ptr == ')' || *token.ptr == '}');
}

static bool
next_is(swm_str *rest, const char *text)
{
	return swm_str_eq(next_token(rest), swm_cstr(text));
}

/* A field's value: one token, or all that stands in brackets. */
static bool
skip_value(swm_str *rest)
{
	size_t depth = 0;

	do {
		swm_str token = next_token(rest);
		if (token.len == 0 || (depth == 0 && closes(token)))
			return false;
		if (opens(token))
			depth++;
		else if (closes(token))
			depth--;
	} while (depth > 0);
	return true;
}

/* A number up to most; 0 for what is less, as columns of the system have numbers below 0. */
static bool
take_number(swm_str *rest, uint32_t most, uint32_t *out)
{
	int64_t n;

	if (!swm_str_int64(next_token(rest), &n) || n > most)
		return false;
	*out = n < 0 ? 0 : (uint32_t)n;
	return true;
}

/* The fields of a TargetEntry, whose name was read. They are pairs, since a column may be called ":resno". */
static bool
take_entry(swm_str *rest, swm_view_column *c)
{
	swm_str name;

	*c = (swm_view_column){ 0 };
	while ((name = next_token(rest)).len > 0 && !swm_str_eq(name, SWM_STR("}"))) {
		uint32_t n = 0;
		if (swm_str_eq(name, SWM_STR(":resorigtbl"))) {
			if (!take_number(rest, UINT32_MAX, &c->relation))
				return false;
		} else if (swm_str_eq(name, SWM_STR(":resorigcol"))) {
			if (!take_number(rest, UINT16_MAX, &n))
				return false;
			c->column = (uint16_t)n;
		} else if (swm_str_eq(name, SWM_STR(":resno"))) {
			if (!take_number(rest, UINT16_MAX, &n))
				return false;
			c->number = (uint16_t)n;
		} else if (!skip_value(rest)) {
			return false;
		}
	}
	return name.len > 0;
}

static bool
take_target_list(swm_str *rest, swm_view_column *columns, size_t room, size_t *count)
{
	swm_str token = next_token(rest);

	if (swm_str_eq(token, SWM_STR("<>"))) /* SELECT of nothing */
		return true;
	if (!swm_str_eq(token, SWM_STR("(")))
		return false;
	while (swm_str_eq(token = next_token(rest), SWM_STR("{"))) {
		swm_view_column c;
		if (!next_is(rest, "TARGETENTRY") || !take_entry(rest, &c))
			return false;
		if (c.relation != 0 && c.column > 0 && c.number > 0 && *count < room)
			columns[(*count)++] = c;
	}
	return swm_str_eq(token, SWM_STR(")"));
}

bool
swm_view_columns(swm_str tree, swm_view_column *columns, size_t room, size_t *count)
{
	swm_str name;

	*count = 0;
	if (!next_is(&tree, "(") || !next_is(&tree, "{") || !next_is(&tree, "QUERY"))
		return false;
	while ((name = next_token(&tree)).len > 0 && !closes(name)) {
		if (swm_str_eq(name, SWM_STR(":targetList")))
			return take_target_list(&tree, columns, room, count);
		if (!skip_value(&tree))
			return false;
	}
	return false;
}
