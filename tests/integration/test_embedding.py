"""
Embedding: relations in one another's rows, in every combination of what can be asked of
them. The tables and their few rows are those of tests/schema/films.sql; the answers are
worked out by hand from PostgREST's documentation (references/api/resource_embedding).
"""
import unittest

import harness


class Embedding(unittest.TestCase):
	maxDiff = None

	@classmethod
	def setUpClass(cls):
		cls.server = harness.server(db_schemas="film")

	def answer(self, target, status=200, headers=()):
		answer = self.server.get(target, headers)
		self.assertEqual(answer.status, status, (target, answer.text))
		self.assertTrue(answer.complete)
		return answer

	def expect(self, cases):
		for target, rows in cases:
			with self.subTest(target):
				self.assertEqual(self.answer(target).json, rows)

	def expect_ids(self, target, *ids):
		with self.subTest(target):
			self.assertEqual([row["id"] for row in self.answer(target).json], list(ids))


class Relationships(Embedding):
	def test_to_one_is_an_object(self):
		self.expect([
			("/films?select=title,directors(id,last_name)&order=id", [
				{"title": "Amber", "directors": {"id": 1, "last_name": "Stone"}},
				{"title": "Birch", "directors": {"id": 1, "last_name": "Stone"}},
				{"title": "Cedar", "directors": {"id": 2, "last_name": "Lind"}},
				{"title": "Dune", "directors": None},
				{"title": "Elm", "directors": {"id": 2, "last_name": "Lind"}}]),
			("/films?select=title,technical_specs(camera,runtime)&id=in.(1,3)&order=id", [
				{"title": "Amber", "technical_specs": {"camera": "Arri", "runtime": "01:30:00"}},
				{"title": "Cedar", "technical_specs": None}]),
			("/technical_specs?select=camera,films(title)&film_id=eq.2", [
				{"camera": "Bolex", "films": {"title": "Birch"}}]),
			("/films?select=boss:directors(name:last_name)&id=eq.1", [{"boss": {"name": "Stone"}}]),
		])

	def test_the_very_bytes(self):
		"""Documents are PostgreSQL's own: no blanks, and the rows of an array as json_agg() separates them."""
		answer = self.answer("/directors?select=last_name,films(id,rating)&id=eq.1&films.order=id")
		self.assertEqual(answer.text, '[{"last_name":"Stone","films":[{"id":1,"rating":7.5}, \n {"id":2,"rating":8.1}]}]')

	def test_to_many_is_an_array(self):
		self.expect([
			("/directors?select=last_name,films(title)&order=id&films.order=id", [
				{"last_name": "Stone", "films": [{"title": "Amber"}, {"title": "Birch"}]},
				{"last_name": "Lind", "films": [{"title": "Cedar"}, {"title": "Elm"}]},
				{"last_name": "Reed", "films": []}]),
			("/actors?select=first_name,films(title)&order=id&films.order=id", [
				{"first_name": "Gil", "films": [{"title": "Amber"}, {"title": "Cedar"}]},
				{"first_name": "Hana", "films": [{"title": "Amber"}, {"title": "Birch"}, {"title": "Cedar"}]},
				{"first_name": "Ivo", "films": [{"title": "Cedar"}, {"title": "Elm"}]},
				{"first_name": "Jo", "films": []}]),
			("/films?select=competitions(name)&id=eq.1&competitions.order=name", [
				{"competitions": [{"name": "Bear"}, {"name": "Palm"}]}]),
			("/halls?select=seats,shows(id)&order=seats&shows.order=id", [
				{"seats": 40, "shows": [{"id": 3}]}, {"seats": 60, "shows": [{"id": 2}]}, {"seats": 120, "shows": [{"id": 1}]}]),
			("/shows?select=id,halls(seats)&order=id", [
				{"id": 1, "halls": {"seats": 120}}, {"id": 2, "halls": {"seats": 60}}, {"id": 3, "halls": {"seats": 40}},
				{"id": 4, "halls": None}]),
			("/box_office?select=gross_revenue,films(title)&order=bo_date", [
				{"gross_revenue": 1000.00, "films": {"title": "Amber"}}, {"gross_revenue": 500.5, "films": {"title": "Amber"}},
				{"gross_revenue": 750.00, "films": {"title": "Birch"}}]),
		])

	def test_a_partition_is_reached_through_its_table(self):
		self.assertEqual(len(self.answer("/box_office").json), 3)
		self.assertEqual(self.answer("/box_office_2021_01", 404).json["code"], "PGRST205")
		document = self.answer("/").json
		self.assertIn("/box_office", document["paths"])
		self.assertNotIn("/box_office_2021_01", document["paths"])

	def test_the_hint_chooses_between_foreign_keys(self):
		self.expect([
			("/orders?select=name,bill:addresses!billing(name),ship:addresses!shipping(name)&order=id", [
				{"name": "Filter", "bill": {"name": "Mill"}, "ship": {"name": "Dock"}},
				{"name": "Kettle", "bill": {"name": "Mill"}, "ship": {"name": "Mill"}},
				{"name": "Toaster", "bill": {"name": "Dock"}, "ship": {"name": "Yard"}},
				{"name": "Lamp", "bill": None, "ship": {"name": "Yard"}},
				{"name": "Chair", "bill": {"name": "Yard"}, "ship": None}]),
			("/addresses?select=name,b:orders!billing(id),s:orders!shipping_address_id(id)&order=id&b.order=id&s.order=id", [
				{"name": "Mill", "b": [{"id": 1}, {"id": 2}], "s": [{"id": 2}]},
				{"name": "Dock", "b": [{"id": 3}], "s": [{"id": 1}]},
				{"name": "Yard", "b": [{"id": 5}], "s": [{"id": 3}, {"id": 4}]}]),
		])

	def test_computed_relationships(self):
		self.expect([
			("/premieres?select=location,film(title)&order=id", [
				{"location": "Cannes", "film": {"title": "Amber"}}, {"location": "Berlin", "film": {"title": "Amber"}},
				{"location": "Venice", "film": {"title": "Elm"}}, {"location": "Nowhere", "film": None}]),
			("/films?select=title,premieres(location)&premieres.order=location&id=in.(1,2)&order=id", [
				{"title": "Amber", "premieres": [{"location": "Berlin"}, {"location": "Cannes"}]},
				{"title": "Birch", "premieres": []}]),
			("/directors?select=films(title,premieres(location))&id=eq.2&films.order=id", [
				{"films": [{"title": "Cedar", "premieres": []}, {"title": "Elm", "premieres": [{"location": "Venice"}]}]}]),
			("/premieres?select=location,film(title,directors(last_name))&id=eq.3", [
				{"location": "Venice", "film": {"title": "Elm", "directors": {"last_name": "Lind"}}}]),
			("/premieres?select=id,film!inner(title)&film.year=lt.2000&order=id", [
				{"id": 1, "film": {"title": "Amber"}}, {"id": 2, "film": {"title": "Amber"}}]),
		])

	def test_a_relation_with_itself(self):
		self.expect([
			("/employees?select=last_name,supervisees(last_name)&id=eq.1&supervisees.order=id", [
				{"last_name": "Taylor", "supervisees": [{"last_name": "Johnson"}, {"last_name": "Miller"}]}]),
			("/employees?select=last_name,supervisor(last_name)&order=id", [
				{"last_name": "Taylor", "supervisor": None}, {"last_name": "Johnson", "supervisor": {"last_name": "Taylor"}},
				{"last_name": "Miller", "supervisor": {"last_name": "Taylor"}},
				{"last_name": "Young", "supervisor": {"last_name": "Miller"}}]),
			("/employees?select=last_name,supervisor(last_name,supervisor(last_name,supervisor(last_name)))&id=eq.4", [
				{"last_name": "Young", "supervisor": {"last_name": "Miller",
				 "supervisor": {"last_name": "Taylor", "supervisor": None}}}]),
			("/users?select=username,subscribers(username),following(username)&order=id&subscribers.order=id", [
				{"username": "ann", "subscribers": [{"username": "bob"}], "following": [{"username": "bob"}]},
				{"username": "bob", "subscribers": [{"username": "ann"}, {"username": "cat"}],
				 "following": [{"username": "ann"}]},
				{"username": "cat", "subscribers": [], "following": [{"username": "bob"}]}]),
			("/_1?select=id,parent(value)&order=id", [{"id": 1, "parent": None}, {"id": 2, "parent": {"value": "top"}}]),
		])

	def test_views(self):
		self.expect([
			("/english_films?select=name,directors(last_name)&order=id", [
				{"name": "Amber", "directors": {"last_name": "Stone"}}, {"name": "Cedar", "directors": {"last_name": "Lind"}},
				{"name": "Elm", "directors": {"last_name": "Lind"}}]),
			("/directors?select=last_name,english_films(name)&order=id&english_films.order=name", [
				{"last_name": "Stone", "english_films": [{"name": "Amber"}]},
				{"last_name": "Lind", "english_films": [{"name": "Cedar"}, {"name": "Elm"}]},
				{"last_name": "Reed", "english_films": []}]),
			("/nominations_view?select=film_title,films(language),roles(character),actors(last_name)"
			 "&rank=eq.1&order=film_title&roles.order=character&actors.order=last_name", [
				{"film_title": "Amber", "films": {"language": "english"},
				 "roles": [{"character": "Smith"}, {"character": "Wesson"}],
				 "actors": [{"last_name": "Moss"}, {"last_name": "Orr"}]},
				{"film_title": "Birch", "films": {"language": "french"}, "roles": [{"character": "Queen"}],
				 "actors": [{"last_name": "Orr"}]}]),
			("/rated_films?select=points,directors(last_name)&order=points.desc&limit=2", [
				{"points": 90, "directors": {"last_name": "Lind"}}, {"points": 81, "directors": {"last_name": "Stone"}}]),
		])

	def test_nested(self):
		self.expect([
			("/actors?select=roles(character,films(title,year))&id=eq.1&roles.order=film_id", [
				{"roles": [{"character": "Smith", "films": {"title": "Amber", "year": 1990}},
				           {"character": "King", "films": {"title": "Cedar", "year": 1994}}]}]),
			("/directors?select=last_name,films(title,roles(character,actors(last_name)),technical_specs(camera))"
			 "&id=eq.1&films.order=id&films.roles.order=actor_id", [
				{"last_name": "Stone", "films": [
					{"title": "Amber", "roles": [{"character": "Smith", "actors": {"last_name": "Moss"}},
					                             {"character": "Wesson", "actors": {"last_name": "Orr"}}],
					 "technical_specs": {"camera": "Arri"}},
					{"title": "Birch", "roles": [{"character": "Queen", "actors": {"last_name": "Orr"}}],
					 "technical_specs": {"camera": "Bolex"}}]}]),
			("/films?select=directors(films(directors(id)))&id=eq.1", [
				{"directors": {"films": [{"directors": {"id": 1}}, {"directors": {"id": 1}}]}}]),
		])

	def test_as_deep_as_may_be(self):
		def nested(depth):
			names = ["directors", "films"]
			return "/films?id=eq.1&select=" + "".join(names[i % 2] + "(" for i in range(depth)) + "id" + ")" * depth
		self.answer(nested(16))
		answer = self.answer(nested(17), 400)
		self.assertEqual(answer.json["code"], "PGRST100")
		self.assertEqual(answer.json["message"], '"failed to parse select parameter" (more than 16 levels of embedded resources)')

	def test_values_within_documents(self):
		self.expect([
			("/customers?select=orders(sku:details->lines->0->>sku,tax:details->tax,doc,order_date)&id=eq.1&orders.order=id", [
				{"orders": [{"sku": "a", "tax": 1, "doc": {"age": 25, "b": "x"}, "order_date": "2023-09-01"},
				            {"sku": None, "tax": 2.5, "doc": {"age": 30, "b": "x"}, "order_date": "2023-09-01"}]}]),
			("/directors?select=films(year::text,label)&id=eq.1&films.id=eq.1", [
				{"films": [{"year": "1990", "label": "Amber (1990)"}]}]),
		])

	def test_csv_has_documents_as_text(self):
		answer = self.answer("/films?select=title,directors(last_name)&id=eq.1", headers={"Accept": "text/csv"})
		self.assertEqual(answer.text, 'title,directors\nAmber,"{""last_name"":""Stone""}"')

	def test_a_role_needs_the_right_to_what_is_embedded(self):
		harness.sql("REVOKE SELECT ON film.actors FROM swm_reader")
		try:
			target, reader = "/films?select=title,actors(last_name)", harness.as_role("swm_reader")
			self.assertEqual(self.answer(target, 403, reader).json["code"], "42501")
		finally:
			harness.sql("GRANT SELECT ON film.actors TO swm_reader")


