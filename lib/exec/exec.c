/*
 * One transaction over libpq's pipeline mode
 * (https://www.postgresql.org/docs/15/libpq-pipeline-mode.html): everything is
 * queued and sent with the Sync; then the results come in the order of the
 * commands, each followed by a NULL, a Sync's without one.
 */
#include "config.h"

#include "exec/exec.h"

#include "base/buf.h"
#include "base/clock.h"
#include "exec/raise.h"
#include "pool/answer.h"
#include "pool/connect.h"
#include "pool/prepared.h"

#include <assert.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HUGE_BYTES = 1024 * 1024, /* of a row or of parameters: libpq's buffers never shrink */
	MOST_DROPS = 16,   /* statements to DEALLOCATE in one go */
	MOST_PARAMETERS = 65535, /* the protocol counts them in 16 bits */
	COPY_PIECE = 64 * 1024, /* bytes of a COPY that libpq is given at once */
	GOING_ON = 1,
	WOULD_WAIT = 2,
};

enum kind { DROP, BEGIN, PREPARE, RUN, END, SYNC };

struct command {
	enum kind kind;
	size_t step;              /* of PREPARE and RUN */
	swm_prepared *statement; /* of PREPARE */
};

/* Where the transaction stands; enter() is the only one to change it. */
enum phase {
	FIRST_ROUND,  /* with its end, unless the caller is to decide on that */
	DECIDING,     /* the caller says how to end, or sends another round */
	LATER_ROUND,
	ENDING,       /* as the caller has decided */
	ROLLING_BACK, /* for a failure */
	ENDED,
	PHASES
};

/* How much of the server's answers has been seen. */
enum progress { SILENT, ANSWERED, HANDED_OUT };

/* Retry of the first round, which is made only once. */
enum retry { NOT_RETRIED, RETRY_WANTED, RETRIED };

struct swm_exec {
	swm_conn *conn; /* NULL once it has been given back */
	PGconn *pg;
	const swm_step *steps;
	size_t count;
	swm_exec_options options;
	enum phase phase;
	enum swm_round round;
	enum progress progress;
	enum retry retry;
	PGresult *result; /* handed out */
	int outcome;      /* GOING_ON, or what swm_exec_next() returns from now on */
	int failure;      /* of the transaction, which is still to be read to its end */
	bool by_policy;   /* the failure */
	bool old;         /* the connection has served before */
	bool resetting;   /* the session's reset has been sent, after the transaction's end */
	bool committing;  /* COMMIT may have been sent, or is the Sync's doing */
	bool may_retry;
	bool no_wait, ended_null;
	size_t at, command_count, room;
	struct command *commands;
};

static void
enter(swm_exec *exec, enum phase phase)
{
	static const unsigned from[PHASES] = {
		[FIRST_ROUND] = 1u << FIRST_ROUND | 1u << ROLLING_BACK, /* sent once more */
		[DECIDING] = 1u << FIRST_ROUND | 1u << LATER_ROUND,
		[LATER_ROUND] = 1u << DECIDING,
		[ENDING] = 1u << DECIDING,
		[ROLLING_BACK] = 1u << FIRST_ROUND | 1u << DECIDING | 1u << LATER_ROUND |
		                 1u << ENDING,
		[ENDED] = ~0u,
	};

	assert(from[phase] & 1u << exec->phase);
	exec->phase = phase;
}

/* The round that is sent, or was, has the transaction's end with it. */
static bool
has_end(const swm_exec *exec)
{
	return exec->phase == ENDING || exec->round == SWM_ROUND_ENDS;
}

/*
 * Sending
 */

static void
push(swm_exec *exec, enum kind kind, size_t step, swm_prepared *statement)
{
	exec->commands[exec->command_count++] = (struct command){ kind, step, statement };
}

static bool
send_plain(swm_exec *exec, enum kind kind, const char *sql)
{
	if (!PQsendQueryParams(exec->pg, sql, 0, NULL, NULL, NULL, NULL, 0))
		return false;
	push(exec, kind, 0, NULL);
	return true;
}

static bool
send_sync(swm_exec *exec)
{
	if (!PQpipelineSync(exec->pg))
		return false;
	push(exec, SYNC, 0, NULL);
	return true;
}

