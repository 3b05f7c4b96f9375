"""
swm.login of sql/06-login.sql on the wire: a name and a password for a short-lived token. The
token's form is that of RFC 7515, section 3.1, and RFC 7519; statuses are those that functions raise.
"""
import base64
import hashlib
import hmac
import json
import time
import unittest

import harness

PASSWORD = "correct horse 馬"
LOGIN = "/rpc/login"
ROLES = ("swm_anon", "swm_reader", "swm_writer", "swm_device", "swm_authenticator")


def decoded(part):
	return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def literal(text):
	return "'%s'" % text.replace("'", "''")


def set_up():
	harness.sql("SELECT swm_private.set_login_secret(%s)" % literal(harness.SECRET))
	for name, role in (("ada", "swm_writer"), ("ben", "swm_reader")):
		harness.sql("SELECT swm_private.set_password('%s', %s, '%s')" % (name, literal(PASSWORD), role))
	return True


class Login(unittest.TestCase):
	def setUp(self):
		harness.once("login", set_up)
		self.server = harness.server(db_schemas="swm")

	def login(self, name="ada", password=PASSWORD, **headers):
		body = json.dumps({"name": name, "password": password}).encode()
		return self.server.request("POST", LOGIN, {"Content-Type": "application/json", **headers}, body)

	def expect_refused(self, answer):
		self.assertEqual(answer.status, 401, answer)
		self.assertEqual(answer.json, error("PT401", "The name or the password is wrong"))

	def changed(self, statement, back):
		harness.sql(statement)
		self.addCleanup(harness.sql, back)


def error(code, message, hint=None):
	return {"code": code, "message": message, "details": None, "hint": hint}


class Good(Login):
	def test_the_token_is_good_for_its_role(self):
		before = int(time.time())
		answer = self.login()
		self.assertEqual(answer.status, 200, answer)
		self.assertEqual((answer.json["role"], answer.json["expires_in"]), ("swm_writer", 1800))
		who = {**harness.bearer(answer.json["token"]), "Content-Type": "application/json"}
		self.addCleanup(harness.sql, "DELETE FROM swm.consumption WHERE date >= '2032-01-01'")
		reading = b'{"date": "2032-01-01", "device_id": 15, "amount": 1, "unit": "kWh"}'
		self.assertEqual(self.server.request("POST", "/consumption", who, reading).status, 201)
		claims = json.loads(decoded(answer.json["token"].split(".")[1]))
		self.assertEqual({"role": "swm_writer", "sub": "ada"}, {name: claims[name] for name in ("role", "sub")})
		self.assertTrue(before <= claims["iat"] <= time.time() and claims["exp"] == claims["iat"] + 1800, claims)

	def test_a_reader_may_not_write(self):
		who = {**harness.bearer(self.login("ben").json["token"]), "Content-Type": "application/json"}
		self.assertEqual(self.server.request("DELETE", "/devices?id=eq.1", who).status, 403)
		self.assertEqual(self.server.get("/devices?id=eq.1", who).status, 200)

	def test_the_form_is_that_of_rfc_7515(self):
		"""Also of a name that is not ASCII, and of lengths that base64 would pad."""
		for number in range(3):
			name = "Zoë>>>???" + "~" * number
			harness.sql("SELECT swm_private.set_password(%s, %s, 'swm_reader')" % (literal(name), literal(PASSWORD)))
			self.addCleanup(harness.sql, "DELETE FROM swm_private.people WHERE name = " + literal(name))
			token = self.login(name).json["token"]
			self.assertRegex(token, r"\A[\w-]+\.[\w-]+\.[\w-]{43}\Z")
			head, claims, signature = token.split(".")
			self.assertEqual(json.loads(decoded(head)), {"alg": "HS256", "typ": "JWT"})
			self.assertEqual(json.loads(decoded(claims))["sub"], name)
			digest = hmac.new(harness.SECRET.encode(), (head + "." + claims).encode(), hashlib.sha256).digest()
			self.assertEqual(decoded(signature), digest)
			self.assertEqual(self.server.get("/devices?id=eq.1", harness.bearer(token)).status, 200)

	def test_an_expired_token(self):
		"""Of the same making, by the claims of an hour ago."""
		moment = int(time.time()) - 3600
		token = harness.sql("SELECT swm_private.signed_token('{\"role\": \"swm_reader\", \"exp\": %d}', %s)"
		                    % (moment, literal(harness.SECRET)))
		answer = self.server.get("/devices?id=eq.1", harness.bearer(token))
		self.assertEqual((answer.status, answer.json["code"]), (401, "PGRST303"))

	def test_the_lifetime_is_a_setting(self):
		self.changed("UPDATE swm_private.login_settings SET lifetime = '15 minutes'",
		             "UPDATE swm_private.login_settings SET lifetime = DEFAULT")
		answer = self.login()
		claims = json.loads(decoded(answer.json["token"].split(".")[1]))
		self.assertEqual((answer.json["expires_in"], claims["exp"] - claims["iat"]), (900, 900))
		for wrong in ("0", "2 hours"):
			with self.assertRaises(harness.HarnessError):
				harness.sql("UPDATE swm_private.login_settings SET lifetime = '%s'" % wrong)

	def test_another_password_and_role(self):
		harness.sql("SELECT swm_private.set_password('cleo', 'first password', 'swm_writer')")
		self.addCleanup(harness.sql, "DELETE FROM swm_private.people WHERE name = 'cleo'")
		harness.sql("SELECT swm_private.set_password('cleo', 'second password')")
		self.expect_refused(self.login("cleo", "first password"))
		self.assertEqual(self.login("cleo", "second password").json["role"], "swm_writer")
		harness.sql("SELECT swm_private.set_password('cleo', NULL, 'swm_reader')")
		self.assertEqual(self.login("cleo", "second password").json["role"], "swm_reader")


