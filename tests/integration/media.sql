-- What is told of in PostgREST's references/api/media_type_handlers, domain_representations and
-- integrations/postgis, written anew: a database of its own, since it needs PostGIS.
SET client_min_messages = warning;
CREATE SCHEMA gis;
CREATE EXTENSION postgis SCHEMA gis;
CREATE SCHEMA media;
GRANT USAGE ON SCHEMA gis, media TO swm_anon, swm_reader;
SET search_path = media, gis;

CREATE DOMAIN "application/vnd.twkb" AS bytea;
CREATE DOMAIN "text/csv" AS text;
CREATE DOMAIN "text/plain" AS text;
SET client_min_messages = error; -- PostgreSQL says that it cuts the name
CREATE DOMAIN "application/vnd.openxmlformats-officedocument.wordprocessingml.document" AS bytea;
CREATE FUNCTION docx() RETURNS "application/vnd.openxmlformats-officedocument.wordprocessingml.document" LANGUAGE sql STABLE
	AS $$ SELECT '\x504b'::bytea $$;
SET client_min_messages = warning;
CREATE DOMAIN "*/*" AS bytea;
CREATE DOMAIN "image/png" AS bytea;
CREATE DOMAIN "application/vnd.Upper.Case" AS text;
CREATE DOMAIN "text/tab-separated-values" AS text;
CREATE DOMAIN "application/json" AS json;
CREATE DOMAIN "application/vnd.pgrst.object+json" AS json;

CREATE TABLE lines (id int PRIMARY KEY, name text, geom geometry(LINESTRING, 4326));
INSERT INTO lines VALUES (1, 'line-1', 'SRID=4326;LINESTRING(1 1,5 5)'), (2, 'line-2', 'SRID=4326;LINESTRING(2 2,6 6)'),
	(3, 'line-3', 'SRID=4326;LINESTRING(3 3,7 7)');
CREATE FUNCTION get_line(id int) RETURNS "application/vnd.twkb" LANGUAGE sql STABLE
	AS $$ SELECT st_astwkb(geom) FROM media.lines WHERE lines.id = get_line.id $$;
CREATE FUNCTION get_lines() RETURNS SETOF lines LANGUAGE sql STABLE AS $$ SELECT * FROM media.lines $$;

CREATE FUNCTION twkb_transition(state bytea, next lines) RETURNS "application/vnd.twkb" LANGUAGE sql
	AS $$ SELECT state || st_astwkb(next.geom) $$;
CREATE AGGREGATE twkb_agg(lines) (initcond = '', stype = "application/vnd.twkb", sfunc = twkb_transition);

-- one that takes the place of what is built in, with a header of its own
CREATE FUNCTION csv_transition(state text, next lines) RETURNS "text/csv" LANGUAGE sql
	AS $$ SELECT state || next.id::text || ',' || next.name || E'\n' $$;
CREATE FUNCTION csv_final(data "text/csv") RETURNS "text/csv" LANGUAGE sql AS $$
	SELECT set_config('response.headers', '[{"Content-Disposition": "attachment; filename=\"lines.csv\""}]', true);
	SELECT convert_from(decode('EFBBBF', 'hex'), 'UTF8') || E'id,name\n' || data
$$;
CREATE AGGREGATE csv_agg(lines) (initcond = '', stype = "text/csv", sfunc = csv_transition, finalfunc = csv_final);

-- what nobody may override
CREATE FUNCTION object_transition(state json, next lines) RETURNS "application/vnd.pgrst.object+json" LANGUAGE sql
	AS $$ SELECT '"never"'::json $$;
CREATE AGGREGATE object_agg(lines) (initcond = '{}', stype = "application/vnd.pgrst.object+json", sfunc = object_transition);

-- of any rows, also of what is selected
CREATE FUNCTION tsv_transition(state text, next anyelement) RETURNS "text/tab-separated-values" LANGUAGE sql
	AS $$ SELECT state || (SELECT string_agg(value, E'\t') FROM json_each_text(row_to_json(next))) || E'\n' $$;
CREATE AGGREGATE tsv_agg(anyelement) (initcond = '', stype = "text/tab-separated-values", sfunc = tsv_transition);

-- the one that answers whatever is asked for
CREATE VIEW "lines.xml" AS SELECT * FROM lines;
CREATE FUNCTION xml_transition(state "*/*", next "lines.xml") RETURNS "*/*" LANGUAGE sql
	AS $$ SELECT state || convert_to(xmlelement(name line, xmlattributes(next.id AS id), next.name)::text || E'\n', 'UTF8') $$;
