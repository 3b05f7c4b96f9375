"""
Many clients at once: what one of them does costs nobody else. Times are compared with those of
the same run wherever that can be.
"""
import resource
import unittest

import harness
from harness import ids
from load import Client, drive, percentile


def setUpModule():
	"""A thousand sockets."""
	_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
	resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8192) if most > 0 else 8192, most))


def get(target, headers=(), close=False):
	lines = ["GET %s HTTP/1.1" % target, "Host: test", *("%s: %s" % field for field in dict(headers).items())]
	if close:
		lines.append("Connection: close")
	return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Burst(unittest.TestCase):
	TIMEOUT = 4

	def test_a_thousand_at_once(self):
		"""
		More than can be served in time: each is answered, or told so after
		db-pool-acquisition-timeout and not much later. None is refused before.
		"""
		server = harness.own_server(db_pool=4, db_pool_acquisition_timeout=self.TIMEOUT)
		self.addCleanup(server.stop)
		request = get("/fifty_ms", harness.as_role("swm_reader"))
		clients = [Client(server.port, request, times=1) for _ in range(1000)]
		drive(clients, 60)
		kinds = {}
		for client in clients:
			client.close()
			self.assertEqual(len(client.answers), 1, "no answer")
			answer = client.answers[0]
			self.assertTrue(answer.complete)
			kinds.setdefault(answer.status if answer.status == 200 else answer.json["code"], []).append(client.waits[0])
		self.assertEqual(sorted(map(str, kinds)), ["200", "PGRST003"], {key: len(waits) for key, waits in kinds.items()})
		# 4 connections of 20 a second each: at least half of what could be served was
		self.assertGreater(len(kinds[200]), self.TIMEOUT * 4 * 20 / 2)
		self.assertGreater(min(kinds["PGRST003"]), self.TIMEOUT * 0.9)
		self.assertLess(max(kinds["PGRST003"] + kinds[200]), self.TIMEOUT * 2)
		self.assertEqual(server.get("/three?order=id").text, ids(1, 2, 3))


class Fairness(unittest.TestCase):
	CLIENTS, SECONDS = 200, 5

	def test_who_came_first_is_served_first(self):
		"""
		More clients than connections, from the first moment of a server on: nobody waits long
		while others are served again and again.
		"""
		server = harness.own_server(db_pool=10, db_schemas="swm")
		self.addCleanup(server.stop)
		clients = [Client(server.port, get("/devices?id=eq.7")) for _ in range(self.CLIENTS)]
		drive(clients, self.SECONDS)
		waits = [wait for client in clients for wait in client.waits]
		counts = [len(client.waits) for client in clients]
		for client in clients:
			client.close()
			self.assertEqual({answer.status for answer in client.answers}, {200})
		median, slow, longest = (1000 * percentile(waits, share) for share in (0.5, 0.99, 1))
		told = "median %.1f, 99th percentile %.1f, longest %.1f ms; a client had %d to %d answers" % (
			median, slow, longest, min(counts), max(counts))
		self.assertLess(slow, 10 * median, told)
		self.assertLess(longest, 500, told)
