#include "config.h"

#include "transaction.h"

swm_step
swm_step_of(const swm_statement *statement, bool prepare)
{
	return (swm_step){ .sql = statement->text,
		           .params = statement->params,
		           .param_count = statement->param_count,
		           .prepare = prepare };
}

/* A function's own isolation stands above its role's. */
static swm_str
isolation_of(const swm_role *role, const swm_function *f)
{
	for (size_t i = 0; f != NULL && i < f->setting_count; i++)
		if (swm_str_caseeq(f->setting_names[i], SWM_STR("default_transaction_isolation")))
			return f->setting_values[i];
	return role == NULL ? (swm_str){ NULL, 0 } : role->isolation;
}

/* Only a transaction that is begun in words can have another isolation than the default. */
static const char *
begin_of(swm_str isolation, bool changes)
{
	if (swm_str_caseeq(isolation, SWM_STR("serializable")))
		return changes ? "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
		               : "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY";
	if (swm_str_caseeq(isolation, SWM_STR("repeatable read")))
		return changes ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"
		               : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
	return NULL;
}

const char *
swm_transaction_begin(const swm_role *role, const swm_function *f, bool changes)
{
	return begin_of(isolation_of(role, f), changes);
}

int
swm_transaction_connect(swm_conn **out, swm_engine *engine, const swm_borrower *borrower,
                        swm_error *err)
{
	for (int64_t tries = 0;; tries++) {
		int rc = swm_pool_borrow(out, engine->pool, borrower, err);
		if (rc != SWM_OK || tries > engine->settings->db_pool || swm_conn_is_alive(*out))
			return rc;
		swm_conn_set_lost(*out);
		swm_pool_discard(*out, false);
	}
}

static int
begin(swm_transaction *t, const swm_step *steps, size_t count, swm_error *err)
{
	swm_exec_options options = { .anonymous = t->anonymous, .decide = true, .writes = true,
		.begin = t->begin, .abort_fd = t->borrower.abort_fd };
	swm_conn *conn;
	int rc = swm_transaction_connect(&conn, t->engine, &t->borrower, err);

	return rc != SWM_OK ? rc : swm_exec_start(&t->exec, conn, steps, count, &options, err);
}

int
swm_transaction_send(swm_transaction *t, const swm_step *steps, size_t count, swm_error *err)
{
	if (t->exec == NULL)
		return begin(t, steps, count, err);
	return swm_exec_go_on(t->exec, steps, count, SWM_ROUND_ASKS, err);
}

int
swm_transaction_try(swm_transaction *t, const swm_step *steps, size_t count, swm_error *err)
{
	return swm_exec_go_on(t->exec, steps, count, SWM_ROUND_MAY_FAIL, err);
}

int
swm_transaction_copy(swm_transaction *t, swm_copy *copy, swm_error *err)
{
	return swm_exec_copy(t->exec, copy, err);
}

int
swm_transaction_next(swm_transaction *t, swm_event *event, swm_error *err)
{
	return swm_exec_next(t->exec, event, err);
}

static int
drain(swm_transaction *t, swm_error *err)
{
	swm_event event;
	int rc;

	while ((rc = swm_exec_next(t->exec, &event, err)) == 1)
		;
	return rc;
}

int
swm_transaction_end_with(swm_transaction *t, const swm_step *steps, size_t count, swm_error *err)
{
	if (t->rollback)
		swm_exec_roll_back(t->exec);
	int rc = swm_exec_go_on(t->exec, steps, count, SWM_ROUND_ENDS, err);
	return rc != SWM_OK ? rc : drain(t, err);
}

int
swm_transaction_end(swm_transaction *t, swm_error *err)
{
	if (t->rollback)
		swm_exec_roll_back(t->exec);
	return drain(t, err);
}

void
swm_transaction_finish(swm_transaction *t)
{
	swm_exec_finish(t->exec);
	t->exec = NULL;
}
