"""What the integration tests stand on: a private PostgreSQL, swm-fcgi and nginx.

Everything is started once for a run, as unprivileged processes, in one
temporary folder, and stopped and removed at its end. What does not start is an
error that says why; nothing is skipped.

Environment:
  SWM_BUILD     the build folder (default: build/release of the checkout)
  SWM_TEST_URI  a superuser's connection string of a private cluster, as
                tests/with-cluster sets it; without it a cluster is made here
"""
import atexit
import base64
import ctypes
import glob
import hashlib
import hmac
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("SWM_BUILD") or os.path.join(CHECKOUT, "build", "release"))
SECRET = "a secret of the tests, 32 characters or more"
LOGIN_ROLE = "swm_authenticator"
ANON_ROLE = "swm_anon"
LARGEST_WITHOUT_TOKEN = 64 * 1024  # as nginx/swm.site has it
SQL_FILES = sorted(glob.glob(os.path.join(CHECKOUT, "sql", "*.sql")))
FIXTURES = os.path.join(HERE, "fixtures.sql")
ROW_SEPARATOR = ", \n "  # as json_agg separates its elements


class HarnessError(Exception):
	"""Something that the tests stand on is not there or does not start."""


def wait_until(condition, seconds=10, what="a condition"):
	"""Polls until condition() is true and returns its value; a TimeoutError says what did not come."""
	deadline = time.monotonic() + seconds
	while True:
		value = condition()
		if value:
			return value
		if time.monotonic() > deadline:
			raise TimeoutError("%s did not come within %s s" % (what, seconds))
		time.sleep(0.01)


# ---------------------------------------------------------------- processes

def unprivileged_user():
	"""Who the processes run as: ourselves, or, for root, a user that initdb accepts."""
	if os.geteuid() != 0:
		return None
	for name in ("postgres", "nobody"):
		try:
			return pwd.getpwnam(name)
		except KeyError:
			continue
	raise HarnessError("run as root, and there is neither a user postgres nor nobody")


USER = unprivileged_user()
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_us(number):
	"""For the child: it is to get this signal when we end, however that happens."""
	return lambda: _libc.prctl(_PR_SET_PDEATHSIG, int(number))


def _as_user(death_signal=signal.SIGKILL):
	"""Arguments of Popen: the user, and an end that comes even if this program is killed."""
	args = {"preexec_fn": _die_with_us(death_signal), "start_new_session": True}
	if USER:
		args.update(user=USER.pw_uid, group=USER.pw_gid, extra_groups=[])
	return args


def tail(path, lines=15):
	try:
		with open(path, errors="replace") as file:
			return "".join(file.readlines()[-lines:]).strip()
	except OSError:
		return "(no log)"


class Process:
	"""A process that this run started, and its log."""

	def __init__(self, name, argv, env=None, death_signal=signal.SIGKILL):
		self.name = name
		self.log = os.path.join(folder(), name + ".log")
		with open(self.log, "ab") as log:
			os.chmod(self.log, 0o666)
			self.popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
			                              env=env, cwd=folder(), **_as_user(death_signal))

	def running(self):
		return self.popen.poll() is None

	def wait_ready(self, ready, seconds=20):
		def ready_or_dead():
			if not self.running():
				raise HarnessError("%s ended with %d while it was started:\n%s"
				                   % (self.name, self.popen.returncode, tail(self.log)))
			return ready()
		try:
			wait_until(ready_or_dead, seconds, self.name + "'s readiness")
		except TimeoutError as error:
			self.stop(signal.SIGKILL)
			raise HarnessError("%s\n%s" % (error, tail(self.log))) from None

	def stop(self, number=signal.SIGTERM, seconds=15):
		"""Ends it and returns its exit status (negative: the signal that killed it)."""
		if self.running():
			self.popen.send_signal(number)
			try:
				self.popen.wait(seconds)
			except subprocess.TimeoutExpired:
				self.popen.kill()
				self.popen.wait()
		return self.popen.returncode


_folder = None
_stop_at_exit = []


def folder():
	"""The temporary folder of this run."""
	global _folder
	if _folder is None:
		_folder = tempfile.mkdtemp(prefix="swm-it-", dir="/tmp")
		os.chmod(_folder, 0o755)
		if USER:
			os.chown(_folder, USER.pw_uid, USER.pw_gid)
	return _folder


