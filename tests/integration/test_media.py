"""
Representations: JSON, CSV, the singular object, and which one is chosen
(PostgREST's references/api/resource_representation; RFC 9110, 12.5.1; RFC 4180).
"""
import csv
import io
import json
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
			("*/*, text/csv", CSV),
			("text/csv, */*", CSV),
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

	def test_what_is_not_acceptable_is_named_in_full(self):
		for accept, names in [
			("application/vnd.pgrst.plan", 'application/vnd.pgrst.plan+text; for="application/json"'),
			('application/vnd.pgrst.plan+json; for="text/csv"; options=verbose|analyze',
			 'application/vnd.pgrst.plan+json; for="text/csv"; options=analyze|verbose'),
			("a/b;q=0.5, c/d; x=y, Text/Plain; charset=utf-8", "c/d;x=y, text/plain, a/b"),
		]:
			answer = self.server.get("/three", {"Accept": accept})
			self.assertEqual((answer.status, answer.text), (406, error_body(
				"PGRST107", "None of these media types are available: " + names)))
		self.assertEqual(answer.header("Content-Type"), JSON)
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=PGRST107")
		for accept in ("application/json;q=0", "*/*;q=0", "text/html", "text/csv;q=0, image/png"):
			with self.subTest(accept):
				answer = self.get("/three", accept)
				self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST107"))


	def test_the_most_specific_range_counts(self):
		for accept, content_type in [
			("application/json;q=0.1, */*;q=0.9", CSV),
			("*/*;q=0.1, application/json;q=0.5", JSON),
			('text/html;title="a, text/csv", application/json', JSON),
			("application/json;q=0.2, text/*;q=0.2, text/csv;q=0.1", JSON),
		]:
			with self.subTest(accept):
				answer = self.get("/three?id=eq.1", accept)
				self.assertEqual((answer.status, answer.header("Content-Type")), (200, content_type))


class Lines(Media):
	"""application/x-ndjson: each row is one JSON text on a line of its own (github.com/ndjson/ndjson-spec)."""

	TYPE = "application/x-ndjson"

	def test_rows(self):
		answer = self.get("/three?order=id", self.TYPE)
		self.assertEqual((answer.status, answer.body), (200, b'{"id":1}\n{"id":2}\n{"id":3}\n'))
		self.assertEqual(answer.header("Content-Type"), self.TYPE)
		self.assertEqual(answer.header("Content-Range"), "0-2/*")
		self.assertEqual(answer.header("Content-Length"), str(len(answer.body)))

	def test_no_rows(self):
		answer = self.get("/nothing", self.TYPE)
		self.assertEqual((answer.status, answer.body, answer.header("Content-Range")), (200, b"", "*/*"))

	def test_documents_stay_on_their_line(self):
		"""json keeps the line breaks of its text, which are blanks between tokens; a line must not."""
		answer = self.get("/ndjson?order=id&select=*,twice:j::json", self.TYPE)
		lines = answer.body.split(b"\n")
		self.assertEqual((answer.status, len(lines), lines[2]), (200, 3, b""))
		first = {"id": 1, "j": {"a": [1, 2]}, "t": "x\ny", "twice": {"a": [1, 2]}}
		self.assertEqual([json.loads(line) for line in lines[:2]],
		                 [first, {"id": 2, "j": None, "t": None, "twice": None}])
		self.assertNotIn(b"\r", answer.body)

	def test_a_million_rows(self):
		answer = self.get("/million?select=id", self.TYPE)
		self.assertEqual((answer.status, answer.complete, answer.header("Content-Length")), (200, True, None))
		self.assertEqual(answer.text, "".join('{"id":%d}\n' % n for n in range(1, 1000001)))

	def test_an_error_in_the_middle_is_no_end(self):
		self.assertFalse(self.get("/late_errors", self.TYPE).complete)


