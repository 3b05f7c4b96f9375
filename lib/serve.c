/*
 * How a web request is answered: the table `steps` below, from top to bottom.
 * A step that fails has written the error; the first one ends the walk, and the
 * error becomes the answer.
 */
#include "config.h"

#include "engine.h"
#include "read.h"
#include "request.h"

#include "base/clock.h"
#include "http/header.h"
#include "json/escape.h"
#include "json/json.h"
#include "query/ast.h"
#include "reply/encode.h"
#include "reply/reply.h"

/* One request on its way. Everything in it lives in its arena, or is borrowed from the request. */
struct serving {
	swm_engine *engine;
	const swm_request *request;
	swm_arena *arena;
	swm_error *err;
	swm_reply reply;
	swm_snapshot *snapshot;
	bool done;                 /* a step has made the whole answer */

	swm_str path, query;       /* of the target, as sent */
	swm_str relation;          /* decoded */
	bool is_root, is_function;
	const struct method *method;
	swm_str origin;
	swm_identity identity;
	swm_str schema;
	bool by_profile;           /* more than one schema is exposed */
	swm_pair *pairs;
	size_t pair_count;
	swm_ast *ast;
	bool has_range;
	swm_range range;
	swm_read_plan *plan;
	enum swm_media media;
	swm_preferences prefer;
	bool timezone_applied;
	bool rollback;
	swm_encoder encoder;
	int64_t total;             /* rows without limit; -1 when not counted */
	int64_t rows;              /* of the answer so far */
};

static const struct method {
	swm_str name;
	bool served;     /* on relations */
	bool has_body;   /* of the answer */
	bool on_function;
} methods[] = {
	{ { "GET", 3 }, true, true, true },     { { "HEAD", 4 }, true, false, true },
	{ { "OPTIONS", 7 }, true, false, true }, { { "POST", 4 }, false, true, true },
	{ { "PUT", 3 }, false, true, false },   { { "PATCH", 5 }, false, true, false },
	{ { "DELETE", 6 }, false, true, false },
};

static bool
is_method(const struct serving *s, const char *name)
{
	return swm_str_eq(s->request->method, swm_cstr(name));
}

static int
header(struct serving *s, swm_str *out, const char *name)
{
	return swm_request_header(out, s->request, s->arena, swm_cstr(name)) ? SWM_OK : swm_fail_memory(s->err);
}

/* ---- cross-origin requests (https://docs.postgrest.org/en/latest/references/api/cors.html) ---- */

static bool
origin_is_allowed(const struct serving *s)
{
	const swm_list *allowed = &s->engine->settings->server_cors_allowed_origins;

	for (size_t i = 0; i < allowed->count; i++)
		if (swm_str_eq(allowed->items[i], s->origin))
			return true;
	return allowed->count == 0;
}

static void
set_cors_headers(struct serving *s)
{
	if (s->origin.len == 0 || !origin_is_allowed(s))
		return;
	swm_reply_set(&s->reply, "Access-Control-Allow-Origin", s->origin);
	swm_reply_set(&s->reply, "Access-Control-Allow-Credentials", SWM_STR("true"));
	swm_reply_set(&s->reply, "Access-Control-Expose-Headers",
	              SWM_STR("Content-Encoding, Content-Location, Content-Range, Content-Type, Date, "
	                      "Location, Server, Transfer-Encoding, Range-Unit"));
}

static int
answer_preflight(struct serving *s, swm_str asked_headers)
{
	swm_buf allowed = SWM_BUF_INIT;
	swm_str rest = asked_headers, piece;

	swm_buf_cstr(&allowed, "Authorization");
	while (swm_str_cut(&rest, ',', &piece)) {
		piece = swm_str_trim(piece);
		if (piece.len == 0)
			continue;
		swm_buf_cstr(&allowed, ", ");
		swm_buf_str(&allowed, piece);
	}
	swm_buf_cstr(&allowed, ", Accept, Accept-Language, Content-Language");
	swm_reply_set(&s->reply, "Access-Control-Allow-Methods", SWM_STR("GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD"));
	swm_reply_set(&s->reply, "Access-Control-Allow-Headers", swm_buf_view(&allowed));
	swm_reply_set(&s->reply, "Access-Control-Max-Age", SWM_STR("86400"));
	s->reply.failed |= allowed.failed;
	swm_buf_dispose(&allowed);
	s->done = true;
	return SWM_OK;
}

