/* Sessions and rows: the public API of typed results, over a real database. */
#include "config.h"

#include "database.h"
#include "unit.h"

#include <swm.h>

static PGconn *admin;
static swm_error *err;
static swm_config *config;
static swm_engine *engine;
static swm_session *session;

static void
setup(void)
{
	admin = database_admin();
	database_do(admin, "DROP SCHEMA IF EXISTS rows CASCADE");
	database_do(admin, "CREATE SCHEMA rows");
	database_do(admin, "CREATE TABLE rows.t(id integer PRIMARY KEY, big bigint, d double precision, n numeric, "
	                   "b boolean, bytes bytea, t text)");
	database_do(admin, "INSERT INTO rows.t VALUES (1, 9223372036854775807, 1.5, 2.50, true, '\\x00ff', 'one'), "
	                   "(2, NULL, 'NaN', 3, false, '', ''), (3, -1, '-Infinity', 1e30, NULL, NULL, NULL)");
	database_do(admin, "CREATE FUNCTION rows.remember() RETURNS text LANGUAGE sql VOLATILE "
	                   "AS $$SELECT set_config('rows.secret', 'left behind', false)$$");
	database_do(admin, "CREATE VIEW rows.leaky AS SELECT rows.remember() AS set");
	database_do(admin, "CREATE TABLE rows.part(id integer PRIMARY KEY, t_id integer REFERENCES rows.t, name text)");
	database_do(admin, "INSERT INTO rows.part VALUES (10, 1, 'a'), (11, 1, 'b'), (12, 2, 'c')");
	database_do(admin, "CREATE TABLE rows.one(id integer)");
	database_do(admin, "INSERT INTO rows.one VALUES (1)");
	database_do(admin, "CREATE FUNCTION rows.secret(rows.one) RETURNS text LANGUAGE sql STABLE "
	                   "AS $$SELECT coalesce(current_setting('rows.secret', true), '')$$");
	database_do(admin, "CREATE FUNCTION rows.add(a integer, b integer DEFAULT 10) RETURNS integer LANGUAGE sql IMMUTABLE "
	                   "AS 'SELECT a + b'");
	database_do(admin, "CREATE FUNCTION rows.tell(what text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT coalesce(what, 'null')$$");
	database_do(admin, "CREATE FUNCTION rows.join(VARIADIC v text[]) RETURNS text LANGUAGE sql IMMUTABLE "
	                   "AS $$SELECT array_to_string(v, '|', '-')$$");
	database_do(admin, "CREATE FUNCTION rows.above(low integer) RETURNS SETOF rows.t LANGUAGE sql STABLE "
	                   "AS 'SELECT * FROM rows.t WHERE id > low'");
	database_do(admin, "CREATE FUNCTION rows.store(v integer) RETURNS SETOF integer LANGUAGE sql VOLATILE "
	                   "AS 'INSERT INTO rows.one VALUES (v) RETURNING id'");
	database_do(admin, "CREATE FUNCTION rows.store_stable(v integer) RETURNS integer LANGUAGE plpgsql STABLE "
	                   "AS 'BEGIN EXECUTE ''INSERT INTO rows.one VALUES (7)''; RETURN v; END'");
	database_do(admin, "CREATE FUNCTION rows.nothing() RETURNS void LANGUAGE sql STABLE AS ''");
	err = swm_error_new();
	ck_assert_int_eq(swm_config_new(&config, err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-uri", database_uri(), err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-schemas", "rows", err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-pool", "1", err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-aggregates-enabled", "true", err), SWM_OK);
	ck_assert_msg(swm_engine_open(&engine, config, NULL, err) == SWM_OK, "%s", swm_error_message(err).ptr);
	ck_assert_int_eq(swm_session_new(&session, engine, PQuser(admin), err), SWM_OK);
}

static void
teardown(void)
{
	swm_session_free(session);
	swm_engine_close(engine);
	swm_config_free(config);
	swm_error_free(err);
	database_do(admin, "DROP SCHEMA rows CASCADE");
	PQfinish(admin);
}

static swm_rows *
ask(const char *text, enum swm_rows_mode mode)
{
	swm_query *query;
	swm_rows *rows = NULL;

	ck_assert_msg(swm_query_parse(&query, (swm_str){ text, strlen(text) }, err) == SWM_OK, "%s", swm_error_message(err).ptr);
	ck_assert_msg(swm_session_query(&rows, session, query, mode, err) == SWM_OK, "%s", swm_error_message(err).ptr);
	swm_query_free(query); /* a result does not need it any more */
	return rows;
}

