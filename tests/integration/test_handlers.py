"""
Media types that the database writes: handlers (PostgREST's references/api/media_type_handlers),
GeoJSON (integrations/postgis; RFC 7946), and nulls stripped from documents
(references/api/resource_representation).
"""
import csv
import io
import json
import os
import unittest

import harness
from harness import error_body

TWKB = "application/vnd.twkb"
DATABASE = "swm_it_media_%d" % os.getpid()


def make_database():
	harness.cluster().create_database(DATABASE, [harness.SQL_FILES[0], os.path.join(harness.HERE, "media.sql")])
	harness.stop_at_exit(lambda: harness.cluster().process or harness.cluster().sql(
		"postgres", "DROP DATABASE %s WITH (FORCE)" % DATABASE))
	return DATABASE


def server(**settings):
	database = harness.once("media database", make_database)
	key = ("media server", tuple(sorted(settings.items())))
	return harness.once(key, lambda: harness.Server(harness.cluster(), database, db_schemas="media",
	                                                db_extra_search_path="gis", **settings))


def sql(text):
	return harness.cluster().sql(DATABASE, text)


class Media(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.server = server()

	def get(self, target, accept=None, **headers):
		return self.server.get(target, {**({"Accept": accept} if accept else {}), **headers})

	def expect(self, target, accept, content_type, body, status=200):
		answer = self.get(target, accept)
		self.assertEqual((answer.status, answer.header("Content-Type"), answer.body), (status, content_type, body),
		                 (target, accept))
		return answer


class Functions(Media):
	def test_the_example(self):
		line = bytes.fromhex(sql("SELECT encode(gis.st_astwkb(geom), 'hex') FROM media.lines WHERE id = 1"))
		answer = self.expect("/rpc/get_line?id=1", TWKB, TWKB, line)
		self.assertEqual(answer.header("Content-Length"), str(len(line)))
		answer = self.server.request("POST", "/rpc/get_line", {"Accept": TWKB, "Content-Type": "application/json"}, b'{"id":1}')
		self.assertEqual((answer.status, answer.body), (200, line))

	def test_bytes_come_as_they_are(self):
		picture = b"\x89PNG\r\n\x1a\n\x00\xff"
		for accept in ("image/png", "image/*", "*/*", None, "text/html, image/png;q=0.5", "IMAGE/PNG"):
			self.expect("/rpc/picture", accept, "image/png", picture)
		self.assertEqual(self.get("/rpc/large", "image/png").body, b"\x00\xff\x10\xef" * 500000)

	def test_as_json_all_the_same(self):
		answer = self.get("/rpc/greeting?name=you", "application/json")
		self.assertEqual((answer.status, answer.text), (200, '"Hello, you"'))

	def test_charset(self):
		self.expect("/rpc/greeting?name=you", "text/plain", "text/plain; charset=utf-8", b"Hello, you")

	def test_case(self):
		"""Media types know no case (RFC 9110, 8.3.1)."""
		self.expect("/rpc/shouting", "application/VND.upper.case", "application/vnd.upper.case", b"LOUD")

	def test_a_name_that_is_cut(self):
		"""PostgreSQL keeps 63 bytes of it: who asks knows the rest."""
		cut = "application/vnd.openxmlformats-officedocument.wordprocessingml."
		self.assertEqual(len(cut), 63)
		docx = cut + "document"
		for accept in (docx, docx + ";q=0.5, text/html", "text/html, " + docx + "; a=b"):
			self.expect("/rpc/docx", accept, docx, b"PK")
		self.expect("/rpc/docx", cut, cut, b"PK")
		for accept in ("*/*", None, "application/*", "image/png, */*;q=0.1"):
			self.expect("/rpc/docx", accept, "application/octet-stream", b"PK")
		for accept in (cut[:-1], "x" + docx, docx + "/a", docx + " a", 'x/y, %s"' % docx, docx + ";q=0"):
			self.assertEqual(self.get("/rpc/docx", accept).status, 406, accept)

	def test_null(self):
		self.expect("/rpc/nothing_at_all", "image/png", "image/png", b"")

	def test_any(self):
		for accept in ("image/webp", "*/*", "text/html, */*;q=0.1"):
			self.expect("/rpc/whatever", accept, "text/html", b"<p>" + accept.encode() + b"</p>")
		self.expect("/rpc/bytes", None, "application/octet-stream", b"\x00\xff")
		self.expect("/rpc/bytes", "application/json", "application/octet-stream", b"\x00\xff")

	def test_not_acceptable(self):
		answer = self.get("/rpc/picture", "image/webp")
		self.assertEqual((answer.status, answer.text), (406, error_body(
			"PGRST107", "None of these media types are available: image/webp")))


class Aggregates(Media):
	def test_the_example(self):
		lines = bytes.fromhex(sql("SELECT encode(string_agg(gis.st_astwkb(geom), '' ORDER BY id), 'hex') FROM media.lines"))
		answer = self.expect("/lines?order=id", TWKB, TWKB, lines)
		self.assertEqual(answer.header("Content-Range"), "0-2/*")
		answer = self.expect("/rpc/get_lines?order=id", TWKB, TWKB, lines)
		self.assertEqual(answer.header("Content-Range"), "0-2/*")

	def test_rows_are_those_asked_for(self):
		third = bytes.fromhex(sql("SELECT encode(gis.st_astwkb(geom), 'hex') FROM media.lines WHERE id = 3"))
		answer = self.expect("/lines?id=gt.1&order=id&offset=1&limit=5", TWKB, TWKB, third)
		self.assertEqual(answer.header("Content-Range"), "1-1/*")
		answer = self.get("/lines?order=id.desc&limit=1", TWKB, Prefer="count=exact")
		self.assertEqual((answer.status, answer.body, answer.header("Content-Range")), (206, third, "0-0/3"))
		answer = self.expect("/lines?id=gt.7", TWKB, TWKB, b"")
		self.assertEqual(answer.header("Content-Range"), "*/*")

	def test_instead_of_what_is_built_in(self):
		body = "\ufeffid,name\n1,line-1\n2,line-2\n3,line-3\n".encode()
		for target in ("/lines?order=id", "/rpc/get_lines?order=id", "/lines?select=*&order=id"):
			answer = self.expect(target, "text/csv", "text/csv; charset=utf-8", body)
			self.assertEqual(answer.header("Content-Disposition"), 'attachment; filename="lines.csv"')
		answer = self.get("/sparse?select=id", "text/csv") # another table
		self.assertEqual((answer.text, answer.header("Content-Disposition")), ("id\n1\n2", None))
		self.expect("/boxed?order=id", "application/json", "application/json; charset=utf-8", b'{"1": "a", "2": "b"}')
		self.expect("/boxed?order=id", None, "application/json; charset=utf-8", b'{"1": "a", "2": "b"}')

	def test_whole_rows_only(self):
		"""With a select list rows are no longer the table's: the built-in one writes them, or none."""
		answer = self.get("/lines?select=id,name&order=id", "text/csv")
		self.assertEqual(answer.text, "id,name\n1,line-1\n2,line-2\n3,line-3")
		answer = self.get("/lines?select=id", TWKB)
		self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST107"))

	def test_own_types_stay(self):
		answer = self.get("/lines?id=eq.1&select=id,name", "application/vnd.pgrst.object+json")
		self.assertEqual(answer.json, {"id": 1, "name": "line-1"})
		self.assertEqual(self.get("/lines?id=eq.1", "application/vnd.pgrst.object+json").json["name"], "line-1")
		self.assertEqual(len(self.get("/lines", "*/*").json), 3)

	def test_any_rows(self):
		tsv = "text/tab-separated-values"
		self.expect("/sparse?select=id,a&order=id.desc", tsv, tsv, b"2\ta\n1\n")
		self.expect("/lines?select=n:name,id&order=id&limit=2", tsv, tsv, b"line-1\t1\nline-2\t2\n")
		self.expect("/boxed?order=id", tsv, tsv, b"1\ta\n2\tb\n")
		self.expect("/lines?select=id,coverage(name)&id=eq.1", tsv, tsv, b'1\t[{"name":"small"}]\n')

	def test_any_type(self):
		body = b'<line id="1">line-1</line>\n<line id="2">line-2</line>\n<line id="3">line-3</line>\n'
		self.expect("/lines.xml?order=id", "text/xml", "text/xml", body)
		self.expect("/lines.xml?order=id", "application/xml", "application/xml", body)
		self.expect("/lines.xml?order=id", "*/*", "application/octet-stream", body)
		answer = self.get("/lines.xml", "unknown/media")
		self.assertEqual((answer.status, answer.json["message"]), (415, "Unsupported Media Type"))
		self.assertEqual(self.get("/lines.xml", "application/json").status, 415)
		self.assertEqual(self.get("/lines.xml?id=eq.1&select=id", "application/json").json, [{"id": 1}])

	def test_head(self):
		answer = self.server.request("HEAD", "/lines", {"Accept": TWKB})
		self.assertEqual((answer.status, answer.header("Content-Type"), answer.body), (200, TWKB, b""))

	def test_nothing_lingers(self):
		"""What a handler set for its answer is not set for the next one."""
		only = server(db_pool=1)
		for _ in range(2):
			self.assertIsNotNone(only.get("/lines", {"Accept": "text/csv"}).header("Content-Disposition"))
			self.assertIsNone(only.get("/sparse", {"Accept": "text/csv"}).header("Content-Disposition"))
			self.assertIsNone(only.get("/lines", {"Accept": TWKB}).header("Content-Disposition"))

	def test_its_plan(self):
		answer = server(db_plan_enabled=True).get("/lines", {
			"Accept": 'application/vnd.pgrst.plan+json;for="%s";options=verbose' % TWKB})
		self.assertEqual((answer.status, answer.header("Content-Type")), (
			200, 'application/vnd.pgrst.plan+json; for="%s"; options=verbose; charset=utf-8' % TWKB))
		self.assertIn("twkb_agg(", answer.json[0]["Plan"]["Output"][0])

	def test_conditional(self):
		tag = self.get("/lines?order=id", TWKB).header("ETag")
		answer = self.get("/lines?order=id", TWKB, **{"If-None-Match": tag})
		self.assertEqual((answer.status, answer.body), (304, b""))

	def test_function_of_the_table_is_called_once_to_be_counted(self):
		answer = self.get("/rpc/get_lines?limit=1&order=id", TWKB, Prefer="count=exact")
		self.assertEqual((answer.status, answer.header("Content-Range")), (206, "0-0/3"))


class GeoJson(Media):
	TYPE = "application/geo+json"

	@staticmethod
	def feature(geometry, **properties):
		return {"type": "Feature", "geometry": geometry, "properties": properties}

	SMALL = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
	BIG = {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]}

	def test_the_example(self):
		answer = self.get("/coverage?select=id,name,area&order=id", self.TYPE)
		self.assertEqual((answer.status, answer.header("Content-Type")), (200, self.TYPE + "; charset=utf-8"))
		self.assertEqual(answer.json, {"type": "FeatureCollection", "features": [
			self.feature(self.SMALL, id=1, name="small"), self.feature(self.BIG, id=2, name="big")]})
		self.assertEqual(answer.header("Content-Range"), "0-1/*")

	def test_a_name_that_no_column_can_have(self):
		"""Properties are called as columns are, of which PostgreSQL keeps 63 bytes."""
		self.assertEqual(self.get("/coverage?select=%s:id,area" % ("n" * 63), self.TYPE).status, 200)
		answer = self.get("/coverage?select=%s:id,area" % ("n" * 64), self.TYPE)
		self.assertEqual((answer.status, answer.json["code"], answer.json["message"]), (400, "PGRST100",
		                 '"failed to parse select parameter" (more than 63 bytes in a name of this media type)'))

	def test_as_one_statement_writes_it(self):
		expected = sql("SET search_path = media, gis; SELECT json_build_object('type', 'FeatureCollection', 'features',"
		               " coalesce(json_agg(st_asgeojson(r.*)::json), '[]')) FROM (SELECT * FROM coverage ORDER BY id) AS r")
		self.assertEqual(self.get("/coverage?order=id", self.TYPE).text, expected)

	def test_functions_filters_and_embeds(self):
		answer = self.get("/rpc/covered?select=area,lines(name)&order=id&limit=1", self.TYPE)
		self.assertEqual(answer.json["features"], [self.feature(self.SMALL, lines={"name": "line-1"})])
		answer = self.get("/coverage?name=eq.big&select=area", self.TYPE)
		self.assertEqual(answer.json["features"], [self.feature(self.BIG)])
		answer = self.get("/coverage?name=eq.none", self.TYPE)
		self.assertEqual((answer.status, answer.json), (200, {"type": "FeatureCollection", "features": []}))

	def test_counts(self):
		answer = self.get("/coverage?limit=1", self.TYPE, Prefer="count=exact")
		self.assertEqual((answer.status, answer.header("Content-Range")), (206, "0-0/2"))

	def test_streamed(self):
		answer = self.get("/many_points", self.TYPE)
		self.assertEqual((answer.status, answer.complete, answer.header("Content-Length")), (200, True, None))
		self.assertEqual([f["geometry"]["coordinates"] for f in answer.json["features"]], [[n, n] for n in range(1, 5001)])

	def test_only_where_it_can_be(self):
		answer = harness.server().get("/three", {"Accept": self.TYPE}) # PostGIS is not in that database
		self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST107"))
		answer = self.get("/rpc/greeting?name=x", self.TYPE)
		self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST107"))


