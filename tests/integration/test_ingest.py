"""
Many rows at once: CSV, one JSON object a line, and long arrays mean what a small body means
(doc/DIALECT.md). The table is looked at after each write.
"""
import hashlib
import json
import os
import unittest

import fcgi_client
import harness
from harness import error_body

CSV, LINES, JSON = "text/csv", "application/x-ndjson", "application/json"
REPRESENTATION = "return=representation"


class Ingest(unittest.TestCase):
	def setUp(self):
		harness.cluster().sql_file(harness.database(), os.path.join(harness.HERE, "ingest.sql"))
		self.server = harness.server(db_schemas="ingest")

	def send(self, target, body, content=CSV, method="POST", **fields):
		headers = {"Content-Type": content, **{name.replace("_", "-"): value for name, value in fields.items()}}
		if isinstance(body, list):
			body = "".join(json.dumps(row) + "\n" for row in body)
		return self.server.request(method, target, headers, body if isinstance(body, bytes) else body.encode())

	def expect(self, answer, status=201, body="", **headers):
		self.assertEqual((answer.status, answer.text), (status, body))
		for name, value in headers.items():
			self.assertEqual(answer.header(name.replace("_", "-")), value)

	def expect_error(self, answer, status, *body):
		self.assertEqual((answer.status, answer.text), (status, error_body(*body)))

	def table(self, query):
		return harness.sql("SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') FROM (%s) AS t" % query)

	def ids(self, table="rows"):
		return harness.sql("SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), '') FROM ingest." + table)


# Values for columns of "types": what PostgreSQL's json_to_record() makes of each is the measure.
VALUES = {
	"b": ['true', '"t"', '"yes"', 'false', '1', '"maybe"', 'null', '{"a":1}'],
	"s": ['1', '-32768', '32768', '"7"', '" 7 "', '1.0', 'true', '""'],
	"i": ['2147483647', '2147483648', '"0"', '"0x10"', '1e3', '[1]', 'null'],
	"l": ['9223372036854775807', '9223372036854775808', '-9223372036854775808', '"12"', '1.5'],
	"n": ['0.10', '1e400', '-0', '"NaN"', '"Infinity"', '1E-30', '123456789012345678901234567890.5', '"x"'],
	"np": ['1.005', '9999.99', '10000', '"1e2"', '-0.001'],
	"f4": ['1e38', '1e39', '0.1', '"-Infinity"', '16777217'],
	"f8": ['1e308', '1e309', '0.1', '5e-324', '"nan"'],
	"t": ['"a"', '""', '"NULL"', r'"\\N"', r'"\\."', r'"a\tb\nc\rd\\e\"f\/g\b\f"', r'"\u00e9\ud83d\ude00"', '"é😀"', '1e400', '0.10',
	      'true', 'null', '{"a" : [1, "b\\n"]}', '[1,\t2]', '"\\u0000"', '"\\t"', '" "', '"\x7f"'],
	"v": ['"12345"', '"123456"', '"1234     "', '"ééééé"', '123456', 'null', '""'],
	"c": ['"12345"', '"123456"', '"12"', '"123       "', '""', '12'],
	"one": ['"ab"', '""', '"é"', '1'],
	"nm": ['"%s"' % ("n" * 70), '"n"'],
	"by": [r'"\\xDEAD"', r'"\\x1"', r'"a\\001b"', '"é"'],
	"d": ['"2024-02-29"', '"2023-02-29"', '"29.2.2024"', '"today "', '"infinity"', '20240229', '"4713-01-01 BC"'],
	"ts": ['"2024-01-01T12:00:00.1234567"', '"2024-01-01 24:00:00"', '"2024-01-01T25:00"', '"epoch"', '"2024-01-01 12:00+05"'],
	"tz": ['"2024-01-01T12:00:00Z"', '"2024-07-01 12:00"', '"2024-01-01 12:00 Europe/Berlin"', '"2024-01-01 12:00 Nowhere/None"'],
	"tp": ['"2024-01-01T12:00:00.5"', '"2024-01-01T12:00:00.49"'],
	"ti": ['"24:00"', '"12:00:00.000001"', '"25:00"'],
	"iv": ['"1 year 2 mons"', '"P1Y2M3DT4H"', '"1 fortnight"', '"-1"'],
	"iy": ['"1 year 2 mons"'],
	"u": ['"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"', '"{a0eebc999c0b4ef8bb6d6bb9bd380a11}"', '"a0"'],
	"j": ['{"a":1e400, "a":2.50,\n"b":"\\u00e9"}', '"text"', '"\\u00e9 \\n \\" \\/"', '"\\u0000"', '{"a":"\\u0000"}', '[1, 2]', '1.50', 'true', 'null',
	      '""', '"\\u001f"'],
	"jb": ['{"b":1,"a":2.50,"b":3}', '"\\u00e9\\t"', '1e400', '1e200000', '[ ]', 'null', 'false'],
	"bt": ['"1010"', '"101"', '"10102"', '1010'],
	"vb": ['"101"', '"10101"'],
	"net": ['"::1/64"', '"1.2.3.4/33"'],
	"r": ['"[1,3)"', '"[1,3]"', '"[3,1]"', '[1,3]'],
	"x": ['"<a>b</a>"', '"<a>"'],
	"tv": ['"a b:1A"'],
	"o": ['"pg_class"', '"ingest.nope"'],
	"mo": ['"$1.50"', '"x"'],
	"ia": ['[1,2,null]', '[]', '"{1,2}"', '"{1,x}"', '[[1,2],[3,4]]', '[[1,2],[3]]', '[1,"2"]', '["x"]', '5', '{"a":1}', 'null', '[1.5]'],
	"ta": ['["a","b,c","\\"{}\\\\","",null,"NULL"]', '"{a,\\"b c\\",NULL}"', '[1,true,{"a":1}]', '[["a"],["b"]]'],
	"ja": ['[{"a":1},2,"x",null]'],
	"va": ['["abc"]', '["abcd"]'],
	"na": ['[[1.05,2],[3,4]]', '[1000]'],
	"m": ['"happy"', '"glad"', '""', 'null', '1'],
	"p": ['{"x":1,"y":2.50,"name":"n"}', '{"y":"1e3","z":0}', '"(1,2,three)"', '"(1,2)"', '{"x":"q"}', '5', '[1]', 'null', '{}'],
	"pa": ['[{"x":1},{"y":2}]', '"{\\"(1,2,a)\\"}"'],
	"dp": ['1', '0', '"5"', 'null', '"x"'],
	"dn": ['[1,2]', '[1,2,3,4]', '"{1}"'],
}


