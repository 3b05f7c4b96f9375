/*
 * Execution: one transaction in one pipeline. What must be true comes from
 * PostgreSQL's documentation of pipeline mode, transactions and error codes.
 */
#include "config.h"

#include "database.h"
#include "exec/exec.h"
#include "pool/prepared.h"
#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static PGconn *admin;
static swm_pool *pool;
static swm_error *err;

static void
setup(void)
{
	admin = database_admin();
	database_do(admin, "DROP TABLE IF EXISTS exec_child, exec_parent, exec_later, exec_slow");
	database_do(admin, "CREATE TABLE exec_parent(id integer PRIMARY KEY, name text)");
	database_do(admin, "CREATE TABLE exec_child(parent integer REFERENCES exec_parent "
	                   "DEFERRABLE INITIALLY DEFERRED)");
	database_do(admin, "INSERT INTO exec_parent VALUES (1, 'one'), (2, 'two'), (3, NULL)");
	pool = database_pool(database_uri(), "db-pool", "1");
	err = swm_error_new();
}

static void
teardown(void)
{
	swm_error_free(err);
	swm_pool_free(pool);
	PQfinish(admin);
}

static swm_conn *
acquire(void)
{
	swm_conn *conn = NULL;

	ck_assert_int_eq(swm_pool_acquire(&conn, pool, -1, err), SWM_OK);
	return conn;
}

static const swm_exec_options usual = { .abort_fd = -1 };

static swm_exec *
start_with(const swm_step *steps, size_t count, swm_exec_options options)
{
	swm_exec *exec = NULL;

	swm_error_clear(err);
	ck_assert_int_eq(swm_exec_start(&exec, acquire(), steps, count, &options, err), SWM_OK);
	return exec;
}

/* Runs to the end; the first value of the last row goes to answer (of size). Returns the outcome. */
static int
run_with(const swm_step *steps, size_t count, swm_exec_options options, char *answer, size_t size)
{
	swm_exec *exec = start_with(steps, count, options);
	swm_event event;
	int result;

	answer[0] = '\0';
	while ((result = swm_exec_next(exec, &event, err)) == 1)
		if (PQntuples(event.result) > 0)
			snprintf(answer, size, "%s", PQgetvalue(event.result, PQntuples(event.result) - 1, 0));
	swm_exec_finish(exec);
	return result;
}

static char answer[64];

static int
run(const char *sql)
{
	swm_step step = { .sql = sql, .prepare = true };

	return run_with(&step, 1, usual, answer, sizeof answer);
}

static int
backend(void)
{
	ck_assert_int_eq(run("SELECT pg_backend_pid()"), 0);
	return atoi(answer);
}

static void
ck_code(const char *code, int status)
{
	ck_assert_str_eq(swm_error_code(err).ptr, code);
	ck_assert_int_eq(swm_error_http_status(err), status);
}

START_TEST(a_result_comes_whole)
{
	const char *params[] = { "2" };
	swm_step step = { "SELECT name FROM exec_parent WHERE id = $1", params, 1, true, false, false, NULL };
	swm_exec *exec = start_with(&step, 1, usual);
	swm_event event;

	ck_assert_int_eq(swm_exec_next(exec, &event, err), 1);
	ck_assert_uint_eq(event.step, 0);
	ck_assert(event.end_of_step);
	ck_assert_int_eq(PQresultStatus(event.result), PGRES_TUPLES_OK);
	ck_assert_str_eq(PQgetvalue(event.result, 0, 0), "two");
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	swm_exec_finish(exec);
}
END_TEST

START_TEST(rows_come_one_by_one)
{
	swm_step step = { .sql = "SELECT id, name FROM exec_parent ORDER BY id", .stream = true };
	swm_exec *exec = start_with(&step, 1, usual);
	swm_event event;

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(swm_exec_next(exec, &event, err), 1);
		ck_assert(!event.end_of_step);
		ck_assert_int_eq(PQntuples(event.result), 1);
		ck_assert_int_eq(atoi(PQgetvalue(event.result, 0, 0)), i + 1);
	}
	ck_assert(PQgetisnull(event.result, 0, 1));
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 1);
	ck_assert(event.end_of_step);
	ck_assert_int_eq(PQntuples(event.result), 0);
	ck_assert_int_eq(PQnfields(event.result), 2);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	swm_exec_finish(exec);
}
END_TEST

/* All settings of a step hold for those behind it, and not beyond the transaction. */
START_TEST(steps_share_a_transaction)
{
	const char *params[] = { "test.who", "me" };
	swm_step steps[] = {
		{ "SELECT set_config($1, $2, true)", params, 2, true, false, true, NULL },
		{ "SELECT current_setting('test.who')", NULL, 0, true, true, false, NULL },
		{ "SELECT id FROM exec_parent ORDER BY id", NULL, 0, false, true, false, NULL },
		{ "SELECT count(*) FROM exec_parent", NULL, 0, true, false, false, NULL },
	};
	size_t seen[4] = { 0 };
	swm_event event;

	for (int round = 0; round < 3; round++) {
		swm_exec *exec = start_with(steps, 4, usual);
		while (swm_exec_next(exec, &event, err) == 1) {
			seen[event.step]++;
			if (event.step == 1 && !event.end_of_step)
				ck_assert_str_eq(PQgetvalue(event.result, 0, 0), "me");
		}
		ck_assert_int_eq(swm_error_result(err), SWM_OK);
		swm_exec_finish(exec);
	}
	ck_assert_uint_eq(seen[0], 0);
	ck_assert_uint_eq(seen[1], 3 * 2);
	ck_assert_uint_eq(seen[2], 3 * 4);
	ck_assert_uint_eq(seen[3], 3 * 1);
	ck_assert_int_eq(run("SELECT coalesce(current_setting('test.who', true), '')"), 0);
	ck_assert_str_eq(answer, "");
}
END_TEST

START_TEST(a_write_is_committed)
{
	ck_assert_int_eq(run("INSERT INTO exec_parent VALUES (4, 'four')"), 0);
	ck_assert_int_eq(database_number(admin, "SELECT count(*) FROM exec_parent WHERE id = 4"), 1);
}
END_TEST

START_TEST(no_step_at_all)
{
	ck_assert_int_eq(run_with(NULL, 0, usual, answer, sizeof answer), 0);
}
END_TEST

START_TEST(an_error_undoes_all_and_the_connection_stays)
{
	swm_step steps[] = {
		{ .sql = "INSERT INTO exec_parent VALUES (5, 'five')" },
		{ .sql = "SELECT 1 FROM", .prepare = true },
		{ .sql = "INSERT INTO exec_parent VALUES (6, 'six')" },
	};
	int before = backend();

	ck_assert_int_eq(run_with(steps, 3, usual, answer, sizeof answer), SWM_EDATABASE);
	ck_code("42601", 400); /* syntax_error */
	ck_assert_int_eq(database_number(admin, "SELECT count(*) FROM exec_parent WHERE id > 4"), 0);
	ck_assert_int_eq(backend(), before);
}
END_TEST

