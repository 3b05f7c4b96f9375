/*
 * The acts. Each begins with an engine at most and frees all that it made; what a client or a
 * program would see is written to the stage's outcome.
 */
#include "config.h"

#include "acts.h"

#include "engine.h"
#include "heap.h"
#include "plan/plan.h"
#include "query/query.h"
#include "sql/sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

const char acts_schema[] =
	"SET client_min_messages = warning;"
	"DROP SCHEMA IF EXISTS torture CASCADE;"
	"CREATE SCHEMA torture;"
	"CREATE TABLE torture.kinds(id integer PRIMARY KEY, name text NOT NULL);"
	"CREATE TABLE torture.items(id integer PRIMARY KEY, name text,"
	" kind integer REFERENCES torture.kinds, weight double precision, at timestamptz,"
	" tags text[], picture bytea, doc jsonb);"
	"INSERT INTO torture.kinds VALUES (1, 'lamp'), (2, 'kettle');"
	"INSERT INTO torture.items SELECT n, 'item ' || n, n % 2 + 1, n / 4.0, '2026-01-01Z',"
	" '{a,b}', '\\x00ff', '{\"a\": [1, 2]}' FROM generate_series(1, 12) n;"
	"CREATE VIEW torture.pages AS SELECT n, repeat('page ', 8000) AS text"
	" FROM generate_series(1, 5) n;"
	"DROP SCHEMA IF EXISTS torture_private CASCADE;"
	"CREATE SCHEMA torture_private;"
	"CREATE TABLE torture_private.kept_answers(scope text NOT NULL, key text NOT NULL,"
	" expires timestamptz NOT NULL, request text, status integer, headers json, body bytea,"
	" PRIMARY KEY (scope, key));"
	"CREATE TABLE torture.stamps(stamp bigint, n integer, t text DEFAULT 'none');"
	"CREATE TABLE torture.marks(stamp bigint PRIMARY KEY, n integer);"
	"CREATE FUNCTION torture.note(stamp bigint, length integer) RETURNS text LANGUAGE sql AS"
	" $$ INSERT INTO torture.stamps VALUES ($1, 1); SELECT repeat('x', $2) $$;"
	/* what is updated or removed leaves its stamp where the others do */
	"CREATE FUNCTION torture.record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
	" INSERT INTO torture.stamps VALUES (COALESCE(NEW.stamp, OLD.stamp), 1); RETURN NULL; END $$;"
	"CREATE TABLE torture.latest(id integer PRIMARY KEY, stamp bigint);"
	"INSERT INTO torture.latest VALUES (1, 0);"
	"CREATE TRIGGER record AFTER UPDATE ON torture.latest"
	" FOR EACH ROW EXECUTE FUNCTION torture.record();"
	/* a row for each stamp that torture.c may give */
	"CREATE TABLE torture.slots(stamp bigint PRIMARY KEY);"
	"INSERT INTO torture.slots SELECT generate_series(100000000, 100100000);"
	"ANALYZE torture.slots;"
	"CREATE TRIGGER record AFTER DELETE ON torture.slots"
	" FOR EACH ROW EXECUTE FUNCTION torture.record();";

static swm_str
view(const char *text)
{
	return (swm_str){ text, strlen(text) };
}

static void
copy_view(char *to, size_t room, swm_str from)
{
	snprintf(to, room, "%.*s", (int)from.len, from.ptr == NULL ? "" : from.ptr);
}

static void
add_answer(struct outcome *o, swm_str piece)
{
	size_t room = o->length < sizeof o->answer ? sizeof o->answer - o->length : 0;

	if (piece.len > 0 && room > 0)
		memcpy(o->answer + o->length, piece.ptr, piece.len < room ? piece.len : room);
	o->length += piece.len;
}

static void
add_text(struct outcome *o, const char *text)
{
	add_answer(o, view(text));
}

/* What the last call said, of itself and in the error object. Returns rc. */
static int
keep_result(struct stage *stage, int rc)
{
	struct outcome *o = stage->outcome;
	int told = swm_error_result(stage->err);

	o->rc = rc;
	o->told = told;
	copy_view(o->code, sizeof o->code, swm_error_code(stage->err));
	copy_view(o->message, sizeof o->message, swm_error_message(stage->err));
	if (told != (rc < 0 ? rc : SWM_OK) && o->untrue == NULL)
		o->untrue = "the error object has another result";
	if (rc == SWM_EUNKNOWN)
		o->unknown = true;
	return rc;
}

