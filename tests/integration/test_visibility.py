"""
Answers name nothing that the role may not see: no relation, column, function, constraint or
schema, whatever is asked for, but what the request itself has named.
"""
import json
import os
import unittest

import harness
from harness import as_role

JSON = {"Content-Type": "application/json"}
UPSERT = {**JSON, "Prefer": "resolution=merge-duplicates"}
CLOSED = {"Accept-Profile": "vis_closed", "Content-Profile": "vis_closed"}

# What swm_anon may not see in tests/integration/visibility.sql: tables, their columns and keys, functions.
HIDDEN = ("accounts", "account_id", "account_name", "orders_account", "orders_other_account", "parcels", "order_ref",
          "item_ref", "parcels_order", "parcels_item", "orders_late", "ledgers", "ledger_code", "ledger_state", "shipped", "billed",
          "balance", "account_number", "discount_code", "interval", "vis_closed", "vaults", "open_vault")

# Each with what swm_reader is told, so that there is something to hide.
REQUESTS = (
	# the nearest relation
	("GET", "/acounts", "accounts"),
	("HEAD", "/acounts", None),
	("OPTIONS", "/acounts", "accounts"),
	("POST", "/acounts", "accounts", JSON, '{"id":1}'),
	("PATCH", "/acounts?id=eq.1", "accounts", JSON, '{"id":1}'),
	("PUT", "/acounts?id=eq.1", "accounts", JSON, '{"id":1}'),
	("DELETE", "/acounts?id=eq.1", "accounts"),
	("GET", "/vaultz", "vaults", CLOSED),
	("POST", "/vaultz", "vaults", {**JSON, **CLOSED}, '{"id":1}'),
	# the nearest function, and its parameters
	("GET", "/rpc/balanc?account_number=1", "balance"),
	("POST", "/rpc/balanc", "balance"),
	("OPTIONS", "/rpc/balanc", "balance"),
	("GET", "/rpc/balance?account_numbr=1", "account_number"),
	("GET", "/rpc/total?a=1&discount_cod=1", "discount_code"),
	("POST", "/rpc/total", "discount_code", JSON, '{"a":1,"discount_cod":1}'),
	("GET", "/rpc/open_valt", "open_vault", CLOSED),
	# functions that fit alike
	("GET", "/rpc/mixed?a=1&b=2", "interval"),
	# relationships: none, and more than one
	("GET", "/orders?select=acounts(*)", "accounts"),
	("GET", "/orders?select=parcel(*)", "parcels"),
	("GET", "/orders?select=shippd(*)", "shipped"),
	("GET", "/orders?select=biled(*)", "billed"),
	("GET", "/orders?select=account(acounts(*))", "accounts"),
	("GET", "/orders?select=id,account(nope(*))", "accounts"),
	("GET", "/orders?select=items(*)", "parcels"),
	("GET", "/orders?select=accounts(*)", "orders_other_account"),
	("GET", "/accounts?select=orders(*)", "orders_account"),
	("GET", "/orders?select=account(orders(*))", "accounts"),
	("GET", "/orders?select=account(orders!orders_account(*))&account.order=orders(id)", "accounts"),
	("GET", "/rpc/account_rows?select=nope(*)", "accounts"),
	("GET", "/rpc/account_rows?select=orders(*)", "orders_account"),
	("POST", "/orders?select=id,account(nope(*))", "accounts", JSON, '{"id":1}'),
	# columns: PostgreSQL's own hint
	("GET", "/ledgers?select=ledger_cod", "ledger_code"),
	("GET", "/ledgers?ledger_cod=eq.1", "ledger_code"),
	("GET", "/accounts?order=account_nam", "account_name"),
	("GET", "/orders?select=id,account(account_nam)", "account_name"),
	("DELETE", "/ledgers?ledger_cod=eq.1", "ledger_code"),
	# the keys of a conflict
	("POST", "/ledgers?on_conflict=ledger_state", "ledger_code", UPSERT, '{"id":1}'),
	# foreign keys
	("POST", "/orders", "accounts", JSON, '{"id":2,"account":9}'),
	("POST", "/orders?columns=id,account", "orders_account", {**JSON, "Prefer": "return=representation"}, '{"id":2,"account":9}'),
	("POST", "/orders", "accounts", {"Content-Type": "text/csv"}, "id,other_account\n2,9\n"),
	("POST", "/orders", "accounts", {"Content-Type": "application/x-ndjson", "Prefer": "errors=skip"}, '{"id":2,"account":9}'),
	("PATCH", "/orders?id=eq.1", "accounts", JSON, '{"account":9}'),
	("PUT", "/orders?id=eq.1", "accounts", JSON,
	 '{"id":1,"customer_id":null,"payer_id":null,"account":9,"other_account":null,"item_id":null}'),
	("PATCH", "/orders?id=eq.1", "parcels", JSON, '{"id":7}'),
	("DELETE", "/orders?id=eq.1", "parcels"),
	("DELETE", "/items?id=eq.1", "parcels_item"),
	("POST", "/batch", "accounts", JSON, '[{"method":"POST","path":"/orders","body":{"id":2,"account":9}}]'),
	("POST", "/orders", "orders_late", JSON, '{"id":2,"late":9}'),
	("POST", "/batch", "orders_late", JSON, '[{"method":"POST","path":"/orders","body":{"id":2,"late":9}}]'),
	# schemas
	("GET", "/orders", "vis_closed", {"Accept-Profile": "nope"}),
	("POST", "/orders", "vis_closed", {**JSON, "Content-Profile": "nope"}, "{}"),
	# an error within a batch
	("POST", "/batch", "accounts", JSON, '[{"method":"GET","path":"/acounts"}]'),
	("POST", "/batch", "ledger_code", JSON, '[{"method":"GET","path":"/ledgers?select=ledger_cod"}]'),
	# the OpenAPI document
	("GET", "/", "accounts"),
	("GET", "/", "vaults", CLOSED),
)


