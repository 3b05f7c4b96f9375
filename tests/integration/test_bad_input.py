"""
Bad input: the exact answer, and that the next request is served as if nothing
had happened. Error messages have the form that PostgREST's documentation and
its clients know; the offsets count from 1.
"""
import json
import os
import time
import unittest
from urllib.parse import quote

import fcgi_client
import harness
from harness import array, as_role, base64url, bearer, error_body, ids, token

OPERATOR_EXPECTED = '"not" or operator (eq, gt, ...)'


def syntax_error(what, text, column, details, hint=None):
	return error_body("PGRST100", '"failed to parse %s (%s)" (line 1, column %d)' % (what, text, column), details, hint)


class BadInput(unittest.TestCase):
	maxDiff = 3000

	@classmethod
	def setUpClass(cls):
		cls.server = harness.server()
		cls.process = cls.server.fcgi.popen.pid

	def tearDown(self):
		"""The next request, on every connection of the pool and in the same process."""
		for _ in range(5):
			answer = self.server.get("/three?order=id")
			self.assertEqual((answer.status, answer.text, answer.complete), (200, ids(1, 2, 3), True))
		self.assertTrue(self.server.fcgi.running())

	def assert_answer(self, answer, status, body, code="PGRST100"):
		self.assertEqual((answer.status, answer.text), (status, body))
		self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=" + code)
		self.assertTrue(answer.complete)

	def expect(self, target, body, status=400, code="PGRST100", headers=()):
		with self.subTest(target[:80]):
			self.assert_answer(self.server.get(target, headers), status, body, code)

	def expect_code(self, target, status, code, headers=()):
		with self.subTest(target[:80]):
			answer = self.server.get(target, headers)
			self.assertEqual((answer.status, answer.json["code"]), (status, code), answer)
			self.assertEqual(list(answer.json), ["code", "details", "hint", "message"])
			self.assertTrue(answer.complete)
			return answer

	def direct(self, target, headers=()):
		"""The answer of swm-fcgi to what nginx would not let through."""
		with fcgi_client.Connection(self.server.socket) as connection:
			return connection.request(fcgi_client.params_of("GET", target, headers), keep=False)


class Encoding(BadInput):
	def test_percent_encoding_in_the_query(self):
		for target in ("/three?id=eq.%", "/three?id=eq.%1", "/three?id=eq.%zz", "/three?id=eq.%4", "/three?%gg=eq.1",
		               "/three?id=eq.1&order=%", "/three?id=eq.%25%2", "/three?id=eq.1%-1"):
			answer = self.expect_code(target, 400, "PGRST100")
			with self.subTest(target):
				self.assertEqual(answer.json["message"], '"failed to parse URL" (byte %d)' % (target.rindex("%") + 1))

	def test_percent_encoding_in_the_path(self):
		"""nginx refuses these itself, in words of the same form; so does swm-fcgi."""
		for target in ("/thr%zz", "/three%", "/three%2"):
			with self.subTest(target):
				answer = self.server.get(target)
				self.assertEqual((answer.status, answer.json["code"]), (400, "PGRST100"))
				answer = self.direct(target)
				self.assertEqual(answer.status, 400)
				self.assertIn(b'"code":"PGRST100"', answer.body)

	def test_nul_bytes(self):
		for target in ("/three?id=eq.%00", "/three?id=eq.1%00", "/people?name=like.%00*", "/three?%00=eq.1",
		               "/three?order=id%00", "/three?select=id%00", "/people?name=in.(%22%00%22)"):
			self.expect_code(target, 400, "PGRST100")
		for target in ("/three%00", "/%00"):
			with self.subTest(target):
				self.assertEqual(self.server.get(target).status, 400)
				answer = self.direct(target)
				self.assertEqual(answer.status, 400)
				self.assertIn(b'"code":"PGRST100"', answer.body)

	def test_raw_nul_bytes(self):
		"""nginx ends the request there; what swm-fcgi gets by another way must not crash it."""
		self.assertEqual(self.server.send(b"GET /three?id=eq.1\0 HTTP/1.1\r\nHost: test\r\n\r\n").status, 400)
		with fcgi_client.Connection(self.server.socket) as connection:
			answer = connection.request([("REQUEST_METHOD", "GET"), ("REQUEST_URI", b"/three?id=eq.1\0&id=eq.2")],
			                            keep=False)
			self.assertIn(answer.status, (200, 400))

	def test_invalid_utf8(self):
		for text in ("%ff", "%c3", "%c3%28", "%ed%a0%80", "%f4%90%80%80", "%c0%80", "%e2%82", "a%80b"):
			for target in ("/people?name=eq." + text, "/people?%s=eq.1" % text, "/people?select=" + text,
			               "/people?order=" + text, "/" + text):
				self.expect_code(target, 400, "PGRST100")

	def test_raw_bytes_of_no_utf8(self):
		answer = self.server.get(b"/people?name=eq.\xff\xfe")
		self.assertEqual((answer.status, answer.json["code"]), (400, "PGRST100"))
		answer = self.server.get("/people?select=id&name=eq.é")  # raw, but UTF-8: served
		self.assertEqual((answer.status, answer.text), (200, "[]"))

	def test_headers_of_no_utf8(self):
		for headers in ({"X-Mark": b"\xff\xfe"}, {"Cookie": b"c=\xff"}, {"Accept-Profile": b"\xff"},
		                {"Prefer": b"timezone=\xff"}, {"Accept": b"\xff/\xff"}, {"Range": b"\xff"},
		                {"Authorization": b"Bearer \xff.\xff.\xff"}, {"Origin": b"\xff"}):
			with self.subTest(headers):
				answer = self.server.get("/whoami", headers)
				self.assertIn(answer.status, (200, 400, 401, 406), answer)
				answer.body.decode("utf-8")


