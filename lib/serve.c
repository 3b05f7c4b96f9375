/*
 * How a web request is answered: the table `steps` below, from top to bottom.
 * A step that fails has written the error; the first one ends the walk, and the
 * error becomes the answer. What each step does stands at its declaration in
 * serve/serving.h.
 */
#include "config.h"

#include "serve/serving.h"

#include <stdio.h>

/* Each writes one record at the most, and is given it: one of the functions is there. */
static const struct step {
	int (*ask)(struct serving *s, struct asked *to);
	int (*take)(struct serving *s, struct sent *to);
	int (*decide)(struct serving *s, struct decided *to);
	/* a request that is made of others */
	int (*all)(struct serving *s, struct swm_records *to);
	int (*act)(struct serving *s);
	enum swm_stage stage;
	bool planned; /* by what the snapshot says: it is taken once more with another */
} steps[] = {
	{ .ask = swm_step_cors, .stage = SWM_STAGE_JWT },
	{ .ask = swm_step_authenticate, .stage = SWM_STAGE_JWT },
	{ .act = swm_step_admit, .stage = SWM_STAGE_JWT },
	{ .ask = swm_step_route, .stage = SWM_STAGE_PARSE },
	{ .ask = swm_step_schema, .stage = SWM_STAGE_PARSE },
	{ .ask = swm_step_method, .stage = SWM_STAGE_PARSE },
	{ .act = swm_step_coding, .stage = SWM_STAGE_PARSE },
	{ .ask = swm_step_parse, .stage = SWM_STAGE_PARSE },
	{ .ask = swm_step_prefer, .stage = SWM_STAGE_PARSE },
	{ .ask = swm_step_range, .stage = SWM_STAGE_PARSE },
	{ .act = swm_step_snapshot, .stage = SWM_STAGE_PLAN, .planned = true },
	{ .decide = swm_step_root, .stage = SWM_STAGE_PLAN },
	{ .act = swm_step_options, .stage = SWM_STAGE_PLAN },
	{ .act = swm_step_key, .stage = SWM_STAGE_PARSE },
	{ .all = swm_step_batch, .stage = SWM_STAGE_PARSE, .planned = true },
	{ .take = swm_step_body, .stage = SWM_STAGE_PARSE },
	{ .decide = swm_step_call, .stage = SWM_STAGE_PLAN, .planned = true },
	{ .decide = swm_step_plan, .stage = SWM_STAGE_PLAN, .planned = true },
	{ .decide = swm_step_preferences, .stage = SWM_STAGE_PLAN, .planned = true },
	{ .act = swm_step_transaction, .stage = SWM_STAGE_TRANSACTION, .planned = true },
	{ .act = swm_step_write, .stage = SWM_STAGE_PLAN, .planned = true },
	{ .act = swm_step_read, .stage = SWM_STAGE_PLAN, .planned = true },
};

void
swm_records_init(struct swm_records *records, struct serving *s)
{
	*records = (struct swm_records){ .decided = { .max_affected = -1 } };
	s->asked = &records->asked;
	s->sent = &records->sent;
	s->decided = &records->decided;
	s->progress.total = -1;
}

void
swm_records_dispose(struct swm_records *records)
{
	swm_ingest_dispose(&records->sent);
	swm_buf_dispose(&records->sent.text);
}

/*
 * Logs the cause of a 5xx. Details are logged for our own errors alone (why a connection failed):
 * those of PostgreSQL's may show a row.
 */
static void
log_failure(const struct serving *s)
{
	swm_str target = s->request->target, code = swm_error_code(s->err),
		details = swm_error_details(s->err);
	swm_buf line = SWM_BUF_INIT;

	if (s->engine->log == NULL)
		return;
	swm_buf_str(&line, s->request->method);
	swm_buf_char(&line, ' ');
	swm_buf_add(&line, target.ptr, swm_str_find(target, '?'));
	swm_buf_printf(&line, ": %d ", swm_error_http_status(s->err));
	swm_buf_str(&line, code);
	swm_buf_cstr(&line, ": ");
	swm_buf_str(&line, swm_error_message(s->err));
	if (details.len > 0 &&
	    (swm_str_starts(code, SWM_STR("PGRST")) || swm_str_starts(code, SWM_STR("SWM")))) {
		swm_buf_cstr(&line, ": ");
		swm_buf_str(&line, details);
	}
	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.ptr[i] < 0x20)
			line.ptr[i] = ' ';
	if (!line.failed)
		s->engine->log(s->engine->log_user, SWM_LOG_ERROR, swm_buf_view(&line));
	swm_buf_dispose(&line);
}

/*
 * The result when an answer could not be delivered; without memory, SWM_EUNKNOWN stays if a write
 * may have been committed.
 */
static int
fail_delivery(struct serving *s, int rc)
{
	if (rc == SWM_ENOMEM && swm_error_result(s->err) == SWM_EUNKNOWN)
		return SWM_EUNKNOWN;
	return rc == SWM_OK ? rc : swm_error_settle(s->err, rc);
}

