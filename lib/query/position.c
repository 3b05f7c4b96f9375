/* The keyset from which a page starts (doc/DIALECT.md). */
#include "config.h"

#include "query/parse.h"

bool
swm_is_position(const swm_pair *pair)
{
	return swm_str_eq(pair->name, SWM_STR("after")) &&
	       swm_str_starts(pair->value, SWM_STR("("));
}

static void
scan_value(swm_scanner *s, swm_position *out)
{
	bool quoted = swm_scan_peek(s) == '"';

	swm_scan_enclosed_value(s, &out->value);
	out->is_null = !quoted && swm_str_eq(out->value, SWM_STR("null"));
}

/* PostgREST has none, so there are no words of its own for what is wrong. */
static bool
scan_values(swm_scanner *s, swm_position **out)
{
	swm_position **tail = out;

	if (!swm_scan_word(s, "("))
		swm_scan_refuse(s, s->at, "\"(\"");
	do {
		swm_position *p = swm_arena_alloc(s->arena, sizeof *p);
		if (p == NULL)
			return swm_scan_fail_memory(s);
		scan_value(s, p);
		*tail = p;
		tail = &p->next;
	} while (swm_scan_word(s, ","));
	if (!swm_scan_word(s, ")"))
		swm_scan_refuse(s, s->at, "\",\" or \")\"");
	swm_scan_end(s, "end of input");
	return true;
}

int
swm_parse_position(swm_scanner *s, swm_position **out)
{
	return swm_scan_outcome(s, scan_values(s, out));
}
