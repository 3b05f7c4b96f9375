"""
Aggregates on every level of a read, alone and with everything else that a read has. The
tables are those of tests/schema/films.sql; the answers are worked out by hand from
PostgREST's documentation (references/api/aggregate_functions).
"""
import unittest

import harness


class Aggregates(unittest.TestCase):
	maxDiff = None

	@classmethod
	def setUpClass(cls):
		cls.server = harness.server(db_schemas="film", db_aggregates_enabled=True)

	def expect(self, cases):
		for target, rows in cases:
			with self.subTest(target):
				answer = self.server.get(target)
				self.assertEqual((answer.status, answer.complete), (200, True), answer.text)
				self.assertEqual(answer.json, rows)

	def expect_error(self, target, status, code):
		with self.subTest(target):
			answer = self.server.get(target)
			self.assertEqual((answer.status, answer.json["code"]), (status, code), answer.text)


class OneRelation(Aggregates):
	def test_alone(self):
		self.expect([
			("/orders?select=amount.sum()", [{"sum": 42.5}]),
			("/orders?select=amount.avg()", [{"avg": 10.625}]),
			("/orders?select=amount.max(),amount.min()", [{"max": 20, "min": 5}]),
			("/orders?select=count()", [{"count": 5}]),
			("/orders?select=amount.count()", [{"count": 4}]),
			("/orders?select=total:amount.sum(),n:count(),last:name.max()", [{"total": 42.5, "n": 5, "last": "Toaster"}]),
			("/orders?select=count()&amount=gt.6", [{"count": 3}]),
			("/orders?select=count(),amount.sum()&id=eq.99", [{"count": 0, "sum": None}]),
			("/nominations_view?select=rank.max()", [{"max": 2}]),
		])

	def test_grouped_by_what_else_is_selected(self):
		self.expect([
			("/orders?select=order_date,amount.sum(),count()&order=order_date", [
				{"order_date": "2023-09-01", "sum": 30.5, "count": 2}, {"order_date": "2023-09-02", "sum": 5, "count": 2},
				{"order_date": "2023-09-03", "sum": 7, "count": 1}]),
			("/orders?select=count(),customer_id,order_date&order=customer_id.nullsfirst,order_date", [
				{"count": 1, "customer_id": None, "order_date": "2023-09-03"},
				{"count": 2, "customer_id": 1, "order_date": "2023-09-01"},
				{"count": 2, "customer_id": 2, "order_date": "2023-09-02"}]),
			("/films?select=year,count()&order=year.desc&limit=2&offset=1", [{"year": 2001, "count": 1}, {"year": 1994, "count": 2}]),
		])

	def test_groups_of_json(self):
		self.expect([
			("/customers?select=notes,count()&city=eq.Kiel", [{"notes": {"vip": False}, "count": 1}]),
			("/orders?select=tax:details->tax,count()&order=details->tax.nullslast", [
				{"tax": 0, "count": 1}, {"tax": 1, "count": 2}, {"tax": 2.5, "count": 1}, {"tax": None, "count": 1}]),
			("/orders?select=details->>tax,count()&order=details->>tax.desc.nullslast&limit=2", [
				{"tax": "2.5", "count": 1}, {"tax": "1", "count": 2}]),
			("/orders?select=doc->b,doc->age::int.sum()&order=doc->b.nullslast", [
				{"b": "x", "sum": 55}, {"b": "y", "sum": 39}, {"b": None, "sum": None}]),
			("/orders?select=id&doc->age=gt.20&order=id", [{"id": 1}, {"id": 2}, {"id": 5}]),
		])

	def test_casts(self):
		self.expect([
			("/orders?select=amount.avg()::int", [{"avg": 11}]),
			("/orders?select=details->tax::numeric.sum()", [{"sum": 4.5}]),
			("/orders?select=details->>tax::numeric.sum()::int", [{"sum": 5}]),
			("/orders?select=count()::text", [{"count": "5"}]),
			("/films?select=year::text,count()&year=eq.1994", [{"year": "1994", "count": 2}]),
		])

	def test_groups_are_counted(self):
		for target, total, status in (("/orders?select=order_date,count()", "0-2/3", 200), ("/orders?select=count()", "0-0/1", 200),
		                              ("/orders?select=count()&id=eq.99", "0-0/1", 200), ("/films?select=year,count()&limit=2", "0-1/4", 206),
		                              ("/orders?select=...customers(city),count()", "0-2/3", 200),
		                              ("/orders?select=customers(name),count()", "0-2/3", 200),
		                              ("/orders?select=customers!inner(name),count()", "0-1/2", 200)):
			with self.subTest(target):
				answer = self.server.get(target, {"Prefer": "count=exact"})
				self.assertEqual((answer.status, answer.header("Content-Range")), (status, total), answer.text)

	def test_what_postgresql_refuses(self):
		self.expect_error("/orders?select=order_date,count()&order=id", 400, "42803")
		self.expect_error("/orders?select=name.sum()", 404, "42883")
		self.expect_error("/orders?select=amount.sum(),...customers(city)&order=customers(name)", 400, "42803")

	def test_off_unless_switched_on(self):
		answer = harness.server(db_schemas="film").get("/orders?select=count()")
		self.assertEqual(answer.status, 400)
		self.assertEqual(answer.text, harness.error_body("PGRST123", "Use of aggregate functions is not allowed"))


