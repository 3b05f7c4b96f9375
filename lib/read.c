#include "config.h"

#include "read.h"

#include "base/buf.h"
#include "reply/reply.h"
#include "sql/staging.h"

int
swm_fail_types_changed(swm_error *err, swm_str sqlstate, swm_str message)
{
	return swm_sql_is_types_error(sqlstate, message) ? swm_fail(err, SWM_ERR_TABLES_CHANGED)
	                                                 : SWM_OK;
}

/* The list of settings while it is put together. */
struct list {
	swm_setting *items;
	size_t count;
};

static void
add(struct list *to, swm_str name, swm_str value)
{
	to->items[to->count++] = (swm_setting){ name, value };
}

static int
make_search_path(swm_str *out, swm_arena *arena, swm_str schema, const swm_list *extra,
                 swm_error *err)
{
	swm_buf path = SWM_BUF_INIT;

	swm_sql_quote_identifier(&path, schema);
	for (size_t i = 0; i < extra->count; i++) {
		swm_buf_cstr(&path, ", ");
		swm_sql_quote_identifier(&path, extra->items[i]);
	}
	*out = swm_arena_str(arena, swm_buf_view(&path));
	bool failed = path.failed || out->ptr == NULL;
	swm_buf_dispose(&path);
	return failed ? swm_fail_memory(err) : SWM_OK;
}

/*
 * The transaction's settings. The role's own come before the role is taken, with
 * the login role's rights; what a request says comes last.
 */
static int
make_context(swm_statement *out, swm_arena *arena, const swm_settings *settings,
             const swm_role *role, const swm_read_context *c, bool explicit_begin, swm_error *err)
{
	const swm_function *f = c->function;
	size_t room = 8 + (role == NULL ? 0 : role->setting_count) +
	              (f == NULL ? 0 : f->setting_count) + settings->app_count + c->request_count;
	struct list list = { swm_arena_array(arena, room, sizeof(swm_setting)), 0 };
	swm_str path;

	if (list.items == NULL)
		return swm_fail_memory(err);
	int rc = make_search_path(&path, arena, c->schema, &settings->db_extra_search_path, err);
	if (rc != SWM_OK)
		return rc;
	if (!explicit_begin && !c->changes)
		add(&list, SWM_STR("transaction_read_only"), SWM_STR("on"));
	add(&list, SWM_STR("search_path"), path);
	for (size_t i = 0; role != NULL && i < role->setting_count; i++)
		add(&list, role->setting_names[i], role->setting_values[i]);
	add(&list, SWM_STR("role"), c->identity->role);
	add(&list, SWM_STR("request.jwt.claims"), c->identity->claims);
	for (size_t i = 0; i < c->request_count; i++)
		add(&list, c->request[i].name, c->request[i].value);
	if (c->timezone.len > 0)
		add(&list, SWM_STR("timezone"), c->timezone);
	for (size_t i = 0; f != NULL && i < f->setting_count; i++)
		add(&list, f->setting_names[i], f->setting_values[i]);
	for (size_t i = 0; i < settings->app_count; i++)
		add(&list, settings->app_names[i], settings->app_values[i]);
	/* what another request left must not be taken for this one's */
	if (settings->db_pre_request.len > 0 || c->late_settings || c->write != NULL) {
		add(&list, SWM_STR("response.headers"), SWM_STR(""));
		add(&list, SWM_STR("response.status"), SWM_STR(""));
	}
	return swm_sql_context(out, arena, list.items, list.count, err);
}

/* True for steps whose rows are ignored. */
static bool
is_quiet(enum swm_read_step kind)
{
	switch (kind) {
	case SWM_READ_CHECK: case SWM_READ_STAGE: case SWM_READ_GRANT: case SWM_READ_SAVEPOINT:
	case SWM_READ_CONTEXT: case SWM_READ_PRE_REQUEST: case SWM_READ_RESET:
		return true;
	default:
		return false;
	}
}

/*
 * Statements on temporary tables are not worth preparing: the tables are gone in the next request.
 */
