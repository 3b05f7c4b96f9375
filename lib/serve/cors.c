/* Cross-origin requests (https://docs.postgrest.org/en/latest/references/api/cors.html). */
#include "config.h"

#include "serve/serving.h"

/* Headers that a script may read besides the safelisted ones; nginx/snippets have the same list. */
static const char exposed[] =
	"Batch-Operation, Content-Encoding, Content-Location, Content-Range, Content-Type, Date, "
	"ETag, Idempotency-Replayed, Link, Location, Preference-Applied, Proxy-Status, "
	"Range-Unit, Retry-After, Server, Transfer-Encoding";

static bool
has_list(const struct serving *s)
{
	return s->engine->settings->server_cors_allowed_origins.count > 0;
}

static bool
origin_is_allowed(const struct serving *s)
{
	const swm_list *allowed = &s->engine->settings->server_cors_allowed_origins;

	for (size_t i = 0; i < allowed->count; i++)
		if (swm_str_eq(allowed->items[i], s->asked->origin))
			return true;
	return !has_list(s);
}

/*
 * Credentials go only to origins that the configuration names: `*` excludes them (Fetch, "CORS
 * check").
 */
void
swm_set_cors_headers(struct serving *s)
{
	if (has_list(s)) /* the answer to another origin differs, also to none */
		swm_reply_set(&s->reply, "Vary", SWM_STR(SWM_VARY ", Origin"));
	if (s->asked->origin.len == 0 || !origin_is_allowed(s))
		return;
	swm_reply_set(&s->reply, "Access-Control-Allow-Origin",
	              has_list(s) ? s->asked->origin : SWM_STR("*"));
	if (has_list(s))
		swm_reply_set(&s->reply, "Access-Control-Allow-Credentials", SWM_STR("true"));
	swm_reply_set(&s->reply, "Access-Control-Expose-Headers", swm_cstr(exposed));
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
	swm_reply_set(&s->reply, "Access-Control-Allow-Methods",
	              SWM_STR("GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD"));
	swm_reply_echo(&s->reply, "Access-Control-Allow-Headers", swm_buf_view(&allowed));
	swm_reply_set(&s->reply, "Access-Control-Max-Age", SWM_STR("86400"));
	s->reply.failed |= allowed.failed;
	swm_buf_dispose(&allowed);
	s->done = true;
	return SWM_OK;
}

int
swm_step_cors(struct serving *s, struct asked *to)
{
	swm_str method, headers;
	int rc = swm_serving_header(s, &to->origin, "Origin");

	if (rc == SWM_OK)
		rc = swm_serving_header(s, &method, "Access-Control-Request-Method");
	if (rc == SWM_OK)
		rc = swm_serving_header(s, &headers, "Access-Control-Request-Headers");
	if (rc != SWM_OK)
		return rc;
	swm_set_cors_headers(s);
	if (swm_serving_is(s, "OPTIONS") && s->asked->origin.len > 0 && method.len > 0 &&
	    origin_is_allowed(s))
		return answer_preflight(s, headers);
	return SWM_OK;
}
