/*
 * The pool: order, bounds, times, recovery, and what is not lent again. What must
 * be true comes from pool.h, PostgREST's page on its connection pool, and libpq's
 * and PostgreSQL's documentation.
 */
#include "config.h"

#include "database.h"
#include "pool/connect.h"
#include "pool/prepared.h"
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static PGconn *admin;
static swm_pool *pool;
static swm_error *err;

static void
setup(void)
{
	admin = database_admin();
	err = swm_error_new();
	pool = NULL;
}

static void
teardown(void)
{
	swm_pool_free(pool);
	swm_error_free(err);
	PQfinish(admin);
}

static swm_conn *
acquire(void)
{
	swm_conn *conn = NULL;

	swm_error_clear(err);
	int result = swm_pool_acquire(&conn, pool, -1, err);
	ck_assert_msg(result == SWM_OK, "%s", swm_error_message(err).ptr);
	return conn;
}

static int
pid_of(const swm_conn *conn)
{
	return PQbackendPID(swm_conn_pg(conn));
}

static struct swm_pool_stats
stats(void)
{
	struct swm_pool_stats now;

	swm_pool_stats(pool, &now);
	return now;
}

static void
ck_code(const char *code, int status)
{
	ck_assert_str_eq(swm_error_code(err).ptr, code);
	ck_assert_int_eq(swm_error_http_status(err), status);
}

/* A blocking exchange beside the pool's non-blocking way. */
static void
say(swm_conn *conn, const char *sql)
{
	PGresult *result = PQexec(swm_conn_pg(conn), sql);

	ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK,
	              "%s", PQresultErrorMessage(result));
	PQclear(result);
}

START_TEST(a_new_pool_connects_nowhere)
{
	pool = database_pool(database_uri());
	ck_assert_int_eq(stats().size, 0);
	ck_assert_uint_eq(stats().connects, 0);
}
END_TEST

START_TEST(a_connection_is_lent_again)
{
	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	int pid = pid_of(conn);

	ck_assert(swm_conn_is_fresh(conn));
	swm_pool_release(conn);
	ck_assert_int_eq(stats().idle, 1);
	conn = acquire();
	ck_assert_int_eq(pid_of(conn), pid);
	ck_assert(!swm_conn_is_fresh(conn));
	ck_assert_int_eq(stats().busy, 1);
	ck_assert_uint_eq(stats().connects, 1);
	swm_pool_release(conn);
}
END_TEST

START_TEST(a_connection_says_who_it_is_and_speaks_utf8)
{
	char uri[512];

	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	ck_assert_str_eq(PQparameterStatus(swm_conn_pg(conn), "application_name"), "swm");
	ck_assert_str_eq(PQparameterStatus(swm_conn_pg(conn), "client_encoding"), "UTF8");
	swm_pool_release(conn);
	swm_pool_free(pool);
	snprintf(uri, sizeof uri, "%s&application_name=mine&client_encoding=LATIN1", database_uri());
	pool = database_pool(uri);
	conn = acquire();
	ck_assert_str_eq(PQparameterStatus(swm_conn_pg(conn), "application_name"), "mine");
	ck_assert_str_eq(PQparameterStatus(swm_conn_pg(conn), "client_encoding"), "UTF8");
	swm_pool_release(conn);
}
END_TEST

/*
 * Order of waiting
 */

enum { WAITERS = 5 };

static struct turn {
	pthread_t thread;
	int number;
	int result;
	swm_borrower who;
	swm_error *err;
} turns[WAITERS];

static pthread_mutex_t served_lock = PTHREAD_MUTEX_INITIALIZER;
static int served[WAITERS], served_count;

static void *
take_turn(void *arg)
{
	struct turn *turn = arg;
	swm_conn *conn = NULL;

	turn->result = swm_pool_borrow(&conn, pool, &turn->who, turn->err);
	if (turn->result != SWM_OK)
		return NULL;
	pthread_mutex_lock(&served_lock);
	served[served_count++] = turn->number;
	pthread_mutex_unlock(&served_lock);
	swm_pool_release(conn);
	return NULL;
}

static void
queue_up_as(int number, swm_borrower who)
{
	turns[number] = (struct turn){ .number = number, .who = who, .err = swm_error_new() };
	ck_assert_int_eq(pthread_create(&turns[number].thread, NULL, take_turn, &turns[number]), 0);
}

static void
queue_up(int number, int abort_fd)
{
	queue_up_as(number, (swm_borrower){ .abort_fd = abort_fd });
}