class Syntax(BadInput):
	def test_no_operator(self):
		hint = "An operator stands before the value: id=eq."
		self.expect("/three?id=5", syntax_error("filter", "5", 1, 'unexpected "5" expecting ' + OPERATOR_EXPECTED, hint + "5"))
		for target in "/three?id=", "/three?id=eq.1&id=":
			self.expect(target, syntax_error("filter", "", 1, "unexpected end of input expecting " + OPERATOR_EXPECTED, hint))
		self.expect_code("/three?id=eq", 400, "PGRST100")
		self.expect_code("/three?id=not.5", 400, "PGRST100")
		self.expect_code("/three?id=not.not.eq.5", 400, "PGRST100")

	def test_unknown_operator(self):
		self.expect("/three?id=foo.1", syntax_error("filter", "foo.1", 1,
		            'unexpected "f" expecting ' + OPERATOR_EXPECTED))
		for value in ("EQ.1", "=.1", "eqq.1", "e.1", "gt(some).{1}", "neq(any).{1}", "in(any).(1)", "is(any).null",
		              "eq(any.{1}", "fts().x", "fts(a", "eq;1", "eq,1", "not.1"):
			self.expect_code("/three?id=" + value, 400, "PGRST100")

	def test_text_left_over(self):
		for target in ("/three?id=in.(1)x", "/three?id=is.nullx", "/three?id=is.null%20and%201=1", "/three?id=in.(1",
		               "/three?id=in.1", "/three?id=in.(1,2)(3)", "/three?or=(id.eq.1)x", "/three?or=(id.eq.1",
		               "/three?or=id.eq.1", "/three?or=()", "/three?or=(id.eq.1,)", "/three?or=", "/three?and=(,)",
		               "/three?or=(id.is.null.x)", "/three?select=id)", "/three?select=(id)", "/three?select=id,,id",
		               "/three?select=,", "/three?select=id%3A%3A", "/three?select=:id", "/three?select=id-%3E",
		               "/three?select=id(", "/three?id-%3E=eq.1"):
			self.expect_code(target, 400, "PGRST100")
		self.expect("/three?id=in.(1)x", syntax_error("filter", "in.(1)x", 7, 'unexpected "x" expecting end of input'))

	def test_is(self):
		for value in ("is.", "is.nul", "is.1", "is.maybe", "is.not.null"):
			self.expect_code("/three?id=" + value, 400, "PGRST100")

	def test_order_on_nothing(self):
		for order in ("", ",", "id,", ",id", "id.", "id.up", "id.asc.desc", "id.nullsfirst.asc", "id.asc.nulls",
		              ".desc", "id%20desc,", "id;", "id.desc;--"):
			self.expect_code("/three?order=" + order, 400, "PGRST100")

	def test_limits(self):
		negative = error_body("PGRST103", "Requested range not satisfiable",
		                      "Limit should be greater than or equal to zero.")
		self.expect("/three?limit=-1", negative, 416, "PGRST103")
		self.expect("/three?limit=-9223372036854775808", negative, 416, "PGRST103")
		self.expect("/three?offset=-2&limit=1", negative.replace("Limit", "Offset"), 416, "PGRST103")
		self.expect("/three?limit=-1&offset=-1", negative, 416, "PGRST103")
		for value in ("9223372036854775808", "18446744073709551616", "1" + "0" * 300, "", "x", "1.5", "1e3", "0x10",
		              "1x", "%201", "1,2", "null", "--1", "-9223372036854775809"):
			for name in ("limit", "offset"):
				answer = self.expect_code("/three?%s=%s" % (name, value), 400, "PGRST100")
				if answer:
					self.assertIn("failed to parse " + name, answer.json["message"])

	def test_range_beyond_int64(self):
		for value in ("0-99999999999999999999", "99999999999999999999-", "-1", "-5-3"):
			with self.subTest(value):
				answer = self.server.get("/three", {"Range": value})
				self.assertIn(answer.status, (200, 416), answer)

	def test_parentheses(self):
		deep = 10000
		for target in ("/three?or=" + "(" * deep, "/three?or=" + "(or" * deep,
		               "/three?and=(" + "and(" * deep + "id.eq.1" + ")" * (deep + 1),
		               "/three?or=(" + "not.or(" * (deep // 2) + "id.eq.1" + ")" * (deep // 2 + 1),
		               "/three?select=" + "a(" * deep, "/three?select=" + "id," * 5 + "(" * deep,
		               "/three?id=in." + "(" * deep, "/three?order=" + "a(" * deep):
			start = time.monotonic()
			self.expect_code(target, 400, "PGRST100")
			self.assertLess(time.monotonic() - start, 2)

	def test_a_deep_nest_that_is_served(self):
		target = "/three?order=id&and=(" + "and(" * 20 + "id.eq.1" + ")" * 21
		self.assertEqual(self.server.get(target).text, ids(1))

	def test_long_query_strings(self):
		"""60 KB of a query that means something: it is served."""
		numbers = ",".join(str(n) for n in range(100000, 108700))
		target = "/three?id=in.(2,%s)" % numbers
		self.assertGreater(len(target), 60000)
		answer = self.server.get(target)
		self.assertEqual((answer.status, answer.text), (200, ids(2)))
		target = "/three?order=id&id=eq.1&id=in.(" + "1," * 29990 + "1)"
		self.assertEqual(self.server.get(target).text, ids(1))
		target = "/people?name=eq." + "%C3%BC" * 10000
		self.assertEqual(self.server.get(target).text, "[]")
		self.assertEqual(self.server.get("/three?id=eq.1&or=(" + ",".join(["id.eq.1"] * 7000) + ")").text, ids(1))

	def test_long_query_strings_of_nonsense(self):
		for query in ("&" * 60000, "a=b&" * 15000, "x" * 60000, "=" * 60000, "select=" + "," * 60000,
		              "select=" + "id," * 19000 + "id", "order=" + "id," * 19000 + "id", "id=eq.1&" * 7500,
		              "select=" + "id-%3Ea" * 1 + "-%3Ea" * 11000, "id=not." * 8500, "%25" * 20000):
			with self.subTest(query[:20]):
				answer = self.server.get("/three?" + query)
				# 54...: more columns than a row may have is PostgreSQL's "too complex"
				self.assertTrue(answer.status in (200, 400) or answer.json["code"].startswith("54"), repr(answer)[:500])
				self.assertTrue(answer.complete)

	def test_long_header_fields(self):
		"""What a client says is echoed in some answers; their header must still fit nginx's buffer."""
		long = "a" * 20000
		for method, headers, status in [
			("GET", {"Origin": "http://" + long}, 200),
			("OPTIONS", {"Origin": "http://a", "Access-Control-Request-Method": "GET",
			             "Access-Control-Request-Headers": long}, 200),
			("GET", {"Prefer": "timezone=" + long}, 400),
			("GET", {"Prefer": "handling=strict, " + long}, 400),
			("GET", {"Accept-Profile": long}, 406),
			("GET", {"Accept": long}, 406),
			("GET", {"Authorization": "Bearer " + long}, 401),
			("GET", {"Cookie": "c=" + long, "X-Mark": long}, 200),
		]:
			with self.subTest(list(headers)):
				answer = self.server.request(method, "/three", headers)
				self.assertEqual((answer.status, answer.complete), (status, True), repr(answer)[:300])

	def test_too_long_for_the_web_server(self):
		answer = self.server.get("/three?id=eq." + "1" * 70000)
		self.assertIn(answer.status, (414, 431))

	def test_only_ampersands_separate(self):
		self.expect_code("/three?id=eq.1;id=eq.2", 400, "22P02")

	def test_methods_and_targets(self):
		for data in (b"GET / HTTP/1.1\r\n\r\n", b"GET /three?id=eq.1 HTTP/9.9\r\nHost: t\r\n\r\n", b"\0\1\2\r\n\r\n",
		             b"GET\r\n\r\n", b"GET three HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"):
			with self.subTest(data):
				self.assertGreaterEqual(self.server.send(data).status, 400)
		for params in ([], [("REQUEST_METHOD", "GET")], [("REQUEST_URI", "/three")], [("REQUEST_METHOD", ""), ("REQUEST_URI", "")],
		               [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "three")], [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "")],
		               [("REQUEST_METHOD", "G" * 60000), ("REQUEST_URI", "/three")]):
			with self.subTest(str(params)[:60]):
				with fcgi_client.Connection(self.server.socket) as connection:
					self.assertGreaterEqual(connection.request(params, keep=False).status, 400)


