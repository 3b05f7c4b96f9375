"""
Methods, CORS, Prefer, errors' shape and the headers of every answer
(PostgREST's references/api/options, cors, preferences, vary_header; errors;
transactions; observability).
"""
import re
import unittest

import harness
from harness import array, as_role, error_body, ids

JSON = "application/json; charset=utf-8"
VARY = "Accept, Prefer, Range"


class Http(unittest.TestCase):
	maxDiff = None

	@classmethod
	def setUpClass(cls):
		cls.server = harness.server()

	def assert_error(self, answer, status, code, message=None, details=None, hint=None):
		if message is None:
			self.assertEqual((answer.status, answer.json["code"]), (status, code))
		else:
			self.assertEqual((answer.status, answer.text), (status, error_body(code, message, details, hint)))
		self.assertEqual(answer.header("Content-Type"), JSON)
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=" + code)
		self.assertEqual(answer.header("Content-Length"), str(len(answer.body)))
		self.assertEqual(answer.header("Vary"), VARY)


class Methods(Http):
	def test_head_is_get_without_body(self):
		for target in ("/three", "/people?id=eq.1", "/nothing", "/nowhere", "/three?id=five", "/three?limit=-1"):
			with self.subTest(target):
				get, head = self.server.get(target), self.server.request("HEAD", target)
				self.assertEqual((head.status, head.body), (get.status, b""))
				# nginx, which sees no length, says that GET might have been compressed
				self.assertEqual(head.header("Vary").replace("Accept-Encoding, ", ""), get.header("Vary"))
				for name in ("Content-Type", "Content-Range", "Content-Location", "Content-Profile",
				             "Proxy-Status"):
					self.assertEqual(head.header(name), get.header(name), name)

	def test_options_of_a_table(self):
		answer = self.server.request("OPTIONS", "/three")
		self.assertEqual((answer.status, answer.body), (200, b""))
		self.assertEqual(answer.header("Allow"), "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE")
		self.assertEqual(answer.header("Vary"), VARY)

	def test_options_follows_what_can_be_done(self):
		for relation, allow in [
			("no_key", "OPTIONS,GET,HEAD,POST,PATCH,DELETE"),  # PUT needs a primary key
			("ages", "OPTIONS,GET,HEAD"),                      # not updatable: it aggregates
		]:
			with self.subTest(relation):
				answer = self.server.request("OPTIONS", "/" + relation)
				self.assertEqual((answer.status, answer.header("Allow")), (200, allow))

	def test_options_of_what_may_not_be_seen(self):
		"""One privilege is enough to be told all that the relation can; without any it is not there."""
		self.assertEqual(self.server.request("OPTIONS", "/secret").status, 404)
		answer = self.server.request("OPTIONS", "/secret", harness.as_role("swm_reader"))
		self.assertEqual((answer.status, answer.header("Allow")), (200, "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE"))

	def test_options_in_another_schema(self):
		"""The schema is chosen as that of a read is."""
		self.assertEqual(self.server.request("OPTIONS", "/only_here").status, 404)
		self.assertEqual(self.server.request("OPTIONS", "/only_here", {"Content-Profile": "other"}).status, 404)
		answer = self.server.request("OPTIONS", "/only_here", {"Accept-Profile": "other"})
		self.assertEqual((answer.status, answer.header("Allow")), (200, "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE"))
		answer = self.server.request("OPTIONS", "/only_here", {"Accept-Profile": "nowhere"})
		self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST106"))

	def test_options_of_what_is_not_there(self):
		self.assert_error(self.server.request("OPTIONS", "/zzzzzzzzzz"), 404, "PGRST205",
		                  "Could not find the table 'test.zzzzzzzzzz' in the schema cache")
		self.assert_error(self.server.request("OPTIONS", "/peple"), 404, "PGRST205",
		                  "Could not find the table 'test.peple' in the schema cache", None,
		                  "Perhaps you meant the table 'test.people'")

	def test_a_name_alone_says_nothing(self):
		"""A parameter without `=` is no filter and no error: so PostgREST has it."""
		answer = self.server.get("/three?id&order=id")
		self.assertEqual((answer.status, answer.text), (200, ids(1, 2, 3)))

	def test_unknown_method(self):
		for method in ("FOO", "PROPFIND", "get"):
			with self.subTest(method):
				answer = self.server.request(method, "/three")
				if method == "get":  # nginx refuses a method in small letters
					self.assertIn(answer.status, (400, 405))
					continue
				self.assert_error(answer, 405, "PGRST117", "Unsupported HTTP method: " + method)
				self.assertIsNotNone(answer.header("Allow"))
				self.assertIn("GET", answer.header("Allow"))

	def test_methods_of_functions(self):
		"""Any but GET, HEAD, POST and OPTIONS is PGRST101 there (the errors page)."""
		for method in ("FOO", "PUT", "PATCH", "DELETE"):
			answer = self.server.request(method, "/rpc/anything")
			self.assert_error(answer, 405, "PGRST101", "Cannot use the %s method on RPC" % method)
			self.assertEqual(answer.header("Allow"), "OPTIONS,GET,HEAD,POST")

	def test_what_is_allowed_is_open_to_all(self):
		for path in ("/", "/three"):
			answer = self.server.request("OPTIONS", path)
			self.assertEqual((answer.status, answer.header("Access-Control-Allow-Origin")), (200, "*"))
		answer = self.server.request("OPTIONS", "/three", {"Origin": "http://a.example"})
		self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])
		self.assertIsNone(self.server.request("OPTIONS", "/nowhere").header("Access-Control-Allow-Origin"))
		self.assertIsNone(self.server.get("/three").header("Access-Control-Allow-Origin"))

	def test_a_read_affects_nothing(self):
		"""max-affected is of PATCH, DELETE and functions (references/api/preferences)."""
		answer = self.server.get("/three?order=id", {"Prefer": "handling=strict, max-affected=1"})
		self.assertEqual((answer.status, answer.text, answer.header("Preference-Applied")), (200, ids(1, 2, 3), "handling=strict"))

	def test_writes_need_a_privilege(self):
		"""Refused by PostgreSQL, which knows who may; the table is as it was."""
		for method in ("POST", "PATCH", "PUT", "DELETE"):
			with self.subTest(method):
				answer = self.server.request(method, "/three?id=eq.1", {"Content-Type": "application/json",
				                             **as_role("swm_writer")}, body=b'{"id":9}')
				self.assert_error(answer, 403, "42501", "permission denied for table three")
		self.assertEqual(self.server.get("/three?order=id").text, ids(1, 2, 3))

	def test_a_body_of_a_get_is_no_matter(self):
		answer = self.server.request("GET", "/three?order=id", {"Content-Type": "application/json"}, body=b"x" * 100000)
		self.assertEqual((answer.status, answer.text), (200, ids(1, 2, 3)))

	def test_a_read_changes_nothing(self):
		"""The transaction of GET and HEAD is READ ONLY: the example of the documentation."""
		self.assert_error(self.server.get("/call_counter"), 405, "25006",
		                  "cannot execute nextval() in a read-only transaction")
		self.assertEqual(self.server.request("HEAD", "/call_counter").status, 405)
		self.assertEqual(harness.sql("SELECT is_called FROM test.calls"), "f")


