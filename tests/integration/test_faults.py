"""
What goes wrong while requests run: the database stopped and killed, the pool
exhausted, backends killed, tables changed, clients and swm-fcgi itself going
away. Every wait polls something that can be seen, with a deadline.
"""
import os
import signal
import socket
import time
import unittest

import fcgi_client
import harness
from harness import Session, array, error_body, ids, request_bytes, wait_until

WAITING_AT_GATE = "state = 'active' AND wait_event_type = 'Lock' AND wait_event = 'advisory'"
CLOSE_GATE = "SELECT pg_advisory_lock(4711)"
OPEN_GATE = "SELECT pg_advisory_unlock(4711)"


def terminate(server, condition):
	return int(server.cluster.sql(server.database, "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) AS done FROM "
	           "pg_stat_activity WHERE application_name = '%s' AND (%s)) AS t WHERE done" % (server.application(), condition)))


# The errors page's "Group 0 - Connection", as far as they mean that the database is away.
AWAY = {
	"PGRST000": "Database connection error. Retrying the connection.",
	"PGRST001": "Database client error. Retrying the connection.",
	"PGRST002": "Could not query the database for the schema cache. Retrying.",
}


class OwnCluster(unittest.TestCase):
	"""A cluster that may be stopped."""

	@classmethod
	def setUpClass(cls):
		def make():
			cluster = harness.Cluster("stoppable")
			cluster.create_database("faults", harness.SQL_FILES + [harness.FIXTURES])
			return cluster
		cls.cluster = harness.once("stoppable", make)

	def setUp(self):
		if not self.cluster.process.running():
			self.cluster.start()
		self.server = harness.Server(self.cluster, "faults")
		self.addCleanup(self.server.stop)
		self.assertEqual(self.server.get("/three?order=id").text, ids(1, 2, 3))

	def assert_unavailable(self, answer):
		"""By a code of our own, or by what PostgreSQL said when it ended the session."""
		self.assertEqual(answer.status, 503, answer)
		self.assertIn(answer.json["code"], [*AWAY, "57P01"])
		self.assertEqual(list(answer.json), ["code", "details", "hint", "message"])
		if answer.json["code"] in AWAY:
			self.assertEqual(answer.json["message"], AWAY[answer.json["code"]])
			self.assertIsNone(answer.json["hint"])
		self.assertGreaterEqual(int(answer.header("Retry-After")), 1)
		self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=" + answer.json["code"])
		self.assertTrue(answer.complete)

	def test_stopped_and_started_again(self):
		"""503 while it is away; the first request after it is back is right."""
		for number in (signal.SIGINT, signal.SIGQUIT):
			with self.subTest(number):
				self.cluster.stop(number)
				for _ in range(3):
					self.assert_unavailable(self.server.get("/three"))
				self.assertEqual(self.server.get("/three?id=foo.1").status, 400)  # needs no database
				self.cluster.start()
				answer = self.server.get("/three?order=id")
				self.assertEqual((answer.status, answer.text), (200, ids(1, 2, 3)))

	def test_restarted_between_two_requests(self):
		"""Nobody saw it go: the old connections are dead, and the read is tried once more."""
		self.cluster.stop()
		self.cluster.start()
		for _ in range(3):
			answer = self.server.get("/three?order=id")
			self.assertEqual((answer.status, answer.text), (200, ids(1, 2, 3)))

	def test_stopped_while_requests_run(self):
		with Session(self.cluster, "faults") as gate:
			gate.run(CLOSE_GATE)
			running = [self.server.in_background("GET", "/gate") for _ in range(3)]
			wait_until(lambda: self.server.backends(WAITING_AT_GATE) == 3, 10, "three waiting queries")
			self.cluster.stop()
			for request in running:
				self.assert_unavailable(request.result())
			self.assert_unavailable(self.server.get("/three"))
		self.cluster.start()
		answer = self.server.get("/three?order=id")
		self.assertEqual((answer.status, answer.text), (200, ids(1, 2, 3)))

	def test_crash_in_the_middle_of_an_answer(self):
		with Session(self.cluster, "faults") as gate:
			gate.run(CLOSE_GATE)
			request = self.server.in_background("GET", "/gated_million?select=id,n,pad")
			wait_until(lambda: self.server.backends(WAITING_AT_GATE) == 1, 20, "the middle of the answer")
			self.cluster.stop(signal.SIGQUIT)
		answer = request.result()
		self.assertEqual(answer.status, 200)
		self.assertFalse(answer.complete)
		self.cluster.start()
		self.assertEqual(self.server.get("/three?order=id").text, ids(1, 2, 3))

	def test_started_without_a_database(self):
		"""swm-fcgi may be started first: 503 until the database is there, then right by itself."""
		self.cluster.stop()
		server = harness.Server(self.cluster, "faults")
		self.addCleanup(server.stop)
		self.assert_unavailable(server.get("/three"))
		self.assertTrue(server.fcgi.running())
		self.cluster.start()
		# the schema is read in the background, with pauses of one second and more
		wait_until(lambda: server.get("/three").status == 200, 10, "recovery")
		self.assertEqual(server.get("/three?order=id").text, ids(1, 2, 3))

	def test_no_longer_let_in(self):
		"""503 while the login is refused, with PostgreSQL's reason; served again when it is not."""
		login = "ALTER ROLE %s %%s" % harness.LOGIN_ROLE
		self.cluster.sql("faults", login % "NOLOGIN")
		self.addCleanup(self.cluster.sql, "faults", login % "LOGIN")
		self.assertGreater(terminate(self.server, "true"), 0)
		wait_until(lambda: self.server.backends() == 0, 10, "the end of the sessions")
		answer = self.server.get("/three")
		self.assertEqual((answer.status, answer.json["code"]), (503, "PGRST000"))
		self.assertEqual(answer.json["message"], "Database connection error. The login was refused.")
		self.assertIn("is not permitted to log in", answer.json["details"])
		self.assertGreaterEqual(int(answer.header("Retry-After")), 1)
		self.cluster.sql("faults", login % "LOGIN")
		wait_until(lambda: self.server.get("/three?order=id").status == 200, 10, "recovery")

	def test_ended_without_a_database(self):
		"""SIGTERM is heeded at any time."""
		self.cluster.stop()
		self.assert_unavailable(self.server.get("/three"))
		start = time.monotonic()
		self.assertEqual(self.server.stop_fcgi(), 0)
		self.assertLess(time.monotonic() - start, 5)


