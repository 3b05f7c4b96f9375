"""swm export: every row once, as PostgreSQL has it, also when it was broken off and went on."""
import csv
import json
import os
import re
import resource
import signal
import subprocess
import unittest

import harness
from harness import token, wait_until
from test_cli import Terminal

ROWS = 60000
GATE = "pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"
SCHEMA = """
DROP SCHEMA IF EXISTS export CASCADE;
CREATE SCHEMA export;
CREATE TABLE export.rows (id integer PRIMARY KEY, word text, amount numeric, made timestamptz, data jsonb);
INSERT INTO export.rows SELECT g, (ARRAY['plain', '', NULL, 'say "x", y', E'two\\nlines', '💡'])[g %% 6 + 1] || g / 7,
	g / 7.0, '2024-02-29 12:00+00'::timestamptz + g * interval '1 minute', jsonb_build_object('a', g, 'b', '"')
	FROM generate_series(1, %d) AS g;
-- whoever reads it at these rows waits for a lock
CREATE FUNCTION export.gate(export.rows) RETURNS integer LANGUAGE plpgsql STABLE AS
	$$ BEGIN IF $1.id IN (25000, 45000) THEN PERFORM pg_advisory_xact_lock_shared(4711); END IF; RETURN 1; END $$;
CREATE TABLE export.pairs (a integer, b text, c text, PRIMARY KEY (c, a));
INSERT INTO export.pairs SELECT g %% 50, 'b' || g, 'c"' || g / 50 FROM generate_series(0, 1999) AS g;
CREATE TABLE export.no_key (n integer);
INSERT INTO export.no_key SELECT g FROM generate_series(1, 3000) AS g;
CREATE VIEW export.seen AS SELECT id FROM export.rows WHERE id <= 20;
CREATE FUNCTION export.upto(n integer) RETURNS SETOF integer LANGUAGE sql STABLE AS 'SELECT generate_series(1, n)';
CREATE TABLE export.nothing (id integer PRIMARY KEY, "a ""name"", of
two lines" text);
CREATE TABLE export.hidden (id integer PRIMARY KEY, word text);
INSERT INTO export.hidden VALUES (1, 'hush');
CREATE TABLE export.half (id integer PRIMARY KEY, word text);
INSERT INTO export.half VALUES (1, 'said'), (2, 'hush');
-- pages of a mebibyte, rows that are larger than that
CREATE TABLE export.large (id integer PRIMARY KEY, body text);
INSERT INTO export.large SELECT g, repeat('x', CASE WHEN g = 30 THEN 3000000 WHEN g > 20 THEN 200000 ELSE 10 END)
	FROM generate_series(1, 40) AS g;
-- a position that is too long for a link
CREATE TABLE export.long_keys (id text PRIMARY KEY);
INSERT INTO export.long_keys SELECT to_char(g, 'FM000') || CASE WHEN g = 200 THEN repeat('x', 2100) ELSE '' END
	FROM generate_series(1, 300) AS g;
CREATE TABLE export.parents (id integer PRIMARY KEY);
CREATE TABLE export.children () INHERITS (export.parents);
INSERT INTO export.parents SELECT g FROM generate_series(1, 100) AS g;
INSERT INTO export.children SELECT g FROM generate_series(1, 100) AS g;
CREATE TABLE export.changing (id integer PRIMARY KEY, word text);
INSERT INTO export.changing SELECT g, repeat('x', 1000) FROM generate_series(1, 9000) AS g;
CREATE FUNCTION export.gate(export.changing) RETURNS integer LANGUAGE plpgsql STABLE AS
	$$ BEGIN IF $1.id = 5000 THEN PERFORM pg_advisory_xact_lock_shared(4711); END IF; RETURN 1; END $$;
CREATE SCHEMA export_other;
CREATE TABLE export_other.rows (id integer PRIMARY KEY);
INSERT INTO export_other.rows VALUES (1);
ANALYZE export.rows;
GRANT USAGE ON SCHEMA export, export_other TO swm_anon, swm_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA export, export_other TO swm_anon, swm_reader;
REVOKE SELECT ON export.hidden, export.half FROM swm_anon;
GRANT SELECT (word) ON export.half TO swm_anon;
""" % ROWS


