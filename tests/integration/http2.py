"""
A request by HTTP/2 without TLS (RFC 9113), as large as a test wants it and as incomplete. Of the answer
the status and the body are read, which is all that a test here asks for.
"""
import struct

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY, CONTINUATION = 0, 1, 3, 4, 7, 9
END_STREAM, END_HEADERS = 1, 4
LONGEST = 16384
# RFC 7541, appendix A: those of :status
STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}


def frame(kind, flags, stream, payload):
	return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def string(text):
	"""RFC 7541, 5.1 and 5.2, without Huffman's code."""
	length = len(text)
	if length < 127:
		return bytes([length]) + text.encode()
	number, length = b"\x7f", length - 127
	while length >= 128:
		number += bytes([length % 128 + 128])
		length //= 128
	return number + bytes([length]) + text.encode()


def request_bytes(method, target, fields=(), end=True):
	"""A connection's beginning and one request, to which with end=False a body belongs that is to come."""
	fields = [(":method", method), (":scheme", "http"), (":authority", "test"), (":path", target), *fields]
	block = b"".join(b"\x00" + string(name) + string(value) for name, value in fields)
	pieces = [block[at:at + LONGEST] for at in range(0, len(block), LONGEST)]
	data = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, b"")
	for at, piece in enumerate(pieces):
		flags = (END_STREAM if end and at == 0 else 0) | (END_HEADERS if at == len(pieces) - 1 else 0)
		data += frame(CONTINUATION if at else HEADERS, flags, 1, piece)
	return data


def status_of(block):
	"""nginx writes it first."""
	block = block.lstrip(b"\x20")  # the table's size
	return STATUSES[block[0] & 0x7f] if block[0] & 0x80 else int(block[2:2 + block[1]])


def read_response(connection):
	"""The status and the body; no status where the connection or the stream ends without an answer."""
	status, body = None, b""
	with connection.makefile("rb") as file:
		while True:
			head = file.read(9)
			if len(head) < 9:
				return status, body
			length, kind, flags, stream = (*struct.unpack(">I", b"\0" + head[:3]), *struct.unpack(">BBI", head[3:]))
			payload = file.read(length)
			if kind == GOAWAY or stream == 1 and kind == RST_STREAM:
				return status, body
			if kind == HEADERS:
				status = status_of(payload)
			if kind == DATA:
				body += payload
			if stream == 1 and flags & END_STREAM:
				return status, body
