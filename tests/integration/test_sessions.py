"""
Nothing that a request did to its session reaches the next one: two roles over one connection,
through every way in which a user's function can run (sessions.sql), with a look afterwards at
everything a session can keep (https://www.postgresql.org/docs/15/sql-discard.html).
"""
import json
import os
import unittest

import harness

KEPT = "swm_private.kept_answers"
ROLES = """
DO $$ BEGIN CREATE ROLE ses_a; CREATE ROLE ses_b; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT ses_a, ses_b TO swm_authenticator;
GRANT ses_b TO ses_a;
ALTER DATABASE "%s" SET track_functions = 'all';
"""
CLEAN = {"role": "ses_b", "settings": ["", "", "0", "ISO, MDY"], "locks": 0, "channels": 0, "prepared": 0,
         "cursors": 0, "temporary": 0, "last": None}
ROWS = "id\n" + "".join("%d\n" % n for n in range(1000, 1041))
BULK = "id\n" + "".join("%01000d\n" % n for n in range(100000, 100300)) # long enough to be copied

A = harness.as_role("ses_a", tenant="A")
B = harness.as_role("ses_b", tenant="B")


def get(target, **headers):
	return "GET", target, headers, None


def post(target, body, **headers):
	return "POST", target, {"Content-Type": "application/json", **headers}, json.dumps(body)


def csv(target, body, **headers):
	return "POST", target, {"Content-Type": "text/csv", **headers}, body


# the function that must have run, and the request that makes it
WAYS = [
	("policy", get("/policied")),
	("policy", ("HEAD", "/policied", {"Prefer": "count=exact"}, None)),
	("policy", get("/policied?select=count()")),
	("policy", get("/policied", Accept="application/vnd.pgrst.plan+json; options=analyze")),
	("policy", ("PATCH", "/policied?id=eq.1", {"Content-Type": "application/json"}, '{"tenant":"A"}')),
	("policy", ("DELETE", "/policied?id=eq.99", {}, None)),
	("policy_check", post("/policied", {"id": 10})),
	("embedded", get("/plain?select=id,embedded(id)")),
	("junction", get("/plain?select=id,tag(id)")),
	("partitioned", get("/partitioned")),
	("computed", get("/plain?select=id,by_computed")),
	("computed", get("/plain?by_computed=is.true")),
	("computed", get("/plain?order=by_computed")),
	("view", get("/viewed")),
	("rule", post("/ruled", {"id": 1})),
	("instead", post("/instead", {"id": 1})),
	("to_json", get("/shows")),
	("from_text", get("/takes?v=eq.1")),
	("from_json", post("/takes", {"id": 2, "v": 2})),
	("domain_check", get("/plain?select=id::checked")),
	("operator", get("/places?spot=eq.(1,1)")),
	("aggregate", get("/places?select=spot.sum()")),
	("default", post("/written", {"id": 1})),
	("check", ("PUT", "/written?id=eq.2", {"Content-Type": "application/json"}, '{"id":2,"name":"x"}')),
	("index", post("/indexed", [{"id": 1, "name": "x"}], Prefer="resolution=merge-duplicates")),
	("predicate", get("/predicate?name=eq.x")),
	("generated", post("/generated", {"id": 1})),
	("before", post("/before", {"id": 1})),
	("after", post("/after", {"id": 1}, Prefer="return=representation")),
	("statement", csv("/statement", ROWS)),
	("statement", csv("/statement", BULK)),
	("deferred", post("/deferred", {"id": 1})),
	("deferred", csv("/deferred", BULK, Prefer="errors=skip")),
	("deleted", ("DELETE", "/deleted?id=eq.1", {}, None)),
	("call", post("/rpc/by_call", {})),
	("stable", get("/rpc/by_stable")),
	("argument", get("/rpc/with_default")),
	("rows", get("/rpc/by_rows?select=id")),
	("handler", get("/plain", Accept="text/x-soiled")),
	("kin", get("/plain?select=id,kin(id)")),
	("failure", post("/rpc/by_failure", {})),
	("role", post("/rpc/by_role", {})),
	("before", post("/batch", [{"method": "POST", "path": "/before", "body": {"id": 7}},
	                           {"method": "GET", "path": "/plain"}])),
	("before", post("/before", {"id": 8}, **{"Idempotency-Key": "sessions"})),
	("before", post("/before", {"id": 9}, Prefer="tx=rollback")),
]


