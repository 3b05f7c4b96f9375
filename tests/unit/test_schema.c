/*
 * The snapshot of a schema that has everything awkward in it, loaded by a login
 * role that may nothing itself. Where PostgreSQL can answer the same question
 * (to_json(), has_table_privilege()), its answer is the expectation.
 */
#include "config.h"

#include "base/buf.h"
#include "schema/schema.h"
#include "unit.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#define DATABASE "swm_test_schema"

static const char *const drop_roles_sql =
	"DROP ROLE IF EXISTS ts_login, ts_anon, ts_reader, ts_writer, ts_group, ts_owner, ts_stranger, ts_readall";

static const char *const roles_sql =
	"CREATE ROLE ts_login LOGIN NOINHERIT; CREATE ROLE ts_anon; CREATE ROLE ts_reader; CREATE ROLE ts_writer;"
	"CREATE ROLE ts_group; CREATE ROLE ts_owner; CREATE ROLE ts_stranger; CREATE ROLE ts_readall;"
	"GRANT ts_anon, ts_reader, ts_writer, ts_owner, ts_readall TO ts_login;"
	"GRANT ts_group TO ts_writer; GRANT pg_read_all_data TO ts_readall;"
	"ALTER ROLE ts_reader SET statement_timeout = '5s';"
	"ALTER ROLE ts_reader SET default_transaction_isolation = 'serializable';"
	"ALTER ROLE ts_reader SET log_min_messages = 'debug1';" /* for superusers only */
	"ALTER ROLE ts_anon SET work_mem = '2MB';"
	"ALTER ROLE ts_anon IN DATABASE " DATABASE " SET work_mem = '1MB';"
	"ALTER ROLE ts_anon SET no_such.setting = 'x';"
	"ALTER ROLE ts_anon SET datestyle = 'DMY';"
	"ALTER ROLE ts_writer SET datestyle = 'SQL, DMY';";

static const char *const types_sql =
	"CREATE SCHEMA a; CREATE SCHEMA \"b.c \"\"d\"; CREATE SCHEMA ext; CREATE SCHEMA hidden;"
	"COMMENT ON SCHEMA a IS 'What is in a';"
	"CREATE TYPE hidden.inner_mood AS ENUM ('x'); CREATE DOMAIN a.code AS varchar(7); CREATE DOMAIN a.flags AS bit(3);"
	"CREATE TYPE hidden.mood AS ENUM ('sad', 'so, so', 'happy');"
	"CREATE DOMAIN hidden.small AS integer CHECK (VALUE < 100);"
	"CREATE DOMAIN a.smaller AS hidden.small DEFAULT 7;"
	"CREATE DOMAIN a.must AS text NOT NULL;"
	"CREATE DOMAIN a.feeling AS hidden.mood;"
	"CREATE DOMAIN a.numbers AS integer[];"
	"CREATE DOMAIN a.document AS jsonb;"
	"CREATE DOMAIN a.daytime AS timestamptz;"
	"CREATE TYPE a.point2 AS (x float8, y float8);"
	"CREATE DOMAIN a.place AS a.point2;"
	"CREATE TYPE a.span AS RANGE (subtype = float8);"
	"CREATE TYPE a.colour AS ENUM ('red'); CREATE TYPE a.\"Odd type\" AS ENUM ('x');"
	"CREATE FUNCTION a.colour_json(a.colour) RETURNS json LANGUAGE sql AS $$SELECT json_build_object('c', $1::text)$$;"
	"CREATE CAST (a.colour AS json) WITH FUNCTION a.colour_json(a.colour);"
	"CREATE TYPE a.inout AS ENUM ('\"i\"'); CREATE CAST (a.inout AS json) WITH INOUT;"
	"CREATE TABLE a.types (t_bool bool, t_int2 int2, t_int4 int4, t_int8 int8, t_float4 float4, t_float8 float8,"
	" t_numeric numeric(10,3), t_oid oid, t_money money, t_text text, t_varchar varchar(20), t_char char(3), t_name name,"
	" t_inner \"char\", t_bytea bytea, t_date date, t_time time, t_timetz timetz, t_ts timestamp, t_tstz timestamptz,"
	" t_interval interval, t_uuid uuid, t_inet inet, t_mac macaddr, t_bit bit(3), t_json json, t_jsonb jsonb, t_xml xml,"
	" t_tsv tsvector, t_tsq tsquery, t_point point, t_box box, t_ints int[], t_texts text[][], t_vector int2vector,"
	" t_oids oidvector, t_range int4range, t_multi int4multirange, t_span a.span, t_mood hidden.mood, t_small hidden.small,"
	" t_smaller a.smaller, t_must a.must, t_feeling a.feeling, t_numbers a.numbers, t_document a.document,"
	" t_daytime a.daytime, t_comp a.point2, t_place a.place, t_comps a.point2[], t_colour a.colour, t_inout a.inout,"
	" t_class regclass, t_lsn pg_lsn, t_inners hidden.inner_mood[], t_code a.code, t_flags a.flags);"
	"INSERT INTO a.types VALUES (true, 1, 2, 3, 1.5, 2.5, 1.10, 5, 6, 't', 'v', 'c', 'n', 'i', '\\x00', '2020-01-01', '1:00',"
	" '1:00+01', '2020-01-01', '2020-01-01', '1 day', '00000000-0000-0000-0000-000000000000', '::1', '00:00:00:00:00:00',"
	" '101', '[1]', '{}', '<a/>', 'a', 'a', '(1,2)', '(1,2),(3,4)', '{1}', '{{a}}', '1 2', '1 2', '[1,2)', '{[1,2)}', '[1,2)',"
	" 'sad', 1, 2, 'm', 'happy', '{1}', '{}', '2020-01-01', '(1,2)', '(1,2)', '{\"(1,2)\"}', 'red', '\"i\"', 'pg_class',"
	" '0/0', '{x}', 'c', '101');";

static const char *const tables_sql =
	"CREATE TABLE a.devices (gone0 int, id integer PRIMARY KEY, gone1 int, name varchar(40) NOT NULL UNIQUE,"
	" price numeric DEFAULT 1.5, noted a.smaller, must a.must, serial bigint GENERATED ALWAYS AS IDENTITY,"
	" twice numeric GENERATED ALWAYS AS (price * 2) STORED, UNIQUE (price, noted));"
	"ALTER TABLE a.devices DROP gone0, DROP gone1;"
	"COMMENT ON TABLE a.devices IS 'The devices'; COMMENT ON COLUMN a.devices.name IS 'Its \"name\"\n''s';"
	"CREATE TABLE a.details (device_id integer PRIMARY KEY REFERENCES a.devices, note text);"
	"CREATE TABLE a.parts (a integer, b integer, dev integer CONSTRAINT parts_dev REFERENCES a.devices(id),"
	" noted a.smaller, price numeric, CONSTRAINT odd_order FOREIGN KEY (noted, price) REFERENCES a.devices(noted, price),"
	" PRIMARY KEY (b, a));"
	"CREATE TABLE a.self (id integer PRIMARY KEY, parent integer REFERENCES a.self);"
	"CREATE TABLE \"b.c \"\"d\".\"Odd \"\"näme\"\".x'y\" (\"sp ace\" integer, \"quo\"\"te\" text, \"dot.t\" text, \"日本\" text,"
	" \"UPPER\" integer REFERENCES a.devices);"
	"CREATE TABLE \"b.c \"\"d\".devices (id integer);"
	"CREATE TABLE hidden.secret (id integer PRIMARY KEY);"
	"CREATE TABLE a.to_hidden (id integer REFERENCES hidden.secret);"
	"CREATE TABLE a.nothing ();"
	"CREATE TABLE a.days (day date, device integer REFERENCES a.devices, n integer, PRIMARY KEY (day, n)) PARTITION BY RANGE (day);"
	"CREATE TABLE a.days_2024 PARTITION OF a.days FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');"
	"CREATE TABLE a.days_2025 PARTITION OF a.days FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"
	"CREATE TABLE a.day_notes (day date, n integer, CONSTRAINT of_day FOREIGN KEY (day, n) REFERENCES a.days);"
	"CREATE TABLE a.parent (id integer); CREATE TABLE a.child (extra text) INHERITS (a.parent);"
	"CREATE FUNCTION hidden.norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';"
	"CREATE TABLE hidden.keyed (gone int, id integer PRIMARY KEY, email text, \"Odd n\" text, at timestamptz, n integer UNIQUE);"
	"ALTER TABLE hidden.keyed DROP gone;"
	"CREATE UNIQUE INDEX ON hidden.keyed (email) WHERE at IS NULL;"
	"CREATE UNIQUE INDEX ON hidden.keyed (hidden.norm(\"Odd n\"), (n + 1)) INCLUDE (at);"
	"CREATE UNIQUE INDEX ON hidden.keyed (at);"
	"CREATE INDEX ON hidden.keyed (n) WHERE at IS NULL;"
	"CREATE TABLE a.keyed (LIKE hidden.keyed INCLUDING INDEXES);"
	"CREATE UNIQUE INDEX ON hidden.keyed ((keyed IS NULL));"
	"CREATE VIEW a.v_keyed AS SELECT at AS at_too, email, at, \"Odd n\", n FROM hidden.keyed;"
	"CREATE VIEW a.v_renamed AS SELECT email AS mail, at AS since, \"Odd n\", n AS m FROM hidden.keyed;"
	"CREATE VIEW a.v_cast AS SELECT email::varchar(9), at FROM hidden.keyed;"
	"CREATE VIEW a.v_joined AS SELECT k.email, k.at FROM hidden.keyed k, a.devices;"
	"CREATE TABLE a.parted (id integer, day date) PARTITION BY RANGE (day);"
	"CREATE UNIQUE INDEX ON a.parted (day) WHERE id > 0;"
	"CREATE VIEW a.v_plain AS SELECT id, name, id + 1 AS next FROM a.devices;"
	"CREATE VIEW a.v_on_view AS SELECT * FROM a.v_plain;"
	"CREATE VIEW a.v_grouped AS SELECT count(*) AS n FROM a.devices;"
	"CREATE VIEW a.v_trigger AS SELECT count(*) AS n FROM a.devices;"
	"CREATE FUNCTION a.nop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
	"CREATE TRIGGER t INSTEAD OF INSERT ON a.v_trigger FOR EACH ROW EXECUTE FUNCTION a.nop();"
	"CREATE MATERIALIZED VIEW a.mat AS SELECT id FROM a.devices;"
	"CREATE SEQUENCE a.a_sequence; CREATE INDEX an_index ON a.devices (price);"
	"CREATE FOREIGN DATA WRAPPER ts_nothing; CREATE SERVER ts_nowhere FOREIGN DATA WRAPPER ts_nothing;"
	"CREATE FOREIGN TABLE a.far (id integer) SERVER ts_nowhere;"
	"CREATE VIEW a.v_system AS SELECT c AS class, a.attnum, f AS far FROM pg_class c, pg_attribute a, a.far f;"
	"CREATE VIEW a.v_columns AS SELECT column_name, data_type FROM information_schema.columns;"
	"CREATE VIEW a.v_far AS SELECT id FROM a.far; CREATE VIEW a.v_v_far AS SELECT id FROM a.v_far;";

