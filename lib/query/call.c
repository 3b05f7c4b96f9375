/* Calls of functions in a query, after rpc/ in a URL or built by a program. */
#include "config.h"

#include "query/query.h"

#include "query/arguments.h"

int
swm_query_new_call(swm_query **out, const char *function, swm_error *err)
{
	int rc = swm_query_new(out, function, err);

	if (rc == SWM_OK)
		(*out)->is_call = true;
	return rc;
}

bool
swm_query_is_call(const swm_query *query)
{
	return query->is_call;
}

static int
check_text(swm_str text, swm_error *err)
{
	if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL)
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("the text contains a NUL byte"));
	return swm_utf8_valid(text, NULL)
	           ? SWM_OK
	           : swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("the text is not valid UTF-8"));
}

/* Makes room for one more; the array may be part of a parsed one, and is then copied. */
static bool
make_room(swm_query *q)
{
	size_t room = q->argument_room == 0 ? q->argument_count + 8 : 2 * q->argument_room;
	swm_pair *more;

	if (q->argument_count < q->argument_room)
		return true;
	more = swm_arena_array(q->arena, room, sizeof *more);
	if (more == NULL)
		return false;
	if (q->argument_count > 0)
		memcpy(more, q->arguments, q->argument_count * sizeof *more);
	q->arguments = more;
	q->argument_room = room;
	return true;
}

int
swm_query_argument(swm_query *query, const char *name, swm_str value, swm_error *err)
{
	bool is_null = value.ptr == NULL;
	int rc;

	swm_error_clear(err);
	if (!query->is_call)
		return swm_fail(err, SWM_ERR_ARGUMENT, SWM_STR("the query calls no function"));
	if (name == NULL || name[0] == '\0')
		return swm_fail(err, SWM_ERR_ARGUMENT,
		                SWM_STR("the name of an argument is missing"));
	if ((rc = check_text(swm_cstr(name), err)) != SWM_OK ||
	    (rc = check_text(value, err)) != SWM_OK)
		return rc;
	swm_pair pair = { .name = swm_arena_str(query->arena, swm_cstr(name)),
		          .has_value = true,
		          .is_null = is_null };
	if (!is_null)
		pair.value = swm_arena_str(query->arena, value);
	if (pair.name.ptr == NULL || (!is_null && pair.value.ptr == NULL) || !make_room(query))
		return swm_fail_memory(err);
	query->arguments[query->argument_count++] = pair;
	return SWM_OK;
}

int
swm_query_get_argument(const swm_query *query, size_t number, swm_str *name, swm_str *value)
{
	if (number >= query->argument_count)
		return 0;
	const swm_pair *pair = &query->arguments[number];
	if (name != NULL)
		*name = pair->name;
	if (value != NULL)
		*value = pair->is_null ? (swm_str){ NULL, 0 } : pair->value;
	return 1;
}