static bool
is(swm_str s, const char *expected)
{
	return s.len == strlen(expected) && memcmp(s.ptr, expected, s.len) == 0;
}

static void
check_values(enum swm_rows_mode mode)
{
	swm_rows *rows = ask("t?order=id", mode);
	int64_t n;
	double d;
	bool b;
	swm_str s;
	swm_str first_name = swm_rows_name(rows, 0); /* lives until the close */

	ck_assert_uint_eq(swm_rows_columns(rows), 7);
	ck_assert_int_eq(swm_rows_kind(rows, 0), SWM_KIND_INT64);
	ck_assert_int_eq(swm_rows_kind(rows, 2), SWM_KIND_DOUBLE);
	ck_assert_int_eq(swm_rows_kind(rows, 3), SWM_KIND_TEXT);
	ck_assert_int_eq(swm_rows_kind(rows, 4), SWM_KIND_BOOL);
	ck_assert_int_eq(swm_rows_kind(rows, 5), SWM_KIND_BYTES);
	ck_assert_uint_eq(swm_rows_type_oid(rows, 1), 20);
	ck_assert(swm_rows_is_null(rows, 0)); /* no row yet */

	ck_assert_int_eq(swm_rows_next(rows, err), 1);
	ck_assert(swm_rows_int64(rows, 1, &n) == SWM_OK && n == INT64_MAX);
	ck_assert(swm_rows_double(rows, 2, &d) == SWM_OK && d == 1.5);
	ck_assert(swm_rows_double(rows, 3, &d) == SWM_OK && d == 2.5);
	ck_assert(swm_rows_text(rows, 3, &s) == SWM_OK && is(s, "2.50"));
	ck_assert(swm_rows_bool(rows, 4, &b) == SWM_OK && b);
	ck_assert(swm_rows_bytes(rows, 5, &s) == SWM_OK && s.len == 2 && memcmp(s.ptr, "\0\xff", 2) == 0);
	ck_assert_int_eq(swm_rows_int64(rows, 6, &n), SWM_EINVAL);
	ck_assert_int_eq(swm_rows_int64(rows, 3, &n), SWM_EINVAL); /* 2.50 is no whole number */
	ck_assert_int_eq(swm_rows_text(rows, 7, &s), SWM_EINVAL);

	ck_assert_int_eq(swm_rows_next(rows, err), 1);
	ck_assert(swm_rows_is_null(rows, 1) && !swm_rows_is_null(rows, 6));
	ck_assert(swm_rows_double(rows, 2, &d) == SWM_OK && d != d);
	ck_assert(swm_rows_text(rows, 6, &s) == SWM_OK && s.len == 0);
	ck_assert_int_eq(swm_rows_next(rows, err), 1);
	ck_assert_int_eq(swm_rows_bool(rows, 4, &b), SWM_EINVAL);
	ck_assert_int_eq(swm_rows_next(rows, err), 0);
	ck_assert_int_eq(swm_rows_next(rows, err), 0);
	ck_assert_uint_eq(swm_rows_columns(rows), 7);
	ck_assert(is(first_name, "id"));
	swm_rows_close(rows);
}

START_TEST(values_are_typed_when_streamed)
{
	check_values(SWM_ROWS_STREAM);
}
END_TEST

START_TEST(values_are_typed_when_whole)
{
	check_values(SWM_ROWS_WHOLE);
}
END_TEST

START_TEST(an_alias_is_the_name)
{
	swm_rows *rows = ask("t?select=number:id,id::text,t&id=eq.1", SWM_ROWS_STREAM);

	ck_assert(is(swm_rows_name(rows, 0), "number"));
	ck_assert(is(swm_rows_name(rows, 1), "id"));
	ck_assert_int_eq(swm_rows_kind(rows, 1), SWM_KIND_TEXT);
	ck_assert(is(swm_rows_name(rows, 9), ""));
	swm_rows_close(rows);
}
END_TEST

