"""
What names in a query mean where a column, an embedded relation and an alias share one
(doc/DIALECT.md, "What a name means"), names that are longer than PostgreSQL's, and ways into
json (PostgreSQL's functions-json, PostgREST's references/api/tables_views#json-columns).
"""
import os
import unittest
import urllib.parse

import harness

DATABASE = "swm_it_names"
BAD_OPERATOR = "Only is null or not is null filters are allowed on embedded resources"


def make_database():
	harness.cluster().create_database(DATABASE, [harness.SQL_FILES[0], os.path.join(harness.HERE, "names.sql")])
	harness.stop_at_exit(lambda: harness.cluster().process or harness.cluster().sql(
		"postgres", "DROP DATABASE %s WITH (FORCE)" % DATABASE))
	return DATABASE


def server(**settings):
	database = harness.once("names database", make_database)
	settings = dict({"db_schemas": "names", "db_aggregates_enabled": True, "db_plan_enabled": True}, **settings)
	key = ("names server", tuple(sorted(settings.items())))
	return harness.once(key, lambda: harness.Server(harness.cluster(), database, **settings))


class Names(unittest.TestCase):
	maxDiff = None

	@classmethod
	def setUpClass(cls):
		cls.server = server()

	def get(self, target, **headers):
		return self.server.get(target, {name.replace("_", "-"): value for name, value in headers.items()})

	def expect(self, target, rows):
		with self.subTest(target):
			answer = self.get(target)
			self.assertEqual(answer.status, 200, answer.text)
			self.assertEqual(answer.json, rows)

	def expect_text(self, target, text):
		with self.subTest(target):
			answer = self.get(target)
			self.assertEqual((answer.status, answer.text), (200, text))

	def expect_error(self, target, status, code, *, details=None, message=None, hint=None):
		with self.subTest(target):
			answer = self.get(target)
			self.assertEqual((answer.status, answer.json["code"]), (status, code), answer.text)
			for name, value in (("details", details), ("message", message), ("hint", hint)):
				if value is not None:
					self.assertEqual(answer.json[name], value)


class Filters(Names):
	"""A column goes before what is embedded, except where a filter asks for null."""

	def test_a_column_that_is_called_as_an_embedded_relation(self):
		first = {"id": 1, "author": {"name": "A"}}
		second = {"id": 2, "author": {"name": "B"}}
		self.expect("/post?select=id,author(name)&author=eq.1", [first])
		self.expect("/post?select=id,author:author!post_author_fkey(name)&author=in.(1)",
		            [first])
		self.expect("/post?select=id,parent(id)&parent=eq.1",
		            [{"id": 2, "parent": {"id": 1}}])
		self.expect("/post?select=id,...author(name)&author=eq.1", [{"id": 1, "name": "A"}])
		self.expect("/post?select=id,author(name)&or=(author.eq.1,parent.eq.1)&order=id",
		            [first, second])
		self.expect("/post?select=id,author(name)&author=not.eq.1", [second])
		self.expect("/post?select=id,author(name)&author=gt.1", [second])
		self.expect("/post?select=id,author(name)&author=isdistinct.1", [second])

	def test_a_computed_field(self):
		self.expect("/post?select=id,title:author(name)&title=eq.post%202",
		            [{"id": 2, "title": {"name": "B"}}])

	def test_null_asks_what_is_embedded(self):
		self.expect("/post?select=id,author(name)&author=is.null&author.id=eq.1",
		            [{"id": 2, "author": None}])
		self.expect("/post?select=id,author()&author=not.is.null&author.id=eq.1",
		            [{"id": 1}])
		self.expect("/post?select=id,author()&author=is.not_null&author.id=eq.1",
		            [{"id": 1}])
		self.expect("/post?select=id,author()&or=(author.is.null,id.eq.9)&author.id=eq.1",
		            [{"id": 2}])

	def test_writes_take_the_same(self):
		for method, query in (("PATCH", "author=eq.9"), ("DELETE", "author=eq.9")):
			answer = self.server.request(method, "/post?select=id,author(name)&" + query,
			                             {"Prefer": "return=representation"},
			                             b'{"parent":null}' if method == "PATCH" else None)
			self.assertEqual((answer.status, answer.text), (200, "[]"))

	def test_without_a_column_of_the_name_it_is_refused(self):
		self.expect_error("/author?select=id,post(id)&post=eq.1",
		                  400, "PGRST120", details=BAD_OPERATOR)
		self.expect_error("/post?select=id,who:author(name)&who=eq.1",
		                  400, "PGRST120", details=BAD_OPERATOR)
		self.expect_error("/post?select=id,...author(name)&or=(id.eq.1,name.eq.A)",
		                  400, "42703")


