"""
Idempotency-Key: a write that is sent again gets its first answer, and is done once
(draft-ietf-httpapi-idempotency-key-header; doc/DIALECT.md has what is ours).
"""
import concurrent.futures
import json
import os
import unittest

import harness
from harness import as_role, error_body

KEPT = "swm_private.kept_answers"
REPRESENTATION = "return=representation"
WRITER = as_role("swm_writer")


class Keys(unittest.TestCase):
	def setUp(self):
		harness.cluster().sql_file(harness.database(), os.path.join(harness.HERE, "writes.sql"))
		harness.sql("TRUNCATE %s; GRANT USAGE ON SCHEMA writes TO swm_writer, swm_reader;"
		            "GRANT ALL ON ALL TABLES IN SCHEMA writes TO swm_writer, swm_reader;"
		            "GRANT ALL ON ALL SEQUENCES IN SCHEMA writes TO swm_writer, swm_reader" % KEPT)
		self.server = harness.server(db_schemas="writes", db_idempotency_table=KEPT)

	def send(self, method, target, body, key, content="application/json", server=None, **fields):
		headers = {"Content-Type": content, **WRITER, **{name.replace("_", "-"): value for name, value in fields.items()}}
		if key is not None:
			headers["Idempotency-Key"] = key
		data = body if isinstance(body, str) else json.dumps(body)
		return (server or self.server).request(method, target, headers, data.encode())

	def titles(self):
		return harness.sql("SELECT coalesce(string_agg(title, ' ' ORDER BY id), '') FROM writes.films")

	def kept(self):
		return int(harness.sql("SELECT count(*) FROM " + KEPT))

	def same(self, first, second):
		"""But for what says that it is the second."""
		self.assertEqual((second.status, second.body), (first.status, first.body))
		without = [field for field in second.headers if field[0].lower() != "idempotency-replayed"]
		self.assertEqual(sorted(field for field in without if field[0].lower() != "date"),
		                 sorted(field for field in first.headers if field[0].lower() != "date"))
		self.assertEqual((first.header("Idempotency-Replayed"), second.header("Idempotency-Replayed")), (None, "true"))