class Gate:
	"""Holds who comes to one of the rows that gate() is of."""

	def __enter__(self):
		self.session = harness.Session(harness.cluster(), harness.database())
		self.session.run("SELECT pg_advisory_lock(4711)")
		return self

	def wait(self):
		wait_until(lambda: harness.sql("SELECT count(*) FROM " + GATE) != "0", 30, "who waits at the gate")

	def __exit__(self, *_):
		self.session.close()
		wait_until(lambda: harness.sql("SELECT count(*) FROM " + GATE) == "0", 30, "the gate's opening")


class Export(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		harness.sql("DROP SCHEMA IF EXISTS export_other CASCADE")
		harness.sql(SCHEMA)
		cls.uri = harness.cluster().conninfo(harness.database(), harness.LOGIN_ROLE)
		cls.config = cls.configuration("export.conf")

	@classmethod
	def configuration(cls, name, more=""):
		return harness.write_file(name, 'db-uri = "%s application_name=swm-export"\ndb-schemas = "export, export_other"\n'
		                                'db-anon-role = "swm_anon"\njwt-secret = "%s"\n%s' % (cls.uri, harness.SECRET, more))

	def setUp(self):
		self.folder = os.path.join(harness.folder(), "export-" + self._testMethodName)
		os.mkdir(self.folder)
		if harness.USER:
			os.chown(self.folder, harness.USER.pw_uid, harness.USER.pw_gid)

	def path(self, name):
		return os.path.join(self.folder, name)

	def read(self, name):
		with open(self.path(name), "rb") as file:
			return file.read()

	def export(self, table, name=None, *options, config=None, **more):
		"""The exit status, standard output and standard error."""
		to = [] if name is None else [self.path(name)]
		status, out, err = harness.run_program("swm", "export", *options, config or self.config, table, *to, timeout=120, **more)
		return status, out.decode(), err.decode()

	def start(self, table, name, *options):
		path, env = harness.program("swm")
		as_user = harness._as_user()

		def prepare(before=as_user["preexec_fn"]):
			for number in (signal.SIGINT, signal.SIGHUP):  # ignored where the tests run in the background, or by nohup
				signal.signal(number, signal.SIG_DFL)
			before()

		popen = subprocess.Popen([path, "export", *options, self.config, table, self.path(name)], stdin=subprocess.DEVNULL,
		                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=self.folder,
		                         **{**as_user, "preexec_fn": prepare})
		self.addCleanup(self.stop, popen)
		return popen

	def stop(self, popen):
		popen.kill()
		popen.communicate()

	def files(self):
		return sorted(os.listdir(self.folder))

	def expect_rows(self, table, name):
		"""A file of CSV or JSON has the table's rows, each once."""
		path = self.path(name)
		if name.endswith(".csv"):
			load = "COPY loaded FROM '%s' (FORMAT csv, HEADER)" % path
		else:
			load = "INSERT INTO loaded SELECT * FROM json_populate_recordset(NULL::export.%s, pg_read_file('%s')::json)" % (table, path)
		self.assertEqual(harness.sql(
			"CREATE TEMP TABLE loaded (LIKE export.{0}); {1}; SELECT (SELECT count(*) FROM (TABLE export.{0} EXCEPT ALL TABLE loaded) AS a),"
			"(SELECT count(*) FROM (TABLE loaded EXCEPT ALL TABLE export.{0}) AS b); DROP TABLE loaded".format(table, load)), "0|0")


class Formats(Export):
	def test_each_has_all_rows(self):
		for name in ("rows.csv", "rows.json", "rows.ndjson"):
			with self.subTest(name):
				self.assertEqual(self.export("rows", name), (0, "", "%d rows written\n" % ROWS))
		self.expect_rows("rows", "rows.csv")
		self.expect_rows("rows", "rows.json")
		self.assertEqual([json.loads(line) for line in self.read("rows.ndjson").splitlines()], json.loads(self.read("rows.json")))
		self.assertEqual(self.read("rows.csv").count(b"id,word"), 1)
		self.assertEqual(self.files(), ["rows.csv", "rows.json", "rows.ndjson"])

	def test_choice(self):
		for name, options, first in (
				("a.csv", (), "id\n"), ("b.JSON", (), '[{"id":1},\n'), ("c.ndjson", (), '{"id":1}\n'), ("d.jsonl", (), '{"id":1}\n'),
				("e", (), "id\n"), ("f.csv", ("-f", "json"), '[{"id":1},\n'), (None, ("-f", "ndjson"), '{"id":1}\n'), (None, (), "id\n"),
				("-", ("--format", "json"), '[{"id":1},\n')):
			with self.subTest((name, options)):
				to = self.path(name) if name not in (None, "-") else None
				status, out, err = harness.run_program("swm", "export", *options, self.config, "seen?order=id", *filter(None, [to or name]))
				self.assertEqual((status, err), (0, err))
				text = self.read(name) if to else out
				self.assertEqual(text[:len(first)].decode(), first)
		self.assertEqual(self.export("rows", None, "-f", "xml")[0], 2)

	def test_no_rows(self):
		for format_, expected in (("csv", 'id,"a ""name"", of\ntwo lines"\n'), ("json", "[]\n"), ("ndjson", "")):
			self.assertEqual(self.export("nothing", None, "-f", format_), (0, expected, "0 rows written\n"))
			self.assertEqual(self.export("no_key?n=lt.0&select=n", None, "-f", format_)[1], expected if format_ != "csv" else "n\n")

	def test_a_header_of_several_lines(self):
		harness.sql("INSERT INTO export.nothing SELECT g, repeat('x', 1000) FROM generate_series(1, 3000) AS g")
		self.addCleanup(harness.sql, "TRUNCATE export.nothing")
		self.assertEqual(self.export("nothing", "nothing.csv")[0], 0)
		self.expect_rows("nothing", "nothing.csv")

	def test_standard_output(self):
		status, out, err = self.export("rows?select=id,word", None, "--quiet")
		self.assertEqual((status, err), (0, ""))
		self.assertEqual(self.export("rows?select=id,word", "rows.csv", "-q"), (0, "", ""))
		self.assertEqual(out.encode(), self.read("rows.csv"))
		self.assertEqual([int(row[0]) for row in csv.reader(out.splitlines(True)[1:])], list(range(1, ROWS + 1)))


class RoundTrip(Export):
	def copy(self, table, format_):
		"""A table that swm import has filled with what swm export wrote into its pipe."""
		name = "copy_of_%s_%s" % (table, format_)
		harness.sql("CREATE TABLE export.{0} (LIKE export.{1}); GRANT USAGE ON SCHEMA export TO swm_writer;"
		            "GRANT INSERT ON export.{0} TO swm_writer".format(name, table))
		path, env = harness.program("swm")
		export = subprocess.Popen([path, "export", "-q", "-f", format_, self.config, table], stdout=subprocess.PIPE, env=env)
		done = subprocess.run([path, "import", "-q", "--no-key", "-r", "swm_writer", "-f", format_, self.config, name],
		                      stdin=export.stdout, capture_output=True, env=env, timeout=120)
		export.stdout.close()
		self.assertEqual((export.wait(30), done.returncode, done.stderr), (0, 0, b""))
		return harness.sql("SELECT (SELECT count(*) FROM (TABLE export.{0} EXCEPT ALL TABLE export.{1}) AS a),"
		                   "(SELECT count(*) FROM (TABLE export.{1} EXCEPT ALL TABLE export.{0}) AS b)".format(name, table))

	def test_through_import(self):
		for table, formats in (("rows", ("json", "ndjson")), ("pairs", ("csv", "json", "ndjson"))):
			for format_ in formats: # in CSV, import takes what is null here for the empty text
				with self.subTest((table, format_)):
					self.assertEqual(self.copy(table, format_), "0|0")


class Queries(Export):
	def numbers(self, query, *options):
		status, out, err = self.export(query, None, *options)
		self.assertEqual((status, err[-len("written\n"):]), (0, "written\n"), err)
		return [int(line) for line in out.split()[1:]]

	def test_filters_and_columns(self):
		status, out, err = self.export("rows?select=word,n:id::text&id=gt.59990&data->>a=lt.59993", None, "-f", "ndjson")
		rows = json.loads(harness.sql("SELECT json_agg(json_build_object('word', word, 'n', id::text) ORDER BY id) FROM export.rows"
		                              " WHERE id IN (59991, 59992)"))
		self.assertEqual((status, [json.loads(line) for line in out.splitlines()]), (0, rows))

	def test_order(self):
		self.assertEqual(self.numbers("rows?select=id&order=id.desc"), list(range(ROWS, 0, -1)))
		self.assertEqual(self.numbers("rows?select=id&order=made.desc&id=lt.50"), list(range(49, 0, -1)))

	def test_limit_and_offset(self):
		for limit, offset in ((0, 0), (1, 0), (2, 0), (15000, 0), (3, 7), (20000, 100), (100, ROWS - 50)):
			with self.subTest((limit, offset)):
				expected = list(range(1, ROWS + 1))[offset:offset + limit]
				self.assertEqual(self.numbers("rows?limit=%d&select=id&offset=%d" % (limit, offset)), expected)
		self.assertEqual(self.numbers("rows?%6Cimit=2&select=id"), [1, 2])
		self.assertEqual(self.numbers("rows?select=id&after=(59997)"), [59998, 59999, 60000])
		self.assertEqual(self.numbers("rows?select=id&order=id.desc&after=(3)&limit=1"), [2])
		self.assertEqual(self.export("rows?limit=x")[0:2], (1, ""))

	def test_a_key_of_two_columns(self):
		self.export("pairs", "pairs.csv")
		self.expect_rows("pairs", "pairs.csv")
		self.assertEqual(self.export("pairs?select=b&b=neq.b3", "b.csv")[0], 0)
		expected = harness.sql("SELECT b FROM export.pairs WHERE b <> 'b3' ORDER BY c, a").split("\n")
		self.assertEqual(self.read("b.csv").decode().split("\n")[1:-1], expected)

	def test_columns_that_are_called_like_parameters(self):
		harness.sql('CREATE TABLE export.names (id integer PRIMARY KEY, after integer, hereafter integer, "limit" integer, "order" integer);'
		            "INSERT INTO export.names SELECT g, 1, 2, 3, 4 FROM generate_series(1, 12000) AS g;"
		            "GRANT SELECT ON export.names TO swm_anon")
		self.assertEqual(self.export("names?after=eq.1&hereafter=lt.3", "names.csv"), (0, "", "12000 rows written\n"))
		self.expect_rows("names", "names.csv")

	def test_without_a_key(self):
		for table, rows in (("no_key", 3000), ("seen", 20), ("rpc/upto?n=7", 7)):
			with self.subTest(table):
				status, out, err = self.export(table, table[:3] + ".csv")
				self.assertEqual(status, 0, err)
				self.assertRegex(err, r"^swm: the rows have no key.*\n%d rows written\n$" % rows)
				self.assertEqual(len(self.read(table[:3] + ".csv").splitlines()), rows + 1)
		self.expect_rows("no_key", "no_.csv")
		self.assertEqual(self.files(), ["no_.csv", "rpc.csv", "see.csv"])

	def test_large_rows(self):
		self.assertEqual(self.export("large", "large.csv"), (0, "", "40 rows written\n"))
		self.expect_rows("large", "large.csv")

	def test_a_key_that_is_too_long(self):
		self.assertEqual(self.export("long_keys", "long.csv")[0], 0)
		self.expect_rows("long_keys", "long.csv")

	def test_inheritance(self):
		self.assertEqual(self.export("parents?order=tableoid", "parents.csv")[0], 0)
		self.expect_rows("parents", "parents.csv")

	def test_a_url_and_a_schema(self):
		self.assertEqual(self.export("http://127.0.0.1/rows?id=eq.5&select=id"), (0, "id\n5\n", "1 row written\n"))
		self.assertEqual(self.export("rows", None, "--schema", "export_other"), (0, "id\n1\n", "1 row written\n"))
		self.assertIn("PGRST106", self.export("rows", None, "-s", "nowhere")[2])

	def test_max_rows_is_of_answers(self):
		config = self.configuration("export_max.conf", "db-max-rows = 2\n")
		for table, rows in (("rows?id=lt.8", 7), ("no_key", 3000)):
			self.assertEqual(self.export(table, "%d.csv" % rows, "-q", config=config), (0, "", ""))
			self.assertGreater(len(self.read("%d.csv" % rows).splitlines()), rows)


class Roles(Export):
	def test_who_asks(self):
		status, out, err = self.export("hidden", "hidden.csv")
		self.assertEqual((status, out, err), (1, "", "swm: permission denied for table hidden (42501)\n"))
		self.assertEqual(self.files(), [])
		for options in (("--role", "swm_reader"), ("-t", token({"role": "swm_reader"}))):
			self.assertEqual(self.export("hidden", None, *options), (0, "id,word\n1,hush\n", "1 row written\n"))
		self.assertEqual(self.export("hidden", None, "-r", "a", "-t", "b")[0], 2)

	def test_a_key_that_may_not_be_read(self):
		status, out, err = self.export("half?select=word", "half.csv")
		self.assertEqual((status, self.read("half.csv")), (0, b"word\nsaid\nhush\n"), err)

	def test_what_is_not_there(self):
		status, out, err = self.export("rowz", "rowz.csv")
		self.assertEqual((status, out, self.files()), (1, "", []))
		self.assertRegex(err, r"(?m)^swm: Could not find the table 'export.rowz' .*PGRST205\)\n(.*\n)?hint: .*rows")


class Files(Export):
	def test_a_file_that_is_there(self):
		with open(self.path("rows.csv"), "w") as file:
			file.write("mine")
		status, out, err = self.export("seen", "rows.csv")
		self.assertEqual((status, self.read("rows.csv"), self.files()), (1, b"mine", ["rows.csv"]))
		self.assertIn("--force", err)
		self.assertEqual(self.export("rowz", "rows.csv", "--force")[0], 1)
		self.assertEqual((self.read("rows.csv"), self.files()), (b"mine", ["rows.csv"]))
		self.assertEqual(self.export("rows?id=lt.3&select=id", "rows.csv", "--force")[0], 0)
		self.assertEqual((self.read("rows.csv"), self.files()), (b"id\n1\n2\n", ["rows.csv"]))

	def test_a_part_that_is_not_ours(self):
		with open(self.path("rows.csv.part"), "w") as file:
			file.write("mine")
		os.chmod(self.path("rows.csv.part"), 0o666)
		status, out, err = self.export("seen", "rows.csv")
		self.assertEqual((status, self.read("rows.csv.part"), self.files()), (1, b"mine", ["rows.csv.part"]))
		self.assertIn("--restart", err)
		self.assertEqual(self.export("seen", "rows.csv", "--restart")[0], 0)
		self.assertEqual(self.files(), ["rows.csv"])

	def test_what_cannot_be_written(self):
		for name, wanted in (("no/such/folder.csv", "No such file or directory"), ("../" * 9 + "dev/full", "no regular file"),
		                     (".", "no regular file")):
			with self.subTest(name):
				status, out, err = self.export("seen", name)
				self.assertEqual((status, out), (1, ""))
				self.assertIn(wanted, err)

	def test_standard_output_that_cannot_be_written(self):
		path, env = harness.program("swm")
		for table in ("rows", "no_key"):
			with open("/dev/full", "w") as full:
				done = subprocess.run([path, "export", self.config, table], stdout=full, stderr=subprocess.PIPE, env=env)
			self.assertEqual((done.returncode, done.stderr), (1, b"swm: cannot write standard output: No space left on device\n"))
			done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", path, "export", self.config, table], stderr=subprocess.PIPE, env=env)
			self.assertEqual((done.returncode, done.stderr), (1, b"swm: cannot write standard output: Bad file descriptor\n"))

	def test_a_full_disk(self):
		"""As a file that may grow no further is. What fitted is kept, and goes on when there is room."""
		path, env = harness.program("swm")
		args = [path, "export", "-q", self.config, "rows", self.path("rows.csv")]
		as_user = {key: value for key, value in harness._as_user().items() if key != "preexec_fn"}
		full = subprocess.run(args, stderr=subprocess.PIPE, env=env, **as_user,
		                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1500000, 1500000)))
		self.assertEqual(full.returncode, 1)
		found = re.match(rb"swm: cannot write \S*rows.csv.part: File too large\nswm: (\d+) rows are in ", full.stderr)
		self.assertTrue(found, full.stderr)
		self.assertGreater(int(found.group(1)), 1)
		self.assertEqual(self.files(), ["rows.csv.part", "rows.csv.part.state"])
		status, out, err = self.export("rows", "rows.csv")
		self.assertEqual((status, err), (0, "swm: going on behind %s rows\n%d rows written\n" % (found.group(1).decode(), ROWS)))
		self.expect_rows("rows", "rows.csv")

	def test_a_file_that_came_meanwhile(self):
		with Gate() as gate:
			export = self.start("rows?select=id,gate", "rows.csv")
			gate.wait()
			with open(self.path("rows.csv"), "w") as file:
				file.write("mine")
		err = export.communicate(timeout=60)[1].decode()
		self.assertEqual((export.returncode, self.read("rows.csv")), (1, b"mine"), err)
		self.assertIn("--force", err)
		self.assertEqual(self.export("rows?select=id,gate", "rows.csv", "--force")[0], 0)
		self.assertEqual(self.read("rows.csv").count(b"\n"), ROWS + 1)

	def test_two_at_once(self):
		with Gate() as gate:
			export = self.start("rows?select=id,gate", "rows.csv")
			gate.wait()
			status, out, err = self.export("rows?select=id,gate", "rows.csv")
			self.assertEqual((status, out), (1, ""))
			self.assertIn("another export", err)
		self.assertEqual(export.communicate(timeout=60)[1], b"%d rows written\n" % ROWS)
		self.assertEqual(export.returncode, 0)


