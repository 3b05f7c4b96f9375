"""
The OpenAPI 2.0 document at the root: an independent validator accepts it, and it says
what PostgREST's references/api/openapi and the settings openapi-* promise.
"""
import json
import os
import subprocess
import unittest
import urllib.parse

import harness
from harness import as_role, error_body

CHECK = os.path.join(harness.HERE, "openapi_check.py")
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's packages


def load():
	harness.cluster().sql_file(harness.database(), os.path.join(harness.HERE, "openapi.sql"))
	return True


def server(**settings):
	harness.once("openapi.sql", load)
	return harness.server(**{"db_schemas": "mammals, bare, swm", **settings})


_valid = set()  # the bodies that were accepted before


def assert_valid(body):
	if body in _valid:
		return
	done = subprocess.run([PYTHON, CHECK], input=body, capture_output=True)
	if done.returncode != 0 or done.stdout != b"valid\n":
		raise AssertionError("the validator refuses it (Debian: python3-swagger-spec-validator): "
		                     + done.stderr.decode(errors="replace")[-3000:])
	_valid.add(body)


def resolve(document, reference):
	"""What a reference within the document points to (RFC 6901, in a URI's fragment)."""
	at = document
	for part in urllib.parse.unquote(reference.removeprefix("#/")).split("/"):
		at = at[part.replace("~1", "/").replace("~0", "~")]
	return at


class OpenApi(unittest.TestCase):
	maxDiff = None

	def document(self, role="swm_anon", headers=(), **settings):
		answer = server(**settings).get("/", {**as_role(role), **dict(headers)})
		self.assertEqual(answer.status, 200, answer)
		assert_valid(answer.body)
		return answer.json

	def methods(self, document, path):
		return sorted(document["paths"].get(path, {}))

	def properties(self, document=None):
		return (document or self.document())["definitions"]["monotremes"]["properties"]

	def parameters(self, document, path, method):
		return [resolve(document, p["$ref"]) if "$ref" in p else p
		        for p in document["paths"][path][method]["parameters"]]


class Http(OpenApi):
	def test_media_types(self):
		for accept in (None, "application/openapi+json", "application/json", "*/*", "application/*",
		               "text/html, application/json;q=0.5"):
			with self.subTest(accept):
				answer = server().get("/", {"Accept": accept} if accept else {})
				self.assertEqual((answer.status, answer.header("Content-Type")),
				                 (200, "application/openapi+json; charset=utf-8"))
				self.assertEqual(answer.json["swagger"], "2.0")
				self.assertTrue(answer.complete)

	def test_not_acceptable(self):
		for accept in ("text/csv", "text/xml", "application/openapi+json;q=0", "application/vnd.pgrst.object+json"):
			with self.subTest(accept):
				answer = server().get("/", {"Accept": accept})
				self.assertEqual((answer.status, answer.text), (406, error_body(
					"PGRST107", "None of these media types are available: " + accept)))

	def test_head(self):
		answer = server().request("HEAD", "/")
		self.assertEqual((answer.status, answer.body, answer.header("Content-Type")),
		                 (200, b"", "application/openapi+json; charset=utf-8"))
		self.assertEqual(server().request("HEAD", "/", {"Accept": "text/csv"}).status, 406)

	def test_other_methods(self):
		for method in ("POST", "PUT", "PATCH", "DELETE"):
			with self.subTest(method):
				answer = server().request(method, "/")
				self.assertEqual((answer.status, answer.json["code"]), (405, "PGRST117"))
		self.assertEqual(server().request("OPTIONS", "/").header("Allow"), "OPTIONS,GET,HEAD")

	def test_preferences(self):
		answer = server().get("/", {"Prefer": "handling=strict, nonsense=1"})
		self.assertEqual((answer.status, answer.json["code"]), (400, "PGRST122"))

	def test_schemas(self):
		answer = server().get("/", {"Accept-Profile": "swm"})
		self.assertEqual(answer.header("Content-Profile"), "swm")
		self.assertIn("/devices", answer.json["paths"])
		self.assertNotIn("/monotremes", answer.json["paths"])
		self.assertEqual(server().get("/").header("Content-Profile"), "mammals")
		answer = server().get("/", {"Accept-Profile": "hidden"})
		self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST106"))

	def test_who_asks(self):
		answer = server().get("/", as_role("swm_nobody_there"))
		self.assertEqual((answer.status, answer.json["code"]), (401, "22023"))
		answer = server().get("/", harness.bearer("x.y.z"))
		self.assertEqual(answer.status, 401)

	def test_pre_request(self):
		guarded = server(db_pre_request="mammals.guard")
		answer = guarded.get("/")
		self.assertEqual((answer.status, answer.header("X-Guard"), answer.json["swagger"]), (200, "yes", "2.0"))
		answer = guarded.get("/", {"X-Refuse": "1"})
		self.assertEqual((answer.status, answer.json["message"]), (403, "not you"))
		answer = guarded.request("HEAD", "/", {"X-Refuse": "1"})
		self.assertEqual((answer.status, answer.body), (403, b""))


