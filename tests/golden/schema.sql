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