static bool
is_lasting(const swm_read *read, enum swm_read_step kind)
{
	return kind != SWM_READ_STAGE && kind != SWM_READ_GRANT &&
	       !(kind == SWM_READ_ROWS && read->staged > 0);
}

static void
add_step(swm_read *read, enum swm_read_step kind, const swm_statement *s)
{
	size_t n = read->step_count++;

	read->kinds[n] = kind;
	read->steps[n] = swm_step_of(s, read->engine->settings->db_prepared_statements &&
	                                        is_lasting(read, kind));
	read->steps[n].stream = kind == SWM_READ_ROWS;
	read->steps[n].quiet = is_quiet(kind);
}

/*
 * An estimated count is exact as far as db-max-rows, and only beyond it the planner's
 * (https://docs.postgrest.org/en/latest/references/api/pagination_count.html#estimated-count).
 */
static int
add_counts(swm_read *read, swm_arena *arena, const swm_read_plan *plan, enum swm_count count,
           swm_error *err)
{
	int64_t most = read->engine->settings->db_max_rows;
	bool capped = count == SWM_COUNT_ESTIMATED && most >= 0 && most < INT64_MAX;
	swm_statement s;
	int rc = SWM_OK;

	if (capped)
		rc = swm_sql_count_up_to(&s, arena, plan, most + 1, err);
	else if (count == SWM_COUNT_EXACT || count == SWM_COUNT_ESTIMATED)
		rc = swm_sql_count(&s, arena, plan, err);
	if (rc != SWM_OK)
		return rc;
	if (count == SWM_COUNT_EXACT || count == SWM_COUNT_ESTIMATED)
		add_step(read, SWM_READ_COUNT, &s);
	if (!capped && count != SWM_COUNT_PLANNED)
		return SWM_OK;
	rc = swm_sql_estimate(&s, arena, plan, err);
	if (rc == SWM_OK)
		add_step(read, SWM_READ_ESTIMATE, &s);
	return rc;
}

static int
fail_settings(swm_error *err, swm_str sqlstate, swm_str message)
{
	enum swm_error_id id;

	(void)message;
	if (!swm_sql_settings_error(&id, sqlstate))
		return SWM_OK;
	return id == SWM_ERR_RESPONSE_HEADERS_LONG
	               ? swm_fail_number(err, id, SWM_REPLY_LONGEST_HEAD)
	               : swm_fail(err, id);
}

/*
 * Reads the settings for the answer that SQL has set. If the transaction changes something, they
 * are checked before its commit.
 */
static int
add_settings(swm_read *out, swm_arena *arena, const swm_read_context *c, swm_error *err)
{
	swm_statement s = swm_sql_response_settings;
	int rc = c->changes ? swm_sql_checked_settings(&s, arena, c->longest_headers, err) : SWM_OK;

	if (rc != SWM_OK)
		return rc;
	add_step(out, SWM_READ_SETTINGS, &s);
	if (c->changes)
		out->steps[out->step_count - 1].fail = fail_settings;
	return SWM_OK;
}

/* The counts and the rows, or their EXPLAIN. */
static int
add_rows(swm_read *out, swm_arena *arena, const swm_read_plan *plan, const swm_read_context *c,
         swm_error *err)
{
	swm_statement s;
	int rc = add_counts(out, arena, plan, c->count, err);

	if (rc == SWM_OK)
		rc = swm_sql_read(&s, arena, plan, err);
	if (rc == SWM_OK && c->explain) {
		swm_statement rows = s;
		rc = swm_sql_explain(&s, arena, &rows, c->explain_json, c->explain_options, err);
	}
	if (rc == SWM_OK)
		add_step(out, SWM_READ_ROWS, &s);
	/* they have the last word */
	return rc == SWM_OK && c->late_settings ? add_settings(out, arena, c, err) : rc;
}

