"""swm import: files of rows into tables, in chunks that a second run does not write again."""
import json
import os
import re
import signal
import subprocess
import time
import unittest

import harness
from harness import token
from test_cli import Terminal

KEPT = "swm_private.kept_answers"
TABLES = """
	SET client_min_messages = warning;
	DROP SCHEMA IF EXISTS transfer CASCADE;
	CREATE SCHEMA transfer;
	GRANT USAGE ON SCHEMA transfer TO swm_anon, swm_writer;
	SET search_path = transfer;
	CREATE TABLE rows (id integer PRIMARY KEY CHECK (id < 1000000), name text);
	CREATE TABLE log (id integer, name text);     -- has no key: rows may stand in it twice
	CREATE TABLE people (id integer PRIMARY KEY, email text UNIQUE, name text);
	CREATE TABLE closed (id integer);
	CREATE TABLE mine (id integer, owner text);
	ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
	CREATE POLICY mine ON mine USING (true) WITH CHECK (owner = current_user);
	-- a row named 'wait' waits for who holds the lock
	CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql
		AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN new; END';
	CREATE TRIGGER wait BEFORE INSERT ON log FOR EACH ROW WHEN (new.name = 'wait') EXECUTE FUNCTION wait();
	-- the first commit is slow
	CREATE TABLE slow (id integer);
	CREATE SEQUENCE commits;
	CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
		AS $$ BEGIN IF nextval('transfer.commits') = 1 THEN PERFORM pg_sleep(3); END IF; RETURN NULL; END $$;
	CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON slow
		DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.id = 3) EXECUTE FUNCTION sleep();
	GRANT ALL ON rows, log, people, mine, slow TO swm_anon, swm_writer;
	TRUNCATE %s
""" % KEPT


def write(name, content):
	path = os.path.join(harness.folder(), name)
	with open(path, "wb") as file:
		file.write(content if isinstance(content, bytes) else content.encode())
	os.chmod(path, 0o644)
	return path


def configuration(name="transfer.conf", **settings):
	all_of_them = {
		"db-uri": harness.cluster().conninfo(harness.database(), harness.LOGIN_ROLE) + " application_name=swm-transfer",
		"db-schemas": "transfer, test",
		"db-anon-role": "swm_anon",
		"jwt-secret": harness.SECRET,
		"db-idempotency-table": KEPT,
		**{name.replace("_", "-"): value for name, value in settings.items()},
	}
	return harness.write_file(name, "".join("%s = %s\n" % (key, harness.quote(value))
	                                        for key, value in all_of_them.items() if value is not None))


def count(table):
	return int(harness.sql("SELECT count(*) FROM transfer." + table))


class Transfer(unittest.TestCase):
	def setUp(self):
		harness.sql(TABLES)
		self.file = configuration()

	def swm(self, *args, **more):
		status, out, err = harness.run_program("swm", "import", *args, **{"timeout": 120, **more})
		return status, out.decode(), err.decode()

	def load(self, *args, **more):
		"""As a role that may write."""
		return self.swm("--role", "swm_writer", self.file, *args, **more)

	def done(self, written, skipped=0, replayed=0):
		earlier = " (%d of them by an earlier run)" % replayed if replayed else ""
		return 0, "%d written%s, %d skipped\n" % (written, earlier, skipped), ""

	def table(self, table, columns="id, name"):
		return harness.sql("SELECT coalesce(string_agg(t::text, ' ' ORDER BY t), '') FROM (SELECT %s FROM transfer.%s) AS t"
		                   % (columns, table))

	def skip_file(self, *args, **more):
		"""What the import leaves out, and what it says."""
		path = os.path.join(harness.folder(), "rejected.ndjson")
		os.chmod(harness.folder(), 0o777)
		said = self.load("--skip", path, *args, **more)
		with open(path) as file:
			return said, [json.loads(line) for line in file]


