"""
The totals of sql/05-series.sql on the wire. The readings are few and in years of their own;
what is expected was added up by hand, the weeks are those of a printed calendar.
"""
import json
import unittest

import harness
from harness import as_role

READINGS = (
	("1999-12-26", 15, 1, "kWh"),   # Sunday
	("1999-12-27", 15, 2.5, "kWh"), # Monday
	("2000-01-02", 15, 4, "kWh"),   # Sunday of the same week
	("2000-01-03", 15, 8, "kWh"),   # Monday
	("2000-01-03", 15, 100, "l"),
	("2000-01-03", 16, 0.5, "kWh"),
	("2000-02-29", 16, 3, "kWh"),
	("2000-01-31", 17, -1, "kWh"),
)
FIRST, LAST = "1999-01-01", "2000-12-31"
OWN = "date < '2001-01-01'"
FUNCTIONS = ("consumption_days", "consumption_span", "fleet_series", "device_series",
             "largest_consumers", "recent_consumption")


class Series(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		harness.sql("INSERT INTO swm.consumption (date, device_id, amount, unit) VALUES "
		            + ", ".join(str(reading) for reading in READINGS))
		cls.addClassCleanup(harness.sql, "DELETE FROM swm.consumption WHERE " + OWN)
		cls.server = harness.server(db_schemas="swm")

	def call(self, function, who=(), **arguments):
		query = "&".join("%s=%s" % pair for pair in arguments.items())
		answer = self.server.get("/rpc/%s?%s" % (function, query), dict(who))
		self.assertEqual(answer.status, 200, answer)
		return answer.json

	def rows(self, function, *columns, **arguments):
		return [tuple(row[name] for name in columns) for row in self.call(function, **arguments)]

	def fleet(self, first, last, **arguments):
		return self.rows("fleet_series", "unit", "bucket", "amount", "readings",
		                 first_date=first, last_date=last, **arguments)

	def device(self, devices, first, last, **arguments):
		return self.rows("device_series", "device_id", "unit", "bucket", "amount", "readings", "smallest", "largest",
		                 devices="{%s}" % devices, first_date=first, last_date=last, **arguments)

	def expect_refused(self, target, code, message, status=400):
		answer = self.server.get(target)
		self.assertEqual((answer.status, answer.json["code"], answer.json["message"]), (status, code, message))


class Buckets(Series):
	def test_days_and_gaps(self):
		self.assertEqual(self.fleet("1999-12-31", "2000-01-03"), [
			("kWh", "1999-12-31", None, 0), ("kWh", "2000-01-01", None, 0), ("kWh", "2000-01-02", 4, 1),
			("kWh", "2000-01-03", 8.5, 2),
			("l", "1999-12-31", None, 0), ("l", "2000-01-01", None, 0), ("l", "2000-01-02", None, 0),
			("l", "2000-01-03", 100, 1)])

	def test_a_week_over_the_turn_of_the_year(self):
		self.assertEqual(self.fleet("1999-12-26", "2000-01-09", bucket="week"), [
			("kWh", "1999-12-20", 1, 1), ("kWh", "1999-12-27", 6.5, 2), ("kWh", "2000-01-03", 8.5, 2),
			("l", "1999-12-20", None, 0), ("l", "1999-12-27", None, 0), ("l", "2000-01-03", 100, 1)])

	def test_the_first_and_last_bucket_have_the_days_of_the_range(self):
		self.assertEqual(self.fleet("1999-12-28", "2000-01-02", bucket="week"), [("kWh", "1999-12-27", 4, 1)])
		self.assertEqual(self.fleet("1999-12-27", "2000-01-02", bucket="month"),
		                 [("kWh", "1999-12-01", 2.5, 1), ("kWh", "2000-01-01", 4, 1)])

	def test_months(self):
		self.assertEqual(self.fleet("1999-11-30", "2000-03-01", bucket="month"), [
			("kWh", "1999-11-01", None, 0), ("kWh", "1999-12-01", 3.5, 2), ("kWh", "2000-01-01", 11.5, 4),
			("kWh", "2000-02-01", 3, 1), ("kWh", "2000-03-01", None, 0),
			("l", "1999-11-01", None, 0), ("l", "1999-12-01", None, 0), ("l", "2000-01-01", 100, 1),
			("l", "2000-02-01", None, 0), ("l", "2000-03-01", None, 0)])

	def test_devices(self):
		self.assertEqual(self.device("16,15,15,9999", "2000-01-02", "2000-02-29", bucket="month"), [
			(15, "kWh", "2000-01-01", 12, 2, 4, 8), (15, "kWh", "2000-02-01", None, 0, None, None),
			(15, "l", "2000-01-01", 100, 1, 100, 100), (15, "l", "2000-02-01", None, 0, None, None),
			(16, "kWh", "2000-01-01", 0.5, 1, 0.5, 0.5), (16, "kWh", "2000-02-01", 3, 1, 3, 3)])
		self.assertEqual(self.device("17", "2000-01-30", "2000-02-01"), [
			(17, "kWh", "2000-01-30", None, 0, None, None), (17, "kWh", "2000-01-31", -1, 1, -1, -1),
			(17, "kWh", "2000-02-01", None, 0, None, None)])

	def test_nothing(self):
		self.assertEqual(self.fleet("2000-01-03", "2000-01-02"), [])
		self.assertEqual(self.fleet("1998-01-01", "1998-12-31"), [])
		self.assertEqual(self.device("", FIRST, LAST), [])
		self.assertEqual(self.device("15", "2000-01-03", "2000-01-02"), [])
		self.assertEqual(self.call("largest_consumers", first_date="2000-01-03", last_date="2000-01-02"), [])
		self.assertEqual(self.call("recent_consumption", devices="{15}", last_date="1998-01-01"), [])


class Lists(Series):
	def largest(self, **arguments):
		return self.rows("largest_consumers", "unit", "device_id", "device_name", "amount", "share",
		                 **{"first_date": FIRST, "last_date": LAST, **arguments})

	def test_the_largest_consumers(self):
		"""kWh: 15.5 + 3.5 - 1 = 18."""
		self.assertEqual(self.largest(), [
			("kWh", 15, "express", 15.5, 0.861111), ("kWh", 16, "water-heater", 3.5, 0.194444),
			("kWh", 17, "heat-pump", -1, -0.055556), ("l", 15, "express", 100, 1)])
		self.assertEqual([row[:2] for row in self.largest(most=1)], [("kWh", 15), ("l", 15)])
		self.assertEqual([row[1] for row in self.largest(last_date="2000-01-03", first_date="2000-01-03")], [15, 16, 15])

	def test_a_total_of_nothing_has_no_shares(self):
		harness.sql("INSERT INTO swm.consumption (date, device_id, amount, unit) VALUES ('1997-01-01', 1, 0, 'kWh')")
		self.assertEqual(self.largest(first_date="1997-01-01", last_date="1997-01-01"), [("kWh", 1, "kettle", 0, None)])
		harness.sql("DELETE FROM swm.consumption WHERE date = '1997-01-01'")

	def test_recent_consumption(self):
		self.assertEqual(self.rows("recent_consumption", "device_id", "unit", "amount", "per_day",
		                           devices="{15,16,17}", last_date="2000-01-03", days=3), [
			(15, "kWh", 12, [None, 4, 8]), (15, "l", 100, [None, None, 100]), (16, "kWh", 0.5, [None, None, 0.5])])
		month = self.call("recent_consumption", devices="{16}", last_date="2000-02-29")
		self.assertEqual([(len(row["per_day"]), row["per_day"][-1]) for row in month], [(30, 3)])

	def test_the_span(self):
		first, last, count = harness.sql("SELECT min(date), max(date), count(*) FROM swm.consumption").split("|")
		self.assertEqual(first, "1999-12-26")
		self.assertEqual(self.call("consumption_span"), {"first_date": first, "last_date": last, "readings": int(count)})
		self.assertEqual(self.call("consumption_days"), {"first_date": first, "last_date": last})

	def test_the_span_ends_tomorrow_at_most(self):
		"""A device whose clock is wrong moves the range of nobody's view; its own readings alone are there then."""
		before = self.call("consumption_span")
		def add(day, amount=1):
			harness.sql("INSERT INTO swm.consumption (date, device_id, amount, unit) VALUES (%s, 18, %d, 'l')" % (day, amount))
		self.addCleanup(harness.sql, "DELETE FROM swm.consumption WHERE device_id = 18 AND unit = 'l'")
		for day in ("'2999-01-01'", "'9999-12-31'", "current_date + 2"):
			add(day)
		self.assertEqual(self.call("consumption_span"), {**before, "readings": before["readings"] + 3})
		add("current_date + 1")
		self.assertEqual(self.call("consumption_span")["last_date"], harness.sql("SELECT current_date + 1"))
		harness.sql("DELETE FROM swm.consumption WHERE date = current_date + 1")
		harness.sql("INSERT INTO swm.devices VALUES (999, 'clock'); UPDATE swm.consumption SET device_id = 999"
		            " WHERE device_id = 18 AND unit = 'l'")
		self.addCleanup(harness.sql, "DELETE FROM swm.consumption WHERE device_id = 999; DELETE FROM swm.devices WHERE id = 999")
		self.assertEqual(self.call("consumption_span", as_role("swm_device", device_id=999)),
		                 {"first_date": harness.sql("SELECT current_date + 2"), "last_date": "9999-12-31", "readings": 3})


class BadInput(Series):
	def test_a_bucket_that_is_none(self):
		for bucket in ("year", "Day", "", "'"):
			for target in ("fleet_series?", "device_series?devices={15}&"):
				for first, last in ((FIRST, LAST), ("1998-01-01", "1998-01-02"), (LAST, FIRST)):
					self.expect_refused("/rpc/%sfirst_date=%s&last_date=%s&bucket=%s" % (target, first, last, bucket), "22023",
					                    "bucket must be day, week or month, not '%s'" % bucket.replace("'", "''"))

	def test_too_many_buckets(self):
		"""The year 1 to 9999: 3652059 days, of the proleptic Gregorian calendar, are no answer."""
		for target, number, most in (("fleet_series?", 3652059, 10000), ("device_series?devices={15,16}&", 7304118, 100000)):
			self.expect_refused("/rpc/%sfirst_date=0001-01-01&last_date=9999-12-31" % target, "22023",
			                    "from 0001-01-01 to 9999-12-31 are %d buckets (by day); at most %d are answered" % (number, most))
		self.expect_refused("/rpc/recent_consumption?devices={15,16}&last_date=2000-12-31&days=100000", "22023",
		                    "from 1727-03-19 to 2000-12-31 are 200000 buckets (by day); at most 100000 are answered")
		self.assertEqual(len(self.fleet("1975-01-01", "2000-12-31")), 2 * 9497)

	def test_dates_and_numbers(self):
		for name, more in (("fleet_series", ""), ("device_series", "devices={15}&"), ("largest_consumers", "")):
			for first, last in (("2000-01-01", "infinity"), ("-infinity", "2000-01-01")):
				self.expect_refused("/rpc/%s?%sfirst_date=%s&last_date=%s" % (name, more, first, last), "22023",
				                    "first_date and last_date must be finite")
		self.expect_refused("/rpc/recent_consumption?devices={15}&last_date=infinity", "22023",
		                    "first_date and last_date must be finite")
		for days in (0, -1):
			self.expect_refused("/rpc/recent_consumption?devices={15}&last_date=2000-01-01&days=%d" % days, "22023",
			                    "days must be 1 or more, not %d" % days)
			self.expect_refused("/rpc/largest_consumers?first_date=2000-01-01&last_date=1998-01-01&most=%d" % days, "22023",
			                    "most must be 1 or more, not %d" % days)

	def test_null(self):
		for name in ("fleet_series", "largest_consumers"):
			for null, other in (("first_date", "last_date"), ("last_date", "first_date")):
				answer = self.server.request("POST", "/rpc/" + name, {"Content-Type": "application/json"},
				                             json.dumps({null: None, other: "2000-01-01"}).encode())
				self.assertEqual((answer.status, answer.json["code"], answer.json["message"]),
				                 (400, "22004", null + " must not be null"))
		answer = self.server.request("POST", "/rpc/recent_consumption", {"Content-Type": "application/json"},
		                             b'{"devices": [15], "last_date": null}')
		self.assertEqual((answer.status, answer.json["message"]), (400, "last_date must not be null"))


class Roles(Series):
	def test_a_device_sees_its_own(self):
		who = as_role("swm_device", device_id=16)
		self.assertEqual(self.call("consumption_span", who)["first_date"], "2000-01-03")
		self.assertEqual({row["device_id"] for row in self.call("device_series", who, devices="{15,16,17}",
		                  first_date=FIRST, last_date=LAST, bucket="month")}, {16})
		self.assertEqual([(row["device_id"], row["amount"]) for row in self.call("recent_consumption", who,
		                  devices="{15,16,17}", last_date="2000-01-03")], [(16, 0.5)])
		for target in ("fleet_series", "largest_consumers"):
			answer = self.server.get("/rpc/%s?first_date=%s&last_date=%s" % (target, FIRST, LAST), who)
			self.assertEqual((answer.status, answer.json["code"]), (403, "42501"))

	def test_a_device_without_a_claim_sees_nothing(self):
		who = as_role("swm_device")
		self.assertEqual(self.call("consumption_span", who), {"first_date": None, "last_date": None, "readings": 0})
		self.assertEqual(self.call("device_series", who, devices="{15}", first_date=FIRST, last_date=LAST), [])

	def test_the_others_see_all(self):
		for role in ("swm_reader", "swm_writer"):
			rows = self.call("fleet_series", as_role(role), first_date=FIRST, last_date=LAST, bucket="month", unit="eq.l")
			self.assertEqual([row["amount"] for row in rows if row["amount"] is not None], [100])

	def test_they_are_documented(self):
		paths = self.server.get("/").json["paths"]
		for name in FUNCTIONS:
			self.assertEqual(sorted(paths["/rpc/" + name]), ["get", "post"])
			self.assertTrue(paths["/rpc/" + name]["get"]["summary"])

	def test_they_are_the_callers(self):
		"""Neither security definer, nor changing anything, nor PUBLIC's."""
		self.assertEqual(harness.sql("SELECT count(*) FROM pg_proc WHERE pronamespace = 'swm'::regnamespace AND proname IN (%s)"
			" AND NOT prosecdef AND provolatile = 's' AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql')"
			" AND NOT (proacl::text LIKE '%%{=X%%' OR proacl::text LIKE '%%,=X%%')"
			% ", ".join("'%s'" % name for name in FUNCTIONS)), str(len(FUNCTIONS)))


if __name__ == "__main__":
	unittest.main()
