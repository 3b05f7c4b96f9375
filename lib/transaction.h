/*
 * A transaction that several statements share: those of a batch, or one and what is kept
 * of it for its Idempotency-Key. It begins with the first round of statements.
 */
#ifndef SWM_LIB_TRANSACTION_H
#define SWM_LIB_TRANSACTION_H

#include "engine.h"

#include "exec/exec.h"
#include "sql/sql.h"

typedef struct swm_transaction {
	swm_engine *engine;
	swm_exec *exec;            /* NULL before the first round */
	bool anonymous;            /* as of swm_exec_options; as is the next */
	const char *begin;
	swm_borrower borrower;
	bool rollback;             /* it ends so, whatever becomes of it */
} swm_transaction;

/* A statement as a step; prepare: it is kept prepared. */
swm_step swm_step_of(const swm_statement *statement, bool prepare);

/*
 * The statement that begins one with the isolation of a role, or of a function that is called;
 * NULL: none is needed.
 */
const char *swm_transaction_begin(const swm_role *role, const swm_function *f, bool changes);

/*
 * A connection for what writes: one that seems to be alive, since one that died idle
 * would leave open whether it was done. As swm_pool_borrow().
 */
int swm_transaction_connect(swm_conn **out, swm_engine *engine, const swm_borrower *borrower,
                            swm_error *err);

/*
 * The next round; its events come from swm_transaction_next(). As swm_exec_start() and
 * swm_exec_go_on().
 */
int swm_transaction_send(swm_transaction *t, const swm_step *steps, size_t count, swm_error *err);

/* As swm_exec_next(). At the decision, whose event ends a round, the next one may be sent. */
int swm_transaction_next(swm_transaction *t, swm_event *event, swm_error *err);

/*
 * A round that may fail, so that it goes on at a savepoint: as SWM_ROUND_MAY_FAIL of
 * swm_exec_go_on().
 */
int swm_transaction_try(swm_transaction *t, const swm_step *steps, size_t count, swm_error *err);

/* As swm_exec_copy(), at the decision. */
int swm_transaction_copy(swm_transaction *t, swm_copy *copy, swm_error *err);

/*
 * The last round: with it comes COMMIT, or ROLLBACK where it is to end so. Its rows are of no
 * interest.
 */
int swm_transaction_end_with(swm_transaction *t, const swm_step *steps, size_t count,
                             swm_error *err);

/* COMMIT (or ROLLBACK) at the decision. SWM_OK when it has been done, else as swm_exec_next(). */
int swm_transaction_end(swm_transaction *t, swm_error *err);

/* Nothing is kept of what has not been ended. */
void swm_transaction_finish(swm_transaction *t);

#endif
