"""Many clients at once, from one thread: who waited how long for what.

    clients = [Client(server.port, request) for _ in range(100)]
    drive(clients, seconds=5)
    waits = [wait for client in clients for wait in client.waits]

A client may be driven several times, and goes on where it was.
"""
import selectors
import socket
import time

from harness import dechunk, parse_response

ROOM = 1 << 16


class Client:
	"""
	A client that sends a request, reads the answer and sends it again over the same connection,
	as often as `times` says (None: without end). rate: bytes a second that it reads at most.
	"""

	def __init__(self, port, request, times=None, rate=None):
		self.port, self.request, self.times, self.rate = port, request, times, rate
		self.waits = []     # seconds, one for each answer
		self.answers = []   # harness.Response, one for each answer
		self.taken = 0      # bytes
		self.ended = False  # the connection was closed, or has done what it was to do
		self.socket = None

	def start(self):
		"""Connects; no more than that for one that was driven before."""
		if self.socket:
			return
		self.socket = socket.socket()
		if self.rate:
			self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
		self.socket.setblocking(False)
		self.socket.connect_ex(("127.0.0.1", self.port))
		self.data = bytearray()
		self.sent = False
		self.next_read = self.begun = time.monotonic()

	def send(self):
		self.data.clear()
		self.begun = time.monotonic()
		self.socket.sendall(self.request)
		self.sent = True

	def receive(self):
		"""Reads what has come."""
		now = time.monotonic()
		try:
			piece = self.socket.recv(min(ROOM, self.rate) if self.rate else ROOM)
		except ConnectionResetError:
			piece = b""
		self.taken += len(piece)
		self.data += piece
		if self.rate:
			self.next_read = now + len(piece) / self.rate
		if not piece or is_complete(self.data):
			self.end_answer(now, not piece)

	def end_answer(self, now, closed):
		if self.data:
			self.waits.append(now - self.begun)
			self.answers.append(parse_response(bytes(self.data)))
		self.ended = closed or len(self.answers) == self.times
		self.sent = False

	def close(self):
		self.socket.close()


def is_complete(data):
	"""Whether an answer has come to its end."""
	top, blank, body = bytes(data[:4096]).partition(b"\r\n\r\n")
	if not blank:
		return False
	lower = top.lower()
	if b"\r\ncontent-length:" in lower:
		length = int(lower.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])
		return len(data) >= len(top) + 4 + length
	return data.endswith(b"0\r\n\r\n") and dechunk(bytes(data[len(top) + 4:]))[1]


def drive(clients, seconds, until=lambda: False):
	"""Runs clients for a time, or until they are done; until() is asked now and then. They stay open."""
	chosen = selectors.DefaultSelector()
	deadline = time.monotonic() + seconds
	paused = []
	for client in clients:
		client.start()
		if not client.ended:
			chosen.register(client.socket, selectors.EVENT_READ if client.sent else selectors.EVENT_WRITE, client)
	while time.monotonic() < deadline and len(chosen.get_map()) + len(paused) > 0 and not until():
		for key, _ in chosen.select(0.05):
			step(chosen, key.data, paused)
		now = time.monotonic()
		for client in [client for client in paused if client.next_read <= now]:
			paused.remove(client)
			chosen.register(client.socket, selectors.EVENT_READ, client)
	chosen.close()


def step(chosen, client, paused):
	if client.sent:
		client.receive()
	if client.ended:
		chosen.unregister(client.socket)
		return
	if not client.sent:
		client.send()
		chosen.modify(client.socket, selectors.EVENT_READ, client)
	elif client.next_read > time.monotonic():
		chosen.unregister(client.socket)
		paused.append(client)


def percentile(values, share):
	ordered = sorted(values)
	return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