class Equality(Ingest):
	def outcome(self, answer, column, kept):
		"""What came of one value: what the table has, or the error."""
		found = harness.sql("SELECT coalesce(md5(string_agg(coalesce(quote_literal(%s::text), 'null'), ',')), 'none')"
		                    " FROM ingest.types" % column)
		if kept:
			self.assertEqual(answer.status, 201, answer.text)
			return found
		self.assertEqual(found, "none")
		return answer.status, answer.json["code"], answer.json["message"]

	def one(self, column, value):
		body = '{"%s":%s}' % (column, value)
		seen = []
		long = "[" + "{%s}, " % body[1:-1] + " " * 300000 + "{%s}]" % body[1:-1]
		for content, text, rows in ((JSON, "[%s,%s]" % (body, body), 2), (JSON, long, 2),
		                            (LINES, body.replace("\n", " ") + "\n" + body.replace("\n", " "), 2)):
			if content == LINES and "\n" in body:
				continue # a line has no line break
			harness.sql("TRUNCATE ingest.types")
			answer = self.send("/types?columns=" + column, text, content)
			seen.append(self.outcome(answer, column, answer.status == 201))
		for other in seen[1:]:
			self.assertEqual(other, seen[0], body)

	def test_json(self):
		for column, values in VALUES.items():
			for value in values:
				with self.subTest(column=column, value=value):
					self.one(column, value)

	def test_csv(self):
		"""A field of CSV is what a JSON string is, in all but NULL; but of JSON it is the text itself (test_bodies.py)."""
		for column, values in VALUES.items():
			for value in values:
				if not value.startswith('"') or value == '"NULL"' or "\\u0000" in value or column in ("j", "jb"):
					continue
				with self.subTest(column=column, value=value):
					harness.sql("TRUNCATE ingest.types")
					answer = self.send("/types", '[{"%s":%s}]' % (column, value), JSON)
					expected = self.outcome(answer, column, answer.status == 201)
					harness.sql("TRUNCATE ingest.types")
					field = json.loads(value).replace('"', '""')
					answer = self.send("/types", '%s\n"%s"\n' % (column, field), CSV)
					self.assertEqual(self.outcome(answer, column, answer.status == 201), expected)

	def test_all_columns_at_once(self):
		row = {column: json.loads(values[0]) for column, values in VALUES.items()}
		text = "{%s}" % ",".join('"%s":%s' % (column, values[0].replace("\n", " ")) for column, values in VALUES.items())
		names = ",".join(row)
		self.expect(self.send("/types", "[%s]" % text, JSON))
		self.expect(self.send("/types", text, LINES))
		self.expect(self.send("/types?columns=" + names, text, LINES, Prefer="missing=default"), Preference_Applied="missing=default")
		self.assertEqual(harness.sql("SELECT count(*), count(DISTINCT (%s)::text) FROM ingest.types" % names), "3|1")


