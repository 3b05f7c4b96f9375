-- Totals over the consumption, for plots and lists: functions that are called by GET /rpc/NAME.
-- Running it again changes nothing.
--
-- Each runs with the privileges of whoever calls it, so that row-level security counts as it does
-- for the table: a device's totals are made of its own readings. Their bodies are parsed
-- here and now (BEGIN ATOMIC): a caller needs neither a search_path nor the schema of the checks.
--
-- Units are never added up with one another. The range is from first_date to last_date, both of
-- them in it. A bucket is called by its first day, a week by its Monday; the first and the last
-- bucket hold the days of the range alone. For each unit that was read in the range, every bucket
-- is there: where nothing was read, amount is null and readings is 0.
SET client_min_messages = warning;

CREATE OR REPLACE FUNCTION swm_private.checked_range(first_date date, last_date date)
RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
	IF first_date IS NULL OR last_date IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = format('%s must not be null',
			CASE WHEN last_date IS NULL THEN 'last_date' ELSE 'first_date' END);
	END IF;
	IF NOT isfinite(first_date) OR NOT isfinite(last_date) THEN
		RAISE invalid_parameter_value
			USING MESSAGE = 'first_date and last_date must be finite';
	END IF;
	RETURN true;
END
$$;

-- The bucket, when it is one and the answer of a checked range has a sane size; null when the range
-- is empty.
CREATE OR REPLACE FUNCTION swm_private.checked_bucket(first_date date, last_date date, bucket text,
                                                      series integer)
RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
	most_rows CONSTANT integer := CASE series WHEN 1 THEN 10000 ELSE 100000 END;
	days_each integer;
	wanted bigint;
BEGIN
	IF series IS NULL THEN
		RAISE null_value_not_allowed USING MESSAGE = 'devices must not be null';
	END IF;
	days_each := CASE bucket WHEN 'day' THEN 1 WHEN 'week' THEN 7 WHEN 'month' THEN 30 END;
	IF days_each IS NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('bucket must be day, week or month, not %s',
			                 coalesce(quote_literal(bucket), 'null'));
	END IF;
	wanted := ((last_date - first_date) / days_each + 1) * series::bigint;
	IF wanted > most_rows THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format(
				'from %s to %s are %s buckets (by %s); at most %s are answered',
				first_date, last_date, wanted, bucket, most_rows),
			HINT = 'Ask for a shorter range, longer buckets or fewer devices.';
	END IF;
	RETURN CASE WHEN first_date <= last_date THEN bucket END;
END
$$;

CREATE OR REPLACE FUNCTION swm_private.checked_number(name text, number integer)
RETURNS integer LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
	IF number >= 1 THEN
		RETURN number;
	END IF;
	RAISE invalid_parameter_value USING
		MESSAGE = format('%s must be 1 or more, not %s',
		                 name, coalesce(number::text, 'null'));
END
$$;

-- Views begin with the days up to the last one: a device whose clock is wrong must not move them
-- for everybody. Tomorrow is today further east. Rows of earlier versions may have days that are
-- no longer taken (sql/02-schema.sql).
CREATE OR REPLACE FUNCTION swm.consumption_days(OUT first_date date, OUT last_date date)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	-- apart, since min and max then read one entry of an index each
	SELECT (SELECT min(date) FROM swm.consumption
	        WHERE date BETWEEN '0001-01-01' AND '9999-12-31'),
	       coalesce((SELECT max(date) FROM swm.consumption
	                 WHERE date BETWEEN '0001-01-01' AND current_date + 1),
	                (SELECT max(date) FROM swm.consumption
	                 WHERE date BETWEEN '0001-01-01' AND '9999-12-31'));
END;

