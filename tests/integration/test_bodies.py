"""
What is read of a body: CSV means to each type what COPY reads, whichever way it goes; what is
wrong is told with its place; a byte order mark is none of it (doc/DIALECT.md).
"""
import json
import os
import re
import unittest
import urllib.parse

import harness

CSV, LINES, JSON, FORM = "text/csv", "application/x-ndjson", "application/json", "application/x-www-form-urlencoded"
SKIP = "handling=lenient, errors=skip"
MERGE = "resolution=merge-duplicates"
EMPTY = "an empty field is the empty string; write NULL"
BLANKS = " " * 300000 # an array that is longer than what is held whole
BOM = b"\xef\xbb\xbf"


class Bodies(unittest.TestCase):
	def setUp(self):
		harness.cluster().sql_file(harness.database(), os.path.join(harness.HERE, "bodies.sql"))
		self.server = harness.server(db_schemas="bodies")

	def send(self, target, body, content=JSON, method="POST", **fields):
		headers = {"Content-Type": content, **fields}
		return self.server.request(method, target, headers, body if isinstance(body, bytes) else body.encode())

	def batch(self, *operations):
		return self.send("/batch", json.dumps([{"method": method, "path": path, "headers": {"Content-Type": content, **headers}, "body": body}
		                                       for method, path, content, headers, body in operations]))

	def expect(self, answer, status=201):
		self.assertEqual(answer.status, status, answer.text)

	def expect_error(self, answer, code, message, details=None, hint=None, status=400):
		self.assertEqual((answer.status, answer.text), (status, harness.error_body(code, message, details, hint)))

	def table(self, query):
		return harness.sql("SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') FROM (%s) AS t" % query)


# Texts for columns of "kinds": what COPY makes of each is the measure.
TEXTS = {
	"j": ['{"a":1}', '{"a" : 1.0, "a":2}', ' [1, 2] ', 'null', 'true', '1.50', '"text"', '"\\u00e9\\n"', '"NULL"', '', ' ', 'text', '{"a":}', "{'a':1}",
	      '{"a":\n"b"}', '"\\u0000"', '[1,2'],
	"jb": ['{"a":1}', '{"b":1,"a":1.0,"b":2}', ' [1, 2] ', 'null', 'true', '1.50', '"text"', '"\\u00e9\\t"', '', 'text', '{"a":', '1e400', '"a\\b"'],
	"dj": ['{"a" : 1}', 'null', '"x"', '', 'x', ' 1 '],
	"djb": ['{"a" : 1}', 'null', '"x"', '', 'x', '1'],
	"dd": ['[1,{}]', 'null', '2', '{'],
	"ja": ['{"{\\"a\\": 1}",2,null,NULL}', '[1]', '{x}', '{}'],
	"jba": ['{"{\\"a\\": 1}",2,null,NULL}', '[1]', '{}', ''],
	"i": ['1', ' 7 ', '', '1.5', '0x10', 'x'], "n": ['1.005', '9999.999', 'NaN', '', '1e2'],
	"t": ['', ' ', 'a,b', 'a"b', '\\N', '\\.', 'a\\nb', 'a\nb', 'a\tb', 'null', 'é😀', '{"a":1}'],
	"v": ['12345', '123456', '1234     ', ''], "c": ['12', '123456', '123      ', ''],
	"b": ['t', 'yes', 'TRUE', '0', '', '2'], "by": ['\\xDEad', '\\x1', 'a\\001b', 'é', ''],
	"d": ['2024-02-29', '2023-02-29', 'today ', ''], "tz": ['2024-01-01T00:00:00Z', 'infinity', '', '2024-13-01'],
	"net": ['::1/64', '1.2.3.4/33', ''], "r": ['[1,3]', 'empty', '[3,1]', ''], "u": ['{a0eebc999c0b4ef8bb6d6bb9bd380a11}', ''],
	"x": ['<a>b</a>', '<a>', ''], "nm": ['n' * 70, ''], "one": ['ab', '', 'é'], "o": ['integer', 'nope', ''],
	"ia": ['{1,2,NULL}', '{{1},{2}}', '[1,2]', '{1,x}', ''], "ta": ['{a,"b,c","\\"",NULL,"NULL",""}', '{}', 'a', ''],
	"p": ['(1,2.50,"a b")', '(,,)', '{"x":1}', '(1,2)', ''], "pa": ['{"(1,2,a)"}', ''],
	"m": ['happy', 'Happy', ''], "dp": ['5', '0', ''],
}


