-- What a role may see, and beside it what it may not: names that only swm_reader may be told.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS vis, vis_closed CASCADE;
CREATE SCHEMA vis;
CREATE SCHEMA vis_closed;
GRANT USAGE ON SCHEMA vis TO swm_anon, swm_reader;
GRANT USAGE ON SCHEMA vis_closed TO swm_reader;
SET search_path = vis;

CREATE TABLE customers (id integer PRIMARY KEY, name text);
CREATE TABLE items (id integer PRIMARY KEY, name text);
CREATE TABLE accounts (account_id integer PRIMARY KEY, account_name text);
CREATE TABLE orders (
	id integer PRIMARY KEY,
	customer_id integer CONSTRAINT orders_customer REFERENCES customers,
	payer_id integer CONSTRAINT orders_payer REFERENCES customers,
	account integer CONSTRAINT orders_account REFERENCES accounts,
	other_account integer CONSTRAINT orders_other_account REFERENCES accounts,
	late integer CONSTRAINT orders_late REFERENCES accounts DEFERRABLE INITIALLY DEFERRED,
	item_id integer CONSTRAINT orders_item REFERENCES items
);
CREATE TABLE parcels (
	order_ref integer CONSTRAINT parcels_order REFERENCES orders,
	item_ref integer CONSTRAINT parcels_item REFERENCES items,
	PRIMARY KEY (order_ref, item_ref)
);
INSERT INTO orders VALUES (1);
INSERT INTO items VALUES (1);
INSERT INTO parcels VALUES (1, 1);
CREATE TABLE ledgers (id integer PRIMARY KEY, ledger_code text, ledger_state text);
CREATE UNIQUE INDEX ON ledgers (ledger_code) WHERE ledger_state IS NULL;
CREATE FUNCTION shipped(orders) RETURNS SETOF items LANGUAGE sql STABLE AS 'SELECT * FROM vis.items';
CREATE FUNCTION billed(orders) RETURNS SETOF accounts LANGUAGE sql STABLE AS 'SELECT * FROM vis.accounts';
CREATE FUNCTION balance(account_number integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION total(a integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION total(a integer, discount_code integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION mixed(a integer, b date) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION mixed(a interval, b integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
CREATE FUNCTION account_rows() RETURNS SETOF accounts LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT * FROM vis.accounts';
CREATE TABLE vis_closed.vaults (id integer PRIMARY KEY);
CREATE FUNCTION vis_closed.open_vault() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
GRANT ALL ON vis_closed.vaults TO swm_anon;

GRANT ALL ON ALL TABLES IN SCHEMA vis, vis_closed TO swm_reader;
GRANT ALL ON customers, items, orders TO swm_anon;
REVOKE EXECUTE ON FUNCTION shipped, balance, total(integer, integer), mixed(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA vis TO swm_reader;