class Formats(Transfer):
	def test_csv(self):
		path = write("a.csv", 'id,name\r\n1,a\r\n2,"b\nc ""q"""\r\n3,NULL')
		self.assertEqual(self.load("rows", path), self.done(3))
		self.assertEqual(self.table("rows"), '(1,a) (2,"b\nc ""q""") (3,)')

	def test_lines(self):
		for number, ending in enumerate(("ndjson", "JSONL"), 1):
			path = write("a." + ending, '{"id":%d1,"name":"a"}\n\n{"id":%d2,"name":null}' % (number, number))
			self.assertEqual(self.load("rows", path), self.done(2))
		self.assertEqual(self.table("rows"), "(11,a) (12,) (21,a) (22,)")

	def test_an_array(self):
		path = write("a.json", '\n[{"id":1,"name":"],["},\n{"id":2,"name":"\\""}\n]\n')
		for size in ("8MiB", "1"):
			with self.subTest(size):
				harness.sql("TRUNCATE transfer.rows")
				self.assertEqual(self.load("--no-key", "--chunk", size, "rows", path), self.done(2))
				self.assertEqual(self.table("rows"), '(1,"],[") (2,"""")')

	def test_standard_input(self):
		for args, body in ((("-f", "csv", "rows"), b"id\n1\n"), (("-f", "ndjson", "rows", "-"), b'{"id":2}'),
		                   (("-f", "json", "rows", "-"), b'[{"id":3}]')):
			with self.subTest(args):
				self.assertEqual(self.load(*args, stdin=body), self.done(1))
		self.assertEqual(self.table("rows", "id"), "(1) (2) (3)")

	def test_several_files(self):
		paths = [write("one.csv", "id\n1\n2\n"), write("two.json", '[{"id":3}]'), write("none.csv", "")]
		self.assertEqual(self.load("rows", *paths), self.done(3))

	def test_byte_order_marks(self):
		for number, (name, body) in enumerate((("m.csv", "\ufeff\"id\",name\n%d,a\n"), ("m.ndjson", '\ufeff{"id":%d}'),
		                                       ("m.json", '\ufeff[{"id":%d}]'))):
			with self.subTest(name):
				self.assertEqual(self.load("rows", write(name, body % number)), self.done(1))

	def test_nothing(self):
		for name, body in (("n.csv", ""), ("n.csv", "id,name\n"), ("n.ndjson", "\n \n"), ("n.json", "[ ]")):
			with self.subTest(name=name, body=body):
				self.assertEqual(self.load("rows", write(name, body)), self.done(0))

	def test_columns(self):
		path = write("c.csv", "nope,id,name\nx,1,a\n")
		self.assertEqual(self.load("--columns", "id,name", "rows", path), self.done(1))
		self.assertEqual(self.table("rows"), "(1,a)")

	def test_a_table_and_columns_of_any_name(self):
		harness.sql('CREATE TABLE transfer."a b/ü?&=%" (id integer, "x,y" text); GRANT ALL ON transfer."a b/ü?&=%" TO swm_writer')
		path = write("any.csv", 'id,"x,y"\n1,a\n')
		self.assertEqual(self.load("--columns", 'id,"x,y"', "a b/ü?&=%", path), self.done(1))
		self.assertEqual(harness.sql('SELECT * FROM transfer."a b/ü?&=%"'), "1|a")

	def test_a_schema(self):
		harness.sql("CREATE TABLE IF NOT EXISTS test.transferred (id integer); TRUNCATE test.transferred;"
		            "GRANT ALL ON test.transferred TO swm_writer")
		self.assertEqual(self.load("--schema", "test", "transferred", write("s.csv", "id\n1\n")), self.done(1))
		self.assertEqual(harness.sql("SELECT count(*) FROM test.transferred"), "1")

	def test_upsert(self):
		self.assertEqual(self.load("people", write("p.csv", "id,email,name\n1,a@x,A\n2,b@x,B\n")), self.done(2))
		self.assertEqual(self.load("--upsert", "people", write("q.csv", "id,email,name\n1,a@x,AA\n3,c@x,C\n")), self.done(2))
		path = write("r.csv", "id,email,name\n4,b@x,BB\n")
		self.assertEqual(self.load("--upsert", "--on-conflict", "email", "people", path), self.done(1))
		self.assertEqual(self.table("people", "*"), "(1,a@x,AA) (3,c@x,C) (4,b@x,BB)")

	def test_tokens(self):
		path = write("t.csv", "id,owner\n1,swm_writer\n")
		self.assertEqual(self.swm("-t", token({"role": "swm_writer"}), self.file, "mine", path), self.done(1))
		status, out, err = self.swm("-t", "a.b.c", self.file, "mine", path)
		self.assertEqual((status, out), (1, ""))
		self.assertIn("(PGRST301)", err)
		self.assertEqual(self.swm("--no-key", self.file, "log", write("u.csv", "id\n1\n")), self.done(1))

	def test_a_terminal(self):
		"""How far it is, and then only what it did; other streams are not told."""
		path = write("far.csv", "id\n1\n2\n3\n")
		terminal = Terminal("import", "-r", "swm_writer", "--chunk", "2", self.file, "log", path)
		self.addCleanup(terminal.stop)
		status, out = terminal.end()
		lines = out.replace("\x1b[K", "").replace("\r", "\n").splitlines()
		self.assertEqual((status, lines[-1]), (0, "3 written, 0 skipped"))
		self.assertTrue(any(re.match(r"log +\d+%", line) for line in lines), lines)
		terminal = Terminal("import", "-q", "-r", "swm_writer", self.file, "rows", path)
		self.addCleanup(terminal.stop)
		self.assertEqual(terminal.end(), (0, ""))

	def test_quiet(self):
		self.assertEqual(self.load("-q", "rows", write("q.csv", "id\n1\n")), (0, "", ""))