START_TEST(what_is_embedded_is_text)
{
	swm_rows *rows = ask("t?select=id,part(name),...part(ids:id)&part.order=id&id=lt.3&order=id", SWM_ROWS_STREAM);
	swm_str s;

	ck_assert(is(swm_rows_name(rows, 1), "part") && is(swm_rows_name(rows, 2), "ids"));
	ck_assert_int_eq(swm_rows_kind(rows, 1), SWM_KIND_TEXT);
	ck_assert_int_eq(swm_rows_next(rows, err), 1);
	ck_assert(swm_rows_text(rows, 1, &s) == SWM_OK && is(s, "[{\"name\":\"a\"}, \n {\"name\":\"b\"}]"));
	ck_assert(swm_rows_text(rows, 2, &s) == SWM_OK && is(s, "[10, 11]"));
	swm_rows_close(rows);
	rows = ask("part?select=t(t)&id=eq.12", SWM_ROWS_WHOLE);
	ck_assert_int_eq(swm_rows_next(rows, err), 1);
	ck_assert(swm_rows_text(rows, 0, &s) == SWM_OK && is(s, "{\"t\":\"\"}"));
	swm_rows_close(rows);
}
END_TEST

START_TEST(aggregates_have_their_types)
{
	swm_rows *rows = ask("part?select=count(),name.max(),...t(d.sum())", SWM_ROWS_STREAM);
	int64_t n;
	double d;

	ck_assert_int_eq(swm_rows_kind(rows, 0), SWM_KIND_INT64);
	ck_assert_int_eq(swm_rows_kind(rows, 1), SWM_KIND_TEXT);
	ck_assert_int_eq(swm_rows_kind(rows, 2), SWM_KIND_DOUBLE);
	ck_assert_int_eq(swm_rows_next(rows, err), 1);
	ck_assert(swm_rows_int64(rows, 0, &n) == SWM_OK && n == 3);
	ck_assert(swm_rows_double(rows, 2, &d) == SWM_OK && d != d); /* 1.5 and NaN */
	swm_rows_close(rows);
}
END_TEST

START_TEST(an_empty_result_has_columns)
{
	for (int mode = SWM_ROWS_STREAM; mode <= SWM_ROWS_WHOLE; mode++) {
		swm_rows *rows = ask("t?id=eq.99", (enum swm_rows_mode)mode);
		ck_assert_uint_eq(swm_rows_columns(rows), 7);
		ck_assert_int_eq(swm_rows_kind(rows, 0), SWM_KIND_INT64);
		ck_assert_int_eq(swm_rows_next(rows, err), 0);
		swm_rows_close(rows);
	}
}
END_TEST

START_TEST(an_open_result_may_be_closed_early)
{
	for (int i = 0; i < 3; i++) { /* the pool has one connection: it must come back */
		swm_rows *rows = ask("t", SWM_ROWS_STREAM);
		ck_assert_int_eq(swm_rows_next(rows, err), 1);
		swm_rows_close(rows);
	}
}
END_TEST

START_TEST(errors_name_what_is_wrong)
{
	swm_query *query;
	swm_rows *rows = NULL;
	swm_session *other;

	ck_assert_int_eq(swm_query_new(&query, "nothing", err), SWM_OK);
	ck_assert_int_eq(swm_session_query(&rows, session, query, SWM_ROWS_STREAM, err), SWM_ENOTFOUND);
	ck_assert(is(swm_error_code(err), "PGRST205"));
	swm_query_free(query);
	ck_assert_int_eq(swm_query_new(&query, "t", err), SWM_OK);
	ck_assert_int_eq(swm_query_schema(query, "pg_catalog", err), SWM_OK);
	ck_assert_int_eq(swm_session_query(&rows, session, query, SWM_ROWS_STREAM, err), SWM_ENOTFOUND);
	ck_assert(is(swm_error_code(err), "PGRST106"));
	swm_query_free(query);
	ck_assert_int_eq(swm_session_new(&other, engine, "no such role", err), SWM_OK);
	ck_assert_int_eq(swm_query_new(&query, "t", err), SWM_OK);
	ck_assert_int_eq(swm_session_query(&rows, other, query, SWM_ROWS_STREAM, err), SWM_EDATABASE);
	ck_assert(is(swm_error_code(err), "22023"));
	swm_query_free(query);
	swm_session_free(other);
	ck_assert_int_eq(swm_session_new(&other, engine, "none", err), SWM_EAUTH);
	ck_assert_int_eq(swm_session_new(&other, engine, NULL, err), SWM_EAUTH); /* no db-anon-role */
}
END_TEST