class RootSpec(OpenApi):
	"""A function in the document's place (references/api/openapi, overriding it)."""
	TITLE = {"title": "Overridden", "description": "This is my own API"}

	def test_the_example(self):
		for accept, content_type in ((None, "application/json"), ("application/json", "application/json"), ("*/*", "application/json"),
		                             ("application/openapi+json", "application/openapi+json"),
		                             ("application/openapi+json, application/json;q=0.9", "application/openapi+json")):
			with self.subTest(accept):
				answer = server(db_root_spec="root").get("/", {"Accept": accept} if accept else {})
				self.assertEqual((answer.status, answer.header("Content-Type")), (200, content_type + "; charset=utf-8"))
				self.assertEqual(answer.json["info"], self.TITLE)

	def test_methods(self):
		root = server(db_root_spec="root")
		answer = root.request("HEAD", "/")
		self.assertEqual((answer.status, answer.body), (200, b""))
		self.assertEqual(root.request("POST", "/", {"Content-Type": "application/json"}, b"{}").json["info"], self.TITLE)
		for method in ("PUT", "PATCH", "DELETE"): # as of any function
			answer = root.request(method, "/")
			self.assertEqual((answer.status, answer.json["code"], answer.header("Allow")), (405, "PGRST101", "OPTIONS,GET,HEAD,POST"))
		self.assertEqual(root.request("OPTIONS", "/").header("Allow"), "OPTIONS,POST") # a volatile one
		self.assertEqual(server(db_root_spec="list").request("OPTIONS", "/").header("Allow"), "OPTIONS,GET,HEAD,POST")

	def test_a_media_type_of_its_own(self):
		page = server(db_root_spec="page")
		# nginx sends who names text/html to the page (test_page_served.py)
		for accept in ("text/*", "*/*", "application/xhtml+xml,*/*;q=0.8"):
			answer = page.get("/", {"Accept": accept})
			self.assertEqual((answer.status, answer.header("Content-Type"), answer.text), (
				200, "text/html", "<p>swm_anon</p>"))
		answer = page.get("/", {"Accept": "image/png"})
		self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST107"))

	def test_rows(self):
		root = server(db_root_spec="list")
		self.assertEqual(root.get("/?low=2&order=n.desc").json, [{"n": 3}, {"n": 2}])
		self.assertEqual(root.get("/?n=eq.2&select=m:n", {"Accept": "text/csv"}).text, "m\n2")

	def test_not_there(self):
		answer = server(db_root_spec="nowhere").get("/")
		self.assertEqual((answer.status, answer.json["code"]), (404, "PGRST202"))
		self.assertEqual(server(db_root_spec="root").get("/monotremes").status, 200)

	def test_disabled(self):
		"""A root that is disabled answers nothing (references/configuration, openapi-mode)."""
		disabled = server(db_root_spec="root", openapi_mode="disabled")
		for method in ("GET", "POST", "OPTIONS"):
			answer = disabled.request(method, "/")
			self.assertEqual((answer.status, answer.json["code"]), (404, "PGRST126"))


