-- What the integration tests read, beside the schema swm: odd names, types, sizes and privileges.
SET client_min_messages = warning;

CREATE SCHEMA test;
CREATE SCHEMA other;
GRANT USAGE ON SCHEMA test, other TO swm_anon, swm_reader, swm_writer;
SET search_path = test;

CREATE TABLE people (
	id integer PRIMARY KEY,
	name text NOT NULL,
	age integer,
	score numeric(6,2),
	active boolean,
	born date,
	tags text[],
	data jsonb,
	span int4range
);
INSERT INTO people VALUES
	(1, 'Ann', 12, 90.50, true, '2013-01-12', '{red,blue}',
	 '{"blood": "A-", "age": 25, "list": [10, 20], "odd key.": {"in,ner": 1}}', '[1,5)'),
	(2, 'Bob', 20, 70, false, '2005-06-30', '{red}', '{"blood": "O+", "age": 30, "list": []}', '[5,10)'),
	(3, 'Carol', 35, NULL, NULL, '1990-02-28', '{}', '{"blood": "A-", "age": 9}', '[20,30)'),
	(4, 'O''Brien', NULL, 55.5, true, NULL, NULL, NULL, NULL),
	(5, 'Peter', 65, 100, false, '1960-12-01', '{green,blue}', '{"blood": null, "age": "old"}', '[8,22)'),
	(6, 'Per,cent (100%) "q" \b', 20, 0, NULL, '2005-06-30', '{"a,b","c\"d"}', '{}', '[3,4)');

-- computed fields: a column's place in select, filters and order, but not in *
CREATE FUNCTION label(people) RETURNS text LANGUAGE sql STABLE AS $$ SELECT $1.id || ':' || $1.name $$;

CREATE VIEW grown_ups AS SELECT id, name FROM people WHERE age >= 18;
CREATE VIEW ages AS SELECT age, count(*) AS how_many FROM people GROUP BY age;

CREATE TYPE coordinates AS (lat numeric(8,6), long numeric(9,6));
CREATE TABLE countries (id integer PRIMARY KEY, location coordinates, languages text[]);
INSERT INTO countries VALUES (5, (19.741755, -155.844437), '{en}'), (6, (-33.9, 18.4), '{af,zu}');

CREATE TABLE articles (id integer PRIMARY KEY, body text, tsv tsvector, doc jsonb);
INSERT INTO articles VALUES
	(1, 'The Fat Cats ate rats', to_tsvector('english', 'The Fat Cats ate rats'), '{"t": "The Fat Cats"}'),
	(2, 'amusant et drôle', to_tsvector('french', 'amusant et drôle'), '{"t": "amusant"}'),
	(3, 'A fat dog', to_tsvector('english', 'A fat dog'), NULL);

-- names: the reserved characters of the URL dialect, quotes, blanks, Unicode
CREATE TABLE "Order Items" (
	"id" integer PRIMARY KEY,
	"Unit Price" numeric,
	"a.b" text,
	"say ""x""" text,
	"back\slash" text,
	"co:lon,com(ma)" text,
	"naïve ключ 💡" text,
	"select" text
);
INSERT INTO "Order Items" VALUES
	(1, 150, 'one', 'q1', 's1', 'c1', 'ü1', 'k1'),
	(2, 250.0, 'two', 'q2', 's2', 'c2', 'ü2', 'k2');
CREATE TABLE "موارد" ("شماره" integer PRIMARY KEY, "نام" text);
INSERT INTO "موارد" VALUES (1, 'یک');
CREATE TABLE "odd.name(with) ""all"", of%it" (id integer PRIMARY KEY);
INSERT INTO "odd.name(with) ""all"", of%it" VALUES (7);