class Refused(Transfer):
	def refuse(self, said, *lines):
		self.assertEqual(said[:2], (1, ""))
		self.assertEqual(said[2].splitlines(), list(lines))

	def test_a_bad_row(self):
		path = write("bad.csv", 'id,name\n1,"a\nb"\n2,c\n3,d\nx,e\n5,f\n')
		for size, wanted in (("8MiB", "nothing was written"), ("12", "2 written; start again to go on from line 5 of " + path)):
			with self.subTest(size):
				self.refuse(self.load("--chunk", size, "rows", path),
				            'swm: %s:6: invalid input syntax for type integer: "x" (22P02)' % path,
				            'details: Line 6, column "id"', "swm: " + wanted)
		self.assertEqual(self.table("rows", "id"), "(1) (2)")

	def test_a_row_that_breaks_a_constraint(self):
		"""PostgreSQL does not say where it stands."""
		harness.sql("INSERT INTO transfer.rows VALUES (3)")
		for name, body, line in (("k.csv", "id\n1\n2\n\n3\n4\n", 5), ("k.ndjson", '{"id":1}\n{"id":2}\n{"id":3}\n', 3),
		                         ("k.json", '[\n{"id":1},{"id":2},\n{"id":3}]', 3)):
			for size in ("1", "8MiB"):
				with self.subTest(name=name, size=size):
					harness.sql("TRUNCATE %s; DELETE FROM transfer.rows WHERE id <> 3" % KEPT)
					status, _, err = self.load("--chunk", size, "rows", write(name, body))
					self.assertEqual(status, 1)
					self.assertEqual(err.splitlines()[:2],
					                 ['swm: %s:%d: duplicate key value violates unique constraint "rows_pkey" (23505)'
					                  % (os.path.join(harness.folder(), name), line), "details: Key (id)=(3) already exists."])
					self.assertEqual(self.table("rows", "id"), "(3)" if size == "8MiB" else "(1) (2) (3)")

	def test_a_place_in_an_array(self):
		path = write("place.json", '[{"id":1},{"id":2},\n {"id":3},{"id":x}]')
		for size in ("8MiB", "20", "1"):
			with self.subTest(size):
				said = self.load("--no-key", "--chunk", size, "log", path)
				self.refuse((said[0], said[1], said[2].rsplit("swm: ", 1)[0]), "swm: %s:2: Empty or invalid json (PGRST102)" % path,
				            'details: Line 2, column 17: expected a value, found "x"')
		said = self.load("log", write("row.json", '[{"id":1},\n{"id":2},{"id":"x"}' + " " * 300000 + "]"))
		self.assertIn('details: Row 2, line 2, column "id"', said[2].splitlines())

	def test_files_that_are_none(self):
		for name, body, wanted in (
				("end.json", '[{"id":1}', "1: the array is not closed"),
				("comma.json", '[{"id":1},\n]', "2: a comma in the array has no element beside it"),
				("object.json", '{"id":1}', "1: a JSON array should begin here"),
				("latin.csv", b"id,name\n1,a\n2,caf\xe9\n", "3: The CSV is not valid UTF-8 (PGRST102)"),
				("utf16.csv", "id,name\n1,a\n".encode("utf-16"), "1: The CSV is not valid UTF-8 (PGRST102)"),
				("nul.csv", b"id,name\n1,a\0\n", "2: unsupported Unicode escape sequence (22P05)"),
				("latin.ndjson", b'{"id":1,"name":"caf\xe9"}', "1: Empty or invalid json (PGRST102)"),
				("quote.csv", 'id,name\n1,a\n2,"\n\n', "3: A quote that is not closed (PGRST102)"),
				("long.csv", "id,name\n1,a\n2," + "x" * (8 << 20) + "\n", "3: the record is longer than 8 MiB"),
				("twice.csv", "id,id\n1,2\n", "1: The header names the column 'id' twice (PGRST102)")):
			with self.subTest(name):
				path = write(name, body)
				status, out, err = self.load("--chunk", "1MiB", "log", path)
				self.assertEqual((status, out, err.splitlines()[0]), (1, "", "swm: %s:%s" % (path, wanted)))
		self.assertEqual(count("log"), 1) # before the long row

	def test_what_is_not_there(self):
		path = write("i.csv", "id,name\n1,a\n")
		self.refuse(self.load("nope", path), "swm: Could not find the table 'transfer.nope' in the schema cache (PGRST205)",
		            "swm: nothing was written")
		self.refuse(self.load("closed", write("j.csv", "id\n1\n")), "swm: permission denied for table closed (42501)",
		            "swm: nothing was written")
		path = write("k.csv", "id,owner\n1,swm_writer\n2,swm_anon\n")
		self.refuse(self.load("mine", path),
		            'swm: %s:3: new row violates row-level security policy for table "mine" (42501)' % path,
		            "swm: nothing was written")
		absent = os.path.join(harness.folder(), "absent.csv")
		self.refuse(self.load("rows", absent), "swm: %s cannot be read: No such file or directory" % absent)
		self.refuse(self.load("-f", "csv", "rows", harness.folder()), "swm: %s cannot be read: Is a directory" % harness.folder(),
		            "swm: nothing was written")

	def test_keys(self):
		path = write("keys.csv", "id,name\n1,a\n")
		self.file = configuration("unkeyed.conf", db_idempotency_table=None)
		status, out, err = self.load("rows", path)
		self.assertEqual((status, out), (1, ""))
		self.assertIn("--no-key", err)
		self.assertEqual(self.load("--no-key", "rows", path), self.done(1))
		self.file = configuration("absent.conf", db_idempotency_table="swm_private.absent")
		self.refuse(self.load("rows", path), "swm: Idempotency-Key: the table of kept answers is not there (SWM003)",
		            "swm: without keys (--no-key) a second run would write all again", "swm: nothing was written")
		self.file = configuration("rollback.conf", db_tx_end="rollback-allow-override")
		self.refuse(self.load("rows", path), "swm: nothing would be kept: db-tx-end is rollback")

	def test_mistakes(self):
		path = write("m.csv", "id\n1\n")
		for args, wanted in (
				((self.file, "rows", path), "--role, --token or --no-key"),
				(("-r", "a", "-t", "b", self.file, "rows", path), "exclude each other"),
				(("--no-key", self.file, "rows"), "the format of standard input is not known"),
				(("--no-key", self.file, "rows", harness.folder()), "give --format"),
				(("--no-key", "--skip", path, self.file, "rows", path), "--skip would overwrite"),
				(("--no-key", "--on-conflict", "id", self.file, "rows", path), "--on-conflict is for --upsert"),
				(("--no-key", "--chunk", "8MB", self.file, "rows", path), "--chunk takes a size"),
				(("--no-key", "--chunk", "0", self.file, "rows", path), "--chunk takes a size"),
				(("--no-key", "--chunk", "2GiB", self.file, "rows", path), "--chunk takes a size"),
				((self.file,), "TABLE is missing")):
			with self.subTest(args):
				status, out, err = self.swm(*args)
				self.assertEqual((status, out), (2, ""))
				self.assertIn(wanted, err)

	def test_closed_output(self):
		path, env = harness.program("swm")
		for redirection in (">&- 3>&-", ">/dev/full"):
			with self.subTest(redirection):
				harness.sql("TRUNCATE transfer.rows, %s" % KEPT)
				done = subprocess.run(["sh", "-c", 'exec "$0" import -r swm_writer "$1" rows "$2" ' + redirection,
				                       path, self.file, write("o.csv", "id\n1\n")], stderr=subprocess.PIPE, env=env, timeout=60)
				self.assertEqual(done.returncode, 1)
				self.assertIn(b"cannot write", done.stderr)
				self.assertEqual(count("rows"), 1)