static const char *const functions_sql =
	"CREATE FUNCTION a.add(x integer, y integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT x + y';"
	"CREATE FUNCTION a.add(x text) RETURNS text LANGUAGE sql STABLE AS 'SELECT x';"
	"CREATE FUNCTION a.addendum() RETURNS void LANGUAGE sql AS '';"
	"CREATE FUNCTION a.outs(IN i integer, OUT o text, INOUT io integer, VARIADIC v integer[]) LANGUAGE sql AS $$SELECT 'a', 1$$;"
	"CREATE FUNCTION a.one_out(OUT o text) LANGUAGE sql AS $$SELECT 'a'$$;"
	"CREATE FUNCTION a.tab(n integer) RETURNS TABLE (p integer, q text) ROWS 1 LANGUAGE sql AS $$SELECT 1, 'a'$$;"
	"CREATE FUNCTION a.all_devices() RETURNS SETOF a.devices STABLE LANGUAGE sql AS 'SELECT * FROM a.devices'"
	" SET statement_timeout = '3s' SET work_mem = '1MB';"
	"CREATE FUNCTION a.mood() RETURNS hidden.mood LANGUAGE sql AS $$SELECT 'sad'::hidden.mood$$;"
	"CREATE FUNCTION a.\"Odd (näme)\"(\"a b\" json) RETURNS json LANGUAGE sql AS 'SELECT $1';"
	"COMMENT ON FUNCTION a.mood() IS 'How it is';"
	"CREATE PROCEDURE a.proc() LANGUAGE sql AS '';"
	"CREATE AGGREGATE a.agg(integer) (SFUNC = int4pl, STYPE = integer);"
	"CREATE FUNCTION a.label(a.devices) RETURNS text LANGUAGE sql AS $$SELECT 'a'$$;"
	"CREATE FUNCTION ext.label(a.devices) RETURNS text LANGUAGE sql AS $$SELECT 'ext'$$;"
	"CREATE FUNCTION ext.far_label(a.devices) RETURNS text LANGUAGE sql AS $$SELECT 'ext'$$;"
	"CREATE FUNCTION \"b.c \"\"d\".other(a.devices) RETURNS text LANGUAGE sql AS $$SELECT 'b'$$;"
	"CREATE FUNCTION ext.plain(integer) RETURNS text LANGUAGE sql AS $$SELECT 'ext'$$;"
	"CREATE FUNCTION a.its_parts(a.devices) RETURNS SETOF a.parts LANGUAGE sql AS 'SELECT * FROM a.parts';"
	"CREATE FUNCTION a.two(a.devices, integer) RETURNS integer LANGUAGE sql AS 'SELECT 2';"
	"CREATE TABLE hidden.films (gone int, id integer PRIMARY KEY, device integer REFERENCES a.devices, title varchar(9));"
	"ALTER TABLE hidden.films DROP gone;"
	"CREATE VIEW hidden.v_films AS SELECT device AS machine, id FROM hidden.films;"
	"CREATE FUNCTION a.films() RETURNS SETOF hidden.films LANGUAGE sql AS 'SELECT * FROM hidden.films';"
	"CREATE FUNCTION a.one_film() RETURNS hidden.films LANGUAGE sql AS 'SELECT * FROM hidden.films';"
	"CREATE FUNCTION a.v_films() RETURNS SETOF hidden.v_films LANGUAGE sql AS 'SELECT * FROM hidden.v_films';"
	"CREATE FUNCTION a.a_point() RETURNS a.point2 LANGUAGE sql AS 'SELECT ROW(1, 2)::a.point2';"
	"CREATE FUNCTION a.a_place() RETURNS a.place LANGUAGE sql AS 'SELECT ROW(1, 2)::a.place';"
	"CREATE FUNCTION a.out_point(OUT p a.point2) LANGUAGE sql AS 'SELECT ROW(1, 2)::a.point2';"
	"CREATE FUNCTION a.out_unnamed(OUT integer, OUT text) LANGUAGE sql AS $$SELECT 1, 'a'$$;"
	"CREATE FUNCTION a.one_table() RETURNS TABLE (n integer) LANGUAGE sql AS 'SELECT 1';"
	"CREATE FUNCTION a.rec() RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION a.letters(a character, b bit, c \"char\", d hidden.mood[], e character[], f varchar(3), g a.\"Odd type\")"
	" RETURNS integer LANGUAGE sql AS 'SELECT 1';"
	"CREATE FUNCTION a.poly(x anyelement, VARIADIC y anyarray) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';"
	"CREATE FUNCTION a.raw(jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT $1';"
	"CREATE FUNCTION a.raw(integer DEFAULT 1) RETURNS integer LANGUAGE sql AS 'SELECT $1';"
	"CREATE FUNCTION a.raw(text[]) RETURNS text[] LANGUAGE sql AS 'SELECT $1';"
	"CREATE FUNCTION a.raw(VARIADIC integer[]) RETURNS integer LANGUAGE sql AS 'SELECT 1';"
	"CREATE FUNCTION a.raw_half(x integer, integer DEFAULT 2) RETURNS integer LANGUAGE sql AS 'SELECT $1';"
	"CREATE FUNCTION a.raw_twice(json, json DEFAULT NULL) RETURNS json LANGUAGE sql AS 'SELECT $1';"
	"CREATE FUNCTION a.raw_required(x integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';"
	"CREATE FUNCTION a.middle(IN a integer, OUT b integer, IN c integer DEFAULT 1, OUT d integer) LANGUAGE sql AS 'SELECT 1, 2';"
	"CREATE FUNCTION a.private() RETURNS integer LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION a.private() FROM PUBLIC;"
	"GRANT EXECUTE ON FUNCTION a.private() TO ts_group;";

