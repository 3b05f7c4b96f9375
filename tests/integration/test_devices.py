"""
What each role of the shipped schema may do with it (sql/03-privileges.sql): a device adds
its own consumption and reads it, and nothing else; anybody reads; a writer writes.
"""
import json
import unittest

import harness
from harness import as_role

DAY = "2031-05-01" # behind the sample data
MINE, OTHER = 15, 16


def reading(device=MINE, **fields):
	return {"date": DAY, "device_id": device, "amount": 1.5, "unit": "kWh", **fields}


class Roles(unittest.TestCase):
	def setUp(self):
		self.addCleanup(harness.sql, "DELETE FROM swm.consumption WHERE date >= '2031-01-01'")
		self.server = harness.server(db_schemas="swm")

	def send(self, method, target, who, body=None, **fields):
		headers = {"Content-Type": "application/json", **who, **{name.capitalize(): value for name, value in fields.items()}}
		return self.server.request(method, target, headers, None if body is None else json.dumps(body).encode())

	def expect_refused(self, answer, status=403, code="42501"):
		self.assertEqual((answer.status, json.loads(answer.text)["code"]), (status, code), answer.text)

	def stored(self):
		return harness.sql("SELECT coalesce(string_agg(device_id || ':' || amount || unit, ' ' ORDER BY device_id, unit), '')"
		                   " FROM swm.consumption WHERE date = '%s'" % DAY)


class Device(Roles):
	ME = as_role("swm_device", device_id=MINE)

	def test_adds_its_own_reading(self):
		answer = self.send("POST", "/consumption?select=device_id,amount", self.ME, reading(), prefer="return=representation")
		self.assertEqual((answer.status, json.loads(answer.text)), (201, [{"device_id": MINE, "amount": 1.5}]))
		self.assertEqual(self.stored(), "15:1.5kWh")

	def test_a_reading_sent_again_is_there_once(self):
		target = "/consumption?on_conflict=device_id,date,unit"
		for amount in (1.5, 9.9): # the first one counts
			answer = self.send("POST", target, self.ME, reading(amount=amount), prefer="resolution=ignore-duplicates")
			self.assertEqual((answer.status, answer.text), (201, ""))
		self.assertEqual(self.stored(), "15:1.5kWh")
		self.expect_refused(self.send("POST", "/consumption", self.ME, reading()), 409, "23505")
		self.assertEqual(self.send("POST", target, self.ME, reading(unit="l")).status, 201)
		self.assertEqual(self.stored(), "15:1.5kWh 15:1.5l")

	def test_many_readings_at_once(self):
		"""As lines and as CSV, by the same policies."""
		def send(content, text, prefer=""):
			headers = {"Content-Type": content, **self.ME, "Prefer": prefer}
			return self.server.request("POST", "/consumption?on_conflict=device_id,date,unit", headers, text.encode())
		csv = "date,device_id,amount,unit\n" + "".join("%s,%d,%s,%s\n" % (DAY, device, amount, unit)
			for device, amount, unit in ((MINE, 1.5, "kWh"), (MINE, 2, "l")))
		other = "%s,%d,3,m3\n" % (DAY, OTHER)
		self.assertEqual(send("text/csv", csv).status, 201)
		self.assertEqual(send("application/x-ndjson", json.dumps(reading(amount=9)), "resolution=ignore-duplicates").status, 201)
		self.expect_refused(send("text/csv", csv.replace("kWh", "h").replace(",l\n", ",b\n") + other))
		self.expect_refused(send("application/x-ndjson", json.dumps(reading(OTHER))))
		self.assertEqual(self.stored(), "15:1.5kWh 15:2l")
		answer = send("text/csv", csv + other, "errors=skip, resolution=ignore-duplicates")
		self.assertEqual([(e["line"], e["code"]) for e in json.loads(answer.text)["errors"]], [(4, "42501")])
		self.assertEqual(self.stored(), "15:1.5kWh 15:2l")

	def test_reads_its_own_rows_alone(self):
		answer = self.send("GET", "/consumption?select=device_id&limit=400", self.ME)
		self.assertEqual({row["device_id"] for row in json.loads(answer.text)}, {MINE})
		self.assertEqual(self.send("GET", "/consumption?device_id=eq.%d" % OTHER, self.ME).text, "[]")

	def test_does_nothing_else(self):
		self.assertEqual(self.send("POST", "/consumption", self.ME, reading()).status, 201)
		mine = "/consumption?device_id=eq.%d&date=eq.%s" % (MINE, DAY)
		for method, target, body in (
			("POST", "/consumption", reading(OTHER)),             # another's
			("POST", "/consumption", [reading(unit="l"), reading(OTHER)]),
			("POST", "/consumption", reading(id=10 ** 9, unit="l")), # the number is the database's
			("PATCH", mine, {"amount": 2}),
			("DELETE", mine, None),
			("PUT", "/consumption?id=eq.1", reading(id=1)),
			("GET", "/devices", None),
			("POST", "/devices", {"id": 999, "device_name": "new"}),
		):
			with self.subTest(method=method, target=target):
				self.expect_refused(self.send(method, target, self.ME, body))
		self.assertEqual(self.stored(), "15:1.5kWh")

	def test_without_a_device_that_is_a_number_there_is_nothing(self):
		for claims in ({}, {"device_id": "x"}, {"device_id": None}, {"device_id": [15]}, {"device_id": "15 OR true"},
		               {"device_id": 10 ** 12}, {"device_id": -15}, {"device_id": 15.5}):
			with self.subTest(claims=claims):
				who = as_role("swm_device", **claims)
				self.assertEqual(self.send("GET", "/consumption?limit=1", who).text, "[]")
				self.expect_refused(self.send("POST", "/consumption", who, reading()))
		self.assertEqual(self.stored(), "")


