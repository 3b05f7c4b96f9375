#include "config.h"

#include "query/parse.h"

static bool
scan_nulls(swm_scanner *s, enum swm_nulls *out)
{
	if (swm_scan_word(s, SWM_STR(".nullsfirst")))
		*out = SWM_NULLS_FIRST;
	else if (swm_scan_word(s, SWM_STR(".nullslast")))
		*out = SWM_NULLS_LAST;
	else
		return false;
	return true;
}

static int
scan_direction(swm_scanner *s, swm_order_term *out)
{
	if (swm_scan_word(s, SWM_STR(".asc")))
		out->direction = SWM_ASCENDING;
	else if (swm_scan_word(s, SWM_STR(".desc")))
		out->direction = SWM_DESCENDING;
	bool nulls = scan_nulls(s, &out->nulls);
	swm_scan_blanks(s);
	int next = swm_scan_peek(s);
	if (next < 0 || next == ',')
		return SWM_OK;
	if (nulls || !swm_scan_char(s, '.'))
		return swm_scan_fail(s, nulls ? "\",\" or end of input"
		                              : "delimiter (.), \",\" or end of input");
	return swm_scan_fail(s, out->direction == SWM_DIRECTION_DEFAULT
	                                ? "\"asc\", \"desc\", \"nullsfirst\" or \"nullslast\""
	                                : "\"nullsfirst\" or \"nullslast\"");
}

static int
scan_term(swm_scanner *s, swm_order_term *out)
{
	int rc = swm_scan_field(s, &out->field);

	if (rc == SWM_OK && out->field.path == NULL && swm_scan_char(s, '(')) {
		out->relation = out->field.name;
		rc = swm_scan_field(s, &out->field);
		if (rc == SWM_OK && !swm_scan_char(s, ')'))
			rc = swm_scan_fail(s, "\")\"");
	}
	return rc != SWM_OK ? rc : scan_direction(s, out);
}

int
swm_parse_order(swm_scanner *s, swm_order_term **out)
{
	swm_order_term **tail = out;

	do {
		swm_order_term *term = swm_arena_alloc(s->arena, sizeof *term);
		if (term == NULL)
			return swm_fail_memory(s->err);
		int rc = scan_term(s, term);
		if (rc != SWM_OK)
			return rc;
		*tail = term;
		tail = &term->next;
	} while (swm_scan_char(s, ','));
	return swm_scan_end(s, "\",\" or end of input");
}