static int
step_cors(struct serving *s)
{
	swm_str method, headers;
	int rc = header(s, &s->origin, "Origin");

	if (rc == SWM_OK)
		rc = header(s, &method, "Access-Control-Request-Method");
	if (rc == SWM_OK)
		rc = header(s, &headers, "Access-Control-Request-Headers");
	if (rc != SWM_OK)
		return rc;
	set_cors_headers(s);
	if (is_method(s, "OPTIONS") && s->origin.len > 0 && method.len > 0 && origin_is_allowed(s))
		return answer_preflight(s, headers);
	return SWM_OK;
}

/* ---- who asks ---- */

static int
step_authenticate(struct serving *s)
{
	swm_str authorization, token;
	swm_auth *auth = s->engine->auth;
	int rc = header(s, &authorization, "Authorization");

	if (rc != SWM_OK)
		return rc;
	if (authorization.ptr != NULL && swm_auth_bearer(authorization, &token))
		return swm_auth_token(auth, s->arena, token, swm_clock_unix(), &s->identity, s->err);
	return swm_auth_anonymous(auth, s->arena, &s->identity, s->err);
}

/* ---- what is asked ---- */

/* /{relation}, /rpc/{function} or / ; one blank segment at the end does not matter. */
static int
step_route(struct serving *s)
{
	swm_str target = s->request->target;
	size_t mark = swm_str_find(target, '?');
	swm_str path = { target.ptr, mark };

	s->path = path;
	s->query = swm_str_from(target, mark + 1);
	if (!swm_str_starts(path, SWM_STR("/")))
		return swm_fail(s->err, SWM_ERR_PATH);
	swm_str rest = swm_str_from(path, 1);
	size_t at = 1;
	if (rest.len == 0) {
		s->is_root = true;
		return SWM_OK;
	}
	if (swm_str_starts(rest, SWM_STR("rpc/"))) {
		s->is_function = true;
		rest = swm_str_from(rest, 4);
		at += 4;
	}
	if (rest.len == 0 || swm_str_find(rest, '/') < rest.len)
		return swm_fail(s->err, SWM_ERR_PATH);
	return swm_url_decode(&s->relation, s->arena, rest, false, at, s->err);
}

static int
step_schema(struct serving *s)
{
	swm_str name;
	bool reads = is_method(s, "GET") || is_method(s, "HEAD");
	int rc = header(s, &name, reads ? "Accept-Profile" : "Content-Profile");

	if (rc != SWM_OK)
		return rc;
	s->by_profile = s->engine->settings->db_schemas.count > 1;
	return swm_plan_schema(&s->schema, s->engine->settings, s->by_profile ? name : (swm_str){ NULL, 0 }, s->err);
}

static int
fail_method(struct serving *s, enum swm_error_id id)
{
	swm_reply_set(&s->reply, "Allow", s->is_function ? SWM_STR("OPTIONS,GET,HEAD,POST") : SWM_STR("OPTIONS,GET,HEAD"));
	return swm_fail(s->err, id, s->request->method);
}

static int
step_method(struct serving *s)
{
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (swm_str_eq(methods[i].name, s->request->method))
			s->method = &methods[i];
	if (s->method == NULL)
		return fail_method(s, SWM_ERR_METHOD);
	if (s->is_function)
		return s->method->on_function ? SWM_OK : fail_method(s, SWM_ERR_RPC_METHOD);
	return s->method->served ? SWM_OK : fail_method(s, SWM_ERR_METHOD);
}

static int
step_parse(struct serving *s)
{
	int rc = swm_url_pairs(&s->pairs, &s->pair_count, s->arena, s->query, s->path.len + 1, s->err);
	return rc != SWM_OK ? rc : swm_query_parse_pairs(&s->ast, s->arena, s->pairs, s->pair_count, s->err);
}

static int
step_range(struct serving *s)
{
	swm_str range;
	int rc = header(s, &range, "Range");

	if (rc == SWM_OK && range.len > 0 && is_method(s, "GET"))
		s->has_range = swm_range_parse(&s->range, range);
	return rc;
}

static int
step_snapshot(struct serving *s)
{
	return swm_engine_snapshot(&s->snapshot, s->engine, s->request->abort_fd, s->err);
}

/* ---- what does not reach the database ---- */