static const char *const media_sql =
	"CREATE DOMAIN a.\"application/vnd.Twkb\" AS bytea; CREATE DOMAIN hidden.\"text/csv\" AS text; CREATE DOMAIN a.\"*/*\" AS bytea;"
	"CREATE DOMAIN a.\"no media\" AS text; CREATE DOMAIN a.\"/half\" AS text; CREATE DOMAIN a.\"a/b/c\" AS text;"
	"CREATE FUNCTION a.twkb() RETURNS a.\"application/vnd.Twkb\" LANGUAGE sql AS $$SELECT ''::bytea$$;"
	"CREATE FUNCTION a.any_media() RETURNS a.\"*/*\" LANGUAGE sql AS $$SELECT ''::bytea$$;"
	"CREATE FUNCTION a.media_set() RETURNS SETOF hidden.\"text/csv\" LANGUAGE sql AS $$SELECT ''$$;"
	"CREATE FUNCTION a.half() RETURNS a.\"/half\" LANGUAGE sql AS $$SELECT ''$$;"
	"CREATE FUNCTION a.many_slashes() RETURNS a.\"a/b/c\" LANGUAGE sql AS $$SELECT ''$$;"
	"CREATE FUNCTION hidden.csv_step(text, a.devices) RETURNS hidden.\"text/csv\" LANGUAGE sql AS $$SELECT $1 || $2.name$$;"
	"CREATE AGGREGATE a.csv_agg(a.devices) (STYPE = hidden.\"text/csv\", SFUNC = hidden.csv_step, INITCOND = '');"
	"CREATE FUNCTION hidden.any_step(text, anyelement) RETURNS hidden.\"text/csv\" LANGUAGE sql AS $$SELECT $1$$;"
	"CREATE AGGREGATE a.any_csv(anyelement) (STYPE = hidden.\"text/csv\", SFUNC = hidden.any_step, INITCOND = '');"
	"CREATE FUNCTION hidden.twkb_step(bytea, a.parts) RETURNS a.\"application/vnd.Twkb\" LANGUAGE sql AS $$SELECT $1$$;"
	"CREATE AGGREGATE a.twkb_agg(a.parts) (STYPE = a.\"application/vnd.Twkb\", SFUNC = hidden.twkb_step, INITCOND = '');"
	"CREATE AGGREGATE hidden.no_agg(a.parts) (STYPE = a.\"application/vnd.Twkb\", SFUNC = hidden.twkb_step, INITCOND = '');"
	"CREATE DOMAIN a.short_id AS uuid; CREATE DOMAIN a.plain_id AS uuid;"
	"CREATE FUNCTION a.\"to JSON\"(a.short_id) RETURNS json LANGUAGE sql AS 'SELECT to_json($1::text)';"
	"CREATE FUNCTION hidden.of_text(text) RETURNS a.short_id LANGUAGE sql AS 'SELECT $1::uuid';"
	"CREATE FUNCTION a.of_json(json) RETURNS a.short_id LANGUAGE sql AS $$SELECT ($1 #>> '{}')::uuid$$;"
	"SET client_min_messages = error;" /* that a cast of a domain is ignored */
	"CREATE CAST (a.short_id AS json) WITH FUNCTION a.\"to JSON\"(a.short_id) AS IMPLICIT;"
	"CREATE CAST (text AS a.short_id) WITH FUNCTION hidden.of_text(text) AS IMPLICIT;"
	"CREATE CAST (json AS a.short_id) WITH FUNCTION a.of_json(json) AS IMPLICIT;"
	"CREATE CAST (a.plain_id AS json) WITH INOUT AS IMPLICIT;"
	"CREATE TABLE a.profiles (id a.short_id, other a.plain_id);";

static const char *const grants_sql =
	"GRANT USAGE ON SCHEMA a TO ts_anon, ts_group, ts_writer, ts_owner; GRANT SELECT ON \"b.c \"\"d\".devices TO ts_anon;"
	"GRANT SELECT ON a.devices TO ts_anon; GRANT SELECT (note), UPDATE (note) ON a.details TO ts_anon;"
	"GRANT SELECT ON ALL TABLES IN SCHEMA a TO ts_reader; REVOKE SELECT ON a.self FROM ts_reader;"
	"GRANT INSERT, DELETE ON a.devices TO ts_group; GRANT UPDATE ON a.parts TO PUBLIC;"
	"ALTER TABLE a.self OWNER TO ts_owner; ALTER TABLE a.nothing OWNER TO ts_owner; REVOKE INSERT ON a.nothing FROM ts_owner;"
	"GRANT ALL ON a.types TO ts_stranger;";

/* --- connections ------------------------------------------------------- */

/* PQconnectdbParams() expands the first dbname, and of repeated keywords the last one counts. */
static PGconn *
open_as(const char *user, const char *database)
{
	const char *uri = getenv("SWM_TEST_URI");
	ck_assert_msg(uri != NULL, "SWM_TEST_URI is not set");
	const char *keywords[] = { "dbname", "client_encoding", "dbname", user == NULL ? NULL : "user", NULL };
	const char *values[] = { uri, "UTF8", database, user, NULL };
	PGconn *pg = PQconnectdbParams(keywords, values, 1);
	ck_assert_msg(PQstatus(pg) == CONNECTION_OK, "%s", PQerrorMessage(pg));
	return pg;
}

