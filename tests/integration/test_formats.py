"""
What nginx adds to the forms of an answer (doc/DIALECT.md, doc/OPERATING.md): a suffix in place of
Accept, and compression.
"""
import csv
import gzip
import io
import json
import re
import unittest
import urllib.parse
import urllib.request

import harness


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json; charset=utf-8", "ndjson": "application/x-ndjson"}
SETUP = """
DROP SCHEMA IF EXISTS formats CASCADE;
CREATE SCHEMA formats;
CREATE TABLE formats.plain (id int PRIMARY KEY, note text);
INSERT INTO formats.plain VALUES (1, 'one'), (2, 'two'), (3, 'three');
CREATE TABLE formats."plain.csv" (id int PRIMARY KEY, note text);
INSERT INTO formats."plain.csv" VALUES (9, 'of the table plain.csv');
CREATE TABLE formats."v1.2" (id int);
CREATE FUNCTION formats.twice(n int) RETURNS SETOF formats.plain STABLE LANGUAGE sql AS
	$$ SELECT n, 'a' UNION ALL SELECT n * 2, 'b' $$;
CREATE TABLE formats.long (id int PRIMARY KEY, note text);
INSERT INTO formats.long SELECT n, repeat('x', 50) FROM generate_series(1, 100) n;
CREATE VIEW formats.million AS SELECT n AS id, md5(n::text) AS note FROM generate_series(1, 200000) n;
GRANT USAGE ON SCHEMA formats TO swm_anon;
GRANT ALL ON ALL TABLES IN SCHEMA formats TO swm_anon;
"""


