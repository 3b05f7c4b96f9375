"""
The page as nginx serves it (nginx/swm.site): what is sent to it and what is not, and what its
files may do in a browser. What is on the page is tested elsewhere.
"""
import gzip
import os
import re
import urllib.parse
import unittest

import harness

BROWSERS = (
	# Firefox, Chromium, Safari, and lynx
	"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
	"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
	"application/signed-exchange;v=b3;q=0.7",
	"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
	"text/html, text/plain, text/sgml, text/css, application/xhtml+xml, */*;q=0.01",
	"TEXT/HTML", "text/html;q=0.9", "image/webp, text/html ; q=0.001",
)
PROGRAMS = (
	None, "*/*", "application/json", "application/openapi+json", "application/json, text/plain, */*",
	"application/openapi+json, text/html", "text/html;q=0, */*", "text/html; q=0.000,application/xml",
	"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",  # java.net.HttpURLConnection
)
HTML = {"Accept": BROWSERS[0]}
SECURITY = {
	"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache",
	"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
}
FILES = {
	"web/index.html": b"<!doctype html><title>\xc3\xa4</title>",
	"web/js/main.js": b"export default 1;\n" * 200,
	"web/js/short.mjs": b"export default 1;\n",
	"web/css/base.css": b"body{}", "web/icon.svg": b"<svg/>", "web/swagger-initializer.js": b"ours",
	"web/a/b.html": b"b", "web/data.json": b"{}", "web/site.webmanifest": b"{}", "web/i.png": b"\x89PNG",
	"lib/dygraph.min.js": b"dygraphs", "lib/sub/a.js": b"", "swagger/index.html": b"swagger", "swagger/swagger-initializer.js": b"theirs",
	"swagger/swagger-ui.css": b"a{}", "secret": b"not of the page",
}


def policy(answer):
	"""Content-Security-Policy, as a dictionary."""
	directives = (directive.split() for directive in answer.header("Content-Security-Policy").split(";"))
	return {name: values for name, *values in directives}


def write(folder, name, content):
	path = os.path.join(folder, name)
	os.makedirs(os.path.dirname(path), exist_ok=True)
	with open(path, "wb") as file:
		file.write(content)
	os.chmod(path, 0o644)


def make_searchable(folder):
	for path, _, _ in os.walk(folder):
		os.chmod(path, 0o755)


class WithPage(unittest.TestCase):
	"""An nginx whose page, plotting library and Swagger UI are files of the test."""

	@classmethod
	def setUpClass(cls):
		cls.files = os.path.join(harness.folder(), "page-served")
		for name, content in FILES.items():
			write(cls.files, name, content)
		make_searchable(cls.files)
		cls.server = harness.once("the page", lambda: harness.WebServer("page", harness.server().socket, cls.site))

	@classmethod
	def site(cls, text):
		web = re.search(r"(\S+)/index.html;", text).group(1)
		for folder, name in ((web, "web"), ("/usr/share/javascript/dygraphs", "lib"),
		                     ("/usr/local/share/swm/node_modules/swagger-ui-dist", "swagger")):
			text = text.replace(folder, os.path.join(cls.files, name))
		return text


class Root(WithPage):
	def test_browsers_are_sent_to_the_page(self):
		for accept in BROWSERS:
			for method in ("GET", "HEAD"):
				for target in ("/", "/?a=b", "//", "/ui"):
					with self.subTest(accept=accept, method=method, target=target):
						answer = self.server.request(method, target, {"Accept": accept})
						self.assertEqual((answer.status, answer.header("Location")), (302, "ui/"))
						self.assertEqual(answer.header("Vary"), "Accept")

	def test_programs_get_the_document(self):
		for accept in PROGRAMS:
			with self.subTest(accept):
				headers = {"Accept": accept} if accept else {}
				answer, plain = self.server.get("/", headers), harness.server().get("/", headers)
				self.assertEqual((answer.status, answer.body), (plain.status, plain.body))
				self.assertIn(answer.status, (200, 406))
				self.assertEqual(answer.header("Vary"), plain.header("Vary"))
				self.assertIn("Accept", answer.header("Vary"))
		self.assertEqual(self.server.get("/").json["swagger"], "2.0")

	def test_a_relation_called_ui(self):
		"""Not there in this schema: it is swm-fcgi that says so."""
		answer = self.server.get("/ui?select=id")
		self.assertEqual((answer.status, answer.json["code"]), (404, "PGRST205"))

	def test_other_methods(self):
		for method in ("POST", "DELETE", "OPTIONS"):
			self.assertNotEqual(self.server.request(method, "/", HTML).status, 302)

	def test_relations_have_no_page(self):
		for target in ("/three", "/rpc/add_them", "/nowhere"):
			self.assertNotEqual(self.server.get(target, HTML).status, 302)

	def test_the_page_is_elsewhere(self):
		"""doc/OPERATING.md's command moves it."""
		server = harness.once("moved page", lambda: harness.WebServer(
			"moved", harness.server().socket, lambda text: harness.site_after_guide(self.site(text), "page")))
		self.assertEqual(server.get("/", HTML).header("Location"), "page/")
		self.assertEqual(server.get("/page", HTML).header("Location"), "page/")
		for name in ("", "js/main.js", "lib/dygraph.min.js", "api/", "api/swagger-initializer.js"):
			answer, expected = server.get("/page/" + name), self.server.get("/ui/" + name)
			self.assertEqual((answer.status, answer.body), (200, expected.body), name)
			self.assertEqual(policy(answer), policy(expected))
		for target in ("/ui", "/ui/"):
			self.assertEqual(server.get(target, HTML).json["code"], "PGRST205" if target == "/ui" else "PGRST125")

	def test_not_installed(self):
		def nowhere(text):
			return re.sub(r"\S+/web/", "/nowhere/web/", text)
		with harness.WebServer("no-page", harness.server().socket, nowhere) as server:
			for target in ("/", "/ui"):
				answer, plain = server.get(target, HTML), harness.server().get(target)
				self.assertNotEqual(answer.status, 302)
				self.assertEqual(server.get(target).body, plain.body)
			answer = server.get("/ui/", HTML)
			self.assertEqual((answer.status, answer.json["code"]), (404, "PGRST125"))