def too_much():
	"""More than one request may ask for of films: what of, and the text that its error has."""
	names = ("directors", "films")
	deep = "".join(names[i % 2] + "(" for i in range(17)) + "id" + ")" * 17
	yield "select=" + deep, "(more than 16 levels of embedded resources)"
	yield "select=" + ",".join("d%d:directors(id)" % i for i in range(101)), "(more than 100 embedded resources)"
	yield "select=" + ",".join(["id"] * 1665), "(more than 1664 columns)"
	yield "order=" + ",".join(["id"] * 1665), "(more than 1664 columns)"
	yield "or=" + "(and" * 65 + "(id.eq.1,id.eq.2)" + ")" * 65, "\"failed to parse"


class Pool(unittest.TestCase):
	def test_too_much_is_refused_before_a_connection_is_taken(self):
		"""The only connection is in use: who needs one waits for it."""
		server = harness.server(db_pool=1, db_pool_acquisition_timeout=1, db_schemas="test, film")
		ways = [("GET", "/films", "film", None), ("HEAD", "/films", "film", None), ("DELETE", "/films", "film", None),
		        ("POST", "/films", "film", b'[{"id":1}]'), ("PATCH", "/films", "film", b'{"title":"x"}'),
		        ("GET", "/rpc/every_film", "film", None), ("POST", "/rpc/every_film", "film", b"{}")]
		with Session(harness.cluster(), harness.database()) as lock:
			lock.run("BEGIN; LOCK TABLE test.door")
			first = server.in_background("GET", "/door")
			wait_until(lambda: server.backends("wait_event_type = 'Lock'") == 1, 10, "the query that waits")
			for query, message in too_much():
				for method, path, schema, body in ways:
					if method != "GET" and query.startswith("order") and path == "/films":
						continue # of what is returned there is no order
					with self.subTest("%s %s?%.20s" % (method, path, query)):
						answer = server.request(method, path + "?" + query, {
							"Accept-Profile": schema, "Content-Profile": schema, "Content-Type": "application/json",
							"Prefer": "return=representation"}, body)
						self.assertEqual(answer.status, 400, answer)
						self.assertEqual(answer.header("Proxy-Status"), "swm; error=PGRST100")
						self.assertIn(message, answer.json["message"] if method != "HEAD" else message)
			self.assertTrue(first.running())
			lock.run("COMMIT")
			self.assertEqual(first.result().text, ids(1))

	def test_exhausted(self):
		"""504 in time, in order, and served again when the connection is free."""
		server = harness.server(db_pool=1, db_pool_acquisition_timeout=1)
		with Session(harness.cluster(), harness.database()) as lock:
			lock.run("BEGIN; LOCK TABLE test.door")
			first = server.in_background("GET", "/door")
			wait_until(lambda: server.backends("wait_event_type = 'Lock'") == 1, 10, "the query that waits")
			start = time.monotonic()
			others = [server.in_background("GET", "/three") for _ in range(3)]
			for other in others:
				answer = other.result()
				self.assertEqual((answer.status, answer.text), (504, error_body(
					"PGRST003", "Timed out acquiring connection from connection pool.")))
				self.assertEqual(answer.header("Proxy-Status"), "swm; error=PGRST003")
			waited = time.monotonic() - start
			self.assertGreaterEqual(waited, 0.9)
			self.assertLess(waited, 4)
			self.assertTrue(first.running())
			self.assertEqual(server.get("/three?id=foo.1").status, 400)  # needs no connection
			self.assertEqual(server.request("OPTIONS", "/three").status, 200)
			lock.run("COMMIT")
			self.assertEqual(first.result().text, ids(1))
		answer = server.get("/three?order=id")
		self.assertEqual((answer.status, answer.text), (200, ids(1, 2, 3)))

	def test_waiting_is_worth_it(self):
		"""Who waits less than the timeout is served."""
		server = harness.server(db_pool=1)
		with Session(harness.cluster(), harness.database()) as lock:
			lock.run("BEGIN; LOCK TABLE test.door")
			first = server.in_background("GET", "/door")
			wait_until(lambda: server.backends("wait_event_type = 'Lock'") == 1, 10, "the query that waits")
			others = [server.in_background("GET", "/three?order=id") for _ in range(5)]
			lock.run("COMMIT")
			for request in others:
				self.assertEqual(request.result().text, ids(1, 2, 3))
			self.assertEqual(first.result().text, ids(1))

	def test_size(self):
		"""Never more connections than db-pool, however many ask."""
		server = harness.server(db_pool=3, db_pool_anonymous=3)
		with Session(harness.cluster(), harness.database()) as lock:
			lock.run("BEGIN; LOCK TABLE test.door")
			requests = [server.in_background("GET", "/door") for _ in range(8)]
			wait_until(lambda: server.backends("wait_event_type = 'Lock'") == 3, 10, "three queries that wait")
			# the one beside them, where there is one, listens or reads the schema
			self.assertLessEqual(server.backends("query LIKE '%door%'"), 3)
			lock.run("COMMIT")
			for request in requests:
				self.assertEqual(request.result().text, ids(1))

	def test_idle_connections_end(self):
		server = harness.server(db_pool_max_idletime=1, db_pool=5)
		self.assertEqual(server.get("/three?order=id").text, ids(1, 2, 3))
		with Session(harness.cluster(), harness.database()) as lock:
			lock.run("BEGIN; LOCK TABLE test.door")
			requests = [server.in_background("GET", "/door") for _ in range(4)]
			wait_until(lambda: server.backends("wait_event_type = 'Lock'") == 4, 10, "four queries that wait")
			lock.run("COMMIT")
			for request in requests:
				request.result()
		wait_until(lambda: server.backends("query LIKE '%door%'") == 0, 10, "the end of idle connections")
		self.assertEqual(server.get("/three?order=id").text, ids(1, 2, 3))


