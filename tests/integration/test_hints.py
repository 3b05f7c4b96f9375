"""The commonest mistakes are told with what was meant."""
import json
import os
import unittest

import harness

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FORM_HINT = "The body was read as a form: send JSON with Content-Type: application/json"
PLUS_HINT = "A + in a URL is a blank: write %2B"
POST_HINT = "The arguments of a POST stand in its body"


class Hints(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		harness.once("functions.sql", lambda: harness.cluster().sql_file(
			harness.database(), os.path.join(harness.HERE, "functions.sql")) or True)
		cls.server = harness.server()
		cls.calls = harness.server(db_schemas="calls, calls_other")

	def hint(self, answer, status, code):
		self.assertEqual((answer.status, answer.json["code"]), (status, code), answer.text)
		return answer.json["hint"]

	def test_json_as_a_form(self):
		"""What curl -d sends unless it is told of a type."""
		for method, target in (("POST", "/three"), ("PATCH", "/three?id=eq.1"), ("PUT", "/three?id=eq.1")):
			for body in b'{"name":"x"}', b' [{"id":1}]', b'{"a":"x=y&z"}':
				answer = self.server.request(method, target, FORM, body)
				self.assertEqual(self.hint(answer, 400, "PGRST204"), FORM_HINT)
		self.assertEqual(self.hint(self.server.request("POST", "/three", FORM, b'{"a":"100%"}'), 400, "PGRST100"), FORM_HINT)
		answer = self.calls.request("POST", "/rpc/add_them", FORM, b'{"a":1,"b":2}')
		self.assertEqual(self.hint(answer, 404, "PGRST202"), FORM_HINT)
		answer = self.calls.request("POST", "/rpc/add_them", FORM, b'{"a":"100%"}')
		self.assertEqual(self.hint(answer, 400, "PGRST102"), FORM_HINT)
		self.assertIsNone(self.hint(self.server.request("POST", "/three", FORM, b"nope=1"), 400, "PGRST204"))

	def test_a_plus_sign_is_a_blank(self):
		"""https://url.spec.whatwg.org/#application/x-www-form-urlencoded"""
		when = "2025-01-01T00:00:00+00:00"
		for query in ("t=gte." + when, "t=in.(2025-01-01,%s)" % when, "or=(t.gte.%s,id.eq.1)" % when,
		              "id=gt.0&t=lt." + when.replace(":", "%3A"), "id=eq.+1+"):
			answer = self.server.get("/moments?" + query)
			if query != "id=eq.+1+": # blanks around a number are none of its value
				self.assertEqual(self.hint(answer, 400, "22007"), PLUS_HINT, query)
		self.assertEqual(self.hint(self.server.get("/moments?id=eq.1+1"), 400, "22P02"), PLUS_HINT)
		self.assertEqual(self.hint(self.calls.get("/rpc/today_is?d=2025-01-01&t=" + when), 400, "22007"), PLUS_HINT)
		self.assertEqual(self.server.get("/moments?t=gte." + when.replace("+", "%2B")).status, 200)
		self.assertIsNone(self.hint(self.server.get("/moments?t=gte.2025-01-01T00:00:00%2000:00"), 400, "22007"))
		self.assertIsNone(self.hint(self.server.get("/moments?t=gte.2025-01-01+00:00&id=eq.a%20b"), 400, "22P02"))

	def test_a_filter_without_an_operator(self):
		self.assertEqual(self.hint(self.server.get("/three?id=1"), 400, "PGRST100"), "An operator stands before the value: id=eq.1")
		answer = self.server.request("DELETE", "/three?name=" + "x" * 200)
		self.assertIsNone(self.hint(answer, 400, "PGRST100"))
		answer = self.calls.request("POST", "/rpc/add_them?a=1&b=2", {"Content-Type": "application/json"}, b"{}")
		self.assertEqual(self.hint(answer, 400, "PGRST100"), POST_HINT)


if __name__ == "__main__":
	unittest.main()
