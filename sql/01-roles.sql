-- The roles, once for the whole cluster. To be run by a superuser; running it again changes nothing.
--
-- swm_authenticator logs in for swm and may nothing itself: NOINHERIT keeps it
-- from using what it is a member of before it has said SET ROLE. It has no
-- password here; provisioning sets one (ALTER ROLE swm_authenticator PASSWORD ...)
-- or lets it in over a local socket.
SET client_min_messages = warning;

DO $$
DECLARE
	wanted text;
BEGIN
	FOREACH wanted IN ARRAY ARRAY['swm_authenticator', 'swm_anon', 'swm_reader', 'swm_writer', 'swm_device'] LOOP
		IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
			EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
		END IF;
	END LOOP;
END
$$;

ALTER ROLE swm_authenticator LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT swm_anon, swm_reader, swm_writer, swm_device TO swm_authenticator;

-- How long a statement may run. PostgreSQL does not look at it while it waits for a client to
-- take rows: server-stall-timeout of swm-fcgi and nginx's temporary file are for slow clients.
ALTER ROLE swm_anon SET statement_timeout = '1min';
ALTER ROLE swm_reader SET statement_timeout = '10min';
ALTER ROLE swm_writer SET statement_timeout = '10min';
ALTER ROLE swm_device SET statement_timeout = '1min';

COMMENT ON ROLE swm_authenticator IS 'Logs in for swm and takes one of the roles below for each request.';
COMMENT ON ROLE swm_anon IS 'Requests without a token: reads the devices and what they consumed.';
COMMENT ON ROLE swm_reader IS 'Reads everything in the schema swm.';
COMMENT ON ROLE swm_writer IS 'Reads and writes everything in the schema swm.';
COMMENT ON ROLE swm_device IS 'A device: adds its own consumption and reads it; the claim device_id of its token says which one it is.';
