"""Servers for the tests of the page, which ask for them in JSON over HTTP: POST /COMMAND.

  start            {"name", "database", "own_cluster", "settings"} -> {"name", "url"}: nginx,
                   swm-fcgi and a database (one of DATABASES), made at the first use of its name
  stop_database, start_database   {"name"}: the whole cluster, which must be the server's own
  stop_fcgi, start_fcgi           {"name"}
  hold, release    {"name", "sql"}, {"name"}: a transaction of the superuser that stays open
  sql              {"name", "sql"} -> {"output"}: as the superuser, psql's bare output
  token            {"claims"} -> {"token"}, signed with the servers' secret
  person           {"name", "person", "password", "role"}: who may sign in by swm.login
"""
import http.server
import json
import os
import threading

import harness

WITHOUT_SAMPLE = [path for path in harness.SQL_FILES if not path.endswith("-sample.sql")]
FOREIGN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "foreign.sql")
DATABASES = {
	"sample": harness.SQL_FILES,
	"empty": WITHOUT_SAMPLE,
	"million": harness.SQL_FILES,  # a million readings
	"foreign": [harness.SQL_FILES[0], FOREIGN],  # somebody's own schema
}
SETTINGS = {
	"db_schemas": "swm",
	"db_require_filter": True,
	"db_idempotency_table": "swm_private.kept_answers",
}
FOREIGN_SETTINGS = {"db_schemas": "library", "db_idempotency_table": None}


class Servers:
	def __init__(self):
		self._servers = {}
		self._held = {}

	def start(self, name, database="sample", own_cluster=False, settings=None):
		if name not in self._servers:
			self._servers[name] = self._make(name, database, own_cluster, settings or {})
		return {"name": name, "url": "http://127.0.0.1:%d/" % self._servers[name].port}

	@staticmethod
	def _make(name, database, own_cluster, settings):
		cluster = harness.Cluster("browser-" + name) if own_cluster else harness.cluster()
		made = "swm_browser_%s_%d" % (name.replace("-", "_"), os.getpid())
		if database == "million":
			cluster.sql("postgres", "ALTER ROLE ALL SET swm.sample = 'million'")
		try:
			cluster.create_database(made, DATABASES[database])
		finally:
			cluster.sql("postgres", "ALTER ROLE ALL RESET swm.sample")
		if not own_cluster:
			drop = "DROP DATABASE %s WITH (FORCE)" % made
			harness.stop_at_exit(lambda: cluster.sql("postgres", drop))
		foreign = FOREIGN_SETTINGS if database == "foreign" else {}
		return harness.Server(cluster, made, **{**SETTINGS, **foreign, **settings})

	def stop_database(self, name):
		self._servers[name].cluster.stop()
		return {}

	def start_database(self, name):
		self._servers[name].cluster.start()
		return {}

	def stop_fcgi(self, name):
		self._servers[name].stop_fcgi()
		return {}

	def start_fcgi(self, name):
		self._servers[name].start_fcgi()
		return {}

	def sql(self, name, sql):
		server = self._servers[name]
		return {"output": server.cluster.sql(server.database, sql)}

	def hold(self, name, sql):
		server = self._servers[name]
		self._held[name] = harness.Session(server.cluster, server.database)
		self._held[name].run("BEGIN;\n" + sql)
		return {}

	def release(self, name):
		self._held.pop(name).close()
		return {}

	def person(self, name, person, password, role):
		self.sql(name, "SELECT swm_private.set_login_secret('%s')" % harness.SECRET)
		self.sql(name, "SELECT swm_private.set_password('%s', '%s', '%s')" % (person, password, role))
		return {}

	@staticmethod
	def token(claims):
		return {"token": harness.token(claims)}


COMMANDS = (
	"start", "stop_database", "start_database", "stop_fcgi", "start_fcgi", "hold", "release",
	"sql", "token", "person",
)


class Control:
	"""
	The HTTP server that takes the commands, one after the other in the thread that serves: the
	processes that are started end with the thread that started them (PR_SET_PDEATHSIG).
	"""

	def __init__(self):
		servers = Servers()

		class Handler(http.server.BaseHTTPRequestHandler):
			def do_POST(self):
				command = self.path.lstrip("/")
				body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
				try:
					if command not in COMMANDS:
						raise harness.HarnessError("there is no command " + command)
					self.answer(200, getattr(servers, command)(**body))
				except Exception as error:  # the test is to say what failed
					self.answer(500, {"error": "%s: %s" % (command, error)})

			def answer(self, status, value):
				data = json.dumps(value).encode()
				self.send_response(status)
				self.send_header("Content-Type", "application/json")
				self.send_header("Content-Length", str(len(data)))
				self.end_headers()
				self.wfile.write(data)

			def log_message(self, *_):
				pass

		self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
		self.url = "http://127.0.0.1:%d/" % self._server.server_address[1]

	def serve_until_end_of(self, process):
		"""Serves as long as the process lives, and returns its exit status."""
		def wait():
			process.wait()
			self._server.shutdown()
		threading.Thread(target=wait).start()
		self._server.serve_forever(0.05)
		self._server.server_close()
		return process.returncode
