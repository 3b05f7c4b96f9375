-- What the tests of request bodies write to: run before each test.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS bodies CASCADE;
CREATE SCHEMA bodies;
GRANT USAGE ON SCHEMA bodies TO swm_anon, swm_writer;
SET search_path = bodies;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE spot AS (x integer, y numeric, name text);
CREATE DOMAIN raw AS json;
CREATE DOMAIN doc AS jsonb CHECK (jsonb_typeof(VALUE) <> 'number');
CREATE DOMAIN outer_doc AS doc;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
-- one that a cast makes of JSON
CREATE DOMAIN titled AS jsonb;
CREATE FUNCTION titled(json) RETURNS titled LANGUAGE sql IMMUTABLE AS $$ SELECT jsonb_build_object('title', $1) $$;
CREATE CAST (json AS titled) WITH FUNCTION titled(json) AS IMPLICIT;
CREATE TABLE kinds (
	id serial PRIMARY KEY,
	j json, jb jsonb, dj raw, djb doc, dd outer_doc, ja json[], jba jsonb[],
	i integer, n numeric(6, 2), t text, v varchar(5), c char(5), b boolean, by bytea,
	d date, tz timestamptz, net inet, r int4range, u uuid, x xml, nm name, one "char", o regtype,
	ia integer[], ta text[], p spot, pa spot[], m mood, dp positive, ti titled
);
CREATE TABLE readings (dev integer, at timestamptz, v numeric, extra jsonb, PRIMARY KEY (dev, at));
-- a key that is an enum's and a default's: it does not go through COPY as it is
CREATE TABLE tagged (owner text DEFAULT 'me', m mood, v positive, PRIMARY KEY (owner, m));
CREATE TABLE made (id integer GENERATED ALWAYS AS IDENTITY, n integer, twice integer GENERATED ALWAYS AS (n * 2) STORED);
CREATE TABLE documents (key jsonb PRIMARY KEY, v integer);
-- upserts of its own, with one key twice
CREATE TABLE counts (id integer PRIMARY KEY);
CREATE FUNCTION count_twice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	INSERT INTO bodies.counts VALUES (1), (1) ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id;
	RETURN new;
END $$;
CREATE TABLE triggered (id integer PRIMARY KEY);
CREATE TRIGGER count_twice BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION count_twice();
CREATE FUNCTION types_of(j json, jb jsonb, d doc DEFAULT NULL, i integer DEFAULT 0) RETURNS text LANGUAGE sql
	AS $$ SELECT concat_ws(' ', json_typeof(j), jsonb_typeof(jb), jsonb_typeof(d), i) $$;
CREATE FUNCTION whole(json) RETURNS text LANGUAGE sql AS $$ SELECT json_typeof($1) $$;
GRANT ALL ON ALL TABLES IN SCHEMA bodies TO swm_anon, swm_writer;
REVOKE ALL ON counts FROM swm_anon;
GRANT ALL ON ALL SEQUENCES IN SCHEMA bodies TO swm_anon, swm_writer;
