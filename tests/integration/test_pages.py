"""
Pages by key: Link rel="next" and after (doc/DIALECT.md; RFC 8288 for the field, RFC 3986
for what stands in it). What the pages hold is told by PostgreSQL's own ORDER BY.
"""
import json
import re
import unittest
import urllib.parse

import harness
from harness import array, ids


def next_of(answer):
	"""Where the answer's only link leads, or None; every byte of it may stand in a URI."""
	links = answer.all("Link")
	if not links:
		return None
	assert len(links) == 1, links
	found = re.fullmatch(r'<([A-Za-z0-9._~:/?#\[\]@!$&\'()*+,;=%-]*)>; rel="next"', links[0])
	assert found, links
	return urllib.parse.urljoin(answer.target, found.group(1))


class Pages(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.server = harness.server()

	def walk(self, target, headers=()):
		"""Every page from a target on, by its links alone."""
		pages, seen = [], set()
		while target:
			self.assertNotIn(target, seen)
			seen.add(target)
			answer = self.server.get(target, headers)
			self.assertEqual(answer.status, 200, (target, answer))
			pages.append(answer)
			target = next_of(answer)
		return pages

	def expect_walk(self, order, sql_order, limit=4, more="", where="true"):
		expected = json.loads(harness.sql("SELECT json_agg(id ORDER BY %s) FROM test.pages WHERE %s" % (sql_order, where)))
		pages = self.walk("/pages?select=id&limit=%d&order=%s%s" % (limit, order, more))
		self.assertEqual([row["id"] for page in pages for row in page.json], expected, order)
		for page in pages[:-1]:
			self.assertEqual(len(page.json), limit)
		self.assertLessEqual(len(pages), len(expected) // limit + 1)

	def test_orders(self):
		for order, sql_order in [
			("id", "id"), ("id.desc", "id DESC"), ("label", "label"), ("label.desc", "label DESC"),
			("grade,id", "grade, id"), ("grade.desc,id", "grade DESC, id"), ("grade.asc,id.desc", "grade, id DESC"),
			("grade.nullsfirst,id", "grade NULLS FIRST, id"), ("grade.desc.nullslast,id.desc", "grade DESC NULLS LAST, id DESC"),
			("seen,label", "seen, label"), ("seen.desc,label.desc", "seen DESC, label DESC"),
			("seen.desc,label", "seen DESC, label"), ("seen,grade,label.desc", "seen, grade, label DESC"),
			("weight,grade.desc,id", "weight, grade DESC, id"), ("weight.desc.nullslast,seen,label,id", "weight DESC NULLS LAST, seen, label, id"),
			("id,grade", "id, grade"), ("weight.nullsfirst,grade.nullsfirst,id.desc", "weight NULLS FIRST, grade NULLS FIRST, id DESC"),
		]:
			for limit in (1, 4, 7):
				with self.subTest(order, limit=limit):
					self.expect_walk(order, sql_order, limit)

	def test_filters_stay(self):
		self.expect_walk("label", "label", 2, "&grade=not.is.null&or=(id.lt.9,id.gt.20)", "grade IS NOT NULL AND (id < 9 OR id > 20)")

	def test_computed_order(self):
		"""A term may be a JSON path, of a column that is no key."""
		expected = json.loads(harness.sql("SELECT json_agg(id ORDER BY data->>'blood', id) FROM test.people"))
		pages = self.walk("/people?select=id&limit=2&order=data->>blood,id")
		self.assertEqual([row["id"] for page in pages for row in page.json], expected)

	def test_a_filter_may_fix_a_part_of_the_key(self):
		day = urllib.parse.quote("2024-03-01 23:59:59.5+00")
		self.expect_walk("label", "label", 2, "&seen=eq." + day, "seen = '2024-03-01 23:59:59.5+00'")

	def test_what_has_no_link(self):
		for target in (
			"/pages?limit=4",                        # no order
			"/pages?order=id",                       # no limit
			"/pages?order=id&limit=0",
			"/pages?order=grade&limit=4",            # no key
			"/pages?order=maybe&limit=4",            # a key that may be null several times
			"/pages?order=seen&limit=4",             # half a key
			"/pages_view?order=id&limit=4",          # a view has no key
			"/pages?order=id&limit=100",             # fewer rows than that
			"/pages?order=id.desc&limit=5&id=lt.4",  # the last page
			"/pages?order=id->>0&limit=4",
		):
			with self.subTest(target):
				answer = self.server.get(target)
				self.assertEqual(answer.status, 200)
				self.assertIsNone(answer.header("Link"))

	def test_the_end_is_known_from_the_count(self):
		for query, count, has_link in [("limit=3", None, True), ("limit=3", "exact", False), ("limit=2", "exact", True)]:
			answer = self.server.get("/three?order=id&" + query, {"Prefer": "count=" + count} if count else {})
			self.assertEqual(answer.header("Link") is not None, has_link)
		answer = self.server.get("/three?order=id&limit=3&after=(3)")
		self.assertEqual((answer.status, answer.text, answer.header("Link")), (200, "[]", None))

	def test_the_link(self):
		answer = self.server.get("/three?order=id&limit=2&select=id")
		path, query = next_of(answer).split("?")
		self.assertEqual(path, "/three")
		self.assertEqual(sorted(urllib.parse.parse_qsl(query)), [("after", "(2)"), ("limit", "2"), ("order", "id"), ("select", "id")])

	def test_offset_and_range_become_a_position(self):
		self.assertEqual([p.text for p in self.walk("/three?order=id&limit=1&offset=1")], [ids(2), ids(3), "[]"])
		answer = self.server.get("/three?order=id", {"Range": "1-1"})
		self.assertEqual(answer.text, ids(2))
		self.assertEqual(sorted(urllib.parse.parse_qsl(next_of(answer).split("?")[1])),
		                 [("after", "(2)"), ("limit", "1"), ("order", "id")])

	def test_max_rows(self):
		"""What db-max-rows cuts off can be fetched all the same."""
		server = harness.server(db_max_rows=2)
		answer = server.get("/three?order=id")
		self.assertEqual(answer.text, ids(1, 2))
		self.assertEqual(server.get(next_of(answer)).text, ids(3))

	def test_media_types_and_head(self):
		for accept, body in (("text/csv", "id\n1\n2"), ("application/x-ndjson", '{"id":1}\n{"id":2}\n')):
			answer = self.server.get("/three?order=id&limit=2", {"Accept": accept})
			self.assertEqual(answer.text, body)
			self.assertEqual(self.server.get(next_of(answer)).text, ids(3))
		answer = self.server.request("HEAD", "/three?order=id&limit=2")
		self.assertEqual(self.server.get(next_of(answer)).text, ids(3))

	def test_columns_that_are_not_selected_stay_hidden(self):
		answer = self.server.get("/pages?order=seen,label&limit=1&select=id")
		self.assertEqual(list(answer.json[0]), ["id"])
		self.assertIsNotNone(next_of(answer))
		answer = self.server.get("/pages?order=seen,label&limit=1&select=id", {"Accept": "text/csv"})
		self.assertEqual(answer.text.split("\n")[0], "id")

	def test_only_what_may_be_seen(self):
		"""The position is of columns that the order already needs the right to read."""
		answer = self.server.get("/half_secret?order=id&limit=1&select=id")
		self.assertEqual((answer.status, urllib.parse.unquote(next_of(answer)).split("&")[-1]), (200, "after=(1)"))

	def test_a_page_larger_than_the_buffer(self):
		answer = self.server.get("/thousand?order=id.desc&limit=990&select=id,label,a:label,b:label,c:label,d:label,e:label,f:label,g:label")
		self.assertEqual((answer.status, answer.complete), (200, True))
		self.assertGreater(len(answer.body), 128 * 1024 - 1)
		self.assertEqual([row["id"] for row in self.server.get(next_of(answer)).json], list(range(10, 0, -1)))

	def test_a_huge_page_is_streamed_without(self):
		"""Only so much is held for the sake of a header."""
		answer = self.server.get("/many_pages?order=id&limit=20000&select=id,label,a:label,b:label,c:label,d:label")
		self.assertEqual((answer.status, answer.complete, answer.header("Content-Length")), (200, True, None))
		self.assertGreater(len(answer.body), 1024 * 1024)
		self.assertIsNone(answer.header("Link"))

	def test_long_values_are_left_out(self):
		answer = self.server.get("/pages?order=id&limit=1&label=neq." + "x" * 3000)
		self.assertEqual((answer.status, answer.header("Link")), (200, None))

	def test_a_count_is_of_what_is_behind(self):
		answer = self.server.get("/three?order=id&after=(1)&limit=1", {"Prefer": "count=exact"})
		self.assertEqual((answer.status, answer.text, answer.header("Content-Range")), (206, ids(2), "0-0/2"))
		answer = self.server.get("/pages?order=grade,id&after=(3,9)&limit=1", {"Prefer": "count=exact"})
		expected = harness.sql("SELECT count(*) FROM test.pages WHERE grade > 3 OR grade IS NULL OR (grade = 3 AND id > 9)")
		self.assertEqual(answer.header("Content-Range"), "0-0/" + expected)

	def test_without_a_limit(self):
		expected = json.loads(harness.sql(
			"SELECT json_agg(id ORDER BY grade, id) FROM test.pages WHERE grade > 2 OR grade IS NULL OR (grade = 2 AND id > 6)"))
		self.assertEqual([row["id"] for row in self.server.get("/pages?order=grade,id&after=(2,6)").json], expected)

	def test_offset_behind_a_position(self):
		expected = json.loads(harness.sql(
			"SELECT json_agg(id) FROM (SELECT id FROM test.pages WHERE grade > 2 OR grade IS NULL OR (grade = 2 AND id > 6)"
			" ORDER BY grade, id LIMIT 5 OFFSET 3) AS t"))
		answer = self.server.get("/pages?order=grade,id&after=(2,6)&limit=5&offset=3")
		self.assertEqual([row["id"] for row in answer.json], expected)

	def test_aggregates(self):
		server = harness.server(db_aggregates_enabled=True)
		answer = server.get("/pages?select=grade,count()&order=grade&after=(2)&limit=2")
		expected = harness.sql("SELECT json_agg(t) FROM (SELECT grade, count(*) FROM test.pages WHERE grade > 2 OR grade IS NULL"
		                       " GROUP BY grade ORDER BY grade) AS t")
		self.assertEqual((answer.json, answer.header("Link")), (json.loads(expected), None))

	def test_by_the_primary_key(self):
		"""Prefer: order=key. The key's own order of columns counts, and only where nobody asked for another."""
		prefer = {"Prefer": "order=key"}
		pages = self.walk("/by_key?limit=1&select=b", prefer)
		self.assertEqual([page.text for page in pages], ['[{"b":%d}]' % b for b in (6, 8, 9, 7)] + ["[]"])
		for page in pages:
			self.assertEqual(page.header("Preference-Applied"), "order=key")
		self.assertEqual(self.server.get("/by_key?select=b&after=(x,2)", prefer).text, array('{"b":9}', '{"b":7}'))
		answer = self.server.get("/by_key?select=b&order=b", prefer)
		self.assertEqual(([row["b"] for row in answer.json], answer.header("Preference-Applied")), ([6, 7, 8, 9], None))
		strict = {"Prefer": "handling=strict, order=key"}
		for target in ("/no_key?limit=1", "/pages_view?limit=1"):
			answer = self.server.get(target, strict)
			self.assertEqual((answer.status, answer.header("Preference-Applied"), answer.header("Link")),
			                 (200, "handling=strict", None))

	def test_errors(self):
		for query, message, details in [
			("after=(1)", '"failed to parse after" (there is no order)', None),
			("order=id&after=(1,2)", '"failed to parse after" (more values than order has columns)', None),
			("order=grade,id&after=(1)", '"failed to parse after" (fewer values than order has columns)', None),
			("order=id&after=(1", '"failed to parse after ((1)" (line 1, column 3)', 'unexpected end of input expecting "," or ")"'),
			("order=id&after=(1)2", '"failed to parse after ((1)2)" (line 1, column 4)', 'unexpected "2" expecting end of input'),
			("order=" + ",".join(["id"] * 9) + "&after=(1,1,1,1,1,1,1,1,1)", '"failed to parse after" (more than 8 columns of order)', None),
		]:
			with self.subTest(query):
				answer = self.server.get("/pages?" + query)
				self.assertEqual((answer.status, answer.json["code"], answer.json["message"], answer.json["details"]),
				                 (400, "PGRST100", message, details))
		answer = self.server.get("/pages?order=id&after=(x)&limit=1")
		self.assertEqual((answer.status, answer.json["code"]), (400, "22P02"))

	def test_a_column_of_that_name(self):
		"""Only a value in parentheses is a position; no filter's value begins so."""
		answer = self.server.get("/pages?after=eq.1")
		self.assertEqual((answer.status, answer.json["code"]), (400, "42703"))


class Cost(unittest.TestCase):
	"""A page costs the same wherever it is: the rows that its scans touch are counted."""

	@classmethod
	def setUpClass(cls):
		harness.sql("ANALYZE test.many_pages")
		cls.server = harness.server(db_plan_enabled=True)

	def touched(self, target):
		answer = self.server.get(target, {"Accept": "application/vnd.pgrst.plan+json;options=analyze"})
		self.assertEqual(answer.status, 200, answer)
		def rows(node):
			below = sum(rows(child) for child in node.get("Plans", ()))
			own = node["Actual Rows"] * node["Actual Loops"] + node.get("Rows Removed by Filter", 0)
			return below + (own if "Scan" in node["Node Type"] and node["Node Type"] != "Subquery Scan" else 0)
		return rows(answer.json[0]["Plan"])

	def test_deep_pages(self):
		for query in ("order=id&after=(19000)", "order=id.desc&after=(1000)", "order=rank,id&after=(5,19000)",
		              "order=rank.desc,id&after=(1,18000)", "order=grade,id&after=(8,19000)", "order=grade,id&after=(null,15000)",
		              "order=grade,id&after=(9,19990)"):
			with self.subTest(query):
				# of 20,000; the planner may sort what little is left of an equal group
				self.assertLessEqual(self.touched("/many_pages?limit=10&select=id,label&" + query), 300)


if __name__ == "__main__":
	unittest.main()
