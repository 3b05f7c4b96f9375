/* Parses the request: method, path, schema, query string, Range. */
#include "config.h"

#include "serve/serving.h"

#include "base/clock.h"
#include "query/arguments.h"

/* The methods of the dialect, and where each is served. */
static const struct {
	swm_str name;
	bool on_functions;
	enum swm_writes writes; /* to a relation */
} methods[] = {
	{ { "GET", 3 }, true, SWM_WRITES_NOTHING },
	{ { "HEAD", 4 }, true, SWM_WRITES_NOTHING },
	{ { "OPTIONS", 7 }, true, SWM_WRITES_NOTHING },
	{ { "POST", 4 }, true, SWM_WRITES_INSERT },
	{ { "PUT", 3 }, false, SWM_WRITES_PUT },
	{ { "PATCH", 5 }, false, SWM_WRITES_UPDATE },
	{ { "DELETE", 6 }, false, SWM_WRITES_DELETE },
};

bool
swm_serving_is(const struct serving *s, const char *name)
{
	return swm_str_eq(s->request->method, swm_cstr(name));
}

swm_borrower
swm_serving_borrower(const struct serving *s)
{
	return (swm_borrower){ .abort_fd = s->request->abort_fd,
		               .anonymous = s->asked->identity.anonymous,
		               .waited_ms = s->request->waited_ms };
}

int
swm_serving_header(struct serving *s, swm_str *out, const char *name)
{
	return swm_request_header(out, s->request, s->arena, swm_cstr(name))
	               ? SWM_OK
	               : swm_fail_memory(s->err);
}

int
swm_step_authenticate(struct serving *s, struct asked *to)
{
	swm_str authorization, token;
	swm_auth *auth = s->engine->auth;
	int rc = swm_serving_header(s, &authorization, "Authorization");

	if (rc != SWM_OK)
		return rc;
	if (authorization.ptr != NULL && swm_auth_bearer(authorization, &token))
		return swm_auth_token(auth, s->arena, token, swm_clock_unix(), &to->identity,
		                      s->err);
	return swm_auth_anonymous(auth, s->arena, &to->identity, s->err);
}

int
swm_step_admit(struct serving *s)
{
	const swm_request *request = s->request;

	/*
	 * OPTIONS has its answer without the database, and is how others see that the program is up
	 */
	if (request->admit == NULL || swm_serving_is(s, "OPTIONS") ||
	    request->admit(request->admit_user, s->asked->identity.anonymous))
		return SWM_OK;
	return swm_fail(s->err, SWM_ERR_CANCELED);
}

/* The function that db-root-spec names answers in place of the document, as at its own path. */
static int
route_root(struct serving *s, struct asked *to)
{
	swm_str function = s->engine->settings->db_root_spec;

	if (swm_str_eq(s->engine->settings->openapi_mode, SWM_STR("disabled")))
		return swm_fail(s->err, SWM_ERR_OPENAPI_OFF);
	to->is_function = to->is_root_spec = function.len > 0;
	to->is_root = !to->is_function;
	to->relation = function;
	return SWM_OK;
}

/* The path after the prefix; all of it if a web server in front has removed the prefix. */
static swm_str
without_prefix(swm_str path, swm_str prefix)
{
	swm_str rest = swm_str_from(path, prefix.len);

	if (prefix.len == 0 || !swm_str_starts(path, prefix))
		return path;
	if (rest.len == 0)
		return SWM_STR("/");
	return rest.ptr[0] == '/' ? rest : path;
}

/* /{relation}, /rpc/{function} or / */
int
swm_step_route(struct serving *s, struct asked *to)
{
	swm_str target = s->request->target;
	size_t mark = swm_str_find(target, '?');
	swm_str path = without_prefix((swm_str){ target.ptr, mark }, s->request->prefix);

	if (s->request->prefix.len > 0)
		to->prefix = s->request->prefix;
	to->path = path;
	to->query = swm_str_from(target, mark + 1);
	if (!swm_str_starts(path, SWM_STR("/")))
		return swm_fail(s->err, SWM_ERR_PATH);
	swm_str rest = swm_str_from(path, 1);
	size_t at = 1;
	if (rest.len == 0) {
		return route_root(s, to);
	}
	if (swm_str_starts(rest, SWM_STR("rpc/"))) {
		to->is_function = true;
		rest = swm_str_from(rest, 4);
		at += 4;
	}
	if (rest.len == 0 || swm_str_find(rest, '/') < rest.len)
		return swm_fail(s->err, SWM_ERR_PATH);
	return swm_url_decode(&to->relation, s->arena, rest, false, at, s->err);
}

