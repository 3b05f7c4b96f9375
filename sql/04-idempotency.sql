-- The answers of writes that came with an Idempotency-Key (db-idempotency-table). Running it again changes nothing.
-- swm keeps them as the role that logs in, before it has taken the role of who asks: nobody
-- else reads or writes them, and the schema is not one that is served.
SET client_min_messages = warning;

CREATE SCHEMA IF NOT EXISTS swm_private;
GRANT USAGE ON SCHEMA swm_private TO swm_authenticator;

CREATE TABLE IF NOT EXISTS swm_private.kept_answers (
	scope text NOT NULL,
	key text NOT NULL,
	expires timestamptz NOT NULL,
	request text,
	status integer,
	headers json,
	body bytea,
	PRIMARY KEY (scope, key)
);
CREATE INDEX IF NOT EXISTS kept_answers_expires_idx ON swm_private.kept_answers (expires);
GRANT SELECT, INSERT, UPDATE, DELETE ON swm_private.kept_answers TO swm_authenticator;

COMMENT ON SCHEMA swm_private IS 'What swm keeps for itself';
COMMENT ON TABLE swm_private.kept_answers IS 'Answers of writes, by Idempotency-Key; swm removes them when they have expired';
COMMENT ON COLUMN swm_private.kept_answers.scope IS 'Whose key it is: a digest of the role and the claims';
COMMENT ON COLUMN swm_private.kept_answers.request IS 'A digest of the request; another one with this key is refused';
COMMENT ON COLUMN swm_private.kept_answers.headers IS 'Of the answer, as in response.headers';
