"""The command swm: query, token, check, dump and status, their outputs and exit statuses."""
import base64
import errno
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import unittest

import harness
from harness import array, bearer, error_body, ids, token


def table(name, columns, values):
	"""A table of its own for a test, dropped with the database."""
	name = "cli_" + name
	harness.sql("DROP TABLE IF EXISTS test.{0}; CREATE TABLE test.{0} ({1});"
	            "INSERT INTO test.{0} VALUES {2}; GRANT SELECT ON test.{0} TO swm_anon"
	            .format(name, columns, values))
	return name


class Cli(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.server = harness.server()
		cls.file = cls.server.configuration

	def swm(self, *args, **more):
		status, out, err = harness.run_program("swm", *args, **more)
		return status, out.decode(), err.decode()

	def terminal(self, *args, **more):
		terminal = Terminal(*args, **more)
		self.addCleanup(terminal.stop)
		return terminal


class Terminal:
	"""A program whose standard streams are a terminal of its own."""

	def __init__(self, *args, columns=80, rows=24, env=None, program=None):
		path, environment = harness.program("swm")
		environment["PATH"] = os.path.dirname(path) + ":" + environment["PATH"]
		self.master, slave = pty.openpty()
		fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
		def take_terminal():
			signal.signal(signal.SIGINT, signal.SIG_DFL) # it is ignored where the tests run in the background
			fcntl.ioctl(0, termios.TIOCSCTTY, 0)

		self.popen = subprocess.Popen(
			[program or path, *args], stdin=slave, stdout=slave, stderr=slave,
			cwd=harness.folder(), env={**environment, "TERM": "xterm", **(env or {})},
			**{**harness._as_user(), "preexec_fn": take_terminal})
		os.close(slave)
		self.seen = ""

	def send(self, keys):
		os.write(self.master, keys)

	def read(self, until=None, seconds=30):
		"""What was written up to a text, or to the end of the program; lines end in \\n."""
		deadline = time.monotonic() + seconds
		while until is None or until not in self.seen:
			left = max(0, deadline - time.monotonic())
			if not select.select([self.master], [], [], left)[0]:
				raise TimeoutError("after %r" % self.seen[-1000:])
			try:
				piece = os.read(self.master, 1 << 16)
			except OSError as error: # as Linux says that the other end is closed
				if error.errno != errno.EIO:
					raise
				piece = b""
			if piece == b"":
				if until is not None:
					raise EOFError("%r has no %r" % (self.seen, until))
				break
			self.seen += piece.decode(errors="backslashreplace").replace("\r\n", "\n")
		return self.seen

	def stop(self):
		"""For a test that failed: nothing of it stays, the pager neither."""
		if self.popen.poll() is None:
			os.killpg(self.popen.pid, signal.SIGKILL)
			self.popen.wait()

	def end(self):
		"""The exit status and all that was written."""
		self.read()
		os.close(self.master)
		return self.popen.wait(30), self.seen


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

	def test_formats(self):
		target = table("formats", "id int, word text", "(1, NULL), (2, '')") + "?order=id"
		for format_, expected in (
				("json", array('{"id":1,"word":null}', '{"id":2,"word":""}')),
				("ndjson", '{"id":1,"word":null}\n{"id":2,"word":""}'),
				("csv", 'id,word\n1,\n2,""'),
				("table", " id | word\n----+-----\n  1 | NULL\n  2 | \n(2 rows)")):
			with self.subTest(format_):
				self.assertEqual(self.swm("query", "-f", format_, self.file, target),
				                 (0, expected + "\n", ""))

	def test_format_mistakes(self):
		for args, wanted in (
				(("-f", "jsno"), "did you mean json?"),
				(("-f", "xml"), "table, json, csv or ndjson, not 'xml'"),
				(("-f", "csv", "-H", "accept: text/csv"), "exclude each other")):
			with self.subTest(args):
				status, out, err = self.swm("query", *args, self.file, "three")
				self.assertEqual((status, out), (2, ""))
				self.assertIn(wanted, err)

	def test_a_url_of_a_mounted_api(self):
		env = {"SWM_OPENAPI_SERVER_PROXY_URI": "https://example.org/rest/v1/"}
		for url in ("https://example.org/rest/v1/three?id=eq.1",
		            "http://127.0.0.1:8080/three?id=eq.1", "three?id=eq.1"):
			with self.subTest(url):
				self.assertEqual(self.swm("query", self.file, url, env=env),
				                 (0, ids(1) + "\n", ""))

	def test_closed_output(self):
		"""The descriptor of a closed standard output must not become the database's socket."""
		path, env = harness.program("swm")
		for format_ in ("json", "table"):
			with self.subTest(format_):
				command = 'exec "$0" query -f %s "$1" three >&- 3>&-' % format_
				done = subprocess.run(["sh", "-c", command, path, self.file],
				                      stderr=subprocess.PIPE, env=env, timeout=60)
				self.assertEqual(done.returncode, 1)
				self.assertIn(b"cannot write", done.stderr)


class Table(Cli):
	"""swm query on a terminal, and with --format table."""

	def table(self, target, *args, **more):
		status, out, err = self.swm("query", "-f", "table", *args, self.file, target, **more)
		self.assertEqual((status, err), (0, ""))
		return out

	def test_a_terminal_gets_a_table(self):
		for args, expected in (
				((), " id\n---\n  1\n  2\n  3\n(3 rows)\n"),
				(("-f", "csv"), "id\n1\n2\n3\n"),
				(("-H", "Accept: text/csv"), "id\n1\n2\n3\n")):
			with self.subTest(args):
				terminal = self.terminal("query", *args, self.file, "three?order=id")
				self.assertEqual(terminal.end(), (0, expected))

	def test_alignment(self):
		name = table("aligned", "id int, name text, amount numeric, good bool, note text",
		             "(1, 'kettle', 0.5, true, NULL), (200, 'a\"b\\c', -12.25, false, 'x'), (3, '', NULL, NULL, 'NULL')")
		self.assertEqual(self.table(name + "?order=id.desc"),
			'  id | name   | amount | good  | note\n'
			'-----+--------+--------+-------+-------\n'
			' 200 | a"b\\c  | -12.25 | false | x\n'
			'   3 |        |   NULL | NULL  | "NULL"\n'
			'   1 | kettle |    0.5 | true  | NULL\n'
			'(3 rows)\n')

	def test_nothing(self):
		self.assertEqual(self.table("nothing"), "(0 rows)\n")
		self.assertEqual(self.table("three?id=eq.1"), " id\n---\n  1\n(1 row)\n")

	def test_counts(self):
		exact = ("-H", "Prefer: count=exact")
		for target, args, expected in (
				("million?limit=2&select=id&order=id", exact, "(2 of 1000000 rows)"),
				("three?offset=1", exact, "(rows 2 to 3 of 3)"),
				("three?offset=1", (), "(rows 2 to 3)"),
				("three", exact, "(3 rows)")):
			with self.subTest(expected):
				self.assertEqual(self.table(target, *args).splitlines()[-1], expected)

	def test_widths(self):
		"""East Asian wide characters and emoji take two columns, combining marks none (UAX 11)."""
		name = table("wide", "id int, word text",
		             "(1, 'abcd'), (2, '日本'), (3, '😀😀'), (4, E'e\\u0301te\\u0301x')")
		self.assertEqual(self.table(name + "?select=word,id&order=id"),
		                 " word | id\n------+---\n abcd |  1\n 日本 |  2\n 😀😀 |  3\n"
		                 " e\u0301te\u0301x |  4\n(4 rows)\n")

	def test_locales(self):
		name = table("wide2", "word text", "('日本é')")
		escaped = " word\n-------------------\n \\u65e5\\u672c\\u00e9\n(1 row)\n"
		plain = " word\n------\n 日本é\n(1 row)\n"
		for env, expected in (
				({"LC_ALL": "C"}, escaped),
				({"LC_ALL": "xx_YY.nonsense"}, plain),
				({"LC_ALL": ""}, plain),
				({"LC_ALL": "", "LC_CTYPE": "C"}, plain)):
			with self.subTest(env):
				self.assertEqual(self.table(name, env=env), expected)

	def test_what_a_terminal_would_obey(self):
		name = table("escapes", "id int, word text",
		             "(1, E'\\x1b[2Jx\\x07'), (2, E'a\\nb\\tc\\r'),"
		             "(3, U&'\\009b31m\\202Etxt'), (4, E'\\x7f')")
		target = name + "?order=id"
		expected = (" id | word\n----+-------------------\n"
		            "  1 | \\x1b[2Jx\\a\n"
		            "  2 | a\\nb\\tc\\r\n"
		            "  3 | \\u009b31m\\u202etxt\n"
		            "  4 | \\x7f\n(4 rows)\n")
		self.assertEqual(self.table(target), expected)
		self.assertEqual(self.terminal("query", self.file, target).end(), (0, expected))
		for format_ in ("csv", "json", "ndjson"):
			with self.subTest(format_):
				out = self.terminal("query", "-f", format_, self.file, target).end()[1]
				self.assertEqual([c for c in out if c not in "\n\t" and not c.isprintable()], [])
		# a file is given what there is
		self.assertIn("\x1b[2Jx\x07", self.swm("query", "-f", "csv", self.file, target)[1])

	def test_an_error_with_escapes(self):
		status, out = self.terminal("query", self.file, "three?id=eq.\x1b[31mx").end()
		self.assertEqual(status, 1)
		self.assertNotIn("\x1b", out)

	def test_names_with_escapes(self):
		name = table("names", 'U&"a\\001b[31m" int', "(7)")
		self.assertEqual(self.table(name), " a\\x1b[31m\n----------\n         7\n(1 row)\n")

	def test_embedded(self):
		name = table("nested", "id int, j json, a int[]",
		             """(1, '{"a" : [1, 2], "b c": "d  e"}', '{1,2}')""")
		self.assertEqual(self.table(name).splitlines()[2],
		                 '  1 | {"a":[1,2],"b c":"d  e"} | [1,2]')

	def test_the_readme(self):
		with open(os.path.join(harness.CHECKOUT, "README.md")) as file:
			target, expected = re.search(r"^\t\$ \S*/swm query \S+ '(.*)'\n((?:\t .*\n|\t[-(].*\n)+)",
			                             file.read(), re.M).groups()
		terminal = self.terminal("query", harness.server(db_schemas="swm").configuration, target)
		self.assertEqual(terminal.end(), (0, re.sub("^\t", "", expected, flags=re.M)))

	def test_thousands_of_columns(self):
		"""As an object may have; the time grows with their number, not with its square."""
		harness.sql("CREATE OR REPLACE FUNCTION test.cli_wide() RETURNS SETOF json LANGUAGE sql STABLE AS $$"
		            "SELECT json_object_agg('k' || lpad(i::text, 7, '0'), repeat('x', 100))"
		            "FROM generate_series(1, 20000) AS i $$")
		self.addCleanup(harness.sql, "DROP FUNCTION test.cli_wide")
		lines = self.lines(self.file, "rpc/cli_wide", columns=40)
		self.assertEqual(lines[-1], "(1 row; 3 of 20000 columns, --wide shows all)")

	def lines(self, *args, **more):
		return self.terminal("query", *args, **more).end()[1].splitlines()

	def test_fitting(self):
		name = table("long", "id int, word text, tail text",
		             "(12345678, repeat('x', 100), 'end')")
		lines = self.lines(self.file, name, columns=40)
		self.assertEqual(lines[2], " 12345678 | " + "x" * 20 + "… | end")
		self.assertEqual(max(map(len, lines)), 40)
		self.assertIn("x" * 100, self.table(name))
		self.assertIn("x" * 100, "".join(self.lines("--wide", self.file, name, columns=40)))

	def test_the_width_of_the_terminal(self):
		name = table("long2", "word text, id int", "(repeat('x', 100), 1)")
		for columns, width in (("60", 60), ("0", 40), ("", 40), ("-1", 40), ("many", 40)):
			with self.subTest(columns):
				lines = self.lines(self.file, name, columns=40, env={"COLUMNS": columns})
				self.assertEqual(max(map(len, lines)), width)

	def test_cut_between_wide_characters(self):
		name = table("wide3", "word text, id int", "(repeat('日', 40), 1)")
		self.assertEqual(self.lines(self.file, name, columns=20)[2], " " + "日" * 6 + "…  |  1")

	def test_more_columns_than_fit(self):
		name = table("columns", ", ".join("column_%d text" % i for i in range(40)),
		             "(%s)" % ", ".join(["'value'"] * 40))
		lines = self.lines(self.file, name, columns=50)
		self.assertEqual(lines[-1], "(1 row; 4 of 40 columns, --wide shows all)")
		self.assertLessEqual(max(map(len, lines)), 50)

	def test_rows_that_differ(self):
		harness.sql("CREATE FUNCTION test.cli_differ() RETURNS SETOF json LANGUAGE sql AS "
		            """$$VALUES ('{"a":1}'::json), ('{"b":"x","a":2}'), ('[3]'), ('4')$$""")
		self.addCleanup(harness.sql, "DROP FUNCTION test.cli_differ()")
		self.assertEqual(self.table("rpc/cli_differ"),
		                 " a | b | cli_differ\n---+---+-----------\n 1 |   | \n 2 | x | \n"
		                 "   |   | [3]\n   |   | 4\n(4 rows)\n")

	def test_other_answers_come_as_they_are(self):
		out = self.table("/")
		self.assertEqual(json.loads(out)["swagger"], "2.0")

	def test_head_of_the_answer(self):
		top, _, body = self.table("three?id=eq.1", "-i").partition("\n\n")
		self.assertEqual(top.splitlines()[0], "Status: 200")
		self.assertEqual(body, " id\n---\n  1\n(1 row)\n")

	def test_errors_are_lines(self):
		wanted = ("swm: Could not find the table 'test.thee' in the schema cache (PGRST205)\n"
		          "hint: Perhaps you meant the table 'test.three'\n")
		self.assertEqual(self.swm("query", "-f", "table", self.file, "thee"), (1, "", wanted))
		self.assertEqual(self.terminal("query", self.file, "thee").end(), (1, wanted))
		self.assertEqual(self.terminal("query", "-f", "json", self.file, "thee").end(), (1, wanted))

	def test_a_million_rows(self):
		"""Constant memory: in an address space that a million rows do not fit."""
		path, env = harness.program("swm")
		# the sanitizer maps terabytes
		limit = "" if harness.BUILD.endswith("asan") else "ulimit -v 400000; "
		argv = [path, "query", "-f", "table", self.file, "million?select=id,other:id,third:id"]
		done = subprocess.run(["sh", "-c", limit + 'exec "$0" "$@"', *argv], capture_output=True,
		                      text=True, env=env, timeout=120)
		self.assertEqual((done.returncode, done.stderr), (0, ""))
		self.assertEqual(done.stdout.count("\n"), 1000003)
		self.assertEqual(done.stdout.splitlines()[-1], "(1000000 rows)")


class Pager(Cli):
	def paged(self, *args, pager="sed 's/^/paged:/'"):
		return self.terminal("query", *args, env={"PAGER": pager}).end()

	def test_only_when_it_is_longer_than_the_terminal(self):
		self.assertNotIn("paged:", self.paged(self.file, "thousand?limit=20")[1])
		status, out = self.paged(self.file, "thousand?limit=21")
		self.assertEqual((status, out.count("paged:")), (0, 24))
		# a line that is wider than the terminal takes several of its rows
		self.assertIn("paged:", self.paged("-f", "json", self.file, "/")[1])

	def test_never_without_a_terminal(self):
		out = self.swm("query", "-f", "table", self.file, "thousand", env={"PAGER": "false"})[1]
		self.assertEqual(out.count("\n"), 1003)

	def test_none(self):
		for pager in ("", "cat"):
			with self.subTest(pager):
				status, out = self.paged(self.file, "thousand", pager=pager)
				self.assertEqual((status, out.splitlines()[-1]), (0, "(1000 rows)"))

	def test_less(self):
		"""The default: the first screen, and q ends it long before the last of a million rows."""
		terminal = self.terminal("query", self.file, "million?select=id&order=id")
		terminal.read(until="   21")
		terminal.send(b"q")
		status, out = terminal.end()
		self.assertEqual(status, 0)
		self.assertNotIn("1000 rows", out)
		self.assertNotIn("swm:", out)

	def test_ctrl_c_is_the_pagers(self):
		terminal = self.terminal("query", self.file, "million?select=id&order=id")
		terminal.read(until="   21")
		terminal.send(b"\x03")
		terminal.read(until="\x07")
		terminal.send(b"q")
		try:
			terminal.read(seconds=5)
		except TimeoutError:
			terminal.send(b"q")  # less drops what is typed while it handles the interrupt
		self.assertEqual(terminal.end()[0], 0)

	def test_a_pager_that_is_not_there(self):
		status, out = self.paged(self.file, "thousand", pager="/nowhere/pager")
		self.assertEqual(status, 1)
		self.assertIn("swm: the pager '/nowhere/pager' cannot be run", out)

	def test_a_pager_that_ends_at_once(self):
		self.assertEqual(self.paged(self.file, "million", pager="true"), (0, ""))

	def test_a_pipe_that_is_closed_early(self):
		path, env = harness.program("swm")
		command = '"$0" query -f table "$1" million | head -n 3'
		done = subprocess.run(["bash", "-c", command, path, self.file], capture_output=True,
		                      text=True, env=env, timeout=60)
		self.assertEqual((done.returncode, done.stdout.count("\n"), done.stderr), (0, 3, ""))


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

	def test_times(self):
		for time_, seconds in (("90", 90), ("90s", 90), ("15m", 900), ("1h", 3600),
		                       ("30d", 30 * 86400), ("1h30m", 5400), ("0", 0)):
			with self.subTest(time_):
				claims = self.claims(self.make("--expires", time_))
				self.assertAlmostEqual(claims["exp"], time.time() + seconds, delta=10)

	def test_mistakes(self):
		for args, status in (((), 2), (("-c", "[]", self.file), 1), (("-c", "{", self.file), 1),
		                     (("-a", "RS256", self.file), 2),
		                     ((self.file, self.file), 2), (("/nowhere.conf",), 1)):
			with self.subTest(args):
				seen, out, err = self.swm("token", *args)
				self.assertEqual((seen, out), (status, ""))
				self.assertNotEqual(err, "")

	def test_wrong_times(self):
		for time_ in ("soon", "", "1w", "-1h", "h", "1.5h", "99999999999999999999s", "12000d", "1h "):
			with self.subTest(time_):
				status, out, err = self.swm("token", "-e", time_, self.file)
				self.assertEqual((status, out), (2, ""))
				self.assertIn("as 90s, 15m, 1h or 30d, not '%s'" % time_, err)

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


class Status(Cli):
	def status(self, *args, expected=0, **more):
		status, out, err = self.swm("status", *args, **more)
		self.assertEqual((status, err), (expected, ""))
		return json.loads(out)

	def test_all_is_up(self):
		seen = self.status(self.file)
		self.assertTrue(seen["up"] and seen["fcgi"]["up"] and seen["database"]["up"])
		self.assertEqual(seen["fcgi"]["status"], 200)
		self.assertEqual(seen["fcgi"]["socket"], self.server.socket)
		database = seen["database"]
		self.assertRegex(database["server_version"], r"^\d+\.\d+")
		self.assertEqual(database["database"], harness.database())
		self.assertEqual(database["login"], harness.LOGIN_ROLE)
		version = harness.sql("SELECT version FROM swm_private.version")
		self.assertEqual(str(database["schema_version"]), version)
		self.assertLessEqual({"swm_anon", "swm_reader"}, set(database["roles"]))
		self.assertNotIn("postgres", database["roles"])
		self.assertIsNone(database["slowest"])

	def test_lines(self):
		for status, out in (self.terminal("status", self.file, columns=200).end(),
		                    self.swm("status", "-f", "table", self.file)[:2]):
			self.assertEqual(status, 0)
			self.assertRegex(out, r"^swm-fcgi     up: answered within \d+ ms, /.*\n"
			                      r"database     up: PostgreSQL \d.*, database %s as %s\n"
			                      r"schema swm   version \d+\n"
			                      r"connections  \d+ \(of db-pool 4, of max_connections \d+\): "
			                      r"\d+ active, \d+ idle, \d+ idle in a transaction, "
			                      r"\d+ waiting for locks\n" % (harness.database(), harness.LOGIN_ROLE))

	def test_connections_and_what_runs(self):
		name = table("locked", "id int", "(1)")
		server = harness.own_server()
		self.addCleanup(server.stop)
		with harness.Session(harness.cluster(), harness.database()) as session:
			session.run("BEGIN; LOCK TABLE test.%s" % name)
			request = server.in_background("GET", "/%s?id=eq.1" % name)

			def waiting():
				seen = self.status(server.configuration)["database"]
				return seen["connections"]["waiting"] == 1 and seen

			seen = harness.wait_until(waiting, what="a request that waits for a lock")
			self.assertEqual(seen["running"][0]["state"], "waiting for a lock")
			self.assertIn(name, seen["running"][0]["statement"])
			self.assertLessEqual(len(seen["running"][0]["statement"]), 60)
			self.assertEqual(seen["connections"]["active"], 0)
			out = self.swm("status", "-f", "table", server.configuration)[1]
			self.assertIn("1 waiting for locks", out)
			running = out.partition("\nRunning now:\n")[2]
			self.assertIn(" waiting for a lock | ", running)
			session.run("ROLLBACK")
			self.assertEqual(request.result().status, 200)

	def test_no_swm_fcgi(self):
		server = harness.own_server(nginx=False)
		server.stop()
		seen = self.status(server.configuration, expected=1)
		self.assertEqual((seen["up"], seen["fcgi"]["up"]), (False, False))
		self.assertTrue(seen["database"]["up"])
		self.assertIn("cannot connect", seen["fcgi"]["problem"])
		status, out, err = self.swm("status", "-f", "table", server.configuration)
		self.assertEqual((status, err), (1, ""))
		self.assertRegex(out, r"^swm-fcgi     down: cannot connect: .*\ndatabase     up")
		self.assertEqual(self.status("--socket", self.server.socket, server.configuration)["up"], True)

	def test_a_socket_that_is_not_set(self):
		with open(self.file) as file:
			path = harness.write_file("nosocket.conf", file.read().replace("server-unix-socket", "# "))
		self.assertIsNone(self.status(path)["fcgi"])
		self.assertIn("swm-fcgi     not asked", self.swm("status", "-f", "table", path)[1])

	def test_no_database(self):
		uri = "postgresql://someone:hunter22secret@127.0.0.1:1/x"
		path = harness.write_file("nodatabase.conf", 'db-uri = "%s"\n' % uri)
		seen = self.status(path, expected=1)
		self.assertEqual((seen["up"], seen["database"]["up"]), (False, False))
		self.assertIn("refused", seen["database"]["problem"])
		status, out, err = self.swm("status", "-f", "table", path)
		self.assertEqual((status, err), (1, ""))
		self.assertRegex(out, r"\ndatabase     down: .*refused")
		self.assertNotIn("hunter22secret", out)

	def test_it_does_not_wait_for_ever(self):
		"""Neither for a swm-fcgi nor for a database that accepts and says nothing."""
		with socket.socket(socket.AF_UNIX) as fcgi, socket.socket() as database:
			path = os.path.join(harness.folder(), "silent.sock")
			fcgi.bind(path)
			os.chmod(path, 0o777)
			fcgi.listen()
			database.bind(("127.0.0.1", 0))
			database.listen()
			port = database.getsockname()[1]
			file = harness.write_file("silent.conf", 'server-unix-socket = "%s"\n'
			                          'db-uri = "host=127.0.0.1 port=%d user=x"\n' % (path, port))
			seen = self.status(file, expected=1)
			self.assertEqual(seen["fcgi"]["problem"], "no answer in time")
			self.assertIn("timeout expired", seen["database"]["problem"])

	def test_what_does_not_speak_fastcgi(self):
		with socket.socket(socket.AF_UNIX) as other:
			path = os.path.join(harness.folder(), "other.sock")
			other.bind(path)
			os.chmod(path, 0o777)
			other.listen()

			def speak_http():
				with other.accept()[0] as connection:
					connection.recv(1 << 16)
					connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

			answer = threading.Thread(target=speak_http)
			answer.start()
			seen = self.status("-s", path, self.file, expected=1)
			answer.join()
			self.assertEqual(seen["fcgi"]["problem"], "what answers does not speak FastCGI")

	def test_no_version(self):
		harness.sql("ALTER TABLE swm_private.version RENAME TO other_version")
		self.addCleanup(harness.sql, "ALTER TABLE swm_private.other_version RENAME TO version")
		self.assertIsNone(self.status(self.file)["database"]["schema_version"])
		self.assertIn("schema swm   not installed", self.swm("status", "-f", "table", self.file)[1])

	def test_slowest_statements(self):
		harness.sql("CREATE EXTENSION pg_stat_statements") # and it is not loaded
		self.addCleanup(harness.sql, "DROP EXTENSION pg_stat_statements")
		self.assertIsNone(self.status(self.file)["database"]["slowest"])
		cluster = harness.Cluster("statements")
		cluster.sql("postgres", "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
		cluster.stop()
		cluster.start()
		self.addCleanup(cluster.stop)
		cluster.sql("postgres", 'CREATE SCHEMA "Odd Name"; SELECT pg_sleep(0.2);'
		            'CREATE EXTENSION pg_stat_statements SCHEMA "Odd Name"; SELECT pg_sleep(0.2)')
		uri = cluster.conninfo("postgres")
		file = harness.write_file("statements.conf", 'db-uri = "%s"\n' % uri)
		slowest = self.status(file)["database"]["slowest"]
		self.assertEqual(slowest[0]["statement"], "SELECT pg_sleep($1)")
		self.assertGreater(slowest[0]["mean_ms"], 199)
		out = self.swm("status", "-f", "table", file)[1]
		self.assertIn("SELECT pg_sleep($1)", out.partition("\nSlowest by mean:\n")[2])

	def test_a_configuration_that_is_wrong(self):
		for text, wanted in (("db-pool = 0\n", "db-pool"),
		                     ('db-uri = "postgresql://[a"\n', "db-uri")):
			with self.subTest(text):
				path = harness.write_file("wrongstatus.conf", text)
				status, out, err = self.swm("status", path)
				self.assertEqual((status, out), (1, ""))
				self.assertIn(wanted, err)
		self.assertIn("nowhere.conf", self.swm("status", "/nowhere.conf")[2])


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
		for command in ("query", "token", "check", "dump", "status", "help"):
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

	def test_roles_of_the_configuration(self):
		self.assertEqual(self.complete("token", self.file, "-r", "swm_re"), ["swm_reader"])
		self.assertIn("swm_anon", self.complete("query", self.file, "--role", "="))

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

	def test_as_zsh_completes(self):
		harness.write_file("zsh.conf", "")
		shutil.copy(self.SCRIPT, harness.folder())
		terminal = self.terminal("-f", "-i", program="zsh", columns=200,
		                         env={"TERM": "dumb", "PS1": "> "})
		terminal.send(b"fpath=($PWD $fpath); autoload -U compinit; compinit -u -D; echo be''gun\n")
		terminal.read(until="begun\n")
		for typed, wanted in (
				("swm tok", "en "), ("swm check --c", "onnect "),
				("swm token -a HS2", "56 "), ("swm dump zs", "h.conf "),
				("swm-fcgi --v", "ersion "), ("swm help qu", "ery "),
				("swm query --fo", "rmat "), ("swm query %s thr" % self.file, "ee"),
				("swm token %s --role swm_re" % self.file, "ader ")):
			terminal.seen = ""
			terminal.send(typed.encode() + b"\t")
			terminal.read(until=typed + wanted)
			terminal.send(b"\x15") # empties the line


if __name__ == "__main__":
	unittest.main()
