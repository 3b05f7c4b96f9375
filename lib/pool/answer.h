/* Waits for PostgreSQL's answers, with a time limit. */
#ifndef SWM_POOL_ANSWER_H
#define SWM_POOL_ANSWER_H

#include <libpq-fe.h>
#include <swm/types.h>

/*
 * Waits until PQgetResult() does not block, and sends meanwhile what is still to be sent: SWM_OK.
 * SWM_ECANCELED: abort_fd (or -1) was hung up. SWM_ETIMEDOUT: the server has neither sent nor
 * taken a byte for so many milliseconds. SWM_EUNAVAILABLE: the connection is lost. SWM_ENOMEM:
 * libpq lacked memory for a part of the answer, and would wait for ever for what has come
 * already. After any of these the connection must not be used again.
 */
int swm_answer_wait(PGconn *pg, int abort_fd, int64_t silence);

/*
 * The same until all that was sent has been taken over; what the server says meanwhile is read.
 * SWM_EUNAVAILABLE: nothing more can be sent, and the results will say why.
 */
int swm_answer_flush(PGconn *pg, int abort_fd, int64_t silence);

#endif
