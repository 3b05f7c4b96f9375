"""
FastCGI as a web server speaks it and as none should, over swm-fcgi's own socket
(https://fastcgi-archives.github.io/FastCGI_Specification.html). Whatever is sent, the
process lives on and the next request is served.
"""
import struct
import unittest

import fcgi_client
import harness
from fcgi_client import begin, pair, params_of, record, request_bytes, stream
from harness import ids

GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE = 9, 10, 11
CANT_MPX_CONN, UNKNOWN_ROLE = 1, 3
THREE = params_of("GET", "/three?order=id")


class FastCgi(unittest.TestCase):
	def setUp(self):
		self.server = harness.server()
		self.process = self.server.fcgi.popen.pid

	def tearDown(self):
		"""The next request, in the same process."""
		with self.connect() as connection:
			self.assert_served(connection)
		self.assertTrue(self.server.fcgi.running())
		self.assertEqual(self.server.fcgi.popen.pid, self.process)

	def connect(self):
		return fcgi_client.Connection(self.server.socket)

	def assert_served(self, connection, request_id=1):
		answer = connection.request(THREE, request_id=request_id)
		self.assertEqual((answer.status, answer.body.decode()), (200, ids(1, 2, 3)))

	def assert_ends(self, data):
		"""The connection ends without an answer."""
		with self.connect() as connection:
			connection.send(data)
			self.assertTrue(connection.at_end())


class Management(FastCgi):
	def test_values(self):
		"""Those that are known are told, each once; the connection goes on (section 4.1)."""
		for names, told in [
			(("FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS", "FCGI_MPXS_CONNS"), pair("FCGI_MPXS_CONNS", "0")),
			(("FCGI_MPXS_CONNS",) * 20, pair("FCGI_MPXS_CONNS", "0")),
			(("FCGI_MAX_CONNS", "FCGI_MAX_REQS") * 2, b""),
			((), b""),
		]:
			with self.subTest(names), self.connect() as connection:
				connection.send(record(GET_VALUES, b"".join(pair(name, "") for name in names), 0))
				self.assertEqual(connection.read_record(), (GET_VALUES_RESULT, 0, told))
				self.assert_served(connection)

	def test_values_that_are_no_pairs(self):
		self.assert_ends(record(GET_VALUES, b"\x7fFCGI", 0))

	def test_a_large_record(self):
		self.assert_ends(record(GET_VALUES, b"\0" * 65535, 0))

	def test_an_unknown_type(self):
		with self.connect() as connection:
			connection.send(record(99, b"abc", 0))
			self.assertEqual(connection.read_record(), (UNKNOWN_TYPE, 0, b"\x63" + b"\0" * 7))
			self.assert_served(connection)


class Parameters(FastCgi):
	def test_a_length_beyond_the_record(self):
		longest = struct.pack(">I", 0x7FFFFFFE | 1 << 31)
		for content in (longest + b"\x01A", b"\x01" + longest + b"A", longest + longest, b"\x05\x05abc", b"\x81", b"\x01"):
			with self.subTest(content):
				self.assert_ends(begin() + stream(fcgi_client.PARAMS, content))

	def test_more_than_one_record(self):
		"""The stream of parameters may be of any number of records (section 5.2)."""
		headers = [("X-H%d" % n, "v" * 1000) for n in range(200)]
		with self.connect() as connection:
			answer = connection.request(params_of("GET", "/three?order=id", headers))
			self.assertEqual((answer.status, answer.body.decode()), (200, ids(1, 2, 3)))
			self.assert_served(connection)

	def test_a_byte_in_a_record(self):
		content = b"".join(pair(name, value) for name, value in THREE)
		with self.connect() as connection:
			connection.send(begin() + b"".join(record(fcgi_client.PARAMS, content[n:n + 1]) for n in range(len(content)))
			                + record(fcgi_client.PARAMS) + stream(fcgi_client.STDIN, b""))
			self.assertEqual(connection.answer().body.decode(), ids(1, 2, 3))

	def test_too_many(self):
		with self.connect() as connection:
			answer = connection.request(params_of("GET", "/three", [("X-H%d" % n, "v" * 1000) for n in range(2000)]))
			self.assertEqual(answer.status, 431)
			self.assertIn(b'"code":"PGRST100"', answer.body)
			self.assert_served(connection)


class Requests(FastCgi):
	def test_two_at_once(self):
		"""The second is refused with FCGI_CANT_MPX_CONN, the first is answered (section 5.5)."""
		with self.connect() as connection:
			connection.send(begin(request_id=1) + begin(request_id=2))
			kind, of, content = connection.read_record()
			self.assertEqual((kind, of), (fcgi_client.END_REQUEST, 2))
			self.assertEqual(fcgi_client.END_BODY.unpack(content), (0, CANT_MPX_CONN))
			connection.send(request_bytes(THREE, request_id=1)[len(begin()):])
			self.assertEqual(connection.answer(1).body.decode(), ids(1, 2, 3))

	def test_another_role(self):
		with self.connect() as connection:
			connection.send(record(fcgi_client.BEGIN_REQUEST, fcgi_client.BEGIN_BODY.pack(2, 1)))
			kind, _, content = connection.read_record()
			self.assertEqual(kind, fcgi_client.END_REQUEST)
			self.assertEqual(fcgi_client.END_BODY.unpack(content), (0, UNKNOWN_ROLE))
			self.assert_served(connection, 7)

	def test_one_after_another_sent_at_once(self):
		with self.connect() as connection:
			connection.send(b"".join(request_bytes(THREE, request_id=n) for n in (1, 2, 3)))
			for n in (1, 2, 3):
				self.assertEqual(connection.answer(n).body.decode(), ids(1, 2, 3))

	def test_broken(self):
		for data in (b"GET /three HTTP/1.1\r\n\r\n", begin() + begin(), begin() + record(fcgi_client.STDIN, b"abc"),
		             record(fcgi_client.BEGIN_REQUEST, b"abc"), begin() + record(fcgi_client.ABORT_REQUEST)):
			with self.subTest(data):
				self.assert_ends(data)


class Threads(FastCgi):
	"""A connection that has no request costs no thread, and half a request not for ever."""

	def setUp(self):
		self.server = harness.server(server_threads=2, server_stall_timeout=1)
		self.process = self.server.fcgi.popen.pid

	def test_more_kept_connections_than_threads(self):
		connections = [self.connect() for _ in range(20)]
		for connection in [*connections, *reversed(connections)]:
			with self.subTest():
				self.assert_served(connection)
		for connection in connections:
			connection.close()

	def test_half_a_request(self):
		"""The connection ends after server-stall-timeout, also in the middle of a body."""
		whole = request_bytes(params_of("POST", "/three", CONTENT_LENGTH="9"), b"[" * 9)
		for half in (whole[:3], whole[:60], whole[:-20]):
			with self.subTest(half), self.connect() as connection:
				connection.send(half)
				self.assertTrue(connection.ends())
