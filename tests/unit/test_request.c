/* Requests: header fields joined, bodies read in pieces. */
#include "config.h"

#include "error/error.h"
#include "request.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

/* A body that comes in pieces of at most so many bytes, and may break off. */
struct source {
	swm_str rest;
	size_t piece;
	size_t breaks_at; /* bytes that are left */
};

static swm_request *request;
static swm_error *err;
static swm_buf to;

static void
setup(void)
{
	err = swm_error_new();
	ck_assert_int_eq(swm_request_new(&request, err), SWM_OK);
	to = (swm_buf)SWM_BUF_INIT;
}

static void
teardown(void)
{
	swm_buf_dispose(&to);
	swm_request_free(request);
	swm_error_free(err);
}

static ptrdiff_t
read_source(void *user, char *out, size_t room)
{
	struct source *s = user;
	size_t n = s->rest.len < s->piece ? s->rest.len : s->piece;

	if (s->rest.len <= s->breaks_at && s->breaks_at > 0)
		return -1;
	n = n < room ? n : room;
	if (n > 0)
		memcpy(out, s->rest.ptr, n);
	s->rest = swm_str_from(s->rest, n);
	return (ptrdiff_t)n;
}

static int
read_all(struct source source, size_t longest)
{
	swm_body body = { sizeof body, &source, read_source };

	swm_error_clear(err);
	swm_buf_clear(&to);
	swm_request_set_body(request, &body);
	int rc = swm_request_read_body(&to, request, longest, swm_buf_add, err);
	swm_request_clear(request);
	return rc;
}

START_TEST(a_body_is_read_whatever_its_pieces)
{
	size_t len = 100000;
	char *text = malloc(len);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)('a' + i % 26);
	for (size_t piece = 1; piece <= len; piece *= 10) {
		ck_assert_int_eq(read_all((struct source){ { text, len }, piece, 0 }, len), SWM_OK);
		ck_assert(swm_str_eq(swm_buf_view(&to), (swm_str){ text, len }));
	}
	ck_assert_int_eq(read_all((struct source){ { text, 0 }, 10, 0 }, len), SWM_OK);
	ck_assert_uint_eq(to.len, 0);
	free(text);
}
END_TEST

START_TEST(a_body_may_be_too_large)
{
	ck_assert_int_eq(read_all((struct source){ SWM_STR("123456"), 2, 0 }, 6), SWM_OK);
	ck_assert_int_eq(read_all((struct source){ SWM_STR("1234567"), 2, 0 }, 6), SWM_EREFUSED);
	ck_assert_int_eq(swm_error_http_status(err), 413);
	ck_assert_str_eq(swm_error_message(err).ptr, "The request body is larger than 6 bytes");
}
END_TEST

START_TEST(a_client_may_go_away)
{
	ck_assert_int_eq(read_all((struct source){ SWM_STR("123456"), 2, 3 }, 6), SWM_ECANCELED);
}
END_TEST

START_TEST(without_a_body)
{
	ck_assert_int_eq(swm_request_read_body(&to, request, 6, swm_buf_add, err), SWM_OK);
	ck_assert_uint_eq(to.len, 0);
}
END_TEST

/* RFC 9110, 5.3 */
START_TEST(fields_of_one_name_are_joined)
{
	swm_arena *arena = swm_arena_new();
	swm_str value;

	ck_assert_int_eq(swm_request_add_header(request, SWM_STR("Prefer"), SWM_STR("a")), SWM_OK);
	ck_assert_int_eq(swm_request_add_header(request, SWM_STR("Accept"), SWM_STR("x")), SWM_OK);
	ck_assert_int_eq(swm_request_add_header(request, SWM_STR("PREFER"), SWM_STR("b")), SWM_OK);
	ck_assert(swm_request_header(&value, request, arena, SWM_STR("prefer")));
	ck_assert(swm_str_eq(value, SWM_STR("a, b")));
	ck_assert(swm_request_header(&value, request, arena, SWM_STR("Range")));
	ck_assert_ptr_null(value.ptr);
	swm_arena_free(arena);
}
END_TEST

struct variable {
	const char *name, *value;
};

static void
add_variables(const struct variable *variables)
{
	swm_request_clear(request);
	for (; variables->name != NULL; variables++)
		ck_assert_int_eq(swm_request_add_variable(request, swm_cstr(variables->name),
		                                          swm_cstr(variables->value)), SWM_OK);
}

