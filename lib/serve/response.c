/*
 * Headers and status that SQL sets
 * (https://docs.postgrest.org/en/latest/references/transactions.html#response-headers).
 */
#include "config.h"

#include "serve/serving.h"

#include "json/json.h"

/* A member of the list: an object with one name and a text. */
static bool
is_header(const swm_json *item)
{
	const swm_json *member = swm_json_first(item);

	return swm_json_type_of(item) == SWM_JSON_OBJECT &&
	       swm_json_type_of(member) == SWM_JSON_STRING && swm_json_next(member) == NULL &&
	       swm_is_field(swm_json_name(member), swm_json_string(member));
}

/* They replace our headers of the same names, and may repeat names among themselves. */
static int
apply_response_headers(struct serving *s, swm_str text)
{
	swm_json *doc = swm_json_parse(text);
	if (doc == NULL && swm_json_why_not(text) == SWM_ENOMEM)
		return swm_fail_memory(s->err);
	bool good = swm_json_type_of(doc) == SWM_JSON_ARRAY;

	for (const swm_json *i = swm_json_first(doc); i != NULL && good; i = swm_json_next(i))
		good = is_header(i);
	for (const swm_json *i = swm_json_first(doc); i != NULL && good; i = swm_json_next(i))
		swm_reply_remove(&s->reply, swm_json_name(swm_json_first(i)));
	for (const swm_json *i = swm_json_first(doc); i != NULL && good; i = swm_json_next(i))
		swm_reply_add(&s->reply, swm_json_name(swm_json_first(i)),
		              swm_json_string(swm_json_first(i)));
	swm_json_free(doc);
	return good ? SWM_OK : swm_fail(s->err, SWM_ERR_RESPONSE_HEADERS);
}

size_t
swm_room_for_headers(const struct serving *s)
{
	/* Content-Type, Content-Profile, Content-Range, Content-Length, Idempotency-Replayed */
	enum { OURS = 300 };
	enum { TIMING = 200 };
	size_t used = swm_reply_head_length(&s->reply) + OURS + s->decided->content_type.len +
	              s->asked->schema.len;

	used += s->engine->settings->server_timing_enabled ? TIMING : 0;
	used += s->keyed != NULL ? SWM_KEPT_SPARE : 0;
	return used < SWM_REPLY_LONGEST_HEAD ? SWM_REPLY_LONGEST_HEAD - used : 0;
}

int
swm_apply_response_settings(struct serving *s, const swm_result *result, int column)
{
	swm_str headers = swm_result_cell(result, 0, column);
	swm_str status = swm_result_cell(result, 0, column + 1);
	int64_t number;
	int rc = headers.len == 0 ? SWM_OK : apply_response_headers(s, headers);

	if (rc != SWM_OK || status.len == 0)
		return rc;
	/* 1xx are never final */
	if (!swm_str_int64(status, &number) || number < 200 || number > 599)
		return swm_fail(s->err, SWM_ERR_RESPONSE_STATUS);
	s->reply.status = (int)number;
	s->sql_set_status = true;
	return SWM_OK;
}