def stop_at_exit(stop):
	_stop_at_exit.append(stop)


@atexit.register
def _stop_everything():
	while _stop_at_exit:
		try:
			_stop_at_exit.pop()()
		except Exception as error:  # the others must be stopped all the same
			print("at the end: %s" % error, file=sys.stderr)
	if _folder and not os.environ.get("SWM_KEEP"):
		shutil.rmtree(_folder, ignore_errors=True)


def _exit_on_signal(number, _frame):
	sys.exit(128 + number)


signal.signal(signal.SIGTERM, _exit_on_signal)


def program(name):
	"""
	A private copy of a program of the build, and its environment. libtool's wrapper
	scripts may not be readable for the user that the processes run as, or relink in
	the build folder; the copies run as an installed program would.
	"""
	target = os.path.join(folder(), "bin", name)
	lib = os.path.join(folder(), "lib")
	if not os.path.exists(lib):  # once: a library that runs must not be written over
		libraries = glob.glob(os.path.join(BUILD, "lib", ".libs", "libswm.so*"))
		if not libraries:
			raise HarnessError("libswm.so is not in %s; build it, or set SWM_BUILD" % BUILD)
		os.mkdir(lib)
		for library in libraries:
			shutil.copy(library, lib)
	if not os.path.exists(target):
		found = [path for room in ("cgi", "cli", ".") for libs in (".libs", ".")
		         for path in [os.path.join(BUILD, room, libs, name)] if os.path.isfile(path)]
		if not found:
			raise HarnessError("%s is not in %s; build it, or set SWM_BUILD" % (name, BUILD))
		os.makedirs(os.path.dirname(target), exist_ok=True)
		shutil.copy(found[0], target)
		os.chmod(target, 0o755)
	env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LD_LIBRARY_PATH": lib, "LC_ALL": "C.UTF-8"}
	for name_ in os.environ:
		if name_.endswith("SAN_OPTIONS"):
			env[name_] = os.environ[name_]
	return target, env


def run_program(name, *args, env=None, stdin=b"", timeout=30):
	"""Runs a program of the build to its end: (exit status, stdout, stderr) as bytes."""
	path, environment = program(name)
	done = subprocess.run([path, *args], input=stdin, capture_output=True, cwd=folder(),
	                      env={**environment, **(env or {})}, timeout=timeout,
	                      **{k: v for k, v in _as_user().items() if k != "preexec_fn"})
	return done.returncode, done.stdout, done.stderr


# ---------------------------------------------------------------- PostgreSQL

def _postgres_bin(name):
	"""The program itself: Debian's psql in the PATH is a wrapper that takes its time."""
	for path in glob.glob("/usr/lib/postgresql/15/bin/" + name):
		return path
	found = shutil.which(name)
	if not found:
		raise HarnessError("PostgreSQL's %s is not installed" % name)
	return found


