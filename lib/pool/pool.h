/*
 * Connections to the database: a bounded number, lent in the order of asking.
 * A connection changes its state in one function only (pool.c); it is lent again
 * only if nothing of its last use can linger.
 */
#ifndef SWM_POOL_POOL_H
#define SWM_POOL_POOL_H

#include "config/settings.h"
#include "error/error.h"

#include <swm/engine.h>

/* Threads: shared by many, but for swm_pool_free(). No lock is held across I/O. */
typedef struct swm_pool swm_pool;

/* A connection that is lent. Threads: belongs to the one who borrowed it. */
typedef struct swm_conn swm_conn;

/* Connects nowhere yet. The settings are referenced. SWM_ENOMEM, SWM_ESYSTEM, SWM_ECONFIG. */
int swm_pool_new(swm_pool **out, const swm_settings *settings, swm_log_function *log,
                 void *log_user, swm_error *err);

/*
 * Closes all; every connection must have come back. Waits for cancels under way. NULL is allowed.
 */
void swm_pool_free(swm_pool *pool);

/*
 * Borrows a connection: an idle one, or waits for the first that comes back or is made
 * meanwhile, while there is room, by a thread of the pool; until
 * db-pool-acquisition-timeout. abort_fd (or -1) is the client's socket: when it hangs
 * up, waiting ends.
 *
 * While the database is away the pool makes one attempt at a time, of which all who wait
 * are told what it found; in between it tries by itself, with pauses that grow to
 * 32 s. POOL_TIMEOUT (SWM_ETIMEDOUT); CONNECT
 * (SWM_EUNAVAILABLE) with Retry-After, or SWM_EAUTH when the login is refused;
 * SWM_ECANCELED; SWM_ENOMEM.
 */
int swm_pool_acquire(swm_conn **out, swm_pool *pool, int abort_fd, swm_error *err);

/* The one for whom a connection is borrowed. */
typedef struct swm_borrower {
	int abort_fd;      /* as of swm_pool_acquire() */
	bool anonymous;    /* such hold no more connections than db-pool-anonymous */
	int64_t waited_ms; /* the request has waited already, which counts */
} swm_borrower;

/* As swm_pool_acquire(). */
int swm_pool_borrow(swm_conn **out, swm_pool *pool, const swm_borrower *borrower, swm_error *err);

/*
 * Gives it back. It is lent again only if the transaction is idle, no result or
 * pipeline is pending but that of a reset, no setting that the server reports has another
 * value than at the start, its time is not over, and its buffers have not grown beyond what
 * is kept; else it is closed. PostgreSQL 15 does not report the role (only whether it
 * is a superuser), so every transaction must set its own. A query that still runs is
 * cancelled.
 */
void swm_pool_release(swm_conn *conn);

/*
 * Before the release, in pipeline mode and with no transaction open: sends what puts the session
 * back (reset.h). Nobody waits for that: its results are read before the connection is lent again,
 * and if they are not as they must be, or libpq has no memory to send it, it is closed.
 */
void swm_conn_send_reset(swm_conn *conn);

/*
 * Reads the results of a reset that was sent, and leaves pipeline mode; for who goes on with the
 * connection. False: it must be closed.
 */
bool swm_conn_finish_reset(swm_conn *conn, int64_t deadline);

/*
 * Tables and types are no longer what they were: no statement that was prepared until now is used
 * again by a transaction, or a round of one, that begins after this. The types of its parameters
 * are those of when it was prepared (https://www.postgresql.org/docs/15/sql-prepare.html).
 */
void swm_pool_void_prepared(swm_pool *pool);

/*
 * Gives back one that must not be used again. cancel: a query may be running; it is cancelled
 * first, by a thread of the pool.
 */
void swm_pool_discard(swm_conn *conn, bool cancel);

/* PGconn of libpq: non-blocking, and not in pipeline mode; who enters that leaves it again. */
struct pg_conn *swm_conn_pg(const swm_conn *conn);

/*
 * True until a request has been served on it: a lost connection that was not fresh may just be an
 * old one.
 */
bool swm_conn_is_fresh(const swm_conn *conn);

/*
 * The server has ended it, even if the socket does not show that yet: the others are looked at
 * before they are lent.
 */
void swm_conn_set_lost(swm_conn *conn);

/*
 * True if the server has not hung up so far, as far as the socket shows. False is certain: nothing
 * that is sent would be executed.
 */
bool swm_conn_is_alive(swm_conn *conn);

/* Milliseconds for which the server may be silent while it is waited for (db-answer-timeout). */
int64_t swm_conn_silence(const swm_conn *conn);

/* The row that came was huge: close instead of keeping its buffer. */
void swm_conn_set_bloated(swm_conn *conn);

/* Prepared statements of the connection (prepared.h). */
struct swm_prepared_cache;
struct swm_prepared_cache *swm_conn_prepared(swm_conn *conn);

/* Begins a batch of them, without those that have become void. */
void swm_conn_begin_prepared(swm_conn *conn);

struct swm_pool_stats {
	int size, idle, busy, waiting;
	uint64_t timeouts, connects;
};
void swm_pool_stats(swm_pool *pool, struct swm_pool_stats *out);

#endif
