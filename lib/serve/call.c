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

/* Nothing at all stands for an object without members. */
static int
take_json(struct serving *s)
{
	if (s->no_body)
		swm_buf_cstr(&s->body, "{}");
	return s->body.failed ? swm_fail_memory(s->err) : swm_inspect_json(s);
}

static int
take_form(struct serving *s)
{
	int rc = swm_url_pairs(&s->arguments, &s->argument_count, s->arena, swm_buf_view(&s->body), 0, NULL);

	s->form_of_json = swm_is_form_of_json(swm_buf_view(&s->body));
	if (rc == SWM_ENOMEM)
		return swm_fail_memory(s->err);
	return rc == SWM_OK ? rc : fail_body(s, "The form is not percent-encoded UTF-8");
}

/* The first row is the call: its fields go by the header's names, as an object's members do. */
static int
take_csv(struct serving *s)
{
	int rc = swm_take_csv(s);

	if (rc == SWM_OK && s->json.elements == 0)
		s->json.key_count = 0;
	return rc;
}

/* What PostgreSQL's text form cannot carry. */
static int
take_text(struct serving *s)
{
	bool has_nul = s->body.len > 0 && memchr(s->body.ptr, '\0', s->body.len) != NULL;

	return has_nul ? fail_body(s, "The body has a NUL byte") : SWM_OK;
}

static int
read_body(struct serving *s)
{
	bool bytes = s->content == SWM_CONTENT_BYTES, form = s->content == SWM_CONTENT_URLENCODED;

	if (bytes) /* bytea's text form (https://www.postgresql.org/docs/15/datatype-binary.html) */
		swm_buf_cstr(&s->body, "\\x");
	size_t begin = s->body.len;
	int rc = swm_request_read_body(&s->body, s->request, form ? LONGEST_FORM : SWM_BODY_LONGEST,
	                               bytes ? swm_buf_hex : swm_buf_add, s->err);
	s->no_body = s->body.len == begin;
	return rc;
}

int
swm_step_body(struct serving *s)
{
	swm_str type;

	if (s->write != SWM_WRITES_NOTHING)
		return swm_take_written(s);
	if (!s->is_function || !swm_serving_is(s, "POST"))
		return SWM_OK;
	int rc = swm_serving_header(s, &type, "Content-Type");
	if (rc != SWM_OK)
		return rc;
	s->content = swm_content_of(type);
	switch (s->content) {
	case SWM_CONTENT_JSON:
		rc = read_body(s);
		return rc != SWM_OK ? rc : take_json(s);
	case SWM_CONTENT_URLENCODED:
		rc = read_body(s);
		return rc != SWM_OK ? rc : take_form(s);
	case SWM_CONTENT_CSV:
		return take_csv(s);
	case SWM_CONTENT_TEXT:
	case SWM_CONTENT_XML:
		rc = read_body(s);
		return rc != SWM_OK ? rc : take_text(s);
	case SWM_CONTENT_BYTES:
		return read_body(s);
	default:
		return swm_content_fail(s->err, type);
	}
}

/*
 * The function
 */

static bool
is_scalar(const struct serving *s)
{
	return s->content == SWM_CONTENT_JSON && s->json.body == SWM_JSON_BODY_SCALAR;
}

/* An array stands for the first object in it; anything else is for a function that takes the whole of it. */
static bool
is_no_object(const struct serving *s)
{
	return is_scalar(s) || (s->json.body == SWM_JSON_BODY_ARRAY && !s->json.rows_agree);
}

static int
fail_no_object(struct serving *s)
{
	swm_error_clear(s->err); /* of searching for a function that takes it */
	return fail_body(s, is_scalar(s) ? "A JSON body must be an object or an array" : "All object keys must match");
}

/* ?columns= says which members of a JSON body are arguments, else all are. An empty array has none. */
static int
take_named(struct serving *s)
{
	bool is_empty = s->json.body == SWM_JSON_BODY_ARRAY && s->json.elements == 0;
	size_t count = 0;

	if (!s->ast->has_columns || !swm_serving_is(s, "POST") || s->content != SWM_CONTENT_JSON || s->no_body || is_empty ||
	    is_scalar(s))
		return SWM_OK;
	for (const swm_value *v = s->ast->columns; v != NULL; v = v->next)
		count++;
	swm_str *names = swm_arena_array(s->arena, count, sizeof *names);
	if (names == NULL)
		return swm_fail_memory(s->err);
	count = 0;
	for (const swm_value *v = s->ast->columns; v != NULL; v = v->next)
		names[count++] = v->text;
	s->json.keys = names;
	s->json.key_count = count;
	s->json.keys_left_out = false;
	s->json.rows_agree = true;
	return SWM_OK;
}

/* What takes the whole of it as JSON cannot be given nothing. */
static int
fail_no_body(struct serving *s)
{
	const swm_json_fault fault = { .expected = "a value" };

	return swm_json_fail(s->err, SWM_STR(""), (swm_json_place){ 1, 1 }, &fault);
}

static swm_call_request
call_request(struct serving *s)
{
	return (swm_call_request){
		.schema = s->schema, .name = s->relation, .role = s->identity.role,
		.post = swm_serving_is(s, "POST"), .content = s->content,
		.pairs = s->arguments, .pair_count = s->argument_count,
		.keys = s->json.keys, .key_count = s->json.key_count, .whole_body = s->json.keys_left_out || is_no_object(s),
		.in_array = s->json.body == SWM_JSON_BODY_ARRAY, .no_body = s->no_body,
		.body = { swm_buf_text(&s->body), s->body.len },
	};
}

int
swm_fail_no_function(struct serving *s)
{
	swm_call_request request = call_request(s);

	request.seen_only = true;
	return swm_plan_call_of(&s->call, s->arena, s->snapshot, &request, s->err);
}

int
swm_step_call(struct serving *s)
{
	if (!s->is_function)
		return SWM_OK;
	if (take_named(s) != SWM_OK)
		return SWM_ENOMEM;
	swm_call_request request = call_request(s);
	int rc = swm_plan_call_of(&s->call, s->arena, s->snapshot, &request, s->err);
	if (rc == SWM_ENOTFOUND && is_no_object(s))
		return fail_no_object(s);
	if (rc != SWM_OK)
		return rc;
	bool is_volatile = s->call->function->volatility == 'v';
	if (is_volatile && !request.post && s->transaction != NULL) /* it might write, and the transaction may */
		return swm_fail(s->err, SWM_ERR_METHOD, s->request->method);
	s->changes |= is_volatile && request.post;
	bool lacks_json = s->no_body && s->content == SWM_CONTENT_JSON && s->call->form == SWM_CALL_BODY;
	return lacks_json ? fail_no_body(s) : SWM_OK;
}
