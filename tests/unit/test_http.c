/* Header grammar and percent-encoding, as RFC 3986, 9110, 7240 and 6265 have them. */
#include "config.h"

#include "http/content.h"
#include "http/header.h"
#include "http/url.h"
#include "unit.h"

#include <swm/request.h>

static swm_arena *arena;
static swm_error *err;

static void
setup(void)
{
	arena = swm_arena_new();
	err = swm_error_new();
}

static void
teardown(void)
{
	swm_arena_free(arena);
	swm_error_free(err);
}

static swm_str
text(const char *s)
{
	return swm_cstr(s);
}

START_TEST(percent_encoding_is_decoded_once)
{
	swm_str out;

	ck_assert_int_eq(swm_url_decode(&out, arena, text("a%20b+c%2525%C3%A9"), false, 0, err), SWM_OK);
	ck_assert(swm_str_eq(out, text("a b+c%25\xc3\xa9")));
	ck_assert_int_eq(swm_url_decode(&out, arena, text("a+b"), true, 0, err), SWM_OK);
	ck_assert(swm_str_eq(out, text("a b")));
}
END_TEST

START_TEST(bad_encoding_is_refused_where_it_is)
{
	static const struct {
		const char *raw, *message;
	} cases[] = {
		{ "ab%", "\"failed to parse URL\" (byte 13)" },
		{ "ab%4", "\"failed to parse URL\" (byte 13)" },
		{ "%4g", "\"failed to parse URL\" (byte 11)" },
		{ "a%00", "\"failed to parse URL\" (byte 12)" },
		{ "%ff", "\"failed to parse URL\" (byte 11)" },
		{ "%ed%a0%80", "\"failed to parse URL\" (byte 11)" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_str out;
		swm_error_clear(err);
		ck_assert_int_eq(swm_url_decode(&out, arena, text(cases[i].raw), false, 10, err), SWM_EPARSE);
		ck_assert_str_eq(swm_error_message(err).ptr, cases[i].message);
		ck_assert_str_eq(swm_error_code(err).ptr, "PGRST100");
	}
}
END_TEST

START_TEST(only_ampersand_separates_pairs)
{
	swm_pair *pairs;
	size_t count;

	ck_assert_int_eq(swm_url_pairs(&pairs, &count, arena, text("a=1;b=2&&c&d=x=y"), 0, err), SWM_OK);
	ck_assert_uint_eq(count, 3);
	ck_assert(swm_str_eq(pairs[0].value, text("1;b=2")));
	ck_assert(swm_str_eq(pairs[1].name, text("c")) && !pairs[1].has_value);
	ck_assert(swm_str_eq(pairs[2].name, text("d")) && swm_str_eq(pairs[2].value, text("x=y")));
}
END_TEST

START_TEST(canonical_form_is_sorted_and_keeps_repetitions)
{
	swm_pair *pairs;
	size_t count;
	swm_buf to = SWM_BUF_INIT;

	ck_assert_int_eq(swm_url_pairs(&pairs, &count, arena, text("b=2&a=z&c=%C3%A9%20*&a=b&d&e="), 0, err), SWM_OK);
	ck_assert_int_eq(swm_url_canonical(&to, arena, pairs, count, err), SWM_OK);
	ck_assert_str_eq(swm_buf_text(&to), "a=z&a=b&b=2&c=%C3%A9%20%2A&d&e=");
	swm_buf_dispose(&to);
}
END_TEST

/* PostgREST's page on requests' bodies: JSON is what is meant without a Content-Type. */
START_TEST(content_codings_of_bodies)
{
	static const struct {
		const char *field;
		const char *refused; /* NULL: none is */
	} cases[] = {
		{ "", NULL }, { "identity", NULL }, { "Identity", NULL }, { " identity , identity", NULL }, { ",", NULL },
		{ "gzip", "gzip" }, { "GZIP", "GZIP" }, { "br", "br" }, { "identity, gzip", "gzip" }, { "x;q=1", "x;q=1" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_str name, value;
		size_t cursor = 0;
		swm_error_clear(err);
		int rc = swm_content_check_coding(err, text(cases[i].field));
		ck_assert_msg(rc == (cases[i].refused == NULL ? SWM_OK : SWM_EREFUSED), "%s", cases[i].field);
		if (cases[i].refused != NULL) {
			ck_assert_int_eq(swm_error_http_status(err), 415);
			ck_assert(swm_error_next_header(err, &cursor, &name, &value));
			ck_assert_str_eq(name.ptr, "Accept-Encoding");
			ck_assert_str_eq(value.ptr, "identity");
		}
	}
}
END_TEST

START_TEST(content_types_of_bodies)
{
	static const struct {
		const char *field;
		enum swm_content content;
	} cases[] = {
		{ "", SWM_CONTENT_JSON },
		{ "  ", SWM_CONTENT_JSON },
		{ "application/json", SWM_CONTENT_JSON },
		{ "Application/JSON; charset=utf-8", SWM_CONTENT_JSON },
		{ "text/csv ;header=present", SWM_CONTENT_CSV },
		{ "application/x-www-form-urlencoded", SWM_CONTENT_URLENCODED },
		{ "text/plain", SWM_CONTENT_TEXT },
		{ "text/xml", SWM_CONTENT_XML },
		{ "application/octet-stream", SWM_CONTENT_BYTES },
		{ "application/x-ndjson", SWM_CONTENT_NDJSON },
		{ "application/vnd.pgrst.array+json", SWM_CONTENT_JSON },
		{ "application/vnd.pgrst.array; a=b", SWM_CONTENT_JSON },
		{ "application/vnd.pgrst.array+json;nulls=stripped", SWM_CONTENT_OTHER },
		{ "application/vnd.pgrst.object+json", SWM_CONTENT_OTHER },
		{ "application/jsonx", SWM_CONTENT_OTHER },
		{ "application", SWM_CONTENT_OTHER },
		{ "; charset=utf-8", SWM_CONTENT_OTHER },
		{ "image/png", SWM_CONTENT_OTHER },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_msg(swm_content_of(text(cases[i].field)) == cases[i].content, "%s", cases[i].field);
	ck_assert_int_eq(swm_content_fail(err, text("image/png; q=1")), SWM_EPARSE);
	ck_assert_str_eq(swm_error_message(err).ptr, "Content-Type not acceptable: image/png; q=1");
	ck_assert_str_eq(swm_error_code(err).ptr, "PGRST102");
	ck_assert_int_eq(swm_error_http_status(err), 400);
}
END_TEST

enum { ALL = (1 << SWM_MEDIA_COUNT) - 1 };

START_TEST(accept_chooses_what_is_liked_best)
{
	static const struct {
		const char *accept;
		int media; /* -1: refused */
	} cases[] = {
		{ "", SWM_MEDIA_JSON },
		{ "*/*", SWM_MEDIA_JSON },
		{ "application/*", SWM_MEDIA_JSON },
		{ "text/*", SWM_MEDIA_CSV },
		{ "text/csv", SWM_MEDIA_CSV },
		{ "TEXT/CSV; charset=utf-8", SWM_MEDIA_CSV },
		{ "text/csv, application/json", SWM_MEDIA_CSV },
		{ "text/csv;q=0.5, application/json", SWM_MEDIA_JSON },
		{ "text/unknown, text/csv;q=0.1", SWM_MEDIA_CSV },
		{ "application/vnd.pgrst.object+json", SWM_MEDIA_OBJECT },
		{ "application/vnd.pgrst.object", SWM_MEDIA_OBJECT },
		{ "application/vnd.pgrst.object+json;nulls=stripped", -1 }, /* see below */
		{ "application/vnd.pgrst.array+json;nulls=stripped", SWM_MEDIA_ARRAY_STRIPPED },
		{ "application/json;nulls=stripped", SWM_MEDIA_JSON }, /* which says nothing there */
		{ "*/*, text/csv", SWM_MEDIA_CSV }, /* of equal ones what says more */
		{ "application/*, text/csv", SWM_MEDIA_CSV },
		{ "text/csv, application/json;a=b", SWM_MEDIA_JSON },
		{ "text/csv, application/json;q=1;a=b", SWM_MEDIA_CSV },
		{ "text/csv;q=0.9, */*", SWM_MEDIA_JSON },
		{ "*/*;nulls=stripped", SWM_MEDIA_JSON },
		{ "application/vnd.pgrst.plan;nulls=stripped", SWM_MEDIA_PLAN_TEXT },
		{ "text/unknown", -1 },
		{ "application/json;q=0", -1 },
		{ "application/json;q=0, */*", SWM_MEDIA_CSV },
		{ "*/*;q=0", -1 },
		{ "image/*", -1 },
		{ "application/json;q=0.1, */*;q=0.9", SWM_MEDIA_CSV }, /* the most specific range counts */
		{ "application/*;q=0.2, application/json;q=0.1, text/*;q=0.1", SWM_MEDIA_NDJSON },
		{ "text/csv;q=0.5;header=present, application/json;q=0.50", SWM_MEDIA_CSV },
		{ "foo/bar;a=\"x, text/csv;q=1\", application/json", SWM_MEDIA_JSON }, /* quoted, so no range */
		{ "application/x-ndjson", SWM_MEDIA_NDJSON },
		{ "application/vnd.pgrst.plan", SWM_MEDIA_PLAN_TEXT },
		{ "application/vnd.pgrst.plan+json;options=analyze", SWM_MEDIA_PLAN_JSON },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum swm_media media = SWM_MEDIA_COUNT;
		unsigned can = ALL;
		if (strstr(cases[i].accept, "object+json;nulls") != NULL)
			can &= ~(1u << SWM_MEDIA_OBJECT_STRIPPED);
		swm_error_clear(err);
		int rc = swm_accept_choose(&media, text(cases[i].accept), can, err);
		ck_assert_msg(rc == (cases[i].media < 0 ? SWM_EREFUSED : SWM_OK), "%s", cases[i].accept);
		if (rc == SWM_OK)
			ck_assert_msg((int)media == cases[i].media, "%s -> %d", cases[i].accept, (int)media);
	}
}
END_TEST

START_TEST(plan_parameters_are_read)
{
	static const struct {
		const char *range, *of;
		unsigned options;
		const char *content_type;
	} cases[] = {
		{ "application/vnd.pgrst.plan", "", 0, "application/vnd.pgrst.plan+text; for=\"\"; charset=utf-8" },
		{ "application/vnd.pgrst.plan; for=\"text/csv\"; options=wal|analyze|none", "text/csv",
		  SWM_EXPLAIN_ANALYZE | SWM_EXPLAIN_WAL,
		  "application/vnd.pgrst.plan+text; for=\"text/csv\"; options=analyze|wal; charset=utf-8" },
		{ "application/vnd.pgrst.plan;for=\"application/vnd.pgrst.array+json;nulls=stripped\";options=\"verbose|settings|buffers\"",
		  "application/vnd.pgrst.array+json;nulls=stripped", SWM_EXPLAIN_VERBOSE | SWM_EXPLAIN_SETTINGS | SWM_EXPLAIN_BUFFERS,
		  "application/vnd.pgrst.plan+text; for=\"application/vnd.pgrst.array+json;nulls=stripped\"; "
		  "options=verbose|settings|buffers; charset=utf-8" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_buf type = SWM_BUF_INIT;
		unsigned options;
		swm_str of;
		swm_accept_plan(text(cases[i].range), &options, &of);
		ck_assert(swm_str_eq(of, text(cases[i].of)));
		ck_assert_uint_eq(options, cases[i].options);
		swm_plan_content_type(&type, SWM_MEDIA_PLAN_TEXT, of, options);
		ck_assert_str_eq(swm_buf_text(&type), cases[i].content_type);
		swm_buf_dispose(&type);
	}
}
END_TEST

START_TEST(a_long_accept_is_cheap)
{
	swm_buf accept = SWM_BUF_INIT;
	enum swm_media media;

	for (int i = 0; i < 6000; i++)
		swm_buf_cstr(&accept, "text/csv,");
	swm_buf_cstr(&accept, "text/csv;q=0");
	ck_assert_int_eq(swm_accept_choose(&media, swm_buf_view(&accept), ALL, err), SWM_EREFUSED);
	swm_buf_dispose(&accept);
}
END_TEST

START_TEST(entity_tags_are_compared_weakly)
{
	static const struct {
		const char *field;
		bool matches;
	} cases[] = { /* against W/"a,b" */
		{ "\"a,b\"", true }, { "W/\"a,b\"", true }, { "*", true }, { " * ", true }, { "\"x\", \"a,b\"", true },
		{ "\"x\" ,\t, W/\"a,b\" , \"y\"", true }, { "", false }, { "\"a\"", false }, { "a,b", false }, { "\"a,b", false },
		{ "w/\"a,b\"", false }, { "\"*\"", false }, { "*, \"x\"", false }, { "nonsense, \"a,b\"", false }, { "\"", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ck_assert_msg(swm_etag_matches(text(cases[i].field), text("W/\"a,b\"")) == cases[i].matches, "%s", cases[i].field);
		ck_assert_msg(swm_etag_matches(text(cases[i].field), text("\"a,b\"")) == cases[i].matches, "%s", cases[i].field);
	}
}
END_TEST

START_TEST(preferences_count_once)
{
	swm_preferences p;

	ck_assert_int_eq(swm_prefer_parse(&p, arena,
		text("handling=strict, count=exact,count=planned , foo, timezone=Europe/Rome, bar=1, max-affected=5"), err), SWM_OK);
	ck_assert(p.strict && p.has_handling);
	ck_assert_int_eq(p.count, SWM_COUNT_EXACT);
	ck_assert(swm_str_eq(p.timezone, text("Europe/Rome")));
	ck_assert(swm_str_eq(p.invalid, text("foo, bar=1")));
	ck_assert_int_eq(swm_prefer_parse(&p, arena, text(""), err), SWM_OK);
	ck_assert(!p.has_handling && p.invalid.len == 0 && p.count == SWM_COUNT_NONE && !p.skip_errors && !p.by_key);
	ck_assert_int_eq(swm_prefer_parse(&p, arena, text("handling=lenient, errors=skip, order=key"), err), SWM_OK);
	ck_assert(p.has_handling && !p.strict && p.skip_errors && p.by_key && p.invalid.len == 0);
}
END_TEST

START_TEST(ranges_are_read_or_ignored)
{
	static const struct {
		const char *text;
		bool ok;
		int64_t first, last;
	} cases[] = {
		{ "0-24", true, 0, 24 }, { "10-", true, 10, INT64_MAX }, { "items=3-5", true, 3, 5 },
		{ " 1-2 ", true, 1, 2 }, { "5-3", true, 5, 3 },
		{ "", false, 0, 0 }, { "-5", false, 0, 0 }, { "a-b", false, 0, 0 }, { "1", false, 0, 0 },
		{ "bytes=0-5", false, 0, 0 }, { "1--2", false, 0, 0 }, { "99999999999999999999-", false, 0, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_range r;
		ck_assert_msg(swm_range_parse(&r, text(cases[i].text)) == cases[i].ok, "%s", cases[i].text);
		if (cases[i].ok)
			ck_assert(r.first == cases[i].first && r.last == cases[i].last);
	}
}
END_TEST

START_TEST(cookies_become_an_object)
{
	swm_buf to = SWM_BUF_INIT;

	swm_cookies_to_json(&to, text("a=1; b=x\"y; noise; c="));
	ck_assert_str_eq(swm_buf_text(&to), "{\"a\":\"1\",\"b\":\"x\\\"y\",\"c\":\"\"}");
	swm_buf_clear(&to);
	swm_cookies_to_json(&to, text(""));
	ck_assert_str_eq(swm_buf_text(&to), "{}");
	swm_buf_dispose(&to);
}
END_TEST

/* The addresses of RFC 3986, 1.1.2 and 3, as far as they are the web's. */
START_TEST(addresses_of_the_web)
{
	static const struct {
		const char *text;
		bool https;
		const char *host, *port, *path;
	} cases[] = {
		{ "http://example.com", false, "example.com", "", "" },
		{ "HTTPS://example.com:8042/over/there?name=ferret#nose", true, "example.com", "8042", "/over/there" },
		{ "https://user:pw@a.b/", true, "a.b", "", "/" },
		{ "http://[2001:db8::7]:80/c=GB?a:b", false, "[2001:db8::7]", "80", "/c=GB" },
		{ "http://[::1]", false, "[::1]", "", "" },
		{ "http://a?b", false, "a", "", "" },
	};
	static const char *const bad[] = {
		"", "http", "http:", "http:/", "http://", "example.com", "//example.com", "ftp://a", "http://a b", "http://:80",
		"http://a:x", "http://a:0", "http://a:65536", "http://a:-1", "http://a/ b", "http://a/\x7f", "http://a{b}", "http://::1",
		"mailto:a@b", "http://[::1",
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		swm_web_address a;
		ck_assert_msg(swm_web_address_parse(&a, text(cases[i].text)), "%s", cases[i].text);
		ck_assert(a.https == cases[i].https);
		ck_assert_msg(swm_str_eq(a.host, text(cases[i].host)), "%s", cases[i].text);
		ck_assert_msg(swm_str_eq(a.port, text(cases[i].port)), "%s", cases[i].text);
		ck_assert_msg(swm_str_eq(a.path, text(cases[i].path)), "%s", cases[i].text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		swm_web_address a;
		ck_assert_msg(!swm_web_address_parse(&a, text(bad[i])), "%s", bad[i]);
	}
}
END_TEST

/* RFC 9110, 15; RFC 6585, 4 */
START_TEST(reason_phrases)
{
	ck_assert_str_eq(swm_http_reason(200), "OK");
	ck_assert_str_eq(swm_http_reason(416), "Range Not Satisfiable");
	ck_assert_str_eq(swm_http_reason(429), "Too Many Requests");
	ck_assert_str_eq(swm_http_reason(505), "HTTP Version Not Supported");
	ck_assert_str_eq(swm_http_reason(299), "");
	ck_assert_str_eq(swm_http_reason(-1), "");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *s = suite_create("http");
	TCase *t = tcase_create("http");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, percent_encoding_is_decoded_once);
	tcase_add_test(t, bad_encoding_is_refused_where_it_is);
	tcase_add_test(t, only_ampersand_separates_pairs);
	tcase_add_test(t, addresses_of_the_web);
	tcase_add_test(t, canonical_form_is_sorted_and_keeps_repetitions);
	tcase_add_test(t, content_types_of_bodies);
	tcase_add_test(t, content_codings_of_bodies);
	tcase_add_test(t, accept_chooses_what_is_liked_best);
	tcase_add_test(t, plan_parameters_are_read);
	tcase_add_test(t, a_long_accept_is_cheap);
	tcase_add_test(t, entity_tags_are_compared_weakly);
	tcase_add_test(t, preferences_count_once);
	tcase_add_test(t, ranges_are_read_or_ignored);
	tcase_add_test(t, cookies_become_an_object);
	tcase_add_test(t, reason_phrases);
	suite_add_tcase(s, t);
	return s;
}