class Paths(Http):
	def test_not_a_relation(self):
		for path in ("/three/1", "/three/", "//three", "/a/b/c"):
			with self.subTest(path):
				self.assert_error(self.server.get(path), 404, "PGRST125", "Invalid path specified in request URL")

	def test_unknown_relation(self):
		self.assert_error(self.server.get("/zzzzzzzzzz"), 404, "PGRST205",
		                  "Could not find the table 'test.zzzzzzzzzz' in the schema cache")

	def test_nearest_name(self):
		for asked, meant in [("peple", "people"), ("thre", "three"), ("contries", "countries"), ("Three", "three")]:
			with self.subTest(asked):
				self.assert_error(self.server.get("/" + asked), 404, "PGRST205",
				                  "Could not find the table 'test.%s' in the schema cache" % asked, None,
				                  "Perhaps you meant the table 'test.%s'" % meant)

	def test_content_location(self):
		"""Percent-encoded once; repeated parameters stay repeated."""
		for target, location in [
			("/three", "/three"),
			("/three?id=eq.1", "/three?id=eq.1"),
			("/three?id=gt.1&id=lt.4", "/three?id=gt.1&id=lt.4"),
			("/three?order=id&limit=1&id=gt.0", "/three?id=gt.0&limit=1&order=id"),
			("/people?name=eq.%C3%A9", "/people?name=eq.%C3%A9"),
			("/Order%20Items", "/Order%20Items"),
		]:
			with self.subTest(target):
				self.assertEqual(self.server.get(target).header("Content-Location"), location)


