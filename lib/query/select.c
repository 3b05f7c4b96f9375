#include "config.h"

#include "query/parse.h"

static const char expecting_end[] =
	"letter, digit, \"-\", \"->>\", \"->\", \"::\", \".\", \")\", \",\" or end of input";
static const char expecting_item_end[] = "\")\", \",\" or end of input";

/* An item ends where the list, the parentheses or the text does. */
static bool
at_item_end(swm_scanner *s)
{
	return swm_scan_before(s, ")") || swm_scan_before(s, ",") || swm_scan_before_end(s);
}

static bool
is_item_end(const swm_scanner *s, size_t at)
{
	return at == s->text.len || s->text.ptr[at] == ',' || s->text.ptr[at] == ')';
}

/* The same to us after blanks, which PostgREST takes in some places only. */
static bool
scan_item_end(swm_scanner *s)
{
	if (at_item_end(s))
		return true;
	if (!is_item_end(s, swm_scan_after_blanks(s)))
		return false;
	swm_scan_tolerate(s, &s->expected);
	swm_scan_blanks(s);
	return true;
}

/* ::type, whose name is made of identifiers: it can hold no quote and no parenthesis. */
static bool
scan_cast(swm_scanner *s, swm_str *out)
{
	size_t begin = s->at;

	if (!swm_scan_decided_word(s, "::"))
		return s->at == begin;
	if (!swm_scan_identifier(s, out))
		return false;
	if (!swm_is_type_name(*out))
		swm_scan_refuse(s, s->at, "letter or digit");
	return true;
}

/* The names that no other begins like are decided by their first letter. */
static bool
scan_aggregate_name(swm_scanner *s, enum swm_aggregate *out)
{
	size_t begin = s->at;

	for (int i = 0; i < SWM_AGGREGATES && s->at == begin; i++) {
		enum swm_aggregate a = swm_aggregate_nth(i);
		const char *word = swm_aggregate_word(a).ptr;
		*out = a;
		if (swm_aggregate_is_decided(a) ? swm_scan_decided_word(s, word)
		                                : swm_scan_word(s, word))
			return true;
	}
	return false;
}

static void
scan_aggregate(swm_scanner *s, enum swm_aggregate *out)
{
	swm_mark begin;

	swm_scan_mark(s, &begin);
	if (swm_scan_word(s, ".") && scan_aggregate_name(s, out) && swm_scan_word(s, "()"))
		return;
	*out = SWM_AGGREGATE_NONE;
	swm_scan_back(s, &begin);
}

/* The rest of a field after its name: path, cast, aggregate and its cast. */
static bool
scan_tail(swm_scanner *s, swm_select_item *out)
{
	if (!swm_scan_path(s, &out->field))
		return false;
	if (swm_scan_blanks(s) > 0 && !is_item_end(s, s->at))
		swm_scan_refuse(s, s->at, expecting_end);
	if (!scan_cast(s, &out->cast))
		return false;
	scan_aggregate(s, &out->aggregate);
	size_t at = s->at;
	if (!scan_cast(s, &out->aggregate_cast))
		return false;
	if (at < s->at && out->aggregate == SWM_AGGREGATE_NONE)
		swm_scan_refuse(s, at, expecting_end);
	return scan_item_end(s);
}

/* PostgREST reads what begins at a place as a field, and refuses it. */
static void
tolerate_no_field(swm_scanner *s, size_t begin)
{
	swm_select_item item = { .kind = SWM_SELECT_FIELD };

	if (s->silent)
		return;
	swm_scanner reader = swm_scan_reader(s, begin);
	if (swm_scan_name(&reader, &item.field.name) && !scan_tail(&reader, &item))
		swm_scan_tolerate(s, &reader.expected);
}

/* The expectations at a point where PostgREST has already ended the parameters and swm has not. */
static void
expect_no_parameter(const swm_scanner *s, size_t at, bool more, swm_expected *out)
{
	swm_scanner reader = swm_scan_reader(s, at);

	if (more) {
		swm_scan_end_round(&reader);
		swm_scan_word(&reader, "!");
	}
	swm_scan_before(&reader, "(");
	*out = reader.expected;
}