class Written(Media):
	"""What a write returns, in each media type a read can have. Nothing is kept."""

	@classmethod
	def setUpClass(cls):
		cls.server = server(db_tx_end="rollback")

	def write(self, method, target, accept, body=None, prefer="return=representation"):
		return self.server.request(method, target, {"Accept": accept, "Content-Type": "application/json", "Prefer": prefer},
		                           None if body is None else json.dumps(body).encode())

	def expect(self, answer, status, content_type, body):
		self.assertEqual((answer.status, answer.header("Content-Type"), answer.body), (status, content_type, body))

	def test_csv(self):
		answer = self.write("POST", "/sparse?select=id,a", "text/csv", [{"id": 7, "a": 'x"y'}, {"id": 8, "a": None}])
		self.expect(answer, 201, "text/csv; charset=utf-8", b'id,a\n7,"x""y"\n8,')
		answer = self.write("DELETE", "/sparse?select=id&id=eq.99", "text/csv")
		self.expect(answer, 200, "text/csv; charset=utf-8", b"id")

	def test_lines(self):
		answer = self.write("PATCH", "/sparse?select=id,a&id=lt.3", "application/x-ndjson", {"a": "z"})
		self.assertEqual((answer.status, sorted(answer.body.splitlines())), (200, [b'{"id":1,"a":"z"}', b'{"id":2,"a":"z"}']))

	def test_of_the_table(self):
		line = bytes.fromhex(sql("SELECT encode(gis.st_astwkb(geom), 'hex') FROM media.lines WHERE id = 3"))
		answer = self.write("DELETE", "/lines?id=eq.3", TWKB)
		self.expect(answer, 200, TWKB, line)
		answer = self.write("PATCH", "/lines?id=eq.3", TWKB, {"name": "n"}, "return=representation, count=exact")
		self.expect(answer, 200, TWKB, line)
		self.assertEqual(answer.header("Content-Range"), "0-0/1")

	def test_instead_of_what_is_built_in(self):
		answer = self.write("POST", "/lines", "text/csv", [{"id": 8, "name": "a"}, {"id": 9, "name": "b"}])
		self.expect(answer, 201, "text/csv; charset=utf-8", "\ufeffid,name\n8,a\n9,b\n".encode())
		self.assertEqual(answer.header("Content-Disposition"), 'attachment; filename="lines.csv"')

	def test_any_rows(self):
		tsv = "text/tab-separated-values"
		self.expect(self.write("POST", "/lines?select=n:name,id", tsv, {"id": 8, "name": "a"}), 201, tsv, b"a\t8\n")

	def test_any_type(self):
		answer = self.write("POST", "/lines.xml", "text/xml", {"id": 8, "name": "a"})
		self.expect(answer, 201, "text/xml", b'<line id="8">a</line>\n')
		answer = self.write("POST", "/lines.xml", "unknown/media", {"id": 8, "name": "a"})
		self.assertEqual((answer.status, answer.json["message"]), (415, "Unsupported Media Type"))

	def test_geojson(self):
		answer = self.write("POST", "/coverage?select=id,area", "application/geo+json", {"id": 7, "area": "POINT(1 2)"})
		self.assertEqual((answer.status, answer.header("Content-Type")), (201, "application/geo+json; charset=utf-8"))
		self.assertEqual(answer.json, {"type": "FeatureCollection", "features": [
			GeoJson.feature({"type": "Point", "coordinates": [1, 2]}, id=7)]})

	def test_nothing_returned(self):
		answer = self.write("POST", "/lines", TWKB, {"id": 8, "name": "a"}, "return=minimal")
		self.assertEqual((answer.status, answer.body), (201, b""))

	def test_too_many(self):
		answer = self.write("DELETE", "/lines?id=gt.1", TWKB, None, "return=representation, handling=strict, max-affected=1")
		self.assertEqual((answer.status, answer.json["code"], answer.json["details"]), (400, "PGRST124", "The query affects 2 rows"))

	def test_not_acceptable(self):
		answer = self.write("POST", "/lines", "image/png", {"id": 8, "name": "a"})
		self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST107"))


