/*
 * Runs the golden cases: a query is parsed, planned against a snapshot and written as
 * SQL, and that must be what the case says.
 *
 *	golden SCHEMA.sql CASES.txt...
 *
 * The snapshot is made of the schema's text. Where SWM_TEST_URI is set, the schema is in
 * that database: then each case must come out the same with the snapshot loaded from it,
 * and PostgreSQL must take each statement. Each query is also built again by calls, which
 * must come to the same. Ends with a line "N passed, N failed".
 */
#include "config.h"

#include "../schema/schema_text.h"
#include "json/scan.h"
#include "plan/call.h"
#include "query/arguments.h"
#include "query/query.h"
#include "rebuild.h"
#include "sql/sql.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#define SCHEMAS "golden,film"

enum { MOST_LINES = 64 };

/* One case: the lines of the file that belong to it. */
struct golden {
	const char *file;
	int line;
	char *lines[MOST_LINES];
	int count;
};

/* What the cases are run with. */
struct setting {
	swm_snapshot *snapshot;
	PGconn *pg; /* NULL without a database */
};

/* What came of a case. */
struct outcome {
	swm_arena *arena;
	swm_error *err;
	int rc;
	swm_statement read, count;
	bool rebuilt; /* by calls it was the same */
};

static int passed, failed;

static const char *
value_of(const struct golden *c, const char *key)
{
	size_t n = strlen(key);

	for (int i = 0; i < c->count; i++) {
		const char *line = c->lines[i];
		if (strncmp(line, key, n) == 0 && (line[n] == ' ' || line[n] == '\0'))
			return line[n] == ' ' ? line + n + 1 : line + n;
	}
	return NULL;
}

static swm_config *
config_of(const struct golden *c)
{
	swm_config *config;
	char name[64];
	int n = 0;

	if (swm_config_new(&config, NULL) != SWM_OK ||
	    swm_config_set(config, "db-schemas", SCHEMAS, NULL) != SWM_OK)
		exit(2);
	for (int i = 0; i < c->count; i++)
		if (sscanf(c->lines[i], "set %63s %n", name, &n) == 1 &&
		    swm_config_set(config, name, c->lines[i] + n, NULL) != SWM_OK)
			exit(2);
	return config;
}

/* The body of a case, as a POST has it. */
static void
set_body(const struct golden *c, struct outcome *o, swm_call_request *call)
{
	const char *body = value_of(c, "body"), *content = value_of(c, "content");
	swm_json_scan *scan = swm_json_scan_new(o->arena);
	swm_json_facts facts;

	if (body == NULL)
		return;
	call->post = true;
	call->pair_count = 0; /* what is no filter counts for nothing */
	call->content = swm_content_of(content == NULL ? SWM_STR("") : swm_cstr(content));
	call->body = swm_cstr(body);
	call->no_body = call->body.len == 0;
	if (call->content != SWM_CONTENT_JSON)
		return;
	if (swm_json_scan_feed(scan, call->body) != SWM_OK || swm_json_scan_end(scan, &facts) != SWM_OK)
		exit(2);
	call->keys = facts.keys;
	call->key_count = facts.key_count;
	call->in_array = facts.body == SWM_JSON_BODY_ARRAY;
	call->whole_body = facts.body == SWM_JSON_BODY_SCALAR || (call->in_array && (!facts.rows_agree || facts.elements > 1));
}

/* query rpc/name?...: a function is called. */
static void
parse_call(const struct golden *c, const swm_snapshot *snapshot, struct outcome *o, swm_read_request *request)
{
	swm_str text = swm_str_from(swm_cstr(value_of(c, "query")), strlen("rpc/"));
	size_t mark = swm_str_find(text, '?'), count, others;
	swm_pair *pairs;
	swm_ast *ast = NULL;
	const swm_plan_call *call = NULL;

	if (swm_url_pairs(&pairs, &count, o->arena, swm_str_from(text, mark + 1), 0, o->err) != SWM_OK ||
	    swm_query_part_arguments(pairs, count, &others, o->arena, o->err) != SWM_OK)
		exit(2);
	swm_call_request asked = { .schema = request->schema, .name = { text.ptr, mark },
	                           .role = SWM_STR("postgres"),
	                           .pairs = pairs + others, .pair_count = count - others };
	set_body(c, o, &asked);
	o->rc = swm_query_parse_pairs(&ast, o->arena, pairs, others, o->err);
	if (o->rc == SWM_OK)
		o->rc = swm_plan_call_of(&call, o->arena, snapshot, &asked, o->err);
	request->ast = ast;
	request->call = call;
	request->function = call == NULL ? NULL : call->function;
}

