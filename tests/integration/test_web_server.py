"""
What nginx answers by itself with the site that ships (nginx/swm.site): every way in which it
can, and what a client may make of it. Between nginx and the socket stands swm-fcgi, nothing,
or a program of the test's own.

Statuses of nginx that this site never sends: 408 and 499, of which there is no answer; 411, which
nginx 1.22 has no more use for; 416, since the page's files are sent whole; 421, which takes a second
server on the port. The page's 302, 404, 405 and 412 are in test_page_served.py.
"""
import contextlib
import json
import os
import re
import select
import signal
import socket
import ssl
import subprocess
import threading
import unittest

import fcgi_client
import harness
import http2
from harness import as_role, bearer, error_body, request_bytes, token, wait_until
from refused import ORIGIN, REFUSED, head

CROSS_ORIGIN = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers")
GONE = error_body("PGRST000", "swm-fcgi cannot be reached.")
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type, x-custom"}
WRITES = ("POST", "PATCH", "PUT", "DELETE")
READS = ("GET", "HEAD")


def name_of(test):
	return "of-" + test.id().rpartition(".")[2]


def replaced(before, after):
	"""An edit of the site."""
	return lambda site: site.replace(before, after)


def answer_to(server, data):
	"""The first answer; nginx goes on to read what it has refused for a while."""
	with server.connect() as connection:
		connection.sendall(data)
		answer = b""
		while True:
			piece = connection.recv(65536)
			answer += piece
			if piece == b"" or (b"\r\n\r\n" in answer and harness.parse_response(answer).complete):
				return harness.parse_response(answer)


class Program:
	"""A FastCGI program of the test's own: answer(params, body) gives what it writes, or None to hang up."""

	def __init__(self, path, answer):
		self.answer = answer
		self.asked = []
		self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		self.listener.bind(path)
		os.chmod(path, 0o666)
		self.listener.listen(16)
		threading.Thread(target=self._accept, daemon=True).start()

	def close(self):
		self.listener.close()

	def _accept(self):
		while True:
			try:
				connection = self.listener.accept()[0]
			except OSError:
				return
			threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

	def _serve(self, connection):
		with connection, connection.makefile("rb") as file:
			while True:
				try:
					request = self._read(file)
				except ConnectionResetError:
					return
				if request is None:
					return
				self.asked.append(request)
				stdout = self.answer(*request)
				if stdout is None:
					return
				end = fcgi_client.record(fcgi_client.END_REQUEST, fcgi_client.END_BODY.pack(0, 0))
				connection.sendall(fcgi_client.stream(fcgi_client.STDOUT, stdout) + end)

	@staticmethod
	def _read(file):
		streams = {fcgi_client.PARAMS: b"", fcgi_client.STDIN: b""}
		while True:
			header = file.read(fcgi_client.HEADER.size)
			if len(header) < fcgi_client.HEADER.size:
				return None
			_, kind, _, length, padding = fcgi_client.HEADER.unpack(header)
			content = file.read(length + padding)[:length]
			if kind == fcgi_client.STDIN and length == 0:
				return dict(pairs_of(streams[fcgi_client.PARAMS])), streams[fcgi_client.STDIN]
			if kind in streams:
				streams[kind] += content


def pairs_of(content):
	at = 0

	def length():
		nonlocal at
		size = 1 if content[at] < 128 else 4
		value = int.from_bytes(content[at:at + size], "big") & 0x7fffffff
		at += size
		return value

	while at < len(content):
		sizes = length(), length()
		name, value = content[at:at + sizes[0]], content[at + sizes[0]:at + sum(sizes)]
		at += sum(sizes)
		yield name.decode(), value.decode("latin-1")