class Unknown(BadInput):
	def test_column(self):
		for target in ("/three?nope=eq.1", "/three?select=nope", "/three?order=nope", "/three?or=(nope.eq.1,id.eq.1)",
		               "/three?select=nope-%3Ea", "/three?select=x:nope", "/three?nope=is.null"):
			self.expect(target, error_body("42703", "column three.nope does not exist"), 400, "42703")

	def test_relation(self):
		self.expect("/nope", error_body("PGRST205", "Could not find the table 'test.nope' in the schema cache", None,
		            self.server.get("/nope").json["hint"]), 404, "PGRST205")
		for name in ("pg_class", "pg_catalog.pg_class", "swm.devices", "test.three", "THREE", "three%20", "\"three\""):
			self.expect_code("/" + name, 404, "PGRST205")

	def test_schema(self):
		self.expect("/three", error_body("PGRST106", "Invalid schema: nope", None,
		            "Only the following schemas are exposed: test, other"), 406, "PGRST106",
		            {"Accept-Profile": "nope"})

	def test_value(self):
		self.expect("/three?id=eq.one", error_body("22P02", 'invalid input syntax for type integer: "one"'), 400, "22P02")
		self.expect_code("/three?id=eq.99999999999", 400, "22003")
		self.expect_code("/people?born=eq.2025-02-30", 400, "22008")
		self.expect_code("/people?tags=cs.{a", 400, "22P02")
		self.expect_code("/people?name=match.(", 400, "2201B")
		self.expect_code("/three?id=in.(1,x)", 400, "22P02")
		self.expect_code("/three?id=eq(any).1", 400, "22P02")

	def test_operator_of_the_database(self):
		self.expect_code("/three?id=like.1*", 404, "42883")
		self.expect_code("/three?id=cs.{1}", 404, "42883")

	def test_cast(self):
		self.expect("/three?select=id%3A%3Anope", error_body("42704", 'type "nope" does not exist'), 400, "42704")
		self.expect_code("/people?select=name%3A%3Ainteger", 400, "22P02")
		# blanks are part of a type's name, as in "double precision"; a word of it is an identifier
		self.expect_code("/three?select=id%3A%3Aint%20or%20x", 400, "42601")
		self.expect_code("/three?select=id%3A%3Aint%20or%201", 400, "PGRST100")
		self.expect_code("/three?select=id%3A%3A$$x", 400, "PGRST100")

	def test_language(self):
		self.expect("/articles?tsv=fts(nope).cat", error_body(
			"42704", 'text search configuration "nope" does not exist'), 400, "42704")
		self.expect_code("/articles?tsv=fts(english).%26%26", 400, "42601")

	def test_not_embedded(self):
		self.expect_code("/three?other.id=eq.1", 400, "PGRST108")

	def test_aggregates_are_off(self):
		self.expect("/people?select=age.sum()", error_body("PGRST123", "Use of aggregate functions is not allowed"),
		            400, "PGRST123")