CREATE TABLE three (id integer PRIMARY KEY);
INSERT INTO three VALUES (1), (2), (3);
-- pages by key: nulls, equal values, texts of all that a URL and a list must quote
CREATE TABLE pages (
	id integer PRIMARY KEY,
	grade integer,
	label text NOT NULL UNIQUE,
	seen timestamptz NOT NULL,
	weight double precision,
	maybe integer UNIQUE,
	UNIQUE (seen, label)
);
INSERT INTO pages SELECT g, nullif(g % 4, 0),
	(ARRAY['null', '', ',', '("', 'a"b\c', ' blank ', '{x}', '100% & +', 'ünïcode 💡', E'tab\tnew\nline'])[g % 10 + 1]
		|| CASE WHEN g < 10 THEN '' ELSE g::text END,
	'2024-02-28 23:59:59.5+00'::timestamptz + g / 7 * interval '1 day', CASE WHEN g % 3 > 0 THEN 1.0 / (g % 5 + 1) END,
	nullif(g, 7)
	FROM generate_series(0, 39) AS g;
CREATE TABLE many_pages (id integer PRIMARY KEY, grade integer, rank integer NOT NULL, label text NOT NULL);
INSERT INTO many_pages SELECT g, nullif(g % 10, 0), g % 7, 'label ' || g FROM generate_series(1, 20000) AS g;
CREATE INDEX ON many_pages (grade, id);
CREATE INDEX ON many_pages (rank DESC, id);
CREATE INDEX ON many_pages (rank, id);
CREATE TABLE by_key (a integer, b integer, c text, PRIMARY KEY (c, a));
INSERT INTO by_key VALUES (1, 9, 'y'), (2, 8, 'x'), (3, 7, 'y'), (0, 6, 'x');
CREATE VIEW pages_view AS SELECT * FROM pages;

CREATE VIEW slow AS SELECT 1 AS id FROM pg_sleep(0.1);
CREATE VIEW fifty_ms AS SELECT 1 AS id FROM pg_sleep(0.05);
CREATE TABLE changing (id integer PRIMARY KEY, note text);
INSERT INTO changing VALUES (1, 'before');
CREATE TABLE nothing (id integer PRIMARY KEY, note text);
CREATE TABLE thousand (id integer PRIMARY KEY, label text NOT NULL);
INSERT INTO thousand SELECT g, 'label ' || g FROM generate_series(1, 1000) AS g;
CREATE TABLE no_key (id integer);
INSERT INTO no_key VALUES (1);

-- one table name in two schemas
CREATE TABLE things (id integer PRIMARY KEY, place text);
INSERT INTO things VALUES (1, 'in test');
CREATE TABLE other.things (id integer PRIMARY KEY, place text);
INSERT INTO other.things VALUES (1, 'in other');
CREATE TABLE other.only_here (id integer PRIMARY KEY);

-- CSV: what must be quoted, and what an empty text and a null look like
CREATE TABLE csv (id integer PRIMARY KEY, "a ""head"", er" text, b text);
INSERT INTO csv VALUES
	(1, 'plain', 'with, comma'),
	(2, 'say "hi"', E'two\nlines'),
	(3, NULL, ''),
	(4, E'carriage\rreturn', E'back\\slash'),
	(5, ' blank ', 'ü€💡');

-- line breaks within json, which are kept as they were written
CREATE TABLE ndjson (id integer PRIMARY KEY, j json, t text);
INSERT INTO ndjson VALUES (1, E'{"a":\n [1,\r\n2]}', E'x\ny'), (2, NULL, NULL);

CREATE TABLE moments (id integer PRIMARY KEY, t timestamptz);
INSERT INTO moments VALUES (1, '2023-10-18 12:37:59.611+00');

CREATE TABLE secret (id integer PRIMARY KEY, word text);
INSERT INTO secret VALUES (1, 'hush');
CREATE TABLE half_secret (id integer PRIMARY KEY, word text);
INSERT INTO half_secret VALUES (1, 'hush');

-- who is asking, and on which connection
CREATE VIEW whoami AS SELECT
	current_user::text AS "user",
	current_setting('request.jwt.claims', true) AS claims,
	current_setting('request.method', true) AS method,
	current_setting('request.path', true) AS path,
	current_setting('request.headers', true)::json ->> 'x-mark' AS mark,
	current_setting('request.cookies', true)::json ->> 'c' AS cookie,
	array(SELECT json_object_keys(nullif(current_setting('request.headers', true), '')::json)) AS header_names,
	current_setting('TimeZone') AS timezone,
	current_setting('search_path') AS search_path,
	current_setting('app.settings.colour', true) AS colour,
	current_setting('statement_timeout') AS statement_timeout,
	current_setting('transaction_read_only') AS read_only,
	pg_backend_pid() AS backend;

