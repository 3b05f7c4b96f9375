/* Rows that a program writes: typed values, all or none, over a real database (swm/insert.h). */
#include "config.h"

#include "database.h"
#include "unit.h"

#include <locale.h>
#include <math.h>
#include <swm.h>

static PGconn *admin;
static swm_error *err;
static swm_engine *engine;
static swm_session *session;
static swm_insert *insert;

enum { ID, BIG, D, N, B, BYTES, T, TAGS, J, COLUMNS };
static const char *const columns[COLUMNS] = { "id", "big", "d", "n", "b", "bytes", "t", "tags", "j" };

static void
open_engine(const char *answer_timeout)
{
	swm_config *config;

	ck_assert_int_eq(swm_config_new(&config, err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-uri", database_uri(), err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-schemas", "ins", err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-pool", "1", err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-answer-timeout", answer_timeout, err), SWM_OK);
	ck_assert_msg(swm_engine_open(&engine, config, NULL, err) == SWM_OK, "%s", swm_error_message(err).ptr);
	swm_config_free(config);
	ck_assert_int_eq(swm_session_new(&session, engine, PQuser(admin), err), SWM_OK);
}

static void
setup(void)
{
	admin = database_admin();
	database_do(admin, "SET client_min_messages = warning");
	database_do(admin, "DROP SCHEMA IF EXISTS ins CASCADE");
	database_do(admin, "CREATE SCHEMA ins");
	database_do(admin, "CREATE TABLE ins.t(id integer PRIMARY KEY, big bigint, d double precision, n numeric, b boolean, "
	                   "bytes bytea, t text DEFAULT 'default', tags text[], j json)");
	database_do(admin, "CREATE TABLE ins.keyed(id integer PRIMARY KEY, t text, gone timestamptz)");
	database_do(admin, "CREATE UNIQUE INDEX ON ins.keyed (t) WHERE gone IS NULL");
	database_do(admin, "CREATE TABLE ins.later(id integer PRIMARY KEY, ref integer REFERENCES ins.later DEFERRABLE INITIALLY DEFERRED)");
	err = swm_error_new();
	open_engine("60");
	insert = NULL;
}

static void
teardown(void)
{
	swm_insert_free(insert);
	swm_session_free(session);
	swm_engine_close(engine);
	swm_error_free(err);
	database_do(admin, "DROP SCHEMA ins CASCADE");
	PQfinish(admin);
}

static void
begin_with(const char *relation, const char *const *names, size_t count, const swm_insert_options *options)
{
	swm_insert_free(insert);
	insert = NULL;
	ck_assert_msg(swm_insert_new(&insert, session, relation, names, count, options, err) == SWM_OK, "%s",
	              swm_error_message(err).ptr);
}

static void
begin(size_t count)
{
	begin_with("t", columns, count, NULL);
}

static void
row(int64_t id)
{
	ck_assert_int_eq(swm_insert_int64(insert, ID, id), SWM_OK);
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_OK);
}

static int64_t
commit(void)
{
	int64_t affected = -1;

	ck_assert_msg(swm_insert_commit(insert, &affected, err) == SWM_OK, "%s", swm_error_message(err).ptr);
	return affected;
}

static long
count(const char *condition)
{
	return database_number(admin, "SELECT count(*) FROM ins.t WHERE %s", condition);
}