static PGresult *
ask(PGconn *pg, const char *sql)
{
	PGresult *result = PQexec(pg, sql);
	ExecStatusType status = PQresultStatus(result);
	ck_assert_msg(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s: %s", sql, PQerrorMessage(pg));
	return result;
}

static void
tell(PGconn *pg, const char *sql)
{
	PQclear(ask(pg, sql));
}

static swm_str schemas[] = { { "a", 1 }, { "b.c \"d", 6 }, { "not_there", 9 } };
static swm_str extra[] = { { "ext", 3 }, { "public", 6 } };
static swm_str hoisted[] = { { "Statement_Timeout", 17 } };

static swm_settings settings = {
	.db_answer_timeout = 60,
	.db_schemas = { schemas, 3 },
	.db_extra_search_path = { extra, 2 },
	.db_hoisted_tx_settings = { hoisted, 1 },
};

static swm_snapshot *
load_as(const char *user)
{
	swm_snapshot *loaded = NULL;
	swm_error *err = swm_error_new();
	PGconn *pg = open_as(user, DATABASE);

	int result = swm_snapshot_load(&loaded, pg, &settings, err);
	ck_assert_msg(result == SWM_OK, "%d: %.*s", result, (int)swm_error_message(err).len,
	              swm_error_message(err).ptr);
	ck_assert_int_eq(PQtransactionStatus(pg), PQTRANS_IDLE);
	PQfinish(pg);
	swm_error_free(err);
	return loaded;
}

/* Loaded once, before the tests fork. */
static swm_snapshot *snapshot;
static swm_arena *arena; /* of what is found in it */

static void
set_up(void)
{
	PGconn *pg = open_as(NULL, "postgres");
	tell(pg, "SET client_min_messages = warning");
	tell(pg, "DROP DATABASE IF EXISTS " DATABASE " WITH (FORCE)");
	tell(pg, drop_roles_sql);
	tell(pg, "CREATE DATABASE " DATABASE " TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");
	tell(pg, roles_sql);
	PQfinish(pg);
	pg = open_as(NULL, DATABASE);
	tell(pg, types_sql);
	tell(pg, tables_sql);
	tell(pg, functions_sql);
	tell(pg, media_sql);
	tell(pg, grants_sql);
	PQfinish(pg);
	snapshot = load_as("ts_login");
	arena = swm_arena_new();
}

static void
tear_down(void)
{
	swm_snapshot_unref(snapshot);
	swm_arena_free(arena);
	PGconn *pg = open_as(NULL, "postgres");
	tell(pg, "DROP DATABASE " DATABASE " WITH (FORCE)");
	tell(pg, drop_roles_sql);
	PQfinish(pg);
}

static const swm_relation *
relation(const char *name)
{
	const swm_relation *r = swm_snapshot_relation(snapshot, SWM_STR("a"), swm_cstr(name));
	ck_assert_msg(r != NULL, "no relation %s", name);
	return r;
}

static const swm_column *
column(const char *of, const char *name)
{
	const swm_column *c = swm_relation_column(relation(of), swm_cstr(name));
	ck_assert_msg(c != NULL, "no column %s", name);
	return c;
}

/* The only function of the name in schema a. */
static const swm_function *
function(const char *name)
{
	size_t count;
	const swm_function *const *f = swm_snapshot_functions(snapshot, SWM_STR("a"), swm_cstr(name), &count);
	ck_assert_msg(f != NULL && count == 1, "%zu functions %s", count, name);
	return f[0];
}

/* The relationship of a table with a table by its own foreign key of this name; NULL when there is none. */
static const swm_relationship *
foreign_key(const swm_relation *of, const char *name)
{
	const swm_relationship *all, *found = NULL;
	size_t count;

	ck_assert_int_eq(swm_snapshot_relationships(&all, &count, arena, snapshot, of, SWM_STR("a"), NULL), SWM_OK);
	for (size_t i = 0; i < count; i++) {
		if (all[i].key == NULL || !swm_str_eq(all[i].key->name, swm_cstr(name)) ||
		    all[i].origin_columns != all[i].key->columns || all[i].target->kind == 'v' ||
		    all[i].target->kind == 'm')
			continue;
		ck_assert_msg(found == NULL, "%s is there twice", name);
		found = &all[i];
	}
	return found;
}

#define assert_str(view, expected)                                                     \
	do {                                                                           \
		swm_str view_ = (view);                                                \
		ck_assert_msg(swm_str_eq(view_, swm_cstr(expected)), "%s is \"%.*s\"", \
		              #view, (int)view_.len, view_.ptr);                       \
	} while (0)

/* --- relations --------------------------------------------------------- */

START_TEST(relations_of_all_kinds)
{
	static const struct {
		const char *name;
		char kind;
		bool insertable, updatable, deletable;
	} expected[] = {
		{ "devices", 'r', true, true, true },    { "nothing", 'r', true, true, true },
		{ "days", 'p', true, true, true },
		{ "child", 'r', true, true, true },      { "mat", 'm', false, false, false },
		{ "v_plain", 'v', true, true, true },    { "v_on_view", 'v', true, true, true },
		{ "v_grouped", 'v', false, false, false }, { "v_trigger", 'v', true, false, false },
		{ "far", 'f', false, false, false },     { "v_far", 'v', false, false, false },
		{ "v_v_far", 'v', false, false, false },
	};

	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		const swm_relation *r = relation(expected[i].name);
		ck_assert_msg(r->kind == expected[i].kind && r->insertable == expected[i].insertable &&
		              r->updatable == expected[i].updatable && r->deletable == expected[i].deletable,
		              "%s", expected[i].name);
		ck_assert_ptr_eq(swm_snapshot_relation_by_oid(snapshot, r->oid), r);
	}
}
END_TEST

START_TEST(relations_that_are_not_there)
{
	static const char *const names[] = { "a_sequence", "an_index", "days_2024", "point2", "secret", "Devices", "", "device" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert_ptr_null(swm_snapshot_relation(snapshot, SWM_STR("a"), swm_cstr(names[i])));
	ck_assert_ptr_null(swm_snapshot_relation(snapshot, SWM_STR("hidden"), SWM_STR("secret")));
	ck_assert_ptr_null(swm_snapshot_relation(snapshot, SWM_STR("pg_catalog"), SWM_STR("pg_class")));
	ck_assert_ptr_null(swm_snapshot_relation_by_oid(snapshot, 1259));
	ck_assert_ptr_null(swm_snapshot_relation_by_oid(snapshot, 0));
}
END_TEST

START_TEST(relations_in_order)
{
	size_t count;
	const swm_relation *const *all = swm_snapshot_relations(snapshot, &count);

	ck_assert_uint_gt(count, 20);
	for (size_t i = 1; i < count; i++) {
		int by_schema = swm_str_cmp(all[i - 1]->schema, all[i]->schema); /* a, then b */
		ck_assert(by_schema < 0 || (by_schema == 0 && swm_str_cmp(all[i - 1]->name, all[i]->name) < 0));
	}
}
END_TEST

START_TEST(odd_names)
{
	const swm_relation *r = swm_snapshot_relation(snapshot, schemas[1], SWM_STR("Odd \"n\xc3\xa4me\".x'y"));
	static const char *const columns[] = { "sp ace", "quo\"te", "dot.t", "\xe6\x97\xa5\xe6\x9c\xac", "UPPER" };

	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->column_count, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_ptr_eq(swm_relation_column(r, swm_cstr(columns[i])), &r->columns[i]);
	ck_assert_ptr_null(swm_relation_column(r, SWM_STR("upper")));
	const swm_relation *same = swm_snapshot_relation(snapshot, schemas[1], SWM_STR("devices"));
	ck_assert_ptr_nonnull(same);
	ck_assert_ptr_ne(same, relation("devices"));
}
END_TEST

START_TEST(columns_in_full)
{
	const swm_relation *r = relation("devices");
	const swm_column *c;

	assert_str(r->comment, "The devices");
	ck_assert_uint_eq(r->column_count, 7);
	assert_str(r->columns[0].name, "id");
	c = column("devices", "name");
	assert_str(c->type_name, "character varying(40)");
	assert_str(c->type->name, "character varying");
	assert_str(c->comment, "Its \"name\"\n's");
	ck_assert(!c->nullable && !c->has_default && !c->is_identity && !c->is_generated && c->is_updatable);
	c = column("devices", "price");
	ck_assert(c->nullable && c->has_default);
	assert_str(c->default_sql, "1.5");
	assert_str(c->comment, "");
	c = column("devices", "noted");
	ck_assert(c->nullable && c->has_default);
	assert_str(c->default_sql, "7");
	assert_str(c->type_name, "a.smaller");
	ck_assert(!column("devices", "must")->nullable);
	c = column("devices", "serial");
	ck_assert(c->is_identity && c->has_default && !c->nullable && !c->is_generated);
	c = column("devices", "twice");
	ck_assert(c->is_generated && !c->has_default && !c->is_updatable);
	assert_str(c->default_sql, "");
	ck_assert_uint_eq(relation("nothing")->column_count, 0);
}
END_TEST

/* Whatever it is, a column has a type. */
START_TEST(columns_of_any_type)
{
	size_t count;
	const swm_relation *const *all = swm_snapshot_relations(snapshot, &count);

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < all[i]->column_count; k++)
			ck_assert_ptr_nonnull(all[i]->columns[k].type);
	assert_str(column("v_system", "class")->type_name, "pg_class");
	ck_assert_int_eq(column("v_system", "class")->type->form, SWM_FORM_SERVER);
	assert_str(column("v_system", "far")->type_name, "a.far");
	assert_str(column("v_columns", "column_name")->type->name, "information_schema.sql_identifier");
	ck_assert_int_eq(column("v_columns", "column_name")->type->form, SWM_FORM_STRING);
}
END_TEST

START_TEST(columns_of_views)
{
	ck_assert(column("v_plain", "name")->is_updatable);
	ck_assert(!column("v_plain", "next")->is_updatable);
	ck_assert(column("v_on_view", "name")->is_updatable);
	ck_assert(!column("v_grouped", "n")->is_updatable);
	ck_assert(!column("mat", "id")->is_updatable);
	ck_assert(!column("v_far", "id")->is_updatable);
	ck_assert(column("v_plain", "name")->nullable);
	assert_str(column("v_plain", "name")->type_name, "character varying(40)");
	assert_str(relation("child")->columns[0].name, "id");
}
END_TEST

/* --- keys -------------------------------------------------------------- */

START_TEST(keys)
{
	const swm_relation *r = relation("devices");

	/* columns that were dropped leave no gap in the indexes */
	ck_assert_uint_eq(r->primary_key_count, 1);
	ck_assert_uint_eq(r->primary_key[0], 0);
	ck_assert_uint_eq(r->unique_key_count, 3);
	ck_assert(r->unique_keys[0].is_primary && !r->unique_keys[1].is_primary);
	/* the key's order, not the table's */
	r = relation("parts");
	ck_assert_uint_eq(r->primary_key_count, 2);
	ck_assert_uint_eq(r->primary_key[0], 1);
	ck_assert_uint_eq(r->primary_key[1], 0);
	r = relation("days");
	ck_assert_uint_eq(r->primary_key_count, 2);
	ck_assert_uint_eq(r->primary_key[1], 2);
	ck_assert_uint_eq(relation("v_plain")->primary_key_count, 1);
	ck_assert_uint_eq(relation("v_grouped")->primary_key_count, 0);
	ck_assert_uint_eq(relation("to_hidden")->primary_key_count, 0);
}
END_TEST

/* The index over these columns, its SQL checked. */
static void
assert_index(const char *relation_name, const char *columns, const char *expressions, const char *predicate)
{
	const swm_relation *r = relation(relation_name);

	for (size_t i = 0; i < r->unique_index_count; i++) {
		const swm_unique_index *index = &r->unique_indexes[i];
		swm_buf names = SWM_BUF_INIT;
		for (size_t k = 0; k < index->count; k++) {
			swm_buf_cstr(&names, k == 0 ? "" : ",");
			swm_buf_str(&names, r->columns[index->columns[k]].name);
		}
		bool same = strcmp(swm_buf_text(&names), columns) == 0;
		swm_buf_dispose(&names);
		if (!same)
			continue;
		assert_str(index->expressions, expressions);
		assert_str(index->predicate, predicate);
		return;
	}
	ck_abort_msg("%s has no index of %s", relation_name, columns);
}

/* Those of constraints, others than unique ones and those of whole rows are none. */
START_TEST(unique_indexes)
{
	ck_assert_uint_eq(relation("keyed")->unique_index_count, 3);
	assert_index("keyed", "email", "", "(at IS NULL)");
	assert_index("keyed", "Odd n,n", "hidden.norm(\"Odd n\"), ((n + 1))", "");
	assert_index("keyed", "at", "", "");
	assert_index("parted", "day", "", "(id > 0)");
	ck_assert_uint_eq(relation("devices")->unique_index_count, 0);
}
END_TEST

/* Their SQL has the table's names. */
START_TEST(unique_indexes_of_views)
{
	ck_assert_uint_eq(relation("v_keyed")->unique_index_count, 3);
	assert_index("v_keyed", "email", "", "(at IS NULL)");
	assert_index("v_keyed", "Odd n,n", "hidden.norm(\"Odd n\"), ((n + 1))", "");
	assert_index("v_keyed", "at", "", "");
	ck_assert_uint_eq(relation("v_renamed")->unique_index_count, 1);
	assert_index("v_renamed", "since", "", "");
	ck_assert_uint_eq(relation("v_cast")->unique_index_count, 1);
	ck_assert_uint_eq(relation("v_joined")->unique_index_count, 0);
}
END_TEST

START_TEST(foreign_keys)
{
	const swm_relationship *r = foreign_key(relation("parts"), "parts_dev");
	const swm_relation *odd = swm_snapshot_relation(snapshot, schemas[1], SWM_STR("Odd \"n\xc3\xa4me\".x'y"));

	ck_assert_ptr_nonnull(r);
	ck_assert_ptr_eq(r->origin, relation("parts"));
	ck_assert_ptr_eq(r->target, relation("devices"));
	ck_assert_uint_eq(r->key->relation_oid, r->origin->oid);
	ck_assert_uint_eq(r->key->target_oid, r->target->oid);
	ck_assert_uint_eq(r->count, 1);
	ck_assert_uint_eq(r->origin_columns[0], 2);
	ck_assert_uint_eq(r->target_columns[0], 0);
	ck_assert_int_eq(r->cardinality, SWM_MANY_TO_ONE);
	r = foreign_key(relation("parts"), "odd_order");
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->count, 2);
	ck_assert_uint_eq(r->origin_columns[0], 3);
	ck_assert_uint_eq(r->origin_columns[1], 4);
	ck_assert_uint_eq(r->target_columns[0], 3);
	ck_assert_uint_eq(r->target_columns[1], 2);
	r = foreign_key(relation("details"), "details_device_id_fkey");
	ck_assert_int_eq(r->cardinality, SWM_ONE_TO_ONE);
	ck_assert(r->key->is_unique);
	ck_assert_ptr_nonnull(foreign_key(relation("self"), "self_parent_fkey"));
	ck_assert_ptr_nonnull(foreign_key(odd, "Odd \"n\xc3\xa4me\".x'y_UPPER_fkey"));
	/* its table is not exposed */
	ck_assert_ptr_null(foreign_key(relation("to_hidden"), "to_hidden_id_fkey"));
}
END_TEST

