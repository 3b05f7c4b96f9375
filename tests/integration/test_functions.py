"""
Functions under /rpc/ (PostgREST's references/api/functions, references/transactions and
references/errors; what each test expects is from there, or from PostgreSQL's manual).
"""
import json
import os
import unittest

import fcgi_client
import harness
from harness import array, as_role, error_body

FIXTURES = os.path.join(harness.HERE, "functions.sql")
JSON = {"Content-Type": "application/json"}
SEARCHED = "Searched for the function calls.%s, but no matches were found in the schema cache."


def load():
	harness.cluster().sql_file(harness.database(), FIXTURES)
	return True


class Calls(unittest.TestCase):
	settings = {}

	@classmethod
	def setUpClass(cls):
		harness.once("functions.sql", load)
		cls.server = harness.server(db_schemas="calls, calls_other", **cls.settings)

	def get(self, target, headers=()):
		return self.server.get("/rpc/" + target, headers)

	def post(self, target, body=b"", headers=JSON):
		if not isinstance(body, (bytes, str)):
			body = json.dumps(body)
		return self.server.request("POST", "/rpc/" + target, headers, harness.as_bytes(body))

	def expect(self, answer, text, status=200):
		self.assertEqual((answer.status, answer.text), (status, text))

	def logged(self, word):
		return int(harness.sql("SELECT count(*) FROM calls.log WHERE word = '%s'" % word))


class Arguments(Calls):
	def test_post(self):
		answer = self.post("add_them", '{ "a": 1, "b": 2 }')
		self.expect(answer, "3")
		self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
		self.assertEqual(answer.header("Content-Length"), "1")
		self.assertIsNone(answer.header("Content-Location"))
		self.expect(self.post("add_them", '{"a":1,"b":2}', {}), "3")
		self.expect(self.post("add_them", '{"a":1,"b":2}', {"Content-Type": "application/json; charset=utf-8"}), "3")

	def test_get(self):
		self.expect(self.get("add_them?a=1&b=2"), "3")
		self.expect(self.get("add_them?b=2&a=-1"), "1")

	def test_head(self):
		answer = self.server.request("HEAD", "/rpc/add_them?a=1&b=2")
		self.assertEqual((answer.status, answer.body), (200, b""))
		self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")

	def test_form(self):
		form = {"Content-Type": "application/x-www-form-urlencoded"}
		self.expect(self.post("add_them", "a=1&b=2", form), "3")
		self.expect(self.post("plus_one_variadic", "v=1&v=2&v=3&v=4", form), "[2,3,4,5]")
		self.expect(self.post("greet", "name=J%C3%BCrgen+%26+co", form), '"hello Jürgen & co!"')
		self.expect(self.post("greet", "", form), '"hello world!"')
		self.expect(self.post("greet", "name=%zz", form),
		            error_body("PGRST102", "The form is not percent-encoded UTF-8"), 400)

	def test_arrays(self):
		self.expect(self.post("plus_one", {"arr": [1, 2, 3, 4]}), "[2,3,4,5]")
		self.expect(self.get("plus_one?arr=%7B1,2,3,4%7D"), "[2,3,4,5]")
		self.expect(self.post("plus_one", {"arr": "{1,2}"}), "[2,3]")

	def test_variadic(self):
		self.expect(self.post("plus_one_variadic", {"v": [1, 2, 3, 4]}), "[2,3,4,5]")
		self.expect(self.get("plus_one_variadic?v=1&v=2&v=3&v=4"), "[2,3,4,5]")
		self.expect(self.get("plus_one_variadic?v=7"), "[8]")
		self.expect(self.get("plus_one_variadic"), "null")
		self.expect(self.get('concat_all?words=a,b&separator=|&words="c"&words=%7B%7D&words=d%5C'),
		            json.dumps('a,b|"c"|{}|d\\'))

	def test_defaults(self):
		self.expect(self.get("greet"), '"hello world!"')
		self.expect(self.get("greet?mark=?"), '"hello world?"')
		self.expect(self.post("greet", {"name": "you"}), '"hello you!"')
		self.expect(self.post("greet", {}), '"hello world!"')
		self.expect(self.post("greet"), '"hello world!"')

	def test_repeated(self):
		"""Of a parameter that is not variadic the last value counts."""
		self.expect(self.get("add_them?a=1&a=5&b=2"), "7")
		self.expect(self.post("add_them", '{"a":1,"a":5,"b":2}'), "7")

	def test_null(self):
		self.expect(self.post("is_null", {"value": None}), "true")
		self.expect(self.get("is_null?value=null"), "false")
		self.expect(self.get("is_null?value="), "false")

	def test_json_parameter(self):
		self.expect(self.post("echo", '{"value": {"a":  [1, 1.10]}}'), '{"a":  [1, 1.10]}')
		self.expect(self.post("type_of", {"value": [{}]}), '"array"')
		self.expect(self.get("type_of?value=%7B%7D"), '"object"')

	def test_types(self):
		self.expect(self.post("today_is", {"d": "2018-07-01", "t": "2018-07-01T10:00:00+02:00"}),
		            '"2018-07-01 2018-07-01 08:00:00"')
		self.expect(self.get("letters?c=abc&b=101"), '"abc101"')
		self.expect(self.post("letters", {"c": "abc", "b": "101"}), '"abc101"')

	def test_names(self):
		self.expect(self.post("someFunc", {"someParam": "x"}), '"X"')
		self.expect(self.get("someFunc?someParam=x"), '"X"')
		self.expect(self.post("odd%20name,%20(really)%3F", {"a.b": "1", "c d": "2"}), '"12"')
		self.expect(self.get("odd%20name,%20(really)%3F?c+d=2"), '"x2"')

	def test_wrong_type(self):
		answer = self.get("add_them?a=x&b=2")
		self.expect(answer, error_body("22P02", 'invalid input syntax for type integer: "x"'), 400)
		self.assertEqual(self.post("add_them", {"a": "x", "b": 2}).status, 400)

	def test_nothing_gets_out_of_a_value(self):
		self.expect(self.get("greet?name=');DROP+TABLE+calls.films;--&mark="), '"hello \');DROP TABLE calls.films;--"')

	def test_query_string_of_a_post_is_no_argument(self):
		self.expect(self.post("add_them?a=7", {"a": 1, "b": 2}), error_body(
			"PGRST100", '"failed to parse filter (7)" (line 1, column 1)',
			'unexpected "7" expecting "not" or operator (eq, gt, ...)', "The arguments of a POST stand in its body"), 400)


