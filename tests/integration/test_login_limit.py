"""
Guessing passwords: the shipped site lets an address ask for swm.login ten times a minute, after
five at once. Here one in a minute, so that nothing is let through again while the test runs.
"""
import unittest

import harness

LOGIN = "/rpc/login"
JSON = {"Content-Type": "application/json", "Origin": "https://app.example"}
BODY = b'{"name":"nobody","password":"wrong wrong"}'


class Limit(unittest.TestCase):
	def setUp(self):
		swm = harness.server(db_schemas="swm")
		self.server = harness.WebServer("login-limit-" + self._testMethodName, swm.socket, login_rate="1r/m")
		self.addCleanup(self.server.stop)

	def ask(self, target, method="POST"):
		lines = ["%s %s HTTP/1.1" % (method, target), "Host: test", "Connection: close"]
		lines += ["%s: %s" % field for field in JSON.items()]
		if method == "POST":
			lines.append("Content-Length: %d" % len(BODY))
		request = "\r\n".join(lines).encode() + b"\r\n\r\n" + (BODY if method == "POST" else b"")
		return self.server.send(request, head=method == "HEAD")

	def test_the_seventh_attempt_is_told_to_wait(self):
		statuses = [self.ask(LOGIN).status for _ in range(6)]
		self.assertNotIn(429, statuses)
		answer = self.ask(LOGIN)
		self.assertEqual((answer.status, answer.json["code"]), (429, "SWM008"))
		self.assertEqual(answer.header("Retry-After"), "6")
		self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")

	def test_no_spelling_of_the_path_is_another_one(self):
		for _ in range(6):
			self.ask(LOGIN)
		for target in ("/rpc/%6cogin", "/%72pc/login", "//rpc/login", "/rpc//login", "/rpc/login?x=1",
		               "/./rpc/login", "/x/../rpc/login", "/rpc/login/", "/rpc/login#x"):
			with self.subTest(target):
				self.assertEqual(self.ask(target).status, 429)
		for method in ("GET", "HEAD", "PUT"):
			with self.subTest(method):
				self.assertEqual(self.ask(LOGIN, method).status, 429)

	def test_nothing_else_is_limited(self):
		for _ in range(7):
			self.ask(LOGIN)
		for target in ("/devices?limit=1", "/rpc/consumption_span"):
			self.assertEqual(self.ask(target, "GET").status, 200)
		self.assertEqual(self.ask(LOGIN, "OPTIONS").status, 200)
