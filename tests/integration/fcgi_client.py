"""A small FastCGI client: speaks to swm-fcgi over its unix socket, with no web server between.

It sends what a web server may send (https://fastcgi-archives.github.io/FastCGI_Specification.html)
and also what none should: repeated parameters, half a request, a closed connection.

    with Connection(path) as connection:
        answer = connection.request(params_of("GET", "/devices?id=eq.15"))
        assert answer.status == 200
"""

import socket
import struct

BEGIN_REQUEST = 1
ABORT_REQUEST = 2
END_REQUEST = 3
PARAMS = 4
STDIN = 5
STDOUT = 6
STDERR = 7

RESPONDER = 1
KEEP_CONN = 1
REQUEST_COMPLETE = 0

HEADER = struct.Struct(">BBHHBx")
BEGIN_BODY = struct.Struct(">HB5x")
END_BODY = struct.Struct(">IB3x")
MAX_CONTENT = 65535


class Incomplete(Exception):
	"""The connection ended, or turned to nonsense, before FCGI_END_REQUEST."""

	def __init__(self, reason, stdout):
		super().__init__(f"{reason} after {len(stdout)} bytes of output")
		self.stdout = bytes(stdout)


class Answer:
	"""What came back: status, header fields in order, body, and the ends of the protocol."""

	def __init__(self, stdout, stderr, app_status, protocol_status):
		self.stdout = stdout
		self.stderr = stderr
		self.app_status = app_status
		self.protocol_status = protocol_status
		head, separator, self.body = stdout.partition(b"\r\n\r\n")
		if not separator:
			raise Incomplete("no end of the header fields", stdout)
		self.fields = []
		for line in head.split(b"\r\n"):
			name, _, value = line.partition(b":")
			self.fields.append((name.decode("latin-1"), value.strip().decode("latin-1")))

	def header(self, name):
		"""All values of a header field, joined by commas; None when there is none."""
		values = [value for field, value in self.fields if field.lower() == name.lower()]
		return ", ".join(values) if values else None

	@property
	def status(self):
		return int((self.header("Status") or "200").split()[0])


def params_of(method, target, headers=(), **more):
	"""The parameters that nginx makes of a request, as (name, value) pairs; more adds any others."""
	path, _, query = target.partition("?")
	params = [
		("REQUEST_METHOD", method),
		("REQUEST_URI", target),
		("DOCUMENT_URI", path),
		("QUERY_STRING", query),
		("SERVER_PROTOCOL", "HTTP/1.1"),
		("REMOTE_ADDR", "127.0.0.1"),
		("CONTENT_TYPE", ""),
		("CONTENT_LENGTH", ""),
	]
	params += [("HTTP_" + name.upper().replace("-", "_"), value) for name, value in headers]
	return params + list(more.items())


def record(kind, content=b"", request_id=1):
	"""One record; the content is padded to a multiple of 8 bytes."""
	padding = -len(content) % 8
	return HEADER.pack(1, kind, request_id, len(content), padding) + content + b"\0" * padding


def stream(kind, content, request_id=1):
	"""A whole stream: records of at most 65,535 bytes, and the empty one that ends it."""
	pieces = [content[at:at + MAX_CONTENT] for at in range(0, len(content), MAX_CONTENT)]
	return b"".join(record(kind, piece, request_id) for piece in [*pieces, b""])


def pair(name, value):
	"""One name and value; either may be str or bytes."""
	def length(text):
		return bytes([len(text)]) if len(text) < 128 else struct.pack(">I", len(text) | 1 << 31)

	name, value = (part.encode() if isinstance(part, str) else part for part in (name, value))
	return length(name) + length(value) + name + value


def begin(keep=True, request_id=1):
	return record(BEGIN_REQUEST, BEGIN_BODY.pack(RESPONDER, KEEP_CONN if keep else 0), request_id)


def request_bytes(params, body=b"", keep=True, request_id=1):
	"""A whole request as it goes over the wire. params: (name, value) pairs, names may repeat."""
	content = b"".join(pair(name, value) for name, value in params)
	return begin(keep, request_id) + stream(PARAMS, content, request_id) + stream(STDIN, body, request_id)


class Connection:
	"""A connection to a FastCGI program; timeout in seconds bounds each wait."""

	def __init__(self, path, timeout=30):
		self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		self.socket.settimeout(timeout)
		self.socket.connect(path)
		self.buffer = b""

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.close()

	def close(self):
		"""Goes away at once, also in the middle of a request."""
		self.socket.close()

	def send(self, data):
		self.socket.sendall(data)

	def request(self, params, body=b"", keep=True, request_id=1):
		"""Sends a request and reads its answer."""
		self.send(request_bytes(params, body, keep, request_id))
		return self.answer(request_id)

	def answer(self, request_id=1):
		"""Reads until FCGI_END_REQUEST. Raises Incomplete, with what had come, when that never comes."""
		streams = {STDOUT: bytearray(), STDERR: bytearray()}
		while True:
			kind, of, content = self._record(streams[STDOUT])
			if of != request_id:
				raise Incomplete(f"a record of request {of}", streams[STDOUT])
			if kind == END_REQUEST:
				return Answer(bytes(streams[STDOUT]), bytes(streams[STDERR]), *END_BODY.unpack(content))
			if kind not in streams:
				raise Incomplete(f"a record of type {kind}", streams[STDOUT])
			streams[kind] += content

	def read_some(self):
		"""Waits for the first bytes of an answer, which stay to be read; False at the end."""
		if not self.buffer:
			self.buffer = self.socket.recv(65536)
		return self.buffer != b""

	def at_end(self):
		"""Waits for the other side to close; whether it did so without sending more."""
		if self.buffer:
			return False
		try:
			return self.socket.recv(1) == b""
		except ConnectionResetError:
			return True

	def ends(self):
		"""Reads to the end; whether it comes without FCGI_END_REQUEST."""
		try:
			while True:
				if self.read_record()[0] == END_REQUEST:
					return False
		except Incomplete:
			return True

	def read_record(self):
		"""The next record as (type, request id, content), whatever it is."""
		return self._record(b"")

	def _record(self, so_far):
		version, kind, request_id, length, padding = HEADER.unpack(self._take(HEADER.size, so_far))
		if version != 1:
			raise Incomplete(f"a record of version {version}", so_far)
		return kind, request_id, self._take(length + padding, so_far)[:length]

	def _take(self, count, so_far):
		while len(self.buffer) < count:
			try:
				data = self.socket.recv(65536)
			except ConnectionResetError:
				data = b""
			if not data:
				raise Incomplete("the connection ended", so_far)
			self.buffer += data
		taken, self.buffer = self.buffer[:count], self.buffer[count:]
		return taken
