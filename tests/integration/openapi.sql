-- What the tests of the OpenAPI document describe, beside the schema swm.
SET client_min_messages = warning;

CREATE SCHEMA mammals;
CREATE SCHEMA hidden;
CREATE SCHEMA bare;
GRANT USAGE ON SCHEMA mammals, bare TO swm_anon, swm_reader, swm_writer;
SET search_path = mammals;

COMMENT ON SCHEMA mammals IS
	'A warm-blooded vertebrate animal of a class that is distinguished by the secretion of milk by females for the nourishment of the young';
COMMENT ON SCHEMA bare IS $$Title of it

Description of it that
spans lines$$;

-- what stands at the root instead of the document
CREATE FUNCTION root() RETURNS json LANGUAGE plpgsql AS $_$
DECLARE
	openapi json = $$ {"swagger": "2.0", "info": {"title": "Overridden", "description": "This is my own API"}} $$;
BEGIN
	RETURN openapi;
END $_$;
CREATE DOMAIN "text/html" AS text;
CREATE FUNCTION page() RETURNS "text/html" LANGUAGE sql STABLE AS $$ SELECT '<p>' || current_user || '</p>' $$;
CREATE FUNCTION list(low integer DEFAULT 1) RETURNS TABLE (n integer) LANGUAGE sql STABLE AS 'SELECT generate_series(low, 3)';

CREATE TYPE hidden.mood AS ENUM ('sad', 'so, "so"', 'happy');
CREATE TYPE hidden.no_mood AS ENUM ();
CREATE DOMAIN hidden.temper AS hidden.mood;
CREATE DOMAIN hidden.code AS varchar(5);
CREATE DOMAIN hidden.many AS integer[];
CREATE DOMAIN hidden.rank AS smallint DEFAULT 3;
CREATE TYPE hidden.spot AS (x integer, y text);

CREATE TABLE orders (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE hidden_orders (id integer PRIMARY KEY);
CREATE TABLE monotremes (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	order_id integer NOT NULL REFERENCES orders,
	secret_id integer REFERENCES hidden_orders,
	has_venomous_claw boolean NOT NULL DEFAULT false,
	name varchar(40) DEFAULT 'it''s \ "one"',
	weight numeric(6,2) DEFAULT 1.5,
	legs smallint DEFAULT 4,
	below integer DEFAULT -1,
	length double precision,
	born date DEFAULT CURRENT_DATE,
	seen timestamptz DEFAULT now(),
	started date DEFAULT '2020-02-03',
	mood hidden.mood DEFAULT 'happy',
	other_mood hidden.mood DEFAULT lower('SAD')::hidden.mood,
	no_mood hidden.no_mood,
	moods hidden.mood[],
	tags text[] DEFAULT '{}',
	data jsonb DEFAULT '{"a": [1]}',
	doc json,
	spot hidden.spot,
	spots hidden.spot[],
	code hidden.code DEFAULT 'a',
	many hidden.many,
	rank hidden.rank,
	none text DEFAULT NULL,
	bits bit(3),
	short char(2) DEFAULT substr('abcdef', 1, 2),
	temper hidden.temper DEFAULT 'sad'
);
COMMENT ON TABLE monotremes IS $$Freakish mammals lay the best eggs for breakfast

But not
every day$$;
COMMENT ON COLUMN monotremes.has_venomous_claw IS 'Sometimes breakfast is not worth it';
COMMENT ON COLUMN monotremes.order_id IS 'What it belongs to';
COMMENT ON TABLE orders IS 'Orders';

CREATE VIEW light_ones AS SELECT id, name FROM monotremes WHERE weight < 10;
CREATE VIEW light_keys AS SELECT id AS number, order_id AS kind FROM monotremes;
CREATE VIEW a_view_of_orders AS SELECT id, name FROM orders;
CREATE VIEW how_many AS SELECT count(*) AS n FROM monotremes;
CREATE MATERIALIZED VIEW names AS SELECT name FROM orders;
CREATE TABLE no_columns ();
CREATE TABLE unseen (id integer);

-- names with everything that means something to somebody
CREATE TABLE "a.b" (c integer, "$ref" integer, "x-y" integer);
CREATE TABLE "a" ("b.c" integer);
CREATE TABLE "odd/~name {x} 100% ""quoted"" '#?&" ("id/~{y}%" integer PRIMARY KEY, "say ""x""\" text, "select" text, "order" text, "sp ace" text, "-dash" text);
CREATE TABLE "naïve ключ 💡" ("موارد" text REFERENCES "naïve ключ 💡", PRIMARY KEY ("موارد"));
CREATE TABLE "x-files" (id integer);

CREATE FUNCTION add_them(a integer, b integer DEFAULT 2) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
COMMENT ON FUNCTION add_them(integer, integer) IS $$Adds

and says what came of it$$;
CREATE FUNCTION feed(who text, moods hidden.mood[], doc jsonb, spot hidden.spot) RETURNS void LANGUAGE sql VOLATILE AS '';
CREATE FUNCTION list_them(VARIADIC names text[]) RETURNS SETOF monotremes LANGUAGE sql STABLE AS 'SELECT * FROM monotremes';
CREATE FUNCTION overloaded(a integer, b text) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION overloaded(a text) RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE FUNCTION take_json(json) RETURNS json LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION not_callable(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION "odd (näme)/%{x}"("a b" integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION not_for_anon() RETURNS integer LANGUAGE sql AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION not_for_anon() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION not_for_anon() TO swm_reader;

GRANT SELECT ON ALL TABLES IN SCHEMA mammals TO swm_anon, swm_reader;
REVOKE ALL ON hidden_orders, unseen FROM swm_anon;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA mammals TO swm_writer;
GRANT INSERT (name) ON orders TO swm_reader;

-- db-pre-request: refuses who sends x-refuse
CREATE FUNCTION mammals.guard() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('request.headers', true)::json->>'x-refuse' IS NOT NULL THEN
		RAISE SQLSTATE 'PT403' USING MESSAGE = 'not you';
	END IF;
	PERFORM set_config('response.headers', '[{"X-Guard": "yes"}]', true);
END $$;