class Backends(unittest.TestCase):
	def setUp(self):
		self.server = harness.server()

	def tearDown(self):
		for _ in range(5):
			answer = self.server.get("/three?order=id")
			self.assertEqual((answer.status, answer.text), (200, ids(1, 2, 3)))

	def test_idle_backends_killed(self):
		"""A cached connection that has died is found out, and the read is done on a fresh one."""
		for _ in range(3):
			self.assertEqual(self.server.get("/three?order=id").text, ids(1, 2, 3))
			self.assertGreaterEqual(terminate(self.server, "state = 'idle'"), 1)
			answer = self.server.get("/three?order=id")
			self.assertEqual((answer.status, answer.text), (200, ids(1, 2, 3)))

	def test_backend_killed_in_mid_query(self):
		with Session(harness.cluster(), harness.database()) as gate:
			gate.run(CLOSE_GATE)
			request = self.server.in_background("GET", "/gate")
			wait_until(lambda: self.server.backends(WAITING_AT_GATE) == 1, 10, "the waiting query")
			self.assertEqual(terminate(self.server, WAITING_AT_GATE), 1)
			# PostgreSQL said so itself: 57P01 is 503
			answer = request.result()
			self.assertEqual((answer.status, answer.json["code"]), (503, "57P01"), answer)
			self.assertEqual(answer.json["message"], "terminating connection due to administrator command")
			self.assertTrue(answer.complete)

	def test_query_cancelled_by_the_administrator(self):
		with Session(harness.cluster(), harness.database()) as gate:
			gate.run(CLOSE_GATE)
			request = self.server.in_background("GET", "/gate")
			wait_until(lambda: self.server.backends(WAITING_AT_GATE) == 1, 10, "the waiting query")
			harness.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = '%s' AND %s"
			            % (self.server.application(), WAITING_AT_GATE))
			answer = request.result()
			self.assertEqual((answer.status, answer.text), (500, error_body(
				"57014", "canceling statement due to user request")))

	def test_statement_timeout(self):
		"""A timeout that the role has (references/transactions): 57014 is 500."""
		harness.sql("ALTER ROLE swm_it_odd SET statement_timeout = '300ms'")
		self.addCleanup(harness.sql, "ALTER ROLE swm_it_odd SET statement_timeout = '7s'")
		server = harness.own_server()
		self.addCleanup(server.stop)
		with Session(harness.cluster(), harness.database()) as gate:
			gate.run(CLOSE_GATE)
			answer = server.get("/gate", harness.as_role("swm_it_odd"))
			self.assertEqual((answer.status, answer.text), (500, error_body(
				"57014", "canceling statement due to statement timeout")))

	def test_a_truncated_answer_never_looks_complete(self):
		"""The backend is killed in the middle of a million rows."""
		with Session(harness.cluster(), harness.database()) as gate:
			gate.run(CLOSE_GATE)
			for media in ("application/json", "text/csv"):
				with self.subTest(media):
					request = self.server.in_background("GET", "/gated_million", {"Accept": media})
					wait_until(lambda: self.server.backends(WAITING_AT_GATE) == 1, 20, "the middle of the answer")
					self.assertEqual(terminate(self.server, WAITING_AT_GATE), 1)
					answer = request.result()
					self.assertEqual(answer.status, 200)
					self.assertGreater(len(answer.body), 1000000)
					self.assertFalse(answer.complete)
					self.assertIsNone(answer.header("Content-Length"))
					self.assertNotEqual(answer.body[-1:], b"]")

	def test_truncated_over_fastcgi(self):
		"""The same without nginx: no FCGI_END_REQUEST."""
		with Session(harness.cluster(), harness.database()) as gate:
			gate.run(CLOSE_GATE)
			with fcgi_client.Connection(self.server.socket) as connection:
				connection.send(fcgi_client.request_bytes(fcgi_client.params_of("GET", "/gated_million")))
				self.assertTrue(connection.read_some())
				pieces = [connection.buffer]

				def killed():
					# what has come must be taken, or the middle is never reached
					connection.socket.settimeout(0.2)
					try:
						while True:
							pieces.append(connection.socket.recv(1 << 20))
					except TimeoutError:
						return terminate(self.server, WAITING_AT_GATE)
				wait_until(killed, 30, "the middle of the answer")
				connection.socket.settimeout(10)
				while pieces[-1]:
					try:
						pieces.append(connection.socket.recv(1 << 20))
					except ConnectionResetError:
						break
			kinds, data, at = set(), b"".join(pieces), 0
			while at + fcgi_client.HEADER.size <= len(data):
				_, kind, _, length, padding = fcgi_client.HEADER.unpack_from(data, at)
				kinds.add(kind)
				at += fcgi_client.HEADER.size + length + padding
			self.assertGreater(len(data), 1000000)
			self.assertNotIn(fcgi_client.END_REQUEST, kinds)

	def test_http10_client(self):
		answer = self.server.send(b"GET /three?order=id HTTP/1.0\r\nHost: t\r\n\r\n")
		self.assertEqual((answer.status, answer.text, answer.complete), (200, ids(1, 2, 3), True))


