-- A schema that is not ours: the page finds no devices in it.
SET client_min_messages = warning;
CREATE SCHEMA library;
COMMENT ON SCHEMA library IS 'A small library';
CREATE TABLE library.authors (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE library.books (
	id integer PRIMARY KEY,
	title text NOT NULL,
	author_id integer REFERENCES library.authors (id),
	price numeric,
	published date,
	tags text[]
);
INSERT INTO library.authors VALUES (1, 'Ada'), (2, 'Bo <b>bold</b>');
INSERT INTO library.books VALUES
	(1, 'First', 1, 9.5, '2020-05-01', '{a,b}'),
	(2, 'Second', 2, NULL, NULL, NULL);
GRANT USAGE ON SCHEMA library TO swm_anon, swm_reader, swm_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA library TO swm_anon, swm_reader, swm_writer;