/*
 * Opening
 */

static int
set_config(struct stage *stage)
{
	static const char *const pairs[][2] = {
		{ "db-schemas", "torture" },
		{ "db-anon-role", "postgres" },
		{ "db-pool", "1" },
		{ "db-pool-acquisition-timeout", "3" },
		{ "db-answer-timeout", "3" },
		{ "db-idempotency-table", "torture_private.kept_answers" },
		{ "openapi-mode", "ignore-privileges" },
		{ "jwt-secret", "a secret of tests that is as long as it has to be" },
	};
	int rc = keep_result(stage, swm_config_new(&stage->config, stage->err));

	if (rc == SWM_OK)
		rc = keep_result(stage,
		                 swm_config_set(stage->config, "db-uri", stage->uri, stage->err));
	for (size_t i = 0; rc == SWM_OK && i < LENGTH(pairs); i++)
		rc = keep_result(
			stage, swm_config_set(stage->config, pairs[i][0], pairs[i][1], stage->err));
	return rc;
}

int
stage_open(struct stage *stage, bool engine)
{
	int rc = set_config(stage);

	return rc != SWM_OK || !engine
	               ? rc
	               : keep_result(stage, swm_engine_open(&stage->engine, stage->config, NULL,
	                                                    stage->err));
}

void
stage_close(struct stage *stage)
{
	swm_engine_close(stage->engine);
	swm_config_free(stage->config);
	stage->engine = NULL;
	stage->config = NULL;
}

static void
run_open(struct stage *stage)
{
	struct stage own = *stage;

	own.config = NULL;
	(void)stage_open(&own, true);
	stage_close(&own);
}

static void
run_reload(struct stage *stage)
{
	keep_result(stage, swm_engine_reload_schema(stage->engine, stage->err));
}

static void
run_status(struct stage *stage)
{
	enum { MILLISECONDS = 60000 };
	char *status = NULL;

	keep_result(stage, swm_status_read(&status, stage->config, MILLISECONDS, stage->err));
	if (status != NULL && strstr(status, "\"slowest\"") == NULL)
		stage->outcome->untrue = "the status is not complete";
	swm_status_free(status);
}

/*
 * Queries as text, and what is made of them without the database
 */

#define QUERY_TEXT                                                                                 \
	"items?select=id,name,weight::text,first:doc->a->0,sort:kinds!inner(name)"                 \
	"&or=(id.lt.5,and(id.gte.9,name.not.like.*2))&name=not.in.(\"a,b\",c)"                   \
	"&order=weight.desc.nullslast,id&limit=5&offset=1"

static int
parse_query(struct stage *stage, swm_query **query)
{
	return keep_result(stage, swm_query_parse(query, SWM_STR(QUERY_TEXT), stage->err));
}

static int
write_plan(struct stage *stage, swm_arena *arena, const swm_snapshot *snapshot,
           const swm_query *query)
{
	const swm_settings *settings = stage->engine->settings;
	swm_read_request request = { .relation = query->relation, .ast = query->ast };
	swm_statement statement;
	swm_read_plan *plan;
	int rc = keep_result(stage,
	                     swm_plan_schema(&request.schema, settings, query->schema, stage->err));

	if (rc == SWM_OK)
		rc = keep_result(stage, swm_plan_read(&plan, arena, snapshot, settings, &request,
		                                      stage->err));
	if (rc == SWM_OK)
		rc = keep_result(stage, swm_sql_read(&statement, arena, plan, stage->err));
	if (rc != SWM_OK)
		return rc;
	add_text(stage->outcome, statement.text);
	for (int i = 0; i < statement.param_count; i++) {
		add_text(stage->outcome, "\n");
		add_text(stage->outcome, statement.params[i]);
	}
	return rc;
}

static int
plan_query(struct stage *stage, const swm_query *query)
{
	swm_snapshot *snapshot;
	int rc = keep_result(stage, swm_engine_snapshot(&snapshot, stage->engine, -1, stage->err));

	if (rc != SWM_OK)
		return rc;
	swm_arena *arena = swm_arena_new();
	rc = arena == NULL ? keep_result(stage, swm_fail_memory(stage->err))
	                   : write_plan(stage, arena, snapshot, query);
	swm_arena_free(arena);
	swm_snapshot_unref(snapshot);
	return rc;
}

