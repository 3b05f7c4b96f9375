#include "config.h"

#include "sql/writer.h"

enum { MOST_ARGUMENTS = 100 }; /* of a function: PostgreSQL's FUNC_MAX_ARGS */

/*
 * A name is the same from request to request: as text of the statement it is read once,
 * when that is prepared. One with other characters is still a parameter.
 */
static void
put_setting_name(swm_writer *w, swm_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!swm_is_alnum(c) && c != '_' && c != '.') {
			swm_put_param(w, name);
			return;
		}
	}
	swm_put(w, "'");
	swm_buf_str(&w->text, name);
	swm_put(w, "'");
}

/*
 * Nobody reads the values: as arguments of a function whose result is a number they are
 * neither described nor sent. Named with its schema, as any function of its name could
 * take the arguments better than one of "any".
 */
int
swm_sql_context(swm_statement *out, swm_arena *arena, const swm_setting *settings, size_t count,
                swm_error *err)
{
	swm_writer w = { .arena = arena };

	for (size_t i = 0; i < count; i++) {
		bool first = i % MOST_ARGUMENTS == 0;
		swm_put(&w, i == 0 ? "SELECT " : first ? "), " : ", ");
		swm_put(&w, first ? "pg_catalog.num_nulls(set_config(" : "set_config(");
		put_setting_name(&w, settings[i].name);
		swm_put(&w, ", ");
		swm_put_param(&w, settings[i].value);
		swm_put(&w, ", true)");
	}
	swm_put(&w, ")");
	return swm_writer_finish(&w, out, err);
}

int
swm_sql_call(swm_statement *out, swm_arena *arena, swm_str function, swm_error *err)
{
	swm_writer w = { .arena = arena };

	swm_put(&w, "SELECT ");
	swm_put_name(&w, function);
	swm_put(&w, "()");
	return swm_writer_finish(&w, out, err);
}

int
swm_sql_explain(swm_statement *out, swm_arena *arena, const swm_statement *of, bool json,
                unsigned options, swm_error *err)
{
	static const char *const words[] = { ", ANALYZE", ", VERBOSE", ", SETTINGS", ", BUFFERS",
		                             ", WAL" };
	swm_writer w = { .arena = arena };

	swm_put(&w, json ? "EXPLAIN (FORMAT JSON" : "EXPLAIN (FORMAT TEXT");
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if ((options & 1u << i) != 0)
			swm_put(&w, words[i]);
	swm_put(&w, ") ");
	swm_put(&w, of->text);
	int rc = swm_writer_finish(&w, out, err);
	out->params = of->params;
	out->param_count = of->param_count;
	return rc;
}

const swm_statement swm_sql_response_settings = {
	"SELECT current_setting('response.headers', true), current_setting('response.status', true),"
	" current_setting('swm.updated', true)",
	NULL,
	0,
};

const swm_statement swm_sql_constraints = { "SET CONSTRAINTS ALL IMMEDIATE", NULL, 0 };

const swm_statement swm_sql_discard_sequences = { "DISCARD SEQUENCES", NULL, 0 };

const swm_statement swm_sql_close_cursors = { "CLOSE ALL", NULL, 0 };

const swm_statement swm_sql_become_login = {
	"SELECT pg_catalog.set_config('role', 'none', true), pg_catalog.set_config('search_path',"
	" pg_catalog.concat_ws(', ', nullif(pg_catalog.current_setting('search_path'), ''), 'pg_temp'), true)",
	NULL,
	0,
};

const swm_statement swm_sql_reset = { "RESET ALL", NULL, 0 };
