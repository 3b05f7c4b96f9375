"""Entity tags and If-None-Match (RFC 9110, 8.8.3, 13.1.2, 15.4.5; doc/DIALECT.md)."""
import unittest

import harness
from harness import ids


class Conditional(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.server = harness.server()

	def tag(self, target="/three?order=id", headers=()):
		answer = self.server.get(target, headers)
		self.assertIn(answer.status, (200, 206))
		tag = answer.header("ETag")
		self.assertRegex(tag, r'^(W/)?"[\x21\x23-\x7e]*"$')
		return tag

	def expect(self, status, if_none_match, target="/three?order=id", method="GET", **more):
		answer = self.server.request(method, target, {"If-None-Match": if_none_match, **more})
		self.assertEqual(answer.status, status, (if_none_match, answer))
		return answer

	def test_nothing_changed(self):
		tag = self.tag()
		answer = self.expect(304, tag)
		self.assertEqual((answer.body, answer.header("ETag")), (b"", tag))
		self.assertEqual(answer.header("Vary"), "Accept, Prefer, Range")
		self.assertEqual(answer.header("Content-Location"), "/three?order=id")
		for name in ("Content-Type", "Content-Range", "Content-Length", "Transfer-Encoding"):
			self.assertIsNone(answer.header(name), name)

	def test_lists_and_weakness(self):
		tag = self.tag()
		strong = tag.removeprefix("W/")
		for value in ("*", strong, "W/" + strong, '"x", ' + tag, tag + ',"x"', '"a,b" , W/"c"\t,' + strong, ", ," + strong):
			with self.subTest(value):
				self.expect(304, value)
		for value in ('"x"', 'W/"x", "y"', strong.strip('"'), strong[:-1], '"' + strong, "w/" + strong, '"*"', "x " + strong, ""):
			with self.subTest(value):
				self.assertEqual(self.expect(200, value).text, ids(1, 2, 3))

	def test_a_change_is_seen(self):
		harness.sql("UPDATE test.changing SET note = 'before'")
		tag = self.tag("/changing")
		self.expect(304, tag, "/changing")
		harness.sql("UPDATE test.changing SET note = 'after'")
		answer = self.expect(200, tag, "/changing")
		self.assertEqual(answer.json, [{"id": 1, "note": "after"}])
		self.assertNotEqual(answer.header("ETag"), tag)
		harness.sql("UPDATE test.changing SET note = 'before'")
		self.expect(304, tag, "/changing")

	def test_each_representation_has_its_own(self):
		tags = [self.tag(headers={"Accept": accept}) for accept in (
			"application/json", "text/csv", "application/x-ndjson", "application/vnd.pgrst.array+json;nulls=stripped")]
		tags.append(self.tag("/three?order=id.desc"))
		self.assertEqual(len(set(tags)), len(tags))
		self.expect(200, tags[0], Accept="text/csv")

	def test_what_the_header_says_counts_too(self):
		"""The page is the same, the number of rows is not: a 304 would hide it."""
		prefer = {"Prefer": "count=exact"}
		harness.sql("DELETE FROM test.changing WHERE id > 1")
		tag = self.tag("/changing?select=id&order=id&limit=1", prefer)
		self.expect(304, tag, "/changing?select=id&order=id&limit=1", **prefer)
		harness.sql("INSERT INTO test.changing VALUES (2, 'second')")
		answer = self.expect(206, tag, "/changing?select=id&order=id&limit=1", **prefer)
		self.assertEqual((answer.text, answer.header("Content-Range")), (ids(1), "0-0/2"))
		harness.sql("DELETE FROM test.changing WHERE id > 1")

	def test_pages(self):
		tag = self.tag("/three?order=id&limit=2", {"Prefer": "count=exact"})
		self.expect(304, tag, "/three?order=id&limit=2", Prefer="count=exact")

	def test_head(self):
		self.assertEqual(self.expect(304, self.tag(), method="HEAD").body, b"")
		answer = self.expect(200, '"x"', method="HEAD")
		self.assertEqual((answer.body, answer.header("ETag")), (b"", self.tag()))

	def test_empty_is_something_too(self):
		self.expect(304, "*", "/nothing")
		self.expect(304, self.tag("/nothing"), "/nothing")

	def test_errors_are_not_conditional(self):
		for target, status in (("/nowhere", 404), ("/three?id=eq.x", 400), ("/secret", 401), ("/three?offset=9", 416)):
			headers = {"Prefer": "count=exact"} if status == 416 else {}
			answer = self.expect(status, "*", target, **headers)
			self.assertIsNone(answer.header("ETag"))
			self.assertNotEqual(answer.body, b"")

	def test_who_may_not_read_is_not_told(self):
		answer = self.server.get("/secret", {**harness.as_role("swm_reader")})
		self.assertEqual(answer.status, 200)
		self.expect(401, answer.header("ETag"), "/secret")

	def test_streamed_answers_have_none(self):
		answer = self.server.get("/million?select=id&limit=100000", {"If-None-Match": '"x"'})
		self.assertEqual((answer.status, answer.complete, answer.header("ETag")), (200, True, None))

	def test_same_on_every_server(self):
		self.assertEqual(harness.server(db_max_rows=100).get("/three?order=id").header("ETag"), self.tag())

	def test_cross_origin(self):
		"""A script may read what it has to send back (Fetch, CORS-safelisted response-header name)."""
		answer = self.server.get("/three", {"Origin": "http://example.com"})
		exposed = {name.strip().lower() for name in answer.header("Access-Control-Expose-Headers").split(",")}
		self.assertLessEqual({"etag", "link"}, exposed)
		tag = answer.header("ETag")
		answer = self.expect(304, tag, "/three", Origin="http://example.com")
		self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")


class Own(unittest.TestCase):
	"""SQL may set the tag itself, and a status that is no plain success has none."""

	@classmethod
	def setUpClass(cls):
		cls.server = harness.server(db_pre_request="test.set_answer", db_pool=1)

	def test_own_tag(self):
		own = {"X-Headers": r'[{"ETag":"\"v7\""}]'}
		answer = self.server.get("/three", own)
		self.assertEqual((answer.status, answer.all("ETag")), (200, ['"v7"']))
		answer = self.server.get("/three", {**own, "If-None-Match": 'W/"v7"'})
		self.assertEqual((answer.status, answer.body, answer.all("ETag")), (304, b"", ['"v7"']))
		self.assertEqual(self.server.get("/three", {**own, "If-None-Match": '"v8"'}).status, 200)

	def test_own_status(self):
		answer = self.server.get("/three", {"X-Status": "299", "If-None-Match": "*"})
		self.assertEqual((answer.status, answer.header("ETag")), (299, None))


if __name__ == "__main__":
	unittest.main()