-- errors from within a statement
CREATE SEQUENCE calls;
CREATE VIEW call_counter AS SELECT nextval('test.calls') AS n;
CREATE VIEW divided AS SELECT id, 1 / (id - 2) AS inverse FROM three;
CREATE FUNCTION refuse() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'I refuse!' USING DETAIL = 'Pretty simple', HINT = 'There is nothing you can do.';
END $$;
CREATE VIEW refusing AS SELECT test.refuse() AS n;
CREATE FUNCTION teapot() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	RAISE SQLSTATE 'PT418' USING MESSAGE = 'short and stout', HINT = 'tip me over';
END $$;
CREATE VIEW teapots AS SELECT test.teapot() AS n;
CREATE FUNCTION late_trouble(n integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	IF n = 60000 THEN RAISE EXCEPTION 'too late for a status'; END IF;
	RETURN n;
END $$;
CREATE VIEW late_errors AS SELECT g AS id, test.late_trouble(g) AS n, repeat('x', 100) AS pad
	FROM generate_series(1, 100000) AS g;

-- doors that tests hold shut: a lock on a table, an advisory lock in the middle of a long answer
CREATE TABLE door (id integer PRIMARY KEY);
INSERT INTO door VALUES (1);
CREATE FUNCTION wait_at(n integer, place integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	IF n = place THEN PERFORM pg_advisory_xact_lock_shared(4711); END IF;
	RETURN n;
END $$;
CREATE VIEW million AS SELECT g AS id, repeat('x', 100) AS pad FROM generate_series(1, 1000000) AS g;
-- five megabytes, and little work
CREATE VIEW wide AS SELECT g AS id, repeat('x', 10000) AS pad FROM generate_series(1, 500) AS g;
CREATE VIEW gated_million AS SELECT g AS id, test.wait_at(g, 100000) AS n, repeat('x', 100) AS pad
	FROM generate_series(1, 1000000) AS g;
CREATE VIEW gate AS SELECT test.wait_at(1, 1) AS n;

GRANT SELECT ON ALL TABLES IN SCHEMA test, other TO swm_anon, swm_reader, swm_writer;
GRANT USAGE ON SEQUENCE calls TO swm_anon;
REVOKE ALL ON secret, half_secret FROM swm_anon;
GRANT SELECT (id) ON half_secret TO swm_anon;

-- a role with settings of its own, and one that swm may not become
DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'swm_it_odd') THEN
		CREATE ROLE swm_it_odd NOLOGIN IN ROLE swm_reader;
		CREATE ROLE swm_it_stranger NOLOGIN;
	END IF;
END $$;
GRANT swm_it_odd TO swm_authenticator;
ALTER ROLE swm_it_odd SET DateStyle = 'German';
ALTER ROLE swm_it_odd SET IntervalStyle = 'iso_8601';
ALTER ROLE swm_it_odd SET bytea_output = 'escape';
ALTER ROLE swm_it_odd SET extra_float_digits = 0;
ALTER ROLE swm_it_odd SET TimeZone = 'Asia/Kathmandu';
ALTER ROLE swm_it_odd SET statement_timeout = '7s';

-- Does what the request's header x-set says with the answer's settings (db-pre-request).
CREATE FUNCTION test.set_answer() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	headers json := current_setting('request.headers', true)::json;
BEGIN
	IF headers->>'x-headers' IS NOT NULL THEN
		PERFORM set_config('response.headers', headers->>'x-headers', false);
	END IF;
	IF headers->>'x-status' IS NOT NULL THEN
		PERFORM set_config('response.status', headers->>'x-status', false);
	END IF;
END $$;

-- films and what embedding and aggregates are shown with
\ir ../schema/films.sql
CREATE FUNCTION film.every_film() RETURNS SETOF film.films LANGUAGE sql STABLE AS 'SELECT * FROM film.films';
GRANT USAGE ON SCHEMA film TO swm_anon, swm_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA film TO swm_anon, swm_reader;