class Errors(Http):
	def test_from_postgresql(self):
		self.assert_error(self.server.get("/three?id=eq.abc"), 400, "22P02",
		                  'invalid input syntax for type integer: "abc"')
		self.assert_error(self.server.get("/divided"), 400, "22012", "division by zero")
		self.assert_error(self.server.get("/refusing"), 400, "P0001", "I refuse!", "Pretty simple",
		                  "There is nothing you can do.")

	def test_status_set_by_sql(self):
		self.assert_error(self.server.get("/teapots"), 418, "PT418", "short and stout", None, "tip me over")

	def test_privileges(self):
		answer = self.server.get("/secret")
		self.assert_error(answer, 401, "42501", "permission denied for table secret")
		self.assertTrue(answer.header("WWW-Authenticate").startswith("Bearer"))
		self.assert_error(self.server.get("/half_secret?select=word"), 401, "42501",
		                  "permission denied for table half_secret")
		self.assertEqual(self.server.get("/half_secret?select=id").text, ids(1))
		self.assertEqual(self.server.get("/secret", as_role("swm_reader")).text, array('{"id":1,"word":"hush"}'))

	def test_privileges_of_a_known_role(self):
		answer = harness.server(db_schemas="test, swm").get("/secret", as_role("swm_anon"))
		self.assert_error(answer, 401, "42501", "permission denied for table secret")
		self.assertTrue(answer.header("WWW-Authenticate").startswith("Bearer"))

	def test_minimal_verbosity(self):
		server = harness.server(client_error_verbosity="minimal")
		answer = server.get("/refusing")
		self.assertEqual((answer.status, answer.text), (400, '{"code":"P0001","message":"I refuse!"}'))
		answer = server.get("/peple")
		self.assertEqual((answer.status, answer.text), (
			404, '{"code":"PGRST205","message":"Could not find the table \'test.peple\' in the schema cache"}'))
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=PGRST205")

	def test_after_the_first_byte(self):
		"""An error in a row far behind the first: the answer must not look complete."""
		answer = self.server.get("/late_errors")
		self.assertEqual(answer.status, 200)
		self.assertFalse(answer.complete)
		self.assertEqual(self.server.get("/three?id=eq.1").text, ids(1))


