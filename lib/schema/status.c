/*
 * The database's own status, read over a connection outside the pool, since the pool may be in
 * trouble.
 */
#include "config.h"

#include <swm/status.h>

#include "base/buf.h"
#include "base/clock.h"
#include "pool/answer.h"
#include "pool/connect.h"

#include <stdlib.h>
#include <string.h>

/* Columns: the object, whether the version can be read, the schema of pg_stat_statements. */
static const char status_sql[] =
	"WITH own AS (SELECT a.query_start, a.query, coalesce(a.state, 'unknown') AS state,"
	"   a.state = 'active' AND a.wait_event_type = 'Lock' AS waits"
	"  FROM pg_catalog.pg_stat_activity AS a"
	"  WHERE a.usename = session_user AND a.datname = pg_catalog.current_database()"
	"   AND a.application_name = pg_catalog.current_setting('application_name')"
	"   AND a.backend_type = 'client backend' AND a.pid <> pg_catalog.pg_backend_pid()),"
	" running AS (SELECT pg_catalog.round(pg_catalog.date_part('epoch',"
	"    pg_catalog.clock_timestamp() - query_start)::pg_catalog.numeric, 3) AS seconds,"
	"   CASE WHEN waits THEN 'waiting for a lock' ELSE state END AS state,"
	"   pg_catalog.left(pg_catalog.regexp_replace(pg_catalog.btrim(query, E' \\n\\t'),"
	"    '\\s+', ' ', 'g'), 60) AS statement"
	"  FROM own WHERE state <> 'idle' ORDER BY query_start LIMIT 5)"
	" SELECT pg_catalog.json_build_object("
	"  'server_version', pg_catalog.current_setting('server_version'),"
	"  'database', pg_catalog.current_database(), 'login', session_user,"
	"  'in_recovery', pg_catalog.pg_is_in_recovery(),"
	"  'max_connections', pg_catalog.current_setting('max_connections')::pg_catalog.int4,"
	"  'roles', (SELECT coalesce(pg_catalog.json_agg(r.rolname ORDER BY r.rolname), '[]')"
	"   FROM pg_catalog.pg_roles AS r"
	"   WHERE pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')"
	"    AND r.rolname <> session_user AND r.rolname !~ '^pg_'),"
	"  'connections', (SELECT pg_catalog.json_build_object('total', pg_catalog.count(*),"
	"    'active', pg_catalog.count(*) FILTER (WHERE state = 'active' AND waits IS NOT TRUE),"
	"    'idle', pg_catalog.count(*) FILTER (WHERE state = 'idle'),"
	"    'idle_in_transaction', pg_catalog.count(*)"
	"     FILTER (WHERE state ~ '^idle in transaction'),"
	"    'waiting', pg_catalog.count(*) FILTER (WHERE waits)) FROM own),"
	"  'running', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(running)), '[]')"
	"   FROM running)),"
	" coalesce(pg_catalog.has_table_privilege(session_user,"
	"  pg_catalog.to_regclass('swm_private.version'), 'SELECT'), false),"
	" (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension AS e"
	"  JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace"
	"  WHERE e.extname = 'pg_stat_statements')";

static const char version_sql[] = "SELECT v.version FROM swm_private.version AS v";

/* The schema of the extension is inserted between the two parts. */
static const char slowest_sql[] =
	"SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(slowest)), '[]')"
	" FROM (SELECT pg_catalog.round(s.mean_exec_time::pg_catalog.numeric, 3) AS mean_ms,"
	"   s.calls, pg_catalog.left(pg_catalog.regexp_replace("
	"    pg_catalog.btrim(s.query, E' \\n\\t'),"
	"    '\\s+', ' ', 'g'), 60) AS statement"
	"  FROM ";
static const char slowest_sql_end[] =
	".pg_stat_statements AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid"
	"  WHERE d.datname = pg_catalog.current_database() ORDER BY s.mean_exec_time DESC LIMIT 5)"
	" AS slowest";