CREATE FUNCTION xml_final(data "*/*") RETURNS "*/*" LANGUAGE plpgsql AS $$
DECLARE
	wanted text := current_setting('request.headers', true)::json ->> 'accept';
BEGIN
	IF wanted IN ('application/xml', 'text/xml') THEN
		PERFORM set_config('response.headers', json_build_array(json_build_object('Content-Type', wanted))::text, true);
	ELSIF wanted <> '*/*' THEN
		RAISE SQLSTATE 'PT415' USING MESSAGE = 'Unsupported Media Type';
	END IF;
	RETURN data;
END $$;
CREATE AGGREGATE xml_agg("lines.xml") (initcond = '', stype = "*/*", sfunc = xml_transition, finalfunc = xml_final);

-- functions that write their answer themselves
CREATE FUNCTION picture() RETURNS "image/png" LANGUAGE sql IMMUTABLE AS $$ SELECT '\x89504e470d0a1a0a00ff'::bytea $$;
CREATE FUNCTION nothing_at_all() RETURNS "image/png" LANGUAGE sql IMMUTABLE AS $$ SELECT NULL::bytea $$;
CREATE FUNCTION greeting(name text) RETURNS "text/plain" LANGUAGE sql IMMUTABLE AS $$ SELECT 'Hello, ' || name $$;
CREATE FUNCTION shouting() RETURNS "application/vnd.Upper.Case" LANGUAGE sql IMMUTABLE AS $$ SELECT 'LOUD' $$;
CREATE FUNCTION whatever() RETURNS "*/*" LANGUAGE plpgsql STABLE AS $$
BEGIN
	PERFORM set_config('response.headers', '[{"Content-Type": "text/html"}]', true);
	RETURN convert_to('<p>' || (current_setting('request.headers', true)::json ->> 'accept') || '</p>', 'UTF8');
END $$;
CREATE FUNCTION bytes() RETURNS "*/*" LANGUAGE sql IMMUTABLE AS $$ SELECT '\x00ff'::bytea $$;
CREATE FUNCTION large() RETURNS "image/png" LANGUAGE sql IMMUTABLE
	AS $$ SELECT decode(repeat('00ff10ef', 500000), 'hex') $$;

-- a representation for one table alone, of JSON too
CREATE TABLE boxed (id int PRIMARY KEY, note text);
INSERT INTO boxed VALUES (1, 'a'), (2, 'b');
CREATE FUNCTION boxed_transition(state "application/json", next boxed) RETURNS "application/json" LANGUAGE sql
	AS $$ SELECT (state::jsonb || jsonb_build_object(next.id::text, next.note))::json $$;
CREATE AGGREGATE boxed_agg(boxed) (initcond = '{}', stype = "application/json", sfunc = boxed_transition);

-- GeoJSON
CREATE TABLE coverage (id int PRIMARY KEY, name text UNIQUE, area geometry, line_id int REFERENCES lines);
INSERT INTO coverage VALUES (1, 'small', 'SRID=4326;POLYGON((0 0, 1 0, 1 1, 0 1, 0 0))', 1),
	(2, 'big', 'SRID=4326;POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))', NULL);
CREATE FUNCTION covered() RETURNS SETOF coverage LANGUAGE sql STABLE AS $$ SELECT * FROM media.coverage $$;
CREATE VIEW many_points AS SELECT g AS id, st_makepoint(g, g) AS place FROM generate_series(1, 5000) AS g;
CREATE TABLE no_geometry (id int PRIMARY KEY);
INSERT INTO no_geometry VALUES (1);

-- null within documents
CREATE TABLE sparse (id int PRIMARY KEY, a text, doc jsonb, line_id int REFERENCES lines);
INSERT INTO sparse VALUES (1, NULL, '{"x": null, "y": {"z": null, "list": [null, 1]}}', 1), (2, 'a', NULL, NULL);
CREATE TABLE sparse_children (id int PRIMARY KEY, sparse_id int REFERENCES sparse, note text);
INSERT INTO sparse_children VALUES (10, 1, NULL), (11, 1, 'n');

GRANT SELECT ON ALL TABLES IN SCHEMA media TO swm_anon, swm_reader;
GRANT INSERT, UPDATE, DELETE ON lines, "lines.xml", coverage, sparse TO swm_anon;
