"""
Tables that change under a server which has not read them anew: no SIGUSR1 and no NOTIFY comes,
so the snapshot is older than the tables. What a request does not name must not fail it
(doc/DIALECT.md, "When tables change").
"""
import json
import os
import signal
import threading
import unittest

import fcgi_client
import harness
from harness import wait_until

JSON = {"Content-Type": "application/json"}
REPRESENTATION = dict(JSON, Prefer="return=representation")


class Tables(unittest.TestCase):
	marks = 0

	@classmethod
	def setUpClass(cls):
		harness.sql("""
			CREATE SCHEMA changing; GRANT USAGE ON SCHEMA changing TO swm_anon, swm_writer;
			ALTER DEFAULT PRIVILEGES IN SCHEMA changing GRANT ALL ON TABLES TO swm_anon, swm_writer;""")
		cls.server = harness.own_server(db_schemas="changing", db_plan_enabled=True, log_level="info", db_pool=2,
		                                db_aggregates_enabled=True, db_idempotency_table="swm_private.kept_answers")

	@classmethod
	def tearDownClass(cls):
		cls.server.stop()
		harness.sql("DROP SCHEMA changing CASCADE")

	def setUp(self):
		"""The server knows of t with a column c, and then that is dropped."""
		harness.sql("""
			DROP TABLE IF EXISTS changing.t, changing.of_t; DROP FUNCTION IF EXISTS changing.f, changing.broken;
			CREATE TABLE changing.t (id int PRIMARY KEY, b text DEFAULT 'b', c int);
			CREATE TABLE changing.of_t (id int PRIMARY KEY, t int REFERENCES changing.t, n int, c int);
			INSERT INTO changing.t SELECT n, 'b' || n, n FROM generate_series(1, 3) AS n;
			INSERT INTO changing.of_t VALUES (1, 1, 5, 5);
			CREATE FUNCTION changing.f(n int) RETURNS int LANGUAGE sql AS 'SELECT n';
			CREATE FUNCTION changing.broken() RETURNS int LANGUAGE plpgsql VOLATILE AS $$
				DECLARE x int; BEGIN EXECUTE 'SELECT nope FROM changing.t' INTO x; RETURN x; END $$;""")
		self.reload()
		self.loads = self.count_loads()

	def count_loads(self):
		with open(self.server.fcgi.log, errors="replace") as log:
			return log.read().count("schema loaded")

	def reload(self):
		"""The server has read all that there is now, and so a table that is made last."""
		Tables.marks += 1
		harness.sql("CREATE TABLE changing.mark%d ()" % self.marks)
		os.kill(self.server.fcgi.popen.pid, signal.SIGUSR1)
		wait_until(lambda: self.server.get("/mark%d" % self.marks).status == 200, 10, "the reload")

	def drop_column(self):
		harness.sql("ALTER TABLE changing.t DROP COLUMN c; ALTER TABLE changing.of_t DROP COLUMN c")

	def send(self, method, target, headers=(), body=None):
		return self.server.request(method, target, dict(headers), None if body is None else body.encode())

	def expect(self, answer, status, rows):
		self.assertEqual(answer.status, status, answer.text)
		self.assertEqual(answer.json, rows)


