/*
 * One transaction in one round trip: every statement and the Sync are sent
 * together in libpq's pipeline mode, and the pipeline's implicit transaction is
 * the BEGIN and COMMIT. One that asks how to end may go on in rounds instead: with
 * more statements, each round a pipeline, or with a COPY.
 */
#ifndef SWM_EXEC_EXEC_H
#define SWM_EXEC_EXEC_H

#include "exec/result.h"
#include "pool/pool.h"

/* One statement of a transaction. The memory that it points to must stay valid until the finish. */
typedef struct swm_step {
	const char *sql;            /* one statement, NUL-terminated */
	const char *const *params;  /* $1, ... in text form, NULL for null */
	int param_count;
	bool prepare;               /* keep it prepared, within the connection's bounded cache */
	bool stream;                /* hand out its rows one by one */
	bool quiet;                 /* its rows are of no interest (the context) */
	/*
	 * fills err for an error of the step and returns its code; if SWM_OK, or NULL: PostgreSQL's
	 * error
	 */
	int (*fail)(swm_error *err, swm_str sqlstate, swm_str message);
} swm_step;

typedef struct swm_exec_options {
	bool anonymous;      /* the role is db-anon-role: for the status of 42501 */
	bool rollback;       /* end in ROLLBACK instead of COMMIT */
	/* ask before COMMIT: a round trip more, for who must see the rows first, or goes on */
	bool decide;
	bool writes;         /* a failure after COMMIT may have been sent leaves the outcome open */
	/*
	 * by the snapshot no user's code runs: its own steps take back what was set (pool/reset.h)
	 */
	bool keeps_session;
	/* NULL for the implicit transaction, else "BEGIN ISOLATION LEVEL ..." */
	const char *begin;
	int abort_fd;        /* the client's socket or -1 */
} swm_exec_options;

typedef struct swm_exec swm_exec;

/*
 * Sends the steps over a connection and takes it over; it is given back as soon as
 * the transaction has ended, at the latest by swm_exec_finish(). SWM_ENOMEM,
 * SWM_EINTERNAL (libpq does not take a step); the connection is then given back
 * already. That it is lost is told by swm_exec_next(), with the server's reason.
 */
int swm_exec_start(swm_exec **out, swm_conn *conn, const swm_step *steps, size_t count,
                   const swm_exec_options *options, swm_error *err);

/* The next event of a transaction. */
typedef struct swm_event {
	/* index of the step; their number when it is to be decided how to end */
	size_t step;
	const swm_result *result; /* lives until the next call; NULL for the decision */
	/* the last of its step; a streamed step ends with a result of no rows */
	bool end_of_step;
	int failure;            /* at the decision: SWM_OK, or why a round failed that may */
	bool by_policy;         /* then: a policy, or a view's check option, did not let a row in */
} swm_event;

/*
 * 1: an event (a row of a streamed step, or the whole result of another; quiet
 * steps give none). 0: all is done and the transaction has ended as asked. Negative, and
 * nothing is kept: SWM_EDATABASE, SWM_EREFUSED (RAISE_SYNTAX), SWM_EUNAVAILABLE (the
 * connection was lost, the server has been silent for db-answer-timeout, or said that it is in
 * trouble, as with 57P01), SWM_ECANCELED (the client went away), SWM_ENOMEM, SWM_EINTERNAL.
 * Whichever of them but an error of PostgreSQL it would be, SWM_EUNKNOWN in its place when the
 * transaction writes and COMMIT may have reached the server.
 * Called once more it returns the same, but 1.
 *
 * "cached plan must not change result type" after DDL, before the first event, is
 * mended within: the statements are forgotten and all is sent once more.
 */
int swm_exec_next(swm_exec *exec, swm_event *event, swm_error *err);

/*
 * True if the transaction may have been committed, as COMMIT has been sent and PostgreSQL has
 * reported no error: a later failure, such as no memory, must then not claim that nothing was
 * written. Also after the end.
 */
bool swm_exec_may_have_committed(const swm_exec *exec);

/* The decision, before the next swm_exec_next(): the transaction ends in ROLLBACK. */
void swm_exec_roll_back(swm_exec *exec);

/* How a further round ends. */
enum swm_round {
	SWM_ROUND_ASKS,     /* with a decision, as the first one */
	/* so too when PostgreSQL refuses a step: the event has the failure, err says why */
	SWM_ROUND_MAY_FAIL,
	SWM_ROUND_ENDS,     /* with the end of the transaction, unasked: a round trip less */
};

/*
 * At the decision: more steps in the same transaction, counted from 0 again, whose events
 * come from swm_exec_next(). After a failure the first step must be a ROLLBACK TO a
 * savepoint from before it, and the err of later calls one that is empty; who does not go on
 * gets ROLLBACK and the same failure again. SWM_ENOMEM, SWM_EINTERNAL as swm_exec_start();
 * what ended the transaction if it has ended.
 *
 * A prepared statement that is of no use any more is an error here, SWM_EUNAVAILABLE: what was
 * sent before cannot be sent again. The next transaction prepares it anew.
 */
int swm_exec_go_on(swm_exec *exec, const swm_step *steps, size_t count, enum swm_round how,
                   swm_error *err);

/* COPY ... FROM STDIN and what it copies. */
typedef struct swm_copy {
	const char *sql;
	void *user;
	/*
	 * 1: a piece, which must stay until the next call. 0: that was all. Negative: it gives up,
	 * and has filled err.
	 */
	int (*next)(void *user, swm_str *piece, swm_error *err);
	int64_t rows;           /* filled: how many were copied */
	/* filled: PostgreSQL's error, for its context; lives until the next call. Else NULL. */
	const swm_result *failed;
} swm_copy;

/*
 * At the decision, which stays to be made: runs a COPY to its end. Pieces may have any
 * length and be cut anywhere; no more than 64 KiB of them is held. SWM_OK. Negative as
 * swm_exec_next(), or what `next` returned: then swm_exec_next() ends the transaction in
 * ROLLBACK, or it goes on at a savepoint, as after a round that failed.
 *
 * An error of PostgreSQL in the middle shows when all has been taken from `next`.
 */
int swm_exec_copy(swm_exec *exec, swm_copy *copy, swm_error *err);

/*
 * After CONNECTION_LOST: nothing at all was answered and the connection was an old one, so that a
 * read may be tried once more.
 */
bool swm_exec_may_retry(const swm_exec *exec);

/* Ends it; what still runs is cancelled. NULL is allowed. */
void swm_exec_finish(swm_exec *exec);

#endif
