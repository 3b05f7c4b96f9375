/*
 * Headers and status that SQL sets for the answer of a write. COMMIT is sent in the same round trip
 * as the write, so that this library cannot check them in between; that would cost every write a
 * round trip. Instead PostgreSQL checks response.headers and response.status itself, only where
 * they are set; values that an answer cannot have are an error, which rolls back the write.
 */
#include "config.h"

#include "sql/sql.h"

#include <stdio.h>

/*
 * A JSON array of objects with one member each: its name a token, its value a string without
 * control characters but tabs (RFC 9110, 5.6.2 and 5.5); as swm_is_field() has it. In dollar
 * quotes, where no setting gives the backslash another meaning.
 */
#define HEADERS \
	"$re$^\\s*\\[\\s*(?:\\{\\s*\"[-!#$%&'*+.^_`|~0-9A-Za-z]+\"\\s*:\\s*\"" \
	"(?:[^\"\\\\\\u0001-\\u001F]|\\\\[\"\\\\/t]|\\\\u0009|\\\\u(?!00[01]|[dD][89a-fA-F])[0-9a-fA-F]{4}" \
	"|\\\\u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2})*" \
	"\"\\s*\\}\\s*(?:,\\s*(?=\\{)|(?=\\])))*\\]\\s*\\Z$re$"

/*
 * SQL has no RAISE: a substring of negative length, a text that is no number and a division
 * by zero are the three errors. None is constant, or the planner would meet it.
 */
static const char checked[] =
	"SELECT h, s, current_setting('swm.updated', true),"
	" CASE WHEN h <> '' THEN CASE WHEN octet_length(h) > $1::int THEN substring(h, 1, -1)"
	" WHEN h !~ " HEADERS " THEN (h || 'x')::int::text END END,"
	" CASE WHEN s <> '' AND s !~ '^[+]?0*[2-5][0-9][0-9]$' THEN 1 / (0 * length(s)) END"
	" FROM (SELECT current_setting('response.headers', true), current_setting('response.status', true)) AS t(h, s)";

static const struct {
	swm_str sqlstate; /* https://www.postgresql.org/docs/15/errcodes-appendix.html */
	enum swm_error_id id;
} errors[] = {
	{ { "22011", 5 }, SWM_ERR_RESPONSE_HEADERS_LONG },
	{ { "22P02", 5 }, SWM_ERR_RESPONSE_HEADERS },
	{ { "22012", 5 }, SWM_ERR_RESPONSE_STATUS },
};

int
swm_sql_checked_settings(swm_statement *out, swm_arena *arena, size_t longest, swm_error *err)
{
	char number[32];
	const char **params = swm_arena_array(arena, 1, sizeof *params);

	snprintf(number, sizeof number, "%zu", longest);
	if (params == NULL || (params[0] = swm_arena_str(arena, swm_cstr(number)).ptr) == NULL)
		return swm_fail_memory(err);
	*out = (swm_statement){ checked, params, 1 };
	return SWM_OK;
}

bool
swm_sql_settings_error(enum swm_error_id *out, swm_str sqlstate)
{
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		*out = errors[i].id;
		if (swm_str_eq(errors[i].sqlstate, sqlstate))
			return true;
	}
	return false;
}