static swm_rows *
call(swm_query *query)
{
	swm_rows *rows = NULL;

	ck_assert_msg(swm_session_query(&rows, session, query, SWM_ROWS_STREAM, err) == SWM_OK, "%s", swm_error_message(err).ptr);
	swm_query_free(query);
	return rows;
}

/* The only value of the only row. */
static void
check_value(swm_rows *rows, const char *name, enum swm_kind kind, const char *expected)
{
	swm_str s;

	ck_assert_uint_eq(swm_rows_columns(rows), 1);
	ck_assert(is(swm_rows_name(rows, 0), name));
	ck_assert_int_eq(swm_rows_kind(rows, 0), kind);
	ck_assert_int_eq(swm_rows_next(rows, err), 1);
	ck_assert(swm_rows_text(rows, 0, &s) == SWM_OK);
	ck_assert_msg(is(s, expected), "%s: %.*s", name, (int)s.len, s.ptr);
	ck_assert(swm_rows_is_null(rows, 1)); /* nothing stands behind it */
	ck_assert_int_eq(swm_rows_next(rows, err), 0);
	swm_rows_close(rows);
}

static swm_query *
call_of(const char *function)
{
	swm_query *query;

	ck_assert_int_eq(swm_query_new_call(&query, function, err), SWM_OK);
	return query;
}

static void
argue(swm_query *query, const char *name, const char *value)
{
	swm_str text = { value, value == NULL ? 0 : strlen(value) };

	ck_assert_msg(swm_query_argument(query, name, text, err) == SWM_OK, "%s", swm_error_message(err).ptr);
}

START_TEST(a_function_is_called_with_named_arguments)
{
	swm_query *query = call_of("add");

	argue(query, "b", "2");
	argue(query, "a", "40");
	check_value(call(query), "add", SWM_KIND_INT64, "42");
	check_value(ask("rpc/add?a=1", SWM_ROWS_STREAM), "add", SWM_KIND_INT64, "11");
	swm_rows *rows = ask("rpc/nothing", SWM_ROWS_WHOLE);
	ck_assert_int_eq(swm_rows_next(rows, err), 1);
	ck_assert(swm_rows_columns(rows) == 1 && swm_rows_is_null(rows, 0));
	ck_assert_int_eq(swm_rows_next(rows, err), 0);
	swm_rows_close(rows);
}
END_TEST

START_TEST(an_argument_may_be_null_empty_or_one_of_many)
{
	swm_query *query = call_of("tell");

	argue(query, "what", NULL);
	check_value(call(query), "tell", SWM_KIND_TEXT, "null");
	query = call_of("tell");
	argue(query, "what", "");
	check_value(call(query), "tell", SWM_KIND_TEXT, "");
	query = call_of("join");
	argue(query, "v", "a,\"b\\");
	argue(query, "v", NULL);
	argue(query, "v", "NULL");
	check_value(call(query), "join", SWM_KIND_TEXT, "a,\"b\\|-|NULL");
}
END_TEST

/* Filters, embeds, aggregates: all that a relation's rows have. */
START_TEST(rows_of_a_function_are_as_of_a_table)
{
	swm_query *query = call_of("above"), *parsed;
	swm_embedding parts = { .size = sizeof parts, .relation = { "part", 4 } };
	swm_query_node *below;
	swm_rows *rows;
	swm_str s, name;
	int64_t n;

	argue(query, "low", "0");
	ck_assert_int_eq(swm_query_select(query, "id", NULL, "number", err), SWM_OK);
	ck_assert_int_eq(swm_node_embed(&below, swm_query_root(query), &parts, err), SWM_OK);
	ck_assert_int_eq(swm_node_select(below, &(swm_selection){ .size = sizeof(swm_selection), .column = { "name", 4 } }, err), SWM_OK);
	ck_assert_int_eq(swm_query_where(query, "id", SWM_OP_LT, (swm_str){ "2", 1 }, err), SWM_OK);
	rows = call(query);
	ck_assert_uint_eq(swm_rows_columns(rows), 2);
	ck_assert(is(swm_rows_name(rows, 0), "number"));
	ck_assert_int_eq(swm_rows_next(rows, err), 1);
	ck_assert(swm_rows_int64(rows, 0, &n) == SWM_OK && n == 1);
	ck_assert(swm_rows_text(rows, 1, &s) == SWM_OK);
	ck_assert_msg(is(s, "[{\"name\":\"a\"}, \n {\"name\":\"b\"}]"), "%.*s", (int)s.len, s.ptr);
	ck_assert(swm_rows_is_null(rows, 2));
	ck_assert_int_eq(swm_rows_next(rows, err), 0);
	swm_rows_close(rows);

	check_value(ask("rpc/above?low=1&select=count()", SWM_ROWS_WHOLE), "count", SWM_KIND_INT64, "2");
	const char *text = "rpc/above?low=1&id=gt.2&select=id&x=eq.1";
	ck_assert_int_eq(swm_query_parse(&parsed, (swm_str){ text, strlen(text) }, err), SWM_OK);
	ck_assert(swm_query_is_call(parsed) && is(swm_query_relation(parsed), "above"));
	ck_assert(swm_query_get_argument(parsed, 0, &name, &s) == 1 && is(name, "low") && is(s, "1"));
	ck_assert_int_eq(swm_query_get_argument(parsed, 1, NULL, NULL), 0);
	argue(parsed, "more", NULL);
	ck_assert(swm_query_get_argument(parsed, 1, &name, &s) == 1 && is(name, "more") && s.ptr == NULL);
	ck_assert(swm_query_get_argument(parsed, 0, &name, NULL) == 1 && is(name, "low"));
	swm_query_free(parsed);
}
END_TEST

