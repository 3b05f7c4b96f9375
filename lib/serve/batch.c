/*
 * POST /batch: several operations in one transaction, all of them or none. Each is a
 * request in small, and takes the steps of one; later ones may use what earlier ones
 * answered. doc/DIALECT.md describes it.
 */
#include "config.h"

#include "serve/serving.h"

#include "base/clock.h"
#include "http/url.h"
#include "json/escape.h"
#include "json/grammar.h"
#include "json/raw.h"

enum {
	MOST_OPERATIONS = 1000,
	LARGEST_ANSWER = 16 * 1024 * 1024, /* of all operations */
	MOST_REFERENCES = 1000,
	/* an answer that references look into, since each reads it */
	LARGEST_REFERRED = 64 * 1024,
	LONGEST_PATH = 61 * 1024,          /* as of a URL, nginx/snippets */
	MOST_MILLISECONDS = 60 * 1000,
};

/* The batch while it is served. */
struct batch {
	struct serving *outer;
	swm_buf answers; /* an array that is not closed yet */
	size_t *at;      /* where in it each operation's answer begins */
	int64_t number;  /* of the operation, from 0 */
	int64_t references;
	int64_t deadline; /* of swm_clock_ms() */
};

/* An operation as it was sent; views of the batch's body. */
struct operation {
	swm_str method, path, headers, body; /* JSON; empty when not given */
};

/* A request body that is read from memory. */
struct text_body {
	swm_body body;
	swm_str rest;
};

static int
fail_operation(struct batch *b, const char *why, swm_str what)
{
	return swm_fail_format(b->outer->err, SWM_ERR_BODY, "Operation %lld of the batch: %s%.*s",
	                       (long long)b->number, why, SWM_PRINTED(what));
}

/*
 * Reading it
 */

static int
read_operation(struct batch *b, struct operation *out, swm_str text)
{
	swm_json_item item;

	*out = (struct operation){ 0 };
	if (text.ptr[0] != '{')
		return fail_operation(b, "it is no object", SWM_STR(""));
	for (bool more = swm_json_item_first(&item, text); more; more = swm_json_item_next(&item)) {
		if (swm_json_says(item.name, SWM_STR("method")))
			out->method = item.value;
		else if (swm_json_says(item.name, SWM_STR("path")))
			out->path = item.value;
		else if (swm_json_says(item.name, SWM_STR("headers")))
			out->headers = item.value;
		else if (swm_json_says(item.name, SWM_STR("body")))
			out->body = item.value;
		else
			return fail_operation(b, "unknown member ", item.name);
	}
	if (out->method.len == 0 || out->method.ptr[0] != '"' || out->path.len == 0 ||
	    out->path.ptr[0] != '"')
		return fail_operation(b, "method and path must be strings", SWM_STR(""));
	if (out->headers.len > 0 && out->headers.ptr[0] != '{')
		return fail_operation(b, "headers must be an object", SWM_STR(""));
	return SWM_OK;
}

static int
unquote(struct batch *b, swm_str *out, swm_str string)
{
	swm_buf text = SWM_BUF_INIT;

	(void)swm_json_unquote(&text, string);
	*out = text.failed ? (swm_str){ NULL, 0 }
	                   : swm_arena_str(b->outer->arena, swm_buf_view(&text));
	swm_buf_dispose(&text);
	return out->ptr == NULL ? swm_fail_memory(b->outer->err) : SWM_OK;
}

/*
 * Answers of earlier operations
 */

/*
 * Finds the answer of the operation that a pointer begins with, and the rest of the pointer. False
 * when it has none.
 */
static bool
find_answer(const struct batch *b, swm_str *answer, swm_str *rest, swm_str pointer)
{
	swm_str number = swm_str_from(pointer, 1);
	size_t digits = swm_str_find(number, '/');
	int64_t n;

	if (!swm_str_starts(pointer, SWM_STR("/")) ||
	    !swm_str_int64((swm_str){ number.ptr, digits }, &n) || n < 0 || n >= b->number)
		return false;
	size_t end = n + 1 < b->number ? b->at[n + 1] : b->answers.len;
	*answer = (swm_str){ b->answers.ptr + b->at[n], end - b->at[n] };
	*rest = swm_str_from(number, digits);
	return true;
}