class RelatedOrder(Names):
	"""order=relation(name): what its select list calls so, then a column."""

	def test_an_alias(self):
		rows = [{"sum": 7, "name": "fridge"}, {"sum": 7, "name": "kettle"}, {"sum": 1, "name": "lamp"}]
		self.expect("/reading?select=amount.sum(),...device(name:device_name)&order=device(name)",
		            rows)
		self.expect("/reading?select=amount.sum(),...device(name:device_name)&order=device(name).desc&limit=1",
		            rows[2:])
		self.expect("/reading?select=id,...device(name:device_name)&order=device(name),id",
		            [{"id": 2, "name": "fridge"}, {"id": 1, "name": "kettle"}, {"id": 4, "name": "kettle"},
		             {"id": 3, "name": "lamp"}])
		self.expect("/reading?select=id,device(name:device_name)&order=device(name).desc,id.desc&limit=2",
		            [{"id": 3, "device": {"name": "lamp"}}, {"id": 4, "device": {"name": "kettle"}}])
		self.expect("/reading?select=amount.sum(),device(name:device_name)&order=device(name)&limit=1",
		            [{"sum": 7, "device": {"name": "fridge"}}])

	def test_an_alias_goes_before_a_column(self):
		self.expect("/reading?select=id,...device(short:device_name)&order=device(short).desc&limit=1",
		            [{"id": 3, "short": "lamp"}])
		self.expect("/reading?select=id,...device(device_name)&order=device(short)&limit=1",
		            [{"id": 3, "device_name": "lamp"}])

	def test_a_column_that_is_not_renamed_is_the_column(self):
		self.expect("/reading?select=id,...device(did:id)&order=device(id).desc&limit=1",
		            [{"id": 3, "did": 10}])
		self.expect("/device?select=id,...maker(name::text)&order=maker(name),id", [
			{"id": 10, "name": "Acme"}, {"id": 1, "name": "Zuse"}, {"id": 2, "name": "Zuse"}])

	def test_aliases_of_other_values(self):
		self.expect("/reading?select=id,...device(did:id::text)&order=device(did),id&limit=3",
		            [
			{"id": 1, "did": "1"}, {"id": 4, "did": "1"}, {"id": 3, "did": "10"}])
		self.expect("/reading?select=amount.sum(),...device(did:id::text)&order=device(did)",
		            [
			{"sum": 7, "did": "1"}, {"sum": 1, "did": "10"}, {"sum": 7, "did": "2"}])
		self.expect("/reading?select=id,device(did:id::text)&order=device(did).desc&limit=1",
		            [{"id": 2, "device": {"did": "2"}}])
		self.expect("/reading?select=id,...device(rank:doc->rank)&order=device(rank)&limit=1",
		            [{"id": 2, "rank": 9}])
		self.expect("/reading?select=id,...device(rank:doc->>rank)&order=device(rank),id&limit=1",
		            [{"id": 1, "rank": "10"}])
		self.expect("/reading?select=id,...device(...maker(made_by:name))&order=device(made_by),id&limit=2",
		            [
			{"id": 3, "made_by": "Acme"}, {"id": 1, "made_by": "Zuse"}])

	def test_what_is_neither(self):
		self.expect_error("/reading?select=id,...device(name:device_name)&order=device(nope)",
		                  400, "42703")
		self.expect_error("/reading?select=id,...device(total:id.sum())&order=device(total)",
		                  400, "42703")


