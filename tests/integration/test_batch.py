"""POST /batch: several operations in one transaction, all or none (doc/DIALECT.md)."""
import json
import os
import unittest

import harness
from harness import as_role

KEPT = "swm_private.kept_answers"
REPRESENTATION = {"Prefer": "return=representation"}


class Batch(unittest.TestCase):
	def setUp(self):
		harness.cluster().sql_file(harness.database(), os.path.join(harness.HERE, "writes.sql"))
		self.server = harness.server(db_schemas="writes")

	def send(self, operations, server=None, **fields):
		headers = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in fields.items()}}
		text = operations if isinstance(operations, str) else json.dumps(operations)
		return (server or self.server).request("POST", "/batch", headers, text.encode())

	def expect(self, operations, *wanted, **fields):
		"""Each operation's status and body."""
		answer = self.send(operations, **fields)
		self.assertEqual(answer.status, 200, answer.text)
		self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
		self.assertEqual([(one["status"], one["body"]) for one in json.loads(answer.text)], list(wanted))
		return json.loads(answer.text)

	def expect_error(self, answer, status, code, number, message=None):
		self.assertEqual((answer.status, json.loads(answer.text)["code"], answer.header("Batch-Operation")),
		                 (status, code, number), answer.text)
		if message is not None:
			self.assertEqual(json.loads(answer.text)["message"], message)

	def rows(self, query):
		return harness.sql("SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') FROM (%s) AS t" % query)


