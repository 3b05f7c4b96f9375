-- Signing in with a name and a password: POST /rpc/login answers a token that is good for a short
-- time. Optional: leave it out where tokens come from somewhere else. Running it again
-- changes nothing.
--
-- The people, the hashes of their passwords and the secret that signs tokens are swm_login's, a
-- role that nobody logs in as; swm.login runs with its privileges. No role of a request can
-- read them.
SET client_min_messages = warning;

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'swm_login') THEN
		CREATE ROLE swm_login;
	END IF;
END
$$;
ALTER ROLE swm_login NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
	NOBYPASSRLS;
COMMENT ON ROLE swm_login IS 'Owns swm.login and what it reads; nobody logs in as it.';

-- The arguments of a function are parameters of swm's statements: they are not to be written
-- to PostgreSQL's log, whatever else is.
ALTER ROLE swm_authenticator SET log_parameter_max_length = 0;
ALTER ROLE swm_authenticator SET log_parameter_max_length_on_error = 0;

CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA swm_private;
GRANT USAGE ON SCHEMA swm_private TO swm_login;

CREATE TABLE IF NOT EXISTS swm_private.login_roles (
	role name PRIMARY KEY CHECK (role NOT IN ('swm_authenticator', 'swm_login'))
);
INSERT INTO swm_private.login_roles (role) VALUES ('swm_reader'), ('swm_writer')
ON CONFLICT DO NOTHING;

CREATE TABLE IF NOT EXISTS swm_private.people (
	name text PRIMARY KEY CHECK (name <> ''),
	password_hash text NOT NULL,
	role name NOT NULL REFERENCES swm_private.login_roles (role),
	active boolean NOT NULL DEFAULT true
);