class WebServer(unittest.TestCase):
	maxDiff = None

	def web_server(self, edit=None, limit=None):
		"""An nginx of the test's own, whose socket nobody has made yet."""
		self.socket = os.path.join(harness.folder(), name_of(self) + ".sock")
		server = harness.WebServer(name_of(self), self.socket, edit, limit)
		self.addCleanup(server.stop)
		return server

	def program(self, answer):
		program = Program(self.socket, answer)
		self.addCleanup(program.close)
		return program

	def assert_error(self, answer, status, code, body=True):
		self.assertEqual(answer.status, status, answer)
		self.assertTrue(answer.complete, answer)
		self.assertTrue(answer.header("Content-Type").startswith("application/json"), answer)
		self.assertEqual(answer.header("Proxy-Status"), "swm; error=" + code)
		if body:
			self.assertEqual(list(answer.json), ["code", "details", "hint", "message"])
			self.assertEqual(answer.json["code"], code)

	def assert_open_to_all(self, answer):
		self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
		self.assertIsNone(answer.header("Access-Control-Allow-Credentials"))

	def assert_may_be_sent_again(self, answer, body=True):
		self.assert_error(answer, 503, "PGRST000", body)
		self.assertGreaterEqual(int(answer.header("Retry-After")), 1)

	def assert_unknown(self, answer, status):
		self.assert_error(answer, status, "SWM001")
		self.assertIsNone(answer.header("Retry-After"))
		self.assertIn("Idempotency-Key", answer.json["hint"])


class NothingThere(WebServer):
	"""No connection to swm-fcgi: nothing can have been done, whatever the method."""

	def all_methods(self, server):
		for method in READS + WRITES + ("OPTIONS",):
			with self.subTest(method):
				body = b"{}" if method in WRITES else None
				answer = server.request(method, "/three?id=eq.1", {"Origin": ORIGIN}, body)
				self.assert_may_be_sent_again(answer, method != "HEAD")
				self.assert_open_to_all(answer)

	def test_no_socket(self):
		server = self.web_server()
		self.all_methods(server)
		self.assertEqual(server.get("/three").text, GONE)

	def test_nobody_listens(self):
		server = self.web_server()
		socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).bind(self.socket)
		self.all_methods(server)

	def test_the_queue_is_full(self):
		server = self.web_server()
		with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
			listener.bind(self.socket)
			os.chmod(self.socket, 0o666)
			listener.listen(0)
			waiting = []
			with self.assertRaises(BlockingIOError):
				while True:
					waiting.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
					waiting[-1].setblocking(False)
					waiting[-1].connect(self.socket)
			self.all_methods(server)
			for connection in waiting:
				connection.close()

	def test_preflight(self):
		"""It is answered as swm-fcgi does, so that the page sees the 503 of what it asks then."""
		server = self.web_server()
		answer, expected = (s.request("OPTIONS", "/three", PREFLIGHT) for s in (server, harness.server()))
		self.assertEqual((answer.status, answer.body), (expected.status, b""))
		names = [name for name, _ in expected.headers if name.startswith("Access-Control-")]
		self.assertIn("Access-Control-Allow-Methods", names)
		for name in names:
			if name != "Access-Control-Expose-Headers":  # of the answer that follows
				self.assertEqual(answer.header(name), expected.header(name), name)

	def test_options_is_no_preflight(self):
		server = self.web_server()
		for headers in ({"Origin": ORIGIN}, {"Access-Control-Request-Method": "POST"}):
			self.assert_may_be_sent_again(server.request("OPTIONS", "/three", headers))

	def test_large_body(self):
		server = self.web_server()
		for head in ({"Content-Length": "100000000"}, {"Transfer-Encoding": "chunked"}):
			with self.subTest(head):
				answer = answer_to(server, request_bytes("POST", "/three", {"Origin": ORIGIN, **head}) + b"0\r\n\r\n")
				self.assert_may_be_sent_again(answer)


	def test_nginx_has_no_more_connections(self):
		"""Of a few that it has, each request that waits for its answer takes two."""
		server = self.web_server(limit="sed -i 's/worker_connections .*/worker_connections 13;/; s/worker_processes .*/"
		                               "worker_processes 1;/' $2/nginx.conf")
		over = threading.Event()
		self.addCleanup(over.set)
		program = self.program(lambda params, body: over.wait(60) and b"Status: 204\r\n\r\n")
		with contextlib.ExitStack() as stack:
			waiting = []
			for count in range(12):
				connection = stack.enter_context(server.connect())
				connection.sendall(request_bytes("POST", "/three", {"Origin": ORIGIN}, b"x" * 20000))
				wait_until(lambda: len(program.asked) > count or select.select([connection], [], [], 0)[0],
				           what="swm-fcgi is asked, or nginx answers")
				if len(program.asked) == count:
					break
				waiting.append(connection)
			answer = harness.read_response(connection)
			self.assert_may_be_sent_again(answer)
			self.assert_open_to_all(answer)
			over.set()
			self.assertEqual({harness.read_response(connection).status for connection in waiting}, {204})