/* The plan only shows what was understood. */
static void
run_parse(struct stage *stage)
{
	swm_query *query = NULL;
	int rc = parse_query(stage, &query);

	heap_disarm();
	if (rc == SWM_OK)
		plan_query(stage, query);
	swm_query_free(query);
}

static void
run_plan(struct stage *stage)
{
	swm_query *query = NULL;

	if (parse_query(stage, &query) == SWM_OK)
		plan_query(stage, query);
	swm_query_free(query);
}

/*
 * Rows
 */

static int
add_row(struct outcome *o, swm_rows *rows)
{
	for (size_t i = 0; i < swm_rows_columns(rows); i++) {
		swm_str value = { "null", 4 };
		int rc = SWM_OK;
		if (swm_rows_kind(rows, i) == SWM_KIND_BYTES)
			rc = swm_rows_bytes(rows, i, &value);
		else if (!swm_rows_is_null(rows, i))
			rc = swm_rows_text(rows, i, &value);
		if (rc != SWM_OK)
			return rc;
		add_answer(o, swm_rows_name(rows, i));
		add_text(o, "=");
		add_answer(o, value);
		add_text(o, ";");
	}
	return SWM_OK;
}

static void
read_rows(struct stage *stage, swm_rows *rows)
{
	int rc;

	while ((rc = keep_result(stage, swm_rows_next(rows, stage->err))) == 1)
		if ((rc = add_row(stage->outcome, rows)) != SWM_OK) {
			stage->outcome->rc = rc; /* the row's functions take no error object */
			return;
		}
}

static void
run_query(struct stage *stage, const swm_query *query, enum swm_rows_mode mode)
{
	swm_session *session = NULL;
	swm_rows *rows = NULL;
	int rc = keep_result(stage,
	                     swm_session_new(&session, stage->engine, "postgres", stage->err));

	if (rc == SWM_OK)
		rc = keep_result(stage, swm_session_query(&rows, session, query, mode, stage->err));
	if (rc == SWM_OK)
		read_rows(stage, rows);
	swm_rows_close(rows);
	swm_session_free(session);
}

/* A query that calls build. */
static void
run_built(struct stage *stage, enum swm_rows_mode mode)
{
	swm_query *query = NULL;
	int rc = keep_result(stage, swm_query_new(&query, "items", stage->err));

	if (rc == SWM_OK)
		rc = keep_result(
			stage, swm_query_where(query, "kind", SWM_OP_EQ, SWM_STR("1"), stage->err));
	if (rc == SWM_OK)
		rc = keep_result(stage, swm_query_order(query, "id", false, stage->err));
	if (rc == SWM_OK)
		run_query(stage, query, mode);
	swm_query_free(query);
}

static void
run_whole(struct stage *stage)
{
	run_built(stage, SWM_ROWS_WHOLE);
}

static void
run_rows(struct stage *stage)
{
	run_built(stage, SWM_ROWS_STREAM);
}

/* A function that writes and returns a text. */
static void
run_note(struct stage *stage, enum swm_rows_mode mode)
{
	char text[80];
	swm_query *query = NULL;

	snprintf(text, sizeof text, "rpc/note?stamp=%ld&length=%ld", stage->stamp, stage->length);
	if (keep_result(stage, swm_query_parse(&query, view(text), stage->err)) == SWM_OK)
		run_query(stage, query, mode);
	swm_query_free(query);
}

static void
run_note_whole(struct stage *stage)
{
	run_note(stage, SWM_ROWS_WHOLE);
}

static void
run_note_rows(struct stage *stage)
{
	run_note(stage, SWM_ROWS_STREAM);
}

/*
 * Inserting
 */

/* A value's failure is told by the row's end, and once more by whatever is called behind it. */
static int
insert_row(struct stage *stage, swm_insert *insert, int n)
{
	int rc = swm_insert_int64(insert, 0, stage->stamp);

	if (rc == SWM_OK)
		rc = swm_insert_int64(insert, 1, n);
	if (rc == SWM_OK)
		rc = swm_insert_text(insert, 2, SWM_STR("some\ttext"));
	int end = keep_result(stage, swm_insert_row(insert, stage->err));
	if (rc != SWM_OK && rc != end && stage->outcome->untrue == NULL)
		stage->outcome->untrue = "the row's end does not tell the failure of its value";
	return rc != SWM_OK ? rc : end;
}