/* Of a partitioned table once, whichever side it stands on: foreign_key() checks that. */
START_TEST(foreign_keys_of_partitioned_tables)
{
	const swm_relationship *r = foreign_key(relation("days"), "days_device_fkey");

	ck_assert_ptr_nonnull(r);
	ck_assert_ptr_eq(r->target, relation("devices"));
	r = foreign_key(relation("day_notes"), "of_day");
	ck_assert_ptr_nonnull(r);
	ck_assert_ptr_eq(r->target, relation("days"));
	ck_assert_uint_eq(swm_snapshot_foreign_key_count(snapshot), 8); /* with that of hidden.films, which a function shows */
}
END_TEST

/* --- types ------------------------------------------------------------- */

/* What to_json() makes of a value, asked of PostgreSQL, must be what the form promises. */
START_TEST(forms_agree_with_to_json)
{
	const swm_relation *r = relation("types");
	PGconn *pg = open_as(NULL, DATABASE);

	for (size_t i = 0; i < r->column_count; i++) {
		char sql[256];
		snprintf(sql, sizeof sql, "SELECT json_typeof(to_json(%.*s)), to_json(%.*s)::text = %.*s::text FROM a.types",
		         (int)r->columns[i].name.len, r->columns[i].name.ptr, (int)r->columns[i].name.len,
		         r->columns[i].name.ptr, (int)r->columns[i].name.len, r->columns[i].name.ptr);
		PGresult *answer = ask(pg, sql);
		const char *made = PQgetvalue(answer, 0, 0);
		bool verbatim = PQgetvalue(answer, 0, 1)[0] == 't';
		bool right = false;
		switch (r->columns[i].type->form) {
		case SWM_FORM_NUMBER:
			right = strcmp(made, "number") == 0 && verbatim;
			break;
		case SWM_FORM_BOOL:
			right = strcmp(made, "boolean") == 0;
			break;
		case SWM_FORM_JSON:
			right = r->columns[i].type->is_json && verbatim;
			break;
		case SWM_FORM_SERVER:
			right = strcmp(made, "array") == 0 || strcmp(made, "object") == 0;
			break;
		case SWM_FORM_STRING:
		case SWM_FORM_DATE:
		case SWM_FORM_TIMESTAMP:
		case SWM_FORM_TIMESTAMPTZ:
			right = strcmp(made, "string") == 0;
			break;
		}
		ck_assert_msg(right, "%.*s has form %d, and to_json() makes %s", (int)r->columns[i].name.len,
		              r->columns[i].name.ptr, r->columns[i].type->form, made);
		PQclear(answer);
	}
	PQfinish(pg);
}
END_TEST

START_TEST(types_behind_domains)
{
	const swm_type *t = column("types", "t_smaller")->type;

	assert_str(t->name, "a.smaller");
	assert_str(t->schema, "a");
	assert_str(t->typname, "smaller");
	ck_assert_int_eq(t->kind, 'd');
	ck_assert_uint_eq(t->base_oid, 23);
	ck_assert_int_eq(t->form, SWM_FORM_NUMBER);
	ck_assert_int_eq(column("types", "t_daytime")->type->form, SWM_FORM_TIMESTAMPTZ);
	ck_assert_int_eq(column("types", "t_document")->type->form, SWM_FORM_JSON);
	ck_assert(column("types", "t_document")->type->is_json);
	ck_assert(column("types", "t_numbers")->type->is_array);
	ck_assert(column("types", "t_place")->type->is_composite);
	t = column("types", "t_feeling")->type;
	ck_assert_uint_eq(t->enum_count, 3);
	assert_str(t->enum_labels[1], "so, so");
	ck_assert_int_eq(t->form, SWM_FORM_STRING);
}
END_TEST

START_TEST(types_themselves)
{
	ck_assert_int_eq(column("types", "t_date")->type->form, SWM_FORM_DATE);
	ck_assert_int_eq(column("types", "t_ts")->type->form, SWM_FORM_TIMESTAMP);
	ck_assert_int_eq(column("types", "t_tstz")->type->form, SWM_FORM_TIMESTAMPTZ);
	ck_assert(column("types", "t_ints")->type->is_array && column("types", "t_texts")->type->is_array);
	ck_assert(!column("types", "t_point")->type->is_array && !column("types", "t_text")->type->is_array);
	ck_assert(column("types", "t_comp")->type->is_composite && !column("types", "t_comp")->type->is_array);
	ck_assert(column("types", "t_tsv")->type->is_tsvector && !column("types", "t_tsq")->type->is_tsvector);
	ck_assert_int_eq(column("types", "t_mood")->type->kind, 'e');
	ck_assert_int_eq(column("types", "t_span")->type->kind, 'r');
	assert_str(column("types", "t_mood")->type->name, "hidden.mood");
	assert_str(column("types", "t_numeric")->type_name, "numeric(10,3)");
	assert_str(column("types", "t_ints")->type_name, "integer[]");
	assert_str(column("types", "t_tstz")->type_name, "timestamp with time zone");
	assert_str(column("types", "t_tstz")->type->typname, "timestamptz");
	ck_assert_uint_eq(column("types", "t_int4")->type->base_oid, 23);
	ck_assert_uint_eq(column("types", "t_ints")->type->element_oid, 23);
	ck_assert_uint_eq(column("types", "t_numbers")->type->element_oid, 23);
	ck_assert_uint_eq(column("types", "t_text")->type->element_oid, 0);
	/* the elements of an array are there even if nothing else has them */
	assert_str(swm_snapshot_type(snapshot, column("types", "t_inners")->type->element_oid)->name, "hidden.inner_mood");
	ck_assert_uint_eq(column("types", "t_code")->type->max_length, 7);
	ck_assert_uint_eq(column("types", "t_flags")->type->max_length, 3);
	ck_assert_uint_eq(column("types", "t_small")->type->max_length, 0);
	ck_assert_uint_eq(column("types", "t_varchar")->type->max_length, 0);
	/* built-in types that no column has: those of results */
	ck_assert_ptr_nonnull(swm_snapshot_type(snapshot, 2283));
	ck_assert_int_eq(swm_snapshot_type(snapshot, 2249)->form, SWM_FORM_SERVER);
	ck_assert_int_eq(swm_snapshot_type(snapshot, 2287)->form, SWM_FORM_SERVER);
	ck_assert_ptr_null(swm_snapshot_type(snapshot, 0));
}
END_TEST

/* --- functions --------------------------------------------------------- */

START_TEST(overloads)
{
	size_t count;
	const swm_function *const *f = swm_snapshot_functions(snapshot, SWM_STR("a"), SWM_STR("add"), &count);

	ck_assert_uint_eq(count, 2);
	const swm_function *integers = f[0]->parameter_count == 2 ? f[0] : f[1];
	const swm_function *text = f[0]->parameter_count == 2 ? f[1] : f[0];
	ck_assert_uint_eq(integers->parameter_count, 2);
	assert_str(integers->parameters[0].name, "x");
	assert_str(integers->parameters[0].type_name, "integer");
	ck_assert(integers->parameters[0].required && !integers->parameters[1].required);
	ck_assert_int_eq(integers->volatility, 'i');
	assert_str(integers->returns->name, "integer");
	ck_assert(!integers->returns_set && !integers->returns_table && integers->is_exposed);
	ck_assert_uint_eq(text->parameter_count, 1);
	ck_assert_int_eq(text->volatility, 's');
	ck_assert_ptr_null(swm_snapshot_functions(snapshot, SWM_STR("a"), SWM_STR("ad"), &count));
	ck_assert_uint_eq(count, 0);
}
END_TEST

/* What cannot be called by names, nor takes a body, is none of them. */
START_TEST(without_names)
{
	static const char *const none[] = { "raw_twice", "raw_required", "label", "plain" };
	size_t count;
	const swm_function *const *f = swm_snapshot_functions(snapshot, SWM_STR("a"), SWM_STR("raw"), &count);

	ck_assert_uint_eq(count, 1);
	assert_str(f[0]->parameters[0].type_name, "jsonb");
	ck_assert(f[0]->takes_body && !function("raw_half")->takes_body && !function("mood")->takes_body);
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ck_assert_ptr_null(swm_snapshot_functions(snapshot, SWM_STR("a"), swm_cstr(none[i]), &count));
	assert_str(swm_snapshot_nearest_function(snapshot, SWM_STR("a"), SWM_STR("ts_readall"), SWM_STR("raw_hal")), "raw_half");
	ck_assert_ptr_null(swm_snapshot_nearest_function(snapshot, SWM_STR("a"), SWM_STR("ts_readall"), SWM_STR("labe")).ptr);
}
END_TEST