class Levels(Embedding):
	"""Filters, order and pages of what is embedded, by path."""

	def test_filters_leave_the_rows_above(self):
		self.expect([
			("/films?select=title,actors(first_name)&actors.first_name=eq.Ivo&order=id", [
				{"title": "Amber", "actors": []}, {"title": "Birch", "actors": []},
				{"title": "Cedar", "actors": [{"first_name": "Ivo"}]}, {"title": "Dune", "actors": []},
				{"title": "Elm", "actors": [{"first_name": "Ivo"}]}]),
			("/films?select=id,roles(character)&roles.character=in.(King,Rook)&roles.order=character&id=in.(1,3)&order=id", [
				{"id": 1, "roles": []}, {"id": 3, "roles": [{"character": "King"}, {"character": "Rook"}]}]),
			("/films?select=id,roles(character)&roles.or=(character.eq.King,actor_id.eq.3)&id=eq.3&roles.order=actor_id", [
				{"id": 3, "roles": [{"character": "King"}, {"character": "Pawn"}]}]),
			("/films?select=id,directors(last_name)&directors.last_name=eq.Lind&id=lt.4&order=id", [
				{"id": 1, "directors": None}, {"id": 2, "directors": None}, {"id": 3, "directors": {"last_name": "Lind"}}]),
			("/customers?select=id,orders(id)&orders.details->>tax=eq.1&order=id", [
				{"id": 1, "orders": [{"id": 1}]}, {"id": 2, "orders": [{"id": 3}]}, {"id": 3, "orders": []}]),
		])

	def test_order_limit_and_offset(self):
		self.expect([
			("/films?select=id,actors(last_name)&actors.order=last_name.desc&actors.limit=2&id=eq.3", [
				{"id": 3, "actors": [{"last_name": "Pike"}, {"last_name": "Orr"}]}]),
			("/films?select=id,actors(last_name)&actors.order=last_name&actors.limit=1&actors.offset=1&id=eq.3", [
				{"id": 3, "actors": [{"last_name": "Orr"}]}]),
			("/films?select=id,actors(last_name)&actors.offset=5&id=eq.3", [{"id": 3, "actors": []}]),
			("/films?select=id,actors(last_name)&actors.limit=0&id=eq.3", [{"id": 3, "actors": []}]),
			("/films?select=id,directors(id)&directors.limit=0&id=eq.3", [{"id": 3, "directors": None}]),
			("/directors?select=id,films(id,roles(actor_id))&order=id.desc&offset=1&films.order=year.desc&films.limit=1"
			 "&films.roles.order=actor_id.desc&films.roles.limit=1", [
				{"id": 2, "films": [{"id": 5, "roles": [{"actor_id": 3}]}]},
				{"id": 1, "films": [{"id": 2, "roles": [{"actor_id": 2}]}]}]),
		])

	def warning(self, *replacements):
		return ('"Embedded resource was referenced by relation name even though it has an alias. This is deprecated and will '
		        'stop working in a future release. Update %s in query string filters, orders or limits."' % ", ".join(
			        "`%s` to `%s`" % r for r in replacements))

	def test_a_relations_name_in_place_of_its_alias_is_warned_of(self):
		"""PostgREST 16's url-use-legacy-target-names (references/configuration)."""
		for target, replacements in [
			("/directors?select=id,f:films(id)&films.order=id&films.limit=1&id=eq.1", [("films", "f")]),
			("/directors?select=id,f:films(id,s:technical_specs(camera))&films.technical_specs.camera=eq.Arri",
			 [("films", "f"), ("technical_specs", "s")]),
		]:
			answer = self.answer(target)
			self.assertRegex(answer.header("Warning"), r"^299 swmv\d\S* \"")
			self.assertEqual(answer.header("Warning").split(" ", 2)[2], self.warning(*replacements))
		for target in ("/directors?select=id,f:films(id)&f.order=id", "/directors?select=id,films(id)&films.order=id"):
			self.assertIsNone(self.answer(target).header("Warning"))

	def test_a_relations_name_in_place_of_its_alias_can_be_refused(self):
		server = harness.server(db_schemas="film", url_use_legacy_target_names=False)
		answer = server.get("/directors?select=id,f:films(id)&films.order=id")
		self.assertEqual((answer.status, answer.text), (400, harness.error_body(
			"PGRST108", "'films' is not an embedded resource in this request",
			"Target names are not allowed in filters if they have an alias",
			"Change 'films' to 'f' in filters, orders or limits.")))
		self.assertIsNone(answer.header("Warning"))
		self.assertEqual(server.get("/directors?select=id,f:films(id)&f.order=id").status, 200)

	def test_by_alias_name_or_both(self):
		self.expect([
			("/films?select=id,r:roles(actor_id)&r.actor_id=gt.1&roles.actor_id=lt.3&id=eq.3", [{"id": 3, "r": [{"actor_id": 2}]}]),
			("/films?select=id,c90:competitions(name),c91:competitions(name)&c90.year=eq.1990&c91.year=eq.1991&id=eq.1", [
				{"id": 1, "c90": [{"name": "Bear"}], "c91": [{"name": "Palm"}]}]),
			("/films?select=id,%22a.b%22:roles(actor_id)&%22a.b%22.actor_id=eq.1&id=eq.1", [{"id": 1, "a.b": [{"actor_id": 1}]}]),
		])

	def test_db_max_rows_caps_every_level(self):
		server = harness.server(db_schemas="film", db_max_rows=2)
		answer = server.get("/actors?select=id,roles(film_id)&order=id&roles.order=film_id&roles.limit=5", {"Prefer": "count=exact"})
		self.assertEqual(answer.json, [{"id": 1, "roles": [{"film_id": 1}, {"film_id": 3}]},
		                               {"id": 2, "roles": [{"film_id": 1}, {"film_id": 2}]}])
		self.assertEqual(answer.header("Content-Range"), "0-1/4")
		answer = server.get("/films?select=id,...actors(last_name)&actors.order=last_name.desc&id=eq.3")
		self.assertEqual(answer.json, [{"id": 3, "last_name": ["Pike", "Orr"]}])
		answer = server.get("/films?select=id,roles()&roles=not.is.null&order=id")
		self.assertEqual(answer.json, [{"id": 1}, {"id": 2}])

	def test_a_range_is_of_the_root(self):
		answer = self.answer("/directors?select=id,films(id)&order=id&films.order=id", headers={"Range": "1-1"})
		self.assertEqual(answer.json, [{"id": 2, "films": [{"id": 3}, {"id": 5}]}])
		self.assertEqual(answer.header("Content-Range"), "1-1/*")


