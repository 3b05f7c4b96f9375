#include "config.h"

#include "query/parse.h"

static const char expecting_end[] =
	"letter, digit, \"-\", \"->>\", \"->\", \"::\", \".\", \")\", \",\" or end of input";

/* An item ends where the list, the parentheses or the text does. */
static bool
at_item_end(const swm_scanner *s)
{
	int c = swm_scan_peek(s);
	return c < 0 || c == ',' || c == ')';
}

/* A colon that is no cast. */
static bool
scan_alias_end(swm_scanner *s)
{
	return !swm_str_starts(swm_str_from(s->text, s->at), SWM_STR("::")) &&
	       swm_scan_char(s, ':');
}

/* ::type, whose name is made of identifiers: it can hold no quote and no parenthesis. */
static int
scan_cast(swm_scanner *s, swm_str *out)
{
	if (!swm_scan_word(s, SWM_STR("::")))
		return SWM_OK;
	*out = swm_scan_identifier(s);
	return swm_is_type_name(*out) ? SWM_OK : swm_scan_fail(s, "letter or digit");
}

static bool
scan_aggregate(swm_scanner *s, enum swm_aggregate *out)
{
	size_t begin = s->at;
	bool dot = swm_scan_char(s, '.');

	for (int i = 1; dot && i <= SWM_AGGREGATES; i++) {
		*out = (enum swm_aggregate)i;
		if (swm_scan_word(s, swm_aggregate_word(*out)) && swm_scan_word(s, SWM_STR("()")))
			return true;
		s->at = begin + 1;
	}
	*out = SWM_AGGREGATE_NONE;
	s->at = begin;
	return false;
}

/* Reads the rest of a field after its name and path: cast, aggregate and its cast. */
static int
scan_field_tail(swm_scanner *s, swm_select_item *out)
{
	int rc = scan_cast(s, &out->cast);
	if (rc == SWM_OK && scan_aggregate(s, &out->aggregate))
		rc = scan_cast(s, &out->aggregate_cast);
	swm_scan_blanks(s);
	if (rc == SWM_OK && !at_item_end(s))
		rc = swm_scan_fail(s, expecting_end);
	return rc;
}

static int
scan_parameters(swm_scanner *s, swm_select_item *out)
{
	while (swm_scan_char(s, '!')) {
		swm_str name;
		int rc = swm_scan_name(s, &name);
		if (rc != SWM_OK)
			return rc;
		if (swm_str_eq(name, SWM_STR("inner")))
			out->join = SWM_JOIN_INNER;
		else if (swm_str_eq(name, SWM_STR("left")))
			out->join = SWM_JOIN_LEFT;
		else if (out->hint.len == 0)
			out->hint = name;
		else
			return swm_scan_fail_because(s, "an embedded resource has one hint; "
			                                "beside it only \"inner\" or \"left\"");
	}
	return SWM_OK;
}

static int scan_items(swm_scanner *s, swm_select_item **out);

/* rel!hint!inner(...): the cursor is after the relation's name. */
static int
scan_relation_tail(swm_scanner *s, swm_select_item *out, enum swm_select_kind kind)
{
	out->kind = kind;
	out->node = (swm_query_node){ .arena = s->arena, .has_select = true };
	int rc = scan_parameters(s, out);
	if (rc == SWM_OK && !swm_scan_char(s, '('))
		rc = swm_scan_fail(s, "\"(\"");
	if (rc == SWM_OK)
		rc = swm_scan_deeper(s);
	if (rc == SWM_OK)
		rc = scan_items(s, &out->node.select);
	if (rc == SWM_OK && !swm_scan_char(s, ')'))
		rc = swm_scan_fail(s, "\",\" or \")\"");
	s->depth--;
	swm_scan_blanks(s);
	if (rc == SWM_OK && !at_item_end(s))
		rc = swm_scan_fail(s, "\")\", \",\" or end of input");
	return rc;
}

/* count() needs no column before it. */
static bool
scan_count(swm_scanner *s, swm_select_item *out)
{
	if (!swm_scan_word(s, SWM_STR("count()")))
		return false;
	out->aggregate = SWM_AGGREGATE_COUNT;
	out->field.name = SWM_STR("*");
	return true;
}

static int
scan_count_tail(swm_scanner *s, swm_select_item *out)
{
	int rc = scan_cast(s, &out->aggregate_cast);

	swm_scan_blanks(s);
	return rc != SWM_OK || at_item_end(s) ? rc : swm_scan_fail(s, expecting_end);
}

static int
scan_named_item(swm_scanner *s, swm_select_item *out)
{
	if (scan_count(s, out))
		return scan_count_tail(s, out);
	int rc = swm_scan_name(s, &out->field.name);
	if (rc == SWM_OK && scan_alias_end(s)) {
		out->alias = out->field.name;
		if (scan_count(s, out))
			return scan_count_tail(s, out);
		rc = swm_scan_name(s, &out->field.name);
	}
	if (rc != SWM_OK)
		return rc;
	if (swm_scan_peek(s) == '!' || swm_scan_peek(s) == '(') {
		out->relation = out->field.name;
		return scan_relation_tail(s, out, SWM_SELECT_RELATION);
	}
	rc = swm_scan_path(s, &out->field);
	return rc != SWM_OK ? rc : scan_field_tail(s, out);
}

static int
scan_item(swm_scanner *s, swm_select_item *out)
{
	swm_scan_blanks(s);
	if (swm_scan_char(s, '*')) {
		out->kind = SWM_SELECT_ALL;
		swm_scan_blanks(s);
		return at_item_end(s) ? SWM_OK : swm_scan_fail(s, "\")\", \",\" or end of input");
	}
	if (swm_scan_word(s, SWM_STR("..."))) {
		int rc = swm_scan_name(s, &out->relation);
		return rc != SWM_OK ? rc : scan_relation_tail(s, out, SWM_SELECT_SPREAD);
	}
	return scan_named_item(s, out);
}

static int
scan_items(swm_scanner *s, swm_select_item **out)
{
	swm_select_item **tail = out;

	*out = NULL;
	swm_scan_blanks(s);
	if (at_item_end(s) && swm_scan_peek(s) != ',')
		return SWM_OK;
	do {
		swm_select_item *item = swm_arena_alloc(s->arena, sizeof *item);
		if (item == NULL)
			return swm_fail_memory(s->err);
		int rc = scan_item(s, item);
		if (rc != SWM_OK)
			return rc;
		*tail = item;
		tail = &item->next;
	} while (swm_scan_char(s, ','));
	return SWM_OK;
}

int
swm_parse_select(swm_scanner *s, swm_select_item **out)
{
	int rc = scan_items(s, out);
	return rc != SWM_OK ? rc : swm_scan_end(s, expecting_end);
}