static int
fail_no_function(struct serving *s)
{
	int rc = swm_fail(s->err, SWM_ERR_FUNCTION_NOT_FOUND, s->schema, s->relation);
	swm_error_set_details(s->err, SWM_STR("Calling functions is not there yet"));
	return rc;
}

static int
step_root(struct serving *s)
{
	if (s->is_root && !is_method(s, "OPTIONS"))
		return swm_fail(s->err, SWM_ERR_OPENAPI_OFF);
	return s->is_function && !is_method(s, "OPTIONS") ? fail_no_function(s) : SWM_OK;
}

/* What the relation allows, not what the role does (PostgREST's options page). */
static void
set_allow(struct serving *s, const swm_relation *r)
{
	swm_buf allow = SWM_BUF_INIT;

	swm_buf_cstr(&allow, "OPTIONS,GET,HEAD");
	if (r != NULL && r->insertable)
		swm_buf_cstr(&allow, ",POST");
	if (r != NULL && r->insertable && r->updatable && r->primary_key_count > 0)
		swm_buf_cstr(&allow, ",PUT");
	if (r != NULL && r->updatable)
		swm_buf_cstr(&allow, ",PATCH");
	if (r != NULL && r->deletable)
		swm_buf_cstr(&allow, ",DELETE");
	swm_reply_set(&s->reply, "Allow", swm_buf_view(&allow));
	s->reply.failed |= allow.failed;
	swm_buf_dispose(&allow);
}

static int
step_options(struct serving *s)
{
	if (!is_method(s, "OPTIONS"))
		return SWM_OK;
	s->done = true;
	if (s->is_root) {
		set_allow(s, NULL);
		return SWM_OK;
	}
	if (s->is_function) {
		s->done = false;
		return fail_no_function(s);
	}
	const swm_relation *r = swm_snapshot_relation(s->snapshot, s->schema, s->relation);
	if (r != NULL) {
		set_allow(s, r);
		return SWM_OK;
	}
	s->done = false;
	return swm_fail(s->err, SWM_ERR_TABLE_NOT_FOUND, s->schema, s->relation);
}

/* ---- how to answer ---- */

enum { READ_MEDIA = 1 << SWM_MEDIA_JSON | 1 << SWM_MEDIA_CSV | 1 << SWM_MEDIA_OBJECT |
                    1 << SWM_MEDIA_OBJECT_STRIPPED | 1 << SWM_MEDIA_ARRAY_STRIPPED };

static int
step_plan(struct serving *s)
{
	swm_str accept;
	int rc = header(s, &accept, "Accept");
	/* what is wrong with the relation is said before what is wrong with Accept */
	int negotiated = rc != SWM_OK ? rc : swm_accept_choose(&s->media, accept, READ_MEDIA, NULL);
	bool stripped = s->media == SWM_MEDIA_OBJECT_STRIPPED || s->media == SWM_MEDIA_ARRAY_STRIPPED;

	if (rc != SWM_OK)
		return rc;
	/* a pre-request function could choose another date style */
	bool iso = s->engine->settings->db_pre_request.len == 0 &&
	           swm_snapshot_iso_dates(s->snapshot, s->identity.role);
	swm_read_request request = {
		.schema = s->schema, .relation = s->relation, .ast = s->ast,
		.range = s->has_range ? &s->range : NULL,
		.json = s->media != SWM_MEDIA_CSV, .strip_nulls = stripped, .iso_dates = iso,
	};
	rc = swm_plan_read(&s->plan, s->arena, s->snapshot, s->engine->settings, &request, s->err);
	if (rc == SWM_OK && negotiated != SWM_OK)
		rc = swm_accept_choose(&s->media, accept, READ_MEDIA, s->err);
	return rc;
}

static int
fail_preferences(struct serving *s, swm_str invalid)
{
	swm_buf details = SWM_BUF_INIT;
	int rc = swm_fail(s->err, SWM_ERR_PREFERENCES);

	swm_buf_cstr(&details, "Invalid preferences: ");
	swm_buf_str(&details, invalid);
	swm_error_set_details(s->err, swm_buf_view(&details));
	swm_buf_dispose(&details);
	return rc;
}

/* Whether the transaction ends as db-tx-end says, or as the client prefers where it may. */
static bool
ends_in_rollback(struct serving *s)
{
	swm_str end = s->engine->settings->db_tx_end;
	bool rollback = swm_str_starts(end, SWM_STR("rollback"));

	if (!swm_str_ends(end, SWM_STR("-allow-override"))) {
		s->prefer.tx = SWM_TX_DEFAULT; /* not applied */
		return rollback;
	}
	return s->prefer.tx == SWM_TX_DEFAULT ? rollback : s->prefer.tx == SWM_TX_ROLLBACK;
}