START_TEST(an_error_among_rows)
{
	swm_step step = { .sql = "SELECT 1 / (3 - n) FROM generate_series(1, 5) n", .stream = true };
	swm_exec *exec;
	swm_event event;
	int before = backend();

	exec = start_with(&step, 1, usual);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 1);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 1);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EDATABASE);
	ck_code("22012", 400); /* division_by_zero */
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EDATABASE);
	ck_assert(!swm_exec_may_retry(exec));
	swm_exec_finish(exec);
	ck_assert_int_eq(backend(), before);
}
END_TEST

START_TEST(an_error_has_detail_and_hint)
{
	ck_assert_int_eq(run("INSERT INTO exec_parent VALUES (1, 'again')"), SWM_EDATABASE);
	ck_code("23505", 409); /* unique_violation */
	ck_assert_str_eq(swm_error_details(err).ptr, "Key (id)=(1) already exists.");
	ck_assert(!swm_error_has_hint(err));
	ck_assert_int_eq(run("SELECT nane FROM exec_parent"), SWM_EDATABASE);
	ck_assert(swm_error_has_hint(err));
}
END_TEST

/* "not allowed" is 401 for nobody and 403 for somebody */
START_TEST(privileges)
{
	swm_step steps[] = {
		{ .sql = "SELECT set_config('role', 'pg_monitor', true)", .quiet = true },
		{ .sql = "SELECT * FROM exec_parent" },
	};
	swm_exec_options nobody = { .anonymous = true, .abort_fd = -1 };

	ck_assert_int_eq(run_with(steps, 2, nobody, answer, sizeof answer), SWM_EDATABASE);
	ck_code("42501", 401);
	ck_assert_int_eq(run_with(steps, 2, usual, answer, sizeof answer), SWM_EDATABASE);
	ck_code("42501", 403);
}
END_TEST

START_TEST(a_commit_that_fails_is_an_error)
{
	swm_step step = { .sql = "INSERT INTO exec_child VALUES (99)", .prepare = true };
	swm_exec_options explicit = { .begin = "BEGIN", .abort_fd = -1 };
	int before = backend();

	ck_assert_int_eq(run_with(&step, 1, usual, answer, sizeof answer), SWM_EDATABASE);
	ck_code("23503", 409); /* foreign_key_violation */
	ck_assert_int_eq(run_with(&step, 1, explicit, answer, sizeof answer), SWM_EDATABASE);
	ck_code("23503", 409);
	ck_assert_int_eq(database_number(admin, "SELECT count(*) FROM exec_child"), 0);
	ck_assert_int_eq(backend(), before);
}
END_TEST

START_TEST(a_rollback_undoes)
{
	swm_step step = { .sql = "INSERT INTO exec_parent VALUES (7, 'seven') RETURNING id" };
	swm_exec_options rollback = { .rollback = true, .abort_fd = -1 };
	int before = backend();

	ck_assert_int_eq(run_with(&step, 1, rollback, answer, sizeof answer), 0);
	ck_assert_str_eq(answer, "7");
	ck_assert_int_eq(database_number(admin, "SELECT count(*) FROM exec_parent WHERE id = 7"), 0);
	ck_assert_int_eq(backend(), before);
}
END_TEST

START_TEST(an_isolation_is_taken)
{
	swm_step step = { .sql = "SELECT current_setting('transaction_isolation') || "
	                         "current_setting('transaction_read_only')", .prepare = true };
	swm_exec_options serial = { .begin = "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY", .abort_fd = -1 };

	ck_assert_int_eq(run_with(&step, 1, serial, answer, sizeof answer), 0);
	ck_assert_str_eq(answer, "serializableon");
	ck_assert_int_eq(run_with(&step, 1, usual, answer, sizeof answer), 0);
	ck_assert_str_eq(answer, "read committedoff");
}
END_TEST

START_TEST(an_error_in_a_block_leaves_the_connection_usable)
{
	swm_step step = { .sql = "SELECT 1/0" };
	swm_exec_options explicit = { .begin = "BEGIN READ ONLY", .abort_fd = -1 };
	int before = backend();

	ck_assert_int_eq(run_with(&step, 1, explicit, answer, sizeof answer), SWM_EDATABASE);
	ck_code("22012", 400);
	ck_assert_int_eq(backend(), before);
}
END_TEST

static long
prepared(const char *like)
{
	char sql[256];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%s'", like);
	swm_step step = { .sql = sql };
	ck_assert_int_eq(run_with(&step, 1, usual, answer, sizeof answer), 0);
	return atol(answer);
}

START_TEST(a_statement_is_prepared_once)
{
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(run("SELECT 'once'"), 0);
	ck_assert_int_eq(prepared("%''once''"), 1);
	swm_step twice[] = { { .sql = "SELECT 'twice'", .prepare = true }, { .sql = "SELECT 'twice'", .prepare = true } };
	ck_assert_int_eq(run_with(twice, 2, usual, answer, sizeof answer), 0);
	ck_assert_int_eq(prepared("%''twice''"), 1);
}
END_TEST

START_TEST(a_statement_whose_parse_failed_is_tried_again)
{
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(run("SELECT * FROM exec_later"), SWM_EDATABASE);
		ck_code("42P01", 404); /* undefined_table */
	}
	database_do(admin, "CREATE TABLE exec_later AS SELECT 'there' AS word");
	ck_assert_int_eq(run("SELECT * FROM exec_later"), 0);
	ck_assert_str_eq(answer, "there");
	database_do(admin, "DROP TABLE exec_later");
}
END_TEST

START_TEST(the_cache_is_bounded)
{
	char sql[64];

	for (int i = 0; i < 3 * SWM_PREPARED_COUNT; i++) {
		snprintf(sql, sizeof sql, "SELECT %d AS many", i);
		ck_assert_int_eq(run(sql), 0);
		ck_assert_int_eq(atoi(answer), i);
	}
	ck_assert_int_le(prepared("%many"), SWM_PREPARED_COUNT);
	ck_assert_int_ge(prepared("%many"), SWM_PREPARED_COUNT - 2);
	/* the last used are those that stay */
	snprintf(sql, sizeof sql, "%%%d AS many", 3 * SWM_PREPARED_COUNT - 1);
	ck_assert_int_eq(prepared(sql), 1);
	ck_assert_int_eq(prepared("SELECT 0 AS many"), 0);
}
END_TEST

START_TEST(ddl_under_a_prepared_statement)
{
	swm_step steps[] = {
		{ .sql = "SELECT set_config('test.x', 'y', true)", .prepare = true, .quiet = true },
		{ .sql = "SELECT id FROM exec_parent ORDER BY id", .prepare = true, .stream = true },
	};
	swm_exec_options explicit = { .begin = "BEGIN READ ONLY", .abort_fd = -1 };
	int before = backend();

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(run_with(steps, 2, usual, answer, sizeof answer), 0);
	database_do(admin, "ALTER TABLE exec_parent ALTER COLUMN id TYPE bigint");
	ck_assert_int_eq(run_with(steps, 2, usual, answer, sizeof answer), 0);
	ck_assert_str_eq(answer, "3");
	database_do(admin, "ALTER TABLE exec_parent ALTER COLUMN id TYPE integer");
	ck_assert_int_eq(run_with(steps, 2, explicit, answer, sizeof answer), 0);
	ck_assert_str_eq(answer, "3");
	ck_assert_int_eq(prepared("SELECT id FROM exec_parent%"), 1);
	ck_assert_int_eq(backend(), before);
}
END_TEST

