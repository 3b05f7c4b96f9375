/* The request as settings of its transaction. */
#include "config.h"

#include "serve/serving.h"

#include "json/escape.h"
#include "read.h"

/*
 * The header names in lower case, as a JSON object; what is no UTF-8 is left out, and cookies are
 * apart.
 */
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

/* The settings that every statement runs under. No row of a relation has been read yet. */
static int
make_context(struct serving *s, swm_read_context *out, swm_error *err)
{
	enum { MOST_SETTINGS = 5 };
	swm_setting *settings = swm_arena_array(s->arena, MOST_SETTINGS, sizeof *settings);
	bool in_batch = s->transaction != NULL && s->transaction != &s->own;
	swm_str headers, cookies;
	size_t count = 0;

	if (settings == NULL || !headers_as_json(s, &headers) || !cookies_as_json(s, &cookies))
		return swm_fail_memory(err);
	settings[count++] = (swm_setting){ SWM_STR("request.method"), s->request->method };
	settings[count++] = (swm_setting){ SWM_STR("request.path"), s->asked->path };
	settings[count++] = (swm_setting){ SWM_STR("request.headers"), headers };
	settings[count++] = (swm_setting){ SWM_STR("request.cookies"), cookies };
	if (in_batch)
		settings[count++] = (swm_setting){ SWM_STR("request.batch"), SWM_STR("true") };
	*out = (swm_read_context){
		.identity = &s->asked->identity,
		.schema = s->asked->schema,
		.timezone = s->decided->timezone,
		.request = settings,
		.request_count = count,
		.rollback = s->decided->rollback,
		.borrower = swm_serving_borrower(s),
		.longest_headers = swm_room_for_headers(s),
	};
	return SWM_OK;
}

int
swm_prepare_read(struct serving *s, swm_read *read)
{
	const struct decided *d = s->decided;
	bool uncut = d->plan != NULL && d->plan->uncut;
	swm_read_context context;
	int rc = make_context(s, &context, s->err);

	if (rc != SWM_OK)
		return rc;
	context.count = uncut ? SWM_COUNT_NONE : swm_counted(s);
	context.explain = d->explain;
	context.explain_json = d->explain_format == SWM_MEDIA_PLAN_JSON;
	context.explain_options = d->explain_options;
	context.late_settings = d->call != NULL || d->writing.made == SWM_MADE_HANDLED;
	context.function = d->call == NULL ? NULL : d->call->function;
	context.changes = d->changes;
	context.within = s->transaction;
	context.write = swm_ingest_plan(s);
	context.checked = s->sent->ingest != NULL ? d->write_plan : NULL;
	context.body = swm_buf_text(&s->sent->text);
	context.decide = d->write_plan != NULL ? swm_write_is_judged(s)
	                                       : d->changes && swm_read_is_judged(s);
	return swm_read_prepare(read, s->engine, s->arena, s->snapshot, d->plan, &context, s->err);
}

int
swm_prepare_pre_request(struct serving *s, swm_read *read)
{
	swm_read_context context;
	int rc = make_context(s, &context, s->err);

	context.changes = s->decided->changes;
	context.within = s->transaction;
	return rc != SWM_OK ? rc
	                    : swm_read_prepare(read, s->engine, s->arena, s->snapshot, NULL,
	                                       &context, s->err);
}

/* In a transaction of its own, which changes nothing. */
int
swm_prepare_look(struct serving *s, swm_read *read, const swm_statement *look, bool checked,
                 swm_error *err)
{
	swm_read_context context;
	int rc = make_context(s, &context, err);

	context.look = look;
	context.checked = checked ? s->decided->write_plan : NULL;
	context.function = s->decided->call == NULL ? NULL : s->decided->call->function;
	return rc != SWM_OK ? rc
	                    : swm_read_prepare(read, s->engine, s->arena, s->snapshot, NULL,
	                                       &context, err);
}