class TopLevel(Embedding):
	"""What is embedded decides which rows there are, and in which order."""

	def count(self, target):
		return self.answer(target, 206 if "limit" in target else 200, {"Prefer": "count=exact"}).header("Content-Range")

	def test_inner(self):
		self.expect([
			("/films?select=title,actors!inner(first_name)&actors.first_name=eq.Ivo&order=id", [
				{"title": "Cedar", "actors": [{"first_name": "Ivo"}]}, {"title": "Elm", "actors": [{"first_name": "Ivo"}]}]),
			("/films?select=title,directors!inner(last_name)&directors.last_name=eq.Lind&order=id", [
				{"title": "Cedar", "directors": {"last_name": "Lind"}}, {"title": "Elm", "directors": {"last_name": "Lind"}}]),
			("/films?select=title,directors!left(last_name)&id=eq.4", [{"title": "Dune", "directors": None}]),
			("/directors?select=last_name,films!inner(title)&films.year=eq.2010", [{"last_name": "Lind", "films": [{"title": "Elm"}]}]),
			("/orders?select=name,addresses!billing!inner(city)&addresses.city=eq.Kiel", [
				{"name": "Toaster", "addresses": {"city": "Kiel"}}]),
			("/directors?select=last_name,films!inner(title,technical_specs!inner(camera))&films.technical_specs.camera=eq.Bolex", [
				{"last_name": "Stone", "films": [{"title": "Birch", "technical_specs": {"camera": "Bolex"}}]}]),
			("/directors?select=last_name,films(title,technical_specs!inner(camera))&films.technical_specs.camera=eq.Bolex&order=id", [
				{"last_name": "Stone", "films": [{"title": "Birch", "technical_specs": {"camera": "Bolex"}}]},
				{"last_name": "Lind", "films": []}, {"last_name": "Reed", "films": []}]),
		])
		self.expect_ids("/films?select=id,actors!inner()&order=id", 1, 2, 3, 5)
		self.expect_ids("/films?select=id,roles!inner(actors!inner())&roles.actors.last_name=eq.Moss&order=id", 1, 3)
		self.expect_ids("/actors?select=id,films!inner(directors!inner())&films.directors.last_name=eq.Lind&order=id", 1, 2, 3)

	def test_what_is_counted_is_what_is_answered(self):
		for query in ("actors!inner(id)&actors.first_name=eq.Ivo", "actors!inner()", "directors!inner(id)",
		              "directors!inner()&directors.last_name=eq.Lind", "actors()&actors=is.null", "actors(id)&actors=not.is.null",
		              "directors(id),actors(id)&or=(directors.is.null,actors.is.null)", "premieres!inner(id)", "film:roles!inner(id:film_id)",
		              "...directors!inner(last_name)", "...actors!inner(last_name)", "roles!inner(actors!inner(id))&roles.actors.id=eq.1",
		              "roles!inner(actors(id))&roles.actors.id=eq.1", "roles!inner(film_id)&roles.offset=1", "roles()&roles=is.null&roles.limit=0",
		              "roles()&roles=not.is.null&roles.offset=2", "technical_specs!inner(camera)&technical_specs.order=camera&order=technical_specs(camera)"):
			with self.subTest(query):
				answer = self.server.get("/films?select=id," + query, {"Prefer": "count=exact"})
				rows = len(answer.json)
				self.assertEqual(answer.status, 200, answer.text)
				self.assertEqual(answer.header("Content-Range"), "0-%d/%d" % (rows - 1, rows) if rows else "*/0")

	def test_null_filters(self):
		self.expect_ids("/films?select=id,actors(id)&actors=not.is.null&order=id", 1, 2, 3, 5)
		self.expect_ids("/films?select=id,actors()&actors=is.null&order=id", 4)
		self.expect_ids("/films?select=id,nominations()&nominations=is.null&order=id", 4, 5)
		self.expect_ids("/films?select=id,d:directors(id)&d=is.null&order=id", 4)
		self.expect_ids("/films?select=id,directors(id)&directors=is.not_null&order=id", 1, 2, 3, 5)
		self.expect_ids("/films?select=id,directors(id)&directors=not.is.not_null&order=id", 4)
		self.expect_ids("/films?select=id,technical_specs(),directors()&or=(technical_specs.is.null,directors.is.null)&order=id", 3, 4)
		self.expect_ids("/films?select=id,actors(),directors()&directors.last_name=eq.Stone&actors.last_name=eq.Pike"
		                "&or=(directors.not.is.null,actors.not.is.null)&order=id", 1, 2, 3, 5)
		self.expect_ids("/films?select=id,actors()&actors.first_name=eq.Gil&actors=not.is.null&order=id", 1, 3)
		self.expect_ids("/films?select=id,actors(),directors()&not.and=(actors.not.is.null,directors.not.is.null,year.gt.1990)&order=id", 1, 4)
		self.expect_ids("/films?select=id,premieres()&premieres=is.null&order=id", 2, 3, 4)
		self.expect_ids("/directors?select=id,films()&films=is.null", 3)
		self.expect_ids("/films?select=id,...directors(last_name)&directors=is.null", 4)
		self.expect([("/directors?select=id,films(id,roles())&films.roles=is.null&order=id&films.order=id", [
			{"id": 1, "films": []}, {"id": 2, "films": []}, {"id": 3, "films": []}])])

	def test_a_limit_of_what_is_asked_for(self):
		self.expect_ids("/films?select=id,roles()&roles=not.is.null&roles.limit=0")
		self.expect_ids("/films?select=id,roles()&roles=not.is.null&roles.limit=1&order=id", 1, 2, 3, 5)
		self.expect_ids("/films?select=id,roles()&roles=not.is.null&roles.offset=2&order=id", 3)
		self.expect_ids("/films?select=id,roles!inner(film_id)&roles.offset=1&order=id", 1, 3)

	def test_related_order(self):
		self.expect_ids("/films?select=id,directors(last_name)&order=directors(last_name),id", 3, 5, 1, 2, 4)
		self.expect_ids("/films?select=id,directors(last_name)&order=directors(last_name).desc,id", 4, 1, 2, 3, 5)
		self.expect_ids("/films?select=id,directors()&order=directors(last_name).nullsfirst,id.desc", 4, 5, 3, 2, 1)
		self.expect_ids("/films?select=id,d:directors(id)&order=d(first_name).desc.nullslast,title.desc", 5, 3, 2, 1, 4)
		self.expect_ids("/films?select=id,technical_specs(camera)&order=technical_specs(runtime).desc.nullslast,id", 2, 5, 1, 3, 4)
		self.expect_ids("/films?select=id,...directors(last_name)&order=directors(first_name),id", 1, 2, 3, 5, 4)
		self.expect_ids("/films?select=id,directors!inner(last_name)&directors.id=eq.2&order=directors(last_name),year.desc", 5, 3)
		self.expect_ids("/premieres?select=id,film(title)&order=film(title).desc.nullslast,id", 3, 1, 2, 4)
		self.expect_ids("/orders?select=id,customers(name)&order=customers(notes->>vip).desc.nullslast,id", 1, 2, 3, 4, 5)
		self.expect_ids("/films?select=id,technical_specs(),directors()&order=directors(last_name).nullslast,technical_specs(camera).nullsfirst", 3, 5, 1, 2, 4)
		self.expect([
			("/films?select=id,directors(first_name)&order=directors(last_name)&limit=1&offset=2", [{"id": 1, "directors": {"first_name": "Ada"}}]),
			("/actors?select=id,roles(films(year))&roles.order=films(year).desc&id=eq.2&roles.limit=2", [
				{"id": 2, "roles": [{"films": {"year": 1994}}, {"films": {"year": 1994}}]}]),
			("/films?select=title,directors!inner(id,english_films(name))&order=directors(last_name),title&directors.english_films.order=name", [
				{"title": "Cedar", "directors": {"id": 2, "english_films": [{"name": "Cedar"}, {"name": "Elm"}]}},
				{"title": "Elm", "directors": {"id": 2, "english_films": [{"name": "Cedar"}, {"name": "Elm"}]}},
				{"title": "Amber", "directors": {"id": 1, "english_films": [{"name": "Amber"}]}},
				{"title": "Birch", "directors": {"id": 1, "english_films": [{"name": "Amber"}]}}]),
		])


