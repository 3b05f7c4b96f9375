/* The root: what the schema has, as an OpenAPI document. */
#include "config.h"

#include "serve/serving.h"

#include "openapi/openapi.h"
#include "read.h"

/*
 * The document comes from the snapshot, so nothing is read; but a role that is not
 * there must be refused by the database, and a pre-request function asked.
 */
static bool
needs_database(const struct serving *s)
{
	return s->engine->settings->db_pre_request.len > 0 ||
	       swm_snapshot_role(s->snapshot, s->asked->identity.role) == NULL;
}

static int
ask_database(struct serving *s)
{
	swm_read read = { 0 };
	swm_event event;
	enum swm_read_step kind;
	int rc = swm_prepare_pre_request(s, &read);

	while (rc == SWM_OK && (rc = swm_read_next(&read, &event, &kind, s->err)) == 1)
		rc = kind == SWM_READ_SETTINGS ? swm_apply_response_settings(s, event.result, 0)
		                               : SWM_OK;
	swm_read_finish(&read);
	return rc;
}

static int
send_piece(void *user, swm_error *err)
{
	struct serving *s = user;

	if (!swm_reply_is_full(&s->reply))
		return SWM_OK;
	if (!s->reply.begun)
		swm_set_server_timing(s);
	return swm_reply_flush(&s->reply, err);
}

static int
write_document(struct serving *s)
{
	swm_openapi_request request = {
		.snapshot = s->snapshot,
		.settings = s->engine->settings,
		.schema = s->asked->schema,
		.role = s->asked->identity.role,
		.base_path = s->asked->prefix,
		.to = &s->reply.body,
		.flush = send_piece,
		.user = s,
	};

	return s->reply.no_body ? SWM_OK : swm_openapi_write(&request, s->err);
}

int
swm_answer_root(struct serving *s, struct decided *to)
{
	swm_str accept;
	enum swm_media media;
	int rc = swm_serving_header(s, &accept, "Accept");

	if (rc == SWM_OK)
		rc = swm_accept_choose(&media, accept, 1 << SWM_MEDIA_OPENAPI | 1 << SWM_MEDIA_JSON,
		                       s->err);
	if (rc == SWM_OK)
		rc = swm_step_preferences(s, to);
	if (rc != SWM_OK)
		return rc;
	swm_set_root_headers(s);
	if (needs_database(s))
		rc = ask_database(s);
	if (rc == SWM_OK)
		rc = write_document(s);
	s->done = rc == SWM_OK;
	return rc;
}
