/*
 * Runs the golden cases: a query is parsed, planned against a real snapshot and
 * written as SQL, and that must be what the case says.
 *
 *	golden FILE...      (SWM_TEST_URI: a database with tests/golden/schema.sql)
 *
 * Ends with a line "N passed, N failed".
 */
#include "config.h"

#include "json/scan.h"
#include "plan/call.h"
#include "query/arguments.h"
#include "query/query.h"
#include "schema/schema.h"
#include "sql/sql.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_LINES = 64 };

/* One case: the lines of the file that belong to it. */
struct golden {
	const char *file;
	int line;
	char *lines[MOST_LINES];
	int count;
};

/* What came of a case. */
struct outcome {
	swm_arena *arena;
	swm_error *err;
	int rc;
	swm_statement read, count;
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
	const char *set = value_of(c, "set");
	char name[64];
	int n = 0;

	if (swm_config_new(&config, NULL) != SWM_OK ||
	    swm_config_set(config, "db-schemas", "golden", NULL) != SWM_OK)
		exit(2);
	if (set != NULL && (sscanf(set, "%63s %n", name, &n) != 1 || swm_config_set(config, name, set + n, NULL) != SWM_OK))
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
	if (call->content != SWM_CONTENT_JSON)
		return;
	if (swm_json_scan_feed(scan, call->body) != SWM_OK || swm_json_scan_end(scan, &facts) != SWM_OK)
		exit(2);
	call->keys = facts.keys;
	call->key_count = facts.key_count;
	call->in_array = facts.body == SWM_JSON_BODY_ARRAY;
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
	                           .pairs = pairs + others, .pair_count = count - others };
	set_body(c, o, &asked);
	o->rc = swm_query_parse_pairs(&ast, o->arena, pairs, others, o->err);
	if (o->rc == SWM_OK)
		o->rc = swm_plan_call_of(&call, o->arena, snapshot, &asked, o->err);
	request->ast = ast;
	request->call = call;
	request->function = call == NULL ? NULL : call->function;
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

static void
run(const struct golden *c, const swm_snapshot *snapshot, struct outcome *o)
{
	swm_config *config = config_of(c);
	const swm_settings *settings;
	swm_query *query = NULL;
	swm_range range;
	const char *asked_range = value_of(c, "range");
	swm_str text = swm_cstr(value_of(c, "query"));
	swm_read_request request = { .schema = SWM_STR("golden"), .json = value_of(c, "text") == NULL, .iso_dates = true };

	if (swm_settings_resolve(&settings, config, o->err) != SWM_OK)
		exit(2);
	swm_config_free(config);
	if (swm_str_starts(text, SWM_STR("rpc/"))) {
		parse_call(c, snapshot, o, &request);
	} else {
		o->rc = swm_query_parse(&query, text, o->err);
		request.relation = query == NULL ? text : query->relation;
		request.ast = query == NULL ? NULL : query->ast;
	}
	if (asked_range != NULL && swm_range_parse(&range, swm_cstr(asked_range)))
		request.range = &range;
	if (o->rc == SWM_OK)
		plan_and_write(snapshot, settings, &request, o);
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
		ok = same(c, "sql", value_of(c, "sql"), o->read.text);
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

static void
run_case(struct golden *c, const swm_snapshot *snapshot)
{
	if (c->count == 0)
		return;
	struct outcome o = { .arena = swm_arena_new(), .err = swm_error_new() };
	if (value_of(c, "query") == NULL) {
		fprintf(stderr, "%s:%d: a case without a query\n", c->file, c->line);
		exit(2);
	}
	run(c, snapshot, &o);
	*(check(c, &o) ? &passed : &failed) += 1;
	for (int i = 0; i < c->count; i++)
		free(c->lines[i]);
	c->count = 0;
	swm_error_free(o.err);
	swm_arena_free(o.arena);
}

static void
run_file(const char *name, const swm_snapshot *snapshot)
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
			run_case(&c, snapshot);
			continue;
		}
		if (c.count == 0)
			c.line = number;
		if (c.count == MOST_LINES || (c.lines[c.count++] = strdup(line)) == NULL)
			exit(2);
	}
	run_case(&c, snapshot);
	free(line);
	fclose(f);
}

static swm_snapshot *
load(void)
{
	const char *uri = getenv("SWM_TEST_URI");
	swm_error *err = swm_error_new();
	swm_config *config;
	const swm_settings *settings;
	swm_snapshot *snapshot;

	if (uri == NULL) {
		fprintf(stderr, "golden: SWM_TEST_URI is not set (tests/with-cluster sets it)\n");
		exit(2);
	}
	PGconn *pg = PQconnectdb(uri);
	if (PQstatus(pg) != CONNECTION_OK || swm_config_new(&config, err) != SWM_OK ||
	    swm_config_set(config, "db-schemas", "golden", err) != SWM_OK ||
	    swm_settings_resolve(&settings, config, err) != SWM_OK ||
	    swm_snapshot_load(&snapshot, pg, settings, err) != SWM_OK) {
		fprintf(stderr, "golden: %s%s\n", PQerrorMessage(pg), swm_error_message(err).ptr);
		exit(2);
	}
	PQfinish(pg);
	swm_settings_unref(settings);
	swm_config_free(config);
	swm_error_free(err);
	return snapshot;
}

int
main(int argc, char **argv)
{
	swm_snapshot *snapshot = load();

	for (int i = 1; i < argc; i++)
		run_file(argv[i], snapshot);
	swm_snapshot_unref(snapshot);
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0 || passed == 0;
}