class Reads(Tables):
	def test_all_columns(self):
		for target in ("/t?id=eq.1", "/t?select=*&id=eq.1", "/t?select=&id=eq.1", "/t?id=eq.1&order=id&limit=1"):
			with self.subTest(target):
				self.setUp()
				self.drop_column()
				self.expect(self.server.get(target), 200, [{"id": 1, "b": "b1"}])

	def test_embedded(self):
		self.drop_column()
		self.expect(self.server.get("/t?id=eq.1&select=id,of_t(*)"), 200, [{"id": 1, "of_t": [{"id": 1, "t": 1, "n": 5}]}])

	def test_a_junction_that_has_another_name(self):
		harness.sql("""
			DROP TABLE IF EXISTS changing.link, changing.bond, changing.other;
			CREATE TABLE changing.other (id int PRIMARY KEY); INSERT INTO changing.other VALUES (4);
			CREATE TABLE changing.link (t int REFERENCES changing.t, other int REFERENCES changing.other, PRIMARY KEY (t, other));
			INSERT INTO changing.link VALUES (1, 4)""")
		self.reload()
		harness.sql("ALTER TABLE changing.link RENAME TO bond")
		self.expect(self.server.get("/t?select=other(id)&id=eq.1"), 200, [{"other": [{"id": 4}]}])
		harness.sql("DROP TABLE changing.bond")

	def test_other_shapes(self):
		self.drop_column()
		self.assertEqual(self.server.get("/t?id=eq.1", {"Accept": "text/csv"}).text, "id,b\n1,b1")
		self.setUp()
		self.drop_column()
		answer = self.server.get("/t?id=lte.2", {"Prefer": "count=exact"})
		self.assertEqual((answer.status, answer.header("Content-Range")), (200, "0-1/2"))
		self.setUp()
		self.drop_column()
		self.assertEqual(self.send("HEAD", "/t").status, 200)

	def test_one_load_is_enough(self):
		self.drop_column()
		for _ in range(5):
			self.assertEqual(self.server.get("/t").status, 200)
		self.assertLessEqual(self.count_loads() - self.loads, 1 + 1) # a late one of SIGUSR1's may be among them

	def test_a_function_that_got_another_signature(self):
		harness.sql("DROP FUNCTION changing.f; CREATE FUNCTION changing.f(n bigint) RETURNS text LANGUAGE sql AS $$SELECT 'n' || n$$")
		self.expect(self.server.get("/rpc/f?n=3"), 200, "n3")

	def test_a_type_that_changed(self):
		harness.sql("ALTER TABLE changing.t ALTER c TYPE json USING json_build_object('x', c)")
		self.expect(self.server.get("/t?select=v:c->>x&id=eq.1"), 200, [{"v": "1"}])

	def test_what_is_named_and_not_there(self):
		self.drop_column()
		answer = self.server.get("/t?select=id,c")
		self.assertEqual((answer.status, answer.json["code"]), (400, "42703"))
		harness.sql("DROP TABLE changing.t CASCADE")
		answer = self.server.get("/t")
		self.assertEqual((answer.status, answer.json["code"]), (404, "42P01"))