class Breaks(Export):
	QUERY = "rows?select=id,word,amount,gate"

	def state(self, name):
		"""What the state file says, by name."""
		return dict(line.split(" ", 1) for line in self.read(name + ".part.state").decode().splitlines())

	def break_off(self, query, name, number, *options):
		"""Ends an export at the next gate by a signal; its standard error."""
		with Gate() as gate:
			export = self.start(query, name, *options)
			gate.wait()
			export.send_signal(number)
			err = export.communicate(timeout=30)[1].decode()
		self.assertEqual(export.returncode, -number, err)
		return err

	def test_goes_on_where_it_stopped(self):
		for name in ("rows.csv", "rows.json", "rows.ndjson"):
			with self.subTest(name):
				err = self.break_off(self.QUERY, name, signal.SIGINT)
				kept = int(self.state(name)["rows"])
				self.assertIn("swm: %d rows are in %s.part" % (kept, self.path(name)), err)
				self.assertGreater(kept, 1)
				self.assertLess(kept, 25000)
				self.assertEqual(os.stat(self.path(name + ".part")).st_size, int(self.state(name)["bytes"]))
				self.assertEqual(self.break_off(self.QUERY, name, signal.SIGKILL), "swm: going on behind %d rows\n" % kept)
				again = int(self.state(name)["rows"])
				self.assertGreaterEqual(again, kept)
				with open(self.path(name + ".part"), "ab") as part: # what the state does not know of
					part.write(b"torn")
				self.assertFalse(os.path.exists(self.path(name)))
				self.assertEqual(self.export(self.QUERY, name),
				                 (0, "", "swm: going on behind %d rows\n%d rows written\n" % (again, ROWS)))
				self.assertEqual(self.export(self.QUERY, "whole-" + name)[0], 0)
				self.assertEqual(self.read(name), self.read("whole-" + name))
		self.assertEqual(len(self.files()), 6)

	def test_on_a_terminal(self):
		with Gate() as gate:
			terminal = Terminal("export", self.config, self.QUERY, self.path("rows.csv"))
			self.addCleanup(terminal.stop)
			gate.wait()
			terminal.send(b"\x03")
			status, seen = terminal.end()
		self.assertEqual(status, -signal.SIGINT)
		lines = re.findall(r"\r([^\r\x1b]*)\x1b\[K", seen)
		self.assertRegex(lines[0], r"^rows\?select=id,word,amount,gate +\d+%( \[[=> ]{10,}\])?  \d+ rows?")
		self.assertEqual(lines[-1], "") # erased before the message
		self.assertRegex(seen, r"\x1b\[Kswm: \d+ rows are in")
		terminal = Terminal("export", self.config, self.QUERY, self.path("rows.csv"))
		self.addCleanup(terminal.stop)
		self.assertRegex(terminal.end()[1], r"(?s)^swm: going on behind \d+ rows\n.*\x1b\[K%d rows written\n$" % ROWS)

	def test_only_the_same_goes_on(self):
		self.break_off(self.QUERY, "rows.csv", signal.SIGTERM)
		state, part = self.read("rows.csv.part.state"), self.read("rows.csv.part")
		other = self.configuration("export_other.conf")
		for table, options, more, wanted in (
				("rows?select=id,word,amount,gate&id=gt.5", (), {}, "with query '/rows?select=id,word,amount,gate' and not '/rows"),
				(self.QUERY, ("-f", "json"), {}, "with format 'csv' and not 'json'"),
				(self.QUERY, ("-r", "swm_reader"), {}, "with role '(none)' and not 'swm_reader'"),
				(self.QUERY, ("-s", "export"), {}, "with schema '' and not 'export'"),
				(self.QUERY, (), {"config": other}, "with config '%s'" % self.config)):
			with self.subTest(wanted):
				status, out, err = self.export(table, "rows.csv", *options, **more)
				self.assertEqual((status, out), (1, ""))
				self.assertIn(wanted, err)
				self.assertIn("--restart", err)
				self.assertEqual((self.read("rows.csv.part.state"), self.read("rows.csv.part")), (state, part))
		self.assertEqual(self.export("rows?select=id&id=gt.%d" % (ROWS - 1), "rows.csv", "--restart"), (0, "", "1 row written\n"))
		self.assertEqual((self.read("rows.csv"), self.files()), (b"id\n%d\n" % ROWS, ["rows.csv"]))

	def test_a_part_that_was_cut(self):
		self.break_off(self.QUERY, "rows.csv", signal.SIGHUP)
		os.truncate(self.path("rows.csv.part"), 10)
		status, out, err = self.export(self.QUERY, "rows.csv")
		self.assertEqual(status, 1)
		self.assertIn("shorter", err)
		os.unlink(self.path("rows.csv.part"))
		self.assertEqual(self.export(self.QUERY, "rows.csv")[0], 1)
		self.assertEqual(self.export(self.QUERY, "rows.csv", "--restart")[0], 0)

	def test_other_columns(self):
		self.break_off("changing?select=*,gate", "changing.csv", signal.SIGINT)
		harness.sql("ALTER TABLE export.changing ADD COLUMN more integer")
		self.addCleanup(harness.sql, "ALTER TABLE export.changing DROP COLUMN IF EXISTS more")
		part = self.read("changing.csv.part")
		status, out, err = self.export("changing?select=*,gate", "changing.csv")
		self.assertEqual(status, 1)
		self.assertIn("the columns are others", err)
		self.assertEqual(self.read("changing.csv.part"), part)
		harness.sql("ALTER TABLE export.changing DROP COLUMN more")
		self.assertEqual(self.export("changing?select=*,gate", "changing.csv")[0], 0)
		self.assertEqual(self.read("changing.csv").count(b"\n"), 9001)

	def test_without_a_key_nothing_is_left(self):
		err = self.break_off("rows?select=id,gate&order=word,made", "rows.csv", signal.SIGINT)
		self.assertEqual(self.files(), [], err)
		self.break_off("rows?select=id,gate&order=word,made", "rows.csv", signal.SIGKILL)
		self.assertEqual(self.export("rows?select=id,gate&order=word,made", "rows.csv", "-q"), (0, "", ""))
		self.assertEqual((self.read("rows.csv").count(b"\n"), self.files()), (ROWS + 1, ["rows.csv"]))

	def lose(self, table, gate):
		"""An export whose connection was lost at the gate, and that can have no other."""
		export = self.start(table, "rows.csv")
		gate.wait()
		harness.sql("ALTER ROLE swm_authenticator CONNECTION LIMIT 0; SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
		            " WHERE application_name = 'swm-export'")
		seen = b""
		while b"trying again in 1 second\n" not in seen:
			piece = os.read(export.stderr.fileno(), 4096)
			self.assertNotEqual(piece, b"", seen)
			seen += piece
		return export

	def test_a_lost_connection(self):
		self.addCleanup(harness.sql, "ALTER ROLE swm_authenticator CONNECTION LIMIT -1")
		for query in (self.QUERY, self.QUERY + "&order=word,made"):
			with self.subTest(query):
				with Gate() as gate:
					export = self.lose(query, gate)
				harness.sql("ALTER ROLE swm_authenticator CONNECTION LIMIT -1")
				err = export.communicate(timeout=60)[1].decode()
				self.assertEqual((export.returncode, err[-len("%d rows written\n" % ROWS):]), (0, "%d rows written\n" % ROWS), err)
				self.assertEqual(self.export(query, "whole.csv", "--force")[0], 0)
				self.assertEqual(self.read("rows.csv"), self.read("whole.csv"))
				os.unlink(self.path("rows.csv"))

	def test_the_pause_can_be_ended(self):
		self.addCleanup(harness.sql, "ALTER ROLE swm_authenticator CONNECTION LIMIT -1")
		with Gate() as gate:
			export = self.lose(self.QUERY, gate)
			export.send_signal(signal.SIGINT)
			err = export.communicate(timeout=30)[1].decode()
		self.assertEqual(export.returncode, -signal.SIGINT)
		self.assertIn("the same command goes on", err)


