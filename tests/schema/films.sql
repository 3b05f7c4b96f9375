-- Films and other examples of what the documentation of embedding and aggregates speaks
-- of, with few enough rows to work answers out by hand. Read by PostgreSQL and, for tests
-- without one, by tests/schema/read.c.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS film CASCADE;
CREATE SCHEMA film;

CREATE TABLE film.directors (
	id integer PRIMARY KEY,
	first_name text,
	last_name text
);
INSERT INTO film.directors VALUES (1, 'Ada', 'Stone'), (2, 'Bo', 'Lind'), (3, 'Cy', 'Reed');

CREATE TABLE film.films (
	id integer PRIMARY KEY,
	director_id integer REFERENCES film.directors (id),
	title text NOT NULL,
	year integer,
	rating numeric(3,1),
	language text
);
INSERT INTO film.films VALUES
	(1, 1, 'Amber', 1990, 7.5, 'english'),
	(2, 1, 'Birch', 1994, 8.1, 'french'),
	(3, 2, 'Cedar', 1994, NULL, 'english'),
	(4, NULL, 'Dune', 2001, 6.0, NULL),
	(5, 2, 'Elm', 2010, 9.0, 'english');

-- one-to-one
CREATE TABLE film.technical_specs (
	film_id integer PRIMARY KEY REFERENCES film.films (id),
	runtime time,
	camera text,
	sound text
);
INSERT INTO film.technical_specs VALUES
	(1, '01:30', 'Arri', 'mono'), (2, '02:05', 'Bolex', 'stereo'), (5, '01:45', 'Arri', NULL);

CREATE TABLE film.actors (
	id integer PRIMARY KEY,
	first_name text,
	last_name text
);
INSERT INTO film.actors VALUES (1, 'Gil', 'Moss'), (2, 'Hana', 'Orr'), (3, 'Ivo', 'Pike'), (4, 'Jo', 'Quill');

-- many-to-many between films and actors
CREATE TABLE film.roles (
	film_id integer REFERENCES film.films (id),
	actor_id integer REFERENCES film.actors (id),
	character text,
	PRIMARY KEY (film_id, actor_id)
);
INSERT INTO film.roles VALUES
	(1, 1, 'Smith'), (1, 2, 'Wesson'), (2, 2, 'Queen'), (3, 1, 'King'), (3, 2, 'Rook'), (3, 3, 'Pawn'), (5, 3, NULL);

CREATE TABLE film.competitions (
	id integer PRIMARY KEY,
	name text,
	year integer
);
INSERT INTO film.competitions VALUES (1, 'Bear', 1990), (2, 'Palm', 1991), (3, 'Lion', 1994);

CREATE TABLE film.nominations (
	competition_id integer REFERENCES film.competitions (id),
	film_id integer REFERENCES film.films (id),
	rank integer,
	PRIMARY KEY (competition_id, film_id)
);
INSERT INTO film.nominations VALUES (1, 1, 2), (2, 1, 1), (3, 2, 1), (3, 3, 2);

-- a partitioned table
CREATE TABLE film.box_office (
	bo_date date NOT NULL,
	film_id integer NOT NULL REFERENCES film.films (id),
	gross_revenue numeric(12,2) NOT NULL,
	PRIMARY KEY (bo_date, film_id)
) PARTITION BY RANGE (bo_date);
CREATE TABLE film.box_office_2021_01 PARTITION OF film.box_office FOR VALUES FROM ('2021-01-01') TO ('2021-02-01');
CREATE TABLE film.box_office_2021_02 PARTITION OF film.box_office FOR VALUES FROM ('2021-02-01') TO ('2021-03-01');
INSERT INTO film.box_office VALUES ('2021-01-05', 1, 1000), ('2021-01-06', 1, 500.5), ('2021-02-01', 2, 750);

-- views
CREATE VIEW film.english_films AS
	SELECT f.id, f.director_id, f.title AS name, f.year FROM film.films AS f WHERE f.language = 'english';
CREATE VIEW film.nominations_view AS
	SELECT f.title AS film_title, c.name AS competition_name, n.rank, n.film_id AS nominations_film_id, f.id AS film_id
	FROM film.nominations AS n
	JOIN film.films AS f ON f.id = n.film_id
	JOIN film.competitions AS c ON c.id = n.competition_id;
CREATE MATERIALIZED VIEW film.rated_films AS
	SELECT f.id, f.director_id, f.title, (f.rating * 10)::integer AS points FROM film.films AS f WHERE f.rating IS NOT NULL;

-- related by functions alone
CREATE TABLE film.premieres (
	id integer PRIMARY KEY,
	location text,
	film_id integer
);
INSERT INTO film.premieres VALUES (1, 'Cannes', 1), (2, 'Berlin', 1), (3, 'Venice', 5), (4, 'Nowhere', NULL);
CREATE FUNCTION film.film(film.premieres) RETURNS SETOF film.films ROWS 1 LANGUAGE sql STABLE AS $$
	SELECT * FROM film.films WHERE id = $1.film_id $$;
CREATE FUNCTION film.premieres(film.films) RETURNS SETOF film.premieres LANGUAGE sql STABLE AS $$
	SELECT * FROM film.premieres WHERE film_id = $1.id $$;

-- computed fields
CREATE FUNCTION film.label(film.films) RETURNS text LANGUAGE sql STABLE AS $$ SELECT $1.title || ' (' || $1.year || ')' $$;
CREATE FUNCTION film.words(film.films) RETURNS tsvector LANGUAGE sql STABLE AS $$ SELECT to_tsvector('simple', $1.title) $$;

