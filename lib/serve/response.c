/* What SQL set for the answer (https://docs.postgrest.org/en/latest/references/transactions.html#response-headers). */
#include "config.h"

#include "serve/serving.h"

#include "json/json.h"

static int
apply_response_headers(struct serving *s, swm_str text)
{
	swm_json *doc = swm_json_parse(text);
	const swm_json *item = swm_json_first(doc);
	int rc = swm_json_type_of(doc) == SWM_JSON_ARRAY ? SWM_OK : swm_fail(s->err, SWM_ERR_RESPONSE_HEADERS);

	for (; item != NULL && rc == SWM_OK; item = swm_json_next(item)) {
		const swm_json *member = swm_json_first(item);
		if (swm_json_type_of(item) != SWM_JSON_OBJECT || swm_json_type_of(member) != SWM_JSON_STRING ||
		    swm_json_next(member) != NULL || !swm_is_field(swm_json_name(member), swm_json_string(member)))
			rc = swm_fail(s->err, SWM_ERR_RESPONSE_HEADERS);
		else if (swm_str_caseeq(swm_json_name(member), SWM_STR("Content-Type")))
			swm_reply_set(&s->reply, "Content-Type", swm_json_string(member));
		else
			swm_reply_add(&s->reply, swm_json_name(member), swm_json_string(member));
	}
	swm_json_free(doc);
	return rc;
}

int
swm_apply_response_settings(struct serving *s, const PGresult *result)
{
	swm_str headers = swm_cstr(PQgetvalue(result, 0, 0));
	swm_str status = swm_cstr(PQgetvalue(result, 0, 1));
	int64_t number;
	int rc = headers.len == 0 ? SWM_OK : apply_response_headers(s, headers);

	if (rc != SWM_OK || status.len == 0)
		return rc;
	if (!swm_str_int64(status, &number) || number < 200 || number > 599) /* 1xx are never final */
		return swm_fail(s->err, SWM_ERR_RESPONSE_STATUS);
	s->reply.status = (int)number;
	return SWM_OK;
}
