/* The body of a write, as the one JSON text that PostgreSQL reads. */
#include "config.h"

#include "serve/serving.h"

#include "http/content.h"
#include "json/rows.h"

/* A longer array is copied row by row. READ_ROOM: of one reading. */
enum { SWM_ARRAY_HELD = 256 * 1024, READ_ROOM = 16 * 1024 };

static int
fail_body(struct serving *s, const char *why)
{
	return swm_fail(s->err, SWM_ERR_BODY, swm_cstr(why));
}

static int
read_all(struct serving *s, swm_buf *to)
{
	return swm_request_read_body(to, s->request, SWM_BODY_LONGEST, swm_buf_add, s->err);
}

/* As much of the body as makes an array a long one: *ended, it is no longer than that. */
static int
read_beginning(struct serving *s, struct sent *to, bool *ended)
{
	const swm_body *body = s->request->body;

	*ended = body == NULL;
	while (!*ended && to->text.len <= SWM_ARRAY_HELD) {
		char *room = swm_buf_reserve(&to->text, READ_ROOM);
		if (room == NULL)
			return swm_fail_memory(s->err);
		ptrdiff_t n = body->read(body->user, room, READ_ROOM);
		if (n < 0 || n > READ_ROOM)
			return swm_fail(s->err, SWM_ERR_CANCELED);
		*ended = n == 0;
		to->text.len += (size_t)n;
		to->text.ptr[to->text.len] = '\0';
	}
	return SWM_OK;
}

static swm_str
without_mark(swm_str text)
{
	static const swm_str mark = { SWM_BYTE_ORDER_MARK, sizeof SWM_BYTE_ORDER_MARK - 1 };

	return swm_str_starts(text, mark) ? swm_str_from(text, mark.len) : text;
}

static bool
begins_array(swm_str body)
{
	body = swm_str_trim(without_mark(body));
	return body.len > 0 && body.ptr[0] == '[';
}

/* It is a parameter of type json, which a byte order mark is no part of. */
int
swm_inspect_json(struct serving *s, struct sent *to)
{
	swm_str text = without_mark(swm_buf_view(&to->text));

	if (text.len < to->text.len) {
		memmove(to->text.ptr, text.ptr, text.len + 1);
		to->text.len = text.len;
	}
	return swm_json_inspect(&to->json, s->arena, swm_buf_view(&to->text), s->err);
}

static int
fail_scalar(struct serving *s)
{
	swm_str text = swm_buf_view(&s->sent->text);
	const swm_json_fault fault = { .expected = "\"{\" or \"[\"",
		                       .at = (size_t)(swm_str_trim(text).ptr - text.ptr) };

	return swm_json_fail(s->err, text, (swm_json_place){ 1, 1 }, &fault);
}

/* Names that no column can have, or more than a table has columns; and rows of different names. */
static int
check_keys(struct serving *s)
{
	bool is_array = s->sent->json.body == SWM_JSON_BODY_ARRAY,
	     differ = is_array && !s->sent->json.rows_agree;

	if (!s->sent->json.keys_left_out && !differ)
		return SWM_OK;
	int rc = is_array ? swm_json_check_rows(swm_buf_view(&s->sent->text), true, s->err)
	                  : SWM_OK;
	if (rc != SWM_OK)
		return rc;
	return fail_body(s, differ ? "All object keys must match" :
	                             "A key is too long, or there are too many");
}

/* JSON is passed on unchanged; it is only inspected. */
static int
check_json(struct serving *s, struct sent *to)
{
	int rc = swm_inspect_json(s, to);

	if (rc != SWM_OK)
		return rc;
	if (to->json.body == SWM_JSON_BODY_SCALAR)
		return fail_scalar(s);
	/* with columns= a row may leave out what it likes, and have more */
	return s->asked->ast->has_columns ? SWM_OK : check_keys(s);
}

/*
 * True if many rows can be loaded by COPY; the body of an operation of a batch is already in
 * memory.
 */
static bool
can_ingest(const struct serving *s)
{
	return s->asked->write == SWM_WRITES_INSERT && s->transaction == NULL;
}

static int
take_json(struct serving *s, struct sent *to)
{
	bool ended = false;
	int rc = can_ingest(s) ? read_beginning(s, to, &ended) : SWM_OK;

	if (rc == SWM_OK && can_ingest(s) && (!ended || swm_ingest_skips(s)) &&
	    begins_array(swm_buf_view(&to->text))) {
		swm_buf begin = to->text;
		to->text = (swm_buf)SWM_BUF_INIT;
		rc = swm_ingest_open(s, to, SWM_FEED_ARRAY, swm_buf_view(&begin));
		swm_buf_dispose(&begin);
		return rc;
	}
	if (rc == SWM_OK)
		rc = read_all(s, &to->text);
	return rc == SWM_OK ? check_json(s, to) : rc;
}