class Definitions(unittest.TestCase):
	"""DDL under prepared statements: what was prepared must be forgotten, and the request answered."""

	def setUp(self):
		self.server = harness.server(db_pool=2)
		harness.sql("DROP TABLE IF EXISTS test.ddl; CREATE TABLE test.ddl (id integer PRIMARY KEY, v integer); "
		            "INSERT INTO test.ddl VALUES (1, 10), (2, 20); GRANT SELECT ON test.ddl TO swm_anon")
		# a server of its own would do; this one learns of the table by SIGUSR1
		os.kill(self.server.fcgi.popen.pid, signal.SIGUSR1)
		wait_until(lambda: self.server.get("/ddl").status == 200, 10, "the new table")
		for _ in range(12):  # often enough that it is prepared wherever that is done after some uses
			self.assertEqual(self.server.get("/ddl?order=id").text, array('{"id":1,"v":10}', '{"id":2,"v":20}'))
			self.assertEqual(self.server.get("/ddl?select=v&id=eq.1").text, array('{"v":10}'))

	def tearDown(self):
		harness.sql("DROP TABLE IF EXISTS test.ddl")
		os.kill(self.server.fcgi.popen.pid, signal.SIGUSR1)
		# 42P01 would be PostgreSQL's answer while the old snapshot is still there
		wait_until(lambda: self.server.get("/ddl").json["code"] == "PGRST205", 10, "the end of the table")

	def expect(self, target, body):
		for _ in range(4):  # every connection
			answer = self.server.get(target)
			self.assertEqual((answer.status, answer.text), (200, body))

	def test_wider_type(self):
		harness.sql("ALTER TABLE test.ddl ALTER COLUMN v TYPE bigint USING v * 1000000000000")
		self.expect("/ddl?select=v&id=eq.1", array('{"v":10000000000000}'))
		self.expect("/ddl?order=id&select=id,v", array('{"id":1,"v":10000000000000}', '{"id":2,"v":20000000000000}'))

	def test_another_type(self):
		for type_name, using, value in [
			("text", "v::text || 'x'", '"10x"'), ("numeric(10,2)", "10", "10.00"), ("boolean", "true", "true"),
			("date", "'2025-01-02'", '"2025-01-02"'), ("timestamptz", "'2025-01-02 03:04:05+00'", '"2025-01-02T03:04:05+00:00"'),
			("jsonb", "'{\"a\": 1}'", '{"a": 1}'), ("integer[]", "'{1,2}'", "[1,2]"), ("integer", "10", "10"),
		]:
			with self.subTest(type_name):
				harness.sql("ALTER TABLE test.ddl ALTER COLUMN v TYPE %s USING %s" % (type_name, using))
				self.expect("/ddl?select=v&id=eq.1", array('{"v":%s}' % value))
				self.expect("/ddl?id=eq.1", array('{"id":1,"v":%s}' % value))

	def test_added_column(self):
		harness.sql("ALTER TABLE test.ddl ADD COLUMN w text DEFAULT 'new'")
		self.expect("/ddl?select=id,v&id=eq.1", array('{"id":1,"v":10}'))
		self.expect("/ddl?select=w&id=eq.1", array('{"w":"new"}'))

	def test_dropped_column(self):
		harness.sql("ALTER TABLE test.ddl DROP COLUMN v")
		for _ in range(4):
			answer = self.server.get("/ddl?select=v&id=eq.1")
			self.assertEqual((answer.status, answer.json["code"]), (400, "42703"))
		self.expect("/ddl?select=id&id=eq.1", ids(1))

	def test_table_made_anew(self):
		harness.sql("DROP TABLE test.ddl; CREATE TABLE test.ddl (v text, id integer PRIMARY KEY); "
		            "INSERT INTO test.ddl VALUES ('a', 1); GRANT SELECT ON test.ddl TO swm_anon")
		self.expect("/ddl?select=v&id=eq.1", array('{"v":"a"}'))

	def test_dropped_table(self):
		harness.sql("DROP TABLE test.ddl")
		for code in ("42P01", "PGRST205", "PGRST205"): # the first one makes the server look
			answer = self.server.get("/ddl")
			self.assertEqual((answer.status, answer.json["code"]), (404, code))

	def test_reload_by_signal(self):
		harness.sql("ALTER TABLE test.ddl ADD COLUMN w text DEFAULT 'new'")
		os.kill(self.server.fcgi.popen.pid, signal.SIGUSR1)
		wait_until(lambda: self.server.get("/ddl?id=eq.1").text == array('{"id":1,"v":10,"w":"new"}'), 10, "the new column")

	def test_without_prepared_statements(self):
		server = harness.server(db_prepared_statements=False)
		for _ in range(3):
			self.assertEqual(server.get("/three?order=id").text, ids(1, 2, 3))
			self.assertEqual(server.get("/people?select=id&name=eq.Ann").text, ids(1))

	def test_more_statements_than_are_kept(self):
		"""The cache of statements is bounded: hundreds of shapes, then the first again, and few are kept."""
		server = harness.server(db_pool=1)
		for n in range(400):
			answer = server.get("/three?select=a%d:id&id=eq.1" % n)
			self.assertEqual(answer.text, array('{"a%d":1}' % n))
		self.assertEqual(server.get("/three?select=a0:id&id=eq.1").text, array('{"a0":1}'))


