/* The function of /rpc/: its body, and which one it is. */
#include "config.h"

#include "serve/serving.h"

#include "http/url.h"
#include "query/arguments.h"

/* Each name and value of a form takes memory of its own, many times what a byte of it takes. */
enum { LONGEST_FORM = 1024 * 1024 };

/*
 * Bodies
 */

static int
fail_body(struct serving *s, const char *message)
{
	return swm_fail(s->err, SWM_ERR_BODY, swm_cstr(message));
}

static bool
is_scalar(const struct serving *s)
{
	return s->sent->content == SWM_CONTENT_JSON && s->sent->json.body == SWM_JSON_BODY_SCALAR;
}

/*
 * ?columns= says which members of a JSON body are arguments, else all are. An empty array has none.
 */
static int
take_named(struct serving *s, struct sent *to)
{
	bool is_empty = to->json.body == SWM_JSON_BODY_ARRAY && to->json.elements == 0;
	size_t count = 0;

	if (!s->asked->ast->has_columns || to->no_body || is_empty || is_scalar(s))
		return SWM_OK;
	for (const swm_value *v = s->asked->ast->columns; v != NULL; v = v->next)
		count++;
	swm_str *names = swm_arena_array(s->arena, count, sizeof *names);
	if (names == NULL)
		return swm_fail_memory(s->err);
	count = 0;
	for (const swm_value *v = s->asked->ast->columns; v != NULL; v = v->next)
		names[count++] = v->text;
	to->json.keys = names;
	to->json.key_count = count;
	to->json.keys_left_out = false;
	to->json.rows_agree = true;
	return SWM_OK;
}

/* An empty body is treated as an object without members. */
static int
take_json(struct serving *s, struct sent *to)
{
	if (to->no_body)
		swm_buf_cstr(&to->text, "{}");
	if (to->text.failed)
		return swm_fail_memory(s->err);
	int rc = swm_inspect_json(s, to);
	return rc == SWM_OK ? take_named(s, to) : rc;
}

static int
take_form(struct serving *s, struct sent *to)
{
	int rc = swm_url_pairs(&to->form, &to->form_count, s->arena, swm_buf_view(&to->text), 0,
	                       NULL);

	to->form_of_json = swm_is_form_of_json(swm_buf_view(&to->text));
	if (rc == SWM_ENOMEM)
		return swm_fail_memory(s->err);
	return rc == SWM_OK ? rc : fail_body(s, "The form is not percent-encoded UTF-8");
}

/* The first row is the call: its fields go by the header's names, as an object's members do. */
static int
take_csv(struct serving *s, struct sent *to)
{
	int rc = swm_take_csv(s, to);

	if (rc == SWM_OK && to->json.elements == 0)
		to->json.key_count = 0;
	return rc;
}

/* Rejects text that PostgreSQL's text format cannot represent. */
static int
take_text(struct serving *s)
{
	bool has_nul = s->sent->text.len > 0 &&
	               memchr(s->sent->text.ptr, '\0', s->sent->text.len) != NULL;

	return has_nul ? fail_body(s, "The body has a NUL byte") : SWM_OK;
}

static int
read_body(struct serving *s, struct sent *to)
{
	bool bytes = s->sent->content == SWM_CONTENT_BYTES,
	     form = s->sent->content == SWM_CONTENT_URLENCODED;

	if (bytes) /* bytea's text form (https://www.postgresql.org/docs/15/datatype-binary.html) */
		swm_buf_cstr(&to->text, "\\x");
	size_t begin = s->sent->text.len;
	int rc = swm_request_read_body(&to->text, s->request,
	                               form ? LONGEST_FORM : SWM_BODY_LONGEST,
	                               bytes ? swm_buf_hex : swm_buf_add, s->err);
	to->no_body = to->text.len == begin;
	return rc;
}