class Sessions(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		harness.sql(ROLES % harness.database())
		with open(os.path.join(harness.HERE, "sessions.sql")) as file:
			harness.sql(file.read())
		harness.sql("TRUNCATE %s" % KEPT)

	def start(self, **settings):
		server = harness.own_server(**{"db_schemas": "ses", **settings}, db_pool=1, db_idempotency_table=KEPT, db_plan_enabled="true",
		                            db_aggregates_enabled="true", db_tx_end="commit-allow-override")
		self.addCleanup(server.stop)
		return server

	def probe(self, server):
		response = server.get("/rpc/probe", B)
		self.assertEqual(200, response.status, response)
		# a connection that could not be reset ends after it has been replaced
		harness.wait_until(lambda: "0" == harness.sql(
			"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").strip(), what="the end of the locks")
		return response.json

	def check_ran(self, name):
		"""The backends have ended, so what they counted is known."""
		calls = harness.sql("SELECT coalesce(sum(calls), 0) FROM pg_stat_user_functions"
		                    " WHERE schemaname IN ('ses', 'ses_private') AND funcname IN ('by_%s', '%s')" % (name, name))
		self.assertNotEqual("0", calls.strip(), "%s did not run" % name)

	def test_every_way_in_which_a_users_function_can_run(self):
		for prepared in ("true", "false"):
			server = self.start(db_prepared_statements=prepared)
			self.assertEqual(CLEAN, self.probe(server))
			for number, (name, (method, target, headers, body)) in enumerate(WAYS):
				with self.subTest(way=name, request="%s %s" % (method, target), prepared=prepared):
					response = server.request(method, target, {**headers, **A}, body and body.encode())
					self.assertEqual(name == "failure", response.status >= 400, response)
					self.assertEqual(CLEAN, self.probe(server))
			server.stop()
			harness.sql("TRUNCATE ses.before, ses.after, ses.statement, ses.deferred, ses.written, ses.indexed, %s" % KEPT)
			harness.sql("DELETE FROM ses.policied WHERE id = 10; INSERT INTO ses.deleted VALUES (1)")
		for name in sorted({name for name, _ in WAYS}):
			with self.subTest(ran=name):
				self.check_ran(name)

	def test_a_function_before_each_request(self):
		server = self.start(db_pre_request="ses_private.by_request")
		for target in ("/plain?id=eq.1", "/rpc/by_stable"):
			self.assertEqual(200, server.get(target, A).status)
			# the probe's own request is soiled as well, by its own tenant
			self.assertNotIn("A", json.dumps(self.probe(server)["settings"]))
		server.stop()
		self.check_ran("request")

	def test_prepared_statements_that_a_function_replaced(self):
		"""None of them is run again, least of all by the login role."""
		server = self.start()
		for key in (None, "replaced"):
			for _ in range(2):  # the first call finds few of them
				headers = {**A, "Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
				response = server.request("POST", "/rpc/replace_statements", headers, b"{}")
				self.assertEqual(200, response.status, response)
				self.assertEqual(CLEAN, self.probe(server))
				key = key and key + "-again"
			self.assertEqual(200, server.get("/plain", B).status)
		roles = harness.sql("SELECT DISTINCT role FROM ses_private.stolen").split()
		self.assertNotIn(harness.LOGIN_ROLE, roles)
		self.assertNotIn("ses_b", roles)

	def requests_of_many_rounds(self):
		"""Each kind of transaction whose statements are sent in several rounds, and what it must have done."""
		return {
			"batch": post("/batch", [{"method": "POST", "path": "/plain", "body": {"id": n}} for n in (100, 101, 102)]),
			"key": post("/plain", [{"id": 100}, {"id": 101}, {"id": 102}], **{"Idempotency-Key": os.urandom(8).hex()}),
			"skip": ("POST", "/plain", {"Content-Type": "application/x-ndjson", "Prefer": "errors=skip"},
			         '{"id":100}\n{"id":101}\n{"id":102}\n'),
			"copied": csv("/plain", "id\n" + "".join("%01000d\n" % n for n in range(100, 400))),
		}

	def check_many_rounds(self, server, between):
		for name in self.requests_of_many_rounds():
			for again in range(2):  # the statements are prepared by the first
				method, target, headers, body = self.requests_of_many_rounds()[name]
				with self.subTest(kind=name, again=again):
					response = server.request(method, target, {**headers, **B}, body.encode())
					self.assertIn(response.status, (200, 201), response)
					self.assertNotIn("skipped", response.header("Preference-Applied") or "")
					rows = harness.sql("WITH gone AS (DELETE FROM ses.plain WHERE id >= 100 RETURNING 1) SELECT count(*) FROM gone")
					self.assertEqual("300" if name == "copied" else "3", rows.strip())
					between(server)

	def test_prepared_statements_that_a_function_dropped(self):
		def drop(server):
			self.assertGreater(server.request("POST", "/rpc/drop_statements", A, b"").json, 0)
		self.check_many_rounds(self.start(), drop)

	def test_a_batch_that_drops_its_own_statements(self):
		"""It cannot be served, is told so, and leaves nothing."""
		server = self.start()
		operations = [{"method": "POST", "path": "/plain", "body": {"id": 100}},
		              {"method": "POST", "path": "/rpc/drop_statements", "body": {}},
		              {"method": "POST", "path": "/plain", "body": {"id": 101}}]
		response = server.request("POST", "/batch", {"Content-Type": "application/json", **A}, json.dumps(operations).encode())
		self.assertEqual((503, "SWM007", "1"), (response.status, response.json["code"], response.header("Retry-After")), response)
		self.assertEqual("0", harness.sql("SELECT count(*) FROM ses.plain WHERE id >= 100").strip())
		self.assertEqual(200, server.get("/plain", B).status)

	def test_prepared_statements_whose_table_changed(self):
		operations = [{"method": "GET", "path": "/rpc/by_stable"}, {"method": "GET", "path": "/changing?select=v"}]
		harness.sql("CREATE TABLE ses.changing (v integer); INSERT INTO ses.changing VALUES (1); GRANT SELECT ON ses.changing TO ses_b")
		self.addCleanup(harness.sql, "DROP TABLE ses.changing")
		server = self.start()
		for kind, value in (("integer", 1), ("text", "1"), ("integer", 1), ("json", 1)):
			harness.sql("ALTER TABLE ses.changing ALTER v TYPE %s USING v::text::%s" % (kind, kind))
			response = server.request("POST", "/batch", {"Content-Type": "application/json", **B}, json.dumps(operations).encode())
			with self.subTest(kind):
				self.assertEqual(200, response.status, response)
				self.assertEqual([{"v": value}], response.json[1]["body"])

	def test_functions_that_shadow_those_of_our_statements(self):
		harness.sql("""
			CREATE SCHEMA ses_shadow;
			GRANT USAGE ON SCHEMA ses_shadow TO ses_a, ses_b;
			CREATE TABLE ses_shadow.arrays (a integer[]);
			INSERT INTO ses_shadow.arrays VALUES ('{1}');
			GRANT SELECT ON ses_shadow.arrays TO ses_a;
			CREATE FUNCTION ses_shadow.to_json(integer[]) RETURNS json LANGUAGE plpgsql VOLATILE AS
				$$ BEGIN PERFORM ses_private.soil(); RETURN '[]'; END $$;
			CREATE FUNCTION ses_shadow.probe() RETURNS jsonb LANGUAGE sql STABLE AS 'SELECT ses.probe()';""")
		self.addCleanup(harness.sql, "DROP SCHEMA ses_shadow CASCADE")
		server = self.start(db_schemas="ses_shadow")
		self.assertEqual([{"a": [1]}], server.get("/arrays", A).json)
		self.assertEqual(CLEAN, self.probe(server))

	def test_a_policy_that_came_after_the_snapshot(self):
		harness.sql("""
			CREATE TABLE ses.later (id integer PRIMARY KEY, tenant text);
			INSERT INTO ses.later VALUES (1, 'A'), (2, 'B');
			GRANT SELECT ON ses.later TO ses_a, ses_b;
			CREATE FUNCTION ses_private.cached() RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN
				IF coalesce(current_setting('app.cached', true), '') = '' THEN
					PERFORM set_config('app.cached', ses_private.tenant(), false);
				END IF;
				RETURN current_setting('app.cached'); END $$;""")
		self.addCleanup(harness.sql, "DROP TABLE ses.later; DROP FUNCTION ses_private.cached()")
		server = self.start()
		self.assertEqual(2, len(server.get("/later", A).json))
		harness.sql("ALTER TABLE ses.later ENABLE ROW LEVEL SECURITY;"
		            "CREATE POLICY p ON ses.later USING (tenant = (SELECT ses_private.cached()))")
		for who, tenant in ((B, "B"), (A, "A"), (B, "B")):
			self.assertEqual([tenant], [row["tenant"] for row in server.get("/later", who).json])

	def test_rows_of_one_tenant_are_not_shown_to_another(self):
		harness.sql("""
			CREATE FUNCTION ses_private.remembered() RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN
				IF coalesce(current_setting('app.remembered', true), '') = '' THEN
					PERFORM set_config('app.remembered', ses_private.tenant(), false);
				END IF;
				RETURN current_setting('app.remembered'); END $$;
			CREATE TABLE ses.cases (id integer PRIMARY KEY, tenant text);
			INSERT INTO ses.cases SELECT i, CASE WHEN i % 2 = 0 THEN 'A' ELSE 'B' END FROM generate_series(1, 6) i;
			ALTER TABLE ses.cases ENABLE ROW LEVEL SECURITY;
			CREATE POLICY p ON ses.cases USING (tenant = (SELECT ses_private.remembered()));
			GRANT SELECT ON ses.cases TO ses_a, ses_b;""")
		self.addCleanup(harness.sql, "DROP TABLE ses.cases; DROP FUNCTION ses_private.remembered()")
		server = self.start()
		for who, rows in ((B, [1, 3, 5]), (A, [2, 4, 6]), (B, [1, 3, 5])):
			self.assertEqual(rows, [row["id"] for row in server.get("/cases?order=id", who).json])


if __name__ == "__main__":
	unittest.main()
