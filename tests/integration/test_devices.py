"""
What each role of the shipped schema may do with it (sql/03-privileges.sql): a device adds
its own consumption and reads it, and nothing else; anybody reads; a writer writes.
"""
import json
import os
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

	def test_values_that_nobody_could_use(self):
		"""The types take them: days that programs cannot read, what makes every total NaN, endless texts."""
		for name, values in (("date", ("infinity", "-infinity", "20250-01-01", "10000-01-01", "0001-12-31 BC")),
		                     ("amount", ("NaN", "Infinity", "-Infinity", "1e31", "-1e31", "1e-101")),
		                     ("unit", ("", "k\nWh", "k\tWh", "\u0085", "\x7f", "x" * 41, "x" * 100000))):
			for value in values:
				with self.subTest(name=name, value=value[:20]):
					answer = self.send("POST", "/consumption", self.ME, reading(**{name: value}))
					self.expect_refused(answer, 400, "23514")
		self.assertEqual(self.stored(), "")
		csv = "date,device_id,amount,unit\n" + "".join("%s,%d,%s,kWh\n" % (day, MINE, amount)
			for day, amount in ((DAY, 1), ("infinity", 2), ("2031-05-02", "NaN")))
		answer = self.server.request("POST", "/consumption", {"Content-Type": "text/csv", **self.ME, "Prefer": "errors=skip"},
		                             csv.encode())
		self.assertEqual([(e["line"], e["code"]) for e in json.loads(answer.text)["errors"]], [(3, "23514"), (4, "23514")])
		self.assertEqual(self.stored(), "15:1kWh")
		harness.sql("DELETE FROM swm.consumption WHERE date = '%s'" % DAY)
		for fields in ({"date": "9999-12-31"}, {"date": "0001-01-01"}, {"amount": "1e30"}, {"unit": "x" * 40},
		               {"amount": 1.2345678901234567e-80, "unit": "ö³/%"}, {"amount": -0.5, "unit": "m³"}):
			answer = self.send("POST", "/consumption?select=id", self.ME, reading(**fields), prefer="return=representation")
			self.assertEqual(answer.status, 201, answer)
			self.addCleanup(harness.sql, "DELETE FROM swm.consumption WHERE id = %d" % answer.json[0]["id"])

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

	def test_names_that_nobody_could_read(self):
		for name in ("", "a\nb", "x" * 201):
			self.expect_refused(self.send("POST", "/devices", as_role("swm_writer"), {"id": 999, "device_name": name}), 400, "23514")

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


class Upgrade(unittest.TestCase):
	def test_rows_of_earlier_versions_stay(self):
		"""sql/02-schema.sql says that they are there; they can be mended, and new ones are refused."""
		cluster, name = harness.cluster(), "swm_it_upgrade_%d" % os.getpid()
		self.addCleanup(cluster.sql, "postgres", "DROP DATABASE %s WITH (FORCE)" % name)
		cluster.create_database(name, [path for path in harness.SQL_FILES if "-sample" not in path])
		def sql(text):
			return cluster.sql(name, text)
		rules = ("SELECT string_agg(conname || ' ' || convalidated, ', ' ORDER BY conname) FROM pg_constraint"
		         " WHERE conname IN ('consumption_date_check', 'consumption_amount_check')")
		self.assertEqual(sql(rules), "consumption_amount_check true, consumption_date_check true")
		insert = "INSERT INTO swm.consumption (id, date, device_id, amount, unit) VALUES (%d, '%s', 1, '%s', 'kWh')"
		sql("ALTER TABLE swm.consumption DROP CONSTRAINT consumption_date_check, DROP CONSTRAINT consumption_amount_check;"
		    "INSERT INTO swm.devices VALUES (1, 'one'); " + insert % (1, "infinity", "NaN"))
		for path in harness.SQL_FILES[:-1] * 2:
			cluster.sql_file(name, path)
		self.assertEqual(sql(rules), "consumption_amount_check false, consumption_date_check false")
		self.assertEqual(sql("SELECT date, amount FROM swm.consumption"), "infinity|NaN")
		self.assertEqual(sql("SELECT * FROM swm.consumption_span()"), "||1")
		with self.assertRaisesRegex(harness.HarnessError, "consumption_(date|amount)_check"):
			sql(insert % (2, "infinity", "NaN"))
		sql("UPDATE swm.consumption SET date = '2025-01-01', amount = 1;"
		    "ALTER TABLE swm.consumption VALIDATE CONSTRAINT consumption_date_check, VALIDATE CONSTRAINT consumption_amount_check")
		self.assertEqual(sql("SELECT * FROM swm.consumption_span()"), "2025-01-01|2025-01-01|1")


if __name__ == "__main__":
	unittest.main()