class EmptySelect(Names):
	def test_it_is_all_columns(self):
		self.expect("/author?select=&order=id",
		            [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}])
		self.expect("/author?select=%20&id=eq.1", [{"id": 1, "name": "A"}])
		self.assertEqual(self.get("/author?select=&id=eq.1", Accept="text/csv").text, "id,name\n1,A")
		self.expect("/post?select=id,author()&id=eq.1", [{"id": 1}])

	def test_of_a_write(self):
		answer = self.server.request("POST", "/author?select=", {"Prefer": "return=representation, tx=rollback",
		                             "Content-Type": "application/json"}, b'{"id":77,"name":"Z"}')
		self.assertEqual((answer.status, answer.text), (201, '[{"id":77,"name":"Z"}]'))
		self.server.request("DELETE", "/author?id=eq.77")


class LongNames(Names):
	"""PostgreSQL keeps 63 bytes of a name (SQL-SYNTAX-IDENTIFIERS); a member of an answer has the name asked for."""

	A, B = "x" * 70 + "a", "x" * 70 + "b"

	def long(self, target):
		return target.replace("{A}", self.A).replace("{B}", self.B)

	def test_to_many(self):
		self.expect_text(self.long("/par?select=id,chi({A}:id,{B}:v)&id=eq.1&chi.order=id&chi.limit=1"),
		                 self.long('[{"id":1,"chi":[{"{A}":1,"{B}":10}]}]'))
		self.expect(self.long("/par?select=id,chi({A}:id,{B}:v)&order=id&chi.order=id"), [
			{"id": 1, "chi": [{self.A: 1, self.B: 10}, {self.A: 2, self.B: None}]}, {"id": 2, "chi": []}])
		self.expect(self.long("/par?select=id,chi!inner({A}:id)&chi.id=eq.2"),
		            [{"id": 1, "chi": [{self.A: 2}]}])

	def test_to_one(self):
		self.expect_text(self.long("/chi?select={A}:id,par({A}:id,{B}:id)&id=eq.1"),
		                 self.long('[{"{A}":1,"par":{"{A}":1,"{B}":1}}]'))
		self.expect(self.long("/chi?select=id,par({A}:id,{B}:id)&order=par({A}),id.desc"), [
			{"id": 2, "par": {self.A: 1, self.B: 1}}, {"id": 1, "par": {self.A: 1, self.B: 1}}])

	def test_values_are_as_row_to_json_writes_them(self):
		values = ("id", "v", "doc->k", "doc->>k", "t", "doc", "v::numeric")

		def text(prefix):
			aliased = ",".join("%s%d:%s" % (prefix, i, value) for i, value in enumerate(values))
			answer = self.get("/par?select=chi(%s)&id=eq.1&chi.order=id" % aliased)
			self.assertEqual(answer.status, 200, answer.text)
			return answer.text.replace(prefix, "")
		self.assertEqual(text(self.A), text("short"))

	def test_names_of_other_scripts_and_with_quotes(self):
		one, two = "имя" * 11 + "а", "имя" * 11 + "б"
		answer = self.get("/par?select=chi(%s:id,%s:v)&id=eq.1&chi.id=eq.1"
		                  % (urllib.parse.quote(one), urllib.parse.quote(two)))
		self.assertEqual(answer.json, [{"chi": [{one: 1, two: 10}]}])
		answer = self.get("/par?select=chi(%s:id)&id=eq.1&chi.id=eq.1" % urllib.parse.quote('"\\"' + "y" * 70 + '"'))
		self.assertEqual(answer.json, [{"chi": [{'"' + "y" * 70: 1}]}])

	def test_the_name_of_an_embedded_relation_and_of_a_path(self):
		self.expect(self.long("/par?select=id,{A}:chi(par({B}:id))&id=eq.1&{A}.id=eq.1"),
		            [{"id": 1, self.A: [{"par": {self.B: 1}}]}])
		self.expect(self.long("/par?select=chi(doc->{A},doc->{B})&id=eq.1&chi.id=eq.1"),
		            [{"chi": [{self.A: None, self.B: None}]}])
		self.expect(self.long("/chi?select=id,par({A}:chi(id),{B}:chi(v))&id=eq.2&par.{A}.id=eq.1&par.{B}.id=eq.1"),
		            [
			{"id": 2, "par": {self.A: [{"id": 1}], self.B: [{"v": 10}]}}])

	def test_spread_and_groups(self):
		self.expect(self.long("/par?select=id,...chi({A}:id,{B}:v)&id=eq.1&chi.order=id"), [
			{"id": 1, self.A: [1, 2], self.B: [10, None]}])
		self.expect(self.long("/par?select=chi(...par({A}:id,{B}:id))&id=eq.1&chi.id=eq.1"),
		            [{"chi": [{self.A: 1, self.B: 1}]}])
		self.expect(self.long("/par?select=id,chi({A}:v.sum(),{B}:count())&id=eq.1"),
		            [{"id": 1, "chi": [{self.A: 10, self.B: 2}]}])
		self.expect(self.long("/chi?select={A}:v.sum(),{B}:count(),par({A}:id,{B}:id)"), [
			{self.A: 10, self.B: 2, "par": {self.A: 1, self.B: 1}}])

	def test_more_members_than_a_function_has_arguments(self):
		names = [self.A + str(i) for i in range(120)]
		answer = self.get("/par?select=chi(%s)&id=eq.1&chi.id=eq.1" % ",".join(n + ":id" for n in names))
		self.assertEqual(answer.json, [{"chi": [{n: 1 for n in names}]}])

	def test_what_a_write_returns(self):
		answer = self.server.request("PATCH", self.long("/chi?select={A}:id,{B}:v,par({A}:id,{B}:id)&id=eq.1"),
		                             {"Prefer": "return=representation", "Content-Type": "application/json"},
		                             b'{"t":"a \\"b\\""}')
		self.assertEqual((answer.status, answer.json), (200, [{self.A: 1, self.B: 10, "par": {self.A: 1, self.B: 1}}]))

	def test_other_media_types(self):
		target = self.long("/chi?select={A}:id,{B}:v,par({A}:id,{B}:id)&id=eq.1")
		self.assertEqual(self.get(target, Accept="text/csv").text.split("\n")[0], "%s,%s,par" % (self.A, self.B))
		self.assertEqual(self.get(target, Accept="application/x-ndjson").json,
		                 {self.A: 1, self.B: 10, "par": {self.A: 1, self.B: 1}})
		stripped = self.get(self.long("/par?select=chi({A}:id,{B}:v)&id=eq.1&chi.id=eq.2"),
		                    Accept="application/vnd.pgrst.array+json;nulls=stripped")
		self.assertEqual(stripped.json, [{"chi": [{self.A: 2}]}])

	def test_a_name_that_is_too_long_for_a_column_is_none(self):
		name = "x" * 63
		self.expect("/cut?select=" + name, [{name: 1}])
		for query in ("select={0}", "{0}=eq.1", "or=({0}.eq.1)", "order={0}", "select=n:{0}"):
			self.expect_error("/cut?" + query.format(name + "x"), 400, "42703",
			                  message="column cut.%sx does not exist" % name)
		answer = self.server.request("POST", "/cut?on_conflict=" + name + "x", {"Prefer": "resolution=ignore-duplicates",
		                             "Content-Type": "application/json"}, ('{"%s":1}' % name).encode())
		self.assertEqual((answer.status, answer.json["code"]), (400, "42703"))