class Cluster:
	"""A PostgreSQL cluster: one made here, or the one of SWM_TEST_URI."""

	def __init__(self, name="postgres", uri=None):
		self.name = name
		self.process = None
		self._sessions = {}
		if uri:
			answer = self._psql(uri, "SELECT current_user, split_part(current_setting("
			                            "'unix_socket_directories'), ',', 1), current_setting('port')")
			self.user, self.host, self.port = answer.split("|")
		else:
			self.user, self.host, self.port = "postgres", os.path.join(folder(), name), "5432"
			self._make()

	def _make(self):
		self.data = os.path.join(folder(), self.name + ".data")
		os.makedirs(self.host)
		if USER:
			os.chown(self.host, USER.pw_uid, USER.pw_gid)
		made = subprocess.run([_postgres_bin("initdb"), "-D", self.data, "-U", "postgres", "-A", "trust",
		                       "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
		                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
		                      cwd=folder(), **_as_user())
		if made.returncode != 0:
			raise HarnessError("initdb failed: " + made.stdout.decode(errors="replace"))
		self.start()
		stop_at_exit(self.stop)

	def start(self):
		settings = {"listen_addresses": "", "unix_socket_directories": self.host, "port": self.port,
		            "fsync": "off", "max_connections": "60", "shared_buffers": "32MB",
		            "timezone": "UTC", "log_timezone": "UTC", "max_wal_size": "256MB"}
		argv = [_postgres_bin("postgres"), "-D", self.data]
		for key, value in settings.items():
			argv += ["-c", "%s=%s" % (key, value)]
		self.process = Process(self.name, argv, death_signal=signal.SIGQUIT)
		self.process.wait_ready(self.answers)

	def stop(self, number=signal.SIGINT):
		"""SIGINT is a fast shutdown, SIGQUIT an immediate one."""
		if self.process:
			self.process.stop(number)

	def answers(self):
		return subprocess.run([_postgres_bin("psql"), "-X", "-At", "-d", self.conninfo("postgres"), "-c", "SELECT 1"],
		                      capture_output=True).returncode == 0

	def conninfo(self, database, user=None):
		return "host=%s port=%s dbname=%s user=%s" % (self.host, self.port, database, user or self.user)

	@staticmethod
	def _psql(conninfo, sql, *args):
		done = subprocess.run([_postgres_bin("psql"), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", conninfo, *args,
		                       *([] if args else ["-f", "-"])],
		                      input=sql.encode() if sql is not None else b"", capture_output=True,
		                      env={**os.environ, "PGCLIENTENCODING": "UTF8"})
		if done.returncode != 0:
			raise HarnessError("psql: " + done.stderr.decode(errors="replace"))
		out = done.stdout
		return (out[:-1] if out.endswith(b"\n") else out).decode()

	def sql(self, database, text):
		"""Runs SQL as the superuser and returns psql's bare output. One psql stays for a database."""
		for attempt in range(2):
			session = self._sessions.get(database)
			if session is None:
				session = self._sessions[database] = Session(self, database)
			try:
				return session.run("DISCARD ALL;\n" + text)
			except SessionEnded as error:
				del self._sessions[database]
				session.close()
				# the server was restarted since; anything else is the SQL's own error
				if attempt == 1 or "ERROR:" in str(error):
					raise

	def sql_file(self, database, path):
		self._psql(self.conninfo(database), None, "-f", path)

	def create_database(self, name, files):
		self._psql(self.conninfo("postgres"), "DROP DATABASE IF EXISTS %s;\nCREATE DATABASE %s "
		           "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'" % (name, name))
		for path in files:
			self.sql_file(name, path)


class SessionEnded(HarnessError):
	"""psql ended: an error in the SQL, or the server went away."""


class Session:
	"""A psql that stays: transactions and locks that are held while requests run. An error ends it."""

	def __init__(self, cluster, database):
		self.popen = subprocess.Popen(
			[_postgres_bin("psql"), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", cluster.conninfo(database)],
			preexec_fn=_die_with_us(signal.SIGTERM), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
			env={**os.environ, "PGCLIENTENCODING": "UTF8", "LC_ALL": "C.UTF-8"})

	def run(self, sql):
		"""The bare output of one or more statements."""
		done = b"<done %d>\n" % id(self)
		try:
			self.popen.stdin.write(sql.encode() + b"\n;\n\\echo " + done)
			self.popen.stdin.flush()
		except BrokenPipeError:
			pass
		out = bytearray()
		for line in self.popen.stdout:
			out += line
			if out.endswith(done):
				out = out[:-len(done)]
				return (out[:-1] if out.endswith(b"\n") else out).decode()
		raise SessionEnded("psql: " + out.decode(errors="replace"))

	def close(self):
		try:
			self.popen.stdin.close()
		except BrokenPipeError:
			pass
		self.popen.stdout.close()
		self.popen.wait(10)

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.close()


# ---------------------------------------------------------------- swm-fcgi behind nginx

def quote(value):
	"""A value of the configuration file: numbers and booleans bare, anything else a string."""
	if isinstance(value, bool):
		return "true" if value else "false"
	if isinstance(value, int):
		return str(value)
	return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write_file(name, text):
	path = os.path.join(folder(), name)
	with open(path, "w") as file:
		file.write(text)
	os.chmod(path, 0o644)
	return path


def free_port():
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


def site_after_guide(site, word):
	"""The site's text after the sed command that has a word, of two documents for operators."""
	commands = []
	for name in ("OPERATING.md", "PATH.md"):
		with open(os.path.join(CHECKOUT, "doc", name)) as file:
			commands += re.findall(r"^\t(sed -i .*?) /etc/nginx/", file.read(), re.DOTALL | re.MULTILINE)
	command, = (command for command in commands if word in command)
	words = [word for word in shlex.split(command.replace("\\\n", "")) if word != "-i"]
	return subprocess.run(words, input=site.encode(), stdout=subprocess.PIPE, check=True).stdout.decode()


def copy_of_web():
	"""The page, where nginx may read it: a checkout may lie where its user cannot look."""
	subprocess.run(["cp", "-r", os.path.join(CHECKOUT, "web"), folder()], check=True)
	subprocess.run(["chmod", "-R", "a+rX", os.path.join(folder(), "web")], check=True)
	return os.path.join(folder(), "web")


def make_nginx_configuration(prefix, port, unix_socket, login_rate="1000r/s"):
	"""The site that the project ships, for a port and socket of ours."""
	made = subprocess.run(["sh", os.path.join(CHECKOUT, "nginx", "make-config"), prefix, str(port), unix_socket,
	                       once("web", copy_of_web)], capture_output=True)
	if made.returncode != 0:
		raise HarnessError("nginx/make-config: " + made.stderr.decode(errors="replace"))
	# tests sign in more often than people do
	edit_file(os.path.join(prefix, "snippets", "swm-http.conf"),
	          lambda text: text.replace("rate=10r/m", "rate=" + login_rate))


def edit_file(path, edit):
	with open(path) as file:
		before = file.read()
	after = edit(before)
	if after == before:
		raise HarnessError(path + " is not what the test takes it for")
	with open(path, "w") as file:
		file.write(after)


def nginx_program():
	nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
	if not nginx:
		raise HarnessError("nginx is not installed")
	return nginx


class WebServer:
	"""
	An nginx with the site that the project ships, before a unix socket. edit, if given, turns
	the site's text into another; limit is a shell command for the nginx process, login_rate how
	often an address may ask for swm.login.
	"""

	def __init__(self, name, unix_socket, edit=None, limit=None, login_rate="1000r/s"):
		self.prefix = os.path.join(folder(), "nginx-" + name)
		os.mkdir(self.prefix)
		if USER:
			os.chown(self.prefix, USER.pw_uid, USER.pw_gid)
		for attempt in range(5):  # another process may take the free port first
			self.port = free_port()
			make_nginx_configuration(self.prefix, self.port, unix_socket, login_rate)
			if edit:
				edit_file(os.path.join(self.prefix, "swm.site"), edit)
			argv = [nginx_program(), "-p", self.prefix, "-c", self.prefix + "/nginx.conf", "-e", self.prefix + "/error.log"]
			if limit:
				argv = ["sh", "-c", limit + '; exec "$0" "$@"', *argv]
			self.nginx = Process("nginx-" + name, argv)
			try:
				self.nginx.wait_ready(lambda: _accepts(socket.AF_INET, ("127.0.0.1", self.port)))
				break
			except HarnessError:
				if attempt == 4 or "Address already in use" not in tail(self.prefix + "/error.log"):
					raise
		stop_at_exit(self.stop)

	def stop(self):
		self.nginx.stop(signal.SIGTERM)

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.stop()

	def connect(self, timeout=20):
		return socket.create_connection(("127.0.0.1", self.port), timeout)

	def send(self, data, head=False, timeout=20):
		"""Sends bytes as they are and reads the answer to its end."""
		with self.connect(timeout) as connection:
			connection.sendall(data)
			return read_response(connection, head)

	def request(self, method, target, headers=(), body=None, timeout=20):
		"""A large body needs a token: without one, that of the anonymous role."""
		headers = list(headers.items() if isinstance(headers, dict) else headers)
		named = any(as_bytes(name).lower() == b"authorization" for name, _ in headers)
		if body is not None and len(body) > LARGEST_WITHOUT_TOKEN and not named:
			headers += as_role(ANON_ROLE).items()
		answer = self.send(request_bytes(method, target, headers, body), method == "HEAD", timeout)
		answer.target = target
		return answer

	def get(self, target, headers=(), **more):
		return self.request("GET", target, headers, **more)

	def in_background(self, method, target, headers=(), body=None):
		return Background(self, method, target, headers, body)


class Server(WebServer):
	"""One swm-fcgi with its configuration, and an nginx before it."""

	_count = 0

	def __init__(self, cluster, database, nginx=True, site=None, **settings):
		"""site: changes the text of nginx's site."""
		Server._count += 1
		self.name = "%d" % Server._count
		self.cluster, self.database = cluster, database
		self.socket = os.path.join(folder(), "swm-%s.sock" % self.name)
		self.settings = {
			"db-uri": cluster.conninfo(database, LOGIN_ROLE) + " application_name=" + self.application(),
			"db-schemas": "test, other",
			"db-anon-role": ANON_ROLE,
			"db-pool": 4,
			"jwt-secret": SECRET,
			"server-unix-socket": self.socket,
			"log-level": "warn",
		}
		for key, value in settings.items():
			self.settings[key.replace("_", "-")] = value
		self.configuration = write_file("swm-%s.conf" % self.name, "".join(
			"%s = %s\n" % (key, quote(value)) for key, value in self.settings.items() if value is not None))
		self.nginx = None
		self.fcgi = None
		self.start_fcgi()
		stop_at_exit(self.stop)
		if nginx:
			super().__init__(self.name, self.socket, site)

	def application(self):
		return "swm-it-" + self.name

	def start_fcgi(self):
		path, env = program("swm-fcgi")
		self.fcgi = Process("swm-fcgi-" + self.name, [path, self.configuration], env=env)
		self.fcgi.wait_ready(lambda: _accepts(socket.AF_UNIX, self.socket))

	def log(self):
		return tail(self.fcgi.log, 40)

	def stop_fcgi(self, number=signal.SIGTERM):
		return self.fcgi.stop(number)

	def stop(self):
		"""Ends both; returns swm-fcgi's exit status."""
		if self.nginx:
			self.nginx.stop(signal.SIGTERM)
		return self.fcgi.stop()

	def backends(self, condition="true"):
		"""How many of this server's connections in the database fulfil a condition on pg_stat_activity."""
		return int(self.cluster.sql(self.database, "SELECT count(*) FROM pg_stat_activity WHERE "
		                            "application_name = '%s' AND (%s)" % (self.application(), condition)))


def _accepts(family, address):
	with socket.socket(family, socket.SOCK_STREAM) as probe:
		try:
			probe.connect(address)
			return True
		except OSError:
			return False


class Background:
	"""A request that runs in a thread of its own."""

	def __init__(self, server, method, target, headers, body):
		self._result = None
		self._thread = threading.Thread(target=self._run, args=(server, method, target, headers, body), daemon=True)
		self._thread.start()

	def _run(self, server, method, target, headers, body):
		try:
			self._result = server.request(method, target, headers, body, timeout=30)
		except Exception as error:
			self._result = error

	def running(self):
		return self._thread.is_alive()

	def result(self, seconds=30):
		self._thread.join(seconds)
		if self._thread.is_alive():
			raise TimeoutError("no answer within %s s" % seconds)
		if isinstance(self._result, Exception):
			raise self._result
		return self._result


# ---------------------------------------------------------------- HTTP

def request_bytes(method, target, headers=(), body=None):
	"""target and values may be bytes; nothing is encoded or checked on the way."""
	lines = [b"%s %s HTTP/1.1" % (as_bytes(method), as_bytes(target)), b"Host: test", b"Connection: close"]
	items = headers.items() if isinstance(headers, dict) else headers
	for name, value in items:
		lines.append(as_bytes(name) + b": " + as_bytes(value))
	if body is not None:
		lines.append(b"Content-Length: %d" % len(body))
	return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def as_bytes(text):
	return text if isinstance(text, bytes) else text.encode()


class Response:
	def __init__(self, status, headers, body, complete):
		self.status, self.headers, self.body, self.complete = status, headers, body, complete

	def all(self, name):
		"""Every field of a name."""
		return [value for key, value in self.headers if key.lower() == name.lower()]

	def header(self, name):
		"""The field of a name; None when there is none, joined by commas when there are several."""
		values = self.all(name)
		return ", ".join(values) if values else None

	@property
	def text(self):
		return self.body.decode("utf-8")

	@property
	def json(self):
		return json.loads(self.body)

	def __repr__(self):
		return "%d %r %r%s" % (self.status, self.headers, self.body[:2000], "" if self.complete else " (incomplete)")


def read_response(connection, head=False):
	"""Reads until the peer closes (requests say Connection: close)."""
	data = bytearray()
	while True:
		try:
			piece = connection.recv(1 << 16)
		except ConnectionResetError:
			break
		if not piece:
			break
		data += piece
	return parse_response(bytes(data), head)


def parse_response(data, head=False):
	top, blank, rest = data.partition(b"\r\n\r\n")
	if not blank:
		raise ConnectionError("no answer: %r" % data[:200])
	lines = top.decode("latin-1").split("\r\n")
	status = int(lines[0].split(" ")[1])
	headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
	found = {name.lower(): value for name, value in headers}
	if head or status in (204, 304):
		return Response(status, headers, rest, rest == b"")
	if found.get("transfer-encoding", "").lower() == "chunked":
		return Response(status, headers, *dechunk(rest))
	if "content-length" in found:
		return Response(status, headers, rest, len(rest) == int(found["content-length"]))
	return Response(status, headers, rest, False)


def dechunk(data):
	"""(body, whether the last chunk has come) of a chunked body (RFC 9112, 7.1)."""
	body, at = bytearray(), 0
	while True:
		end = data.find(b"\r\n", at)
		if end < 0:
			return bytes(body), False
		size = int(data[at:end].split(b";")[0], 16)
		if size == 0:
			return bytes(body), data[end:].startswith(b"\r\n\r\n")
		body += data[end + 2:end + 2 + size]
		at = end + 2 + size + 2
		if at > len(data):
			return bytes(body), False


# ---------------------------------------------------------------- tokens

def base64url(data):
	return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims, secret=SECRET, algorithm="HS256", header=None):
	"""A JSON Web Token (RFC 7519); claims may be a dict or JSON text."""
	text = claims if isinstance(claims, str) else json.dumps(claims, separators=(",", ":"))
	top = header if header is not None else {"alg": algorithm, "typ": "JWT"}
	signed = base64url(json.dumps(top, separators=(",", ":")).encode()) + "." + base64url(text.encode())
	digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
	return signed + "." + base64url(hmac.new(secret.encode(), signed.encode(), digest).digest())


def bearer(value):
	return {"Authorization": "Bearer " + value}


def as_role(role, **claims):
	return bearer(token({"role": role, **claims}))


# ---------------------------------------------------------------- what all tests share

_shared = {}
_failures = {}


def once(key, make):
	"""Makes a shared thing at its first use; if that fails, every later use fails the same way at once."""
	if key in _failures:
		raise HarnessError("did not start before: " + _failures[key])
	if key not in _shared:
		try:
			_shared[key] = make()
		except Exception as error:
			_failures[key] = str(error)
			raise
	return _shared[key]


def cluster():
	return once("cluster", lambda: Cluster(uri=os.environ.get("SWM_TEST_URI")))


def _make_database():
	if not SQL_FILES:
		raise HarnessError("there are no files in sql/")
	name = "swm_it_%d" % os.getpid()
	cluster().create_database(name, SQL_FILES + [FIXTURES])
	# behind the servers on the list, so that it is dropped after they have ended
	stop_at_exit(lambda: cluster().process or cluster().sql("postgres", "DROP DATABASE %s WITH (FORCE)" % name))
	return name


def database():
	return once("database", _make_database)


def server(**settings):
	"""A server with these settings, shared by all tests that ask for the same ones."""
	key = tuple(sorted(settings.items()))
	return once(("server", key), lambda: Server(cluster(), database(), **settings))


def shared_servers():
	return {key[1]: value for key, value in _shared.items() if isinstance(key, tuple)}


def own_server(**settings):
	"""A server for one test alone, which must stop it."""
	return Server(cluster(), database(), **settings)


def sql(text):
	return cluster().sql(database(), text)


def array(*rows):
	"""The JSON array of rows that are JSON text, as json_agg would print it."""
	return "[" + ROW_SEPARATOR.join(rows) + "]"


def ids(*numbers):
	return array(*('{"id":%d}' % number for number in numbers))


def error_body(code, message, details=None, hint=None):
	"""An error's body, members in PostgREST's order."""
	return json.dumps({"code": code, "details": details, "hint": hint, "message": message},
	                  separators=(",", ":"), ensure_ascii=False)
