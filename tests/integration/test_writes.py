"""
Insert, upsert, PUT, PATCH and DELETE: the answer, and what the table has afterwards
(PostgREST's references/api/tables_views and preferences).
"""
import gzip
import json
import os
import unittest

import harness
from harness import error_body

REPRESENTATION = "return=representation"


class Writes(unittest.TestCase):
	def setUp(self):
		harness.cluster().sql_file(harness.database(), os.path.join(harness.HERE, "writes.sql"))
		self.server = harness.server(db_schemas="writes")

	def send(self, method, target, body=None, content="application/json", **fields):
		headers = {"Content-Type": content, **{name.capitalize(): value for name, value in fields.items()}}
		if not isinstance(body, (str, type(None))):
			body = json.dumps(body)
		return self.server.request(method, target, headers, None if body is None else body.encode())

	def expect(self, answer, status, rows=None, **headers):
		self.assertEqual(answer.status, status, answer.text)
		if rows is None:
			self.assertEqual(answer.text, "")
		else:
			self.assertCountEqual(json.loads(answer.text), rows) # what is written has no order
		for name, value in headers.items():
			self.assertEqual(answer.header(name.replace("_", "-")), value)

	def expect_error(self, answer, status, *body):
		self.assertEqual((answer.status, answer.text), (status, error_body(*body)))

	def rows(self, query):
		return harness.sql("SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') FROM (%s) AS t" % query)


class Plan(Writes):
	"""EXPLAIN of a write (references/observability): with analyze it is done, and kept."""
	ACCEPT = "application/vnd.pgrst.plan+json"

	def setUp(self):
		super().setUp()
		self.server = harness.server(db_schemas="writes", db_plan_enabled=True, db_tx_end="commit-allow-override")

	def plan(self, method, target, body=None, options="", prefer=""):
		answer = self.send(method, target, body, accept=self.ACCEPT + options, prefer=prefer)
		self.assertEqual(answer.status, 200, answer.text)
		self.assertTrue(answer.header("Content-Type").startswith(self.ACCEPT + '; for="application/json"'), answer)
		self.assertIsNone(answer.header("Content-Range"))
		return json.loads(answer.text)[0]["Plan"]

	def operations(self, plan):
		return [plan[key] for key in ("Operation",) if key in plan] + [o for p in plan.get("Plans", []) for o in self.operations(p)]

	def test_each_method(self):
		before = self.rows("TABLE writes.films")
		for method, target, body, operation in (
			("POST", "/films", {"title": "A"}, "Insert"), ("PATCH", "/films?id=eq.1", {"title": "A"}, "Update"),
			("DELETE", "/films?id=eq.1", None, "Delete"), ("PUT", "/films?id=eq.1", {"id": 1, "title": "A"}, "Insert")):
			for prefer in ("return=minimal", "return=headers-only", REPRESENTATION):
				with self.subTest(method + " " + prefer):
					self.assertEqual(self.operations(self.plan(method, target, body, prefer=prefer)), [operation])
		self.assertEqual(self.rows("TABLE writes.films"), before)

	def test_no_preference_is_applied_to_a_plan(self):
		answer = self.send("PATCH", "/films?id=eq.1", {"title": "A"}, accept=self.ACCEPT,
		                   prefer="return=representation,count=exact,handling=strict,tx=rollback")
		self.assertEqual((answer.status, answer.header("Preference-Applied"), answer.header("Content-Range")), (200, None, None))

	def test_text_and_options(self):
		answer = self.send("DELETE", "/films?id=eq.1", accept="application/vnd.pgrst.plan;options=verbose")
		self.assertEqual((answer.status, answer.header("Content-Type")), (
			200, 'application/vnd.pgrst.plan+text; for="application/json"; options=verbose; charset=utf-8'))
		self.assertRegex(answer.text, r"^Delete on writes\.films  \(cost=")

	def test_analyze_is_kept(self):
		self.plan("POST", "/films", {"title": "kept"}, ";options=analyze")
		self.plan("POST", "/films", {"title": "gone"}, ";options=analyze", "tx=rollback")
		self.assertEqual(self.rows("SELECT title FROM writes.films WHERE title IN ('kept', 'gone')"), "(kept)")

	def test_for_another_media_type(self):
		answer = self.send("POST", "/films?select=title", {"title": "A"}, prefer=REPRESENTATION,
		                   accept=self.ACCEPT + ';for="application/vnd.pgrst.object+json"')
		self.assertEqual(answer.status, 200, answer.text)

	def test_disabled(self):
		answer = harness.server(db_schemas="writes").request("DELETE", "/films", {"Accept": self.ACCEPT})
		self.assertEqual((answer.status, json.loads(answer.text)["code"]), (406, "PGRST107"))

	def test_what_may_not_be_done(self):
		answer = self.send("DELETE", "/not_there", accept=self.ACCEPT)
		self.assertEqual((answer.status, json.loads(answer.text)["code"]), (404, "PGRST205"))