/* !hint, !inner or !left: the cursor is after the exclamation mark. */
static bool
scan_parameter(swm_scanner *s, swm_select_item *out, swm_expected *ours)
{
	size_t begin = s->at, end;
	swm_str name;
	bool word = swm_scan_word(s, "left") || swm_scan_word(s, "inner");

	end = s->at;
	s->at = begin;
	if (!swm_scan_name(s, &name))
		return false;
	if (word && s->at == end)
		s->expected.known = false;
	else if (word && !ours->known)
		expect_no_parameter(s, end, true, ours);
	if (swm_str_eq(name, SWM_STR("inner")))
		out->join = SWM_JOIN_INNER;
	else if (swm_str_eq(name, SWM_STR("left")))
		out->join = SWM_JOIN_LEFT;
	else if (out->hint.len == 0)
		out->hint = name;
	else
		return swm_scan_fail(s, "an embedded resource has one hint; "
		                        "beside it only \"inner\" or \"left\"");
	return true;
}

/*
 * PostgREST takes two parameters, and what begins with inner or left is that and nothing more:
 * *ours is what it would expect then.
 */
static bool
scan_parameters(swm_scanner *s, swm_select_item *out, swm_expected *ours)
{
	int count = 0;

	for (; swm_scan_peek(s) == '!'; count++) {
		if (count == 2 && !ours->known)
			expect_no_parameter(s, s->at, false, ours);
		swm_scan_word(s, "!");
		if (!scan_parameter(s, out, ours))
			return false;
	}
	if (count < 2)
		swm_scan_before(s, "!");
	return true;
}

static bool scan_items(swm_scanner *s, swm_select_item **out);

/* A relation's own list: the cursor is at the parenthesis. */
static bool
scan_embedded(swm_scanner *s, swm_select_item *out, enum swm_select_kind kind)
{
	out->kind = kind;
	out->node = (swm_query_node){ .arena = s->arena, .has_select = true };
	bool ok = swm_scan_word(s, "(") && swm_scan_deeper(s) && scan_items(s, &out->node.select) &&
	          swm_scan_word(s, ")");
	s->depth--;
	if (ok && !is_item_end(s, swm_scan_after_blanks(s)))
		swm_scan_refuse(s, swm_scan_after_blanks(s), expecting_item_end);
	return ok;
}

/* ...relation!hint!inner before its parenthesis. */
static bool
scan_spread(swm_scanner *s, swm_select_item *out)
{
	swm_mark begin;
	const char *expecting = swm_scan_name_label;
	swm_expected ours;

	ours.known = false;
	swm_scan_mark(s, &begin);
	swm_scan_blanks(s);
	if (!swm_scan_decided_word(s, "..."))
		return swm_scan_back(s, &begin);
	if (swm_scan_name(s, &out->relation) && scan_parameters(s, out, &ours)) {
		if (swm_scan_before(s, "(")) {
			swm_scan_tolerate(s, &ours);
			return true;
		}
		expecting = "\"(\"";
	}
	swm_scan_refuse(s, s->at, expecting);
	swm_refusal refusal = s->refusal;
	if (ours.known)
		s->expected = ours;
	swm_scan_back(s, &begin);
	s->refusal = refusal;
	return false;
}

static bool
scan_star(swm_scanner *s, swm_select_item *out)
{
	swm_mark begin;

	swm_scan_mark(s, &begin);
	out->kind = SWM_SELECT_ALL;
	if (swm_scan_word(s, "*")) {
		if (scan_item_end(s))
			return true;
		size_t at = swm_scan_after_blanks(s);
		swm_scan_back(s, &begin);
		swm_scan_refuse(s, at, expecting_item_end);
	}
	out->kind = SWM_SELECT_FIELD;
	return false;
}

/* count() needs no column before it. */
static bool
scan_count(swm_scanner *s, swm_select_item *out)
{
	swm_mark begin;

	swm_scan_mark(s, &begin);
	if (!swm_scan_word(s, "count()"))
		return false;
	if (scan_cast(s, &out->aggregate_cast) && is_item_end(s, swm_scan_after_blanks(s))) {
		if (!at_item_end(s))
			tolerate_no_field(s, begin.at);
		out->aggregate = SWM_AGGREGATE_COUNT;
		out->field.name = SWM_STR("*");
		return true;
	}
	return swm_scan_back(s, &begin);
}

/* A colon that is no cast. */
static bool
scan_alias_end(swm_scanner *s)
{
	if (swm_scan_peek(s) != ':' || swm_str_starts(swm_str_from(s->text, s->at), SWM_STR("::")))
		return false;
	swm_scan_word(s, ":");
	swm_scan_before(s, ":");
	return true;
}