class NoAnswer(WebServer):
	"""swm-fcgi was reached, so that a write may have been done."""

	def expect(self, server, status):
		for method in WRITES:
			with self.subTest(method):
				answer = server.request(method, "/three?id=eq.1", {"Origin": ORIGIN}, b"{}")
				self.assert_unknown(answer, status)
				self.assert_open_to_all(answer)
		for method in READS:
			with self.subTest(method):
				self.assert_may_be_sent_again(server.request(method, "/three"), method != "HEAD")

	def test_it_hangs_up(self):
		server = self.web_server()
		self.program(lambda params, body: None)
		self.expect(server, 502)

	def test_nonsense(self):
		server = self.web_server()
		self.program(lambda params, body: b"no header at all\r\n\r\n")
		self.expect(server, 502)

	def test_a_header_that_is_too_large(self):
		server = self.web_server()
		self.program(lambda params, body: b"Status: 200\r\nX: " + b"x" * 17000 + b"\r\n\r\n")
		self.expect(server, 502)

	def test_no_answer_in_time(self):
		server = self.web_server(replaced("fastcgi_read_timeout 600s", "fastcgi_read_timeout 50ms"))
		late = threading.Event()
		self.addCleanup(late.set)
		self.program(lambda params, body: late.wait(60) and None)
		self.expect(server, 504)

	def test_nobody_accepts(self):
		"""It waits in the queue, and swm-fcgi may yet take it from there."""
		server = self.web_server(replaced("fastcgi_read_timeout 600s", "fastcgi_read_timeout 50ms"))
		with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
			listener.bind(self.socket)
			os.chmod(self.socket, 0o666)
			listener.listen(100)
			self.expect(server, 504)

	def test_gone_between_two_tries(self):
		"""DELETE is sent again over a new connection when a kept one is lost; that there is none then says nothing."""
		server = self.web_server()
		program = self.program(lambda params, body: None)

		def answer(params, body):
			if len(program.asked) == 1:
				return b"Status: 204\r\n\r\n"
			program.close()
			os.unlink(self.socket)
			return None

		program.answer = answer
		with server.connect() as connection:  # one worker of nginx, and its kept connection
			connection.sendall(request_bytes("DELETE", "/a").replace(b"close", b"keep-alive"))
			self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 204"))
			connection.sendall(request_bytes("DELETE", "/b"))
			self.assert_unknown(harness.read_response(connection), 502)

	def test_killed(self):
		"""Under a write that waits for a lock."""
		harness.sql(CREATE.replace("large_bodies", "killed"))
		with harness.own_server(db_schemas="killed") as server, \
				harness.Session(harness.cluster(), harness.database()) as locker:
			locker.run("BEGIN; LOCK killed.lines")
			writing = server.in_background("POST", "/lines", {"Content-Type": "application/json", "Origin": ORIGIN},
			                               b'{"id":1}')
			wait_until(lambda: server.backends("state = 'active' AND wait_event_type = 'Lock'"), what="a write that waits")
			server.stop_fcgi(signal.SIGKILL)
			answer = writing.result()
			self.assert_unknown(answer, 502)
			self.assert_open_to_all(answer)