class AsCopy(Bodies):
	"""PostgreSQL's COPY, and what comes of a field that goes each of the ways that a body of text takes."""

	def stored(self, column):
		return ("stored", harness.sql("SELECT coalesce(quote_literal(%s::text), 'null') FROM bodies.kinds ORDER BY id DESC LIMIT 1" % column))

	def reset(self):
		harness.sql("TRUNCATE bodies.kinds RESTART IDENTITY")

	def copied(self, column, text):
		self.reset()
		try:
			harness.sql('SET search_path = bodies; COPY bodies.kinds (%s) FROM STDIN WITH (FORMAT csv, NULL \'NULL\');\n"%s"\n\\.\n' % (column, text.replace('"', '""')))
		except harness.HarnessError as error:
			return ("refused", re.search(r"ERROR: +(.*)", str(error)).group(1))
		return self.stored(column)

	def outcome(self, answer, column):
		return self.stored(column) if answer.status < 300 else ("refused", answer.json["message"])

	def by_copy(self, column, field, text):
		return self.outcome(self.send("/kinds", "%s\n%s\n" % (column, field), CSV), column)

	def by_range(self, column, field, text):
		answer = self.send("/kinds", "%s\n%s\n" % (column, field), CSV, Prefer=SKIP)
		errors = answer.json["errors"]
		return ("refused", errors[0]["message"]) if errors else self.outcome(answer, column)

	def in_batch(self, column, field, text):
		return self.outcome(self.batch(("POST", "/kinds", CSV, {}, "%s\n%s\n" % (column, field))), column)

	def with_defaults(self, column, field, text):
		return self.outcome(self.send("/kinds?columns=id," + column, "%s\n%s\n" % (column, field), CSV, Prefer="missing=default"), column)

	def by_patch(self, column, field, text):
		harness.sql("INSERT INTO bodies.kinds (id) VALUES (1)")
		return self.outcome(self.send("/kinds?id=eq.1", "%s\n%s\n" % (column, field), CSV, "PATCH"), column)

	def by_put(self, column, field, text):
		return self.outcome(self.send("/kinds?id=eq.1", "id,%s\n1,%s\n" % (column, field), CSV, "PUT"), column)

	def by_form(self, column, field, text):
		return self.outcome(self.send("/kinds", column + "=" + urllib.parse.quote(text), FORM), column)

	def test_each_type(self):
		ways = (self.by_copy, self.by_range, self.in_batch, self.with_defaults, self.by_patch, self.by_put, self.by_form)
		for column, texts in TEXTS.items():
			for text in texts:
				expected = self.copied(column, text)
				field = '"%s"' % text.replace('"', '""')
				for way in ways:
					with self.subTest(column=column, text=text, way=way.__name__):
						self.reset()
						self.assertEqual(way(column, field, text), expected)

	def test_null(self):
		for column in TEXTS:
			for way in (self.by_copy, self.by_range, self.in_batch, self.with_defaults, self.by_patch, self.by_put):
				self.reset()
				self.assertEqual(way(column, "NULL", None), ("stored", "null"), (column, way.__name__))

	def test_a_domain_that_a_cast_makes_of_json(self):
		for way in (self.by_copy, self.by_range, self.in_batch, self.by_patch, self.by_put, self.by_form):
			self.reset()
			self.assertEqual(way("ti", '"[1, 2]"', "[1, 2]"), ("stored", '\'{"title": [1, 2]}\''), way.__name__)

	def test_the_case(self):
		self.expect(self.send("/readings", 'dev,at,v,extra\n1,2025-01-01,1,"{""a"":1}"\n2,2025-01-01,2,null\n3,2025-01-01,3,NULL\n', CSV))
		self.assertEqual(self.table("SELECT dev, jsonb_typeof(extra) FROM bodies.readings"), "(1,object) (2,null) (3,)")
		self.assertEqual(self.server.get('/readings?select=dev&extra=cs.{"a":1}').text, '[{"dev":1}]')

	def test_where_json_is_wrong(self):
		"""With the row and the column, as any value; PostgreSQL's own details stay."""
		for column in ("extra", "dj"):
			table = "/readings" if column == "extra" else "/kinds"
			head, row = ("dev,at,v,extra", "%d,2025-01-01,1,%s") if column == "extra" else ("i,dj", "%d,%s")
			body = "\n".join([head, row % (1, "[1]"), row % (2, "NULL"), row % (3, "oops"), row % (4, "1")])
			self.expect_error(self.send(table, body, CSV), "22P02", "invalid input syntax for type json",
			                  'Line 4, column "%s": Token "oops" is invalid.' % column)

	def test_a_function(self):
		answer = self.send("/rpc/types_of", 'j,jb,d,i\n"{""a"":1}",null,[],3\n', CSV)
		self.assertEqual(answer.text, '"object null array 3"')
		answer = self.send("/rpc/types_of", "j=%5B%5D&jb=%7B%7D", FORM)
		self.assertEqual(answer.text, '"array object 0"')
		answer = self.send("/rpc/types_of", "j,jb\n1,{\n", CSV)
		self.assertEqual((answer.status, answer.json["code"]), (400, "22P02"))

	def test_a_key_of_json(self):
		self.expect(self.send('/documents?key=eq.{"a":1}', 'key,v\n"{ ""a"" : 1 }",2\n', CSV, "PUT"), 204)
		self.expect(self.send("/documents", 'key,v\n"{""a"":1}",3\n"{""b"":1}",4\n', CSV, Prefer=MERGE))
		self.assertEqual(self.table("SELECT key, v FROM bodies.documents"), '("{""a"": 1}",3) ("{""b"": 1}",4)')