class Headers(Http):
	def test_vary(self):
		for target in ("/three", "/nowhere", "/three?id=five", "/secret", "/call_counter"):
			with self.subTest(target):
				self.assertEqual(self.server.get(target).header("Vary"), VARY)

	def test_nothing_twice(self):
		for target in ("/three", "/nowhere", "/secret"):
			with self.subTest(target):
				names = [name.lower() for name, _ in self.server.get(target, {"Origin": "http://a"}).headers]
				self.assertEqual(sorted(names), sorted(set(names)))

	def test_request_settings(self):
		"""What SQL sees of the request (references/transactions)."""
		row = self.server.get("/whoami?select=method,path,mark,cookie,user,read_only,search_path",
		                      {"X-Mark": "m ü 'x' \"y\"", "Cookie": "a=b; c=d e"}).json[0]
		self.assertEqual((row["method"], row["path"]), ("GET", "/whoami"))
		self.assertEqual((row["mark"], row["cookie"]), ("m ü 'x' \"y\"", "d e"))
		self.assertEqual((row["user"], row["read_only"]), ("swm_anon", "on"))
		self.assertEqual([part.strip(' "') for part in row["search_path"].split(",")], ["test", "public"])

	def test_cookies_are_no_header_of_the_settings(self):
		row = self.server.get("/whoami?select=header_names", {"X-Mark": "m", "Cookie": "a=b"}).json[0]
		self.assertIn("x-mark", row["header_names"])
		self.assertNotIn("cookie", row["header_names"])

	def test_search_path_follows_the_profile(self):
		server = harness.server(db_schemas="other, test")
		row = server.get("/whoami?select=search_path", {"Accept-Profile": "test"}).json[0]
		self.assertEqual([part.strip(' "') for part in row["search_path"].split(",")], ["test", "public"])

	def test_app_settings(self):
		server = harness.Server(harness.cluster(), harness.database(), **{"app.settings.colour": "blue 'q'"})
		with server:
			self.assertEqual(server.get("/whoami?select=colour").text, array('{"colour":"blue \'q\'"}'))

	def test_more_settings_than_a_function_has_arguments(self):
		settings = {"app.settings.n%d" % n: n for n in range(250)}
		with harness.Server(harness.cluster(), harness.database(), **settings, **{"app.settings.colour": "last"}) as server:
			self.assertEqual(server.get("/whoami?select=colour").text, array('{"colour":"last"}'))

	def test_kept_connections(self):
		"""Several requests on one connection of the client."""
		with self.server.connect() as connection:
			for number in (1, 2, 3):
				connection.sendall(b"GET /three?id=eq.%d HTTP/1.1\r\nHost: test\r\n\r\n" % number)
				expected = ids(number).encode()
				data = b""
				while expected not in data:
					piece = connection.recv(65536)
					self.assertTrue(piece, "closed after %r" % data)
					data += piece
				self.assertTrue(data.startswith(b"HTTP/1.1 200 "))