static void
commit_again(struct stage *stage, swm_insert *insert, int rc)
{
	int again = swm_insert_commit(insert, NULL, stage->err);

	if ((again != rc || swm_error_result(stage->err) != rc) && stage->outcome->untrue == NULL)
		stage->outcome->untrue = "a second commit tells another failure";
}

static void
fill_insert(struct stage *stage, swm_insert *insert)
{
	int64_t affected = -1;
	char text[32];
	int rc = SWM_OK;

	for (int n = 0; rc == SWM_OK && n < 3; n++)
		rc = insert_row(stage, insert, n);
	if (rc == SWM_OK)
		rc = keep_result(stage, swm_insert_commit(insert, &affected, stage->err));
	if (rc != SWM_OK) {
		commit_again(stage, insert, rc);
		return;
	}
	snprintf(text, sizeof text, "%" PRId64 " rows", affected);
	add_text(stage->outcome, text);
}

static void
run_insert(struct stage *stage)
{
	static const char *const columns[] = { "stamp", "n", "t" };
	swm_session *session = NULL;
	swm_insert *insert = NULL;
	int rc = keep_result(stage,
	                     swm_session_new(&session, stage->engine, "postgres", stage->err));

	if (rc == SWM_OK)
		rc = keep_result(stage, swm_insert_new(&insert, session, "stamps", columns,
		                                       LENGTH(columns), NULL, stage->err));
	if (rc == SWM_OK)
		fill_insert(stage, insert);
	swm_insert_free(insert);
	swm_session_free(session);
}

/*
 * Requests
 */

static int
sink_status(void *user, int status)
{
	struct outcome *o = user;

	o->status = status;
	return 0;
}

static int
sink_header(void *user, swm_str name, swm_str value)
{
	add_answer(user, name);
	add_text(user, ": ");
	add_answer(user, value);
	add_text(user, "\n");
	return 0;
}

static int
sink_body(void *user, swm_str piece)
{
	add_answer(user, piece);
	return 0;
}

struct text_body {
	swm_str rest;
};

static ptrdiff_t
read_text(void *user, char *to, size_t room)
{
	struct text_body *body = user;
	size_t n = body->rest.len < room ? body->rest.len : room;

	if (n > 0)
		memcpy(to, body->rest.ptr, n);
	body->rest = (swm_str){ body->rest.ptr + n, body->rest.len - n };
	return (ptrdiff_t)n;
}

/* A whole request; headers are name, value and so on, ended by NULL. An empty body is none. */
struct asked {
	const char *method, *target;
	const char *headers[8];
	const char *body;
};

static int
add_headers(struct stage *stage, swm_request *request, const char *const *headers)
{
	int rc = SWM_OK;

	for (; rc == SWM_OK && headers[0] != NULL; headers += 2)
		rc = swm_request_add_header(request, view(headers[0]), view(headers[1]));
	if (rc != SWM_OK)
		stage->outcome->rc = rc; /* it takes no error object */
	return rc;
}

/* An answer that is an error says so in its body, whose code stands behind this. */
static void
keep_web_error(struct outcome *o)
{
	static const char code[] = "\"code\":\"SWM001\"", message[] = "\"message\":\"";
	size_t length = o->length < sizeof o->answer ? o->length : sizeof o->answer;
	const char *at = memmem(o->answer, length, message, sizeof message - 1);

	if (o->rc == SWM_OK && o->status >= 400 &&
	    memmem(o->answer, length, code, sizeof code - 1) != NULL)
		o->unknown = true;
	if (o->rc == SWM_OK && o->status >= 400 && at != NULL)
		copy_view(o->message, sizeof o->message,
		          (swm_str){ at, (size_t)(o->answer + length - at) });
}

static void
serve(struct stage *stage, const struct asked *asked)
{
	struct text_body text = { view(asked->body == NULL ? "" : asked->body) };
	swm_body body = { sizeof body, &text, read_text };
	swm_sink sink = { sizeof sink, stage->outcome, sink_status, sink_header, sink_body };
	swm_request *request = NULL;
	int rc = keep_result(stage, swm_request_new(&request, stage->err));

	if (rc == SWM_OK) {
		swm_request_set_method(request, view(asked->method));
		swm_request_set_target(request, view(asked->target));
		if (asked->body != NULL)
			swm_request_set_body(request, &body);
		rc = add_headers(stage, request, asked->headers);
	}
	if (rc == SWM_OK)
		keep_result(stage, swm_engine_serve(stage->engine, request, &sink, stage->err));
	swm_request_free(request);
	keep_web_error(stage->outcome);
}