class Visibility(unittest.TestCase):
	@classmethod
	def setUpClass(cls):
		harness.once("visibility.sql", lambda: harness.cluster().sql_file(
			harness.database(), os.path.join(harness.HERE, "visibility.sql")) or True)
		cls.server = harness.server(db_schemas="vis, vis_closed")

	def ask(self, role, method, target, headers=(), body=None):
		headers = {**dict(headers), **(as_role(role) if role != "swm_anon" else {})}
		return self.server.request(method, target, headers, None if body is None else body.encode())

	def told(self, answer, *asked):
		"""What of the hidden names is in an answer and was not in the request."""
		text = answer.text + "\n" + str(answer.headers)
		request = " ".join(str(part) for part in asked)
		return [name for name in HIDDEN if name in text and name not in request]

	def test_each_request(self):
		for method, target, reader_is_told, *more in REQUESTS:
			with self.subTest(method + " " + target, more=more):
				answer = self.ask("swm_anon", method, target, *more)
				self.assertEqual(self.told(answer, method, target, *more), [], answer.text)
				if reader_is_told is not None:
					answer = self.ask("swm_reader", method, target, *more)
					self.assertIn(reader_is_told, answer.text)

	def test_what_may_be_seen_is_told(self):
		self.assertEqual(self.ask("swm_anon", "GET", "/order").json["hint"], "Perhaps you meant the table 'vis.orders'")
		answer = self.ask("swm_anon", "GET", "/orders?select=customers(*)")
		self.assertEqual(answer.json["hint"], "Try changing 'customers' to one of the following: 'customers!orders_customer', "
		                 "'customers!orders_payer'. Find the desired relationship in the 'details' key.")
		answer = self.ask("swm_anon", "GET", "/orders?select=items(*)")
		self.assertEqual([d["relationship"] for d in answer.json["details"]], ["orders_item using orders(item_id) and items(id)"])
		self.assertEqual(self.ask("swm_anon", "GET", "/rpc/mixed?a=1&b=2").json["message"],
		                 "Could not choose the best candidate function between: vis.mixed(a => integer, b => date)")

	def test_keys_that_may_be_seen(self):
		"""In PostgreSQL's own words."""
		answer = self.ask("swm_anon", "POST", "/orders", JSON, '{"id":2,"customer_id":9}')
		self.assertEqual((answer.status, answer.json["message"]),
		                 (409, 'insert or update on table "orders" violates foreign key constraint "orders_customer"'))
		self.assertEqual(answer.json["details"], 'Key (customer_id)=(9) is not present in table "customers".')

	def test_options(self):
		"""Of what the role may not see it is answered as of what is not there."""
		def answer_to(target, role):
			answer = self.ask(role, "OPTIONS", target)
			return answer.status, answer.header("Allow")
		for hidden, missing in (("/ledgers", "/nothing"), ("/rpc/balance", "/rpc/nothing"), ("/rpc/shipped", "/rpc/nothing")):
			with self.subTest(hidden):
				answer, other = self.ask("swm_anon", "OPTIONS", hidden), self.ask("swm_anon", "OPTIONS", missing)
				self.assertEqual((answer.status, answer.header("Allow")), (404, other.header("Allow")))
				self.assertEqual(answer.text.replace(os.path.basename(hidden), "nothing"), other.text)
		self.assertEqual(answer_to("/ledgers", "swm_reader"), (200, "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE"))
		self.assertEqual(answer_to("/orders", "swm_anon"), (200, "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE"))
		self.assertEqual(answer_to("/rpc/balance", "swm_reader"), (200, "OPTIONS,GET,HEAD,POST"))
		self.assertEqual(answer_to("/rpc/mixed", "swm_anon"), (200, "OPTIONS,GET,HEAD,POST"))

	def test_allow_of_an_error(self):
		"""A 405 says which methods there are (RFC 9110, 15.5.6), but not what the relation can."""
		for role, allow in (("swm_anon", "OPTIONS,GET,HEAD"), ("swm_reader", "OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE")):
			answer = self.ask(role, "PUT", "/ledgers?ledger_state=eq.1", JSON, "{}")
			self.assertEqual((answer.status, answer.header("Allow")), (405, allow))

	def test_reading_is_postgresqls_to_refuse(self):
		for target in "/ledgers", "/rpc/balance?account_number=1":
			answer = self.ask("swm_anon", "GET", target)
			self.assertEqual((answer.status, answer.json["code"]), (401, "42501"))


if __name__ == "__main__":
	unittest.main()
