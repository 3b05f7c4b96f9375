-- What the golden cases are planned against.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS golden CASCADE;
CREATE SCHEMA golden;
CREATE TYPE golden.place AS (latitude numeric, longitude numeric);
CREATE TABLE golden.items (
	id integer PRIMARY KEY,
	name text,
	"odd ""name" text,
	born date,
	seen timestamptz,
	data jsonb,
	doc json,
	tags text[],
	home golden.place,
	words tsvector
);
CREATE TABLE golden."odd table" (id integer);
CREATE TABLE golden.kinds (flag boolean, span int4range, number integer);

-- functions, most of them from PostgREST's page on them
CREATE FUNCTION golden.add_them(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION golden.plus_one(VARIADIC v integer[]) RETURNS integer[] LANGUAGE sql IMMUTABLE
	AS 'SELECT array_agg(n + 1) FROM unnest(v) AS n';
CREATE FUNCTION golden.mult_them(json) RETURNS integer LANGUAGE sql AS $$ SELECT ($1->>'x')::int * ($1->>'y')::int $$;
CREATE FUNCTION golden.rental_duration(customer_id integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION golden.rental_duration(customer_id integer, from_date date) RETURNS integer LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION golden.best_items() RETURNS SETOF golden.items LANGUAGE sql STABLE AS 'SELECT * FROM golden.items';
CREATE FUNCTION golden.one_item(number integer) RETURNS golden.items LANGUAGE sql STABLE
	AS 'SELECT * FROM golden.items WHERE id = number';
CREATE FUNCTION golden.some(low integer, high integer DEFAULT 10) RETURNS SETOF integer LANGUAGE sql STABLE
	AS 'SELECT generate_series(low, high)';
CREATE FUNCTION golden.optional(a integer DEFAULT 1, b text DEFAULT '') RETURNS text LANGUAGE sql AS 'SELECT a || b';
CREATE FUNCTION golden.same_names(a integer, b text) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION golden.same_names(a text, b integer) RETURNS integer LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION golden.two_bodies(json) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION golden.two_bodies(jsonb) RETURNS integer LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION golden.by_body(text) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION golden.by_body(xml) RETURNS integer LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION golden.by_body(bytea) RETURNS integer LANGUAGE sql AS 'SELECT 3';
CREATE FUNCTION golden.by_body(json) RETURNS integer LANGUAGE sql AS 'SELECT 4';
CREATE FUNCTION golden.by_body(a integer) RETURNS integer LANGUAGE sql AS 'SELECT 5';
CREATE FUNCTION golden.no_names(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION golden.letters(c character, b bit) RETURNS text LANGUAGE sql AS 'SELECT c::text || b::text';
CREATE FUNCTION golden."Odd ""name"(" my ""arg" integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION golden.untyped() RETURNS SETOF record LANGUAGE sql STABLE AS 'SELECT 1 AS a, 2 AS b';
CREATE FUNCTION golden.do_nothing() RETURNS void LANGUAGE sql AS '';