static int
fail_connection(PGconn *pg, const char *why, swm_error *err)
{
	swm_buf text = SWM_BUF_INIT;
	int rc = swm_fail(err, SWM_ERR_CONNECTION_LOST);

	swm_connect_add_message(&text, why, PQpass(pg));
	swm_error_set_details(err, swm_buf_view(&text));
	swm_buf_dispose(&text);
	return rc;
}

static int
fail_statement(PGconn *pg, const PGresult *result, swm_error *err)
{
	struct swm_sql_error from = {
		.sqlstate = swm_cstr(PQresultErrorField(result, PG_DIAG_SQLSTATE)),
		.message = swm_cstr(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)),
	};

	if (PQstatus(pg) != CONNECTION_OK)
		return fail_connection(pg, PQerrorMessage(pg), err);
	if (from.sqlstate.len == 0) /* libpq's own words, in place of the server's answer */
		return swm_fail_memory(err);
	return swm_fail_sql(err, &from);
}

static int
next_result(PGresult **out, PGconn *pg, int64_t deadline, swm_error *err)
{
	int rc = swm_answer_wait(pg, -1, swm_clock_left(deadline));

	*out = rc == SWM_OK ? PQgetResult(pg) : NULL;
	if (rc == SWM_ENOMEM)
		return swm_fail_memory(err);
	if (rc == SWM_OK)
		return rc;
	if (rc == SWM_ETIMEDOUT)
		return fail_connection(pg, "no answer in time", err);
	return fail_connection(pg, PQerrorMessage(pg), err);
}

/* Asks for one row. The caller clears *row. After an error the remaining results are read, too. */
static int
ask(PGresult **row, PGconn *pg, const char *sql, int64_t deadline, swm_error *err)
{
	PGresult *result;
	int rc, outcome = SWM_OK;

	*row = NULL;
	if (!PQsendQueryParams(pg, sql, 0, NULL, NULL, NULL, NULL, 0))
		return PQstatus(pg) == CONNECTION_OK ? swm_fail_memory(err)
		                                     : fail_connection(pg, PQerrorMessage(pg), err);
	while ((rc = next_result(&result, pg, deadline, err)) == SWM_OK && result != NULL) {
		ExecStatusType status = PQresultStatus(result);
		bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
		if (good && *row == NULL) {
			*row = result;
			continue;
		}
		if (!good && outcome == SWM_OK)
			outcome = fail_statement(pg, result, err);
		PQclear(result);
	}
	return outcome != SWM_OK ? outcome : rc;
}

/*
 * Sets statement_timeout, so that the server also cancels a query whose answer is no longer
 * awaited.
 */
static int
limit_statements(PGconn *pg, int64_t deadline, swm_error *err)
{
	swm_buf sql = SWM_BUF_INIT;
	PGresult *done = NULL;

	swm_buf_printf(&sql, "SET statement_timeout = %d", swm_clock_left(deadline) + 1);
	swm_buf_char(&sql, '\0');
	int rc = sql.failed ? swm_fail_memory(err) : ask(&done, pg, sql.ptr, deadline, err);
	PQclear(done);
	swm_buf_dispose(&sql);
	return rc;
}

static void
add_member(swm_buf *to, const char *name, const PGresult *row)
{
	bool has_value = PQntuples(row) > 0 && !PQgetisnull(row, 0, 0);

	to->len -= to->len > 0; /* the brace at the end */
	swm_buf_printf(to, ", \"%s\" : ", name);
	swm_buf_cstr(to, has_value ? PQgetvalue(row, 0, 0) : "null");
	swm_buf_char(to, '}');
}

/*
 * One more answer as a member; null where the database refuses it, as it does when
 * pg_stat_statements is installed and not loaded.
 */