class Spread(Embedding):
	def test_to_one_lifts_columns(self):
		self.expect([
			("/films?select=title,...directors(boss:last_name)&id=in.(1,4)&order=id", [
				{"title": "Amber", "boss": "Stone"}, {"title": "Dune", "boss": None}]),
			("/films?select=...directors(*),title&id=eq.3", [{"id": 2, "first_name": "Bo", "last_name": "Lind", "title": "Cedar"}]),
			("/films?select=title,actors:roles(character,...actors(first_name,last_name))&id=eq.5", [
				{"title": "Elm", "actors": [{"character": None, "first_name": "Ivo", "last_name": "Pike"}]}]),
			("/roles?select=character,...films(title,...directors(last_name))&film_id=eq.3&actor_id=eq.1", [
				{"character": "King", "title": "Cedar", "last_name": "Lind"}]),
			("/films?select=title,...technical_specs(runtime)&order=id&limit=3", [
				{"title": "Amber", "runtime": "01:30:00"}, {"title": "Birch", "runtime": "02:05:00"}, {"title": "Cedar", "runtime": None}]),
			("/orders?select=id,...customers(joined,notes,since:joined::text)&id=in.(3,5)&order=id", [
				{"id": 3, "joined": "2016-02-11", "notes": {"vip": False}, "since": "2016-02-11"},
				{"id": 5, "joined": None, "notes": None, "since": None}]),
			("/films?select=id,...directors(last_name,films(id))&id=in.(1,4)&order=id&directors.films.order=id", [
				{"id": 1, "last_name": "Stone", "films": [{"id": 1}, {"id": 2}]}, {"id": 4, "last_name": None, "films": None}]),
			("/films?select=title,...directors!inner(last_name)&directors.first_name=eq.Ada&order=id", [
				{"title": "Amber", "last_name": "Stone"}, {"title": "Birch", "last_name": "Stone"}]),
		])

	def test_to_many_lifts_arrays(self):
		self.expect([
			("/directors?select=last_name,...films(titles:title,years:year)&order=id&films.order=id", [
				{"last_name": "Stone", "titles": ["Amber", "Birch"], "years": [1990, 1994]},
				{"last_name": "Lind", "titles": ["Cedar", "Elm"], "years": [1994, 2010]},
				{"last_name": "Reed", "titles": [], "years": []}]),
			("/films?select=title,...actors(last_name)&id=in.(3,4)&order=id&actors.order=last_name.desc", [
				{"title": "Cedar", "last_name": ["Pike", "Orr", "Moss"]}, {"title": "Dune", "last_name": []}]),
			("/films?select=title,...actors(last_name)&id=eq.3&actors.order=last_name.desc&actors.limit=1", [
				{"title": "Cedar", "last_name": ["Pike"]}]),
			("/films?select=title,...roles(character,...actors(last_name))&id=eq.3&roles.order=actor_id", [
				{"title": "Cedar", "character": ["King", "Rook", "Pawn"], "last_name": ["Moss", "Orr", "Pike"]}]),
			("/directors?select=last_name,...films(title,...actors(actors:last_name))&id=eq.1&films.order=id&films.actors.order=id", [
				{"last_name": "Stone", "title": ["Amber", "Birch"], "actors": [["Moss", "Orr"], ["Orr"]]}]),
			("/films?select=title,...roles(actors(last_name))&id=eq.1&roles.order=actor_id", [
				{"title": "Amber", "actors": [{"last_name": "Moss"}, {"last_name": "Orr"}]}]),
			("/films?select=title,...roles!inner(character)&roles.actor_id=eq.3&order=id", [
				{"title": "Cedar", "character": ["Pawn"]}, {"title": "Elm", "character": [None]}]),
			("/technical_specs?select=camera,...films(title,...roles(character))&film_id=eq.1&films.roles.order=actor_id", [
				{"camera": "Arri", "title": "Amber", "character": ["Smith", "Wesson"]}]),
			("/actors?select=id,roles(...films(title))&id=eq.1&roles.order=film_id", [
				{"id": 1, "roles": [{"title": "Amber"}, {"title": "Cedar"}]}]),
		])


class StrippedNulls(Embedding):
	ACCEPT = {"Accept": "application/vnd.pgrst.array+json;nulls=stripped"}

	def test_within_documents(self):
		self.assertEqual(self.answer("/directors?select=last_name,films(title,rating)&id=eq.2&films.order=id", headers=self.ACCEPT).json,
		                 [{"last_name": "Lind", "films": [{"title": "Cedar"}, {"title": "Elm", "rating": 9.0}]}])
		self.assertEqual(self.answer("/films?select=id,directors(id),...technical_specs(sound)&id=in.(4,5)&order=id", headers=self.ACCEPT).json,
		                 [{"id": 4}, {"id": 5, "directors": {"id": 2}}])


if __name__ == "__main__":
	unittest.main()