static void
ck_header(const char *name, const char *expected)
{
	swm_arena *arena = swm_arena_new();
	swm_str value;

	ck_assert(swm_request_header(&value, request, arena, swm_cstr(name)));
	if (expected == NULL)
		ck_assert_msg(value.ptr == NULL, "%s is there", name);
	else
		ck_assert_msg(swm_str_eq(value, swm_cstr(expected)), "%s: %.*s", name, SWM_PRINTED(value));
	swm_arena_free(arena);
}

/* RFC 3875, 4.1 */
START_TEST(variables_of_cgi)
{
	add_variables((const struct variable[]){
		{ "REQUEST_METHOD", "PATCH" }, { "HTTP_", "nothing" }, { "HTTP_X_LONG_NAME", "a" },
		{ "HTTP_IF_MATCH", "\"1\"" }, { "HTTP_ACCEPT", "" }, { "HTTP_X_LONG_NAME", "b" },
		{ "CONTENT_TYPE", "text/csv" }, { "HTTP_CONTENT_TYPE", "text/csv" },
		{ "CONTENT_LENGTH", "" }, { "HTTP_CONTENT_LENGTH", "3" }, { "SERVER_NAME", "x" },
		{ "REMOTE_ADDR", "::1" }, { NULL, NULL } });
	ck_assert(swm_str_eq(swm_request_method(request), SWM_STR("PATCH")));
	ck_header("X-Long-Name", "a, b");
	ck_header("If-Match", "\"1\"");
	ck_header("Accept", "");
	ck_header("Content-Type", "text/csv");
	ck_header("Content-Length", NULL);
	ck_header("Server-Name", NULL);
	ck_assert_uint_eq(request->count, 5);
	ck_assert(swm_str_eq(request->lines[0].name, SWM_STR("x-long-name")));
	swm_request_clear(request);
	ck_assert_uint_eq(swm_request_method(request).len, 0);
	ck_header("If-Match", NULL);
}
END_TEST