class Insert(Writes):
	def test_minimal(self):
		self.expect(self.send("POST", "/films", {"title": "A"}), 201, Content_Range="*/*", Location=None)
		self.assertEqual(self.rows("SELECT title, year FROM writes.films"), "(A,1999)")

	def test_representation(self):
		answer = self.send("POST", "/films?select=title,year", [{"title": "A", "year": 1}, {"title": "B", "year": None}],
		                   prefer=REPRESENTATION)
		self.expect(answer, 201, [{"title": "A", "year": 1}, {"title": "B", "year": None}],
		            Preference_Applied=REPRESENTATION)

	def test_headers_only(self):
		answer = self.send("POST", "/pairs", {"a": 1, "b": 2}, prefer="return=headers-only")
		self.expect(answer, 201, Location="/pairs?a=eq.1&b=eq.2")

	def test_embedding_and_computed(self):
		answer = self.send("POST", "/films?select=label,directors(name),directed_by(name)",
		                   {"title": "A", "director_id": 2}, prefer=REPRESENTATION)
		self.expect(answer, 201, [{"label": "1:A", "directors": {"name": "Dickson"}, "directed_by": {"name": "Dickson"}}])

	def test_values_arrive_as_they_were_sent(self):
		body = '{"n": 0.10, "i": 9223372036854775807, "j": {"a":1e400,"a":2.50, "b":"\\u00e9"}}'
		self.expect(self.send("POST", "/numbers", body), 201)
		self.assertEqual(harness.sql("SELECT n, i, j FROM writes.numbers"),
		                 '0.10|9223372036854775807|{"a":1e400,"a":2.50, "b":"\\u00e9"}')

	def test_what_sql_sets_stands_in_place_of_ours(self):
		harness.sql("CREATE FUNCTION writes.tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config("
		            "'response.headers', '[{\"Content-Type\": \"text/x\"}, {\"Location\": \"/there\"}]', true); RETURN NEW; END $$;"
		            " CREATE TRIGGER tell AFTER INSERT ON writes.pairs FOR EACH ROW EXECUTE FUNCTION writes.tell()")
		answer = self.send("POST", "/pairs?select=a", {"a": 1, "b": 2}, prefer=REPRESENTATION)
		self.expect(answer, 201, [{"a": 1}], Content_Type="text/x", Location="/there")
		answer = self.send("POST", "/pairs", {"a": 1, "b": 3}, prefer="return=headers-only")
		self.expect(answer, 201, Location="/there")

	def test_csv(self):
		answer = self.send("POST", "/films?select=title,year", 'title,year\r\nX,1\n"Y ""q"",\n",NULL\n,3\n',
		                   content="text/csv", prefer=REPRESENTATION)
		self.expect(answer, 201, [{"title": "X", "year": 1}, {"title": 'Y "q",\n', "year": None}, {"title": "", "year": 3}])

	def test_csv_that_is_none(self):
		for body, *error in (("title,year\nX\n", "Too few fields", "Line 2"),
		                      ("title,year\nX,1\nY,1,2\n", "Too many fields", "Line 3"),
		                      ('title\n"X\n', "A quote that is not closed", "Line 2")):
			self.expect_error(self.send("POST", "/films", body, content="text/csv"), 400, "PGRST102", *error)
		self.assertEqual(self.rows("SELECT title FROM writes.films"), "")

	def test_form(self):
		self.expect(self.send("POST", "/films", "title=A+b&year=3", content="application/x-www-form-urlencoded"), 201)
		self.assertEqual(self.rows("SELECT title, year FROM writes.films"), '("A b",3)')

	def test_columns_and_missing(self):
		body = [{"title": "A"}, {"title": "B", "x": 1, "year": 5}]
		self.expect(self.send("POST", "/films?columns=title,year", body, prefer="missing=default"), 201,
		            Preference_Applied="missing=default")
		self.assertEqual(self.rows("SELECT title, year FROM writes.films"), "(A,1999) (B,5)")
		self.expect(self.send("POST", "/films?columns=title,year", [{"title": "C"}]), 201)
		self.assertEqual(self.rows("SELECT year FROM writes.films WHERE title = 'C'"), "()")

	def test_bodies_that_are_none(self):
		for body, *error in (("", "Empty or invalid json", "Line 1, column 1: expected a value, found the end"),
		                     ("{", "Empty or invalid json", 'Line 1, column 2: expected a name in double quotes or "}", found the end'),
		                     ("5", "Empty or invalid json", 'Line 1, column 1: expected "{" or "[", found "5"'),
		                     ('[{"title":"A"},{"year":1}]', "All object keys must match", "Row 1, line 1")):
			self.expect_error(self.send("POST", "/films", body), 400, "PGRST102", *error)
		self.expect_error(self.send("POST", "/films", {"nope": 1}), 400, "PGRST204",
		                  "Could not find the 'nope' column of 'films' in the schema cache")

	def test_write_without_read(self):
		"""return=minimal asks for no SELECT privilege."""
		self.expect(self.send("POST", "/secrets", {"id": 1, "word": "w"}), 201)
		self.assertEqual(self.send("POST", "/secrets", {"id": 2, "word": "w"}, prefer=REPRESENTATION).status, 401)
		self.assertEqual(self.rows("SELECT id FROM writes.secrets"), "(1)")

	def test_nothing_is_said_before_the_commit(self):
		for prefer in ("return=minimal", REPRESENTATION):
			answer = self.send("POST", "/later", {"id": 1, "ref": 99}, prefer=prefer)
			self.assertEqual((answer.status, json.loads(answer.text)["code"]), (409, "23503"))
			self.assertEqual(self.rows("SELECT id FROM writes.later"), "")


