-- Who may what in the schema swm, and what its tables and columns mean. Running it again changes nothing.
SET client_min_messages = warning;

GRANT USAGE ON SCHEMA swm TO swm_anon, swm_reader, swm_writer, swm_device;

GRANT SELECT ON swm.devices, swm.consumption TO swm_anon;
GRANT SELECT ON ALL TABLES IN SCHEMA swm TO swm_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA swm TO swm_writer;

-- A device adds rows and reads them. The number of a row is the database's to give.
GRANT SELECT ON swm.consumption TO swm_device;
GRANT INSERT (date, device_id, amount, unit) ON swm.consumption TO swm_device;

-- Whom the privileges above let in may reach every row; a device its own alone, and none
-- when its token has no claim device_id, or one that is no number. In one transaction,
-- so that no moment is without the policies.
BEGIN;
ALTER TABLE swm.consumption ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS all_rows ON swm.consumption;
CREATE POLICY all_rows ON swm.consumption USING (true);
DROP POLICY IF EXISTS own_device ON swm.consumption;
CREATE POLICY own_device ON swm.consumption AS RESTRICTIVE TO swm_device USING (
	-- asked once a statement, not once a row
	device_id = (
		SELECT CASE WHEN claim ~ '^[0-9]{1,9}$' THEN claim::integer END
		FROM (SELECT nullif(current_setting('request.jwt.claims', true), '')::json ->> 'device_id' AS claim) AS token
	)
);
COMMIT;

COMMENT ON SCHEMA swm IS 'A fleet of small devices and what they consumed';

COMMENT ON TABLE swm.devices IS 'The devices of the fleet';
COMMENT ON COLUMN swm.devices.id IS 'The number of the device, given by whoever adds it';
COMMENT ON COLUMN swm.devices.device_name IS 'The name that people know it by; no two are the same';

COMMENT ON TABLE swm.consumption IS 'What the devices consumed, day by day';
COMMENT ON COLUMN swm.consumption.id IS 'The number of the reading, given by the database unless the writer gives one';
COMMENT ON COLUMN swm.consumption.date IS 'The day of the consumption';
COMMENT ON COLUMN swm.consumption.device_id IS 'The device that consumed it';
COMMENT ON COLUMN swm.consumption.amount IS 'How much, in the unit that stands beside it';
COMMENT ON COLUMN swm.consumption.unit IS 'The unit of the amount: kWh, or l for litres';