class WithEmbedding(Aggregates):
	def test_embedded_relations_as_groups(self):
		self.expect([
			("/orders?select=amount.sum(),customers(name)&order=customers(name)", [
				{"sum": 30.5, "customers": {"name": "Ann"}}, {"sum": 5, "customers": {"name": "Bob"}}, {"sum": 7, "customers": None}]),
			("/orders?select=amount.sum(),customers!inner(name)&customers.name=eq.Ann", [{"sum": 30.5, "customers": {"name": "Ann"}}]),
			("/orders?select=count(),customers()&customers=is.null", [{"count": 1}]),
			("/directors?select=count(),films(language)&films.language=eq.english&id=eq.2", [
				{"count": 1, "films": [{"language": "english"}, {"language": "english"}]}]),
		])

	def test_within_an_embedded_relation(self):
		self.expect([
			("/customers?select=name,orders(amount.sum(),order_date)&order=id", [
				{"name": "Ann", "orders": [{"sum": 30.5, "order_date": "2023-09-01"}]},
				{"name": "Bob", "orders": [{"sum": 5, "order_date": "2023-09-02"}]},
				{"name": "Cat", "orders": []}]),
			("/films?select=title,roles(count())&order=id", [
				{"title": "Amber", "roles": [{"count": 2}]}, {"title": "Birch", "roles": [{"count": 1}]},
				{"title": "Cedar", "roles": [{"count": 3}]}, {"title": "Dune", "roles": [{"count": 0}]},
				{"title": "Elm", "roles": [{"count": 1}]}]),
			("/films?select=title,roles(character.count())&roles.actor_id=eq.3&id=in.(3,5)&order=id", [
				{"title": "Cedar", "roles": [{"count": 1}]}, {"title": "Elm", "roles": [{"count": 0}]}]),
			("/actors?select=last_name,films(year,count())&id=eq.2&films.order=year.desc&films.limit=1", [
				{"last_name": "Orr", "films": [{"year": 1994, "count": 2}]}]),
			("/films?select=title,directors(count())&id=in.(3,4)&order=id", [
				{"title": "Cedar", "directors": {"count": 1}}, {"title": "Dune", "directors": {"count": 0}}]),
		])

	def test_groups_of_groups(self):
		answer = self.server.get("/directors?select=id,films(year.max(),technical_specs(camera))&id=eq.2")
		self.assertCountEqual(answer.json[0]["films"], [{"max": 2010, "technical_specs": {"camera": "Arri"}},
		                                                {"max": 1994, "technical_specs": None}])

	def test_inner_has_rows(self):
		self.expect([
			("/films?select=title,roles!inner(count())&roles.actor_id=eq.3&order=id", [
				{"title": "Cedar", "roles": [{"count": 1}]}, {"title": "Elm", "roles": [{"count": 1}]}]),
			("/films?select=title,directors!inner(count())&year=gt.1994&order=id", [{"title": "Elm", "directors": {"count": 1}}]),
			("/films?select=title,roles(count())&roles=is.null", [{"title": "Dune", "roles": [{"count": 0}]}]),
			("/customers?select=name,orders!inner(order_date,count())&orders.offset=1", []),
		])
		for query, total in (("roles!inner(count())", "0-3/4"), ("roles!inner(count())&roles.actor_id=eq.3", "0-1/2"),
		                     ("directors!inner(count())", "0-3/4"), ("roles!inner(actor_id,count())&roles.offset=1", "0-1/2")):
			with self.subTest(query):
				answer = self.server.get("/films?select=id," + query, {"Prefer": "count=exact"})
				self.assertEqual(answer.header("Content-Range"), total, answer.text)

	def test_spread_columns_as_groups(self):
		self.expect([
			("/orders?select=amount.sum(),...customers(city)&order=customers(city).nullsfirst", [
				{"sum": 7, "city": None}, {"sum": 5, "city": "Kiel"}, {"sum": 30.5, "city": "Ulm"}]),
			("/orders?select=count(),...customers(notes)&customers.id=eq.1&customer_id=eq.1", [{"count": 2, "notes": {"vip": True}}]),
			("/directors?select=count(),...films(year)&films.year=gt.9999", [{"count": 3, "year": []}]),
			("/directors?select=last_name,films(count(),...technical_specs(camera))&id=eq.1&films.order=technical_specs(camera)", [
				{"last_name": "Stone", "films": [{"count": 1, "camera": "Arri"}, {"count": 1, "camera": "Bolex"}]}]),
		])

	def test_aggregates_of_spread_columns(self):
		self.expect([
			("/orders?select=order_date,...customers(joined.max(),joined.min())&order=order_date", [
				{"order_date": "2023-09-01", "max": "2013-10-01", "min": "2013-10-01"},
				{"order_date": "2023-09-02", "max": "2016-02-11", "min": "2016-02-11"},
				{"order_date": "2023-09-03", "max": None, "min": None}]),
			("/orders?select=...customers(joined.max()::text)", [{"max": "2016-02-11"}]),
			("/orders?select=...customers(n:count())", [{"n": 4}]),
			("/parcels?select=...depots(count())", [{"count": 3}]),
			("/roles?select=count(),...films(...directors(last_name.max()))", [{"count": 7, "max": "Stone"}]),
			("/films?select=...technical_specs(runtime.max()),language&order=language.nullslast", [
				{"max": "01:45:00", "language": "english"}, {"max": "02:05:00", "language": "french"}, {"max": None, "language": None}]),
		])
		answer = self.server.get("/roles?select=...films(first:year.min(),...directors(last_name))")
		self.assertCountEqual(answer.json, [{"first": 1990, "last_name": "Stone"}, {"first": 1994, "last_name": "Lind"}])

	def test_not_of_a_to_many_spread(self):
		answer = self.server.get("/directors?select=id,...films(year.max())")
		self.assertEqual(answer.status, 400)
		self.assertEqual(answer.text, harness.error_body(
			"PGRST127", "Feature not implemented",
			"Aggregates are not implemented for one-to-many or many-to-many spreads."))

	def test_in_the_order_of_a_related_column(self):
		self.expect([
			("/films?select=title,directors(count())&order=directors(last_name).nullslast,title", [
				{"title": "Cedar", "directors": {"count": 1}}, {"title": "Elm", "directors": {"count": 1}},
				{"title": "Amber", "directors": {"count": 1}}, {"title": "Birch", "directors": {"count": 1}},
				{"title": "Dune", "directors": {"count": 0}}]),
			("/orders?select=count(),...customers(notes->>vip)&order=customers(notes->>vip).nullslast", [
				{"count": 2, "vip": "false"}, {"count": 2, "vip": "true"}, {"count": 1, "vip": None}]),
		])

	def test_csv_and_stripped_nulls(self):
		answer = self.server.get("/orders?select=order_date,amount.sum(),customers(name)&order=order_date&customer_id=eq.1", {"Accept": "text/csv"})
		self.assertEqual(answer.text, 'order_date,sum,customers\n2023-09-01,30.5,"{""name"": ""Ann""}"')
		answer = self.server.get("/orders?select=count(),customers(name,city)&customer_id=is.null",
		                         {"Accept": "application/vnd.pgrst.array+json;nulls=stripped"})
		self.assertEqual(answer.json, [{"count": 1}])


if __name__ == "__main__":
	unittest.main()