class Others(Roles):
	def test_the_claim_is_the_device_role_s(self):
		"""Who asks behind a device on the same connection is not taken for it."""
		for _ in range(5):
			self.assertEqual(self.send("GET", "/consumption?device_id=eq.%d&limit=1" % OTHER, Device.ME).text, "[]")
			self.assertNotEqual(self.send("GET", "/consumption?device_id=eq.%d&limit=1" % OTHER, {}).text, "[]")

	def test_readers_read_all_and_write_nothing(self):
		for who, refused in (({}, 401), (as_role("swm_reader"), 403)):
			answer = self.send("GET", "/consumption?select=device_id&date=eq.2025-06-01", who)
			self.assertEqual(len(json.loads(answer.text)), 51)
			self.assertEqual(self.send("GET", "/devices?limit=1", who).status, 200)
			for method, target, body in (("POST", "/consumption", reading()), ("PATCH", "/consumption?id=eq.1", {"amount": 2}),
			                             ("DELETE", "/consumption?id=eq.1", None), ("DELETE", "/devices?id=eq.1", None)):
				self.expect_refused(self.send(method, target, who, body), refused)
		self.assertEqual(self.stored(), "")

	def test_a_writer_writes_all(self):
		who = as_role("swm_writer")
		target = "/consumption?on_conflict=device_id,date,unit"
		merge = {"prefer": "resolution=merge-duplicates"}
		self.assertEqual(self.send("POST", target, who, [reading(), reading(OTHER)], **merge).status, 201)
		self.assertEqual(self.send("POST", target, who, [reading(amount=2), reading(OTHER, amount=3)], **merge).status, 200)
		self.assertEqual(self.stored(), "15:2kWh 16:3kWh")
		self.assertEqual(self.send("PATCH", "/consumption?device_id=eq.15&date=eq." + DAY, who, {"amount": 4}).status, 204)
		self.assertEqual(self.send("DELETE", "/consumption?device_id=eq.16&date=eq." + DAY, who).status, 204)
		self.assertEqual(self.stored(), "15:4kWh")


if __name__ == "__main__":
	unittest.main()
