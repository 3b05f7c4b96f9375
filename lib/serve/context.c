/* The request as settings of its transaction. */
#include "config.h"

#include "serve/serving.h"

#include "json/escape.h"
#include "read.h"

/* The header names in lower case, as a JSON object; what is no UTF-8 is left out, and cookies are apart. */
static bool
headers_as_json(struct serving *s, swm_str *out)
{
	swm_buf json = SWM_BUF_INIT, name = SWM_BUF_INIT;
	char before = '{';

	for (size_t i = 0; i < s->request->count; i++) {
		const swm_field_line *line = &s->request->lines[i];
		swm_str value;
		bool seen = swm_str_caseeq(line->name, SWM_STR("Cookie"));
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
prepare(struct serving *s, swm_read *read, const swm_statement *look, bool checked, swm_error *err)
{
	swm_str headers, cookies;

	if (!headers_as_json(s, &headers) || !cookies_as_json(s, &cookies))
		return swm_fail_memory(err);
	swm_setting settings[] = {
		{ SWM_STR("request.method"), s->request->method },
		{ SWM_STR("request.path"), s->path },
		{ SWM_STR("request.headers"), headers },
		{ SWM_STR("request.cookies"), cookies },
		{ SWM_STR("request.batch"), SWM_STR("true") }, /* the last: of operations of a batch alone */
	};
	bool in_batch = s->transaction != NULL && s->transaction != &s->own;
	size_t settings_count = sizeof settings / sizeof settings[0] - !in_batch;
	swm_read_context context = {
		.identity = &s->identity, .schema = s->schema,
		.timezone = s->timezone_applied ? s->prefer.timezone : (swm_str){ NULL, 0 },
		.request = settings, .request_count = settings_count,
		.count = s->plan != NULL && s->plan->uncut ? SWM_COUNT_NONE : swm_counted(s), .rollback = s->rollback,
		.explain = s->explain, .explain_json = s->explain_format == SWM_MEDIA_PLAN_JSON,
		.explain_options = s->explain_options,
		.late_settings = s->call != NULL || s->writing.made == SWM_MADE_HANDLED,
		.function = s->call == NULL ? NULL : s->call->function, .changes = s->changes, .within = s->transaction,
		.checked = checked ? s->write_plan : NULL,
		.write = s->write_plan, .body = swm_buf_text(&s->body),
		.decide = s->write_plan != NULL ? swm_write_is_judged(s)
		                                : s->changes && swm_read_is_judged(s),
		.borrower = swm_serving_borrower(s),
		.longest_headers = swm_room_for_headers(s),
	};
	if (look != NULL) { /* in a transaction of its own, which changes nothing */
		context.look = look;
		context.changes = context.decide = false;
		context.within = NULL;
		context.write = NULL;
	}
	return swm_read_prepare(read, s->engine, s->arena, s->snapshot, s->plan, &context, err);
}

int
swm_prepare_read(struct serving *s, swm_read *read)
{
	return prepare(s, read, NULL, s->ingest != NULL, s->err);
}

int
swm_prepare_look(struct serving *s, swm_read *read, const swm_statement *look, bool checked,
                 swm_error *err)
{
	return prepare(s, read, look, checked, err);
}