START_TEST(values_of_each_kind)
{
	begin(COLUMNS);
	ck_assert_int_eq(swm_insert_int64(insert, ID, 1), SWM_OK);
	ck_assert_int_eq(swm_insert_int64(insert, BIG, INT64_MIN), SWM_OK);
	ck_assert_int_eq(swm_insert_double(insert, D, 0.1), SWM_OK);
	ck_assert_int_eq(swm_insert_text(insert, N, SWM_STR("0.10")), SWM_OK);
	ck_assert_int_eq(swm_insert_bool(insert, B, 2), SWM_OK);
	ck_assert_int_eq(swm_insert_bytes(insert, BYTES, (swm_str){ "\0\xff\\", 3 }), SWM_OK);
	ck_assert_int_eq(swm_insert_text(insert, T, SWM_STR("first")), SWM_OK);
	ck_assert_int_eq(swm_insert_text(insert, T, SWM_STR("\\N\t\"\n\\.")), SWM_OK); /* the last counts */
	ck_assert_int_eq(swm_insert_text(insert, TAGS, SWM_STR("{a,\"b\\\"c\"}")), SWM_OK);
	ck_assert_int_eq(swm_insert_json(insert, J, SWM_STR(" {\"a\": 1.50} ")), SWM_OK);
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_OK);
	ck_assert_int_eq(swm_insert_double(insert, D, -INFINITY), SWM_OK);
	ck_assert_int_eq(swm_insert_json(insert, TAGS, SWM_STR("[\"x\", null]")), SWM_OK);
	ck_assert_int_eq(swm_insert_json(insert, T, SWM_STR("\"\\u00e9\"")), SWM_OK);
	ck_assert_int_eq(swm_insert_null(insert, J), SWM_OK);
	row(2);
	ck_assert_int_eq(swm_insert_double(insert, D, NAN), SWM_OK);
	ck_assert_int_eq(swm_insert_double(insert, N, 3), SWM_OK);
	row(3);
	ck_assert_int_eq(commit(), 3);
	ck_assert_int_eq(count("id = 1 AND big = -9223372036854775808 AND d = 0.1 AND n::text = '0.10' AND b AND bytes = '\\x00ff5c' "
	                       "AND t = E'\\\\N\\t\"\\n\\\\.' AND tags = ARRAY['a', 'b\"c'] AND j::text = '{\"a\": 1.50}'"), 1);
	ck_assert_int_eq(count("id = 2 AND d = '-Infinity' AND tags = ARRAY['x', NULL] AND t = U&'\\00e9' AND j IS NULL AND n IS NULL"), 1);
	ck_assert_int_eq(count("id = 3 AND d = 'NaN' AND n = 3 AND t IS NULL"), 1); /* what is not given is null */
}
END_TEST

static void
put_doubles(void)
{
	static const double values[] = { 0.1, 21.7, -1e300, 0.1 + 0.2, 1.0 / 3 };

	begin(COLUMNS);
	for (int i = 0; i < (int)(sizeof values / sizeof values[0]); i++) {
		ck_assert_int_eq(swm_insert_double(insert, D, values[i]), SWM_OK);
		ck_assert_int_eq(swm_insert_double(insert, N, values[i]), SWM_OK);
		ck_assert_int_eq(swm_insert_double(insert, T, values[i]), SWM_OK);
		row(i);
	}
	ck_assert_int_eq(commit(), 5);
	ck_assert_int_eq(count("d = t::double precision AND n = t::numeric"), 5);
	ck_assert_int_eq(count("(id, t) IN ((0, '0.1'), (1, '21.7'), (2, '-1e+300'), (3, '0.30000000000000004'), "
	                       "(4, '0.3333333333333333'))"), 5);
}

/* 0.1 + 0.2 needs 17 digits, a third 16. */
START_TEST(a_double_has_no_digits_that_nobody_gave)
{
	put_doubles();
}
END_TEST

START_TEST(a_comma_is_no_decimal_point)
{
	if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL && setlocale(LC_NUMERIC, "fr_FR.UTF-8") == NULL)
		return; /* no such locale here */
	begin(3);
	ck_assert_int_eq(swm_insert_double(insert, D, 1.5), SWM_OK);
	row(1);
	ck_assert_int_eq(commit(), 1);
	ck_assert_int_eq(count("d = 1.5"), 1);
	database_do(admin, "TRUNCATE ins.t");
	put_doubles();
}
END_TEST