static int
outcome(int number)
{
	pthread_join(turns[number].thread, NULL);
	swm_error_free(turns[number].err);
	return turns[number].result;
}

START_TEST(waiters_are_served_in_order)
{
	pool = database_pool(database_uri(), "db-pool", "1");
	swm_conn *conn = acquire();

	for (int i = 0; i < WAITERS; i++) {
		queue_up(i, -1);
		wait_for(stats().waiting == i + 1);
	}
	swm_pool_release(conn);
	for (int i = 0; i < WAITERS; i++)
		ck_assert_int_eq(outcome(i), SWM_OK);
	ck_assert_int_eq(served_count, WAITERS);
	for (int i = 0; i < WAITERS; i++)
		ck_assert_int_eq(served[i], i);
	ck_assert_uint_eq(stats().connects, 1);
}
END_TEST

/* A connection that is closed instead of coming back makes room for the first waiter's own. */
START_TEST(a_waiter_gets_the_room_of_a_closed_one)
{
	pool = database_pool(database_uri(), "db-pool", "1");
	swm_conn *conn = acquire();

	queue_up(0, -1);
	wait_for(stats().waiting == 1);
	swm_pool_discard(conn, false);
	ck_assert_int_eq(outcome(0), SWM_OK);
	ck_assert_uint_eq(stats().connects, 2);
}
END_TEST

START_TEST(waiting_ends_in_time)
{
	pool = database_pool(database_uri(), "db-pool", "1", "db-pool-acquisition-timeout", "1");
	swm_conn *conn = acquire(), *none = NULL;
	int64_t before = swm_clock_ms();

	ck_assert_int_eq(swm_pool_acquire(&none, pool, -1, err), SWM_ETIMEDOUT);
	ck_assert_int_ge(swm_clock_ms() - before, 1000);
	ck_assert_int_lt(swm_clock_ms() - before, 3000);
	ck_assert_ptr_null(none);
	ck_code("PGRST003", 504);
	ck_assert_uint_eq(stats().timeouts, 1);
	ck_assert_int_eq(stats().waiting, 0);
	swm_pool_release(conn);
	swm_pool_release(acquire());
}
END_TEST

START_TEST(waiting_ends_when_the_client_goes)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pool = database_pool(database_uri(), "db-pool", "1");
	swm_conn *conn = acquire();
	queue_up(0, ends[0]);
	wait_for(stats().waiting == 1);
	queue_up(1, -1);
	wait_for(stats().waiting == 2);
	close(ends[1]);
	ck_assert_int_eq(outcome(0), SWM_ECANCELED);
	swm_pool_release(conn);
	ck_assert_int_eq(outcome(1), SWM_OK);
	close(ends[0]);
}
END_TEST

/* What a request waited before it came here counts; an idle connection is had all the same. */
START_TEST(waiting_before_counts)
{
	pool = database_pool(database_uri(), "db-pool", "1", "db-pool-acquisition-timeout", "60");
	swm_borrower late = { .abort_fd = -1, .waited_ms = 60000 };
	swm_conn *conn = acquire(), *none = NULL;

	ck_assert_int_eq(swm_pool_borrow(&none, pool, &late, err), SWM_ETIMEDOUT);
	ck_code("PGRST003", 504);
	swm_pool_release(conn);
	ck_assert_int_eq(swm_pool_borrow(&conn, pool, &late, NULL), SWM_OK);
	swm_pool_release(conn);
}
END_TEST

/*
 * Those without a token.
 */

static const swm_borrower nobody = { .abort_fd = -1, .anonymous = true };

static swm_conn *
acquire_anonymously(void)
{
	swm_conn *conn = NULL;

	ck_assert_int_eq(swm_pool_borrow(&conn, pool, &nobody, NULL), SWM_OK);
	return conn;
}

START_TEST(the_anonymous_leave_some)
{
	pool = database_pool(database_uri(), "db-pool", "3", "db-pool-anonymous", "2");
	swm_conn *first = acquire_anonymously(), *second = acquire_anonymously();

	queue_up_as(0, nobody);
	wait_for(stats().waiting == 1);
	swm_conn *known = acquire(); /* passes the one that waits */
	ck_assert_int_eq(stats().size, 3);
	swm_pool_release(known);
	ck_assert_int_eq(stats().waiting, 1); /* one is idle, and not for them */
	swm_pool_release(second);
	ck_assert_int_eq(outcome(0), SWM_OK);
	swm_pool_release(first);
	ck_assert_int_eq(stats().idle, 3);
}
END_TEST

