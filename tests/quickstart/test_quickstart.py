"""./quickstart as somebody new meets it, in a copy of the checkout of its own."""
import ctypes
import glob
import json
import os
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEVICE_15 = b'[{"id":15,"device_name":"express"}]'
LAST_LINE = b"/rpc/login'\n"
BUILD_SECONDS = 900
PR_SET_CHILD_SUBREAPER = 36

# What quickstart leaves behind becomes our child, wherever it hides: see descendants().
if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
	raise OSError("prctl(PR_SET_CHILD_SUBREAPER) failed")


def descendants(of=None):
	"""Process number -> name of the living processes below one, by default this one."""
	parents = {}
	for path in glob.glob("/proc/[0-9]*/stat"):
		try:
			with open(path) as file:
				number, name, state, parent = re.match(r"(\d+) \((.*)\) (\S) (\d+)", file.read()).groups()
		except OSError:
			continue
		if state != "Z":
			parents[int(number)] = (int(parent), name)
	found, todo = {}, [of or os.getpid()]
	while todo:
		above = todo.pop()
		for number, (parent, name) in parents.items():
			if parent == above:
				found[number] = name
				todo.append(number)
	return found


def copy_checkout(to):
	script = '. scripts/common.sh && mirror_sources "$1"'
	subprocess.run(["bash", "-c", script, "copy", to], cwd=CHECKOUT, check=True)
	os.remove(to + ".files")


def files_of(folder):
	return {os.path.join(at, name) for at, folders, names in os.walk(folder)
	        for name in names + folders if "/.run" not in os.path.join(at, name)}


def hear_interrupts():
	"""
	A shell ignores SIGINT in what it runs in the background, and nohup ignores SIGHUP; whatever
	they start would ignore it too.
	"""
	signal.signal(signal.SIGINT, signal.SIG_DFL)
	signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Quickstart:
	"""One run of ./quickstart."""

	def __init__(self, checkout, port, *arguments, become=(), environment=os.environ):
		self.popen = subprocess.Popen([*become, "./quickstart", *arguments], cwd=checkout,
		                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
		                              stderr=subprocess.PIPE, preexec_fn=hear_interrupts,
		                              env={**environment, "PORT": str(port)})
		self.seen = b""

	def read_until(self, text, seconds):
		"""Whether text was written to standard output, in time and before its end."""
		deadline = time.monotonic() + seconds
		while text not in self.seen and time.monotonic() < deadline:
			if select.select([self.popen.stdout], [], [], 0.1)[0]:
				piece = os.read(self.popen.stdout.fileno(), 65536)
				if not piece:
					break
				self.seen += piece
		return text in self.seen

	def end(self, number=None, seconds=60):
		"""(exit status, standard error), after a signal if one is given."""
		if number is not None:
			self.popen.send_signal(number)
		out, err = self.popen.communicate(timeout=seconds)
		self.seen += out
		return self.popen.returncode, err.decode()