class Plan(Media):
	"""The execution plan (PostgREST's references/observability, PostgreSQL's EXPLAIN)."""

	TEXT, JSON = "application/vnd.pgrst.plan+text", "application/vnd.pgrst.plan+json"

	@classmethod
	def setUpClass(cls):
		cls.server = harness.server(db_plan_enabled=True)

	def plan(self, target, parameters=""):
		answer = self.get(target, self.JSON + parameters)
		self.assertEqual(answer.status, 200, answer)
		return answer.json[0]

	def test_disabled(self):
		for accept, named in ((self.TEXT, self.TEXT), (self.JSON, self.JSON), ("application/vnd.pgrst.plan", self.TEXT)):
			answer = harness.server().get("/three", {"Accept": accept})
			self.assertEqual((answer.status, answer.text), (406, error_body(
				"PGRST107", "None of these media types are available: " + named + '; for="application/json"')))

	def test_text(self):
		for accept in ("application/vnd.pgrst.plan", self.TEXT):
			answer = self.get("/three?select=id&order=id.desc", accept)
			self.assertEqual((answer.status, answer.header("Content-Type")),
			                 (200, self.TEXT + '; for="application/json"; charset=utf-8'))
			self.assertRegex(answer.text, r"^[A-Z][a-z A-Z]+ .*\(cost=[0-9.]+ rows=[0-9]+ width=[0-9]+\)\n")
			self.assertEqual(answer.text.count("actual time"), 0)
			for name in ("Content-Range", "Content-Location", "Preference-Applied"):
				self.assertIsNone(answer.header(name))

	def test_no_preference_is_applied(self):
		answer = self.server.get("/three", {"Accept": self.TEXT, "Prefer": "count=exact, handling=lenient, timezone=UTC"})
		self.assertEqual((answer.status, answer.header("Preference-Applied")), (200, None))

	def test_json(self):
		answer = self.get("/three?id=eq.1", self.JSON)
		self.assertEqual(answer.header("Content-Type"), self.JSON + '; for="application/json"; charset=utf-8')
		self.assertIn("Plan Rows", answer.json[0]["Plan"])

	def test_it_is_the_statement_that_would_run(self):
		"""auto-named nodes of EXPLAIN VERBOSE say which columns come out, and in which form."""
		plan = self.plan("/people?select=id,tags", ";options=verbose")["Plan"]
		self.assertEqual(plan["Output"], ["id", "to_json(tags)"])
		plan = self.plan("/people?select=id,tags", ';for="text/csv";options=verbose')["Plan"]
		self.assertEqual(plan["Output"], ["id", "tags"])

	def test_options(self):
		plan = self.plan("/three", ";options=analyze|buffers|verbose")
		self.assertEqual(plan["Plan"]["Actual Rows"], 3)
		self.assertIn("Shared Hit Blocks", plan["Plan"])
		self.assertEqual(plan["Plan"]["Schema"], "test")
		self.assertIn("WAL Records", self.plan("/three", ";options=analyze|wal")["Plan"])
		self.assertIn("Settings", self.plan("/three", ";options=settings"))
		answer = self.get("/three", self.TEXT + ";options=wal|analyze|nonsense")
		self.assertEqual(answer.header("Content-Type"),
		                 self.TEXT + '; for="application/json"; options=analyze|wal; charset=utf-8')
		self.assertIn("actual time", answer.text)
		answer = self.get("/three", self.TEXT + ";options=wal") # of PostgreSQL: WAL requires ANALYZE
		self.assertEqual((answer.status, answer.json["code"]), (400, "22023"))

	def test_for_what_cannot_be_had(self):
		answer = self.get("/three", self.TEXT + ';for="image/png";options=verbose')
		self.assertEqual((answer.status, answer.text), (406, error_body(
			"PGRST107", "None of these media types are available: " + self.TEXT + '; for="image/png"; options=verbose')))
		answer = self.get("/three?id=eq.1", "text/html, " + self.TEXT + ';for="image/png", text/csv, application/json')
		self.assertEqual((answer.status, answer.header("Content-Type")), (200, CSV))

	def test_what_it_is_of_is_named_in_full(self):
		for of, named in (("application/vnd.pgrst.object", "application/vnd.pgrst.object+json"), ("TEXT/CSV", "text/csv"),
		                  ("application/vnd.pgrst.array", "application/json"), ("application/json; charset=utf-8", "application/json"),
		                  ("application/vnd.pgrst.array;nulls=stripped", "application/vnd.pgrst.array+json;nulls=stripped")):
			answer = self.get("/three?id=eq.1", self.TEXT + '; for="%s"' % of)
			self.assertEqual((answer.status, answer.header("Content-Type")),
			                 (200, self.TEXT + '; for="%s"; charset=utf-8' % named))

	def test_nothing_is_gained(self):
		for parameters in ("", ";options=analyze|verbose"):
			answer = self.get("/secret", self.TEXT + parameters)
			self.assertEqual((answer.status, answer.json["code"]), (401, "42501"))
		answer = self.get("/half_secret?select=word", self.TEXT)
		self.assertEqual((answer.status, answer.json["code"]), (401, "42501"))
		answer = self.get("/call_counter", self.TEXT + ";options=analyze") # read only, as every GET
		self.assertEqual((answer.status, answer.json["code"]), (405, "25006"))

	def test_a_wildcard_is_no_plan(self):
		self.assertEqual(self.get("/three", "application/*").header("Content-Type"), JSON)

	def test_head_and_counts(self):
		answer = self.server.request("HEAD", "/three", {"Accept": self.TEXT, "Prefer": "count=exact"})
		self.assertEqual((answer.status, answer.body), (200, b""))
		self.assertIsNone(answer.header("Preference-Applied"))


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

	def test_names_are_quoted_where_they_must_be(self):
		answer = self.get("/people?id=eq.1&select=%22a%20(b)%22:id,name", "text/csv")
		self.assertEqual(answer.text, "a (b),name\n1,Ann")

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