class Refused(WebServer):
	"""What nginx does not hand on."""

	def test_all(self):
		server = harness.server()
		expected = server.get("/nowhere", {"Origin": ORIGIN})
		for what, (data, status, code) in REFUSED.items():
			with self.subTest(what):
				answer = answer_to(server, data)
				self.assert_error(answer, status, code)
				for name in CROSS_ORIGIN:
					self.assertEqual(answer.header(name), expected.header(name), name)
				self.assertEqual(answer.header("Allow") is not None, status == 405)
				self.assertIsNone(answer.header("Retry-After"))

	def test_statuses_of_the_site(self):
		"""No status that the site has words for is missing above, or in the other tests here."""
		with open(os.path.join(harness.CHECKOUT, "nginx", "snippets", "swm-http.conf")) as file:
			words = re.search(r"map \$status \$swm_message \{(.*?)\n\}", file.read(), re.DOTALL).group(1)
		self.assertEqual({int(status) for status in re.findall(r"^\t(\d+) ", words, re.MULTILINE)},
		                 {status for _, status, _ in REFUSED.values() if status != 400}
		                 | {500, 502, 503, 504, 507}
		                 | {429}   # test_login_limit.py
		                 | {412})  # test_page_served.py

	def test_by_http2(self):
		server = self.web_server(replaced(" backlog=4096;", " backlog=4096 http2;"))
		for what, (data, status, code) in {
			"method": (http2.request_bytes("TRACE", "/three"), 405, "PGRST117"),
			"path": (http2.request_bytes("GET", "/%zz"), 400, "PGRST100"),
			"header": (http2.request_bytes("GET", "/three", [(name, "a" * 60000) for name in "ab"]), 431, "PGRST100"),
			"body": (http2.request_bytes("POST", "/three", [("content-length", "2147483649")], end=False), 413, "PGRST102"),
			"two lengths": (http2.request_bytes("POST", "/three", [("content-length", "20")]), 400, "PGRST100"),
			"nothing behind": (http2.request_bytes("DELETE", "/three"), 503, "PGRST000"),
		}.items():
			with self.subTest(what), server.connect() as connection:
				connection.sendall(data)
				answered, body = http2.read_response(connection)
				self.assertEqual((answered, json.loads(body)["code"]), (status, code))
		with server.connect() as connection:  # one too long, and nginx ends the connection
			connection.sendall(http2.request_bytes("GET", "/three", [("a", "a" * 63000)]))
			self.assertEqual(http2.read_response(connection), (None, b""))

	def test_on_a_port_of_tls(self):
		"""A request without TLS, and, where clients need a certificate, one without or with another's."""
		def make_certificate(name):
			path = os.path.join(harness.folder(), name)
			subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
			                "-subj", "/CN=" + name, "-keyout", path, "-out", path + ".crt"], check=True, capture_output=True)
			os.chmod(path, 0o644)  # the key of nobody
			return path
		ours, other = make_certificate("of-the-site"), make_certificate("of-a-stranger")
		server = self.web_server(replaced(" backlog=4096;", (
			" backlog=4096 ssl;\n\tssl_certificate %(ours)s.crt;\n\tssl_certificate_key %(ours)s;\n"
			"\tssl_verify_client on;\n\tssl_client_certificate %(ours)s.crt;\n") % {"ours": ours}))
		self.assert_error(answer_to(server, head()), 400, "PGRST100")
		for certificate in (None, other):
			with self.subTest(certificate):
				context = ssl._create_unverified_context()
				if certificate:
					context.load_cert_chain(certificate + ".crt", certificate)
				with server.connect() as plain, context.wrap_socket(plain) as connection:
					connection.sendall(head())
					answer = harness.read_response(connection)
				self.assert_error(answer, 400, "PGRST100")
				self.assert_open_to_all(answer)

	def test_a_slow_client(self):
		"""nginx closes the connection (408 in its log), and says nothing."""
		server = self.web_server(replaced("	server_name _;", "	server_name _;\n	client_header_timeout 50ms;\n"
		                                  "	client_body_timeout 50ms;"))
		for data in (b"GET / HTTP/1.1\r\nHost: t\r\n", request_bytes("POST", "/", {"Content-Length": "10"})):
			with server.connect() as connection:
				connection.sendall(data)
				self.assertEqual(connection.recv(4096), b"")

	def test_many_short_fields(self):
		"""
		A header that does not fit FastCGI's record is too large, with any field and any body.
		Some versions of nginx refuse more than 1,000 fields (max_headers), which is 431 too.
		"""
		server = self.web_server()
		self.program(lambda params, body: b"Status: 204\r\n\r\n")
		bodies = {
			"none": head(), "short": head("POST", Content_Length="0020") + b"x" * 20,
			"in a file": head("POST", Content_Length="20000") + b"x" * 20000,
			"large": head("POST", Content_Length="100000", **bearer("x")) + b"x" * 100000,
			"chunked": head("POST", Transfer_Encoding="chunked") + b"2\r\nxx\r\n0\r\n\r\n",
			"with a suffix": head(target="/three.csv"),
		}
		for what, data in bodies.items():
			for field in (b"A:\n", b"X-Field: 0123456789\r\n", b"X: %s\r\n" % (b"y" * 60), b"X: %s\r\n" % (b"y" * 4000)):
				answers = set()
				for length in (20000, 24500, 40000, 57000, 60000, 62000, 63000, 63900, 65000):
					fields = field * ((length - data.index(b"\r\n\r\n")) // len(field))
					answer = answer_to(server, data.replace(b"Host:", fields + b"Host:", 1))
					with self.subTest(what, field=field[:20], length=length):
						answers.add(answer.status)
						if answer.status != 204:
							self.assert_error(answer, 431, "PGRST100")
							self.assert_open_to_all(answer)
				self.assertIn(431, answers, (what, field[:20]))

	def test_zeros_before_the_length(self):
		"""A short body needs no token, however its length is written, and a large one needs it."""
		server = self.web_server()
		self.program(lambda params, body: b"Status: 403\r\nSwm-Refusal: none\r\n\r\n"
		             if "SWM_ASKS" in params else b"Status: 204\r\n\r\n")
		for length, status in ((20, 204), (65536, 204), (65537, 401), (100000, 401)):
			for zeros in ("", "0", "0" * 10):
				data = head("POST", Content_Length=zeros + str(length)) + b"x" * length
				with self.subTest(length=length, zeros=zeros):
					self.assertEqual(answer_to(server, data).status, status)

	def test_without_a_file_for_the_body(self):
		"""SIGXFSZ ignored, write(2) fails at the limit as it does on a full disk."""
		server = self.web_server(limit="trap '' XFSZ; ulimit -f 64")
		self.program(lambda params, body: b"Status: 204\r\n\r\n")
		self.assertEqual(server.request("POST", "/three", bearer("x"), b"x" * 20000).status, 204)
		answer = server.request("POST", "/three", {"Origin": ORIGIN, **bearer("x")}, b"x" * 200000)
		self.assert_error(answer, 507, "PGRSTX00")
		self.assert_open_to_all(answer)
		chunked = request_bytes("POST", "/three", {"Origin": ORIGIN, "Transfer-Encoding": "chunked"})
		self.assert_error(answer_to(server, chunked + b"20000\r\n" + b"x" * 0x20000 + b"\r\n0\r\n\r\n"), 507, "PGRSTX00")

	def test_any_other_error(self):
		"""The question whether the token is good, answered by neither of the two."""
		server = self.web_server()
		self.program(lambda params, body: b"Status: 500\r\n\r\n")
		answer = server.request("POST", "/three", {"Origin": ORIGIN, **bearer("x")}, b"x" * 200000)
		self.assert_error(answer, 500, "PGRSTX00")
		self.assert_open_to_all(answer)


class Origins(WebServer):
	"""A list of origins, in swm.conf and in the site."""
	LISTED = "http://a.example"

	def test_list(self):
		edit = replaced('	default "*";', '	default "";\n	"%s" $http_origin;' % self.LISTED)
		with harness.Server(harness.cluster(), harness.database(), site=edit,
		                    server_cors_allowed_origins=self.LISTED) as server:
			for origin in (self.LISTED, "http://b.example", "http://a.example.evil"):
				theirs = server.get("/nowhere", {"Origin": origin})
				for method, headers, status in (("TRACE", {}, 405), ("POST", {"Content-Length": "2147483649"}, 413)):
					with self.subTest(origin=origin, method=method):
						ours = answer_to(server, request_bytes(method, "/three", {"Origin": origin, **headers}))
						self.assertEqual(ours.status, status)
						for name in CROSS_ORIGIN[:2]:
							self.assertEqual(ours.header(name), theirs.header(name), name)
						self.assertEqual(ours.header("Vary"), "Origin")
			before = server.request("OPTIONS", "/three", {**PREFLIGHT, "Origin": self.LISTED})
			server.stop_fcgi()
			after = server.request("OPTIONS", "/three", {**PREFLIGHT, "Origin": self.LISTED})
			for name, value in before.headers:
				if name.startswith("Access-Control-") and name != CROSS_ORIGIN[2]:
					self.assertEqual(after.header(name), value)
			self.assertIsNone(server.request("OPTIONS", "/three", PREFLIGHT).header("Access-Control-Allow-Origin"))


NDJSON = "application/x-ndjson"
CREATE = """
DROP SCHEMA IF EXISTS large_bodies CASCADE;
CREATE SCHEMA large_bodies;
CREATE TABLE large_bodies.lines (id int, t text);
GRANT USAGE ON SCHEMA large_bodies TO swm_anon;
GRANT ALL ON large_bodies.lines TO swm_anon;
"""


def chunked(body, size=8192):
	pieces = [body[at:at + size] for at in range(0, len(body), size)]
	return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def line(length):
	"""A row in so many bytes."""
	return b'{"id":1,"t":"%s"}\n' % (b"x" * (length - 16))


class LargeBodies(WebServer):
	"""More than 64 KiB is taken from nobody without a good token."""

	@classmethod
	def setUpClass(cls):
		harness.sql(CREATE)
		cls.server = harness.server(db_schemas="large_bodies")

	def setUp(self):
		harness.sql("TRUNCATE large_bodies.lines")

	def send_unread(self, headers, data):
		"""The answer to a request of which nothing more is sent than this."""
		return answer_to(self.server, request_bytes("POST", "/lines", {"Content-Type": NDJSON, **headers}) + data)

	def post(self, headers, body):
		return answer_to(self.server, request_bytes("POST", "/lines", {"Content-Type": NDJSON, "Origin": ORIGIN, **headers}, body))

	def rows(self):
		return int(harness.sql("SELECT count(*) FROM large_bodies.lines"))

	def kept(self):
		folder = os.path.join(self.server.prefix, "body")
		return [name for _, _, files in os.walk(folder) for name in files]

	def test_300_megabytes_of_a_stranger(self):
		for headers, code, words in (
			({}, "PGRST302", "A request body of this size needs a token"),
			(bearer("x.y.z"), "PGRST301", None),
			(bearer(token({"role": "swm_anon"}, secret="another secret, of 32 characters or more")), "PGRST301", None),
			(bearer(token({"role": "swm_anon", "exp": 1})), "PGRST303", None),
		):
			with self.subTest(code):
				answer = self.send_unread({"Content-Length": "300000000", "Origin": ORIGIN, **headers}, b"x" * 65536)
				self.assert_error(answer, 401, code)
				self.assert_open_to_all(answer)
				theirs = self.server.get("/lines", {"Origin": ORIGIN, **headers}) if headers else answer
				self.assertEqual(answer.text, theirs.text)
				self.assertEqual(answer.header("WWW-Authenticate"), theirs.header("WWW-Authenticate"))
				self.assertTrue(answer.header("WWW-Authenticate").startswith("Bearer"))
				if words:
					self.assertEqual(answer.json["message"], words)
				self.assertEqual(self.kept(), [])

	def test_it_is_not_asked_for(self):
		"""Expect: 100-continue: a client that waits does not even begin."""
		answer = self.send_unread({"Content-Length": "300000000", "Expect": "100-continue"}, b"")
		self.assertEqual(answer.status, 401)

	def test_of_unknown_length(self):
		endless = chunked(b"x" * 70000)[:-5]
		answer = self.send_unread({"Transfer-Encoding": "chunked", "Origin": ORIGIN}, endless)
		self.assert_error(answer, 413, "PGRST102")
		self.assert_open_to_all(answer)
		self.assertEqual((self.rows(), self.kept()), (0, []))

	def test_of_a_method_without_one(self):
		for method in ("GET", "DELETE", "FOO"):
			with self.subTest(method):
				answer = answer_to(self.server, request_bytes(method, "/lines", {"Content-Length": "70000"}) + b"x" * 70000)
				self.assertEqual(answer.status, 401)
				data = request_bytes(method, "/lines", {"Transfer-Encoding": "chunked"}) + chunked(b"x" * 70000)
				self.assertEqual(answer_to(self.server, data).status, 413)

	def test_the_limit(self):
		self.assertEqual(self.post({}, line(65536)).status, 201)
		self.assertEqual(self.post({}, line(65537)).status, 401)
		self.assertEqual(self.rows(), 1)

	def test_small_ones_of_anybody(self):
		answer = self.post({}, line(100))
		self.assertEqual((answer.status, answer.header("WWW-Authenticate")), (201, None))
		data = request_bytes("POST", "/lines", {"Content-Type": NDJSON, "Transfer-Encoding": "chunked"})
		answer = self.server.send(data + chunked(line(60000)))
		self.assertEqual((answer.status, answer.header("WWW-Authenticate")), (201, None))
		self.assertEqual(self.rows(), 2)

	def test_with_a_token(self):
		self.assertEqual(self.post(as_role("swm_anon"), line(70000) * 40).status, 201)
		data = request_bytes("POST", "/lines", {"Content-Type": NDJSON, "Transfer-Encoding": "chunked", **as_role("swm_anon")})
		self.assertEqual(self.server.send(data + chunked(line(70000) * 40)).status, 201)
		self.assertEqual(self.rows(), 80)
		wait_until(lambda: not self.kept(), what="the end of the bodies' files")

	def test_who_is_asked(self):
		"""Only of a large body swm-fcgi is asked first, and then without it."""
		server = self.web_server()
		program = self.program(lambda params, body: b"Status: 204\r\n\r\n")
		for size, questions in ((0, 0), (65536, 0), (65537, 1), (10000000, 1)):
			with self.subTest(size):
				program.asked.clear()
				headers = {"SWM-Asks": "authorization", "HTTP-SWM-Asks": "authorization"}  # a client cannot ask
				self.assertEqual(server.send(request_bytes("POST", "/a?b=%20c", headers, b"x" * size)).status, 204)
				self.assertEqual([(params.get("SWM_ASKS"), len(body)) for params, body in program.asked],
				                 [("authorization", 0)] * questions + [(None, size)])
				self.assertEqual({params["REQUEST_URI"] for params, _ in program.asked}, {"/a?b=%20c"})
				self.assertEqual(program.asked[-1][0]["CONTENT_LENGTH"], str(size))
				self.assertEqual(program.asked[-1][0]["REQUEST_METHOD"], "POST")

	def test_the_question(self):
		def ask(*headers, asks="authorization"):
			with fcgi_client.Connection(self.server.socket) as connection:
				return connection.request(fcgi_client.params_of("GET", "/nowhere", headers, SWM_ASKS=asks), keep=False)

		good = ("Authorization", as_role("swm_anon")["Authorization"])
		self.assertEqual((ask(good).status, ask(good).body), (204, b""))
		answer = ask()
		self.assertEqual((answer.status, answer.header("Swm-Refusal")), (403, answer.body.decode()))
		self.assertEqual(json.loads(answer.body)["code"], "PGRST302")
		self.assertEqual(ask(good, asks="").status, 404)


if __name__ == "__main__":
	unittest.main()