START_TEST(parameters)
{
	const swm_function *f = function("outs");

	ck_assert_uint_eq(f->parameter_count, 3);
	assert_str(f->parameters[0].name, "i");
	assert_str(f->parameters[1].name, "io");
	assert_str(f->parameters[2].name, "v");
	ck_assert(f->parameters[2].variadic && !f->parameters[1].variadic);
	assert_str(f->parameters[2].type_name, "integer[]");
	ck_assert(f->returns_table && !f->returns_set);
	ck_assert(function("one_out")->returns_table);
	ck_assert_uint_eq(function("one_out")->parameter_count, 0);
	f = function("tab");
	ck_assert_uint_eq(f->parameter_count, 1);
	assert_str(f->parameters[0].name, "n");
	ck_assert(f->parameters[0].required);
	ck_assert(f->returns_table && f->returns_set && f->single_row);
	assert_str(f->returns->name, "record");
	f = function("Odd (n\xc3\xa4me)");
	assert_str(f->parameters[0].name, "a b");
}
END_TEST

START_TEST(what_functions_return)
{
	const swm_function *f = function("all_devices");

	ck_assert_ptr_eq(f->row, relation("devices"));
	ck_assert(f->returns_set && !f->single_row);
	ck_assert_ptr_nonnull(f->returns);
	ck_assert(f->returns->is_composite);
	assert_str(function("addendum")->returns->name, "void");
	f = function("mood");
	assert_str(f->comment, "How it is");
	assert_str(f->returns->name, "hidden.mood");
	ck_assert_ptr_null(f->row);
}
END_TEST

static void
assert_columns(const swm_relation *row, const char *names)
{
	swm_buf list = SWM_BUF_INIT;

	ck_assert_ptr_nonnull(row);
	for (size_t i = 0; i < row->column_count; i++) {
		swm_buf_cstr(&list, i == 0 ? "" : ", ");
		swm_buf_str(&list, row->columns[i].name);
		swm_buf_char(&list, ' ');
		swm_buf_str(&list, row->columns[i].type_name);
	}
	ck_assert_str_eq(swm_buf_text(&list), names);
	swm_buf_dispose(&list);
}

START_TEST(rows_of_functions)
{
	static const struct {
		const char *function, *columns;
	} expected[] = {
		{ "films", "id integer, device integer, title character varying(9)" },
		{ "one_film", "id integer, device integer, title character varying(9)" },
		{ "v_films", "machine integer, id integer" },
		{ "a_point", "x double precision, y double precision" },
		{ "a_place", "x double precision, y double precision" },
		{ "out_point", "x double precision, y double precision" },
		{ "out_unnamed", "column1 integer, column2 text" },
		{ "one_table", "n integer" },
		{ "one_out", "o text" },
		{ "outs", "o text, io integer" },
		{ "tab", "p integer, q text" },
		{ "middle", "b integer, d integer" },
	};

	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		const swm_function *f = function(expected[i].function);
		assert_columns(f->row, expected[i].columns);
		ck_assert_int_eq(f->row->kind, 'c');
		ck_assert_uint_eq(f->row->unique_key_count + f->row->primary_key_count, 0);
		ck_assert(!swm_snapshot_may(snapshot, SWM_STR("ts_reader"), f->row, 'r'));
	}
	assert_str(function("films")->row->name, "films");
	assert_str(function("films")->row->schema, "hidden");
	ck_assert_ptr_null(function("rec")->row);
	ck_assert_ptr_null(function("private")->row);
	ck_assert_ptr_null(function("addendum")->row);
	ck_assert(function("addendum")->returns_void);
	ck_assert(!function("private")->returns_void);
}
END_TEST

/* What a function returns is related as the table or view is of whose type its rows are. */
START_TEST(relationships_of_functions_rows)
{
	const swm_relationship *r = foreign_key(function("films")->row, "films_device_fkey");

	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->origin_columns[0], 1);
	ck_assert_ptr_eq(r->target, relation("devices"));
	r = foreign_key(function("v_films")->row, "films_device_fkey");
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->origin_columns[0], 0);
	/* and is no target itself */
	ck_assert_ptr_null(foreign_key(function("tab")->row, "films_device_fkey"));
	const swm_relationship *all;
	size_t count;
	ck_assert_int_eq(swm_snapshot_relationships(&all, &count, arena, snapshot, relation("devices"), SWM_STR("a"), NULL),
	                 SWM_OK);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_ne(all[i].target->kind, 'c');
}
END_TEST

/* A cast to the name must leave a long value as it is: PostgreSQL is asked. */
START_TEST(types_of_parameters)
{
	static const char *const values[] = { "'abc'", "B'101'", "'a'", "'{sad}'", "'{abc,d}'", "'long text'", "'x'" };
	const swm_function *f = function("letters");
	PGconn *pg = open_as(NULL, DATABASE);

	ck_assert_uint_eq(f->parameter_count, 7);
	for (size_t i = 0; i < f->parameter_count; i++) {
		char sql[200];
		snprintf(sql, sizeof sql, "SELECT (%s::%.*s)::text = %s::text, pg_typeof(NULL::%.*s)::oid", values[i],
		         (int)f->parameters[i].type_name.len, f->parameters[i].type_name.ptr, values[i],
		         (int)f->parameters[i].type_name.len, f->parameters[i].type_name.ptr);
		PGresult *rows = ask(pg, sql);
		ck_assert_msg(PQgetvalue(rows, 0, 0)[0] == 't', "%s", sql);
		ck_assert_uint_eq(strtoul(PQgetvalue(rows, 0, 1), NULL, 10), f->parameters[i].type->oid);
		PQclear(rows);
	}
	PQfinish(pg);
	assert_str(f->parameters[0].type->name, "character");
	f = function("poly");
	ck_assert_uint_eq(f->parameter_count, 2);
	ck_assert_int_eq(f->parameters[0].type->kind, 'p');
	ck_assert(f->parameters[1].variadic && f->parameters[1].type->is_array);
	f = function("middle");
	ck_assert_uint_eq(f->parameter_count, 2);
	ck_assert(f->parameters[0].required && !f->parameters[1].required);
}
END_TEST

/* Every function and role, against has_function_privilege(). */
START_TEST(who_may_execute)
{
	PGconn *pg = open_as(NULL, DATABASE);
	PGresult *rows = ask(pg,
		"SELECT p.oid, p.proname, r.rolname,"
		" has_function_privilege(r.oid, p.oid, 'EXECUTE') AND has_schema_privilege(r.oid, p.pronamespace, 'USAGE')"
		" FROM pg_proc p, pg_roles r WHERE p.pronamespace = 'a'::regnamespace AND p.prokind = 'f'"
		" AND p.prorettype <> 'trigger'::regtype AND r.rolname ~ '^ts_' AND r.rolname <> 'ts_stranger'"
		" AND (p.pronargs = 0 OR p.proargnames IS NOT NULL) AND p.proname <> 'raw_required'");
	int refused = 0;

	ck_assert_int_gt(PQntuples(rows), 100);
	for (int i = 0; i < PQntuples(rows); i++) {
		size_t count;
		const swm_function *const *all = swm_snapshot_functions(snapshot, SWM_STR("a"), swm_cstr(PQgetvalue(rows, i, 1)), &count);
		const swm_function *f = NULL;
		for (size_t k = 0; k < count; k++)
			if (all[k]->oid == strtoul(PQgetvalue(rows, i, 0), NULL, 10))
				f = all[k];
		ck_assert_ptr_nonnull(f);
		bool may = swm_snapshot_may_execute(snapshot, swm_cstr(PQgetvalue(rows, i, 2)), f);
		ck_assert_msg(may == (PQgetvalue(rows, i, 3)[0] == 't'), "%s %s", PQgetvalue(rows, i, 1), PQgetvalue(rows, i, 2));
		refused += !may;
	}
	ck_assert_int_gt(refused, 2);
	PQclear(rows);
	PQfinish(pg);
}
END_TEST

START_TEST(functions_that_write_media)
{
	assert_str(function("twkb")->media_type, "application/vnd.twkb");
	assert_str(function("any_media")->media_type, SWM_ANY_MEDIA_TYPE);
	assert_str(function("media_set")->media_type, "");
	assert_str(function("half")->media_type, "");
	assert_str(function("many_slashes")->media_type, "");
	assert_str(function("mood")->media_type, "");
}
END_TEST