/* Each in a transaction of its own, so that its errors do not matter. */
static bool
send_drops(swm_exec *exec)
{
	char name[SWM_PREPARED_NAME], sql[sizeof "DEALLOCATE " + SWM_PREPARED_NAME];
	int n = 0;

	while (n < MOST_DROPS &&
	       swm_prepared_cache_take_dropped(swm_conn_prepared(exec->conn), name)) {
		snprintf(sql, sizeof sql, "DEALLOCATE %s", name);
		if (!send_plain(exec, DROP, sql) || !send_sync(exec))
			return false;
		n++;
	}
	return true;
}

static bool
send_prepared(swm_exec *exec, size_t index, swm_prepared *statement)
{
	const swm_step *step = &exec->steps[index];
	const char *name = swm_prepared_name(statement);

	if (!swm_prepared_is_sent(statement)) {
		if (!PQsendPrepare(exec->pg, name, step->sql, 0, NULL))
			return false;
		swm_prepared_set_sent(statement);
		push(exec, PREPARE, index, statement);
	}
	if (!PQsendQueryPrepared(exec->pg, name, step->param_count, step->params, NULL, NULL, 0))
		return false;
	push(exec, RUN, index, NULL);
	return true;
}

static bool
send_step(swm_exec *exec, size_t index)
{
	const swm_step *step = &exec->steps[index];
	swm_prepared *statement = NULL;

	if (step->prepare)
		statement = swm_prepared_cache_get(swm_conn_prepared(exec->conn),
		                                   swm_cstr(step->sql));
	if (statement != NULL)
		return send_prepared(exec, index, statement);
	if (!PQsendQueryParams(exec->pg, step->sql, step->param_count, NULL, step->params, NULL,
	                       NULL, 0))
		return false;
	push(exec, RUN, index, NULL);
	return true;
}

/* Without a BEGIN a ROLLBACK would find the implicit transaction only, and warn. */
static bool
is_explicit(const swm_exec *exec)
{
	return exec->options.begin != NULL || exec->options.rollback || exec->options.decide;
}

static bool
send_begin(swm_exec *exec)
{
	if (!is_explicit(exec))
		return true;
	return send_plain(exec, BEGIN, exec->options.begin != NULL ? exec->options.begin : "BEGIN");
}

/* Its results are not waited for, and not counted among the commands. */
static void
send_reset(swm_exec *exec)
{
	exec->resetting = true;
	swm_conn_send_reset(exec->conn);
}

/* Without memory libpq takes nothing; a connection that breaks may have taken it. */
static bool
send_nothing(swm_exec *exec)
{
	exec->committing = PQstatus(exec->pg) != CONNECTION_OK && exec->committing;
	return false;
}

static bool
send_end(swm_exec *exec)
{
	bool explicit = is_explicit(exec) && has_end(exec);

	exec->committing = has_end(exec) && !exec->options.rollback;
	if (explicit && !send_plain(exec, END, exec->options.rollback ? "ROLLBACK" : "COMMIT"))
		return send_nothing(exec);
	if (!send_sync(exec))
		return explicit ? false : send_nothing(exec);
	/* with the implicit transaction nothing is left open, whatever becomes of it */
	if (!is_explicit(exec) && !exec->options.keeps_session)
		send_reset(exec);
	return true;
}

/* Asks for rows one by one; libpq wants that before the first result of a command is read. */
static void
arm(swm_exec *exec)
{
	if (exec->at == exec->command_count || exec->commands[exec->at].kind != RUN)
		return;
	const swm_step *step = &exec->steps[exec->commands[exec->at].step];
	if (step->stream && !step->quiet)
		(void)PQsetSingleRowMode(exec->pg);
}

static bool
send_steps(swm_exec *exec)
{
	for (size_t i = 0; i < exec->count; i++)
		if (!send_step(exec, i))
			return false;
	if (!send_end(exec))
		return false;
	arm(exec);
	return true;
}

static bool
send_all(swm_exec *exec)
{
	exec->at = exec->command_count = 0;
	exec->committing = false;
	swm_conn_begin_prepared(exec->conn);
	return send_drops(exec) && send_begin(exec) && send_steps(exec);
}

static bool
send_round(swm_exec *exec)
{
	exec->at = exec->command_count = 0;
	swm_conn_begin_prepared(exec->conn);
	return send_steps(exec);
}

static bool
send_rollback(swm_exec *exec)
{
	exec->at = exec->command_count = 0;
	enter(exec, ROLLING_BACK);
	return send_plain(exec, END, "ROLLBACK") && send_sync(exec);
}