class Skipped(Transfer):
	def test_rows(self):
		harness.sql("INSERT INTO transfer.rows VALUES (1)")
		path = write("skip.csv", 'id,name\n1,"a\nb"\n2,c\n\nx,d\n4,caf\u00e9,\n1000000,"e"\n5,f')
		for size in ("8MiB", "1", "12"):
			with self.subTest(size):
				harness.sql("TRUNCATE %s; DELETE FROM transfer.rows WHERE id <> 1" % KEPT)
				said, rows = self.skip_file("--chunk", size, "rows", path)
				self.assertEqual(said, self.done(2, 4))
				self.assertEqual([(row["file"], row["line"], row["code"], row["record"]) for row in rows],
				                 [(path, 2, "23505", '1,"a\nb"'), (path, 6, "22P02", "x,d"),
				                  (path, 7, "PGRST102", "4,caf\u00e9,"), (path, 8, "23514", '1000000,"e"')])
				self.assertEqual(rows[1]["message"], 'invalid input syntax for type integer: "x"')
				self.assertEqual(self.table("rows", "id"), "(1) (2) (5)")

	def test_json(self):
		lines = '{"id":1}\n{"id":"x"}\n{"id":y}\n\n{"id":3}\n7\n'
		array = '[{"id":1},\n{"id":"x"},\n{"id":y},\n\n{"id":3},\n7]'
		for name, body in (("skip.ndjson", lines), ("skip.json", array)):
			for size in ("8MiB", "1", "20"):
				with self.subTest(name=name, size=size):
					harness.sql("TRUNCATE %s, transfer.log" % KEPT)
					said, rows = self.skip_file("--chunk", size, "log", write(name, body))
					self.assertEqual(said, self.done(2, 3))
					self.assertEqual([(row["line"], row["code"], row["record"]) for row in rows],
					                 [(2, "22P02", '{"id":"x"}'), (3, "PGRST102", '{"id":y}'), (6, "PGRST102", "7")])

	def test_an_encoding(self):
		said, rows = self.skip_file("log", write("latin.csv", b"id,name\n1,a\n2,caf\xe9\n3,\xff\n"))
		self.assertEqual(said, self.done(1, 2))
		self.assertEqual([(row["line"], row["record"]) for row in rows], [(3, "2,caf\ufffd"), (4, "3,\ufffd")])

	def test_very_many(self):
		"""More than an answer tells of: every one is found, and another run finds the same."""
		lines = ["id"] + ["x%d" % i if i % 3 == 0 else str(i) for i in range(1, 10001)]
		path = write("many.csv", "\n".join(lines))
		for replayed in (0, 6667):
			said, rows = self.skip_file("log", path)
			self.assertEqual(said, self.done(6667, 3333, replayed))
			self.assertEqual([(row["line"], row["record"]) for row in rows], [(i + 1, "x%d" % i) for i in range(3, 10001, 3)])
			self.assertEqual(harness.sql("SELECT count(*), count(DISTINCT id) FROM transfer.log"), "6667|6667")

	def test_long_reasons(self):
		"""Of answers that are too long to be kept, halves are."""
		lines = ["id"] + ["x" * 3000 if i % 2 else str(i) for i in range(1, 1201)]
		said, rows = self.skip_file("log", write("reasons.csv", "\n".join(lines)))
		self.assertEqual((said, len(rows)), (self.done(600, 600), 600))

	def test_no_row_is_to_blame(self):
		for table, code in (("closed", "42501"), ("nope", "PGRST205")):
			said, rows = self.skip_file(table, write("blame.csv", "id\n1\n2\n"))
			self.assertEqual((said[:2], rows), ((1, ""), []))
			self.assertIn("(%s)" % code, said[2])
		said, rows = self.skip_file("log", write("head.csv", "id,id\n1,1\n2,2\n"))
		self.assertEqual((said[:2], rows), ((1, ""), []))

	def test_a_file_that_cannot_be_written(self):
		path = write("full.csv", "id\n1\nx\n")
		said = self.load("--skip", "/dev/full", "log", path)
		self.assertEqual((said[0], said[2].splitlines()[0]), (1, "swm: /dev/full cannot be written: No space left on device"))
		said = self.load("--skip", "/nowhere/at/all", "log", path)
		self.assertEqual((said[0], said[2]), (1, "swm: /nowhere/at/all cannot be written: No such file or directory\n"))