/* Once something was handed out it cannot be taken back, so the error is told; the next one is well. */
START_TEST(ddl_after_the_first_event)
{
	swm_step steps[] = {
		{ .sql = "SELECT 'first'", .prepare = true },
		{ .sql = "SELECT id FROM exec_parent", .prepare = true },
	};

	ck_assert_int_eq(run_with(steps, 2, usual, answer, sizeof answer), 0);
	database_do(admin, "ALTER TABLE exec_parent ALTER COLUMN id TYPE bigint");
	ck_assert_int_eq(run_with(steps, 2, usual, answer, sizeof answer), SWM_EUNAVAILABLE);
	ck_code("SWM007", 503);
	ck_assert_int_eq(run_with(steps, 2, usual, answer, sizeof answer), 0);
}
END_TEST

START_TEST(statements_that_vanished)
{
	int before = backend();
	swm_exec_options keeping = { .keeps_session = true, .abort_fd = -1 };

	swm_step step = { .sql = "SELECT 'vanishes', pg_backend_pid()", .prepare = true };
	swm_step discard = { .sql = "DEALLOCATE ALL" };
	ck_assert_int_eq(run_with(&step, 1, keeping, answer, sizeof answer), 0);
	ck_assert_int_eq(run_with(&discard, 1, keeping, answer, sizeof answer), 0);
	ck_assert_int_eq(run_with(&step, 1, keeping, answer, sizeof answer), 0);
	ck_assert_str_eq(answer, "vanishes");
	/* the statements that reset a session are gone as well: it is closed, and nobody notices */
	ck_assert_int_eq(run("SELECT 'vanishes'"), 0);
	ck_assert_int_ne(backend(), before);
}
END_TEST

/* The parameter's type is that of the column when the statement was prepared, until it is void. */
START_TEST(statements_are_void_after_a_reload)
{
	const char *params[] = { "2025-01-01 12:00" };
	swm_step step = { "SELECT count(*) FROM exec_dates WHERE d >= $1", params, 1, true, false, false, NULL };

	database_do(admin, "CREATE TABLE exec_dates (d date)");
	ck_assert_int_eq(run_with(&step, 1, usual, answer, sizeof answer), 0);
	database_do(admin, "ALTER TABLE exec_dates ALTER d TYPE timestamp");
	database_do(admin, "INSERT INTO exec_dates VALUES ('2025-01-01 06:00'), ('2025-01-01 18:00')");
	swm_pool_void_prepared(pool);
	ck_assert_int_eq(run_with(&step, 1, usual, answer, sizeof answer), 0);
	ck_assert_str_eq(answer, "1");
	ck_assert_int_eq(prepared("SELECT count(*) FROM exec_dates%"), 1);
	database_do(admin, "DROP TABLE exec_dates");
}
END_TEST

static int
advisory_locks(void)
{
	PGresult *result = PQexec(admin, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
	int count = atoi(PQgetvalue(result, 0, 0));

	PQclear(result);
	return count;
}

/* What each leaves outlives the transaction, the third one's even a failed one. */
START_TEST(a_session_is_reset_before_it_is_lent_again)
{
	static const char *const soils[] = {
		"SELECT set_config('exec.left', 'behind', false)",
		"SELECT pg_advisory_lock(7)",
		"SELECT pg_advisory_lock(7), 1 / (random() * 0)::integer",
		"LISTEN exec_channel",
		"CREATE TEMP TABLE exec_temporary (id integer)",
		"DECLARE exec_cursor CURSOR WITH HOLD FOR SELECT set_config('exec.left', 'late', false)",
		"PREPARE exec_prepared AS SELECT 1",
		"SET ROLE pg_monitor",
	};
	static const char probe[] =
		"SELECT concat_ws(',', nullif(current_setting('exec.left', true), ''), (SELECT min(name) FROM pg_cursors),"
		" (SELECT min(name) FROM pg_prepared_statements WHERE from_sql), (SELECT min(c) FROM pg_listening_channels() c),"
		" (SELECT min(relname) FROM pg_class WHERE relnamespace = pg_my_temp_schema()),"
		" CASE WHEN current_user <> session_user THEN current_user END)";

	for (size_t i = 0; i < sizeof soils / sizeof soils[0]; i++) {
		for (int explicit = 0; explicit < 2; explicit++) {
			swm_step step = { .sql = soils[i] };
			swm_exec_options options = { .begin = explicit ? "BEGIN" : NULL, .abort_fd = -1 };
			int result = run_with(&step, 1, options, answer, sizeof answer);
			ck_assert_msg(result == (strstr(soils[i], "1 /") == NULL ? 0 : SWM_EDATABASE), "%s", soils[i]);
			swm_error_clear(err);
			ck_assert_int_eq(run(probe), 0);
			ck_assert_msg(answer[0] == '\0', "%s: %s", soils[i], answer);
			ck_assert_int_eq(advisory_locks(), 0);
		}
	}
}
END_TEST

START_TEST(a_connection_that_ended_before_a_read_may_be_tried_again)
{
	int pid = backend();
	swm_conn *conn = acquire();
	swm_step step = { .sql = "SELECT 1", .prepare = true };
	swm_exec *exec = NULL;
	swm_event event;

	database_terminate(admin, pid);
	ck_assert_int_eq(swm_exec_start(&exec, conn, &step, 1, &usual, err), SWM_OK);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EUNAVAILABLE);
	ck_code("PGRST001", 503);
	ck_assert_int_ge(swm_error_retry_after(err), 1);
	ck_assert(swm_exec_may_retry(exec));
	swm_exec_finish(exec);
	ck_assert_int_ne(backend(), pid);
}
END_TEST

/* A fresh connection that breaks tells of more than of its age. */
START_TEST(a_fresh_connection_is_not_tried_again)
{
	swm_conn *conn = acquire();
	swm_step step = { .sql = "SELECT 1" };
	swm_exec *exec = NULL;
	swm_event event;

	ck_assert(swm_conn_is_fresh(conn));
	database_terminate(admin, PQbackendPID(swm_conn_pg(conn)));
	ck_assert_int_eq(swm_exec_start(&exec, conn, &step, 1, &usual, err), SWM_OK);
	ck_assert_int_lt(swm_exec_next(exec, &event, err), 0);
	ck_assert_int_eq(swm_error_http_status(err), 503);
	ck_assert(!swm_exec_may_retry(exec));
	swm_exec_finish(exec);
	ck_assert_int_eq(run("SELECT 1"), 0);
}
END_TEST