class Writes(Tables):
	def test_lines_that_may_be_left_out(self):
		"""A column that is not there is no row's fault, with errors=skip too."""
		self.drop_column()
		headers = {"Content-Type": "application/x-ndjson", "Prefer": "errors=skip"}
		for _ in range(2):
			answer = self.send("POST", "/t", headers, '{"id":7,"c":1}\n')
			self.assertEqual((answer.status, answer.json["code"]), (400, "PGRST204"), answer.text)

	def test_a_plan_that_must_not_keep_what_it_changes(self):
		"""The plan of a write with max-affected runs it, and is rolled back however often it is made."""
		self.drop_column()
		answer = self.send("PATCH", "/t?id=gte.1&select=*", {
			**JSON, "Accept": "application/vnd.pgrst.plan+json; options=analyze",
			"Prefer": "handling=strict, max-affected=1, return=representation"}, '{"b":"changed"}')
		self.assertEqual(answer.status, 200, answer.text)
		self.assertEqual("0", harness.sql("SELECT count(*) FROM changing.t WHERE b = 'changed'").strip())

	def test_post(self):
		self.drop_column()
		self.expect(self.send("POST", "/t", REPRESENTATION, '{"id":7}'), 201, [{"id": 7, "b": "b"}])
		self.assertEqual(harness.sql("SELECT count(*) FROM changing.t WHERE id = 7"), "1")

	def test_patch(self):
		self.drop_column()
		self.expect(self.send("PATCH", "/t?id=eq.1", REPRESENTATION, '{"b":"x"}'), 200, [{"id": 1, "b": "x"}])

	def test_put(self):
		self.drop_column()
		self.expect(self.send("PUT", "/t?id=eq.9", REPRESENTATION, '{"id":9,"b":"x"}'), 201, [{"id": 9, "b": "x"}])

	def test_delete(self):
		self.drop_column()
		self.expect(self.send("DELETE", "/t?id=eq.2", REPRESENTATION), 200, [{"id": 2, "b": "b2"}])

	def test_upsert_csv_and_form(self):
		self.drop_column()
		self.expect(self.send("POST", "/t", dict(JSON, Prefer="return=representation, resolution=merge-duplicates"),
		                      '[{"id":1,"b":"y"},{"id":8,"b":"z"}]'), 201, [{"id": 1, "b": "y"}, {"id": 8, "b": "z"}])

	def test_what_is_named_and_not_there(self):
		self.drop_column()
		answer = self.send("POST", "/t", REPRESENTATION, '{"id":7,"c":1}')
		self.assertEqual((answer.status, answer.json["code"]), (400, "42703"))
		self.assertEqual(harness.sql("SELECT count(*) FROM changing.t WHERE id = 7"), "0")

	def test_with_a_key(self):
		"""The key is taken once more too, and the answer is kept."""
		headers = dict(REPRESENTATION, **harness.as_role("swm_writer"), **{"Idempotency-Key": "ddl-1"})
		self.drop_column()
		for replayed in (None, "true"):
			answer = self.send("POST", "/t", headers, '{"id":7}')
			self.expect(answer, 201, [{"id": 7, "b": "b"}])
			self.assertEqual(answer.header("Idempotency-Replayed"), replayed)

	def test_of_a_batch(self):
		"""It was undone as a whole, and is done once more as a whole."""
		self.drop_column()
		answer = self.send("POST", "/batch", JSON, json.dumps([
			{"method": "POST", "path": "/of_t?select=id", "headers": {"Prefer": "return=representation"}, "body": {"id": 5}},
			{"method": "POST", "path": "/t", "headers": {"Prefer": "return=representation"}, "body": {"id": 7}},
			{"method": "GET", "path": "/t?id=eq.7"}]))
		self.assertEqual(answer.status, 200, answer.text)
		self.assertEqual([o["body"] for o in answer.json], [[{"id": 5}], [{"id": 7, "b": "b"}], [{"id": 7, "b": "b"}]])
		self.assertEqual(harness.sql("SELECT count(*) FROM changing.of_t WHERE id = 5"), "1")

	def test_streamed_rows_cannot_be_read_again(self):
		self.drop_column()
		headers = {"Content-Type": "application/x-ndjson", "Prefer": "return=representation"}
		answer = self.send("POST", "/t", headers, '{"id":7}\n{"id":8}\n')
		self.assertEqual((answer.status, answer.json["code"], answer.header("Retry-After")), (503, "SWM007", "1"))
		self.assertEqual(harness.sql("SELECT count(*) FROM changing.t WHERE id IN (7, 8)"), "0")
		self.expect(self.send("POST", "/t", headers, '{"id":7}\n{"id":8}\n'), 201, [{"id": 7, "b": "b"}, {"id": 8, "b": "b"}])


CSV, LINES, ARRAY = "text/csv", "application/x-ndjson", "application/json"
SKIP = "handling=lenient, errors=skip"

