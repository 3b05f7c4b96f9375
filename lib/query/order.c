#include "config.h"

#include "query/parse.h"

/* .word: gives false, with nothing taken, when it is not there. */
static bool
scan_modifier(swm_scanner *s, const char *word)
{
	swm_mark begin;

	swm_scan_mark(s, &begin);
	return (swm_scan_delimiter(s) && swm_scan_word(s, word)) || swm_scan_back(s, &begin);
}

static void
scan_direction(swm_scanner *s, swm_order_term *out)
{
	out->direction = scan_modifier(s, "asc")  ? SWM_ASCENDING
	               : scan_modifier(s, "desc") ? SWM_DESCENDING
	                                          : SWM_DIRECTION_DEFAULT;
	out->nulls = scan_modifier(s, "nullsfirst") ? SWM_NULLS_FIRST
	           : scan_modifier(s, "nullslast")  ? SWM_NULLS_LAST
	                                            : SWM_NULLS_DEFAULT;
}

/* PostgREST takes blanks there only after a field. */
static bool
scan_term_end(swm_scanner *s)
{
	if (swm_scan_before(s, ",") || swm_scan_before_end(s))
		return true;
	size_t at = swm_scan_after_blanks(s);
	if (at == s->at || (at < s->text.len && s->text.ptr[at] != ','))
		return false;
	swm_scan_tolerate(s, &s->expected);
	return true;
}

static bool
scan_plain_term(swm_scanner *s, swm_order_term *out)
{
	if (!swm_scan_field(s, &out->field))
		return false;
	scan_direction(s, out);
	return scan_term_end(s);
}

/* Before its field PostgREST takes no blanks; then it is a field's name to it. */
static bool
scan_relation(swm_scanner *s, swm_order_term *out)
{
	size_t begin = s->at;

	if (!swm_scan_name(s, &out->relation))
		return false;
	size_t blanks = swm_scan_blanks(s);
	if (!swm_scan_word(s, "("))
		return false;
	if (blanks > 0) {
		swm_scanner reader = swm_scan_reader(s, begin);
		if (!scan_plain_term(&reader, out))
			swm_scan_tolerate(s, &reader.expected);
	}
	return true;
}

/* relation(field) */
static bool
scan_related_term(swm_scanner *s, swm_order_term *out)
{
	swm_mark begin;

	swm_scan_mark(s, &begin);
	if (scan_relation(s, out) && swm_scan_field(s, &out->field) && swm_scan_word(s, ")")) {
		scan_direction(s, out);
		if (scan_term_end(s))
			return true;
	}
	out->relation = (swm_str){ NULL, 0 };
	return swm_scan_back(s, &begin);
}

static bool
scan_term(swm_scanner *s, swm_order_term *out)
{
	swm_scan_blanks(s);
	if (!scan_related_term(s, out) && !scan_plain_term(s, out))
		return false;
	swm_scan_blanks(s);
	return true;
}

static bool
scan_terms(swm_scanner *s, swm_order_term **out)
{
	swm_order_term **tail = out;

	do {
		swm_order_term *term = swm_arena_alloc(s->arena, sizeof *term);
		if (term == NULL)
			return swm_scan_fail_memory(s);
		if (!scan_term(s, term))
			return false;
		if (tail != out)
			swm_scan_end_round(s);
		*tail = term;
		tail = &term->next;
	} while (swm_scan_word(s, ","));
	return true;
}

int
swm_parse_order(swm_scanner *s, swm_order_term **out)
{
	bool ok = scan_terms(s, out);

	if (ok)
		swm_scan_end(s, "\",\" or end of input");
	return swm_scan_outcome(s, ok);
}