class Operations(Batch):
	def test_in_order(self):
		answers = self.expect([
			{"method": "POST", "path": "/pairs?select=c", "headers": REPRESENTATION, "body": [{"a": 1, "b": 1, "c": "x"}, {"a": 1, "b": 2, "c": "y"}]},
			{"method": "GET", "path": "/pairs?select=b,c&order=b"},
			{"method": "PATCH", "path": "/pairs?b=eq.2", "body": {"c": "z"}},
			{"method": "PUT", "path": "/pairs?a=eq.5&b=eq.5", "body": {"a": 5, "b": 5}},
			{"method": "DELETE", "path": "/pairs?b=eq.1", "headers": {"Prefer": "count=exact"}},
			{"method": "GET", "path": "/pairs?select=b,c&order=b"},
			{"method": "HEAD", "path": "/pairs"},
		], (201, [{"c": "x"}, {"c": "y"}]), (200, [{"b": 1, "c": "x"}, {"b": 2, "c": "y"}]), (204, None), (204, None), (204, None),
			(200, [{"b": 2, "c": "z"}, {"b": 5, "c": None}]), (200, None))
		self.assertEqual(answers[0]["headers"]["Preference-Applied"], "return=representation")
		self.assertEqual(answers[4]["headers"]["Content-Range"], "*/1")
		self.assertEqual(self.rows("SELECT a, b, c FROM writes.pairs"), "(1,2,z) (5,5,)")

	def test_none(self):
		self.expect([])

	def test_upserts_are_counted_apart(self):
		merge = {"Prefer": "resolution=merge-duplicates"}
		row = {"a": 1, "b": 1, "c": "x"}
		self.expect([{"method": "POST", "path": "/pairs", "headers": merge, "body": row}] * 2 +
		            [{"method": "POST", "path": "/pairs", "headers": merge, "body": {"a": 2, "b": 2}}],
		            (201, None), (200, None), (201, None))

	def test_functions(self):
		harness.sql("CREATE OR REPLACE FUNCTION writes.add_film(title text) RETURNS integer LANGUAGE sql VOLATILE"
		            " AS $$ INSERT INTO writes.films (title) VALUES ($1) RETURNING id $$")
		server = harness.own_server(db_schemas="writes")
		self.addCleanup(server.stop)
		call = {"method": "POST", "path": "/rpc/add_film", "body": {"title": "F"}}
		self.expect([call, call], (200, 1), (200, 2), server=server)
		answer = self.send([call, {"method": "GET", "path": "/rpc/add_film?title=G"}], server=server)
		self.expect_error(answer, 405, "PGRST117", "1")
		self.assertEqual(self.rows("SELECT title FROM writes.films"), "(F) (F)")

	def test_other_media_types(self):
		self.expect([{"method": "POST", "path": "/films", "headers": {"Content-Type": "text/csv"}, "body": "title\nA\n"},
		             {"method": "GET", "path": "/films?select=title", "headers": {"Accept": "text/csv"}},
		             {"method": "GET", "path": "/films?select=title", "headers": {"Accept": "application/vnd.pgrst.object+json"}}],
		            (201, None), (200, "title\nA"), (200, {"title": "A"}))

	def test_values_arrive_as_they_were_sent(self):
		body = '{"n": 0.10, "i": 9223372036854775807, "j": {"a":1e400,"a":2.50, "b":"\\u00e9"}}'
		answer = self.send('[{"method":"POST","path":"/numbers","body":%s}]' % body)
		self.assertEqual(answer.status, 200, answer.text)
		self.assertEqual(harness.sql("SELECT n, i, j FROM writes.numbers"), '0.10|9223372036854775807|{"a":1e400,"a":2.50, "b":"\\u00e9"}')

	def test_in_one_transaction(self):
		"""A constraint that is deferred is asked at the end, not behind each operation."""
		self.expect([{"method": "POST", "path": "/later", "body": {"id": 1, "ref": 2}},
		             {"method": "POST", "path": "/later", "body": {"id": 2, "ref": 1}}], (201, None), (201, None))
		self.assertEqual(self.rows("SELECT id, ref FROM writes.later"), "(1,2) (2,1)")

	def test_each_has_settings_of_its_own(self):
		harness.sql("CREATE TABLE writes.times (t timestamptz); INSERT INTO writes.times VALUES ('2026-01-01T00:00:00Z');"
		            "GRANT ALL ON writes.times TO swm_anon")
		server = harness.own_server(db_schemas="writes")
		self.addCleanup(server.stop)
		get = {"method": "GET", "path": "/times"}
		self.expect([{**get, "headers": {"Prefer": "timezone=Asia/Tokyo"}}, get],
		            (200, [{"t": "2026-01-01T09:00:00+09:00"}]), (200, [{"t": "2026-01-01T00:00:00+00:00"}]), server=server)

	def test_how_it_ends_is_said_of_the_batch(self):
		server = harness.server(db_schemas="writes", db_tx_end="commit-allow-override")
		answers = self.expect([{"method": "POST", "path": "/films", "headers": {"Prefer": "tx=rollback"}, "body": {"title": "A"}}], (201, None), server=server)
		self.assertNotIn("Preference-Applied", answers[0]["headers"])
		self.assertEqual(self.rows("SELECT title FROM writes.films"), "(A)")

	def test_as_who_asks(self):
		harness.sql("GRANT USAGE ON SCHEMA writes TO swm_reader; GRANT SELECT ON writes.films TO swm_reader")
		answer = self.send([{"method": "GET", "path": "/films"}, {"method": "POST", "path": "/films", "body": {"title": "A"}}],
		                   **as_role("swm_reader"))
		self.expect_error(answer, 403, "42501", "1")
		self.expect([{"method": "GET", "path": "/films?select=title"}], (200, []), **as_role("swm_reader"))

	def test_a_table_of_that_name_is_a_table(self):
		harness.sql("CREATE TABLE writes.batch (id integer); GRANT ALL ON writes.batch TO swm_anon")
		server = harness.own_server(db_schemas="writes")
		self.addCleanup(server.stop)
		self.assertEqual(self.send({"id": 7}, server=server).status, 201)
		self.assertEqual(self.rows("SELECT id FROM writes.batch"), "(7)")


