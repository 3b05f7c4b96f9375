"""
Anonymous requests that wait occupy a part of swm-fcgi's threads only. They come over FastCGI and
not through nginx, so that it is certain in which order; a locked table holds them for as long as a
test wants.
"""
import json
import re
import select
import signal
import socket
import unittest

import fcgi_client
import harness
from fcgi_client import params_of, request_bytes
from harness import Session, ids, wait_until

THREADS, POOL = 8, 4  # of which anonymous requests have 4 and 3
SOMEBODY = harness.as_role("swm_reader").items()
JSON = [("Content-Type", "application/json")]
ANON_KEY = harness.as_role(harness.ANON_ROLE).items()


def listens(server):
	with socket.socket(socket.AF_UNIX) as probe:
		return probe.connect_ex(server.socket) == 0


def answered(connections):
	return [one for one in connections if select.select([one.socket], [], [], 0)[0]]


class Anonymous(unittest.TestCase):
	def serve(self, **settings):
		settings = {"server_threads": THREADS, "db_pool": POOL, "log_level": "info",
		            "db_pool_acquisition_timeout": 60, **settings}
		server = harness.Server(harness.cluster(), harness.database(), nginx=False,
		                        **settings)
		self.addCleanup(server.stop)
		return server

	def close_door(self):
		lock = Session(harness.cluster(), harness.database())
		self.addCleanup(lock.close)
		lock.run("BEGIN; LOCK TABLE test.door")
		return lock

	def connect(self, server, timeout=30):
		connection = fcgi_client.Connection(server.socket, timeout)
		self.addCleanup(connection.close)
		return connection

	def send(self, server, target, headers=(), method="GET", body=b""):
		"""A request whose answer is read later; it is the newest of all."""
		connection = self.connect(server)
		length = {"CONTENT_LENGTH": str(len(body))} if body else {}
		connection.send(request_bytes(params_of(method, target, headers, **length), body))
		return connection

	def await_full(self, server, count=3):
		wait_until(lambda: server.backends("wait_event_type = 'Lock'") == count, 10,
		           "queries that wait")

	def assert_somebody_is_served(self, server, times=20):
		with self.connect(server) as connection:
			for _ in range(times):
				self.assert_three(connection, SOMEBODY)

	def assert_three(self, connection, headers=()):
		answer = connection.request(params_of("GET", "/three?order=id", headers))
		self.assertEqual((answer.status, answer.body.decode()), (200, ids(1, 2, 3)))

	def assert_answers(self, connections, text=ids(1)):
		for connection in connections:
			answer = connection.answer()
			self.assertEqual((answer.status, answer.body.decode()), (200, text))


class Beside(Anonymous):
	def check(self, *headers):
		server = self.serve()
		with self.close_door() as lock:
			slow = [self.send(server, "/door", headers[i % len(headers)])
			        for i in range(48)]
			self.await_full(server)
			self.assert_somebody_is_served(server)
			self.assertEqual(answered(slow), [])
			lock.run("COMMIT")
			self.assert_answers(slow)

	def test_without_a_token(self):
		self.check(())

	def test_with_the_token_of_the_anonymous_role(self):
		"""Such a token is public, so it is nobody's."""
		self.check(ANON_KEY)

	def test_with_and_without(self):
		self.check((), ANON_KEY)

	def test_the_program_is_seen_to_be_up(self):
		server = self.serve()
		with self.close_door() as lock:
			slow = [self.send(server, "/door") for _ in range(8)]
			self.await_full(server)
			status, out, _ = harness.run_program("swm", "status", server.configuration)
			self.assertEqual((status, json.loads(out)["fcgi"]["status"]), (0, 200))
			self.assertEqual(answered(slow), [])
			lock.run("COMMIT")
			self.assert_answers(slow)

	def test_requests_with_a_token_do_not_starve_them(self):
		"""More of those than threads, again and again: the parked are served too."""
		server = self.serve()
		with self.close_door() as lock:
			slow = [self.send(server, "/door") for _ in range(12)]
			self.await_full(server)
			lock.run("COMMIT")
		request = request_bytes(params_of("GET", "/fifty_ms", SOMEBODY))
		others = [self.connect(server) for _ in range(2 * THREADS)]
		for connection in others:
			connection.send(request)

		def go_on():
			for connection in answered(others):
				self.assertEqual(connection.answer().status, 200)
				connection.send(request)
			return len(answered(slow)) == len(slow)

		wait_until(go_on, 30, "the answers of the parked")
		self.assert_answers(slow)
		self.assert_answers(others)

	def test_bodies(self):
		"""What was read of a request before it was parked is served as it was."""
		server = self.serve()
		bodies = [b'{"n": %d, "place": 0}%s' % (n, b" " * (n * 5000)) for n in range(1, 9)]
		with self.close_door() as lock:
			slow = [self.send(server, "/door") for _ in range(5)]
			self.await_full(server)
			posts = [self.send(server, "/rpc/wait_at", JSON, "POST", body)
			         for body in bodies]
			self.assert_somebody_is_served(server, 1)
			self.assertEqual(answered(posts), [])
			lock.run("COMMIT")
			self.assert_answers(slow)
		for n, connection in enumerate(posts, 1):
			self.assert_answers([connection], str(n))
			self.assert_three(connection)