class Rows(Ingest):
	def test_lines(self):
		body = '{"id":1,"name":"a"}\n\n  {"name":"b","id":2}\r\n{"id":3,"name":"c","id":4}'
		self.expect(self.send("/rows", body, LINES), Content_Range="*/*")
		self.assertEqual(self.table("SELECT id, name, twice FROM ingest.rows"), "(1,a,2) (2,b,4) (4,c,8)")
		self.assertEqual(self.table("SELECT what FROM ingest.log"), '("INSERT ROW 1") ("INSERT ROW 2") ("INSERT ROW 4")')

	def test_nothing(self):
		self.expect(self.send("/rows", "", LINES))
		self.expect(self.send("/rows", "\n \n", LINES))
		self.expect(self.send("/rows", "id,name\n", CSV))
		self.expect_error(self.send("/rows", "", CSV), 400, "PGRST102", "No header in line 1 of the CSV")
		self.assertEqual(self.ids(), "")

	def test_rows_without_members(self):
		self.expect(self.send("/nothing", "{}\n{}\n{}\n", LINES))
		self.assertEqual(self.table("SELECT * FROM ingest.nothing"), "(1,7) (2,7) (3,7)")

	def test_a_name_of_any_kind(self):
		self.expect(self.send("/rows", [{"id": 1, 'odd " name: x': "a"}], LINES))
		self.expect(self.send("/rows", 'id,"odd "" name: x"\n2,b\n', CSV))
		self.assertEqual(self.table('SELECT id, "odd "" name: x" FROM ingest.rows'), "(1,a) (2,b)")

	def test_names_are_checked(self):
		self.expect_error(self.send("/rows", [{"id": 1}, {"id": 2, "name": "x"}], LINES), 400, "PGRST102",
		                  "All object keys must match", "Line 2")
		self.expect_error(self.send("/rows", [{"id": 1, "name": "x"}, {"id": 2}], LINES), 400, "PGRST102",
		                  "All object keys must match", "Line 2")
		for content, body in ((LINES, '{"id":1,"nope":2}'), (CSV, "id,nope\n1,2\n")):
			self.expect_error(self.send("/rows", body, content), 400, "PGRST204",
			                  "Could not find the 'nope' column of 'rows' in the schema cache")
		self.assertEqual(self.ids(), "")

	def test_columns(self):
		self.expect(self.send("/rows?columns=id,name", [{"id": 1, "name": "a", "x": {"y": []}}, {"name": "b", "id": 2}], LINES))
		self.expect(self.send("/rows?columns=name,id", "nope,id,name\nx,3,c\n", CSV))
		self.assertEqual(self.table("SELECT id, name FROM ingest.rows"), "(1,a) (2,b) (3,c)")
		answer = self.send("/rows?columns=id,name", [{"id": 4}], LINES) # null, which name may not be
		self.assertEqual((answer.status, answer.json["code"]), (400, "23502"))

	def test_missing(self):
		rows = [{"id": 1}, {"id": 2, "name": "b"}, {"id": 3, "tags": ["x"]}]
		self.expect(self.send("/rows?columns=id,name,tags,number", rows, LINES, Prefer="missing=default"))
		self.assertEqual(self.table("SELECT id, name, tags, number > 0 FROM ingest.rows"), "(1,anonymous,,t) (2,b,,t) (3,anonymous,{x},t)")
		answer = self.send("/rows?columns=id,name", [{"id": 4, "name": None}], LINES, Prefer="missing=default")
		self.assertEqual((answer.status, answer.json["code"]), (400, "23502"))
		self.expect(self.send("/rows?columns=id,name", "id\n5\n", CSV, Prefer="missing=default"))
		self.assertEqual(self.table("SELECT id, name FROM ingest.rows WHERE id = 5"), "(5,anonymous)")
		self.expect(self.send("/givens?columns=g,k", '{"g":"a"}\n{"g":"b","k":"c"}', LINES, Prefer="missing=default"))
		self.assertEqual(self.table("SELECT g, k FROM ingest.givens"), "(a,kk) (b,c)")

	def test_a_view(self):
		self.expect(self.send("/shown", "id,name\n1,a\n", CSV))
		self.assertEqual(self.table("SELECT id, name FROM ingest.rows"), "(1,a)")

	def test_upsert(self):
		self.expect(self.send("/rows", "id,name\n1,a\n2,b\n", CSV))
		self.expect(self.send("/rows", "id,name\n2,bb\n3,c\n", CSV, Prefer="resolution=merge-duplicates"),
		            Preference_Applied="resolution=merge-duplicates")
		self.expect(self.send("/rows", [{"id": 1, "name": "aa"}], LINES, Prefer="resolution=merge-duplicates"), 200)
		self.expect(self.send("/rows?on_conflict=id", [{"id": 1, "name": "-"}, {"id": 4, "name": "d"}], LINES,
		                      Prefer="resolution=ignore-duplicates, count=exact"), Content_Range="*/1")
		self.assertEqual(self.table("SELECT id, name FROM ingest.rows"), "(1,aa) (2,bb) (3,c) (4,d)")

	def test_what_is_returned(self):
		answer = self.send("/rows?select=id,twice", [{"id": 2}, {"id": 3}], LINES, Prefer=REPRESENTATION)
		self.expect(answer, 201, harness.array('{"id":2,"twice":4}', '{"id":3,"twice":6}'), Content_Range="*/*")
		answer = self.send("/rows", "id\n5\n", CSV, Prefer="return=headers-only")
		self.expect(answer, 201, Location="/rows?id=eq.5")
		answer = self.send("/rows?select=id", "id\n6\n", CSV, Prefer=REPRESENTATION, Accept="text/csv")
		self.expect(answer, 201, "id\n6")
		answer = self.send("/rows?select=id", "id\n7\n8\n", CSV, Prefer=REPRESENTATION, Accept="application/vnd.pgrst.object+json")
		self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST116"))
		self.assertEqual(self.ids(), "2 3 5 6")

	def test_blank_lines_are_passed_over(self):
		for number, target in enumerate(("/rows", "/rows?columns=id,name")):
			self.expect(self.send(target, "id,name\n%d,a\n\n\r\n%d,b\n\n" % (number * 2, number * 2 + 1)))
		self.expect(self.send("/rows", "\nid\n\n7\n\n8"))
		self.assertEqual(self.ids(), "0 1 2 3 7 8")
		answer = self.send("/rows", "id\n\nx\n")
		self.assertEqual((answer.status, answer.json["details"]), (400, 'Line 3, column "id"'))

	def test_a_role_that_a_pre_request_function_chose(self):
		harness.sql("GRANT USAGE ON SCHEMA ingest TO swm_reader; GRANT ALL ON ALL TABLES IN SCHEMA ingest TO swm_reader;"
		            "CREATE OR REPLACE FUNCTION ingest.choose() RETURNS void LANGUAGE sql AS $$ SELECT set_config('role', 'swm_reader', true) $$")
		server = harness.own_server(db_schemas="ingest", db_pre_request="ingest.choose")
		self.addCleanup(server.stop)
		self.expect(server.request("POST", "/rows", {"Content-Type": CSV}, b"id\n1\n"))
		self.assertEqual(self.ids(), "1")

	def test_a_row_of_very_many_names(self):
		"""They are not compared with one another without end."""
		row = "{" + ",".join('"k%d":1' % i for i in range(400000)) + "}\n"
		answer = self.send("/rows", row, LINES)
		self.assertEqual((answer.status, answer.json["code"]), (400, "PGRST102"))

	def test_max_affected_is_not_of_inserts(self):
		"""It bounds PATCH, DELETE and functions (PostgREST's preferences page), whatever the body."""
		for body, content in ((b'[{"id":1},{"id":2}]', JSON), ("id\n3\n4\n", CSV)):
			self.expect(self.send("/rows", body, content, Prefer="handling=strict, max-affected=1"),
			            Preference_Applied="handling=strict")
		self.assertEqual(self.ids(), "1 2 3 4")

	def test_rollback(self):
		server = harness.server(db_schemas="ingest", db_tx_end="commit-allow-override")
		answer = server.request("POST", "/rows", {"Content-Type": CSV, "Prefer": "tx=rollback"}, b"id\n1\n")
		self.expect(answer, 201, Preference_Applied="tx=rollback")
		self.assertEqual(self.ids(), "")

	def test_a_plan(self):
		"""How it would be written, and nothing is."""
		server = harness.server(db_schemas="ingest", db_plan_enabled="true")
		for prefer in ("", "errors=skip"):
			answer = server.request("POST", "/rows", {"Content-Type": CSV, "Accept": "application/vnd.pgrst.plan", "Prefer": prefer},
			                        b"id\n1\n")
			self.assertEqual((answer.status, answer.text.split()[:3]), (200, ["Insert", "on", "rows"]))
		self.assertEqual(self.ids(), "")

	def test_other_methods_have_no_lines(self):
		answer = self.send("/rows?id=eq.1", [{"id": 1}], LINES, "PATCH")
		self.assertEqual((answer.status, answer.json["code"]), (400, "PGRST102"))