class Clients(unittest.TestCase):
	"""A client that goes away takes its query with it."""

	def setUp(self):
		self.server = harness.server()

	def tearDown(self):
		for _ in range(5):
			self.assertEqual(self.server.get("/three?order=id").text, ids(1, 2, 3))

	def assert_no_query(self):
		wait_until(lambda: self.server.backends("state = 'active'") == 0, 5, "the end of the query")

	def test_while_the_query_runs(self):
		with Session(harness.cluster(), harness.database()) as gate:
			gate.run(CLOSE_GATE)
			connection = self.server.connect()
			connection.sendall(request_bytes("GET", "/gate"))
			wait_until(lambda: self.server.backends(WAITING_AT_GATE) == 1, 10, "the waiting query")
			connection.close()
			self.assert_no_query()

	def test_in_the_middle_of_the_answer(self):
		with Session(harness.cluster(), harness.database()) as gate:
			gate.run(CLOSE_GATE)
			connection = self.server.connect()
			connection.sendall(request_bytes("GET", "/gated_million"))
			self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 200 "))
			self.assertEqual(self.server.backends("state = 'active'"), 1)
			connection.close()
			self.assert_no_query()

	def test_who_never_reads(self):
		"""The client is there but takes nothing, of more than nginx may keep for it: then it goes."""
		server = harness.Server(harness.cluster(), harness.database(),
		                        site=lambda text: text.replace("max_temp_file_size 256m", "max_temp_file_size 1m"))
		self.addCleanup(server.stop)
		connection = server.connect()
		connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
		connection.sendall(request_bytes("GET", "/million"))
		wait_until(lambda: server.backends("state = 'active' AND wait_event = 'ClientWrite'") == 1, 20,
		           "a backend that cannot send")
		connection.close()
		wait_until(lambda: server.backends("state = 'active'") == 0, 5, "the end of the query")

	def test_while_it_waits_for_a_connection(self):
		server = harness.server(db_pool=1)
		with Session(harness.cluster(), harness.database()) as gate:
			gate.run(CLOSE_GATE)
			first = server.in_background("GET", "/gate")
			wait_until(lambda: server.backends(WAITING_AT_GATE) == 1, 10, "the waiting query")
			for _ in range(3):
				connection = server.connect()
				connection.sendall(request_bytes("GET", "/door"))
				connection.close()
			gate.run(OPEN_GATE)
			self.assertEqual(first.result().status, 200)
		self.assertEqual(server.get("/three?order=id").text, ids(1, 2, 3))

	def test_over_fastcgi(self):
		with Session(harness.cluster(), harness.database()) as gate:
			gate.run(CLOSE_GATE)
			connection = fcgi_client.Connection(self.server.socket)
			connection.send(fcgi_client.request_bytes(fcgi_client.params_of("GET", "/gate")))
			wait_until(lambda: self.server.backends(WAITING_AT_GATE) == 1, 10, "the waiting query")
			connection.close()
			self.assert_no_query()