CREATE OR REPLACE FUNCTION swm.consumption_span(OUT first_date date, OUT last_date date,
                                                OUT readings bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT d.first_date, d.last_date, (SELECT count(*) FROM swm.consumption)
	FROM swm.consumption_days() AS d;
END;

-- In the functions below, gaps are filled by adding empty rows to those of the sums before the
-- last GROUP BY, not by a join: the planner cannot know how many rows a range has, and might
-- choose to compare each with each. The check is a condition without columns, which is looked
-- at before anything else is: it is the check that speaks, even when there are no readings.

CREATE OR REPLACE FUNCTION swm.fleet_series(first_date date, last_date date,
                                            bucket text DEFAULT 'day')
RETURNS TABLE (unit varchar, bucket date, amount numeric, readings bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH asked AS MATERIALIZED (
		SELECT swm_private.checked_bucket(first_date, last_date, fleet_series.bucket, 1)
		       AS bucket
		WHERE swm_private.checked_range(first_date, last_date)
	), days AS (
		SELECT c.unit, c.date, sum(c.amount) AS amount, count(*) AS readings
		FROM swm.consumption AS c
		WHERE c.date BETWEEN first_date AND last_date
		GROUP BY c.unit, c.date
	), sums AS (
		SELECT d.unit, d.amount, d.readings,
		       date_trunc((SELECT a.bucket FROM asked AS a), d.date::timestamp)::date
		       AS bucket
		FROM days AS d
	), gaps AS (
		SELECT u.unit, generate_series(date_trunc(a.bucket, first_date::timestamp),
		                               last_date::timestamp,
		                               ('1 ' || a.bucket)::interval)::date AS bucket
		FROM (SELECT DISTINCT d.unit FROM days AS d) AS u
		CROSS JOIN asked AS a
	)
	SELECT f.unit, f.bucket, sum(f.amount), sum(f.readings)::bigint
	FROM (
		SELECT s.unit, s.bucket, s.amount, s.readings FROM sums AS s
		UNION ALL
		SELECT g.unit, g.bucket, NULL AS amount, 0 AS readings FROM gaps AS g
	) AS f
	WHERE (SELECT a.bucket FROM asked AS a) IS NOT NULL
	GROUP BY f.unit, f.bucket
	ORDER BY f.unit, f.bucket;
END;

CREATE OR REPLACE FUNCTION swm.device_series(devices integer[], first_date date, last_date date,
                                             bucket text DEFAULT 'day')
RETURNS TABLE (device_id integer, unit varchar, bucket date, amount numeric, readings bigint,
               smallest numeric, largest numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH asked AS MATERIALIZED (
		SELECT swm_private.checked_bucket(first_date, last_date, device_series.bucket,
		                                  cardinality(devices)) AS bucket
		WHERE swm_private.checked_range(first_date, last_date)
	), sums AS (
		SELECT c.device_id, c.unit,
		       date_trunc((SELECT a.bucket FROM asked AS a), c.date::timestamp)::date
		       AS bucket,
		       sum(c.amount) AS amount, count(*) AS readings,
		       min(c.amount) AS smallest, max(c.amount) AS largest
		FROM swm.consumption AS c
		WHERE c.device_id = ANY (devices) AND c.date BETWEEN first_date AND last_date
		GROUP BY 1, 2, 3
	), gaps AS (
		SELECT u.device_id, u.unit,
		       generate_series(date_trunc(a.bucket, first_date::timestamp),
		                       last_date::timestamp,
		                       ('1 ' || a.bucket)::interval)::date AS bucket
		FROM (SELECT DISTINCT s.device_id, s.unit FROM sums AS s) AS u
		CROSS JOIN asked AS a
	)
	SELECT f.device_id, f.unit, f.bucket, sum(f.amount), sum(f.readings)::bigint,
	       min(f.smallest), max(f.largest)
	FROM (
		SELECT s.device_id, s.unit, s.bucket, s.amount, s.readings, s.smallest, s.largest
		FROM sums AS s
		UNION ALL
		SELECT g.device_id, g.unit, g.bucket, NULL AS amount, 0 AS readings,
		       NULL AS smallest, NULL AS largest
		FROM gaps AS g
	) AS f
	WHERE (SELECT a.bucket FROM asked AS a) IS NOT NULL
	GROUP BY f.device_id, f.unit, f.bucket
	ORDER BY f.device_id, f.unit, f.bucket;
END;

CREATE OR REPLACE FUNCTION swm.largest_consumers(first_date date, last_date date,
                                                 most integer DEFAULT 10)
RETURNS TABLE (unit varchar, device_id integer, device_name varchar, amount numeric, share numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH asked AS MATERIALIZED (
		SELECT swm_private.checked_number('most', largest_consumers.most) AS most
		WHERE swm_private.checked_range(first_date, last_date)
	), sums AS (
		SELECT c.unit, c.device_id, sum(c.amount) AS amount
		FROM swm.consumption AS c
		WHERE c.date BETWEEN first_date AND last_date
		GROUP BY c.unit, c.device_id
	), ranked AS (
		SELECT s.unit, s.device_id, s.amount,
		       sum(s.amount) OVER (PARTITION BY s.unit) AS total,
		       row_number() OVER (PARTITION BY s.unit
		                          ORDER BY s.amount DESC, s.device_id) AS place
		FROM sums AS s
	)
	SELECT r.unit, r.device_id, d.device_name, r.amount, round(r.amount / nullif(r.total, 0), 6)
	FROM ranked AS r
	JOIN swm.devices AS d ON d.id = r.device_id
	WHERE r.place <= (SELECT a.most FROM asked AS a)
	AND (SELECT a.most FROM asked AS a) IS NOT NULL
	ORDER BY r.unit, r.place;
END;

CREATE OR REPLACE FUNCTION swm.recent_consumption(devices integer[], last_date date,
                                                  days integer DEFAULT 30)
RETURNS TABLE (device_id integer, unit varchar, amount numeric, per_day numeric[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	WITH asked AS MATERIALIZED (
		SELECT last_date - swm_private.checked_number('days', days) + 1 AS first_date
		WHERE swm_private.checked_range(last_date, last_date)
	), sums AS (
		SELECT c.device_id, c.unit, c.date, c.amount
		FROM swm.consumption AS c
		WHERE c.device_id = ANY (devices)
		AND c.date BETWEEN (SELECT a.first_date FROM asked AS a) AND last_date
	), gaps AS (
		SELECT u.device_id, u.unit, a.first_date + generate_series(0, days - 1) AS date
		FROM (SELECT DISTINCT s.device_id, s.unit FROM sums AS s) AS u
		CROSS JOIN asked AS a
	), filled AS (
		SELECT f.device_id, f.unit, f.date, sum(f.amount) AS amount
		FROM (
			SELECT s.device_id, s.unit, s.date, s.amount FROM sums AS s
			UNION ALL
			SELECT g.device_id, g.unit, g.date, NULL AS amount FROM gaps AS g
		) AS f
		GROUP BY f.device_id, f.unit, f.date
	)
	SELECT f.device_id, f.unit, sum(f.amount), array_agg(f.amount ORDER BY f.date)
	FROM filled AS f
	WHERE (SELECT swm_private.checked_bucket(a.first_date, last_date, 'day',
	                                         cardinality(devices)) FROM asked AS a) IS NOT NULL
	GROUP BY f.device_id, f.unit
	ORDER BY f.device_id, f.unit;
END;

-- Functions are everybody's to call unless that is taken away.
REVOKE ALL ON FUNCTION
	swm_private.checked_range, swm_private.checked_bucket, swm_private.checked_number,
	swm.consumption_days, swm.consumption_span,
	swm.fleet_series, swm.device_series, swm.largest_consumers, swm.recent_consumption
	FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
	swm_private.checked_range, swm_private.checked_bucket, swm_private.checked_number,
	swm.consumption_days, swm.consumption_span,
	swm.device_series, swm.recent_consumption
	TO swm_anon, swm_reader, swm_writer, swm_device;
-- The fleet and the names of the others are not a device's to see.
GRANT EXECUTE ON FUNCTION swm.fleet_series, swm.largest_consumers
	TO swm_anon, swm_reader, swm_writer;

COMMENT ON FUNCTION swm.consumption_days IS
$$The first and the last day of the readings

The last day is tomorrow at most, unless there are none before: what is later was sent by a wrong
clock.$$;
COMMENT ON FUNCTION swm.consumption_span IS
$$The first and the last day of the readings, and how many readings there are

As swm.consumption_days(), which does not count them and is sooner done.$$;
COMMENT ON FUNCTION swm.fleet_series IS
$$What the fleet consumed, by day, week or month

One row for each unit and bucket from first_date to last_date, both included. bucket is day,
week (from Monday on) or month, and is answered as the first day of each. Where nothing was
read, amount is null and readings is 0. A unit that was not read in the range at all has no
rows. At most 10000 buckets.$$;
COMMENT ON FUNCTION swm.device_series IS
$$What some devices consumed, by day, week or month

One row for each device, unit and bucket from first_date to last_date, both included. bucket is
day, week (from Monday on) or month, and is answered as the first day of each. smallest and
largest are single readings. Where nothing was read, amount, smallest and largest are null and
readings is 0. A unit of a device that was not read in the range at all has no rows. At most
100000 buckets of all devices together, 10000 of one.$$;
COMMENT ON FUNCTION swm.largest_consumers IS
$$The devices that consumed the most

The first ones of each unit, from first_date to last_date, both included. share is the part of
the unit's total, from 0 to 1.$$;
COMMENT ON FUNCTION swm.recent_consumption IS
$$What some devices consumed lately, day by day

One row for each device and unit that was read in the days up to last_date, which is one of
them. per_day has the amount of each day, the oldest first, null where nothing was read.$$;
COMMENT ON FUNCTION swm_private.checked_bucket IS
'Refuses what the functions of totals cannot answer';
COMMENT ON FUNCTION swm_private.checked_range IS 'Refuses what is no range of days';
COMMENT ON FUNCTION swm_private.checked_number IS 'Refuses a number that is less than 1';