static void
run_read(struct stage *stage)
{
	static const struct asked asked = {
		.method = "GET",
		.target = "/items?select=id,name,picture,sort:kinds(name)&kind=eq.2&order=id&limit=4",
		.headers = { "Prefer", "count=exact", "Accept", "application/json" },
	};

	serve(stage, &asked);
}

/* More than the output buffer holds: it begins before it is complete. */
static void
run_stream(struct stage *stage)
{
	serve(stage, &(struct asked){ "GET", "/pages", { NULL }, NULL });
}

static void
run_csv(struct stage *stage)
{
	serve(stage, &(struct asked){ "GET", "/items?limit=3", { "Accept", "text/csv" }, NULL });
}

/* Each @ stands for the stamp. */
static void
put_stamps(char *to, size_t room, const struct stage *stage, const char *text)
{
	size_t length = 0;

	for (; *text != '\0' && length + 32 < room; text++)
		if (*text == '@')
			length += (size_t)snprintf(to + length, room - length, "%ld", stage->stamp);
		else
			to[length++] = *text;
	to[length] = '\0';
}

static void
post_preferring(struct stage *stage, const char *prefer, const char *target, const char *type,
                const char *text)
{
	char body[1024];

	put_stamps(body, sizeof body, stage, text);
	serve(stage, &(struct asked){ .method = "POST", .target = target, .body = body,
	                              .headers = { "Content-Type", type, "Prefer", prefer } });
}

static void
post(struct stage *stage, const char *target, const char *type, const char *text)
{
	post_preferring(stage, "return=representation", target, type, text);
}

static void
run_write(struct stage *stage)
{
	post(stage, "/stamps?select=n,t", "application/json",
	     "[{\"stamp\": @, \"n\": 1, \"t\": \"a\"}, {\"stamp\": @, \"n\": 2, \"t\": \"b\"}]");
}

static void
run_lines(struct stage *stage)
{
	post(stage, "/stamps?select=n,t", "application/x-ndjson",
	     "{\"stamp\": @, \"n\": 1}\n{\"stamp\": @, \"n\": 2}\n{\"stamp\": @, \"n\": 3}\n");
}

static void
run_call(struct stage *stage)
{
	char body[80];

	snprintf(body, sizeof body, "{\"stamp\": %ld, \"length\": %ld}", stage->stamp,
	         stage->length);
	post(stage, "/rpc/note", "application/json", body);
}

#define RETURNED "\"headers\": {\"Prefer\": \"return=representation\"},"

static void
run_batch(struct stage *stage)
{
	post(stage, "/batch", "application/json",
	     "[{\"method\": \"POST\", \"path\": \"/stamps?select=n\", " RETURNED
	     " \"body\": {\"stamp\": @, \"n\": 5}},"
	     " {\"method\": \"POST\", \"path\": \"/stamps?select=n,t\", " RETURNED
	     " \"body\": {\"stamp\": @, \"n\": {\"$result\": \"/0/body/0/n\"}}},"
	     " {\"method\": \"GET\", \"path\": \"/items?select=id,name&id=eq.${/0/body/0/n}\"}]");
}

static void
run_table(struct stage *stage)
{
	post(stage, "/stamps?select=n,t", "text/csv", "stamp,n,t\n@,1,a\n@,2,\"b,c\"\n");
}

/* One of the rows is left out, and told. */
static void
run_skip(struct stage *stage)
{
	post_preferring(stage, "handling=lenient, errors=skip", "/stamps", "text/csv",
	                "stamp,n\n@,1\n@,one\n@,3\n");
}

static void
run_put(struct stage *stage)
{
	char target[64], body[64];

	put_stamps(target, sizeof target, stage, "/marks?stamp=eq.@");
	put_stamps(body, sizeof body, stage, "{\"stamp\": @, \"n\": 1}");
	serve(stage, &(struct asked){ .method = "PUT", .target = target, .body = body,
	                              .headers = { "Content-Type", "application/json" } });
}

