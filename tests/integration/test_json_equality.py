"""
What swm writes as JSON is byte for byte what PostgreSQL's json_agg writes, for
every built-in type and its awkward values. The expectation is asked of the same
database at the time of the test, as the same role with the same settings.
"""
import unittest

import harness
from harness import as_role

# (type, SQL expressions of its awkward values); NULL is added to each
TYPES = [
	("boolean", ["true", "false"]),
	("smallint", ["-32768", "32767", "0"]),
	("integer", ["-2147483648", "2147483647", "0", "-1"]),
	("bigint", ["-9223372036854775808", "9223372036854775807"]),
	("numeric", ["'NaN'", "'Infinity'", "'-Infinity'", "1.10", "1.000", "-0.0", "0", "1e50", "1e-30", "0.1e-5",
	             "123456789012345678901234567890.123456789"]),
	("numeric(10,3)", ["1", "-1.5", "'NaN'"]),
	("real", ["'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "1e38", "1e-45", "0.1", "16777217", "3.4028235e38", "1e10"]),
	("double precision", ["'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "1e308", "5e-324", "0.1", "1e15", "1e16",
	                      "123456789.123456789", "1.7976931348623157e308", "100000"]),
	("money", ["12.34", "-1234567.89"]),
	("text", ["''", "'plain'", r"E'quote\" backslash\\ slash/'", r"E'\b\f\n\r\t'", r"E'\x01\x02\x1f\x7f'",
	          r"E'\u2028\u2029'", "'ü€💡'", r"E'\u00a0\ufeff'", "'</script>&amp;'", "'null'", "repeat('é', 70000)",
	          "(SELECT string_agg(chr(n), '') FROM generate_series(1, 160) AS n)"]),
	("varchar(10)", ["'abc'", "'a\"b'"]),
	("character(5)", ["'ab'", "''"]),
	('"char"', ["'a'", "''", r"E'\\101'", r"E'\\351'", "'\"'"]),
	("name", ["'a name'", "'\"'"]),
	("bytea", [r"'\x'", r"'\x00ff5c22'", r"'\x616263'"]),
	("date", ["'2025-02-28'", "'infinity'", "'-infinity'", "'0001-01-01 BC'", "'4713-01-01 BC'", "'5874897-12-31'",
	          "'0099-12-31'", "'10000-01-01'"]),
	("time", ["'00:00'", "'24:00'", "'12:34:56.789'", "'12:34:56.000001'"]),
	("time(2)", ["'12:34:56.789'"]),
	("timetz", ["'12:34:56.5+02'", "'00:00-15:59'", "'12:00+05:45'", "'12:00+00:00:30'"]),
	("timestamp", ["'2025-02-28 12:34:56'", "'2025-02-28 12:34:56.789'", "'infinity'", "'-infinity'",
	               "'0044-03-15 12:00 BC'", "'294276-12-31 23:59:59.999999'", "'4713-01-01 00:00 BC'",
	               "'0099-01-01'", "'10000-01-01 00:00:00.1'", "'2025-01-01 00:00:00.000001'"]),
	("timestamp(3)", ["'2025-02-28 12:34:56.7891'"]),
	("timestamptz", ["'2025-02-28 12:34:56+00'", "'2025-07-01 12:34:56.789+02'", "'infinity'", "'-infinity'",
	                 "'0044-03-15 12:00+00 BC'", "'294276-12-31 23:59:59.999999+00'", "'1800-01-01 00:00+00'",
	                 "'1883-11-18 12:00+00'", "'10000-06-01+00'"]),
	("interval", ["'1 year 2 mons 3 days 04:05:06.789'", "'-1 day +02:03'", "'0'", "'-00:00:00.000001'", "'1000000 hours'"]),
	("json", [r"""'{"a":1,"a":2, "b" : [1 , 2]}'""", r"""'  "x"  '""", "'null'", "'1.10'", "'[]'",
	          r"""'{"u":"\u2028\ud83d\udca1"}'""", r"""E'{\n\t"a":\r\n1}'"""]),
	("jsonb", [r"""'{"b":1,"a":2,"a":3}'""", "'null'", "'1.10'", "'1e50'", "'\"\\u2028 \\\\ \\\"\"'", "'[{},[]]'"]),
	("jsonpath", ["'$.a[*] ? (@ > 1)'", "'strict $.\"x y\"'"]),
	("uuid", ["'00112233-4455-6677-8899-aabbccddeeff'"]),
	("xml", ["'<a b=\"c\">\u00fc &amp;</a>'"]),
	("bit(4)", ["B'1010'"]),
	("bit varying", ["B''", "B'1'"]),
	("inet", ["'192.168.0.1'", "'10.0.0.0/8'", "'::1'", "'2001:db8::/32'"]),
	("cidr", ["'10.0.0.0/8'"]),
	("macaddr", ["'08:00:2b:01:02:03'"]),
	("macaddr8", ["'08:00:2b:01:02:03:04:05'"]),
	("point", ["'(1.5,-2)'", "'(NaN,Infinity)'"]),
	("line", ["'{1,2,3}'"]),
	("lseg", ["'[(0,0),(1,1)]'"]),
	("box", ["'(1,1),(0,0)'"]),
	("path", ["'((0,0),(1,1))'", "'[(0,0),(1,1)]'"]),
	("polygon", ["'((0,0),(1,1),(2,0))'"]),
	("circle", ["'<(0,0),1.5>'"]),
	("tsvector", ["'a:1A fat:2 ''it''''s'':3'", "''"]),
	("tsquery", ["'fat & (rat | !cat)'"]),
	("oid", ["0", "4294967295"]),
	("xid", ["'3'"]),
	("xid8", ["'18446744073709551615'"]),
	("cid", ["'7'"]),
	("tid", ["'(0,1)'"]),
	("pg_lsn", ["'16/B374D848'"]),
	("pg_snapshot", ["'10:20:10,14,15'"]),
	("regclass", ["'pg_catalog.pg_class'", "'test.people'", "'test.\"Order Items\"'", "0"]),
	("regtype", ["'integer'", "'text[]'"]),
	("regproc", ["'pg_catalog.now'"]),
	("regrole", ["'swm_anon'"]),
	("regnamespace", ["'test'"]),
	("int4range", ["'[1,5)'", "'empty'", "'(,)'"]),
	("int8range", ["'[1,9223372036854775807)'"]),
	("numrange", ["'(1.10,2.0]'"]),
	("daterange", ["'[2025-01-01,infinity)'", "'[0044-03-15 BC,)'"]),
	("tsrange", ["'[2025-01-01 00:00,2025-01-02 12:30:00.5)'"]),
	("tstzrange", ["'[2025-01-01 00:00+00,2025-07-02 12:30:00.5+00)'"]),
	("int4multirange", ["'{[1,3),[5,9)}'", "'{}'"]),
	("datemultirange", ["'{[2025-01-01,2025-02-01)}'"]),
	("eq.mood", ["'happy'", "'\"so\" so'", "'ü'"]),
	("eq.posint", ["1", "42"]),
	("eq.posints", ["'{1,2}'", "'{}'"]),
	("eq.words", ["'a\"b'"]),
	("eq.doc", [r"""'{"a":1.10}'"""]),
	("eq.day", ["'2025-01-01'", "'infinity'"]),
	("eq.pair", ["ROW(1, 'a\"b', '{1,2}', '2025-01-01')", "ROW(NULL, NULL, NULL, NULL)"]),
	("eq.nested", ["ROW(ROW(1, 'x', NULL, 'infinity'), ARRAY[ROW(2, '', '{}', NULL)::eq.pair], '{\"k\":1.0}')"]),
	("eq.floatrange", ["'[0.1,1e20)'"]),
	("hstore", ["'a=>1, \"b c\"=>NULL, \"q\\\"\"=>\"x\"'", "''"]),
	("citext", ["'MiXed'"]),
	("eq.rated", ["ROW(1, 'x')"]),
	("eq.size", ["'small'", "'large'"]),
]

# arrays of these beside the scalar
ARRAYS = {
	"boolean": ["'{t,f,NULL}'"],
	"integer": ["'{}'", "'{1,NULL,3}'", "'{{1,2},{3,4}}'", "'[0:1]={5,6}'"],
	"bigint": ["'{9223372036854775807}'"],
	"numeric": ["'{NaN,1.10,Infinity}'"],
	"double precision": ["'{NaN,-0,0.1}'"],
	"real": ["'{0.1}'"],
	"text": [r"""'{"a,b","c\"d",NULL,"NULL","",é}'""", "'{{a,b},{c,d}}'", r"ARRAY[E'\u2028\x01\n']"],
	"date": ["'{2025-01-01,infinity,0044-03-15 BC}'"],
	"timestamp": ["'{2025-01-01 00:00:00.5,-infinity}'"],
	"timestamptz": ["'{2025-01-01 00:00:00.5+00}'"],
	"interval": ["'{1 day}'"],
	"json": [r"""ARRAY['{"a":1, "a":2}'::json, 'null']"""],
	"jsonb": [r"""ARRAY['{"a":1.0}'::jsonb, NULL]"""],
	"bytea": [r"ARRAY['\x00ff'::bytea]"],
	"uuid": ["'{00112233-4455-6677-8899-aabbccddeeff}'"],
	"int4range": ["""'{"[1,5)",empty}'"""],
	"eq.mood": ["""'{happy,"\\"so\\" so"}'"""],
	"eq.posint": ["'{1,2}'"],
	"eq.pair": ["ARRAY[ROW(1, 'x', '{}', NULL)::eq.pair, NULL]"],
	"eq.size": ["'{small,NULL}'"],
	"hstore": ["""ARRAY['a=>1'::hstore]"""],
	"inet": ["'{10.0.0.0/8}'"],
	"money": ["'{1.5}'"],
	"oid": ["'{1}'"],
	"name": ["'{a}'"],
	'"char"': ["'{a}'"],
}

SETUP = """
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS eq CASCADE;
CREATE SCHEMA eq;
CREATE EXTENSION IF NOT EXISTS hstore SCHEMA public;
CREATE EXTENSION IF NOT EXISTS citext SCHEMA public;
GRANT USAGE ON SCHEMA eq TO swm_anon, swm_reader, swm_writer;
SET search_path = eq, public;
SET lc_monetary = 'C';
CREATE TYPE mood AS ENUM ('happy', '"so" so', 'ü');
CREATE DOMAIN posint AS integer CHECK (VALUE > 0);
CREATE DOMAIN posints AS integer[];
CREATE DOMAIN words AS text;
CREATE DOMAIN doc AS jsonb;
CREATE DOMAIN day AS date;
CREATE TYPE pair AS (n integer, t text, a integer[], d date);
CREATE TYPE nested AS (p pair, ps pair[], j json);
CREATE TYPE floatrange AS RANGE (subtype = float8);
-- types with casts to json of their own: json_agg uses a scalar's, and no composite's
CREATE TYPE size AS ENUM ('small', 'large');
CREATE FUNCTION size_to_json(size) RETURNS json LANGUAGE sql IMMUTABLE AS
	$$ SELECT json_build_object('size', $1::text) $$;
CREATE CAST (size AS json) WITH FUNCTION size_to_json(size);
CREATE TYPE rated AS (stars integer, by text);
CREATE FUNCTION rated_to_json(rated) RETURNS json LANGUAGE sql IMMUTABLE AS
	$$ SELECT to_json(repeat('*', $1.stars) || $1.by) $$;
CREATE CAST (rated AS json) WITH FUNCTION rated_to_json(rated);
"""


def table_name(number):
	return "t%02d" % number


def setup_sql():
	lines = [SETUP]
	for number, (type_name, values) in enumerate(TYPES):
		table = "eq." + table_name(number)
		lines.append("CREATE TABLE %s (id integer PRIMARY KEY, v %s, a %s[]);" % (table, type_name, type_name)
		             if type_name in ARRAYS else
		             "CREATE TABLE %s (id integer PRIMARY KEY, v %s);" % (table, type_name))
		for row, value in enumerate(values + ["NULL"]):
			lines.append("INSERT INTO %s (id, v) VALUES (%d, %s);" % (table, row, value))
		for row, value in enumerate(ARRAYS.get(type_name, [])):
			lines.append("INSERT INTO %s (id, a) VALUES (%d, %s);" % (table, 100 + row, value))
	lines.append("GRANT SELECT ON ALL TABLES IN SCHEMA eq TO swm_anon, swm_reader, swm_writer;")
	return "\n".join(lines)


class Equality(unittest.TestCase):
	maxDiff = 4000

	@classmethod
	def setUpClass(cls):
		harness.once("eq", lambda: harness.sql(setup_sql()))
		cls.server = harness.server(db_schemas="eq, test")

	def asked_of_postgresql(self, query, role="swm_anon", settings=""):
		text = ("%s SET ROLE %s; SET search_path = eq, public; SELECT coalesce(json_agg(t), '[]')::text "
		        "FROM (%s) AS t" % (settings, role, query))
		return harness.sql(text).encode()

	def assert_equal(self, target, expected, headers=()):
		answer = self.server.get(target, headers)
		self.assertEqual(answer.status, 200, answer)
		if answer.body != expected:
			at = next((i for i, (a, b) in enumerate(zip(answer.body, expected)) if a != b),
			          min(len(answer.body), len(expected)))
			begin = max(0, at - 40)
			self.fail("%s differs at byte %d:\n swm        %r\n PostgreSQL %r"
			          % (target, at, answer.body[begin:at + 60], expected[begin:at + 60]))
		self.assertTrue(answer.complete)

	def each_type(self, role="swm_anon", settings="", headers=()):
		for number, (type_name, _) in enumerate(TYPES):
			with self.subTest(type_name):
				self.assert_equal("/%s?order=id" % table_name(number), self.asked_of_postgresql(
					"SELECT * FROM eq.%s ORDER BY id" % table_name(number), role, settings), headers)

	def test_every_type(self):
		self.each_type()

	def test_another_time_zone(self):
		self.each_type(settings="SET TimeZone = 'America/St_Johns';", headers={"Prefer": "timezone=America/St_Johns"})

	def test_a_role_with_other_formats(self):
		"""DateStyle, IntervalStyle, bytea_output, extra_float_digits and TimeZone of the role."""
		self.each_type("swm_it_odd", "SET DateStyle = 'German'; SET IntervalStyle = 'iso_8601'; "
		               "SET bytea_output = 'escape'; SET extra_float_digits = 0; SET TimeZone = 'Asia/Kathmandu';",
		               as_role("swm_it_odd"))

	def test_casts(self):
		for number, (type_name, _) in enumerate(TYPES):
			with self.subTest(type_name):
				self.assert_equal("/%s?select=id,v::text&order=id" % table_name(number), self.asked_of_postgresql(
					"SELECT id, v::text FROM eq.%s ORDER BY id" % table_name(number)))

	def test_casts_to_other_types(self):
		integers = [name for name, _ in TYPES].index("integer")
		for cast in ("bigint", "smallint", "numeric", "real", "float8", "varchar", "bpchar", "oid", "regtype", "money"):
			with self.subTest(cast):
				self.assert_equal("/t%02d?select=id,v::%s&id=eq.2" % (integers, cast), self.asked_of_postgresql(
					"SELECT id, v::%s FROM eq.t%02d WHERE id = 2" % (cast, integers)))

	def test_keys(self):
		self.assert_equal_in_test("Order%20Items", '"Order Items"')
		self.assert_equal_in_test("%D9%85%D9%88%D8%A7%D8%B1%D8%AF", '"موارد"')
		self.assert_equal_in_test("people", "people")
		self.assert_equal_in_test("countries", "countries")
		self.assert_equal_in_test("articles", "articles")

	def assert_equal_in_test(self, path, relation):
		with self.subTest(relation):
			self.assert_equal("/" + path, self.asked_of_postgresql("SELECT * FROM test." + relation),
			                  {"Accept-Profile": "test"})

	def test_no_columns_and_no_rows(self):
		self.assert_equal("/nothing", b"[]", {"Accept-Profile": "test"})


if __name__ == "__main__":
	unittest.main()
