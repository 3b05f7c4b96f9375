"""
The API under a path, as doc/PATH.md says how: every reference in an answer, resolved against
the URL that was asked (RFC 3986, 5), leads to what it names.
"""
import json
import os
import re
import unittest
import urllib.parse

import fcgi_client
import harness
from harness import as_role, ids

PREFIX = "/rest/v1"


def mounted(site):
	return harness.site_after_guide(site, PREFIX)


class Prefix(unittest.TestCase):
	def setUp(self):
		harness.cluster().sql_file(harness.database(), os.path.join(harness.HERE, "writes.sql"))
		self.server = harness.once("server under a prefix", lambda: harness.Server(
			harness.cluster(), harness.database(), site=mounted, db_schemas="writes, test"))

	def follow(self, answer, name):
		value = answer.header(name)
		reference = re.match("<(.*)>", value).group(1) if name == "Link" else value
		return self.server.get(urllib.parse.urljoin(answer.target, reference), {"Accept-Profile": self.profile})

	def get(self, target, profile="test", **headers):
		self.profile = profile
		return self.server.get(PREFIX + target, {"Accept-Profile": profile, **headers})

	def test_link(self):
		answer = self.get("/three?select=id&order=id&limit=2")
		self.assertEqual(answer.header("Link"), '<?select=id&order=id&limit=2&after=%282%29>; rel="next"')
		self.assertEqual(self.follow(answer, "Link").text, ids(3))

	def test_content_location(self):
		answer = self.get("/three?select=id&order=id")
		self.assertEqual(answer.header("Content-Location"), PREFIX + "/three?order=id&select=id")
		self.assertEqual(self.follow(answer, "Content-Location").text, answer.text)

	def test_location(self):
		self.profile = "writes"
		answer = self.server.request("POST", PREFIX + "/films", {
			"Content-Type": "application/json", "Prefer": "return=headers-only"}, b'{"title":"A"}')
		self.assertEqual(answer.status, 201)
		self.assertTrue(answer.header("Location").startswith(PREFIX + "/films?id=eq."), answer)
		self.assertEqual(self.follow(answer, "Location").json[0]["title"], "A")

	def test_functions_root_and_errors(self):
		self.assertEqual(self.get("/rpc/call_counter").status, 404)
		self.assertEqual(self.get("/nowhere").json["code"], "PGRST205")
		for root in ("", "/", "/?"):
			document = self.get(root)
			self.assertEqual((document.status, document.json["basePath"]), (200, PREFIX))
		self.assertIn("/three", document.json["paths"])
		self.assertEqual(self.get("/three/").json["code"], "PGRST125")
		self.assertEqual(self.get("/three?id=five").json["code"], "PGRST100")

	def test_another_path(self):
		"""nginx has nothing there; what begins like the prefix is not below it."""
		for target in ("/three", "/", "/rest/v1x", "/rest"):
			answer = self.server.get(target)
			self.assertEqual((answer.status, answer.json["code"]), (404, "PGRST125"))

	def test_page(self):
		html = {"Accept": "text/html,*/*;q=0.8"}
		for target in ("", "/", "/?a", "/ui"):
			answer = self.server.get(PREFIX + target, html)
			self.assertEqual(answer.status, 302)
			page = urllib.parse.urljoin(answer.target, answer.header("Location"))
			self.assertEqual(page, PREFIX + "/ui/")
		answer = self.server.get(page, html)
		self.assertEqual((answer.status, answer.header("Content-Type")), (200, "text/html; charset=utf-8"))
		document = self.server.get(urllib.parse.urljoin(page, "../"))
		self.assertEqual(document.json["basePath"], PREFIX)
		self.assertEqual(self.server.get("/ui/", html).status, 404)

	def test_a_line_feed_gets_into_no_header(self):
		"""nginx matches its decoded path, and $ of a regular expression also before a last line feed."""
		for end in ("%0a", "%0d", "/%0a", "%0a/", "%0ax", "%0a%0a", "/ui%0a", "%0aSet-Cookie:%20a=b"):
			for accept in ("text/html", "*/*"):
				answer = self.server.get(PREFIX + end, {"Accept": accept})
				self.assertEqual((answer.status, answer.header("Location")), (404, None), (end, answer))

	def test_large_body(self):
		lines = b'{"title":"%s"}\n' % (b"x" * 100000)
		headers = {"Content-Type": "application/x-ndjson"}
		answer = self.server.send(harness.request_bytes("POST", PREFIX + "/films", headers, lines))
		self.assertEqual((answer.status, answer.json["code"]), (401, "PGRST302"))
		answer = self.server.request("POST", PREFIX + "/films", {**headers, **as_role("swm_anon")}, lines)
		self.assertEqual(answer.status, 201)

	def test_batch(self):
		"""Paths of operations begin at the API's root; what they answer are paths of the server."""
		answer = self.server.request("POST", PREFIX + "/batch", {"Content-Type": "application/json"}, json.dumps([
			{"method": "POST", "path": "/films", "headers": {"Prefer": "return=headers-only"}, "body": {"title": "A"}},
			{"method": "GET", "path": "/three?order=id&limit=1", "headers": {"Accept-Profile": "test"}}]).encode())
		self.assertEqual(answer.status, 200, answer)
		first, second = (operation["headers"] for operation in answer.json)
		self.assertTrue(first["Location"].startswith(PREFIX + "/films?"))
		self.assertEqual(second["Content-Location"], PREFIX + "/three?limit=1&order=id")
		self.assertTrue(second["Link"].startswith("<%s/three?" % PREFIX))

	def test_taken_off_before(self):
		"""A web server in front that takes the prefix off: the answer's paths have it all the same."""
		with fcgi_client.Connection(self.server.socket) as connection:
			for target in ("/three?id=eq.1", PREFIX + "/three?id=eq.1"):
				params = fcgi_client.params_of("GET", target, [("Accept-Profile", "test")], SWM_PREFIX=PREFIX + "/")
				answer = connection.request(params)
				self.assertEqual((answer.status, answer.body.decode()), (200, ids(1)))
				self.assertEqual(answer.header("Content-Location"), PREFIX + "/three?id=eq.1")

	def test_settings_of_the_request(self):
		"""request.path is as behind a proxy that takes the prefix off."""
		with fcgi_client.Connection(self.server.socket) as connection:
			def path(target, **more):
				return connection.request(fcgi_client.params_of("GET", target, [("Accept-Profile", "test")], **more)).body
			self.assertEqual(path(PREFIX + "/settings", SWM_PREFIX=PREFIX), path("/settings"))


if __name__ == "__main__":
	unittest.main()
