-- Functions, after the examples of PostgREST's pages on functions, transactions and errors.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS calls, calls_other CASCADE;
CREATE SCHEMA calls;
CREATE SCHEMA calls_other;
GRANT USAGE ON SCHEMA calls, calls_other TO swm_anon, swm_reader, swm_writer;
SET search_path = calls;

CREATE TABLE directors (id integer PRIMARY KEY, name text NOT NULL);
INSERT INTO directors VALUES (1, 'Bong Joon-ho'), (2, 'Luca Guadagnino'), (3, 'Denis Villeneuve');
CREATE TABLE films (
	id integer PRIMARY KEY,
	title text NOT NULL,
	year integer NOT NULL,
	rating numeric(3,1),
	director_id integer REFERENCES directors
);
INSERT INTO films VALUES
	(1, 'Okja', 2017, 7.4, 1), (2, 'Call me by your name', 2017, 8, 2), (3, 'Blade Runner 2049', 2017, 8.1, 3),
	(4, 'Parasite', 2019, 8.5, 1);
CREATE TABLE log (n serial PRIMARY KEY, word text);
CREATE TABLE files (blob bytea);

-- values
CREATE FUNCTION add_them(a integer, b integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a + b';
CREATE FUNCTION plus_one(arr integer[]) RETURNS integer[] LANGUAGE sql IMMUTABLE
	AS 'SELECT array_agg(n + 1) FROM unnest(arr) AS n';
CREATE FUNCTION plus_one_variadic(VARIADIC v integer[] DEFAULT '{}') RETURNS integer[] LANGUAGE sql IMMUTABLE
	AS 'SELECT array_agg(n + 1) FROM unnest(v) AS n';
CREATE FUNCTION concat_all(separator text, VARIADIC words text[]) RETURNS text LANGUAGE sql IMMUTABLE
	AS 'SELECT array_to_string(words, separator)';
CREATE FUNCTION greet(name text DEFAULT 'world', mark text DEFAULT '!') RETURNS text LANGUAGE sql IMMUTABLE
	AS $$ SELECT 'hello ' || name || mark $$;
CREATE FUNCTION no_value() RETURNS integer LANGUAGE sql STABLE AS 'SELECT NULL::integer';
CREATE FUNCTION document() RETURNS json LANGUAGE sql STABLE AS $$ SELECT '{"a":  1, "b": null}'::json $$;
CREATE FUNCTION numbers(up_to integer) RETURNS SETOF integer LANGUAGE sql STABLE AS 'SELECT generate_series(1, up_to)';
CREATE FUNCTION words() RETURNS SETOF text LANGUAGE sql STABLE
	AS $$ VALUES ('one "1"'::text), (NULL), ('zwei, 2') $$;
CREATE FUNCTION pairs() RETURNS SETOF integer[] LANGUAGE sql STABLE AS $$ VALUES ('{1,2}'::integer[]), (NULL), ('{3}') $$;
CREATE FUNCTION letters(c character, b bit) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT c::text || b::text';
CREATE FUNCTION "someFunc"("someParam" text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper("someParam")';
CREATE FUNCTION "odd name, (really)?"("a.b" text DEFAULT 'x', "c d" text DEFAULT 'y') RETURNS text LANGUAGE sql IMMUTABLE
	AS 'SELECT "a.b" || "c d"';
CREATE FUNCTION echo(value json) RETURNS json LANGUAGE sql IMMUTABLE AS 'SELECT value';
CREATE FUNCTION type_of(value json) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT json_typeof(value)';
CREATE FUNCTION is_null(value text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT value IS NULL';
CREATE FUNCTION today_is(d date, t timestamptz) RETURNS text LANGUAGE sql STABLE AS $$ SELECT d || ' ' || (t AT TIME ZONE 'UTC') $$;

-- overloads
CREATE FUNCTION rental_duration(customer_id integer) RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'one' $$;
CREATE FUNCTION rental_duration(customer_id integer, from_date date) RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'two' $$;
CREATE FUNCTION same_names(a integer, b text) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION same_names(a text, b integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 2';

-- the body as it is
CREATE FUNCTION mult_them(json) RETURNS integer LANGUAGE sql AS $$ SELECT ($1->>'x')::int * ($1->>'y')::int $$;
CREATE FUNCTION body_of(json) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'json ' || $1 $$;
CREATE FUNCTION body_of(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'text ' || $1 $$;
CREATE FUNCTION body_of(xml) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'xml ' || $1 $$;
CREATE FUNCTION body_of(bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'bytea ' || encode($1, 'hex') $$;
CREATE FUNCTION body_of(a integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'named ' || a $$;
CREATE FUNCTION body_of() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'nothing' $$;
CREATE FUNCTION body_or_not(json DEFAULT '"nothing"') RETURNS json LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION only_int(integer DEFAULT 42) RETURNS integer LANGUAGE sql STABLE AS 'SELECT $1';
CREATE FUNCTION many_ways() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION many_ways(integer DEFAULT 1) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 2';
CREATE FUNCTION many_ways(text DEFAULT 'x') RETURNS integer LANGUAGE sql STABLE AS 'SELECT 3';
CREATE FUNCTION some_names(a integer, integer DEFAULT 2) RETURNS integer LANGUAGE sql STABLE AS 'SELECT $1 + $2';
CREATE FUNCTION raw_text(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION raw_bytes(bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT encode($1, 'hex') $$;
CREATE FUNCTION unn(json) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE FUNCTION upload_binary(bytea) RETURNS void LANGUAGE sql AS 'INSERT INTO calls.files VALUES ($1)';
CREATE FUNCTION size_of(text) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT octet_length($1)';
CREATE FUNCTION only_jsonb(jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS 'SELECT $1';

-- rows
CREATE FUNCTION best_films_2017() RETURNS SETOF films LANGUAGE sql STABLE
	AS 'SELECT * FROM calls.films WHERE year = 2017';
CREATE FUNCTION films_for_ever() RETURNS SETOF films LANGUAGE plpgsql STABLE
	AS 'BEGIN RETURN QUERY SELECT * FROM calls.films; END';
CREATE FUNCTION films_of(year integer) RETURNS SETOF films LANGUAGE sql STABLE
	AS 'SELECT * FROM calls.films f WHERE f.year = films_of.year';
CREATE FUNCTION film(id integer) RETURNS films LANGUAGE sql STABLE
	AS 'SELECT * FROM calls.films f WHERE f.id = film.id';
CREATE FUNCTION film_titles() RETURNS TABLE (number integer, title text) LANGUAGE sql STABLE
	AS 'SELECT id, title FROM calls.films';
CREATE FUNCTION limits(OUT low integer, OUT high integer) LANGUAGE sql STABLE AS 'SELECT 1, 9';
CREATE FUNCTION films_record() RETURNS SETOF record LANGUAGE sql STABLE AS 'SELECT id, title FROM calls.films WHERE year = 2017';
CREATE FUNCTION thousands(how_many integer) RETURNS TABLE (n integer, pad text) LANGUAGE sql STABLE
	AS $$ SELECT g, repeat('x', 100) FROM generate_series(1, how_many) AS g $$;

-- what they do
CREATE FUNCTION do_nothing() RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION write_log(word text) RETURNS text LANGUAGE sql
	AS 'INSERT INTO calls.log (word) VALUES (word) RETURNING word';
CREATE FUNCTION write_two(word text) RETURNS SETOF log LANGUAGE sql
	AS 'INSERT INTO calls.log (word) VALUES (write_two.word), (write_two.word) RETURNING *';
CREATE FUNCTION write_and_fail(word text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO calls.log (word) VALUES (write_and_fail.word);
	RAISE EXCEPTION 'after all, no';
END $$;
CREATE FUNCTION not_so_stable(word text) RETURNS text LANGUAGE sql STABLE AS 'SELECT calls.write_log(word)';
CREATE FUNCTION read_only() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('transaction_read_only') $$;
CREATE FUNCTION read_only_stable() RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('transaction_read_only') $$;
CREATE FUNCTION isolation() RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('transaction_isolation') $$;
CREATE FUNCTION serial_isolation() RETURNS text LANGUAGE sql SET default_transaction_isolation TO 'serializable'
	AS $$ SELECT current_setting('transaction_isolation') || ' ' || current_setting('transaction_read_only') $$;
CREATE FUNCTION patient() RETURNS text LANGUAGE sql SET statement_timeout TO '4s'
	AS $$ SELECT current_setting('statement_timeout') $$;
CREATE FUNCTION who() RETURNS json LANGUAGE sql STABLE AS $$ SELECT json_build_object(
	'user', current_user, 'method', current_setting('request.method', true), 'path', current_setting('request.path', true)) $$;
CREATE FUNCTION count_me() RETURNS SETOF integer LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO calls.log (word) VALUES ('counted');
	RETURN QUERY SELECT generate_series(1, 5);
END $$;
CREATE FUNCTION many_volatile(how_many integer) RETURNS TABLE (n integer, pad text) LANGUAGE sql VOLATILE
	AS $$ SELECT g, repeat('x', 100) FROM generate_series(1, how_many) AS g $$;

-- errors
CREATE FUNCTION just_fail() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'I refuse!' USING DETAIL = 'Pretty simple', HINT = 'There is nothing you can do.';
END $$;
CREATE FUNCTION pay() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	RAISE sqlstate 'PT402' USING message = 'Payment Required', detail = 'Quota exceeded', hint = 'Upgrade your plan';
END $$;
CREATE FUNCTION raise_state(state text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING errcode = state, message = 'out of order';
END $$;
CREATE FUNCTION raise_pgrst(message text, detail text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF detail = '' THEN
		RAISE sqlstate 'PGRST' USING message = raise_pgrst.message;
	END IF;
	RAISE sqlstate 'PGRST' USING message = raise_pgrst.message, detail = raise_pgrst.detail;
END $$;

-- the answer's settings
CREATE FUNCTION teapot() RETURNS json LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('response.status', '418', true);
	RETURN json_build_object('message', 'The requested entity body is short and stout.', 'hint', 'Tip it over and pour it out.');
END $$;
CREATE FUNCTION set_answer(headers text DEFAULT '', status text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('response.headers', headers, true), set_config('response.status', status, true);
	RETURN 'done';
END $$;
CREATE FUNCTION thousands_with_header(how_many integer) RETURNS SETOF integer LANGUAGE plpgsql STABLE AS $$
BEGIN
	PERFORM set_config('response.headers', '[{"X-Many": "yes"}]', true), set_config('response.status', '206', true);
	RETURN QUERY SELECT generate_series(1, how_many);
END $$;
CREATE FUNCTION keep_setting() RETURNS text LANGUAGE sql AS $$ SELECT set_config('calls.kept', 'yes', false) $$;
CREATE FUNCTION kept_setting() RETURNS text LANGUAGE sql STABLE AS $$ SELECT coalesce(current_setting('calls.kept', true), '') $$;

-- who may
CREATE FUNCTION hidden_function(x integer) RETURNS integer LANGUAGE sql AS 'SELECT x';
REVOKE EXECUTE ON FUNCTION hidden_function(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hidden_function(integer) TO swm_reader;
CREATE FUNCTION calls_other.here() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'in other' $$;
CREATE FUNCTION here() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'in calls' $$;

GRANT SELECT ON ALL TABLES IN SCHEMA calls TO swm_anon, swm_reader, swm_writer;
GRANT INSERT ON log, files TO swm_anon;
GRANT USAGE ON SEQUENCE log_n_seq TO swm_anon;