/* The write, and then the settings for the answer that triggers and functions set. */
static int
add_write(swm_read *out, swm_arena *arena, const swm_read_context *c, swm_error *err)
{
	swm_statement s;
	/* by others, in rounds of their own */
	bool by_range = c->write->staging != NULL && c->write->staging->by_range;
	int rc = by_range ? SWM_OK : swm_sql_write(&s, arena, c->write, c->body, err);

	if (rc == SWM_OK && c->explain) {
		swm_statement rows = s;
		rc = swm_sql_explain(&s, arena, &rows, c->explain_json, c->explain_options, err);
	}
	if (rc != SWM_OK)
		return rc;
	if (!by_range) {
		add_step(out, SWM_READ_ROWS, &s);
		out->steps[out->step_count - 1].fail = swm_fail_types_changed;
	}
	return add_settings(out, arena, c, err);
}

/* By the snapshot, only PostgreSQL's own code runs. */
static bool
runs_built_in_code(const swm_read *read, const swm_read_plan *plan, const swm_read_context *c)
{
	bool write = c->write == NULL || (!c->write->runs_user_code && c->write->staging == NULL);
	bool rows = plan == NULL || !plan->runs_user_code;

	return write && rows && c->function == NULL &&
	       read->engine->settings->db_pre_request.len == 0;
}

/*
 * Nothing that a request did to its session may reach the next one. After one of built-in code the
 * cheap form is enough: RESET ALL within its transaction takes back what a policy that a superuser
 * made after the snapshot has set. After everything else the whole session is reset once the
 * transaction has ended, and so after the triggers that its commit runs.
 */
static void
add_reset(swm_read *out)
{
	out->options.keeps_session = true;
	if (out->changes)
		add_step(out, SWM_READ_RESET, &swm_sql_discard_sequences);
	add_step(out, SWM_READ_RESET, &swm_sql_reset);
}

static const swm_statement savepoint = { "SAVEPOINT " SWM_READ_SAVEPOINT_NAME, NULL, 0 };

int
swm_read_prepare(swm_read *out, swm_engine *engine, swm_arena *arena, const swm_snapshot *snapshot,
                 const swm_read_plan *plan, const swm_read_context *c, swm_error *err)
{
	const swm_role *role = swm_snapshot_role(snapshot, c->identity->role);
	swm_statement s, check;

	*out = (swm_read){ .engine = engine,
		           .changes = c->changes,
		           .within = c->within,
		           .borrower = c->borrower };
	out->options = (swm_exec_options){ .anonymous = c->identity->anonymous,
		                           .rollback = c->rollback,
		                           .decide = c->decide,
		                           .writes = c->changes,
		                           .begin = swm_transaction_begin(role, c->function,
		                                                          c->changes),
		                           .abort_fd = c->borrower.abort_fd };
	const swm_staging *staging = c->write == NULL ? NULL : c->write->staging;
	int rc = make_context(&s, arena, engine->settings, role, c, out->options.begin != NULL,
	                      err);
	if (rc != SWM_OK)
		return rc;
	if (c->within != NULL) /* nothing of another part is left but its role */
		add_step(out, SWM_READ_RESET, &swm_sql_reset);
	if (c->checked != NULL && c->checked->columns.count > 0) {
		rc = swm_sql_check_types(&check, arena, c->checked, err);
		if (rc != SWM_OK)
			return rc;
		add_step(out, SWM_READ_CHECK, &check);
		out->steps[out->step_count - 1].fail = swm_fail_types_changed;
	}
	if (staging != NULL) { /* by the login role: who asks need not be allowed to make tables */
		add_step(out, SWM_READ_STAGE, &staging->create);
		add_step(out, SWM_READ_GRANT, &staging->grant);
	}
	add_step(out, SWM_READ_CONTEXT, &s);
	if (c->look != NULL) {
		add_step(out, SWM_READ_ROWS, c->look);
		out->steps[out->step_count - 1].prepare = false;
		return SWM_OK;
	}
	if (engine->settings->db_pre_request.len > 0) {
		rc = swm_sql_call(&s, arena, engine->settings->db_pre_request, err);
		if (rc != SWM_OK)
			return rc;
		add_step(out, SWM_READ_PRE_REQUEST, &s);
		if (!c->late_settings && c->write == NULL)
			add_step(out, SWM_READ_SETTINGS, &swm_sql_response_settings);
	}
	if (staging != NULL)
		out->staged = out->step_count;
	out->may_fail = staging != NULL && staging->has_line && !staging->by_range;
	if (out->may_fail)
		add_step(out, SWM_READ_SAVEPOINT, &savepoint);
	if (c->write != NULL)
		rc = add_write(out, arena, c, err);
	else if (plan != NULL)
		rc = add_rows(out, arena, plan, c, err);
	if (rc != SWM_OK)
		return rc;
	if (c->within == NULL && runs_built_in_code(out, plan, c))
		add_reset(out);
	out->kinds[out->step_count] = SWM_READ_DECISION;
	return SWM_OK;
}