/* In columns of json, jsonb and domains over them, text is what a literal of that type would be. */
START_TEST(text_for_json_is_json)
{
	static const char *const names[] = { "id", "j", "b", "dj", "db", "js", "later" };
	static const char *const texts[] = { "{\"a\": [1.50, \"x\\ty\\\\\"]}", "\"s\"", "12", "[\n\ttrue]" };

	database_do(admin, "CREATE DOMAIN ins.dj AS json; CREATE DOMAIN ins.inner AS jsonb; "
	                   "CREATE DOMAIN ins.db AS ins.inner CHECK (VALUE <> '0')");
	database_do(admin, "CREATE TABLE ins.docs(id integer, j json, b jsonb, dj ins.dj, db ins.db, js json[], later ins.dj)");
	ck_assert_int_eq(swm_engine_reload_schema(engine, err), SWM_OK);
	begin_with("docs", names, 7, NULL);
	for (int i = 0; i < 4; i++) {
		for (size_t c = 1; c <= 4; c++)
			ck_assert_int_eq(swm_insert_text(insert, c, swm_cstr(texts[i])), SWM_OK);
		ck_assert_int_eq(swm_insert_text(insert, 5, SWM_STR("{\"{\\\"k\\\": 1}\",2}")), SWM_OK);
		row(i);
	}
	ck_assert_int_eq(swm_insert_text(insert, 1, SWM_STR("null")), SWM_OK);
	ck_assert_int_eq(swm_insert_json(insert, 2, SWM_STR("null")), SWM_OK);
	ck_assert_int_eq(swm_insert_text(insert, 3, SWM_STR("null")), SWM_OK);
	row(4);
	ck_assert_int_eq(commit(), 5);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(database_number(admin, "SELECT count(*) FROM ins.docs, (SELECT $t$%s$t$::json AS v) x WHERE id = %d "
		                                        "AND j::text = v::text AND b = v::text::jsonb AND dj::jsonb = b AND db = b "
		                                        "AND js[1]->>'k' = '1' AND js[2]::text = '2' AND later IS NULL", texts[i], i), 1);
	ck_assert_int_eq(database_number(admin, "SELECT count(*) FROM ins.docs WHERE id = 4 AND j::text = 'null' AND b IS NULL AND dj IS NULL"), 1);
}
END_TEST

/* The engine has not been told of it: the insert is begun by what the tables are then. */
START_TEST(a_table_that_has_changed)
{
	database_do(admin, "ALTER TABLE ins.t ALTER big TYPE text, ALTER n TYPE numeric(10, 3), ALTER d TYPE numeric");
	begin(T);
	ck_assert_int_eq(swm_insert_text(insert, BIG, SWM_STR("007")), SWM_OK);
	ck_assert_int_eq(swm_insert_text(insert, N, SWM_STR("1.2345")), SWM_OK);
	ck_assert_int_eq(swm_insert_text(insert, D, SWM_STR("0.12345678901234567890")), SWM_OK);
	row(1);
	ck_assert_int_eq(commit(), 1);
	ck_assert_int_eq(count("big = '007' AND n::text = '1.235' AND d::text = '0.12345678901234567890'"), 1);
	database_do(admin, "ALTER TABLE ins.t DROP n");
	swm_insert_free(insert);
	insert = NULL;
	ck_assert_int_eq(swm_insert_new(&insert, session, "t", columns, T, NULL, err), SWM_ENOTFOUND);
	ck_assert_str_eq(swm_error_code(err).ptr, "PGRST204");
}
END_TEST

/* It changes behind the first row: what was read by the old type is not written. */
START_TEST(a_table_that_changes_meanwhile)
{
	begin(D);
	ck_assert_int_eq(swm_insert_int64(insert, BIG, 7), SWM_OK);
	row(1);
	database_do(admin, "ALTER TABLE ins.t ALTER big TYPE text");
	ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_EUNAVAILABLE);
	ck_assert_str_eq(swm_error_code(err).ptr, "SWM007");
	ck_assert_int_eq(count("true"), 0);
}
END_TEST

START_TEST(text_for_json_that_is_none)
{
	static const char *const names[] = { "id", "dj", "later" };

	database_do(admin, "CREATE DOMAIN ins.dj AS json");
	database_do(admin, "CREATE TABLE ins.docs(id integer, dj ins.dj, later ins.dj)");
	ck_assert_int_eq(swm_engine_reload_schema(engine, err), SWM_OK);
	begin(COLUMNS);
	row(1);
	ck_assert_int_eq(swm_insert_text(insert, J, SWM_STR("{a}")), SWM_OK);
	row(2);
	ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_EDATABASE);
	ck_assert_str_eq(swm_error_code(err).ptr, "22P02");
	ck_assert_str_eq(swm_error_details(err).ptr, "Line 2, column \"j\": Token \"a\" is invalid.");
	begin_with("docs", names, 3, NULL);
	ck_assert_int_eq(swm_insert_text(insert, 1, SWM_STR("1,\"later\":2")), SWM_EINVAL);
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_EINVAL);
	begin_with("docs", names, 3, NULL);
	ck_assert_int_eq(swm_insert_text(insert, 1, SWM_STR("")), SWM_EINVAL);
}
END_TEST

