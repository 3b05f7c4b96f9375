"""
What domains look like outside (PostgREST's references/api/domain_representations): in answers in
JSON, in filters, in bodies.
"""
import base64
import json
import os
import unittest

import harness

JOHN, NOBODY, JANE = "hGxP/ZLOTeeNEY4pkp9OxA==", "AAAAAAAAAAAAAAAAAAAAAQ==", "zH7HbFJUTfy/GZpwuirpuQ=="
JOHN_UUID, JANE_UUID = "846c4ffd-92ce-4de7-8d11-8e29929f4ec4", "cc7ec76c-5254-4dfc-bf19-9a70ba2ae9b9"


class Domains(unittest.TestCase):
	def setUp(self):
		harness.cluster().sql_file(harness.database(), os.path.join(harness.HERE, "domains.sql"))
		self.server = harness.server(db_schemas="domains", db_aggregates_enabled="true")

	def rows(self, target, accept="application/json"):
		answer = self.server.get(target, {"Accept": accept})
		self.assertEqual(answer.status, 200, answer.text)
		return json.loads(answer.text) if "json" in accept else answer.text

	def send(self, method, target, body=None, content="application/json", prefer="return=representation"):
		body = body if isinstance(body, (str, type(None))) else json.dumps(body)
		return self.server.request(method, target, {"Content-Type": content, "Prefer": prefer},
		                           None if body is None else body.encode())

	def expect(self, answer, status, rows):
		self.assertEqual((answer.status, json.loads(answer.text)), (status, rows), answer.text)


class Answers(Domains):
	def test_the_example(self):
		self.assertEqual(self.rows("/profiles?select=id,name&name=like.John*"), [{"id": JOHN, "name": "John Doe"}])

	def test_all_columns(self):
		self.assertEqual(self.rows("/profiles?order=name"), [
			{"id": JOHN, "name": "John Doe", "small": {"n": 7}, "paint": {"hex": "#ff0000", "none": None}, "friends": [JANE_UUID]},
			{"id": NOBODY, "name": "Nobody", "small": {"n": None}, "paint": None, "friends": None}])

	def test_aliases_computed_fields_and_views(self):
		self.assertEqual(self.rows("/profiles?select=key:id,twin&order=name&limit=1"), [{"key": JOHN, "twin": JOHN}])
		self.assertEqual(self.rows("/people?select=id&order=name"), [{"id": JOHN}, {"id": NOBODY}])

	def test_each_media_type(self):
		self.assertEqual(self.rows("/profiles?select=id&small=eq.7", "application/vnd.pgrst.object+json"), {"id": JOHN})
		self.assertEqual(self.rows("/profiles?select=id&small=eq.7", "application/x-ndjson"), {"id": JOHN})
		stripped = self.rows("/profiles?select=paint&small=eq.7", "application/vnd.pgrst.array+json;nulls=stripped")
		self.assertEqual(stripped, [{"paint": {"hex": "#ff0000"}}])

	def test_what_is_no_json_is_as_stored(self):
		self.assertEqual(self.rows("/profiles?select=id,paint&small=eq.7", "text/csv"), "id,paint\n%s,16711680" % JOHN_UUID)

	def test_a_cast_takes_its_place(self):
		self.assertEqual(self.rows("/profiles?select=id::text,paint::int&small=eq.7"), [{"id": JOHN_UUID, "paint": 16711680}])

	def test_order_is_of_what_is_stored(self):
		self.assertEqual(self.rows("/profiles?select=id&order=id"), [{"id": NOBODY}, {"id": JOHN}])

	def test_embedded(self):
		self.assertEqual(self.rows("/badges?select=id,profiles(id,paint)&order=id&id=neq.2"), [
			{"id": 1, "profiles": {"id": JOHN, "paint": {"hex": "#ff0000", "none": None}}}, {"id": 3, "profiles": None}])
		self.assertEqual(self.rows("/profiles?select=badges(profile_id)&small=eq.7"), [{"badges": [{"profile_id": JOHN}] * 2}])

	def test_spread(self):
		self.assertEqual(self.rows("/badges?select=id,...profiles(key:id)&id=in.(1,3)&order=profiles(id).nullsfirst"),
		                 [{"id": 3, "key": None}, {"id": 1, "key": JOHN}])
		self.assertEqual(self.rows("/profiles?select=...badges(profile_id)&small=eq.7"), [{"profile_id": [JOHN] * 2}])

	def test_groups(self):
		"""Aggregates work on what is stored; what they are grouped by is shown as elsewhere."""
		self.assertEqual(self.rows("/badges?select=profile_id,points.sum()&order=profile_id"),
		                 [{"profile_id": JOHN, "sum": 11}, {"profile_id": None, "sum": 1}])
		self.assertCountEqual(self.rows("/badges?select=points.sum(),...profiles(id)"),
		                      [{"id": JOHN, "sum": 11}, {"id": None, "sum": 1}])
		self.assertEqual(self.rows("/badges?select=...profiles(paint.max())"), [{"max": 16711680}])

	def test_functions(self):
		self.assertEqual(self.rows("/rpc/all_profiles?select=id&id=eq.%s" % JOHN), [{"id": JOHN}])
		self.assertEqual(self.rows("/rpc/some_ids"), [{"id": JOHN, "n": 1}])
		self.assertEqual(self.rows("/rpc/one_id"), JOHN)
		self.assertEqual(self.rows("/rpc/one_profile?select=id"), {"id": JOHN})

	def test_pages_by_key(self):
		answer = self.server.get("/profiles?select=id&order=id&limit=1")
		link = answer.header("Link")
		self.assertEqual(json.loads(answer.text), [{"id": NOBODY}])
		self.assertEqual(self.rows("/profiles" + link[1:link.index(">")]), [{"id": JOHN}])


