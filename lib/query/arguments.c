#include "config.h"

#include "query/arguments.h"

#include "query/parse.h"

static bool
is_argument(const swm_pair *pair)
{
	return pair->has_value && swm_str_find(pair->name, '.') == pair->name.len &&
	       !swm_query_is_reserved(pair->name) && !swm_query_is_operation(pair->value);
}

int
swm_query_part_arguments(swm_pair *pairs, size_t count, size_t *others, swm_arena *arena, swm_error *err)
{
	swm_pair *arguments = swm_arena_array(arena, count, sizeof *arguments);
	size_t argument_count = 0;

	*others = 0;
	if (arguments == NULL)
		return swm_fail_memory(err);
	for (size_t i = 0; i < count; i++) {
		if (is_argument(&pairs[i]))
			arguments[argument_count++] = pairs[i];
		else
			pairs[(*others)++] = pairs[i];
	}
	if (argument_count > 0)
		memcpy(pairs + *others, arguments, argument_count * sizeof *arguments);
	return SWM_OK;
}
