-- For the figures tree and pages: 100,000 children of 1,000 parents, in tables of the bench's own.
BEGIN;
CREATE TABLE swm.bench_parents (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE swm.bench_children (
	id integer PRIMARY KEY,
	parent_id integer NOT NULL REFERENCES swm.bench_parents (id),
	date date NOT NULL,
	amount numeric NOT NULL,
	unit text
);
INSERT INTO swm.bench_parents (id, name) SELECT n, 'parent ' || n FROM generate_series(1, 1000) AS n;
INSERT INTO swm.bench_children (id, parent_id, date, amount, unit)
SELECT n, 1 + n % 1000, date '2025-01-01' + n % 365, round((0.05 + n % 997 * 0.0131)::numeric, 3), 'kWh'
FROM generate_series(1, 100000) AS n;
CREATE INDEX ON swm.bench_children (parent_id);
CREATE INDEX ON swm.bench_children (date, id);
GRANT SELECT ON swm.bench_parents, swm.bench_children TO swm_anon;
COMMIT;
VACUUM (ANALYZE) swm.bench_parents, swm.bench_children;
ANALYZE swm.consumption;
