#include "config.h"

#include "schema/load.h"

#include "pool/answer.h"

enum query {
#define SWM_QUERY(name, sql) QUERY_##name,
#include "schema/queries.def"
#undef SWM_QUERY
};

static const struct {
	const char *name, *sql;
} queries[] = {
#define SWM_QUERY(name, sql) [QUERY_##name] = { #name, sql },
#include "schema/queries.def"
#undef SWM_QUERY
};

static swm_load_take take_exposed, take_extra, take_named, take_user_operators;
typedef bool condition(const struct swm_load *load);
static condition since_15, before_15;

enum { MOST_PARAMS = 3 };

/* The load, in order: each step may use what those before it have stored. */
static const struct step {
	enum query query;
	enum swm_load_param params[MOST_PARAMS];
	swm_load_take *take;
	condition *wanted; /* NULL is always */
	bool by_row; /* each row is taken when it comes, and forgotten: they may be large */
} steps[] = {
	{ QUERY_NAMESPACES, { SWM_PARAM_EXPOSED_NAMES }, take_exposed, NULL, false },
	{ QUERY_NAMESPACES, { SWM_PARAM_EXTRA_NAMES }, take_extra, NULL, false },
	{ QUERY_NAMED,
	  { SWM_PARAM_NAMED, SWM_PARAM_EXPOSED_NAMES, SWM_PARAM_EXTRA_NAMES },
	  take_named,
	  NULL,
	  false },
	{ QUERY_TYPES, { SWM_PARAM_EXPOSED, SWM_PARAM_EXTRA }, swm_load_types, NULL, false },
	{ QUERY_ENUM_LABELS, { SWM_PARAM_ENUMS }, swm_load_enum_labels, NULL, false },
	{ QUERY_DOMAIN_CASTS, { SWM_PARAM_NONE }, swm_load_domain_casts, NULL, false },
	{ QUERY_RELATIONS, { SWM_PARAM_EXPOSED }, swm_load_relations, NULL, false },
	{ QUERY_COLUMNS, { SWM_PARAM_EXPOSED }, swm_load_relation_columns, NULL, false },
	{ QUERY_UNIQUE_KEYS, { SWM_PARAM_NONE }, swm_load_unique_keys, NULL, false },
	{ QUERY_UNIQUE_INDEXES, { SWM_PARAM_NONE }, swm_load_unique_indexes, NULL, false },
	{ QUERY_FOREIGN_KEYS, { SWM_PARAM_NONE }, swm_load_foreign_keys, NULL, false },
	{ QUERY_VIEWS, { SWM_PARAM_NONE }, swm_load_view, NULL, true },
	{ QUERY_FUNCTIONS,
	  { SWM_PARAM_EXPOSED, SWM_PARAM_EXTRA },
	  swm_load_functions,
	  NULL,
	  false },
	{ QUERY_PARAMETERS,
	  { SWM_PARAM_EXPOSED, SWM_PARAM_EXTRA },
	  swm_load_parameters,
	  NULL,
	  false },
	{ QUERY_ROWS, { SWM_PARAM_ROWS }, swm_load_rows, NULL, false },
	{ QUERY_MEDIA_HANDLERS, { SWM_PARAM_EXPOSED }, swm_load_media_handlers, NULL, false },
	{ QUERY_GEOJSON, { SWM_PARAM_NONE }, swm_load_geojson, NULL, false },
	{ QUERY_FUNCTION_GRANTS,
	  { SWM_PARAM_EXPOSED, SWM_PARAM_EXTRA },
	  swm_load_function_grants,
	  NULL,
	  false },
	{ QUERY_FUNCTION_SETTINGS,
	  { SWM_PARAM_EXPOSED, SWM_PARAM_EXTRA, SWM_PARAM_HOISTED },
	  swm_load_function_settings,
	  NULL,
	  false },
	{ QUERY_SCHEMA_GRANTS,
	  { SWM_PARAM_EXPOSED, SWM_PARAM_EXTRA },
	  swm_load_schema_grants,
	  NULL,
	  false },
	{ QUERY_GRANTS,
	  { SWM_PARAM_EXPOSED, SWM_PARAM_COLUMN_GRANTS },
	  swm_load_grants,
	  NULL,
	  false },
	{ QUERY_USER_OPERATORS, { SWM_PARAM_NONE }, take_user_operators, NULL, false },
	{ QUERY_ROLES, { SWM_PARAM_MEMBERSHIP }, swm_load_roles, NULL, false },
	{ QUERY_ROLE_RIGHTS,
	  { SWM_PARAM_MEMBERSHIP, SWM_PARAM_GRANTEES },
	  swm_load_role_rights,
	  NULL,
	  false },
	{ QUERY_ROLE_SETTINGS, { SWM_PARAM_MEMBERSHIP }, swm_load_role_settings, since_15, false },
	{ QUERY_ROLE_SETTINGS_14,
	  { SWM_PARAM_MEMBERSHIP },
	  swm_load_role_settings,
	  before_15,
	  false },
};

