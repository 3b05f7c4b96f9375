"""
Reads of tables and views: filters, logic, select, order. Expectations are
written from PostgREST's documentation (references/api/tables_views,
url_grammar, computed_fields, schemas) and PostgreSQL's.
"""
import json
import unittest
from urllib.parse import quote

import harness
from harness import array, error_body, ids

JSON = "application/json; charset=utf-8"


class Reads(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.server = harness.server()

	def expect(self, target, body, status=200, **more):
		answer = self.server.get(target, **more)
		self.assertEqual((answer.status, answer.text), (status, body), target)
		self.assertEqual(answer.header("Content-Type"), JSON)
		self.assertTrue(answer.complete)
		return answer

	def expect_ids(self, cases, relation="people"):
		for query, expected in cases:
			with self.subTest(query):
				self.expect("/%s?select=id&order=id&%s" % (relation, query), ids(*expected))


class Product(unittest.TestCase):
	"""The schema swm as it ships, with nothing of the tests in between."""

	def test_the_row_of_the_readme(self):
		answer = harness.server(db_schemas="swm").get("/devices?id=eq.15")
		self.assertEqual((answer.status, answer.text), (200, '[{"id":15,"device_name":"express"}]'))
		self.assertEqual(answer.header("Content-Type"), JSON)
		self.assertEqual(answer.header("Content-Range"), "0-0/*")
		self.assertEqual(answer.header("Content-Location"), "/devices?id=eq.15")
		self.assertEqual(answer.header("Content-Length"), str(len(answer.body)))

	def test_one_device_a_range_of_days(self):
		server = harness.server(db_schemas="swm")
		expected = harness.sql("SET TimeZone = 'UTC'; SELECT json_agg(t)::text FROM (SELECT id, date, amount, unit "
		                       "FROM swm.consumption WHERE device_id = 15 AND date >= '2025-03-01' "
		                       "AND date < '2025-03-08' ORDER BY date) AS t")
		answer = server.get("/consumption?select=id,date,amount,unit&device_id=eq.15"
		                    "&date=gte.2025-03-01&date=lt.2025-03-08&order=date")
		self.assertEqual((answer.status, answer.text), (200, expected))
		self.assertEqual(len(answer.json), 7)

	def test_every_row_of_a_year(self):
		server = harness.server(db_schemas="swm")
		expected = harness.sql("SELECT json_agg(t)::text FROM (SELECT * FROM swm.consumption ORDER BY id) AS t")
		answer = server.get("/consumption?order=id")
		self.assertEqual((answer.status, answer.complete), (200, True))
		self.assertEqual(answer.text, expected)


class Operators(Reads):
	def test_comparison(self):
		self.expect_ids([
			("id=eq.2", [2]),
			("id=neq.2", [1, 3, 4, 5, 6]),
			("age=gt.20", [3, 5]),
			("age=gte.20", [2, 3, 5, 6]),
			("age=lt.20", [1]),
			("age=lte.20", [1, 2, 6]),
			("score=eq.70", [2]),
			("score=eq.70.00", [2]),
			("born=lt.1990-01-01", [5]),
			("name=eq.O'Brien", [4]),
			("name=eq.", []),
		])

	def test_parameters_are_joined_by_and(self):
		self.expect_ids([
			("id=gt.1&id=lt.4", [2, 3]),
			("age=eq.20&active=is.false", [2]),
			("&&id=eq.3&", [3]),
		])

	def test_a_value_is_the_rest_of_the_text(self):
		"""Reserved characters have no meaning in a filter of its own parameter."""
		name = 'Per,cent (100%) "q" \\b'
		self.expect_ids([
			("name=eq." + quote(name), [6]),
			("name=eq." + quote(name, safe='"(),\\').replace("%20", "+"), [6]),
			("name=eq.%22Ann%22", []),
			("name=neq." + quote(name), [1, 2, 3, 4, 5]),
		])

	def test_patterns(self):
		self.expect_ids([
			("name=like.*o*", [2, 3]),
			("name=like.%25o%25", [2, 3]),
			("name=like.A__", [1]),
			("name=ilike.o*", [4]),
			("name=ilike.*O*", [2, 3, 4]),
			("name=match.^[AB]", [1, 2]),
			("name=match.^[ab]", []),
			("name=imatch.^[ab]", [1, 2]),
			("name=imatch.%5Eann%24", [1]),
		])

	def test_in(self):
		self.expect_ids([
			("id=in.(1,3,5)", [1, 3, 5]),
			("id=in.(3)", [3]),
			("id=in.()", []),
			("id=not.in.()", [1, 2, 3, 4, 5, 6]),
			("name=in.(Ann,Bob)", [1, 2]),
			("name=in.(%22Ann%22,%22Bob%22)", [1, 2]),
			("name=in.(%22Ann,Bob%22)", []),
			("name=in.(O'Brien)", [4]),
			("name=in.(%22Per,cent%20(100%25)%20%5C%22q%5C%22%20%5C%5Cb%22,Ann)", [1, 6]),
			("name=not.in.(Ann,Bob)", [3, 4, 5, 6]),
		])

	def test_is(self):
		self.expect_ids([
			("age=is.null", [4]),
			("age=is.NULL", [4]),
			("age=is.not_null", [1, 2, 3, 5, 6]),
			("age=not.is.null", [1, 2, 3, 5, 6]),
			("active=is.true", [1, 4]),
			("active=is.TRUE", [1, 4]),
			("active=is.false", [2, 5]),
			("active=not.is.false", [1, 3, 4, 6]),
			("active=is.unknown", [3, 6]),
		])

	def test_isdistinct(self):
		self.expect_ids([
			("age=isdistinct.20", [1, 3, 4, 5]),
			("age=not.isdistinct.20", [2, 6]),
		])

	def test_arrays_and_ranges(self):
		self.expect_ids([
			("tags=cs.{red}", [1, 2]),
			("tags=cd.{red,blue}", [1, 2, 3]),
			("tags=ov.{blue}", [1, 5]),
			("tags=eq.{red,blue}", [1]),
			("tags=eq.{}", [3]),
			("span=cs.[2,4)", [1]),
			("span=ov.[1,4]", [1, 6]),
			("span=sl.[20,30]", [1, 2, 6]),
			("span=sr.[1,4]", [2, 3, 5]),
			("span=nxr.[1,9]", [1, 2, 6]),
			("span=nxl.[5,6]", [2, 3, 5]),
			("span=adj.[5,8)", [1, 5]),
			("span=not.adj.[5,8)", [2, 3, 6]),
		])

	def test_not(self):
		self.expect_ids([
			("id=not.eq.2", [1, 3, 4, 5, 6]),
			("age=not.gt.20", [1, 2, 6]),
			("name=not.like.*o*", [1, 4, 5, 6]),
			("tags=not.cs.{red}", [3, 5, 6]),
		])

	def test_any_and_all(self):
		self.expect_ids([
			("age=eq(any).{12,35}", [1, 3]),
			("age=eq(any).{}", []),
			("age=gt(all).{12,20}", [3, 5]),
			("age=gte(any).{35,65}", [3, 5]),
			("age=lt(all).{20,35}", [1]),
			("age=lte(any).{12,20}", [1, 2, 6]),
			("name=like(any).{A*,B*}", [1, 2]),
			("name=like(all).{A*,*n}", [1]),
			("name=ilike(any).{o*,p*}", [4, 5, 6]),
			("name=match(any).{^A,^B}", [1, 2]),
			("name=imatch(all).{^a,n$}", [1]),
			("age=not.eq(any).{12,35}", [2, 5, 6]),
			("name=eq(any).{%22O'Brien%22,Ann}", [1, 4]),
		])

	def test_logic(self):
		self.expect_ids([
			("or=(age.lt.18,age.gt.40)", [1, 5]),
			("or=(id.eq.1)", [1]),
			("and=(age.gte.20,age.lte.35)", [2, 3, 6]),
			("not.and=(id.gte.2,id.lte.5)", [1, 6]),
			("not.or=(id.eq.1,id.eq.2)", [3, 4, 5, 6]),
			("age=gte.20&or=(name.eq.Bob,not.and(id.gte.3,id.lte.5))", [2, 6]),
			("and=(id.gt.1,or(id.lt.3,id.gt.5))", [2, 6]),
			("or=(and(id.gt.1,id.lt.4,not.or(id.eq.3,id.eq.9)),id.eq.6)", [2, 6]),
			("or=(name.in.(Ann,Bob),id.eq.5)", [1, 2, 5]),
			("or=(id.not.in.(1,2,3),id.eq.1)", [1, 4, 5, 6]),
			("or=(id.not.eq.1,id.is.null)", [2, 3, 4, 5, 6]),
			("or=(age.is.null,active.is.true)", [1, 4]),
			("or=(name.like.A*,name.ilike.*ROL)", [1, 3]),
			("or=(age.eq(any).{12,35},id.eq.6)", [1, 3, 6]),
			("or=(tags.cs.{red,blue},id.eq.5)", [1, 5]),
			("or=(span.adj.%22[5,8)%22,id.eq.6)", [1, 5, 6]),
			("or=(name.eq.%22Per,cent%20(100%25)%20%5C%22q%5C%22%20%5C%5Cb%22,id.eq.1)", [1, 6]),
			("or=(data-%3E%3Eblood.eq.A-,id.eq.5)", [1, 3, 5]),
			("or=(id.eq.1,id.eq.2)&or=(id.eq.2,id.eq.3)", [2]),
		])

	def test_json_paths(self):
		self.expect_ids([
			("data->>blood=eq.A-", [1, 3]),
			("data->age=gt.20", [1, 2]),
			("data->>age=is.null", [4, 6]),
			("data->list->0=eq.10", [1]),
			("data->list->>-1=eq.20", [1]),
			("data->%22odd%20key.%22->>%22in,ner%22=eq.1", [1]),
			("data-%3E%3Eblood=in.(A-,O%2B)", [1, 2, 3]),
			("tags->>0=eq.red", [1, 2]),
		])

	def test_full_text(self):
		self.expect_ids([
			("tsv=fts(english).cat", [1]),
			("tsv=fts(english).cat%20%26%20rat", [1]),
			("tsv=fts(french).amusant", [2]),
			("tsv=fts(english).fat", [1, 3]),
			("tsv=plfts(english).The%20Fat%20Cats", [1]),
			("tsv=phfts(english).The%20Fat%20Cats", [1]),
			("tsv=not.phfts(english).The%20Fat%20Cats", [2, 3]),
			("tsv=wfts(english).fat%20-dog", [1]),
			("tsv=not.wfts(french).amusant", [1, 3]),
			("tsv=fts.cat", [1]),
			("body=fts(english).dog", [3]),
			("body=fts(french).amusant", [2]),
			("doc=plfts(english).The%20Fat%20Cats", [1]),
			("or=(tsv.fts(english).dog,tsv.plfts(french).amusant)", [2, 3]),
		], "articles")


class Select(Reads):
	def test_columns(self):
		for select, row in [
			("id", '{"id":1}'),
			("age,id", '{"age":12,"id":1}'),
			("id,full:name", '{"id":1,"full":"Ann"}'),
			("fullName:name", '{"fullName":"Ann"}'),
			("age::text", '{"age":"12"}'),
			("years:age::text", '{"years":"12"}'),
			("score", '{"score":90.50}'),
			("born", '{"born":"2013-01-12"}'),
			("active,tags", '{"active":true,"tags":["red","blue"]}'),
			("span", '{"span":"[1,5)"}'),
			("data->blood", '{"blood":"A-"}'),
			("data->>blood", '{"blood":"A-"}'),
			("data->age", '{"age":25}'),
			("data->>age", '{"age":"25"}'),
			("data->list", '{"list":[10, 20]}'),
			("first:data->list->0", '{"first":10}'),
			("last:data->list->>-1", '{"last":"20"}'),
			("none:data->nope->further", '{"none":null}'),
			("data->%22odd%20key.%22->%22in,ner%22", '{"in,ner":1}'),
			("tag:tags->1", '{"tag":"blue"}'),
			("data->>age::integer", '{"age":25}'),
			("a:id,b:id", '{"a":1,"b":1}'),
		]:
			with self.subTest(select):
				self.expect("/people?id=eq.1&select=" + select, array(row))

	def test_all_columns(self):
		row = ('{"id":2,"name":"Bob","age":20,"score":70.00,"active":false,"born":"2005-06-30",'
		       '"tags":["red"],"data":{"age": 30, "list": [], "blood": "O+"},"span":"[5,10)"}')
		self.expect("/people?id=eq.2", array(row))
		self.expect("/people?id=eq.2&select=*", array(row))
		self.expect("/people?id=eq.2&select=*,again:id", array(row[:-1] + ',"again":2}'))

	def test_computed_fields(self):
		self.expect("/people?id=eq.1&select=id,label", array('{"id":1,"label":"1:Ann"}'))
		self.expect("/people?id=eq.1&select=what:label", array('{"what":"1:Ann"}'))
		self.expect_ids([("label=eq.3:Carol", [3]), ("label=like.*:P*", [5, 6])])
		self.expect("/people?select=id&id=lt.4&order=label.desc", ids(3, 2, 1))
		answer = self.server.get("/people?id=eq.1&select=*,label")
		self.assertEqual((answer.status, answer.json[0]["label"]), (200, "1:Ann"))
		self.assertEqual(list(answer.json[0])[-1], "label")

	def test_composites_and_arrays(self):
		"""The example of the documentation."""
		self.expect("/countries?select=id,location->>lat,location->>long,primary_language:languages->0"
		            "&location->lat=gte.19",
		            array('{"id":5,"lat":"19.741755","long":"-155.844437","primary_language":"en"}'))
		self.expect("/countries?select=id&order=location->>lat", ids(6, 5))
		self.expect("/countries?select=location&id=eq.5",
		            array('{"location":{"lat":19.741755,"long":-155.844437}}'))

	def test_views(self):
		self.expect("/grown_ups?order=id&limit=2", array('{"id":2,"name":"Bob"}', '{"id":3,"name":"Carol"}'))
		self.expect("/ages?how_many=gt.1", array('{"age":20,"how_many":2}'))

	def test_nulls_and_empty(self):
		self.expect("/people?id=eq.4&select=age,born,tags,data,span",
		            array('{"age":null,"born":null,"tags":null,"data":null,"span":null}'))
		self.expect("/nothing", "[]")
		self.expect("/people?id=eq.99", "[]")


class Order(Reads):
	def test_order(self):
		for order, expected in [
			("id", [1, 2, 3, 4, 5, 6]),
			("id.asc", [1, 2, 3, 4, 5, 6]),
			("id.desc", [6, 5, 4, 3, 2, 1]),
			("age,id", [1, 2, 6, 3, 5, 4]),
			("age.desc,id", [4, 5, 3, 2, 6, 1]),
			("age.desc.nullslast,id.desc", [5, 3, 6, 2, 1, 4]),
			("age.nullsfirst,id", [4, 1, 2, 6, 3, 5]),
			("age.asc.nullsfirst,id.asc.nullslast", [4, 1, 2, 6, 3, 5]),
			("data->>blood.desc.nullslast,id", [2, 1, 3, 4, 5, 6]),
			("data->age.desc.nullslast,id", [2, 1, 3, 5, 4, 6]),
			("tags->>0.nullslast,id", [6, 5, 1, 2, 3, 4]),
		]:
			with self.subTest(order):
				self.expect("/people?select=id&order=" + order, ids(*expected))

	def test_the_first_order_counts(self):
		self.expect("/three?order=id.desc&order=id.asc", ids(3, 2, 1))


class Names(Reads):
	"""Names with blanks, reserved characters, quotes and any Unicode."""

	def test_blanks(self):
		self.expect("/Order%20Items?Unit%20Price=lt.200&select=Unit%20Price", array('{"Unit Price":150}'))
		self.expect("/Order%20Items?select=id&order=Unit%20Price.desc", ids(2, 1))

	def test_quoted(self):
		for column, value in [
			("%22a.b%22", "one"),
			("%22say%20%5C%22x%5C%22%22", "q1"),
			("%22back%5C%5Cslash%22", "s1"),
			("%22co:lon,com(ma)%22", "c1"),
			("%22na%C3%AFve%20%D0%BA%D0%BB%D1%8E%D1%87%20%F0%9F%92%A1%22", "%C3%BC1"),
			("%22select%22", "k1"),
		]:
			with self.subTest(column):
				self.expect("/Order%%20Items?select=id&%s=eq.%s" % (column, value), ids(1))
				self.expect("/Order%%20Items?select=id&order=%s.desc" % column, ids(2, 1))
				self.expect("/Order%%20Items?select=x:%s&id=eq.1" % column, array(
					'{"x":"%s"}' % value.replace("%C3%BC", "ü")))
				self.expect("/Order%%20Items?select=id&or=(%s.eq.%s,id.eq.2)" % (column, value), ids(1, 2))

	def test_names_are_keys_as_they_are(self):
		answer = self.server.get("/Order%20Items?id=eq.1")
		self.assertEqual(answer.text, array(
			'{"id":1,"Unit Price":150,"a.b":"one","say \\"x\\"":"q1","back\\\\slash":"s1",'
			'"co:lon,com(ma)":"c1","naïve ключ 💡":"ü1","select":"k1"}'))

	def test_unicode_relation(self):
		self.expect("/%D9%85%D9%88%D8%A7%D8%B1%D8%AF", array('{"شماره":1,"نام":"یک"}'))
		self.expect("/" + quote("موارد") + "?select=" + quote("نام") + "&" + quote("شماره") + "=eq.1",
		            array('{"نام":"یک"}'))

	def test_odd_relation(self):
		self.expect("/" + quote('odd.name(with) "all", of%it', safe=""), ids(7))

	def test_odd_alias(self):
		for alias, key in [("a-b", "a-b"), ("%22a,b%22", "a,b"), ("%C3%BC", "ü"), ("_1$", "_1$"),
		                   ("%22q%5C%22%22", 'q"')]:
			with self.subTest(alias):
				self.expect("/three?select=%s:id&id=eq.1" % alias,
				            array(json.dumps({key: 1}, ensure_ascii=False, separators=(",", ":"))))


class Schemas(Reads):
	def test_accept_profile(self):
		answer = self.expect("/things", array('{"id":1,"place":"in test"}'))
		self.assertEqual(answer.header("Content-Profile"), "test")
		answer = self.expect("/things", array('{"id":1,"place":"in other"}'), headers={"Accept-Profile": "other"})
		self.assertEqual(answer.header("Content-Profile"), "other")
		answer = self.expect("/things", array('{"id":1,"place":"in test"}'), headers={"Accept-Profile": "test"})
		self.assertEqual(answer.header("Content-Profile"), "test")

	def test_content_profile_is_not_for_reads(self):
		answer = self.expect("/things", array('{"id":1,"place":"in test"}'), headers={"Content-Profile": "other"})
		self.assertEqual(answer.header("Content-Profile"), "test")

	def test_not_exposed(self):
		for profile in ("swm", "pg_catalog", "information_schema", "public", "Test", "test, other"):
			with self.subTest(profile):
				self.expect("/things", error_body("PGRST106", "Invalid schema: " + profile, None,
				            "Only the following schemas are exposed: test, other"),
				            status=406, headers={"Accept-Profile": profile})

	def test_only_the_chosen_schema(self):
		self.expect("/only_here", "[]", headers={"Accept-Profile": "other"})
		answer = self.server.get("/only_here")
		self.assertEqual((answer.status, answer.json["code"]), (404, "PGRST205"))

	def test_no_profile_with_one_schema(self):
		answer = harness.server(db_schemas="swm").get("/devices?id=eq.15")
		self.assertIsNone(answer.header("Content-Profile"))


if __name__ == "__main__":
	unittest.main()
