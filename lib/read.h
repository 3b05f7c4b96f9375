/* One read in progress: context, statement and commit over one connection. */
#ifndef SWM_LIB_READ_H
#define SWM_LIB_READ_H

#include "engine.h"

#include "exec/exec.h"
#include "transaction.h"
#include "plan/plan.h"
#include "sql/sql.h"

/* The settings of the transaction: the client's identity, and the request. */
typedef struct swm_read_context {
	const swm_identity *identity;
	swm_str schema;
	swm_str timezone;              /* empty for none */
	const swm_setting *request;    /* request.method, request.headers, ... */
	size_t request_count;
	enum swm_count count;          /* also count all rows; how exactly */
	/* the rows may set the answer's headers and status, as a function does */
	bool late_settings;
	bool explain;                  /* the rows' EXPLAIN instead of them */
	bool explain_json;
	unsigned explain_options;      /* of enum swm_explain */
	bool rollback;
	const swm_write_plan *write;   /* what is written, in place of a read; NULL for a read */
	const char *body;              /* JSON, as the write's plan describes it */
	/* its types are checked before all (sql/sql.h); NULL for none */
	const swm_write_plan *checked;
	const swm_statement *look;     /* all that is run, to read its rows; NULL for none */
	const swm_function *function;  /* that is called; NULL for none */
	bool changes;                  /* it may write */
	/* of those that SQL may set for the answer of what changes something */
	size_t longest_headers;
	/* the caller says, when all rows have come, whether to commit */
	bool decide;
	/*
	 * the transaction that it is a part of; NULL for one of its own. A write that is staged has
	 * one.
	 */
	swm_transaction *within;
	swm_borrower borrower;
} swm_read_context;

/* Its steps; which of them a result belongs to. */
enum swm_read_step {
	SWM_READ_CHECK, SWM_READ_STAGE, SWM_READ_GRANT, SWM_READ_CONTEXT, SWM_READ_PRE_REQUEST,
	SWM_READ_SETTINGS, SWM_READ_COUNT, SWM_READ_ESTIMATE, SWM_READ_ROWS,
	SWM_READ_RESET,
	SWM_READ_SAVEPOINT,
	SWM_READ_STAGED,   /* no step: the rows of a write can be copied where they are staged */
	/*
	 * no step: what was staged was refused, and event.failure is why; what is staged is still
	 * there
	 */
	SWM_READ_FAILED,
	SWM_READ_DECISION, /* no step: the event that asks for it */
};

enum { SWM_READ_MOST_STEPS = 16 }; /* some kinds occur twice */

typedef struct swm_read {
	swm_engine *engine;
	swm_step steps[SWM_READ_MOST_STEPS];
	enum swm_read_step kinds[SWM_READ_MOST_STEPS];
	size_t step_count;
	swm_exec_options options;
	swm_borrower borrower;
	swm_exec *exec;
	bool changes;
	bool answered;                 /* an event has been handed out */
	swm_transaction *within;
	/* of the steps, those before what is staged is copied; 0: nothing is */
	size_t staged;
	size_t sent;                   /* within another's transaction: steps that were sent */
	size_t round;                  /* the first of those that were sent last */
	bool began, ended;
	bool may_fail;                 /* the last round, at a savepoint */
	bool copied;                   /* the next round may be sent: the rows are there */
} swm_read;

/* As fail of a step that checks types: TABLES_CHANGED. */
int swm_fail_types_changed(swm_error *err, swm_str sqlstate, swm_str message);

/* Writes the SQL; nothing is sent yet. Without a plan (NULL) no row is read. SWM_ENOMEM. */
int swm_read_prepare(swm_read *out, swm_engine *engine, swm_arena *arena,
                     const swm_snapshot *snapshot, const swm_read_plan *plan,
                     const swm_read_context *context, swm_error *err);

/*
 * As swm_exec_next(), which step it was in *kind. Takes a connection first, and
 * another one when an old one turns out to be dead before it answered: what changes
 * nothing may be tried again. A write is sent only over a connection that seems to be
 * alive.
 */
int swm_read_next(swm_read *read, swm_event *event, enum swm_read_step *kind, swm_error *err);

/*
 * Before staged rows are inserted, where PostgreSQL may find more wrong with them than COPY does.
 */
#define SWM_READ_SAVEPOINT_NAME "swm_staged"

/* As swm_exec_may_have_committed(); false of a part of another transaction. */
bool swm_read_may_have_committed(const swm_read *read);

/* At the decision: nothing is kept. Of a part, nothing of the whole transaction. */
void swm_read_roll_back(swm_read *read);

/* Ends it; what runs is cancelled. The transaction that it is a part of goes on. */
void swm_read_finish(swm_read *read);

#endif