static void
begin_element(swm_buf *array)
{
	if (array->len > 1)
		swm_buf_char(array, ',');
}

/* The brace at the end is added when the parameter is sent. */
static void
begin_array(swm_buf *array)
{
	swm_buf_clear(array);
	swm_buf_char(array, '{');
}

/*
 * https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO: quoted, with quotes and
 * backslashes escaped
 */
static void
add_quoted(swm_buf *array, swm_str s)
{
	begin_element(array);
	swm_buf_char(array, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"' || s.ptr[i] == '\\')
			swm_buf_char(array, '\\');
		swm_buf_char(array, s.ptr[i]);
	}
	swm_buf_char(array, '"');
}

static void
make_names(swm_buf *array, const swm_list *list)
{
	begin_array(array);
	for (size_t i = 0; i < list->count; i++)
		add_quoted(array, list->items[i]);
	swm_buf_char(array, '}');
}

/* "schema.name" or "name", as two elements. */
static void
add_qualified(swm_buf *array, swm_str name)
{
	size_t dot = swm_str_find(name, '.');

	add_quoted(array, dot < name.len ? (swm_str){ name.ptr, dot } : SWM_STR(""));
	add_quoted(array, dot < name.len ? swm_str_from(name, dot + 1) : name);
}

static void
make_named(swm_buf *array, const swm_settings *settings)
{
	begin_array(array);
	add_quoted(array, settings->db_anon_role);
	add_qualified(array, settings->db_pre_request);
	add_qualified(array, settings->db_idempotency_table);
	swm_buf_char(array, '}');
}

void
swm_load_add_oid(struct swm_load *load, enum swm_load_param param, uint32_t oid)
{
	swm_buf *array = &load->params[param];

	begin_element(array);
	swm_buf_int(array, oid);
}

static void
make_params(struct swm_load *load)
{
	static const enum swm_load_param oids[] = { SWM_PARAM_EXPOSED,       SWM_PARAM_EXTRA,
		                                    SWM_PARAM_ENUMS,         SWM_PARAM_ROWS,
		                                    SWM_PARAM_COLUMN_GRANTS, SWM_PARAM_GRANTEES };

	make_names(&load->params[SWM_PARAM_EXPOSED_NAMES], &load->settings->db_schemas);
	make_names(&load->params[SWM_PARAM_EXTRA_NAMES], &load->settings->db_extra_search_path);
	make_names(&load->params[SWM_PARAM_HOISTED], &load->settings->db_hoisted_tx_settings);
	make_named(&load->params[SWM_PARAM_NAMED], load->settings);
	for (size_t i = 0; i < sizeof oids / sizeof *oids; i++)
		begin_array(&load->params[oids[i]]);
	/* PostgreSQL 16 tells being a member from being allowed to SET ROLE */
	swm_buf_cstr(&load->params[SWM_PARAM_MEMBERSHIP],
	             load->snapshot->server_version >= 160000 ? "SET" : "MEMBER");
}

/* Closes an array that grew until now; a no-op the second time. */
static void
close_array(swm_buf *param)
{
	if (param->len > 0 && param->ptr[0] == '{' && param->ptr[param->len - 1] != '}')
		swm_buf_char(param, '}');
}

static int
take_namespaces(struct swm_load *load, const PGresult *rows, enum swm_load_param param)
{
	for (int i = 0; i < PQntuples(rows); i++)
		swm_load_add_oid(load, param, swm_load_oid(rows, i, 0));
	return SWM_OK;
}

static int
take_exposed(struct swm_load *load, const PGresult *rows)
{
	size_t count = (size_t)PQntuples(rows);
	swm_schema_comment *comments = swm_load_array(load, count, sizeof *comments);

	if (comments == NULL)
		return SWM_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		comments[i].schema = swm_load_schema_name(load, swm_load_cell(rows, (int)i, 1));
		comments[i].comment = swm_load_text(load, rows, (int)i, 2);
	}
	load->snapshot->comments = comments;
	load->snapshot->comment_count = count;
	return take_namespaces(load, rows, SWM_PARAM_EXPOSED);
}

static int
take_named(struct swm_load *load, const PGresult *rows)
{
	bool any = PQntuples(rows) > 0;

	load->snapshot->has_anonymous_role = any && swm_load_bool(rows, 0, 0);
	load->snapshot->has_pre_request = any && swm_load_bool(rows, 0, 1);
	load->snapshot->has_idempotency_table = any && swm_load_bool(rows, 0, 2);
	return SWM_OK;
}

