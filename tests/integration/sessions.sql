-- Every way in which a user's function can run, and a function that leaves in the session whatever
-- a session can keep. Each way calls it through a function of its own, by_<way>, which
-- pg_stat_user_functions counts: that it ran is known.
DROP SCHEMA IF EXISTS ses CASCADE;
DROP SCHEMA IF EXISTS ses_private CASCADE;
DROP OWNED BY ses_a, ses_b;
CREATE SCHEMA ses;
CREATE SCHEMA ses_private;
GRANT USAGE ON SCHEMA ses, ses_private TO ses_a, ses_b;

CREATE SEQUENCE ses_private.counter;
CREATE FUNCTION ses_private.tenant() RETURNS text LANGUAGE sql STABLE AS
	$$ SELECT current_setting('request.jwt.claims')::json ->> 'tenant' $$;
-- run by the commit, when a holdable cursor is filled
CREATE FUNCTION ses_private.late() RETURNS text LANGUAGE sql VOLATILE AS
	$$ SELECT set_config('app.late', ses_private.tenant(), false) $$;

-- what a read-only transaction refuses is passed over
CREATE FUNCTION ses_private.try(command text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$ BEGIN
	EXECUTE command;
EXCEPTION WHEN read_only_sql_transaction OR insufficient_privilege OR duplicate_prepared_statement
	OR duplicate_cursor OR duplicate_table OR duplicate_function THEN NULL; END $$;
CREATE FUNCTION ses_private.soil() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN
	IF coalesce(current_setting('request.jwt.claims', true), '') = '' THEN
		RETURN true; -- not in a request: while this file is read
	END IF;
	PERFORM set_config('app.tenant', ses_private.tenant(), false);
	PERFORM set_config('lock_timeout', '4321', false);
	PERFORM set_config('DateStyle', 'German', false), set_config('DateStyle', 'ISO', true);
	PERFORM pg_advisory_lock(4321), pg_advisory_lock_shared(5432);
	PERFORM ses_private.try('LISTEN ses_channel');
	PERFORM ses_private.try('PREPARE ses_prepared AS SELECT ' || quote_literal(ses_private.tenant()));
	PERFORM ses_private.try('DECLARE ses_cursor CURSOR WITH HOLD FOR SELECT ses_private.late()');
	PERFORM ses_private.try('CREATE TEMP TABLE ses_temporary AS SELECT ses_private.tenant()');
	PERFORM ses_private.try('CREATE FUNCTION pg_temp.ses_function() RETURNS text LANGUAGE sql AS '
	                        || quote_literal('SELECT ''of another'''));
	PERFORM ses_private.try('SELECT nextval(''ses_private.counter'')');
	RETURN true;
END $$;

-- by_<way>() soils; as a check, a policy or an operator it says true
DO $$ DECLARE way text; BEGIN
	FOREACH way IN ARRAY ARRAY['policy', 'policy_check', 'view', 'check', 'generated', 'domain_check', 'argument', 'rule',
	                           'request', 'embedded', 'junction', 'partitioned', 'aggregate', 'handler', 'failure'] LOOP
		EXECUTE format('CREATE FUNCTION ses_private.by_%s() RETURNS boolean LANGUAGE plpgsql %s AS
			''BEGIN RETURN ses_private.soil(); END''', way, CASE way WHEN 'generated' THEN 'IMMUTABLE' ELSE 'VOLATILE' END);
	END LOOP;
	FOREACH way IN ARRAY ARRAY['before', 'after', 'statement', 'deferred', 'instead', 'deleted'] LOOP
		EXECUTE format('CREATE FUNCTION ses_private.by_%s() RETURNS trigger LANGUAGE plpgsql AS
			''BEGIN PERFORM ses_private.soil(); IF TG_OP = ''''DELETE'''' THEN RETURN OLD; END IF; RETURN NEW; END''', way);
	END LOOP;
END $$;

CREATE TABLE ses.plain (id integer PRIMARY KEY, name text, kind smallint DEFAULT 1);
INSERT INTO ses.plain VALUES (1, 'one'), (2, 'two');
CREATE FUNCTION ses.by_computed(ses.plain) RETURNS boolean LANGUAGE plpgsql STABLE AS
	$$ BEGIN RETURN ses_private.soil(); END $$;
CREATE FUNCTION ses.kin(ses.plain) RETURNS SETOF ses.plain LANGUAGE plpgsql STABLE AS
	$$ BEGIN PERFORM ses_private.soil(); RETURN QUERY SELECT * FROM ses.plain; END $$;

CREATE TABLE ses.policied (id integer PRIMARY KEY, tenant text DEFAULT ses_private.tenant(), plain integer REFERENCES ses.plain);
INSERT INTO ses.policied VALUES (1, 'A', 1), (2, 'B', 1);
ALTER TABLE ses.policied ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON ses.policied FOR SELECT USING (ses_private.by_policy());
CREATE POLICY write ON ses.policied FOR INSERT WITH CHECK (ses_private.by_policy_check());
CREATE POLICY change ON ses.policied FOR UPDATE USING (ses_private.by_policy());
CREATE POLICY remove ON ses.policied FOR DELETE USING (ses_private.by_policy());
CREATE TABLE ses.embedded (id integer PRIMARY KEY, plain integer REFERENCES ses.plain);
INSERT INTO ses.embedded VALUES (1, 1);
ALTER TABLE ses.embedded ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON ses.embedded USING (ses_private.by_embedded());
CREATE TABLE ses.tag (id integer PRIMARY KEY);
INSERT INTO ses.tag VALUES (1);
CREATE TABLE ses.plain_tag (plain integer REFERENCES ses.plain, tag integer REFERENCES ses.tag, PRIMARY KEY (plain, tag));
INSERT INTO ses.plain_tag VALUES (1, 1);
ALTER TABLE ses.plain_tag ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON ses.plain_tag USING (ses_private.by_junction());
CREATE TABLE ses.partitioned (id integer) PARTITION BY LIST (id);
CREATE TABLE ses.partition PARTITION OF ses.partitioned DEFAULT;
INSERT INTO ses.partitioned VALUES (1);
ALTER TABLE ses.partitioned ENABLE ROW LEVEL SECURITY;
CREATE POLICY read ON ses.partitioned USING (ses_private.by_partitioned());

CREATE VIEW ses.viewed AS SELECT id, ses_private.by_view() AS seen FROM ses.plain;
CREATE TABLE ses.target (id serial PRIMARY KEY, name text);
CREATE VIEW ses.ruled AS SELECT 1 AS id, ''::text AS name;
CREATE RULE into_target AS ON INSERT TO ses.ruled DO INSTEAD
	INSERT INTO ses.target (name) SELECT 'ruled' WHERE ses_private.by_rule();
CREATE VIEW ses.instead AS SELECT 1 AS id, ''::text AS name;
CREATE TRIGGER instead INSTEAD OF INSERT ON ses.instead FOR EACH ROW EXECUTE FUNCTION ses_private.by_instead();

-- representations of a domain: https://docs.postgrest.org/en/latest/references/api/domain_representations.html
CREATE DOMAIN ses.shown AS integer;
CREATE FUNCTION ses.by_to_json(ses.shown) RETURNS json LANGUAGE plpgsql STABLE AS
	$$ BEGIN PERFORM ses_private.soil(); RETURN to_json($1::integer); END $$;
CREATE CAST (ses.shown AS json) WITH FUNCTION ses.by_to_json(ses.shown) AS IMPLICIT;
CREATE DOMAIN ses.taken AS integer;
CREATE FUNCTION ses.by_from_json(json) RETURNS ses.taken LANGUAGE plpgsql STABLE AS
	$$ BEGIN PERFORM ses_private.soil(); RETURN ($1 #>> '{}')::integer; END $$;
CREATE CAST (json AS ses.taken) WITH FUNCTION ses.by_from_json(json) AS IMPLICIT;
CREATE FUNCTION ses.by_from_text(text) RETURNS ses.taken LANGUAGE plpgsql STABLE AS
	$$ BEGIN PERFORM ses_private.soil(); RETURN $1::integer; END $$;
CREATE CAST (text AS ses.taken) WITH FUNCTION ses.by_from_text(text) AS IMPLICIT;
CREATE DOMAIN ses.checked AS integer CHECK (VALUE > 0 AND ses_private.by_domain_check());
CREATE TABLE ses.shows (id integer, v ses.shown);
INSERT INTO ses.shows VALUES (1, 1);
CREATE TABLE ses.takes (id integer, v ses.taken);
INSERT INTO ses.takes VALUES (1, 1);

-- no operator = of points is built in, and no sum
CREATE FUNCTION ses.by_operator(point, point) RETURNS boolean LANGUAGE plpgsql VOLATILE AS
	$$ BEGIN RETURN ses_private.soil(); END $$;
CREATE OPERATOR ses.= (LEFTARG = point, RIGHTARG = point, FUNCTION = ses.by_operator);
CREATE FUNCTION ses.add_points(point, point) RETURNS point LANGUAGE plpgsql VOLATILE AS
	$$ BEGIN PERFORM ses_private.by_aggregate(); RETURN $2; END $$;
CREATE AGGREGATE ses.sum (point) (SFUNC = ses.add_points, STYPE = point);
CREATE TABLE ses.places (id integer, spot point);
INSERT INTO ses.places VALUES (1, '(1,1)');

CREATE FUNCTION ses.by_default() RETURNS text LANGUAGE plpgsql VOLATILE AS
	$$ BEGIN PERFORM ses_private.soil(); RETURN 'default'; END $$;
CREATE TABLE ses.written (id integer PRIMARY KEY, name text DEFAULT ses.by_default(),
	CHECK (ses_private.by_check() OR id > 0));
CREATE FUNCTION ses.by_index(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN PERFORM ses_private.soil(); RETURN $1; END $$;
CREATE TABLE ses.indexed (id integer PRIMARY KEY, name text);
CREATE INDEX ON ses.indexed (ses.by_index(name));
-- folded to a constant when a query is planned, to see whether the index serves it
CREATE FUNCTION ses_private.by_predicate(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
	$$ BEGIN PERFORM ses_private.soil(); RETURN $1; END $$;
CREATE TABLE ses.predicate (id integer PRIMARY KEY, name text);
CREATE INDEX ON ses.predicate (name) WHERE name > ses_private.by_predicate('a');
CREATE TABLE ses.generated (id integer, made boolean GENERATED ALWAYS AS (ses_private.by_generated()) STORED);
CREATE TABLE ses.before (id integer PRIMARY KEY);
CREATE TRIGGER soil BEFORE INSERT ON ses.before FOR EACH ROW EXECUTE FUNCTION ses_private.by_before();
CREATE TABLE ses.after (id integer PRIMARY KEY);
CREATE TRIGGER soil AFTER INSERT OR UPDATE ON ses.after FOR EACH ROW EXECUTE FUNCTION ses_private.by_after();
CREATE TABLE ses.statement (id integer PRIMARY KEY);
CREATE TRIGGER soil AFTER INSERT ON ses.statement EXECUTE FUNCTION ses_private.by_statement();
CREATE TABLE ses.deferred (id integer PRIMARY KEY);
CREATE CONSTRAINT TRIGGER soil AFTER INSERT ON ses.deferred DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION ses_private.by_deferred();
CREATE TABLE ses.deleted (id integer PRIMARY KEY);
INSERT INTO ses.deleted VALUES (1);
CREATE TRIGGER soil BEFORE DELETE ON ses.deleted FOR EACH ROW EXECUTE FUNCTION ses_private.by_deleted();

CREATE FUNCTION ses.by_call() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN ses_private.soil(); END $$;
CREATE FUNCTION ses.by_stable() RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN ses_private.soil(); END $$;
CREATE FUNCTION ses.with_default(a boolean DEFAULT ses_private.by_argument()) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT a';
CREATE FUNCTION ses.by_rows() RETURNS SETOF ses.plain LANGUAGE plpgsql STABLE AS
	$$ BEGIN PERFORM ses_private.soil(); RETURN QUERY SELECT * FROM ses.plain; END $$;
CREATE FUNCTION ses.by_failure() RETURNS void LANGUAGE plpgsql VOLATILE AS
	$$ BEGIN PERFORM ses_private.by_failure(); RAISE EXCEPTION 'afterwards'; END $$;
CREATE FUNCTION ses.by_role() RETURNS text LANGUAGE plpgsql VOLATILE AS
	$$ BEGIN PERFORM ses_private.soil(); RETURN set_config('role', 'ses_b', false); END $$;
CREATE DOMAIN ses."text/x-soiled" AS text;
CREATE FUNCTION ses.by_handler(ses."text/x-soiled", ses.plain) RETURNS ses."text/x-soiled" LANGUAGE plpgsql VOLATILE AS
	$$ BEGIN PERFORM ses_private.by_handler(); RETURN ''; END $$;
CREATE AGGREGATE ses.handled (ses.plain) (SFUNC = ses.by_handler, STYPE = ses."text/x-soiled", INITCOND = '');

-- replaces every prepared statement of the session by one that notes as whom it runs
CREATE TABLE ses_private.stolen (role text);
CREATE FUNCTION ses_private.steal() RETURNS boolean LANGUAGE plpgsql VOLATILE AS
	$$ BEGIN INSERT INTO ses_private.stolen VALUES (current_user); RETURN false; END $$;
CREATE FUNCTION ses.replace_statements() RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE statement record; replaced integer := 0;
BEGIN
	FOR statement IN SELECT name, array_length(parameter_types, 1) AS parameters FROM pg_prepared_statements LOOP
		EXECUTE format('DEALLOCATE %I', statement.name);
		EXECUTE format('PREPARE %I %s AS SELECT ses_private.steal()', statement.name,
			'(' || nullif(repeat('text, ', statement.parameters - 1) || 'text', '') || ')');
		replaced := replaced + 1;
	END LOOP;
	RETURN replaced;
END $$;

-- leaves those of swm's reset, without which the connection would end
CREATE FUNCTION ses.drop_statements() RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE statement record; dropped integer := 0;
BEGIN
	FOR statement IN SELECT name FROM pg_prepared_statements WHERE name NOT LIKE '%reset%' LOOP
		EXECUTE format('DEALLOCATE %I', statement.name);
		dropped := dropped + 1;
	END LOOP;
	RETURN dropped;
END $$;

-- all that a session can keep, as the next request finds it
CREATE FUNCTION ses.probe() RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE last bigint;
BEGIN
	BEGIN last := lastval(); EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL; END;
	RETURN jsonb_build_object(
		'role', current_user,
		'settings', jsonb_build_array(coalesce(current_setting('app.tenant', true), ''),
			coalesce(current_setting('app.late', true), ''), current_setting('lock_timeout'), current_setting('DateStyle')),
		'locks', (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
		'channels', (SELECT count(*) FROM pg_listening_channels()),
		'prepared', (SELECT count(*) FROM pg_prepared_statements WHERE from_sql),
		'cursors', (SELECT count(*) FROM pg_cursors WHERE name <> ''),
		'temporary', (SELECT count(*) FROM pg_depend
			WHERE refclassid = 'pg_namespace'::regclass AND refobjid = pg_my_temp_schema()),
		'last', last);
END $$;

GRANT ALL ON ALL TABLES IN SCHEMA ses TO ses_a, ses_b;
GRANT INSERT ON ses_private.stolen TO PUBLIC;
GRANT ALL ON ALL SEQUENCES IN SCHEMA ses, ses_private TO ses_a, ses_b;