/* After an alias PostgREST takes blanks before a name in quotes, and tabs. */
static bool
scan_name_after_alias(swm_scanner *s, swm_str *out, bool *apart)
{
	size_t at = s->at;

	while (at < s->text.len && s->text.ptr[at] == ' ')
		at++;
	*apart = swm_scan_blanks(s) > 0 && (at < s->at || swm_scan_peek(s) == '"');
	if (*apart)
		swm_scan_refuse(s, at, swm_scan_name_label);
	return swm_scan_name(s, out);
}

/* relation!hint!inner( after its name; else PostgREST reads the name as a field's. */
static bool
scan_relation(swm_scanner *s, swm_select_item *out, size_t begin)
{
	swm_mark mark;
	bool quoted = s->text.ptr[begin] == '"';
	swm_expected ours;

	if (swm_scan_peek(s) != '!' && swm_scan_peek(s) != '(')
		return false;
	ours.known = !quoted && swm_str_eq(out->field.name, SWM_STR("count"));
	swm_scan_mark(s, &mark);
	if (!scan_parameters(s, out, &ours) || !swm_scan_before(s, "("))
		return swm_scan_undo(s, &mark);
	out->relation = out->field.name;
	if (ours.known)
		tolerate_no_field(s, begin);
	return true;
}

/* A relation's name or alias that is missing; after blanks it is not told. */
static void
note_missing_name(swm_scanner *s)
{
	int c = swm_scan_peek(s);

	if (c != '"' && c != '\t' && !swm_scan_is_identifier(c))
		swm_scan_note(s, swm_scan_name_label);
}

static bool
scan_named_item(swm_scanner *s, swm_select_item *out)
{
	size_t begin = s->at;
	bool apart = false;

	note_missing_name(s);
	if (scan_count(s, out))
		return true;
	if (!swm_scan_name(s, &out->field.name))
		return false;
	if (scan_alias_end(s)) {
		swm_mark mark;
		swm_scan_mark(s, &mark);
		out->alias = out->field.name;
		begin = s->at;
		if (scan_count(s, out))
			return true;
		swm_scan_undo(s, &mark);
		if (!scan_name_after_alias(s, &out->field.name, &apart))
			return false;
	}
	if (!apart && scan_relation(s, out, begin))
		return scan_embedded(s, out, SWM_SELECT_RELATION);
	return scan_tail(s, out);
}

static bool
scan_item(swm_scanner *s, swm_select_item *out)
{
	if (scan_spread(s, out))
		return scan_embedded(s, out, SWM_SELECT_SPREAD);
	note_missing_name(s);
	swm_scan_blanks(s);
	if (!scan_star(s, out) && !scan_named_item(s, out))
		return false;
	if (out->kind != SWM_SELECT_RELATION)
		swm_scan_blanks(s);
	return true;
}

/* No item at all is an empty list; whether one is missing there is seen by what follows. */
static bool
scan_first_item(swm_scanner *s, swm_select_item *item, bool *none)
{
	size_t begin = s->at, at = swm_scan_after_blanks(s);

	*none = at > begin && is_item_end(s, at) && (at == s->text.len || s->text.ptr[at] == ')');
	if (*none) {
		swm_scanner reader = swm_scan_reader(s, begin);
		scan_item(&reader, item);
		swm_scan_tolerate(s, &reader.expected);
		swm_scan_blanks(s);
		return true;
	}
	if (scan_item(s, item))
		return true;
	*none = s->at == begin;
	if (*none && swm_scan_peek(s) >= 0 && swm_scan_peek(s) != ')')
		swm_scan_refuse(s, begin, swm_scan_name_label);
	return *none;
}

static bool
scan_items(swm_scanner *s, swm_select_item **out)
{
	swm_select_item *item = swm_arena_alloc(s->arena, sizeof *item);
	bool none = false, ok;

	*out = NULL;
	if (item == NULL)
		return swm_scan_fail_memory(s);
	ok = scan_first_item(s, item, &none);
	if (!ok || none)
		return ok;
	*out = item;
	while (ok && swm_scan_comma(s)) {
		item->next = swm_arena_alloc(s->arena, sizeof *item);
		if (item->next == NULL)
			return swm_scan_fail_memory(s);
		item = item->next;
		ok = scan_item(s, item);
		if (ok)
			swm_scan_end_round(s);
	}
	return ok;
}

int
swm_parse_select(swm_scanner *s, swm_select_item **out)
{
	bool ok = scan_items(s, out);

	if (ok)
		swm_scan_end(s, expecting_end);
	return swm_scan_outcome(s, ok);
}