#define RUNNING(pid) \
	(database_number(admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d AND wait_event = 'PgSleep'", pid) == 1)

START_TEST(a_backend_killed_in_mid_query)
{
	int pid = backend();
	swm_step steps[] = {
		{ .sql = "SELECT set_config('test.x', 'y', true)", .quiet = true },
		{ .sql = "SELECT pg_sleep(60)" },
	};
	swm_exec *exec = start_with(steps, 2, usual);
	swm_event event;

	wait_for(RUNNING(pid));
	database_terminate(admin, pid);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EUNAVAILABLE);
	ck_assert_int_eq(swm_error_result(err), SWM_EUNAVAILABLE);
	ck_code("57P01", 503); /* admin_shutdown */
	ck_assert_int_ge(swm_error_retry_after(err), 1);
	ck_assert(!swm_exec_may_retry(exec));
	swm_exec_finish(exec);
	ck_assert_int_ne(backend(), pid);
}
END_TEST

START_TEST(a_client_that_hangs_up_cancels)
{
	int pid = backend(), ends[2];
	swm_step step = { .sql = "SELECT pg_sleep(60)" };
	swm_event event;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	/* what the client still has to say does not mean that it has gone */
	ck_assert_int_eq(write(ends[1], "more", 4), 4);
	swm_exec *exec = start_with(&step, 1, (swm_exec_options){ .abort_fd = ends[0] });
	wait_for(RUNNING(pid));
	close(ends[1]);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_ECANCELED);
	swm_exec_finish(exec);
	wait_for(database_number(admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d", pid) == 0);
	close(ends[0]);
	ck_assert_int_eq(run("SELECT 1"), 0);
}
END_TEST

START_TEST(finishing_early_cancels)
{
	int pid = backend();
	swm_step step = { .sql = "SELECT pg_sleep(60)" };
	swm_exec *exec = start_with(&step, 1, usual);

	wait_for(RUNNING(pid));
	swm_exec_finish(exec);
	wait_for(database_number(admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d", pid) == 0);
	ck_assert_int_eq(run("SELECT 1"), 0);
}
END_TEST

START_TEST(finishing_when_all_has_come_keeps_the_connection)
{
	int pid = backend();
	swm_step step = { .sql = "SELECT 1", .stream = true };
	swm_exec *exec = start_with(&step, 1, usual);
	swm_event event;

	ck_assert_int_eq(swm_exec_next(exec, &event, err), 1);
	/* one small answer is sent with its ReadyForQuery at once */
	swm_exec_finish(exec);
	ck_assert_int_eq(backend(), pid);
}
END_TEST

START_TEST(a_huge_row_costs_the_connection)
{
	int pid = backend();

	ck_assert_int_eq(run("SELECT repeat('x', 1000000) FROM generate_series(1, 5)"), 0);
	ck_assert_int_eq(backend(), pid); /* many rows, none of them huge */
	ck_assert_int_eq(run("SELECT repeat('x', 5000000)"), 0);
	ck_assert_int_ne(backend(), pid);
	pid = backend();
	swm_step step = { .sql = "SELECT repeat('x', 5000000)", .stream = true };
	ck_assert_int_eq(run_with(&step, 1, usual, answer, sizeof answer), 0);
	ck_assert_int_ne(backend(), pid);
}
END_TEST

/* More than both sockets hold in each direction: one that only sends would wait for ever. */
START_TEST(much_in_both_directions)
{
	enum { STEPS = 40, BYTES = 500000 };
	static char text[BYTES + 1];
	const char *params[] = { text };
	swm_step steps[STEPS];
	size_t rows = 0;
	swm_event event;
	int result;

	memset(text, 'x', BYTES);
	for (int i = 0; i < STEPS; i++)
		steps[i] = (swm_step){ "SELECT $1::text", params, 1, true, i % 2 == 0, false, NULL };
	swm_exec *exec = start_with(steps, STEPS, usual);
	while ((result = swm_exec_next(exec, &event, err)) == 1) {
		if (PQntuples(event.result) == 1) {
			ck_assert_int_eq(PQgetlength(event.result, 0, 0), BYTES);
			rows++;
		}
	}
	ck_assert_int_eq(result, 0);
	ck_assert_uint_eq(rows, STEPS);
	swm_exec_finish(exec);
}
END_TEST

START_TEST(a_copy_is_refused)
{
	ck_assert_int_eq(run("COPY exec_parent TO STDOUT"), SWM_EINTERNAL);
	ck_assert_int_eq(run("SELECT 1"), 0);
}
END_TEST

START_TEST(too_many_parameters)
{
	enum { MANY = 65536 }; /* the protocol counts them in 16 bits */
	static const char *params[MANY];
	swm_step step = { "SELECT 1", params, MANY, false, false, false, NULL };
	swm_exec *exec = NULL;

	ck_assert_int_eq(swm_exec_start(&exec, acquire(), &step, 1, &usual, err), SWM_EINTERNAL);
	ck_assert_ptr_null(exec);
	ck_assert_int_eq(run("SELECT 1"), 0);
}
END_TEST

/* Steps of a transaction that asks how to end, up to the question. */
static swm_exec *
undecided(const swm_step *steps, size_t count)
{
	swm_exec_options options = { .decide = true, .abort_fd = -1 };
	swm_exec *exec = start_with(steps, count, options);
	swm_event event;

	do
		ck_assert_int_eq(swm_exec_next(exec, &event, err), 1);
	while (event.step < count);
	ck_assert_ptr_null(event.result);
	ck_assert(event.end_of_step);
	return exec;
}

static long
parents(void)
{
	return database_number(admin, "SELECT count(*) FROM exec_parent");
}

START_TEST(who_decides_may_keep_or_undo)
{
	swm_step insert = { .sql = "INSERT INTO exec_parent VALUES (9, 'nine') RETURNING id", .prepare = true };
	int pid = backend();

	swm_exec *exec = undecided(&insert, 1);
	ck_assert_int_eq(parents(), 3);
	swm_exec_roll_back(exec);
	swm_event event;
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	swm_exec_finish(exec);
	ck_assert_int_eq(parents(), 3);

	exec = undecided(&insert, 1);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	swm_exec_finish(exec);
	ck_assert_int_eq(parents(), 4);
	ck_assert_int_eq(backend(), pid);
}
END_TEST

START_TEST(nothing_is_kept_that_nobody_decided)
{
	swm_step insert = { .sql = "INSERT INTO exec_parent VALUES (9, 'nine')" };
	int pid = backend();

	swm_exec_finish(undecided(&insert, 1));
	wait_for(database_number(admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d", pid) == 0);
	ck_assert_int_eq(parents(), 3);
}
END_TEST

START_TEST(an_error_leaves_nothing_to_decide)
{
	swm_exec_options options = { .decide = true, .abort_fd = -1 };
	swm_step steps[] = { { .sql = "INSERT INTO exec_parent VALUES (9, 'nine')" }, { .sql = "SELECT 1 / 0" } };

	ck_assert_int_eq(run_with(steps, 2, options, answer, sizeof answer), SWM_EDATABASE);
	ck_code("22012", 400);
	ck_assert_int_eq(parents(), 3);
	int pid = backend();
	ck_assert_int_eq(backend(), pid);
}
END_TEST

START_TEST(what_was_decided_may_still_fail)
{
	swm_step orphan = { .sql = "INSERT INTO exec_child VALUES (7)" };
	swm_exec *exec = undecided(&orphan, 1);
	swm_event event;

	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EDATABASE);
	ck_code("23503", 409);
	swm_exec_finish(exec);
}
END_TEST

/* https://docs.postgrest.org/en/latest/references/errors.html#add-http-headers-with-raise */
START_TEST(sql_makes_the_whole_error)
{
	swm_str name, value;
	size_t cursor = 0;

	ck_assert_int_eq(run("DO $$ BEGIN RAISE sqlstate 'PGRST' USING message = '{\"code\":\"123\",\"message\":"
	                     "\"Payment Required\",\"hint\":\"Upgrade\"}', detail = '{\"status\":402,"
	                     "\"headers\":{\"X-Powered-By\":\"Nerd Rage\"}}'; END $$"), SWM_EDATABASE);
	ck_code("123", 402);
	ck_assert_str_eq(swm_error_message(err).ptr, "Payment Required");
	ck_assert(!swm_error_has_details(err));
	ck_assert_str_eq(swm_error_hint(err).ptr, "Upgrade");
	ck_assert(swm_error_next_header(err, &cursor, &name, &value));
	ck_assert_str_eq(name.ptr, "X-Powered-By");
	ck_assert_str_eq(value.ptr, "Nerd Rage");
	ck_assert(!swm_error_next_header(err, &cursor, &name, &value));
	swm_error *copy = swm_error_new();
	swm_error_copy(copy, err);
	cursor = 0;
	ck_assert(swm_error_next_header(copy, &cursor, &name, &value));
	swm_error_free(copy);
}
END_TEST

/*
 * Rounds
 */

static int
go_on(swm_exec *exec, const char *const *sql, size_t count, enum swm_round how)
{
	static swm_step steps[4];

	for (size_t i = 0; i < count; i++)
		steps[i] = (swm_step){ .sql = sql[i], .prepare = i % 2 == 0, .quiet = true };
	return swm_exec_go_on(exec, steps, count, how, err);
}

/* A further round of one quiet step, up to its decision; the event. */
static swm_event
decided_round(swm_exec *exec, const char *sql, enum swm_round how)
{
	swm_event event;

	ck_assert_int_eq(go_on(exec, &sql, 1, how), SWM_OK);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 1);
	ck_assert_uint_eq(event.step, 1);
	ck_assert_ptr_null(event.result);
	return event;
}

START_TEST(a_transaction_goes_on_in_rounds)
{
	swm_step first = { .sql = "INSERT INTO exec_parent VALUES (9, 'nine') RETURNING id", .prepare = true };
	const char *last[] = { "INSERT INTO exec_parent SELECT id + 2, name FROM exec_parent WHERE id = 9" };
	int pid = backend();
	swm_event event;

	swm_exec *exec = undecided(&first, 1);
	ck_assert_int_eq(decided_round(exec, "UPDATE exec_parent SET name = 'new' WHERE id = 9", SWM_ROUND_ASKS).failure, SWM_OK);
	decided_round(exec, "INSERT INTO exec_parent VALUES (10, 'ten')", SWM_ROUND_ASKS);
	ck_assert_int_eq(parents(), 3);
	ck_assert_int_eq(go_on(exec, last, 1, SWM_ROUND_ENDS), SWM_OK);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	swm_exec_finish(exec);
	ck_assert_int_eq(database_number(admin, "SELECT count(*) FROM exec_parent WHERE id > 3 AND (name = 'new') = (id IN (9, 11))"), 3);
	ck_assert_int_eq(backend(), pid);
}
END_TEST

START_TEST(rows_of_a_later_round)
{
	swm_step steps[] = {
		{ .sql = "SELECT set_config('test.who', 'me', true)", .quiet = true },
		{ .sql = "SELECT id FROM exec_parent ORDER BY id", .stream = true, .prepare = true },
		{ .sql = "SELECT current_setting('test.who')" },
	};
	size_t seen[3] = { 0 };
	swm_event event;
	int rc;

	swm_exec *exec = undecided(steps, 1);
	/* more steps than before */
	ck_assert_int_eq(swm_exec_go_on(exec, steps, 3, SWM_ROUND_ENDS, err), SWM_OK);
	while ((rc = swm_exec_next(exec, &event, err)) == 1) {
		seen[event.step]++;
		if (event.step == 2)
			ck_assert_str_eq(PQgetvalue(event.result, 0, 0), "me");
	}
	ck_assert_int_eq(rc, 0);
	swm_exec_finish(exec);
	ck_assert_uint_eq(seen[0], 0);
	ck_assert_uint_eq(seen[1], 4);
	ck_assert_uint_eq(seen[2], 1);
}
END_TEST

START_TEST(an_error_of_a_later_round_undoes_all)
{
	swm_step first = { .sql = "INSERT INTO exec_parent VALUES (9, 'nine')" };
	const char *bad[] = { "INSERT INTO exec_parent VALUES (10, 'ten')", "SELECT 1 / 0" };
	enum swm_round how[] = { SWM_ROUND_ASKS, SWM_ROUND_ENDS };
	int pid = backend();
	swm_event event;

	for (int i = 0; i < 2; i++) {
		swm_exec *exec = undecided(&first, 1);
		ck_assert_int_eq(go_on(exec, bad, 2, how[i]), SWM_OK);
		ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EDATABASE);
		ck_code("22012", 400);
		swm_exec_finish(exec);
	}
	ck_assert_int_eq(parents(), 3);
	ck_assert_int_eq(backend(), pid);
}
END_TEST

START_TEST(a_round_that_may_fail)
{
	swm_step first = { .sql = "INSERT INTO exec_parent VALUES (9, 'nine')" };
	const char *bad[] = { "SAVEPOINT here", "INSERT INTO exec_parent VALUES (10, 'ten')", "SELECT 1 / 0" };
	const char *mended[] = { "ROLLBACK TO here", "INSERT INTO exec_parent VALUES (11, 'eleven')" };
	int pid = backend();
	swm_event event;

	swm_exec *exec = undecided(&first, 1);
	ck_assert_int_eq(go_on(exec, bad, 3, SWM_ROUND_MAY_FAIL), SWM_OK);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 1);
	ck_assert_uint_eq(event.step, 3);
	ck_assert_int_eq(event.failure, SWM_EDATABASE);
	ck_code("22012", 400);
	swm_error_clear(err);
	ck_assert_int_eq(go_on(exec, mended, 2, SWM_ROUND_ENDS), SWM_OK);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	ck_assert_int_eq(swm_error_result(err), SWM_OK);
	swm_exec_finish(exec);
	ck_assert_int_eq(database_number(admin, "SELECT sum(id) FROM exec_parent"), 1 + 2 + 3 + 9 + 11);
	ck_assert_int_eq(backend(), pid);
}
END_TEST

START_TEST(a_failure_that_nobody_mends)
{
	swm_step first = { .sql = "INSERT INTO exec_parent VALUES (9, 'nine')" };
	int pid = backend();
	swm_event event;

	swm_exec *exec = undecided(&first, 1);
	ck_assert_int_eq(decided_round(exec, "SELECT 1 / 0", SWM_ROUND_MAY_FAIL).failure, SWM_EDATABASE);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EDATABASE);
	ck_code("22012", 400);
	swm_exec_finish(exec);
	ck_assert_int_eq(parents(), 3);
	ck_assert_int_eq(backend(), pid);
	exec = undecided(&first, 1);
	decided_round(exec, "SELECT 1 / 0", SWM_ROUND_MAY_FAIL);
	swm_exec_finish(exec);
	ck_assert_int_eq(parents(), 3);
}
END_TEST

START_TEST(a_backend_killed_between_rounds)
{
	swm_step first = { .sql = "INSERT INTO exec_parent VALUES (9, 'nine')" };
	const char *more[] = { "SELECT 1" };
	int pid = backend();
	swm_event event;

	swm_exec *exec = undecided(&first, 1);
	database_terminate(admin, pid);
	ck_assert_int_eq(go_on(exec, more, 1, SWM_ROUND_ASKS), SWM_OK);
	ck_assert_int_lt(swm_exec_next(exec, &event, err), 0);
	ck_assert_int_eq(swm_error_http_status(err), 503);
	ck_assert(!swm_exec_may_retry(exec));
	ck_assert_int_lt(go_on(exec, more, 1, SWM_ROUND_ASKS), 0);
	swm_exec_finish(exec);
	ck_assert_int_eq(parents(), 3);
	ck_assert_int_ne(backend(), pid);
}
END_TEST

START_TEST(a_later_round_with_too_many_parameters)
{
	enum { MANY = 65536 };
	static const char *params[MANY];
	swm_step first = { .sql = "INSERT INTO exec_parent VALUES (9, 'nine')" };
	swm_step step = { "SELECT 1", params, MANY, false, false, false, NULL };
	swm_event event;

	swm_exec *exec = undecided(&first, 1);
	ck_assert_int_eq(swm_exec_go_on(exec, &step, 1, SWM_ROUND_ENDS, err), SWM_EINTERNAL);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EINTERNAL);
	swm_exec_finish(exec);
	ck_assert_int_eq(parents(), 3);
}
END_TEST