static bool
send_decision(swm_exec *exec)
{
	if (exec->failure != SWM_OK)
		return send_rollback(exec);
	exec->at = exec->command_count = 0;
	enter(exec, ENDING);
	return send_end(exec);
}

/*
 * Failing
 */

static bool
has_sqlstate(const PGresult *result, const char *sqlstate)
{
	const char *its = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return its != NULL && strcmp(its, sqlstate) == 0;
}

/*
 * Names of PostgreSQL's functions tell errors apart that share an SQLSTATE, as messages may be in
 * any language.
 */
static bool
is_raised_by(const PGresult *result, const char *function)
{
	const char *raised_by = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);

	return raised_by != NULL && strcmp(raised_by, function) == 0;
}

/*
 * Rows of an upsert that have one key twice: the client's fault. What a function does to itself,
 * which has a context, is not.
 */
static bool
is_key_twice(const PGresult *result)
{
	return is_raised_by(result, "ExecOnConflictUpdate") &&
	       PQresultErrorField(result, PG_DIAG_CONTEXT) == NULL && has_sqlstate(result, "21000");
}

/* Fills err from a failed result; returns its result. */
static int
fail_result(swm_error *err, const PGresult *result, bool anonymous)
{
	const char *details = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	struct swm_sql_error from = {
		.sqlstate = swm_cstr(PQresultErrorField(result, PG_DIAG_SQLSTATE)),
		.message = swm_cstr(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)),
		.details = swm_cstr(details),
		.hint = swm_cstr(hint),
		.has_details = details != NULL,
		.has_hint = hint != NULL,
		.context = swm_cstr(PQresultErrorField(result, PG_DIAG_CONTEXT)),
		.anonymous = anonymous,
		/* of what a function runs only the position there is told */
		.of_statement = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION) != NULL,
		.status = is_key_twice(result) ? 400 : 0,
	};
	if (PQresultErrorField(result, PG_DIAG_CONTEXT) == NULL)
		from.constraint = swm_cstr(PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
	if (swm_str_eq(from.sqlstate, SWM_STR("PGRST")))
		return swm_exec_fail_raised(err, &from);
	return swm_fail_sql(err, &from);
}

static int
give_up(swm_exec *exec, int outcome, bool cancel)
{
	swm_pool_discard(exec->conn, cancel);
	exec->conn = NULL;
	exec->pg = NULL;
	enter(exec, ENDED);
	exec->outcome = exec->failure != SWM_OK ? exec->failure : outcome;
	return exec->outcome;
}

bool
swm_exec_may_have_committed(const swm_exec *exec)
{
	return exec->options.writes && exec->committing && exec->failure == SWM_OK;
}

/*
 * Fails a transaction that cannot be continued: with its earlier error, as unknown, or with this
 * one.
 */
static int
fail_broken(swm_exec *exec, enum swm_error_id id, swm_str why, swm_error *err)
{
	/* the caller would have borne that, but not this */
	if (exec->round == SWM_ROUND_MAY_FAIL && exec->failure != SWM_OK) {
		exec->failure = SWM_OK;
		swm_error_clear(err);
	}
	bool first = swm_error_result(err) == SWM_OK;
	if (exec->failure != SWM_OK)
		return exec->failure;
	if (swm_exec_may_have_committed(exec))
		return swm_fail_unknown(err, why);
	int result = swm_fail(err, id, why);
	if (first && id != SWM_ERR_INTERNAL && why.len > 0)
		swm_error_set_details(err, why);
	return result;
}

static int
fail_lost(swm_exec *exec, swm_error *err)
{
	swm_buf words = SWM_BUF_INIT;

	swm_connect_add_message(&words, PQerrorMessage(exec->pg), PQpass(exec->pg));
	int result = fail_broken(exec, SWM_ERR_CONNECTION_LOST, swm_buf_view(&words), err);
	swm_buf_dispose(&words);
	return result;
}

/*
 * The connection is gone; result (or NULL) is the server's last word. When it was
 * the first word as well, the connection had ended before we sent anything.
 */
static int
lose(swm_exec *exec, const PGresult *result, swm_error *err)
{
	bool told = PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL;
	/* an error that ends the connection after the last result may have come after the commit */
	bool open = swm_exec_may_have_committed(exec) && exec->at + 2 >= exec->command_count;

	exec->may_retry = exec->old && exec->progress == SILENT;
	if (exec->failure == SWM_OK && told && !exec->may_retry && !open) {
		exec->failure = fail_result(err, result, exec->options.anonymous);
		swm_error_set_retry_after(err, 1);
	}
	int outcome = fail_lost(exec, err);
	swm_conn_set_lost(exec->conn);
	return give_up(exec, outcome, false);
}

