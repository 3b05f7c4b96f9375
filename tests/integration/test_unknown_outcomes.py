"""
A commit that is not answered: 503 SWM001 for every way to write, without Retry-After; and before
the commit the same silence is certain (doc/DIALECT.md, "Writes whose outcome is not known").
"""
import json
import unittest

import harness
from harness import as_role

JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}
WRITER = as_role("swm_writer")
KEPT = "swm_private.kept_answers"

# a row takes a minute to be committed: longer than the server may be silent
TABLES = """
	DROP SCHEMA IF EXISTS unknown CASCADE;
	CREATE SCHEMA unknown;
	CREATE TABLE unknown.slow (id integer PRIMARY KEY);
	CREATE FUNCTION unknown.sleep() RETURNS trigger LANGUAGE plpgsql
		AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
	CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON unknown.slow
		DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION unknown.sleep();
	CREATE FUNCTION unknown.store(id integer) RETURNS void LANGUAGE sql
		AS 'INSERT INTO unknown.slow VALUES (id)';
	CREATE VIEW unknown.sleeper AS SELECT 1 AS id FROM pg_sleep(60);
	CREATE FUNCTION unknown.sleep_and_store(id integer) RETURNS integer LANGUAGE sql
		AS 'SELECT pg_sleep(60); INSERT INTO unknown.slow VALUES (id) RETURNING id';
	GRANT USAGE ON SCHEMA unknown TO swm_writer;
	GRANT ALL ON ALL TABLES IN SCHEMA unknown TO swm_writer;
	TRUNCATE %s
""" % KEPT


class UnknownOutcomes(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		harness.sql(TABLES)
		cls.server = harness.server(db_schemas="unknown", db_answer_timeout=1, db_idempotency_table=KEPT)

	def send(self, target, body, headers=JSON, **more):
		return self.server.request("POST", target, {**WRITER, **headers, **more}, body.encode())

	def assert_unknown(self, answer):
		self.assertEqual((answer.status, answer.json["code"]), (503, "SWM001"), answer)
		self.assertEqual(answer.json["details"], "PostgreSQL has been silent for 1 s")
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=SWM001")
		self.assertIsNone(answer.header("Retry-After"))

	def test_every_way_to_write(self):
		batch = json.dumps([{"method": "POST", "path": "/slow", "body": {"id": 4}}])
		for target, body, headers in (
			("/slow", '{"id":1}', JSON),
			("/slow", '{"id":2}\n', LINES),
			("/rpc/store", '{"id":3}', JSON),
			("/batch", batch, JSON),
			("/slow", '{"id":5}', {**JSON, "Idempotency-Key": "unknown"}),
			("/slow?select=id", '{"id":6}', {**JSON, "Prefer": "return=representation",
			                                 "Accept": "application/vnd.pgrst.object+json"}),
		):
			with self.subTest(target=target, headers=headers):
				self.assert_unknown(self.send(target, body, headers))

	def test_before_the_commit_it_is_certain(self):
		"""A key and a judged answer ask before they commit."""
		for headers in ({"Idempotency-Key": "certain"}, {"Accept": "application/vnd.pgrst.object+json"}):
			with self.subTest(headers=headers):
				answer = self.send("/rpc/sleep_and_store", '{"id":7}', {**JSON, **headers})
				self.assertEqual((answer.status, answer.json["code"]), (503, "PGRST001"), answer)
				self.assertEqual(answer.json["details"], "PostgreSQL has been silent for 1 s")
				self.assertEqual(answer.header("Retry-After"), "1")
		self.assertEqual(harness.sql("SELECT count(*) FROM unknown.slow WHERE id = 7"), "0")

	def test_a_read(self):
		answer = self.server.get("/sleeper", WRITER)
		self.assertEqual((answer.status, answer.json["code"]), (503, "PGRST001"), answer)
		self.assertEqual(answer.header("Retry-After"), "1")


if __name__ == "__main__":
	unittest.main()