class Filters(Domains):
	def found(self, condition):
		return [row["name"] for row in self.rows("/profiles?select=name&order=name&" + condition)]

	def test_the_example(self):
		self.assertEqual(self.found("id=eq." + JOHN), ["John Doe"])

	def test_operators(self):
		for condition, names in (
			("id=neq.%s" % JOHN, ["Nobody"]), ("id=not.eq.%s" % JOHN, ["Nobody"]), ("id=gt.%s" % NOBODY, ["John Doe"]),
			("id=in.(%s,%s)" % (JOHN, NOBODY), ["John Doe", "Nobody"]), ("id=in.(%s)" % JANE, []), ("id=in.()", []),
			("id=eq(any).{%s,%s}" % (JOHN, JANE), ["John Doe"]), ("id=lte(all).{%s,%s}" % (NOBODY, JANE), ["Nobody"]),
			("paint=is.null", ["Nobody"]), ("paint=isdistinct.%23ff0000", ["Nobody"]),
			("or=(id.eq.%s,paint.eq.%%23ff0000)" % NOBODY, ["John Doe", "Nobody"]), ("twin=eq.%s" % JOHN, ["John Doe"])):
			with self.subTest(condition):
				self.assertEqual(self.found(condition), names)

	def test_the_native_form_without_a_cast(self):
		self.assertEqual(self.found("small=eq.7"), ["John Doe"])
		self.assertEqual(self.found("small=in.(7,8)"), ["John Doe"])

	def test_of_what_is_embedded(self):
		self.assertEqual(self.rows("/badges?select=id,profiles!inner()&profiles.id=eq.%s&order=id" % JOHN), [{"id": 1}, {"id": 2}])

	def test_a_value_that_is_none(self):
		answer = self.server.get("/profiles?paint=eq.red")
		self.assertEqual((answer.status, json.loads(answer.text)["message"]), (400, "no colour: red"))

	def test_an_index_is_of_use(self):
		plan = harness.sql("SET enable_seqscan = off; EXPLAIN SELECT FROM domains.profiles"
		                   " WHERE id = ANY (ARRAY(SELECT domains.app_uuid(v) FROM unnest('{%s}'::text[]) AS u(v)))" % JOHN)
		self.assertIn("Index", plan)


