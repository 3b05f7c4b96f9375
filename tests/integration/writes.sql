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
-- keys of some rows, and of expressions; a view of a table that is not exposed
CREATE TABLE softdel (id serial PRIMARY KEY, email text, deleted_at timestamptz, n integer, name text, active boolean, doc jsonb);
CREATE UNIQUE INDEX ON softdel (email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX ON softdel (lower(name));
CREATE UNIQUE INDEX ON softdel ((doc->>'key'), n) WHERE active;
CREATE UNIQUE INDEX ON softdel (n) WHERE active;
CREATE UNIQUE INDEX ON softdel (n) WHERE deleted_at IS NOT NULL;
DROP SCHEMA IF EXISTS writes_private CASCADE;
CREATE SCHEMA writes_private;
CREATE FUNCTION writes_private.norm(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(trim($1))';
CREATE TABLE writes_private.people (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text, gone boolean NOT NULL DEFAULT false, n integer);
CREATE UNIQUE INDEX ON writes_private.people (writes_private.norm(email)) WHERE NOT gone;
CREATE VIEW people AS SELECT n, email, gone FROM writes_private.people;
CREATE VIEW people_renamed AS SELECT n, email AS mail, gone FROM writes_private.people;
GRANT USAGE ON SCHEMA writes_private TO swm_anon;
CREATE TABLE later (id integer PRIMARY KEY, ref integer REFERENCES later DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE numbers (n numeric, i bigint, j json);
CREATE TABLE seen (id integer, batch text DEFAULT current_setting('request.batch', true)); -- what SQL is told
CREATE TABLE secrets (id integer PRIMARY KEY, word text);
GRANT ALL ON ALL TABLES IN SCHEMA writes TO swm_anon;
GRANT ALL ON ALL SEQUENCES IN SCHEMA writes TO swm_anon;
REVOKE ALL ON secrets FROM swm_anon;
CREATE TABLE nobodys (id integer PRIMARY KEY, email text);
GRANT INSERT ON secrets TO swm_anon;