class RoundTrip(Bodies):
	def test_what_get_gives_post_takes(self):
		columns = "j,jb,djb,ja,i,n,t,by,tz,net,r,ia,ta,p,pa,m,dp"
		harness.sql("""INSERT INTO bodies.kinds (%s) VALUES ('{"a" : [1]}', '{"b": "x,\\"\\n"}', 'null', '{1,"{\\"a\\": 2}"}', 7, 1.50,
			E'a,"b"\\n\\\\c', '\\xff00', '2024-01-01', '::1/64', '[1,3)', '{{1},{2}}', '{a,"b c",NULL}', '(1,,"x y")', '{"(1,2,a)"}', 'ok', 5)""" % columns)
		before = harness.sql("SELECT (%s)::text FROM bodies.kinds" % columns)
		csv = self.server.get("/kinds?select=" + columns, {"Accept": CSV}).text
		for prefer in ("return=minimal", SKIP):
			harness.sql("TRUNCATE bodies.kinds")
			self.expect(self.send("/kinds", csv, CSV, Prefer=prefer))
			self.assertEqual(harness.sql("SELECT (%s)::text FROM bodies.kinds" % columns), before)

	def test_what_does_not(self):
		harness.sql("INSERT INTO bodies.kinds (id, net, t) VALUES (1, NULL, 'NULL')")
		csv = self.server.get("/kinds?select=net", {"Accept": CSV}).text
		self.assertEqual(csv, "net\n")
		csv = self.server.get("/kinds?select=id,net", {"Accept": CSV}).text
		self.assertEqual(csv, "id,net\n1,")
		self.expect_error(self.send("/kinds?columns=net", csv, CSV), "22P02", 'invalid input syntax for type inet: ""', 'Line 2, column "net"', EMPTY)

	def test_columns_that_are_made(self):
		"""They are PostgreSQL's to refuse, small or large."""
		for answer in (self.send("/made", "n,twice\n1,2\n", CSV), self.batch(("POST", "/made", CSV, {}, "n,twice\n1,2\n"))):
			self.assertEqual((answer.status, answer.json["code"]), (400, "428C9"), answer.text)
		self.expect(self.send("/made", "n,twice\n1,2\n".replace(",twice", "").replace(",2", ""), CSV))


class Hints(Bodies):
	def test_an_empty_field(self):
		harness.sql("INSERT INTO bodies.kinds (id) VALUES (1)")
		for column, code, message in (("i", "22P02", 'invalid input syntax for type integer: ""'), ("tz", "22007", 'invalid input syntax for type timestamp with time zone: ""'),
		                              ("dp", "22P02", 'invalid input syntax for type integer: ""'), ("m", "22P02", 'invalid input value for enum mood: ""')):
			self.expect_error(self.send("/kinds", "t,%s\na,\n" % column, CSV), code, message, 'Line 2, column "%s"' % column, EMPTY)
			self.expect_error(self.send("/kinds?id=eq.1", "%s\n\"\"\n" % column, CSV, "PATCH"), code, message, None, EMPTY)
			self.expect_error(self.batch(("POST", "/kinds", CSV, {}, "t,%s\na,\n" % column)), code, message, 'Row 0, column "%s"' % column, EMPTY)
		self.assertEqual(self.send("/rpc/types_of", "j,jb,i\n1,1,\n", CSV).json["hint"], EMPTY)
		self.expect_error(self.send("/kinds", "t,jb\na,\n", CSV), "22P02", "invalid input syntax for type json",
		                  'Line 2, column "jb": The input string ended unexpectedly.', EMPTY)

	def test_no_empty_field(self):
		for body, content in (("t,i\na,x\n", CSV), ('{"i":""}', JSON), ('{"i":""}\n', LINES), ("i=", FORM), ("jb\n{\n", CSV), ('t,jb\na,"x: """\n', CSV)):
			answer = self.send("/kinds", body, content)
			self.assertEqual((answer.status, answer.json["hint"]), (400, None), body)

	def test_other_separators(self):
		for separator in ";\t":
			name = separator.join(("meter_id", "ts", "amount"))
			for answer in (self.send("/kinds", name + "\n1;2;3\n", CSV), self.send("/kinds?id=eq.1", name + "\n1;2;3\n", CSV, "PATCH")):
				self.expect_error(answer, "PGRST204", "Could not find the '%s' column of 'kinds' in the schema cache" % name, None,
				                  "fields are separated by commas")
		answer = self.send("/rpc/types_of", "j;jb\n1;2\n", CSV)
		self.assertEqual((answer.status, answer.json["code"], answer.json["hint"]), (404, "PGRST202", "fields are separated by commas"))
		self.assertIsNone(self.send("/kinds", "i,a;b\n1,2\n", CSV).json["hint"])


