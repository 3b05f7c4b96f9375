-- PostgREST's references/api/domain_representations, written anew: run before each test.
SET client_min_messages = error;
DROP SCHEMA IF EXISTS domains CASCADE;
CREATE SCHEMA domains;
GRANT USAGE ON SCHEMA domains TO swm_anon;
SET search_path = domains;

CREATE DOMAIN app_uuid AS uuid;
CREATE FUNCTION json(app_uuid) RETURNS json LANGUAGE sql IMMUTABLE
	AS $$ SELECT to_json(encode(uuid_send($1), 'base64')) $$;
CREATE CAST (app_uuid AS json) WITH FUNCTION json(app_uuid) AS IMPLICIT;
CREATE FUNCTION app_uuid(text) RETURNS app_uuid LANGUAGE sql IMMUTABLE
	AS $$ SELECT substring(decode($1, 'base64')::text FROM 3)::uuid $$;
CREATE CAST (text AS app_uuid) WITH FUNCTION app_uuid(text) AS IMPLICIT;
CREATE FUNCTION app_uuid(json) RETURNS app_uuid LANGUAGE sql IMMUTABLE AS $$ SELECT domains.app_uuid($1 #>> '{}') $$;
CREATE CAST (json AS app_uuid) WITH FUNCTION app_uuid(json) AS IMPLICIT;

-- without casts from text and json the native form is taken
CREATE DOMAIN shown_only AS int;
CREATE FUNCTION json(shown_only) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT json_build_object('n', $1::int) $$;
CREATE CAST (shown_only AS json) WITH FUNCTION json(shown_only) AS IMPLICIT;

-- one that stands for objects, and that is refused by what parses it
CREATE DOMAIN colour AS int;
CREATE FUNCTION json(colour) RETURNS json LANGUAGE sql IMMUTABLE
	AS $$ SELECT CASE WHEN $1 IS NOT NULL THEN json_build_object('hex', '#' || lpad(to_hex($1::int), 6, '0'), 'none', NULL) END $$;
CREATE CAST (colour AS json) WITH FUNCTION json(colour) AS IMPLICIT;
CREATE FUNCTION colour(text) RETURNS colour LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF $1 !~ '^#[0-9a-f]{6}$' THEN
		RAISE SQLSTATE '22P02' USING MESSAGE = 'no colour: ' || $1;
	END IF;
	RETURN ('x' || substr($1, 2))::bit(24)::int;
END $$;
CREATE CAST (text AS colour) WITH FUNCTION colour(text) AS IMPLICIT;
CREATE FUNCTION colour(json) RETURNS colour LANGUAGE sql IMMUTABLE AS $$ SELECT domains.colour($1->>'hex') $$;
CREATE CAST (json AS colour) WITH FUNCTION colour(json) AS IMPLICIT;

CREATE TABLE profiles (id app_uuid PRIMARY KEY, name text, small shown_only, paint colour DEFAULT 255, friends app_uuid[]);
INSERT INTO profiles VALUES ('846c4ffd-92ce-4de7-8d11-8e29929f4ec4', 'John Doe', 7, 16711680,
	'{cc7ec76c-5254-4dfc-bf19-9a70ba2ae9b9}'), ('00000000-0000-0000-0000-000000000001', 'Nobody', NULL, NULL, NULL);
CREATE TABLE badges (id int PRIMARY KEY, profile_id app_uuid REFERENCES profiles, points int);
INSERT INTO badges VALUES (1, '846c4ffd-92ce-4de7-8d11-8e29929f4ec4', 5), (2, '846c4ffd-92ce-4de7-8d11-8e29929f4ec4', 6), (3, NULL, 1);
CREATE FUNCTION twin(profiles) RETURNS app_uuid LANGUAGE sql STABLE AS 'SELECT $1.id';
CREATE FUNCTION all_profiles() RETURNS SETOF profiles LANGUAGE sql STABLE AS 'SELECT * FROM domains.profiles';
CREATE FUNCTION some_ids() RETURNS TABLE (id app_uuid, n int) LANGUAGE sql STABLE
	AS 'SELECT id, 1 FROM domains.profiles WHERE small = 7';
CREATE FUNCTION one_id() RETURNS app_uuid LANGUAGE sql STABLE AS 'SELECT id FROM domains.profiles WHERE small = 7';
CREATE FUNCTION one_profile() RETURNS profiles LANGUAGE sql STABLE AS 'SELECT * FROM domains.profiles WHERE small = 7';
CREATE VIEW people AS SELECT id, name, paint FROM profiles;
GRANT ALL ON ALL TABLES IN SCHEMA domains TO swm_anon;
