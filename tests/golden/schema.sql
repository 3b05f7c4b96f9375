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
-- names that the SQL of writes uses
CREATE TABLE golden.pgrst_body (id integer PRIMARY KEY, e text);
CREATE TABLE golden.e (id integer PRIMARY KEY, body text);
-- keys of some rows, and of expressions
CREATE TABLE golden.accounts (id integer PRIMARY KEY, email text, name text, tenant integer, code text UNIQUE,
	deleted timestamptz, active boolean);
CREATE UNIQUE INDEX accounts_email ON golden.accounts (email) WHERE (deleted IS NULL);
CREATE UNIQUE INDEX accounts_name ON golden.accounts (lower(name));
CREATE UNIQUE INDEX accounts_names ON golden.accounts (tenant, lower(name), ((email || name))) WHERE (deleted IS NULL);
CREATE UNIQUE INDEX accounts_tenant ON golden.accounts (tenant) WHERE (deleted IS NULL);
CREATE UNIQUE INDEX accounts_active ON golden.accounts (tenant) WHERE active;
CREATE UNIQUE INDEX accounts_code ON golden.accounts (code) WHERE active;
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
CREATE FUNCTION golden.only_int(integer DEFAULT 42) RETURNS integer LANGUAGE sql STABLE AS 'SELECT $1';
CREATE FUNCTION golden.some_names(a integer, integer DEFAULT 2) RETURNS integer LANGUAGE sql STABLE AS 'SELECT $1';
CREATE FUNCTION golden.item_blurb(golden.items) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1.name';
CREATE FUNCTION golden.many_ways() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION golden.many_ways(integer DEFAULT 1) RETURNS integer LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION golden.many_ways(text DEFAULT 'x') RETURNS integer LANGUAGE sql AS 'SELECT 3';
CREATE FUNCTION golden.text_body(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION golden.bytes_body(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION golden.letters(c character, b bit) RETURNS text LANGUAGE sql AS 'SELECT c::text || b::text';
CREATE FUNCTION golden."Odd ""name"(" my ""arg" integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION golden.untyped() RETURNS SETOF record LANGUAGE sql STABLE AS 'SELECT 1 AS a, 2 AS b';
CREATE FUNCTION golden.do_nothing() RETURNS void LANGUAGE sql AS '';

SET client_min_messages = error; -- PostgreSQL says that it has no use for casts of domains
-- domains with what they look like outside, from PostgREST's page on domain representations
CREATE DOMAIN golden.app_uuid AS uuid;
CREATE FUNCTION golden.uuid_json(golden.app_uuid) RETURNS json LANGUAGE sql IMMUTABLE
	AS $$ SELECT to_json(encode(uuid_send($1), 'base64')) $$;
CREATE FUNCTION golden.uuid_parse(text) RETURNS golden.app_uuid LANGUAGE sql IMMUTABLE
	AS $$ SELECT substring(decode($1, 'base64')::text FROM 3)::uuid::golden.app_uuid $$;
CREATE CAST (golden.app_uuid AS json) WITH FUNCTION golden.uuid_json(golden.app_uuid) AS IMPLICIT;
CREATE CAST (text AS golden.app_uuid) WITH FUNCTION golden.uuid_parse(text) AS IMPLICIT;
CREATE DOMAIN golden.shown AS json;
CREATE FUNCTION golden.shown_json(golden.shown) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT $1->'shown' $$;
CREATE CAST (golden.shown AS json) WITH FUNCTION golden.shown_json(golden.shown) AS IMPLICIT;
CREATE TABLE golden.profiles (id golden.app_uuid PRIMARY KEY, name text, others golden.app_uuid[], doc golden.shown);
CREATE TABLE golden.badges (id integer PRIMARY KEY, profile golden.app_uuid REFERENCES golden.profiles(id), points integer);
CREATE FUNCTION golden.twin(golden.profiles) RETURNS golden.app_uuid LANGUAGE sql IMMUTABLE AS 'SELECT $1.id';
CREATE FUNCTION golden.any_profile() RETURNS SETOF golden.profiles LANGUAGE sql STABLE AS 'SELECT * FROM golden.profiles';
CREATE FUNCTION golden.profile_ids() RETURNS SETOF golden.app_uuid LANGUAGE sql STABLE AS 'SELECT id FROM golden.profiles';
CREATE DOMAIN golden.paint AS text;
CREATE FUNCTION golden.paint_json(golden.paint) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT to_json('#' || $1) $$;
CREATE CAST (golden.paint AS json) WITH FUNCTION golden.paint_json(golden.paint) AS IMPLICIT;
CREATE FUNCTION golden.paint_parse(json) RETURNS golden.paint LANGUAGE sql IMMUTABLE AS $$ SELECT $1 #>> '{}' $$;
CREATE CAST (json AS golden.paint) WITH FUNCTION golden.paint_parse(json) AS IMPLICIT;
CREATE TABLE golden.pots (id integer PRIMARY KEY, paint golden.paint);

-- the name that an embedded relation of items has on the first level
CREATE TABLE golden.items_1 (id integer PRIMARY KEY, item integer REFERENCES golden.items(id));
CREATE FUNCTION golden.all_items_1() RETURNS SETOF golden.items_1 LANGUAGE sql STABLE AS 'SELECT * FROM golden.items_1';