static int
break_off(swm_exec *exec, enum swm_error_id id, swm_str why, swm_error *err)
{
	return give_up(exec, fail_broken(exec, id, why, err), true);
}

static int
fail_protocol(swm_exec *exec, swm_str why, swm_error *err)
{
	return break_off(exec, SWM_ERR_INTERNAL, why, err);
}

static bool
has_too_many_parameters(const swm_exec *exec)
{
	bool found = false;

	for (size_t i = 0; i < exec->count; i++)
		found |= exec->steps[i].param_count > MOST_PARAMETERS;
	return found;
}

static int
fail_sending(swm_exec *exec, swm_error *err)
{
	if (PQstatus(exec->pg) != CONNECTION_OK)
		return lose(exec, NULL, err);
	swm_buf words = SWM_BUF_INIT;
	swm_connect_add_message(&words, PQerrorMessage(exec->pg), PQpass(exec->pg));
	/* otherwise libpq refuses to send for want of memory alone */
	enum swm_error_id id = has_too_many_parameters(exec) ? SWM_ERR_INTERNAL : SWM_ERR_NO_MEMORY;
	int outcome = break_off(exec, id, swm_buf_view(&words), err);
	swm_buf_dispose(&words);
	return outcome;
}

/* libpq's own error while the connection stands: it had no memory for the server's answer. */
static bool
is_lack_of_memory(const PGresult *result)
{
	return PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL;
}

static int
fail_result_memory(swm_exec *exec, swm_error *err)
{
	swm_str why = SWM_STR("There is no memory for PostgreSQL's answer");

	return break_off(exec, SWM_ERR_NO_MEMORY, why, err);
}

static int
fail_silence(swm_exec *exec, swm_error *err)
{
	swm_buf why = SWM_BUF_INIT;

	swm_buf_printf(&why, "PostgreSQL has been silent for %lld s",
	               (long long)swm_conn_silence(exec->conn) / 1000);
	int outcome = break_off(exec, SWM_ERR_CONNECTION_LOST, swm_buf_view(&why), err);
	swm_buf_dispose(&why);
	return outcome;
}

/* After swm_answer_wait() and its like. */
static int
fail_waiting(swm_exec *exec, int rc, swm_error *err)
{
	switch (rc) {
	case SWM_EUNAVAILABLE:
		return lose(exec, NULL, err);
	case SWM_ETIMEDOUT:
		return fail_silence(exec, err);
	case SWM_ENOMEM:
		return fail_result_memory(exec, err);
	default:
		return break_off(exec, SWM_ERR_CANCELED, SWM_STR("The request was given up"), err);
	}
}