class References(Batch):
	def test_in_a_body_and_in_a_path(self):
		self.expect([
			{"method": "POST", "path": "/directors?select=id", "headers": REPRESENTATION, "body": {"id": 7, "name": "a \"b\" & c"}},
			{"method": "POST", "path": "/films?select=director_id,data", "headers": REPRESENTATION,
			 "body": [{"title": "A", "director_id": {"$result": "/0/body/0/id"}, "data": {"all": [{"$result": "/0/body"}], "$result": 5}}]},
			{"method": "GET", "path": "/directors?select=name&id=eq.${/1/body/0/director_id}"},
			{"method": "GET", "path": "/directors?select=id&name=eq.${/2/body/0/name}"},
		], (201, [{"id": 7}]), (201, [{"director_id": 7, "data": {"all": [[{"id": 7}]], "$result": 5}}]),
			(200, [{"name": "a \"b\" & c"}]), (200, [{"id": 7}]))

	def test_what_is_not_there(self):
		first = {"method": "POST", "path": "/directors", "body": {"id": 7}}
		for pointer in ("/0/body/0/id", "/1/body", "/9", "0", "", "/0/headers/X"):
			for second in ({"method": "POST", "path": "/films", "body": {"title": {"$result": pointer}}},
			               {"method": "GET", "path": "/films?id=eq.${%s}" % pointer}):
				self.expect_error(self.send([first, second]), 400, "PGRST102", "1",
				                  "Operation 1 of the batch: no operation before it has answered " + pointer)
		self.expect_error(self.send([first, {"method": "GET", "path": "/films?id=eq.${/0}"}]), 400, "PGRST102", "1",
		                  "Operation 1 of the batch: a path cannot hold the object or array at /0")
		self.assertEqual(self.rows("SELECT id FROM writes.directors WHERE id = 7"), "")

	def test_in_the_first_operation(self):
		for pointer in ("/0", "/", "", "/-1", "/00", "/1"):
			for operation in ({"method": "GET", "path": "/films?id=eq.${%s}" % pointer},
			                  {"method": "POST", "path": "/films", "body": {"title": {"$result": pointer}}}):
				self.expect_error(self.send([operation]), 400, "PGRST102", "0",
				                  "Operation 0 of the batch: no operation before it has answered " + pointer)

	def test_only_where_a_value_stands(self):
		first = {"method": "POST", "path": "/films?select=title", "headers": REPRESENTATION, "body": {"title": "x,id.gt.0"}}
		wanted = "Operation 1 of the batch: only a value of a filter can be /0/body/0/title"
		for path in ("/${%s}", "/films?select=${%s}", "/films?order=${%s}", "/films?title=${%s}", "/films?title=eq.${%s}x",
		             "/films?title=in.${%s}", "/films?title=is.${%s}", "/films?or=(${%s})", "/films?or=(${%s}.eq.1)", "/films?limit=${%s}",
		             "/films?title=eq(any).${%s}", "/films?select=id,directors(${%s})", "/rpc/f?x=${%s}"):
			with self.subTest(path=path):
				self.expect_error(self.send([first, {"method": "GET", "path": path % "/0/body/0/title"}]), 400, "PGRST102", "1", wanted)

	def test_among_other_values(self):
		"""A text with the dialect's own signs stays a text, in a list and in a tree."""
		for text in ("x,id.gt.0", 'a")b', "\\", "(", "NULL", "ä&b=c"):
			create = {"method": "POST", "path": "/films?select=title", "headers": REPRESENTATION, "body": {"title": text}}
			other = {"method": "POST", "path": "/films", "body": {"title": "other"}}
			where = "${/0/body/0/title}"
			self.expect([create, other] + [{"method": "GET", "path": "/films?select=title&" + filters} for filters in (
				"title=in.(zz,%s)" % where, "or=(title.eq.%s,year.eq.1)" % where, "not.and=(title.neq.%s,year.eq.1999)" % where)] +
				[{"method": "DELETE", "path": "/films?or=(title.eq.%s)" % where, "headers": {"Prefer": "count=exact"}},
				 {"method": "DELETE", "path": "/films?title=eq.other"}],
				(201, [{"title": text}]), (201, None), *[(200, [{"title": text}])] * 3, (204, None), (204, None))
		self.assertEqual(self.rows("SELECT title FROM writes.films"), "")

	def test_bounds(self):
		first = {"method": "POST", "path": "/directors?select=name", "headers": REPRESENTATION, "body": {"id": 7, "name": "n" * 70000}}
		self.expect_error(self.send([first, {"method": "POST", "path": "/films", "body": {"title": {"$result": "/0/body/0/name"}}}]),
		                  400, "PGRST102", "1", "Operation 1 of the batch: the answer is too large to be referred to: /0/body/0/name")
		first["body"]["name"] = "n"
		many = [{"title": {"$result": "/0/body/0/name"}}]
		self.assertEqual(self.send([first, {"method": "POST", "path": "/films", "body": many * 1000}]).status, 200)
		first["body"]["id"] = 8
		self.expect_error(self.send([first, {"method": "POST", "path": "/films", "body": many * 1001}]), 400, "PGRST102", "1",
		                  "Operation 1 of the batch: there are too many references")
		for path in ("/films?title=eq." + "$" * 1000000, "/films?" + "a.x=eq.1&" * 100000):
			self.expect_error(self.send([{"method": "GET", "path": path}]), 400, "PGRST102", "0", "Operation 0 of the batch: its path is too long")

	def test_an_answer_that_is_too_large(self):
		harness.sql("INSERT INTO writes.films (title) SELECT repeat('x', 1000) FROM generate_series(1, 20000)")
		answer = self.send([{"method": "GET", "path": "/films?select=title"}])
		self.expect_error(answer, 400, "SWM005", "0", "The answer is larger than 16777216 bytes")

	def test_values_are_values(self):
		"""What was answered cannot become a part of the query."""
		self.expect([
			{"method": "POST", "path": "/films?select=title", "headers": REPRESENTATION, "body": {"title": "x&select=id,*"}},
			{"method": "GET", "path": "/films?select=title&title=eq.${/0/body/0/title}"},
		], (201, [{"title": "x&select=id,*"}]), (200, [{"title": "x&select=id,*"}]))


