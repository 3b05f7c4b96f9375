-- Columns, embedded relations and aliases that go by the same names, names of any length, and
-- documents of type json. In a schema of its own, with db-aggregates-enabled.
SET client_min_messages = warning;
CREATE SCHEMA names;
GRANT USAGE ON SCHEMA names TO swm_anon;
SET search_path = names;

-- an embedded relation that is called as a column is
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE post (id int PRIMARY KEY, author int REFERENCES author, parent int REFERENCES post);
INSERT INTO author VALUES (1, 'A'), (2, 'B');
INSERT INTO post VALUES (1, 1, NULL), (2, 2, 1);
CREATE FUNCTION title(post) RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'post ' || $1.id $$;

-- an order by what a select list calls so
CREATE TABLE maker (id int PRIMARY KEY, name text, short text, doc json);
CREATE TABLE device (id int PRIMARY KEY, device_name text, short text, maker int REFERENCES maker, doc json);
CREATE TABLE reading (id int PRIMARY KEY, device int REFERENCES device, amount int);
INSERT INTO maker VALUES (1, 'Zuse', 'b', '{"rank": 2}'), (2, 'Acme', 'a', '{"rank": 10}');
INSERT INTO device VALUES (1, 'kettle', 'c', 1, '{"rank": 10}'), (2, 'fridge', 'b', 1, '{"rank": 9}'),
	(10, 'lamp', 'a', 2, '{"rank": 100}');
INSERT INTO reading VALUES (1, 1, 5), (2, 2, 7), (3, 10, 1), (4, 1, 2);

-- long names
CREATE TABLE par (id int PRIMARY KEY);
CREATE TABLE chi (id int PRIMARY KEY, par int REFERENCES par, v int, doc json, t text);
INSERT INTO par VALUES (1), (2);
INSERT INTO chi VALUES (1, 1, 10, '{"k": [1, 2.0]}', 'a "b"'), (2, 1, NULL, NULL, NULL);
CREATE TABLE cut (xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx int PRIMARY KEY);
INSERT INTO cut VALUES (1);

-- relationships that have the same name
CREATE TABLE teams (id int PRIMARY KEY, name text);
CREATE TABLE games (id int PRIMARY KEY, home int REFERENCES teams);
CREATE VIEW games_v AS SELECT id, home, home AS home_again FROM games;
CREATE VIEW teams_v AS SELECT id, id AS again, name FROM teams;
INSERT INTO teams VALUES (1, 'Reds'), (2, 'Blues');
INSERT INTO games VALUES (1, 2);
CREATE TABLE pair (a int REFERENCES teams, b int REFERENCES teams, c int REFERENCES author, PRIMARY KEY (a, b, c));
INSERT INTO pair VALUES (1, 2, 1);

-- the other side's column
CREATE TABLE country (id int PRIMARY KEY, name text);
CREATE TABLE capital (id int PRIMARY KEY, name text, country_id int UNIQUE REFERENCES country);
CREATE TABLE league (code int PRIMARY KEY);
CREATE TABLE club (id int PRIMARY KEY, code int REFERENCES league);
INSERT INTO country VALUES (1, 'Peru'), (2, 'Chile');
INSERT INTO capital VALUES (7, 'Lima', 1);
INSERT INTO league VALUES (1);
INSERT INTO club VALUES (1, 1), (2, 1);

-- documents
CREATE DOMAIN document AS json;
CREATE TABLE papers (id int PRIMARY KEY, doc json, ndoc document, bdoc jsonb, list int[]);
INSERT INTO papers VALUES (1, '{"list":[1,2.0,3e2],"b":1,"n":"9"}', '{"x":1.0}', '{"b":1.0}', '{4,5}'),
	(2, '{"list":[],"b":10}', '{"x":2}', '{"b":2}', '{}'), (3, NULL, NULL, NULL, NULL);
CREATE FUNCTION made(papers) RETURNS json LANGUAGE sql STABLE AS $$ SELECT json_build_object('id', $1.id) $$;
CREATE TABLE many (id int PRIMARY KEY, doc json);
INSERT INTO many SELECT n, json_build_object('b', n) FROM generate_series(1, 5000) AS n;
CREATE INDEX many_b ON many ((doc->>'b'));
ANALYZE many;

-- values
CREATE FUNCTION names() RETURNS SETOF text LANGUAGE sql STABLE AS $$ SELECT name FROM names.author ORDER BY id $$;
CREATE FUNCTION now_is() RETURNS int LANGUAGE sql STABLE AS $$ SELECT 42 $$;
CREATE FUNCTION nothing() RETURNS void LANGUAGE sql STABLE AS $$ SELECT $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA names TO swm_anon;
