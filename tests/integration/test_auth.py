"""
Tokens and roles (PostgREST's references/auth; RFC 7515, 7519, 6750) and that
nothing of one request is left for the next on the same connection.
"""
import json
import time
import unittest

import harness
from harness import array, as_role, bearer, error_body, token


class Auth(unittest.TestCase):
	maxDiff = None

	@classmethod
	def setUpClass(cls):
		cls.server = harness.server()

	def whoami(self, headers=(), server=None):
		answer = (server or self.server).get("/whoami", headers)
		self.assertEqual(answer.status, 200, answer)
		return answer.json[0]

	def assert_refused(self, answer, code, message=None):
		self.assertEqual((answer.status, answer.json["code"]), (401, code), answer)
		if message:
			self.assertEqual(answer.json["message"], message)
		self.assertEqual(list(answer.json), ["code", "details", "hint", "message"])
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=" + code)
		self.assertEqual(answer.header("WWW-Authenticate"),
		                 'Bearer error="invalid_token", error_description=' + json.dumps(answer.json["message"]))


class Roles(Auth):
	def test_anonymous(self):
		self.assertEqual(self.whoami()["user"], "swm_anon")
		self.assertEqual(json.loads(self.whoami()["claims"]), {"role": "swm_anon"})

	def test_role_of_the_token(self):
		row = self.whoami(as_role("swm_reader", email="a@b"))
		self.assertEqual(row["user"], "swm_reader")
		self.assertEqual(json.loads(row["claims"]), {"role": "swm_reader", "email": "a@b"})

	def test_token_without_a_role_is_anonymous(self):
		row = self.whoami(bearer(token({"email": "a@b"})))
		self.assertEqual(row["user"], "swm_anon")
		self.assertEqual(json.loads(row["claims"])["email"], "a@b")

	def test_who_runs_as_the_anonymous_role_needs_another(self):
		"""42501 is 401 for it, with a token or without, and 403 for others."""
		words = error_body("42501", "permission denied for table secret")
		for headers in ({}, bearer(token({"role": "swm_anon"})), bearer(token({"sub": "7"}))):
			with self.subTest(headers=headers):
				answer = self.server.get("/secret", headers)
				self.assertEqual((answer.status, answer.text), (401, words))
				self.assertEqual(answer.header("WWW-Authenticate"), "Bearer")
				self.assertEqual(self.server.get("/three?limit=1", headers).status, 200)
		answer = self.server.request("DELETE", "/secret", as_role("swm_writer"))
		self.assertEqual((answer.status, answer.text), (403, words))
		self.assertIsNone(answer.header("WWW-Authenticate"))

	def test_claims_reach_sql_as_they_were_signed(self):
		claims = '{"role":"swm_reader", "n":1.10,"big":12345678901234567890,"e":1e3,"s":"\\u00e9 é","o":{"b":1,"a":2}}'
		self.assertEqual(self.whoami(bearer(token(claims)))["claims"], claims)

	def test_scheme(self):
		good = token({"role": "swm_reader"})
		for value in ("Bearer " + good, "bearer " + good, "BEARER " + good):
			with self.subTest(value[:7]):
				self.assertEqual(self.whoami({"Authorization": value})["user"], "swm_reader")
		self.assertEqual(self.whoami({"Authorization": "Basic YTpi"})["user"], "swm_anon")

	def test_algorithms(self):
		for algorithm in ("HS256", "HS384", "HS512"):
			with self.subTest(algorithm):
				row = self.whoami(bearer(token({"role": "swm_reader"}, algorithm=algorithm)))
				self.assertEqual(row["user"], "swm_reader")

	def test_role_settings(self):
		"""What ALTER ROLE has set for the role holds for its requests (impersonated role settings)."""
		row = self.whoami(as_role("swm_it_odd"))
		self.assertEqual((row["user"], row["timezone"], row["statement_timeout"]),
		                 ("swm_it_odd", "Asia/Kathmandu", "7s"))
		self.assertEqual(self.whoami()["statement_timeout"], "1min")  # sql/01-roles.sql

	def test_claim_path(self):
		server = harness.server(jwt_role_claim_key='.a."b c".roles[1]')
		row = self.whoami(bearer(token({"a": {"b c": {"roles": ["other", "swm_reader"]}}})), server)
		self.assertEqual(row["user"], "swm_reader")
		self.assertEqual(self.whoami(as_role("swm_reader"), server)["user"], "swm_anon")

	def test_secret_in_base64(self):
		server = harness.server(jwt_secret="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", jwt_secret_is_base64=True)
		good = token({"role": "swm_reader"}, secret=bytes(range(32)).decode("latin-1"))
		self.assertEqual(self.whoami(bearer(good), server)["user"], "swm_reader")