class StrippedNulls(Media):
	ARRAY = "application/vnd.pgrst.array+json;nulls=stripped"
	OBJECT = "application/vnd.pgrst.object+json;nulls=stripped"

	def test_within_documents(self):
		"""json_strip_nulls() takes them from objects, at any depth, and leaves those of arrays."""
		answer = self.get("/sparse?order=id&select=id,a,doc", self.ARRAY)
		self.assertEqual(answer.json, [{"id": 1, "doc": {"y": {"list": [None, 1]}}}, {"id": 2, "a": "a"}])

	def test_within_embeds(self):
		answer = self.get("/sparse?id=eq.1&select=id,a,lines(name,id),sparse_children(id,note)&sparse_children.order=id", self.OBJECT)
		self.assertEqual(answer.json, {"id": 1, "lines": {"name": "line-1", "id": 1},
		                               "sparse_children": [{"id": 10}, {"id": 11, "note": "n"}]})
		answer = self.get("/sparse?id=eq.2&select=id,lines(name),...sparse_children(note)", self.OBJECT)
		self.assertEqual(answer.json, {"id": 2, "note": []})


class Csv(Media):
	def test_embedded_documents_are_quoted(self):
		answer = self.get("/sparse?id=eq.1&select=id,sparse_children(id,note)&sparse_children.order=id", "text/csv")
		rows = list(csv.reader(io.StringIO(answer.text, newline=""), strict=True))
		self.assertEqual((rows[0], rows[1][0], json.loads(rows[1][1])),
		                 (["id", "sparse_children"], "1", [{"id": 10, "note": None}, {"id": 11, "note": "n"}]))


if __name__ == "__main__":
	unittest.main()