static int
step_preferences(struct serving *s)
{
	swm_str prefer, unknown;
	int rc = header(s, &prefer, "Prefer");

	if (rc == SWM_OK)
		rc = swm_prefer_parse(&s->prefer, s->arena, prefer, s->err);
	if (rc != SWM_OK)
		return rc;
	unknown = s->prefer.invalid;
	s->timezone_applied = s->prefer.timezone.len > 0 && s->engine->settings->db_timezone_enabled &&
	                      swm_snapshot_has_timezone(s->snapshot, s->prefer.timezone);
	if (unknown.len == 0 && s->prefer.timezone.len > 0 && !s->timezone_applied)
		unknown = (swm_str){ s->prefer.timezone.ptr - strlen("timezone="),
		                     s->prefer.timezone.len + strlen("timezone=") };
	if (s->prefer.strict && unknown.len > 0)
		return fail_preferences(s, unknown);
	s->rollback = ends_in_rollback(s);
	return SWM_OK;
}

/* ---- the answer's headers ---- */

static void
set_preferences_applied(struct serving *s)
{
	static const char *const counts[] = { "", "count=exact", "count=planned", "count=estimated" };
	static const char *const ends[] = { "", "tx=commit", "tx=rollback" };
	swm_buf applied = SWM_BUF_INIT;
	swm_buf timezone = SWM_BUF_INIT;

	if (s->timezone_applied) {
		swm_buf_cstr(&timezone, "timezone=");
		swm_buf_str(&timezone, s->prefer.timezone);
	}
	const char *const all[] = {
		s->prefer.count == SWM_COUNT_EXACT ? counts[s->prefer.count] : "",
		ends[s->prefer.tx],
		!s->prefer.has_handling ? "" : s->prefer.strict ? "handling=strict" : "handling=lenient",
		swm_buf_text(&timezone),
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (all[i][0] == '\0')
			continue;
		swm_buf_cstr(&applied, applied.len > 0 ? ", " : "");
		swm_buf_cstr(&applied, all[i]);
	}
	if (applied.len > 0)
		swm_reply_set(&s->reply, "Preference-Applied", swm_buf_view(&applied));
	s->reply.failed |= applied.failed || timezone.failed;
	swm_buf_dispose(&applied);
	swm_buf_dispose(&timezone);
}

static void
set_content_location(struct serving *s)
{
	swm_buf location = SWM_BUF_INIT;

	swm_buf_char(&location, '/');
	swm_url_encode(&location, s->relation);
	if (s->pair_count > 0)
		swm_buf_char(&location, '?');
	int rc = swm_url_canonical(&location, s->arena, s->pairs, s->pair_count, NULL);
	swm_reply_set(&s->reply, "Content-Location", swm_buf_view(&location));
	s->reply.failed |= location.failed || rc != SWM_OK;
	swm_buf_dispose(&location);
}

static void
set_profile(struct serving *s)
{
	if (s->by_profile)
		swm_reply_set(&s->reply, "Content-Profile", s->schema);
}

/* lo-hi/total, with * for what is not known or empty. last is -1 when not known. */
static void
set_content_range(struct serving *s, int64_t last)
{
	swm_buf range = SWM_BUF_INIT;
	int64_t first = s->plan->offset;

	if (last >= first && s->total != 0)
		swm_buf_printf(&range, "%lld-%lld/", (long long)first, (long long)last);
	else
		swm_buf_cstr(&range, "*/");
	if (s->total >= 0)
		swm_buf_int(&range, s->total);
	else
		swm_buf_char(&range, '*');
	swm_reply_set(&s->reply, "Content-Range", swm_buf_view(&range));
	if (s->total >= 0 && last - first + 1 < s->total)
		s->reply.status = 206;
	s->reply.failed |= range.failed;
	swm_buf_dispose(&range);
}

static void
set_read_headers(struct serving *s)
{
	swm_reply_set(&s->reply, "Content-Type", swm_media_content_type(s->media));
	set_content_location(s);
	set_profile(s);
	set_preferences_applied(s);
}

