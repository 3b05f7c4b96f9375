-- Which version of these files the database has, for `swm status`. Raise it when one of them
-- changes what is in the database.
SET client_min_messages = warning;

CREATE SCHEMA IF NOT EXISTS swm_private;
GRANT USAGE ON SCHEMA swm_private TO swm_authenticator;

CREATE TABLE IF NOT EXISTS swm_private.version (
	version integer NOT NULL,
	installed timestamptz NOT NULL DEFAULT pg_catalog.now(),
	only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
COMMENT ON TABLE swm_private.version IS 'Which version of the schema swm is installed';

INSERT INTO swm_private.version (version) VALUES (7)
ON CONFLICT (only_row) DO UPDATE SET version = excluded.version, installed = excluded.installed
WHERE swm_private.version.version <> excluded.version;

GRANT SELECT ON swm_private.version TO swm_authenticator;