class Upsert(Writes):
	def setUp(self):
		super().setUp()
		harness.sql("INSERT INTO writes.pairs VALUES (1, 1, 'one'), (1, 2, 'two')")

	def test_merge(self):
		merge = "resolution=merge-duplicates"
		self.expect(self.send("POST", "/pairs", [{"a": 1, "b": 1, "c": "uno"}, {"a": 2, "b": 2, "c": "new"}], prefer=merge),
		            201, Preference_Applied=merge)
		self.expect(self.send("POST", "/pairs", {"a": 1, "b": 2, "c": "dos"}, prefer=merge), 200)
		self.assertEqual(self.rows("SELECT a, b, c FROM writes.pairs"), "(1,1,uno) (1,2,dos) (2,2,new)")

	def test_ignore(self):
		answer = self.send("POST", "/pairs?select=c", [{"a": 1, "b": 1, "c": "uno"}, {"a": 2, "b": 2, "c": "new"}],
		                   prefer="resolution=ignore-duplicates," + REPRESENTATION)
		self.expect(answer, 201, [{"c": "new"}])
		self.assertEqual(self.rows("SELECT a, b, c FROM writes.pairs"), "(1,1,one) (1,2,two) (2,2,new)")

	def test_put(self):
		self.expect(self.send("PUT", "/pairs?a=eq.1&b=eq.1&select=c", {"a": 1, "b": 1, "c": "x"}, prefer=REPRESENTATION), 200, [{"c": "x"}])
		self.expect(self.send("PUT", "/pairs?a=eq.3&b=eq.3&select=c", {"a": 3, "b": 3, "c": "y"}, prefer=REPRESENTATION), 201, [{"c": "y"}])
		self.expect(self.send("PUT", "/pairs?a=eq.3&b=eq.3", {"a": 3, "b": 3, "c": "z"}), 204)
		self.assertEqual(self.rows("SELECT a, b, c FROM writes.pairs"), "(1,1,x) (1,2,two) (3,3,z)")

	def test_preferences_that_a_put_has(self):
		answer = self.send("PUT", "/pairs?a=eq.3&b=eq.3", {"a": 3, "b": 3}, prefer="return=minimal,missing=default,"
		                   "count=exact,resolution=merge-duplicates,handling=strict,max-affected=5")
		self.expect(answer, 204, Preference_Applied="return=minimal, count=exact, handling=strict")

	def test_an_insert_is_never_too_many(self):
		answer = self.send("POST", "/pairs", [{"a": 8, "b": 1}, {"a": 8, "b": 2}], prefer="handling=strict,max-affected=1")
		self.expect(answer, 201, Preference_Applied="handling=strict")

	def test_methods_of_a_put_that_is_none(self):
		answer = self.send("PUT", "/pairs?a=eq.1", {"a": 1, "b": 1})
		self.assertEqual((answer.status, answer.header("Allow")), (405, "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE"))

	def test_a_put_from_the_first_row_on(self):
		"""An offset of none is no page."""
		self.expect(self.send("PUT", "/pairs?a=eq.3&b=eq.3&offset=0", {"a": 3, "b": 3}), 204)
		self.expect_error(self.send("PUT", "/pairs?a=eq.3&b=eq.3&offset=1", {"a": 3, "b": 3}), 400, "PGRST114",
		                  "limit/offset querystring parameters are not allowed for PUT")

	def test_what_is_returned_may_be_counted(self):
		server = harness.server(db_schemas="writes", db_aggregates_enabled=True)
		answer = server.request("PATCH", "/pairs?a=eq.1&select=count(),b.sum()", {"Content-Type": "application/json",
		                        "Prefer": REPRESENTATION}, b'{"c":"x"}')
		self.assertEqual((answer.status, answer.text), (200, '[{"count":2,"sum":3}]'))

	def test_strict_goes_before_accept(self):
		answer = self.send("POST", "/pairs", {"a": 7, "b": 7}, prefer="handling=strict,nonsense", accept="image/png")
		self.expect_error(answer, 400, "PGRST122", "Invalid preferences given with handling=strict", "Invalid preferences: nonsense")

	def test_no_column_of_a_conflict(self):
		"""PostgreSQL says so: PGRST204 is of columns= and of the body (the errors page)."""
		answer = self.send("POST", "/pairs?on_conflict=a,nope", {"a": 7, "b": 7}, prefer="resolution=merge-duplicates")
		self.expect_error(answer, 400, "42703", 'column "nope" does not exist')
		self.expect(self.send("POST", "/pairs?on_conflict=a,nope", {"a": 7, "b": 7}), 201)

	def upsert(self, target, body, resolution="merge-duplicates", **more):
		return self.send("POST", target, body, prefer="%s,resolution=%s" % (REPRESENTATION, resolution), **more)

	def test_a_key_of_some_rows(self):
		"""PostgreSQL's page on INSERT: a partial index is found by its predicate, here the catalogue's."""
		target = "/softdel?on_conflict=email&select=id,email,n"
		self.expect(self.upsert(target, {"id": 1, "email": "x@y", "n": 1}), 201, [{"id": 1, "email": "x@y", "n": 1}])
		self.expect(self.upsert(target, {"id": 1, "email": "x@y", "n": 2}), 200, [{"id": 1, "email": "x@y", "n": 2}])
		self.expect(self.upsert(target, {"id": 2, "email": "x@y", "n": 3}, "ignore-duplicates"), 201, [])
		self.expect(self.send("PATCH", "/softdel?id=eq.1", {"deleted_at": "2025-01-01"}), 204)
		rows = [{"id": 2, "email": "x@y", "n": 5}, {"id": 3, "email": "z@y", "n": 6}]
		self.expect(self.upsert(target, rows), 201, rows) # the row that is deleted is none of the index
		self.expect(self.upsert(target + "&columns=email,n", [{"email": "z@y", "n": 7}], missing="default"), 200,
		            [{"id": 3, "email": "z@y", "n": 7}])
		self.assertEqual(self.rows("SELECT id, n FROM writes.softdel"), "(1,2) (2,5) (3,7)")

	def test_many_rows_by_a_key_of_some(self):
		"""As lines they are copied first, and with errors=skip they are written in parts."""
		target = "/softdel?on_conflict=email"
		lines = "".join('{"email":"%d@y","n":%d}\n' % (i % 500, i) for i in range(500))
		for prefer in "resolution=merge-duplicates", "resolution=merge-duplicates,handling=lenient,errors=skip", "resolution=ignore-duplicates":
			answer = self.send("POST", target, lines, "application/x-ndjson", prefer=prefer)
			self.assertIn(answer.status, (200, 201), answer.text)
		self.assertEqual(self.rows("SELECT count(*), sum(n) FROM writes.softdel"), "(500,124750)")

	def test_a_key_of_an_expression(self):
		target = "/softdel?on_conflict=name&select=name,n"
		self.expect(self.upsert(target, {"name": "Ann", "n": 1}), 201, [{"name": "Ann", "n": 1}])
		self.expect(self.upsert(target, {"name": "ANN", "n": 2}), 200, [{"name": "ANN", "n": 2}])
		self.expect(self.upsert(target, {"name": "ann", "n": 3}, "ignore-duplicates"), 201, [])
		target = "/softdel?on_conflict=n,doc&select=doc,n,email"
		row = {"doc": {"key": "a"}, "n": 10, "active": True, "email": "p"}
		self.assertEqual(self.upsert(target, row).status, 201)
		self.expect(self.upsert(target, {**row, "email": "q"}), 200, [{"doc": {"key": "a"}, "n": 10, "email": "q"}])

	def test_a_key_of_some_rows_through_a_view(self):
		"""The table is of another schema, and so is the function of its index: neither is on the search path."""
		target = "/people?on_conflict=email&select=email,n"
		self.expect(self.upsert(target, {"email": "x@y", "n": 1}), 201, [{"email": "x@y", "n": 1}])
		self.expect(self.upsert(target, {"email": " X@y", "n": 2}), 200, [{"email": " X@y", "n": 2}])
		answer = self.upsert("/people_renamed?on_conflict=mail", {"mail": "x@y"})
		self.assertEqual((answer.status, answer.json["code"], answer.json["hint"]), (400, "42P10", None))

	def test_no_key_of_a_conflict(self):
		message = "there is no unique or exclusion constraint matching the ON CONFLICT specification"
		hint = "Unique keys of 'softdel' to name instead: (id), (email), (name), (n,doc)"
		for names in "deleted_at", "email,name", "n": # of the last there are two
			self.expect_error(self.upsert("/softdel?on_conflict=" + names, {"n": 1}), 400, "42P10", message, None, hint)
		lines = self.send("POST", "/softdel?on_conflict=n", '{"n":1}\n', "application/x-ndjson", prefer="resolution=merge-duplicates")
		self.expect_error(lines, 400, "42P10", message, None, hint)
		self.assertIsNone(self.upsert("/nobodys?on_conflict=email", {"id": 1, "email": "x"}).json["hint"])

	def test_what_is_returned_is_in_order(self):
		"""An order is of what comes back, by any column; limit and offset are not of writes."""
		answer = self.send("POST", "/pairs?select=b&order=b.desc", [{"a": 8, "b": 1}, {"a": 8, "b": 3}, {"a": 8, "b": 2}], prefer=REPRESENTATION)
		self.assertEqual((answer.status, json.loads(answer.text)), (201, [{"b": 3}, {"b": 2}, {"b": 1}]))
		answer = self.send("PATCH", "/pairs?a=eq.8&select=a&order=b.desc&limit=1", {"c": "x"}, prefer=REPRESENTATION + ",count=exact")
		self.assertEqual((answer.status, json.loads(answer.text), answer.header("Content-Range")), (200, [{"a": 8}] * 3, "0-2/3"))
		answer = self.send("DELETE", "/pairs?a=eq.8&select=b&order=b", prefer=REPRESENTATION)
		self.assertEqual((answer.status, json.loads(answer.text)), (200, [{"b": 1}, {"b": 2}, {"b": 3}]))
		self.expect_error(self.send("PATCH", "/pairs?order=nope", {"c": "x"}, prefer=REPRESENTATION), 400, "42703",
		                  "column pairs.nope does not exist")

	def test_the_planner_counts_no_write(self):
		self.expect(self.send("POST", "/pairs", {"a": 8, "b": 1}, prefer="count=planned"), 201,
		            Content_Range="*/*", Preference_Applied="count=planned")
		self.expect(self.send("PATCH", "/pairs?a=eq.8", {"c": "x"}, prefer="count=planned"), 204,
		            Content_Range="0-0/*", Preference_Applied="count=planned")
		self.expect(self.send("PATCH", "/pairs?a=eq.8", {"c": "x"}, prefer="count=estimated"), 204, Content_Range="0-0/1")
		self.expect(self.send("DELETE", "/pairs?a=eq.8", prefer="count=planned"), 204, Content_Range="*/*")

	def test_of_columns_and_on_conflict_the_first_counts(self):
		answer = self.send("POST", "/pairs?columns=a,b&columns=nope&on_conflict=a,b&on_conflict=(&select=a,b,c",
		                   {"a": 1, "b": 1, "c": "x"}, prefer=REPRESENTATION + ",resolution=ignore-duplicates")
		self.expect(answer, 201, [])
		answer = self.send("POST", "/pairs?columns=nope&columns=a,b", {"a": 7, "b": 7})
		self.expect_error(answer, 400, "PGRST204", "Could not find the 'nope' column of 'pairs' in the schema cache")

	def test_put_that_is_none(self):
		body = {"a": 1, "b": 9, "c": "x"}
		self.expect_error(self.send("PUT", "/pairs?a=eq.1&b=eq.1", body), 400, "PGRST115",
		                  "Payload values do not match URL in primary key column(s)")
		for filters in ("a=eq.1", "a=eq.1&b=gt.1", "a=eq.1&b=eq.1&c=eq.x", "a=not.eq.1&b=eq.1", ""):
			self.expect_error(self.send("PUT", "/pairs?" + filters, body), 405, "PGRST105",
			                  "Filters must include all and only primary key columns with 'eq' operators")
		self.expect_error(self.send("PUT", "/pairs?a=eq.1&b=eq.1", {"a": 1, "c": "x"}), 400, "42703",
		                  "column pgrst_body.b does not exist")
		self.expect_error(self.send("PUT", "/pairs?a=eq.1&b=eq.1&limit=1", body), 400, "PGRST114",
		                  "limit/offset querystring parameters are not allowed for PUT")
		self.assertEqual(self.rows("SELECT a, b, c FROM writes.pairs"), "(1,1,one) (1,2,two)")