static int
take_extra(struct swm_load *load, const PGresult *rows)
{
	size_t count = (size_t)PQntuples(rows);
	swm_str *names = swm_load_array(load, count, sizeof *names);

	if (names == NULL)
		return SWM_ENOMEM;
	for (size_t i = 0; i < count; i++)
		names[i] = swm_load_schema_name(load, swm_load_cell(rows, (int)i, 1));
	load->snapshot->extra_schemas = names;
	load->snapshot->extra_schema_count = count;
	return take_namespaces(load, rows, SWM_PARAM_EXTRA);
}

static int
take_user_operators(struct swm_load *load, const PGresult *rows)
{
	load->snapshot->has_user_operators = PQntuples(rows) > 0 && swm_load_bool(rows, 0, 0);
	return SWM_OK;
}

static bool
since_15(const struct swm_load *load)
{
	return load->snapshot->server_version >= 150000;
}

static bool
before_15(const struct swm_load *load)
{
	return load->snapshot->server_version < 150000;
}

static swm_str
field(const PGresult *result, int code)
{
	return swm_cstr(PQresultErrorField(result, code));
}

static int
fail_lost(PGconn *pg, swm_error *err)
{
	swm_fail(err, SWM_ERR_CONNECTION_LOST);
	swm_error_set_details(err, swm_str_trim(swm_cstr(PQerrorMessage(pg))));
	return SWM_EUNAVAILABLE;
}

static int
fail_result(PGconn *pg, const PGresult *result, swm_error *err)
{
	struct swm_sql_error from = {
		.sqlstate = field(result, PG_DIAG_SQLSTATE),
		.message = field(result, PG_DIAG_MESSAGE_PRIMARY),
		.details = field(result, PG_DIAG_MESSAGE_DETAIL),
		.hint = field(result, PG_DIAG_MESSAGE_HINT),
	};

	if (PQstatus(pg) != CONNECTION_OK)
		return fail_lost(pg, err);
	if (from.sqlstate.len == 0) /* libpq's own words, in place of the server's answer */
		return swm_fail_memory(err);
	from.has_details = from.details.ptr != NULL;
	from.has_hint = from.hint.ptr != NULL;
	return swm_fail_sql(err, &from);
}

static int
send_query(PGconn *pg, const char *sql, const char *const *params, int count, swm_error *err)
{
	if (PQsendQueryParams(pg, sql, count, NULL, params, NULL, NULL, 0))
		return SWM_OK;
	return PQstatus(pg) == CONNECTION_OK ? swm_fail_memory(err) : fail_lost(pg, err);
}

static int
fail_silence(int64_t seconds, swm_error *err)
{
	int rc = swm_fail(err, SWM_ERR_CONNECTION_LOST);

	swm_error_format_details(err, "PostgreSQL has been silent for %lld s", (long long)seconds);
	return rc;
}

/* *out: the next result, or NULL after the last. */
static int
next_result(const struct swm_load *load, PGconn *pg, PGresult **out, swm_error *err)
{
	int64_t seconds = load->settings->db_answer_timeout;
	int rc = swm_answer_wait(pg, -1, seconds * 1000);

	*out = rc == SWM_OK ? PQgetResult(pg) : NULL;
	if (rc == SWM_ENOMEM)
		return swm_fail_memory(err);
	if (rc == SWM_ETIMEDOUT)
		return fail_silence(seconds, err);
	return rc == SWM_OK ? rc : fail_lost(pg, err);
}

static int
take_rows(struct swm_load *load, swm_load_take *take, const PGresult *rows, swm_error *err)
{
	int rc = take(load, rows);

	return rc != SWM_OK || load->no_memory ? swm_fail_memory(err) : SWM_OK;
}

/* Passes each result, or its failure, to take. All are read, also after a failure. */
static int
take_results(struct swm_load *load, PGconn *pg, swm_load_take *take, swm_error *err)
{
	PGresult *rows;
	int rc, result = SWM_OK;

	while ((rc = next_result(load, pg, &rows, err)) == SWM_OK && rows != NULL) {
		ExecStatusType status = PQresultStatus(rows);
		bool good = status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK ||
		            status == PGRES_COMMAND_OK;
		if (result == SWM_OK && !good)
			result = fail_result(pg, rows, err);
		else if (result == SWM_OK && take != NULL)
			result = take_rows(load, take, rows, err);
		PQclear(rows);
	}
	return result != SWM_OK ? result : rc;
}

static int
command(struct swm_load *load, PGconn *pg, const char *sql, swm_error *err)
{
	int result = send_query(pg, sql, NULL, 0, err);

	return result != SWM_OK ? result : take_results(load, pg, NULL, err);
}

