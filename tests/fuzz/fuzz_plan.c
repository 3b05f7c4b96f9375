/*
 * Query to plan to SQL, against the schema of tests/schema/films.sql, reads, calls and
 * writes. An input is
 *
 *	METHOD relation?query, or METHOD rpc/function?query
 *	a Range field
 *	a Prefer field
 *	a JSON body
 *
 * Whatever it is, the statements hold what check_sql.h says, and what is refused has an
 * error; a query that is built again by calls comes to the same statement. SWM_SOURCES: where the sources are.
 */
#include "config.h"

#include "../golden/rebuild.h"
#include "../schema/schema_text.h"
#include "check_sql.h"
#include "json/scan.h"
#include "plan/call.h"
#include "query/arguments.h"
#include "query/query.h"

#include <stdio.h>
#include <stdlib.h>

#define SCHEMA SWM_STR("film")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct asked {
	swm_arena *arena;
	swm_error *err;
	const swm_snapshot *snapshot;
	const swm_settings *settings;
	swm_str method, name;
	bool is_function, has_range;
	swm_pair *pairs;
	size_t pair_count;
	swm_range range;
	swm_preferences prefer;
	swm_str body;
	swm_json_facts facts;
};

static void
must(bool so)
{
	if (!so)
		abort();
}

static const swm_settings *
make_settings(const char *most_rows)
{
	swm_config *config;
	const swm_settings *settings;

	must(swm_config_new(&config, NULL) == SWM_OK);
	must(swm_config_set(config, "db-schemas", "film", NULL) == SWM_OK);
	must(swm_config_set(config, "db-aggregates-enabled", "true", NULL) == SWM_OK);
	must(swm_config_set(config, "db-max-rows", most_rows, NULL) == SWM_OK);
	must(swm_settings_resolve(&settings, config, NULL) == SWM_OK);
	swm_config_free(config);
	return settings;
}

static swm_snapshot *
load_snapshot(const swm_settings *settings)
{
	const char *sources = getenv("SWM_SOURCES");
	char name[4096];

	if (sources == NULL) {
		fprintf(stderr, "fuzz_plan: SWM_SOURCES is not set\n");
		exit(2);
	}
	snprintf(name, sizeof name, "%s/tests/schema/films.sql", sources);
	return schema_file_load(name, settings);
}

/* What was refused says why. */
static bool
is_done(const struct asked *a, int rc)
{
	/* EDATABASE: 42703 of a name that no column can have, as PostgreSQL would say it */
	must(rc == SWM_OK || rc == SWM_EPARSE || rc == SWM_ENOTFOUND || rc == SWM_EREFUSED || rc == SWM_EDATABASE);
	must(rc == SWM_OK || (swm_error_code(a->err).len > 0 && swm_error_message(a->err).len > 0));
	return rc == SWM_OK;
}

static void
check_read(const struct asked *a, const swm_read_plan *plan)
{
	swm_statement s, explained;

	must(swm_sql_read(&s, a->arena, plan, a->err) == SWM_OK);
	check_sql(&s);
	must(swm_sql_explain(&explained, a->arena, &s, true, SWM_EXPLAIN_ANALYZE, a->err) == SWM_OK);
	check_sql(&explained);
	must(swm_sql_count(&s, a->arena, plan, a->err) == SWM_OK);
	check_sql(&s);
	must(swm_sql_count_up_to(&s, a->arena, plan, 1000, a->err) == SWM_OK);
	check_sql(&s);
	must(swm_sql_estimate(&s, a->arena, plan, a->err) == SWM_OK);
	check_sql(&s);
}

/* Rows as JSON with their place, as the web has them, and as text, as CSV and programs have them. */
static void
ask_read(const struct asked *a, swm_read_request *request)
{
	swm_read_plan *plan;

	request->range = a->has_range ? &a->range : NULL;
	for (int json = 0; json <= 1; json++) {
		request->json = request->place = request->iso_dates = json;
		request->strip_nulls = !json;
		if (is_done(a, swm_plan_read(&plan, a->arena, a->snapshot, a->settings, request, a->err)))
			check_read(a, plan);
	}
}

static bool
same_statement(const swm_statement *a, const swm_statement *b)
{
	bool same = strcmp(a->text, b->text) == 0 && a->param_count == b->param_count;

	for (int i = 0; same && i < a->param_count; i++)
		same = strcmp(a->params[i], b->params[i]) == 0;
	return same;
}

static void
ask_rebuilt(const struct asked *a, const swm_read_request *request)
{
	struct swm_query asked = { .relation = a->name, .ast = (swm_ast *)(uintptr_t)request->ast };
	swm_read_request again = *request;
	swm_read_plan *plan;
	swm_statement first, second;

	if (swm_plan_read(&plan, a->arena, a->snapshot, a->settings, request, NULL) != SWM_OK)
		return;
	must(swm_sql_read(&first, a->arena, plan, NULL) == SWM_OK);
	swm_query *built = rebuild(&asked);
	again.ast = built->ast;
	must(swm_plan_read(&plan, a->arena, a->snapshot, a->settings, &again, NULL) == SWM_OK);
	must(swm_sql_read(&second, a->arena, plan, NULL) == SWM_OK && same_statement(&first, &second));
	swm_query_free(built);
}