static int
start(swm_read *read, swm_error *err)
{
	swm_conn *conn;
	int rc = read->changes ? swm_transaction_connect(&conn, read->engine, &read->borrower, err)
	                       : swm_pool_borrow(&conn, read->engine->pool, &read->borrower, err);

	if (rc == SWM_OK)
		rc = swm_exec_start(&read->exec, conn, read->steps, read->step_count,
		                    &read->options, err);
	return rc;
}

/* The steps up to where the rows of a write are to be copied, or all that are left. */
static int
send_within(swm_read *read, swm_error *err)
{
	size_t from = read->sent, to = from < read->staged ? read->staged : read->step_count;

	if (read->began && from == read->step_count)
		return SWM_OK;
	read->began = true;
	read->sent = to;
	read->round = from;
	if (from > 0 && read->may_fail)
		return swm_transaction_try(read->within, read->steps + from, to - from, err);
	return swm_transaction_send(read->within, read->steps + from, to - from, err);
}

/*
 * Rounds of the transaction that it is a part of; where the last asks how to end, the part has
 * ended.
 */
static int
next_within(swm_read *read, swm_event *event, enum swm_read_step *kind, swm_error *err)
{
	int rc = SWM_OK;

	if (read->ended)
		return SWM_OK;
	if (!read->began || read->copied)
		rc = send_within(read, err);
	read->copied = false;
	if (rc == SWM_OK)
		rc = swm_transaction_next(read->within, event, err);
	if (rc != 1)
		return rc;
	event->step += read->round;
	read->copied = read->staged > 0 && event->result == NULL && event->step == read->staged;
	*kind = read->copied ? SWM_READ_STAGED : read->kinds[event->step];
	if (event->result == NULL && event->failure != SWM_OK) {
		*kind = SWM_READ_FAILED;
		read->ended = true;
		return 1;
	}
	read->ended = *kind == SWM_READ_DECISION;
	return read->ended && !read->options.decide ? SWM_OK : 1;
}

int
swm_read_next(swm_read *read, swm_event *event, enum swm_read_step *kind, swm_error *err)
{
	if (read->within != NULL)
		return next_within(read, event, kind, err);
	for (int64_t tries = 0;; tries++) {
		bool fresh_start = read->exec == NULL;
		int rc = fresh_start ? start(read, err) : SWM_OK;
		if (rc == SWM_OK)
			rc = swm_exec_next(read->exec, event, err);
		if (rc == 1) {
			read->answered = true;
			*kind = read->kinds[event->step];
		}
		/* every connection of the pool may have died with the database */
		bool again = rc == SWM_EUNAVAILABLE && !read->changes && !read->answered &&
		             read->exec != NULL && swm_exec_may_retry(read->exec) &&
		             tries <= read->engine->settings->db_pool;
		if (!again)
			return rc;
		swm_read_finish(read);
		swm_error_clear(err);
	}
}

bool
swm_read_may_have_committed(const swm_read *read)
{
	return read->exec != NULL && swm_exec_may_have_committed(read->exec);
}

void
swm_read_roll_back(swm_read *read)
{
	if (read->within != NULL)
		read->within->rollback = true;
	else
		swm_exec_roll_back(read->exec);
}

void
swm_read_finish(swm_read *read)
{
	swm_exec_finish(read->exec);
	read->exec = NULL;
}