class Ending(unittest.TestCase):
	"""SIGTERM: those in flight finish, then exit 0."""

	def setUp(self):
		self.server = harness.own_server()
		self.addCleanup(self.server.stop)
		self.assertEqual(self.server.get("/three?order=id").text, ids(1, 2, 3))

	def status_of_a_new_request(self, server):
		try:
			return server.get("/three", timeout=10).status
		except TimeoutError:
			self.fail("a new request is left waiting while swm-fcgi ends")

	def test_a_request_in_flight_finishes(self):
		for number, target in ((signal.SIGTERM, "/gate"), (signal.SIGINT, "/gated_million?select=id,n")):
			with self.subTest(target):
				server = harness.own_server()
				self.addCleanup(server.stop)
				with Session(harness.cluster(), harness.database()) as gate:
					gate.run(CLOSE_GATE)
					request = server.in_background("GET", target)
					wait_until(lambda: server.backends(WAITING_AT_GATE) == 1, 20, "the waiting query")
					server.fcgi.popen.send_signal(number)
					# no new request is taken, and nobody is left waiting: nginx says 503 at once
					wait_until(lambda: self.status_of_a_new_request(server) == 503, 20, "the end of taking requests")
					self.assertTrue(server.fcgi.running())
					self.assertTrue(request.running())
					gate.run(OPEN_GATE)
				answer = request.result()
				self.assertEqual((answer.status, answer.complete), (200, True))
				if target == "/gate":
					self.assertEqual(answer.text, array('{"n":1}'))
				else:
					self.assertEqual(answer.body.count(b'{"id":'), 1000000)
				wait_until(lambda: not server.fcgi.running(), 10, "the end of swm-fcgi")
				self.assertEqual(server.fcgi.popen.returncode, 0)

	def test_idle(self):
		start = time.monotonic()
		self.assertEqual(self.server.stop_fcgi(), 0)
		self.assertLess(time.monotonic() - start, 5)
		self.assertFalse(os.path.exists(self.server.socket))
		wait_until(lambda: self.server.backends() == 0, 10, "the end of the connections")

	def test_nginx_says_so(self):
		"""Without swm-fcgi nginx answers 503 in the form of the dialect."""
		self.server.stop_fcgi()
		answer = self.server.get("/three")
		self.assertEqual((answer.status, answer.json["code"]), (503, "PGRST000"))
		self.assertGreaterEqual(int(answer.header("Retry-After")), 1)

	def test_started_again_behind_the_same_nginx(self):
		self.server.fcgi.stop(signal.SIGKILL)
		self.assertTrue(os.path.exists(self.server.socket))  # left behind: must not be in the way
		self.server.start_fcgi()
		self.assertEqual(self.server.get("/three?order=id").text, ids(1, 2, 3))

	def test_socket_in_use(self):
		"""A second one on the same socket must not take it from the first."""
		status, out, err = harness.run_program("swm-fcgi", self.server.configuration, timeout=20)
		self.assertEqual(status, 1)
		self.assertEqual(len(err.decode().splitlines()), 1, err)
		self.assertEqual(self.server.get("/three?order=id").text, ids(1, 2, 3))

	def test_socket_mode(self):
		self.assertEqual(os.stat(self.server.socket).st_mode & 0o777, 0o660)
		server = harness.Server(harness.cluster(), harness.database(), nginx=False, server_unix_socket_mode="600")
		with server:
			self.assertEqual(os.stat(server.socket).st_mode & 0o777, 0o600)


if __name__ == "__main__":
	unittest.main()