# What changes, the column that is written, a value for it, and what is stored: what PostgreSQL
# makes of the value as the column is then, or the error.
CHANGES = {
	"a label more": ("ALTER TYPE kinds.mood ADD VALUE 'happy'", "m", "happy", "happy"),
	"a label with another name": ("ALTER TYPE kinds.mood RENAME VALUE 'ok' TO 'fine'", "m", "fine", "fine"),
	"a type with another name": ("ALTER TYPE kinds.mood RENAME TO humour", "m", "ok", "ok"),
	"a type in another schema": ("ALTER TYPE kinds.mood SET SCHEMA changing", "m", "ok", "ok"),
	"an enum that becomes text": ("ALTER TABLE changing.typed ALTER m TYPE text", "m", "any", "any"),
	"text that becomes an enum": ("ALTER TABLE changing.typed ALTER t TYPE kinds.mood USING 'ok'", "t", "sad", "sad"),
	"another type of the name": ("ALTER TABLE changing.typed DROP m; DROP TYPE kinds.mood; CREATE TYPE kinds.mood AS ENUM ('new');"
	                             "ALTER TABLE changing.typed ADD m kinds.mood", "m", "new", "new"),
	"an integer that becomes text": ("ALTER TABLE changing.typed ALTER i TYPE text", "i", "007", "007"),
	"text that becomes an integer": ("ALTER TABLE changing.typed ALTER t TYPE int USING 1", "t", "7", "7"),
	"text that becomes an integer, and is none": ("ALTER TABLE changing.typed ALTER t TYPE int USING 1", "t", "x", "22P02"),
	"a larger integer": ("ALTER TABLE changing.typed ALTER i TYPE bigint", "i", "3000000000", "3000000000"),
	"a smaller integer": ("ALTER TABLE changing.typed ALTER i TYPE smallint", "i", "40000", "22003"),
	"an integer that becomes an array": ("ALTER TABLE changing.typed ALTER i TYPE int[] USING array[i]", "i", "{1,2}", "{1,2}"),
	"more digits": ("ALTER TABLE changing.typed ALTER n TYPE numeric(8, 4)", "n", "1.2345", "1.2345"),
	"less digits": ("ALTER TABLE changing.typed ALTER n TYPE numeric(6, 1)", "n", "1.25", "1.3"),
	"longer text": ("ALTER TABLE changing.typed ALTER v TYPE varchar(9)", "v", "abcdef", "abcdef"),
	"shorter text": ("ALTER TABLE changing.typed ALTER v TYPE varchar(2)", "v", "abc", "22001"),
	"a day that becomes a time": ("ALTER TABLE changing.typed ALTER d TYPE timestamp", "d", "2025-01-01 12:00", "2025-01-01 12:00:00"),
	"a time that gets a zone": ("ALTER TABLE changing.typed ALTER ts TYPE timestamptz", "ts", "2025-01-01 12:00+05", "2025-01-01 07:00:00+00"),
	"a finer time": ("ALTER TABLE changing.typed ALTER ts TYPE timestamp(3)", "ts", "2025-01-01 12:00:00.123", "2025-01-01 12:00:00.123"),
	"text that becomes bytes": ("ALTER TABLE changing.typed ALTER t TYPE bytea USING ''", "t", "ab", "\\x6162"),
	"a constraint of a domain less": ("ALTER DOMAIN kinds.positive DROP CONSTRAINT positive_check", "p", "-1", "-1"),
	"a constraint of a domain more": ("ALTER DOMAIN kinds.any_number ADD CONSTRAINT a CHECK (VALUE > 0)", "q", "-1", "23514"),
	"a constraint of a domain more, that is met": ("ALTER DOMAIN kinds.any_number ADD CONSTRAINT a CHECK (VALUE > 0)", "q", "1", "1"),
	"a domain in place of its type": ("ALTER TABLE changing.typed ALTER i TYPE kinds.positive", "i", "0", "23514"),
	"a constraint of the table": ("ALTER TABLE changing.typed ADD CHECK (i > 0)", "i", "0", "23514"),
	"a column that is not named is gone": ("ALTER TABLE changing.typed DROP i", "t", "x", "x"),
	"a column more": ("ALTER TABLE changing.typed ADD z int DEFAULT 7", "t", "x", "x"),
	"a column again": ("ALTER TABLE changing.typed DROP i; ALTER TABLE changing.typed ADD i text", "i", "x", "x"),
	"a table again": ("DROP TABLE changing.typed; CREATE TABLE changing.typed (id int GENERATED BY DEFAULT AS IDENTITY, i text)", "i", "x", "x"),
	"a column that is generated": ("ALTER TABLE changing.typed DROP i; ALTER TABLE changing.typed ADD i int GENERATED ALWAYS AS (7) STORED",
	                               "i", "1", "428C9"),
	"a column that is generated no more": ("ALTER TABLE changing.typed ALTER g DROP EXPRESSION", "g", "9", "9"),
}


# How a row comes: method, type, Prefer, and the body.
WAYS = {
	"CSV": ("POST", CSV, "return=minimal", '%(column)s\n"%(value)s"\n'),
	"CSV, skipping": ("POST", CSV, SKIP, '%(column)s\n"%(value)s"\n'),
	"lines": ("POST", LINES, "return=minimal", "%(row)s\n"),
	"lines, skipping": ("POST", LINES, SKIP, "%(row)s\n"),
	"array": ("POST", ARRAY, "return=minimal", "[%(row)s]"),
	"long array": ("POST", ARRAY, "return=minimal", "[%(row)s" + " " * 300000 + "]"),
	"object that is returned": ("POST", ARRAY, "return=representation", "%(row)s"),
	"patch": ("PATCH", ARRAY, "return=minimal", "%(row)s"),
}