class Prefer(Http):
	MOMENT = array('{"t":"2023-10-18T12:37:59.611+00:00"}')
	IN_LOS_ANGELES = array('{"t":"2023-10-18T05:37:59.611-07:00"}')

	def applied(self, answer):
		value = answer.header("Preference-Applied")
		return set() if value is None else {part.strip() for part in value.split(",")}

	def test_timezone(self):
		answer = self.server.get("/moments?select=t", {"Prefer": "timezone=America/Los_Angeles"})
		self.assertEqual((answer.status, answer.text), (200, self.IN_LOS_ANGELES))
		self.assertEqual(answer.header("Preference-Applied"), "timezone=America/Los_Angeles")

	def test_timezone_does_not_stay(self):
		for _ in range(8):  # more often than there are connections
			self.server.get("/moments?select=t", {"Prefer": "timezone=America/Los_Angeles"})
			self.assertEqual(self.server.get("/moments?select=t").text, self.MOMENT)

	def test_unknown_timezone(self):
		"""PostgreSQL says that there is none, under either handling."""
		for handling in ("", "handling=lenient, ", "handling=strict, "):
			answer = self.server.get("/moments?select=t", {"Prefer": handling + "timezone=Jupiter/Red_Spot"})
			self.assert_error(answer, 400, "22023", 'invalid value for parameter "TimeZone": "Jupiter/Red_Spot"')
		self.assertEqual(self.server.get("/moments?select=t").text, self.MOMENT)

	def test_timezone_as_an_offset(self):
		for zone, moment in (("-4", "2023-10-18T08:37:59.611-04:00"), ("05:00", "2023-10-18T07:37:59.611-05:00"),
		                     ("america/los_angeles", "2023-10-18T05:37:59.611-07:00")):
			answer = self.server.get("/moments?select=t", {"Prefer": "timezone=" + zone})
			self.assertEqual((answer.status, answer.json), (200, [{"t": moment}]))
			self.assertEqual(answer.header("Preference-Applied"), "timezone=" + zone)

	def test_handling(self):
		answer = self.server.get("/three", {"Prefer": "handling=strict, foo, bar"})
		self.assert_error(answer, 400, "PGRST122", "Invalid preferences given with handling=strict",
		                  "Invalid preferences: foo, bar")
		for prefer, applied in [
			("handling=lenient, foo, bar", {"handling=lenient"}),
			("foo, bar", set()),
			("handling=strict", {"handling=strict"}),
			("handling=strict, count=exact", {"handling=strict", "count=exact"}),
		]:
			with self.subTest(prefer):
				answer = self.server.get("/three?order=id", {"Prefer": prefer})
				self.assertEqual((answer.status, answer.text), (200, ids(1, 2, 3)))
				self.assertEqual(self.applied(answer), applied)

	def test_several_lines_are_one(self):
		answer = self.server.get("/moments?select=t", [
			("Prefer", "timezone=America/Los_Angeles"), ("Accept", "*/*"), ("Prefer", "count=exact"),
			("prefer", "handling=lenient")])
		self.assertEqual((answer.status, answer.text), (200, self.IN_LOS_ANGELES))
		self.assertEqual(answer.header("Content-Range"), "0-0/1")
		self.assertEqual(self.applied(answer), {"timezone=America/Los_Angeles", "count=exact", "handling=lenient"})
		answer = self.server.get("/three", [("Prefer", "handling=strict"), ("Prefer", "foo")])
		self.assert_error(answer, 400, "PGRST122", "Invalid preferences given with handling=strict",
		                  "Invalid preferences: foo")

	def test_the_first_of_a_preference_counts(self):
		answer = self.server.get("/moments?select=t", {
			"Prefer": "timezone=America/Los_Angeles, timezone=UTC, handling=lenient, handling=strict, foo"})
		self.assertEqual((answer.status, answer.text), (200, self.IN_LOS_ANGELES))
		self.assertEqual(self.applied(answer), {"timezone=America/Los_Angeles", "handling=lenient"})


