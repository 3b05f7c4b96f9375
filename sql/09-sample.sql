-- Sample data: fifty-one devices and a year of daily consumption for each. Made by
-- rule, without chance, so that every installation has the same. Only what is
-- missing is added: running it again changes nothing. Leave it out in production.
--
-- With PGOPTIONS='-c swm.sample=million' there are nine houses of such devices and six years, a
-- million rows; those of the first house and of 2025 are the same as without.
SET client_min_messages = warning;

CREATE TEMPORARY TABLE sample (id integer, device_name varchar, daily numeric, unit varchar);
INSERT INTO sample (id, device_name, daily, unit) VALUES
	(1, 'kettle', 0.42, 'kWh'),
	(2, 'toaster', 0.11, 'kWh'),
	(3, 'fridge', 0.78, 'kWh'),
	(4, 'freezer', 0.95, 'kWh'),
	(5, 'dishwasher', 0.90, 'kWh'),
	(6, 'oven', 1.35, 'kWh'),
	(7, 'hob', 1.60, 'kWh'),
	(8, 'cooker-hood', 0.09, 'kWh'),
	(9, 'microwave', 0.21, 'kWh'),
	(10, 'blender', 0.03, 'kWh'),
	(11, 'washing-machine', 0.64, 'kWh'),
	(12, 'tumble-dryer', 1.70, 'kWh'),
	(13, 'iron', 0.24, 'kWh'),
	(14, 'vacuum-cleaner', 0.16, 'kWh'),
	(15, 'express', 0.38, 'kWh'),
	(16, 'water-heater', 3.90, 'kWh'),
	(17, 'heat-pump', 9.80, 'kWh'),
	(18, 'circulation-pump', 0.33, 'kWh'),
	(19, 'boiler-control', 0.12, 'kWh'),
	(20, 'ventilation', 0.72, 'kWh'),
	(21, 'air-conditioner', 2.40, 'kWh'),
	(22, 'dehumidifier', 0.85, 'kWh'),
	(23, 'fan-attic', 0.18, 'kWh'),
	(24, 'radiator-bath', 1.10, 'kWh'),
	(25, 'towel-rail', 0.46, 'kWh'),
	(26, 'router', 0.19, 'kWh'),
	(27, 'switch-cellar', 0.14, 'kWh'),
	(28, 'network-storage', 0.58, 'kWh'),
	(29, 'television', 0.49, 'kWh'),
	(30, 'amplifier', 0.22, 'kWh'),
	(31, 'games-console', 0.31, 'kWh'),
	(32, 'desktop-study', 1.05, 'kWh'),
	(33, 'laptop-dock', 0.27, 'kWh'),
	(34, 'printer', 0.06, 'kWh'),
	(35, 'monitor-left', 0.17, 'kWh'),
	(36, 'monitor-right', 0.17, 'kWh'),
	(37, 'lights-kitchen', 0.26, 'kWh'),
	(38, 'lights-hall', 0.13, 'kWh'),
	(39, 'lights-garden', 0.29, 'kWh'),
	(40, 'doorbell', 0.04, 'kWh'),
	(41, 'alarm', 0.10, 'kWh'),
	(42, 'camera-gate', 0.15, 'kWh'),
	(43, 'garage-door', 0.05, 'kWh'),
	(44, 'car-charger', 7.20, 'kWh'),
	(45, 'bicycle-charger', 0.34, 'kWh'),
	(46, 'lawn-mower', 0.40, 'kWh'),
	(47, 'well-pump', 0.52, 'kWh'),
	(48, 'aquarium', 0.61, 'kWh'),
	(49, 'water-house', 310, 'l'),
	(50, 'water-garden', 85, 'l'),
	(51, 'rain-cistern', 140, 'l');

DO $$
BEGIN
	IF current_setting('swm.sample', true) = 'million' THEN
		INSERT INTO sample (id, device_name, daily, unit)
		SELECT (house - 1) * 51 + id, device_name || '-' || house,
		       round(daily * (1 + house / 20.0), 2), unit
		FROM sample CROSS JOIN generate_series(2, 9) AS house;
	ELSIF nullif(current_setting('swm.sample', true), '') IS NOT NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('swm.sample is million or not set, not %L',
			                 current_setting('swm.sample'));
	END IF;
END
$$;
CREATE TEMPORARY TABLE sample_days (date date, number integer);
INSERT INTO sample_days (date, number)
SELECT date, extract(doy FROM date)
FROM generate_series(CASE current_setting('swm.sample', true) WHEN 'million' THEN -1826 ELSE 0 END,
                     364) AS n
CROSS JOIN LATERAL (SELECT date '2025-01-01' + n AS date) AS day;

INSERT INTO swm.devices (id, device_name)
SELECT id, device_name FROM sample ORDER BY id
ON CONFLICT DO NOTHING;

-- A third more in midwinter than in midsummer, a quarter more at weekends, and
-- a spread of a fifth up and down that differs from device to device.
INSERT INTO swm.consumption (date, device_id, amount, unit)
SELECT day.date, sample.id,
       round(sample.daily
             * (1 + abs(day.number - 183) / 549.0)
             * CASE WHEN extract(isodow FROM day.date) >= 6 THEN 1.25 ELSE 1 END
             * (0.8 + ((sample.id * 7919 + day.number * 104729) % 401) / 1000.0), 3),
       sample.unit
FROM sample
JOIN swm.devices USING (id, device_name)
CROSS JOIN sample_days AS day
WHERE NOT EXISTS (SELECT FROM swm.consumption AS c WHERE c.device_id = sample.id AND c.date = day.date)
ORDER BY day.date, sample.id;

DROP TABLE sample, sample_days;
ANALYZE swm.devices, swm.consumption;