class Bodies(Calls):
	def test_unnamed_json(self):
		self.expect(self.post("mult_them", '{ "x": 4, "y": 2 }'), "8")
		self.expect(self.post("only_jsonb", '[1, "a"]'), '[1, "a"]')

	def test_by_content_type(self):
		for content, body, text in (
				("application/json", '{"b":  1}', 'json {"b":  1}'),
				("application/json", '[1]', 'json [1]'),
				("text/plain", "some text\n", "text some text\n"),
				("text/plain; charset=utf-8", "ü", "text ü"),
				("text/plain", "", "text "),
				("text/xml", "<a>1</a>", "xml <a>1</a>"),
				("application/octet-stream", b"\x00\xff\n'\\", "bytea 00ff0a275c"),
				("application/octet-stream", b"", "bytea ")):
			with self.subTest(content, body=body):
				self.expect(self.post("body_of", body, {"Content-Type": content}), json.dumps(text, ensure_ascii=False))

	def test_names_come_first(self):
		self.expect(self.post("body_of", '{"a":5}'), '"named 5"')
		self.expect(self.post("body_of", "{}"), '"nothing"')
		self.expect(self.get("body_of?a=5"), '"named 5"')
		self.expect(self.get("body_of"), '"nothing"')

	def test_unnamed_with_a_default(self):
		"""A body is the argument even if it has no members."""
		self.expect(self.post("body_or_not", "{}"), "{}")
		self.expect(self.post("body_or_not", '{"a":1}'), '{"a":1}')
		self.expect(self.get("body_or_not"), '"nothing"')

	def test_upload(self):
		answer = self.post("upload_binary", bytes(range(256)), {"Content-Type": "application/octet-stream"})
		self.assertEqual((answer.status, answer.body), (204, b""))
		self.assertEqual(harness.sql("SELECT encode(blob, 'hex') FROM calls.files"), bytes(range(256)).hex())

	def test_large(self):
		self.expect(self.post("size_of", b"x" * 5000000, {"Content-Type": "text/plain"}), "5000000")
		self.expect(self.post("type_of", b'{"value":[' + b",".join([b"1"] * 500000) + b"]}"), '"array"')

	def test_what_is_no_json(self):
		for body in ("", "{", "}{ x", "{'a':1}", '{"a":1,}', '{"a":1} 2', b'{"a":"\xff"}', '{"a":"\\ud800"}', "[" * 300):
			with self.subTest(body):
				answer = self.post("mult_them", body)
				self.assertEqual((answer.status, answer.json["code"]), (400, "PGRST102"))
				self.assertEqual(answer.json["message"], "JSON nested more than 256 deep" if len(body) == 300 else "Empty or invalid json")
				self.assertTrue(answer.json["details"].startswith("Line 1, column "), answer.text)
		self.expect(self.post("add_them", "x"), error_body("PGRST102", "Empty or invalid json", 'Line 1, column 1: expected a value, found "x"'), 400)

	def test_scalars(self):
		"""They have no names: they are for a function of one parameter that has none."""
		for body in ("5", '"s"', "null", "true", " 1.50 "):
			self.expect(self.post("unn", body), json.dumps(body))
			self.expect(self.post("unn?columns=a", body), json.dumps(body))
		self.expect(self.post("only_jsonb", "null"), "null")
		for function in "add_them", "greet", "raw_text", "no_value":
			self.expect(self.post(function, "5"),
			            error_body("PGRST102", "A JSON body must be an object or an array"), 400)

	def test_the_empty_name(self):
		"""It is that of a parameter without a name, which takes the body as it is."""
		for body in ('{"":"test"}', ' { "" : 1 } ', '{"":"a\\\\b\\u00fc"}'):
			self.expect(self.post("raw_text", body), json.dumps(body))
			self.expect(self.post("raw_bytes", body), json.dumps(body.encode().hex()))
		for body in '{"":1,"a":2}', '{"a":1}', "{}":
			self.assertEqual(self.post("raw_text", body).json["code"], "PGRST202")

	def test_parameters_without_names(self):
		for function in "only_int", "only_in":
			answer = self.get(function)
			self.assertEqual((answer.status, answer.json["code"], answer.json["hint"]), (404, "PGRST202", None))
		self.assertEqual(self.post("only_int", "{}").status, 404)
		answer = self.post("many_ways", "{}")
		self.assertEqual((answer.status, answer.json["message"]), (300, "Could not choose the best candidate function "
		                 "between: calls.many_ways(), calls.many_ways( => text)"))
		self.expect(self.get("some_names?a=5"), "7")
		paths = self.server.get("/").json["paths"]
		self.assertNotIn("/rpc/only_int", paths)
		self.assertIn("/rpc/some_names", paths)

	def test_nothing_of_a_raw_content(self):
		"""It gives no argument, so that defaults count; what takes such a body takes it."""
		for content in "text/plain", "text/xml", "application/octet-stream":
			raw = {"Content-Type": content}
			self.expect(self.post("greet", "", raw), '"hello world!"')
			self.expect(self.post("no_value", "", raw), "null")
			self.assertEqual(self.post("greet", "you", raw).status, 404)
			self.assertEqual(self.post("add_them", "", raw).status, 404)

	def test_array_of_objects(self):
		"""The first of them is the call."""
		self.expect(self.post("add_them", '[{"a":1,"b":2}]'), "3")
		self.expect(self.post("add_them", '[{"a":1,"b":2},{"a":1}]'), error_body("PGRST102", "All object keys must match"), 400)
		self.expect(self.post("add_them", '[{"a":1,"b":2},{"a":1,"b":3}]'), "3")

	def test_csv(self):
		"""As an array of objects: the header has the names, and the first row is the call."""
		csv = {"Content-Type": "text/csv"}
		self.expect(self.post("add_them", "a,b\n1,2\n", csv), "3")
		self.expect(self.post("add_them", "b,a\r\n5,2\r\n9,9\r\n", csv), "7")
		self.expect(self.post("greet", 'mark,name\n"?","a ""b"", c"', csv), json.dumps('hello a "b", c?'))
		self.expect(self.post("is_null", "value\nNULL\n", csv), "true")
		self.expect(self.post("greet", "name\n", csv), '"hello world!"')
		self.expect(self.post("body_of", "a\n5", csv), '"named 5"')
		for target, body, status, code in (
				("add_them", "a,b\n1,2\n1\n", 400, "PGRST102"), ("add_them", "", 400, "PGRST102"),
				("add_them", "a,c\n1,2\n", 404, "PGRST202"), ("mult_them", "x,y\n4,2\n", 404, "PGRST202"),
				("add_them", "a,b\n1,x\n", 400, "22P02")):
			with self.subTest(target, body=body):
				answer = self.post(target, body, csv)
				self.assertEqual((answer.status, answer.json["code"]), (status, code))

	def test_csv_whose_names_outgrow_it(self):
		"""A row's JSON has the names again: some kilobytes must not become gigabytes."""
		answer = self.post("add_them", "a" * 100000 + "\n" + "1\n" * 12000, {"Content-Type": "text/csv"})
		self.expect(answer, error_body("PGRST102", "The request body is larger than %d bytes" % (64 << 20)), 413)

	def test_columns(self):
		"""They say which members of the body are arguments (PostgREST's page on tables, on columns)."""
		self.expect(self.post("add_them?columns=a,b", '{"a":1,"b":2,"c":3}'), "3")
		self.expect(self.post("add_them?columns=b,a", '[{"a":1,"b":2,"c":3},{"a":1}]'), "3")
		self.expect(self.post("greet?columns=name", '{"name":"you","mark":"?","x":1}'), '"hello you!"')
		self.expect(self.post("rental_duration?columns=customer_id", '{"customer_id":1,"from_date":"2020-01-01"}'), '"one"')
		self.expect(self.post("mult_them?columns=y", '{"x":4,"y":2}'), "8")
		answer = self.post("add_them?columns=a", '{"a":1,"b":2}')
		self.assertEqual((answer.status, answer.json["code"], answer.json["details"]),
		                 (404, "PGRST202", SEARCHED % "add_them with parameter a or with a single unnamed json/jsonb parameter"))
		self.assertEqual(self.post("add_them?columns=a,b", "[]").status, 404)
		self.assertEqual(self.post("add_them?columns=a,b").status, 404) # nothing was sent
		self.expect(self.post("add_them?columns=a", "a=1&b=2", {"Content-Type": "application/x-www-form-urlencoded"}), "3")

	def test_content_types_that_no_function_takes(self):
		for content in ("image/png", "application/x-ndjson", "nonsense"):
			self.expect(self.post("add_them", "a,b\n1,2", {"Content-Type": content}),
			            error_body("PGRST102", "Content-Type not acceptable: " + content), 400)

	def test_nul(self):
		self.assertEqual(self.post("size_of", b"a\x00b", {"Content-Type": "text/plain"}).status, 400)
		self.assertEqual(self.post("greet", '{"name":"\\u0000"}').json["code"], "22P05")
		self.assertEqual(self.post("greet", '{"na\\u0000me":""}').json["code"], "PGRST102")

	def test_invalid_utf8(self):
		answer = self.post("size_of", b"a\xff", {"Content-Type": "text/plain"})
		self.assertEqual((answer.status, answer.json["code"]), (400, "22021"))

	def test_a_body_that_is_not_read(self):
		"""The next request of the same connection is not disturbed by it."""
		for _ in range(3):
			self.assertEqual(self.server.request("GET", "/rpc/greet", {}, b"x" * 200000).text, '"hello world!"')
			self.assertEqual(self.server.request("PATCH", "/rpc/greet", {}, b"x" * 200000).status, 405)


