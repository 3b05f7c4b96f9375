/* An error as an answer (https://docs.postgrest.org/en/latest/references/errors.html). */
#include "config.h"

#include "reply/reply.h"

#include "http/header.h"
#include "json/escape.h"

static void
put_member(swm_buf *to, const char *before, swm_str value, bool present, bool is_json)
{
	swm_buf_cstr(to, before);
	if (!present)
		swm_buf_cstr(to, "null");
	else if (is_json)
		swm_buf_str(to, value);
	else
		swm_json_quote(to, value);
}

/* Members in the order in which PostgREST's come. */
static void
put_body(swm_buf *to, const swm_error *from, bool minimal)
{
	put_member(to, "{\"code\":", swm_error_code(from), true, false);
	if (!minimal) {
		put_member(to, ",\"details\":", swm_error_details(from),
		           swm_error_has_details(from), swm_error_details_are_json(from));
		put_member(to, ",\"hint\":", swm_error_hint(from), swm_error_has_hint(from), false);
	}
	put_member(to, ",\"message\":", swm_error_message(from), true, false);
	swm_buf_char(to, '}');
}

/* A 401 must have WWW-Authenticate (RFC 6750, 3). */
static void
set_challenge(swm_reply *reply, const swm_error *from)
{
	swm_buf challenge = SWM_BUF_INIT;
	swm_str code = swm_error_code(from);

	swm_buf_cstr(&challenge, "Bearer");
	if (swm_str_eq(code, SWM_STR("PGRST301")) || swm_str_eq(code, SWM_STR("PGRST303"))) {
		swm_buf_cstr(&challenge, " error=\"invalid_token\", error_description=");
		swm_json_quote(&challenge, swm_error_message(from));
	}
	swm_reply_set(reply, "WWW-Authenticate", swm_buf_view(&challenge));
	reply->failed |= challenge.failed;
	swm_buf_dispose(&challenge);
}

/* Headers that SQL sets for its error replace ours. */
static void
set_raised_headers(swm_reply *reply, const swm_error *from)
{
	swm_str name, value;
	size_t cursor = 0;

	while (swm_error_next_header(from, &cursor, &name, &value))
		swm_reply_set(reply, name.ptr, value);
}

void
swm_reply_error(swm_reply *reply, const swm_error *from, bool minimal)
{
	swm_buf value = SWM_BUF_INIT;

	reply->status = swm_error_http_status(from);
	put_body(&reply->body, from, minimal);
	swm_reply_set(reply, "Content-Type", SWM_STR("application/json; charset=utf-8"));
	swm_buf_cstr(&value, "swm; error=");
	swm_buf_str(&value, swm_error_code(from));
	/* SQL may raise any code */
	if (swm_is_field(SWM_STR("Proxy-Status"), swm_buf_view(&value)))
		swm_reply_set(reply, "Proxy-Status", swm_buf_view(&value));
	if (reply->status == 401)
		set_challenge(reply, from);
	if (swm_error_retry_after(from) > 0) {
		swm_buf_clear(&value);
		swm_buf_int(&value, swm_error_retry_after(from));
		swm_reply_set(reply, "Retry-After", swm_buf_view(&value));
	}
	set_raised_headers(reply, from);
	reply->failed |= value.failed;
	swm_buf_dispose(&value);
}
