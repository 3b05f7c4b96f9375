"""
What SQL sets for the answer of a write is judged before the commit: an answer that cannot be
given leaves nothing behind, on whatever way the write came.
"""
import json
import os
import re
import unittest

import harness
from harness import as_role

ORIGIN = "http://page.example"
SETUP = """
DROP SCHEMA IF EXISTS heads CASCADE;
CREATE SCHEMA heads;
CREATE TABLE heads.office (id int PRIMARY KEY, name text);
CREATE FUNCTION heads.set_head(name text, value text) RETURNS void LANGUAGE sql AS
	$$ SELECT set_config('response.headers', json_build_array(json_build_object(name, value))::text, true) $$;
CREATE FUNCTION heads.set_from_name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF new.name ~ '^[0-9]+$' THEN
		PERFORM heads.set_head('X-Big', repeat('h', new.name::int));
	ELSIF new.name LIKE 'status %' THEN
		PERFORM set_config('response.status', substr(new.name, 8), true);
	ELSE
		PERFORM set_config('response.headers', new.name, true);
	END IF;
	RETURN new; END $$;
CREATE TRIGGER set_from_name BEFORE INSERT OR UPDATE ON heads.office FOR EACH ROW EXECUTE FUNCTION heads.set_from_name();
CREATE FUNCTION heads.bighdr(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
	INSERT INTO heads.office VALUES (n, n::text);
	RETURN n; END $$;
CREATE FUNCTION heads.readhdr(n int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN
	PERFORM heads.set_head('X-Big', repeat('h', n));
	RETURN n; END $$;
CREATE FUNCTION heads.raises(n int, code text DEFAULT 'X') RETURNS void LANGUAGE plpgsql AS $$ BEGIN
	RAISE SQLSTATE 'PGRST' USING message = json_build_object('code', code, 'message', 'm'),
		detail = json_build_object('status', 418, 'headers', json_build_object('X-Big', repeat('h', n)));
	END $$;
CREATE TABLE heads.long_key (id text PRIMARY KEY);
CREATE FUNCTION heads.set_big() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN PERFORM heads.set_head('X-Big', repeat('h', 14700)); RETURN new; END $$;
GRANT USAGE ON SCHEMA heads TO swm_anon;
GRANT ALL ON ALL TABLES IN SCHEMA heads TO swm_anon;
"""
# What cannot be an answer's head, as the trigger sets it, and the error's code.
BAD = [
	("17000", "PGRST111"), ("nonsense", "PGRST111"), ('{"X-A":"1"}', "PGRST111"), ('[{"X-A":1}]', "PGRST111"),
	('[{"X-A":"1","X-B":"2"}]', "PGRST111"), ('[{"X A":"1"}]', "PGRST111"), ('[{"X-A":"1\\r\\nX-B: 2"}]', "PGRST111"),
	('[{"X-A":"1"},]', "PGRST111"), ('[{}]', "PGRST111"), ('[["X-A","1"]]', "PGRST111"), ('[{"X-A":"\\u0000"}]', "PGRST111"),
	("[" * 10000, "PGRST111"), ("status 99", "PGRST112"), ("status 600", "PGRST112"), ("status abc", "PGRST112"),
	("status -200", "PGRST112"), ("status 99999999999999999999", "PGRST112"),
]


