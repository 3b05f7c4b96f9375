-- A million rows like those of swm.consumption, in a table of the bench's own.
BEGIN;
CREATE TABLE swm.bench_consumption (LIKE swm.consumption);
INSERT INTO swm.bench_consumption (id, date, device_id, amount, unit)
SELECT n, date '2025-01-01' + n % 365, 1 + n % 51, round((0.05 + n % 997 * 0.0131)::numeric, 3), 'kWh'
FROM generate_series(1, 1000000) AS n;
GRANT SELECT ON swm.bench_consumption TO swm_anon;
-- Where others like them are written, with all its keys.
CREATE TABLE swm.bench_written (LIKE swm.consumption INCLUDING ALL, FOREIGN KEY (device_id) REFERENCES swm.devices (id));
GRANT INSERT ON swm.bench_written TO swm_anon;
COMMIT;
VACUUM (ANALYZE) swm.bench_consumption;
ANALYZE swm.devices;