class Marks(Bodies):
	def test_a_byte_order_mark(self):
		"""RFC 8259, 8.1: a parser may pass over it; Excel puts it in front of CSV."""
		array = b'[{"i":6},%s{"i":7}]'
		for content, body in ((CSV, b"i,t\r\n1,x\r\n"), (LINES, b'{"i":2}\n{"i":3}\n'), (JSON, b'{"i":4}'), (JSON, b'[{"i":5}]'),
		                      (JSON, array % BLANKS.encode())):
			self.expect(self.send("/kinds", BOM + body, content))
		self.expect(self.send("/kinds", BOM + b'"i"\n8\n', CSV, Prefer=SKIP))
		self.expect(self.send("/kinds", BOM + b'[{"i":9}]', JSON, Prefer=SKIP))
		self.assertEqual(harness.sql("SELECT string_agg(i::text, ' ' ORDER BY i) FROM bodies.kinds"), "1 2 3 4 5 6 7 8 9")
		self.expect(self.send("/kinds?i=eq.1", BOM + b"t\ny\n", CSV, "PATCH"), 204)
		self.expect(self.send("/kinds?i=eq.1", BOM + b'{"v":"z"}', JSON, "PATCH"), 204)
		self.assertEqual(harness.sql("SELECT t || v FROM bodies.kinds WHERE i = 1"), "yz")
		self.assertEqual(self.send("/rpc/types_of", BOM + b'{"j":1,"jb":[]}').text, '"number array 0"')
		self.assertEqual(self.send("/rpc/types_of", BOM + b"j,jb\n1,[]\n", CSV).text, '"number array 0"')
		self.assertEqual(self.send("/rpc/whole", BOM + b"[1]").text, '"array"')
		self.expect(self.send("/batch", BOM + b'[{"method":"GET","path":"/kinds"}]'), 200)

	def test_elsewhere_it_is_a_character(self):
		self.expect(self.send("/kinds", b"t\n" + BOM + b"x\n", CSV))
		self.assertEqual(harness.sql("SELECT length(t) FROM bodies.kinds"), "2")
		for content, body in ((JSON, BOM + BOM + b"{}"), (JSON, b'{"i":' + BOM + b"1}"), (LINES, b"{}\n" + BOM + b"{}")):
			self.assertEqual(self.send("/kinds", body, content).status, 400)


class Headers(Bodies):
	def test_a_name_that_stands_twice(self):
		message = "The header names the column 'i' twice"
		for target, method in (("/kinds", "POST"), ("/kinds?columns=t", "POST"), ("/kinds?id=eq.1", "PATCH"), ("/kinds?id=eq.1", "PUT"), ("/rpc/types_of", "POST")):
			for body in ("i,i\n1,2\n", 'i,t,"i"\n1,x,2\n', "i,i\n"):
				self.expect_error(self.send(target, body, CSV, method), "PGRST102", message, "Line 1")
		self.expect_error(self.send("/kinds", "i,i\n1,2\n", CSV, Prefer=SKIP), "PGRST102", message, "Line 1")
		self.expect_error(self.batch(("POST", "/kinds", CSV, {}, "i,i\n1,2\n")), "PGRST102", message, "Line 1")
		self.assertEqual(self.table("SELECT 1 FROM bodies.kinds"), "")

	def test_names_that_differ(self):
		"""PostgreSQL's names have cases; a member that comes twice in JSON stays the last one (RFC 8259, 4 leaves it open)."""
		self.assertEqual(self.send("/kinds", "i,I\n1,2\n", CSV).json["code"], "PGRST204")
		self.expect(self.send("/kinds", '{"i":1,"i":2}'))
		self.expect(self.send("/kinds", '{"i":1,"i":3}\n', LINES))
		self.assertEqual(self.table("SELECT i FROM bodies.kinds"), "(2) (3)")

	def test_no_name(self):
		self.expect_error(self.send("/kinds", "i,\n1,2\n", CSV), "PGRST204", "Could not find the '' column of 'kinds' in the schema cache")
		self.expect(self.send("/kinds?columns=i", "i,,\n1,2,3\n", CSV))


def nested(depth, around="%s"):
	return around % ("[" * depth + "]" * depth)


