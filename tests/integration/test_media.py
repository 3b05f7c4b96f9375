"""
Representations: JSON, CSV, the singular object, and which one is chosen
(PostgREST's references/api/resource_representation; RFC 9110, 12.5.1; RFC 4180).
"""
import csv
import io
import unittest

import harness
from harness import error_body, ids

JSON = "application/json; charset=utf-8"
CSV = "text/csv; charset=utf-8"
OBJECT = "application/vnd.pgrst.object+json; charset=utf-8"


class Media(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.server = harness.server()

	def get(self, target, accept):
		return self.server.get(target, {"Accept": accept})


class Negotiation(Media):
	def test_what_is_chosen(self):
		for accept, content_type in [
			("*/*", JSON),
			("application/json", JSON),
			("application/*", JSON),
			("APPLICATION/JSON", JSON),
			("application/json;charset=utf-8", JSON),
			("application/vnd.pgrst.array+json", JSON),
			("text/csv", CSV),
			("text/*", CSV),
			("application/vnd.pgrst.object+json", OBJECT),
			("text/html, application/xhtml+xml, */*;q=0.8", JSON),
			("text/csv;q=0.5, application/json", JSON),
			("text/csv, application/json;q=0.9", CSV),
			("application/json;q=0, text/csv", CSV),
			("application/json;q=0, */*;q=0.1", CSV),
			("application/json; q=0.000, text/csv; q=0.001", CSV),
			("unknown/unknown, text/csv", CSV),
		]:
			with self.subTest(accept):
				answer = self.get("/three?id=eq.1", accept)
				self.assertEqual((answer.status, answer.header("Content-Type")), (200, content_type))

	def test_several_accept_lines_are_one(self):
		answer = self.server.get("/three?id=eq.1", [("Accept", "unknown/unknown"), ("Accept", "text/csv")])
		self.assertEqual((answer.status, answer.header("Content-Type")), (200, CSV))

	def test_not_acceptable(self):
		answer = self.get("/three", "unknown/unknown")
		self.assertEqual((answer.status, answer.text), (406, error_body(
			"PGRST107", "None of these media types are available: unknown/unknown")))
		self.assertEqual(answer.header("Content-Type"), JSON)
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=PGRST107")
		for accept in ("application/json;q=0", "*/*;q=0", "text/html", "text/csv;q=0, image/png"):
			with self.subTest(accept):
				answer = self.get("/three", accept)
				self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST107"))


class Singular(Media):
	def test_one_row(self):
		answer = self.get("/people?id=eq.1&select=id,name", "application/vnd.pgrst.object+json")
		self.assertEqual((answer.status, answer.text), (200, '{"id":1,"name":"Ann"}'))
		self.assertEqual(answer.header("Content-Type"), OBJECT)
		self.assertEqual(answer.header("Content-Range"), "0-0/*")
		self.assertEqual(answer.header("Content-Length"), str(len(answer.body)))

	def test_not_one_row(self):
		for query, count in [("id=eq.9999", 0), ("id=lt.3", 2), ("", 1000)]:
			with self.subTest(count):
				answer = self.get("/thousand?" + query, "application/vnd.pgrst.object+json")
				self.assertEqual((answer.status, answer.text), (406, error_body(
					"PGRST116", "Cannot coerce the result to a single JSON object",
					"The result contains %d rows" % count)))
				self.assertEqual(answer.header("Content-Type"), JSON)
				self.assertEqual(answer.header("Proxy-Status"), "swm; error=PGRST116")

	def test_limit_makes_it_one(self):
		answer = self.get("/three?order=id.desc&limit=1", "application/vnd.pgrst.object+json")
		self.assertEqual((answer.status, answer.text), (200, '{"id":3}'))


class Csv(Media):
	def test_plain(self):
		answer = self.get("/people?select=id,name&id=lt.3&order=id", "text/csv")
		self.assertEqual((answer.status, answer.text), (200, "id,name\n1,Ann\n2,Bob"))
		self.assertEqual(answer.header("Content-Type"), CSV)
		self.assertEqual(answer.header("Content-Range"), "0-1/*")
		self.assertEqual(answer.header("Content-Length"), str(len(answer.body)))

	def test_quoting(self):
		"""What has a comma, a quote or a line break is quoted, and quotes are doubled (RFC 4180, 2)."""
		answer = self.get("/csv?order=id&id=lt.3", "text/csv")
		self.assertEqual(answer.text, '\n'.join([
			'id,"a ""head"", er",b', '1,plain,"with, comma"', '2,"say ""hi""","two\nlines"']))

	def test_every_value_survives(self):
		answer = self.get("/csv?order=id", "text/csv")
		rows = list(csv.reader(io.StringIO(answer.text, newline=""), strict=True))
		self.assertEqual(rows, [
			["id", 'a "head", er', "b"],
			["1", "plain", "with, comma"],
			["2", 'say "hi"', "two\nlines"],
			["3", "", ""],
			["4", "carriage\rreturn", "back\\slash"],
			["5", " blank ", "ü€💡"]])

	def test_values_are_postgresqls_text(self):
		answer = self.get("/people?id=eq.1&select=score,active,born,tags,span", "text/csv")
		self.assertEqual(answer.text, 'score,active,born,tags,span\n90.50,t,2013-01-12,"{red,blue}","[1,5)"')
		answer = self.get("/people?id=eq.4&select=id,age,born", "text/csv")
		self.assertEqual(answer.text, "id,age,born\n4,,")

	def test_no_rows(self):
		answer = self.get("/people?id=eq.99&select=id,name", "text/csv")
		self.assertEqual(answer.status, 200)
		self.assertEqual(answer.text.rstrip("\n"), "id,name")
		self.assertEqual(answer.header("Content-Range"), "*/*")

	def test_many_rows(self):
		answer = self.get("/thousand?order=id", "text/csv")
		rows = list(csv.reader(io.StringIO(answer.text)))
		self.assertEqual(rows, [["id", "label"]] + [[str(n), "label %d" % n] for n in range(1, 1001)])

	def test_json_in_csv(self):
		answer = self.get("/people?id=eq.2&select=data", "text/csv")
		self.assertEqual(answer.text, 'data\n"{""age"": 30, ""list"": [], ""blood"": ""O+""}"')


class Json(Media):
	def test_rows_are_separated_as_json_agg_separates_them(self):
		answer = self.get("/three?order=id", "application/json")
		self.assertEqual(answer.body, b'[{"id":1}, \n {"id":2}, \n {"id":3}]')
		self.assertEqual(answer.header("Content-Length"), str(len(answer.body)))

	def test_thousand_rows(self):
		expected = harness.sql("SELECT json_agg(t)::text FROM (SELECT * FROM test.thousand ORDER BY id) AS t")
		answer = self.get("/thousand?order=id", "application/json")
		self.assertEqual((answer.status, answer.text), (200, expected))

	def test_a_million_rows(self):
		"""Streamed: no Content-Length, complete all the same."""
		answer = self.server.get("/million?select=id")
		self.assertEqual((answer.status, answer.complete), (200, True))
		self.assertIsNone(answer.header("Content-Length"))
		self.assertEqual(answer.header("Content-Type"), JSON)
		self.assertEqual(answer.text, ids(*range(1, 1000001)))

	def test_short_answers_carry_their_length(self):
		for target in ("/three", "/nothing", "/people?id=eq.1", "/nowhere", "/three?id=five"):
			with self.subTest(target):
				answer = self.server.get(target)
				self.assertEqual(answer.header("Content-Length"), str(len(answer.body)))

	def test_ids_again(self):
		self.assertEqual(self.server.get("/three?order=id").text, ids(1, 2, 3))


if __name__ == "__main__":
	unittest.main()