class Transfer(Calls):
	"""How a body comes: through nginx, and over FastCGI as no web server would send it."""

	def params(self, length, method="POST", target="/rpc/size_of", content="text/plain"):
		params = fcgi_client.params_of(method, target)
		return [(n, v) for n, v in params if n not in ("CONTENT_LENGTH", "CONTENT_TYPE")] + [
			("CONTENT_LENGTH", length), ("CONTENT_TYPE", content)]

	def direct(self, length, body, **more):
		with fcgi_client.Connection(self.server.socket) as connection:
			return connection.request(self.params(length, **more), body, keep=False)

	def test_chunked(self):
		head = harness.request_bytes("POST", "/rpc/size_of", {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"})
		answer = self.server.send(head + b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
		self.expect(answer, "11")

	def test_unknown_length(self):
		self.assertEqual(self.direct("", b"x" * 100000).body, b"100000")

	def test_too_large_for_nginx(self):
		head = harness.request_bytes("POST", "/rpc/size_of", {"Content-Type": "text/plain", "Content-Length": "2147483649"})
		answer = self.server.send(head)
		self.expect(answer, error_body("PGRST102", "The request body is too large"), 413)
		self.assertEqual(answer.header("Content-Type"), "application/json")

	def test_too_large(self):
		answer = self.direct("", b"x" * (64 * 1024 * 1024 + 1))
		self.assertEqual((answer.status, answer.body.decode()), (413, error_body(
			"PGRST102", "The request body is larger than 67108864 bytes")))
		answer = self.direct("", b"a=" + b"x" * 1024 * 1024, content="application/x-www-form-urlencoded")
		self.assertEqual(answer.status, 413)

	def test_cut_off(self):
		"""Less than CONTENT_LENGTH says: the client went away, and nothing is called."""
		with self.assertRaises(fcgi_client.Incomplete):
			self.direct("100", b'{"word":"cut off"}', target="/rpc/write_log", content="application/json")
		self.assertEqual(self.logged("cut off"), 0)
		self.assertEqual(self.direct("18", b'{"word":"in whole"}'[:18], target="/rpc/write_log",
		                             content="application/json").status, 400)

	def test_kept_connection(self):
		"""What a request does not read of its body is no part of the next one."""
		with fcgi_client.Connection(self.server.socket) as connection:
			for method, target, status in (("GET", "/rpc/greet", 200), ("POST", "/rpc/nobody", 404), ("POST", "/nowhere/x", 404),
			                               ("PUT", "/rpc/greet", 405), ("POST", "/rpc/size_of", 200)):
				answer = connection.request(self.params("300000", method, target), b"y" * 300000)
				self.assertEqual(answer.status, status, (method, target))
			self.assertEqual(answer.body, b"300000")


class Choice(Calls):
	def test_overloads(self):
		self.expect(self.get("rental_duration?customer_id=232"), '"one"')
		self.expect(self.get("rental_duration?customer_id=232&from_date=2018-07-01"), '"two"')
		self.expect(self.post("rental_duration", {"from_date": "2018-07-01", "customer_id": 232}), '"two"')

	def test_tie(self):
		answer = self.get("same_names?a=1&b=2")
		self.expect(answer, error_body(
			"PGRST203", "Could not choose the best candidate function between: "
			"calls.same_names(a => integer, b => text), calls.same_names(a => text, b => integer)",
			hint="Try renaming the parameters or the function itself in the database so function overloading can be resolved"), 300)

	def test_no_such_function(self):
		self.expect(self.post("nonexistent_function", {}), error_body(
			"PGRST202", "Could not find the function calls.nonexistent_function without parameters in the schema cache",
			SEARCHED % "nonexistent_function without parameters or with a single unnamed json/jsonb parameter"), 404)
		self.expect(self.get("add_thm?a=1&b=2"), error_body(
			"PGRST202", "Could not find the function calls.add_thm(a, b) in the schema cache",
			SEARCHED % "add_thm with parameters a, b", "Perhaps you meant to call the function calls.add_them"), 404)

	def test_no_such_parameters(self):
		self.expect(self.get("add_them?b=1"), error_body(
			"PGRST202", "Could not find the function calls.add_them(b) in the schema cache",
			SEARCHED % "add_them with parameter b", "Perhaps you meant to call the function calls.add_them(a, b)"), 404)
		self.expect(self.post("add_them", {"b": 1, "aa": 2}), error_body(
			"PGRST202", "Could not find the function calls.add_them(aa, b) in the schema cache",
			SEARCHED % "add_them with parameters aa, b or with a single unnamed json/jsonb parameter",
			"Perhaps you meant to call the function calls.add_them(a, b)"), 404)
		self.expect(self.post("add_them", "x", {"Content-Type": "text/plain"}), error_body(
			"PGRST202", "Could not find the function calls.add_them in the schema cache",
			SEARCHED % "add_them with a single unnamed text parameter"), 404)

	def test_schemas(self):
		self.expect(self.get("here"), '"in calls"')
		answer = self.get("here", {"Accept-Profile": "calls_other"})
		self.expect(answer, '"in other"')
		self.assertEqual(answer.header("Content-Profile"), "calls_other")
		self.expect(self.post("here", "", {"Content-Profile": "calls_other"}), '"in other"')
		answer = self.post("do_nothing", "")  # nothing has no profile
		self.assertEqual((answer.status, answer.header("Content-Profile")), (204, None))
		self.expect(self.post("here", "", {"Accept-Profile": "calls_other"}), '"in calls"')
		self.assertEqual(self.get("add_them?a=1&b=2", {"Accept-Profile": "calls_other"}).status, 404)

	def test_privileges(self):
		answer = self.get("hidden_function?x=1")
		self.expect(answer, error_body("42501", "permission denied for function hidden_function"), 401)
		self.expect(self.get("hidden_function?x=1", as_role("swm_reader")), "1")

	def test_hints_name_nothing_hidden(self):
		self.assertIsNone(self.get("hidden_functio?x=1").json["hint"])
		self.assertEqual(self.get("hidden_functio?x=1", as_role("swm_reader")).json["hint"],
		                 "Perhaps you meant to call the function calls.hidden_function")
		self.assertIsNone(self.get("hidden_function?xx=1").json["hint"])

	def test_triggers_and_the_like_are_not_there(self):
		self.assertEqual(self.get("pg_sleep?seconds=0").status, 404)


class Methods(Calls):
	def test_methods(self):
		for method in ("PUT", "PATCH", "DELETE"):
			answer = self.server.request(method, "/rpc/add_them?a=1&b=2")
			self.expect(answer, error_body("PGRST101", "Cannot use the %s method on RPC" % method), 405)
			self.assertEqual(answer.header("Allow"), "OPTIONS,GET,HEAD,POST")

	def test_options(self):
		for name, allow in (("add_them", "OPTIONS,GET,HEAD,POST"), ("read_only_stable", "OPTIONS,GET,HEAD,POST"),
		                    ("write_log", "OPTIONS,POST")):
			answer = self.server.request("OPTIONS", "/rpc/" + name)
			self.assertEqual((answer.status, answer.header("Allow"), answer.body), (200, allow, b""))
		self.assertEqual(self.server.request("OPTIONS", "/rpc/nobody").status, 404)

	def test_access_mode(self):
		"""The table of PostgREST's transactions page."""
		for name, get, post in (("read_only", "on", "off"), ("read_only_stable", "on", "on")):
			self.expect(self.get(name), '"%s"' % get)
			self.expect(self.post(name), '"%s"' % post)

	def test_writing_with_get(self):
		answer = self.get("write_log?word=by+get")
		self.expect(answer, error_body("25006", "cannot execute INSERT in a read-only transaction"), 405)
		self.assertEqual(answer.header("Allow"), "OPTIONS,POST")
		self.assertEqual(self.server.request("HEAD", "/rpc/write_log?word=by+get").status, 405)
		self.assertEqual(self.logged("by get"), 0)

	def test_a_broken_promise(self):
		self.assertEqual(self.post("not_so_stable", {"word": "promised"}).json["code"], "25006")
		self.assertEqual(self.logged("promised"), 0)

	def test_writing(self):
		self.expect(self.post("write_log", {"word": "written"}), '"written"')
		self.assertEqual(self.logged("written"), 1)

	def test_failing_undoes(self):
		self.assertEqual(self.post("write_and_fail", {"word": "undone"}).status, 400)
		self.assertEqual(self.logged("undone"), 0)

	def test_void(self):
		for answer in (self.post("do_nothing"), self.get("do_nothing"), self.server.request("HEAD", "/rpc/do_nothing")):
			self.assertEqual((answer.status, answer.body), (204, b""))
			self.assertIsNone(answer.header("Content-Type"))
			self.assertIsNone(answer.header("Content-Length"))

	def test_settings(self):
		self.expect(self.post("serial_isolation"), '"serializable off"')
		self.expect(self.get("serial_isolation"), '"serializable on"')
		self.expect(self.get("isolation"), '"read committed"')
		self.expect(self.get("patient"), '"4s"')

	def test_request_settings(self):
		self.expect(self.post("who"), '{"user" : "swm_anon", "method" : "POST", "path" : "/rpc/who"}')

	def test_nothing_is_left_behind(self):
		server = harness.server(db_schemas="calls, calls_other", db_pool=1)
		self.assertEqual(server.request("POST", "/rpc/keep_setting").text, '"yes"')
		self.assertEqual(server.get("/rpc/kept_setting").text, '""')


class Shapes(Calls):
	def test_a_value_has_no_relations(self):
		for function, target in (("no_value", "films"), ("words", "...films"), ("do_nothing", "x:films!inner")):
			with self.subTest(function):
				self.expect(self.post(function + "?select=" + target + "(id)", {}), error_body(
					"PGRST200", "Could not find a relationship between '%s' and 'films' in the schema cache" % function,
					"Searched for a foreign key relationship between '%s' and 'films' in the schema 'calls', "
					"but no matches were found." % function), 400)
		self.expect(self.get("no_value?select=*"), "null")

	def test_values(self):
		self.expect(self.get("no_value"), "null")
		self.expect(self.get("document"), '{"a":  1, "b": null}')
		self.expect(self.get("numbers?up_to=3"), "[1, 2, 3]")
		self.expect(self.get("numbers?up_to=0"), "[]")
		self.expect(self.get("words"), '["one \\"1\\"", null, "zwei, 2"]')
		self.expect(self.get("pairs"), "[[1,2], null, \n [3]]")

	def test_values_equal_json_agg(self):
		for call, sql in (("numbers?up_to=5", "calls.numbers(5)"), ("words", "calls.words()"), ("pairs", "calls.pairs()")):
			self.assertEqual(self.get(call).text, harness.sql("SELECT json_agg(v) FROM %s AS v" % sql))

	def test_untyped(self):
		self.expect(self.get("films_record"), array(
			'{"id":1,"title":"Okja"}', '{"id":2,"title":"Call me by your name"}', '{"id":3,"title":"Blade Runner 2049"}'))

	def test_long_values(self):
		answer = self.get("numbers?up_to=100000")
		self.assertEqual((answer.status, answer.complete), (200, True))
		self.assertEqual(answer.json, list(range(1, 100001)))

	def test_csv(self):
		csv = {"Accept": "text/csv"}
		self.expect(self.get("add_them?a=1&b=2", csv), "pgrst_scalar\n3")
		self.expect(self.get("numbers?up_to=2", csv), "pgrst_scalar\n1\n2")

	def test_accept(self):
		answer = self.get("add_them?a=1&b=2", {"Accept": "image/png"})
		self.assertEqual((answer.status, answer.json["code"]), (406, "PGRST107"))

	def test_content_range(self):
		self.assertEqual(self.get("numbers?up_to=3").header("Content-Range"), "0-2/*")
		self.assertEqual(self.get("numbers?up_to=0").header("Content-Range"), "*/*")
		self.assertEqual(self.get("add_them?a=1&b=2").header("Content-Range"), "0-0/*")

	def test_limits(self):
		self.expect(self.get("numbers?up_to=9&limit=2&offset=3"), "[4, 5]")
		answer = self.get("numbers?up_to=9&limit=2&offset=3", {"Prefer": "count=exact"})
		self.assertEqual((answer.status, answer.text, answer.header("Content-Range")), (206, "[4, 5]", "3-4/9"))
		self.assertEqual(answer.header("Preference-Applied"), "count=exact")
		answer = self.get("numbers?up_to=9", {"Range": "2-3"})
		self.assertEqual((answer.status, answer.text, answer.header("Content-Range")), (200, "[3, 4]", "2-3/*"))


class Counted(Calls):
	def test_a_volatile_function_runs_once(self):
		before = self.logged("counted")
		answer = self.server.request("POST", "/rpc/count_me?limit=2&offset=1", {"Prefer": "count=exact"}, b"")
		self.assertEqual((answer.status, answer.text, answer.header("Content-Range")), (206, "[2, 3]", "1-2/5"))
		self.assertEqual(self.logged("counted"), before + 1)

	def test_an_estimate_is_a_count(self):
		"""What a function returns is counted in full, once, whatever db-max-rows is."""
		before = self.logged("counted")
		answer = self.server.request("POST", "/rpc/count_me?limit=2", {"Prefer": "count=estimated"}, b"")
		self.assertEqual((answer.status, answer.text, answer.header("Content-Range")), (206, "[1, 2]", "0-1/5"))
		self.assertEqual(self.logged("counted"), before + 1)
		answer = self.get("numbers?up_to=9&limit=2", {"Prefer": "count=estimated"})
		self.assertEqual((answer.status, answer.header("Content-Range"), answer.header("Preference-Applied")),
		                 (206, "0-1/9", "count=estimated"))

	def test_nothing_is_planned_of_it(self):
		"""The planner is asked about tables alone."""
		for answer in (self.get("numbers?up_to=9&limit=2", {"Prefer": "count=planned"}),
		               self.server.request("POST", "/rpc/count_me?limit=2", {"Prefer": "count=planned"}, b"")):
			self.assertEqual((answer.status, answer.header("Content-Range"), answer.header("Preference-Applied")),
			                 (200, "0-1/*", "count=planned"))

	def test_past_the_end(self):
		answer = self.server.request("POST", "/rpc/count_me?offset=6", {"Prefer": "count=exact"}, b"")
		self.expect(answer, error_body("PGRST103", "Requested range not satisfiable",
		                               "An offset of 6 was requested, but there are only 5 rows."), 416)
		self.assertEqual(answer.header("Content-Range"), "*/5")
		answer = self.get("numbers?up_to=2&offset=3", {"Prefer": "count=exact"})
		self.assertEqual((answer.status, answer.header("Content-Range")), (416, "*/2"))

	def test_nothing_of_a_write_is_sent_before_its_commit(self):
		"""A long answer of what may write has its length: it was complete when it began."""
		answer = self.post("many_volatile?select=n", {"how_many": 50000})
		self.assertEqual((answer.status, len(answer.json)), (200, 50000))
		self.assertEqual(answer.header("Content-Length"), str(len(answer.body)))
		answer = self.get("many_volatile?how_many=5000")
		self.assertIsNone(answer.header("Content-Length"))


class Rows(Calls):
	def test_table(self):
		self.expect(self.get("best_films_2017?select=title,rating"), array(
			'{"title":"Okja","rating":7.4}', '{"title":"Call me by your name","rating":8.0}',
			'{"title":"Blade Runner 2049","rating":8.1}'))
		self.assertEqual(self.get("best_films_2017").json[0],
		                 {"id": 1, "title": "Okja", "year": 2017, "rating": 7.4, "director_id": 1})

	def test_filters_and_order(self):
		self.expect(self.get("best_films_2017?rating=gte.8&order=title.desc&select=id"), array('{"id":2}', '{"id":3}'))
		self.expect(self.get("best_films_2017?or=(id.eq.1,title.like.Blade*)&select=id&order=id"), array('{"id":1}', '{"id":3}'))
		self.expect(self.post("films_of?id=gt.1&select=id&order=id.desc", {"year": 2017}), array('{"id":3}', '{"id":2}'))

	def test_argument_and_filter_of_one_name(self):
		self.expect(self.get("films_of?year=2017&year=gt.2000&id=lt.3&select=id"), array('{"id":1}', '{"id":2}'))

	def test_embedding(self):
		self.expect(self.get("best_films_2017?select=title,director:directors(name)&order=id&limit=1"),
		            array('{"title":"Okja","director":{"name":"Bong Joon-ho"}}'))
		self.expect(self.post("films_of?select=id,directors(id)&directors.name=like.D*&order=id", {"year": 2017}),
		            array('{"id":1,"directors":null}', '{"id":2,"directors":null}', '{"id":3,"directors":{"id":3}}'))

	def test_one_row(self):
		self.expect(self.get("film?id=4&select=id,title"), '{"id":4,"title":"Parasite"}')
		self.expect(self.post("film?select=title,directors(name)", {"id": 4}),
		            '{"title":"Parasite","directors":{"name":"Bong Joon-ho"}}')

	def test_columns_of_its_own(self):
		self.expect(self.get("film_titles?number=eq.1"), array('{"number":1,"title":"Okja"}'))
		self.expect(self.get("limits"), '{"low":1,"high":9}')
		self.expect(self.get("limits?select=high"), '{"high":9}')

	def test_counts(self):
		answer = self.get("best_films_2017?select=id&rating=gt.7&limit=2", {"Prefer": "count=exact"})
		self.assertEqual((answer.status, answer.header("Content-Range")), (206, "0-1/3"))

	def test_csv(self):
		self.expect(self.get("film_titles?number=lt.3", {"Accept": "text/csv"}), "number,title\n1,Okja\n2,\"Call me by your name\"")

	def test_singular(self):
		singular = {"Accept": "application/vnd.pgrst.object+json"}
		answer = self.get("film_titles?number=eq.1", singular)
		self.expect(answer, '{"number":1,"title":"Okja"}')
		self.assertEqual(answer.header("Content-Type"), "application/vnd.pgrst.object+json; charset=utf-8")
		self.expect(self.get("film_titles", singular), error_body(
			"PGRST116", "Cannot coerce the result to a single JSON object", "The result contains 4 rows"), 406)

	def test_singular_undoes(self):
		answer = self.post("write_two", {"word": "two of them"}, {**JSON, "Accept": "application/vnd.pgrst.object+json"})
		self.expect(answer, error_body(
			"PGRST116", "Cannot coerce the result to a single JSON object", "The result contains 2 rows"), 406)
		self.assertEqual(self.logged("two of them"), 0)
		answer = self.post("write_two?limit=1&select=word", {"word": "one of them"}, {**JSON, "Accept": "application/vnd.pgrst.object+json"})
		self.expect(answer, '{"word":"one of them"}')
		self.assertEqual(self.logged("one of them"), 2)

	def test_max_affected(self):
		strict = {**JSON, "Prefer": "handling=strict, max-affected=1"}
		self.expect(self.post("write_two", {"word": "too many"}, strict), error_body(
			"PGRST124", "Query result exceeds max-affected preference constraint", "The query affects 2 rows"), 400)
		self.assertEqual(self.logged("too many"), 0)
		answer = self.post("write_two?select=word", {"word": "enough"}, {**JSON, "Prefer": "handling=strict, max-affected=2"})
		self.expect(answer, array('{"word":"enough"}', '{"word":"enough"}'))
		self.assertEqual(answer.header("Preference-Applied"), "handling=strict, max-affected=2")
		self.assertEqual(self.logged("enough"), 2)
		self.expect(self.post("write_log", {"word": "no set"}, strict), error_body(
			"PGRST128", "Function must return SETOF or TABLE when max-affected preference is used with handling=strict"), 400)
		self.assertEqual(self.post("write_two", {"word": "lenient"}, {**JSON, "Prefer": "max-affected=1"}).status, 200)

	def test_long(self):
		answer = self.get("thousands?how_many=20000&select=n")
		self.assertEqual((answer.status, answer.complete, len(answer.json)), (200, True, 20000))



class Plans(Calls):
	settings = {"db_plan_enabled": True}

	def test_inlining(self):
		"""A filter reaches the table within a function, where PostgreSQL can inline it."""
		plan = self.get("best_films_2017?id=eq.1", {"Accept": "application/vnd.pgrst.plan"})
		self.assertEqual(plan.status, 200)
		self.assertIn("on films", plan.text)
		self.assertNotIn("Function Scan", plan.text)
		plan = self.get("films_for_ever?id=eq.1", {"Accept": "application/vnd.pgrst.plan"})
		self.assertIn("Function Scan", plan.text)

	def test_plan_of_what_returns_nothing(self):
		self.assertEqual(self.get("do_nothing", {"Accept": "application/vnd.pgrst.plan"}).status, 200)
		plan = self.get("add_them?a=1&b=2", {"Accept": "application/vnd.pgrst.plan;options=verbose"})
		self.assertRegex(plan.text, r"(?s)\(cost=.*\n +Output: ") # all lines, though there is but one value


class Answers(Calls):
	def test_status(self):
		answer = self.get("teapot")
		self.assertEqual(answer.status, 418)
		self.assertEqual(answer.json["message"], "The requested entity body is short and stout.")
		self.assertEqual(self.post("teapot").status, 418)

	def test_headers(self):
		headers = '[{"Cache-Control": "public"}, {"Cache-Control": "max-age=259200"}, {"Content-Type": "text/x-done"}, {"Vary": "*"}]'
		answer = self.post("set_answer", {"headers": headers})
		self.expect(answer, '"done"')
		self.assertEqual(answer.all("Cache-Control"), ["public", "max-age=259200"])
		self.assertEqual(answer.all("Content-Type"), ["text/x-done"])
		self.assertEqual(answer.all("Vary"), ["*"])
		self.assertIsNone(self.post("set_answer", {}).header("Cache-Control"))

	def test_wrong_ones(self):
		self.expect(self.post("set_answer", {"headers": "{}"}), error_body(
			"PGRST111", "response.headers guc must be a JSON array composed of objects with a single key and a string value"), 500)
		self.expect(self.post("set_answer", {"status": "1000"}), error_body(
			"PGRST112", "response.status guc must be a valid status code"), 500)

	def test_of_a_long_answer(self):
		answer = self.get("thousands_with_header?how_many=100000")
		self.assertEqual((answer.status, answer.header("X-Many"), len(answer.json)), (206, "yes", 100000))
		self.assertIsNone(answer.header("Content-Length"))

	def test_no_content(self):
		answer = self.post("set_answer", {"status": "204"})
		self.assertEqual((answer.status, answer.body), (204, b""))


class Raised(Calls):
	def test_exception(self):
		self.expect(self.post("just_fail"), error_body("P0001", "I refuse!", "Pretty simple", "There is nothing you can do."), 400)

	def test_pt(self):
		self.expect(self.post("pay"), error_body("PT402", "Payment Required", "Quota exceeded", "Upgrade your plan"), 402)

	def test_503_says_when_to_ask_again(self):
		"""Whoever has raised it (RFC 9110, 15.6.4)."""
		for state in ("53300", "08006", "57P01", "PT503"):
			with self.subTest(state):
				answer = self.post("raise_state", {"state": state})
				self.expect(answer, error_body(state, "out of order"), 503)
				self.assertGreaterEqual(int(answer.header("Retry-After")), 1)
		for state, status in (("53400", 500), ("57P02", 500), ("PT500", 500)):
			with self.subTest(state):
				answer = self.post("raise_state", {"state": state})
				self.expect(answer, error_body(state, "out of order"), status)
				self.assertIsNone(answer.header("Retry-After"))
		answer = self.raise_pgrst('{"code":"1","message":"m"}', '{"status":503,"headers":{}}')
		self.assertEqual((answer.status, answer.header("Retry-After")), (503, "1"))
		answer = self.raise_pgrst('{"code":"1","message":"m"}', '{"status":503,"headers":{"Retry-After":"7"}}')
		self.assertEqual((answer.status, answer.all("Retry-After")), (503, ["7"]))

	def raise_pgrst(self, message, detail):
		return self.post("raise_pgrst", {"message": message, "detail": detail})

	def test_everything(self):
		answer = self.raise_pgrst(
			'{"code":"123","message":"Payment Required","details":"Quota exceeded","hint":"Upgrade your plan"}',
			'{"status":402,"headers":{"X-Powered-By":"Nerd Rage"}}')
		self.expect(answer, error_body("123", "Payment Required", "Quota exceeded", "Upgrade your plan"), 402)
		self.assertEqual(answer.header("X-Powered-By"), "Nerd Rage")
		self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=123")

	def test_optional_keys(self):
		self.expect(self.raise_pgrst('{"code":"123","message":"ABC"}', '{"status":332,"headers":{}}'),
		            error_body("123", "ABC"), 332)
		self.expect(self.raise_pgrst('{"code":"123","message":"ABC","hint":null}',
		                             '{"status":419,"status_text":"Page Expired","headers":{"Content-Type":"text/x-error"}}'),
		            error_body("123", "ABC"), 419)

	def test_what_cannot_be_read(self):
		message_hint = ("MESSAGE must be a JSON object with obligatory keys: 'code', 'message' "
		                "and optional keys: 'details', 'hint'.")
		detail_hint = ("DETAIL must be a JSON object with obligatory keys: 'status', 'headers' "
		               "and optional key: 'status_text'.")
		good_message, good_detail = '{"code":"1","message":"m"}', '{"status":400,"headers":{}}'
		words = "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error"
		for message in ("INVALID", "[]", "{}", '{"code":"1"}', '{"code":1,"message":"m"}', '{"code":"1","message":"m","hint":1}'):
			with self.subTest(message):
				self.expect(self.raise_pgrst(message, good_detail),
				            error_body("PGRST121", words, "Invalid JSON value for MESSAGE: '%s'" % message, message_hint), 500)
		for detail in ("INVALID", "{}", '{"status":"400","headers":{}}', '{"status":400}', '{"status":99,"headers":{}}',
		               '{"status":400.5,"headers":{}}', '{"status":400,"headers":{"a b":"c"}}', '{"status":400,"headers":{"a":1}}'):
			with self.subTest(detail):
				self.expect(self.raise_pgrst(good_message, detail),
				            error_body("PGRST121", words, "Invalid JSON value for DETAIL: '%s'" % detail, detail_hint), 500)
		self.expect(self.raise_pgrst(good_message, ""),
		            error_body("PGRST121", words, "DETAIL is missing in the RAISE statement", detail_hint), 500)


class Ends(Calls):
	settings = {"db_tx_end": "commit-allow-override"}

	def test_rollback(self):
		answer = self.post("write_log", {"word": "rolled back"}, {**JSON, "Prefer": "tx=rollback"})
		self.expect(answer, '"rolled back"')
		self.assertEqual(answer.header("Preference-Applied"), "tx=rollback")
		self.assertEqual(self.logged("rolled back"), 0)
		self.expect(self.post("write_log", {"word": "committed"}, {**JSON, "Prefer": "tx=commit"}), '"committed"')
		self.assertEqual(self.logged("committed"), 1)


class PreRequest(Calls):
	settings = {"db_pre_request": "test.set_answer"}

	def test_settings_of_both(self):
		answer = self.get("greet", {"X-Headers": '[{"X-A":"1"}]'})
		self.assertEqual((answer.status, answer.header("X-A")), (200, "1"))
		self.assertEqual(self.get("teapot", {"X-Status": "299"}).status, 418)
		self.assertEqual(self.get("greet", {"X-Status": "299"}).status, 299)


if __name__ == "__main__":
	unittest.main()