class Faults(Bodies):
	def test_depth(self):
		"""A JSON text may be nested 256 deep; each line is a text of its own."""
		for content, around, levels in ((JSON, '{"jb":%s}', 1), (JSON, '[{"jb":%s}]', 2), (LINES, '{"jb":%s}\n', 1),
		                                (JSON, '[{"jb":1},%s{"jb":%%s}]' % BLANKS, 2)):
			for columns in ("", "?columns=jb"):
				self.expect(self.send("/kinds" + columns, nested(256 - levels, around), content))
				answer = self.send("/kinds" + columns, nested(257 - levels, around), content)
				column = around.index("%s") + 257 - levels
				self.expect_error(answer, "PGRST102", "JSON nested more than 256 deep",
				                  "Line 1, column %d: expected no more than 256 arrays and objects in each other, found \"[\"" % column)
		for around in ('{"j":%s,"jb":1}', '{"j":{"a":%s},"jb":1}'):
			levels = around[:around.index("%s")].count("{")
			self.expect(self.send("/rpc/types_of", nested(256 - levels, around)), 200)
			answer = self.send("/rpc/types_of", nested(257 - levels, around))
			self.assertEqual((answer.status, answer.json["message"]), (400, "JSON nested more than 256 deep"))
		self.expect(self.send("/rpc/whole", nested(256)), 200)
		self.assertEqual(self.send("/rpc/whole", nested(100000)).json["message"], "JSON nested more than 256 deep")

	def test_where_json_is_none(self):
		for body, details in (('{"name":"x",}', 'Line 1, column 13: expected a name in double quotes, found "}"'),
		                      ("", "Line 1, column 1: expected a value, found the end"),
		                      ('{"i":1\n"t":2}', 'Line 2, column 1: expected "," or "}", found """'),
		                      ('{"é":\n  tru}', 'Line 2, column 6: expected true, false or null, found "}"'),
		                      ('[{"i":1},]', 'Line 1, column 10: expected a value, found "]"'),
		                      (b'{"t":"\xff"}', "Line 1, column 7: expected UTF-8, found the byte 0xff"),
		                      ("i=1", 'Line 1, column 1: expected a value, found "i"')):
			for target, method in (("/kinds", "POST"), ("/kinds?id=eq.1", "PATCH"), ("/kinds?id=eq.1", "PUT"), ("/rpc/types_of", "POST")):
				if body == "" and "rpc" in target:
					continue # nothing at all stands for no arguments
				self.expect_error(self.send(target, body, JSON, method), "PGRST102", "Empty or invalid json", details)
			answer = self.send("/batch", body)
			self.assertEqual((answer.json["message"], answer.json["details"]), ("A batch is a JSON array of operations", details))
		self.expect_error(self.send("/kinds", "\n 5"), "PGRST102", "Empty or invalid json", 'Line 2, column 2: expected "{" or "[", found "5"')

	def test_where_lines_are_none(self):
		for body, details in (('{"i":1}\n\n {"i":1,}\n', 'Line 3, column 9: expected a name in double quotes, found "}"'),
		                      ('{"i":1}\n{"i":\n', "Line 2, column 6: expected a value, found the end"),
		                      ('{"i":1} {"i":2}\n', 'Line 1, column 9: expected the end, found "{"')):
			self.expect_error(self.send("/kinds", body, LINES), "PGRST102", "Empty or invalid json", details)
			self.assertIn(details, [e["details"] for e in self.send("/kinds", body, LINES, Prefer=SKIP).json["errors"]])

	def test_where_long_arrays_are_none(self):
		for tail, details in (('{"i":1,}]', 'Line 2, column 8: expected a name in double quotes, found "}"'),
		                      ('{"i":1} {"i":2}]', 'Line 2, column 9: expected "," or "]", found "{"'),
		                      ('{"i":1}] x', 'Line 2, column 10: expected the end, found "x"'),
		                      ('{"i":1},]', 'Line 2, column 9: expected "{", found "]"'),
		                      ('{"i":[1}]', 'Line 2, column 8: expected "," or "]", found "}"')):
			self.expect_error(self.send("/kinds", '[{"i":1},' + BLANKS + "\n" + tail), "PGRST102", "Empty or invalid json", details)
		self.assertEqual(self.table("SELECT 1 FROM bodies.kinds"), "")

	def test_the_longest_row(self):
		"""The limit of doc/DIALECT.md, to the byte."""
		for content, around in ((CSV, "t\n%s\n"), (LINES, '{"t":"%s"}\n'), (JSON, '[{"t":"%s"}]')):
			row = {CSV: 1, LINES: 8, JSON: 8}[content]
			self.expect(self.send("/kinds", around % ("x" * ((8 << 20) - row)), content))
			for prefer in ("return=minimal", SKIP):
				answer = self.send("/kinds", around % ("x" * ((8 << 20) - row + 1)), content, Prefer=prefer)
				self.expect_error(answer, "PGRST102", "A row is longer than 8 MiB", "Row 0, line 1" if content == JSON else "Line 2" if content == CSV else "Line 1")