class Rights(Ingest):
	def test_row_level_security(self):
		self.expect(self.send("/own", "id,owner\n1,swm_anon\n2,swm_anon\n", CSV))
		for content, body in ((CSV, "id,owner\n3,swm_anon\n4,other\n"), (LINES, [{"id": 3, "owner": "other"}])):
			answer = self.send("/own", body, content)
			self.assertEqual((answer.status, answer.json["code"]), (401, "42501"))
		self.assertEqual(self.ids("own"), "1 2")

	def test_privileges(self):
		for content, body in ((CSV, "id\n1\n"), (LINES, [{"id": 1}])):
			answer = self.send("/closed", body, content)
			self.assertEqual((answer.status, answer.json["code"]), (401, "42501"))
		self.assertEqual(self.ids("closed"), "")

	def test_the_role_makes_no_table(self):
		"""Only the login role needs the privilege TEMPORARY."""
		login = harness.sql("SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name LIKE '%s%%'" % self.server.application())
		database = harness.database()
		harness.sql('REVOKE TEMPORARY ON DATABASE "%s" FROM PUBLIC; GRANT TEMPORARY ON DATABASE "%s" TO "%s"' % (database, database, login))
		self.addCleanup(harness.sql, 'GRANT TEMPORARY ON DATABASE "%s" TO PUBLIC' % database)
		self.assertEqual(harness.sql("SELECT has_database_privilege('swm_anon', current_database(), 'TEMPORARY')"), "f")
		self.expect(self.send("/rows", "id\n1\n", CSV))
		self.assertEqual(self.ids(), "1")
		self.assertEqual(harness.sql("SELECT count(*) FROM pg_class WHERE relname = 'swm_ingest'"), "0")