/* write METHOD: its rows are of `body`, and `prefer` says what becomes of them. */
static void
plan_and_write_rows(const struct golden *c, const swm_snapshot *snapshot, const swm_settings *settings,
                    const swm_read_request *read, struct outcome *o)
{
	static const char *const methods[] = { [SWM_WRITE_INSERT] = "POST", [SWM_WRITE_PUT] = "PUT",
		[SWM_WRITE_UPDATE] = "PATCH", [SWM_WRITE_DELETE] = "DELETE" };
	const char *body = value_of(c, "body"), *prefer = value_of(c, "prefer");
	swm_json_scan *scan = swm_json_scan_new(o->arena);
	swm_json_facts facts = { .body = SWM_JSON_BODY_OBJECT };
	swm_write_request request = { .read = *read };
	swm_preferences asked;
	swm_write_plan *plan;

	while (strcmp(methods[request.kind], value_of(c, "write")) != 0)
		if (++request.kind > SWM_WRITE_DELETE)
			exit(2);
	if (body != NULL &&
	    (swm_json_scan_feed(scan, swm_cstr(body)) != SWM_OK || swm_json_scan_end(scan, &facts) != SWM_OK))
		exit(2);
	if (swm_prefer_parse(&asked, o->arena, prefer == NULL ? SWM_STR("") : swm_cstr(prefer), NULL) != SWM_OK)
		exit(2);
	request.read.written = true;
	request.keys = facts.keys;
	request.key_count = facts.key_count;
	request.body_is_array = facts.body == SWM_JSON_BODY_ARRAY;
	request.fill_defaults = asked.missing == SWM_MISSING_DEFAULT;
	request.resolution = asked.resolution;
	request.returned = asked.returned;
	o->rc = swm_plan_write(&plan, o->arena, snapshot, settings, &request, o->err);
	if (o->rc == SWM_OK)
		o->rc = swm_sql_write(&o->read, o->arena, plan, body, o->err);
}

static void
plan_and_write(const swm_snapshot *snapshot, const swm_settings *settings, const swm_read_request *request,
               struct outcome *o)
{
	swm_read_plan *plan;

	o->rc = swm_plan_read(&plan, o->arena, snapshot, settings, request, o->err);
	if (o->rc == SWM_OK)
		o->rc = swm_sql_read(&o->read, o->arena, plan, o->err);
	if (o->rc == SWM_OK)
		o->rc = swm_sql_count(&o->count, o->arena, plan, o->err);
}

static bool
same_statement(const swm_statement *a, const swm_statement *b)
{
	bool same = strcmp(a->text, b->text) == 0 && a->param_count == b->param_count;

	for (int i = 0; same && i < a->param_count; i++)
		same = strcmp(a->params[i], b->params[i]) == 0;
	return same;
}

static int
call_built(const swm_snapshot *snapshot, const swm_query *built, swm_read_request *request, struct outcome *o)
{
	const swm_call_request asked = { .schema = request->schema, .name = built->relation, .role = SWM_STR("postgres"),
		.pairs = built->arguments, .pair_count = built->argument_count };
	int rc = swm_plan_call_of(&request->call, o->arena, snapshot, &asked, o->err);

	request->function = rc == SWM_OK ? request->call->function : NULL;
	return rc;
}

/* The query as a program would build it by calls. */
static void
run_rebuilt(const swm_snapshot *snapshot, const swm_settings *settings, const swm_read_request *request, swm_query *query,
            struct outcome *o)
{
	swm_query *built = rebuild(query);
	struct outcome again = { .arena = o->arena, .err = o->err };
	swm_read_request same = *request;

	same.ast = built->ast;
	if (built->is_call)
		again.rc = call_built(snapshot, built, &same, &again);
	if (again.rc == SWM_OK)
		plan_and_write(snapshot, settings, &same, &again);
	o->rebuilt = again.rc == SWM_OK && same_statement(&again.read, &o->read) && same_statement(&again.count, &o->count);
	if (!o->rebuilt)
		fprintf(stderr, "%s\n", again.rc == SWM_OK ? again.read.text : swm_error_message(o->err).ptr);
	swm_query_free(built);
}