class Places(Bodies):
	"""Rows of an array are told apart by their number, from 0; those of lines and CSV by their line too."""

	BAD = [{"dev": 1, "at": "2025-01-01", "v": 1}, {"dev": "bad", "at": "2025-01-01", "v": 1},
	       {"dev": 3, "at": "2025-01-01", "v": 1}, {"dev": 4, "at": "nope", "v": 1}]

	def told(self, body, content=JSON):
		answer = self.send("/readings", body, content, Prefer=SKIP)
		return [(e["row"], e["line"], e["code"]) for e in answer.json["errors"]]

	def test_errors_skip(self):
		self.assertEqual(self.told(json.dumps(self.BAD)), [(1, 1, "22P02"), (3, 1, "22007")])
		self.assertEqual(self.told(json.dumps(self.BAD[1:], indent=1)), [(0, 2, "22P02"), (1, 7, "23505"), (2, 12, "22007")])
		self.assertEqual(self.told("[" + ",\n\n".join(map(json.dumps, self.BAD)) + "]"), [(0, 1, "23505"), (1, 3, "22P02"), (2, 5, "23505"), (3, 7, "22007")])
		self.assertEqual(self.told("\n\n".join(map(json.dumps, self.BAD)), LINES), [(0, 1, "23505"), (1, 3, "22P02"), (2, 5, "23505"), (3, 7, "22007")])
		self.assertEqual(self.told('dev,at,v\n9,2025-01-01,1\n\n8,2025-01-01,"\n"\n7\n', CSV), [(2, 6, "PGRST102"), (1, 4, "22P02")])
		self.assertEqual(self.told(json.dumps([self.BAD[0] | {"dev": 20}, {"x": 1}, 5])[:-2] + '{"dev":21}]'), [(1, 1, "PGRST102"), (2, 1, "PGRST102")])

	def test_too_many(self):
		rows = [{"dev": i, "at": "x", "v": 1} for i in range(1002)]
		rows[0]["at"] = "2025-01-01"
		answer = self.send("/readings", json.dumps(rows), Prefer=SKIP)
		self.expect_error(answer, "PGRST102", "More than 1000 rows are bad", "The first of them is row 1, in line 1")

	def test_a_long_array(self):
		rows = [{"dev": i, "at": "2025-01-01", "v": 1, "extra": None} for i in range(20000)]
		rows[18999]["dev"] = "x"
		self.expect_error(self.send("/readings", json.dumps(rows)), "22P02", 'invalid input syntax for type integer: "x"', 'Row 18999, line 1, column "dev"')
		self.expect_error(self.send("/readings", json.dumps(rows, indent=1)), "22P02", 'invalid input syntax for type integer: "x"',
		                  'Row 18999, line %d, column "dev"' % (18999 * 6 + 2))
		rows = [{"m": "ok", "t": "x" * 100} for i in range(20000)] # what is read behind COPY
		rows[17000]["m"] = "glad"
		self.expect_error(self.send("/kinds", json.dumps(rows)), "22P02", 'invalid input value for enum mood: "glad"', 'Row 17000, line 1, column "m"')
		rows[16000] = {"m": "ok"}
		self.expect_error(self.send("/kinds", json.dumps(rows)), "PGRST102", "All object keys must match", "Row 16000, line 1")
		rows[15000] = 5
		self.expect_error(self.send("/kinds", json.dumps(rows)), "PGRST102", "A row must be a JSON object", "Row 15000, line 1")

	def expect_everywhere(self, target, rows, code, details, prefer=""):
		"""The same of a short array, alone, with a key and in a batch, and of a long one."""
		text = "[" + ",\n".join(rows) + "]"
		server = harness.server(db_schemas="bodies", db_idempotency_table="swm_private.kept_answers")
		harness.sql("TRUNCATE swm_private.kept_answers")
		keyed = {"Content-Type": JSON, "Prefer": prefer, "Idempotency-Key": "place", **harness.as_role("swm_writer")}
		operations = [{"method": "POST", "path": target, "headers": {"Prefer": prefer}, "body": None}]
		for way, answer in (("short", self.send(target, text, Prefer=prefer)),
		                    ("long", self.send(target, text[:-1] + BLANKS + "]", Prefer=prefer)),
		                    ("key", server.request("POST", target, keyed, text.encode())),
		                    ("batch", self.send("/batch", json.dumps(operations).replace("null", text)))):
			if way == "batch" and code == "22P05":
				continue # a batch has no such text
			with self.subTest(way=way, target=target, rows=rows):
				self.assertEqual((answer.status, answer.json["code"], answer.json["details"]), (400, code, details), answer.text)
		self.assertEqual(self.table("SELECT 1 FROM bodies.kinds") + self.table("SELECT 1 FROM bodies.readings"), "")

	def test_a_short_array(self):
		"""As of a long one: where the values are read, and which column's it is."""
		for rows, code, details in (
			(['{"i":1}', '{"i":"x"}', '{"i":"y"}'], "22P02", 'Row 1, line 2, column "i"'),
			(['{"i":"x"}'], "22P02", 'Row 0, line 1, column "i"'),
			(['{"t":"a","i":1}', '{"i":3000000000,"t":"b"}'], "22003", 'Row 1, line 2, column "i"'),
			(['{"m":"ok","dp":1}', '{"m":"glad","dp":1}'], "22P02", 'Row 1, line 2, column "m"'),
			(['{"m":"ok","dp":1}', '{"m":"ok","dp":0}'], "23514", 'Row 1, line 2, column "dp"'),
			(['{"v":"12345"}', '{"v":"123456"}'], "22001", 'Row 1, line 2, column "v"'),
			(['{"n":1}', '{"n":123456789}'], "22003", 'Row 1, line 2, column "n": '
			 "A field with precision 6, scale 2 must round to an absolute value less than 10^4."),
			(['{"ia":[1]}', '{"ia":[[1],[2,3]]}'], "22P02", 'Row 1, line 2, column "ia": '
			 "Multidimensional arrays must have sub-arrays with matching dimensions."),
			(['{"t":"a"}', '{"t":"b\\u0000"}', '{"t":"\\u0000"}'], "22P05", "Row 1, line 2: \\u0000 cannot be converted to text."),
			(['{"i":1}', '{"\\u0069":"x"}'], "22P02", 'Row 1, line 2, column "i"'),
			(['{"i":1}', '{"i":"1","i":"x"}'], "22P02", 'Row 1, line 2, column "i"'),
		):
			self.expect_everywhere("/kinds", rows, code, details)
			names = sorted(json.loads(rows[0]))
			self.expect_everywhere("/kinds?columns=" + ",".join(names), rows, code, details, "missing=default")

	def test_a_short_array_of_different_names(self):
		for rows, message, details in ((['{"i":1}', '{"i":2}', '{"i":3,"t":"x"}'], "All object keys must match", "Row 2, line 3"),
		                               (['{"i":1,"t":"x"}', '{"i":2}'], "All object keys must match", "Row 1, line 2"),
		                               (['{"i":1,"t":"x"}', '{"i":2,"\\u0069":3}'], "All object keys must match", "Row 1, line 2"),
		                               (['{"i":1}', '5'], "A row must be a JSON object", "Row 1, line 2"),
		                               (['{"%s":1}' % ("k" * 2000)], "A key is too long, or there are too many", "Row 0, line 1")):
			self.expect_everywhere("/kinds", rows, "PGRST102", details)
			self.assertEqual(self.send("/kinds", "[" + ",\n".join(rows) + "]").json["message"], message)

	def test_what_no_value_is_to_blame_for(self):
		"""The place is that of the error, or none is told: what a trigger raises has the words of a bad value."""
		harness.sql("""CREATE FUNCTION bodies.read_text() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN PERFORM new.t::int; RETURN new; END $$;
			CREATE TRIGGER read_text BEFORE INSERT ON bodies.kinds FOR EACH ROW EXECUTE FUNCTION bodies.read_text()""")
		rows = ['{"t":"7","i":1}', '{"t":"x","i":2}', '{"t":"7","i":"x"}']
		self.expect_everywhere("/kinds", rows[:2], "22P02", None)
		message = 'invalid input syntax for type integer: "x"'
		for prefer, rows in (("", rows[:2]), ("missing=default", rows)):
			self.expect_error(self.send("/kinds?columns=t,i", "[" + ",".join(rows) + "]", Prefer=prefer), "22P02", message)
		self.assertEqual(self.send("/readings", '[{"dev":1,"at":"2025-01-01"},{"dev":1,"at":null}]').json["code"], "23502")

	def test_looking_for_it_changes_nothing(self):
		"""The pre-request function is not asked again, and what a domain calls may only read."""
		harness.sql("""CREATE SEQUENCE bodies.asked; GRANT ALL ON SEQUENCE bodies.asked TO swm_anon;
			CREATE FUNCTION bodies.ask() RETURNS void LANGUAGE sql AS $$ SELECT nextval('bodies.asked') $$;
			CREATE FUNCTION bodies.count(int) RETURNS boolean LANGUAGE sql AS $$ SELECT nextval('bodies.asked') > 0 $$;
			CREATE DOMAIN bodies.counted AS int CHECK (bodies.count(VALUE));
			ALTER TABLE bodies.kinds ADD counted bodies.counted""")
		server = harness.own_server(db_schemas="bodies", db_pre_request="bodies.ask")
		self.addCleanup(server.stop)
		send = lambda body: server.request("POST", "/kinds", {"Content-Type": JSON}, body.encode())
		answer = send('[{"i":1},{"i":"x"}]')
		self.assertEqual((answer.status, answer.json["details"]), (400, 'Row 1, line 1, column "i"'))
		self.assertEqual(harness.sql("SELECT last_value FROM bodies.asked"), "1")
		answer = send('[{"counted":1,"i":1},{"counted":2,"i":"x"}]')
		self.assertEqual((answer.status, answer.json["code"]), (400, "22P02"))
		self.assertEqual(harness.sql("SELECT last_value FROM bodies.asked"), "4") # ask(), and the write's two

	def test_a_name_in_two_writings(self):
		"""A member that comes twice in one object, once in an escape, is one member, and the last counts."""
		for rows, stored in ((['{"i":1,"\\u0069":2}'], "(2)"), (['{"\\u0069":1,"i":2}', '{"i":3}'], "(2) (3)"),
		                     (['{"i":1}', '{"i":2,"\\u0069":3}'], "(1) (3)")):
			text = "[" + ",".join(rows) + "]"
			for body, prefer in ((text, ""), (text[:-1] + BLANKS + "]", ""), (text, SKIP)):
				for columns in ("", "?columns=i"):
					with self.subTest(rows=rows, length=len(body), prefer=prefer, columns=columns):
						harness.sql("TRUNCATE bodies.kinds")
						self.expect(self.send("/kinds" + columns, body, Prefer=prefer))
						self.assertEqual(self.table("SELECT i FROM bodies.kinds"), stored)

	def test_rows_far_behind_the_first_copy(self):
		rows = [{"dev": i, "at": "2025-01-01", "extra": {"a": "x" * 200}} for i in range(30000)] # 7 MB
		rows[29000]["at"] = "x"
		self.assertEqual(self.send("/readings", json.dumps(rows)).json["details"], 'Row 29000, line 1, column "at"')