/* Volatility decides whether it may write; what was written is kept at the end of the rows. */
START_TEST(a_volatile_function_writes)
{
	swm_rows *rows = NULL;
	swm_query *query;

	check_value(ask("rpc/store?v=5", SWM_ROWS_STREAM), "store", SWM_KIND_INT64, "5");
	check_value(ask("rpc/store?v=6", SWM_ROWS_WHOLE), "store", SWM_KIND_INT64, "6");
	check_value(ask("one?select=id.sum()", SWM_ROWS_WHOLE), "sum", SWM_KIND_INT64, "12");
	ck_assert_int_eq(swm_query_parse(&query, SWM_STR("rpc/store_stable?v=5"), err), SWM_OK);
	ck_assert_int_eq(swm_session_query(&rows, session, query, SWM_ROWS_WHOLE, err), SWM_EDATABASE);
	ck_assert(is(swm_error_code(err), "0A000") || is(swm_error_code(err), "25006"));
	swm_query_free(query);
}
END_TEST

START_TEST(a_call_that_cannot_be)
{
	swm_query *query;
	swm_rows *rows = NULL;

	ck_assert_int_eq(swm_query_new(&query, "t", err), SWM_OK);
	ck_assert(!swm_query_is_call(query));
	ck_assert_int_eq(swm_query_argument(query, "a", SWM_STR("1"), err), SWM_EINVAL);
	swm_query_free(query);
	query = call_of("add");
	ck_assert_int_eq(swm_query_argument(query, "", SWM_STR("1"), err), SWM_EINVAL);
	ck_assert_int_eq(swm_query_argument(query, "a", (swm_str){ "a\0b", 3 }, err), SWM_EINVAL);
	ck_assert_int_eq(swm_query_argument(query, "a", SWM_STR("\xff"), err), SWM_EINVAL);
	ck_assert_int_eq(swm_query_argument(query, "\xff", SWM_STR("1"), err), SWM_EINVAL);
	argue(query, "c", "1");
	ck_assert_int_eq(swm_session_query(&rows, session, query, SWM_ROWS_STREAM, err), SWM_ENOTFOUND);
	ck_assert(is(swm_error_code(err), "PGRST202"));
	swm_query_free(query);
}
END_TEST

/* What a view's function sets for the session is gone before the next query on that connection. */
/* Nobody has told the engine: the query is planned once more, with what the table has now. */
START_TEST(a_dropped_column_is_left_out)
{
	enum swm_rows_mode modes[] = { SWM_ROWS_STREAM, SWM_ROWS_WHOLE };
	const char *columns[] = { "big", "bytes" };
	swm_query *query;
	swm_rows *rows;

	for (size_t i = 0; i < 2; i++) {
		char sql[64];
		snprintf(sql, sizeof sql, "ALTER TABLE rows.t DROP COLUMN %s", columns[i]);
		database_do(admin, sql);
		rows = ask("t?order=id", modes[i]);
		ck_assert_uint_eq(swm_rows_columns(rows), 6 - i);
		ck_assert_int_eq(swm_rows_next(rows, err), 1);
		swm_rows_close(rows);
	}
	database_do(admin, "ALTER TABLE rows.t DROP COLUMN n");
	ck_assert_int_eq(swm_query_new(&query, "t", err), SWM_OK);
	ck_assert_int_eq(swm_session_query(&rows, session, query, SWM_ROWS_STREAM, NULL), SWM_OK);
	swm_rows_close(rows);
	ck_assert_int_eq(swm_query_select(query, "n", NULL, NULL, err), SWM_OK);
	ck_assert_int_eq(swm_session_query(&rows, session, query, SWM_ROWS_STREAM, err), SWM_EDATABASE);
	ck_assert(is(swm_error_code(err), "42703"));
	swm_query_free(query);
}
END_TEST