static void
run(const struct golden *c, const swm_snapshot *snapshot, struct outcome *o)
{
	swm_config *config = config_of(c);
	const swm_settings *settings;
	swm_query *query = NULL;
	swm_range range;
	const char *asked_range = value_of(c, "range"), *schema = value_of(c, "schema");
	swm_str text = swm_cstr(value_of(c, "query"));
	swm_read_request request = {
		.schema = swm_cstr(schema == NULL ? "golden" : schema), .role = SWM_STR("postgres"), .json = value_of(c, "text") == NULL, .iso_dates = true,
	};

	if (swm_settings_resolve(&settings, config, o->err) != SWM_OK)
		exit(2);
	swm_config_free(config);
	if (swm_str_starts(text, SWM_STR("rpc/"))) {
		parse_call(c, snapshot, o, &request);
		if (o->rc == SWM_OK && value_of(c, "body") == NULL && swm_query_parse(&query, text, o->err) != SWM_OK)
			exit(2);
	} else {
		o->rc = swm_query_parse(&query, text, o->err);
		request.relation = query == NULL ? text : query->relation;
		request.ast = query == NULL ? NULL : query->ast;
	}
	if (asked_range != NULL && swm_range_parse(&range, swm_cstr(asked_range)))
		request.range = &range;
	bool writes = value_of(c, "write") != NULL;
	if (o->rc == SWM_OK && writes)
		plan_and_write_rows(c, snapshot, settings, &request, o);
	else if (o->rc == SWM_OK)
		plan_and_write(snapshot, settings, &request, o);
	o->rebuilt = true;
	if (o->rc == SWM_OK && query != NULL && !writes)
		run_rebuilt(snapshot, settings, &request, query, o);
	swm_query_free(query);
	swm_settings_unref(settings);
}

static bool
same(const struct golden *c, const char *what, const char *expected, const char *actual)
{
	if (expected == NULL || strcmp(expected, actual) == 0)
		return true;
	fprintf(stderr, "%s:%d: %s\n  %s expected: %s\n  %s actual:   %s\n", c->file, c->line,
	        value_of(c, "query"), what, expected, what, actual);
	return false;
}

/* A case may write {types} for the condition on the types of the columns that are written. */
static bool
same_sql(const struct golden *c, const struct outcome *o)
{
	static const char end_of_types[] = "') = '' END";
	const char *expected = value_of(c, "sql"), *types = strstr(expected, "{types}");
	const char *begin = types == NULL ? NULL : strstr(o->read.text, "CASE WHEN pg_catalog.pg_typeof(");
	const char *end = begin == NULL ? NULL : strstr(begin, end_of_types);

	if (end == NULL)
		return same(c, "sql", expected, o->read.text);
	swm_buf text = SWM_BUF_INIT;
	swm_buf_add(&text, o->read.text, (size_t)(begin - o->read.text));
	swm_buf_cstr(&text, "{types}");
	swm_buf_cstr(&text, end + strlen(end_of_types));
	bool ok = same(c, "sql", expected, swm_buf_text(&text));
	swm_buf_dispose(&text);
	return ok;
}

/* Every parameter, and no more. */
static bool
same_params(const struct golden *c, const swm_statement *s)
{
	int expected = 0;
	bool ok = true;

	for (int i = 0; i < c->count; i++) {
		int n, at;
		if (sscanf(c->lines[i], "param %d %n", &n, &at) != 1)
			continue;
		expected++;
		ok = n >= 1 && n <= s->param_count && same(c, "param", c->lines[i] + at, s->params[n - 1]) && ok;
	}
	char count[16], actual[16];
	snprintf(count, sizeof count, "%d", expected);
	snprintf(actual, sizeof actual, "%d", s->param_count);
	return same(c, "number of params", count, actual) && ok;
}

/* All that a case says of an answer is compared, so that one run tells all that is wrong. */
static bool
check(const struct golden *c, const struct outcome *o)
{
	const char *code = value_of(c, "error");
	bool ok;

	if (code == NULL && o->rc != SWM_OK)
		return same(c, "result", "no error", swm_error_message(o->err).ptr);
	if (code == NULL) {
		if (value_of(c, "sql") == NULL)
			return same(c, "case", "a line sql or error", "none");
		ok = same_sql(c, o);
		ok = same(c, "count", value_of(c, "count"), o->count.text) && ok;
		return same_params(c, &o->read) && ok;
	}
	if (o->rc == SWM_OK)
		return same(c, "result", code, "no error");
	ok = same(c, "code", code, swm_error_code(o->err).ptr);
	ok = same(c, "message", value_of(c, "message"), swm_error_message(o->err).ptr) && ok;
	ok = same(c, "details", value_of(c, "details"), swm_error_details(o->err).ptr) && ok;
	return same(c, "hint", value_of(c, "hint"), swm_error_hint(o->err).ptr) && ok;
}

