#include "config.h"

#include "exec/raise.h"

#include "base/buf.h"
#include "http/header.h"
#include "json/json.h"

static int
fail_syntax(swm_error *err, const char *what, swm_str text, const char *hint)
{
	int rc = swm_fail(err, SWM_ERR_RAISE_SYNTAX);

	if (what == NULL)
		swm_error_set_details(err, SWM_STR("DETAIL is missing in the RAISE statement"));
	else
		swm_error_format_details(err, "Invalid JSON value for %s: '%.*s'", what,
		                         SWM_PRINTED(text));
	swm_error_set_hint(err, swm_cstr(hint));
	return rc;
}

static int
fail_message(swm_error *err, const struct swm_sql_error *raised)
{
	return fail_syntax(err, "MESSAGE", raised->message,
	                   "MESSAGE must be a JSON object with obligatory keys: "
	                   "'code', 'message' and optional keys: 'details', 'hint'.");
}

static int
fail_detail(swm_error *err, const struct swm_sql_error *raised)
{
	return fail_syntax(
		err, raised->has_details ? "DETAIL" : NULL, raised->details,
		"DETAIL must be a JSON object "
		"with obligatory keys: 'status', 'headers' and optional key: 'status_text'.");
}

static bool
take_text(const swm_json *object, const char *name, swm_str *out)
{
	const swm_json *member = swm_json_get(object, swm_cstr(name));

	*out = swm_json_string(member);
	return swm_json_type_of(member) == SWM_JSON_STRING;
}

/* A member that may be absent or null; false when it is anything but a string then. */
static bool
take_optional_text(const swm_json *object, const char *name, swm_str *out, bool *there)
{
	enum swm_json_type type = swm_json_type_of(swm_json_get(object, swm_cstr(name)));

	*there = take_text(object, name, out);
	return *there || type == SWM_JSON_NONE || type == SWM_JSON_NULL;
}

static bool
take_message(const swm_json *doc, struct swm_sql_error *out)
{
	return take_text(doc, "code", &out->sqlstate) && take_text(doc, "message", &out->message) &&
	       take_optional_text(doc, "details", &out->details, &out->has_details) &&
	       take_optional_text(doc, "hint", &out->hint, &out->has_hint);
}

/* 1xx are never final */
static bool
take_status(const swm_json *doc, struct swm_sql_error *out)
{
	const swm_json *member = swm_json_get(doc, SWM_STR("status"));
	double number = swm_json_number(member);

	if (swm_json_type_of(member) != SWM_JSON_NUMBER || !(number >= 200 && number <= 599))
		return false;
	out->status = (int)number;
	return out->status == number;
}

static bool
has_headers(const swm_json *doc)
{
	const swm_json *headers = swm_json_get(doc, SWM_STR("headers"));

	for (const swm_json *m = swm_json_first(headers); m != NULL; m = swm_json_next(m))
		if (swm_json_type_of(m) != SWM_JSON_STRING ||
		    !swm_is_field(swm_json_name(m), swm_json_string(m)))
			return false;
	return swm_json_type_of(headers) == SWM_JSON_OBJECT;
}

/* The status line's words are the web server's, whatever the text says. */
static bool
take_detail(const swm_json *doc, struct swm_sql_error *out)
{
	swm_str text;
	bool there;

	return take_status(doc, out) && has_headers(doc) &&
	       take_optional_text(doc, "status_text", &text, &there);
}

static int
fill(swm_error *err, const struct swm_sql_error *from, const swm_json *detail)
{
	bool first = swm_error_result(err) == SWM_OK;
	int rc = swm_fail_sql(err, from);

	if (!first)
		return rc;
	const swm_json *headers = swm_json_get(detail, SWM_STR("headers"));
	for (const swm_json *m = swm_json_first(headers); m != NULL; m = swm_json_next(m))
		swm_error_add_header(err, swm_json_name(m), swm_json_string(m));
	return rc;
}

int
swm_exec_fail_raised(swm_error *err, const struct swm_sql_error *raised)
{
	struct swm_sql_error made = { .status = 0 };
	swm_json *message = swm_json_parse(raised->message),
		 *detail = swm_json_parse(raised->details);
	int rc;

	if ((message == NULL && swm_json_why_not(raised->message) == SWM_ENOMEM) ||
	    (detail == NULL && swm_json_why_not(raised->details) == SWM_ENOMEM))
		rc = swm_fail_memory(err);
	else if (!take_message(message, &made))
		rc = fail_message(err, raised);
	else if (!take_detail(detail, &made))
		rc = fail_detail(err, raised);
	else
		rc = fill(err, &made, detail);
	swm_json_free(message);
	swm_json_free(detail);
	return rc;
}