static void
ask_write(const struct asked *a, const swm_read_request *read, enum swm_write_kind kind)
{
	swm_write_request request = {
		.kind = kind, .read = *read, .keys = a->facts.keys, .key_count = a->facts.key_count,
		.body_is_array = a->facts.body == SWM_JSON_BODY_ARRAY, .fill_defaults = a->prefer.missing == SWM_MISSING_DEFAULT,
		.resolution = a->prefer.resolution, .returned = a->prefer.returned,
	};
	swm_write_plan *plan;
	swm_statement s;

	request.read.written = request.read.json = request.read.once = true;
	if (!is_done(a, swm_plan_write(&plan, a->arena, a->snapshot, a->settings, &request, a->err)))
		return;
	must(swm_sql_write(&s, a->arena, plan, a->body.ptr, a->err) == SWM_OK);
	check_sql(&s);
}

static void
ask_call(const struct asked *a, swm_read_request *read, size_t others)
{
	bool is_array = a->facts.body == SWM_JSON_BODY_ARRAY, post = swm_str_eq(a->method, SWM_STR("POST"));
	swm_call_request request = {
		.schema = SCHEMA, .name = a->name, .role = SWM_STR("postgres"), .post = post, .content = SWM_CONTENT_JSON,
		.pairs = a->pairs + others, .pair_count = post ? 0 : a->pair_count - others, .body = a->body,
		.keys = a->facts.keys, .key_count = a->facts.key_count, .in_array = is_array,
		.whole_body = is_array && (!a->facts.rows_agree || a->facts.elements > 1),
	};

	if (!is_done(a, swm_plan_call_of(&read->call, a->arena, a->snapshot, &request, a->err)))
		return;
	read->function = read->call->function;
	ask_read(a, read);
}

static void
ask(struct asked *a)
{
	static const struct { swm_str method; enum swm_write_kind kind; } writes[] = {
		{ { "POST", 4 }, SWM_WRITE_INSERT }, { { "PUT", 3 }, SWM_WRITE_PUT },
		{ { "PATCH", 5 }, SWM_WRITE_UPDATE }, { { "DELETE", 6 }, SWM_WRITE_DELETE },
	};
	swm_ast *ast;
	size_t others = a->pair_count;

	if (a->is_function)
		must(swm_query_part_arguments(a->pairs, a->pair_count, &others, a->arena, a->err) == SWM_OK);
	if (!is_done(a, swm_query_parse_pairs(&ast, a->arena, a->pairs, others, a->err)))
		return;
	swm_read_request request = { .schema = SCHEMA, .relation = a->name, .role = SWM_STR("postgres"), .ast = ast };
	if (a->is_function) {
		ask_call(a, &request, others);
		return;
	}
	for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
		if (swm_str_eq(a->method, writes[i].method)) {
			ask_write(a, &request, writes[i].kind);
			return;
		}
	}
	ask_read(a, &request);
	ask_rebuilt(a, &request);
}

/* A body that is none counts as an empty object. */
static void
read_body(struct asked *a, swm_str text)
{
	swm_json_scan *scan = swm_json_scan_new(a->arena);

	must(scan != NULL);
	a->body = swm_arena_str(a->arena, text);
	if (swm_json_scan_feed(scan, text) == SWM_OK && swm_json_scan_end(scan, &a->facts) == SWM_OK &&
	    a->facts.body != SWM_JSON_BODY_SCALAR)
		return;
	a->facts = (swm_json_facts){ .body = SWM_JSON_BODY_OBJECT };
	a->body = SWM_STR("{}");
}

static bool
read_target(struct asked *a, swm_str line)
{
	swm_str target = { NULL, 0 };
	size_t blank = swm_str_find(line, ' ');

	a->method = (swm_str){ line.ptr, blank };
	target = swm_str_from(line, blank + 1);
	a->is_function = swm_str_starts(target, SWM_STR("rpc/"));
	if (a->is_function)
		target = swm_str_from(target, strlen("rpc/"));
	size_t mark = swm_str_find(target, '?');
	return is_done(a, swm_url_decode(&a->name, a->arena, (swm_str){ target.ptr, mark }, false, 0, a->err)) &&
	       is_done(a, swm_url_pairs(&a->pairs, &a->pair_count, a->arena, swm_str_from(target, mark + 1), 0, a->err));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const swm_settings *settings;
	static swm_snapshot *snapshot;
	swm_str rest = { (const char *)data, size }, line = { NULL, 0 }, range = { NULL, 0 }, prefer = { NULL, 0 };

	if (snapshot == NULL) {
		settings = make_settings("1000");
		snapshot = load_snapshot(settings);
	}
	struct asked a = { .arena = swm_arena_new(), .err = swm_error_new(), .snapshot = snapshot, .settings = settings };
	must(a.arena != NULL && a.err != NULL);
	swm_str_cut(&rest, '\n', &line);
	swm_str_cut(&rest, '\n', &range);
	swm_str_cut(&rest, '\n', &prefer);
	a.has_range = swm_range_parse(&a.range, range);
	must(swm_prefer_parse(&a.prefer, a.arena, prefer, a.err) == SWM_OK);
	read_body(&a, rest);
	if (read_target(&a, line))
		ask(&a);
	swm_error_free(a.err);
	swm_arena_free(a.arena);
	return 0;
}
