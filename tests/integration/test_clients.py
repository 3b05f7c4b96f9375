"""Real clients: @supabase/postgrest-js, by our own tests of its methods (tests/clients/postgrest.test.mjs).

It is installed from npm into the folder clients/ beside the build. Skipped, with the reason,
where there is no node or the package cannot be had.
"""
import os
import re
import shutil
import subprocess
import unittest

import harness
import node

SOURCES = os.path.join(harness.CHECKOUT, "tests", "clients")
FOLDER = os.path.join(os.path.dirname(harness.BUILD), "clients")
DATABASE = "swm_it_clients_%d" % os.getpid()


def make_database():
	harness.cluster().create_database(DATABASE, [harness.SQL_FILES[0], os.path.join(SOURCES, "schema.sql")])
	harness.stop_at_exit(lambda: harness.cluster().process or harness.cluster().sql(
		"postgres", "DROP DATABASE %s WITH (FORCE)" % DATABASE))
	return DATABASE


def make_server(name, **settings):
	database = harness.once("clients database", make_database)
	settings = {"db_schemas": "clients, clients_too", "db_extra_search_path": "gis", "db_plan_enabled": True,
	            "db_aggregates_enabled": True, "db_tx_end": "commit-allow-override", **settings}
	return harness.once(("clients", name), lambda: harness.Server(harness.cluster(), database, **settings))


class Lock(unittest.TestCase):
	def test_no_registry_is_named(self):
		for name in os.listdir(SOURCES):
			with self.subTest(name), open(os.path.join(SOURCES, name), encoding="utf-8") as file:
				self.assertNotRegex(file.read(), r'"resolved"|https?://(?!localhost)|registry\s*=')


class PostgrestJs(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		missing = node.is_missing() or node.install(SOURCES, FOLDER)
		if missing:
			raise unittest.SkipTest(missing)
		cls.server = make_server("whole")
		cls.lacking = make_server("lacking", db_schemas="clients, not_there")

	def run_tests(self, base_url):
		env = {**os.environ, "BASE_URL": base_url, "LACKING_URL": "http://127.0.0.1:%d" % self.lacking.port,
		       "CLOSED_URL": "http://127.0.0.1:%d" % harness.free_port(), "TOKEN": harness.token({"role": "swm_reader"})}
		done = subprocess.run(["node", "--test", "--test-reporter=tap", "postgrest.test.mjs"], cwd=FOLDER, env=env,
		                      capture_output=True, text=True, timeout=300)
		passed = re.findall(r"^    +ok \d+ - (.*)$", done.stdout, re.M)
		failed = re.findall(r"^    +not ok \d+ - (.*)$", done.stdout, re.M)
		self.assertEqual((failed, done.returncode), ([], 0), done.stdout[-20000:] + done.stderr[-2000:])
		self.assertGreater(len(passed), 60)

	def test_at_the_root(self):
		self.run_tests("http://127.0.0.1:%d" % self.server.port)

	def test_what_comes_through_the_prefix(self):
		with Front(self.server.port) as front:
			with harness.socket.create_connection(("127.0.0.1", front.port), 20) as connection:
				connection.sendall(harness.request_bytes("GET", "/rest/v1/no%2Fth%20ing?a=eq.%2Fb%20c&d=eq.1"))
				self.assertEqual(harness.read_response(connection).status, 404)
		harness.wait_until(lambda: '"GET /no%2Fth%20ing?a=eq.%2Fb%20c&d=eq.1 HTTP/1.1" 404' in self.server.log(), 10, "the request")

	def test_under_a_prefix(self):
		with Front(self.server.port) as front:
			self.run_tests("http://127.0.0.1:%d/rest/v1" % front.port)


class Front:
	"""An nginx that has swm under /rest/v1/, as one before many services has."""

	CONFIGURATION = """
daemon off;
pid %(prefix)s/nginx.pid;
events { }
http {
	access_log off;
	client_body_temp_path %(prefix)s/body;
	proxy_temp_path %(prefix)s/proxy;
	fastcgi_temp_path %(prefix)s/fastcgi;
	uwsgi_temp_path %(prefix)s/uwsgi;
	scgi_temp_path %(prefix)s/scgi;
	large_client_header_buffers 4 32k;
	server {
		listen 127.0.0.1:%(port)d;
		location /rest/v1/ {
			# the path as it was sent, nothing of it decoded, without the prefix
			rewrite ^ $request_uri;
			rewrite ^/rest/v1(/.*)$ $1 break;
			proxy_pass http://127.0.0.1:%(behind)d$uri;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
		}
	}
}
"""

	def __init__(self, behind):
		self.port = harness.free_port()
		prefix = os.path.join(harness.folder(), "front-%d" % self.port)
		os.mkdir(prefix)
		if harness.USER:
			os.chown(prefix, harness.USER.pw_uid, harness.USER.pw_gid)
		configuration = harness.write_file("front-%d.conf" % self.port, self.CONFIGURATION % {
			"prefix": prefix, "port": self.port, "behind": behind})
		nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
		self.process = harness.Process("front-%d" % self.port, [nginx, "-p", prefix, "-c", configuration,
		                                                        "-e", prefix + "/error.log"])
		harness.stop_at_exit(self.process.stop)
		self.process.wait_ready(lambda: harness._accepts(harness.socket.AF_INET, ("127.0.0.1", self.port)))

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.process.stop()


if __name__ == "__main__":
	unittest.main()