class Bodies(Tables):
	"""The first write after a change, whatever its body: it is right, or refused for what is so."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		# each is surprised by a change, so each way has a server of its own
		cls.servers = {way: harness.own_server(db_schemas="changing", db_pool=1, log_level="info") for way in WAYS}
		cls.session = harness.Session(harness.cluster(), harness.database())

	@classmethod
	def tearDownClass(cls):
		cls.session.close()
		for server in cls.servers.values():
			server.stop()
		super().tearDownClass()

	def setUp(self):
		self.session.run("""
			SET client_min_messages = warning; SET timezone = 'UTC';
			DROP TABLE IF EXISTS changing.typed; DROP TYPE IF EXISTS changing.mood; DROP SCHEMA IF EXISTS kinds CASCADE;
			CREATE SCHEMA kinds; GRANT USAGE ON SCHEMA kinds TO swm_anon;
			CREATE TYPE kinds.mood AS ENUM ('sad', 'ok');
			CREATE DOMAIN kinds.positive AS int CONSTRAINT positive_check CHECK (VALUE > 0); CREATE DOMAIN kinds.any_number AS int;
			CREATE TABLE changing.typed (id int GENERATED BY DEFAULT AS IDENTITY, i int, n numeric(6, 2), v varchar(3), d date,
				ts timestamp(0), m kinds.mood, p kinds.positive, q kinds.any_number, t text, g int GENERATED ALWAYS AS (7) STORED)""")
		self.reload()

	def reload(self, *servers):
		Tables.marks += 1
		self.session.run("CREATE TABLE changing.mark%d ()" % self.marks)
		servers = servers or (self.server, *self.servers.values())
		for server in servers:
			os.kill(server.fcgi.popen.pid, signal.SIGUSR1)
		for server in servers:
			wait_until(lambda: server.get("/mark%d" % self.marks).status == 200, 10, "the reload")

	def write(self, way, column, value, server=None, query=""):
		method, content, prefer, form = WAYS[way]
		body = form % {"column": column, "value": value, "row": json.dumps({column: value})}
		return (server or self.servers[way]).request(method, "/typed" + query, {"Content-Type": content, "Prefer": prefer}, body.encode())

	def outcome(self, answer, column):
		"""What is stored, or the code of the error, of the only row if rows are skipped."""
		if answer.status == 200 and "skipped" in answer.text:
			return answer.json["errors"][0]["code"]
		if answer.status >= 300:
			self.assertEqual(answer.status, 400, answer.text)
			return answer.json["code"]
		return self.session.run("SELECT %s FROM changing.typed" % column)

	def test_each_change(self):
		for what, (change, column, value, expected) in CHANGES.items():
			self.setUp()
			for way in WAYS: # statements are prepared
				self.assertLess(self.write(way, "id", 1, query="?id=eq.1").status, 300)
			self.session.run(change)
			for way in WAYS:
				with self.subTest(what=what, way=way):
					self.session.run("DELETE FROM changing.typed")
					if way == "patch":
						self.session.run("INSERT INTO changing.typed DEFAULT VALUES")
					answer = self.write(way, column, value)
					self.assertEqual(self.outcome(answer, column), expected, answer.text)

	def test_a_body_that_is_on_its_way(self):
		"""The change comes while rows are copied: nothing is written, and the client is told to send them again."""
		head, tail = b'i,ts\n1,2025-01-01 12:00+05\n', b'2,2025-01-01 12:00+05\n'
		for prefer in ("return=minimal", SKIP):
			self.setUp()
			filler = b"3,2025-01-01 12:00+05\n" * 200000
			body = head + filler + tail
			params = [field for field in fcgi_client.params_of("POST", "/typed") if not field[0].startswith("CONTENT_")]
			params += [("CONTENT_TYPE", CSV), ("CONTENT_LENGTH", str(len(body))), ("HTTP_PREFER", prefer)]
			request = fcgi_client.request_bytes(params, body, keep=False)
			with fcgi_client.Connection(self.server.socket) as connection:
				connection.send(request[:len(request) // 2])
				wait_until(lambda: self.server.backends("state = 'active' AND query LIKE 'COPY%'") == 1, 20, "the COPY")
				harness.sql("ALTER TABLE changing.typed ALTER ts TYPE timestamptz")
				connection.send(request[len(request) // 2:])
				answer = connection.answer()
			self.assertEqual((answer.status, json.loads(answer.body)["code"]), (503, "SWM007"), answer.body)
			self.assertEqual(harness.sql("SELECT count(*) FROM changing.typed"), "0")
			answer = self.send("POST", "/typed", {"Content-Type": CSV, "Prefer": prefer}, (head + tail).decode())
			self.assertEqual(answer.status, 201, answer.text)
			self.assertEqual(self.session.run("SELECT DISTINCT ts FROM changing.typed"), "2025-01-01 07:00:00+00")

	def test_a_role_that_may_not_read_the_catalogs(self):
		"""Only the login role looks there."""
		catalogs = "pg_catalog.pg_attribute, pg_catalog.pg_class, pg_catalog.pg_type"
		harness.sql("REVOKE SELECT ON %s FROM PUBLIC; GRANT SELECT ON %s TO %s" % (catalogs, catalogs, harness.LOGIN_ROLE))
		self.addCleanup(harness.sql, "GRANT SELECT ON %s TO PUBLIC; REVOKE SELECT ON %s FROM %s" % (catalogs, catalogs, harness.LOGIN_ROLE))
		for way in WAYS:
			answer = self.write(way, "m", "ok")
			self.assertLess(answer.status, 300, (way, answer.text))

	def test_a_name_that_is_no_reason(self):
		"""A value that is called as what our statement asks for does not make a server read the tables."""
		self.session.run("ALTER TABLE changing.typed ADD o regtype")
		self.reload(self.server)
		self.loads = self.count_loads()
		name = '"swm: the columns are of other types than the snapshot of the tables says"'
		for way in ("array", "object that is returned", "patch", "lines", "CSV, skipping"):
			value = name.replace('"', '""') if "CSV" in way else name
			self.assertEqual(self.outcome(self.write(way, "o", value, self.server), "o"), "42704")
		self.assertEqual(self.count_loads(), self.loads)


class Loads(Tables):
	"""What a client writes must not cost a load of the schema each time."""

	def expect_errors(self, code, loads, *requests):
		for _ in range(5):
			for method, target, body in requests:
				answer = self.send(method, target, JSON, body)
				self.assertEqual((answer.json["code"], answer.status in (400, 404)), (code, True), (target, answer.text))
		self.assertLessEqual(self.count_loads() - self.loads, loads + 1)

	def test_unknown_names_cost_none(self):
		self.expect_errors("42703", 0, ("GET", "/t?select=nope", None), ("GET", "/t?nope=eq.1", None), ("GET", "/t?order=nope", None),
		                   ("GET", "/t?select=of_t(nope)", None), ("DELETE", "/t?nope=eq.1", None),
		                   ("PATCH", "/t?nope=eq.1", '{"b":"x"}'))

	def test_errors_within_a_function_cost_none(self):
		self.expect_errors("42703", 0, ("POST", "/rpc/broken", "{}"), ("GET", "/rpc/broken", None))

	def test_what_a_function_does_not_find_costs_none(self):
		"""
		However it looks for it: only our own statement can be older than the tables. On a server of
		its own, which no other test has made to read nothing for some seconds.
		"""
		self.server = harness.own_server(db_schemas="changing", log_level="info")
		self.addCleanup(self.server.stop)
		harness.sql("""
			CREATE OR REPLACE FUNCTION changing.twice(n int) RETURNS text LANGUAGE sql AS 'SELECT ''1''';
			CREATE OR REPLACE FUNCTION changing.twice(n date) RETURNS text LANGUAGE sql AS 'SELECT ''1''';
			CREATE OR REPLACE FUNCTION changing.raises(code text) RETURNS text LANGUAGE plpgsql STABLE AS $$
				BEGIN RAISE EXCEPTION 'raised' USING ERRCODE = code; END $$;
			CREATE OR REPLACE FUNCTION changing.type_of(name text) RETURNS text LANGUAGE sql STABLE AS $$
				SELECT name::regtype::text $$;
			CREATE OR REPLACE FUNCTION changing.function_of(name text) RETURNS text LANGUAGE sql STABLE AS $$
				SELECT name::regprocedure::text $$""")
		for code, expression in (("42883", "changing.nope(1)"), ("42704", "NULL::changing.nope"), ("42883", "'a'::text # 1"),
		                         ("42725", "changing.twice('1')"), ("42804", "CASE WHEN true THEN 1 ELSE true END")):
			self.define_broken(expression)
			self.expect_no_load(code, "plain", "dynamic", "in_sql", "set_in_sql", "of_rows")
		self.expect_no_load("42883", "raises?code=42883", "function_of?name=nope()")
		self.expect_no_load("42704", "raises?code=42704", "type_of?name=nope")

	def expect_no_load(self, code, *functions):
		self.loads = self.count_loads()
		for name in functions:
			answer = self.server.get("/rpc/" + name)
			self.assertEqual(answer.json["code"], code, (name, answer.text))
			self.assertEqual(self.count_loads(), self.loads, name)

	def define_broken(self, expression):
		"""Functions that have it in their text, in each way in which that can be."""
		harness.sql("""
			SET check_function_bodies = off;
			CREATE OR REPLACE FUNCTION changing.plain() RETURNS text LANGUAGE plpgsql STABLE AS $$
				BEGIN RETURN (%(x)s)::text; END $$;
			CREATE OR REPLACE FUNCTION changing.dynamic() RETURNS text LANGUAGE plpgsql STABLE AS $$
				DECLARE x text; BEGIN EXECUTE $q$SELECT (%(x)s)::text$q$ INTO x; RETURN x; END $$;
			CREATE OR REPLACE FUNCTION changing.in_sql() RETURNS text LANGUAGE sql STABLE AS $$
				SELECT (%(x)s)::text $$;
			CREATE OR REPLACE FUNCTION changing.set_in_sql() RETURNS SETOF text LANGUAGE sql STABLE AS $$
				SELECT (%(x)s)::text $$;
			CREATE OR REPLACE FUNCTION changing.of_rows() RETURNS TABLE (a int, b text) LANGUAGE sql STABLE AS $$
				SELECT 1, (%(x)s)::text $$""" % {"x": expression})
		self.reload()

	def test_operators_that_a_type_has_not_cost_one(self):
		self.expect_errors("42883", 1, ("GET", "/t?id=like.x*", None), ("GET", "/t?id=cs.1", None))


class Steadily(Tables):
	def test_changes_all_the_time(self):
		"""One change in 20 ms, and SIGUSR1 after each."""
		stop = threading.Event()

		def change():
			with harness.Session(harness.cluster(), harness.database()) as session:
				while not stop.wait(0.02):
					session.run("ALTER TABLE changing.t ADD COLUMN IF NOT EXISTS d int")
					os.kill(self.server.fcgi.popen.pid, signal.SIGUSR1)
					if stop.wait(0.02):
						break
					session.run("ALTER TABLE changing.t DROP COLUMN IF EXISTS d")
					os.kill(self.server.fcgi.popen.pid, signal.SIGUSR1)

		thread = threading.Thread(target=change)
		thread.start()
		try:
			failed = []
			for n in range(150):
				for answer in (self.server.get("/t?id=lte.5&order=id"),
				               self.send("POST", "/t", REPRESENTATION, '{"id":%d}' % (100 + n)),
				               self.send("PATCH", "/t?id=eq.1", REPRESENTATION, '{"b":"x"}')):
					if answer.status not in (200, 201):
						failed.append((answer.status, answer.text))
		finally:
			stop.set()
			thread.join()
		self.assertEqual(failed, [])
		self.assertEqual(harness.sql("SELECT count(*) FROM changing.t WHERE id >= 100"), "150")


if __name__ == "__main__":
	unittest.main()
