/*
 * What tests of the rooms that talk to PostgreSQL share: settings, a second
 * connection that looks from outside, and waiting for what must come true.
 */
#ifndef SWM_TESTS_DATABASE_H
#define SWM_TESTS_DATABASE_H

#include "base/clock.h"
#include "config/settings.h"
#include "error/error.h"
#include "pool/pool.h"

#include <check.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PATIENCE_MS = 10000 };

static inline const char *
database_uri(void)
{
	const char *uri = getenv("SWM_TEST_URI");

	ck_assert_msg(uri != NULL, "SWM_TEST_URI is not set: run this under tests/with-cluster");
	return uri;
}

/* Settings of name, value pairs behind db-uri, ended by NULL. */
static inline const swm_settings *
database_settings(const char *uri, ...)
{
	const swm_settings *settings = NULL;
	swm_config *config = NULL;
	const char *name;
	va_list pairs;

	ck_assert_int_eq(swm_config_new(&config, NULL), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-uri", uri, NULL), SWM_OK);
	va_start(pairs, uri);
	while ((name = va_arg(pairs, const char *)) != NULL)
		ck_assert_int_eq(swm_config_set(config, name, va_arg(pairs, const char *), NULL), SWM_OK);
	va_end(pairs);
	ck_assert_int_eq(swm_settings_resolve(&settings, config, NULL), SWM_OK);
	swm_config_free(config);
	return settings;
}

/* A pool that holds the only reference to such settings. */
#define database_pool(...) database_pool_of(database_settings(__VA_ARGS__, (const char *)NULL))

static inline swm_pool *
database_pool_of(const swm_settings *settings)
{
	swm_pool *pool = NULL;

	ck_assert_int_eq(swm_pool_new(&pool, settings, NULL, NULL, NULL), SWM_OK);
	swm_settings_unref(settings);
	return pool;
}

/* A connection that is no part of what is tested. */
static inline PGconn *
database_admin(void)
{
	PGconn *admin = PQconnectdb(database_uri());

	ck_assert_msg(PQstatus(admin) == CONNECTION_OK, "%s", PQerrorMessage(admin));
	PQclear(PQexec(admin, "SET client_min_messages = error"));
	return admin;
}

static inline void
database_do(PGconn *admin, const char *sql)
{
	PGresult *result = PQexec(admin, sql);
	ExecStatusType status = PQresultStatus(result);

	ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", sql,
	              PQerrorMessage(admin));
	PQclear(result);
}

/* The single value of a query as an integer. */
__attribute__((format(printf, 2, 3))) static inline long
database_number(PGconn *admin, const char *format, ...)
{
	char sql[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(sql, sizeof sql, format, args);
	va_end(args);
	PGresult *result = PQexec(admin, sql);
	ck_assert_msg(PQntuples(result) == 1, "%s: %s", sql, PQerrorMessage(admin));
	long value = strtol(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return value;
}

static inline void
short_nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 2 * 1000 * 1000 }, NULL);
}

/* Waits for what must come true; fails when it does not. */
#define wait_for(condition)                                                        \
	do {                                                                       \
		int64_t wait_until_ = swm_clock_ms() + PATIENCE_MS;                \
		while (!(condition)) {                                             \
			ck_assert_msg(swm_clock_ms() < wait_until_, "never: %s", \
			              #condition);                         \
			short_nap();                                               \
		}                                                                  \
	} while (0)

/* Ends the server's process of a connection, and waits until it has gone. */
static inline void
database_terminate(PGconn *admin, int pid)
{
	ck_assert_int_eq(database_number(admin, "SELECT pg_terminate_backend(%d)::int", pid), 1);
	wait_for(database_number(admin, "SELECT count(*) FROM pg_stat_activity WHERE pid = %d", pid) == 0);
}

#endif
