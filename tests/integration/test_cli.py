"""The command swm: query, token, check and dump, their outputs and exit statuses."""
import base64
import json
import os
import subprocess
import time
import unittest

import harness
from harness import array, bearer, error_body, ids, token


class Cli(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.server = harness.server()
		cls.file = cls.server.configuration

	def swm(self, *args, **more):
		status, out, err = harness.run_program("swm", *args, **more)
		return status, out.decode(), err.decode()


class Query(Cli):
	def test_the_issue(self):
		file = harness.server(db_schemas="swm").configuration
		self.assertEqual(self.swm("query", file, "devices?id=eq.15"),
		                 (0, '[{"id":15,"device_name":"express"}]\n', ""))

	def test_same_as_over_http(self):
		for target in ("/three?order=id", "/people?order=id", "/nothing", "/thousand?order=id"):
			with self.subTest(target):
				expected = self.server.get(target).text + "\n"
				self.assertEqual(self.swm("query", self.file, target), (0, expected, ""))
				self.assertEqual(self.swm("query", self.file, target[1:]), (0, expected, ""))

	def test_blanks_and_letters_as_a_shell_user_writes_them(self):
		self.assertEqual(self.swm("query", self.file, "HTTP://127.0.0.1:8080/three?id=eq.1"), (0, ids(1) + "\n", ""))
		self.assertEqual(self.swm("query", self.file, "https://example.org/three?id=eq.1"), (0, ids(1) + "\n", ""))
		self.assertEqual(self.swm("query", self.file, "http://127.0.0.1")[0], 0) # the root
		self.assertEqual(self.swm("query", self.file, "Order Items?Unit Price=lt.200&select=id"), (0, ids(1) + "\n", ""))
		self.assertEqual(self.swm("query", self.file, "موارد?select=نام"), (0, array('{"نام":"یک"}') + "\n", ""))

	def test_many_rows(self):
		status, out, err = self.swm("query", self.file, "million?select=id&limit=200000")
		self.assertEqual((status, err), (0, ""))
		self.assertEqual(out, ids(*range(1, 200001)) + "\n")

	def test_errors(self):
		status, out, err = self.swm("query", self.file, "zzzzzzzzzz")
		self.assertEqual((status, out), (1, ""))
		self.assertEqual(err, error_body("PGRST205", "Could not find the table 'test.zzzzzzzzzz' in the schema cache") + "\n")
		self.assertEqual(self.swm("query", self.file, "three?id=x.1")[0], 1)
		self.assertEqual(self.swm("query", self.file, "three?id=eq.x")[0], 1)

	def test_headers(self):
		self.assertEqual(self.swm("query", "-H", "Accept: text/csv", self.file, "three?order=id"), (0, "id\n1\n2\n3\n", ""))
		self.assertEqual(self.swm("query", "--header", "Accept-Profile: other", self.file, "things?select=place"),
		                 (0, array('{"place":"in other"}') + "\n", ""))
		status, out, err = self.swm("query", "--include", "-H", "Prefer: count=exact", self.file, "three?limit=1&order=id")
		self.assertEqual((status, err), (0, ""))
		top, _, body = out.partition("\n\n")
		self.assertEqual(body, ids(1) + "\n")
		self.assertEqual(top.split("\n")[0], "Status: 206")
		self.assertIn("Content-Range: 0-0/3", top.split("\n"))

	def test_roles_and_tokens(self):
		self.assertEqual(self.swm("query", self.file, "secret")[0], 1)
		self.assertEqual(self.swm("query", "--role", "swm_reader", self.file, "secret?select=word"),
		                 (0, array('{"word":"hush"}') + "\n", ""))
		self.assertEqual(self.swm("query", "-t", token({"role": "swm_reader"}), self.file, "secret?select=word"),
		                 (0, array('{"word":"hush"}') + "\n", ""))
		status, out, err = self.swm("query", "-t", "a.b.c", self.file, "secret")
		self.assertEqual((status, out, json.loads(err)["code"]), (1, "", "PGRST301"))

	def test_environment_wins_over_the_file(self):
		self.assertEqual(self.swm("query", self.file, "three?order=id", env={"SWM_DB_MAX_ROWS": "1"})[1], ids(1) + "\n")
		self.assertEqual(self.swm("query", self.file, "three?order=id", env={"PGRST_DB_MAX_ROWS": "2"})[1], ids(1, 2) + "\n")
		self.assertEqual(self.swm("query", self.file, "three?order=id",
		                          env={"PGRST_DB_MAX_ROWS": "2", "SWM_DB_MAX_ROWS": "1"})[1], ids(1) + "\n")

	def test_no_database(self):
		path = harness.write_file("nodb.conf", 'db-uri = "host=/nowhere/at/all user=x"\ndb-anon-role = "swm_anon"\n')
		status, out, err = self.swm("query", path, "three")
		self.assertEqual((status, out), (1, ""))
		self.assertIn("/nowhere/at/all", err)

	def test_no_configuration(self):
		status, out, err = self.swm("query", os.path.join(harness.folder(), "absent.conf"), "three")
		self.assertEqual((status, out), (1, ""))
		self.assertIn("absent.conf", err)

	def test_output_that_cannot_be_written(self):
		path, env = harness.program("swm")
		with open("/dev/full", "w") as full:
			done = subprocess.run([path, "query", self.file, "three"], stdout=full, stderr=subprocess.PIPE, env=env)
		self.assertEqual(done.returncode, 1)
		self.assertNotEqual(done.stderr, b"")


class Token(Cli):
	def make(self, *args):
		status, out, err = self.swm("token", *args, self.file)
		self.assertEqual((status, err), (0, ""))
		self.assertRegex(out, r"\A[\w-]+\.[\w-]+\.[\w-]+\n\Z")
		return out.strip()

	def claims(self, value):
		return json.loads(base64.urlsafe_b64decode(value.split(".")[1] + "=="))

	def test_role(self):
		value = self.make("--role", "swm_reader")
		self.assertEqual(self.claims(value), {"role": "swm_reader"})
		self.assertEqual(self.server.get("/secret?select=id", bearer(value)).text, ids(1))
		self.assertEqual(value, token({"role": "swm_reader"}, header={"alg": "HS256", "typ": "JWT"}))

	def test_where_the_role_is_looked_for(self):
		for key, status in (("$$.role", 0), (".role", 0), ("$$.roles[0]", 1), (".a.role", 1)):
			with self.subTest(key):
				path = harness.write_file("claim-key.conf", 'jwt-secret = "%s"\njwt-role-claim-key = "%s"\n' % (harness.SECRET, key))
				seen, out, err = self.swm("token", "--role", "swm_reader", path)
				self.assertEqual((seen, out == ""), (status, status == 1), err)

	def test_claims_expiry_and_algorithm(self):
		value = self.make("-r", "swm_reader", "-e", "60", "-c", '{"email":"a@b"}', "-a", "HS512")
		claims = self.claims(value)
		self.assertAlmostEqual(claims.pop("exp"), time.time() + 60, delta=10)
		self.assertEqual(claims, {"role": "swm_reader", "email": "a@b"})
		self.assertEqual(self.server.get("/secret?select=id", bearer(value)).status, 200)

	def test_mistakes(self):
		for args, status in (((), 2), (("-c", "[]", self.file), 1), (("-c", "{", self.file), 1),
		                     (("-a", "RS256", self.file), 2), (("-e", "soon", self.file), 2),
		                     ((self.file, self.file), 2), (("/nowhere.conf",), 1)):
			with self.subTest(args):
				seen, out, err = self.swm("token", *args)
				self.assertEqual((seen, out), (status, ""))
				self.assertNotEqual(err, "")

	def test_no_secret(self):
		path = harness.write_file("nosecret.conf", 'db-schemas = "test"\n')
		status, out, err = self.swm("token", "-r", "x", path)
		self.assertEqual((status, out), (1, ""))
		self.assertIn("jwt-secret", err)


class Check(Cli):
	def test_good(self):
		status, out, err = self.swm("check", self.file)
		self.assertEqual((status, err), (0, ""))
		status, out, err = self.swm("check", "--connect", self.file)
		self.assertEqual((status, err), (0, ""))

	def test_line_numbers(self):
		path = harness.write_file("wrong.conf", '# comment\ndb-schemas = "test"\n\ndb-pool = "x"\n')
		status, out, err = self.swm("check", path)
		self.assertEqual(status, 1)
		self.assertRegex(err, r"wrong\.conf:4: .*db-pool")

	def test_environment(self):
		status, out, err = self.swm("check", self.file, env={"SWM_DB_POOL": "many"})
		self.assertEqual(status, 1)
		self.assertIn("SWM_DB_POOL", err)

	def test_secrets_are_not_printed(self):
		status, out, err = self.swm("dump", self.file)
		self.assertEqual((status, err), (0, ""))
		self.assertNotIn(harness.SECRET, out)
		self.assertIn("jwt-secret", out)
		self.assertIn("db-schemas", out)

	def test_a_dump_is_a_configuration(self):
		out = self.swm("dump", self.file)[1]
		lines = [line for line in out.splitlines() if "***" not in line]
		path = harness.write_file("dumped.conf", "\n".join(lines) + "\n")
		status, out, err = self.swm("check", path)
		self.assertEqual((status, [line for line in err.splitlines() if not line.endswith(" is not in effect yet")]), (0, []))


class Usage(Cli):
	def test_usage(self):
		for args, status in (((), 2), (("nonsense",), 2), (("query",), 2), (("query", self.file), 2),
		                     (("query", "-x", self.file, "three"), 2), (("query", "-H", "no colon", self.file, "three"), 2),
		                     (("query", "-t"), 2), (("query", "-t", "x", "-r", "y", self.file, "three"), 2),
		                     (("check",), 2), (("--help",), 0), (("query", "--help"), 0), (("--version",), 0)):
			with self.subTest(args):
				seen, out, err = self.swm(*args)
				self.assertEqual(seen, status)
				self.assertNotEqual(out if status == 0 else err, "")
				self.assertEqual(err if status == 0 else out, "")

	def test_help_of_a_command(self):
		for command in ("query", "token", "check", "dump", "help"):
			with self.subTest(command):
				self.assertEqual(self.swm("help", command), self.swm(command, "--help"))
				self.assertIn("  %s " % command, self.swm("help")[1])
		self.assertEqual(self.swm("help"), self.swm("--help"))

	def test_the_nearest_name(self):
		for args, wanted in ((("qurey",), "there is no command 'qurey'; did you mean query?"),
		                     (("help", "chek"), "there is no command 'chek'; did you mean check?"),
		                     (("zebra",), "there is no command 'zebra'\n"),
		                     (("query", "--tokne", "x"), "there is no option --tokne; did you mean --token?"),
		                     (("query", "--zebra=1", "x"), "there is no option --zebra\n"),
		                     (("query", "-z", "x"), "there is no option -z\n"),
		                     (("check", "--connect=1", self.file), "--connect takes no value"),
		                     (("token", "--role"), "--role needs a value"),
		                     (("token", "-a", "HS215", self.file),
		                      "--algorithm takes HS256, HS384 or HS512, not 'HS215'; did you mean HS256?"),
		                     (("dump",), "CONFIG is missing"),
		                     (("dump", self.file, "b"), "one argument too many: 'b'")):
			with self.subTest(args):
				status, out, err = self.swm(*args)
				self.assertEqual((status, out), (2, ""))
				self.assertIn(wanted, err)


class Bash(Cli):
	"""The completion as bash runs it: words and the cursor in, COMPREPLY out."""

	def complete(self, *words, program="swm"):
		path, env = harness.program("swm")
		env = dict(env, PATH=os.path.dirname(path) + ":" + os.environ["PATH"])
		script = os.path.join(harness.BUILD, "cli", "bash", program)
		code = """set -u; source "$1"; shift
		          COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		          spec=$(complete -p "$1"); spec=${spec#*-F }
		          "${spec%% *}"
		          for word in "${COMPREPLY[@]}"; do printf '%s\\n' "$word"; done"""
		done = subprocess.run(["bash", "--norc", "-c", code, "bash", script, program, *words],
		                      capture_output=True, text=True, env=env, cwd=harness.folder(), timeout=60)
		self.assertEqual((done.returncode, done.stderr), (0, ""))
		return done.stdout.splitlines()

	def test_commands(self):
		self.assertEqual(self.complete("to"), ["token"])
		self.assertEqual(self.complete("--v"), ["--version"])
		self.assertLessEqual({"query", "token", "check", "dump", "help", "--help"}, set(self.complete("")))
		self.assertEqual(self.complete("help", "qu"), ["query"])
		self.assertEqual(self.complete("zebra", ""), [])

	def test_options(self):
		self.assertEqual(self.complete("query", "--to"), ["--token"])
		self.assertEqual(self.complete("check", "--"), ["--connect", "--help"])
		self.assertEqual(self.complete("dump", "--"), ["--help"])

	def test_words(self):
		for words in (("-a", ""), ("--algorithm", "HS"), ("--algorithm", "="), ("--algorithm", "=", "HS")):
			with self.subTest(words):
				self.assertEqual(self.complete("token", *words), ["HS256", "HS384", "HS512"])
		self.assertEqual(self.complete("token", "-a", "HS5"), ["HS512"])
		self.assertEqual(self.complete("token", "--claims", ""), [])

	def test_configurations(self):
		harness.write_file("complete me.conf", "")
		harness.write_file("complete-me.txt", "")
		found = self.complete("query", "complete")
		self.assertEqual(found, ["complete me.conf"])
		self.assertEqual(self.complete("token", "-r", "x", "complete"), found)
		self.assertEqual(self.complete("complete", program="swm-fcgi"), found)
		self.assertEqual(self.complete("--", program="swm-fcgi"), ["--help", "--version"])
		self.assertEqual(self.complete("dump", self.file, ""), [])

	def test_tables_of_the_configuration(self):
		self.assertEqual(self.complete("query", self.file, "thr"), ["three"])
		self.assertEqual(self.complete("query", self.file, "secr"), [])
		self.assertEqual(self.complete("query", "-r", "swm_reader", self.file, "secr"), ["secret"])
		self.assertEqual(self.complete("query", "/nowhere.conf", ""), [])

	def test_nothing_of_the_database_is_run(self):
		name = 'test."danger $(touch ran)"'
		harness.sql("CREATE TABLE %s (); GRANT SELECT ON %s TO swm_anon" % (name, name))
		self.addCleanup(harness.sql, "DROP TABLE " + name)
		self.assertEqual(self.complete("query", self.file, "dang"), ["danger%20%24%28touch%20ran%29"])
		self.assertFalse(os.path.exists(os.path.join(harness.folder(), "ran")))


class Zsh(Cli):
	SCRIPT = os.path.join(harness.BUILD, "cli", "zsh", "_swm")

	def test_it_can_be_read(self):
		subprocess.run(["zsh", "-n", self.SCRIPT], check=True)


if __name__ == "__main__":
	unittest.main()