int
swm_step_schema(struct serving *s, struct asked *to)
{
	swm_str name;
	bool reads = swm_serving_is(s, "GET") || swm_serving_is(s, "HEAD") ||
	             swm_serving_is(s, "OPTIONS");
	int rc = swm_serving_header(s, &name, reads ? "Accept-Profile" : "Content-Profile");

	if (rc != SWM_OK)
		return rc;
	to->by_profile = name.len > 0 || s->engine->settings->db_schemas.count > 1;
	rc = swm_plan_schema(&to->schema, s->engine->settings, name, s->err);
	if (rc != SWM_OK &&
	    swm_engine_snapshot(&s->snapshot, s->engine, s->request->abort_fd, NULL) == SWM_OK)
		swm_plan_hint_schemas(s->engine->settings, s->snapshot, s->asked->identity.role,
		                      s->err);
	return rc;
}

static int
fail_method(struct serving *s, enum swm_error_id id)
{
	swm_reply_set(&s->reply, "Allow",
	              s->asked->is_function ? SWM_STR("OPTIONS,GET,HEAD,POST")
	                                    : SWM_STR("OPTIONS,GET,HEAD"));
	return swm_fail(s->err, id, s->request->method);
}

int
swm_step_method(struct serving *s, struct asked *to)
{
	size_t count = sizeof methods / sizeof methods[0], i = 0;

	while (i < count && !swm_str_eq(methods[i].name, s->request->method))
		i++;
	if (s->asked->is_function)
		return i < count && methods[i].on_functions ? SWM_OK
		                                            : fail_method(s, SWM_ERR_RPC_METHOD);
	if (i == count)
		return fail_method(s, SWM_ERR_METHOD);
	to->write = methods[i].writes;
	return s->asked->is_root && to->write != SWM_WRITES_NOTHING ? fail_method(s, SWM_ERR_METHOD)
	                                                            : SWM_OK;
}

/* Those of a POST are in its body: what stands in its query string are filters. */
static int
part_arguments(struct serving *s, struct asked *to)
{
	size_t others;
	int rc = swm_query_part_arguments(to->pairs, to->pair_count, &others, s->arena, s->err);

	to->arguments = to->pairs + others;
	to->argument_count = to->pair_count - others;
	to->pair_count = others;
	return rc;
}

int
swm_step_parse(struct serving *s, struct asked *to)
{
	int rc = swm_url_pairs(&to->pairs, &to->pair_count, s->arena, to->query, to->path.len + 1,
	                       s->err);
	if (rc == SWM_OK && s->asked->is_function && !swm_serving_is(s, "POST"))
		rc = part_arguments(s, to);
	if (rc == SWM_OK)
		rc = swm_query_parse_pairs(&to->ast, s->arena, to->pairs, to->pair_count, s->err);
	/* of a filter without an operator */
	if (rc == SWM_EPARSE && s->asked->is_function && swm_error_has_hint(s->err))
		swm_error_set_hint(s->err, SWM_STR("The arguments of a POST stand in its body"));
	return rc;
}

int
swm_step_range(struct serving *s, struct asked *to)
{
	swm_str range;
	int rc = swm_serving_header(s, &range, "Range");

	if (rc == SWM_OK && range.len > 0 && swm_serving_is(s, "GET"))
		to->has_range = swm_range_parse(&to->range, range);
	return rc;
}

int
swm_step_snapshot(struct serving *s)
{
	return swm_engine_snapshot(&s->snapshot, s->engine, s->request->abort_fd, s->err);
}