class Bodies(Domains):
	def stored(self, name):
		return harness.sql("SELECT id, small, paint FROM domains.profiles WHERE name = '%s'" % name)

	def test_the_example(self):
		self.expect(self.send("POST", "/profiles?select=id,name", {"id": JANE, "name": "Jane Doe"}), 201,
		            [{"id": JANE, "name": "Jane Doe"}])
		self.assertEqual(self.stored("Jane Doe"), JANE_UUID + "||255")

	def test_many_with_defaults(self):
		rows = [{"id": JANE, "name": "A", "small": 3}, {"id": "zH7HbFJUTfy/GZpwuirpug==", "name": "A", "paint": {"hex": "#000001"}}]
		answer = self.send("POST", "/profiles?columns=id,name,small,paint&select=paint", rows,
		                   prefer="return=representation, missing=default")
		self.assertEqual(answer.status, 201, answer.text)
		self.assertEqual(harness.sql("SELECT string_agg(paint::text, ' ' ORDER BY id) FROM domains.profiles WHERE name = 'A'"), "255 1")

	def test_null(self):
		self.expect(self.send("POST", "/profiles?select=paint", {"id": JANE, "name": "N", "paint": None}), 201, [{"paint": None}])

	def test_csv_and_forms(self):
		self.assertEqual(self.send("POST", "/profiles", "id,name\n%s,C\n" % JANE, "text/csv").status, 201)
		self.assertEqual(self.stored("C"), JANE_UUID + "||255")

	def test_in_bulk(self):
		"""Bodies that are streamed into the database, and those that are larger than what is held in memory."""
		line = json.dumps({"id": JANE, "name": "B", "paint": {"hex": "#000002"}})
		self.assertEqual(self.send("POST", "/profiles", line + "\n", "application/x-ndjson", "return=minimal").status, 201)
		self.assertEqual(self.stored("B"), JANE_UUID + "||2")
		rows = [{"id": base64.b64encode(n.to_bytes(16, "big")).decode(), "name": "C" * 50, "paint": {"hex": "#%06x" % n}}
		        for n in range(100, 40100)]
		for content, body in (("application/json", json.dumps(rows)), ("application/x-ndjson", "".join(json.dumps(r) + "\n" for r in rows))):
			answer = self.send("POST", "/profiles", body, content, "return=minimal")
			self.assertEqual(answer.status, 201, answer.text)
			stored = harness.sql("SELECT count(*), sum(paint::int), max(id::text) FROM domains.profiles WHERE name LIKE 'CC%'")
			self.assertEqual(stored, "40000|%d|00000000-0000-0000-0000-000000009ca3" % sum(range(100, 40100)))
			harness.sql("DELETE FROM domains.profiles WHERE name LIKE 'CC%'")

	def test_update(self):
		self.expect(self.send("PATCH", "/profiles?select=paint,small&id=eq.%s" % JOHN, {"paint": {"hex": "#0000ff"}, "small": 9}),
		            200, [{"paint": {"hex": "#0000ff", "none": None}, "small": {"n": 9}}])
		self.assertEqual(self.stored("John Doe"), JOHN_UUID + "|9|255")

	def test_upsert(self):
		self.expect(self.send("POST", "/profiles?select=id,name", {"id": JOHN, "name": "J"},
		                      prefer="return=representation, resolution=merge-duplicates"), 200, [{"id": JOHN, "name": "J"}])

	def test_put(self):
		self.expect(self.send("PUT", "/profiles?select=id,name&id=eq.%s" % JANE, {"id": JANE, "name": "P"}), 201,
		            [{"id": JANE, "name": "P"}])
		answer = self.send("PUT", "/profiles?id=eq.%s" % JANE, {"id": JOHN, "name": "P"})
		self.assertEqual((answer.status, json.loads(answer.text)["code"]), (400, "PGRST115"))

	def test_delete(self):
		self.expect(self.send("DELETE", "/profiles?select=id&id=eq.%s" % NOBODY), 200, [{"id": NOBODY}])

	def test_embedded_in_what_was_written(self):
		self.expect(self.send("POST", "/badges?select=profile_id,profiles(id)", {"id": 9, "profile_id": JOHN}), 201,
		            [{"profile_id": JOHN, "profiles": {"id": JOHN}}])

	def test_location_is_a_filter(self):
		answer = self.send("POST", "/profiles", {"id": JANE, "name": "L"}, prefer="return=headers-only")
		self.assertEqual(answer.status, 201, answer.text)
		self.assertEqual(self.rows(answer.header("Location") + "&select=name"), [{"name": "L"}])

	def test_a_value_that_is_none(self):
		answer = self.send("POST", "/profiles", {"id": JANE, "name": "X", "paint": {"hex": "red"}})
		self.assertEqual((answer.status, json.loads(answer.text)["message"]), (400, "no colour: red"))
		self.assertEqual(self.stored("X"), "")


if __name__ == "__main__":
	unittest.main()