class AllOrNone(Batch):
	def test_an_error_undoes_all(self):
		good = {"method": "POST", "path": "/films", "body": {"title": "A"}}
		for bad, status, code in (
			({"method": "POST", "path": "/films", "body": {"title": None}}, 400, "23502"),
			({"method": "POST", "path": "/films", "body": {"nope": 1}}, 400, "PGRST204"),
			({"method": "GET", "path": "/nope"}, 404, "PGRST205"),
			({"method": "TRACE", "path": "/films"}, 405, "PGRST117"),
			({"method": "GET", "path": "/films?id=eq.x"}, 400, "22P02"),
			({"method": "GET", "path": "/pairs", "headers": {"Accept": "application/vnd.pgrst.object+json"}}, 406, "PGRST116"),
			({"method": "PATCH", "path": "/films?id=gt.0", "headers": {"Prefer": "handling=strict,max-affected=0"}, "body": {"year": 1}}, 400, "PGRST124"),
			({"method": "POST", "path": "/batch", "body": []}, 404, "PGRST205"),
			({"method": "GET", "path": "/"}, 400, "PGRST102"),
			({"method": "GET", "path": "films"}, 404, "PGRST125"),
		):
			with self.subTest(bad=bad):
				self.expect_error(self.send([good, bad, good]), status, code, "1")
				self.assertEqual(self.rows("SELECT title FROM writes.films"), "")
		self.expect([good], (201, None)) # the connection is as it was

	def test_an_error_at_the_commit(self):
		answer = self.send([{"method": "POST", "path": "/films", "body": {"title": "A"}}, {"method": "POST", "path": "/later", "body": {"id": 1, "ref": 2}}])
		self.assertEqual((answer.status, json.loads(answer.text)["code"]), (409, "23503"))
		self.assertEqual(self.rows("SELECT title FROM writes.films"), "")

	def test_a_rollback(self):
		server = harness.server(db_schemas="writes", db_tx_end="commit-allow-override")
		self.expect([{"method": "POST", "path": "/films", "body": {"title": "A"}}], (201, None), server=server, Prefer="tx=rollback")
		self.assertEqual(self.rows("SELECT title FROM writes.films"), "")

	def test_what_is_no_batch(self):
		for text in ("", "5", "{}", "[", '{"method":"GET","path":"/films"}'):
			answer = self.send(text)
			self.assertEqual((answer.status, json.loads(answer.text)["message"]), (400, "A batch is a JSON array of operations"))
		get = {"method": "GET", "path": "/films"}
		for operation, message in ((5, "it is no object"), ({}, "method and path must be strings"),
		                           ({"method": "GET"}, "method and path must be strings"), ({"method": 1, "path": "/x"}, "method and path must be strings"),
		                           ({**get, "headers": []}, "headers must be an object"), ({**get, "verb": 1}, 'unknown member "verb"'),
		                           ({**get, "headers": {"Prefer": 1}}, "a header must be a string: Prefer"),
		                           ({**get, "headers": {"Authorization": "Bearer x"}}, "this header is not one of an operation: Authorization"),
		                           ({**get, "headers": {"Prefer": "a\nb"}}, "this header is not one of an operation: Prefer")):
			self.expect_error(self.send([get, operation]), 400, "PGRST102", "1", "Operation 1 of the batch: " + message)
		self.assertEqual(self.send([get] * 1000).status, 200)
		self.expect_error(self.send([get] * 1001), 400, "PGRST102", "1000", "Operation 1000 of the batch: there are too many")
		self.assertEqual(self.send("title\nA\n", Content_Type="text/csv").status, 400)

	def keyed_server(self):
		harness.sql("TRUNCATE " + KEPT)
		harness.sql("GRANT USAGE ON SCHEMA writes TO swm_writer; GRANT ALL ON ALL TABLES IN SCHEMA writes TO swm_writer;"
		            "GRANT ALL ON ALL SEQUENCES IN SCHEMA writes TO swm_writer")
		return harness.server(db_schemas="writes", db_idempotency_table=KEPT)

	def test_sql_is_told_of_a_batch_and_of_nothing_else(self):
		"""Other requests may be transactions of several parts too: with a key, or copied."""
		server, who = self.keyed_server(), as_role("swm_writer")
		insert = {"method": "POST", "path": "/seen", "headers": REPRESENTATION, "body": {"id": 1}}
		self.expect([insert], (201, [{"id": 1, "batch": "true"}]), server=server, **who)
		for form, body, more in (("application/json", b'{"id": 2}', {}), ("application/json", b'{"id": 2}', {"Idempotency-Key": "s"}),
		                         ("text/csv", b"id\n2\n", {})):
			with self.subTest(form=form, more=more):
				answer = server.request("POST", "/seen", {"Content-Type": form, **REPRESENTATION, **who, **more}, body)
				self.assertEqual(answer.status, 201, answer)
				self.assertIn(answer.json[0]["batch"], (None, ""))

	def test_sent_again_with_its_key(self):
		server = self.keyed_server()
		operations = [{"method": "POST", "path": "/films?select=id", "headers": REPRESENTATION, "body": {"title": "A"}}]
		who = as_role("swm_writer")
		first = self.send(operations, server=server, Idempotency_Key="b", **who)
		second = self.send(operations, server=server, Idempotency_Key="b", **who)
		self.assertEqual((second.status, second.text, second.header("Idempotency-Replayed")), (first.status, first.text, "true"))
		self.assertEqual(first.status, 200)
		self.assertEqual(self.rows("SELECT title FROM writes.films"), "(A)")
		# what only reads is not kept
		self.expect([{"method": "GET", "path": "/films?select=title"}], (200, [{"title": "A"}]), server=server, Idempotency_Key="r", **who)
		self.assertEqual(self.rows("SELECT key FROM " + KEPT), "(b)")


if __name__ == "__main__":
	unittest.main()