START_TEST(aggregates_that_write_media)
{
	const swm_media_handler *h = swm_snapshot_media_handler(snapshot, relation("devices"), SWM_STR("text/csv"));
	size_t count;

	ck_assert_ptr_nonnull(h);
	assert_str(h->schema, "a");
	assert_str(h->name, "csv_agg");
	assert_str(h->type->schema, "hidden");
	ck_assert_uint_eq(h->relation_oid, relation("devices")->oid);
	h = swm_snapshot_media_handler(snapshot, relation("self"), SWM_STR("text/csv"));
	ck_assert_ptr_nonnull(h);
	assert_str(h->name, "any_csv");
	ck_assert_uint_eq(h->relation_oid, 0);
	h = swm_snapshot_media_handler(snapshot, function("tab")->row, SWM_STR("text/csv"));
	assert_str(h->name, "any_csv");
	h = swm_snapshot_media_handler(snapshot, relation("parts"), SWM_STR("application/vnd.twkb"));
	ck_assert_ptr_nonnull(h);
	assert_str(h->name, "twkb_agg");
	ck_assert_ptr_null(swm_snapshot_media_handler(snapshot, relation("devices"), SWM_STR("application/vnd.twkb")));
	ck_assert_ptr_null(swm_snapshot_media_handler(snapshot, relation("parts"), SWM_STR(SWM_ANY_MEDIA_TYPE)));
	(void)swm_snapshot_media_handlers(snapshot, relation("parts"), &count);
	ck_assert_uint_eq(count, 1);
	(void)swm_snapshot_media_handlers(snapshot, NULL, &count);
	ck_assert_uint_eq(count, 1);
	(void)swm_snapshot_media_handlers(snapshot, relation("self"), &count);
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(casts_of_domains)
{
	const swm_domain_casts *casts = column("profiles", "id")->type->casts;

	ck_assert_ptr_nonnull(casts);
	assert_str(casts->to_json.schema, "a");
	assert_str(casts->to_json.name, "to JSON");
	assert_str(casts->from_text.schema, "hidden");
	assert_str(casts->from_text.name, "of_text");
	assert_str(casts->from_json.name, "of_json");
	ck_assert_uint_eq(casts->to_text.name.len, 0);
	ck_assert_ptr_null(column("profiles", "other")->type->casts); /* without a function */
	ck_assert_ptr_null(column("types", "t_colour")->type->casts); /* no domain */
}
END_TEST

START_TEST(settings_that_are_hoisted)
{
	const swm_function *f = function("all_devices");

	ck_assert_uint_eq(f->setting_count, 1);
	assert_str(f->setting_names[0], "statement_timeout");
	assert_str(f->setting_values[0], "3s");
	ck_assert_uint_eq(function("mood")->setting_count, 0);
}
END_TEST

START_TEST(what_is_no_function)
{
	static const char *const names[] = { "nop", "proc", "agg" };
	size_t count;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert_ptr_null(swm_snapshot_functions(snapshot, SWM_STR("a"), swm_cstr(names[i]), &count));
	ck_assert_ptr_null(swm_snapshot_functions(snapshot, SWM_STR("ext"), SWM_STR("plain"), &count));
	ck_assert_ptr_null(swm_snapshot_functions(snapshot, SWM_STR("pg_catalog"), SWM_STR("now"), &count));
}
END_TEST

START_TEST(computed_fields)
{
	const swm_relation *r = relation("devices");
	const swm_function *f = swm_relation_computed(r, SWM_STR("label"));

	/* the relation's schema comes before the extra ones; other exposed schemas are not on its search path */
	ck_assert_ptr_nonnull(f);
	assert_str(f->schema, "a");
	f = swm_relation_computed(r, SWM_STR("far_label"));
	ck_assert_ptr_nonnull(f);
	ck_assert(!f->is_exposed);
	ck_assert_ptr_null(swm_relation_computed(r, SWM_STR("other")));
	ck_assert_ptr_null(swm_relation_computed(r, SWM_STR("two")));
	ck_assert_ptr_null(swm_relation_computed(relation("parts"), SWM_STR("label")));
	/* a relationship, not a field */
	ck_assert_ptr_null(swm_relation_computed(r, SWM_STR("its_parts")));
	ck_assert_uint_eq(r->computed_count, 4);
}
END_TEST

/* --- roles ------------------------------------------------------------- */

START_TEST(role_settings)
{
	const swm_role *r = swm_snapshot_role(snapshot, SWM_STR("ts_reader"));

	ck_assert_ptr_nonnull(r);
	assert_str(r->isolation, "serializable");
	ck_assert_uint_eq(r->setting_count, 1);
	assert_str(r->setting_names[0], "statement_timeout");
	assert_str(r->setting_values[0], "5s");
	r = swm_snapshot_role(snapshot, SWM_STR("ts_anon"));
	ck_assert_uint_eq(r->setting_count, 2);
	assert_str(r->setting_names[1], "work_mem");
	assert_str(r->setting_values[1], "1MB");
	assert_str(r->isolation, "");
	/* what the login role inherits through others it may take as well; others not */
	ck_assert_ptr_nonnull(swm_snapshot_role(snapshot, SWM_STR("ts_group")));
	ck_assert_ptr_null(swm_snapshot_role(snapshot, SWM_STR("ts_stranger")));
	ck_assert_ptr_null(swm_snapshot_role(snapshot, SWM_STR("postgres")));
}
END_TEST

START_TEST(settings_of_superusers)
{
	swm_snapshot *all = load_as(NULL);
	const swm_role *r = swm_snapshot_role(all, SWM_STR("ts_reader"));

	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(r->setting_count, 2);
	assert_str(r->setting_names[0], "log_min_messages");
	ck_assert_ptr_nonnull(swm_snapshot_role(all, SWM_STR("ts_stranger")));
	ck_assert(swm_snapshot_may(all, SWM_STR("postgres"),
	                           swm_snapshot_relation(all, SWM_STR("a"), SWM_STR("parts")), 'd'));
	swm_snapshot_unref(all);
}
END_TEST

START_TEST(dates_of_roles)
{
	ck_assert(swm_snapshot_iso_dates(snapshot, SWM_STR("ts_reader")));
	ck_assert(swm_snapshot_iso_dates(snapshot, SWM_STR("ts_anon")));
	ck_assert(!swm_snapshot_iso_dates(snapshot, SWM_STR("ts_writer")));
	ck_assert(swm_snapshot_iso_dates(snapshot, SWM_STR("nobody")));
}
END_TEST

START_TEST(dates_of_the_session)
{
	PGconn *pg = open_as("ts_login", DATABASE);
	swm_snapshot *other = NULL;

	tell(pg, "SET datestyle = 'German'");
	ck_assert_int_eq(swm_snapshot_load(&other, pg, &settings, NULL), SWM_OK);
	ck_assert(!swm_snapshot_iso_dates(other, SWM_STR("ts_anon")));
	ck_assert(!swm_snapshot_iso_dates(other, SWM_STR("nobody")));
	swm_snapshot_unref(other);
	PQfinish(pg);
}
END_TEST

/* Every relation, role and privilege, against has_table_privilege() and has_any_column_privilege(). */
START_TEST(privileges_agree_with_postgresql)
{
	PGconn *pg = open_as(NULL, DATABASE);
	PGresult *rows = ask(pg,
		"SELECT n.nspname, c.relname, r.rolname, p.letter, has_schema_privilege(r.oid, n.oid, 'USAGE') AND"
		" (has_table_privilege(r.oid, c.oid, p.name)"
		" OR (p.name <> 'DELETE' AND has_any_column_privilege(r.oid, c.oid, CASE p.name WHEN 'DELETE' THEN 'SELECT' ELSE p.name END)))"
		" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,"
		" pg_roles r, (VALUES ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd')) AS p (name, letter)"
		" WHERE n.nspname IN ('a', 'b.c \"d') AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition"
		" AND r.rolname ~ '^ts_' AND r.rolname <> 'ts_stranger'");
	int allowed = 0;

	ck_assert_int_gt(PQntuples(rows), 500);
	for (int i = 0; i < PQntuples(rows); i++) {
		const swm_relation *r = swm_snapshot_relation(snapshot, swm_cstr(PQgetvalue(rows, i, 0)),
		                                              swm_cstr(PQgetvalue(rows, i, 1)));
		ck_assert_ptr_nonnull(r);
		bool may = swm_snapshot_may(snapshot, swm_cstr(PQgetvalue(rows, i, 2)), r,
		                            PQgetvalue(rows, i, 3)[0]);
		ck_assert_msg(may == (PQgetvalue(rows, i, 4)[0] == 't'), "%s %s %s: %d", PQgetvalue(rows, i, 1),
		              PQgetvalue(rows, i, 2), PQgetvalue(rows, i, 3), may);
		allowed += may;
	}
	ck_assert_int_gt(allowed, 30);
	PQclear(rows);
	PQfinish(pg);
}
END_TEST

START_TEST(privileges_of_strangers)
{
	ck_assert(!swm_snapshot_may(snapshot, SWM_STR("ts_stranger"), relation("types"), 'r'));
	ck_assert(!swm_snapshot_may(snapshot, SWM_STR("nobody"), relation("parts"), 'w'));
	ck_assert(!swm_snapshot_may(snapshot, SWM_STR("ts_anon"), relation("devices"), 'x'));
}
END_TEST

/* --- the rest ---------------------------------------------------------- */

START_TEST(nearest_relations)
{
	assert_str(swm_snapshot_nearest_relation(snapshot, SWM_STR("a"), SWM_STR("ts_readall"), SWM_STR("device")), "devices");
	assert_str(swm_snapshot_nearest_relation(snapshot, schemas[1], SWM_STR("ts_readall"), SWM_STR("devises")), "devices");
	ck_assert_ptr_null(swm_snapshot_nearest_relation(snapshot, SWM_STR("a"), SWM_STR("ts_readall"), SWM_STR("zzz")).ptr);
	ck_assert_ptr_null(swm_snapshot_nearest_relation(snapshot, SWM_STR("hidden"), SWM_STR("ts_readall"), SWM_STR("secret")).ptr);
}
END_TEST

/* ts_anon may see devices and details alone, and execute all but private(). */
START_TEST(nearest_that_a_role_may_see)
{
	swm_str a = SWM_STR("a"), anon = SWM_STR("ts_anon"), writer = SWM_STR("ts_writer");

	assert_str(swm_snapshot_nearest_relation(snapshot, a, anon, SWM_STR("device")), "devices");
	assert_str(swm_snapshot_nearest_relation(snapshot, a, anon, SWM_STR("detail")), "details");
	assert_str(swm_snapshot_nearest_relation(snapshot, a, SWM_STR("ts_readall"), SWM_STR("profile")), "profiles");
	ck_assert_ptr_null(swm_snapshot_nearest_relation(snapshot, a, anon, SWM_STR("profile")).ptr);
	assert_str(swm_snapshot_nearest_function(snapshot, a, writer, SWM_STR("privat")), "private");
	ck_assert_ptr_null(swm_snapshot_nearest_function(snapshot, a, anon, SWM_STR("privat")).ptr);
	ck_assert(swm_snapshot_may_see(snapshot, anon, relation("details")));
	ck_assert(!swm_snapshot_may_see(snapshot, anon, relation("profiles")));
	ck_assert(!swm_snapshot_may_see(snapshot, SWM_STR("nobody"), relation("parts")));
	ck_assert_ptr_null(swm_snapshot_nearest_relation(snapshot, a, SWM_STR(""), SWM_STR("device")).ptr);
}
END_TEST

/* What is granted in a schema that the role may not use counts for nothing. */
START_TEST(schemas_that_a_role_may_use)
{
	swm_str a = SWM_STR("a"), reader = SWM_STR("ts_reader");

	ck_assert(swm_snapshot_may_use(snapshot, SWM_STR("ts_anon"), a));
	ck_assert(swm_snapshot_may_use(snapshot, SWM_STR("ts_readall"), schemas[1]));
	ck_assert(!swm_snapshot_may_use(snapshot, SWM_STR("ts_anon"), schemas[1]));
	ck_assert(!swm_snapshot_may_use(snapshot, reader, a));
	ck_assert(!swm_snapshot_may_see(snapshot, reader, relation("devices")));
	ck_assert(!swm_snapshot_may_execute(snapshot, reader, function("mood")));
	ck_assert_ptr_null(swm_snapshot_nearest_relation(snapshot, a, reader, SWM_STR("device")).ptr);
	ck_assert_ptr_null(swm_snapshot_nearest_function(snapshot, a, reader, SWM_STR("moo")).ptr);
}
END_TEST

START_TEST(comments_of_schemas)
{
	assert_str(swm_snapshot_schema_comment(snapshot, SWM_STR("a")), "What is in a");
	assert_str(swm_snapshot_schema_comment(snapshot, SWM_STR("b.c \"d")), "");
	assert_str(swm_snapshot_schema_comment(snapshot, SWM_STR("pg_catalog")), "");
}
END_TEST

/* Overloads stand together. */
START_TEST(all_functions)
{
	size_t count, same = 0;
	const swm_function *const *all = swm_snapshot_all_functions(snapshot, &count);

	ck_assert_uint_gt(count, 10);
	for (size_t i = 0; i + 1 < count; i++)
		same += swm_str_eq(all[i]->name, SWM_STR("add")) && swm_str_eq(all[i + 1]->name, SWM_STR("add"));
	ck_assert_uint_eq(same, 1);
}
END_TEST

START_TEST(server_version)
{
	PGconn *pg = open_as(NULL, DATABASE);
	PGresult *rows = ask(pg, "SHOW server_version_num");
	ck_assert_int_eq(swm_snapshot_server_version(snapshot), atoi(PQgetvalue(rows, 0, 0)));
	PQclear(rows);
	PQfinish(pg);
}
END_TEST

START_TEST(references)
{
	ck_assert_ptr_eq(swm_snapshot_ref(snapshot), snapshot);
	swm_snapshot_unref(snapshot);
	ck_assert_ptr_nonnull(swm_snapshot_relation(snapshot, SWM_STR("a"), SWM_STR("devices")));
	swm_snapshot_unref(NULL);
}
END_TEST

START_TEST(schemas_that_are_not_there)
{
	static swm_str none[] = { { "no\\such,\"{}", 11 } };
	swm_settings odd = { .db_answer_timeout = 60, .db_schemas = { none, 1 } };
	swm_snapshot *empty = NULL;
	PGconn *pg = open_as("ts_login", DATABASE);
	size_t count = 1;

	ck_assert_int_eq(swm_snapshot_load(&empty, pg, &odd, NULL), SWM_OK);
	(void)swm_snapshot_relations(empty, &count);
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(swm_snapshot_relation(empty, SWM_STR("a"), SWM_STR("devices")));
	swm_snapshot_unref(empty);
	PQfinish(pg);
}
END_TEST

/* The connection is as it was: idle, with its own search path, also after a failure. */
START_TEST(the_connection_afterwards)
{
	PGconn *pg = open_as("ts_login", DATABASE);
	swm_snapshot *none = NULL;
	swm_error *err = swm_error_new();
	swm_snapshot *good = NULL;

	tell(pg, "SET search_path = a; SET statement_timeout = 1");
	/* reading the time zones takes longer than a millisecond */
	ck_assert_int_eq(swm_snapshot_load(&none, pg, &settings, err), SWM_EDATABASE);
	ck_assert_ptr_null(none);
	assert_str(swm_error_code(err), "57014");
	ck_assert_int_eq(PQtransactionStatus(pg), PQTRANS_IDLE);
	tell(pg, "SET statement_timeout = 0");
	swm_error_clear(err);
	ck_assert_int_eq(swm_snapshot_load(&good, pg, &settings, err), SWM_OK);
	PGresult *rows = ask(pg, "SHOW search_path");
	ck_assert_str_eq(PQgetvalue(rows, 0, 0), "a");
	PQclear(rows);
	swm_snapshot_unref(good);
	swm_error_free(err);
	PQfinish(pg);
}
END_TEST

/* Somebody holds a lock on what the load looks at, for longer than may be waited. */
START_TEST(the_server_is_silent)
{
	PGconn *pg = open_as("ts_login", DATABASE), *other = open_as(NULL, DATABASE);
	swm_settings short_of_time = settings;
	swm_snapshot *none = NULL;
	swm_error *err = swm_error_new();

	short_of_time.db_answer_timeout = 1;
	tell(other, "BEGIN; LOCK TABLE pg_class");
	ck_assert_int_eq(swm_snapshot_load(&none, pg, &short_of_time, err), SWM_EUNAVAILABLE);
	ck_assert_ptr_null(none);
	assert_str(swm_error_code(err), "PGRST001");
	assert_str(swm_error_details(err), "PostgreSQL has been silent for 1 s");
	swm_error_free(err);
	PQfinish(other);
	PQfinish(pg);
}
END_TEST

START_TEST(the_connection_is_lost)
{
	PGconn *pg = open_as("ts_login", DATABASE), *other = open_as(NULL, "postgres");
	swm_snapshot *none = NULL;
	swm_error *err = swm_error_new();
	char sql[80];

	snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d, 10000)", PQbackendPID(pg));
	tell(other, sql);
	ck_assert_int_eq(swm_snapshot_load(&none, pg, &settings, err), SWM_EUNAVAILABLE);
	ck_assert_ptr_null(none);
	assert_str(swm_error_code(err), "57P01"); /* admin_shutdown, as the server said */
	swm_error_free(err);
	PQfinish(other);
	PQfinish(pg);
}
END_TEST