static int
fail_past_the_end(struct serving *s)
{
	swm_buf details = SWM_BUF_INIT;
	int rc = swm_fail(s->err, SWM_ERR_RANGE);

	swm_buf_printf(&details, "An offset of %lld was requested, but there are only %lld rows.",
	               (long long)s->plan->offset, (long long)s->total);
	swm_error_set_details(s->err, swm_buf_view(&details));
	swm_buf_dispose(&details);
	return rc;
}

/* ---- what SQL set for the answer (PostgREST's transactions page) ---- */

static int
apply_response_headers(struct serving *s, swm_str text)
{
	swm_json *doc = swm_json_parse(text);
	const swm_json *item = swm_json_first(doc);
	int rc = swm_json_type_of(doc) == SWM_JSON_ARRAY ? SWM_OK : swm_fail(s->err, SWM_ERR_RESPONSE_HEADERS);

	for (; item != NULL && rc == SWM_OK; item = swm_json_next(item)) {
		const swm_json *member = swm_json_first(item);
		if (swm_json_type_of(item) != SWM_JSON_OBJECT || swm_json_type_of(member) != SWM_JSON_STRING ||
		    swm_json_next(member) != NULL)
			rc = swm_fail(s->err, SWM_ERR_RESPONSE_HEADERS);
		else if (swm_str_caseeq(swm_json_name(member), SWM_STR("Content-Type")))
			swm_reply_set(&s->reply, "Content-Type", swm_json_string(member));
		else
			swm_reply_add(&s->reply, swm_json_name(member), swm_json_string(member));
	}
	swm_json_free(doc);
	return rc;
}

static int
apply_response_settings(struct serving *s, const PGresult *result)
{
	swm_str headers = swm_cstr(PQgetvalue(result, 0, 0));
	swm_str status = swm_cstr(PQgetvalue(result, 0, 1));
	int64_t number;
	int rc = headers.len == 0 ? SWM_OK : apply_response_headers(s, headers);

	if (rc != SWM_OK || status.len == 0)
		return rc;
	if (!swm_str_int64(status, &number) || number < 100 || number > 599)
		return swm_fail(s->err, SWM_ERR_RESPONSE_STATUS);
	s->reply.status = (int)number;
	return SWM_OK;
}

/* ---- the transaction ---- */