CREATE TABLE IF NOT EXISTS swm_private.login_settings (
	lifetime interval NOT NULL DEFAULT '30 minutes'
		CHECK (lifetime BETWEEN interval '1 minute' AND interval '1 hour'),
	secret text CHECK (octet_length(secret) >= 32),
	only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
INSERT INTO swm_private.login_settings DEFAULT VALUES ON CONFLICT DO NOTHING;

ALTER TABLE swm_private.login_roles OWNER TO swm_login;
ALTER TABLE swm_private.people OWNER TO swm_login;
ALTER TABLE swm_private.login_settings OWNER TO swm_login;

-- pgcrypto may be installed already, in another schema. The bodies of these two are parsed now,
-- with that schema in the path; who calls them needs to know nothing of it.
DO $$
BEGIN
	PERFORM set_config('search_path', 'pg_catalog, ' || extnamespace::regnamespace, false)
	FROM pg_catalog.pg_extension
	WHERE extname = 'pgcrypto';
END
$$;

-- Without a hash a new one is made, whose salt has the cost 12: a quarter of a second. crypt() raises
-- an error for a hash that it cannot read, and some others take it no time: see swm.login.
CREATE OR REPLACE FUNCTION swm_private.hash_password(password text, hash text DEFAULT NULL)
RETURNS text LANGUAGE sql VOLATILE
BEGIN ATOMIC
	SELECT crypt(password, coalesce(hash, gen_salt('bf', 12)));
END;

CREATE OR REPLACE FUNCTION swm_private.hmac_sha256(text text, secret text)
RETURNS bytea LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
	SELECT hmac(convert_to(text, 'UTF8'), convert_to(secret, 'UTF8'), 'sha256');
END;
RESET search_path;

-- RFC 7515, section 2: base64url without padding; encode() breaks lines.
CREATE OR REPLACE FUNCTION swm_private.base64url(octets bytea)
RETURNS text LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
	SELECT translate(encode(octets, 'base64'), E'+/=\n', '-_');
END;

-- A JSON Web Token in the compact serialization of RFC 7515, section 3.1, by HS256.
CREATE OR REPLACE FUNCTION swm_private.signed_token(claims json, secret text)
RETURNS text LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
	SELECT input || '.' || swm_private.base64url(swm_private.hmac_sha256(input, secret))
	FROM (SELECT swm_private.base64url(convert_to('{"alg":"HS256","typ":"JWT"}', 'UTF8')) || '.'
	             || swm_private.base64url(convert_to(claims::text, 'UTF8')) AS input) AS s;
END;

CREATE OR REPLACE FUNCTION swm.login(name text, password text)
RETURNS json LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	settings swm_private.login_settings;
	person swm_private.people;
	found_hash text;
	seconds integer;
	moment bigint := floor(extract(epoch FROM clock_timestamp()));
BEGIN
	-- in a URL the password would be in the logs of every server on the way
	IF current_setting('request.method', true) IS DISTINCT FROM 'POST' THEN
		RAISE SQLSTATE 'PT405' USING MESSAGE = 'login is called by POST',
			HINT = 'Send {"name": ..., "password": ...} as the body.';
	END IF;
	-- the web server counts the requests that ask for it, to whom a batch is another one
	IF current_setting('request.batch', true) = 'true' THEN
		RAISE SQLSTATE 'PT400' USING MESSAGE = 'login is not called in a batch';
	END IF;
	-- the answer would be kept, with the token in it, and a digest of the password
	IF nullif(current_setting('request.headers', true), '')::json -> 'idempotency-key' IS NOT NULL THEN
		RAISE SQLSTATE 'PT400' USING MESSAGE = 'login takes no Idempotency-Key';
	END IF;
	SELECT * INTO settings FROM swm_private.login_settings;
	IF settings.secret IS NULL THEN
		RAISE SQLSTATE 'PT501' USING MESSAGE = 'signing in is not set up here',
			HINT = 'The secret is missing (swm_private.set_login_secret).';
	END IF;
	SELECT * INTO person FROM swm_private.people AS p WHERE p.name = login.name;
	-- A name that is not there must take as long as one that is: the password is hashed as
	-- well. So is that of a person who is locked out by another text in place of the hash, '!'
	-- or '*' as in /etc/shadow; of those that crypt() knows, bcrypt alone takes that long.
	IF person.password_hash !~ '^\$2[ax]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}$' THEN
		person.password_hash := NULL;
	END IF;
	-- bcrypt looks at 72 bytes; set_password refuses longer ones, so these are wrong.
	found_hash := swm_private.hash_password(left(coalesce(login.password, ''), 72),
	                                        person.password_hash);
	IF found_hash IS DISTINCT FROM person.password_hash OR octet_length(login.password) > 72
	   OR person.active IS NOT true THEN
		RAISE SQLSTATE 'PT401' USING MESSAGE = 'The name or the password is wrong';
	END IF;
	seconds := extract(epoch FROM settings.lifetime);
	RETURN json_build_object(
		'token', swm_private.signed_token(
			json_build_object('role', person.role, 'sub', person.name,
			                  'iat', moment, 'exp', moment + seconds),
			settings.secret),
		'role', person.role, 'expires_in', seconds);
END
$$;
ALTER FUNCTION swm.login OWNER TO swm_login;

-- For the operator: adds a person, or gives another password or role to one; null leaves it.
CREATE OR REPLACE FUNCTION swm_private.set_password(name text, password text,
                                                    role name DEFAULT NULL)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF length(set_password.password) < 8 OR octet_length(set_password.password) > 72 THEN
		RAISE invalid_parameter_value
			USING MESSAGE = 'a password has 8 characters or more, and at most 72 bytes';
	END IF;
	IF set_password.role NOT IN (SELECT r.role FROM swm_private.login_roles AS r) THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('nobody may sign in as %L', set_password.role),
			HINT = 'The roles that may are in swm_private.login_roles.';
	END IF;
	UPDATE swm_private.people AS p SET
		password_hash = coalesce(swm_private.hash_password(set_password.password),
		                         p.password_hash),
		role = coalesce(set_password.role, p.role)
	WHERE p.name = set_password.name;
	IF FOUND THEN
		RETURN;
	END IF;
	IF set_password.password IS NULL OR set_password.role IS NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('%L is new: a password and a role are needed',
			                 set_password.name);
	END IF;
	INSERT INTO swm_private.people (name, password_hash, role)
	VALUES (set_password.name, swm_private.hash_password(set_password.password),
	        set_password.role);
END
$$;

-- For the operator: the secret that swm-fcgi verifies tokens with (jwt-secret). True: it is new.
CREATE OR REPLACE FUNCTION swm_private.set_login_secret(secret text)
RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF octet_length(set_login_secret.secret) >= 32 THEN
		UPDATE swm_private.login_settings AS s SET secret = set_login_secret.secret
		WHERE s.secret IS DISTINCT FROM set_login_secret.secret;
		RETURN FOUND;
	END IF;
	RAISE invalid_parameter_value
		USING MESSAGE = 'the secret must be at least 32 characters long';
END
$$;

REVOKE ALL ON FUNCTION
	swm.login, swm_private.hash_password, swm_private.hmac_sha256, swm_private.base64url,
	swm_private.signed_token, swm_private.set_password, swm_private.set_login_secret
	FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
	swm_private.hash_password, swm_private.hmac_sha256, swm_private.base64url,
	swm_private.signed_token
	TO swm_login;
GRANT EXECUTE ON FUNCTION swm.login TO swm_anon, swm_reader, swm_writer;

COMMENT ON FUNCTION swm.login IS
$$Sign in with a name and a password

Answers a token, the role that it is for, and for how many seconds it is good. By POST alone.$$;
COMMENT ON TABLE swm_private.people IS 'Those who may sign in by swm.login';
COMMENT ON COLUMN swm_private.people.password_hash IS
'bcrypt, as set_password makes it ($2a$); with anything else nobody gets in';
COMMENT ON COLUMN swm_private.people.active IS
'false: may not sign in; tokens live on until they expire';
COMMENT ON TABLE swm_private.login_roles IS 'The roles that people may have';
COMMENT ON TABLE swm_private.login_settings IS
'How long a token is good, and the secret that signs it';