int
swm_take_csv(struct serving *s, struct sent *to)
{
	swm_buf csv = SWM_BUF_INIT;
	int rc = read_all(s, &csv);

	if (rc == SWM_OK)
		rc = swm_json_from_csv(&to->text, SWM_BODY_LONGEST, &to->json, s->arena,
		                       swm_buf_view(&csv), s->err);
	swm_buf_dispose(&csv);
	return rc;
}

static int
take_form(struct serving *s, struct sent *to)
{
	swm_buf form = SWM_BUF_INIT;
	swm_pair *pairs;
	size_t count;
	int rc = read_all(s, &form);

	to->form_of_json = swm_is_form_of_json(swm_buf_view(&form));
	if (rc == SWM_OK)
		rc = swm_url_pairs(&pairs, &count, s->arena, swm_buf_view(&form), 0, s->err);
	if (rc == SWM_OK)
		rc = swm_json_from_pairs(&to->text, &to->json, s->arena, pairs, count, s->err);
	swm_buf_dispose(&form);
	return rc;
}

int
swm_step_coding(struct serving *s)
{
	bool takes_body = swm_serving_is(s, "POST") || swm_serving_is(s, "PUT") ||
	                  swm_serving_is(s, "PATCH");
	swm_str coding;
	int rc = swm_serving_header(s, &coding, "Content-Encoding");

	return rc != SWM_OK || !takes_body ? rc : swm_content_check_coding(s->err, coding);
}

int
swm_take_written(struct serving *s, struct sent *to)
{
	swm_str type;
	int rc = swm_serving_header(s, &type, "Content-Type");

	if (rc != SWM_OK || s->asked->write == SWM_WRITES_DELETE)
		return rc;
	to->content = swm_content_of(type);
	switch (to->content) {
	case SWM_CONTENT_JSON:
		return take_json(s, to);
	case SWM_CONTENT_CSV:
		return can_ingest(s) ? swm_ingest_open(s, to, SWM_FEED_CSV, (swm_str){ NULL, 0 })
		                     : swm_take_csv(s, to);
	case SWM_CONTENT_NDJSON:
		return can_ingest(s) ? swm_ingest_open(s, to, SWM_FEED_LINES, (swm_str){ NULL, 0 })
		                     : swm_content_fail(s->err, type);
	case SWM_CONTENT_URLENCODED:
		return take_form(s, to);
	default:
		return swm_content_fail(s->err, type);
	}
}

/*
 * Hints
 */

void
swm_hint_at_empty_field(struct serving *s)
{
	static const swm_str hint = SWM_STR("an empty field is the empty string; write NULL");

	if (s->sent->content == SWM_CONTENT_CSV && !swm_error_has_hint(s->err))
		swm_error_set_hint(s->err, hint);
}

/* The only name of the header is what separators of another kind have left together. */
static bool
has_other_separator(const struct serving *s)
{
	return s->sent->content == SWM_CONTENT_CSV && s->sent->json.key_count == 1 &&
	       (swm_str_find(s->sent->json.keys[0], ';') < s->sent->json.keys[0].len ||
	        swm_str_find(s->sent->json.keys[0], '\t') < s->sent->json.keys[0].len);
}

bool
swm_is_form_of_json(swm_str form)
{
	form = swm_str_trim(form);
	return form.len > 0 && (form.ptr[0] == '{' || form.ptr[0] == '[');
}

/*
 * curl -d sends a form unless it is told otherwise: what is in it is then not found, or not read.
 */
static void
hint_at_form(struct serving *s, swm_str code)
{
	static const swm_str codes[] = {
		{ "PGRST204", 8 }, { "PGRST202", 8 }, { "PGRST102", 8 }, { "PGRST100", 8 }
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0] && s->sent->form_of_json; i++)
		if (swm_str_eq(code, codes[i]))
			swm_error_set_hint(
				s->err,
				SWM_STR("The body was read as a form: send JSON with Content-Type: application/json"));
}

void
swm_hint_at_body(struct serving *s)
{
	swm_str code = swm_error_code(s->err);
	bool no_column = swm_str_eq(code, SWM_STR("PGRST204"));
	bool no_function = swm_str_eq(code, SWM_STR("PGRST202"));

	hint_at_form(s, code);
	if ((no_column || no_function) && has_other_separator(s))
		swm_error_set_hint(s->err, SWM_STR("fields are separated by commas"));
	/* a type's input function ends its message with the text that it was given */
	if ((swm_str_eq(code, SWM_STR("22P02")) || swm_str_eq(code, SWM_STR("22007"))) &&
	    swm_str_ends(swm_error_message(s->err), SWM_STR(": \"\"")))
		swm_hint_at_empty_field(s);
}