static int
find_result(struct batch *b, swm_str *out, swm_str pointer)
{
	swm_str answer, rest;

	if (++b->references > MOST_REFERENCES)
		return fail_operation(b, "there are too many references", SWM_STR(""));
	if (!find_answer(b, &answer, &rest, pointer))
		return fail_operation(b, "no operation before it has answered ", pointer);
	if (answer.len > LARGEST_REFERRED)
		return fail_operation(b, "the answer is too large to be referred to: ", pointer);
	int found = swm_json_at(out, answer, rest);
	if (found < 0)
		return swm_fail_memory(b->outer->err);
	return found ? SWM_OK : fail_operation(b, "no operation before it has answered ", pointer);
}

/*
 * Where in a path ${...} may stand, so that it is one value and nothing else: as all that follows
 * an operator of comparison, or among values in parentheses, in quotes.
 */
static bool
is_compared(swm_str value)
{
	static const char *const operators[] = { "eq.", "neq.", "gt.", "gte.", "lt.", "lte." };

	if (swm_str_starts(value, SWM_STR("not.")))
		value = swm_str_from(value, 4);
	for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
		if (swm_str_eq(value, swm_cstr(operators[i])))
			return true;
	return false;
}

static bool
is_in_list(swm_str value)
{
	return swm_str_starts(value, SWM_STR("in.(")) || swm_str_starts(value, SWM_STR("not.in.("));
}

/* or=(name.eq.${...}) and its like */
static bool
is_in_tree(swm_str name, swm_str value)
{
	bool is_tree = swm_str_ends(name, SWM_STR("or")) || swm_str_ends(name, SWM_STR("and"));

	return is_tree && swm_str_starts(value, SWM_STR("(")) && swm_str_ends(value, SWM_STR("."));
}

enum place { NO_PLACE, WHOLE_VALUE, QUOTED_VALUE };

/* before: the path before the reference, as sent; behind: the path after it. */
static enum place
place_of(swm_str before, swm_str behind)
{
	size_t begin = before.len;

	while (begin > 0 && before.ptr[begin - 1] != '&' && before.ptr[begin - 1] != '?')
		begin--;
	swm_str parameter = { before.ptr + begin, before.len - begin };
	size_t equals = swm_str_find(parameter, '=');
	swm_str name = { parameter.ptr, equals }, value = swm_str_from(parameter, equals + 1);
	if (begin == 0 || equals == parameter.len)
		return NO_PLACE;
	if (is_in_list(value) || is_in_tree(name, value))
		return QUOTED_VALUE;
	return is_compared(value) && (behind.len == 0 || behind.ptr[0] == '&') ? WHOLE_VALUE
	                                                                       : NO_PLACE;
}

static void
put_dialect_quoted(swm_buf *to, swm_str text)
{
	swm_buf quoted = SWM_BUF_INIT;

	swm_buf_char(&quoted, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			swm_buf_char(&quoted, '\\');
		swm_buf_char(&quoted, text.ptr[i]);
	}
	swm_buf_char(&quoted, '"');
	swm_url_encode(to, swm_buf_view(&quoted));
	to->failed |= quoted.failed;
	swm_buf_dispose(&quoted);
}

