/* Values as to_json() writes them, and how an answer leaves. */
#include "config.h"

#include "reply/encode.h"
#include "reply/reply.h"
#include "unit.h"

START_TEST(values_are_written_as_to_json_does)
{
	static const struct {
		enum swm_json_form form;
		const char *value, *json;
	} cases[] = {
		{ SWM_FORM_NUMBER, "15", "15" }, { SWM_FORM_NUMBER, "-1.10", "-1.10" },
		{ SWM_FORM_NUMBER, "1e+20", "1e+20" }, { SWM_FORM_NUMBER, "NaN", "\"NaN\"" },
		{ SWM_FORM_NUMBER, "Infinity", "\"Infinity\"" }, { SWM_FORM_NUMBER, "-Infinity", "\"-Infinity\"" },
		{ SWM_FORM_BOOL, "t", "true" }, { SWM_FORM_BOOL, "f", "false" },
		{ SWM_FORM_JSON, "{\"a\": 1.10,\"a\":2}", "{\"a\": 1.10,\"a\":2}" },
		{ SWM_FORM_DATE, "2026-11-23", "\"2026-11-23\"" }, { SWM_FORM_DATE, "0044-03-15 BC", "\"0044-03-15 BC\"" },
		{ SWM_FORM_DATE, "infinity", "\"infinity\"" },
		{ SWM_FORM_TIMESTAMP, "2026-11-23 08:07:13.5", "\"2026-11-23T08:07:13.5\"" },
		{ SWM_FORM_TIMESTAMP, "0044-03-15 12:00:00 BC", "\"0044-03-15T12:00:00 BC\"" },
		{ SWM_FORM_TIMESTAMP, "-infinity", "\"-infinity\"" },
		{ SWM_FORM_TIMESTAMPTZ, "2026-11-23 08:07:13+00", "\"2026-11-23T08:07:13+00:00\"" },
		{ SWM_FORM_TIMESTAMPTZ, "2026-11-23 08:07:13-03:30", "\"2026-11-23T08:07:13-03:30\"" },
		{ SWM_FORM_TIMESTAMPTZ, "1900-01-01 00:00:00+00:19:32", "\"1900-01-01T00:00:00+00:19:32\"" },
		{ SWM_FORM_TIMESTAMPTZ, "0044-03-15 12:00:00-08 BC", "\"0044-03-15T12:00:00-08:00 BC\"" },
		{ SWM_FORM_STRING, "a\"b\\c\n\x01\xe2\x80\xa8", "\"a\\\"b\\\\c\\n\\u0001\xe2\x80\xa8\"" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_buf to = SWM_BUF_INIT;
		swm_json_value(&to, cases[i].form, swm_cstr(cases[i].value));
		ck_assert_str_eq(swm_buf_text(&to), cases[i].json);
		swm_buf_dispose(&to);
	}
}
END_TEST

/* A sink that remembers, and gives up where it is told to. */
struct seen {
	swm_buf text;
	int pieces;
	int refuse_piece; /* the number of the piece; 0 for none */
};

static int
see_status(void *user, int status)
{
	struct seen *s = user;
	swm_buf_printf(&s->text, "%d|", status);
	return 0;
}

static int
see_header(void *user, swm_str name, swm_str value)
{
	struct seen *s = user;
	swm_buf_printf(&s->text, "%.*s: %.*s|", (int)name.len, name.ptr, (int)value.len, value.ptr);
	return 0;
}

static int
see_body(void *user, swm_str piece)
{
	struct seen *s = user;
	if (piece.len < 100)
		swm_buf_str(&s->text, piece);
	else
		swm_buf_printf(&s->text, "<%zu>", piece.len);
	return ++s->pieces == s->refuse_piece;
}

static struct seen seen;
static const swm_sink sink = { sizeof(swm_sink), &seen, see_status, see_header, see_body };
static swm_arena *arena;
static swm_reply reply;

static void
setup(void)
{
	seen = (struct seen){ .text = SWM_BUF_INIT };
	arena = swm_arena_new();
	swm_reply_init(&reply, &sink, arena, false);
}

static void
teardown(void)
{
	swm_reply_dispose(&reply);
	swm_arena_free(arena);
	swm_buf_dispose(&seen.text);
}

START_TEST(a_small_answer_carries_its_length)
{
	swm_reply_set(&reply, "A", SWM_STR("1"));
	swm_reply_set(&reply, "a", SWM_STR("2"));
	swm_reply_add(&reply, SWM_STR("B"), SWM_STR("3"));
	swm_reply_add(&reply, SWM_STR("B"), SWM_STR("4"));
	swm_buf_cstr(&reply.body, "body");
	ck_assert_int_eq(swm_reply_end(&reply, NULL), SWM_OK);
	ck_assert_str_eq(swm_buf_text(&seen.text), "200|a: 2|B: 3|B: 4|Content-Length: 4|body");
}
END_TEST

START_TEST(a_long_answer_goes_in_pieces_without_length)
{
	for (int i = 0; i < SWM_REPLY_BUFFER; i++)
		swm_buf_char(&reply.body, 'x');
	ck_assert(swm_reply_is_full(&reply));
	ck_assert_int_eq(swm_reply_flush(&reply, NULL), SWM_OK);
	swm_buf_cstr(&reply.body, "end");
	ck_assert_int_eq(swm_reply_end(&reply, NULL), SWM_OK);
	ck_assert_str_eq(swm_buf_text(&seen.text), "200|<131072>end");
}
END_TEST

START_TEST(head_has_no_body_and_no_length)
{
	swm_reply_init(&reply, &sink, arena, true);
	swm_buf_cstr(&reply.body, "body");
	ck_assert_int_eq(swm_reply_end(&reply, NULL), SWM_OK);
	ck_assert_str_eq(swm_buf_text(&seen.text), "200|");
}
END_TEST

START_TEST(a_sink_may_give_up)
{
	swm_error *err = swm_error_new();

	seen.refuse_piece = 1;
	swm_buf_cstr(&reply.body, "body");
	ck_assert_int_eq(swm_reply_end(&reply, err), SWM_ESINK);
	swm_error_free(err);
}
END_TEST

/* RFC 9110, 5.5: nothing of an answer whose header has a line break may be sent. */
START_TEST(a_header_field_is_one_line)
{
	static const struct {
		swm_str name, value;
	} cases[] = {
		{ SWM_STR("A"), SWM_STR("b\nSet-Cookie: c") }, { SWM_STR("A"), SWM_STR("b\r") },
		{ SWM_STR("A"), SWM_STR("b\0c") }, { SWM_STR("A\n"), SWM_STR("b") },
		{ SWM_STR(""), SWM_STR("b") },
	};
	swm_error *err = swm_error_new();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_reply_reset(&reply);
		swm_reply_add(&reply, cases[i].name, cases[i].value);
		swm_error_clear(err);
		ck_assert_int_eq(swm_reply_end(&reply, err), SWM_EINTERNAL);
		ck_assert(!reply.begun);
		ck_assert_uint_eq(seen.text.len, 0);
	}
	swm_reply_reset(&reply);
	swm_reply_echo(&reply, "X-Trace", SWM_STR("a\nb"));
	swm_reply_echo(&reply, "X-Other", SWM_STR("a\tb"));
	ck_assert_int_eq(swm_reply_end(&reply, err), SWM_OK);
	ck_assert_str_eq(swm_buf_text(&seen.text), "200|X-Other: a\tb|Content-Length: 0|");
	swm_error_free(err);
}
END_TEST