/* The header names in lower case, as a JSON object; what is no UTF-8 is left out. */
static bool
headers_as_json(struct serving *s, swm_str *out)
{
	swm_buf json = SWM_BUF_INIT, name = SWM_BUF_INIT;
	char before = '{';

	for (size_t i = 0; i < s->request->count; i++) {
		const swm_field_line *line = &s->request->lines[i];
		swm_str value;
		bool seen = false;
		for (size_t k = 0; k < i && !seen; k++)
			seen = swm_str_caseeq(s->request->lines[k].name, line->name);
		if (seen)
			continue; /* joined with the first of its name */
		if (!swm_request_header(&value, s->request, s->arena, line->name))
			json.failed = true;
		if (!swm_utf8_valid(value, NULL) || !swm_utf8_valid(line->name, NULL))
			continue;
		swm_buf_clear(&name);
		for (size_t k = 0; k < line->name.len; k++) {
			char c = line->name.ptr[k];
			swm_buf_char(&name, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
		}
		swm_buf_char(&json, before);
		before = ',';
		swm_json_quote(&json, swm_buf_view(&name));
		swm_buf_char(&json, ':');
		swm_json_quote(&json, value);
	}
	swm_buf_cstr(&json, before == '{' ? "{}" : "}");
	*out = swm_arena_str(s->arena, swm_buf_view(&json));
	bool ok = !json.failed && !name.failed && out->ptr != NULL;
	swm_buf_dispose(&json);
	swm_buf_dispose(&name);
	return ok;
}

static bool
cookies_as_json(struct serving *s, swm_str *out)
{
	swm_buf json = SWM_BUF_INIT;
	swm_str cookie;
	bool ok = swm_request_header(&cookie, s->request, s->arena, SWM_STR("Cookie"));

	if (!swm_utf8_valid(cookie, NULL))
		cookie = (swm_str){ NULL, 0 };
	swm_cookies_to_json(&json, cookie);
	*out = swm_arena_str(s->arena, swm_buf_view(&json));
	ok = ok && !json.failed && out->ptr != NULL;
	swm_buf_dispose(&json);
	return ok;
}

static int
prepare_read(struct serving *s, swm_read *read)
{
	swm_str headers, cookies;

	if (!headers_as_json(s, &headers) || !cookies_as_json(s, &cookies))
		return swm_fail_memory(s->err);
	swm_setting settings[] = {
		{ SWM_STR("request.method"), s->request->method },
		{ SWM_STR("request.path"), s->path },
		{ SWM_STR("request.headers"), headers },
		{ SWM_STR("request.cookies"), cookies },
	};
	swm_read_context context = {
		.identity = &s->identity, .schema = s->schema,
		.timezone = s->timezone_applied ? s->prefer.timezone : (swm_str){ NULL, 0 },
		.request = settings, .request_count = sizeof settings / sizeof settings[0],
		.count = s->prefer.count == SWM_COUNT_EXACT, .rollback = s->rollback,
		.abort_fd = s->request->abort_fd,
	};
	return swm_read_prepare(read, s->engine, s->arena, s->snapshot, s->plan, &context, s->err);
}

/* The answer outgrows the buffer: its head must go before its last row is known. */
static int
send_page(struct serving *s)
{
	if (!s->reply.begun) {
		int64_t end = s->plan->offset + s->plan->limit;
		if (s->total >= 0) /* then the last row is known all the same */
			set_content_range(s, (s->plan->has_limit && end < s->total ? end : s->total) - 1);
	}
	return swm_reply_flush(&s->reply, s->err);
}

/* Whether the row is written: a single object has but one, and what is no answer is only counted. */
static int
take_row(struct serving *s, const PGresult *result, int row)
{
	bool write = !s->reply.no_body && !(s->encoder.single && s->rows > 0);

	if (write)
		s->encoder.row(&s->encoder, &s->reply.body, result, row, s->rows);
	s->rows++;
	return swm_reply_is_full(&s->reply) && !s->encoder.single ? send_page(s) : SWM_OK;
}

/* Internal: the snapshot is older than the tables. Never leaves this file. */
enum { STALE = -1000 };

static int
take_event(struct serving *s, const swm_event *event, enum swm_read_step kind)
{
	if (kind == SWM_READ_SETTINGS)
		return apply_response_settings(s, event->result);
	if (kind == SWM_READ_COUNT) {
		if (!swm_str_int64(swm_cstr(PQgetvalue(event->result, 0, 0)), &s->total))
			return swm_fail(s->err, SWM_ERR_INTERNAL, SWM_STR("the count is no number"));
		return s->plan->offset > s->total ? fail_past_the_end(s) : SWM_OK;
	}
	if (s->rows == 0 && !swm_encoder_fits(&s->encoder, event->result))
		return STALE;
	for (int row = 0; row < PQntuples(event->result); row++) {
		int rc = take_row(s, event->result, row);
		if (rc != SWM_OK)
			return rc;
	}
	return SWM_OK;
}

static int
fail_not_singular(struct serving *s)
{
	swm_buf details = SWM_BUF_INIT;
	int rc = swm_fail(s->err, SWM_ERR_NOT_SINGULAR);

	swm_buf_printf(&details, "The result contains %lld rows", (long long)s->rows);
	swm_error_set_details(s->err, swm_buf_view(&details));
	swm_buf_dispose(&details);
	return rc;
}

static int
run_read(struct serving *s, swm_read *read)
{
	swm_event event;
	enum swm_read_step kind;
	int rc = swm_encoder_init(&s->encoder, s->arena, s->plan, s->media, s->err);

	s->total = -1;
	s->rows = 0;
	if (rc == SWM_OK)
		rc = prepare_read(s, read);
	if (rc != SWM_OK)
		return rc;
	set_read_headers(s);
	s->encoder.begin(&s->encoder, &s->reply.body);
	while ((rc = swm_read_next(read, &event, &kind, s->err)) == 1) {
		rc = take_event(s, &event, kind);
		if (rc != SWM_OK)
			return rc;
	}
	if (rc == SWM_OK && s->encoder.single && s->rows != 1)
		rc = fail_not_singular(s);
	if (rc != SWM_OK)
		return rc;
	s->encoder.end(&s->encoder, &s->reply.body);
	if (!s->reply.begun)
		set_content_range(s, s->plan->offset + s->rows - 1);
	return SWM_OK;
}

/* After DDL: the tables are read anew, and the request is planned once more. */
static int
plan_again(struct serving *s)
{
	int rc = swm_engine_reload_schema(s->engine, s->err);

	swm_snapshot_unref(s->snapshot);
	s->snapshot = NULL;
	if (rc == SWM_OK)
		rc = step_snapshot(s);
	return rc != SWM_OK ? rc : step_plan(s);
}

static void set_common_headers(struct serving *s);

static int
step_read(struct serving *s)
{
	swm_read read = { 0 };
	int rc = STALE;

	for (int tries = 0; rc == STALE && tries < 2; tries++) {
		if (tries > 0) {
			swm_reply_reset(&s->reply);
			set_common_headers(s);
			rc = plan_again(s);
			if (rc != SWM_OK)
				return rc;
		}
		rc = run_read(s, &read);
		swm_read_finish(&read);
	}
	s->done = rc == SWM_OK;
	return rc == STALE ? swm_fail(s->err, SWM_ERR_INTERNAL, SWM_STR("the table changes while it is read")) : rc;
}

static int (*const steps[])(struct serving *s) = {
	step_cors,         /* a preflight request needs nothing else */
	step_authenticate, /* token -> role and claims */
	step_route,        /* path -> relation or function */
	step_schema,       /* Accept-Profile, Content-Profile -> schema */
	step_method,
	step_parse,        /* query string -> tree */
	step_range,        /* Range */
	step_snapshot,     /* what the database has */
	step_root,
	step_options,
	step_plan,         /* tree + snapshot -> plan; Accept */
	step_preferences,  /* Prefer */
	step_read,         /* plan -> SQL -> rows -> body */
};

static void
set_common_headers(struct serving *s)
{
	swm_str trace = s->engine->settings->server_trace_header, value;

	swm_reply_set(&s->reply, "Vary", SWM_STR("Accept, Prefer, Range"));
	if (trace.len > 0 && swm_request_header(&value, s->request, s->arena, trace) && value.len > 0)
		swm_reply_add(&s->reply, trace, value);
	set_cors_headers(s);
}

/* A method that the answer must name, and what an error must not keep of a read's headers. */
static int
answer_error(struct serving *s)
{
	swm_str allow = { NULL, 0 };
	bool minimal = swm_str_eq(s->engine->settings->client_error_verbosity, SWM_STR("minimal"));

	for (const swm_reply_header *h = s->reply.headers; h != NULL; h = h->next)
		if (swm_str_eq(h->name, SWM_STR("Allow")))
			allow = h->value;
	swm_reply_reset(&s->reply);
	set_common_headers(s);
	if (allow.len > 0)
		swm_reply_set(&s->reply, "Allow", allow);
	else if (swm_error_http_status(s->err) == 405)
		swm_reply_set(&s->reply, "Allow", SWM_STR("OPTIONS"));
	swm_reply_error(&s->reply, s->err, minimal);
	if (s->total >= 0 && swm_error_http_status(s->err) == 416)
		set_content_range(s, -1);
	s->reply.status = swm_error_http_status(s->err);
	return swm_reply_end(&s->reply, s->err);
}

static int
walk(struct serving *s)
{
	int rc = SWM_OK;

	set_common_headers(s);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == SWM_OK && !s->done; i++)
		rc = steps[i](s);
	if (rc == SWM_OK)
		return swm_reply_end(&s->reply, s->err);
	/* nothing more can be said once an answer has begun, or to nobody */
	if (s->reply.begun || rc == SWM_ECANCELED || rc == SWM_ESINK)
		return rc;
	return answer_error(s);
}

int
swm_engine_serve(swm_engine *engine, const swm_request *request, const swm_sink *sink, swm_error *err)
{
	swm_error *own = err == NULL ? swm_error_new() : NULL; /* the answer is made from it */
	swm_error *used = err == NULL ? own : err;
	swm_arena *arena = swm_arena_new();
	int rc = SWM_ENOMEM;

	swm_error_clear(used);
	if (sink->size != sizeof *sink) {
		rc = swm_fail(used, SWM_ERR_ARGUMENT, SWM_STR("the sink is of another version of libswm"));
	} else if (arena == NULL || used == NULL) {
		rc = swm_fail_memory(used);
	} else {
		struct serving s = { .engine = engine, .request = request, .arena = arena, .err = used, .total = -1 };
		swm_reply_init(&s.reply, sink, arena, swm_str_eq(request->method, SWM_STR("HEAD")));
		rc = walk(&s);
		swm_reply_dispose(&s.reply);
		swm_snapshot_unref(s.snapshot);
	}
	swm_arena_free(arena);
	swm_error_free(own);
	return rc;
}
