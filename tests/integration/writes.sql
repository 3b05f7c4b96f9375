-- What the tests of writes write to.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS writes CASCADE;
CREATE SCHEMA writes;
GRANT USAGE ON SCHEMA writes TO swm_anon;
SET search_path = writes;
CREATE TABLE directors (id integer PRIMARY KEY, name text);
INSERT INTO directors VALUES (1, 'Lumiere'), (2, 'Dickson');
CREATE TABLE films (
	id serial PRIMARY KEY,
	title text NOT NULL,
	year integer DEFAULT 1999,
	data jsonb,
	director_id integer REFERENCES directors
);
CREATE FUNCTION label(films) RETURNS text LANGUAGE sql STABLE AS $$ SELECT $1.id || ':' || $1.title $$;
CREATE FUNCTION directed_by(films) RETURNS SETOF directors ROWS 1 LANGUAGE sql STABLE
	AS $$ SELECT * FROM writes.directors WHERE id = $1.director_id $$;
CREATE TABLE pairs (a integer, b integer, c text, d text DEFAULT 'dd', PRIMARY KEY (a, b));
CREATE TABLE later (id integer PRIMARY KEY, ref integer REFERENCES later DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE numbers (n numeric, i bigint, j json);
CREATE TABLE secrets (id integer PRIMARY KEY, word text);
GRANT ALL ON ALL TABLES IN SCHEMA writes TO swm_anon;
GRANT ALL ON ALL SEQUENCES IN SCHEMA writes TO swm_anon;
REVOKE ALL ON secrets FROM swm_anon;
GRANT INSERT ON secrets TO swm_anon;