/*
 * COPY
 */

/* What is copied: a text, count times; then the end, or a failure. */
struct source {
	swm_str text;
	int count, after;
	int kill; /* this backend, before the first piece */
};

static int
next_piece(void *user, swm_str *piece, swm_error *e)
{
	struct source *source = user;

	if (source->kill > 0)
		database_terminate(admin, source->kill);
	source->kill = 0;
	*piece = source->text;
	if (source->count-- > 0)
		return 1;
	return source->after == SWM_OK ? 0 : swm_fail(e, SWM_ERR_BODY, SWM_STR("no more"));
}

static const swm_step work = { .sql = "INSERT INTO exec_parent VALUES (9, 'nine')" };

static swm_copy
copy_of(struct source *source)
{
	return (swm_copy){ .sql = "COPY exec_parent FROM STDIN", .user = source, .next = next_piece };
}

START_TEST(a_copy_between_rounds)
{
	struct source source = { SWM_STR("10\tten\n11\t\\N\n"), 1, SWM_OK, 0 }, again = { SWM_STR("12\ttwelve\n"), 1, SWM_OK, 0 };
	swm_copy copy = copy_of(&source), second = copy_of(&again);
	const char *last[] = { "UPDATE exec_parent SET name = 'new' WHERE id > 10" };
	int pid = backend();
	swm_event event;

	swm_exec *exec = undecided(&work, 1);
	ck_assert_int_eq(swm_exec_copy(exec, &copy, err), SWM_OK);
	ck_assert_int_eq(copy.rows, 2);
	ck_assert_ptr_null(copy.failed);
	ck_assert_int_eq(swm_exec_copy(exec, &second, err), SWM_OK);
	ck_assert_int_eq(second.rows, 1);
	ck_assert_int_eq(parents(), 3);
	ck_assert_int_eq(go_on(exec, last, 1, SWM_ROUND_ENDS), SWM_OK);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	swm_exec_finish(exec);
	ck_assert_int_eq(database_number(admin, "SELECT sum(id) FROM exec_parent WHERE name = 'new'"), 11 + 12);
	ck_assert_int_eq(backend(), pid);
	/* a commit behind a COPY needs no further round; and nothing at all may be copied */
	source.count = 0;
	exec = undecided(&work, 0);
	ck_assert_int_eq(swm_exec_copy(exec, &copy, err), SWM_OK);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	swm_exec_finish(exec);
	ck_assert_int_eq(backend(), pid);
}
END_TEST

