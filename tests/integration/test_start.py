"""What is wrong is said: by swm check, at the start, and in the log of what failed."""
import os
import re
import signal
import unittest

import harness
from harness import ids, wait_until


def log_of(server):
	with open(server.fcgi.log, encoding="utf-8") as file:
		return file.read()


class Start(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		harness.sql("DROP SCHEMA IF EXISTS it_start CASCADE; CREATE SCHEMA it_start; "
		            "DROP ROLE IF EXISTS it_not_granted; CREATE ROLE it_not_granted; "
		            "CREATE FUNCTION it_start.check() RETURNS void LANGUAGE sql AS ''; "
		            "CREATE FUNCTION it_start.check_with(x int) RETURNS void LANGUAGE sql AS ''; "
		            "CREATE FUNCTION it_start.fail(state text) RETURNS void LANGUAGE plpgsql AS "
		            "$$BEGIN RAISE SQLSTATE 'XX000' USING MESSAGE = 'it broke' || chr(10) || 'here', "
		            "DETAIL = 'a row of a customer'; END$$; "
		            "CREATE FUNCTION it_start.refuse() RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$; "
		            "CREATE FUNCTION it_start.root() RETURNS json LANGUAGE sql AS 'SELECT ''{}''::json'; "
		            "GRANT USAGE ON SCHEMA it_start TO PUBLIC")

	@classmethod
	def tearDownClass(cls):
		harness.sql("DROP SCHEMA it_start CASCADE; DROP ROLE it_not_granted; DROP SCHEMA IF EXISTS it_later")

	def configuration(self, name, **settings):
		"""A file of one setting a line, the connection string being the first."""
		lines = ['db-uri = "%s"' % harness.cluster().conninfo(harness.database(), harness.LOGIN_ROLE)]
		lines += ["%s = %s" % (key.replace("_", "-"), harness.quote(value)) for key, value in settings.items()]
		return harness.write_file(name, "\n".join(lines) + "\n")

	def check(self, path, *options, env=None):
		status, out, err = harness.run_program("swm", "check", *options, path, env=env)
		return status, out.decode(), err.decode()


class Check(Start):
	def problems(self, **settings):
		"""What check --connect says: (line, text) of each problem."""
		status, out, err = self.check(self.configuration("check.conf", **settings), "--connect")
		found = re.findall(r"^\S*/check\.conf:(\d+): (.*)$", err, re.M)
		self.assertEqual(len(found), len(err.splitlines()), err)
		self.assertEqual((status, out != ""), (1, False) if found else (0, True))
		return [(int(line), text) for line, text in found]

	def test_a_good_one(self):
		self.assertEqual(self.problems(db_schemas="it_start, test", db_anon_role="swm_anon", db_pre_request="it_start.check",
		                               db_root_spec="root", db_idempotency_table="swm_private.kept_answers",
		                               db_extra_search_path="public, $$user, it_start"), [])
		# names without a schema are found as a request finds them
		self.assertEqual(self.problems(db_schemas="it_start", db_pre_request="check", db_anon_role="swm_anon"), [])
		self.assertEqual(self.problems(db_schemas="test", db_extra_search_path="it_start", db_pre_request="check"), [])

	def test_all_that_is_not_there_is_named_at_once(self):
		self.assertEqual(self.problems(
			db_schemas="test, nowhere, \"Test\"", db_anon_role="it_nobody", db_pre_request="it_start.nothing",
			db_root_spec="nothing", db_idempotency_table="it_start.answers", db_extra_search_path="public, gone"), [
				(2, 'db-schemas names the schema "nowhere", which is not in the database'),
				(2, 'db-schemas names the schema ""Test"", which is not in the database'),
				(7, 'db-extra-search-path names the schema "gone", which is not in the database'),
				(3, 'db-anon-role names the role "it_nobody", which is not in the database'),
				(4, 'db-pre-request names the function "it_start.nothing", which is not in the database, '
				    'or not without arguments'),
				(5, 'db-root-spec names the function "nothing", which is in none of db-schemas'),
				(6, 'db-idempotency-table names the table "it_start.answers", which is not in the database'),
			])

	def test_a_role_that_the_login_role_may_not_take(self):
		self.assertEqual(self.problems(db_schemas="test", db_anon_role="it_not_granted"), [
			(3, 'db-anon-role names the role "it_not_granted", which the role of db-uri may not take: '
			    'it must be granted to it')])

	def test_a_function_with_arguments_is_no_pre_request(self):
		found = self.problems(db_schemas="test", db_pre_request="it_start.check_with")
		self.assertEqual([line for line, _ in found], [3])
		self.assertIn("check_with", found[0][1])

	def test_a_function_of_another_schema(self):
		self.assertEqual([line for line, _ in self.problems(db_schemas="test", db_root_spec="root")], [3])
		self.assertEqual([line for line, _ in self.problems(db_schemas="test", db_pre_request="check")], [3])

	def test_a_database_that_does_not_answer(self):
		path = harness.write_file("nowhere.conf", 'db-uri = "host=/nowhere/at/all user=x password=tops3cret"\n')
		status, out, err = self.check(path, "--connect")
		self.assertEqual((status, out), (1, ""))
		self.assertIn("/nowhere/at/all", err)
		self.assertNotIn("tops3cret", err)

	def test_what_only_the_reader_of_a_value_knows_has_its_line(self):
		path = harness.write_file("values.conf", '# a comment\njwt-role-claim-key = "role"\n\ndb-uri = "mysql://x"\n')
		status, out, err = self.check(path)
		self.assertEqual((status, out), (1, ""))
		self.assertEqual([line.split("/")[-1] for line in err.splitlines()], [
			"values.conf:2: failed to parse jwt-role-claim-key value (role)",
			"values.conf:4: db-uri is no connection string of libpq"])

	def test_a_configuration_of_an_older_postgrest(self):
		path = self.configuration("older.conf", db_schema="test", db_use_legacy_gucs=False, raw_media_types="image/png",
		                          server_port=3000, db_pool_timeout=20, max_rows=100)
		status, out, err = self.check(path, "--connect")
		self.assertEqual((status, out), (0, path + ": ok, and the database answers\n"))
		for what in ("older.conf:3: db-use-legacy-gucs is ignored", "older.conf:4: raw-media-types is ignored",
		             "older.conf:5: server-port is ignored", "older.conf:7: max-rows is the old name of db-max-rows"):
			self.assertIn(what, err)

	def test_variables(self):
		path = self.configuration("variables.conf", db_schemas="test")
		status, out, err = self.check(path, env={"SWM_DB_ANON_ROLLE": "hush", "PGRST_DB_CHANNEL": "x", "PGRST_NOTHING": "hush"})
		self.assertEqual(status, 0)
		self.assertEqual(sorted(err.splitlines()), [
			"warning: PGRST_DB_CHANNEL: db-channel is not in effect yet",
			"warning: PGRST_NOTHING: names no setting",
			"warning: SWM_DB_ANON_ROLLE: names no setting; did you mean SWM_DB_ANON_ROLE?"])


class Program(Start):
	def test_a_schema_that_comes_later(self):
		harness.sql("DROP SCHEMA IF EXISTS it_later CASCADE")
		with harness.own_server(db_schemas="test, it_later") as server:
			for _ in range(3):
				answer = server.get("/three?order=id")
				self.assertEqual((answer.status, answer.json["code"], answer.header("Retry-After")), (503, "PGRST002", "1"))
				self.assertIsNone(answer.json["details"])
			named = r"swm-\d+\.conf:2: db-schemas names the schema \"it_later\", which is not in the database"
			self.assertEqual(len(re.findall(named, log_of(server))), 1)
			harness.sql("CREATE SCHEMA it_later; GRANT USAGE ON SCHEMA it_later TO swm_anon")
			wait_until(lambda: server.get("/three?order=id").status == 200, 10, "the schema")
			self.assertEqual(server.get("/three?order=id").text, ids(1, 2, 3))
			self.assertEqual(log_of(server).count("crit the database has all of db-schemas"), 1)

	def test_the_database_is_not_asked_by_every_request(self):
		harness.sql("DROP SCHEMA IF EXISTS it_later CASCADE")
		transactions = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
		with harness.own_server(db_schemas="it_later") as server:
			before = int(harness.sql(transactions))
			self.assertEqual({server.get("/three").status for _ in range(200)}, {503})
		# a backend that ends has told its numbers
		wait_until(lambda: harness.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = '%s'"
		                               % server.application()) == "0", 10, "the end of the connections")
		self.assertLess(int(harness.sql(transactions)) - before, 100)

	def test_other_wrong_names_are_in_the_log(self):
		with harness.own_server(db_anon_role="it_not_granted", db_pre_request="it_start.nothing", log_level="error",
		                        db_idempotency_table="it_start.answers", db_config=True) as server:
			self.assertEqual(server.get("/three").status, 401)
			log = log_of(server)
			for what in ('db-anon-role names the role "it_not_granted", which the role of db-uri may not take',
			             'db-pre-request names the function "it_start.nothing"',
			             'db-idempotency-table names the table "it_start.answers"', "db-config is not in effect yet"):
				self.assertRegex(log, r"swm-\d+\.conf:\d+: " + re.escape(what))

	def test_a_good_start_is_quiet(self):
		with harness.own_server(log_level="error") as server:
			self.assertEqual(server.get("/three").status, 200)
			wait_until(lambda: " listens on " in log_of(server), 10, "the notice of the start")
			self.assertEqual(len(log_of(server).splitlines()), 1, log_of(server))

	def test_sigusr2_says_what_it_does_not(self):
		with harness.own_server(log_level="error") as server:
			os.kill(server.fcgi.popen.pid, signal.SIGUSR2)
			wait_until(lambda: "SIGUSR2: the configuration, and files that it names, are read at the start only" in
			           log_of(server), 10, "the line")

	def test_a_failure_has_its_cause_in_the_log(self):
		with harness.own_server(db_schemas="it_start", log_level="error") as server:
			kind = {"Content-Type": "application/json"}
			self.assertEqual(server.request("POST", "/rpc/refuse", kind, b"{}").status, 400)
			self.assertEqual(server.request("POST", "/rpc/fail", kind, b'{"state":"x"}').status, 500)
			wait_until(lambda: '"POST /rpc/fail HTTP/1.1" 500' in log_of(server), 10, "the request's line")
			lines = log_of(server).splitlines()[1:]
			self.assertEqual([re.sub(r"^\S+ ", "", line) for line in lines[:1]],
			                 ["error POST /rpc/fail: 500 XX000: it broke here"])
			self.assertEqual(len(lines), 2, lines)
			self.assertNotIn("customer", log_of(server))

	def test_an_unreachable_database_is_the_cause(self):
		server = harness.own_server(db_uri="host=/nowhere/at/all user=x password=tops3cret", log_level="error")
		with server:
			self.assertEqual(server.get("/three").status, 503)
			wait_until(lambda: '"GET /three HTTP/1.1" 503' in log_of(server), 10, "the request's line")
			self.assertRegex(log_of(server), r"error GET /three: 503 PGRST000: .*/nowhere/at/all")
			self.assertNotIn("tops3cret", log_of(server))


if __name__ == "__main__":
	unittest.main()