class Replay(Keys):
	def test_every_way_to_write(self):
		harness.sql("INSERT INTO writes.pairs VALUES (1, 1, 'x'), (2, 2, 'y')")
		for number, (method, target, body, prefer) in enumerate((
			("POST", "/films", {"title": "A"}, "return=minimal"),
			("POST", "/films?select=id,title", [{"title": "B"}, {"title": "Ä\u20ac"}], REPRESENTATION),
			("POST", "/films", {"title": "C"}, "return=headers-only"),
			("PATCH", "/pairs?a=eq.1", {"c": "z"}, REPRESENTATION),
			("PUT", "/pairs?a=eq.3&b=eq.3", {"a": 3, "b": 3}, "return=minimal"),
			("DELETE", "/pairs?a=eq.2", "", REPRESENTATION),
		)):
			with self.subTest(method=method, target=target):
				first = self.send(method, target, body, "key-%d" % number, Prefer=prefer)
				self.assertLess(first.status, 300, first.text)
				before = self.titles()
				self.same(first, self.send(method, target, body, "key-%d" % number, Prefer=prefer))
				self.assertEqual(self.titles(), before)
		self.assertEqual(self.titles(), "A B Ä\u20ac C")
		self.assertEqual(self.kept(), 6)

	def test_a_body_that_nobody_reads(self):
		harness.sql("INSERT INTO writes.pairs VALUES (2, 2, 'y')")
		first = self.send("DELETE", "/pairs?a=eq.2", {"x": 1}, "k")
		self.assertEqual(first.status, 204)
		self.same(first, self.send("DELETE", "/pairs?a=eq.2", {"x": 1}, "k"))

	def test_the_pre_request_function_has_its_say(self):
		"""Who may not ask any more does not get what there was when it might."""
		harness.sql("CREATE TABLE writes.barred (yes boolean); GRANT SELECT ON writes.barred TO swm_writer;"
		            "CREATE FUNCTION writes.bar() RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
		            " IF EXISTS (SELECT FROM writes.barred) THEN RAISE 'barred' USING ERRCODE = 'PT403'; END IF; END $$")
		server = harness.own_server(db_schemas="writes", db_idempotency_table=KEPT, db_pre_request="writes.bar")
		self.addCleanup(server.stop)
		first = self.send("POST", "/films", {"title": "A"}, "k", server=server)
		self.assertEqual(first.status, 201, first.text)
		self.same(first, self.send("POST", "/films", {"title": "A"}, "k", server=server))
		harness.sql("INSERT INTO writes.barred VALUES (true)")
		answer = self.send("POST", "/films", {"title": "A"}, "k", server=server)
		self.assertEqual((answer.status, answer.header("Idempotency-Replayed")), (403, None))

	def test_a_form_in_quotes_is_the_same_key(self):
		first = self.send("POST", "/films", {"title": "A"}, '"k"')
		self.same(first, self.send("POST", "/films", {"title": "A"}, "k"))

	def test_csv(self):
		body = "title\nA\nB\n"
		first = self.send("POST", "/films", body, "k", content="text/csv")
		self.assertEqual(first.status, 201)
		self.same(first, self.send("POST", "/films", body, "k", content="text/csv"))
		self.assertEqual(self.titles(), "A B")

	def test_a_function(self):
		harness.sql("CREATE OR REPLACE FUNCTION writes.add_film(title text) RETURNS integer LANGUAGE sql VOLATILE"
		            " AS $$ INSERT INTO writes.films (title) VALUES ($1) RETURNING id $$;"
		            "CREATE OR REPLACE FUNCTION writes.pure(title text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT $1 $$;"
		            "NOTIFY pgrst")
		server = harness.own_server(db_schemas="writes", db_idempotency_table=KEPT)
		self.addCleanup(server.stop)
		first = self.send("POST", "/rpc/add_film", {"title": "F"}, "f", server=server)
		self.assertEqual(first.status, 200, first.text)
		self.same(first, self.send("POST", "/rpc/add_film", {"title": "F"}, "f", server=server))
		self.assertEqual(self.titles(), "F")
		# what cannot write needs no key
		for _ in range(2):
			answer = self.send("POST", "/rpc/pure", {"title": "F"}, "g", server=server)
			self.assertEqual((answer.text, answer.header("Idempotency-Replayed")), ('"F"', None))
		self.assertEqual(self.kept(), 1)

	def test_reads_have_no_keys(self):
		for _ in range(2):
			answer = self.server.request("GET", "/films", {"Idempotency-Key": "k", **WRITER})
			self.assertEqual((answer.status, answer.header("Idempotency-Replayed")), (200, None))
		self.assertEqual(self.kept(), 0)

	def test_at_the_same_time(self):
		with concurrent.futures.ThreadPoolExecutor(8) as pool:
			answers = list(pool.map(lambda _: self.send("POST", "/films?select=id", {"title": "A"}, "k", Prefer=REPRESENTATION), range(8)))
		self.assertEqual(self.titles(), "A")
		self.assertEqual({(answer.status, answer.text) for answer in answers}, {(201, answers[0].text)})
		self.assertEqual(sum(answer.header("Idempotency-Replayed") is None for answer in answers), 1)


	def test_at_the_same_time_after_a_change_of_the_table(self):
		"""Each is planned once more, and finds the answer of another when it takes the key again."""
		harness.sql("CREATE TABLE writes.shrinking (id int, %s); GRANT ALL ON writes.shrinking TO swm_writer"
		            % ", ".join("c%d int" % n for n in range(8)))
		self.addCleanup(harness.sql, "DROP TABLE writes.shrinking")
		with harness.own_server(db_schemas="writes", db_idempotency_table=KEPT) as server, \
				concurrent.futures.ThreadPoolExecutor(6) as pool:
			for number in range(8):
				harness.sql("ALTER TABLE writes.shrinking DROP COLUMN c%d" % number)
				key = "shrinking-%d" % number
				asked = [pool.submit(self.send, "POST", "/shrinking", {"id": number}, key, server=server, Prefer=REPRESENTATION)
				         for _ in range(6)]
				answers = [one.result() for one in asked]
				answers.append(self.send("POST", "/shrinking", {"id": number}, key, server=server, Prefer=REPRESENTATION))
				with self.subTest(number):
					self.assertEqual({(answer.status, answer.body) for answer in answers}, {(201, answers[0].body)})
					self.assertEqual(harness.sql("SELECT count(*) FROM writes.shrinking WHERE id = %d" % number), "1")