class Heads(unittest.TestCase):
	maxDiff = None

	@classmethod
	def setUpClass(cls):
		harness.sql(SETUP)
		cls.server = harness.server(db_schemas="heads", db_idempotency_table="swm_private.kept_answers")

	def setUp(self):
		harness.sql("TRUNCATE heads.office, heads.long_key; DROP TRIGGER IF EXISTS big ON heads.long_key")

	def send(self, method, target, body=None, content="application/json", **fields):
		headers = {"Content-Type": content, **{name.replace("_", "-"): value for name, value in fields.items()}}
		body = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
		return self.server.request(method, target, headers, body)

	def assert_nothing(self, answer, code="PGRST111"):
		self.assertEqual((answer.status, answer.json["code"], answer.complete), (500, code, True), answer)
		self.assertIsNone(answer.header("Retry-After"))
		self.assertEqual(harness.sql("SELECT count(*) FROM heads.office"), "0")

	def every_way(self, name):
		"""The answer of a write whose trigger sets what the row's name says."""
		row = {"id": 1, "name": name}
		key = {"Idempotency_Key": "k%d" % os.urandom(4)[0], **as_role("swm_anon", sub=os.urandom(8).hex())}
		yield "POST", self.send("POST", "/office", row)
		yield "returned", self.send("POST", "/office", row, Prefer="return=representation")
		yield "judged", self.send("POST", "/office", row, Accept="application/vnd.pgrst.object+json",
		                          Prefer="return=representation")
		yield "PUT", self.send("PUT", "/office?id=eq.1", row)
		yield "lines", self.send("POST", "/office", json.dumps(row).encode() + b"\n", "application/x-ndjson")
		yield "skip", self.send("POST", "/office", json.dumps(row).encode() + b"\n", "application/x-ndjson",
		                        Prefer="handling=lenient, errors=skip")
		yield "batch", self.send("POST", "/batch", [{"method": "POST", "path": "/office", "body": row}])
		yield "key", self.send("POST", "/office", row, **key)

	def test_bad_heads_of_every_way(self):
		for name, code in BAD:
			for way, answer in self.every_way(name):
				with self.subTest(way=way, name=name[:40]):
					self.assert_nothing(answer, code)

	def test_good_heads_of_every_way(self):
		for name, header in (('[]', None), (' [ {"X-A" : "1"} , {"X-B":"2"} ] ', "1"), ('[{"X-A":"\\u00e9\\t\\"\\\\"}]', 'é\t"\\'),
		                     ('[{"X-A":"\\ud83d\\ude00"}]', "\N{GRINNING FACE}"), ("status 299", None)):
			for way, answer in self.every_way(name):
				with self.subTest(way=way, name=name):
					self.assertEqual(answer.status // 100, 2, answer)
					if way == "batch":
						self.assertEqual(answer.json[0]["headers"].get("X-A"), header)
					elif header is not None:
						self.assertEqual(answer.header("X-A").encode("latin-1").decode(), header)
				harness.sql("DELETE FROM heads.office")

	def test_updates(self):
		harness.sql("INSERT INTO heads.office VALUES (1, '[]')")
		for name, code in BAD:
			with self.subTest(name[:40]):
				answer = self.send("PATCH", "/office?id=eq.1", {"name": name})
				self.assertEqual((answer.status, answer.json["code"]), (500, code))
		self.assertEqual(harness.sql("SELECT name FROM heads.office"), "[]")

	def test_the_longest(self):
		"""A volatile function's header, around the limit: given whole, or nothing is kept."""
		answer = self.send("POST", "/rpc/bighdr", {"n": 15500})
		self.assertEqual((answer.status, answer.text, len(answer.header("X-Big"))), (200, "15500", 15500))
		harness.sql("TRUNCATE heads.office")
		for fields in ({}, {"Origin": ORIGIN}, {"Prefer": "count=exact, return=minimal"}):
			given = refused = 0
			for length in range(14900, 16500, 50):
				answer = self.send("POST", "/rpc/bighdr", {"n": length}, **fields)
				if answer.status == 200:
					given += 1
					self.assertEqual((len(answer.header("X-Big")), refused), (length, 0))
					harness.sql("TRUNCATE heads.office")
				else:
					refused += 1
					self.assert_nothing(answer)
			self.assertTrue(given > 0 and refused > 0)

	def test_message(self):
		answer = self.send("POST", "/rpc/bighdr", {"n": 17000})
		self.assertEqual(answer.text, harness.error_body("PGRST111", "The headers of the answer are longer than 16256 bytes"))
		self.assert_nothing(answer)

	def test_the_limit_is_that_of_the_site(self):
		"""fastcgi_buffer_size also holds the heads of FastCGI's records, 8 bytes before and up to 7 behind what is in each."""
		with open(os.path.join(harness.CHECKOUT, "lib", "reply", "reply.h")) as file:
			base, less = re.search(r"SWM_REPLY_LONGEST_HEAD = (\d+) \* 1024 - (\d+)", file.read()).groups()
		with open(os.path.join(harness.CHECKOUT, "nginx", "swm.site")) as file:
			site = file.read()
		self.assertEqual(re.findall(r"fastcgi_buffer_size (\d+)k;", site), [base])
		self.assertGreaterEqual(int(less), 8 * 3)

	def test_what_can_be_left_out(self):
		"""A Location as long as a key of the table, and what else the answer can do without."""
		key = "k" * 1900
		fields = {"Prefer": "return=headers-only", "Origin": ORIGIN}
		self.assertEqual(self.send("POST", "/long_key", {"id": key}, **fields).header("Location"), "/long_key?id=eq." + key)
		harness.sql("TRUNCATE heads.long_key; CREATE TRIGGER big BEFORE INSERT ON heads.long_key FOR EACH ROW "
		            "EXECUTE FUNCTION heads.set_big()")
		answer = self.send("POST", "/long_key", {"id": key}, **fields)
		self.assertEqual((answer.status, answer.header("Location"), len(answer.header("X-Big"))), (201, None, 14700))
		self.assertEqual(harness.sql("SELECT count(*) FROM heads.long_key"), "1")

	def test_kept(self):
		"""What is kept for a key can be given again, to an origin too."""
		who = as_role("swm_anon", sub=os.urandom(8).hex())
		for length in range(14000, 16500, 100):
			harness.sql("TRUNCATE heads.office")
			fields = {"Idempotency_Key": "n%d" % length, **who}
			first = self.send("POST", "/office", {"id": 1, "name": str(length)}, **fields)
			if first.status != 201:
				self.assert_nothing(first)
				continue
			again = self.send("POST", "/office", {"id": 1, "name": str(length)}, Origin=ORIGIN, **fields)
			self.assertEqual((again.status, again.header("Idempotency-Replayed")), (201, "true"), again)
			self.assertEqual(len(again.header("X-Big")), length)

	def test_reads(self):
		self.assertEqual(self.server.get("/rpc/readhdr?n=15500").status, 200)
		answer = self.server.get("/rpc/readhdr?n=17000")
		self.assertEqual((answer.status, answer.json["code"]), (500, "PGRST111"))

	def test_raised(self):
		answer = self.send("POST", "/rpc/raises", {"n": 15000})
		self.assertEqual((answer.status, answer.json["code"], len(answer.header("X-Big"))), (418, "X", 15000))
		answer = self.send("POST", "/rpc/raises", {"n": 17000})
		self.assertEqual((answer.status, answer.json["code"]), (500, "PGRST111"))
		for code in ("c" * 20000, "a\nb"):
			answer = self.send("POST", "/rpc/raises", {"n": 1, "code": code})
			self.assertTrue(answer.complete)
			self.assertIn(answer.json["code"], (code, "PGRST111"))

	def test_of_an_operation(self):
		"""What an operation of a batch sets is in the body, where nginx has no say."""
		answer = self.send("POST", "/batch", [{"method": "POST", "path": "/rpc/bighdr", "body": {"n": 14000 + n}}
		                                      for n in range(5)])
		self.assertEqual((answer.status, [len(a["headers"]["X-Big"]) for a in answer.json]),
		                 (200, [14000, 14001, 14002, 14003, 14004]))


if __name__ == "__main__":
	unittest.main()