static void
run_update(struct stage *stage)
{
	char body[64];

	put_stamps(body, sizeof body, stage, "{\"stamp\": @}");
	serve(stage, &(struct asked){ .method = "PATCH", .target = "/latest?id=eq.1&select=id",
	                              .body = body,
	                              .headers = { "Content-Type", "application/json",
	                                           "Prefer", "return=representation" } });
}

/* What it removes is counted, and not returned. */
static void
run_delete(struct stage *stage)
{
	char target[64];

	put_stamps(target, sizeof target, stage, "/slots?stamp=eq.@");
	serve(stage, &(struct asked){ .method = "DELETE", .target = target,
	                              .headers = { "Prefer", "return=minimal, count=exact" } });
}

/* Its answer says where the next page begins. */
static void
run_page(struct stage *stage)
{
	serve(stage, &(struct asked){ "GET", "/items?order=id&limit=3", { NULL }, NULL });
}

static void
run_options(struct stage *stage)
{
	serve(stage, &(struct asked){ "OPTIONS", "/items", { "Origin", "http://a.example" }, NULL });
}

static void
run_root(struct stage *stage)
{
	serve(stage, &(struct asked){ "GET", "/", { NULL }, NULL });
}

/*
 * Tokens
 */

#define CLAIMS "{\"role\": \"postgres\", \"exp\": 4102444800}"

static int
sign(struct stage *stage, char **token)
{
	return keep_result(stage,
	                   swm_token_sign(token, stage->config, SWM_STR(CLAIMS), NULL, stage->err));
}

static void
run_sign(struct stage *stage)
{
	char *token = NULL;

	if (sign(stage, &token) == SWM_OK)
		add_text(stage->outcome, token);
	swm_token_free(token);
}

static bool
make_bearer(struct stage *stage, char *to, size_t room)
{
	char *token = NULL;
	bool made = sign(stage, &token) == SWM_OK;

	if (made)
		snprintf(to, room, "Bearer %s", token);
	swm_token_free(token);
	return made;
}

static void
run_token(struct stage *stage)
{
	char bearer[512];

	if (make_bearer(stage, bearer, sizeof bearer))
		serve(stage, &(struct asked){ .method = "GET", .target = "/kinds?order=id",
		                              .headers = { "Authorization", bearer } });
}

/* A write whose answer is kept; the stamp is its key. */
static void
run_keyed(struct stage *stage)
{
	char bearer[512], key[64], body[128];

	put_stamps(key, sizeof key, stage, "@");
	put_stamps(body, sizeof body, stage, "{\"stamp\": @, \"n\": 1}");
	if (make_bearer(stage, bearer, sizeof bearer))
		serve(stage, &(struct asked){ .method = "POST", .target = "/stamps?select=n",
		                              .headers = { "Authorization", bearer,
		                                           "Idempotency-Key", key,
		                                           "Prefer", "return=representation" },
		                              .body = body });
}

const struct act acts[] = {
	{ "open", run_open, false, 0 },
	{ "reload", run_reload, true, 0 },
	{ "status", run_status, false, 0 },
	{ "parse", run_parse, true, 0 },
	{ "plan", run_plan, true, 0 },
	{ "query", run_whole, true, 0 },
	{ "rows", run_rows, true, 0 },
	{ "query-note", run_note_whole, true, 1 },
	{ "rows-note", run_note_rows, true, 1 },
	{ "insert", run_insert, true, 3 },
	{ "read", run_read, true, 0 },
	{ "stream", run_stream, true, 0 },
	{ "csv", run_csv, true, 0 },
	{ "write", run_write, true, 2 },
	{ "lines", run_lines, true, 3 },
	{ "call", run_call, true, 1 },
	{ "batch", run_batch, true, 2 },
	{ "table", run_table, true, 2 },
	{ "skip", run_skip, true, 2 },
	{ "put", run_put, true, 1 },
	{ "update", run_update, true, 1 },
	{ "delete", run_delete, true, 1 },
	{ "page", run_page, true, 0 },
	{ "options", run_options, true, 0 },
	{ "root", run_root, true, 0 },
	{ "sign", run_sign, false, 0 },
	{ "token", run_token, true, 0 },
	{ "keyed", run_keyed, true, 1 },
};
const size_t act_count = LENGTH(acts);
