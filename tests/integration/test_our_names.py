"""
Our SQL has names of its own: aliases of rows, documents, bodies, what was written. A table, a
column and an embedded relation may be called like any of them.
"""
import json
import unittest

import harness

# Every alias that a statement of ours can have, found in lib/sql and lib/plan, and PostgreSQL's own.
NAMES = (
	"f", "_f", "e", "_e", "r", "d", "x", "g", "o1", "c1", "n", "_0", "_00", "_1", "_1_0", "_2",
	"body", "_body", "pgrst_body", "rest", "_rest", "_row", "row", "written", "value", "total",
	"excluded", "pgrst_source", "source", "parent", "set", "swm_staging", "t",
)
WRITER = {"Content-Type": "application/json", "Prefer": "return=representation"}


def set_up():
	statements = ["""DROP SCHEMA IF EXISTS our_names CASCADE; CREATE SCHEMA our_names;
		CREATE TABLE our_names.owners (id int PRIMARY KEY, name text);
		INSERT INTO our_names.owners VALUES (1, 'Zoe'), (2, 'Ann');"""]
	for name in NAMES:
		statements.append("""
			CREATE TABLE our_names."{0}" (id int PRIMARY KEY, "{0}" text, other text,
				owner int DEFAULT 1 REFERENCES our_names.owners (id));
			CREATE TABLE our_names."{0}_child" (
				id int PRIMARY KEY, "{0}" int REFERENCES our_names."{0}" (id), word text);
			INSERT INTO our_names."{0}" VALUES (1, 'b', 'one', 1), (2, 'a', 'two', 2);
			INSERT INTO our_names."{0}_child" VALUES (10, 1, 'y'), (11, 2, 'x'), (12, 1, 'z');
		""".format(name))
	statements.append("GRANT USAGE ON SCHEMA our_names TO swm_anon;"
	                  "GRANT ALL ON ALL TABLES IN SCHEMA our_names TO swm_anon")
	harness.sql("".join(statements))
	return harness.server(db_schemas="our_names")


class OurNames(unittest.TestCase):
	def setUp(self):
		self.server = harness.once("our names", set_up)

	def ask(self, method, target, body=None, status=200, **headers):
		data = None if body is None else json.dumps(body).encode()
		answer = self.server.request(method, target, {**WRITER, **headers}, data)
		self.assertEqual(answer.status, status, (target, answer))
		return answer.json

	def test_reads(self):
		for name in NAMES:
			with self.subTest(name):
				self.assertEqual(self.ask("GET", "/%s?select=id,%s&%s=eq.a" % (name, name, name)),
				                 [{"id": 2, name: "a"}])
				self.assertEqual(
					self.ask("GET", "/%s?select=id,%s,other&order=%s" % (name, name, name)),
					[{"id": 2, name: "a", "other": "two"}, {"id": 1, name: "b", "other": "one"}])

	def test_embedded(self):
		for name in NAMES:
			child = name + "_child"
			with self.subTest(name):
				self.assertEqual(
					self.ask("GET", "/%s?select=id,%s(word)&order=id&%s.order=word" % (name, child, child)),
					[{"id": 1, child: [{"word": "y"}, {"word": "z"}]}, {"id": 2, child: [{"word": "x"}]}])
				self.assertEqual(
					self.ask("GET", "/%s?select=id,up:%s(other)&order=up(other).desc,id" % (child, name)),
					[{"id": 11, "up": {"other": "two"}}, {"id": 10, "up": {"other": "one"}},
					 {"id": 12, "up": {"other": "one"}}])
				self.assertEqual(
					self.ask("GET", "/%s?select=id,...%s!inner(other)&order=id&limit=1" % (child, name)),
					[{"id": 10, "other": "one"}])

	def test_writes(self):
		for name in NAMES:
			row = {"id": 3, name: "c", "other": "three", "owner": 1}
			with self.subTest(name):
				self.assertEqual(self.ask("POST", "/" + name, row, 201), [row])
				changed = {**row, name: "d"}
				self.assertEqual(self.ask("POST", "/" + name, [changed], 200,
				                          Prefer="return=representation, resolution=merge-duplicates"), [changed])
				self.assertEqual(self.ask("PATCH", "/%s?id=eq.3&%s=eq.d" % (name, name), {"other": "four"}),
				                 [{**changed, "other": "four"}])
				self.assertEqual(self.ask("PUT", "/%s?id=eq.3" % name, row), [row])
				self.assertEqual(self.ask("DELETE", "/%s?id=eq.3&%s=eq.c" % (name, name)), [row])

	def test_writes_that_return_embedded_rows(self):
		for name in NAMES:
			child = name + "_child"
			with self.subTest(name):
				target = "/%s?id=eq.1&select=id,%s(word)&%s.order=word" % (name, child, child)
				self.assertEqual(self.ask("PATCH", target, {"other": "one"}),
				                 [{"id": 1, child: [{"word": "y"}, {"word": "z"}]}])

	def test_order_by_an_embedded_row(self):
		expected = [{"id": 2, "owners": {"name": "Ann"}}, {"id": 1, "owners": {"name": "Zoe"}}]
		for name in NAMES:
			target = "/%s?id=lt.3&select=id,owners(name)&order=owners(name)" % name
			with self.subTest(name):
				self.assertEqual(self.ask("GET", target), expected)
				self.assertEqual(self.ask("PATCH", target, {"owner": 1})[0]["owners"], {"name": "Zoe"})
				self.assertEqual(len(self.ask("PATCH", target, {"owner": 2})), 2)
				self.ask("PATCH", "/%s?id=eq.1" % name, {"owner": 1})
				self.assertEqual(self.ask("GET", target), expected)

	def test_copied_rows(self):
		"""Bodies of lines are copied into a table of ours first."""
		for name in NAMES:
			lines = "".join('{"id":%d,"%s":"w","other":"q"}\n' % (i, name) for i in range(100, 103))
			with self.subTest(name):
				answer = self.server.request("POST", "/" + name, {
					"Content-Type": "application/x-ndjson", "Prefer": "resolution=merge-duplicates"}, lines.encode())
				self.assertEqual(answer.status, 201, answer)
				self.ask("DELETE", "/%s?id=gte.100" % name)


if __name__ == "__main__":
	unittest.main()