class Refused(Keys):
	def test_another_request_with_the_key(self):
		self.assertEqual(self.send("POST", "/films", {"title": "A"}, "k").status, 201)
		wanted = (422, error_body("SWM004", "The Idempotency-Key was used for another request"))
		for method, target, body, fields in (("POST", "/films", {"title": "B"}, {}), ("POST", "/films?columns=title", {"title": "A"}, {}),
		                                     ("POST", "/films", {"title": "A"}, {"Prefer": REPRESENTATION}),
		                                     ("PATCH", "/films", {"title": "A"}, {}), ("POST", "/films", '{ "title": "A"}', {})):
			answer = self.send(method, target, body, "k", **fields)
			self.assertEqual((answer.status, answer.text), wanted)
		self.assertEqual(self.titles(), "A")

	def test_keys_that_are_none(self):
		for key, why in (("", "a key has 1 to 255 characters"), ('""', "a key has 1 to 255 characters"),
		                 ("x" * 256, "a key has 1 to 255 characters"),
		                 ("a b", "a key has visible ASCII characters, no comma and no quote"),
		                 ("a,b", "a key has visible ASCII characters, no comma and no quote")):
			answer = self.send("POST", "/films", {"title": "A"}, key)
			self.assertEqual((answer.status, answer.text), (400, error_body("SWM003", "Idempotency-Key: " + why)))
		self.assertEqual((self.titles(), self.kept()), ("", 0))
		self.assertEqual(self.send("POST", "/films", {"title": "A"}, "x" * 255).status, 201)

	def test_without_a_token(self):
		"""Nobody can say whose the key is; keys of strangers would meet."""
		answer = self.server.request("POST", "/films", {"Content-Type": "application/json", "Idempotency-Key": "k"}, b'{"title":"A"}')
		self.assertEqual((answer.status, answer.text), (400, error_body("SWM003", "Idempotency-Key: a key needs a token, which says whose it is")))
		self.assertEqual(self.titles(), "")

	def test_a_key_that_is_held_for_long(self):
		"""Who finds it in use waits for seconds, not for as long as the other takes, and may try again."""
		harness.sql("CREATE OR REPLACE FUNCTION writes.slow() RETURNS void LANGUAGE sql VOLATILE AS"
		            " $$ INSERT INTO writes.films (title) VALUES ('slow'); SELECT pg_sleep(8) $$")
		server = harness.own_server(db_schemas="writes", db_idempotency_table=KEPT)
		self.addCleanup(server.stop)
		with concurrent.futures.ThreadPoolExecutor(2) as pool:
			answers = list(pool.map(lambda _: self.send("POST", "/rpc/slow", {}, "k", server=server), range(2)))
		late = max(answers, key=lambda answer: answer.status)
		self.assertEqual(sorted(answer.status for answer in answers), [204, 409])
		self.assertEqual((late.text, late.header("Retry-After")), (error_body("SWM006", "A request with this Idempotency-Key is being answered"), "1"))
		self.assertEqual(self.titles(), "slow")

	def test_where_keys_are_not_kept(self):
		answer = self.send("POST", "/films", {"title": "A"}, "k", server=harness.server(db_schemas="writes"))
		self.assertEqual((answer.status, json.loads(answer.text)["code"]), (400, "SWM003"))
		self.assertEqual(self.titles(), "")

	def test_where_the_table_is_not_there(self):
		for table in ("swm_private.absent", "absent.kept_answers"):
			answer = self.send("POST", "/films", {"title": "A"}, "k", server=harness.server(db_schemas="writes", db_idempotency_table=table))
			self.assertEqual((answer.status, answer.text),
			                 (400, error_body("SWM003", "Idempotency-Key: the table of kept answers is not there")))
		self.assertEqual(self.titles(), "")

	def test_an_answer_too_large_to_be_kept(self):
		body = [{"title": "x" * 1000}] * 1100
		answer = self.send("POST", "/films", body, "k", Prefer=REPRESENTATION)
		self.assertEqual((answer.status, json.loads(answer.text)["code"]), (400, "SWM005"))
		self.assertEqual((self.titles(), self.kept()), ("", 0))
		self.assertEqual(self.send("POST", "/films", {"title": "A"}, "k").status, 201)