/* A method that the answer must name, and what an error must not keep of a read's headers. */
static void
make_error(struct serving *s)
{
	swm_str allow = { NULL, 0 };
	bool minimal = swm_str_eq(s->engine->settings->client_error_verbosity, SWM_STR("minimal"));

	for (const swm_reply_header *h = s->reply.headers; h != NULL; h = h->next)
		if (swm_str_eq(h->name, SWM_STR("Allow")))
			allow = h->value;
	swm_reply_reset(&s->reply);
	swm_set_common_headers(s);
	if (allow.len > 0)
		swm_reply_set(&s->reply, "Allow", allow);
	else if (swm_error_http_status(s->err) == 405 && s->asked->is_function)
		swm_set_function_allow(s);
	else if (swm_error_http_status(s->err) == 405)
		swm_set_relation_allow(s);
	if (swm_error_http_status(s->err) >= 500)
		log_failure(s);
	swm_reply_error(&s->reply, s->err, minimal);
	if (s->progress.total >= 0 && swm_error_http_status(s->err) == 416)
		swm_set_content_range(s, -1);
	s->reply.status = swm_error_http_status(s->err);
	swm_set_server_timing(s);
}

static int
answer_error(struct serving *s)
{
	make_error(s);
	if (swm_reply_fit(&s->reply, 0, NULL) != SWM_OK) { /* what RAISE SQLSTATE 'PGRST' has set */
		swm_error_clear(s->err);
		(void)swm_reply_fit(&s->reply, 0, s->err);
		make_error(s);
	}
	return fail_delivery(s, swm_reply_end(&s->reply, s->err));
}

/* Hides names that the role may not see and that PostgreSQL's message would tell. */
static void
hide_unseen(struct serving *s)
{
	if (s->snapshot != NULL)
		swm_plan_hide_unseen_key(s->snapshot, s->asked->identity.role, s->err);
	if (s->decided->write_plan != NULL)
		swm_plan_hide_unseen(s->decided->write_plan->target, s->snapshot,
		                     s->asked->identity.role, s->err);
	if (s->decided->plan != NULL)
		swm_plan_hide_unseen(s->decided->plan->root, s->snapshot, s->asked->identity.role,
		                     s->err);
}

static int
take_step(const struct step *step, struct serving *s, struct swm_records *records)
{
	if (step->ask != NULL)
		return step->ask(s, &records->asked);
	if (step->take != NULL)
		return step->take(s, &records->sent);
	if (step->decide != NULL)
		return step->decide(s, &records->decided);
	return step->all != NULL ? step->all(s, records) : step->act(s);
}

static int
take_steps(struct serving *s, struct swm_records *records, size_t from)
{
	int rc = SWM_OK;

	for (size_t i = from; i < sizeof steps / sizeof steps[0] && rc == SWM_OK && !s->done; i++) {
		if (s->retry.tries > 0 && !steps[i].planned)
			continue;
		swm_enter_stage(s, steps[i].stage);
		rc = take_step(&steps[i], s, records);
	}
	if (rc != SWM_OK)
		swm_hint_at_body(s);
	if (rc == SWM_EDATABASE) {
		hide_unseen(s);
		swm_hint_at_plus(s);
	}
	return rc;
}

int
swm_serve_part(struct serving *s, struct swm_records *records)
{
	size_t from = 0;

	while (steps[from].ask != swm_step_route)
		from++;
	return take_steps(s, records, from);
}

static bool
may_be_written(const struct serving *s)
{
	return s->may_have_committed ||
	       (s->own.exec != NULL && swm_exec_may_have_committed(s->own.exec));
}

static int
walk(struct serving *s, struct swm_records *records)
{
	swm_set_common_headers(s);
	int rc = s->reply.failed ? swm_fail_memory(s->err) : take_steps(s, records, 0);
	while (rc != SWM_OK && swm_plan_again(s, &records->decided))
		rc = take_steps(s, records, 0);
	rc = swm_tell_refusal(s, rc);
	if (rc == SWM_OK)
		rc = swm_end_transaction(s);
	else
		swm_drop_transaction(s);
	if (rc == SWM_EDATABASE) /* of deferred constraints */
		hide_unseen(s);
	if (!s->reply.begun && rc == SWM_OK)
		swm_set_server_timing(s);
	if (rc == SWM_OK)
		rc = swm_reply_end(&s->reply, s->err);
	if (rc == SWM_OK)
		return rc;
	/* whatever fails after the commit must not say that nothing was written */
	if (rc != SWM_EUNKNOWN && rc != SWM_ESINK && may_be_written(s))
		rc = swm_fail_unknown(s->err, SWM_STR(""));
	/* nothing more can be said once an answer has begun, or to nobody */
	if (s->reply.begun || rc == SWM_ECANCELED || rc == SWM_ESINK)
		return rc;
	return answer_error(s);
}

/*
 * Only who asks. A refusal is a header too, since nginx's auth_request drops the body; and it
 * is 403, since of a 401 auth_request keeps WWW-Authenticate for whatever becomes of the request.
 */