static int
ask_member(swm_buf *to, const char *name, PGconn *pg, const char *sql, int64_t deadline,
           swm_error *err)
{
	PGresult *row = NULL;
	int rc = sql == NULL ? SWM_OK : ask(&row, pg, sql, deadline, err);

	if (rc == SWM_EDATABASE) {
		swm_error_clear(err);
		rc = SWM_OK;
	}
	add_member(to, name, row);
	PQclear(row);
	return rc;
}

/* Runs the further queries that the first answer has shown to be possible. */
static int
ask_more(swm_buf *to, PGconn *pg, const PGresult *row, int64_t deadline, swm_error *err)
{
	swm_buf sql = SWM_BUF_INIT;
	bool has_version = PQgetvalue(row, 0, 1)[0] == 't';
	bool has_slowest = !PQgetisnull(row, 0, 2);

	swm_buf_printf(&sql, "%s%s%s", slowest_sql, PQgetvalue(row, 0, 2), slowest_sql_end);
	swm_buf_char(&sql, '\0');
	int rc = sql.failed ? swm_fail_memory(err) : SWM_OK;
	if (rc == SWM_OK)
		rc = ask_member(to, "schema_version", pg, has_version ? version_sql : NULL,
		                deadline, err);
	if (rc == SWM_OK)
		rc = ask_member(to, "slowest", pg, has_slowest ? sql.ptr : NULL, deadline, err);
	swm_buf_dispose(&sql);
	return rc;
}

static int
ask_all(swm_buf *to, PGconn *pg, int64_t deadline, swm_error *err)
{
	PGresult *row = NULL;
	int rc = limit_statements(pg, deadline, err);

	if (rc == SWM_OK)
		rc = ask(&row, pg, status_sql, deadline, err);
	if (rc == SWM_OK && PQntuples(row) != 1)
		rc = swm_fail_memory(err);
	if (rc == SWM_OK) {
		swm_buf_cstr(to, PQgetvalue(row, 0, 0));
		rc = ask_more(to, pg, row, deadline, err);
	}
	PQclear(row);
	return rc;
}

static int
connect_alone(PGconn **out, const swm_settings *settings, int64_t deadline, swm_error *err)
{
	swm_buf why = SWM_BUF_INIT;
	int rc = swm_connect(out, settings, deadline, -1, &why);

	if (rc == SWM_ENOMEM)
		rc = swm_fail_memory(err);
	else if (rc != SWM_OK) {
		rc = rc == SWM_EAUTH ? swm_fail(err, SWM_ERR_LOGIN_REFUSED)
		                     : swm_fail(err, SWM_ERR_CONNECT);
		swm_error_set_details(err, swm_buf_view(&why));
	}
	swm_buf_dispose(&why);
	return rc;
}

static int
read_status(swm_buf *to, const swm_settings *settings, int64_t deadline, swm_error *err)
{
	PGconn *pg;
	int rc = connect_alone(&pg, settings, deadline, err);

	if (rc != SWM_OK)
		return rc;
	rc = PQsetnonblocking(pg, 1) == 0 ? ask_all(to, pg, deadline, err) : swm_fail_memory(err);
	PQfinish(pg);
	swm_buf_char(to, '\0');
	return rc == SWM_OK && to->failed ? swm_fail_memory(err) : rc;
}

int
swm_status_read(char **out, const swm_config *config, int64_t milliseconds, swm_error *err)
{
	const swm_settings *settings = NULL;
	swm_buf text = SWM_BUF_INIT;

	swm_error_clear(err);
	int rc = swm_settings_resolve(&settings, config, err);
	if (rc == SWM_OK)
		rc = swm_connect_check(settings, err);
	if (rc == SWM_OK)
		rc = read_status(&text, settings, swm_clock_ms() + milliseconds, err);
	if (rc == SWM_OK && (*out = strdup(text.ptr)) == NULL)
		rc = swm_fail_memory(err);
	swm_buf_dispose(&text);
	swm_settings_unref(settings);
	return swm_error_settle(err, rc);
}

void
swm_status_free(char *status)
{
	free(status);
}