class Change(Writes):
	def setUp(self):
		super().setUp()
		harness.sql("INSERT INTO writes.pairs VALUES (1, 1, 'one'), (1, 2, 'two'), (2, 1, 'three')")

	def test_patch(self):
		self.expect(self.send("PATCH", "/pairs?a=eq.1", {"d": "x"}), 204, Content_Range="0-1/*")
		answer = self.send("PATCH", "/pairs?b=eq.1&select=a,d", {"d": "y"}, prefer=REPRESENTATION + ",count=exact")
		self.expect(answer, 200, [{"a": 1, "d": "y"}, {"a": 2, "d": "y"}], Content_Range="0-1/2")
		self.assertEqual(self.rows("SELECT a, b, d FROM writes.pairs"), "(1,1,y) (1,2,x) (2,1,y)")

	def test_an_empty_patch(self):
		self.expect(self.send("PATCH", "/pairs", {}), 204, Content_Range="*/*")
		self.expect(self.send("PATCH", "/pairs", {}, prefer=REPRESENTATION), 200, [])

	def test_delete(self):
		self.expect(self.send("DELETE", "/pairs?a=eq.1&select=b", prefer=REPRESENTATION + ",count=exact"), 200,
		            [{"b": 1}, {"b": 2}], Content_Range="*/2")
		self.expect(self.send("DELETE", "/pairs?a=eq.9"), 204, Content_Range="*/*")
		self.assertEqual(self.rows("SELECT a, b FROM writes.pairs"), "(2,1)")

	def test_max_affected(self):
		prefer = "handling=strict,max-affected=1"
		for method, body in (("PATCH", {"d": "x"}), ("DELETE", None)):
			self.expect_error(self.send(method, "/pairs?a=eq.1", body, prefer=prefer), 400, "PGRST124",
			                  "Query result exceeds max-affected preference constraint", "The query affects 2 rows")
		self.assertEqual(self.rows("SELECT a, b, d FROM writes.pairs"), "(1,1,dd) (1,2,dd) (2,1,dd)")
		self.expect(self.send("PATCH", "/pairs?a=eq.2", {"d": "x"}, prefer=prefer), 204,
		            Preference_Applied="handling=strict, max-affected=1")

	def test_singular(self):
		answer = self.send("PATCH", "/pairs?a=eq.1", {"d": "x"}, prefer=REPRESENTATION, accept="application/vnd.pgrst.object+json")
		self.expect_error(answer, 406, "PGRST116", "Cannot coerce the result to a single JSON object", "The result contains 2 rows")
		self.assertEqual(self.rows("SELECT d FROM writes.pairs"), "(dd) (dd) (dd)")

	def test_singular_without_representation(self):
		"""One object is accepted: more or fewer rows are an error, whatever is returned."""
		one = "application/vnd.pgrst.object+json"
		for method, target, body, count in (("PATCH", "/pairs?a=eq.1", {"d": "x"}, 2), ("PATCH", "/pairs?a=eq.9", {"d": "x"}, 0),
		                                    ("DELETE", "/pairs?a=eq.1", None, 2), ("DELETE", "/pairs?a=eq.9", None, 0),
		                                    ("POST", "/pairs", [{"a": 7, "b": 7}, {"a": 8, "b": 8}], 2)):
			for prefer in ("", "return=minimal", "return=headers-only"):
				answer = self.send(method, target, body, accept=one, **({"prefer": prefer} if prefer else {}))
				self.expect_error(answer, 406, "PGRST116", "Cannot coerce the result to a single JSON object",
				                  "The result contains %d rows" % count)
		self.assertEqual(self.rows("SELECT d FROM writes.pairs"), "(dd) (dd) (dd)")
		self.expect(self.send("PATCH", "/pairs?a=eq.2", {"d": "x"}, accept=one), 204)
		self.expect(self.send("POST", "/pairs", {"a": 7, "b": 7}, accept=one), 201)
		self.expect(self.send("DELETE", "/pairs?a=eq.7", accept=one), 204)

	def test_singular_comes_before_too_many(self):
		answer = self.send("DELETE", "/pairs?a=eq.1", accept="application/vnd.pgrst.object+json",
		                   prefer="handling=strict,max-affected=1")
		self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST116"))

	def test_a_filter_that_was_forgotten(self):
		server = harness.server(db_schemas="writes", db_require_filter=True)
		hint = ("Add a filter to the query, like ?id=eq.1. If every row is meant, give one that each row meets, "
		        "like ?id=not.is.null")
		for method, body in (("PATCH", b'{"d":"x"}'), ("DELETE", None)):
			for query in ("", "?select=a", "?limit=1", "?columns=d"):
				answer = server.request(method, "/pairs" + query, {"Content-Type": "application/json"}, body)
				self.expect_error(answer, 400, "SWM002", "%s without a filter would reach every row of 'pairs'" % method, None, hint)
		self.assertEqual(self.rows("SELECT a, b, d FROM writes.pairs"), "(1,1,dd) (1,2,dd) (2,1,dd)")
		self.assertEqual(server.request("PATCH", "/pairs?a=eq.2", {"Content-Type": "application/json"}, b'{"d":"x"}').status, 204)
		self.assertEqual(server.request("DELETE", "/pairs?a=not.is.null").status, 204)
		self.assertEqual(self.rows("SELECT a FROM writes.pairs"), "")

	def test_without_the_setting_no_filter_is_needed(self):
		self.expect(self.send("DELETE", "/pairs"), 204)
		self.assertEqual(self.rows("SELECT a FROM writes.pairs"), "")

	def test_a_plan_keeps_nothing_that_might_be_refused(self):
		"""options=analyze does what it explains; where its rows would be judged it is undone."""
		server = harness.server(db_schemas="writes", db_plan_enabled=True)
		fields = {"Content-Type": "application/json", "Accept": "application/vnd.pgrst.plan+json; options=analyze"}
		answer = server.request("PATCH", "/pairs?a=gt.0", {**fields, "Prefer": "handling=strict, max-affected=1"}, b'{"d":"x"}')
		self.assertEqual((answer.status, answer.header("Preference-Applied")), (200, None))
		self.assertEqual(self.rows("SELECT d FROM writes.pairs"), "(dd) (dd) (dd)")

	def test_rollback(self):
		server = harness.server(db_schemas="writes", db_tx_end="rollback-allow-override")
		answer = server.request("DELETE", "/pairs?a=eq.1&select=b", {"Prefer": REPRESENTATION})
		self.assertEqual((answer.status, len(json.loads(answer.text))), (200, 2))
		self.assertEqual(self.rows("SELECT count(*) FROM writes.pairs"), "(3)")
		self.assertEqual(server.request("DELETE", "/pairs?a=eq.1", {"Prefer": "tx=commit"}).status, 204)
		self.assertEqual(self.rows("SELECT count(*) FROM writes.pairs"), "(1)")