static bool
is_fatal(const swm_exec *exec, const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (PQstatus(exec->pg) != CONNECTION_OK)
		return true;
	return severity != NULL &&
	       (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

/*
 * A prepared statement of ours that DDL, or a function's DEALLOCATE, has made useless. "cached
 * plan must not change result type" has a SQLSTATE that others share, and words that depend on
 * the server's language; the function that raises it is its own. What a user's function has
 * prepared has a context.
 */
static bool
is_useless_statement(const PGresult *result)
{
	if (PQresultErrorField(result, PG_DIAG_CONTEXT) != NULL)
		return false;
	if (has_sqlstate(result, "26000")) /* invalid_sql_statement_name */
		return true;
	return has_sqlstate(result, "0A000") && is_raised_by(result, "RevalidateCachedQuery");
}

/* True if the result being read belongs to the DEALLOCATEs, or to the Sync after them. */
static bool
is_drop(const swm_exec *exec)
{
	const struct command *command = &exec->commands[exec->at];

	if (command->kind == SYNC && exec->at > 0)
		command--;
	return command->kind == DROP;
}

/* SWM_OK: the step has no error of its own for this one, or what a user's function runs raised it. */
static int
fail_as_step(const swm_exec *exec, const PGresult *result, swm_error *err)
{
	const struct command *command = &exec->commands[exec->at];

	if (command->kind != RUN || exec->steps[command->step].fail == NULL ||
	    PQresultErrorField(result, PG_DIAG_CONTEXT) != NULL)
		return SWM_OK;
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	return exec->steps[command->step].fail(err, swm_cstr(sqlstate), swm_cstr(message));
}

static int
fail_session_changed(swm_error *err)
{
	int rc = swm_fail(err, SWM_ERR_SESSION_CHANGED);

	swm_error_set_retry_after(err, 1);
	return rc;
}

static void
note_answer(swm_exec *exec)
{
	if (exec->progress == SILENT)
		exec->progress = ANSWERED;
}

static bool
may_send_again(const swm_exec *exec)
{
	return exec->phase == FIRST_ROUND && exec->progress != HANDED_OUT &&
	       exec->retry == NOT_RETRIED;
}

static void
note_failure(swm_exec *exec, const PGresult *result, swm_error *err)
{
	bool useless = is_useless_statement(result);

	note_answer(exec);
	if (exec->failure != SWM_OK || exec->retry == RETRY_WANTED)
		return;
	if (useless)
		swm_prepared_cache_forget(swm_conn_prepared(exec->conn));
	if (useless && may_send_again(exec)) {
		exec->retry = RETRY_WANTED;
		return;
	}
	exec->failure = useless ? fail_session_changed(err) : fail_as_step(exec, result, err);
	if (exec->failure == SWM_OK)
		exec->failure = fail_result(err, result, exec->options.anonymous);
	exec->by_policy = is_raised_by(result, "ExecWithCheckOptions");
}

/*
 * Receiving
 */

/* *out is NULL after the last result of a command. */
static int
receive(PGresult **out, swm_exec *exec, swm_error *err)
{
	if (exec->no_wait && PQstatus(exec->pg) == CONNECTION_OK && PQisBusy(exec->pg))
		return WOULD_WAIT;
	int rc = swm_answer_wait(exec->pg, exec->options.abort_fd, swm_conn_silence(exec->conn));
	if (rc != SWM_OK)
		return fail_waiting(exec, rc, err);
	*out = PQgetResult(exec->pg);
	return SWM_OK;
}

static size_t
longest_row(const PGresult *result)
{
	size_t longest = 0;

	for (int row = 0; row < PQntuples(result); row++) {
		size_t len = 0;
		for (int column = 0; column < PQnfields(result); column++)
			len += (size_t)PQgetlength(result, row, column);
		if (len > longest)
			longest = len;
	}
	return longest;
}

static void
watch_size(swm_exec *exec, const PGresult *result)
{
	if (PQresultMemorySize(result) > HUGE_BYTES && longest_row(result) > HUGE_BYTES)
		swm_conn_set_bloated(exec->conn);
}

/* True when there is an event. */
static bool
take_success(swm_exec *exec, PGresult *result, swm_event *event)
{
	const struct command *command = &exec->commands[exec->at];

	note_answer(exec);
	if (command->kind == PREPARE)
		swm_prepared_set_parsed(command->statement);
	if (command->kind == RUN)
		watch_size(exec, result);
	if (command->kind != RUN || exec->steps[command->step].quiet) {
		PQclear(result);
		return false;
	}
	exec->progress = HANDED_OUT;
	exec->result = result;
	*event = (swm_event){ command->step, result, PQresultStatus(result) != PGRES_SINGLE_TUPLE,
		              SWM_OK, false };
	return true;
}

static int
take_failure(swm_exec *exec, PGresult *result, swm_error *err)
{
	int outcome = SWM_OK;

	if (is_fatal(exec, result))
		outcome = lose(exec, result, err);
	else if (is_lack_of_memory(result))
		outcome = fail_result_memory(exec, err);
	else if (!is_drop(exec))
		note_failure(exec, result, err);
	PQclear(result);
	return outcome;
}

static int
finish_well(swm_exec *exec)
{
	/*
	 * statements of its own that put the session back have not run in a transaction that failed
	 */
	if ((!exec->options.keeps_session || exec->failure != SWM_OK) && !exec->resetting)
		send_reset(exec);
	if (!exec->resetting) /* who borrows it next may want to use it without a pipeline */
		(void)PQexitPipelineMode(exec->pg);
	swm_pool_release(exec->conn);
	exec->conn = NULL;
	exec->pg = NULL;
	enter(exec, ENDED);
	exec->outcome = exec->failure;
	return exec->outcome;
}

/* Before more is sent over the same connection. */
static bool
finish_reset(swm_exec *exec)
{
	if (!exec->resetting)
		return true;
	exec->resetting = false;
	int64_t deadline = swm_clock_ms() + swm_conn_silence(exec->conn);
	return swm_conn_finish_reset(exec->conn, deadline) && PQenterPipelineMode(exec->pg);
}

/*
 * After the last Sync
 */

static bool
is_aborted(const swm_exec *exec)
{
	return PQtransactionStatus(exec->pg) == PQTRANS_INERROR && exec->phase != ROLLING_BACK;
}

static bool
has_failed_as_it_may(const swm_exec *exec)
{
	return is_aborted(exec) && exec->phase == LATER_ROUND &&
	       exec->round == SWM_ROUND_MAY_FAIL;
}

static bool
is_to_be_sent_again(const swm_exec *exec)
{
	return exec->retry == RETRY_WANTED;
}

static bool
is_undecided(const swm_exec *exec)
{
	return !has_end(exec) && exec->failure == SWM_OK;
}

static int
ask(swm_exec *exec, swm_error *err)
{
	(void)err;
	enter(exec, DECIDING);
	return GOING_ON;
}

static int
roll_back(swm_exec *exec, swm_error *err)
{
	return send_rollback(exec) ? GOING_ON : fail_sending(exec, err);
}

static int
send_again(swm_exec *exec, swm_error *err)
{
	exec->retry = RETRIED;
	enter(exec, FIRST_ROUND);
	return finish_reset(exec) && send_all(exec) ? GOING_ON : fail_sending(exec, err);
}

/* The first that applies; else the connection is given back. */
static const struct {
	bool (*applies)(const swm_exec *exec);
	int (*go_on)(swm_exec *exec, swm_error *err);
} after_round[] = {
	{ has_failed_as_it_may, ask },
	{ is_aborted, roll_back },
	{ is_to_be_sent_again, send_again },
	{ is_undecided, ask },
};

static int
end_round(swm_exec *exec, swm_error *err)
{
	swm_prepared_cache_end(swm_conn_prepared(exec->conn));
	for (size_t i = 0; i < sizeof after_round / sizeof after_round[0]; i++)
		if (after_round[i].applies(exec))
			return after_round[i].go_on(exec, err);
	return finish_well(exec);
}

static int
take_sync(swm_exec *exec, PGresult *result, swm_error *err)
{
	PQclear(result);
	if (++exec->at == exec->command_count)
		return end_round(exec, err);
	note_answer(exec);
	arm(exec);
	return GOING_ON;
}

/* The end of a command. Two in a row, or one more than there are commands, is a fault. */
static int
take_null(swm_exec *exec, swm_error *err)
{
	if (PQstatus(exec->pg) != CONNECTION_OK)
		return lose(exec, NULL, err);
	if (exec->ended_null)
		return fail_protocol(exec, SWM_STR("an answer of PostgreSQL is missing"), err);
	exec->ended_null = true;
	if (exec->commands[exec->at].kind == SYNC) /* after the error of an implicit commit */
		return GOING_ON;
	exec->at++;
	arm(exec);
	return GOING_ON;
}

/* GOING_ON, or the outcome; *has_event. */
static int
take_result(swm_exec *exec, PGresult *result, swm_event *event, bool *has_event, swm_error *err)
{
	if (result == NULL)
		return take_null(exec, err);
	exec->ended_null = false;
	switch (PQresultStatus(result)) {
	case PGRES_SINGLE_TUPLE:
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		*has_event = take_success(exec, result, event);
		return GOING_ON;
	case PGRES_PIPELINE_SYNC:
		return take_sync(exec, result, err);
	case PGRES_PIPELINE_ABORTED:
		PQclear(result);
		return GOING_ON;
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_COPY_BOTH:
		PQclear(result);
		return fail_protocol(exec, SWM_STR("a pipeline carries no COPY"), err);
	default:
		return take_failure(exec, result, err) == SWM_OK ? GOING_ON : exec->outcome;
	}
}

int
swm_exec_next(swm_exec *exec, swm_event *event, swm_error *err)
{
	bool has_event = false;

	PQclear(exec->result);
	exec->result = NULL;
	if (exec->phase == DECIDING && !send_decision(exec))
		return fail_sending(exec, err);
	while (exec->outcome == GOING_ON && !has_event) {
		PGresult *result = NULL;
		int received = receive(&result, exec, err);
		if (received != SWM_OK)
			return received;
		take_result(exec, result, event, &has_event, err);
		if (exec->phase == DECIDING) {
			*event = (swm_event){ exec->count, NULL, true, exec->failure,
				              exec->by_policy };
			has_event = true;
		}
	}
	return has_event ? 1 : exec->outcome;
}

/*
 * COPY, which a pipeline does not carry
 */

/*
 * Until libpq holds nothing of it any more. WOULD_WAIT: it takes no more, and the results will say
 * why.
 */
static int
flush_copied(swm_exec *exec, swm_error *err)
{
	int rc = swm_answer_flush(exec->pg, exec->options.abort_fd, swm_conn_silence(exec->conn));

	if (rc == SWM_EUNAVAILABLE)
		return WOULD_WAIT;
	return rc == SWM_OK ? rc : fail_waiting(exec, rc, err);
}

static int
put_copied(swm_exec *exec, swm_str piece, swm_error *err)
{
	int rc = SWM_OK;

	while (piece.len > 0 && rc == SWM_OK) {
		size_t len = piece.len < COPY_PIECE ? piece.len : COPY_PIECE;
		int taken = PQputCopyData(exec->pg, piece.ptr, (int)len);
		if (taken == 0) /* with nothing left to be flushed */
			return fail_sending(exec, err);
		if (taken < 0)
			return WOULD_WAIT;
		piece = swm_str_from(piece, len);
		rc = flush_copied(exec, err);
	}
	return rc;
}

/* All that is to be copied. */
static int
feed(swm_exec *exec, swm_copy *copy, swm_error *err)
{
	swm_str piece;
	int rc = SWM_OK, got = 0;

	while (rc == SWM_OK && (got = copy->next(copy->user, &piece, err)) == 1)
		rc = put_copied(exec, piece, err);
	if (rc < 0)
		return rc;
	if (got < 0)
		exec->failure = got;
	/* the word of a server that takes no more is looked for in any case */
	(void)PQputCopyEnd(exec->pg, got == 0 ? NULL : "given up");
	return SWM_OK;
}

static int
fail_copy(swm_exec *exec, PGresult *result, swm_copy *copy, swm_error *err)
{
	if (is_fatal(exec, result)) {
		int outcome = lose(exec, result, err);
		PQclear(result);
		return outcome;
	}
	if (exec->failure != SWM_OK) { /* that it was given up is known */
		PQclear(result);
		return SWM_OK;
	}
	if (is_lack_of_memory(result)) {
		PQclear(result);
		return fail_result_memory(exec, err);
	}
	exec->failure = fail_result(err, result, exec->options.anonymous);
	PQclear(exec->result);
	exec->result = result;
	copy->failed = result;
	return SWM_OK;
}

/* Reads to the end, or as far as the server is ready to be fed: *ready. */
static int
take_copy(swm_exec *exec, swm_copy *copy, bool *ready, swm_error *err)
{
	PGresult *result;
	int rc;

	while ((rc = receive(&result, exec, err)) == SWM_OK && result != NULL) {
		ExecStatusType status = PQresultStatus(result);
		if (status == PGRES_COPY_IN && ready != NULL) {
			PQclear(result);
			*ready = true;
			return SWM_OK;
		}
		if (status == PGRES_FATAL_ERROR) {
			rc = fail_copy(exec, result, copy, err);
			if (rc != SWM_OK)
				return rc;
			continue;
		}
		if (status == PGRES_COPY_IN) { /* still: libpq could not send the end */
			PQclear(result);
			return fail_sending(exec, err);
		}
		bool copied = status == PGRES_COMMAND_OK && ready == NULL &&
		              swm_str_int64(swm_cstr(PQcmdTuples(result)), &copy->rows);
		PQclear(result);
		if (!copied)
			return fail_protocol(exec, SWM_STR("what was to be a COPY is none"), err);
	}
	return rc;
}

int
swm_exec_copy(swm_exec *exec, swm_copy *copy, swm_error *err)
{
	bool ready = false;

	copy->rows = 0;
	copy->failed = NULL;
	if (exec->outcome != GOING_ON)
		return exec->outcome;
	assert(exec->phase == DECIDING && exec->failure == SWM_OK);
	if (!PQexitPipelineMode(exec->pg) || !PQsendQuery(exec->pg, copy->sql))
		return fail_sending(exec, err);
	int rc = take_copy(exec, copy, &ready, err);
	if (rc == SWM_OK && ready)
		rc = feed(exec, copy, err);
	if (rc == SWM_OK && ready)
		rc = take_copy(exec, copy, NULL, err);
	if (rc != SWM_OK)
		return rc;
	return PQenterPipelineMode(exec->pg) ? exec->failure : fail_sending(exec, err);
}

/*
 * Beginning and ending
 */

static void
watch_parameters(swm_exec *exec)
{
	size_t len = 0;

	for (size_t i = 0; i < exec->count; i++) {
		for (int p = 0; p < exec->steps[i].param_count; p++)
			len += swm_cstr(exec->steps[i].params[p]).len;
	}
	if (len > HUGE_BYTES)
		swm_conn_set_bloated(exec->conn);
}

/* The round's steps, and room for all that is sent with them. */
static bool
take_steps(swm_exec *exec, const swm_step *steps, size_t count)
{
	size_t room = 2 * MOST_DROPS + 2 * count + 3; /* BEGIN, END and the Sync */

	if (room > exec->room) {
		struct command *more = realloc(exec->commands, room * sizeof *more);
		if (more == NULL)
			return false;
		exec->commands = more;
		exec->room = room;
	}
	exec->steps = steps;
	exec->count = count;
	watch_parameters(exec);
	return true;
}

static swm_exec *
new_exec(swm_conn *conn, const swm_step *steps, size_t count, const swm_exec_options *options)
{
	swm_exec *exec = malloc(sizeof *exec);

	if (exec == NULL)
		return NULL;
	*exec = (swm_exec){
		.conn = conn,
		.pg = swm_conn_pg(conn),
		.options = *options,
		.round = options->decide ? SWM_ROUND_ASKS : SWM_ROUND_ENDS,
		.outcome = GOING_ON,
		.old = !swm_conn_is_fresh(conn),
	};
	if (take_steps(exec, steps, count))
		return exec;
	free(exec);
	return NULL;
}

static void
free_exec(swm_exec *exec)
{
	free(exec->commands);
	free(exec);
}

int
swm_exec_start(swm_exec **out, swm_conn *conn, const swm_step *steps, size_t count,
               const swm_exec_options *options, swm_error *err)
{
	swm_exec *exec = new_exec(conn, steps, count, options);

	*out = NULL;
	if (exec == NULL) {
		swm_pool_release(conn);
		return swm_fail_memory(err);
	}
	if (PQenterPipelineMode(exec->pg) && send_all(exec)) {
		*out = exec;
		return SWM_OK;
	}
	/* a lost connection is told by swm_exec_next(), which also finds the server's reason */
	if (PQstatus(exec->pg) != CONNECTION_OK) {
		*out = exec;
		return SWM_OK;
	}
	int result = fail_sending(exec, err);
	free_exec(exec);
	return result;
}

int
swm_exec_go_on(swm_exec *exec, const swm_step *steps, size_t count, enum swm_round how,
               swm_error *err)
{
	if (exec->outcome != GOING_ON)
		return exec->outcome;
	assert(exec->phase == DECIDING);
	if (!take_steps(exec, steps, count))
		return swm_fail_memory(err);
	enter(exec, LATER_ROUND);
	exec->round = how;
	exec->failure = SWM_OK;
	exec->by_policy = false;
	/* as above: the server's reason is found by swm_exec_next() */
	if (send_round(exec) || PQstatus(exec->pg) != CONNECTION_OK)
		return SWM_OK;
	return fail_sending(exec, err);
}

bool
swm_exec_may_retry(const swm_exec *exec)
{
	return exec->may_retry;
}

void
swm_exec_roll_back(swm_exec *exec)
{
	exec->options.rollback = true;
}

void
swm_exec_finish(swm_exec *exec)
{
	swm_event event;

	if (exec == NULL)
		return;
	if (exec->conn != NULL && !has_end(exec)) { /* nobody said that it may be kept */
		give_up(exec, SWM_ECANCELED, exec->phase != DECIDING);
	} else if (exec->conn != NULL) { /* perhaps all has come already */
		exec->no_wait = true;
		exec->retry = RETRIED;
		(void)PQconsumeInput(exec->pg);
		while (swm_exec_next(exec, &event, NULL) == 1)
			;
	}
	if (exec->conn != NULL)
		give_up(exec, SWM_ECANCELED, true);
	PQclear(exec->result);
	free_exec(exec);
}
