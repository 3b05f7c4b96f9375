/*
 * Putting a session back to how it was before a request used it. Each statement takes one kind of
 * thing away that outlives a transaction; DISCARD ALL would take our prepared statements as well
 * (https://www.postgresql.org/docs/15/sql-discard.html).
 */
#ifndef SWM_POOL_RESET_H
#define SWM_POOL_RESET_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Queues the statements and a Sync, in pipeline mode: a transaction of their own, after the
 * request's has ended. *prepared is the connection's, false at first: the statements are prepared
 * with their first use. NULL: they are not prepared at all. False when libpq refuses.
 */
bool swm_reset_send(PGconn *pg, bool *prepared);

/*
 * Reads their results and leaves pipeline mode. False: one has failed, something is left that
 * cannot be taken away, the connection is lost, or the deadline (swm_clock_ms()) has passed. The
 * connection must then be closed.
 */
bool swm_reset_finish(PGconn *pg, int64_t deadline);

#endif