class Refused(Auth):
	def test_expired(self):
		now = int(time.time())
		self.assert_refused(self.server.get("/three", as_role("swm_reader", exp=now - 60)), "PGRST303", "JWT expired")
		self.assertEqual(self.whoami(as_role("swm_reader", exp=now - 5))["user"], "swm_reader")  # 30 s of grace
		self.assertEqual(self.whoami(as_role("swm_reader", exp=now + 60.5))["user"], "swm_reader")
		self.assert_refused(self.server.get("/three", as_role("swm_reader", exp=now - 60.5)), "PGRST303", "JWT expired")

	def test_expires_in_the_cache(self):
		"""A remembered token is still refused when its time is over."""
		short = as_role("swm_reader", exp=int(time.time()) - 29)
		self.assertEqual(self.whoami(short)["user"], "swm_reader")
		harness.wait_until(lambda: self.server.get("/three", short).status == 401, 5, "the end of the token")

	def test_not_yet(self):
		now = int(time.time())
		self.assert_refused(self.server.get("/three", as_role("swm_reader", nbf=now + 600)), "PGRST303",
		                    "JWT not yet valid")
		self.assert_refused(self.server.get("/three", as_role("swm_reader", iat=now + 600)), "PGRST303",
		                    "JWT issued at future")
		self.assertEqual(self.whoami(as_role("swm_reader", nbf=now + 20, iat=now + 20))["user"], "swm_reader")

	def test_audience(self):
		server = harness.server(jwt_aud="us")
		for aud in ("us", ["them", "us"], [], None):
			with self.subTest(aud=aud):
				self.assertEqual(self.whoami(as_role("swm_reader", aud=aud), server)["user"], "swm_reader")
		self.assertEqual(self.whoami(as_role("swm_reader"), server)["user"], "swm_reader")
		for aud in ("them", ["them", "Us"], 1, {"us": 1}, ["us", 1]):
			with self.subTest(aud=aud):
				self.assert_refused(server.get("/three", as_role("swm_reader", aud=aud)), "PGRST303")
		self.assertEqual(self.whoami(as_role("swm_reader", aud="anyone"))["user"], "swm_reader")
		for aud in (1, {"us": 1}, ["us", 1], True):  # no audience at all, whoever is meant
			with self.subTest(aud=aud):
				self.assert_refused(harness.server().get("/three", as_role("swm_reader", aud=aud)), "PGRST303")

	def test_times_that_are_no_numbers(self):
		for name in ("exp", "nbf", "iat"):
			with self.subTest(name):
				self.assert_refused(self.server.get("/three", as_role("swm_reader", **{name: "soon"})), "PGRST303")

	def test_role_that_is_no_name(self):
		for role in ('1', 'true', '["swm_reader"]', '{"a":1}', '"none"', '""'):
			with self.subTest(role):
				answer = self.server.get("/three", bearer(token('{"role":%s}' % role)))
				self.assertEqual(answer.status, 401, answer)

	def test_login_role_is_not_for_tokens(self):
		"""'none' must never mean the role that logged in."""
		answer = self.server.get("/whoami", bearer(token({"role": "none"})))
		self.assertEqual(answer.status, 401, answer)

	def test_unknown_critical_header(self):
		"""RFC 7515, 4.1.11."""
		forged = token({"role": "swm_reader"}, header={"alg": "HS256", "crit": ["b64"], "b64": False})
		self.assert_refused(self.server.get("/three", bearer(forged)), "PGRST301")

	def test_no_anonymous_role(self):
		server = harness.server(db_anon_role=None)
		answer = server.get("/three")
		self.assertEqual((answer.status, answer.text), (401, error_body("PGRST302", "Anonymous access is disabled")))
		self.assertEqual(answer.header("WWW-Authenticate"), "Bearer")
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=PGRST302")
		self.assertEqual(self.whoami(as_role("swm_reader"), server)["user"], "swm_reader")
		self.assertEqual(server.get("/three", bearer(token({"email": "a@b"}))).status, 401)

	def test_no_secret(self):
		server = harness.server(jwt_secret=None)
		answer = server.get("/three", as_role("swm_reader"))
		self.assertEqual((answer.status, answer.text), (500, error_body("PGRST300", "Server lacks JWT secret")))
		self.assertEqual(server.get("/three").status, 200)


class NothingStays(Auth):
	def test_on_one_connection(self):
		"""One connection serves all: neither role, claims, headers nor settings are left on it."""
		server = harness.server(db_pool=1)
		anonymous = self.whoami(server=server)
		requests = [
			(as_role("swm_reader", email="secret@b"), "swm_reader"),
			({"X-Mark": "mine", "Cookie": "c=mine", "Prefer": "timezone=Asia/Tokyo"}, "swm_anon"),
			(as_role("swm_it_odd"), "swm_it_odd"),
			(as_role("swm_writer"), "swm_writer"),
		]
		for headers, user in requests:
			self.assertEqual(self.whoami(headers, server)["user"], user)
			self.assertEqual(self.whoami(server=server), anonymous)

	def test_after_an_error(self):
		server = harness.server(db_pool=1)
		anonymous = self.whoami(server=server)
		for target in ("/refusing", "/three?id=eq.x", "/nowhere", "/three?id=zz.1"):
			server.get(target, {**as_role("swm_it_odd"), "Prefer": "timezone=Asia/Tokyo"})
			row = self.whoami(server=server)
			self.assertEqual({**row, "backend": 0}, {**anonymous, "backend": 0})

	def test_the_connection_outside_of_requests(self):
		"""Between requests the connection is the login role's own again."""
		server = harness.server(db_pool=1)
		self.whoami(as_role("swm_reader"), server)
		harness.wait_until(lambda: server.backends("state = 'idle'") >= 1, 5, "an idle connection")
		self.assertEqual(server.backends("state LIKE 'idle in transaction%'"), 0)

	def test_many_roles_at_once(self):
		"""Eight clients with two roles on four connections: each sees itself."""
		wanted = [("swm_reader", as_role("swm_reader")), ("swm_writer", as_role("swm_writer")),
		          ("swm_anon", {}), ("swm_it_odd", as_role("swm_it_odd"))]
		running = []
		for turn in range(10):
			for user, headers in wanted:
				running.append((user, self.server.in_background("GET", "/whoami?select=user", headers)))
		for user, request in running:
			self.assertEqual(request.result().text, array('{"user":"%s"}' % user))


if __name__ == "__main__":
	unittest.main()