class KeyTwice(Bodies):
	MESSAGE = "ON CONFLICT DO UPDATE command cannot affect row a second time"
	HINT = "Ensure that no rows proposed for insertion within the same command have duplicate constrained values."

	def expect_twice(self, answer, details):
		self.expect_error(answer, "21000", self.MESSAGE, details, self.HINT)
		self.assertEqual(self.table("SELECT 1 FROM bodies.readings"), "")

	def test_it_is_told_with_its_place(self):
		first, second = '{"dev":1,"at":"2025-01-01","v":%d}', '{"dev":%d,"at":"2025-01-02","v":1}'
		send = lambda body, content, **fields: self.send("/readings", body, content, Prefer=MERGE, **fields)
		lines = [second % 1, first % 1, second % 2, first % 2]
		self.expect_twice(send("\n".join(lines), LINES), "Line 4: line 2 has the same key")
		self.expect_twice(send("[" + ",".join(lines) + "]", JSON), "Row 3, line 1: row 1 has the same key")
		self.expect_twice(send("[" + ",\n".join(lines) + "]", JSON), "Row 3, line 4: row 1 has the same key")
		self.expect_twice(send("[" + ",".join(lines[:3]) + "," + BLANKS + "\n" + lines[3] + "]", JSON), "Row 3, line 2: row 1 has the same key")
		self.expect_twice(send("v,at,dev\n1,2025-01-01,1\n\n2,2025-01-02,2\n3,2025-01-01T00:00Z,1\n", CSV), "Line 5: line 2 has the same key")
		self.expect_twice(self.batch(("POST", "/readings", CSV, {"Prefer": MERGE}, "dev,at\n1,2025-01-01\n2,2025-01-01\n1,2025-01-01\n")),
		                  "Row 2: row 0 has the same key")
		self.expect_twice(self.batch(("POST", "/readings", JSON, {"Prefer": MERGE}, [json.loads(line) for line in lines])), "Row 3, line 1: row 1 has the same key")

	def test_a_key_in_two_writings(self):
		"""What PostgreSQL takes for the same key, small bodies and long ones alike."""
		for rows in (['{"dev":1,"at":"2025-01-01"}', '{"dev":"1","at":"2025-01-01 00:00"}'],
		             ['{"dev":1,"at":"2025-01-01"}', '{"dev":1,"at":"2025\\u002d01-01"}'],
		             ['{"dev":1,"at":"2025-01-01"}', '{"d\\u0065v":2,"at":"2025-01-01","dev":1}']):
			array = "[" + ",".join(rows) + "]"
			self.expect_twice(self.send("/readings", array, Prefer=MERGE), "Row 1, line 1: row 0 has the same key")
			self.expect_twice(self.send("/readings", array[:-1] + BLANKS + "]", Prefer=MERGE), "Row 1, line 1: row 0 has the same key")
			self.expect_twice(self.send("/readings", "\n".join(rows), LINES, Prefer=MERGE), "Line 2: line 1 has the same key")
			batch = '[{"method":"POST","path":"/readings","headers":{"Prefer":"%s"},"body":%s}]' % (MERGE, array)
			self.expect_twice(self.send("/batch", batch), "Row 1, line 1: row 0 has the same key")

	def test_keys_of_any_kind(self):
		"""An enum's, which is staged as JSON; a default's; and JSON's own."""
		for target, content, body, details in (
			("/tagged", LINES, '{"m":"ok","v":1}\n{"m":"sad","v":1}\n{"m":"ok","v":2}\n', "Line 3: line 1 has the same key"),
			("/tagged", CSV, "m,v\nok,1\nok,2\n", "Line 3: line 2 has the same key"),
			("/tagged?columns=m,v,owner", CSV, "m,v\nok,1\nok,2\n", None),
			("/documents", CSV, 'key,v\n"{""a"":1}",1\n"{ ""a"": 1}",2\n', "Line 3: line 2 has the same key"),
			("/documents?on_conflict=key", LINES, '{"key":[1]}\n{"key":[1 ]}\n', "Line 2: line 1 has the same key"),
		):
			with self.subTest(target=target, body=body):
				prefer = MERGE + (", missing=default" if "columns" in target else "")
				self.expect_twice(self.send(target, body, content, Prefer=prefer), details)
		self.assertEqual(self.table("SELECT 1 FROM bodies.tagged"), "")

	def test_errors_skip_takes_the_last(self):
		for number, (content, body) in enumerate(((LINES, '{"dev":%d,"at":"2025-01-01","v":1}\n{"dev":%d,"at":"2025-01-01","v":2}\n'), (CSV, "dev,at,v\n%d,2025-01-01,1\n%d,2025-01-01,2\n"),
		                                          (JSON, '[{"dev":%d,"at":"2025-01-01","v":1},{"dev":%d,"at":"2025-01-01","v":2}]'))):
			answer = self.send("/readings", body % (number, number), content, Prefer=MERGE + ", " + SKIP)
			self.assertEqual((answer.status, answer.json), (201, {"written": 2, "skipped": 0, "errors": []}))
		self.assertEqual(self.table("SELECT dev, v FROM bodies.readings"), "(0,2) (1,2) (2,2)")

	def test_other_resolutions(self):
		rows = '[{"dev":1,"at":"2025-01-01","v":1},{"dev":1,"at":"2025-01-01","v":2}]'
		self.assertEqual(self.send("/readings", rows).json["code"], "23505")
		self.expect(self.send("/readings", rows, Prefer="resolution=ignore-duplicates"))
		self.assertEqual(self.table("SELECT v FROM bodies.readings"), "(1)")

	def test_what_a_function_does_to_itself(self):
		"""Is no fault of the client's."""
		for content, body in ((JSON, '[{"id":1}]'), (LINES, '{"id":1}'), (CSV, "id\n1\n")):
			answer = self.send("/triggered", body, content, Prefer=MERGE)
			self.assertEqual((answer.status, answer.json["code"], answer.json["details"]), (500, "21000", None), answer.text)


if __name__ == "__main__":
	unittest.main()