START_TEST(much_is_copied_in_pieces_of_any_length)
{
	static char text[3 * 1024 * 1024 + 1];
	struct source source = { { text, 0 }, 9, SWM_OK, 0 };
	swm_copy copy = { .sql = "COPY exec_piece FROM STDIN", .user = &source, .next = next_piece };
	swm_step create = { .sql = "CREATE TEMPORARY TABLE exec_piece(t text) ON COMMIT DROP" };
	int pid = backend();
	swm_event event;

	memset(text, 'x', sizeof text);
	for (size_t i = 99; i < sizeof text; i += 100) /* the last line of a piece goes on in the next one */
		text[i] = '\n';
	source.text.len = sizeof text;
	swm_exec *exec = undecided(&create, 1);
	ck_assert_int_eq(swm_exec_copy(exec, &copy, err), SWM_OK);
	ck_assert_int_eq(copy.rows, 9 * ((int)sizeof text / 100) + 1);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	swm_exec_finish(exec);
	ck_assert_int_eq(backend(), pid);
}
END_TEST

START_TEST(a_copy_that_fails_undoes_all)
{
	struct source source = { SWM_STR("10\tten\nx\ty\n"), 100000, SWM_OK, 0 };
	swm_copy copy = copy_of(&source);
	int pid = backend();
	swm_event event;

	swm_exec *exec = undecided(&work, 1);
	ck_assert_int_eq(swm_exec_copy(exec, &copy, err), SWM_EDATABASE);
	ck_code("22P02", 400); /* invalid_text_representation */
	ck_assert_ptr_nonnull(copy.failed);
	ck_assert_str_eq(PQresultErrorField(copy.failed, PG_DIAG_CONTEXT), "COPY exec_parent, line 2, column id: \"x\"");
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EDATABASE);
	swm_exec_finish(exec);
	ck_assert_int_eq(parents(), 3);
	ck_assert_int_eq(backend(), pid);
}
END_TEST