if __name__ == "__main__":
	unittest.main()


class Coding(Writes):
	"""A coded body is not decoded: 415 with Accept-Encoding (RFC 9110, 15.5.16), whatever is in it."""

	def refused(self, coding, answer):
		self.expect_error(answer, 415, "PGRST102", "Content-Encoding not acceptable: " + coding)
		self.assertEqual(answer.header("Accept-Encoding"), "identity")

	def test_every_method_and_type(self):
		packed = gzip.compress(b'{"title":"A"}')
		for method, target in (("POST", "/films"), ("PUT", "/films?id=eq.1"), ("PATCH", "/films?id=eq.1"),
		                       ("POST", "/batch"), ("POST", "/rpc/no_such_function")):
			for content in ("application/json", "text/csv", "application/x-ndjson", "application/x-www-form-urlencoded"):
				with self.subTest(method=method, target=target, content=content):
					headers = {"Content-Type": content, "Content-Encoding": "gzip"}
					self.refused("gzip", self.server.request(method, target, headers, packed))
		self.assertEqual(self.rows("SELECT * FROM writes.films"), "")

	def test_a_plain_body_that_says_it_is_coded(self):
		for coding, named in (("br", "br"), ("GZIP", "GZIP"), ("identity, deflate", "deflate")):
			with self.subTest(coding):
				self.refused(named, self.server.request("POST", "/films", {
					"Content-Type": "application/json", "Content-Encoding": coding}, b'{"title":"A"}'))

	def test_identity(self):
		for coding in ("identity", "Identity", "", "identity, identity"):
			with self.subTest(coding):
				self.assertEqual(self.server.request("POST", "/films", {
					"Content-Type": "application/json", "Content-Encoding": coding}, b'{"title":"A"}').status, 201)
		self.assertEqual(self.server.get("/films?select=id", {"Content-Encoding": "gzip"}).status, 200)

	def test_of_an_operation(self):
		answer = self.server.request("POST", "/batch", {"Content-Type": "application/json"}, json.dumps([
			{"method": "POST", "path": "/films", "body": {"title": "A"}},
			{"method": "POST", "path": "/films", "headers": {"Content-Encoding": "gzip"}, "body": {"title": "B"}},
		]).encode())
		self.refused("gzip", answer)
		self.assertEqual(answer.header("Batch-Operation"), "1")
		self.assertEqual(self.rows("SELECT * FROM writes.films"), "")