class Memory(Export):
	def peak(self, table, *options):
		"""The most memory that an export took, in KiB, when it had come to its last gate."""
		with Gate() as gate:
			export = self.start(table, "peak.csv", "-q", "--force", *options)
			gate.wait()
			with open("/proc/%d/status" % export.pid) as file:
				peak = int(re.search(r"VmHWM:\s*(\d+) kB", file.read()).group(1))
		export.communicate(timeout=60)
		self.assertEqual(export.returncode, 0)
		return peak

	@unittest.skipIf(harness.BUILD.endswith("asan"), "the sanitizer's own memory")
	def test_is_constant(self):
		"""Of 300000 rows of 200 bytes; the one that waits is the last."""
		for table in ("many?select=id,label,gate", "many_seen"):
			with self.subTest(table):
				self.assertLess(self.peak(table), 16 * 1024)

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		harness.sql("""
			CREATE TABLE export.many (id integer PRIMARY KEY, label text);
			INSERT INTO export.many SELECT g, repeat('x', 200) FROM generate_series(1, 300000) AS g;
			CREATE FUNCTION export.gate(export.many) RETURNS integer LANGUAGE plpgsql STABLE AS
				$$ BEGIN IF $1.id = 300000 THEN PERFORM pg_advisory_xact_lock_shared(4711); END IF; RETURN 1; END $$;
			CREATE VIEW export.many_seen AS SELECT id, label, export.gate(many) FROM export.many;
			GRANT SELECT ON export.many, export.many_seen TO swm_anon""")