static int
authorize(struct serving *s, struct swm_records *records)
{
	int rc = swm_step_authenticate(s, &records->asked);

	if (rc == SWM_OK && !s->asked->identity.authenticated)
		rc = swm_fail(s->err, SWM_ERR_BODY_NEEDS_TOKEN);
	s->reply.status = 204;
	if (rc != SWM_OK) {
		make_error(s);
		s->reply.status = s->reply.status == 401 ? 403 : s->reply.status;
		swm_reply_set(&s->reply, "Swm-Refusal", swm_buf_view(&s->reply.body));
	}
	return swm_reply_end(&s->reply, s->err);
}

/* *begun: the sink was given something. */
static int
serve(swm_engine *engine, const swm_request *request, const swm_sink *sink,
      int (*answer)(struct serving *s, struct swm_records *records), bool *begun, swm_error *err)
{
	swm_arena *arena = swm_arena_new();

	*begun = false;
	if (arena == NULL)
		return swm_fail_memory(err);
	struct serving s = { .engine = engine, .request = request, .arena = arena, .err = err };
	struct swm_records records;
	swm_records_init(&records, &s);
	swm_reply_init(&s.reply, sink, arena, swm_serving_is(&s, "HEAD"));
	int rc = answer(&s, &records);
	*begun = s.reply.begun;
	swm_transaction_finish(&s.own);
	swm_error_free(s.retry.refusal);
	swm_keyed_dispose(&s);
	swm_records_dispose(&records);
	swm_reply_dispose(&s.reply);
	swm_snapshot_unref(s.snapshot);
	swm_arena_free(arena);
	return rc;
}

/* Which rule of include/swm/request.h the caller has broken, or NULL. */
static const char *
fault_of(const swm_request *request, const swm_sink *sink)
{
	const swm_body *body = request->body;

	if (sink->size != sizeof *sink)
		return "the sink is of another version of libswm";
	if (sink->status == NULL)
		return "the sink has no function status";
	if (sink->header == NULL)
		return "the sink has no function header";
	if (sink->body == NULL)
		return "the sink has no function body";
	if (body != NULL && body->size != sizeof *body)
		return "the body is of another version of libswm";
	return body != NULL && body->read == NULL ? "the body has no function read" : NULL;
}

static bool
is_head(const swm_request *request)
{
	return swm_str_eq(request->method, SWM_STR("HEAD"));
}

/* Answers and logs an error whose own answer there was no memory for. */
static int
answer_briefly(const swm_engine *engine, const swm_request *request, const swm_sink *sink,
               swm_error *err)
{
	bool unknown = swm_error_result(err) == SWM_EUNKNOWN;
	swm_str message = err == NULL ? SWM_STR("Out of memory") : swm_error_message(err);
	char line[256];

	snprintf(line, sizeof line, "a request could not be served: %.*s", SWM_PRINTED(message));
	if (engine->log != NULL)
		engine->log(engine->log_user, SWM_LOG_ERROR, swm_cstr(line));
	return swm_reply_brief(sink, unknown ? SWM_ERR_OUTCOME_UNKNOWN : SWM_ERR_NOT_SERVED,
	                       is_head(request), err);
}

static int
serve_checked(swm_engine *engine, const swm_request *request, const swm_sink *sink,
              int (*answer)(struct serving *s, struct swm_records *records), swm_error *err)
{
	swm_error_clear(err);
	const char *fault = fault_of(request, sink);
	if (fault != NULL)
		return swm_fail(err, SWM_ERR_ARGUMENT, swm_cstr(fault));
	swm_error *own = swm_error_new(); /* what becomes an answer is no error of the call */
	bool begun = false;
	int rc = own == NULL
	                 ? SWM_ENOMEM
	                 : swm_error_settle(own, serve(engine, request, sink, answer, &begun, own));
	if (rc != SWM_OK && rc != SWM_ECANCELED && rc != SWM_ESINK && !begun)
		rc = answer_briefly(engine, request, sink, own);
	if (rc != SWM_OK)
		swm_error_copy(err, own);
	swm_error_free(own);
	return swm_error_settle(err, rc);
}

int
swm_engine_serve(swm_engine *engine, const swm_request *request, const swm_sink *sink,
                 swm_error *err)
{
	return serve_checked(engine, request, sink, walk, err);
}

int
swm_engine_authorize(swm_engine *engine, const swm_request *request, const swm_sink *sink,
                     swm_error *err)
{
	return serve_checked(engine, request, sink, authorize, err);
}

int
swm_request_refuse(const swm_request *request, enum swm_refusal why, const swm_sink *sink,
                   swm_error *err)
{
	static const enum swm_error_id errors[] = {
		[SWM_REFUSAL_NOT_SERVED] = SWM_ERR_NOT_SERVED,
		[SWM_REFUSAL_HEADER_TOO_LARGE] = SWM_ERR_HEADER_TOO_LARGE,
	};
	const char *fault = fault_of(request, sink);

	if (fault == NULL && (size_t)why >= sizeof errors / sizeof errors[0])
		fault = "there is no such refusal";
	swm_error_clear(err);
	if (fault != NULL)
		return swm_fail(err, SWM_ERR_ARGUMENT, swm_cstr(fault));
	return swm_reply_brief(sink, errors[why], is_head(request), err);
}