class Modes(OpenApi):
	def test_follow_privileges(self):
		document = self.document("swm_anon")
		self.assertEqual(self.methods(document, "/orders"), ["get"])
		self.assertEqual(self.methods(document, "/unseen"), [])
		self.assertNotIn("unseen", document["definitions"])
		self.assertNotIn("unseen", json.dumps(document))
		document = self.document("swm_reader")
		self.assertEqual(self.methods(document, "/orders"), ["get", "post"])
		self.assertEqual(self.methods(document, "/unseen"), ["get"])
		document = self.document("swm_writer")
		self.assertEqual(self.methods(document, "/orders"), ["delete", "get", "patch", "post"])

	def test_what_a_view_can_do(self):
		document = self.document("swm_writer")
		self.assertEqual(self.methods(document, "/light_ones"), ["delete", "get", "patch", "post"])
		self.assertEqual(self.methods(document, "/how_many"), ["get"])
		self.assertEqual(self.methods(document, "/names"), ["get"])

	def test_the_shipped_schema(self):
		profile = {"Accept-Profile": "swm"}
		for role, methods in (("swm_anon", ["get"]), ("swm_reader", ["get"]),
		                      ("swm_writer", ["delete", "get", "patch", "post"])):
			with self.subTest(role):
				document = self.document(role, profile)
				self.assertEqual(sorted(document["paths"]), ["/", "/consumption", "/devices", *(
					"/rpc/" + name for name in ("consumption_days", "consumption_span", "device_series",
					                            "fleet_series", "largest_consumers", "login",
					                            "recent_consumption"))])
				self.assertEqual(self.methods(document, "/devices"), methods)
				self.assertEqual(self.methods(document, "/consumption"), methods)
		self.assertEqual(document["definitions"]["consumption"]["properties"]["device_id"], {
			"description": "The device that consumed it\n\nNote:\n"
			               "This is a Foreign Key to `devices.id`.<fk table='devices' column='id'/>",
			"type": "integer", "format": "int32"})

	def test_functions_follow_execute(self):
		self.assertNotIn("/rpc/not_for_anon", self.document("swm_anon")["paths"])
		self.assertIn("/rpc/not_for_anon", self.document("swm_reader")["paths"])

	def test_ignore_privileges(self):
		document = self.document("swm_anon", openapi_mode="ignore-privileges")
		self.assertEqual(self.methods(document, "/unseen"), ["delete", "get", "patch", "post"])
		self.assertEqual(self.methods(document, "/how_many"), ["get"])
		self.assertIn("/rpc/not_for_anon", document["paths"])

	def test_disabled(self):
		off = server(openapi_mode="disabled")
		for accept in ("*/*", "text/csv"):
			answer = off.get("/", {"Accept": accept})
			self.assertEqual((answer.status, answer.text), (404, error_body("PGRST126", "Root endpoint metadata is disabled")))
		answer = off.request("HEAD", "/")
		self.assertEqual((answer.status, answer.body), (404, b""))
		self.assertEqual(off.get("/orders").status, 200)


class Head(OpenApi):
	def test_the_schemas_comment(self):
		info = self.document()["info"]
		self.assertEqual(info["title"], "A warm-blooded vertebrate animal of a class that is distinguished by "
		                 "the secretion of milk by females for the nourishment of the young")
		self.assertEqual(info["description"], "")
		info = self.document(headers={"Accept-Profile": "bare"})["info"]
		self.assertEqual((info["title"], info["description"]), ("Title of it", "Description of it that\nspans lines"))

	def test_no_tables_at_all(self):
		document = self.document(headers={"Accept-Profile": "bare"})
		self.assertEqual(list(document["paths"]), ["/"])
		self.assertEqual(document["definitions"], {})

	def test_security(self):
		document = self.document()
		self.assertNotIn("security", document)
		self.assertNotIn("securityDefinitions", document)
		document = self.document(openapi_security_active=True)
		self.assertEqual(document["security"], [{"JWT": []}])
		scheme = document["securityDefinitions"]["JWT"]
		self.assertEqual((scheme["type"], scheme["in"], scheme["name"]), ("apiKey", "header", "Authorization"))

	def test_address(self):
		document = self.document()
		self.assertEqual(document["basePath"], "/")
		self.assertNotIn("host", document)
		self.assertNotIn("schemes", document)
		for uri, host, path, scheme in (("https://postgrest.com", "postgrest.com:443", "/", "https"),
		                                ("HTTP://a.example", "a.example:80", "/", "http"),
		                                ("https://u:p@b.example:8443/base/path/?q#f", "b.example:8443", "/base/path", "https")):
			with self.subTest(uri):
				document = self.document(openapi_server_proxy_uri=uri)
				self.assertEqual((document["host"], document["basePath"], document["schemes"]), (host, path, [scheme]))

	def test_address_that_is_none(self):
		for uri in ("example.com", "ftp://example.com", "http://", "http://a b", "http://a:port", "http://a:70000"):
			with self.subTest(uri):
				path = harness.write_file("openapi-proxy.conf", 'openapi-server-proxy-uri = "%s"\n' % uri)
				status, _, err = harness.run_program("swm", "check", path)
				self.assertNotEqual(status, 0)
				self.assertIn("openapi-server-proxy-uri must be", err.decode())

	def test_documents_of_its_own(self):
		self.assertTrue(self.document()["externalDocs"]["url"].startswith("https://"))
		self.assertRegex(self.document()["info"]["version"], r"^\d+\.\d+")