class Again(Transfer):
	"""Started again, it goes on where it was broken off, and writes no row twice."""

	ROWS = 1000

	def file_of(self, name, *special):
		"""Rows of twenty bytes: a chunk of 2000 has a hundred."""
		rows = ["%08d,%s" % (i, dict(special).get(i, "x" * 10)) for i in range(self.ROWS)]
		return write(name, "id,name\n" + "\n".join(rows) + "\n")

	def start(self, *args):
		path, env = harness.program("swm")
		popen = subprocess.Popen([path, "import", "--chunk", "2000", "-r", "swm_writer", self.file, *args], env=env,
		                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
		self.addCleanup(lambda: (popen.kill(), popen.communicate()))
		return popen

	def until(self, condition, seconds=30):
		deadline = time.monotonic() + seconds
		while not condition():
			self.assertLess(time.monotonic(), deadline)
			time.sleep(0.01)

	def waiting(self):
		return harness.sql("SELECT count(*) FROM pg_stat_activity"
		                   " WHERE application_name = 'swm-transfer' AND wait_event = 'advisory'") != "0"

	def exact(self, rows=ROWS):
		self.assertEqual(harness.sql("SELECT count(*), count(DISTINCT id) FROM transfer.log"), "%d|%d" % (rows, rows))

	def test_it_is_killed(self):
		path = self.file_of("killed.csv", (500, "wait"))
		with harness.Session(harness.cluster(), harness.database()) as lock:
			lock.run("SELECT pg_advisory_lock(4711)")
			killed = self.start("log", path)
			self.until(self.waiting)
			killed.kill()
			killed.communicate()
			self.assertEqual(count("log"), 500)
		status, out, err = self.load("--chunk", "2000", "log", path)
		written, replayed = map(int, re.match(r"(\d+) written \((\d+) of them by an earlier run\), 0 skipped$", out).groups())
		self.assertEqual((status, written), (0, self.ROWS), err)
		self.assertIn(replayed, (500, 600)) # the one that was waiting may have been committed later
		self.exact()

	def test_it_is_interrupted(self):
		"""The chunk that is being written is, and then it ends."""
		path = self.file_of("interrupted.csv", (500, "wait"))
		for number in (signal.SIGINT, signal.SIGTERM):
			with self.subTest(number):
				harness.sql("TRUNCATE transfer.log, %s" % KEPT)
				with harness.Session(harness.cluster(), harness.database()) as lock:
					lock.run("SELECT pg_advisory_lock(4711)")
					popen = self.start("log", path)
					self.until(self.waiting)
					popen.send_signal(number)
				out, err = popen.communicate(timeout=30)
				self.assertEqual((popen.returncode, out.decode(), err.decode()),
				                 (1, "", "swm: interrupted\n"
				                  "swm: 600 written; start again to go on from line 602 of %s\n" % path))
				self.assertEqual(count("log"), 600)
				self.assertEqual(self.load("--chunk", "2000", "log", path), self.done(self.ROWS, replayed=600))
				self.exact()

	def test_a_bad_row_is_mended(self):
		path = self.file_of("mended.csv")
		with open(path) as file:
			good = file.read()
		write("mended.csv", good.replace("00000700", "bad00700"))
		status, _, err = self.load("--chunk", "2000", "log", path)
		self.assertEqual((status, err.splitlines()[0]), (1, 'swm: %s:702: invalid input syntax for type integer: "bad00700" (22P02)' % path))
		self.assertEqual(err.splitlines()[-1], "swm: 700 written; start again to go on from line 702 of %s" % path)
		write("mended.csv", good)
		self.assertEqual(self.load("--chunk", "2000", "log", path), self.done(self.ROWS, replayed=700))
		self.exact()

	def test_with_and_without_skip(self):
		"""A part is written once, whichever run did it and however."""
		path = self.file_of("both.csv")
		with open(path) as file:
			write("both.csv", file.read().replace("00000700", "bad00700"))
		self.assertEqual(self.load("--chunk", "2000", "log", path)[0], 1)
		said, rows = self.skip_file("--chunk", "2000", "log", path)
		self.assertEqual((said, [row["line"] for row in rows]), (self.done(self.ROWS - 1, 1, 700), [702]))
		self.exact(self.ROWS - 1)
		said, again = self.skip_file("--chunk", "2000", "log", path)
		self.assertEqual((said, again), (self.done(self.ROWS - 1, 1, self.ROWS - 1), rows))
		status, _, err = self.load("--chunk", "2000", "log", path)
		self.assertEqual(status, 1)
		self.assertIn("swm: an earlier run wrote this part with --skip: go on with --skip\n", err)
		self.exact(self.ROWS - 1)

	def test_what_is_not_the_same(self):
		"""Another table, other columns or other rows are written."""
		path = write("same.csv", "id,name\n1,a\n")
		self.assertEqual(self.load("log", path), self.done(1))
		self.assertEqual(self.load("log", write("copy.csv", "id,name\n1,a\n")), self.done(1, replayed=1))
		self.assertEqual(self.load("rows", path), self.done(1))
		self.assertEqual(self.load("--columns", "id", "log", path), self.done(1))
		self.assertEqual(self.load("log", write("other.csv", "id,name\n1,b\n")), self.done(1))
		self.assertEqual(self.load("--no-key", "log", path), self.done(1))
		self.assertEqual(count("log"), 4)

	def test_the_connection_is_lost(self):
		path = self.file_of("lost.csv", (500, "wait"))
		with harness.Session(harness.cluster(), harness.database()) as lock:
			lock.run("SELECT pg_advisory_lock(4711)")
			popen = self.start("log", path)
			self.until(self.waiting)
			harness.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'swm-transfer'")
		out, err = popen.communicate(timeout=60)
		self.assertEqual((popen.returncode, out.decode()), (0, "%d written, 0 skipped\n" % self.ROWS), err)
		self.assertIn(b"trying again in", err)
		self.exact()

	def test_nobody_knows_whether_it_was_written(self):
		"""The answer to the commit is lost: with the same key it is asked for again."""
		self.file = configuration("silent.conf", db_answer_timeout=1)
		status, out, err = self.load("--chunk", "4", "slow", write("slow.csv", "id\n1\n2\n3\n4\n5\n6\n"))
		self.assertEqual(status, 0, err)
		self.assertRegex(out, "^6 written")
		self.assertIn("trying again in", err)
		self.assertEqual(self.table("slow", "id"), "(1) (2) (3) (4) (5) (6)")

	def test_without_a_key_it_is_not_tried_again(self):
		self.file = configuration("silent.conf", db_answer_timeout=1)
		for body, wanted in (("id\n3\n", []),
		                     ("id\n1\n2\n3\n4\n", ["swm: 2 written, which is all before line 4 of %s"])):
			with self.subTest(body):
				harness.sql("ALTER SEQUENCE transfer.commits RESTART")
				path = write("slow.csv", body)
				status, _, err = self.load("--no-key", "--chunk", "4", "slow", path)
				self.assertEqual(status, 1, err)
				self.assertIn("(SWM001)", err)
				self.assertEqual(err.splitlines()[-1 - len(wanted):],
				                 ["swm: whether this part was written is not known", *(line % path for line in wanted)])


class Much(Transfer):
	SANITIZED = os.environ.get("SWM_BUILD", "").endswith("asan")
	SIZE = (20 if SANITIZED else 200) << 20

	def test_memory_does_not_grow(self):
		"""200 MiB of standard input, in 48 MiB of swm."""
		path, env = harness.program("swm")
		popen = subprocess.Popen([path, "import", "-r", "swm_writer", "-f", "csv", self.file, "log"], env=env,
		                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
		row, rows = b"%d," + b"x" * 990 + b"\n", self.SIZE // 1000
		with popen.stdin:
			popen.stdin.write(b"id,name\n")
			for i in range(0, rows, 1000):
				popen.stdin.write(b"".join(row % (i + j) for j in range(1000)))
			popen.stdin.flush()
			# ru_maxrss would also have that of this Python, of which it is a copy before exec
			with open("/proc/%d/status" % popen.pid) as file:
				peak = int(re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.MULTILINE).group(1))
		popen.stdin = None
		out, err = popen.communicate()
		rows = (rows + 999) // 1000 * 1000
		self.assertEqual((popen.returncode, out.decode(), err.decode()), (0, "%d written, 0 skipped\n" % rows, ""))
		self.assertEqual(harness.sql("SELECT count(*), count(DISTINCT id) FROM transfer.log"), "%d|%d" % (rows, rows))
		if not self.SANITIZED:
			self.assertLess(peak, 48 << 10) # KiB


if __name__ == "__main__":
	unittest.main()