int
swm_step_body(struct serving *s, struct sent *to)
{
	swm_str type;

	if (s->asked->write != SWM_WRITES_NOTHING)
		return swm_take_written(s, to);
	if (!s->asked->is_function || !swm_serving_is(s, "POST"))
		return SWM_OK;
	int rc = swm_serving_header(s, &type, "Content-Type");
	if (rc != SWM_OK)
		return rc;
	to->content = swm_content_of(type);
	switch (to->content) {
	case SWM_CONTENT_JSON:
		rc = read_body(s, to);
		return rc != SWM_OK ? rc : take_json(s, to);
	case SWM_CONTENT_URLENCODED:
		rc = read_body(s, to);
		return rc != SWM_OK ? rc : take_form(s, to);
	case SWM_CONTENT_CSV:
		return take_csv(s, to);
	case SWM_CONTENT_TEXT:
	case SWM_CONTENT_XML:
		rc = read_body(s, to);
		return rc != SWM_OK ? rc : take_text(s);
	case SWM_CONTENT_BYTES:
		return read_body(s, to);
	default:
		return swm_content_fail(s->err, type);
	}
}

/*
 * The function
 */

/*
 * An array stands for the first object in it; anything else is for a function that takes the whole
 * of it.
 */
static bool
is_no_object(const struct serving *s)
{
	return is_scalar(s) ||
	       (s->sent->json.body == SWM_JSON_BODY_ARRAY && !s->sent->json.rows_agree);
}

static int
fail_no_object(struct serving *s)
{
	swm_error_clear(s->err); /* of searching for a function that takes it */
	return fail_body(s, is_scalar(s) ? "A JSON body must be an object or an array"
	                                 : "All object keys must match");
}

/* A function that takes the whole body as JSON needs one. */
static int
fail_no_body(struct serving *s)
{
	const swm_json_fault fault = { .expected = "a value" };

	return swm_json_fail(s->err, SWM_STR(""), (swm_json_place){ 1, 1 }, &fault);
}

static swm_call_request
call_request(const struct serving *s)
{
	bool is_form = s->sent->content == SWM_CONTENT_URLENCODED;

	return (swm_call_request){
		.schema = s->asked->schema,
		.name = s->asked->relation,
		.role = s->asked->identity.role,
		.post = swm_serving_is(s, "POST"),
		.content = s->sent->content,
		.pairs = is_form ? s->sent->form : s->asked->arguments,
		.pair_count = is_form ? s->sent->form_count : s->asked->argument_count,
		.keys = s->sent->json.keys,
		.key_count = s->sent->json.key_count,
		.whole_body = s->sent->json.keys_left_out || is_no_object(s),
		.in_array = s->sent->json.body == SWM_JSON_BODY_ARRAY,
		.no_body = s->sent->no_body,
		.body = { swm_buf_text(&s->sent->text), s->sent->text.len },
	};
}

int
swm_fail_no_function(struct serving *s)
{
	swm_call_request request = call_request(s);
	const swm_plan_call *none;

	request.seen_only = true;
	return swm_plan_call_of(&none, s->arena, s->snapshot, &request, s->err);
}

int
swm_step_call(struct serving *s, struct decided *to)
{
	/*
	 * a part may not be run again, as what came before it in the transaction may have written
	 */
	to->changes = s->transaction != NULL || s->asked->write != SWM_WRITES_NOTHING;
	if (!s->asked->is_function)
		return SWM_OK;
	swm_call_request request = call_request(s);
	int rc = swm_plan_call_of(&to->call, s->arena, s->snapshot, &request, s->err);
	if (rc == SWM_ENOTFOUND && is_no_object(s))
		return fail_no_object(s);
	if (rc != SWM_OK)
		return rc;
	bool is_volatile = to->call->function->volatility == 'v';
	/* it might write, and the transaction may */
	if (is_volatile && !request.post && s->transaction != NULL)
		return swm_fail(s->err, SWM_ERR_METHOD, s->request->method);
	to->changes |= is_volatile && request.post;
	bool lacks_json = s->sent->no_body && s->sent->content == SWM_CONTENT_JSON &&
	                  to->call->form == SWM_CALL_BODY;
	return lacks_json ? fail_no_body(s) : SWM_OK;
}
