#include "config.h"

#include "pool/answer.h"

#include "base/clock.h"
#include "pool/wait.h"

#include <poll.h>

/*
 * True if libpq 15 has lost a part of the answer because it ran out of memory. In a pipeline,
 * without memory for the result of a ReadyForQuery, it waits for another one and leaves only its
 * error message, which it has for no other reason while it waits (fe-protocol3.c, pqParseInput3()).
 * Without memory for the beginning of a COPY it leaves nothing at all, and looks again at the next
 * call.
 */
static bool
has_choked(PGconn *pg)
{
	PGresult *probe;

	if (PQpipelineStatus(pg) != PQ_PIPELINE_OFF && PQerrorMessage(pg)[0] != '\0')
		return true;
	probe = PQmakeEmptyPGresult(pg, PGRES_COMMAND_OK);
	PQclear(probe);
	return probe == NULL;
}

/* SWM_OK: there may be more now. */
static int
wait_for_more(PGconn *pg, short events, int abort_fd, int64_t silence)
{
	int rc = swm_pool_wait(PQsocket(pg), events, abort_fd, swm_clock_ms() + silence);

	if (rc == SWM_OK && !PQconsumeInput(pg))
		return SWM_EUNAVAILABLE;
	return rc;
}

int
swm_answer_wait(PGconn *pg, int abort_fd, int64_t silence)
{
	int rc = SWM_OK;
	short events;

	while (rc == SWM_OK && PQisBusy(pg)) {
		if (PQstatus(pg) != CONNECTION_OK)
			return SWM_EUNAVAILABLE;
		if (has_choked(pg))
			return SWM_ENOMEM;
		if (!PQisBusy(pg)) /* it had no memory before, and has now */
			return SWM_OK;
		/* a failed flush shows in what comes to be read: the server's reason */
		events = PQflush(pg) == 1 ? POLLIN | POLLOUT : POLLIN;
		rc = wait_for_more(pg, events, abort_fd, silence);
	}
	return rc;
}

int
swm_answer_flush(PGconn *pg, int abort_fd, int64_t silence)
{
	int left, rc = SWM_OK;

	while (rc == SWM_OK && (left = PQflush(pg)) != 0) {
		if (left < 0)
			return SWM_EUNAVAILABLE;
		rc = wait_for_more(pg, POLLIN | POLLOUT, abort_fd, silence);
	}
	return rc;
}