class Hints(Names):
	"""A hint names what works."""

	def follow(self, target, embed, count):
		"""Each name that the hint offers is tried in place of the embedded relation's."""
		answer = self.get(target % embed)
		self.assertEqual((answer.status, answer.json["code"]), (300, "PGRST201"))
		hint = answer.json["hint"]
		offered = hint.split(": ", 1)[1].split(". Find")[0].replace("'", "").split(", ")
		self.assertEqual((len(offered), len(set(offered))), (count, count), hint)
		for name in offered:
			self.assertEqual(self.get(target % name).status, 200, name)
		return hint

	def test_a_view_that_shows_a_column_twice(self):
		self.assertEqual(self.follow("/games_v?select=id,%s(name)", "teams", 2),
		                 "Try changing 'teams' to one of the following: 'teams!home', 'teams!home_again'. "
		                 "Find the desired relationship in the 'details' key.")
		self.follow("/teams_v?select=name,%s(id)", "games", 2)
		self.follow("/games?select=id,%s(name)", "teams_v", 2)

	def test_keys_have_names(self):
		self.assertIn("'pair!pair_a_fkey', 'pair!pair_b_fkey'", self.follow("/teams?select=id,%s(c)", "pair", 2))

	def test_nothing_tells_them_apart(self):
		answer = self.get("/teams?select=id,author(name)")
		self.assertEqual((answer.status, answer.json["code"]), (300, "PGRST201"))
		self.assertEqual(len(answer.json["details"]), 2)
		self.assertEqual(answer.json["hint"], "No hint tells these relationships apart: "
		                 "define a computed relationship for the one that is meant.")

	def test_a_second_hint(self):
		self.expect_error("/games?select=teams!a!b(id)", 400, "PGRST100",
		                  message='"failed to parse select parameter (teams!a!b(id))" (line 1, column 10)',
		                  details='an embedded resource has one hint; beside it only "inner" or "left"')
		self.expect("/games?select=teams!games_home_fkey!inner(name)",
		            [{"teams": {"name": "Blues"}}])
		self.expect("/games?select=teams!inner!games_home_fkey(name)",
		            [{"teams": {"name": "Blues"}}])


