#include "config.h"

#include "query/arguments.h"

#include "query/parse.h"

/*
 * A name may be in quotes, like a column's. An invalid name is left as it is: no parameter has it.
 */
static swm_str
name_of(const swm_pair *pair, swm_arena *arena)
{
	swm_scanner s;
	swm_str name;

	swm_scan_begin(&s, "tree path", pair->name, arena, NULL);
	s.silent = true;
	return swm_scan_quoted(&s, &name) && s.at == s.text.len ? name : pair->name;
}

static bool
is_argument(const swm_pair *pair, swm_str name)
{
	bool quoted = name.ptr != pair->name.ptr;

	return pair->has_value && (quoted || swm_str_find(name, '.') == name.len) &&
	       !swm_query_is_reserved(pair->name) && !swm_query_is_operation(pair->value);
}

int
swm_query_part_arguments(swm_pair *pairs, size_t count, size_t *others, swm_arena *arena,
                         swm_error *err)
{
	swm_pair *arguments = swm_arena_array(arena, count, sizeof *arguments);
	size_t argument_count = 0;

	*others = 0;
	if (arguments == NULL)
		return swm_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		swm_str name = name_of(&pairs[i], arena);
		if (!is_argument(&pairs[i], name)) {
			pairs[(*others)++] = pairs[i];
			continue;
		}
		arguments[argument_count] = pairs[i];
		arguments[argument_count++].name = name;
	}
	if (argument_count > 0)
		memcpy(pairs + *others, arguments, argument_count * sizeof *arguments);
	return SWM_OK;
}