static int
run_step(struct swm_load *load, PGconn *pg, const struct step *step, swm_error *err)
{
	const char *params[MOST_PARAMS];
	int count = 0;

	for (; count < MOST_PARAMS && step->params[count] != SWM_PARAM_NONE; count++) {
		swm_buf *param = &load->params[step->params[count]];
		close_array(param);
		if (param->failed)
			return swm_fail_memory(err);
		params[count] = swm_buf_text(param);
	}
	int result = send_query(pg, queries[step->query].sql, params, count, err);
	if (result != SWM_OK)
		return result;
	if (step->by_row)
		(void)PQsetSingleRowMode(pg);
	return take_results(load, pg, step->take, err);
}

static int
run_steps(struct swm_load *load, PGconn *pg, swm_error *err)
{
	int result = SWM_OK;

	for (size_t i = 0; i < sizeof steps / sizeof *steps && result == SWM_OK; i++)
		if (steps[i].wanted == NULL || steps[i].wanted(load))
			result = run_step(load, pg, &steps[i], err);
	if (result == SWM_OK && swm_load_relationships(load) != SWM_OK)
		return swm_fail_memory(err);
	return result;
}

/*
 * One view of the catalogs for all queries. Names then come out qualified unless
 * they are pg_catalog's; pg_temp last, so that no temporary table hides a catalog.
 * Compiling a query, or starting workers for it, takes longer than running it here.
 */
static const char *const opening[] = {
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	"SET LOCAL search_path = pg_catalog, pg_temp",
	"SET LOCAL quote_all_identifiers = off",
	"SET LOCAL jit = off",
	"SET LOCAL max_parallel_workers_per_gather = 0",
};

static int
run_transaction(struct swm_load *load, PGconn *pg, swm_error *err)
{
	int result = SWM_OK;

	for (size_t i = 0; i < sizeof opening / sizeof *opening && result == SWM_OK; i++)
		result = command(load, pg, opening[i], err);
	if (result == SWM_OK)
		result = run_steps(load, pg, err);
	if (result == SWM_OK)
		return command(load, pg, "COMMIT", err);
	if (PQstatus(pg) == CONNECTION_OK && PQtransactionStatus(pg) != PQTRANS_ACTIVE)
		(void)command(load, pg, "ROLLBACK", NULL); /* report the first error */
	return result;
}

/* The steps with the rows of a source. */
static int
take_all(struct swm_load *load, swm_load_source *source, void *user)
{
	int result = SWM_OK;

	for (size_t i = 0; i < sizeof steps / sizeof *steps && result == SWM_OK; i++) {
		PGresult *rows = source(user, queries[steps[i].query].name);
		if (rows == NULL || steps[i].take(load, rows) != SWM_OK || load->no_memory)
			result = SWM_ENOMEM;
		PQclear(rows);
	}
	return result == SWM_OK ? swm_load_relationships(load) : result;
}

static int
start(struct swm_load *load, const swm_settings *settings, int server_version)
{
	*load = (struct swm_load){ .snapshot = swm_snapshot_new(), .scratch = swm_arena_new(),
		                   .settings = settings };
	if (load->snapshot == NULL || load->scratch == NULL)
		return SWM_ENOMEM;
	load->arena = load->snapshot->arena;
	load->snapshot->server_version = server_version;
	make_params(load);
	return SWM_OK;
}

/* Hands over the snapshot of a successful load, and frees the rest. */
static void
finish(struct swm_load *load, int result, swm_snapshot **out)
{
	if (result == SWM_OK) {
		*out = load->snapshot;
		load->snapshot = NULL;
	}
	for (size_t i = 0; i < SWM_PARAM_COUNT; i++)
		swm_buf_dispose(&load->params[i]);
	swm_arena_free(load->scratch);
	swm_snapshot_unref(load->snapshot);
}

int
swm_snapshot_load(swm_snapshot **out, struct pg_conn *connection, const swm_settings *settings,
                  swm_error *err)
{
	struct swm_load load;
	int result = start(&load, settings, PQserverVersion(connection));

	if (result == SWM_OK) {
		load.snapshot->iso_dates = swm_snapshot_datestyle_is_iso(
			swm_cstr(PQparameterStatus(connection, "DateStyle")), false);
		result = run_transaction(&load, connection, err);
	} else {
		result = swm_fail_memory(err);
	}
	finish(&load, result, out);
	return result;
}

int
swm_snapshot_load_from(swm_snapshot **out, swm_load_source *source, void *user,
                       const swm_settings *settings, swm_error *err)
{
	struct swm_load load;
	int result = start(&load, settings, 150000);

	if (result == SWM_OK)
		result = take_all(&load, source, user);
	finish(&load, result, out);
	return result == SWM_OK ? SWM_OK : swm_fail_memory(err);
}
