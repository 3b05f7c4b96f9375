"""
Sixteen clients write at once while connections of the database are ended at random. What
was acknowledged is there, and once; what was answered with an error other than SWM001 is
not; what is sent again with its Idempotency-Key until it is acknowledged is there once.
"""
import concurrent.futures
import json
import threading
import unittest

import harness

CLIENTS = 16
ROUNDS = 12
KEPT = "swm_private.kept_answers"
SCHEMA = """
DROP SCHEMA IF EXISTS lost CASCADE;
CREATE SCHEMA lost;
GRANT USAGE ON SCHEMA lost TO swm_anon, swm_writer;
CREATE TABLE lost.events (note text); -- without a key: what is there twice shows
CREATE TABLE lost.things (id text PRIMARY KEY, value integer, changes integer DEFAULT 0);
CREATE FUNCTION lost.count_change() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN NEW.changes := OLD.changes + 1; RETURN NEW; END $$;
CREATE TRIGGER count_change BEFORE UPDATE ON lost.things FOR EACH ROW EXECUTE FUNCTION lost.count_change();
CREATE FUNCTION lost.add(note text) RETURNS void LANGUAGE sql VOLATILE AS $$ INSERT INTO lost.events VALUES ($1) $$;
GRANT ALL ON ALL TABLES IN SCHEMA lost TO swm_anon, swm_writer;
TRUNCATE %s;
""" % KEPT


def insert(name):
	return "POST", "/events", {"note": name}


def several(name):
	return "POST", "/events", [{"note": name}] + [{"note": "+" + name}] * 9


def csv(name):
	return "POST", "/events", "note\n%s\n" % name + "+%s\n" % name * 40


def call(name):
	return "POST", "/rpc/add", {"note": name}


def batch(name):
	return "POST", "/batch", [{"method": "POST", "path": "/events", "body": {"note": name}},
	                          {"method": "POST", "path": "/events", "body": {"note": "+" + name}}]


def upsert(name):
	return "POST", "/things", {"id": name, "value": 1}


def change(name):
	return "PATCH", "/things?id=eq.change-" + name, {"value": 1}


def delete(name):
	return "DELETE", "/things?id=eq.delete-" + name, None


KINDS = [insert, several, csv, call, batch, upsert, change, delete]


class Killer(threading.Thread):
	"""Ends a connection of the login role, whatever it does just then, whenever a few answers have come."""

	ANSWERS = 5

	def __init__(self):
		super().__init__()
		self.answers = threading.Semaphore(0)
		self.done = False
		self.killed = 0

	def end(self):
		self.done = True
		self.answers.release(self.ANSWERS)
		self.join()

	def run(self):
		while True:
			for _ in range(self.ANSWERS):
				self.answers.acquire()
			if self.done:
				return
			self.killed += int(harness.sql(
				"SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity"
				" WHERE usename = '%s' AND datname = current_database() ORDER BY random() LIMIT 1) AS one" % harness.LOGIN_ROLE).splitlines()[-1]) # one that is gone already is warned of


class LostConnections(unittest.TestCase):
	def setUp(self):
		harness.sql(SCHEMA)
		self.server = harness.own_server(db_schemas="lost", db_idempotency_table=KEPT, db_pool=8)
		self.addCleanup(self.server.stop)
		names = ["%s-%d-%d" % (kind, client, number) for kind in ("change", "delete") for client in range(CLIENTS) for number in range(ROUNDS)]
		harness.sql("INSERT INTO lost.things VALUES " + ", ".join("('%s', 0)" % name for name in names))

	def send(self, kind, name, key=None):
		method, target, body = kind(name)
		is_text = isinstance(body, str)
		headers = {"Content-Type": "text/csv" if is_text else "application/json"}
		if kind is upsert:
			headers["Prefer"] = "resolution=merge-duplicates"
		if key is not None:
			headers.update({"Idempotency-Key": key, **harness.as_role("swm_writer")})
		data = None if body is None else body if is_text else json.dumps(body)
		answer = self.server.request(method, target, headers, None if data is None else data.encode())
		self.killer.answers.release()
		return answer

	def under_fire(self, client):
		"""Runs client(number) for each at once; what they return, together."""
		self.killer = Killer()
		self.killer.start()
		try:
			with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
				return [one for answers in pool.map(client, range(CLIENTS)) for one in answers]
		finally:
			self.killer.end()
			self.assertGreater(self.killer.killed, 20)

	def times(self):
		"""How often each write was done, by kind and name."""
		found = {}
		for line in harness.sql("SELECT note, count(*) FROM lost.events GROUP BY note").splitlines():
			note, count = line.split("|")
			found[note] = int(count)
		for line in harness.sql("SELECT id, value + changes FROM lost.things").splitlines():
			name, count = line.split("|")
			found[name] = int(count)
		return found

	def done(self, found, kind, name):
		"""How often the write was done."""
		if kind is change: # value 1, changed once
			return {0: 0, 2: 1}.get(found["change-" + name], 99)
		if kind is delete:
			return 0 if "delete-" + name in found else 1
		tag = "%s-%s" % (kind.__name__, name)
		others = {several: 9, csv: 40, batch: 1}.get(kind, 0)
		self.assertEqual(found.get("+" + tag, 0), others * found.get(tag, 0), tag) # all of it or nothing
		return found.get(tag, 0)

	def tagged(self, kind, name):
		return name if kind in (change, delete) else "%s-%s" % (kind.__name__, name)

	def test_what_is_acknowledged_is_there_once(self):
		def client(number):
			answers = []
			for n in range(ROUNDS):
				for kind in KINDS:
					name = "%d-%d" % (number, n)
					answer = self.send(kind, self.tagged(kind, name))
					code = json.loads(answer.text)["code"] if answer.status >= 400 else None
					answers.append((kind, name, answer.status, code))
			return answers

		answers = self.under_fire(client)
		found = self.times()
		for kind, name, status, code in answers:
			times = self.done(found, kind, name)
			with self.subTest(kind=kind.__name__, name=name, status=status, code=code):
				if status < 300:
					self.assertEqual(times, 1)
				elif code == "SWM001":
					self.assertEqual(status, 503)
					self.assertLessEqual(times, 1)
				else:
					self.assertEqual((status, times), (503, 0))
		# it is a test only where both happened
		self.assertGreater(sum(status < 300 for _, _, status, _ in answers), 100)
		self.assertGreater(sum(status == 503 for _, _, status, _ in answers), 5)

	def test_what_is_sent_again_with_its_key_is_there_once(self):
		def client(number):
			sent = []
			for n in range(ROUNDS // 2):
				for kind in KINDS:
					name = "%d-%d" % (number, n)
					tries, status = 0, 503
					while status == 503 and tries < 200:
						status = self.send(kind, self.tagged(kind, name), "%s-%s" % (kind.__name__, name)).status
						tries += 1
					sent.append((kind, name, status, tries))
			return sent

		sent = self.under_fire(client)
		found = self.times()
		for kind, name, status, _ in sent:
			with self.subTest(kind=kind.__name__, name=name):
				self.assertEqual((status < 300, self.done(found, kind, name)), (True, 1))
		self.assertGreater(sum(tries > 1 for _, _, _, tries in sent), 5)


if __name__ == "__main__":
	unittest.main()