class Turns(Anonymous):
	def test_in_the_order_of_arrival(self):
		"""One at a time: a place, a connection."""
		server = self.serve(server_threads=2, db_pool=2)
		with self.close_door() as lock:
			first = self.send(server, "/door")
			self.await_full(server, 1)
			parked = [self.send(server, "/three?id=eq.1&limit=%d" % n)
			          for n in range(1, 11)]
			self.assert_somebody_is_served(server, 1)
			lock.run("COMMIT")
			self.assert_answers([first])
		self.assert_answers(parked)
		turns = re.findall(r"eq\.1&limit=(\d+)", server.log())
		self.assertEqual(turns, [str(n) for n in range(1, 11)])

	def test_too_late(self):
		"""Those who get no connection in time are told so, parked or not."""
		server = self.serve(db_pool_acquisition_timeout=2)
		with self.close_door() as lock:
			slow = [self.send(server, "/door") for _ in range(20)]
			self.await_full(server)
			wait_until(lambda: len(answered(slow)) == 17, 20, "17 answers")
			for connection in answered(slow):
				slow.remove(connection)
				answer = connection.answer()
				self.assertEqual(answer.status, 504)
				self.assertIn(b'"PGRST003"', answer.body)
			self.assert_somebody_is_served(server, 1)
			lock.run("COMMIT")
			self.assert_answers(slow)

	def test_who_goes_away_is_forgotten(self):
		server = self.serve()
		with self.close_door() as lock:
			slow = [self.send(server, "/door") for _ in range(5)]
			self.await_full(server)
			gone = [self.send(server, "/three?id=eq.2") for _ in range(5)]
			stay = [self.send(server, "/three?id=eq.1") for _ in range(5)]
			self.assert_somebody_is_served(server, 1)
			for connection in gone:
				connection.close()
			wait_until(lambda: server.log().count("went away") == 5, 10, "five lines")
			self.assertEqual(server.log().count("eq.2"), 5)
			self.assertEqual(answered(slow + stay), [])
			lock.run("COMMIT")
			self.assert_answers(slow + stay)

	def test_the_end_of_the_program(self):
		"""Each request that has come is answered before it ends."""
		server = self.serve()
		with self.close_door() as lock:
			slow = [self.send(server, "/door") for _ in range(30)]
			self.await_full(server)
			self.assert_somebody_is_served(server, 1)
			server.fcgi.popen.send_signal(signal.SIGTERM)
			wait_until(lambda: not listens(server), 10, "the end of the socket")
			self.assertEqual(answered(slow), [])
			lock.run("COMMIT")
			self.assert_answers(slow)
		self.assertEqual(server.fcgi.popen.wait(15), 0)


if __name__ == "__main__":
	unittest.main()