START_TEST(the_target_follows_from_variables)
{
	static const struct {
		struct variable variables[5];
		const char *target;
	} cases[] = {
		{ { { "REQUEST_URI", "/%20?c" }, { "DOCUMENT_URI", "/ " }, { "QUERY_STRING", "c" } }, "/%20?c" },
		{ { { "QUERY_STRING", "c" }, { "DOCUMENT_URI", "/ " }, { "REQUEST_URI", "/%20?c" } }, "/%20?c" },
		{ { { "DOCUMENT_URI", "/a" }, { "QUERY_STRING", "c=d" } }, "/a?c=d" },
		{ { { "QUERY_STRING", "c=d" }, { "DOCUMENT_URI", "/a" } }, "/a?c=d" },
		{ { { "QUERY_STRING", "c=d" }, { "DOCUMENT_URI", "/" }, { "REQUEST_URI", "" } }, "/?c=d" },
		{ { { "DOCUMENT_URI", "/a" }, { "QUERY_STRING", "" } }, "/a" },
		{ { { "QUERY_STRING", "c" } }, "?c" },
		{ { { "REQUEST_URI", "/a" }, { "REQUEST_URI", "/b" } }, "/b" },
		{ { { "REQUEST_METHOD", "GET" } }, "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		add_variables(cases[i].variables);
		swm_str target = swm_request_target(request);
		ck_assert_msg(swm_str_eq(target, swm_cstr(cases[i].target)), "%zu: %.*s", i,
		              SWM_PRINTED(target));
	}
	swm_request_set_target(request, SWM_STR("/c"));
	ck_assert(swm_str_eq(swm_request_target(request), SWM_STR("/c")));
}
END_TEST

/* An answer is kept in `to`; a call that would go beyond the limit gives up. */
static size_t longest = SIZE_MAX;

static int
take(swm_str text)
{
	if (to.len + text.len > longest)
		return 1;
	swm_buf_str(&to, text);
	return 0;
}

static int
take_status(void *user, int status)
{
	char line[16];

	(void)user;
	snprintf(line, sizeof line, "%d\n", status);
	return take(swm_cstr(line));
}

static int
take_header(void *user, swm_str name, swm_str value)
{
	(void)user;
	return take(name) != 0 || take(SWM_STR(": ")) != 0 || take(value) != 0 || take(SWM_STR("\n")) != 0;
}

static int
take_piece(void *user, swm_str piece)
{
	(void)user;
	return take(piece);
}

/* No engine is needed to see that. */
static void
ck_refused(swm_sink sink, swm_body body, const char *message)
{
	swm_request_set_body(request, &body);
	ck_assert_int_eq(swm_engine_serve(NULL, request, &sink, err), SWM_EINVAL);
	ck_assert_int_eq(swm_error_result(err), SWM_EINVAL);
	ck_assert_str_eq(swm_error_message(err).ptr, message);
	ck_assert_int_eq(swm_engine_serve(NULL, request, &sink, NULL), SWM_EINVAL);
	swm_request_clear(request);
}

START_TEST(functions_that_are_missing)
{
	const swm_sink sink = { sizeof sink, NULL, take_status, take_header, take_piece };
	const swm_body body = { sizeof body, NULL, read_source };
	swm_sink odd = sink;
	swm_body odd_body = body;

	odd.status = NULL;
	ck_refused(odd, body, "the sink has no function status");
	odd = sink;
	odd.header = NULL;
	ck_refused(odd, body, "the sink has no function header");
	odd = sink;
	odd.body = NULL;
	ck_refused(odd, body, "the sink has no function body");
	odd = sink;
	odd.size--;
	ck_refused(odd, body, "the sink is of another version of libswm");
	odd_body.read = NULL;
	ck_refused(sink, odd_body, "the body has no function read");
	odd_body = body;
	odd_body.size = 0;
	ck_refused(sink, odd_body, "the body is of another version of libswm");
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		enum swm_refusal why;
		int status;
		const char *code, *message;
	} cases[] = {
		{ SWM_REFUSAL_NOT_SERVED, 500, "PGRSTX00", "The request could not be served" },
		{ SWM_REFUSAL_HEADER_TOO_LARGE, 431, "PGRST100", "The request's header is too large" },
	};
	const swm_sink sink = { sizeof sink, NULL, take_status, take_header, take_piece };
	char head[256], body[256], whole[512];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int length = snprintf(body, sizeof body,
		                      "{\"code\":\"%s\",\"message\":\"%s\",\"details\":null,\"hint\":null}",
		                      cases[i].code, cases[i].message);
		snprintf(head, sizeof head,
		         "%d\nContent-Type: application/json; charset=utf-8\nProxy-Status: swm; error=%s\n"
		         "Content-Length: %d\n", cases[i].status, cases[i].code, length);
		snprintf(whole, sizeof whole, "%s%s", head, body);
		swm_request_clear(request);
		swm_buf_clear(&to);
		ck_assert_int_eq(swm_request_refuse(request, cases[i].why, &sink, err), SWM_OK);
		ck_assert_str_eq(swm_buf_text(&to), whole);
		swm_request_set_method(request, SWM_STR("HEAD"));
		swm_buf_clear(&to);
		ck_assert_int_eq(swm_request_refuse(request, cases[i].why, &sink, err), SWM_OK);
		ck_assert_str_eq(swm_buf_text(&to), head);
	}
	swm_buf_clear(&to);
	ck_assert_int_eq(swm_request_refuse(request, (enum swm_refusal)2, &sink, err), SWM_EINVAL);
	ck_assert_str_eq(swm_error_message(err).ptr, "there is no such refusal");
	ck_assert_uint_eq(to.len, 0);
}
END_TEST

START_TEST(a_refusal_may_not_be_delivered)
{
	swm_sink sink = { sizeof sink, NULL, take_status, take_header, take_piece };

	ck_assert_int_eq(swm_request_refuse(request, SWM_REFUSAL_NOT_SERVED, &sink, err), SWM_OK);
	size_t whole = to.len;
	for (longest = 0; longest < whole; longest++) {
		swm_buf_clear(&to);
		ck_assert_int_eq(swm_request_refuse(request, SWM_REFUSAL_NOT_SERVED, &sink, err),
		                 SWM_ESINK);
		ck_assert_int_eq(swm_error_result(err), SWM_ESINK);
	}
	longest = SIZE_MAX;
	sink.header = NULL;
	ck_assert_int_eq(swm_request_refuse(request, SWM_REFUSAL_NOT_SERVED, &sink, err), SWM_EINVAL);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("request");
	TCase *t = tcase_create("request");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_body_is_read_whatever_its_pieces);
	tcase_add_test(t, a_body_may_be_too_large);
	tcase_add_test(t, a_client_may_go_away);
	tcase_add_test(t, without_a_body);
	tcase_add_test(t, fields_of_one_name_are_joined);
	tcase_add_test(t, variables_of_cgi);
	tcase_add_test(t, the_target_follows_from_variables);
	tcase_add_test(t, functions_that_are_missing);
	tcase_add_test(t, refusals);
	tcase_add_test(t, a_refusal_may_not_be_delivered);
	suite_add_tcase(s, t);
	return s;
}