class Refused(Login):
	def test_wrong_names_and_passwords_are_one_answer(self):
		for name, password in (("ada", "wrong"), ("nobody", PASSWORD), ("ADA", PASSWORD), ("ada ", PASSWORD), ("", ""),
		                       ("ada", ""), ("ada", None), (None, PASSWORD), ("ada", PASSWORD + " "), ("ada", "x" * 5000)):
			with self.subTest(name=name, password=password):
				self.expect_refused(self.login(name, password))

	def test_bcrypt_s_72_bytes(self):
		"""crypt() looks at no more of a password: longer ones are refused, not cut."""
		whole = "p" * 72
		harness.sql("SELECT swm_private.set_password('dora', '%s', 'swm_reader')" % whole)
		self.addCleanup(harness.sql, "DELETE FROM swm_private.people WHERE name = 'dora'")
		self.assertEqual(self.login("dora", whole).status, 200)
		self.expect_refused(self.login("dora", whole + "q"))
		for wrong in ("p" * 73, "é" * 40, "short"):
			with self.assertRaisesRegex(harness.HarnessError, "a password has 8 characters or more"):
				harness.sql("SELECT swm_private.set_password('dora', '%s', 'swm_reader')" % wrong)

	def test_a_person_who_is_not_active(self):
		self.changed("UPDATE swm_private.people SET active = false WHERE name = 'ben'",
		             "UPDATE swm_private.people SET active = true WHERE name = 'ben'")
		self.expect_refused(self.login("ben"))

	def test_what_is_no_hash_of_bcrypt_is_a_wrong_password(self):
		"""Not an error that shows that the name exists, nor an answer in no time: a tenth is far from either."""
		def seconds(name):
			before = time.monotonic()
			self.expect_refused(self.login(name))
			return time.monotonic() - before
		harness.sql("SELECT swm_private.set_password('finn', %s, 'swm_reader')" % literal(PASSWORD))
		self.addCleanup(harness.sql, "DELETE FROM swm_private.people WHERE name = 'finn'")
		unknown = min(seconds("nobody") for _ in range(2))
		good = harness.sql("SELECT password_hash FROM swm_private.people WHERE name = 'finn'")
		others = [harness.sql("SELECT swm_private.crypt(%s, swm_private.gen_salt('%s'))" % (literal(PASSWORD), kind))
		          for kind in ("md5", "des", "xdes")]
		for stored in ("!", "*", "", "!" + good, good[:-1], good.replace("$2a$", "$2b$"), good.replace("$12$", "$32$"), *others):
			with self.subTest(stored):
				harness.sql("UPDATE swm_private.people SET password_hash = %s WHERE name = 'finn'" % literal(stored))
				self.assertGreater(seconds("finn"), unknown / 10)

	def test_get_is_refused(self):
		"""The password would be in the log of every server on the way."""
		for method in ("GET", "HEAD"):
			answer = self.server.request(method, LOGIN + "?name=ada&password=correct")
			self.assertEqual(answer.status, 405, answer)

	def test_without_a_secret_there_is_no_token(self):
		self.changed("UPDATE swm_private.login_settings SET secret = NULL",
		             "SELECT swm_private.set_login_secret(%s)" % literal(harness.SECRET))
		answer = self.login()
		self.assertEqual((answer.status, answer.json["code"]), (501, "PT501"))

	def test_arguments_of_the_wrong_shape(self):
		for body in (b"{}", b'{"name": "ada"}', b"[]", b"x"):
			answer = self.server.request("POST", LOGIN, {"Content-Type": "application/json"}, body)
			self.assertIn(answer.status, (400, 404), answer)

	def test_roles_that_nobody_may_have(self):
		for role in ("swm_authenticator", "swm_login", "postgres", "nosuch"):
			with self.assertRaisesRegex(harness.HarnessError, "nobody may sign in as '%s'" % role):
				harness.sql("SELECT swm_private.set_password('eve', 'a long password', '%s')" % role)
			for statement in ("INSERT INTO swm_private.people VALUES ('eve', 'x', '%s')",
			                  "UPDATE swm_private.people SET role = '%s'"):
				with self.assertRaises(harness.HarnessError):
					harness.sql(statement % role)
		for role in ("swm_authenticator", "swm_login"):
			with self.assertRaises(harness.HarnessError):
				harness.sql("INSERT INTO swm_private.login_roles VALUES ('%s')" % role)