class Tokens(BadInput):
	def refused(self, value, code, message=None):
		with self.subTest(value[:60]):
			answer = self.server.get("/secret", {"Authorization": value})
			self.assertEqual((answer.status, answer.json["code"]), (401, code), answer)
			self.assertEqual(list(answer.json), ["code", "details", "hint", "message"])
			self.assertTrue(answer.header("WWW-Authenticate").startswith("Bearer error=\"invalid_token\""),
			                answer.header("WWW-Authenticate"))
			self.assertEqual(answer.header("Proxy-Status"), "swm; error=" + code)
			self.assertNotIn("hush", answer.text)
			self.assertNotIn(harness.SECRET, answer.text)
			if message:
				self.assertEqual(answer.json["message"], message)

	def test_truncated(self):
		good = token({"role": "swm_reader"})
		self.assertEqual(self.server.get("/secret", bearer(good)).status, 200)
		top, payload, signature = good.split(".")
		self.refused("Bearer", "PGRST301", "Empty JWT is sent in Authorization header")
		self.refused("Bearer ", "PGRST301", "Empty JWT is sent in Authorization header")
		self.refused("Bearer " + top, "PGRST301", "Expected 3 parts in JWT; got 1")
		self.refused("Bearer %s.%s" % (top, payload), "PGRST301", "Expected 3 parts in JWT; got 2")
		self.refused("Bearer %s.a.b" % good, "PGRST301", "Expected 3 parts in JWT; got 5")
		for value in (good[:-1], good[:-10], "%s.%s." % (top, payload), "..", ".%s.%s" % (payload, signature),
		              "%s..%s" % (top, signature), good[1:], "%s.%s.%s" % (top[:-2], payload, signature),
		              "%s.%s.%s" % (top, payload[:-2], signature), "a.b.c", "%s.%s.%s=" % (top, payload, signature),
		              "%s.%s.%s!" % (top, payload, signature), good.replace(".", ".\t", 1)):
			self.refused("Bearer " + value, "PGRST301")

	def test_unsigned(self):
		claims = base64url(b'{"role":"swm_reader"}')
		for algorithm in ("none", "None", "NONE", "nOnE", ""):
			top = base64url(b'{"alg":"%s","typ":"JWT"}' % algorithm.encode())
			self.refused("Bearer %s.%s." % (top, claims), "PGRST301")
			signature = token({"role": "swm_reader"}, header={"alg": algorithm}).split(".")[2]
			self.refused("Bearer %s.%s.%s" % (top, claims, signature), "PGRST301")
		self.refused("Bearer %s.%s." % (base64url(b"{}"), claims), "PGRST301")

	def test_another_key(self):
		self.refused("Bearer " + token({"role": "swm_reader"}, secret="another secret of 32 characters or more"), "PGRST301")
		self.refused("Bearer " + token({"role": "swm_reader"}, secret=""), "PGRST301")

	def test_another_algorithm(self):
		"""The header says one thing, the signature is another's; or one that no key is for."""
		for stated, signed in (("HS256", "HS512"), ("HS512", "HS256"), ("HS384", "HS256"), ("RS256", "HS256"),
		                       ("ES256", "HS256"), ("PS512", "HS256"), ("EdDSA", "HS256"), ("HS1", "HS256"),
		                       ("hs256", "HS256")):
			self.refused("Bearer " + token({"role": "swm_reader"}, algorithm=signed, header={"alg": stated}), "PGRST301")
		for stated in (1, None, [], {}, True, ["HS256"]):
			self.refused("Bearer " + token({"role": "swm_reader"}, header={"alg": stated}), "PGRST301")

	def test_changed_claims(self):
		top, _, signature = token({"role": "swm_anon"}).split(".")
		self.refused("Bearer %s.%s.%s" % (top, base64url(b'{"role":"swm_reader"}'), signature), "PGRST301")

	def test_claims_that_are_no_object(self):
		for claims in ("[]", "1", '"swm_reader"', "null", "", "{", '{"role":"swm_reader"', "\xff"):
			with self.subTest(claims):
				answer = self.server.get("/secret", bearer(token(claims)))
				self.assertEqual(answer.status, 401, answer)
				self.assertIn(answer.json["code"], ("PGRST301", "PGRST303"))

	def test_expired(self):
		self.refused("Bearer " + token({"role": "swm_reader", "exp": int(time.time()) - 3600}), "PGRST303", "JWT expired")
		self.refused("Bearer " + token({"role": "swm_reader", "exp": 0}), "PGRST303", "JWT expired")
		self.refused("Bearer " + token({"role": "swm_reader", "exp": -1}), "PGRST303", "JWT expired")

	def test_role_that_is_not_there(self):
		answer = self.server.get("/secret", as_role("nobody_has_it"))
		self.assertEqual((answer.status, answer.text), (401, error_body("22023", 'role "nobody_has_it" does not exist')))
		self.assertTrue(answer.header("WWW-Authenticate").startswith("Bearer"))

	def test_role_that_swm_may_not_take(self):
		answer = self.server.get("/secret", as_role("swm_it_stranger"))
		self.assertEqual((answer.status, answer.json["code"]), (403, "42501"))
		answer = self.server.get("/secret", as_role(harness.cluster().user))
		self.assertEqual((answer.status, answer.json["code"]), (403, "42501"))

	def test_deep_and_large_claims(self):
		for claims in ('{"role":"swm_reader","x":' + "[" * 5000 + "]" * 5000 + "}",
		               '{"role":"swm_reader","x":"' + "y" * 20000 + '"}'):
			answer = self.server.get("/secret", bearer(token(claims)))
			self.assertIn(answer.status, (200, 400, 401, 414, 431), answer)


