#include "config.h"

#include "pool/reset.h"

#include "base/clock.h"
#include "pool/answer.h"

#include <stddef.h>

/*
 * Runs first, and never as a prepared statement: a function can replace those, ours too, by
 * DEALLOCATE and PREPARE, and what follows runs with the rights of the login role. An error here
 * keeps all that follows from running, and the connection is closed; its words are for the
 * server's log. All names are those of pg_catalog, whatever search_path was left behind.
 */
static const char refuse_prepared[] =
	"SELECT pg_catalog.concat('a function of a request has prepared the statement ', name,"
	" ': its connection is closed')::pg_catalog.int4 FROM pg_catalog.pg_prepared_statement() WHERE from_sql";

/*
 * CLOSE ALL comes first: closing a cursor is the only one of them that may run a user's code. A
 * holdable cursor was filled when the transaction before committed, which is why settings are
 * reset after that and not within it. RESET ALL leaves the role alone.
 */
static const struct {
	const char *name, *sql;
} statements[] = {
	{ "swm_reset1", "CLOSE ALL" },
	{ "swm_reset2", "RESET ROLE" },
	{ "swm_reset3", "RESET ALL" },
	{ "swm_reset4", "UNLISTEN *" },
	{ "swm_reset5", "DISCARD TEMP" },
	{ "swm_reset6", "DISCARD SEQUENCES" },
	{ "swm_reset7", "SELECT pg_catalog.pg_advisory_unlock_all()" },
};

enum { STATEMENT_COUNT = sizeof statements / sizeof statements[0] };

static bool
send_unprepared(PGconn *pg, const char *sql)
{
	return PQsendQueryParams(pg, sql, 0, NULL, NULL, NULL, NULL, 0);
}

static bool
send_statement(PGconn *pg, size_t i, const bool *prepared)
{
	if (prepared == NULL)
		return send_unprepared(pg, statements[i].sql);
	if (!*prepared && !PQsendPrepare(pg, statements[i].name, statements[i].sql, 0, NULL))
		return false;
	return PQsendQueryPrepared(pg, statements[i].name, 0, NULL, NULL, NULL, 0);
}

bool
swm_reset_send(PGconn *pg, bool *prepared)
{
	if (!send_unprepared(pg, refuse_prepared))
		return false;
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		if (!send_statement(pg, i, prepared))
			return false;
	if (prepared != NULL)
		*prepared = true; /* if that fails the connection is closed */
	return PQpipelineSync(pg);
}

static bool
is_clean(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	       status == PGRES_PIPELINE_SYNC;
}

bool
swm_reset_finish(PGconn *pg, int64_t deadline)
{
	bool clean = true, ended = false, after_null = false;

	while (clean && !ended) {
		if (swm_answer_wait(pg, -1, swm_clock_left(deadline)) != SWM_OK)
			return false;
		PGresult *result = PQgetResult(pg);
		/* ends a statement's results; two in a row would be a fault */
		if (result == NULL) {
			clean = !after_null;
			after_null = true;
			continue;
		}
		after_null = false;
		clean = is_clean(result);
		ended = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		PQclear(result);
	}
	return clean && PQexitPipelineMode(pg);
}