-- two foreign keys to the same table, and what aggregates are made of
CREATE TABLE film.addresses (
	id integer PRIMARY KEY,
	name text,
	city text
);
INSERT INTO film.addresses VALUES (1, 'Mill', 'Ulm'), (2, 'Dock', 'Kiel'), (3, 'Yard', 'Ulm');
CREATE TABLE film.customers (
	id integer PRIMARY KEY,
	name text,
	city text,
	joined date,
	notes json
);
INSERT INTO film.customers VALUES
	(1, 'Ann', 'Ulm', '2013-10-01', '{"vip": true}'), (2, 'Bob', 'Kiel', '2016-02-11', '{"vip": false}'),
	(3, 'Cat', 'Ulm', '2023-10-30', NULL);
CREATE TABLE film.orders (
	id integer PRIMARY KEY,
	name text,
	billing_address_id integer,
	shipping_address_id integer,
	customer_id integer REFERENCES film.customers (id),
	amount numeric,
	order_date date,
	details jsonb,
	doc json,
	CONSTRAINT billing FOREIGN KEY (billing_address_id) REFERENCES film.addresses (id),
	CONSTRAINT shipping FOREIGN KEY (shipping_address_id) REFERENCES film.addresses (id)
);
INSERT INTO film.orders VALUES
	(1, 'Filter', 1, 2, 1, 10.5, '2023-09-01', '{"tax": 1, "lines": [{"sku": "a"}]}', '{"age": 25, "b": "x"}'),
	(2, 'Kettle', 1, 1, 1, 20, '2023-09-01', '{"tax": 2.5}', '{"age": 30, "b": "x"}'),
	(3, 'Toaster', 2, 3, 2, 5, '2023-09-02', '{"tax": 1}', '{"age": 9, "b": "y"}'),
	(4, 'Lamp', NULL, 3, 2, NULL, '2023-09-02', NULL, NULL),
	(5, 'Chair', 3, NULL, NULL, 7, '2023-09-03', '{"tax": 0}', '{"age": 30, "b": "y"}');

-- relations of a table with itself
CREATE TABLE film.employees (
	id integer PRIMARY KEY,
	last_name text,
	supervisor_id integer REFERENCES film.employees (id)
);
INSERT INTO film.employees VALUES (1, 'Taylor', NULL), (2, 'Johnson', 1), (3, 'Miller', 1), (4, 'Young', 3);
CREATE FUNCTION film.supervisees(film.employees) RETURNS SETOF film.employees LANGUAGE sql STABLE AS $$
	SELECT * FROM film.employees WHERE supervisor_id = $1.id $$;
CREATE FUNCTION film.supervisor(film.employees) RETURNS SETOF film.employees ROWS 1 LANGUAGE sql STABLE AS $$
	SELECT * FROM film.employees WHERE id = $1.supervisor_id $$;
CREATE TABLE film.users (
	id integer PRIMARY KEY,
	username text UNIQUE
);
INSERT INTO film.users VALUES (1, 'ann'), (2, 'bob'), (3, 'cat');
CREATE TABLE film.subscriptions (
	subscriber_id integer REFERENCES film.users (id),
	subscribed_id integer REFERENCES film.users (id),
	type text,
	PRIMARY KEY (subscriber_id, subscribed_id)
);
INSERT INTO film.subscriptions VALUES (1, 2, 'free'), (3, 2, 'paid'), (2, 1, 'free');
CREATE FUNCTION film.subscribers(film.users) RETURNS SETOF film.users LANGUAGE sql STABLE AS $$
	SELECT u.* FROM film.users AS u JOIN film.subscriptions AS s ON s.subscriber_id = u.id WHERE s.subscribed_id = $1.id $$;
CREATE FUNCTION film.following(film.users) RETURNS SETOF film.users LANGUAGE sql STABLE AS $$
	SELECT u.* FROM film.users AS u JOIN film.subscriptions AS s ON s.subscribed_id = u.id WHERE s.subscriber_id = $1.id $$;

-- a key of two columns, one of them oddly named
CREATE TABLE film.halls (
	cinema text,
	"hall no" integer,
	seats integer,
	PRIMARY KEY (cinema, "hall no")
);
INSERT INTO film.halls VALUES ('Rex', 1, 120), ('Rex', 2, 60), ('Lux', 1, 40);
CREATE TABLE film.shows (
	id integer PRIMARY KEY,
	cinema text,
	hall integer,
	film_id integer REFERENCES film.films (id),
	FOREIGN KEY (cinema, hall) REFERENCES film.halls (cinema, "hall no")
);
INSERT INTO film.shows VALUES (1, 'Rex', 1, 1), (2, 'Rex', 2, 1), (3, 'Lux', 1, 3), (4, NULL, 1, 5);

-- names that our own SQL uses, or could be taken to use
CREATE TABLE film."_1" (
	id integer PRIMARY KEY,
	"value" text,
	parent_id integer REFERENCES film."_1" (id)
);
INSERT INTO film."_1" VALUES (1, 'top', NULL), (2, 'low', 1);
CREATE FUNCTION film.parent(film."_1") RETURNS SETOF film."_1" ROWS 1 LANGUAGE sql STABLE AS $$
	SELECT * FROM film."_1" WHERE id = $1.parent_id $$;
CREATE TABLE film.depots (
	id integer PRIMARY KEY,
	depots_1 text
);
INSERT INTO film.depots VALUES (1, NULL), (2, 'x');
CREATE TABLE film.parcels (
	id integer PRIMARY KEY,
	"r" text,
	depot_id integer REFERENCES film.depots (id)
);
INSERT INTO film.parcels VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 2), (4, 'd', NULL);