class Injection(BadInput):
	"""SQL through every place where text enters: answered as what it is, and nothing in the database changes."""

	ATTACKS = [
		"'; DROP TABLE test.three; --",
		"\"; DROP TABLE test.three; --",
		"'); DELETE FROM test.three; --",
		"1; SELECT pg_sleep(60)",
		"1) OR 1=1 --",
		"' OR '1'='1",
		"\" OR \"1\"=\"1",
		"\\'; DROP TABLE test.three; --",
		"$$; DROP TABLE test.three; $$",
		"$1", "%s", "{}", "/* */", "--", ";", "E'\\x00'", "U&\"\\0022\"",
		"id\" FROM test.secret --",
		"id FROM test.secret--",
		"(select word from test.secret)",
		"pg_sleep(60)",
		"\u02bc; DROP TABLE test.three; --",
		"\uff07; DROP TABLE test.three; --",
	]

	def catalog(self):
		return harness.sql("SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc), "
		                   "(SELECT count(*) FROM pg_roles), (SELECT md5(string_agg(t::text, '')) FROM test.three AS t), "
		                   "(SELECT md5(string_agg(t::text, '')) FROM test.people AS t), "
		                   "(SELECT md5(string_agg(rolname || rolsuper::text || coalesce(rolconfig::text, ''), '' "
		                   "ORDER BY rolname)) FROM pg_roles), (SELECT is_called FROM test.calls)")

	def setUp(self):
		self.before = self.catalog()

	def tearDown(self):
		self.assertEqual(self.catalog(), self.before)
		super().tearDown()

	def attack(self, make, allowed, headers=None):
		"""allowed: (status, code or body); a body that is a list of rows is compared."""
		for text in self.ATTACKS:
			target, more = make(quote(text, safe="")), headers(text) if headers else ()
			with self.subTest(target=target, headers=more):
				start = time.monotonic()
				answer = self.server.get(target, more)
				self.assertLess(time.monotonic() - start, 5)
				self.assertTrue(answer.complete)
				self.assertNotIn("hush", answer.text)
				seen = (answer.status, answer.text if answer.status == 200 else answer.json["code"])
				self.assertIn(seen, allowed, answer)

	@staticmethod
	def quoted(text):
		"""As a quoted name or value of the dialect."""
		return "%22" + text.replace("%5C", "%5C%5C").replace("%22", "%5C%22") + "%22"

	def test_path(self):
		# a slash in the text makes no relation of it
		self.attack(lambda text: "/" + text, [(404, "PGRST205"), (404, "PGRST125")])
		self.attack(lambda text: "/three" + text, [(404, "PGRST205"), (404, "PGRST125")])

	def test_values(self):
		for operator in ("eq", "like", "ilike"):
			self.attack(lambda text: "/people?select=id&name=%s.%s" % (operator, text), [(200, "[]")])
		self.attack(lambda text: "/people?select=id&name=isdistinct.%s&id=eq.1" % text, [(200, ids(1))])
		self.attack(lambda text: "/people?select=id&name=match." + text,
		            [(200, "[]"), (200, ids(1, 2, 3, 4, 5, 6)), (400, "2201B")])
		self.attack(lambda text: "/three?id=eq." + text, [(400, "22P02")])
		self.attack(lambda text: "/three?id=gt.1" + text, [(400, "22P02"), (400, "22003")])
		self.attack(lambda text: "/people?select=id&name=eq(any).{%s}" % text, [(200, "[]"), (400, "22P02")])
		self.attack(lambda text: "/people?select=id&tags=cs." + text, [(200, "[]"), (400, "22P02"),
		            (200, ids(1, 2, 3, 5, 6))])  # {} is contained in every array

	def test_lists(self):
		self.attack(lambda text: "/people?select=id&name=in.(%s)" % self.quoted(text), [(200, "[]")])
		self.attack(lambda text: "/people?select=id&name=in.(%s)" % text, [(200, "[]"), (400, "PGRST100")])
		self.attack(lambda text: "/people?select=id&or=(name.eq.%s,id.eq.1)" % self.quoted(text), [(200, ids(1))])
		self.attack(lambda text: "/people?select=id&or=(name.eq.%s,id.eq.1)" % text,
		            [(200, ids(1)), (400, "PGRST100")])

	def test_is(self):
		self.attack(lambda text: "/three?id=is." + text, [(400, "PGRST100")])
		self.attack(lambda text: "/three?id=is.null" + text, [(400, "PGRST100")])

	def test_columns(self):
		names = [(400, "42703"), (400, "PGRST100"), (400, "PGRST108"), (400, "42622")]
		for shape in ("/three?%s=eq.1", "/three?or=(%s.eq.1,id.eq.9)", "/three?select=%s", "/three?order=%s",
		              "/three?select=id,x:%s", "/three?order=%s.desc.nullslast"):
			self.attack(lambda text: shape % self.quoted(text), names)
			self.attack(lambda text: shape % text, names + [(400, "PGRST200"), (400, "PGRST118"), (400, "PGRST127"),
			                                                (400, "PGRST123")])

	def test_aliases(self):
		for text in self.ATTACKS:
			with self.subTest(text):
				answer = self.server.get("/three?select=%s:id&id=eq.1" % self.quoted(quote(text, safe="")))
				self.assertEqual((answer.status, answer.json), (200, [{text: 1}]))

	def test_casts(self):
		self.attack(lambda text: "/three?select=id%3A%3A" + text, [(400, "PGRST100"), (400, "42704"), (400, "42601"),
		            (400, "42703"), (400, "PGRST127"), (400, "PGRST200")])
		for text in ("int;drop table test.three", "int,word", "text)||(select", "int/**/", "int--", "integer[]",
		             "varchar(10)", "\"char\"", "pg_catalog.int4", "text collate \"C\""):
			with self.subTest(text):
				answer = self.server.get("/three?id=eq.1&select=id::" + quote(text))
				self.assertIn(answer.status, (200, 400), answer)

	def test_json_paths(self):
		for arrow in ("->", "->>"):
			self.attack(lambda text: "/people?select=x:data%s%s&id=eq.1" % (arrow, self.quoted(text)),
			            [(200, array('{"x":null}'))])
			self.attack(lambda text: "/people?select=id&data%s%s=eq.1" % (arrow, self.quoted(text)), [(200, "[]")])
			self.attack(lambda text: "/people?select=id&id=eq.1&order=data%s%s" % (arrow, self.quoted(text)),
			            [(200, ids(1))])
			self.attack(lambda text: "/people?select=x:data%s%s&id=eq.1" % (arrow, text),
			            [(200, array('{"x":null}')), (400, "PGRST100")])

	def test_key_of_a_json_path(self):
		"""Without an alias the last key names the member of the answer."""
		for text in self.ATTACKS:
			with self.subTest(text):
				answer = self.server.get("/people?select=data->%s&id=eq.1" % self.quoted(quote(text, safe="")))
				self.assertEqual((answer.status, answer.json), (200, [{text: None}]))

	def test_limits(self):
		self.attack(lambda text: "/three?limit=" + text, [(400, "PGRST100")])
		self.attack(lambda text: "/three?limit=1" + text, [(400, "PGRST100")])
		self.attack(lambda text: "/three?offset=0" + text, [(400, "PGRST100")])

	def test_full_text(self):
		self.attack(lambda text: "/articles?select=id&tsv=fts(%s).cat" % text, [(400, "PGRST100"), (400, "42704"),
		            (400, "42602")])
		self.attack(lambda text: "/articles?select=id&tsv=fts(english).%s" % text, [(200, "[]"), (400, "42601")])
		self.attack(lambda text: "/articles?select=id&tsv=plfts(english).%s" % text, [(200, "[]")])
		self.attack(lambda text: "/articles?select=id&body=wfts(english).%s" % text, [(200, "[]")])

	def test_profile(self):
		def fits_a_header(text):
			return {"Accept-Profile": text}
		self.attack(lambda _: "/three", [(406, "PGRST106")], fits_a_header)

	def test_timezone(self):
		# a comma ends a preference; what is a zone is PostgreSQL's to say
		self.attack(lambda _: "/three?order=id", [(200, ids(1, 2, 3)), (400, "22023")], lambda text: {"Prefer": "timezone=" + text})
		self.attack(lambda _: "/three?order=id", [(200, ids(1, 2, 3)), (400, "22023"), (400, "PGRST122")],
		            lambda text: {"Prefer": "handling=strict, timezone=" + text})

	def test_role(self):
		allowed = [(401, "22023"), (403, "42501"), (401, "PGRST301"), (401, "PGRST303")]
		self.attack(lambda _: "/secret", allowed, as_role)
		for role in ("swm_reader; --", "swm_reader\"", "\"swm_reader\"", "SWM_READER", " swm_reader", "swm_reader ",
		             "swm_reader\u0000x", "default", "current_user", "public", "x" * 5000):
			with self.subTest(role):
				answer = self.server.get("/secret", as_role(role))
				self.assertIn((answer.status, answer.json["code"]), allowed + [(400, "22023"), (400, "42622")], answer)
				self.assertNotIn("hush", answer.text)

	def test_claims_headers_cookies_and_path(self):
		"""They reach SQL as settings, byte for byte."""
		for text in self.ATTACKS:
			with self.subTest(text):
				row = self.server.get("/whoami?select=claims", as_role("swm_anon", x=text)).json[0]
				self.assertEqual(json.loads(row["claims"]), {"role": "swm_anon", "x": text})
				row = self.server.get("/whoami?select=mark,cookie", {"X-Mark": text, "Cookie": "c=" + text.replace(";", "")}).json[0]
				self.assertEqual((row["mark"], row["cookie"]), (text.strip(), text.replace(";", "").strip()))

	def test_other_headers(self):
		for name in ("Accept", "Range", "Range-Unit", "Prefer", "Origin", "Authorization", "Content-Profile", "Content-Type"):
			for text in self.ATTACKS:
				with self.subTest(name=name, text=text):
					answer = self.server.get("/three?order=id", {name: text})
					self.assertIn(answer.status, (200, 406, 416), answer)
					for field, value in answer.headers:
						self.assertNotIn("\n", value)