class Files(WithPage):
	def test_types(self):
		for name, kind in (("", "text/html; charset=utf-8"), ("index.html", "text/html; charset=utf-8"),
		                   ("js/main.js", "text/javascript; charset=utf-8"), ("js/short.mjs", "text/javascript; charset=utf-8"),
		                   ("css/base.css", "text/css; charset=utf-8"), ("icon.svg", "image/svg+xml; charset=utf-8"),
		                   ("data.json", "application/json; charset=utf-8"), ("i.png", "image/png"),
		                   ("site.webmanifest", "application/manifest+json"),
		                   ("lib/dygraph.min.js", "text/javascript; charset=utf-8"), ("api/", "text/html; charset=utf-8")):
			with self.subTest(name):
				answer = self.server.get("/ui/" + name)
				self.assertEqual((answer.status, answer.header("Content-Type")), (200, kind))
				for header, value in SECURITY.items():
					self.assertEqual(answer.header(header), value)
				self.assertIsNone(answer.header("Access-Control-Allow-Origin"))

	def test_policy(self):
		directives = policy(self.server.get("/ui/"))
		self.assertEqual(directives.pop("default-src"), ["'none'"])
		for name in ("base-uri", "form-action", "frame-ancestors"):
			self.assertEqual(directives.pop(name), ["'none'"])
		self.assertEqual({" ".join(values) for values in directives.values()}, {"'self'"})
		self.assertLessEqual({"script-src", "style-src", "img-src", "connect-src"}, set(directives))
		directives = policy(self.server.get("/ui/api/"))
		self.assertEqual((directives["script-src"], directives["default-src"]), (["'self'"], ["'none'"]))
		self.assertEqual((directives["style-src"], directives["img-src"]), (["'self'"], ["'self'", "data:"]))

	def test_not_sent_again(self):
		for name in ("", "js/main.js"):
			for encoding in ("identity", "gzip"):
				first = self.server.get("/ui/" + name, {"Accept-Encoding": encoding})
				again = self.server.get("/ui/" + name, {"Accept-Encoding": encoding, "If-None-Match": first.header("ETag")})
				self.assertEqual((again.status, again.body), (304, b""))
				self.assertEqual(policy(again), policy(first))

	def test_compressed(self):
		answer = self.server.get("/ui/js/main.js", {"Accept-Encoding": "gzip"})
		self.assertEqual(answer.header("Content-Encoding"), "gzip")
		self.assertEqual(gzip.decompress(answer.body), FILES["web/js/main.js"])
		self.assertIn("Accept-Encoding", answer.header("Vary"))
		self.assertIsNone(self.server.get("/ui/js/main.js").header("Content-Encoding"))

	def test_nothing_else(self):
		"""No folder is listed, redirected to or told apart from what is not there."""
		for name in ("nowhere", "js", "js/", "a/", "lib", "lib/", "lib/sub", "lib/sub/", "%2e%2e/secret", "lib/../../secret", "..%2fsecret",
		             "lib/nowhere.js", "api/nowhere"):
			with self.subTest(name):
				answer = self.server.get("/ui/" + name)
				self.assertEqual(answer.status, 404, answer)
				self.assertEqual(answer.json["code"], "PGRST125")
				self.assertIsNone(answer.header("Location"))

	def test_methods(self):
		for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
			for name in ("", "js/main.js", "lib/dygraph.min.js"):
				with self.subTest(method=method, name=name):
					answer = self.server.request(method, "/ui/" + name)
					self.assertEqual((answer.status, answer.json["code"]), (405, "PGRST117"))
					self.assertEqual(answer.header("Allow"), "GET,HEAD")
		answer = self.server.request("HEAD", "/ui/")
		self.assertEqual((answer.status, answer.header("Content-Length")), (200, str(len(FILES["web/index.html"]))))

	def test_parts_and_conditions(self):
		"""A part is not sent alone: then no range is one that cannot be satisfied."""
		for part in ("bytes=0-3", "bytes=100000-"):
			answer = self.server.get("/ui/js/main.js", {"Range": part})
			self.assertEqual((answer.status, answer.body), (200, FILES["web/js/main.js"]))
		for field in ({"If-Match": '"another"'}, {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}):
			answer = self.server.get("/ui/js/main.js", field)
			self.assertEqual((answer.status, answer.json["code"]), (412, "PGRST100"))

	def test_swagger(self):
		answer = self.server.get("/ui/api")
		self.assertEqual((answer.status, urllib.parse.urljoin("/ui/api", answer.header("Location"))), (302, "/ui/api/"))
		self.assertEqual(self.server.get("/ui/api/").body, b"swagger")
		self.assertEqual(self.server.get("/ui/api/swagger-initializer.js").body, b"ours")


class Shipped(unittest.TestCase):
	def test_the_page_of_the_checkout(self):
		server = harness.server()
		self.assertEqual(server.get("/", HTML).header("Location"), "ui/")
		with open(os.path.join(harness.CHECKOUT, "web", "index.html"), "rb") as file:
			self.assertEqual(server.get("/ui/").body, file.read())
		self.assertEqual(server.get("/ui/lib/dygraph.min.js").status, 200)


if __name__ == "__main__":
	unittest.main()