class Mistakes(Ingest):
	def test_a_bad_line_is_named(self):
		for content, body, error in (
			(CSV, 'name,id\n"a\nb",1\nc,x\n', ("22P02", 'invalid input syntax for type integer: "x"', 'Line 4, column "id"')),
			(CSV, "id,name\n1,a\n2\n", ("PGRST102", "Too few fields", "Line 3")),
			(CSV, 'id,name\n1,"a\n\n\n"\n2,b,c\n', ("PGRST102", "Too many fields", "Line 6")),
			(CSV, 'id,name\n1,"a"b\n', ("PGRST102", "Text behind a closing quote", "Line 2")),
			(LINES, '{"id":1}\n\n{"id":"x"}', ("22P02", 'invalid input syntax for type integer: "x"', 'Line 3, column "id"')),
			(LINES, '{"id":1}\n{"id":}\n', ("PGRST102", "Empty or invalid json", 'Line 2, column 7: expected a value, found "}"')),
			(LINES, '{"id":1}\n5\n', ("PGRST102", "A row must be a JSON object", "Line 2")),
			(LINES, '{"id":1}\n{"id":2,"name":"\\u0000"}\n', ("22P05", "unsupported Unicode escape sequence",
			                                              "Line 2: \\u0000 cannot be converted to text.")),
			(JSON, '[{"id":1},\n%s\n{"id":"x"}]' % (" " * 300000), ("22P02", 'invalid input syntax for type integer: "x"', 'Row 1, line 3, column "id"')),
			(JSON, '[{"id":1},\n%s\n5]' % (" " * 300000), ("PGRST102", "A row must be a JSON object", "Row 1, line 3")),
			(JSON, '[{"id":1},\n%s{"id":2}' % (" " * 300000), ("PGRST102", "Empty or invalid json",
			 'Line 2, column 300009: expected "," or "]", found the end')),
		):
			with self.subTest(body=body[:60]):
				columns = "?columns=id,name" if "u0000" in body else ""
				self.expect_error(self.send("/rows" + columns, body, content), 400, *error)
				self.assertEqual(self.ids(), "")

	def test_a_bad_value_of_a_type_that_is_not_copied(self):
		"""Enums, domains, arrays and composites of JSON are read behind COPY; their lines are named all the same."""
		for content, body, code, details in (
			(LINES, '{"id":1,"m":"ok"}\n\n{"id":2,"m":"glad"}\n{"id":3,"m":"sad"}\n', "22P02", 'Line 3, column "m"'),
			(CSV, 'id,p,m\n1,"(1,\n2,a)",ok\n2,"(x,2,a)",ok\n', "22P02", 'Line 4, column "p"'),
			(LINES, '{"id":1,"dp":1,"ia":[1]}\n{"id":2,"dp":0,"ia":[2]}\n', "23514", 'Line 2, column "dp"'),
			(LINES, '{"id":1,"dp":1,"ia":[1]}\n{"id":2,"dp":2,"ia":[[1],[2,3]]}\n', "22P02",
			 'Line 2, column "ia": Multidimensional arrays must have sub-arrays with matching dimensions.'),
		):
			with self.subTest(body=body):
				answer = self.send("/types", body, content)
				self.assertEqual((answer.status, answer.json["code"], answer.json["details"]), (400, code, details), answer.text)
				self.assertEqual(self.ids("types"), "")
		lines = ['{"id":%d,"m":"ok"}' % i for i in range(100000)]
		lines[77776] = lines[77776].replace("ok", "nok")
		self.assertEqual(self.send("/types", "\n".join(lines), LINES).json["details"], 'Line 77777, column "m"')
		lines[77776] = lines[77775]
		harness.sql("CREATE UNIQUE INDEX ON ingest.types (id)")
		answer = self.send("/types", "\n".join(lines), LINES) # what is wrong with no value alone
		self.assertEqual((answer.json["code"], answer.json["details"]), ("23505", "Key (id)=(77775) already exists."))

	def test_the_place_is_that_of_the_error(self):
		"""Not of another row's value, which would have been bad as well."""
		for body, details in (("id,dp\n11,1\n1,0\n", "Failing row contains (11, 1)."), ("id,dp\nNULL,1\n1,0\n", "Failing row contains (null, 1)."),
		                      ("id,dp\n1,0\n11,1\n", 'Line 2, column "dp"')):
			answer = self.send("/checked", body, CSV)
			self.assertEqual((answer.status, answer.json["details"]), (400, details), answer.text)
			self.assertEqual(self.ids("checked"), "")

	def test_bodies_that_are_none(self):
		for content, body in ((LINES, "{"), (LINES, '{"id":1} {"id":2}'), (LINES, '{"id":1},\n'), (LINES, b'{"id":"\xff"}'),
		                      (LINES, '{"id":"\\ud800"}'), (LINES, '{"id":01}'), (CSV, b"id\n\xff\n"), (LINES, '{"id\\u0000":1}')):
			answer = self.send("/rows", body, content)
			self.assertEqual((answer.status, answer.json["code"]), (400, "PGRST102"), body)

	def test_a_row_has_an_end(self):
		for content, body in ((CSV, 'id,name\n1,"%s"\n'), (LINES, '{"id":1,"name":"%s"}'), (JSON, '[{"id":1,"name":"%s"}]')):
			answer = self.send("/rows", body % ("x" * (17 << 20)), content)
			self.assertEqual((answer.status, answer.json["message"]), (400, "A row is longer than 8 MiB"))
			self.expect(self.send("/rows", body % ("x" * (5 << 20)), content))
			self.assertEqual(harness.sql("SELECT sum(length(name)) FROM ingest.rows; DELETE FROM ingest.rows"), str(5 << 20))

	def test_errors_of_the_table(self):
		self.expect(self.send("/rows", "id\n1\n", CSV))
		for body, code in (("id\n2\n1\n", "23505"), ("id\n2\n5000000\n", "23514"), ("id,name\n2,NULL\n", "23502")):
			self.assertEqual(self.send("/rows", body, CSV).json["code"], code)
		self.assertEqual(self.send("/later", "id,ref\n1,2\n", CSV).json["code"], "23503") # at the commit
		self.assertEqual((self.ids(), self.ids("later")), ("1", ""))

	def test_the_server_goes_on(self):
		before = self.server.backends()
		for _ in range(3):
			self.assertEqual(self.send("/rows", "id\nx\n", CSV).status, 400)
			self.expect(self.send("/rows", "id,name\n1,a\n", CSV))
			harness.sql("DELETE FROM ingest.rows")
		self.assertLessEqual(self.server.backends(), before + 1)


