#include "config.h"

#include "pool/reset.h"

#include "base/clock.h"
#include "pool/answer.h"

#include <stddef.h>

/*
 * CLOSE ALL comes first: closing a cursor is the only one of them that may run a user's code. A
 * holdable cursor was filled when the transaction before committed, which is why settings are
 * reset after that and not within it. RESET ALL leaves the role alone. DEALLOCATE has no form that
 * would spare the statements prepared through the protocol, so statements that a function has
 * prepared in SQL are only looked for: the last row says whether there are any.
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
	{ "swm_reset7", "SELECT pg_catalog.pg_advisory_unlock_all(),"
	                " EXISTS (SELECT FROM pg_catalog.pg_prepared_statement() WHERE from_sql)" },
};

enum { STATEMENT_COUNT = sizeof statements / sizeof statements[0], LEFT_BEHIND = 1 };

static bool
send_statement(PGconn *pg, size_t i, const bool *prepared)
{
	if (prepared == NULL)
		return PQsendQueryParams(pg, statements[i].sql, 0, NULL, NULL, NULL, NULL, 0);
	if (!*prepared && !PQsendPrepare(pg, statements[i].name, statements[i].sql, 0, NULL))
		return false;
	return PQsendQueryPrepared(pg, statements[i].name, 0, NULL, NULL, NULL, 0);
}

bool
swm_reset_send(PGconn *pg, bool *prepared)
{
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
	switch (PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_PIPELINE_SYNC:
		return true;
	case PGRES_TUPLES_OK:
		return PQntuples(result) == 1 && PQgetvalue(result, 0, LEFT_BEHIND)[0] == 'f';
	default:
		return false;
	}
}

bool
swm_reset_finish(PGconn *pg, int64_t deadline, int abort_fd)
{
	bool clean = true, ended = false, after_null = false;

	while (clean && !ended) {
		if (swm_answer_wait(pg, abort_fd, swm_clock_left(deadline)) != SWM_OK)
			return false;
		PGresult *result = PQgetResult(pg);
		if (result == NULL) { /* ends a statement's results; two in a row would be a fault */
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