/* Whether PostgreSQL takes a statement: names and types are looked up, nothing is run. */
static bool
is_valid(const struct golden *c, PGconn *pg, const char *sql)
{
	PGresult *r = PQprepare(pg, "", sql, 0, NULL);
	bool ok = PQresultStatus(r) == PGRES_COMMAND_OK;

	if (!ok && value_of(c, "invalid") == NULL)
		fprintf(stderr, "%s:%d: %s\n  PostgreSQL: %s", c->file, c->line, value_of(c, "query"), PQresultErrorMessage(r));
	if (ok && value_of(c, "invalid") != NULL)
		fprintf(stderr, "%s:%d: %s\n  PostgreSQL takes it\n", c->file, c->line, value_of(c, "query"));
	PQclear(r);
	return ok == (value_of(c, "invalid") == NULL);
}

static bool
check_statements(const struct golden *c, PGconn *pg, const struct outcome *o)
{
	const char *schema = value_of(c, "schema") == NULL ? "golden" : value_of(c, "schema");

	if (pg == NULL || o->rc != SWM_OK)
		return true;
	/* as a request has it, since computed fields may be meant */
	PQclear(PQexecParams(pg, "SELECT set_config('search_path', $1, false)", 1, NULL, &schema, NULL, NULL, 0));
	return is_valid(c, pg, o->read.text) &&
	       (value_of(c, "invalid") != NULL || o->count.text == NULL || is_valid(c, pg, o->count.text));
}

static void
run_case(struct golden *c, const struct setting *with)
{
	if (c->count == 0)
		return;
	struct outcome o = { .arena = swm_arena_new(), .err = swm_error_new() };
	if (value_of(c, "query") == NULL) {
		fprintf(stderr, "%s:%d: a case without a query\n", c->file, c->line);
		exit(2);
	}
	run(c, with->snapshot, &o);
	bool ok = check(c, &o);
	ok = same(c, "the query built by calls", "the same", o.rebuilt ? "the same" : "another") && ok;
	ok = check_statements(c, with->pg, &o) && ok;
	*(ok ? &passed : &failed) += 1;
	for (int i = 0; i < c->count; i++)
		free(c->lines[i]);
	c->count = 0;
	swm_error_free(o.err);
	swm_arena_free(o.arena);
}

static void
run_file(const char *name, const struct setting *with)
{
	struct golden c = { .file = name };
	char *line = NULL;
	size_t room = 0;
	int number = 0;
	FILE *f = fopen(name, "r");

	if (f == NULL) {
		perror(name);
		exit(2);
	}
	for (ssize_t n; (n = getline(&line, &room, f)) >= 0;) {
		number++;
		if (n > 0 && line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (line[0] == '#')
			continue;
		if (line[0] == '\0') {
			run_case(&c, with);
			continue;
		}
		if (c.count == 0)
			c.line = number;
		if (c.count == MOST_LINES || (c.lines[c.count++] = strdup(line)) == NULL)
			exit(2);
	}
	run_case(&c, with);
	free(line);
	fclose(f);
}

static const swm_settings *
make_settings(void)
{
	swm_config *config;
	const swm_settings *settings;

	if (swm_config_new(&config, NULL) != SWM_OK || swm_config_set(config, "db-schemas", SCHEMAS, NULL) != SWM_OK ||
	    swm_settings_resolve(&settings, config, NULL) != SWM_OK)
		exit(2);
	swm_config_free(config);
	return settings;
}

static struct setting
connect_to(const char *uri, const swm_settings *settings)
{
	struct setting with = { .pg = PQconnectdb(uri) };
	swm_error *err = swm_error_new();

	if (PQstatus(with.pg) != CONNECTION_OK ||
	    swm_snapshot_load(&with.snapshot, with.pg, settings, err) != SWM_OK) {
		fprintf(stderr, "golden: %s%s\n", PQerrorMessage(with.pg), swm_error_message(err).ptr);
		exit(2);
	}
	swm_error_free(err);
	return with;
}

static void
run_files(char **names, struct setting with)
{
	for (; *names != NULL; names++)
		run_file(*names, &with);
	swm_snapshot_unref(with.snapshot);
	PQfinish(with.pg);
}

int
main(int argc, char **argv)
{
	const char *uri = getenv("SWM_TEST_URI");
	const swm_settings *settings = make_settings();

	if (argc < 3)
		return 2;
	run_files(argv + 2, (struct setting){ .snapshot = schema_file_load(argv[1], settings) });
	if (uri != NULL)
		run_files(argv + 2, connect_to(uri, settings));
	swm_settings_unref(settings);
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0 || passed == 0;
}