class Formats(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		def make():
			harness.sql(SETUP)
			return harness.server(db_schemas="formats")
		cls.server = harness.once("formats", make)


class Suffixes(Formats):
	def test_each(self):
		for target in ("/plain%s?select=id&order=id", "/rpc/twice%s?n=2", "/plain%s", "/v1.2%s"):
			for suffix, kind in TYPES.items():
				plain = self.server.get(target % "", {"Accept": kind.partition(";")[0]})
				for accept in (None, "*/*", "*/*;q=0.8", BROWSER):
					with self.subTest(target=target, suffix=suffix, accept=accept):
						answer = self.server.get(target % ("." + suffix), {"Accept": accept} if accept else {})
						self.assertEqual((answer.status, answer.header("Content-Type")), (200, kind))
						self.assertEqual(answer.body, plain.body)
						self.assertEqual([h for h in answer.headers if h[0] not in ("Date",)],
						                 [h for h in plain.headers if h[0] not in ("Date",)])

	def test_accept_wins(self):
		for accept in ("application/json", "application/vnd.pgrst.object+json", "text/csv;q=0.5, application/json",
		               "application/json, text/plain, */*"):
			answer = self.server.get("/plain.csv?id=eq.1", {"Accept": accept})
			plain = self.server.get("/plain?id=eq.1", {"Accept": accept})
			self.assertEqual((answer.status, answer.header("Content-Type"), answer.body),
			                 (200, plain.header("Content-Type"), plain.body))
		self.assertEqual(self.server.get("/plain.csv", {"Accept": "image/png"}).status, 406)

	def test_head(self):
		answer = self.server.request("HEAD", "/plain.csv?limit=1", {"Prefer": "count=exact"})
		self.assertEqual((answer.status, answer.header("Content-Type"), answer.header("Content-Range")),
		                 (206, TYPES["csv"], "0-0/3"))

	def test_other_methods_know_no_suffix(self):
		for method in ("POST", "PATCH", "DELETE", "PUT"):
			body = b'{"id":10,"note":"x"}' if method != "DELETE" else None
			target = "/plain.csv" + ("" if method == "POST" else "?id=eq.10")
			answer = self.server.request(method, target, {"Content-Type": "application/json"}, body)
			self.assertIn(answer.status, (200, 201, 204), answer)
		self.assertEqual(json.loads(self.server.get("/plain").text), [
			{"id": 1, "note": "one"}, {"id": 2, "note": "two"}, {"id": 3, "note": "three"}])
		self.assertEqual(self.server.request("POST", "/long.csv", {}, b"{}").json["code"], "PGRST205")

	def test_a_table_that_is_called_so(self):
		for target in ("/plain%2Ecsv", "/plain%2ecsv"):
			self.assertEqual(self.server.get(target).json, [{"id": 9, "note": "of the table plain.csv"}])
		self.assertEqual(self.server.get("/plain%2Ecsv.csv?select=id").text, "id\n9")

	def test_what_is_no_suffix(self):
		for target in ("/plain?note=eq.x.csv", "/plain?select=id&id=eq.1&or=(note.eq.a.json)", "/plain.xml", "/plain.CSV", "/.csv",
		               "/plain.csv/", "/plain.csv/x"):
			with self.subTest(target):
				answer = self.server.get(target)
				self.assertIn((answer.status, answer.json if answer.status == 200 else answer.json["code"]),
				              ((200, []), (404, "PGRST205"), (404, "PGRST125")))

	def test_pages(self):
		"""Link leads from page to page with the suffix."""
		target, rows = "/plain.csv?select=id&order=id&limit=2", []
		while target:
			answer = self.server.get(target)
			self.assertEqual(answer.header("Content-Type"), TYPES["csv"])
			rows += list(csv.reader(io.StringIO(answer.text)))[1:]
			link = answer.header("Link")
			target = urllib.parse.urljoin(target, re.match("<(.*)>", link).group(1)) if link else None
			self.assertTrue(target is None or target.startswith("/plain.csv?"))
		self.assertEqual(rows, [["1"], ["2"], ["3"]])

	def test_content_location(self):
		"""What it names gives the same, in the type that the answer had."""
		answer = self.server.get("/plain.csv?order=id")
		self.assertEqual(self.server.get(answer.header("Content-Location"), {"Accept": "text/csv"}).body, answer.body)

	def test_errors(self):
		self.assertEqual(self.server.get("/nowhere.csv").json["code"], "PGRST205")
		self.assertEqual(self.server.get("/plain.csv?id=x").json["code"], "PGRST100")

	def test_other_headers_are_heard(self):
		answer = self.server.get("/plain.json?order=id", {"Range": "1-1", "Prefer": "count=exact", "Origin": "http://page.example"})
		self.assertEqual((answer.status, answer.header("Content-Range")), (206, "1-1/3"))
		self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
		self.assertEqual(self.server.get("/plain.csv", harness.bearer("x.y.z")).status, 401)

	def test_a_client_that_says_nothing(self):
		"""urllib, which pandas reads URLs with."""
		with urllib.request.urlopen("http://127.0.0.1:%d/plain.csv?select=id,note&order=id&limit=1" % self.server.port) as file:
			self.assertEqual(file.read(), b"id,note\n1,one")


class Compression(Formats):
	def get(self, target, encoding="gzip", **headers):
		return self.server.get(target, {"Accept-Encoding": encoding,
		                                **{name.replace("_", "-"): value for name, value in headers.items()}})

	def test_types(self):
		for accept in ("application/json", "text/csv", "application/x-ndjson",
		               "application/vnd.pgrst.array+json"):
			with self.subTest(accept):
				plain, answer = self.get("/long", "identity", Accept=accept), self.get("/long", Accept=accept)
				self.assertEqual((answer.header("Content-Encoding"), plain.header("Content-Encoding")), ("gzip", None))
				self.assertEqual(gzip.decompress(answer.body), plain.body)
				self.assertEqual(plain.header("Content-Length"), str(len(plain.body)))
				self.assertLess(len(answer.body), len(plain.body) / 3)
				for one in (plain, answer):
					self.assertIn("Accept-Encoding", one.all("Vary"))
				self.assertEqual((answer.header("Content-Range"), answer.header("Content-Type")),
				                 (plain.header("Content-Range"), plain.header("Content-Type")))

	def test_one_object(self):
		harness.sql("INSERT INTO formats.long VALUES (1000, repeat('long ', 1000)) ON CONFLICT DO NOTHING")
		answer = self.get("/long?id=eq.1000", Accept="application/vnd.pgrst.object+json")
		self.assertEqual(answer.header("Content-Encoding"), "gzip")
		harness.sql("DELETE FROM formats.long WHERE id = 1000")

	def test_the_document(self):
		answer = harness.server().get("/", {"Accept-Encoding": "gzip"})
		self.assertEqual(json.loads(gzip.decompress(answer.body))["swagger"], "2.0")

	def test_small_answers_stay(self):
		answer = self.get("/plain")
		self.assertIsNone(answer.header("Content-Encoding"))
		self.assertEqual(answer.header("Content-Length"), str(len(answer.body)))

	def test_who_does_not_ask(self):
		for encoding in ("identity", "br", "gzip;q=0", ""):
			self.assertIsNone(self.get("/long", encoding).header("Content-Encoding"), encoding)

	def test_through_a_proxy(self):
		self.assertEqual(self.get("/long", Via="1.1 proxy").header("Content-Encoding"), "gzip")

	def test_not_sent_again(self):
		for encoding in ("gzip", "identity"):
			tag = self.get("/long", encoding).header("ETag")
			self.assertRegex(tag, '^W/"')
			for again in ("gzip", "identity"):
				answer = self.get("/long", again, If_None_Match=tag)
				self.assertEqual((answer.status, answer.body, answer.header("Content-Encoding")), (304, b"", None))

	def test_head(self):
		plain, answer = (self.server.request("HEAD", "/long", {"Accept-Encoding": encoding}) for encoding in ("identity", "gzip"))
		self.assertEqual((answer.status, answer.body, answer.header("Content-Range")), (200, b"", plain.header("Content-Range")))

	def test_streamed(self):
		plain, answer = self.get("/million", "identity"), self.get("/million")
		self.assertTrue(answer.complete)
		self.assertEqual(gzip.decompress(answer.body), plain.body)

	def test_errors(self):
		"""Longer than an error usually is: the name that is not there stands in it."""
		answer = self.get("/" + "a" * 3000)
		body = gzip.decompress(answer.body) if answer.header("Content-Encoding") else answer.body
		self.assertEqual((answer.status, json.loads(body)["code"]), (404, "PGRST205"))

	def test_with_a_suffix(self):
		answer = self.get("/long.csv?order=id&limit=1000")
		self.assertTrue(gzip.decompress(answer.body).startswith(b"id,note\n1,x"))


if __name__ == "__main__":
	unittest.main()