START_TEST(defaults_and_conflicts)
{
	static const char *const key[] = { "id" };
	static const char *const names[] = { "id", "t", "id" }; /* one may stand twice */
	swm_insert_options options = { .size = sizeof options, .fill_defaults = 1 };

	begin_with("t", names, 3, &options);
	row(1);
	ck_assert_int_eq(swm_insert_text(insert, 1, SWM_STR("given")), SWM_OK);
	ck_assert_int_eq(swm_insert_int64(insert, 2, 2), SWM_OK);
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_OK);
	ck_assert_int_eq(commit(), 2);
	ck_assert_int_eq(count("t = CASE id WHEN 1 THEN 'default' ELSE 'given' END"), 2);
	options = (swm_insert_options){ .size = sizeof options, .conflict = SWM_INSERT_OR_UPDATE, .key = key, .key_columns = 1 };
	begin_with("t", names, 2, &options);
	ck_assert_int_eq(swm_insert_text(insert, 1, SWM_STR("new")), SWM_OK);
	row(1);
	row(3);
	ck_assert_int_eq(commit(), 2);
	options = (swm_insert_options){ .size = sizeof options, .conflict = SWM_INSERT_OR_LEAVE, .schema = "ins" };
	begin_with("t", names, 2, &options);
	row(2);
	row(4);
	ck_assert_int_eq(commit(), 1);
	ck_assert_int_eq(count("(id, coalesce(t, '-')) IN ((1, 'new'), (2, 'given'), (3, '-'), (4, '-'))"), 4);
}
END_TEST

/* It says which row, as any error does, also far behind the first that were sent. */
START_TEST(one_key_twice)
{
	static const char *const names[] = { "id" };
	swm_insert_options options = { .size = sizeof options, .conflict = SWM_INSERT_OR_UPDATE };

	begin_with("t", names, 1, &options);
	for (int i = 0; i < 50000; i++)
		row(i == 49000 ? 7 : i);
	ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_EDATABASE);
	ck_assert_str_eq(swm_error_code(err).ptr, "21000");
	ck_assert_str_eq(swm_error_details(err).ptr, "Line 49001: line 8 has the same key");
	swm_insert_free(insert);
	insert = NULL;
	ck_assert_int_eq(count("true"), 0);
}
END_TEST

/* A key may be that of a partial index; what is none is told with those that there are. */
START_TEST(conflicts_by_an_index)
{
	static const char *const names[] = { "t", "id" };
	const swm_insert_options options = { .size = sizeof options, .conflict = SWM_INSERT_OR_UPDATE, .key = names,
		.key_columns = 1 };
	const swm_insert_options both = { .size = sizeof both, .conflict = SWM_INSERT_OR_UPDATE, .key = names,
		.key_columns = 2 };

	for (int64_t id = 1; id <= 2; id++) {
		begin_with("keyed", names, 2, &options);
		ck_assert_int_eq(swm_insert_text(insert, 0, SWM_STR("a")), SWM_OK);
		ck_assert_int_eq(swm_insert_int64(insert, 1, id), SWM_OK);
		ck_assert_int_eq(swm_insert_row(insert, err), SWM_OK);
		ck_assert_int_eq(commit(), 1);
	}
	ck_assert_int_eq(database_number(admin, "SELECT sum(id) FROM ins.keyed"), 2);
	begin_with("keyed", names, 2, &both);
	ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_EDATABASE);
	ck_assert_str_eq(swm_error_code(err).ptr, "42P10");
	ck_assert_str_eq(swm_error_hint(err).ptr, "Unique keys of 'keyed' to name instead: (id), (t)");
}
END_TEST

START_TEST(nothing_is_kept_without_the_commit)
{
	begin(1);
	for (int i = 0; i < 50000; i++)
		row(i);
	swm_insert_free(insert);
	insert = NULL;
	ck_assert_int_eq(count("true"), 0);
	begin(1);
	for (int i = 0; i < 50000; i++)
		row(i);
	ck_assert_int_eq(swm_insert_int64(insert, ID, 50000), SWM_OK); /* not ended */
	ck_assert_int_eq(count("true"), 0);
	ck_assert_int_eq(commit(), 50000);
	ck_assert_int_eq(count("true"), 50000);
	ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_EINVAL); /* it is over */
	ck_assert_int_eq(swm_error_result(err), SWM_EINVAL);
	ck_assert_str_eq(swm_error_message(err).ptr, "this insert has been committed before");
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_EINVAL);
	begin(1); /* and the only connection is there again */
	ck_assert_int_eq(commit(), 0);
}
END_TEST