class TestQuickstart(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		cls.folder = tempfile.mkdtemp(prefix="swm-qs-", dir="/tmp")
		cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
		os.chmod(cls.folder, 0o755)
		cls.checkout = os.path.join(cls.folder, "checkout")
		copy_checkout(cls.checkout)
		cls.before = files_of(cls.checkout)
		with socket.socket() as probe:
			probe.bind(("127.0.0.1", 0))
			cls.port = probe.getsockname()[1]
		cls.url = "http://127.0.0.1:%d/" % cls.port

	def setUp(self):
		self.running = []
		self.addCleanup(self.kill)

	def kill(self):
		for quickstart in self.running:
			if quickstart.popen.poll() is None:
				quickstart.popen.terminate()
				quickstart.popen.communicate()
			quickstart.popen.stdout.close()
			quickstart.popen.stderr.close()

	def launch(self, *arguments, checkout=None):
		quickstart = Quickstart(checkout or self.checkout, self.port, *arguments)
		self.running.append(quickstart)
		return quickstart

	def start(self, *arguments):
		quickstart = self.launch(*arguments)
		if not quickstart.read_until(LAST_LINE, BUILD_SECONDS):
			quickstart.popen.terminate()
			self.fail("not ready: %r %r" % (quickstart.seen, quickstart.end()))
		return quickstart

	def get(self, target):
		with urllib.request.urlopen(self.url + target, timeout=10) as answer:
			return answer.read()

	def psql(self, sql):
		done = subprocess.run(["psql", "-XAtq", "-h", os.path.join(self.checkout, ".run", "run"), "-U", "postgres",
		                       "-d", "swm", "-c", sql], check=True, capture_output=True, text=True)
		return done.stdout.strip()

	def assert_nothing_left(self):
		deadline = time.monotonic() + 10
		while descendants() and time.monotonic() < deadline:
			try:
				os.waitpid(-1, os.WNOHANG)
			except ChildProcessError:
				pass
			time.sleep(0.02)
		self.assertEqual({}, descendants())
		with socket.socket() as probe:
			self.assertNotEqual(0, probe.connect_ex(("127.0.0.1", self.port)), "the port still answers")

	def assert_fails(self, quickstart, pattern, seconds=BUILD_SECONDS):
		status, err = quickstart.end(seconds=seconds)
		self.assertEqual(1, status, err)
		self.assertRegex(err, r"\A[^\n]*(%s)[^\n]*\n\Z" % pattern)

	# in the order of their names

	def test_1_start_use_stop(self):
		quickstart = self.start()
		self.assertIn(b"ready: " + self.url.encode() + b"\n", quickstart.seen)
		self.assertRegex(quickstart.seen.decode(), r"curl '?%sdevices" % re.escape(self.url))
		self.assertEqual(DEVICE_15, self.get("devices?id=eq.15"))
		self.check_three_things(quickstart.seen.decode())
		self.check_readme()
		self.check_readme_device()
		self.psql("INSERT INTO swm.devices VALUES (1000, 'kept')")
		status, err = quickstart.end(signal.SIGTERM)
		self.assertEqual((0, ""), (status, err))
		self.assert_nothing_left()

	def check_three_things(self, seen):
		"""The page and the three commands that it opens with do what they are shown for."""
		self.assertIn(b"<html", self.get("ui/"))
		self.assertIn("the page: %sui/\n" % self.url, seen)
		shown = re.findall(r"^\$ (.*)$", seen, flags=re.M)
		device, months, login = (json.loads(subprocess.run(["bash", "-c", command], check=True, capture_output=True).stdout)
		                         for command in shown)
		self.assertEqual(json.loads(DEVICE_15), device)
		self.assertEqual([("kWh", "2025-01-01"), ("l", "2025-12-01")],
		                 [(row["unit"], row["bucket"]) for row in (months[0], months[-1])])
		self.assertEqual(24, len(months))
		self.check_sign_in(login)

	def check_sign_in(self, login):
		self.assertEqual("swm_writer", login["role"])
		asked = urllib.request.Request(self.url + "devices?id=eq.999", method="DELETE",
		                               headers={"Authorization": "Bearer " + login["token"]})
		with urllib.request.urlopen(asked, timeout=10) as answer:
			self.assertEqual(204, answer.status)

	def password(self):
		with open(os.path.join(self.checkout, ".run", "password")) as file:
			return file.read().strip()

	def sign_in(self, password):
		"""The status of signing in."""
		asked = urllib.request.Request(self.url + "rpc/login", headers={"Content-Type": "application/json"},
		                               data=json.dumps({"name": "demo", "password": password}).encode())
		try:
			with urllib.request.urlopen(asked, timeout=10) as answer:
				return answer.status
		except urllib.error.HTTPError as error:
			return error.code

	def check_readme(self):
		"""What README.md says that requests answer (those shown without headers), it answers."""
		with open(os.path.join(self.checkout, "README.md")) as file:
			shown = re.findall(r"^\t\$ curl '([^']*)'\n((?:\t(?!\$).*\n)+)", file.read(), flags=re.M)
		self.assertGreaterEqual(len(shown), 4)
		for url, answer in shown:
			url = url.replace("http://127.0.0.1:8080/", self.url)
			done = subprocess.run(["curl", "-s", url], capture_output=True, text=True, timeout=20)
			self.assertEqual(answer.replace("\n\t", "\n")[1:].rstrip("\n"), done.stdout, url)

	def check_readme_device(self):
		"""The device of README.md adds its reading, and sends it again without doubling it."""
		with open(os.path.join(self.checkout, "README.md")) as file:
			shown = re.search(r"^(\t\$ token=.*swm_device.*\n\t\$ curl.*\n(?:\t    .*\n)*)\t(HTTP/.*)\n", file.read(), flags=re.M)
		script = re.sub(r"^\t(\$ )?", "", shown[1], flags=re.M).replace("http://127.0.0.1:8080/", self.url)
		for _ in range(2):
			done = subprocess.run(["bash", "-c", script], cwd=self.checkout, capture_output=True, text=True, timeout=20)
			self.assertEqual(shown[2], done.stdout.splitlines()[0], done.stdout + done.stderr)
		self.assertEqual("1", self.psql("SELECT count(*) FROM swm.consumption WHERE date > '2026-01-01'"))

	def test_2_all_it_makes_lies_in_one_folder(self):
		self.assertEqual(set(), files_of(self.checkout) - self.before)
		self.assertTrue(os.path.isdir(os.path.join(self.checkout, ".run", "pg")))

	def test_3_data_is_kept_and_the_sample_is_not_loaded_twice(self):
		quickstart = self.start()
		self.assertEqual(b'[{"id":1000,"device_name":"kept"}]', self.get("devices?id=eq.1000"))
		self.assertEqual("0", self.psql("SELECT count(*) FROM (SELECT FROM swm.consumption"
		                                " GROUP BY device_id, date HAVING count(*) > 1) twice"))
		quickstart.end(signal.SIGINT)
		self.assertEqual(0, quickstart.popen.returncode)
		self.assert_nothing_left()

	def test_4_servers_are_unprivileged_and_secrets_are_closed(self):
		quickstart = self.start()
		servers = descendants(quickstart.popen.pid)
		self.assertLessEqual({"nginx", "postgres", "swm-fcgi"}, set(servers.values()))
		for number, name in servers.items():
			if name in ("nginx", "postgres", "swm-fcgi"):  # the curl that it shows may still run, as ourselves
				self.assertNotEqual(0, os.stat("/proc/%d" % number).st_uid, name)
		state = os.path.join(self.checkout, ".run")
		self.assertEqual(0o700, stat.S_IMODE(os.stat(os.path.join(state, "run")).st_mode))
		for secret in ("jwt.secret", "password"):
			self.assertEqual(0o600, stat.S_IMODE(os.stat(os.path.join(state, secret)).st_mode), secret)
		self.assertNotIn(self.password().encode(), quickstart.seen)
		quickstart.end(signal.SIGHUP)
		self.assert_nothing_left()

	def test_4_who_removes_the_password_gets_another(self):
		old = self.password()
		self.start().end(signal.SIGTERM)
		self.assertEqual(old, self.password())
		os.remove(os.path.join(self.checkout, ".run", "password"))
		quickstart = self.start()
		self.assertEqual((401, 200), (self.sign_in(old), self.sign_in(self.password())))
		quickstart.end(signal.SIGTERM)

	def test_5_help_and_words_that_are_none(self):
		done = subprocess.run(["./quickstart", "--help"], cwd=self.checkout, capture_output=True, text=True, timeout=60)
		self.assertEqual((0, ""), (done.returncode, done.stderr))
		for word in ("--sample million", "clean", "PORT"):
			self.assertIn(word, done.stdout)
		self.assert_fails(self.launch("--sample", "billion"), 'there is no sample "billion"')
		for arguments in (("--sample",), ("start",), ("clean", "all")):
			self.assert_fails(self.launch(*arguments), "usage: ")

	def test_5_a_second_one_is_refused_and_the_first_goes_on(self):
		first = self.start()
		self.assert_fails(self.launch(), "already running")
		self.assertEqual(DEVICE_15, self.get("devices?id=eq.15"))
		self.assert_fails(self.launch("clean"), "running")
		self.assertEqual(DEVICE_15, self.get("devices?id=eq.15"))
		self.assertEqual(0, first.end(signal.SIGTERM)[0])

	def test_5_port_in_use(self):
		with socket.socket() as other:
			other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
			other.bind(("127.0.0.1", self.port))
			other.listen()
			self.assert_fails(self.launch(), "port %d is in use" % self.port)
		self.assert_nothing_left()

	def test_5_a_port_that_is_none(self):
		done = subprocess.run(["./quickstart"], cwd=self.checkout, env={**os.environ, "PORT": "80a"},
		                      capture_output=True, text=True, timeout=60)
		self.assertEqual(1, done.returncode)
		self.assertRegex(done.stderr, r"\A[^\n]*80a is no port\n\Z")

	def end_of_server(self, name):
		quickstart = self.start()
		number = next(number for number, found in descendants(quickstart.popen.pid).items() if found == name)
		os.kill(number, signal.SIGKILL)
		self.assert_fails(quickstart, "%s ended" % name, 60)
		self.assert_nothing_left()

	def test_6_swm_fcgi_dies(self):
		self.end_of_server("swm-fcgi")

	def test_6_killed_itself(self):
		quickstart = self.start()
		quickstart.end(signal.SIGKILL)
		self.assert_nothing_left()
		self.assertEqual(0, self.start().end(signal.SIGTERM)[0])

	def test_6_a_million_rows(self):
		"""Six years but the first day, of nine houses; what was there stays, now and at the next start."""
		devices, days = 9 * 51, 365 * 5 + 366
		sums = "SELECT count(*), sum(amount) FROM swm.consumption WHERE "
		first = "device_id <= 51 AND date BETWEEN '2025-01-01' AND '2025-12-31'"
		quickstart = self.start()
		before = self.psql(sums + first)
		quickstart.end(signal.SIGTERM)
		for arguments in (("--sample", "million"), ()):
			quickstart = self.start(*arguments)
			self.assertEqual(before, self.psql(sums + first))
			self.assertEqual(str(devices * days),
			                 self.psql("SELECT count(*) FROM swm.consumption WHERE date <= '2025-12-31'"))
			self.assertEqual("0", self.psql("SELECT count(*) FROM (SELECT FROM swm.consumption"
			                                " GROUP BY device_id, date, unit HAVING count(*) > 1) twice"))
			self.assertEqual(0, quickstart.end(signal.SIGTERM)[0])

	def test_7_broken_cluster(self):
		control = os.path.join(self.checkout, ".run", "pg", "global", "pg_control")
		os.rename(control, control + ".away")
		try:
			self.assert_fails(self.launch(), "PostgreSQL does not start")
		finally:
			os.rename(control + ".away", control)
		self.assert_nothing_left()

	def test_8_broken_sql(self):
		with open(os.path.join(self.checkout, "sql", "99-broken.sql"), "w") as file:
			file.write("SELECT nothing_that_is_there;\n")
		try:
			self.assert_fails(self.launch(), "99-broken.sql")
		finally:
			os.remove(file.name)
		self.assert_nothing_left()

	def test_9_clean(self):
		self.assertEqual((0, ""), self.launch("clean").end())
		self.assertFalse(os.path.exists(os.path.join(self.checkout, ".run")))
		self.assertEqual(self.before, files_of(self.checkout))

	@unittest.skipIf(os.getuid() != 0, "only root has to become another user")
	def test_9_a_checkout_that_the_other_user_cannot_reach(self):
		closed = os.path.join(self.folder, "closed")
		copy_checkout(os.path.join(closed, "checkout"))
		os.chmod(closed, 0o700)
		checkout = os.path.join(closed, "checkout")
		quickstart = self.launch(checkout=checkout)
		self.assertTrue(quickstart.read_until(b"building\n", 60), quickstart.seen)
		state = re.search(rb"/var/tmp/\S+", quickstart.seen).group().decode()
		self.addCleanup(shutil.rmtree, state, ignore_errors=True)
		# stopped in the middle of the build, too
		self.assertEqual(143, quickstart.end(signal.SIGTERM)[0])
		self.assert_nothing_left()
		self.assertTrue(os.path.isdir(state))
		self.assertFalse(os.path.exists(os.path.join(checkout, ".run")))
		self.assertEqual((0, ""), self.launch("clean", checkout=checkout).end())
		self.assertFalse(os.path.exists(state))


if __name__ == "__main__":
	unittest.main()
