/* The engine's start: what the configuration names, and the database has or has not. */
#include "config.h"

#include "base/buf.h"
#include "database.h"
#include "unit.h"

#include <swm.h>

static PGconn *admin;
static swm_error *err;
static swm_config *config;
static swm_buf said;

static void
hear(void *user, enum swm_log_level level, swm_str line)
{
	(void)user;
	if (level > SWM_LOG_ERROR)
		return;
	swm_buf_str(&said, line);
	swm_buf_char(&said, '\n');
}

static void
setup(void)
{
	admin = database_admin();
	err = swm_error_new();
	database_do(admin, "DROP SCHEMA IF EXISTS engine_a CASCADE");
	database_do(admin, "DROP SCHEMA IF EXISTS engine_b CASCADE");
	database_do(admin, "CREATE SCHEMA engine_a");
	database_do(admin, "CREATE TABLE engine_a.t AS SELECT 1 AS id");
	said = (swm_buf)SWM_BUF_INIT;
	ck_assert_int_eq(swm_config_new(&config, err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-uri", database_uri(), err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-schemas", "engine_a, engine_b", err), SWM_OK);
}

static void
teardown(void)
{
	database_do(admin, "DROP SCHEMA engine_a CASCADE");
	database_do(admin, "DROP SCHEMA IF EXISTS engine_b CASCADE");
	swm_config_free(config);
	swm_error_free(err);
	swm_buf_dispose(&said);
	PQfinish(admin);
}

static const char missing[] = "db-schemas names the schema \"engine_b\", which is not in the database";

START_TEST(a_schema_that_is_missing_is_told)
{
	swm_engine *engine = NULL;

	ck_assert_int_eq(swm_engine_open(&engine, config, NULL, err), SWM_EUNAVAILABLE);
	ck_assert_str_eq(swm_error_code(err).ptr, "PGRST002");
	ck_assert_str_eq(swm_error_details(err).ptr, missing);
	ck_assert_ptr_null(engine);
}
END_TEST

START_TEST(an_engine_may_open_without_it)
{
	swm_engine_options options = SWM_ENGINE_OPTIONS_INIT;
	swm_engine *engine;

	options.log = hear;
	options.allow_offline = true;
	ck_assert_int_eq(swm_engine_open(&engine, config, &options, err), SWM_OK);
	ck_assert_int_eq(swm_engine_reload_schema(engine, err), SWM_EUNAVAILABLE);
	ck_assert_int_eq(swm_engine_check(engine, err), SWM_ECONFIG);
	ck_assert_str_eq(swm_error_message(err).ptr, missing);
	database_do(admin, "CREATE SCHEMA engine_b");
	ck_assert_int_eq(swm_engine_check(engine, err), SWM_OK);
	ck_assert_int_eq(swm_engine_reload_schema(engine, err), SWM_OK);
	/* once, however often it was tried */
	swm_buf_cstr(&said, ".");
	ck_assert_str_eq(swm_buf_text(&said), "db-schemas names the schema \"engine_b\", which is not in the database\n"
	                                      "the database has all of db-schemas; requests are answered\n.");
	swm_engine_close(engine);
}
END_TEST

/* The other names stop nothing, and are told all at once. */
START_TEST(other_names_are_told)
{
	swm_engine *engine;
	swm_engine_options options = SWM_ENGINE_OPTIONS_INIT;

	options.log = hear;
	ck_assert_int_eq(swm_config_set(config, "db-schemas", "engine_a", err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-anon-role", "engine_nobody", err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-pre-request", "engine_a.t", err), SWM_OK); /* a table */
	ck_assert_int_eq(swm_config_set(config, "db-idempotency-table", "t", err), SWM_OK); /* found by its name alone */
	ck_assert_int_eq(swm_engine_open(&engine, config, &options, err), SWM_OK);
	ck_assert_int_eq(swm_engine_check(engine, err), SWM_ECONFIG);
	ck_assert_str_eq(swm_error_message(err).ptr,
	                 "db-anon-role names the role \"engine_nobody\", which is not in the database");
	ck_assert_str_eq(swm_error_details(err).ptr, "db-pre-request names the function \"engine_a.t\", "
	                                             "which is not in the database, or not without arguments");
	ck_assert_ptr_nonnull(strstr(swm_buf_text(&said), "engine_nobody"));
	ck_assert_ptr_nonnull(strstr(swm_buf_text(&said), "engine_a.t"));
	swm_engine_close(engine);
}
END_TEST

/* A schema that goes later: what was read before goes on. */
START_TEST(a_reload_without_a_schema_changes_nothing)
{
	swm_engine *engine;
	swm_session *session;
	swm_query *query;
	swm_rows *rows;

	database_do(admin, "CREATE SCHEMA engine_b");
	ck_assert_int_eq(swm_engine_open(&engine, config, NULL, err), SWM_OK);
	database_do(admin, "DROP SCHEMA engine_b");
	ck_assert_int_eq(swm_engine_reload_schema(engine, err), SWM_EUNAVAILABLE);
	ck_assert_int_eq(swm_session_new(&session, engine, PQuser(admin), err), SWM_OK);
	ck_assert_int_eq(swm_query_parse(&query, SWM_STR("t"), err), SWM_OK);
	ck_assert_msg(swm_session_query(&rows, session, query, SWM_ROWS_WHOLE, err) == SWM_OK, "%s",
	              swm_error_message(err).ptr);
	swm_rows_close(rows);
	swm_query_free(query);
	swm_session_free(session);
	swm_engine_close(engine);
}
END_TEST