START_TEST(a_bad_row_is_named)
{
	int rc = SWM_OK;

	begin(COLUMNS);
	row(1);
	row(2);
	ck_assert_int_eq(swm_insert_text(insert, ID, SWM_STR("x")), SWM_OK);
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_OK);
	row(4);
	ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_EDATABASE);
	ck_assert_str_eq(swm_error_code(err).ptr, "22P02");
	ck_assert_str_eq(swm_error_details(err).ptr, "Line 3, column \"id\"");
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_EDATABASE);
	ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_EDATABASE);
	ck_assert_int_eq(swm_error_result(err), SWM_EDATABASE); /* and it is told again */
	ck_assert_str_eq(swm_error_code(err).ptr, "22P02");
	ck_assert_str_eq(swm_error_details(err).ptr, "Line 3, column \"id\"");
	begin(COLUMNS);
	for (int i = 0; rc == SWM_OK; i++) { /* long before the commit */
		ck_assert_int_lt(i, 200000);
		if (i != 30000)
			ck_assert_int_eq(swm_insert_int64(insert, BIG, i), SWM_OK);
		else
			ck_assert_int_eq(swm_insert_text(insert, BIG, SWM_STR("y")), SWM_OK);
		ck_assert_int_eq(swm_insert_int64(insert, ID, i), SWM_OK);
		rc = swm_insert_row(insert, err);
	}
	ck_assert_int_eq(rc, SWM_EDATABASE);
	ck_assert_str_eq(swm_error_details(err).ptr, "Line 30001, column \"big\"");
	swm_insert_free(insert);
	insert = NULL;
	ck_assert_int_eq(count("true"), 0);
}
END_TEST

START_TEST(errors_at_the_commit)
{
	static const char *const names[] = { "id", "ref" };

	begin(1);
	row(1);
	row(1);
	ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_EDATABASE);
	ck_assert_str_eq(swm_error_code(err).ptr, "23505");
	begin_with("later", names, 2, NULL);
	ck_assert_int_eq(swm_insert_int64(insert, 1, 99), SWM_OK);
	row(1);
	ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_EDATABASE);
	ck_assert_str_eq(swm_error_code(err).ptr, "23503");
	ck_assert_int_eq(database_number(admin, "SELECT (SELECT count(*) FROM ins.later) + (SELECT count(*) FROM ins.t)"), 0);
}
END_TEST

START_TEST(what_cannot_begin)
{
	static const char *const nope[] = { "nope" };
	swm_insert_options options = { .size = 1 };

	ck_assert_int_eq(swm_insert_new(&insert, session, "nope", columns, 1, NULL, err), SWM_ENOTFOUND);
	ck_assert_int_eq(swm_insert_new(&insert, session, "t", nope, 1, NULL, err), SWM_ENOTFOUND);
	ck_assert_int_eq(swm_insert_new(&insert, session, "t", columns, 1, &options, err), SWM_EINVAL);
	options = (swm_insert_options){ .size = sizeof options, .schema = "nope" };
	ck_assert_int_eq(swm_insert_new(&insert, session, "t", columns, 1, &options, err), SWM_ENOTFOUND);
	ck_assert_ptr_null(insert);
	begin(1);
	ck_assert_int_eq(swm_insert_null(insert, 1), SWM_EINVAL);
	ck_assert_int_eq(swm_insert_json(insert, 0, SWM_STR("{")), SWM_EINVAL);
}
END_TEST

/* A value that was refused must not be missing from a row that is kept. */
START_TEST(an_error_that_was_not_looked_at)
{
	begin(COLUMNS);
	row(1);
	ck_assert_int_eq(swm_insert_int64(insert, ID, 2), SWM_OK);
	ck_assert_int_eq(swm_insert_json(insert, J, SWM_STR("{")), SWM_EINVAL);
	ck_assert_int_eq(swm_insert_text(insert, T, SWM_STR("t")), SWM_EINVAL);
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_EINVAL);
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_EINVAL);
	ck_assert_str_eq(swm_error_message(err).ptr, "a value that must be JSON is none");
	ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_EINVAL);
	ck_assert_int_eq(swm_error_result(err), SWM_EINVAL);
	begin(COLUMNS);
	ck_assert_int_eq(swm_insert_int64(insert, COLUMNS, 1), SWM_EINVAL);
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_EINVAL);
	ck_assert_str_eq(swm_error_message(err).ptr, "a value was given for a column that the insert does not have");
	begin(COLUMNS);
	ck_assert_int_eq(swm_insert_int64(insert, ID, 1), SWM_OK);
	ck_assert_int_eq(swm_insert_text(insert, T, (swm_str){ "", SIZE_MAX / 2 }), SWM_ENOMEM); /* more than there can be */
	ck_assert_int_eq(swm_insert_null(insert, COLUMNS), SWM_ENOMEM); /* the first counts */
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_ENOMEM);
	ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_ENOMEM);
	ck_assert_int_eq(swm_error_result(err), SWM_ENOMEM);
	begin(COLUMNS);
	ck_assert_int_eq(swm_insert_int64(insert, ID, 1), SWM_OK);
	ck_assert_int_eq(swm_insert_bytes(insert, BYTES, (swm_str){ "", SIZE_MAX }), SWM_ENOMEM);
	ck_assert_int_eq(swm_insert_row(insert, err), SWM_ENOMEM);
	swm_insert_free(insert);
	insert = NULL;
	ck_assert_int_eq(count("true"), 0);
}
END_TEST

