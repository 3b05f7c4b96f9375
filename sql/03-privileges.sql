-- Who may what in the schema swm, and what its tables and columns mean. Running it again changes nothing.
SET client_min_messages = warning;

GRANT USAGE ON SCHEMA swm TO swm_anon, swm_reader, swm_writer;

GRANT SELECT ON swm.devices, swm.consumption TO swm_anon;
GRANT SELECT ON ALL TABLES IN SCHEMA swm TO swm_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA swm TO swm_writer;

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