START_TEST(a_copy_that_cannot_begin)
{
	swm_copy copy = { .sql = "COPY exec_nothing FROM STDIN", .next = next_piece };
	swm_event event;
	int pid = backend();

	swm_exec *exec = undecided(&work, 1);
	ck_assert_int_eq(swm_exec_copy(exec, &copy, err), SWM_EDATABASE);
	ck_code("42P01", 404);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EDATABASE);
	swm_exec_finish(exec);
	ck_assert_int_eq(backend(), pid);
	const char *none[] = { "COPY exec_parent TO STDOUT", "SELECT 1", "" };
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		swm_error_clear(err);
		copy.sql = none[i];
		exec = undecided(&work, 1);
		ck_assert_int_eq(swm_exec_copy(exec, &copy, err), SWM_EINTERNAL);
		swm_exec_finish(exec);
	}
	ck_assert_int_eq(parents(), 3);
}
END_TEST

START_TEST(a_source_that_gives_up)
{
	struct source source = { SWM_STR("10\tten\n"), 1, SWM_EPARSE, 0 };
	swm_copy copy = copy_of(&source);
	int pid = backend();
	swm_event event;

	swm_exec *exec = undecided(&work, 1);
	ck_assert_int_eq(swm_exec_copy(exec, &copy, err), SWM_EPARSE);
	ck_code("PGRST102", 400);
	ck_assert_ptr_null(copy.failed);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EPARSE);
	swm_exec_finish(exec);
	ck_assert_int_eq(parents(), 3);
	ck_assert_int_eq(backend(), pid);
}
END_TEST

START_TEST(a_copy_goes_back_to_a_savepoint)
{
	struct source source = { SWM_STR("1\tagain\n"), 1, SWM_OK, 0 };
	swm_copy copy = copy_of(&source);
	const char *mended[] = { "ROLLBACK TO here", "INSERT INTO exec_parent VALUES (11, 'eleven')" };
	swm_event event;

	swm_exec *exec = undecided(&work, 1);
	decided_round(exec, "SAVEPOINT here", SWM_ROUND_ASKS);
	ck_assert_int_eq(swm_exec_copy(exec, &copy, err), SWM_EDATABASE);
	ck_code("23505", 409);
	swm_error_clear(err);
	ck_assert_int_eq(go_on(exec, mended, 2, SWM_ROUND_ENDS), SWM_OK);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 0);
	swm_exec_finish(exec);
	ck_assert_int_eq(database_number(admin, "SELECT sum(id) FROM exec_parent"), 1 + 2 + 3 + 9 + 11);
}
END_TEST

START_TEST(a_backend_killed_in_mid_copy)
{
	int pid = backend();
	struct source source = { SWM_STR("10\tten\n"), 1000000, SWM_OK, pid };
	swm_copy copy = copy_of(&source);
	swm_event event;

	swm_exec *exec = undecided(&work, 1);
	ck_assert_int_lt(swm_exec_copy(exec, &copy, err), 0);
	ck_assert_int_eq(swm_error_http_status(err), 503);
	ck_assert_int_lt(swm_exec_next(exec, &event, err), 0);
	swm_exec_finish(exec);
	ck_assert_int_eq(parents(), 3);
	ck_assert_int_ne(backend(), pid);
}
END_TEST

/* The server does not read, as it waits for a lock; the client goes. */
START_TEST(a_client_that_hangs_up_in_mid_copy)
{
	static char text[1024 * 1024];
	struct source source = { { text, sizeof text }, 1000, SWM_OK, 0 };
	swm_copy copy = copy_of(&source);
	int pid = backend(), ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	swm_exec *exec = start_with(NULL, 0, (swm_exec_options){ .decide = true, .abort_fd = ends[0] });
	swm_event event;
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 1);
	database_do(admin, "BEGIN; LOCK TABLE exec_parent");
	close(ends[1]);
	ck_assert_int_eq(swm_exec_copy(exec, &copy, err), SWM_ECANCELED);
	swm_exec_finish(exec);
	database_do(admin, "COMMIT");
	wait_for(database_number(admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d", pid) == 0);
	close(ends[0]);
	ck_assert_int_eq(run("SELECT 1"), 0);
}
END_TEST

/*
 * What fails when COMMIT may have reached the server
 */

/* A table whose rows take a minute to be committed; impatient: a pool that waits for a second. */
static void
prepare_slow_commit(bool impatient)
{
	database_do(admin, "CREATE TABLE exec_slow(id integer)");
	database_do(admin, "CREATE OR REPLACE FUNCTION exec_sleep() RETURNS trigger LANGUAGE plpgsql "
	                   "AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END'");
	database_do(admin, "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON exec_slow DEFERRABLE INITIALLY DEFERRED "
	                   "FOR EACH ROW EXECUTE FUNCTION exec_sleep()");
	if (!impatient)
		return;
	swm_pool_free(pool);
	pool = database_pool(database_uri(), "db-pool", "1", "db-answer-timeout", "1");
}

static const swm_step slow_write = { .sql = "INSERT INTO exec_slow VALUES (1)" };

/* The ways in which a transaction may be sent with its commit. */
static const swm_exec_options implicit_commit = { .writes = true, .abort_fd = -1 };
static const swm_exec_options explicit_commit = { .writes = true, .begin = "BEGIN", .abort_fd = -1 };

static void
ck_unknown(swm_exec *exec)
{
	swm_event event;
	int rc;

	while ((rc = swm_exec_next(exec, &event, err)) == 1)
		;
	ck_assert_int_eq(rc, SWM_EUNKNOWN);
	ck_assert_int_eq(swm_error_result(err), SWM_EUNKNOWN);
	ck_code("SWM001", 503);
	ck_assert_int_eq(swm_error_retry_after(err), 0);
	ck_assert(swm_error_has_details(err)); /* what happened */
	ck_assert(swm_exec_may_have_committed(exec));
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EUNKNOWN);
	swm_exec_finish(exec);
}

START_TEST(a_client_that_hangs_up_during_the_commit)
{
	swm_exec_options options[] = { implicit_commit, explicit_commit };
	int pid = backend(), ends[2];

	prepare_slow_commit(false);
	for (int i = 0; i < 2; i++, pid = backend()) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		options[i].abort_fd = ends[0];
		swm_exec *exec = start_with(&slow_write, 1, options[i]);
		wait_for(RUNNING(pid));
		close(ends[1]);
		ck_unknown(exec);
		close(ends[0]);
	}
}
END_TEST