class Cors(Http):
	def preflight(self, server, origin, method="POST"):
		return server.request("OPTIONS", "/three", {
			"Origin": origin, "Access-Control-Request-Method": method,
			"Access-Control-Request-Headers": "Content-Type, X-Custom"})

	def test_simple_request(self):
		for target, status in (("/three", 200), ("/nowhere", 404)):
			with self.subTest(target):
				answer = self.server.get(target, {"Origin": "http://example.com"})
				self.assertEqual(answer.status, status)
				self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
				self.assertIsNone(answer.header("Access-Control-Allow-Credentials"))
				self.assertEqual(answer.header("Vary"), VARY)
				exposed = {name.strip().lower() for name in answer.header("Access-Control-Expose-Headers").split(",")}
				self.assertLessEqual({"content-range", "content-location", "content-type", "preference-applied",
				                      "idempotency-replayed", "batch-operation", "retry-after", "proxy-status"}, exposed)

	def test_no_origin(self):
		for name, _ in self.server.get("/three").headers:
			self.assertFalse(name.lower().startswith("access-control-"), name)

	def test_preflight(self):
		"""The example of the documentation."""
		answer = self.preflight(self.server, "http://example.com")
		self.assertEqual((answer.status, answer.body), (200, b""))
		self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
		self.assertIsNone(answer.header("Access-Control-Allow-Credentials"))
		self.assertEqual(answer.header("Access-Control-Max-Age"), "86400")
		methods = {name.strip() for name in answer.header("Access-Control-Allow-Methods").split(",")}
		self.assertEqual(methods, {"GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS", "HEAD"})
		headers = {name.strip().lower() for name in answer.header("Access-Control-Allow-Headers").split(",")}
		self.assertLessEqual({"authorization", "content-type", "x-custom", "accept", "accept-language",
		                      "content-language"}, headers)

	def test_a_list_of_origins(self):
		server = harness.server(server_cors_allowed_origins="http://a.example, http://b.example:8080")
		for origin in ("http://a.example", "http://b.example:8080"):
			with self.subTest(origin):
				for answer in (server.get("/three", {"Origin": origin}), server.get("/nowhere", {"Origin": origin}),
				               self.preflight(server, origin)):
					self.assertEqual(answer.header("Access-Control-Allow-Origin"), origin)
					self.assertEqual(answer.header("Access-Control-Allow-Credentials"), "true")
					self.assertEqual(answer.header("Vary"), VARY + ", Origin")
		for origin in ("http://c.example", "http://b.example", "null", "http://a.example.evil"):
			with self.subTest(origin):
				answer = server.get("/three?order=id", {"Origin": origin})
				self.assertEqual((answer.status, answer.text), (200, ids(1, 2, 3)))
				for answer in (answer, self.preflight(server, origin)):
					self.assertIsNone(answer.header("Access-Control-Allow-Origin"))
					self.assertIsNone(answer.header("Access-Control-Allow-Credentials"))
					self.assertEqual(answer.header("Vary"), VARY + ", Origin")

	def test_a_list_and_no_origin(self):
		"""A cache must not keep that answer for an origin on the list (RFC 9110, 12.5.5)."""
		answer = harness.server(server_cors_allowed_origins="http://a.example").get("/three")
		self.assertEqual((answer.status, answer.header("Vary")), (200, VARY + ", Origin"))


class ServerTiming(unittest.TestCase):
	"""The stages and their form are the documentation's (PostgREST's references/observability)."""

	FORM = r"^jwt;dur=(\d+\.\d), parse;dur=(\d+\.\d), plan;dur=(\d+\.\d), transaction;dur=(\d+\.\d), response;dur=(\d+\.\d)$"

	def stages(self, target, headers=(), method="GET"):
		answer = harness.server(server_timing_enabled=True).request(method, target, headers)
		self.assertRegex(answer.header("Server-Timing") or "", self.FORM)
		return answer, [float(n) for n in re.match(self.FORM, answer.header("Server-Timing")).groups()]

	def test_off(self):
		self.assertIsNone(harness.server().get("/three").header("Server-Timing"))

	def test_where_the_time_goes(self):
		answer, stages = self.stages("/slow?select=id")
		self.assertEqual(answer.status, 200)
		self.assertGreaterEqual(stages[3], 100) # /slow takes a tenth of a second in the database
		self.assertLess(sum(stages) - stages[3], 100)

	def test_other_answers(self):
		for target, headers, method, status in [
			("/three", {}, "HEAD", 200), ("/nowhere", {}, "GET", 404), ("/three", {}, "OPTIONS", 200),
			("/three", {"If-None-Match": "*"}, "GET", 304), ("/", {}, "GET", 200), ("/three?id=eq.x", {}, "GET", 400),
			("/three", harness.bearer("x.y.z"), "GET", 401), ("/million?select=id", {}, "GET", 200),
		]:
			with self.subTest(target, method=method):
				self.assertEqual(self.stages(target, headers, method)[0].status, status)

	def test_a_refused_token_has_but_one_stage(self):
		_, stages = self.stages("/three", harness.bearer("x.y.z"))
		self.assertEqual(stages[1:4], [0, 0, 0])


if __name__ == "__main__":
	unittest.main()