START_TEST(an_error_is_an_answer)
{
	swm_error *err = swm_error_new();

	swm_fail(err, SWM_ERR_CLAIMS, SWM_STR("JWT expired"));
	swm_reply_error(&reply, err, false);
	ck_assert_int_eq(swm_reply_end(&reply, NULL), SWM_OK);
	ck_assert_str_eq(swm_buf_text(&seen.text),
		"401|Content-Type: application/json; charset=utf-8|Proxy-Status: swm; error=PGRST303|"
		"WWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"JWT expired\"|Content-Length: 70|"
		"{\"code\":\"PGRST303\",\"details\":null,\"hint\":null,\"message\":\"JWT expired\"}");
	swm_error_free(err);
}
END_TEST

START_TEST(an_error_in_place_of_no_content_has_its_body)
{
	swm_error *err = swm_error_new();

	reply.status = 204;
	reply.failed = true; /* no memory for a header */
	ck_assert_int_eq(swm_reply_end(&reply, err), SWM_ENOMEM);
	swm_reply_reset(&reply);
	swm_reply_error(&reply, err, false);
	ck_assert_int_eq(swm_reply_end(&reply, NULL), SWM_OK);
	ck_assert_ptr_nonnull(strstr(swm_buf_text(&seen.text), "\"message\":\"Out of memory\""));
	swm_error_free(err);
}
END_TEST

START_TEST(minimal_errors_have_two_members)
{
	swm_error *err = swm_error_new();

	swm_fail(err, SWM_ERR_PATH);
	swm_reply_error(&reply, err, true);
	ck_assert_str_eq(swm_buf_text(&reply.body),
	                 "{\"code\":\"PGRST125\",\"message\":\"Invalid path specified in request URL\"}");
	swm_error_free(err);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("reply");
	TCase *t = tcase_create("reply");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, values_are_written_as_to_json_does);
	tcase_add_test(t, a_small_answer_carries_its_length);
	tcase_add_test(t, a_long_answer_goes_in_pieces_without_length);
	tcase_add_test(t, head_has_no_body_and_no_length);
	tcase_add_test(t, a_sink_may_give_up);
	tcase_add_test(t, a_header_field_is_one_line);
	tcase_add_test(t, an_error_is_an_answer);
	tcase_add_test(t, an_error_in_place_of_no_content_has_its_body);
	tcase_add_test(t, minimal_errors_have_two_members);
	suite_add_tcase(s, t);
	return s;
}