class ReferredColumns(Names):
	"""The column of a key names the relationship from either side."""

	def test_one_to_one(self):
		self.expect("/country?select=name,id(name)&order=id", [
			{"name": "Peru", "id": {"name": "Lima"}}, {"name": "Chile", "id": None}])
		self.expect("/country?select=name,city:id(name)&id=eq.1",
		            [{"name": "Peru", "city": {"name": "Lima"}}])
		self.expect("/capital?select=name,country_id(name)",
		            [{"name": "Lima", "country_id": {"name": "Peru"}}])

	def test_one_to_many(self):
		self.expect("/league?select=code(id)&code.order=id",
		            [{"code": [{"id": 1}, {"id": 2}]}])
		self.expect("/club?select=code(code)&id=eq.1", [{"code": {"code": 1}}])

	def test_several(self):
		self.expect_error("/teams?select=id(*)", 300, "PGRST201")
		self.expect_error("/club?select=id(*)", 400, "PGRST200")


class Documents(Names):
	"""json is reached into as it is."""

	def test_text_stays(self):
		self.expect("/papers?select=l:doc->>list&id=eq.1", [{"l": "[1,2.0,3e2]"}])
		self.expect("/papers?select=id&doc->>list=eq.[1,2.0,3e2]", [{"id": 1}])
		self.expect_text("/papers?select=doc->list&id=eq.1", '[{"list":[1,2.0,3e2]}]')
		self.expect_text("/papers?select=ndoc->x&id=eq.1", '[{"x":1.0}]')
		self.expect("/papers?select=a:doc->list->>1,b:doc->list->>-1&id=eq.1",
		            [{"a": "2.0", "b": "3e2"}])
		self.expect_text("/papers?select=t:doc->list::text&id=eq.1",
		                 '[{"t":"[1,2.0,3e2]"}]')

	def test_values_are_compared(self):
		self.expect("/papers?select=id&doc->b=eq.1", [{"id": 1}])
		self.expect("/papers?select=id&doc->b=gt.9", [{"id": 2}])
		self.expect("/papers?select=id&doc->b=in.(1,10)&order=id", [{"id": 1}, {"id": 2}])
		self.expect("/papers?select=id&doc->list=cs.[1]", [{"id": 1}])
		self.expect("/papers?select=id&doc->b=is.null", [{"id": 3}])
		self.expect("/papers?select=id&order=doc->b.desc.nullslast",
		            [{"id": 2}, {"id": 1}, {"id": 3}])
		self.expect("/papers?select=id&order=doc->>b.desc.nullslast",
		            [{"id": 2}, {"id": 1}, {"id": 3}])
		self.expect("/papers?select=doc->b,count()&doc=not.is.null&order=doc->b",
		            [{"b": 1, "count": 1}, {"b": 10, "count": 1}])

	def test_casts(self):
		self.expect("/papers?select=total:doc->b::numeric.sum()", [{"total": 11}])
		self.expect("/papers?select=doc->b::int&id=eq.2", [{"b": 10}])
		self.expect("/papers?select=doc->>n::int&id=eq.1", [{"n": 9}])

	def test_what_is_no_json(self):
		self.expect("/papers?select=list->0,bdoc->b&id=eq.1", [{"list": 4, "b": 1.0}])
		self.expect("/papers?select=made->id&id=eq.1", [{"id": 1}])

	def plan_of(self, target):
		answer = self.get(target, Accept="application/vnd.pgrst.plan+text; options=verbose")
		self.assertEqual(answer.status, 200, answer.text)
		return answer.text

	def test_no_way_leads_through_jsonb(self):
		for query in ("select=doc->a->>b", "select=doc->0", "doc->>b=eq.1", "select=id&order=doc->>b",
		              "or=(doc->>b.eq.1,id.eq.2)"):
			self.assertNotIn("to_jsonb", self.plan_of("/papers?" + query))
		self.assertIn("to_jsonb", self.plan_of("/papers?select=list->0"))

	def test_an_index_serves(self):
		self.assertIn("many_b", self.plan_of("/many?select=id&doc->>b=eq.17"))
		self.expect("/many?select=id&doc->>b=eq.17", [{"id": 17}])

	def test_depth(self):
		steps = "->0" * 256
		self.expect("/papers?select=x:doc%s&id=eq.1" % steps, [{"x": None}])
		for target in ("select=x:doc%s", "doc%s=is.null", "order=doc%s", "or=(doc%s.is.null)"):
			for more in (1, 2000):
				self.expect_error("/papers?" + target % (steps + "->0" * more), 400, "PGRST100",
				                  details="a JSON path has more than 256 steps")


class Values(Names):
	"""A function's value is a column that is called as the function is."""

	def test_the_value(self):
		self.expect("/rpc/names?select=names", ["A", "B"])
		self.expect("/rpc/names?select=*", ["A", "B"])
		self.expect("/rpc/names?select=", ["A", "B"])
		self.expect("/rpc/now_is?select=pgrst_scalar", 42)

	def test_anything_else(self):
		self.expect_error("/rpc/names?select=count()", 400, "42703")
		self.expect_error("/rpc/names?select=nope.count()", 400, "42703")
		self.expect_error("/rpc/now_is?select=nope",
		                  400, "42703", message="column now_is.nope does not exist")
		self.expect_error("/rpc/now_is?select=now_is,nope", 400, "42703")
		self.expect_error("/rpc/nothing?select=nope", 400, "42703")


class Aggregates(Names):
	def test_a_spread_relation_of_many_rows_has_none(self):
		self.expect_error("/device?select=id,...reading(amount.sum())", 400, "PGRST127",
		                  details="Aggregates are not implemented for one-to-many or many-to-many spreads.")


if __name__ == "__main__":
	unittest.main()