START_TEST(the_anonymous_wait_in_order)
{
	pool = database_pool(database_uri(), "db-pool", "2", "db-pool-anonymous", "1");
	swm_conn *conn = acquire_anonymously();

	for (int i = 0; i < WAITERS; i++) {
		queue_up_as(i, nobody);
		wait_for(stats().waiting == i + 1);
	}
	swm_pool_discard(conn, false); /* given up: another is made for them */
	for (int i = 0; i < WAITERS; i++)
		ck_assert_int_eq(outcome(i), SWM_OK);
	for (int i = 0; i < WAITERS; i++)
		ck_assert_int_eq(served[i], i);
}
END_TEST

static int
most_anonymous(const char *size)
{
	swm_conn *conns[16];
	int count = 0;

	pool = database_pool(database_uri(), "db-pool", size, "db-pool-acquisition-timeout", "1");
	while (swm_pool_borrow(&conns[count], pool, &nobody, NULL) == SWM_OK)
		count++;
	for (int i = 0; i < count; i++)
		swm_pool_release(conns[i]);
	swm_pool_free(pool);
	pool = NULL;
	return count;
}

/* Three quarters, and less than all, but for a pool of one. */
START_TEST(by_default_the_anonymous_leave_a_quarter)
{
	ck_assert_int_eq(most_anonymous("1"), 1);
	ck_assert_int_eq(most_anonymous("2"), 1);
	ck_assert_int_eq(most_anonymous("4"), 3);
	ck_assert_int_eq(most_anonymous("8"), 6);
}
END_TEST

static void *
borrow_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < 300; i++) {
		swm_conn *conn = NULL;
		if (swm_pool_acquire(&conn, pool, -1, NULL) != SWM_OK)
			return turns; /* anything but NULL */
		if (i % 60 == 59)
			swm_pool_discard(conn, i % 120 == 59);
		else
			swm_pool_release(conn);
	}
	return NULL;
}

START_TEST(many_threads_and_few_connections)
{
	pthread_t threads[8];
	void *result;

	pool = database_pool(database_uri(), "db-pool", "3");
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, borrow_often, NULL), 0);
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &result);
		ck_assert_ptr_null(result);
	}
	ck_assert_int_le(stats().size, 3);
	ck_assert_int_eq(stats().busy, 0);
	ck_assert_int_eq(stats().waiting, 0);
}
END_TEST

/*
 * What is not lent again
 */

static void
ck_not_reused(swm_conn *conn)
{
	int pid = pid_of(conn);

	swm_pool_release(conn);
	wait_for(stats().size == 0); /* what runs is cancelled first, by a thread of the pool */
	conn = acquire();
	ck_assert_int_ne(pid_of(conn), pid);
	swm_pool_release(conn);
}

START_TEST(an_open_transaction)
{
	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	say(conn, "BEGIN");
	ck_not_reused(conn);
}
END_TEST

START_TEST(a_failed_transaction)
{
	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	say(conn, "BEGIN");
	PQclear(PQexec(swm_conn_pg(conn), "SELECT 1/0"));
	ck_not_reused(conn);
}
END_TEST

START_TEST(a_pending_result)
{
	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	ck_assert(PQsendQuery(swm_conn_pg(conn), "SELECT 1"));
	ck_not_reused(conn);
}
END_TEST

START_TEST(a_pending_pipeline)
{
	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	ck_assert(PQenterPipelineMode(swm_conn_pg(conn)));
	ck_assert(PQsendQueryParams(swm_conn_pg(conn), "SELECT 1", 0, NULL, NULL, NULL, NULL, 0));
	ck_not_reused(conn);
}
END_TEST

START_TEST(a_lingering_role)
{
	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	say(conn, "SET ROLE pg_monitor");
	ck_not_reused(conn);
}
END_TEST

START_TEST(a_lingering_setting)
{
	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	say(conn, "SET DateStyle = 'SQL, DMY'");
	ck_not_reused(conn);
}
END_TEST

START_TEST(a_setting_of_the_transaction_does_not_linger)
{
	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	int pid = pid_of(conn);

	say(conn, "BEGIN");
	say(conn, "SET LOCAL ROLE pg_monitor");
	say(conn, "SET LOCAL TimeZone = 'Asia/Tokyo'");
	say(conn, "COMMIT");
	swm_pool_release(conn);
	conn = acquire();
	ck_assert_int_eq(pid_of(conn), pid);
	swm_pool_release(conn);
}
END_TEST