class Kept(Keys):
	def test_a_write_that_failed_is_not_kept(self):
		"""It may be tried again, once what was wrong is mended."""
		answer = self.send("POST", "/later", {"id": 1, "ref": 5}, "k") # fails at the commit
		self.assertEqual((answer.status, json.loads(answer.text)["code"]), (409, "23503"))
		self.assertEqual(self.kept(), 0)
		harness.sql("INSERT INTO writes.later VALUES (5)")
		first = self.send("POST", "/later", {"id": 1, "ref": 5}, "k")
		self.assertEqual(first.status, 201)
		self.same(first, self.send("POST", "/later", {"id": 1, "ref": 5}, "k"))

	def test_a_rollback_keeps_nothing(self):
		server = harness.server(db_schemas="writes", db_idempotency_table=KEPT, db_tx_end="commit-allow-override")
		for _ in range(2):
			answer = self.send("POST", "/films", {"title": "A"}, "k", server=server, Prefer="tx=rollback")
			self.assertEqual((answer.status, answer.header("Idempotency-Replayed")), (201, None))
		self.assertEqual((self.titles(), self.kept()), ("", 0))

	def test_each_has_keys_of_its_own(self):
		"""By role and claims, but not by what differs from token to token."""
		writer = as_role("swm_writer", sub="one", exp=4102444800, jti="a")
		first = self.send("POST", "/films", {"title": "A"}, "k", **writer)
		self.assertEqual(first.status, 201, first.text)
		self.same(first, self.send("POST", "/films", {"title": "A"}, "k", **as_role("swm_writer", sub="one", exp=4102444801, jti="b")))
		for who in (as_role("swm_reader", sub="one"), as_role("swm_writer", sub="two"), as_role("swm_writer")):
			self.assertEqual(self.send("POST", "/films", {"title": "A"}, "k", **who).header("Idempotency-Replayed"), None)
		self.assertEqual(self.titles(), "A A A A")

	def test_the_order_of_claims_does_not_matter(self):
		one, two = (harness.bearer(harness.token(claims)) for claims in ('{"role":"swm_writer","a":1,"b":2}', '{"b":2,"a":1,"role":"swm_writer"}'))
		self.same(self.send("POST", "/films", {"title": "A"}, "k", **one), self.send("POST", "/films", {"title": "A"}, "k", **two))

	def test_nobody_else_reads_the_table(self):
		self.assertEqual(harness.sql("SELECT string_agg(r, ' ') FROM unnest(ARRAY['swm_anon', 'swm_reader', 'swm_writer', 'swm_device']) AS r"
		                             " WHERE has_schema_privilege(r, 'swm_private', 'USAGE') OR has_table_privilege(r, '%s', 'SELECT')" % KEPT), "")

	def test_it_expires(self):
		self.assertEqual(self.send("POST", "/films", {"title": "A"}, "k").status, 201)
		self.assertEqual(harness.sql("SELECT expires - now() BETWEEN '23 hours' AND '24 hours' FROM " + KEPT), "t")
		harness.sql("UPDATE %s SET expires = now() - interval '1 second'" % KEPT)
		answer = self.send("POST", "/films", {"title": "B"}, "k")
		self.assertEqual((answer.status, answer.header("Idempotency-Replayed")), (201, None))
		self.assertEqual((self.titles(), self.kept()), ("A B", 1))

	def test_what_has_expired_goes_away(self):
		harness.sql("INSERT INTO %s (scope, key, expires) SELECT 's', n, now() - interval '1 day' FROM generate_series(1, 20) AS n" % KEPT)
		self.send("POST", "/films", {"title": "A"}, "k")
		self.assertEqual(self.kept(), 5)
		self.send("POST", "/films", {"title": "A"}, "l")
		self.assertEqual(self.kept(), 2)

	def test_who_asks_is_who_writes(self):
		"""The key is the login role's affair; the write, and triggers that were put off, are the caller's."""
		harness.sql("CREATE TABLE writes.who (note text);"
		            "GRANT ALL ON writes.who TO swm_writer;"
		            "CREATE FUNCTION writes.tell() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER AS $$ BEGIN"
		            "  INSERT INTO writes.who VALUES (current_user || ' ' || current_setting('request.method')); RETURN NULL; END $$;"
		            "CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON writes.films DEFERRABLE INITIALLY DEFERRED"
		            "  FOR EACH ROW EXECUTE FUNCTION writes.tell()")
		server = harness.own_server(db_schemas="writes", db_idempotency_table=KEPT) # that knows of the trigger
		self.addCleanup(server.stop)
		for key in ("k", None):
			self.assertEqual(self.send("POST", "/films", {"title": "A"}, key, server=server).status, 201)
		self.assertEqual(harness.sql("SELECT string_agg(note, ',') FROM writes.who"), "swm_writer POST,swm_writer POST")


if __name__ == "__main__":
	unittest.main()