/* ${/0/body/0/id}: the text of a string, or a number, true, false, null as it stands. */
static int
put_path_result(struct batch *b, swm_buf *to, swm_str pointer, enum place place)
{
	swm_buf text = SWM_BUF_INIT;
	swm_str value;
	int rc = place == NO_PLACE ? fail_operation(b, "only a value of a filter can be ", pointer)
	                           : find_result(b, &value, pointer);

	if (rc == SWM_OK && (value.ptr[0] == '{' || value.ptr[0] == '['))
		rc = fail_operation(b, "a path cannot hold the object or array at ", pointer);
	if (rc != SWM_OK)
		return rc;
	if (!swm_json_unquote(&text, value))
		swm_buf_str(&text, value);
	if (place == QUOTED_VALUE)
		put_dialect_quoted(to, swm_buf_view(&text));
	else
		swm_url_encode(to, swm_buf_view(&text));
	to->failed |= text.failed;
	swm_buf_dispose(&text);
	return SWM_OK;
}

static int
fail_long_path(struct batch *b)
{
	return fail_operation(b, "its path is too long", SWM_STR(""));
}

static int
put_path(struct batch *b, swm_buf *to, swm_str path)
{
	swm_str rest = path;
	int rc = path.len > LONGEST_PATH ? fail_long_path(b) : SWM_OK;

	while (rest.len > 0 && rc == SWM_OK) {
		size_t n = swm_str_find(rest, '$'), end = 0;
		swm_str behind = swm_str_from(rest, n);
		swm_buf_add(to, rest.ptr, n);
		if (swm_str_starts(behind, SWM_STR("${")) &&
		    (end = swm_str_find(behind, '}')) < behind.len) {
			swm_str before = { path.ptr, (size_t)(behind.ptr - path.ptr) };
			rest = swm_str_from(behind, end + 1);
			rc = put_path_result(b, to, (swm_str){ behind.ptr + 2, end - 2 },
			                     place_of(before, rest));
		} else {
			swm_buf_str(to, behind);
			break;
		}
		if (rc == SWM_OK && to->len > LONGEST_PATH)
			rc = fail_long_path(b);
	}
	return rc == SWM_OK && to->failed ? swm_fail_memory(b->outer->err) : rc;
}

/* {"$result": "/0/body/0/id"}: *out is the pointer, as it stands. */
static bool
is_reference(swm_str object, swm_str *out)
{
	swm_json_item item;
	swm_str name;

	if (!swm_json_first_name(&name, object) || !swm_json_says(name, SWM_STR("$result")) ||
	    !swm_json_item_first(&item, object))
		return false;
	*out = item.value;
	return item.value.ptr[0] == '"' && !swm_json_item_next(&item);
}

static int
put_reference(struct batch *b, swm_buf *to, swm_str string)
{
	swm_str pointer, value;
	int rc = unquote(b, &pointer, string);

	if (rc == SWM_OK)
		rc = find_result(b, &value, pointer);
	if (rc == SWM_OK)
		swm_buf_str(to, value);
	if (rc == SWM_OK && to->len > SWM_BODY_LONGEST)
		rc = fail_operation(b, "its body is too large", SWM_STR(""));
	return rc;
}

/* Copies the body, with references to earlier answers replaced. */
static int
put_body(struct batch *b, swm_buf *to, swm_str body)
{
	swm_str reference;
	int rc = SWM_OK;

	while (body.len > 0 && rc == SWM_OK) {
		size_t n = 1;
		if (body.ptr[0] == '"') {
			n = swm_json_length(body);
			swm_buf_add(to, body.ptr, n);
		} else if (body.ptr[0] == '{' && is_reference(body, &reference)) {
			n = swm_json_length(body);
			rc = put_reference(b, to, reference);
		} else {
			swm_buf_char(to, body.ptr[0]);
		}
		body = swm_str_from(body, n);
	}
	return rc == SWM_OK && to->failed ? swm_fail_memory(b->outer->err) : rc;
}

/*
 * The operation as a request
 */

