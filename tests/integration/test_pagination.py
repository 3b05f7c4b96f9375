"""
Limit, offset, Range, Content-Range and counts (PostgREST's
references/api/pagination_count; RFC 9110, 14 for the header's form).
"""
import json
import unittest

import harness
from harness import error_body, ids


class Pagination(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.server = harness.server()

	def expect(self, target, status, numbers, content_range, headers=()):
		answer = self.server.get(target, headers)
		self.assertEqual((answer.status, answer.text, answer.header("Content-Range")),
		                 (status, ids(*numbers), content_range), (target, headers))
		return answer

	def test_without_count(self):
		for query, numbers, content_range in [
			("", [1, 2, 3], "0-2/*"),
			("limit=2", [1, 2], "0-1/*"),
			("limit=3", [1, 2, 3], "0-2/*"),
			("limit=100", [1, 2, 3], "0-2/*"),
			("offset=1", [2, 3], "1-2/*"),
			("limit=1&offset=1", [2], "1-1/*"),
			("limit=2&offset=2", [3], "2-2/*"),
			("offset=3", [], "*/*"),
			("offset=10", [], "*/*"),
			("limit=0", [], "*/*"),
			("limit=0&offset=1", [], "*/*"),
			("limit=9223372036854775807", [1, 2, 3], "0-2/*"),
			("limit=2&offset=9223372036854775807", [], "*/*"),
		]:
			with self.subTest(query):
				self.expect("/three?order=id&" + query, 200, numbers, content_range)

	def test_count_exact(self):
		prefer = {"Prefer": "count=exact"}
		for query, status, numbers, content_range in [
			("", 200, [1, 2, 3], "0-2/3"),
			("limit=3", 200, [1, 2, 3], "0-2/3"),
			("limit=2", 206, [1, 2], "0-1/3"),
			("offset=1", 206, [2, 3], "1-2/3"),
			("limit=1&offset=2", 206, [3], "2-2/3"),
			("id=gt.1", 200, [2, 3], "0-1/2"),
			("id=gt.1&limit=1", 206, [2], "0-0/2"),
			("id=gt.7", 200, [], "*/0"),
			("limit=0", 206, [], "*/3"),
			("offset=3", 206, [], "*/3"),
		]:
			with self.subTest(query):
				answer = self.expect("/three?order=id&" + query, status, numbers, content_range, prefer)
				self.assertEqual(answer.header("Preference-Applied"), "count=exact")

	def test_count_of_an_empty_table(self):
		answer = self.server.get("/nothing", {"Prefer": "count=exact"})
		self.assertEqual((answer.status, answer.text, answer.header("Content-Range")), (200, "[]", "*/0"))

	def test_count_of_a_view(self):
		answer = self.server.get("/grown_ups?limit=1", {"Prefer": "count=exact"})
		self.assertEqual((answer.status, answer.header("Content-Range")), (206, "0-0/4"))

	def test_offset_past_the_end(self):
		answer = self.server.get("/three?offset=10", {"Prefer": "count=exact"})
		self.assertEqual(answer.status, 416)
		self.assertEqual(answer.text, error_body("PGRST103", "Requested range not satisfiable",
		                 "An offset of 10 was requested, but there are only 3 rows."))
		self.assertEqual(answer.header("Content-Range"), "*/3")
		self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=PGRST103")
		answer = self.server.get("/three?id=eq.2", {"Prefer": "count=exact", "Range": "2-"})
		self.assertEqual(answer.status, 416)
		self.assertEqual(answer.text, error_body("PGRST103", "Requested range not satisfiable",
		                 "An offset of 2 was requested, but there are only 1 rows."))

	def test_range_header(self):
		for value, query, numbers, content_range in [
			("0-0", "", [1], "0-0/*"),
			("0-1", "", [1, 2], "0-1/*"),
			("1-", "", [2, 3], "1-2/*"),
			("1-2", "", [2, 3], "1-2/*"),
			("2-99", "", [3], "2-2/*"),
			("5-6", "", [], "*/*"),
			("0-1", "limit=1", [1], "0-0/*"),
			("0-0", "limit=2", [1], "0-0/*"),
			("0-1", "offset=1", [2], "1-1/*"),
			("1-", "limit=2", [2], "1-1/*"),
			("nonsense", "", [1, 2, 3], "0-2/*"),
			("bytes=0-0", "", [1, 2, 3], "0-2/*"),
		]:
			with self.subTest(range=value, query=query):
				self.expect("/three?order=id&" + query, 200, numbers, content_range,
				            {"Range": value, "Range-Unit": "items"})

	def test_range_with_count(self):
		self.expect("/three?order=id", 206, [1, 2], "0-1/3", {"Range": "0-1", "Prefer": "count=exact"})
		self.expect("/three?order=id", 200, [1, 2, 3], "0-2/3", {"Range": "0-24", "Prefer": "count=exact"})

	def test_range_upside_down(self):
		answer = self.server.get("/three", {"Range": "5-2"})
		self.assertEqual((answer.status, answer.text), (416, error_body(
			"PGRST103", "Requested range not satisfiable",
			"The lower boundary must be lower than or equal to the upper boundary in the Range header.")))

	def test_range_beside_the_limits(self):
		"""Each is a range, and nothing is in both."""
		for query in ("offset=3", "limit=2&offset=4"):
			answer = self.server.get("/three?" + query, {"Range": "0-2"})
			self.assertEqual((answer.status, answer.text), (416, error_body(
				"PGRST103", "Requested range not satisfiable", "Limit should be greater than or equal to zero.")))

	def test_negative_limit(self):
		answer = self.server.get("/three?limit=-1")
		self.assertEqual((answer.status, answer.text), (416, error_body(
			"PGRST103", "Requested range not satisfiable", "Limit should be greater than or equal to zero.")))
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=PGRST103")

	def test_head(self):
		answer = self.server.request("HEAD", "/three?limit=2", {"Prefer": "count=exact"})
		self.assertEqual((answer.status, answer.body, answer.header("Content-Range")), (206, b"", "0-1/3"))
		answer = self.server.request("HEAD", "/three")
		self.assertEqual((answer.status, answer.body, answer.header("Content-Range")), (200, b"", "0-2/*"))

	def test_pages_make_the_whole(self):
		seen = []
		for page in range(0, 1000, 250):
			answer = self.server.get("/thousand?select=id&order=id&limit=250&offset=%d" % page,
			                         {"Prefer": "count=exact"})
			self.assertEqual(answer.header("Content-Range"), "%d-%d/1000" % (page, page + 249))
			seen += [row["id"] for row in answer.json]
		self.assertEqual(seen, list(range(1, 1001)))


class MaxRows(unittest.TestCase):
	"""db-max-rows caps what a client gets, and counts go on beyond it."""

	def expect(self, target, status, numbers, content_range, headers=()):
		answer = harness.server(db_max_rows=2).get(target, headers)
		self.assertEqual((answer.status, answer.text, answer.header("Content-Range")),
		                 (status, ids(*numbers), content_range), (target, headers))

	def test_cap(self):
		self.expect("/three?order=id", 200, [1, 2], "0-1/*")
		self.expect("/three?order=id&limit=3", 200, [1, 2], "0-1/*")
		self.expect("/three?order=id&limit=1", 200, [1], "0-0/*")
		self.expect("/three?order=id&offset=1", 200, [2, 3], "1-2/*")
		self.expect("/three?order=id", 200, [1, 2], "0-1/*", {"Range": "0-2"})

	def test_count(self):
		self.expect("/three?order=id", 206, [1, 2], "0-1/3", {"Prefer": "count=exact"})


class BeforeTheFirst(Pagination):
	def test_offset(self):
		"""A negative offset is refused, as a negative limit is."""
		for query, headers in (("offset=-1", {}), ("offset=-1&limit=3", {}), ("offset=-1&limit=0", {}),
		                       ("offset=-1", {"Range": "1-"})):
			answer = self.server.get("/three?order=id&" + query, headers)
			self.assertEqual((answer.status, answer.json["code"], answer.json["details"]),
			                 (416, "PGRST103", "Offset should be greater than or equal to zero."), query)

	def test_limit_of_none_is_before_a_range(self):
		self.expect("/three?limit=0", 200, [], "*/*", {"Range": "5-3"})


class Planned(unittest.TestCase):
	"""count=planned is what EXPLAIN says; count=estimated is exact as far as db-max-rows."""

	@classmethod
	def setUpClass(cls):
		harness.sql("ANALYZE test.thousand, test.people")

	@staticmethod
	def explained(query):
		return json.loads(harness.sql("EXPLAIN (FORMAT JSON) " + query))[0]["Plan"]["Plan Rows"]

	def total(self, server, target, count, status, method="GET"):
		answer = server.request(method, target, {"Prefer": "count=" + count})
		self.assertEqual((answer.status, answer.header("Preference-Applied")), (status, "count=" + count))
		rows, total = answer.header("Content-Range").split("/")
		return rows, int(total)

	def test_planned(self):
		server = harness.server()
		self.assertEqual(self.total(server, "/thousand?limit=25", "planned", 206), ("0-24", 1000))
		self.assertEqual(self.total(server, "/thousand?limit=25", "planned", 206, "HEAD"), ("0-24", 1000))
		self.assertEqual(self.total(server, "/thousand", "planned", 200), ("0-999", 1000))
		expected = self.explained("SELECT 1 FROM test.thousand WHERE label LIKE '%9'")
		self.assertEqual(self.total(server, "/thousand?label=like.*9&limit=1", "planned", 206), ("0-0", expected))

	def test_planned_of_groups(self):
		expected = self.explained("SELECT 1 FROM test.people GROUP BY age")
		server = harness.server(db_aggregates_enabled=True)
		self.assertEqual(self.total(server, "/people?select=age,count()&limit=1", "planned", 206), ("0-0", expected))

	def test_planned_below_what_came(self):
		"""A length is never less than what was sent (RFC 9110, 14.4)."""
		query = "label=like.label 1*&label=like.*el 1*&label=like.*l 1*"
		self.assertLess(self.explained("SELECT 1 FROM test.thousand WHERE label LIKE 'label 1%' AND label LIKE '%el 1%'"
		                               " AND label LIKE '%l 1%'"), 112)
		self.assertEqual(self.total(harness.server(), "/thousand?" + query.replace(" ", "%20"), "planned", 200),
		                 ("0-111", 112))

	def test_planned_is_no_end(self):
		"""An estimate does not make an offset one past the end."""
		answer = harness.server().get("/thousand?offset=5000", {"Prefer": "count=planned"})
		self.assertEqual((answer.status, answer.text), (206, "[]"))

	def test_planned_streamed(self):
		"""Of rows still to come an estimate says nothing but their number."""
		expected = self.explained("SELECT 1 FROM test.million")
		answer = harness.server().get("/million?select=id", {"Prefer": "count=planned"})
		self.assertEqual((answer.complete, answer.text.count("{")), (True, 1000000))
		if expected > 20000:  # more than had come when the header went
			self.assertEqual((answer.status, answer.header("Content-Range")), (200, "*/%d" % expected))

	def test_planned_needs_the_privilege(self):
		answer = harness.server().get("/secret", {"Prefer": "count=planned"})
		self.assertEqual((answer.status, answer.json["code"]), (401, "42501"))

	def test_estimated(self):
		server = harness.server(db_max_rows=100)
		self.assertEqual(self.total(server, "/thousand?limit=25", "estimated", 206), ("0-24", 1000))
		self.assertEqual(self.total(server, "/thousand?id=lte.100&limit=25", "estimated", 206), ("0-24", 100))
		self.assertEqual(self.total(server, "/thousand?label=like.*99&limit=2", "estimated", 206), ("0-1", 10))
		self.assertEqual(self.total(server, "/thousand?id=lte.7", "estimated", 200), ("0-6", 7))
		answer = server.get("/thousand?id=lte.7&offset=8", {"Prefer": "count=estimated"})
		self.assertEqual((answer.status, answer.json["code"]), (416, "PGRST103"))
		answer = server.get("/thousand?offset=900&limit=1", {"Prefer": "count=estimated"})
		self.assertEqual((answer.status, answer.header("Content-Range")), (206, "900-900/1000"))

	def test_estimated_beyond_a_low_estimate(self):
		"""Where more than the threshold was counted, the larger number stands."""
		query = "label=like.label 1*&label=like.*el 1*&label=like.*l 1*"
		rows, total = self.total(harness.server(db_max_rows=100), "/thousand?" + query.replace(" ", "%20"), "estimated", 206)
		self.assertEqual(rows, "0-99")
		self.assertGreater(total, 100)

	def test_estimated_without_a_threshold(self):
		self.assertEqual(self.total(harness.server(), "/thousand?id=lte.900&limit=1", "estimated", 206), ("0-0", 900))


if __name__ == "__main__":
	unittest.main()
