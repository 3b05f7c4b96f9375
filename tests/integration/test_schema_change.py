"""
After a migration and a reload, every statement means what a process started afterwards would say.
A prepared statement keeps the types of its parameters from when it was prepared
(https://www.postgresql.org/docs/15/sql-prepare.html), so a new snapshot makes them void.
"""
import json
import signal
import unittest

import harness

BEFORE = """
DROP SCHEMA IF EXISTS change CASCADE;
CREATE SCHEMA change;
GRANT USAGE ON SCHEMA change TO swm_anon;
CREATE TABLE change.ev (id integer PRIMARY KEY, d date);
CREATE TABLE change.m (id integer PRIMARY KEY, code integer, u varchar(40));
INSERT INTO change.m VALUES (1, 1, 'a');
CREATE TYPE change.st AS ENUM ('a', 'b');
CREATE TABLE change.en (id integer PRIMARY KEY, s change.st);
CREATE TABLE change.w (id integer PRIMARY KEY, v integer);
CREATE FUNCTION change.of_code(code integer) RETURNS SETOF change.m LANGUAGE sql STABLE AS
	$$ SELECT * FROM change.m WHERE code = $1 $$;
GRANT ALL ON ALL TABLES IN SCHEMA change TO swm_anon;
"""
AFTER = """
ALTER TABLE change.ev ALTER d TYPE timestamp;
INSERT INTO change.ev VALUES (1, '2025-01-01 06:00'), (2, '2025-01-01 18:00');
DROP FUNCTION change.of_code(integer);
ALTER TABLE change.m ALTER id TYPE bigint, ALTER code TYPE text, ALTER u TYPE uuid USING gen_random_uuid();
DROP TABLE change.en; DROP TYPE change.st;
CREATE TYPE change.st AS ENUM ('x', 'a');
CREATE TABLE change.en (id integer PRIMARY KEY, s change.st);
ALTER TABLE change.w ALTER v TYPE text;
CREATE FUNCTION change.of_code(code text) RETURNS SETOF change.m LANGUAGE sql STABLE AS
	$$ SELECT * FROM change.m WHERE code = $1 $$;
GRANT ALL ON ALL TABLES IN SCHEMA change TO swm_anon;
"""
ASKED = [("GET", "/ev?d=gte.2025-01-05&select=id"), ("DELETE", "/ev?d=gte.2025-01-05"), ("GET", "/m?code=eq.1"),
         ("GET", "/m?u=eq.a"), ("GET", "/m?id=in.(1,2)"), ("DELETE", "/m?code=eq.99"), ("GET", "/en?s=eq.a"),
         ("PATCH", "/w?v=eq.1"), ("GET", "/rpc/of_code?code=1&select=id")]


class SchemaChange(unittest.TestCase):
	def setUp(self):
		harness.sql(BEFORE)

	def ask(self, server, method, target):
		body = b'{"v":1}' if method == "PATCH" else None
		return server.request(method, target, {"Content-Type": "application/json"} if body else {}, body)

	def loads(self, server):
		with open(server.fcgi.log) as log:
			return log.read().count("schema loaded")

	def reload(self, server):
		loads = self.loads(server)
		server.fcgi.popen.send_signal(signal.SIGUSR1)
		harness.wait_until(lambda: self.loads(server) > loads, what="the reload")

	def check_answers(self, server):
		for target, expected in (
				("/ev?d=gte.2025-01-01T12:00:00&select=id", [{"id": 2}]),
				("/m?code=eq.abc", []),
				("/m?code=eq.1&select=id,code", [{"id": 1, "code": "1"}]),
				("/m?u=eq.dea27321-f988-4a57-93e4-8eeb38f3cf1e", []),
				("/m?id=in.(1,3000000000)&select=id", [{"id": 1}]),
				("/en?s=eq.x", []),
				("/rpc/of_code?code=abc&select=id", [])):
			with self.subTest(target=target):
				response = server.get(target)
				self.assertEqual(200, response.status, response)
				self.assertEqual(expected, response.json)
		for method, target in (("DELETE", "/ev?d=gte.2025-01-01T12:00:00"), ("DELETE", "/m?code=eq.zzz"),
		                       ("PATCH", "/w?v=eq.abc")):
			with self.subTest(method=method, target=target):
				response = self.ask(server, method, target)
				self.assertEqual(204, response.status, response)
		self.assertEqual([{"id": 1}], server.get("/ev?select=id").json)

	def test_types_that_changed(self):
		server = harness.own_server(db_schemas="change", db_pool=1, log_level="info")
		self.addCleanup(server.stop)
		for method, target in ASKED * 2:
			self.ask(server, method, target)
		harness.sql(AFTER)
		self.reload(server)
		self.check_answers(server)

	def test_a_connection_that_was_lent_during_the_reload(self):
		"""Its statements are as old as those of the others."""
		harness.sql("CREATE FUNCTION change.wait() RETURNS text LANGUAGE plpgsql AS $$ BEGIN"
		            " PERFORM pg_advisory_xact_lock(4711); RETURN 'done'; END $$")
		server = harness.own_server(db_schemas="change", db_pool=2, log_level="info")
		self.addCleanup(server.stop)
		for method, target in ASKED * 2:
			self.ask(server, method, target)
		with harness.Session(harness.cluster(), harness.database()) as holder:
			holder.run("SELECT pg_advisory_lock(4711)")
			waiting = server.in_background("POST", "/rpc/wait")
			harness.wait_until(lambda: "1" == harness.sql(
				"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").strip(), what="the wait")
			harness.sql(AFTER)
			self.reload(server)
		self.assertEqual("done", json.loads(waiting.result().body))
		self.check_answers(server)


if __name__ == "__main__":
	unittest.main()
