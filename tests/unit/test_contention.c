/*
 * Many threads and few connections: reads, writes, reads that are given up, clients that have
 * gone away, and the schema read anew meanwhile. ThreadSanitizer sees this too.
 */
#include "config.h"

#include "database.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <swm.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 12, ROUNDS = 25, RELOADS = 10, USES = 5 };

static PGconn *admin;
static swm_engine *engine;
static atomic_int written;

static void
setup(void)
{
	swm_config *config;

	admin = database_admin();
	database_do(admin, "DROP SCHEMA IF EXISTS contention CASCADE");
	database_do(admin, "CREATE SCHEMA contention");
	database_do(admin, "CREATE TABLE contention.t(n integer)");
	database_do(admin, "CREATE VIEW contention.many AS SELECT n, repeat('x', 1000) AS x "
	                   "FROM generate_series(1, 2000) n");
	ck_assert_int_eq(swm_config_new(&config, NULL), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-uri", database_uri(), NULL), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-schemas", "contention", NULL), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-anon-role", PQuser(admin), NULL), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-pool", "2", NULL), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-pool-acquisition-timeout", "60", NULL), SWM_OK);
	ck_assert_int_eq(swm_engine_open(&engine, config, NULL, NULL), SWM_OK);
	swm_config_free(config);
}

static void
teardown(void)
{
	swm_engine_close(engine);
	database_do(admin, "DROP SCHEMA contention CASCADE");
	PQfinish(admin);
}

static int
read_until(swm_session *session, const char *text, enum swm_rows_mode mode, int most, int *count)
{
	swm_query *query = NULL;
	swm_rows *rows = NULL;
	int rc = swm_query_parse(&query, swm_cstr(text), NULL);

	if (rc == SWM_OK)
		rc = swm_session_query(&rows, session, query, mode, NULL);
	for (*count = 0; rc == SWM_OK && *count < most; ++*count)
		if ((rc = swm_rows_next(rows, NULL)) == 1)
			rc = SWM_OK;
		else
			break;
	swm_rows_close(rows);
	swm_query_free(query);
	return rc;
}

/* By the thread's own session: all rows, or the first ones, which cancels what runs. */
static bool
reads(const char *text, enum swm_rows_mode mode, int most, int expected)
{
	swm_session *session = NULL;
	int count = -1;
	int rc = swm_session_new(&session, engine, NULL, NULL);

	if (rc == SWM_OK)
		rc = read_until(session, text, mode, most, &count);
	swm_session_free(session);
	return rc == SWM_OK && count == expected;
}

static int
keep_status(void *user, int status)
{
	*(int *)user = status;
	return 0;
}

static int
pass_header(void *user, swm_str name, swm_str value)
{
	(void)user;
	(void)name;
	(void)value;
	return 0;
}

static int
pass_body(void *user, swm_str piece)
{
	(void)user;
	(void)piece;
	return 0;
}

static ptrdiff_t
read_body(void *user, char *to, size_t room)
{
	swm_str *rest = user;
	size_t n = rest->len < room ? rest->len : room;

	if (n > 0)
		memcpy(to, rest->ptr, n);
	*rest = swm_str_from(*rest, n);
	return (ptrdiff_t)n;
}

/* The answer's status, or the negative result. */
static int
serve(swm_str method, swm_str target, swm_str text, int abort_fd)
{
	swm_request *request;
	int status = 0;
	swm_sink sink = { sizeof sink, &status, keep_status, pass_header, pass_body };
	swm_body body = { sizeof body, &text, read_body };
	int rc = swm_request_new(&request, NULL);

	if (rc != SWM_OK)
		return rc;
	swm_request_set_method(request, method);
	swm_request_set_target(request, target);
	swm_request_set_abort_fd(request, abort_fd);
	if (text.len > 0)
		swm_request_set_body(request, &body);
	rc = swm_engine_serve(engine, request, &sink, NULL);
	swm_request_free(request);
	return rc == SWM_OK ? status : rc;
}

static bool
writes(void)
{
	bool done = serve(SWM_STR("POST"), SWM_STR("/t"), SWM_STR("{\"n\": 1}"), -1) == 201;

	atomic_fetch_add(&written, done);
	return done;
}

/* The client has gone already; an answer that was there at once is none the worse. */
static bool
is_given_up(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return false;
	close(ends[1]);
	int rc = serve(SWM_STR("GET"), SWM_STR("/many"), SWM_STR(""), ends[0]);
	close(ends[0]);
	return rc == SWM_ECANCELED || rc == 200;
}

static bool
use(int which)
{
	switch (which % USES) {
	case 0:
		return reads("many?limit=20", SWM_ROWS_WHOLE, 100, 20);
	case 1:
		return reads("many", SWM_ROWS_STREAM, 1, 1);
	case 2:
		return serve(SWM_STR("GET"), SWM_STR("/many?limit=3"), SWM_STR(""), -1) == 200;
	case 3:
		return is_given_up();
	default:
		return writes();
	}
}

/* Begins with the use of the number it is given. Returns NULL, or the number of one that failed. */
static void *
use_often(void *arg)
{
	int *number = arg;

	for (int round = 0; round < ROUNDS; round++, ++*number)
		if (!use(*number))
			return number;
	return NULL;
}

START_TEST(test_contention)
{
	pthread_t threads[THREADS];
	int numbers[THREADS];
	void *failure;

	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_often, &numbers[i]), 0);
	}
	for (int i = 0; i < RELOADS; i++)
		ck_assert_int_eq(swm_engine_reload_schema(engine, NULL), SWM_OK);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failure);
		ck_assert_msg(failure == NULL, "use %d of the engine fails", numbers[i] % USES);
	}
	ck_assert_int_eq(database_number(admin, "SELECT count(*) FROM contention.t"), written);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("contention");
	TCase *tc = tcase_create("contention");

	tcase_set_timeout(tc, 300);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_contention);
	suite_add_tcase(suite, tc);
	return suite;
}