START_TEST(no_setting_outlives_its_query)
{
	swm_str s;
	swm_rows *rows = ask("leaky", SWM_ROWS_WHOLE);

	ck_assert_int_eq(swm_rows_next(rows, err), 1);
	ck_assert(swm_rows_text(rows, 0, &s) == SWM_OK && is(s, "left behind"));
	swm_rows_close(rows);
	rows = ask("one?select=secret", SWM_ROWS_WHOLE);
	ck_assert_int_eq(swm_rows_next(rows, err), 1);
	ck_assert(swm_rows_text(rows, 0, &s) == SWM_OK);
	ck_assert_msg(is(s, ""), "the next query read '%.*s'", (int)s.len, s.ptr);
	swm_rows_close(rows);
}
END_TEST

/* A sink that fails at its step 0, 1 or 2. */
static int
status_at(void *user, int status)
{
	(void)status;
	return *(int *)user == 0;
}

static int
header_at(void *user, swm_str name, swm_str value)
{
	(void)name, (void)value;
	return *(int *)user == 1;
}

static int
body_at(void *user, swm_str piece)
{
	(void)piece;
	return *(int *)user == 2;
}

/* Also of an error's answer: both what is returned and what the error says are the sink's. */
START_TEST(a_sink_that_fails)
{
	static const char *const targets[] = { "/t", "/nope", "/t?id=eq.x" };
	swm_request *request;
	int at;
	swm_sink sink = { sizeof sink, &at, status_at, header_at, body_at };

	swm_engine_close(engine);
	ck_assert_int_eq(swm_config_set(config, "db-anon-role", PQuser(admin), err), SWM_OK);
	ck_assert_int_eq(swm_engine_open(&engine, config, NULL, err), SWM_OK);
	ck_assert_int_eq(swm_request_new(&request, err), SWM_OK);
	for (int i = 0; i < 3; i++) {
		swm_request_set_method(request, SWM_STR("GET"));
		swm_request_set_target(request, (swm_str){ targets[i], strlen(targets[i]) });
		for (at = 0; at < 3; at++) {
			ck_assert_int_eq(swm_engine_serve(engine, request, &sink, err), SWM_ESINK);
			ck_assert_int_eq(swm_error_result(err), SWM_ESINK);
			ck_assert(is(swm_error_message(err), "The answer could not be delivered"));
		}
		ck_assert_int_eq(swm_engine_serve(engine, request, &sink, err), SWM_OK);
		ck_assert_int_eq(swm_error_result(err), SWM_OK);
	}
	swm_request_free(request);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("rows");
	TCase *t = tcase_create("rows");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, values_are_typed_when_streamed);
	tcase_add_test(t, values_are_typed_when_whole);
	tcase_add_test(t, an_alias_is_the_name);
	tcase_add_test(t, what_is_embedded_is_text);
	tcase_add_test(t, aggregates_have_their_types);
	tcase_add_test(t, an_empty_result_has_columns);
	tcase_add_test(t, an_open_result_may_be_closed_early);
	tcase_add_test(t, errors_name_what_is_wrong);
	tcase_add_test(t, a_function_is_called_with_named_arguments);
	tcase_add_test(t, an_argument_may_be_null_empty_or_one_of_many);
	tcase_add_test(t, rows_of_a_function_are_as_of_a_table);
	tcase_add_test(t, a_volatile_function_writes);
	tcase_add_test(t, a_call_that_cannot_be);
	tcase_add_test(t, a_dropped_column_is_left_out);
	tcase_add_test(t, no_setting_outlives_its_query);
	tcase_add_test(t, a_sink_that_fails);
	suite_add_tcase(s, t);
	return s;
}