class Configuration(unittest.TestCase):
	"""swm-fcgi with a configuration that is wrong: one clear line, exit 1."""

	def refused(self, text, *said, name="bad.conf"):
		path = harness.write_file(name, text) if text is not None else os.path.join(harness.folder(), name)
		for program, args in (("swm-fcgi", [path]), ("swm", ["check", path])):
			with self.subTest(program):
				status, out, err = harness.run_program(program, *args, timeout=20)
				self.assertEqual(status, 1, (out, err))
				lines = err.decode().splitlines()
				self.assertEqual(len(lines), 1, err)
				for word in said:
					self.assertIn(word, lines[0])
				self.assertEqual(out, b"")

	def test_unknown_key(self):
		self.refused('db-uri = "host=/nowhere"\n\ndb-urine = "x"\n', "bad.conf", "3", "db-urine")

	def test_bad_number(self):
		self.refused('# a comment\ndb-pool = "many"\n', "bad.conf", "2", "db-pool")
		self.refused("db-pool = 0\n", "bad.conf", "1", "db-pool")
		self.refused("db-pool = 99999999999999999999\n", "bad.conf", "1", "db-pool")
		self.refused("db-pool = 1x\n", "bad.conf", "1")
		self.refused("db-max-rows = -5\n", "bad.conf", "1", "db-max-rows")

	def test_bad_values(self):
		self.refused('log-level = "loud"\n', "bad.conf", "1", "log-level")
		self.refused('db-config = "perhaps"\n', "bad.conf", "1", "db-config")
		self.refused('server-unix-socket-mode = "999"\n', "bad.conf", "1", "server-unix-socket-mode")

	def test_syntax(self):
		for text in ('db-uri = "no end\n', "db-uri\n", "= 1\n", 'db-uri "x"\n', 'db-uri = "a" "b"\n'):
			self.refused('db-schemas = "test"\n' + text, "bad.conf", "2")

	def test_no_file(self):
		self.refused(None, "absent.conf", name="absent.conf")
		self.refused(None, "No such file", name="absent.conf")

	def test_short_secret(self):
		self.refused('jwt-secret = "too short"\nserver-unix-socket = "/tmp/x"\n', "jwt-secret")

	def test_missing_secret_file(self):
		self.refused('jwt-secret = "@/nowhere/at/all"\n', "/nowhere/at/all")

	def test_no_socket(self):
		path = harness.write_file("nosocket.conf", 'db-uri = "%s"\n' % harness.cluster().conninfo(
			harness.database(), harness.LOGIN_ROLE))
		status, out, err = harness.run_program("swm-fcgi", path, timeout=20)
		self.assertEqual((status, len(err.decode().splitlines())), (1, 1), err)
		self.assertIn(b"server-unix-socket", err)

	def test_wrong_login(self):
		"""A login that is refused does not mend by waiting: the start ends."""
		path = harness.write_file("login.conf", 'db-uri = "%s"\nserver-unix-socket = "%s"\n' % (
			harness.cluster().conninfo(harness.database(), "nobody_of_this_name"), harness.folder() + "/login.sock"))
		status, _, err = harness.run_program("swm-fcgi", path, timeout=20)
		self.assertEqual(status, 1, err)
		self.assertIn(b"nobody_of_this_name", err)

	def test_a_setting_of_the_web_server(self):
		"""Accepted, and said once."""
		path = harness.write_file("host.conf", 'db-uri = "%s"\nserver-port = 3000\nserver-host = "*4"\n'
		                          'db-schemas = "test"\ndb-anon-role = "swm_anon"\n'
		                          % harness.cluster().conninfo(harness.database(), harness.LOGIN_ROLE))
		status, out, err = harness.run_program("swm", "check", path)
		self.assertEqual(status, 0, (out, err))
		self.assertEqual((out + err).count(b"server-port"), 1)
		self.assertEqual((out + err).count(b"server-host"), 1)


if __name__ == "__main__":
	unittest.main()