class Kept(Login):
	def test_no_role_reads_what_is_kept(self):
		names = ("people", "login_settings", "login_roles")
		for role in ROLES:
			for table in names:
				for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"):
					self.assertEqual(harness.sql("SELECT has_table_privilege('%s', 'swm_private.%s', '%s')"
					                             % (role, table, right)), "f", (role, table, right))
			for function in ("set_password", "set_login_secret", "signed_token", "hmac_sha256", "hash_password"):
				self.assertEqual(harness.sql("SELECT has_function_privilege('%s', 'swm_private.%s'::regproc, 'EXECUTE')"
				                             % (role, function)), "f", (role, function))
		self.assertEqual(harness.sql("SELECT count(*) FROM pg_auth_members WHERE 'swm_login'::regrole IN (roleid, member)"), "0")
		self.assertEqual(harness.sql("SELECT rolcanlogin OR rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'swm_login'"), "f")

	def test_the_schema_is_not_served(self):
		for headers in ({}, {"Accept-Profile": "swm_private"}):
			for target in ("/people", "/login_settings", "/rpc/set_password"):
				self.assertIn(self.server.get(target, headers).status, (404, 406), target)

	def test_the_document_shows_it_to_those_without_a_token(self):
		document = self.server.get("/").json
		self.assertEqual(sorted(document["paths"][LOGIN]), ["post"])
		self.assertEqual(document["paths"][LOGIN]["post"]["summary"], "Sign in with a name and a password")
		self.assertNotIn("password_hash", self.server.get("/").text)

	def test_a_batch_does_not_call_it(self):
		"""The web server counts requests, and a batch could hold many attempts."""
		operation = {"method": "POST", "path": LOGIN, "body": {"name": "ada", "password": PASSWORD}}
		answer = self.server.request("POST", "/batch", {"Content-Type": "application/json"},
		                             json.dumps([operation]).encode())
		self.assertEqual((answer.status, answer.json["message"]), (400, "login is not called in a batch"))
		self.assertEqual(self.login().status, 200)

	def test_no_answer_is_kept(self):
		"""It has the token, and would be kept with a digest of the password for longer than that is good."""
		server = harness.server(db_schemas="swm", db_idempotency_table="swm_private.kept_answers")
		body = json.dumps({"name": "ada", "password": PASSWORD}).encode()
		headers = {"Content-Type": "application/json", "Idempotency-Key": "login-1", **harness.as_role("swm_reader")}
		answer = server.request("POST", LOGIN, headers, body)
		self.assertEqual((answer.status, answer.json), (400, error("PT400", "login takes no Idempotency-Key")))
		self.assertEqual(harness.sql("SELECT count(*) FROM swm_private.kept_answers WHERE key = 'login-1'"), "0")

	def test_no_log_has_the_password(self):
		"""Even where PostgreSQL is told to log every statement with its parameters."""
		secret_word = "unmistakable-phrase"
		cluster = harness.Cluster("loginlog")
		self.addCleanup(cluster.stop)
		cluster.create_database("login", harness.SQL_FILES)
		cluster.sql("login", "SELECT swm_private.set_login_secret(%s)" % literal(harness.SECRET))
		for setting in ("log_statement = 'all'", "log_min_duration_statement = 0", "log_min_error_statement = 'debug5'"):
			cluster.sql("login", "ALTER SYSTEM SET %s;" % setting)
		cluster.sql("login", "SELECT pg_reload_conf()")
		with harness.Server(cluster, "login", db_schemas="swm", log_level="debug") as server:
			body = json.dumps({"name": "ada", "password": secret_word}).encode()
			answer = server.request("POST", LOGIN, {"Content-Type": "application/json"}, body)
			self.assertEqual(answer.status, 401, answer)
			with open(cluster.process.log, errors="replace") as file:
				log = file.read()
			self.assertIn("The name or the password is wrong", log)
			self.assertIn("login", log)
			self.assertNotIn(secret_word, log + server.log())


if __name__ == "__main__":
	unittest.main()