START_TEST(a_backend_that_is_killed)
{
	begin(1);
	row(1);
	database_do(admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state = 'idle in transaction'");
	ck_assert_int_lt(swm_insert_commit(insert, NULL, err), 0);
	ck_assert_int_eq(swm_error_http_status(err), 503);
	ck_assert_str_ne(swm_error_code(err).ptr, "SWM001"); /* no commit was sent */
	ck_assert_int_eq(count("true"), 0);
	begin(1);
	row(1);
	ck_assert_int_eq(commit(), 1);
}
END_TEST

/* The commit takes longer than the server may be silent: nobody knows what became of it. */
START_TEST(a_commit_that_is_not_answered)
{
	swm_query *query;
	swm_rows *rows = NULL;

	database_do(admin, "CREATE FUNCTION ins.sleep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END'");
	database_do(admin, "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON ins.t DEFERRABLE INITIALLY DEFERRED "
	                   "FOR EACH ROW EXECUTE FUNCTION ins.sleep()");
	database_do(admin, "CREATE FUNCTION ins.store() RETURNS integer LANGUAGE sql VOLATILE AS 'INSERT INTO ins.t VALUES (9) RETURNING id'");
	swm_session_free(session);
	swm_engine_close(engine);
	open_engine("1");
	begin(1);
	row(1);
	for (int i = 0; i < 2; i++) { /* and it is told again */
		ck_assert_int_eq(swm_insert_commit(insert, NULL, err), SWM_EUNKNOWN);
		ck_assert_int_eq(swm_error_result(err), SWM_EUNKNOWN);
		ck_assert_str_eq(swm_error_code(err).ptr, "SWM001");
	}
	swm_insert_free(insert);
	insert = NULL;
	ck_assert_int_eq(swm_query_new_call(&query, "store", err), SWM_OK);
	ck_assert_int_eq(swm_session_query(&rows, session, query, SWM_ROWS_WHOLE, err), SWM_EUNKNOWN);
	ck_assert_int_eq(swm_error_result(err), SWM_EUNKNOWN);
	ck_assert_int_eq(swm_session_query(&rows, session, query, SWM_ROWS_STREAM, err), SWM_EUNKNOWN);
	ck_assert_ptr_null(rows);
	swm_query_free(query);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("insert");
	TCase *cases = tcase_create("insert");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, values_of_each_kind);
	tcase_add_test(cases, a_double_has_no_digits_that_nobody_gave);
	tcase_add_test(cases, a_comma_is_no_decimal_point);
	tcase_add_test(cases, text_for_json_is_json);
	tcase_add_test(cases, a_table_that_has_changed);
	tcase_add_test(cases, a_table_that_changes_meanwhile);
	tcase_add_test(cases, text_for_json_that_is_none);
	tcase_add_test(cases, defaults_and_conflicts);
	tcase_add_test(cases, one_key_twice);
	tcase_add_test(cases, conflicts_by_an_index);
	tcase_add_test(cases, nothing_is_kept_without_the_commit);
	tcase_add_test(cases, a_bad_row_is_named);
	tcase_add_test(cases, errors_at_the_commit);
	tcase_add_test(cases, what_cannot_begin);
	tcase_add_test(cases, an_error_that_was_not_looked_at);
	tcase_add_test(cases, a_backend_that_is_killed);
	tcase_add_test(cases, a_commit_that_is_not_answered);
	suite_add_tcase(suite, cases);
	return suite;
}