START_TEST(grown_buffers)
{
	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	swm_conn_set_bloated(conn);
	ck_not_reused(conn);
}
END_TEST

/* Seen from the server, so that it is really gone. */
#define SERVER_HAS(pid) \
	(database_number(admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d", pid) == 1)

START_TEST(an_idle_connection_is_closed)
{
	pool = database_pool(database_uri(), "db-pool-max-idletime", "1");
	swm_conn *conn = acquire();
	int pid = pid_of(conn);
	int64_t before = swm_clock_ms();

	swm_pool_release(conn);
	wait_for(!SERVER_HAS(pid));
	ck_assert_int_ge(swm_clock_ms() - before, 1000);
	wait_for(stats().size == 0);
}
END_TEST

START_TEST(an_old_connection_is_closed)
{
	pool = database_pool(database_uri(), "db-pool-max-lifetime", "1");
	swm_conn *used = acquire(), *unused = acquire();
	int pid = pid_of(unused);

	swm_pool_release(unused);
	wait_for(!SERVER_HAS(pid));
	/* lent the whole time, the other is as old by now */
	wait_for(stats().size == 1);
	swm_pool_release(used);
	ck_assert_int_eq(stats().size, 0);
}
END_TEST

START_TEST(a_discarded_query_is_cancelled)
{
	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	int pid = pid_of(conn);

	ck_assert(PQsendQuery(swm_conn_pg(conn), "SELECT pg_sleep(60)"));
	while (PQflush(swm_conn_pg(conn)) == 1)
		short_nap();
	wait_for(database_number(admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d AND "
	                         "wait_event = 'PgSleep'", pid) == 1);
	swm_pool_discard(conn, true);
	wait_for(!SERVER_HAS(pid));
	wait_for(stats().size == 0);
}
END_TEST

START_TEST(closing_waits_for_cancels)
{
	pool = database_pool(database_uri());
	swm_conn *conn = acquire();
	int pid = pid_of(conn);

	ck_assert(PQsendQuery(swm_conn_pg(conn), "SELECT pg_sleep(60)"));
	while (PQflush(swm_conn_pg(conn)) == 1)
		short_nap();
	wait_for(database_number(admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d AND "
	                         "wait_event = 'PgSleep'", pid) == 1);
	swm_pool_discard(conn, true);
	swm_pool_free(pool);
	pool = NULL;
	wait_for(!SERVER_HAS(pid));
}
END_TEST

/* After a restart all of the pool's connections are dead; nobody should be given one. */
START_TEST(a_connection_that_died_while_idle_is_not_lent)
{
	pool = database_pool(database_uri());
	swm_conn *first = acquire(), *second = acquire(), *third = acquire();
	int pids[] = { pid_of(first), pid_of(second), pid_of(third) };

	swm_pool_release(first);
	swm_pool_release(second);
	for (int i = 0; i < 3; i++)
		database_terminate(admin, pids[i]);
	/* the one in use is found lost, which throws doubt on the others */
	PQclear(PQexec(swm_conn_pg(third), "SELECT 1"));
	swm_pool_release(third);
	swm_conn *conn = acquire();
	say(conn, "SELECT 1");
	ck_assert_int_eq(stats().size, 1);
	swm_pool_release(conn);
}
END_TEST

/*
 * The database is away
 */

static char folder[64];

static const char *
nowhere_uri(void)
{
	static char uri[160];

	snprintf(folder, sizeof folder, "/tmp/swm-pool.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(uri, sizeof uri, "postgresql://someone:verysecret@/postgres?host=%s", folder);
	return uri;
}

static struct {
	pthread_mutex_t lock;
	char text[8192];
	int critical;
} said = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
hear(void *user, enum swm_log_level level, swm_str line)
{
	(void)user;
	pthread_mutex_lock(&said.lock);
	size_t len = strlen(said.text);
	if (len + line.len + 2 < sizeof said.text)
		snprintf(said.text + len, sizeof said.text - len, "%.*s\n", (int)line.len, line.ptr);
	said.critical += level == SWM_LOG_CRITICAL;
	pthread_mutex_unlock(&said.lock);
}

static bool
heard(const char *words)
{
	pthread_mutex_lock(&said.lock);
	bool found = strstr(said.text, words) != NULL;
	pthread_mutex_unlock(&said.lock);
	return found;
}

static int
critical_lines(void)
{
	pthread_mutex_lock(&said.lock);
	int lines = said.critical;
	pthread_mutex_unlock(&said.lock);
	return lines;
}

static swm_pool *
heard_pool(const swm_settings *settings)
{
	swm_pool *made = NULL;

	ck_assert_int_eq(swm_pool_new(&made, settings, hear, NULL, NULL), SWM_OK);
	swm_settings_unref(settings);
	return made;
}

START_TEST(no_server)
{
	swm_conn *conn;

	pool = heard_pool(database_settings(nowhere_uri(), (const char *)NULL));
	for (int i = 0; i < 3; i++) {
		swm_error_clear(err);
		ck_assert_int_eq(swm_pool_acquire(&conn, pool, -1, err), SWM_EUNAVAILABLE);
		ck_code("PGRST000", 503);
		ck_assert_int_ge(swm_error_retry_after(err), 1);
		ck_assert_int_le(swm_error_retry_after(err), 32);
		ck_assert_ptr_nonnull(strstr(swm_error_details(err).ptr, folder));
		ck_assert_ptr_null(strstr(swm_error_details(err).ptr, "verysecret"));
		ck_assert_ptr_null(strchr(swm_error_details(err).ptr, '\n'));
	}
	ck_assert_int_eq(stats().size, 0);
	wait_for(heard("the next attempt is in 2 s"));
	ck_assert(!heard("verysecret"));
	rmdir(folder);
}
END_TEST

START_TEST(waiters_share_what_an_attempt_finds)
{
	pool = database_pool(nowhere_uri());
	for (int i = 0; i < WAITERS; i++)
		queue_up(i, -1);
	for (int i = 0; i < WAITERS; i++)
		ck_assert_int_eq(outcome(i), SWM_EUNAVAILABLE);
	rmdir(folder);
}
END_TEST

/* The server's socket appears in the folder: a link to the one that listens. */
START_TEST(it_comes_back)
{
	swm_conn *conn;
	char here[128], there[256], uri[160];

	snprintf(folder, sizeof folder, "/tmp/swm-pool.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(uri, sizeof uri, "host=%s port=%s user=%s dbname=%s", folder, PQport(admin),
	         PQuser(admin), PQdb(admin));
	snprintf(here, sizeof here, "%s/.s.PGSQL.%s", folder, PQport(admin));
	snprintf(there, sizeof there, "%s/.s.PGSQL.%s", PQhost(admin), PQport(admin));
	pool = heard_pool(database_settings(uri, (const char *)NULL));
	ck_assert_int_eq(swm_pool_acquire(&conn, pool, -1, err), SWM_EUNAVAILABLE);
	ck_assert_int_eq(symlink(there, here), 0);
	/* nobody asks, and still it is found */
	wait_for(stats().idle == 1);
	ck_assert(heard("can be reached again"));
	swm_pool_release(acquire());
	unlink(here);
	rmdir(folder);
}
END_TEST

START_TEST(no_recovery_when_not_wanted)
{
	swm_conn *conn;

	pool = heard_pool(database_settings(nowhere_uri(), "db-pool-automatic-recovery", "false",
	                                    (const char *)NULL));
	ck_assert_int_eq(swm_pool_acquire(&conn, pool, -1, err), SWM_EUNAVAILABLE);
	ck_assert_int_eq(swm_pool_acquire(&conn, pool, -1, NULL), SWM_EUNAVAILABLE);
	wait_for(critical_lines() == 1); /* the first failure alone, said by the thread that connects */
	rmdir(folder);
}
END_TEST

START_TEST(the_second_host_is_used)
{
	char uri[512];

	nowhere_uri();
	snprintf(uri, sizeof uri, "host=%s,%s user=%s dbname=%s", folder, PQhost(admin), PQuser(admin),
	         PQdb(admin));
	pool = database_pool(uri);
	swm_conn *conn = acquire();
	say(conn, "SELECT 1");
	swm_pool_release(conn);
	rmdir(folder);
}
END_TEST

START_TEST(a_refused_login)
{
	swm_conn *conn;
	char uri[512];

	snprintf(uri, sizeof uri, "host=%s user=swm_nobody_at_all password=verysecret dbname=postgres",
	         PQhost(admin));
	pool = heard_pool(database_settings(uri, (const char *)NULL));
	ck_assert_int_eq(swm_pool_acquire(&conn, pool, -1, err), SWM_EAUTH);
	ck_code("PGRST000", 503);
	ck_assert(!heard("verysecret"));
}
END_TEST

START_TEST(a_refused_database_is_no_refused_login)
{
	swm_conn *conn;
	char uri[512];

	snprintf(uri, sizeof uri, "host=%s user=%s dbname=swm_no_such_database", PQhost(admin), PQuser(admin));
	pool = database_pool(uri);
	ck_assert_int_eq(swm_pool_acquire(&conn, pool, -1, err), SWM_EUNAVAILABLE);
}
END_TEST

/*
 * A server that accepts and says nothing.
 */

static int
listen_in_folder(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%.60s/.s.PGSQL.5432", folder);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

static int
silent_server(char *uri, size_t size)
{
	nowhere_uri();
	snprintf(uri, size, "host=%s port=5432 user=x dbname=x", folder);
	return listen_in_folder();
}

static void
end_silent_server(int fd)
{
	char path[128];

	close(fd);
	snprintf(path, sizeof path, "%s/.s.PGSQL.5432", folder);
	unlink(path);
	rmdir(folder);
}

START_TEST(a_silent_server)
{
	char uri[256];
	int fd = silent_server(uri, sizeof uri);
	swm_conn *conn;
	int64_t before = swm_clock_ms();

	pool = database_pool(uri, "db-pool-acquisition-timeout", "1");
	ck_assert_int_eq(swm_pool_acquire(&conn, pool, -1, err), SWM_EUNAVAILABLE);
	ck_assert_int_lt(swm_clock_ms() - before, 3000);
	ck_assert_ptr_nonnull(strstr(swm_error_details(err).ptr, "timeout"));
	end_silent_server(fd);
}
END_TEST

START_TEST(a_client_that_goes_while_connecting)
{
	char uri[256];
	int fd = silent_server(uri, sizeof uri), ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	pool = database_pool(uri, "db-pool-acquisition-timeout", "60");
	queue_up(0, ends[0]);
	wait_for(stats().size == 1);
	close(ends[1]);
	ck_assert_int_eq(outcome(0), SWM_ECANCELED);
	ck_assert_int_eq(stats().waiting, 0);
	close(ends[0]);
	end_silent_server(fd);
}
END_TEST

/* Another connection is being made, and that hangs; the one that comes back is taken at once. */
START_TEST(what_is_free_first_is_taken)
{
	char here[128], there[256], uri[160];

	nowhere_uri();
	snprintf(uri, sizeof uri, "host=%s port=5432 user=%s dbname=%s", folder, PQuser(admin), PQdb(admin));
	snprintf(here, sizeof here, "%s/.s.PGSQL.5432", folder);
	snprintf(there, sizeof there, "%s/.s.PGSQL.%s", PQhost(admin), PQport(admin));
	ck_assert_int_eq(symlink(there, here), 0);
	pool = database_pool(uri, "db-pool-acquisition-timeout", "60");
	swm_conn *conn = acquire();
	unlink(here);
	int fd = listen_in_folder(); /* from now on nobody answers there */
	queue_up(0, -1);
	wait_for(stats().size == 2);
	swm_pool_release(conn);
	ck_assert_int_eq(outcome(0), SWM_OK);
	end_silent_server(fd);
}
END_TEST

/* swm_pool_free() does not wait for an attempt of the pool's own thread. */
START_TEST(closing_ends_an_attempt)
{
	swm_conn *conn;

	pool = database_pool(nowhere_uri(), "db-pool-acquisition-timeout", "60");
	ck_assert_int_eq(swm_pool_acquire(&conn, pool, -1, err), SWM_EUNAVAILABLE);
	int fd = listen_in_folder();
	wait_for(stats().size == 1); /* the attempt hangs */
	int64_t before = swm_clock_ms();
	swm_pool_free(pool);
	pool = NULL;
	ck_assert_int_lt(swm_clock_ms() - before, 5000);
	end_silent_server(fd);
}
END_TEST

START_TEST(a_bad_connection_string)
{
	const swm_settings *settings =
		database_settings("postgresql://me:verysecret@[half/db?x=%zz", (const char *)NULL);

	ck_assert_int_eq(swm_pool_new(&pool, settings, NULL, NULL, err), SWM_ECONFIG);
	ck_assert_ptr_null(pool);
	ck_assert_ptr_null(strstr(swm_error_message(err).ptr, "verysecret"));
	swm_settings_unref(settings);
}
END_TEST

START_TEST(messages_are_one_line_without_the_secret)
{
	swm_buf out = SWM_BUF_INIT;

	swm_connect_add_message(&out, "no: tops3cret is\n\tnot tops3cret\n", "tops3cret");
	ck_assert_str_eq(swm_buf_text(&out), "no: *** is  not ***");
	swm_buf_clear(&out);
	swm_connect_add_message(&out, "plain", "");
	ck_assert_str_eq(swm_buf_text(&out), "plain");
	swm_buf_dispose(&out);
}
END_TEST

START_TEST(a_short_password_garbles_nothing)
{
	static const struct {
		const char *message, *secret, *wanted;
	} cases[] = {
		{ "FATAL:  role \"nobody\" does not exist", "x", "FATAL:  role \"nobody\" does not exist" },
		{ "FATAL:  role \"nobody\" does not exist", "exist", "FATAL:  role \"nobody\" does not exist" },
		{ "FATAL:  password authentication failed for user \"swm\"", "password",
		  "FATAL:  password authentication failed for user \"swm\"" },
		{ "database \"x_1\" on port 5432", "1", "database \"x_1\" on port 5432" },
		{ "server at \"h\", port 5432 failed", "5432", "server at \"h\", port 5432 failed" },
		{ "could not translate host name \"x@h\" to address", "x", "could not translate host name \"***@h\" to address" },
		{ "invalid integer value \"x\" for connection option \"port\"", "x",
		  "invalid integer value \"***\" for connection option \"port\"" },
		{ "missing \"=\" after \"postgres:/u:x@h\"", "x", "missing \"=\" after \"postgres:/u:***@h\"" },
		{ "missing \"=\" after \"postgresql://u:a%20b@h\" in it", "a b", "missing \"=\" after \"postgresql***\" in it" },
		{ "bad: host=h password='a b", "a b", "bad: host=h ***" },
		{ "missing \"=\" after \"postgres://u:a\"b@h\"", "a\"b", "missing \"=\" after \"postgres***\"" },
		{ "said a\"b@h and a\"b", "a\"b", "said ***@h and ***" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_buf out = SWM_BUF_INIT;
		swm_connect_add_message(&out, cases[i].message, cases[i].secret);
		ck_assert_str_eq(swm_buf_text(&out), cases[i].wanted);
		swm_buf_dispose(&out);
	}
}
END_TEST

/* The program's signals are never handled by a thread of the pool. */
static volatile sig_atomic_t handled_by_main;
static pthread_t main_thread;

static void
note_thread(int number)
{
	(void)number;
	handled_by_main = pthread_equal(pthread_self(), main_thread) ? 1 : -1;
}

START_TEST(signals_are_left_alone)
{
	sigset_t usr1, before, after;

	main_thread = pthread_self();
	signal(SIGUSR1, note_thread);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	pool = database_pool(database_uri());
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int number = 1; number < SIGRTMIN; number++)
		ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
	/* blocked here, it would be taken by any thread that does not block it */
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	kill(getpid(), SIGUSR1);
	swm_pool_release(acquire());
	ck_assert_int_eq(handled_by_main, 0);
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	ck_assert_int_eq(handled_by_main, 1);
}
END_TEST

/*
 * The bookkeeping of prepared statements
 */

static swm_prepared *
use(swm_prepared_cache *all, const char *sql)
{
	swm_prepared_cache_begin(all);
	swm_prepared *one = swm_prepared_cache_get(all, swm_cstr(sql));
	if (one != NULL) {
		swm_prepared_set_sent(one);
		swm_prepared_set_parsed(one);
	}
	swm_prepared_cache_end(all);
	return one;
}

START_TEST(the_longest_unused_statement_goes)
{
	swm_prepared_cache *all = swm_prepared_cache_new();
	char sql[32], name[SWM_PREPARED_NAME];

	for (int i = 0; i < SWM_PREPARED_COUNT; i++) {
		snprintf(sql, sizeof sql, "SELECT %d", i);
		ck_assert_ptr_nonnull(use(all, sql));
	}
	ck_assert(!swm_prepared_cache_take_dropped(all, name));
	use(all, "SELECT 0"); /* now SELECT 1 is the oldest: the second that got a name */
	use(all, "SELECT 'new'");
	ck_assert_uint_eq(swm_prepared_cache_count(all), SWM_PREPARED_COUNT);
	ck_assert(swm_prepared_cache_take_dropped(all, name));
	ck_assert_str_eq(name, "s2");
	ck_assert(!swm_prepared_cache_take_dropped(all, name));
	swm_prepared_cache_free(all);
}
END_TEST

START_TEST(a_batch_does_not_push_out_its_own)
{
	swm_prepared_cache *all = swm_prepared_cache_new();
	char sql[32];

	swm_prepared_cache_begin(all);
	for (int i = 0; i < SWM_PREPARED_COUNT; i++) {
		snprintf(sql, sizeof sql, "SELECT %d", i);
		ck_assert_ptr_nonnull(swm_prepared_cache_get(all, swm_cstr(sql)));
	}
	ck_assert_ptr_null(swm_prepared_cache_get(all, SWM_STR("SELECT 'one more'")));
	swm_prepared_cache_end(all); /* none was answered */
	ck_assert_uint_eq(swm_prepared_cache_count(all), 0);
	swm_prepared_cache_free(all);
}
END_TEST

START_TEST(text_is_bounded)
{
	swm_prepared_cache *all = swm_prepared_cache_new();
	static char sql[SWM_PREPARED_LONGEST + 2];

	memset(sql, 'x', sizeof sql - 1);
	ck_assert_ptr_null(use(all, sql));
	sql[SWM_PREPARED_LONGEST] = '\0';
	for (int i = 0; i < 20; i++) {
		sql[0] = (char)('a' + i);
		ck_assert_ptr_nonnull(use(all, sql));
	}
	ck_assert_uint_eq(swm_prepared_cache_count(all), SWM_PREPARED_TEXT / SWM_PREPARED_LONGEST);
	swm_prepared_cache_free(all);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("pool");
	TCase *cases = tcase_create("connections");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, a_new_pool_connects_nowhere);
	tcase_add_test(cases, a_connection_is_lent_again);
	tcase_add_test(cases, a_connection_says_who_it_is_and_speaks_utf8);
	tcase_add_test(cases, waiters_are_served_in_order);
	tcase_add_test(cases, a_waiter_gets_the_room_of_a_closed_one);
	tcase_add_test(cases, waiting_ends_in_time);
	tcase_add_test(cases, waiting_ends_when_the_client_goes);
	tcase_add_test(cases, waiting_before_counts);
	tcase_add_test(cases, the_anonymous_leave_some);
	tcase_add_test(cases, the_anonymous_wait_in_order);
	tcase_add_test(cases, by_default_the_anonymous_leave_a_quarter);
	tcase_add_test(cases, many_threads_and_few_connections);
	tcase_add_test(cases, an_open_transaction);
	tcase_add_test(cases, a_failed_transaction);
	tcase_add_test(cases, a_pending_result);
	tcase_add_test(cases, a_pending_pipeline);
	tcase_add_test(cases, a_lingering_role);
	tcase_add_test(cases, a_lingering_setting);
	tcase_add_test(cases, a_setting_of_the_transaction_does_not_linger);
	tcase_add_test(cases, grown_buffers);
	tcase_add_test(cases, an_idle_connection_is_closed);
	tcase_add_test(cases, an_old_connection_is_closed);
	tcase_add_test(cases, a_discarded_query_is_cancelled);
	tcase_add_test(cases, closing_waits_for_cancels);
	tcase_add_test(cases, a_connection_that_died_while_idle_is_not_lent);
	tcase_add_test(cases, no_server);
	tcase_add_test(cases, waiters_share_what_an_attempt_finds);
	tcase_add_test(cases, it_comes_back);
	tcase_add_test(cases, no_recovery_when_not_wanted);
	tcase_add_test(cases, the_second_host_is_used);
	tcase_add_test(cases, a_refused_login);
	tcase_add_test(cases, a_refused_database_is_no_refused_login);
	tcase_add_test(cases, a_silent_server);
	tcase_add_test(cases, a_client_that_goes_while_connecting);
	tcase_add_test(cases, what_is_free_first_is_taken);
	tcase_add_test(cases, closing_ends_an_attempt);
	tcase_add_test(cases, a_bad_connection_string);
	tcase_add_test(cases, messages_are_one_line_without_the_secret);
	tcase_add_test(cases, a_short_password_garbles_nothing);
	tcase_add_test(cases, signals_are_left_alone);
	tcase_add_test(cases, the_longest_unused_statement_goes);
	tcase_add_test(cases, a_batch_does_not_push_out_its_own);
	tcase_add_test(cases, text_is_bounded);
	suite_add_tcase(suite, cases);
	return suite;
}