/* True for headers that describe the batch itself, or that each operation sets for itself. */
static bool
is_of_batch(swm_str name)
{
	static const char *const names[] = {
		"Accept",          "Accept-Profile",  "Content-Encoding",
		"Content-Length",  "Content-Profile", "Content-Type",
		"Idempotency-Key", "If-Match",        "If-None-Match",
		"Prefer",          "Range",           "Range-Unit"
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (swm_str_caseeq(name, swm_cstr(names[i])))
			return true;
	return false;
}

/* An operation has its own headers, except for those of the whole batch, such as credentials. */
static int
add_own_headers(struct batch *b, swm_request *request, swm_str headers)
{
	swm_json_item item;
	int rc = SWM_OK;

	for (bool more = swm_json_item_first(&item, headers); more && rc == SWM_OK;
	     more = swm_json_item_next(&item)) {
		swm_str name, value;
		rc = unquote(b, &name, item.name);
		if (rc == SWM_OK && item.value.ptr[0] != '"')
			rc = fail_operation(b, "a header must be a string: ", name);
		if (rc == SWM_OK)
			rc = unquote(b, &value, item.value);
		if (rc == SWM_OK && (!is_of_batch(name) || !swm_is_field(name, value) ||
		                     swm_str_caseeq(name, SWM_STR("Idempotency-Key"))))
			rc = fail_operation(b, "this header is not one of an operation: ", name);
		if (rc == SWM_OK && swm_request_add_header(request, name, value) != SWM_OK)
			rc = swm_fail_memory(b->outer->err);
	}
	return rc;
}

static int
add_headers(struct batch *b, swm_request *request, const struct operation *o)
{
	const swm_request *outer = b->outer->request;
	swm_str type;

	for (size_t i = 0; i < outer->count; i++)
		if (!is_of_batch(outer->lines[i].name) &&
		    swm_request_add_header(request, outer->lines[i].name, outer->lines[i].value) !=
		            SWM_OK)
			return swm_fail_memory(b->outer->err);
	int rc = add_own_headers(b, request, o->headers);
	if (rc != SWM_OK)
		return rc;
	if (!swm_request_header(&type, request, b->outer->arena, SWM_STR("Content-Type")) ||
	    (type.ptr == NULL && swm_request_add_header(request, SWM_STR("Content-Type"),
	                                                SWM_STR("application/json")) != SWM_OK))
		return swm_fail_memory(b->outer->err);
	return SWM_OK;
}

static ptrdiff_t
read_text(void *user, char *to, size_t room)
{
	struct text_body *t = user;
	size_t n = t->rest.len < room ? t->rest.len : room;

	if (n > 0)
		memcpy(to, t->rest.ptr, n);
	t->rest = swm_str_from(t->rest, n);
	return (ptrdiff_t)n;
}

/* Text of another type than JSON stands in a string. */
static int
make_body(struct batch *b, const swm_request *request, swm_str body, swm_buf *to)
{
	swm_str type;

	if (!swm_request_header(&type, request, b->outer->arena, SWM_STR("Content-Type")))
		return swm_fail_memory(b->outer->err);
	if (swm_content_of(type) == SWM_CONTENT_JSON || !swm_json_unquote(to, body))
		return put_body(b, to, body);
	return to->failed ? swm_fail_memory(b->outer->err) : SWM_OK;
}

/*
 * Its answer
 */

static void
put_answer_headers(swm_buf *to, const swm_reply *reply)
{
	char before = '{';

	for (const swm_reply_header *h = reply->headers; h != NULL; h = h->next) {
		swm_buf_char(to, before);
		swm_json_quote(to, h->name);
		swm_buf_char(to, ':');
		swm_json_quote(to, h->value);
		before = ',';
	}
	swm_buf_cstr(to, before == '{' ? "{}" : "}");
}

/* A JSON body is embedded as it is, other text as a string. */
static int
put_answer_body(struct batch *b, const swm_reply *reply)
{
	swm_str body = swm_buf_view(&reply->body);

	if (reply->no_body || reply->status == 204 || body.len == 0)
		swm_buf_cstr(&b->answers, "null");
	else if (swm_json_valid(body))
		swm_buf_str(&b->answers, body);
	else if (swm_utf8_valid(body, NULL))
		swm_json_quote(&b->answers, body);
	else
		return fail_operation(b, "what it answers is no text", SWM_STR(""));
	return SWM_OK;
}

static int
put_answer(struct batch *b, const swm_reply *reply)
{
	swm_buf_cstr(&b->answers, b->number == 0 ? "[" : ", \n ");
	b->at[b->number] = b->answers.len;
	swm_buf_printf(&b->answers, "{\"status\":%d,\"headers\":", reply->status);
	put_answer_headers(&b->answers, reply);
	swm_buf_cstr(&b->answers, ",\"body\":");
	int rc = put_answer_body(b, reply);
	swm_buf_char(&b->answers, '}');
	if (rc == SWM_OK && b->answers.len > LARGEST_ANSWER)
		rc = fail_operation(b, "the answers are too large together", SWM_STR(""));
	if (rc == SWM_OK && swm_clock_ms() > b->deadline)
		rc = fail_operation(b, "the batch takes too long", SWM_STR(""));
	if (rc == SWM_OK && (b->answers.failed || reply->failed || reply->body.failed))
		return swm_fail_memory(
			b->outer->err); /* not a body that is empty for want of memory */
	return rc;
}

static int
serve_operation(struct batch *b, const swm_request *request)
{
	struct serving *outer = b->outer;
	struct swm_records records;
	struct serving s = { .engine = outer->engine,
		             .request = request,
		             .arena = outer->arena,
		             .err = outer->err,
		             .transaction = outer->transaction,
		             .most_held = LARGEST_ANSWER };

	swm_records_init(&records, &s);
	records.asked.identity = outer->asked->identity;
	records.asked.prefix = outer->asked->prefix;
	/* all of it is held */
	swm_reply_init(&s.reply, NULL, outer->arena, swm_serving_is(&s, "HEAD"));
	int rc = swm_serve_part(&s, &records);
	outer->may_have_written |= s.may_have_written;
	/* of the last one, which may have failed */
	outer->retry.unknown_names = s.retry.unknown_names;
	outer->retry.types_changed = s.retry.types_changed;
	if (rc == SWM_OK)
		rc = put_answer(b, &s.reply);
	swm_reply_dispose(&s.reply);
	swm_records_dispose(&records);
	swm_snapshot_unref(s.snapshot);
	return rc;
}

static int
run_operation(struct batch *b, swm_str text)
{
	struct operation o;
	swm_request *request = NULL;
	swm_buf path = SWM_BUF_INIT, body = SWM_BUF_INIT;
	swm_str method, sent_path;
	int rc = read_operation(b, &o, text);

	if (rc == SWM_OK)
		rc = unquote(b, &method, o.method);
	if (rc == SWM_OK)
		rc = unquote(b, &sent_path, o.path);
	if (rc == SWM_OK)
		rc = put_path(b, &path, sent_path);
	if (rc == SWM_OK && path.len < 2)
		rc = fail_operation(b, "no relation and no function in the path ", sent_path);
	if (rc == SWM_OK)
		rc = swm_request_new(&request, b->outer->err);
	if (rc == SWM_OK)
		rc = add_headers(b, request, &o);
	if (rc == SWM_OK)
		rc = make_body(b, request, o.body, &body);
	if (rc == SWM_OK) {
		struct text_body t = { { sizeof t.body, &t, read_text }, swm_buf_view(&body) };
		swm_request_set_method(request, method);
		swm_request_set_target(request, swm_buf_view(&path));
		swm_request_set_body(request, &t.body);
		swm_request_set_abort_fd(request, b->outer->request->abort_fd);
		swm_request_set_waited(request, b->outer->request->waited_ms);
		rc = serve_operation(b, request);
	}
	swm_request_free(request);
	swm_buf_dispose(&path);
	swm_buf_dispose(&body);
	return rc;
}

/*
 * The batch
 */

/* The details still say where the JSON is invalid. */
static int
fail_no_batch(struct serving *s)
{
	bool has_details = swm_error_has_details(s->err);
	swm_str details = swm_arena_str(s->arena, swm_error_details(s->err));

	swm_error_clear(s->err);
	if (details.ptr == NULL)
		return swm_fail_memory(s->err);
	int rc = swm_fail(s->err, SWM_ERR_BODY, SWM_STR("A batch is a JSON array of operations"));
	if (has_details)
		swm_error_set_details(s->err, details);
	return rc;
}

static int
read_batch(struct serving *s, struct sent *to)
{
	swm_str type;
	int rc = swm_serving_header(s, &type, "Content-Type");

	if (rc == SWM_OK && swm_content_of(type) != SWM_CONTENT_JSON)
		return swm_content_fail(s->err, type);
	if (rc == SWM_OK)
		rc = swm_request_read_body(&to->text, s->request, SWM_BODY_LONGEST, swm_buf_add,
		                           s->err);
	if (rc == SWM_OK)
		rc = swm_inspect_json(s, to);
	/* the character NUL, which values may have elsewhere, is no part of an operation */
	bool good = rc == SWM_OK && s->sent->json.body == SWM_JSON_BODY_ARRAY &&
	            swm_json_valid(swm_buf_view(&s->sent->text));
	if (!good && (rc == SWM_OK || rc == SWM_EPARSE))
		rc = fail_no_batch(s);
	return rc;
}

/* Adds the number of the failed operation to its error. */
static void
tell_number(struct batch *b)
{
	swm_buf number = SWM_BUF_INIT;

	swm_buf_int(&number, b->number);
	if (!number.failed)
		swm_error_add_header(b->outer->err, SWM_STR("Batch-Operation"),
		                     swm_buf_view(&number));
	swm_buf_dispose(&number);
}

static int
run_operations(struct batch *b)
{
	swm_json_item item;
	int rc = SWM_OK;

	for (bool more = swm_json_item_first(&item, swm_buf_view(&b->outer->sent->text));
	     more && rc == SWM_OK; more = swm_json_item_next(&item)) {
		rc = b->number < MOST_OPERATIONS
		             ? run_operation(b, item.value)
		             : fail_operation(b, "there are too many", SWM_STR(""));
		if (rc != SWM_OK)
			tell_number(b);
		b->number++;
	}
	return rc;
}

static bool
is_batch(const struct serving *s)
{
	return s->asked->write == SWM_WRITES_INSERT && s->transaction == NULL &&
	       swm_str_eq(s->asked->relation, SWM_STR("batch")) &&
	       swm_snapshot_relation(s->snapshot, s->asked->schema, s->asked->relation) == NULL;
}

int
swm_step_batch(struct serving *s, struct swm_records *to)
{
	s->retry.is_batch |= is_batch(s);
	if (!s->retry.is_batch)
		return SWM_OK;
	struct batch b = { .outer = s,
		           .at = swm_arena_array(s->arena, MOST_OPERATIONS, sizeof(size_t)),
		           .deadline = swm_clock_ms() + MOST_MILLISECONDS };
	to->decided.changes = s->retry.planned = true;
	int rc = b.at == NULL         ? swm_fail_memory(s->err)
	         : s->retry.tries > 0 ? SWM_OK
	                              : read_batch(s, &to->sent);
	if (rc == SWM_OK)
		rc = swm_step_preferences(s, &to->decided);
	if (rc == SWM_OK)
		rc = swm_step_transaction(s);
	if (rc != SWM_OK || s->done)
		return rc;
	swm_share_transaction(s);
	rc = run_operations(&b);
	swm_buf_cstr(&b.answers, b.number == 0 ? "[]" : "]");
	swm_buf_str(&s->reply.body, swm_buf_view(&b.answers));
	s->reply.failed |= b.answers.failed;
	swm_buf_dispose(&b.answers);
	swm_reply_set(&s->reply, "Content-Type", swm_media_content_type(SWM_MEDIA_JSON));
	s->done = true;
	return rc;
}