static TCase *
make_tests(void)
{
	const TTest *const all[] = {
		relations_of_all_kinds, relations_that_are_not_there, relations_in_order, odd_names, columns_in_full,
		columns_of_any_type, columns_of_views, keys, unique_indexes, unique_indexes_of_views, foreign_keys, foreign_keys_of_partitioned_tables, forms_agree_with_to_json,
		types_behind_domains, types_themselves, overloads, without_names, parameters, what_functions_return,
		rows_of_functions, relationships_of_functions_rows, types_of_parameters, who_may_execute,
		functions_that_write_media, aggregates_that_write_media, casts_of_domains,
		settings_that_are_hoisted, what_is_no_function, computed_fields, role_settings, settings_of_superusers,
		dates_of_roles, dates_of_the_session, privileges_agree_with_postgresql, privileges_of_strangers,
		nearest_relations, nearest_that_a_role_may_see, schemas_that_a_role_may_use, comments_of_schemas,
		all_functions, server_version, references,
		schemas_that_are_not_there, the_connection_afterwards, the_connection_is_lost, the_server_is_silent,
	};
	TCase *tests = tcase_create("snapshot");

	tcase_add_unchecked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(tests, all[i]);
	return tests;
}

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("schema");
	suite_add_tcase(suite, make_tests());
	return suite;
}
