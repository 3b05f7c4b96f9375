/* The keyset from which a page starts (doc/DIALECT.md). */
#include "config.h"

#include "query/parse.h"

bool
swm_is_position(const swm_pair *pair)
{
	return swm_str_eq(pair->name, SWM_STR("after")) &&
	       swm_str_starts(pair->value, SWM_STR("("));
}

static int
scan_value(swm_scanner *s, swm_position *out)
{
	bool quoted = swm_scan_peek(s) == '"';
	int rc = swm_scan_enclosed_value(s, &out->value);

	out->is_null = !quoted && swm_str_eq(out->value, SWM_STR("null"));
	return rc;
}

int
swm_parse_position(swm_scanner *s, swm_position **out)
{
	swm_position **tail = out;

	if (!swm_scan_char(s, '('))
		return swm_scan_fail(s, "\"(\"");
	do {
		swm_position *p = swm_arena_alloc(s->arena, sizeof *p);
		if (p == NULL)
			return swm_fail_memory(s->err);
		int rc = scan_value(s, p);
		if (rc != SWM_OK)
			return rc;
		*tail = p;
		tail = &p->next;
	} while (swm_scan_char(s, ','));
	if (!swm_scan_char(s, ')'))
		return swm_scan_fail(s, "\",\" or \")\"");
	return swm_scan_end(s, "end of input");
}