/* A program that puts the anonymous off, and its sink. */
struct doorkeeper {
	bool closed;
	int asked, anonymous; /* how often, and of them for the anonymous */
	int read;             /* pieces of the body */
	int status;
};

static bool
admit(void *user, bool anonymous)
{
	struct doorkeeper *d = user;

	d->asked++;
	d->anonymous += anonymous;
	return !d->closed;
}

static int
note_status(void *user, int status)
{
	((struct doorkeeper *)user)->status = status;
	return 0;
}

static int
pass_header(void *user, swm_str name, swm_str value)
{
	(void)user, (void)name, (void)value;
	return 0;
}

static int
pass_piece(void *user, swm_str piece)
{
	(void)user, (void)piece;
	return 0;
}

static ptrdiff_t
count_reads(void *user, char *to, size_t room)
{
	(void)to, (void)room;
	((struct doorkeeper *)user)->read++;
	return 0;
}

static int
serve_for(struct doorkeeper *d, swm_engine *engine, const char *authorization)
{
	swm_sink sink = { sizeof sink, d, note_status, pass_header, pass_piece };
	swm_body body = { sizeof body, d, count_reads };
	swm_request *request;

	ck_assert_int_eq(swm_request_new(&request, err), SWM_OK);
	swm_request_set_method(request, SWM_STR("POST"));
	swm_request_set_target(request, SWM_STR("/t"));
	swm_request_set_body(request, &body);
	swm_request_set_admit(request, admit, d);
	if (authorization != NULL)
		ck_assert_int_eq(swm_request_add_header(request, SWM_STR("Authorization"),
		                                        swm_cstr(authorization)), SWM_OK);
	int rc = swm_engine_serve(engine, request, &sink, err);
	swm_request_free(request);
	return rc;
}

/* "Bearer" and a token of a role. */
static void
bearer(swm_buf *to, const char *role)
{
	swm_buf claims = SWM_BUF_INIT;
	char *token;

	swm_buf_printf(&claims, "{\"role\":\"%s\"}", role);
	ck_assert_int_eq(swm_token_sign(&token, config, swm_buf_view(&claims), NULL, err), SWM_OK);
	swm_buf_clear(to);
	swm_buf_printf(to, "Bearer %s", token);
	swm_token_free(token);
	swm_buf_dispose(&claims);
}

/* Asked once for each request of somebody; an answer that needs no role is given at once. */
START_TEST(the_anonymous_can_be_put_off)
{
	struct doorkeeper d = { .closed = true };
	swm_buf header = SWM_BUF_INIT;
	swm_engine *engine;

	ck_assert_int_eq(swm_config_set(config, "db-schemas", "engine_a", err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "db-anon-role", PQuser(admin), err), SWM_OK);
	ck_assert_int_eq(swm_config_set(config, "jwt-secret", "32 characters or more, for a test", err), SWM_OK);
	ck_assert_int_eq(swm_engine_open(&engine, config, NULL, err), SWM_OK);
	bearer(&header, PQuser(admin));
	ck_assert_int_eq(serve_for(&d, engine, NULL), SWM_ECANCELED);
	ck_assert_int_eq(serve_for(&d, engine, swm_buf_text(&header)), SWM_ECANCELED);
	ck_assert(d.asked == 2 && d.anonymous == 2 && d.read == 0 && d.status == 0);
	bearer(&header, "somebody");
	ck_assert_int_eq(serve_for(&d, engine, swm_buf_text(&header)), SWM_ECANCELED);
	ck_assert(d.asked == 3 && d.anonymous == 2 && d.read == 0 && d.status == 0);
	ck_assert_int_eq(serve_for(&d, engine, "Bearer no.good.token"), SWM_OK);
	ck_assert(d.asked == 3 && d.status == 401);
	d.closed = false;
	ck_assert_int_eq(serve_for(&d, engine, NULL), SWM_OK);
	ck_assert(d.asked == 4 && d.anonymous == 3 && d.read > 0);
	ck_assert_int_eq(d.status, 400); /* an empty body is no JSON */
	swm_buf_dispose(&header);
	swm_engine_close(engine);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("engine");
	TCase *t = tcase_create("start");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, a_schema_that_is_missing_is_told);
	tcase_add_test(t, an_engine_may_open_without_it);
	tcase_add_test(t, other_names_are_told);
	tcase_add_test(t, a_reload_without_a_schema_changes_nothing);
	tcase_add_test(t, the_anonymous_can_be_put_off);
	suite_add_tcase(s, t);
	return s;
}