class Relations(OpenApi):
	def test_comments(self):
		document = self.document("swm_writer")
		self.assertEqual(document["definitions"]["monotremes"]["description"],
		                 "Freakish mammals lay the best eggs for breakfast\n\nBut not\nevery day")
		for method in ("get", "post", "patch", "delete"):
			operation = document["paths"]["/monotremes"][method]
			self.assertEqual(operation["summary"], "Freakish mammals lay the best eggs for breakfast")
			self.assertEqual(operation["description"], "But not\nevery day")
		operation = document["paths"]["/orders"]["get"]
		self.assertEqual(operation["summary"], "Orders")
		self.assertNotIn("description", operation)
		self.assertNotIn("summary", document["paths"]["/names"]["get"])
		self.assertEqual(self.properties(document)["has_venomous_claw"]["description"], "Sometimes breakfast is not worth it")

	def test_keys(self):
		properties = self.properties()
		self.assertEqual(properties["id"]["description"], "Note:\nThis is a Primary Key.<pk/>")
		self.assertEqual(properties["order_id"]["description"], "What it belongs to\n\nNote:\n"
		                 "This is a Foreign Key to `orders.id`.<fk table='orders' column='id'/>")
		self.assertNotIn("description", properties["weight"])
		# to a table that the role may not see
		self.assertNotIn("description", properties["secret_id"])
		self.assertIn("hidden_orders", self.properties(self.document("swm_reader"))["secret_id"]["description"])
		both = self.document()["definitions"]["naïve ключ 💡"]["properties"]["موارد"]["description"]
		self.assertEqual(both, "Note:\nThis is a Primary Key.<pk/>\nThis is a Foreign Key to `naïve ключ 💡.موارد`."
		                 "<fk table='naïve ключ 💡' column='موارد'/>")

	def test_keys_of_views(self):
		"""A view has the keys of its tables; what refers to a table and to views of it refers to the table."""
		properties = self.document()["definitions"]["light_keys"]["properties"]
		self.assertEqual(properties["number"]["description"], "Note:\nThis is a Primary Key.<pk/>")
		self.assertEqual(properties["kind"]["description"], "Note:\nThis is a Foreign Key to `orders.id`."
		                 "<fk table='orders' column='id'/>")

	def test_types_and_formats(self):
		expected = {
			"id": ("integer", "int64"), "legs": ("integer", "int32"), "order_id": ("integer", "int32"),
			"has_venomous_claw": ("boolean", "boolean"), "name": ("string", "character varying"),
			"short": ("string", "character"), "none": ("string", "text"), "weight": ("number", "numeric"),
			"length": ("number", "double precision"), "born": ("string", "date"),
			"seen": ("string", "timestamp with time zone"), "mood": ("string", "hidden.mood"),
			"moods": ("array", "hidden.mood[]"), "tags": ("array", "text[]"), "data": (None, "jsonb"), "doc": (None, "json"),
			"spot": ("string", "hidden.spot"), "spots": ("array", "hidden.spot[]"), "code": ("string", "character varying"),
			"many": ("array", "integer[]"), "rank": ("integer", "int32"), "bits": ("string", "bit"),
			"temper": ("string", "hidden.temper"),
		}
		properties = self.properties()
		self.assertEqual({name: (properties[name].get("type"), properties[name]["format"]) for name in expected}, expected)

	def test_enums(self):
		labels = ["sad", 'so, "so"', "happy"]
		properties = self.properties()
		self.assertEqual(properties["mood"]["enum"], labels)
		self.assertEqual((properties["temper"]["enum"], properties["temper"]["default"]), (labels, "sad"))
		self.assertEqual(properties["moods"]["items"], {"type": "string"})
		self.assertNotIn("enum", properties["moods"])
		self.assertNotIn("enum", properties["no_mood"])

	def test_items(self):
		properties = self.properties()
		self.assertEqual(properties["tags"]["items"], {"type": "string"})
		self.assertEqual(properties["many"]["items"], {"type": "integer"})
		self.assertEqual(properties["spots"]["items"], {"type": "string"})
		self.assertNotIn("items", properties["name"])

	def test_lengths(self):
		lengths = {name: p["maxLength"] for name, p in self.properties().items() if "maxLength" in p}
		self.assertEqual(lengths, {"name": 40, "code": 5, "bits": 3, "short": 2})

	def test_defaults(self):
		defaults = {name: p["default"] for name, p in self.properties().items() if "default" in p}
		self.assertEqual(defaults, {
			"has_venomous_claw": False, "name": "it's \\ \"one\"", "weight": 1.5, "legs": 4, "below": -1, "seen": "now()",
			"started": "2020-02-03", "mood": "happy", "data": {"a": [1]}, "code": "a", "rank": 3, "temper": "sad",
		})

	def test_required(self):
		definitions = self.document()["definitions"]
		self.assertEqual(definitions["monotremes"]["required"], ["id", "order_id", "has_venomous_claw"])
		self.assertNotIn("required", definitions["light_ones"])
		self.assertEqual(definitions["no_columns"], {"type": "object", "properties": {}})

	def test_parameters(self):
		document = self.document("swm_writer")
		names = lambda method: [p["name"] for p in self.parameters(document, "/orders", method)]
		self.assertEqual(names("get"), ["id", "name", "select", "order", "Range", "Range-Unit", "offset", "limit", "Prefer"])
		self.assertEqual(names("post"), ["orders", "select", "Prefer"])
		self.assertEqual(names("patch"), ["id", "name", "orders", "Prefer"])
		self.assertEqual(names("delete"), ["id", "name", "Prefer"])
		self.assertEqual(document["parameters"]["rowFilter.orders.id"],
		                 {"name": "id", "in": "query", "required": False, "type": "string"})
		self.assertEqual(document["parameters"]["body.orders"]["schema"], {"$ref": "#/definitions/orders"})
		self.assertEqual(document["parameters"]["rowFilter.monotremes.has_venomous_claw"]["description"],
		                 "Sometimes breakfast is not worth it")

	def test_preferences_of_parameters(self):
		enums = {name: p.get("enum") for name, p in self.document()["parameters"].items() if name.startswith("prefer")}
		self.assertEqual(enums, {
			"preferParams": None, "preferReturn": ["return=representation", "return=minimal", "return=none"],
			"preferCount": ["count=none"], "preferPost": ["return=representation", "return=minimal", "return=none",
			                                              "resolution=ignore-duplicates", "resolution=merge-duplicates"]})

	def test_answers(self):
		paths = self.document("swm_writer")["paths"]["/orders"]
		self.assertEqual(paths["get"]["responses"]["200"]["schema"], {"type": "array", "items": {"$ref": "#/definitions/orders"}})
		self.assertEqual({method: sorted(operation["responses"]) for method, operation in paths.items()},
		                 {"get": ["200", "206"], "post": ["201"], "patch": ["204"], "delete": ["204"]})
		self.assertEqual(paths["get"]["tags"], ["orders"])

	def test_odd_names(self):
		"""Every path leads to its table, and every filter to its column."""
		document = self.document("swm_writer")
		self.assertTrue({"a.b", "a", "odd/~name {x} 100% \"quoted\" '#?&", "naïve ключ 💡", "x-files"}
		                <= set(document["definitions"]))
		tried = 0
		for path, item in document["paths"].items():
			if path == "/" or path.startswith("/rpc/"):
				continue
			self.assertEqual(server().request("HEAD", path + "?limit=0", as_role("swm_writer")).status, 200, path)
			for parameter in self.parameters(document, path, "get"):
				if parameter["name"] in ("select", "order", "offset", "limit") or parameter["in"] != "query":
					continue
				query = "?%s=is.null&limit=0" % urllib.parse.quote(parameter["name"], safe="")
				answer = server().get(path + query, as_role("swm_writer"))
				self.assertEqual((answer.status, answer.text), (200, "[]"), path + query)
				tried += 1
		self.assertGreater(tried, 40)

	def test_a_long_document_is_streamed(self):
		"""Larger than the output buffer (128 KiB), and complete."""
		harness.once("openapi many", lambda: harness.sql(
			"CREATE SCHEMA many; GRANT USAGE ON SCHEMA many TO swm_anon;\n"
			"SELECT format('CREATE TABLE many.t%s (id integer PRIMARY KEY, a text, b text, c text)', g) FROM generate_series(1, 300) g \\gexec\n"
			"GRANT SELECT ON ALL TABLES IN SCHEMA many TO swm_anon;") or True)
		answer = server(db_schemas="many").get("/")
		self.assertEqual((answer.status, answer.complete, answer.header("Content-Length")), (200, True, None))
		self.assertGreater(len(answer.body), 200 * 1024)
		assert_valid(answer.body)
		self.assertEqual(len(answer.json["definitions"]), 300)


