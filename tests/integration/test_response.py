"""
What SQL may set of an answer, and what it may not
(PostgREST's references/transactions, response headers and status).
"""
import unittest

import harness
from harness import error_body, ids

BAD_HEADERS = error_body("PGRST111", "response.headers guc must be a JSON array composed of objects "
                         "with a single key and a string value")
BAD_STATUS = error_body("PGRST112", "response.status guc must be a valid status code")


class Set(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.server = harness.server(db_pre_request="test.set_answer", db_pool=1)

	def get(self, target="/three?id=eq.1", **fields):
		return self.server.get(target, {"X-" + name.capitalize(): value for name, value in fields.items()})

	def assert_untouched(self):
		"""The next request, on the same connection, has nothing of the one before."""
		answer = self.get()
		self.assertEqual((answer.status, answer.text), (200, ids(1)))
		self.assertIsNone(answer.header("X-A"))

	def test_headers(self):
		answer = self.get(headers='[{"X-A":"1"},{"X-A":"2"},{"Cache-Control":"no-cache"}]')
		self.assertEqual((answer.status, answer.text), (200, ids(1)))
		self.assertEqual(answer.all("X-A"), ["1", "2"])
		self.assertEqual(answer.header("Cache-Control"), "no-cache")
		self.assert_untouched()

	def test_content_type_is_replaced(self):
		answer = self.get(headers='[{"Content-Type":"application/custom+json"}]')
		self.assertEqual(answer.all("Content-Type"), ["application/custom+json"])

	def test_headers_that_are_none(self):
		for text in ('{"X-A":"1"}', '[{"X-A":1}]', '[{"X-A":"1","X-B":"2"}]', "nonsense",
		             '[{"X-A":"1\\r\\nX-B: 2"}]', '[{"X A":"1"}]', '[{"":"1"}]', '[{"X-A:":"1"}]'):
			with self.subTest(text):
				answer = self.get(headers=text)
				self.assertEqual((answer.status, answer.text), (500, BAD_HEADERS))
				self.assertIsNone(answer.header("X-B"))
				self.assert_untouched()

	def test_status(self):
		answer = self.get(status="299")
		self.assertEqual((answer.status, answer.text), (299, ids(1)))
		answer = self.server.get("/three?limit=1", {"X-Status": "299", "Prefer": "count=exact"})
		self.assertEqual((answer.status, answer.header("Content-Range")), (299, "0-0/3"))
		self.assert_untouched()

	def test_status_that_is_none(self):
		for text in ("99", "100", "600", "abc", "-200", "99999999999999999999"):
			with self.subTest(text):
				answer = self.get(status=text)
				self.assertEqual((answer.status, answer.text), (500, BAD_STATUS))
				self.assert_untouched()


class OneSchema(unittest.TestCase):
	"""A schema that is not exposed is refused, also where only one is (PostgREST's schemas page)."""
	def test_profile(self):
		server = harness.server(db_schemas="test")
		answer = server.get("/three?id=eq.1", {"Accept-Profile": "other"})
		self.assertEqual((answer.status, answer.text), (406, error_body(
			"PGRST106", "Invalid schema: other", hint="Only the following schemas are exposed: test")))
		self.assertEqual(server.get("/three?id=eq.1", {"Accept-Profile": "test"}).header("Content-Profile"), "test")
		self.assertIsNone(server.get("/three?id=eq.1").header("Content-Profile"))


if __name__ == "__main__":
	unittest.main()