START_TEST(a_server_that_is_silent_during_the_commit)
{
	prepare_slow_commit(true);
	ck_unknown(start_with(&slow_write, 1, implicit_commit));
	ck_unknown(start_with(&slow_write, 1, explicit_commit));
	/* cancelled: nothing of it is left to hold the rows */
	wait_for(database_number(admin, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == 0);
	ck_assert_int_eq(run("SELECT 1"), 0);
}
END_TEST

START_TEST(a_backend_killed_during_the_commit)
{
	int pid = backend();

	prepare_slow_commit(false);
	swm_exec *exec = start_with(&slow_write, 1, implicit_commit);
	wait_for(RUNNING(pid));
	database_terminate(admin, pid);
	ck_unknown(exec);
}
END_TEST

/* Before the commit is sent each of these is certain. */
START_TEST(failures_before_the_commit_are_certain)
{
	swm_step sleep = { .sql = "SELECT pg_sleep(60)" };
	swm_exec_options asks = { .writes = true, .decide = true, .abort_fd = -1 };
	swm_event event;

	int pid = backend();
	swm_exec *exec = start_with(&sleep, 1, asks);
	wait_for(RUNNING(pid));
	database_terminate(admin, pid);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EUNAVAILABLE);
	ck_code("57P01", 503);
	swm_exec_finish(exec);
	prepare_slow_commit(true);
	exec = start_with(&sleep, 1, asks);
	ck_assert_int_eq(swm_exec_next(exec, &event, err), SWM_EUNAVAILABLE);
	ck_code("PGRST001", 503);
	ck_assert_str_eq(swm_error_details(err).ptr, "PostgreSQL has been silent for 1 s");
	ck_assert_int_ge(swm_error_retry_after(err), 1);
	ck_assert(!swm_exec_may_have_committed(exec));
	swm_exec_finish(exec);
	/* and an error of the commit itself */
	swm_step orphan = { .sql = "INSERT INTO exec_child VALUES (99)" };
	ck_assert_int_eq(run_with(&orphan, 1, implicit_commit, answer, sizeof answer), SWM_EDATABASE);
	ck_assert_int_eq(run_with(&orphan, 1, explicit_commit, answer, sizeof answer), SWM_EDATABASE);
}
END_TEST

/* What is read may be asked for again. */
START_TEST(a_read_is_never_unknown)
{
	swm_step sleep = { .sql = "SELECT pg_sleep(60)" };

	prepare_slow_commit(true);
	ck_assert_int_eq(run_with(&sleep, 1, usual, answer, sizeof answer), SWM_EUNAVAILABLE);
	ck_code("PGRST001", 503);
}
END_TEST

/* It takes longer than the server may be silent, which it is not. */
START_TEST(a_long_statement_that_is_heard_of)
{
	swm_step step = { .sql = "SELECT repeat('x', 20000), pg_sleep(0.3) FROM generate_series(1, 6)",
		.stream = true };

	prepare_slow_commit(true);
	ck_assert_int_eq(run_with(&step, 1, usual, answer, sizeof answer), 0);
}
END_TEST

START_TEST(a_copy_that_the_server_does_not_take)
{
	static char text[1024 * 1024];
	struct source source = { { text, sizeof text }, 1000, SWM_OK, 0 };
	swm_copy copy = copy_of(&source);
	swm_event event;

	prepare_slow_commit(true);
	swm_exec *exec = start_with(NULL, 0, (swm_exec_options){ .writes = true, .decide = true, .abort_fd = -1 });
	ck_assert_int_eq(swm_exec_next(exec, &event, err), 1);
	database_do(admin, "BEGIN; LOCK TABLE exec_parent");
	ck_assert_int_eq(swm_exec_copy(exec, &copy, err), SWM_EUNAVAILABLE);
	ck_code("PGRST001", 503);
	swm_exec_finish(exec);
	database_do(admin, "COMMIT");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("exec");
	TCase *cases = tcase_create("transactions");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, a_result_comes_whole);
	tcase_add_test(cases, rows_come_one_by_one);
	tcase_add_test(cases, steps_share_a_transaction);
	tcase_add_test(cases, a_write_is_committed);
	tcase_add_test(cases, no_step_at_all);
	tcase_add_test(cases, an_error_undoes_all_and_the_connection_stays);
	tcase_add_test(cases, an_error_among_rows);
	tcase_add_test(cases, an_error_has_detail_and_hint);
	tcase_add_test(cases, privileges);
	tcase_add_test(cases, a_commit_that_fails_is_an_error);
	tcase_add_test(cases, a_rollback_undoes);
	tcase_add_test(cases, an_isolation_is_taken);
	tcase_add_test(cases, who_decides_may_keep_or_undo);
	tcase_add_test(cases, nothing_is_kept_that_nobody_decided);
	tcase_add_test(cases, an_error_leaves_nothing_to_decide);
	tcase_add_test(cases, what_was_decided_may_still_fail);
	tcase_add_test(cases, sql_makes_the_whole_error);
	tcase_add_test(cases, an_error_in_a_block_leaves_the_connection_usable);
	tcase_add_test(cases, a_statement_is_prepared_once);
	tcase_add_test(cases, a_statement_whose_parse_failed_is_tried_again);
	tcase_add_test(cases, the_cache_is_bounded);
	tcase_add_test(cases, ddl_under_a_prepared_statement);
	tcase_add_test(cases, ddl_after_the_first_event);
	tcase_add_test(cases, statements_that_vanished);
	tcase_add_test(cases, statements_are_void_after_a_reload);
	tcase_add_test(cases, a_session_is_reset_before_it_is_lent_again);
	tcase_add_test(cases, a_connection_that_ended_before_a_read_may_be_tried_again);
	tcase_add_test(cases, a_fresh_connection_is_not_tried_again);
	tcase_add_test(cases, a_backend_killed_in_mid_query);
	tcase_add_test(cases, a_client_that_hangs_up_cancels);
	tcase_add_test(cases, finishing_early_cancels);
	tcase_add_test(cases, finishing_when_all_has_come_keeps_the_connection);
	tcase_add_test(cases, a_huge_row_costs_the_connection);
	tcase_add_test(cases, much_in_both_directions);
	tcase_add_test(cases, a_copy_is_refused);
	tcase_add_test(cases, too_many_parameters);
	tcase_add_test(cases, a_transaction_goes_on_in_rounds);
	tcase_add_test(cases, rows_of_a_later_round);
	tcase_add_test(cases, an_error_of_a_later_round_undoes_all);
	tcase_add_test(cases, a_round_that_may_fail);
	tcase_add_test(cases, a_failure_that_nobody_mends);
	tcase_add_test(cases, a_backend_killed_between_rounds);
	tcase_add_test(cases, a_later_round_with_too_many_parameters);
	tcase_add_test(cases, a_copy_between_rounds);
	tcase_add_test(cases, much_is_copied_in_pieces_of_any_length);
	tcase_add_test(cases, a_copy_that_fails_undoes_all);
	tcase_add_test(cases, a_copy_that_cannot_begin);
	tcase_add_test(cases, a_source_that_gives_up);
	tcase_add_test(cases, a_copy_goes_back_to_a_savepoint);
	tcase_add_test(cases, a_backend_killed_in_mid_copy);
	tcase_add_test(cases, a_client_that_hangs_up_in_mid_copy);
	tcase_add_test(cases, a_client_that_hangs_up_during_the_commit);
	tcase_add_test(cases, a_server_that_is_silent_during_the_commit);
	tcase_add_test(cases, a_backend_killed_during_the_commit);
	tcase_add_test(cases, failures_before_the_commit_are_certain);
	tcase_add_test(cases, a_read_is_never_unknown);
	tcase_add_test(cases, a_long_statement_that_is_heard_of);
	tcase_add_test(cases, a_copy_that_the_server_does_not_take);
	suite_add_tcase(suite, cases);
	return suite;
}