class Functions(OpenApi):
	def test_parameters(self):
		document = self.document()
		self.assertEqual(self.methods(document, "/rpc/add_them"), ["get", "post"])
		self.assertEqual(self.parameters(document, "/rpc/add_them", "get"), [
			{"name": "a", "required": True, "in": "query", "type": "integer", "format": "int32"},
			{"name": "b", "required": False, "in": "query", "type": "integer", "format": "int32"}])
		args = self.parameters(document, "/rpc/add_them", "post")[0]
		self.assertEqual((args["name"], args["in"], args["required"]), ("args", "body", True))
		self.assertEqual(args["schema"].pop("description"), "Adds\n\nand says what came of it")
		self.assertEqual(args["schema"], {"type": "object", "required": ["a"], "properties": {
			"a": {"type": "integer", "format": "int32"}, "b": {"type": "integer", "format": "int32"}}})

	def test_comments(self):
		for method in ("get", "post"):
			operation = self.document()["paths"]["/rpc/add_them"][method]
			self.assertEqual((operation["summary"], operation["description"]), ("Adds", "and says what came of it"))
			self.assertEqual(operation["tags"], ["(rpc) add_them"])

	def test_volatile(self):
		document = self.document()
		self.assertEqual(self.methods(document, "/rpc/feed"), ["post"])
		self.assertEqual(sorted(document["paths"]["/rpc/feed"]["post"]["responses"]), ["200"])
		properties = self.parameters(document, "/rpc/feed", "post")[0]["schema"]["properties"]
		self.assertEqual(properties["doc"], {"format": "jsonb"})
		self.assertEqual(properties["spot"], {"type": "string", "format": "hidden.spot"})

	def test_variadic(self):
		self.assertEqual(self.parameters(self.document(), "/rpc/list_them", "get"), [
			{"name": "names", "required": True, "in": "query", "type": "array", "collectionFormat": "multi",
			 "items": {"type": "string", "format": "text"}}])

	def test_overloads(self):
		document = self.document()
		self.assertEqual([(p["name"], p["required"]) for p in self.parameters(document, "/rpc/overloaded", "get")],
		                 [("a", True), ("b", True)])
		schema = self.parameters(document, "/rpc/overloaded", "post")[0]["schema"]
		self.assertEqual(schema, {"type": "object", "required": ["a"], "properties": {
			"a": {}, "b": {"type": "string", "format": "text"}}})

	def test_a_raw_body(self):
		document = self.document()
		self.assertEqual(self.methods(document, "/rpc/take_json"), ["post"])
		self.assertEqual(self.parameters(document, "/rpc/take_json", "post")[0]["schema"], {"format": "json"})

	def test_what_cannot_be_called(self):
		self.assertNotIn("/rpc/not_callable", self.document()["paths"])

	def test_odd_names(self):
		document = self.document()
		path = "/rpc/" + urllib.parse.quote("odd (näme)/%{x}", safe="")
		self.assertEqual([p["name"] for p in self.parameters(document, path, "get")], ["a b"])


if __name__ == "__main__":
	unittest.main()