SKIP = "handling=lenient, errors=skip"


class CutOff(Ingest):
	"""What happens while the body is still on its way."""
	BODY = b"id\n" + b"".join(b"%d\n" % i for i in range(100000))

	def params(self, length):
		params = [field for field in fcgi_client.params_of("POST", "/rows") if not field[0].startswith("CONTENT_")]
		return params + [("CONTENT_TYPE", CSV), ("CONTENT_LENGTH", str(length))]

	def test_a_client_that_goes_away(self):
		"""Less than CONTENT_LENGTH says: nothing is kept."""
		with self.assertRaises(fcgi_client.Incomplete):
			with fcgi_client.Connection(self.server.socket) as connection:
				connection.request(self.params(len(self.BODY) + 2), self.BODY, keep=False)
		harness.wait_until(lambda: self.server.backends("state <> 'idle'") == 0, 20, "the end of the transaction")
		self.assertEqual(self.ids(), "")

	def test_a_backend_that_is_killed(self):
		copying = "state = 'active' AND query LIKE 'COPY%'"
		request = fcgi_client.request_bytes(self.params(len(self.BODY)), self.BODY, keep=False)
		with fcgi_client.Connection(self.server.socket) as connection:
			connection.send(request[:len(request) // 2])
			harness.wait_until(lambda: self.server.backends(copying) == 1, 20, "the COPY")
			harness.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '%s' AND %s"
			            % (self.server.application(), copying))
			connection.send(request[len(request) // 2:])
			answer = connection.answer()
		self.assertEqual((answer.status, json.loads(answer.body)["code"]), (503, "57P01"))
		self.assertEqual(self.ids(), "")
		self.expect(self.send("/rows", self.BODY, CSV))
		self.assertEqual(harness.sql("SELECT count(*) FROM ingest.rows"), "100000")


class Skip(Ingest):
	def expect_skipped(self, answer, written, *errors, status=201):
		self.assertEqual((answer.status, answer.header("Content-Type")), (status, "application/json; charset=utf-8"), answer.text)
		told = answer.json
		self.assertEqual((told["written"], told["skipped"]), (written, len(errors)))
		self.assertEqual([(e["line"], e["code"]) for e in told["errors"]], list(errors))
		self.assertIn("errors=skip", answer.header("Preference-Applied"))

	def test_the_good_lines_are_kept(self):
		body = 'id,name\n1,a\nx,b\n3,c\n4\n1,again\n5,NULL\n5000000,e\n7,"g\n"\n8,"h"i\n9,j\n'
		self.expect_skipped(self.send("/rows", body, CSV, Prefer=SKIP), 4, (5, "PGRST102"), (11, "PGRST102"), (3, "22P02"),
		                    (6, "23505"), (7, "23502"), (8, "23514"))
		self.assertEqual(self.ids(), "1 3 7 9")

	def test_lines(self):
		body = '5\n{"id":1,"tags":["a"]}\n{"id":2}\n{"id":3,"tags":{}}\n{"id":\n{"id":4,"tags":"{b}"}\n{"id":6,"tags":["\\u0000"]}'
		answer = self.send("/rows", body, LINES, Prefer=SKIP)
		self.expect_skipped(answer, 2, (1, "PGRST102"), (3, "PGRST102"), (5, "PGRST102"), (7, "22P05"), (4, "22P02"))
		self.assertEqual(answer.json["errors"][1], {"row": 2, "line": 3, "code": "PGRST102", "message": "All object keys must match",
		                                            "details": "Line 3"})
		self.assertEqual(self.table("SELECT id, tags FROM ingest.rows"), "(1,{a}) (4,{b})")

	def test_arrays(self):
		self.expect_skipped(self.send("/rows", '[{"id":1},\n{"id":"x"},\n{"id":3}]', JSON, Prefer=SKIP), 2, (2, "22P02"))
		answer = self.send("/rows", '[{"id":4},{"id":}]', JSON, Prefer=SKIP) # what comes behind cannot be told
		self.assertEqual((answer.status, answer.json["code"]), (400, "PGRST102"))
		self.assertEqual(self.ids(), "1 3")

	def test_none_is_good(self):
		self.expect_skipped(self.send("/rows", "id\nx\n", CSV, Prefer=SKIP), 0, (2, "22P02"), status=200)
		self.expect_skipped(self.send("/rows", "x\ny\n", LINES, Prefer=SKIP), 0, (1, "PGRST102"), (2, "PGRST102"), status=200)
		self.assertEqual(self.ids(), "")

	def test_policies(self):
		self.expect_skipped(self.send("/own", "id,owner\n1,swm_anon\n2,other\n", CSV, Prefer=SKIP), 1, (3, "42501"))
		answer = self.send("/closed", "id\n1\n", CSV, Prefer=SKIP)
		self.assertEqual((answer.status, answer.json["code"]), (401, "42501"))
		answer = self.send("/rows", "nope\n1\n", CSV, Prefer=SKIP)
		self.assertEqual((answer.status, answer.json["code"]), (400, "PGRST204"))

	def test_privileges_that_show_late(self):
		"""A sequence's, or of what a trigger does: no row is to blame."""
		for target, body, message in (("/uncounted", "name\na\nb\n", "permission denied for sequence uncounted_id_seq"),
		                              ("/traced", "id\n1\n2\n", "permission denied for table log")):
			answer = self.send(target, body, CSV, Prefer=SKIP)
			self.assertEqual((answer.status, answer.json["code"], answer.json["message"]), (401, "42501", message))

	def test_values_that_raise_what_statements_do(self):
		answer = self.send("/types", "i,o\n1,pg_class\n2,ingest.nope\n3,pg_type\n", CSV, Prefer=SKIP)
		self.expect_skipped(answer, 2, (3, "42P01"))
		self.expect_skipped(self.send("/named", "kind\ninteger\nnope\n", CSV, Prefer=SKIP), 1, (3, "42704"))
		long = "".join(hashlib.sha256(b"%d" % i).hexdigest() for i in range(1000)) # an index's row has an end
		self.expect_skipped(self.send("/named", "name\na\n%s\nb\n" % long, CSV, Prefer=SKIP), 2, (3, "54000"))
		self.assertEqual(self.table("SELECT o FROM ingest.types"), "(pg_class) (pg_type)")
		self.assertEqual(self.table("SELECT name, kind FROM ingest.named"), "(,integer) (a,) (b,)")

	def test_commits_as_a_whole(self):
		answer = self.send("/later", "id,ref\n1,1\nx,1\n3,9\n", CSV, Prefer=SKIP) # at the commit
		self.assertEqual((answer.status, answer.json["code"]), (409, "23503"))
		self.assertEqual(self.ids("later"), "")

	def test_with_other_preferences(self):
		self.expect(self.send("/rows", "id,name\n1,a\n", CSV))
		answer = self.send("/rows", "id,name\n1,b\nx,c\n2,d\n", CSV, Prefer=SKIP + ", resolution=merge-duplicates, count=exact")
		self.expect_skipped(answer, 2, (3, "22P02"))
		self.assertEqual(answer.header("Content-Range"), "*/2")
		self.assertEqual(self.table("SELECT id, name FROM ingest.rows"), "(1,b) (2,d)")
		self.expect_skipped(self.send("/rows?columns=id,name", '{"id":3}\n{"id":4,"name":null}', LINES,
		                              Prefer=SKIP + ", missing=default"), 1, (2, "23502"))
		answer = self.send("/rows", "id\nx\n5\n", CSV, Prefer=SKIP + ", return=representation") # not applied
		self.assertEqual((answer.status, answer.json["code"]), (400, "22P02"))
		answer = self.send("/rows", "id\nx\n5\n", CSV, Prefer="handling=strict, errors=skip")
		self.assertEqual((answer.status, answer.json["code"]), (400, "22P02"))
		self.assertEqual(self.ids(), "1 2 3")

	def test_many(self):
		lines = ["id"] + ["x" if i % 777 == 0 else str(i) for i in range(1, 20001)]
		answer = self.send("/rows", "\n".join(lines), CSV, Prefer=SKIP)
		self.expect_skipped(answer, 20000 - 20000 // 777, *((i + 1, "22P02") for i in range(777, 20001, 777)))
		self.assertEqual(harness.sql("SELECT count(*) FROM ingest.rows"), str(20000 - 20000 // 777))

	def test_long_texts_are_cut(self):
		"""What is told of a bad row does not grow with its values."""
		prefix = 'invalid input syntax for type integer: "'
		body = "id\n1\nx%s\n%s\n" % ("\u20ac" * 5000, "y" * 5000)
		answer = self.send("/rows", body, CSV, Prefer=SKIP)
		self.expect_skipped(answer, 1, (3, "22P02"), (4, "22P02"))
		told = [e["message"] for e in answer.json["errors"]]
		euros = (1024 - len(prefix) - 1) // 3
		self.assertEqual(told, [prefix + "x" + "\u20ac" * euros + "...", prefix + "y" * (1024 - len(prefix)) + "..."])
		answer = self.send("/rows", "id,name\n5000000,%s\n" % ("n" * 5000), CSV, Prefer=SKIP) # PostgreSQL cuts that itself
		self.expect_skipped(answer, 0, (2, "23514"), status=200)
		self.assertLess(len(answer.json["errors"][0]["details"]), 1028)

	def test_too_many_are_bad(self):
		"""A thousand are left out; of one more nothing is kept."""
		for bad, content, code in (("x", CSV, "22P02"), ("1,2", CSV, "PGRST102"), ("5", LINES, "PGRST102")):
			head, good = ("id\n", "%d") if content == CSV else ("", '{"id":%d}')
			body = head + good % 1 + "\n" + (bad + "\n") * 1000 + good % 2 + "\n"
			with self.subTest(bad=bad, content=content):
				answer = self.send("/rows", body, content, Prefer=SKIP)
				self.assertEqual((answer.status, answer.json["written"], answer.json["skipped"]), (201, 2, 1000))
				first = 3 if head else 2
				self.assertEqual([(e["line"], e["code"]) for e in answer.json["errors"]],
				                 [(first + i, code) for i in range(1000)])
				self.assertEqual(self.ids(), "1 2")
				harness.sql("TRUNCATE ingest.rows")
				self.expect_error(self.send("/rows", body + bad + "\n", content, Prefer=SKIP), 400, "PGRST102",
				                  "More than 1000 rows are bad", "The first of them is in line %d" % first)
				self.assertEqual(self.ids(), "")


class Much(Ingest):
	def test_memory_does_not_grow(self):
		"""64 MiB of it, in 32 MiB of swm-fcgi."""
		line = b"%d," + b"x" * 1000 + b"\n"
		with harness.own_server(db_schemas="ingest") as server:
			def peak():
				with open("/proc/%d/status" % server.fcgi.popen.pid) as status:
					return next(int(text.split()[1]) for text in status if text.startswith("VmHWM:"))
			body = b"id,name\n" + b"".join(line % i for i in range(64 << 10))
			answer = server.request("POST", "/rows", {"Content-Type": CSV}, body, timeout=60)
			self.expect(answer)
			self.assertEqual(harness.sql("SELECT count(*) FROM ingest.rows"), str(64 << 10))
			if not os.environ.get("SWM_BUILD", "").endswith("asan"):
				self.assertLess(peak(), 32 << 10)

	def test_more_than_one_copy(self):
		"""Errors are found in the right line also far behind the first piece."""
		count = 200000
		lines = ["id,name"] + ['%d,"name\nof %d"' % (i, i) if i % 1000 == 0 else "%d,name of %d" % (i, i) for i in range(count)]
		self.expect(self.send("/rows", "\n".join(lines) + "\n", CSV, Prefer="count=exact"), Content_Range="*/%d" % count)
		self.assertEqual(harness.sql("SELECT count(*), sum(id), count(*) FILTER (WHERE name LIKE E'%%\\n%%') FROM ingest.rows"),
		                 "%d|%d|%d" % (count, count * (count - 1) // 2, count // 1000))
		harness.sql("TRUNCATE ingest.rows")
		at = 150000
		lines[at] = "x,y"
		line = at + 1 + sum(i % 1000 == 0 for i in range(at - 1))
		self.expect_error(self.send("/rows", "\n".join(lines) + "\n", CSV), 400, "22P02",
		                  'invalid input syntax for type integer: "x"', 'Line %d, column "id"' % line)
		self.assertEqual(self.ids(), "")
		rows = [{"id": i, "name": "é" * (i % 7), "tags": ["a", i]} for i in range(count)]
		self.expect(self.send("/rows", rows, LINES))
		self.assertEqual(harness.sql("SELECT count(*), sum(id), sum(length(name)), sum(tags[2]::integer) FROM ingest.rows"),
		                 "%d|%d|%d|%d" % (count, sum(range(count)), sum(i % 7 for i in range(count)), sum(range(count))))
		harness.sql("TRUNCATE ingest.rows")
		self.expect(self.send("/rows", json.dumps(rows, indent=1), JSON))
		self.assertEqual(harness.sql("SELECT count(*), sum(id) FROM ingest.rows"), "%d|%d" % (count, sum(range(count))))

	def test_an_idempotency_key(self):
		"""The body is read while it is written, and still decides whether it is the same request."""
		server = harness.server(db_schemas="ingest", db_idempotency_table="swm_private.kept_answers")
		harness.sql("TRUNCATE swm_private.kept_answers")
		body = b"id,name\n" + b"".join(b"%d,x\n" % i for i in range(50000))
		fields = {"Content-Type": CSV, "Idempotency-Key": "bulk", **harness.as_role("swm_writer")}
		self.expect(server.request("POST", "/rows", fields, body))
		self.expect(server.request("POST", "/rows", fields, body), Idempotency_Replayed="true")
		self.assertEqual(server.request("POST", "/rows", fields, body + b"50000,x\n").status, 422)
		self.assertEqual(harness.sql("SELECT count(*) FROM ingest.rows"), "50000")
		fields["Idempotency-Key"] = "bad"
		self.assertEqual(server.request("POST", "/rows", fields, b"id\n50000\nx\n").status, 400)
		self.expect(server.request("POST", "/rows", fields, b"id\n50000\n50001\n"))
		self.assertEqual(harness.sql("SELECT count(*) FROM ingest.rows"), "50002")
